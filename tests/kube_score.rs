//! Agreement with another tool's own test cases: kube-score's, as (file, check, grade).
//!
//! The cases are not kept here. `STEADFAST_KUBE_SCORE=folder cargo test --test kube_score -- --nocapture` reads `cases.json`
//! and the manifests beside it, prints the agreement and every disagreement, and fails where one has no reason in
//! [`REASONS`] or the agreement is below 95 %. Without the variable nothing is compared, and it says so.
#![allow(missing_docs)]

mod agreement;

use agreement::Suite;

/// Their checks that are about reliability, and the rules of ours that look at the same.
///
/// Left out: network policies, security contexts, seccomp, the type of a Service.
const CHECKS: &[(&str, &[&str])] = &[
    ("Container Resources", &["capacity/no-requests", "capacity/no-memory-limit"]),
    (
        "Container Resource Requests Equal Limits",
        &["capacity/memory-limit-above-request", "capacity/no-memory-limit"],
    ),
    (
        "Container Memory Requests Equal Limits",
        &["capacity/memory-limit-above-request", "capacity/no-memory-limit"],
    ),
    ("Container CPU Requests Equal Limits", &["capacity/cpu-request-above-limit"]),
    ("Container Ephemeral Storage Request and Limit", &["capacity/no-storage-limit"]),
    ("Container Ephemeral Storage Request Equals Limit", &["capacity/no-storage-limit"]),
    ("Container Image Tag", &["rollback/floating-image-tag"]),
    ("Container Image Pull Policy", &["failover/never-pulls"]),
    ("Container Ports Check", &["hygiene/port-refused", "hygiene/duplicate-name"]),
    ("Environment Variable Key Duplication", &["hygiene/duplicate-env"]),
    ("Pod Probes", &["probes/no-readiness"]),
    ("Pod Probes Identical", &["probes/liveness-same-as-readiness"]),
    ("Pod Topology Spread Constraints", &["failover/spread-refused", "failover/spread-counts-no-pods"]),
    ("PodDisruptionBudget has policy", &["disruption/budget-without-terms"]),
    ("Deployment has PodDisruptionBudget", &["disruption/no-budget", "disruption/budget-selects-nothing"]),
    ("StatefulSet has PodDisruptionBudget", &["disruption/no-budget", "disruption/budget-selects-nothing"]),
    ("Deployment has host PodAntiAffinity", &["failover/no-spread"]),
    ("StatefulSet has host PodAntiAffinity", &["failover/no-spread"]),
    ("Deployment Replicas", &["disruption/single-replica"]),
    ("Deployment Strategy", &["rollout/all-at-once"]),
    ("Deployment targeted by HPA does not have replicas configured", &["scaling/replicas-fight-autoscaler"]),
    ("HorizontalPodAutoscaler has target", &["scaling/target-missing"]),
    ("HorizontalPodAutoscaler Replicas", &["scaling/minimum-of-one"]),
    ("Ingress targets Service", &["hygiene/dangling-route", "hygiene/unknown-field"]),
    ("Service Targets Pod", &["hygiene/service-selects-nothing"]),
    ("Stable version", &["hygiene/removed-api"]),
    ("StatefulSet Pod Selector labels match template metadata labels", &["hygiene/selector-mismatch"]),
    ("StatefulSet has ServiceName", &["stateful/governing-service"]),
];

/// Where we disagree, and why: (file, check, reason).
const REASONS: &[(&str, &str, &str)] = &[
    ("/pod-test-resources-only-limits.yaml", "Container Resources", LIMIT_IS_REQUEST),
    ("/deployment-test-resources.yaml", "Container Resources", LIMIT_IS_REQUEST),
    ("/statefulset-test-resources.yaml", "Container Resources", LIMIT_IS_REQUEST),
    (
        "/pod-ephemeral-storage-missing-request.yaml",
        "Container Ephemeral Storage Request and Limit",
        LIMIT_IS_REQUEST,
    ),
    (
        "/pod-test-resources-no-limits.yaml",
        "Container Resources",
        "their case runs with an option that asks for no limits; without it they complain like us",
    ),
    ("/pod-test-resources-no-limits.yaml", "Container CPU Requests Equal Limits", CPU_UNLIMITED),
    (
        "/pod-test-resources-no-limits-annotation-optional.yaml",
        "Container CPU Requests Equal Limits",
        CPU_UNLIMITED,
    ),
    ("/pod-container-memory-requests.yaml", "Container Memory Requests Equal Limits", TWICE),
    (
        "/pod-container-memory-requests-annotation-optional.yaml",
        "Container Memory Requests Equal Limits",
        TWICE,
    ),
    (
        "/pod-ephemeral-storage-request-nomatch-limit.yaml",
        "Container Ephemeral Storage Request Equals Limit",
        ROOM,
    ),
    (
        "/pod-ephemeral-storage-request-nomatch-limit-annotation-optional.yaml",
        "Container Ephemeral Storage Request Equals Limit",
        ROOM,
    ),
    (
        "/pod-image-tag-latest.yaml",
        "Container Image Tag",
        "a pod without a controller has no rollout that could be taken back; that nobody makes it again is what is said of it",
    ),
    (
        "/pod-image-pullpolicy-undefined.yaml",
        "Container Image Pull Policy",
        "a fixed tag needs no pull at each start: with `Always` a restart waits for the registry",
    ),
    (
        "/pod-image-pullpolicy-never.yaml",
        "Container Image Pull Policy",
        "a pod without a controller starts on no second node, so none lacks its image",
    ),
    ("/deployment-host-antiaffinity-not-set.yaml", "Deployment has host PodAntiAffinity", NOBODY_CALLS),
    (
        "/deployment-host-antiaffinity-preffered-selector-no-match.yaml",
        "Deployment has host PodAntiAffinity",
        NOBODY_CALLS,
    ),
    ("/statefulset-host-antiaffinity-not-set.yaml", "StatefulSet has host PodAntiAffinity", NOBODY_CALLS),
    (
        "/statefulset-host-antiaffinity-undefined-replicas.yaml",
        "StatefulSet has host PodAntiAffinity",
        "no `replicas` is one replica, and one has nothing to keep apart from",
    ),
    (
        "/cronjob-batchv1beta1.yaml",
        "Stable version",
        "their default is Kubernetes 1.18; `batch/v1beta1` is gone since 1.25",
    ),
    (
        "/statefulset-service-name-not-headless.yaml",
        "StatefulSet has ServiceName",
        "one replica needs no name of its own beside its peers; from two on we say it",
    ),
];

const LIMIT_IS_REQUEST: &str = "a limit without a request is the request, too";
const CPU_UNLIMITED: &str =
    "an optional check; a processor limit slows a container down while the node idles, so none is missed";
const TWICE: &str =
    "an optional check; a limit of twice the request is ordinary, we speak from four times on";
const ROOM: &str = "an optional check; a request below the limit of a disk breaks nothing";
const NOBODY_CALLS: &str =
    "no Service leads to the pods: a lost node costs workers some throughput, and nobody an answer";

const SUITE: Suite = Suite {
    variable: "STEADFAST_KUBE_SCORE",
    verdict: "grade",
    content: "AllOK",
    section: "## Agreement with kube-score's own cases",
    checks: CHECKS,
    reasons: REASONS,
};

#[test]
fn agrees_with_kube_score() {
    agreement::compare(&SUITE);
}

#[test]
fn the_comparison_is_documented() {
    agreement::documented(&SUITE);
}
