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

/// The clusters of a project, by name.
#[derive(Debug, Default)]
pub(super) struct Clusters<'a>(FxHashMap<&'a str, Vec<Cluster<'a>>>);

#[derive(Debug)]
struct Cluster<'a> {
    folder: &'a Utf8Path,
    namespace: Option<NodeRef<'a>>,
    spec: NodeRef<'a>,
}

impl<'a> Clusters<'a> {
    /// Adds a `RabbitmqCluster`.
    pub(super) fn add(&mut self, root: NodeRef<'a>, path: &'a Utf8Path) {
        if root.get("kind").is_none_or(|kind| kind.text() != "RabbitmqCluster") {
            return;
        }
        if let (Some(name), Some(spec)) = (root.at("metadata.name"), root.get("spec")) {
            let folder = path.parent().unwrap_or(Utf8Path::new(""));
            let namespace = root.at("metadata.namespace");
            self.0.entry(name.text()).or_default().push(Cluster { folder, namespace, spec });
        }
    }

    /// The only cluster of that name and namespace that is nearest to a folder. Folders side by side at the top of a project are
    /// taken for environments, of which each has its own.
    fn nearest(&self, name: &str, namespace: Option<NodeRef<'a>>, folder: &Utf8Path) -> Option<NodeRef<'a>> {
        let shared = |cluster: &Cluster<'_>| {
            let parts = cluster.folder.components().zip(folder.components());
            parts.take_while(|(a, b)| a == b).count()
        };
        let apart = |cluster: &Cluster<'_>| {
            shared(cluster) == 0 && !cluster.folder.as_str().is_empty() && !folder.as_str().is_empty()
        };
        let fits = |cluster: &&Cluster<'a>| {
            let same = match (cluster.namespace, namespace) {
                (Some(a), Some(b)) => !a.is_unknown() && !b.is_unknown() && a.text() == b.text(),
                (None, None) => true,
                _ => cluster.folder == folder,
            };
            same && !apart(cluster)
        };
        let fitting: Vec<_> = self.0.get(name)?.iter().filter(fits).collect();
        let own = fitting.iter().find(|cluster| cluster.folder == folder);
        let most = fitting.iter().map(|cluster| shared(cluster)).max()?;
        let mut best = fitting.iter().filter(|cluster| shared(cluster) == most);
        own.or_else(|| best.next().filter(|_| best.next().is_none())).map(|cluster| cluster.spec)
    }
}

fn folder(path: &Utf8Path) -> &str {
    path.parent().map_or("", Utf8Path::as_str)
}

/// Adds an object to its virtual host: of the same folder, cluster and name.
pub(super) fn add<'a>(
    vhosts: &mut Vec<Vhost<'a>>,
    known: &mut FxHashMap<String, usize>,
    clusters: &Clusters<'a>,
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
        let namespace =
            spec.at("rabbitmqClusterReference.namespace").or_else(|| root.at("metadata.namespace"));
        let spec = clusters.nearest(cluster, namespace, Utf8Path::new(folder));
        let server = spec.map(Server::of_object).unwrap_or_default();
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
