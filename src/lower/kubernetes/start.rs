//! How a manifest starts a container: command, arguments and environment, kept beside the nodes that hold them.
//!
//! What the image does by itself is not known, and what a Secret or a ConfigMap gives is not read. What the words mean is for
//! `measure` to say.

use super::image;
use crate::fact::Spot;
use crate::lower::read::is_filled_in_later;
use crate::measure::image::Image;
use crate::measure::launch::Launch;
use crate::measure::place::{Place, Source};
use crate::measure::shell;
use crate::syntax::tree::{NodeKind, NodeRef};

/// What stands for a text that is only known at run time; every reader of commands takes it for a variable.
const HIDDEN: &str = "$(HIDDEN)";

/// The strings of a list.
#[derive(Clone, Debug, Default)]
pub struct Strings<'a> {
    /// Their texts.
    pub texts: Vec<&'a str>,
    nodes: Vec<NodeRef<'a>>,
    /// The list itself, where it is only known at run time.
    vague: Option<NodeRef<'a>>,
}

impl<'a> Strings<'a> {
    /// Reads a list of strings; one that is not there is empty.
    pub fn read(list: Option<NodeRef<'a>>) -> Self {
        let Some(list) = list else { return Self::default() };
        match list.kind() {
            NodeKind::List => {}
            NodeKind::Null => return Self::default(),
            _ => return Self { vague: Some(list), ..Self::default() },
        }
        let nodes: Vec<_> = list.items().collect();
        let texts = nodes.iter().map(|node| if node.is_unknown() { HIDDEN } else { node.text() }).collect();
        Self { texts, nodes, vague: None }
    }

    /// One string that a shell reads.
    fn script(text: NodeRef<'a>) -> Self {
        Self { texts: vec!["sh", "-c", text.text()], nodes: vec![text; 3], vague: None }
    }

    /// Whether the list itself is only known at run time.
    pub fn is_vague(&self) -> bool {
        self.vague.is_some()
    }

    /// What hides a part of it, or all.
    fn hidden(&self) -> Option<NodeRef<'a>> {
        self.vague.or_else(|| self.nodes.iter().copied().find(|node| node.is_unknown()))
    }

    /// A part of one of the strings.
    pub fn spot(&self, index: usize, range: std::ops::Range<usize>) -> Option<Spot<'a>> {
        self.nodes.get(index).map(|node| within(*node, range))
    }
}

/// A container's start.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    container: NodeRef<'a>,
    /// The image, taken apart, if that can be done.
    image: Option<Image<'a>>,
    command: Strings<'a>,
    args: Strings<'a>,
    /// Whether the manifest names the program, and not the image.
    names_program: bool,
    /// The variables with a value that stands here.
    env: Vec<(&'a str, &'a str)>,
    values: Vec<NodeRef<'a>>,
    /// Where in its node each value begins.
    begins: Vec<usize>,
    /// Variables whose value stands elsewhere.
    elsewhere: Vec<&'a str>,
    /// Variables may come in that nobody names here.
    open_env: bool,
    /// The name of a variable is only known at run time.
    vague_env: bool,
}

impl<'a> Start<'a> {
    /// Reads a container.
    pub fn of(container: NodeRef<'a>) -> Self {
        let mut start = Self {
            container,
            image: image::parsed(container),
            command: Strings::read(container.get("command")),
            args: Strings::read(container.get("args")),
            names_program: container.get("command").is_some_and(|list| !list.is_null()),
            env: Vec::new(),
            values: Vec::new(),
            begins: Vec::new(),
            elsewhere: Vec::new(),
            open_env: container
                .get("envFrom")
                .is_some_and(|from| !from.is_null() && from.children().next().is_some()),
            vague_env: false,
        };
        for variable in container.get("env").into_iter().flat_map(NodeRef::items) {
            let Some(name) = variable.get("name").filter(|name| !name.is_unknown()) else {
                start.vague_env = true;
                continue;
            };
            match variable.get("value") {
                Some(value) if !value.is_unknown() => {
                    start.env.push((name.text(), value.text()));
                    start.values.push(value);
                    start.begins.push(0);
                }
                // A variable without a value is empty.
                None if variable.get("valueFrom").is_none() => {}
                _ => start.elsewhere.push(name.text()),
            }
        }
        start
    }

