//! Brackets in documents that are written as usual.

use granit_parser::{ScalarStyle, StructureStyle};

use super::{Odd, Step, Usual, What};

impl Usual<'_> {
    /// A collection in brackets; its lines are indented deeper than `outer`.
    pub(super) fn flow(&mut self, outer: usize) -> Step {
        self.deeper()?;
        let is_map = self.byte(self.at) == Some(b'{');
        let (open, close, end) = if is_map {
            (What::Map(StructureStyle::Flow), What::MapEnd, b'}')
        } else {
            (What::List(StructureStyle::Flow), What::ListEnd, b']')
        };
        self.push(open, self.at, self.at + 1);
        self.at += 1;
        self.flow_space(outer)?;
        while self.byte(self.at) != Some(end) {
            if is_map {
                self.flow_key()?;
            }
            self.flow_value(outer)?;
            self.flow_space(outer)?;
            match self.byte(self.at) {
                Some(b',') => self.at += 1,
                Some(byte) if byte == end => break,
                _ => return Err(Odd),
            }
            self.flow_space(outer)?;
        }
        self.push(close, self.at, self.at + 1);
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    /// Spaces and the ends of lines between brackets.
    pub(super) fn flow_space(&mut self, outer: usize) -> Step {
        self.skip_spaces();
        if self.byte(self.at) != Some(b'\n') {
            return Ok(());
        }
        loop {
            let line = self.at + 1;
            self.at = line;
            self.skip_spaces();
            match self.byte(self.at) {
                Some(b'\n') => {}
                Some(_) if self.at - line > outer => return Ok(()),
                _ => return Err(Odd),
            }
        }
    }

    /// A key in braces, with its colon and the spaces behind it.
    pub(super) fn flow_key(&mut self) -> Step {
        match self.byte(self.at) {
            Some(quote @ (b'"' | b'\'')) => self.at = self.quoted(quote, None)?,
            _ => self.flow_plain()?,
        }
        if self.byte(self.at) != Some(b':') || self.byte(self.at + 1) != Some(b' ') {
            return Err(Odd);
        }
        self.at += 1;
        self.skip_spaces();
        Ok(())
    }

    pub(super) fn flow_value(&mut self, outer: usize) -> Step {
        match self.byte(self.at) {
            Some(quote @ (b'"' | b'\'')) => {
                self.at = self.quoted(quote, Some(outer))?;
                Ok(())
            }
            Some(b'[' | b'{') => self.flow(outer),
            _ => self.flow_plain(),
        }
    }

    pub(super) fn flow_plain(&mut self) -> Step {
        if self.byte(self.at) == Some(b'-') {
            return Err(Odd);
        }
        self.plain_start(self.at)?;
        let start = self.at;
        while self.byte(self.at).is_some_and(is_plain_in_brackets) {
            self.at += 1;
        }
        let end = start + self.text[start..self.at].trim_end_matches(' ').len();
        if !matches!(self.byte(self.at), Some(b',' | b']' | b'}' | b':')) {
            return Err(Odd);
        }
        self.push(What::Scalar(ScalarStyle::Plain), start, end);
        Ok(())
    }
}

fn is_plain_in_brackets(byte: u8) -> bool {
    byte >= 0x80
        || byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b' ' | b'.'
                | b'-'
                | b'_'
                | b'/'
                | b'+'
                | b'='
                | b'$'
                | b'%'
                | b'@'
                | b'*'
                | b'('
                | b')'
                | b'~'
                | b'^'
                | b';'
                | b'<'
                | b'>'
                | b'|'
        )
}
