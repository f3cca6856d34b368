//! Path patterns of steadfast.toml, each of which remembers whether it ever matched.
//!
//! A pattern reads as in .gitignore: without a `/` inside it holds at any depth, a folder stands for all that is in it.
//! Paths are relative to the project's root, with `/`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::Utf8Path;
use globset::{Error, Glob, GlobBuilder, GlobSet};
use smallvec::SmallVec;

use crate::source::Span;

/// A list of patterns.
#[derive(Debug, Default)]
pub struct Globs {
    entries: Vec<Entry>,
    globs: Vec<Glob>,
    /// The entry that a pattern of `globs` belongs to.
    owners: Vec<usize>,
    /// What tells of each pattern that it may match.
    signs: Vec<Option<Sign>>,
    /// All of `globs` in one, made when the first path is asked about that one may match.
    set: OnceLock<GlobSet>,
}

#[derive(Debug)]
struct Entry {
    text: String,
    span: Option<Span>,
    used: AtomicBool,
}

/// What every path has that a pattern matches: one of these words. To look for them is much less work than to make
/// patterns ready, and most paths have none.
#[derive(Debug, PartialEq)]
struct Sign(Vec<Word>);

#[derive(Debug, PartialEq)]
enum Word {
    /// A folder or a file of the path.
    Step(String),
    /// A part of one.
    Part(String),
}

impl Sign {
    /// The sign of a pattern: its alternatives in braces, or else its longest step without signs of its own. A pattern that is too
    /// odd for that has none.
    fn of(pattern: &str) -> Option<Self> {
        let is_literal = |text: &str| !text.contains(['*', '?', '[', ']', '{', '}', '/']);
        if pattern.contains('\\') || !pattern.is_ascii() {
            return None;
        }
        let Some((before, rest)) = pattern.split_once('{') else {
            let steps =
                pattern.split('/').filter(|step| !matches!(*step, "" | "." | "..") && is_literal(step));
            let word = steps.max_by_key(|step| step.len())?;
            return Some(Self(vec![Word::Step(word.to_lowercase())]));
        };
        let (inside, after) = rest.split_once('}')?;
        let is_step = before.ends_with('/') && (after.is_empty() || after.starts_with('/'));
        let word = |text: &str| match is_literal(text) {
            _ if text.is_empty() => None,
            true if is_step => Some(Word::Step(text.to_lowercase())),
            true => Some(Word::Part(text.to_lowercase())),
            // Behind the last sign stands what the name ends with.
            false if text.contains(['{', '/']) => None,
            false => {
                let end =
                    text.rsplit(['*', '?', ']']).next().filter(|end| !end.is_empty() && is_literal(end));
                end.map(|end| Word::Part(end.to_lowercase()))
            }
        };
        let is_in_class = before.rfind('[') > before.rfind(']');
        if is_in_class { None } else { inside.split(',').map(word).collect::<Option<_>>().map(Self) }
    }

    /// Whether it is in a path of ASCII letters, whose steps these are.
    fn is_in(&self, path: &str, steps: &[&str]) -> bool {
        self.0.iter().any(|word| match word {
            Word::Step(word) => {
                steps.iter().any(|step| step.len() == word.len() && step.eq_ignore_ascii_case(word))
            }
            Word::Part(word) => {
                let (path, word) = (path.as_bytes(), word.as_bytes());
                let starts = |at: usize| path[at].to_ascii_lowercase() == word[0];
                (0..(path.len() + 1).saturating_sub(word.len()))
                    .any(|at| starts(at) && path[at..at + word.len()].eq_ignore_ascii_case(word))
            }
        })
    }
}

