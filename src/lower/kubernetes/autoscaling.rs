//! HorizontalPodAutoscalers of every version, and KEDA's ScaledObjects, read alike.
//!
//! What KEDA makes of a trigger is an autoscaler's metric, so both are one form here. Who is scaled is the model's to find.

use super::defaults;
use super::object::Object;
use crate::fact::{Fact, Spot, State};
use crate::lower::read;
use crate::measure::quantity;
use crate::syntax::tree::{NodeKind, NodeRef};

/// What changes the number of replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breed {
    /// HorizontalPodAutoscaler.
    Horizontal,
    /// KEDA's ScaledObject.
    ScaledObject,
}

impl Breed {
    /// The kind of its object.
    pub fn word(self) -> &'static str {
        match self {
            Self::Horizontal => "HorizontalPodAutoscaler",
            Self::ScaledObject => "ScaledObject",
        }
    }

    /// The breed of an object.
    pub fn of(object: &Object<'_>) -> Self {
        if object.kind == "ScaledObject" { Self::ScaledObject } else { Self::Horizontal }
    }

    /// The least number of replicas.
    pub fn min<'a>(self, node: NodeRef<'a>) -> Fact<'a, f64> {
        match self {
            Self::Horizontal => read::number(node, "spec.minReplicas").or_default(&defaults::HPA_MIN),
            Self::ScaledObject => read::number(node, "spec.minReplicaCount").or_default(&defaults::KEDA_MIN),
        }
    }

    /// The greatest number of replicas.
    pub fn max<'a>(self, node: NodeRef<'a>) -> Fact<'a, f64> {
        match self {
            Self::Horizontal => read::number(node, "spec.maxReplicas"),
            Self::ScaledObject => read::number(node, "spec.maxReplicaCount").or_default(&defaults::KEDA_MAX),
        }
    }

    /// Where its `behavior` is.
    pub fn behavior(self) -> &'static str {
        match self {
            Self::Horizontal => "spec.behavior",
            Self::ScaledObject => "spec.advanced.horizontalPodAutoscalerConfig.behavior",
        }
    }
}

