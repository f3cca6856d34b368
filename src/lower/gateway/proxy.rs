//! The EnvoyProxy of Envoy Gateway: how long the proxies that it describes drain.
//!
//! A container beside the proxy asks it to drain and waits: until nobody is connected, but never shorter than the least time and
//! never longer than the timeout (`Shutdown` in envoyproxy/gateway, internal/cmd/envoy).

use crate::fact::{Default, Fact, Spot};
use crate::lower::call::go;
use crate::lower::kubernetes::object::Object;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

const WHOSE: &str = "Envoy Gateway";

/// gateway.envoyproxy.io/v1alpha1 `ShutdownConfig.drainTimeout`: "If unspecified, defaults to 60 seconds."
static DRAIN: Default<f64> = Default::of(WHOSE, "drainTimeout", 60.0, "60 s");
/// The same, `minDrainDuration`: "If unspecified, defaults to 10 seconds."
static LEAST: Default<f64> = Default::of(WHOSE, "minDrainDuration", 10.0, "10 s");
/// `expectedTerminationGracePeriodSeconds`: "5 minutes longer than drain timeout".
const MORE: f64 = 300.0;

/// Whether an object describes proxies.
pub fn is_proxy(object: &Object<'_>) -> bool {
    object.group() == "gateway.envoyproxy.io" && object.kind == "EnvoyProxy"
}

/// When the wait ends, whoever is still connected.
pub fn drain(object: NodeRef<'_>) -> Fact<'_, f64> {
    setting(object, "spec.shutdown.drainTimeout", &DRAIN)
}

/// How long it waits at least.
pub fn least(object: NodeRef<'_>) -> Fact<'_, f64> {
    setting(object, "spec.shutdown.minDrainDuration", &LEAST)
}

/// What an EnvoyProxy that is merged does not say, another one may.
fn setting<'a>(object: NodeRef<'a>, path: &'static str, default: &'static Default<f64>) -> Fact<'a, f64> {
    let said = go(object, path, false);
    let merges = object.at("spec.mergeType").filter(|merge| !merge.is_null());
    match merges {
        Some(merge) if said.is_absent() => {
            Fact::unknown_at("another EnvoyProxy that it is merged with may say it", Spot::value(merge))
        }
        _ => said.or_default(default),
    }
}

/// How long a pod has: what a patch says, or else more than it drains.
pub fn grace(object: NodeRef<'_>) -> Fact<'_, f64> {
    const PATCHED: [&str; 2] = [
        "spec.provider.kubernetes.envoyDeployment.patch.value.spec.template.spec.terminationGracePeriodSeconds",
        "spec.provider.kubernetes.envoyDaemonSet.patch.value.spec.template.spec.terminationGracePeriodSeconds",
    ];
    let mut patched = PATCHED.into_iter().map(|path| read::number(object, path));
    patched.find(|fact| !fact.is_absent()).unwrap_or_else(|| drain(object).map(|drain| drain + MORE))
}
