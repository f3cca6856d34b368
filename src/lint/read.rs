//! From paths to trees: finding, reading and parsing the files of a project, in parallel; nothing is skipped silently.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::{Inputs, room};
use crate::config::Config;
use crate::finding::{About, Diagnostic, Label, Severity};
use crate::model::{External, World};
use crate::outcome::Outcome;
use crate::render::helm::read::{ChartFolders, Reader};
use crate::render::kustomize;
use crate::source::discover::{Walk, Why, discover, read};
use crate::source::{FileId, Place, Role, SourceFile, Sources, Span};
use crate::syntax::tree::Tree;
use crate::syntax::{self, Parsed, Problem, Syntax};

/// The files of a run and their trees, in the same order.
pub(super) struct Project {
    pub(super) sources: Sources,
    pub(super) trees: Vec<Tree>,
    /// Files that hold templates, which mean nothing before they are rendered.
    pub(super) templates: Vec<FileId>,
    /// How many files with manifests hold what cannot be parsed.
    pub(super) broken: usize,
}

impl Project {
    /// Adds what objects hold as text to what files say.
    pub(super) fn unfold(&mut self) {
        let Self { sources, trees, .. } = self;
        let is_ingredient = |tree: &Tree| sources.get(tree.file).role == Role::Ingredient;
        crate::lower::embedded::unfold(trees, is_ingredient);
    }
}

/// Counts the templates of which nothing was rendered.
pub(super) fn left_templates(project: &Project, outcome: &mut Outcome) {
    let left =
        project.templates.iter().filter(|id| project.sources.get(**id).role != Role::Ingredient).count();
    if left > 0 {
        let what = words(left, "template that was not rendered", "templates that were not rendered");
        outcome.summary.skipped.push((what, left));
    }
}

/// Says that nothing was judged, because no manifest can be parsed: silence would read like praise.
pub(super) fn nothing_left(broken: usize) -> Diagnostic {
    let files = words(broken, "the only file with manifests", "all files with manifests");
    Diagnostic {
        about: About::Input,
        severity: Severity::Error,
        message: format!("nothing could be judged: {files} cannot be parsed"),
        help: None,
        place: None,
        file: None,
    }
}

/// Below this many files one thread is quicker than two.
const FEW: usize = 48;

/// From this many files on memory is taken ahead.
const MANY: usize = 500;

