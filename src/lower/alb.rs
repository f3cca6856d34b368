//! The AWS Load Balancer Controller: what the annotations of an Ingress say of the Application Load Balancer that it makes.
//!
//! Annotations are those of kubernetes-sigs/aws-load-balancer-controller, docs/guide/ingress/annotations.md; attributes and
//! their defaults those of Elastic Load Balancing, Application Load Balancers, "Load balancer attributes".

use super::call::Call;
use super::kubernetes::object::Object;
use super::read::is_filled_in_later;
use crate::fact::{Default, Fact, Spot};
use crate::syntax::tree::NodeRef;

const WHOSE: &str = "an Application Load Balancer";

/// Elastic Load Balancing, "Load balancer attributes", `idle_timeout.timeout_seconds`: "The default is 60 seconds".
static IDLE: Default<f64> =
    Default::of(WHOSE, "alb.ingress.kubernetes.io/load-balancer-attributes", 60.0, "60 s of idle time");
/// Elastic Load Balancing, "Troubleshoot your Application Load Balancers", HTTP 504: the connection "was not established before
/// the connection timeout expired (10 seconds)".
const CONNECT: f64 = 10.0;

const PREFIX: &str = "alb.ingress.kubernetes.io/";

/// Whether an Ingress speaks to this controller by its annotations.
pub fn is_annotated(object: &Object<'_>) -> bool {
    object
        .node
        .at("metadata.annotations")
        .is_some_and(|all| all.entries().any(|(key, _)| key.starts_with(PREFIX)))
}

/// What an Ingress says of its load balancer.
pub fn call<'a>(ingress: NodeRef<'a>) -> Call<'a> {
    let idle = idle(ingress);
    Call {
        timeout: idle.clone(),
        connect: Fact::plain(CONNECT),
        idle,
        retry: Fact::absent(Spot::value(ingress)),
    }
}

/// The time after which a connection without a byte is closed, on both sides: so long a target may be silent.
fn idle(ingress: NodeRef<'_>) -> Fact<'_, f64> {
    const KEY: &str = "idle_timeout.timeout_seconds=";
    let all = ingress.at("metadata.annotations");
    let get = |key: &str| all.and_then(|all| all.get(&format!("{PREFIX}{key}")));
    if let Some(node) = get("load-balancer-attributes") {
        let text = node.text();
        if node.is_unknown() || is_filled_in_later(text) {
            return Fact::unknown_at("the attributes are only known at run time", Spot::value(node));
        }
        if let Some(at) = text.find(KEY) {
            let value = text[at + KEY.len()..].split(',').next().unwrap_or_default().trim_end();
            let spot = Spot::within(node, at..at + KEY.len() + value.len());
            return match value.trim().parse::<u32>() {
                Ok(seconds) => Fact::written(f64::from(seconds), spot),
                Err(_) => Fact::unknown_at("it is no number of seconds", spot),
            };
        }
    }
    if let Some(group) = get("group.name") {
        return Fact::unknown_at("another Ingress of its group may set the idle timeout", Spot::value(group));
    }
    Fact::absent(Spot::missing(all.unwrap_or(ingress), "alb.ingress.kubernetes.io/load-balancer-attributes"))
        .or_default(&IDLE)
}
