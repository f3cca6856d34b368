//! How values are written in YAML and JSON: quotes, block style, flow style.
//!
//! What is written is what a fix puts in; what stands in a file already is never written anew.

use crate::syntax::tree::{NodeKind, NodeRef, Style, Tree, resolve};

/// How the surroundings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    /// By how much a mapping is indented below its key.
    pub step: usize,
    /// By how much the dashes of a list are indented below its key.
    pub dash: usize,
    /// Whether keys and texts have to be quoted.
    pub json: bool,
}

/// Whether a text that stands without quotes would be read as something else, or end too early.
pub fn needs_quotes(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return true };
    let ends_badly = text.ends_with([' ', ':']) || text.starts_with(' ');
    let begins_badly = "[]{},#&*!|>'\"%@`=".contains(first)
        || (matches!(first, '-' | '?' | ':')
            && text[1..].chars().next().is_none_or(|next| next == ' ' || (flow && ",[]{}".contains(next))))
        || text.starts_with("---")
        || text.starts_with("...")
        || text == "<<";
    let inside = ["{{", "{%", "<%"].iter().any(|marker| text.contains(marker))
        || text.contains(": ")
        || text.contains(" #")
        || (flow && text.contains([',', '[', ']', '{', '}']));
    let strange = text.chars().any(|letter| {
        letter.is_control()
            || matches!(letter, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
    });
    ends_badly
        || begins_badly
        || inside
        || strange
        || resolve(text) != NodeKind::Text
        || looks_like_a_number(text)
}

/// Dates, times and what a reader of another version of YAML would take for a number.
fn looks_like_a_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.chars().all(|letter| letter.is_ascii_digit() || "_:.eE+-oxXTZ ".contains(letter))
        && !(digits.matches('.').count() > 1
            && digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.'))
}

/// The text in double quotes, as YAML and JSON both read it.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// The text as it stands between double quotes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter
                if letter.is_control()
                    || matches!(letter, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push_str(&format!("\\u{:04x}", letter as u32));
            }
            letter => out.push(letter),
        }
    }
    out
}

/// Whether two nodes have the same value, however they are written.
pub fn same(a: NodeRef<'_>, b: NodeRef<'_>) -> bool {
    if a.kind() != b.kind() || a.tag() != b.tag() {
        return false;
    }
    match a.kind() {
        NodeKind::Null => true,
        NodeKind::Bool => a.as_bool() == b.as_bool(),
        NodeKind::Int | NodeKind::Float => a.text() == b.text() || a.as_number() == b.as_number(),
        NodeKind::Text | NodeKind::Unknown => a.text() == b.text(),
        NodeKind::List => {
            a.items().count() == b.items().count() && a.items().zip(b.items()).all(|(a, b)| same(a, b))
        }
        NodeKind::Map => {
            a.entries().count() == b.entries().count()
                && a.entries().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
    }
}

/// The lines of a collection in block style, as a fix's hole takes them.
pub fn lines(node: NodeRef<'_>) -> Vec<String> {
    collection(node, Hand { step: 2, dash: 2, json: false })
}

/// Whether it takes lines of its own: a block collection that is not empty.
pub(super) fn is_block(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), NodeKind::Map | NodeKind::List)
        && node.style() != Style::Flow
        && node.children().next().is_some()
}

/// An entry of a mapping in block style, `key: value`, without indentation. Comments come along.
pub(super) fn entry(node: NodeRef<'_>, hand: Hand) -> Vec<String> {
    let mut lines = Vec::new();
    let tree = node.tree();
    if let Some(key) = node.key_span().filter(|_| !node.is_copied()) {
        own_comments(tree, key.start, &mut lines);
    }
    let key = key(node, hand);
    value(node, hand, &format!("{key}:"), &mut lines);
    lines
}

/// An element of a list in block style, `- value`, without indentation. Comments come along.
pub(super) fn item(node: NodeRef<'_>, hand: Hand) -> Vec<String> {
    let mut lines = Vec::new();
    let tree = node.tree();
    if is_block(node) {
        for (at, line) in collection(node, hand).into_iter().enumerate() {
            lines.push(if at == 0 { format!("- {line}") } else { indented(&line, 2) });
        }
        return lines;
    }
    if !node.is_copied() {
        let dash = tree.text[..node.span().start as usize].rfind('-').unwrap_or(0);
        own_comments(tree, dash as u32, &mut lines);
    }
    value(node, hand, "-", &mut lines);
    lines
}

