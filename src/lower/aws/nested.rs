//! Templates of CloudFormation and SAM, and the local ones that they nest: a template that another nests is judged once for each
//! time, with the parameters that it is given there. One that is uploaded first is known by the end of its address.

use std::collections::BTreeMap;

use camino::Utf8Path;
use rustc_hash::{FxHashMap, FxHashSet};

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
    let all: Vec<NodeRef<'a>> =
        documents.iter().copied().filter(|root| cloudformation::is_template(*root)).collect();
    let templates = Templates::new(all.iter().map(|root| (path(root), *root)));
    let mut inner: FxHashSet<&Utf8Path> = FxHashSet::default();
    for root in &all {
        let here = path(root);
        let called = calls(*root).filter_map(|call| templates.meant(here, &call));
        inner.extend(called.map(|(path, _)| path).filter(|other| *other != here));
    }
    let mut left = NESTED;
    for root in all {
        let here = path(&root);
        if inner.contains(here) {
            continue;
        }
        let scope = cloud.begin(Dialect::CloudFormation, here.as_str(), Some(root));
        let mut nesting = Nesting { cloud, templates: &templates, left: &mut left };
        nesting.template(root, here, scope, None, DEPTH);
    }
}

/// A resource that nests a template.
struct Call<'a> {
    label: &'a str,
    resource: NodeRef<'a>,
    /// What names the template.
    named: Named<'a>,
}

enum Named<'a> {
    /// A path from the folder of the caller.
    Local(&'a str),
    /// What follows the last `${…}` of an address: where templates are uploaded to is decided when they are.
    Uploaded(&'a str),
}

/// The nested stacks of a template.
fn calls(root: NodeRef<'_>) -> impl Iterator<Item = Call<'_>> {
    root.get("Resources").into_iter().flat_map(NodeRef::entries).filter_map(|(label, resource)| {
        let named = match resource.get("Type")?.text() {
            "AWS::CloudFormation::Stack" => resource.at("Properties.TemplateURL")?,
            "AWS::Serverless::Application" => resource.at("Properties.Location")?,
            _ => return None,
        };
        let named = match cloudformation::call(named) {
            None if is_scalar(named) && named.tag().is_none() => Named::Local(named.text()),
            Some(("Sub", text)) if is_scalar(text) => {
                Named::Uploaded(text.text().rsplit_once('}')?.1.strip_prefix('/')?)
            }
            _ => return None,
        };
        Some(Call { label, resource, named })
    })
}

/// The templates of a project, by path and by name.
struct Templates<'a> {
    by_path: BTreeMap<&'a Utf8Path, NodeRef<'a>>,
    by_name: FxHashMap<&'a str, Vec<&'a Utf8Path>>,
}

impl<'a> Templates<'a> {
    fn new(all: impl Iterator<Item = (&'a Utf8Path, NodeRef<'a>)>) -> Self {
        let by_path: BTreeMap<_, _> = all.collect();
        let mut by_name: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for path in by_path.keys() {
            by_name.entry(path.file_name().unwrap_or_default()).or_default().push(*path);
        }
        Self { by_path, by_name }
    }

    /// The template that a call means. What was uploaded by somebody else is somewhere else.
    fn meant(&self, from: &Utf8Path, call: &Call<'a>) -> Option<(&'a Utf8Path, NodeRef<'a>)> {
        let path = match call.named {
            Named::Local(named) if named.contains("://") || named.starts_with('/') => return None,
            Named::Local(named) => resolve(from.parent().unwrap_or(Utf8Path::new("")), named)?,
            Named::Uploaded(named) => self.nearest(from, Utf8Path::new(named), call.resource)?.to_owned(),
        };
        self.by_path.get_key_value(path.as_path()).map(|(path, root)| (*path, *root))
    }

    /// The only template that ends so, has the parameters that are passed, and is nearest to the caller.
    fn nearest(&self, from: &Utf8Path, named: &Utf8Path, call: NodeRef<'a>) -> Option<&'a Utf8Path> {
        let takes = |root: NodeRef<'a>| {
            let mut passed = call.at("Properties.Parameters").into_iter().flat_map(NodeRef::entries);
            passed.all(|(name, _)| root.get("Parameters").is_some_and(|all| all.get(name).is_some()))
        };
        let shared =
            |path: &Utf8Path| path.components().zip(from.components()).take_while(|(a, b)| a == b).count();
        let ending = self.by_name.get(named.file_name()?)?.iter().copied();
        let mut fitting: Vec<(usize, &'a Utf8Path)> = ending
            .filter(|path| *path != from && path.ends_with(named) && takes(self.by_path[path]))
            .map(|path| (shared(path), path))
            .collect();
        fitting.sort_unstable_by_key(|(shared, _)| std::cmp::Reverse(*shared));
        match fitting.as_slice() {
            [(best, path), rest @ ..] if rest.first().is_none_or(|(next, _)| next < best) => Some(path),
            _ => None,
        }
    }
}

struct Nesting<'a, 'c> {
    cloud: &'c mut Cloud<'a>,
    templates: &'c Templates<'a>,
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
        for call in calls(root) {
            let found = self.templates.meant(path, &call);
            if let Some((path, root)) = found.filter(|_| depth > 0 && *self.left > 0) {
                *self.left -= 1;
                inner.push((call.label, call.resource, path, root));
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
