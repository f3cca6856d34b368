//! What a LimitRange gives to containers that say nothing.
//!
//! It follows `SetDefaults_LimitRangeItem` (pkg/apis/core/v1/defaults.go): a limit defaults to the maximum, a request to the
//! default limit and then to the minimum.

use crate::syntax::tree::{NodeKind, NodeRef};

/// The default limit of a resource for containers.
pub fn limit<'a>(range: NodeRef<'a>, resource: &str) -> Option<NodeRef<'a>> {
    items(range).find_map(|item| at(item, "default", resource).or_else(|| at(item, "max", resource)))
}

/// The default request of a resource for containers.
pub fn request<'a>(range: NodeRef<'a>, resource: &str) -> Option<NodeRef<'a>> {
    items(range).find_map(|item| {
        let keys = ["defaultRequest", "default", "max", "min"];
        keys.into_iter().find_map(|key| at(item, key, resource))
    })
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

fn at<'a>(item: NodeRef<'a>, key: &str, resource: &str) -> Option<NodeRef<'a>> {
    item.get(key)?.get(resource).filter(|value| !value.is_null())
}
