//! Any object of Kubernetes, whatever its kind: the subject of rules about names, versions and fields.

use super::vocabulary::{KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::Fact;
use crate::lower::kubernetes::made::is_own;
use crate::lower::kubernetes::object::Object;
use crate::render::helm::render::RELEASE;
use crate::source::Role;

/// An object and the unit that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The object.
    pub object: Object<'a>,
    /// Its unit.
    pub unit: u32,
    /// Whether an overlay changes it before it is applied, so that it is not judged as it stands.
    pub overlaid: bool,
}

impl<'a> Entry<'a> {
    /// An object that is not yet in a unit.
    pub fn new(object: Object<'a>) -> Self {
        Self { object, unit: 0, overlaid: false }
    }
}

/// The object as a subject.
pub static OBJECT: KindDef = KindDef {
    kind: Kind::Object,
    name: "object",
    doc: "Any object of Kubernetes.",
    tables: &[
        facts! {
            "name": Ty::Text, "its name" => |m, t| object(m, t).name_fact().into();
            "nameLength": NUMBER, "how many characters its name has at least: the name of a release that nobody named counts as one" => |m, t| name_length(m, t).into();
            "kind": Ty::Text, "its kind" => |m, t| Fact::plain(object(m, t).kind).into();
            "custom": Ty::Bool, "whether its kind is none of Kubernetes' own" => |m, t| Fact::plain(!is_own(&object(m, t))).into();
            "namespace": Ty::Text, "the namespace it goes to, as far as the files say" => |m, t| namespace(m, t.id).into();
            "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(object(m, t).node).into();
        },
        super::api::OF_OBJECT,
        super::fields::OF_OBJECT,
        super::shape::OF_OBJECT,
        super::schedule::OF_OBJECT,
    ],
    all: Some(|m| (0..m.objects.len()).map(|id| Thing::new(Kind::Object, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Unit, m.objects[t.id as usize].unit as usize)),
    node: |m, t| Some(object(m, t).node),
    owners: &[Kind::Unit, Kind::Project],
    schema: &[],
};

/// The object behind a thing of kind object.
pub fn object<'a>(model: &'a Model<'a>, thing: Thing) -> Object<'a> {
    model.objects[thing.id as usize].object
}

fn name_length<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let object = object(model, thing);
    let is_rendered = matches!(model.sources.get(object.node.tree().file).role, Role::Rendered(_));
    object.name_fact().map(|name| {
        let made_up = if is_rendered { name.matches(RELEASE).count() * (RELEASE.len() - 1) } else { 0 };
        (name.chars().count() - made_up) as f64
    })
}

/// The namespace of an object: its own, or the only one that its unit names.
pub fn namespace<'a>(model: &'a Model<'a>, object: u32) -> Fact<'a, &'a str> {
    let entry = &model.objects[object as usize];
    match entry.object.namespace.or(model.units[entry.unit as usize].namespace.as_deref()) {
        Some(namespace) => Fact::plain(namespace),
        None => Fact::nothing(),
    }
}
