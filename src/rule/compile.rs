//! Expressions checked against the vocabulary, and made ready to run.
//!
//! Every name becomes a slot, every fact a pointer to the function that computes it, every expression has a type and a
//! unit before anything is judged: `bytes < seconds` does not load. What this module refuses is shown in the rule file.

use super::expr::{self, Binary, Expr, Fault, Fold, Literal, Node};
use super::schema::Schema;
use crate::model::Kind;
use crate::model::vocabulary::{FactDef, Ty, Unit};
use crate::spelling::nearest;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A truth value.
    Bool,
    /// A number; without a unit it goes with any.
    Num(Option<Unit>),
    /// Text.
    Text,
    /// A list.
    List(Box<Type>),
    /// Values by name.
    Map(Box<Type>),
    /// A subject or a part of one.
    Thing(Kind),
    /// A piece of a manifest, of whatever type it has.
    Node(Schema),
}

impl From<Ty> for Type {
    fn from(ty: Ty) -> Self {
        match ty {
            Ty::Bool => Type::Bool,
            Ty::Num(unit) => Type::Num(Some(unit)),
            Ty::Text => Type::Text,
            Ty::List(item) => Type::List(Box::new((*item).into())),
            Ty::Map(item) => Type::Map(Box::new((*item).into())),
            Ty::Thing(kind) => Type::Thing(kind),
            Ty::Node => Type::Node(Schema::default()),
            Ty::Quantity => Type::Num(None),
        }
    }
}

impl Type {
    fn text(&self) -> String {
        match self {
            Type::Bool => "true or false".to_owned(),
            Type::Num(None | Some(Unit::None)) => "a number".to_owned(),
            Type::Num(Some(unit)) => unit.word().to_owned(),
            Type::Text => "text".to_owned(),
            Type::List(item) => format!("a list of {}", item.text()),
            Type::Map(_) => "a map".to_owned(),
            Type::Thing(kind) => format!("a {}", kind.word()),
            Type::Node(_) => "a piece of the manifest".to_owned(),
        }
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Program {
    /// What to do.
    pub(super) op: Op,
    /// What comes out.
    pub ty: Type,
    /// The text that it was made from.
    pub text: String,
}

/// A step, with the ordinal by which it is found in the text.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) ordinal: u32,
    pub(super) step: Step,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Bool(bool),
    Num(f64),
    Text(String),
    Slot(usize),
    Let(usize),
    Fact(Box<Op>, &'static Fact),
    Field(Box<Op>, String),
    Has(Box<Op>),
    Declared(Box<Op>),
    Key(Box<Op>),
    Not(Box<Op>),
    Negate(Box<Op>),
    And(Box<Op>, Box<Op>),
    Or(Box<Op>, Box<Op>),
    Compare(Binary, Box<Op>, Box<Op>),
    Arithmetic(Binary, Box<Op>, Box<Op>),
    In(Box<Op>, Box<Op>),
    Condition(Box<Op>, Box<Op>, Box<Op>),
    Index(Box<Op>, Box<Op>),
    List(Vec<Op>),
    Fold(Fold, Box<Op>, usize, Box<Op>, Option<Box<Op>>),
    Size(Box<Op>),
    Method(TextMethod, Box<Op>, Box<Op>),
    Lower(Box<Op>),
    Count(Box<Op>, String),
    Sum(Box<Op>),
    Extreme(bool, Vec<Op>),
    Round(bool, Box<Op>),
    Join(Box<Op>, Box<Op>),
    Show(Box<Op>, Type),
}

/// Debug for the tables' entries without their functions.
type Fact = FactDef;

impl std::fmt::Debug for FactDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What can be asked of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextMethod {
    StartsWith,
    EndsWith,
    Contains,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A value that is put into this slot before the expression runs.
    Slot(usize, Type),
    /// A `let`, computed when it is first read.
    Let(usize, Type),
}

/// What the parameters of a rule stand behind: `param.age`.
const PARAM: &str = "param";

/// The name of a parameter in expressions.
pub fn param(name: &str) -> String {
    format!("{PARAM}.{name}")
}

/// The names that an expression may use.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: Vec<(String, Meaning)>,
    /// How many slots are taken.
    pub slots: usize,
}

impl Names {
    /// Adds a name with a slot of its own.
    pub fn slot(&mut self, name: &str, ty: Type) -> usize {
        let slot = self.slots;
        self.slots += 1;
        self.names.push((name.to_owned(), Meaning::Slot(slot, ty)));
        slot
    }

