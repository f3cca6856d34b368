//! Writes suppressing comments for findings that are to stay: how a project with many findings starts.
//!
//! A pure function from texts to texts; who calls it writes the files. Only YAML is written to. What cannot be commented
//! without changing its meaning is left over, and said so.

use std::collections::{BTreeMap, BTreeSet};

use super::lines;
use crate::finding::Finding;
use crate::source::{FileId, SourceFile, Sources};

/// A file with comments added.
#[derive(Debug, PartialEq, Eq)]
pub struct Commented {
    /// The file.
    pub file: FileId,
    /// Its new text.
    pub text: String,
    /// How many comments were added.
    pub added: usize,
}

/// Adds `# steadfast: ignore[…] reason` above the line of each finding. `comments` counts the comments in a YAML text: a new
/// one that is none, because it fell into the middle of some text, is taken back. Returns the files that change, and how
/// many findings are left over.
pub fn comment_all(
    sources: &Sources,
    findings: &[Finding],
    reason: &str,
    comments: &dyn Fn(&str) -> usize,
) -> (Vec<Commented>, usize) {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut wanted: BTreeMap<FileId, BTreeMap<usize, Vec<&str>>> = BTreeMap::new();
    let mut left = 0;
    for finding in findings {
        let place = finding.primary.place;
        let source = sources.get(place.file);
        if !matches!(source.path.extension(), Some("yaml" | "yml")) {
            left += 1;
            continue;
        }
        let line = source.line_index(place.span.start);
        let line = lines::block_header(source, line).unwrap_or(line);
        wanted.entry(place.file).or_default().entry(line).or_default().push(&finding.rule);
    }
    let mut changed = Vec::new();
    for (file, at) in wanted {
        let source = sources.get(file);
        let before = comments(&source.text);
        let (text, good) = match insert(source, &at, &reason) {
            text if comments(&text) == before + at.len() => (text, at),
            _ => {
                let good: BTreeMap<_, _> = at
                    .iter()
                    .filter(|(line, rules)| {
                        let one = BTreeMap::from([(**line, (*rules).clone())]);
                        let counts = comments(&insert(source, &one, &reason)) == before + 1;
                        left += if counts { 0 } else { rules.len() };
                        counts
                    })
                    .map(|(line, rules)| (*line, rules.clone()))
                    .collect();
                (insert(source, &good, &reason), good)
            }
        };
        if !good.is_empty() {
            changed.push(Commented { file, text, added: good.len() });
        }
    }
    (changed, left)
}

/// The text with a comment above each of these lines.
fn insert(source: &SourceFile, at: &BTreeMap<usize, Vec<&str>>, reason: &str) -> String {
    let end = if source.text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = String::with_capacity(source.text.len() + at.len() * 80);
    let mut from = 0;
    for (line, rules) in at {
        let start = source.line_starts()[*line] as usize;
        let content = lines::text(source, *line);
        let rules: BTreeSet<_> = rules.iter().copied().collect();
        let rules: Vec<_> = rules.into_iter().collect();
        text.push_str(&source.text[from..start]);
        text.push_str(&content[..lines::indentation(content)]);
        text.push_str(&format!("# steadfast: ignore[{}] {reason}{end}", rules.join(", ")));
        from = start;
    }
    text.push_str(&source.text[from..]);
    text
}
