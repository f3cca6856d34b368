//! Strategic merge: a patch that looks like the resource.
//!
//! This follows Kustomize's own merge (kyaml's `merge2` and `walk`), not Kubernetes': new elements go first, lists of
//! custom resources are replaced, `$patch` is the one directive, and a resource is tidied on the way: keys with nothing
//! behind them go, and of two elements with the same merge key the later one stays.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Problem;
use super::node::{Kind, Node, Scalar, Value};
use super::schema::{FieldType, Type};
use super::trail::{From, Trail};

const DIRECTIVE: &str = "$patch";

/// Merges a patch into a resource; nothing where the patch deletes it. `work` is what may still be done.
pub(super) fn merge(
    dest: Node,
    patch: &Node,
    ty: Type<'_>,
    trail: &mut Trail<'_>,
    work: &mut u64,
) -> Result<Option<Node>, Problem> {
    Merger { trail, work }.map(Some(dest), Some(patch), ty)
}

struct Merger<'m, 'a> {
    trail: &'m mut Trail<'a>,
    work: &'m mut u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Merger<'_, '_> {
    fn spend(&mut self, amount: usize, from: From) -> Result<(), Problem> {
        *self.work = self.work.saturating_sub(amount as u64 + 1);
        if *self.work == 0 {
            return Err(Problem::new("the patches of this project take more work than is done here", from));
        }
        Ok(())
    }

    /// One value, by what it is.
    fn value(
        &mut self,
        dest: Option<Node>,
        patch: Option<&Node>,
        field: FieldType<'_>,
    ) -> Result<Option<Node>, Problem> {
        self.spend(1, patch.map_or(From::Nowhere, |patch| patch.from))?;
        let there = |node: &&Node| !node.is_null();
        let Some(first) = dest.as_ref().filter(there).or(patch.filter(there)) else {
            return self.map(dest, patch, field.ty());
        };
        let shape = shape(first);
        if let Some(patch) = patch.filter(there).filter(|patch| self::shape(patch) != shape) {
            let message = format!("the patch has a {} where there is a {shape}", self::shape(patch));
            return Err(Problem::new(message, patch.from));
        }
        match (&first.value, field.by()) {
            (Value::Map(_), _) => self.map(dest, patch, field.ty()),
            (Value::List(_), Some(keys)) => self.list(dest, patch, keys, field.ty()),
            (Value::List(_), None) => Ok(match (dest, patch) {
                (dest, Some(patch)) => Some(self.instead(patch.clone(), dest.as_ref())),
                (dest, None) => dest,
            }),
            (Value::Scalar(_), _) => Ok(match (dest, patch) {
                (dest, Some(patch)) => Some(self.scalar(patch, dest.as_ref())),
                (dest, None) => dest,
            }),
        }
    }

    /// A value that takes the place of another.
    fn instead(&mut self, mut node: Node, dest: Option<&Node>) -> Node {
        node.from = self.trail.over(node.from, dest.map_or(From::Nowhere, |dest| dest.from));
        node
    }

    /// A scalar takes the style of the one that it replaces; within quotes, a number is text.
    fn scalar(&mut self, patch: &Node, dest: Option<&Node>) -> Node {
        let mut node = self.instead(patch.clone(), dest);
        if let (Value::Scalar(scalar), Some(old)) = (&mut node.value, dest.and_then(Node::scalar)) {
            scalar.quoted = old.quoted;
            if old.quoted && scalar.kind != Kind::Null {
                scalar.kind = Kind::Text;
            }
        }
        node
    }

