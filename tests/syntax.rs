//! Parsers: tables for every trap of the formats, and properties that hold for any text.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use steadfast::source::{FileId, Span};
use steadfast::syntax::tree::{Builder, NodeId, NodeKind, NodeRef, Scalar, Style};
use steadfast::syntax::{self, Parsed, Syntax, looks_templated, parse};

fn yaml(text: &str) -> Parsed {
    parse(Syntax::Yaml, FileId(0), Arc::from(text))
}

/// Everything that a file's tree says of its nodes and of itself.
fn all_of(parsed: &Parsed) -> Vec<String> {
    let tree = &parsed.tree;
    let nodes = tree.all().map(|node| {
        let about = (node.kind(), node.style(), node.span(), node.key_span(), node.tag());
        format!("{} = {:?} {about:?} {} {}", node.path(), node.text(), node.is_copied(), node.is_merged())
    });
    let itself = [
        format!("{:?}", tree.documents),
        format!("{:?}", tree.comments),
        format!("{:?}", tree.duplicates),
        format!("{:?} {:?}", parsed.problems, parsed.templates),
    ];
    nodes.chain(itself).collect()
}

/// What is written as usual is read without the parser proper; that must not be seen.
fn both_ways_agree(text: &str) {
    let quick = syntax::yaml::parse_plain(FileId(0), Arc::from(text));
    let thorough = syntax::yaml::parse_thoroughly(FileId(0), Arc::from(text));
    assert_eq!(all_of(&quick), all_of(&thorough), "{text:?}");
}

#[test]
fn our_own_files_are_read_alike_both_ways() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = ["docs", "rules", "tests"].map(|folder| top.join(folder)).to_vec();
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("something in it").path();
            if path.is_dir() {
                folders.push(path);
            } else if ["json", "md", "yaml", "yml"].iter().any(|end| path.extension() == Some(end.as_ref())) {
                let text = fs::read_to_string(&path).expect("a text of ours");
                both_ways_agree(&text);
                // The examples of a rule are files of their own.
                text.split("```yaml\n")
                    .skip(1)
                    .filter_map(|part| part.split("```").next())
                    .for_each(both_ways_agree);
                read += 1;
            }
        }
    }
    assert!(read > 400, "{read}");
}

/// A whole file as one line of nested brackets: kinds, keys and texts, nothing else.
fn show(parsed: &Parsed) -> String {
    fn write(node: NodeRef<'_>, out: &mut String) {
        match node.kind() {
            NodeKind::Map => {
                let entries: Vec<String> = node
                    .entries()
                    .map(|(key, value)| {
                        let mut out = format!("{key}=");
                        write(value, &mut out);
                        out
                    })
                    .collect();
                let _ = write!(out, "{{{}}}", entries.join(" "));
            }
            NodeKind::List => {
                let items: Vec<String> = node
                    .items()
                    .map(|item| {
                        let mut out = String::new();
                        write(item, &mut out);
                        out
                    })
                    .collect();
                let _ = write!(out, "[{}]", items.join(" "));
            }
            NodeKind::Null => out.push_str("null"),
            NodeKind::Bool => out.push_str(if node.as_bool() == Some(true) { "true" } else { "false" }),
            NodeKind::Int | NodeKind::Float => {
                let _ = write!(out, "{}", node.as_number().expect("a number has a value"));
                if node.kind() == NodeKind::Float {
                    out.push('f');
                }
            }
            NodeKind::Text => {
                let _ = write!(out, "{:?}", node.text());
            }
            NodeKind::Unknown => out.push('?'),
        }
    }
    let mut documents = Vec::new();
    for document in &parsed.tree.documents {
        let mut out = String::new();
        match document.root {
            Some(root) => write(parsed.tree.node(root), &mut out),
            None => out.push('-'),
        }
        documents.push(out);
    }
    documents.join(" | ")
}

fn reads(text: &str, expected: &str) {
    let parsed = yaml(text);
    assert_eq!(parsed.problems, [], "{text:?}");
    assert_eq!(parsed.templates, [], "{text:?}");
    assert_eq!(show(&parsed), expected, "{text:?}");
    holds(text, &parsed);
}

/// The bytes of the value at a path of the first document.
fn bytes<'t>(text: &'t str, parsed: &Parsed, path: &str) -> &'t str {
    let root = parsed.tree.roots().next().expect("a document");
    let node = if path.is_empty() { root } else { root.at(path).expect("a value at the path") };
    &text[node.span().range()]
}

