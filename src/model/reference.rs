//! What pods name and need to start: ConfigMaps, Secrets, claims, accounts, priority classes, and keys in them.
//!
//! Namings of the same thing by one workload are one reference with several places.

use rustc_hash::{FxHashMap, FxHashSet};

use super::existence::{self, Existence, Wanted};
use super::value::list;
use super::vocabulary::{KindDef, PERCENT, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot, Spots, State};
use crate::lower::kubernetes::made::is_kubernetes_own;
use crate::lower::kubernetes::reference::{Naming, of_pod};
use crate::lower::kubernetes::selector::Match;
use crate::lower::read::{self, is_filled_in_later};
use crate::syntax::tree::{NodeKind, NodeRef};

/// A reference.
#[derive(Debug)]
pub struct Reference<'a> {
    /// What names it.
    pub workload: u32,
    /// Its first naming.
    naming: Naming<'a>,
    /// The other namings.
    also: Vec<Naming<'a>>,
}

/// For each unit and kind: how many names resolve, and how many there are.
#[derive(Debug, Default)]
pub struct Resolved(FxHashMap<(u32, &'static str), (u32, u32)>);

/// The reference as a subject.
pub static REFERENCE: KindDef = KindDef {
    kind: Kind::Reference,
    name: "reference",
    doc: "An object, or a key of one, that a workload names and needs: a ConfigMap, a Secret, a claim, an account.",
    tables: &[facts! {
        "kind": Ty::Text, "the kind that is meant" => |m, t| Fact::plain(get(m, t).naming.kind).into();
        "name": Ty::Text, "the name" => |m, t| name(get(m, t)).into();
        "key": Ty::Text, "the key of it that is asked for, if it is about one" => |m, t| key(get(m, t)).into();
        "optional": Ty::Bool, "whether the pod starts without it" => |m, t| optional(get(m, t)).into();
        "object": Ty::Thing(Kind::Object), "the object, if the files declare it" => |m, t| object(m, t).into();
        "exists": Ty::Bool, "whether it is declared, or made by something that is known to make it" => |m, t| exists(m, t).into();
        "nearest": Ty::Text, "the name of such an object that comes nearest, where there is none of this name" => |m, t| nearest(m, t).into();
        "hasKey": Ty::Bool, "whether the object has the key that is asked for" => |m, t| has_key(m, t).into();
        "keys": Ty::List(&Ty::Text), "the keys that the object has" => |m, t| {
            let keys = object_node(m, t).map_or_else(Vec::new, keys);
            list(keys.into_iter().map(|key| Fact::written(key.key().unwrap_or_default(), Spot::key(key))))
        };
        "nearestKey": Ty::Text, "the key of the object that comes nearest to the one that it does not have" => |m, t| nearest_key(m, t).into();
        "resolved": PERCENT, "how many of the names of this kind in the unit are declared, in percent" => |m, t| resolved(m, t).into();
    }],
    all: Some(|m| (0..m.references.len()).map(|id| Thing::new(Kind::Reference, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Workload, get(m, t).workload as usize)),
    node: |m, t| Some(get(m, t).naming.key.unwrap_or(get(m, t).naming.name)),
    owners: &[Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the references of all workloads.
pub fn add_all<'a>(model: &mut Model<'a>) {
    let mut references: Vec<Reference<'a>> = Vec::new();
    for (id, workload) in model.workloads.iter().enumerate() {
        let first = references.len();
        let Some(spec) = workload.pod() else { continue };
        let mut add = |naming: Naming<'a>| {
            let key = naming.key.map(NodeRef::text);
            let same = references[first..].iter_mut().find(|known| {
                let of = &known.naming;
                of.kind == naming.kind
                    && of.name.text() == naming.name.text()
                    && of.key.map(NodeRef::text) == key
                    && !of.name.is_unknown()
                    && !naming.name.is_unknown()
            });
            match same {
                Some(same) => same.also.push(naming),
                None => references.push(Reference { workload: id as u32, naming, also: Vec::new() }),
            }
        };
        of_pod(spec, |naming| {
            add(Naming { key: None, ..naming });
            if naming.key.is_some() {
                add(naming);
            }
        });
    }
    model.references = references;
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Reference<'a> {
    &model.references[thing.id as usize]
}

impl<'a> Reference<'a> {
    fn namings(&self) -> impl Iterator<Item = &Naming<'a>> {
        std::iter::once(&self.naming).chain(&self.also)
    }
}

fn scalar<'a>(node: NodeRef<'a>, spots: Spots<'a>) -> Fact<'a, &'a str> {
    let mut fact = Fact::written(node, Spot::value(node)).text();
    if fact.is_written() {
        fact.spots = spots;
    }
    fact
}

fn name<'a>(this: &'a Reference<'a>) -> Fact<'a, &'a str> {
    if this.naming.name.is_null() || this.naming.name.text().is_empty() {
        return Fact::absent(Spot::value(this.naming.name));
    }
    scalar(this.naming.name, this.namings().map(|naming| Spot::value(naming.name)).collect())
}

