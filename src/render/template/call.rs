//! Calls of functions and methods: finding them, evaluating what they are given, and the functions that render templates.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::super::origin::{How, Origin, Source as OriginSource};
use super::super::text::{Frame, Text};
use super::super::value::{Data, Value};
use super::builtin::{self, Builtin};
use super::error::Error;
use super::eval::Given;
use super::frame::What;
use super::function::{Call, Function};
use super::literal;
use super::parse;
use super::rendering::{GAP, Item, NO_VALUE, Notice, Rendering, Result, not_associated};
use super::templates::{Source, Template, find, nest, not_parsed};
use super::tree::{Id, Operand, Term, Tree};

/// A function, found by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee {
    Given(Function, Care),
    Builtin(Builtin),
    And,
    Or,
    Include,
    Tpl,
    Required,
    Fail,
    Lookup,
    Unknown,
}

/// What a function does that loses circumstances, of which a value knows nothing, but its origin can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    Nothing,
    /// It keeps its last argument in a map, where it is found later, under other circumstances.
    Keeps,
    /// It reads text, printed under circumstances, into values.
    Reads,
}

impl Care {
    fn of(function: &str) -> Self {
        match function {
            "set" => Self::Keeps,
            "fromYaml" | "fromYamlArray" | "fromJson" | "fromJsonArray" | "mustFromJson" => Self::Reads,
            _ => Self::Nothing,
        }
    }
}

/// How many pieces of an included text are looked at for where it comes from.
const MAX_LOOKED_AT: usize = 4096;

/// How many bytes of a tree a byte of a template's text may become.
const TREE_BYTES: usize = 32;

/// How often a template may be included within itself.
const MAX_INCLUDED: u32 = 1000;

