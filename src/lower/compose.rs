//! Compose files: the services of a project, as far as requests pass them.
//!
//! Names are those of the Compose specification. Files that override others are read each for itself.

use super::kubernetes::start::Start;
use crate::syntax::tree::{NodeKind, NodeRef, Tree};

/// The services of a file, if it is one of Compose: a mapping of services that have an image or a build.
pub fn services<'a>(tree: &'a Tree) -> impl Iterator<Item = NodeRef<'a>> {
    let all =
        tree.roots().filter(|root| root.get("apiVersion").is_none()).filter_map(|root| root.get("services"));
    all.filter(|services| {
        services.kind() == NodeKind::Map
            && services.children().any(|one| one.get("image").is_some() || one.get("build").is_some())
    })
    .flat_map(NodeRef::children)
    .filter(|service| service.kind() == NodeKind::Map)
}

/// How a service is started. A command that is one string is split as a shell would.
pub fn start<'a>(service: NodeRef<'a>) -> Start<'a> {
    let mut env = Vec::new();
    if let Some(all) = service.get("environment") {
        match all.kind() {
            NodeKind::Map => env.extend(all.entries().map(|(name, value)| (name, value, 0))),
            NodeKind::List => env.extend(all.items().filter_map(|one| {
                let (name, _) = one.text().split_once('=')?;
                Some((name, one, name.len() + 1))
            })),
            _ => {}
        }
    }
    let open = service.get("env_file").is_some();
    Start::of_words(service, service.get("entrypoint"), service.get("command"), &env, open)
}
