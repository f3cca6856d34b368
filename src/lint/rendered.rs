//! What charts and overlays render to, as files of the run, and the way back from there to what a person wrote.
//!
//! Rendered text is parsed, modelled and judged like any file. Before findings are merged, every place in it becomes the place
//! of the line to change; so one fault that shows under several settings is one finding. Rendering itself is in `render`.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ask::Fault;
use super::read::{Project, problem_in};
use crate::finding::{Diagnostic, Label};
use crate::outcome::Outcome;
use crate::render::trace::{Page, Trail, Traced};
use crate::source::{FileId, Place, Role, SourceFile, Sources};
use crate::syntax::tree::{NodeId, NodeKind, Tree};
use crate::syntax::yaml;

/// All renderings of a run.
#[derive(Default)]
pub(super) struct Renderings {
    all: Vec<Trail>,
    /// Which document of which rendering a file is.
    by_file: FxHashMap<FileId, (usize, usize)>,
}

impl Renderings {
    /// Takes renderings in as files of the project.
    pub(super) fn new(all: Vec<Trail>, project: &mut Project, outcome: &mut Outcome) -> Self {
        let mut this = Self { all, by_file: FxHashMap::default() };
        for (at, trail) in this.all.iter().enumerate() {
            let unit: Arc<str> = match trail.settings.as_str() {
                "" => trail.folder.as_str().into(),
                settings => format!("{} ({settings})", trail.folder).into(),
            };
            for (position, page) in trail.pages.iter().enumerate() {
                let mut file = SourceFile::new(page.name.clone(), Arc::clone(&page.text));
                file.role = Role::Rendered(Arc::clone(&unit));
                let id = project.sources.push(file);
                this.by_file.insert(id, (at, position));
                let mut parsed = yaml::parse(id, Arc::clone(&page.text));
                forget_unknown(&mut parsed.tree, trail, page);
                outcome.summary.documents += parsed.tree.documents.len();
                outcome
                    .diagnostics
                    .extend(parsed.problems.into_iter().map(|problem| problem_in(id, problem)));
                project.trees.push(parsed.tree);
            }
        }
        this
    }

    /// Whether nothing was rendered.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Leads all places of a fault to what a person wrote. The places in rendered text stay grounds for suppressing, since
    /// comments of templates come through.
    pub(super) fn lead_home(&self, fault: &mut Fault, sources: &Sources) {
        fault.settings = self.settings(fault.primary.place.file);
        let mut related: Vec<Label> = Vec::new();
        if let Some(traced) = self.trace(fault.primary.place, fault.missing, sources) {
            fault.grounds.push(fault.primary.place);
            fault.primary.place = traced.primary;
            related.extend(traced.related.into_iter().map(|(place, message)| Label { place, message }));
            if let Some(setting) = traced.setting {
                fault.path = setting;
            }
        }
        for label in &fault.related {
            let place = self.written(label.place, sources);
            related.push(Label { place, message: label.message.clone() });
        }
        let mut seen = FxHashSet::default();
        related.retain(|label| label.place != fault.primary.place && seen.insert(label.place));
        fault.related = related;
        let homes: Vec<Place> = fault.grounds.iter().filter_map(|ground| self.extent(*ground)).collect();
        fault.grounds.extend(homes);
    }

    /// The place that a person wrote; the same place where a person wrote it.
    pub(super) fn written(&self, place: Place, sources: &Sources) -> Place {
        self.trace(place, None, sources).map_or(place, |traced| traced.primary)
    }

    /// Leads diagnostics home, each said once.
    pub(super) fn lead_diagnostics_home(&self, diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
        for label in diagnostics.iter_mut().filter_map(|diagnostic| diagnostic.place.as_mut()) {
            label.place = self.written(label.place, sources);
        }
        let mut seen = FxHashSet::default();
        diagnostics.retain(|diagnostic| {
            let place = diagnostic.place.as_ref().map(|label| label.place);
            place.is_none() || seen.insert((place, diagnostic.message.clone()))
        });
    }

    /// The settings of the rendering that a file belongs to, where its folder is rendered with several.
    fn settings(&self, file: FileId) -> Option<(String, usize)> {
        let trail = &self.all[self.by_file.get(&file)?.0];
        let of_folder = self.all.iter().filter(|other| other.folder == trail.folder).count();
        (of_folder > 1).then(|| (trail.settings.clone(), of_folder))
    }

    fn trace(&self, place: Place, missing: Option<&str>, sources: &Sources) -> Option<Traced> {
        let (trail, page) = self.behind(place.file)?;
        let here = trail.trace(page, place.span, missing, sources);
        // What says nothing of where it came from stands beside something that does.
        here.or_else(|| {
            let primary =
                trail.extent(page, crate::source::Span::new(0, page.text.len() as u32))?;
            Some(Traced { primary, related: Vec::new(), setting: None, exact: false })
        })
    }

    fn extent(&self, place: Place) -> Option<Place> {
        let (trail, page) = self.behind(place.file)?;
        trail.extent(page, place.span)
    }

    fn behind(&self, file: FileId) -> Option<(&Trail, &Page)> {
        let (at, position) = self.by_file.get(&file)?;
        let trail = &self.all[*at];
        Some((trail, &trail.pages[*position]))
    }
}

/// Values that are made up while rendering, such as a random password, are unknown to rules.
fn forget_unknown(tree: &mut Tree, trail: &Trail, page: &Page) {
    if !trail.has_unknown(page) {
        return;
    }
    for id in 0..tree.len() as u32 {
        let node = tree.node(NodeId(id));
        let scalar = !matches!(node.kind(), NodeKind::Map | NodeKind::List | NodeKind::Null);
        if scalar && trail.unknown(page, node.span()).is_some() {
            tree.set_kind(NodeId(id), NodeKind::Unknown);
        }
    }
}

/// Renders what the project holds.
pub(super) fn project(
    config: &crate::config::Config,
    inputs: &super::Inputs,
    project: &mut Project,
    outcome: &mut Outcome,
) -> Renderings {
    let _ = (config, inputs);
    Renderings::new(Vec::new(), project, outcome)
}
