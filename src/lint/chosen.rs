//! With what each chart of a project is rendered, and in which order: a chart may itself print how others are deployed.
//!
//! What the settings say of a chart counts; else how the project deploys it; else its defaults and what its authors try.

use super::Inputs;
use super::beside::is_beside;
use super::deployments::{Around, Declared, declared, kind};
use super::read::Project;
use super::rendered::Renderings;
use crate::config::Config;
use crate::outcome::Outcome;
use crate::render::helm::charts::{Charts, Given, Job, Wanted};
use crate::render::helm::read::{ChartFolder, Reader};
use crate::source::Role;

/// So often what was rendered is asked for more; then all that is left is rendered.
const ROUNDS: usize = 4;

/// What is still to be rendered.
pub(super) struct Chosen<'a> {
    config: &'a Config,
    inputs: &'a Inputs,
    charts: &'a Charts,
    /// What the settings say.
    named: Vec<Wanted>,
    /// Those that are not rendered yet, and whether they may print how others are deployed.
    left: Vec<(usize, bool)>,
    rounds: usize,
}

impl<'a> Chosen<'a> {
    /// Nothing is rendered yet. `named` is what the settings say.
    pub(super) fn new(
        config: &'a Config,
        inputs: &'a Inputs,
        charts: &'a Charts,
        named: Vec<Wanted>,
    ) -> Self {
        let left = charts.all().iter().enumerate();
        let left = left.map(|(at, chart)| (at, config.deployments && prints_deployments(chart))).collect();
        Self { config, inputs, charts, named, left, rounds: 0 }
    }

    /// What to render next, now that this is known; nothing once all is.
    pub(super) fn next(
        &mut self,
        project: &mut Project,
        renderings: &mut Renderings,
        outcome: &mut Outcome,
    ) -> Option<Vec<Job>> {
        if self.left.is_empty() {
            return None;
        }
        let all = self.charts.all();
        let mut declared = if self.config.deployments {
            declared(Around {
                config: self.config,
                root: &self.inputs.root,
                sources: &project.sources,
                trees: &project.trees,
                charts: all,
            })
        } else {
            Declared::default()
        };
        declared.wanted.retain(|wanted| !self.named.iter().any(|named| named.folder == wanted.folder));
        declared.wanted.extend(self.named.iter().cloned());
        let is_known =
            |wanted: &[Wanted], at: usize| wanted.iter().any(|wanted| wanted.folder == all[at].folder);
        let printing = |(_, prints): &&(usize, bool)| *prints;
        let are_known: Vec<usize> = self
            .left
            .iter()
            .filter(printing)
            .map(|(at, _)| *at)
            .filter(|at| is_known(&declared.wanted, *at))
            .collect();
        let is_last = self.rounds >= ROUNDS || !self.left.iter().any(|(_, prints)| *prints);
        let chosen: Vec<usize> = if is_last {
            self.left.iter().map(|(at, _)| *at).collect()
        } else if are_known.is_empty() {
            let unknown: Vec<usize> = self.left.iter().filter(printing).map(|(at, _)| *at).collect();
            for at in &unknown {
                tried_beside(&all[*at], &mut declared);
            }
            unknown
        } else {
            are_known
        };
        for file in &declared.files {
            project.sources.get_mut(*file).role = Role::Ingredient;
        }
        self.rounds += 1;
        self.left.retain(|(at, _)| !chosen.contains(at));
        let kubernetes = self.config.kubernetes.as_ref().map(ToString::to_string);
        let mut reader = Reader::new(&self.inputs.root, &mut project.sources);
        let jobs = self.charts.jobs(chosen.into_iter(), &declared.wanted, kubernetes.as_deref(), &mut reader);
        outcome.diagnostics.append(&mut reader.problems);
        renderings.tell_apart(declared);
        Some(jobs)
    }
}

/// Whether a chart may print how others are deployed.
fn prints_deployments(chart: &ChartFolder) -> bool {
    let prints = |text: &str| text.contains("kind: Application") || text.contains("kind: HelmRelease");
    chart.files.below("templates/").any(|(_, file)| prints(&file.content.text()))
}

/// A chart that prints how others are deployed, and of which nobody says how it is deployed itself: with its defaults, and with each
/// file of values beside them, for each is another installation.
fn tried_beside(chart: &ChartFolder, declared: &mut Declared) {
    let beside: Vec<&str> = chart
        .files
        .below("")
        .map(|(path, _)| path)
        .filter(|path| !path.contains('/') && is_beside(path))
        .collect();
    if beside.is_empty() {
        return;
    }
    let files = beside.into_iter().map(|name| (name.to_owned(), vec![chart.folder.join(name)]));
    for (name, values) in std::iter::once((String::new(), Vec::new())).chain(files) {
        if let Some(path) = values.first() {
            declared.kinds.insert((chart.folder.clone(), name.clone()), kind(path));
        }
        declared.wanted.push(Wanted {
            folder: chart.folder.clone(),
            name: Some(name),
            values: values.into_iter().map(Given::File).collect(),
            ..Wanted::default()
        });
    }
}
