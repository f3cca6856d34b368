//! How a project says that its own charts are deployed: by Applications of Argo CD, HelmReleases of Flux, releases of helmfile.
//!
//! What they say is what `[[chart]]` would say, and counts as that: nobody runs the defaults of a chart that the same repository
//! deploys with values of its own. Nothing is fetched: what lies in another repository, and what is filled in elsewhere, is
//! unknown or left out. What tests and examples deploy does not count.

mod application_set;
mod argo;
mod flux;
mod helmfile;
mod repository;
mod values;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::Config;
use crate::render::helm::charts::{Given, Wanted};
use crate::render::helm::read::ChartFolder;
use crate::render::helm::set::Kind;
use crate::source::discover::absolute;
use crate::source::{FileId, Place, Role, SourceFile, Sources};
use crate::syntax::tree::{NodeRef, Tree};
use repository::Repository;
use values::Part;

/// So many deployments of one chart count.
const MOST: usize = 100;

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) config: &'a Config,
    pub(super) root: &'a Utf8Path,
    pub(super) sources: &'a Sources,
    pub(super) trees: &'a [Tree],
    pub(super) charts: &'a [ChartFolder],
}

/// One deployment of one chart.
#[derive(Debug)]
struct Deployment {
    /// The chart's folder.
    folder: Utf8PathBuf,
    values: Vec<Part>,
    set: Vec<(Kind, String, Place)>,
    release: String,
    namespace: Option<String>,
    kubernetes: Option<String>,
    api_versions: Vec<String>,
    /// Whether it has values that stand elsewhere.
    is_partial: bool,
    /// The file that says so.
    file: FileId,
}

/// What the project says of the charts in it, and with what it is tried out alone: by folder and name of the settings.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) wanted: Vec<Wanted>,
    /// For deployments of which several are told apart: a path that says whether it is one for tests or development.
    pub(super) kinds: FxHashMap<(Utf8PathBuf, String), Utf8PathBuf>,
    /// Files that say nothing else than how charts are deployed.
    pub(super) files: Vec<FileId>,
}

/// Everything that is declared.
pub(super) fn declared(around: Around<'_>) -> Declared {
    let here = Here::of(around);
    let mut found = argo::deployments(&here);
    found.extend(flux::deployments(&here));
    let helmfiles = helmfile::deployments(&here);
    let files = helmfiles.iter().map(|deployment| deployment.file).collect();
    found.extend(helmfiles);
    let mut seen = FxHashSet::default();
    found.retain(|deployment| seen.insert(deployment.key()));
    let mut by_chart: FxHashMap<Utf8PathBuf, Vec<Deployment>> = FxHashMap::default();
    for deployment in found {
        let same = by_chart.entry(deployment.folder.clone()).or_default();
        if same.len() < MOST {
            same.push(deployment);
        }
    }
    let mut by_chart: Vec<_> = by_chart.into_iter().collect();
    by_chart.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut declared = Declared { files, ..Declared::default() };
    for (folder, same) in by_chart {
        let names = names(&same, around.sources);
        for (deployment, name) in same.into_iter().zip(names) {
            let last = deployment.values.iter().rfind(|part| part.span.is_none());
            let tells = last.map_or(around.sources.path(deployment.file), |part| &part.path);
            declared.kinds.insert((folder.clone(), name.clone()), kind(tells));
            declared.wanted.push(deployment.wanted(name));
        }
    }
    declared
}

/// A path that tells what a file of values is for: `values-minikube.yaml` is as good as a folder of that name.
pub(super) fn kind(path: &Utf8Path) -> Utf8PathBuf {
    let stem = path.file_stem().unwrap_or_default();
    let word = stem.rsplit(['-', '.', '_']).next().filter(|word| *word != stem).unwrap_or_default();
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    folder.join(word).join(path.file_name().unwrap_or_default())
}

