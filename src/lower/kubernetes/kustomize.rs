//! What Kustomize changes before anything is applied: patch files are no objects, and what a patch touches is not judged as
//! it stands in its base.
//!
//! This reads kustomizations only as far as that needs. It builds nothing: the objects keep their names and labels, and find
//! each other, but a value that an overlay may change is nobody's fault yet.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use super::object;
use crate::source::{FileId, Role, Sources};
use crate::syntax::tree::{NodeKind, NodeRef, Tree};
use crate::syntax::yaml;

/// What overlays do to the files of a project.
#[derive(Debug, Default)]
pub struct Overlays {
    /// Files that hold patches: parts of objects.
    patches: FxHashSet<FileId>,
    /// What each kustomization changes.
    changes: Vec<Changes>,
    /// The kustomizations, by position in `changes`, that take a file in.
    reached: FxHashMap<FileId, Vec<usize>>,
    /// Files whose workloads get labels, and selectors that ask for them.
    labelled: FxHashSet<FileId>,
    /// Files that lie beside a kustomization which does not take them in, and that no other names.
    left_out: FxHashSet<FileId>,
    /// Those of them that may be forgotten, with the kustomization beside them: it lists other files of the folder, and no comment
    /// in it speaks of them.
    forgotten: FxHashMap<FileId, FileId>,
}

/// What one kustomization changes in the files that it takes in.
#[derive(Debug, Default)]
struct Changes {
    /// Objects that are named in full: names by kind. There may be thousands.
    named: FxHashMap<String, FxHashSet<String>>,
    /// Objects of which only a part is named.
    others: Vec<Target>,
    /// Images that get another name or tag.
    images: FxHashSet<String>,
}

impl Changes {
    fn new(targets: Vec<Target>, images: FxHashSet<String>) -> Self {
        let mut this = Self { images, ..Self::default() };
        for target in targets {
            match target {
                Target { kind: Some(kind), name: Some(name), except: None } => {
                    this.named.entry(kind).or_default().insert(name);
                }
                other => this.others.push(other),
            }
        }
        this
    }

    fn is_about(&self, kind: &str, name: &str) -> bool {
        self.named.get(kind).is_some_and(|names| names.contains(name))
            || self.others.iter().any(|target| {
                target.kind.as_deref().is_none_or(|wanted| wanted == kind)
                    && target.name.as_deref().is_none_or(|wanted| wanted == name)
                    && target.except.as_deref() != Some(name)
            })
    }
}

/// The objects that a patch is for. What it leaves open matches everything.
#[derive(Debug, Default)]
struct Target {
    kind: Option<String>,
    name: Option<String>,
    /// The name of an object that comes out as it was.
    except: Option<String>,
}

