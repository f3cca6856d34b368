//! The environment variables that a container's manifest lists.

use super::value::{Datum, List, Val};
use super::vocabulary::{FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::read;
use crate::syntax::tree::{NodeKind, NodeRef};

/// A variable as a part of its container.
pub static VARIABLE: KindDef = KindDef {
    kind: Kind::Variable,
    name: "variable",
    doc: "An environment variable that a container's manifest lists.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| of(m, t, |node| read::text(node, "name")).into();
        "value": Ty::Text, "its value; unknown where a Secret, a ConfigMap or a field gives it" => |m, t| value(m, t).into();
        "host": Ty::Text, "the host of the URL that is its value" => |m, t| host(m, t).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| node(m, t),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a container knows of its variables.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "env": Ty::List(&Ty::Thing(Kind::Variable)), "the environment variables that it lists" => |m, t| variables(m, t.id);
};

fn variables<'a>(model: &'a Model<'a>, container: u32) -> Val<'a> {
    let node = model.containers[container as usize].node;
    let list = node.get("env");
    let count = list.into_iter().flat_map(NodeRef::items).count();
    let things =
        (0..count).map(|part| Fact::plain(Datum::Thing(Thing::part(Kind::Variable, container, part))));
    let more = if list.is_some_and(|list| list.kind() == NodeKind::Unknown) {
        Some(Reason::new("its variables are only known at run time"))
    } else {
        node.get("envFrom")
            .filter(|from| !from.is_null())
            .map(|_| Reason::new("`envFrom` brings more variables"))
    };
    Fact::plain(Datum::List(std::rc::Rc::new(List { items: things.collect(), open: more })))
}

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    let list = model.containers[thing.id as usize].node.get("env");
    list.into_iter().flat_map(NodeRef::items).nth(thing.part as usize)
}

fn of<'a, T>(model: &'a Model<'a>, thing: Thing, f: impl FnOnce(NodeRef<'a>) -> Fact<'a, T>) -> Fact<'a, T> {
    node(model, thing).map_or_else(Fact::nothing, f)
}

fn value<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    of(model, thing, |node| match node.get("valueFrom") {
        Some(from) if !from.is_null() => Fact::unknown_at("its value stands elsewhere", Spot::value(from)),
        _ => read::text(node, "value"),
    })
}

/// `api.example.com` of `https://user@api.example.com:8443/v1`.
fn host<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    let value = value(model, thing);
    let host = value.value().and_then(|text| {
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = host.split(':').next().unwrap_or(host);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        (scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+')
            && !host.is_empty()
            && host.chars().all(plain))
        .then_some(host)
    });
    match host {
        Some(host) => value.map(|_| host),
        None if value.is_unknown() => value,
        None => Fact { state: crate::fact::State::Absent, spots: value.spots, confidence: value.confidence },
    }
}
