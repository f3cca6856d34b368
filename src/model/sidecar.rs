//! The proxy that Istio puts beside the containers of a workload, as far as that is seen from the pod and its namespace.

use super::vocabulary::{FactDef, SECONDS, Ty, facts};
use super::workload::get;
use super::{Model, Thing, existence, link};
use crate::fact::{Fact, Spot};
use crate::lower::istio::{self, sidecar};
use crate::syntax::tree::{NodeKind, NodeRef};

/// What a workload knows of it.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "sidecarDrain": SECONDS, "how long Istio's proxy in its pods goes on after the order to stop; absent where none is put in" => |m, t| drain(m, t).into();
    "sidecarOutlives": Ty::Bool, "whether that proxy stops after the other containers, as an init container that never ends; absent where its pods say nothing of it" =>
        |m, t| sidecar::native(get(m, t).template).into();
};

fn drain<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let this = get(model, thing);
    let namespace = link::namespace(model, this.object).and_then(|name| {
        let found = existence::bearers(model, "Namespace", name).next()?;
        Some(model.objects[found as usize].object.node)
    });
    if sidecar::injected(this.template, namespace) != Some(true) {
        return Fact::absent(Spot::value(this.node));
    }
    let drain = sidecar::drain(this.template);
    if !drain.is_written() && mesh_says(model) {
        return Fact::unknown("the settings of the mesh say it");
    }
    drain
}

/// Whether an installation of Istio sets the time for all pods.
fn mesh_says(model: &Model<'_>) -> bool {
    *model.index.mesh_drains.get_or_init(|| {
        let of_mesh = |entry: &&super::object::Entry<'_>| {
            let object = &entry.object;
            object.kind == "IstioOperator"
                || istio::is(object, "ProxyConfig")
                || (object.kind == "ConfigMap" && object.name.starts_with("istio"))
                || (object.kind == "Istio" && object.group() == "sailoperator.io")
        };
        const KEYS: [&str; 2] = ["terminationDrainDuration", "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"];
        let says = |node: NodeRef<'_>| {
            KEYS.iter().any(|key| {
                node.key() == Some(key) || (node.kind() == NodeKind::Text && node.text().contains(key))
            })
        };
        model.objects.iter().filter(of_mesh).any(|entry| entry.object.node.walk().any(says))
    })
}
