//! Applications of Argo CD whose source is a folder of the project, and those that an ApplicationSet makes.

use camino::{Utf8Path, Utf8PathBuf};

use super::application_set::{Params, instances};
use super::values::{Part, part};
use super::{Deployment, Here, text};
use crate::render::helm::filled::{UNKNOWN, stand_in};
use crate::render::helm::set::Kind;
use crate::source::Place;
use crate::syntax::tree::NodeRef;

/// An Application, written or made: its spec, its name, and what is filled in.
pub(super) struct Application<'t> {
    pub(super) spec: NodeRef<'t>,
    pub(super) name: Option<NodeRef<'t>>,
    pub(super) params: Params,
}

/// One source of an Application: where, and what it is called there.
struct Source<'t> {
    node: NodeRef<'t>,
    url: String,
    path: String,
}

/// What Applications deploy.
pub(super) fn deployments(here: &Here<'_>) -> Vec<Deployment> {
    let mut applications = Vec::new();
    for object in here.objects() {
        let is_argo = text(object, "apiVersion").is_some_and(|version| version.starts_with("argoproj.io/"));
        match text(object, "kind").filter(|_| is_argo) {
            Some("Application") => applications.extend(object.get("spec").map(|spec| Application {
                spec,
                name: object.at("metadata.name"),
                params: Params::default(),
            })),
            Some("ApplicationSet") => applications.extend(instances(object, here)),
            _ => {}
        }
    }
    let sources: Vec<Vec<Source<'_>>> = applications.iter().map(Application::sources).collect();
    let urls = sources.iter().flatten().filter(|source| !source.path.is_empty()).map(|source| {
        let is_here = here.inside(Utf8Path::new(""), &source.path);
        (source.url.as_str(), is_here.is_some_and(|path| here.root.join(path).is_dir()))
    });
    let own = here.repository.own(urls);
    let mut found = Vec::new();
    for (application, sources) in applications.iter().zip(&sources) {
        let is_own = |source: &Source<'_>| own.has(&source.url);
        let refs = sources.iter().filter_map(|source| Some((text(source.node, "ref")?, is_own(source))));
        let refs: Vec<(&str, bool)> = refs.collect();
        for source in sources.iter().filter(|source| is_own(source) && !source.path.is_empty()) {
            found.extend(application.deployment(source, &refs, here));
        }
    }
    found
}

impl<'t> Application<'t> {
    fn text(&self, node: NodeRef<'t>, path: &str) -> Option<String> {
        self.params.fill(text(node, path)?)
    }

    fn sources(&self) -> Vec<Source<'t>> {
        let many = self.spec.get("sources").into_iter().flat_map(NodeRef::items);
        let all = many.chain(self.spec.get("source"));
        let source = |node: NodeRef<'t>| {
            // With a plugin, nobody knows what becomes of the values.
            if node.get("chart").is_some() || node.get("plugin").is_some() {
                return None;
            }
            Some(Source {
                node,
                url: self.text(node, "repoURL").unwrap_or_default(),
                path: match text(node, "path") {
                    Some(path) => self.params.fill(path)?,
                    None => String::new(),
                },
            })
        };
        all.filter_map(source).collect()
    }

    fn deployment(&self, source: &Source<'t>, refs: &[(&str, bool)], here: &Here<'_>) -> Option<Deployment> {
        let folder = here.inside(Utf8Path::new(""), &source.path)?;
        here.chart(&folder)?;
        let helm = source.node.get("helm");
        let at = |path: &str| helm.and_then(|helm| helm.at(path));
        let mut values: Vec<Part> = Vec::new();
        let files = at("valueFiles").into_iter().flat_map(NodeRef::items);
        let mut is_partial = at("fileParameters").is_some();
        let may_miss = at("ignoreMissingValueFiles").and_then(NodeRef::as_bool).unwrap_or_default();
        for file in files {
            let name = (!file.is_unknown()).then(|| self.params.fill(file.text())).flatten();
            let found = name.and_then(|name| value_file(&folder, &name, refs, here));
            is_partial |= found.is_none() && !may_miss;
            values.extend(found);
        }
        // The chart's own come first anyway.
        if values.first().is_some_and(|first| first.path == folder.join("values.yaml")) {
            values.remove(0);
        }
        let inline = [at("values"), at("valuesObject")].into_iter().flatten();
        let has_params = !self.params.is_empty();
        let fill = |text: &str| if has_params { stand_in(text) } else { text.to_owned() };
        values.extend(inline.filter_map(|node| part(node, here, fill)));
        let parameters = at("parameters").into_iter().flat_map(NodeRef::items);
        let set: Vec<(Kind, String, Place)> =
            parameters.filter_map(|parameter| self.parameter(parameter)).collect();
        let release = at("releaseName").or(self.name).filter(|name| !name.is_unknown());
        let versions = at("apiVersions").into_iter().flat_map(NodeRef::items);
        Some(Deployment {
            folder,
            values,
            set,
            release: release.and_then(|name| self.params.fill(name.text())).unwrap_or_default(),
            namespace: self.text(self.spec, "destination.namespace"),
            kubernetes: at("kubeVersion").map(|version| version.text().to_owned()),
            api_versions: versions.map(|version| version.text().to_owned()).collect(),
            is_partial,
            file: source.node.tree().file,
        })
    }

    /// A parameter as `--set` takes it; a comma in it separates nothing unless it is a list.
    fn parameter(&self, parameter: NodeRef<'t>) -> Option<(Kind, String, Place)> {
        let name = text(parameter, "name")?;
        let value = parameter.get("value")?;
        let filled = (!value.is_unknown()).then(|| self.params.fill(value.text())).flatten();
        let filled = filled.unwrap_or_else(|| UNKNOWN.to_owned());
        let is_list = filled.starts_with('{') && filled.ends_with('}');
        let escaped = if is_list { filled } else { filled.replace("\\,", ",").replace(',', "\\,") };
        let is_text = parameter.get("forceString").and_then(NodeRef::as_bool).unwrap_or_default();
        let kind = if is_text { Kind::Text } else { Kind::Typed };
        Some((kind, format!("{name}={escaped}"), value.place()))
    }
}

/// A file of values: beside the chart, from the top of the repository, or from that of another source.
fn value_file(folder: &Utf8PathBuf, name: &str, refs: &[(&str, bool)], here: &Here<'_>) -> Option<Part> {
    let top = Utf8Path::new("");
    if let Some(rest) = name.strip_prefix('$') {
        let (source, path) = rest.split_once('/')?;
        let is_here = refs.iter().any(|(name, is_own)| *name == source && *is_own);
        return is_here.then(|| here.file(top, path)).flatten();
    }
    match name.strip_prefix('/') {
        Some(path) => here.file(top, path),
        None => here.file(folder, name),
    }
}
