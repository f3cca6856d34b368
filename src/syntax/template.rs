//! Templates that were not rendered: text that becomes YAML only after another program has run over it.
//!
//! `replicas: {{ .Values.replicas }}` is valid YAML, a mapping with a mapping for a key, and `{{- if }}` is not YAML at
//! all. Neither must be judged. But braces are normal inside quotes, comments and text blocks, and inside a plain text:
//! Prometheus, Argo, GitHub and Ansible all use them there. So this looks at where a marker stands, not only whether
//! there is one. It is no parser of any template language, and renders nothing.

use std::ops::Range;

use crate::source::Span;

/// Names that only a Helm chart has between its braces.
const HELM: [&str; 10] = [
    ".Values",
    ".Release.",
    ".Chart.",
    ".Capabilities",
    ".Files.",
    ".Template.",
    "include \"",
    "template \"",
    "toYaml",
    "nindent",
];

/// Kinds of objects that hold a chart's values: these are full of a chart's expressions, which are for its `tpl`.
const CARRIERS: [&str; 6] =
    ["HelmRelease", "HelmChart", "HelmChartConfig", "HelmChartProxy", "Application", "ApplicationSet"];

/// The first marker that shows that this text, or part of it, is made by a template.
pub fn looks_templated(text: &str) -> Option<Span> {
    may_be_templated(text).then(|| look(text)).and_then(|look| look.decides)
}

/// The first marker that a comment hides, so that the text is YAML with and without what it stands for: Terraform's `# %{ if x }`, a
/// script's `#NAME#`. Only where the name of a file says that it is a template; anywhere else these are comments.
pub fn hidden_marker(text: &str) -> Option<Span> {
    let begins = |at: usize| {
        let rest = &text[at..];
        let inside = rest.strip_prefix('#').unwrap_or_default();
        let name =
            inside.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
        rest.starts_with("%{")
            || inside.trim_start_matches(' ').starts_with("{{")
            || name > 0 && inside[name..].starts_with('#')
    };
    let mut signs = text.match_indices(['#', '%']).map(|(at, _)| at);
    signs.find(|at| begins(*at)).map(|at| Span::new(at as u32, at as u32 + 2))
}

/// Whether there is anything that could be a marker; cheap.
pub(super) fn may_be_templated(text: &str) -> bool {
    follows(text, b'{', b"{%#") || follows(text, b'<', b"%")
}

fn follows(text: &str, first: u8, second: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = text[from..].find(first as char) {
        from += at + 1;
        if bytes.get(from).is_some_and(|byte| second.contains(byte)) {
            return true;
        }
    }
    false
}

/// What a look at a text for markers gave.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// The first marker that decides that the text is a template.
    pub(super) decides: Option<Span>,
    /// Blocks that are opened and not closed, or the other way round.
    pub(super) unbalanced: bool,
}

/// Looks at all markers of a text.
pub(super) fn look(text: &str) -> Look {
    let mut look = Look::default();
    let mut depth = 0_i64;
    let mut lowest = 0_i64;
    // Values and tests of a chart hold its expressions as text; a manifest that does is one of its templates.
    let is_manifest = text.lines().any(|line| line.starts_with("apiVersion:"))
        && !text.lines().any(|line| {
            line.strip_prefix("kind:").is_some_and(|kind| CARRIERS.contains(&kind.trim().trim_matches('"')))
        });
    Lexer::new(text).run(|at, place| {
        let marker = Marker::at(text, at);
        let found = Span::new(at as u32, marker.range.end as u32);
        let decides = match place {
            Where::Start => true,
            Where::Middle => marker.is_tag || is_manifest && marker.is_helm(text),
            Where::Quoted => is_manifest && marker.is_helm(text),
            Where::Block => false,
        };
        if decides {
            look.decides.get_or_insert(found);
        }
        depth += marker.opens(text);
        lowest = lowest.min(depth);
        marker.range.end
    });
    look.unbalanced = depth != 0 || lowest < 0;
    look
}

