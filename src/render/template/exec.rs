//! Executes templates: text, branches and loops. What stands in an action is evaluated in `eval`.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::super::origin::{How, Origin, Origins, Source as OriginSource};
use super::super::text::{Frame, Text, Writer};
use super::super::value::{Data, Value};
use super::call::Callee;
use super::error::{Error, Step};
use super::frame::{Circumstance, Frames, LeftOut, What};
use super::function::{Budget, Functions};
use super::print;
use super::templates::{Names, Source, Template, Templates, find};
use super::tree::{Branch, Call, Id, Lines, List, Node, Pipe, Range, Tree};
use crate::source::{Place, Span};

/// How templates are rendered.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether `fail` and `required` are noted and passed over, as `helm lint` does.
    pub lenient: bool,
    /// How many bytes of the thread's stack may be used. A template that calls itself ends here.
    pub stack: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { lenient: false, stack: 1 << 20 }
    }
}

/// A `fail` or `required` that was passed over.
#[derive(Clone, Debug)]
pub struct Notice {
    /// What the chart's author has to say.
    pub message: String,
    /// The action.
    pub at: Origin,
    /// Under which circumstances.
    pub frame: Frame,
    /// The value that is missing, for `required`.
    pub value: Origin,
}

/// What a template renders to.
#[derive(Debug)]
pub struct Output {
    /// The text.
    pub text: Text,
    /// What is not in it, by offset.
    pub left_out: Vec<LeftOut>,
}

/// A rendering: templates executed one after the other, over values that they share.
pub struct Rendering<'a> {
    /// All origins.
    pub origins: Origins,
    /// All circumstances.
    pub frames: Frames,
    /// What may still be spent.
    pub budget: Budget,
    /// What was passed over.
    pub notices: Vec<Notice>,
    pub(super) options: Options,
    pub(super) templates: &'a Templates,
    pub(super) functions: &'a dyn Functions,
    pub(super) callees: FxHashMap<Rc<str>, Callee>,
    /// How often each name is being included.
    pub(super) included: FxHashMap<Rc<str>, u32>,
    pub(super) parsed: FxHashMap<Rc<str>, Rc<[Rc<Tree>]>>,
    /// The origins of the parts of each file, as far as they were needed.
    literals: Vec<Vec<Origin>>,
    /// The name of the variable that is the root of all.
    dollar: Rc<str>,
    stack_start: usize,
    pub(super) out: Writer,
    /// What decided about the text of the template that is being included, also where it printed nothing.
    pub(super) influences: Vec<Origin>,
    /// The surroundings.
    pub(super) base: Frame,
    /// The surroundings, later.
    now: Frame,
    /// Whether something was left out since.
    stale: bool,
    pub(super) state: State,
}

impl std::fmt::Debug for Rendering<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rendering").field("base", &self.base).finish_non_exhaustive()
    }
}

/// What belongs to the template that is being executed.
pub(super) struct State {
    pub template: Option<Template>,
    pub names: Names,
    pub variables: Vec<Variable>,
    /// The part that is being executed, for messages.
    pub part: Id,
    /// The pipeline that is being executed.
    pub action: (Id, Range),
}

pub(super) struct Variable {
    pub name: Rc<str>,
    pub item: Item,
}

/// A value, and whether Go holds it as `interface {}`: then a field of nothing is an error, and messages name no type.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub value: Value,
    pub boxed: bool,
}

impl Item {
    pub(super) fn of(value: Value) -> Self {
        Self { value, boxed: false }
    }

    pub(super) fn boxed(value: Value) -> Self {
        Self { value, boxed: true }
    }
}

/// How a part of a template ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

pub(super) type Result<T> = std::result::Result<T, Box<Error>>;

impl<'a> Rendering<'a> {
    /// A rendering of these templates.
    pub fn new(
        templates: &'a Templates,
        functions: &'a dyn Functions,
        origins: Origins,
        options: Options,
    ) -> Self {
        Self {
            origins,
            frames: Frames::default(),
            budget: Budget::default(),
            notices: Vec::new(),
            options,
            templates,
            functions,
            callees: FxHashMap::default(),
            included: FxHashMap::default(),
            parsed: FxHashMap::default(),
            literals: vec![Vec::new(); templates.sources()],
            dollar: "$".into(),
            stack_start: 0,
            out: Writer::default(),
            influences: Vec::new(),
            base: Frame(0),
            now: Frame(0),
            stale: false,
            state: State {
                template: None,
                names: None,
                variables: Vec::new(),
                part: Id(0),
                action: (Id(0), Range::default()),
            },
        }
    }

