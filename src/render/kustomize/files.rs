//! Files as a kustomization names them: read once, and never from outside the project.

use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use super::load;
use super::node::Node;
use super::trail::Trail;
use super::{Content, Project};
use crate::source::FileId;
use crate::syntax::tree::Tree;
use crate::syntax::{looks_templated, yaml};

/// A file with its documents.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) file: FileId,
    pub(super) documents: Vec<Node>,
    /// Something in it lies deeper than is read.
    pub(super) is_cut: bool,
    /// It has a part that is no YAML.
    pub(super) is_broken: bool,
}

/// The files of a project.
pub(super) struct Files<'a> {
    project: &'a Project<'a>,
    trees: FxHashMap<&'a Utf8Path, &'a Tree>,
    loaded: FxHashMap<Utf8PathBuf, Option<Rc<Loaded>>>,
    contents: FxHashMap<Utf8PathBuf, Option<(FileId, Content)>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(project: &'a Project<'a>) -> Self {
        let trees = project.trees.iter().copied().collect();
        Self { project, trees, loaded: FxHashMap::default(), contents: FxHashMap::default() }
    }

    /// The documents of a file, if there is such a file.
    pub(super) fn load(&mut self, path: &Utf8Path, trail: &mut Trail<'a>) -> Option<Rc<Loaded>> {
        if let Some(loaded) = self.loaded.get(path) {
            return loaded.clone();
        }
        let (document, file, is_broken) = match self.trees.get(path) {
            // Kustomize takes braces for text.
            Some(tree) if looks_templated(&tree.text).is_some() => {
                let parsed = yaml::parse_plain(tree.file, Arc::clone(&tree.text));
                (Some(trail.own(parsed.tree)), tree.file, !parsed.problems.is_empty())
            }
            Some(tree) => (Some(trail.borrow(tree)), tree.file, false),
            None => match self.content(path) {
                Some((file, Content::Text(text))) => {
                    let parsed = yaml::parse_plain(file, text);
                    (Some(trail.own(parsed.tree)), file, !parsed.problems.is_empty())
                }
                Some((file, Content::Bytes(_))) => (None, file, true),
                None => {
                    self.loaded.insert(path.to_owned(), None);
                    return None;
                }
            },
        };
        let (documents, is_cut) =
            document.map_or_else(Default::default, |document| load::documents(trail, document));
        let loaded = Some(Rc::new(Loaded { file, documents, is_cut, is_broken }));
        self.loaded.insert(path.to_owned(), loaded.clone());
        loaded
    }

    /// The bytes of a file.
    pub(super) fn content(&mut self, path: &Utf8Path) -> Option<(FileId, Content)> {
        if let Some(tree) = self.trees.get(path) {
            return Some((tree.file, Content::Text(Arc::clone(&tree.text))));
        }
        if let Some(content) = self.contents.get(path) {
            return content.clone();
        }
        let content = (self.project.read)(path);
        self.contents.insert(path.to_owned(), content.clone());
        content
    }

    /// Whether a file that is not here is made by somebody where it is needed.
    pub(super) fn is_made(&self, path: &Utf8Path) -> bool {
        (self.project.made)(path)
    }

    pub(super) fn exists(&mut self, path: &Utf8Path) -> bool {
        self.trees.contains_key(path) || self.content(path).is_some()
    }
}

/// A path as a kustomization in `folder` writes it, from the top of the project; none where it leads out of it.
pub(super) fn join(folder: &Utf8Path, path: &str) -> Option<Utf8PathBuf> {
    let mut joined = folder.to_owned();
    for part in Utf8Path::new(path).components() {
        match part {
            Utf8Component::ParentDir => {
                if !joined.pop() {
                    return None;
                }
            }
            Utf8Component::Normal(part) => joined.push(part),
            Utf8Component::CurDir => {}
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    Some(joined)
}

/// Whether a path names something on another machine.
pub(super) fn is_remote(path: &str) -> bool {
    let hosts = ["github.com/", "github.com:", "gitlab.com/", "bitbucket.org/", "gh:", "git@", "git::"];
    path.contains("://")
        || hosts.iter().any(|host| path.starts_with(host))
        || path.contains("?ref=")
        || path.contains("@") && path.contains(':') && path.contains(".git")
        || path.contains(".git//")
}
