//! How a workload's pods are replaced: the strategy, what it comes to at each size, and Argo's canary steps.
//!
//! What a strategy means is read in `lower`; here it meets the number of replicas. Probes only lend the times that a rollout
//! waits for.

use super::replicas;
use super::value::{list, things};
use super::vocabulary::{FactDef, KindDef, NUMBER, PERCENT, SECONDS, Ty, facts};
use super::workload::get;
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::pod::{Controller, Role};
use crate::lower::kubernetes::{defaults, rollout};
use crate::lower::read;
use crate::measure::duration;
use crate::syntax::tree::{NodeKind, NodeRef};

/// What a workload knows of its rollouts.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "rollout": Ty::Thing(Kind::Update), "how its pods are replaced" => |_, t| Fact::plain(Thing::new(Kind::Update, t.id as usize)).into();
    "readyAfter": SECONDS, "the time after its start before which no new pod can be ready, by the delays of its probes" =>
        |m, t| ready_after(m, t).into();
    "startBudget": SECONDS, "the longest start that its startup probes allow" => |m, t| start_budget(m, t).into();
};

/// What a size knows of a rollout.
pub static OF_SIZE: &[FactDef] = facts! {
    "surge": NUMBER, "how many pods a rollout may add" => |m, t| room(m, t).surge.into();
    "unavailable": NUMBER, "how many pods a rollout may take away before new ones are there" => |m, t| room(m, t).unavailable.into();
    "waves": NUMBER, "how many times a rollout waits for new pods" => |m, t| waves(m, t).into();
    "lasts": SECONDS, "the least time that a rollout takes: its waves, each with `readyAfter` and `minReadySeconds`" =>
        |m, t| lasts(m, t).into();
};

/// The rollout of a workload.
pub static UPDATE: KindDef = KindDef {
    kind: Kind::Update,
    name: "update",
    doc: "How the pods of a workload are replaced.",
    tables: &[facts! {
        "kind": Ty::Text, "`RollingUpdate`, `Recreate`, `OnDelete`, `canary` or `blueGreen`" => |m, t| kind(m, t).into();
        "partition": NUMBER, "the ordinal below which a StatefulSet keeps its old pods" => |m, t| {
            let this = get(m, t);
            match this.controller {
                Controller::StatefulSet => {
                    read::number(this.node, "spec.updateStrategy.rollingUpdate.partition").or_default(&defaults::PARTITION)
                }
                _ => Fact::nothing(),
            }.into()
        };
        "minReadySeconds": SECONDS, "how long a new pod must stay ready to count as available" => |m, t| min_ready(m, t).into();
        "progressDeadline": SECONDS, "how long nothing may move before the rollout is called failed" => |m, t| {
            let this = get(m, t);
            match this.controller {
                Controller::Deployment => read::number(this.node, "spec.progressDeadlineSeconds").or_default(&defaults::PROGRESS_DEADLINE),
                Controller::Rollout => read::number(this.node, "spec.progressDeadlineSeconds").or_default(&defaults::ARGO_PROGRESS_DEADLINE),
                _ => Fact::nothing(),
            }.into()
        };
        "abortsAtDeadline": Ty::Bool, "whether Argo Rollouts goes back when the progress deadline is over" => |m, t| {
            let this = get(m, t);
            match this.controller {
                Controller::Rollout => read::truth(this.node, "spec.progressDeadlineAbort").or_default(&defaults::NO_ABORT),
                _ => Fact::nothing(),
            }.into()
        };
        "revisionHistory": NUMBER, "how many old revisions are kept" => |m, t| {
            let this = get(m, t);
            match this.controller {
                Controller::Deployment | Controller::StatefulSet | Controller::DaemonSet => {
                    read::number(this.node, "spec.revisionHistoryLimit").or_default(&defaults::HISTORY)
                }
                Controller::Rollout => read::number(this.node, "spec.revisionHistoryLimit").or_default(&defaults::ARGO_HISTORY),
                _ => Fact::nothing(),
            }.into()
        };
        "paused": Ty::Bool, "whether it is told to stand still" => |m, t| read::truth(get(m, t).node, "spec.paused").into();
        "scaleDownDelay": SECONDS, "how long Argo Rollouts keeps the old pods after traffic has left them" => |m, t| scale_down_delay(m, t).into();
        "steps": Ty::List(&Ty::Thing(Kind::Step)), "the steps of a canary" =>
            |m, t| things((0..step_nodes(m, t).len()).map(|at| Thing::part(Kind::Step, t.id, at)));
        "manifest": Ty::Node, "its strategy, by Kubernetes' own field names" => |m, t| strategy(m, t).into();
    }],
    all: Some(|m| {
        let rolled = |id: &usize| !m.workloads[*id].controller.is_job();
        (0..m.workloads.len()).filter(rolled).map(|id| Thing::new(Kind::Update, id)).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Workload, t.id as usize)),
    node: |m, t| strategy(m, t).into_value().or(Some(get(m, t).node)),
    owners: &[Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// A step of a canary.
pub static STEP: KindDef = KindDef {
    kind: Kind::Step,
    name: "step",
    doc: "A step of an Argo Rollouts canary.",
    tables: &[facts! {
        "weight": PERCENT, "the share of traffic that it asks for" => |m, t| weight(m, t).into();
        "reached": PERCENT, "the share of pods, at the smallest size, that stands for it where nothing routes traffic" => |m, t| reached(m, t).into();
        "pause": SECONDS, "how long it waits; no limit where a person must go on" => |m, t| pause(m, t).into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| step(m, t).map_or_else(Fact::nothing, |node| Fact::written(node, Spot::value(node))).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Update, t.id as usize)),
    node: |m, t| step(m, t),
    owners: &[Kind::Update, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn kind<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    let this = get(model, thing);
    rollout::kind(this.controller, this.node)
}

fn strategy<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, NodeRef<'a>> {
    let this = get(model, thing);
    match (this.controller, kind(model, thing).value()) {
        (Controller::Deployment, _) => read::node(this.node, "spec.strategy"),
        (Controller::StatefulSet | Controller::DaemonSet, _) => read::node(this.node, "spec.updateStrategy"),
        (Controller::Rollout, Some(&"canary")) => read::node(this.node, "spec.strategy.canary"),
        (Controller::Rollout, Some(&"blueGreen")) => read::node(this.node, "spec.strategy.blueGreen"),
        _ => Fact::nothing(),
    }
}

fn room<'a>(model: &'a Model<'a>, size: Thing) -> rollout::Room<'a> {
    let this = get(model, size);
    rollout::room(this.controller, this.node, replicas::of(model, size))
}

fn min_ready<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let this = get(model, thing);
    match this.controller {
        Controller::Pod | Controller::Job | Controller::CronJob => Fact::nothing(),
        _ => read::number(this.node, "spec.minReadySeconds").or_default(&defaults::MIN_READY),
    }
}

fn waves<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    match kind(model, size).value() {
        Some(&"RollingUpdate") => {
            let room = room(model, size);
            let at_once =
                room.surge.with(room.unavailable, |surge, unavailable| (surge + unavailable).max(1.0));
            replicas::of(model, size).with(at_once, |n, at_once| (n / at_once).ceil())
        }
        Some(&"Recreate") => replicas::of(model, size).map(|n| n.min(1.0)),
        _ => Fact::nothing(),
    }
}

