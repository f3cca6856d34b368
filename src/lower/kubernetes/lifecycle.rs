//! How a container stops, as its manifest says it: the hook before the stop, the time that servers say they drain. And the
//! properties that a JVM is started with.

use std::borrow::Cow;
use std::ops::Range;

use super::start::{Start, within};
use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::measure::shell;
use crate::syntax::tree::NodeRef;

/// The hook that runs before a container is told to stop.
#[derive(Clone, Copy, Debug)]
pub struct PreStop<'a> {
    /// `lifecycle.preStop`.
    pub node: NodeRef<'a>,
}

/// The hook of a container, if it has one.
pub fn pre_stop<'a>(container: NodeRef<'a>) -> Fact<'a, PreStop<'a>> {
    read::node(container, "lifecycle.preStop").map(|node| PreStop { node })
}

impl<'a> PreStop<'a> {
    /// `sleep`, `exec`, `httpGet` or `tcpSocket`.
    pub fn kind(&self) -> Fact<'a, &'a str> {
        let known = ["sleep", "exec", "httpGet", "tcpSocket"];
        match self.node.entries().find(|(key, value)| known.contains(key) && !value.is_null()) {
            Some((key, value)) => Fact::written(key, Spot::key(value)),
            None => Fact::unknown_at("the hook is of no kind that is known", Spot::key(self.node)),
        }
    }

    /// How long it takes; unknown if it does anything else than wait.
    pub fn lasts(&self) -> Fact<'a, f64> {
        if self.node.get("sleep").is_some_and(|sleep| !sleep.is_null()) {
            return read::number(self.node, "sleep.seconds");
        }
        let command = self.command();
        let Some(argv) = command.value() else { return command.map(|_| 0.0) };
        let texts: Vec<&str> = argv.iter().map(|part| part.text()).collect();
        let spot = argv.last().map_or(Spot::key(self.node), |last| {
            let place = sleep_in(last.text());
            place.map_or(Spot::value(*last), |range| Spot::within(*last, range))
        });
        match shell::pause(&texts) {
            Some(seconds) => Fact::written(seconds, spot),
            None => Fact::unknown_at("nobody can say how long the hook takes", spot),
        }
    }

    /// The first program that the hook needs in the image: the shell, or what it runs without one.
    pub fn program(&self) -> Fact<'a, &'a str> {
        let command = self.command();
        let spot = command.value().and_then(|argv| argv.first()).map(|first| Spot::value(*first));
        let first = command.map(|argv| argv.first().map_or("", |first| first.text()));
        match (first.value(), spot) {
            (Some(text), Some(spot)) => Fact::written(text.rsplit('/').next().unwrap_or(text), spot),
            _ => first,
        }
    }

    fn command(&self) -> Fact<'a, Vec<NodeRef<'a>>> {
        let node = match read::node(self.node, "exec.command") {
            fact if fact.is_absent() && self.node.get("exec").is_none() => {
                return Fact::unknown_at("nobody can say how long the hook takes", Spot::key(self.node));
            }
            fact => fact,
        };
        let hidden = node.value().and_then(|list| list.items().find(|part| part.is_unknown()));
        match hidden {
            Some(part) => {
                Fact::unknown_at("a part of the hook's command is only known at run time", Spot::value(part))
            }
            None => node.map(|list| list.items().collect()),
        }
    }
}

/// The bytes of `sleep 20` in a script, for the eye only.
fn sleep_in(text: &str) -> Option<Range<usize>> {
    let start = text.find("sleep ")?;
    let digits = text[start + 6..]
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .unwrap_or(text.len() - start - 6);
    (digits > 0 && (start > 0 || digits + 6 < text.len())).then_some(start..start + 6 + digits)
}

/// The system properties (`-Dname=value`) that a JVM in a container is started with, in the order of their weight: the last of
/// two with one name counts.
pub fn java_properties<'a>(start: &Start<'a>) -> Fact<'a, Vec<(Cow<'a, str>, Fact<'a, &'a str>)>> {
    // The JVM itself reads the first three; the others are customs of start scripts.
    const READ: [&str; 3] = ["JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS"];
    const CUSTOM: [&str; 4] = ["JAVA_OPTS", "JVM_OPTS", "JAVA_OPTIONS", "CATALINA_OPTS"];
    let container = start.owner();
    if start.is_elsewhere(&READ) || start.is_elsewhere(&CUSTOM) {
        return Fact::unknown_at("the JVM's options stand elsewhere", Spot::value(container));
    }
    let mut found: Vec<(Cow<'a, str>, Fact<'a, &'a str>)> = Vec::new();
    for (node, name, value) in start.env() {
        let custom = CUSTOM.contains(&name);
        if !custom && !READ.contains(&name) {
            continue;
        }
        for (at, word) in words(value) {
            let Some((property, value)) = property(word) else { continue };
            let spot = within(node, at..at + word.len());
            let fact = unless_later(value, spot);
            found.push((Cow::Borrowed(property), if custom { fact.guessed() } else { fact }));
        }
    }
    let java = start.names_program()
        && start.words().next().is_some_and(|first| shell::base_name(first.text()) == "java");
    if java && start.hidden().is_none() {
        for node in start.words() {
            let Some((property, value)) = property(node.text()) else { continue };
            found.push((Cow::Borrowed(property), unless_later(value, Spot::value(node))));
        }
    } else if java {
        return Fact::unknown_at("a part of the command is only known at run time", Spot::value(container));
    }
    Fact::written(found, Spot::value(container))
}

/// A text that another tool fills in later cannot be known.
fn unless_later<'a>(text: &'a str, spot: Spot<'a>) -> Fact<'a, &'a str> {
    if read::is_filled_in_later(text) {
        Fact::unknown_at("it is only known at run time", spot)
    } else {
        Fact::written(text, spot)
    }
}

fn property(word: &str) -> Option<(&str, &str)> {
    word.strip_prefix("-D")?.split_once('=')
}

/// Words between white space with their offsets.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_ascii_whitespace().map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}