    /// A start that something else than a container's manifest says: an entry point and a command, each a list or one string
    /// for a shell; variables with their nodes, and where in these their values begin.
    pub fn of_words(
        owner: NodeRef<'a>,
        entry_point: Option<NodeRef<'a>>,
        command: Option<NodeRef<'a>>,
        env: &[(&'a str, NodeRef<'a>, usize)],
        open_env: bool,
    ) -> Self {
        let words = |node: Option<NodeRef<'a>>| match node {
            Some(text) if text.kind() == NodeKind::Text => Strings::script(text),
            other => Strings::read(other),
        };
        let (first, second) = (words(entry_point), words(command));
        let named = entry_point.or(command).is_some_and(|node| !node.is_null());
        // Without an entry point of its own the image's runs the command, which most images hand on as it stands.
        let (command, args) = if entry_point.is_some() { (first, second) } else { (second, first) };
        let known = |node: &NodeRef<'_>| !node.is_unknown() && !node.is_null();
        let given: Vec<_> = env.iter().filter(|(_, node, _)| known(node)).collect();
        Self {
            container: owner,
            image: image::parsed(owner),
            command,
            args,
            names_program: named,
            env: given
                .iter()
                .map(|(name, node, begin)| (*name, node.text().get(*begin..).unwrap_or("")))
                .collect(),
            values: given.iter().map(|(_, node, _)| *node).collect(),
            begins: given.iter().map(|(.., begin)| *begin).collect(),
            elsewhere: env.iter().filter(|(_, node, _)| !known(node)).map(|(name, ..)| *name).collect(),
            open_env,
            vague_env: false,
        }
    }

    /// What is started.
    pub fn owner(&self) -> NodeRef<'a> {
        self.container
    }

    /// The words of command and arguments, as one list.
    pub fn words(&self) -> impl Iterator<Item = NodeRef<'a>> + use<'_, 'a> {
        self.command.nodes.iter().chain(&self.args.nodes).copied()
    }

    /// Their texts.
    pub fn texts(&self) -> Vec<&'a str> {
        self.command.texts.iter().chain(&self.args.texts).copied().collect()
    }

    /// Whether all words can be known. `${…}` and `$(…)` belong to the shell here; only a template's braces are somebody else's.
    pub fn is_known(&self) -> bool {
        self.hidden().is_none() && !self.texts().iter().any(|text| text.contains("{{"))
    }

    /// Whether a whole list, or the name of a variable, is only known at run time.
    pub fn is_vague(&self) -> bool {
        self.command.is_vague() || self.args.is_vague() || self.vague_env
    }

    /// Whether the manifest names the program, and not the image.
    pub fn names_program(&self) -> bool {
        self.names_program
    }

    /// The program that it names, without its folder, where the words are run as they stand. Nothing for a shell's script.
    pub fn plain_program(&self) -> Option<&'a str> {
        let texts = self.texts();
        if !self.names_program || !self.is_known() || shell::shell(&texts).is_some() {
            return None;
        }
        texts.first().map(|first| shell::base_name(first))
    }

    /// What hides a part of the words, or all.
    pub fn hidden(&self) -> Option<NodeRef<'a>> {
        self.command.hidden().or_else(|| self.args.hidden())
    }

    /// Asks `measure` about it. What is hidden is a variable there.
    pub fn ask<'s, T>(&'s self, question: impl FnOnce(&Launch<'s>) -> T) -> T {
        let product = self.product();
        question(&Launch { product, command: &self.command.texts, args: &self.args.texts, env: &self.env })
    }

    /// The image, taken apart, if that can be done.
    pub fn image(&self) -> Option<&Image<'a>> {
        self.image.as_ref()
    }

    /// What the image is, by its name: a guess.
    pub fn product(&self) -> Option<&'a str> {
        self.image().and_then(Image::product)
    }

    /// The tag of the image, where it is written out.
    pub fn tag(&self) -> Option<&'a str> {
        self.image().and_then(Image::tag_text)
    }

    /// The variables with a value that stands here: its node, name, value.
    pub fn env(&self) -> impl Iterator<Item = (NodeRef<'a>, &'a str, &'a str)> + use<'_, 'a> {
        self.values.iter().zip(&self.env).map(|(node, (name, value))| (*node, *name, *value))
    }

    /// Whether the value of a variable stands elsewhere, or may.
    pub fn is_elsewhere(&self, names: &[&str]) -> bool {
        self.open_env || self.vague_env || self.elsewhere.iter().any(|name| names.contains(name))
    }

    /// Whether a variable that is named here has a value of which a part is only known at run time.
    pub fn hides(&self, is: impl Fn(&str) -> bool) -> bool {
        let later = self.env.iter().filter(|(_, value)| is_filled_in_later(value)).map(|(name, _)| name);
        self.elsewhere.iter().chain(later).any(|name| is(name))
    }

    /// Whether one of these words occurs in a string of the command, or in the name or the value of a variable.
    pub fn mentions(&self, words: &[&str]) -> bool {
        let env = self.env.iter().flat_map(|(name, value)| [*name, *value]);
        self.texts().into_iter().chain(env).any(|text| words.iter().any(|word| text.contains(word)))
    }

    /// Whether a whole string of the command is only known at run time: it may be any option.
    pub fn hides_options(&self) -> bool {
        let hidden = |text: &&str| ["$(", "${", "{{"].iter().any(|open| text.starts_with(open));
        self.is_vague() || self.texts().iter().any(hidden)
    }

    /// Where a place is in the manifest, for what was asked of the start.
    pub fn spot(&self, place: &Place) -> Option<Spot<'a>> {
        match place.source {
            Source::Command(index) => self.command.spot(index, place.range.clone()),
            Source::Arg(index) => self.args.spot(index, place.range.clone()),
            Source::Env(index) => self
                .values
                .get(index)
                .zip(self.begins.get(index))
                .map(|(node, begin)| within(*node, place.range.start + begin..place.range.end + begin)),
        }
    }

    /// Where a place is in the manifest, for what was asked of the words as one list.
    pub fn word_spot(&self, place: &Place) -> Option<Spot<'a>> {
        let (Source::Command(at) | Source::Arg(at) | Source::Env(at)) = place.source;
        self.words().nth(at).map(|node| Spot::within(node, place.range.clone()))
    }
}

