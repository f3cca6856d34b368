//! The pipeline: read, parse, model, judge, gather. Readable on one screen; each step is a module of its own.
//!
//! Nothing here prints, and no rule is known by its name.

mod ask;
mod beside;
pub mod charts;
mod chosen;
mod deployments;
mod gather;
pub mod overlays;
mod read;
mod rendered;
mod room;
mod rules;
mod unsaid;

use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};

use crate::baseline::Baseline;
use crate::config::{Config, Names, Problem};
use crate::finding::{About, Severity};
use crate::model::graph::Graph;
use crate::model::{Kind, Model};
use crate::outcome::{Outcome, RuleInfo};
use crate::suppress::{self, Suppressions};

pub use rules::{Tested, test};

/// What a run is about.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The folder that is read; absolute. With `isolated`, only `paths` in it are.
    pub root: Utf8PathBuf,
    /// What is reported, relative to the root; everything where it is empty.
    pub paths: Vec<Utf8PathBuf>,
    /// Whether to read only `paths`, without the project around them.
    pub isolated: bool,
    /// A file that is not on disk (or not like this): its path relative to the root, and its bytes.
    pub stdin: Option<(Utf8PathBuf, Vec<u8>)>,
    /// What is known already, and the file that says so.
    pub baseline: Option<(Utf8PathBuf, Baseline)>,
}

impl Inputs {
    /// Whether what lies at this path is to be reported.
    fn cover(&self, path: &Utf8Path) -> bool {
        let holds =
            |wanted: &Utf8PathBuf| wanted.as_str().is_empty() || wanted == "." || path.starts_with(wanted);
        self.paths.is_empty() || self.paths.iter().any(holds)
    }
}

/// Reads, models, judges.
pub fn check(config: &Config, inputs: &Inputs) -> Outcome {
    let mut clock = Clock::new();
    let mut outcome = Outcome::default();

    let mut project = read::project(config, inputs, &mut outcome);
    clock.lap("read and parse", &mut outcome);

    let settings = config.register(&mut project.sources);
    let renderings = rendered::project(config, inputs, settings, &mut project, &mut outcome);
    read::left_templates(&project, &mut outcome);
    clock.lap("render", &mut outcome);

    project.unfold();
    let world = read::world(config);
    let model = Model::build(&project.trees, &project.sources, &world);
    clock.lap("model", &mut outcome);

    let mut rules = rules::load(config, |kind| model.occurs(kind), project.trees.len() >= FEW);
    let misset = std::mem::take(&mut rules.misset);
    clock.lap("rules", &mut outcome);

    let mut asked = ask::all(&model, &rules.ready);
    if !renderings.is_empty() {
        for fault in &mut asked.faults {
            renderings.lead_home(fault, &rules.ready[fault.rule].page, config, &project.sources);
        }
    }
    let written = |place| renderings.written(place, &project.sources);
    read::used_externals(config, &world);
    clock.lap("judge", &mut outcome);

    let names = Names::new(rules.ids.iter().cloned());
    let ran = |rule: &str| rules.asked_in_full(config, rule);
    let by_path = gather::ByPath::new(config, &project.sources);
    outcome.undecided = gather::undecided(&by_path, &model, &rules.ready, &asked, &written);
    gather::summarise(&model, &rules.ready, &asked, &mut outcome);
    let evidence = gather::evidence(&model, &rules.ready);
    let annotations = gather::annotations(&model);
    let faults = std::mem::take(&mut asked.faults);
    let found = || gather::findings(&by_path, &evidence, &rules.ready, faults);
    // To give back a large model takes a while, so another thread does.
    let mut findings = match project.trees.len() < FEW {
        true => found(),
        false => rayon::join(found, || drop(model)).0,
    };
    let mut suppressions = Suppressions::default();
    for tree in project.trees.iter().filter(|tree| !tree.comments.is_empty()) {
        suppressions.read(tree, project.sources.get(tree.file));
    }
    for (place, text) in annotations {
        suppressions.read_annotation(place, &text);
    }
    (findings, outcome.suppressed) = suppressions.apply(findings, &project.sources, config.today);
    outcome.diagnostics.extend(suppressions.diagnostics(suppress::World {
        sources: &project.sources,
        today: config.today,
        names: &names,
        ran: &ran,
        undecided: &outcome.undecided,
        judged: &|path| !config.is_test(path),
        written: &written,
    }));
    renderings.lead_diagnostics_home(&mut outcome.diagnostics, &project.sources);
    if outcome.summary.objects == 0 && outcome.summary.subjects == 0 {
        let left = if project.broken > 0 {
            Some(read::nothing_left(project.broken))
        } else {
            renderings.nothing_left(&outcome.diagnostics, &project.sources)
        };
        outcome.failed |= left.is_some();
        outcome.diagnostics.extend(left);
    }
    outcome.failed |= gather::troubles(&rules, &asked, &mut outcome.diagnostics);
    outcome.sources = project.sources;
    outcome.spent = Some(Box::new((project.trees, renderings)));

    let whole = inputs.paths.is_empty() && !inputs.isolated;
    let mut problems = config.check_names(&names);
    problems.extend(misset);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        outcome.failed = true;
    }
    if whole {
        problems.extend(config.unused(&ran, &names));
    }
    outcome.diagnostics.extend(problems.into_iter().map(|problem| problem.diagnostic(settings)));
    outcome.failed |= rules.report(&mut outcome);
    outcome.failed |= outcome.diagnostics.iter().any(|diagnostic| diagnostic.about == About::Bug);

    if let Some((path, baseline)) = &inputs.baseline {
        let applied = baseline.apply(findings, &outcome.sources, &ran);
        outcome.diagnostics.extend(applied.diagnostic(path).filter(|_| whole));
        outcome.suppressed.extend(applied.suppressed);
        findings = applied.kept;
    }
    gather::report(config, inputs, findings, &mut outcome);
    (outcome.rules, outcome.idle) = rules.asked();
    clock.lap("gather", &mut outcome);
    outcome
}

