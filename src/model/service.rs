//! Services: which pods they select, and which container answers on each of their ports.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::existence;
use super::link::{self, Found, Relation, Selector, SelectorIndex};
use super::value::{NEIGHBOURS, Val, few, open_things, things};
use super::vocabulary::{KindDef, NUMBER, Ty, facts};
use super::workload::Workload;
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::made::{is_kubernetes_own, never_runs_pods};
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::pod::Role;
use crate::lower::kubernetes::selector::{self, Match};
use crate::lower::read;
use crate::syntax::tree::{NodeKind, NodeRef};

/// A Service.
#[derive(Debug)]
pub struct Service<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
    /// The workloads whose pods it selects.
    workloads: Relation,
}

/// The Service as a subject.
pub static SERVICE: KindDef = KindDef {
    kind: Kind::Service,
    name: "service",
    doc: "A Service of Kubernetes.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
        "namespace": Ty::Text, "the namespace it goes to, as far as the files say" => |m, t| super::object::namespace(m, get(m, t).object).into();
        "type": Ty::Text, "`ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`" => |m, t| kind(get(m, t).node).into();
        "headless": Ty::Bool, "whether it has no address of its own and its name leads to each pod" => |m, t| headless(get(m, t).node).into();
        "publishNotReady": Ty::Bool, "whether it leads to pods that are not ready, too" => |m, t|
            read::truth(get(m, t).node, "spec.publishNotReadyAddresses").or_default(&defaults::PUBLISH_NOT_READY).into();
        "selector": Ty::Node, "the labels of the pods it leads to; absent where somebody else says where it leads" => |m, t| selector_of(get(m, t).node).into();
        "ports": Ty::List(&Ty::Thing(Kind::ServicePort)), "its ports" =>
            |m, t| things((0..ports(get(m, t).node).count()).map(|at| Thing::part(Kind::ServicePort, t.id, at)));
        "workloads": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads whose pods it selects" => |m, t| {
            let found = workloads(m, t.id);
            open_things(found.ids.iter().map(|id| Thing::new(Kind::Workload, *id as usize)), found.open.clone())
        };
        "neighbours": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads of the same folder and namespace that it may be meant for: their pods have a label of its keys, and no other Service leads to them, or they share its name" => |m, t| neighbours(m, t);
        "routes": Ty::List(&Ty::Thing(Kind::Target)), "the routes' targets that lead requests from outside to it" => |m, t|
            things(super::route::leading_to(m, t.id).map(|(route, at)| Thing::part(Kind::Target, route, at as usize)));
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
    }],
    all: Some(|m| (0..m.services.len()).map(|id| Thing::new(Kind::Service, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 Service"],
};

/// A port of a Service.
pub static SERVICE_PORT: KindDef = KindDef {
    kind: Kind::ServicePort,
    name: "servicePort",
    doc: "A port of a Service.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| read_port(m, t, "name").text().into();
        "service": Ty::Thing(Kind::Service), "the Service that it is a port of" => |_, t| Fact::plain(Thing::new(Kind::Service, t.id as usize)).into();
        "port": NUMBER, "its number" => |m, t| read_port(m, t, "port").number().into();
        "protocol": Ty::Text, "`TCP`, `UDP` or `SCTP`" => |m, t| protocol(m, t).into();
        "target": Ty::Text, "the port of the pods that it leads to: a number, or a name that containers give to one of theirs" => |m, t| target(m, t).text().into();
        "named": Ty::Bool, "whether that is a name" => |m, t| target(m, t).read(|node| Some(is_name(node))).into();
        "nearest": Ty::Text, "the port name of a selected container that comes nearest to the target, where none has its name" => |m, t| nearest(m, t).into();
        "containers": Ty::List(&Ty::Thing(Kind::Container)), "the containers that answer on it: those which declare the port, or the only one of a pod" => containers;
        "watched": Ty::Bool, "whether it is there for whoever watches the pods: their metrics or their profile, as its name, its Service's or `prometheus.io/port` says" => |m, t| watched(m, t).into();
        "declared": Ty::List(&Ty::Text), "the ports that the containers of the selected pods declare" => |m, t| declared(m, t);
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| port(m, t).map_or_else(Fact::nothing, Fact::plain).into();
    }],
    all: Some(|m| {
        let of = |id: usize| {
            (0..ports(m.services[id].node).count())
                .map(move |at| Thing::part(Kind::ServicePort, id as u32, at))
        };
        (0..m.services.len()).flat_map(of).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Service, t.id as usize)),
    node: |m, t| port(m, t),
    owners: &[Kind::Service, Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 Service spec.ports"],
};

/// Adds the Service that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    model.services.push(Service { object: id as u32, node: object.node, workloads: OnceLock::new() });
}

