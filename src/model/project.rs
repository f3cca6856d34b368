//! Everything that was read, as one subject: rules about what a project has or lacks look at it once.

use super::value::things;
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Thing};

/// The project.
pub static PROJECT: KindDef = KindDef {
    kind: Kind::Project,
    name: "project",
    doc: "Everything that was read.",
    tables: &[facts! {
        "units": Ty::List(&Ty::Thing(Kind::Unit)), "what is deployed together" => |m, _| things(m.all(Kind::Unit).iter().copied());
        "workloads": Ty::List(&Ty::Thing(Kind::Workload)), "all that runs pods" => |m, _| things(m.all(Kind::Workload).iter().copied());
        "actingAlarms": Ty::List(&Ty::Thing(Kind::Alarm)), "the alarms of CloudWatch of which it is written that they do something when they fire" => |m, _| super::alarm::of_cloudwatch(m, true);
        "quietAlarms": Ty::List(&Ty::Thing(Kind::Alarm)), "the alarms of CloudWatch that do nothing when they fire" => |m, _| super::alarm::of_cloudwatch(m, false);
    }],
    all: Some(|_| vec![Thing::new(Kind::Project, 0)]),
    owner: |_, _| None,
    node: |_, _| None,
    owners: &[],
    schema: &[],
};
