//! Where the pod of each workload kind is, and what its containers are.

use super::object::Object;
use crate::syntax::tree::NodeRef;

/// Who runs the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Controller {
    /// apps Deployment.
    Deployment,
    /// apps StatefulSet.
    StatefulSet,
    /// apps DaemonSet.
    DaemonSet,
    /// apps ReplicaSet or core ReplicationController.
    ReplicaSet,
    /// Argo Rollouts' Rollout.
    Rollout,
    /// A pod on its own.
    Pod,
    /// batch Job.
    Job,
    /// batch CronJob.
    CronJob,
    /// KEDA's ScaledJob.
    ScaledJob,
}

impl Controller {
    /// The kind of its object.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Rollout => "Rollout",
            Self::Pod => "Pod",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::ScaledJob => "ScaledJob",
        }
    }

    /// The controller of an object, if it runs pods.
    pub fn of(object: &Object<'_>) -> Option<Self> {
        Some(match (object.group(), object.kind) {
            ("apps" | "extensions", "Deployment") => Self::Deployment,
            ("apps", "StatefulSet") => Self::StatefulSet,
            ("apps" | "extensions", "DaemonSet") => Self::DaemonSet,
            ("apps" | "extensions", "ReplicaSet") | ("", "ReplicationController") => Self::ReplicaSet,
            ("argoproj.io", "Rollout") => Self::Rollout,
            ("", "Pod") => Self::Pod,
            ("batch", "Job") => Self::Job,
            ("batch", "CronJob") => Self::CronJob,
            ("keda.sh", "ScaledJob") => Self::ScaledJob,
            _ => return None,
        })
    }

    /// Whether its pods end by themselves.
    pub fn is_job(self) -> bool {
        matches!(self, Self::Job | Self::CronJob | Self::ScaledJob)
    }
}

/// The node that holds a pod's metadata and spec: the template, or the pod itself.
pub fn template<'a>(controller: Controller, object: &Object<'a>) -> Option<NodeRef<'a>> {
    match controller {
        Controller::Pod => Some(object.node),
        Controller::CronJob => object.node.at("spec.jobTemplate.spec.template"),
        Controller::ScaledJob => object.node.at("spec.jobTargetRef.template"),
        _ => object.node.at("spec.template"),
    }
}

/// How a container belongs to its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It runs as long as the pod does.
    Main,
    /// It runs before the others and ends.
    Init,
    /// An init container that restarts for ever: a sidecar since Kubernetes 1.29.
    Sidecar,
}

/// The containers of a pod spec: first init containers, then the others, as they start.
pub fn containers<'a>(spec: NodeRef<'a>) -> impl Iterator<Item = (Role, NodeRef<'a>)> {
    let list = |key: &str| spec.get(key).into_iter().flat_map(NodeRef::items);
    let init = list("initContainers").map(|node| {
        let always = node.get("restartPolicy").is_some_and(|policy| policy.text() == "Always");
        (if always { Role::Sidecar } else { Role::Init }, node)
    });
    init.chain(list("containers").map(|node| (Role::Main, node)))
}
