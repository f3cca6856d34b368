//! From a finding to the edits that mend it: a fix's template filled for one subject and handed to `fix`.
//!
//! Writing files is no business of rules; what comes out are edits of one text.

use std::rc::Rc;

use super::judge::{filling, spots_of};
use super::memo::Memo;
use super::page::Fix;
use super::template::{self, Piece};
use super::{Names, Rule, compile};
use crate::fact::{Fact, Part};
use crate::fix::{self, Edit, Operation};
use crate::model::value::Datum;
use crate::model::{Model, Thing};
use crate::source::FileId;

/// What a fix would change.
#[derive(Clone, Debug)]
pub struct Mending {
    /// The file.
    pub file: FileId,
    /// The changes of its text; none where everything is there already.
    pub edits: Vec<Edit>,
    /// Whether nothing else about the system can change by it.
    pub safe: bool,
}

impl Rule {
    /// The fix for a subject; none where the page has no fix for its kind, or says why it cannot be applied.
    pub fn mend<'a>(
        &'a self,
        model: &'a Model<'a>,
        subject: Thing,
        holder: Option<Thing>,
        fixes: &[Fix],
    ) -> Option<Result<Mending, String>> {
        let kind = model.object_of(subject).map_or("", |id| model.objects[id as usize].object.kind);
        let applies = |fix: &&Fix| matches!(fix.language.as_str(), "yaml" | "yml" | "json");
        let fitting = |fix: &&Fix| fix.target.as_deref().is_none_or(|target| target == kind);
        let fix = fixes.iter().filter(applies).find(fitting)?;
        Some(self.apply(model, subject, holder, fix))
    }

    fn apply<'a>(
        &'a self,
        model: &'a Model<'a>,
        subject: Thing,
        holder: Option<Thing>,
        fix: &Fix,
    ) -> Result<Mending, String> {
        let pieces = template::holes(&fix.template.text).map_err(|unclosed| unclosed.message.to_owned())?;
        let holes = pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(range) => Some(&fix.template.text[range.clone()]),
            Piece::Text(_) => None,
        });
        let names = self.names().ok_or("its names are not known")?;
        let programs: Vec<_> = holes
            .map(|text| compile::compile(text, names).map_err(|fault| fault.message))
            .collect::<Result<_, _>>()?;
        let mut scope = self.scope(Rc::new(Memo::new(model)));
        scope.know(self.known_lets());
        if !self.bind(&mut scope, model, subject, holder) {
            return Err("what holds it is not known".to_owned());
        }
        let mut fillings = Vec::new();
        for program in &programs {
            let value = scope.value(program).map_err(|trouble| trouble.message)?;
            fillings.push(filling(&value, program));
        }
        let fragment = template::splice(&fix.language, &fix.template.text, &pieces, &fillings)
            .map_err(|misfit| misfit.message.to_owned())?;
        let node = match fix.operation {
            Operation::Merge | Operation::NewDocument => {
                let own = (subject.kind.def().node)(model, subject).ok_or("it has no place")?;
                // A fragment that is written from the top of an object is merged into the whole object.
                let from_top =
                    ["spec:", "metadata:"].iter().any(|key| fragment.trim_start().starts_with(key));
                let object = model.object_of(subject).map(|id| model.objects[id as usize].object.node);
                object.filter(|_| from_top).unwrap_or(own)
            }
            Operation::Replace | Operation::Remove => {
                let speech = self.speech().map_err(|_| "it has no place")?;
                let own = || speech.sayings.first().and_then(|saying| saying.at.as_ref());
                let at = speech.at.as_ref().or_else(own);
                let place = match at {
                    Some(at) => scope.value(at).map_err(|trouble| trouble.message)?,
                    None => Fact::plain(Datum::Thing(subject)),
                };
                let spot = spots_of(model, &place).into_iter().next().ok_or("it has no place")?;
                if matches!(spot.part, Part::Missing(_)) {
                    return Err("there is nothing to replace".to_owned());
                }
                spot.node
            }
        };
        let tree = node.tree();
        let edits = fix::apply(tree, node, fix.operation, &fragment)
            .map_err(|refusal| refusal.message.to_string())?;
        Ok(Mending { file: tree.file, edits, safe: fix.safe })
    }

    /// The names that a fix's holes may use.
    fn names(&self) -> Option<&Names> {
        self.lets().ok().map(|lets| &lets.names)
    }
}
