//! From a place in rendered text back to what a person wrote: the line to change, and the lines that it came through.
//!
//! A byte that came unchanged from a setting leads to the setting; literal text leads to the template; a key that is not
//! there leads to what left it out. Nothing here knows rules or reports.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::action;
use super::origin::{How, Origin, Origins, Source};
use super::template::MISSING_TEMPLATE;
use super::template::frame::Frames;
use super::text::{Frame, Piece};
use super::{Rendered, Role};
use crate::source::{FileId, Place, Sources, Span};
use crate::syntax::Parsed;

/// How many leaves of one piece are looked at, and how deep.
const LEAVES: usize = 8;

/// Of more settings than this, that all had a say in which text is printed, none is the line to change.
const CHOICES: usize = 4;

/// The way back from one rendering.
#[derive(Debug)]
pub struct Trail {
    /// The folder of the chart or of the overlay.
    pub folder: Utf8PathBuf,
    /// In what it differs from other renderings of the same folder.
    pub settings: String,
    /// Its documents.
    pub pages: Vec<Page>,
    /// What the templates of a chart left out beside the documents: whole objects.
    omitted: Vec<(ChartName, LeftOut)>,
    origins: Origins,
}

/// A document, and where its bytes came from.
#[derive(Debug)]
pub struct Page {
    /// The file that it is named after.
    pub name: Utf8PathBuf,
    /// The text.
    pub text: Arc<str>,
    /// The text as a tree that belongs to no file yet, where there is one.
    pub parsed: Option<Parsed>,
    /// What it is there for.
    pub role: Role,
    /// Whether nobody knows if it is there: a template that is missing decides about it.
    pub is_doubtful: bool,
    chart: ChartName,
    /// The template that it was printed by.
    template: Utf8PathBuf,
    pieces: Vec<Piece>,
    left_out: Vec<LeftOut>,
}

/// A chart, by the folder that it has in one of the renderings that went into a rendering.
type ChartName = (usize, String);

/// A part of a template that a condition or an empty loop left out.
#[derive(Debug)]
struct LeftOut {
    /// The offset in the document at which it would stand.
    at: u32,
    /// The action that decided: `if`, `with`, `range`, or one that printed nothing.
    action: Place,
    /// What was left out.
    body: Place,
    /// What the condition was made of.
    cause: Origin,
}

/// Where a place of rendered text came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The line to change.
    pub primary: Place,
    /// The others, each with a few words.
    pub related: Vec<(Place, String)>,
    /// The path of keys of the primary place in its file, where it is a setting.
    pub setting: Option<String>,
    /// Whether the rendered bytes are exactly those at the primary place.
    pub exact: bool,
}

/// How many words the template of an object has in common with that of another that misses it; none where it is named after something
/// else, such as `api-pdb.yaml` beside `worker-deployment.yaml`.
fn named_after(template: &Utf8Path, kind: &str, other: &Utf8Path) -> Option<usize> {
    let inside = |path: &Utf8Path| {
        let (_, inside) = path.as_str().split_once("templates/")?;
        let path = Utf8Path::new(inside);
        Some((path.parent()?.to_owned(), path.file_stem()?.to_ascii_lowercase()))
    };
    let words = |text: &str| -> Vec<String> {
        text.to_ascii_lowercase().split(['-', '_', '.', '/']).map(str::to_owned).collect()
    };
    let ((folder, stem), (its_folder, its_stem)) = (inside(template)?, inside(other)?);
    if !its_folder.starts_with(&folder) {
        return None;
    }
    let initials: String = kind.chars().filter(char::is_ascii_uppercase).collect();
    let (kind, initials) = (kind.to_ascii_lowercase(), initials.to_ascii_lowercase());
    let is_of_kind = |word: &str| {
        word == initials
            || kind.contains(word.trim_end_matches('s'))
            || kind.contains("scal") && word.contains("scal")
    };
    let its: Vec<String> = words(&format!("{its_folder}/{its_stem}"));
    let own: Vec<String> = words(&stem).into_iter().filter(|word| !is_of_kind(word)).collect();
    let fits = own.iter().all(|word| its.contains(word));
    fits.then(|| own.len() + folder.components().count())
}

