//! Text with holes: messages, help and fixes are templates, and `{self.name}` is a hole in one.
//!
//! A brace that a letter follows directly opens a hole, so `{ a: b }` stays YAML and `${NAME}` and `{{ .Name }}` stay what
//! they are. What an expression in a hole means, and how a number prints, is not known here; only how a text that was
//! printed is put into its surroundings, which in YAML takes quotes and indentation.

use std::ops::Range;

use crate::fix::print;

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes as they stand.
    Text(Range<usize>),
    /// These bytes are an expression; the braces around them are not among them.
    Hole(Range<usize>),
}

/// A hole that does not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclosed {
    /// From its brace to the end of its line.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: &'static str,
}

/// What a hole of a fix is filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filling {
    /// A number or a truth value; it stands as it is.
    Bare(String),
    /// A text; it gets quotes where YAML would read it as something else.
    Text(String),
    /// The lines of a mapping or a list in block style, without indentation; none is an empty mapping.
    Lines(Vec<String>),
    /// Nothing: the line of the hole is left out.
    Absent,
}

/// A filling that does not fit where its hole stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The hole, by its number.
    pub hole: usize,
    /// Why not.
    pub message: &'static str,
}

/// The pieces of a template, in order and without gaps.
pub fn holes(template: &str) -> Result<Vec<Piece>, Unclosed> {
    let bytes = template.as_bytes();
    let mut pieces = Vec::new();
    let mut text = 0;
    let mut at = 0;
    while let Some(found) = template[at..].find('{') {
        let brace = at + found;
        at = brace + 1;
        let opens = bytes.get(at).is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_')
            && !(brace > 0 && matches!(bytes[brace - 1], b'{' | b'$'));
        if !opens {
            continue;
        }
        let end = match end_of_hole(bytes, at) {
            Ok(end) => end,
            Err(message) => {
                let line = template[brace..].find(['\n', '\r']).map_or(template.len(), |end| brace + end);
                return Err(Unclosed { range: brace..line, message });
            }
        };
        if text < brace {
            pieces.push(Piece::Text(text..brace));
        }
        pieces.push(Piece::Hole(at..end));
        at = end + 1;
        text = at;
    }
    if text < template.len() {
        pieces.push(Piece::Text(text..template.len()));
    }
    Ok(pieces)
}

/// Fills the holes of a fix. `fillings` has one entry a hole, in order; where there are fewer, the others are absent.
pub fn splice(
    language: &str,
    template: &str,
    pieces: &[Piece],
    fillings: &[Filling],
) -> Result<String, Misfit> {
    let writer = Writer {
        syntax: match language {
            "yaml" | "yml" => Syntax::Yaml,
            "json" | "jsonc" => Syntax::Json,
            _ => Syntax::Other,
        },
        out: String::with_capacity(template.len() + 64),
        depth: 0,
        block: None,
    };
    writer.all(template, pieces, fillings)
}

/// Where the hole whose expression starts at `start` ends: at its brace.
fn end_of_hole(bytes: &[u8], start: usize) -> Result<usize, &'static str> {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Ok(at),
            b'}' => depth -= 1,
            b'"' | b'\'' => {
                let raw = at > start
                    && matches!(bytes[at - 1], b'r' | b'R')
                    && !(at > start + 1 && (bytes[at - 2].is_ascii_alphanumeric() || bytes[at - 2] == b'_'));
                at = end_of_string(bytes, at, raw).ok_or("a text in this hole has no end")?;
                continue;
            }
            b'\n' => return Err("this hole has no end; it is closed by `}` on the same line"),
            _ => {}
        }
        at += 1;
    }
    Err("this hole has no end; it is closed by `}`")
}

