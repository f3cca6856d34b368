//! Templates and what Helm makes of them, one a line.

use super::{VALUES, look};

/// A column of a table: line breaks, tabs and backslashes are escaped.
fn column(text: &str) -> String {
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
}

/// The tables, and how many lines each has.
pub(super) const TABLES: [(&str, usize); 11] = [
    (include_str!("choices.txt"), 15),
    (include_str!("data.txt"), 28),
    (include_str!("dates.txt"), 24),
    (include_str!("dicts.txt"), 37),
    (include_str!("encoding.txt"), 19),
    (include_str!("lists.txt"), 40),
    (include_str!("math.txt"), 23),
    (include_str!("mixed.txt"), 607),
    (include_str!("regex.txt"), 10),
    (include_str!("semver.txt"), 71),
    (include_str!("strings.txt"), 95),
];

/// The templates of all tables, with what they render to.
pub(super) fn lines() -> impl Iterator<Item = (String, String)> {
    TABLES.into_iter().flat_map(|(table, _)| table.lines()).map(|line| {
        let (template, expected) = line.split_once('\t').expect("two columns");
        (column(template), column(expected))
    })
}

#[test]
fn functions_are_helm_s() {
    let mut wrong = Vec::new();
    for (template, expected) in lines() {
        let rendered = look(&template, VALUES, |_, output| match output {
            Ok(output) => output.text.as_str().replace("<no value>", ""),
            // Where it happened is the language's to say.
            Err(error) => {
                let error = error.to_string();
                format!("error: {}", error.rsplit(">: ").next().unwrap_or_default())
            }
        });
        if rendered != expected {
            wrong.push(format!("{template}\n  expected {expected:?}\n  rendered {rendered:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (table, count) in TABLES {
        assert_eq!(table.lines().count(), count);
    }
}
