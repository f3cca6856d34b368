//! Which overlays are built: those that no other uses. A base is judged through what is made of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use super::build::Build;
use super::files;
use super::kustomization::{Kustomization, NAMES};
use super::left_out::{Charts, Stands};
use super::node::{Entry, Node, Value};
use super::print;
use super::set::Set;
use super::trail::{Export, From};
use super::{Built, Overlay, Problem, Project};
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
    let mut told = Told::default();
    for root in roots {
        let mut set = build.root(root);
        set.list.iter_mut().for_each(|resource| told.once(&mut resource.node));
        built.overlays.push(overlay(&mut build, root, &set, print::document));
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
        let set = build.root(&root);
        built.overlays.push(overlay(&mut build, &root, &set, print::as_kustomize));
    }
    built.notes = std::mem::take(&mut build.notes);
    built.covered = std::mem::take(&mut build.covered);
    built
}

/// How a resource becomes text, if that is not longer than this.
type Print = fn(&Node, &mut Export<'_, '_>, usize) -> Option<Text>;

fn overlay(build: &mut Build<'_>, root: &Kustomization, set: &Set, print: Print) -> Overlay {
    let rendered = render(build, root, set, print);
    Overlay { rendered, is_partial: build.is_partial }
}

/// The schemas of custom resources that an overlay has told already. They are the most of what operators' overlays hold, megabytes
/// each, and the same in all of them: judged once, they need not be printed and parsed again.
#[derive(Default)]
struct Told(FxHashMap<usize, Rc<Vec<Entry>>>);

impl Told {
    /// Leaves out the schemas of a definition that are the very same as another overlay has.
    fn once(&mut self, node: &mut Node) {
        if node.str("kind") != Some("CustomResourceDefinition") {
            return;
        }
        let versions = node.at(&["spec", "versions"]).map_or(&[][..], Node::items);
        let known: Vec<bool> = versions.iter().map(|version| self.is_known(version)).collect();
        if !known.contains(&true) {
            return;
        }
        let versions = node.get_mut("spec").and_then(|spec| spec.get_mut("versions"));
        for (version, known) in versions.map_or(&mut [][..], Node::items_mut).iter_mut().zip(known) {
            if known {
                version.remove("schema");
            }
        }
    }

    /// Whether the schema of a version is known. What nobody has changed is still the one that was loaded, and stays where it is
    /// while it is held here.
    fn is_known(&mut self, version: &Node) -> bool {
        let Some(Value::Map(schema)) = version.get("schema").map(|schema| &schema.value) else {
            return false;
        };
        self.0.insert(Rc::as_ptr(schema) as usize, Rc::clone(schema)).is_some()
    }
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
    let mut charts = Charts::default();
    for resource in &set.list {
        export.stands = Stands::of(&resource.node, &export);
        let printed = print(&resource.node, &mut export, left);
        let stands = export.stands.take();
        match printed {
            Some(text) => {
                let (of_chart, left_out) = charts.told(&resource.node, stands, &mut export);
                left = left.saturating_sub(text.len());
                documents.push(Document {
                    name: root.folder.clone(),
                    called: root.folder.to_string(),
                    text,
                    parsed: None,
                    role: Role::Resource,
                    left_out,
                    of_chart,
                });
            }
            None => is_cut = true,
        }
    }
    let left_out = charts.omissions(&mut export);
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
        left_out,
        origins,
        frames: charts.frames,
    }
}
