//! The rules that come with steadfast, embedded at build time.
//!
//! A list of ids and texts, in order of id. They have no privilege: a user's rule is read the same way.

use std::borrow::Cow;

use super::RuleFile;

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

/// The text of a built-in rule.
pub fn get(id: &str) -> Option<&'static str> {
    RULES.binary_search_by(|(known, _)| (*known).cmp(id)).ok().map(|at| RULES[at].1)
}
