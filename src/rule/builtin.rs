//! The rules that come with steadfast, embedded at build time.
//!
//! A list of ids and texts, in order of id. They have no privilege: a user's rule is read the same way.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, OnceLock};

use super::page::Page;
use super::{Rule, RuleFile};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Ids and texts of all built-in rules.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    RULES
}

/// All built-in rules as files.
pub fn files() -> impl Iterator<Item = RuleFile> {
    RULES.iter().map(|(id, text)| RuleFile {
        id: (*id).to_owned(),
        path: format!("rules/{id}.md"),
        text: Cow::Borrowed(*text),
    })
}

/// What was read of a built-in rule, with the parameters that its page gives. It stays for the whole process: an editor, or
/// whoever checks one thing after the other, asks the same rules again and again.
#[derive(Debug, Default)]
pub struct Known {
    page: OnceLock<Option<Arc<Page>>>,
    rule: OnceLock<Option<Arc<Rule>>>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| RULES.iter().map(|_| Known::default()).collect());

impl Known {
    /// The page; none where it is broken.
    pub fn page(&self, file: &RuleFile) -> Option<&Arc<Page>> {
        self.page.get_or_init(|| file.page().ok().map(Arc::new)).as_ref()
    }

    /// The rule; none where its page is broken.
    pub fn rule(&self, file: &RuleFile) -> Option<&Arc<Rule>> {
        let make = || Rule::unchecked(Arc::clone(self.page(file)?), &[]).ok().map(Arc::new);
        self.rule.get_or_init(make).as_ref()
    }
}

/// What is known of a built-in rule.
pub fn known(id: &str) -> Option<&'static Known> {
    position(id).map(|at| &KNOWN[at])
}

/// The text of a built-in rule.
pub fn get(id: &str) -> Option<&'static str> {
    position(id).map(|at| RULES[at].1)
}

fn position(id: &str) -> Option<usize> {
    RULES.binary_search_by(|(known, _)| (*known).cmp(id)).ok()
}
