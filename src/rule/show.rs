//! How values read in a sentence: numbers by their unit, lists by their first names.

use super::compile::Type;
use crate::fact::Fact;
use crate::model::value::Datum;
use crate::model::vocabulary::Unit;
use crate::syntax::tree::NodeKind;

/// A value in a sentence: `1 min 30 s`, `512Mi`, `10 %`, `no limit`, "`a`, `b` and 3 more".
pub fn sentence(datum: &Datum<'_>, ty: &Type) -> String {
    match (datum, ty) {
        (Datum::Num(n), Type::Num(unit)) => number(*n, *unit),
        (Datum::AtLeast(n), _) => format!("at least {}", number(*n, None)),
        (Datum::Num(n), _) => number(*n, None),
        (Datum::Bool(answer), _) => answer.to_string(),
        (Datum::Text(text), _) => text.clone().into_owned(),
        (Datum::Node(node), _) => match node.kind() {
            NodeKind::List => {
                names(&node.items().map(|item| item.text().to_owned()).collect::<Vec<_>>(), false)
            }
            NodeKind::Map => names(&node.entries().map(|(key, _)| key.to_owned()).collect::<Vec<_>>(), false),
            _ => node.text().to_owned(),
        },
        (Datum::List(list), ty) => {
            let item_ty = match ty {
                Type::List(item) => (**item).clone(),
                _ => Type::Node(super::schema::Schema::default()),
            };
            let known: Vec<&Datum<'_>> = list.items.iter().filter_map(Fact::value).collect();
            // Of many only the first are named; what the others would read like is not asked.
            if let [a, b, _, _, ..] = known.as_slice() {
                let (a, b) = (sentence(a, &item_ty), sentence(b, &item_ty));
                return format!("`{a}`, `{b}` and {} more", known.len() - 2);
            }
            let shown: Vec<String> = known.into_iter().map(|item| sentence(item, &item_ty)).collect();
            names(&shown, list.open.is_some())
        }
        (Datum::Map(map), _) => {
            names(&map.iter().map(|(name, _)| name.clone().into_owned()).collect::<Vec<_>>(), false)
        }
        (Datum::Thing(thing), _) => thing.kind.word().to_owned(),
    }
}

/// A value as it is written in a manifest: `90s`, `536870912`, bare.
pub fn bare(datum: &Datum<'_>, ty: &Type) -> String {
    match (datum, ty) {
        (Datum::Num(n), Type::Num(Some(Unit::Seconds))) if n.is_finite() => format!("{}s", trimmed(*n)),
        (Datum::Num(n), _) => trimmed(*n),
        (other, ty) => sentence(other, ty),
    }
}

/// "1 replica", "3 replicas".
pub fn count(n: f64, word: &str) -> String {
    if n == 1.0 {
        return format!("1 {word}");
    }
    let plural = match word.as_bytes() {
        [.., b'c' | b's', b'h'] | [.., b's'] | [.., b'x'] => format!("{word}es"),
        [.., before, b'y'] if !b"aeiou".contains(before) => format!("{}ies", &word[..word.len() - 1]),
        _ => format!("{word}s"),
    };
    format!("{} {plural}", trimmed(n))
}

fn number(n: f64, unit: Option<Unit>) -> String {
    if n == f64::INFINITY {
        return "no limit".to_owned();
    }
    match unit {
        Some(Unit::Seconds) => crate::measure::duration::text(n),
        Some(Unit::Bytes) => crate::measure::quantity::bytes_text(n),
        Some(Unit::Cores) => crate::measure::quantity::cores_text(n),
        Some(Unit::Percent) => format!("{} %", trimmed((n * 10.0).round() / 10.0)),
        Some(Unit::None) | None => trimmed(n),
    }
}

fn trimmed(n: f64) -> String {
    let rounded = (n * 1000.0).round() / 1000.0;
    if rounded == rounded.trunc() && rounded.abs() < 1e15 {
        format!("{}", rounded as i64)
    } else {
        format!("{rounded}")
    }
}

fn names(all: &[String], open: bool) -> String {
    let mut quoted: Vec<String> = Vec::new();
    for name in all {
        // Two rules of one bucket, two triggers of one queue: the sentence needs the name once.
        let name = format!("`{name}`");
        if !quoted.contains(&name) {
            quoted.push(name);
        }
    }
    let more = if open { " and perhaps others" } else { "" };
    match quoted.as_slice() {
        [] => "none".to_owned(),
        [one] => format!("{one}{more}"),
        [a, b] if !open => format!("{a} and {b}"),
        [a, b, c] if !open => format!("{a}, {b} and {c}"),
        [a, b, rest @ ..] if !rest.is_empty() => format!("{a}, {b} and {} more", rest.len()),
        some => format!("{}{more}", some.join(", ")),
    }
}
