//! Where the lines of a text stand in the file that holds it: of a block, and of what was read from a file of its own. So what
//! stands inside a text, such as a configuration in a ConfigMap, is found on its own line.

use std::sync::Arc;

use super::trail::{Export, From, Made};
use crate::render::origin::{Origin, Source};
use crate::source::{Place, Span};
use crate::syntax::tree::{NodeId, NodeKind, NodeRef, Style};

/// For each line of a block's text, where it starts in the text and in the tree's; the last one is the end.
#[derive(Debug)]
pub(super) struct Lines(Vec<(u32, u32)>);

impl Lines {
    /// Of a block scalar that its tree spells out line by line.
    pub(super) fn of(node: NodeRef<'_>) -> Option<Self> {
        if node.style() != Style::Block || node.kind() != NodeKind::Text {
            return None;
        }
        let (source, span) = (&node.tree().text, node.span());
        let mut at = span.start as usize + source[span.range()].find('\n')? + 1;
        let mut lines = Vec::new();
        let mut start = 0;
        let mut indent = None;
        for line in node.text().split_inclusive('\n') {
            let end = source[at..].find('\n').map_or(source.len(), |end| at + end + 1);
            let content = line.strip_suffix('\n').unwrap_or(line);
            let raw = source[at..end].trim_end_matches(['\n', '\r']);
            if content.is_empty() {
                if !raw.trim().is_empty() {
                    return None;
                }
                lines.push((start, at as u32));
            } else {
                let found = raw.len().checked_sub(content.len())?;
                if !raw.ends_with(content) || *indent.get_or_insert(found) != found {
                    return None;
                }
                lines.push((start, (at + found) as u32));
            }
            start += line.len() as u32;
            at = end;
        }
        lines.push((start, at as u32));
        Some(Self(lines))
    }

    /// Where a byte of the text stands in the tree's.
    pub(super) fn place(&self, at: u32) -> u32 {
        let line = self.0.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.0.get(line).map_or(0, |(start, source)| source + (at - start.min(&at)))
    }
}

impl Export<'_, '_> {
    /// Where each line of a text came from, if that can be told better than of all of it.
    pub(super) fn lines(&mut self, from: From, text: &str) -> Option<Vec<Origin>> {
        self.lines_over(from, text, Origin::NONE)
    }

    fn lines_over(&mut self, from: From, text: &str, before: Origin) -> Option<Vec<Origin>> {
        match from {
            From::Nowhere | From::Key(..) => None,
            From::Node(document, node) => {
                let here = self.trail.tree(document).node(NodeId(node));
                let lines = Lines::of(here).filter(|_| here.text() == text)?;
                let whole = self.origin(from);
                let path = match self.origins.get(whole) {
                    Source::Node { path, .. } => Arc::clone(path),
                    _ => Arc::from(""),
                };
                let is_of_chart = self.trail.chart(document).is_some();
                let spans = spans(text).map(|line| Span::new(lines.place(line.start), lines.place(line.end)));
                let origins = spans.map(|span| {
                    if is_of_chart {
                        return self.node(document, node, span, before);
                    }
                    match self.trail.map(document, span) {
                        Some(place) => {
                            self.origins.add(Source::Node { place, path: Arc::clone(&path), before })
                        }
                        None => whole,
                    }
                });
                Some(origins.collect())
            }
            From::Made(at) => match self.trail.made(at) {
                Made::At(place) if place.span.len() as usize == text.len() => {
                    let (file, first) = (place.file, place.span.start);
                    let path: Arc<str> = Arc::from("");
                    let origins = spans(text).map(|line| {
                        let span = Span::new(first + line.start, first + line.end);
                        let place = Place { file, span };
                        self.origins.add(Source::Node { place, path: Arc::clone(&path), before })
                    });
                    Some(origins.collect())
                }
                Made::Over(by, earlier) => {
                    let earlier = self.over(*earlier, before);
                    self.lines_over(*by, text, earlier)
                }
                Made::At(_) | Made::Of(..) => None,
            },
        }
    }
}

/// The lines of a text without their breaks.
fn spans(text: &str) -> impl Iterator<Item = Span> + '_ {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let span = Span::new(start, start + line.trim_end_matches(['\n', '\r']).len() as u32);
        start += line.len() as u32;
        span
    })
}
