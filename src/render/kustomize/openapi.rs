//! `openapi.path`: merge keys of custom resources. They take the place of Kubernetes' own, which then are not known.

use super::node::Node;
use super::schema::{Field, Schema};

const PREFIX: &str = "#/definitions/";

/// The types of an OpenAPI document. Which kinds have no namespace stays known.
pub(super) fn read(document: &Node, builtin: &Schema) -> Schema {
    let mut schema = builtin.without_types();
    let mut names = Default::default();
    for definition in document.get("definitions").map_or(&[][..], Node::entries) {
        let ty = schema.number(&definition.key, &mut names);
        for property in definition.node.get("properties").map_or(&[][..], Node::entries) {
            let node = &property.node;
            let is_list = node.str("type") == Some("array");
            let of = if is_list { node.get("items") } else { Some(node) };
            let reference = of.and_then(|of| of.str("$ref")).and_then(|to| to.strip_prefix(PREFIX));
            let strategy = node.str("x-kubernetes-patch-strategy").unwrap_or_default();
            let is_merged = is_list && strategy.split(',').any(|part| part == "merge");
            let keys =
                || match (node.get("x-kubernetes-list-map-keys"), node.str("x-kubernetes-patch-merge-key")) {
                    (Some(keys), _) => keys.items().iter().map(|key| key.written().to_owned()).collect(),
                    (None, key) => key.into_iter().map(str::to_owned).collect(),
                };
            let ty_of = reference.map(|name| schema.number(name, &mut names));
            schema.add(ty, &property.key, Field::new(ty_of, is_merged.then(keys)));
        }
        let kinds = definition.node.get("x-kubernetes-group-version-kind").map_or(&[][..], Node::items);
        if let [kind] = kinds {
            let text = |key: &str| kind.str(key).unwrap_or_default();
            let slash = if text("group").is_empty() { "" } else { "/" };
            schema.add_kind(&format!("{}{slash}{}", text("group"), text("version")), text("kind"), ty);
        }
    }
    schema
}
