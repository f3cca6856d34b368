//! Which Service a breaker is for, which hops lead there, and how many endpoints there are.

use camino::Utf8Path;

use super::{Dialect, for_service, get, outlier, subset, whole};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::envoy;
use crate::lower::gateway::policy;
use crate::lower::gateway::settings::Settings;
use crate::lower::istio::{destination_rule, host};
use crate::lower::kubernetes::selector::{self, Match};
use crate::lower::outlier::Outlier;
use crate::model::value::{Val, things, unknown};
use crate::model::vocabulary::{KindDef, NUMBER, facts};
use crate::model::{Kind, Model, Thing, attachment, hop, replicas, server, service};
use crate::syntax::tree::{NodeRef, Tree};

/// A breaker at one of its sizes.
pub static BREAKER_SIZE: KindDef = KindDef {
    kind: Kind::BreakerSize,
    name: "breakerSize",
    doc: "A breaker when its endpoints are fewest (`low`) or most (`high`).",
    tables: &[facts! {
        "endpoints": NUMBER, "how many endpoints it has" => |m, t| endpoints(m, t).into();
        "capacity": NUMBER, "how many requests they work on at once; unknown where a server does not say it" => |m, t| capacity(m, t).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Breaker, t.id as usize)),
    node: |m, t| Some(whole(m, t)),
    owners: &[Kind::Breaker, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// The Service that a breaker is for.
pub(super) fn service_of<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    let this = get(model, thing);
    let node = whole(model, thing);
    match this.dialect {
        Dialect::Istio(_) => {
            let Some(name) = destination_rule::host(node) else { return Fact::unknown("it names no host") };
            if hop::is_hidden(name) {
                return Fact::unknown_at("its host is only known at run time", Spot::value(name));
            }
            match host::service(name.text()) {
                Some(named) => match this.object {
                    Some(object) => hop::service_named(model, object, named, name),
                    None => Fact::unknown("it is for no Service"),
                },
                None => Fact::unknown_at("its host names no Service of Kubernetes", Spot::value(name)),
            }
        }
        Dialect::EnvoyGateway => match this.object {
            Some(object) => of_policy(model, object),
            None => Fact::unknown("it is for no Service"),
        },
        Dialect::Envoy(_) => Fact::unknown("its endpoints are no Service of Kubernetes"),
    }
}

/// The endpoints of a cluster of Envoy: its own list, or the one in the file that it reads while it runs, as that is kept here.
pub fn assignment<'a>(model: &'a Model<'a>, cluster: NodeRef<'a>) -> Option<NodeRef<'a>> {
    envoy::assignment(cluster).or_else(|| {
        let (file, name) = envoy::assignment_file(cluster)?;
        let folder = |tree: &Tree| model.sources.path(tree.file).parent().map(Utf8Path::to_owned);
        let own = folder(cluster.tree())?;
        let here = |tree: &&Tree| {
            model.sources.path(tree.file).file_name() == Some(file)
                && folder(tree).is_some_and(|there| there.starts_with(&own))
        };
        let mut all = model.trees.iter().filter(here).filter_map(|tree| envoy::assignment_in(tree, name));
        all.next().filter(|_| all.next().is_none())
    })
}

/// The one Service of all routes that a policy attaches to. Each rule has endpoints of its own.
pub(super) fn of_policy<'a>(model: &'a Model<'a>, object: u32) -> Fact<'a, Thing> {
    const MANY: &str = "it is for the Services of several rules";
    let (targets, open) = attachment::targets(model, object);
    if open {
        return Fact::unknown(MANY);
    }
    let mut found: Option<u32> = None;
    for target in targets {
        let is_meant = |id: &usize| match target.section {
            Some(section) => model.hops[*id].node.get("name").is_some_and(|name| name.text() == section),
            None => true,
        };
        for id in hop::of_object(model, target.object).filter(is_meant) {
            let (services, open) = hop::services(model, Thing::new(Kind::Hop, id));
            let [to] = services.as_slice() else { return Fact::unknown(MANY) };
            if open.is_some() || found.is_some_and(|before| before != to.service) {
                return Fact::unknown(MANY);
            }
            found = Some(to.service);
        }
    }
    found.map_or_else(
        || Fact::unknown("what it attaches to leads to no Service that is known"),
        |service| Fact::plain(Thing::new(Kind::Service, service as usize)),
    )
}

/// What a policy sets where it attaches, with what it is merged into.
pub(super) fn settings<'a>(model: &'a Model<'a>, object: u32) -> Result<Settings<'a>, &'static str> {
    let node = model.objects[object as usize].object.node;
    let alone = || Settings::alone(node.get("spec").unwrap_or(node));
    if policy::merge(node).is_absent() {
        return Ok(alone());
    }
    let (found, open) = attachment::displaced(model, object);
    let mut all = found.into_iter().map(|(with, _)| with);
    match (all.next(), open) {
        (_, Some(reason)) => Err(reason),
        (Some(first), None) if all.all(|other| other == first) => {
            Ok(first.settings(model).unwrap_or_else(alone))
        }
        (Some(_), None) => Err("it is merged into several policies"),
        (None, None) => Err("it may be merged into another policy"),
    }
}

