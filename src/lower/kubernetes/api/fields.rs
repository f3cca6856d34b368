//! Which fields a Kubernetes kind has, so that a misspelt or misplaced one is found: an API server without strict
//! validation drops such a field silently, and the setting never takes effect.
//!
//! The table `fields.txt` is generated from the API's own Go types. It is the union of the releases in use, so a field
//! that only some of them know is known here. It does not say which fields are required or what they may hold.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

/// The type of a kind named in a manifest; `None` for kinds that the table does not have.
pub fn kind(api_version: &str, kind: &str) -> Option<TypeId> {
    let table = table();
    let found =
        table.kinds.binary_search_by(|known| (known.api_version, known.name).cmp(&(api_version, kind)));
    Some(table.kinds[found.ok()?].ty)
}

/// Every kind of the table, sorted: API version, kind, type.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str, TypeId)> {
    table().kinds.iter().map(|kind| (kind.api_version, kind.name, kind.ty))
}

/// A type of the table. Types without a difference between them are one.
///
/// The lower half is what a list or a map is of in the end. Above it stand two bits for each list and map around that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(u32);

/// What a type consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Fields of these names and no others: see [`TypeId::field`].
    Struct,
    /// Any number of values of this type.
    List(TypeId),
    /// Keys of any name, each with a value of this type.
    Map(TypeId),
    /// A single value.
    Scalar(Scalar),
    /// Anything at all: an embedded object, a plugin's configuration. Nothing below is known.
    Any,
}

/// What a single value is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Text, also where only certain words are allowed.
    String,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
    /// `500m`, `2Gi`, or a number.
    Quantity,
    /// `8080` or `http`, `1` or `25%`.
    IntOrString,
    /// A Go duration such as `1h30m`; some fields also take a word such as `Never`.
    Duration,
    /// An RFC 3339 date and time.
    Time,
    /// Base64 text.
    Bytes,
}

/// A field of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in a manifest.
    pub name: &'static str,
    /// What its value is.
    pub ty: TypeId,
}

impl TypeId {
    /// What this type consists of.
    pub fn shape(self) -> Shape {
        match self.unwrapped() {
            Some((LIST, element)) => Shape::List(element),
            Some((_, value)) => Shape::Map(value),
            None => PLAIN.get(self.0 as usize).map_or(Shape::Struct, |(_, shape)| *shape),
        }
    }

    /// The field of exactly this name: an API server with strict validation takes no other case either.
    pub fn field(self, name: &str) -> Option<Field> {
        let fields = self.structure()?.fields();
        // Most names differ in their first letters, and to compare eight of them at once is quicker than to compare texts.
        let start = beginning(name);
        let first = fields.partition_point(|(known, _)| *known < start);
        let alike = fields[first..].iter().take_while(|(known, _)| *known == start);
        alike.map(|(_, field)| *field).find(|field| field.name == name)
    }

    /// The fields, sorted by name; none if this is no structure.
    pub fn fields(self) -> impl ExactSizeIterator<Item = Field> + Clone + 'static {
        self.structure().map_or(&[][..], Structure::fields).iter().map(|(_, field)| *field)
    }

    fn structure(self) -> Option<&'static Structure> {
        (self.0 as usize).checked_sub(PLAIN.len()).and_then(|index| table().structures.get(index))
    }

    /// This type, or what it is a list or map of, all the way down. Paths of field names leave those steps out.
    pub fn innermost(self) -> TypeId {
        match self.shape() {
            Shape::List(inner) | Shape::Map(inner) => inner.innermost(),
            _ => self,
        }
    }
}

/// The wrappers of a type.
const LIST: u32 = 1;
const MAP: u32 = 2;

impl TypeId {
    fn base(index: usize) -> Self {
        Self(u32::from(u16::try_from(index).expect("fields.txt has fewer than 65536 types")))
    }

    /// How many bits the wrappers take.
    fn wrappers(self) -> u32 {
        (u32::BITS - (self.0 >> 16).leading_zeros()).next_multiple_of(2)
    }

    /// The list or the map of this type.
    fn wrapped(self, with: u32) -> Self {
        Self(self.0 | with << (16 + self.wrappers()))
    }

    /// The outermost wrapper, and what it is around.
    fn unwrapped(self) -> Option<(u32, Self)> {
        let at = 16 + self.wrappers().checked_sub(2)?;
        Some((self.0 >> at, Self(self.0 & !(u32::MAX << at))))
    }
}

/// Most runs ask for few of the structures, so the fields of each are read when it is asked for.
struct Table {
    kinds: Vec<Kind>,
    /// The structures by name.
    names: FxHashMap<&'static str, TypeId>,
    structures: Vec<Structure>,
}

