//! Builds the overlays of repositories, compares what comes out with what `kustomize build` prints, and says how long each took.
//!
//! ```text
//! cargo bench --bench kustomize -- FOLDER…           every folder is a repository
//! cargo bench --bench kustomize -- --show 5 FOLDER…  also what differs, at most five overlays of each
//! ```
//!
//! `KUSTOMIZE` names the program; without it, the one on the PATH. It gets no network and no git, so overlays with parts on other
//! machines fail, and only those that it builds are compared: the same objects in the same order, and the same bytes.

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program for people.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::render::kustomize::{Built, Content, Gravity, Project, build, build_one};
use steadfast::source::FileId;
use steadfast::syntax::tree::{NodeKind, NodeRef, Tree};
use steadfast::syntax::yaml;

fn main() -> ExitCode {
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut show = 0;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--show" => show = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(5),
            folder => folders.push(PathBuf::from(folder)),
        }
    }
    let program = std::env::var("KUSTOMIZE").unwrap_or_else(|_| "kustomize".to_owned());
    let is_there = Command::new(&program).arg("version").output().is_ok();
    if !is_there {
        eprintln!("SKIPPED: `{program}` is not installed, so nothing is compared with it");
    }
    if folders.is_empty() {
        eprintln!("SKIPPED: no folder of a repository was given");
    }
    let mut all = Count::default();
    println!(
        "repository                                overlays  theirs   equal   bytes   ours ms  theirs ms"
    );
    for folder in &folders {
        let count = repository(folder, is_there.then_some(program.as_str()), show);
        count.print(&folder.file_name().unwrap_or_default().to_string_lossy());
        all.add(&count);
    }
    all.print("all");
    ExitCode::SUCCESS
}

/// What came of some overlays.
#[derive(Default)]
struct Count {
    overlays: usize,
    theirs: usize,
    equal: usize,
    bytes: usize,
    ours: Duration,
    theirs_took: Duration,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.overlays += other.overlays;
        self.theirs += other.theirs;
        self.equal += other.equal;
        self.bytes += other.bytes;
        self.ours += other.ours;
        self.theirs_took += other.theirs_took;
    }

    fn print(&self, name: &str) {
        println!(
            "{name:<42}{:>8}{:>8}{:>8}{:>8}{:>10.1}{:>11.0}",
            self.overlays,
            self.theirs,
            self.equal,
            self.bytes,
            self.ours.as_secs_f64() * 1e3,
            self.theirs_took.as_secs_f64() * 1e3
        );
    }
}

fn repository(folder: &Path, program: Option<&str>, show: usize) -> Count {
    let files = Files::read(folder);
    let start = Instant::now();
    let built = files.build();
    let mut count = Count { overlays: built.overlays.len(), ours: start.elapsed(), ..Count::default() };
    let mut shown = 0;
    for overlay in program.map_or(&[][..], |_| &built.overlays) {
        let at = &overlay.rendered.folder;
        let Some((theirs, took)) = program.and_then(|program| kustomize(program, &folder.join(at))) else {
            continue;
        };
        count.theirs += 1;
        count.theirs_took += took;
        let printed = files.print(at);
        count.bytes += usize::from(printed == theirs);
        let first = printed.lines().zip(theirs.lines()).position(|(ours, theirs)| ours != theirs);
        let theirs_text = theirs.clone();
        let theirs = yaml::parse_plain(FileId(0), Arc::from(theirs)).tree;
        let ours: Vec<Tree> = overlay
            .rendered
            .documents
            .iter()
            .map(|document| yaml::parse_plain(FileId(0), Arc::from(document.text.as_str())).tree)
            .collect();
        match difference(&ours, &theirs) {
            None => {
                count.equal += 1;
                if printed != theirs_text && shown < show {
                    shown += 1;
                    let line =
                        |text: &str| text.lines().nth(first.unwrap_or(0)).unwrap_or_default().to_owned();
                    println!(
                        "--- {at}: the same objects, but {} instead of {}",
                        line(&printed),
                        line(&theirs_text)
                    );
                }
            }
            Some(difference) if shown < show => {
                shown += 1;
                println!("--- {at}: {difference}");
                notes(&built, at);
            }
            Some(_) => {}
        }
    }
    count
}

fn notes(built: &Built, folder: &Utf8Path) {
    for note in built.notes.iter().filter(|note| note.gravity == Gravity::Error).take(200) {
        if note.folder.starts_with(folder) || folder.starts_with(&note.folder) {
            println!("    {}: {}", note.folder, note.message);
        }
    }
}

/// The files of a repository.
struct Files {
    folder: PathBuf,
    trees: Vec<(Utf8PathBuf, Tree)>,
    /// Files that are read when they are asked for.
    others: RefCell<Vec<Utf8PathBuf>>,
}

impl Files {
    fn read(folder: &Path) -> Self {
        let mut paths = Vec::new();
        walk(folder, &mut paths);
        paths.sort();
        let mut trees = Vec::new();
        for path in paths {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let Ok(inside) = path.strip_prefix(folder) else { continue };
            let Ok(inside) = Utf8PathBuf::from_path_buf(inside.to_owned()) else { continue };
            let file = FileId(trees.len() as u32);
            trees.push((inside, yaml::parse(file, Arc::from(text)).tree));
        }
        Self { folder: folder.to_owned(), trees, others: RefCell::default() }
    }

