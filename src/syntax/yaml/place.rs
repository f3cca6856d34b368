//! Which bytes of the source things cover where the parser says less.

use crate::source::Span;

/// Where the document starts that follows the one that holds byte `at`.
pub(super) fn next_document(source: &str, at: usize) -> u32 {
    let end = document_end(source, at);
    let start = match source[end..].find('\n') {
        Some(line) if source[end..].starts_with("...") => end + line + 1,
        None if end == source.len() => at,
        _ => end,
    };
    start as u32
}

/// Where the document ends that holds byte `at`.
pub(super) fn document_end(source: &str, at: usize) -> usize {
    let mut from = source[..at].rfind('\n').unwrap_or(0);
    while let Some(line) = source[from..].find('\n').map(|found| from + found + 1) {
        let rest = &source[line..];
        let ends = rest.strip_prefix("---").or_else(|| rest.strip_prefix("..."));
        if ends.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])) {
            return line;
        }
        from = line;
    }
    source.len()
}

/// Where the value that is not written would stand: behind the colon, if there is one.
pub(super) fn missing_span(source: &str, at: u32) -> Span {
    let rest = source.get(at as usize..).unwrap_or_default();
    let colon = rest.trim_start_matches([' ', '\t']);
    let at = if colon.starts_with(':') { at + (rest.len() - colon.len()) as u32 + 1 } else { at };
    Span::new(at, at)
}

/// The first or last byte between two tokens that is accepted; comments, tags and anchors are passed over.
pub(super) fn find_token(
    source: &str,
    from: u32,
    to: u32,
    first: bool,
    accepts: impl Fn(&[u8]) -> bool,
) -> Option<u32> {
    let bytes = source.as_bytes();
    let (mut at, to) = (from as usize, to as usize);
    let mut found = None;
    let mut spaced = true;
    while at < to {
        let is_blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match bytes[at] {
            b'#' if spaced => {
                while at < to && !matches!(bytes[at], b'\n' | b'\r') {
                    at += 1;
                }
                continue;
            }
            b'!' | b'&' => {
                while at < to && !is_blank(bytes[at]) {
                    at += 1;
                }
                spaced = false;
                continue;
            }
            _ if accepts(&bytes[at..]) => {
                found = Some(at as u32);
                if first {
                    break;
                }
            }
            _ => {}
        }
        spaced = is_blank(bytes[at]);
        at += 1;
    }
    found
}

pub(super) fn is_quote(bytes: &[u8]) -> bool {
    matches!(bytes, [b'"' | b'\'', ..])
}

/// Whether the last line of a text block, which no line break ends, belongs to its text: it is indented as deep as the others.
pub(super) fn ends_in_text(raw: &str, text: &str) -> bool {
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let first = |text: &str, skip: usize| {
        text.split(['\n', '\r']).skip(skip).find(|line| blanks(line) < line.len()).map(blanks)
    };
    let last = raw.rsplit(['\n', '\r']).next().unwrap_or_default();
    let breaks = |kind: char| raw.matches(kind).count();
    text.ends_with('\n')
        && !last.is_empty()
        && match first(raw, 1).zip(first(text, 0)) {
            Some((written, read)) => {
                let indent = written.saturating_sub(read);
                last.len() > indent && blanks(last) >= indent
            }
            // Nothing but blanks: the parser ends the only line, and any that is deeper than the text.
            None => text.ends_with(" \n") || breaks('\n').max(breaks('\r')) == 1,
        }
}

/// The bytes of a text block, from its `|` or `>` to the end of its last line. The parser says where the first line's text
/// starts and where the next token may be.
pub(super) fn block_span(source: &str, before: u32, content: Span, text: &str) -> Span {
    let header = find_token(source, before, content.start, true, |bytes| matches!(bytes, [b'|' | b'>', ..]));
    let header = header.unwrap_or(content.start) as usize;
    let raw = &source[header..content.end as usize];
    let keeps = raw.split(['\n', '\r', '#']).next().is_some_and(|header| header.contains('+'));
    let line = text.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
    let blank = !line.is_empty() && line.trim_matches([' ', '\t']).is_empty();
    let end = if keeps || blank {
        // Blank lines belong to the text; the indentation of what follows does not.
        let tail = raw.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let at_end = content.end as usize == source.len();
        let follows = !(blank && at_end) && raw[tail..].trim_matches([' ', '\t']).is_empty();
        let whole = if follows { &raw[..tail] } else { raw };
        let whole = whole.strip_suffix('\n').unwrap_or(whole);
        whole.strip_suffix('\r').unwrap_or(whole).len()
    } else {
        // Blanks at the end of the last line are text.
        let trailing = line.len() - line.trim_end_matches([' ', '\t']).len();
        (raw.trim_end_matches([' ', '\t', '\r', '\n']).len() + trailing).min(raw.len())
    };
    Span::new(header as u32, (header + end) as u32)
}
