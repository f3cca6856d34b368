//! Reads a command line into pipelines, commands and words, each with its place.
//!
//! It is a scanner with one stack for nested substitutions and no recursion. Compound commands, functions and here-documents
//! are not read: the whole script is then not known.

use std::borrow::Cow;
use std::ops::Range;

use super::super::place::{Place, Source};
use super::wrap::{Limit, base_name, unwrap};

/// A command line, as its shell will run it.
#[derive(Debug, Clone)]
pub struct Script<'a> {
    /// The shell that reads it, by its base name; none where the list is run as it stands.
    pub shell: Option<&'a str>,
    /// `pipefail` was given to the shell itself.
    pub pipefail: bool,
    /// A `timeout` around the whole.
    pub limit: Option<Limit>,
    /// What it runs, in order.
    pub pipelines: Vec<Pipeline<'a>>,
}

/// Commands joined by `|`.
#[derive(Debug, Clone)]
pub struct Pipeline<'a> {
    /// What stands before it.
    pub joined: Join,
    /// Its commands, from left to right.
    pub commands: Vec<Command<'a>>,
    /// Turned round by `!`.
    pub negated: bool,
    /// Ends in `&`.
    pub background: bool,
    /// The whole of it.
    pub place: Place,
}

/// What stands before a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Nothing, `;`, `&` or a new line.
    Then,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// A program with its arguments.
#[derive(Debug, Clone, Default)]
pub struct Command<'a> {
    /// `NAME=value` in front.
    pub assignments: Vec<Word<'a>>,
    /// The program and its arguments. Redirections are left out.
    pub words: Vec<Word<'a>>,
}

/// One word, without its quotes.
#[derive(Debug, Clone)]
pub struct Word<'a> {
    /// The text; where it is not known, as it was written.
    pub text: Cow<'a, str>,
    /// Where it stands.
    pub place: Place,
    /// False where a variable, a substitution or a pattern decides what it is.
    pub known: bool,
    /// It holds a command substitution.
    pub runs_something: bool,
}

/// A longer script is a program, and not read: each of its bytes may become a command in memory.
const LONGEST_SCRIPT: usize = 64 * 1024;

pub(super) fn script<'a>(argv: &[&'a str]) -> Option<Script<'a>> {
    if argv.is_empty() {
        return None;
    }
    let words: Vec<Word<'a>> =
        argv.iter().enumerate().map(|(index, text)| plain_word(text, Source::Arg(index))).collect();
    let outer = unwrap(&words);
    if let Some(call) = shell_call(outer.words) {
        if call.text.len() > LONGEST_SCRIPT {
            return None;
        }
        let pipelines = Reader::new(call.text, call.source).script()?;
        return Some(Script {
            shell: Some(call.shell),
            pipefail: call.pipefail,
            limit: outer.limit,
            pipelines,
        });
    }
    let shell = shell(argv);
    let place = words[0].place.clone();
    let command = Command { assignments: Vec::new(), words };
    let pipeline =
        Pipeline { joined: Join::Then, commands: vec![command], negated: false, background: false, place };
    // The limit is one of the command's own wrappers here, and is found there.
    Some(Script { shell, pipefail: false, limit: None, pipelines: vec![pipeline] })
}

pub(super) fn shell<'a>(argv: &[&'a str]) -> Option<&'a str> {
    let words: Vec<Word<'a>> =
        argv.iter().enumerate().map(|(index, text)| plain_word(text, Source::Arg(index))).collect();
    shell_name(unwrap(&words).words.first()?)
}

/// A word that no shell has looked at. Kubernetes fills in `$(NAME)`, tools before it `${NAME}` and `{{ … }}`.
pub(in super::super) fn plain_word(text: &str, source: Source) -> Word<'_> {
    let known = !text.contains("$(") && !text.contains("${") && !text.contains("{{");
    Word { text: Cow::Borrowed(text), place: Place::new(source, 0..text.len()), known, runs_something: false }
}

fn shell_name<'a>(word: &Word<'a>) -> Option<&'a str> {
    let Cow::Borrowed(text) = word.text else {
        return None;
    };
    let name = base_name(text);
    ["sh", "bash", "ash", "dash", "zsh", "ksh"].contains(&name).then_some(name)
}

struct ShellCall<'a> {
    shell: &'a str,
    text: &'a str,
    source: Source,
    pipefail: bool,
}

