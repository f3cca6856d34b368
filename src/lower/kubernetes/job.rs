//! Jobs, CronJobs and KEDA's ScaledJobs: where the spec of a run is, how often it is tried, how long it waits in between.

use super::defaults;
use super::object::Object;
use super::pod::Controller;
use super::start::Start;
use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::measure::shell;
use crate::syntax::tree::NodeRef;

/// The `JobSpec` of an object that makes jobs.
pub fn spec<'a>(controller: Controller, object: NodeRef<'a>) -> Option<NodeRef<'a>> {
    match controller {
        Controller::Job => object.get("spec"),
        Controller::CronJob => object.at("spec.jobTemplate.spec"),
        Controller::ScaledJob => object.at("spec.jobTargetRef"),
        _ => None,
    }
}

/// What a CronJob does when its time comes and the last run still works: `allow`, `skip` or `replace`.
pub fn overlap<'a>(object: NodeRef<'a>) -> Fact<'a, &'static str> {
    let written =
        read::text(object, "spec.concurrencyPolicy").try_map("Kubernetes knows no such policy", |text| {
            match text {
                "Allow" => Some("allow"),
                "Forbid" => Some("skip"),
                "Replace" => Some("replace"),
                _ => None,
            }
        });
    written.or_default(&defaults::OVERLAP)
}

/// How often the work is tried at most, the first time included.
pub fn attempts<'a>(job: NodeRef<'a>) -> Fact<'a, f64> {
    let per_index = read::node(job, "backoffLimitPerIndex");
    if !per_index.is_absent() {
        return Fact::unknown_at("each index has a limit of its own", Spot::key(per_index.spots[0].node));
    }
    read::number(job, "backoffLimit").or_default(&defaults::BACKOFF_LIMIT).map(|limit| limit + 1.0)
}

/// What happens to a container that ends.
pub fn restart_policy<'a>(controller: Controller, template: NodeRef<'a>) -> Fact<'a, &'a str> {
    let default = if controller == Controller::ScaledJob {
        &defaults::KEDA_RESTART_POLICY
    } else {
        &defaults::RESTART_POLICY
    };
    read::text(template, "spec.restartPolicy").or_default_text(default)
}

/// The least time that passes between all attempts of a run, if each fails at once.
pub fn backoff<'a>(controller: Controller, job: NodeRef<'a>) -> Fact<'a, f64> {
    let policy = restart_policy(controller, job.get("template").unwrap_or(job));
    attempts(job).with(policy, |attempts, policy| {
        // Never: the job controller waits 10 s, 20 s, 40 s … before each new pod; 360 s at most, 600 s in newer releases.
        // OnFailure: the kubelet restarts the container at once, and then waits 10 s, 20 s … 300 s at most.
        let (first, cap) = if policy == "OnFailure" { (1, 300.0) } else { (0, 360.0) };
        let retries = (attempts - 1.0).clamp(0.0, 10_000.0) as i32;
        (first..retries).map(|k| (10.0 * 2f64.powi((k - first).min(10))).min(cap)).sum()
    })
}

/// The time after which one attempt is ended by itself: the pod's own deadline, or `timeout` around all of its work.
pub fn attempt_limit<'a>(template: NodeRef<'a>) -> Fact<'a, f64> {
    let Some(pod) = template.get("spec") else { return Fact::nothing() };
    let deadline = read::number(pod, "activeDeadlineSeconds");
    if !deadline.is_absent() {
        return deadline;
    }
    let mut longest: Option<Fact<'a, f64>> = None;
    for container in pod.get("containers").into_iter().flat_map(NodeRef::items) {
        let start = Start::of(container);
        if !start.is_known() {
            return Fact::unknown_at("its command is only known at run time", Spot::value(container));
        }
        let Some(limit) = shell::time_limit(&start.texts()) else { return deadline };
        let limit = match start.word_spot(&limit.place) {
            Some(spot) => Fact::written(limit.seconds, spot),
            None => Fact::plain(limit.seconds),
        };
        if longest
            .as_ref()
            .and_then(Fact::value)
            .is_none_or(|so_far| limit.value().is_some_and(|this| this > so_far))
        {
            longest = Some(limit);
        }
    }
    longest.unwrap_or(deadline)
}

/// Whether nothing starts for now.
pub fn suspended<'a>(controller: Controller, object: NodeRef<'a>) -> Fact<'a, bool> {
    if controller == Controller::ScaledJob {
        let paused = object.at("metadata.annotations").and_then(|all| all.get("autoscaling.keda.sh/paused"));
        return match paused {
            None => Fact::plain(false),
            Some(node) if node.is_unknown() => {
                Fact::unknown_at("it is only known at run time", Spot::value(node))
            }
            Some(node) => Fact::written(node.text() == "true", Spot::value(node)),
        };
    }
    read::truth(object, "spec.suspend").or_default(&defaults::SUSPEND)
}

/// Whether a release or a sync tool makes this object and takes it away again (Helm and Argo CD hooks).
pub fn is_hook(object: &Object<'_>) -> bool {
    ["helm.sh/hook", "argocd.argoproj.io/hook"].iter().any(|name| object.annotation(name).is_some())
}

/// How many finished runs with an outcome are kept.
pub fn kept<'a>(
    object: NodeRef<'a>,
    path: &'static str,
    default: &'static crate::fact::Default<f64>,
) -> Fact<'a, f64> {
    read::number(object, path).or_default(default)
}
