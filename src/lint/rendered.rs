//! What charts and overlays render to, as files of the run, and the way back from there to what a person wrote.
//!
//! Rendered text is parsed, modelled and judged like any file. Before findings are merged, every place in it becomes the place
//! of the line to change; so one fault that shows under several settings is one finding. Rendering itself is in `render`.

use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Inputs;
use super::ask::Fault;
use super::beside::Beside;
use super::charts::wanted;
use super::chosen::Chosen;
use super::deployments::Declared;
use super::overlays::{self, Asked, Release};
use super::read::{Project, problem_in};
use crate::config::Config;
use crate::finding::{About, Diagnostic, Label, Severity};
use crate::fix::Operation;
use crate::outcome::Outcome;
use crate::render::helm::charts::Charts;
use crate::render::helm::read::ChartFolders;
use crate::render::kustomize::Overlay;
use crate::render::template::GAP;
use crate::render::trace::{Page, Traced, Trail};
use crate::render::{self, kustomize};
use crate::rule::page::Page as RulePage;
use crate::source::{Bundle, Extent, FileId, Place, Role, SourceFile, Sources, Span};
use crate::syntax::tree::{NodeRef, Tree};
use crate::syntax::yaml;

/// All renderings of a run.
#[derive(Default)]
pub(super) struct Renderings {
    all: Vec<Trail>,
    /// Which document of which rendering a file is.
    by_file: FxHashMap<FileId, (usize, usize)>,
    /// Of charts that are rendered with several settings, a path that tells what each of them is for.
    kinds: FxHashMap<(Utf8PathBuf, String), Utf8PathBuf>,
    /// The charts of which somebody says how they are deployed.
    deployed: FxHashSet<Utf8PathBuf>,
    /// What stands beside the defaults of the others.
    beside: Beside,
    /// The charts that render wholly with their defaults.
    whole: FxHashSet<Utf8PathBuf>,
    /// For what lies in an archive: the line that asks for the archive.
    in_archives: FxHashMap<FileId, Place>,
    /// Of how many renderings a file is a part; counted when something is found in one.
    shared: OnceLock<FxHashMap<FileId, usize>>,
}

impl Renderings {
    /// Takes renderings in as files of the project.
    fn take(&mut self, all: Vec<(Trail, Extent)>, project: &mut Project, outcome: &mut Outcome) {
        for (mut trail, extent) in all {
            let at = self.all.len();
            let extent = if trail.pages.iter().any(|page| page.is_doubtful) { Extent::Part } else { extent };
            let name = match trail.settings.as_str() {
                "" => trail.folder.to_string(),
                settings => format!("{} ({settings})", trail.folder),
            };
            if trail.settings.is_empty() && extent != Extent::Part {
                self.whole.insert(trail.folder.clone());
            }
            let bundle = Arc::new(Bundle { name, extent });
            for position in 0..trail.pages.len() {
                let parsed = trail.pages[position].parsed.take();
                let page = &trail.pages[position];
                // What runs when somebody tests a release is no part of it.
                if page.role == render::Role::Test || page.is_doubtful {
                    continue;
                }
                let mut file = SourceFile::new(page.name.clone(), Arc::clone(&page.text));
                file.role = Role::Rendered(Arc::clone(&bundle));
                let id = project.sources.push(file);
                self.by_file.insert(id, (at, position));
                let mut parsed = parsed.unwrap_or_else(|| yaml::parse_plain(id, Arc::clone(&page.text)));
                parsed.tree.file = id;
                super::unsaid::forget(&mut parsed.tree, &trail, page, &project.sources);
                outcome.summary.documents += parsed.tree.documents.len();
                outcome
                    .diagnostics
                    .extend(parsed.problems.into_iter().map(|problem| problem_in(id, problem)));
                project.trees.push(parsed.tree);
            }
            self.all.push(trail);
        }
    }

