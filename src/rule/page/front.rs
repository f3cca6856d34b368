//! The front matter of a page.
//!
//! It looks like YAML and is none: the value of a key is the text to the end of its line, so that an expression needs no
//! quotes around it and keeps its bytes.

use std::ops::Range;

use super::{
    CONFIDENCES, KEYS, Line, Lines, Page, PageError, Param, Raw, Related, SEVERITIES, check_holes,
    did_you_mean, error, indent, is_name, span, without_comment,
};
use crate::source::Span;

pub(super) struct FrontReader<'t> {
    text: &'t str,
    lines: Vec<Line>,
    at: usize,
    pub(super) errors: Vec<PageError>,
}

/// `key: value`, by its bytes.
struct Entry {
    indent: usize,
    key: Range<usize>,
    value: Range<usize>,
}

impl<'t> FrontReader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, lines: Vec::new(), at: 0, errors: Vec::new() }
    }

    /// Returns where the body starts.
    pub(super) fn read(&mut self, page: &mut Page) -> Option<usize> {
        let mut lines = Lines { text: self.text, at: 0 };
        let first = lines.next();
        if first.is_none_or(|line| line.of(self.text) != "---") {
            let place = first.map_or(Span::default(), |line| line.span());
            let help = "it begins with `---`, `on: …`, `severity: …`, `confidence: …`, `---`".to_owned();
            self.errors.push(error(place, "a rule's page starts with its front matter", help));
            return None;
        }
        let mut body = None;
        for line in lines.by_ref() {
            if line.of(self.text) == "---" {
                body = Some(line.next);
                break;
            }
            self.lines.push(line);
        }
        if body.is_none() {
            let place = first.map_or(Span::default(), |line| line.span());
            self.errors.push(error(
                place,
                "the front matter has no end",
                "close it with a line `---`".to_owned(),
            ));
            return None;
        }
        let mut seen: Vec<&str> = Vec::new();
        while let Some(entry) = self.entry(0) {
            let key = &self.text[entry.key.clone()];
            let place = span(entry.key.start, entry.key.end);
            if seen.contains(&key) {
                self.errors.push(error(place, format!("`{key}` is given twice"), None));
                self.skip_block(entry.indent);
                continue;
            }
            seen.push(key);
            self.key(page, key, &entry);
        }
        for (key, help) in [
            ("on", "say what the rule looks at: `on: workload`"),
            ("severity", "`severity: error`, `warning` or `info`"),
            ("confidence", "`confidence: high` or `medium`"),
        ] {
            if !seen.contains(&key) {
                self.errors.push(error(span(0, 3), format!("`{key}` is missing"), help.to_owned()));
            }
        }
        body
    }

    fn key(&mut self, page: &mut Page, key: &str, entry: &Entry) {
        match key {
            "on" => page.on = self.word(entry).unwrap_or_default(),
            "severity" => page.severity = self.one_of(entry, &SEVERITIES).unwrap_or(page.severity),
            "confidence" => page.confidence = self.one_of(entry, &CONFIDENCES).unwrap_or(page.confidence),
            "when" => page.when = self.raw(entry),
            "at" => page.at = self.raw(entry),
            "evidence" => page.evidence = self.word(entry),
            "let" => page.lets = self.lets(entry),
            "related" => page.related = self.related(entry),
            "versions" => {
                let pairs = self.pairs(entry);
                page.versions = pairs.into_iter().map(|(name, value)| (name, self.unquoted(value))).collect();
            }
            "params" => page.params = self.params(entry),
            _ => {
                let place = span(entry.key.start, entry.key.end);
                self.errors.push(error(
                    place,
                    format!("no front matter key `{key}` exists"),
                    did_you_mean(key, KEYS),
                ));
                self.skip_block(entry.indent);
            }
        }
    }

    /// The next line that is neither empty nor a comment.
    fn peek(&mut self) -> Option<(Line, &'t str)> {
        while let Some(line) = self.lines.get(self.at).copied() {
            let text = line.of(self.text);
            let content = text.trim_start();
            if !content.is_empty() && !content.starts_with('#') {
                return Some((line, text));
            }
            self.at += 1;
        }
        None
    }

    /// The next `key: value` at an indentation of at least `least`; what is not one is reported and skipped.
    fn entry(&mut self, least: usize) -> Option<Entry> {
        loop {
            let (line, text) = self.peek()?;
            let indent = indent(text);
            if indent < least {
                return None;
            }
            self.at += 1;
            if least == 0 && indent > 0 {
                let help = "keys stand at the start of the line; an expression of several lines stands below `key: |`";
                self.errors.push(error(line.span(), "this line belongs to no key", help.to_owned()));
                continue;
            }
            match self.split(line.start + indent, line.end) {
                Some((key, value)) => return Some(Entry { indent, key, value }),
                None => {
                    self.errors.push(error(
                        span(line.start + indent, line.end),
                        "expected `key: value`",
                        "an expression of several lines stands below `key: |`".to_owned(),
                    ));
                }
            }
        }
    }

    fn split(&self, start: usize, end: usize) -> Option<(Range<usize>, Range<usize>)> {
        let text = &self.text[start..end];
        let colon = text.find(':')?;
        let key = &text[..colon];
        let after = &text[colon + 1..];
        if key.is_empty()
            || key.contains([' ', '{', '(', '"', '\''])
            || !(after.is_empty() || after.starts_with(' '))
        {
            return None;
        }
        let value = end - after.trim_start().len();
        Some((start..start + colon, value..end))
    }

    fn skip_block(&mut self, indent_of_key: usize) {
        while let Some((_, text)) = self.peek() {
            let deeper = indent(text) > indent_of_key
                || (indent(text) == indent_of_key && text.trim_start().starts_with("- "));
            if !deeper {
                return;
            }
            self.at += 1;
        }
    }

    /// Complains about lines that seem to continue a value.
    fn no_block(&mut self, entry: &Entry) {
        if let Some((line, text)) = self.peek()
            && indent(text) > entry.indent
        {
            let key = &self.text[entry.key.clone()];
            let help = format!("an expression of several lines stands below `{key}: |`");
            self.errors.push(error(line.span(), format!("`{key}` ends with its line"), help));
            self.skip_block(entry.indent);
        }
    }

    /// The text to the end of the line, or the lines below `|` or `>`.
    fn raw(&mut self, entry: &Entry) -> Option<Raw> {
        let value = &self.text[entry.value.clone()];
        let key = span(entry.key.start, entry.key.end);
        if matches!(value, "|" | "|-" | "|+" | ">" | ">-" | ">+") {
            let mut block: Option<Range<usize>> = None;
            while let Some(line) = self.lines.get(self.at).copied() {
                let text = line.of(self.text);
                let blank = text.trim_start().is_empty();
                if !blank && indent(text) <= entry.indent {
                    break;
                }
                self.at += 1;
                if !blank {
                    let start = block.map_or(line.start + indent(text), |range| range.start);
                    block = Some(start..line.end);
                }
            }
            return match block {
                Some(range) => Some(self.piece(range)),
                None => self.empty(key),
            };
        }
        self.no_block(entry);
        if value.is_empty() { self.empty(key) } else { Some(self.piece(entry.value.clone())) }
    }

    fn empty(&mut self, key: Span) -> Option<Raw> {
        self.errors.push(error(key, format!("`{}` is empty", &self.text[key.range()]), None));
        None
    }

    fn piece(&self, range: Range<usize>) -> Raw {
        Raw { text: self.text[range.clone()].to_owned(), span: span(range.start, range.end) }
    }

    /// A value of one word; a comment may follow.
    fn word(&mut self, entry: &Entry) -> Option<Raw> {
        self.no_block(entry);
        let value = without_comment(&self.text[entry.value.clone()]).trim_end();
        if value.is_empty() {
            return self.empty(span(entry.key.start, entry.key.end));
        }
        let range = entry.value.start..entry.value.start + value.len();
        if value.contains(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter))) {
            let key = &self.text[entry.key.clone()];
            self.errors.push(error(span(range.start, range.end), format!("`{key}` is one name"), None));
            return None;
        }
        Some(self.piece(range))
    }

    fn one_of<T: Copy>(&mut self, entry: &Entry, known: &[(&str, T)]) -> Option<T> {
        let word = self.word(entry)?;
        let found = known.iter().find(|(name, _)| *name == word.text);
        if found.is_none() {
            let key = &self.text[entry.key.clone()];
            let help = did_you_mean(&word.text, known.iter().map(|(name, _)| *name));
            self.errors.push(error(word.span, format!("no {key} `{}` exists", word.text), help));
        }
        found.map(|(_, value)| *value)
    }

    /// The entries below a key, all at one indentation.
    fn below(&mut self, entry: &Entry, mut each: impl FnMut(&mut Self, Entry)) {
        let value = without_comment(&self.text[entry.value.clone()]);
        if !value.is_empty() {
            let key = &self.text[entry.key.clone()];
            let place = span(entry.value.start, entry.value.end);
            let help = format!("write `{key}:` and below it, indented, one `name: …` a line");
            self.errors.push(error(place, format!("`{key}` is a list of lines"), help));
        }
        let mut column = None;
        let mut count = 0;
        while let Some(inner) = self.entry(entry.indent + 1) {
            if *column.get_or_insert(inner.indent) != inner.indent {
                let place = span(inner.key.start, inner.key.end);
                self.errors.push(error(
                    place,
                    "this line is indented otherwise than the ones above it",
                    None,
                ));
            }
            count += 1;
            each(self, inner);
        }
        if count == 0 && value.is_empty() {
            self.empty(span(entry.key.start, entry.key.end));
        }
    }

    fn lets(&mut self, entry: &Entry) -> Vec<(Raw, Raw)> {
        let mut lets: Vec<(Raw, Raw)> = Vec::new();
        self.below(entry, |reader, inner| {
            let name = reader.new_name(&inner, lets.iter().map(|(name, _)| name));
            if let (Some(name), Some(value)) = (name, reader.raw(&inner)) {
                lets.push((name, value));
            }
        });
        lets
    }

    /// A name that is well formed and not taken.
    fn new_name<'n>(&mut self, entry: &Entry, mut taken: impl Iterator<Item = &'n Raw>) -> Option<Raw> {
        let name = self.piece(entry.key.clone());
        if !is_name(&name.text) {
            let help = "letters, digits and `_`, the first a letter".to_owned();
            self.errors.push(error(name.span, format!("`{}` is no name", name.text), help));
            return None;
        }
        if taken.any(|other| other.text == name.text) {
            self.errors.push(error(name.span, format!("`{}` is given twice", name.text), None));
            return None;
        }
        Some(name)
    }

    fn related(&mut self, entry: &Entry) -> Vec<Related> {
        let mut related: Vec<Related> = Vec::new();
        let key = span(entry.key.start, entry.key.end);
        let value = without_comment(&self.text[entry.value.clone()]);
        if !value.is_empty() {
            let help = "write `related:` and below it, indented, `- at: …`".to_owned();
            self.errors.push(error(
                span(entry.value.start, entry.value.end),
                "`related` is a list of lines",
                help,
            ));
        }
        let mut any = false;
        while let Some((line, text)) = self.peek() {
            let dash = indent(text);
            let content = text.trim_start();
            if dash == 0 && !content.starts_with("- ") {
                break;
            }
            any = true;
            let Some(item) = content.strip_prefix("- ") else {
                self.at += 1;
                let place = span(line.start + dash, line.end);
                self.errors.push(error(place, "expected `- at: …`", None));
                continue;
            };
            let column = dash + 2 + indent(item);
            let mut at = None;
            let mut says = None;
            let mut first = true;
            let place = span(line.start + dash, line.end);
            while let Some((line, text)) = self.peek() {
                let start = if first { column } else { indent(text) };
                if !first && indent(text) <= dash {
                    break;
                }
                first = false;
                self.at += 1;
                let Some((key, value)) = self.split(line.start + start, line.end) else {
                    let place = span(line.start + start, line.end);
                    self.errors.push(error(place, "expected `at: …` or `says: …`", None));
                    continue;
                };
                let inner = Entry { indent: start, key: key.clone(), value };
                let place = span(key.start, key.end);
                let (name, slot) = match &self.text[key] {
                    "at" => ("at", &mut at),
                    "says" => ("says", &mut says),
                    other => {
                        let help = did_you_mean(other, ["at", "says"]);
                        self.errors.push(error(place, format!("no key `{other}` exists in `related`"), help));
                        self.skip_block(start);
                        continue;
                    }
                };
                if slot.is_some() {
                    self.errors.push(error(place, format!("`{name}` is given twice"), None));
                }
                *slot = self.raw(&inner);
            }
            let says = says.map(|says| self.unquoted(says));
            if let Some(says) = &says {
                check_holes(&mut self.errors, says);
            }
            match at {
                Some(at) => related.push(Related { at, says }),
                None => self.errors.push(error(place, "a related place needs `at`", None)),
            }
        }
        if !any && value.is_empty() {
            self.empty(key);
        }
        related
    }

    /// `name: value` pairs, below the key or in braces behind it.
    fn pairs(&mut self, entry: &Entry) -> Vec<(Raw, Raw)> {
        let mut pairs: Vec<(Raw, Raw)> = Vec::new();
        if self.text[entry.value.clone()].starts_with('{') {
            self.no_block(entry);
            for inner in self.flow(entry.value.clone()) {
                let name = self.new_name(&inner, pairs.iter().map(|(name, _)| name));
                if let (Some(name), Some(value)) = (name, self.flow_value(&inner)) {
                    pairs.push((name, value));
                }
            }
            return pairs;
        }
        self.below(entry, |reader, inner| {
            let name = reader.new_name(&inner, pairs.iter().map(|(name, _)| name));
            if let (Some(name), Some(value)) = (name, reader.raw(&inner)) {
                pairs.push((name, value));
            }
        });
        pairs
    }

    fn flow_value(&mut self, entry: &Entry) -> Option<Raw> {
        if entry.value.is_empty() {
            return self.empty(span(entry.key.start, entry.key.end));
        }
        Some(self.piece(entry.value.clone()))
    }

    /// The entries of `{ a: b, c: d }`.
    fn flow(&mut self, range: Range<usize>) -> Vec<Entry> {
        let whole = &self.text[range.clone()];
        let Some(end) = closing(whole) else {
            let help = "close it with `}` on the same line".to_owned();
            self.errors.push(error(span(range.start, range.end), "the braces have no end", help));
            return Vec::new();
        };
        let after = without_comment(&whole[end + 1..]).trim();
        if !after.is_empty() {
            self.errors.push(error(
                span(range.start + end + 1, range.end),
                "nothing may follow the braces",
                None,
            ));
        }
        let mut entries = Vec::new();
        let inside = &whole[1..end];
        let base = range.start + 1;
        for piece in commas(inside) {
            let text = &inside[piece.clone()];
            let content = text.trim();
            if content.is_empty() {
                continue;
            }
            let start = base + piece.start + (text.len() - text.trim_start().len());
            match self.split(start, start + content.len()) {
                Some((key, value)) => entries.push(Entry { indent: 0, key, value }),
                None => {
                    let place = span(start, start + content.len());
                    self.errors.push(error(
                        place,
                        "expected `key: value`",
                        "a comma in a text needs quotes".to_owned(),
                    ));
                }
            }
        }
        entries
    }

    fn params(&mut self, entry: &Entry) -> Vec<Param> {
        let mut params: Vec<Param> = Vec::new();
        if self.text[entry.value.clone()].starts_with('{') {
            self.no_block(entry);
            for inner in self.flow(entry.value.clone()) {
                self.param(&mut params, &inner);
            }
            return params;
        }
        self.below(entry, |reader, inner| reader.param(&mut params, &inner));
        params
    }

    fn param(&mut self, params: &mut Vec<Param>, entry: &Entry) {
        let name = self.new_name(entry, params.iter().map(|param| &param.name));
        let mut fields: Vec<(Raw, Raw)> = Vec::new();
        let value = &self.text[entry.value.clone()];
        if value.starts_with('{') {
            for inner in self.flow(entry.value.clone()) {
                let key = self.piece(inner.key.clone());
                if let Some(value) = self.flow_value(&inner) {
                    fields.push((key, value));
                }
            }
        } else if value.is_empty() {
            self.below(entry, |reader, inner| {
                let key = reader.piece(inner.key.clone());
                if let Some(value) = reader.raw(&inner) {
                    fields.push((key, value));
                }
            });
        } else {
            let help = format!("`{}: {{ default: {value}, says: … }}`", &self.text[entry.key.clone()]);
            self.errors.push(error(
                span(entry.value.start, entry.value.end),
                "a parameter has a `default` and `says` what it is",
                help,
            ));
            return;
        }
        let mut default = None;
        let mut says = None;
        for (key, value) in fields {
            let slot = match key.text.as_str() {
                "default" => &mut default,
                "says" => &mut says,
                other => {
                    let help = did_you_mean(other, ["default", "says"]);
                    self.errors.push(error(
                        key.span,
                        format!("no key `{other}` exists in a parameter"),
                        help,
                    ));
                    continue;
                }
            };
            if slot.is_some() {
                self.errors.push(error(key.span, format!("`{}` is given twice", key.text), None));
            }
            *slot = Some(value);
        }
        let place = span(entry.key.start, entry.key.end);
        for (key, given) in [("default", default.is_some()), ("says", says.is_some())] {
            if !given {
                self.errors.push(error(place, format!("the parameter has no `{key}`"), None));
            }
        }
        if let (Some(name), Some(default), Some(says)) = (name, default, says) {
            params.push(Param { name, default, says: self.unquoted(says).text });
        }
    }

    /// A text may stand in quotes, as it must in YAML.
    fn unquoted(&mut self, raw: Raw) -> Raw {
        let bytes = raw.text.as_bytes();
        let quote = match bytes {
            [first @ (b'"' | b'\''), .., last] if first == last => *first,
            _ => return raw,
        };
        let inner = &raw.text[1..raw.text.len() - 1];
        let place = Span::new(raw.span.start + 1, raw.span.end - 1);
        let mut text = String::with_capacity(inner.len());
        let mut letters = inner.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if quote == b'"' => match letters.next() {
                    Some(escaped @ ('"' | '\\')) => text.push(escaped),
                    other => {
                        let help =
                            "only `\\\"` and `\\\\` are known; quotes may be left out altogether".to_owned();
                        let shown = other.map_or(String::new(), String::from);
                        self.errors.push(error(raw.span, format!("`\\{shown}` is no escape"), help));
                    }
                },
                '\'' if quote == b'\'' && letters.peek() == Some(&'\'') => {
                    letters.next();
                    text.push('\'');
                }
                // A quote inside: the text only looked quoted.
                letter if letter as u32 == u32::from(quote) => return raw,
                letter => text.push(letter),
            }
        }
        Raw { text, span: place }
    }
}

/// Where the bracket that opens `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{' | b'[' | b'(') => depth += 1,
            (None, b'}' | b']' | b')') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return (byte == b'}').then_some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The pieces between the commas that stand in no bracket and no quote.
fn commas(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut depth = 0_usize;
    let mut quote = None;
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{' | b'[' | b'(') => depth += 1,
            (None, b'}' | b']' | b')') => depth = depth.saturating_sub(1),
            (None, b',') if depth == 0 => {
                pieces.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(start..text.len());
    pieces
}
