//! What Kubernetes and its controllers take where a field is missing, with the primary source beside each.
//!
//! Values only: who applies a default, and where, is said by the code that reads the field.

use crate::fact::Default;
use crate::measure::int_or_percent::IntOrPercent;

const K8S: &str = "Kubernetes";

/// apps/v1 `DeploymentSpec.replicas`, `StatefulSetSpec.replicas`: "Defaults to 1."
pub static REPLICAS: Default<f64> = Default::of(K8S, "replicas", 1.0, "1");

/// core/v1 `PodSpec.terminationGracePeriodSeconds`: "Defaults to 30 seconds."
pub static GRACE: Default<f64> = Default::of(K8S, "terminationGracePeriodSeconds", 30.0, "30 s");

/// batch/v1 `CronJobSpec.concurrencyPolicy`: "Allow (default)".
pub static OVERLAP: Default<&str> = Default::of(K8S, "concurrencyPolicy", "allow", "Allow");

/// batch/v1 `CronJobSpec.suspend`, `JobSpec.suspend`: "Defaults to false."
pub static SUSPEND: Default<bool> = Default::of(K8S, "suspend", false, "false");

/// batch/v1 `JobSpec.backoffLimit`: "Defaults to 6, unless backoffLimitPerIndex (only Indexed Job) is specified."
pub static BACKOFF_LIMIT: Default<f64> = Default::of(K8S, "backoffLimit", 6.0, "6");

/// batch/v1 `CronJobSpec.successfulJobsHistoryLimit`: "Defaults to 3."
pub static KEEPS_SUCCEEDED: Default<f64> = Default::of(K8S, "successfulJobsHistoryLimit", 3.0, "3");

/// batch/v1 `CronJobSpec.failedJobsHistoryLimit`: "Defaults to 1."
pub static KEEPS_FAILED: Default<f64> = Default::of(K8S, "failedJobsHistoryLimit", 1.0, "1");

/// KEDA `ScaledJobSpec.successfulJobsHistoryLimit` and `failedJobsHistoryLimit`: 100 each
/// (`defaultSuccessfulJobsHistoryLimit`, `defaultFailedJobsHistoryLimit`).
pub static KEDA_KEEPS_SUCCEEDED: Default<f64> =
    Default::of("KEDA", "successfulJobsHistoryLimit", 100.0, "100");
/// The same for failed runs.
pub static KEDA_KEEPS_FAILED: Default<f64> = Default::of("KEDA", "failedJobsHistoryLimit", 100.0, "100");

/// core/v1 `PodSpec.restartPolicy`: "Default to Always."
pub static RESTART_POLICY: Default<&str> = Default::of(K8S, "restartPolicy", "Always", "Always");

/// KEDA `scaleExecutor.generateJobs`: "Job RestartPolicy is not set, setting it to 'OnFailure'".
pub static KEDA_RESTART_POLICY: Default<&str> =
    Default::of("KEDA", "restartPolicy", "OnFailure", "OnFailure");

/// storage/v1 `StorageClass.volumeBindingMode`: "When unset, VolumeBindingImmediate is used."
pub static BINDING_MODE: Default<&str> = Default::of(K8S, "volumeBindingMode", "Immediate", "Immediate");

/// storage/v1 `StorageClass.reclaimPolicy`: "Defaults to Delete."
pub static RECLAIM_POLICY: Default<&str> = Default::of(K8S, "reclaimPolicy", "Delete", "Delete");

/// storage/v1 `StorageClass.allowVolumeExpansion`: a pointer without a default; the admission plugin refuses a resize unless
/// it is true.
pub static EXPANSION: Default<bool> = Default::of(K8S, "allowVolumeExpansion", false, "false");

/// apps/v1 `StatefulSetSpec.podManagementPolicy`: "The default policy is `OrderedReady`".
pub static POD_MANAGEMENT: Default<&str> =
    Default::of(K8S, "podManagementPolicy", "OrderedReady", "OrderedReady");

/// apps/v1 `StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled`: "The default policy of `Retain`".
pub static CLAIMS_WHEN_SCALED: Default<&str> = Default::of(K8S, "whenScaled", "Retain", "Retain");

/// apps/v1 `StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted`: "The default policy of `Retain`".
pub static CLAIMS_WHEN_DELETED: Default<&str> = Default::of(K8S, "whenDeleted", "Retain", "Retain");