/// Finds, reads and parses. What could not be is said in `outcome`.
pub(super) fn project(config: &Config, inputs: &Inputs, outcome: &mut Outcome) -> Project {
    let paths = if inputs.isolated || inputs.root.as_str().is_empty() {
        absolute(inputs)
    } else {
        vec![inputs.root.clone()]
    };
    let only_stdin = inputs.isolated && inputs.stdin.is_some() && inputs.paths.is_empty();
    let walk = Walk {
        root: inputs.root.clone(),
        paths: if only_stdin { Vec::new() } else { paths },
        excludes: globset::GlobSet::empty(),
        wants: syntax::wants,
    };
    let mut found = discover(&walk);
    found.files.retain(|path| !config.exclude.matches(path));
    let mut stdin = None;
    if let Some((path, bytes)) = &inputs.stdin {
        found.files.retain(|known| known != path);
        match crate::source::discover::decode(bytes) {
            Ok(text) => {
                stdin = Some((path.clone(), text));
                let at = found.files.partition_point(|known| known.as_str() < path.as_str());
                found.files.insert(at, path.clone());
            }
            Err(why) => skipped(outcome, path, &why, true),
        }
    }
    if found.files.len() >= MANY {
        room::for_many_files();
    }
    let mut left: Vec<(Utf8PathBuf, Why)> =
        found.skipped.into_iter().map(|skip| (skip.path, skip.why)).collect();
    let open = |path: &Utf8PathBuf| match &stdin {
        Some((named, text)) if named == path => Ok(text.clone()),
        _ => read(&inputs.root.join(path), config.max_file_size),
    };
    let texts: Vec<Result<Arc<str>, Why>> = if found.files.len() < FEW {
        found.files.iter().map(open).collect()
    } else {
        found.files.par_iter().with_min_len(16).map(open).collect()
    };
    let mut files = Vec::with_capacity(texts.len());
    for (path, text) in found.files.into_iter().zip(texts) {
        match text {
            Ok(text) => {
                config.saw(&path);
                files.push(SourceFile::new(path, text));
            }
            Err(why) => left.push((path, why)),
        }
    }
    for (path, why) in &left {
        skipped(outcome, path, why, inputs.paths.contains(path));
    }
    list_binaries(outcome, inputs, left);
    let cooked = Cooked::of(&files);
    let parse = |(at, file): (usize, &SourceFile)| {
        let id = FileId(at as u32);
        if cooked.holds(file) {
            return nothing(id);
        }
        catch_unwind(AssertUnwindSafe(|| one(id, file))).unwrap_or_else(|_| failed(id))
    };
    let parsed: Vec<Parsed> = if files.len() < FEW {
        files.iter().enumerate().map(parse).collect()
    } else {
        files.par_iter().enumerate().with_min_len(16).map(parse).collect()
    };
    let sources = Sources::new(files);
    let mut trees = Vec::with_capacity(parsed.len());
    let mut templates = Vec::new();
    let mut unreadable = 0;
    let mut broken = 0;
    for parsed in parsed {
        let file = parsed.tree.file;
        outcome.summary.documents += parsed.tree.documents.len();
        if !parsed.templates.is_empty() {
            templates.push(file);
        }
        // A file of some other tool may be as broken as it likes, and so may a test or an example, where findings are hints:
        // it is counted, and shown only if somebody named it.
        let path = sources.path(file);
        let ours = || {
            inputs.paths.iter().any(|named| named == path)
                || parsed.tree.text.contains("apiVersion") && !config.is_test(path)
        };
        if !parsed.problems.is_empty()
            && !parsed.problems.iter().any(|problem| problem.message == PANICKED)
            && !ours()
        {
            unreadable += 1;
            trees.push(parsed.tree);
            continue;
        }
        broken += usize::from(!parsed.problems.is_empty());
        for problem in parsed.problems {
            let bug = problem.message == PANICKED;
            outcome.diagnostics.push(diagnostic(file, problem, if bug { About::Bug } else { About::Input }));
        }
        trees.push(parsed.tree);
    }
    if unreadable > 0 {
        let what = words(
            unreadable,
            "file of no manifests, or of a test, that cannot be parsed",
            "files of no manifests, or of tests, that cannot be parsed",
        );
        outcome.summary.skipped.push((what, unreadable));
    }
    outcome.summary.files = sources.len();
    Project { sources, trees, templates, broken }
}

/// What the files do not say.
pub(super) fn world(config: &Config) -> World {
    World {
        kubernetes: config.kubernetes.as_ref().map(|version| (version.major as u16, version.minor as u16)),
        today: Some(config.today),
        externals: config.externals().iter().filter_map(external).collect(),
    }
}

fn external(declared: &crate::config::External) -> Option<External> {
    Some(External {
        kind: declared.kind.clone(),
        name: globset::Glob::new(&declared.name).ok()?.compile_matcher(),
        namespace: declared.namespace.clone(),
        used: std::sync::atomic::AtomicBool::new(false),
    })
}

/// Tells the settings which declared externals were of use.
pub(super) fn used_externals(config: &Config, world: &World) {
    for external in
        world.externals.iter().filter(|external| external.used.load(std::sync::atomic::Ordering::Relaxed))
    {
        config.external(&external.kind, external.namespace.as_deref(), external.name.glob().glob());
    }
}

const PANICKED: &str = "steadfast failed while it read this file; the others were judged";

fn one(id: FileId, file: &SourceFile) -> Parsed {
    let head = &file.text.as_bytes()[..file.text.len().min(1024)];
    let syntax = Syntax::of(&file.path, head).unwrap_or(Syntax::Yaml);
    let parsed = syntax::parse(syntax, id, Arc::clone(&file.text));
    if !syntax::is_template(&file.path) {
        return parsed;
    }
    // What cannot be read before something else went over it is judged by nobody; that is no mistake in it.
    let marker = parsed.problems.first().map(|problem| problem.span);
    match marker.or_else(|| syntax::hidden_marker(&file.text)) {
        Some(marker) => Parsed { templates: vec![marker], ..nothing(id) },
        None => parsed,
    }
}

fn failed(id: FileId) -> Parsed {
    let problem = Problem { span: Span::default(), message: PANICKED.to_owned(), help: None };
    Parsed { problems: vec![problem], ..nothing(id) }
}

fn nothing(id: FileId) -> Parsed {
    let tree = crate::syntax::tree::Builder::new(id, Arc::from("")).finish();
    Parsed { tree, problems: Vec::new(), templates: Vec::new() }
}

