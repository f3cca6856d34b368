//! How long slow programs are given to start by those who make them.
//!
//! What an image is, is guessed from its name, so every answer is a guess. Images that are not listed have none.

use super::image;
use super::vocabulary::{FactDef, SECONDS, facts};
use crate::fact::Fact;

/// What a container knows of its start.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "startsIn": SECONDS, "how long the makers of a slow program let it start; guessed from the image's name" => |m, t| {
        let product = image::product(m, t.id);
        match product.value().and_then(|product| SLOW.iter().find(|(name, _)| name == product)) {
            Some((_, seconds)) => product.map(|_| *seconds).into(),
            None if product.is_unknown() => product.map(|_| 0.0).into(),
            None => Fact::<f64>::nothing().into(),
        }
    };
};

/// By the last part of the image's path, the time in which the maker's own manifests restart nothing.
const SLOW: [(&str, f64); 5] = [
    // jenkinsci/helm-charts, values.yaml, `controller.probes.startupProbe`: 12 × 10 s, "~ 2 minutes to allow Jenkins to restart
    // when upgrading plugins".
    ("jenkins", 120.0),
    // Splunk Operator for Kubernetes, "Health check with Kubernetes probes": 40 s and 12 × 30 s.
    ("splunk", 400.0),
    // SonarSource/helm-chart-sonarqube, values.yaml, `livenessProbe`: 60 s and at least 3 × 30 s.
    ("sonarqube", 150.0),
    // atlassian/data-center-helm-charts, README of confluence, `startupProbe.initialDelaySeconds`: 60 s before the first probe.
    ("confluence", 60.0),
    // vllm-project/vllm, docs/deployment/k8s.md, the example for GPUs: 60 s and 3 × 10 s.
    ("vllm-openai", 90.0),
];
