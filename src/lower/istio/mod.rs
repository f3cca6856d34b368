//! Istio: VirtualServices, DestinationRules, EnvoyFilters.

pub mod defaults;
pub mod destination_rule;
pub mod host;
pub mod sidecar;
pub mod virtual_service;

use super::kubernetes::object::Object;

/// Whether an object is one of Istio's of this kind.
pub fn is(object: &Object<'_>, kind: &str) -> bool {
    object.group() == "networking.istio.io" && object.kind == kind
}
