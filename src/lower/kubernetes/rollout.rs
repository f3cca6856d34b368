//! How a controller replaces its pods: the strategy as it is written, and what the controller makes of it for a number of
//! replicas.
//!
//! Deployments, StatefulSets, DaemonSets and Argo's Rollouts have different fields, defaults and roundings for the same idea.

use super::defaults;
use super::pod::Controller;
use crate::fact::{Fact, Says, Spot, State};
use crate::lower::read;
use crate::measure::int_or_percent::{IntOrPercent, Rounding};
use crate::syntax::tree::{NodeKind, NodeRef};

/// How many pods may come and go at once.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    /// Pods above the number of replicas.
    pub surge: Fact<'a, f64>,
    /// Pods below it.
    pub unavailable: Fact<'a, f64>,
}

/// The kind of rollout: `RollingUpdate`, `Recreate`, `OnDelete`, `canary`, `blueGreen`. Absent where nobody rolls out.
pub fn kind<'a>(controller: Controller, node: NodeRef<'a>) -> Fact<'a, &'a str> {
    match controller {
        Controller::Deployment => read::text(node, "spec.strategy.type").or_default_text(&defaults::STRATEGY),
        Controller::StatefulSet | Controller::DaemonSet => {
            read::text(node, "spec.updateStrategy.type").or_default_text(&defaults::STRATEGY)
        }
        Controller::Rollout => {
            let canary = read::node(node, "spec.strategy.canary").map(|_| "canary");
            let blue_green = read::node(node, "spec.strategy.blueGreen").map(|_| "blueGreen");
            if canary.is_absent() { blue_green } else { canary }
        }
        Controller::ReplicaSet
        | Controller::Pod
        | Controller::Job
        | Controller::CronJob
        | Controller::ScaledJob => Fact::absent(Spot::value(node)),
    }
}

/// What the controller allows itself at so many replicas.
pub fn room<'a>(controller: Controller, node: NodeRef<'a>, replicas: Fact<'a, f64>) -> Room<'a> {
    let kind = kind(controller, node);
    let Some(word) = kind.value().copied() else {
        let nothing = |kind: &Fact<'a, &'a str>| kind.clone().map(|_| 0.0);
        return Room { surge: nothing(&kind), unavailable: nothing(&kind) };
    };
    match (controller, word) {
        (_, "Recreate") => {
            let all = kind.clone().with(replicas, |_, n| n);
            Room { surge: kind.map(|_| 0.0), unavailable: all }
        }
        (Controller::Deployment, "RollingUpdate") => {
            let surge = count(node, "spec.strategy.rollingUpdate.maxSurge").or_default(&defaults::SURGE);
            let unavailable =
                count(node, "spec.strategy.rollingUpdate.maxUnavailable").or_default(&defaults::UNAVAILABLE);
            both(surge, unavailable, replicas)
        }
        (Controller::StatefulSet, "RollingUpdate") => {
            let written = count(node, "spec.updateStrategy.rollingUpdate.maxUnavailable")
                .or_default(&defaults::ONE_UNAVAILABLE);
            // The controller rounds down, and never to nothing (`getStatefulSetMaxUnavailable`).
            let unavailable = share(written, replicas, Rounding::Down).map(|n| n.max(1.0));
            // The feature gate MaxUnavailableStatefulSet is on by default in 1.35.0 to 1.35.2, and off in every release before and
            // after (kube_features.go); without it the API server drops the field.
            let counts = unavailable.value().is_none_or(|n| *n <= 1.0);
            let unavailable = if counts { unavailable } else { unavailable.guessed() };
            Room { surge: kind.map(|_| 0.0), unavailable }
        }
        (Controller::DaemonSet, "RollingUpdate") => {
            let surge =
                count(node, "spec.updateStrategy.rollingUpdate.maxSurge").or_default(&defaults::NO_SURGE);
            let unavailable = count(node, "spec.updateStrategy.rollingUpdate.maxUnavailable")
                .or_default(&defaults::ONE_UNAVAILABLE);
            Room {
                surge: share(surge, replicas.clone(), Rounding::Up),
                unavailable: share(unavailable, replicas, Rounding::Up),
            }
        }
        (Controller::Rollout, "canary") => {
            // Argo's specification page says that both are 1, its code and its API comments say 25 %.
            let says = "Argo Rollouts' documentation and its code name different defaults";
            let known = |path: &'static str| {
                let fact = count(node, path);
                if fact.is_absent() {
                    Fact { state: State::Unknown(crate::fact::Reason::new(says)), ..fact }
                } else {
                    fact
                }
            };
            both(
                known("spec.strategy.canary.maxSurge"),
                known("spec.strategy.canary.maxUnavailable"),
                replicas,
            )
        }
        // A second set of pods beside the first.
        (Controller::Rollout, "blueGreen") => {
            Room { surge: kind.clone().with(replicas, |_, n| n), unavailable: kind.map(|_| 0.0) }
        }
        _ => Room { surge: Fact::absent(Spot::value(node)), unavailable: Fact::absent(Spot::value(node)) },
    }
}

