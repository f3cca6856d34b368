//! What is deployed together: names and selectors find each other inside a unit.
//!
//! Plain manifests are cut by folders. A folder below which no object (kind, namespace, name) occurs twice is one unit, so
//! `prod/` and `staging/` are two; where an object does occur twice, each folder below is looked at for itself, and the
//! files that stand directly in it are a unit of their own, but for those that are variants of each other. What a chart or an
//! overlay renders to is a unit by itself.

use camino::Utf8Path;
use rustc_hash::{FxHashMap, FxHashSet};

use super::object::Entry;
use super::value::things;
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Thing};
use crate::fact::Fact;
use crate::source::{Bundle, Extent, FileId, Role, SourceFile};

/// One unit.
#[derive(Debug, Default)]
pub struct Unit {
    /// Its folder, `.` for the root.
    pub name: String,
    /// How much of what is deployed it is.
    pub extent: Extent,
    /// Its objects, in order.
    pub objects: Vec<u32>,
    /// The one namespace that its objects name, if they name exactly one.
    pub namespace: Option<String>,
    /// Its workloads, in order.
    pub workloads: Vec<u32>,
    /// Those of them whose pods have a label that is only known at run time.
    pub vague: Vec<u32>,
}

/// The unit as a subject.
pub static UNIT: KindDef = KindDef {
    kind: Kind::Unit,
    name: "unit",
    doc: "What is deployed together: a folder of plain manifests, a rendered chart, a built overlay.",
    tables: &[
        facts! {
            "name": Ty::Text, "its folder" => |m, t| Fact::plain(m.units[t.id as usize].name.clone()).into();
            "objects": Ty::List(&Ty::Thing(Kind::Object)), "its objects" =>
                |m, t| things(m.units[t.id as usize].objects.iter().map(|id| Thing::new(Kind::Object, *id as usize)));
        },
        super::allowance::OF_UNIT,
    ],
    all: Some(|m| (0..m.units.len()).map(|id| Thing::new(Kind::Unit, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| m.units[t.id as usize].objects.first().map(|id| m.objects[*id as usize].object.node),
    owners: &[Kind::Project],
    schema: &[],
};

/// Cuts the objects into units and tells each object its own.
pub fn partition<'p>(objects: &mut [Entry<'_>], source: impl Fn(FileId) -> &'p SourceFile) -> Vec<Unit> {
    let mut folders = Folders::default();
    let mut rendered: FxHashMap<&Bundle, Vec<u32>> = FxHashMap::default();
    for (id, entry) in objects.iter().enumerate() {
        let file = entry.object.node.tree().file;
        let source = source(file);
        match &source.role {
            Role::Rendered(bundle) => rendered.entry(bundle).or_default().push(id as u32),
            Role::Plain | Role::Ingredient => folders.add(&source.path, file, id as u32),
        }
    }
    let keys: Vec<_> = objects.iter().map(key).collect();
    // Units are put in order of their first objects later.
    let mut units: Vec<Unit> = rendered
        .into_iter()
        .map(|(bundle, objects)| {
            let Bundle { name, extent } = bundle.clone();
            Unit { name, extent, objects, ..Unit::default() }
        })
        .collect();
    folders.cut(0, &keys, &mut units);
    for unit in &mut units {
        unit.objects.sort_unstable();
    }
    units.sort_by_key(|unit| unit.objects.first().copied());
    for (at, unit) in units.iter_mut().enumerate() {
        for id in &unit.objects {
            objects[*id as usize].unit = at as u32;
        }
        let mut named = unit.objects.iter().filter_map(|id| objects[*id as usize].object.namespace);
        unit.namespace = named.next().filter(|first| named.all(|other| other == *first)).map(str::to_owned);
    }
    units
}

type Key<'a> = Option<(&'a str, &'a str, &'a str, &'a str)>;

/// What may stand only once in a cluster. Objects without a name of their own are never the same.
fn key<'a>(entry: &Entry<'a>) -> Key<'a> {
    let object = &entry.object;
    (!object.name.is_empty())
        .then(|| (object.group(), object.kind, object.namespace.unwrap_or(""), object.name))
}

/// The tree of folders that hold objects.
#[derive(Default)]
struct Folders {
    list: Vec<Folder>,
    by_path: FxHashMap<String, usize>,
}

#[derive(Default)]
struct Folder {
    path: String,
    below: Vec<usize>,
    /// The objects of the files that stand directly in it.
    own: Vec<(u32, FileId)>,
}

impl Folders {
    fn add(&mut self, path: &Utf8Path, file: FileId, object: u32) {
        let folder = self.folder(path.parent().unwrap_or(Utf8Path::new("")));
        self.list[folder].own.push((object, file));
    }

    fn folder(&mut self, path: &Utf8Path) -> usize {
        if self.list.is_empty() {
            self.list.push(Folder { path: ".".to_owned(), ..Folder::default() });
            self.by_path.insert(String::new(), 0);
        }
        if let Some(at) = self.by_path.get(path.as_str()) {
            return *at;
        }
        let parent = self.folder(path.parent().unwrap_or(Utf8Path::new("")));
        let at = self.list.len();
        self.list.push(Folder { path: path.as_str().to_owned(), ..Folder::default() });
        self.by_path.insert(path.as_str().to_owned(), at);
        self.list[parent].below.push(at);
        at
    }

    fn all_below(&self, at: usize) -> Vec<u32> {
        let mut objects = Vec::new();
        let mut queue = vec![at];
        while let Some(folder) = queue.pop() {
            objects.extend(self.list[folder].own.iter().map(|(id, _)| *id));
            queue.extend(&self.list[folder].below);
        }
        objects
    }

    fn cut(&self, at: usize, keys: &[Key<'_>], units: &mut Vec<Unit>) {
        let mut queue = if self.list.is_empty() { Vec::new() } else { vec![at] };
        while let Some(at) = queue.pop() {
            let folder = &self.list[at];
            let objects = self.all_below(at);
            if objects.is_empty() {
                continue;
            }
            if !any_twice(&objects, keys) {
                units.push(Unit { name: folder.path.clone(), objects, ..Unit::default() });
                continue;
            }
            self.cut_files(folder, keys, units);
            queue.extend(&folder.below);
        }
    }

    /// Files of one folder that declare the same object are variants of each other: each is a unit of its own. The others
    /// are one together.
    fn cut_files(&self, folder: &Folder, keys: &[Key<'_>], units: &mut Vec<Unit>) {
        let mut first: FxHashMap<Key<'_>, FileId> = FxHashMap::default();
        let mut variants: FxHashSet<FileId> = FxHashSet::default();
        for (id, file) in &folder.own {
            if let Some(key) = keys[*id as usize] {
                let before = *first.entry(Some(key)).or_insert(*file);
                if before != *file {
                    variants.extend([before, *file]);
                }
            }
        }
        let mut together = Vec::new();
        let mut alone: FxHashMap<FileId, Vec<u32>> = FxHashMap::default();
        for (id, file) in &folder.own {
            if variants.contains(file) {
                alone.entry(*file).or_default().push(*id);
            } else {
                together.push(*id);
            }
        }
        // Units are put in order of their first objects later.
        let cut = alone.into_values().chain([together]);
        for objects in cut.filter(|objects| !objects.is_empty()) {
            units.push(Unit { name: folder.path.clone(), objects, ..Unit::default() });
        }
    }
}

fn any_twice(objects: &[u32], keys: &[Key<'_>]) -> bool {
    let mut seen = FxHashSet::default();
    objects.iter().filter_map(|id| keys[*id as usize]).any(|key| !seen.insert(key))
}
