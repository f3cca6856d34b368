//! Values as text: sprig's `strval`, which is Go's `%v`.

use crate::render::origin::Origin;
use crate::render::template::function::Call;
use crate::render::template::{literal, print};
use crate::render::text::{Frame, Text, Writer};
use crate::render::value::{Data, Value};

/// A value as text; text stays what it is, and bytes are read as text.
pub(super) fn strval(call: &mut Call<'_>, value: &Value) -> Result<Text, String> {
    match &value.data {
        Data::Text(text) => Ok(text.owned(value.origin, call.origins)),
        Data::Bytes(bytes) => Ok(Text::of(String::from_utf8_lossy(bytes), value.origin)),
        _ => spelled(call, value),
    }
}

/// A value as `%v` prints it.
pub(super) fn spelled(call: &mut Call<'_>, value: &Value) -> Result<Text, String> {
    let printed = print::print(call, std::slice::from_ref(value))?;
    match printed.data {
        Data::Text(text) => Ok(text),
        _ => Ok(Text::default()),
    }
}

/// Text in double quotes, as `%q` and `strconv.Quote` write it.
pub(super) fn push_quoted(out: &mut Writer, text: &Text, at: Origin, frame: Frame) {
    out.push("\"", at, frame);
    let mut start = 0;
    for piece in text.pieces() {
        let end = piece.end as usize;
        out.push(&escape(&text.as_str()[start..end]), piece.origin, piece.frame);
        start = end;
    }
    out.push("\"", at, frame);
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        literal::escape(&mut out, char, '"', false);
    }
    out
}