/// A count or a share of the replicas, as it is written.
pub fn count<'a>(node: NodeRef<'a>, path: &'static str) -> Fact<'a, IntOrPercent> {
    read::node(node, path).read(|value| match value.kind() {
        NodeKind::Text => IntOrPercent::parse_string(value.text()),
        _ => value.as_number().filter(|n| n.fract() == 0.0).map(|n| IntOrPercent::Int(n as i64)),
    })
}

fn share<'a>(part: Fact<'a, IntOrPercent>, of: Fact<'a, f64>, rounding: Rounding) -> Fact<'a, f64> {
    let total = of.value().copied();
    match (part.value(), total) {
        (Some(IntOrPercent::Percent(percent)), Some(of_value)) => {
            let says = Says::Share { percent: *percent, of: of_value, up: rounding == Rounding::Up };
            part.saying(says).with(of, |part, of| part.resolve(of as i64, rounding) as f64)
        }
        (Some(IntOrPercent::Percent(_)), None) => part.with(of, |_, of| of),
        // A plain count does not depend on the number of replicas.
        _ => part.map(|part| part.resolve(0, rounding) as f64),
    }
}

/// Both as a Deployment takes them: if both come to nothing, one pod may be unavailable.
fn both<'a>(
    surge: Fact<'a, IntOrPercent>,
    unavailable: Fact<'a, IntOrPercent>,
    replicas: Fact<'a, f64>,
) -> Room<'a> {
    let surge = share(surge, replicas.clone(), Rounding::Up);
    let unavailable = share(unavailable, replicas, Rounding::Down);
    let unavailable = match (surge.value(), unavailable.value()) {
        (_, Some(n)) if *n > 0.0 => unavailable,
        (Some(s), Some(_)) if *s > 0.0 => unavailable,
        (Some(_), Some(_)) => unavailable.map(|_| 1.0),
        // Nothing is allowed to be missing, and the surge that could force one cannot be known.
        (None, Some(_)) if surge.is_unknown() => Fact { state: surge.state.clone(), ..unavailable },
        _ => unavailable,
    };
    Room { surge, unavailable }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::FileId;
    use crate::syntax::{self, Syntax};

    fn room_of(controller: Controller, strategy: &str, replicas: f64) -> (Option<f64>, Option<f64>) {
        let text: std::sync::Arc<str> = std::sync::Arc::from(format!("spec: {{ {strategy} }}"));
        let tree = syntax::parse(Syntax::Yaml, FileId(0), text).tree;
        let node = tree.roots().next().unwrap();
        let room = room(controller, node, Fact::plain(replicas));
        (room.surge.into_value(), room.unavailable.into_value())
    }

    #[test]
    fn rounds_as_each_controller_does() {
        use Controller::{DaemonSet, Deployment, Rollout, StatefulSet};
        let table = [
            (Deployment, "", 3.0, (Some(1.0), Some(0.0))),
            (Deployment, "", 4.0, (Some(1.0), Some(1.0))),
            (
                Deployment,
                "strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '25%' } }",
                3.0,
                (Some(0.0), Some(1.0)),
            ),
            (Deployment, "strategy: { rollingUpdate: { maxSurge: '50%' } }", 3.0, (Some(2.0), Some(0.0))),
            (Deployment, "strategy: { rollingUpdate: { maxUnavailable: '3' } }", 3.0, (Some(1.0), None)),
            (Deployment, "strategy: { type: Recreate }", 3.0, (Some(0.0), Some(3.0))),
            (StatefulSet, "", 3.0, (Some(0.0), Some(1.0))),
            (
                StatefulSet,
                "updateStrategy: { rollingUpdate: { maxUnavailable: '25%' } }",
                3.0,
                (Some(0.0), Some(1.0)),
            ),
            (
                StatefulSet,
                "updateStrategy: { rollingUpdate: { maxUnavailable: '50%' } }",
                5.0,
                (Some(0.0), Some(2.0)),
            ),
            (StatefulSet, "updateStrategy: { type: OnDelete }", 5.0, (None, None)),
            (
                DaemonSet,
                "updateStrategy: { rollingUpdate: { maxUnavailable: '10%' } }",
                5.0,
                (Some(0.0), Some(1.0)),
            ),
            (Rollout, "strategy: { canary: {} }", 3.0, (None, None)),
            (
                Rollout,
                "strategy: { canary: { maxSurge: 1, maxUnavailable: 0 } }",
                3.0,
                (Some(1.0), Some(0.0)),
            ),
            (Rollout, "strategy: { canary: { maxUnavailable: 0 } }", 3.0, (None, None)),
            (Rollout, "strategy: { blueGreen: { activeService: a } }", 3.0, (Some(3.0), Some(0.0))),
        ];
        for (controller, strategy, replicas, expected) in table {
            assert_eq!(
                room_of(controller, strategy, replicas),
                expected,
                "{controller:?} {strategy} at {replicas}"
            );
        }
    }
}
