//! HCL, as Terraform writes it, to tree.
//!
//! The tree has what the JSON spelling of the same configuration has: `resource "aws_sqs_queue" "orders" { … }` is a mapping at
//! `resource.aws_sqs_queue.orders`. A block that stands once is a mapping, several of one name and labels are a list of mappings.
//! `jsonencode(x)`, and a text that spells JSON out, are what they encode. An expression that something has to evaluate is
//! unknown, and its text is the expression; of a text with `${…}` in it, the text between its quotes. `#`, `//` and `/* */` are
//! comments. A file with an error has one problem and no nodes: half a configuration would be judged wrongly.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Block, BlockLabel, Body, Structure};

use super::template;
use super::tree::{Builder, NodeKind, Scalar, Style};
use super::{Parsed, Problem};
use crate::source::{FileId, Span};

/// How deep texts that spell JSON out, and blocks, may nest.
const DEPTH: u32 = 64;

/// Functions that change nothing about what a value is.
const TRANSPARENT: [&str; 8] =
    ["jsonencode", "tolist", "toset", "tomap", "tostring", "tonumber", "sensitive", "nonsensitive"];

/// Reads a file.
pub fn parse(file: FileId, text: Arc<str>) -> Parsed {
    let source = Arc::clone(&text);
    let mut builder = Builder::new(file, text);
    let mut problems = Vec::new();
    let mut templates = Vec::new();
    match hcl_edit::parser::parse_body(&source) {
        Ok(body) => {
            builder.begin_document(0);
            let mut reading = Reading { text: &source, base: 0, builder: &mut builder, leaves: Vec::new() };
            reading.builder.open(NodeKind::Map, Style::Plain, 0);
            reading.body(&body, DEPTH);
            reading.builder.close(None);
            let mut leaves = reading.leaves;
            builder.end_document(source.len() as u32);
            leaves.sort_unstable();
            comments(&source, &leaves, &mut builder);
        }
        Err(error) => {
            let mut at = error.location().offset().min(source.len());
            while !source.is_char_boundary(at) {
                at -= 1;
            }
            if template::may_be_templated(&source)
                && let Some(marker) = template::on_line(&source, at)
            {
                templates.push(marker);
            } else {
                let end = at + source[at..].chars().next().map_or(0, char::len_utf8);
                let message = error.message().lines().next().unwrap_or_default();
                let message = message.trim().trim_end_matches(['.', ';']).to_owned();
                problems.push(Problem { span: Span::new(at as u32, end as u32), message, help: None });
            }
        }
    }
    Parsed { tree: builder.finish(), problems, templates }
}

struct Reading<'s, 'b> {
    /// The text that spans refer to.
    text: &'s str,
    /// Where it begins in the file.
    base: usize,
    builder: &'b mut Builder,
    /// Keys and values, between which comments may stand.
    leaves: Vec<Span>,
}

