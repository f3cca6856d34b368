//! Text of a template to tokens, as Go cuts it: trim markers, comments, and what may follow an identifier.

/// A token, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Open,
    Close,
    Space,
    Assign,
    Declare,
    Comma,
    /// Any other printable character.
    Char,
    CharConstant,
    Number,
    Complex,
    Quoted,
    Raw,
    Bool,
    Field,
    Identifier,
    Variable,
    Dot,
    Nil,
    Pipe,
    OpenParen,
    CloseParen,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
    EndOfText,
    /// The text is broken here; [`Lexer::error`] says how.
    Error,
}

impl Kind {
    /// Whether it is a word of the language.
    pub(super) fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Define
                | Self::Dot
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// Reads tokens one by one.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    start: usize,
    at: usize,
    inside: bool,
    parens: u32,
    /// What is broken, once a token of kind [`Kind::Error`] was given.
    pub(super) error: String,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, start: 0, at: 0, inside: false, parens: 0, error: String::new() }
    }

    /// The next token; behind the end, and behind an error, always the end.
    pub(super) fn next(&mut self) -> Token {
        if !self.error.is_empty() {
            return Token { kind: Kind::EndOfText, start: self.start, end: self.start };
        }
        if self.inside { self.action() } else { self.text() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        match self.text.as_bytes().get(self.at) {
            Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
            Some(_) => self.rest().chars().next(),
            None => None,
        }
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|next| valid.contains(next));
        if found {
            self.bump();
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn token(&mut self, kind: Kind) -> Token {
        let token = Token { kind, start: self.start, end: self.at };
        self.start = self.at;
        token
    }

    /// Steps over letters, digits and `_`.
    fn skip_word(&mut self) {
        let bytes = self.text.as_bytes();
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        while bytes.get(self.at).is_some_and(is_word) {
            self.at += 1;
        }
        if bytes.get(self.at).is_some_and(|byte| !byte.is_ascii()) {
            self.at += self.rest().len() - self.rest().trim_start_matches(is_alphanumeric).len();
        }
    }

    fn skip_space(&mut self) {
        while self.text.as_bytes().get(self.at).is_some_and(|byte| is_space(char::from(*byte))) {
            self.at += 1;
        }
    }

    fn skip(&mut self) {
        self.start = self.at;
    }

    fn fail(&mut self, error: impl Into<String>) -> Token {
        self.error = error.into();
        Token { kind: Kind::Error, start: self.start, end: self.at }
    }

    fn text(&mut self) -> Token {
        loop {
            let Some(found) = find_open(self.rest()) else {
                self.at = self.text.len();
                return self.token(if self.at > self.start { Kind::Text } else { Kind::EndOfText });
            };
            let open = self.at + found;
            if found > 0 {
                let mut end = open;
                if trims_left(&self.text[open + OPEN.len()..]) {
                    end = self.start + self.text[self.start..open].trim_end_matches(is_space).len();
                }
                self.at = end;
                let token = self.token(Kind::Text);
                self.at = open;
                self.skip();
                if token.end > token.start {
                    return token;
                }
            }
            self.at = open + OPEN.len();
            let marker = if trims_left(self.rest()) { 2 } else { 0 };
            if self.text[self.at + marker..].starts_with("/*") {
                self.at += marker;
                self.skip();
                if let Some(error) = self.comment() {
                    return error;
                }
                continue;
            }
            let token = self.token(Kind::Open);
            self.inside = true;
            self.parens = 0;
            self.at += marker;
            self.skip();
            return token;
        }
    }

    /// Skips a comment and its closing delimiter.
    fn comment(&mut self) -> Option<Token> {
        self.at += 2;
        let Some(end) = self.rest().find("*/") else { return Some(self.fail("unclosed comment")) };
        self.at += end + 2;
        let Some(trims) = self.at_close() else {
            return Some(self.fail("comment ends before closing delimiter"));
        };
        self.close(trims);
        self.skip();
        None
    }

    /// Whether a closing delimiter stands here, and whether it trims.
    fn at_close(&self) -> Option<bool> {
        match &self.text.as_bytes()[self.at..] {
            [b'}', b'}', ..] => Some(false),
            [space, b'-', b'}', b'}', ..] if is_space(char::from(*space)) => Some(true),
            _ => None,
        }
    }

    /// Steps over the closing delimiter and what it trims.
    fn close(&mut self, trims: bool) {
        self.at += if trims { 2 + CLOSE.len() } else { CLOSE.len() };
        if trims {
            self.skip_space();
        }
    }

    fn right_delimiter(&mut self, trims: bool) -> Token {
        if trims {
            self.at += 2;
            self.skip();
        }
        self.at += CLOSE.len();
        let token = self.token(Kind::Close);
        if trims {
            self.skip_space();
            self.skip();
        }
        self.inside = false;
        token
    }

    fn action(&mut self) -> Token {
        if let Some(trims) = self.at_close() {
            if self.parens > 0 {
                return self.fail("unclosed left paren");
            }
            return self.right_delimiter(trims);
        }
        let Some(next) = self.bump() else { return self.fail("unclosed action") };
        match next {
            next if is_space(next) => self.space(),
            '=' => self.token(Kind::Assign),
            ':' => {
                if self.bump() != Some('=') {
                    return self.fail("expected :=");
                }
                self.token(Kind::Declare)
            }
            '|' => self.token(Kind::Pipe),
            '"' => self.quoted('"', Kind::Quoted, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => match self.rest().find('`') {
                Some(end) => {
                    self.at += end + 1;
                    self.token(Kind::Raw)
                }
                None => self.fail("unterminated raw quoted string"),
            },
            '$' => self.name(Kind::Variable, Kind::Variable),
            '.' if !self.rest().is_empty() && !self.rest().as_bytes()[0].is_ascii_digit() => {
                self.name(Kind::Field, Kind::Dot)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at = self.start;
                self.number()
            }
            next if is_alphanumeric(next) => {
                self.at = self.start;
                self.identifier()
            }
            '(' => {
                self.parens += 1;
                self.token(Kind::OpenParen)
            }
            ')' => {
                if self.parens == 0 {
                    return self.fail("unexpected right paren");
                }
                self.parens -= 1;
                self.token(Kind::CloseParen)
            }
            ',' => self.token(Kind::Comma),
            ' '..='~' => self.token(Kind::Char),
            other => self.fail(format!("unrecognized character in action: {}", unicode(other))),
        }
    }

    /// A run of spaces, the first of which is read. A trimming delimiter takes the last one.
    fn space(&mut self) -> Token {
        self.skip_space();
        let last = self.at - 1;
        let rest = &self.text[last..];
        if trims_right(rest) && rest[2..].starts_with(CLOSE) {
            self.at = last;
            if last == self.start {
                return self.right_delimiter(true);
            }
        }
        self.token(Kind::Space)
    }

    fn identifier(&mut self) -> Token {
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match &self.text[self.start..self.at] {
            "block" => Kind::Block,
            "break" => Kind::Break,
            "continue" => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "nil" => Kind::Nil,
            "range" => Kind::Range,
            "template" => Kind::Template,
            "with" => Kind::With,
            "true" | "false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.token(kind)
    }

    /// A field or variable, whose first character is read; `bare` where nothing follows.
    fn name(&mut self, kind: Kind, bare: Kind) -> Token {
        if self.at_terminator() {
            return self.token(bare);
        }
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.token(kind)
    }

    fn bad_character(&mut self) -> Token {
        let bad = self.peek().map_or_else(String::new, unicode);
        self.fail(format!("bad character {bad}"))
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(next) => is_space(next) || self.rest().starts_with(CLOSE),
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, error: &str) -> Token {
        loop {
            match self.bump() {
                Some('\\') => {
                    if matches!(self.bump(), None | Some('\n')) {
                        return self.fail(error);
                    }
                }
                None | Some('\n') => return self.fail(error),
                Some(next) if next == quote => return self.token(kind),
                Some(_) => {}
            }
        }
    }

    /// A number by its looks; the parser finds out whether it is one.
    fn number(&mut self) -> Token {
        let mut kind = Kind::Number;
        let mut good = self.scan_number();
        if good && matches!(self.peek(), Some('+' | '-')) {
            kind = Kind::Complex;
            good = self.scan_number() && self.text[..self.at].ends_with('i');
        }
        if good {
            return self.token(kind);
        }
        let text = super::literal::quote(&self.text[self.start..self.at]);
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        let mut exponent = Some("eE");
        if self.accept("0") {
            if self.accept("xX") {
                (digits, exponent) = ("0123456789abcdefABCDEF_", Some("pP"));
            } else if self.accept("oO") {
                (digits, exponent) = ("01234567_", None);
            } else if self.accept("bB") {
                (digits, exponent) = ("01_", None);
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if exponent.is_some_and(|exponent| self.accept(exponent)) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.bump();
            return false;
        }
        true
    }
}

/// Where the next action begins: one byte is found sooner than two.
fn find_open(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find('{')?;
        if bytes.get(at + 1) == Some(&b'{') {
            return Some(at);
        }
        from = at + 1;
    }
}

/// As Go's `%#U` prints a character.
fn unicode(character: char) -> String {
    let code = u32::from(character);
    if super::literal::is_print(character) {
        format!("U+{code:04X} '{character}'")
    } else {
        format!("U+{code:04X}")
    }
}

/// What templates take for space.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(character: char) -> bool {
    character == '_' || character.is_alphabetic() || character.is_numeric()
}

fn trims_left(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && bytes[0] == b'-' && is_space(char::from(bytes[1]))
}

fn trims_right(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && is_space(char::from(bytes[0])) && bytes[1] == b'-'
}
