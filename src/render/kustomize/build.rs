//! One build: what is taken in, in which order it is changed, and what is done once at the end.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use super::config::Config;
use super::files::{self, Files, Loaded};
use super::kustomization::{self, Kustomization, NAMES};
use super::node::Node;
use super::resource::Resource;
use super::schema::Schema;
use super::set::Set;
use super::trail::{From, Trail};
use super::vars::Var;
use super::{Gravity, Note, Problem, Project};
use super::{
    crds, folded, generators, hash, images, load, marks, names, namespace, openapi, order, patches, plugins,
};
use super::{references, replacements, replicas, vars};

/// How many nodes patches may look at in a whole project, and how many steps references may take.
const WORK: u64 = 100_000_000;

/// The version of Kubernetes' schema that Kustomize holds.
const OPENAPI: &str = "v1.21.2";

/// How deep folders may use each other.
const NESTED: usize = 100;

/// The state of all builds of a project.
pub(super) struct Build<'a> {
    pub(super) files: Files<'a>,
    pub(super) project: &'a Project<'a>,
    pub(super) trail: Trail<'a>,
    pub(super) schema: Rc<Schema>,
    builtin: Rc<Schema>,
    defaults: Rc<Config>,
    pub(super) notes: Vec<Note>,
    noted: FxHashSet<Note>,
    pub(super) covered: FxHashSet<crate::source::FileId>,
    pub(super) work: u64,
    /// Something of what is being built is not known.
    pub(super) is_partial: bool,
    /// The folders that are being built, the root first.
    stack: Vec<Utf8PathBuf>,
    /// Folders that were built for somebody else.
    done: FxHashMap<Utf8PathBuf, (Accumulated, bool)>,
    /// The namespace of those that use what is being built; charts go there.
    namespace: String,
    /// What is being built depends on that.
    asks_namespace: bool,
    /// The root is a component that nobody uses: its patches find nothing, and that is right.
    pub(super) is_lone_component: bool,
}

/// What a folder comes to.
#[derive(Clone, Debug)]
pub(super) struct Accumulated {
    pub(super) set: Set,
    pub(super) config: Rc<Config>,
    pub(super) vars: Vec<Var>,
}

impl<'a> Build<'a> {
    pub(super) fn new(project: &'a Project<'a>) -> Self {
        let builtin = Rc::new(Schema::builtin());
        Self {
            files: Files::new(project),
            project,
            trail: Trail::default(),
            schema: Rc::clone(&builtin),
            builtin,
            defaults: Rc::new(Config::defaults()),
            notes: Vec::new(),
            noted: FxHashSet::default(),
            covered: FxHashSet::default(),
            work: WORK,
            is_partial: false,
            stack: Vec::new(),
            done: FxHashMap::default(),
            namespace: String::new(),
            asks_namespace: false,
            is_lone_component: false,
        }
    }

    /// Builds a folder from beginning to end.
    pub(super) fn root(&mut self, kustomization: &Kustomization) -> Set {
        self.is_partial = false;
        self.schema = Rc::clone(&self.builtin);
        self.is_lone_component = kustomization.is_component();
        self.use_schema(kustomization);
        let mut accumulated = self.empty();
        self.accumulate(kustomization, &mut accumulated);
        self.stack.push(kustomization.folder.clone());
        let Accumulated { mut set, config, vars } = accumulated;
        hash::add_suffixes(self, &mut set);
        references::fix(self, &mut set, &config);
        vars::resolve(self, &mut set, &config, &vars);
        set.list.retain(|resource| {
            let mut marks = resource.marks("annotations");
            marks.all(|(key, value)| key != "config.kubernetes.io/local-config" || value == "false")
        });
        order::sort(self, &mut set, kustomization);
        let metadata = kustomization.items("buildMetadata").iter();
        if let Some(wish) = metadata.clone().find(|wish| wish.written() == "managedByLabel") {
            marks::managed_by(&mut set, wish.from);
        }
        for resource in &mut set.list {
            resource.tidy_annotations();
            folded::reread(&mut resource.node);
        }
        self.stack.pop();
        // What its users have is not known.
        self.is_partial |= self.is_lone_component;
        set
    }

