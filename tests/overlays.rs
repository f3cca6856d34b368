//! Overlays come out as Kustomize builds them: each folder of tests/overlays is a project, and its `expected.yaml` is what
//! `kustomize build` printed for it, which `steadfast render` is to print byte for byte.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use camino::Utf8Path;
use steadfast::render::kustomize::{Project, build};
use steadfast::source::FileId;
use steadfast::syntax::tree::Tree;
use steadfast::syntax::yaml;

#[test]
fn overlays_are_printed_as_kustomize_prints_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/overlays");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 35, "{cases:?}");
    let wrong: Vec<String> = cases.iter().filter_map(|case| fault(case)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// How what is printed differs from what is expected.
fn fault(case: &Path) -> Option<String> {
    let name = case.file_name().unwrap().to_string_lossy();
    let top = case.join("kustomization.yaml").is_file();
    let folder = if top { case.to_owned() } else { case.join("overlay") };
    let output = Command::new(env!("CARGO_BIN_EXE_steadfast"))
        .args(["render", "--isolated", "--color", "never"])
        .arg(folder)
        .output()
        .unwrap();
    let beside = String::from_utf8_lossy(&output.stderr);
    if !beside.is_empty() || !output.status.success() {
        return Some(format!("{name}: {beside}"));
    }
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = fs::read_to_string(case.join("expected.yaml")).unwrap();
    assert!(!expected.is_empty(), "{name}: nothing is expected");
    let lines = printed.lines().count().max(expected.lines().count());
    let line = |text: &str, at: usize| text.lines().nth(at).unwrap_or("nothing").to_owned();
    let at = (0..lines).find(|at| line(&printed, *at) != line(&expected, *at))?;
    Some(format!(
        "{name}: line {} is\n  {}\ninstead of\n  {}",
        at + 1,
        line(&printed, at),
        line(&expected, at)
    ))
}

fn parsed(file: FileId, text: &str) -> Tree {
    let parsed = yaml::parse(file, Arc::from(text));
    assert!(parsed.problems.is_empty(), "{:?} in\n{text}", parsed.problems);
    parsed.tree
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
    let built = build(&Project { trees: &trees, read: &|_| None, made: &|_| false, chart: &|_| None });
    let folders: Vec<&str> = built.notes.iter().map(|note| note.folder.as_str()).collect();
    assert_eq!(folders, ["plain"], "{:#?}", built.notes);
    assert!(built.covered.contains(&FileId(1)), "the patch is judged by itself: {:?}", built.covered);
    assert!(built.overlays.iter().all(|overlay| overlay.is_partial), "{:#?}", built.overlays);
}

#[test]
fn a_schema_that_overlays_share_is_told_once() {
    let texts = [
        (
            "base/crd.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.net}\n\
             spec:\n  group: example.net\n  versions:\n  - name: v1\n    schema: {openAPIV3Schema: {type: object}}\n",
        ),
        ("base/kustomization.yaml", "resources: [crd.yaml]\n"),
        ("one/kustomization.yaml", "resources: [../base]\n"),
        ("three/kustomization.yaml", "resources: [../base]\npatches: [{path: patch.yaml}]\n"),
        (
            "three/patch.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.net}\n\
             spec: {scope: Cluster}\n",
        ),
        (
            "more/kustomization.yaml",
            "resources: [../base]\npatches:\n- target: {kind: CustomResourceDefinition}\n  patch: |-\n    - op: add\n\
             \x20     path: /spec/versions/0/schema/openAPIV3Schema/nullable\n      value: true\n",
        ),
        ("two/kustomization.yaml", "resources: [../base]\ncommonLabels: {team: shop}\n"),
    ];
    let trees: Vec<(&Utf8Path, Tree)> =
        (0..).zip(texts).map(|(id, (path, text))| (Utf8Path::new(path), parsed(FileId(id), text))).collect();
    let trees: Vec<(&Utf8Path, &Tree)> = trees.iter().map(|(path, tree)| (*path, tree)).collect();
    let built = build(&Project { trees: &trees, read: &|_| None, made: &|_| false, chart: &|_| None });
    let told = |at: usize| {
        let rendered = &built.overlays[at].rendered;
        (rendered.folder.as_str(), rendered.documents[0].text.as_str().contains("openAPIV3Schema"))
    };
    let all = [told(0), told(1), told(2), told(3)];
    assert_eq!(all, [("more", true), ("one", true), ("three", false), ("two", false)]);
}
