//! SAM: functions whose properties may stand in `Globals`, and events that stand in functions.

use super::cloud::{Cloud, Resource, What, is_scalar};
use crate::syntax::tree::NodeRef;

/// Adds the events of a function, and gives it what `Globals` says of all functions.
pub(super) fn expand<'a>(cloud: &mut Cloud<'a>, root: NodeRef<'a>, handle: u32) {
    let function = cloud.resources[handle as usize].clone();
    if let Some(globals) = root.at("Globals.Function") {
        cloud.resources[handle as usize].layers.push(globals);
    }
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