/// The Service behind a thing of kind service, or of one of its ports.
pub fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Service<'a> {
    &model.services[thing.id as usize]
}

/// The position of the Service that an object is.
pub fn of_object(model: &Model<'_>, object: u32) -> Option<u32> {
    model.services.binary_search_by_key(&object, |service| service.object).ok().map(|at| at as u32)
}

fn kind<'a>(node: NodeRef<'a>) -> Fact<'a, &'a str> {
    read::text(node, "spec.type").or_default_text(&defaults::SERVICE_TYPE)
}

fn headless(node: NodeRef<'_>) -> Fact<'_, bool> {
    let address = read::text(node, "spec.clusterIP");
    if address.is_absent() {
        return Fact {
            state: crate::fact::State::Default(false),
            spots: address.spots,
            confidence: address.confidence,
        };
    }
    address.map(|address| address == "None")
}

/// What it selects by; an empty selector selects nothing, and an `ExternalName` needs none.
fn selector_of(node: NodeRef<'_>) -> Fact<'_, NodeRef<'_>> {
    let selector = read::node(node, "spec.selector");
    let kind = kind(node);
    if kind.is_unknown() {
        return Fact::unknown("its type is only known at run time");
    }
    match (selector.value(), kind.value()) {
        (_, Some(&"ExternalName")) => Fact::absent(Spot::missing(node, "selector")),
        (Some(found), _) if selector::is_empty(*found) => Fact::absent(Spot::key(*found)),
        _ => selector,
    }
}

fn ports<'a>(node: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    node.at("spec.ports").into_iter().flat_map(NodeRef::items)
}

/// The node of a port.
pub fn port<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    ports(get(model, thing).node).nth(thing.part as usize)
}

fn read_port<'a>(model: &'a Model<'a>, thing: Thing, key: &'static str) -> Fact<'a, NodeRef<'a>> {
    port(model, thing).map_or_else(Fact::nothing, |node| read::node(node, key))
}

fn protocol<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    read_port(model, thing, "protocol").text().or_default_text(&defaults::PROTOCOL)
}

/// `targetPort`; without one, the number of the port itself.
fn target<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, NodeRef<'a>> {
    let target = read_port(model, thing, "targetPort");
    // core/v1 ServicePort.targetPort: "If this is not specified, the value of the 'port' field is used"; 0 is not specified.
    let zero = target.value().is_some_and(|node| node.as_number() == Some(0.0));
    if target.is_absent() || zero { read_port(model, thing, "port") } else { target }
}

fn is_name(node: NodeRef<'_>) -> bool {
    // A quoted number is a name to Kubernetes, and no container may have such a name.
    node.kind() == NodeKind::Text
}

/// The Service of a unit with this name, in this namespace or in none that is known.
pub fn named(model: &Model<'_>, unit: u32, namespace: &str, name: &str) -> Option<u32> {
    let home =
        |id: &u32| super::object::namespace(model, *id).into_value().is_none_or(|own| own == namespace);
    existence::bearers(model, "Service", name)
        .filter(|id| model.objects[*id as usize].unit == unit)
        .filter(home)
        .find_map(|id| of_object(model, id))
}