    /// Executes the template of this name.
    pub fn execute(&mut self, name: &str, dot: Value) -> std::result::Result<Output, Error> {
        self.execute_because(name, dot, Origin::NONE)
    }

    /// Executes the template of this name, which something decided about before: whether its chart is wanted at all.
    pub fn execute_because(
        &mut self,
        name: &str,
        dot: Value,
        condition: Origin,
    ) -> std::result::Result<Output, Error> {
        let here = 0_u8;
        self.stack_start = &raw const here as usize;
        self.out = Writer::default();
        (self.base, self.now, self.stale) = (Frame(0), Frame(0), false);
        self.included.clear();
        self.influences.clear();
        let since = Frame(self.frames.len() as u32);
        let Some(template) = self.templates.get(name).cloned() else {
            return Err(*Error::new(not_associated(name)));
        };
        let what = What::Template(name.into());
        if condition != Origin::NONE {
            self.enter(What::If, Origin::NONE, condition);
        }
        self.run(template, None, what, Origin::NONE, Item::of(dot)).map_err(|error| *error)?;
        let text = std::mem::take(&mut self.out).finish().without(NO_VALUE);
        let left_out = self.frames.left_out(&text, since);
        Ok(Output { text, left_out })
    }

    /// Executes a template into the current output.
    pub(super) fn run(
        &mut self,
        template: Template,
        names: Names,
        what: What,
        at: Origin,
        dot: Item,
    ) -> Result<()> {
        let root = template.tree.clone();
        let variables = vec![Variable { name: self.dollar.clone(), item: dot.clone() }];
        let state = State {
            template: Some(template),
            names,
            variables,
            part: Id(0),
            action: (Id(0), Range::default()),
        };
        let outer = std::mem::replace(&mut self.state, state);
        let surroundings = self.enter(what, at, Origin::NONE);
        let result = self.list(&dot, &root.root);
        self.leave(surroundings);
        self.state = outer;
        result.map(|_| ())
    }

    /// Begins new surroundings.
    fn enter(&mut self, what: What, at: Origin, condition: Origin) -> (Frame, Frame, bool) {
        let parent = self.base;
        let frame = self.frames.add(Circumstance { parent, what, at, condition });
        let outer = (self.base, self.now, self.stale);
        (self.base, self.now, self.stale) = (frame, frame, false);
        outer
    }

    /// Goes back to the surroundings around.
    fn leave(&mut self, outer: (Frame, Frame, bool)) {
        (self.base, self.now, self.stale) = outer;
    }

    /// The frame of what is printed now.
    pub(super) fn frame(&mut self) -> Frame {
        if self.stale {
            let (what, parent) = (What::Later, self.base);
            self.now =
                self.frames.add(Circumstance { parent, what, at: Origin::NONE, condition: Origin::NONE });
            self.stale = false;
        }
        self.now
    }

    fn left_out(&mut self, what: What, at: Origin, condition: Origin) {
        self.frames.add(Circumstance { parent: self.base, what, at, condition });
        self.stale = true;
    }

    /// Notes what decided about the text that is being made.
    pub(super) fn influence(&mut self, origin: Origin) {
        const ENOUGH: usize = 128;
        if origin != Origin::NONE && self.influences.len() < ENOUGH && !self.influences.contains(&origin) {
            self.influences.push(origin);
        }
    }

    /// The place of a part, if its text is a file's.
    fn place(&self, range: Range) -> Option<Place> {
        match &self.state.template.as_ref()?.source {
            Source::File(file, _) => {
                Some(Place { file: *file, span: Span { start: range.start, end: range.end } })
            }
            Source::Value(_) => None,
        }
    }

    /// The origin of a part that is literal.
    pub(super) fn literal(&mut self, id: Id, range: Range) -> Origin {
        let Some(template) = &self.state.template else { return Origin::NONE };
        match &template.source {
            Source::Value(text) => {
                text.piece_at(range.start as usize).map_or(Origin::NONE, |piece| piece.origin)
            }
            Source::File(file, number) => {
                let known = &mut self.literals[*number as usize];
                if known.is_empty() {
                    known.resize(template.tree.written.parts as usize, Origin::NONE);
                }
                let known = &mut known[id.0 as usize];
                if *known == Origin::NONE {
                    let span = Span { start: range.start, end: range.end };
                    *known = self.origins.add(OriginSource::Literal(Place { file: *file, span }));
                }
                *known
            }
        }
    }

    /// The origin of the action that is being executed.
    pub(super) fn action(&mut self) -> Origin {
        let (id, range) = self.state.action;
        self.literal(id, range)
    }