    /// Whether nothing was rendered.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Says that nothing was judged, where charts and overlays are all there is and nothing of them can be rendered.
    pub(super) fn nothing_left(&self, said: &[Diagnostic], sources: &Sources) -> Option<Diagnostic> {
        let is_broken = |of: &Diagnostic| of.about == About::Input && of.severity > Severity::Info;
        let is_there = sources.iter().any(|(_, file)| file.role == Role::Ingredient);
        let is_empty = self.all.iter().all(|trail| trail.pages.is_empty());
        (is_there && is_empty && said.iter().any(is_broken)).then(|| Diagnostic {
            about: About::Input,
            severity: Severity::Error,
            message: "nothing could be judged: no object can be rendered".to_owned(),
            help: None,
            place: None,
            file: None,
        })
    }

    /// Leads all places of a fault to what a person wrote. The places in rendered text stay grounds for suppressing, since
    /// comments of templates come through.
    pub(super) fn lead_home(&self, fault: &mut Fault, rule: &RulePage, config: &Config, sources: &Sources) {
        fault.trial = self.trial(fault.primary.place.file);
        for text in std::iter::once(&mut fault.message).chain(&mut fault.help) {
            if text.contains(GAP) {
                *text = text.replace(GAP, "…");
            }
        }
        let mut related: Vec<Label> = Vec::new();
        let rendered = fault.primary.place;
        let left_out = self.left_out(fault, rule, sources);
        let stands = self.stands(fault, left_out.is_some(), sources);
        if let Some(traced) = left_out.clone().or_else(|| stands.clone()) {
            fault.grounds.push(rendered);
            fault.primary.place = traced.primary;
            related.extend(traced.related.into_iter().map(|(place, message)| Label { place, message }));
            if let Some(setting) = traced.setting {
                let file = fault.primary.place.file;
                fault.is_replaced = self.shows_defaults(rendered.file)
                    && self.beside.replaces(file, &setting, config, sources);
                fault.path = setting;
            }
        }
        fault.settings = self.settings(rendered.file, fault.primary.place.file);
        if let (Some(_), Some(stands)) = (left_out, stands) {
            related.push(Label { place: stands.primary, message: String::new() });
        }
        for label in &fault.related {
            let place = self.written(label.place, sources);
            related.push(Label { place, message: label.message.clone() });
        }
        let mut seen = FxHashSet::default();
        related.retain(|label| label.place != fault.primary.place && seen.insert(label.place));
        fault.related = related;
        let homes: Vec<Place> =
            fault.grounds.iter().filter_map(|ground| self.extent(*ground, sources)).collect();
        fault.grounds.extend(homes);
    }

    /// The place that a person wrote; the same place where a person wrote it.
    pub(super) fn written(&self, place: Place, sources: &Sources) -> Place {
        self.written_at(place, sources).map_or(place, |traced| traced.primary)
    }

    /// Leads diagnostics home, each said once.
    pub(super) fn lead_diagnostics_home(&self, diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
        for label in diagnostics.iter_mut().filter_map(|diagnostic| diagnostic.place.as_mut()) {
            label.place = self.written(label.place, sources);
        }
        let mut seen = FxHashSet::default();
        diagnostics.retain(|diagnostic| {
            let place = diagnostic.place.as_ref().map(|label| label.place);
            place.is_none() || seen.insert((place, diagnostic.message.clone()))
        });
    }

    /// Where what a fault is about stands. What misses something is pointed at by its name, but is not mended where the name
    /// comes from; and nobody mends anything in a chart's own metadata.
    fn stands(&self, fault: &Fault, is_left_out: bool, sources: &Sources) -> Option<Traced> {
        let place = fault.primary.place;
        let traced = self.written_at(place, sources)?;
        let (trail, page) = self.behind(place.file)?;
        let before = page.text.get(..place.span.start as usize).unwrap_or_default();
        let before = before.trim_end_matches([' ', '"']);
        let misses = (is_left_out || !fault.missing.is_empty()) && before.ends_with("name:");
        let is_metadata = sources.path(traced.primary.file).file_name() == Some("Chart.yaml");
        let printed = trail.printed(page, place.span, sources).filter(|_| misses || is_metadata);
        printed.filter(|printed| printed.primary.file != traced.primary.file).or(Some(traced))
    }

