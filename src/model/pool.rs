//! Pools of connections to a datastore: which containers name its Service, and how many connections each may open.
//!
//! A pool is a part of its container by the variable that names the host. A container that names the same datastore twice
//! has one pool: what is counted is never more than what is there.

use rustc_hash::FxHashMap;

use super::container::Container;
use super::existence::{self, Existence, Wanted};
use super::link::{namespace, same_namespace};
use super::value::{Datum, List};
use super::vocabulary::{FactDef, KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing, replicas, rollout, service, volume, workload};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::kubernetes::connections::{self, Mounted};
use crate::lower::kubernetes::datastore;
use crate::lower::kubernetes::pod::Role;
use crate::lower::kubernetes::selector::Match;
use crate::lower::read::is_filled_in_later;
use crate::syntax::tree::NodeRef;

/// The pool as a part of its container.
pub static POOL: KindDef = KindDef {
    kind: Kind::Pool,
    name: "pool",
    doc: "The connections that the processes of a container hold to a datastore.",
    tables: &[facts! {
        "workload": Ty::Thing(Kind::Workload), "the workload that holds it" =>
            |m, t| Fact::plain(Thing::new(Kind::Workload, owner(m, t) as usize)).into();
        "size": NUMBER, "how many connections one process may open" => |m, t| size(m, t).into();
        "perPod": NUMBER, "how many processes a pod runs, each with a pool of its own" => |m, t| per_pod(m, t).into();
        "pods": NUMBER, "how many pods hold it at full scale; those that a rollout adds are counted where they are known" => |m, t| pods(m, t).into();
        "connections": NUMBER, "how many connections it may open at full scale" =>
            |m, t| connections(m, t).into();
        "known": Ty::Bool, "whether its size, its processes and its pods are all known" => |m, t| Fact::plain(connections(m, t).value().is_some()).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| Some(entry(m, t)),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a datastore knows of them.
pub const OF_DATASTORE: &[FactDef] = facts! {
    "connections": NUMBER, "how many connections one server takes from applications; absent where that is not known of its engine" => |m, t| capacity(m, t).into();
    "pools": Ty::List(&Ty::Thing(Kind::Pool)), "the pools of the containers that name its Service; jobs are not among them" => |m, t| {
        let (pools, open) = pools(m, t);
        let items = pools.into_iter().map(|pool| Fact { spots: size(m, pool).spots, ..Fact::plain(Datum::Thing(pool)) });
        Fact::plain(Datum::List(std::rc::Rc::new(List { items: items.collect(), open })))
    };
};

/// Variables that name a host, by unit and by the first part of that name: container and position.
pub type Hosts = FxHashMap<(u32, String), Vec<(u32, u32)>>;

fn hosts<'m>(model: &'m Model<'_>) -> &'m Hosts {
    model.index.hosts.get_or_init(|| {
        let mut hosts = Hosts::default();
        for (id, container) in model.containers.iter().enumerate() {
            let workload = &model.workloads[container.workload as usize];
            if container.role == Role::Init || workload.controller.is_job() {
                continue;
            }
            let unit = model.objects[workload.object as usize].unit;
            for (at, entry) in connections::variables(container.node).enumerate() {
                let Some(endpoint) = connections::named(entry) else { continue };
                let first = endpoint.host.split('.').next().unwrap_or_default();
                hosts.entry((unit, first.to_owned())).or_default().push((id as u32, at as u32));
            }
        }
        hosts
    })
}

fn owner(model: &Model<'_>, thing: Thing) -> u32 {
    model.containers[thing.id as usize].workload
}

fn entry<'a>(model: &'a Model<'a>, pool: Thing) -> NodeRef<'a> {
    let node = model.containers[pool.id as usize].node;
    connections::variables(node).nth(pool.part as usize).unwrap_or(node)
}

fn size<'a>(model: &'a Model<'a>, pool: Thing) -> Fact<'a, f64> {
    let node = model.containers[pool.id as usize].node;
    // A pooler's own settings say how many it opens, and are not read here.
    if super::image::product(model, pool.id)
        .value()
        .is_some_and(|name| POOLERS.iter().any(|known| name.contains(known)))
    {
        return Fact::unknown_at("it shares connections among its own clients", Spot::value(node));
    }
    connections::size(node, entry(model, pool))
}

const POOLERS: [&str; 6] = ["pgbouncer", "pgcat", "pgpool", "odyssey", "supavisor", "proxysql"];

fn per_pod<'a>(model: &'a Model<'a>, pool: Thing) -> Fact<'a, f64> {
    connections::processes(model.containers[pool.id as usize].node)
}

fn pods<'a>(model: &'a Model<'a>, pool: Thing) -> Fact<'a, f64> {
    let high = Thing::part(Kind::Size, owner(model, pool), 1);
    let surge = rollout::surge(model, high).into_value().unwrap_or(0.0);
    replicas::of(model, high).map(|replicas| if replicas == 0.0 { 0.0 } else { replicas + surge })
}

fn connections<'a>(model: &'a Model<'a>, pool: Thing) -> Fact<'a, f64> {
    size(model, pool)
        .with(per_pod(model, pool), |size, processes| size * processes)
        .with(pods(model, pool), |each, pods| each * pods)
}

fn pools(model: &Model<'_>, datastore: Thing) -> (Vec<Thing>, Option<Reason>) {
    let own = owner(model, datastore);
    let mut open = None;
    let mut found: Vec<Thing> = Vec::new();
    for id in &workload::services(model, own).ids {
        let object = model.services[*id as usize].object;
        let of = &model.objects[object as usize];
        for (container, at) in hosts(model).get(&(of.unit, of.object.name.to_owned())).into_iter().flatten() {
            let pool = Thing::part(Kind::Pool, *container, *at as usize);
            let from = &model.workloads[owner(model, pool) as usize];
            let keeps = datastore::engine(&model.containers[*container as usize].start).is_some();
            if owner(model, pool) == own || keeps {
                continue;
            }
            let selected = service::workloads(model, *id);
            let means = match means(model, entry(model, pool), from.object, object) {
                Match::Yes if selected.ids != [own] || selected.open.is_some() => Match::Perhaps,
                means => means,
            };
            match means {
                Match::No => {}
                Match::Perhaps => {
                    open.get_or_insert_with(|| {
                        Reason::new("which server a host means is only known at run time")
                    });
                }
                Match::Yes => found.push(pool),
            }
        }
    }
    // Of several variables the one that says how large the pool is counts, or else the first.
    let says = |pool: &Thing| {
        connections::named(entry(model, *pool)).is_some_and(|endpoint| endpoint.size.is_some())
    };
    found.sort_by_key(|pool| (pool.id, !says(pool), pool.part));
    found.dedup_by_key(|pool| pool.id);
    (found, open)
}

/// Whether a variable of an object means this Service: `db`, `db.prod`, `db.prod.svc.cluster.local`.
fn means(model: &Model<'_>, entry: NodeRef<'_>, from: u32, service: u32) -> Match {
    let Some(endpoint) = connections::named(entry) else { return Match::No };
    let mut parts = endpoint.host.split('.').skip(1);
    match (parts.next(), parts.next()) {
        (None, _) => same_namespace(model, from, service),
        (Some(named), None | Some("svc")) => match namespace(model, service) {
            Some(own) if is_filled_in_later(own) => Match::Perhaps,
            Some(own) if own == named => Match::Yes,
            Some(_) => Match::No,
            None => Match::Perhaps,
        },
        _ => Match::No,
    }
}

fn capacity<'a>(model: &'a Model<'a>, datastore: Thing) -> Fact<'a, f64> {
    let Container { node, start, .. } = &model.containers[datastore.id as usize];
    let Some(engine) = datastore::engine(start) else { return Fact::nothing() };
    let Some(name) = engine.value().map(|engine| engine.name) else { return Fact::nothing() };
    let found = connections::capacity(*node, name, &mounted(model, datastore));
    Fact { confidence: found.confidence.min(engine.confidence), ..found }
}

/// What is mounted into a datastore's container from elsewhere.
fn mounted<'a>(model: &'a Model<'a>, datastore: Thing) -> Mounted<'a> {
    let node = model.containers[datastore.id as usize].node;
    let object = model.workloads[owner(model, datastore) as usize].object;
    let volumes = volume::volumes(model, owner(model, datastore));
    let mut mounted = Mounted::default();
    for mount in node.get("volumeMounts").into_iter().flat_map(NodeRef::items) {
        let text = |key: &str| mount.get(key).map_or("", NodeRef::text);
        let Some(volume) = volumes.iter().find(|volume| volume.name == text("name")) else {
            mounted.hidden.get_or_insert(Spot::value(mount));
            continue;
        };
        match volume.source.word() {
            "configMap" => {
                let name = volume.node.at("configMap.name").map_or("", NodeRef::text);
                let wanted = Wanted { from: object, kind: "ConfigMap", name, namespace: None };
                let data = match existence::seek(model, wanted, str::is_empty) {
                    Existence::Declared(id) => model.objects[id as usize].object.node.get("data"),
                    _ => None,
                };
                match data.filter(|data| !data.walk().any(|node| node.is_unknown())) {
                    Some(data) => mounted.texts.extend(data.children()),
                    None => mounted.hidden = Some(Spot::value(mount)),
                }
            }
            // A password or a certificate is no setting.
            "secret" | "projected" | "csi" | "image"
                if !["secret", "password", "cert", "tls", "ssl"]
                    .iter()
                    .any(|word| text("mountPath").contains(word)) =>
            {
                mounted.hidden.get_or_insert(Spot::value(mount));
            }
            _ => {}
        }
    }
    if node.get("volumeMounts").is_some_and(NodeRef::is_unknown) {
        mounted.hidden = Some(Spot::value(node));
    }
    mounted
}
