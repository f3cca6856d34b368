//! Executes templates: branches, loops and calls. What stands in an action is evaluated in `eval`.

use super::super::origin::{How, Origin};
use super::super::value::{Data, Value};
use super::frame::What;
use super::print;
use super::rendering::{Item, Rendering, Result};
use super::templates::find;
use super::tree::{Branch, Call, List, Node, Pipe, Range};

/// How a part of a template ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Break,
    Continue,
}

impl Rendering<'_> {
    pub(super) fn list(&mut self, dot: &Item, list: &List) -> Result<Flow> {
        for node in &list.nodes {
            self.spend(1)?;
            match node {
                Node::Text(lines) => self.text(lines)?,
                Node::Action(pipe) => {
                    let item = self.pipeline(dot, pipe)?;
                    if pipe.declares.is_empty() {
                        let outer = std::mem::replace(&mut self.state.action, (pipe.id, pipe.range));
                        let printed = self.print(&item.value);
                        self.state.action = outer;
                        printed?;
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
            if let Some(gap) = self.gap() {
                return self.print(&gap);
            }
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
