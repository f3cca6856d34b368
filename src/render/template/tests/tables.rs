//! Templates and what Go makes of them, one a line.

use super::render;

/// A column of a table: line breaks, tabs and backslashes are escaped.
fn column(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(character) = chars.next() {
        match character {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

/// Checks every line of a table, and that there are so many.
fn check(table: &str, lines: usize, expect: impl Fn(&str) -> Result<String, String>) {
    let mut wrong = Vec::new();
    for line in table.lines() {
        let (template, expected) = line.split_once('\t').expect("two columns");
        let (template, expected) = (column(template), expect(&column(expected)));
        let rendered = render(&template);
        if rendered != expected {
            wrong.push(format!("{template}\n  expected {expected:?}\n  rendered {rendered:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(table.lines().count(), lines);
}

#[test]
fn the_language_is_go_s() {
    check(include_str!("language.txt"), 282, |text| Ok(text.to_owned()));
}

#[test]
fn printf_is_go_s() {
    check(include_str!("printf.txt"), 788, |text| Ok(text.to_owned()));
}

/// Positions, words and nesting of messages.
#[test]
fn errors_are_go_s() {
    let table = include_str!("errors.txt");
    let mut wrong = Vec::new();
    for line in table.lines() {
        let (template, expected) = line.split_once('\t').expect("two columns");
        let (template, expected) = (column(template), column(expected));
        let error = render(&template).map_err(|error| as_helm_says(&error));
        if error.as_ref() != Err(&expected) {
            wrong.push(format!("{template}\n  expected {expected}\n  rendered {error:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(table.lines().count(), 294);
}

/// Helm shortens the message about a text that is no template to its place and its last words.
fn as_helm_says(error: &str) -> String {
    let parts: Vec<&str> = error.split(": ").collect();
    match parts.as_slice() {
        [_, place, .., last] if !error.contains(": executing ") && parts[0] == "template" => {
            format!("parse error at ({place}): {last}")
        }
        _ => error.to_owned(),
    }
}
