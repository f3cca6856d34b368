//! Builds overlays with files from disk, and with charts that the other renderer renders. What a build has to say becomes diagnostics.

use std::cell::RefCell;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::Config;
use crate::finding::{About, Diagnostic, Label, Severity};
use crate::render::helm::charts::{Given, Wanted, render_needed, settings};
use crate::render::helm::files::{Content, File};
use crate::render::helm::read::Reader;
use crate::render::helm::render::{STACK, Settings};
use crate::render::kustomize::{self, Chart, Gravity, Meet, Note, Overlay};
use crate::source::discover;
use crate::source::{FileId, Place, Sources};
use crate::syntax::tree::Tree;

/// What is to be built.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The settings of the project.
    pub config: &'a Config,
    /// The folder of the project.
    pub root: &'a Utf8Path,
    /// What was read and parsed already, by path in the project. Other files are read when they are needed.
    pub trees: &'a [(&'a Utf8Path, &'a Tree)],
    /// The folder of one kustomization; else all those among `trees` that no other uses.
    pub folder: Option<&'a Utf8Path>,
    /// What charts meet.
    pub release: &'a Release,
}

/// What charts in overlays meet, where their entry does not say it.
#[derive(Debug, Default)]
pub struct Release {
    /// The version of Kubernetes.
    pub kubernetes: Option<String>,
    /// More API versions that are there.
    pub api_versions: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Done<T> {
    /// The overlays, in the order of their folders.
    pub overlays: Vec<T>,
    /// Files that are parts of builds.
    pub covered: FxHashSet<FileId>,
    /// The folders of charts that kustomizations bring along for themselves.
    pub charts: FxHashSet<Utf8PathBuf>,
    /// What is to be said.
    pub problems: Vec<Diagnostic>,
}

/// Builds overlays; nothing if that failed. What was read is among `sources` then.
pub fn build<T: Send>(
    asked: &Asked<'_>,
    sources: &mut Sources,
    take: impl Fn(Overlay, &mut Sources) -> T + Send,
) -> Option<Done<T>> {
    // Charts in overlays may need much stack; and what breaks here is not to break the rest.
    std::thread::scope(|scope| {
        let work = move || {
            let (mut problems, mut charts) = (Vec::new(), FxHashSet::default());
            let built = with_files(asked, sources, &mut problems, &mut charts);
            problems.extend(diagnostics(asked, built.notes, sources));
            let overlays = built.overlays.into_iter().map(|built| take(built, sources)).collect();
            Done { overlays, covered: built.covered, charts, problems }
        };
        let thread = std::thread::Builder::new().stack_size(STACK + (8 << 20)).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok())
    })
}

fn with_files(
    asked: &Asked<'_>,
    sources: &mut Sources,
    problems: &mut Vec<Diagnostic>,
    charts: &mut FxHashSet<Utf8PathBuf>,
) -> kustomize::Built {
    let reader = RefCell::new(Reader::new(asked.root, sources));
    let (found, charts) = (RefCell::new(problems), RefCell::new(charts));
    let project = kustomize::Project {
        trees: asked.trees,
        read: &|path| {
            let file = reader.borrow_mut().file(path)?;
            let content = match file.content {
                Content::Text(text) => kustomize::Content::Text(text),
                Content::Bytes(bytes) => kustomize::Content::Bytes(bytes),
            };
            Some((file.id, content))
        },
        made: &|path| discover::is_left_out(asked.root, path),
        chart: &|chart| {
            let mut reader = reader.borrow_mut();
            let folder = reader.chart(&chart.folder);
            folder.files.get("Chart.yaml")?;
            let settings = of_kustomization(chart, asked, &mut reader)?;
            let (rendered, more) = render_needed(&folder, &settings);
            found.borrow_mut().extend(more);
            if chart.is_own && rendered.is_some() {
                charts.borrow_mut().insert(chart.folder.clone());
            }
            rendered
        },
    };
    match asked.folder {
        Some(folder) => kustomize::build_one(&project, folder),
        None => kustomize::build(&project),
    }
}