    /// Which of several renderings of the same thing a file belongs to, and how many there are: the settings of a chart that is
    /// rendered with several, the overlay where several share the file `home` that something in it came from.
    fn settings(&self, file: FileId, home: FileId) -> Option<(String, usize)> {
        let trail = &self.all[self.by_file.get(&file)?.0];
        let of_folder = self.all.iter().filter(|other| other.folder == trail.folder).count();
        if of_folder > 1 {
            return Some((trail.settings.clone(), of_folder));
        }
        let of_file = self.shared().get(&home).copied().unwrap_or_default();
        (of_file > 1).then(|| (trail.folder.to_string(), of_file))
    }

    fn shared(&self) -> &FxHashMap<FileId, usize> {
        self.shared.get_or_init(|| {
            let mut shared = FxHashMap::default();
            for trail in &self.all {
                let (mut seen, mut last) = (FxHashSet::default(), None);
                // Most files come many times in a row.
                for file in trail.files().filter(|file| last.replace(*file) != Some(*file)) {
                    if seen.insert(file) {
                        *shared.entry(file).or_default() += 1;
                    }
                }
            }
            shared
        })
    }

    /// Whether a file is what a chart renders to with its defaults, of which nobody says how it is deployed.
    fn shows_defaults(&self, file: FileId) -> bool {
        let trail = self.behind(file).map(|(trail, _)| trail);
        trail.is_some_and(|trail| trail.settings.is_empty() && !self.deployed.contains(&trail.folder))
    }

    /// Takes in which charts are deployed, and what their settings are for.
    pub(super) fn tell_apart(&mut self, declared: Declared) {
        self.deployed.extend(declared.wanted.into_iter().map(|wanted| wanted.folder));
        self.kinds.extend(declared.kinds);
    }

    /// The file of values with which a chart's authors tried what a file belongs to, where nobody needs more than the defaults;
    /// the one with which it is deployed, where it is deployed with several.
    fn trial(&self, file: FileId) -> Option<Utf8PathBuf> {
        let trail = &self.all[self.by_file.get(&file)?.0];
        let deployed = (trail.folder.clone(), trail.settings.clone());
        if let Some(path) = self.kinds.get(&deployed) {
            return Some(path.clone());
        }
        let name = Utf8Path::new(&trail.settings);
        (name.starts_with("ci") && self.whole.contains(&trail.folder)).then(|| name.to_owned())
    }

    fn written_at(&self, place: Place, sources: &Sources) -> Option<Traced> {
        let (trail, page) = self.behind(place.file)?;
        // What says nothing of where it came from stands beside something that does.
        let traced = trail.written(page, place.span, sources).or_else(|| {
            let primary = trail.extent(page, Span::new(0, page.text.len() as u32))?;
            Some(Traced { primary, related: Vec::new(), setting: None, exact: false })
        });
        traced.map(|traced| self.on_disk(traced, sources))
    }

    /// With places in archives, which nobody can change, as the places that ask for the archives. Where a setting of
    /// the project's own has a part in it, that comes first.
    fn on_disk(&self, mut traced: Traced, sources: &Sources) -> Traced {
        let outside = |place: &Place| self.in_archives.get(&place.file).copied();
        if let Some(asked) = outside(&traced.primary) {
            let own = traced.related.iter().position(|(place, _)| outside(place).is_none());
            traced.primary = own.map_or(asked, |at| traced.related.remove(at).0);
            traced.setting = None;
        }
        traced.related.retain(|(place, _)| outside(place).is_none());
        // What deploys a chart may itself be rendered.
        if let Some(home) = self.home(traced.primary, sources) {
            (traced.primary, traced.setting) = (home.primary, home.setting);
        }
        for (place, _) in &mut traced.related {
            *place = self.home(*place, sources).map_or(*place, |home| home.primary);
        }
        traced
    }

    /// What a person wrote, of a place in rendered text; none for a place that a person wrote.
    fn home(&self, place: Place, sources: &Sources) -> Option<Traced> {
        let mut home: Option<Traced> = None;
        // No rendering goes into itself; this many do not follow one another.
        for _ in 0..8 {
            let at = home.as_ref().map_or(place, |home| home.primary);
            let Some((trail, page)) = self.behind(at.file) else { break };
            home = Some(trail.written(page, at.span, sources)?);
        }
        home
    }

