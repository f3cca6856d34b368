//! Argo Rollouts' AnalysisTemplates: what they measure, when a measurement fails, and which Rollouts wait for it.

use rustc_hash::FxHashMap;

use super::value::things;
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::pod::Controller;
use crate::lower::read;
use crate::measure::duration;
use crate::syntax::tree::NodeRef;

/// A template.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
}

/// The template as a subject.
pub static ANALYSIS: KindDef = KindDef {
    kind: Kind::Analysis,
    name: "analysis",
    doc: "An AnalysisTemplate or a ClusterAnalysisTemplate of Argo Rollouts.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
        "measurements": Ty::List(&Ty::Thing(Kind::Measurement)), "what it measures" =>
            |m, t| things((0..metrics(m, t).len()).map(|at| Thing::part(Kind::Measurement, t.id, at)));
        "waiting": Ty::List(&Ty::Thing(Kind::Workload)), "the Rollouts that wait for its end: in a step, or before or after a promotion" =>
            |m, t| things(waiting(m, t).into_iter().map(|id| Thing::new(Kind::Workload, id as usize)));
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
    }],
    all: Some(|m| (0..m.analyses.len()).map(|id| Thing::new(Kind::Analysis, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["argoproj.io/v1alpha1 AnalysisTemplate"],
};

/// One thing that a template measures.
pub static MEASUREMENT: KindDef = KindDef {
    kind: Kind::Measurement,
    name: "measurement",
    doc: "One metric of an AnalysisTemplate.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| read::text(metric(m, t), "name").into();
        "interval": SECONDS, "the time from one measurement to the next" => |m, t| {
            read::text(metric(m, t), "interval").try_map("it is no duration", duration::go).into()
        };
        "count": NUMBER, "how many times it is measured" => |m, t| count(m, t).into();
        "failureLimit": NUMBER, "how many measurements may fail" => |m, t| {
            number(metric(m, t), "failureLimit").or_default(&defaults::FAILURE_LIMIT).into()
        };
        "successesInARow": NUMBER, "how many measurements must succeed one after the other, if that is asked for" =>
            |m, t| number(metric(m, t), "consecutiveSuccessLimit").into();
        "conditions": NUMBER, "how many conditions a value is held against" => |m, t| {
            let node = metric(m, t);
            let one = |key: &'static str| read::node(node, key).unless_hidden().map(|_| 1.0);
            let (success, failure) = (one("successCondition"), one("failureCondition"));
            match (success.is_absent(), failure.is_absent()) {
                (true, true) => Fact::written(0.0, Spot::value(node)),
                (true, false) => failure,
                (false, true) => success,
                (false, false) => success.with(failure, |a, b| a + b),
            }.into()
        };
        "provider": Ty::Text, "where the value comes from: `prometheus`, `web`, `job` …" => |m, t| {
            let provider = read::node(metric(m, t), "provider");
            match provider.value().and_then(|node| node.entries().next()) {
                Some((name, node)) => Fact::written(name, Spot::key(node)),
                None => provider.map(|_| "").try_map("no provider is named", |_| None),
            }.into()
        };
        "dry": Ty::Bool, "whether its outcome is only written down" => |m, t| dry(m, t).into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| Fact::written(metric(m, t), Spot::value(metric(m, t))).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Analysis, t.id as usize)),
    node: |m, t| Some(metric(m, t)),
    owners: &[Kind::Analysis, Kind::Object, Kind::Unit, Kind::Project],
    schema: &["argoproj.io/v1alpha1 AnalysisTemplate spec.metrics"],
};

/// Adds the template that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    model.analyses.push(Analysis { object: id as u32, node: object.node });
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Analysis<'a> {
    &model.analyses[thing.id as usize]
}

fn metrics<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<NodeRef<'a>> {
    get(model, thing).node.at("spec.metrics").into_iter().flat_map(NodeRef::items).collect()
}

fn metric<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    metrics(model, thing).get(thing.part as usize).copied().unwrap_or(get(model, thing).node)
}

/// A number, also where it is written as text, as Argo takes it.
fn number<'a>(node: NodeRef<'a>, key: &'static str) -> Fact<'a, f64> {
    read::node(node, key)
        .read(|value| value.as_number().or_else(|| value.text().parse::<i32>().ok().map(f64::from)))
}

fn count<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let node = metric(model, thing);
    let written = number(node, "count");
    let once = match (written.value(), &written) {
        (Some(0.0), _) => Fact::absent(Spot::value(node.get("count").unwrap_or(node))),
        (_, fact) if fact.is_absent() => Fact::absent(Spot::value(node)),
        _ => return written,
    };
    let interval = read::text(node, "interval");
    if interval.is_unknown() {
        return interval.map(|_| 0.0);
    }
    once.or_default(if interval.is_absent() {
        &defaults::MEASURED_ONCE
    } else {
        &defaults::MEASURED_FOR_EVER
    })
}

fn dry<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let name = read::text(metric(model, thing), "name");
    let entries = get(model, thing).node.at("spec.dryRun").into_iter().flat_map(NodeRef::items);
    for entry in entries {
        let wanted = read::text(entry, "metricName");
        match (wanted.value(), name.value()) {
            (Some(&"*"), _) => return wanted.map(|_| true),
            (Some(wanted_name), Some(own)) if wanted_name == own => return wanted.map(|_| true),
            (Some(_), Some(_)) => {}
            _ => return Fact::unknown("a metric's name is only known at run time"),
        }
    }
    Fact::plain(false)
}

/// Which Rollouts wait for which template: by unit, whether of the cluster, and name.
pub type Waiting = FxHashMap<(u32, bool, String), Vec<u32>>;

fn waiting(model: &Model<'_>, thing: Thing) -> Vec<u32> {
    let index = model.index.waiting.get_or_init(|| {
        let mut index = Waiting::default();
        for (id, workload) in
            model.workloads.iter().enumerate().filter(|(_, w)| w.controller == Controller::Rollout)
        {
            let unit = model.objects[workload.object as usize].unit;
            let steps = workload.node.at("spec.strategy.canary.steps").into_iter().flat_map(NodeRef::items);
            let in_steps = steps.filter_map(|step| step.get("analysis"));
            let promotions = [
                "spec.strategy.blueGreen.prePromotionAnalysis",
                "spec.strategy.blueGreen.postPromotionAnalysis",
            ];
            let around = promotions.iter().filter_map(|path| workload.node.at(path));
            for template in
                in_steps.chain(around).filter_map(|one| one.get("templates")).flat_map(NodeRef::items)
            {
                let Some(name) = template.get("templateName").filter(|name| !name.is_unknown()) else {
                    continue;
                };
                let cluster = template.get("clusterScope").and_then(NodeRef::as_bool).unwrap_or(false);
                let waiting = index.entry((unit, cluster, name.text().to_owned())).or_default();
                if waiting.last() != Some(&(id as u32)) {
                    waiting.push(id as u32);
                }
            }
        }
        index
    });
    let entry = &model.objects[get(model, thing).object as usize];
    let key = (entry.unit, entry.object.kind == "ClusterAnalysisTemplate", entry.object.name.to_owned());
    index.get(&key).cloned().unwrap_or_default()
}