struct Kind {
    api_version: &'static str,
    name: &'static str,
    ty: TypeId,
}

struct Structure {
    /// The lines of its fields.
    lines: &'static str,
    /// Each behind the beginning of its name, in order.
    fields: OnceLock<Box<[(u64, Field)]>>,
}

/// The first eight bytes of a name, as a number that is in the same order.
fn beginning(name: &str) -> u64 {
    let mut first = [0; 8];
    let length = name.len().min(8);
    first[..length].copy_from_slice(&name.as_bytes()[..length]);
    u64::from_be_bytes(first)
}

impl Structure {
    fn fields(&self) -> &[(u64, Field)] {
        self.fields.get_or_init(|| {
            let names = &table().names;
            let fields = self.lines.split_terminator('\n').filter_map(|line| line.strip_prefix(' '));
            let fields = fields.map(|line| line.split_once(' ').unwrap_or((line, "string")));
            fields.map(|(name, ty)| (beginning(name), Field { name, ty: read_type(ty, names) })).collect()
        })
    }
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read(include_str!("fields.txt")))
}

/// The types that `fields.txt` writes in lower case, in the order of their ids.
const PLAIN: &[(&str, Shape)] = &[
    ("string", Shape::Scalar(Scalar::String)),
    ("any", Shape::Any),
    ("bool", Shape::Scalar(Scalar::Bool)),
    ("bytes", Shape::Scalar(Scalar::Bytes)),
    ("duration", Shape::Scalar(Scalar::Duration)),
    ("float", Shape::Scalar(Scalar::Float)),
    ("int", Shape::Scalar(Scalar::Int)),
    ("int-or-string", Shape::Scalar(Scalar::IntOrString)),
    ("quantity", Shape::Scalar(Scalar::Quantity)),
    ("time", Shape::Scalar(Scalar::Time)),
];

/// Reads the table. The file is part of the program and a test reads all of it, so what it refers to is there.
fn read(text: &'static str) -> Table {
    let mut names = FxHashMap::with_capacity_and_hasher(2048, rustc_hash::FxBuildHasher);
    let mut structures: Vec<Structure> = Vec::with_capacity(2048);
    let mut kinds = Vec::with_capacity(1024);
    let mut start = 0;
    while let Some(line) = text[start..].split('\n').next().filter(|_| start < text.len()) {
        start += line.len() + 1;
        match line.as_bytes().first() {
            Some(b'A'..=b'Z') => {
                names.insert(line, TypeId::base(PLAIN.len() + structures.len()));
                let lines = text.get(start..).unwrap_or_default();
                // The fields are indented; the first line that is not ends them.
                let ends = |pair: &[u8]| pair[0] == b'\n' && pair[1] != b' ';
                let end = match lines.starts_with(' ') {
                    true => lines.as_bytes().windows(2).position(ends).map_or(lines.len(), |at| at + 1),
                    false => 0,
                };
                let lines = &lines[..end];
                start += lines.len();
                structures.push(Structure { lines, fields: OnceLock::new() });
            }
            Some(b'a'..=b'z') => {
                let (api_version, rest) = line.split_once(' ').unwrap_or((line, ""));
                kinds.push((api_version, rest.split_once(' ').unwrap_or((rest, rest))));
            }
            _ => {}
        }
    }
    let kind = |(api_version, (name, ty))| Kind { api_version, name, ty: read_type(ty, &names) };
    Table { kinds: kinds.into_iter().map(kind).collect(), names, structures }
}

