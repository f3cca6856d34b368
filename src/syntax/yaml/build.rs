//! From events to nodes: what a scalar means, what aliases and merge keys stand for, which keys are none.

use std::borrow::Cow;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::place::{block_span, ends_in_text, find_token, missing_span};
use super::{At, COPIES, GiveUp, Reader, Step};
use crate::source::Span;
use crate::syntax::Problem;
use crate::syntax::tree::{CopyError, NodeId, NodeKind, Scalar, Style, parse_float, parse_int, resolve};

impl Reader {
    /// An event that builds a node.
    pub(super) fn node(&mut self, source: &str, event: Event<'_>, span: &At) -> Step {
        if let Some(pair) = self.pair.take() {
            match event {
                Event::Scalar(_, ScalarStyle::Plain, ..) if self.ends_in_colon(source, span) => self.skip = 2,
                _ => self.open(source, NodeKind::Map, StructureStyle::Flow, 0, false, &pair)?,
            }
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(source, text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.open(source, NodeKind::List, style, anchor, tag.is_some(), span)
            }
            Event::MappingStart(StructureStyle::Flow, ..)
                if !source[self.span(span).start as usize..].starts_with('{') =>
            {
                self.pair = Some(span.clone());
                Ok(())
            }
            Event::MappingStart(style, anchor, tag) => {
                self.open(source, NodeKind::Map, style, anchor, tag.is_some(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                let problem = Problem {
                    span: self.span(span),
                    message: format!("`*{name}` is an alias, but no `&{name}` stands before it"),
                    help: Some("put it in quotes if it is text".to_owned()),
                };
                Err(Box::new(GiveUp(problem)))
            }
            _ => Ok(()),
        }
    }

    /// Whether the colon behind a plain scalar in brackets is its last character. `[fd00::, b:]` holds two texts for the parsers
    /// that Kubernetes uses; for YAML 1.2 it holds two pairs.
    fn ends_in_colon(&self, source: &str, at: &At) -> bool {
        let span = self.span(at);
        !self.flows.is_empty()
            && !span.is_empty()
            && matches!(source.as_bytes()[span.end as usize..], [b':', b']' | b'}' | b',', ..])
    }

    fn scalar(
        &mut self,
        source: &str,
        mut text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: &At,
    ) -> Step {
        let mut span = self.span(at);
        if style == ScalarStyle::Plain && self.ends_in_colon(source, at) {
            span.end += 1;
            text.to_mut().push(':');
        }
        let before = std::mem::replace(&mut self.last, span.end);
        let is_key = self.builder.wants_key() && !self.merging;
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let missing = style == Style::Plain && span.is_empty();
        if missing {
            text = Cow::Borrowed("");
        }
        if style == Style::Block {
            let bytes = &at.bytes;
            let next = self.shifts.partition_point(|(behind, _)| *behind <= bytes.start);
            if self.shifts.get(next).is_some_and(|(behind, _)| *behind <= bytes.end) {
                self.spoiled = true;
                self.given_up = true;
                return Ok(());
            }
            span = block_span(source, before, span, &text);
            let ends = |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            if source.as_bytes()[span.end as usize..].iter().copied().all(ends)
                && ends_in_text(&source[span.start as usize..], &text)
            {
                // The parser ends every line; this one ends with the file.
                text.to_mut().pop();
            }
        } else if missing && self.builder.has_key() {
            span = missing_span(source, span.start);
        }
        if missing && tag.is_none() && anchor == 0 && self.builder.depth() == 0 && !self.merging {
            // A document with nothing in it.
            return Ok(());
        }
        let kind = match kind_of(&text, style, tag) {
            Ok(kind) => kind,
            Err(wanted) => {
                return give_up(
                    span,
                    format!("`{}` cannot be read as `!!{wanted}`", excerpt(&text)),
                    Some("drop the tag, or write a value that it fits"),
                );
            }
        };
        if is_key {
            if missing {
                return give_up(span, "a key is missing here", Some("write the key before its `:`"));
            }
            if anchor != 0 {
                self.builder.detach_next();
                let id = self.builder.scalar(Scalar { kind, style, span, text: Cow::Borrowed(&text) });
                self.anchor(anchor, id);
            }
            if style == Style::Plain && text == "<<" && tag.is_none_or(|tag| tag.suffix() == "merge") {
                self.merging = true;
                self.builder.reach(span.end);
            } else {
                self.builder.key(span, key_text(text, kind));
            }
            return Ok(());
        }
        if self.merging {
            return self.no_map(span);
        }
        let id = self.builder.scalar(Scalar { kind, style, span, text });
        if tag.is_some() {
            self.tag(id, at);
        }
        self.anchor(anchor, id);
        Ok(())
    }

    fn tag(&mut self, id: NodeId, at: &At) {
        if let Some(tag) = &at.tag {
            self.builder.tag(id, Span::new(self.offset(tag.start), self.offset(tag.end)));
        }
    }

    fn anchor(&mut self, anchor: usize, id: NodeId) {
        if anchor == 0 {
            return;
        }
        // Numbers go up by one, also from document to document.
        if self.anchors.is_empty() {
            self.first_anchor = anchor;
        }
        let at = anchor.saturating_sub(self.first_anchor);
        if self.anchors.len() <= at {
            self.anchors.resize(at + 1, None);
        }
        self.anchors[at] = Some(id);
    }

    fn open(
        &mut self,
        source: &str,
        kind: NodeKind,
        style: StructureStyle,
        anchor: usize,
        tagged: bool,
        at: &At,
    ) -> Step {
        let mut span = self.span(at);
        if kind == NodeKind::List && style == StructureStyle::Block && self.builder.has_key() {
            // Of a list that is indented like its key, the parser gives the first item; it starts at the dash before.
            let dash = find_token(source, self.last, span.start, false, |bytes| {
                matches!(bytes, [b'-'] | [b'-', b' ' | b'\t' | b'\n' | b'\r', ..])
            });
            span = dash.map_or(span, |dash| Span::new(dash, dash + 1));
        }
        self.last = span.end;
        if self.merging {
            self.merging = false;
            self.builder.detach_next();
            self.merges.push((self.builder.depth(), NodeId(self.builder.len() as u32)));
        } else if self.builder.wants_key() {
            let first = source[span.start as usize..].chars().next().map_or(0, char::len_utf8);
            let end = span.end.max(span.start + first as u32);
            let what = if kind == NodeKind::Map { "a mapping" } else { "a list" };
            return give_up(
                Span::new(span.start, end),
                format!("a key must be text, and this one is {what}"),
                Some("put the key in quotes if the brackets are meant literally"),
            );
        }
        let style = match style {
            StructureStyle::Flow => {
                self.flows.push(span.start);
                Style::Flow
            }
            StructureStyle::Block => Style::Plain,
        };
        let id = self.builder.open(kind, style, span.start);
        if tagged {
            self.tag(id, at);
        }
        self.anchor(anchor, id);
        Ok(())
    }

    fn close(&mut self, at: &At) -> Step {
        let span = self.span(at);
        // The end of a block, or of a pair in a flow sequence without braces, is only known by what it holds.
        let ends = !span.is_empty();
        self.builder.close(ends.then_some(span.end));
        if ends {
            self.last = span.end;
            self.flows.pop();
        }
        match self.merges.last().copied() {
            Some((depth, id)) if depth == self.builder.depth() => {
                self.merges.pop();
                self.merge(id, self.builder.node(id).span())
            }
            _ => Ok(()),
        }
    }

    fn alias(&mut self, anchor: usize, at: &At) -> Step {
        let span = self.span(at);
        self.last = span.end;
        let target =
            anchor.checked_sub(self.first_anchor).and_then(|at| self.anchors.get(at)).copied().flatten();
        let Some(target) = target else { return Ok(()) };
        if self.merging {
            self.merging = false;
            self.builder.reach(span.end);
            return self.merge(target, span);
        }
        if self.builder.wants_key() {
            let node = self.builder.node(target);
            if matches!(node.kind(), NodeKind::List | NodeKind::Map) {
                return give_up(span, "a key must be text, and this alias stands for more", None);
            }
            let text = node.text().to_owned();
            self.builder.key(span, Cow::Owned(text));
            return Ok(());
        }
        let taken = self.builder.copy(target, self.budget);
        self.builder.reach(span.end);
        self.count(taken, span)
    }

    /// Brings the entries of a mapping, or of each mapping in a list, into the innermost mapping.
    fn merge(&mut self, target: NodeId, span: Span) -> Step {
        let node = self.builder.node(target);
        let targets: Vec<NodeId> = match node.kind() {
            NodeKind::Map => vec![target],
            NodeKind::List => node.items().map(|item| item.id()).collect(),
            _ => return self.no_map(span),
        };
        for target in targets {
            if self.builder.node(target).kind() != NodeKind::Map {
                return self.no_map(span);
            }
            let taken = self.builder.merge(target, self.budget);
            self.count(taken, span)?;
        }
        Ok(())
    }

    fn count(&mut self, taken: Result<usize, CopyError>, span: Span) -> Step {
        match taken {
            Ok(taken) => {
                self.budget -= taken.min(self.budget);
                Ok(())
            }
            Err(CopyError::Cyclic) => give_up(span, "this alias stands inside of what it stands for", None),
            Err(CopyError::Budget) => give_up(
                span,
                format!("the aliases of this file expand to more than {COPIES} values"),
                Some("write the values out, or split the file"),
            ),
            Err(CopyError::NotAMap) => self.no_map(span),
        }
    }

    fn no_map(&mut self, span: Span) -> Step {
        give_up(span, "`<<` needs a mapping, an alias of one, or a list of them", None)
    }
}

fn give_up(span: Span, message: impl Into<String>, help: Option<&str>) -> Step {
    Err(Box::new(GiveUp(Problem { span, message: message.into(), help: help.map(str::to_owned) })))
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// What a scalar is, by its tag or by how it is written; the name of the tag that it does not fit.
fn kind_of<'t>(text: &str, style: Style, tag: Option<&'t Tag>) -> Result<NodeKind, &'t str> {
    let Some(tag) = tag else {
        return Ok(if style == Style::Plain { resolve(text) } else { NodeKind::Text });
    };
    let Some(wanted) = tag.core_suffix() else { return Ok(NodeKind::Text) };
    let found = resolve(text);
    match (wanted, found) {
        ("str", _) => Ok(NodeKind::Text),
        ("int", NodeKind::Int) | ("bool", NodeKind::Bool) | ("null", NodeKind::Null) => Ok(found),
        ("float", NodeKind::Int | NodeKind::Float) => Ok(NodeKind::Float),
        ("int" | "bool" | "null" | "float", _) => Err(wanted),
        _ => Ok(NodeKind::Text),
    }
}

/// Keys become text on the way to JSON. The truth values of YAML 1.1 beyond `true` and `false` keep their spelling: who
/// writes `on:` or `y:` means that word, and most readers of YAML take it so.
fn key_text(text: Cow<'_, str>, kind: NodeKind) -> Cow<'_, str> {
    match kind {
        NodeKind::Int => match parse_int(&text).map(|number| number.to_string()) {
            Some(number) if number != text => Cow::Owned(number),
            _ => text,
        },
        NodeKind::Float => match parse_float(&text).map(float_key) {
            Some(number) if number != text => Cow::Owned(number),
            _ => text,
        },
        NodeKind::Bool if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => {
            Cow::Owned(text.to_ascii_lowercase())
        }
        _ => text,
    }
}

/// A float as a key of JSON, as the conversion for Kubernetes writes it: the shortest form of a single.
fn float_key(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
