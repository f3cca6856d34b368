//! Text: trimming, quoting, cutting, repeating, looking for parts.
//!
//! Bytes that a function only moves keep their origin; what it adds comes from the action.

use super::Table;
use super::arguments::{
    Answer, chosen, derived, derived_text, exactly, floor, int, items, joined, joined_text, rope, text,
};
use super::spell::{push_quoted, spelled, strval};
use crate::render::origin::{How, Origin};
use crate::render::template::GAP;
use crate::render::template::function::Call;
use crate::render::text::{Text, Writer};
use crate::render::value::{Data, Value};

pub(super) const TABLE: Table = &[
    ("hello", hello),
    ("trim", trim),
    ("trimAll", trim_all),
    ("trimall", trim_all),
    ("trimSuffix", trim_suffix),
    ("trimPrefix", trim_prefix),
    ("trunc", trunc),
    ("substr", substr),
    ("abbrev", abbrev),
    ("abbrevboth", abbrev_both),
    ("repeat", repeat),
    ("contains", contains),
    ("hasPrefix", has_prefix),
    ("hasSuffix", has_suffix),
    ("quote", quote),
    ("squote", squote),
    ("cat", cat),
    ("indent", indent),
    ("nindent", nindent),
    ("replace", replace),
    ("plural", plural),
    ("toString", to_string),
    ("toStrings", to_strings),
    ("join", join),
];

fn hello(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [] = exactly("hello", values)?;
    derived_text(call, "Hello!", &[])
}

/// A part of a text.
fn part(call: &mut Call<'_>, value: &Value, start: usize, end: usize) -> Answer {
    let whole = rope(call, value)?;
    let start = floor(whole.as_str(), start);
    let end = floor(whole.as_str(), end).max(start);
    if start == 0 && end == whole.len() {
        return Ok(value.clone());
    }
    let part = whole.slice(start, end);
    call.budget.bytes(part.len())?;
    // The value's own origin is that of all its bytes, which are fewer now.
    let origin = if whole.pieces().nth(1).is_none() {
        value.origin
    } else {
        call.origins.of(How::Joined, part.pieces().map(|piece| piece.origin).collect::<Vec<_>>())
    };
    Ok(Value::new(Data::Text(part), if origin == Origin::NONE { value.origin } else { origin }))
}

fn trimmed(call: &mut Call<'_>, value: &Value, trim: impl Fn(char) -> bool + Copy) -> Answer {
    let whole = text(value)?.as_str();
    let start = whole.len() - whole.trim_start_matches(trim).len();
    let end = start + whole[start..].trim_end_matches(trim).len();
    part(call, value, start, end)
}

fn trim(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("trim", values)?;
    trimmed(call, value, char::is_whitespace)
}

fn trim_all(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [cut, value] = exactly("trimAll", values)?;
    let cut = text(cut)?.as_str();
    trimmed(call, value, |char| cut.contains(char))
}

fn trim_suffix(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [suffix, value] = exactly("trimSuffix", values)?;
    let (suffix, whole) = (text(suffix)?.as_str(), text(value)?.as_str());
    let end = whole.strip_suffix(suffix).unwrap_or(whole).len();
    part(call, value, 0, end)
}

fn trim_prefix(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [prefix, value] = exactly("trimPrefix", values)?;
    let (prefix, whole) = (text(prefix)?.as_str(), text(value)?.as_str());
    let start = if whole.starts_with(prefix) { prefix.len() } else { 0 };
    part(call, value, start, whole.len())
}

fn trunc(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [count, value] = exactly("trunc", values)?;
    let (count, len) = (int(count)?, text(value)?.len());
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    match count {
        ..0 if len > size => part(call, value, len - size, len),
        0.. if len > size => part(call, value, 0, size),
        _ => Ok(value.clone()),
    }
}

fn substr(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [start, end, value] = exactly("substr", values)?;
    let (start, end, len) = (int(start)?, int(end)?, text(value)?.len() as i64);
    let bounds = |what: String| Err(format!("runtime error: slice bounds out of range [{what}]"));
    let (from, to) = match (start, end) {
        (..0, ..0) => return bounds(format!(":{end}")),
        (..0, _) if end > len => {
            return bounds(format!(":{end}] with length [{len}")).map_err(|error: String| {
                error.replace("with length [", "with length ").trim_end_matches(']').to_owned()
            });
        }
        (..0, _) => (0, end),
        _ if end < 0 || end > len => {
            if start > len {
                return bounds(format!("{start}:{len}"));
            }
            (start, len)
        }
        _ if start > end => return bounds(format!("{start}:{end}")),
        _ => (start, end),
    };
    part(call, value, from as usize, to as usize)
}

