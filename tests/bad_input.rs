//! Input that means harm: each ends in a clear message, in bounded time and memory, and without a panic.

use std::sync::Arc;
use std::time::{Duration, Instant};

use steadfast::source::FileId;
use steadfast::syntax::{Parsed, Syntax, parse};

/// Generous: builds for tests are slow, and machines are shared. What is quadratic takes minutes.
const PATIENCE: Duration = Duration::from_secs(20);

fn read(syntax: Syntax, text: impl Into<Arc<str>>) -> Parsed {
    let text: Arc<str> = text.into();
    let start = Instant::now();
    let parsed = parse(syntax, FileId(0), Arc::clone(&text));
    let took = start.elapsed();
    assert!(took < PATIENCE, "{} bytes took {took:?}", text.len());
    parsed
}

fn message(parsed: &Parsed) -> &str {
    assert_eq!(parsed.problems.len(), 1);
    &parsed.problems[0].message
}

#[test]
fn deep_nesting() {
    let deep = "the values are nested too deeply, more than 255 levels";
    for text in ["[", "{a: ", "- ", "? ", ": ", "[[]", "{ ", "[{a: "] {
        let parsed = read(Syntax::Yaml, text.repeat(100_000));
        assert_eq!(parsed.problems.len(), 1, "{text:?}");
        assert!(parsed.tree.is_empty(), "{text:?}");
    }
    assert_eq!(message(&read(Syntax::Yaml, "[".repeat(100_000))), deep);
    assert_eq!(message(&read(Syntax::Yaml, "- ".repeat(100_000))), deep);
    let lines: String = (0..3_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(message(&read(Syntax::Yaml, lines)), deep);
    for text in ["[", "{\"a\":", "[{\"a\":"] {
        let parsed = read(Syntax::Json, text.repeat(100_000));
        assert_eq!(message(&parsed), "the values are nested too deeply, more than 512 levels");
    }
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a = ".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
    ] {
        assert!(!read(Syntax::Toml, text).problems.is_empty());
    }
}

#[test]
fn alias_bombs() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
    }
    let parsed = read(Syntax::Yaml, format!("{bomb}---\nok: 1\n"));
    assert_eq!(message(&parsed), "the aliases of this file expand to more than 100000 values");
    assert_eq!(parsed.tree.roots().count(), 1);
    assert!(parsed.tree.len() < 10);

    let keys: String = (0..1_000).map(|key| format!("k{key}: 1, ")).collect();
    let merges = "- <<: *a\n".repeat(1_000);
    let parsed = read(Syntax::Yaml, format!("- &a {{{keys}}}\n{merges}"));
    assert_eq!(message(&parsed), "the aliases of this file expand to more than 100000 values");

    let merges = format!("- {{<<: [{}]}}\n", "*a, ".repeat(100_000));
    let parsed = read(Syntax::Yaml, format!("- &a {{{keys}}}\n{merges}"));
    assert_eq!(message(&parsed), "the aliases of this file expand to more than 100000 values");

    let text = format!("- &a\n  k: |\n{}\n{}", "    text\n".repeat(100_000), "- *a\n".repeat(1_000));
    let parsed = read(Syntax::Yaml, text);
    assert_eq!((parsed.problems.len(), parsed.tree.len()), (0, 2003), "a copied text is not copied");
}

