//! Scalars of documents that are written as usual: keys, plain text, quotes, and text blocks.

use granit_parser::ScalarStyle;

use super::{Odd, Step, Usual, What};

/// The longest key: the parser has a limit for those, too.
const KEY: usize = 512;

/// A key, of which the text may have been made already.
pub(super) struct Key {
    pub(super) what: What,
    pub(super) end: usize,
    pub(super) colon: usize,
}

impl Usual<'_> {
    /// The key that starts here, if one does.
    pub(super) fn key(&mut self) -> Step<Option<Key>> {
        let start = self.at;
        match self.byte(start) {
            Some(quote @ (b'"' | b'\'')) => {
                let (events, made) = (self.events.len(), self.made.len());
                let Ok(end) = self.quoted(quote, None) else {
                    self.made.truncate(made);
                    return Ok(None);
                };
                let what = self.events.pop().map(|cut| cut.what);
                self.events.truncate(events);
                let mut colon = end;
                while self.byte(colon) == Some(b' ') {
                    colon += 1;
                }
                if self.byte(colon) == Some(b':') {
                    if !self.is_apart(colon + 1) || colon - start > KEY {
                        return Err(Odd);
                    }
                    return Ok(what.map(|what| Key { what, end, colon }));
                }
                self.made.truncate(made);
                Ok(None)
            }
            Some(b'[' | b'{') => Ok(None),
            Some(b'|' | b'>') => Ok(None),
            _ => {
                self.plain_start(start)?;
                let mut at = start;
                while let Some(byte) = self.byte(at) {
                    match byte {
                        b'\n' => break,
                        b':' if self.is_apart(at + 1) => {
                            if at - start > KEY {
                                return Err(Odd);
                            }
                            let end = start + self.text[start..at].trim_end_matches(' ').len();
                            return Ok(Some(Key { what: What::Scalar(ScalarStyle::Plain), end, colon: at }));
                        }
                        b'#' if self.byte(at - 1) == Some(b' ') => break,
                        b'\t' => return Err(Odd),
                        _ => {}
                    }
                    at += 1;
                }
                Ok(None)
            }
        }
    }

    pub(super) fn push_key(&mut self, key: &Key) {
        self.push(key.what, self.at, key.end);
    }

    /// Whether a plain scalar may start here.
    pub(super) fn plain_start(&self, at: usize) -> Step {
        match self.byte(at) {
            Some(b'-') if !self.is_apart(at + 1) && self.byte(at + 1) != Some(b'\t') => Ok(()),
            None
            | Some(
                b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|'
                | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b'\t' | b' ' | b'\n',
            ) => Err(Odd),
            Some(_) => Ok(()),
        }
    }

    /// The end of the plain text of a line that starts here, and whether a comment follows.
    pub(super) fn plain_line(&self, start: usize) -> Step<(usize, bool)> {
        let bytes = self.text.as_bytes();
        let mut at = start;
        let mut comment = false;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\n' => break,
                b':' if self.is_apart(at + 1) => return Err(Odd),
                b'#' if at > start && bytes[at - 1] == b' ' => {
                    comment = true;
                    break;
                }
                b'\t' => return Err(Odd),
                _ => {}
            }
            at += 1;
        }
        let mut end = at;
        while end > start && bytes[end - 1] == b' ' {
            end -= 1;
        }
        Ok((end, comment))
    }

    /// A plain scalar and the rest of its last line.
    pub(super) fn plain(&mut self, outer: usize) -> Step {
        self.plain_start(self.at)?;
        let start = self.at;
        let (mut end, mut comment) = self.plain_line(start)?;
        let mut made: Option<String> = None;
        loop {
            self.at = end;
            if comment {
                break;
            }
            // The line may go on below.
            let mut at = (self.line_end(end) + 1).min(self.text.len());
            let mut breaks = 1;
            let column = loop {
                let line = at;
                while self.byte(at) == Some(b' ') {
                    at += 1;
                }
                match self.byte(at) {
                    Some(b'\n') => {
                        at += 1;
                        breaks += 1;
                    }
                    None | Some(b'#') => break None,
                    Some(b'\t') => return Err(Odd),
                    Some(_) => break Some(at - line),
                }
            };
            if column.is_none_or(|column| column <= outer) {
                break;
            }
            let (next, commented) = self.plain_line(at)?;
            let text = made.get_or_insert_with(|| self.text[start..end].to_owned());
            fold(text, breaks);
            text.push_str(&self.text[at..next]);
            (end, comment) = (next, commented);
        }
        match made {
            Some(text) => {
                self.made.push(text);
                self.push(What::Made(ScalarStyle::Plain), start, end);
            }
            None => self.push(What::Scalar(ScalarStyle::Plain), start, end),
        }
        self.end_of_line()
    }

    /// A quoted scalar; where it ends. Lines that it goes on for have to be indented deeper than `outer`; none may, if there is
    /// none.
    pub(super) fn quoted(&mut self, quote: u8, outer: Option<usize>) -> Step<usize> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let style = if quote == b'"' { ScalarStyle::DoubleQuoted } else { ScalarStyle::SingleQuoted };
        let mut made: Option<String> = None;
        let (mut from, mut at) = (start + 1, start + 1);
        loop {
            match bytes.get(at) {
                Some(byte) if *byte == quote => {
                    if quote == b'"' || bytes.get(at + 1) != Some(&quote) {
                        break;
                    }
                    made.get_or_insert_default().push_str(&self.text[from..=at]);
                    at += 2;
                    from = at;
                }
                Some(b'\\') if quote == b'"' => {
                    let (meant, length) = escaped(&bytes[at + 1..])?;
                    let text = made.get_or_insert_default();
                    text.push_str(&self.text[from..at]);
                    text.push(meant);
                    at += 1 + length;
                    from = at;
                }
                Some(b'\n') => {
                    let text = made.get_or_insert_default();
                    text.push_str(self.text[from..at].trim_end_matches(' '));
                    let mut breaks = 1;
                    let mut line = at + 1;
                    at = line;
                    loop {
                        match bytes.get(at) {
                            Some(b' ') => at += 1,
                            Some(b'\n') => {
                                breaks += 1;
                                at += 1;
                                line = at;
                            }
                            _ => break,
                        }
                    }
                    if outer.is_none_or(|outer| at - line <= outer) {
                        return Err(Odd);
                    }
                    fold(text, breaks);
                    from = at;
                }
                None | Some(b'\t') => return Err(Odd),
                Some(_) => at += 1,
            }
        }
        match made {
            Some(mut text) => {
                text.push_str(&self.text[from..at]);
                self.made.push(text);
                self.push(What::Made(style), start, at + 1);
            }
            None => self.push(What::Scalar(style), start, at + 1),
        }
        Ok(at + 1)
    }

    /// A text block, to the start of the line behind it.
    pub(super) fn block(&mut self, outer: usize) -> Step {
        let folds = self.byte(self.at) == Some(b'>');
        self.at += 1;
        let chomp = match self.byte(self.at) {
            Some(sign @ (b'-' | b'+')) => {
                self.at += 1;
                Some(sign)
            }
            _ => None,
        };
        let before = self.at;
        self.skip_spaces();
        if self.byte(self.at) != Some(b'\n') {
            self.at = before;
            return Err(Odd);
        }
        self.at += 1;
        let first = self.at;
        let mut indent = 0;
        let mut text = String::new();
        let mut start = None;
        // The parser takes in how far the line behind is indented.
        let mut behind = 0;
        // Breaks that are not written yet: what follows decides about them.
        let mut breaks = 0;
        loop {
            let line = self.at;
            if line == self.text.len() {
                break;
            }
            let end = self.line_end(line);
            let spaces = self.text.as_bytes()[line..end].iter().take_while(|byte| **byte == b' ').count();
            if line + spaces == end && (start.is_none() || spaces <= indent) {
                if start.is_none() && line + spaces > line && spaces > 0 {
                    // How far leading blank lines may be indented depends on what follows.
                    return Err(Odd);
                }
                if end == self.text.len() {
                    return Err(Odd);
                }
                breaks += 1;
                self.at = end + 1;
                continue;
            }
            if start.is_none() {
                if spaces <= outer || self.byte(line + spaces) == Some(b'\t') || line != first {
                    return Err(Odd);
                }
                indent = spaces;
                start = Some(line + spaces);
            } else if spaces < indent {
                if spaces > outer || self.byte(line + spaces) == Some(b'\t') {
                    return Err(Odd);
                }
                behind = spaces;
                break;
            } else {
                if folds {
                    if matches!(self.byte(line + indent), Some(b' ' | b'\t')) {
                        return Err(Odd);
                    }
                    fold(&mut text, breaks);
                } else {
                    text.extend(std::iter::repeat_n('\n', breaks));
                }
            }
            text.push_str(&self.text[line + indent..end]);
            breaks = 1;
            self.at = (end + 1).min(self.text.len());
        }
        let Some(start) = start else { return Err(Odd) };
        match chomp {
            None => text.push('\n'),
            Some(b'+') => text.extend(std::iter::repeat_n('\n', breaks)),
            Some(_) => {}
        }
        let style = if folds { ScalarStyle::Folded } else { ScalarStyle::Literal };
        self.made.push(text);
        self.push(What::Made(style), start, self.at + behind);
        Ok(())
    }
}

/// What is escaped here, and how many bytes say so.
fn escaped(bytes: &[u8]) -> Step<(char, usize)> {
    let meant = match bytes.first() {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let digits = bytes.get(1..5).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or(Odd)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(Odd);
            }
            let code = u32::from_str_radix(digits, 16).map_err(|_| Odd)?;
            return Ok((char::from_u32(code).ok_or(Odd)?, 5));
        }
        _ => return Err(Odd),
    };
    Ok((meant, 1))
}

/// Joins lines between which so many breaks stand.
fn fold(text: &mut String, breaks: usize) {
    if breaks == 1 {
        text.push(' ');
    } else {
        text.extend(std::iter::repeat_n('\n', breaks - 1));
    }
}
