//! Backups as a container's script makes them: what it copies, and which of its failures nobody hears of.

use super::value::things;
use super::vocabulary::{FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::Fact;
use crate::lower::kubernetes::dump::{self, Lost};

/// What backups know of a container.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "dump": Ty::Text, "the program by which it copies a database, if its command names one: `pg_dump`, `mysqldump`" => |m, t| {
        match dump::program(&super::container::get(m, t).start) {
            Some((program, spot)) => Fact::written(program, spot).into(),
            None => Fact::<&str>::nothing().into(),
        }
    };
    "lostFailures": Ty::List(&Ty::Thing(Kind::LostFailure)), "failures of a database's copy that its script does not pass on" =>
        |m, t| things((0..dump::lost(&super::container::get(m, t).start).len()).map(|at| Thing::part(Kind::LostFailure, t.id, at)));
};

/// A failure that a script does not pass on.
pub static LOST_FAILURE: KindDef = KindDef {
    kind: Kind::LostFailure,
    name: "lostFailure",
    doc: "A failure that a container's script does not pass on.",
    tables: &[facts! {
        "program": Ty::Text, "the program that may fail" => |m, t| get(m, t).map_or(Fact::nothing(), |lost| Fact::written(lost.program, lost.spot)).into();
        "by": Ty::Text, "what hides it: `pipe` for a command on its right, `or` for one that cannot fail, `next` for one that follows" =>
            |m, t| get(m, t).map_or(Fact::nothing(), |lost| Fact::written(lost.by, lost.spot)).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| get(m, t).map(|lost| lost.spot.node),
    owners: &[Kind::Container, Kind::Job, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> Option<Lost<'a>> {
    dump::lost(&model.containers[thing.id as usize].start).into_iter().nth(thing.part as usize)
}
