//! Rate limits: where they stand, whether they are enforced, and how many count each for itself.

use super::vocabulary::{KindDef, NUMBER, PERCENT, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::gateway::policy;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::route as routes;
use crate::lower::rate_limit::{self, Dialect, Limit};
use crate::syntax::tree::NodeRef;

/// A rate limit of an object.
#[derive(Clone, Copy, Debug)]
pub struct Limiter<'a> {
    /// Its object.
    pub object: u32,
    /// What it says.
    pub limit: Limit<'a>,
}

/// The rate limit as a subject.
pub static LIMITER: KindDef = KindDef {
    kind: Kind::Limiter,
    name: "limiter",
    doc: "A rate limit: an annotation of an Ingress, a rule of a policy, a filter of Envoy.",
    tables: &[facts! {
        "name": Ty::Text, "the name of its object" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
        "by": Ty::Text, "who holds to it: `ingress-nginx`, `Envoy`, `Envoy Gateway`" => |m, t| Fact::plain(match get(m, t).limit.dialect {
            Dialect::Nginx => "ingress-nginx",
            Dialect::Envoy => "Envoy",
            Dialect::EnvoyGateway => "Envoy Gateway",
        }).into();
        "enabled": PERCENT, "how much of the traffic it looks at" => |m, t| get(m, t).limit.enabled().into();
        "enforced": PERCENT, "how much of that is refused when it is over the limit" => |m, t| get(m, t).limit.enforced().into();
        "local": Ty::Bool, "whether each proxy counts for itself" => |m, t| Fact::plain(get(m, t).limit.is_local()).into();
        "rate": NUMBER, "how many requests a second it lets through; absent where it counts connections" => |m, t| get(m, t).limit.rate().into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| { let node = get(m, t).limit.node; Fact::written(node, Spot::value(node)).into() };
    }],
    all: Some(|m| (0..m.limiters.len()).map(|id| Thing::new(Kind::Limiter, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(node(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the rate limits that an object sets.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let limits: Vec<Limit<'a>> = if routes::is_ingress(object) {
        rate_limit::of_ingress(object.node).collect()
    } else if policy::is_policy(object) {
        rate_limit::of_policy(object.node).collect()
    } else if rate_limit::may_hold_envoy(object) {
        rate_limit::of_envoy(object.node).collect()
    } else {
        return;
    };
    model.limiters.extend(limits.into_iter().map(|limit| Limiter { object: id as u32, limit }));
}

fn get<'m, 'a>(model: &'m Model<'a>, thing: Thing) -> &'m Limiter<'a> {
    &model.limiters[thing.id as usize]
}

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    get(model, thing).limit.node
}