/// The entries or elements of a collection in block style.
pub(super) fn collection(node: NodeRef<'_>, hand: Hand) -> Vec<String> {
    let list = node.kind() == NodeKind::List;
    node.children().flat_map(|child| if list { item(child, hand) } else { entry(child, hand) }).collect()
}

/// A scalar, or a collection in flow style, in block surroundings: the first line, and the lines of a block scalar.
pub(super) fn inline(node: NodeRef<'_>, hand: Hand) -> Vec<String> {
    if matches!(node.kind(), NodeKind::Map | NodeKind::List) {
        return vec![flow(node, hand)];
    }
    let text = node.text();
    if node.style() == Style::Block && !hand.json && fits_a_block(text) {
        let body = text.trim_end_matches('\n');
        let ends = text.len() - body.len();
        let mut lines = vec![match ends {
            0 => "|-".to_owned(),
            1 => "|".to_owned(),
            _ => "|+".to_owned(),
        }];
        let width = hand.step;
        lines.extend(body.split('\n').map(|line| indented(line, width)));
        lines.extend(std::iter::repeat_n(String::new(), ends.saturating_sub(1)));
        return lines;
    }
    vec![scalar(node, hand, false)]
}

/// A value in flow style, on one line.
pub(super) fn flow(node: NodeRef<'_>, hand: Hand) -> String {
    match node.kind() {
        NodeKind::Map => {
            let entries: Vec<String> = node.children().map(|child| flow_entry(child, hand)).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        NodeKind::List => {
            let items: Vec<String> = node.children().map(|child| flow(child, hand)).collect();
            format!("[{}]", items.join(", "))
        }
        _ => scalar(node, hand, true),
    }
}

/// `key: value` in flow style.
pub(super) fn flow_entry(node: NodeRef<'_>, hand: Hand) -> String {
    format!("{}: {}", key(node, hand), flow(node, hand))
}

/// A value in braces and brackets over several lines, as JSON is usually written; the first line has no indentation.
pub(super) fn pretty(node: NodeRef<'_>, hand: Hand) -> Vec<String> {
    let (open, close) = if node.kind() == NodeKind::List { ("[", "]") } else { ("{", "}") };
    if !matches!(node.kind(), NodeKind::Map | NodeKind::List) || node.children().next().is_none() {
        return vec![flow(node, hand)];
    }
    let mut lines = vec![open.to_owned()];
    let last = node.children().count() - 1;
    for (at, child) in node.children().enumerate() {
        let mut inner = pretty(child, hand);
        if let (Some(first), NodeKind::Map) = (inner.first_mut(), node.kind()) {
            *first = format!("{}: {first}", key(child, hand));
        }
        if let Some(end) = inner.last_mut().filter(|_| at < last) {
            end.push(',');
        }
        lines.extend(inner.iter().map(|line| indented(line, hand.step)));
    }
    lines.push(close.to_owned());
    lines
}

/// The line behind this many spaces; an empty line stays empty.
pub(super) fn indented(line: &str, by: usize) -> String {
    if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(by)) }
}

/// The key as it is to be written.
pub(super) fn key(node: NodeRef<'_>, hand: Hand) -> String {
    let text = node.key().unwrap_or_default();
    let spelled = node.key_span().map_or("", |span| &node.tree().text[span.range()]);
    if hand.json {
        quoted(text)
    } else if spelled.is_empty() || spelled.contains(['\n', '\\']) {
        if needs_quotes(text, true) { quoted(text) } else { text.to_owned() }
    } else {
        spelled.to_owned()
    }
}