impl Globs {
    /// Patterns that are known to be right.
    pub fn known(patterns: &[&'static str]) -> Self {
        Self::read(patterns.iter().map(|pattern| (*pattern, None))).0
    }

    /// Compiles patterns, with where they are written. Returns what is wrong with each bad one beside the good ones.
    pub fn new<'a>(
        patterns: impl IntoIterator<Item = (&'a str, Option<Span>)>,
    ) -> (Self, Vec<(Option<Span>, String)>) {
        let (mut globs, mut bad) = Self::read(patterns);
        match together(&globs.globs) {
            Ok(set) => globs.set = OnceLock::from(set),
            Err(error) => bad.push((None, error.kind().to_string())),
        }
        (globs, bad)
    }

    fn read<'a>(
        patterns: impl IntoIterator<Item = (&'a str, Option<Span>)>,
    ) -> (Self, Vec<(Option<Span>, String)>) {
        let mut globs = Self::default();
        let mut bad = Vec::new();
        for (text, span) in patterns {
            let compiled: Result<Vec<_>, _> = spellings(text)
                .iter()
                .map(|spelling| {
                    GlobBuilder::new(spelling).literal_separator(true).case_insensitive(true).build()
                })
                .collect();
            match compiled {
                Ok(compiled) => {
                    globs.owners.resize(globs.owners.len() + compiled.len(), globs.entries.len());
                    globs.globs.extend(compiled);
                    globs.signs.push(Sign::of(text));
                    globs.entries.push(Entry { text: text.to_owned(), span, used: AtomicBool::new(false) });
                }
                Err(error) => bad.push((span, error.kind().to_string())),
            }
        }
        (globs, bad)
    }

    /// Whether some pattern matches; every one that does has been of use.
    pub fn matches(&self, path: &Utf8Path) -> bool {
        if !self.may_match(path.as_str()) {
            return false;
        }
        let set = self.set.get_or_init(|| together(&self.globs).unwrap_or_default());
        let hits = set.matches(path.as_std_path());
        for hit in &hits {
            if let Some(entry) = self.owners.get(*hit).and_then(|owner| self.entries.get(*owner)) {
                entry.used.store(true, Ordering::Relaxed);
            }
        }
        !hits.is_empty()
    }

    /// Whether the path has the sign of any pattern.
    fn may_match(&self, path: &str) -> bool {
        // Letters beyond ASCII have more cases than signs are looked for in.
        if !path.is_ascii() {
            return true;
        }
        let steps: SmallVec<[&str; 16]> = path.split('/').collect();
        self.signs.iter().any(|sign| sign.as_ref().is_none_or(|sign| sign.is_in(path, &steps)))
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The patterns that matched nothing so far.
    pub(super) fn unused(&self) -> impl Iterator<Item = (&str, Option<Span>)> {
        let idle = self.entries.iter().filter(|entry| !entry.used.load(Ordering::Relaxed));
        idle.map(|entry| (entry.text.as_str(), entry.span))
    }

    /// Whether all patterns that somebody wrote matched something.
    pub(super) fn all_used(&self) -> bool {
        self.entries.iter().all(|entry| entry.span.is_none() || entry.used.load(Ordering::Relaxed))
    }
}

fn together(globs: &[Glob]) -> Result<GlobSet, Error> {
    GlobSet::new(globs)
}

/// The pattern as globset wants it: what it names, and what lies in that.
fn spellings(text: &str) -> Vec<String> {
    let anchored = text.starts_with('/') || text.starts_with("./");
    let body = text.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
    let body = if anchored || body.contains('/') { body.to_owned() } else { format!("**/{body}") };
    if body.ends_with("**") { vec![body] } else { vec![format!("{body}/**"), body] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let (globs, bad) = Globs::new([(pattern, None)]);
        assert!(bad.is_empty());
        globs.matches(Utf8Path::new(path))
    }

    #[test]
    fn patterns_read_as_in_gitignore() {
        assert!(matches("*.gen.yaml", "a/b/x.gen.yaml"));
        assert!(matches("test", "a/test/x.yaml"));
        assert!(matches("TEST", "a/test/x.yaml"));
        assert!(!matches("test", "a/tests/x.yaml"));
        assert!(matches("infra/prod", "infra/prod/a/b.yaml"));
        assert!(matches("infra/prod/", "infra/prod/a/b.yaml"));
        assert!(!matches("infra/prod", "old/infra/prod/a.yaml"));
        assert!(matches("/prod", "prod/a.yaml"));
        assert!(!matches("/prod", "infra/prod/a.yaml"));
        assert!(matches("a/**", "a/b.yaml"));
        assert!(!matches("a/*.yaml", "a/b/c.yaml"));
    }

    #[test]
    fn what_has_no_sign_of_a_pattern_is_not_matched() {
        let step = |word: &str| Word::Step(word.to_owned());
        let part = |word: &str| Word::Part(word.to_owned());
        for (pattern, words) in [
            ("**/{Test,e2e}/**", vec![step("test"), step("e2e")]),
            ("**/{mocks,*[_-]test}/**", vec![step("mocks"), part("test")]),
            ("*-{dev,test}.yaml", vec![part("dev"), part("test")]),
            ("./infra/prod/*.yaml", vec![step("infra")]),
        ] {
            assert_eq!(Sign::of(pattern), Some(Sign(words)), "{pattern}");
        }
        for odd in ["*.yaml", "a/{b,c*}", "[{a,b}]", "{a,{b,c}}", "\\{a", "{a", "{,a}", "{a,[,x]}", "über"] {
            assert_eq!(Sign::of(odd), None, "{odd}");
        }
        for path in ["x/e2e/a.yaml", "E2E/a.yaml", "a/Test", "a/smoke-test/b"] {
            assert!(matches("**/{test,e2e,*[_-]test}", path), "{path}");
        }
        assert!(!matches("**/{test,e2e}", "a/tests/x.yaml"));
    }

    #[test]
    fn each_pattern_remembers_whether_it_matched() {
        let (globs, _) = Globs::new([("a", Some(Span::new(0, 1))), ("b", Some(Span::new(2, 3)))]);
        assert!(globs.matches(Utf8Path::new("a/x.yaml")));
        assert_eq!(globs.unused().map(|(text, _)| text).collect::<Vec<_>>(), ["b"]);
        assert!(!globs.all_used());
        assert!(Globs::known(&["a"]).all_used(), "nobody waits for it");
    }
}
