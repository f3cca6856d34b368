//! Programs that a whole cluster asks at every moment: its names, its traffic, its admission, its autoscaling.
//!
//! They are known by the last part of the path that their makers publish the image under, which mirrors keep. What is installed once
//! and asked seldom is not named here.

use super::image;
use crate::fact::{Fact, Spot};
use crate::measure::image::Image;
use crate::syntax::tree::NodeRef;

/// The end of an image's path, and the program's name.
const SERVICES: [(&str, &str); 14] = [
    // kubernetes/ingress-nginx, deploy/static; Traefik's chart, `image.repository`, and docker-library's name for it.
    ("ingress-nginx/controller", "ingress-nginx"),
    ("traefik/traefik", "Traefik"),
    ("library/traefik", "Traefik"),
    // istio/istio, charts istio-control/istio-discovery and gateway; envoyproxy/gateway, chart gateway-helm.
    ("istio/pilot", "istiod"),
    ("istio-release/pilot", "istiod"),
    (PROXY, "an Istio gateway"),
    ("envoyproxy/gateway", "Envoy Gateway"),
    // cert-manager/cert-manager and kyverno/kyverno: webhooks that are asked before an object is accepted.
    ("jetstack/cert-manager-webhook", "cert-manager's webhook"),
    ("kyverno/kyverno", "Kyverno"),
    // coredns/helm; kubernetes-sigs/metrics-server, manifests/base; kedacore/keda, config: both are registered at the API server.
    ("coredns/coredns", "CoreDNS"),
    ("metrics-server/metrics-server", "metrics-server"),
    ("kedacore/keda-metrics-apiserver", "KEDA's metrics server"),
    ("kedacore/keda-admission-webhooks", "KEDA's webhook"),
    // aws/karpenter-provider-aws, chart karpenter, `controller.image.repository`.
    ("karpenter/controller", "Karpenter"),
];

/// Istio's proxy: a gateway where it stands alone, else the sidecar of something else.
const PROXY: &str = "istio/proxyv2";

/// What a whole cluster asks of a pod with these containers.
pub fn of<'a>(containers: &[NodeRef<'a>]) -> Fact<'a, &'static str> {
    let mut hidden = None;
    for container in containers {
        let Some(node) = image::node(*container) else { continue };
        let image = image::parsed(*container);
        let Some(full) = image.as_ref().and_then(Image::full_name) else {
            // A variable may hold the whole name, or a mirror before a name that says enough.
            let plain = image.as_ref().and_then(Image::product);
            if plain.is_none_or(|last| SERVICES.iter().any(|(end, _)| end.rsplit('/').next() == Some(last))) {
                hidden.get_or_insert(node);
            }
            continue;
        };
        let ends = |end: &str| full.strip_suffix(end).is_some_and(|before| before.ends_with('/'));
        let found = SERVICES.iter().find(|(end, _)| ends(end) && (*end != PROXY || containers.len() == 1));
        if let Some((_, name)) = found {
            return Fact::written(*name, Spot::value(node));
        }
    }
    match hidden {
        Some(node) => Fact::unknown_at("its image is only known at run time", Spot::value(node)),
        None => Fact::nothing(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fact::State;
    use crate::source::FileId;
    use crate::syntax::{self, Syntax};

    #[test]
    fn images_of_makers_and_of_mirrors() {
        for (images, expected) in [
            ("registry.k8s.io/ingress-nginx/controller:v1.12.1", Some("ingress-nginx")),
            ("mirror.example.com/hub/ingress-nginx/controller:1", Some("ingress-nginx")),
            ("traefik:v3", Some("Traefik")),
            ("ghcr.io/traefik/traefik:v3", Some("Traefik")),
            ("istio/proxyv2:1.25.0", Some("an Istio gateway")),
            ("api:1, istio/proxyv2:1.25.0", None),
            ("api:1, coredns/coredns:1.12.0", Some("CoreDNS")),
            ("acme/my-ingress-nginx/controller-2:1", None),
            ("acme/traefik:1", None),
            ("controller:1", None),
            ("${MIRROR}/coredns:1", None),
            ("${IMAGE}", None),
            ("${MIRROR}/api:1", None),
        ] {
            let containers: Vec<String> =
                images.split(", ").map(|image| format!("{{image: \"{image}\"}}")).collect();
            let text = format!("[{}]", containers.join(", "));
            let tree = syntax::parse(Syntax::Yaml, FileId(0), Arc::from(text)).tree;
            let nodes: Vec<NodeRef<'_>> = tree.roots().flat_map(NodeRef::items).collect();
            let found = of(&nodes);
            let hidden = images.ends_with("}") || images.ends_with("}/coredns:1");
            assert_eq!(matches!(found.state, State::Unknown(_)), hidden, "{images}");
            assert_eq!(found.into_value(), expected, "{images}");
        }
    }
}