/// `sh [options] -c SCRIPT …`
fn shell_call<'a>(words: &[Word<'a>]) -> Option<ShellCall<'a>> {
    let (name, mut rest) = words.split_first()?;
    let shell = shell_name(name)?;
    let mut pipefail = false;
    let mut command = false;
    while let Some((word, after)) = rest.split_first() {
        let text = &*word.text;
        match text.as_bytes() {
            [b'-', b'-'] => {
                rest = after;
                break;
            }
            [b'-', b'-', ..] => rest = after,
            [sign @ (b'-' | b'+'), letters @ ..] if !letters.is_empty() => {
                rest = after;
                if *sign == b'-' && letters.contains(&b'c') {
                    command = true;
                }
                if letters.contains(&b'o') || letters.contains(&b'O') {
                    let (option, after) = rest.split_first()?;
                    if option.text == "pipefail" {
                        pipefail = *sign == b'-';
                    }
                    rest = after;
                }
            }
            _ => break,
        }
    }
    let script = rest.first().filter(|_| command)?;
    let Cow::Borrowed(text) = script.text else {
        return None;
    };
    Some(ShellCall { shell, text, source: script.place.source, pipefail })
}

/// Words that begin something which is not read here, in the place of a command.
const COMPOUND: [&str; 19] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "select",
    "function", "time", "coproc", "[[", "{", "}",
];

struct Reader<'a> {
    text: &'a str,
    source: Source,
    at: usize,
}

enum Token<'a> {
    Word(Word<'a>, Shape),
    /// `>`, `<` and their kin: the next word is not an argument.
    Redirect,
    Pipe,
    And,
    Or,
    Background,
    /// `;` or a new line.
    End {
        new_line: bool,
    },
    TextEnd,
}