/// core/v1 `ServiceSpec.publishNotReadyAddresses`: false unless set.
pub static PUBLISH_NOT_READY: Default<bool> = Default::of(K8S, "publishNotReadyAddresses", false, "false");
/// scheduling/v1 `PriorityClass.globalDefault`: a bool that may be left out, so false.
pub static GLOBAL_DEFAULT: Default<bool> = Default::of(K8S, "globalDefault", false, "`false`");
/// apps/v1 `DeploymentStrategy.type`, `StatefulSetUpdateStrategy.type`, `DaemonSetUpdateStrategy.type`: "Default is
/// RollingUpdate."
pub static STRATEGY: Default<&'static str> = Default::of(K8S, "type", "RollingUpdate", "RollingUpdate");

/// apps/v1 `RollingUpdateDeployment.maxSurge`: "Absolute number is calculated from percentage by rounding up. Defaults to 25%."
pub static SURGE: Default<IntOrPercent> = Default::of(K8S, "maxSurge", IntOrPercent::Percent(25.0), "25 %");

/// apps/v1 `RollingUpdateDeployment.maxUnavailable`: "Absolute number is calculated from percentage by rounding down. …
/// Defaults to 25%."
pub static UNAVAILABLE: Default<IntOrPercent> =
    Default::of(K8S, "maxUnavailable", IntOrPercent::Percent(25.0), "25 %");

/// apps/v1 `RollingUpdateDaemonSet.maxUnavailable` and `RollingUpdateStatefulSetStrategy.maxUnavailable`: "defaults to 1".
pub static ONE_UNAVAILABLE: Default<IntOrPercent> =
    Default::of(K8S, "maxUnavailable", IntOrPercent::Int(1), "1");

/// apps/v1 `RollingUpdateDaemonSet.maxSurge`: "Default value is 0."
pub static NO_SURGE: Default<IntOrPercent> = Default::of(K8S, "maxSurge", IntOrPercent::Int(0), "0");

/// apps/v1 `minReadySeconds`: "Defaults to 0 (pod will be considered available as soon as it is ready)".
pub static MIN_READY: Default<f64> = Default::of(K8S, "minReadySeconds", 0.0, "0 s");

/// apps/v1 `DeploymentSpec.progressDeadlineSeconds`: "Defaults to 600s."
pub static PROGRESS_DEADLINE: Default<f64> = Default::of(K8S, "progressDeadlineSeconds", 600.0, "10 min");

/// apps/v1 `revisionHistoryLimit` of Deployment, StatefulSet and DaemonSet: "Defaults to 10.".
pub static HISTORY: Default<f64> = Default::of(K8S, "revisionHistoryLimit", 10.0, "10");

/// apps/v1 `RollingUpdateStatefulSetStrategy.partition`: "The default value is 0."
pub static PARTITION: Default<f64> = Default::of(K8S, "partition", 0.0, "0");

const ARGO: &str = "Argo Rollouts";

/// argo-rollouts defaults.go `DefaultProgressDeadlineSeconds`.
pub static ARGO_PROGRESS_DEADLINE: Default<f64> =
    Default::of(ARGO, "progressDeadlineSeconds", 600.0, "10 min");

/// argo-rollouts defaults.go `DefaultRevisionHistoryLimit`.
pub static ARGO_HISTORY: Default<f64> = Default::of(ARGO, "revisionHistoryLimit", 10.0, "10");

/// argoproj.io/v1alpha1 `Metric.failureLimit`: "default: 0".
pub static FAILURE_LIMIT: Default<f64> = Default::of(ARGO, "failureLimit", 0.0, "0");

/// argoproj.io/v1alpha1 `Metric.count`: "If both interval and count are omitted, the effective count is 1."
pub static MEASURED_ONCE: Default<f64> = Default::of(ARGO, "count", 1.0, "1");

/// argoproj.io/v1alpha1 `Metric.count`: "If only interval is specified, metric runs indefinitely."
pub static MEASURED_FOR_EVER: Default<f64> = Default::of(ARGO, "count", f64::INFINITY, "no limit");

/// argoproj.io/v1alpha1 `BlueGreenStrategy.scaleDownDelaySeconds`: "If omitted, the Rollout waits 30 seconds".
pub static SCALE_DOWN_DELAY: Default<f64> = Default::of(ARGO, "scaleDownDelaySeconds", 30.0, "30 s");

/// argoproj.io/v1alpha1 `RolloutSpec.progressDeadlineAbort`, defaults.go: false.
pub static NO_ABORT: Default<bool> = Default::of(ARGO, "progressDeadlineAbort", false, "false");

