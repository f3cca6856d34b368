//! Which API versions are deprecated or no longer served, since which release, and what to use instead.
//!
//! The table `deprecations.txt` is generated from the API's own lifecycle markers, with facts about custom resources added
//! by hand. It says nothing of single fields that are deprecated.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

/// The oldest minor release of Kubernetes that is still maintained, as of November 2026: upstream maintains the newest
/// three (kubernetes.io/releases), and 1.37 came out on 26 August 2026 (kubernetes/sig-release,
/// releases/release-1.37/README.md); 1.38 is due after that.
pub const OLDEST_MAINTAINED: Version = (1, 35);

/// Major and minor number of a release.
pub type Version = (u16, u16);

/// A version of an API that is on its way out, or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deprecation {
    /// Whose releases `deprecated_in` and `removed_in` are: `Kubernetes`, or the project that defines the resource.
    pub product: &'static str,
    /// May lie in the future: Kubernetes announces it for every version that is not yet stable.
    pub deprecated_in: Option<Version>,
    /// The first release that no longer serves it, which may lie in the future too.
    pub removed_in: Option<Version>,
    /// API version and kind. Absent where nothing takes its place.
    pub replacement: Option<Replacement>,
}

/// What to use instead of a deprecated kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replacement {
    /// As it is written in a manifest, group and version.
    pub api_version: &'static str,
    /// Nearly always the same kind.
    pub kind: &'static str,
}

/// What is known of an API version and kind; `None` if nothing speaks against it.
pub fn lookup(api_version: &str, kind: &str) -> Option<Deprecation> {
    static LINES: OnceLock<FxHashMap<(&str, &str), &str>> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(key).collect()
    });
    read(lines.get(&(api_version, kind))?.splitn(5, ' '))
}

/// What a line is about, and the rest of it.
fn key(line: &str) -> Option<((&str, &str), &str)> {
    let (api_version, rest) = line.split_once(' ')?;
    let (kind, rest) = rest.split_once(' ')?;
    Some(((api_version, kind), rest))
}

/// Comments, then one line for each version of a kind: the columns of [`Deprecation`] behind it.
const TABLE: &str = include_str!("deprecations.txt");

fn read(mut columns: impl Iterator<Item = &'static str>) -> Option<Deprecation> {
    let deprecated_in = columns.next().and_then(version);
    let removed_in = columns.next().and_then(version);
    let (api_version, kind) = (columns.next()?, columns.next()?);
    let replacement = (api_version != "-").then_some(Replacement { api_version, kind });
    Some(Deprecation { product: columns.next()?, deprecated_in, removed_in, replacement })
}