/// What a word looked like before its quotes were gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    /// Some of it was quoted or escaped: it is no keyword and no `!`.
    Quoted,
    Assignment,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, source: Source) -> Reader<'a> {
        Reader { text, source, at: 0 }
    }

    fn script(mut self) -> Option<Vec<Pipeline<'a>>> {
        let mut pipelines = Vec::new();
        let mut building = Building::new(Join::Then);
        loop {
            let token = self.token()?;
            match token {
                Token::TextEnd => break,
                Token::Word(word, shape) => building.word(word, shape)?,
                Token::Redirect => match self.token()? {
                    // A target that runs something is part of the work, and its time is not known.
                    Token::Word(word, _) if !word.runs_something => building.touched(word.place.range),
                    _ => return None,
                },
                Token::Pipe => building.pipe()?,
                Token::And | Token::Or => {
                    let join = if matches!(token, Token::And) { Join::And } else { Join::Or };
                    pipelines.push(building.finish(self.source, false)?);
                    building = Building::new(join);
                    building.wants_more = true;
                }
                Token::Background => {
                    pipelines.push(building.finish(self.source, true)?);
                    building = Building::new(Join::Then);
                }
                Token::End { new_line } => {
                    if building.is_empty() {
                        // Blank lines, also behind `&&` and `|`; a lone `;` is an error.
                        if !new_line {
                            return None;
                        }
                        continue;
                    }
                    if building.waits_behind_pipe() {
                        if new_line {
                            continue;
                        }
                        return None;
                    }
                    pipelines.push(building.finish(self.source, false)?);
                    building = Building::new(Join::Then);
                }
            }
        }
        if !building.is_empty() {
            pipelines.push(building.finish(self.source, false)?);
        } else if building.wants_more {
            return None;
        }
        Some(pipelines)
    }

    /// The next token, or nothing where the text is not understood.
    fn token(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                None => return Some(Token::TextEnd),
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if bytes.get(self.at + 1) == Some(&b'\n') => self.at += 2,
                Some(b'#') => self.at += bytes[self.at..].iter().take_while(|b| **b != b'\n').count(),
                Some(_) => break,
            }
        }
        let next = bytes.get(self.at + 1).copied();
        let (length, token) = match (bytes[self.at], next) {
            (b'\n', _) => (1, Token::End { new_line: true }),
            (b';', Some(b';' | b'&')) | (b'(' | b')', _) => return None,
            (b';', _) => (1, Token::End { new_line: false }),
            (b'&', Some(b'&')) => (2, Token::And),
            (b'&', Some(b'>')) => {
                (if bytes.get(self.at + 2) == Some(&b'>') { 3 } else { 2 }, Token::Redirect)
            }
            (b'&', _) => (1, Token::Background),
            (b'|', Some(b'|')) => (2, Token::Or),
            (b'|', Some(b'&')) => (2, Token::Pipe),
            (b'|', _) => (1, Token::Pipe),
            (b'<' | b'>', Some(b'(')) | (b'<', Some(b'<')) => return None,
            (b'>', Some(b'>' | b'&' | b'|')) | (b'<', Some(b'&' | b'>')) => (2, Token::Redirect),
            (b'<' | b'>', _) => (1, Token::Redirect),
            _ => return self.word(),
        };
        self.at += length;
        Some(token)
    }

    fn word(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut cooked: Option<String> = None;
        let mut known = true;
        let mut quoted = false;
        let mut runs_something = false;
        // Where text that has not been copied yet begins.
        let mut pending = start;
        let mut name_end = None;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b')' => break,
                b'(' => return None,
                b'<' | b'>' => {
                    // Digits right before it say which file is redirected.
                    if !quoted && bytes[start..self.at].iter().all(u8::is_ascii_digit) && self.at > start {
                        return match self.token()? {
                            Token::Redirect => Some(Token::Redirect),
                            _ => None,
                        };
                    }
                    break;
                }
                b'\'' => {
                    let length = bytes[self.at + 1..].iter().position(|b| *b == b'\'')?;
                    let cooked = cooked.get_or_insert_default();
                    cooked.push_str(&self.text[pending..self.at]);
                    cooked.push_str(&self.text[self.at + 1..self.at + 1 + length]);
                    self.at += length + 2;
                    pending = self.at;
                    quoted = true;
                }
                b'"' => {
                    quoted = true;
                    let cooked = cooked.get_or_insert_default();
                    cooked.push_str(&self.text[pending..self.at]);
                    self.at += 1;
                    pending = self.at;
                    loop {
                        match *bytes.get(self.at)? {
                            b'"' => break,
                            b'\\'
                                if matches!(
                                    bytes.get(self.at + 1),
                                    Some(b'"' | b'\\' | b'$' | b'`' | b'\n')
                                ) =>
                            {
                                cooked.push_str(&self.text[pending..self.at]);
                                let newline = bytes[self.at + 1] == b'\n';
                                pending = self.at + if newline { 2 } else { 1 };
                                self.at += 2;
                            }
                            b'$' | b'`' => {
                                let expansion = self.expansion()?;
                                known &= !expansion.unknown;
                                runs_something |= expansion.command;
                            }
                            _ => self.at += 1,
                        }
                    }
                    cooked.push_str(&self.text[pending..self.at]);
                    self.at += 1;
                    pending = self.at;
                }
                b'\\' => {
                    let next = self.text[self.at + 1..].chars().next()?;
                    let cooked = cooked.get_or_insert_default();
                    cooked.push_str(&self.text[pending..self.at]);
                    if next != '\n' {
                        cooked.push(next);
                        quoted = true;
                    }
                    self.at += 1 + next.len_utf8();
                    pending = self.at;
                }
                b'$' | b'`' => {
                    // `$'…'` and `$"…"` are bash's own quotes.
                    if byte == b'$' && matches!(bytes.get(self.at + 1), Some(b'\'' | b'"')) {
                        return None;
                    }
                    let expansion = self.expansion()?;
                    known &= !expansion.unknown;
                    runs_something |= expansion.command;
                }
                b'*' | b'?' => {
                    known = false;
                    self.at += 1;
                }
                b'[' if self.at > start => {
                    known = false;
                    self.at += 1;
                }
                b'~' if self.at == start => {
                    known = false;
                    self.at += 1;
                }
                // A template that nobody has filled in, or bash's `{a,b}`. The lone `{}` of find is neither.
                b'{' if self.text[self.at..].starts_with("{{") => {
                    known = false;
                    self.at = self.text[self.at..].find("}}").map(|length| self.at + length + 2)?;
                }
                b'{' => {
                    if self.text[self.at..].starts_with("{}") {
                        self.at += 2;
                    } else {
                        known &=
                            self.at == start && bytes.get(self.at + 1).is_none_or(u8::is_ascii_whitespace);
                        self.at += 1;
                    }
                }
                b'=' if name_end.is_none() => {
                    name_end = Some(self.at);
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        let range = start..self.at;
        let assignment = name_end.is_some_and(|end| is_name(&bytes[start..end]));
        let text = match cooked {
            _ if !known => Cow::Borrowed(&self.text[range.clone()]),
            Some(mut cooked) => {
                cooked.push_str(&self.text[pending..self.at]);
                Cow::Owned(cooked)
            }
            None => Cow::Borrowed(&self.text[range.clone()]),
        };
        let shape = if assignment {
            Shape::Assignment
        } else if quoted {
            Shape::Quoted
        } else {
            Shape::Plain
        };
        Some(Token::Word(Word { text, place: Place::new(self.source, range), known, runs_something }, shape))
    }

    /// Steps over `$NAME`, `${…}`, `$(…)`, `$((…))` or a backquoted command.
    fn expansion(&mut self) -> Option<Expansion> {
        let bytes = self.text.as_bytes();
        let mut open = Vec::new();
        let mut command = false;
        match (bytes[self.at], bytes.get(self.at + 1)) {
            (b'`', _) => {
                open.push(b'`');
                command = true;
                self.at += 1;
            }
            (_, Some(b'(')) => {
                open.push(b')');
                command = bytes.get(self.at + 2) != Some(&b'(');
                self.at += 2;
            }
            (_, Some(b'{')) => {
                open.push(b'}');
                self.at += 2;
            }
            (_, Some(b'_' | b'a'..=b'z' | b'A'..=b'Z')) => {
                self.at += 1 + bytes[self.at + 1..]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                return Some(Expansion { unknown: true, command: false });
            }
            (_, Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-')) => {
                self.at += 2;
                return Some(Expansion { unknown: true, command: false });
            }
            // A dollar and nothing: it is a dollar.
            _ => {
                self.at += 1;
                return Some(Expansion { unknown: false, command: false });
            }
        }
        while let Some(&closing) = open.last() {
            let byte = *bytes.get(self.at)?;
            self.at += 1;
            match byte {
                _ if byte == closing => {
                    open.pop();
                }
                b'\\' => {
                    let next = self.text[self.at..].chars().next()?;
                    self.at += next.len_utf8();
                }
                b'\'' if closing != b'"' => {
                    self.at += 1 + bytes[self.at..].iter().position(|b| *b == b'\'')?
                }
                b'"' => open.push(b'"'),
                b'`' => {
                    open.push(b'`');
                    command = true;
                }
                b'$' if bytes.get(self.at) == Some(&b'(') => {
                    open.push(b')');
                    command |= bytes.get(self.at + 1) != Some(&b'(');
                    self.at += 1;
                }
                b'$' if bytes.get(self.at) == Some(&b'{') => {
                    open.push(b'}');
                    self.at += 1;
                }
                b'(' if closing == b')' => open.push(b')'),
                _ => {}
            }
        }
        Some(Expansion { unknown: true, command })
    }
}

