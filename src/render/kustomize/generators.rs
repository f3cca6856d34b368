//! `configMapGenerator` and `secretGenerator`: config maps and secrets of literals, files and lists of variables.

use std::rc::Rc;

use super::build::Build;
use super::kustomization::Kustomization;
use super::node::{Entry, Node, Value};
use super::resource::{Behavior, Resource};
use super::set::Set;
use super::trail::{From, Trail};
use super::{Content, Problem, charts, plugins};
use crate::source::{Place, Span};

/// What is generated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
}

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    let keys =
        ["configMapGenerator", "secretGenerator", "helmCharts", "helmChartInflationGenerator", "generators"];
    if keys.iter().all(|key| kustomization.items(key).is_empty()) {
        return;
    }
    set.remember(&build.schema);
    for (key, kind) in [("configMapGenerator", Kind::ConfigMap), ("secretGenerator", Kind::Secret)] {
        for entry in kustomization.items(key) {
            let made = make(build, kustomization, entry, kustomization.node.get("generatorOptions"), kind);
            take(build, set, made, entry.from);
        }
    }
    charts::run(build, kustomization, set);
    plugins::generate(build, kustomization, set);
    set.forget();
}

/// Takes in what a generator made.
pub(super) fn take(build: &mut Build<'_>, set: &mut Set, made: Result<Resource, Problem>, from: From) {
    let schema = Rc::clone(&build.schema);
    let is_open = build.is_partial || build.is_lone_component;
    let taken = made.and_then(|resource| {
        let is_change = resource.behavior != Behavior::Create;
        let id = resource.id();
        if is_open && is_change && set.called(Some(&id.name), |other| other.equals(&id, &schema)).is_empty() {
            // What it changes may be among what is not known.
            return Ok(());
        }
        let trail = &mut build.trail;
        let absorbed = set.absorb(resource, &schema, |new, old| merge(new, old, trail));
        absorbed.map_err(|message| Problem::new(message, from))
    });
    if let Err(problem) = taken {
        build.note(problem);
    }
}

/// One config map or secret.
pub(super) fn make(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    entry: &Node,
    global: Option<&Node>,
    kind: Kind,
) -> Result<Resource, Problem> {
    let from = entry.from;
    let name = entry.get("name").filter(|name| name.as_str().is_some_and(|name| !name.is_empty()));
    let name = name.ok_or_else(|| Problem::new("the generator has no `name`", from))?;
    let (mut data, mut binary): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
    for (key, value, from) in pairs(build, kustomization, entry)? {
        if data.iter().chain(&binary).any(|known| *known.key == *key) {
            return Err(Problem::new(format!("the key `{key}` is there already"), from));
        }
        let (text, is_binary): (Rc<str>, bool) = match (kind, &value) {
            (Kind::ConfigMap, Content::Text(text)) => (Rc::from(&**text), false),
            (Kind::ConfigMap, Content::Bytes(bytes)) => (Rc::from(base64(bytes)), true),
            (Kind::Secret, Content::Text(text)) => (Rc::from(base64(text.as_bytes())), false),
            (Kind::Secret, Content::Bytes(bytes)) => (Rc::from(base64(bytes)), false),
        };
        let node = Node::text(text, from);
        if is_binary { &mut binary } else { &mut data }.push(Entry { key: Rc::from(key), from, node });
    }
    let word = |text: &str| Node::text(text, from);
    let field = |key: &str, node: Node| Entry { key: Rc::from(key), from: node.from, node };
    let mut metadata = vec![field("name", Node::text(name.written(), name.from))];
    if let Some(namespace) =
        entry.get("namespace").filter(|node| node.as_str().is_some_and(|text| !text.is_empty()))
    {
        metadata.push(field("namespace", Node::text(namespace.written(), namespace.from)));
    }
    let local = entry.get("options");
    for which in ["labels", "annotations"] {
        let marks = marks(local.and_then(|node| node.get(which)), global.and_then(|node| node.get(which)));
        if !marks.is_empty() {
            metadata.push(field(which, Node::map(marks, from)));
        }
    }
    let mut fields = vec![field("apiVersion", word("v1"))];
    match kind {
        Kind::ConfigMap => fields.push(field("kind", word("ConfigMap"))),
        Kind::Secret => fields.push(field("kind", word("Secret"))),
    }
    fields.push(field("metadata", Node::map(metadata, from)));
    if kind == Kind::Secret {
        let given = entry.get("type").filter(|node| node.as_str().is_some_and(|text| !text.is_empty()));
        fields.push(field(
            "type",
            given.map_or_else(|| word("Opaque"), |ty| Node::text(ty.written(), ty.from)),
        ));
    }
    for (key, mut entries) in [("data", data), ("binaryData", binary)] {
        entries.sort_by(|one, two| one.key.cmp(&two.key));
        if !entries.is_empty() || kind == Kind::Secret && key == "data" {
            fields.push(field(key, Node::map(entries, from)));
        }
    }
    let option = |key: &str| {
        let found = [local, global].into_iter().flatten().filter_map(|options| options.get(key));
        found.into_iter().find(|option| option.is_true()).map(|option| option.from)
    };
    if let Some(from) = option("immutable") {
        fields.push(field("immutable", Node::plain("true", from)));
    }
    let mut resource = Resource::new(Node::map(fields, from));
    resource.wants_hash = option("disableNameSuffixHash").is_none();
    resource.behavior = match entry.str("behavior") {
        Some("merge") => Behavior::Merge,
        Some("replace") => Behavior::Replace,
        _ => Behavior::Create,
    };
    Ok(resource)
}

