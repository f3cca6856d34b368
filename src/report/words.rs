//! How reports say numbers, lists and text that others wrote.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// `1 error`, `1,102 errors`.
pub(super) fn count(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// `1,102`.
pub(super) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Text on one line that a terminal, a log or a page shows as what it is: nothing in it moves a cursor, starts a colour
/// or turns the direction of writing.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    // Nearly all text is plain, and to look at bytes, many at once, is quicker.
    let is_plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if is_plain || text.chars().all(|c| seen(c) == c) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(seen).collect())
    }
}

/// What stands for a character where it must not act: control characters have pictures, the others a mark.
pub(super) fn seen(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '\u{fffd}'
        }
        '\u{2028}' | '\u{2029}' => ' ',
        other => other,
    }
}

/// The columns that a character takes.
pub(super) fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Text in lines of at most so many columns, broken between words; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let wide = width(word);
        if used > 0 && used + 1 + wide > columns {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
    }
    lines
}

/// `a`, `a and b`, `a, b and 3 more`: at most `most` are named.
pub(super) fn listed(things: &[String], most: usize) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if things.len() <= most => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", things[..most].join(", "), thousands(things.len() - most)),
    }
}

/// A sentence: it starts as it is and ends with a full stop.
pub(super) fn sentence(text: &str) -> Cow<'_, str> {
    if text.ends_with(['.', '!', '?', '…']) { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let said: Vec<String> = [0, 1, 12, 999, 1000, 1102, 1_234_567].map(thousands).into();
        assert_eq!(said, ["0", "1", "12", "999", "1,000", "1,102", "1,234,567"]);
        assert_eq!(
            [0, 1, 2, 1102].map(|n| count(n, "file")),
            ["0 files", "1 file", "2 files", "1,102 files"]
        );
    }

    #[test]
    fn lists() {
        let things: Vec<String> = ["a", "b", "c", "d"].map(String::from).into();
        assert_eq!(listed(&things, 4), "a, b, c and d");
        assert_eq!(listed(&things, 2), "a, b and 2 more");
        assert_eq!(listed(&things[..1], 2), "a");
    }

    #[test]
    fn what_others_wrote_does_not_act() {
        assert_eq!(visible("plain ü 漢"), "plain ü 漢");
        assert_eq!(visible("a\u{1b}[31mb\nc\td\u{202e}e\u{7f}"), "a␛[31mb c d\u{fffd}e␡");
    }

    #[test]
    fn wrapping() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensibilities", 7), ["incomprehensibilities"]);
        assert_eq!(wrapped("漢字 漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrapped("", 5), [""]);
    }
}
