//! Whether the host that a DestinationRule names is there, and how many others of its unit are.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Dialect, get, whole};
use crate::fact::{Fact, Spot};
use crate::lower::istio::{self, destination_rule, host};
use crate::model::existence::{self, Existence, Wanted};
use crate::model::{Model, Thing, hop};
use crate::source::Extent;
use crate::syntax::tree::NodeRef;

/// Whether a file declares the host of a DestinationRule; absent for other breakers.
pub(super) fn declared<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let this = get(model, thing);
    let (Some(from), Dialect::Istio(_)) = (this.object, this.dialect) else { return Fact::nothing() };
    let Some(name) = destination_rule::host(whole(model, thing)) else { return Fact::nothing() };
    let unknown = |reason: &'static str| Fact::unknown_at(reason, Spot::value(name));
    if hop::is_hidden(name) {
        return unknown("its host is only known at run time");
    }
    let Some(named) = host::service(name.text()) else {
        return unknown("its host names no Service of Kubernetes");
    };
    if entries(model).contains(name.text()) {
        return Fact::written(true, Spot::value(name));
    }
    let wanted = Wanted { from, kind: "Service", name: named.name, namespace: named.namespace };
    match existence::seek(model, wanted, str::is_empty) {
        Existence::Declared(_) => Fact::written(true, Spot::value(name)),
        Existence::Made => unknown("somebody else makes it"),
        Existence::Perhaps(reason) => Fact::unknown_at(reason.0, Spot::value(name)),
        Existence::No => {
            let unit = model.objects[from as usize].unit;
            match model.units[unit as usize].extent {
                Extent::Whole => Fact::written(false, Spot::value(name)),
                _ => unknown("this unit is deployed with more than is in files here"),
            }
        }
    }
}

/// The hosts that ServiceEntries add to the mesh.
pub fn entries<'m>(model: &'m Model<'_>) -> &'m FxHashSet<String> {
    model.index.service_entries.get_or_init(|| {
        let all = model.objects.iter().filter(|entry| istio::is(&entry.object, "ServiceEntry"));
        let hosts = all.filter_map(|entry| entry.object.node.at("spec.hosts")).flat_map(NodeRef::items);
        hosts.map(|host| host.text().to_owned()).collect()
    })
}

/// How many of the hosts that the DestinationRules of its unit name are declared.
pub(super) fn share<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let index = model.index.hosts_declared.get_or_init(|| {
        let mut index: FxHashMap<u32, (u32, u32)> = FxHashMap::default();
        for (id, breaker) in model.breakers.iter().enumerate() {
            let (Some(object), Dialect::Istio(None)) = (breaker.object, breaker.dialect) else { continue };
            let Some(declared) = declared(model, Thing::new(thing.kind, id)).into_value() else { continue };
            let of = index.entry(model.objects[object as usize].unit).or_default();
            of.0 += u32::from(declared);
            of.1 += 1;
        }
        index
    });
    let unit = get(model, thing).object.map(|object| model.objects[object as usize].unit);
    match unit.and_then(|unit| index.get(&unit)) {
        Some((declared, all)) if *all > 0 => Fact::plain(f64::from(*declared) * 100.0 / f64::from(*all)),
        _ => Fact::nothing(),
    }
}