    /// Spends work, and looks whether the stack is deep enough for more.
    pub(super) fn spend(&mut self, steps: usize) -> Result<()> {
        if let Err(error) = self.budget.work(steps) {
            return self.fail(error);
        }
        if self.is_deep() {
            return self.fail("the template nests or calls itself too deeply");
        }
        Ok(())
    }

    pub(super) fn is_deep(&self) -> bool {
        let here = 0_u8;
        self.stack_start.abs_diff(&raw const here as usize) > self.options.stack
    }

    fn spend_bytes(&mut self, bytes: usize) -> Result<()> {
        match self.budget.bytes(bytes) {
            Ok(()) => Ok(()),
            Err(error) => self.fail(error),
        }
    }

    /// Ends the execution at the current part.
    pub(super) fn fail<T>(&mut self, message: impl Into<String>) -> Result<T> {
        self.fail_over(message, Origin::NONE)
    }

    /// Ends the execution at the current part, because of a value.
    pub(super) fn fail_over<T>(&mut self, message: impl Into<String>, origin: Origin) -> Result<T> {
        let mut error = Error::new(message);
        error.origin = origin;
        error.steps.push(self.step(String::new()));
        Err(error)
    }

    /// Where the execution is, for messages.
    pub(super) fn step(&self, lead: String) -> Step {
        let Some(template) = &self.state.template else {
            return Step { place: None, file: "".into(), line: 0, column: None, executing: None, lead };
        };
        let tree = &template.tree;
        let text = &tree.written.text;
        let part = tree.part(self.state.part);
        let start = part.as_ref().map_or(0, |part| part.start()) as usize;
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rfind('\n').map_or(start, |found| start - found - 1);
        let place = part.as_ref().and_then(|part| self.place(part.range()));
        let context = part.map_or_else(String::new, |part| super::tree::Spelled(text, part).to_string());
        Step {
            place,
            file: tree.written.name.clone(),
            line,
            column: Some(column),
            executing: Some((tree.name.clone(), context)),
            lead,
        }
    }