impl Rendering<'_> {
    fn callee(&mut self, name: &Rc<str>) -> Callee {
        if let Some(callee) = self.callees.get(name) {
            return *callee;
        }
        let callee = match &**name {
            "include" => Callee::Include,
            "tpl" => Callee::Tpl,
            "required" => Callee::Required,
            "fail" => Callee::Fail,
            "lookup" => Callee::Lookup,
            _ => match (self.functions.find(name), Builtin::find(name)) {
                (Some(function), _) => Callee::Given(function, Care::of(name)),
                (None, Some(builtin)) => Callee::Builtin(builtin),
                (None, None) if &**name == "and" => Callee::And,
                (None, None) if &**name == "or" => Callee::Or,
                (None, None) => Callee::Unknown,
            },
        };
        self.callees.insert(name.clone(), callee);
        callee
    }

    /// Calls a function; `part` is what messages name where it fails.
    pub(super) fn function(
        &mut self,
        dot: &Item,
        operand: &Operand,
        name: &Rc<str>,
        part: Id,
        given: Given<'_>,
    ) -> Result<Item> {
        self.spend(4)?;
        self.state.part = operand.id;
        let callee = self.callee(name);
        let (least, most) = match callee {
            Callee::Given(..) => (0, usize::MAX),
            Callee::Builtin(builtin) => builtin.arity(),
            Callee::And | Callee::Or => (1, usize::MAX),
            Callee::Include | Callee::Tpl | Callee::Required => (2, 2),
            Callee::Fail => (1, 1),
            Callee::Lookup => (4, 4),
            Callee::Unknown => {
                return self.fail(format!("function {} not defined", literal::quote(name)));
            }
        };
        let count = given.operands.len() + usize::from(given.piped.is_some());
        if most == usize::MAX && count < least {
            let got = given.operands.len();
            return self.fail(format!("wrong number of args for {name}: want at least {least} got {got}"));
        }
        if most != usize::MAX && count != least {
            return self.fail(format!("wrong number of args for {name}: want {least} got {count}"));
        }
        if let Callee::And | Callee::Or = callee {
            return self.decide(dot, given, matches!(callee, Callee::Or));
        }
        let mut arguments = Arguments::evaluate(self, dot, given)?;
        if let (Callee::Given(_, care), Some(last)) = (callee, arguments.values.last_mut()) {
            self.take_care(care, last);
        }
        let result = match callee {
            Callee::Given(function, _) => match self.call(function, &arguments) {
                Err(Failure::Said(message)) => match arguments.with_empty(&message) {
                    Some(arguments) => self.call(function, &arguments),
                    None => Err(Failure::Said(message)),
                },
                result => result,
            },
            Callee::Builtin(Builtin::Len)
                if matches!(arguments.values[0].data, Data::Nil) && !arguments.boxed[0] =>
            {
                Err(Failure::Said("reflect: call of reflect.Value.Type on zero Value".to_owned()))
            }
            Callee::Builtin(Builtin::Call) if !given_to_nothing(&arguments) => {
                let spelling = self.spelling(&arguments.operands[0]);
                let kind = arguments.values[0].data.type_name();
                Err(Failure::Said(format!("non-function {spelling} of type {kind}")))
            }
            Callee::Builtin(builtin) => {
                self.call(|call, values| builtin::call(builtin, call, values), &arguments)
            }
            Callee::Include => self.include(&arguments),
            Callee::Tpl => self.tpl(&arguments),
            Callee::Required => self.required(&arguments),
            Callee::Fail => self.stop(&arguments),
            Callee::Lookup => self.lookup(&arguments),
            Callee::And | Callee::Or | Callee::Unknown => Ok(Value::nil(Origin::NONE)),
        };
        self.finish(result, operand, name, part, arguments)
    }

    /// Calls a method of an object.
    pub(super) fn method(
        &mut self,
        dot: &Item,
        operand: &Operand,
        name: &Rc<str>,
        given: Given<'_>,
        method: impl FnOnce(&mut Call<'_>, &[Value]) -> std::result::Result<Value, String>,
    ) -> Result<Item> {
        let arguments = Arguments::evaluate(self, dot, given)?;
        let result = self.call(method, &arguments);
        self.finish(result, operand, name, operand.id, arguments)
    }

    /// Says with the origin of what is given to a function the circumstances that the function would lose.
    fn take_care(&mut self, care: Care, value: &mut Value) {
        match (care, &value.data) {
            (Care::Nothing, _) => {}
            (Care::Keeps, _) => {
                let conditions = self.frames.conditions(self.base);
                let origins = std::iter::once(value.origin).chain(conditions);
                *value = value.from_origin(self.origins.of(How::Chosen, origins));
            }
            (Care::Reads, Data::Text(text)) => {
                let mut known: FxHashMap<(Origin, Frame), Origin> = FxHashMap::default();
                let text = text.from_origins(|piece| {
                    *known.entry((piece.origin, piece.frame)).or_insert_with(|| {
                        let conditions = self.frames.conditions_within(piece.frame, self.base);
                        self.origins.of(How::Chosen, std::iter::once(piece.origin).chain(conditions))
                    })
                });
                value.data = Data::Text(text);
            }
            (Care::Reads, _) => {}
        }
    }

    fn call(
        &mut self,
        function: impl FnOnce(&mut Call<'_>, &[Value]) -> std::result::Result<Value, String>,
        arguments: &Arguments<'_>,
    ) -> std::result::Result<Value, Failure> {
        let (at, frame) = (self.action(), self.frame());
        let mut call = Call { origins: &mut self.origins, at, frame, budget: &mut self.budget };
        function(&mut call, &arguments.values).map_err(Failure::Said)
    }

    /// The value of a call, or its failure where Go finds it.
    fn finish(
        &mut self,
        result: std::result::Result<Value, Failure>,
        operand: &Operand,
        name: &str,
        part: Id,
        arguments: Arguments<'_>,
    ) -> Result<Item> {
        let mut error = match result {
            Ok(value) => return Ok(Item::of(value)),
            Err(Failure::Inside(lead, mut error)) => {
                self.state.part = part;
                let step = self.step(format!("error calling {name}: {lead}"));
                error.steps.push(step);
                return Err(error);
            }
            Err(Failure::Stop(message, origin)) => {
                let mut error = Error::new(message);
                error.deliberate = true;
                error.origin = origin;
                error
            }
            Err(Failure::Said(message)) => {
                if self.budget.is_spent() {
                    return self.fail(message);
                }
                if message.starts_with("wrong number of args for ") {
                    self.state.part = operand.id;
                    return self.fail(message);
                }
                if let Some((message, part, origin)) = self.mistyped(&message, &arguments) {
                    self.state.part = part;
                    return self.fail_over(message, origin);
                }
                let mut error = Error::new(message);
                error.origin = arguments.values.first().map_or(Origin::NONE, |value| value.origin);
                error
            }
        };
        self.state.part = part;
        error.steps.push(self.step(format!("error calling {name}: ")));
        Err(error)
    }

    /// A function's word that an argument has the wrong type: in Go's spelling, and the part and value that it is about.
    ///
    /// Go checks types before it calls, and tells constants, typed and untyped nothing apart; a function here sees only values.
    fn mistyped(&self, message: &str, arguments: &Arguments<'_>) -> Option<(String, Id, Origin)> {
        let (expected, got) = match message.strip_prefix("wrong type for value; expected ") {
            Some(rest) => rest.split_once("; got ")?,
            None => (message.strip_prefix("invalid value; expected ")?, "interface {}"),
        };
        let is_nil = |value: &Value| matches!(value.data, Data::Nil);
        let nothing = matches!(got, "interface {}" | "<nil>" | "nil");
        let index = arguments
            .values
            .iter()
            .position(|value| if nothing { is_nil(value) } else { value.data.type_name() == got })?;
        let (value, boxed, part) = (&arguments.values[index], arguments.boxed[index], arguments.parts[index]);
        let origin = value.origin;
        let operand = arguments.operands.get(index);
        let message = match operand.map(|operand| &operand.term) {
            Some(Term::Nil) => format!("cannot assign nil to {expected}"),
            Some(Term::Bool(_) | Term::Number(_) | Term::Text(_)) => {
                let kind = match expected {
                    "int" | "int64" | "int32" => "integer",
                    "float64" => "float",
                    other => other,
                };
                let spelling = operand.map(|operand| self.spelling(operand)).unwrap_or_default();
                format!("expected {kind}; found {spelling}")
            }
            _ if is_nil(value) && !boxed => format!("invalid value; expected {expected}"),
            _ if is_nil(value) => format!("wrong type for value; expected {expected}; got interface {{}}"),
            _ => message.to_owned(),
        };
        Some((message, part, origin))
    }

    /// `and` and `or`: the operand that decides, and nothing behind it is evaluated.
    fn decide(&mut self, dot: &Item, given: Given<'_>, until: bool) -> Result<Item> {
        let mut seen: SmallVec<[Origin; 4]> = SmallVec::new();
        let mut decided = None;
        for operand in given.operands {
            let item = self.operand(dot, operand)?;
            seen.push(item.value.origin);
            let decides = item.value.is_true() == until;
            decided = Some(item);
            if decides {
                break;
            }
        }
        let undecided = seen.len() == given.operands.len()
            && decided.as_ref().is_none_or(|item| item.value.is_true() != until);
        if let Some(piped) = given.piped.filter(|_| undecided) {
            seen.push(piped.value.origin);
            decided = Some(piped);
        }
        let mut item = decided.unwrap_or_else(|| Item::of(Value::nil(Origin::NONE)));
        if seen.len() > 1 {
            let first = item.value.origin;
            let origin = self.origins.of(How::Chosen, std::iter::once(first).chain(seen));
            item.value = item.value.from_origin(origin);
        }
        Ok(item)
    }

    fn include(&mut self, arguments: &Arguments<'_>) -> std::result::Result<Value, Failure> {
        let name: Rc<str> = arguments.text(0)?.as_str().into();
        let Some(template) = find(&self.state.names, self.templates, &name).cloned() else {
            return self.gap().ok_or_else(|| Failure::Said(not_associated(&name)));
        };
        let count = self.included.entry(name.clone()).or_insert(0);
        if *count > MAX_INCLUDED || self.is_deep() {
            let message =
                format!("rendering template has a nested reference name: {name}: unable to execute template");
            return Err(Failure::Said(message));
        }
        let count = self.included.entry(name.clone()).or_insert(0);
        *count += 1;
        let at = self.action();
        let what = What::Include(name.clone());
        let names = self.state.names.clone();
        let dot = Item::of(arguments.values[1].clone());
        let result = self.apart(|rendering| rendering.run(template, names, what, at, dot));
        if let Some(count) = self.included.get_mut(&name) {
            *count -= 1;
        }
        result.map_err(|error| Failure::Inside(String::new(), error))
    }

    /// What stands for a template that is missing, where that is no error.
    pub(super) fn gap(&mut self) -> Option<Value> {
        let why = self.options.gaps?;
        let at = self.action();
        let place = match self.origins.get(at) {
            OriginSource::Literal(place) => Some(*place),
            _ => None,
        };
        Some(Value::text(GAP, self.origins.add(OriginSource::Unknown(why, place))))
    }

    /// Renders into a text of its own.
    fn apart(&mut self, run: impl FnOnce(&mut Self) -> Result<()>) -> Result<Value> {
        let out = std::mem::take(&mut self.out);
        let influences = std::mem::take(&mut self.influences);
        let result = run(self);
        let made = std::mem::replace(&mut self.out, out).finish();
        let inner = std::mem::replace(&mut self.influences, influences);
        for origin in &inner {
            self.influence(*origin);
        }
        result?;
        let first = made.pieces().next().map(|piece| piece.origin);
        let uniform =
            first.filter(|first| inner.is_empty() && made.pieces().all(|piece| piece.origin == *first));
        let origin = uniform.unwrap_or_else(|| {
            let printed = made.pieces().take(MAX_LOOKED_AT).map(|piece| piece.origin);
            self.origins.of(How::Joined, inner.into_iter().chain(printed))
        });
        Ok(Value::new(Data::Text(made), origin))
    }

    fn tpl(&mut self, arguments: &Arguments<'_>) -> std::result::Result<Value, Failure> {
        let text = arguments.text(0)?;
        let origin = arguments.values[0].origin;
        let text = match text.piece_at(0) {
            Some(piece) if piece.origin == Origin::NONE && piece.end as usize == text.len() => {
                Text::of(text.as_str(), origin)
            }
            _ => text.clone(),
        };
        if !text.as_str().contains("{{") {
            let text = text.without(NO_VALUE);
            return Ok(Value::new(Data::Text(text), origin));
        }
        let known = self.parsed.contains_key(text.as_str());
        if let Err(error) = self.budget.bytes(if known { 0 } else { text.len() * TREE_BYTES }) {
            return Err(Failure::Said(error));
        }
        let trees = match self.parse(&text) {
            Ok(trees) => trees,
            Err(error) => {
                let lead = format!("cannot parse template {}: ", literal::quote(text.as_str()));
                return Err(Failure::Inside(lead, error));
            }
        };
        let source = Source::Value(text.clone());
        let mut defined: Vec<Template> =
            trees.iter().map(|tree| Template { tree: tree.clone(), source: source.clone() }).collect();
        let Some(main) = defined.pop() else { return Ok(Value::text("", origin)) };
        let names = nest(&self.state.names, self.templates, &defined);
        let at = self.action();
        let dot = Item::of(arguments.values[1].clone());
        let result = self.apart(|rendering| {
            if rendering.is_deep() {
                return rendering.fail("the template nests or calls itself too deeply");
            }
            rendering.influence(origin);
            rendering.run(main, names, What::Tpl, at, dot)
        });
        match result {
            Ok(mut value) => {
                if let Data::Text(made) = &value.data {
                    value.data = Data::Text(made.without(NO_VALUE));
                }
                Ok(value)
            }
            Err(error) => {
                let text = literal::quote(text.as_str());
                Err(Failure::Inside(format!("error during tpl function execution for {text}: "), error))
            }
        }
    }

    /// The trees of the text of a `tpl`; the last is its own.
    fn parse(&mut self, text: &Text) -> Result<Rc<[Rc<Tree>]>> {
        if let Some(trees) = self.parsed.get(text.as_str()) {
            return Ok(trees.clone());
        }
        let (name, key): (Rc<str>, Rc<str>) = ("gotpl".into(), text.as_str().into());
        let trees = parse::parse(&name, &key, &mut self.words)
            .map_err(|broken| Box::new(not_parsed(&name, broken, None)))?;
        let trees: Rc<[Rc<Tree>]> = trees.into_iter().map(Rc::new).collect();
        self.parsed.insert(key, trees.clone());
        Ok(trees)
    }

    fn required(&mut self, arguments: &Arguments<'_>) -> std::result::Result<Value, Failure> {
        let message = arguments.text(0)?.as_str().to_owned();
        let value = &arguments.values[1];
        let missing = match &value.data {
            Data::Nil => true,
            Data::Text(text) => text.is_empty(),
            _ => false,
        };
        if !missing {
            return Ok(value.clone());
        }
        self.refuse(message, value.origin)
    }

    fn stop(&mut self, arguments: &Arguments<'_>) -> std::result::Result<Value, Failure> {
        let message = arguments.text(0)?.as_str().to_owned();
        self.refuse(message, Origin::NONE)
    }

    /// A template refuses to be rendered.
    fn refuse(&mut self, message: String, value: Origin) -> std::result::Result<Value, Failure> {
        if !self.options.lenient {
            return Err(Failure::Stop(message, value));
        }
        let (at, frame) = (self.action(), self.frame());
        self.notices.push(Notice { message, at, frame, value });
        let origin = if value == Origin::NONE { at } else { value };
        Ok(Value::text("", origin))
    }

    /// Nobody knows what a cluster would answer; without one Helm answers with an empty map.
    fn lookup(&mut self, arguments: &Arguments<'_>) -> std::result::Result<Value, Failure> {
        for index in 0..4 {
            arguments.text(index)?;
        }
        let at = self.action();
        let place = match self.origins.get(at) {
            OriginSource::Literal(place) => Some(*place),
            _ => None,
        };
        let origin = self.origins.add(OriginSource::Unknown("what is in the cluster", place));
        Ok(Value::map([], origin))
    }
}

/// Why a call has no value.
enum Failure {
    /// The function says so.
    Said(String),
    /// A template inside failed; the words lead to its own.
    Inside(String, Box<Error>),
    /// The template refuses, because of this value.
    Stop(String, Origin),
}

/// Whether `call` is given nothing to call, or nothing that was written.
fn given_to_nothing(arguments: &Arguments<'_>) -> bool {
    arguments.operands.is_empty() || matches!(arguments.values[0].data, Data::Nil)
}

/// What a function is given, and where each value was last evaluated.
struct Arguments<'t> {
    operands: &'t [Operand],
    values: SmallVec<[Value; 4]>,
    /// Whether Go holds each as `interface {}`.
    boxed: SmallVec<[bool; 8]>,
    parts: SmallVec<[Id; 4]>,
}

