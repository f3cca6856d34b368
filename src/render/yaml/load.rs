//! YAML to values, as `sigs.k8s.io/yaml` reads it: the rules of YAML 1.1, keys made text, every number a float.
//!
//! A parser of events does the grammar. The first document counts, as for Helm 3; aliases are written out under a budget.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use rustc_hash::FxHashMap;

use super::DEPTH;
use super::ground::Ground;
use super::scalar::{Meaning, resolve, resolve_as};
use crate::render::origin::{Origin, Origins};
use crate::render::text::Text;
use crate::render::value::{Data, Entry, Value};
use crate::render::{base64, float};
use crate::source::{FileId, Span};
use crate::syntax::yaml::usual::Usual;

/// How many values aliases may bring into one document.
const COPIES: usize = 400_000;

/// Why a text could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
}

/// Reads the first document of a file. Each value's origin is its place in the file.
pub fn load(text: &str, file: FileId, origins: &mut Origins) -> Result<Value, Problem> {
    Loader::new(text, Ground::File(file), origins).load()
}

/// Reads the first document of a text, for which nobody will ask where its values come from.
pub fn load_plain(text: &str) -> Result<Value, Problem> {
    Loader::new(text, Ground::Nowhere, &mut Origins::default()).load()
}

/// Reads the first document of a text that was rendered. Each value's origin is that of its bytes.
pub fn load_text(text: &Text, origins: &mut Origins) -> Result<Value, Problem> {
    Loader::new(text.as_str(), Ground::of(text), origins).load()
}

/// The first character that may be in no document, and where it stands.
pub fn first_refused(text: &str) -> Option<(usize, char)> {
    let refused = |char: char| matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    // Those that are refused begin with one of these bytes: in most texts none does.
    let perhaps =
        |byte: &u8| matches!(byte, ..0x20 | 0x7f | 0xc2 | 0xef) && !matches!(byte, b'\n' | b'\t' | b'\r');
    let mut start = 0;
    for chunk in text.as_bytes().chunks(64) {
        // To look at all bytes of a chunk is quicker than to stop at one.
        if chunk.iter().fold(false, |any, byte| any | perhaps(byte)) {
            for at in chunk.iter().enumerate().filter(|(_, byte)| perhaps(byte)).map(|(at, _)| start + at) {
                if let Some(char) = text[at..].chars().next().filter(|char| refused(*char)) {
                    return Some((at, char));
                }
            }
        }
        start += chunk.len();
    }
    None
}

struct Loader<'t> {
    /// The text that is parsed, and how many bytes of the whole stand before it.
    source: &'t str,
    base: usize,
    ground: Ground<'t>,
    origins: &'t mut Origins,
    open: Vec<Open>,
    /// The path of the whole: none.
    root: Arc<str>,
    anchors: FxHashMap<usize, Option<Anchored>>,
    /// How many values there are, and how many of them aliases brought.
    count: usize,
    copied: usize,
    /// Where the last scalar or bracket ended.
    last: u32,
    /// The document's value, once it is complete.
    done: Option<Value>,
}

#[derive(Clone)]
struct Anchored {
    value: Value,
    /// How many values it holds, itself included.
    size: usize,
}

/// A collection that is being read.
struct Open {
    start: u32,
    anchor: usize,
    size_before: usize,
    path: Arc<str>,
    kind: Kind,
}

enum Kind {
    List(Vec<Value>),
    /// Of several entries of one key the last counts.
    Map {
        entries: Vec<(Rc<str>, Entry)>,
        key: Key,
    },
}

/// What a map waits for.
enum Key {
    None,
    /// The value of a key: its name, where that stands, and the value's path.
    Is(Rc<str>, Origin, Arc<str>),
    /// The value of `<<`.
    Merge,
}

type Step = Result<(), Problem>;

