//! How containers start and stop: the hook before the stop, the drain, the grace; and what a start line says beside that.

use std::rc::Rc;

use super::container::{self, Container};
use super::value::{Datum, Val};
use super::vocabulary::{FactDef, KindDef, SECONDS, Ty, facts};
use super::workload::get;
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot, State};
use crate::lower::kubernetes::lifecycle::{self, PreStop};
use crate::lower::kubernetes::{defaults, server};
use crate::lower::read;
use crate::measure::migration::{self, Migration};
use crate::syntax::tree::NodeRef;

/// What a workload knows of its end.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "grace": SECONDS, "the time between the order to stop and the kill, hooks before the stop included" => |m, t| {
        let this = get(m, t);
        let grace = read::number(this.template, "spec.terminationGracePeriodSeconds");
        grace.or_default(&defaults::GRACE).into()
    };
};

/// What a container knows of its start and its end.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "preStop": Ty::Thing(Kind::Hook), "the hook that runs before it is told to stop" =>
        |m, t| lifecycle::pre_stop(node(m, t)).map(|_| Thing::new(Kind::Hook, t.id as usize)).into();
    "drain": SECONDS, "how long its server says that it finishes requests after SIGTERM" => |m, t| server::drain(&container::get(m, t).start).into();
    "javaProperties": Ty::Map(&Ty::Text), "the system properties (`-Dname=value`) that its JVM is started with" => |m, t| java_properties(m, t);
    "migration": Ty::Text, "the schema migration that it runs, such as `alembic upgrade`" =>
        |m, t| migration(m, t).map(|found| found.name).into();
    "migrationWaits": Ty::Bool, "whether that migration waits for another one that runs at the same time" =>
        |m, t| migration(m, t).map(|found| found.locks).into();
};

/// The hook before the stop of a container.
pub static HOOK: KindDef = KindDef {
    kind: Kind::Hook,
    name: "hook",
    doc: "The hook that runs before a container is told to stop.",
    tables: &[facts! {
        "kind": Ty::Text, "`sleep`, `exec`, `httpGet` or `tcpSocket`" => |m, t| with(m, t, |hook| hook.kind());
        "lasts": SECONDS, "how long it waits; unknown if it does anything else than wait" => |m, t| with(m, t, |hook| hook.lasts());
        "program": Ty::Text, "the program that it runs first, which the image must have" => |m, t| with(m, t, |hook| hook.program());
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| with(m, t, |hook| Fact::written(hook.node, Spot::key(hook.node)));
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| lifecycle::pre_stop(node(m, t)).into_value().map(|hook| hook.node),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn node<'a>(model: &'a Model<'a>, container: Thing) -> NodeRef<'a> {
    container::get(model, container).node
}

fn with<'a, T: super::value::IntoDatum<'a>>(
    model: &'a Model<'a>,
    thing: Thing,
    ask: impl FnOnce(&PreStop<'a>) -> Fact<'a, T>,
) -> Val<'a> {
    let hook = lifecycle::pre_stop(node(model, thing));
    match (hook.value(), &hook.state) {
        (Some(found), _) => ask(found).into(),
        (None, State::Unknown(reason)) => super::value::unknown(reason.clone(), hook.spots),
        _ => Fact { state: State::Absent, spots: hook.spots, confidence: hook.confidence },
    }
}

fn java_properties<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    lifecycle::java_properties(&container::get(model, thing).start).map(|found| {
        Datum::Map(Rc::new(found.into_iter().map(|(name, value)| (name, value.into())).collect()))
    })
}

fn migration<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Migration> {
    let Container { node: container, start, .. } = container::get(model, thing);
    if let Some(hidden) = start.hidden() {
        return Fact::unknown_at("a part of the command is only known at run time", Spot::value(hidden));
    }
    match start.ask(migration::of) {
        None => Fact::absent(Spot::value(*container)),
        Some(found) => {
            let spot = start.spot(&found.place).unwrap_or_else(|| Spot::value(*container));
            Fact::written(found, spot)
        }
    }
}
