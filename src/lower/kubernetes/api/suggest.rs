//! What the author of an unknown field probably meant: another spelling of a field beside it, or the same name at
//! another level of the object.
//!
//! Either answer is given only when it is the one clear candidate; a wrong guess in a message is worse than none.

use super::fields::{Field, Shape, TypeId};

/// The field of `ty` that `name` is a misspelling of: other case or separators, a slip of a key or two, a unit left out.
pub fn nearest(ty: TypeId, name: &str) -> Option<&'static str> {
    let folded = fold(name);
    let mut best: Option<(usize, &'static str)> = None;
    let mut tied = false;
    for field in ty.fields() {
        let other = fold(field.name);
        let limit = tolerated(&folded, &other);
        // The cheap bound first: most fields are out by their length alone.
        if folded.len().abs_diff(other.len()) > limit {
            continue;
        }
        let distance = distance(&folded, &other);
        if distance > limit {
            continue;
        }
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, _)) if distance == least => tied = true,
            _ => (best, tied) = (Some((distance, field.name)), false),
        }
    }
    match best {
        Some((_, found)) => (!tied).then_some(found),
        None => unfinished(ty, name),
    }
}

/// The one field that `name` is the beginning of, up to a word's end: `timeout` for `timeoutSeconds`.
fn unfinished(ty: TypeId, name: &str) -> Option<&'static str> {
    let begins = |field: &Field| {
        let rest = field.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_uppercase()))
    };
    let mut found = ty.fields().filter(begins);
    match (found.next(), found.next()) {
        (Some(one), None) if name.len() >= 5 => Some(one.name),
        _ => None,
    }
}

/// Where a field of an earlier version of the API has gone, for the versions that people carry over by hand: kind and the
/// version that has it no longer, its old path, its new one.
pub fn moved(api_version: &str, kind: &str, path: &[&str], name: &str) -> Option<&'static str> {
    // Deprecated API Migration Guide, v1.22 (Ingress) and v1.25/v1.26 (HorizontalPodAutoscaler).
    const MOVED: [(&str, &str, &str, &str); 6] = [
        ("networking.k8s.io/v1", "Ingress", "spec.backend", "spec.defaultBackend"),
        (
            "networking.k8s.io/v1",
            "Ingress",
            "spec.rules.http.paths.backend.serviceName",
            "spec.rules[].http.paths[].backend.service.name",
        ),
        (
            "networking.k8s.io/v1",
            "Ingress",
            "spec.rules.http.paths.backend.servicePort",
            "spec.rules[].http.paths[].backend.service.port",
        ),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "spec.targetCPUUtilizationPercentage",
            "spec.metrics[].resource.target.averageUtilization",
        ),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "spec.metrics.resource.targetAverageUtilization",
            "spec.metrics[].resource.target.averageUtilization",
        ),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "spec.metrics.resource.targetAverageValue",
            "spec.metrics[].resource.target.averageValue",
        ),
    ];
    let whole = path.iter().chain([&name]).copied().collect::<Vec<_>>().join(".");
    let found =
        MOVED.iter().find(|(version, of, old, _)| (*version, *of, *old) == (api_version, kind, &whole));
    found.map(|(.., new)| *new)
}

/// Where in the object below `root` there is a field `name` that the author of `path` + `name` probably meant, as a path
/// such as `spec.template.spec.containers[].resources`. `path` holds field names only, without list indices and keys of
/// maps.
///
/// A field of something around the place is taken first, the nearest before others: wrong indentation. Else the fewest
/// steps up and down decide.
pub fn elsewhere(root: TypeId, path: &[&str], name: &str) -> Option<String> {
    // These are in every object, so where they are says nothing about where they were meant to be.
    if matches!(name, "apiVersion" | "kind" | "metadata" | "spec" | "status") {
        return None;
    }
    let mut around = vec![root.innermost()];
    for step in path {
        around.push(around.last()?.field(step)?.ty.innermost());
    }
    let here = around.len() - 1;
    for level in (0..here).rev() {
        // A field of this name that leads here is where the author already is.
        if around[level].field(name).is_some() && path[level] != name {
            return Some(render(root, &path[..level], &[name]));
        }
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    for level in (0..=here).rev() {
        let up = here - level;
        let mut below = Vec::new();
        for down in 1..=DEEPEST.saturating_sub(up) {
            descend(around[level], name, down, path.get(level).copied(), &mut Vec::new(), &mut below);
        }
        candidates.extend(below.into_iter().map(|steps| Candidate {
            level,
            cost: up + steps.len() - 1,
            steps,
        }));
    }
    let least = candidates.iter().map(|candidate| candidate.cost).min()?;
    candidates.retain(|candidate| candidate.cost == least);
    // Of several equal ones, those in a structure of the same name (a pod's securityContext for a container's), then
    // those in a pod's ordinary containers, of which it has three lists.
    for preferred in path.last().copied().into_iter().chain(["containers"]) {
        let like = |found: &Candidate| found.steps.contains(&preferred);
        if candidates.iter().any(like) {
            candidates.retain(like);
        }
    }
    match &candidates[..] {
        [one] => Some(render(root, &path[..one.level], &one.steps)),
        _ => None,
    }
}

/// How many steps up and down from a place [`elsewhere`] looks.
const DEEPEST: usize = 3;

struct Candidate<'a> {
    /// How many steps of the path lead to the structure that the candidate lies below.
    level: usize,
    cost: usize,
    steps: Vec<&'a str>,
}

