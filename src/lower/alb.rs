//! The AWS Load Balancer Controller: what the annotations of an Ingress say of the Application Load Balancer that it makes, and
//! those of a Service of the targets behind it.
//!
//! Annotations are those of kubernetes-sigs/aws-load-balancer-controller, docs/guide/ingress/annotations.md; attributes and
//! their defaults those of Elastic Load Balancing, Application Load Balancers, "Load balancer attributes".

use super::call::Call;
use super::kubernetes::ingress::Controller;
use super::kubernetes::object::Object;
use super::read::is_filled_in_later;
use crate::fact::{Default, Fact, Spot};
use crate::syntax::tree::NodeRef;

const WHOSE: &str = "an Application Load Balancer";

/// Elastic Load Balancing, "Load balancer attributes", `idle_timeout.timeout_seconds`: "The default is 60 seconds".
static IDLE: Default<f64> = Default::of(WHOSE, ATTRIBUTES, 60.0, "60 s of idle time");
/// Elastic Load Balancing, "Troubleshoot your Application Load Balancers", HTTP 504: the connection "was not established before
/// the connection timeout expired (10 seconds)".
const CONNECT: f64 = 10.0;
/// Elastic Load Balancing, "Edit target group attributes", Deregistration delay: "By default, Elastic Load Balancing waits 300
/// seconds before completing the deregistration process".
static DRAIN: Default<f64> = Default::of(WHOSE, TARGET_ATTRIBUTES, 300.0, "a deregistration delay of 300 s");

const ATTRIBUTES: &str = "alb.ingress.kubernetes.io/load-balancer-attributes";
const TARGET_ATTRIBUTES: &str = "alb.ingress.kubernetes.io/target-group-attributes";
const TARGET_TYPE: &str = "alb.ingress.kubernetes.io/target-type";
/// AWS Load Balancer Controller, docs, Ingress annotations, `target-type`: "defaults to `instance`", unless the controller is
/// told another with `--default-target-type`.
static TARGETS: Default<&str> = Default::of(WHOSE, TARGET_TYPE, "instance", "instance");
const PREFIX: &str = "alb.ingress.kubernetes.io/";

/// Annotations that this controller has, and neither those of Alibaba Cloud nor of NAVER Cloud, whose prefix is the same.
const OWN: [&str; 9] = [
    "certificate-arn",
    "group.name",
    "inbound-cidrs",
    "load-balancer-attributes",
    "scheme",
    "security-groups",
    "target-group-attributes",
    "target-type",
    "wafv2-acl-arn",
];
/// Annotations that they have, and this controller does not.
const FOREIGN: [&str; 8] = [
    "address-type",
    "canary",
    "healthcheck-enabled",
    "healthcheck-httpcode",
    "load-balancer-size",
    "network-type",
    "ssl-certificate-no",
    "vswitch-ids",
];

/// The controller that an Ingress speaks to by annotations of this prefix, where that is certain.
pub fn addressed(object: &Object<'_>) -> Option<Controller> {
    let annotations = object.node.at("metadata.annotations")?;
    let has = |names: &[&str]| {
        annotations
            .entries()
            .any(|(key, _)| key.strip_prefix(PREFIX).is_some_and(|name| names.contains(&name)))
    };
    match (has(&OWN), has(&FOREIGN)) {
        (true, false) => Some(Controller::Alb),
        (false, true) => Some(Controller::Other),
        _ => None,
    }
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
    let written = attribute(ingress, ATTRIBUTES, "idle_timeout.timeout_seconds=");
    match annotation(ingress, "alb.ingress.kubernetes.io/group.name").filter(|_| written.is_absent()) {
        Some(group) => {
            Fact::unknown_at("another Ingress of its group may set the idle timeout", Spot::value(group))
        }
        None => written.or_default(&IDLE),
    }
}

/// How long it goes on with the requests of a target of this Service that leaves.
pub fn drain<'a>(ingress: NodeRef<'a>, service: Option<NodeRef<'a>>) -> Fact<'a, f64> {
    let says = speaker(ingress, service, TARGET_ATTRIBUTES);
    attribute(says, TARGET_ATTRIBUTES, "deregistration_delay.timeout_seconds=").or_default(&DRAIN)
}

/// What the targets of this Service are, `instance` or `ip`.
pub fn target_type<'a>(ingress: NodeRef<'a>, service: Option<NodeRef<'a>>) -> Fact<'a, &'a str> {
    match annotation(speaker(ingress, service, TARGET_TYPE), TARGET_TYPE) {
        Some(node) => Fact::written(node, Spot::value(node)).text(),
        None => {
            let place = ingress.at("metadata.annotations").unwrap_or(ingress);
            Fact::absent(Spot::missing(place, TARGET_TYPE)).or_default_text(&TARGETS)
        }
    }
}

/// Whether the controller gives the pods of a namespace a readiness gate. (AWS Load Balancer Controller docs, Pod readiness gate.)
pub fn gates(namespace: NodeRef<'_>) -> Fact<'_, bool> {
    const LABEL: &str = "elbv2.k8s.aws/pod-readiness-gate-inject";
    match namespace.at("metadata.labels").and_then(|labels| labels.get(LABEL)) {
        Some(node) => Fact::written(node, Spot::value(node)).text().map(|text| text == "enabled"),
        None => {
            let (place, _) = namespace.nearest("metadata.labels");
            Fact::default(false, Spot::missing(place, LABEL))
        }
    }
}

/// Who says what holds for the targets of a Service: "Annotations applied to Service have higher priority over annotations
/// applied to Ingress", as a whole.
fn speaker<'a>(ingress: NodeRef<'a>, service: Option<NodeRef<'a>>, key: &str) -> NodeRef<'a> {
    service.filter(|service| annotation(*service, key).is_some()).unwrap_or(ingress)
}

fn annotation<'a>(ingress: NodeRef<'a>, key: &str) -> Option<NodeRef<'a>> {
    ingress.at("metadata.annotations")?.get(key)
}

/// A number of seconds among the attributes that an annotation lists: `name=value,name=value`.
fn attribute<'a>(ingress: NodeRef<'a>, key: &'static str, name: &str) -> Fact<'a, f64> {
    let Some(node) = annotation(ingress, key) else {
        let place = ingress.at("metadata.annotations").unwrap_or(ingress);
        return Fact::absent(Spot::missing(place, key));
    };
    let text = node.text();
    if node.is_unknown() || is_filled_in_later(text) {
        return Fact::unknown_at("the attributes are only known at run time", Spot::value(node));
    }
    let Some(at) = text.find(name) else { return Fact::absent(Spot::value(node)) };
    let value = text[at + name.len()..].split(',').next().unwrap_or_default().trim_end();
    let spot = Spot::within(node, at..at + name.len() + value.len());
    match value.trim().parse::<u32>() {
        Ok(seconds) => Fact::written(f64::from(seconds), spot),
        Err(_) => Fact::unknown_at("it is no number of seconds", spot),
    }
}
