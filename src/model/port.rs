//! The ports that a container declares.
//!
//! A declaration opens nothing: a port that is not declared can still be listened on. Only a name needs one.

use super::value::open_things;
use super::vocabulary::{FactDef, KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Confidence, Fact, Reason, State};
use crate::lower::read;
use crate::syntax::tree::{NodeKind, NodeRef};

/// A port as a part of its container.
pub static PORT: KindDef = KindDef {
    kind: Kind::Port,
    name: "port",
    doc: "A port that a container declares.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| of(m, t, |node| read::text(node, "name")).into();
        "number": NUMBER, "its number" => |m, t| of(m, t, |node| read::number(node, "containerPort")).into();
        "protocol": Ty::Text, "`TCP`, `UDP` or `SCTP`" => |m, t| of(m, t, |node| match read::text(node, "protocol") {
            // core/v1 `ContainerPort.protocol`: "Defaults to "TCP"."
            protocol if protocol.is_absent() => Fact { state: State::Default("TCP"), spots: protocol.spots, confidence: Confidence::High },
            protocol => protocol,
        }).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| node(m, t),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a container knows of its ports.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "ports": Ty::List(&Ty::Thing(Kind::Port)), "the ports that it declares" => |m, t| {
        let found = ports(m, t.id);
        let open = found.vague.then(|| Reason::new("its ports are only known at run time"));
        open_things((0..found.nodes.len()).map(|part| Thing::part(Kind::Port, t.id, part)), open)
    };
};

/// The declared ports of a container.
pub struct Ports<'a> {
    /// Their nodes, in order.
    pub nodes: Vec<NodeRef<'a>>,
    /// There may be more, or others.
    pub vague: bool,
}

/// The ports that a container declares.
pub fn ports<'a>(model: &'a Model<'a>, container: u32) -> Ports<'a> {
    let list = model.containers[container as usize].node.get("ports");
    let nodes: Vec<_> = list.into_iter().flat_map(NodeRef::items).collect();
    let vague = list.is_some_and(|list| list.kind() == NodeKind::Unknown)
        || nodes.iter().any(|node| node.is_unknown());
    Ports { nodes, vague }
}

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    ports(model, thing.id).nodes.get(thing.part as usize).copied()
}

fn of<'a, T>(model: &'a Model<'a>, thing: Thing, f: impl FnOnce(NodeRef<'a>) -> Fact<'a, T>) -> Fact<'a, T> {
    node(model, thing).map_or_else(Fact::nothing, f)
}