    fn map(
        &mut self,
        dest: Option<Node>,
        patch: Option<&Node>,
        ty: Type<'_>,
    ) -> Result<Option<Node>, Problem> {
        let mut dest = match (dest.filter(|dest| !dest.is_null() || !dest.written().is_empty()), patch) {
            (None, None) => return Ok(None),
            (Some(dest), None) if dest.is_null() => return Ok(Some(dest)),
            (Some(dest), None) => dest,
            (dest, Some(patch)) => {
                let is_new = dest.as_ref().is_none_or(Node::is_null);
                if patch.is_null() {
                    return Ok(None);
                }
                let directive = match directive(patch) {
                    Err(_) if is_new => Directive::Merge,
                    directive => directive?,
                };
                match (directive, dest) {
                    (Directive::Delete, _) => return Ok(None),
                    (Directive::Merge, Some(dest)) if !is_new => dest,
                    (_, dest) => {
                        let mut node = self.instead(patch.clone(), dest.as_ref());
                        node.remove(DIRECTIVE);
                        node
                    }
                }
            }
        };
        let given = patch.map_or(&[][..], Node::entries).iter();
        let keys: BTreeSet<Rc<str>> =
            dest.entries().iter().chain(given).map(|entry| Rc::clone(&entry.key)).collect();
        for key in keys.iter().filter(|key| &***key != DIRECTIVE) {
            let field = ty.field(key);
            let change = patch.and_then(|patch| patch.entry(key));
            let old = dest.get(key);
            if change.is_none() && old.is_some_and(|old| is_tidy(old, field)) {
                continue;
            }
            let old = old.cloned();
            let new = self.value(old, change.map(|entry| &entry.node), field)?;
            match new.filter(|new| !new.is_null() || change.is_none()) {
                None => drop(dest.remove(key)),
                Some(new) => dest.set(key, change.map_or(From::Nowhere, |entry| entry.from), new),
            }
        }
        Ok(Some(dest))
    }

    /// A list whose elements are told apart by keys; a set of scalars where there are none.
    fn list(
        &mut self,
        dest: Option<Node>,
        patch: Option<&Node>,
        keys: &[String],
        ty: Type<'_>,
    ) -> Result<Option<Node>, Problem> {
        let mut given: Vec<Node> = patch.map_or(&[][..], Node::items).to_vec();
        let dest = match (dest.filter(|dest| !dest.is_null()), patch) {
            (None, None) => return Ok(None),
            (None, Some(patch)) => patch.clone(),
            (Some(dest), None) => dest,
            (Some(dest), Some(patch)) => {
                if patch.is_null() {
                    return Ok(None);
                }
                match list_directive(&mut given)? {
                    Directive::Delete => return Ok(None),
                    Directive::Replace => {
                        let mut node = self.instead(patch.clone(), Some(&dest));
                        node.value = Value::List(Rc::new(given.clone()));
                        node
                    }
                    Directive::Merge => dest,
                }
            }
        };
        let from = dest.from;
        let mut elements = Elements::of(dest.items());
        let primitive = [String::new()];
        let keyed = !keys.is_empty();
        let mut wanted = if keyed { values(&given, dest.items(), keys) } else { texts(&given, dest.items()) };
        let keys = if keyed { keys } else { &primitive[..] };
        self.spend((given.len() + elements.dest.len()).pow(2) / 8, from)?;
        if keys.len() > 1 {
            unite(&mut wanted);
        }
        let mut valid = Vec::new();
        for at in 0..wanted.len() {
            let (names, texts) = valid_keys(&wanted, &wanted[at], keys);
            valid.clone_from(&names);
            let (found_names, found_texts) = valid_keys(std::slice::from_ref(&texts), &texts, &names);
            let old = elements
                .dest
                .iter()
                .copied()
                .find(|slot| is_element(&elements.slots[*slot], &found_names, &found_texts));
            let new = given.iter().find(|node| is_element(node, &found_names, &found_texts));
            if old.is_none() && new.is_none() {
                // Nothing has these keys: what has none of them is looked at below.
                elements.remove(&names, &texts);
                continue;
            }
            let replaces = new.is_some_and(|new| keyed && matches!(directive(new), Ok(Directive::Replace)));
            let merged = if keyed {
                self.map(old.map(|slot| elements.slots[slot].clone()), new, ty)?
            } else {
                new.cloned().or_else(|| old.map(|slot| elements.slots[slot].clone()))
            };
            let Some(mut merged) =
                merged.filter(|merged| !(merged.is_null() || merged.is_map() && merged.is_empty()))
            else {
                elements.remove(&names, &texts);
                continue;
            };
            if let Some(old) = old.filter(|_| keyed && !replaces) {
                // The patch repeats these keys to say which element it means: they are still where they were.
                for name in &names {
                    if let (Some(before), Some(now)) = (elements.slots[old].get(name), merged.get_mut(name)) {
                        now.from = before.from;
                    }
                }
            }
            if keyed && merged.is_map() {
                for (name, text) in names.iter().zip(&texts) {
                    if merged.get(name).is_none() && !text.is_empty() {
                        let from = merged.from;
                        merged.set(name, from, Node::plain(text.as_str(), from));
                    }
                }
            }
            let slot = match old {
                Some(slot) if keyed && !replaces => {
                    elements.slots[slot] = merged;
                    slot
                }
                _ => elements.add(merged),
            };
            set(&elements.slots, &mut elements.items, Some(slot), &names, &texts);
        }
        if !wanted.is_empty() {
            elements.append_rest(&valid);
        }
        let items = std::mem::take(if wanted.is_empty() { &mut elements.dest } else { &mut elements.items });
        let items = items.into_iter().map(|slot| elements.slots[slot].clone()).collect();
        Ok(Some(Node { value: Value::List(Rc::new(items)), from }))
    }
}

