//! What the API server will not take of an object: fields that its kind does not have, values of another type, keys that
//! are written twice.
//!
//! All objects are walked at once, in parallel, when the first rule asks.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::object::Entry;
use super::value::things;
use super::vocabulary::{FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Part, Says, Spot};
use crate::lower::kubernetes::api::fields::{self, Scalar, Shape, TypeId};
use crate::lower::kubernetes::api::suggest;
use crate::lower::kubernetes::api::walk::{Fault, Tree, Value, faults};
use crate::lower::kubernetes::made::is_kubernetes_own;
use crate::lower::read::is_filled_in_later;
use crate::syntax::tree::{NodeId, NodeKind, NodeRef};

/// What was found, in order of objects.
#[derive(Debug, Default)]
pub struct Oddities {
    unknown: Vec<UnknownField>,
    wrong: Vec<WrongType>,
}

#[derive(Debug)]
struct UnknownField {
    object: u32,
    node: NodeId,
    within: TypeId,
}

#[derive(Debug)]
struct WrongType {
    object: u32,
    node: NodeId,
    expected: TypeId,
}

impl<'a> Tree for NodeRef<'a> {
    fn entries<'t>(self) -> Option<impl Iterator<Item = (&'t str, Self)>>
    where
        Self: 't,
    {
        (self.kind() == NodeKind::Map)
            .then(|| self.children().map(|child| (child.key().unwrap_or_default(), child)))
    }

    fn items(self) -> Option<impl Iterator<Item = Self>> {
        (self.kind() == NodeKind::List).then(|| self.children())
    }

    fn value(self) -> Value {
        match self.kind() {
            NodeKind::Null | NodeKind::Unknown => Value::Any,
            // So is `[YOUR_ID]`.
            NodeKind::List if is_blank(self) => Value::Any,
            NodeKind::List => Value::List,
            NodeKind::Map => Value::Map,
            // `y` and `n` are truth values to some parsers and text to others.
            NodeKind::Bool if self.text().len() == 1 => Value::Any,
            NodeKind::Bool => Value::Bool,
            NodeKind::Int => Value::Int,
            // Whoever applies it turns it into JSON first, and `1e+06`, which Helm prints for a million, into `1000000`.
            NodeKind::Float
                if self.as_number().is_some_and(|number| number.fract() == 0.0 && number.abs() < 1e18) =>
            {
                Value::Int
            }
            NodeKind::Float => Value::Float,
            NodeKind::Text if is_filled_in_later(self.text()) => Value::Any,
            // `<your-id>` is for a person to fill in.
            NodeKind::Text if self.text().starts_with('<') && self.text().ends_with('>') => Value::Any,
            // So is `DEFINED-IN-SECRETS`, of which each word is in capitals.
            NodeKind::Text if is_shouted(self.text()) && self.text().contains(['-', '_', ' ']) => Value::Any,
            NodeKind::Text => Value::Text,
        }
    }
}

/// Whether a list is one word in capitals, in the brackets of somebody who leaves a blank: `[YOUR_ACCESS_KEY]`.
fn is_blank(list: NodeRef<'_>) -> bool {
    let mut items = list.items();
    let (Some(word), None) = (items.next(), items.next()) else { return false };
    word.is_unknown() || word.kind() == NodeKind::Text && is_shouted(word.text())
}

/// Whether a text is words in capitals: nobody's value, but a name for what belongs there.
fn is_shouted(text: &str) -> bool {
    let shouts = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_- ".contains(&byte);
    text.len() > 3 && text.starts_with(|first: char| first.is_ascii_uppercase()) && text.bytes().all(shouts)
}