    /// Adds a `let`.
    pub fn define(&mut self, name: &str, number: usize, ty: Type) {
        self.names.push((name.to_owned(), Meaning::Let(number, ty)));
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&Meaning> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, meaning)| meaning)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str()).filter(|name| !name.contains('.'))
    }
}

/// Names that mean the same in every rule, with their value and unit.
const CONSTANTS: [(&str, f64, Option<Unit>); 8] = [
    ("second", 1.0, Some(Unit::Seconds)),
    ("minute", 60.0, Some(Unit::Seconds)),
    ("hour", 3600.0, Some(Unit::Seconds)),
    ("day", 86400.0, Some(Unit::Seconds)),
    ("MiB", 1_048_576.0, Some(Unit::Bytes)),
    ("GiB", 1_073_741_824.0, Some(Unit::Bytes)),
    ("core", 1.0, Some(Unit::Cores)),
    ("unlimited", f64::INFINITY, None),
];

const FUNCTIONS: [&str; 10] =
    ["declared", "key", "count", "sum", "min", "max", "floor", "ceil", "join", "text"];
const METHODS: [&str; 6] = ["size", "startsWith", "endsWith", "contains", "lowerAscii", "exists"];

/// Compiles an expression.
pub fn compile(text: &str, names: &Names) -> Result<Program, Fault> {
    let parsed = expr::parse(text)?;
    let mut compiler = Compiler { names, loops: Vec::new() };
    match compiler.op(&parsed) {
        Ok((op, ty)) => Ok(Program { op, ty, text: text.to_owned() }),
        Err(Refusal { ordinal, message, help }) => {
            Err(Fault { range: expr::locate(text, ordinal), message, help })
        }
    }
}

/// Compiles an expression that must be true or false.
pub fn compile_truth(text: &str, names: &Names) -> Result<Program, Fault> {
    let program = compile(text, names)?;
    match program.ty {
        Type::Bool | Type::Node(_) => Ok(program),
        ref other => Err(Fault {
            range: 0..text.len(),
            message: format!("this is {}, and it must be true or false", other.text()),
            help: None,
        }),
    }
}

impl Program {
    /// Whether it is a path to a fact (or a `let`), and so has a place.
    pub fn is_path(&self) -> bool {
        fn path(op: &Op) -> bool {
            match &op.step {
                Step::Slot(_) | Step::Let(_) => true,
                Step::Fact(base, _) | Step::Field(base, _) => path(base),
                Step::Index(base, _) => path(base),
                _ => false,
            }
        }
        path(&self.op)
    }

    /// The only path that it reads, if it reads one only.
    pub fn only_path(&self) -> Option<Program> {
        let mut paths = Vec::new();
        collect_paths(&self.op, &mut paths);
        let mut seen: Vec<(String, &Op)> = Vec::new();
        for op in paths {
            let text = path_text(op);
            if !seen.iter().any(|(known, _)| *known == text) {
                seen.push((text, op));
            }
        }
        match seen.as_slice() {
            [(text, op)] => {
                let ty = Type::Node(Schema::default());
                Some(Program { op: (*op).clone(), ty, text: text.clone() })
            }
            _ => None,
        }
    }
}

fn path_text(op: &Op) -> String {
    match &op.step {
        Step::Slot(slot) => format!("#{slot}"),
        Step::Let(number) => format!("${number}"),
        Step::Fact(base, fact) => format!("{}.{}", path_text(base), fact.name),
        Step::Field(base, name) => format!("{}.{name}", path_text(base)),
        _ => "?".to_owned(),
    }
}

