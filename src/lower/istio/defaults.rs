//! What Istio takes where a field is missing, with the primary source beside each.

use crate::fact::Default;

const WHOSE: &str = "Istio";

/// networking/v1 `HTTPRoute.timeout`: "Default is disabled."
pub static TIMEOUT: Default<f64> = Default::of(WHOSE, "timeout", f64::INFINITY, "no timeout");

/// pilot/pkg/networking/core/route/retry/retry.go, `defaultNumRetries`, where there is no `retries`.
pub static RETRIES: Default<f64> = Default::of(WHOSE, "retries", 2.0, "2 retries");

/// The same file, `ConvertPolicy`: `Attempts <= 0` means "explicitly disabling the retry policy".
pub static ATTEMPTS: Default<f64> = Default::of(WHOSE, "attempts", 0.0, "0, which is no retry");

/// networking/v1 `HTTPRetry.retryOn`: "If not specified, this defaults to `connect-failure,refused-stream,unavailable,cancelled`."
pub const RETRY_ON: [&str; 4] = ["connect-failure", "refused-stream", "unavailable", "cancelled"];

/// networking/v1 `HTTPRetry.backoff`: "default minimum duration of 25ms".
pub static BACK_OFF: Default<f64> = Default::of(WHOSE, "backoff", 0.025, "25 ms");

/// networking/v1 `ConnectionPoolSettings.TCPSettings.connectTimeout`: "Default is 10s."
pub static CONNECT: Default<f64> = Default::of(WHOSE, "connectTimeout", 10.0, "10 s");

/// networking/v1 `ConnectionPoolSettings.HTTPSettings.idleTimeout`: "If not set, the default is 1 hour."
pub static IDLE: Default<f64> = Default::of(WHOSE, "idleTimeout", 3600.0, "1 h");

/// networking/v1 `OutlierDetection.consecutive5xxErrors`: "defaults to 5 but can be disabled by setting the value to 0".
pub static CONSECUTIVE_5XX: Default<f64> = Default::of(WHOSE, "consecutive5xxErrors", 5.0, "5");

/// networking/v1 `OutlierDetection.consecutiveGatewayErrors`: "disabled by default or when set to the value 0".
pub static CONSECUTIVE_GATEWAY: Default<f64> =
    Default::of(WHOSE, "consecutiveGatewayErrors", 0.0, "none of them");

/// networking/v1 `OutlierDetection.splitExternalLocalOriginErrors`: "Defaults to false."
pub static SPLIT: Default<bool> = Default::of(WHOSE, "splitExternalLocalOriginErrors", false, "false");

/// networking/v1 `OutlierDetection.maxEjectionPercent`: "Defaults to 10%." 0 is taken as not set (`applyOutlierDetection`).
pub static MAX_EJECTION: Default<f64> = Default::of(WHOSE, "maxEjectionPercent", 10.0, "10 %");

/// networking/v1 `OutlierDetection.minHealthPercent`: "The default is 0%".
pub static MIN_HEALTH: Default<f64> = Default::of(WHOSE, "minHealthPercent", 0.0, "0 %");

/// pkg/config/mesh/mesh.go, `DefaultProxyConfig`: `TerminationDrainDuration: durationpb.New(5 * time.Second)`.
pub static TERMINATION_DRAIN: Default<f64> = Default::of(WHOSE, "terminationDrainDuration", 5.0, "5 s");
