//! Files of values beside the defaults of a chart, where nobody says what they are for: `values-prod.yaml`.
//!
//! They may belong on one another, or be examples, so the chart is not rendered with them. But where one of them replaces a
//! default, the default is not what everybody runs, and a fault of it alone is less grave.

use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;
use rustc_hash::FxHashMap;

use crate::config::Config;
use crate::source::{FileId, Sources};
use crate::syntax::tree::{NodeKind, NodeRef, Tree};
use crate::syntax::yaml;

/// The files beside defaults, as far as somebody asked.
#[derive(Debug, Default)]
pub(super) struct Beside(Mutex<FxHashMap<FileId, Arc<[Tree]>>>);

impl Beside {
    /// Whether a file beside the `values.yaml` in `defaults` has something else at this path of keys, and is not for tests.
    pub(super) fn replaces(&self, defaults: FileId, path: &str, config: &Config, sources: &Sources) -> bool {
        let file = sources.get(defaults);
        if file.path.file_name() != Some("values.yaml") {
            return false;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let folder = file.path.parent();
            let is_there = |path: &Utf8Path| {
                path.parent() == folder && path.file_name().is_some_and(is_beside) && !config.is_test(path)
            };
            let found = sources.iter().filter(|(_, file)| is_there(&file.path));
            found.map(|(id, file)| yaml::parse_plain(id, Arc::clone(&file.text)).tree).collect()
        };
        let trees = Arc::clone(known.entry(defaults).or_insert_with(read));
        drop(known);
        let own = yaml::parse_plain(defaults, Arc::clone(&file.text)).tree;
        let scalar = |tree: &Tree| {
            let node = tree.roots().next()?.at(path)?;
            let is_scalar =
                |node: &NodeRef<'_>| !matches!(node.kind(), NodeKind::Map | NodeKind::List | NodeKind::Null);
            Some(node).filter(is_scalar).map(|node| node.text().to_owned())
        };
        let default = scalar(&own);
        default.is_some() && trees.iter().any(|tree| scalar(tree).is_some_and(|text| Some(text) != default))
    }
}

/// Whether a file beside the defaults holds values, too: `values-prod.yaml`, `values.prod.yaml`, `prod.values.yaml`.
pub(super) fn is_beside(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return false };
    let ends = |rest: &str, at: fn(&str) -> bool| !rest.is_empty() && at(rest);
    stem.strip_prefix("values").is_some_and(|rest| ends(rest, |rest| rest.starts_with(['-', '.', '_'])))
        || stem.strip_suffix("values").is_some_and(|rest| ends(rest, |rest| rest.ends_with(['-', '.', '_'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_beside() {
        for name in
            ["values-prod.yaml", "values.prod.yml", "values_eu.yaml", "prod-values.yaml", "a.values.yaml"]
        {
            assert!(is_beside(name), "{name}");
        }
        for name in ["values.yaml", "values.schema.json", "valuesprod.yaml", "Chart.yaml", "-values"] {
            assert!(!is_beside(name), "{name}");
        }
    }
}
