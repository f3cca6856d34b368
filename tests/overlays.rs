//! Overlays are built as Kustomize builds them: each folder of tests/overlays is a project with one overlay, and its `expected.yaml`
//! is what `kustomize build` printed for it. The same objects are to come out, in the same order.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::render::kustomize::{Built, Content, Project, build};
use steadfast::source::FileId;
use steadfast::syntax::tree::{NodeKind, NodeRef, Tree};
use steadfast::syntax::yaml;

#[test]
fn overlays_come_out_as_kustomize_prints_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/overlays");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 20, "{cases:?}");
    let wrong: Vec<String> = cases.iter().filter_map(|case| fault(case)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// How what is built differs from what is expected.
fn fault(case: &Path) -> Option<String> {
    let name = case.file_name().unwrap().to_string_lossy();
    let built = built(case);
    if !built.notes.is_empty() {
        return Some(format!("{name}: {:#?}", built.notes));
    }
    let [overlay] = &built.overlays[..] else {
        return Some(format!("{name}: {} overlays instead of one", built.overlays.len()));
    };
    let expected = objects(&fs::read_to_string(case.join("expected.yaml")).unwrap());
    assert!(!expected.is_empty(), "{name}: nothing is expected");
    let ours: Vec<String> =
        overlay.rendered.documents.iter().flat_map(|document| objects(document.text.as_str())).collect();
    let at = (0..expected.len().max(ours.len())).find(|at| ours.get(*at) != expected.get(*at))?;
    let show = |objects: &[String]| objects.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
    Some(format!("{name}: object {at} is\n  {}\ninstead of\n  {}", show(&ours), show(&expected)))
}

fn built(case: &Path) -> Built {
    let mut paths = Vec::new();
    walk(case, case, &mut paths);
    paths.sort();
    let is_yaml = |path: &Utf8PathBuf| matches!(path.extension(), Some("yaml" | "json"));
    let trees: Vec<(&Utf8Path, Tree)> = (0..)
        .zip(paths.iter().filter(|path| is_yaml(path)))
        .map(|(id, path)| (path.as_path(), parsed(FileId(id), &fs::read_to_string(case.join(path)).unwrap())))
        .collect();
    let trees: Vec<(&Utf8Path, &Tree)> = trees.iter().map(|(path, tree)| (*path, tree)).collect();
    let read = |path: &Utf8Path| {
        let id = FileId(paths.iter().position(|other| other == path)? as u32 + 1000);
        Some((id, Content::Text(fs::read_to_string(case.join(path)).ok()?.into())))
    };
    build(&Project { trees: &trees, read: &read, chart: &|_| None })
}

fn walk(top: &Path, folder: &Path, paths: &mut Vec<Utf8PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(top, &path, paths);
        } else {
            let inside = path.strip_prefix(top).unwrap().to_str().unwrap();
            paths.push(inside.replace('\\', "/").into());
        }
    }
}

fn parsed(file: FileId, text: &str) -> Tree {
    let parsed = yaml::parse(file, Arc::from(text));
    assert!(parsed.problems.is_empty(), "{:?} in\n{text}", parsed.problems);
    parsed.tree
}

/// Each object of a text, written so that two are the same text where they are the same object.
fn objects(text: &str) -> Vec<String> {
    parsed(FileId(0), text).roots().map(canonical).collect()
}

fn canonical(node: NodeRef<'_>) -> String {
    match node.kind() {
        NodeKind::Map => {
            let mut entries: Vec<String> =
                node.entries().map(|(key, value)| format!("{key:?}: {}", canonical(value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        NodeKind::List => {
            let items: Vec<String> = node.items().map(canonical).collect();
            format!("[{}]", items.join(", "))
        }
        NodeKind::Null => "null".to_owned(),
        kind => format!("{kind:?} {:?}", node.text()),
    }
}

#[test]
fn a_component_that_nothing_uses_has_no_fault() {
    let texts = [
        (
            "loud/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [missing.yaml]\npatches:\n\
             \x20 - patch: '[{op: remove, path: /spec}]'\n    target: {kind: Deployment, name: shop}\n  - path: patch.yaml\n",
        ),
        (
            "loud/patch.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {replicas: 3}\n",
        ),
        ("plain/kustomization.yaml", "resources: [missing.yaml]\n"),
    ];
    let trees: Vec<(&Utf8Path, Tree)> =
        (0..).zip(texts).map(|(id, (path, text))| (Utf8Path::new(path), parsed(FileId(id), text))).collect();
    let trees: Vec<(&Utf8Path, &Tree)> = trees.iter().map(|(path, tree)| (*path, tree)).collect();
    let built = build(&Project { trees: &trees, read: &|_| None, chart: &|_| None });
    let folders: Vec<&str> = built.notes.iter().map(|note| note.folder.as_str()).collect();
    assert_eq!(folders, ["plain"], "{:#?}", built.notes);
    assert!(built.covered.contains(&FileId(1)), "the patch is judged by itself: {:?}", built.covered);
    assert!(built.overlays.iter().all(|overlay| overlay.is_partial), "{:#?}", built.overlays);
}