/// What stands under one name of a body.
enum Entry<'e> {
    Attribute(&'e Expression),
    Blocks(Vec<&'e Block>),
}

impl Reading<'_, '_> {
    fn body(&mut self, body: &Body, depth: u32) {
        let mut entries: Vec<(Span, &str, Entry<'_>)> = Vec::new();
        let mut places: rustc_hash::FxHashMap<&str, usize> = rustc_hash::FxHashMap::default();
        for structure in body.iter() {
            match structure {
                Structure::Attribute(attribute) => {
                    let span = self.span(attribute.key.span());
                    self.leaves.push(span);
                    entries.push((span, attribute.key.as_str(), Entry::Attribute(&attribute.value)));
                }
                Structure::Block(block) => {
                    let span = self.span(block.ident.span());
                    self.leaves.push(span);
                    let name = block.ident.as_str();
                    match places.get(name).and_then(|at| entries.get_mut(*at)) {
                        Some((_, _, Entry::Blocks(blocks))) => blocks.push(block),
                        _ => {
                            places.insert(name, entries.len());
                            entries.push((span, name, Entry::Blocks(vec![block])));
                        }
                    }
                }
            }
        }
        for (span, name, entry) in entries {
            self.builder.key(span, Cow::Borrowed(name));
            match entry {
                Entry::Attribute(value) => self.expression(value, depth.saturating_sub(1)),
                Entry::Blocks(blocks) => self.blocks(&blocks, 0, depth.saturating_sub(1)),
            }
        }
    }

    /// Blocks of one name, from their label number `level` on.
    fn blocks(&mut self, blocks: &[&Block], level: usize, depth: u32) {
        let labelled = blocks.iter().all(|block| block.labels.len() > level);
        let start = blocks.first().map_or(0, |block| self.span(block.span()).start);
        if depth == 0 {
            let text = Cow::Borrowed("");
            let span = Span::new(start, start);
            self.builder.scalar(Scalar { kind: NodeKind::Unknown, style: Style::Plain, span, text });
            return;
        }
        if labelled && !blocks.is_empty() {
            let mut groups: Vec<(&BlockLabel, Vec<&Block>)> = Vec::new();
            let mut places: rustc_hash::FxHashMap<&str, usize> = rustc_hash::FxHashMap::default();
            for block in blocks {
                let label = &block.labels[level];
                let at = *places.entry(label.as_str()).or_insert_with(|| {
                    groups.push((label, Vec::new()));
                    groups.len() - 1
                });
                groups[at].1.push(*block);
            }
            self.builder.open(NodeKind::Map, Style::Plain, start);
            for (label, blocks) in groups {
                let span = self.span(match label {
                    BlockLabel::Ident(ident) => ident.span(),
                    BlockLabel::String(text) => text.span(),
                });
                self.leaves.push(span);
                self.builder.key(span, Cow::Borrowed(label.as_str()));
                self.blocks(&blocks, level + 1, depth);
            }
            self.builder.close(None);
            return;
        }
        match blocks {
            [one] => self.block(one, depth),
            several => {
                self.builder.open(NodeKind::List, Style::Plain, start);
                several.iter().for_each(|block| self.block(block, depth));
                self.builder.close(None);
            }
        }
    }

    fn block(&mut self, block: &Block, depth: u32) {
        let span = self.span(block.span());
        for label in &block.labels {
            let at = match label {
                BlockLabel::Ident(ident) => ident.span(),
                BlockLabel::String(text) => text.span(),
            };
            let at = self.span(at);
            self.leaves.push(at);
        }
        self.builder.open(NodeKind::Map, Style::Plain, span.start);
        self.body(&block.body, depth);
        self.builder.close(Some(span.end));
    }

    fn expression(&mut self, expression: &Expression, depth: u32) {
        let span = self.span(expression.span());
        if depth == 0 {
            return self.unknown(span);
        }
        match expression {
            Expression::Null(_) => self.plain(NodeKind::Null, span),
            Expression::Bool(_) => self.plain(NodeKind::Bool, span),
            Expression::Number(number) => {
                let whole = number.value().as_i64().is_some();
                self.plain(if whole { NodeKind::Int } else { NodeKind::Float }, span);
            }
            Expression::String(text) => self.string(text.as_str(), span, depth),
            Expression::StringTemplate(_) => self.template(span, depth),
            Expression::HeredocTemplate(_) => self.heredoc(span, depth),
            Expression::Array(items) => {
                self.builder.open(NodeKind::List, Style::Flow, span.start);
                items.iter().for_each(|item| self.expression(item, depth - 1));
                self.builder.close(Some(span.end));
            }
            Expression::Object(object) => {
                self.builder.open(NodeKind::Map, Style::Flow, span.start);
                for (key, value) in object.iter() {
                    let (text, at) = match key {
                        ObjectKey::Ident(ident) => (Cow::Borrowed(ident.as_str()), ident.span()),
                        ObjectKey::Expression(key) => match key.as_str() {
                            Some(text) => (Cow::Borrowed(text), key.span()),
                            None => {
                                let span = self.span(key.span());
                                (Cow::Owned(self.slice(span).to_owned()), key.span())
                            }
                        },
                    };
                    let at = self.span(at);
                    self.leaves.push(at);
                    self.builder.key(at, text);
                    self.expression(value.expr(), depth - 1);
                }
                self.builder.close(Some(span.end));
            }
            Expression::Parenthesis(inner) => self.expression(inner.inner(), depth - 1),
            Expression::FuncCall(call)
                if call.args.len() == 1
                    && call.name.namespace.is_empty()
                    && TRANSPARENT.contains(&call.name.name.as_str()) =>
            {
                self.leaves.push(self.span(call.name.name.span()));
                if let Some(argument) = call.args.get(0) {
                    self.expression(argument, depth - 1);
                }
            }
            Expression::UnaryOp(_) if self.slice(span).parse::<f64>().is_ok() => {
                let whole = self.slice(span).parse::<i64>().is_ok();
                self.plain(if whole { NodeKind::Int } else { NodeKind::Float }, span);
            }
            _ => self.unknown(span),
        }
    }

    fn plain(&mut self, kind: NodeKind, span: Span) {
        self.leaves.push(span);
        let text = Cow::Owned(self.slice(span).to_owned());
        self.builder.scalar(Scalar { kind, style: Style::Plain, span, text });
    }

    fn unknown(&mut self, span: Span) {
        self.plain(NodeKind::Unknown, span);
    }

    fn string(&mut self, text: &str, span: Span, depth: u32) {
        self.leaves.push(span);
        if text.trim_start().starts_with('{') && self.json_in_quotes(span, depth) {
            return;
        }
        let inner = self.slice(span).get(1..span.len() as usize - 1);
        let text = if inner == Some(text) { Cow::Borrowed(text) } else { Cow::Owned(text.to_owned()) };
        self.scalar_in_quotes(NodeKind::Text, span, text);
    }

    /// A scalar whose text stands one byte inside its span, or is not spelt out at all.
    fn scalar_in_quotes(&mut self, kind: NodeKind, span: Span, text: Cow<'_, str>) {
        let source = Arc::clone(self.builder.text());
        let inner = source.get(span.start as usize + 1..(span.end as usize).saturating_sub(1));
        let text = match inner {
            Some(inner) if inner == text => Cow::Borrowed(inner),
            _ => Cow::Owned(text.into_owned()),
        };
        self.builder.scalar(Scalar { kind, style: Style::Double, span, text });
    }

    fn template(&mut self, span: Span, depth: u32) {
        self.leaves.push(span);
        let slice = self.slice(span);
        let inner = slice.get(1..slice.len().saturating_sub(1)).unwrap_or_default().to_owned();
        if inner.trim_start().starts_with('{') && self.json_in_quotes(span, depth) {
            return;
        }
        self.scalar_in_quotes(NodeKind::Unknown, span, Cow::Owned(inner));
    }

    fn heredoc(&mut self, span: Span, depth: u32) {
        self.leaves.push(span);
        let slice = self.slice(span);
        let start = slice.find('\n').map_or(slice.len(), |at| at + 1);
        let end = slice.trim_end().rfind('\n').unwrap_or(slice.len()).max(start);
        let body = slice[start..end].to_owned();
        if body.trim_start().starts_with('{') && self.json(&body, span.start as usize + start, depth) {
            return;
        }
        let kind =
            if body.contains("${") || body.contains("%{") { NodeKind::Unknown } else { NodeKind::Text };
        self.builder.scalar(Scalar { kind, style: Style::Block, span, text: Cow::Owned(body) });
    }

    /// JSON between quotes: with its escapes blanked it keeps its offsets.
    fn json_in_quotes(&mut self, span: Span, depth: u32) -> bool {
        let slice = self.slice(span);
        let Some(inner) = slice.get(1..slice.len().saturating_sub(1)) else { return false };
        if inner.contains("\\\\") {
            return false;
        }
        // A quote that opens keeps its place before what it quotes, one that closes behind it.
        let mut text = String::with_capacity(inner.len());
        for (at, piece) in inner.replace("\\n", "  ").replace("\\t", "  ").split("\\\"").enumerate() {
            text.push_str(["", " \"", "\" "][if at == 0 { 0 } else { 2 - at % 2 }]);
            text.push_str(piece);
        }
        self.json(&text, span.start as usize + 1, depth)
    }

    /// JSON is an expression of HCL, too.
    fn json(&mut self, text: &str, base: usize, depth: u32) -> bool {
        let trimmed = text.trim_start();
        let base = base + (text.len() - trimmed.len());
        let text = trimmed.trim_end();
        let Ok(expression @ Expression::Object(_)) = hcl_edit::parser::parse_expr(text) else { return false };
        let mut inner = Reading { text, base, builder: self.builder, leaves: Vec::new() };
        inner.expression(&expression, depth - 1);
        true
    }

    fn slice(&self, span: Span) -> &str {
        let range = span.start as usize - self.base..span.end as usize - self.base;
        self.text.get(range).unwrap_or_default()
    }

    fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or_default();
        Span::new((self.base + range.start) as u32, (self.base + range.end) as u32)
    }
}

/// A `#`, a `//` or a `/*` outside of keys and values starts a comment.
fn comments(source: &str, leaves: &[Span], builder: &mut Builder) {
    let mut from = 0;
    let last = Span::new(source.len() as u32, source.len() as u32);
    for leaf in leaves.iter().copied().chain([last]) {
        while from < leaf.start as usize {
            let gap = &source[from..leaf.start as usize];
            let Some(at) = gap.char_indices().find_map(|(at, c)| match c {
                '#' => Some(at),
                '/' if gap[at..].starts_with("//") || gap[at..].starts_with("/*") => Some(at),
                _ => None,
            }) else {
                break;
            };
            let at = from + at;
            let end = if source[at..].starts_with("/*") {
                source[at..].find("*/").map_or(source.len(), |end| at + end + 2)
            } else {
                let end = source[at..].find('\n').map_or(source.len(), |end| at + end);
                at + source[at..end].trim_end_matches('\r').len()
            };
            builder.comment(Span::new(at as u32, end as u32));
            from = end;
        }
        from = from.max(leaf.end as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let parsed = parse(FileId(0), Arc::from(text));
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        let scalars = parsed.tree.all().filter(|node| !matches!(node.kind(), NodeKind::Map | NodeKind::List));
        scalars.map(|node| format!("{} = {:?} {}", node.path(), node.kind(), node.text())).collect()
    }

    #[test]
    fn blocks_stand_where_json_has_them() {
        let text = "resource \"aws_sqs_queue\" \"orders\" {\n  name = \"orders\" # ours\n  tags = { team = \"shop\" }\n}\n\
                    locals {\n  a = 5\n}\nresource \"aws_sqs_queue\" \"dead\" {\n  name = \"${var.env}-dead\"\n}\n";
        assert_eq!(
            paths(text),
            [
                "resource.aws_sqs_queue.orders.name = Text orders",
                "resource.aws_sqs_queue.orders.tags.team = Text shop",
                "resource.aws_sqs_queue.dead.name = Unknown ${var.env}-dead",
                "locals.a = Int 5",
            ]
        );
        let tree = parse(FileId(0), Arc::from(text)).tree;
        let comments: Vec<&str> = tree.comments.iter().map(|comment| &text[comment.span.range()]).collect();
        assert_eq!(comments, ["# ours"]);
    }

    #[test]
    fn repeated_blocks_are_a_list() {
        let text = "a {\n  x = 1\n}\na {\n  x = -2\n}\nb {\n  y = max(1, 2)\n}\n";
        assert_eq!(paths(text), ["a[0].x = Int 1", "a[1].x = Int -2", "b.y = Unknown max(1, 2)"]);
    }

    #[test]
    fn json_is_what_it_encodes_however_it_is_written() {
        let expected = ["p.arn = Unknown aws_sqs_queue.dead.arn", "p.count = Int 5"];
        assert_eq!(paths("p = jsonencode({\n  arn = aws_sqs_queue.dead.arn\n  count = 5\n})\n"), expected);
        let expected = ["p.arn = Unknown ${aws_sqs_queue.dead.arn}", "p.count = Int 5"];
        let heredoc = "p = <<EOF\n{\n  \"arn\": \"${aws_sqs_queue.dead.arn}\",\n  \"count\": 5\n}\nEOF\n";
        assert_eq!(paths(heredoc), expected);
        assert_eq!(
            paths("p = \"{\\\"arn\\\":\\\"${aws_sqs_queue.dead.arn}\\\",\\\"count\\\":5}\"\n"),
            expected
        );
    }

    #[test]
    fn spans_inside_json_are_those_of_the_file() {
        let text = "p = <<EOF\n{ \"count\": 57 }\nEOF\n";
        let tree = parse(FileId(0), Arc::from(text)).tree;
        let node = tree.roots().next().and_then(|root| root.at("p.count")).map(|node| node.span());
        assert_eq!(node.map(|span| &text[span.range()]), Some("57"));
    }

    #[test]
    fn hostile_texts_end() {
        for piece in ["[", "{", "(", "!", "-", "a?", "${\"", "a {", "x = \"${", "a = b ? ", "%{ if "] {
            let text = format!("x = {}", piece.repeat(50_000));
            parse(FileId(0), Arc::from(text.as_str()));
            parse(FileId(0), Arc::from(piece.repeat(50_000).as_str()));
        }
    }

    #[test]
    fn an_error_is_a_problem_with_a_place() {
        let parsed = parse(FileId(0), Arc::from("a = \n\nb {\n"));
        assert_eq!(parsed.problems.len(), 1);
        assert!(parsed.tree.is_empty());
    }
}
