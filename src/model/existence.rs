//! Finding an object by its name, and saying how sure it is that there is none.
//!
//! A name resolves inside a unit. What is not there may be declared in another unit, made by Kubernetes, by an operator, by
//! a chart that the unit installs or by a script: then it is unknown whether it exists, which is not the same as missing.

use std::cell::LazyCell;
use std::hash::{Hash, Hasher};

use camino::Utf8Path;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::Model;
use super::link::{self, same_namespace};
use crate::fact::Reason;
use crate::lower::kubernetes::made;
use crate::lower::kubernetes::release_name;
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::source::Extent;
use crate::syntax::tree::{NodeKind, NodeRef};

/// What is known of an object that something names.
#[derive(Clone, Debug, PartialEq)]
pub enum Existence {
    /// It is declared: this one.
    Declared(u32),
    /// Something else makes it.
    Made,
    /// It cannot be known.
    Perhaps(Reason),
    /// Nothing declares it.
    No,
}

/// A name to be looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// The object that names it.
    pub from: u32,
    /// The kind that is meant.
    pub kind: &'w str,
    /// The name.
    pub name: &'w str,
    /// The namespace, where it is not that of the object which names it.
    pub namespace: Option<&'w str>,
}

/// Objects by kind and name, over the whole project.
#[derive(Debug, Default)]
pub struct Names {
    by_name: FxHashMap<u64, Vec<u32>>,
    /// The first of each kind in each unit.
    by_kind: FxHashMap<(u32, u64), Vec<u32>>,
    /// By unit and kind: those that are called after a release which nobody named.
    of_release: FxHashMap<(u32, u64), Vec<u32>>,
    /// Units and kinds in which a name is only known at run time.
    vague: FxHashSet<(u32, u64)>,
}

/// What a unit holds beside its objects: traces of who else may make something.
#[derive(Debug, Default)]
pub struct Traces {
    /// Names that an object gives to something it makes: kind and name.
    made: FxHashMap<u64, Vec<u32>>,
    /// Names that generators of kustomizations give.
    generated: FxHashSet<u64>,
    /// By unit: names of custom resources.
    custom: FxHashSet<(u32, u64)>,
    /// By namespace, as far as it is said: names of the custom resources of all units whose controllers may make something there.
    makers: FxHashSet<(Option<u64>, u64)>,
    /// Units with a custom resource whose name is only known at run time.
    nameless: FxHashSet<u32>,
    /// By unit: words in custom resources, in commands and in roles.
    words: FxHashSet<(u32, u64)>,
    /// Objects that install others, by unit, and the namespace that they install into.
    installers: FxHashMap<u32, Vec<Option<String>>>,
    /// Namespaces into which an object of any unit installs what is not here.
    installed_into: FxHashSet<u64>,
    /// Units that hold less than is deployed: a chart, an overlay with remote parts.
    open: FxHashSet<u32>,
}

