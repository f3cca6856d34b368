//! Rate limits, as each technology writes them: how much of the traffic they look at, and how much of it they hold to the limit.

use super::gateway::rate_limit as policy_limits;
use super::ingress_nginx::PREFIX;
use super::kubernetes::object::Object;
use super::read;
use crate::fact::{Default, Fact, Spot, State};
use crate::measure::duration;
use crate::syntax::tree::NodeRef;

const ENVOY: &str = "Envoy";

/// envoy.extensions.filters.http.local_ratelimit.v3 `LocalRateLimit.filter_enabled`: "Defaults to 0% of requests for safety."
static ENABLED: Default<f64> = Default::of(ENVOY, "filter_enabled", 0.0, "0 % of the requests");
/// The same of `filter_enforced`.
static ENFORCED: Default<f64> = Default::of(ENVOY, "filter_enforced", 0.0, "0 % of the requests");

/// envoy.extensions.filters.http.ratelimit.v3 `RateLimit.failure_mode_deny`: "The filter's behaviour in case the rate limiting
/// service does not respond back. When it is set to true, Envoy will not allow traffic"; false as every `bool` of a proto.
static DENY: Default<bool> = Default::of(ENVOY, "failure_mode_deny", false, "false");

/// A rate limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'a> {
    /// The part of the file that sets it.
    pub node: NodeRef<'a>,
    /// What it is written in.
    pub dialect: Dialect,
}

/// What a rate limit is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// An annotation of ingress-nginx.
    Nginx,
    /// Envoy's filter, in its own configuration.
    Envoy,
    /// Envoy's filter that asks a rate limit service.
    Service,
    /// One rule of a BackendTrafficPolicy.
    EnvoyGateway,
}

/// Annotations of ingress-nginx that limit what one address may ask.
const ANNOTATIONS: [&str; 3] = ["limit-rps", "limit-rpm", "limit-connections"];

/// The limits of an Ingress of ingress-nginx.
pub fn of_ingress<'a>(ingress: NodeRef<'a>) -> impl Iterator<Item = Limit<'a>> {
    let all = ingress.at("metadata.annotations");
    ANNOTATIONS
        .iter()
        .filter_map(move |name| all?.get(&format!("{PREFIX}{name}")).filter(|node| !node.is_null()))
        .map(|node| Limit { node, dialect: Dialect::Nginx })
}

/// The limits of a BackendTrafficPolicy.
pub fn of_policy<'a>(object: NodeRef<'a>) -> impl Iterator<Item = Limit<'a>> {
    policy_limits::rules(object).map(|node| Limit { node, dialect: Dialect::EnvoyGateway })
}

/// The limits that an EnvoyFilter, or any other part of a file, gives Envoy in its own words: those with a bucket. One without
/// a bucket only makes room for those of single routes.
pub fn of_envoy<'a>(part: NodeRef<'a>) -> impl Iterator<Item = Limit<'a>> {
    part.walk().filter_map(|node| {
        let has = |key: &str| node.get(key).is_some_and(|block| !block.is_null());
        let dialect = if has("token_bucket") && says_filter(node, LOCAL) {
            Dialect::Envoy
        } else if has("rate_limit_service") && says_filter(node, GLOBAL) {
            Dialect::Service
        } else {
            return None;
        };
        Some(Limit { node, dialect })
    })
}

const LOCAL: &str = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const GLOBAL: &str = "envoy.extensions.filters.http.ratelimit.v3.RateLimit";

/// Whether a mapping is the configuration of the HTTP filter: its type, or that of the `TypedStruct` around it, says so.
fn says_filter(node: NodeRef<'_>, name: &str) -> bool {
    let named = |node: NodeRef<'_>| {
        ["@type", "type_url"].iter().filter_map(|key| node.get(key)).any(|kind| kind.text().ends_with(name))
    };
    named(node) || (node.key() == Some("value") && node.parent().is_some_and(named))
}

/// Whether a part of a file says of which kind requests are: `rate_limits` of a filter, a route or a virtual host.
pub fn describes(part: NodeRef<'_>) -> bool {
    part.walk().any(|node| node.is_under("rate_limits") && !node.is_null())
}

/// Whether an object may hold Envoy's own configuration.
pub fn may_hold_envoy(object: &Object<'_>) -> bool {
    matches!(
        (object.group(), object.kind),
        ("networking.istio.io", "EnvoyFilter") | ("gateway.envoyproxy.io", "EnvoyPatchPolicy")
    )
}

