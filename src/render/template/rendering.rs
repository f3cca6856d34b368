//! A rendering: what it holds, how it begins, and what goes wrong in it.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::super::origin::{Origin, Origins, Source as OriginSource};
use super::super::text::{Frame, Text, Writer};
use super::super::value::Value;
use super::call::Callee;
use super::error::{Error, Step};
use super::frame::{Frames, LeftOut, What};
use super::function::{Budget, Functions};
use super::parse::Words;
use super::templates::{Names, Source, Template, Templates};
use super::tree::{Id, Range, Tree};
use crate::source::{Place, Span};

/// How templates are rendered.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether `fail` and `required` are noted and passed over, as `helm lint` does.
    pub lenient: bool,
    /// How many bytes of the thread's stack may be used. A template that calls itself ends here.
    pub stack: usize,
    /// Whether templates may be missing, and why: what includes one is unknown then, not an error.
    pub gaps: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self { lenient: false, stack: 1 << 20, gaps: None }
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
    pub(super) words: Words,
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
    pub(super) now: Frame,
    /// Whether something was left out since.
    pub(super) stale: bool,
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
            words: Words::default(),
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

    /// The place of a part, if its text is a file's.
    pub(super) fn place(&self, range: Range) -> Option<Place> {
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

    pub(super) fn spend_bytes(&mut self, bytes: usize) -> Result<()> {
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
}

/// How Go prints nothing, and what Helm deletes from every output.
pub(super) const NO_VALUE: &str = "<no value>";

/// What stands where a template is missing.
pub const GAP: &str = "unknown-here";

/// Why it cannot be known what a missing template of a chart would have printed.
pub const MISSING_TEMPLATE: &str = "a template of a chart that is not in charts/";

pub(super) fn not_associated(name: &str) -> String {
    let name = super::literal::quote(name);
    format!("template: no template {name} associated with template \"gotpl\"")
}
