//! What a kustomization may say: every field of `api/types` of Kustomize 5, at any depth, with its type. Kustomize refuses a file with any
//! other, and does not mind how a name is capitalised.

use super::Problem;
use super::node::{Entry, Kind, Node, Value};
use crate::spelling;

/// What stands under a key.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Flag,
    Whole,
    /// A list of texts.
    Texts,
    /// A map of texts.
    Pairs,
    Anything,
    Map(&'static [Field]),
    List(&'static [Field]),
}

type Field = (&'static str, Type);

use Type::{Anything, Flag, List, Map, Pairs, Text, Texts, Whole};

const KUSTOMIZATION: &[Field] = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Map(&[("name", Text), ("namespace", Text), ("labels", Pairs), ("annotations", Pairs)])),
    ("openapi", Pairs),
    ("namePrefix", Text),
    ("nameSuffix", Text),
    ("namespace", Text),
    ("commonLabels", Pairs),
    ("labels", List(LABEL)),
    ("commonAnnotations", Pairs),
    ("patchesStrategicMerge", Texts),
    ("patchesJson6902", List(PATCH)),
    ("patches", List(PATCH)),
    ("images", List(IMAGE)),
    ("imageTags", List(IMAGE)),
    ("replacements", List(REPLACEMENT)),
    ("replicas", List(&[("name", Text), ("count", Whole)])),
    ("vars", List(&[("name", Text), ("objref", Map(OBJECT)), ("fieldref", Map(&[("fieldPath", Text)]))])),
    (
        "sortOptions",
        Map(&[("order", Text), ("legacySortOptions", Map(&[("orderFirst", Texts), ("orderLast", Texts)]))]),
    ),
    ("resources", Texts),
    ("components", Texts),
    ("crds", Texts),
    ("bases", Texts),
    ("configMapGenerator", List(CONFIG_MAP)),
    ("secretGenerator", List(SECRET)),
    ("helmGlobals", Map(&[("chartHome", Text), ("configHome", Text)])),
    ("helmCharts", List(CHART)),
    ("helmChartInflationGenerator", List(OLD_CHART)),
    ("generatorOptions", Map(GENERATOR_OPTIONS)),
    ("configurations", Texts),
    ("generators", Texts),
    ("transformers", Texts),
    ("validators", Texts),
    ("buildMetadata", Texts),
];

const LABEL: &[Field] = &[
    ("pairs", Pairs),
    ("includeSelectors", Flag),
    ("includeTemplates", Flag),
    ("includeVolumeClaimTemplates", Flag),
    ("fields", List(FIELD_SPEC)),
];

const FIELD_SPEC: &[Field] =
    &[("group", Text), ("version", Text), ("kind", Text), ("path", Text), ("create", Flag)];

const PATCH: &[Field] = &[
    ("path", Text),
    ("patch", Text),
    ("target", Map(SELECTOR)),
    ("options", Map(&[("allowNameChange", Flag), ("allowKindChange", Flag)])),
];

const SELECTOR: &[Field] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("annotationSelector", Text),
    ("labelSelector", Text),
];

const IMAGE: &[Field] =
    &[("name", Text), ("newName", Text), ("tagSuffix", Text), ("newTag", Text), ("digest", Text)];

const REPLACEMENT: &[Field] =
    &[("path", Text), ("source", Map(SOURCE)), ("sourceValue", Text), ("targets", List(TARGET))];

const SOURCE: &[Field] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("fieldPath", Text),
    ("options", Map(FIELD_OPTIONS)),
];

const TARGET: &[Field] = &[
    ("select", Map(SELECTOR)),
    ("reject", List(SELECTOR)),
    ("fieldPaths", Texts),
    ("options", Map(FIELD_OPTIONS)),
];

const FIELD_OPTIONS: &[Field] =
    &[("delimiter", Text), ("index", Whole), ("encoding", Text), ("create", Flag)];

const OBJECT: &[Field] = &[
    ("apiVersion", Text),
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
];

const GENERATOR_OPTIONS: &[Field] =
    &[("labels", Pairs), ("annotations", Pairs), ("disableNameSuffixHash", Flag), ("immutable", Flag)];

const CONFIG_MAP: &[Field] = &[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", Texts),
    ("files", Texts),
    ("envs", Texts),
    ("env", Text),
    ("options", Map(GENERATOR_OPTIONS)),
];

const SECRET: &[Field] = &[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", Texts),
    ("files", Texts),
    ("envs", Texts),
    ("env", Text),
    ("options", Map(GENERATOR_OPTIONS)),
    ("type", Text),
];

const CHART: &[Field] = &[
    ("name", Text),
    ("version", Text),
    ("repo", Text),
    ("releaseName", Text),
    ("namespace", Text),
    ("additionalValuesFiles", Texts),
    ("valuesFile", Text),
    ("valuesInline", Anything),
    ("valuesMerge", Text),
    ("includeCRDs", Flag),
    ("skipHooks", Flag),
    ("apiVersions", Texts),
    ("kubeVersion", Text),
    ("nameTemplate", Text),
    ("skipTests", Flag),
    ("debug", Flag),
    ("devel", Flag),
];