/// Whether a port is there for whoever watches the pods. `prometheus.io/port` says so only where the Service has another
/// port: many a server answers requests and scrapes on the one that it has.
fn watched<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    const PORTS: [&str; 8] =
        ["metrics", "prometheus", "exporter", "monitor", "profiling", "pprof", "probes", "debug"];
    // Ends only: `prometheus` and `metrics-server` are themselves asked.
    const SERVICES: [&str; 6] =
        ["-metrics", "-metrics-service", "-monitor", "-monitor-service", "-exporter", "-profiling"];
    let Some(port) = port(model, thing) else { return Fact::nothing() };
    let node = get(model, thing).node;
    let named = |key: &str| {
        let name = port.get(key).map(|name| name.text().to_ascii_lowercase());
        name.is_some_and(|name| PORTS.iter().any(|word| name.contains(word)))
    };
    let annotated = node
        .at("metadata.annotations")
        .and_then(|all| all.get("prometheus.io/port"))
        .zip(port.get("port"))
        .is_some_and(|(says, number)| says.text() == number.text());
    let service =
        node.at("metadata.name").is_some_and(|name| SERVICES.iter().any(|end| name.text().ends_with(end)));
    Fact::plain(
        named("name") || named("targetPort") || service || (annotated && ports(node).nth(1).is_some()),
    )
}

/// The selectors of all services.
pub fn selectors<'m>(model: &'m Model<'_>) -> &'m SelectorIndex {
    model.index.services.get_or_init(|| {
        let selectors = model.services.iter().enumerate().map(|(id, service)| Selector {
            unit: model.objects[service.object as usize].unit,
            at_home: !workloads(model, id as u32).ids.is_empty(),
            asks: selector::asked_by_map(service.node.at("spec.selector")).collect(),
        });
        SelectorIndex::new(&selectors.collect::<Vec<_>>())
    })
}

/// The services that select the pods of a workload.
pub fn selecting(model: &Model<'_>, workload: &Workload<'_>) -> Found {
    let labels = workload.labels();
    link::selecting(
        model,
        workload.object,
        selectors(model).candidates(model.objects[workload.object as usize].unit, labels),
        |id| model.services[id as usize].object,
        |id| matches(model, id, labels),
        |id| !workloads(model, id).ids.is_empty(),
    )
}

fn matches(model: &Model<'_>, service: u32, labels: Option<NodeRef<'_>>) -> Match {
    match selector_of(model.services[service as usize].node).state {
        crate::fact::State::Written(wanted) | crate::fact::State::Default(wanted) => {
            selector::selects_map(wanted, labels)
        }
        crate::fact::State::Absent => Match::No,
        crate::fact::State::Unknown(_) => Match::Perhaps,
    }
}

/// The workloads of its own unit whose pods a service selects.
pub fn workloads<'m>(model: &'m Model<'_>, service: u32) -> &'m Found {
    let this = &model.services[service as usize];
    this.workloads.get_or_init(|| {
        let Some(wanted) = this.node.at("spec.selector") else { return Found::default() };
        if kind(this.node).value() == Some(&"ExternalName") {
            return Found::default();
        }
        let asks = selector::asked_by_map(Some(wanted));
        let mut found = link::selected(model, this.object, asks, |labels| matches(model, service, labels));
        if found.open.is_none() && selector_of(this.node).is_unknown() {
            found.open = Some(Reason::new("its selector is only known at run time"));
        }
        if found.open.is_none() && found.ids.is_empty() && !selector::is_empty(wanted) {
            found.open = why_others(model, this, wanted);
        }
        found
    })
}

/// Why pods that are in no file may have the labels: somebody else runs them, or labels them while they run.
fn why_others(model: &Model<'_>, service: &Service<'_>, wanted: NodeRef<'_>) -> Option<Reason> {
    let unit = model.objects[service.object as usize].unit;
    for (key, value) in wanted.entries() {
        if let Some(reason) = labelled_while_it_runs(key) {
            return Some(Reason::new(reason));
        }
        if read::is_filled_in_later(value.text()) || value.is_unknown() {
            return Some(Reason::new("its selector is only known at run time"));
        }
        if let Some(reason) = existence::made_by_others(model, service.object, value.text()) {
            return Some(reason);
        }
    }
    // Pods in another unit that have the labels.
    let elsewhere = link::workloads_anywhere(model, wanted).iter().find(|id| {
        let workload = &model.workloads[**id as usize];
        let object = workload.object;
        model.objects[object as usize].unit != unit
            && selector::selects_map(wanted, workload.labels()) != Match::No
            && link::same_namespace(model, service.object, object) != Match::No
    });
    if let Some(id) = elsewhere {
        let other =
            &model.units[model.objects[model.workloads[*id as usize].object as usize].unit as usize].name;
        return Some(Reason::new(format!("pods in `{other}` have these labels")));
    }
    let runners = model.index.runners.get_or_init(|| {
        let mut runners: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (id, entry) in model.objects.iter().enumerate() {
            let (group, kind) = (entry.object.group(), entry.object.kind);
            if !is_kubernetes_own(group) && !never_runs_pods(group, kind) {
                runners.entry(entry.unit).or_default().push(id as u32);
            }
        }
        runners
    });
    let is_near = |id: &u32| link::same_namespace(model, service.object, *id) != Match::No;
    if runners.get(&unit).into_iter().flatten().any(is_near) {
        return Some(Reason::new("a custom resource of this unit may run pods with these labels"));
    }
    None
}