/// A value behind `key:` or `-`.
fn value(node: NodeRef<'_>, hand: Hand, lead: &str, lines: &mut Vec<String>) {
    let tree = node.tree();
    let span = node.span();
    if is_block(node) {
        let comment =
            node.key_span().filter(|_| !node.is_copied()).and_then(|key| trailing(tree, key.end + 1));
        lines.push(format!("{lead}{}", comment.map_or(String::new(), |comment| format!(" {comment}"))));
        let by = if node.kind() == NodeKind::List { hand.dash } else { hand.step };
        lines.extend(collection(node, hand).iter().map(|line| indented(line, by)));
        return;
    }
    let comment =
        if node.is_copied() || node.style() == Style::Block { None } else { trailing(tree, span.end) };
    for (at, line) in inline(node, hand).into_iter().enumerate() {
        lines.push(match (at, comment) {
            (0, Some(comment)) if !line.is_empty() => format!("{lead} {line} {comment}"),
            (0, Some(comment)) => format!("{lead} {comment}"),
            (0, None) if line.is_empty() => lead.to_owned(),
            (0, None) => format!("{lead} {line}"),
            _ => line,
        });
    }
}

/// A scalar on one line.
fn scalar(node: NodeRef<'_>, hand: Hand, flow: bool) -> String {
    let text = node.text();
    let tag = node.tag().filter(|_| !hand.json).map_or(String::new(), |tag| format!("{tag} "));
    let body = match node.kind() {
        NodeKind::Null if hand.json || flow => "null".to_owned(),
        NodeKind::Null => text.to_owned(),
        NodeKind::Bool if hand.json => node.as_bool().unwrap_or_default().to_string(),
        NodeKind::Int | NodeKind::Float if hand.json => match text.parse::<f64>() {
            Ok(number)
                if number.is_finite() && !text.starts_with(['0', '+', '.']) && !text.ends_with('.') =>
            {
                text.to_owned()
            }
            _ => node.as_number().map_or_else(|| quoted(text), |number| number.to_string()),
        },
        NodeKind::Bool | NodeKind::Int | NodeKind::Float => text.to_owned(),
        _ if hand.json => quoted(text),
        _ => {
            let spelled = &node.tree().text[node.span().range()];
            let as_spelled = match node.style() {
                Style::Plain => {
                    spelled == text
                        && (!tag.is_empty() || !needs_quotes(text, flow) || (!flow && !text.contains('\n')))
                }
                Style::Single | Style::Double => !spelled.contains('\n') && spelled.starts_with(['"', '\'']),
                _ => false,
            };
            if as_spelled {
                spelled.to_owned()
            } else if needs_quotes(text, flow) {
                quoted(text)
            } else {
                text.to_owned()
            }
        }
    };
    format!("{tag}{body}")
}

/// Whether a literal block scalar gives exactly this text.
fn fits_a_block(text: &str) -> bool {
    !text.trim_matches('\n').is_empty()
        && !text.starts_with([' ', '\n', '\t'])
        && !text
            .chars()
            .any(|letter| (letter.is_control() && letter != '\n' && letter != '\t') || letter == '\u{feff}')
        && !text.lines().any(|line| line.ends_with(' ') && line.trim().is_empty())
}

/// The comments on lines of their own directly above `at`.
fn own_comments(tree: &Tree, at: u32, lines: &mut Vec<String>) {
    let before = tree.comments.partition_point(|comment| comment.span.start < at);
    let mut first = before;
    let mut end = at;
    while let Some(comment) = first.checked_sub(1).and_then(|index| tree.comments.get(index)) {
        let between = &tree.text[comment.span.end as usize..end as usize];
        if !comment.own_line || !between.trim().trim_start_matches('-').trim().is_empty() {
            break;
        }
        end = comment.span.start;
        first -= 1;
    }
    lines.extend(
        tree.comments[first..before].iter().map(|comment| tree.text[comment.span.range()].to_owned()),
    );
}

/// The comment behind `after` on the same line.
fn trailing(tree: &Tree, after: u32) -> Option<&str> {
    let comment = tree.comments.get(tree.comments.partition_point(|comment| comment.span.start < after))?;
    let between = tree.text.get(after as usize..comment.span.start as usize)?;
    (!comment.own_line && between.trim_matches([' ', '\t']).is_empty())
        .then(|| &tree.text[comment.span.range()])
}
