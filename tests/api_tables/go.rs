//! Reads the type declarations of Go source files, as far as they say how a value looks in JSON.
//!
//! This is no Go compiler: it lexes a file, skips everything but `import` and `type`, and keeps names, struct tags and
//! the shape of types. That is all that the tables need, and it keeps the generator free of a Go toolchain.

use std::collections::BTreeMap;

/// What one file declares.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) types: BTreeMap<String, Type>,
    /// Types of this file that read their JSON themselves, so that their fields say nothing about it.
    pub(crate) custom_json: Vec<String>,
}

/// A type expression, with the packages of its names resolved to import paths.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// Import path and name; the path is empty for Go's own types.
    Named(String, String),
    List(Box<Type>),
    Map(Box<Type>),
    Struct(Vec<Member>),
    /// An interface, a function, a channel: nothing that JSON could hold in a known form.
    Opaque,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    /// The Go name; of an embedded member, the name of its type.
    pub(crate) name: String,
    pub(crate) embedded: bool,
    /// The struct tag's `json` value, for example `replicas,omitempty`.
    pub(crate) json: Option<String>,
    pub(crate) ty: Type,
}

impl Member {
    /// The member's name in JSON; `None` where its own fields take its place.
    pub(crate) fn json_name(&self) -> Option<&str> {
        let tag = self.json.as_deref().unwrap_or("");
        let mut parts = tag.split(',');
        match parts.next().unwrap_or("") {
            "" if self.embedded || parts.any(|option| option == "inline") => None,
            "" => Some(&self.name),
            name => Some(name),
        }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        let exported = self.name.starts_with(|first: char| first.is_ascii_uppercase());
        self.json.as_deref() == Some("-") || !(exported || self.embedded)
    }
}

/// Reads one file of the package `package`; `current` turns the import paths that it uses into today's.
pub(crate) fn read(package: &str, text: &str, current: &dyn Fn(&str) -> String) -> File {
    let tokens = lex(text);
    let mut reader = Reader { tokens: &tokens, at: 0, package, imports: BTreeMap::new(), current };
    reader.file()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Mark(char),
    Line,
}

fn lex(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'\n' => {
                tokens.push(Token::Line);
                at += 1;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at += text[at..].find("*/").map_or(text.len() - at, |end| end + 2);
            }
            b'`' => {
                let end = text[at + 1..].find('`').map_or(text.len(), |end| at + 1 + end);
                tokens.push(Token::Text(&text[at + 1..end]));
                at = (end + 1).min(text.len());
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                tokens.push(Token::Text(text.get(start + 1..at).unwrap_or("")));
                at += 1;
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                tokens.push(Token::Word(&text[start..at]));
            }
            byte => {
                if byte.is_ascii_punctuation() {
                    tokens.push(Token::Mark(char::from(byte)));
                }
                at += 1;
            }
        }
    }
    tokens
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    package: &'a str,
    imports: BTreeMap<String, String>,
    current: &'a dyn Fn(&str) -> String,
}

impl<'a> Reader<'a> {
    fn file(&mut self) -> File {
        let mut file = File::default();
        while let Some(token) = self.next() {
            match token {
                Token::Word("import") => self.grouped(|reader| reader.import()),
                Token::Word("type") => self.grouped(|reader| {
                    if let Some((name, ty)) = reader.declaration() {
                        file.types.insert(name, ty);
                    }
                }),
                Token::Word("func") => {
                    if let Some(receiver) = self.custom_unmarshaler() {
                        file.custom_json.push(receiver);
                    }
                    self.skip_line();
                }
                Token::Line => {}
                _ => self.skip_line(),
            }
        }
        file
    }

    /// Runs `read` once, or once a line between parentheses.
    fn grouped(&mut self, mut read: impl FnMut(&mut Self)) {
        if !self.eat('(') {
            read(self);
            return;
        }
        loop {
            while self.peek() == Some(Token::Line) {
                self.at += 1;
            }
            if self.eat(')') || self.peek().is_none() {
                return;
            }
            read(self);
            self.skip_line();
        }
    }