/// A field that its kind does not have.
pub static UNKNOWN_FIELD: KindDef = KindDef {
    kind: Kind::UnknownField,
    name: "unknownField",
    doc: "A field that the kind of its object does not have.",
    tables: &[facts! {
        "path": Ty::Text, "where it stands: `spec.template.spec.contianers`" => |m, t| Fact::written(path(unknown(m, t)), Spot::key(unknown(m, t))).into();
        "name": Ty::Text, "its name" => |m, t| Fact::written(unknown(m, t).key().unwrap_or_default(), Spot::key(unknown(m, t))).into();
        "nearest": Ty::Text, "the field beside it that it is a misspelling of" => |m, t| {
            let found = suggest::nearest(oddities(m).unknown[t.id as usize].within, unknown(m, t).key().unwrap_or_default());
            found.map_or_else(Fact::nothing, Fact::plain).into()
        };
        "elsewhere": Ty::Text, "where in the object there is a field of this name" => |m, t| elsewhere(m, t).into();
    }],
    all: Some(|m| (0..oddities(m).unknown.len()).map(|id| Thing::new(Kind::UnknownField, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, oddities(m).unknown[t.id as usize].object as usize)),
    node: |m, t| Some(unknown(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// A value that its field cannot hold.
pub static WRONG_TYPE: KindDef = KindDef {
    kind: Kind::WrongType,
    name: "wrongType",
    doc: "A value of another type than its field holds.",
    tables: &[facts! {
        "path": Ty::Text, "where it stands" => |m, t| Fact::written(path(wrong(m, t)), Spot::value(wrong(m, t))).into();
        "found": Ty::Text, "what is written, and the type of that, in words" => |m, t| Fact::plain(found_words(wrong(m, t))).into();
        "expected": Ty::Text, "what the field holds, in words" => |m, t| Fact::plain(expected_word(oddities(m).wrong[t.id as usize].expected)).into();
    }],
    all: Some(|m| (0..oddities(m).wrong.len()).map(|id| Thing::new(Kind::WrongType, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, oddities(m).wrong[t.id as usize].object as usize)),
    node: |m, t| Some(wrong(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// A key that a mapping has twice.
pub static DUPLICATE_KEY: KindDef = KindDef {
    kind: Kind::DuplicateKey,
    name: "duplicateKey",
    doc: "A key that a mapping has twice; the later one counts, for whoever accepts it at all.",
    tables: &[facts! {
        "name": Ty::Text, "the key, where it counts" => |m, t| {
            let kept = duplicate(m, t).0;
            Fact::written(kept.key().unwrap_or_default(), Spot::key(kept)).into()
        };
        "path": Ty::Text, "where it stands" => |m, t| Fact::plain(path(duplicate(m, t).0)).into();
        "lost": Ty::Text, "the earlier one, which is lost" => |m, t| {
            let (kept, lost) = duplicate(m, t);
            let spot = Spot { node: kept, part: Part::Bytes(lost), says: Says::Nothing };
            Fact::written(kept.key().unwrap_or_default(), spot).into()
        };
        "hollow": Ty::Bool, "whether the earlier one is empty, so that nothing is lost" => |m, t| {
            let (kept, lost) = duplicate(m, t);
            Fact::plain(is_hollow(kept, lost)).into()
        };
        "same": Ty::Bool, "whether the earlier one says the same" => |m, t| {
            let (kept, lost) = duplicate(m, t);
            Fact::plain(says_the_same(kept, lost)).into()
        };
        "undivided": Ty::Bool, "whether a second object begins here: without `---`, all its keys are those of the first, written twice" =>
            |m, t| Fact::plain(is_undivided(m, t)).into();
    }],
    all: Some(|m| (0..duplicates(m).len()).map(|id| Thing::new(Kind::DuplicateKey, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, duplicates(m)[t.id as usize].0 as usize)),
    node: |m, t| Some(duplicate(m, t).0),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What this module knows of an object.
pub static OF_OBJECT: &[FactDef] = facts! {
    "unknownFields": Ty::List(&Ty::Thing(Kind::UnknownField)), "its fields that its kind does not have" => |m, t| {
        let all = &oddities(m).unknown;
        let start = all.partition_point(|field| field.object < t.id);
        things((start..all.len()).take_while(|at| all[*at].object == t.id).map(|at| Thing::new(Kind::UnknownField, at)))
    };
    "wrongTypes": Ty::List(&Ty::Thing(Kind::WrongType)), "its values that are of another type than their field holds" => |m, t| {
        let all = &oddities(m).wrong;
        let start = all.partition_point(|value| value.object < t.id);
        things((start..all.len()).take_while(|at| all[*at].object == t.id).map(|at| Thing::new(Kind::WrongType, at)))
    };
    "duplicateKeys": Ty::List(&Ty::Thing(Kind::DuplicateKey)), "keys that one of its mappings has twice" => |m, t| {
        let all = duplicates(m);
        let start = all.partition_point(|duplicate| duplicate.0 < t.id);
        things((start..all.len()).take_while(|at| all[*at].0 == t.id).map(|at| Thing::new(Kind::DuplicateKey, at)))
    };
};

/// How many objects one piece of work has.
const PIECE: usize = 256;

/// What is odd about some objects, of which the first has this position.
fn of(first: usize, objects: &[Entry<'_>]) -> Oddities {
    let mut found = Oddities::default();
    for (at, entry) in objects.iter().enumerate() {
        let (id, object) = ((first + at) as u32, &entry.object);
        let Some(ty) = fields::kind(object.api_version, object.kind) else { continue };
        // Values of custom resources are checked by their own schema, which this table is not.
        let own = is_kubernetes_own(object.group());
        faults(ty, object.node, &mut |fault| match fault {
            Fault::Field { within, value, name, .. } if !is_filled_in_later(name) => {
                found.unknown.push(UnknownField { object: id, node: value.id(), within: *within });
            }
            Fault::Type { expected, value } if own => {
                found.wrong.push(WrongType { object: id, node: value.id(), expected: *expected });
            }
            _ => {}
        });
    }
    found
}

fn oddities<'m>(model: &'m Model<'_>) -> &'m Oddities {
    let index = &model.index.fields;
    // They are found before anybody holds the place for them: a thread that waits for the others while it holds it might take
    // up a question that asks for them, and wait for itself.
    index.get().unwrap_or_else(|| {
        // To start threads for a few objects takes longer than to do without.
        let found: Vec<Oddities> = if model.objects.len() <= PIECE {
            vec![of(0, &model.objects)]
        } else {
            let pieces = model.objects.par_chunks(PIECE).enumerate();
            pieces.map(|(at, objects)| of(at * PIECE, objects)).collect()
        };
        let mut all = Oddities::default();
        for part in found {
            all.unknown.extend(part.unknown);
            all.wrong.extend(part.wrong);
        }
        index.get_or_init(|| all)
    })
}

fn tree_of<'a>(model: &'a Model<'a>, object: u32) -> &'a crate::syntax::tree::Tree {
    model.objects[object as usize].object.node.tree()
}

fn unknown<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    let field = &oddities(model).unknown[thing.id as usize];
    tree_of(model, field.object).node(field.node)
}

fn wrong<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    let value = &oddities(model).wrong[thing.id as usize];
    tree_of(model, value.object).node(value.node)
}

/// The path of a node below its object.
fn path(node: NodeRef<'_>) -> String {
    let whole = node.path();
    let top = top_of(node).path();
    whole.strip_prefix(top.as_str()).unwrap_or(&whole).trim_start_matches('.').to_owned()
}

fn top_of(node: NodeRef<'_>) -> NodeRef<'_> {
    let mut top = node;
    while let Some(parent) =
        top.parent().filter(|_| top.get("apiVersion").is_none() || top.get("kind").is_none())
    {
        top = parent;
    }
    top
}

fn elsewhere<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, String> {
    let field = &oddities(model).unknown[thing.id as usize];
    let object = &model.objects[field.object as usize].object;
    let node = unknown(model, thing);
    let Some(root) = fields::kind(object.api_version, object.kind) else { return Fact::nothing() };
    let name = node.key().unwrap_or_default();
    if suggest::nearest(field.within, name).is_some() {
        return Fact::nothing();
    }
    let mut keys: Vec<&str> = Vec::new();
    let mut above = node.parent();
    while let Some(here) = above.filter(|here| *here != object.node) {
        keys.extend(here.key());
        above = here.parent();
    }
    keys.reverse();
    // Keys of maps are no field names: they are left out as the walk leaves them out.
    let mut ty = root;
    let mut path = Vec::new();
    for key in keys {
        let mut here = ty;
        while let Shape::List(inner) = here.shape() {
            here = inner;
        }
        match here.shape() {
            Shape::Map(inner) => ty = inner,
            _ => {
                let Some(next) = here.field(key) else { return Fact::nothing() };
                path.push(key);
                ty = next.ty;
            }
        }
    }
    if let Some(moved) = suggest::moved(object.api_version, object.kind, &path, name) {
        return Fact::plain(moved.to_owned());
    }
    let found = suggest::elsewhere(root, &path, name);
    // A field of this name below something that the object does not have is a coincidence.
    let here: String = path.iter().map(|step| format!("{step}.")).collect();
    match found.filter(|found| found.replace("[]", "").starts_with(&here) || exists(object.node, found)) {
        Some(found) => Fact::plain(found),
        None => Fact::nothing(),
    }
}

/// Whether an object has what holds the last field of a path such as `spec.containers[].image`.
fn exists(object: NodeRef<'_>, path: &str) -> bool {
    let Some((parents, _)) = path.rsplit_once('.') else { return true };
    let mut here = vec![object];
    for step in parents.split('.') {
        let (key, list) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        let next = here.into_iter().filter_map(|node| node.get(key));
        here = if list { next.flat_map(NodeRef::items).collect() } else { next.collect() };
    }
    !here.is_empty()
}

fn found_words(node: NodeRef<'_>) -> String {
    let text: String = node.text().chars().take(40).collect();
    let text = text.trim_end();
    match node.kind() {
        NodeKind::List => "a list".to_owned(),
        NodeKind::Map => "a mapping".to_owned(),
        NodeKind::Bool => format!("`{text}`, a truth value"),
        NodeKind::Int | NodeKind::Float => format!("`{text}`, a number"),
        _ => format!("`\"{text}\"`, which is text"),
    }
}

fn expected_word(ty: TypeId) -> &'static str {
    match ty.shape() {
        Shape::Struct | Shape::Map(_) => "a mapping",
        Shape::List(_) => "a list",
        Shape::Any => "anything",
        Shape::Scalar(scalar) => match scalar {
            Scalar::String | Scalar::Bytes => "text",
            Scalar::Duration => "a duration as text",
            Scalar::Time => "a time as text",
            Scalar::Int => "a whole number",
            Scalar::Float => "a number",
            Scalar::Bool => "true or false",
            Scalar::Quantity => "a quantity",
            Scalar::IntOrString => "a whole number or text",
        },
    }
}

/// Object, tree and position in the tree's list, for each key that an object has twice.
fn duplicates<'m>(model: &'m Model<'_>) -> &'m [(u32, u32, u32)] {
    model.index.duplicates.get_or_init(|| {
        let mut found = Vec::new();
        for (at, tree) in model.trees.iter().enumerate().filter(|(_, tree)| !tree.duplicates.is_empty()) {
            // Objects stand in the order of their files.
            let file = |entry: &Entry<'_>| entry.object.node.tree().file;
            let first = model.objects.partition_point(|entry| file(entry) < tree.file);
            let here = model.objects[first..].iter().take_while(|entry| file(entry) == tree.file);
            let objects: FxHashMap<NodeId, u32> =
                (first as u32..).zip(here).map(|(id, entry)| (entry.object.node.id(), id)).collect();
            for (nth, duplicate) in tree.duplicates.iter().enumerate() {
                let kept = tree.node(duplicate.kept);
                let mut here = Some(kept);
                while let Some(node) = here {
                    if let Some(object) = objects.get(&node.id()) {
                        found.push((*object, at as u32, nth as u32));
                        break;
                    }
                    here = node.parent();
                }
            }
        }
        found
    })
}

fn duplicate<'a>(model: &'a Model<'a>, thing: Thing) -> (NodeRef<'a>, crate::source::Span) {
    let (_, tree, nth) = duplicates(model)[thing.id as usize];
    let tree = &model.trees[tree as usize];
    let duplicate = tree.duplicates[nth as usize];
    (tree.node(duplicate.kept), duplicate.lost)
}

/// Whether `apiVersion` and `kind` are both written twice at the top of the object.
fn is_undivided(model: &Model<'_>, thing: Thing) -> bool {
    let (_, tree, _) = duplicates(model)[thing.id as usize];
    let tree = &model.trees[tree as usize];
    let top = duplicate(model, thing).0.parent();
    let repeats = |key: &str| {
        let mut kept = tree.duplicates.iter().map(|duplicate| tree.node(duplicate.kept));
        kept.any(|kept| kept.key() == Some(key) && kept.parent() == top)
    };
    top.is_some() && repeats("apiVersion") && repeats("kind")
}

/// Whether nothing stands at an earlier key.
fn is_hollow(kept: NodeRef<'_>, lost: crate::source::Span) -> bool {
    let text = &kept.tree().text;
    let Some(key) = kept.key_span() else { return false };
    let between = text.get(lost.end as usize..key.start as usize).unwrap_or_default();
    let Some((_, value)) = between.split_once(':') else { return false };
    let (line, rest) = value.split_once('\n').unwrap_or((value, ""));
    let said = line.split(" #").next().unwrap_or_default().split(',').next().unwrap_or_default().trim();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let start = text[..lost.start as usize].rfind('\n').map_or(0, |end| end + 1);
    let column = lost.start as usize - start;
    let is_next = |line: &str| indent(line) <= column && !line.trim_start().starts_with("- ");
    match said {
        "~" | "null" | "{}" | "[]" | "\"\"" | "''" => true,
        // What belongs to it stands deeper, or is a list.
        "" => rest
            .lines()
            .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
            .is_none_or(is_next),
        _ => false,
    }
}

/// Whether the entry at an earlier key reads like the one that counts, quotes aside.
fn says_the_same(kept: NodeRef<'_>, lost: crate::source::Span) -> bool {
    let text = &kept.tree().text;
    let Some(key) = kept.key_span() else { return false };
    let unquoted = |from: u32, to: u32| {
        let part = text.get(from as usize..to as usize).unwrap_or_default();
        part.chars().filter(|c| !matches!(c, '"' | '\'' | '\r'))
    };
    let mut earlier = unquoted(lost.start, key.start);
    let same = unquoted(key.start, kept.span().end).all(|c| earlier.next() == Some(c));
    same && matches!(earlier.next(), None | Some('\n' | ' ' | ',' | '}'))
}
