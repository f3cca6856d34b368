//! The Gateway API: the rules of HTTPRoutes and GRPCRoutes, and the policies that Envoy Gateway attaches to them.
//!
//! What the API leaves to the implementation is read as the implementation has it, where that is known.

pub mod defaults;
pub mod policy;
pub mod rate_limit;
pub mod route;
pub mod settings;

/// Who carries out a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// Envoy Gateway.
    EnvoyGateway,
    /// Istio.
    Istio,
    /// Another, or nobody knows.
    Other,
}

impl Implementation {
    /// By the `controllerName` of a GatewayClass.
    pub fn of_controller(name: &str) -> Self {
        match name {
            // Envoy Gateway, api/v1alpha1 `GatewayControllerName`.
            "gateway.envoyproxy.io/gatewayclass-controller" => Self::EnvoyGateway,
            // istio/istio, pkg/config/constants `ManagedGatewayController`.
            "istio.io/gateway-controller" => Self::Istio,
            _ => Self::Other,
        }
    }
}
