//! `replacements`: values copied from one resource into others.

use std::rc::Rc;
use std::sync::Arc;

use super::build::Build;
use super::kustomization::Kustomization;
use super::load::DEPTH;
use super::names::join;
use super::node::{Kind, Node, Value};
use super::path::{self, Create};
use super::resource::{Id, Resource};
use super::selector::Selector;
use super::set::Set;
use super::trail::Trail;
use super::{Gravity, Problem};
use crate::render::origin::How;
use crate::source::FileId;
use crate::syntax::tree::NodeKind;
use crate::syntax::yaml;

/// The field that is meant where none is named.
const NAME: &str = "metadata.name";

/// How many nodes one value may have that is copied.
const SIZE: usize = 100_000;

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    let entries = kustomization.items("replacements");
    if entries.is_empty() {
        return;
    }
    set.remember(&build.schema);
    for entry in entries {
        if let Err(problem) = entry_of(build, kustomization, set, entry) {
            build.note(problem);
        }
    }
    set.forget();
}

/// One entry: a replacement, or a file with some.
pub(super) fn entry_of(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    entry: &Node,
) -> Result<(), Problem> {
    let Some(file) = entry.get("path").filter(|path| path.as_str().is_some_and(|path| !path.is_empty()))
    else {
        return one(build, set, entry);
    };
    let loaded = build.file(kustomization, file)?;
    for document in loaded.documents.iter().take(1) {
        match &document.value {
            Value::List(items) => items.iter().try_for_each(|item| one(build, set, item))?,
            Value::Map(_) => one(build, set, document)?,
            Value::Scalar(_) => return Err(Problem::new("this is no replacement", document.from)),
        }
    }
    Ok(())
}

fn one(build: &mut Build<'_>, set: &mut Set, entry: &Node) -> Result<(), Problem> {
    let targets = entry.get("targets");
    let targets = targets.ok_or_else(|| Problem::new("a replacement has `targets`", entry.from))?;
    let value = match (entry.get("source"), entry.get("sourceValue")) {
        (Some(source), None) => value(build, set, source)?,
        (None, Some(value)) => Some(value.clone()),
        _ => return Err(Problem::new("a replacement has either a `source` or a `sourceValue`", entry.from)),
    };
    let Some(value) = value else { return Ok(()) };
    for target in targets.items() {
        copy(build, set, &value, target)?;
    }
    Ok(())
}

/// The value that is to be copied; none where its resource may be among what is not known.
fn value(build: &mut Build<'_>, set: &Set, source: &Node) -> Result<Option<Node>, Problem> {
    let wanted = Id::read(source);
    let name = Some(&*wanted.name).filter(|name| !name.is_empty());
    let found = set.called(name, |id| id.is_selected_by(&wanted));
    let at = match found[..] {
        [at] => at,
        [] if build.is_partial || build.is_lone_component => return Ok(None),
        [] => return Err(Problem::new("no resource of this build is the source", source.from)),
        _ => return Err(Problem::new("several resources of this build could be the source", source.from)),
    };
    let field = source.str("fieldPath").filter(|field| !field.is_empty()).unwrap_or(NAME);
    let found = path::lookup(&set.list[at].node, &path::steps(field)).filter(|node| !node.is_empty());
    let found = found.ok_or_else(|| {
        let from = source.get("fieldPath").map_or(source.from, |field| field.from);
        Problem::new(format!("the source has nothing at `{field}`"), from)
    })?;
    if found.size(SIZE) >= SIZE {
        return Err(Problem::new("what is to be copied is larger than is read here", source.from));
    }
    let mut value = found.clone();
    let from = source.get("fieldPath").map_or(source.from, |field| field.from);
    let options = Options::read(source.get("options"));
    if let Some(delimiter) = options.delimiter {
        let text = value.scalar().map(|scalar| scalar.text.clone());
        let text = text.ok_or_else(|| Problem::new("only text can be cut at a `delimiter`", from))?;
        let piece = usize::try_from(options.index).ok().and_then(|at| text.split(delimiter).nth(at));
        let piece =
            piece.ok_or_else(|| Problem::new(format!("`{text}` has no part {}", options.index), from))?;
        let old = value.clone();
        let mut cut = Node::text(piece, old.from);
        if let (Value::Scalar(cut), Some(old)) = (&mut cut.value, old.scalar()) {
            (cut.kind, cut.quoted) = (old.kind, old.quoted);
        }
        value = cut;
    }
    value.from = build.trail.of(How::Chosen, &[value.from, from]);
    Ok(Some(value))
}

struct Options<'o> {
    delimiter: Option<&'o str>,
    index: i64,
    create: bool,
}

impl<'o> Options<'o> {
    fn read(node: Option<&'o Node>) -> Self {
        Self {
            delimiter: node.and_then(|node| node.str("delimiter")).filter(|delimiter| !delimiter.is_empty()),
            index: node.and_then(|node| node.str("index")).and_then(|index| index.parse().ok()).unwrap_or(0),
            create: node.and_then(|node| node.get("create")).is_some_and(Node::is_true),
        }
    }
}

