//! Lists: parts of them.

use super::Table;
use super::arguments::{Answer, NIL_POINTER, at_least, exactly, int, items, items_to, kind, list};
use super::lists::list_or_nil;
use super::math::whole;
use crate::render::template::function::Call;
use crate::render::value::{Data, Value};

pub(super) const TABLE: Table = &[
    ("rest", rest),
    ("mustRest", rest),
    ("initial", initial),
    ("mustInitial", initial),
    ("slice", slice),
    ("mustSlice", slice),
    ("chunk", chunk),
    ("mustChunk", chunk),
];

fn rest(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("rest", values)?;
    let items = items_to("find rest on", value)?;
    if items.is_empty() {
        return list_or_nil(call, items, values);
    }
    list(call, items.into_iter().skip(1).collect(), values)
}

fn initial(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("initial", values)?;
    let mut items = items_to("find initial on", value)?;
    match items.pop() {
        Some(_) => list(call, items, values),
        None => list_or_nil(call, items, values),
    }
}

fn slice(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([value], bounds) = at_least("slice", values)?;
    let Some(items) = items(value) else {
        return Err(match value.data {
            Data::Nil => NIL_POINTER.to_owned(),
            _ => format!("list should be type of slice or array but {}", kind(&value.data)),
        });
    };
    if items.is_empty() {
        return Ok(Value::nil(value.origin));
    }
    let start = bounds.first().map_or(0, whole);
    let end = bounds.get(1).map_or(items.len() as i64, whole);
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if start <= end && end <= items.len() => {
            list(call, items[start..end].to_vec(), std::slice::from_ref(value))
        }
        _ => Err("reflect.Value.Slice: slice index out of bounds".to_owned()),
    }
}

fn chunk(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [size, value] = exactly("chunk", values)?;
    let size = int(size)?;
    let items = items_to("chunk", value)?;
    let size = match (usize::try_from(size).unwrap_or_default(), items.len()) {
        // sprig computes how many chunks there are, also of a size that makes no sense.
        (0, 1) if size < -1 => 1,
        (0, len) if size < 0 && len > 1 && len - 1 <= size.unsigned_abs() as usize => {
            return list(call, Vec::new(), &values[1..]);
        }
        (0, _) => return Err("runtime error: makeslice: len out of range".to_owned()),
        (size, _) => size,
    };
    let chunks = items.chunks(size).map(|chunk| Value::list(chunk.to_vec(), value.origin)).collect();
    list(call, chunks, &values[1..])
}
