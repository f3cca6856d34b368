//! JSON to tree, with comments and trailing commas, which editors and cloud tools write into it.
//!
//! A tokenizer does the characters; the grammar is a dozen states here, without recursion, so that no depth of nesting can
//! overflow a stack. One problem ends the file: there are no further documents to go on with.

use std::borrow::Cow;
use std::sync::Arc;

use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{Scanner, ScannerOptions};

use super::template;
use super::tree::{Builder, NodeKind, Scalar, Style};
use super::{Parsed, Problem};
use crate::source::{FileId, Span};

/// How deep collections may be nested.
const DEPTH: usize = 512;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    /// A value, or the end of the list.
    FirstValue,
    /// A key, or the end of the mapping.
    Key,
    Colon,
    /// A comma, or the end of the collection.
    Comma,
    End,
}

/// Reads a file.
pub fn parse(file: FileId, text: Arc<str>) -> Parsed {
    let source = Arc::clone(&text);
    let mut builder = Builder::new(file, text);
    let mut parsed = Parsed {
        problems: Vec::new(),
        templates: Vec::new(),
        tree: Builder::new(file, Arc::from("")).finish(),
    };
    match read(&source, &mut builder) {
        Ok(()) => {}
        Err(problem) => {
            builder.abandon_document();
            match marker(&source, &problem) {
                Some(marker) => parsed.templates.push(marker),
                None => parsed.problems.push(problem),
            }
        }
    }
    parsed.tree = builder.finish();
    parsed
}

/// A text that is no JSON where a template's marker stands is a template.
fn marker(source: &str, problem: &Problem) -> Option<Span> {
    template::may_be_templated(source)
        .then(|| template::on_line(source, problem.span.start as usize))
        .flatten()
}