/// The folders of charts whose ingredients nobody looks at but the renderer, which parses them by rules of its own.
struct Cooked(ChartFolders);

impl Cooked {
    fn of(files: &[SourceFile]) -> Self {
        let is_kustomization =
            |file: &SourceFile| kustomize::NAMES.contains(&file.path.file_name().unwrap_or_default());
        // An overlay may take any file of a chart for a resource or a patch.
        if files.iter().any(is_kustomization) {
            return Self(ChartFolders::default());
        }
        Self(Reader::folders(files.iter().map(|file| file.path.as_path())).into_iter().collect())
    }

    /// Whether a file is an ingredient, and no comment in it could be for us.
    fn holds(&self, file: &SourceFile) -> bool {
        self.0.have(&file.path) && !file.text.contains("steadfast")
    }
}

/// What is wrong with a text, as a diagnostic.
pub(super) fn problem_in(file: FileId, problem: Problem) -> Diagnostic {
    diagnostic(file, problem, About::Input)
}

fn diagnostic(file: FileId, problem: Problem, about: About) -> Diagnostic {
    Diagnostic {
        about,
        severity: if about == About::Bug { Severity::Error } else { Severity::Warning },
        message: problem.message,
        help: problem.help,
        place: Some(Label { place: Place { file, span: problem.span }, message: String::new() }),
        file: None,
    }
}

/// Counts what was not read, by reason; what was named by a person is said for itself.
fn skipped(outcome: &mut Outcome, path: &Utf8Path, why: &Why, named: bool) {
    let (one, many) = match why {
        Why::Unreadable(_) => ("file that cannot be read", "files that cannot be read"),
        Why::Binary => ("binary file", "binary files"),
        Why::NotText => ("file that is not UTF-8", "files that are not UTF-8"),
        Why::TooLarge(_) => ("file over the size limit", "files over the size limit"),
        Why::OddName => ("file with a name that is not UTF-8", "files with names that are not UTF-8"),
        Why::Link | Why::Loop => ("link", "links"),
        Why::NoFile | Why::NoFormat => ("path without a known format", "paths without a known format"),
    };
    let known = outcome.summary.skipped.iter_mut().find(|(words, _)| words == one || words == many);
    match known {
        Some((words, count)) => {
            *count += 1;
            many.clone_into(words);
        }
        None => outcome.summary.skipped.push((one.to_owned(), 1)),
    }
    // A link or a picture among the files is no news; a file that somebody meant to be read is.
    if named || matches!(why, Why::Unreadable(_) | Why::NotText | Why::TooLarge(_) | Why::Loop) {
        outcome.diagnostics.push(Diagnostic {
            about: About::Input,
            severity: Severity::Warning,
            message: format!("`{path}` {why}"),
            help: None,
            place: None,
            file: Some(path.to_string()),
        });
    }
}

/// So many binary files are named.
const BINARIES: usize = 5;

/// Names the first of the binary files that nobody named, and says how many more there are.
fn list_binaries(outcome: &mut Outcome, inputs: &Inputs, left: Vec<(Utf8PathBuf, Why)>) {
    let binary = left.into_iter().filter(|(_, why)| *why == Why::Binary).map(|(path, _)| path);
    let mut paths: Vec<Utf8PathBuf> =
        binary.filter(|path| inputs.cover(path) && !inputs.paths.contains(path)).collect();
    paths.sort();
    let all = paths.len();
    let not_judged = |message: String, file: Option<String>| Diagnostic {
        about: About::NotJudged,
        severity: Severity::Info,
        message,
        help: None,
        place: None,
        file,
    };
    for path in paths.into_iter().take(BINARIES) {
        let message = format!("`{path}` {}", Why::Binary);
        outcome.diagnostics.push(not_judged(message, Some(path.into_string())));
    }
    if all > BINARIES {
        let more = all - BINARIES;
        let what = words(more, "more binary file is not read", "more binary files are not read");
        outcome.diagnostics.push(not_judged(format!("{more} {what}"), None));
    }
}

fn words(count: usize, one: &str, many: &str) -> String {
    if count == 1 { one } else { many }.to_owned()
}

fn absolute(inputs: &Inputs) -> Vec<Utf8PathBuf> {
    if inputs.paths.is_empty() {
        return vec![inputs.root.clone()];
    }
    inputs.paths.iter().map(|path| inputs.root.join(path)).collect()
}