fn key<'a>(this: &'a Reference<'a>) -> Fact<'a, &'a str> {
    match this.naming.key {
        None => Fact::absent(Spot::value(this.naming.name)),
        Some(key) => scalar(key, this.namings().filter_map(|naming| naming.key).map(Spot::value).collect()),
    }
}

/// Optional only if it is so wherever it is named.
fn optional<'a>(this: &'a Reference<'a>) -> Fact<'a, bool> {
    let mut all = Fact::plain(true);
    for naming in this.namings() {
        let one = match naming.optional {
            None => Fact::plain(false),
            Some(node) if node.is_null() => Fact::plain(false),
            Some(node) => Fact::written(node, Spot::value(node)).truth(),
        };
        if one.value() == Some(&false) {
            return one;
        }
        all = if all.is_unknown() { all } else { one };
    }
    all
}

fn existence<'a>(model: &'a Model<'a>, id: usize) -> Fact<'a, Existence> {
    let this = &model.references[id];
    let from = model.workloads[this.workload as usize].object;
    let kind = this.naming.kind;
    name(this).map(|name| {
        let found = existence::find(model, Wanted { from, kind, name, namespace: None }, is_kubernetes_own);
        match found {
            // A claim template takes the place of a volume of its name.
            Existence::No
                if kind == "PersistentVolumeClaim"
                    && own_template(&model.workloads[this.workload as usize], name) =>
            {
                Existence::Made
            }
            Existence::No if kind == "PersistentVolumeClaim" => match claimed_by_set(model, from, name) {
                Match::Yes => Existence::Made,
                Match::Perhaps => Existence::Perhaps(Reason::new(
                    "a claim template has a name that is only known at run time",
                )),
                Match::No => Existence::No,
            },
            found => found,
        }
    })
}

fn own_template(workload: &super::workload::Workload<'_>, name: &str) -> bool {
    let templates = workload.node.at("spec.volumeClaimTemplates").into_iter().flat_map(NodeRef::items);
    templates
        .filter_map(|template| template.at("metadata.name"))
        .any(|template| template.is_unknown() || template.text() == name)
}

/// Whether a claim's name is one that a StatefulSet of the unit makes: `data-db-0`.
fn claimed_by_set(model: &Model<'_>, from: u32, name: &str) -> Match {
    let Some((stem, number)) = name.rsplit_once('-') else { return Match::No };
    if !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Match::No;
    }
    let made = model.index.set_claims.get_or_init(|| SetClaims::new(model));
    let unit = model.objects[from as usize].unit;
    if made.stems.contains(&(unit, stem.to_owned())) {
        Match::Yes
    } else if made.vague.contains(&unit) {
        Match::Perhaps
    } else {
        Match::No
    }
}

/// What StatefulSets call the claims that they make, but for the number at the end.
#[derive(Debug, Default)]
pub struct SetClaims {
    /// By unit: `data-db`.
    stems: FxHashSet<(u32, String)>,
    /// Units with a set whose name, or whose template's, is only known at run time.
    vague: FxHashSet<u32>,
}

impl SetClaims {
    fn new(model: &Model<'_>) -> Self {
        let mut made = Self::default();
        for workload in &model.workloads {
            let entry = &model.objects[workload.object as usize];
            let templates =
                workload.node.at("spec.volumeClaimTemplates").into_iter().flat_map(NodeRef::items);
            for template in templates.filter_map(|template| template.at("metadata.name")) {
                let hidden = |text: &str| text.is_empty() || is_filled_in_later(text);
                if template.is_unknown() || hidden(template.text()) || hidden(entry.object.name) {
                    made.vague.insert(entry.unit);
                } else {
                    made.stems.insert((entry.unit, format!("{}-{}", template.text(), entry.object.name)));
                }
            }
        }
        made
    }
}

fn exists<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let found = existence(model, thing.id as usize);
    if let Some(Existence::Perhaps(reason)) = found.value() {
        return Fact {
            state: State::Unknown(reason.clone()),
            spots: found.spots,
            confidence: found.confidence,
        };
    }
    found.map(|existence| existence != Existence::No)
}

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    match existence(model, thing.id as usize).into_value() {
        Some(Existence::Declared(id)) => Fact::plain(Thing::new(Kind::Object, id as usize)),
        Some(Existence::No) => Fact::nothing(),
        Some(Existence::Perhaps(reason)) => Fact::unknown(reason.0),
        Some(Existence::Made) => Fact::unknown("it is in no file"),
        None => Fact::unknown("its name is only known at run time"),
    }
}

fn nearest<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    let this = get(model, thing);
    let unit = model.objects[model.workloads[this.workload as usize].object as usize].unit;
    let name = name(this);
    match name.value().and_then(|name| existence::nearest(model, unit, this.naming.kind, name)) {
        Some(near) => Fact::plain(near),
        None => Fact::nothing(),
    }
}