/// With what a kustomization renders a chart.
fn of_kustomization(chart: &Chart, asked: &Asked<'_>, reader: &mut Reader<'_>) -> Option<Settings> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let release = asked.release;
    let more = Some(&release.api_versions).filter(|versions| !versions.is_empty());
    let values = chart.values.iter().chain(&chart.more_values).cloned().map(Given::File).collect();
    let wanted = Wanted {
        folder: chart.folder.clone(),
        values,
        release: given(&chart.release),
        namespace: given(&chart.namespace),
        kubernetes: release.kubernetes.clone().or_else(|| given(&chart.kube_version)),
        api_versions: more.unwrap_or(&chart.api_versions).clone(),
        ..Wanted::default()
    };
    let kubernetes = asked.config.kubernetes.as_ref().map(ToString::to_string);
    let mut settings = settings(&wanted, false, kubernetes.as_deref(), reader);
    if let Some((place, meet)) = &chart.inline {
        let (path, text) = reader.known(place.file);
        // The values keep their places if what stands before them is blank.
        let (before, rest) = text.split_at_checked(place.span.start as usize)?;
        let values = rest.get(..place.span.len() as usize)?;
        let blank: String = before.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        let content = Content::Text(format!("{blank}{values}").into());
        let inline = (path, File { id: place.file, content });
        let file = settings.values.iter().position(|(path, _)| chart.values.as_ref() == Some(path));
        match (meet, file) {
            (Meet::Replace, Some(at)) => settings.values[at] = inline,
            (Meet::Override, Some(at)) => settings.values.insert(at + 1, inline),
            _ => settings.values.insert(0, inline),
        }
    }
    Some(settings)
}

/// How many faults of one kustomization are said one by one.
const FEW: usize = 3;

/// What is to be said about builds. A kustomization with many faults has one list of them.
fn diagnostics(asked: &Asked<'_>, notes: Vec<Note>, sources: &Sources) -> Vec<Diagnostic> {
    let mut of: FxHashMap<Utf8PathBuf, Vec<Note>> = FxHashMap::default();
    for note in notes.iter().filter(|note| note.gravity == Gravity::Error && note.place.is_some()) {
        of.entry(note.folder.clone()).or_default().push(note.clone());
    }
    of.retain(|_, faults| faults.len() > FEW);
    // That something for tests or examples does not build is worth a hint, unless somebody asks for it by name.
    let is_hint =
        |note: &Note| asked.folder.is_none() && asked.config.is_test(&note.folder.join("kustomization.yaml"));
    let diagnostic = |note: Note| diagnostic(if is_hint(&note) { Gravity::Info } else { note.gravity }, note);
    let mut said = Vec::new();
    for note in notes {
        match of.get_mut(&note.folder).filter(|faults| faults.contains(&note)) {
            Some(faults) if faults.first() == Some(&note) => {
                said.push(diagnostic(list(faults, sources)));
            }
            Some(_) => {}
            None => said.push(diagnostic(note)),
        }
    }
    said
}

/// One note for all of a kustomization's faults.
fn list(faults: &[Note], sources: &Sources) -> Note {
    let mut lines: Vec<(Place, &str)> =
        faults.iter().filter_map(|fault| Some((fault.place?, fault.message.as_str()))).collect();
    lines.sort_by_key(|(place, _)| (place.file.0, place.span.start));
    let line = |(place, message): &(Place, &str)| {
        let file = sources.get(place.file);
        let name = file.path.file_name().unwrap_or_default();
        format!("{name}:{} {message}", file.position(place.span.start).line)
    };
    Note {
        message: format!("this kustomization does not build, for {} reasons", faults.len()),
        help: Some(lines.iter().map(line).collect::<Vec<_>>().join("\n")),
        place: lines.first().map(|(place, _)| *place),
        ..faults[0].clone()
    }
}

fn diagnostic(gravity: Gravity, note: Note) -> Diagnostic {
    let place = note.place.map(|place| Label { place, message: String::new() });
    Diagnostic {
        about: if gravity == Gravity::Info { About::NotJudged } else { About::Input },
        severity: match gravity {
            Gravity::Error => Severity::Error,
            Gravity::Warning => Severity::Warning,
            Gravity::Info => Severity::Info,
        },
        message: note.message,
        help: note.help,
        file: place.is_none().then(|| note.folder.join("kustomization.yaml").into_string()),
        place,
    }
}
