//! Whether bytes know what they depend on: a value is changed, the chart is rendered again, and every byte that is no longer the
//! same must have said so before. It needs no other program, for what changes is the truth.

use std::collections::BTreeMap;

use steadfast::render::helm::files::{Content, File};
use steadfast::render::helm::read::ChartFolder;
use steadfast::render::helm::render::{Settings, render};
use steadfast::render::origin::{How, Origin, Origins, Source};
use steadfast::render::template::frame::What;
use steadfast::render::text::Piece;
use steadfast::render::value::{Data, Value};
use steadfast::render::yaml::load::load;
use steadfast::render::{Document, Rendered};
use steadfast::source::Place;

/// What came out for a chart, or for several.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    /// Values that were changed, and of these, those that changed anything.
    pub(crate) leaves: usize,
    pub(crate) effective: usize,
    /// Bytes that became others or went away, and of these, those that had not named the value.
    pub(crate) changed: usize,
    pub(crate) silent: usize,
    /// Pieces that were the value's own bytes, and of these, those that stayed as they were.
    pub(crate) exact: usize,
    pub(crate) unmoved: usize,
    /// Values that brought something in, and of these, those that nothing left out had named.
    pub(crate) brought: usize,
    pub(crate) unannounced: usize,
    /// Each silent change: the value, and the line.
    pub(crate) told: Vec<String>,
}

impl Proof {
    pub(crate) fn add(&mut self, other: Self) {
        self.leaves += other.leaves;
        self.effective += other.effective;
        self.changed += other.changed;
        self.silent += other.silent;
        self.exact += other.exact;
        self.unmoved += other.unmoved;
        self.brought += other.brought;
        self.unannounced += other.unannounced;
        self.told.extend(other.told);
    }
}

/// A value of a file, and the bytes that say it.
struct Leaf {
    place: Place,
    path: String,
    data: Data,
}

/// Changes up to `most` values of a chart's own values.yaml, one after the other.
pub(crate) fn prove(chart: &ChartFolder, settings: &Settings, most: usize) -> Proof {
    let mut proof = Proof::default();
    let Some(file) = chart.files.get("values.yaml").cloned() else { return proof };
    let text = file.content.text();
    let mut origins = Origins::default();
    let Ok(values) = load(&text, file.id, &mut origins) else { return proof };
    let mut leaves = Vec::new();
    collect(&values, &origins, &mut leaves);
    let (before, problems) = render(chart, settings, &|_| Err("none".to_owned()));
    let Some(before) = before else { return proof };
    let step = leaves.len().div_ceil(most.max(1)).max(1);
    for leaf in leaves.iter().step_by(step) {
        let range = leaf.place.span.range();
        let Some(other) = text.get(range.clone()).and_then(|written| changed(written, &leaf.data)) else {
            continue;
        };
        let text = format!("{}{other}{}", &text[..range.start], &text[range.end..]);
        let mut files = chart.files.clone();
        files.insert("values.yaml", File { id: file.id, content: Content::Text(text.into()) });
        let chart = ChartFolder { folder: chart.folder.clone(), files, trials: Vec::new() };
        let (after, more) = render(&chart, settings, &|_| Err("none".to_owned()));
        // A value that is refused says nothing about where the others go.
        let Some(after) = after.filter(|_| more.len() == problems.len()) else { continue };
        proof.leaves += 1;
        Comparison { leaf, before: &before, after: &after, proof: &mut proof }.run();
    }
    proof
}

fn collect(value: &Value, origins: &Origins, found: &mut Vec<Leaf>) {
    match &value.data {
        Data::Map(map) => map.borrow().values().for_each(|entry| collect(&entry.value, origins, found)),
        Data::List(list) => list.borrow().iter().for_each(|item| collect(item, origins, found)),
        data => {
            if let Source::Node { place, path, .. } = origins.get(value.origin) {
                found.push(Leaf { place: *place, path: path.to_string(), data: data.clone() });
            }
        }
    }
}

