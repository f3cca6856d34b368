//! Text: lines broken at a column.

use super::Table;
use super::arguments::{Answer, exactly, floor, int, joined, rope, text};
use crate::render::template::function::Call;
use crate::render::text::Writer;
use crate::render::value::Value;

pub(super) const TABLE: Table = &[("wrap", wrap), ("wrapWith", wrap_with)];

fn wrap(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [width, value] = exactly("wrap", values)?;
    wrapped(call, value, int(width)?, "", false)
}

fn wrap_with(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [width, line, value] = exactly("wrapWith", values)?;
    let line = text(line)?.as_str();
    wrapped(call, value, int(width)?, line, true)
}

/// `goutils.WrapCustom`: it counts bytes, and drops the spaces where it breaks.
fn wrapped(call: &mut Call<'_>, value: &Value, width: i64, line: &str, cuts_words: bool) -> Answer {
    let text = rope(call, value)?;
    let whole = text.as_str();
    let line = if line.is_empty() { "\n" } else { line };
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    call.budget.bytes((whole.len() / width).saturating_mul(line.len()))?;
    let mut out = Writer::default();
    let mut at = 0;
    while whole.len() - at > width {
        if whole.as_bytes()[at] == b' ' {
            at += 1;
            continue;
        }
        let end = at + width;
        let before = whole.as_bytes()[at..=end].iter().rposition(|byte| *byte == b' ');
        let after = || whole.as_bytes()[end..].iter().position(|byte| *byte == b' ').map(|found| end + found);
        let (until, next) = match before {
            Some(found) => (at + found, at + found + 1),
            None if cuts_words => {
                let end = floor(whole, end);
                let first = whole[at..].chars().next().map_or(1, char::len_utf8);
                let end = if end > at { end } else { at + first };
                (end, end)
            }
            None => match after() {
                Some(found) => (found, found + 1),
                None => break,
            },
        };
        out.push_slice(&text, at, until);
        out.push(line, call.at, call.frame);
        at = next;
    }
    out.push_slice(&text, at, whole.len());
    joined(call, out, std::slice::from_ref(value))
}
