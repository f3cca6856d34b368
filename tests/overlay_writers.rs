//! Who wrote a line of an overlay last, and who before: one line of tests/writers for each kind of writer, with the place that a finding on
//! it would point at.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::render::kustomize::{Content, Project, build};
use steadfast::render::trace::Trail;
use steadfast::source::{FileId, Place, SourceFile, Sources, Span};
use steadfast::syntax::tree::Tree;
use steadfast::syntax::yaml;

/// What each writer is called, and what it wrote.
const WRITERS: [(&str, &str); 22] = [
    ("a resource that nobody changed", "port: 8443"),
    ("a strategic merge patch in a file", "minReadySeconds: 15"),
    ("the same, in a list that is merged by key", "workingDir: /patched"),
    ("an operation of a JSON patch, inline", "progressDeadlineSeconds: 90"),
    ("an operation of a JSON patch in a file", "paused: true"),
    ("the same, in a list", "value: from-json"),
    ("a component", "revisionHistoryLimit: 4"),
    ("images", "image: mirror.example.net/shop:2.0"),
    ("images, where the resource has no tag", "image: example.org/a-long-way-to/shipper:3"),
    ("replicas", "replicas: 4"),
    ("labels", "team: overlay-team"),
    ("commonAnnotations", "note: overlay-note"),
    ("namePrefix and nameSuffix", "name: prod-shop-blue"),
    ("namespace", "namespace: shops"),
    ("a generator's literal", "size: small"),
    ("a literal that another generator merges in", "color: blue"),
    ("a generator's file", "    welcome to the shop"),
    ("a generator's file of variables", "LEVEL: info"),
    ("a replacement", "value: replaced.example.org"),
    ("vars", "--port=8443"),
    ("a transformer of Kustomize's own", "by: transformer"),
    ("a value put into a path", "mountPath: /var/eu-west/shipped"),
];

#[test]
fn each_writer_is_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/writers");
    let mut paths = Vec::new();
    read(&folder, &folder, &mut paths);
    paths.sort();
    let texts: Vec<Arc<str>> =
        paths.iter().map(|path| fs::read_to_string(folder.join(path)).unwrap().into()).collect();
    let trees: Vec<Tree> =
        (0..).zip(&texts).map(|(id, text)| yaml::parse(FileId(id), Arc::clone(text)).tree).collect();
    let is_yaml = |path: &Utf8Path| matches!(path.extension(), Some("yaml" | "json"));
    let of_yaml: Vec<(&Utf8Path, &Tree)> = paths
        .iter()
        .zip(&trees)
        .map(|(path, tree)| (path.as_path(), tree))
        .filter(|(path, _)| is_yaml(path))
        .collect();
    let find = |path: &Utf8Path| {
        let at = paths.iter().position(|other| other == path)?;
        Some((FileId(at as u32), Content::Text(Arc::clone(&texts[at]))))
    };
    let built = build(&Project { trees: &of_yaml, read: &find, made: &|_| false, chart: &|_| None });
    assert!(built.notes.is_empty(), "{:#?}", built.notes);
    let [overlay] = <[_; 1]>::try_from(built.overlays).unwrap();
    let trail = Trail::of(overlay.rendered);
    let sources = Sources::new(
        paths.iter().zip(&texts).map(|(path, text)| SourceFile::new(path, Arc::clone(text))).collect(),
    );
    let mut shown = String::new();
    for (writer, line) in WRITERS {
        let found = trail.pages.iter().rev().find_map(|page| Some((page, page.text.find(line)?)));
        let (page, at) = found.unwrap_or_else(|| panic!("no `{line}`"));
        // The value alone: what a rule would point at.
        let value = line.rfind(": ").map_or(0, |colon| colon + 2);
        let blank = line.len() - line.trim_start().len();
        let span = Span::new((at + value.max(blank)) as u32, (at + line.len()) as u32);
        let traced = trail.written(page, span, &sources).unwrap();
        writeln!(shown, "{writer}: `{}`", line.trim()).unwrap();
        draw(&mut shown, &sources, traced.primary, "");
        for (place, words) in traced.related {
            draw(&mut shown, &sources, place, &words);
        }
        shown.push('\n');
    }
    insta::with_settings!({ snapshot_path => "../snapshots/rendered", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("overlay-writers", shown);
    });
}

/// A line with carets below what is meant.
fn draw(out: &mut String, sources: &Sources, place: Place, words: &str) {
    let file = sources.get(place.file);
    let position = file.position(place.span.start);
    let start = file.text[..place.span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let line = file.text[start..].lines().next().unwrap_or_default();
    let column = place.span.start as usize - start;
    let len = (place.span.len() as usize).min(line.len() - column).max(1);
    writeln!(out, "  {}:{}", file.path, position.line).unwrap();
    writeln!(out, "    {line}").unwrap();
    writeln!(out, "    {}{} {words}", " ".repeat(column), "^".repeat(len)).unwrap();
}

fn read(top: &Path, folder: &Path, paths: &mut Vec<Utf8PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(top, &path, paths);
        } else {
            paths.push(path.strip_prefix(top).unwrap().to_str().unwrap().replace('\\', "/").into());
        }
    }
}