    /// What left out the keys that a fault misses, in the subject that misses them.
    fn left_out(&self, fault: &Fault, rule: &RulePage, sources: &Sources) -> Option<Traced> {
        let (trail, page) = self.behind(fault.primary.place.file)?;
        let subject = fault.grounds.iter().find(|ground| ground.file == fault.primary.place.file)?;
        let key = trail.left_out(page, subject.span, &fault.missing, sources);
        let traced = key.or_else(|| trail.omitted(page, &remedy(rule)?, sources));
        traced.map(|traced| self.on_disk(traced, sources))
    }

    fn extent(&self, place: Place, sources: &Sources) -> Option<Place> {
        let (trail, page) = self.behind(place.file)?;
        let extent = trail.extent(page, place.span)?;
        let home = self.home(extent, sources).map_or(extent, |home| home.primary);
        Some(home).filter(|place| !self.in_archives.contains_key(&place.file))
    }

    fn behind(&self, file: FileId) -> Option<(&Trail, &Page)> {
        let (at, position) = self.by_file.get(&file)?;
        let trail = &self.all[*at];
        Some((trail, &trail.pages[*position]))
    }
}

/// For each file of an archive in a chart, the line of the chart's Chart.yaml that asks for the archive.
fn archives(sources: &Sources) -> FxHashMap<FileId, Place> {
    let mut found = FxHashMap::default();
    let mut charts: FxHashMap<&Utf8Path, FileId> = FxHashMap::default();
    for (id, file) in sources.iter().filter(|(_, file)| file.path.file_name() == Some("Chart.yaml")) {
        charts.insert(file.path.parent().unwrap_or(Utf8Path::new("")), id);
    }
    for (id, file) in sources.iter() {
        let Some((outside, _)) = file.path.as_str().split_once(".tgz/") else { continue };
        let archive = Utf8Path::new(outside);
        let Some(chart) = archive.parent().and_then(Utf8Path::parent).and_then(|folder| charts.get(folder))
        else {
            continue;
        };
        let text = &sources.get(*chart).text;
        let stem = archive.file_name().unwrap_or_default();
        let named = text.match_indices("name:").find_map(|(at, key)| {
            let rest = text[at + key.len()..].lines().next()?;
            let name = rest.trim().trim_matches(['"', '\'']);
            let start = at + key.len() + rest.find(name)?;
            (!name.is_empty() && stem.starts_with(name))
                .then(|| Span::new(start as u32, (start + name.len()) as u32))
        });
        let span = named.unwrap_or_else(|| sources.get(*chart).line_span(0));
        found.insert(id, Place { file: *chart, span });
    }
    found
}

/// Whether a file goes by this name; every file is asked, so its path is not taken apart for that.
fn is_named(path: &Utf8Path, name: &str) -> bool {
    path.as_str().strip_suffix(name).is_some_and(|above| above.is_empty() || above.ends_with('/'))
}

/// The kind of the object that a rule's fix adds.
fn remedy(rule: &RulePage) -> Option<String> {
    let fixes = rule.rest().ok()?.fixes;
    let added = fixes.iter().find(|fix| fix.operation == Operation::NewDocument)?;
    added.template.text.lines().find_map(|line| line.strip_prefix("kind: ")).map(str::to_owned)
}

/// Renders the charts and overlays of a project. What they are made of is judged through them alone.
pub(super) fn project(
    config: &Config,
    inputs: &Inputs,
    settings: Option<FileId>,
    project: &mut Project,
    outcome: &mut Outcome,
) -> Renderings {
    let is_there = |name: &str| project.sources.iter().any(|(_, file)| is_named(&file.path, name));
    let has_charts = is_there("Chart.yaml");
    let has_overlays = kustomize::NAMES.iter().any(|name| is_there(name));
    let (built, own) =
        if has_overlays { overlays(config, inputs, project, outcome) } else { Default::default() };
    let mut renderings = Renderings::default();
    renderings.take(built, project, outcome);
    if has_charts {
        charts(config, inputs, settings, &own, project, &mut renderings, outcome);
    }
    renderings.in_archives = archives(&project.sources);
    renderings
}