impl Overlays {
    /// Reads the kustomizations among these files.
    pub fn read(trees: &[Tree], sources: &Sources) -> Self {
        let kustomizations: Vec<(&Utf8Path, NodeRef<'_>)> = trees
            .iter()
            .filter(|tree| is_kustomization(sources.path(tree.file)))
            .filter_map(|tree| Some((folder(sources.path(tree.file)), tree.roots().next()?)))
            .filter(|(_, node)| is_kustomize(*node))
            .collect();
        let mut overlays = Self::default();
        if kustomizations.is_empty() {
            return overlays;
        }
        let files: FxHashMap<&Utf8Path, FileId> = sources
            .iter()
            .filter(|(_, file)| !matches!(file.role, Role::Rendered(_)))
            .map(|(id, file)| (file.path.as_path(), id))
            .collect();
        let trees: FxHashMap<FileId, &Tree> = trees.iter().map(|tree| (tree.file, tree)).collect();
        let by_folder: FxHashMap<&Utf8Path, NodeRef<'_>> = kustomizations.iter().copied().collect();
        overlays.leave_out(&kustomizations, &files);
        for (folder, node) in &kustomizations {
            let mut targets = Vec::new();
            for key in ["patches", "patchesStrategicMerge", "patchesJson6902"] {
                for patch in node.get(key).into_iter().flat_map(NodeRef::items) {
                    overlays.take_patch(patch, folder, &files, &trees, &mut targets);
                }
            }
            for entry in node.get("replicas").into_iter().flat_map(NodeRef::items) {
                targets.push(Target {
                    name: entry.get("name").map(|name| name.text().to_owned()),
                    ..Target::default()
                });
            }
            // The namespace transformer gives Namespace objects its name, too (kustomize, builtinpluginconsts/namespace.go:
            // `path: metadata/name`, `kind: Namespace`).
            if let Some(namespace) = node.get("namespace") {
                targets.push(Target {
                    kind: Some("Namespace".to_owned()),
                    except: Some(namespace.text().to_owned()),
                    ..Target::default()
                });
            }
            let images = node.get("images").into_iter().flat_map(NodeRef::items);
            let images: FxHashSet<String> =
                images.filter_map(|image| Some(image.get("name")?.text().to_owned())).collect();
            let labels = adds_selectors(*node);
            if targets.is_empty() && images.is_empty() && !labels {
                continue;
            }
            let reached = reached(folder, &by_folder, &files);
            if labels {
                overlays.labelled.extend(&reached);
            }
            for file in reached {
                overlays.reached.entry(file).or_default().push(overlays.changes.len());
            }
            overlays.changes.push(Changes::new(targets, images));
        }
        overlays
    }

    /// Finds the files that nobody takes in: what a scaffold or a person has commented out of the kustomization beside them.
    fn leave_out(
        &mut self,
        kustomizations: &[(&Utf8Path, NodeRef<'_>)],
        files: &FxHashMap<&Utf8Path, FileId>,
    ) {
        let mut named: FxHashSet<Utf8PathBuf> = FxHashSet::default();
        let mut cut: FxHashSet<&Utf8Path> = FxHashSet::default();
        let mut lists: FxHashMap<&Utf8Path, (FileId, FxHashSet<&str>)> = FxHashMap::default();
        for (folder, node) in kustomizations {
            for text in node.walk().filter(|node| node.kind() == NodeKind::Text) {
                // A generator may give the file another name: `config.yaml=prod.yaml`.
                let path = text.text();
                let path = path.split_once('=').map_or(path, |(_, path)| path);
                named.insert(join(folder, path));
            }
            // A kustomization that takes nothing in is filled by something else.
            if ["resources", "bases", "components"].iter().any(|key| node.get(key).is_some())
                && !node.walk().any(NodeRef::is_unknown)
            {
                cut.insert(folder);
            }
        }
        for (path, file) in files {
            let beside = folder(path);
            // Patches have a folder of their own below the kustomization that names them.
            let above = match beside.file_name() {
                Some("patches" | "patch") => folder(beside),
                _ => beside,
            };
            let taken = named.contains(*path) || is_kustomization(path);
            if (cut.contains(beside) || cut.contains(above)) && !taken {
                self.left_out.insert(*file);
            }
        }
        // One that cannot be read in full may name any file.
        if kustomizations.iter().any(|(_, node)| node.walk().any(NodeRef::is_unknown)) {
            return;
        }
        for (folder, node) in kustomizations {
            let tree = node.tree();
            let listed = node.get("resources").into_iter().flat_map(NodeRef::items);
            let is_here =
                |path: Utf8PathBuf| path.parent() == Some(*folder) && files.contains_key(path.as_path());
            if cut.contains(folder) && listed.clone().any(|item| is_here(join(folder, item.text()))) {
                lists.insert(*folder, (tree.file, words_of_comments(tree)));
            }
        }
        for (path, file) in files.iter().filter(|(_, file)| self.left_out.contains(file)) {
            let Some((kustomization, words)) = lists.get(folder(path)) else { continue };
            if !words.contains(path.file_name().unwrap_or_default()) {
                self.forgotten.insert(*file, *kustomization);
            }
        }
    }

    /// Whether a file holds parts of objects only.
    pub fn is_patch(&self, file: FileId) -> bool {
        self.patches.contains(&file)
    }

    /// Whether an overlay changes an object of this file, or nobody takes the file in.
    pub fn changes(&self, file: FileId, kind: &str, name: &str) -> bool {
        self.left_out.contains(&file) || self.changes_in(file).any(|changes| changes.is_about(kind, name))
    }

    /// The kustomization beside a file which does not list it, though it lists others of its folder.
    pub fn beside(&self, file: FileId) -> Option<FileId> {
        self.forgotten.get(&file).copied()
    }

    fn changes_in(&self, file: FileId) -> impl Iterator<Item = &Changes> {
        self.reached.get(&file).into_iter().flatten().map(|at| &self.changes[*at])
    }

    /// Whether an overlay gives an image of this file another name, tag or digest. `image` has none of the latter.
    pub fn renames(&self, file: FileId, image: &str) -> bool {
        self.changes_in(file).any(|changes| changes.images.contains(image))
    }

    /// Whether an overlay gives the workloads of this file labels and selectors.
    pub fn adds_selectors(&self, file: FileId) -> bool {
        self.labelled.contains(&file)
    }

    /// One entry of a list of patches: a path, an inline patch, or a mapping with a target.
    fn take_patch(
        &mut self,
        patch: NodeRef<'_>,
        folder: &Utf8Path,
        files: &FxHashMap<&Utf8Path, FileId>,
        trees: &FxHashMap<FileId, &Tree>,
        targets: &mut Vec<Target>,
    ) {
        let path = match patch.kind() {
            NodeKind::Text => Some(patch),
            _ => patch.get("path"),
        };
        let file = path.and_then(|path| files.get(join(folder, path.text()).as_path()).copied());
        self.patches.extend(file);
        if let Some(target) = patch.get("target") {
            // Names are regular expressions; one with any sign of that stands for all names.
            let plain = |text: &str| {
                text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
            };
            let part =
                |key: &str| target.get(key).map(|part| part.text().to_owned()).filter(|text| plain(text));
            targets.push(Target { kind: part("kind"), name: part("name"), except: None });
            return;
        }
        let mut from_objects = |tree: &Tree| {
            for object in object::objects(tree).filter(|object| !is_inert(object)) {
                targets.push(Target {
                    kind: Some(object.kind.to_owned()),
                    name: Some(object.name.to_owned()),
                    except: None,
                });
            }
        };
        match (file, patch.get("patch").or((patch.kind() == NodeKind::Text).then_some(patch))) {
            (Some(file), _) => trees.get(&file).copied().into_iter().for_each(&mut from_objects),
            (None, Some(inline)) => from_objects(&yaml::parse(FileId(0), Arc::from(inline.text())).tree),
            (None, None) => {}
        }
    }
}

fn is_kustomization(path: &Utf8Path) -> bool {
    matches!(path.file_name(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

/// Whether a kustomization adds labels to selectors, too; it makes those that are not there.
fn adds_selectors(kustomization: NodeRef<'_>) -> bool {
    let labels = kustomization.get("labels").into_iter().flat_map(NodeRef::items);
    kustomization.get("commonLabels").is_some()
        || labels.filter_map(|entry| entry.get("includeSelectors")).any(|include| include.text() == "true")
}

/// What comments speak of: words, and names of files.
fn words_of_comments(tree: &Tree) -> FxHashSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let texts = tree.comments.iter().map(|comment| &tree.text[comment.span.range()]);
    texts.flat_map(|text| text.split(move |c| !is_part(c))).filter(|word| !word.is_empty()).collect()
}

/// Whether this is a file of Kustomize's, and not, say, Flux's object of the same kind.
fn is_kustomize(node: NodeRef<'_>) -> bool {
    let version = node.get("apiVersion").map_or("", NodeRef::text);
    version.is_empty() || version.starts_with("kustomize.config.k8s.io/")
}

/// Whether a patch sets nothing but labels and annotations of an object that works as before with them, as cert-manager's
/// `inject-ca-from` on a webhook.
fn is_inert(patch: &object::Object<'_>) -> bool {
    let bare = patch.node.entries().all(|(key, _)| matches!(key, "apiVersion" | "kind" | "metadata"));
    let marks = patch.node.get("metadata").is_some_and(|metadata| {
        metadata.entries().all(|(key, _)| matches!(key, "name" | "namespace" | "labels" | "annotations"))
    });
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "PodDisruptionBudget"];
    bare && marks && (kinds.contains(&patch.kind) || patch.kind.ends_with("WebhookConfiguration"))
}

/// Whether a file says what a test expects to see, as kuttl and chainsaw name such files: parts of objects, which nobody
/// applies.
pub fn is_expectation(path: &Utf8Path) -> bool {
    let stem = path.file_stem().unwrap_or_default();
    let mut words = stem.split(['-', '_', '.']).peekable();
    let step =
        words.next_if(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())).is_some();
    words.next().is_some_and(|word| word == "assert" || step && matches!(word, "error" | "errors"))
}

/// The files that a build of this folder takes in.
fn reached(
    folder: &Utf8Path,
    by_folder: &FxHashMap<&Utf8Path, NodeRef<'_>>,
    files: &FxHashMap<&Utf8Path, FileId>,
) -> FxHashSet<FileId> {
    let mut reached = FxHashSet::default();
    let mut seen = FxHashSet::default();
    let mut queue = vec![folder.to_owned()];
    while let Some(folder) = queue.pop() {
        let Some(node) = by_folder.get(folder.as_path()).filter(|_| seen.insert(folder.clone())) else {
            continue;
        };
        for key in ["resources", "bases", "components"] {
            for entry in node.get(key).into_iter().flat_map(NodeRef::items) {
                let path = join(&folder, entry.text());
                match files.get(path.as_path()) {
                    Some(file) => {
                        reached.insert(*file);
                    }
                    None => queue.push(path),
                }
            }
        }
    }
    reached
}

fn folder(path: &Utf8Path) -> &Utf8Path {
    path.parent().unwrap_or(Utf8Path::new(""))
}

/// A path as a kustomization writes it, from the root of the project.
fn join(folder: &Utf8Path, path: &str) -> Utf8PathBuf {
    let mut joined = folder.to_owned();
    for part in Utf8Path::new(path).components() {
        match part {
            camino::Utf8Component::ParentDir => {
                joined.pop();
            }
            camino::Utf8Component::Normal(part) => joined.push(part),
            _ => {}
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    const DEPLOYMENT: &str = "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: api } }";

    /// Whether the Deployment `api` and the Namespace `shop` of the first file are changed before they are applied.
    fn changed(files: &[(&str, &str)]) -> (bool, bool) {
        let mut sorted = files.to_vec();
        sorted.sort_unstable();
        let sources = Sources::new(
            sorted
                .iter()
                .map(|(path, text)| SourceFile::new(Utf8PathBuf::from(*path), Arc::<str>::from(*text)))
                .collect(),
        );
        let trees: Vec<Tree> =
            sources.iter().map(|(id, file)| yaml::parse(id, Arc::clone(&file.text)).tree).collect();
        let overlays = Overlays::read(&trees, &sources);
        let (id, _) = sources.iter().find(|(_, file)| file.path == files[0].0).expect("the first file");
        (overlays.changes(id, "Deployment", "api"), overlays.changes(id, "Namespace", "shop"))
    }

    #[test]
    fn what_a_build_does_to_a_file() {
        type Files = &'static [(&'static str, &'static str)];
        const PATCH: &str =
            "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: api }, spec: { replicas: 3 } }";
        const MARKS: &str =
            "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: api, annotations: { a: b } } }";
        let table: &[(&str, Files, (bool, bool))] = &[
            (
                "taken as it is",
                &[("a.yaml", DEPLOYMENT), ("kustomization.yaml", "resources: [a.yaml]")],
                (false, false),
            ),
            (
                "left out",
                &[("a.yaml", DEPLOYMENT), ("kustomization.yaml", "resources: [b.yaml] # - a.yaml")],
                (true, true),
            ),
            (
                "taken from above",
                &[
                    ("base/a.yaml", DEPLOYMENT),
                    ("base/kustomization.yaml", "resources: [b.yaml]"),
                    ("kustomization.yaml", "resources: [base/a.yaml]"),
                ],
                (false, false),
            ),
            (
                "a patch that nobody names",
                &[("crd/patches/a.yaml", DEPLOYMENT), ("crd/kustomization.yaml", "resources: [b.yaml]")],
                (true, true),
            ),
            (
                "Flux's own object",
                &[
                    ("a.yaml", DEPLOYMENT),
                    (
                        "kustomization.yaml",
                        "{ apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, spec: { components: [c] } }",
                    ),
                ],
                (false, false),
            ),
            (
                "patched by an overlay",
                &[
                    ("base/a.yaml", DEPLOYMENT),
                    ("base/kustomization.yaml", "resources: [a.yaml]"),
                    ("prod/kustomization.yaml", "{ resources: [../base], patches: [{ path: p.yaml }] }"),
                    ("prod/p.yaml", PATCH),
                ],
                (true, false),
            ),
            (
                "patched by a component",
                &[
                    ("base/a.yaml", DEPLOYMENT),
                    ("base/kustomization.yaml", "{ resources: [a.yaml], components: [../c] }"),
                    ("prod/kustomization.yaml", "{ bases: [../base], replicas: [{ name: api, count: 2 }] }"),
                ],
                (true, false),
            ),
            (
                "given an annotation",
                &[
                    ("base/a.yaml", DEPLOYMENT),
                    ("base/kustomization.yaml", "resources: [a.yaml]"),
                    ("prod/kustomization.yaml", "{ resources: [../base], patches: [{ path: p.yaml }] }"),
                    ("prod/p.yaml", MARKS),
                ],
                (false, false),
            ),
            (
                "a namespace of another name",
                &[
                    ("a.yaml", DEPLOYMENT),
                    ("kustomization.yaml", "{ resources: [a.yaml], namespace: other }"),
                ],
                (false, true),
            ),
            (
                "a namespace of this name",
                &[("a.yaml", DEPLOYMENT), ("kustomization.yaml", "{ resources: [a.yaml], namespace: shop }")],
                (false, false),
            ),
        ];
        for (case, files, expected) in table {
            assert_eq!(changed(files), *expected, "{case}");
        }
    }

    #[test]
    fn expectations_of_tests() {
        for (path, expected) in [
            ("e2e/00-assert.yaml", true),
            ("e2e/01-errors.yaml", true),
            ("e2e/assert-otel-target-allocator.yaml", true),
            ("e2e/01-assert-second-config.yaml", true),
            ("e2e/00-install.yaml", false),
            ("shop/error-pages.yaml", false),
            ("shop/api.yaml", false),
            ("shop/assertions.yaml", false),
        ] {
            assert_eq!(is_expectation(Utf8Path::new(path)), expected, "{path}");
        }
    }
}
