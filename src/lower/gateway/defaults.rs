//! What the implementations of the Gateway API take where a field is missing, with the primary source beside each.

use crate::fact::Default;

const ENVOY_GATEWAY: &str = "Envoy Gateway";
const ISTIO: &str = "Istio";

/// Envoy `RouteAction.timeout`: "if not set, this value is 15s"; Envoy Gateway sets none (`getEffectiveRequestTimeout`).
pub static EG_REQUEST: Default<f64> = Default::of(ENVOY_GATEWAY, "request", 15.0, "15 s");
/// Istio, `setTimeout` in pilot/pkg/networking/core/route/route.go: `Notimeout`.
pub static ISTIO_REQUEST: Default<f64> = Default::of(ISTIO, "request", f64::INFINITY, "no timeout");
/// Envoy `RetryPolicy.num_retries`: "defaults to 1"; Envoy Gateway takes its `defaultNumRetries` for a route that says nothing.
pub static EG_ATTEMPTS: Default<f64> = Default::of(ENVOY_GATEWAY, "attempts", 2.0, "2 retries");
/// Istio, `createRoute`'s conversion of `HTTPRouteRetry`: "the default retry if none are set is "2", so we use that".
pub static ISTIO_ATTEMPTS: Default<f64> = Default::of(ISTIO, "attempts", 2.0, "2 retries");
/// Istio, pilot/pkg/networking/core/route/retry/retry.go, `defaultNumRetries`, where there is no `retry`.
pub static ISTIO_RETRIES: Default<f64> = Default::of(ISTIO, "retry", 2.0, "2 retries");
/// gateway.envoyproxy.io/v1alpha1 `Retry.numRetries`: "Defaults to 2."
pub static NUM_RETRIES: Default<f64> = Default::of(ENVOY_GATEWAY, "numRetries", 2.0, "2");
/// gateway.envoyproxy.io/v1alpha1 `TCPTimeout.connectTimeout`: "Default: 10 seconds."
pub static CONNECT: Default<f64> = Default::of(ENVOY_GATEWAY, "connectTimeout", 10.0, "10 s");
/// gateway.envoyproxy.io/v1alpha1 `HTTPTimeout.connectionIdleTimeout`: "Default: 1 hour."
pub static IDLE: Default<f64> = Default::of(ENVOY_GATEWAY, "connectionIdleTimeout", 3600.0, "1 h");
/// Envoy, "x-envoy-max-retries": a base interval of 25 ms.
pub static BACK_OFF: Default<f64> = Default::of("Envoy", "backoff", 0.025, "25 ms");

/// gateway.envoyproxy.io/v1alpha1 `Retry.retryOn`: "the default is to retry on
/// connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes(503)".
pub const EG_RETRY_ON: [&str; 5] =
    ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"];
/// The code beside them.
pub const EG_RETRY_CODE: &str = "503";
/// Istio, its conversion of `HTTPRouteRetry`.
pub const ISTIO_RETRY_ON: [&str; 4] = ["connect-failure", "refused-stream", "unavailable", "cancelled"];

/// gateway.envoyproxy.io/v1alpha1 `PassiveHealthCheck`: `+kubebuilder:default=10`.
pub static MAX_EJECTION: Default<f64> = Default::of(ENVOY_GATEWAY, "maxEjectionPercent", 10.0, "10 %");
/// `+kubebuilder:default=false`
pub static ALWAYS_ONE: Default<bool> = Default::of(ENVOY_GATEWAY, "alwaysEjectOneEndpoint", false, "false");
/// `+kubebuilder:default=5`
pub static CONSECUTIVE_5XX: Default<f64> = Default::of(ENVOY_GATEWAY, "consecutive5XxErrors", 5.0, "5");
/// Envoy `OutlierDetection.enforcing_consecutive_gateway_failure`: "This setting can be used to disable ejection … Defaults to 0."
pub static CONSECUTIVE_GATEWAY: Default<f64> =
    Default::of(ENVOY_GATEWAY, "consecutiveGatewayErrors", 0.0, "none of them");
/// `+kubebuilder:default=false`
pub static SPLIT: Default<bool> =
    Default::of(ENVOY_GATEWAY, "splitExternalLocalOriginErrors", false, "false");
/// gateway.envoyproxy.io/v1alpha1 `HealthCheck.panicThreshold`: "If not set, the default value is 50%."
pub static PANIC: Default<f64> = Default::of(ENVOY_GATEWAY, "panicThreshold", 50.0, "50 %");