fn hash(parts: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// All objects by kind and name.
pub fn names<'m>(model: &'m Model<'_>) -> &'m Names {
    model.index.names.get_or_init(|| {
        let mut names = Names::default();
        for (id, entry) in model.objects.iter().enumerate() {
            let object = &entry.object;
            if object.name.is_empty() || read::is_filled_in_later(object.name) {
                names.vague.insert((entry.unit, hash(object.kind)));
            }
            if release_name::is_in(object.name) {
                names.of_release.entry((entry.unit, hash(object.kind))).or_default().push(id as u32);
            }
            let same_kind = names.by_kind.entry((entry.unit, hash(object.kind))).or_default();
            if same_kind.len() < NAMES {
                same_kind.push(id as u32);
            }
            if !object.name.is_empty() {
                names.by_name.entry(hash((object.kind, object.name))).or_default().push(id as u32);
            }
        }
        names
    })
}

fn traces<'m>(model: &'m Model<'_>) -> &'m Traces {
    model.index.traces.get_or_init(|| {
        let mut traces = Traces::default();
        let folders = LazyCell::new(|| -> FxHashSet<&Utf8Path> {
            let paths = model.trees.iter().map(|tree| model.sources.path(tree.file));
            paths.flat_map(|path| path.ancestors().skip(1)).collect()
        });
        let is_here = |folder: &str| {
            let folder = folder.trim_start_matches("./").trim_matches('/');
            !folder.is_empty() && folders.contains(Utf8Path::new(folder))
        };
        for (id, entry) in model.objects.iter().enumerate() {
            let object = &entry.object;
            made::by_object(object, |kind, name| {
                traces.made.entry(hash((kind, name.text()))).or_default().push(id as u32);
            });
            if let Some(installed) = made::installs(object) {
                if let Some(namespace) = installed.namespace
                    && !installed.folder.is_some_and(is_here)
                {
                    traces.installed_into.insert(hash(namespace));
                }
                traces.installers.entry(entry.unit).or_default().push(installed.namespace.map(str::to_owned));
            }
            let group = object.group();
            if group == "rbac.authorization.k8s.io" {
                let rules = object.node.get("rules").into_iter().flat_map(NodeRef::items);
                for name in rules.filter_map(|rule| rule.get("resourceNames")).flat_map(NodeRef::items) {
                    traces.words.insert((entry.unit, hash(name.text())));
                }
            } else if made::may_make(group) {
                if object.name.is_empty() || read::is_filled_in_later(object.name) {
                    traces.nameless.insert(entry.unit);
                } else {
                    traces.custom.insert((entry.unit, hash(object.name)));
                    if !made::never_runs_pods(group, object.kind) {
                        let namespace = link::namespace(model, id as u32);
                        traces.makers.insert((namespace.map(hash), hash(object.name)));
                    }
                }
                for node in
                    object.node.walk().filter(|node| node.kind() == NodeKind::Text && !node.text().is_empty())
                {
                    traces.words.insert((entry.unit, hash(node.text())));
                }
            }
        }
        for container in &model.containers {
            let unit = model.objects[model.workloads[container.workload as usize].object as usize].unit;
            let texts =
                ["command", "args"].iter().filter_map(|key| container.node.get(key)).flat_map(NodeRef::items);
            for word in texts.flat_map(|node| {
                node.text().split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.')
            }) {
                let word = word.trim_matches(['-', '.']);
                if !word.is_empty() {
                    traces.words.insert((unit, hash(word)));
                }
            }
        }
        let units = model.units.iter().enumerate();
        traces.open.extend(units.filter(|(_, unit)| unit.extent != Extent::Whole).map(|(id, _)| id as u32));
        for tree in model.trees {
            let path = model.sources.path(tree.file);
            if !matches!(path.file_name(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
            {
                continue;
            }
            for root in tree.roots() {
                made::by_kustomization(root, |kind, name| {
                    traces.generated.insert(hash((kind, name.text())));
                });
                if made::is_kustomization_open(root) {
                    let folder = path.parent().map_or("", |folder| folder.as_str());
                    let open = model.units.iter().enumerate().filter(|(_, unit)| {
                        let name = if unit.name == "." { "" } else { &unit.name };
                        Utf8Path::new(name).starts_with(folder) || Utf8Path::new(folder).starts_with(name)
                    });
                    traces.open.extend(open.map(|(id, _)| id as u32));
                }
            }
        }
        traces
    })
}

/// The objects of this kind that bear this name, in any unit, whatever their group.
pub fn bearers<'m>(model: &'m Model<'_>, kind: &str, name: &str) -> impl Iterator<Item = u32> + use<'m> {
    let meant = hash((kind, name));
    let (kind, name) = (kind.to_owned(), name.to_owned());
    names(model).by_name.get(&meant).into_iter().flatten().copied().filter(move |id| {
        let object = &model.objects[*id as usize].object;
        object.kind == kind && object.name == name
    })
}

/// Looks for an object by kind and name among those that the files declare: nobody says `No` who could know that something
/// else makes it, nor `Made`.
fn declared(model: &Model<'_>, wanted: Wanted<'_>, own_kind: impl Fn(&str) -> bool) -> Existence {
    let unit = model.objects[wanted.from as usize].unit;
    let mut perhaps = None;
    let mut here: Vec<u32> = Vec::new();
    for id in bearers(model, wanted.kind, wanted.name) {
        let entry = &model.objects[id as usize];
        if !own_kind(entry.object.group()) {
            continue;
        }
        match namespace_matches(model, wanted, id) {
            Match::No => {}
            Match::Yes if entry.unit == unit => here.push(id),
            Match::Perhaps if entry.unit == unit => {
                perhaps = Some(Reason::new(format!("`{}` may be in another namespace", wanted.name)));
            }
            _ => {
                let name = &model.units[entry.unit as usize].name;
                perhaps.get_or_insert_with(|| Reason::new(format!("the one in `{name}` may be meant")));
            }
        }
    }
    // Variants of one thing may stand side by side in a folder, each in a file of its own.
    let file = |id: u32| model.objects[id as usize].object.node.tree().file;
    let beside = |id: &&u32| file(**id) == file(wanted.from);
    match (here.as_slice(), here.iter().filter(beside).count()) {
        ([], _) => perhaps.map_or(Existence::No, Existence::Perhaps),
        ([one], _) => Existence::Declared(*one),
        (many, 1) => many.iter().find(beside).map_or(Existence::No, |id| Existence::Declared(*id)),
        _ => Existence::Perhaps(Reason::new(format!("`{}` is declared more than once", wanted.name))),
    }
}

/// Why an object of a kind may have this name: that of one in the unit is only known at run time, or once a chart is installed.
pub fn vague(model: &Model<'_>, wanted: Wanted<'_>) -> Option<Reason> {
    let kind = wanted.kind;
    let (names, same_kind) = (names(model), (model.objects[wanted.from as usize].unit, hash(kind)));
    if names.vague.contains(&same_kind) {
        return Some(Reason::new(format!("a {kind} has a name that is only known at run time")));
    }
    let own = |id: &u32| model.objects[*id as usize].object.name;
    let others = if release_name::is_in(wanted.name) { &names.by_kind } else { &names.of_release };
    let mut others = others.get(&same_kind).into_iter().flatten().map(own);
    let other = others.find(|own| release_name::may_make_same(own, wanted.name))?;
    Some(Reason::new(format!("`{other}` is called after a release that nobody named")))
}

/// Looks for an object that only files can declare: a name that leads to none is `No`, whoever else might make one.
pub fn seek(model: &Model<'_>, wanted: Wanted<'_>, own_kind: impl Fn(&str) -> bool) -> Existence {
    if wanted.name.is_empty() || read::is_filled_in_later(wanted.name) {
        return Existence::Perhaps(Reason::new("a name is only known at run time"));
    }
    match declared(model, wanted, own_kind) {
        Existence::No => vague(model, wanted).map_or(Existence::No, Existence::Perhaps),
        found => found,
    }
}

/// Looks for an object by kind and name, and for who else may make it.
pub fn find(model: &Model<'_>, wanted: Wanted<'_>, own_kind: impl Fn(&str) -> bool) -> Existence {
    match declared(model, wanted, own_kind) {
        Existence::No => {}
        found => return found,
    }
    if made::by_the_platform(wanted.kind, wanted.name) || is_external(model, wanted) {
        return Existence::Made;
    }
    if let Some(reason) = vague(model, wanted) {
        return Existence::Perhaps(reason);
    }
    otherwise_made(model, model.objects[wanted.from as usize].unit, wanted)
}

fn otherwise_made(model: &Model<'_>, unit: u32, wanted: Wanted<'_>) -> Existence {
    let traces = traces(model);
    let key = hash((wanted.kind, wanted.name));
    let makers = traces.made.get(&key).into_iter().flatten();
    if traces.generated.contains(&key)
        || makers.into_iter().any(|id| namespace_matches(model, wanted, *id) != Match::No)
    {
        return Existence::Made;
    }
    let perhaps = |words: &'static str| Existence::Perhaps(Reason::new(words));
    if traces.open.contains(&unit) {
        return perhaps("this unit is deployed with more than is in files here");
    }
    let here = namespace_of(model, wanted);
    let into = |installer: &Option<String>| match (installer.as_deref(), here) {
        (Some(a), Some(b)) => a == b || read::is_filled_in_later(a),
        _ => true,
    };
    if traces.installers.get(&unit).is_some_and(|installers| installers.iter().any(into)) {
        return perhaps("this unit installs a chart or an application into the namespace");
    }
    let there = here.map(hash);
    // A name in one's own namespace is less often that of a thing which others bring.
    if wanted.namespace.is_some_and(|named| traces.installed_into.contains(&hash(named))) {
        return perhaps("something installs a chart or an application into the namespace");
    }
    if traces.words.contains(&(unit, hash(wanted.name))) {
        return perhaps("a custom resource, a role or a command of this unit mentions it");
    }
    if traces.nameless.contains(&unit) {
        return perhaps("a custom resource of this unit has a name that is only known at run time");
    }
    // Operators name what they make after their resource: `main-rw`, `main-app` for the cluster `main`.
    let ends: Vec<usize> =
        wanted.name.match_indices(['-', '.']).map(|(at, _)| at).chain([wanted.name.len()]).collect();
    let starts = std::iter::once(0).chain(ends.iter().map(|end| end + 1));
    for start in starts.filter(|start| *start < wanted.name.len()) {
        for end in ends.iter().filter(|end| **end > start) {
            let word = hash(&wanted.name[start..*end]);
            if traces.custom.contains(&(unit, word)) {
                return perhaps("a custom resource of this unit has a similar name");
            }
            let made_there = |namespace: &Option<u64>| traces.makers.contains(&(*namespace, word));
            if start == 0 && [None, there].iter().any(made_there) {
                return perhaps("a custom resource of another unit has a similar name");
            }
        }
    }
    Existence::No
}

/// Why something that the unit does not declare may be made by others and go by this word: a custom resource's pods carry
/// its name as a label.
pub fn made_by_others(model: &Model<'_>, from: u32, word: &str) -> Option<Reason> {
    let wanted = Wanted { from, kind: "Pod", name: word, namespace: None };
    match otherwise_made(model, model.objects[from as usize].unit, wanted) {
        Existence::Perhaps(reason) => Some(reason),
        _ => None,
    }
}

/// Whether what is in no file may come into a namespace of the unit all the same: by a chart, an application, a remote base.
pub fn is_open(model: &Model<'_>, from: u32, namespace: &str) -> bool {
    let wanted = Wanted { from, kind: "", name: "", namespace: Some(namespace) };
    otherwise_made(model, model.objects[from as usize].unit, wanted) != Existence::No
}

fn is_external(model: &Model<'_>, wanted: Wanted<'_>) -> bool {
    model.world.externals.iter().any(|external| {
        let same = match (external.namespace.as_deref(), namespace_of(model, wanted)) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        let meant = external.kind == wanted.kind && external.name.is_match(wanted.name) && same;
        if meant {
            external.used.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        meant
    })
}

fn namespace_of<'m>(model: &'m Model<'_>, wanted: Wanted<'m>) -> Option<&'m str> {
    let entry = &model.objects[wanted.from as usize];
    wanted.namespace.or(entry.object.namespace).or(model.units[entry.unit as usize].namespace.as_deref())
}

fn namespace_matches(model: &Model<'_>, wanted: Wanted<'_>, candidate: u32) -> Match {
    if is_cluster_wide(wanted.kind) {
        return Match::Yes;
    }
    let entry = &model.objects[candidate as usize];
    if hides_namespace(model, candidate)
        || (wanted.namespace.is_none() && hides_namespace(model, wanted.from))
    {
        return Match::Perhaps;
    }
    let Some(namespace) = wanted.namespace else { return same_namespace(model, wanted.from, candidate) };
    match entry.object.namespace.or(model.units[entry.unit as usize].namespace.as_deref()) {
        Some(own) if own == namespace => Match::Yes,
        Some(_) => Match::No,
        None => Match::Perhaps,
    }
}

/// Whether an object's namespace is only known at run time.
fn hides_namespace(model: &Model<'_>, object: u32) -> bool {
    let object = &model.objects[object as usize].object;
    object.namespace.is_none() && object.node.at("metadata.namespace").is_some_and(NodeRef::is_unknown)
}

fn is_cluster_wide(kind: &str) -> bool {
    matches!(
        kind,
        "PriorityClass" | "StorageClass" | "IngressClass" | "RuntimeClass" | "ClusterRole" | "Namespace"
    )
}

/// How many names are looked at for the nearest: a suggestion is not worth a slow run.
pub const NAMES: usize = 300;

/// The name of an object of this kind in the unit that comes nearest to a name that nothing declares.
pub fn nearest<'m>(model: &'m Model<'_>, unit: u32, kind: &str, name: &str) -> Option<&'m str> {
    let same_kind = names(model).by_kind.get(&(unit, hash(kind))).into_iter().flatten();
    let objects = same_kind.map(|id| &model.objects[*id as usize].object);
    crate::spelling::nearest(name, objects.filter(|object| object.kind == kind).map(|object| object.name))
}
