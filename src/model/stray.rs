//! Objects in files that the kustomization beside them does not take in, and that no other names: nobody applies them.
//!
//! That a file is one is found where kustomizations are read. A stray has the position of its object, and is not the object: rules
//! about that are silent, because nobody deploys it as it stands.

use super::existence::{self, Wanted};
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::object::Object;
use crate::syntax::tree::NodeRef;

/// The stray as a subject.
pub static STRAY: KindDef = KindDef {
    kind: Kind::Stray,
    name: "stray",
    doc: "An object in a file that the kustomization beside it does not list, though it lists others, and that no other names.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| object(m, t).name_fact().into();
        "kind": Ty::Text, "its kind" => |m, t| Fact::plain(object(m, t).kind).into();
        "file": Ty::Text, "the name of its file" => |m, t| {
            let name = m.sources.path(object(m, t).node.tree().file).file_name();
            Fact::written(name.unwrap_or_default(), Spot::value(object(m, t).node)).into()
        };
        "resources": Ty::Node, "what the kustomization beside it lists" => |m, t| resources(m, t).into();
        "declaredElsewhere": Ty::Bool, "whether another file declares an object of its kind and name" => |m, t| {
            let this = object(m, t);
            let wanted = Wanted { from: t.id, kind: this.kind, name: this.name, namespace: None };
            if let Some(reason) = existence::vague(m, wanted) {
                return Fact::<bool>::unknown(reason.0).into();
            }
            let file = |object: &Object<'_>| object.node.tree().file;
            let mut same = existence::bearers(m, this.kind, this.name).map(|id| &m.objects[id as usize].object);
            Fact::plain(same.any(|other| file(other) != file(&this))).into()
        };
    }],
    all: Some(|m| {
        let is_stray = |id: &usize| m.overlays.beside(m.objects[*id].object.node.tree().file).is_some();
        (0..m.objects.len()).filter(is_stray).map(|id| Thing::new(Kind::Stray, id)).collect()
    }),
    // What is about the object would be silent with it.
    owner: |m, t| Some(Thing::new(Kind::Unit, m.objects[t.id as usize].unit as usize)),
    node: |m, t| Some(object(m, t).node),
    owners: &[Kind::Unit, Kind::Project],
    schema: &[],
};

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> Object<'a> {
    model.objects[thing.id as usize].object
}

fn resources<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, NodeRef<'a>> {
    let kustomization = model.overlays.beside(object(model, thing).node.tree().file);
    // Trees stand in the order of their files.
    let at =
        kustomization.and_then(|file| model.trees.binary_search_by_key(&file.0, |tree| tree.file.0).ok());
    let root = at.and_then(|at| model.trees[at].roots().next());
    match root.and_then(|root| root.get("resources")) {
        Some(list) => Fact::written(list, Spot::value(list)),
        None => Fact::nothing(),
    }
}
