//! Regular expressions. Go's are RE2's; the `regex` crate has the same semantics, and a syntax that differs in corners.

use std::cell::RefCell;
use std::rc::Rc;

use regex::{Captures, Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use super::Table;
use super::arguments::{Answer, derived, derived_text, exactly, int, joined, list, rope, text};
use super::lists::list_or_nil;
use super::splitting::part;
use crate::render::origin::How;
use crate::render::template::function::Call;
use crate::render::text::Writer;
use crate::render::value::{Data, Value};

mod syntax;

pub(super) const TABLE: Table = &[
    ("regexMatch", regex_match),
    ("mustRegexMatch", must_regex_match),
    ("regexFindAll", find_all),
    ("mustRegexFindAll", find_all),
    ("regexFind", find),
    ("mustRegexFind", find),
    ("regexReplaceAll", replace_all),
    ("mustRegexReplaceAll", replace_all),
    ("regexReplaceAllLiteral", replace_all_literal),
    ("mustRegexReplaceAllLiteral", replace_all_literal),
    ("regexSplit", split),
    ("mustRegexSplit", split),
    ("regexQuoteMeta", quote_meta),
];

/// How many expressions a thread keeps.
const KEPT: usize = 256;

/// How large a compiled expression may be.
const SIZE: usize = 1 << 20;

thread_local! {
    static COMPILED: RefCell<FxHashMap<String, Rc<Regex>>> = RefCell::default();
}

/// An expression that is shared: a copy would begin without what searching has taught it.
fn compiled(pattern: &str) -> Result<Rc<Regex>, String> {
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(known) = compiled.get(pattern) {
            return Ok(Rc::clone(known));
        }
        let regex =
            RegexBuilder::new(&syntax::translated(pattern)).size_limit(SIZE).build().map_err(|error| {
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("error parsing regexp: {reason}: `{pattern}`")
            })?;
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        let regex = Rc::new(regex);
        compiled.insert(pattern.to_owned(), Rc::clone(&regex));
        Ok(regex)
    })
}

/// The expression of a call, after what it costs to search so long a text.
fn searching(call: &mut Call<'_>, pattern: &Value, whole: &Value) -> Result<Rc<Regex>, String> {
    call.budget.work(1 + text(whole)?.len() / 64)?;
    compiled(text(pattern)?.as_str())
}

fn regex_match(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [pattern, whole] = exactly("regexMatch", values)?;
    text(pattern)?;
    text(whole)?;
    // What is no expression matches nothing.
    let found =
        searching(call, pattern, whole).is_ok_and(|regex| regex.is_match(whole.as_str().unwrap_or_default()));
    Ok(derived(call, Data::Bool(found), values))
}

fn must_regex_match(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [pattern, whole] = exactly("mustRegexMatch", values)?;
    let found = searching(call, pattern, whole)?.is_match(text(whole)?.as_str());
    Ok(derived(call, Data::Bool(found), values))
}

/// How many are wanted; a negative number means all.
fn limit(count: &Value) -> Result<usize, String> {
    Ok(usize::try_from(int(count)?).unwrap_or(usize::MAX))
}

fn find_all(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [pattern, whole, count] = exactly("regexFindAll", values)?;
    let (regex, limit, rope) = (searching(call, pattern, whole)?, limit(count)?, rope(call, whole)?);
    let mut found = Vec::new();
    for at in regex.find_iter(rope.as_str()).take(limit) {
        call.budget.work(1)?;
        found.push(part(call, &rope, whole.origin, at.start(), at.end()));
    }
    list_or_nil(call, found, &values[..2])
}

fn find(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [pattern, whole] = exactly("regexFind", values)?;
    let (regex, rope) = (searching(call, pattern, whole)?, rope(call, whole)?);
    match regex.find(rope.as_str()) {
        Some(found) => Ok(part(call, &rope, whole.origin, found.start(), found.end())),
        None => derived_text(call, "", values),
    }
}

/// Replaces each match; what did not match keeps its origin.
fn replaced(
    call: &mut Call<'_>,
    name: &str,
    values: &[Value],
    with: fn(&Captures<'_>, &str, &mut String),
) -> Answer {
    let [pattern, whole, replacement] = exactly(name, values)?;
    let (regex, rope, replacement) =
        (searching(call, pattern, whole)?, rope(call, whole)?, text(replacement)?);
    if !regex.is_match(rope.as_str()) {
        return Ok(whole.clone());
    }
    let origin = call.origins.of(How::Derived, [whole.origin, values[2].origin]);
    let mut out = Writer::default();
    let mut at = 0;
    let mut made = String::new();
    for captures in regex.captures_iter(rope.as_str()) {
        let Some(found) = captures.get(0) else { continue };
        out.push_slice(&rope, at, found.start());
        made.clear();
        with(&captures, replacement.as_str(), &mut made);
        call.budget.bytes(made.len())?;
        out.push(&made, origin, call.frame);
        at = found.end();
    }
    out.push_slice(&rope, at, rope.len());
    joined(call, out, &values[1..])
}

fn replace_all(call: &mut Call<'_>, values: &[Value]) -> Answer {
    replaced(call, "regexReplaceAll", values, |captures, with, out| captures.expand(with, out))
}

fn replace_all_literal(call: &mut Call<'_>, values: &[Value]) -> Answer {
    replaced(call, "regexReplaceAllLiteral", values, |_, with, out| out.push_str(with))
}

fn split(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [pattern, whole, count] = exactly("regexSplit", values)?;
    let (regex, limit, rope) = (searching(call, pattern, whole)?, limit(count)?, rope(call, whole)?);
    let mut parts = Vec::new();
    if limit == 0 {
        return list_or_nil(call, parts, &values[..2]);
    }
    if rope.is_empty() && !text(pattern)?.is_empty() {
        return list(call, vec![whole.clone()], &values[..2]);
    }
    let (mut start, mut end) = (0, 0);
    for found in regex.find_iter(rope.as_str()) {
        if parts.len() + 1 >= limit {
            break;
        }
        call.budget.work(1)?;
        end = found.start();
        if found.end() != 0 {
            parts.push(part(call, &rope, whole.origin, start, end));
        }
        start = found.end();
    }
    if end != rope.len() {
        parts.push(part(call, &rope, whole.origin, start, rope.len()));
    }
    list(call, parts, &values[..2])
}

fn quote_meta(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("regexQuoteMeta", values)?;
    let mut out = String::new();
    for char in text(value)?.as_str().chars() {
        if r"\.+*?()|[]{}^$".contains(char) {
            out.push('\\');
        }
        out.push(char);
    }
    derived_text(call, out, values)
}
