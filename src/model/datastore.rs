//! Containers that keep data: databases, stores of consensus, brokers.
//!
//! A datastore has the position of its container. What it is, is known by its image; operators' own kinds are not these.

use super::stateful::mount;
use super::value::open_things;
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, State};
use crate::lower::kubernetes::datastore::{self, Engine};
use crate::lower::kubernetes::pod::Role;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// The datastore as a subject.
pub static DATASTORE: KindDef = KindDef {
    kind: Kind::Datastore,
    name: "datastore",
    doc: "A container that keeps data, known by its image: PostgreSQL, MySQL, MongoDB, etcd, Kafka and others.",
    tables: &[
        super::pool::OF_DATASTORE,
        facts! {
            "name": Ty::Text, "the name of its container" => |m, t| read::text(node(m, t), "name").into();
            "engine": Ty::Text, "what it runs: `PostgreSQL`, `etcd`" => |m, t| engine(m, t).map(|engine| engine.name).into();
            "durable": Ty::Bool, "whether it promises to keep what it was told; a cache or a broker need not" => |m, t| engine(m, t).map(|engine| engine.durable).into();
            "clustered": Ty::Bool, "whether its members know each other and a majority of them must agree; absent where nothing says so" => |m, t| clustered(m, t).into();
            "dataDirectory": Ty::Text, "where it keeps its files" => |m, t| engine(m, t).into_value().map_or(Fact::nothing(), |engine| datastore::directory(node(m, t), engine)).into();
            "storage": Ty::Text, "what its files lie on: `container` for its own file system, or the kind of a volume: `claim`, `claimTemplate`, `emptyDir`, `hostPath`" => |m, t| storage(m, t).into();
            "unsafeSettings": Ty::List(&Ty::Text), "settings by which it gives up what it promises: `fsync=off`" => |m, t| {
                super::value::list(engine(m, t).into_value().map_or(Vec::new(), |engine| datastore::unsafe_settings(node(m, t), engine)))
            };
            "volume": Ty::Thing(Kind::Volume), "the volume that its files lie on" => |m, t| volume(m, t).into();
            "low": Ty::Thing(Kind::Size), "its workload at its smallest size" => |m, t| Fact::plain(Thing::part(Kind::Size, owner(m, t), 0)).into();
            "high": Ty::Thing(Kind::Size), "its workload at its largest size" => |m, t| Fact::plain(Thing::part(Kind::Size, owner(m, t), 1)).into();
            "budgets": Ty::List(&Ty::Thing(Kind::Budget)), "the PodDisruptionBudgets that select its pods" => |m, t| {
                let found = super::workload::budgets(m, owner(m, t));
                open_things(found.ids.iter().map(|id| Thing::new(Kind::Budget, *id as usize)), found.open.clone())
            };
            "manifest": Ty::Node, "its container's part of the manifest" => |m, t| Fact::plain(node(m, t)).into();
        },
    ],
    all: Some(|m| {
        let keeps = |id: &usize| {
            let container = &m.containers[*id];
            container.role == Role::Main
                && !m.workloads[container.workload as usize].controller.is_job()
                && datastore::engine(&container.start).is_some()
        };
        (0..m.containers.len()).filter(keeps).map(|id| Thing::new(Kind::Datastore, id)).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| Some(node(m, t)),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 Pod spec.containers"],
};

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    model.containers[thing.id as usize].node
}

fn owner(model: &Model<'_>, thing: Thing) -> u32 {
    model.containers[thing.id as usize].workload
}

fn engine<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'static Engine> {
    datastore::engine(&model.containers[thing.id as usize].start).unwrap_or_else(Fact::nothing)
}

fn clustered<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    match engine(model, thing) {
        Fact { state: State::Written(engine), confidence, .. } if engine.votes => {
            let fact = datastore::is_clustered(node(model, thing), engine);
            Fact { confidence: confidence.min(fact.confidence), ..fact }
        }
        fact => fact.map(|_| false),
    }
}

/// The volume under a datastore's files, if there is one.
fn volume<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    let engine = engine(model, thing);
    let confidence = engine.confidence;
    let Some(engine) = engine.into_value() else { return Fact::nothing() };
    let directory = datastore::directory(node(model, thing), engine);
    let Some(path) = directory.value() else {
        return Fact {
            state: State::Unknown(crate::fact::Reason::new("where its files are is only known at run time")),
            spots: directory.spots,
            confidence,
        };
    };
    let found = mount(model, thing.id, path, datastore::base(engine, path));
    Fact { confidence, ..found.map(|at| Thing::part(Kind::Volume, owner(model, thing), at)) }
}

fn storage<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    let Fact { state, spots, confidence } = volume(model, thing);
    let state = match state {
        State::Written(volume) | State::Default(volume) => {
            let volumes = super::volume::volumes(model, volume.id);
            return match volumes.get(volume.part as usize) {
                Some(volume) => Fact {
                    confidence,
                    ..Fact::written(volume.source.word(), crate::fact::Spot::value(volume.node))
                },
                None => Fact::unknown("its volume is in no list of its pod"),
            };
        }
        State::Absent => State::Written("container"),
        State::Unknown(reason) => State::Unknown(reason),
    };
    Fact { state, spots, confidence }
}