/// Labels that a controller, or the process itself, gives to pods after they were made.
pub fn labelled_while_it_runs(key: &str) -> Option<&'static str> {
    const BY_KUBERNETES: [&str; 8] = [
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "pod-template-hash",
        "controller-revision-hash",
        "job-name",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/job-completion-index",
        "rollouts-pod-template-hash",
    ];
    if BY_KUBERNETES.contains(&key) {
        return Some("its controller gives this label to each pod");
    }
    let last = key.rsplit('/').next().unwrap_or(key);
    let elected = ["role", "leader", "master", "primary", "active", "sealed", "initialized", "perf-standby"];
    elected
        .iter()
        .any(|word| last.to_ascii_lowercase().contains(word))
        .then_some("the pods label themselves when one of them is elected")
}

/// The workloads of a corner that run on, as a Service without pods looks for its own: by the labels of those to which no Service
/// leads, and by their names.
#[derive(Debug, Default)]
pub struct Waiting {
    by_label: FxHashMap<String, Vec<u32>>,
    /// In order of the names of their objects.
    by_name: Vec<u32>,
}

impl Waiting {
    fn of(model: &Model<'_>, workloads: &[u32]) -> Self {
        let mut waiting = Self::default();
        for id in workloads.iter().filter(|id| !model.workloads[**id as usize].controller.is_job()) {
            if !name_of(model, *id).is_empty() {
                waiting.by_name.push(*id);
            }
            let services = super::workload::services(model, *id);
            if services.ids.is_empty() && services.open.is_none() {
                let labels = model.workloads[*id as usize].labels();
                for (key, _) in labels.into_iter().flat_map(NodeRef::entries) {
                    waiting.by_label.entry(key.to_owned()).or_default().push(*id);
                }
            }
        }
        waiting.by_name.sort_by_key(|id| name_of(model, *id));
        waiting
    }

    /// Those whose name begins with this one, or the other way round.
    fn akin<'w>(&'w self, model: &'w Model<'_>, name: &'w str) -> impl Iterator<Item = u32> + 'w {
        let from = |wanted: &str| self.by_name.partition_point(|id| name_of(model, *id) < wanted);
        let longer =
            self.by_name[from(name)..].iter().take_while(move |id| name_of(model, **id).starts_with(name));
        let starts = name.char_indices().map(|(at, _)| &name[..at]).filter(|start| !start.is_empty());
        let shorter = starts.flat_map(move |start| {
            let from = self.by_name.partition_point(|id| name_of(model, *id) < start);
            self.by_name[from..].iter().take_while(move |id| name_of(model, **id) == start)
        });
        longer.chain(shorter).copied()
    }
}

fn name_of<'m>(model: &'m Model<'_>, workload: u32) -> &'m str {
    model.objects[model.workloads[workload as usize].object as usize].object.name
}

/// A workload beside a Service says nothing by itself: the pods may come from a chart that is in no file here. One that
/// waits for a Service, labelled by the same key, says that a label was renamed on one side only.
fn neighbours<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let this = get(model, thing);
    let name = model.objects[this.object as usize].object.name;
    let keys = || this.node.at("spec.selector").into_iter().flat_map(NodeRef::entries).map(|(key, _)| key);
    let is_near = |id: &u32| {
        link::same_namespace(model, this.object, model.workloads[*id as usize].object) == Match::Yes
    };
    let is_labelled = |id: &u32| {
        let labels = model.workloads[*id as usize].labels();
        labels.is_some_and(|labels| keys().any(|key| labels.get(key).is_some()))
    };
    let beside = link::beside(model, this.object, link::namespace(model, this.object));
    let waiting = beside.waiting.get_or_init(|| Waiting::of(model, &beside.workloads));
    let mut near: Vec<u32> = Vec::new();
    for key in keys() {
        // One more than are shown tells that there are more.
        let labelled = waiting.by_label.get(key).into_iter().flatten().copied();
        near.extend(labelled.filter(is_near).take(NEIGHBOURS + 1));
    }
    if !name.is_empty() {
        near.extend(waiting.akin(model, name).filter(is_labelled).filter(is_near));
    }
    near.sort_unstable();
    near.dedup();
    few(near.into_iter().map(|id| Thing::new(Kind::Workload, id as usize)))
}

