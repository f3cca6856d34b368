//! The places where steadfast is used: what they know a finding by, what they require of a report, and that all of them show the
//! version that Cargo.toml has.
//!
//! Reads files and runs the program, nothing else. What needs the real clients runs from `.ci/clients/run`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use serde_json::Value;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A workload and a budget that never lets its pods go, and a container that has a fault of its own.
const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 3
  selector:
    matchLabels:
      app: api
  template:
    metadata:
      labels:
        app: api
    spec:
      containers:
        - name: api
          image: shop/api:1.4.2
          resources:
            limits:
              cpu: 1
              memory: 4Mi
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: api
spec:
  minAvailable: 3
  selector:
    matchLabels:
      app: api
";

/// What GitHub and GitLab know the findings by: rule and fingerprint.
fn prints(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let sarif = report(text, "sarif");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let github = results
        .iter()
        .map(|r| format!("{} {}", r["ruleId"], r["partialFingerprints"]["primaryLocationLineHash"]));
    let gitlab = report(text, "gitlab");
    let gitlab = gitlab
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| format!("{} {}", issue["check_name"], issue["fingerprint"]));
    (github.collect(), gitlab.collect())
}

#[test]
fn a_finding_is_known_again_after_a_change_beside_it() {
    let before = prints(SHOP);
    assert!(before.0.len() > 4 && before.0.len() == before.1.len(), "{before:?}");
    let bumped = SHOP.replace("shop/api:1.4.2", "shop/api:1.5.0");
    let moved = SHOP.replace("\nspec:\n", "\n  # a remark\n  annotations:\n    team: shop\n\nspec:\n");
    let other = SHOP.replace("          image", "          args: [serve]\n          image");
    let first = format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n---\n{SHOP}");
    for after in [bumped, moved, other, first] {
        assert_ne!(after, SHOP);
        assert_eq!(prints(&after), before, "{after}");
    }
    let renamed = SHOP.replace("name: api\n", "name: web\n").replace("app: api", "app: web");
    assert!(prints(&renamed).0.is_disjoint(&before.0), "another object has other findings");
}

/// What GitLab's `CodequalityReports` and its schema `codeclimate.json` want of every issue, and what its pages say beyond that.
#[test]
fn gitlab_takes_every_issue() {
    let issues = report(SHOP, "gitlab");
    let issues = issues.as_array().unwrap();
    let mut known = BTreeSet::new();
    for issue in issues {
        assert!(!issue["description"].as_str().unwrap().is_empty());
        assert!(
            known.insert(issue["fingerprint"].as_str().unwrap()),
            "GitLab takes one of two alike: {issue}"
        );
        assert!(
            ["info", "minor", "major", "critical", "blocker"].contains(&issue["severity"].as_str().unwrap())
        );
        let path = issue["location"]["path"].as_str().unwrap();
        assert!(path == "deploy/shop.yaml", "relative to the repository, without `./`: {path}");
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
    }
    assert!(!issues.is_empty());
}

#[test]
fn every_place_shows_the_version_of_cargo_toml() {
    let pages = [
        "README.md",
        "docs/pre-commit.md",
        "docs/github.md",
        "docs/gitlab.md",
        "docs/local.md",
        "action.yml",
    ];
    let marks = [
        "rev: v",
        "steadfast-lint/steadfast@v",
        "--tag v",
        "version=",
        "steadfast-v",
        "such as `",
        "such as ",
    ];
    let mut shown = 0;
    for page in pages {
        let text = read(page);
        for mark in marks {
            for rest in text.split(mark).skip(1) {
                let version: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
                if version.matches('.').count() == 2 && version.starts_with(|c: char| c.is_ascii_digit()) {
                    let version = version.trim_end_matches('.');
                    assert_eq!(version, VERSION, "{page}: `{mark}{version}` is stale");
                    shown += 1;
                }
            }
        }
    }
    assert!(shown >= 8, "the marks are still the right ones: {shown}");
}

#[test]
fn the_action_knows_only_what_was_released() {
    let plan = read("action/plan.sh");
    let targets: BTreeSet<&str> =
        plan.lines().filter_map(|line| line.split_once(") target=")?.1.strip_suffix(" ;;")).collect();
    assert!(targets.contains("x86_64-unknown-linux-musl"), "{targets:?}");
    let number =
        |version: &str| -> Vec<u32> { version.split('.').map(|part| part.parse().unwrap()).collect() };
    let mut last = vec![0, 0, 0];
    for line in read("action/checksums.txt").lines().filter(|line| !line.starts_with('#')) {
        let (sum, name) = line.split_once("  ").unwrap_or_else(|| panic!("no line of sha256sum: {line}"));
        assert!(sum.len() == 64 && sum.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')), "{line}");
        let name = name.strip_prefix("steadfast-").and_then(|name| name.strip_suffix(".tar.gz")).unwrap();
        let (version, target) = name.split_once('-').unwrap();
        assert!(targets.contains(target), "{line}: action/plan.sh never asks for it");
        assert!(number(version) >= last, "{line}: the newest stand last");
        last = number(version);
    }
    assert!(last <= number(VERSION), "a release that is newer than Cargo.toml");

    let workflow = read(".github/workflows/release.yml");
    let built: Vec<&str> =
        workflow.lines().filter_map(|line| line.trim().strip_prefix("- target: ")).collect();
    assert!(built.len() > 1 && built.iter().all(|target| targets.contains(target)), "{built:?}");
    let home = concat!("home=", env!("CARGO_PKG_REPOSITORY"), "/releases/download\n");
    assert!(
        read("action/install.sh").contains(home),
        "releases lie where Cargo.toml says that the project is"
    );
}

/// A workflow that runs what a tag says today runs tomorrow what somebody has moved the tag to.
#[test]
fn foreign_actions_are_pinned() {
    let mut uses = 0;
    for file in ["action.yml", ".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        for line in
            read(file).lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        {
            if line.starts_with("$/") {
                continue;
            }
            uses += 1;
            let pinned = line.split_once('@').and_then(|(_, rest)| rest.split_once(" # v"));
            let sha = pinned.map_or("", |(sha, _)| sha);
            assert!(sha.len() == 40 && sha.chars().all(|c| c.is_ascii_hexdigit()), "{file}: {line}");
        }
    }
    assert!(uses > 5, "{uses}");
}

// ── what these tests share ──────────────────────────────────────────────────────────────────────────────────────────

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A report on a repository that holds this file alone.
fn report(text: &str, format: &str) -> Value {
    let folder = Folder::new(format);
    fs::create_dir_all(folder.0.join(".git")).unwrap();
    fs::create_dir_all(folder.0.join("deploy")).unwrap();
    fs::write(folder.0.join("deploy/shop.yaml"), text).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_steadfast"))
        .current_dir(&folder.0)
        .env_clear()
        .args(["--today", "2026-11-20", "--pedantic", "--output", format])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(out.status.code().is_some_and(|code| code < 2), "{out:?}");
    serde_json::from_slice(&out.stdout).unwrap()
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let thread = format!("{:?}", std::thread::current().id());
        Self(env::temp_dir().join(format!("steadfast-places-{}-{thread}-{name}", process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