fn read(source: &str, builder: &mut Builder) -> Result<(), Problem> {
    let skip = source.len() - source.trim_start_matches('\u{feff}').len();
    let options = ScannerOptions {
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let mut scanner = Scanner::new(&source[skip..], &options);
    builder.begin_document(0);
    // For each open collection, whether it is a mapping and where it starts.
    let mut open: Vec<(bool, u32)> = Vec::new();
    let mut state = State::Value;
    let mut empty = true;
    loop {
        let token = match scanner.scan() {
            Ok(Some(token)) => token,
            Ok(None) => break,
            Err(error) => return Err(explain(source, skip, &error)),
        };
        let span = Span::new((skip + scanner.token_start()) as u32, (skip + scanner.token_end()) as u32);
        if let Token::CommentLine(_) | Token::CommentBlock(_) = token {
            builder.comment(span);
            continue;
        }
        empty = false;
        let in_map = open.last().is_some_and(|(map, _)| *map);
        let after = if open.is_empty() { State::End } else { State::Comma };
        state = match (state, token) {
            (State::Value | State::FirstValue, Token::OpenBrace | Token::OpenBracket) => {
                if open.len() >= DEPTH {
                    return problem(
                        span,
                        format!("the values are nested too deeply, more than {DEPTH} levels"),
                        None,
                    );
                }
                let map = source.as_bytes()[span.start as usize] == b'{';
                builder.open(if map { NodeKind::Map } else { NodeKind::List }, Style::Flow, span.start);
                open.push((map, span.start));
                if map { State::Key } else { State::FirstValue }
            }
            (State::FirstValue | State::Comma, Token::CloseBracket) if !open.is_empty() && !in_map => {
                close(builder, &mut open, span)
            }
            (State::Key | State::Comma, Token::CloseBrace) if in_map => close(builder, &mut open, span),
            (State::Value | State::FirstValue, Token::String(text)) => {
                builder.scalar(Scalar { kind: NodeKind::Text, style: Style::Double, span, text });
                after
            }
            (State::Value | State::FirstValue, Token::Number(text)) => {
                let kind = if text.contains(['.', 'e', 'E']) { NodeKind::Float } else { NodeKind::Int };
                builder.scalar(Scalar { kind, style: Style::Plain, span, text: Cow::Borrowed(text) });
                after
            }
            (State::Value | State::FirstValue, Token::Boolean(_) | Token::Null) => {
                let text = &source[span.range()];
                let kind = if text == "null" { NodeKind::Null } else { NodeKind::Bool };
                builder.scalar(Scalar { kind, style: Style::Plain, span, text: Cow::Borrowed(text) });
                after
            }
            (State::Key, Token::String(text)) => {
                builder.key(span, text);
                State::Colon
            }
            (State::Colon, Token::Colon) => State::Value,
            (State::Comma, Token::Comma) if in_map => State::Key,
            (State::Comma, Token::Comma) => State::FirstValue,
            (state, token) => return unexpected(state, &token, span, in_map, open.last().copied()),
        };
    }
    if let Some((map, start)) = open.last() {
        let bracket = if *map { '{' } else { '[' };
        return problem(Span::new(*start, start + 1), format!("this `{bracket}` is never closed"), None);
    }
    if !empty {
        builder.end_document(source.len() as u32);
    }
    Ok(())
}

fn close(builder: &mut Builder, open: &mut Vec<(bool, u32)>, span: Span) -> State {
    builder.close(Some(span.end));
    open.pop();
    if open.is_empty() { State::End } else { State::Comma }
}

fn unexpected(
    state: State,
    token: &Token<'_>,
    span: Span,
    in_map: bool,
    open: Option<(bool, u32)>,
) -> Result<(), Problem> {
    let closing = if in_map { '}' } else { ']' };
    let (message, help) = match (state, token) {
        (_, Token::CloseBrace | Token::CloseBracket)
            if open.is_some_and(|(map, _)| map != matches!(token, Token::CloseBrace)) =>
        {
            let opened = if in_map { '{' } else { '[' };
            (format!("this closes a `{opened}`, which needs a `{closing}`"), None)
        }
        (State::End, _) => {
            ("the file goes on after its value has ended".to_owned(), Some("a JSON file holds one value"))
        }
        (State::Comma, _) => (format!("a `,` or `{closing}` is missing before this"), None),
        (State::Colon, _) => ("a `:` is missing between the key and this".to_owned(), None),
        (State::Key, _) => ("a key in double quotes is missing here".to_owned(), None),
        (_, Token::Word(word)) => {
            (format!("`{word}` is no value"), Some("put it in double quotes if it is text"))
        }
        _ => ("a value is missing here".to_owned(), None),
    };
    problem(span, message, help)
}

fn problem(span: Span, message: String, help: Option<&str>) -> Result<(), Problem> {
    Err(Problem { span, message, help: help.map(str::to_owned) })
}

fn explain(source: &str, skip: usize, error: &ParseError) -> Problem {
    let range = error.range();
    let end = (skip + range.end).min(source.len());
    let start = (skip + range.start).min(end);
    let (message, help) = match error.kind() {
        ParseErrorKind::SingleQuotedStringsNotAllowed => {
            ("JSON knows no single quotes".to_owned(), Some("use double quotes"))
        }
        ParseErrorKind::HexadecimalNumbersNotAllowed
        | ParseErrorKind::UnaryPlusNumbersNotAllowed
        | ParseErrorKind::BareDecimalPointNumbersNotAllowed
        | ParseErrorKind::NonFiniteNumbersNotAllowed
        | ParseErrorKind::ExpectedDigit
        | ParseErrorKind::ExpectedDigitFollowingNegativeSign
        | ParseErrorKind::ExpectedPlusMinusOrDigitInNumberLiteral => {
            ("this is no number that JSON knows".to_owned(), None)
        }
        ParseErrorKind::UnterminatedCommentBlock => {
            ("this comment is never closed".to_owned(), Some("end it with `*/`"))
        }
        ParseErrorKind::String(jsonc_parser::ParseStringErrorKind::UnterminatedStringLiteral) => {
            ("this quote is never closed".to_owned(), None)
        }
        ParseErrorKind::String(_) => {
            ("this is no escape that JSON knows".to_owned(), Some("write `\\\\` for a backslash"))
        }
        ParseErrorKind::UnexpectedToken | ParseErrorKind::UnexpectedWord => {
            ("this is no value that JSON knows".to_owned(), Some("put it in double quotes if it is text"))
        }
        other => (format!("this is no JSON: {other}"), None),
    };
    // Long texts are pointed at by their first character.
    let first = source[start..].chars().next().map_or(start, |first| start + first.len_utf8());
    let end = if source[start..end].contains('\n') { first } else { end };
    Problem { span: Span::new(start as u32, end as u32), message, help: help.map(str::to_owned) }
}
