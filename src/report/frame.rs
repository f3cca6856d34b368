//! The code frame of a finding: the lines that its places lie on, file by file, with what is to be seen there.
//!
//! Each line is drawn by miette (number, underline, labels). What miette cannot do is done here: one frame over several
//! files, lines wider than the terminal, text that would act on it, labels that overlap. A line is found through the
//! file's own index of lines, so a frame costs the same in a file of ten megabytes as in one of ten lines.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::view::{Slice, View};
use super::words::{columns, seen, visible, width, wrapped};
use crate::finding::Severity;
use crate::source::{FileId, Place, SourceFile};

/// A place to be shown.
pub(super) struct Mark<'a> {
    pub(super) place: Place,
    pub(super) text: &'a str,
    pub(super) primary: bool,
}

/// Draws the frame around some places; the file of the first comes first.
pub(super) fn draw(view: &View<'_>, marks: &[Mark<'_>], severity: Severity, out: &mut String) {
    let brush = Brush::new(view, severity);
    let mut files: Vec<(FileId, Vec<Row>)> = Vec::new();
    for mark in marks {
        if !files.iter().any(|(file, _)| *file == mark.place.file) {
            let file = mark.place.file;
            let marks = marks.iter().filter(|mark| mark.place.file == file);
            files.push((file, rows(view.outcome.sources.get(file), marks, brush.room)));
        }
    }
    let last = files.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.line + 1)).max().unwrap_or(1);
    let digits = last.to_string().len();
    for (nth, (file, rows)) in files.iter().enumerate() {
        let at = rows
            .iter()
            .flat_map(|row| &row.labels)
            .find(|label| label.primary)
            .or(rows.first().and_then(|row| row.labels.first()));
        if let Some(label) = at {
            let at = view.located(label.place);
            let corner = if nth == 0 { brush.characters.ltop } else { brush.characters.lcross };
            let place = brush.place(&format!("{}:{}:{}", visible(&at.path), at.line, at.column));
            out.push_str(&format!("{:digits$}  {corner}{}[{place}]\n", "", brush.characters.hbar));
        }
        let mut before = None;
        for row in rows {
            if before.is_some_and(|before| row.line > before + 1) {
                out.push_str(&format!("{:digits$}  {}\n", "", brush.gap));
            }
            before = Some(row.line);
            brush.line(view.outcome.sources.get(*file), row, digits, out);
        }
    }
}

/// A line with labels that do not stand in each other's way.
struct Row {
    line: usize,
    labels: Vec<Piece>,
}

/// A label on its line.
struct Piece {
    place: Place,
    slice: Slice,
    text: String,
    primary: bool,
}

impl Piece {
    /// The bytes that it takes, one at least.
    fn end(&self) -> usize {
        self.slice.span.end.max(self.slice.span.start + 1)
    }
}

fn rows<'m>(file: &SourceFile, marks: impl Iterator<Item = &'m Mark<'m>>, room: usize) -> Vec<Row> {
    let mut pieces: Vec<Piece> = Vec::new();
    for mark in marks {
        let slice = Slice::new(file, mark.place.span);
        let text = visible(mark.text).into_owned();
        match pieces.iter_mut().find(|piece| piece.slice == slice) {
            Some(same) => {
                same.primary |= mark.primary;
                if !text.is_empty() && same.text != text {
                    same.text = if same.text.is_empty() { text } else { format!("{}; {text}", same.text) };
                }
            }
            None => pieces.push(Piece { place: mark.place, slice, text, primary: mark.primary }),
        }
    }
    pieces.sort_by_key(|piece| (piece.slice.line, piece.slice.span.start, piece.slice.span.end));
    let mut rows: Vec<Row> = Vec::new();
    for piece in pieces {
        let fits = |row: &Row| {
            let (Some(first), Some(last)) = (row.labels.first(), row.labels.last()) else { return true };
            // No character takes more columns than bytes, so this lets too little in at times, and (tabs aside) never too much.
            last.end() < piece.slice.span.start && piece.end() - first.slice.span.start + 2 <= room
        };
        match rows.iter_mut().rev().take_while(|row| row.line == piece.slice.line).find(|row| fits(row)) {
            Some(row) => row.labels.push(piece),
            None => rows.push(Row { line: piece.slice.line, labels: vec![piece] }),
        }
    }
    rows
}

/// How a frame is drawn.
struct Brush {
    characters: ThemeCharacters,
    styles: ThemeStyles,
    severity: Severity,
    color: bool,
    gap: char,
    more: char,
    /// The columns for the text of a line.
    room: usize,
}

impl Brush {
    fn new(view: &View<'_>, severity: Severity) -> Self {
        let options = view.options;
        Self {
            characters: if options.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
            styles: if options.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
            severity,
            color: options.color,
            gap: if options.unicode { '⋮' } else { ':' },
            more: if options.unicode { '…' } else { '~' },
            room: options.width.saturating_sub(8).max(24),
        }
    }

