//! When something runs by the clock: what a schedule means, how far apart its runs are, what a clock change does to them.
//!
//! The schedule of a CronJob has the position of its job. That of another object, whose controller reads schedules in its own way,
//! has the object's.

use std::sync::OnceLock;

use super::vocabulary::{FactDef, KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot, State};
use crate::lower::kubernetes::object::Object;
use crate::lower::read;
use crate::measure::cron::{CronError, Dialect, DstKind, Schedule};
use crate::measure::zone;
use crate::syntax::tree::NodeRef;

/// The schedule as a part of a job.
pub static SCHEDULE: KindDef = KindDef {
    kind: Kind::Schedule,
    name: "schedule",
    doc: "When a job runs, or a backup of CloudNativePG.",
    tables: &[facts! {
        "text": Ty::Text, "the schedule as it is written" => |m, t| text(m, t).into();
        "fields": NUMBER, "how many fields it has" => |m, t| text(m, t).map(|text| text.split_whitespace().count() as f64).into();
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
    owner: |_, t| Some(Thing::new(if t.part == OF_OTHERS { Kind::Object } else { Kind::Job }, t.id as usize)),
    node: |m, t| object(m, t).at("spec.schedule"),
    owners: &[Kind::Job, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What an object knows of its schedule.
pub static OF_OBJECT: &[FactDef] = facts! {
    "schedule": Ty::Thing(Kind::Schedule), "of a ScheduledBackup of CloudNativePG: when it runs" => |m, t| {
        let object = &m.objects[t.id as usize].object;
        match object.node.at("spec.schedule").filter(|node| !node.is_null()) {
            Some(node) if dialect(object).is_some() => {
                Fact::written(Thing::part(Kind::Schedule, t.id, OF_OTHERS as usize), Spot::value(node)).into()
            }
            _ => Fact::<Thing>::absent(Spot::value(object.node)).into(),
        }
    };
};

/// The part of the schedules whose position is that of an object.
const OF_OTHERS: u32 = 1;

/// How the controller of an object that is no job reads its schedule. CloudNativePG, `ScheduledBackupCustomValidator.validate`:
/// `Parse` of robfig/cron v1.
fn dialect(object: &Object<'_>) -> Option<Dialect> {
    let is_backup = object.group() == "postgresql.cnpg.io" && object.kind == "ScheduledBackup";
    is_backup.then_some(Dialect::SecondsFirst)
}

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    let id = thing.id as usize;
    if thing.part == OF_OTHERS { model.objects[id].object.node } else { model.workloads[id].node }
}

fn text<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    read::text(object(model, thing), "spec.schedule")
}

/// What each schedule means, by its position and part; read when it is first asked for.
#[derive(Debug, Default)]
pub struct Schedules {
    of_jobs: OnceLock<Read>,
    of_others: OnceLock<Read>,
}

type Read = Box<[OnceLock<Result<Schedule, CronError>>]>;

fn result<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a Result<Schedule, CronError>> {
    let schedules = &model.index.schedules;
    let (of_kind, count, dialect) = match thing.part {
        OF_OTHERS => {
            (&schedules.of_others, model.objects.len(), dialect(&model.objects[thing.id as usize].object))
        }
        _ => (&schedules.of_jobs, model.workloads.len(), None),
    };
    let all = of_kind.get_or_init(|| (0..count).map(|_| OnceLock::new()).collect());
    let dialect = dialect.unwrap_or(Dialect::Standard);
    text(model, thing).map(|text| all[thing.id as usize].get_or_init(|| Schedule::parse(text, dialect)))
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