#[test]
fn scalars_mean_what_they_mean_to_kubernetes() {
    let table = [
        ("1", "1"),
        ("+1", "1"),
        ("-1", "-1"),
        ("010", "8"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("0b101", "5"),
        ("-0x10", "-16"),
        ("1_000", "1000"),
        ("08", "8f"),
        ("0o8", "\"0o8\""),
        ("0x", "\"0x\""),
        ("0+7", "\"0+7\""),
        ("+-1", "\"+-1\""),
        ("_1", "\"_1\""),
        ("1.5", "1.5f"),
        ("1e3", "1000f"),
        ("1.", "1f"),
        (".5", "0.5f"),
        (".5_0", "\".5_0\""),
        ("1e400", "\"1e400\""),
        ("18446744073709551615", "18446744073709552000"),
        ("18446744073709551616", "18446744073709552000f"),
        ("-9223372036854775808", "-9223372036854776000"),
        (".inf", "inff"),
        ("-.INF", "-inff"),
        (".nan", "NaNf"),
        ("inf", "\"inf\""),
        ("NaN", "\"NaN\""),
        (".", "\".\""),
        ("1:30", "\"1:30\""),
        ("2020-01-01", "\"2020-01-01\""),
        ("1.2.3", "\"1.2.3\""),
        ("100m", "\"100m\""),
        ("1e", "\"1e\""),
        ("true", "true"),
        ("True", "true"),
        ("tRue", "\"tRue\""),
        ("yes", "true"),
        ("NO", "false"),
        ("on", "true"),
        ("Off", "false"),
        ("y", "true"),
        ("N", "false"),
        ("yea", "\"yea\""),
        ("~", "null"),
        ("null", "null"),
        ("NULL", "null"),
        ("nil", "\"nil\""),
        ("", "null"),
        ("'1'", "\"1\""),
        ("\"yes\"", "\"yes\""),
        ("|\n 1\n", "\"1\\n\""),
        ("!!str 1", "\"1\""),
        ("!!str", "\"\""),
        ("!!int '1'", "1"),
        ("!!float 1", "1f"),
        ("!!bool yes", "true"),
        ("! 1", "\"1\""),
        ("!Ref Queue", "\"Queue\""),
        ("!!binary aGk=", "\"aGk=\""),
    ];
    for (written, read) in table {
        reads(&format!("a: {written}"), &format!("{{a={read}}}"));
    }
    assert_eq!(yaml("a: !!int x").problems[0].message, "`x` cannot be read as `!!int`");
}

#[test]
fn keys_become_text() {
    reads("1: a\n010: b\n1.10: c\ntrue: d\nFalse: e\n", "{1=\"a\" 8=\"b\" 1.1=\"c\" true=\"d\" false=\"e\"}");
    reads("1234567.5: a\n0.00001: b\n.inf: c", "{1.2345675e+06=\"a\" 1e-05=\"b\" .inf=\"c\"}");
    reads("on: push\ny: 1\n", "{on=\"push\" y=1}");
    reads("\"a\\tb\": 1\n'it''s': 2\n\"q\": 3", "{a\tb=1 it's=2 q=3}");
    reads("? a\n: b\n? c\n", "{a=\"b\" c=null}");
    reads("? |\n  long\n: b\n", "{long\n=\"b\"}");
    reads("&k a: 1\nb: *k\n*k : 2", "{b=\"a\" a=2}");
    for (text, message) in [
        ("[a]: b", "a key must be text, and this one is a list"),
        ("? {a: 1}\n: b", "a key must be text, and this one is a mapping"),
        ("x: &x [1]\n*x : 1", "a key must be text, and this alias stands for more"),
        (": b", "a key is missing here"),
    ] {
        let parsed = yaml(&format!("{text}\n---\nok: 1\n"));
        assert_eq!(parsed.problems.len(), 1, "{text:?}");
        assert_eq!(parsed.problems[0].message, message);
        assert_eq!(show(&parsed), "{ok=1}");
    }
}

#[test]
fn spans_cover_what_a_person_would_mark() {
    let text = "# head\na: |  # block\n\n    foo\n    bar\n\nb:\n  - x: 1\n    y: 'q'\n  - - z\nc: {d: [1, 2 ] , e}\nf: plain\n  goes on\ng:\nh: >-\n  t  \n";
    let parsed = yaml(text);
    assert_eq!(bytes(text, &parsed, "a"), "|  # block\n\n    foo\n    bar");
    assert_eq!(bytes(text, &parsed, "b"), "- x: 1\n    y: 'q'\n  - - z");
    assert_eq!(bytes(text, &parsed, "b.0"), "x: 1\n    y: 'q'");
    assert_eq!(bytes(text, &parsed, "b.0.y"), "'q'");
    assert_eq!(bytes(text, &parsed, "b.1"), "- z");
    assert_eq!(bytes(text, &parsed, "c"), "{d: [1, 2 ] , e}");
    assert_eq!(bytes(text, &parsed, "c.d"), "[1, 2 ]");
    assert_eq!(bytes(text, &parsed, "f"), "plain\n  goes on");
    assert_eq!(bytes(text, &parsed, "h"), ">-\n  t  ");
    let root = parsed.tree.roots().next().expect("a document");
    let missing = root.get("g").expect("g").span();
    assert!(missing.is_empty());
    assert!(text[..missing.start as usize].ends_with("g:"), "a missing value stands behind its colon");
    assert_eq!(&text[root.span().range()], text["# head\n".len()..].trim_end_matches('\n'));
    holds(text, &parsed);
}

#[test]
fn block_scalars_end_with_their_text() {
    for (text, span, value) in [
        ("a: |+\n  x\n\n\nb: 1", "|+\n  x\n\n", "x\n\n\n"),
        ("a: |\n  x\n\n\nb: 1", "|\n  x", "x\n"),
        ("a: |-\n  x\n# c\nb: 1", "|-\n  x", "x"),
        ("a: |\nb: 1", "|", ""),
        ("a: |2\n    x\nb: 1", "|2\n    x", "  x\n"),
        ("a: !!str &x |\n  x\nb: 1", "|\n  x", "x\n"),
        ("a: # | not this\n  >\n  x\n  y\nb: 1", ">\n  x\n  y", "x y\n"),
        ("a: |\n  x\n     \nb: 1", "|\n  x\n     ", "x\n   \n"),
        ("a: |\r\n  x\r\n  y\r\nb: 1", "|\r\n  x\r\n  y", "x\ny\n"),
        ("a: |+\r  x\r\rb: 1", "|+\r  x\r", "x\n\n"),
        ("a: >+\r# c\rb: 1", ">+", ""),
    ] {
        let parsed = yaml(text);
        assert_eq!(parsed.problems, []);
        assert_eq!(bytes(text, &parsed, "a"), span, "{text:?}");
        assert_eq!(parsed.tree.roots().next().and_then(|root| root.get("a")).map(NodeRef::text), Some(value));
        holds(text, &parsed);
    }
    reads("- |\n a\n-\n- >\n b\n", "[\"a\\n\" null \"b\\n\"]");
}

#[test]
fn documents_are_told_apart() {
    reads("a: 1\n---\nb: 2\n", "{a=1} | {b=2}");
    reads("---\n---\n# nothing\n...\n", "- | -");
    reads("# c\n---  # c\na: 1\n...\n# c\nb: 2", "{a=1} | {b=2}");
    reads("\u{feff}a: 1\r\n---\r\nb: 2\r\n", "{a=1} | {b=2}");
    reads("%YAML 1.2\n---\na: 1\n...\n%TAG ! tag:x:\n---\nb: !y 2", "{a=1} | {b=\"2\"}");
    reads("a: 1\rb: 2", "{a=1 b=2}");
    reads("", "");
    reads("# only\n", "");
    reads("text", "\"text\"");
    reads("a: \"---\n  x\"", "{a=\"--- x\"}");
    let text = "---\na: 1\n---\nb: 2\n";
    let spans: Vec<&str> =
        yaml(text).tree.documents.iter().map(|document| &text[document.span.range()]).collect();
    assert_eq!(spans, ["---\na: 1\n", "---\nb: 2\n"]);
}

#[test]
fn a_broken_document_is_one_problem() {
    let text = "a: 1\n---\nb: [1,\n---\nc: \"x\n---\nd: 4\n---\ne: 1\n\tf: 2\n";
    let parsed = yaml(text);
    assert_eq!(show(&parsed), "{a=1} | {d=4}");
    let problems: Vec<(&str, &str)> = parsed
        .problems
        .iter()
        .map(|problem| (&text[problem.span.range()], problem.message.as_str()))
        .collect();
    assert_eq!(
        problems,
        [
            ("[", "this `[` is never closed"),
            ("\"", "this quote is not closed where its text ends"),
            ("\t", "a tab stands where YAML allows only spaces"),
        ]
    );
}

#[test]
fn problems_say_what_to_look_at() {
    for (text, at, message) in [
        ("a:\n\tb: 2\n", "\t", "a tab stands where YAML allows only spaces"),
        (
            "a: 1\nkey value\n",
            "key value",
            "this is no key with a `:` behind it, nor does it go on with the value above",
        ),
        ("a: 1\nkey:value\nb: 2\n", ":", "no space follows the `:` after this key"),
        ("a: b: c\n", ":", "a value cannot hold a second `:` with a space behind it"),
        (
            "a: 1\n  b: 2\n",
            "b: 2",
            "this key is indented as if it belonged to the line above, which has a value already",
        ),
        ("a: 1\nip: {PREFIX}.16\nb: 2\n", ".16", "something stands behind the bracket that ends this value"),
        ("a:\n    b: 1\n  c: 2\n", "c: 2", "this line's indentation fits none of the lines above it"),
        ("a: [1, 2\nb: 3\n", "[", "this `[` is never closed"),
        ("a: [1, 2]]\n", "]", "this `]` closes nothing"),
        ("a: [1}\n", "[", "this `[` is closed by a `}`"),
        ("a: @foo\n", "@foo", "a value cannot start with `@`"),
        ("a: *nope\n", "*nope", "`*nope` is an alias, but no `&nope` stands before it"),
        ("a: \"x\" y\n", "y", "text follows the closing quote"),
        ("a: \"x\\dy\"\n", "\\d", "this is no escape that double quotes know"),
        ("a: - b\n", "-", "a list cannot start here"),
        ("a: 1\n- b\n", "- b", "a list item stands among the keys of a mapping"),
        (
            "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> b\n",
            "<<<<<<< HEAD",
            "a merge conflict was committed unresolved",
        ),
        ("a: \"b\u{1}\"\n", "\u{1}", "the character U+0001 is not allowed in YAML"),
        ("a: &x {b: *x}\n", "*x", "this alias stands inside of what it stands for"),
        ("a: 1\n<<: 2\n", "2", "`<<` needs a mapping, an alias of one, or a list of them"),
    ] {
        let parsed = yaml(text);
        assert_eq!(parsed.problems.len(), 1, "{text:?}");
        let problem = &parsed.problems[0];
        assert_eq!((&text[problem.span.range()], problem.message.as_str()), (at, message), "{text:?}");
        assert!(!problem.message.ends_with('.'));
        assert_eq!(show(&parsed), "", "{text:?}");
    }
}

#[test]
fn aliases_and_merge_keys_are_expanded() {
    reads("a: &x {k: [1, {z: q}]}\nb: *x\n", "{a={k=[1 {z=\"q\"}]} b={k=[1 {z=\"q\"}]}}");
    reads(
        "a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\nc:\n  l: 4\n  <<: *x\n",
        "{a={k=1 l=2} b={k=1 l=3} c={l=4 k=1}}",
    );
    reads(
        "a: &x {k: 1}\nb: &y {k: 2, m: 2}\nc: {<<: [*x, *y, {n: 3}], o: 4}",
        "{a={k=1} b={k=2 m=2} c={k=1 m=2 n=3 o=4}}",
    );
    reads("a: {<<: {k: 1}, l: 2}\nb: {\"<<\": 1}", "{a={k=1 l=2} b={<<=1}}");
    reads("a: &x {<<: {k: 1}}\nb: {<<: *x}", "{a={k=1} b={k=1}}");
    reads("a: &x 1\n---\nb: &x 2\nc: *x", "{a=1} | {b=2 c=2}");
    reads("a: &x 1\nb: &x 2\nc: *x", "{a=1 b=2 c=2}");
    reads("a: &x\nb: *x", "{a=null b=null}");
    reads("a: &x {\"k\\t\": !T v}\nb: *x", "{a={k\t=\"v\"} b={k\t=\"v\"}}");
    let parsed = yaml("a: &x {k: !T v}\nb: {<<: *x}\nc: *x\n");
    let root = parsed.tree.roots().next().expect("a document");
    let merged = root.at("b.k").expect("b.k");
    assert!(merged.is_copied() && merged.is_merged());
    assert_eq!(merged.tag(), Some("!T"));
    assert_eq!(merged.path(), "b.k");
    assert_eq!(merged.span(), root.at("a.k").expect("a.k").span(), "a copy points at the anchor");
    let copied = root.get("c").expect("c");
    assert!(copied.is_copied() && !copied.is_merged() && !root.get("a").expect("a").is_copied());
    assert_eq!(parsed.tree.all().count(), 7);
}

#[test]
fn the_later_of_two_keys_counts() {
    let text = "a: 1\nb: 2\na: 3\na: {c: 1, \"c\": 2}\n";
    let parsed = yaml(text);
    assert_eq!(show(&parsed), "{b=2 a={c=2}}");
    let lost: Vec<&str> =
        parsed.tree.duplicates.iter().map(|duplicate| &text[duplicate.lost.range()]).collect();
    assert_eq!(lost, ["a", "a", "c"]);
    let many: String = (0..100).map(|at| format!("k{}: {at}\n", at % 60)).collect();
    let parsed = yaml(&many);
    assert_eq!(parsed.tree.duplicates.len(), 40);
    let root = parsed.tree.roots().next().expect("a document");
    assert_eq!(root.entries().count(), 60);
    assert_eq!(root.get("k7").map(NodeRef::text), Some("67"));
    assert_eq!(root.get("k59").map(NodeRef::text), Some("59"));
}

#[test]
fn comments_are_kept() {
    let text = "# one\na: 1 # two\nb: # three\n  # four\n  - x # five\n---\n# six\n\u{20}\u{20}# seven";
    let comments: Vec<(&str, bool)> = yaml(text)
        .tree
        .comments
        .iter()
        .map(|comment| (&text[comment.span.range()], comment.own_line))
        .collect();
    assert_eq!(
        comments,
        [
            ("# one", true),
            ("# two", false),
            ("# three", false),
            ("# four", true),
            ("# five", false),
            ("# six", true),
            ("# seven", true),
        ]
    );
}

#[test]
fn quoted_text_may_be_indented_too_little() {
    // As for the parsers that kubectl uses.
    let text = "a:\n  b: \"one\ntwo\n\n\tthree\" # c\n  d: 'x\n  y'\n  e: z\n---\nf: 1\n";
    reads(text, "{a={b=\"one two\\nthree\" d=\"x y\" e=\"z\"}} | {f=1}");
    assert_eq!(bytes(text, &yaml(text), "a.d"), "'x\n  y'");
    assert_eq!(yaml(text).tree.comments.len(), 1);
    // What only looks like it, inside of a text, is left as it is.
    let text = "a:\n  b: \"one\ntwo\"\n  t: |\n    - c: 'x\n    y'\n  u:\n    - |\n      d: 'x\n      y'\n    - v: 'p\n q'\n";
    reads(text, "{a={b=\"one two\" t=\"- c: 'x\\ny'\\n\" u=[\"d: 'x\\ny'\\n\" {v=\"p q\"}]}}");
    let text = "a:\n  b: \"one\ntwo\"\n  t: !x &y |\n    c: 'x\n  \n    y'\n";
    reads(text, "{a={b=\"one two\" t=\"c: 'x\\n\\ny'\\n\"}}");
    let bad = "a:\n  b: \"one\ntwo\"\n  c: 'x\n y'\n  d: *z\n  e: \"f\ng";
    assert_eq!(yaml(bad).problems.len(), 1);
    reads("- '\n\u{feff}--- a'\n---\nb: '\nc'\n...\nd: 1\n", "[\" \\u{feff}--- a\"] | {b=\" c\"} | {d=1}");
    // What is wrong behind the quotes is what is told, and what was read before it is read once.
    for (text, at, read) in [
        (" 0: '\na'\n-", "-", "{0=\" a\"}"),
        ("  - '\na'\n-", "-", "[\" a\"]"),
        (" - \"\n0\" #---\n-", "-", "[\" 0\"]"),
        ("a:\n  b: '\nx'\n  c: @y\n", "@y", ""),
    ] {
        let parsed = yaml(text);
        assert_eq!(show(&parsed), read, "{text:?}");
        let spots: Vec<&str> = parsed.problems.iter().map(|problem| &text[problem.span.range()]).collect();
        assert_eq!(spots, [at], "{text:?}: {:?}", parsed.problems);
        holds(text, &parsed);
    }
}

#[test]
fn a_text_block_ends_as_its_last_line_does() {
    for (text, read) in [
        ("a: |\n  x", "x"),
        ("a: |\n  x\n", "x\n"),
        ("a: |+\r\n  x ", "x "),
        ("a: >\n  x\n  y", "x y"),
        ("a: >\n  \n  x\ty\t", "\nx\ty\t"),
        ("a: |2\n    x", "  x"),
        ("a: |-\n  x", "x"),
        ("a: |+\n  x\n ", "x\n"),
        ("a: |+\n  x\n   ", "x\n "),
        ("a: |\n  x\n  # y", "x\n# y"),
        ("a: |\n  x\n# x", "x\n"),
        ("a: |", ""),
        ("a: >\n", ""),
        ("a: >+\n  ", ""),
        ("a: |+\n\n  ", "\n"),
        ("a: |1\n  ", " "),
    ] {
        let parsed = yaml(text);
        let root = parsed.tree.roots().next().expect("a document");
        assert_eq!(root.get("a").map(NodeRef::text), Some(read), "{text:?}");
        holds(text, &parsed);
        reads_alone(text, &parsed);
    }
}

#[test]
fn a_colon_before_a_bracket_is_text() {
    // As for the parsers that kubectl uses; addresses end like that.
    reads("a: [10.0.0.0, fd00::]", "{a=[\"10.0.0.0\" \"fd00::\"]}");
    reads("[a:, &x b:, *x , !t c:]", "[\"a:\" \"b:\" \"b:\" \"c:\"]");
    reads("{a:, b: {c:}, d: 1}", "{a:=null b={c:=null} d=1}");
    reads("[a: , b: c, \"d\":, e:\n]", "[{a=null} {b=\"c\"} {d=null} {e=null}]");
    reads("[[a: b], {c: d}: e, f]".replace("{c: d}: e", "g: h").as_str(), "[[{a=\"b\"}] {g=\"h\"} \"f\"]");
    let text = "a: [fd00::, b]";
    assert_eq!(bytes(text, &yaml(text), "a.0"), "fd00::");
}

/// What docs/use.md says of the places where YAML 1.2 and the parser of kubectl part.
#[test]
fn what_kubectl_reads_in_another_way() {
    reads("-\tx\n-\ta: 1\n", "[\"x\" {a=1}]");
    reads("a: 1\n\t\nb: 2\n", "{a=1 b=2}");
    reads(r#"a: "x\/y""#, "{a=\"x/y\"}");
    reads("[?a]", "[\"?a\"]");
    for odd in ['\u{85}', '\u{2028}', '\u{2029}'] {
        reads(&format!("a: x # y{odd}b: z"), "{a=\"x\"}");
        reads(&format!("a: \"x{odd}y\""), &format!("{{a={:?}}}", format!("x{odd}y")));
        assert_eq!(yaml(&format!("a: x{odd}b: y")).problems.len(), 1, "{odd:?}");
    }
    assert_eq!(yaml("a: {\n\tb: 1\n}").problems.len(), 1);
}

#[test]
fn templates_are_recognised_and_left_alone() {
    for text in [
        "a: {{ .Values.x }}",
        "a:\n  {{- toYaml .Values.x | nindent 2 }}",
        "{{- if .Values.x }}\na: 1\n{{- end }}",
        "- {{ x }}",
        "a: [{{ x }}]",
        "{{ .key }}: 1",
        "apiVersion: v1\na: repo/{{ .Values.image }}:tag",
        "apiVersion: v1\na: \"{{ .Values.image }}\"",
        "{% if x %}\na: 1\n{% endif %}",
        "a: <%= x %>",
        "{{/* a comment */}}\na: 1",
        "a: |\n  text\n{{ .Files.Get \"x\" | indent 2 }}",
        "a: x {{ \"b: c\" }}",
    ] {
        let parsed = yaml(text);
        assert_eq!((parsed.templates.len(), &*parsed.problems), (1, &[][..]), "{text:?}");
        assert!(parsed.tree.is_empty(), "{text:?}");
        let marker = &text[parsed.templates[0].range()];
        assert!(marker.starts_with(['{', '<']), "{marker:?}");
    }
    for text in [
        "a: \"{{ $labels.instance }}\"",
        "a: '{{inputs.parameters.x}}'",
        "key: \"{{ .Values.x }}\"\nname: x-{{ .Release.Name }}",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: { values: { host: \"{{ .Release.Name }}.x\" } }",
        "summary: Host {{ $labels.instance }} is down",
        "image: foo:{{inputs.parameters.tag}}",
        "if: ${{ github.ref == 'x' }}\nrun: echo ${{ x }}",
        "a: |\n  {{ .Values.x }}\n  {% if y %}\n\n  {{ z }}\nb: 1",
        "- |-\n  {{ x }}\n- >\n  {{ y }}",
        "# {{ .Values.x }}\na: 1 # {{ y }}",
        "a: \"x\n  {{ y }}\"",
        "a: {b: {c: d}}",
        "a: '%{http_code}'",
    ] {
        assert_eq!(looks_templated(text), None, "{text:?}");
        let parsed = yaml(text);
        assert_eq!(parsed.problems, [], "{text:?}");
        assert!(!parsed.tree.is_empty(), "{text:?}");
    }
}

#[test]
fn each_document_is_a_template_or_not() {
    let parsed = yaml("# head\na: 1\n---\n# below\nb: {{ x }}\n---\nc: 3\n");
    assert_eq!((show(&parsed).as_str(), parsed.templates.len()), ("{a=1} | {c=3}", 1));
    assert_eq!(parsed.tree.comments.len(), 2);
    // A condition around several documents makes all of them conditional.
    let parsed = yaml("{{- if x }}\na: 1\n---\nb: 2\n---\nc: 3\n{{- end }}\n");
    assert_eq!((show(&parsed).as_str(), parsed.templates.len()), ("", 1));
    let parsed = parse(Syntax::Json, FileId(0), Arc::from("{\"a\": {{ x }}}"));
    assert_eq!((parsed.templates.len(), parsed.problems.len()), (1, 0));
    let parsed = parse(Syntax::Toml, FileId(0), Arc::from("a = {{ x }}\n"));
    assert_eq!((parsed.templates.len(), parsed.problems.len()), (1, 0));
}

#[test]
fn json_is_read_with_comments() {
    let json = |text: &str| parse(Syntax::Json, FileId(0), Arc::from(text));
    let text = "\u{feff}// head\n{\"a\": [1, 2.5, -3e2, true, null, \"x\\u0041\",], /* c */ \"b\": {}, \"a\": 7, \"\\n\": 0}\n";
    let parsed = json(text);
    assert_eq!(parsed.problems, []);
    assert_eq!(show(&parsed), "{b={} a=7 \n=0}");
    assert_eq!(parsed.tree.duplicates.len(), 1);
    let comments: Vec<bool> = parsed.tree.comments.iter().map(|comment| comment.own_line).collect();
    assert_eq!(comments, [true, false]);
    assert_eq!(show(&json("[\"x\\u0041\", 1]")), "[\"xA\" 1]");
    assert_eq!(show(&json("")), "");
    for (text, at, message) in [
        ("{\"a\" 1}", "1", "a `:` is missing between the key and this"),
        ("[1 2]", "2", "a `,` or `]` is missing before this"),
        ("[1", "[", "this `[` is never closed"),
        ("[1}", "}", "this closes a `[`, which needs a `]`"),
        ("[1]]", "]", "the file goes on after its value has ended"),
        ("{a: 1}", "a", "a key in double quotes is missing here"),
        ("{\"a\": yes}", "yes", "this is no value that JSON knows"),
        ("{\"a\": 'x'}", "'", "JSON knows no single quotes"),
        ("{\"a\": \"x", "\"x", "this quote is never closed"),
        ("[,]", ",", "a value is missing here"),
        ("{\"a\": 01}", "1", "a `,` or `}` is missing before this"),
    ] {
        let parsed = json(text);
        assert_eq!(parsed.problems.len(), 1, "{text:?}");
        let problem = &parsed.problems[0];
        assert_eq!((&text[problem.span.range()], problem.message.as_str()), (at, message), "{text:?}");
        assert!(parsed.tree.is_empty());
    }
}

#[test]
fn toml_is_read_in_the_order_in_which_it_is_written() {
    let toml = |text: &str| parse(Syntax::Toml, FileId(0), Arc::from(text));
    let text = "# head\nz = 1 # one\nb.c = \"x#y\"\n[t.u]\nx = [1, 2]\ny = {z = 1.5}\n[[arr]]\nk = -inf\n[[arr]]\nk = 1979-05-27\n[t]\nlate = true\nh = 0x_f\n".replace("0x_f", "0xf");
    let parsed = toml(&text);
    assert_eq!(parsed.problems, []);
    assert_eq!(
        show(&parsed),
        "{z=1 b={c=\"x#y\"} arr=[{k=-inff} {k=\"1979-05-27\"}] t={u={x=[1 2] y={z=1.5f}} late=true h=15}}"
    );
    let comments: Vec<&str> =
        parsed.tree.comments.iter().map(|comment| &text[comment.span.range()]).collect();
    assert_eq!(comments, ["# head", "# one"]);
    assert_eq!(bytes(&text, &parsed, "t.u.x"), "[1, 2]");
    assert_eq!(bytes(&text, &parsed, "arr"), "[[arr]]\nk = -inf\n[[arr]]\nk = 1979-05-27");
    let broken = toml("a = 1\na = 2\n");
    assert_eq!((broken.problems.len(), broken.tree.is_empty()), (1, true));
}

#[test]
fn the_syntax_is_found_by_name_and_content() {
    for (path, head, syntax) in [
        ("a/b.yaml", "", Some(Syntax::Yaml)),
        ("b.YML", "", Some(Syntax::Yaml)),
        ("b.json", "", Some(Syntax::Json)),
        ("b.jsonc", "", Some(Syntax::Json)),
        ("Pipfile.toml", "", Some(Syntax::Toml)),
        ("deployment", "# c\napiVersion: v1\n", Some(Syntax::Yaml)),
        ("deployment.k8s", "apiVersion: v1\n", Some(Syntax::Yaml)),
        ("Makefile", "all:\n", None),
        ("README.md", "apiVersion: v1\n", None),
        ("_helpers.tpl", "apiVersion: v1\n", None),
        ("deployment-production.tmpl", "apiVersion: v1\n", Some(Syntax::Yaml)),
        ("service.yaml.tpl", "kind: Service\napiVersion: v1\n", Some(Syntax::Yaml)),
        ("alertmanager.yml.template", "route: {}\n", Some(Syntax::Yaml)),
        ("notes.template", "route: {}\n", None),
        ("page.tmpl", "<html>\n", None),
        ("certificate.tpl", "{{ define \"mesh\" }}\napiVersion: v1\n", None),
        ("certificate.yml.tpl", "apiVersion: v1\nkind: {{ .kind }}\n", Some(Syntax::Yaml)),
        (".gitignore", "apiVersion: v1\n", None),
        ("package-lock.json", "", None),
        ("pnpm-lock.yaml", "", None),
        ("x.min.json", "", None),
    ] {
        assert_eq!(Syntax::of(path.into(), head.as_bytes()), syntax, "{path}");
    }
}

#[test]
fn markers_in_comments() {
    for (text, at) in [
        ("a: 1\n# %{ if x }\nb: 2\n", Some(7)),
        ("kind: #KIND#\n", Some(6)),
        ("a: 1\n#   {{- if .x }}\n", Some(5)),
        ("a: 1 # 5 %\nb: \"#fff\"\n## A #\n", None),
        ("", None),
    ] {
        let found = steadfast::syntax::hidden_marker(text);
        assert_eq!(found.map(|span| span.start), at, "{text}");
    }
}

/// What must hold for the tree of any text.
fn holds(text: &str, parsed: &Parsed) {
    let inside = |span: Span| {
        span.start <= span.end
            && text.is_char_boundary(span.start as usize)
            && text.is_char_boundary(span.end as usize)
            && span.end as usize <= text.len()
    };
    for problem in &parsed.problems {
        assert!(inside(problem.span), "{text:?}: {problem:?}");
    }
    for span in parsed.templates.iter().chain(parsed.tree.comments.iter().map(|comment| &comment.span)) {
        assert!(inside(*span), "{text:?}: {span:?}");
    }
    let starts: Vec<u32> = parsed.tree.comments.iter().map(|comment| comment.span.start).collect();
    assert!(starts.is_sorted(), "{text:?}");
    let spans: Vec<u32> =
        parsed.tree.documents.iter().flat_map(|document| [document.span.start, document.span.end]).collect();
    assert!(spans.is_sorted() && spans.iter().all(|at| *at as usize <= text.len()), "{text:?} {spans:?}");
    for node in parsed.tree.all() {
        assert!(inside(node.span()), "{text:?}: {node:?}");
        if let Some(key) = node.key_span() {
            assert!(inside(key), "{text:?}: {node:?}");
        }
        if let Some(parent) = node.parent() {
            assert_eq!(node.key().is_some(), parent.kind() == NodeKind::Map, "{text:?}: {node:?}");
            if !node.is_copied() && !parent.is_copied() {
                assert!(
                    parent.span().covers(node.span()),
                    "{text:?}: {node:?} {:?} in {:?}",
                    node.span(),
                    parent.span()
                );
                assert!(node.key_span().is_none_or(|key| parent.span().covers(key)), "{text:?}: {node:?}");
            }
        }
        if matches!(node.kind(), NodeKind::Int | NodeKind::Float) {
            assert!(node.as_number().is_some(), "{text:?}: {node:?}");
        }
    }
}

/// Every scalar of YAML, cut out and read alone, is the same scalar.
fn reads_alone(text: &str, parsed: &Parsed) {
    for node in parsed.tree.all() {
        if matches!(node.kind(), NodeKind::List | NodeKind::Map) {
            continue;
        }
        let cut = &text[node.span().range()];
        if cut.is_empty() {
            assert!(node.text().is_empty(), "{text:?}: {node:?}");
            continue;
        }
        // An indentation that is given counts from what is around it.
        let header = cut.lines().next().unwrap_or_default().split('#').next().unwrap_or_default();
        if node.style() == Style::Block && header.contains(|byte: char| byte.is_ascii_digit()) {
            continue;
        }
        // Blanks behind the last line break of a file are a line of their own, or none.
        if node.style() == Style::Block && text.ends_with([' ', '\t']) {
            continue;
        }
        // In brackets, what looks like the end of a document may be text.
        if cut.lines().any(|line| line == "---" || line == "...") {
            continue;
        }
        // Only in brackets may plain text end in a colon, or be a question mark.
        if node.style() == Style::Plain && (cut.ends_with(':') || cut == "?") {
            continue;
        }
        // A comment behind a tab may stand in a plain text for our parser, and nowhere for that of kubectl.
        if node.style() == Style::Plain
            && cut.split(['\n', '\r']).skip(1).any(|line| line.trim_start().starts_with('#'))
        {
            continue;
        }
        // A tag's prefix may be declared elsewhere.
        let tag = node.tag().filter(|tag| *tag == "!" || tag.starts_with("!!")).unwrap_or_default();
        if node.tag().is_some() && tag.is_empty() {
            continue;
        }
        // Whether a text block's last line ends with a line break counts.
        let end = if node.span().end as usize == text.len() { "" } else { "\n" };
        let alone = format!(" {tag} {cut}{end}");
        let again = yaml(&alone);
        if !again.templates.is_empty() {
            // One space more, and a line of a text block is a line of its own.
            continue;
        }
        let same = again.tree.roots().next().map(|root| (root.kind(), root.text().to_owned()));
        assert_eq!(
            same,
            Some((node.kind(), node.text().to_owned())),
            "{text:?}: {node:?} alone is {alone:?} {:?}",
            again.problems
        );
    }
}

const SAMPLE: &str = r##"# head
apiVersion: apps/v1
kind: Deployment
metadata: {name: "web", labels: &labels {app: web, "tier": 'it''s'}}
spec:
  replicas: 3
  paused: no
  selector:
    matchLabels: *labels
  template:
    metadata:
      labels:
        <<: *labels
        x: ~
    spec:
      containers:
      - name: app # main
        image: "repo:5000/app@sha256:abc"
        command: [sh, -c, "exec \"$0\"\n\u00e4"]
        args:
        - |
          #!/bin/sh
          echo hi

        - >-
          folded
          text
        -
        - plain
          goes on
        mode: 0755
---
# second
? key
: - 1.5
  - [a: b, {c, d: }]
...
kind: ü日本
"##;

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z0-9:# \\-\n]{0,6}",
        2 => prop::sample::select(vec![
            "\n", "  ", "\t", ": ", "- ", "? ", "|", ">", "|+\n", "\"", "'", "[", "]", "{", "}", ",", "&a ", "*a", "!!str ",
            "<<: ", "---\n", "...\n", "%YAML 1.2\n", "{{ ", " }}", "{% ", "\r\n", "\u{feff}", "\u{85}", "ü", "😀", "\0", "\\",
            "\\u00e4", "!", "@", "`", "#", " #",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Lines that are nearly YAML: what opens a node, a value or the half of one, what may follow it, and an end of line.
fn lines() -> impl Strategy<Value = String> {
    let choose = |pieces: &[&str]| {
        let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        prop::sample::select(pieces)
    };
    let indent = prop_oneof![8 => "[ ]{0,6}", 1 => choose(&["\t", " \t", "\u{feff}"])];
    let heads = [
        "",
        "",
        "- ",
        "-",
        "- - ",
        "a: ",
        "b:",
        "\"k\": ",
        "'k' : ",
        "? ",
        ": ",
        "&x ",
        "*x",
        "&x a: ",
        "!t ",
        "!!str ",
        "!!int ",
        "<<: *x",
        "<<: ",
        "--- ",
        "---",
        "...",
        "%YAML 1.1",
        "%TAG ! x",
        "[",
        "{",
        "# ",
        "- a: ",
        "{{ if }}",
    ];
    let values = [
        "",
        "x",
        "x y",
        "1",
        "0x1f",
        "~",
        "yes",
        "\"",
        "'",
        "\"q\"",
        "'q'",
        "\"a\\n\\",
        "\\ b\"",
        "it''s",
        "\\\"",
        "\\u00e4",
        "\\x4",
        "|",
        ">",
        "|-",
        ">+",
        "|2",
        ">1-",
        "|9",
        "{a: 1}",
        "{a: [",
        "[1, ",
        "::",
        "fd00::",
        "a:",
        ":",
        "-",
        "?",
        "{{ .x }}",
        "\"{{ .x }}\"",
        "${{ x }}",
        "日本",
        "😀",
        "\0",
        "\u{7f}",
        "\u{feff}",
        "@",
        "`",
        "%",
        "a#b",
        "a #b",
        "*x",
        "!",
    ];
    let tails = ["", "", "", " ", "\t", " # c", "#", ",", "]", "}", "\"", "'", ":", ": ", "\\", "  z"];
    let ends = ["\n", "\n", "\n", "\n", "\n", "\n\n", "\r\n", "\r", "", "\u{85}", "\u{2028}"];
    let line = (indent, choose(&heads), choose(&values), choose(&tails), choose(&ends));
    let line = line.prop_map(|(indent, head, value, tail, end)| indent + &head + &value + &tail + &end);
    prop::collection::vec(line, 0..14).prop_map(|lines| lines.concat())
}

/// The sample with a few pieces removed, doubled, or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let change = (0..SAMPLE.len(), 0..12_usize, 0..4_u8, text());
    prop::collection::vec(change, 1..4).prop_map(|changes| {
        let mut text = SAMPLE.to_owned();
        for (at, length, what, new) in changes {
            let mut from = at.min(text.len());
            while !text.is_char_boundary(from) {
                from -= 1;
            }
            let mut to = (from + length).min(text.len());
            while !text.is_char_boundary(to) {
                to += 1;
            }
            match what {
                0 => text.replace_range(from..to, ""),
                1 => {
                    let piece = text[from..to].to_owned();
                    text.insert_str(from, &piece);
                }
                _ => {
                    let short: String = new.chars().take(6).collect();
                    text.replace_range(from..to, &short);
                }
            }
        }
        text
    })
}

/// A value and how it is written.
#[derive(Clone, Debug)]
enum Written {
    Plain(String),
    Quoted(String),
    Block(String),
    List(bool, Vec<Written>),
    Map(bool, Vec<(String, Written)>),
}

fn written() -> impl Strategy<Value = Written> {
    let word = "[a-z][a-z0-9_]{0,5}";
    let leaf = prop_oneof![
        "[a-z0-9][a-z0-9._/]{0,8}".prop_map(Written::Plain),
        "[ -~äß日\n\t]{0,12}".prop_map(Written::Quoted),
        "[a-z]([ -~\n]{0,12}[a-z])?".prop_map(Written::Block),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            (any::<bool>(), prop::collection::vec(inner.clone(), 1..5))
                .prop_map(|(flow, items)| Written::List(flow, items)),
            (any::<bool>(), prop::collection::btree_map(word, inner, 1..5))
                .prop_map(|(flow, entries)| Written::Map(flow, entries.into_iter().collect())),
        ]
    })
}

/// Writes YAML: what follows a `:` or a `-`, its line break included.
fn write(value: &Written, indent: usize, flow: bool, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Written::Plain(text) => out.push_str(text),
        Written::Block(text) if !flow => {
            out.push_str("|-\n");
            let lines: Vec<String> = text.split('\n').map(|line| format!("{pad}{line}")).collect();
            out.push_str(&lines.join("\n"));
        }
        Written::Quoted(text) | Written::Block(text) => {
            let _ = write!(out, "{}", serde_json::Value::from(text.as_str()));
        }
        Written::List(true, items) => flowing(items.iter().map(|item| (None, item)), "[]", out),
        Written::Map(true, entries) => {
            flowing(entries.iter().map(|(key, item)| (Some(key), item)), "{}", out)
        }
        Written::List(_, items) if flow => flowing(items.iter().map(|item| (None, item)), "[]", out),
        Written::Map(_, entries) if flow => {
            flowing(entries.iter().map(|(key, item)| (Some(key), item)), "{}", out)
        }
        Written::List(false, items) => {
            for item in items {
                let _ = write!(out, "\n{pad}- ");
                write(item, indent + 2, false, out);
            }
        }
        Written::Map(false, entries) => {
            for (key, item) in entries {
                let _ = write!(out, "\n{pad}{key}: ");
                write(item, indent + 2, false, out);
            }
        }
    }
}

fn flowing<'w>(
    items: impl Iterator<Item = (Option<&'w String>, &'w Written)>,
    brackets: &str,
    out: &mut String,
) {
    out.push_str(&brackets[..1]);
    for (at, (key, item)) in items.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        if let Some(key) = key {
            let _ = write!(out, "{key}: ");
        }
        write(item, 0, true, out);
    }
    out.push_str(&brackets[1..]);
}

