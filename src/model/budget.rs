//! PodDisruptionBudgets: what they select, and how many pods they let go.

use std::sync::OnceLock;

use super::link::{self, Found, Relation, Selector, SelectorIndex};
use super::value::open_things;
use super::vocabulary::{KindDef, Ty, facts};
use super::workload::Workload;
use super::{Kind, Model, Thing};
use crate::fact::Fact;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::selector::{self, Match};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A budget.
#[derive(Debug)]
pub struct Budget<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
    /// The workloads whose pods it selects.
    workloads: Relation,
}

/// The budget as a subject.
pub static BUDGET: KindDef = KindDef {
    kind: Kind::Budget,
    name: "budget",
    doc: "A PodDisruptionBudget.",
    tables: &[
        facts! {
            "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
            "selector": Ty::Node, "which pods it is about" => |m, t| read::node(get(m, t).node, "spec.selector").into();
            "workloads": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads whose pods it selects" => |m, t| {
                let found = workloads(m, t.id);
                open_things(found.ids.iter().map(|id| Thing::new(Kind::Workload, *id as usize)), found.open.clone())
            };
            "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
        },
        super::budget_size::OF_BUDGET,
    ],
    all: Some(|m| (0..m.budgets.len()).map(|id| Thing::new(Kind::Budget, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["policy/v1 PodDisruptionBudget"],
};

/// Adds the budget that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    model.budgets.push(Budget { object: id as u32, node: object.node, workloads: OnceLock::new() });
}

/// The budget behind a thing of kind budget.
pub fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Budget<'a> {
    &model.budgets[thing.id as usize]
}

/// The selectors of all budgets.
pub fn selectors<'m>(model: &'m Model<'_>) -> &'m SelectorIndex {
    model.index.budgets.get_or_init(|| {
        let selectors = model.budgets.iter().enumerate().map(|(id, budget)| Selector {
            unit: model.objects[budget.object as usize].unit,
            at_home: !workloads(model, id as u32).ids.is_empty(),
            asks: selector::asked(budget.node.at("spec.selector")).collect(),
        });
        SelectorIndex::new(&selectors.collect::<Vec<_>>())
    })
}

/// The budgets that select the pods of a workload.
pub fn selecting(model: &Model<'_>, workload: &Workload<'_>) -> Found {
    let labels = workload.labels();
    link::selecting(
        model,
        workload.object,
        selectors(model).candidates(model.objects[workload.object as usize].unit, labels),
        |id| model.budgets[id as usize].object,
        |id| matches(model, id, labels),
        |id| !workloads(model, id).ids.is_empty(),
    )
}

fn matches(model: &Model<'_>, budget: u32, labels: Option<NodeRef<'_>>) -> Match {
    let budget = &model.budgets[budget as usize];
    match budget.node.at("spec.selector") {
        // policy/v1: an empty selector takes every pod of the namespace; v1beta1 took none.
        Some(selector) if selector::is_empty(selector) => {
            match model.objects[budget.object as usize].object.version() {
                "v1" => Match::Yes,
                "" => Match::Perhaps,
                _ => Match::No,
            }
        }
        selector => link::label_selector(selector, labels),
    }
}

/// The workloads of its own unit whose pods a budget selects.
pub fn workloads<'m>(model: &'m Model<'_>, budget: u32) -> &'m Found {
    let this = &model.budgets[budget as usize];
    this.workloads.get_or_init(|| {
        let unit = model.objects[this.object as usize].unit;
        let asks = selector::asked(this.node.at("spec.selector"));
        let mut found = link::selected(model, this.object, asks, |labels| matches(model, budget, labels));
        if found.ids.is_empty() && found.open.is_none() {
            found.open = if model.units[unit as usize].workloads.is_empty() {
                Some(crate::fact::Reason::new("this unit holds no workload"))
            } else {
                super::scaler::maker(model, this.object, None)
            };
        }
        found
    })
}
