//! Whether `count` or `for_each` of a block of Terraform comes to none: `var.create && !local.is_sandbox ? 1 : 0`.
//!
//! Only what a module is told counts. What a variable of a root module holds where nobody sets it may be set on the command
//! line, and then the block is there. What is not understood is taken for one that is there.

use super::cloud::{Cloud, is_scalar};
use super::terraform::path;
use crate::syntax::tree::{NodeKind, NodeRef};

/// How deep conditions and references are followed.
const DEPTH: u32 = 12;
/// No longer condition is looked at.
const LONGEST: usize = 1024;

/// Whether there is no instance of a block.
pub(super) fn is_none(cloud: &Cloud<'_>, block: NodeRef<'_>, scope: u32) -> bool {
    ["count", "for_each"].iter().filter_map(|key| block.get(key)).any(|count| match count.kind() {
        NodeKind::Int => count.text() == "0",
        NodeKind::Unknown => comes_to_none(cloud, count.text(), scope, DEPTH),
        _ => false,
    })
}

fn comes_to_none(cloud: &Cloud<'_>, text: &str, scope: u32, depth: u32) -> bool {
    let text = bare(text);
    if depth == 0 || text.len() > LONGEST {
        return false;
    }
    match conditional(text) {
        Some((condition, yes, no)) => match truth(cloud, condition, scope, depth - 1) {
            Some(true) => comes_to_none(cloud, yes, scope, depth - 1),
            Some(false) => comes_to_none(cloud, no, scope, depth - 1),
            None => false,
        },
        None => matches!(text, "0" | "{}" | "[]" | "toset([])"),
    }
}

/// What a condition comes to, where that does not hang on anything that is only known at run time.
fn truth(cloud: &Cloud<'_>, text: &str, scope: u32, depth: u32) -> Option<bool> {
    let text = bare(text);
    if depth == 0 || text.len() > LONGEST {
        return None;
    }
    let each = |part: &str| truth(cloud, part, scope, depth - 1);
    if let Some((left, right)) = split(text, "||") {
        return match (each(left), each(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (left, right) => left.zip(right).map(|_| false),
        };
    }
    if let Some((left, right)) = split(text, "&&") {
        return match (each(left), each(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (left, right) => left.zip(right).map(|_| true),
        };
    }
    let words = |part: &str| scalar(cloud, part, scope, depth - 1);
    if let Some((left, right)) = split(text, "==") {
        return words(left).zip(words(right)).map(|(left, right)| left == right);
    }
    if let Some((left, right)) = split(text, "!=") {
        return words(left).zip(words(right)).map(|(left, right)| left != right);
    }
    if let Some(inner) = text.strip_prefix('!') {
        return each(inner).map(|inner| !inner);
    }
    match words(text)?.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The text of a literal, or of what a path leads to.
fn scalar(cloud: &Cloud<'_>, text: &str, scope: u32, depth: u32) -> Option<String> {
    let text = bare(text);
    if depth == 0 {
        return None;
    }
    if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return (!quoted.contains(['"', '$', '\\'])).then(|| quoted.to_owned());
    }
    if matches!(text, "true" | "false") || text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let here = &cloud.scopes[scope as usize];
    let (node, from) = match path(text)?.as_slice() {
        ["var", name] if here.call.is_some() => *here.values.get(&format!("var.{name}"))?,
        ["local", name] => *here.values.get(&format!("local.{name}"))?,
        _ => return None,
    };
    match node.kind() {
        NodeKind::Unknown => match scalar(cloud, node.text(), from, depth - 1) {
            Some(text) => Some(text),
            None => truth(cloud, node.text(), from, depth - 1).map(|truth| truth.to_string()),
        },
        _ if is_scalar(node) && !node.text().contains("${") => Some(node.text().to_owned()),
        _ => None,
    }
}

/// An expression without spaces and parentheses around it.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        // `(a) && (b)` begins and ends with one, too.
        if outside(inner).any(|(_, _, depth)| depth < 0) {
            break;
        }
        text = inner.trim();
    }
    text
}

/// `condition ? yes : no`
fn conditional(text: &str) -> Option<(&str, &str, &str)> {
    let (condition, rest) = split(text, "?")?;
    let mut open = 0_i32;
    for (at, letter, depth) in outside(rest) {
        match letter {
            '?' if depth == 0 => open += 1,
            ':' if depth == 0 && open == 0 => return Some((condition, &rest[..at], &rest[at + 1..])),
            ':' if depth == 0 => open -= 1,
            _ => {}
        }
    }
    None
}

/// What stands on both sides of an operator that no parentheses are around.
fn split<'t>(text: &'t str, operator: &str) -> Option<(&'t str, &'t str)> {
    let (at, ..) = outside(text).find(|(at, _, depth)| *depth == 0 && text[*at..].starts_with(operator))?;
    Some((&text[..at], &text[at + operator.len()..]))
}

/// The letters that are in no quotes, each with its place and how many brackets are open there.
fn outside(text: &str) -> impl Iterator<Item = (usize, char, i32)> {
    let mut quoted = false;
    let mut depth = 0_i32;
    text.char_indices().filter_map(move |(at, letter)| {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => return None,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        (!quoted).then_some((at, letter, depth))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::aws::cloud::Dialect;

    #[test]
    fn conditions_are_taken_apart() {
        assert_eq!(conditional("a && (b ? c : d) ? 1 : 0"), Some(("a && (b ? c : d) ", " 1 ", " 0")));
        assert_eq!(conditional("a ? b ? 1 : 2 : 0"), Some(("a ", " b ? 1 : 2 ", " 0")));
        assert_eq!(conditional("a == \"x ? y : z\""), None);
        assert_eq!(conditional("{ a : b }"), None);
        assert_eq!(bare(" ((a)) "), "a");
        assert_eq!(bare("(a) && (b)"), "(a) && (b)");
        assert_eq!(split("f(a || b) || c", "||"), Some(("f(a || b) ", " c")));
    }

    #[test]
    fn what_needs_no_names_is_known() {
        let mut cloud = Cloud::default();
        let scope = cloud.begin(Dialect::Terraform, "", None);
        for (text, none) in [
            ("0", true),
            ("1", false),
            ("false ? 1 : 0", true),
            ("!true ? 1 : 0", true),
            ("true && (false || false) ? 1 : 0", true),
            ("var.on && false ? 1 : 0", true),
            ("var.on ? 1 : 0", false),
            ("\"dev\" == \"prod\" ? 1 : 0", true),
            ("\"dev\" != \"prod\" ? 1 : 0", false),
            ("false ? { a = 1 } : {}", true),
            ("", false),
            ("? :", false),
            ("((((", false),
            ("\" ? 1 : 0", false),
        ] {
            assert_eq!(comes_to_none(&cloud, text, scope, DEPTH), none, "{text}");
        }
    }
}
