//! Who holds to a rate limit: the workloads of its proxies, the Services in front of them, the service that counts for them.

use super::Limiter;
use crate::fact::{Fact, Reason, Spot};
use crate::lower::envoy;
use crate::lower::istio::host;
use crate::lower::kubernetes::selector;
use crate::lower::rate_limit::Dialect;
use crate::model::{Model, Thing, hop, link, workload};
use crate::syntax::tree::NodeRef;

/// The workloads whose pods hold to a limit, and why there may be more.
pub(super) fn of(model: &Model<'_>, limiter: &Limiter<'_>) -> (Vec<u32>, Option<Reason>) {
    let unknown = || (Vec::new(), Some(Reason::new("what runs the proxy is in no file")));
    let Some(object) = limiter.object else { return unknown() };
    match limiter.limit.dialect {
        Dialect::Nginx => {
            let all = controllers(model);
            let unit = model.objects[object as usize].unit;
            let of_unit =
                |id: &u32| model.objects[model.workloads[*id as usize].object as usize].unit == unit;
            let own: Vec<u32> = all.iter().copied().filter(of_unit).collect();
            match (own.as_slice(), all) {
                ([one], _) | ([], [one]) => (vec![*one], None),
                _ => unknown(),
            }
        }
        Dialect::Envoy => match model.objects[object as usize].object.node.at("spec.workloadSelector.labels")
        {
            Some(labels) => {
                let matches = |own| selector::selects_map(labels, own);
                let found = link::selected(model, object, selector::asked_by_map(Some(labels)), matches);
                let elsewhere = found.ids.is_empty().then(|| Reason::new("the pods run elsewhere"));
                (found.ids, found.open.or(elsewhere))
            }
            None => unknown(),
        },
        Dialect::EnvoyGateway | Dialect::Service => unknown(),
    }
}

/// Whether any pods of the project run ingress-nginx.
pub fn runs_ingress_nginx(model: &Model<'_>) -> bool {
    !controllers(model).is_empty()
}

/// The workloads that run ingress-nginx: their command names the controller.
fn controllers<'m>(model: &'m Model<'_>) -> &'m [u32] {
    model.index.nginx_controllers.get_or_init(|| {
        let runs = |node: NodeRef<'_>| {
            let words = ["command", "args"].iter().filter_map(|key| node.get(key)).flat_map(NodeRef::items);
            words.take(4).any(|word| word.text().ends_with("/nginx-ingress-controller"))
        };
        let all = model.containers.iter().filter(|container| runs(container.node));
        let mut found: Vec<u32> = all.map(|container| container.workload).collect();
        found.dedup();
        found
    })
}

/// The Services for traffic from outside that lead to the proxies of a limit.
pub(super) fn entrances(model: &Model<'_>, limiter: &Limiter<'_>) -> (Vec<u32>, Option<Reason>) {
    let (workloads, mut open) = of(model, limiter);
    let mut found = Vec::new();
    for id in workloads {
        let services = workload::services(model, id);
        let outside = |id: &u32| {
            let kind = model.services[*id as usize].node.at("spec.type");
            kind.is_some_and(|kind| matches!(kind.text(), "LoadBalancer" | "NodePort"))
        };
        found.extend(services.ids.iter().copied().filter(outside));
        open = open.or_else(|| services.open.clone());
    }
    (found, open)
}

/// The rate limit service that a limit asks, by the name of a cluster: Istio's own says the host, another one is looked up in
/// the same object.
pub(super) fn asked<'a>(model: &'a Model<'a>, limiter: &Limiter<'a>) -> Fact<'a, Thing> {
    let (Some(object), Some(cluster)) = (limiter.object, limiter.limit.asks()) else {
        return Fact::unknown("whom it asks is in no file");
    };
    let place = model.objects[object as usize].object.node;
    let name = match cluster.text().rsplit_once('|') {
        Some((_, host)) => host::service(host),
        None => {
            let named = |node: &NodeRef<'_>| node.get("name").is_some_and(|own| own.text() == cluster.text());
            let found = place
                .walk()
                .filter(named)
                .filter_map(envoy::assignment)
                .find_map(|list| envoy::endpoints(list).next());
            found.and_then(envoy::address).and_then(|address| host::service(address.text()))
        }
    };
    match name.filter(|_| !hop::is_hidden(cluster)) {
        Some(named) => hop::service_named(model, object, named, cluster),
        None => Fact::unknown_at("its cluster names no Service of Kubernetes", Spot::value(cluster)),
    }
}
