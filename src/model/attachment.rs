//! Who carries out a route of the Gateway API, and which policy of Envoy Gateway counts for it.
//!
//! Of several policies the most special one counts: one of a rule before one of the route, that before one of a listener, that
//! before one of the Gateway. It takes nothing from the others unless it says how it is to be merged.

use super::Model;
use super::existence::{self, Existence, Wanted};
use super::link::{self, pair};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::lower::gateway::{Implementation, policy, route};
use crate::lower::kubernetes::selector::Match;
use crate::lower::read::is_filled_in_later;
use crate::syntax::tree::NodeRef;

/// Who carries out a route: by the class of its Gateways, or by a policy that only one understands.
pub fn implementation(model: &Model<'_>, object: u32) -> Implementation {
    let node = model.objects[object as usize].object.node;
    let mut found = None;
    for gateway in gateways(model, object) {
        let Some(by) = gateway.map(|gateway| of_gateway(model, gateway)) else {
            return by_policy(model, object);
        };
        if found.is_some_and(|before| before != by) {
            return Implementation::Other;
        }
        found = Some(by);
    }
    match found {
        Some(by) if by != Implementation::Other => by,
        _ if route::gateways(node).next().is_some() => by_policy(model, object),
        _ => Implementation::Other,
    }
}

fn by_policy(model: &Model<'_>, object: u32) -> Implementation {
    match attached(model, object, None).is_empty() {
        true => Implementation::Other,
        false => Implementation::EnvoyGateway,
    }
}

fn of_gateway(model: &Model<'_>, gateway: u32) -> Implementation {
    let object = &model.objects[gateway as usize].object;
    let Some(class) = object.node.at("spec.gatewayClassName").filter(|class| !class.is_unknown()) else {
        return Implementation::Other;
    };
    let declared = existence::bearers(model, "GatewayClass", class.text()).next();
    let controller = declared.and_then(|id| model.objects[id as usize].object.node.at("spec.controllerName"));
    match controller {
        Some(name) => Implementation::of_controller(name.text()),
        // Istio makes its own class (istio.io docs, Kubernetes Gateway API).
        None if class.text() == "istio" => Implementation::Istio,
        None => Implementation::Other,
    }
}

/// The Gateways that a route is attached to, as objects; none in place of one that no file declares.
pub fn gateways<'m>(model: &'m Model<'_>, object: u32) -> impl Iterator<Item = Option<u32>> + use<'m> {
    let node = model.objects[object as usize].object.node;
    let all: Vec<_> = route::gateways(node).collect();
    all.into_iter().map(move |(name, namespace)| {
        let namespace = namespace.map(NodeRef::text);
        let wanted = Wanted { from: object, kind: "Gateway", name: name.text(), namespace };
        match existence::seek(model, wanted, |group| group == "gateway.networking.k8s.io") {
            Existence::Declared(id) => Some(id),
            _ => None,
        }
    })
}

/// The policies that name an object, in order; those of one section of it only if that section is asked for.
pub fn attached(model: &Model<'_>, object: u32, section: Option<&str>) -> Vec<u32> {
    let entry = &model.objects[object as usize];
    let named = policies(model).by_target.get(&pair(entry.object.kind, entry.object.name));
    let meant = |id: &u32| {
        let holder = &model.objects[*id as usize];
        holder.unit == entry.unit
            && link::same_namespace(model, *id, object) != Match::No
            && policy::targets(holder.object.node).any(|target| {
                target.kind.text() == entry.object.kind
                    && target.name.text() == entry.object.name
                    && target.section.map(NodeRef::text) == section
            })
    };
    named.into_iter().flatten().copied().filter(meant).collect()
}

/// All policies of Envoy Gateway.
#[derive(Debug, Default)]
pub struct Policies {
    /// As objects, in order.
    pub all: Vec<u32>,
    /// By kind and name of what they attach to.
    by_target: FxHashMap<u64, Vec<u32>>,
    /// Units in which one attaches by labels.
    by_labels: FxHashSet<u32>,
}

/// All policies.
pub fn policies<'m>(model: &'m Model<'_>) -> &'m Policies {
    model.index.policies.get_or_init(|| {
        let mut found = Policies::default();
        for (id, entry) in model.objects.iter().enumerate() {
            if !policy::is_policy(&entry.object) {
                continue;
            }
            found.all.push(id as u32);
            if policy::selects(entry.object.node) {
                found.by_labels.insert(entry.unit);
            }
            for target in policy::targets(entry.object.node) {
                let all = found.by_target.entry(pair(target.kind.text(), target.name.text())).or_default();
                if all.last() != Some(&(id as u32)) {
                    all.push(id as u32);
                }
            }
        }
        found
    })
}

const LABELS: &str = "a policy that attaches by labels may count for the route";
const MERGED: &str = "its policy is merged with another one";
const SEVERAL: &str = "several policies attach to the same thing";

/// The policy that counts for a rule of a route, as an object, where that can be said.
pub fn counting(model: &Model<'_>, object: u32, rule: NodeRef<'_>) -> Option<u32> {
    find(model, object, rule).ok().flatten()
}

/// The `spec` of the policy that counts for a rule of a route; an error where that cannot be said.
pub fn effective<'a>(
    model: &'a Model<'a>,
    object: u32,
    rule: NodeRef<'a>,
) -> Result<Option<NodeRef<'a>>, &'static str> {
    let policy = find(model, object, rule)?;
    Ok(policy.and_then(|id| model.objects[id as usize].object.node.get("spec")))
}

fn find(model: &Model<'_>, object: u32, rule: NodeRef<'_>) -> Result<Option<u32>, &'static str> {
    let unit = model.objects[object as usize].unit;
    if policies(model).by_labels.contains(&unit) {
        return Err(LABELS);
    }
    let mut levels: Vec<Vec<u32>> = Vec::new();
    if let Some(name) = rule.get("name").filter(|name| !name.is_null()) {
        levels.push(attached(model, object, Some(name.text())));
    }
    levels.push(attached(model, object, None));
    let parents: Vec<u32> = gateways(model, object).flatten().collect();
    if let [gateway] = parents.as_slice() {
        let node = model.objects[object as usize].object.node;
        let listener = node.at("spec.parentRefs").and_then(|list| list.items().next()?.get("sectionName"));
        if let Some(listener) = listener.filter(|name| !name.is_null() && !is_filled_in_later(name.text())) {
            levels.push(attached(model, *gateway, Some(listener.text())));
        }
        levels.push(attached(model, *gateway, None));
    }
    let mut filled = levels.into_iter().filter(|level| !level.is_empty());
    let Some(first) = filled.next() else { return Ok(None) };
    let [one] = first.as_slice() else { return Err(SEVERAL) };
    let spec = model.objects[*one as usize].object.node.get("spec");
    let merges = spec.is_some_and(|spec| spec.get("mergeType").is_some_and(|merge| !merge.is_null()));
    if merges && (filled.next().is_some() || parents.len() != 1) {
        return Err(MERGED);
    }
    Ok(Some(*one))
}
