//! Limits of a pool of connections, as the technologies that configure Envoy write them: how much may be open and waiting at once.

use super::read;
use crate::fact::{Default, Fact};
use crate::syntax::tree::NodeRef;

/// What a limit is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// `connectionPool` of a DestinationRule.
    Istio,
    /// `circuitBreaker` of a BackendTrafficPolicy.
    EnvoyGateway,
    /// `thresholds` of a cluster of Envoy.
    Envoy,
}

/// One limit: where each writer has it, and what counts where it is missing.
#[derive(Debug)]
pub struct Limit {
    istio: (&'static str, &'static Default<f64>),
    gateway: (&'static str, &'static Default<f64>),
    envoy: (&'static str, &'static Default<f64>),
}

/// networking/v1 `ConnectionPoolSettings`: "Default 2^32-1" for each of them, which is no limit.
const fn endless(key: &'static str) -> Default<f64> {
    Default::of("Istio", key, f64::INFINITY, "no limit")
}
/// gateway.envoyproxy.io/v1alpha1 `CircuitBreaker`: `+kubebuilder:default=1024` for each of them.
const fn gateway(key: &'static str) -> Default<f64> {
    Default::of("Envoy Gateway", key, 1024.0, "1024")
}
/// cluster.v3 `CircuitBreakers.Thresholds`: "If not specified, the default is 1024", for retries 3.
const fn envoy(key: &'static str, value: f64, text: &'static str) -> Default<f64> {
    Default::of("Envoy", key, value, text)
}

static ISTIO_CONNECTIONS: Default<f64> = endless("maxConnections");
static ISTIO_PENDING: Default<f64> = endless("http1MaxPendingRequests");
static ISTIO_REQUESTS: Default<f64> = endless("http2MaxRequests");
static ISTIO_RETRIES: Default<f64> = endless("maxRetries");
static GATEWAY_CONNECTIONS: Default<f64> = gateway("maxConnections");
static GATEWAY_PENDING: Default<f64> = gateway("maxPendingRequests");
static GATEWAY_REQUESTS: Default<f64> = gateway("maxParallelRequests");
static GATEWAY_RETRIES: Default<f64> = gateway("maxParallelRetries");
static ENVOY_CONNECTIONS: Default<f64> = envoy("max_connections", 1024.0, "1024");
static ENVOY_PENDING: Default<f64> = envoy("max_pending_requests", 1024.0, "1024");
static ENVOY_REQUESTS: Default<f64> = envoy("max_requests", 1024.0, "1024");
static ENVOY_RETRIES: Default<f64> = envoy("max_retries", 3.0, "3");

/// Connections at once.
pub static CONNECTIONS: Limit = Limit {
    istio: ("tcp.maxConnections", &ISTIO_CONNECTIONS),
    gateway: ("maxConnections", &GATEWAY_CONNECTIONS),
    envoy: ("max_connections", &ENVOY_CONNECTIONS),
};
/// Requests that wait for a connection.
pub static PENDING: Limit = Limit {
    istio: ("http.http1MaxPendingRequests", &ISTIO_PENDING),
    gateway: ("maxPendingRequests", &GATEWAY_PENDING),
    envoy: ("max_pending_requests", &ENVOY_PENDING),
};
/// Requests at once.
pub static REQUESTS: Limit = Limit {
    istio: ("http.http2MaxRequests", &ISTIO_REQUESTS),
    gateway: ("maxParallelRequests", &GATEWAY_REQUESTS),
    envoy: ("max_requests", &ENVOY_REQUESTS),
};
/// Retries at once.
pub static RETRIES: Limit = Limit {
    istio: ("http.maxRetries", &ISTIO_RETRIES),
    gateway: ("maxParallelRetries", &GATEWAY_RETRIES),
    envoy: ("max_retries", &ENVOY_RETRIES),
};

impl Limit {
    fn of(&self, writer: Writer) -> (&'static str, &'static Default<f64>) {
        match writer {
            Writer::Istio => self.istio,
            Writer::EnvoyGateway => self.gateway,
            Writer::Envoy => self.envoy,
        }
    }
}

/// A limit of a block.
pub fn read<'a>(block: NodeRef<'a>, writer: Writer, limit: &Limit) -> Fact<'a, f64> {
    let (path, default) = limit.of(writer);
    read::number(block, path).or_default(default)
}

/// The same where there is no block.
pub fn missing<'a>(absent: Fact<'a, f64>, writer: Writer, limit: &Limit) -> Fact<'a, f64> {
    absent.or_default(limit.of(writer).1)
}
