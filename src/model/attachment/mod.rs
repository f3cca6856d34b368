//! Which policies of Envoy Gateway count for a rule of a route.
//!
//! Of several policies the nearest one counts: one for the rule before one for the route, that before one for a listener, that
//! before one for the Gateway. It takes nothing from the others unless it says how it is to be merged: then it is merged into the
//! nearest of those that its listener or its Gateway has, never into that of its route. (`ProcessBackendTrafficPolicies` in
//! envoyproxy/gateway.)

mod parents;
mod targets;

pub use parents::{Parent, gateways, implementation};
pub use targets::{Attached, Policies, Target, attached, policies, rivals, targets};

use super::Model;
use crate::lower::gateway::policy;
use crate::lower::gateway::route;
use crate::lower::gateway::settings::{Merge, Settings};
use crate::syntax::tree::NodeRef;
use parents::{listeners, parents};

/// What counts, as objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// No policy.
    Nobody,
    /// This one alone.
    One(u32),
    /// One that is merged into another.
    Merged {
        /// The nearer one.
        own: u32,
        /// That of its listener or Gateway.
        under: u32,
        /// How.
        merge: Merge,
    },
}

impl Counting {
    /// The policies, the nearer one first.
    pub fn ids(self) -> impl Iterator<Item = u32> {
        let (own, under) = match self {
            Self::Nobody => (None, None),
            Self::One(own) => (Some(own), None),
            Self::Merged { own, under, .. } => (Some(own), Some(under)),
        };
        own.into_iter().chain(under)
    }

    /// What they set.
    pub fn settings<'a>(self, model: &Model<'a>) -> Option<Settings<'a>> {
        let spec = |id: u32| model.objects[id as usize].object.node.get("spec");
        match self {
            Self::Nobody => None,
            Self::One(own) => spec(own).map(Settings::alone),
            Self::Merged { own, under, .. } => match (spec(own), spec(under)) {
                (Some(own), Some(under)) => Some(Settings::merged(own, under)),
                (own, under) => own.or(under).map(Settings::alone),
            },
        }
    }
}

const LABELS: &str = "a policy that attaches by labels may count for the route";
const SEVERAL: &str = "several policies attach to the same thing, and the oldest counts";
const LISTENERS: &str = "its listeners have different policies";
const HOW: &str = "how its policy is merged is not known";
const ELSEWHERE: &str = "its Gateway is in no file, and may have a policy";

/// What counts for a rule of a route; an error where that cannot be said.
pub fn counting(model: &Model<'_>, object: u32, rule: NodeRef<'_>) -> Result<Counting, &'static str> {
    let name = rule.get("name").filter(|name| !name.is_null()).map(NodeRef::text);
    let mut all = each(model, object, name, None).into_iter();
    let first = all.next().unwrap_or(Ok(Counting::Nobody))?;
    all.all(|other| other == Ok(first)).then_some(first).ok_or(LISTENERS)
}

/// What counts for a rule of a route, or for the route, at each of its listeners, as if there were no policy `without`.
fn each(
    model: &Model<'_>,
    route: u32,
    rule: Option<&str>,
    without: Option<u32>,
) -> Vec<Result<Counting, &'static str>> {
    let mut own = None;
    for section in rule.map(Some).into_iter().chain([None]) {
        match sole(attached(model, route, section), without) {
            Ok(None) => {}
            Ok(found) => {
                own = found;
                break;
            }
            Err(reason) => return vec![Err(reason)],
        }
    }
    let Some(own) = own else {
        return above(model, route).map(|found| Ok(found?.map_or(Counting::Nobody, Counting::One))).collect();
    };
    let merge = policy::merge(model.objects[own as usize].object.node);
    if merge.is_absent() {
        return vec![Ok(Counting::One(own))];
    }
    let Some(merge) = merge.into_value() else { return vec![Err(HOW)] };
    let merged = |under: Option<u32>| match under {
        Some(under) => Counting::Merged { own, under, merge },
        None => Counting::One(own),
    };
    above(model, route).map(|under| under.map(merged)).collect()
}

/// The nearest policy above a route, at each of its listeners.
fn above(model: &Model<'_>, route: u32) -> impl Iterator<Item = Result<Option<u32>, &'static str>> {
    let places = parents(model, route).into_iter();
    let each = places.flat_map(|parent| listeners(model, parent).into_iter().map(move |name| (parent, name)));
    let found: Vec<_> = each.map(|(parent, listener)| of_listener(model, parent, listener)).collect();
    // A route that is attached nowhere has none.
    if found.is_empty() { vec![Ok(None)] } else { found }.into_iter()
}

/// The policy of a listener, or else that of what holds it.
fn of_listener(
    model: &Model<'_>,
    parent: Parent<'_>,
    name: Option<&str>,
) -> Result<Option<u32>, &'static str> {
    let holder = parent.holder.ok_or(ELSEWHERE)?;
    if let Some(found) = name.map_or(Ok(None), |name| sole(attached(model, holder, Some(name)), None))? {
        return Ok(Some(found));
    }
    match sole(attached(model, holder, None), None)? {
        None if parent.gateway != parent.holder => {
            sole(attached(model, parent.gateway.ok_or(ELSEWHERE)?, None), None)
        }
        found => Ok(found),
    }
}

/// The one policy that is attached. Of several the oldest counts, which no file says.
fn sole(found: Attached, without: Option<u32>) -> Result<Option<u32>, &'static str> {
    let mut ids = found.ids.into_iter().filter(|id| Some(*id) != without);
    match (ids.next(), ids.next(), found.open) {
        (_, _, true) => Err(LABELS),
        (_, Some(_), _) => Err(SEVERAL),
        (one, None, false) => Ok(one),
    }
}

/// What counts where a policy attaches, and what would count without it, for each listener; and why there may be more.
pub fn displaced(model: &Model<'_>, id: u32) -> (Vec<(Counting, Counting)>, Option<&'static str>) {
    let (targets, more) = targets(model, id);
    let mut open = more.then_some(LABELS);
    let mut found = Vec::new();
    for target in targets {
        let object = &model.objects[target.object as usize].object;
        let (with, without) = if route::is_route(object) {
            let with = each(model, target.object, target.section, None);
            (with, each(model, target.object, target.section, Some(id)))
        } else {
            let whole = Parent::itself(model, target.object);
            let above = match target.section {
                Some(_) => of_listener(model, whole, None),
                None if whole.gateway != whole.holder => {
                    whole.gateway.map_or(Err(ELSEWHERE), |gateway| sole(attached(model, gateway, None), None))
                }
                None => Ok(None),
            };
            (
                vec![Ok(Counting::One(id))],
                vec![above.map(|above| above.map_or(Counting::Nobody, Counting::One))],
            )
        };
        // One answer holds for all listeners.
        for at in 0..with.len().max(without.len()) {
            match (with[at.min(with.len() - 1)], without[at.min(without.len() - 1)]) {
                (Ok(with), Ok(without)) => found.push((with, without)),
                (Err(reason), _) | (_, Err(reason)) => open = open.or(Some(reason)),
            }
        }
    }
    found.dedup();
    (found, open)
}