impl LeftOut {
    fn of(at: u32, frame: Frame, frames: &Frames, origins: &Origins) -> Option<Self> {
        let circumstance = frames.get(frame);
        let Source::Literal(action) = origins.get(circumstance.at) else { return None };
        let body = circumstance.left_out(origins)?;
        Some(Self { at, action: *action, body, cause: circumstance.condition })
    }
}

/// What an origin comes down to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leaf {
    /// Literal text of a template.
    Literal(Place),
    /// A node of a file: the origin itself.
    Node(Origin, Place),
    /// A setting that is not there.
    Missing(Origin),
}

/// A setting that has a part in a place.
#[derive(Debug)]
struct Setting {
    origin: Origin,
    /// All of it.
    whole: Place,
    /// As much of it as shows in the place.
    place: Place,
    /// How many bytes of the place are its own.
    bytes: u32,
}

impl Setting {
    /// Takes in another part of it.
    fn take(&mut self, place: Place, bytes: u32) {
        let span = &mut self.place.span;
        *span = Span::new(span.start.min(place.span.start), span.end.max(place.span.end));
        self.bytes += bytes;
    }
}

impl Trail {
    /// The way back from what was rendered.
    pub fn of(rendered: Rendered) -> Self {
        let Rendered { folder, settings, documents, left_out, origins, frames } = rendered;
        let page = |document: super::Document| {
            let left_out = document.left_out.iter();
            let first = document.text.pieces().next();
            let conditions = first.map(|piece| frames.conditions(piece.frame)).unwrap_or_default();
            Page {
                template: match &document.of_chart {
                    Some(of) => of.name.clone(),
                    None => document.name.clone(),
                },
                chart: match &document.of_chart {
                    Some(of) => chart(of.nth, &of.name),
                    None => chart(0, &document.name),
                },
                is_doubtful: conditions.iter().any(|one| origins.unknown(*one) == Some(MISSING_TEMPLATE)),
                left_out: left_out
                    .filter_map(|left| LeftOut::of(left.offset, left.frame, &frames, &origins))
                    .collect(),
                name: document.name,
                text: match &document.parsed {
                    Some(parsed) => Arc::clone(&parsed.tree.text),
                    None => document.text.as_str().into(),
                },
                parsed: document.parsed,
                role: document.role,
                pieces: document.text.pieces().collect(),
            }
        };
        let pages = documents.into_iter().map(page).collect();
        // Nobody misses an object of a chart that is switched off.
        let omitted = left_out.into_iter().filter(|left| !left.with_its_chart);
        let omitted = omitted
            .filter_map(|left| {
                Some((chart(left.nth, &left.name), LeftOut::of(0, left.frame, &frames, &origins)?))
            })
            .collect();
        Self { folder, settings, pages, omitted, origins }
    }