/// What tells several deployments of a chart apart: their releases, else their last files of values, else all of these, else who
/// says so.
fn names(same: &[Deployment], sources: &Sources) -> Vec<String> {
    let files = |deployment: &Deployment, count: usize| {
        let files: Vec<_> = deployment.values.iter().filter(|part| part.span.is_none()).collect();
        let (mut named, mut above) = (Vec::new(), None);
        for part in files.into_iter().rev().take(count).rev() {
            let path = part.path.strip_prefix(&deployment.folder).unwrap_or(&part.path);
            // Of the second one in a folder the name will do.
            let is_beside = above.replace(path.parent()) == Some(path.parent());
            named.push(path.file_name().filter(|_| is_beside).unwrap_or(path.as_str()).to_owned());
        }
        named.join(" + ")
    };
    let last = same.iter().map(|deployment| files(deployment, 1)).collect();
    let all = same.iter().map(|deployment| files(deployment, usize::MAX)).collect();
    let releases: Vec<String> = same.iter().map(|one| one.release.clone()).collect();
    let said = same.iter().map(|one| format!("{} of {}", one.release, sources.path(one.file)));
    let are_telling = |names: &Vec<String>| {
        let all: FxHashSet<&String> = names.iter().collect();
        all.len() == names.len() && !names.iter().any(String::is_empty)
    };
    let choices = [releases, last, all];
    choices.into_iter().find(are_telling).unwrap_or_else(|| said.collect())
}

impl Deployment {
    /// What it is rendered with. Two with the same need not both be rendered.
    fn key(&self) -> String {
        let values: Vec<_> = self.values.iter().map(|part| (&part.path, part.span)).collect();
        let set: Vec<_> = self.set.iter().map(|(kind, line, _)| (kind, line)).collect();
        format!("{} {values:?} {set:?} {:?} {:?}", self.folder, self.kubernetes, self.api_versions)
    }

    fn wanted(self, name: String) -> Wanted {
        let given = |part: Part| match part.file {
            Some(file) => Given::Part(part.path, file),
            None => Given::File(part.path),
        };
        Wanted {
            folder: self.folder,
            name: Some(name),
            values: self.values.into_iter().map(given).collect(),
            set: self.set.into_iter().map(|(kind, line, place)| (kind, line, Some(place))).collect(),
            release: Some(self.release).filter(|name| !name.is_empty()),
            namespace: self.namespace,
            kubernetes: self.kubernetes,
            api_versions: self.api_versions,
            is_partial: self.is_partial,
        }
    }
}

/// The project, as those look at it that read what it says.
struct Here<'a> {
    around: Around<'a>,
    root: Utf8PathBuf,
    charts: FxHashMap<&'a Utf8Path, &'a ChartFolder>,
    files: FxHashMap<&'a Utf8Path, FileId>,
    repository: Repository,
}

impl<'a> Here<'a> {
    fn of(around: Around<'a>) -> Self {
        let root = absolute(around.root);
        let charts = around.charts.iter().map(|chart| (chart.folder.as_path(), chart)).collect();
        let repository = Repository::of(&root);
        let files = around.sources.iter().map(|(id, file)| (file.path.as_path(), id)).collect();
        Self { around, root, charts, files, repository }
    }

    /// All objects that are applied, and of which it matters how.
    fn objects(&self) -> impl Iterator<Item = NodeRef<'a>> {
        let Around { sources, config, trees, .. } = self.around;
        let counts = move |tree: &&Tree| {
            let file = sources.get(tree.file);
            file.role != Role::Ingredient && tree.embedded.is_none() && !config.is_test(&file.path)
        };
        trees.iter().filter(counts).flat_map(Tree::roots)
    }

    /// The path in the project of what is called `path` in `folder`; nothing if it leads out of the project.
    fn inside(&self, folder: &Utf8Path, path: &str) -> Option<Utf8PathBuf> {
        let full = absolute(&self.root.join(folder).join(path));
        full.strip_prefix(&self.root).ok().map(Utf8Path::to_owned)
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        self.root.join(path).is_file()
    }

    fn chart(&self, folder: &Utf8Path) -> Option<&'a ChartFolder> {
        self.charts.get(folder).copied()
    }

    /// A file of the project that was read.
    fn source(&self, path: &Utf8Path) -> Option<(FileId, &'a SourceFile)> {
        let id = *self.files.get(path)?;
        Some((id, self.around.sources.get(id)))
    }

    /// A file of values, as far as it is there.
    fn file(&self, folder: &Utf8Path, path: &str) -> Option<Part> {
        let path = self.inside(folder, path).filter(|path| self.is_file(path))?;
        Some(Part { path, span: None, file: None })
    }
}

/// The text at a path of keys.
fn text<'t>(node: NodeRef<'t>, path: &str) -> Option<&'t str> {
    let found = node.at(path)?;
    (!found.is_null() && !found.is_unknown()).then(|| found.text()).filter(|text| !text.is_empty())
}
