//! One chart with one set of values, rendered as `helm template` does.
//!
//! Where Helm stops at the first error, the other templates are rendered all the same, and each error is said in its place.

use camino::Utf8PathBuf;
use rustc_hash::FxHashMap;

use super::super::origin::{How, Origin, Origins, Source};
use super::super::template::{
    Error, GAP, MISSING_TEMPLATE, Options, ParsedFile, Rendering, Shelf, Templates,
};
use super::super::text::Writer;
use super::super::value::Value;
use super::super::{Document, Omission, Rendered, Role};
use super::capabilities::HELM;
use super::context::{ChartFunctions, Release, Template, templates};
use super::files::File;
use super::filled::{self, forget};
use super::load::{Chart, LeftOut, load, values_of};
use super::manifest::{Manifest, NOWHERE, manifests, order};
use super::metadata::place;
use super::read::ChartFolder;
use super::said::{Stop, Trouble};
use super::set::{Kind, ReadFile, set};
use super::values::{Merge, coalesce, empty, overlay, table};
use super::{dependencies, error, schema, with_help};
use crate::finding::Diagnostic;
use crate::source::{FileId, Place, Span};
use crate::syntax::yaml;

/// How much of a thread's stack a rendering may use. Whoever calls [`render`] gives it a thread with more than that.
pub const STACK: usize = 24 << 20;

/// With what a chart is rendered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What tells these apart from others of the same chart; may be empty.
    pub name: String,
    /// Files of values; the later ones win.
    pub values: Vec<(Utf8PathBuf, File)>,
    /// Values as `--set` takes them, and where they are written.
    pub set: Vec<(Kind, String, Option<Place>)>,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// The version of Kubernetes: `1.33`, `v1.33.2`.
    pub kubernetes: String,
    /// Groups and versions of APIs that the cluster has beside the usual ones.
    pub api_versions: Vec<String>,
    /// Whether there are more values, which nobody here knows.
    pub is_partial: bool,
    /// The version of Helm that the chart meets.
    pub helm: &'static str,
}

/// The name of a release that nobody named; what `helm template` says.
pub const RELEASE: &str = "release-name";

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            values: Vec::new(),
            set: Vec::new(),
            release: RELEASE.to_owned(),
            namespace: "default".to_owned(),
            kubernetes: super::KUBERNETES.to_owned(),
            api_versions: Vec::new(),
            is_partial: false,
            helm: HELM,
        }
    }
}

/// Renders a chart. Nothing is rendered of a chart that cannot be loaded, nor of a library.
pub fn render(
    chart: &ChartFolder,
    settings: &Settings,
    read: &ReadFile<'_>,
) -> (Option<Rendered>, Vec<Diagnostic>) {
    let (rendered, trouble) = attempt(chart, settings, read);
    (rendered, trouble.tell())
}

/// Renders a chart, and leaves open what to say about it.
pub(super) fn attempt(
    chart: &ChartFolder,
    settings: &Settings,
    read: &ReadFile<'_>,
) -> (Option<Rendered>, Trouble) {
    match Prepared::new(chart, &mut Shelf::default()) {
        Ok(mut prepared) => prepared.render(settings, read),
        Err(problem) => (None, Trouble { problems: vec![problem], ..Trouble::default() }),
    }
}

/// A chart of which everything is done that is the same for all sets of values.
pub(super) struct Prepared<'c> {
    folder: &'c ChartFolder,
    chart: Chart,
    /// Those of what is written in the chart; each rendering goes on from there.
    origins: Origins,
    problems: Vec<Diagnostic>,
    /// Templates by name and file: a chart may be in another one under two names.
    parsed: FxHashMap<(String, FileId), Result<ParsedFile, Error>>,
    /// What was parsed before, of this chart and of others.
    shelf: &'c mut Shelf,
}

impl<'c> Prepared<'c> {
    /// Loads a chart.
    pub(super) fn new(folder: &'c ChartFolder, shelf: &'c mut Shelf) -> Result<Self, Diagnostic> {
        let (mut origins, mut problems) = (Origins::default(), Vec::new());
        let chart = load(&folder.files, "", &mut origins, &mut problems)?;
        Ok(Self { folder, chart, origins, problems, parsed: FxHashMap::default(), shelf })
    }

    /// Renders it. Nothing is rendered of a library.
    pub(super) fn render(&mut self, settings: &Settings, read: &ReadFile<'_>) -> (Option<Rendered>, Trouble) {
        let mut trouble = Trouble { problems: self.problems.clone(), ..Trouble::default() };
        let rendered = self.try_render(settings, read, &mut trouble).unwrap_or_else(|problem| {
            trouble.problems.push(problem);
            None
        });
        trouble.stopped.iter_mut().for_each(|stop| stop.lacks_values = settings.is_partial);
        (rendered, trouble)
    }

