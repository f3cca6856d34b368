//! What templates see: `.Values`, `.Chart`, `.Files`, `.Release`, `.Capabilities`, `.Subcharts` of each chart, and which
//! templates there are.

use std::rc::Rc;

use super::super::functions::Helm;
use super::super::origin::{How, Origin, Origins, Source};
use super::super::template::function::{Function, Functions};
use super::super::value::{Data, Entry, Map, Value};
use super::capabilities::capabilities;
use super::chart_files::ChartFiles;
use super::files::File;
use super::load::Chart;
use super::values::empty;

/// Helm's functions, and the method that maps of values have.
#[derive(Debug)]
pub(super) struct ChartFunctions;

impl Functions for ChartFunctions {
    fn find(&self, name: &str) -> Option<Function> {
        Helm.find(name)
    }

    fn map_method(&self, name: &str) -> Option<Function> {
        (name == "AsMap").then_some(|_, values| values.first().cloned().ok_or_else(|| "no map".to_owned()))
    }
}

/// What a release is called, and the cluster that it is for.
#[derive(Clone, Debug)]
pub(super) struct Release<'r> {
    pub(super) name: &'r str,
    pub(super) namespace: &'r str,
    pub(super) kubernetes: &'r str,
    pub(super) api_versions: &'r [String],
    pub(super) helm: &'r str,
}

/// A template and what it is executed with.
#[derive(Debug)]
pub(super) struct Template<'c> {
    /// Its name: `chart/charts/sub/templates/x.yaml`, with the names of charts, not of folders.
    pub(super) name: String,
    /// Its text.
    pub(super) file: &'c File,
    /// Its path below the outermost chart's folder.
    pub(super) path: String,
    /// What put its chart, and those around that, in.
    pub(super) because: Origin,
    dot: Map,
    folder: Rc<str>,
}

impl Template<'_> {
    /// Whether it is only there for others.
    pub(super) fn is_partial(&self) -> bool {
        self.name.rsplit('/').next().is_some_and(|name| name.starts_with('_'))
    }

    /// The data for it. All templates of a chart share it, but for `.Template`.
    pub(super) fn dot(&self, origins: &mut Origins) -> Value {
        let origin = origins.add(Source::Given(".Template"));
        let entries = [("Name", self.name.as_str()), ("BasePath", &self.folder)];
        let entries = entries.map(|(key, text)| given(key, Value::text(text, origin)));
        self.dot.borrow_mut().extend([given("Template", Value::map(entries, origin))]);
        Value { data: Data::Map(self.dot.clone()), origin: Origin::NONE }
    }
}

fn given(key: &str, value: Value) -> (Rc<str>, Entry) {
    (key.into(), Entry { key: Origin::NONE, value })
}

/// The templates of a chart and of those in it, in the order in which they are parsed and executed: deepest first, and among
/// those of one depth from the end of the alphabet.
pub(super) fn templates<'c>(
    chart: &'c Chart,
    values: &Value,
    release: &Release<'_>,
    origins: &mut Origins,
) -> Vec<Template<'c>> {
    let capabilities = capabilities(release.kubernetes, release.api_versions, release.helm, origins);
    let release = about(release, origins);
    let mut walk = Walk { release, capabilities, origins, found: Vec::new() };
    walk.chart(chart, values.clone(), &chart.metadata.name, None);
    let mut found = walk.found;
    let depth = |name: &str| name.bytes().filter(|byte| *byte == b'/').count();
    found.sort_by(|a, b| depth(&b.name).cmp(&depth(&a.name)).then_with(|| b.name.cmp(&a.name)));
    found
}

fn about(release: &Release<'_>, origins: &mut Origins) -> Value {
    let mut known = |key: &str, name: &'static str, data: fn(Origin, &str) -> Value, text: &str| {
        given(key, data(origins.add(Source::Given(name)), text))
    };
    let text = |origin: Origin, text: &str| Value::text(text, origin);
    let entries = [
        known("Name", ".Release.Name", text, release.name),
        known("Namespace", ".Release.Namespace", text, release.namespace),
        known("Service", ".Release.Service", text, "Helm"),
        known("IsInstall", ".Release.IsInstall", |origin, _| Value::new(Data::Bool(true), origin), ""),
        known("IsUpgrade", ".Release.IsUpgrade", |origin, _| Value::new(Data::Bool(false), origin), ""),
        known("Revision", ".Release.Revision", |origin, _| Value::new(Data::Int(1), origin), ""),
    ];
    Value::map(entries, origins.add(Source::Given(".Release")))
}

struct Walk<'o, 'c> {
    release: Value,
    capabilities: Value,
    origins: &'o mut Origins,
    found: Vec<Template<'c>>,
}

impl<'c> Walk<'_, 'c> {
    /// Notes the templates of a chart, and gives what it sees. `path` is made of the names of charts; `around` is
    /// what put the chart around it in.
    fn chart(&mut self, chart: &'c Chart, values: Value, path: &str, around: Option<Origin>) -> Value {
        let because = self.origins.of(How::Derived, around.into_iter().chain([chart.because]));
        let inner = Value::map([], Origin::NONE);
        let files = ChartFiles::new(&chart.files, self.origins);
        let dot = Value::map(
            [
                given("Chart", chart.metadata.object(around.is_none())),
                given("Files", Value::new(Data::Object(Rc::new(files)), Origin::NONE)),
                given("Release", self.release.clone()),
                given("Capabilities", self.capabilities.clone()),
                given("Values", values.clone()),
                given("Subcharts", inner.clone()),
            ],
            Origin::NONE,
        );
        for needed in &chart.dependencies {
            let name = &needed.metadata.name;
            let known = values.get(name).filter(|value| matches!(value.data, Data::Map(_)));
            let below = format!("{path}/charts/{name}");
            let context = self.chart(needed, known.unwrap_or_else(empty), &below, Some(because));
            if let Data::Map(inner) = &inner.data {
                inner.borrow_mut().extend([given(name, context)]);
            }
        }
        let folder: Rc<str> = format!("{path}/templates").into();
        let Data::Map(map) = &dot.data else { return dot };
        for (file_path, file) in chart.templates.iter() {
            let is_partial = file_path.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
            if chart.metadata.is_library && !is_partial {
                continue;
            }
            self.found.push(Template {
                name: format!("{path}/{file_path}"),
                file,
                path: format!("{}{file_path}", chart.folder),
                because,
                dot: map.clone(),
                folder: folder.clone(),
            });
        }
        dot
    }
}