fn object_node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    object(model, thing).into_value().map(|object| model.objects[object.id as usize].object.node)
}

const DATA: [&str; 3] = ["data", "binaryData", "stringData"];

fn keys(object: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    DATA.iter().filter_map(|part| object.get(part)).flat_map(NodeRef::children).collect()
}

/// Whether the object has the key. One without any key is filled at run time, and so is one that asks to be.
fn has_key<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let key = key(get(model, thing));
    let Some(wanted) = key.value().copied() else { return key.map(|_| false) };
    let object = object(model, thing);
    let Some(id) = object.value().map(|object| object.id) else {
        return Fact::unknown("nothing here declares the object");
    };
    let declared = &model.objects[id as usize].object;
    let parts = DATA.iter().filter_map(|part| declared.node.get(part));
    if let Some(found) = parts.clone().find_map(|part| part.get(wanted)) {
        return Fact::written(true, Spot::key(found));
    }
    let empty = parts.clone().all(|part| part.children().next().is_none());
    let hidden = parts.clone().any(|part| {
        part.is_unknown()
            || part.entries().any(|(key, _)| is_filled_in_later(key))
            || !matches!(part.kind(), NodeKind::Map | NodeKind::Null)
    });
    let typed = declared.kind == "Secret"
        && !matches!(read::text(declared.node, "type").state, State::Absent | State::Written("Opaque"));
    let to_come = parts.clone().any(|part| part.may_get(wanted));
    let filled_later = hidden
        || empty
        || typed
        || to_come
        || is_injected(declared.node)
        || is_written_to(model, model.objects[id as usize].unit, declared.kind, declared.name);
    if filled_later {
        return Fact::unknown_at("something else adds keys to it", Spot::value(declared.node));
    }
    let mut answer = Fact { state: State::Written(false), spots: key.spots, confidence: key.confidence };
    answer.spots.push(Spot::value(declared.node));
    answer
}

/// Whether a role of the unit lets somebody write into the object of this name.
fn is_written_to(model: &Model<'_>, unit: u32, kind: &str, name: &str) -> bool {
    let resource = if kind == "Secret" { "secrets" } else { "configmaps" };
    let has = |rule: NodeRef<'_>, list: &str, wanted: &[&str]| {
        rule.get(list).is_some_and(|list| list.items().any(|item| wanted.contains(&item.text())))
    };
    let grants = |rule: NodeRef<'_>| {
        has(rule, "resourceNames", &[name])
            && has(rule, "resources", &[resource, "*"])
            && has(rule, "verbs", &["update", "patch", "*"])
    };
    let roles = model
        .objects
        .iter()
        .filter(|entry| entry.unit == unit && entry.object.group() == "rbac.authorization.k8s.io");
    roles.filter_map(|entry| entry.object.node.get("rules")).flat_map(NodeRef::items).any(grants)
}

/// Whether a controller is asked, by label or annotation, to write into the object.
fn is_injected(object: NodeRef<'_>) -> bool {
    let marks = ["metadata.annotations", "metadata.labels"].iter().filter_map(|path| object.at(path));
    marks.flat_map(NodeRef::children).filter_map(NodeRef::key).any(|key| {
        ["inject", "reflector", "replicator", "replicate", "kopf", "managed-keys", "secret-generator"]
            .iter()
            .any(|word| key.contains(word))
    })
}

fn nearest_key<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    let wanted = key(get(model, thing)).into_value();
    let keys = object_node(model, thing).map_or_else(Vec::new, keys);
    match wanted.and_then(|wanted| {
        crate::spelling::nearest(wanted, keys.iter().filter_map(|key| key.key()).take(existence::NAMES))
    }) {
        Some(near) => Fact::plain(near),
        None => Fact::nothing(),
    }
}

fn resolved<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let all = model.index.resolved.get_or_init(|| {
        let mut seen = rustc_hash::FxHashSet::default();
        let mut counts = Resolved::default();
        for (id, reference) in
            model.references.iter().enumerate().filter(|(_, reference)| reference.naming.key.is_none())
        {
            let unit = model.objects[model.workloads[reference.workload as usize].object as usize].unit;
            if !seen.insert((unit, reference.naming.kind, reference.naming.name.text())) {
                continue;
            }
            let count = counts.0.entry((unit, reference.naming.kind)).or_default();
            match existence(model, id).value() {
                Some(Existence::Declared(_) | Existence::Made) => *count = (count.0 + 1, count.1 + 1),
                Some(Existence::No) => count.1 += 1,
                Some(Existence::Perhaps(_)) | None => {}
            }
        }
        counts
    });
    let this = get(model, thing);
    let unit = model.objects[model.workloads[this.workload as usize].object as usize].unit;
    match all.0.get(&(unit, this.naming.kind)) {
        Some((yes, of)) if *of > 0 => Fact::plain(f64::from(*yes) / f64::from(*of) * 100.0),
        _ => Fact::nothing(),
    }
}
