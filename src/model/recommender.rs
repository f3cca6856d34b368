//! VerticalPodAutoscalers: whose requests they change, and how far.

use super::target::{self, Aim};
use super::value::{Val, list};
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot, State};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::object::Object;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A recommender.
#[derive(Debug)]
pub struct Recommender<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
    /// Whose requests it changes.
    pub aim: Aim<'a>,
}

/// The recommender as a subject.
pub static RECOMMENDER: KindDef = KindDef {
    kind: Kind::Recommender,
    name: "recommender",
    doc: "A VerticalPodAutoscaler: it sets the requests of containers.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
        "target": Ty::Thing(Kind::Workload), "the workload whose requests it changes" =>
            |m, t| target::target(m, &get(m, t).aim, get(m, t).node.at("spec.targetRef")).into();
        "mode": Ty::Text, "when it acts: `Off`, `Initial`, `Recreate`, `InPlaceOrRecreate`, `Auto`" => |m, t| mode(get(m, t).node).into();
        "controls": Ty::List(&Ty::Text), "the resources whose requests it changes, in any container" => |m, t| controls(m, t, false);
        "uncapped": Ty::List(&Ty::Text), "the resources whose requests it may raise without limit (no `maxAllowed`), in any container" =>
            |m, t| controls(m, t, true);
    }],
    all: Some(|m| (0..m.recommenders.len()).map(|id| Thing::new(Kind::Recommender, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["autoscaling.k8s.io/v1 VerticalPodAutoscaler"],
};

/// Adds the recommender that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let aim = Aim::read(id as u32, object.node.at("spec.targetRef"), "");
    model.recommenders.push(Recommender { object: id as u32, node: object.node, aim });
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Recommender<'a> {
    &model.recommenders[thing.id as usize]
}

fn mode<'a>(node: NodeRef<'a>) -> Fact<'a, &'a str> {
    read::text(node, "spec.updatePolicy.updateMode").or_default_text(&defaults::VPA_MODE)
}

/// Whether a recommender changes requests, as far as that can be known.
pub fn acts(model: &Model<'_>, id: u32) -> bool {
    mode(model.recommenders[id as usize].node).value() != Some(&"Off")
}

/// The resources that the policies of all containers leave to the recommender.
fn controls<'a>(model: &'a Model<'a>, thing: Thing, uncapped: bool) -> Val<'a> {
    let this = get(model, thing);
    let policies = read::node(this.node, "spec.resourcePolicy.containerPolicies");
    if let State::Unknown(reason) = policies.state {
        return Fact::unknown(reason.0);
    }
    let policies: Vec<NodeRef<'a>> = policies.into_value().into_iter().flat_map(NodeRef::items).collect();
    if policies.iter().any(|policy| policy.is_unknown() || policy.children().any(NodeRef::is_unknown)) {
        return Fact::unknown("a policy is only known at run time");
    }
    let named = |name: &str| {
        policies.iter().find(|policy| policy.get("containerName").is_some_and(|own| own.text() == name))
    };
    let target = target::target(model, &this.aim, None);
    let containers: Vec<Option<NodeRef<'a>>> = match target.value() {
        Some(target) => model.workloads[target.id as usize]
            .containers
            .clone()
            .map(|id| {
                let name = model.containers[id as usize].node.get("name").map_or("", NodeRef::text);
                named(name).or_else(|| named("*")).copied()
            })
            .collect(),
        None => policies.iter().copied().map(Some).chain(named("*").is_none().then_some(None)).collect(),
    };
    let mut found: Vec<Fact<'a, &'a str>> = Vec::new();
    for policy in containers {
        let Some(policy) = policy else {
            for resource in ["cpu", "memory"] {
                note(&mut found, resource, Spot::value(this.node));
            }
            continue;
        };
        if policy.get("mode").is_some_and(|mode| mode.text() == "Off") {
            continue;
        }
        let own = policy.get("controlledResources").filter(|list| !list.is_null());
        let resources =
            own.map_or_else(|| vec!["cpu", "memory"], |list| list.items().map(NodeRef::text).collect());
        let capped = |resource: &str| policy.get("maxAllowed").is_some_and(|max| max.get(resource).is_some());
        for resource in resources.into_iter().filter(|resource| !uncapped || !capped(resource)) {
            note(&mut found, resource, Spot::value(own.unwrap_or(policy)));
        }
    }
    list(found)
}

fn note<'a>(found: &mut Vec<Fact<'a, &'a str>>, resource: &'a str, spot: Spot<'a>) {
    if !found.iter().any(|known| known.value() == Some(&resource)) {
        found.push(Fact::written(resource, spot));
    }
}
