//! `crds`: OpenAPI definitions that say which fields of custom resources hold names, labels and annotations.

use std::rc::Rc;

use super::Problem;
use super::config::{Config, NameReference};
use super::fieldspec::FieldSpec;
use super::node::Node;
use super::resource::Gvk;

/// How deep definitions may refer to each other.
const DEPTH: usize = 30;

/// How many fields a file may name.
const FIELDS: usize = 10_000;

/// What such a file adds to the fields that transformers write.
pub(super) fn read(definitions: &Node) -> Result<Config, Problem> {
    let mut config = Config::default();
    let mut left = FIELDS;
    for entry in definitions.entries() {
        let properties = entry.node.at(&["Schema", "properties"]);
        let is_kind = ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|key| properties.is_some_and(|properties| properties.get(key).is_some()));
        if is_kind {
            let kind = entry.key.rsplit('.').next().unwrap_or(&entry.key);
            let mut found = Config::default();
            walk(&mut found, &Gvk::of_kind(kind), definitions, &entry.key, "", DEPTH, &mut left);
            config.merge(&found).map_err(|message| Problem::new(message, entry.from))?;
        }
    }
    Ok(config)
}

fn walk(
    config: &mut Config,
    gvk: &Gvk,
    definitions: &Node,
    name: &str,
    path: &str,
    depth: usize,
    left: &mut usize,
) {
    let properties = definitions.get(name).and_then(|definition| definition.at(&["Schema", "properties"]));
    for property in properties.map_or(&[][..], Node::entries) {
        if *left == 0 || depth == 0 {
            return;
        }
        *left -= 1;
        let path =
            if path.is_empty() { property.key.to_string() } else { format!("{path}/{}", property.key) };
        let node = &property.node;
        let spec = |path: &str| FieldSpec { gvk: gvk.clone(), path: Rc::from(path), create: false };
        let is = |key: &str| node.get(key).is_some();
        if is("x-kubernetes-annotation") {
            config.common_annotations.push(spec(&path));
        }
        if is("x-kubernetes-label-selector") {
            config.common_labels.push(spec(&path));
        }
        if is("x-kubernetes-identity") {
            config.name_prefix.push(spec(&path));
        }
        let of = |key: &str| node.str(key).map(Rc::from);
        if let (Some(version), Some(kind)) =
            (of("x-kubernetes-object-ref-api-version"), of("x-kubernetes-object-ref-kind"))
        {
            let key = node.str("x-kubernetes-object-ref-name-key").unwrap_or("name");
            config.name_reference.push(NameReference {
                gvk: Gvk { group: Rc::from(""), version, kind },
                referrers: vec![spec(&format!("{path}/{key}"))],
            });
        }
        if let Some(reference) = node.str("$ref") {
            walk(config, gvk, definitions, reference, &path, depth - 1, left);
        }
    }
}