/// Collects the paths of exactly `down` steps below `ty` that lead to a structure with a field `name`. `not` is the
/// field of `ty` on the way back to where the search came from.
fn descend<'a>(
    ty: TypeId,
    name: &'a str,
    down: usize,
    not: Option<&str>,
    steps: &mut Vec<&'a str>,
    found: &mut Vec<Vec<&'a str>>,
) {
    for Field { name: step, ty } in ty.fields() {
        // Nobody writes these, so nobody meant them.
        if Some(step) == not || matches!(step, "status" | "managedFields" | "ownerReferences") {
            continue;
        }
        let inner = ty.innermost();
        steps.push(step);
        if down > 1 {
            descend(inner, name, down - 1, None, steps, found);
        } else if inner.field(name).is_some() {
            found.push(steps.iter().copied().chain([name]).collect());
        }
        steps.pop();
    }
}

fn render(root: TypeId, path: &[&str], steps: &[&str]) -> String {
    let mut text = String::new();
    let mut ty = root;
    for (index, step) in path.iter().chain(steps).enumerate() {
        ty = ty.innermost().field(step).map_or(ty, |field| field.ty);
        if index > 0 {
            text.push('.');
        }
        text.push_str(step);
        let last = index + 1 == path.len() + steps.len();
        if !last && matches!(ty.shape(), Shape::List(_)) {
            text.push_str("[]");
        }
    }
    text
}

/// Lower case without separators, so that `liveness_probe` is `livenessProbe`.
fn fold(name: &str) -> Vec<u8> {
    name.bytes()
        .filter(|byte| !matches!(byte, b'_' | b'-' | b' '))
        .map(|byte| byte.to_ascii_lowercase())
        .collect()
}

/// How many slips still make a misspelling: short names are too close to each other.
fn tolerated(one: &[u8], other: &[u8]) -> usize {
    match one.len().min(other.len()) {
        0..=2 => 0,
        // `arg` for `args`, `ports` for `port`.
        3..=4 => {
            usize::from([one, b"s"].concat() == other || [other, b"s"].concat() == one || swapped(one, other))
        }
        5..=7 => 1,
        _ => 2,
    }
}

/// Whether two short names differ only in two neighbours.
fn swapped(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && distance(one, other) == 1 && {
        let (mut one, mut other) = (one.to_vec(), other.to_vec());
        one.sort_unstable();
        other.sort_unstable();
        one == other
    }
}

/// The fewest insertions, deletions, replacements and swaps of neighbours between two names, for names of a sane length.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let width = other.len() + 1;
    let mut rows = vec![0; (one.len() + 1) * width];
    rows[..width].copy_from_slice(&(0..width).collect::<Vec<_>>());
    for line in 1..=one.len() {
        rows[line * width] = line;
        for column in 1..width {
            let same = usize::from(one[line - 1] != other[column - 1]);
            let above = (line - 1) * width + column;
            let mut least =
                (rows[above - 1] + same).min(rows[above] + 1).min(rows[line * width + column - 1] + 1);
            let swap = line > 1
                && column > 1
                && one[line - 1] == other[column - 2]
                && one[line - 2] == other[column - 1];
            if swap {
                least = least.min(rows[(line - 2) * width + column - 2] + 1);
            }
            rows[line * width + column] = least;
        }
    }
    rows[one.len() * width + other.len()]
}

#[cfg(test)]
mod tests {
    use super::super::fields::kind;
    use super::*;

    fn deployment() -> TypeId {
        kind("apps/v1", "Deployment").expect("a kind of the table")
    }

