//! How a manifest starts a container: command, arguments and environment, kept beside the nodes that hold them.
//!
//! What the image does by itself is not known, and what a Secret or a ConfigMap gives is not read: such a value stays hidden.

use crate::fact::Spot;
use crate::lower::read::is_filled_in_later;
use crate::measure::launch::Launch;
use crate::measure::place::{Place, Source};
use crate::syntax::tree::{NodeKind, NodeRef};

/// What stands for a text that is only known at run time; every reader of commands takes it for a variable.
const HIDDEN: &str = "$(HIDDEN)";

/// A container's start.
#[derive(Debug, Default)]
pub struct Start<'a> {
    command: Strings<'a>,
    args: Strings<'a>,
    env: Vec<(&'a str, &'a str)>,
    values: Vec<NodeRef<'a>>,
    /// Variables whose value stands elsewhere or is only known at run time.
    hidden: Vec<&'a str>,
    /// A whole list, or the name of a variable, is only known at run time.
    pub vague: bool,
}

/// The strings of a list.
#[derive(Debug, Default)]
pub struct Strings<'a> {
    /// Their texts.
    pub texts: Vec<&'a str>,
    nodes: Vec<NodeRef<'a>>,
    /// The list itself is only known at run time.
    pub vague: bool,
}

impl<'a> Strings<'a> {
    /// Reads a list of strings; one that is not there is empty.
    pub fn read(list: Option<NodeRef<'a>>) -> Self {
        let Some(list) = list else { return Self::default() };
        match list.kind() {
            NodeKind::List => {}
            NodeKind::Null => return Self::default(),
            _ => return Self { vague: true, ..Self::default() },
        }
        let nodes: Vec<_> = list.items().collect();
        let texts = nodes.iter().map(|node| if node.is_unknown() { HIDDEN } else { node.text() }).collect();
        Self { texts, nodes, vague: false }
    }

    /// A part of one of the strings.
    pub fn spot(&self, index: usize, range: std::ops::Range<usize>) -> Option<Spot<'a>> {
        self.nodes.get(index).map(|node| within(*node, range))
    }
}

impl<'a> Start<'a> {
    /// Reads a container.
    pub fn read(container: NodeRef<'a>) -> Self {
        let command = Strings::read(container.get("command"));
        let args = Strings::read(container.get("args"));
        let mut start = Self { vague: command.vague || args.vague, command, args, ..Self::default() };
        for variable in container.get("env").into_iter().flat_map(NodeRef::items) {
            let Some(name) = variable.get("name").filter(|name| !name.is_unknown()) else {
                start.vague = true;
                continue;
            };
            match variable.get("value") {
                Some(value) if !value.is_unknown() && !is_filled_in_later(value.text()) => {
                    start.env.push((name.text(), value.text()));
                    start.values.push(value);
                }
                _ => start.hidden.push(name.text()),
            }
        }
        start
    }

    /// The same, as the readers of commands take it.
    pub fn launch<'s>(&'s self, product: Option<&'s str>) -> Launch<'s> {
        Launch { product, command: &self.command.texts, args: &self.args.texts, env: &self.env }
    }

    /// Whether a variable is set to something that does not stand here.
    pub fn hides(&self, is: impl Fn(&str) -> bool) -> bool {
        self.hidden.iter().any(|name| is(name))
    }

    /// Whether one of these words occurs in a string of the command, or in the name or the value of a variable.
    pub fn mentions(&self, words: &[&str]) -> bool {
        let env = self.env.iter().flat_map(|(name, value)| [*name, *value]);
        let texts = self.command.texts.iter().chain(&self.args.texts).copied();
        texts.chain(env).any(|text| words.iter().any(|word| text.contains(word)))
    }

    /// Whether a whole string of the command is only known at run time: it may be any option.
    pub fn hides_options(&self) -> bool {
        let hidden = |text: &&str| ["$(", "${", "{{"].iter().any(|open| text.starts_with(open));
        self.vague || self.command.texts.iter().chain(&self.args.texts).any(hidden)
    }

    /// Where a place is in the manifest.
    pub fn spot(&self, place: &Place) -> Option<Spot<'a>> {
        match place.source {
            Source::Command(index) => self.command.spot(index, place.range.clone()),
            Source::Arg(index) => self.args.spot(index, place.range.clone()),
            Source::Env(index) => self.values.get(index).map(|node| within(*node, place.range.clone())),
        }
    }
}

fn within(node: NodeRef<'_>, range: std::ops::Range<usize>) -> Spot<'_> {
    if node.is_unknown() || node.text().get(range.clone()).is_none() || range.len() == node.text().len() {
        Spot::value(node)
    } else {
        Spot::within(node, range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::syntax::{Syntax, parse};

    #[test]
    fn hidden_text_is_no_text() {
        let text = "command: [java, -Xmx1g, $(OPTS)]\nenv:\n- { name: A, value: a }\n- { name: B, value: \"${B}\" }\n\
                    - { name: C, valueFrom: { secretKeyRef: { name: s, key: k } } }\n";
        let parsed = parse(Syntax::Yaml, FileId(0), text.into());
        let root = parsed.tree.roots().next();
        let start = root.map(Start::read).unwrap_or_default();
        assert_eq!(start.launch(None).env, [("A", "a")]);
        assert!(
            start.hides(|name| name == "B")
                && start.hides(|name| name == "C")
                && !start.hides(|name| name == "A")
        );
        assert!(start.hides_options() && start.mentions(&["-Xmx"]) && !start.vague);
        let spot = start.spot(&Place::new(Source::Command(1), 0..6));
        assert_eq!(spot.map(|spot| spot.node.text()), Some("-Xmx1g"));
    }
}
