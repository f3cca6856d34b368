//! Outlier detection, as the technologies that configure Envoy write it: when an endpoint is taken out, and how many may be.

use super::gateway::defaults as gateway;
use super::gateway::settings::Settings;
use super::istio::defaults as istio;
use super::read;
use crate::fact::{Default, Fact, Spot};
use crate::syntax::tree::NodeRef;

const ENVOY: &str = "Envoy";
/// cluster.v3 `OutlierDetection.max_ejection_percent`: "Defaults to 10%".
static MAX_EJECTION: Default<f64> = Default::of(ENVOY, "max_ejection_percent", 10.0, "10 %");
/// cluster.v3 `OutlierDetection.always_eject_one_host`: "Defaults to false."
static ALWAYS_ONE: Default<bool> = Default::of(ENVOY, "always_eject_one_host", false, "false");
/// cluster.v3 `OutlierDetection.consecutive_5xx`: "Defaults to 5."
static CONSECUTIVE_5XX: Default<f64> = Default::of(ENVOY, "consecutive_5xx", 5.0, "5");
/// cluster.v3 `OutlierDetection.consecutive_gateway_failure`: "Defaults to 5."
static CONSECUTIVE_GATEWAY: Default<f64> = Default::of(ENVOY, "consecutive_gateway_failure", 5.0, "5");
/// cluster.v3 `OutlierDetection.enforcing_consecutive_gateway_failure`: "Defaults to 0."
static NO_GATEWAY: Default<f64> =
    Default::of(ENVOY, "enforcing_consecutive_gateway_failure", 0.0, "0, which is never");
/// cluster.v3 `OutlierDetection.enforcing_success_rate`: "Defaults to 100."
static SUCCESS_RATE: Default<f64> = Default::of(ENVOY, "enforcing_success_rate", 100.0, "100 %");
/// cluster.v3 `OutlierDetection.success_rate_minimum_hosts`: "Defaults to 5."
static COMPARED: Default<f64> = Default::of(ENVOY, "success_rate_minimum_hosts", 5.0, "5");
/// cluster.v3 `OutlierDetection.split_external_local_origin_errors`: "Defaults to false."
static SPLIT: Default<bool> = Default::of(ENVOY, "split_external_local_origin_errors", false, "false");
/// cluster.v3 `CommonLbConfig.healthy_panic_threshold`: "If not specified, the default is 50%."
static PANIC: Default<f64> = Default::of(ENVOY, "healthy_panic_threshold", 50.0, "50 %");

/// A block that finds failing endpoints by their answers.
#[derive(Clone, Copy, Debug)]
pub struct Outlier<'a> {
    /// The block.
    pub node: NodeRef<'a>,
    dialect: Dialect<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Dialect<'a> {
    Istio,
    /// With all that counts beside it.
    EnvoyGateway(Settings<'a>),
    Envoy,
}

impl<'a> Outlier<'a> {
    /// `outlierDetection` of a DestinationRule.
    pub fn istio(node: NodeRef<'a>) -> Self {
        Self { node, dialect: Dialect::Istio }
    }

    /// `healthCheck.passive` of what BackendTrafficPolicies set.
    pub fn envoy_gateway(node: NodeRef<'a>, settings: Settings<'a>) -> Self {
        Self { node, dialect: Dialect::EnvoyGateway(settings) }
    }

    /// `outlier_detection` of a cluster of Envoy.
    pub fn envoy(node: NodeRef<'a>) -> Self {
        Self { node, dialect: Dialect::Envoy }
    }

