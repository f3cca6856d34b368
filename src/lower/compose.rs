//! Compose files: the services of a project, as far as requests pass them.
//!
//! Names are those of the Compose specification. What is merged is what `docker compose` reads without being told: the first
//! file of a folder with one of its names, and the first override beside it (compose-go, `DefaultFileNames` and
//! `DefaultOverrideFileNames`). Other files are read each for itself.

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use super::kubernetes::start::Start;
use super::read;
use crate::fact::{Default, Fact};
use crate::measure::duration;
use crate::source::Sources;
use crate::syntax::tree::{NodeKind, NodeRef, Tree};

const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Compose specification, services, `stop_grace_period`: "Default value is 10 seconds".
static GRACE: Default<f64> = Default::of("Compose", "stop_grace_period", 10.0, "10 s");

/// A service, with what overrides it.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// Where it is declared.
    pub node: NodeRef<'a>,
    over: Option<NodeRef<'a>>,
}

/// The services of all files, in their order.
pub fn services<'a>(trees: &[&'a Tree], sources: &Sources) -> Vec<Service<'a>> {
    let mut found = Vec::new();
    let mut projects: FxHashMap<Utf8PathBuf, Files<'a>> = FxHashMap::default();
    for &tree in trees {
        let path = sources.path(tree.file);
        if let Some(at) = rank(&OVERRIDES, path) {
            let of = projects.entry(folder(path)).or_default();
            if of.over.is_none_or(|(before, _)| at < before) {
                of.over = Some((at, tree));
            }
            continue;
        }
        if let Some(at) = rank(&NAMES, path) {
            let of = projects.entry(folder(path)).or_default();
            of.base = Some(of.base.map_or(at, |before| before.min(at)));
        }
        found.extend(all(tree).filter(|_| is_project(tree)).map(|node| Service { node, over: None }));
    }
    projects.retain(|_, files| files.over.is_some());
    if projects.is_empty() {
        return found;
    }
    for service in &mut found {
        let path = sources.path(service.node.tree().file);
        let Some(files) = projects.get(&folder(path)) else { continue };
        if rank(&NAMES, path) == files.base {
            let named = |over: &NodeRef<'_>| over.key() == service.node.key();
            service.over = files.over.and_then(|(_, tree)| all(tree).find(named));
        }
    }
    // A service that only the override has is one all the same.
    for tree in projects.values().filter_map(|files| files.over).map(|(_, tree)| tree) {
        let taken: Vec<_> = found.iter().filter_map(|service| service.over).collect();
        let own = all(tree).filter(|node| is_one(*node) && !taken.contains(node));
        found.extend(own.map(|node| Service { node, over: None }));
    }
    found.sort_by_key(|service| (service.node.tree().file, service.node.span().start));
    found
}

/// What a folder has that `docker compose` reads.
#[derive(Default)]
struct Files<'a> {
    base: Option<usize>,
    over: Option<(usize, &'a Tree)>,
}

fn rank(names: &[&str], path: &Utf8Path) -> Option<usize> {
    names.iter().position(|name| path.file_name() == Some(name))
}

fn folder(path: &Utf8Path) -> Utf8PathBuf {
    path.parent().unwrap_or(Utf8Path::new("")).to_owned()
}

/// A service has an image or a build.
fn is_one(node: NodeRef<'_>) -> bool {
    node.get("image").is_some() || node.get("build").is_some()
}

fn is_project(tree: &Tree) -> bool {
    all(tree).any(is_one)
}

fn all<'a>(tree: &'a Tree) -> impl Iterator<Item = NodeRef<'a>> {
    let roots = tree.roots().filter(|root| root.get("apiVersion").is_none());
    let services = roots.filter_map(|root| root.get("services"));
    services
        .filter(|services| services.kind() == NodeKind::Map)
        .flat_map(NodeRef::children)
        .filter(|service| service.kind() == NodeKind::Map)
}