    /// The files that something of it came from; a file may come more than once.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        self.origins.files()
    }

    /// The files of which something is printed.
    pub fn printed_files(&self) -> FxHashSet<FileId> {
        let mut files = FxHashSet::default();
        let mut seen = FxHashSet::default();
        let mut open: Vec<Origin> =
            self.pages.iter().flat_map(|page| &page.pieces).map(|piece| piece.origin).collect();
        while let Some(origin) = open.pop() {
            if !seen.insert(origin) {
                continue;
            }
            match self.origins.get(origin) {
                Source::Literal(place) | Source::Node { place, .. } => drop(files.insert(place.file)),
                Source::Of(_, parts) => open.extend(parts.iter().copied()),
                Source::Nothing | Source::Missing { .. } | Source::Given(_) | Source::Unknown(..) => {}
            }
        }
        files
    }

    /// Where bytes `span` of a document came from.
    pub fn written(&self, page: &Page, span: Span, sources: &Sources) -> Option<Traced> {
        let all: Vec<(Piece, Span)> = pieces(page, span).collect();
        // Quotes and blanks around a value say nothing about where it came from.
        let telling = |part: &Span| {
            let text = &page.text[part.range()];
            text.chars().any(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '-'))
        };
        let chosen: Vec<&(Piece, Span)> = match all.iter().filter(|(_, part)| telling(part)).collect() {
            parts if Vec::is_empty(&parts) => all.iter().collect(),
            parts => parts,
        };
        let mut nodes: Vec<Setting> = Vec::new();
        let mut literals: Vec<Place> = Vec::new();
        let mut absent: Vec<Origin> = Vec::new();
        for (piece, part) in &chosen {
            for leaf in self.leaves(piece.origin) {
                match leaf {
                    Leaf::Node(origin, whole) => {
                        let place = within(page, piece, *part, whole);
                        let bytes = part.len();
                        match nodes.iter_mut().find(|known| self.is_same(known.origin, origin)) {
                            Some(known) => known.take(place, bytes),
                            None => nodes.push(Setting { origin, whole, place, bytes }),
                        }
                    }
                    Leaf::Literal(place) => literals.push(within(page, piece, *part, place)),
                    Leaf::Missing(origin) => absent.push(origin),
                }
            }
        }
        let line = self.template_line(page, span.start, sources);
        let mut related: Vec<(Place, String)> = Vec::new();
        let exact = nodes.len() == 1
            && literals.is_empty()
            && chosen.iter().all(|(piece, _)| self.is_plain(piece.origin));
        // What took the place of another was written later; else what has most bytes in the text says most about it.
        let is_later = |origin: Origin| nodes.iter().any(|other| self.is_over(origin, other.whole));
        let ranked = nodes.iter().enumerate();
        let heaviest = if nodes.len() > CHOICES && !literals.is_empty() {
            None
        } else {
            ranked.max_by_key(|(at, one)| (is_later(one.origin), one.bytes, *at))
        };
        let Some((first, &Setting { origin, place: primary, .. })) = heaviest else {
            let primary = literals.first().copied().or(line)?;
            related.extend(absent.iter().filter_map(|origin| self.hint(*origin)));
            return Some(Traced { primary, related, setting: None, exact: false });
        };
        if let Some(line) = line.filter(|line| line.file != primary.file) {
            related.push((line, "rendered here".to_owned()));
        }
        for (at, other) in nodes.iter().enumerate() {
            if at != first && !self.is_over(origin, other.whole) {
                related.push((other.place, "and from here".to_owned()));
            }
        }
        let mut before = self.before(origin);
        while let Some((place, older)) = before {
            related.push((place, "it overrides this".to_owned()));
            before = self.before(older);
        }
        related.dedup();
        Some(Traced { primary, related, setting: self.path(origin), exact })
    }

    /// The line of the template that printed a span of a document, wherever its bytes came from.
    pub fn printed(&self, page: &Page, span: Span, sources: &Sources) -> Option<Traced> {
        let primary = self.template_line(page, span.start, sources)?;
        Some(Traced { primary, related: Vec::new(), setting: None, exact: false })
    }

    /// The part of one file that a span of a document was made from: from the first byte to the last, as far as they are of the
    /// same file.
    pub fn extent(&self, page: &Page, span: Span) -> Option<Place> {
        let mut extent: Option<Place> = None;
        for (piece, _) in pieces(page, span) {
            for leaf in self.leaves(piece.origin) {
                let place = match leaf {
                    Leaf::Literal(place) | Leaf::Node(_, place) => place,
                    Leaf::Missing(_) => continue,
                };
                match &mut extent {
                    None => extent = Some(place),
                    Some(known) if known.file == place.file => {
                        known.span.start = known.span.start.min(place.span.start);
                        known.span.end = known.span.end.max(place.span.end);
                    }
                    Some(_) => {}
                }
            }
        }
        extent
    }

    /// Whether any value of a document cannot be known.
    pub fn has_unknown(&self, page: &Page) -> bool {
        page.pieces.iter().any(|piece| self.origins.unknown(piece.origin).is_some())
    }

    /// Why the value of these bytes cannot be known, if it cannot.
    pub fn unknown(&self, page: &Page, span: Span) -> Option<&'static str> {
        pieces(page, span).find_map(|(piece, _)| self.origins.unknown(piece.origin))
    }

    /// Where in a document a template printed a setting that is nowhere, and so nothing: offsets, in order, and the actions. Whoever
    /// installs the chart has to say what belongs there; a setting that is `null` says that nothing does.
    pub fn to_be_said<'p>(&'p self, page: &'p Page) -> impl Iterator<Item = (u32, Place)> + 'p {
        let is_printed = |left: &&LeftOut| left.action == left.body;
        let is_nowhere = |left: &&LeftOut| matches!(self.origins.get(left.cause), Source::Missing { .. });
        page.left_out.iter().filter(is_printed).filter(is_nowhere).map(|left| (left.at, left.action))
    }

    /// What conditions left out of a document because a setting has no value: the offset, and the part of the template. Whoever
    /// installs the chart gives it one; what is switched off has one.
    pub fn for_want_of_a_value<'p>(
        &'p self,
        page: &'p Page,
        sources: &'p Sources,
    ) -> impl Iterator<Item = (u32, Place)> + 'p {
        let is_without = |leaf: &Leaf| match leaf {
            Leaf::Missing(_) => true,
            Leaf::Node(_, place) => {
                let text = sources.get(place.file).text.get(place.span.range());
                text.is_some_and(|text| matches!(text.trim(), "" | "\"\"" | "''" | "~" | "null"))
            }
            Leaf::Literal(_) => false,
        };
        let left_out = page.left_out.iter().filter(|left| left.action != left.body);
        left_out
            .filter(move |left| self.leaves(left.cause).iter().any(is_without))
            .map(|left| (left.at, left.body))
    }

    /// What left one of these keys out of the part `span` of a document: the first that could have printed it.
    pub fn left_out(&self, page: &Page, span: Span, keys: &[String], sources: &Sources) -> Option<Traced> {
        let rest = &page.text[span.end as usize..];
        let end = span.end + (rest.len() - rest.trim_start().len()) as u32;
        let could = |left: &LeftOut| {
            let text = &sources.get(left.body.file).text;
            let body = text.get(left.body.span.range())?;
            keys.iter().find(|key| mentions(body, key))
        };
        let mut inside = page.left_out.iter().filter(|left| span.start <= left.at && left.at <= end);
        let (nearest, key) = inside.find_map(|left| Some((left, could(left)?)))?;
        Some(self.because_of(nearest, key))
    }

    /// What left an object of this kind out, in the chart that printed a document.
    pub fn omitted(&self, page: &Page, kind: &str, sources: &Sources) -> Option<Traced> {
        let line = format!("kind: {kind}");
        let omitted = self.omitted.iter().filter(|(chart, _)| *chart == page.chart);
        let could = |left: &LeftOut| {
            let text = &sources.get(left.body.file).text;
            let body = text.get(left.body.span.range()).unwrap_or_default();
            body.lines().any(|other| other.trim() == line)
        };
        let of = |(_, left): &'_ (ChartName, LeftOut)| {
            named_after(sources.path(left.body.file), kind, &page.template)
        };
        let could = omitted.filter(|(_, left)| could(left));
        let fits: Vec<(usize, &LeftOut)> =
            could.filter_map(|omitted| Some((of(omitted)?, &omitted.1))).collect();
        let best = fits.iter().map(|(fit, _)| *fit).max()?;
        // Of several that fit equally well, nobody knows which one is meant; of several parts of a file, the first.
        let mut best = fits.into_iter().filter(|(fit, _)| *fit == best).map(|(_, left)| left);
        let first = best.next()?;
        best.all(|other| other.body.file == first.body.file).then(|| self.because_of(first, kind))
    }

    /// The setting that left something out, or else the action of the template that did.
    fn because_of(&self, left: &LeftOut, what: &str) -> Traced {
        let leaves = self.leaves(left.cause);
        let node = |leaves: &[Leaf]| {
            leaves.iter().find_map(|leaf| match leaf {
                Leaf::Node(origin, place) => Some((*origin, *place)),
                _ => None,
            })
        };
        // Of `and` and `or`, the operand that decided; those before it only led there.
        let mut value = left.cause;
        while let Source::Of(How::Chosen, parts) = self.origins.get(value) {
            let Some(chosen) = parts.first() else { break };
            value = *chosen;
        }
        let node = node(&self.leaves(value)).or_else(|| node(&leaves));
        let Some((origin, primary)) = node else {
            let absent = leaves.iter().find_map(|leaf| match leaf {
                Leaf::Missing(origin) => self.hint(*origin),
                _ => None,
            });
            let related = absent.into_iter().collect();
            return Traced { primary: left.action, related, setting: None, exact: false };
        };
        let related = vec![(left.action, format!("leaves `{what}` out, because of that"))];
        Traced { primary, related, setting: self.path(origin), exact: false }
    }

    /// The place in a template at which bytes were printed that came from elsewhere: the action that did it, or else the
    /// literal text before them.
    fn template_line(&self, page: &Page, at: u32, sources: &Sources) -> Option<Place> {
        let mut start = 0;
        let mut found = None;
        for piece in &page.pieces {
            if start > at {
                break;
            }
            if let Source::Literal(place) = self.origins.get(piece.origin) {
                found = Some((*place, Span::new(start, piece.end)));
            }
            start = piece.end;
        }
        let (place, printed) = found?;
        let whole = &sources.get(place.file).text;
        let (literal, text) = (whole.get(place.span.range())?, &page.text[printed.range()]);
        let here = |span| Some(Place { file: place.file, span });
        if !is_written(literal, text) {
            // What an action adds, such as quotes and blanks, is no text of the template.
            let line = literal.lines().next().unwrap_or_default();
            return here(Span::new(place.span.start, place.span.start + line.len() as u32));
        }
        if printed.end <= at
            && let Some(action) = action::printing(whole, place.span.end as usize)
        {
            return here(Span::new(action.start as u32, action.end as u32));
        }
        let text = text.get(..(at.clamp(printed.start, printed.end) - printed.start) as usize)?;
        let tail = text.rfind('\n').map_or(0, |line| line + 1);
        let from = place.span.start + tail as u32;
        let own = text[tail..].len() - text[tail..].trim_start().len();
        let end = (from + text[tail..].len() as u32).min(place.span.end);
        here(Span::new((from + own as u32).min(end), end))
    }

    fn leaves(&self, origin: Origin) -> Vec<Leaf> {
        let mut found = Vec::new();
        self.collect(origin, &mut found, 0);
        found
    }

    fn collect(&self, origin: Origin, found: &mut Vec<Leaf>, depth: usize) {
        // Origins are made of older ones, so this ends; a deep chain of computed values tells a person nothing more.
        if depth > LEAVES || found.len() >= LEAVES {
            return;
        }
        let mut choosers: SmallVec<[Origin; LEAVES]> = SmallVec::new();
        let mut value = origin;
        while let Source::Of(How::Chosen, parts) = self.origins.get(value) {
            let Some((chosen, by)) = parts.split_first() else { return };
            choosers.extend(by.iter().rev().copied().take(LEAVES - choosers.len()));
            value = *chosen;
        }
        let mut own = Vec::new();
        match self.origins.get(value) {
            Source::Literal(place) | Source::Unknown(_, Some(place)) => own.push(Leaf::Literal(*place)),
            Source::Node { place, .. } => own.push(Leaf::Node(value, *place)),
            Source::Missing { .. } => own.push(Leaf::Missing(value)),
            Source::Of(_, parts) => parts.iter().for_each(|part| self.collect(*part, &mut own, depth + 1)),
            Source::Nothing | Source::Given(_) | Source::Unknown(_, None) => {}
        }
        for chooser in choosers {
            self.collect(chooser, found, depth + 1);
        }
        // What is a value comes behind what chose it: of leaves of one weight, the last one tells most.
        found.retain(|leaf| !own.contains(leaf));
        found.extend(own);
    }

    /// Whether two leaves are the same setting, or lines of the same text.
    fn is_same(&self, one: Origin, two: Origin) -> bool {
        match (self.origins.get(one), self.origins.get(two)) {
            (Source::Node { place, path, .. }, Source::Node { place: other, path: its, .. }) => {
                place == other || place.file == other.file && Arc::ptr_eq(path, its)
            }
            _ => false,
        }
    }

    /// Whether a setting took, in the end, the place of what stands at `place`.
    fn is_over(&self, origin: Origin, place: Place) -> bool {
        let mut before = self.before(origin);
        while let Some((older, next)) = before {
            if older == place {
                return true;
            }
            before = self.before(next);
        }
        false
    }

    /// Whether the bytes are those of one node, unchanged.
    fn is_plain(&self, origin: Origin) -> bool {
        match self.origins.get(origin) {
            Source::Node { .. } => true,
            Source::Of(How::Chosen, parts) => parts.first().is_some_and(|part| self.is_plain(*part)),
            _ => false,
        }
    }

    fn before(&self, origin: Origin) -> Option<(Place, Origin)> {
        let Source::Node { before, .. } = self.origins.get(origin) else { return None };
        match self.origins.get(*before) {
            Source::Node { place, .. } => Some((*place, *before)),
            _ => None,
        }
    }

    fn path(&self, origin: Origin) -> Option<String> {
        match self.origins.get(origin) {
            Source::Node { path, .. } => Some(path.to_string()),
            _ => None,
        }
    }

    /// The setting that a person could add, and the nearest thing to it that exists.
    fn hint(&self, origin: Origin) -> Option<(Place, String)> {
        let Source::Missing { map, key } = self.origins.get(origin) else { return None };
        match self.origins.get(*map) {
            Source::Node { place, path, .. } => {
                let whole = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                let head = Span::new(place.span.start, place.span.start);
                Some((Place { file: place.file, span: head }, format!("`{whole}` is not set")))
            }
            _ => None,
        }
    }
}

