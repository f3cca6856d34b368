//! Configurations of Alertmanager: files, and objects of kind AlertmanagerConfig.

use crate::fact::{Default, Fact, Spot};
use crate::lower::alerting::{Alerting, Inhibition, Matcher, Receiver, Route};
use crate::lower::read;
use crate::measure::duration;
use crate::measure::promql::Test;
use crate::syntax::tree::{NodeKind, NodeRef};

/// How deep routes are followed.
const DEPTH: u32 = 32;

/// Alertmanager, Configuration, `route`: "`[ group_wait: <duration> | default = 30s ]`".
static GROUP_WAIT: Default<f64> = Default::of("Alertmanager", "group_wait", 30.0, "30s");
/// The same: "`[ group_interval: <duration> | default = 5m ]`".
static GROUP_INTERVAL: Default<f64> = Default::of("Alertmanager", "group_interval", 300.0, "5m");
/// The same: "`[ repeat_interval: <duration> | default = 4h ]`".
static REPEAT_INTERVAL: Default<f64> = Default::of("Alertmanager", "repeat_interval", 14_400.0, "4h");
/// The same: "`[ continue: <boolean> | default = false ]`".
static CONTINUE: Default<bool> = Default::of("Alertmanager", "continue", false, "false");

/// How the two forms spell what differs.
struct Keys {
    group_by: &'static str,
    group_wait: &'static str,
    group_interval: &'static str,
    repeat_interval: &'static str,
    /// How the lists of integrations of a receiver end.
    integration: &'static str,
    inhibitions: &'static str,
    source: &'static str,
    target: &'static str,
}

const FILE: Keys = Keys {
    group_by: "group_by",
    group_wait: "group_wait",
    group_interval: "group_interval",
    repeat_interval: "repeat_interval",
    integration: "_configs",
    inhibitions: "inhibit_rules",
    source: "source_matchers",
    target: "target_matchers",
};

const OBJECT: Keys = Keys {
    group_by: "groupBy",
    group_wait: "groupWait",
    group_interval: "groupInterval",
    repeat_interval: "repeatInterval",
    integration: "Configs",
    inhibitions: "inhibitRules",
    source: "sourceMatch",
    target: "targetMatch",
};

/// Adds the configuration that a document is; its root route, if it is a file's.
pub(super) fn add<'a>(root: NodeRef<'a>, alerting: &mut Alerting<'a>) -> Option<u32> {
    let object = root.get("kind").is_some_and(|kind| kind.text() == "AlertmanagerConfig");
    let (base, keys) = if object { (root.get("spec")?, &OBJECT) } else { (root, &FILE) };
    let route = base.get("route").filter(|route| route.kind() == NodeKind::Map)?;
    let receivers = base.get("receivers").filter(|receivers| receivers.kind() == NodeKind::List)?;
    let first = alerting.receivers.len() as u32;
    alerting.receivers.extend(receivers.items().filter_map(|node| receiver(node, keys)));
    let namespace = root.at("metadata.namespace").filter(|_| object).map(NodeRef::text);
    let receivers_here = first..alerting.receivers.len() as u32;
    let mut config = Config { keys, receivers: receivers_here, object, namespace, alerting };
    // Where the list itself, or a name in it, is only known at run time, any name may be in it.
    let named = |node: NodeRef<'a>| node.get("name").is_some_and(|name| !name.is_unknown());
    if !receivers.items().all(named) {
        config.receivers = first..first;
    }
    let at = config.route(route, None, DEPTH);
    for node in base.get(keys.inhibitions).into_iter().flat_map(NodeRef::items) {
        alerting.inhibitions.push(inhibition(node, keys));
    }
    at.filter(|_| !object)
}

/// Whether an object is an Alertmanager that does not bind the routes of objects to their namespaces, as it does by default
/// (prometheus-operator, `AlertmanagerConfigMatcherStrategy.type`: "Default: `OnNamespace`").
pub(super) fn is_other_strategy(root: NodeRef<'_>) -> bool {
    root.get("kind").is_some_and(|kind| kind.text() == "Alertmanager")
        && root
            .at("spec.alertmanagerConfigMatcherStrategy.type")
            .is_some_and(|strategy| strategy.text() != "OnNamespace")
}

