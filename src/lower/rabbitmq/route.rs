//! Where dead letters end: through an exchange and its bindings, or by the name of a queue.

use super::{Declared, Vhost};
use crate::fact::{Fact, Reason, Spot};
use crate::syntax::tree::NodeRef;

/// The queues that dead letters reach.
#[derive(Debug, Default)]
pub(super) struct Routes<'a> {
    /// The routing keys for which queues are bound to the exchange.
    pub(super) bindings: Vec<Fact<'a, &'a str>>,
    /// Positions in the list of queues.
    pub(super) queues: Vec<u32>,
    /// Why they may reach others.
    pub(super) open: Option<Reason>,
    /// Whether all dead letters go the same way, whatever key a message came with.
    pub(super) all_alike: bool,
}

/// Where the dead letters of a queue go.
pub(super) fn dead_letters<'a>(
    vhost: &Vhost<'a>,
    queue: &Declared<'a>,
    exchange: &Fact<'a, &'a str>,
    key: &Fact<'a, &'a str>,
) -> Routes<'a> {
    let open = |reason: &'static str| Routes { open: Some(Reason::new(reason)), ..Routes::default() };
    if vhost.hidden || exchange.is_unknown() || key.is_unknown() {
        return open("where dead letters go is only known at run time");
    }
    let Some(exchange) = exchange.value().copied() else { return Routes::default() };
    let keys: Vec<&str> = match key.value() {
        Some(key) => vec![key],
        None => original_keys(vhost, queue),
    };
    if exchange.is_empty() {
        let all_alike = key.value().is_some();
        return Routes { queues: named(vhost, &keys), all_alike, ..Routes::default() };
    }
    let declared = vhost.exchanges.iter().find(|other| other.name == exchange);
    let kind = match declared {
        Some(declared) => declared.spec.get("type").map_or("direct", NodeRef::text),
        None if exchange.starts_with("amq.") => {
            return open("it is one of the exchanges that are always there");
        }
        // Objects may be made by an application, too; where none of the exchanges is declared, this one may be as well.
        None if !vhost.complete && vhost.exchanges.is_empty() => {
            return open("no exchange is declared here");
        }
        None => return Routes::default(),
    };
    let all_alike = key.value().is_some() || kind == "fanout";
    let mut routes = Routes { all_alike, ..Routes::default() };
    for binding in vhost.bindings.iter().filter(|binding| part(binding, "source") == exchange) {
        if part(binding, vhost.keys.destination_type) == "exchange" {
            routes.open = Some(Reason::new("it is bound to another exchange"));
            continue;
        }
        let pattern = part(binding, vhost.keys.routing_key);
        let place = binding.get(vhost.keys.routing_key).unwrap_or(*binding);
        routes.bindings.push(Fact::written(pattern, Spot::value(place)));
        let matches = match kind {
            "fanout" => true,
            "direct" => keys.contains(&pattern),
            "topic" => keys.iter().any(|key| topic(pattern, key)),
            _ => {
                routes.open = Some(Reason::new("the exchange goes by more than the routing key"));
                continue;
            }
        };
        if binding.children().any(NodeRef::is_unknown) {
            routes.open = Some(Reason::new("a binding is only known at run time"));
        } else if matches {
            routes.queues.extend(named(vhost, &[part(binding, "destination")]));
        }
    }
    if !vhost.complete && routes.queues.is_empty() && vhost.bindings.is_empty() {
        routes.open = Some(Reason::new("no binding is declared here"));
    }
    routes.queues.sort_unstable();
    routes.queues.dedup();
    routes
}

fn part<'a>(node: &NodeRef<'a>, key: &str) -> &'a str {
    node.get(key).map_or("", |value| value.text())
}

fn named(vhost: &Vhost<'_>, names: &[&str]) -> Vec<u32> {
    let all = vhost.queues.iter().enumerate();
    all.filter(|(_, queue)| names.contains(&queue.name)).map(|(at, _)| at as u32).collect()
}

/// The routing keys that a message of a queue may have come with: its bindings', and its own name.
fn original_keys<'a>(vhost: &Vhost<'a>, queue: &Declared<'a>) -> Vec<&'a str> {
    let bound = vhost.bindings.iter().filter(|binding| part(binding, "destination") == queue.name);
    std::iter::once(queue.name).chain(bound.map(|binding| part(binding, vhost.keys.routing_key))).collect()
}

/// Whether a pattern of a topic exchange takes a key: `*` is one word, `#` any number of words. A key that is a pattern itself
/// (the original key of a message is not known) matches what it might become.
fn topic(pattern: &str, key: &str) -> bool {
    if key.contains(['*', '#']) {
        return true;
    }
    fn words(pattern: &[&str], key: &[&str], steps: &mut u32) -> bool {
        *steps += 1;
        if *steps > 10_000 {
            return true;
        }
        match (pattern.split_first(), key.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), _) => {
                words(rest, key, steps)
                    || key.split_first().is_some_and(|(_, tail)| words(pattern, tail, steps))
            }
            (Some((&"*", rest)), Some((_, tail))) => words(rest, tail, steps),
            (Some((word, rest)), Some((other, tail))) if word == other => words(rest, tail, steps),
            _ => false,
        }
    }
    let pattern: Vec<&str> = pattern.split('.').collect();
    let key: Vec<&str> = key.split('.').collect();
    words(&pattern, &key, &mut 0)
}

#[cfg(test)]
mod tests {
    use super::topic;

    #[test]
    fn topics_match_by_words() {
        assert!(topic("orders.#", "orders"));
        assert!(topic("orders.*.failed", "orders.eu.failed"));
        assert!(!topic("orders.*", "orders.eu.failed"));
        assert!(topic("#", "anything.at.all"));
        assert!(!topic("payments.#", "orders.eu"));
    }
}
