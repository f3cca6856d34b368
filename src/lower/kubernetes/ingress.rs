//! Who serves an Ingress, as its class, the IngressClass and its annotations say.

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
    /// The AWS Load Balancer Controller.
    Alb,
    /// Another one.
    Other,
}

/// Who serves an Ingress. `class` is the IngressClass that it names, where a file declares it.
pub fn controller<'a>(object: &Object<'a>, class: Option<NodeRef<'a>>) -> Fact<'a, Controller> {
    let said = class.map(|class| read::text(class, "spec.controller"));
    if let Some(said) = said.filter(|said| !said.is_absent()) {
        // ingress-nginx, ingressclass.DefaultControllerName; AWS Load Balancer Controller, docs, IngressClass.
        return said.map(|name| match name {
            "k8s.io/ingress-nginx" => Controller::Nginx,
            "ingress.k8s.aws/alb" => Controller::Alb,
            _ => Controller::Other,
        });
    }
    let nginx = ingress_nginx::is_annotated(object);
    let alb = alb::is_annotated(object);
    let Some(name) = route::class(object) else {
        return match (nginx, alb) {
            (true, false) => Fact::plain(Controller::Nginx),
            (false, true) => Fact::plain(Controller::Alb),
            _ => Fact::unknown("nobody says who serves the Ingress"),
        };
    };
    Fact::written(name, Spot::value(name)).text().try_map(
        "the class is served by whoever is installed",
        |text| match text {
            "alb" => Some(Controller::Alb),
            _ if nginx && !alb => Some(Controller::Nginx),
            _ if alb && !nginx => Some(Controller::Alb),
            _ => None,
        },
    )
}
