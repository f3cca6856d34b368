//! The schedule of a CronJob: what it means, how far apart its runs are, what a clock change does to them.

use std::sync::OnceLock;

use super::vocabulary::{KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot, State};
use crate::lower::read;
use crate::measure::cron::{CronError, Dialect, DstKind, Schedule};
use crate::measure::zone;
use crate::syntax::tree::NodeRef;

/// The schedule as a part of a job.
pub static SCHEDULE: KindDef = KindDef {
    kind: Kind::Schedule,
    name: "schedule",
    doc: "When a job runs.",
    tables: &[facts! {
        "text": Ty::Text, "the schedule as it is written" => |m, t| text(m, t).into();
        "error": Ty::Text, "why the schedule is refused, if it is" => |m, t| error(m, t).into();
        "fires": Ty::Bool, "whether its time ever comes" => |m, t| parsed(m, t).map(|schedule| !schedule.never_fires()).into();
        "minGap": SECONDS, "the shortest time between two runs" => |m, t| gap(m, t, Schedule::min_gap).into();
        "maxGap": SECONDS, "the longest time between two runs" => |m, t| gap(m, t, Schedule::max_gap).into();
        "zone": Ty::Text, "the time zone of its hours; absent where that is the control plane's own" => |m, t| read::text(object(m, t), "spec.timeZone").into();
        "zoneError": Ty::Text, "why its time zone is refused, if it is" => |m, t| zone_error(m, t).into();
        "zoneInside": Ty::Text, "the time zone that the schedule's own text names (`CRON_TZ=`)" => |m, t| zone_inside(m, t).into();
        "lostRun": Ty::Text, "the next local time that a clock change takes away together with its run" => |m, t| clock_change(m, t, DstKind::Skipped).into();
        "doubledRun": Ty::Text, "the next local time that a clock change repeats together with its run" => |m, t| clock_change(m, t, DstKind::Repeated).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Job, t.id as usize)),
    node: |m, t| object(m, t).at("spec.schedule"),
    owners: &[Kind::Job, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    model.workloads[thing.id as usize].node
}

fn text<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    read::text(object(model, thing), "spec.schedule")
}

/// What the schedule of each workload means, read when it is first asked for.
pub type Schedules = OnceLock<Box<[OnceLock<Result<Schedule, CronError>>]>>;

fn result<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a Result<Schedule, CronError>> {
    let all = model.index.schedules.get_or_init(|| model.workloads.iter().map(|_| OnceLock::new()).collect());
    text(model, thing)
        .map(|text| all[thing.id as usize].get_or_init(|| Schedule::parse(text, Dialect::Standard)))
}

fn parsed<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a Schedule> {
    result(model, thing).try_map("the schedule cannot be read", |result| result.as_ref().ok())
}

fn error<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, String> {
    let Fact { state, mut spots, confidence } = result(model, thing);
    let state = match state {
        State::Written(Err(error)) | State::Default(Err(error)) => {
            if let Some(node) = spots.first().map(|spot| spot.node).filter(|_| !error.range.is_empty()) {
                spots[0] = Spot::within(node, error.range.clone());
            }
            State::Written(error.message.clone())
        }
        State::Written(Ok(_)) | State::Default(Ok(_)) | State::Absent => State::Absent,
        State::Unknown(reason) => State::Unknown(reason),
    };
    Fact { state, spots, confidence }
}

fn gap<'a>(model: &'a Model<'a>, thing: Thing, of: impl FnOnce(&Schedule) -> Option<f64>) -> Fact<'a, f64> {
    parsed(model, thing).try_map("it never fires", of)
}

fn zone_error<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, String> {
    let Fact { state, spots, confidence } = read::text(object(model, thing), "spec.timeZone");
    let state = match state {
        State::Written(name) | State::Default(name) => match name {
            "" => State::Written("a time zone cannot be empty".to_owned()),
            _ if name.eq_ignore_ascii_case("Local") => {
                State::Written("`Local` is not an explicit time zone".to_owned())
            }
            _ if zone::find(name).is_none() => State::Written(format!("there is no time zone `{name}`")),
            _ => State::Absent,
        },
        State::Absent => State::Absent,
        State::Unknown(reason) => State::Unknown(reason),
    };
    Fact { state, spots, confidence }
}

fn zone_inside<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, String> {
    let node = object(model, thing).at("spec.schedule");
    match (parsed(model, thing), node) {
        (fact, Some(node)) if fact.value().is_some() => {
            match fact.value().and_then(|schedule| schedule.zone()) {
                Some(zone) => Fact::written(zone.name.clone(), Spot::within(node, zone.range.clone())),
                None => Fact::absent(Spot::value(node)),
            }
        }
        (fact, _) => fact.map(|_| String::new()),
    }
}

/// The first run that a clock change of this kind touches. Without a zone of its own it is bound to the control plane's, which
/// nobody here knows: then there is none to name.
fn clock_change<'a>(model: &'a Model<'a>, thing: Thing, kind: DstKind) -> Fact<'a, String> {
    let zone = read::text(object(model, thing), "spec.timeZone");
    let zone = zone.try_map("there is no such time zone", zone::find);
    let spot = text(model, thing).spots;
    let both = parsed(model, thing).with(zone, |schedule, zone| (schedule, zone));
    let Fact { state, spots, confidence } = both;
    let state = match state {
        State::Written((schedule, zone)) | State::Default((schedule, zone)) => {
            // The next two years count for a person; without a date, a fixed window.
            let from = model.world.today.and_then(|day| day.to_zoned(zone.clone()).ok());
            let hazard = match from {
                Some(from) => schedule.dst_hazard_within(&zone, from.timestamp().as_second(), 730),
                None => schedule.dst_hazard(&zone),
            };
            match hazard {
                Some(hazard) if hazard.kind == kind => {
                    State::Written(hazard.local.strftime("%Y-%m-%d %H:%M").to_string())
                }
                _ => State::Absent,
            }
        }
        State::Absent => State::Absent,
        State::Unknown(reason) => State::Unknown(reason),
    };
    Fact { state, spots: if spots.is_empty() { spot } else { spots }, confidence }
}
