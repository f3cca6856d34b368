//! Which Services stand before a workload, and which workloads behind a Service.

use rustc_hash::FxHashMap;

use super::link::{self, Found, SelectorIndex};
use super::workload::get;
use super::{Kind, Model, Thing};
use crate::fact::Reason;
use crate::lower::kubernetes::selector::{self, Match};
use crate::syntax::tree::NodeRef;

/// The Services of the project, by selector and by name.
#[derive(Debug, Default)]
pub struct Services {
    /// Their objects.
    ids: Vec<u32>,
    by_selector: SelectorIndex,
    by_name: FxHashMap<(u32, String), Vec<u32>>,
}

fn index<'m>(model: &'m Model<'_>) -> &'m Services {
    model.index.serving.get_or_init(|| {
        let ids: Vec<u32> = (0..model.objects.len() as u32)
            .filter(|id| {
                let object = &model.objects[*id as usize].object;
                object.kind == "Service" && object.group().is_empty()
            })
            .collect();
        let by_selector =
            SelectorIndex::new(ids.len(), |at| link::required_pair(selector_of(model, ids[at as usize])));
        let mut by_name: FxHashMap<(u32, String), Vec<u32>> = FxHashMap::default();
        for id in &ids {
            let entry = &model.objects[*id as usize];
            by_name.entry((entry.unit, entry.object.name.to_owned())).or_default().push(*id);
        }
        Services { ids, by_selector, by_name }
    })
}

fn selector_of<'a>(model: &Model<'a>, service: u32) -> Option<NodeRef<'a>> {
    model.objects[service as usize].object.node.at("spec.selector")
}

fn matches(model: &Model<'_>, service: u32, labels: Option<NodeRef<'_>>) -> Match {
    match selector_of(model, service) {
        // Without a selector nothing is selected; its endpoints are written elsewhere.
        Some(selector) if !selector::is_empty(selector) => selector::selects_map(selector, labels),
        _ => Match::No,
    }
}

/// The Services that select the pods of a workload.
pub fn services(model: &Model<'_>, workload: u32) -> Found {
    let this = get(model, Thing::new(Kind::Workload, workload as usize));
    let index = index(model);
    let labels = this.labels();
    let mut found = link::selecting(
        model,
        this.object,
        index.by_selector.candidates(labels),
        |at| index.ids[at as usize],
        |at| matches(model, index.ids[at as usize], labels),
        |at| !workloads(model, index.ids[at as usize]).ids.is_empty(),
    );
    for id in &mut found.ids {
        *id = index.ids[*id as usize];
    }
    found
}

/// The workloads of its own unit whose pods a Service selects.
pub fn workloads(model: &Model<'_>, service: u32) -> Found {
    let mut found = Found::default();
    let unit = model.objects[service as usize].unit;
    for id in link::workloads_with(model, unit, selector_of(model, service)) {
        let workload = &model.workloads[id as usize];
        match matches(model, service, workload.labels()).and(link::same_namespace(
            model,
            service,
            workload.object,
        )) {
            Match::Yes => found.ids.push(id),
            Match::Perhaps => {
                found
                    .open
                    .get_or_insert_with(|| Reason::new("labels or a namespace are only known at run time"));
            }
            Match::No => {}
        }
    }
    found
}

/// The Service of a unit with this name in this namespace.
pub fn named(model: &Model<'_>, unit: u32, namespace: &str, name: &str) -> Option<u32> {
    let candidates = index(model).by_name.get(&(unit, name.to_owned()))?;
    let home =
        |id: &&u32| super::object::namespace(model, **id).into_value().is_none_or(|own| own == namespace);
    candidates.iter().find(home).copied()
}
