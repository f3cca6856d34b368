//! A container of a workload or a job.

use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::Fact;
use crate::lower::kubernetes::pod::Role;
use crate::lower::kubernetes::start::Start;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A container.
#[derive(Debug)]
pub struct Container<'a> {
    /// What it is a part of.
    pub workload: u32,
    /// How it belongs to its pod.
    pub role: Role,
    /// Its node.
    pub node: NodeRef<'a>,
    /// How it is started.
    pub start: Start<'a>,
}

/// The container as a subject.
pub static CONTAINER: KindDef = KindDef {
    kind: Kind::Container,
    name: "container",
    doc: "A container of a workload or a job, init containers among them.",
    tables: &[
        facts! {
            "name": Ty::Text, "its name" => |m, t| read::text(get(m, t).node, "name").into();
            "role": Ty::Text, "`main`, `init`, or `sidecar` for an init container that never ends" => |m, t| Fact::plain(match get(m, t).role {
                Role::Main => "main",
                Role::Init => "init",
                Role::Sidecar => "sidecar",
            }).into();
            "manifest": Ty::Node, "its own part of the manifest" => |m, t| Fact::plain(get(m, t).node).into();
        },
        super::job::OF_CONTAINER,
        super::backup::OF_CONTAINER,
        super::probe::OF_CONTAINER,
        super::port::OF_CONTAINER,
        super::image::OF_CONTAINER,
        super::startup::OF_CONTAINER,
        super::allowance::OF_CONTAINER,
        super::runtime::OF_CONTAINER,
        super::variable::OF_CONTAINER,
        super::lifecycle::OF_CONTAINER,
        super::resources::OF_CONTAINER,
        super::service::OF_CONTAINER,
        super::shape::OF_CONTAINER,
    ],
    all: Some(|m| (0..m.containers.len()).map(|id| Thing::new(Kind::Container, id)).collect()),
    owner: |m, t| Some(super::job::runner(m, get(m, t).workload)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Workload, Kind::Job, Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 Pod spec.containers"],
};

/// A container of which only the place is known.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What it is a part of.
    pub workload: u32,
    /// How it belongs to its pod.
    pub role: Role,
    /// Its node.
    pub node: NodeRef<'a>,
}

impl<'a> Found<'a> {
    /// Reads how it is started.
    pub fn read(&self) -> Container<'a> {
        let Self { workload, role, node } = *self;
        Container { workload, role, node, start: Start::of(node) }
    }
}

/// The container behind a thing of kind container.
pub fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Container<'a> {
    &model.containers[thing.id as usize]
}