fn lasts<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    let ready = ready_after(model, size);
    let one = if ready.is_absent() {
        min_ready(model, size)
    } else {
        ready.with(min_ready(model, size), |ready, stays| ready + stays)
    };
    waves(model, size).with(one, |waves, one| waves * one)
}

/// The times of a probe: initial delay, period, failure and success threshold.
fn probe_times(probe: NodeRef<'_>) -> Option<[f64; 4]> {
    const KEYS: [&str; 4] = ["initialDelaySeconds", "periodSeconds", "failureThreshold", "successThreshold"];
    let mut times = defaults::PROBE;
    for (time, key) in times.iter_mut().zip(KEYS) {
        let written = read::number(probe, key);
        if written.is_unknown() {
            return None;
        }
        // The API server takes a zero, except as the initial delay, for the default.
        *time = written.into_value().filter(|n| *n > 0.0).unwrap_or(*time);
    }
    Some(times)
}

/// The largest of what a probe of the running containers comes to.
fn largest<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    probes: &[&'static str],
    time: fn([f64; 4]) -> f64,
    decides: &'static str,
) -> Fact<'a, f64> {
    let this = get(model, thing);
    let mut found: Fact<'a, f64> = Fact::nothing();
    for id in this.containers.clone() {
        let container = &model.containers[id as usize];
        if container.role == Role::Init {
            continue;
        }
        for probe in
            probes.iter().filter_map(|name| container.node.get(name)).filter(|probe| !probe.is_null())
        {
            let Some(times) = probe_times(probe) else {
                return Fact::unknown_at("a time of a probe is only known at run time", Spot::value(probe));
            };
            let time = time(times);
            if found.value().is_none_or(|known| time > *known) {
                found = Fact::written(time, Spot::value(probe.get(decides).unwrap_or(probe)));
            }
        }
    }
    found
}

fn ready_after<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let first = |[delay, period, _, successes]: [f64; 4]| delay + period * (successes - 1.0);
    largest(model, thing, &["startupProbe", "readinessProbe"], first, "initialDelaySeconds")
}

fn start_budget<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let last = |[delay, period, failures, _]: [f64; 4]| delay + period * failures;
    largest(model, thing, &["startupProbe"], last, "failureThreshold")
}

