//! Which routes an alert takes, by its own labels.
//!
//! What else an alert's labels are comes from the series that made it fire, so a route that asks for a label which the rule does not
//! set cannot be decided.

use super::{Alerting, Matcher};
use crate::fact::Fact;
use crate::lower::kubernetes::selector::Match;
use crate::measure::promql::Test;
use crate::syntax::tree::NodeRef;

/// The routes at which an alert ends, from a root on.
pub fn ends<'a>(alerting: &Alerting<'a>, root: u32, rule: NodeRef<'a>) -> Fact<'a, Vec<u32>> {
    let mut reached = Vec::new();
    match walk(alerting, root, rule, &mut reached) {
        Some(()) => Fact::plain(reached),
        None => Fact::unknown("its route depends on labels that only the series have"),
    }
}

/// Follows the routes that match; none where one of them cannot be decided. Routes are no deeper than their file.
fn walk<'a>(alerting: &Alerting<'a>, at: u32, rule: NodeRef<'a>, reached: &mut Vec<u32>) -> Option<()> {
    let mut matched = false;
    for child in &alerting.routes[at as usize].children {
        let route = &alerting.routes[*child as usize];
        let answer = route.matchers.iter().map(|matcher| matches(matcher, rule)).fold(Match::Yes, Match::and);
        match answer {
            Match::No => continue,
            Match::Perhaps => return None,
            Match::Yes => {}
        }
        matched = true;
        walk(alerting, *child, rule, reached)?;
        if !*route.goes_on.value()? {
            return Some(());
        }
    }
    if !matched {
        reached.push(at);
    }
    Some(())
}

/// Whether an alert has what a matcher asks for.
pub fn matches(matcher: &Matcher<'_>, rule: NodeRef<'_>) -> Match {
    let value = match matcher.label {
        "alertname" => rule.get("alert"),
        label => rule.get("labels").and_then(|labels| labels.get(label)),
    };
    let Some(value) = value.filter(|value| !value.is_unknown() && !value.text().contains("{{")) else {
        return Match::Perhaps;
    };
    let (same, wanted) = match matcher.test {
        None => return Match::Perhaps,
        Some(Test::Is) => (value.text() == matcher.value, true),
        Some(Test::IsNot) => (value.text() == matcher.value, false),
        Some(test) => {
            let Ok(regex) = regex_automata::meta::Regex::new(&format!("^(?:{})$", matcher.value)) else {
                return Match::Perhaps;
            };
            (regex.is_match(value.text()), test == Test::Matches)
        }
    };
    if same == wanted { Match::Yes } else { Match::No }
}