/// The annotation that stops KEDA, with the number of replicas at which it holds the workload, if it says one.
pub fn paused<'a>(node: NodeRef<'a>) -> Fact<'a, Option<f64>> {
    let annotations = node.at("metadata.annotations");
    let at = |key: &str| annotations.and_then(|annotations| annotations.get(key));
    if let Some(count) = at("autoscaling.keda.sh/paused-replicas") {
        let count = Fact::written(count, Spot::value(count)).unless_hidden();
        return count.read(|node| node.text().trim().parse::<f64>().ok()).map(Some);
    }
    match at("autoscaling.keda.sh/paused") {
        Some(flag) if flag.is_unknown() => {
            Fact::unknown_at("it is only known at run time", Spot::value(flag))
        }
        Some(flag) if flag.text() == "true" => Fact::written(None, Spot::value(flag)),
        _ => Fact::absent(Spot::value(node)),
    }
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub enum Metric<'a> {
    /// An element of `metrics`.
    Spec(NodeRef<'a>),
    /// The spec of an autoscaler without metrics: cpu.
    Cpu(NodeRef<'a>),
    /// A trigger of KEDA.
    Trigger(NodeRef<'a>),
}

/// The metrics of a scaler; unknown where the list is.
pub fn metrics<'a>(breed: Breed, object: &Object<'a>) -> Fact<'a, Vec<Metric<'a>>> {
    let node = object.node;
    match breed {
        Breed::ScaledObject => {
            read::node(node, "spec.triggers").map(|list| list.items().map(Metric::Trigger).collect())
        }
        Breed::Horizontal => {
            let list = read::node(node, "spec.metrics");
            let alone = || Fact::plain(node.get("spec").into_iter().map(Metric::Cpu).collect());
            // autoscaling/v1 keeps further metrics in an annotation.
            let hidden = object.annotation("autoscaling.alpha.kubernetes.io/metrics").is_some();
            match list.value() {
                _ if hidden => Fact::unknown("an annotation holds its metrics"),
                Some(metrics) if metrics.items().next().is_some() => {
                    list.map(|list| list.items().map(Metric::Spec).collect())
                }
                Some(_) => alone(),
                None if list.is_unknown() => list.map(|_| Vec::new()),
                None => alone(),
            }
        }
    }
}

impl<'a> Metric<'a> {
    /// Its node.
    pub fn node(self) -> NodeRef<'a> {
        match self {
            Self::Spec(node) | Self::Cpu(node) | Self::Trigger(node) => node,
        }
    }

    /// The kind of source: `Resource`, `External`, or a trigger's type.
    pub fn source(self) -> Fact<'a, &'a str> {
        match self {
            Self::Spec(node) | Self::Trigger(node) => read::text(node, "type"),
            Self::Cpu(_) => Fact::plain("Resource"),
        }
    }

    /// The part of a v2 metric that describes a resource.
    fn resource_node(self) -> Option<NodeRef<'a>> {
        match self {
            Self::Spec(node) => {
                node.get("resource").or_else(|| node.get("containerResource")).filter(|n| !n.is_null())
            }
            _ => None,
        }
    }

    /// `cpu`, `memory` or another resource of the containers; absent for what is not theirs.
    pub fn resource(self) -> Fact<'a, &'a str> {
        match self {
            Self::Cpu(_) => Fact::plain("cpu"),
            Self::Spec(node) => match self.resource_node() {
                Some(resource) => read::text(resource, "name"),
                None if node.is_unknown() => Fact::unknown("it is only known at run time"),
                None => Fact::absent(Spot::value(node)),
            },
            Self::Trigger(node) => {
                let source = self.source();
                match source.value() {
                    Some(&("cpu" | "memory")) => source,
                    Some(_) => Fact::absent(Spot::value(node)),
                    None => source,
                }
            }
        }
    }

    /// The topic whose lag a trigger of KEDA goes by; absent where it goes by something else, or by all topics of a group.
    pub fn topic(self) -> Fact<'a, &'a str> {
        match (self, self.source().value()) {
            (Self::Trigger(node), Some(&("kafka" | "apache-kafka"))) => read::text(node, "metadata.topic"),
            _ => Fact::absent(Spot::value(self.node())),
        }
    }

    /// Whether KEDA starts more consumers than there are partitions. (KEDA docs, Apache Kafka, `allowIdleConsumers`.)
    pub fn allows_idle(self) -> Fact<'a, bool> {
        let said = read::text(self.node(), "metadata.allowIdleConsumers");
        said.map(|text| text == "true").or_default(&defaults::KEDA_IDLE_CONSUMERS)
    }

    /// The container that is meant, if one is.
    pub fn container(self) -> Fact<'a, &'a str> {
        match self {
            Self::Cpu(node) => Fact::absent(Spot::value(node)),
            Self::Spec(node) => match node.get("containerResource").filter(|n| !n.is_null()) {
                Some(resource) => read::text(resource, "container"),
                None => Fact::absent(Spot::value(node)),
            },
            Self::Trigger(node) => read::text(node, "metadata.containerName"),
        }
    }

    /// The percentage of the requests that it keeps to; absent for what is no percentage.
    pub fn utilization(self) -> Fact<'a, f64> {
        match self {
            Self::Cpu(spec) => {
                let own = read::number(spec, "targetCPUUtilizationPercentage");
                let version = spec.parent().and_then(|object| object.get("apiVersion"));
                let first = version.is_some_and(|version| version.text() == "autoscaling/v1");
                own.or_default(if first { &defaults::HPA_TARGET_V1 } else { &defaults::HPA_TARGET })
            }
            Self::Spec(node) => match self.resource_node() {
                Some(resource) => {
                    let new = read::number(resource, "target.averageUtilization");
                    if new.is_absent() {
                        read::number(resource, "targetAverageUtilization").or(new)
                    } else {
                        new
                    }
                }
                None => Fact::absent(Spot::value(node)),
            },
            Self::Trigger(node) => {
                let resource = self.resource();
                if resource.is_unknown() {
                    return resource.map(|_| 0.0);
                }
                if resource.is_absent() {
                    return Fact::absent(Spot::value(node));
                }
                let current = read::text(node, "metricType");
                let kind = if current.is_absent() { read::text(node, "metadata.type") } else { current };
                match &kind.state {
                    State::Written("Utilization") => {
                        read::node(node, "metadata.value").read(|node| node.text().trim().parse().ok())
                    }
                    State::Unknown(_) => kind.map(|_| 0.0),
                    _ => Fact::absent(Spot::value(node)),
                }
            }
        }
    }
}

impl<'a, T> Fact<'a, T> {
    /// This fact, or the other where this one is absent.
    fn or(self, other: Self) -> Self {
        if self.is_absent() { other } else { self }
    }
}

/// One rule of how fast pods may come or go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// A percentage of the pods, not a number.
    pub percent: bool,
    /// How many.
    pub value: f64,
    /// In so many seconds.
    pub period: f64,
}

/// How fast pods may come or go in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Policies {
    /// The smallest change counts, not the greatest.
    pub smallest: bool,
    /// The rules.
    pub list: Vec<Policy>,
}

