//! Servers of Prometheus: which rules they load, how often they look, and to whom they send alerts.

use super::alert_route::texts;
use super::value::list;
use super::vocabulary::{KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::alerting::Server;

/// The server as a subject.
pub static PROMETHEUS: KindDef = KindDef {
    kind: Kind::Prometheus,
    name: "prometheus",
    doc: "A server of Prometheus, by its configuration file or its object.",
    tables: &[facts! {
        "name": Ty::Text, "what it is called" => |m, t| {
            let this = get(m, t);
            Fact::written(this.label, Spot::value(this.node)).into()
        };
        "ruleFiles": Ty::List(&Ty::Text), "the patterns of the files with rules that it loads" => |m, t| texts(&get(m, t).rule_files);
        "leftOut": Ty::List(&Ty::Text), "files with rules beside it or below it that none of these patterns has" => |m, t| list(get(m, t).left_out.iter().cloned());
        "hasAlertmanager": Ty::Bool, "whether it has an Alertmanager to send alerts to" => |m, t| get(m, t).alertmanagers.clone().into();
        "sendsOn": Ty::Bool, "whether it sends what it scrapes to somebody else, who may have rules as well" => |m, t| get(m, t).sends_on.clone().into();
        "scrapeInterval": SECONDS, "the shortest time between two scrapes of a target" => |m, t| get(m, t).scrapes.clone().into();
        "evaluationInterval": SECONDS, "the time between two evaluations of a rule" => |m, t| get(m, t).evaluates.clone().into();
    }],
    all: Some(|m| {
        (0..m.messaging.alerting.servers.len()).map(|id| Thing::new(Kind::Prometheus, id)).collect()
    }),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Server<'a> {
    &model.messaging.alerting.servers[thing.id as usize]
}