fn read_type(text: &str, names: &FxHashMap<&'static str, TypeId>) -> TypeId {
    if let Some(element) = text.strip_prefix("[]") {
        return read_type(element, names).wrapped(LIST);
    }
    if let Some(value) = text.strip_prefix("{}") {
        return read_type(value, names).wrapped(MAP);
    }
    if text.starts_with(|first: char| first.is_ascii_lowercase()) {
        let known = PLAIN.iter().position(|(name, _)| *name == text);
        return TypeId::base(known.expect("a type that fields.txt names is one of these"));
    }
    *names.get(text).expect("a type that fields.txt names is in fields.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type at a path of field names; lists and maps are stepped through.
    fn at(api_version: &str, name: &str, path: &str) -> Option<TypeId> {
        path.split('.').try_fold(kind(api_version, name)?, |ty, step| Some(ty.innermost().field(step)?.ty))
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let mut fields = 0;
        let mut kinds = 0;
        for line in include_str!("fields.txt").lines() {
            fields += usize::from(line.starts_with(' '));
            kinds += usize::from(line.starts_with(|first: char| first.is_ascii_lowercase()));
        }
        assert_eq!(table().kinds.len(), kinds);
        assert!(table().kinds.is_sorted_by_key(|kind| (kind.api_version, kind.name)));
        let structures = table().structures.iter().map(Structure::fields);
        assert_eq!(structures.clone().map(<[_]>::len).sum::<usize>(), fields);
        assert!(
            structures.clone().all(|fields| fields.is_sorted_by_key(|(start, field)| (*start, field.name)))
        );
    }

    #[test]
    fn lists_and_maps_of_types() {
        let plain = TypeId::base(0);
        let nested = plain.wrapped(LIST).wrapped(MAP).wrapped(LIST);
        assert_eq!(nested.shape(), Shape::List(plain.wrapped(LIST).wrapped(MAP)));
        assert_eq!(plain.wrapped(LIST).wrapped(MAP).shape(), Shape::Map(plain.wrapped(LIST)));
        assert_eq!(nested.innermost(), plain);
        assert_eq!(plain.shape(), Shape::Scalar(Scalar::String));
    }

    #[test]
    fn fields_that_are_there() {
        for (api_version, name, path) in [
            ("apps/v1", "Deployment", "spec.template.spec.containers.livenessProbe.httpGet.port"),
            ("apps/v1", "Deployment", "spec.strategy.rollingUpdate.maxSurge"),
            ("apps/v1", "Deployment", "status.availableReplicas"),
            ("apps/v1", "Deployment", "metadata.managedFields.fieldsV1"),
            ("apps/v1", "Deployment", "spec.template.metadata.annotations"),
            ("apps/v1", "Deployment", "spec.template.spec.resources.limits"),
            ("apps/v1", "Deployment", "spec.template.spec.hostnameOverride"),
            ("apps/v1", "Deployment", "spec.template.spec.initContainers.restartPolicy"),
            ("apps/v1", "Deployment", "spec.template.spec.containers.restartPolicyRules.exitCodes.operator"),
            ("apps/v1", "Deployment", "spec.template.spec.topologySpreadConstraints.matchLabelKeys"),
            ("apps/v1", "StatefulSet", "spec.volumeClaimTemplates.spec.resources.requests"),
            ("apps/v1", "StatefulSet", "spec.persistentVolumeClaimRetentionPolicy.whenDeleted"),
            ("apps/v1beta1", "Deployment", "spec.rollbackTo.revision"),
            ("autoscaling/v2", "HorizontalPodAutoscaler", "spec.metrics.resource.target.averageUtilization"),
            (
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                "spec.behavior.scaleDown.stabilizationWindowSeconds",
            ),
            (
                "autoscaling/v2beta1",
                "HorizontalPodAutoscaler",
                "spec.metrics.resource.targetAverageUtilization",
            ),
            (
                "autoscaling/v2beta2",
                "HorizontalPodAutoscaler",
                "spec.metrics.resource.target.averageUtilization",
            ),
            ("batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec.restartPolicy"),
            ("batch/v1beta1", "CronJob", "spec.jobTemplate.spec.backoffLimit"),
            ("policy/v1", "PodDisruptionBudget", "spec.unhealthyPodEvictionPolicy"),
            ("policy/v1beta1", "PodSecurityPolicy", "spec.runAsUser.rule"),
            ("extensions/v1beta1", "Ingress", "spec.rules.http.paths.backend.serviceName"),
            ("networking.k8s.io/v1", "Ingress", "spec.rules.http.paths.backend.service.port.number"),
            ("networking.k8s.io/v1", "NetworkPolicy", "spec.egress.to.ipBlock.except"),
            ("v1", "List", "items"),
            ("v1", "Secret", "stringData"),
            ("v1", "Service", "spec.trafficDistribution"),
            ("v1", "PersistentVolume", "spec.csi.volumeAttributes"),
            ("apiregistration.k8s.io/v1", "APIService", "spec.service.port"),
            (
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                "webhooks.clientConfig.caBundle",
            ),
            (
                "rbac.authorization.k8s.io/v1",
                "ClusterRole",
                "aggregationRule.clusterRoleSelectors.matchLabels",
            ),
            (
                "keda.sh/v1alpha1",
                "ScaledObject",
                "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown",
            ),
            ("keda.sh/v1alpha1", "ScaledObject", "spec.fallback.failureThreshold"),
            ("keda.sh/v1alpha1", "ScaledJob", "spec.jobTargetRef.template.spec.containers.image"),
            ("keda.sh/v1alpha1", "ClusterTriggerAuthentication", "spec.podIdentity.provider"),
            ("argoproj.io/v1alpha1", "Rollout", "spec.strategy.canary.steps.setWeight"),
            ("argoproj.io/v1alpha1", "Rollout", "spec.template.spec.containers.readinessProbe"),
            ("argoproj.io/v1alpha1", "AnalysisTemplate", "spec.metrics.provider.prometheus.query"),
            ("argoproj.io/v1alpha1", "Experiment", "spec.templates.template.spec"),
            ("karpenter.sh/v1", "NodePool", "spec.disruption.budgets.nodes"),
            ("karpenter.sh/v1beta1", "NodePool", "spec.template.spec.kubelet.maxPods"),
            ("karpenter.sh/v1alpha5", "Provisioner", "spec.consolidation.enabled"),
            ("karpenter.k8s.aws/v1", "EC2NodeClass", "spec.amiSelectorTerms.alias"),
            ("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "spec.updatePolicy.updateMode"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute", "spec.rules.timeouts.backendRequest"),
            ("gateway.networking.k8s.io/v1beta1", "HTTPRoute", "spec.rules.backendRefs.weight"),
            ("gateway.networking.k8s.io/v1", "GRPCRoute", "spec.rules.matches.method.service"),
            ("serving.knative.dev/v1", "Service", "spec.template.spec.containerConcurrency"),
            ("serving.knative.dev/v1", "Service", "spec.template.spec.containers.readinessProbe"),
        ] {
            assert!(at(api_version, name, path).is_some(), "{api_version} {name} {path}");
        }
    }

    #[test]
    fn fields_that_are_not() {
        for (api_version, name, path) in [
            ("apps/v1", "Deployment", "spec.template.spec.containers.livenessprobe"),
            ("apps/v1", "Deployment", "spec.replcias"),
            ("apps/v1", "Deployment", "spec.rollbackTo"),
            ("networking.k8s.io/v1", "Ingress", "spec.rules.http.paths.backend.serviceName"),
            ("autoscaling/v2", "HorizontalPodAutoscaler", "spec.targetCPUUtilizationPercentage"),
            ("policy/v1", "PodDisruptionBudget", "spec.replicas"),
            ("v1", "Service", "spec.ipFamily"),
        ] {
            assert_eq!(at(api_version, name, path), None, "{api_version} {name} {path}");
        }
    }

    #[test]
    fn shapes() {
        let shape = |api_version, name, path| at(api_version, name, path).expect(path).shape();
        let map_of = |shape| match shape {
            Shape::Map(value) => value.shape(),
            other => panic!("{other:?} is no map"),
        };
        assert_eq!(map_of(shape("v1", "ConfigMap", "data")), Shape::Scalar(Scalar::String));
        assert_eq!(map_of(shape("v1", "Secret", "data")), Shape::Scalar(Scalar::Bytes));
        assert_eq!(map_of(shape("apps/v1", "Deployment", "metadata.labels")), Shape::Scalar(Scalar::String));
        let limits = "spec.template.spec.containers.resources.limits";
        assert_eq!(map_of(shape("apps/v1", "Deployment", limits)), Shape::Scalar(Scalar::Quantity));
        let surge = "spec.strategy.rollingUpdate.maxSurge";
        assert_eq!(shape("apps/v1", "Deployment", surge), Shape::Scalar(Scalar::IntOrString));
        assert_eq!(shape("apps/v1", "Deployment", "spec.paused"), Shape::Scalar(Scalar::Bool));
        assert_eq!(shape("apps/v1", "Deployment", "metadata.creationTimestamp"), Shape::Scalar(Scalar::Time));
        assert_eq!(
            shape("karpenter.sh/v1", "NodePool", "spec.disruption.consolidateAfter"),
            Shape::Scalar(Scalar::Duration)
        );
        assert_eq!(shape("apps/v1", "ControllerRevision", "data"), Shape::Any);
        assert!(matches!(shape("v1", "List", "items"), Shape::List(item) if item.shape() == Shape::Any));
    }

    #[test]
    fn schemas_of_custom_resources_may_nest_for_ever() {
        let path = "spec.versions.schema.openAPIV3Schema.properties.items.additionalProperties.not.allOf.x-kubernetes-preserve-unknown-fields";
        let found =
            at("apiextensions.k8s.io/v1", "CustomResourceDefinition", path).expect("a schema in a schema");
        assert_eq!(found.shape(), Shape::Scalar(Scalar::Bool));
    }

    #[test]
    fn unknown_kinds_are_not_guessed() {
        assert_eq!(kind("example.com/v1", "Deployment"), None);
        assert_eq!(kind("apps/v1", "deployment"), None);
        assert_eq!(kind("", ""), None);
    }
}
