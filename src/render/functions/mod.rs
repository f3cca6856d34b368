//! The functions that charts call: those of Helm and of sprig, one file a family.
//!
//! They take what they take in Go, and refuse what Go refuses, with its words. Text keeps the origins of its bytes where a
//! function moves it about; what is computed comes from all arguments; what is random, or known only to a cluster or a clock,
//! is a stand-in of the right shape that says it is unknown. Functions that need templates (`include`, `tpl`) are not here.

mod arguments;
mod casing;
mod certificates;
mod choices;
mod data;
mod dates;
mod dicts;
mod digests;
mod duration;
mod encoding;
mod kinds;
mod lists;
mod math;
mod merging;
mod networks;
mod paths;
mod random;
mod regexes;
pub mod semver;
mod slices;
mod spell;
mod splitting;
mod strings;
mod toml;
mod versions;
mod wrapping;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::template::function::{Function, Functions};

/// A family's functions by name.
type Table = &'static [(&'static str, Function)];

static ALL: LazyLock<FxHashMap<&'static str, Function>> = LazyLock::new(|| {
    let families: [Table; 22] = [
        casing::TABLE,
        certificates::TABLE,
        choices::TABLE,
        data::TABLE,
        dates::TABLE,
        dicts::TABLE,
        digests::TABLE,
        duration::TABLE,
        encoding::TABLE,
        kinds::TABLE,
        lists::TABLE,
        math::TABLE,
        merging::TABLE,
        networks::TABLE,
        paths::TABLE,
        random::TABLE,
        regexes::TABLE,
        slices::TABLE,
        splitting::TABLE,
        strings::TABLE,
        versions::TABLE,
        wrapping::TABLE,
    ];
    families.into_iter().flatten().copied().collect()
});

/// The functions of Helm 3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Helm;

impl Functions for Helm {
    fn find(&self, name: &str) -> Option<Function> {
        ALL.get(name).copied()
    }
}