/// A container's declared ports: name, number, protocol.
fn declared_ports<'a>(container: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    container.get("ports").into_iter().flat_map(NodeRef::items)
}

/// The containers that can answer on a service's port; those that never end.
fn answering<'a>(model: &'a Model<'a>, workload: u32) -> impl Iterator<Item = (u32, NodeRef<'a>)> + Clone {
    let range = model.workloads[workload as usize].containers.clone();
    range
        .filter(|id| model.containers[*id as usize].role != Role::Init)
        .map(|id| (id, model.containers[id as usize].node))
}

/// Whether a declared port is the one that a service leads to; unknown where either is.
fn is_target(declared: NodeRef<'_>, target: NodeRef<'_>, protocol: &str) -> Match {
    let same_protocol = match declared.get("protocol") {
        None => protocol == "TCP",
        Some(node) if node.is_null() => protocol == "TCP",
        Some(node) if node.is_unknown() || read::is_filled_in_later(node.text()) => return Match::Perhaps,
        Some(node) => node.text() == protocol,
    };
    if !same_protocol {
        return Match::No;
    }
    let Some(have) = declared.get(if is_name(target) { "name" } else { "containerPort" }) else {
        return Match::No;
    };
    if have.is_unknown() || read::is_filled_in_later(have.text()) {
        return Match::Perhaps;
    }
    let same = match (is_name(target), have.as_number(), target.as_number()) {
        (true, _, _) => have.text() == target.text(),
        (false, Some(a), Some(b)) => a == b,
        _ => return Match::Perhaps,
    };
    if same { Match::Yes } else { Match::No }
}

/// The containers that answer on a port of a Service.
pub fn containers<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let target = target(model, thing);
    let protocol = protocol(model, thing);
    let (Some(wanted), Some(protocol)) = (target.value().copied(), protocol.value().copied()) else {
        return super::value::unknown(Reason::new("the port is only known at run time"), target.spots);
    };
    if wanted.is_unknown() || read::is_filled_in_later(wanted.text()) {
        return super::value::unknown(Reason::new("the port is only known at run time"), target.spots);
    }
    let selected = workloads(model, thing.id);
    let mut open = selected.open.clone();
    let mut found = Vec::new();
    for workload in &selected.ids {
        let mut here = Vec::new();
        let mut hidden = false;
        for (id, container) in answering(model, *workload) {
            hidden |= container.get("ports").is_some_and(NodeRef::is_unknown);
            for declared in declared_ports(container) {
                match is_target(declared, wanted, protocol) {
                    Match::Yes => {
                        if !here.contains(&id) {
                            here.push(id);
                        }
                    }
                    Match::Perhaps => hidden = true,
                    Match::No => {}
                }
            }
        }
        // A patch may add a container, with a port of its own.
        hidden |= model.objects[model.workloads[*workload as usize].object as usize].overlaid;
        if here.is_empty() && hidden {
            open.get_or_insert_with(|| Reason::new("a container's port is only known at run time"));
        } else if here.is_empty() && !is_name(wanted) {
            // A container answers on ports that it does not declare.
            let mut all = answering(model, *workload);
            match (all.next(), all.next()) {
                (Some((only, _)), None) => here.push(only),
                _ => {
                    open.get_or_insert_with(|| {
                        Reason::new("no container declares the port, and each of them may answer on it")
                    });
                }
            }
        }
        found.extend(here);
    }
    open_things(found.into_iter().map(|id| Thing::new(Kind::Container, id as usize)), open)
}