    /// How many of the endpoints may be out at once. Istio takes 0 as not set.
    pub fn max_ejection(&self) -> Fact<'a, f64> {
        let written = read::number(self.node, "maxEjectionPercent");
        match self.dialect {
            Dialect::Istio if written.value() == Some(&0.0) => {
                let spot = written.spots.into_iter().next().unwrap_or_else(|| Spot::value(self.node));
                Fact::default(
                    istio::MAX_EJECTION.value,
                    spot.saying("0 is taken as not set: Istio uses 10 %"),
                )
            }
            Dialect::Istio => written.or_default(&istio::MAX_EJECTION),
            Dialect::EnvoyGateway(settings) => {
                passive(settings, "maxEjectionPercent").or_default(&gateway::MAX_EJECTION)
            }
            Dialect::Envoy => read::number(self.node, "max_ejection_percent").or_default(&MAX_EJECTION),
        }
    }

    /// Whether one may be taken out, however few there are. Istio never sets it.
    pub fn always_one(&self) -> Fact<'a, bool> {
        match self.dialect {
            Dialect::Istio => Fact::plain(false),
            Dialect::EnvoyGateway(_) => {
                read::truth(self.node, "alwaysEjectOneEndpoint").or_default(&gateway::ALWAYS_ONE)
            }
            Dialect::Envoy => read::truth(self.node, "always_eject_one_host").or_default(&ALWAYS_ONE),
        }
    }

    /// After how many 5xx answers in a row; 0 is never.
    pub fn consecutive_5xx(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Istio => {
                read::number(self.node, "consecutive5xxErrors").or_default(&istio::CONSECUTIVE_5XX)
            }
            Dialect::EnvoyGateway(settings) => {
                passive(settings, "consecutive5XxErrors").or_default(&gateway::CONSECUTIVE_5XX)
            }
            Dialect::Envoy => self.enforced(
                "enforcing_consecutive_5xx",
                read::number(self.node, "consecutive_5xx").or_default(&CONSECUTIVE_5XX),
            ),
        }
    }

    /// After how many 502, 503 or 504 in a row; 0 is never.
    pub fn consecutive_gateway(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Istio => {
                read::number(self.node, "consecutiveGatewayErrors").or_default(&istio::CONSECUTIVE_GATEWAY)
            }
            Dialect::EnvoyGateway(settings) => settings
                .read("healthCheck.passive.consecutiveGatewayErrors", read::number)
                .or_default(&gateway::CONSECUTIVE_GATEWAY),
            Dialect::Envoy => self.gateway_of_envoy(),
        }
    }

    /// Whether endpoints are also compared by their share of good answers. Istio switches that off (`applyOutlierDetection`).
    pub fn compares(&self) -> Fact<'a, bool> {
        match self.dialect {
            Dialect::Istio => Fact::plain(false),
            // Envoy Gateway leaves Envoy's default.
            Dialect::EnvoyGateway(_) => Fact::plain(true),
            Dialect::Envoy => {
                let share = read::number(self.node, "enforcing_success_rate").or_default(&SUCCESS_RATE);
                share.map(|share| share > 0.0)
            }
        }
    }

    /// Among how many endpoints at least they are compared; absent where they never are.
    pub fn compared_hosts(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Istio => Fact::absent(Spot::value(self.node)),
            Dialect::EnvoyGateway(_) => Fact::absent(Spot::value(self.node)).or_default(&COMPARED),
            Dialect::Envoy => read::number(self.node, "success_rate_minimum_hosts").or_default(&COMPARED),
        }
    }

    /// Whether failures to connect are counted apart.
    pub fn splits(&self) -> Fact<'a, bool> {
        let default = match self.dialect {
            Dialect::Istio => &istio::SPLIT,
            Dialect::EnvoyGateway(_) => &gateway::SPLIT,
            Dialect::Envoy => {
                return read::truth(self.node, "split_external_local_origin_errors").or_default(&SPLIT);
            }
        };
        read::truth(self.node, "splitExternalLocalOriginErrors").or_default(default)
    }

    /// A count that `enforcing_…: 0` switches off.
    fn enforced(&self, key: &'static str, count: Fact<'a, f64>) -> Fact<'a, f64> {
        match read::number(self.node, key) {
            share if share.is_absent() => count,
            share => count.with(share, |count, share| if share > 0.0 { count } else { 0.0 }),
        }
    }

    /// cluster.v3 `OutlierDetection.enforcing_consecutive_gateway_failure`: "Defaults to 0."
    fn gateway_of_envoy(&self) -> Fact<'a, f64> {
        let share = read::number(self.node, "enforcing_consecutive_gateway_failure");
        if share.is_absent() {
            return share.or_default(&NO_GATEWAY);
        }
        let count = read::number(self.node, "consecutive_gateway_failure").or_default(&CONSECUTIVE_GATEWAY);
        self.enforced("enforcing_consecutive_gateway_failure", count)
    }

    /// Below which share of healthy endpoints all are asked again; 0 is never.
    pub fn panic(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Istio => read::number(self.node, "minHealthPercent").or_default(&istio::MIN_HEALTH),
            Dialect::Envoy => match self.node.parent() {
                Some(cluster) => {
                    read::number(cluster, "common_lb_config.healthy_panic_threshold.value").or_default(&PANIC)
                }
                None => Fact::unknown("where it stands is not known"),
            },
            Dialect::EnvoyGateway(settings) => {
                settings.read("healthCheck.panicThreshold", read::number).or_default(&gateway::PANIC)
            }
        }
    }
}

/// A number that the API fills in where a policy has the block.
fn passive<'a>(settings: Settings<'a>, key: &'static str) -> Fact<'a, f64> {
    let block = settings.block("healthCheck.passive");
    block.map_or_else(Fact::nothing, |block| block.read_filled(|block| read::number(block, key)))
}
