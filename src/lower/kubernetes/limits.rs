//! Requests and limits as they are written, and what a LimitRange gives to containers that say nothing.
//!
//! The latter follows `SetDefaults_LimitRangeItem` (pkg/apis/core/v1/defaults.go): a limit defaults to the maximum, a request to the
//! default limit and then to the minimum.

use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::measure::quantity;
use crate::syntax::tree::{NodeKind, NodeRef};

/// The two numbers that a container may give for a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// What it asks for.
    Request,
    /// What it is held to.
    Limit,
}

impl Bound {
    /// Where it is written in a container or a pod.
    fn path(self) -> &'static str {
        match self {
            Self::Request => "resources.requests",
            Self::Limit => "resources.limits",
        }
    }

    /// Where a LimitRange has it, first what counts first.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Request => &["defaultRequest", "default", "max", "min"],
            Self::Limit => &["default", "max"],
        }
    }
}

/// A quantity in a node: cores, bytes, or a count.
pub fn quantity(node: NodeRef<'_>) -> Fact<'_, f64> {
    let text = Fact::written(node, Spot::value(node)).unless_hidden().text();
    text.try_map("it is no quantity", quantity::parse)
}

/// What a container or a pod writes itself.
pub fn written<'a>(holder: NodeRef<'a>, bound: Bound, resource: &str) -> Fact<'a, f64> {
    let list = read::node(holder, bound.path());
    let Some(list) = list.value().copied() else { return list.map(|_| 0.0) };
    match list.get(resource) {
        Some(node) if node.is_null() => Fact::absent(Spot::key(node)),
        Some(node) => quantity(node),
        None => {
            let known = ["cpu", "memory", "ephemeral-storage"].into_iter().find(|known| *known == resource);
            Fact::absent(known.map_or_else(|| Spot::key(list), |key| Spot::missing(list, key)))
        }
    }
}

/// The resources that a container or a pod writes something about; none where it writes nothing.
pub fn resources<'a>(holder: NodeRef<'a>, bound: Bound) -> Fact<'a, Vec<&'a str>> {
    let list = read::node(holder, bound.path());
    if list.is_absent() {
        return Fact { spots: list.spots, ..Fact::plain(Vec::new()) };
    }
    list.map(|list| {
        list.entries().filter(|(_, value)| !value.is_null()).map(|(resource, _)| resource).collect()
    })
}

/// What a LimitRange gives to containers.
pub fn given<'a>(range: NodeRef<'a>, bound: Bound, resource: &str) -> Option<NodeRef<'a>> {
    let at = |item: NodeRef<'a>, key: &str| item.get(key)?.get(resource).filter(|value| !value.is_null());
    items(range).find_map(|item| bound.keys().iter().find_map(|key| at(item, key)))
}

/// The resources that a LimitRange gives to containers.
pub fn all_given<'a>(range: NodeRef<'a>, bound: Bound) -> impl Iterator<Item = &'a str> {
    let lists = items(range).flat_map(move |item| bound.keys().iter().filter_map(move |key| item.get(key)));
    lists.flat_map(NodeRef::entries).map(|(resource, _)| resource)
}

/// Whether anything in it that matters here is only known at run time.
pub fn is_vague(range: NodeRef<'_>) -> bool {
    range
        .at("spec.limits")
        .is_some_and(|limits| limits.kind() != NodeKind::List || limits.walk().any(NodeRef::is_unknown))
}

fn items(range: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let list = range.at("spec.limits").into_iter().flat_map(NodeRef::items);
    list.filter(|item| item.get("type").is_some_and(|kind| kind.text() == "Container"))
}