#[test]
fn huge_lines() {
    let size = 4 << 20;
    for (open, fill, close) in [
        ("a: ", "x", ""),
        ("a: \"", "\\n", "\""),
        ("a: '", "''", "'"),
        ("a: [", "a, ", "]"),
        ("a: [", "[], ", ""),
        ("a: {", "a, ", "}"),
        ("# ", "#", ""),
        ("a: \"", "{{", "\""),
        ("a: ", "{{", ""),
        ("a: x", " {{ y }}", ""),
        ("a: \"", "\" \"", ""),
        ("a: ", "ü", ""),
        ("", "- ", ""),
        ("a: &a ", "&a ", ""),
        ("a: !", "!", ""),
        ("a: |", " ", ""),
        ("", " ", ""),
        ("", "\t", ""),
        ("", "%", ""),
        ("'", "\n", "'"),
        ("a: \"x", "\n", "b"),
        ("a:\n  b: \"x", "\ny", "\""),
        ("", "\"\n", ""),
    ] {
        let text = format!("{open}{}{close}", fill.repeat(size / fill.len() / 8));
        read(Syntax::Yaml, text);
    }
    for (open, fill, close) in
        [("[", "1,", "1]"), ("", "/**/", "[]"), ("\"", "\\n", "\""), ("{", "\"a\":1,", ""), ("", " ", "")]
    {
        read(Syntax::Json, format!("{open}{}{close}", fill.repeat(size / fill.len())));
    }
    for (open, fill, close) in
        [("a = [", "1,", "1]"), ("a = \"", "\\n", "\""), ("a = {", "a=1,", "}"), ("# ", "#", "")]
    {
        read(Syntax::Toml, format!("{open}{}{close}", fill.repeat(size / fill.len() / 16)));
    }
}

#[test]
fn many_documents() {
    let parsed = read(Syntax::Yaml, "---\na: &x 1\nb: *x\n".repeat(10_000));
    assert_eq!((parsed.tree.documents.len(), parsed.problems.len()), (10_000, 0));
    let parsed = read(Syntax::Yaml, "---\n".repeat(100_000));
    assert_eq!((parsed.tree.documents.len(), parsed.tree.len()), (100_000, 0));
    for text in ["---\na: [\n", "---\n<<<<<<< x\na: b: c\n", "---\na: 'b\nc\n"] {
        let parsed = read(Syntax::Yaml, text.repeat(10_000));
        assert_eq!((parsed.tree.documents.len(), parsed.problems.len()), (0, 1_001));
    }
    let parsed = read(Syntax::Yaml, "---\na: {{ x }}\n".repeat(10_000));
    assert_eq!((parsed.tree.documents.len(), parsed.templates.len()), (0, 10_000));
    let parsed = read(Syntax::Yaml, "--- \"x\ny\"\n".repeat(2_000));
    assert_eq!(parsed.tree.documents.len(), 2_000);
}

#[test]
fn many_comments() {
    let parsed = read(Syntax::Yaml, format!("a:\n{}  b: 1\n", "  # c\n".repeat(200_000)));
    assert_eq!((parsed.tree.comments.len(), parsed.problems.len(), parsed.tree.len()), (200_000, 0, 3));
    let parsed = read(Syntax::Yaml, format!("{}a: 1\n", "# c\n---\n".repeat(20_000)));
    assert_eq!(parsed.tree.comments.len(), 20_000);
}

#[test]
fn many_keys() {
    let keys: String = (0..100_000).map(|key| format!("k{key}: 1\n")).collect();
    let parsed = read(Syntax::Yaml, format!("{keys}{keys}"));
    assert_eq!(parsed.tree.duplicates.len(), 100_000);
    assert_eq!(parsed.tree.roots().next().map(|root| root.entries().count()), Some(100_000));
    let parsed = read(Syntax::Yaml, "k: 1\n".repeat(200_000));
    assert_eq!(parsed.tree.duplicates.len(), 199_999);
    let keys: String = (0..100_000).map(|key| format!("\"k{key}\":1,")).collect();
    assert_eq!(read(Syntax::Json, format!("{{{keys}{keys}}}")).tree.duplicates.len(), 100_000);
}

#[test]
fn odd_characters() {
    let parsed = read(Syntax::Yaml, "a: b\0c\n");
    assert!(parsed.problems.len() <= 1);
    for character in ['\u{1}', '\u{7f}', '\u{85}', '\u{a0}', '\u{2028}', '\u{feff}', '\u{fffe}'] {
        for text in
            [format!("a: b{character}c\n"), format!("{character}a: 1\n"), format!("a: \"{character}\"\n")]
        {
            for syntax in [Syntax::Yaml, Syntax::Json] {
                assert!(read(syntax, text.clone()).problems.len() <= 1, "{text:?}");
            }
            assert!(!read(Syntax::Toml, text.clone()).problems.is_empty(), "{text:?}");
        }
    }
}