impl<'a> Service<'a> {
    /// Its name.
    pub fn name(&self) -> Option<&'a str> {
        self.node.key()
    }

    /// A setting: the override's, or else its own. `!reset` takes one away.
    fn get(&self, key: &str) -> Option<NodeRef<'a>> {
        match self.over.and_then(|over| over.get(key)) {
            Some(node) if node.tag() == Some("!reset") => None,
            Some(node) => Some(node),
            None => self.node.get(key),
        }
    }

    /// How it is started. A command that is one string is split as a shell would.
    pub fn start(&self) -> Start<'a> {
        let mut env = Vec::new();
        let over = self.over.and_then(|over| over.get("environment"));
        let replaces = over.is_some_and(|over| matches!(over.tag(), Some("!reset" | "!override")));
        let own = self.node.get("environment").filter(|_| !replaces);
        // The last of two with one name counts.
        own.into_iter().chain(over).for_each(|all| variables(all, &mut env));
        let open = self.get("env_file").is_some();
        Start::of_words(self.node, self.get("entrypoint"), self.get("command"), &env, open)
    }

    /// How long it has between the order to stop and the kill.
    pub fn grace(&self) -> Fact<'a, f64> {
        const KEY: &str = "stop_grace_period";
        let place = self.over.filter(|over| over.get(KEY).is_some()).unwrap_or(self.node);
        read::text(place, KEY).try_map("it is no duration", duration::go).or_default(&GRACE)
    }
}

fn variables<'a>(all: NodeRef<'a>, env: &mut Vec<(&'a str, NodeRef<'a>, usize)>) {
    match all.kind() {
        NodeKind::Map => env.extend(all.entries().map(|(name, value)| (name, value, 0))),
        NodeKind::List => env.extend(all.items().filter_map(|one| {
            let (name, _) = one.text().split_once('=')?;
            Some((name, one, name.len() + 1))
        })),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::source::{FileId, SourceFile};
    use crate::syntax::{Syntax, parse};

    fn read(files: &[(&str, &str)]) -> Vec<(String, Vec<String>, f64)> {
        let mut sources = Sources::default();
        let mut trees = Vec::new();
        for (at, (path, text)) in files.iter().enumerate() {
            sources.push(SourceFile::new(Utf8PathBuf::from(*path), *text));
            trees.push(parse(Syntax::Yaml, FileId(at as u32), (*text).into()).tree);
        }
        let show = |service: &Service<'_>| {
            let start = service.start();
            let env = start.env().map(|(_, name, value)| format!("{name}={value}"));
            let words = start.texts().into_iter().map(str::to_owned).chain(env).collect();
            (service.name().unwrap().to_owned(), words, service.grace().into_value().unwrap())
        };
        services(&trees.iter().collect::<Vec<_>>(), &sources).iter().map(show).collect()
    }

    #[test]
    fn overrides_are_merged_as_docker_compose_does() {
        let base =
            "services:\n  api:\n    image: api\n    command: [a]\n    environment: { A: one, B: one }\n";
        let over = "services:\n  api:\n    command: [b]\n    stop_grace_period: 1m\n    environment: [B=two]\n  mail: { image: mail }\n";
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let merged = read(&[("x/compose.override.yaml", over), ("x/docker-compose.yml", base)]);
        let api = ("api".to_owned(), words(&["b", "A=one", "B=one", "B=two"]), 60.0);
        let mail = ("mail".to_owned(), Vec::new(), 10.0);
        assert_eq!(merged, [mail.clone(), api]);
        let alone = ("api".to_owned(), words(&["a", "A=one", "B=one"]), 10.0);
        // Another folder's, a file that is not read, an override without a project.
        assert_eq!(read(&[("x/compose.yml", base), ("y/compose.override.yml", over)]), [alone.clone(), mail]);
        let two =
            read(&[("compose.yaml", base), ("docker-compose.yml", base), ("compose.override.yml", over)]);
        assert_eq!(two.iter().filter(|service| **service == alone).count(), 1);
    }

    #[test]
    fn a_setting_can_be_taken_away() {
        let base = "services:\n  api:\n    image: api\n    command: [a]\n    environment: { A: one }\n";
        let over = "services:\n  api:\n    command: !reset null\n    environment: !override { B: two }\n";
        let found = read(&[("compose.yaml", base), ("compose.override.yaml", over)]);
        assert_eq!(found[0].1, ["B=two"]);
    }
}
