//! The formats of `printf`: verbs, flags, widths, precisions and indexes, and Go's words where they make no sense.

use super::super::text::{Frame, Text};
use super::super::value::{Data, Value};
use super::print::{Flags, Printed, Printer};

impl Printer<'_> {
    /// As `printf`.
    pub(super) fn formatted(&mut self, format: &Text, values: &[Value]) -> Printed {
        let mut reader =
            Format { bytes: format.as_str().as_bytes(), at: 0, argument: 0, good: true, reordered: false };
        let text = format.as_str();
        while reader.at < text.len() {
            reader.good = true;
            let start = reader.at;
            reader.at += text[start..].find('%').unwrap_or(text.len() - start);
            if reader.at > start {
                self.budget.bytes(reader.at - start)?;
                self.format_text(format, start, reader.at);
            }
            if reader.at >= text.len() {
                break;
            }
            reader.at += 1;
            self.flags = Flags::default();
            let troubles = reader.flags(&mut self.flags, values);
            for trouble in troubles {
                self.literal(trouble)?;
            }
            let Some(verb) = text[reader.at..].chars().next() else {
                self.literal("%!(NOVERB)")?;
                break;
            };
            reader.at += verb.len_utf8();
            match verb {
                '%' => self.literal("%")?,
                _ if !reader.good => self.literal(&format!("%!{verb}(BADINDEX)"))?,
                _ => match values.get(reader.argument) {
                    None => self.literal(&format!("%!{verb}(MISSING)"))?,
                    Some(value) => {
                        if matches!(verb, 'v' | 'w') {
                            self.flags.sharp_v = std::mem::replace(&mut self.flags.sharp, false);
                            self.flags.plus = false;
                        }
                        self.argument(value, verb)?;
                        reader.argument += 1;
                    }
                },
            }
        }
        self.flags = Flags::default();
        if !reader.reordered && reader.argument < values.len() {
            self.extra(&values[reader.argument..])?;
        }
        Ok(())
    }

    fn extra(&mut self, values: &[Value]) -> Printed {
        self.literal("%!(EXTRA ")?;
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.literal(", ")?;
            }
            if !matches!(value.data, Data::Nil) {
                self.literal(&format!("{}=", value.data.type_name()))?;
            }
            self.argument(value, 'v')?;
        }
        self.literal(")")
    }

    fn format_text(&mut self, format: &Text, start: usize, end: usize) {
        let mut at = start;
        while let Some(piece) = format.piece_at(at).filter(|_| at < end) {
            let stop = (piece.end as usize).min(end);
            let frame = if piece.frame == Frame(0) { self.frame } else { piece.frame };
            self.out.push(&format.as_str()[at..stop], piece.origin, frame);
            at = stop;
        }
    }
}

/// Reads the directions of a format.
struct Format<'f> {
    bytes: &'f [u8],
    at: usize,
    /// The argument that is next.
    argument: usize,
    /// Whether the index of an argument makes sense.
    good: bool,
    /// Whether arguments were taken out of order.
    reordered: bool,
}

/// The greatest width and precision that Go takes.
const TOO_LARGE: usize = 1_000_000;

impl Format<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Reads flags, width and precision, up to the verb; and says what is wrong with them.
    fn flags(&mut self, flags: &mut Flags, values: &[Value]) -> Vec<&'static str> {
        let mut troubles = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                b'a'..=b'z' if self.argument < values.len() => return troubles,
                _ => break,
            }
            self.at += 1;
        }
        let mut indexed = self.index(values.len());
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.number_argument(values) {
                Some(width) => {
                    flags.width = Some(width.unsigned_abs());
                    if width < 0 {
                        (flags.minus, flags.zero) = (true, false);
                    }
                }
                None => troubles.push("%!(BADWIDTH)"),
            }
            indexed = false;
        } else {
            flags.width = self.number();
            if indexed && flags.width.is_some() {
                self.good = false;
            }
        }
        if self.peek() == Some(b'.') && self.at + 1 < self.bytes.len() {
            self.at += 1;
            if indexed {
                self.good = false;
            }
            indexed = self.index(values.len());
            if self.peek() == Some(b'*') {
                self.at += 1;
                match self.number_argument(values) {
                    Some(precision) => flags.precision = usize::try_from(precision).ok(),
                    None => flags.precision = None,
                }
                if flags.precision.is_none() {
                    troubles.push("%!(BADPREC)");
                }
                indexed = false;
            } else {
                flags.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !indexed {
            self.index(values.len());
        }
        troubles
    }

    /// `[3]`: the index of the next argument.
    fn index(&mut self, count: usize) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.bytes[self.at..];
        let close = rest.iter().position(|byte| *byte == b']').filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let inside = std::str::from_utf8(&rest[1..close]).unwrap_or_default();
        let number = inside.bytes().all(|byte| byte.is_ascii_digit()).then(|| inside.parse::<usize>().ok());
        self.at += close + 1;
        match number.flatten().filter(|number| *number <= TOO_LARGE) {
            Some(number) if (1..=count).contains(&number) => {
                self.argument = number - 1;
                true
            }
            parsed => {
                self.good = false;
                parsed.is_some()
            }
        }
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            let before = number.unwrap_or(0);
            if before > TOO_LARGE {
                self.at = self.bytes.len();
                return None;
            }
            number = Some(before * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// `*`: a number from the arguments.
    fn number_argument(&mut self, values: &[Value]) -> Option<isize> {
        let value = values.get(self.argument)?;
        self.argument += 1;
        match &value.data {
            Data::Int(number) if number.unsigned_abs() <= TOO_LARGE as u64 => isize::try_from(*number).ok(),
            _ => None,
        }
    }
}
