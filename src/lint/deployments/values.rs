//! Values that stand in a part of a file: below a key, or in a text.

use camino::Utf8PathBuf;

use super::Here;
use crate::render::helm::files::{Content, File};
use crate::render::origin::Origins;
use crate::render::yaml::load::load;
use crate::source::Span;
use crate::syntax::tree::{NodeKind, NodeRef, Style};

/// Values of a deployment.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The file that they stand in.
    pub(super) path: Utf8PathBuf,
    /// Where they stand in it, if they are not all of it.
    pub(super) span: Option<Span>,
    /// The file with that text alone.
    pub(super) file: Option<File>,
}

/// The values that a node holds, as a map or as text. `stand_in` puts letters where somebody else fills something in, as many bytes
/// as stand there.
pub(super) fn part(node: NodeRef<'_>, here: &Here<'_>, stand_in: impl Fn(&str) -> String) -> Option<Part> {
    let text = &node.tree().text;
    let span = match (node.kind(), node.style()) {
        (NodeKind::Map, _) if node.entries().next().is_some() => node.span(),
        (NodeKind::Text, Style::Block) => {
            let span = node.span();
            let header = text.get(span.range())?.find('\n')? as u32;
            // Where lines are folded, places are lost.
            if text[span.range()].starts_with('>') {
                return None;
            }
            Span::new(span.start + header + 1, span.end)
        }
        _ => return None,
    };
    // The values keep their places if what stands before them is blank.
    let before = text.get(..span.start as usize)?;
    let blank: String = before
        .chars()
        .flat_map(|c| std::iter::repeat_n(if c == '\n' { '\n' } else { ' ' }, c.len_utf8()))
        .collect();
    let values = stand_in(text.get(span.range())?);
    let (text, id) = (format!("{blank}{values}"), node.tree().file);
    // An anchor may stand elsewhere in the file.
    load(&text, id, &mut Origins::default()).ok()?;
    let file = File { id, content: Content::Text(text.into()) };
    Some(Part { path: here.around.sources.path(id).to_owned(), span: Some(span), file: Some(file) })
}