/// Another value of the same kind, all of whose letters differ; none where there is nothing to change.
fn changed(written: &str, data: &Data) -> Option<String> {
    match data {
        Data::Bool(on) => Some((!on).to_string()),
        Data::Float(number) => Some((number + 1.0).to_string()),
        Data::Text(_) if !written.starts_with(['|', '>', '&', '*', '!']) => {
            let turned: String = written.chars().map(turned).collect();
            (turned != written).then_some(turned)
        }
        _ => None,
    }
}

fn turned(letter: char) -> char {
    match letter {
        'z' => 'a',
        'Z' => 'A',
        '9' => '1',
        'a'..='y' | 'A'..='Y' | '1'..='8' => char::from(letter as u8 + 1),
        other => other,
    }
}

struct Comparison<'c> {
    leaf: &'c Leaf,
    before: &'c Rendered,
    after: &'c Rendered,
    proof: &'c mut Proof,
}

impl Comparison<'_> {
    fn run(mut self) {
        let (old, new) = (numbered(self.before), numbered(self.after));
        let silent = self.proof.silent;
        let (mut any, mut brings) = (false, false);
        for (name, document) in &old {
            let text = document.text.as_str();
            let marks = match new.get(name) {
                Some(after) => {
                    let (marks, more) = compare(text, after.text.as_str());
                    brings |= more && !marks.contains(&true);
                    any |= more;
                    marks
                }
                None => vec![true; text.len()],
            };
            any |= marks.contains(&true);
            self.bytes(document, &marks);
        }
        brings |= new.keys().any(|name| !old.contains_key(name));
        self.proof.effective += usize::from(any || brings);
        if brings && silent == self.proof.silent {
            self.proof.brought += 1;
            self.proof.unannounced += usize::from(!self.was_left_out());
        }
    }

    /// Looks at the bytes that have changed.
    fn bytes(&mut self, document: &Document, marks: &[bool]) {
        let text = document.text.as_str();
        let mut start = 0;
        let mut told = None;
        for piece in document.text.pieces() {
            let range = start..piece.end as usize;
            start = range.end;
            let is_marked = |at: &usize| marks[*at] && !text.as_bytes()[*at].is_ascii_whitespace();
            let count = range.clone().filter(is_marked).count();
            if self.is_own(piece.origin) {
                self.proof.exact += 1;
                let moves = text[range.clone()].chars().any(|letter| turned(letter) != letter);
                self.proof.unmoved += usize::from(moves && count == 0);
            }
            if count == 0 {
                continue;
            }
            self.proof.changed += count;
            if !self.names(&piece) {
                self.proof.silent += count;
                told = told.or_else(|| range.clone().find(is_marked));
            }
        }
        if let Some(at) = told {
            let from = text[..at].rfind('\n').map_or(0, |found| found + 1);
            let line = text[from..].lines().next().unwrap_or_default().trim();
            self.proof.told.push(format!("{}: {} `{line}`", self.leaf.path, document.called));
        }
    }

    fn names(&self, piece: &Piece) -> bool {
        self.is_made_of(piece.origin)
            || self.before.frames.conditions(piece.frame).into_iter().any(|origin| self.is_made_of(origin))
    }

    /// Whether these are the value's own bytes, unchanged.
    fn is_own(&self, origin: Origin) -> bool {
        match self.before.origins.get(origin) {
            Source::Node { place, .. } => *place == self.leaf.place,
            Source::Of(How::Chosen, parts) => parts.first().is_some_and(|part| self.is_own(*part)),
            _ => false,
        }
    }

    /// Whether the value, or something that holds it, has a part in this.
    fn is_made_of(&self, origin: Origin) -> bool {
        let (mut open, mut seen) = (vec![origin], Vec::new());
        while let Some(origin) = open.pop() {
            match self.before.origins.get(origin) {
                Source::Node { place, before, .. } => {
                    let leaf = self.leaf.place;
                    if place.file == leaf.file
                        && place.span.start <= leaf.span.start
                        && leaf.span.end <= place.span.end
                    {
                        return true;
                    }
                    open.push(*before);
                }
                Source::Missing { map, .. } => open.push(*map),
                Source::Of(_, parts) if !seen.contains(&origin) => {
                    seen.push(origin);
                    open.extend(parts.iter().copied());
                }
                _ => {}
            }
        }
        false
    }

    /// Whether something was left out because of the value.
    fn was_left_out(&self) -> bool {
        let inside = self.before.documents.iter().flat_map(|document| &document.left_out);
        let all = inside.map(|left| left.frame).chain(self.before.left_out.iter().map(|left| left.frame));
        let conditions = all.flat_map(|frame| {
            let circumstance = self.before.frames.get(frame);
            debug_assert!(matches!(circumstance.what, What::LeftOut(_) | What::Empty));
            self.before.frames.conditions(frame)
        });
        conditions.into_iter().any(|origin| self.is_made_of(origin))
    }
}

