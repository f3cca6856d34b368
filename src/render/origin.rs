//! Where a rendered value or byte came from. Data carries its origin, so `with`, `range`, `include` and friends need no care.
//!
//! Origins live in one list a rendering and are handed around as four bytes. This module knows neither templates nor overlays.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::source::Place;

/// An origin, by its position in [`Origins`]. The first one says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(pub u32);

impl Origin {
    /// Nothing is known.
    pub const NONE: Self = Self(0);
}

/// How parts make a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// The value is one of its parts, unchanged; the others helped to choose it (`default 1 .Values.x`).
    Chosen,
    /// The parts stand side by side in it (`printf "%s:%s"`).
    Joined,
    /// It was computed from them (`sha256sum`, `add`); no byte of theirs need be in it.
    Derived,
}

/// What an origin is.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Nothing is known.
    Nothing,
    /// Literal text, or a constant, of a template or of a file that is not settings.
    Literal(Place),
    /// A node of a file of settings or data: `values.yaml`, a patch, a resource.
    Node {
        /// The value's bytes.
        place: Place,
        /// The path of keys in its file, `image.tag`.
        path: Arc<str>,
        /// Who had written it before and lost: a subchart's default below the parent's values, a base below a patch.
        before: Origin,
    },
    /// A key that was looked up and is not there: the setting that a person could add.
    Missing {
        /// The map in which it was looked for.
        map: Origin,
        /// The key.
        key: Arc<str>,
    },
    /// Given by the program: `.Release.Name`, the version of Kubernetes.
    Given(&'static str),
    /// It cannot be known before it runs (`lookup`, `randAlphaNum`, `now`), for this reason, and was asked for here.
    Unknown(&'static str, Option<Place>),
    /// Made of others.
    Of(How, SmallVec<[Origin; 4]>),
}

/// All origins of one rendering.
#[derive(Clone, Debug)]
pub struct Origins {
    sources: Vec<Source>,
    /// Those of which some part cannot be known, and why.
    unknown: FxHashMap<Origin, &'static str>,
}

impl Default for Origins {
    fn default() -> Self {
        Self { sources: vec![Source::Nothing], unknown: FxHashMap::default() }
    }
}

/// How many parts stand in one origin; those of more are grouped.
const GROUP: usize = 16;

/// How many parts are kept at all.
const MAX_PARTS: usize = 256;

impl Origins {
    /// Notes one more.
    pub fn add(&mut self, source: Source) -> Origin {
        let unknown = match &source {
            Source::Nothing => return Origin::NONE,
            Source::Unknown(why, _) => Some(*why),
            Source::Of(_, parts) => parts.iter().find_map(|part| self.unknown(*part)),
            Source::Missing { map, .. } => self.unknown(*map),
            Source::Literal(_) | Source::Node { .. } | Source::Given(_) => None,
        };
        self.sources.push(source);
        let origin = Origin(self.sources.len() as u32 - 1);
        if let Some(why) = unknown {
            self.unknown.insert(origin, why);
        }
        origin
    }

    /// What it is; nothing, if it is another rendering's.
    pub fn get(&self, origin: Origin) -> &Source {
        self.sources.get(origin.0 as usize).unwrap_or(&Source::Nothing)
    }

    /// Made of these, as far as they say anything; of very many some.
    pub fn of(&mut self, how: How, parts: impl IntoIterator<Item = Origin>) -> Origin {
        let mut kept: SmallVec<[Origin; 4]> = SmallVec::new();
        let mut knows_all = true;
        for part in parts {
            if part == Origin::NONE || kept.contains(&part) {
                continue;
            }
            if kept.len() < MAX_PARTS {
                kept.push(part);
            } else if knows_all && self.unknown(part).is_some() {
                // Of all parts, this one must not be forgotten.
                kept[MAX_PARTS - 1] = part;
            } else {
                continue;
            }
            knows_all &= self.unknown(part).is_none();
        }
        match (kept.len(), how) {
            (0, _) => Origin::NONE,
            (1, How::Chosen | How::Joined) => kept[0],
            (..=GROUP, _) => self.add(Source::Of(how, kept)),
            _ => {
                let groups =
                    kept.chunks(GROUP).map(|group| self.add(Source::Of(how, group.into()))).collect();
                self.add(Source::Of(how, groups))
            }
        }
    }

    /// Whether some part of it cannot be known before it runs, and why.
    pub fn unknown(&self, origin: Origin) -> Option<&'static str> {
        self.unknown.get(&origin).copied()
    }
}