/// The elements of a list while it is merged: where they stand is kept apart from what they are, because the same element is in
/// the old list and in the new one, and changes in both.
struct Elements {
    slots: Vec<Node>,
    dest: Vec<usize>,
    items: Vec<usize>,
}

impl Elements {
    fn of(items: &[Node]) -> Self {
        Self { slots: items.to_vec(), dest: (0..items.len()).collect(), items: Vec::new() }
    }

    fn add(&mut self, node: Node) -> usize {
        self.slots.push(node);
        self.slots.len() - 1
    }

    /// Takes the elements with these keys out of the old list.
    fn remove(&mut self, keys: &[String], texts: &[String]) {
        set(&self.slots, &mut self.dest, None, keys, texts);
    }

    /// Puts the old list behind the new elements; an old one takes the place of a new one with the same keys, which it is.
    fn append_rest(&mut self, keys: &[String]) {
        for slot in std::mem::take(&mut self.dest) {
            let node = &self.slots[slot];
            if keys.first().is_some_and(String::is_empty) {
                let text = vec![node.written().to_owned()];
                set(&self.slots, &mut self.items, Some(slot), keys, &text);
                continue;
            }
            let mut texts = Vec::new();
            for key in keys {
                match node.get(key) {
                    Some(value) => texts.push(value.written().to_owned()),
                    None => self.items.push(slot),
                }
            }
            if keys.len() > 1 {
                set(&self.slots, &mut self.items, None, keys, &texts);
            }
            set(&self.slots, &mut self.items, Some(slot), keys, &texts);
        }
    }
}

/// Puts an element in the place of those with these keys, or at the end; without one, takes them out.
fn set(slots: &[Node], list: &mut Vec<usize>, element: Option<usize>, keys: &[String], texts: &[String]) {
    let mut found = false;
    let is_keyed =
        keys.first().is_some_and(|key| !key.is_empty()) && texts.first().is_some_and(|text| !text.is_empty());
    let mut kept = Vec::with_capacity(list.len() + 1);
    for slot in list.drain(..) {
        let node = &slots[slot];
        if node.is_null() || node.is_map() && node.is_empty() {
            continue;
        }
        if is_keyed && !node.is_map() {
            kept.push(slot);
            continue;
        }
        let mut matches = false;
        for (at, key) in keys.iter().enumerate() {
            // With fewer texts than keys, the last answer stands for the rest.
            if let Some(text) = texts.get(at) {
                matches = if key.is_empty() {
                    node.written() == text
                } else {
                    node.get(key).is_some_and(|value| text.is_empty() || value.written() == text)
                };
            }
            if !matches {
                break;
            }
        }
        if !matches {
            if !texts.is_empty() {
                kept.push(slot);
            }
            continue;
        }
        found = true;
        kept.extend(element);
    }
    if let Some(element) = element.filter(|_| !found) {
        kept.push(element);
    }
    *list = kept;
}

fn shape(node: &Node) -> &'static str {
    match node.value {
        Value::Map(_) => "map",
        Value::List(_) => "list",
        Value::Scalar(_) => "scalar",
    }
}

