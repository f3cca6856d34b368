//! Exported definitions: one JSON file with everything that a broker has.

use rustc_hash::FxHashMap;

use super::{Declared, Keys, Server, Vhost};
use crate::syntax::tree::{NodeKind, NodeRef};

pub(super) const KEYS: Keys = Keys {
    auto_delete: "auto_delete",
    routing_key: "routing_key",
    destination_type: "destination_type",
    apply_to: "apply-to",
};

/// Adds the virtual hosts of a document, if it is such an export.
pub(super) fn add<'a>(vhosts: &mut Vec<Vhost<'a>>, root: NodeRef<'a>, path: &str) {
    let list = |key: &str| root.get(key).filter(|node| node.kind() == NodeKind::List);
    if list("queues").is_none() || (list("exchanges").is_none() && list("vhosts").is_none()) {
        return;
    }
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    for (key, put) in [
        ("queues", put_queue as fn(&mut Vhost<'a>, NodeRef<'a>)),
        ("exchanges", put_exchange),
        ("bindings", |vhost, node| vhost.bindings.push(node)),
        ("policies", |vhost, node| vhost.policies.push(node)),
    ] {
        for node in list(key).into_iter().flat_map(NodeRef::items) {
            let name = node.get("vhost").map_or("/", NodeRef::text);
            let at = *places.entry(name).or_insert_with(|| {
                vhosts.push(Vhost {
                    name: format!("{path} {name}"),
                    complete: true,
                    keys: KEYS,
                    server: Server::of_export(root),
                    ..Vhost::default()
                });
                vhosts.len() - 1
            });
            put(&mut vhosts[at], node);
        }
    }
}

fn put_queue<'a>(vhost: &mut Vhost<'a>, node: NodeRef<'a>) {
    let declared = Declared::new(node, node, &mut vhost.hidden);
    vhost.queues.push(declared);
}

fn put_exchange<'a>(vhost: &mut Vhost<'a>, node: NodeRef<'a>) {
    let declared = Declared::new(node, node, &mut vhost.hidden);
    vhost.exchanges.push(declared);
}