/// Whether literal text was printed as it is written, or a part of it; an overlay prints a colon of its own behind a key.
fn is_written(literal: &str, printed: &str) -> bool {
    match printed.trim().trim_end_matches(':') {
        "" => printed == literal || literal.trim().is_empty() || printed.contains(':'),
        text => literal.contains(text),
    }
}

/// The pieces that overlap a span, each with the part of it that does.
fn pieces(page: &Page, span: Span) -> impl Iterator<Item = (Piece, Span)> + '_ {
    let end = span.end.max(span.start + 1);
    let first = page.pieces.partition_point(|piece| piece.end <= span.start);
    let mut start = first.checked_sub(1).map_or(0, |before| page.pieces[before].end);
    page.pieces[first..]
        .iter()
        .map(move |piece| {
            let part = Span::new(start.max(span.start), piece.end.min(end));
            start = piece.end;
            (*piece, part)
        })
        .take_while(move |(_, part)| part.start < end)
}

/// The part of a text that became `part`, where the text stands in the document as it stands in its file.
fn within(page: &Page, piece: &Piece, part: Span, place: Place) -> Place {
    let at = page.pieces.partition_point(|other| other.end < piece.end);
    let start = at.checked_sub(1).map_or(0, |before| page.pieces[before].end);
    let text = &page.text[Span::new(start, piece.end).range()];
    // Of a line of a file, the place is that of what stands in it.
    let indent = match place.span.len() as usize {
        len if len == text.len() => 0,
        len if len == text.trim().len() => (text.len() - text.trim_start().len()) as u32,
        _ => return place,
    };
    let Some(offset) =
        part.start.checked_sub(start + indent).filter(|offset| offset + part.len() <= place.span.len())
    else {
        return place;
    };
    let from = place.span.start + offset;
    Place { file: place.file, span: Span::new(from, from + part.len()) }
}

/// The chart that a template belongs to.
fn chart(nth: usize, template: &Utf8Path) -> ChartName {
    (nth, template.as_str().rsplit_once("/templates/").map_or("", |(chart, _)| chart).to_owned())
}

/// Whether a template's text would print this key.
fn mentions(body: &str, key: &str) -> bool {
    body.match_indices(key).any(|(at, _)| {
        let before = body[..at].chars().next_back();
        let after = body[at + key.len()..].chars().next();
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        !before.is_some_and(word) && (after == Some(':') || body[at + key.len()..].starts_with("\":"))
    })
}