fn receiver<'a>(node: NodeRef<'a>, keys: &Keys) -> Option<Receiver<'a>> {
    let name = node.get("name").filter(|name| !name.is_unknown())?;
    let mut integrations = Vec::new();
    let mut hidden = None;
    for (key, list) in node.entries() {
        let Some(kind) = key.strip_suffix(keys.integration) else { continue };
        if list.is_unknown() {
            hidden.get_or_insert(list);
        }
        integrations.extend(list.items().map(|item| Fact::written(kind, Spot::value(item))));
    }
    let integrations = match hidden.or(node.is_unknown().then_some(node)) {
        Some(hidden) => Fact::unknown_at("whom it tells is only known at run time", Spot::value(hidden)),
        None => Fact::written(integrations, Spot::value(node)),
    };
    Some(Receiver { node, name: name.text(), integrations })
}

struct Config<'a, 'c> {
    keys: &'c Keys,
    receivers: std::ops::Range<u32>,
    object: bool,
    namespace: Option<&'a str>,
    alerting: &'c mut Alerting<'a>,
}

impl<'a> Config<'a, '_> {
    fn route(&mut self, node: NodeRef<'a>, parent: Option<u32>, depth: u32) -> Option<u32> {
        if depth == 0 || node.kind() != NodeKind::Map {
            return None;
        }
        let above = parent.map(|at| &self.alerting.routes[at as usize]);
        let receiver = read::text(node, "receiver");
        let receiver = if receiver.is_absent() {
            above.map_or(receiver, |above| above.receiver.clone())
        } else {
            receiver
        };
        let span = |key, default, inherited: Option<&Fact<'a, f64>>| {
            let own =
                read::text(node, key).try_map("it is no duration of Alertmanager", duration::prometheus);
            match inherited {
                Some(inherited) if own.is_absent() => inherited.clone(),
                _ => own.or_default(default),
            }
        };
        let own = texts(node, self.keys.group_by);
        let route = Route {
            node,
            parent,
            children: Vec::new(),
            receiver,
            matchers: matchers(node, "matchers", "match", "match_re"),
            goes_on: read::truth(node, "continue").or_default(&CONTINUE),
            group_by: match above {
                Some(above) if own.is_absent() => above.group_by.clone(),
                _ => own,
            },
            group_wait: span(self.keys.group_wait, &GROUP_WAIT, above.map(|above| &above.group_wait)),
            group_interval: span(
                self.keys.group_interval,
                &GROUP_INTERVAL,
                above.map(|above| &above.group_interval),
            ),
            repeat_interval: span(
                self.keys.repeat_interval,
                &REPEAT_INTERVAL,
                above.map(|above| &above.repeat_interval),
            ),
            receivers: self.receivers.clone(),
            object: self.object,
            namespace: self.namespace,
        };
        let at = self.alerting.routes.len() as u32;
        self.alerting.routes.push(route);
        for child in node.get("routes").into_iter().flat_map(NodeRef::items) {
            if let Some(child) = self.route(child, Some(at), depth - 1) {
                self.alerting.routes[at as usize].children.push(child);
            }
        }
        Some(at)
    }
}

fn inhibition<'a>(node: NodeRef<'a>, keys: &Keys) -> Inhibition<'a> {
    Inhibition {
        node,
        source: matchers(node, keys.source, "source_match", "source_match_re"),
        target: matchers(node, keys.target, "target_match", "target_match_re"),
        equal: texts(node, "equal"),
    }
}

/// A list of texts.
fn texts<'a>(node: NodeRef<'a>, key: &'static str) -> Fact<'a, Vec<Fact<'a, &'a str>>> {
    let list = read::node(node, key);
    list.map(|list| {
        list.items().map(|item| Fact::written(item, Spot::value(item)).unless_hidden().text()).collect()
    })
}