const OLD_CHART: &[Field] = &[
    ("chartName", Text),
    ("chartVersion", Text),
    ("chartRepoUrl", Text),
    ("chartHome", Text),
    ("chartRepoName", Text),
    ("helmBin", Text),
    ("helmHome", Text),
    ("values", Text),
    ("valuesLocal", Anything),
    ("valuesMerge", Text),
    ("releaseName", Text),
    ("releaseNamespace", Text),
    ("extraArgs", Texts),
];

/// A kustomization with the names of its fields as Kustomize spells them, and what Kustomize would refuse in it.
pub(super) fn read(mut node: Node) -> (Node, Vec<Problem>) {
    let mut faults = Vec::new();
    if node.is_map() {
        map(&mut node, "", KUSTOMIZATION, &mut faults);
    }
    (node, faults)
}

fn map(node: &mut Node, path: &str, fields: &'static [Field], faults: &mut Vec<Problem>) {
    let mut entries: Vec<Entry> = node.entries().to_vec();
    for entry in &mut entries {
        let found = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&entry.key));
        let Some((name, ty)) = found else {
            let inside = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
            let mut fault =
                Problem::new(format!("Kustomize knows no field `{}`{inside}", entry.key), entry.from);
            fault.help = spelling::nearest(&entry.key, fields.iter().map(|(name, _)| *name))
                .map(|name| format!("did you mean `{name}`?"));
            faults.push(fault);
            continue;
        };
        if **name != *entry.key {
            entry.key = (*name).into();
        }
        let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
        value(&mut entry.node, &path, *ty, faults);
    }
    node.value = Value::Map(entries.into());
}

fn value(node: &mut Node, path: &str, ty: Type, faults: &mut Vec<Problem>) {
    if node.is_null() {
        return;
    }
    let kind = node.scalar().map(|scalar| scalar.kind);
    let fits = match ty {
        Anything => true,
        Text => kind == Some(Kind::Text),
        Flag => kind == Some(Kind::Bool) || kind.is_some() && node.is_true(),
        Whole => kind == Some(Kind::Int),
        Texts | List(_) => node.is_list(),
        Pairs | Map(_) => node.is_map(),
    };
    if !fits {
        let wanted = match ty {
            Text | Anything => "text",
            Flag => "`true` or `false`",
            Whole => "a whole number",
            Texts | List(_) => "a list",
            Pairs | Map(_) => "a map",
        };
        let mut fault = Problem::new(format!("`{path}` is {wanted} to Kustomize"), node.from);
        if kind.is_some_and(|kind| matches!(kind, Kind::Bool | Kind::Int | Kind::Float)) && wanted == "text" {
            fault.help = Some(format!("write it in quotes: `\"{}\"`", node.written()));
        }
        faults.push(fault);
        return;
    }
    match ty {
        Map(fields) => map(node, path, fields, faults),
        List(fields) => {
            for item in node.items_mut() {
                value(item, path, Map(fields), faults);
            }
        }
        Texts => {
            for item in node.items_mut() {
                value(item, path, Text, faults);
            }
        }
        Pairs => {
            for entry in node.entries().to_vec() {
                value(&mut entry.node.clone(), &format!("{path}.{}", entry.key), Text, faults);
            }
        }
        Text | Flag | Whole | Anything => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{load, trail::Trail};
    use super::*;
    use crate::source::FileId;
    use crate::syntax::yaml;

    fn faults(text: &str) -> Vec<String> {
        let mut trail = Trail::default();
        let document = trail.own(yaml::parse(FileId(0), Arc::from(text)).tree);
        let (nodes, _) = load::documents(&trail, document);
        read(nodes[0].clone()).1.into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn what_kustomize_refuses_is_said_at_any_depth() {
        let cases = [
            ("namespace: shop\nresources: [a.yaml]\n", ""),
            ("commonlabels: {app: shop}\n", ""),
            ("resource: [a.yaml]\n", "Kustomize knows no field `resource`"),
            ("images: [{name: a, newtag: '1'}]\n", ""),
            ("images: [{name: a, tag: '1'}]\n", "Kustomize knows no field `tag` in `images`"),
            ("images: [{name: a, newTag: 1.0}]\n", "`images.newTag` is text to Kustomize"),
            ("resources: a.yaml\n", "`resources` is a list to Kustomize"),
            ("resources: [{path: a.yaml}]\n", "`resources` is text to Kustomize"),
            ("commonLabels: {on: true}\n", "`commonLabels.on` is text to Kustomize"),
            ("replicas: [{name: a, count: '3'}]\n", "`replicas.count` is a whole number to Kustomize"),
            (
                "labels: [{pairs: {a: b}, includeSelectors: 'true'}]\n",
                "`labels.includeSelectors` is `true` or `false` to Kustomize",
            ),
            (
                "patches: [{path: a.yaml, target: {kinds: Pod}}]\n",
                "Kustomize knows no field `kinds` in `patches.target`",
            ),
            ("helmCharts: [{name: a, valuesInline: {a: {b: 1}}}]\n", ""),
            ("inventory: {}\n", "Kustomize knows no field `inventory`"),
            ("namespace:\n", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(faults(text).join("; "), expected, "{text}");
        }
    }
}
