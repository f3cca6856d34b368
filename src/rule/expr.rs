//! The boundary to the `cel` crate: text in, our own expression tree out.
//!
//! Nothing else in steadfast names that crate. Its quick parser gives no positions on success, so every node carries its
//! ordinal (its number in pre-order), and when something has to be shown, the slower parser of the same crate is asked
//! where that ordinal stands. Macros arrive expanded; they are recognised here and become one node again.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr as Cel, IdedExpr, LiteralValue, operators};

/// An expression and its number in pre-order.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Its number.
    pub ordinal: u32,
    /// What it is.
    pub node: Node,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A truth value.
    Bool(bool),
    /// A number: CEL's integers and doubles are one kind here.
    Num(f64),
    /// Text.
    Text(String),
}

/// The operators with two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `in`
    In,
}

/// The macros over lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// `all`
    All,
    /// `exists`
    Exists,
    /// `exists_one`
    ExistsOne,
    /// `map`
    Map,
    /// `filter`
    Filter,
}

/// A node of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A constant.
    Literal(Literal),
    /// A name.
    Name(String),
    /// `base.field`
    Select(Box<Expr>, String),
    /// `has(base.field)`
    Has(Box<Expr>, String),
    /// `!x`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// Two sides.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `condition ? yes : no`
    Condition(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `base[index]`
    Index(Box<Expr>, Box<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `f(a)` or `target.f(a)`
    Call(String, Option<Box<Expr>>, Vec<Expr>),
    /// `list.exists(x, …)` and its like; `map` with a condition holds it in the last part.
    Fold(Fold, Box<Expr>, String, Box<Expr>, Option<Box<Expr>>),
}

/// Something wrong with an expression: at a byte range of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the expression's text.
    pub range: std::ops::Range<usize>,
    /// What.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// The longest expression that is read.
const LONGEST: usize = 4096;
/// The deepest nesting that is read.
const DEEPEST: usize = 48;

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, Fault> {
    let whole = 0..text.len();
    let fault = |message: &str, help: Option<&str>| Fault {
        range: whole.clone(),
        message: message.to_owned(),
        help: help.map(str::to_owned),
    };
    if text.trim().is_empty() {
        return Err(fault("there is no expression here", None));
    }
    if text.len() > LONGEST {
        return Err(fault(
            "the expression is longer than 4,096 bytes",
            Some("let the model compute it as a fact"),
        ));
    }
    if is_too_deep(text) {
        return Err(fault("the expression is nested too deeply", Some("let the model compute it as a fact")));
    }
    let parsed = cel::parser::PrattParser::new().max_recursion_depth(DEEPEST as u16 * 2).parse(text);
    match parsed {
        Ok(expr) => Lowering { next: 0 }.expr(expr).map_err(|(ordinal, message)| Fault {
            range: locate(text, ordinal),
            message,
            help: None,
        }),
        Err(errors) => {
            let first = errors.errors.first();
            let message =
                first.map_or_else(|| "it is not an expression".to_owned(), |error| plain(&error.msg));
            let (line, column) = first.map_or((1, 1), |error| error.pos);
            let at = offset(text, line, column);
            let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            Err(Fault { range: at..end, message, help: None })
        }
    }
}

/// The words of an expression that may be names: what stands in no text and behind no dot.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut behind_dot = false;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'"' | b'\'' => {
                    while let Some(inner) = bytes.get(at).filter(|inner| *inner != byte) {
                        at += if *inner == b'\\' { 2 } else { 1 };
                    }
                    at += 1;
                    behind_dot = false;
                }
                b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    let rest = &bytes[at..];
                    let is_part = |part: &u8| part.is_ascii_alphanumeric() || *part == b'_';
                    at += rest.iter().position(|part| !is_part(part)).unwrap_or(rest.len());
                    if !std::mem::take(&mut behind_dot) && !byte.is_ascii_digit() {
                        return text.get(start..at);
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => behind_dot = *byte == b'.',
            }
        }
        None
    })
}

/// The byte range in `text` of the node with this ordinal.
pub fn locate(text: &str, ordinal: u32) -> std::ops::Range<usize> {
    let whole = 0..text.len();
    let Ok(program) = cel::Program::compile(text) else { return whole };
    let info = program.source_info();
    let mut walk = Lowering { next: 0 };
    let mut found = None;
    walk.find(program.expression(), ordinal, &mut found);
    let Some(node) = found else { return whole };
    let mut range: Option<(u32, u32)> = None;
    each(node, &mut |part| {
        if let Some((start, end)) = info.offset_for(part.id) {
            let (a, b) = range.unwrap_or((start, end));
            range = Some((a.min(start), b.max(end)));
        }
    });
    match range {
        Some((start, end)) => {
            let start = (start as usize).min(text.len());
            let end = (end as usize + 1).clamp(start, text.len());
            let start = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            start..end
        }
        None => whole,
    }
}

