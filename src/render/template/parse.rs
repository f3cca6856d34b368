//! Tokens to trees, by Go's grammar and with its messages.
//!
//! Unlike Go's, this parser knows no functions: a chart in which one unused helper calls a function that does not exist is
//! rendered, and only a call that is reached is an error.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::lex::{Kind, Lexer, Token};
use super::literal;
use super::tree::{Branch, Call, Command, Id, Lines, List, Node, Operand, Pipe, Range, Term, Tree, Written};

/// How deep parentheses and blocks may nest in each other.
const MAX_DEPTH: usize = 100;

/// How many `else if` may follow each other.
const MAX_LINKS: usize = 250;

/// A text that is no template: what is wrong, and on which line.
#[derive(Debug)]
pub(super) struct Broken {
    pub message: String,
    pub line: usize,
    /// The offset near which it is wrong.
    pub at: usize,
}

/// The templates of a text: its own, which comes last, and those that it defines.
pub(super) fn parse(name: &Rc<str>, text: &Rc<str>, words: &mut Words) -> Result<Vec<Tree>, Broken> {
    let mut parser = Parser {
        name,
        text,
        lexer: Lexer::new(text),
        tokens: [Token { kind: Kind::EndOfText, start: 0, end: 0 }; 3],
        peeked: 0,
        part: 0,
        scope: Scope::default(),
        depth: 0,
        defined: Vec::new(),
        words,
        nodes: Vec::new(),
        commands: Vec::new(),
        operands: Vec::new(),
        path: Vec::new(),
    };
    let root = parser.file()?;
    parser.define(name.clone(), root)?;
    let Parser { defined, part, .. } = parser;
    let written = Rc::new(Written { name: name.clone(), text: text.clone(), parts: part });
    let tree = |(name, root)| Tree { name, written: written.clone(), root: Rc::new(root) };
    Ok(defined.into_iter().map(tree).collect())
}

/// The names that occurred; most occur often.
pub(super) type Words = FxHashSet<Rc<str>>;

struct Parser<'t> {
    name: &'t str,
    text: &'t str,
    lexer: Lexer<'t>,
    /// Up to three tokens ahead; the last one read is the first.
    tokens: [Token; 3],
    peeked: usize,
    part: u32,
    scope: Scope,
    depth: usize,
    defined: Vec<(Rc<str>, List)>,
    words: &'t mut Words,
    /// The parts of what is not complete yet: each list takes its own from the end, once it knows how many there are.
    nodes: Vec<Node>,
    commands: Vec<Command>,
    operands: Vec<Operand>,
    path: Vec<Rc<str>>,
}

/// What belongs to the template that is being read, and not to those around it.
#[derive(Default)]
struct Scope {
    variables: Vec<Rc<str>>,
    ranges: usize,
    /// Where the action started that is being read.
    action: Option<usize>,
    /// The variables that were assigned, with the number of variables that had been declared.
    assigned: Vec<(Rc<str>, usize)>,
}

/// What ends a list.
enum Ending {
    End,
    Else,
}