    fn list(&mut self, dot: &Item, list: &List) -> Result<Flow> {
        for node in &list.nodes {
            self.spend(1)?;
            match node {
                Node::Text(lines) => self.text(lines)?,
                Node::Action(pipe) => {
                    let item = self.pipeline(dot, pipe)?;
                    if pipe.declares.is_empty() {
                        self.print(&item.value)?;
                    }
                }
                Node::If(branch) => {
                    let flow = self.branch(dot, branch, false)?;
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::With(branch) => {
                    let flow = self.branch(dot, branch, true)?;
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::Range(branch) => {
                    let flow = self.range(dot, branch)?;
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::Template(call) => self.template(dot, call)?,
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::On)
    }

    fn text(&mut self, lines: &Lines) -> Result<()> {
        let Some(template) = &self.state.template else { return Ok(()) };
        let written = template.tree.written.clone();
        let value = match &template.source {
            Source::Value(text) => Some(text.clone()),
            Source::File(..) => None,
        };
        self.spend_bytes((lines.range.end - lines.range.start) as usize)?;
        let frame = self.frame();
        if let Some(text) = value {
            let part = text.slice(lines.range.start as usize, lines.range.end as usize);
            self.print_kept(&part, frame);
            return Ok(());
        }
        let mut start = lines.range.start;
        for (index, line) in lines.range.of(&written.text).split_inclusive('\n').enumerate() {
            let range = Range { start, end: start + line.len() as u32 };
            let origin = self.literal(Id(lines.first.0 + index as u32), range);
            self.out.push(line, origin, frame);
            start = range.end;
        }
        Ok(())
    }

    /// Prints a value, as an action does.
    fn print(&mut self, value: &Value) -> Result<()> {
        let before = self.out.len();
        let frame = self.frame();
        match &value.data {
            Data::Nil => {
                self.out.push(NO_VALUE, value.origin, frame);
            }
            Data::Text(text) => {
                self.spend_bytes(text.len())?;
                let mut pieces = text.pieces();
                let first = pieces.next();
                let single = pieces.next().is_none();
                drop(pieces);
                let chosen = matches!(self.origins.get(value.origin), OriginSource::Of(How::Chosen, _));
                match first {
                    Some(piece) if single && piece.frame == Frame(0) => {
                        let origin = if value.origin == Origin::NONE { piece.origin } else { value.origin };
                        self.out.push(text.as_str(), origin, frame);
                    }
                    Some(_) if chosen => {
                        let (parent, what, at) = (frame, What::Later, Origin::NONE);
                        let condition = value.origin;
                        let frame = self.frames.add(Circumstance { parent, what, at, condition });
                        self.print_kept(text, frame);
                    }
                    Some(_) => self.print_kept(text, frame),
                    None => {}
                }
            }
            _ => {
                let at = self.action();
                let out = std::mem::take(&mut self.out);
                let mut printer =
                    print::Printer::new(out, &mut self.origins, &mut self.budget, at, frame).into_output();
                let printed = printer.spaced(std::slice::from_ref(value));
                let text = std::mem::take(&mut printer.out);
                self.out = text;
                if let Err(error) = printed {
                    return self.fail(error);
                }
            }
        }
        let printed = &self.out.as_str()[before..];
        if value.origin != Origin::NONE
            && (matches!(value.data, Data::Nil) || matches!(printed.trim(), "" | "{}" | "[]" | "null"))
        {
            self.influence(value.origin);
            let at = self.action();
            self.left_out(What::Empty, at, value.origin);
        }
        Ok(())
    }

    /// Prints text that may have been printed before, elsewhere, in surroundings that it keeps.
    fn print_kept(&mut self, text: &Text, frame: Frame) {
        let mut start = 0;
        let mut last = (Frame(0), frame);
        for piece in text.pieces() {
            let end = piece.end as usize;
            let printed = if piece.frame == Frame(0) {
                frame
            } else if piece.frame == last.0 {
                last.1
            } else if self.frames.lies_in(piece.frame, self.base) && frame == self.now {
                piece.frame
            } else {
                let what = What::Printed(piece.frame);
                self.frames.add(Circumstance {
                    parent: frame,
                    what,
                    at: Origin::NONE,
                    condition: Origin::NONE,
                })
            };
            if piece.frame != Frame(0) {
                last = (piece.frame, printed);
            }
            self.out.push(&text.as_str()[start..end], piece.origin, printed);
            start = end;
        }
    }

    fn branch(&mut self, dot: &Item, branch: &Branch, with: bool) -> Result<Flow> {
        let mark = self.state.variables.len();
        let item = self.pipeline(dot, &branch.pipe)?;
        let condition = item.value.origin;
        let truth = item.value.is_true();
        self.influence(condition);
        let at = self.literal(branch.pipe.id, branch.pipe.range);
        let unused = if truth { branch.otherwise.as_ref() } else { Some(&branch.then) };
        self.leave_out(unused, at, condition);
        let (taken, what) = match truth {
            true if with => (Some(&branch.then), What::With),
            true => (Some(&branch.then), What::If),
            false => (branch.otherwise.as_ref(), What::Else),
        };
        let mut flow = Flow::On;
        if let Some(list) = taken {
            let outer = self.enter(what, at, condition);
            flow = self.list(if with && truth { &item } else { dot }, list)?;
            self.leave(outer);
        }
        self.state.variables.truncate(mark);
        self.taint(branch, condition);
        Ok(flow)
    }

    fn leave_out(&mut self, list: Option<&List>, at: Origin, condition: Origin) {
        if let Some(list) = list.filter(|list| !list.nodes.is_empty()) {
            let place = self.place(list.range);
            self.left_out(What::LeftOut(place), at, condition);
        }
    }

    /// Notes on the variables that a branch or loop assigns, or would have, what decided about that.
    fn taint(&mut self, branch: &Branch, condition: Origin) {
        if condition == Origin::NONE {
            return;
        }
        for name in &branch.assigns {
            let found = self.state.variables.iter_mut().rev().find(|variable| variable.name == *name);
            if let Some(variable) = found {
                let value = &mut variable.item.value;
                *value = value.from_origin(self.origins.of(How::Chosen, [value.origin, condition]));
            }
        }
    }

    fn range(&mut self, dot: &Item, branch: &Branch) -> Result<Flow> {
        let mark = self.state.variables.len();
        let item = self.pipeline(dot, &branch.pipe)?;
        let condition = item.value.origin;
        self.influence(condition);
        let at = self.literal(branch.pipe.id, branch.pipe.range);
        let rounds = self.rounds(&item, &branch.pipe)?;
        let mut flow = Flow::On;
        let mut round = 0;
        for (key, element) in rounds {
            self.spend(8)?;
            self.set_round(&branch.pipe, key, &element)?;
            let inside = self.state.variables.len();
            let outer = self.enter(What::Range(round), at, condition);
            round = round.saturating_add(1);
            let ended = self.list(&element, &branch.then);
            self.leave(outer);
            self.state.variables.truncate(inside);
            if ended? == Flow::Break {
                break;
            }
        }
        if round == 0 {
            self.leave_out(Some(&branch.then), at, condition);
            if let Some(list) = &branch.otherwise {
                let outer = self.enter(What::Else, at, condition);
                // A `break` here is caught by this very loop, a `continue` by the one around.
                flow = match self.list(dot, list)? {
                    Flow::Break => Flow::On,
                    flow => flow,
                };
                self.leave(outer);
            }
        } else {
            self.leave_out(branch.otherwise.as_ref(), at, condition);
        }
        self.state.variables.truncate(mark);
        self.taint(branch, condition);
        Ok(flow)
    }

    /// The keys and elements of what is ranged over.
    fn rounds(&mut self, item: &Item, pipe: &Pipe) -> Result<Rounds> {
        let origin = item.value.origin;
        let index = move |index: usize| Value::new(Data::Int(index as i64), origin);
        let list = |values: Vec<(Value, Item)>| Rounds::List(values.into_iter());
        Ok(match &item.value.data {
            Data::Nil => list(Vec::new()),
            Data::Int(count) => {
                if pipe.declares.len() > 1 {
                    return self.fail(format!("can't use {count} to iterate over more than one variable"));
                }
                Rounds::Count(0..*count, origin)
            }
            Data::List(values) => {
                let values = values.borrow();
                list(
                    values
                        .iter()
                        .enumerate()
                        .map(|(at, value)| (index(at), Item::boxed(value.clone())))
                        .collect(),
                )
            }
            Data::Bytes(bytes) => list(
                bytes
                    .iter()
                    .enumerate()
                    .map(|(at, byte)| (index(at), Item::of(Value::new(Data::Int(i64::from(*byte)), origin))))
                    .collect(),
            ),
            Data::Map(map) => {
                let map = map.borrow();
                list(
                    map.iter()
                        .map(|(key, entry)| {
                            (Value::text(key.clone(), entry.key), Item::boxed(entry.value.clone()))
                        })
                        .collect(),
                )
            }
            Data::Object(object) => match object.entries() {
                Some(entries) => {
                    list(entries.into_iter().map(|(key, value)| (key, Item::of(value))).collect())
                }
                None => return self.not_iterable(&item.value),
            },
            Data::Bool(_) | Data::Float(_) | Data::Text(_) => return self.not_iterable(&item.value),
        })
    }

    fn not_iterable<T>(&mut self, value: &Value) -> Result<T> {
        let printed = print::plain(value);
        self.fail_over(format!("range can't iterate over {printed}"), value.origin)
    }

    /// Sets the variables of a loop for a round.
    fn set_round(&mut self, pipe: &Pipe, key: Value, element: &Item) -> Result<()> {
        let count = self.state.variables.len();
        match pipe.declares.as_slice() {
            [] => {}
            [only] if pipe.assigns => self.assign(only, element.clone())?,
            [_] => self.state.variables[count - 1].item = element.clone(),
            [first, second, ..] if pipe.assigns => {
                self.assign(first, Item::of(key))?;
                self.assign(second, element.clone())?;
            }
            [..] => {
                self.state.variables[count - 1].item = element.clone();
                self.state.variables[count - 2].item = Item::of(key);
            }
        }
        Ok(())
    }

    fn template(&mut self, dot: &Item, call: &Call) -> Result<()> {
        self.state.part = call.id;
        let Some(template) = find(&self.state.names, self.templates, &call.name).cloned() else {
            let name = super::literal::quote(&call.name);
            return self.fail(format!("template {name} not defined"));
        };
        if self.is_deep() {
            return self.fail("exceeded maximum template depth (100000)");
        }
        let item = match &call.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Item::of(Value::nil(Origin::NONE)),
        };
        let at = match &call.pipe {
            Some(pipe) => self.literal(pipe.id, pipe.range),
            None => {
                let end = call.start + call.name.len() as u32 + 2;
                self.literal(call.id, Range { start: call.start, end })
            }
        };
        let names = self.state.names.clone();
        self.run(template, names, What::Template(call.name.clone()), at, item)
    }
}

/// How Go prints nothing, and what Helm deletes from every output.
pub(super) const NO_VALUE: &str = "<no value>";

pub(super) fn not_associated(name: &str) -> String {
    let name = super::literal::quote(name);
    format!("template: no template {name} associated with template \"gotpl\"")
}

/// What a loop goes over.
enum Rounds {
    List(std::vec::IntoIter<(Value, Item)>),
    Count(std::ops::Range<i64>, Origin),
}

impl Iterator for Rounds {
    type Item = (Value, Item);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::List(values) => values.next(),
            Self::Count(range, origin) => {
                let value = Value::new(Data::Int(range.next()?), *origin);
                Some((Value::nil(*origin), Item::of(value)))
            }
        }
    }
}