impl<'t> Loader<'t> {
    fn new(text: &'t str, ground: Ground<'t>, origins: &'t mut Origins) -> Self {
        let source = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            source,
            base: text.len() - source.len(),
            ground,
            origins,
            open: Vec::new(),
            root: Arc::default(),
            anchors: FxHashMap::default(),
            count: 0,
            copied: 0,
            last: 0,
            done: None,
        }
    }

    fn load(mut self) -> Result<Value, Problem> {
        let mut usual = Usual::of(self.source);
        match usual.as_mut().map(Usual::document) {
            Some(Ok(_)) => {
                for (event, bytes) in usual.iter().flat_map(Usual::events) {
                    self.see(event, Span::new(bytes.start as u32, bytes.end as u32))?;
                }
                Ok(self.whole_value())
            }
            _ => self.parse(),
        }
    }

    /// Reads what is not written as usual.
    fn parse(mut self) -> Result<Value, Problem> {
        if let Some((at, char)) = first_refused(self.source) {
            let at = at as u32;
            return self
                .fail(Span::new(at, at + char.len_utf8() as u32), "control characters are not allowed");
        }
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            max_buffered_comment_events: usize::MAX,
        };
        let mut parser = Parser::new_from_str_with_options(self.source, options);
        loop {
            match parser.next_event() {
                Some(Ok((Event::DocumentEnd | Event::StreamEnd, _))) | None => break,
                Some(Ok((event, span))) => {
                    let range = span.byte_range().unwrap_or_default();
                    self.see(event, Span::new(range.start as u32, range.end as u32))?;
                }
                // What follows a complete map or list is not looked at.
                Some(Err(_))
                    if matches!(&self.done, Some(Value { data: Data::Map(_) | Data::List(_), .. })) =>
                {
                    break;
                }
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or_default() as u32;
                    let line = self.source[..at as usize].matches('\n').count() + 1;
                    let message = format!("line {line}: {}", error.info());
                    return self.fail(Span::new(at, at), message);
                }
            }
        }
        Ok(self.whole_value())
    }

    fn whole_value(self) -> Value {
        self.done.unwrap_or(Value::nil(Origin::NONE))
    }

    /// A place of the source as one of the whole.
    fn whole(&self, span: Span) -> Span {
        Span::new(span.start + self.base as u32, span.end + self.base as u32)
    }

    fn fail<T>(&self, span: Span, message: impl Into<String>) -> Result<T, Problem> {
        Err(Problem { span: self.whole(span), message: message.into() })
    }

    fn see(&mut self, event: Event<'_>, span: Span) -> Step {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), span),
            Event::SequenceStart(_, anchor, _) => {
                // Of a list that is indented like its key, the parser gives the first item; the dash is before it.
                let between = self.source.get(self.last as usize..span.start as usize).unwrap_or_default();
                let dash = between.rfind('-').map_or(span.start, |at| self.last + at as u32);
                self.begin(Kind::List(Vec::new()), anchor, Span::new(dash, span.end))
            }
            Event::MappingStart(_, anchor, _) => {
                self.begin(Kind::Map { entries: Vec::new(), key: Key::None }, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => self.fail(span, format!("unknown anchor '{name}' referenced")),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, kind: Kind, anchor: usize, span: Span) -> Step {
        if self.open.len() >= DEPTH {
            return self.fail(span, format!("exceeded max depth of {DEPTH}"));
        }
        if let Some(Open { kind: Kind::Map { key: Key::None, .. }, .. }) = self.open.last() {
            return self.fail(span, "invalid map key: a list or a map");
        }
        let path = self.path();
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.count += 1;
        self.last = span.end;
        self.open.push(Open { start: span.start, anchor, size_before: self.count - 1, path, kind });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Step {
        // The end of a block is known by what it holds.
        if !span.is_empty() {
            self.last = span.end;
        }
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = Span::new(open.start, self.last);
        let origin = self.origin(span, span, &open.path);
        let value = match open.kind {
            Kind::List(items) => Value::list(items, origin),
            Kind::Map { entries, .. } => Value::map(entries, origin),
        };
        self.anchor(open.anchor, &value, self.count - open.size_before);
        self.put(value, span)
    }

    fn anchor(&mut self, anchor: usize, value: &Value, size: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Some(Anchored { value: value.clone(), size }));
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        self.last = span.end;
        let Some(Some(anchored)) = self.anchors.get(&anchor).cloned() else {
            return self.fail(span, "anchor value contains itself");
        };
        self.count += anchored.size + 1;
        self.copied += anchored.size;
        // The rule of yaml.v2: of many values, nearly all may come from aliases only where the document is small.
        if self.copied > COPIES
            || self.copied > 100 && self.count > 1000 && self.copied as f64 > self.count as f64 * 0.99
        {
            return self.fail(span, "document contains excessive aliasing");
        }
        if let Some(Open { kind: Kind::Map { key: Key::None, .. }, .. }) = self.open.last() {
            let key = match &anchored.value.data {
                Data::Text(text) => Rc::from(text.as_str()),
                Data::Bool(value) => Rc::from(value.to_string()),
                Data::Float(value) if value.fract() == 0.0 && value.abs() < 1e18 => {
                    Rc::from((*value as i64).to_string())
                }
                Data::Float(value) => Rc::from(float_key(*value)),
                _ => return self.fail(span, "invalid map key"),
            };
            return self.key(key, span);
        }
        let value = copy(&anchored.value);
        self.put(value, span)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Step {
        let plain = style == ScalarStyle::Plain;
        let missing = plain && span.is_empty();
        let text = match style {
            _ if missing => Cow::Borrowed(""),
            // A block that the end of the file cuts off has no line end that is not there.
            ScalarStyle::Literal | ScalarStyle::Folded
                if span.end as usize >= self.source.len() && !self.source.ends_with('\n') =>
            {
                Cow::Owned(text.strip_suffix('\n').unwrap_or(&text).to_owned())
            }
            _ => text,
        };
        self.last = self.last.max(span.end);
        self.count += 1;
        let wants_key = matches!(self.open.last(), Some(Open { kind: Kind::Map { key: Key::None, .. }, .. }));
        if wants_key
            && &*text == "<<"
            && (plain && tag.is_none() || tag.is_some_and(|tag| tag.suffix() == "merge"))
        {
            if let Some(Open { kind: Kind::Map { key, .. }, .. }) = self.open.last_mut() {
                *key = Key::Merge;
            }
            return Ok(());
        }
        let (meaning, text) = self.meaning(text, plain, tag, span)?;
        if wants_key {
            let key = match meaning {
                Meaning::Null => return self.fail(span, "unsupported map key of type: <nil>"),
                Meaning::Uint(_) => return self.fail(span, "unsupported map key of type: uint64"),
                Meaning::Bool(value) => Rc::from(value.to_string()),
                Meaning::Int(value) => Rc::from(value.to_string()),
                Meaning::Float(value) => Rc::from(float_key(value)),
                Meaning::Text | Meaning::Timestamp => Rc::from(&*text),
            };
            if anchor != 0 {
                let value = self.value(meaning, text, style, span)?;
                self.anchor(anchor, &value, 1);
            }
            return self.key(key, span);
        }
        let value = self.value(meaning, text, style, span)?;
        self.anchor(anchor, &value, 1);
        self.put(value, span)
    }

    /// What a scalar means, with its text, which a tag may change.
    fn meaning<'s>(
        &self,
        text: Cow<'s, str>,
        plain: bool,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(Meaning, Cow<'s, str>), Problem> {
        let Some(tag) = tag else {
            return Ok((if plain { resolve(&text) } else { Meaning::Text }, text));
        };
        let wanted = tag.suffix_in_namespace("tag:yaml.org,2002:").unwrap_or_default();
        let found = resolve_as(&text, wanted == "timestamp");
        let meaning = match (&*wanted, found) {
            ("binary", _) => {
                return match base64::decode(&text) {
                    Ok(bytes) => {
                        Ok((Meaning::Text, Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())))
                    }
                    Err(_) => self.fail(span, "!!binary value contains invalid base64 data"),
                };
            }
            ("bool", Meaning::Bool(_))
            | ("int", Meaning::Int(_) | Meaning::Uint(_))
            | ("float", Meaning::Float(_) | Meaning::Int(_))
            | ("null", Meaning::Null)
            | ("timestamp", Meaning::Timestamp) => found,
            ("bool" | "int" | "float" | "null" | "timestamp", _) => {
                let name = match found {
                    Meaning::Null => "null",
                    Meaning::Bool(_) => "bool",
                    Meaning::Int(_) | Meaning::Uint(_) => "int",
                    Meaning::Float(_) => "float",
                    Meaning::Timestamp => "timestamp",
                    Meaning::Text => "str",
                };
                return self.fail(span, format!("cannot decode !!{name} `{text}` as a !!{wanted}"));
            }
            _ => Meaning::Text,
        };
        Ok((meaning, text))
    }

    fn value(
        &mut self,
        meaning: Meaning,
        text: Cow<'_, str>,
        style: ScalarStyle,
        span: Span,
    ) -> Result<Value, Problem> {
        let inner = self.inner(&text, style, span);
        let path = self.path();
        let origin = self.origin(span, inner.unwrap_or(span), &path);
        let data = match meaning {
            Meaning::Null => Data::Nil,
            Meaning::Bool(value) => Data::Bool(value),
            Meaning::Int(value) => Data::Float(value as f64),
            Meaning::Uint(value) => Data::Float(value as f64),
            Meaning::Float(value) if !value.is_finite() => {
                let name = if value.is_nan() {
                    "NaN"
                } else if value > 0.0 {
                    "+Inf"
                } else {
                    "-Inf"
                };
                return self.fail(span, format!("json: unsupported value: {name}"));
            }
            Meaning::Float(value) => Data::Float(value),
            Meaning::Text | Meaning::Timestamp => {
                Data::Text(self.ground.text(inner.map(|inner| self.whole(inner)), &text, origin))
            }
        };
        Ok(Value::new(data, origin))
    }

    /// The bytes of the source that are the scalar's text as they stand.
    fn inner(&self, text: &str, style: ScalarStyle, span: Span) -> Option<Span> {
        let mut inner = span;
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)
            && span.end >= span.start + 2
        {
            inner = Span::new(span.start + 1, span.end - 1);
        }
        (self.source.get(inner.start as usize..inner.end as usize) == Some(text)).then_some(inner)
    }

    fn key(&mut self, name: Rc<str>, span: Span) -> Step {
        let path = match self.open.last() {
            Some(open) if self.ground.has_paths() => join(&open.path, &name),
            Some(open) => Arc::clone(&open.path),
            None => return Ok(()),
        };
        let origin = self.origin(span, span, &path);
        if let Some(Open { kind: Kind::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Key::Is(name, origin, path);
        }
        Ok(())
    }

    /// The path of the value that comes next.
    fn path(&self) -> Arc<str> {
        match self.open.last() {
            None => Arc::clone(&self.root),
            Some(open) => match &open.kind {
                Kind::List(items) if self.ground.has_paths() => {
                    Arc::from(format!("{}[{}]", open.path, items.len()))
                }
                Kind::Map { key: Key::Is(_, _, path), .. } => Arc::clone(path),
                Kind::List(_) | Kind::Map { .. } => Arc::clone(&open.path),
            },
        }
    }

    /// The origin of a value: its whole place in a file, or what printed the bytes that say it.
    fn origin(&mut self, span: Span, inner: Span, path: &Arc<str>) -> Origin {
        let (span, inner) = (self.whole(span), self.whole(inner));
        self.ground.origin(span, inner, path, self.origins)
    }

    fn put(&mut self, value: Value, span: Span) -> Step {
        let Some(open) = self.open.last_mut() else {
            self.done = Some(value);
            return Ok(());
        };
        match &mut open.kind {
            Kind::List(items) => items.push(value),
            Kind::Map { entries, key } => match std::mem::replace(key, Key::None) {
                Key::Is(name, origin, _) => {
                    entries.push((name, Entry { key: origin, value }));
                }
                Key::Merge => {
                    if !merge(entries, &value) {
                        let message = "map merge requires map or sequence of maps as the value";
                        return self.fail(span, message);
                    }
                }
                Key::None => {}
            },
        }
        Ok(())
    }
}

/// Brings in the entries of a map, or of maps, of which earlier ones win. What stood before loses, as in `yaml.v2`.
fn merge(entries: &mut Vec<(Rc<str>, Entry)>, value: &Value) -> bool {
    match &value.data {
        Data::Map(map) => {
            entries.extend(map.borrow().iter().map(|(key, entry)| (Rc::clone(key), entry.clone())));
            true
        }
        Data::List(list) => {
            let list = list.borrow();
            list.iter().rev().all(|item| matches!(item.data, Data::Map(_)) && merge(entries, item))
        }
        _ => false,
    }
}

/// The same value again, of which changes are its own.
fn copy(value: &Value) -> Value {
    match &value.data {
        Data::List(list) => Value::list(list.borrow().iter().map(copy).collect::<Vec<_>>(), value.origin),
        Data::Map(map) => {
            let entry = |(key, entry): (&Rc<str>, &Entry)| {
                (Rc::clone(key), Entry { key: entry.key, value: copy(&entry.value) })
            };
            Value::map(map.borrow().iter().map(entry).collect::<Vec<_>>(), value.origin)
        }
        _ => value.clone(),
    }
}

fn join(path: &str, key: &str) -> Arc<str> {
    if path.is_empty() { Arc::from(key) } else { Arc::from([path, ".", key].concat()) }
}

fn float_key(number: f64) -> String {
    match number {
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        _ if number.is_nan() => ".nan".to_owned(),
        _ => float::short_single(number),
    }
}