fn scale_down_delay<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let node = get(model, thing).node;
    match kind(model, thing).value() {
        Some(&"blueGreen") => read::number(node, "spec.strategy.blueGreen.scaleDownDelaySeconds")
            .or_default(&defaults::SCALE_DOWN_DELAY),
        // Without a router the old pods are the canary's own room.
        Some(&"canary") if !read::node(node, "spec.strategy.canary.trafficRouting").is_absent() => {
            read::number(node, "spec.strategy.canary.scaleDownDelaySeconds")
                .or_default(&defaults::SCALE_DOWN_DELAY)
        }
        _ => Fact::nothing(),
    }
}

fn step_nodes<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<NodeRef<'a>> {
    get(model, thing).node.at("spec.strategy.canary.steps").into_iter().flat_map(NodeRef::items).collect()
}

fn step<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    get(model, thing).node.at("spec.strategy.canary.steps")?.items().nth(thing.part as usize)
}

fn weight<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    step(model, thing).map_or_else(Fact::nothing, |node| read::number(node, "setWeight"))
}

fn pause<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let Some(node) = step(model, thing) else { return Fact::nothing() };
    let pause = read::node(node, "pause");
    let Some(at) = pause.value().copied() else { return pause.map(|_| 0.0) };
    let duration = read::node(at, "duration");
    if duration.is_absent() {
        return Fact::written(f64::INFINITY, Spot::key(at));
    }
    duration.read(|value| match value.kind() {
        NodeKind::Text => value.text().parse().ok().or_else(|| duration::go(value.text())),
        _ => value.as_number(),
    })
}

fn reached<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let node = get(model, thing).node;
    let routed = read::node(node, "spec.strategy.canary.trafficRouting");
    if !routed.is_absent() {
        return routed.map(|_| 0.0).try_map("a router shares the traffic", |_| None);
    }
    let surge = read::node(node, "spec.strategy.canary.maxSurge");
    // Whatever the default is, it is more than nothing.
    let surges = match rollout::count(node, "spec.strategy.canary.maxSurge") {
        written if surge.is_absent() => written.map(|_| true).or_default(&SURGES),
        written => {
            written.map(|count| !matches!(count, crate::measure::int_or_percent::IntOrPercent::Int(0)))
        }
    };
    let replicas = replicas::of(model, Thing::part(Kind::Size, thing.id, 0));
    weight(model, thing)
        .with(replicas, |weight, n| (weight, n))
        .with(surges, |(weight, n), surges| canary_share(n, weight, surges))
}

static SURGES: crate::fact::Default<bool> =
    crate::fact::Default::of("Argo Rollouts", "maxSurge", true, "at least 1");

/// The share that Argo Rollouts reaches with whole pods: of the counts next to the weight, over the replicas and one more where
/// a surge is allowed, the one that comes nearest; from 1 to 99 % never none and never all. (argo-rollouts,
/// utils/replicaset/canary.go, `approximateWeightedCanaryStableReplicaCounts`.)
fn canary_share(replicas: f64, weight: f64, surges: bool) -> f64 {
    if replicas < 1.0 {
        return 0.0;
    }
    let (up, down) = ((replicas * weight / 100.0).ceil(), (replicas * weight / 100.0).floor());
    let ends = weight >= 100.0 || weight <= 0.0 || (replicas == 1.0 && !surges);
    let tied = |total: f64| (total * weight / 100.0).fract() == 0.5;
    let mut options = Vec::new();
    if up < replicas || ends {
        options.push((up, replicas));
    }
    if !tied(replicas) && (down != 0.0 || ends) {
        options.push((down, replicas));
    }
    if surges {
        options.push((up, replicas + 1.0));
        if !tied(replicas + 1.0) && (down != 0.0 || ends) {
            options.push((down, replicas + 1.0));
        }
    }
    let mut best = (f64::INFINITY, 0.0);
    for (canary, total) in options {
        let share = canary * 100.0 / total;
        if (share - weight).abs() < best.0 {
            best = ((share - weight).abs(), share);
        }
    }
    best.1
}

/// The names in a list of names.
pub fn names<'a>(fact: Fact<'a, Vec<&'a str>>) -> super::value::Val<'a> {
    let spot = fact.spots.first().cloned();
    match (fact.value(), spot) {
        (Some(names), Some(spot)) => {
            let mut all = list(names.iter().map(|name| Fact::written(*name, spot.clone())));
            all.spots = fact.spots.clone();
            all.confidence = fact.confidence;
            all
        }
        _ => fact.map(|_| false).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::canary_share;

    #[test]
    fn reaches_what_argo_rollouts_reaches() {
        let table = [
            (10.0, 10.0, true, 10.0),
            (3.0, 5.0, true, 25.0),
            (3.0, 5.0, false, 100.0 / 3.0),
            (1.0, 5.0, true, 50.0),
            (10.0, 5.0, true, 100.0 / 11.0),
            (4.0, 25.0, true, 25.0),
            (2.0, 100.0, true, 100.0),
            (2.0, 0.0, true, 0.0),
            (0.0, 50.0, true, 0.0),
        ];
        for (replicas, weight, surges, share) in table {
            assert_eq!(canary_share(replicas, weight, surges), share, "{weight} % of {replicas}");
        }
    }
}