fn abbrev(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [width, value] = exactly("abbrev", values)?;
    abbreviated(call, value, 0, int(width)?)
}

fn abbrev_both(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [left, right, value] = exactly("abbrevboth", values)?;
    let (left, right) = (int(left)?, int(right)?);
    if right < 4 || left > 0 && right < 7 {
        return text(value).map(|_| value.clone());
    }
    abbreviated(call, value, left, right)
}

/// A text of at most `width` bytes that shows byte `offset`, with dots for what is left out.
fn abbreviated(call: &mut Call<'_>, value: &Value, offset: i64, width: i64) -> Answer {
    let whole = rope(call, value)?;
    let len = whole.len() as i64;
    if width < 4 || len <= width {
        return Ok(value.clone());
    }
    let offset = if len - offset.min(len) < width - 3 { len - (width - 3) } else { offset.min(len) };
    let cut = |at: i64| floor(whole.as_str(), usize::try_from(at).unwrap_or_default());
    let mut out = Writer::default();
    if offset <= 4 {
        out.push_slice(&whole, 0, cut(width - 3));
        out.push("...", call.at, call.frame);
    } else if width < 7 {
        return joined_text(call, Text::default(), std::slice::from_ref(value));
    } else {
        out.push("...", call.at, call.frame);
        if offset + width - 3 < len {
            out.push_slice(&whole, cut(offset), cut(offset + width - 6));
            out.push("...", call.at, call.frame);
        } else {
            out.push_slice(&whole, cut(len - (width - 3)), whole.len());
        }
    }
    joined(call, out, std::slice::from_ref(value))
}

fn repeat(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [count, value] = exactly("repeat", values)?;
    let (count, text) = (int(count)?, rope(call, value)?);
    let Ok(count) = usize::try_from(count) else { return Err("strings: negative Repeat count".to_owned()) };
    call.budget.bytes(text.len().saturating_mul(count))?;
    let mut out = Writer::default();
    if !text.is_empty() {
        for _ in 0..count {
            out.push_text(&text);
        }
    }
    joined(call, out, &values[1..])
}

fn looked_for(call: &mut Call<'_>, name: &str, values: &[Value], look: fn(&str, &str) -> bool) -> Answer {
    let [part, whole] = exactly(name, values)?;
    let found = look(text(whole)?.as_str(), text(part)?.as_str());
    Ok(derived(call, Data::Bool(found), values))
}

fn contains(call: &mut Call<'_>, values: &[Value]) -> Answer {
    looked_for(call, "contains", values, |whole, part| whole.contains(part))
}

fn has_prefix(call: &mut Call<'_>, values: &[Value]) -> Answer {
    looked_for(call, "hasPrefix", values, |whole, part| whole.starts_with(part))
}

fn has_suffix(call: &mut Call<'_>, values: &[Value]) -> Answer {
    looked_for(call, "hasSuffix", values, |whole, part| whole.ends_with(part))
}

