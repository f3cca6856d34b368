//! How a workload's own parts fit together: its selector and its labels, its volumes and its mounts, names that occur twice.

use super::value::{Val, list};
use super::vocabulary::{FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::pod::{self, Controller, Role};
use crate::lower::kubernetes::selector::{self, Match};
use crate::lower::kubernetes::{cluster_service, defaults};
use crate::lower::read::{self, is_filled_in_later};
use crate::syntax::tree::{NodeId, NodeKind, NodeRef};

/// Something that is named twice where each name may stand once.
#[derive(Debug)]
pub struct Repeat {
    object: u32,
    /// The container that holds both, if one does.
    container: Option<u32>,
    of: &'static str,
    first: NodeId,
    again: NodeId,
    /// Whether both are the same but for their place.
    same: Option<bool>,
}

/// The repeat as a subject.
pub static REPEAT: KindDef = KindDef {
    kind: Kind::Repeat,
    name: "repeat",
    doc: "A name or a number that occurs twice in a list whose elements go by it.",
    tables: &[facts! {
        "of": Ty::Text, "what it names: `container`, `volume`, `variable`, `port`, `port name`, `mount path`, `service port`, `service port name`" =>
            |m, t| Fact::plain(get(m, t).of).into();
        "name": Ty::Text, "the name or the number, where it stands again" => |m, t| {
            let node = at(m, t, get(m, t).again);
            Fact::written(node.text(), Spot::value(node)).into()
        };
        "first": Ty::Text, "the same, where it stands first" => |m, t| {
            let node = at(m, t, get(m, t).first);
            Fact::written(node.text(), Spot::value(node)).into()
        };
        "same": Ty::Bool, "whether both elements say the same" => |m, t| {
            get(m, t).same.map_or_else(|| Fact::unknown("one of them is only known at run time"), Fact::plain).into()
        };
    }],
    all: Some(|m| (0..repeats(m).len()).map(|id| Thing::new(Kind::Repeat, id)).collect()),
    owner: |m, t| {
        let this = get(m, t);
        Some(match this.container {
            Some(container) => Thing::new(Kind::Container, container as usize),
            None => Thing::new(Kind::Object, this.object as usize),
        })
    },
    node: |m, t| Some(at(m, t, get(m, t).again)),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What this module knows of a workload.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "selectorMatches": Ty::Bool, "whether its selector takes the labels of its own pods; absent where it has none of its own" => |m, t| selector_matches(m, t).into();
    "selectorAdded": Ty::Bool, "whether a kustomization adds labels to its selector, or makes it" => |m, t| {
        Fact::plain(m.overlays.adds_selectors(m.workloads[t.id as usize].node.tree().file)).into()
    };
    "restartPolicy": Ty::Text, "what happens when a container of its pods ends" => |m, t| {
        let pod = m.workloads[t.id as usize].pod();
        pod.map_or_else(Fact::nothing, |pod| read::text(pod, "restartPolicy").or_default_text(&defaults::RESTART_POLICY)).into()
    };
    "clusterService": Ty::Text, "what a whole cluster asks of it at every moment: `CoreDNS`, `ingress-nginx`" => |m, t| {
        let containers = m.workloads[t.id as usize].containers.clone().map(|id| &m.containers[id as usize]);
        let main = containers.filter(|container| container.role == Role::Main).map(|container| container.node);
        cluster_service::of(&main.collect::<Vec<_>>()).into()
    };
    "volumeNames": Ty::List(&Ty::Text), "the volumes that its containers may mount, claim templates among them" => |m, t| volume_names(m, t);
    "annotations": Ty::List(&Ty::Text), "the annotations of the workload itself" => |m, t| keys(m.workloads[t.id as usize].node.at("metadata.annotations"));
    "podAnnotations": Ty::List(&Ty::Text), "the annotations of its pods" => |m, t| keys(m.workloads[t.id as usize].template.at("metadata.annotations"));
};

/// What this module knows of an object.
pub static OF_OBJECT: &[FactDef] = facts! {
    "pod": Ty::Node, "the spec of the pods that it runs, if it runs any" => |m, t| {
        let object = &m.objects[t.id as usize].object;
        let template = Controller::of(object).and_then(|controller| pod::template(controller, object));
        template.map_or_else(Fact::nothing, |template| read::node(template, "spec")).into()
    };
};

/// What this module knows of a container.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "mountedVolumes": Ty::List(&Ty::Text), "the names of the volumes that it mounts" => |m, t| {
        let node = m.containers[t.id as usize].node;
        let mounts = ["volumeMounts", "volumeDevices"].iter().filter_map(|key| node.get(key)).flat_map(NodeRef::items);
        list(mounts.filter_map(|mount| mount.get("name")).map(|name| Fact::written(name, Spot::value(name)).text()))
    };
};

