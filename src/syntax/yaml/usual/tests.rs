//! What is cut the quick way is what the parser proper says, event by event, for any text.

use granit_parser::Parser;
use proptest::prelude::*;

use super::*;
use crate::syntax::yaml::options;

/// What the parser proper says, as far as it is heard; comments for themselves, for it gives some of them late.
fn parsed(text: &str) -> (Vec<String>, Vec<String>) {
    let mut parser = Parser::new_from_str_with_options(text, options());
    let mut told = Vec::new();
    while let Some(next) = parser.next_event() {
        match next {
            Ok((Event::StreamStart | Event::StreamEnd, _)) => {}
            Ok((event, span)) => told.push((event, span.byte_range().unwrap_or_default())),
            Err(error) => {
                let (mut events, comments) = spelled(told);
                events.push(format!("wrong: {error}"));
                return (events, comments);
            }
        }
    }
    spelled(told)
}

/// The same of what is cut, and whether that is all.
fn cut(text: &str) -> (Vec<String>, Vec<String>, bool) {
    let (mut events, mut comments) = (Vec::new(), Vec::new());
    let Some(mut usual) = Usual::of(text) else { return (events, comments, false) };
    loop {
        let Ok(is_document) = usual.document() else { return (events, comments, false) };
        let (more, said) = spelled(usual.events().collect());
        events.extend(more);
        comments.extend(said);
        if !is_document {
            return (events, comments, true);
        }
    }
}

fn spelled(told: Vec<(Event<'_>, Range<usize>)>) -> (Vec<String>, Vec<String>) {
    let (mut events, mut comments) = (Vec::new(), Vec::new());
    for (event, at) in told {
        match event {
            Event::Comment(text, _) => comments.push(format!("{at:05?} {text}")),
            // The end of a block has no place that anybody asks for, nor has a start that is not written.
            Event::MappingEnd | Event::SequenceEnd if at.is_empty() => events.push(format!("{event:?}")),
            Event::DocumentStart(false, _) => events.push("start".to_owned()),
            event => events.push(format!("{at:?} {event:?}")),
        }
    }
    comments.sort();
    (events, comments)
}

/// Compares, and says whether all of the text was cut.
fn agrees(text: &str) -> bool {
    let ((events, comments), (own, said, is_whole)) = (parsed(text), cut(text));
    if is_whole {
        assert_eq!((own, said), (events, comments), "{text:?}");
    } else {
        assert_eq!(own, events[..own.len().min(events.len())], "{text:?}");
        assert!(said.iter().all(|comment| comments.contains(comment)), "{text:?}");
    }
    is_whole
}

#[test]
fn what_is_usual_is_cut_as_the_parser_cuts_it() {
    for text in [
        "",
        "# only\n",
        "a: 1",
        "# head\na: 1   # one\nb:\n  c: \"x \\\"y\\\" \\u00e9\"\n  d: 'it''s'\n  # inner\n  e:\nf: g",
        "list:\n- one\n- two: 2\n  three:\n    - x\n    -   - y\n        - z\n-\n- b:\n    c\n",
        "-\n  a: b\n-\n- 'c d'\n- [a, \"b\", {c: [d]}]\n- {}\n",
        "a: this is\n  plain text\n\n  with breaks # and a comment\nb: 'it\n\n   goes on'\nc: \"so\n  does this\"\n",
        "a: [x,\n  y,\n\n  {k: v, \"l\": []}\n  ]\n",
        "a: |\n  one\n    two\n\n  three\n\n\nb: >-\n   x\n   y\n\n   z\nc: |+\n  k\n\nd: |-\n  last",
        "---\na: b\n--- # second\n- c\n---\n# nothing\n---\n{d: e}\n---\n",
        "  deep:\n    a: http://x.example:80/#y\n    b: -c\n    \"d e\": f\n",
    ] {
        assert!(agrees(text), "{text:?}");
    }
}

#[test]
fn what_is_odd_is_left_to_the_parser() {
    for text in [
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "? a\n: b\n",
        "a:\tb\n",
        "a: b\r\n",
        "a: |2\n   b\n",
        "a: \u{a0}\u{85}b\n",
        "\u{feff}a: 1\n",
        "%YAML 1.2\n---\na: 1\n",
        "a: 1\n...\n",
        "just text\n",
        "- # comment\n  a\n",
        "a: b: c\n",
        "a: [b: c]\n",
        "a:\n  b\n c: d\n",
    ] {
        assert!(!agrees(text), "{text:?}");
    }
    // What stands before it is cut all the same.
    let (events, _, is_whole) = cut("a: 1\n---\nb: &x 2\n");
    assert!(events.iter().any(|event| event.contains("Scalar(\"1\"")) && !is_whole);
}

#[test]
fn depth_has_a_bound() {
    assert!(!agrees(&"- ".repeat(DEPTH + 1)));
    assert!(!agrees(&format!("a: {}{}", "[".repeat(DEPTH), "]".repeat(DEPTH))));
}

/// Lines that mean one thing or another, depending on what stands around them.
const LINES: &[&str] = &[
    "",
    " ",
    "a: 1",
    "b:",
    "- c",
    "-",
    "- d: e",
    "- - f",
    "# g",
    "h: |",
    "i: >-",
    "j: 'k",
    "l'",
    "m: \"n",
    "o\"",
    "p: [q,",
    "r]",
    "s: {t: u}",
    "v w",
    "x: y # z",
    "---",
    "--- # doc",
    "...",
    "k: &a b",
    "*a",
    "- # c",
    "é: ü",
    "'q': r",
    "s: |+",
    "t :",
    "{}",
    "[a]",
    "u: v: w",
    "- ''",
    "x: \"\\n\"",
    ": y",
    "? z",
    "a:b",
    "- |",
    "#",
    "\t",
    "- [",
    "}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn whatever_is_cut_is_cut_as_the_parser_cuts_it(
        lines in prop::collection::vec((0..4_usize, prop::sample::select(LINES)), 0..9),
        ends in any::<bool>(),
    ) {
        let lines: Vec<String> = lines.into_iter().map(|(by, line)| format!("{}{line}", "  ".repeat(by))).collect();
        agrees(&format!("{}{}", lines.join("\n"), if ends { "\n" } else { "" }));
    }
}
