//! What an ApplicationSet makes, where the project says it: of lists, and of folders and files that are here.
//!
//! What depends on clusters, pull requests or other repositories is left alone. Of templates only plain parameters are filled in.

use camino::Utf8Path;
use globset::{GlobBuilder, GlobMatcher};
use rustc_hash::FxHashSet;

use super::argo::Application;
use super::{Here, text};
use crate::syntax::tree::{NodeKind, NodeRef};
use crate::syntax::yaml;

/// So many Applications of one set count.
const MOST: usize = 200;

/// How deep generators stand in generators.
const MAX_DEPTH: usize = 4;

/// What one element of a generator gives: texts by their paths, `path.segments[1]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Whether there are none: the text is meant as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with parameters for what stands in braces; nothing where something is unknown.
    pub(super) fn fill(&self, text: &str) -> Option<String> {
        if self.is_empty() {
            return Some(text.to_owned());
        }
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let (action, after) = after.split_once("}}")?;
            out.push_str(before);
            out.push_str(self.get(action.trim_matches('-').trim())?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// `.path.basename`, `index .path.segments 1`, `path[1]`.
    fn get(&self, action: &str) -> Option<&str> {
        let name = match action.strip_prefix("index ") {
            Some(rest) => {
                let (list, at) = rest.trim().split_once(' ')?;
                let at = at.trim();
                match at.strip_prefix('"').and_then(|at| at.strip_suffix('"')) {
                    Some(key) => format!("{list}.{key}"),
                    None => format!("{list}[{at}]"),
                }
            }
            None => action.to_owned(),
        };
        let name = name.trim_start_matches('.');
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// With those of another generator.
    fn with(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// Adds what a node says, below a name.
    fn add(&mut self, name: &str, node: NodeRef<'_>) {
        let join = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        match node.kind() {
            NodeKind::Map => node.entries().for_each(|(key, value)| self.add(&join(key), value)),
            NodeKind::List => {
                node.items().enumerate().for_each(|(at, item)| self.add(&format!("{name}[{at}]"), item));
            }
            NodeKind::Unknown | NodeKind::Null => {}
            _ => self.0.push((name.to_owned(), node.text().to_owned())),
        }
    }

    /// Adds what Argo CD tells of a folder, with templates of Go or without.
    fn add_path(&mut self, path: &Utf8Path, is_go: bool) {
        let mut put = |key: String, value: &str| self.0.push((key, value.to_owned()));
        let base = path.file_name().unwrap_or_default();
        put(if is_go { "path.path" } else { "path" }.to_owned(), path.as_str());
        put("path.basename".to_owned(), base);
        put("path.basenameNormalized".to_owned(), &base.to_ascii_lowercase().replace(['_', '.'], "-"));
        let segments = if is_go { "path.segments" } else { "path" };
        for (at, segment) in path.as_str().split('/').enumerate() {
            put(format!("{segments}[{at}]"), segment);
        }
    }
}

/// The Applications that an ApplicationSet makes; none where one of its generators cannot be decided here.
pub(super) fn instances<'t>(set: NodeRef<'t>, here: &Here<'_>) -> Vec<Application<'t>> {
    let made = || {
        let spec = set.get("spec")?;
        let is_go = spec.get("goTemplate").and_then(NodeRef::as_bool).unwrap_or_default();
        let template = spec.get("template")?;
        let inner = template.get("spec")?;
        let all: Option<Vec<Vec<Params>>> =
            spec.get("generators")?.items().map(|one| generate(one, is_go, here, 0)).collect();
        let all = all?.into_iter().flatten().filter(|params| !params.is_empty());
        let name = template.at("metadata.name");
        Some(all.take(MOST).map(|params| Application { spec: inner, name, params }).collect())
    };
    made().unwrap_or_default()
}

fn generate(generator: NodeRef<'_>, is_go: bool, here: &Here<'_>, depth: usize) -> Option<Vec<Params>> {
    // Of the elements only some count.
    if depth > MAX_DEPTH || generator.get("selector").is_some() {
        return None;
    }
    if let Some(list) = generator.get("list") {
        if list.get("elementsYaml").is_some() {
            return None;
        }
        let of = |element: NodeRef<'_>| {
            let mut params = Params::default();
            params.add("", element);
            params
        };
        return Some(list.get("elements")?.items().map(of).collect());
    }
    if let Some(git) = generator.get("git") {
        let mut all = if let Some(folders) = git.get("directories") {
            directories(folders, is_go, here)?
        } else {
            files(git.get("files")?, is_go, here)?
        };
        for params in &mut all {
            git.get("values").into_iter().for_each(|values| params.add("values", values));
        }
        return Some(all);
    }
    let mut parts = generator.at("matrix.generators")?.items();
    let (first, second) = (parts.next()?, parts.next()?);
    let (first, second) =
        (generate(first, is_go, here, depth + 1)?, generate(second, is_go, here, depth + 1)?);
    Some(first.iter().flat_map(|a| second.iter().map(|b| a.with(b))).take(MOST).collect())
}

/// The folders of the project that patterns name, without those that others exclude.
fn directories(patterns: NodeRef<'_>, is_go: bool, here: &Here<'_>) -> Option<Vec<Params>> {
    let patterns = Patterns::of(patterns)?;
    let mut folders: FxHashSet<&Utf8Path> = FxHashSet::default();
    for (_, file) in here.around.sources.iter() {
        for folder in file.path.ancestors().skip(1) {
            if !folders.insert(folder) {
                break;
            }
        }
    }
    let is_hidden = |folder: &Utf8Path| folder.components().any(|part| part.as_str().starts_with('.'));
    let mut found: Vec<&Utf8Path> = folders
        .into_iter()
        .filter(|folder| !folder.as_str().is_empty() && !is_hidden(folder))
        .filter(|folder| patterns.matches(folder))
        .collect();
    found.sort();
    let of = |folder: &Utf8Path| {
        let mut params = Params::default();
        params.add_path(folder, is_go);
        params
    };
    Some(found.into_iter().map(of).collect())
}

/// What the files say that patterns name.
fn files(patterns: NodeRef<'_>, is_go: bool, here: &Here<'_>) -> Option<Vec<Params>> {
    let patterns = Patterns::of(patterns)?;
    let mut found: Vec<_> =
        here.around.sources.iter().filter(|(_, file)| patterns.matches(&file.path)).collect();
    found.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    let of = |(id, file): (crate::source::FileId, &crate::source::SourceFile)| {
        let parsed = yaml::parse_plain(id, file.text.clone());
        let mut params = Params::default();
        params.add("", parsed.tree.roots().next()?);
        params.add_path(file.path.parent()?, is_go);
        params.0.push(("path.filename".to_owned(), file.path.file_name()?.to_owned()));
        Some(params)
    };
    Some(found.into_iter().take(MOST).filter_map(of).collect())
}

/// Patterns of paths, and those that are taken out again.
struct Patterns {
    wanted: Vec<GlobMatcher>,
    excluded: Vec<GlobMatcher>,
}

impl Patterns {
    fn of(list: NodeRef<'_>) -> Option<Self> {
        let mut patterns = Self { wanted: Vec::new(), excluded: Vec::new() };
        for pattern in list.items() {
            let excludes = pattern.get("exclude").and_then(NodeRef::as_bool).unwrap_or_default();
            let list = if excludes { &mut patterns.excluded } else { &mut patterns.wanted };
            list.push(glob(text(pattern, "path")?)?);
        }
        Some(patterns)
    }

    fn matches(&self, path: &Utf8Path) -> bool {
        let any = |globs: &[GlobMatcher]| globs.iter().any(|glob| glob.is_match(path));
        any(&self.wanted) && !any(&self.excluded)
    }
}

fn glob(pattern: &str) -> Option<GlobMatcher> {
    // Of what is filled in elsewhere nobody knows which folders it means.
    if pattern.contains("{{") {
        return None;
    }
    let glob = GlobBuilder::new(pattern.trim_end_matches('/')).literal_separator(true).build().ok()?;
    Some(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn parameters_are_filled_in() {
        let element = "cluster: {name: eu, zones: [a, b]}\npath: x\nports: 80\n";
        let tree = yaml::parse_plain(FileId(0), element.into()).tree;
        let mut params = Params::default();
        params.add("", tree.roots().next().expect("a map"));
        params.add_path(Utf8Path::new("teams/shop_one"), true);
        for (text, expected) in [
            ("{{ .cluster.name }}-{{ports}}", Some("eu-80")),
            ("{{index .cluster.zones 1}}", Some("b")),
            ("{{ index .cluster \"name\" }}", Some("eu")),
            ("{{ .path.path }}/{{ index .path.segments 0 }}", Some("teams/shop_one/teams")),
            ("{{.path.basename}} {{ .path.basenameNormalized }}", Some("shop_one shop-one")),
            ("{{ .cluster.name | upper }}", None),
            ("{{ .nobody }}", None),
            ("plain", Some("plain")),
        ] {
            assert_eq!(params.fill(text).as_deref(), expected, "{text}");
        }
        let mut plain = Params::default();
        plain.add_path(Utf8Path::new("teams/shop"), false);
        assert_eq!(
            plain.fill("{{path}} {{path.basename}} {{path[0]}}").as_deref(),
            Some("teams/shop shop teams")
        );
    }
}