impl<'t> Arguments<'t> {
    fn evaluate(rendering: &mut Rendering<'_>, dot: &Item, given: Given<'t>) -> Result<Self> {
        let mut arguments = Self {
            operands: given.operands,
            values: SmallVec::new(),
            boxed: SmallVec::new(),
            parts: SmallVec::new(),
        };
        for operand in given.operands {
            let item = rendering.operand(dot, operand)?;
            arguments.push(item, rendering.state.part);
        }
        if let Some(piped) = given.piped {
            arguments.push(piped, rendering.state.part);
        }
        Ok(arguments)
    }

    fn push(&mut self, item: Item, part: Id) {
        self.values.push(item.value);
        self.boxed.push(item.boxed);
        self.parts.push(part);
    }

    /// The arguments once more, with something empty for nothing, if a function says that it wants a map or a list: Go takes
    /// nothing for an empty one, unless it is held as `interface {}`.
    fn with_empty(&self, message: &str) -> Option<Arguments<'t>> {
        let expected = message.strip_prefix("wrong type for value; expected ")?;
        let (expected, got) = expected.split_once("; got ")?;
        let is_map = expected.starts_with("map[");
        if got != "interface {}" || !(is_map || expected.starts_with("[]")) {
            return None;
        }
        let index = self.values.iter().position(|value| matches!(value.data, Data::Nil))?;
        if self.boxed[index] {
            return None;
        }
        let mut values = self.values.clone();
        let origin = values[index].origin;
        values[index] = if is_map { Value::map([], origin) } else { Value::list([], origin) };
        Some(Arguments {
            operands: self.operands,
            values,
            boxed: self.boxed.clone(),
            parts: self.parts.clone(),
        })
    }

    /// An argument that has to be text.
    fn text(&self, index: usize) -> std::result::Result<&Text, Failure> {
        match &self.values[index].data {
            Data::Text(text) => Ok(text),
            other => Err(Failure::Said(builtin::wrong_type("string", other))),
        }
    }
}
