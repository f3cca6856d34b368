//! Which version of an API an object asks for, and whether a cluster still serves it.

use super::vocabulary::{FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::api::deprecations::{Deprecation, OLDEST_MAINTAINED, Version, lookup};
use crate::lower::kubernetes::object::Object;

/// The API version of an object.
pub static API: KindDef = KindDef {
    kind: Kind::Api,
    name: "api",
    doc: "The API version and kind that an object asks for.",
    tables: &[facts! {
        "name": Ty::Text, "API version and kind: `batch/v1beta1 CronJob`" => |m, t| {
            let object = object(m, t);
            let name = || Fact::plain(format!("{} {}", object.api_version, object.kind));
            undetermined(object).map_or_else(name, Fact::unknown).into()
        };
        "state": Ty::Text, "`current`, `deprecated`, or `removed` where the target version, or every maintained one if that is not known, no longer serves it" =>
            |m, t| state(m, t).into();
        "product": Ty::Text, "whose releases the versions are: `Kubernetes`, or the project that defines the kind" => |m, t| found(m, t).map_or_else(Fact::nothing, |d| Fact::plain(d.product)).into();
        "deprecatedIn": Ty::Text, "the release that deprecates it" => |m, t| version(found(m, t).and_then(|d| d.deprecated_in)).into();
        "removedIn": Ty::Text, "the first release that no longer serves it" => |m, t| version(found(m, t).and_then(|d| d.removed_in)).into();
        "replacement": Ty::Text, "API version and kind to use instead" => |m, t| {
            let new = found(m, t).and_then(|d| d.replacement);
            new.map_or_else(Fact::nothing, |new| Fact::plain(format!("{} {}", new.api_version, new.kind))).into()
        };
        "target": Ty::Text, "the version of Kubernetes that the files are for, if it is known" => |m, _| version(m.world.kubernetes).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Object, t.id as usize)),
    node: |m, t| object(m, t).node.get("apiVersion"),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What this module knows of an object.
pub static OF_OBJECT: &[FactDef] = facts! {
    "api": Ty::Thing(Kind::Api), "the API version and kind that it asks for" => |m, t| {
        let thing = Thing::part(Kind::Api, t.id, 0);
        match object(m, t).node.get("apiVersion") {
            Some(node) => Fact::written(thing, Spot::value(node)).into(),
            None => Fact::plain(thing).into(),
        }
    };
};

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Object<'a> {
    &model.objects[thing.id as usize].object
}

fn found(model: &Model<'_>, thing: Thing) -> Option<Deprecation> {
    let object = &model.objects[thing.id as usize].object;
    lookup(object.api_version, object.kind)
}

/// Why nobody knows for which version an object asks.
fn undetermined(object: &Object<'_>) -> Option<&'static str> {
    object.version().is_empty().then_some("its API version is not known before it is deployed")
}

fn state<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'static str> {
    if let Some(why) = undetermined(object(model, thing)) {
        return Fact::unknown(why);
    }
    let Some(entry) = found(model, thing) else { return Fact::plain("current") };
    let reached = |version: Option<Version>, by: Version| version.is_some_and(|version| version <= by);
    let state = if entry.product == "Kubernetes" {
        let target = model.world.kubernetes.unwrap_or(OLDEST_MAINTAINED);
        if reached(entry.removed_in, target) {
            "removed"
        } else if reached(entry.deprecated_in, target) {
            "deprecated"
        } else {
            "current"
        }
    } else {
        // Nobody says which version of the product is in use.
        "deprecated"
    };
    Fact::plain(state)
}

fn version<'a>(version: Option<Version>) -> Fact<'a, String> {
    version.map_or_else(Fact::nothing, |(major, minor)| Fact::plain(format!("{major}.{minor}")))
}