fn directive(patch: &Node) -> Result<Directive, Problem> {
    match patch.get(DIRECTIVE) {
        Some(value) => read_directive(value),
        None => Ok(Directive::Merge),
    }
}

fn read_directive(value: &Node) -> Result<Directive, Problem> {
    match value.written() {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => {
            let message = format!("`{other}` is no directive of a patch");
            Err(Problem::new(message, value.from).help("`$patch` is `merge`, `replace` or `delete`"))
        }
    }
}

/// What an element says that holds nothing but `$patch`; it is taken out.
fn list_directive(items: &mut Vec<Node>) -> Result<Directive, Problem> {
    let Some(at) = items.iter().position(|item| item.get(DIRECTIVE).is_some()) else {
        return Ok(Directive::Merge);
    };
    if items[at].entries().len() != 1 {
        return Ok(Directive::Merge);
    }
    let value = items[at].get(DIRECTIVE).cloned();
    let found = value.as_ref().map_or(Ok(Directive::Merge), read_directive)?;
    let text = value.as_ref().map_or("", Node::written).to_owned();
    items.retain(|item| item.get(DIRECTIVE).is_none_or(|value| value.written() != text));
    Ok(found)
}

/// The texts that elements have under these keys, first those of the patch.
fn values(patch: &[Node], dest: &[Node], keys: &[String]) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for node in patch.iter().chain(dest) {
        let text = |key: &String| {
            node.get(key).filter(|value| !value.is_empty()).map_or("", Node::written).to_owned()
        };
        let texts: Vec<String> = keys.iter().map(text).collect();
        if !all.contains(&texts) {
            all.push(texts);
        }
    }
    all
}

fn texts(patch: &[Node], dest: &[Node]) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for node in patch.iter().chain(dest) {
        let texts = vec![node.written().to_owned()];
        if !all.contains(&texts) {
            all.push(texts);
        }
    }
    all
}

/// Elements that lack a key are those that have it, if the others agree.
fn unite(all: &mut [Vec<String>]) {
    for one in 0..all.len() {
        for two in 0..all.len() {
            if let Some(united) = united(&all[one], &all[two]) {
                all[one].clone_from(&united);
                all[two] = united;
            }
        }
    }
}

fn united(one: &[String], two: &[String]) -> Option<Vec<String>> {
    let mut common = false;
    let mut united = Vec::new();
    for (one, two) in one.iter().zip(two) {
        common |= one == two;
        if one != two && !one.is_empty() && !two.is_empty() {
            return None;
        }
        united.push(if one.is_empty() { two.clone() } else { one.clone() });
    }
    common.then_some(united)
}

/// The keys that some element has, and the texts for them.
fn valid_keys(all: &[Vec<String>], texts: &[String], keys: &[String]) -> (Vec<String>, Vec<String>) {
    let is_valid = |at: usize| all.iter().any(|texts| texts.get(at).is_some_and(|text| !text.is_empty()));
    if !(0..keys.len()).any(is_valid) {
        return (keys.to_vec(), texts.to_vec());
    }
    let valid: Vec<usize> = (0..keys.len()).filter(|at| is_valid(*at)).collect();
    let names = valid.iter().map(|at| keys[*at].clone()).collect();
    let texts = valid.iter().filter_map(|at| texts.get(*at).cloned()).collect();
    (names, texts)
}

fn is_element(node: &Node, keys: &[String], texts: &[String]) -> bool {
    if keys.first().is_none_or(String::is_empty) {
        return texts.first().is_some_and(|text| node.written() == text);
    }
    node.is_map()
        && keys
            .iter()
            .zip(texts)
            .all(|(key, text)| node.get(key).is_some_and(|value| value.written() == text))
}

/// Whether merging nothing into a value would leave it as it is.
fn is_tidy(node: &Node, field: FieldType<'_>) -> bool {
    match &node.value {
        Value::Map(entries) => entries.iter().all(|entry| is_tidy(&entry.node, field.ty().field(&entry.key))),
        Value::List(items) => field.by().is_none() || items.is_empty(),
        Value::Scalar(Scalar { kind, text, .. }) => *kind != Kind::Null || !text.is_empty(),
    }
}
