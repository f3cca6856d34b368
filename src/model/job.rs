//! Work that ends: Jobs, CronJobs, KEDA's ScaledJobs. When they run, how often they try, what ends them.
//!
//! A job is an entry of the list of workloads, and a [`Thing`] of kind job has its position there: its pods and containers are
//! those of any workload. It is no subject of rules about what must keep running.

use super::value::things;
use super::vocabulary::{FactDef, KindDef, NUMBER, SECONDS, Ty, facts};
use super::workload::{Workload, get};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::job;
use crate::lower::kubernetes::pod::Controller;
use crate::lower::kubernetes::{daemon, defaults};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// The job as a subject.
pub static JOB: KindDef = KindDef {
    kind: Kind::Job,
    name: "job",
    doc: "Work that ends: Job, CronJob, ScaledJob.",
    tables: &[
        facts! {
            "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
            "controller": Ty::Text, "who makes its pods: `Job`, `CronJob`, `ScaledJob`" => |m, t| Fact::plain(get(m, t).controller.word()).into();
            "schedule": Ty::Thing(Kind::Schedule), "when it runs, if a clock decides" => |m, t| schedule(get(m, t), t).into();
            "overlap": Ty::Text, "what happens when its time comes and the last run still works: `allow`, `skip`, `replace`" => |m, t| match get(m, t) {
                w if w.controller == Controller::CronJob => job::overlap(w.node).into(),
                w => Fact::<&str>::absent(Spot::value(w.node)).into(),
            };
            "suspended": Ty::Bool, "whether no run starts for now" => |m, t| job::suspended(get(m, t).controller, get(m, t).node).into();
            "deadline": SECONDS, "the time after which a run is given up, all its attempts together" => |m, t| read::number(spec(m, t), "activeDeadlineSeconds").into();
            "attemptLimit": SECONDS, "the time after which one attempt is ended: by the pod's own deadline, or by `timeout` in its command" =>
                |m, t| job::attempt_limit(get(m, t).template).into();
            "longestRun": SECONDS, "the longest that a run may take: its deadline, or that of its attempts and the pauses between them" => |m, t| longest_run(m, t).into();
            "startingDeadline": SECONDS, "how late a run may still start" => |m, t| match get(m, t) {
                w if w.controller == Controller::CronJob => read::number(w.node, "spec.startingDeadlineSeconds").into(),
                w => Fact::<f64>::absent(Spot::value(w.node)).into(),
            };
            "attempts": NUMBER, "how often a run is tried at most" => |m, t| job::attempts(spec(m, t)).into();
            "backoff": SECONDS, "the least time that passes between all attempts of a run, if each fails at once" => |m, t| job::backoff(get(m, t).controller, spec(m, t)).into();
            "restartPolicy": Ty::Text, "what happens to a container that ends" => |m, t| job::restart_policy(get(m, t).controller, get(m, t).template).into();
            "ttl": SECONDS, "how long a finished run is kept before it is deleted" => |m, t| read::number(spec(m, t), "ttlSecondsAfterFinished").into();
            "keepsSucceeded": NUMBER, "how many runs that succeeded are kept" => |m, t| kept(m, t, true).into();
            "keepsFailed": NUMBER, "how many runs that failed are kept" => |m, t| kept(m, t, false).into();
            "hook": Ty::Bool, "whether a release or a sync tool makes it and takes it away (Helm and Argo CD hooks)" =>
                |m, t| Fact::plain(job::is_hook(&m.objects[get(m, t).object as usize].object)).into();
            "stopWord": Ty::Text, "the word in its pods by which its sidecars are told to stop: `quitquitquit`, `linkerd-await`" => |m, t| daemon::stop_word(get(m, t).template).into();
            "containers": Ty::List(&Ty::Thing(Kind::Container)), "its containers, init containers among them" =>
                |m, t| things(get(m, t).containers.clone().map(|id| Thing::new(Kind::Container, id as usize)));
            "spec": Ty::Node, "what describes one run: a `JobSpec`" => |m, t| Fact::plain(spec(m, t)).into();
            "pod": Ty::Node, "the template of its pods" => |m, t| Fact::plain(get(m, t).template).into();
            "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
        },
        super::volume::OF_POD,
    ],
    all: Some(|m| {
        let jobs = |id: &usize| m.workloads[*id].controller.is_job();
        (0..m.workloads.len()).filter(jobs).map(|id| Thing::new(Kind::Job, id)).collect()
    }),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["batch/v1 Job", "batch/v1 CronJob", "keda.sh/v1alpha1 ScaledJob"],
};

/// What jobs know of a container.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "daemon": Ty::Text, "the program that it runs and that never ends by itself: `cloud-sql-proxy`, `fluent-bit`" =>
        |m, t| daemon::of(&super::container::get(m, t).start).into();
};

/// The thing for position `id` of the list of workloads: a workload or a job.
pub fn runner(model: &Model<'_>, id: u32) -> Thing {
    let kind = if model.workloads[id as usize].controller.is_job() { Kind::Job } else { Kind::Workload };
    Thing::new(kind, id as usize)
}

/// The spec of a run; the whole object where it has none.
fn spec<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    let this = get(model, thing);
    job::spec(this.controller, this.node).unwrap_or(this.node)
}

fn schedule<'a>(this: &Workload<'a>, thing: Thing) -> Fact<'a, Thing> {
    if this.controller != Controller::CronJob {
        return Fact::absent(Spot::value(this.node));
    }
    match this.node.at("spec.schedule").filter(|node| !node.is_null()) {
        Some(node) => Fact::written(Thing::part(Kind::Schedule, thing.id, 0), Spot::value(node)),
        None => Fact::absent(Spot::missing(this.node.get("spec").unwrap_or(this.node), "schedule")),
    }
}

fn kept<'a>(model: &'a Model<'a>, thing: Thing, succeeded: bool) -> Fact<'a, f64> {
    let this = get(model, thing);
    let (cron, keda) = if succeeded {
        (&defaults::KEEPS_SUCCEEDED, &defaults::KEDA_KEEPS_SUCCEEDED)
    } else {
        (&defaults::KEEPS_FAILED, &defaults::KEDA_KEEPS_FAILED)
    };
    let path = if succeeded { "spec.successfulJobsHistoryLimit" } else { "spec.failedJobsHistoryLimit" };
    match this.controller {
        Controller::CronJob => job::kept(this.node, path, cron),
        Controller::ScaledJob => job::kept(this.node, path, keda),
        _ => Fact::absent(Spot::value(this.node)),
    }
}

fn longest_run<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let spec = spec(model, thing);
    let deadline = read::number(spec, "activeDeadlineSeconds");
    let limit = job::attempt_limit(get(model, thing).template);
    if limit.is_absent() {
        return deadline;
    }
    let all = limit
        .with(job::attempts(spec), |limit, attempts| limit * attempts)
        .with(job::backoff(get(model, thing).controller, spec), |work, pauses| work + pauses);
    if deadline.is_absent() { all } else { deadline.with(all, f64::min) }
}
