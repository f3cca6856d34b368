//! Settings that their reader cannot read, so that another value counts than the one that stands there.

use super::vocabulary::{KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing, hop};
use crate::fact::{Fact, Spot};
use crate::lower::ingress_nginx::{self, Unread};
use crate::syntax::tree::NodeRef;

/// The setting as a subject: a part of its hop.
pub static UNREAD_SETTING: KindDef = KindDef {
    kind: Kind::UnreadSetting,
    name: "unreadSetting",
    doc: "A time in an annotation that its controller cannot read.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| get(m, t).and_then(|it| it.node.key()).map_or_else(Fact::nothing, Fact::plain).into();
        "text": Ty::Text, "what stands there" => |m, t| get(m, t).map_or_else(Fact::nothing, |it| Fact::written(it.node.text(), Spot::value(it.node))).into();
        "instead": SECONDS, "what counts in its place" => |m, t| get(m, t).map_or_else(Fact::nothing, |it| Fact::plain(if it.instead == 0.0 { f64::INFINITY } else { it.instead })).into();
    }],
    all: Some(|m| {
        let of = |id: usize| {
            let hop = &m.hops[id];
            let nginx = hop.dialect == hop::Dialect::Ingress && hop::is_nginx(m, hop);
            let count = if nginx { ingress_nginx::unread(hop.node).count() } else { 0 };
            (0..count).map(move |at| Thing::part(Kind::UnreadSetting, id as u32, at))
        };
        (0..m.hops.len()).flat_map(of).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Hop, t.id as usize)),
    node: |m, t| node(m, t),
    owners: &[Kind::Hop, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> Option<Unread<'a>> {
    ingress_nginx::unread(model.hops[thing.id as usize].node).nth(thing.part as usize)
}

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    get(model, thing).map(|it| it.node)
}
