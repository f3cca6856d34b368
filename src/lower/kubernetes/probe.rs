//! A container's probes: what they ask, how often, and what Kubernetes takes where a field is missing.
//!
//! Numbers of seconds stay what they are; what follows from several of them is computed in the model.

use crate::fact::{Default, Fact, Spot};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

const K8S: &str = "Kubernetes";

/// core/v1 `Probe.initialDelaySeconds`: "Number of seconds after the container has started before … probes are initiated",
/// an int32 without a default, so zero.
pub static INITIAL_DELAY: Default<f64> = Default::of(K8S, "initialDelaySeconds", 0.0, "0 s");
/// core/v1 `Probe.timeoutSeconds`: "Defaults to 1 second." A zero is replaced too (`SetDefaults_Probe`).
pub static TIMEOUT: Default<f64> = Default::of(K8S, "timeoutSeconds", 1.0, "1 s");
/// core/v1 `Probe.periodSeconds`: "Default to 10 seconds."
pub static PERIOD: Default<f64> = Default::of(K8S, "periodSeconds", 10.0, "10 s");
/// core/v1 `Probe.successThreshold`: "Defaults to 1."
pub static SUCCESS_THRESHOLD: Default<f64> = Default::of(K8S, "successThreshold", 1.0, "1");
/// core/v1 `Probe.failureThreshold`: "Defaults to 3."
pub static FAILURE_THRESHOLD: Default<f64> = Default::of(K8S, "failureThreshold", 3.0, "3");

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It restarts the container.
    Liveness,
    /// It takes the pod out of its Services.
    Readiness,
    /// It holds the other two back, and restarts the container.
    Startup,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 3] = [Self::Liveness, Self::Readiness, Self::Startup];

    /// Its field.
    pub fn key(self) -> &'static str {
        match self {
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
            Self::Startup => "startupProbe",
        }
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
            Self::Startup => "startup",
        }
    }
}

/// How a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// `exec`
    Exec,
    /// `httpGet`
    Http,
    /// `tcpSocket`
    Tcp,
    /// `grpc`
    Grpc,
}

impl Handler {
    /// Its name in rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Grpc => "grpc",
        }
    }
}

/// The handlers that a probe has, with their nodes. The API takes exactly one.
pub fn handlers(probe: NodeRef<'_>) -> impl Iterator<Item = (Handler, NodeRef<'_>)> {
    let known = [
        ("exec", Handler::Exec),
        ("httpGet", Handler::Http),
        ("tcpSocket", Handler::Tcp),
        ("grpc", Handler::Grpc),
    ];
    known.into_iter().filter_map(move |(key, handler)| {
        let node = probe.get(key).filter(|node| !node.is_null())?;
        Some((handler, node))
    })
}

/// One of its numbers, where a zero counts as missing (`SetDefaults_Probe` in pkg/apis/core/v1/defaults.go).
pub fn number<'a>(probe: NodeRef<'a>, key: &'static str, default: &'static Default<f64>) -> Fact<'a, f64> {
    let written = read::number(probe, key);
    let written = match written.value() {
        Some(0.0) => {
            Fact::absent(written.spots.first().cloned().unwrap_or_else(|| Spot::missing(probe, key)))
        }
        _ => written,
    };
    written.or_default(default)
}