/// The hops that lead to the Service of a breaker.
pub(super) fn hops<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    if let Dialect::Envoy(cluster) = get(model, thing).dialect {
        let leads = |hop: &hop::Hop<'_>| {
            hop.dialect == hop::Dialect::Envoy
                && hop.node.tree().file == cluster.tree().file
                && envoy::cluster_of(hop.node) == Some(cluster)
        };
        let all = model.hops.iter().enumerate().filter(|(_, hop)| leads(hop));
        return things(all.map(|(id, _)| Thing::new(Kind::Hop, id)));
    }
    let service = service_of(model, thing);
    let Some(service) = service.value() else {
        return unknown(Reason::new("its Service is in no file"), service.spots);
    };
    let index = model.index.hops_to.get_or_init(|| {
        let mut index: rustc_hash::FxHashMap<u32, Vec<u32>> = rustc_hash::FxHashMap::default();
        for id in 0..model.hops.len() {
            for to in hop::services(model, Thing::new(Kind::Hop, id)).0 {
                let all = index.entry(to.service).or_default();
                if all.last() != Some(&(id as u32)) {
                    all.push(id as u32);
                }
            }
        }
        index
    });
    let all = index.get(&service.id).into_iter().flatten();
    things(all.map(|id| Thing::new(Kind::Hop, *id as usize)))
}

/// How many endpoints there are: the replicas of all workloads behind the Service, of the subset if it is for one.
pub(super) fn endpoints<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    let of = Thing::new(Kind::Breaker, size.id as usize);
    if let Dialect::Envoy(cluster) = get(model, of).dialect {
        return match assignment(model, cluster) {
            list if envoy::assignment(cluster).is_some() => envoy::count(list),
            list => envoy::count(list).guessed(),
        };
    }
    let (found, open) = workloads(model, of);
    if let Some(reason) = open {
        return Fact::unknown(reason.0);
    }
    let size_of = |id: u32| replicas::of(model, Thing::part(Kind::Size, id, size.part as usize));
    let sum = found.into_iter().map(size_of).reduce(|before, replicas| before.with(replicas, |a, b| a + b));
    sum.unwrap_or_else(|| Fact::unknown("no workload that is known is behind it"))
}

/// The workloads behind a breaker: those of its Service, of the subset if it is for one; and why there may be others.
pub(super) fn workloads(model: &Model<'_>, of: Thing) -> (Vec<u32>, Option<Reason>) {
    let service = service_of(model, of);
    let Some(service) = service.value() else {
        return (Vec::new(), Some(Reason::new("its Service is in no file")));
    };
    let selected = service::workloads(model, service.id);
    let mut open = selected.open.clone();
    let labels = subset(model, of).and_then(|subset| subset.get("labels"));
    let given = labels.into_iter().flat_map(NodeRef::entries).find_map(|(key, _)| given_later(key));
    if let Some(reason) = given {
        open.get_or_insert_with(|| Reason::new(reason));
    }
    let mut found = Vec::new();
    for id in &selected.ids {
        let own = model.workloads[*id as usize].labels();
        match labels.map_or(Match::Yes, |labels| selector::selects_map(labels, own)) {
            Match::No => {}
            Match::Perhaps => {
                open.get_or_insert_with(|| Reason::new("labels are only known at run time"));
            }
            Match::Yes => found.push(*id),
        }
    }
    (found, open)
}

/// Labels of endpoints that no template has: Istio adds where an endpoint is and what it speaks (pkg/config/labels,
/// `AugmentLabels`; the injector's `istio.io/…`), others are given while the pod runs.
fn given_later(key: &str) -> Option<&'static str> {
    let by_istio =
        key.starts_with("topology.") || key.contains("istio.io/") || key == "kubernetes.io/hostname";
    by_istio
        .then_some("Istio gives this label to each endpoint")
        .or_else(|| service::labelled_while_it_runs(key))
}

/// How many requests the endpoints work on at once, where each server says it.
fn capacity<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    let (found, open) = workloads(model, Thing::new(Kind::Breaker, size.id as usize));
    if let Some(reason) = open {
        return Fact::unknown(reason.0);
    }
    let each = |id: u32| {
        let containers = model.workloads[id as usize].containers.clone();
        let mut known = containers.map(|id| server::concurrency(model, id)).filter(|one| !one.is_absent());
        match (known.next(), known.next()) {
            (Some(one), None) => {
                let replicas = replicas::of(model, Thing::part(Kind::Size, id, size.part as usize));
                one.with(replicas, |each, replicas| each * replicas)
            }
            _ => Fact::unknown("how many requests a pod works on at once is not known"),
        }
    };
    let sum = found.into_iter().map(each).reduce(|before, one| before.with(one, |a, b| a + b));
    sum.unwrap_or_else(|| Fact::unknown("no workload that is known is behind it"))
}

/// How the breakers for a whole Service find failing endpoints, and how many there are at most.
pub fn outliers_for<'a>(model: &'a Model<'a>, service: u32) -> Vec<(Fact<'a, f64>, Outlier<'a>)> {
    let all = for_service(model, service);
    all.filter_map(|id| {
        let found = outlier(model, Thing::new(Kind::Breaker, id as usize)).into_value()?;
        Some((endpoints(model, Thing::part(Kind::BreakerSize, id, 1)), found))
    })
    .collect()
}