struct Expansion {
    unknown: bool,
    command: bool,
}

/// A pipeline while its words arrive.
struct Building<'a> {
    joined: Join,
    commands: Vec<Command<'a>>,
    current: Command<'a>,
    negated: bool,
    /// A redirection makes a command even without words.
    redirected: bool,
    range: Option<Range<usize>>,
    /// Stands behind `&&` or `||`, so something must follow.
    wants_more: bool,
}

impl<'a> Building<'a> {
    fn new(joined: Join) -> Building<'a> {
        Building {
            joined,
            commands: Vec::new(),
            current: Command::default(),
            negated: false,
            redirected: false,
            range: None,
            wants_more: false,
        }
    }

    fn word(&mut self, word: Word<'a>, shape: Shape) -> Option<()> {
        let begins = self.current.words.is_empty();
        if begins && shape == Shape::Plain {
            if word.text == "!" && self.commands.is_empty() && self.current.assignments.is_empty() {
                self.negated = !self.negated;
                self.grow(word.place.range);
                return Some(());
            }
            if COMPOUND.contains(&&*word.text) {
                return None;
            }
        }
        self.grow(word.place.range.clone());
        if begins && shape == Shape::Assignment {
            self.current.assignments.push(word);
        } else {
            self.current.words.push(word);
        }
        Some(())
    }

    fn touched(&mut self, range: Range<usize>) {
        self.redirected = true;
        self.grow(range);
    }

    fn grow(&mut self, range: Range<usize>) {
        match &mut self.range {
            Some(whole) => whole.end = range.end,
            None => self.range = Some(range),
        }
    }

    fn pipe(&mut self) -> Option<()> {
        if !self.has_command() {
            return None;
        }
        self.commands.push(std::mem::take(&mut self.current));
        self.redirected = false;
        Some(())
    }

    fn has_command(&self) -> bool {
        !self.current.words.is_empty() || !self.current.assignments.is_empty() || self.redirected
    }

    fn waits_behind_pipe(&self) -> bool {
        !self.commands.is_empty() && !self.has_command()
    }

    fn is_empty(&self) -> bool {
        self.range.is_none()
    }

    fn finish(mut self, source: Source, background: bool) -> Option<Pipeline<'a>> {
        if !self.has_command() {
            return None;
        }
        self.commands.push(self.current);
        Some(Pipeline {
            joined: self.joined,
            commands: self.commands,
            negated: self.negated,
            background,
            place: Place::new(source, self.range?),
        })
    }
}

fn is_name(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}
