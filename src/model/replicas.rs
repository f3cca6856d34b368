//! How many replicas a workload runs, at least and at most.
//!
//! The number belongs to whoever changes it: a scaler's range hides what the workload itself says, a Rollout that borrows a
//! Deployment's template runs its pods, and 0 means that somebody switched it off. The low state is the smallest number at
//! which anything runs: at KEDA's 0 there is nothing that could fail.

use super::target::{self, Pointer};
use super::vocabulary::{FactDef, NUMBER, facts};
use super::{Model, Thing, scaler};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::autoscaling::Breed;
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::pod::Controller;
use crate::lower::read;

/// Facts of a size.
pub static OF_SIZE: &[FactDef] = facts! {
    "replicas": NUMBER, "the number of replicas; at the smallest size the least at which anything runs, 0 if it is switched off" =>
        |m, t| of(m, t).into();
};

/// The replicas of a workload at one of its sizes.
pub fn of<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    let scaled = range(model, size);
    if scaled.replicas.is_absent() {
        return Fact::unknown("its scaler does not say how many there may be");
    }
    if size.part == 1 || scaled.from_scaler.is_none() {
        return scaled.replicas;
    }
    scaled.replicas.map(|least| least.max(1.0))
}

/// The replicas at a size, 0 included where a scaler may go down to it.
pub fn least<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    range(model, size).replicas
}

struct Scaled<'a> {
    replicas: Fact<'a, f64>,
    /// A scaler decides.
    from_scaler: Option<()>,
}

fn range<'a>(model: &'a Model<'a>, size: Thing) -> Scaled<'a> {
    let own = |replicas| Scaled { replicas, from_scaler: None };
    let this = &model.workloads[size.id as usize];
    let default = match this.controller {
        Controller::DaemonSet => {
            return own(Fact::unknown("it runs once on each node, and nobody says how many there are"));
        }
        Controller::Job | Controller::CronJob | Controller::ScaledJob => {
            return own(Fact::unknown("its pods come and go"));
        }
        Controller::Pod => return own(Fact::written(1.0, Spot::value(this.node).saying("a pod on its own"))),
        Controller::Rollout => &defaults::ROLLOUT_REPLICAS,
        _ => &defaults::REPLICAS,
    };
    let run_by = target::run_by(model, size.id);
    if !run_by.is_absent() {
        return own(run_by.map(|_| 0.0));
    }
    if !target::canary(model, size.id).is_absent() {
        return own(Fact::unknown("Flagger runs its pods under another name"));
    }
    let declared = read::number(this.node, "spec.replicas");
    if declared.is_unknown() {
        return own(declared);
    }
    let found = target::of(model, Pointer::Scaler, size.id);
    if let Some(reason) = found.open {
        return own(Fact::unknown(reason.0));
    }
    // At 0 the autoscaler of Kubernetes stands still; KEDA starts the first pod itself.
    let wakes = found.ids.iter().any(|id| model.scalers[*id as usize].breed == Breed::ScaledObject);
    if declared.value() == Some(&0.0) && !wakes {
        return own(declared);
    }
    let bounds = found.ids.iter().map(|id| scaler::bound(model, *id, size.part == 1));
    let widest =
        |a: Fact<'a, f64>, b: Fact<'a, f64>| a.with(b, if size.part == 1 { f64::max } else { f64::min });
    match bounds.reduce(widest) {
        Some(replicas) => Scaled { replicas, from_scaler: Some(()) },
        None => own(declared.or_default(default)),
    }
}
