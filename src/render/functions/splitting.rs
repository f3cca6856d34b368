//! Text cut into parts.

use std::rc::Rc;

use super::Table;
use super::arguments::{Answer, exactly, int, list, rope, text};
use crate::render::origin::Origin;
use crate::render::template::function::Call;
use crate::render::text::Text;
use crate::render::value::{Data, Entry, Value};

pub(super) const TABLE: Table = &[("split", split), ("splitn", splitn), ("splitList", split_list)];

/// The parts of a text between separators, at most so many; an empty separator cuts at every character.
pub(super) fn parts(
    call: &mut Call<'_>,
    whole: &Value,
    separator: &str,
    most: usize,
) -> Result<Vec<Value>, String> {
    let text = rope(call, whole)?;
    let mut cuts: Vec<(usize, usize)> = if separator.is_empty() {
        text.as_str().char_indices().skip(1).map(|(at, _)| (at, at)).collect()
    } else {
        text.as_str().match_indices(separator).map(|(at, found)| (at, at + found.len())).collect()
    };
    if separator.is_empty() && text.is_empty() || most == 0 {
        return Ok(Vec::new());
    }
    cuts.truncate(most.saturating_sub(1));
    call.budget.work(cuts.len())?;
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    let mut start = 0;
    for (end, next) in cuts.into_iter().chain([(text.len(), 0)]) {
        parts.push(part(call, &text, whole.origin, start, end));
        start = next;
    }
    Ok(parts)
}

/// A part of a text as a value.
pub(super) fn part(call: &mut Call<'_>, text: &Text, or: Origin, start: usize, end: usize) -> Value {
    let slice = text.slice(start, end);
    let origin = match (text.pieces().nth(1), slice.pieces().next()) {
        (Some(_), Some(_)) => call.origins.of(
            crate::render::origin::How::Joined,
            slice.pieces().map(|piece| piece.origin).collect::<Vec<_>>(),
        ),
        _ => or,
    };
    Value::new(Data::Text(slice), if origin == Origin::NONE { or } else { origin })
}

/// The parts as a map with the keys `_0`, `_1` and so on.
fn numbered(call: &mut Call<'_>, parts: Vec<Value>, whole: &Value) -> Value {
    let at = call.at;
    let entries = parts
        .into_iter()
        .enumerate()
        .map(|(number, value)| (Rc::from(format!("_{number}")), Entry { key: at, value }));
    Value::map(entries, whole.origin)
}

fn split(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [separator, whole] = exactly("split", values)?;
    let parts = parts(call, whole, text(separator)?.as_str(), usize::MAX)?;
    Ok(numbered(call, parts, whole))
}

fn splitn(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [separator, most, whole] = exactly("splitn", values)?;
    let most = usize::try_from(int(most)?).unwrap_or(usize::MAX);
    let parts = parts(call, whole, text(separator)?.as_str(), most)?;
    Ok(numbered(call, parts, whole))
}

fn split_list(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [separator, whole] = exactly("splitList", values)?;
    let parts = parts(call, whole, text(separator)?.as_str(), usize::MAX)?;
    list(call, parts, std::slice::from_ref(whole))
}
