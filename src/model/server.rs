//! Servers: what answers requests in the end, in a container or a service of Compose, as far as it says something of itself.
//!
//! The same thing is the last hop of a path; here it is looked at for its own sake, whether or not anything leads to it.

use super::hop::{self, Server};
use super::messaging;
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::Fact;
use crate::lower::kubernetes::pod::Role;
use crate::lower::kubernetes::{defaults, lifecycle, server};
use crate::lower::messaging::{Link, Name};
use crate::lower::read;

/// The server as a subject; its position is that of its container, and after these of its service of Compose.
pub static SERVER: KindDef = KindDef {
    kind: Kind::Server,
    name: "server",
    doc: "What answers requests: the program in a container that is no job's, or in a service of Compose.",
    tables: &[facts! {
        "name": Ty::Text, "the name of its workload, or of its service" => |m, t| hop::name(m, as_hop(m, t)).into();
        "by": Ty::Text, "which program it is: `gunicorn`, `uvicorn`, `Puma`, `Node.js` …" => |m, t| server::name(&of(m, t).start(m)).map_or_else(Fact::nothing, Fact::plain).into();
        "timeout": SECONDS, "how long it lets one request run" => |m, t| server::limit(&of(m, t).start(m)).into();
        "keepAlive": SECONDS, "how long it keeps a connection on which nothing is asked" => |m, t| server::keep_alive(&of(m, t).start(m)).into();
        "concurrency": NUMBER, "how many requests it works on at once; absent where it takes any number, or that is not known" => |m, t| server::concurrency(&of(m, t).start(m)).into();
        "drain": SECONDS, "how long it says that it finishes requests after SIGTERM" => |m, t| server::drain(&of(m, t).start(m)).into();
        "proxyDrain": SECONDS, "how long it says that it takes to close its connections once it is asked to drain, which SIGTERM does not ask of Envoy" => |m, t| server::proxy_drain(&of(m, t).start(m)).into();
        "parentShutdown": SECONDS, "how long it says that its old process lives on after a hot restart" => |m, t| server::parent_shutdown(&of(m, t).start(m)).into();
        "task": SECONDS, "how long it lets one task run, as a worker that finishes what it has begun when it is told to stop; absent where it is none, or says nothing" => |m, t| server::task(&of(m, t).start(m)).into();
        "queue": Ty::Thing(Kind::Queue), "the queue of SQS that it reads, as a worker that leaves it to the queue when a message comes back; unknown where no file declares it" => |m, t| queue(m, t).into();
        "grace": SECONDS, "how long it has between SIGTERM and the kill" => |m, t| grace(m, t).into();
        "hook": SECONDS, "how long the hook before its stop takes of the time that it has; absent where there is none" => |m, t| hook(m, t).into();
    }],
    all: Some(|m| {
        let answers = |id: &usize| {
            let container = &m.containers[*id];
            container.role != Role::Init && !m.workloads[container.workload as usize].controller.is_job()
        };
        let first = m.containers.len();
        (0..first)
            .filter(answers)
            .chain(first..first + m.composed.len())
            .map(|id| Thing::new(Kind::Server, id))
            .collect()
    }),
    owner: |m, t| match of(m, t) {
        Server::Container(id) => Some(Thing::new(Kind::Container, id as usize)),
        Server::Compose(_) => Some(Thing::new(Kind::Project, 0)),
    },
    node: |m, t| hop::node(m, as_hop(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn of(model: &Model<'_>, thing: Thing) -> Server {
    let containers = model.containers.len() as u32;
    if thing.id < containers { Server::Container(thing.id) } else { Server::Compose(thing.id - containers) }
}

fn as_hop(model: &Model<'_>, thing: Thing) -> Thing {
    Thing::new(Kind::Hop, model.hops.len() + thing.id as usize)
}

/// How many requests the server in a container works on at once.
pub fn concurrency<'a>(model: &'a Model<'a>, container: u32) -> Fact<'a, f64> {
    server::concurrency(&Server::Container(container).start(model))
}

/// A worker knows a queue by its name alone.
fn queue<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    let name = server::queue(&of(model, thing).start(model));
    messaging::target(model, &name.map(|name| Link::Named(Name::known(name))), u32::MAX, Kind::Queue)
}

fn hook<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    match of(model, thing) {
        Server::Compose(_) => Fact::nothing(),
        Server::Container(id) => {
            let hook = lifecycle::pre_stop(model.containers[id as usize].node);
            match hook.value() {
                Some(hook) => hook.lasts(),
                None => hook.map(|_| 0.0),
            }
        }
    }
}

/// The hook before the stop runs in the time that a pod has.
fn grace<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let id = match of(model, thing) {
        Server::Compose(id) => return model.composed[id as usize].grace(),
        Server::Container(id) => id,
    };
    let workload = &model.workloads[model.containers[id as usize].workload as usize];
    let whole =
        read::number(workload.template, "spec.terminationGracePeriodSeconds").or_default(&defaults::GRACE);
    match hook(model, thing) {
        none if none.is_absent() => whole,
        hook => whole.with(hook, |whole, hook| whole - hook),
    }
}