/// A marker on the line of byte `at`: the line is no YAML, so that is the likely reason.
pub(super) fn on_line(text: &str, at: usize) -> Option<Span> {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let lexer = Lexer::new(&text[start..end]);
    let marker = lexer.marker(0, end - start)?;
    let range = Marker::at(&text[start..end], marker).range;
    Some(Span::new((start + range.start) as u32, (start + range.end) as u32))
}

/// The byte after the quote that closes the one at `open`; the end of the text if there is none.
pub(super) fn close_of(text: &str, open: usize) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[open];
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\\' if quote == b'"' => at += 1,
            byte if byte != quote => {}
            _ if quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 1,
            _ => return at + 1,
        }
        at += 1;
    }
    bytes.len()
}

/// One `{{ … }}`, `{% … %}` or `<% … %>`.
struct Marker {
    range: Range<usize>,
    /// Whether it is of the kind that no text has by accident.
    is_tag: bool,
}

impl Marker {
    fn at(text: &str, at: usize) -> Self {
        let rest = &text[at..];
        let close = match rest.as_bytes() {
            [b'{', b'{', ..] => "}}",
            [b'{', b'#', ..] => "#}",
            _ => "%}",
        };
        let close = if rest.starts_with('<') { "%>" } else { close };
        // No marker is longer than this in practice, and a text of nothing but openings must not take for ever.
        let mut end = rest.len().min(4096);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let near = &rest[..end];
        let closed = near.find(close).map(|end| end + 2);
        let is_tag = closed.is_some() && (rest.starts_with("{%") || rest.starts_with("<%="));
        let line = near.find('\n').unwrap_or(near.len()).max(2).min(near.len());
        Self { range: at..at + closed.unwrap_or(line), is_tag }
    }

    fn inner<'t>(&self, text: &'t str) -> &'t str {
        text[self.range.clone()]
            .trim_matches(|byte| matches!(byte, '{' | '}' | '<' | '>' | '%' | '-' | '~' | ' '))
    }

    fn is_helm(&self, text: &str) -> bool {
        let inner = self.inner(text);
        HELM.iter().any(|name| inner.contains(name))
    }

    /// By how many blocks the text is deeper after it.
    fn opens(&self, text: &str) -> i64 {
        let inner = self.inner(text);
        let word =
            inner.split(|byte: char| !byte.is_ascii_alphanumeric() && byte != '_').next().unwrap_or_default();
        let jinja = text[self.range.start..].starts_with("{%");
        match word {
            "if" | "with" | "block" => 1,
            "range" | "define" => i64::from(!jinja),
            "for" | "macro" | "call" | "filter" | "raw" => i64::from(jinja),
            word if word.starts_with("end") => -1,
            _ => 0,
        }
    }
}

/// Where a marker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    /// Where a line, a key or a value starts.
    Start,
    /// Inside a text without quotes.
    Middle,
    /// In quotes.
    Quoted,
    /// In a text block.
    Block,
}

