//! On which lines a suppression counts.
//!
//! Works on the text alone, because a place may lie in a file that has no tree of its own, such as a chart's template.

use crate::source::{SourceFile, Span};
use crate::syntax::tree::Comment;

/// Keys on whose line a comment stands for the whole object or container.
const HEADS: [&str; 4] = ["apiVersion", "kind", "metadata", "name"];

/// The line (from 0) that a comment is about: its own, or the next that holds something.
pub(super) fn target(source: &SourceFile, comment: Comment) -> Option<usize> {
    let line = source.line_index(comment.span.start);
    if !comment.own_line && !is_separator(text(source, line)) {
        return Some(line);
    }
    (line + 1..source.line_starts().len()).find(|line| holds_something(text(source, *line)))
}

/// The line, and if it lies inside a block scalar, where no comment can stand, the line that opens it.
pub(super) fn with_block_header(source: &SourceFile, line: usize) -> Vec<usize> {
    std::iter::once(line).chain(block_header(source, line)).collect()
}

/// The line that opens the block scalar (`key: |`) around a line.
pub(super) fn block_header(source: &SourceFile, line: usize) -> Option<usize> {
    let mut depth = indentation(text(source, line));
    let mut header = None;
    for above in (0..line).rev() {
        let content = text(source, above);
        if content.trim().is_empty() || indentation(content) >= depth {
            continue;
        }
        depth = indentation(content);
        if opens_block(content) {
            header = Some(above);
        }
        if depth == 0 {
            break;
        }
    }
    header
}

/// The lines that stand for a whole object, container or entry: its first (that of its key, where it has one), and those of
/// its name and kind.
pub(super) fn heads(source: &SourceFile, ground: Span) -> Vec<usize> {
    let first = source.line_index(ground.start);
    let mut heads = vec![first];
    let start = source.line_starts()[first];
    let before = source.text.get(start as usize..ground.start as usize).unwrap_or_default();
    let flow = source.text.get(ground.start as usize..).is_some_and(|rest| rest.starts_with('{'));
    let last = source.line_index(ground.end.saturating_sub(1).max(ground.start));
    let column = if flow {
        (first + 1..=last).map(|line| text(source, line)).find(|text| holds_something(text)).map(indentation)
    } else {
        Some(before.len())
    };
    if let Some(column) = column {
        heads.extend((first + 1..=last).filter(|line| {
            let text = text(source, *line);
            indentation(text) == column && key(text).is_some_and(|key| HEADS.contains(&key))
        }));
    }
    heads
}

pub(super) fn text(source: &SourceFile, line: usize) -> &str {
    source.text.get(source.line_span(line).range()).unwrap_or_default()
}

pub(super) fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}

/// Whether the line is more than blank, a comment or the start of a document.
fn holds_something(line: &str) -> bool {
    let content = line.trim();
    let comment = content.starts_with('#') || content.starts_with("//") || content.starts_with("/*");
    !(content.is_empty() || comment || is_separator(line) || line.starts_with('%'))
}

/// The key that a line starts with, quotes aside.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.trim_start().split_once(':')?;
    Some(key.trim_end().trim_matches(['"', '\'']))
}

/// Whether the line ends in the mark of a block scalar: `|`, `>-`, `|2+`.
fn opens_block(line: &str) -> bool {
    let content = line.trim_start();
    if content.starts_with('#') {
        return false;
    }
    let content = content.split_once(" #").map_or(content, |(content, _)| content).trim_end();
    let mark =
        content.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-'));
    match mark.strip_suffix(['|', '>']) {
        Some(head) => head.is_empty() || head.ends_with([' ', '\t', '-']),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile::new("a.yaml", text)
    }

    #[test]
    fn block_scalars_are_seen() {
        let source = file("data:\n  a.sh: |-\n    one\n      two\n\n    three\n  b: 1\nlist:\n- |\n  x\n");
        let headers: Vec<_> = (0..10).map(|line| block_header(&source, line)).collect();
        assert_eq!(headers, [None, None, Some(1), Some(1), None, Some(1), None, None, None, Some(8)]);
    }

    #[test]
    fn a_bar_inside_text_opens_nothing() {
        for line in ["a: b|", "a: 'x |' ", "# a: |", "run: a | b", "a: b"] {
            assert!(!opens_block(line), "{line}");
        }
        for line in ["a: |", "- >", "a: >-  # folded", "a: |2+", "a: !!str |"] {
            assert!(opens_block(line), "{line}");
        }
    }

    #[test]
    fn heads_of_an_object() {
        let text = "# c\n---\napiVersion: v1\nkind: Pod\nspec:\n  kind: x\nmetadata:\n  name: a\n";
        let source = file(text);
        let start = text.find("apiVersion").expect("there") as u32;
        assert_eq!(heads(&source, Span::new(start, text.len() as u32)), [2, 3, 6]);
    }

    #[test]
    fn heads_of_a_list_item_and_of_an_entry() {
        let text = "containers:\n- image: x\n  name: app\n  ports:\n  - name: http\nservices:\n  api:\n    name: y\n";
        let source = file(text);
        let at = |needle: &str| text.find(needle).expect("there") as u32;
        assert_eq!(heads(&source, Span::new(at("image: x"), at("services"))), [1, 2]);
        assert_eq!(heads(&source, Span::new(at("api"), text.len() as u32)), [6]);
    }

    #[test]
    fn heads_of_json() {
        let text = "{\n  // why\n  \"kind\": \"Pod\",\n  \"metadata\": {\n    \"name\": \"a\"\n  }\n}\n";
        assert_eq!(heads(&file(text), Span::new(0, text.len() as u32 - 1)), [0, 2, 3]);
    }
}
