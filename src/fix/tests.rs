//! Edits of texts: what is merged, replaced, added and removed, and that everything else stays.

use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> Tree {
    let (tree, problem) = read(text);
    assert_eq!(problem, None, "{text}");
    tree
}

/// The node at a path of the first document that has it; an empty path is the first document.
fn target<'t>(tree: &'t Tree, path: &str) -> NodeRef<'t> {
    let mut roots = tree.roots();
    let found = if path.is_empty() { roots.next() } else { roots.find_map(|root| root.at(path)) };
    found.unwrap_or_else(|| panic!("no {path}"))
}

/// The text after a fix, or why there is none.
fn fixed(text: &str, path: &str, operation: Operation, fragment: &str) -> String {
    let before = tree(text);
    match apply(&before, target(&before, path), operation, fragment) {
        Err(refusal) => format!("refused: {}", refusal.message),
        Ok(edits) => {
            let after = write(text, &edits).expect("edits of one fix do not overlap");
            if operation != Operation::Remove {
                let again = tree(&after);
                let edits = apply(&again, target(&again, path), operation, fragment);
                assert_eq!(edits, Ok(Vec::new()), "twice changes nothing:\n{after}");
            }
            after
        }
    }
}

fn merged(text: &str, path: &str, fragment: &str) -> String {
    let after = fixed(text, path, Operation::Merge, fragment);
    // The same with the line breaks of Windows.
    if !text.contains('\n') {
        return after;
    }
    let windows = fixed(&text.replace('\n', "\r\n"), path, Operation::Merge, fragment);
    assert_eq!(
        windows,
        if after.starts_with("refused") { after.clone() } else { after.replace('\n', "\r\n") }
    );
    after
}

