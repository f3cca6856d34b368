//! Names in other resources follow the resources that they mean, once prefixes, suffixes and hashes have changed these.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Problem;
use super::build::Build;
use super::config::Config;
use super::fieldspec::{FieldSpec, Make};
use super::names::join;
use super::node::{Node, Value};
use super::resource::{Gvk, Id, Resource};
use super::schema::Schema;
use super::set::Set;
use super::trail::Trail;

/// Rewrites all names that mean a resource of the build.
pub(super) fn fix(build: &mut Build<'_>, set: &mut Set, config: &Config) {
    let schema = Rc::clone(&build.schema);
    let candidates: Vec<Candidate> =
        set.list.iter().map(|resource| Candidate::new(resource, &schema)).collect();
    let mut by_name: FxHashMap<Rc<str>, Vec<usize>> = FxHashMap::default();
    for (at, candidate) in candidates.iter().enumerate() {
        for previous in &candidate.previous {
            let named = by_name.entry(Rc::clone(&previous.name)).or_default();
            if named.last() != Some(&at) {
                named.push(at);
            }
        }
    }
    if by_name.is_empty() {
        return;
    }
    for at in 0..set.list.len() {
        let mut node = set.list[at].node.clone();
        let mut finder = Finder {
            candidates: &candidates,
            by_name: &by_name,
            referrer: &candidates[at],
            subjects: subjects(&node),
            role: role(&node),
            schema: &schema,
            trail: &mut build.trail,
        };
        let mut problems = Vec::new();
        for reference in &config.name_reference {
            for spec in
                reference.referrers.iter().filter(|spec| finder.referrer.original.gvk.is_selected(&spec.gvk))
            {
                if let Err(problem) = finder.field(&mut node, spec, &reference.gvk) {
                    problems.push(problem);
                }
            }
        }
        set.list[at].node = node;
        for problem in problems {
            build.note(problem);
        }
    }
}

/// What a reference needs to know of a resource.
struct Candidate {
    id: Id,
    original: Id,
    previous: Vec<Id>,
    is_cluster_scoped: bool,
    prefixes: Vec<Rc<str>>,
    suffixes: Vec<Rc<str>>,
    /// Its name as it is now, with where its parts came from.
    name: Node,
    namespace: Option<Node>,
}

impl Candidate {
    fn new(resource: &Resource, schema: &Schema) -> Self {
        let id = resource.id();
        let metadata = |key| resource.node.at(&["metadata", key]).cloned();
        Self {
            is_cluster_scoped: id.is_cluster_scoped(schema),
            original: resource.original(),
            previous: resource.previous_ids(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            name: metadata("name").unwrap_or_else(|| Node::text("", resource.from())),
            namespace: metadata("namespace")
                .filter(|node| node.as_str().is_some_and(|text| !text.is_empty())),
            id,
        }
    }
}

struct Finder<'f, 'a> {
    candidates: &'f [Candidate],
    by_name: &'f FxHashMap<Rc<str>, Vec<usize>>,
    referrer: &'f Candidate,
    /// The namespaces of a role binding's service accounts.
    subjects: Vec<Rc<str>>,
    /// The kind of role that a binding gives.
    role: Option<Gvk>,
    schema: &'f Schema,
    trail: &'f mut Trail<'a>,
}

impl<'f> Finder<'f, '_> {
    fn field(&mut self, node: &mut Node, spec: &FieldSpec, target: &Gvk) -> Result<(), Problem> {
        let (gvk, from) = (self.referrer.id.gvk.clone(), node.from);
        let spec_of_all = FieldSpec { gvk: Gvk::default(), path: Rc::clone(&spec.path), create: spec.create };
        let is_role = spec.path.ends_with("roleRef/name");
        spec_of_all.visit(node, &gvk, Make::Nothing, from, &mut |node| self.names(node, target, is_role))
    }

    /// A value that holds a name, several, or maps with names.
    fn names(&mut self, node: &mut Node, target: &Gvk, is_role: bool) -> Result<(), Problem> {
        match &node.value {
            _ if node.is_null() => Ok(()),
            Value::Scalar(_) => self.scalar(node, target, is_role),
            Value::Map(_) => self.map(node, target, is_role),
            Value::List(items) => {
                let changes = items.iter().any(|item| {
                    let name = item.get("name").unwrap_or(item);
                    self.by_name.contains_key(name.written())
                });
                if !changes {
                    return Ok(());
                }
                node.items_mut().iter_mut().try_for_each(|item| match &item.value {
                    Value::Map(_) => self.map(item, target, is_role),
                    Value::Scalar(_) => self.scalar(item, target, is_role),
                    Value::List(_) => Err(Problem::new("a name is expected here", item.from)),
                })
            }
        }
    }

    fn scalar(&mut self, node: &mut Node, target: &Gvk, is_role: bool) -> Result<(), Problem> {
        let Some(found) = self.find(node, target, is_role, None)? else { return Ok(()) };
        if &*found.id.name != node.written() {
            rename(node, &found.name, self.trail);
        }
        Ok(())
    }