impl<'a> Limit<'a> {
    /// How much of the traffic it looks at, in points of percent.
    pub fn enabled(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Envoy => self.share("filter_enabled", &ENABLED),
            _ => Fact::plain(100.0),
        }
    }

    /// How much of that it holds to the limit.
    pub fn enforced(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Envoy => self.share("filter_enforced", &ENFORCED),
            Dialect::Nginx | Dialect::Service => Fact::plain(100.0),
            Dialect::EnvoyGateway => match read::truth(self.node, "shadowMode") {
                shadow if shadow.is_absent() => Fact::plain(100.0),
                shadow => shadow.map(|shadow| if shadow { 0.0 } else { 100.0 }),
            },
        }
    }

    /// Whether requests pass while the service that counts them cannot be asked; absent where nothing has to be asked.
    pub fn fails_open(&self) -> Fact<'a, bool> {
        match self.dialect {
            Dialect::Service => {
                read::truth(self.node, "failure_mode_deny").or_default(&DENY).map(|deny| !deny)
            }
            _ => Fact::nothing(),
        }
    }

    /// How many buckets it has for requests of one kind, beside that for all; absent where it has none.
    pub fn descriptors(&self) -> Fact<'a, f64> {
        match self.node.get("descriptors").filter(|_| self.dialect == Dialect::Envoy) {
            Some(list) if list.items().next().is_some() => {
                Fact::written(list.items().count() as f64, Spot::key(list))
            }
            Some(list) if list.is_unknown() => {
                Fact::unknown_at("they are only known at run time", Spot::value(list))
            }
            _ => Fact::absent(Spot::value(self.node)),
        }
    }

    /// The cluster of the rate limit service that is asked.
    pub fn asks(&self) -> Option<NodeRef<'a>> {
        self.node.at("rate_limit_service.grpc_service.envoy_grpc.cluster_name").filter(|name| !name.is_null())
    }

    /// envoy.type.v3 `FractionalPercent`: a numerator, over 100 unless it says otherwise.
    fn share(&self, key: &'static str, default: &'static Default<f64>) -> Fact<'a, f64> {
        let block = read::node(self.node, key);
        let Some(found) = block.value().copied() else {
            let absent: Fact<'a, f64> =
                Fact { state: State::Absent, spots: block.spots, confidence: block.confidence };
            return if block.state == State::Absent {
                absent.or_default(default)
            } else {
                Fact::unknown("it is only known at run time")
            };
        };
        let numerator = match read::number(found, "default_value.numerator") {
            fact if fact.is_absent() => {
                let spot = fact.spots.into_iter().next().unwrap_or_else(|| Spot::value(found));
                Fact::default(0.0, spot.saying("no `numerator`: 0"))
            }
            fact => fact,
        };
        let over = match read::text(found, "default_value.denominator") {
            fact if fact.is_absent() => Some(100.0),
            fact => fact.into_value().and_then(|word| match word {
                "HUNDRED" => Some(100.0),
                "TEN_THOUSAND" => Some(10_000.0),
                "MILLION" => Some(1_000_000.0),
                _ => None,
            }),
        };
        numerator.try_map("its denominator is not known", |n| Some(n * 100.0 / over?))
    }

    /// Whether each proxy counts for itself.
    pub fn is_local(&self) -> bool {
        match self.dialect {
            Dialect::Nginx | Dialect::Envoy => true,
            Dialect::Service => false,
            Dialect::EnvoyGateway => {
                self.node.parent().and_then(NodeRef::parent).is_some_and(|block| block.key() == Some("local"))
            }
        }
    }

    /// How many requests it lets through in a second, where it counts requests.
    pub fn rate(&self) -> Fact<'a, f64> {
        match self.dialect {
            Dialect::Nginx => {
                let number = Fact::written(self.node, Spot::value(self.node))
                    .text()
                    .try_map("it is no whole number", |text| text.parse::<u32>().ok().map(f64::from));
                match self.node.key().unwrap_or_default().rsplit('/').next() {
                    Some("limit-rps") => number,
                    Some("limit-rpm") => number.map(|n| n / 60.0),
                    _ => Fact::absent(Spot::value(self.node)),
                }
            }
            Dialect::Service => Fact::absent(Spot::value(self.node)),
            Dialect::Envoy => {
                let tokens = read::number(self.node, "token_bucket.tokens_per_fill");
                let tokens = if tokens.is_absent() {
                    read::number(self.node, "token_bucket.max_tokens")
                } else {
                    tokens
                };
                let interval = read::text(self.node, "token_bucket.fill_interval")
                    .try_map("it is no duration", duration::go);
                tokens.with(interval, |tokens, seconds| tokens / seconds.max(0.001))
            }
            Dialect::EnvoyGateway => {
                let unit = read::text(self.node, "limit.unit").try_map("it is no unit of time", |unit| {
                    Some(match unit {
                        "Second" => 1.0,
                        "Minute" => 60.0,
                        "Hour" => 3600.0,
                        "Day" => 86_400.0,
                        _ => return None,
                    })
                });
                read::number(self.node, "limit.requests").with(unit, |requests, seconds| requests / seconds)
            }
        }
    }
}