fn copy(build: &mut Build<'_>, set: &mut Set, value: &Node, target: &Node) -> Result<(), Problem> {
    let select = target.get("select");
    let select =
        select.ok_or_else(|| Problem::new("a target of a replacement has a `select`", target.from))?;
    let read = |node: &Node| Selector::read(node).map_err(|message| Problem::new(message, node.from));
    let wanted = read(select)?;
    let rejects = target.get("reject").map_or(&[][..], Node::items);
    let rejects: Vec<Selector> = rejects.iter().map(read).collect::<Result<_, Problem>>()?;
    let options = Options::read(target.get("options"));
    let fields = target.get("fieldPaths").map_or(&[][..], Node::items);
    let name = [Node::text(NAME, target.from)];
    let fields = if fields.is_empty() { &name[..] } else { fields };
    let mut told = Vec::new();
    let schema = Rc::clone(&build.schema);
    for at in set.candidates(wanted.name()) {
        let resource = &set.list[at];
        let ids = resource.ids();
        let is_rejected = rejects.iter().any(|reject| {
            reject.asks_marks() && reject.marks_fit(resource)
                || reject.asks_names() && ids.iter().any(|id| reject.names(id))
        });
        if is_rejected || !wanted.marks_fit(resource) || !ids.iter().any(|id| wanted.names(id)) {
            continue;
        }
        for field in fields {
            let done = set.change(at, &schema, |resource| copy_to(build, resource, value, field, &options));
            told.extend(done?);
        }
    }
    told.into_iter().for_each(|problem| build.note(problem));
    Ok(())
}

/// Copies a value to one field of a resource; gives back what is to be said, if that is not done here.
fn copy_to(
    build: &mut Build<'_>,
    resource: &mut Resource,
    value: &Node,
    field: &Node,
    options: &Options<'_>,
) -> Result<Option<Problem>, Problem> {
    build.work = build.work.saturating_sub(value.size(SIZE) as u64 + 1);
    if build.work == 0 {
        let message = "the replacements of this project take more work than is done here";
        return Err(Problem::new(message, field.from));
    }
    let steps = path::steps(field.written());
    if leads_into_text(&resource.node, &steps) {
        let message = format!("`{}` leads into a text, and is not followed here", field.written());
        let problem = Problem { gravity: Gravity::Info, ..Problem::new(message, field.from) };
        return Ok(Some(problem.help("Kustomize reads it as YAML or JSON, and writes it anew")));
    }
    let create = match value.value {
        _ if !options.create => Create::No,
        Value::Map(_) => Create::Map,
        Value::List(_) => Create::List,
        Value::Scalar(_) => Create::Scalar,
    };
    let is_deep = steps.len() + value.depth() > 2 * DEPTH;
    let trail = &mut build.trail;
    let visited = path::visit(&mut resource.node, &steps, create, field.from, &mut |node| {
        if is_deep {
            Err("it would be nested deeper than is read here".to_owned())
        } else {
            put(node, value, options, trail)
        }
    });
    let fail = |message: String| Problem::new(message, field.from);
    if visited.map_err(fail)? == 0 {
        let message = format!("{} has nothing at `{}`", resource.id(), field.written());
        return Err(Problem::new(message, field.from).help("with `options.create: true`, it is made"));
    }
    Ok(None)
}

/// Whether a path goes on behind a text that holds a map or a list itself.
fn leads_into_text(node: &Node, steps: &[String]) -> bool {
    let scalar = (1..steps.len()).find_map(|len| path::lookup(node, &steps[..len])?.as_str());
    scalar.is_some_and(|text| {
        let tree = yaml::parse_plain(FileId(0), Arc::from(text)).tree;
        tree.roots().next().is_some_and(|root| matches!(root.kind(), NodeKind::Map | NodeKind::List))
    })
}

/// Puts a value where a path leads.
fn put(node: &mut Node, value: &Node, options: &Options<'_>, trail: &mut Trail<'_>) -> Result<(), String> {
    let before = node.from;
    let Some(old) = node.scalar().cloned() else {
        *node = value.clone();
        node.from = trail.over(value.from, before);
        return if options.delimiter.is_some() {
            Err("only text can be cut at a `delimiter`".to_owned())
        } else {
            Ok(())
        };
    };
    let mut new = value.clone();
    if let Some(delimiter) = options.delimiter {
        let mut pieces: Vec<Node> =
            old.text.split(delimiter).map(|piece| Node::text(piece, before)).collect();
        match usize::try_from(options.index) {
            Err(_) => pieces.insert(0, value.clone()),
            Ok(at) if at >= pieces.len() => pieces.push(value.clone()),
            Ok(at) => pieces[at] = Node { from: trail.over(value.from, before), ..value.clone() },
        }
        let between = Node::text(delimiter, before);
        let mut all: Vec<&Node> = Vec::new();
        for piece in &pieces {
            if !all.is_empty() {
                all.push(&between);
            }
            all.push(piece);
        }
        join(&mut new, &all, trail);
    }
    let Value::Scalar(scalar) = &mut new.value else {
        // Kustomize takes the text of a collection, which has none.
        *node = Node::text("", value.from);
        return Ok(());
    };
    // The text is replaced; what it is stays: a number where one was, text where text was.
    (scalar.quoted, scalar.folded) = (old.quoted, old.folded);
    scalar.kind = match old.kind {
        _ if old.text.is_empty() && !old.quoted => Kind::of(&scalar.text),
        Kind::Text => Kind::Text,
        _ => Kind::of(&scalar.text),
    };
    new.from = trail.over(new.from, before);
    *node = new;
    Ok(())
}