fn declared<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let selected = workloads(model, thing.id);
    let named = target(model, thing).value().is_some_and(|node| is_name(*node));
    let mut items: Vec<Val<'a>> = Vec::new();
    for (_, container) in selected.ids.iter().flat_map(|workload| answering(model, *workload)) {
        for declared in declared_ports(container) {
            let Some(node) = declared.get(if named { "name" } else { "containerPort" }) else { continue };
            items.push(Fact::written(node, Spot::value(node)).text().into());
        }
    }
    Fact::plain(super::value::Datum::List(std::rc::Rc::new(super::value::List {
        items,
        open: selected.open.clone(),
    })))
}

fn nearest<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    let target = target(model, thing);
    let Some(wanted) = target.value().filter(|node| is_name(**node)) else { return Fact::nothing() };
    let containers = workloads(model, thing.id).ids.iter().flat_map(|workload| answering(model, *workload));
    let names =
        containers.flat_map(|(_, container)| declared_ports(container)).filter_map(|port| port.get("name"));
    match crate::spelling::nearest(wanted.text(), names.map(NodeRef::text)) {
        Some(near) => Fact::plain(near),
        None => Fact::nothing(),
    }
}

/// The port of a service that has this number, or this name.
pub fn port_of<'a>(model: &'a Model<'a>, service: u32, wanted: NodeRef<'a>) -> Fact<'a, Thing> {
    let node = model.services[service as usize].node;
    let list = node.at("spec.ports");
    if wanted.is_unknown() || read::is_filled_in_later(wanted.text()) || list.is_some_and(NodeRef::is_unknown)
    {
        return Fact::unknown("the port is only known at run time");
    }
    // A name never stands for a number, nor a number for a name; but `"80"` is written for 80 often enough.
    let number = wanted.as_number().or_else(|| wanted.text().parse().ok());
    let mut hidden = false;
    for (at, port) in ports(node).enumerate() {
        let key = if number.is_some() { "port" } else { "name" };
        let Some(have) = port.get(key) else { continue };
        if have.is_unknown() || read::is_filled_in_later(have.text()) {
            hidden = true;
        } else if number.map_or(have.text() == wanted.text(), |number| have.as_number() == Some(number)) {
            return Fact::plain(Thing::part(Kind::ServicePort, service, at));
        }
    }
    let external = kind(node).value() != Some(&"ExternalName");
    match list {
        Some(list) if !hidden && external => Fact::absent(Spot::key(list)),
        _ => Fact::unknown("its ports are only known at run time"),
    }
}

/// What services know of workloads and containers: tables that those kinds list.
pub static OF_WORKLOAD: &[super::vocabulary::FactDef] = facts! {
    "services": Ty::List(&Ty::Thing(Kind::Service)), "the Services that select its pods" => |m, t| {
        let found = super::workload::services(m, t.id);
        open_things(found.ids.iter().map(|id| Thing::new(Kind::Service, *id as usize)), found.open.clone())
    };
};

/// What services know of a container.
pub static OF_CONTAINER: &[super::vocabulary::FactDef] = facts! {
    "servicePorts": Ty::List(&Ty::Thing(Kind::ServicePort)), "the ports of Services on which it answers" => |m, t| service_ports(m, t);
};

fn service_ports<'a>(model: &'a Model<'a>, container: Thing) -> Val<'a> {
    let workload = model.containers[container.id as usize].workload;
    let services = super::workload::services(model, workload);
    let mut open = services.open.clone();
    let mut found = Vec::new();
    for service in &services.ids {
        for at in 0..ports(model.services[*service as usize].node).count() {
            let port = Thing::part(Kind::ServicePort, *service, at);
            match containers(model, port).state {
                crate::fact::State::Written(super::value::Datum::List(list)) => {
                    let is_this = |item: &Val<'_>| matches!(item.value(), Some(super::value::Datum::Thing(thing)) if thing.id == container.id);
                    if list.items.iter().any(is_this) {
                        found.push(port);
                    } else if let Some(reason) = &list.open {
                        open.get_or_insert_with(|| reason.clone());
                    }
                }
                crate::fact::State::Unknown(reason) => {
                    open.get_or_insert(reason);
                }
                _ => {}
            }
        }
    }
    open_things(found, open)
}
