//! Evaluates what stands in an action: pipelines, commands, fields, variables, constants.

use std::rc::Rc;

use super::super::origin::{Origin, Source};
use super::super::value::{Data, Value};
use super::literal::Number;
use super::rendering::{Item, Rendering, Result, Variable};
use super::tree::{Command, Operand, Part, Pipe, Spelled, Term};

/// What is given to the last name of a chain, if that is a method.
pub(super) struct Given<'t> {
    /// The operands behind it.
    pub operands: &'t [Operand],
    /// The value of the command before it in the pipeline.
    pub piped: Option<Item>,
}

impl Given<'_> {
    pub(super) const NOTHING: Self = Self { operands: &[], piped: None };

    fn is_nothing(&self) -> bool {
        self.operands.is_empty() && self.piped.is_none()
    }
}

impl Rendering<'_> {
    pub(super) fn pipeline(&mut self, dot: &Item, pipe: &Pipe) -> Result<Item> {
        let outer = std::mem::replace(&mut self.state.action, (pipe.id, pipe.range));
        let item = self.pipeline_inside(dot, pipe);
        self.state.action = outer;
        item
    }

    /// A pipeline in parentheses: it belongs to the action around it.
    fn pipeline_inside(&mut self, dot: &Item, pipe: &Pipe) -> Result<Item> {
        self.state.part = pipe.id;
        self.spend(1)?;
        let mut piped = None;
        for command in &pipe.commands {
            let mut item = self.command(dot, command, piped)?;
            item.boxed = false;
            piped = Some(item);
        }
        let item = piped.unwrap_or_else(|| Item::of(Value::nil(Origin::NONE)));
        for name in &pipe.declares {
            if pipe.assigns {
                self.assign(name, item.clone())?;
            } else {
                self.state.variables.push(Variable { name: name.clone(), item: item.clone() });
            }
        }
        Ok(item)
    }

    pub(super) fn assign(&mut self, name: &Rc<str>, item: Item) -> Result<()> {
        match self.state.variables.iter_mut().rev().find(|variable| variable.name == *name) {
            Some(variable) => {
                variable.item = item;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {name}")),
        }
    }

    fn variable(&mut self, name: &Rc<str>) -> Result<Item> {
        match self.state.variables.iter().rev().find(|variable| variable.name == *name) {
            Some(variable) => Ok(variable.item.clone()),
            None => self.fail(format!("undefined variable: {name}")),
        }
    }

    fn command(&mut self, dot: &Item, command: &Command, piped: Option<Item>) -> Result<Item> {
        let (first, operands) = (&command.operands[0], &command.operands[1..]);
        match &first.term {
            Term::Function(name) => self.function(dot, first, name, command.id, Given { operands, piped }),
            Term::Field(_) | Term::Chain(..) | Term::Variable(..) => {
                self.access(dot, first, Given { operands, piped })
            }
            Term::Pipe(pipe) => {
                self.not_a_function(command, &piped)?;
                self.pipeline_inside(dot, pipe)
            }
            Term::Dot | Term::Bool(_) | Term::Number(_) | Term::Text(_) | Term::Nil => {
                self.state.part = first.id;
                self.not_a_function(command, &piped)?;
                if let Term::Nil = first.term {
                    return self.fail("nil is not a command");
                }
                self.operand(dot, first)
            }
        }
    }

    fn not_a_function(&mut self, command: &Command, piped: &Option<Item>) -> Result<()> {
        if command.operands.len() > 1 || piped.is_some() {
            return self.not_callable(&command.operands[0]);
        }
        Ok(())
    }

    fn not_callable<T>(&mut self, operand: &Operand) -> Result<T> {
        let spelling = self.spelling(operand);
        self.fail(format!("can't give argument to non-function {spelling}"))
    }

    pub(super) fn spelling(&self, operand: &Operand) -> String {
        let text = self.state.template.as_ref().map(|template| template.tree.written.text.clone());
        Spelled(text.as_deref().unwrap_or_default(), Part::Operand(operand)).to_string()
    }

    /// The value of an operand that is given to something.
    pub(super) fn operand(&mut self, dot: &Item, operand: &Operand) -> Result<Item> {
        self.state.part = operand.id;
        let data = match &operand.term {
            Term::Dot => return Ok(dot.clone()),
            Term::Field(_) | Term::Variable(..) | Term::Chain(..) => {
                return self.access(dot, operand, Given::NOTHING);
            }
            Term::Pipe(pipe) => return self.pipeline_inside(dot, pipe),
            Term::Function(name) => {
                return self.function(dot, operand, name, operand.id, Given::NOTHING);
            }
            Term::Nil => Data::Nil,
            Term::Bool(value) => Data::Bool(*value),
            Term::Number(Number::Int(value)) => Data::Int(*value),
            Term::Number(Number::Float(value)) => Data::Float(*value),
            Term::Number(Number::Overflow) => {
                let spelling = self.spelling(operand);
                return self.fail(format!("{spelling} overflows int"));
            }
            Term::Number(Number::Complex) => {
                return self.fail("complex numbers cannot be rendered");
            }
            Term::Text(text) => {
                let origin = self.literal(operand.id, operand.range);
                return Ok(Item::of(Value::text(text.clone(), origin)));
            }
        };
        Ok(Item::of(Value::new(data, self.literal(operand.id, operand.range))))
    }

    /// A field, a variable, or a chain of fields behind something.
    fn access(&mut self, dot: &Item, operand: &Operand, given: Given<'_>) -> Result<Item> {
        self.state.part = operand.id;
        let (receiver, names) = match &operand.term {
            Term::Field(names) => (dot.clone(), names),
            Term::Variable(name, names) => {
                let item = self.variable(name)?;
                if names.is_empty() {
                    if !given.is_nothing() {
                        return self.not_callable(operand);
                    }
                    return Ok(item);
                }
                (item, names)
            }
            Term::Chain(inner, names) => {
                if let Term::Nil = inner.term {
                    let spelling = self.spelling(operand);
                    return self.fail(format!("indirection through explicit nil in {spelling}"));
                }
                (self.operand(dot, inner)?, names)
            }
            _ => return self.operand(dot, operand),
        };
        let mut receiver = receiver;
        let last = names.len() - 1;
        for name in &names[..last] {
            receiver = self.field(dot, operand, name, Given::NOTHING, receiver)?;
        }
        self.field(dot, operand, &names[last], given, receiver)
    }

    fn field(
        &mut self,
        dot: &Item,
        operand: &Operand,
        name: &Rc<str>,
        given: Given<'_>,
        receiver: Item,
    ) -> Result<Item> {
        let map_origin = receiver.value.origin;
        match &receiver.value.data {
            Data::Nil if receiver.boxed => {
                let missing = self.missing(map_origin, name)?;
                self.fail_over(format!("nil pointer evaluating interface {{}}.{name}"), missing)
            }
            Data::Nil => Ok(Item::of(Value::nil(self.missing(map_origin, name)?))),
            Data::Map(map) => {
                if !given.is_nothing() {
                    if let Some(method) = self.functions.map_method(name) {
                        return self.method(dot, operand, name, given, |call, arguments| {
                            let mut all = vec![receiver.value.clone()];
                            all.extend_from_slice(arguments);
                            method(call, &all)
                        });
                    }
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                if let Some(entry) = map.borrow().get(name) {
                    return Ok(Item::boxed(entry.value.clone()));
                }
                if let Some(method) = self.functions.map_method(name) {
                    return self.method(dot, operand, name, given, |call, _| {
                        method(call, std::slice::from_ref(&receiver.value))
                    });
                }
                Ok(Item::boxed(Value::nil(self.missing(map_origin, name)?)))
            }
            Data::Object(object) => {
                if given.is_nothing()
                    && let Some(value) = object.field(name)
                {
                    return Ok(Item::of(value));
                }
                let object = object.clone();
                let bare = given.is_nothing();
                let mut known = true;
                let called = self.method(dot, operand, name, given, |call, arguments| {
                    let result = object.call(name, arguments).unwrap_or_else(|| {
                        known = false;
                        Err(String::new())
                    });
                    result.map(|value| value.by_line(call.origins))
                });
                if known {
                    return called;
                }
                if !bare && object.field(name).is_some() {
                    return self.fail(format!("{name} has arguments but cannot be invoked as function"));
                }
                self.no_field(name, &receiver)
            }
            _ => self.no_field(name, &receiver),
        }
    }

    fn no_field<T>(&mut self, name: &str, receiver: &Item) -> Result<T> {
        let kind = if receiver.boxed { "interface {}" } else { receiver.value.data.type_name() };
        self.fail_over(format!("can't evaluate field {name} in type {kind}"), receiver.value.origin)
    }

    /// The origin of a key that is not there.
    fn missing(&mut self, map: Origin, key: &Rc<str>) -> Result<Origin> {
        self.spend(8)?;
        Ok(self.origins.add(Source::Missing { map, key: (&**key).into() }))
    }
}