/// Documents by what they are called, those of one name counted.
fn numbered(rendered: &Rendered) -> BTreeMap<(String, usize), &Document> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for document in &rendered.documents {
        let number = count.entry(&document.called).or_default();
        found.insert((document.called.clone(), *number), document);
        *number += 1;
    }
    found
}

/// Which bytes of a text are not in the other one, and whether that has lines that the first has not.
fn compare(old: &str, new: &str) -> (Vec<bool>, bool) {
    let mut marks = vec![false; old.len()];
    let (before, after): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[same..], &after[same..]);
    let mut start: usize = old.split_inclusive('\n').take(same).map(str::len).sum();
    let last = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[..before.len() - last], &after[..after.len() - last]);
    let mut more = false;
    for (gone, come) in hunks(before, after) {
        let skipped: usize = gone.0.iter().map(|line| line.len()).sum();
        start += skipped;
        if gone.1.len() == come.len() {
            for (line, other) in gone.1.iter().zip(come) {
                mark(&mut marks[start..start + line.len()], line, other);
                start += line.len();
            }
        } else {
            more |= come.len() > gone.1.len();
            let bytes: usize = gone.1.iter().map(|line| line.len()).sum();
            marks[start..start + bytes].fill(true);
            start += bytes;
        }
    }
    (marks, more)
}

fn mark(marks: &mut [bool], line: &str, other: &str) {
    let (line, other) = (line.as_bytes(), other.as_bytes());
    if line.len() == other.len() {
        line.iter().zip(other).zip(marks).for_each(|((a, b), mark)| *mark = a != b);
        return;
    }
    let head = line.iter().zip(other).take_while(|(a, b)| a == b).count();
    let most = line.len().min(other.len()) - head;
    let tail = line.iter().rev().zip(other.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    marks[head..line.len() - tail].fill(true);
}

/// Lines that both have, then lines that went, then lines that came; again and again.
type Hunk<'l> = ((&'l [&'l str], &'l [&'l str]), &'l [&'l str]);

fn hunks<'l>(before: &'l [&'l str], after: &'l [&'l str]) -> Vec<Hunk<'l>> {
    const MOST: usize = 4_000_000;
    let (rows, columns) = (before.len(), after.len());
    if rows * columns > MOST {
        return vec![((&[], before), after)];
    }
    let width = columns + 1;
    let mut longest = vec![0_u32; (rows + 1) * width];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            longest[row * width + column] = if before[row] == after[column] {
                longest[(row + 1) * width + column + 1] + 1
            } else {
                longest[(row + 1) * width + column].max(longest[row * width + column + 1])
            };
        }
    }
    let mut found = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows || column < columns {
        let first = row;
        while row < rows && column < columns && before[row] == after[column] {
            (row, column) = (row + 1, column + 1);
        }
        let (gone, come) = (row, column);
        while row < rows || column < columns {
            if row < rows && column < columns && before[row] == after[column] {
                break;
            }
            let down = if row < rows { longest[(row + 1) * width + column] } else { 0 };
            let right = if column < columns { longest[row * width + column + 1] } else { 0 };
            if column == columns || row < rows && down >= right { row += 1 } else { column += 1 }
        }
        found.push(((&before[first..gone], &before[gone..row]), &after[come..column]));
    }
    found
}
