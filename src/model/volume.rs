//! Volumes of pods, the claims behind them, and the classes that make their disks.
//!
//! A volume is a part of a workload or a job by its position among that pod's volumes. Its claim is the same position seen
//! from the other side: a claim by name, once found, or the template that makes one for each pod.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::job::runner;
use super::link::same_namespace;
use super::value::{list, open_things, things};
use super::vocabulary::{BYTES, FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::selector::Match;
use crate::lower::kubernetes::volume::{self, Source, Volume};
use crate::lower::read;
use crate::measure::quantity;
use crate::syntax::tree::NodeRef;

/// What workloads and jobs know of their volumes.
pub static OF_POD: &[FactDef] = facts! {
    "volumes": Ty::List(&Ty::Thing(Kind::Volume)), "the volumes of its pods, those of claim templates among them" => |m, t| {
        things((0..volumes(m, t.id).len()).map(|at| Thing::part(Kind::Volume, t.id, at)))
    };
};

/// The volume as a part of a workload or a job.
pub static VOLUME: KindDef = KindDef {
    kind: Kind::Volume,
    name: "volume",
    doc: "A volume of a pod.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| name(get(m, t)).into();
        "kind": Ty::Text, "what it is made of: `claim`, `claimTemplate`, `ephemeralClaim`, or the name of its field, such as `emptyDir`" =>
            |m, t| get(m, t).map_or(Fact::nothing(), |volume| Fact::written(volume.source.word(), Spot::value(volume.node))).into();
        "claim": Ty::Thing(Kind::Claim), "the claim behind it; unknown where no file has it" => |m, t| claim(m, t).into();
        "medium": Ty::Text, "where an `emptyDir` keeps its files: `Memory`, `HugePages`; absent for the node's disk" => |m, t| of_node(m, t, |node| read::text(node, "emptyDir.medium")).into();
        "size": BYTES, "the most that an `emptyDir` may hold" => |m, t| {
            of_node(m, t, |node| read::text(node, "emptyDir.sizeLimit")).try_map("it is no quantity", quantity::parse).into()
        };
        "paths": Ty::List(&Ty::Text), "where containers mount it" => |m, t| list(paths(m, t));
        "readOnly": Ty::Bool, "whether every container mounts it read-only" => |m, t| read_only(m, t).into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| get(m, t).map_or(Fact::nothing(), |volume| Fact::plain(volume.node)).into();
    }],
    all: None,
    owner: |m, t| Some(runner(m, t.id)),
    node: |m, t| get(m, t).map(|volume| volume.node),
    owners: &[Kind::Workload, Kind::Job, Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 Pod spec.volumes"],
};

fn of_node<'a, T>(
    model: &'a Model<'a>,
    thing: Thing,
    f: impl FnOnce(NodeRef<'a>) -> Fact<'a, T>,
) -> Fact<'a, T> {
    get(model, thing).map_or_else(Fact::nothing, |volume| f(volume.node))
}

fn paths<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<Fact<'a, &'a str>> {
    let name = get(model, thing).map_or("", |volume| volume.name);
    let containers = model.workloads[thing.id as usize].containers.clone();
    let lists = containers.filter_map(|id| model.containers[id as usize].node.get("volumeMounts"));
    lists
        .flat_map(NodeRef::items)
        .filter(|mount| mount.get("name").is_some_and(|own| !name.is_empty() && own.text() == name))
        .filter_map(|mount| mount.get("mountPath"))
        .map(|path| Fact::written(path, Spot::value(path)).text())
        .collect()
}

/// The claim as the other side of a volume.
pub static CLAIM: KindDef = KindDef {
    kind: Kind::Claim,
    name: "claim",
    doc: "A PersistentVolumeClaim behind a volume, or the template that makes one for each pod.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| claim_node(m, t).map_or(Fact::nothing(), |node| read::text(node, "metadata.name")).into();
        "accessModes": Ty::List(&Ty::Text), "from how many nodes or pods it may be used at once" => |m, t| access_modes(m, t);
        "class": Ty::Thing(Kind::StorageClass), "its StorageClass; unknown where no file has it" => |m, t| class(m, t).into();
        "size": BYTES, "how much room it asks for" => |m, t| {
            let size = claim_node(m, t).map_or(Fact::nothing(), |node| read::text(node, "spec.resources.requests.storage"));
            size.try_map("it is not a quantity", quantity::parse).into()
        };
        "mountedBy": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads whose pods use it" => |m, t| {
            let claim = named(m, t);
            let by = claim.map_or(vec![t.id], |object| mounted_by(m, object));
            let unit = claim.map(|object| m.objects[object as usize].unit);
            let vague = unit.is_some_and(|unit| m.storage.users(m).vague.contains(&unit));
            let open = vague.then(|| Reason::new("which claim another pod uses is only known at run time"));
            open_things(by.into_iter().map(|id| runner(m, id)).filter(|thing| thing.kind == Kind::Workload), open)
        };
        "manifest": Ty::Node, "the whole claim, by Kubernetes' own field names" => |m, t| claim_node(m, t).map_or(Fact::nothing(), Fact::plain).into();
    }],
    all: None,
    owner: |m, t| Some(runner(m, t.id)),
    node: claim_node,
    owners: &[Kind::Workload, Kind::Job, Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 PersistentVolumeClaim"],
};