#[test]
fn a_merge_changes_only_what_it_names() {
    let mut wrong = Vec::new();
    let table = [
        // A scalar: value, comment, quotes.
        ("a: 1 # keep\nb: 2\n", "", "a: 3", "a: 3 # keep\nb: 2\n"),
        ("a: \"1\"\n", "", "a: 1", "a: 1\n"),
        ("a: 1\n", "", "a: 1", "a: 1\n"),
        ("a: 0x10\nb: yes\nc: 'x'\n", "", "a: 16\nb: true\nc: x", "a: 0x10\nb: yes\nc: 'x'\n"),
        ("a:\nb: 2\n", "", "a: 3", "a: 3\nb: 2\n"),
        ("a: # why\nb: 2\n", "", "a: 3", "a: 3 # why\nb: 2\n"),
        ("a: ~\n", "", "a: 3", "a: 3\n"),
        ("a: 1", "", "b: 2", "a: 1\nb: 2"),
        ("a: 1", "", "a: 2", "a: 2"),
        ("a: 1\n\n\n# end\n", "", "b: 2", "a: 1\nb: 2\n\n\n# end\n"),
        // A short entry goes behind the last short one, others to the end.
        (
            "spec:\n  replicas: 3 # three\n  # the pods\n  template:\n    spec: {}\nx: 1\n",
            "spec",
            "minReadySeconds: 10",
            "spec:\n  replicas: 3 # three\n  minReadySeconds: 10\n  # the pods\n  template:\n    spec: {}\nx: 1\n",
        ),
        (
            "spec:\n  replicas: 3\n  template:\n    spec: {}\n\nx: 1\n",
            "spec",
            "strategy:\n  rollingUpdate:\n    maxSurge: 1",
            "spec:\n  replicas: 3\n  template:\n    spec: {}\n  strategy:\n    rollingUpdate:\n      maxSurge: 1\n\nx: 1\n",
        ),
        ("spec:\n  template:\n    x: y\n", "spec", "n: 1", "spec:\n  template:\n    x: y\n  n: 1\n"),
        // Nested mappings, at the same place too.
        (
            "a:\n  b:\n    c: 1\n",
            "",
            "a:\n  n: {x: 1}\n  b:\n    m:\n      d: 2",
            "a:\n  b:\n    c: 1\n    m:\n      d: 2\n  n: { x: 1 }\n",
        ),
        (
            "a:\n  b:\n    c: 1\n",
            "",
            "z: 2\na:\n  y: 2\n  b:\n    x: 2",
            "a:\n  b:\n    c: 1\n    x: 2\n  y: 2\nz: 2\n",
        ),
        // Indentation of the surroundings.
        (
            "a:\n    b:\n        c: 1\n",
            "a",
            "d:\n  e:\n    f: 1",
            "a:\n    b:\n        c: 1\n    d:\n        e:\n            f: 1\n",
        ),
        ("a:\n- b: 1\n  c: 2\n", "a.0", "d:\n  - e", "a:\n- b: 1\n  c: 2\n  d:\n  - e\n"),
        (
            "a:\n  - b: 1\n    c: 2\n  - b: 3\n",
            "a.0",
            "d:\n  - e",
            "a:\n  - b: 1\n    c: 2\n    d:\n      - e\n  - b: 3\n",
        ),
        ("a:\n  - b: 1\n  - b: 3\n", "a.1", "d: 2", "a:\n  - b: 1\n  - b: 3\n    d: 2\n"),
        ("- - a: 1\n", "0.0", "b: 2", "- - a: 1\n    b: 2\n"),
        // Flow style.
        ("a: { b: 1 }\n", "a", "c: 2", "a: { b: 1, c: 2 }\n"),
        ("a: {b: 1}\n", "a", "c: {d: 2}\ne: [1, x]", "a: {b: 1, c: { d: 2 }, e: [1, x]}\n"),
        ("a: {b: 1,}\n", "a", "c: 2", "a: {b: 1, c: 2,}\n"),
        ("a: { b: { c: 1 } }\n", "a", "b:\n  c: 2\n  d: 3", "a: { b: { c: 2, d: 3 } }\n"),
        ("a: { b: }\n", "a", "b: 2", "a: { b: 2 }\n"),
        ("a: { b: {} }\n", "a.b", "c: 2", "a: { b: { c: 2 } }\n"),
        ("a: { b: \"x}\" } # }\n", "a", "c: \"y, z\"", "a: { b: \"x}\", c: \"y, z\" } # }\n"),
        ("a: { b: 1 }\n", "a", "c: y, z", "a: { b: 1, c: \"y, z\" }\n"),
        (
            "a: {\n  b: 1, # one\n  c: 2 # two\n  # three\n}\n",
            "a",
            "d: 3",
            "a: {\n  b: 1, # one\n  c: 2, # two\n  d: 3\n  # three\n}\n",
        ),
        ("a: {\n  b: 1,\n}\n", "a", "d: 3", "a: {\n  b: 1,\n  d: 3,\n}\n"),
        ("a: {}\n", "a", "b: 1\nc: 2", "a:\n  b: 1\n  c: 2\n"),
        ("a: {} # none\nd: 1\n", "a", "b: 1", "a: # none\n  b: 1\nd: 1\n"),
        ("a:\n  - {}\n", "a.0", "b: 1\nc: 2", "a:\n  - b: 1\n    c: 2\n"),
        ("{}\n", "", "b: 1\nc: 2", "b: 1\nc: 2\n"),
        // Kinds change.
        ("a: 1 # note\nb: 2\n", "", "a:\n  c: 1", "a: # note\n  c: 1\nb: 2\n"),
        ("a:\n\nb: 2\n", "", "a:\n  - c", "a:\n  - c\n\nb: 2\n"),
        ("a: # note\n  c: 1 # gone\n  d: 1\nb: 2\n", "", "a: 1", "a: 1 # note\nb: 2\n"),
        ("a:\n  - b\n", "", "a: [c, d]", "a: [c, d]\n"),
        ("a: [b]\n", "", "a:\n  - c\n  - d", "a: [c, d]\n"),
        ("a:\n  - b # x\n  - c\nd: 1\n", "", "a:\n  - c", "a:\n  - c\nd: 1\n"),
        ("a: [b]\n", "", "a: []", "a: []\n"),
        ("a: |\n  one\n  two\nb: 1\n", "", "a: x", "a: x\nb: 1\n"),
        ("a: x # why\nb: 1\n", "", "a: |\n  one\n  two\n", "a: | # why\n  one\n  two\nb: 1\n"),
        ("a: { b: 1 }\n", "a", "c: |\n  one\n  two\n", "a: { b: 1, c: \"one\\ntwo\\n\" }\n"),
        ("a: |\n  one\n", "", "b:\n  c: 1", "a: |\n  one\nb:\n  c: 1\n"),
        ("a: |+\n  one\n\n\n", "", "b: 1", "a: |+\n  one\n\n\nb: 1\n"),
        // A line break more at its end would be a change of the text.
        ("a: |\n  one", "", "b: 1", "refused: this file is laid out in a way that fixes do not know"),
        // Lists whose elements have names.
        (
            "c:\n  - name: a\n    image: x # pinned\n  - name: b\n",
            "",
            "c:\n  - name: b\n    image: y\n  - name: d\n    env:\n      - name: E\n        value: \"1\"",
            "c:\n  - name: a\n    image: x # pinned\n  - name: b\n    image: y\n  - name: d\n    env:\n      - name: E\n        value: \"1\"\n",
        ),
        (
            "c: [{ name: a }]\n",
            "",
            "c:\n  - name: a\n    x: 1\n  - name: b",
            "c: [{ name: a, x: 1 }, { name: b }]\n",
        ),
        ("c:\n- name: a\nd: 1\n", "", "c:\n  - name: b", "c:\n- name: a\n- name: b\nd: 1\n"),
        // JSON.
        (
            "{\"a\": {\"b\": 1}}\n",
            "a",
            "c: yes it is\nd: [1, on]",
            "{\"a\": {\"b\": 1, \"c\": \"yes it is\", \"d\": [1, true]}}\n",
        ),
        (
            "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
            "a",
            "c:\n  d: 2",
            "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": 2\n    }\n  }\n}\n",
        ),
        (
            "{\n  \"a\": {},\n  \"b\": 1\n}\n",
            "a",
            "c: 2",
            "{\n  \"a\": {\n    \"c\": 2\n  },\n  \"b\": 1\n}\n",
        ),
        ("{\n\t\"a\": 1\n}\n", "", "a: x", "{\n\t\"a\": \"x\"\n}\n"),
        // Comments of the fragment come along.
        ("a: 1\n", "", "# because\nb: # of\n  c: 2 # this\n", "a: 1\n# because\nb: # of\n  c: 2 # this\n"),
        // Anchors, aliases, merge keys.
        (
            "a: &x\n  b: 1\nc: *x\n",
            "a",
            "d: 1",
            "refused: other places take this by its anchor, and changing it would change them too",
        ),
        (
            "a: &x\n  b: 1\nc: *x\n",
            "c",
            "d: 1",
            "refused: this comes through an alias, and changing it would change others too",
        ),
        ("a: &x\n  b: 1\nc: *x\n", "c", "b: 1", "a: &x\n  b: 1\nc: *x\n"),
        ("a: &x\n  b: 1\nc: 2\n", "a", "d: 1", "a: &x\n  b: 1\n  d: 1\nc: 2\n"),
        (
            "a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n",
            "c",
            "e: 1",
            "a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n  e: 1\n",
        ),
        (
            "a: &x\n  b: 1\nc:\n  d: 2\n  <<: *x\n",
            "c",
            "e: {f: 1}",
            "a: &x\n  b: 1\nc:\n  d: 2\n  e: { f: 1 }\n  <<: *x\n",
        ),
        (
            "a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n",
            "c",
            "b: 2",
            "refused: this comes through a merge key `<<`, and changing it would change others too",
        ),
        (
            "a: &x\n  b: 1\nc:\n  <<: *x\n",
            "c",
            "e: 1",
            "refused: the keys of this mapping stand in an unusual place",
        ),
        ("x: &l [1]\na:\n  b: *l\n  c: *l\n", "a", "d: 1", "x: &l [1]\na:\n  b: *l\n  c: *l\n  d: 1\n"),
        ("a: !Ref b\n", "", "a: c", "refused: the tag `!Ref` gives this a meaning of its own"),
        // Not a mapping, not a document.
        ("a: 1\n", "a", "b: 1", "refused: there is no mapping to merge into"),
        ("a: 1\n", "", "- b", "refused: only a mapping can be merged"),
        ("a: 1\n", "", "b: 1\n---\nc: 1\n", "refused: the fix must be one document"),
        ("? a\n: b\n", "", "a: c", "refused: the key of this value stands in an unusual place"),
        // Two keys of one name: the one that counts is changed.
        ("a: 1\na: 2\n", "", "a: 3", "a: 1\na: 3\n"),
        // Beyond the first document and the first byte.
        ("\u{feff}a: 1\n---\nb: 1 # é\n", "", "c: 1", "\u{feff}a: 1\nc: 1\n---\nb: 1 # é\n"),
        ("x: 1\n---\nb:\n  c: é # é\n", "b", "d: 1", "x: 1\n---\nb:\n  c: é # é\n  d: 1\n"),
    ];
    for (text, path, fragment, expected) in table {
        let found = merged(text, path, fragment);
        if found != expected {
            wrong.push(format!("{text}<< {fragment}\n== {found:?}\n!= {expected:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    let table = [
        ("a:\n  b: Always # why\n", "a.b", "IfNotPresent", "a:\n  b: IfNotPresent # why\n"),
        ("a: [x, y]\n", "a.1", "z", "a: [x, z]\n"),
        ("a:\n  - x\n  - y # y\n", "a.1", "\"yes\"", "a:\n  - x\n  - \"yes\" # y\n"),
        ("a:\n  - x: 1\n    y: 2\n  - z\n", "a.0", "b: 1\nc: 2", "a:\n  - b: 1\n    c: 2\n  - z\n"),
        ("a: 5\n", "", "6", "refused: a whole document is not replaced"),
        ("a: {b: 1}\n", "a.b", "c: 1", "a: {b: { c: 1 }}\n"),
        ("a: \"5\"\n", "a", "5", "a: 5\n"),
    ];
    for (text, path, fragment, expected) in table {
        assert_eq!(fixed(text, path, Operation::Replace, fragment), expected, "\n{text}<< {fragment}");
    }
}

#[test]
fn an_entry_is_removed_with_its_line() {
    let table = [
        ("a: 1\nb: 2 # gone\n# kept\nc: 3\n", "b", "a: 1\n# kept\nc: 3\n"),
        ("a: 1\nb:\n  c: 1\n  d: 2\n\ne: 3\n", "b", "a: 1\n\ne: 3\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("a: 1\nb: |\n  x\n  y\nc: 1\n", "b", "a: 1\nc: 1\n"),
        ("a:\n  b: 1\n", "a.b", "a: {}\n"),
        ("a: # why\n  b: 1 # x\nc: 1\n", "a.b", "a: {} # why # x\nc: 1\n"),
        ("a:\n  - b: 1\n    c: 2\n", "a.0.b", "a:\n  - c: 2\n"),
        ("a:\n  - b: 1 # x\n    c: 2\n", "a.0.b", "a:\n  -  # x\n    c: 2\n"),
        ("a:\n  - x\n  - y # gone\n  - z\n", "a.1", "a:\n  - x\n  - z\n"),
        ("a:\n- x\nb: 1\n", "a.0", "a: []\nb: 1\n"),
        ("a:\n  - - x\n    - y\n", "a.0.0", "a:\n  - - y\n"),
        ("a:\n- x\n# - not this\n- &a-b y\n- z\n", "a.1", "a:\n- x\n# - not this\n- z\n"),
        ("a:\n- - x\n- z\n", "a.0", "a:\n- z\n"),
        ("a: { b: 1, c: 2 }\n", "a.b", "a: { c: 2 }\n"),
        ("a: { b: 1, c: 2 }\n", "a.c", "a: { b: 1 }\n"),
        ("a: { b: 1 }\n", "a.b", "a: {}\n"),
        ("a: [x, y, z]\n", "a.1", "a: [x, z]\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "b", "{\n  \"a\": 1\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "a", "{\n  \"b\": 2\n}\n"),
        ("a: {\n  b: 1, # one\n  c: 2 # two\n}\n", "a.c", "a: {\n  b: 1 # one\n   # two\n}\n"),
        ("a: 1\n", "", "refused: a whole document is not removed"),
        ("a: &x 1\nb: *x\nc: 1\n", "b", "a: &x 1\nc: 1\n"),
        (
            "a: &x 1\nb: *x\n",
            "a",
            "refused: other places take this by its anchor, and changing it would change them too",
        ),
        (
            "a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n",
            "c.b",
            "refused: this comes through a merge key `<<`, and changing it would change others too",
        ),
        ("a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n", "c.d", "a: &x\n  b: 1\nc:\n  <<: *x\n"),
        ("a: 1\na: 2\n", "a", "refused: the key is there twice; without this one the other counts"),
    ];
    for (text, path, expected) in table {
        assert_eq!(fixed(text, path, Operation::Remove, ""), expected, "\n{text}-- {path}");
    }
}

#[test]
fn a_document_is_added_once() {
    let budget = "# one a node\nkind: Budget\nmetadata:\n  name: api\n";
    let table = [
        ("kind: D\n", "kind: D\n---\n# one a node\nkind: Budget\nmetadata:\n  name: api\n"),
        ("kind: D", "kind: D\n---\n# one a node\nkind: Budget\nmetadata:\n  name: api\n"),
        ("kind: D\n---\n", "kind: D\n---\n# one a node\nkind: Budget\nmetadata:\n  name: api\n"),
        ("kind: D\n...\n", "kind: D\n...\n---\n# one a node\nkind: Budget\nmetadata:\n  name: api\n"),
        ("kind: D\r\n", "kind: D\r\n---\r\n# one a node\r\nkind: Budget\r\nmetadata:\r\n  name: api\r\n"),
        ("kind: Budget\nmetadata: { name: api }\n", "kind: Budget\nmetadata: { name: api }\n"),
        ("{\"kind\": \"D\"}\n", "refused: a JSON file holds one document"),
    ];
    for (text, expected) in table {
        assert_eq!(fixed(text, "", Operation::NewDocument, budget), expected, "\n{text}");
    }
    let two = "---\na: 1\n---\nb: 2\n";
    assert_eq!(fixed("a: 1\n", "", Operation::NewDocument, two), "a: 1\n---\nb: 2\n");
}

#[test]
fn edits_are_written_together_only_where_they_are_apart() {
    let edit = |start, end, text: &str| Edit { span: Span::new(start, end), text: text.to_owned() };
    let text = "0123456789";
    assert_eq!(
        write(text, &[edit(8, 9, "X"), edit(1, 3, ""), edit(1, 1, "a"), edit(1, 1, "b")]),
        Ok("0ab34567X9".to_owned())
    );
    assert_eq!(
        write(text, &[edit(4, 6, ""), edit(5, 7, "")]),
        Err(Overlap { first: Span::new(4, 6), second: Span::new(5, 7) })
    );
    assert!(apart(&[edit(1, 2, "")], &[edit(3, 4, "")]));
    assert!(!apart(&[edit(1, 3, "")], &[edit(3, 4, "")]));
    assert!(!apart(&[edit(3, 3, "a")], &[edit(3, 3, "b")]));
    assert!(apart(&[], &[edit(3, 3, "b")]));
}

#[test]
fn quotes_are_given_to_what_would_be_misread() {
    let plain = ["api", "a b", "x:y", "http://a.b/c", "-x", "1.2.3", "10.0.0.1", "a#b", "é", "{{", "a,b"];
    for text in plain {
        assert_eq!(print::needs_quotes(text, false), text == "{{", "{text}");
    }
    let quoted = [
        "",
        " a",
        "a ",
        "yes",
        "No",
        "on",
        "null",
        "~",
        "1",
        "-1",
        "1.5",
        "1e3",
        "0x1",
        "012",
        ".5",
        ".inf",
        "2026-01-31",
        "12:30",
        "a: b",
        "a:",
        "a #b",
        "- a",
        "-",
        "?",
        "*a",
        "&a",
        "!a",
        "#a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'a",
        "\"a",
        "[a",
        "{a",
        "a\nb",
        "\u{7}",
        "---",
        "...",
        "<<",
        "=",
    ];
    for text in quoted {
        assert!(print::needs_quotes(text, false), "{text}");
    }
    assert!(print::needs_quotes("a,b", true));
}

/// Values of any kind, as YAML in flow style.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "[a-z]{1,4}",
        "[0-9]{1,3}",
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("\"a: b\"".to_owned()),
        Just("'it''s'".to_owned()),
        Just("\"\"".to_owned()),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            mapping(inner.clone()),
            prop::collection::btree_map("[m-p]", mapping(inner), 0..3).prop_map(|items| {
                let named: Vec<String> = items
                    .into_iter()
                    .map(|(name, map)| match map.as_str() {
                        "{}" => format!("{{name: {name}}}"),
                        map => format!("{{name: {name}, {}", &map[1..]),
                    })
                    .collect();
                format!("[{}]", named.join(", "))
            }),
        ]
    })
}

fn mapping(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::btree_map("[a-d]", value, 0..4).prop_map(|entries| {
        let entries: Vec<String> =
            entries.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
        format!("{{{}}}", entries.join(", "))
    })
}

/// Writes a value in a style of its own: block or flow, by the bits of `style`, with comments and blank lines.
fn styled(node: NodeRef<'_>, style: u64, depth: usize, step: usize, out: &mut String) {
    let pad = " ".repeat(depth);
    let bit = |at: usize| style >> ((depth * 7 + at * 3) % 61) & 3;
    let block = print::same(node, node) && node.children().next().is_some() && bit(0) != 0;
    if !block || (node.kind() == NodeKind::List && bit(1) == 0) {
        let hand = print::Hand { step, dash: step, json: false };
        let spread = node.kind() == NodeKind::Map && node.children().next().is_some() && bit(1) == 1;
        if spread {
            let lines = print::pretty(node, hand);
            out.push_str(&format!(" {}", lines.join(&format!("\n{pad}  "))));
        } else {
            out.push_str(&format!(" {}", print::flow(node, hand)));
        }
        out.push_str(if bit(2) == 2 { " # flow\n" } else { "\n" });
        return;
    }
    out.push_str(if bit(3) == 2 { " # block\n" } else { "\n" });
    for (at, child) in node.children().enumerate() {
        if bit(4 + at) == 3 {
            out.push_str(&format!("{pad}# comment {at}\n"));
        }
        match child.key() {
            Some(key) => out.push_str(&format!("{pad}{key}:")),
            None => out.push_str(&format!("{pad}-")),
        }
        styled(child, style.rotate_left(at as u32 + 5), depth + step, step, out);
        if bit(5 + at) == 3 {
            out.push('\n');
        }
    }
}

fn written(value: &str, style: u64, step: usize) -> String {
    let tree = tree(value);
    let mut out = String::new();
    styled(target(&tree, ""), style | 1, 0, step, &mut out);
    out.trim_start_matches([' ', '\n']).to_owned()
}

/// The bytes outside of the edits are there, in order.
fn keeps_the_rest(text: &str, edits: &[Edit], after: &str) -> bool {
    let mut from = 0;
    let mut at = 0;
    for edit in edits {
        let kept = &text[from..edit.span.start as usize];
        if !after[at..].starts_with(kept) || !after[at + kept.len()..].starts_with(&edit.text) {
            return false;
        }
        at += kept.len() + edit.text.len();
        from = edit.span.end as usize;
    }
    after[at..] == text[from..]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_merge_gives_both_values(
        old in mapping(value()), new in mapping(value()), style: u64, other: u64, wide: bool, pick: prop::sample::Index
    ) {
        let text = written(&old, style, if wide { 4 } else { 2 });
        let fragment = written(&new, other, 2);
        let before = tree(&text);
        prop_assert!(print::same(target(&before, ""), target(&tree(&old), "")), "{}", text);
        let maps: Vec<NodeRef<'_>> = before.all().filter(|node| node.kind() == NodeKind::Map).collect();
        let into = maps[pick.index(maps.len())];
        let edits = match apply(&before, into, Operation::Merge, &fragment) {
            Ok(edits) => edits,
            Err(refusal) => {
                let shown = plan(&before, into, Operation::Merge, &fragment).map(|edits| write(&text, &edits));
                let message = format!("{}\n{text}<< {into:?}\n{fragment}== {shown:?}", refusal.message);
                return Err(TestCaseError::fail(message));
            }
        };
        let after = write(&text, &edits).expect("no overlap");
        prop_assert!(keeps_the_rest(&text, &edits, &after));
        let again = tree(&after);
        let steps = layout::steps(into);
        let changed = layout::follow(target(&again, ""), &steps).expect("it is still there");
        let asked = tree(&new);
        prop_assert!(merge::holds(into, target(&asked, ""), changed), "{}<<\n{}==\n{}", text, fragment, after);
        prop_assert!(layout::same_but(target(&before, ""), target(&again, ""), &steps, false));
        let twice = apply(&again, changed, Operation::Merge, &fragment);
        prop_assert_eq!(twice, Ok(Vec::new()));
    }

    #[test]
    fn any_entry_can_be_taken_out(old in mapping(value()), style: u64, pick: prop::sample::Index) {
        let text = written(&old, style, 2);
        let before = tree(&text);
        let nodes: Vec<NodeRef<'_>> = before.all().filter(|node| node.parent().is_some()).collect();
        if nodes.is_empty() {
            return Ok(());
        }
        let node = nodes[pick.index(nodes.len())];
        let edits = match apply(&before, node, Operation::Remove, "") {
            Ok(edits) => edits,
            Err(refusal) => {
                let shown = plan(&before, node, Operation::Remove, "").map(|edits| write(&text, &edits));
                return Err(TestCaseError::fail(format!("{}\n{text}-- {node:?}\n{}", refusal.message, shown.map_or(String::new(), |text| text.unwrap_or_default()))));
            }
        };
        let after = write(&text, &edits).expect("no overlap");
        prop_assert!(keeps_the_rest(&text, &edits, &after));
    }

    #[test]
    fn nothing_makes_it_panic(text in "[-a-c:#{}\\[\\]\"'|>&*,<! \\r\\né]{0,60}", fragment in "[-a-c:#{}\\[\\]|, \\n]{0,30}") {
        let (before, _) = read(&text);
        for node in before.all() {
            for operation in [Operation::Merge, Operation::Replace, Operation::Remove, Operation::NewDocument] {
                if let Ok(edits) = apply(&before, node, operation, &fragment) {
                    let after = write(&text, &edits).expect("no overlap");
                    prop_assert!(keeps_the_rest(&text, &edits, &after));
                }
            }
        }
    }

    #[test]
    fn quoted_texts_are_read_back(text in "\\PC{0,12}|[ -~\\n\\t]{0,12}") {
        let flow = format!("[{}]\n", if print::needs_quotes(&text, true) { print::quoted(&text) } else { text.clone() });
        let block = format!("a: {}\n", if print::needs_quotes(&text, false) { print::quoted(&text) } else { text.clone() });
        for (source, path) in [(flow, "0"), (block, "a")] {
            let (tree, problem) = read(&source);
            prop_assert_eq!(problem, None, "{}", source);
            let node = target(&tree, path);
            prop_assert_eq!((node.kind(), node.text()), (NodeKind::Text, text.as_str()));
        }
    }
}