/// The longest paths that an expression reads.
fn collect_paths<'o>(op: &'o Op, paths: &mut Vec<&'o Op>) {
    fn rooted(op: &Op) -> bool {
        match &op.step {
            Step::Slot(0) => true,
            Step::Fact(base, _) | Step::Field(base, _) => rooted(base),
            _ => false,
        }
    }
    match &op.step {
        Step::Fact(..) | Step::Field(..) if rooted(op) => paths.push(op),
        Step::Let(_) => paths.push(op),
        Step::Bool(_) | Step::Num(_) | Step::Text(_) | Step::Slot(_) => {}
        Step::Fact(a, _)
        | Step::Field(a, _)
        | Step::Has(a)
        | Step::Declared(a)
        | Step::Key(a)
        | Step::Not(a)
        | Step::Negate(a) => {
            collect_paths(a, paths);
        }
        Step::Size(a)
        | Step::Lower(a)
        | Step::Count(a, _)
        | Step::Sum(a)
        | Step::Round(_, a)
        | Step::Show(a, _) => {
            collect_paths(a, paths);
        }
        Step::And(a, b)
        | Step::Or(a, b)
        | Step::Compare(_, a, b)
        | Step::Arithmetic(_, a, b)
        | Step::In(a, b) => {
            collect_paths(a, paths);
            collect_paths(b, paths);
        }
        Step::Index(a, b) | Step::Method(_, a, b) | Step::Join(a, b) => {
            collect_paths(a, paths);
            collect_paths(b, paths);
        }
        Step::Condition(a, b, c) => [a, b, c].into_iter().for_each(|part| collect_paths(part, paths)),
        Step::List(items) | Step::Extreme(_, items) => {
            items.iter().for_each(|part| collect_paths(part, paths))
        }
        Step::Fold(_, range, _, body, condition) => {
            collect_paths(range, paths);
            collect_paths(body, paths);
            condition.iter().for_each(|part| collect_paths(part, paths));
        }
    }
}

struct Compiler<'n> {
    names: &'n Names,
    /// The variables of the loops around what is compiled, outermost first. Each has a slot behind those of the names.
    loops: Vec<(&'n str, Type)>,
}

struct Refusal {
    ordinal: u32,
    message: String,
    help: Option<String>,
}

type Compiled = Result<(Op, Type), Refusal>;

impl<'n> Compiler<'n> {
    fn op(&mut self, expr: &'n Expr) -> Compiled {
        let ordinal = expr.ordinal;
        let (step, ty) = match &expr.node {
            Node::Literal(Literal::Bool(value)) => (Step::Bool(*value), Type::Bool),
            Node::Literal(Literal::Num(value)) => {
                (Step::Num(*value), Type::Num(if *value == 0.0 { None } else { Some(Unit::None) }))
            }
            Node::Literal(Literal::Text(value)) => (Step::Text(value.clone()), Type::Text),
            Node::Name(name) => self.name(ordinal, name)?,
            Node::Select(base, field) => self.select(ordinal, base, field)?,
            Node::Has(base, field) => {
                let (step, _) = self.select(ordinal, base, field)?;
                (Step::Has(Box::new(Op { ordinal, step })), Type::Bool)
            }
            Node::Not(inner) => (Step::Not(self.truth(inner)?), Type::Bool),
            Node::Negate(inner) => {
                let (op, ty) = self.number(inner)?;
                (Step::Negate(op), Type::Num(ty))
            }
            Node::Binary(operator, left, right) => self.binary(ordinal, *operator, left, right)?,
            Node::Condition(condition, yes, no) => {
                let condition = self.truth(condition)?;
                let (yes, a) = self.op(yes)?;
                let (no, b) = self.op(no)?;
                let ty = unify(&a, &b).ok_or_else(|| {
                    refuse(ordinal, format!("one answer is {}, the other {}", a.text(), b.text()))
                })?;
                (Step::Condition(condition, Box::new(yes), Box::new(no)), ty)
            }
            Node::Index(base, index) => {
                let (base_op, base_ty) = self.op(base)?;
                let (index_op, index_ty) = self.op(index)?;
                let ty = match (&base_ty, &index_ty) {
                    (Type::List(item), Type::Num(_)) => (**item).clone(),
                    (Type::Map(item), Type::Text | Type::Node(_)) => (**item).clone(),
                    (Type::Node(schema), Type::Num(_) | Type::Text | Type::Node(_)) => {
                        Type::Node(schema.elements())
                    }
                    _ => return Err(refuse(ordinal, format!("{} has no such index", base_ty.text()))),
                };
                (Step::Index(Box::new(base_op), Box::new(index_op)), ty)
            }
            Node::List(items) => {
                let mut ty: Option<Type> = None;
                let mut ops = Vec::new();
                for item in items {
                    let (op, item_ty) = self.op(item)?;
                    ty = Some(match ty {
                        None => item_ty,
                        Some(ty) => unify(&ty, &item_ty).ok_or_else(|| {
                            refuse(item.ordinal, "a list holds things of one type".to_owned())
                        })?,
                    });
                    ops.push(op);
                }
                (Step::List(ops), Type::List(Box::new(ty.unwrap_or(Type::Node(Schema::default())))))
            }
            Node::Fold(kind, range, variable, body, condition) => {
                self.fold(*kind, range, variable, body, condition.as_deref())?
            }
            Node::Call(name, None, args) => self.call(ordinal, name, args)?,
            Node::Call(name, Some(target), args) => self.method(ordinal, name, target, args)?,
        };
        Ok((Op { ordinal, step }, ty))
    }