/// Labels or annotations of generated resources: their own, then those for all.
fn marks(local: Option<&Node>, global: Option<&Node>) -> Vec<Entry> {
    let own = local.map_or(&[][..], Node::entries);
    let all = global.map_or(&[][..], Node::entries).iter();
    let others = all.filter(|entry| !own.iter().any(|known| known.key == entry.key));
    let mut marks: Vec<Entry> = own.iter().chain(others).cloned().collect();
    for mark in &mut marks {
        mark.node = Node::text(mark.node.written(), mark.node.from);
    }
    marks.sort_by(|one, two| one.key.cmp(&two.key));
    marks
}

type Pair = (String, Content, From);

/// Keys and values, in Kustomize's order: lists of variables, literals, files.
fn pairs(build: &mut Build<'_>, kustomization: &Kustomization, entry: &Node) -> Result<Vec<Pair>, Problem> {
    let mut pairs = Vec::new();
    let lists = entry.get("envs").map_or(&[][..], Node::items).iter();
    for source in
        lists.chain(entry.get("env").filter(|env| env.as_str().is_some_and(|text| !text.is_empty())))
    {
        if let Some((place, content)) = content(build, kustomization, source, source.written())? {
            let Content::Text(text) = content else {
                return Err(Problem::new(format!("`{}` is no text", source.written()), source.from));
            };
            variables(build, place, &text, &mut pairs);
        }
    }
    for literal in entry.get("literals").map_or(&[][..], Node::items) {
        let split = literal.written().split_once('=').filter(|(key, _)| !key.is_empty());
        let (key, value) = split.ok_or_else(|| {
            Problem::new(
                format!("the literal `{}` is not of the form `key=value`", literal.written()),
                literal.from,
            )
        })?;
        pairs.push((key.to_owned(), Content::Text(unquote(value).into()), literal.from));
    }
    for source in entry.get("files").map_or(&[][..], Node::items) {
        let written = source.written();
        let (key, path) = match written.split_once('=') {
            None => (written.rsplit('/').next().unwrap_or(written), written),
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => (key, path),
            Some(_) => {
                let message = format!("`{written}` is neither a path nor of the form `key=path`");
                return Err(Problem::new(message, source.from));
            }
        };
        if let Some((place, content)) = content(build, kustomization, source, path)? {
            let from = build.trail.at(place);
            pairs.push((key.to_owned(), content, from));
        }
    }
    Ok(pairs)
}

/// What is in a file, and where that is. A file that is not there is noted, and the others count.
fn content(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    source: &Node,
    path: &str,
) -> Result<Option<(Place, Content)>, Problem> {
    let path = build.path_of(kustomization, path, source.from)?;
    let Some((file, content)) = build.files.content(&path) else {
        build.note(build.missing(&path, source.from));
        return Ok(None);
    };
    let len = match &content {
        Content::Text(text) => text.len(),
        Content::Bytes(bytes) => bytes.len(),
    };
    Ok(Some((Place { file, span: Span::new(0, len as u32) }, content)))
}

