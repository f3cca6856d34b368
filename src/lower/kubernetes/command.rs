//! What a container is told to run: `command` and `args` as one list, with the node of every word.
//!
//! The image's own entry point is not known here. What its words mean is for `measure::shell` to say.

use crate::fact::Spot;
use crate::measure::place::{Place, Source};
use crate::measure::shell;
use crate::syntax::tree::{NodeKind, NodeRef};

/// The words of a container's start line.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// Their nodes, those of `command` first.
    pub words: Vec<NodeRef<'a>>,
    /// Whether the manifest names the program, and not the image.
    pub names_program: bool,
    /// Whether all words can be known.
    pub known: bool,
}

impl<'a> Command<'a> {
    /// Reads `command` and `args` of a container.
    pub fn of(container: NodeRef<'a>) -> Self {
        let mut words = Vec::new();
        let mut known = true;
        let mut names_program = false;
        for key in ["command", "args"] {
            let Some(list) = container.get(key).filter(|list| !list.is_null()) else { continue };
            known &= list.kind() == NodeKind::List;
            names_program |= key == "command";
            words.extend(list.items());
        }
        // `${…}` and `$(…)` belong to the shell here; only a template's braces are somebody else's.
        known &= words.iter().all(|word| !word.is_unknown() && !word.text().contains("{{"));
        Self { words, names_program, known }
    }

    /// The words as text.
    pub fn texts(&self) -> Vec<&'a str> {
        self.words.iter().map(|word| word.text()).collect()
    }

    /// The place of a part of it.
    pub fn spot(&self, place: &Place) -> Option<Spot<'a>> {
        let (Source::Command(at) | Source::Arg(at) | Source::Env(at)) = place.source;
        Some(Spot::within(*self.words.get(at)?, place.range.clone()))
    }

    /// The program that it names, without its folder, where the words are run as they stand. Nothing for a shell's script.
    pub fn plain_program(&self) -> Option<&'a str> {
        let texts = self.texts();
        if !self.names_program || !self.known || shell::shell(&texts).is_some() {
            return None;
        }
        texts.first().map(|first| shell::base_name(first))
    }
}
