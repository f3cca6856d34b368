//! SAM: functions whose properties may stand in `Globals`, and events that stand in functions.

use super::cloud::{Cloud, Resource, What, is_scalar};
use crate::syntax::tree::NodeRef;

/// Gives a resource what `Globals` says of all of its kind.
pub(super) fn inherit<'a>(cloud: &mut Cloud<'a>, root: NodeRef<'a>, path: &str, handle: u32) {
    cloud.resources[handle as usize].layers.extend(root.at(path));
}

/// Adds the events of a function, and gives it what `Globals` says of all functions.
pub(super) fn expand<'a>(cloud: &mut Cloud<'a>, root: NodeRef<'a>, handle: u32) {
    let function = cloud.resources[handle as usize].clone();
    inherit(cloud, root, "Globals.Function", handle);
    let Some(events) = function.layers.first().and_then(|properties| properties.get("Events")) else {
        return;
    };
    if events.is_unknown() {
        return;
    }
    for (label, event) in events.entries() {
        let kind = event.get("Type").filter(|kind| is_scalar(*kind)).map_or("", NodeRef::text);
        let properties = event.get("Properties").unwrap_or(event);
        let resource = Resource {
            what: What::Event,
            kind,
            label,
            node: event,
            layers: vec![properties],
            scope: function.scope,
            holder: Some(handle),
        };
        cloud.add(None, resource);
    }
}