    fn place(&self, text: &str) -> String {
        if self.color { format!("\u{1b}[36m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn line(&self, file: &SourceFile, row: &Row, digits: usize, out: &mut String) {
        let excerpt = self.excerpt(file, row);
        let own = match self.severity {
            Severity::Error => self.styles.error,
            Severity::Warning => self.styles.warning,
            Severity::Info => self.styles.advice,
        };
        let styles = row.labels.iter().map(|label| if label.primary { own } else { self.styles.help });
        let styles = ThemeStyles { highlights: styles.collect(), ..self.styles.clone() };
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme {
            characters: self.characters.clone(),
            styles,
        })
        .without_cause_chain()
        .without_syntax_highlighting()
        .with_context_lines(0)
        .with_width(usize::from(u16::MAX));
        let mut drawn = String::new();
        if handler.render_report(&mut drawn, &excerpt).is_err() {
            return;
        }
        // miette frames a report of one line with a message, a head and a foot, which this frame has already.
        let pad = digits - (row.line + 1).to_string().len();
        let body: Vec<&str> = drawn.lines().skip(2).collect();
        for line in body.iter().take(body.len().saturating_sub(1)) {
            out.extend(std::iter::repeat_n(' ', pad));
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    /// The line as it is shown: cut to the room around its labels, tabs spread out, nothing in it that acts.
    fn excerpt(&self, file: &SourceFile, row: &Row) -> Excerpt {
        let text = &*file.text;
        let bounds = row.labels[0].slice.bounds.clone();
        let from = row.labels[0].slice.span.start;
        let to = row.labels[row.labels.len() - 1].slice.span.end;
        let (start, end) = self.window(&text[bounds.clone()], from - bounds.start, to - bounds.start);
        let (start, end) = (start + bounds.start, end + bounds.start);

        let mut shown = String::with_capacity(end - start + 8);
        let mut column = 0;
        let mut offsets = vec![(0, 0); row.labels.len()];
        if start > bounds.start {
            shown.push(self.more);
            column += 1;
        }
        let mut note = |at: usize, shown: usize| {
            for (label, (from, to)) in row.labels.iter().zip(&mut offsets) {
                if label.slice.span.start == at {
                    *from = shown;
                }
                if label.slice.span.end.min(end) == at {
                    *to = shown;
                }
            }
        };
        for (at, c) in text[start..end].char_indices() {
            note(start + at, shown.len());
            match c {
                '\t' => {
                    let wide = TAB - column % TAB;
                    shown.extend(std::iter::repeat_n(' ', wide));
                    column += wide;
                }
                c => {
                    shown.push(seen(c));
                    column += columns(seen(c));
                }
            }
        }
        note(end, shown.len());
        for (label, place) in row.labels.iter().zip(&mut offsets) {
            if label.slice.span.start > end {
                *place = (shown.len(), shown.len());
            }
        }
        if end < bounds.end {
            shown.push(self.more);
        }
        // A text that miette underlines never ends at its own end: behind it there is always room for a caret.
        shown.push('\n');

        let labels = row.labels.iter().zip(offsets).map(|(label, (from, to))| {
            let span = SourceSpan::from((from, to.saturating_sub(from)));
            let room = self.room.saturating_sub(width(&shown[..from]) + 4).max(32);
            let text = (!label.text.is_empty()).then(|| wrapped(&label.text, room).join("\n"));
            LabeledSpan::new_with_span(text, span)
        });
        Excerpt { labels: labels.collect(), text: shown, line: row.line }
    }

    /// The bytes of a line to show, so that `from..to` is among them and they fit.
    fn window(&self, line: &str, from: usize, to: usize) -> (usize, usize) {
        let spread = |c: char| if c == '\t' { TAB } else { columns(seen(c)) };
        let fits = |text: &str| {
            let mut used = 0;
            text.chars().all(|c| {
                used += spread(c);
                used <= self.room
            })
        };
        if fits(line) {
            return (0, line.len());
        }
        let room = self.room.saturating_sub(2);
        let mut used = 0;
        let mut end = from;
        let take = |used: &mut usize, c: Option<char>, most: usize| match c {
            Some(c) if *used + spread(c) <= most => {
                *used += spread(c);
                c.len_utf8()
            }
            _ => 0,
        };
        // First what is underlined, then a third of the rest before it, then what fits behind, then what fits before.
        while end < to {
            match take(&mut used, line[end..].chars().next(), room) {
                0 => break,
                bytes => end += bytes,
            }
        }
        let mut start = from;
        let before = used + (room - used) / 3;
        for (grow_left, most) in [(true, before), (false, room), (true, room)] {
            loop {
                let next =
                    if grow_left { line[..start].chars().next_back() } else { line[end..].chars().next() };
                match take(&mut used, next, most) {
                    0 => break,
                    bytes if grow_left => start -= bytes,
                    bytes => end += bytes,
                }
            }
        }
        (start, end)
    }
}

const TAB: usize = 4;

/// One line with its labels, as miette reads it.
#[derive(Debug)]
struct Excerpt {
    text: String,
    line: usize,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Excerpt {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl miette::Diagnostic for Excerpt {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let all = SourceSpan::from((0, self.text.len()));
        Ok(Box::new(MietteSpanContents::new(self.text.as_bytes(), all, self.line, 0, 1)))
    }
}