    /// One overlay as it is printed for people.
    fn print(&self, overlay: &Utf8Path) -> String {
        let built = self.with(|project| build_one(project, overlay));
        let documents = built.overlays.iter().flat_map(|overlay| &overlay.rendered.documents);
        documents.map(|document| document.text.as_str()).collect::<Vec<_>>().join("---\n")
    }

    fn build(&self) -> Built {
        self.with(build)
    }

    fn with(&self, build: impl FnOnce(&Project<'_>) -> Built) -> Built {
        let trees: Vec<(&Utf8Path, &Tree)> =
            self.trees.iter().map(|(path, tree)| (path.as_path(), tree)).collect();
        let read = |path: &Utf8Path| {
            let bytes = fs::read(self.folder.join(path)).ok()?;
            let mut others = self.others.borrow_mut();
            others.push(path.to_owned());
            let file = FileId((self.trees.len() + others.len() - 1) as u32);
            Some((
                file,
                match String::from_utf8(bytes) {
                    Ok(text) => Content::Text(text.into()),
                    Err(error) => Content::Bytes(error.into_bytes().into()),
                },
            ))
        };
        build(&Project { trees: &trees, read: &read, made: &|_| false, chart: &|_| None })
    }
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && name != ".git" {
            walk(&path, paths);
        } else if kind.is_file() {
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            if matches!(&*ending, "yaml" | "yml" | "json") || name == "Kustomization" {
                paths.push(path);
            }
        }
    }
}

/// What the program prints, and how long it took; nothing where it fails.
fn kustomize(program: &str, folder: &Path) -> Option<(String, Duration)> {
    let start = Instant::now();
    let nowhere = "http://127.0.0.1:9";
    let output = Command::new(program)
        .arg("build")
        .arg(folder)
        .env("PATH", "")
        .env("HTTP_PROXY", nowhere)
        .env("HTTPS_PROXY", nowhere)
        .output()
        .ok()?;
    output.status.success().then(|| (String::from_utf8_lossy(&output.stdout).into_owned(), start.elapsed()))
}

/// The first thing in which two builds differ.
fn difference(ours: &[Tree], theirs: &Tree) -> Option<String> {
    let ours: Vec<NodeRef<'_>> = ours.iter().flat_map(Tree::roots).collect();
    let theirs: Vec<NodeRef<'_>> = theirs.roots().collect();
    let name = |node: &NodeRef<'_>| {
        let text = |path| node.at(path).map_or("", |node| node.text());
        format!("{} {}/{}", text("kind"), text("metadata.namespace"), text("metadata.name"))
    };
    let missing = |some: &[NodeRef<'_>], others: &[NodeRef<'_>]| {
        let others: std::collections::HashSet<String> = others.iter().map(name).collect();
        some.iter().map(name).find(|one| !others.contains(one))
    };
    if let Some(lacking) = missing(&theirs, &ours) {
        return Some(format!("we lack {lacking}"));
    }
    if let Some(extra) = missing(&ours, &theirs) {
        return Some(format!("we have {extra}"));
    }
    if ours.len() != theirs.len() {
        return Some(format!("{} objects instead of {}", ours.len(), theirs.len()));
    }
    for (ours, theirs) in ours.iter().zip(&theirs) {
        if name(ours) != name(theirs) {
            return Some(format!("{} stands where {} should", name(ours), name(theirs)));
        }
        if let Some(difference) = node_difference(*ours, *theirs) {
            return Some(format!("{}: {difference}", name(ours)));
        }
    }
    None
}

fn node_difference(ours: NodeRef<'_>, theirs: NodeRef<'_>) -> Option<String> {
    let is_number = |node: NodeRef<'_>| matches!(node.kind(), NodeKind::Int | NodeKind::Float);
    let show = |node: NodeRef<'_>| {
        format!("{:?} {:?}", node.kind(), node.text().chars().take(120).collect::<String>())
    };
    match (ours.kind(), theirs.kind()) {
        (NodeKind::Map, NodeKind::Map) => {
            let extra = ours.entries().find(|(key, _)| theirs.get(key).is_none());
            if let Some((_, extra)) = extra {
                return Some(format!("we have {}", extra.path()));
            }
            theirs.entries().find_map(|(key, theirs)| match ours.get(key) {
                Some(ours) => node_difference(ours, theirs),
                // For judging, a definition that several overlays share has its schemas in the first of them alone.
                None if key == "schema" && theirs.path().starts_with("spec.versions") => None,
                None => Some(format!("we lack {}", theirs.path())),
            })
        }
        (NodeKind::List, NodeKind::List) => {
            let (one, two) = (ours.items().count(), theirs.items().count());
            if one != two {
                return Some(format!("{}: {one} elements instead of {two}", theirs.path()));
            }
            ours.items().zip(theirs.items()).find_map(|(ours, theirs)| node_difference(ours, theirs))
        }
        (one, two) => {
            let is_same = if is_number(ours) && is_number(theirs) {
                ours.as_number() == theirs.as_number()
            } else {
                one == two
                    && (one == NodeKind::Null
                        || ours.text() == theirs.text()
                        || one == NodeKind::Bool && ours.as_bool() == theirs.as_bool())
            };
            (!is_same).then(|| format!("{}: {} instead of {}", theirs.path(), show(ours), show(theirs)))
        }
    }
}
