//! Who serves an Ingress, as its class, the IngressClass, its annotations and those of its neighbours say.

use super::object::Object;
use super::route;
use crate::fact::{Fact, Spot};
use crate::lower::{alb, ingress_nginx, read};
use crate::syntax::tree::NodeRef;

/// A controller of Ingresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// kubernetes/ingress-nginx.
    Nginx,
    /// kubernetes/ingress-nginx or that of F5: both call their class `nginx` unless they are told another name.
    AnyNginx,
    /// The AWS Load Balancer Controller.
    Alb,
    /// Another one.
    Other,
}

/// The names that other controllers have for their class unless they are told another. Annotations of the controller that
/// served an Ingress before often stay behind.
const OTHERS: [&str; 9] = [
    "azure-application-gateway",
    "cilium",
    "contour",
    "gce",
    "gce-internal",
    "haproxy",
    "kong",
    "tailscale",
    "traefik",
];

/// The controller whose annotations an Ingress has, where it is one alone of those that may serve its class.
pub fn addressed(object: &Object<'_>) -> Option<Controller> {
    let class = route::class(object).filter(|class| !class.is_unknown()).map(NodeRef::text);
    let nginx = ingress_nginx::is_annotated(object).then_some(Controller::Nginx);
    let f5 = is_of_f5(object).then_some(Controller::Other);
    let alb = alb::addressed(object);
    let all = match class {
        // ingress-nginx, chart, `controller.ingressClassResource.name`; nginx/kubernetes-ingress, chart,
        // `controller.ingressClass.name`.
        Some("nginx") => [nginx, f5, None],
        // AWS Load Balancer Controller, chart, `ingressClass`. Alibaba Cloud and NAVER Cloud call theirs so, too, and their
        // annotations have the same prefix.
        Some("alb") => [alb, None, None],
        Some(other) if OTHERS.contains(&other) => return Some(Controller::Other),
        _ => [nginx, f5, alb],
    };
    let mut found = all.into_iter().flatten();
    found.next().filter(|_| found.next().is_none())
}

/// nginx/kubernetes-ingress, docs, "Advanced configuration with Annotations".
fn is_of_f5(object: &Object<'_>) -> bool {
    let annotations = object.node.at("metadata.annotations");
    annotations.is_some_and(|all| {
        all.entries().any(|(key, _)| key.starts_with("nginx.org/") || key.starts_with("nginx.com/"))
    })
}

/// Who serves an Ingress. `class` is the IngressClass that it names, where a file declares it; `told` is what else the project
/// says of the class of this name.
pub fn controller<'a>(
    object: &Object<'a>,
    class: Option<NodeRef<'a>>,
    told: impl FnOnce(&str) -> Option<Controller>,
) -> Fact<'a, Controller> {
    let said = class.map(|class| read::text(class, "spec.controller"));
    if let Some(said) = said.filter(|said| !said.is_absent()) {
        // ingress-nginx, ingressclass.DefaultControllerName; AWS Load Balancer Controller, docs, IngressClass.
        return said.map(|name| match name {
            "k8s.io/ingress-nginx" => Controller::Nginx,
            "ingress.k8s.aws/alb" => Controller::Alb,
            _ => Controller::Other,
        });
    }
    let own = addressed(object);
    let Some(name) = route::class(object) else {
        return own.map_or_else(|| Fact::unknown("nobody says who serves the Ingress"), Fact::plain);
    };
    let name = Fact::written(name, Spot::value(name)).unless_hidden().text();
    let Some(text) = name.value().copied() else {
        return name.map(|_| Controller::Other);
    };
    if let Some(own) = own {
        return name.map(|_| own);
    }
    let guess = told(text).or(match text {
        "nginx" => Some(Controller::AnyNginx),
        "alb" => Some(Controller::Alb),
        _ => None,
    });
    name.try_map("the class is served by whoever is installed", |_| guess).guessed()
}