/// Tells quotes, comments and text blocks apart, line by line, and understands nothing else of YAML.
struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    flow: usize,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, flow: 0 }
    }

    /// Calls `found` for each marker outside of comments; it returns where to go on.
    fn run(&mut self, mut found: impl FnMut(usize, Where) -> usize) {
        // The indentation that a text block's lines must exceed.
        let mut block: Option<isize> = None;
        while self.at < self.text.len() {
            let line = self.at;
            let end = self.line_end(line);
            let indent = self.bytes[line..end].iter().take_while(|byte| **byte == b' ').count();
            let blank = self.text[line..end].trim().is_empty();
            if let Some(parent) = block {
                if blank || indent as isize > parent {
                    let mut from = line;
                    while let Some(at) = self.marker(from, end) {
                        from = found(at, Where::Block).max(at + 2);
                    }
                    self.at = (end + 1).max(from);
                    continue;
                }
                block = None;
            }
            self.at = line + indent;
            block = self.line(line, end, &mut found).or(block);
        }
    }

    /// One line outside of a text block, and what quotes and markers carry over to further lines. Returns the indentation
    /// of the entry whose text block starts below it.
    fn line(
        &mut self,
        line: usize,
        mut end: usize,
        found: &mut impl FnMut(usize, Where) -> usize,
    ) -> Option<isize> {
        let mut start = true;
        // The column of the entry that the line opens last; a block's header alone on its line belongs to one further out.
        let mut entry = (self.at - line) as isize - 1;
        let mut word = self.at;
        while self.at < end {
            let at = self.at;
            let next = self.bytes.get(at + 1).copied().unwrap_or(b'\n');
            let spaced = matches!(next, b' ' | b'\t' | b'\n' | b'\r');
            let marker = self.is_marker(at);
            match self.bytes[at] {
                b' ' | b'\t' | b'\r' => self.at += 1,
                _ if marker => {
                    self.at = found(at, if start { Where::Start } else { Where::Middle }).max(at + 2);
                    if self.at > end {
                        end = self.line_end(self.at.min(self.text.len()));
                    }
                    start = false;
                }
                b'#' if at == 0 || matches!(self.bytes[at - 1], b' ' | b'\t' | b'\n') => self.at = end,
                b'-' | b'?' if start && spaced => {
                    entry = (at - line) as isize;
                    self.at += 1;
                    word = self.next_word(end);
                }
                b':' if spaced || self.flow > 0 => {
                    entry = word.saturating_sub(line) as isize;
                    self.at += 1;
                    start = true;
                }
                b'"' | b'\'' if start => {
                    let close = close_of(self.text, at);
                    let mut from = at;
                    while let Some(marker) = self.marker(from, close) {
                        from = found(marker, Where::Quoted).max(marker + 2);
                    }
                    self.at = close;
                    if close > end {
                        end = self.line_end(close.min(self.text.len()));
                    }
                    start = false;
                }
                b'|' | b'>' if start && self.flow == 0 && self.is_block_header(at, end) => {
                    self.at = end + 1;
                    return Some(entry);
                }
                b'[' | b'{' if start || self.flow > 0 => {
                    self.flow += 1;
                    self.at += 1;
                    start = true;
                }
                b']' | b'}' if self.flow > 0 => {
                    self.flow -= 1;
                    self.at += 1;
                    start = false;
                }
                b',' if self.flow > 0 => {
                    self.at += 1;
                    start = true;
                }
                b'&' | b'!' if start => {
                    while self.at < end && !matches!(self.bytes[self.at], b' ' | b'\t') {
                        self.at += 1;
                    }
                }
                b'-' if at == line && self.text[at..end].starts_with("--- ") => {
                    entry = -1;
                    self.at += 3;
                }
                _ => {
                    self.at += 1;
                    start = false;
                }
            }
        }
        self.at = end + 1;
        None
    }

    fn line_end(&self, from: usize) -> usize {
        self.text.as_bytes()[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.text.len(), |at| from + at)
    }

    fn next_word(&self, end: usize) -> usize {
        (self.at..end).find(|at| !matches!(self.bytes[*at], b' ' | b'\t')).unwrap_or(end)
    }

    fn is_marker(&self, at: usize) -> bool {
        match (self.bytes[at], self.bytes.get(at + 1)) {
            // `${{ … }}` is an expression of a CI system inside a plain text.
            (b'{', Some(b'{' | b'%' | b'#')) => at == 0 || self.bytes[at - 1] != b'$',
            (b'<', Some(b'%')) => true,
            _ => false,
        }
    }

    fn marker(&self, from: usize, end: usize) -> Option<usize> {
        (from..end.min(self.bytes.len())).find(|at| self.is_marker(*at))
    }

    fn is_block_header(&self, at: usize, end: usize) -> bool {
        let rest = self.text[at + 1..end]
            .trim_start_matches(|byte: char| byte.is_ascii_digit() || "+-".contains(byte));
        let comment = rest.trim_start();
        comment.is_empty() || comment.starts_with('#') && comment.len() < rest.len()
    }
}