/// The policies of one direction, those of autoscaling/v2 `defaultHPAScaleUpRules` and `defaultHPAScaleDownRules` where
/// there are none. Absent if the direction is switched off.
pub fn policies<'a>(rules: Option<NodeRef<'a>>, up: bool, home: NodeRef<'a>) -> Fact<'a, Policies> {
    let default = || {
        let percent = Policy { percent: true, value: 100.0, period: 15.0 };
        if up { vec![Policy { percent: false, value: 4.0, period: 15.0 }, percent] } else { vec![percent] }
    };
    let Some(rules) = rules else {
        return Fact::default(Policies { smallest: false, list: default() }, Spot::value(home));
    };
    let select = read::text(rules, "selectPolicy");
    let smallest = match &select.state {
        State::Written("Disabled") => {
            return Fact { state: State::Absent, spots: select.spots, confidence: select.confidence };
        }
        State::Unknown(reason) => return Fact::unknown(reason.0.clone()),
        other => matches!(other, State::Written("Min")),
    };
    let list = read::node(rules, "policies");
    match list.value() {
        None if list.is_unknown() => list.map(|_| Policies { smallest, list: Vec::new() }),
        None => Fact::default(Policies { smallest, list: default() }, Spot::value(rules)),
        Some(_) => list.read(|list| {
            let policy = |node: NodeRef<'a>| {
                let number = |key: &str| node.get(key).filter(|n| n.kind() == NodeKind::Int)?.as_number();
                let percent = match node.get("type").map(NodeRef::text)? {
                    "Percent" => true,
                    "Pods" => false,
                    _ => return None,
                };
                Some(Policy { percent, value: number("value")?, period: number("periodSeconds")? })
            };
            let list = list.items().map(policy).collect::<Option<Vec<_>>>()?;
            (!list.is_empty()).then_some(Policies { smallest, list })
        }),
    }
}

/// How often the controller looks: `--horizontal-pod-autoscaler-sync-period`, 15 s.
const SYNC: f64 = 15.0;
/// Longer than anybody waits.
const LONG: f64 = 86_400.0;

impl Policies {
    /// The seconds from `from` to `to` pods if the load asks for all of them, as k8s.io/kubernetes
    /// `calculateScaleUpLimitWithScalingRules` lets them come.
    pub fn climb(&self, from: f64, to: f64) -> f64 {
        let mut now = 0.0;
        let mut pods = from.max(1.0);
        let mut events: Vec<(f64, f64)> = Vec::new();
        while pods < to && now < LONG {
            let limits = self.list.iter().map(|policy| {
                let recent: f64 =
                    events.iter().filter(|(at, _)| *at > now - policy.period).map(|(_, added)| added).sum();
                let start = pods - recent;
                if policy.percent {
                    (start * (1.0 + policy.value / 100.0)).ceil()
                } else {
                    start + policy.value
                }
            });
            let limit =
                if self.smallest { limits.fold(f64::INFINITY, f64::min) } else { limits.fold(0.0, f64::max) };
            let next = limit.min(to);
            if next > pods {
                events.push((now, next - pods));
                pods = next;
            }
            if pods < to {
                now += SYNC;
            }
        }
        if pods < to { f64::INFINITY } else { now }
    }

    /// The largest share of `pods` that may go within `seconds`, in percent.
    pub fn fall(&self, pods: f64, seconds: f64) -> f64 {
        let shares = self.list.iter().map(|policy| {
            let times = (seconds / policy.period).floor().max(1.0);
            let left = if policy.percent {
                pods * (1.0 - policy.value / 100.0).max(0.0).powf(times)
            } else {
                (pods - policy.value * times).max(0.0)
            };
            if pods > 0.0 { 100.0 * (pods - left) / pods } else { 0.0 }
        });
        if self.smallest { shares.fold(100.0, f64::min) } else { shares.fold(0.0, f64::max) }
    }
}

/// A tolerance, `0.05` or `50m`.
pub fn tolerance<'a>(node: NodeRef<'a>) -> Option<f64> {
    quantity::parse(node.text())
}

#[cfg(test)]
mod tests {
    use super::{Policies, Policy};

    fn policies(smallest: bool, list: &[(bool, f64, f64)]) -> Policies {
        let list = list.iter().map(|(percent, value, period)| Policy {
            percent: *percent,
            value: *value,
            period: *period,
        });
        Policies { smallest, list: list.collect() }
    }

    #[test]
    fn climbs_as_the_controller_lets_it() {
        let default = policies(false, &[(false, 4.0, 15.0), (true, 100.0, 15.0)]);
        // 1, 5, 10, 20, 40, 80, 100: seven looks, the first at once.
        assert_eq!(default.climb(1.0, 100.0), 75.0);
        assert_eq!(default.climb(5.0, 5.0), 0.0);
        let slow = policies(false, &[(false, 1.0, 60.0)]);
        assert_eq!(slow.climb(2.0, 12.0), 9.0 * 60.0);
        let both = policies(true, &[(false, 1.0, 60.0), (true, 100.0, 15.0)]);
        assert_eq!(both.climb(2.0, 12.0), 9.0 * 60.0);
        assert_eq!(policies(false, &[(true, 10.0, 1800.0)]).climb(1.0, 1000.0), f64::INFINITY);
    }

    #[test]
    fn falls_by_the_greatest_share() {
        assert_eq!(policies(false, &[(true, 100.0, 15.0)]).fall(10.0, 60.0), 100.0);
        assert_eq!(policies(false, &[(true, 10.0, 60.0)]).fall(10.0, 60.0).round(), 10.0);
        assert_eq!(policies(false, &[(false, 1.0, 60.0)]).fall(2.0, 60.0), 50.0);
    }
}