    fn import(&mut self) {
        let mut alias = None;
        loop {
            match self.peek() {
                Some(Token::Word(name)) => alias = Some(name),
                Some(Token::Text(path)) => {
                    let last = path.rsplit('/').next().unwrap_or(path);
                    self.imports.insert(alias.unwrap_or(last).to_owned(), (self.current)(path));
                    self.at += 1;
                    return;
                }
                Some(Token::Mark(_)) => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    fn declaration(&mut self) -> Option<(String, Type)> {
        let name = self.word()?;
        if self.peek() == Some(Token::Mark('['))
            && !matches!(self.tokens.get(self.at + 1), Some(Token::Mark(']')))
        {
            // A generic type or an array: neither occurs in an API.
            self.skip_line();
            return None;
        }
        self.eat('=');
        Some((name.to_owned(), self.ty()))
    }

    /// `(name *Type) UnmarshalJSON(…`, read from behind `func`.
    fn custom_unmarshaler(&mut self) -> Option<String> {
        let mut ahead = self.tokens[self.at..].iter().take(6);
        if ahead.next() != Some(&Token::Mark('(')) {
            return None;
        }
        let words: Vec<&str> = ahead
            .filter_map(|token| match token {
                Token::Word(word) => Some(*word),
                _ => None,
            })
            .collect();
        match words[..] {
            [.., receiver, "UnmarshalJSON"] => Some(receiver.to_owned()),
            _ => None,
        }
    }

    fn ty(&mut self) -> Type {
        match self.next() {
            Some(Token::Mark('*')) => self.ty(),
            Some(Token::Mark('[')) => {
                while !self.eat(']') && self.peek().is_some() {
                    self.at += 1;
                }
                Type::List(Box::new(self.ty()))
            }
            Some(Token::Word("map")) => {
                self.balanced();
                Type::Map(Box::new(self.ty()))
            }
            Some(Token::Word("struct")) => self.members(),
            Some(Token::Word("interface")) => {
                self.balanced();
                Type::Opaque
            }
            Some(Token::Word(name)) if !matches!(name, "func" | "chan") => {
                let named = if self.eat('.') {
                    let path = self.imports.get(name).cloned().unwrap_or_else(|| name.to_owned());
                    Type::Named(path, self.word().unwrap_or_default().to_owned())
                } else if name.starts_with(|first: char| first.is_ascii_uppercase()) {
                    Type::Named(self.package.to_owned(), name.to_owned())
                } else if is_builtin(name) {
                    Type::Named(String::new(), name.to_owned())
                } else {
                    Type::Named(self.package.to_owned(), name.to_owned())
                };
                if self.peek() == Some(Token::Mark('[')) {
                    self.balanced();
                }
                named
            }
            _ => {
                self.skip_line();
                Type::Opaque
            }
        }
    }

    fn members(&mut self) -> Type {
        let mut members = Vec::new();
        if !self.eat('{') {
            return Type::Opaque;
        }
        loop {
            match self.peek() {
                None => break,
                Some(Token::Mark('}')) => {
                    self.at += 1;
                    break;
                }
                Some(Token::Mark('*')) => members.push(self.embedded()),
                Some(Token::Word(_)) => match self.tokens.get(self.at + 1) {
                    Some(Token::Mark('.' | '}') | Token::Line | Token::Text(_)) => {
                        members.push(self.embedded())
                    }
                    _ => self.named(&mut members),
                },
                _ => self.at += 1,
            }
        }
        Type::Struct(members)
    }

    fn embedded(&mut self) -> Member {
        let ty = self.ty();
        let name = match &ty {
            Type::Named(_, name) => name.clone(),
            _ => String::new(),
        };
        Member { name, embedded: true, json: self.tag(), ty }
    }

    fn named(&mut self, members: &mut Vec<Member>) {
        let mut names = vec![self.word().unwrap_or_default()];
        while self.eat(',') {
            names.extend(self.word());
        }
        let ty = self.ty();
        let json = self.tag();
        for name in names {
            members.push(Member {
                name: name.to_owned(),
                embedded: false,
                json: json.clone(),
                ty: ty.clone(),
            });
        }
    }

    fn tag(&mut self) -> Option<String> {
        let Some(Token::Text(tag)) = self.peek() else { return None };
        self.at += 1;
        let value = &tag[tag.find("json:\"")? + "json:\"".len()..];
        Some(value[..value.find('"')?].to_owned())
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn eat(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(Token::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> Option<&'a str> {
        let Some(Token::Word(word)) = self.peek() else { return None };
        self.at += 1;
        Some(word)
    }

    /// Skips a bracket and all up to its partner.
    fn balanced(&mut self) {
        let mut depth = 0;
        while let Some(token) = self.next() {
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Skips to the end of the line, or of the last bracket that was opened on it.
    fn skip_line(&mut self) {
        while let Some(token) = self.peek() {
            match token {
                Token::Line | Token::Mark(')' | ']' | '}') => return,
                Token::Mark('(' | '[' | '{') => self.balanced(),
                _ => self.at += 1,
            }
        }
    }
}

fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "string"
            | "bool"
            | "int"
            | "int8"
            | "int16"
            | "int32"
            | "int64"
            | "uint"
            | "uint8"
            | "uint16"
            | "uint32"
            | "uint64"
            | "float32"
            | "float64"
            | "byte"
            | "rune"
            | "any"
            | "error"
    )
}
