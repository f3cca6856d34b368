//! The names by which people speak of rules: a rule's id, or its family.
//!
//! Says what a name covers and what a misspelt one was meant to be. It knows no rule itself; whoever loads the rules
//! hands their ids over.

use crate::spelling::nearest;

/// The ids of all rules that there are.
#[derive(Clone, Debug, Default)]
pub struct Names {
    rules: Vec<String>,
    families: Vec<String>,
}

impl Names {
    /// These rules and their families.
    pub fn new(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut rules: Vec<String> = ids.into_iter().map(Into::into).collect();
        rules.sort_unstable();
        rules.dedup();
        let mut families: Vec<String> = rules.iter().map(|rule| family(rule).to_owned()).collect();
        families.sort_unstable();
        families.dedup();
        Self { rules, families }
    }

    /// Whether it is a rule or a family.
    pub fn knows(&self, name: &str) -> bool {
        self.is_rule(name) || self.families.binary_search_by(|family| family.as_str().cmp(name)).is_ok()
    }

    /// Whether it is a rule.
    pub fn is_rule(&self, name: &str) -> bool {
        self.rules.binary_search_by(|rule| rule.as_str().cmp(name)).is_ok()
    }

    /// The rules that a name covers: itself, or its members.
    pub fn rules_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.rules.iter().map(String::as_str).filter(move |rule| covers(name, rule))
    }

    /// What a name that is neither was probably meant to be. `no-keeper` alone finds `disruption/no-keeper`.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let of_rule = |bare: &str| self.rules.iter().find(|rule| short(rule) == bare).map(String::as_str);
        of_rule(name)
            .or_else(|| nearest(name, self.rules.iter().chain(&self.families).map(String::as_str)))
            .or_else(|| of_rule(nearest(name, self.rules.iter().map(|rule| short(rule)))?))
    }
}

/// The family of a rule: the folder that it lies in.
pub fn family(rule: &str) -> &str {
    rule.split_once('/').map_or(rule, |(family, _)| family)
}

/// The name of a rule without its family.
pub fn short(rule: &str) -> &str {
    rule.rsplit_once('/').map_or(rule, |(_, short)| short)
}

/// Whether `name` is this rule or its family.
pub fn covers(name: &str, rule: &str) -> bool {
    name == rule || name == family(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_find_their_rule() {
        let names =
            Names::new(["disruption/no-keeper", "probes/vitality-kills-slow-start", "queues/no-bell"]);
        assert_eq!(names.nearest("no-keeper"), Some("disruption/no-keeper"));
        assert_eq!(names.nearest("disruption/no-keepre"), Some("disruption/no-keeper"));
        assert_eq!(names.nearest("no-keepr"), Some("disruption/no-keeper"));
        assert_eq!(names.nearest("queue"), Some("queues"));
        assert_eq!(names.nearest("something-else"), None);
        assert!(names.knows("queues") && names.knows("queues/no-bell") && !names.knows("queues/"));
        assert_eq!(names.rules_of("probes").collect::<Vec<_>>(), ["probes/vitality-kills-slow-start"]);
    }
}