/// The byte behind the string of CEL that opens at `start`.
fn end_of_string(bytes: &[u8], start: usize, raw: bool) -> Option<usize> {
    let quote = bytes[start];
    let triple = bytes.get(start + 1) == Some(&quote) && bytes.get(start + 2) == Some(&quote);
    let width = if triple { 3 } else { 1 };
    let mut at = start + width;
    loop {
        match bytes.get(at)? {
            b'\n' => return None,
            b'\\' if !raw => at += 2,
            byte if *byte == quote
                && (!triple || bytes.get(at..at + 3)?.iter().all(|other| *other == quote)) =>
            {
                return Some(at + width);
            }
            _ => at += 1,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Yaml,
    Json,
    Other,
}

/// A character of a line of a template, or a hole with its number.
#[derive(Clone, Copy)]
enum Atom<'f> {
    Char(char),
    Fill(usize, &'f Filling),
}

impl Atom<'_> {
    fn is(self, letter: char) -> bool {
        matches!(self, Atom::Char(this) if this == letter)
    }

    fn is_blank(self) -> bool {
        matches!(self, Atom::Char(' ' | '\t' | '\r' | '\n'))
    }
}

struct Writer {
    syntax: Syntax,
    out: String,
    /// How many brackets and braces are open.
    depth: usize,
    /// The indentation of the line that opened a block scalar.
    block: Option<usize>,
}

impl Writer {
    fn all(mut self, template: &str, pieces: &[Piece], fillings: &[Filling]) -> Result<String, Misfit> {
        let mut line: Vec<Atom<'_>> = Vec::new();
        let mut hole = 0;
        for piece in pieces {
            match piece {
                Piece::Text(range) => {
                    for letter in template.get(range.clone()).unwrap_or_default().chars() {
                        line.push(Atom::Char(letter));
                        if letter == '\n' {
                            self.line(&line)?;
                            line.clear();
                        }
                    }
                }
                Piece::Hole(_) => {
                    line.push(Atom::Fill(hole, fillings.get(hole).unwrap_or(&Filling::Absent)));
                    hole += 1;
                }
            }
        }
        self.line(&line)?;
        Ok(self.out)
    }

    fn line(&mut self, line: &[Atom<'_>]) -> Result<(), Misfit> {
        if line.iter().any(|atom| matches!(atom, Atom::Fill(_, Filling::Absent))) {
            return Ok(());
        }
        let indent = line.iter().take_while(|atom| atom.is(' ')).count();
        let blank = line.iter().all(|atom| atom.is_blank());
        if let Some(outer) = self.block {
            if blank || indent > outer {
                return self.verbatim(line, indent);
            }
            self.block = None;
        }
        match self.syntax {
            Syntax::Other => self.quoted_or_verbatim(line, indent),
            Syntax::Yaml | Syntax::Json => self.tokens(line, indent),
        }
    }

    fn push(&mut self, atoms: &[Atom<'_>]) {
        for atom in atoms {
            match atom {
                Atom::Char(letter) => self.out.push(*letter),
                Atom::Fill(_, Filling::Bare(text) | Filling::Text(text)) => self.out.push_str(text),
                Atom::Fill(_, Filling::Lines(lines)) => self.out.push_str(&lines.join(" ")),
                Atom::Fill(_, Filling::Absent) => {}
            }
        }
    }

    /// A line of a block scalar or a comment: nothing has a meaning there but the ends of lines.
    fn verbatim(&mut self, line: &[Atom<'_>], indent: usize) -> Result<(), Misfit> {
        for atom in line {
            match atom {
                Atom::Fill(_, Filling::Text(text)) => self.indented(text.lines(), indent),
                Atom::Fill(_, Filling::Lines(lines)) => {
                    self.indented(lines.iter().map(String::as_str), indent)
                }
                other => self.push(std::slice::from_ref(other)),
            }
        }
        Ok(())
    }

    /// The first line here, the others below it.
    fn indented<'l>(&mut self, lines: impl Iterator<Item = &'l str>, column: usize) {
        for (at, text) in lines.enumerate() {
            if at > 0 {
                self.out.push('\n');
                self.out.extend(std::iter::repeat_n(' ', column));
            }
            self.out.push_str(text);
        }
    }

    /// A line of a syntax of which we know its strings only.
    fn quoted_or_verbatim(&mut self, line: &[Atom<'_>], indent: usize) -> Result<(), Misfit> {
        let mut quoted = false;
        let mut escaped = false;
        for atom in line {
            match atom {
                Atom::Char(letter) => {
                    quoted ^= *letter == '"' && !escaped;
                    escaped = *letter == '\\' && !escaped;
                    self.out.push(*letter);
                }
                Atom::Fill(_, Filling::Text(text)) if quoted => self.out.push_str(&print::escaped(text)),
                Atom::Fill(_, Filling::Lines(lines)) if !quoted => {
                    self.indented(lines.iter().map(String::as_str), indent);
                }
                Atom::Fill(hole, Filling::Lines(_)) => return Err(misfit(*hole, IN_A_TEXT)),
                other => self.push(std::slice::from_ref(other)),
            }
        }
        Ok(())
    }

    /// A line of YAML or JSON, token by token.
    fn tokens(&mut self, line: &[Atom<'_>], indent: usize) -> Result<(), Misfit> {
        let mut at = 0;
        // Whether the last token was `key:`, so that a mapping goes on lines of its own.
        let mut after_key = false;
        let start = self.out.len();
        while let Some(atom) = line.get(at).copied() {
            match atom {
                Atom::Char(letter) if letter.is_whitespace() => {
                    self.out.push(letter);
                    at += 1;
                    continue;
                }
                Atom::Char('#') if at == 0 || line[at - 1].is_blank() => {
                    self.push(&line[at..]);
                    return Ok(());
                }
                Atom::Char(quote @ ('"' | '\'')) => at = self.quoted(line, at, quote)?,
                Atom::Char(open @ ('{' | '[')) => {
                    self.depth += 1;
                    self.out.push(open);
                    at += 1;
                }
                Atom::Char(mark @ ('}' | ']' | ',')) if self.depth > 0 => {
                    self.depth -= usize::from(mark != ',');
                    self.out.push(mark);
                    at += 1;
                }
                Atom::Char('|' | '>') if self.depth == 0 && self.syntax == Syntax::Yaml => {
                    self.block = Some(indent);
                    self.push(&line[at..]);
                    return Ok(());
                }
                Atom::Char(mark @ (':' | '-' | '?'))
                    if line.get(at + 1).is_none_or(|next| next.is_blank()) =>
                {
                    self.out.push(mark);
                    at += 1;
                    after_key = mark == ':';
                    continue;
                }
                // Directly behind a quoted key, as in JSON.
                Atom::Char(':') if self.depth > 0 && at > 0 && line[at - 1].is('"') => {
                    self.out.push(':');
                    at += 1;
                    after_key = true;
                    continue;
                }
                Atom::Char('!' | '&' | '*') => {
                    let end = at + line[at..].iter().take_while(|atom| !atom.is_blank()).count();
                    self.push(&line[at..end]);
                    at = end;
                    continue;
                }
                _ => {
                    let end = self.end_of_plain(line, at);
                    self.plain(&line[at..end], indent, after_key, start)?;
                    at = end;
                }
            }
            after_key = false;
        }
        Ok(())
    }

    /// A quoted scalar from its first quote; returns what is behind it.
    fn quoted(&mut self, line: &[Atom<'_>], start: usize, quote: char) -> Result<usize, Misfit> {
        self.out.push(quote);
        let mut at = start + 1;
        while let Some(atom) = line.get(at).copied() {
            at += 1;
            match atom {
                Atom::Char('\\') if quote == '"' => {
                    self.out.push('\\');
                    if let Some(Atom::Char(letter)) = line.get(at) {
                        self.out.push(*letter);
                        at += 1;
                    }
                }
                Atom::Char(letter) => {
                    self.out.push(letter);
                    if letter == quote {
                        return Ok(at);
                    }
                }
                Atom::Fill(_, Filling::Text(text)) if quote == '"' => {
                    self.out.push_str(&print::escaped(text))
                }
                Atom::Fill(hole, Filling::Text(text)) => {
                    if text.contains('\n') {
                        return Err(misfit(hole, "a text of several lines does not fit into single quotes"));
                    }
                    self.out.push_str(&text.replace('\'', "''"));
                }
                Atom::Fill(hole, Filling::Lines(_)) => return Err(misfit(hole, IN_A_TEXT)),
                Atom::Fill(..) => self.push(&[atom]),
            }
        }
        Ok(at)
    }

    fn end_of_plain(&self, line: &[Atom<'_>], start: usize) -> usize {
        let mut end = start;
        for at in start..line.len() {
            let atom = line[at];
            if atom.is_blank() {
                // A plain scalar may hold spaces, but not end with one.
                continue;
            }
            let comment = atom.is('#') && at > start && line[at - 1].is_blank();
            let key = atom.is(':') && line.get(at + 1).is_none_or(|next| next.is_blank());
            let flow = self.depth > 0 && matches!(atom, Atom::Char(',' | '[' | ']' | '{' | '}'));
            if comment || key || flow {
                break;
            }
            end = at + 1;
        }
        end.max(start + 1)
    }

    /// A plain scalar, which may be one hole alone.
    fn plain(
        &mut self,
        atoms: &[Atom<'_>],
        indent: usize,
        after_key: bool,
        line: usize,
    ) -> Result<(), Misfit> {
        let flow = self.depth > 0;
        match atoms {
            [Atom::Fill(_, Filling::Bare(text))] => self.out.push_str(text),
            [Atom::Fill(_, Filling::Text(text))] => self.text(text),
            [Atom::Fill(hole, Filling::Lines(lines))] => {
                if flow || self.syntax == Syntax::Json {
                    self.out.push_str(&in_one_line(lines).ok_or_else(|| misfit(*hole, NESTED))?);
                } else if lines.is_empty() {
                    self.out.push_str("{}");
                } else if after_key {
                    self.out.truncate(self.out.trim_end_matches(' ').len());
                    for text in lines {
                        self.out.push('\n');
                        self.out.extend(std::iter::repeat_n(' ', indent + 2));
                        self.out.push_str(text);
                    }
                } else {
                    let column = self.out[line..].chars().count();
                    self.indented(lines.iter().map(String::as_str), column);
                }
            }
            _ => {
                let mut whole = String::new();
                let mut holes = false;
                for atom in atoms {
                    match atom {
                        Atom::Char(letter) => whole.push(*letter),
                        Atom::Fill(_, Filling::Bare(text) | Filling::Text(text)) => {
                            whole.push_str(text);
                            holes = true;
                        }
                        Atom::Fill(hole, Filling::Lines(_)) => return Err(misfit(*hole, IN_A_TEXT)),
                        Atom::Fill(_, Filling::Absent) => {}
                    }
                }
                if holes { self.text(&whole) } else { self.out.push_str(&whole) }
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.syntax == Syntax::Json || print::needs_quotes(text, self.depth > 0) {
            self.out.push_str(&print::quoted(text));
        } else {
            self.out.push_str(text);
        }
    }
}

const IN_A_TEXT: &str = "a mapping or a list does not fit into a text";
const NESTED: &str =
    "a nested mapping or list does not fit between braces; put the hole on a line of its own";

fn misfit(hole: usize, message: &'static str) -> Misfit {
    Misfit { hole, message }
}

/// Block lines of a flat mapping or list as `{ a: b }` or `[a, b]`.
fn in_one_line(lines: &[String]) -> Option<String> {
    if lines.is_empty() {
        return Some("{}".to_owned());
    }
    // A value that is plain in a block may not be so in braces.
    let fits =
        |value: &str| value.starts_with('"') || !value.contains([',', '[', ']', '{', '}', '#', '|', '>']);
    let items: Option<Vec<&str>> = lines.iter().map(|line| line.strip_prefix("- ")).collect();
    if let Some(items) = items {
        let flat = |item: &&str| fits(item) && (item.starts_with('"') || !item.contains(": "));
        return items.iter().all(flat).then(|| format!("[{}]", items.join(", ")));
    }
    let flat = |line: &String| {
        line.split_once(": ").is_some_and(|(key, value)| !key.starts_with([' ', '-']) && fits(value))
    };
    lines.iter().all(flat).then(|| format!("{{ {} }}", lines.join(", ")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(template: &str) -> String {
        match holes(template) {
            Ok(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(range) => template[range.clone()].to_owned(),
                    Piece::Hole(range) => format!("⟨{}⟩", &template[range.clone()]),
                })
                .collect(),
            Err(unclosed) => format!("{} @ {}", unclosed.message, &template[unclosed.range]),
        }
    }

    #[test]
    fn a_brace_before_a_letter_opens_a_hole() {
        let table = [
            ("", ""),
            ("nothing", "nothing"),
            ("{self.name}", "⟨self.name⟩"),
            ("`{self.name}` runs {n}, and", "`⟨self.name⟩` runs ⟨n⟩, and"),
            ("{ a: b }", "{ a: b }"),
            ("{\n  a\n}", "{\n  a\n}"),
            ("{}", "{}"),
            ("{\"a\": 1}", "{\"a\": 1}"),
            ("${HOME} {{ .Values.x }} {{include \"a\"}}", "${HOME} {{ .Values.x }} {{include \"a\"}}"),
            ("{ name: {self.name} }", "{ name: ⟨self.name⟩ }"),
            ("{count(n, \"rep}lica\")}", "⟨count(n, \"rep}lica\")⟩"),
            ("{join(a, '}\\'}')} b", "⟨join(a, '}\\'}')⟩ b"),
            ("{f(r'\\')} b", "⟨f(r'\\')⟩ b"),
            ("{f(\"\"\"a\"}b\"\"\")} b", "⟨f(\"\"\"a\"}b\"\"\")⟩ b"),
            ("{x.map(k, {'a': k})} b", "⟨x.map(k, {'a': k})⟩ b"),
            ("{a}{b}", "⟨a⟩⟨b⟩"),
            ("a } b", "a } b"),
            ("x {self.name", "this hole has no end; it is closed by `}` @ {self.name"),
            ("x {self.name\n}", "this hole has no end; it is closed by `}` on the same line @ {self.name"),
            ("x {f('a)} b", "a text in this hole has no end @ {f('a)} b"),
            ("ä{ö} {ab}ö", "ä{ö} ⟨ab⟩ö"),
        ];
        for (template, expected) in table {
            assert_eq!(shown(template), expected, "{template}");
        }
    }

    fn filled(language: &str, template: &str, fillings: &[Filling]) -> String {
        let pieces = holes(template).expect("the template is well formed");
        match splice(language, template, &pieces, fillings) {
            Ok(text) => text,
            Err(misfit) => format!("hole {}: {}", misfit.hole, misfit.message),
        }
    }

    fn text(text: &str) -> Filling {
        Filling::Text(text.to_owned())
    }

    fn bare(text: &str) -> Filling {
        Filling::Bare(text.to_owned())
    }

    fn lines(lines: &[&str]) -> Filling {
        Filling::Lines(lines.iter().map(|line| (*line).to_owned()).collect())
    }

    #[test]
    fn texts_get_quotes_where_yaml_needs_them() {
        let table = [
            ("name: {a}", text("api"), "name: api"),
            ("name: {a}", text("yes"), "name: \"yes\""),
            ("name: {a}", text("1.10"), "name: \"1.10\""),
            ("name: {a}", text(""), "name: \"\""),
            ("name: {a}", text("a: b"), "name: \"a: b\""),
            ("name: {a}", text("a \"b\" #c"), "name: \"a \\\"b\\\" #c\""),
            ("name: {a}", text("x\ny"), "name: \"x\\ny\""),
            ("name: {a}", bare("3"), "name: 3"),
            ("name: {a}-pdb", text("api"), "name: api-pdb"),
            ("name: {a}0", bare("1"), "name: \"10\""),
            ("name: {a}-pdb # why", text("*"), "name: \"*-pdb\" # why"),
            ("name: \"{a}-pdb\"", text("a\"b"), "name: \"a\\\"b-pdb\""),
            ("name: '{a}-pdb'", text("a'b"), "name: 'a''b-pdb'"),
            ("- {a}", text("no"), "- \"no\""),
            ("{a}: x", text("on"), "\"on\": x"),
            ("{ name: {a}, b: 1 }", text("x,y"), "{ name: \"x,y\", b: 1 }"),
            ("name: {a}", text("x,y"), "name: x,y"),
            ("[{a}]", text("x"), "[x]"),
            ("value: !Ref {a}", text("Queue"), "value: !Ref Queue"),
            ("# about {a}\nb: 1", text("it: #"), "# about it: #\nb: 1"),
            ("x: |\n  say {a}: # this\ny: {b}", text("a: b"), "x: |\n  say a: b: # this\n"),
            ("a: 1\nnamespace: {a}\nb: 2", Filling::Absent, "a: 1\nb: 2"),
            ("a: http://{a}:80/x", text("host"), "a: http://host:80/x"),
        ];
        for (template, filling, expected) in table {
            assert_eq!(filled("yaml", template, &[filling]), expected, "{template}");
        }
    }

    #[test]
    fn mappings_keep_the_indentation() {
        let labels = lines(&["app: api", "tier: web"]);
        let table = [
            ("s:\n  l: {a}\n  x: 1\n", labels.clone(), "s:\n  l:\n    app: api\n    tier: web\n  x: 1\n"),
            ("s:\n  {a}\nx: 1\n", labels.clone(), "s:\n  app: api\n  tier: web\nx: 1\n"),
            ("- {a}\n", labels.clone(), "- app: api\n  tier: web\n"),
            ("s: { l: {a} }\n", labels.clone(), "s: { l: { app: api, tier: web } }\n"),
            ("s: {a}\n", lines(&[]), "s: {}\n"),
            ("s: {a}\n", lines(&["a:", "  - b"]), "s:\n  a:\n    - b\n"),
            (
                "s: { l: {a} }\n",
                lines(&["a:", "  - b"]),
                "hole 0: a nested mapping or list does not fit between braces; put the hole on a line of its own",
            ),
            ("s: { l: {a} }\n", lines(&["- b", "- c"]), "s: { l: [b, c] }\n"),
            ("s: x{a}\n", labels, "hole 0: a mapping or a list does not fit into a text"),
        ];
        for (template, filling, expected) in table {
            assert_eq!(filled("yaml", template, &[filling]), expected, "{template}");
        }
    }

    #[test]
    fn other_languages_are_filled_too() {
        assert_eq!(
            filled("json", "{ \"a\": {x}, \"b\": {y} }", &[text("yes"), bare("3")]),
            "{ \"a\": \"yes\", \"b\": 3 }"
        );
        assert_eq!(
            filled("hcl", "name = \"{a}-dlq\"\nb = {c}", &[text("x\"y"), bare("3")]),
            "name = \"x\\\"y-dlq\"\nb = 3"
        );
        assert_eq!(filled("hcl", "arn = \"${aws.x.arn}\"", &[]), "arn = \"${aws.x.arn}\"");
    }

    proptest! {
        #[test]
        fn pieces_cover_the_template(template in "[a-z{}'\"\\\\$ \\n:é]{0,40}") {
            if let Ok(pieces) = holes(&template) {
                let mut at = 0;
                for piece in &pieces {
                    match piece {
                        Piece::Text(range) => {
                            prop_assert_eq!(range.start, at);
                            at = range.end;
                        }
                        Piece::Hole(range) => {
                            prop_assert_eq!(range.start, at + 1);
                            at = range.end + 1;
                        }
                    }
                }
                prop_assert_eq!(at, template.len());
                let fillings = vec![text("a: b\nc"), lines(&["x: y"]), bare("1")];
                for language in ["yaml", "json", "hcl"] {
                    let _ = splice(language, &template, &pieces, &fillings);
                }
            }
        }
    }
}
