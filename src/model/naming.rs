//! What things are called, for people and machines.

use super::{Model, Thing};
use crate::finding::SubjectName;
use crate::syntax::tree::NodeRef;

/// What a thing is called.
pub fn subject_name(model: &Model<'_>, thing: Thing) -> SubjectName {
    let label = super::messaging::label(model, thing);
    if !label.is_empty() {
        return SubjectName { kind: thing.kind.word().to_owned(), name: label.into_owned(), namespace: None };
    }
    let node = (thing.kind.def().node)(model, thing);
    let object = model.object_of(thing);
    let namespace = object.and_then(|id| {
        let entry = &model.objects[id as usize];
        entry.object.namespace.or(model.units[entry.unit as usize].namespace.as_deref()).map(str::to_owned)
    });
    let own_object = node.filter(|node| node.parent().is_none() || node.get("apiVersion").is_some());
    let (kind, name) = match (own_object, object) {
        (Some(_), Some(id)) => {
            let object = &model.objects[id as usize].object;
            (object.kind.to_owned(), object.name.to_owned())
        }
        (_, id) => {
            let own = node.and_then(|node| node.get("name")).map(|name| name.text().to_owned());
            let key = node.and_then(NodeRef::key).map(str::to_owned);
            let fallback = id.map(|id| model.objects[id as usize].object.name.to_owned());
            (thing.kind.word().to_owned(), own.or(key).or(fallback).unwrap_or_default())
        }
    };
    SubjectName { kind, name, namespace }
}