    fn near(path: &str, name: &str) -> Option<&'static str> {
        let ty = path.split('.').filter(|step| !step.is_empty());
        nearest(ty.fold(deployment(), |ty, step| ty.field(step).expect(step).ty.innermost()), name)
    }

    fn meant(path: &str, name: &str) -> Option<String> {
        let path: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
        elsewhere(deployment(), &path, name)
    }

    const POD: &str = "spec.template.spec";
    const CONTAINER: &str = "spec.template.spec.containers";

    #[test]
    fn misspellings() {
        for (path, wrong, right) in [
            (CONTAINER, "livenessprobe", "livenessProbe"),
            (CONTAINER, "liveness_probe", "livenessProbe"),
            (CONTAINER, "LivenessProbe", "livenessProbe"),
            (CONTAINER, "livenesProbe", "livenessProbe"),
            (CONTAINER, "image-pull-policy", "imagePullPolicy"),
            (CONTAINER, "imagepullPolcy", "imagePullPolicy"),
            (CONTAINER, "commands", "command"),
            (
                "spec.template.spec.containers.securityContext",
                "allowPrivilegedEscalation",
                "allowPrivilegeEscalation",
            ),
            (CONTAINER, "arg", "args"),
            (CONTAINER, "port", "ports"),
            (CONTAINER, "evn", "env"),
            (CONTAINER, "resource", "resources"),
            ("spec", "replcias", "replicas"),
            ("spec", "replica", "replicas"),
            ("spec", "minReadySecond", "minReadySeconds"),
            (POD, "terminationGracePeriod", "terminationGracePeriodSeconds"),
            ("spec.template.spec.containers.livenessProbe", "timeout", "timeoutSeconds"),
            ("spec.template.spec.containers.livenessProbe", "period", "periodSeconds"),
            (POD, "volume", "volumes"),
            ("", "metdata", "metadata"),
            ("", "apiversion", "apiVersion"),
        ] {
            assert_eq!(near(path, wrong), Some(right), "{path}.{wrong}");
        }
    }

    #[test]
    fn not_everything_is_a_misspelling() {
        for (path, name) in [
            (CONTAINER, "probe"),
            (CONTAINER, "e"),
            (CONTAINER, ""),
            ("spec", "foo"),
            (POD, "dns"),
            (POD, "os2"),
        ] {
            assert_eq!(near(path, name), None, "{path}.{name}");
        }
        // Two fields begin like this.
        assert_eq!(near(CONTAINER, "termination"), None);
    }

    #[test]
    fn a_field_of_something_around() {
        for (path, name, expected) in [
            (POD, "replicas", "spec.replicas"),
            (CONTAINER, "terminationGracePeriodSeconds", "spec.template.spec.terminationGracePeriodSeconds"),
            (CONTAINER, "volumes", "spec.template.spec.volumes"),
            ("spec.template", "minReadySeconds", "spec.minReadySeconds"),
            (
                "spec.template.spec.containers.livenessProbe.httpGet",
                "initialDelaySeconds",
                "spec.template.spec.containers[].livenessProbe.initialDelaySeconds",
            ),
        ] {
            assert_eq!(meant(path, name).as_deref(), Some(expected), "{path}.{name}");
        }
    }

    #[test]
    fn a_field_of_something_below_or_beside() {
        for (path, name, expected) in [
            (POD, "livenessProbe", "spec.template.spec.containers[].livenessProbe"),
            (POD, "image", "spec.template.spec.containers[].image"),
            ("spec", "serviceAccountName", "spec.template.spec.serviceAccountName"),
            ("spec", "matchLabels", "spec.selector.matchLabels"),
            ("spec.strategy", "maxSurge", "spec.strategy.rollingUpdate.maxSurge"),
            ("", "replicas", "spec.replicas"),
            ("", "labels", "metadata.labels"),
            (
                "spec.template.spec.securityContext",
                "readOnlyRootFilesystem",
                "spec.template.spec.containers[].securityContext.readOnlyRootFilesystem",
            ),
            (
                "spec.template.spec.containers.securityContext",
                "fsGroup",
                "spec.template.spec.securityContext.fsGroup",
            ),
        ] {
            assert_eq!(meant(path, name).as_deref(), Some(expected), "{path}.{name}");
        }
    }

    #[test]
    fn no_guess_between_equals() {
        for (path, name) in [
            (CONTAINER, "httpGet"),
            ("spec.template.spec.containers.livenessProbe", "port"),
            ("spec.template.spec.containers", "spec"),
            ("spec", "labels"),
            ("spec", "nothingOfThisName"),
            ("spec.notAField", "replicas"),
        ] {
            assert_eq!(meant(path, name), None, "{path}.{name}");
        }
    }
}
