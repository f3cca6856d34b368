//! From files to a chart: what it says about itself, its values, templates and files, and the charts in it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::origin::{Origin, Origins};
use super::super::value::{Data, Value};
use super::super::yaml::load::load as load_yaml;
use super::files::{File, Files};
use super::metadata::Metadata;
use super::{error, values};
use crate::finding::{About, Diagnostic, Label, Severity};
use crate::source::{FileId, Place, Span};
use crate::syntax::looks_templated;

/// How deep charts may lie in charts.
const MAX_DEPTH: usize = 32;

/// A chart.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// What it says about itself.
    pub(super) metadata: Metadata,
    /// Its folder below the outermost chart's: empty, or ending in `/`.
    pub(super) folder: String,
    /// Its Chart.yaml.
    pub(super) file: FileId,
    /// Its default values; a map.
    pub(super) values: Value,
    /// Its values.schema.json.
    pub(super) schema: Option<File>,
    /// The files below `templates/`, by their paths in the chart.
    pub(super) templates: Rc<[(String, File)]>,
    /// What `.Files` gives.
    pub(super) files: Rc<[(String, File)]>,
    /// The charts in it.
    pub(super) dependencies: Vec<Chart>,
    /// What put it in, or left it out: a condition or tags of the chart around it.
    pub(super) because: Origin,
    /// The charts in it that are switched off.
    pub(super) left_out: Vec<LeftOut>,
}

/// A chart that is switched off.
#[derive(Clone, Debug)]
pub(super) struct LeftOut {
    /// The chart.
    pub(super) chart: Chart,
    /// Where it is said what switches it.
    pub(super) switch: Option<Place>,
}

impl Chart {
    /// Whether it has a file of this name below `crds/`.
    pub(super) fn definitions(&self) -> impl Iterator<Item = &(String, File)> {
        self.files.iter().filter(|(path, _)| {
            let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
            path.starts_with("crds/") && matches!(ending.as_str(), "yaml" | "yml" | "json")
        })
    }
}

/// Loads the chart in `folder` (empty, or ending in `/`) of these files. What is wrong with the charts in it is said, and they
/// are left out.
pub(super) fn load(
    files: &Files,
    folder: &str,
    origins: &mut Origins,
    problems: &mut Vec<Diagnostic>,
) -> Result<Chart, Diagnostic> {
    load_below(files, folder, 0, origins, problems)
}

fn load_below(
    files: &Files,
    folder: &str,
    depth: usize,
    origins: &mut Origins,
    problems: &mut Vec<Diagnostic>,
) -> Result<Chart, Diagnostic> {
    let own = |name: &str| files.get(&format!("{folder}{name}"));
    let Some(about) = own("Chart.yaml") else {
        let place = files.below(folder).next().map(|(_, file)| start(file.id));
        return Err(error(place, "this folder is no chart: it has no Chart.yaml", ""));
    };
    let written = yaml(about, "Chart.yaml", origins)?;
    let requirements = match own("requirements.yaml") {
        Some(file) => Some(yaml(file, "requirements.yaml", origins)?),
        None => None,
    };
    let metadata = Metadata::read(&written, requirements.as_ref(), origins)?;
    let values = match own("values.yaml") {
        Some(file) => values_of(file, "values.yaml", origins)?,
        None => values::empty(),
    };
    let is_first = metadata.api_version == "v1";
    let mut chart = Chart {
        metadata,
        folder: folder.to_owned(),
        file: about.id,
        values,
        schema: own("values.schema.json").cloned(),
        templates: Rc::default(),
        files: Rc::default(),
        dependencies: Vec::new(),
        because: Origin::NONE,
        left_out: Vec::new(),
    };
    let mut inner: BTreeMap<&str, &File> = BTreeMap::new();
    let (mut templates, mut others) = (Vec::new(), Vec::new());
    for (path, file) in files.below(folder) {
        match path {
            "Chart.yaml" | "Chart.lock" | "values.yaml" | "values.schema.json" => {}
            "requirements.yaml" | "requirements.lock" if !is_first => {}
            _ if path.starts_with("templates/") => templates.push((path.to_owned(), file.clone())),
            _ => match path.strip_prefix("charts/") {
                Some(path) if !path.ends_with(".prov") => {
                    let name = path.split('/').next().unwrap_or(path);
                    if !name.starts_with(['_', '.']) {
                        inner.entry(name).or_insert(file);
                    }
                }
                _ => others.push((path.to_owned(), file.clone())),
            },
        }
    }
    (chart.templates, chart.files) = (templates.into(), others.into());
    for (name, file) in inner {
        if own(&format!("charts/{name}")).is_some() {
            problems.push(error(
                Some(start(file.id)),
                format!("`charts/{name}` is no chart, and Helm refuses the chart for it"),
                "",
            ));
        } else if depth >= MAX_DEPTH {
            problems.push(error(Some(start(file.id)), "charts lie too deep in charts", ""));
        } else {
            match load_below(files, &format!("{folder}charts/{name}/"), depth + 1, origins, problems) {
                Ok(needed) => chart.dependencies.push(needed),
                Err(problem) => problems.push(problem),
            }
        }
    }
    Ok(chart)
}

/// The values in a file: a map.
pub(super) fn values_of(file: &File, name: &str, origins: &mut Origins) -> Result<Value, Diagnostic> {
    let value = yaml(file, name, origins)?;
    match value.data {
        Data::Map(_) => Ok(value),
        Data::Nil => Ok(values::empty()),
        _ => Err(error(Some(start(file.id)), format!("{name}: values are a map"), "not a map")),
    }
}

fn start(file: FileId) -> Place {
    Place { file, span: Span::new(0, 0) }
}

fn yaml(file: &File, name: &str, origins: &mut Origins) -> Result<Value, Diagnostic> {
    let text = file.content.text();
    load_yaml(&text, file.id, origins).map_err(|problem| {
        let at = |span| Place { file: file.id, span };
        match looks_templated(&text) {
            Some(marker) => Diagnostic {
                about: About::NotJudged,
                severity: Severity::Info,
                message: format!(
                    "{name} is a template that another program fills in, so the chart is not judged"
                ),
                help: None,
                place: Some(Label { place: at(marker), message: String::new() }),
                file: None,
            },
            None => error(Some(at(problem.span)), format!("{name} is no YAML: {}", problem.message), "here"),
        }
    })
}
