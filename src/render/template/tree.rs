//! Templates as trees, and how Go prints their parts in error messages.

use std::fmt;
use std::rc::Rc;

use super::literal::Number;

/// One template: a file, or what a `define` holds.
#[derive(Debug)]
pub(super) struct Tree {
    pub name: Rc<str>,
    /// The file, or the text given to `tpl`, in which it stands.
    pub written: Rc<Written>,
    pub root: Rc<List>,
}

/// A text that was parsed.
#[derive(Debug)]
pub(super) struct Written {
    /// Its name, for messages.
    pub name: Rc<str>,
    pub text: Rc<str>,
    /// How many parts with a number its trees have.
    pub parts: u32,
}

/// The number of a part among all of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Id(pub u32);

/// Where a part stands: its first byte, and the one behind its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub start: u32,
    pub end: u32,
}

/// Nodes in a row, and the range of the text that they cover, up to the action that ends them.
#[derive(Debug, Default)]
pub(super) struct List {
    pub nodes: Box<[Node]>,
    pub range: Range,
}

impl List {
    /// Whether there is nothing in it but space.
    pub(super) fn is_empty(&self, text: &str) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text(lines) => lines.range.of(text).trim().is_empty(),
            _ => false,
        })
    }
}

impl Range {
    /// The text that it covers.
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

#[derive(Debug)]
pub(super) enum Node {
    Text(Lines),
    Action(Pipe),
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template(Box<Call>),
    Break,
    Continue,
}

/// Literal text. Its lines are parts of their own, so that each keeps its place however the output is cut.
#[derive(Debug)]
pub(super) struct Lines {
    pub range: Range,
    /// The first line's; the others follow.
    pub first: Id,
}

#[derive(Debug)]
pub(super) struct Branch {
    pub pipe: Pipe,
    pub then: List,
    pub otherwise: Option<List>,
    /// The outer variables that something inside assigns.
    pub assigns: Vec<Rc<str>>,
}

/// `template "name" pipeline`.
#[derive(Debug)]
pub(super) struct Call {
    pub id: Id,
    pub start: u32,
    pub name: Rc<str>,
    pub pipe: Option<Pipe>,
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub id: Id,
    pub range: Range,
    pub declares: Vec<Rc<str>>,
    /// Whether it assigns (`=`) what it names, not declares (`:=`).
    pub assigns: bool,
    pub commands: Box<[Command]>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub id: Id,
    pub range: Range,
    /// At least one.
    pub operands: Box<[Operand]>,
}

#[derive(Debug)]
pub(super) struct Operand {
    pub id: Id,
    /// The place that messages name, which for `.a.b` is that of `.b`.
    pub start: u32,
    pub range: Range,
    pub term: Term,
}

#[derive(Debug)]
pub(super) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Rc<str>),
    Field(Box<[Rc<str>]>),
    Variable(Rc<str>, Box<[Rc<str>]>),
    Function(Rc<str>),
    Chain(Box<Operand>, Box<[Rc<str>]>),
    Pipe(Box<Pipe>),
}

/// A part of a tree that messages can name.
pub(super) enum Part<'t> {
    Operand(&'t Operand),
    Command(&'t Command),
    Pipe(&'t Pipe),
    Template(&'t Call),
}

impl Part<'_> {
    pub(super) fn start(&self) -> u32 {
        match self {
            Self::Operand(operand) => operand.start,
            Self::Command(command) => command.range.start,
            Self::Pipe(pipe) => pipe.range.start,
            Self::Template(call) => call.start,
        }
    }

    pub(super) fn range(&self) -> Range {
        match self {
            Self::Operand(operand) => operand.range,
            Self::Command(command) => command.range,
            Self::Pipe(pipe) => pipe.range,
            Self::Template(call) => Range { start: call.start, end: call.start },
        }
    }
}

impl Tree {
    /// The part of this number. Slow: for messages.
    pub(super) fn part(&self, id: Id) -> Option<Part<'_>> {
        self.root.part(id)
    }
}

impl List {
    fn part(&self, id: Id) -> Option<Part<'_>> {
        self.nodes.iter().find_map(|node| match node {
            Node::Text(_) | Node::Break | Node::Continue => None,
            Node::Action(pipe) => pipe.part(id),
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => branch
                .pipe
                .part(id)
                .or_else(|| branch.then.part(id))
                .or_else(|| branch.otherwise.as_ref()?.part(id)),
            Node::Template(call) if call.id == id => Some(Part::Template(call)),
            Node::Template(call) => call.pipe.as_ref()?.part(id),
        })
    }
}

impl Pipe {
    fn part(&self, id: Id) -> Option<Part<'_>> {
        if self.id == id {
            return Some(Part::Pipe(self));
        }
        self.commands.iter().find_map(|command| {
            if command.id == id {
                return Some(Part::Command(command));
            }
            command.operands.iter().find_map(|operand| operand.part(id))
        })
    }
}

impl Operand {
    fn part(&self, id: Id) -> Option<Part<'_>> {
        if self.id == id {
            return Some(Part::Operand(self));
        }
        match &self.term {
            Term::Chain(inner, _) => inner.part(id),
            Term::Pipe(pipe) => pipe.part(id),
            _ => None,
        }
    }
}

/// A part with the text that it is written in, which knows how literals were spelt.
pub(super) struct Spelled<'t, T>(pub &'t str, pub T);

impl fmt::Display for Spelled<'_, Part<'_>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.1 {
            Part::Operand(operand) => Spelled(self.0, *operand).fmt(f),
            Part::Command(command) => Spelled(self.0, *command).fmt(f),
            Part::Pipe(pipe) => Spelled(self.0, *pipe).fmt(f),
            Part::Template(call) => {
                write!(f, "{{{{template {}", super::literal::quote(&call.name))?;
                if let Some(pipe) = &call.pipe {
                    write!(f, " {}", Spelled(self.0, pipe))?;
                }
                f.write_str("}}")
            }
        }
    }
}

impl fmt::Display for Spelled<'_, &Pipe> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipe = self.1;
        if !pipe.declares.is_empty() {
            write!(f, "{} {} ", pipe.declares.join(", "), if pipe.assigns { "=" } else { ":=" })?;
        }
        for (index, command) in pipe.commands.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            Spelled(self.0, command).fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Spelled<'_, &Command> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.1.operands.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match &operand.term {
                Term::Pipe(pipe) => write!(f, "({})", Spelled(self.0, &**pipe))?,
                _ => Spelled(self.0, operand).fmt(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Spelled<'_, &Operand> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = |f: &mut fmt::Formatter<'_>, fields: &[Rc<str>]| {
            fields.iter().try_for_each(|field| write!(f, ".{field}"))
        };
        match &self.1.term {
            Term::Dot => f.write_str("."),
            Term::Nil => f.write_str("nil"),
            Term::Bool(value) => write!(f, "{value}"),
            Term::Number(_) | Term::Text(_) => f.write_str(self.1.range.of(self.0)),
            Term::Field(names) => fields(f, names),
            Term::Variable(name, names) => {
                f.write_str(name)?;
                fields(f, names)
            }
            Term::Function(name) => f.write_str(name),
            Term::Chain(inner, names) => {
                match &inner.term {
                    Term::Pipe(pipe) => write!(f, "({})", Spelled(self.0, &**pipe))?,
                    _ => Spelled(self.0, &**inner).fmt(f)?,
                }
                fields(f, names)
            }
            Term::Pipe(pipe) => Spelled(self.0, &**pipe).fmt(f),
        }
    }
}
