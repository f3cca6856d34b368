//! What the settings say about charts, as the renderer wants to hear it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::Config;
use crate::render::helm::charts::{Given, Wanted};
use crate::render::helm::set::Kind;
use crate::source::discover::absolute;
use crate::source::{FileId, Place};

/// What each `[[chart]]` wants. `file` is the settings file among the sources of the run.
pub fn wanted(config: &Config, root: &Utf8Path, file: Option<FileId>) -> Vec<Wanted> {
    let root = absolute(root);
    let inside = |path: &Utf8Path| -> Utf8PathBuf {
        let path = absolute(path);
        path.strip_prefix(&root).map(Utf8Path::to_owned).unwrap_or(path)
    };
    let charts = config.charts.iter().map(|chart| Wanted {
        folder: inside(&chart.path),
        values: chart.values.iter().map(|(path, _)| Given::File(inside(path))).collect(),
        name: None,
        set: chart
            .set
            .iter()
            .map(|(line, span)| (Kind::Typed, line.clone(), file.map(|file| Place { file, span: *span })))
            .collect(),
        release: chart.release.clone(),
        namespace: chart.namespace.clone(),
        kubernetes: chart.kubernetes.map(|version| version.to_string()),
        api_versions: chart.api_versions.clone(),
        is_partial: false,
    });
    charts.collect()
}
