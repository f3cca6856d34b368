//! Alertmanager: which receiver an alert ends at, by its own labels.
//!
//! What else an alert's labels are comes from the series that made it fire, so a route that asks for a label which the rule does not
//! set cannot be decided.

use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::selector::Match;
use crate::syntax::tree::{NodeKind, NodeRef};

/// How deep routes are followed.
const DEPTH: u32 = 32;

/// A configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Config<'a> {
    route: NodeRef<'a>,
    receivers: NodeRef<'a>,
}

impl<'a> Config<'a> {
    /// The configuration that a document is.
    pub(super) fn of(root: NodeRef<'a>) -> Option<Self> {
        let route = root.get("route").filter(|route| route.kind() == NodeKind::Map)?;
        let receivers = root.get("receivers").filter(|receivers| receivers.kind() == NodeKind::List)?;
        Some(Self { route, receivers })
    }

    /// The receivers of an alert: their names, where they are routed to.
    pub(super) fn receivers(&self, rule: NodeRef<'a>) -> Fact<'a, Vec<NodeRef<'a>>> {
        let mut reached = Vec::new();
        match walk(self.route, None, rule, &mut reached, DEPTH) {
            Some(()) => Fact::plain(reached),
            None => Fact::unknown("its route depends on labels that only the series have"),
        }
    }

    /// Whether any of some receivers tells anybody.
    pub(super) fn tells(&self, names: &[NodeRef<'a>]) -> Fact<'a, bool> {
        let mut silent = None;
        for name in names {
            let named =
                |receiver: &NodeRef<'a>| receiver.get("name").is_some_and(|own| own.text() == name.text());
            let Some(receiver) = self.receivers.items().find(named) else {
                return Fact::unknown_at("there is no such receiver", Spot::value(*name));
            };
            if name.is_unknown() || receiver.children().any(NodeRef::is_unknown) {
                return Fact::unknown_at("the receiver is only known at run time", Spot::value(*name));
            }
            let integrations = receiver.entries().filter(|(key, _)| key.ends_with("_configs"));
            if integrations.flat_map(|(_, list)| list.items()).next().is_some() {
                return Fact::written(true, Spot::value(*name));
            }
            silent.get_or_insert((*name, receiver));
        }
        match silent {
            Some((name, receiver)) => Fact::written(false, Spot::value(name).saying("routed to here"))
                .resting_on(Spot::value(receiver).saying("a receiver without anybody behind it")),
            None => Fact::unknown("no route leads anywhere"),
        }
    }
}

/// Follows the routes that match; none where one of them cannot be decided.
fn walk<'a>(
    route: NodeRef<'a>,
    inherited: Option<NodeRef<'a>>,
    rule: NodeRef<'a>,
    reached: &mut Vec<NodeRef<'a>>,
    depth: u32,
) -> Option<()> {
    if depth == 0 {
        return None;
    }
    let receiver = route.get("receiver").or(inherited);
    let mut matched = false;
    for child in route.get("routes").into_iter().flat_map(NodeRef::items) {
        match matches(child, rule) {
            Match::No => continue,
            Match::Perhaps => return None,
            Match::Yes => {}
        }
        matched = true;
        walk(child, receiver, rule, reached, depth - 1)?;
        match child.get("continue") {
            None => return Some(()),
            Some(goes_on) if goes_on.is_unknown() => return None,
            Some(goes_on) if goes_on.as_bool() == Some(true) => {}
            Some(_) => return Some(()),
        }
    }
    if !matched {
        reached.push(receiver?);
    }
    Some(())
}

fn matches(route: NodeRef<'_>, rule: NodeRef<'_>) -> Match {
    let mut answer = Match::Yes;
    for matcher in route.get("matchers").into_iter().flat_map(NodeRef::items) {
        answer = answer.and(match (matcher.is_unknown(), parse(matcher.text())) {
            (false, Some((label, operator, value))) => asks(rule, label, operator, value),
            _ => Match::Perhaps,
        });
    }
    for (key, operator) in [("match", "="), ("match_re", "=~")] {
        for (label, value) in route.get(key).into_iter().flat_map(NodeRef::entries) {
            answer = answer.and(if value.is_unknown() {
                Match::Perhaps
            } else {
                asks(rule, label, operator, value.text())
            });
        }
    }
    answer
}

/// A matcher: `severity="critical"`, `severity =~ warning|info`.
fn parse(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim().trim_start_matches('{').trim_end_matches('}');
    let at = text.find(['=', '!'])?;
    let length = if text[at..].starts_with("=~") || text[at..].starts_with('!') { 2 } else { 1 };
    let value = text.get(at + length..)?.trim();
    Some((text[..at].trim(), &text[at..at + length], value.trim_matches('"')))
}

fn asks(rule: NodeRef<'_>, label: &str, operator: &str, wanted: &str) -> Match {
    let value = match label {
        "alertname" => rule.get("alert"),
        label => rule.get("labels").and_then(|labels| labels.get(label)),
    };
    let Some(value) = value.filter(|value| !value.is_unknown() && !value.text().contains("{{")) else {
        return Match::Perhaps;
    };
    let same = match operator {
        "=" | "!=" => Some(value.text() == wanted),
        _ => regex_automata::meta::Regex::new(&format!("^(?:{wanted})$"))
            .ok()
            .map(|regex| regex.is_match(value.text())),
    };
    match same {
        None => Match::Perhaps,
        Some(same) if same != operator.starts_with('!') => Match::Yes,
        Some(_) => Match::No,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn matchers_are_read_with_and_without_quotes() {
        assert_eq!(parse("severity=\"critical\""), Some(("severity", "=", "critical")));
        assert_eq!(parse("severity =~ warning|info"), Some(("severity", "=~", "warning|info")));
        assert_eq!(parse("{team!=\"db\"}"), Some(("team", "!=", "db")));
        assert_eq!(parse("team!~\"d.*\""), Some(("team", "!~", "d.*")));
        assert_eq!(parse("nothing"), None);
    }
}