    fn try_render(
        &mut self,
        settings: &Settings,
        read: &ReadFile<'_>,
        trouble: &mut Trouble,
    ) -> Result<Option<Rendered>, Diagnostic> {
        if self.chart.metadata.is_library {
            return Ok(None);
        }
        let (mut chart, mut origins) = (self.chart.clone(), self.origins.clone());
        let start = Place { file: chart.file, span: Span::new(0, 0) };
        let Some(kubernetes) = super::capabilities::kubernetes_version(&settings.kubernetes) else {
            let message = format!("`{}` is no version of Kubernetes", settings.kubernetes);
            return Err(error(None, message, ""));
        };
        if let Some((wanted, at)) = &chart.metadata.kube_version
            && !dependencies::fits(wanted, &kubernetes)
        {
            let message = format!("the chart wants Kubernetes `{wanted}`, and is rendered for {kubernetes}");
            trouble.problems.push(with_help(
                error(at.or(Some(start)), message, "wanted here"),
                "name the version that you run",
            ));
        }
        let given = given_values(settings, read, &mut origins)?;
        dependencies::process(&mut chart, &given, &mut origins, trouble)?;
        let mut merge =
            Merge { origins: &mut origins, keeps_null: false, warnings: Some(&mut trouble.problems) };
        let values = coalesce(&chart, &given, &mut merge)?;
        schema::check(&chart, &values, &origins, trouble);
        let release = Release {
            name: &settings.release,
            namespace: &settings.namespace,
            kubernetes: &kubernetes,
            api_versions: &settings.api_versions,
            helm: settings.helm,
        };
        let parts = templates(&chart, &values, &release, &mut origins);
        Ok(Some(self.execute(&chart, settings, &parts, origins, trouble)))
    }

