//! Where a rendered line came from, in a few words: the keys of the values that it shows, and the line of the template.

use super::origin::{Origin, Origins, Source};
use super::template::frame::What;
use super::text::{Frame, Text};
use super::{Document, Rendered};
use crate::source::{Place, Sources};

/// How many origins of one line are told.
const MOST: usize = 4;

/// For each line of a text, where it came from.
pub fn lines(text: &Text, origins: &Origins, sources: &Sources) -> Vec<String> {
    let mut told = Vec::new();
    let mut pieces = text.pieces().peekable();
    let mut end = 0;
    for line in text.as_str().split_inclusive('\n') {
        end += line.trim_end_matches('\n').len() as u32;
        let mut teller = Teller { origins, sources, values: Vec::new(), templates: Vec::new() };
        // A piece belongs to a line with any byte of it but the line break.
        while let Some(piece) = pieces.peek() {
            teller.tell(piece.origin, 0);
            if piece.end > end {
                break;
            }
            pieces.next();
        }
        end += (line.len() - line.trim_end_matches('\n').len()) as u32;
        while pieces.peek().is_some_and(|piece| piece.end <= end) {
            pieces.next();
        }
        told.push(teller.finish());
    }
    told
}

/// What put a document in: the settings that decided about its first byte. Empty where nothing did.
pub fn put_in(document: &Document, rendered: &Rendered, sources: &Sources) -> String {
    let first = document.text.pieces().next();
    first.map_or_else(String::new, |piece| because(piece.frame, rendered, sources))
}

/// The files of which something was left out beside the documents, each with what decided that.
pub fn left_out(rendered: &Rendered, sources: &Sources) -> Vec<String> {
    let mut told = Vec::new();
    for left in &rendered.left_out {
        let because = because(left.frame, rendered, sources);
        let is_part = matches!(rendered.frames.get(left.frame).what, What::LeftOut(_));
        if is_part && !because.is_empty() {
            add(&mut told, format!("{}: left out because of {because}", left.name));
        }
    }
    told
}

fn because(frame: Frame, rendered: &Rendered, sources: &Sources) -> String {
    let origins = &rendered.origins;
    let mut teller = Teller { origins, sources, values: Vec::new(), templates: Vec::new() };
    for condition in rendered.frames.conditions(frame) {
        teller.tell(condition, 0);
    }
    teller.templates.clear();
    teller.finish()
}

struct Teller<'t> {
    origins: &'t Origins,
    sources: &'t Sources,
    values: Vec<String>,
    templates: Vec<String>,
}

impl Teller<'_> {
    fn at(&self, place: Place) -> String {
        let file = self.sources.get(place.file);
        format!("{}:{}", file.path, file.position(place.span.start).line)
    }

    fn tell(&mut self, origin: Origin, depth: usize) {
        if depth > 8 {
            return;
        }
        match self.origins.get(origin) {
            Source::Nothing => {}
            Source::Literal(place) => {
                let words = self.at(*place);
                add(&mut self.templates, words);
            }
            Source::Node { place, path, before } => {
                let mut words = format!("{} {path}", self.at(*place));
                let losers = self.losers(*before);
                if !losers.is_empty() {
                    words.push_str(&format!(" (over {})", losers.join(", ")));
                }
                add(&mut self.values, words);
            }
            Source::Missing { .. } => {
                if let Some(path) = self.path(origin, 0) {
                    add(&mut self.values, format!("no {path}"));
                }
            }
            Source::Given(what) => add(&mut self.values, (*what).to_owned()),
            Source::Unknown(why, _) => add(&mut self.values, format!("unknown: {why}")),
            Source::Of(_, parts) => {
                for part in parts.clone() {
                    self.tell(part, depth + 1);
                }
            }
        }
    }

    /// Who had written it before, the last one first.
    fn losers(&self, mut origin: Origin) -> Vec<String> {
        let mut losers = Vec::new();
        while losers.len() < MOST {
            match self.origins.get(origin) {
                Source::Node { place, before, .. } => {
                    losers.push(self.at(*place));
                    origin = *before;
                }
                Source::Literal(place) => {
                    losers.push(self.at(*place));
                    break;
                }
                _ => break,
            }
        }
        losers
    }

    /// The path of a key that is not there.
    fn path(&self, origin: Origin, depth: usize) -> Option<String> {
        match self.origins.get(origin) {
            Source::Node { path, .. } => Some(path.to_string()),
            Source::Missing { map, key } if depth < 32 => {
                let above = self.path(*map, depth + 1).filter(|above| !above.is_empty());
                Some(above.map_or_else(|| key.to_string(), |above| format!("{above}.{key}")))
            }
            Source::Of(_, parts) => parts.iter().find_map(|part| self.path(*part, depth + 1)),
            _ => None,
        }
    }

    fn finish(self) -> String {
        let all: Vec<String> = self.values.into_iter().chain(self.templates).collect();
        let more = all.len().saturating_sub(MOST);
        let mut words = all[..all.len() - more].join(", ");
        if more > 0 {
            words.push_str(&format!(" and {more} more"));
        }
        words
    }
}

fn add(list: &mut Vec<String>, words: String) {
    if !list.contains(&words) {
        list.push(words);
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Writer;
    use super::*;
    use crate::source::{FileId, SourceFile, Span};

    #[test]
    fn each_line_says_what_it_shows() {
        let sources = Sources::new(vec![
            SourceFile::new("templates/x.yaml", "a: {{ .Values.a }}\nb: 1\n"),
            SourceFile::new("values.yaml", "# first\na: 5\n"),
        ]);
        let place =
            |file: u32, start: u32, end: u32| Place { file: FileId(file), span: Span::new(start, end) };
        let mut origins = Origins::default();
        let first = origins.add(Source::Literal(place(0, 0, 3)));
        let second = origins.add(Source::Literal(place(0, 18, 24)));
        let value =
            origins.add(Source::Node { place: place(1, 11, 12), path: "a".into(), before: Origin::NONE });
        let missing = origins.add(Source::Missing { map: value, key: "b".into() });
        let mut out = Writer::default();
        for (text, origin) in [("a: ", first), ("5", value), ("\nb: 1\n", second), ("c", missing)] {
            out.push(text, origin, Frame(0));
        }
        let told = lines(&out.finish(), &origins, &sources);
        assert_eq!(told, ["values.yaml:2 a, templates/x.yaml:1", "templates/x.yaml:1", "no a.b"]);
    }
}
