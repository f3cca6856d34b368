//! What can go wrong with a template, in Go's words and with the places that a person looks at.

use std::fmt;
use std::rc::Rc;

use super::super::origin::Origin;
use crate::source::Place;

/// A template that cannot be parsed or executed.
#[derive(Clone, Debug)]
pub struct Error {
    /// What is wrong, without positions: `nil pointer evaluating interface {}.tag`.
    pub message: String,
    /// Whether a template itself asked to stop, by `fail` or `required`.
    pub deliberate: bool,
    /// Where, from the innermost template outwards.
    pub steps: Vec<Step>,
    /// Where the value came from, or is missing, over which it stumbled.
    pub origin: Origin,
}

/// One template that was being executed when it went wrong.
#[derive(Clone, Debug)]
pub struct Step {
    /// The place of the part, if it stands in a file.
    pub place: Option<Place>,
    /// The name of the file or, in the text of a `tpl`, `gotpl`.
    pub file: Rc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The byte in the line, from 0; none where it could not even be parsed.
    pub column: Option<usize>,
    /// The template, and the part of it, that was being executed; none where it could not even be parsed.
    pub executing: Option<(Rc<str>, String)>,
    /// The words between this step and the one inside: `error calling include: `.
    pub lead: String,
}

impl Error {
    /// A sentence without a place yet.
    pub(super) fn new(message: impl Into<String>) -> Box<Self> {
        Box::new(Self { message: message.into(), deliberate: false, steps: Vec::new(), origin: Origin::NONE })
    }

    /// The place to look at first.
    pub fn place(&self) -> Option<Place> {
        self.steps.iter().find_map(|step| step.place)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (true, Some(outermost)) = (self.deliberate, self.steps.last()) {
            return write!(f, "execution error at ({outermost}): {}", self.message);
        }
        for step in self.steps.iter().rev() {
            write!(f, "template: {step}: ")?;
            if let Some((template, part)) = &step.executing {
                write!(f, "executing {} at <{part}>: ", super::literal::quote(template))?;
            }
            f.write_str(&step.lead)?;
        }
        f.write_str(&self.message)
    }
}
