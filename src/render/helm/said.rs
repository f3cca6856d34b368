//! What is said about a chart that cannot be rendered wholly: each thing once, however many templates and sets of values meet
//! it, and nothing that follows from a chart which is only fetched when somebody deploys.

use super::schema::REFUSED;
use super::{error, not_judged, with_help};
use crate::finding::{About, Diagnostic, Severity};
use crate::source::Place;

/// How many of a chart's own errors are said; the rest is counted.
const OFTEN: usize = 3;

/// What kept a chart from being rendered wholly with one set of values.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Charts that are named and not there.
    pub missing: Vec<Missing>,
    /// Templates that stopped with an error.
    pub stopped: Vec<Stop>,
    /// What templates printed that is no manifest.
    pub odd: Vec<Diagnostic>,
    /// Everything else that is wrong.
    pub problems: Vec<Diagnostic>,
}

/// A chart that is named and not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// By what name the chart's values know it.
    pub name: String,
    /// Where it is named.
    pub place: Place,
}

/// Why a template stopped, or the schema of the values would have kept all from being rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// The template that was to be rendered, or the schema. The error may stand in one that it includes.
    pub template: String,
    /// Where it stopped.
    pub place: Place,
    /// The error.
    pub message: String,
    /// The path of the values that it depends on.
    pub key: Option<String>,
    /// Whether the schema of the values says so.
    pub is_of_schema: bool,
    /// Whether the chart's author wanted it to stop: `required` and `fail`, and values that have to be set.
    pub is_deliberate: bool,
    /// Whether it stopped for want of the value, below which it looked for something.
    pub lacks_key: bool,
    /// Whether there are more values, which nobody here knows, and for want of which it may have stopped.
    pub lacks_values: bool,
}

impl Trouble {
    /// What is said to somebody who asked for just this: all of it, as errors where Helm would stop.
    pub(super) fn tell(self) -> Vec<Diagnostic> {
        let mut problems = self.problems;
        problems.extend(self.odd);
        problems.extend(absent(&self.missing.iter().collect::<Vec<_>>()));
        problems.extend(self.stopped.iter().map(Stop::diagnostic));
        problems
    }
}

impl Stop {
    /// Whether another one says the same. At one place of a template one thing is wrong, in one map of values several.
    fn repeats(&self, other: &Self) -> bool {
        self.place == other.place && (self.message == other.message || !self.is_of_schema)
    }

    /// The error that Helm stops with.
    pub(super) fn diagnostic(&self) -> Diagnostic {
        let message = if self.is_deliberate {
            format!("the chart asks for something else: {}", self.message)
        } else {
            format!("`{}` cannot be rendered: {}", self.template, self.message)
        };
        let problem = error(Some(self.place), message, "");
        match &self.key {
            _ if self.is_of_schema => with_help(problem, REFUSED),
            Some(key) => with_help(problem, format!("it depends on `{key}` of the chart's values")),
            None => problem,
        }
    }

    /// Whether it is how things are, and no mistake.
    fn is_to_be_expected(&self) -> bool {
        self.is_deliberate || self.lacks_values || self.lacks_key
    }

    /// The same among the findings of a project, which nobody may ever deploy with these values.
    fn in_passing(&self) -> Diagnostic {
        let problem = match &self.key {
            Some(key) if self.lacks_key && !self.is_deliberate => {
                error(Some(self.place), format!("the chart asks for `{key}`, which is not set"), "")
            }
            _ => self.diagnostic(),
        };
        if self.is_to_be_expected() {
            Diagnostic { about: About::NotJudged, severity: Severity::Info, ..problem }
        } else {
            Diagnostic { severity: Severity::Warning, ..problem }
        }
    }
}

/// What is to be said after a chart was rendered with each of its sets of values.
pub(super) fn gather<'t>(troubles: impl Iterator<Item = &'t Trouble>) -> Vec<Diagnostic> {
    let (mut missing, mut stopped, mut problems) = (Vec::new(), Vec::<&Stop>::new(), Vec::new());
    for trouble in troubles {
        for chart in &trouble.missing {
            if !missing.contains(&chart) {
                missing.push(chart);
            }
        }
        for stop in &trouble.stopped {
            // Templates of a chart that is not there, and values that only it has.
            let follows = !trouble.missing.is_empty() && !stop.is_deliberate;
            if !follows && !stopped.iter().any(|other| stop.repeats(other)) {
                stopped.push(stop);
            }
        }
        let in_passing = |odd: &Diagnostic| Diagnostic { severity: Severity::Warning, ..odd.clone() };
        for problem in trouble.problems.iter().cloned().chain(trouble.odd.iter().map(in_passing)) {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems.extend(absent(&missing));
    let (expected, own): (Vec<&Stop>, Vec<&Stop>) =
        stopped.into_iter().partition(|stop| stop.is_to_be_expected());
    for group in [own, expected] {
        problems.extend(group.iter().take(OFTEN).map(|stop| stop.in_passing()));
        if let Some(next) = group.get(OFTEN) {
            let more = group.len() - OFTEN;
            let message = format!("{more} more templates of this chart stop, the next of them here");
            problems.push(Diagnostic { message, help: None, ..next.in_passing() });
        }
    }
    problems
}

/// That charts are missing. It is how most repositories are, and so no error.
fn absent(missing: &[&Missing]) -> Option<Diagnostic> {
    let first = missing.first()?;
    let mut names: Vec<String> = Vec::new();
    for name in missing.iter().map(|chart| format!("`{}`", chart.name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let (who, is, its) = match names.as_slice() {
        [one] => (format!("the chart {one}"), "is", "its"),
        [before @ .., last] => (format!("the charts {} and {last}", before.join(", ")), "are", "their"),
        [] => return None,
    };
    let message = format!(
        "{who} {is} not in charts/: {its} objects are not judged, and what {its} templates print is unknown"
    );
    let problem = not_judged(Some(first.place), message);
    Some(with_help(problem, "`helm dependency build` puts what is missing into charts/"))
}