fn agrees(value: &Written, node: NodeRef<'_>) -> bool {
    match value {
        Written::Plain(text) => node.text() == text,
        Written::Quoted(text) | Written::Block(text) => node.kind() == NodeKind::Text && node.text() == text,
        Written::List(_, items) => {
            node.items().count() == items.len()
                && items.iter().zip(node.items()).all(|(item, node)| agrees(item, node))
        }
        Written::Map(_, entries) => {
            node.entries().count() == entries.len()
                && entries.iter().all(|(key, item)| node.get(key).is_some_and(|node| agrees(item, node)))
        }
    }
}

fn agrees_json(value: &serde_json::Value, node: NodeRef<'_>) -> bool {
    use serde_json::Value;
    match value {
        Value::Null => node.is_null(),
        Value::Bool(value) => node.as_bool() == Some(*value),
        Value::Number(number) => {
            // The two round differently in the last place.
            let (ours, theirs) = (node.as_number().unwrap_or(f64::NAN), number.as_f64().unwrap_or(f64::NAN));
            (ours - theirs).abs() <= theirs.abs() * 1e-15
        }
        Value::String(text) => node.kind() == NodeKind::Text && node.text() == text,
        Value::Array(items) => {
            node.items().count() == items.len()
                && items.iter().zip(node.items()).all(|(item, node)| agrees_json(item, node))
        }
        Value::Object(entries) => {
            node.entries().count() == entries.len()
                && entries.iter().all(|(key, item)| node.get(key).is_some_and(|node| agrees_json(item, node)))
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        "[\"\\\\\n\t\u{1}a]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,5}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// One call of a [`Builder`], whatever state it is in.
#[derive(Clone, Debug)]
enum Call {
    Begin,
    End,
    Abandon,
    Key(u32, String),
    Scalar(u32, String),
    Open(bool, u32),
    Close(Option<u32>),
    Copy(u32),
    Merge(u32),
    Detach,
    Tag(u32),
    Comment(u32),
}

fn call() -> impl Strategy<Value = Call> {
    let at = 0..40_u32;
    prop_oneof![
        1 => Just(Call::Begin),
        2 => Just(Call::End),
        1 => Just(Call::Abandon),
        8 => (at.clone(), "[a-c]|some").prop_map(|(at, text)| Call::Key(at, text)),
        8 => (at.clone(), "[a-c]|some").prop_map(|(at, text)| Call::Scalar(at, text)),
        6 => (any::<bool>(), at.clone()).prop_map(|(map, at)| Call::Open(map, at)),
        4 => prop::option::of(at.clone()).prop_map(Call::Close),
        4 => at.clone().prop_map(Call::Copy),
        4 => at.clone().prop_map(Call::Merge),
        1 => Just(Call::Detach),
        2 => at.clone().prop_map(Call::Tag),
        1 => at.prop_map(Call::Comment),
    ]
}

#[test]
fn the_sample_reads_alone() {
    let parsed = yaml(SAMPLE);
    assert_eq!(parsed.problems, []);
    holds(SAMPLE, &parsed);
    reads_alone(SAMPLE, &parsed);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_read(text in text()) {
        both_ways_agree(&text);
        for syntax in [Syntax::Yaml, Syntax::Json, Syntax::Toml] {
            holds(&text, &parse(syntax, FileId(0), Arc::from(text.as_str())));
        }
        reads_alone(&text, &yaml(&text));
    }

    #[test]
    fn lines_that_are_nearly_yaml_are_read(text in lines()) {
        both_ways_agree(&text);
        let parsed = yaml(&text);
        holds(&text, &parsed);
        reads_alone(&text, &parsed);
    }

    #[test]
    fn any_change_to_a_manifest_is_read(text in mutated()) {
        both_ways_agree(&text);
        let parsed = yaml(&text);
        holds(&text, &parsed);
        reads_alone(&text, &parsed);
        for syntax in [Syntax::Json, Syntax::Toml] {
            holds(&text, &parse(syntax, FileId(0), Arc::from(text.as_str())));
        }
    }

    #[test]
    fn what_is_written_is_read(value in written()) {
        let mut text = "top: ".to_owned();
        write(&value, 2, false, &mut text);
        text.push('\n');
        both_ways_agree(&text);
        let parsed = yaml(&text);
        prop_assert_eq!(&parsed.problems, &[], "{}", text);
        let node = parsed.tree.roots().next().and_then(|root| root.get("top"));
        prop_assert!(node.is_some_and(|node| agrees(&value, node)), "{}\n{}", text, show(&parsed));
        holds(&text, &parsed);
        reads_alone(&text, &parsed);
    }

    #[test]
    fn a_builder_bears_any_order(calls in prop::collection::vec(call(), 0..120)) {
        let mut builder = Builder::new(FileId(0), Arc::from("some text of about forty bytes, and a b c"));
        for call in calls {
            let known = |at: u32| NodeId(at.checked_rem(builder.len() as u32).unwrap_or_default());
            match call {
                Call::Begin => builder.begin_document(0),
                Call::End => builder.end_document(40),
                Call::Abandon => builder.abandon_document(),
                Call::Key(at, text) => builder.key(Span::new(at, at + 1), text.into()),
                Call::Scalar(at, text) => {
                    let span = Span::new(at, at + 1);
                    builder.scalar(Scalar { kind: NodeKind::Text, style: Style::Plain, span, text: text.into() });
                }
                Call::Open(true, at) => drop(builder.open(NodeKind::Map, Style::Plain, at)),
                Call::Open(false, at) => drop(builder.open(NodeKind::List, Style::Flow, at)),
                Call::Close(end) => builder.close(end),
                Call::Copy(at) if !builder.is_empty() => drop(builder.copy(known(at), 50)),
                Call::Merge(at) if !builder.is_empty() => drop(builder.merge(known(at), 50)),
                Call::Copy(_) | Call::Merge(_) => {}
                Call::Detach => builder.detach_next(),
                Call::Tag(at) => builder.tag(NodeId(at), Span::new(0, 4)),
                Call::Comment(at) => builder.comment(Span::new(at, at + 1)),
            }
        }
        let tree = builder.finish();
        let mut seen = std::collections::HashSet::new();
        for node in tree.all() {
            prop_assert!(seen.insert(node.id()), "a node stands in one place");
            let _ = (node.text(), node.tag(), node.path(), node.span(), node.key_span());
            if let Some(parent) = node.parent() {
                prop_assert_eq!(node.key().is_some(), parent.kind() == NodeKind::Map);
                prop_assert!(parent.children().any(|child| child == node));
                let same = parent.children().filter(|child| child.key().is_some() && child.key() == node.key()).count();
                prop_assert!(same <= 1, "a key stands once in a mapping");
            }
        }
    }

    #[test]
    fn json_is_what_it_is(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("it prints");
        let parsed = parse(Syntax::Json, FileId(0), Arc::from(text.as_str()));
        prop_assert_eq!(&parsed.problems, &[], "{}", text);
        holds(&text, &parsed);
        prop_assert!(parsed.tree.roots().next().is_some_and(|root| agrees_json(&value, root)), "{}", text);
        for node in parsed.tree.all() {
            let cut = &text[node.span().range()];
            let again: serde_json::Value = serde_json::from_str(cut).expect("a part of JSON is JSON");
            prop_assert!(agrees_json(&again, node), "{}", cut);
        }
    }
}