/// The StorageClass as a subject.
pub static STORAGE_CLASS: KindDef = KindDef {
    kind: Kind::StorageClass,
    name: "storageClass",
    doc: "A StorageClass: how disks are made.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[t.id as usize].object.name_fact().into();
        "provisioner": Ty::Text, "who makes its disks" => |m, t| read::text(object(m, t), "provisioner").into();
        "zonal": Ty::Bool, "whether its disks live in one zone; unknown for provisioners that are not in the table" => |m, t| volume::zonal(object(m, t)).into();
        "binding": Ty::Text, "when a disk is made: `Immediate`, or `WaitForFirstConsumer`" => |m, t| read::text(object(m, t), "volumeBindingMode").or_default_text(&defaults::BINDING_MODE).into();
        "expansion": Ty::Bool, "whether its disks may grow" => |m, t| read::truth(object(m, t), "allowVolumeExpansion").or_default(&defaults::EXPANSION).into();
        "reclaim": Ty::Text, "what becomes of a disk whose claim is deleted" => |m, t| read::text(object(m, t), "reclaimPolicy").or_default_text(&defaults::RECLAIM_POLICY).into();
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(object(m, t)).into();
    }],
    all: Some(|m| {
        let mut all: Vec<u32> = m.storage.classes(m).values().flatten().copied().collect();
        all.sort_unstable();
        all.into_iter().map(|id| Thing::new(Kind::StorageClass, id as usize)).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Object, t.id as usize)),
    node: |m, t| Some(object(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["storage.k8s.io/v1 StorageClass"],
};

type ByName = FxHashMap<String, Vec<u32>>;

/// Objects of storage by name, and who uses them; each built at first use.
#[derive(Debug, Default)]
pub struct Storage {
    claims: OnceLock<ByName>,
    classes: OnceLock<ByName>,
    users: OnceLock<Users>,
}

/// The workloads that name claims.
#[derive(Debug, Default)]
struct Users {
    by_claim: FxHashMap<u32, Vec<u32>>,
    /// Units with a workload that names a claim which is only known at run time.
    vague: FxHashSet<u32>,
}

impl Storage {
    fn by_name(model: &Model<'_>, group: &str, kind: &str) -> ByName {
        let mut found: ByName = FxHashMap::default();
        for (id, entry) in model.objects.iter().enumerate() {
            if entry.object.kind == kind && entry.object.group() == group && !entry.object.name.is_empty() {
                found.entry(entry.object.name.to_owned()).or_default().push(id as u32);
            }
        }
        found
    }

    fn claims(&self, model: &Model<'_>) -> &ByName {
        self.claims.get_or_init(|| Self::by_name(model, "", "PersistentVolumeClaim"))
    }

    fn classes(&self, model: &Model<'_>) -> &ByName {
        self.classes.get_or_init(|| Self::by_name(model, "storage.k8s.io", "StorageClass"))
    }

    fn users<'a>(&self, model: &'a Model<'a>) -> &Users {
        self.users.get_or_init(|| {
            let mut users = Users::default();
            for id in 0..model.workloads.len() as u32 {
                for (at, volume) in volumes(model, id).iter().enumerate() {
                    if let Some(claim) = named(model, Thing::part(Kind::Claim, id, at)) {
                        users.by_claim.entry(claim).or_default().push(id);
                    } else if matches!(volume.source, Source::Claim(name) if is_hidden(name)) {
                        let object = model.workloads[id as usize].object;
                        users.vague.insert(model.objects[object as usize].unit);
                    }
                }
            }
            users
        })
    }
}

/// The volumes of an entry of the list of workloads.
pub fn volumes<'a>(model: &'a Model<'a>, workload: u32) -> Vec<Volume<'a>> {
    let this = &model.workloads[workload as usize];
    volume::volumes(this.node, this.template)
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> Option<Volume<'a>> {
    volumes(model, thing.id).get(thing.part as usize).copied()
}

