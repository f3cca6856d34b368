//! Releases of helmfile whose chart is a folder of the project, or is called as one.
//!
//! A helmfile is a template. It is not executed: what is filled in by the name of the environment or of the release is known, all
//! else is unknown, and of both branches of a condition each counts.

use std::cell::RefCell;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use super::values::{Part, part};
use super::{Deployment, Here, text};
use crate::render::helm::files::{Content, File};
use crate::render::helm::filled::{fill, stand_in};
use crate::render::helm::set::Kind;
use crate::render::origin::Origins;
use crate::render::yaml::load::load;
use crate::source::{FileId, Place, SourceFile, Span};
use crate::syntax::tree::{NodeKind, NodeRef, Tree};
use crate::syntax::yaml;

/// What releases deploy.
pub(super) fn deployments(here: &Here<'_>) -> Vec<Deployment> {
    let is_helmfile = |file: &SourceFile| {
        let has_name = file.path.components().any(|part| part.as_str().starts_with("helmfile"));
        has_name && file.text.contains("releases:") && !here.around.config.is_test(&file.path)
    };
    let mut files: Vec<_> = here.around.sources.iter().filter(|(_, file)| is_helmfile(file)).collect();
    files.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    if files.is_empty() {
        return Vec::new();
    }
    let read = |(id, file): (FileId, &SourceFile)| yaml::parse_plain(id, stand_in(&file.text).into()).tree;
    let trees: Vec<Tree> = files.into_iter().map(read).collect();
    let names = Names::of(&trees, here);
    trees.iter().flat_map(|tree| of_file(tree, &names, here)).collect()
}

type Keys = Rc<FxHashSet<String>>;

/// The charts of the project by their names, where but one has it.
struct Names {
    folders: FxHashMap<String, Option<Utf8PathBuf>>,
    /// What repositories are called whose charts are made here.
    own: FxHashSet<String>,
    /// The outermost keys of files of values.
    keys: RefCell<FxHashMap<(FileId, Option<Span>), Keys>>,
}

impl Names {
    fn of(trees: &[Tree], here: &Here<'_>) -> Self {
        let mut names: FxHashMap<String, Option<Utf8PathBuf>> = FxHashMap::default();
        for folder in
            here.charts.keys().filter(|folder| !here.around.config.is_test(&folder.join("Chart.yaml")))
        {
            let Some(name) = folder.file_name() else { continue };
            let only = |known: &mut Option<Utf8PathBuf>| *known = None;
            names.entry(name.to_owned()).and_modify(only).or_insert_with(|| Some((*folder).to_owned()));
        }
        // Nearly all charts of such a repository are here, by their names.
        let mut called: FxHashMap<&str, FxHashSet<&str>> = FxHashMap::default();
        for root in trees.iter().flat_map(Tree::roots) {
            for release in root.get("releases").into_iter().flat_map(NodeRef::items) {
                let chart = text(release, "chart").and_then(|chart| chart.split_once('/'));
                let (repository, name) = chart.unwrap_or_default();
                if !repository.is_empty() && !repository.starts_with('.') {
                    called.entry(repository).or_default().insert(name);
                }
            }
        }
        let is_own = |(_, all): &(&str, FxHashSet<&str>)| {
            let here = all.iter().filter(|name| names.contains_key(**name)).count();
            here > 1 && here * 2 > all.len()
        };
        let own = called.into_iter().filter(is_own).map(|(repository, _)| repository.to_owned()).collect();
        Self { folders: names, own, keys: RefCell::default() }
    }

    fn keys(&self, file: &File, span: Option<Span>) -> Keys {
        let read = || {
            let tree = yaml::parse_plain(file.id, file.content.text()).tree;
            let root = tree.roots().next();
            root.map(|root| root.entries().map(|(key, _)| key.to_owned()).collect()).unwrap_or_default()
        };
        Rc::clone(self.keys.borrow_mut().entry((file.id, span)).or_insert_with(|| Rc::new(read())))
    }
}

fn of_file(tree: &Tree, names: &Names, here: &Here<'_>) -> Vec<Deployment> {
    let folder = here.around.sources.path(tree.file).parent().unwrap_or(Utf8Path::new(""));
    let environments = environments(tree, folder, here);
    let mut found = Vec::new();
    for root in tree.roots() {
        for release in root.get("releases").into_iter().flat_map(NodeRef::items) {
            let release = Release { node: release, file: tree, folder, here };
            if release.first("installed").and_then(NodeRef::as_bool) == Some(false) {
                continue;
            }
            for environment in &environments {
                found.extend(release.deployment(environment, names));
            }
        }
    }
    found
}