    fn name(&mut self, ordinal: u32, name: &str) -> Result<(Step, Type), Refusal> {
        if let Some(at) = self.loops.iter().rposition(|(known, _)| *known == name) {
            return Ok((Step::Slot(self.names.slots + at), self.loops[at].1.clone()));
        }
        match self.names.get(name) {
            Some(Meaning::Slot(slot, ty)) => return Ok((Step::Slot(*slot), ty.clone())),
            Some(Meaning::Let(number, ty)) => return Ok((Step::Let(*number), ty.clone())),
            None => {}
        }
        if let Some((_, value, unit)) = CONSTANTS.iter().find(|(known, _, _)| *known == name) {
            return Ok((Step::Num(*value), Type::Num(*unit)));
        }
        let loops = self.loops.iter().map(|(name, _)| *name);
        let constants = CONSTANTS.iter().map(|(name, _, _)| *name);
        let known: Vec<&str> = self.names.all().chain(loops).chain(constants).collect();
        let help = nearest(name, known.iter().copied()).map_or_else(
            || format!("known here: {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Err(Refusal { ordinal, message: format!("`{name}` is not known here"), help: Some(help) })
    }

    fn select(&mut self, ordinal: u32, base: &'n Expr, field: &str) -> Result<(Step, Type), Refusal> {
        // `param.age` is one name.
        if let Node::Name(name) = &base.node
            && name == PARAM
        {
            return match self.names.get(&param(field)) {
                Some(Meaning::Slot(slot, ty)) => Ok((Step::Slot(*slot), ty.clone())),
                _ => Err(refuse(ordinal, format!("this rule has no parameter `{field}`"))),
            };
        }
        let (op, ty) = self.op(base)?;
        match ty {
            Type::Thing(kind) => {
                let def = kind.def();
                let Some(fact) = def.fact(field) else {
                    let names = def.facts().map(|fact| fact.name);
                    let help = nearest(field, names.clone()).map_or_else(
                        || format!("it has: {}", names.collect::<Vec<_>>().join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("a {} has no fact `{field}`", def.name);
                    return Err(Refusal { ordinal, message, help: Some(help) });
                };
                let ty = match fact.ty {
                    // The names of a manifest's fields are checked against the table that finds misspelt ones in manifests.
                    Ty::Node if fact.name == "manifest" => Type::Node(Schema::of(def.schema)),
                    ty => ty.into(),
                };
                Ok((Step::Fact(Box::new(op), fact), ty))
            }
            Type::Node(schema) => {
                let below = schema.field(field).map_err(|help| Refusal {
                    ordinal,
                    message: format!("there is no field `{field}` here"),
                    help,
                })?;
                Ok((Step::Field(Box::new(op), field.to_owned()), Type::Node(below)))
            }
            other => Err(refuse(ordinal, format!("{} has no parts", other.text()))),
        }
    }

    fn truth(&mut self, expr: &'n Expr) -> Result<Box<Op>, Refusal> {
        match self.op(expr)? {
            (op, Type::Bool | Type::Node(_)) => Ok(Box::new(op)),
            (_, other) => {
                Err(refuse(expr.ordinal, format!("this is {}, and it must be true or false", other.text())))
            }
        }
    }

    fn number(&mut self, expr: &'n Expr) -> Result<(Box<Op>, Option<Unit>), Refusal> {
        as_number(self.op(expr)?)
    }

    fn binary(
        &mut self,
        ordinal: u32,
        operator: Binary,
        left: &'n Expr,
        right: &'n Expr,
    ) -> Result<(Step, Type), Refusal> {
        match operator {
            Binary::And => Ok((Step::And(self.truth(left)?, self.truth(right)?), Type::Bool)),
            Binary::Or => Ok((Step::Or(self.truth(left)?, self.truth(right)?), Type::Bool)),
            Binary::In => {
                let (item, _) = self.op(left)?;
                let (range, range_ty) = self.op(right)?;
                match range_ty {
                    Type::List(_) | Type::Map(_) | Type::Node(_) => {
                        Ok((Step::In(Box::new(item), Box::new(range)), Type::Bool))
                    }
                    other => Err(refuse(ordinal, format!("nothing is in {}", other.text()))),
                }
            }
            Binary::Equal | Binary::NotEqual => {
                let (a, a_ty) = self.op(left)?;
                let (b, b_ty) = self.op(right)?;
                if unify(&a_ty, &b_ty).is_none() {
                    let message = format!("{} and {} are never equal", a_ty.text(), b_ty.text());
                    return Err(refuse(ordinal, message));
                }
                Ok((Step::Compare(operator, Box::new(a), Box::new(b)), Type::Bool))
            }
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                let (a, a_unit) = self.number(left)?;
                let (b, b_unit) = self.number(right)?;
                same_unit(a_unit, b_unit).ok_or_else(|| mixed(ordinal, a_unit, b_unit))?;
                Ok((Step::Compare(operator, a, b), Type::Bool))
            }
            Binary::Add | Binary::Subtract | Binary::Modulo => {
                let first = self.op(left)?;
                if operator == Binary::Add && first.1 == Type::Text {
                    return self.joined(first.0, right);
                }
                let (a, a_unit) = as_number(first)?;
                let (b, b_unit) = self.number(right)?;
                let unit = same_unit(a_unit, b_unit).ok_or_else(|| mixed(ordinal, a_unit, b_unit))?;
                Ok((Step::Arithmetic(operator, a, b), Type::Num(unit)))
            }
            Binary::Multiply => {
                let (a, a_unit) = self.number(left)?;
                let (b, b_unit) = self.number(right)?;
                let unit = match (a_unit, b_unit) {
                    (unit, Some(Unit::None | Unit::Percent)) | (Some(Unit::None | Unit::Percent), unit) => {
                        if unit == Some(Unit::Percent) {
                            Some(Unit::None)
                        } else {
                            unit
                        }
                    }
                    (None, unit) | (unit, None) => unit,
                    _ => return Err(mixed(ordinal, a_unit, b_unit)),
                };
                Ok((Step::Arithmetic(operator, a, b), Type::Num(unit)))
            }
            Binary::Divide => {
                let (a, a_unit) = self.number(left)?;
                let (b, b_unit) = self.number(right)?;
                let unit = match (a_unit, b_unit) {
                    (unit, Some(Unit::None | Unit::Percent)) => unit,
                    (a, b) if same_unit(a, b).is_some() => Some(Unit::None),
                    _ => return Err(mixed(ordinal, a_unit, b_unit)),
                };
                Ok((Step::Arithmetic(operator, a, b), Type::Num(unit)))
            }
        }
    }

    /// Text with more text behind it.
    fn joined(&mut self, text: Op, right: &'n Expr) -> Result<(Step, Type), Refusal> {
        match self.op(right)? {
            (more, Type::Text | Type::Node(_)) => {
                Ok((Step::Arithmetic(Binary::Add, Box::new(text), Box::new(more)), Type::Text))
            }
            (_, other) => Err(Refusal {
                ordinal: right.ordinal,
                message: format!("this is {}, and text can only be joined with text", other.text()),
                help: Some("`text(x)` makes text of a number".to_owned()),
            }),
        }
    }

    fn fold(
        &mut self,
        kind: Fold,
        range: &'n Expr,
        variable: &'n str,
        body: &'n Expr,
        condition: Option<&'n Expr>,
    ) -> Result<(Step, Type), Refusal> {
        let (range_op, range_ty) = self.op(range)?;
        let item = match range_ty {
            Type::List(item) => *item,
            Type::Map(_) => Type::Text,
            Type::Node(schema) => Type::Node(schema.elements()),
            other => {
                return Err(refuse(
                    range.ordinal,
                    format!("this is {}, and it must be a list", other.text()),
                ));
            }
        };
        let slot = self.names.slots + self.loops.len();
        self.loops.push((variable, item.clone()));
        let condition = condition.map(|condition| self.truth(condition)).transpose()?;
        let (body_op, body_ty) = match kind {
            Fold::Map => self.op(body)?,
            _ => (*self.truth(body)?, Type::Bool),
        };
        self.loops.pop();
        let ty = match kind {
            Fold::Map => Type::List(Box::new(body_ty)),
            Fold::Filter => Type::List(Box::new(item)),
            Fold::All | Fold::Exists | Fold::ExistsOne => Type::Bool,
        };
        Ok((Step::Fold(kind, Box::new(range_op), slot, Box::new(body_op), condition), ty))
    }

    fn call(&mut self, ordinal: u32, name: &str, args: &'n [Expr]) -> Result<(Step, Type), Refusal> {
        match (name, args) {
            ("declared", [of]) => {
                let (op, _) = self.op(of)?;
                Ok((Step::Declared(Box::new(op)), Type::Bool))
            }
            ("key", [of]) => {
                let (op, _) = self.op(of)?;
                Ok((Step::Key(Box::new(op)), Type::Text))
            }
            ("count", [of, word]) => {
                let (op, ty) = self.op(of)?;
                let Node::Literal(Literal::Text(word)) = &word.node else {
                    return Err(refuse(
                        word.ordinal,
                        "the second part of `count` is a word, such as \"replica\"".to_owned(),
                    ));
                };
                match ty {
                    Type::Num(_) | Type::Node(_) | Type::List(_) => {
                        Ok((Step::Count(Box::new(op), word.clone()), Type::Text))
                    }
                    other => Err(refuse(of.ordinal, format!("{} cannot be counted", other.text()))),
                }
            }
            ("sum", [of]) => {
                let (op, ty) = self.op(of)?;
                match ty {
                    Type::List(item) if matches!(*item, Type::Num(_) | Type::Node(_)) => {
                        Ok((Step::Sum(Box::new(op)), *item))
                    }
                    other => Err(refuse(of.ordinal, format!("{} has no sum", other.text()))),
                }
            }
            ("min" | "max", [of]) => {
                let (op, ty) = self.op(of)?;
                match ty {
                    Type::List(item) if matches!(*item, Type::Num(_) | Type::Node(_)) => {
                        Ok((Step::Extreme(name == "max", vec![op]), *item))
                    }
                    other => Err(refuse(
                        of.ordinal,
                        format!("`{name}` takes a list of numbers, this is {}", other.text()),
                    )),
                }
            }
            ("min" | "max", [_, _, ..]) => {
                let mut unit = None;
                let mut ops = Vec::new();
                for arg in args {
                    let (op, arg_unit) = self.number(arg)?;
                    unit = same_unit(unit, arg_unit).ok_or_else(|| mixed(arg.ordinal, unit, arg_unit))?;
                    ops.push(*op);
                }
                Ok((Step::Extreme(name == "max", ops), Type::Num(unit)))
            }
            ("floor" | "ceil", [of]) => {
                let (op, unit) = self.number(of)?;
                Ok((Step::Round(name == "ceil", op), Type::Num(unit)))
            }
            ("join", [list, separator]) => {
                let (list, list_ty) = self.op(list)?;
                let (separator, _) = self.op(separator)?;
                match list_ty {
                    Type::List(item) if matches!(*item, Type::Text | Type::Node(_)) => {
                        Ok((Step::Join(Box::new(list), Box::new(separator)), Type::Text))
                    }
                    other => {
                        Err(refuse(ordinal, format!("`join` takes a list of text, this is {}", other.text())))
                    }
                }
            }
            ("text", [of]) => {
                let (op, ty) = self.op(of)?;
                Ok((Step::Show(Box::new(op), ty), Type::Text))
            }
            _ if FUNCTIONS.contains(&name) => Err(refuse(ordinal, format!("`{name}` takes other parts"))),
            _ => {
                let help = nearest(name, FUNCTIONS).map_or_else(
                    || format!("known functions: {}", FUNCTIONS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                Err(Refusal { ordinal, message: format!("there is no function `{name}`"), help: Some(help) })
            }
        }
    }

    fn method(
        &mut self,
        ordinal: u32,
        name: &str,
        target: &'n Expr,
        args: &'n [Expr],
    ) -> Result<(Step, Type), Refusal> {
        let (op, ty) = self.op(target)?;
        match (name, args, &ty) {
            ("size", [], Type::List(_) | Type::Map(_) | Type::Node(_) | Type::Text) => {
                Ok((Step::Size(Box::new(op)), Type::Num(Some(Unit::None))))
            }
            ("startsWith" | "endsWith" | "contains", [of], Type::Text | Type::Node(_)) => {
                let method = match name {
                    "startsWith" => TextMethod::StartsWith,
                    "endsWith" => TextMethod::EndsWith,
                    _ => TextMethod::Contains,
                };
                let (of, _) = self.op(of)?;
                Ok((Step::Method(method, Box::new(op), Box::new(of)), Type::Bool))
            }
            ("lowerAscii", [], Type::Text | Type::Node(_)) => Ok((Step::Lower(Box::new(op)), Type::Text)),
            _ if METHODS.contains(&name) => {
                Err(refuse(ordinal, format!("{} has no `{name}` with these parts", ty.text())))
            }
            _ => {
                let help = nearest(name, METHODS).map(|near| format!("did you mean `{near}`?"));
                Err(Refusal { ordinal, message: format!("there is no method `{name}`"), help })
            }
        }
    }
}

fn as_number((op, ty): (Op, Type)) -> Result<(Box<Op>, Option<Unit>), Refusal> {
    match ty {
        Type::Num(unit) => Ok((Box::new(op), unit)),
        Type::Node(_) => Ok((Box::new(op), None)),
        other => Err(refuse(op.ordinal, format!("this is {}, and it must be a number", other.text()))),
    }
}

fn refuse(ordinal: u32, message: String) -> Refusal {
    Refusal { ordinal, message, help: None }
}

fn mixed(ordinal: u32, a: Option<Unit>, b: Option<Unit>) -> Refusal {
    let (a, b) = (Type::Num(a), Type::Num(b));
    Refusal {
        ordinal,
        message: format!("{} and {} do not go together", a.text(), b.text()),
        help: Some("write `30 * second`, `512 * MiB` for a number with a unit".to_owned()),
    }
}

/// The unit that two numbers share. Percent counts as a plain number.
fn same_unit(a: Option<Unit>, b: Option<Unit>) -> Option<Option<Unit>> {
    let plain = |unit: Unit| matches!(unit, Unit::None | Unit::Percent);
    match (a, b) {
        (None, unit) | (unit, None) => Some(unit),
        (Some(a), Some(b)) if a == b => Some(Some(a)),
        (Some(a), Some(b)) if plain(a) && plain(b) => Some(Some(if a == Unit::Percent { a } else { b })),
        _ => None,
    }
}

fn unify(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::Node(a), Type::Node(b)) => Some(Type::Node(a.or(b))),
        (Type::Node(_), other) | (other, Type::Node(_)) => Some(other.clone()),
        (Type::Num(a), Type::Num(b)) => same_unit(*a, *b).map(Type::Num),
        (Type::List(a), Type::List(b)) => unify(a, b).map(|item| Type::List(Box::new(item))),
        (Type::Map(a), Type::Map(b)) => unify(a, b).map(|item| Type::Map(Box::new(item))),
        (a, b) if a == b => Some(a.clone()),
        _ => None,
    }
}

/// The value of a constant name.
pub fn constant(name: &str) -> Option<f64> {
    CONSTANTS.iter().find(|(known, _, _)| *known == name).map(|(_, value, _)| *value)
}
