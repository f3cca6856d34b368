//! TOML to tree.
//!
//! Tables may be written in any order and in pieces; the tree has them where they are first named, in the order in which
//! they are written. A file with an error has one problem for each error, and the part that was understood is kept out: half
//! a configuration would be judged wrongly.

use std::borrow::Cow;
use std::sync::Arc;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::template;
use super::tree::{Builder, NodeKind, Scalar, Style};
use super::{Parsed, Problem};
use crate::source::{FileId, Span};

/// How many errors of a file are reported.
const PROBLEMS: usize = 20;

/// Reads a file.
pub fn parse(file: FileId, text: Arc<str>) -> Parsed {
    let source = Arc::clone(&text);
    let mut builder = Builder::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(&source);
    let mut problems: Vec<Problem> =
        errors.iter().take(PROBLEMS).map(|error| explain(&source, error)).collect();
    let mut templates = Vec::new();
    if problems.is_empty() {
        let mut leaves = Vec::new();
        read(&source, table.get_ref(), &mut builder, &mut leaves);
        leaves.sort_unstable();
        comments(&source, &leaves, &mut builder);
    } else if template::may_be_templated(&source)
        && let Some(marker) =
            problems.iter().find_map(|problem| template::on_line(&source, problem.span.start as usize))
    {
        problems.clear();
        templates.push(marker);
    }
    Parsed { tree: builder.finish(), problems, templates }
}

fn explain(source: &str, error: &::toml::de::Error) -> Problem {
    let range = error.span().unwrap_or_default();
    let end = range.end.min(source.len());
    let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
    Problem { span: Span::new(range.start.min(end) as u32, end as u32), message, help: None }
}

/// What is still to be written of a table or an array, last first.
enum Rest<'t, 'i> {
    Table(Vec<(&'t Spanned<Cow<'i, str>>, &'t Spanned<DeValue<'i>>)>),
    Array(std::slice::Iter<'t, Spanned<DeValue<'i>>>),
}

fn read<'t, 'i>(source: &str, top: &'t DeTable<'i>, builder: &mut Builder, leaves: &mut Vec<Span>) {
    builder.begin_document(0);
    builder.open(NodeKind::Map, Style::Plain, 0);
    let mut open = vec![Rest::Table(entries(top))];
    while let Some(rest) = open.last_mut() {
        let value = match rest {
            Rest::Table(entries) => entries.pop().map(|(key, value)| {
                let span = to_span(key);
                leaves.push(span);
                builder.key(span, Cow::Borrowed(key.get_ref()));
                value
            }),
            Rest::Array(values) => values.next(),
        };
        let Some(value) = value else {
            open.pop();
            builder.close(None);
            continue;
        };
        let span = to_span(value);
        let style = match value.get_ref() {
            DeValue::Table(_) if !in_braces(source, value) => Style::Plain,
            DeValue::Array(values) if is_headers(source, values) => Style::Plain,
            _ => Style::Flow,
        };
        match value.get_ref() {
            DeValue::Table(table) => {
                builder.open(NodeKind::Map, style, span.start);
                if style == Style::Flow {
                    builder.reach(span.end);
                }
                open.push(Rest::Table(entries(table)));
            }
            DeValue::Array(values) => {
                builder.open(NodeKind::List, style, span.start);
                if style == Style::Flow {
                    builder.reach(span.end);
                }
                open.push(Rest::Array(values.iter()));
            }
            scalar => {
                leaves.push(span);
                self::scalar(source, scalar, span, builder);
            }
        }
    }
    builder.end_document(source.len() as u32);
}

fn scalar(source: &str, value: &DeValue<'_>, span: Span, builder: &mut Builder) {
    let spelled = &source[span.range()];
    let (kind, text) = match value {
        DeValue::String(text) => (NodeKind::Text, Cow::Borrowed(text.as_ref())),
        DeValue::Integer(_) => (NodeKind::Int, Cow::Borrowed(spelled)),
        DeValue::Float(_) if spelled.ends_with("inf") || spelled.ends_with("nan") => {
            // As YAML spells them.
            (
                NodeKind::Float,
                Cow::Owned(format!("{}.{}", &spelled[..spelled.len() - 3], &spelled[spelled.len() - 3..])),
            )
        }
        DeValue::Float(_) => (NodeKind::Float, Cow::Borrowed(spelled)),
        DeValue::Boolean(_) => (NodeKind::Bool, Cow::Borrowed(spelled)),
        _ => (NodeKind::Text, Cow::Borrowed(spelled)),
    };
    let style = match spelled.as_bytes() {
        [b'"', b'"', b'"', ..] | [b'\'', b'\'', b'\'', ..] => Style::Block,
        [b'"', ..] => Style::Double,
        [b'\'', ..] => Style::Single,
        _ => Style::Plain,
    };
    builder.scalar(Scalar { kind, style, span, text });
}

/// The entries in the order in which they are written, last first.
fn entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Spanned<Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| std::cmp::Reverse(key.span().start));
    entries
}

fn to_span<T>(value: &Spanned<T>) -> Span {
    let range = value.span();
    Span::new(range.start as u32, range.end as u32)
}

fn in_braces(source: &str, table: &Spanned<DeValue<'_>>) -> bool {
    source.as_bytes().get(table.span().start) == Some(&b'{')
}

/// Whether an array is made of `[[headers]]`.
fn is_headers(source: &str, values: &[Spanned<DeValue<'_>>]) -> bool {
    values.first().is_some_and(|value| value.get_ref().is_table() && !in_braces(source, value))
}

/// A `#` outside of keys and values starts a comment.
fn comments(source: &str, leaves: &[Span], builder: &mut Builder) {
    let mut from = 0;
    for leaf in leaves.iter().copied().chain([Span::new(source.len() as u32, source.len() as u32)]) {
        while from < leaf.start as usize {
            let Some(at) = source[from..leaf.start as usize].find('#').map(|at| from + at) else { break };
            let end = source[at..].find('\n').map_or(source.len(), |end| at + end);
            let end = at + source[at..end].trim_end_matches('\r').len();
            builder.comment(Span::new(at as u32, end as u32));
            from = end;
        }
        from = from.max(leaf.end as usize);
    }
}
