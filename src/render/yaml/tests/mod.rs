//! YAML and JSON against what `sigs.k8s.io/yaml` makes of them, one case a line.

use super::json::{self, Form};
use super::load::{load, load_text};
use super::print::print;
use crate::render::origin::{Origin, Origins, Source};
use crate::render::text::{Frame, Text};
use crate::render::value::Value;
use crate::source::{FileId, Span};

/// The columns of a table: line breaks, tabs and backslashes are escaped.
fn lines(table: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let column = |text: &str| {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            match char {
                '\\' => out.extend(chars.next().map(|escaped| match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => other,
                })),
                other => out.push(other),
            }
        }
        out
    };
    table.split('\n').filter(|line| !line.is_empty()).map(move |line| {
        let (left, right) = line.split_once('\t').expect("two columns");
        (column(left), column(right))
    })
}

fn in_json(value: &Value) -> String {
    let text = json::print(value, Form::Compact, &mut Origins::default(), Origin::NONE, Frame(0));
    text.expect("a value of YAML").as_str().to_owned()
}

#[test]
fn yaml_is_read_as_helm_reads_it() {
    let table = include_str!("load.txt");
    let mut wrong = Vec::new();
    for (text, expected) in lines(table) {
        let read = match load(&text, FileId(0), &mut Origins::default()) {
            Ok(value) => in_json(&value),
            Err(_) => "error".to_owned(),
        };
        if read != expected {
            wrong.push(format!("{text:?}\n  expected {expected}\n  read     {read}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(lines(table).count(), 91);
}

#[test]
fn yaml_is_written_as_helm_writes_it() {
    let table = include_str!("print.txt");
    let mut wrong = Vec::new();
    for (text, expected) in lines(table) {
        let mut origins = Origins::default();
        let value = json::parse(&Text::of(&*text, Origin::NONE), &mut origins).expect("JSON");
        let written = print(&value, &mut origins, Origin::NONE, Frame(0)).expect("YAML");
        if written.as_str() != expected {
            wrong.push(format!("{text}\n  expected {expected:?}\n  written  {written:?}"));
        }
        if text.contains('\u{2028}') || expected.contains('\u{2028}') {
            // It ends a line in YAML 1.1 alone, and texts are read with a parser of 1.2.
            continue;
        }
        let again = load_text(&written, &mut origins).expect("YAML again");
        assert_eq!(in_json(&again), in_json(&value), "{text}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(lines(table).count(), 260);
}

/// The path and the bytes behind each scalar of a file.
fn places(text: &str) -> Vec<(String, String)> {
    let mut origins = Origins::default();
    let value = load(text, FileId(0), &mut origins).expect("YAML");
    let mut found = Vec::new();
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        if let Source::Node { place: crate::source::Place { span: Span { start, end }, .. }, path, .. } =
            origins.get(value.origin)
        {
            found.push((path.to_string(), text[*start as usize..*end as usize].to_owned()));
        }
        match &value.data {
            crate::render::value::Data::List(list) => left.extend(list.borrow().iter().rev().cloned()),
            crate::render::value::Data::Map(map) => {
                left.extend(map.borrow().values().rev().map(|entry| entry.value.clone()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn each_value_knows_its_place_and_path() {
    let text = "image:\n  tag: \"1.27\"\nports:\n- 80\n- name: web\nempty:\nflow: {a: [1]}\n";
    let expected = [
        ("", "image:\n  tag: \"1.27\"\nports:\n- 80\n- name: web\nempty:\nflow: {a: [1]}"),
        ("empty", ""),
        ("flow", "{a: [1]}"),
        ("flow.a", "[1]"),
        ("flow.a[0]", "1"),
        ("image", "tag: \"1.27\""),
        ("image.tag", "\"1.27\""),
        ("ports", "- 80\n- name: web"),
        ("ports[0]", "80"),
        ("ports[1]", "name: web"),
        ("ports[1].name", "web"),
    ];
    let found = places(text);
    let found: Vec<(&str, &str)> =
        found.iter().map(|(path, bytes)| (path.as_str(), bytes.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn aliases_end() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", ")));
    }
    let problem = load(&text, FileId(0), &mut Origins::default()).expect_err("a bomb");
    assert_eq!(problem.message, "document contains excessive aliasing");
    assert!(load(&"[".repeat(100_000), FileId(0), &mut Origins::default()).is_err());
    assert!(json::parse(&Text::of("[".repeat(100_000), Origin::NONE), &mut Origins::default()).is_err());
}
