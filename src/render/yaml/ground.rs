//! Where the values of a text that is read come from: their place in a file, or what printed their bytes.

use std::sync::Arc;

use crate::render::origin::{How, Origin, Origins, Source};
use crate::render::text::{Piece, Text};
use crate::source::{FileId, Place, Span};

/// The text that values are read from.
pub(super) enum Ground<'t> {
    /// Nobody will ask where a value comes from.
    Nowhere,
    /// A file; each value's origin is its place.
    File(FileId),
    /// Text that was rendered; each value's origin is that of its bytes.
    Text { text: &'t Text, pieces: Vec<Piece> },
}

impl<'t> Ground<'t> {
    pub(super) fn of(text: &'t Text) -> Self {
        Self::Text { text, pieces: text.pieces().collect() }
    }

    /// Whether values are known by their path.
    pub(super) fn has_paths(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The origin of the value at `span`, of which the bytes at `inner` say what it is.
    pub(super) fn origin(&self, span: Span, inner: Span, path: &Arc<str>, origins: &mut Origins) -> Origin {
        match self {
            Self::Nowhere => Origin::NONE,
            Self::File(file) => origins.add(Source::Node {
                place: Place { file: *file, span },
                path: Arc::clone(path),
                before: Origin::NONE,
            }),
            Self::Text { pieces, .. } => {
                let first = pieces.partition_point(|piece| piece.end <= inner.start);
                let behind = &pieces[first..];
                let count = behind.partition_point(|piece| piece.end < inner.end) + 1;
                origins.of(How::Joined, behind.iter().take(count).map(|piece| piece.origin))
            }
        }
    }

    /// A text of the source: with its pieces where its bytes stand there as they are.
    pub(super) fn text(&self, inner: Option<Span>, cooked: &str, origin: Origin) -> Text {
        match (self, inner) {
            (Self::Text { text, .. }, Some(inner)) => text.slice(inner.start as usize, inner.end as usize),
            _ => Text::of(cooked, origin),
        }
    }
}