/// A part of a scalar, or all of it where the part is the whole.
pub(super) fn within(node: NodeRef<'_>, range: std::ops::Range<usize>) -> Spot<'_> {
    if node.is_unknown() || node.text().get(range.clone()).is_none() || range.len() == node.text().len() {
        Spot::value(node)
    } else {
        Spot::within(node, range)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::source::FileId;
    use crate::syntax::{Syntax, parse};

    #[test]
    fn hidden_text_is_no_text() {
        let text = "command: [java, -Xmx1g, $(OPTS)]\nenv:\n- { name: A, value: a }\n- { name: B, value: \"${B}\" }\n\
                    - { name: C, valueFrom: { secretKeyRef: { name: s, key: k } } }\n- { name: D }\n";
        let parsed = parse(Syntax::Yaml, FileId(0), text.into());
        let start = Start::of(parsed.tree.roots().next().unwrap());
        for (name, hidden, elsewhere) in
            [("A", false, false), ("B", true, false), ("C", true, true), ("D", false, false)]
        {
            assert_eq!(start.hides(|hidden| hidden == name), hidden, "{name}");
            assert_eq!(start.is_elsewhere(&[name]), elsewhere, "{name}");
        }
        assert!(start.hides_options() && start.mentions(&["-Xmx"]) && !start.is_vague());
        let spot = start.spot(&Place::new(Source::Command(1), 0..6));
        assert_eq!(spot.map(|spot| spot.node.text()), Some("-Xmx1g"));
    }
}
