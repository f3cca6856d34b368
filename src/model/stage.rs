//! Stages of API Gateway: who reaches them, and what bounds how often they are asked.

use super::vocabulary::{KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing};
use crate::lower::messaging::Stage;

/// The stage as a subject.
pub static STAGE: KindDef = KindDef {
    kind: Kind::Stage,
    name: "stage",
    doc: "A stage of API Gateway: what callers of an API reach.",
    tables: &[facts! {
        "name": Ty::Text, "what it is called in its file" => super::messaging::named;
        "private": Ty::Bool, "whether only a private network reaches it" => |m, t| get(m, t).private.clone().into();
        "rate": NUMBER, "how many requests a second its own settings, or those of one of its methods, allow; absent where the limit of the account is all there is" => |m, t| get(m, t).rate.clone().into();
        "guarded": Ty::Bool, "whether a usage plan or a web ACL is attached to it" => |m, t| get(m, t).guarded.clone().into();
    }],
    all: Some(|m| (0..m.messaging.stages.len()).map(|id| Thing::new(Kind::Stage, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Stage<'a> {
    &model.messaging.stages[thing.id as usize]
}