/// The questions of a list, and of the older mappings of labels with texts and with patterns.
fn matchers<'a>(node: NodeRef<'a>, list: &str, plain: &str, pattern: &str) -> Vec<Matcher<'a>> {
    let mut found = Vec::new();
    let written = node.get(list);
    if let Some(written) = written.filter(|written| written.is_unknown()) {
        found.push(Matcher { node: written, label: "", test: None, value: "" });
    }
    for item in written.into_iter().flat_map(NodeRef::items) {
        if item.kind() == NodeKind::Map {
            found.push(of_object(item));
            continue;
        }
        match parse(item.text()).filter(|_| !item.is_unknown() && !read::is_filled_in_later(item.text())) {
            Some(questions) => found.extend(questions.into_iter().map(|(label, test, value)| Matcher {
                node: item,
                label,
                test: Some(test),
                value,
            })),
            None => found.push(Matcher { node: item, label: "", test: None, value: "" }),
        }
    }
    for (key, test) in [(plain, Test::Is), (pattern, Test::Matches)] {
        for (label, value) in node.get(key).into_iter().flat_map(NodeRef::entries) {
            let known = !value.is_unknown() && !read::is_filled_in_later(value.text());
            found.push(Matcher { node: value, label, test: known.then_some(test), value: value.text() });
        }
    }
    found
}

/// `{ name: severity, matchType: "=", value: critical }`
fn of_object(item: NodeRef<'_>) -> Matcher<'_> {
    let text = |key: &str| item.get(key).map_or("", |value| value.text());
    let regex = item.get("regex").is_some_and(|regex| regex.as_bool() == Some(true));
    let test = match text("matchType") {
        "" if regex => Some(Test::Matches),
        "" | "=" => Some(Test::Is),
        "!=" => Some(Test::IsNot),
        "=~" => Some(Test::Matches),
        "!~" => Some(Test::MatchesNot),
        _ => None,
    };
    let test = test.filter(|_| !item.children().any(NodeRef::is_unknown));
    Matcher { node: item, label: text("name"), test, value: text("value") }
}

/// Questions: `severity="critical"`, `severity =~ warning|info`, `{team="db", tier=~"1|2"}`.
fn parse(text: &str) -> Option<Vec<(&str, Test, &str)>> {
    let text = text.trim();
    let inner = text.strip_prefix('{').map_or(text, |inner| inner.strip_suffix('}').unwrap_or(inner));
    let mut found = Vec::new();
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let at = rest.find(['=', '!'])?;
        let (test, length) = match rest.get(at..at + 2)? {
            "=~" => (Test::Matches, 2),
            "!~" => (Test::MatchesNot, 2),
            "!=" => (Test::IsNot, 2),
            other if other.starts_with('=') => (Test::Is, 1),
            _ => return None,
        };
        let label = rest[..at].trim().trim_matches('"');
        let value = rest[at + length..].trim_start();
        let (value, after) = match value.strip_prefix('"') {
            // Escapes in a value are rare; what has one is not decided.
            Some(quoted) => quoted.split_once('"').filter(|(value, _)| !value.contains('\\'))?,
            None => match value.find(',') {
                // A comma ends a value only between braces.
                Some(end) if inner.len() < text.len() => value.split_at(end),
                _ => (value, ""),
            },
        };
        found.push((label, test, value.trim_end()));
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::{Test, parse};

    #[test]
    fn matchers_are_read_with_and_without_quotes() {
        assert_eq!(parse("severity=\"critical\""), Some(vec![("severity", Test::Is, "critical")]));
        assert_eq!(
            parse("severity =~ warning|info"),
            Some(vec![("severity", Test::Matches, "warning|info")])
        );
        assert_eq!(
            parse("{team!=\"db\", tier=~\"a,b\",}"),
            Some(vec![("team", Test::IsNot, "db"), ("tier", Test::Matches, "a,b")])
        );
        assert_eq!(parse("{team=db,tier=1}"), Some(vec![("team", Test::Is, "db"), ("tier", Test::Is, "1")]));
        assert_eq!(parse("team!~\"d.*\""), Some(vec![("team", Test::MatchesNot, "d.*")]));
        assert_eq!(parse("nothing"), None);
        assert_eq!(parse("a=\"\\\"\""), None);
        assert_eq!(parse("a="), None);
    }
}