fn keys<'a>(map: Option<NodeRef<'a>>) -> Val<'a> {
    if let Some(map) = map.filter(|map| map.is_unknown()) {
        return Fact::<NodeRef<'a>>::unknown_at("they are only known at run time", Spot::value(map)).into();
    }
    list(
        map.into_iter()
            .flat_map(NodeRef::children)
            .map(|child| Fact::written(child.key().unwrap_or_default(), Spot::key(child))),
    )
}

fn selector_matches<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let workload = &model.workloads[thing.id as usize];
    let by_itself = matches!(workload.controller, Controller::Pod | Controller::Job | Controller::CronJob);
    let Some(wanted) = workload.node.at("spec.selector").filter(|_| !by_itself) else {
        return Fact::absent(Spot::value(workload.node));
    };
    // A ReplicationController selects by a plain map.
    let plain = model.objects[workload.object as usize].object.kind == "ReplicationController";
    let answer = match plain {
        true => selector::selects_map(wanted, workload.labels()),
        false => selector::selects(wanted, workload.labels()),
    };
    let spot = Spot::key(wanted);
    let fact = match answer {
        Match::Yes => Fact::written(true, spot),
        Match::No => Fact::written(false, spot),
        Match::Perhaps => Fact::unknown_at("a label is only known at run time", spot),
    };
    match workload.labels() {
        Some(labels) => fact.resting_on(Spot::key(labels).saying("the labels of the pods")),
        None => fact,
    }
}

fn volume_names<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let workload = &model.workloads[thing.id as usize];
    let volumes = workload.pod().and_then(|pod| pod.get("volumes"));
    let templates = workload.node.at("spec.volumeClaimTemplates");
    if let Some(hidden) = [volumes, templates].into_iter().flatten().find(|node| node.is_unknown()) {
        return Fact::<NodeRef<'a>>::unknown_at("they are only known at run time", Spot::value(hidden))
            .into();
    }
    let names = volumes.into_iter().flat_map(NodeRef::items).filter_map(|volume| volume.get("name"));
    let claimed =
        templates.into_iter().flat_map(NodeRef::items).filter_map(|claim| claim.at("metadata.name"));
    list(names.chain(claimed).map(|name| Fact::written(name, Spot::value(name)).text()))
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Repeat {
    &repeats(model)[thing.id as usize]
}

fn at<'a>(model: &'a Model<'a>, thing: Thing, node: NodeId) -> NodeRef<'a> {
    model.objects[get(model, thing).object as usize].object.node.tree().node(node)
}

fn repeats<'m>(model: &'m Model<'_>) -> &'m [Repeat] {
    model.index.repeats.get_or_init(|| {
        let mut all = Vec::new();
        for workload in &model.workloads {
            let Some(pod) = workload.pod() else { continue };
            let object = workload.object;
            let named =
                pod::containers(pod).filter_map(|(_, container)| Some((container.get("name")?, container)));
            add(&mut all, (object, None), "container", named, "");
            add(&mut all, (object, None), "volume", items(pod, "volumes", "name"), "");
            for id in workload.containers.clone() {
                let node = model.containers[id as usize].node;
                add(&mut all, (object, Some(id)), "variable", items(node, "env", "name"), "");
                add(&mut all, (object, Some(id)), "port name", items(node, "ports", "name"), "");
                add(&mut all, (object, Some(id)), "port", items(node, "ports", "containerPort"), "protocol");
                add(&mut all, (object, Some(id)), "mount path", items(node, "volumeMounts", "mountPath"), "");
            }
        }
        for service in &model.services {
            let Some(spec) = service.node.get("spec") else { continue };
            add(&mut all, (service.object, None), "service port name", items(spec, "ports", "name"), "");
            add(&mut all, (service.object, None), "service port", items(spec, "ports", "port"), "protocol");
        }
        all.sort_by_key(|repeat| (repeat.object, repeat.again));
        all
    })
}