    /// The templates of these parts, and the names of those that are none.
    fn parse(
        &mut self,
        parts: &[Template<'_>],
        origins: &Origins,
        trouble: &mut Trouble,
    ) -> (Templates, Vec<String>) {
        let mut parsed = Templates::new();
        let mut broken = Vec::new();
        for part in parts {
            let key = (part.name.clone(), part.file.id);
            let read = || self.shelf.file(&part.name, part.file.id, &part.file.content.text());
            match self.parsed.entry(key).or_insert_with(read) {
                Ok(file) => parsed.add_parsed(file),
                Err(wrong) => {
                    trouble.problems.push(stop(wrong, part, origins).diagnostic());
                    broken.push(part.name.clone());
                }
            }
        }
        (parsed, broken)
    }

    fn execute(
        &mut self,
        chart: &Chart,
        settings: &Settings,
        parts: &[Template<'_>],
        origins: Origins,
        trouble: &mut Trouble,
    ) -> Rendered {
        let (parsed, broken) = self.parse(parts, &origins, trouble);
        let gaps = (!trouble.missing.is_empty()).then_some(MISSING_TEMPLATE);
        let options = Options { stack: STACK, gaps, ..Options::default() };
        let mut rendering = Rendering::new(&parsed, &ChartFunctions, origins, options);
        let mut found: Vec<(&Template<'_>, Vec<Manifest>)> = Vec::new();
        let mut left_out = Vec::new();
        leave_out(self.folder, chart, &mut rendering, &mut left_out);
        for part in parts.iter().filter(|part| !part.is_partial() && !broken.contains(&part.name)) {
            let dot = part.dot(&mut rendering.origins);
            let output = match rendering.execute_because(&part.name, dot, part.because) {
                Ok(output) => output,
                Err(wrong) => {
                    trouble.stopped.push(stop(&wrong, part, &rendering.origins));
                    if rendering.budget.is_spent() {
                        break;
                    }
                    continue;
                }
            };
            if part.name.ends_with("NOTES.txt") {
                continue;
            }
            let name = self.folder.folder.join(&part.path);
            let (mut documents, odd) = manifests(&name, &part.name, &output.text);
            // What stands for missing templates need not fit in everywhere.
            let has_gaps = gaps.is_some() && output.text.as_str().contains(GAP);
            for odd in odd.into_iter().filter(|_| !has_gaps) {
                let at = output
                    .text
                    .pieces()
                    .find(|piece| piece.end as usize > odd.start)
                    .map(|piece| piece.origin);
                let at = at
                    .and_then(|origin| place(&rendering.origins, origin))
                    .unwrap_or_else(|| part_start(part));
                trouble.odd.push(error(
                    Some(at),
                    format!("what `{}` renders to {}", part.path, odd.says),
                    "rendered here",
                ));
            }
            for left in output.left_out {
                match documents.iter_mut().rfind(|manifest| manifest.begins_by(left.offset)) {
                    Some(manifest) => manifest.left_out(left),
                    None => left_out.push(Omission {
                        name: name.clone(),
                        nth: 0,
                        frame: left.frame,
                        with_its_chart: false,
                    }),
                }
            }
            found.push((part, documents));
        }
        found.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        let mut manifests: Vec<Manifest> = found.into_iter().flat_map(|(_, manifests)| manifests).collect();
        order(&mut manifests);
        let mut documents =
            definitions(self.folder, chart, &chart.metadata.name, Origin::NONE, &mut rendering);
        documents.extend(manifests.into_iter().map(|manifest| manifest.document));
        Rendered {
            folder: self.folder.folder.clone(),
            settings: settings.name.clone(),
            documents,
            left_out,
            origins: rendering.origins,
            frames: rendering.frames,
        }
    }
}

/// What the files of values and `--set` say.
fn given_values(
    settings: &Settings,
    read: &ReadFile<'_>,
    origins: &mut Origins,
) -> Result<Value, Diagnostic> {
    let mut values = empty();
    for (name, file) in &settings.values {
        let above = values_of(file, name.as_str(), origins)?;
        let above = if filled::has_stand_ins(&file.content.text()) { forget(above, origins) } else { above };
        values = overlay(&values, &above, origins);
    }
    let Some(map) = table(&values) else { return Ok(values) };
    for kind in [Kind::Json, Kind::Typed, Kind::Text, Kind::File] {
        for (_, line, at) in settings.set.iter().filter(|(this, ..)| *this == kind) {
            set(line, kind, &map, *at, read, origins)
                .map_err(|wrong| error(*at, format!("`{line}` sets no value: {wrong}"), "here"))?;
        }
    }
    Ok(values)
}

/// Notes the templates of charts that are switched off.
fn leave_out(folder: &ChartFolder, chart: &Chart, rendering: &mut Rendering<'_>, found: &mut Vec<Omission>) {
    for LeftOut { chart, switch } in &chart.left_out {
        let at = switch.map_or(Origin::NONE, |switch| rendering.origins.add(Source::Literal(switch)));
        for (path, file) in chart.templates.iter() {
            let whole = Place { file: file.id, span: Span::new(0, file.content.bytes().len() as u32) };
            let frame = rendering.frames.leave_out(whole, at, chart.because);
            let name = folder.folder.join(&chart.folder).join(path);
            found.push(Omission { name, nth: 0, frame, with_its_chart: true });
        }
    }
    for needed in &chart.dependencies {
        leave_out(folder, needed, rendering, found);
    }
}

/// What lies in `crds/`, of the chart and of those in it. It is taken as it is. `around` is what put the chart around it in.
fn definitions(
    folder: &ChartFolder,
    chart: &Chart,
    path: &str,
    around: Origin,
    rendering: &mut Rendering<'_>,
) -> Vec<Document> {
    let because = rendering.origins.of(How::Derived, [around, chart.because]);
    let frame = rendering.frames.put_in(because);
    let mut found = Vec::new();
    for (name, file) in chart.definitions() {
        let text = file.content.text();
        let place = Place { file: file.id, span: Span::new(0, text.len() as u32) };
        let mut out = Writer::default();
        out.push(&text, rendering.origins.add(Source::Literal(place)), frame);
        found.push(Document {
            name: folder.folder.join(&chart.folder).join(name),
            called: format!("{path}/{name}"),
            text: out.finish(),
            parsed: Some(yaml::parse_plain(NOWHERE, text)),
            role: Role::Definition,
            left_out: Vec::new(),
            of_chart: None,
        });
    }
    for needed in &chart.dependencies {
        let path = format!("{path}/charts/{}", needed.metadata.name);
        found.extend(definitions(folder, needed, &path, because, rendering));
    }
    found
}

fn part_start(part: &Template<'_>) -> Place {
    Place { file: part.file.id, span: Span::new(0, 0) }
}

/// An error of a template, with the key of the values that would mend it.
fn stop(wrong: &Error, part: &Template<'_>, origins: &Origins) -> Stop {
    Stop {
        template: part.path.to_string(),
        place: wrong.place().unwrap_or_else(|| part_start(part)),
        message: wrong.message.trim().to_owned(),
        key: key(origins, wrong.origin, 0),
        is_of_schema: false,
        is_deliberate: wrong.deliberate,
        lacks_key: wrong.message.contains("nil pointer evaluating")
            && matches!(origins.get(wrong.origin), Source::Missing { .. }),
        lacks_values: false,
    }
}

/// The path of the values that an origin stands for.
fn key(origins: &Origins, origin: Origin, depth: usize) -> Option<String> {
    if depth > 16 {
        return None;
    }
    match origins.get(origin) {
        Source::Node { path, .. } => Some(path.to_string()).filter(|path| !path.is_empty()),
        Source::Missing { map, key: name } => {
            let above = key(origins, *map, depth + 1).map(|above| format!("{above}."));
            Some(format!("{}{name}", above.unwrap_or_default()))
        }
        Source::Of(_, parts) => parts.iter().find_map(|part| key(origins, *part, depth + 1)),
        _ => None,
    }
}