fn name<'a>(volume: Option<Volume<'a>>) -> Fact<'a, &'a str> {
    match volume {
        Some(Volume { source: Source::Template(node), .. }) => read::text(node, "metadata.name"),
        Some(Volume { node, .. }) => read::text(node, "name"),
        None => Fact::nothing(),
    }
}

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    model.objects[thing.id as usize].object.node
}

fn claim<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    let Some(volume) = get(model, thing) else { return Fact::nothing() };
    let claim = Thing::part(Kind::Claim, thing.id, thing.part as usize);
    match volume.source {
        Source::Template(node) | Source::Ephemeral(node) => Fact::written(claim, Spot::value(node)),
        Source::Claim(name) => match named(model, claim) {
            Some(_) => Fact::written(claim, Spot::value(name)),
            None => Fact::unknown_at("no file has this claim", Spot::value(name)),
        },
        Source::Other(_) => Fact::absent(Spot::value(volume.node)),
    }
}

/// The object of a claim by name.
fn is_hidden(name: NodeRef<'_>) -> bool {
    name.is_unknown() || read::is_filled_in_later(name.text())
}

fn named<'a>(model: &'a Model<'a>, claim: Thing) -> Option<u32> {
    let Source::Claim(name) = get(model, claim)?.source else { return None };
    if is_hidden(name) {
        return None;
    }
    let user = model.workloads[claim.id as usize].object;
    let unit = model.objects[user as usize].unit;
    let here =
        |id: &u32| model.objects[*id as usize].unit == unit && same_namespace(model, user, *id) == Match::Yes;
    model.storage.claims(model).get(name.text())?.iter().copied().find(here)
}

fn claim_node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    match get(model, thing)?.source {
        Source::Template(node) | Source::Ephemeral(node) => Some(node),
        Source::Claim(_) => named(model, thing).map(|id| model.objects[id as usize].object.node),
        Source::Other(_) => None,
    }
}

fn mounted_by<'a>(model: &'a Model<'a>, claim: u32) -> Vec<u32> {
    let mut users = model.storage.users(model).by_claim.get(&claim).cloned().unwrap_or_default();
    users.dedup();
    users
}

fn access_modes<'a>(model: &'a Model<'a>, thing: Thing) -> super::value::Val<'a> {
    let Some(node) = claim_node(model, thing) else { return Fact::<&str>::nothing().into() };
    let modes = read::node(node, "spec.accessModes");
    let Some(written) = modes.value().copied() else { return modes.map(|node| node.text()).into() };
    let items = written.items().map(|item| Fact::written(item, Spot::value(item)).unless_hidden().text());
    let mut value = list(items.collect::<Vec<_>>());
    value.spots = modes.spots;
    value
}

/// The class that a claim names: of its own unit, or else the only one of that name anywhere.
fn class<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    let Some(node) = claim_node(model, thing) else { return Fact::nothing() };
    let name = read::text(node, "spec.storageClassName");
    let Fact { state, spots, confidence } = name;
    let user = model.workloads[thing.id as usize].object;
    let unit = model.objects[user as usize].unit;
    let state = match state {
        State::Written(name) | State::Default(name) => {
            let all = model.storage.classes(model).get(name).map_or(&[][..], Vec::as_slice);
            let own = all.iter().find(|id| model.objects[**id as usize].unit == unit);
            match (own, all) {
                (Some(id), _) | (None, [id]) => State::Written(Thing::new(Kind::StorageClass, *id as usize)),
                _ => return Fact { spots, ..Fact::unknown("no file has this class") },
            }
        }
        State::Absent => {
            return Fact { spots, ..Fact::unknown("the cluster has a default class that no file names") };
        }
        State::Unknown(reason) => State::Unknown(reason),
    };
    Fact { state, spots, confidence }
}

fn read_only<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let Some(volume) = get(model, thing) else { return Fact::nothing() };
    if volume.node.at("persistentVolumeClaim.readOnly").is_some_and(|flag| flag.as_bool() == Some(true)) {
        return Fact::plain(true);
    }
    let mut any = false;
    for id in model.workloads[thing.id as usize].containers.clone() {
        let container = model.containers[id as usize].node;
        for mount in container.get("volumeMounts").into_iter().flat_map(NodeRef::items) {
            if mount.get("name").is_none_or(|name| name.text() != volume.name) {
                continue;
            }
            any = true;
            match mount.get("readOnly") {
                Some(flag) if flag.is_unknown() => {
                    return Fact::unknown_at("it is only known at run time", Spot::value(flag));
                }
                Some(flag) if flag.as_bool() == Some(true) => {}
                _ => return Fact::plain(false),
            }
        }
    }
    Fact::plain(any)
}
