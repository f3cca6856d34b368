//! Every byte of an overlay says where it came from, and no program is asked whether that is right: in each project of tests/overlays,
//! one scalar of one file is changed at a time, and what comes out changed must carry the place of that scalar.
//!
//! A scalar that only chooses (a target, a name that is looked up, a path) has no bytes in the output; changing it is no test.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::render::kustomize::{Built, Content, Project, build};
use steadfast::render::origin::{Origin, Origins, Source};
use steadfast::source::{FileId, Place, Span};
use steadfast::syntax::tree::{NodeKind, NodeRef, Style, Tree};
use steadfast::syntax::yaml;

/// What a kustomization, a target or a patch looks for, or how it does so.
const CHOOSERS: [&str; 31] = [
    "apiVersion",
    "kind",
    "target",
    "select",
    "reject",
    "objref",
    "fieldPath",
    "fieldPaths",
    "fieldref",
    "path",
    "from",
    "op",
    "options",
    "behavior",
    "delimiter",
    "index",
    "resources",
    "bases",
    "components",
    "configurations",
    "crds",
    "openapi",
    "generators",
    "transformers",
    "fields",
    "fieldSpecs",
    "sortOptions",
    "$patch",
    "files",
    "envs",
    "helmCharts",
];

/// Files that only choose.
const CONFIGURATIONS: [&str; 3] = ["fields.yaml", "schema.json", "types.json"];

/// A label that a selector looks for, with its change.
const CHOOSING: [&str; 1] = ["secondx"];

type Files = Vec<(Utf8PathBuf, Arc<[u8]>)>;

