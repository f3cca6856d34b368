//! What a person sees of findings in charts and overlays: each folder of tests/rendered is a project, and has one snapshot.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn projects() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rendered");
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn findings_in_charts_and_overlays() {
    let all = projects();
    assert!(all.len() >= 10, "{all:?}");
    for project in all {
        let output = Command::new(env!("CARGO_BIN_EXE_steadfast"))
            .args(["--isolated", "--color", "never", "--today", "2026-06-01", "--min-severity", "info"])
            .current_dir(&project)
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let beside = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code().unwrap();
        let name = project.file_name().unwrap().to_str().unwrap().to_owned();
        let shown = format!("{text}{beside}exit code {code}\n");
        insta::with_settings!({ snapshot_path => "../snapshots/rendered", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, shown);
        });
    }
}
