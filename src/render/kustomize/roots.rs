//! Which overlays are built: those that no other uses. A base is judged through what is made of it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use super::build::Build;
use super::files;
use super::kustomization::{Kustomization, NAMES};
use super::node::Node;
use super::print;
use super::set::Set;
use super::trail::{Export, From};
use super::{Built, Overlay, Problem, Project};
use crate::render::template::frame::Frames;
use crate::render::text::Text;
use crate::render::{Document, Rendered, Role};

/// How many bytes one overlay may render to.
const LARGEST: usize = 64 << 20;

pub(super) fn build(project: &Project<'_>) -> Built {
    let mut build = Build::new(project);
    let mut found: BTreeMap<Utf8PathBuf, Kustomization> = BTreeMap::new();
    for (path, _) in project.trees {
        let is_named_so = path.file_name().is_some_and(|name| NAMES.contains(&name));
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        if !is_named_so || found.contains_key(folder) {
            continue;
        }
        if let Some(kustomization) = build.find(folder) {
            found.insert(folder.to_owned(), kustomization);
        }
    }
    let used: FxHashSet<Utf8PathBuf> = found.values().flat_map(uses).collect();
    let mut roots: Vec<&Kustomization> = found.values().filter(|one| !used.contains(&one.folder)).collect();
    if roots.is_empty() {
        // All of them run in a circle: the first one says so.
        roots.extend(found.values().next());
    }
    let mut built = Built::default();
    for root in roots {
        built.overlays.push(overlay(&mut build, root, print::document));
    }
    built.notes = std::mem::take(&mut build.notes);
    built.covered = std::mem::take(&mut build.covered);
    built
}

/// Builds the kustomization in one folder, whoever else uses it.
pub(super) fn build_one(project: &Project<'_>, folder: &Utf8Path) -> Built {
    let mut build = Build::new(project);
    let mut built = Built::default();
    if let Some(root) = build.find(folder) {
        built.overlays.push(overlay(&mut build, &root, print::as_kustomize));
    }
    built.notes = std::mem::take(&mut build.notes);
    built.covered = std::mem::take(&mut build.covered);
    built
}

/// How a resource becomes text, if that is not longer than this.
type Print = fn(&Node, &mut Export<'_, '_>, usize) -> Option<Text>;

fn overlay(build: &mut Build<'_>, root: &Kustomization, print: Print) -> Overlay {
    let set = build.root(root);
    let rendered = render(build, root, &set, print);
    Overlay { rendered, is_partial: build.is_partial }
}

/// The folders that a kustomization takes in.
fn uses(kustomization: &Kustomization) -> impl Iterator<Item = Utf8PathBuf> + '_ {
    let keys = ["resources", "bases", "components", "generators", "transformers", "validators"];
    let entries = keys.into_iter().flat_map(|key| kustomization.items(key));
    entries.filter_map(Node::as_str).filter_map(|path| files::join(&kustomization.folder, path))
}

fn render(build: &mut Build<'_>, root: &Kustomization, set: &Set, print: Print) -> Rendered {
    let mut left = LARGEST;
    let mut is_cut = false;
    let mut export = Export::new(&build.trail);
    let mut documents = Vec::new();
    for resource in &set.list {
        match print(&resource.node, &mut export, left) {
            Some(text) => {
                left = left.saturating_sub(text.len());
                documents.push(Document {
                    name: root.folder.clone(),
                    called: root.folder.to_string(),
                    text,
                    parsed: None,
                    role: Role::Resource,
                    left_out: Vec::new(),
                });
            }
            None => is_cut = true,
        }
    }
    let origins = std::mem::take(&mut export.origins);
    drop(export);
    if is_cut {
        let message = format!("`{}` renders to more than is read here", root.folder);
        build.note(Problem::new(message, From::Nowhere));
    }
    Rendered {
        folder: root.folder.clone(),
        settings: String::new(),
        documents,
        left_out: Vec::new(),
        origins,
        frames: Frames::default(),
    }
}
