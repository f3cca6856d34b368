//! Objects of the messaging topology operator: `Queue`, `Exchange`, `Binding` and `Policy` of `rabbitmq.com`, and the
//! `RabbitmqCluster` of the cluster operator that they are for.

use camino::Utf8Path;
use rustc_hash::FxHashMap;

use super::{Declared, Keys, Server, Vhost};
use crate::syntax::tree::NodeRef;

const KEYS: Keys = Keys {
    auto_delete: "autoDelete",
    routing_key: "routingKey",
    destination_type: "destinationType",
    apply_to: "applyTo",
};

/// Adds a cluster: the specification of a folder's `RabbitmqCluster`, by folder and name.
pub(super) fn add_cluster<'a>(
    clusters: &mut FxHashMap<(&'a str, &'a str), NodeRef<'a>>,
    root: NodeRef<'a>,
    path: &'a Utf8Path,
) {
    if root.get("kind").is_none_or(|kind| kind.text() != "RabbitmqCluster") {
        return;
    }
    if let (Some(name), Some(spec)) = (root.at("metadata.name"), root.get("spec")) {
        clusters.insert((folder(path), name.text()), spec);
    }
}

fn folder(path: &Utf8Path) -> &str {
    path.parent().map_or("", Utf8Path::as_str)
}

/// Adds an object to its virtual host: of the same folder, cluster and name.
pub(super) fn add<'a>(
    vhosts: &mut Vec<Vhost<'a>>,
    known: &mut FxHashMap<String, usize>,
    clusters: &FxHashMap<(&'a str, &'a str), NodeRef<'a>>,
    root: NodeRef<'a>,
    path: &'a Utf8Path,
) {
    if !root.get("apiVersion").is_some_and(|version| version.text().starts_with("rabbitmq.com/")) {
        return;
    }
    let (Some(kind), Some(spec)) = (root.get("kind"), root.get("spec")) else { return };
    if kind.text() == "RabbitmqCluster" {
        return;
    }
    let text = |path: &str| spec.at(path).filter(|node| !node.is_unknown()).map(NodeRef::text);
    let cluster = text("rabbitmqClusterReference.name").unwrap_or_default();
    let vhost = text("vhost").unwrap_or("/");
    let folder = folder(path);
    let name = format!("{folder} {cluster} {vhost}");
    let at = *known.entry(name).or_insert_with_key(|name| {
        let server = clusters.get(&(folder, cluster)).map(|spec| Server::of_object(*spec));
        let server = server.unwrap_or_default();
        vhosts.push(Vhost { name: name.clone(), keys: KEYS, server, ..Vhost::default() });
        vhosts.len() - 1
    });
    let vhost = &mut vhosts[at];
    match kind.text() {
        "Queue" => vhost.queues.push(Declared::new(root, spec, &mut vhost.hidden)),
        "Exchange" => vhost.exchanges.push(Declared::new(root, spec, &mut vhost.hidden)),
        "Binding" => vhost.bindings.push(spec),
        "Policy" => vhost.policies.push(spec),
        _ => {}
    }
}