/// The lines of a file of variables.
fn variables(build: &mut Build<'_>, place: Place, text: &str, pairs: &mut Vec<Pair>) {
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.strip_suffix('\n').unwrap_or(raw);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = if start == 0 { line.trim_start_matches('\u{feff}') } else { line }.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            let end = (start + raw.trim_end().len()) as u32;
            let span = Span::new(end - (line.trim_end().len().min(end as usize) as u32), end);
            let from = build.trail.at(Place { file: place.file, span });
            pairs.push((key.to_owned(), Content::Text(value.into()), from));
        }
    }
}

fn unquote(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Base64 in lines, as Kustomize breaks it.
fn base64(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut plain = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for chunk in bytes.chunks(3) {
        let number =
            (0..3).fold(0u32, |number, at| number << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let sign =
                if at <= chunk.len() { ALPHABET[(number >> (18 - 6 * at)) as usize & 63] } else { b'=' };
            plain.push(char::from(sign));
        }
    }
    if plain.len() < LINE {
        return plain;
    }
    let mut lines = String::with_capacity(plain.len() + plain.len() / LINE + 1);
    for at in (0..plain.len()).step_by(LINE) {
        lines.push_str(&plain[at..(at + LINE).min(plain.len())]);
        lines.push('\n');
    }
    lines
}

/// A secret with its plain texts among its data, as a cluster stores it.
fn encoded(secret: &Resource) -> Resource {
    let mut secret = secret.clone();
    let Some(plain) = secret.node.remove("stringData").filter(|plain| plain.node.is_map()) else {
        return secret;
    };
    if secret.node.get("data").is_none_or(|data| !data.is_map()) {
        secret.node.set("data", plain.from, Node::map(Vec::new(), plain.node.from));
    }
    if let Some(data) = secret.node.get_mut("data") {
        for entry in plain.node.entries() {
            let value = Node::text(base64(entry.node.written().as_bytes()), entry.node.from);
            data.set(&entry.key, entry.from, value);
        }
    }
    secret
}

/// A generated resource takes the place of one that is there: its names and marks stay, and for a merge its data.
fn merge(new: &mut Resource, old: &Resource, trail: &mut Trail<'_>) {
    let old = &if &*new.kind() == "Secret" { encoded(old) } else { old.clone() };
    for which in ["labels", "annotations"] {
        let of = |resource: &Resource| resource.node.at(&["metadata", which]).cloned();
        let marks = marks(of(new).as_ref(), of(old).as_ref());
        if let Some(metadata) = new.node.get_mut("metadata") {
            metadata.remove(which);
        }
        if !marks.is_empty() {
            let from = of(old).or_else(|| of(new)).map_or(new.node.from, |node| node.from);
            new.set_meta(which, Node::map(marks, from));
        }
    }
    for key in ["name", "namespace"] {
        match old.node.at(&["metadata", key]) {
            Some(value) => new.set_meta(key, value.clone()),
            None => {
                if let Some(metadata) = new.node.get_mut("metadata") {
                    metadata.remove(key);
                }
            }
        }
    }
    for key in ["data", "binaryData"] {
        let before = old.node.get(key).map_or(&[][..], Node::entries);
        for entry in before {
            if let Some(node) = new.node.get_mut(key).and_then(|data| data.get_mut(&entry.key)) {
                node.from = trail.over(node.from, entry.node.from);
            }
        }
        if new.behavior == Behavior::Merge {
            let of = |resource: &Resource| resource.node.get(key).cloned();
            let entries = marks(of(new).as_ref(), of(old).as_ref());
            let from = of(old).or_else(|| of(new)).map_or(new.node.from, |node| node.from);
            new.node.remove(key);
            if !entries.is_empty() {
                new.node.set(key, from, Node { value: Value::Map(Rc::new(entries)), from });
            }
        }
    }
    new.wants_hash &= old.wants_hash;
    new.behavior = old.behavior;
    new.previous.clone_from(&old.previous);
    new.prefixes.clone_from(&old.prefixes);
    new.suffixes.clone_from(&old.suffixes);
    new.vars.clone_from(&old.vars);
}