/// All rules, own ones included.
pub fn rules(config: &Config) -> Result<Vec<RuleInfo>, Box<Outcome>> {
    rules::infos(config)
}

/// Names in the settings that are no rule, no family or no parameter.
pub fn wrong_names(config: &Config) -> Vec<Problem> {
    let rules = rules::load(config, |_| true, false);
    let mut problems = config.check_names(&Names::new(rules.ids.iter().cloned()));
    problems.extend(rules.misset);
    problems
}

/// The model as rules see it.
pub fn model(config: &Config, inputs: &Inputs) -> Result<serde_json::Value, Box<Outcome>> {
    look_at(config, inputs, |model| {
        let wanted = |thing| {
            let file =
                crate::rule::judge::grounds(model, thing).first().map(|place| model.sources.path(place.file));
            inputs.paths.is_empty()
                || file.is_some_and(|file| inputs.paths.iter().any(|path| file.starts_with(path)))
        };
        let kinds = Kind::ALL.iter().filter(|kind| kind.def().all.is_some());
        let dump = kinds.map(|kind| {
            let things = model.all(*kind).iter().copied().filter(|thing| wanted(*thing));
            (kind.word().to_owned(), things.map(|thing| crate::model::dump::thing(model, thing)).collect())
        });
        serde_json::Value::Object(dump.collect())
    })
}

/// The ways of requests through a project, with what is known of them.
pub fn graph(config: &Config, inputs: &Inputs) -> Result<Graph, Box<Outcome>> {
    look_at(config, inputs, |model| {
        let mut graph = crate::model::graph::of(model);
        graph.keep_below(&inputs.paths);
        graph
    })
}

/// Reads and renders a project, and looks at its model.
fn look_at<T>(
    config: &Config,
    inputs: &Inputs,
    look: impl FnOnce(&Model<'_>) -> T,
) -> Result<T, Box<Outcome>> {
    let mut outcome = Outcome::default();
    let mut project = read::project(config, inputs, &mut outcome);
    let settings = config.register(&mut project.sources);
    rendered::project(config, inputs, settings, &mut project, &mut outcome);
    if project.trees.is_empty() {
        outcome.sources = project.sources;
        return Err(Box::new(outcome));
    }
    project.unfold();
    let world = read::world(config);
    Ok(look(&Model::build(&project.trees, &project.sources, &world)))
}

/// What rules can say about a subject, or about all; the subjects that there are if this is none.
pub fn vocabulary(subject: Option<&str>) -> Result<String, Vec<String>> {
    crate::model::dump::vocabulary(subject)
}

/// Below this many trees nothing is worth a thread of its own.
const FEW: usize = 1000;

/// Measures the steps of a run.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self, step: &'static str, outcome: &mut Outcome) {
        let now = Instant::now();
        outcome.timings.push((step, now - self.0));
        self.0 = now;
    }
}

/// How many comments a YAML text has, as the parser of YAML sees it.
pub fn comments(text: &str) -> usize {
    let file = crate::source::FileId(0);
    crate::syntax::yaml::parse(file, text.into()).tree.comments.len()
}