/// admissionregistration/v1 `failurePolicy`: "Defaults to Fail."
pub static WEBHOOK_FAILS: Default<&'static str> = Default::of(K8S, "failurePolicy", "Fail", "Fail");

/// admissionregistration/v1beta1 `failurePolicy`: "Defaults to Ignore."
pub static WEBHOOK_IGNORES: Default<&'static str> = Default::of(K8S, "failurePolicy", "Ignore", "Ignore");

/// admissionregistration/v1 `timeoutSeconds`: "Default to 10 seconds."
pub static WEBHOOK_TIMEOUT: Default<f64> = Default::of(K8S, "timeoutSeconds", 10.0, "10 s");
/// Argo Rollouts `defaults.DefaultReplicas`, used by `GetReplicasOrDefault`: 1.
pub static ROLLOUT_REPLICAS: Default<f64> = Default::of("Argo Rollouts", "replicas", 1.0, "1");

/// autoscaling/v2 `HorizontalPodAutoscalerSpec.minReplicas`: "It defaults to 1 pod."
pub static HPA_MIN: Default<f64> = Default::of(K8S, "minReplicas", 1.0, "1");

/// autoscaling/v2 `SetDefaults_HorizontalPodAutoscaler`: without metrics, cpu at `DefaultCPUUtilization` (80 %).
pub static HPA_TARGET: Default<f64> = Default::of(K8S, "metrics", 80.0, "80 % of the requested cpu");

/// autoscaling/v1 `targetCPUUtilizationPercentage`: "if not specified the default autoscaling policy will be used", 80 %.
pub static HPA_TARGET_V1: Default<f64> = Default::of(K8S, "targetCPUUtilizationPercentage", 80.0, "80 %");

/// autoscaling/v2 `HPAScalingRules.tolerance`: "the default cluster-wide tolerance is applied (by default 10%)".
pub static HPA_TOLERANCE: Default<f64> = Default::of(K8S, "tolerance", 0.1, "10 %");

/// autoscaling/v2 `HPAScalingRules.stabilizationWindowSeconds`, up: "0 (i.e. no stabilization is done)".
pub static HPA_UP_WINDOW: Default<f64> = Default::of(K8S, "stabilizationWindowSeconds", 0.0, "0 s");

/// autoscaling/v2 `HPAScalingRules.stabilizationWindowSeconds`, down: "300 (i.e. the stabilization window is 300 seconds long)".
pub static HPA_DOWN_WINDOW: Default<f64> = Default::of(K8S, "stabilizationWindowSeconds", 300.0, "300 s");

/// KEDA, ScaledObject specification: `minReplicaCount`, "Default: 0".
pub static KEDA_MIN: Default<f64> = Default::of("KEDA", "minReplicaCount", 0.0, "0");

/// KEDA docs, Apache Kafka, `allowIdleConsumers`: "Default: false".
pub static KEDA_IDLE_CONSUMERS: Default<bool> = Default::of("KEDA", "allowIdleConsumers", false, "false");

/// KEDA `defaultHPAMaxReplicas`: 100.
pub static KEDA_MAX: Default<f64> = Default::of("KEDA", "maxReplicaCount", 100.0, "100");

/// VPA `PodUpdatePolicy.updateMode`: "The default is 'Recreate'."
pub static VPA_MODE: Default<&str> = Default::of("the VPA", "updateMode", "Recreate", "Recreate");

/// Karpenter `NodeClaimTemplateSpec.expireAfter`: `+kubebuilder:default:="720h"`.
pub static NODE_LIFETIME: Default<f64> = Default::of("Karpenter", "expireAfter", 2_592_000.0, "720h");

/// Karpenter `Disruption.consolidationPolicy`: `+kubebuilder:default:="WhenEmptyOrUnderutilized"`.
pub static NODE_CONSOLIDATION: Default<&str> =
    Default::of("Karpenter", "consolidationPolicy", "WhenEmptyOrUnderutilized", "WhenEmptyOrUnderutilized");
/// core/v1 `ServiceSpec.type`: "Defaults to ClusterIP."
pub static SERVICE_TYPE: Default<&str> = Default::of(K8S, "type", "ClusterIP", "ClusterIP");

/// core/v1 `ServicePort.protocol`: "Default is TCP."
pub static PROTOCOL: Default<&str> = Default::of(K8S, "protocol", "TCP", "TCP");