fn add<'a>(
    all: &mut Vec<Repeat>,
    (object, container): (u32, Option<u32>),
    of: &'static str,
    named: impl Iterator<Item = (NodeRef<'a>, NodeRef<'a>)>,
    extra: &str,
) {
    twice(named, extra, |first, again, same| {
        all.push(Repeat { object, container, of, first: first.id(), again: again.id(), same });
    });
}

fn items<'a>(
    node: NodeRef<'a>,
    list: &str,
    key: &'static str,
) -> impl Iterator<Item = (NodeRef<'a>, NodeRef<'a>)> + use<'a> {
    node.get(list).into_iter().flat_map(NodeRef::items).filter_map(move |item| Some((item.get(key)?, item)))
}

/// Calls `found` with each name that stood before; elements that differ in `extra` are not the same.
fn twice<'a>(
    named: impl Iterator<Item = (NodeRef<'a>, NodeRef<'a>)>,
    extra: &str,
    mut found: impl FnMut(NodeRef<'a>, NodeRef<'a>, Option<bool>),
) {
    let mut seen: Vec<(NodeRef<'a>, NodeRef<'a>)> = Vec::new();
    // A list of any length costs no more than one of a hundred: what is longer is no list of a person's.
    for (name, item) in named.take(1000) {
        if matches!(name.kind(), NodeKind::Unknown | NodeKind::Null | NodeKind::Map | NodeKind::List)
            || is_filled_in_later(name.text())
        {
            continue;
        }
        let apart =
            |item: NodeRef<'a>| item.get(extra).filter(|node| !node.is_null()).map_or("TCP", NodeRef::text);
        let hidden = |item: NodeRef<'a>| {
            item.get(extra).is_some_and(|node| node.is_unknown() || is_filled_in_later(node.text()))
        };
        let before = seen.iter().find(|(other, known)| {
            other.text() == name.text()
                && (extra.is_empty() || (apart(*known) == apart(item) && !hidden(*known) && !hidden(item)))
        });
        match before {
            // `PATH=$(PATH):/more` builds on the one before, and two of the same value are one.
            Some((first, known)) if !builds_on(name, item) => found(*first, name, alike(*known, item)),
            Some(_) => {}
            None => seen.push((name, item)),
        }
    }
}

fn builds_on(name: NodeRef<'_>, item: NodeRef<'_>) -> bool {
    item.get("value")
        .is_some_and(|value| value.is_unknown() || value.text().contains(&format!("$({})", name.text())))
}

/// Whether two nodes say the same; not known where one of them is not.
fn alike(a: NodeRef<'_>, b: NodeRef<'_>) -> Option<bool> {
    let mut hidden = false;
    let mut pairs = vec![(a, b)];
    while let Some((a, b)) = pairs.pop() {
        if a.is_unknown() || b.is_unknown() {
            hidden = true;
            continue;
        }
        let same = match (a.kind(), b.kind()) {
            (NodeKind::Map, NodeKind::Map) => {
                a.children().count() == b.children().count()
                    && a.entries()
                        .all(|(key, value)| b.get(key).map(|other| pairs.push((value, other))).is_some())
            }
            (NodeKind::List, NodeKind::List) => {
                pairs.extend(a.children().zip(b.children()));
                a.children().count() == b.children().count()
            }
            (a_kind, b_kind) => a_kind == b_kind && a.text() == b.text(),
        };
        if !same {
            return Some(false);
        }
    }
    (!hidden).then_some(true)
}