impl Ending {
    fn spelling(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// An `if`, `with` or `range` without what stands in its `else`.
struct Link {
    pipe: Pipe,
    then: List,
    /// Where its `else` begins.
    behind: u32,
    /// How many variables there were, and how many assignments.
    variables: usize,
    assigned: usize,
}

enum Item {
    Node(Node),
    Ending(Ending, u32),
}

type Parsed<T> = Result<T, Broken>;

impl<'t> Parser<'t> {
    fn next(&mut self) -> Token {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.next();
        }
        self.tokens[self.peeked]
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    fn peek(&mut self) -> Token {
        if self.peeked > 0 {
            return self.tokens[self.peeked - 1];
        }
        self.peeked = 1;
        self.tokens[0] = self.lexer.next();
        self.tokens[0]
    }

    fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_word(&mut self) -> Token {
        let token = self.next_word();
        self.backup();
        token
    }

    fn spelling(&self, token: Token) -> &'t str {
        &self.text[token.start..token.end]
    }

    fn named(&mut self, name: &'t str) -> Rc<str> {
        if let Some(known) = self.words.get(name) {
            return Rc::clone(known);
        }
        let new: Rc<str> = name.into();
        self.words.insert(Rc::clone(&new));
        new
    }

    fn id(&mut self) -> Id {
        self.part += 1;
        Id(self.part - 1)
    }

    fn broken<T>(&self, message: impl Into<String>) -> Parsed<T> {
        let token = self.tokens[0];
        Err(Broken { message: message.into(), line: self.line(token.start), at: token.start })
    }

    /// The line of an offset, from 1.
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Parsed<T> {
        if token.kind == Kind::Error {
            let mut message = self.lexer.error.clone();
            if let Some(started) = self.scope.action.map(|at| self.line(at))
                && started != self.line(token.start)
            {
                if !message.ends_with(" action") {
                    message.push_str(" in action");
                }
                message.push_str(&format!(" started at {}:{started}", self.name));
            }
            return self.broken(message);
        }
        let spelling = self.spelling(token);
        let what = match token.kind {
            Kind::EndOfText => "EOF".to_owned(),
            kind if kind.is_keyword() => format!("<{spelling}>"),
            _ if spelling.len() > 10 => {
                format!("{}...", literal::quote(&spelling.chars().take(10).collect::<String>()))
            }
            _ => literal::quote(spelling),
        };
        self.broken(format!("unexpected {what} in {context}"))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_word();
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return self.broken("max expression depth exceeded");
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn file(&mut self) -> Parsed<List> {
        self.scope.variables.push("$".into());
        loop {
            let token = self.peek();
            match token.kind {
                Kind::EndOfText => {
                    let range = Range { start: 0, end: self.text.len() as u32 };
                    return Ok(List { nodes: self.nodes.drain(..).collect(), range });
                }
                Kind::Open => {
                    let open = self.next();
                    if self.next_word().kind == Kind::Define {
                        self.definition()?;
                        continue;
                    }
                    // Both tokens are read again; what stands between them is no space that matters.
                    self.tokens[1] = open;
                    self.peeked = 2;
                }
                _ => {}
            }
            match self.item()? {
                Item::Node(node) => self.nodes.push(node),
                Item::Ending(ending, _) => return self.broken(format!("unexpected {}", ending.spelling())),
            }
        }
    }

    /// Reads a template inside the text, with variables and loops of its own.
    fn apart(&mut self, name: Rc<str>, context: &str) -> Parsed<()> {
        let mut inner = Scope { variables: vec!["$".into()], ..Scope::default() };
        std::mem::swap(&mut self.scope, &mut inner);
        let (root, ending, _) = self.list()?;
        if let Ending::Else = ending {
            return self.broken(format!("unexpected {} in {context}", ending.spelling()));
        }
        self.define(name, root)?;
        self.scope = inner;
        Ok(())
    }

    fn definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_word();
        let name = self.template_name(token, CONTEXT)?;
        self.expect(Kind::Close, CONTEXT)?;
        self.apart(name, CONTEXT)
    }

    fn template_name(&mut self, token: Token, context: &str) -> Parsed<Rc<str>> {
        match token.kind {
            Kind::Quoted | Kind::Raw => self.unquote(token),
            _ => self.unexpected(token, context),
        }
    }

    fn unquote(&mut self, token: Token) -> Parsed<Rc<str>> {
        let spelling = self.spelling(token);
        if let Some(plain) = spelling.get(1..spelling.len().saturating_sub(1))
            && !plain.contains(['\\', '\r'])
        {
            return Ok(self.named(plain));
        }
        match literal::unquote(spelling) {
            Ok(text) => Ok(text.into()),
            Err(error) => self.broken(error),
        }
    }

    fn define(&mut self, name: Rc<str>, root: List) -> Parsed<()> {
        match self.defined.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) if old.is_empty(self.text) => *old = root,
            Some(_) if root.is_empty(self.text) => {}
            Some(_) => {
                let name = literal::quote(&name);
                return self.broken(format!("template: multiple definition of template {name}"));
            }
            None => self.defined.push((name, root)),
        }
        Ok(())
    }

    /// Nodes up to what ends them, and the offset behind the ending action.
    fn list(&mut self) -> Parsed<(List, Ending, u32)> {
        let (start, first) = (self.peek_word().start as u32, self.nodes.len());
        loop {
            let token = self.peek_word();
            if token.kind == Kind::EndOfText {
                self.next_word();
                return self.broken("unexpected EOF");
            }
            match self.item()? {
                Item::Node(node) => self.nodes.push(node),
                Item::Ending(ending, behind) => {
                    let range = Range { start, end: token.start as u32 };
                    return Ok((List { nodes: self.nodes.drain(first..).collect(), range }, ending, behind));
                }
            }
        }
    }

    fn item(&mut self) -> Parsed<Item> {
        let token = self.next_word();
        match token.kind {
            Kind::Text => Ok(Item::Node(self.lines(token))),
            Kind::Open => {
                self.scope.action = Some(token.start);
                let item = self.action();
                if item.is_ok() {
                    self.scope.action = None;
                }
                item
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn lines(&mut self, token: Token) -> Node {
        let first = self.id();
        let breaks = self.spelling(token).bytes().filter(|byte| *byte == b'\n').count();
        self.part += breaks as u32;
        Node::Text(Lines { range: Range { start: token.start as u32, end: token.end as u32 }, first })
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_word();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.leave(Node::Break, "{{break}}")?,
            Kind::Continue => self.leave(Node::Continue, "{{continue}}")?,
            Kind::Else => {
                let word = self.peek_word();
                if matches!(word.kind, Kind::If | Kind::With) {
                    return Ok(Item::Ending(Ending::Else, word.start as u32));
                }
                return Ok(Item::Ending(Ending::Else, self.expect(Kind::Close, "else")?.end as u32));
            }
            Kind::End => return Ok(Item::Ending(Ending::End, self.expect(Kind::Close, "end")?.end as u32)),
            Kind::If => Node::If(Box::new(self.branch(Kind::If)?)),
            Kind::Range => Node::Range(Box::new(self.branch(Kind::Range)?)),
            Kind::With => Node::With(Box::new(self.branch(Kind::With)?)),
            Kind::Template => self.template()?,
            _ => {
                self.backup();
                Node::Action(self.pipeline("command", Kind::Close)?)
            }
        };
        Ok(Item::Node(node))
    }

    fn leave(&mut self, node: Node, spelling: &str) -> Parsed<Node> {
        let token = self.next_word();
        if token.kind != Kind::Close {
            return self.unexpected(token, spelling);
        }
        if self.scope.ranges == 0 {
            return self.broken(format!("{spelling} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn block(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_word();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::Close)?;
        self.deeper(|parser| parser.apart(name.clone(), CONTEXT))?;
        let call = Call { id: self.id(), start: token.start as u32, name, pipe: Some(pipe) };
        Ok(Node::Template(Box::new(call)))
    }

    fn template(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_word();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = match self.next_word().kind {
            Kind::Close => None,
            _ => {
                self.backup();
                Some(self.pipeline(CONTEXT, Kind::Close)?)
            }
        };
        Ok(Node::Template(Box::new(Call { id: self.id(), start: token.start as u32, name, pipe })))
    }

    fn branch(&mut self, word: Kind) -> Parsed<Branch> {
        self.deeper(|parser| parser.chain(word))
    }

    /// An `if`, `with` or `range`, and every `else if` or `else with` behind it, of which each stands in the `else` of the one
    /// before; read one after the other, because there may be many.
    fn chain(&mut self, word: Kind) -> Parsed<Branch> {
        let mut links = Vec::new();
        let mut otherwise = loop {
            let (link, ending, behind) = self.link(word)?;
            links.push(link);
            match ending {
                Ending::End => break None,
                Ending::Else if word != Kind::Range && self.peek().kind == word => {
                    self.next();
                    if links.len() >= MAX_LINKS {
                        return self.broken("max expression depth exceeded");
                    }
                    if let Some(link) = links.last_mut() {
                        link.behind = behind;
                    }
                }
                Ending::Else => {
                    let (list, ending, _) = self.list()?;
                    if let Ending::Else = ending {
                        return self.broken(format!("expected end; found {}", ending.spelling()));
                    }
                    break Some(list);
                }
            }
        };
        loop {
            let Some(link) = links.pop() else { return self.broken("unexpected EOF") };
            let assigns = self.close(link.variables, link.assigned);
            let branch = Branch { pipe: link.pipe, then: link.then, otherwise, assigns };
            let Some(before) = links.last() else { return Ok(branch) };
            let end = branch.otherwise.as_ref().map_or(branch.then.range.end, |list| list.range.end);
            let branch = Box::new(branch);
            let node = if word == Kind::If { Node::If(branch) } else { Node::With(branch) };
            otherwise = Some(List { nodes: Box::new([node]), range: Range { start: before.behind, end } });
        }
    }

    fn link(&mut self, word: Kind) -> Parsed<(Link, Ending, u32)> {
        let context = match word {
            Kind::If => "if",
            Kind::With => "with",
            _ => "range",
        };
        let (variables, assigned) = (self.scope.variables.len(), self.scope.assigned.len());
        let pipe = self.pipeline(context, Kind::Close)?;
        self.scope.ranges += usize::from(word == Kind::Range);
        let (then, ending, behind) = self.list()?;
        self.scope.ranges -= usize::from(word == Kind::Range);
        Ok((Link { pipe, then, behind, variables, assigned }, ending, behind))
    }

    /// Ends a block: what was declared in it dies, and so does every assignment to that. The others are told.
    fn close(&mut self, variables: usize, assigned: usize) -> Vec<Rc<str>> {
        self.scope.variables.truncate(variables);
        let mut assigns = self.scope.assigned.split_off(assigned);
        assigns.retain(|(_, declared)| *declared < variables);
        assigns.sort_unstable();
        assigns.dedup();
        self.scope.assigned.extend(assigns.iter().cloned());
        assigns.into_iter().map(|(name, _)| name).collect()
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        let start = self.peek_word().start as u32;
        let id = self.id();
        let range = Range { start, end: start };
        let mut pipe = Pipe { id, range, declares: Vec::new(), assigns: false, commands: Box::default() };
        let first = self.commands.len();
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_word();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::Raw
                | Kind::Quoted
                | Kind::Variable
                | Kind::OpenParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.range.end = command.range.end;
                    self.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
        pipe.commands = self.commands.drain(first..).collect();
        if pipe.commands.is_empty() {
            return self.broken(format!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if matches!(
                command.operands[0].term,
                Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text(_)
            ) {
                return self.broken(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(pipe)
    }

    /// `$x :=`, `$x =` or, in a range, `$i, $x :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Parsed<()> {
        loop {
            let variable = self.peek_word();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            let behind = self.peek();
            let next = self.peek_word();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    self.next_word();
                    pipe.assigns = next.kind == Kind::Assign;
                    self.declare(pipe, variable);
                    return Ok(());
                }
                Kind::Comma => {
                    self.next_word();
                    self.declare(pipe, variable);
                    if context == "range" && pipe.declares.len() < 2 {
                        if matches!(self.peek_word().kind, Kind::Variable | Kind::Close | Kind::CloseParen) {
                            continue;
                        }
                        return self.broken("range can only initialize variables");
                    }
                    return self.broken(format!("too many declarations in {context}"));
                }
                _ if behind.kind == Kind::Space => {
                    self.tokens[1] = behind;
                    self.tokens[2] = variable;
                    self.peeked = 3;
                    return Ok(());
                }
                _ => {
                    self.tokens[1] = variable;
                    self.peeked = 2;
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: Token) {
        let name = self.named(self.spelling(variable));
        let declared = self.scope.variables.iter().rposition(|other| *other == name);
        match declared {
            Some(declared) if pipe.assigns => self.scope.assigned.push((name.clone(), declared)),
            // An assignment declares as well, so that what was never declared is found only when it runs.
            _ => self.scope.variables.push(name.clone()),
        }
        pipe.declares.push(name);
    }

    fn command(&mut self) -> Parsed<Command> {
        let start = self.peek_word().start as u32;
        let id = self.id();
        let (first, mut range) = (self.operands.len(), Range { start, end: start });
        loop {
            self.peek_word();
            if let Some(operand) = self.operand()? {
                range.end = operand.range.end;
                self.operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::Close | Kind::CloseParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        if self.operands.len() == first {
            return self.broken("empty command");
        }
        Ok(Command { id, range, operands: self.operands.drain(first..).collect() })
    }

    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some(operand));
        }
        let start = self.peek().start as u32;
        if let Term::Field(fields) | Term::Variable(_, fields) = &mut operand.term {
            self.path.extend(std::mem::take(fields));
        }
        while self.peek().kind == Kind::Field {
            let token = self.next();
            operand.range.end = token.end as u32;
            let name = self.named(&self.spelling(token)[1..]);
            self.path.push(name);
        }
        let names: Box<[Rc<str>]> = self.path.drain(..).collect();
        match &mut operand.term {
            Term::Field(fields) | Term::Variable(_, fields) => {
                *fields = names;
                operand.start = start;
            }
            Term::Bool(_) | Term::Text(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                let range = operand.range;
                let end = range.end as usize - names.iter().map(|name| name.len() + 1).sum::<usize>();
                let term = literal::quote(&self.text[range.start as usize..end]);
                return self.broken(format!("unexpected . after term {term}"));
            }
            Term::Function(_) | Term::Chain(..) | Term::Pipe(_) => {
                let range = operand.range;
                let id = self.id();
                operand = Operand { id, start, range, term: Term::Chain(Box::new(operand), names) };
            }
        }
        Ok(Some(operand))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.next_word();
        let mut end = token.end;
        let term = match token.kind {
            Kind::Identifier => Term::Function(self.named(self.spelling(token))),
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable => {
                let name = self.named(self.spelling(token));
                if !self.scope.variables.contains(&name) {
                    return self.broken(format!("undefined variable {}", literal::quote(&name)));
                }
                Term::Variable(name, Box::default())
            }
            Kind::Field => Term::Field(Box::new([self.named(&self.spelling(token)[1..])])),
            Kind::Bool => Term::Bool(self.spelling(token) == "true"),
            Kind::CharConstant => match literal::unquote_char(self.spelling(token)) {
                Ok(value) => Term::Number(literal::Number::Int(value)),
                Err(error) => return self.broken(error),
            },
            Kind::Complex => Term::Number(literal::Number::Complex),
            Kind::Number => match literal::number(self.spelling(token)) {
                Ok(value) => Term::Number(value),
                Err(error) => return self.broken(error),
            },
            Kind::OpenParen => {
                let pipe =
                    self.deeper(|parser| parser.pipeline("parenthesized pipeline", Kind::CloseParen))?;
                end = self.tokens[0].end;
                Term::Pipe(Box::new(pipe))
            }
            Kind::Quoted | Kind::Raw => Term::Text(self.unquote(token)?),
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        let range = Range { start: token.start as u32, end: end as u32 };
        // Messages place a parenthesis at what stands in it.
        let start = match &term {
            Term::Pipe(pipe) => pipe.range.start,
            _ => range.start,
        };
        Ok(Some(Operand { id: self.id(), start, range, term }))
    }
}
