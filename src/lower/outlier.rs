//! Outlier detection, as the technologies that configure Envoy write it: when an endpoint is taken out, and how many may be.

use super::gateway::defaults as gateway;
use super::istio::defaults as istio;
use super::read;
use crate::fact::{Fact, Spot};
use crate::syntax::tree::NodeRef;

/// A block that finds failing endpoints by their answers.
#[derive(Clone, Copy, Debug)]
pub struct Outlier<'a> {
    /// The block.
    pub node: NodeRef<'a>,
    dialect: Dialect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Istio,
    EnvoyGateway,
}

impl<'a> Outlier<'a> {
    /// `outlierDetection` of a DestinationRule.
    pub fn istio(node: NodeRef<'a>) -> Self {
        Self { node, dialect: Dialect::Istio }
    }

    /// `healthCheck.passive` of a BackendTrafficPolicy.
    pub fn envoy_gateway(node: NodeRef<'a>) -> Self {
        Self { node, dialect: Dialect::EnvoyGateway }
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
            Dialect::EnvoyGateway => written.or_default(&gateway::MAX_EJECTION),
        }
    }

    /// Whether one may be taken out, however few there are. Istio never sets it.
    pub fn always_one(&self) -> Fact<'a, bool> {
        match self.dialect {
            Dialect::Istio => Fact::plain(false),
            Dialect::EnvoyGateway => {
                read::truth(self.node, "alwaysEjectOneEndpoint").or_default(&gateway::ALWAYS_ONE)
            }
        }
    }

    /// After how many 5xx answers in a row; 0 is never.
    pub fn consecutive_5xx(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Istio => {
                read::number(self.node, "consecutive5xxErrors").or_default(&istio::CONSECUTIVE_5XX)
            }
            Dialect::EnvoyGateway => {
                read::number(self.node, "consecutive5XxErrors").or_default(&gateway::CONSECUTIVE_5XX)
            }
        }
    }

    /// After how many 502, 503 or 504 in a row; 0 is never.
    pub fn consecutive_gateway(&self) -> Fact<'a, f64> {
        let default = match self.dialect {
            Dialect::Istio => &istio::CONSECUTIVE_GATEWAY,
            Dialect::EnvoyGateway => &gateway::CONSECUTIVE_GATEWAY,
        };
        read::number(self.node, "consecutiveGatewayErrors").or_default(default)
    }

    /// Whether failures to connect are counted apart.
    pub fn splits(&self) -> Fact<'a, bool> {
        let default = match self.dialect {
            Dialect::Istio => &istio::SPLIT,
            Dialect::EnvoyGateway => &gateway::SPLIT,
        };
        read::truth(self.node, "splitExternalLocalOriginErrors").or_default(default)
    }

    /// Below which share of healthy endpoints all are asked again; 0 is never.
    pub fn panic(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Istio => read::number(self.node, "minHealthPercent").or_default(&istio::MIN_HEALTH),
            Dialect::EnvoyGateway => match self.node.parent().and_then(NodeRef::parent) {
                Some(block) => read::number(block, "healthCheck.panicThreshold").or_default(&gateway::PANIC),
                None => Fact::unknown("where it stands is not known"),
            },
        }
    }
}
