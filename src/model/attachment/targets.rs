//! Policies of Envoy Gateway and what they attach to: by name, or by labels.

use rustc_hash::FxHashMap;

use crate::lower::gateway::policy;
use crate::lower::kubernetes::selector::{self, Match};
use crate::model::hop::is_hidden;
use crate::model::link::{self, pair};
use crate::model::{Model, existence};
use crate::syntax::tree::NodeRef;

/// All policies of Envoy Gateway.
#[derive(Debug, Default)]
pub struct Policies {
    /// As objects, in order.
    pub all: Vec<u32>,
    /// By kind and name of what they attach to.
    by_target: FxHashMap<u64, Vec<u32>>,
    /// Those that attach by labels, in order.
    by_labels: Vec<u32>,
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
                found.by_labels.push(id as u32);
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

/// The policies that attach to something.
#[derive(Debug, Default)]
pub struct Attached {
    /// As objects, in order.
    pub ids: Vec<u32>,
    /// Whether there may be another one, by labels.
    pub open: bool,
}

/// The policies that attach to an object; those of one section of it only if that section is asked for.
pub fn attached(model: &Model<'_>, object: u32, section: Option<&str>) -> Attached {
    let entry = &model.objects[object as usize];
    let (kind, name) = (entry.object.kind, entry.object.name);
    let meant = |id: &u32| {
        let holder = &model.objects[*id as usize];
        holder.unit == entry.unit
            && link::same_namespace(model, *id, object) != Match::No
            && names(holder.object.node, kind, name, section)
    };
    let by_name = policies(model).by_target.get(&pair(kind, name));
    let ids = by_name.into_iter().flatten().copied().filter(meant).collect();
    let mut found = Attached { ids, open: false };
    // Labels select whole objects.
    if section.is_none() {
        for id in &policies(model).by_labels {
            match selects(model, *id, object) {
                Match::Yes => found.ids.push(*id),
                Match::Perhaps => found.open = true,
                Match::No => {}
            }
        }
        found.ids.sort_unstable();
        found.ids.dedup();
    }
    found
}

/// The policies before this one that name the same section of the same thing: the oldest alone holds, and no file says which
/// that is.
pub fn rivals(model: &Model<'_>, policy: u32) -> Vec<u32> {
    let node = model.objects[policy as usize].object.node;
    let mut found: Vec<u32> = policy::targets(node)
        .flat_map(|target| {
            let section = target.section.map(NodeRef::text);
            let is_known =
                [Some(target.name), target.section].into_iter().flatten().all(|node| !is_hidden(node));
            let all = is_known
                .then(|| policies(model).by_target.get(&pair(target.kind.text(), target.name.text())));
            let same = move |id: &u32| {
                let other = &model.objects[*id as usize];
                *id < policy
                    && other.unit == model.objects[policy as usize].unit
                    && link::same_namespace(model, *id, policy) == Match::Yes
                    && names(other.object.node, target.kind.text(), target.name.text(), section)
            };
            all.flatten().into_iter().flatten().copied().filter(same)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// What a policy attaches to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The object.
    pub object: u32,
    /// The section of it that is named.
    pub section: Option<&'a str>,
}

/// The objects of its unit that a policy attaches to, and whether there may be others.
pub fn targets<'a>(model: &'a Model<'a>, policy: u32) -> (Vec<Target<'a>>, bool) {
    let entry = &model.objects[policy as usize];
    let beside = |id: &u32| {
        model.objects[*id as usize].unit == entry.unit
            && link::same_namespace(model, *id, policy) != Match::No
    };
    let mut found = Vec::new();
    for target in policy::targets(entry.object.node) {
        let all = existence::bearers(model, target.kind.text(), target.name.text()).filter(beside);
        found.extend(all.map(|object| Target { object, section: target.section.map(NodeRef::text) }));
    }
    let mut open = false;
    if policy::selects(entry.object.node) {
        for object in model.units[entry.unit as usize].objects.iter().copied() {
            match selects(model, policy, object) {
                Match::Yes => found.push(Target { object, section: None }),
                Match::Perhaps => open = true,
                Match::No => {}
            }
        }
        open |= policy::selectors(entry.object.node).any(|one| one.get("namespaces").is_some());
    }
    (found, open)
}

/// Whether a policy names a thing, and that section of it.
fn names(policy: NodeRef<'_>, kind: &str, name: &str, section: Option<&str>) -> bool {
    policy::targets(policy).any(|target| {
        target.kind.text() == kind
            && target.name.text() == name
            && target.section.map(NodeRef::text) == section
    })
}

/// Whether one of the selectors of a policy takes an object: by kind, labels and namespace. Into another namespace it reaches
/// only where that one grants it.
fn selects(model: &Model<'_>, policy: u32, object: u32) -> Match {
    let (holder, entry) = (&model.objects[policy as usize], &model.objects[object as usize]);
    let labels = entry.object.node.at("metadata.labels");
    let here = match holder.unit == entry.unit {
        true => link::same_namespace(model, policy, object),
        false => Match::No,
    };
    let mut best = Match::No;
    for one in policy::selectors(holder.object.node) {
        if one.get("kind").is_some_and(|kind| !kind.is_unknown() && kind.text() != entry.object.kind) {
            continue;
        }
        let reaches = match policy::reach(one) {
            policy::Reach::Own => here,
            policy::Reach::All if here == Match::Yes => here,
            policy::Reach::All | policy::Reach::Some => Match::Perhaps,
        };
        match selector::selects(one, labels).and(reaches) {
            Match::Yes => return Match::Yes,
            Match::Perhaps => best = Match::Perhaps,
            Match::No => {}
        }
    }
    best
}