    fn map(&mut self, node: &mut Node, target: &Gvk, is_role: bool) -> Result<(), Problem> {
        let name = node.get("name").cloned();
        let name = name.ok_or_else(|| Problem::new("a name is expected here", node.from))?;
        let namespace = node.get("namespace").map(|namespace| namespace.written().to_owned());
        let Some(found) = self.find(&name, target, is_role, Some(namespace.as_deref()))? else {
            return Ok(());
        };
        if &*found.id.name != name.written()
            && let Some(name) = node.get_mut("name")
        {
            rename(name, &found.name, self.trail);
        }
        if let Some(namespace) = &found.namespace {
            match node.get_mut("namespace") {
                Some(there) if there.written() == namespace.written() => {}
                Some(there) => rename(there, namespace, self.trail),
                None => node.set("namespace", namespace.from, namespace.clone()),
            }
        }
        Ok(())
    }

    /// The resource that a name means. `within` is given for maps: the namespace that stands beside the name, if any.
    fn find(
        &self,
        name: &Node,
        target: &Gvk,
        is_role: bool,
        within: Option<Option<&str>>,
    ) -> Result<Option<&'f Candidate>, Problem> {
        let Some(named) = self.by_name.get(name.written()) else { return Ok(None) };
        let named: Vec<&'f Candidate> =
            named.iter().map(|at| &self.candidates[*at]).filter(|one| self.is_near(one)).collect();
        let namespace = |id: &Id| id.effective_namespace(self.schema).to_owned();
        let mut found = match within {
            Some(Some(wanted)) => {
                // Original namespaces count, unless nothing in reach had this one.
                let had = |one: &&Candidate| namespace(&one.original) == wanted;
                let any = self.candidates.iter().filter(|one| self.is_near(one)).any(|one| had(&one));
                named
                    .into_iter()
                    .filter(|one| if any { had(one) } else { namespace(&one.id) == wanted })
                    .collect()
            }
            _ => named,
        };
        found.retain(|one| one.previous.iter().any(|id| id.gvk.is_selected(target)));
        if is_role && let Some(role) = &self.role {
            found.retain(|one| one.previous.iter().any(|id| id.gvk.is_selected(role)));
        }
        if !self.referrer.is_cluster_scoped {
            found.retain(|one| {
                one.is_cluster_scoped
                    || &*one.id.gvk.kind == "ServiceAccount"
                    || namespace(&one.id) == namespace(&self.referrer.id)
            });
        }
        if let [one] = found[..] {
            return Ok(Some(one));
        }
        found.retain(|one| self.is_alike(one, true));
        if found.len() > 1 {
            found.retain(|one| self.is_alike(one, false));
        }
        match found[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            [one, ..] => {
                let same = |other: &&Candidate| {
                    other.id.name == one.id.name
                        && (within.is_none() || other.id.namespace == one.id.namespace)
                };
                if found.iter().all(same) {
                    return Ok(Some(one));
                }
                Err(Problem::new(format!("`{}` could mean several resources", name.written()), name.from))
            }
        }
    }

    /// Whether the referrer could mean something in that namespace.
    fn is_near(&self, one: &Candidate) -> bool {
        self.referrer.is_cluster_scoped
            || one.is_cluster_scoped
            || one.id.effective_namespace(self.schema) == self.referrer.id.effective_namespace(self.schema)
            || self.subjects.contains(&one.id.namespace)
    }

    /// Whether both got the same prefixes and suffixes, as far as the shorter list goes.
    fn is_alike(&self, one: &Candidate, may_be_none: bool) -> bool {
        let alike = |one: &[Rc<str>], other: &[Rc<str>]| {
            let (short, long) = if one.len() > other.len() { (other, one) } else { (one, other) };
            if short.is_empty() { may_be_none || long.is_empty() } else { long.ends_with(short) }
        };
        alike(&one.prefixes, &self.referrer.prefixes) && alike(&one.suffixes, &self.referrer.suffixes)
    }
}

/// Writes another name. It keeps that it once was the old one.
fn rename(node: &mut Node, name: &Node, trail: &mut Trail<'_>) {
    let before = node.from;
    join(node, &[name], trail);
    node.from = trail.over(name.from, before);
}

fn subjects(node: &Node) -> Vec<Rc<str>> {
    if node.str("kind") != Some("RoleBinding") {
        return Vec::new();
    }
    let subjects = node.get("subjects").map_or(&[][..], Node::items).iter();
    let accounts = subjects.filter(|subject| subject.str("kind") == Some("ServiceAccount"));
    accounts.filter_map(|account| account.str("namespace").map(Rc::from)).collect()
}

fn role(node: &Node) -> Option<Gvk> {
    let role = node.get("roleRef")?;
    let part = |key| role.get(key).map(|part| Rc::from(part.written()));
    Some(Gvk { group: part("apiGroup")?, version: Rc::from(""), kind: part("kind")? })
}