/// Brackets and operators in a row bound the depth of the tree; chains of them would otherwise exhaust the stack.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut chain = 0_usize;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '.' | '+' | '-' | '*' | '/' | '%' | '!' | '?' | '&' | '|') => chain += 1,
            _ => {}
        }
        if depth > DEEPEST || chain > 400 {
            return true;
        }
    }
    false
}

/// The words of the parser, for people.
fn plain(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    message.replace("mismatched input '<EOF>'", "the expression ends too early,").replace("<EOF>", "the end")
}

fn offset(text: &str, line: isize, column: isize) -> usize {
    let start: usize = text.split_inclusive('\n').take((line.max(1) - 1) as usize).map(str::len).sum();
    let at = (start + (column.max(1) - 1) as usize).min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

struct Lowering {
    next: u32,
}

type Lowered = Result<Expr, (u32, String)>;

impl Lowering {
    fn expr(&mut self, ided: IdedExpr) -> Lowered {
        let ordinal = self.next;
        self.next += 1;
        let node = match ided.expr {
            Cel::Literal(value) => Node::Literal(
                literal(&value).ok_or((ordinal, "null and bytes have no use in a rule".to_owned()))?,
            ),
            Cel::Ident(name) => Node::Name(name),
            Cel::Select(select) => {
                let base = Box::new(self.expr(*select.operand)?);
                if select.test { Node::Has(base, select.field) } else { Node::Select(base, select.field) }
            }
            Cel::List(list) => {
                Node::List(list.elements.into_iter().map(|item| self.expr(item)).collect::<Result<_, _>>()?)
            }
            Cel::Call(call) => {
                let target = call.target.map(|target| self.expr(*target)).transpose()?;
                let args = call.args.into_iter().map(|arg| self.expr(arg));
                called(call.func_name, target, args.collect::<Result<_, _>>()?)
            }
            Cel::Comprehension(fold) => self.fold(ordinal, *fold)?,
            Cel::Map(_) | Cel::Struct(_) => {
                return Err((ordinal, "maps and structs have no use in a rule".to_owned()));
            }
            Cel::Unspecified => return Err((ordinal, "there is no expression here".to_owned())),
        };
        Ok(Expr { ordinal, node })
    }

    /// Recognises the macros by what they expand to.
    fn fold(&mut self, ordinal: u32, fold: ComprehensionExpr) -> Result<Node, (u32, String)> {
        let odd = || (ordinal, "this form of a loop is not known here".to_owned());
        let range = Box::new(self.expr(fold.iter_range)?);
        let variable = fold.iter_var;
        let Cel::Call(step) = fold.loop_step.expr else { return Err(odd()) };
        let mut args = step.args;
        let mut arg = |at: usize| args.get_mut(at).map(std::mem::take).ok_or_else(odd);
        let (kind, body) = match (&fold.accu_init.expr, step.func_name.as_str()) {
            (Cel::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_OR) => (Fold::Exists, arg(1)?),
            (Cel::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_AND) => (Fold::All, arg(1)?),
            (Cel::Literal(LiteralValue::Int(_)), operators::CONDITIONAL) => (Fold::ExistsOne, arg(0)?),
            (Cel::List(_), operators::ADD) => (Fold::Map, single(arg(1)?).ok_or_else(odd)?),
            (Cel::List(_), operators::CONDITIONAL) => {
                let Cel::Call(mut added) = arg(1)?.expr else { return Err(odd()) };
                let element = added.args.get_mut(1).map(std::mem::take).and_then(single).ok_or_else(odd)?;
                let same = matches!(&element.expr, Cel::Ident(name) if *name == variable);
                let condition = Box::new(self.expr(arg(0)?)?);
                if same {
                    return Ok(Node::Fold(Fold::Filter, range, variable, condition, None));
                }
                let body = Box::new(self.expr(element)?);
                return Ok(Node::Fold(Fold::Map, range, variable, body, Some(condition)));
            }
            _ => return Err(odd()),
        };
        Ok(Node::Fold(kind, range, variable, Box::new(self.expr(body)?), None))
    }

    /// Walks as [`Self::expr`] does and keeps the node with the wanted number.
    fn find<'e>(&mut self, ided: &'e IdedExpr, wanted: u32, found: &mut Option<&'e IdedExpr>) {
        let ordinal = self.next;
        self.next += 1;
        if ordinal == wanted {
            *found = Some(ided);
        }
        match &ided.expr {
            Cel::Select(select) => self.find(&select.operand, wanted, found),
            Cel::List(list) => list.elements.iter().for_each(|item| self.find(item, wanted, found)),
            Cel::Call(call) => {
                for part in call.target.as_deref().into_iter().chain(&call.args) {
                    self.find(part, wanted, found);
                }
            }
            Cel::Comprehension(fold) => {
                self.find(&fold.iter_range, wanted, found);
                let Cel::Call(step) = &fold.loop_step.expr else { return };
                match (&fold.accu_init.expr, step.func_name.as_str()) {
                    (Cel::List(_), operators::CONDITIONAL) => {
                        if let Some(condition) = step.args.first() {
                            self.find(condition, wanted, found);
                        }
                        let element = step.args.get(1).and_then(|added| match &added.expr {
                            Cel::Call(call) => call.args.get(1),
                            _ => None,
                        });
                        if let Some(Cel::List(list)) = element.map(|element| &element.expr)
                            && let [element] = list.elements.as_slice()
                            && !matches!(&element.expr, Cel::Ident(name) if *name == fold.iter_var)
                        {
                            self.find(element, wanted, found);
                        }
                    }
                    (Cel::List(_), _) => {
                        if let Some(Cel::List(list)) = step.args.get(1).map(|list| &list.expr)
                            && let [element] = list.elements.as_slice()
                        {
                            self.find(element, wanted, found);
                        }
                    }
                    (Cel::Literal(LiteralValue::Int(_)), _) => {
                        if let Some(body) = step.args.first() {
                            self.find(body, wanted, found);
                        }
                    }
                    _ => {
                        if let Some(body) = step.args.get(1) {
                            self.find(body, wanted, found);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// An operator or a call, by its name.
fn called(name: String, target: Option<Expr>, args: Vec<Expr>) -> Node {
    if target.is_some() {
        return Node::Call(name, target.map(Box::new), args);
    }
    match <[Expr; 1]>::try_from(args) {
        Ok([of]) => match name.as_str() {
            operators::LOGICAL_NOT => Node::Not(Box::new(of)),
            operators::NEGATE => Node::Negate(Box::new(of)),
            _ => Node::Call(name, None, vec![of]),
        },
        Err(args) => match <[Expr; 2]>::try_from(args) {
            Ok([left, right]) => match binary(&name) {
                Some(operator) => Node::Binary(operator, Box::new(left), Box::new(right)),
                None if name == operators::INDEX => Node::Index(Box::new(left), Box::new(right)),
                None => Node::Call(name, None, vec![left, right]),
            },
            Err(args) => match <[Expr; 3]>::try_from(args) {
                Ok([condition, yes, no]) if name == operators::CONDITIONAL => {
                    Node::Condition(Box::new(condition), Box::new(yes), Box::new(no))
                }
                Ok(args) => Node::Call(name, None, args.into()),
                Err(args) => Node::Call(name, None, args),
            },
        },
    }
}

/// The only element of a list.
fn single(list: IdedExpr) -> Option<IdedExpr> {
    match list.expr {
        Cel::List(mut list) if list.elements.len() == 1 => list.elements.pop(),
        _ => None,
    }
}

/// Visits a node and all below.
fn each<'e>(node: &'e IdedExpr, visit: &mut impl FnMut(&'e IdedExpr)) {
    let mut queue = vec![node];
    while let Some(node) = queue.pop() {
        visit(node);
        match &node.expr {
            Cel::Select(select) => queue.push(&select.operand),
            Cel::List(list) => queue.extend(&list.elements),
            Cel::Call(call) => queue.extend(call.target.as_deref().into_iter().chain(&call.args)),
            Cel::Comprehension(fold) => queue.extend([&fold.iter_range, &fold.loop_step]),
            Cel::Map(map) => queue.extend(map.entries.iter().filter_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => Some(&entry.value),
                EntryExpr::StructField(_) => None,
            })),
            _ => {}
        }
    }
}

fn literal(value: &LiteralValue) -> Option<Literal> {
    Some(match value {
        LiteralValue::Boolean(value) => Literal::Bool(*value.inner()),
        LiteralValue::Int(value) => Literal::Num(*value.inner() as f64),
        LiteralValue::UInt(value) => Literal::Num(*value.inner() as f64),
        LiteralValue::Double(value) => Literal::Num(*value.inner()),
        LiteralValue::String(value) => Literal::Text(value.inner().to_owned()),
        LiteralValue::Bytes(_) | LiteralValue::Null => return None,
    })
}

fn binary(name: &str) -> Option<Binary> {
    Some(match name {
        operators::LOGICAL_OR => Binary::Or,
        operators::LOGICAL_AND => Binary::And,
        operators::EQUALS => Binary::Equal,
        operators::NOT_EQUALS => Binary::NotEqual,
        operators::LESS => Binary::Less,
        operators::LESS_EQUALS => Binary::LessOrEqual,
        operators::GREATER => Binary::Greater,
        operators::GREATER_EQUALS => Binary::GreaterOrEqual,
        operators::ADD => Binary::Add,
        operators::SUBSTRACT => Binary::Subtract,
        operators::MULTIPLY => Binary::Multiply,
        operators::DIVIDE => Binary::Divide,
        operators::MODULO => Binary::Modulo,
        operators::IN => Binary::In,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shape(text: &str) -> String {
        fn show(expr: &Expr) -> String {
            match &expr.node {
                Node::Literal(Literal::Bool(value)) => value.to_string(),
                Node::Literal(Literal::Num(value)) => value.to_string(),
                Node::Literal(Literal::Text(value)) => format!("'{value}'"),
                Node::Name(name) => name.clone(),
                Node::Select(base, field) => format!("{}.{field}", show(base)),
                Node::Has(base, field) => format!("has({}.{field})", show(base)),
                Node::Not(inner) => format!("!{}", show(inner)),
                Node::Negate(inner) => format!("-{}", show(inner)),
                Node::Binary(op, a, b) => format!("({} {op:?} {})", show(a), show(b)),
                Node::Condition(c, a, b) => format!("({} ? {} : {})", show(c), show(a), show(b)),
                Node::Index(a, b) => format!("{}[{}]", show(a), show(b)),
                Node::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
                Node::Call(name, target, args) => format!(
                    "{}{name}({})",
                    target.as_ref().map(|t| show(t) + ".").unwrap_or_default(),
                    args.iter().map(show).collect::<Vec<_>>().join(", ")
                ),
                Node::Fold(kind, range, var, body, condition) => format!(
                    "{}.{kind:?}({var}, {}{})",
                    show(range),
                    condition.as_ref().map(|c| show(c) + ", ").unwrap_or_default(),
                    show(body)
                ),
            }
        }
        show(&parse(text).unwrap())
    }

    #[test]
    fn reads_what_rules_are_made_of() {
        let cases = [
            (
                "self.low.replicas >= 2 && self.controller in ['Deployment']",
                "((self.low.replicas GreaterOrEqual 2) And (self.controller In ['Deployment']))",
            ),
            ("!has(self.a.b)", "!has(self.a.b)"),
            ("self.budgets.exists(b, b.n > 1)", "self.budgets.Exists(b, (b.n Greater 1))"),
            ("self.budgets.all(b, b.n > 1)", "self.budgets.All(b, (b.n Greater 1))"),
            ("self.budgets.exists_one(b, b.n > 1)", "self.budgets.ExistsOne(b, (b.n Greater 1))"),
            ("self.budgets.map(b, b.name)", "self.budgets.Map(b, b.name)"),
            ("self.budgets.map(b, b.n > 1, b.name)", "self.budgets.Map(b, (b.n Greater 1), b.name)"),
            (
                "self.budgets.filter(b, b.n > 1).size() == 0",
                "(self.budgets.Filter(b, (b.n Greater 1)).size() Equal 0)",
            ),
            ("6 * self.t + 1.5", "((6 Multiply self.t) Add 1.5)"),
            ("a ? b[0] : -c", "(a ? b[0] : -c)"),
            ("count(self.n, \"replica\")", "count(self.n, 'replica')"),
        ];
        for (text, expected) in cases {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_what_may_be_a_name() {
        let text =
            r#"self.unit == "unit \" job" && has(workload . unit) || x1.exists(y, y > 2.5 * day) ? 'a' : b"#;
        let found: Vec<&str> = words(text).collect();
        assert_eq!(found, ["self", "has", "workload", "x1", "y", "y", "day", "b"]);
        assert_eq!(words("\"open").count(), 0);
    }

    #[test]
    fn finds_nodes_again() {
        let text = "self.a > 1 && self.list.exists(x, x.wrong == 2)";
        let expr = parse(text).unwrap();
        let Node::Binary(_, _, right) = &expr.node else { panic!() };
        let Node::Fold(_, _, _, body, _) = &right.node else { panic!() };
        let Node::Binary(_, left, _) = &body.node else { panic!() };
        assert_eq!(&text[locate(text, left.ordinal)], "x.");
        assert_eq!(&text[locate(text, expr.ordinal)], text.trim_end_matches(')'));
    }

    #[test]
    fn refuses_what_would_exhaust_the_stack() {
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"(".repeat(4_000)).is_err());
        assert!(parse(&format!("a{}", ".b".repeat(2_000))).is_err());
        assert!(parse(&format!("1{}", " + 1".repeat(900))).is_err());
        assert!(parse("self.").is_err());
        assert!(parse("").is_err());
    }
}
