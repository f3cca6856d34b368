//! `.Capabilities`: the cluster that a chart believes to meet.

use std::rc::Rc;

use super::super::origin::{Origin, Origins, Source};
use super::super::value::{Data, Object, Value};
use super::record::Record;

/// The version of Kubernetes where nobody names another. Charts that ask want to know whether something is already there, so
/// it is a recent one.
pub const KUBERNETES: &str = "v1.35.0";

/// What charts take us for where somebody wants to see what Helm prints: the Helm that is the measure.
pub(super) const HELM: &str = "v3.16.4";

/// What they take us for where they are judged. Some refuse an older one; what is printed is the same.
pub(super) const NEWEST_HELM: &str = "v4.0.0";

/// Groups and versions that Helm 3.16 takes for given without a cluster: those that its client library knows.
const API_VERSIONS: [&str; 55] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "autoscaling/v2beta1",
    "autoscaling/v2beta2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha1",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1alpha1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha1",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1alpha1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// Kinds that charts ask for by name, the group and version that serves them, and the minor version of Kubernetes 1 since which
/// it does. Helm learns them from the cluster; `helm template` has none, says no to all, and prints the API version of a
/// cluster that is long gone.
const KINDS: [(&str, &str, u32); 8] = [
    ("networking.k8s.io/v1", "Ingress", 19),
    ("networking.k8s.io/v1", "IngressClass", 19),
    ("networking.k8s.io/v1", "NetworkPolicy", 7),
    ("policy/v1", "PodDisruptionBudget", 21),
    ("batch/v1", "CronJob", 21),
    ("autoscaling/v2", "HorizontalPodAutoscaler", 23),
    ("apps/v1", "Deployment", 9),
    ("rbac.authorization.k8s.io/v1", "Role", 8),
];

/// What a cluster of this version tells of its APIs beside what `helm template` knows: the group of aggregated servers, for which
/// Helm's client library has nothing, and kinds.
pub(super) fn told_by_a_cluster(version: &str) -> impl Iterator<Item = String> {
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap_or_default();
    let kinds = KINDS.iter().filter(move |(.., since)| *since <= minor);
    let kinds = kinds.map(|(api, kind, _)| format!("{api}/{kind}"));
    std::iter::once("apiregistration.k8s.io/v1".to_owned()).chain(kinds)
}

/// A version of Kubernetes as `--kube-version` takes it: `1.33`, `v1.33.2-gke.1`.
pub(super) fn kubernetes_version(text: &str) -> Option<String> {
    let plain = text.strip_prefix('v').unwrap_or(text);
    let end = plain.find(['-', '+']).unwrap_or(plain.len());
    let numbers: Option<Vec<u32>> = plain[..end].split('.').map(|part| part.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 3)?;
    let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
    Some(format!("v{}.{}.{}{}", number(0), number(1), number(2), &plain[end..]))
}

/// `.Capabilities` of a cluster with this version, and with these groups and versions beside the usual ones.
pub(super) fn capabilities(version: &str, more: &[String], helm_is: &str, origins: &mut Origins) -> Value {
    let kubernetes = origins.add(Source::Given(".Capabilities.KubeVersion"));
    let apis = origins.add(Source::Given(".Capabilities.APIVersions"));
    let helm = origins.add(Source::Given(".Capabilities.HelmVersion"));
    let mut parts = version.trim_start_matches('v').split('.');
    let mut part = || Value::text(parts.next().unwrap_or_default(), kubernetes);
    let (major, minor) = (part(), part());
    let whole = Value::text(version, kubernetes);
    let object = |record: Record, origin: Origin| Value::new(Data::Object(Rc::new(record)), origin);
    let kube_version = Record::new("chartutil.KubeVersion")
        .with("Version", "Version", whole.clone())
        .with("Major", "Major", major)
        .with("Minor", "Minor", minor)
        .with_method("GitVersion", whole.clone())
        .with_method("String", whole);
    let helm_version = Record::new("version.BuildInfo")
        .with_optional("Version", "version", Value::text(helm_is, helm))
        .with_optional("GitCommit", "git_commit", Value::text("", helm))
        .with_optional("GitTreeState", "git_tree_state", Value::text("", helm))
        .with_optional("GoVersion", "go_version", Value::text("go1.22.7", helm));
    let names = API_VERSIONS
        .iter()
        .map(|name| Rc::from(*name))
        .chain(more.iter().map(|name| Rc::from(name.as_str())));
    let versions = ApiVersions { names: names.collect(), origin: apis };
    let record = Record::new("*chartutil.Capabilities")
        .with("KubeVersion", "KubeVersion", object(kube_version, kubernetes))
        .with("APIVersions", "APIVersions", Value::new(Data::Object(Rc::new(versions)), apis))
        .with("HelmVersion", "HelmVersion", object(helm_version, helm));
    let origin = origins.add(Source::Given(".Capabilities"));
    object(record, origin)
}

/// `.Capabilities.APIVersions`.
#[derive(Debug)]
struct ApiVersions {
    names: Vec<Rc<str>>,
    origin: Origin,
}

impl ApiVersions {
    fn values(&self) -> impl Iterator<Item = Value> + '_ {
        self.names.iter().map(|name| Value::text(name.clone(), self.origin))
    }
}

impl Object for ApiVersions {
    fn type_name(&self) -> &'static str {
        "chartutil.VersionSet"
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        if name != "Has" {
            return None;
        }
        let [argument] = arguments else {
            return Some(Err(format!("wrong number of args for Has: want 1 got {}", arguments.len())));
        };
        Some(match argument.as_str() {
            Some(wanted) => {
                let has = self.names.iter().any(|name| &**name == wanted);
                Ok(Value::new(Data::Bool(has), self.origin))
            }
            None => Err("wrong type for value; expected string".to_owned()),
        })
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        let numbers = (0..).map(|at| Value::new(Data::Int(at), Origin::NONE));
        Some(numbers.zip(self.values()).collect())
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::list(self.values(), self.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("1.33", Some("v1.33.0")),
            ("v1.33.2", Some("v1.33.2")),
            ("1.29.4-gke.100", Some("v1.29.4-gke.100")),
            ("latest", None),
            ("1.2.3.4", None),
        ] {
            assert_eq!(kubernetes_version(text).as_deref(), expected, "{text}");
        }
    }
}
