//! What only StatefulSets have: a governing Service, an order of starting, a policy for the claims of pods that go.

use super::existence::{self, Existence, Wanted};
use super::service::Service;
use super::vocabulary::{FactDef, Ty, facts};
use super::workload::get;
use super::{Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::pod::Controller;
use crate::lower::kubernetes::selector::{self, Match};
use crate::lower::kubernetes::{defaults, volume};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// What workloads know of it. All of it is absent for anything but a StatefulSet.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "serviceName": Ty::Text, "the Service that gives the pods of a StatefulSet their names" => |m, t| of_set(m, t, |node| read::text(node, "spec.serviceName")).into();
    "governing": Ty::Node, "that Service, if a file of the unit has it; unknown where it may be elsewhere" => |m, t| governing(m, t).into();
    "governingSelects": Ty::Bool, "whether that Service selects the pods" => |m, t| governing_selects(m, t).into();
    "podManagement": Ty::Text, "whether pods start one after the other (`OrderedReady`) or all at once (`Parallel`)" =>
        |m, t| of_set(m, t, |node| read::text(node, "spec.podManagementPolicy").or_default_text(&defaults::POD_MANAGEMENT)).into();
    "claimsWhenScaled": Ty::Text, "what becomes of the claims of pods that a smaller size takes away: `Retain` or `Delete`" =>
        |m, t| of_set(m, t, |node| read::text(node, "spec.persistentVolumeClaimRetentionPolicy.whenScaled").or_default_text(&defaults::CLAIMS_WHEN_SCALED)).into();
    "claimsWhenDeleted": Ty::Text, "what becomes of the claims when the StatefulSet is deleted: `Retain` or `Delete`" =>
        |m, t| of_set(m, t, |node| read::text(node, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted").or_default_text(&defaults::CLAIMS_WHEN_DELETED)).into();
    "namesUnreadyPods": Ty::Bool, "whether a Service gives names to its pods before they are ready" => |m, t| names_unready(m, t).into();
};

fn of_set<'a, T>(
    model: &'a Model<'a>,
    thing: Thing,
    read: impl FnOnce(NodeRef<'a>) -> Fact<'a, T>,
) -> Fact<'a, T> {
    let this = get(model, thing);
    if this.controller == Controller::StatefulSet {
        read(this.node)
    } else {
        Fact::absent(Spot::value(this.node))
    }
}

/// The Service that governs a StatefulSet. A unit that has no Service at all says nothing about where its Services are.
fn governing<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, NodeRef<'a>> {
    let this = get(model, thing);
    let name = of_set(model, thing, |node| read::text(node, "spec.serviceName"));
    let Some(text) = name.value().copied().filter(|text| !text.is_empty()) else {
        return match name.state {
            crate::fact::State::Unknown(reason) => Fact { spots: name.spots, ..Fact::unknown(reason.0) },
            _ => Fact { spots: name.spots, ..Fact::nothing() },
        };
    };
    let wanted = Wanted { from: this.object, kind: "Service", name: text, namespace: None };
    let unit = model.objects[this.object as usize].unit;
    let in_unit = |service: &Service<'_>| model.objects[service.object as usize].unit == unit;
    match existence::seek(model, wanted, str::is_empty) {
        Existence::Declared(id) => {
            let node = model.objects[id as usize].object.node;
            Fact::written(node, Spot::value(node))
        }
        Existence::No | Existence::Made if model.services.iter().any(in_unit) => {
            Fact { spots: name.spots, ..Fact::nothing() }
        }
        _ => Fact { spots: name.spots, ..Fact::unknown("its Service may be elsewhere") },
    }
}

fn governing_selects<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let service = governing(model, thing);
    let labels = get(model, thing).labels();
    let spots = service.spots.clone();
    let Some(node) = service.value() else { return service.map(|_| false) };
    match node.at("spec.selector").filter(|selector| !selector.is_null()) {
        Some(selector) => match selector::selects_map(selector, labels) {
            Match::Yes => Fact::written(true, Spot::value(selector)),
            Match::No => Fact::written(false, Spot::value(selector)),
            Match::Perhaps => Fact::unknown_at("labels are only known at run time", Spot::value(selector)),
        },
        // Without a selector somebody else keeps its endpoints.
        None => Fact { spots, ..Fact::unknown("it has no selector; somebody else keeps its endpoints") },
    }
}

/// Whether any Service over the pods publishes addresses that are not ready.
fn names_unready<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let governing = governing(model, thing);
    if governing.is_unknown() {
        return governing.map(|_| false);
    }
    let services = super::workload::services(model, thing.id);
    let mut answer: Option<Fact<'a, bool>> = None;
    for id in &services.ids {
        let service = model.services[*id as usize].node;
        let publishes =
            read::truth(service, "spec.publishNotReadyAddresses").or_default(&defaults::PUBLISH_NOT_READY);
        let tolerates = service
            .at("metadata.annotations")
            .and_then(|all| all.get("service.alpha.kubernetes.io/tolerate-unready-endpoints"));
        if publishes.is_unknown() || publishes.value() == Some(&true) || tolerates.is_some() {
            return if tolerates.is_some() { Fact::plain(true) } else { publishes };
        }
        answer.get_or_insert(publishes);
    }
    match &services.open {
        Some(reason) => Fact::unknown(reason.0.clone()),
        None => answer.unwrap_or_else(Fact::nothing),
    }
}

/// The position of the volume that a container has mounted at a path, above it, or below it in `base`.
pub fn mount<'a>(model: &'a Model<'a>, container: u32, path: &str, base: &str) -> Fact<'a, usize> {
    let this = &model.containers[container as usize];
    let volumes = super::volume::volumes(model, this.workload);
    let above = volume::mounted_at(this.node, &volumes, path);
    if !above.is_absent() {
        return above;
    }
    // A newer image keeps its files in a folder below the same base; a volume anywhere there is meant for them.
    for node in this.node.get("volumeMounts").into_iter().flat_map(NodeRef::items) {
        let Some(at) = node.get("mountPath").filter(|at| volume::is_within(at.text(), base)) else {
            continue;
        };
        let mounted = volume::mounted_at(this.node, &volumes, at.text());
        let real = mounted.value().is_some_and(|position| {
            !matches!(volumes[*position].source.word(), "configMap" | "secret" | "projected")
        });
        if real || mounted.is_unknown() {
            return mounted;
        }
    }
    above
}
