//! Finds the Go packages below a folder of checkouts and merges their versions.
//!
//! The folder has two parts, each with checkouts named `owner+repository@version`:
//!
//! - `served/`: versions that people still run. A field is known if any of them has it, because calling a field of an
//!   older or newer release a misspelling is worse than missing one that was dropped.
//! - `removed/`: older versions, asked only for packages and types that no served version has any more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::go::{self, Type};

/// Modules that were renamed: one API, whose versions are to be merged like any other's.
const RENAMED: &[(&str, &str)] = &[
    ("github.com/aws/karpenter-core", "sigs.k8s.io/karpenter"),
    ("github.com/aws/karpenter", "github.com/aws/karpenter-provider-aws"),
];

/// All packages by import path, and the checkouts they came from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) packages: BTreeMap<String, Package>,
    /// `owner/repository` with its versions, newest first.
    pub(crate) made_from: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) group: Option<String>,
    pub(crate) types: BTreeMap<String, Type>,
    pub(crate) custom_json: Vec<String>,
    pub(crate) lifecycles: BTreeMap<String, Lifecycle>,
}

/// What Kubernetes' own lifecycle markers say of a type, from the functions generated from them.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Lifecycle {
    pub(crate) deprecated: Option<(u16, u16)>,
    pub(crate) removed: Option<(u16, u16)>,
    /// Group, version and kind.
    pub(crate) replacement: Option<(String, String, String)>,
}

pub(crate) fn read(folder: &Path) -> Sources {
    let mut sources = Sources::default();
    for part in ["served", "removed"] {
        let mut checkouts = children(&folder.join(part));
        checkouts.sort_by_key(|path| std::cmp::Reverse(order(path)));
        for checkout in checkouts {
            let name = checkout.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Some((repository, version)) = name.split_once('@') {
                let versions = sources.made_from.entry(repository.replacen('+', "/", 1)).or_default();
                versions.push(version.to_owned());
            }
            for module in modules(&checkout) {
                read_folder(&module.0, &current(&module.1), part == "served", &mut sources);
            }
        }
    }
    sources
}

/// The numbers of a checkout's version, so that v0.9 sorts before v0.10.
fn order(checkout: &Path) -> (String, Vec<u64>) {
    let name = checkout.file_name().unwrap_or_default().to_string_lossy();
    let (repository, version) = name.split_once('@').unwrap_or((&name, ""));
    let numbers = version.split(|char: char| !char.is_ascii_digit()).filter_map(|number| number.parse().ok());
    (repository.to_owned(), numbers.collect())
}

/// Every Go module of a checkout: its folder and its path.
fn modules(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    if let Ok(text) = fs::read_to_string(folder.join("go.mod")) {
        let path = text.lines().find_map(|line| line.strip_prefix("module "));
        found.extend(path.map(|path| (folder.to_owned(), path.trim().to_owned())));
    }
    for child in children(folder).iter().filter(|path| path.is_dir()) {
        found.extend(modules(child));
    }
    found
}

/// The import path that a renamed module's package has today.
fn current(path: &str) -> String {
    let renamed = RENAMED.iter().find_map(|(old, new)| {
        let rest = path.strip_prefix(old)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{new}{rest}"))
    });
    renamed.unwrap_or_else(|| path.to_owned())
}

fn read_folder(folder: &Path, import: &str, served: bool, sources: &mut Sources) {
    let mut package = Package::default();
    for child in children(folder) {
        let name = child.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if child.is_dir() {
            if !child.join("go.mod").exists() && name != "testdata" {
                read_folder(&child, &format!("{import}/{name}"), served, sources);
            }
        } else if name.ends_with(".go") && !name.ends_with("_test.go") {
            let text = fs::read_to_string(&child).unwrap_or_default();
            let file = go::read(import, &text, &current);
            package.types.extend(file.types);
            package.custom_json.extend(file.custom_json);
            package.group = package.group.take().or_else(|| group(&text));
            if text.contains("APILifecycle") {
                read_lifecycles(&text, &mut package.lifecycles);
            }
        }
    }
    if package.types.is_empty() && package.group.is_none() {
        return;
    }
    let known = sources.packages.entry(import.to_owned()).or_default();
    known.group = known.group.take().or(package.group);
    known.custom_json.extend(package.custom_json);
    for (name, lifecycle) in package.lifecycles {
        known.lifecycles.entry(name).or_insert(lifecycle);
    }
    for (name, ty) in package.types {
        match known.types.get_mut(&name) {
            None => drop(known.types.insert(name, ty)),
            Some(newer) if served => merge(newer, ty),
            Some(_) => {}
        }
    }
}

/// Adds to `newer` the members that only `older` has.
fn merge(newer: &mut Type, older: Type) {
    if let (Type::Struct(newer), Type::Struct(older)) = (newer, older) {
        for member in older {
            let same = |other: &&mut go::Member| match (other.json_name(), member.json_name()) {
                (None, None) => other.name == member.name,
                (one, other) => one == other,
            };
            match newer.iter_mut().find(same) {
                Some(known) => merge(&mut known.ty, member.ty),
                None => newer.push(member),
            }
        }
    }
}

/// The API group that a file of a package names.
fn group(text: &str) -> Option<String> {
    let quoted = |before: &str| {
        let rest = &text[text.find(before)? + before.len()..];
        Some(rest[..rest.find('"')?].to_owned())
    };
    let marker = || {
        let rest = text.lines().find_map(|line| line.trim().strip_prefix("// +groupName="))?;
        Some(rest.trim().to_owned())
    };
    quoted("GroupName = \"").or_else(marker).or_else(|| quoted("GroupVersion{Group: \""))
}

fn read_lifecycles(text: &str, lifecycles: &mut BTreeMap<String, Lifecycle>) {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((name, method)) = line.strip_prefix("func (in *").and_then(|rest| rest.split_once(") "))
        else {
            continue;
        };
        let answer = lines.next().unwrap_or("").trim().trim_start_matches("return ");
        let version = || {
            let (major, minor) = answer.split_once(", ")?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        };
        let part = |key: &str| {
            let rest = &answer[answer.find(key)? + key.len()..];
            Some(rest[..rest.find('"')?].to_owned())
        };
        let lifecycle = lifecycles.entry(name.to_owned()).or_default();
        match method.split('(').next().unwrap_or("") {
            "APILifecycleDeprecated" => lifecycle.deprecated = version(),
            "APILifecycleRemoved" => lifecycle.removed = version(),
            "APILifecycleReplacement" => {
                lifecycle.replacement = part("Group: \"")
                    .and_then(|group| Some((group, part("Version: \"")?, part("Kind: \"")?)));
            }
            _ => {}
        }
    }
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}
