//! One metric of a scaler: what it looks at, what it keeps to, and the most that it can ever see.

use super::recommender;
use super::scaler::{self, counted};
use super::value::{Val, open_things};
use super::vocabulary::{KindDef, NUMBER, PERCENT, Ty, facts};
use super::{Kind, Model, Thing, existence, resources, target};
use crate::fact::{Fact, Spot, State};
use crate::lower::kubernetes::autoscaling::Metric;
use crate::lower::kubernetes::kafka;
use crate::lower::kubernetes::limits::Bound;

/// A metric as a part of a scaler.
pub static METRIC: KindDef = KindDef {
    kind: Kind::Metric,
    name: "metric",
    doc: "What a scaler goes by: a metric of an autoscaler, a trigger of KEDA.",
    tables: &[facts! {
        "kind": Ty::Text, "`utilization` for a share of what containers request, `value` for an amount of a resource, else `other`" =>
            |m, t| of(m, t, kind);
        "source": Ty::Text, "where it comes from: `Resource`, `External`, or a trigger's type" => |m, t| of(m, t, |_, _, metric| metric.source().into());
        "resource": Ty::Text, "`cpu`, `memory` or another resource of the containers; absent for what is not theirs" =>
            |m, t| of(m, t, |_, _, metric| metric.resource().into());
        "target": PERCENT, "the share of the requests that it keeps to; absent for what is no share" =>
            |m, t| of(m, t, |_, _, metric| metric.utilization().into());
        "container": Ty::Text, "the one container that it looks at; absent if it looks at all" =>
            |m, t| of(m, t, |_, _, metric| metric.container().into());
        "containers": Ty::List(&Ty::Thing(Kind::Container)), "the containers that it counts" => |m, t| of(m, t, containers);
        "ceiling": PERCENT, "the most that the counted containers can use, as a share of their requests: their limits; absent if one has none" =>
            |m, t| of(m, t, |m, t, metric| ceiling(m, t, metric).into());
        "topic": Ty::Text, "of a trigger of KEDA: the topic of Kafka whose lag it goes by" => |m, t| of(m, t, |_, _, metric| metric.topic().into());
        "partitions": NUMBER, "how many partitions that topic has; unknown where no file declares it" => |m, t| of(m, t, |m, t, metric| partitions(m, t, metric).into());
        "idleConsumers": Ty::Bool, "of a trigger of KEDA: whether it starts more consumers than there are partitions" => |m, t| of(m, t, |_, _, metric| metric.allows_idle().into());
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| of(m, t, |_, _, metric| Fact::plain(metric.node()).into());
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Scaler, t.id as usize)),
    node: scaler::metric_node,
    owners: &[Kind::Scaler, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn of<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    read: impl FnOnce(&'a Model<'a>, Thing, Metric<'a>) -> Val<'a>,
) -> Val<'a> {
    scaler::metric_of(model, thing).map_or_else(Fact::nothing, |metric| read(model, thing, metric))
}

fn kind<'a>(_: &'a Model<'a>, _: Thing, metric: Metric<'a>) -> Val<'a> {
    let share = metric.utilization();
    let resource = metric.resource();
    let word = match (&share.state, &resource.state) {
        (State::Unknown(_), _) => return share.map(|_| "utilization").into(),
        (_, State::Unknown(_)) => return resource.into(),
        (State::Absent, State::Absent) => "other",
        (State::Absent, _) => "value",
        _ => "utilization",
    };
    Fact::plain(word).into()
}

fn containers<'a>(model: &'a Model<'a>, thing: Thing, metric: Metric<'a>) -> Val<'a> {
    let counted = counted(model, scaler::get(model, thing), metric);
    match counted.state {
        State::Written((ids, open)) | State::Default((ids, open)) => {
            open_things(ids.into_iter().map(|id| Thing::new(Kind::Container, id as usize)), open)
        }
        State::Unknown(reason) => Fact::unknown(reason.0),
        State::Absent => Fact::nothing(),
    }
}

fn ceiling<'a>(model: &'a Model<'a>, thing: Thing, metric: Metric<'a>) -> Fact<'a, f64> {
    let scaler = scaler::get(model, thing);
    let resource = metric.resource();
    let Some(resource) = resource.value().copied() else { return resource.map(|_| 0.0) };
    let ids = match counted(model, scaler, metric).state {
        State::Written((_, Some(reason))) => return Fact::unknown(reason.0),
        State::Written((ids, None)) | State::Default((ids, _)) => ids,
        State::Unknown(reason) => return Fact::unknown(reason.0),
        State::Absent => return Fact::nothing(),
    };
    if let Some(workload) = ids.first().map(|id| model.containers[*id as usize].workload) {
        let changed = target::of(model, target::Pointer::Recommender, workload);
        if changed.open.is_some() || changed.ids.iter().any(|id| recommender::acts(model, *id)) {
            return Fact::unknown("a VerticalPodAutoscaler changes the requests");
        }
    }
    let total = |bound| resources::sum(ids.iter().map(|id| resources::amount(model, *id, bound, resource)));
    let share = total(Bound::Limit).with(total(Bound::Request), |limit, request| (limit, request));
    if share.value().is_some_and(|(_, request)| *request <= 0.0) {
        return Fact::nothing();
    }
    share.map(|(limit, request)| 100.0 * limit / request)
}

/// The partitions of the topic that a trigger goes by, as the object of Strimzi's says that declares it: the one of the unit, or
/// else the only one. Topics of one name in several clusters are told apart by the address of the brokers.
fn partitions<'a>(model: &'a Model<'a>, thing: Thing, metric: Metric<'a>) -> Fact<'a, f64> {
    let topic = metric.topic();
    let Some(name) = topic.value().copied() else { return topic.map(|_| 0.0) };
    if metric.node().at("metadata.partitionLimitation").is_some() {
        return Fact::unknown_at("it goes by some of the partitions only", Spot::value(metric.node()));
    }
    let unit = model.objects[scaler::get(model, thing).object as usize].unit;
    let (own, others): (Vec<u32>, Vec<u32>) = existence::bearers(model, "KafkaTopic", name)
        .filter(|id| kafka::is_topic(&model.objects[*id as usize].object, name, metric.node()))
        .partition(|id| model.objects[*id as usize].unit == unit);
    match (own.as_slice(), others.as_slice()) {
        ([id], _) | ([], [id]) => kafka::partitions(model.objects[*id as usize].object.node),
        ([], []) => Fact::unknown("no file declares the topic"),
        _ => Fact::unknown("several files declare a topic of this name"),
    }
}
