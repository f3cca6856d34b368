//! Templates of CloudFormation and SAM, and the local ones that they nest: a template that another nests is judged once for each
//! time, with the parameters that it is given there.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use super::cloud::{Cloud, Dialect, is_scalar};
use super::cloudformation::{self, add_template};
use super::relative::resolve;
use crate::source::Sources;
use crate::syntax::tree::NodeRef;

/// How deep templates may nest each other.
const DEPTH: u32 = 8;

/// How many nested templates are read in a project.
const NESTED: usize = 2000;

/// Adds the stacks that documents are.
pub(super) fn add<'a>(cloud: &mut Cloud<'a>, documents: &[NodeRef<'a>], sources: &'a Sources) {
    let path = |root: &NodeRef<'a>| sources.path(root.tree().file);
    let templates: Vec<NodeRef<'a>> =
        documents.iter().copied().filter(|root| cloudformation::is_template(*root)).collect();
    let by_path: BTreeMap<&Utf8Path, NodeRef<'a>> =
        templates.iter().map(|root| (path(root), *root)).collect();
    let mut inner: FxHashSet<Utf8PathBuf> = FxHashSet::default();
    for root in &templates {
        let here = path(root);
        inner.extend(
            calls(*root).filter_map(|(_, _, named)| local(here, named)).filter(|other| other != here),
        );
    }
    let mut left = NESTED;
    for root in templates {
        let here = path(&root);
        if inner.contains(here) {
            continue;
        }
        let scope = cloud.begin(Dialect::CloudFormation, here.as_str(), Some(root));
        let mut nesting = Nesting { cloud, by_path: &by_path, left: &mut left };
        nesting.template(root, here, scope, None, DEPTH);
    }
}

/// The nested stacks of a template: label, resource, and what names the template.
fn calls(root: NodeRef<'_>) -> impl Iterator<Item = (&str, NodeRef<'_>, &str)> {
    root.get("Resources").into_iter().flat_map(NodeRef::entries).filter_map(|(label, resource)| {
        let named = match resource.get("Type")?.text() {
            "AWS::CloudFormation::Stack" => resource.at("Properties.TemplateURL")?,
            "AWS::Serverless::Application" => resource.at("Properties.Location")?,
            _ => return None,
        };
        (is_scalar(named) && named.tag().is_none()).then(|| (label, resource, named.text()))
    })
}

/// The path of a local template. What was uploaded is somewhere else.
fn local(from: &Utf8Path, named: &str) -> Option<Utf8PathBuf> {
    if named.contains("://") || named.starts_with('/') {
        return None;
    }
    resolve(from.parent().unwrap_or(Utf8Path::new("")), named)
}

struct Nesting<'a, 'c> {
    cloud: &'c mut Cloud<'a>,
    by_path: &'c BTreeMap<&'a Utf8Path, NodeRef<'a>>,
    left: &'c mut usize,
}

impl<'a> Nesting<'a, '_> {
    /// Adds a template with those that it nests. `call` is the resource that nests it, with its scope.
    fn template(
        &mut self,
        root: NodeRef<'a>,
        path: &Utf8Path,
        scope: u32,
        call: Option<(NodeRef<'a>, u32)>,
        depth: u32,
    ) {
        let mut inner = Vec::new();
        for (label, resource, named) in calls(root) {
            let found = local(path, named).and_then(|path| self.by_path.get_key_value(path.as_path()));
            if let Some((path, root)) = found.filter(|_| depth > 0 && *self.left > 0) {
                *self.left -= 1;
                inner.push((label, resource, *path, *root));
            }
        }
        let seen: Vec<&str> = inner.iter().map(|(label, ..)| *label).collect();
        add_template(self.cloud, root, scope, call, &seen);
        for (label, resource, path, root) in inner {
            let below = self.cloud.add_scope();
            self.template(root, path, below, Some((resource, scope)), depth - 1);
            for (output, node) in root.get("Outputs").into_iter().flat_map(NodeRef::entries) {
                if let Some(value) = node.get("Value") {
                    let key = format!("{label}.Outputs.{output}");
                    self.cloud.scopes[scope as usize].values.insert(key, (value, below));
                }
            }
        }
    }
}