/// The environments that a helmfile knows, or the files that it starts with.
fn environments(tree: &Tree, folder: &Utf8Path, here: &Here<'_>) -> Vec<String> {
    let of = |tree: &Tree| -> Vec<String> {
        let all = tree.roots().filter_map(|root| root.get("environments"));
        all.flat_map(|all| all.entries().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()).collect()
    };
    let mut names = of(tree);
    for base in tree.roots().filter_map(|root| root.get("bases")).flat_map(NodeRef::items) {
        let path = here.inside(folder, base.text());
        let base = path.and_then(|path| here.source(&path));
        names.extend(
            base.into_iter()
                .flat_map(|(id, file)| of(&yaml::parse_plain(id, stand_in(&file.text).into()).tree)),
        );
    }
    let mut seen = FxHashSet::default();
    names.retain(|name| seen.insert(name.clone()));
    if names.is_empty() {
        names.push("default".to_owned());
    }
    names
}

/// A release as it is written.
struct Release<'t, 'a> {
    node: NodeRef<'t>,
    file: &'t Tree,
    folder: &'t Utf8Path,
    here: &'t Here<'a>,
}

impl<'t> Release<'t, '_> {
    /// The release and the templates that it inherits from, the nearest first.
    fn layers(&self) -> Vec<NodeRef<'t>> {
        let inherited = self.node.get("inherit").into_iter().flat_map(NodeRef::items);
        let template = |entry: NodeRef<'t>| {
            let name = text(entry, "template")?;
            self.file.roots().find_map(|root| root.get("templates")?.get(name))
        };
        std::iter::once(self.node).chain(inherited.filter_map(template)).collect()
    }

    fn first(&self, key: &str) -> Option<NodeRef<'t>> {
        self.layers().into_iter().find_map(|layer| layer.get(key)).filter(|node| !node.is_null())
    }

    fn deployment(&self, environment: &str, names: &Names) -> Option<Deployment> {
        let release = fill(self.node.get("name")?.text(), environment, "").unwrap_or_default();
        let filled = |node: NodeRef<'_>| fill(node.text(), environment, &release);
        let chart = filled(self.first("chart")?)?;
        let mut is_partial = self.first("secrets").is_some();
        let values: Vec<Part> = self
            .layers()
            .into_iter()
            .rev()
            .filter_map(|layer| layer.get("values"))
            .flat_map(NodeRef::items)
            .filter_map(|item| {
                let found = match item.kind() {
                    NodeKind::Map => part(item, self.here, str::to_owned),
                    _ => filled(item).and_then(|name| self.file(&name)),
                };
                is_partial |= found.is_none();
                found
            })
            .collect();
        let place = self.here.inside(self.folder, &chart).filter(|folder| self.here.chart(folder).is_some());
        let folder = match place {
            Some(folder) => folder,
            None => self.namesake(&chart, &values, names)?,
        };
        let set = self.first("set").into_iter().flat_map(NodeRef::items).filter_map(|entry| {
            let value = entry.get("value")?;
            let line = format!("{}={}", text(entry, "name")?, value.text().replace(',', "\\,"));
            Some((Kind::Typed, line, value.place()))
        });
        Some(Deployment {
            folder,
            values,
            set: set.collect::<Vec<(Kind, String, Place)>>(),
            namespace: self.first("namespace").and_then(filled),
            release,
            kubernetes: None,
            api_versions: Vec::new(),
            is_partial,
            file: self.node.tree().file,
        })
    }

    /// A file of values; one that is a template has letters for what is filled in.
    fn file(&self, name: &str) -> Option<Part> {
        let found = self.here.file(self.folder, name)?;
        if found.path.extension() != Some("gotmpl") {
            return Some(found);
        }
        // Who is to know the places must have read it as a file of the project.
        let (id, source) = self.here.source(&found.path)?;
        let text = stand_in(&source.text);
        load(&text, id, &mut Origins::default()).ok()?;
        Some(Part { file: Some(File { id, content: Content::Text(text.into()) }), ..found })
    }

    /// The chart of the project that a chart from elsewhere is called like, if its values are meant for that one: a repository
    /// that makes charts publishes them first, and deploys them then.
    fn namesake(&self, chart: &str, values: &[Part], names: &Names) -> Option<Utf8PathBuf> {
        let (place, name) = chart.rsplit_once('/')?;
        if place.starts_with('.') || place.contains('\u{E000}') {
            return None;
        }
        let folder = names.folders.get(name)?.clone()?;
        if names.own.contains(place) {
            return Some(folder);
        }
        let own = self.here.chart(&folder)?.files.get("values.yaml")?;
        let known = names.keys(own, None);
        let (mut fits, mut all) = (0, 0);
        for part in values {
            let file = part.file.clone().or_else(|| {
                let (id, file) = self.here.source(&part.path)?;
                Some(File { id, content: Content::Text(file.text.clone()) })
            });
            for key in file.map(|file| names.keys(&file, part.span)).iter().flat_map(|keys| keys.iter()) {
                all += 1;
                fits += usize::from(known.contains(key));
            }
        }
        (fits * 2 > all).then_some(folder)
    }
}
