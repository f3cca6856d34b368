//! The proxy that Istio puts into a pod: whether it does, and how long the proxy goes on after the order to stop.

use super::defaults;
use crate::fact::{Fact, Spot};
use crate::lower::read::is_filled_in_later;
use crate::measure::duration;
use crate::syntax::tree::NodeRef;

/// Whether a pod gets a proxy: its own label or annotation, or else the labels of its namespace. Nothing where no file says it.
/// (istio.io docs, Installing the Sidecar, Controlling the injection policy.)
pub fn injected(template: NodeRef<'_>, namespace: Option<NodeRef<'_>>) -> Option<bool> {
    let own = template
        .at("metadata.labels")
        .and_then(|all| all.get("sidecar.istio.io/inject"))
        .or_else(|| annotation(template, "sidecar.istio.io/inject"));
    if let Some(own) = own {
        return match own.text() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
    }
    let labels = namespace?.at("metadata.labels")?;
    match labels.get("istio-injection").map(NodeRef::text) {
        Some("enabled") => Some(true),
        Some(_) => None,
        None => labels.get("istio.io/rev").is_some().then_some(true),
    }
}

/// How long the proxy of a pod goes on: `terminationDrainDuration` of the pod's own `proxy.istio.io/config`.
pub fn drain(template: NodeRef<'_>) -> Fact<'_, f64> {
    const KEY: &str = "terminationDrainDuration:";
    const CONFIG: &str = "proxy.istio.io/config";
    let Some(config) = annotation(template, CONFIG) else {
        let (place, _) = template.nearest("metadata.annotations");
        return Fact::absent(Spot::missing(place, CONFIG)).or_default(&defaults::TERMINATION_DRAIN);
    };
    let text = config.text();
    if config.is_unknown() || is_filled_in_later(text) {
        return Fact::unknown_at("the settings of the proxy are only known at run time", Spot::value(config));
    }
    // It then goes on for as long as there are connections.
    if text.contains("EXIT_ON_ZERO_ACTIVE_CONNECTIONS") {
        return Fact::unknown_at("it waits until no connection is left", Spot::value(config));
    }
    let Some(at) = text.find(KEY) else {
        return Fact::absent(Spot::value(config)).or_default(&defaults::TERMINATION_DRAIN);
    };
    let rest = text[at + KEY.len()..].lines().next().unwrap_or_default();
    let value = rest.split(['}', ',', '#']).next().unwrap_or_default();
    let spot = Spot::within(config, at..at + KEY.len() + value.trim_end().len());
    Fact::written(value.trim().trim_matches(['"', '\'']), spot).try_map("it is no duration", duration::go)
}

/// Whether the proxy runs as an init container that outlives the others; absent where the pod does not say it.
pub fn native(template: NodeRef<'_>) -> Fact<'_, bool> {
    match annotation(template, "sidecar.istio.io/nativeSidecar") {
        Some(node) => Fact::written(node, Spot::value(node))
            .text()
            .try_map("it is neither true nor false", |text| text.parse().ok()),
        None => Fact::absent(Spot::value(template)),
    }
}

fn annotation<'a>(template: NodeRef<'a>, name: &str) -> Option<NodeRef<'a>> {
    template.at("metadata.annotations")?.get(name)
}