/// Values one after the other with spaces between; nothing is left out.
fn spaced(
    call: &mut Call<'_>,
    values: &[Value],
    write: fn(&mut Call<'_>, &mut Writer, &Value) -> Result<(), String>,
) -> Answer {
    let mut out = Writer::default();
    let mut first = true;
    for value in values.iter().filter(|value| !matches!(value.data, Data::Nil)) {
        if !first {
            out.push(" ", call.at, call.frame);
        }
        first = false;
        write(call, &mut out, value)?;
    }
    joined(call, out, values)
}

fn quote(call: &mut Call<'_>, values: &[Value]) -> Answer {
    spaced(call, values, |call, out, value| {
        let text = strval(call, value)?;
        push_quoted(out, &text, call.at, call.frame);
        Ok(())
    })
}

fn squote(call: &mut Call<'_>, values: &[Value]) -> Answer {
    spaced(call, values, |call, out, value| {
        let text = spelled(call, value)?;
        out.push("'", call.at, call.frame);
        out.push_text(&text);
        out.push("'", call.at, call.frame);
        Ok(())
    })
}

fn cat(call: &mut Call<'_>, values: &[Value]) -> Answer {
    spaced(call, values, |call, out, value| {
        let text = spelled(call, value)?;
        out.push_text(&text);
        Ok(())
    })
}

/// Lines with spaces before each, empty ones too.
fn indented(call: &mut Call<'_>, name: &str, values: &[Value], lead: &str) -> Answer {
    let [spaces, value] = exactly(name, values)?;
    let (spaces, mut text) = (int(spaces)?, rope(call, value)?);
    // What is indented stands among the entries of a map.
    if text.as_str().trim() == GAP {
        let origin = text.pieces().next().map_or(value.origin, |piece| piece.origin);
        text = Text::of(format!("{GAP}: {GAP}"), origin);
    }
    let Ok(spaces) = usize::try_from(spaces) else { return Err("strings: negative Repeat count".to_owned()) };
    let lines = text.as_str().matches('\n').count() + 1;
    call.budget.bytes(spaces.saturating_mul(lines))?;
    let pad = " ".repeat(spaces);
    let mut out = Writer::default();
    out.push(lead, call.at, call.frame);
    out.push(&pad, call.at, call.frame);
    let mut start = 0;
    for piece in text.pieces() {
        let end = piece.end as usize;
        for line in text.as_str()[start..end].split_inclusive('\n') {
            out.push(line, piece.origin, piece.frame);
            if line.ends_with('\n') {
                out.push(&pad, call.at, call.frame);
            }
        }
        start = end;
    }
    joined(call, out, &values[1..])
}

fn indent(call: &mut Call<'_>, values: &[Value]) -> Answer {
    indented(call, "indent", values, "")
}

fn nindent(call: &mut Call<'_>, values: &[Value]) -> Answer {
    indented(call, "nindent", values, "\n")
}

fn replace(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [old, new, value] = exactly("replace", values)?;
    let wanted = text(old)?.as_str();
    let (with, whole) = (rope(call, new)?, rope(call, value)?);
    if !wanted.is_empty() && !whole.as_str().contains(wanted) {
        return Ok(value.clone());
    }
    let count = whole.as_str().matches(wanted).count();
    call.budget.bytes(count.saturating_mul(with.len()))?;
    let mut out = Writer::default();
    let mut at = 0;
    for (found, _) in whole.as_str().match_indices(wanted) {
        out.push_slice(&whole, at, found);
        // That it stands here is said by what stood here.
        let before = whole.origins(found, found + wanted.len());
        out.push_text(&with.from_origins(|piece| {
            call.origins.of(How::Chosen, std::iter::once(piece.origin).chain(before.iter().copied()))
        }));
        at = found + wanted.len();
    }
    out.push_slice(&whole, at, whole.len());
    joined(call, out, &[value.clone(), new.clone()])
}

fn plural(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [one, many, count] = exactly("plural", values)?;
    text(one)?;
    text(many)?;
    let value = if int(count)? == 1 { one } else { many };
    Ok(chosen(call, value, [count.origin]))
}

fn to_string(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("toString", values)?;
    if let Data::Text(_) = value.data {
        return Ok(value.clone());
    }
    let text = strval(call, value)?;
    joined_text(call, text, values)
}

/// sprig's `strslice`: the elements as texts, or the value alone as one; nothing is left out.
pub(super) fn texts(call: &mut Call<'_>, value: &Value) -> Result<Vec<Value>, String> {
    let items = match items(value) {
        Some(items) => items,
        None => vec![value.clone()],
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in items.into_iter().filter(|item| !matches!(item.data, Data::Nil)) {
        let text = strval(call, &item)?;
        texts.push(Value::new(Data::Text(text), item.origin));
    }
    Ok(texts)
}

fn to_strings(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("toStrings", values)?;
    let texts = texts(call, value)?;
    super::arguments::list(call, texts, values)
}

fn join(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [separator, value] = exactly("join", values)?;
    let between = rope(call, separator)?;
    let texts = texts(call, value)?;
    call.budget.bytes(texts.len().saturating_mul(between.len()))?;
    let mut out = Writer::default();
    for (at, item) in texts.iter().enumerate() {
        if at > 0 {
            out.push_text(&between);
        }
        out.push_text(text(item)?);
    }
    let from = if texts.is_empty() { std::slice::from_ref(value) } else { &texts[..] };
    joined(call, out, from)
}