#[test]
fn what_changes_carries_the_place_of_the_change() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/overlays");
    let (mut changed, mut wrong) = (0, Vec::new());
    for case in fs::read_dir(folder).unwrap() {
        let case = case.unwrap().path();
        let mut files = Files::new();
        read(&case, &case, &mut files);
        files.sort();
        let built = built(&files);
        if !built.notes.is_empty() || built.overlays.iter().any(|overlay| overlay.is_partial) {
            // Charts are not rendered here.
            continue;
        }
        for at in 0..files.len() {
            for change in changes(&files, at) {
                let mut others = files.clone();
                others[at].1 = change.text.as_bytes().into();
                let after = self::built(&others);
                let name = format!("{} {}", case.file_name().unwrap().to_string_lossy(), files[at].0);
                let place = Place { file: FileId(at as u32), span: change.span };
                match compare(&built, &after, place, change.name()) {
                    Some(Ok(count)) => changed += count,
                    Some(Err(_)) if CHOOSING.contains(&&change.text[change.span.range()]) => {}
                    Some(Err(line)) => {
                        wrong.push(format!("{name} {:?}: {line}", &change.text[change.span.range()]));
                    }
                    None => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {changed}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(changed >= 500, "only {changed} changes were seen");
}

/// One scalar changed.
struct Change {
    text: String,
    /// Where it stands in the changed text.
    span: Span,
    /// It is a name, by which others find this too: only where it stands itself it has to be carried.
    is_name: bool,
}

impl Change {
    fn name(&self) -> Option<&str> {
        self.is_name.then(|| &self.text[self.span.range()])
    }
}

/// A file with each of its scalars changed, one at a time.
fn changes(files: &Files, at: usize) -> Vec<Change> {
    let (path, bytes) = &files[at];
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    if !is_yaml(path) || path.file_name().is_some_and(|name| CONFIGURATIONS.contains(&name)) {
        return Vec::new();
    }
    let mut all = Vec::new();
    scalars(text, &mut |span, new, is_name| {
        let (start, end) = (span.start as usize, span.end as usize);
        all.push(Change {
            text: format!("{}{new}{}", &text[..start], &text[end..]),
            span: Span::new(span.start, span.start + new.len() as u32),
            is_name,
        });
    });
    all
}

/// Calls back for each scalar with another text for it; also for those of the YAML in a block.
fn scalars(text: &str, each: &mut dyn FnMut(Span, String, bool)) {
    let tree = yaml::parse(FileId(0), Arc::from(text)).tree;
    for root in tree.roots() {
        walk(root, &mut |node| {
            let span = node.span();
            let old = &text[span.range()];
            let is_name = matches!(node.key(), Some("name" | "namespace"));
            let new = match (node.kind(), node.style()) {
                (NodeKind::Text, Style::Block) => {
                    let lines: Vec<usize> =
                        old.match_indices('\n').map(|(at, _)| span.start as usize + at + 1).collect();
                    let indent = old.lines().nth(1).map_or(0, |line| line.len() - line.trim_start().len());
                    let inner = node.text();
                    scalars(inner, &mut |inside, new, is_name| {
                        let before = &inner[..inside.start as usize];
                        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
                        let start = lines[before.matches('\n').count()] + indent + column;
                        let start = start as u32;
                        each(Span::new(start, start + inside.len()), new, is_name);
                    });
                    return;
                }
                (NodeKind::Int, Style::Plain) if old.bytes().all(|byte| byte.is_ascii_digit()) => {
                    format!("{old}1")
                }
                (NodeKind::Text, Style::Plain) if !old.contains('\n') => format!("{old}x"),
                (NodeKind::Text, _) if old.len() > 2 && !old.contains('\n') => {
                    format!("{}x{}", &old[..old.len() - 1], &old[old.len() - 1..])
                }
                _ => return,
            };
            each(span, new, is_name);
        });
    }
}

/// Calls back for each scalar that is not below a chooser.
fn walk(node: NodeRef<'_>, each: &mut dyn FnMut(NodeRef<'_>)) {
    if node.key().is_some_and(|key| CHOOSERS.contains(&key)) {
        return;
    }
    match node.kind() {
        NodeKind::Map | NodeKind::List => node.children().for_each(|child| walk(child, each)),
        _ => each(node),
    }
}

/// How many lines changed; the first whose changed bytes do not carry the place. None where nothing can be compared.
fn compare(before: &Built, after: &Built, place: Place, name: Option<&str>) -> Option<Result<usize, String>> {
    if !after.notes.is_empty() || before.overlays.len() != after.overlays.len() {
        return None;
    }
    let mut count = 0;
    for (old, new) in before.overlays.iter().zip(&after.overlays) {
        let (old, new) = (&old.rendered, &new.rendered);
        if old.documents.len() != new.documents.len() {
            return None;
        }
        for (old, page) in old.documents.iter().zip(&new.documents) {
            let (old, text) = (old.text.as_str(), page.text.as_str());
            if old.lines().count() != text.lines().count() {
                return None;
            }
            let mut start = 0;
            for (old, line) in old.lines().zip(text.lines()) {
                let same = old.bytes().zip(line.bytes()).take_while(|(one, two)| one == two).count();
                let tail =
                    old.bytes().rev().zip(line.bytes().rev()).take_while(|(one, two)| one == two).count();
                let end = line.len() - tail.min(line.len() - same).min(old.len() - same.min(old.len()));
                let stands = name.is_none_or(|name| line.contains(name.trim_matches(['"', '\''])));
                if old != line && same < end && stands {
                    count += 1;
                    let carried = page.text.origins(start + same, start + end);
                    if !carried.iter().all(|origin| carries(&new.origins, *origin, place, 0)) {
                        return Some(Err(line.to_owned()));
                    }
                }
                start += line.len() + 1;
            }
        }
    }
    Some(Ok(count))
}

fn carries(origins: &Origins, origin: Origin, place: Place, depth: usize) -> bool {
    let within = |found: &Place| {
        found.file == place.file && found.span.start < place.span.end && place.span.start < found.span.end
    };
    depth < 32
        && match origins.get(origin) {
            Source::Literal(found) => within(found),
            Source::Node { place: found, .. } => within(found),
            Source::Of(_, parts) => parts.iter().any(|part| carries(origins, *part, place, depth + 1)),
            _ => false,
        }
}

fn is_yaml(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("yaml" | "json")) && path.file_name() != Some("expected.yaml")
}

fn built(files: &Files) -> Built {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(Arc::<str>::from);
    let trees: Vec<(&Utf8Path, Tree)> = files
        .iter()
        .enumerate()
        .filter(|(_, (path, _))| is_yaml(path))
        .filter_map(|(at, (path, bytes))| {
            Some((path.as_path(), yaml::parse(FileId(at as u32), text(bytes)?).tree))
        })
        .collect();
    let trees: Vec<(&Utf8Path, &Tree)> = trees.iter().map(|(path, tree)| (*path, tree)).collect();
    let read = |path: &Utf8Path| {
        let at = files.iter().position(|(other, _)| other == path)?;
        let bytes = &files[at].1;
        let content = text(bytes).map_or_else(|| Content::Bytes(Arc::clone(bytes)), Content::Text);
        Some((FileId(at as u32), content))
    };
    build(&Project { trees: &trees, read: &read, made: &|_| false, chart: &|_| None })
}

fn read(top: &Path, folder: &Path, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(top, &path, files);
        } else {
            let inside = path.strip_prefix(top).unwrap().to_str().unwrap().replace('\\', "/");
            files.push((inside.into(), fs::read(&path).unwrap().into()));
        }
    }
}