/// Renders the charts that no overlay brings along for itself: those are judged as it uses them, unless somebody says otherwise.
fn charts(
    config: &Config,
    inputs: &Inputs,
    settings: Option<FileId>,
    own: &FxHashSet<Utf8PathBuf>,
    project: &mut Project,
    renderings: &mut Renderings,
    outcome: &mut Outcome,
) {
    let wanted = wanted(config, &inputs.root, settings);
    let named = |folder: &&Utf8PathBuf| wanted.iter().any(|wanted| wanted.folder == **folder);
    let own: Vec<&Utf8PathBuf> = own.iter().filter(|folder| !named(folder)).collect();
    let paths = project.sources.iter().map(|(_, file)| file.path.clone());
    let paths: Vec<Utf8PathBuf> =
        paths.filter(|path| !own.iter().any(|folder| path.starts_with(folder))).collect();
    let (charts, problems) =
        Charts::read(&inputs.root, paths.iter().map(Utf8PathBuf::as_path), &mut project.sources);
    outcome.diagnostics.extend(problems);
    let own = own.into_iter().map(|folder| folder.as_path());
    let folders: ChartFolders = charts.folders().chain(own).map(Utf8Path::to_owned).collect();
    project.sources.iter_mut().filter(|file| folders.have(&file.path)).for_each(|file| {
        file.role = Role::Ingredient;
    });
    let mut chosen = Chosen::new(config, inputs, &charts, wanted);
    let first = renderings.all.len();
    while let Some(jobs) = chosen.next(project, renderings, outcome) {
        let (trails, problems) = charts.render(&jobs, Trail::of);
        outcome.diagnostics.extend(problems);
        let extent = |is_whole| if is_whole { Extent::Package } else { Extent::Part };
        let trails = trails.into_iter().map(|(trail, is_whole)| (trail, extent(is_whole))).collect();
        renderings.take(trails, project, outcome);
    }
    take_data(&folders, &renderings.all[first..], project);
}

/// Manifests that charts keep as data, for their templates to print, are judged as they are printed: those where charts keep such,
/// and those of which something was printed. What else lies in the folder of a chart is applied by somebody else.
fn take_data(folders: &ChartFolders, trails: &[Trail], project: &mut Project) {
    let mut printed: Option<FxHashSet<FileId>> = None;
    let mut is_printed = |file: FileId| {
        let all = || trails.iter().flat_map(Trail::printed_files).collect();
        printed.get_or_insert_with(all).contains(&file)
    };
    let is_object = |root: NodeRef<'_>| root.get("kind").is_some() && root.get("apiVersion").is_some();
    let manifests = project.trees.iter().filter(|tree| tree.roots().any(is_object)).map(|tree| tree.file);
    let sources = &project.sources;
    let candidates = manifests.chain(project.templates.iter().copied()).filter(|file| {
        let file = sources.get(*file);
        file.role == Role::Plain && folders.hold(&file.path)
    });
    let data: Vec<FileId> =
        candidates.filter(|file| folders.have_data(&sources.get(*file).path) || is_printed(*file)).collect();
    for file in data {
        project.sources.get_mut(file).role = Role::Ingredient;
    }
}

fn overlays(
    config: &Config,
    inputs: &Inputs,
    project: &mut Project,
    outcome: &mut Outcome,
) -> (Vec<(Trail, Extent)>, FxHashSet<Utf8PathBuf>) {
    let paths: Vec<Utf8PathBuf> = project.sources.iter().map(|(_, file)| file.path.clone()).collect();
    let trees: Vec<(&Utf8Path, &Tree)> =
        project.trees.iter().map(|tree| (paths[tree.file.0 as usize].as_path(), tree)).collect();
    let asked =
        Asked { config, root: &inputs.root, trees: &trees, folder: None, release: &Release::default() };
    let extent = |partial| if partial { Extent::Part } else { Extent::Whole };
    let take = |built: Overlay, _: &mut Sources| (Trail::of(built.rendered), extent(built.is_partial));
    let Some(built) = overlays::build(&asked, &mut project.sources, take) else {
        let says = "steadfast failed while it built the overlays; everything else was judged";
        outcome.diagnostics.push(Diagnostic::bug(says));
        return Default::default();
    };
    outcome.diagnostics.extend(built.problems);
    for id in built.covered {
        project.sources.get_mut(id).role = Role::Ingredient;
    }
    (built.overlays, built.charts)
}
