//! What a person is told about a document that is no YAML: where to look, what is wrong there, what to do.
//!
//! The parser names the rule of the grammar that failed. A tired person wants to know about the tab, the colon or the
//! bracket. This looks at the text around the error to tell them; it decides nothing about what is accepted.

use granit_parser::ErrorKind;

use crate::source::Span;
use crate::syntax::Problem;

/// What is known where the parser stopped.
pub(super) struct Context {
    /// Where the document starts.
    pub(super) document: usize,
    /// The innermost bracket that is open.
    pub(super) bracket: Option<u32>,
    /// The quote that opens next after what was understood.
    pub(super) quote: Option<u32>,
}

/// One sentence about the error at byte `at`.
pub(super) fn explain(source: &str, context: &Context, kind: &ErrorKind, at: usize) -> Problem {
    let here = Here::new(source, at);
    if let Some(conflict) = here.merge_conflict(context.document) {
        return conflict;
    }
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::InvalidBlockEntryWhitespace
        | ErrorKind::InvalidMappingValueWhitespace
        | ErrorKind::TabAtBlockScalarStart => problem(
            here.tab(),
            "a tab stands where YAML allows only spaces",
            "replace the tab by spaces, as many as the neighbouring lines have",
        ),
        ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::UnexpectedEndOfPlainScalar => here.no_colon(),
        ErrorKind::MappingValueNotAllowed => here.colon_not_allowed(),
        ErrorKind::InvalidColonPlacement
        | ErrorKind::FlowMappingValueAdjacentCollection
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::PlainScalarStartsWithDashFlowIndicator => here.in_brackets(context.bracket),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            here.unclosed(context.bracket.map_or(at, |at| at as usize))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => problem(
            here.character(at),
            format!("this `{open}` is closed by a `{close}`"),
            "make the two brackets a pair",
        ),
        ErrorKind::MisplacedFlowCollectionEnd => problem(
            here.character(at),
            format!("this `{}` closes nothing", here.first()),
            "remove it, or put the value in quotes if it is text",
        ),
        ErrorKind::ExpectedBlockMappingKey if here.line().trim_start().starts_with("- ") => problem(
            here.line_span(),
            "a list item stands among the keys of a mapping",
            "indent it below the key that it belongs to, or give the list a key",
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation
            if here.behind_brackets().is_some() =>
        {
            problem(
                here.behind_brackets().unwrap_or_default(),
                "something stands behind the bracket that ends this value",
                "put the whole value in quotes if it is text",
            )
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => problem(
            here.line_span(),
            "this line's indentation fits none of the lines above it",
            "indent it exactly like the lines that it belongs with",
        ),
        ErrorKind::ExpectedBlockSequenceEntry => problem(
            here.line_span(),
            "a list ends here without its indentation ending",
            "start the line with `- ` if it is an item, or indent it like the key that it belongs with",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => {
            problem(here.character(at), "a list cannot start here", "start the list on a line of its own")
        }
        ErrorKind::UnexpectedCharacter { character }
            if character.is_control() || *character == '\u{feff}' =>
        {
            problem(
                here.character(at),
                format!("the character U+{:04X} is not allowed in YAML", u32::from(*character)),
                "remove it, or write it as an escape in double quotes",
            )
        }
        ErrorKind::UnexpectedCharacter { character } => problem(
            here.value(at),
            match character {
                '`' => "a value cannot start with a backtick".to_owned(),
                _ => format!("a value cannot start with `{character}`"),
            },
            "put the value in quotes",
        ),
        ErrorKind::BomInsideDocument => problem(
            here.character(at),
            "a byte order mark stands inside the file",
            "remove this invisible character",
        ),
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent => here.unclosed_quote(context.quote),
        ErrorKind::InvalidTrailingSingleQuotedScalar => problem(
            here.value(at),
            "text follows the closing quote",
            "put all of the value in quotes; inside of single quotes, write `''` for one of them",
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar => problem(
            here.value(at),
            "text follows the closing quote",
            "put all of the value in quotes; inside of double quotes, write `\\\"` for one of them",
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => problem(
            here.escape(),
            "this is no escape that double quotes know",
            "use single quotes, or write `\\\\` for a backslash",
        ),
        ErrorKind::CommentInterceptedScalar => problem(
            here.line_span(),
            "a comment ends this text, but the text goes on below it",
            "move the comment away, or put the text in quotes",
        ),
        ErrorKind::CommentNotSeparated => problem(
            here.character(at),
            "a comment needs a space before its `#`",
            "add a space before the `#`",
        ),
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => problem(
            here.value(at),
            "only an indentation, `+`, `-` or a comment may follow `|` or `>` on its line",
            "start the text on the next line, or put the value in quotes",
        ),
        ErrorKind::InvalidBlockScalarIndent => problem(
            here.line_span(),
            "a blank line at the top of this text is indented deeper than the text",
            "remove the spaces from the blank line",
        ),
        ErrorKind::MissingAnchorOrAliasName | ErrorKind::UnknownAnchor => problem(
            here.value(at),
            "`*` refers to an anchor, `&` makes one, and here none is named",
            "put the value in quotes if it is text",
        ),
        ErrorKind::MappingKeyNotAllowed => problem(
            here.character(at),
            "a `?` for a key is not allowed here",
            "put the value in quotes if it is text",
        ),
        ErrorKind::RecursionLimitExceeded => problem(
            here.character(at),
            "the values are nested too deeply, more than 255 levels",
            "flatten the document",
        ),
        ErrorKind::UndeclaredTagHandle => problem(
            here.value(at),
            "this tag's prefix was not declared",
            "put the value in quotes if it is text",
        ),
        ErrorKind::ExpectedDocumentStart => problem(
            here.line_span(),
            "this line does not belong to the value above it",
            "indent it like the first line of the document, or start a new document with `---`",
        ),
        ErrorKind::InvalidDocumentEnd | ErrorKind::MissingDocumentEndBeforeDirective => problem(
            here.line_span(),
            "only a comment may follow the end of a document on its line",
            "start a new document with `---`",
        ),
        ErrorKind::DuplicateVersionDirective
        | ErrorKind::UnsupportedYamlMajorVersion
        | ErrorKind::DuplicateTagDirective
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::MissingYamlVersionSeparator
        | ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::YamlVersionTooLong
        | ErrorKind::MissingYamlVersion
        | ErrorKind::InvalidTagDirectiveTerminator => problem(
            here.line_span(),
            "a line that starts with `%` is a directive to the parser, and this one makes no sense",
            "remove the line",
        ),
        _ => Problem { span: here.value(at), message: format!("this is no YAML: {kind}"), help: None },
    }
}

fn problem(span: Span, message: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem { span, message: message.into(), help: Some(help.into()) }
}

/// The line with the error.
struct Here<'s> {
    source: &'s str,
    at: usize,
    start: usize,
    end: usize,
}

impl<'s> Here<'s> {
    fn new(source: &'s str, at: usize) -> Self {
        let mut at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        // At the end of the file, the last line that has something is meant.
        if source[at..].trim().is_empty() {
            at = source[..at].trim_end().len();
        }
        let start = source[..at].rfind('\n').map_or(0, |at| at + 1);
        let end = source[at..].find('\n').map_or(source.len(), |end| at + end);
        Self { source, at, start, end }
    }

    fn line(&self) -> &'s str {
        &self.source[self.start..self.end]
    }

    fn first(&self) -> char {
        self.source[self.at..].chars().next().unwrap_or(' ')
    }

    /// The line without its indentation.
    fn line_span(&self) -> Span {
        self.trimmed(self.start, self.end)
    }

    fn trimmed(&self, start: usize, end: usize) -> Span {
        let text = &self.source[start..end];
        let start = start + (text.len() - text.trim_start().len());
        Span::new(start as u32, (start + text.trim().len()) as u32)
    }

    /// What stands behind a value in brackets: `.16` in `ip: {PREFIX}.16`.
    fn behind_brackets(&self) -> Option<Span> {
        let line = self.line();
        let value = line.find(": ")? + 2;
        let value = value + (line[value..].len() - line[value..].trim_start().len());
        let close = match line[value..].chars().next()? {
            '{' => '}',
            '[' => ']',
            _ => return None,
        };
        let end = value + line[value..].find(close)? + 1;
        let rest = line[end..].trim();
        (!rest.is_empty() && !rest.starts_with(['#', ',', close]))
            .then(|| self.trimmed(self.start + end, self.end))
    }

    fn character(&self, at: usize) -> Span {
        let at = if at > self.source.len() || !self.source.is_char_boundary(at) { self.at } else { at };
        let width = self.source[at..].chars().next().map_or(0, char::len_utf8);
        Span::new(at as u32, (at + width) as u32)
    }

    /// From `at` to the end of the line.
    fn value(&self, at: usize) -> Span {
        let at =
            if self.start <= at && at < self.end && self.source.is_char_boundary(at) { at } else { self.at };
        let span = self.trimmed(at.min(self.end), self.end);
        if span.is_empty() { self.line_span() } else { span }
    }

    /// The first tab in an indentation, here or below.
    fn tab(&self) -> Span {
        let mut from = self.start;
        for line in self.source[self.start..].split_inclusive('\n').take(100) {
            let indent = line.trim_start_matches(['-', '?', ':', ' ', '\t']);
            let indent = &line[..line.len() - indent.len()];
            if let Some(tab) = indent.find('\t') {
                let tabs = indent[tab..].bytes().take_while(|byte| *byte == b'\t').count();
                return Span::new((from + tab) as u32, (from + tab + tabs) as u32);
            }
            from += line.len();
        }
        match self.line().find('\t') {
            Some(tab) => self.character(self.start + tab),
            None => self.character(self.at),
        }
    }

    /// The nearest line above that has something.
    fn above(&self) -> Option<&'s str> {
        let lines = self.source[..self.start].lines().rev().take(1000);
        lines.map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
    }

    fn no_colon(&self) -> Problem {
        let span = self.line_span();
        let line = &self.source[span.range()];
        let tight = line.char_indices().find(|(at, byte)| {
            *byte == ':' && *at > 0 && !line[at + 1..].starts_with([' ', '/']) && at + 1 < line.len()
        });
        if let Some((at, _)) = tight {
            let at = span.start + at as u32;
            return problem(
                Span::new(at, at + 1),
                "no space follows the `:` after this key",
                "write a space after the `:`",
            );
        }
        problem(
            span,
            "this is no key with a `:` behind it, nor does it go on with the value above",
            "write `key: value`; indent the line if it belongs to the value above",
        )
    }

    fn colon_not_allowed(&self) -> Problem {
        let before = self.source[self.start..self.at].trim_start().trim_start_matches("- ");
        if !before.contains(": ") && !before.is_empty() {
            let has_value = self.above().is_some_and(|line| !line.ends_with(':'));
            if has_value {
                return problem(
                    self.line_span(),
                    "this key is indented as if it belonged to the line above, which has a value already",
                    "indent it exactly like the lines that it belongs with",
                );
            }
        }
        problem(
            self.character(self.at),
            "a value cannot hold a second `:` with a space behind it",
            "put the value in quotes",
        )
    }

    fn in_brackets(&self, bracket: Option<u32>) -> Problem {
        if let Some(open) = bracket.map(|at| at as usize).filter(|open| *open < self.start) {
            return self.unclosed(open);
        }
        problem(
            self.value(self.at),
            "a `,` or the closing bracket is missing before this",
            "separate the values by `,`, or put the value in quotes if the brackets are text",
        )
    }

    fn unclosed(&self, open: usize) -> Problem {
        let span = self.character(open);
        let bracket = &self.source[span.range()];
        problem(
            span,
            format!("this `{bracket}` is never closed"),
            "close it, or put the value in quotes if it is text",
        )
    }

    fn unclosed_quote(&self, quote: Option<u32>) -> Problem {
        let open = quote.map(|at| at as usize).filter(|at| *at <= self.at);
        let span = open.map_or_else(|| self.value(self.at), |open| self.character(open));
        problem(
            span,
            "this quote is not closed where its text ends",
            "close it; the further lines of a text in quotes must be indented deeper than its key",
        )
    }

    /// The first escape in the quoted text here that double quotes do not know.
    fn escape(&self) -> Span {
        let text = &self.source[self.at..];
        let mut from = 0;
        while let Some(at) = text[from..].find('\\').map(|at| from + at) {
            let mut next = text[at + 1..].chars();
            let Some(letter) = next.next() else { break };
            let digits = match letter {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            let hex: String = next.take(digits).take_while(char::is_ascii_hexdigit).collect();
            let code = u32::from_str_radix(&hex, 16).ok();
            let is_good = "0abt\tnvfe \"/\\N_LPxuU\r\n".contains(letter)
                && hex.len() == digits
                && (digits == 0 || code.and_then(char::from_u32).is_some());
            let end = at + 1 + letter.len_utf8() + hex.len();
            if !is_good {
                return Span::new((self.at + at) as u32, (self.at + end) as u32);
            }
            from = end;
        }
        self.value(self.at)
    }

    fn ends_conflict(&self, from: usize) -> bool {
        self.source[from..].lines().take(10_000).any(|line| line.starts_with(">>>>>>> "))
    }

    /// A conflict that was not resolved explains everything else.
    fn merge_conflict(&self, document: usize) -> Option<Problem> {
        let mut from = document;
        for line in self.source[document..].split_inclusive('\n') {
            if line.starts_with("<<<<<<< ") && self.ends_conflict(from) {
                let span = self.trimmed(from, from + line.len());
                return Some(problem(
                    span,
                    "a merge conflict was committed unresolved",
                    "keep one side and remove the lines of `<`, `=` and `>`",
                ));
            }
            from += line.len();
            if from > self.end {
                return None;
            }
        }
        None
    }
}