    /// Whether what is built is called a base: made for others, though none uses it.
    pub(super) fn is_of_base(&self) -> bool {
        self.stack.first().is_some_and(|root| matches!(root.file_name(), Some("base" | "bases")))
    }

    fn empty(&self) -> Accumulated {
        Accumulated { set: Set::default(), config: Rc::clone(&self.defaults), vars: Vec::new() }
    }

    /// Notes what is wrong; what is built is not whole. That a component cannot be built alone is no fault of it.
    pub(super) fn note(&mut self, problem: Problem) {
        self.is_partial = true;
        if !self.is_lone_component {
            self.say(problem.gravity, problem);
        }
    }

    /// Says something once.
    pub(super) fn say(&mut self, gravity: Gravity, problem: Problem) {
        let Problem { message, help, from, .. } = problem;
        let folder = self.stack.last().cloned().unwrap_or_default();
        let note = Note { gravity, message, help, place: self.trail.place(from), folder };
        if self.noted.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    /// The kustomization in a folder, if there is one. What is wrong with it is noted.
    pub(super) fn find(&mut self, folder: &Utf8Path) -> Option<Kustomization> {
        self.stack.push(folder.to_owned());
        let found = self.kustomization(folder).unwrap_or_else(|problem| {
            self.note(problem);
            None
        });
        self.stack.pop();
        found
    }

    /// The same, where somebody else says what is wrong with it.
    pub(super) fn kustomization(&mut self, folder: &Utf8Path) -> Result<Option<Kustomization>, Problem> {
        let mut found: Option<Kustomization> = None;
        for name in NAMES {
            let Some(loaded) = self.files.load(&folder.join(name), &mut self.trail) else { continue };
            let Some(node) = loaded.documents.first().filter(|node| kustomization::is_kustomize(node)) else {
                if loaded.is_broken || loaded.documents.is_empty() {
                    let message = format!("the kustomization in `{folder}` is empty, or no YAML");
                    return Err(Problem::new(message, From::Nowhere));
                }
                continue;
            };
            self.covered.insert(loaded.file);
            if found.is_some() {
                let message = format!("`{folder}` has more than one kustomization");
                return Err(Problem::new(message, node.from).help("keep one of the files"));
            }
            found = Some(Kustomization::new(folder, node.clone()));
        }
        Ok(found)
    }

    /// Adds what a kustomization makes, or for a component, changes.
    fn accumulate(&mut self, kustomization: &Kustomization, into: &mut Accumulated) {
        self.stack.push(kustomization.folder.clone());
        for fault in kustomization.faults() {
            self.say(Gravity::Error, fault);
        }
        let mut schema = Rc::clone(&self.schema);
        into.set.remember(&schema);
        for entry in kustomization.resources() {
            if let Err(problem) = self.resource(kustomization, entry, into) {
                self.note(problem);
            }
            // A folder may bring another schema, and with it other scopes.
            if !Rc::ptr_eq(&schema, &self.schema) {
                schema = Rc::clone(&self.schema);
                into.set.remember(&schema);
            }
        }
        into.set.forget();
        self.left_undone(kustomization);
        self.configure(kustomization, into);
        generators::run(self, kustomization, &mut into.set);
        for entry in kustomization.items("components") {
            if let Err(problem) = self.folder(kustomization, entry, into, true) {
                self.note(problem);
            }
        }
        self.transform(kustomization, into);
        plugins::validate(self, kustomization);
        for var in kustomization.items("vars") {
            if let Err(problem) = vars::declare(self, into, var) {
                self.note(problem);
            }
        }
        self.stack.pop();
    }

    /// One entry of `resources`: a file, or a folder.
    fn resource(
        &mut self,
        kustomization: &Kustomization,
        entry: &Node,
        into: &mut Accumulated,
    ) -> Result<(), Problem> {
        let path = entry.as_str().ok_or_else(|| Problem::new("an entry that is no path", entry.from))?;
        let is_file = files::join(&kustomization.folder, path).is_some_and(|path| self.files.exists(&path));
        if !is_file || files::is_remote(path) {
            return self.folder(kustomization, entry, into, false);
        }
        let resources = self.resources_of_file(kustomization, entry)?;
        self.append(into, resources, entry);
        Ok(())
    }

    /// The resources in a file that a kustomization names.
    pub(super) fn resources_of_file(
        &mut self,
        kustomization: &Kustomization,
        entry: &Node,
    ) -> Result<Vec<Resource>, Problem> {
        let loaded = self.file(kustomization, entry)?;
        let (nodes, problems) = load::objects(&loaded.documents);
        problems.into_iter().for_each(|problem| self.note(problem));
        Ok(nodes.into_iter().map(Resource::new).collect())
    }

    fn append(&mut self, into: &mut Accumulated, resources: Vec<Resource>, entry: &Node) {
        let schema = Rc::clone(&self.schema);
        for refused in into.set.append(resources, &schema) {
            let message = format!("{} is there already", refused.id());
            self.note(
                Problem::new(message, entry.from).help("a build cannot hold two resources of one name"),
            );
        }
    }

    /// A file of YAML that a kustomization names. It is part of the build.
    pub(super) fn file(
        &mut self,
        kustomization: &Kustomization,
        entry: &Node,
    ) -> Result<Rc<Loaded>, Problem> {
        let path = self.path(kustomization, entry)?;
        let loaded = self.files.load(&path, &mut self.trail);
        let loaded = loaded.ok_or_else(|| self.missing(&path, entry.from))?;
        self.covered.insert(loaded.file);
        if loaded.is_cut {
            self.note(Problem::new(format!("`{path}` is nested deeper than is read here"), entry.from));
        }
        if loaded.is_broken {
            self.note(Problem::new(format!("`{path}` cannot be read as YAML"), entry.from));
        }
        Ok(loaded)
    }

    /// What is to be said of a file that is not here.
    pub(super) fn missing(&self, path: &Utf8Path, from: From) -> Problem {
        if self.files.is_made(path) {
            return Problem::made(path.as_str(), from);
        }
        Problem::new(format!("there is no file `{path}`"), from)
    }

    /// The path of a file that a kustomization names.
    pub(super) fn path(
        &mut self,
        kustomization: &Kustomization,
        entry: &Node,
    ) -> Result<Utf8PathBuf, Problem> {
        self.path_of(kustomization, entry.written(), entry.from)
    }

    /// The same for a path that is part of a text.
    pub(super) fn path_of(
        &mut self,
        kustomization: &Kustomization,
        path: &str,
        from: From,
    ) -> Result<Utf8PathBuf, Problem> {
        if files::is_remote(path) {
            return Err(Problem::remote(path, from));
        }
        if path.is_empty() {
            return Err(Problem::new("an entry that is no path", from));
        }
        let found = files::join(&kustomization.folder, path);
        let found =
            found.ok_or_else(|| Problem::new(format!("`{path}` leads out of what is checked"), from))?;
        if !found.starts_with(&kustomization.folder) && self.files.exists(&found) {
            let message = format!("`{path}` is not in or below the folder of the kustomization");
            let help = "`kustomize build` reads it with `--load-restrictor LoadRestrictionsNone` only";
            self.say(Gravity::Warning, Problem::new(message, from).help(help));
        }
        Ok(found)
    }

    /// A folder with a kustomization of its own.
    fn folder(
        &mut self,
        kustomization: &Kustomization,
        entry: &Node,
        into: &mut Accumulated,
        is_component: bool,
    ) -> Result<(), Problem> {
        let path = entry.as_str().ok_or_else(|| Problem::new("an entry that is no path", entry.from))?;
        let Some(inner) = self.inner(kustomization, path, entry.from)? else { return Ok(()) };
        let namespace = kustomization.namespace().map_or_else(|| self.namespace.clone(), str::to_owned);
        let before = std::mem::replace(&mut self.namespace, namespace);
        let done = self.inner_folder(&inner, path, entry, into, is_component);
        self.namespace = before;
        done
    }

    fn inner_folder(
        &mut self,
        inner: &Kustomization,
        path: &str,
        entry: &Node,
        into: &mut Accumulated,
        is_component: bool,
    ) -> Result<(), Problem> {
        if inner.is_component() != is_component {
            let (is, wants) =
                if is_component { ("no component", "resources") } else { ("a component", "components") };
            let message = format!("`{path}` is {is}");
            return Err(Problem::new(message, entry.from).help(format!("name it under `{wants}`")));
        }
        if is_component {
            self.use_schema(inner);
            self.accumulate(inner, into);
            return Ok(());
        }
        let made = self.accumulate_folder(inner);
        let Accumulated { set, config, vars } = made;
        self.append(into, set.list, entry);
        if !Rc::ptr_eq(&into.config, &config) {
            let merged = Rc::make_mut(&mut into.config).merge(&config);
            merged.map_err(|message| Problem::new(message, entry.from))?;
        }
        for var in vars {
            vars::add(into, var)?;
        }
        Ok(())
    }

    /// What a folder makes on its own, built at most once.
    fn accumulate_folder(&mut self, inner: &Kustomization) -> Accumulated {
        let is_plain = Rc::ptr_eq(&self.schema, &self.builtin);
        if let Some((made, is_partial)) = self.done.get(&inner.folder).filter(|_| is_plain) {
            self.is_partial |= is_partial;
            return made.clone();
        }
        let before = std::mem::take(&mut self.is_partial);
        let asked_before = std::mem::take(&mut self.asks_namespace);
        self.use_schema(inner);
        let mut made = self.empty();
        self.accumulate(inner, &mut made);
        // What failed for a component alone is still to be said where it is used by others.
        let is_for_all = !self.is_lone_component && !self.asks_namespace;
        if is_plain && Rc::ptr_eq(&self.schema, &self.builtin) && is_for_all {
            self.done.insert(inner.folder.clone(), (made.clone(), self.is_partial));
        }
        self.is_partial |= before;
        self.asks_namespace |= asked_before;
        made
    }

    /// The namespace that those who use this folder give to charts.
    pub(super) fn namespace_of_users(&mut self) -> String {
        self.asks_namespace = true;
        self.namespace.clone()
    }

    /// The kustomization of a folder that another names; nothing where it is on another machine.
    fn inner(
        &mut self,
        kustomization: &Kustomization,
        path: &str,
        from: From,
    ) -> Result<Option<Kustomization>, Problem> {
        if path.is_empty() {
            return Err(Problem::new("an entry that is no path", from));
        }
        let folder = files::join(&kustomization.folder, path);
        let found = match &folder {
            Some(folder) => self.kustomization(folder)?,
            None => None,
        };
        let Some(found) = found else {
            if files::is_remote(path) {
                self.is_partial = true;
                self.say(Gravity::Info, Problem::remote(path, from));
                return Ok(None);
            }
            return Err(match folder {
                Some(folder) if self.files.is_made(&folder) => Problem::made(path, from),
                Some(_) => Problem::new(
                    format!("`{path}` is neither a file nor a folder with a kustomization"),
                    from,
                ),
                None => Problem::new(format!("`{path}` leads out of what is checked"), from),
            });
        };
        if self.stack.iter().any(|above| above.starts_with(&found.folder)) || self.stack.len() >= NESTED {
            let message = format!("`{path}` is used by what it uses: `{}` runs in a circle", found.folder);
            return Err(Problem::new(message, from));
        }
        Ok(Some(found))
    }

    /// Resources that generators or transformers are configured with: inline, from files or from folders.
    pub(super) fn configuration(&mut self, kustomization: &Kustomization, key: &str) -> Vec<Resource> {
        let mut found = self.empty();
        for entry in kustomization.items(key) {
            let text = entry.written();
            if text.contains('\n') || text.trim_start().starts_with('{') {
                let (nodes, problems) = load::objects(&self.inline(entry));
                problems.into_iter().for_each(|problem| self.note(problem));
                self.append(&mut found, nodes.into_iter().map(Resource::new).collect(), entry);
            } else if let Err(problem) = self.resource(kustomization, entry, &mut found) {
                self.note(problem);
            }
        }
        found.set.list
    }

    /// The documents in a text that is written inside a kustomization.
    pub(super) fn inline(&mut self, text: &Node) -> Vec<Node> {
        let parsed =
            crate::syntax::yaml::parse_plain(crate::source::FileId(0), std::sync::Arc::from(text.written()));
        if !parsed.problems.is_empty() {
            self.note(Problem::new("this text cannot be read as YAML", text.from));
        }
        let document = self.trail.inside(parsed.tree, text.from);
        let (nodes, is_cut) = load::documents(&self.trail, document);
        if is_cut {
            self.note(Problem::new("this text is nested deeper than is read here", text.from));
        }
        nodes
    }

    /// Says what a kustomization asks for and is not done here.
    fn left_undone(&mut self, kustomization: &Kustomization) {
        for wish in kustomization.items("buildMetadata") {
            let problem = match wish.written() {
                "managedByLabel" => continue,
                wanted @ ("originAnnotations" | "transformerAnnotations") => {
                    Problem::new(format!("the annotations of `{wanted}` are not written here"), wish.from)
                }
                other => {
                    let message = format!("`{other}` is nothing that Kustomize says about a build");
                    self.say(Gravity::Error, Problem::new(message, wish.from));
                    continue;
                }
            };
            self.say(Gravity::Info, problem);
        }
        let Some(openapi) = kustomization.node.get("openapi") else { return };
        if let Some(version) = openapi.get("version") {
            let problem = match version.written() {
                _ if openapi.get("path").is_some() => {
                    "`openapi` has either a `path` or a `version`, not both".to_owned()
                }
                OPENAPI => return,
                other => format!("Kustomize holds no schema `{other}`, only `{OPENAPI}`"),
            };
            self.say(Gravity::Error, Problem::new(problem, version.from));
        }
    }

    /// The merge keys that a kustomization brings with it. The first one counts.
    fn use_schema(&mut self, kustomization: &Kustomization) {
        let Some(entry) = kustomization.node.get("openapi").and_then(|node| node.get("path")) else { return };
        if !Rc::ptr_eq(&self.schema, &self.builtin) {
            return;
        }
        if files::is_remote(entry.written()) {
            self.say(Gravity::Info, Problem::remote(entry.written(), entry.from));
            return;
        }
        match self.file(kustomization, entry) {
            Ok(loaded) => {
                if let Some(document) = loaded.documents.first() {
                    self.schema = Rc::new(openapi::read(document, &self.builtin));
                }
            }
            Err(problem) => self.note(problem),
        }
    }

    /// The fields that a kustomization adds to those that transformers write.
    fn configure(&mut self, kustomization: &Kustomization, into: &mut Accumulated) {
        for (key, read) in [("configurations", Config::read as fn(&Node) -> _), ("crds", crds::read)] {
            for entry in kustomization.items(key) {
                let read =
                    self.file(kustomization, entry).and_then(|loaded| match loaded.documents.first() {
                        Some(document) => read(document),
                        None => Ok(Config::default()),
                    });
                let merged = read.and_then(|config| {
                    let merged = Rc::make_mut(&mut into.config).merge(&config);
                    merged.map_err(|message| Problem::new(message, entry.from))
                });
                if let Err(problem) = merged {
                    self.note(problem);
                }
            }
        }
    }

    /// The transformers of one kustomization, in Kustomize's order.
    fn transform(&mut self, kustomization: &Kustomization, into: &mut Accumulated) {
        let Accumulated { set, config, .. } = into;
        let config = Rc::clone(config);
        patches::strategic(self, kustomization, set);
        patches::patches(self, kustomization, set);
        namespace::run(self, kustomization, set, &config);
        names::run(self, kustomization, set, &config);
        marks::run(self, kustomization, set, &config);
        patches::json(self, kustomization, set);
        replicas::run(self, kustomization, set, &config);
        images::run(self, kustomization, set, &config);
        replacements::run(self, kustomization, set);
        plugins::transform(self, kustomization, set);
    }
}