fn version(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(api_version: &str, kind: &str) -> (Option<Version>, Option<Version>, String) {
        let found = lookup(api_version, kind).unwrap_or_else(|| panic!("{api_version} {kind}"));
        let replacement =
            found.replacement.map_or(String::new(), |new| format!("{} {}", new.api_version, new.kind));
        (found.deprecated_in, found.removed_in, replacement)
    }

    #[test]
    fn every_line_is_found_and_sorted() {
        let mut before = ("", "");
        let lines: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        for line in &lines {
            let columns: Vec<&str> = line.splitn(7, ' ').collect();
            let key = (columns[0], columns[1]);
            assert!(before < key, "{line}");
            before = key;
            let entry = lookup(key.0, key.1).unwrap_or_else(|| panic!("not found: {line}"));
            assert!(entry.deprecated_in.is_some() || entry.removed_in.is_some(), "{line}");
            assert_eq!(entry.product, columns[6]);
            assert!(
                entry.deprecated_in.is_none()
                    || entry.removed_in.is_none()
                    || entry.deprecated_in < entry.removed_in
            );
        }
        assert!(lines.len() > 150);
    }

    #[test]
    fn replacements_are_not_gone_themselves() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split(' ').collect();
            let entry = lookup(columns[0], columns[1]).expect(line);
            if let Some(new) = entry.replacement
                && let Some(Deprecation { removed_in: Some(removed), product: "Kubernetes", .. }) =
                    lookup(new.api_version, new.kind)
            {
                assert!(removed > OLDEST_MAINTAINED, "{line}");
            }
        }
    }

    /// What the official guide says (kubernetes.io/docs/reference/using-api/deprecation-guide).
    #[test]
    fn kubernetes_own() {
        for (api_version, kind, removed, replacement) in [
            ("extensions/v1beta1", "Deployment", (1, 16), "apps/v1 Deployment"),
            ("extensions/v1beta1", "DaemonSet", (1, 16), "apps/v1 DaemonSet"),
            ("extensions/v1beta1", "NetworkPolicy", (1, 16), "networking.k8s.io/v1 NetworkPolicy"),
            ("extensions/v1beta1", "PodSecurityPolicy", (1, 16), ""),
            ("apps/v1beta1", "StatefulSet", (1, 16), "apps/v1 StatefulSet"),
            ("apps/v1beta2", "ReplicaSet", (1, 16), "apps/v1 ReplicaSet"),
            ("extensions/v1beta1", "Ingress", (1, 22), "networking.k8s.io/v1 Ingress"),
            ("networking.k8s.io/v1beta1", "Ingress", (1, 22), "networking.k8s.io/v1 Ingress"),
            ("networking.k8s.io/v1beta1", "IngressClass", (1, 22), "networking.k8s.io/v1 IngressClass"),
            (
                "apiextensions.k8s.io/v1beta1",
                "CustomResourceDefinition",
                (1, 22),
                "apiextensions.k8s.io/v1 CustomResourceDefinition",
            ),
            ("apiregistration.k8s.io/v1beta1", "APIService", (1, 22), "apiregistration.k8s.io/v1 APIService"),
            ("rbac.authorization.k8s.io/v1beta1", "Role", (1, 22), "rbac.authorization.k8s.io/v1 Role"),
            ("storage.k8s.io/v1beta1", "StorageClass", (1, 22), "storage.k8s.io/v1 StorageClass"),
            ("batch/v1beta1", "CronJob", (1, 25), "batch/v1 CronJob"),
            ("policy/v1beta1", "PodDisruptionBudget", (1, 25), "policy/v1 PodDisruptionBudget"),
            ("policy/v1beta1", "PodSecurityPolicy", (1, 25), ""),
            (
                "autoscaling/v2beta1",
                "HorizontalPodAutoscaler",
                (1, 25),
                "autoscaling/v2 HorizontalPodAutoscaler",
            ),
            (
                "autoscaling/v2beta2",
                "HorizontalPodAutoscaler",
                (1, 26),
                "autoscaling/v2 HorizontalPodAutoscaler",
            ),
            ("events.k8s.io/v1beta1", "Event", (1, 25), "events.k8s.io/v1 Event"),
            ("node.k8s.io/v1beta1", "RuntimeClass", (1, 25), "node.k8s.io/v1 RuntimeClass"),
            ("storage.k8s.io/v1beta1", "CSIStorageCapacity", (1, 27), "storage.k8s.io/v1 CSIStorageCapacity"),
            (
                "flowcontrol.apiserver.k8s.io/v1beta2",
                "FlowSchema",
                (1, 29),
                "flowcontrol.apiserver.k8s.io/v1 FlowSchema",
            ),
            (
                "flowcontrol.apiserver.k8s.io/v1beta3",
                "FlowSchema",
                (1, 32),
                "flowcontrol.apiserver.k8s.io/v1 FlowSchema",
            ),
        ] {
            let (_, removed_in, new) = found(api_version, kind);
            assert_eq!((removed_in, new.as_str()), (Some(removed), replacement), "{api_version} {kind}");
        }
        assert_eq!(
            found("v1", "Endpoints"),
            (Some((1, 33)), None, "discovery.k8s.io/v1 EndpointSlice".to_owned())
        );
    }

    #[test]
    fn custom_resources() {
        let karpenter = lookup("karpenter.sh/v1alpha5", "Provisioner").expect("a line of the table");
        assert_eq!(karpenter.product, "Karpenter");
        assert_eq!(
            karpenter.replacement,
            Some(Replacement { api_version: "karpenter.sh/v1", kind: "NodePool" })
        );
        assert_eq!(
            found("cert-manager.io/v1alpha2", "Certificate"),
            (Some((1, 4)), Some((1, 6)), "cert-manager.io/v1 Certificate".to_owned())
        );
        assert_eq!(found("keda.k8s.io/v1alpha1", "ScaledObject").2, "keda.sh/v1alpha1 ScaledObject");
        assert_eq!(
            lookup("helm.toolkit.fluxcd.io/v2beta1", "HelmRelease").expect("a line of the table").product,
            "Flux helm-controller"
        );
    }

    #[test]
    fn nothing_speaks_against_these() {
        for (api_version, kind) in [
            ("apps/v1", "Deployment"),
            ("autoscaling/v1", "HorizontalPodAutoscaler"),
            ("v1", "Pod"),
            ("policy/v1", "PodDisruptionBudget"),
            ("karpenter.sh/v1", "NodePool"),
            ("gateway.networking.k8s.io/v1beta1", "HTTPRoute"),
            ("#", ""),
            ("", ""),
            ("zzz/v1", "Zzz"),
        ] {
            assert_eq!(lookup(api_version, kind), None, "{api_version} {kind}");
        }
    }
}
