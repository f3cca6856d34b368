//! `helmCharts`: charts are rendered by somebody else; what they give comes in here, with its origins.

use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::build::Build;
use super::kustomization::Kustomization;
use super::node::Node;
use super::resource::Resource;
use super::set::Set;
use super::{Gravity, Problem, files, generators, load};
use crate::render::Role;
use crate::source::{FileId, Place};
use crate::syntax::yaml;

/// A chart that a kustomization names.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The folder of the chart, from the top of the project.
    pub folder: Utf8PathBuf,
    /// The release's name; empty where Helm makes one up.
    pub release: String,
    /// The namespace; empty for the default.
    pub namespace: String,
    /// The file of values that takes the place of the chart's own.
    pub values: Option<Utf8PathBuf>,
    /// Where values are written in the kustomization itself, and how they meet those of that file.
    pub inline: Option<(Place, Meet)>,
    /// More files of values, each over all before.
    pub more_values: Vec<Utf8PathBuf>,
    /// The chart's definitions of custom resources are wanted.
    pub with_crds: bool,
    /// Hooks are left out.
    pub without_hooks: bool,
    /// Tests are left out.
    pub without_tests: bool,
    /// The version of Kubernetes; empty for the default.
    pub kube_version: String,
    /// More API versions that are there.
    pub api_versions: Vec<String>,
}

/// How values in a kustomization meet those in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meet {
    /// They go over the file's.
    Override,
    /// The file's go over them.
    Merge,
    /// The file does not count.
    Replace,
}

/// What counts for a chart that does not say it.
#[derive(Clone, Copy, Default)]
pub(super) struct Otherwise<'o> {
    pub(super) home: Option<&'o str>,
    pub(super) namespace: Option<&'o str>,
}

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    let old = kustomization.items("helmChartInflationGenerator");
    let entries = kustomization.items("helmCharts").iter().chain(old);
    if entries.clone().next().is_none() {
        return;
    }
    let home = |node: &Node| node.str("chartHome").map(str::to_owned);
    let home = kustomization.node.get("helmGlobals").and_then(home).or_else(|| old.iter().find_map(home));
    let namespace = match kustomization.namespace() {
        Some(namespace) => namespace.to_owned(),
        None => build.namespace_of_users(),
    };
    for entry in entries {
        let otherwise = Otherwise { home: home.as_deref(), namespace: Some(&namespace) };
        one(build, kustomization, set, entry, otherwise);
    }
}

/// Renders one chart and takes in its resources.
pub(super) fn one(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    entry: &Node,
    otherwise: Otherwise<'_>,
) {
    let made = chart(build, kustomization, entry, otherwise).map(|chart| {
        let rendered = (build.project.chart)(&chart);
        rendered.map(|rendered| (chart, rendered))
    });
    let (chart, rendered) = match made {
        Ok(Some((chart, rendered))) => (chart, Rc::new(rendered)),
        made => {
            build.is_partial = true;
            let name = entry.str("name").or_else(|| entry.str("chartName")).unwrap_or_default();
            let problem = made.err().unwrap_or_else(|| {
                Problem::new(
                    format!("the chart `{name}` is not in the project, so it is not rendered"),
                    entry.from,
                )
                .help("what it holds, and what depends on that, is not known here")
            });
            return build.say(Gravity::Info, problem);
        }
    };
    let wanted = |role: Role| match role {
        Role::Resource => true,
        Role::Hook => !chart.without_hooks,
        Role::Test => !chart.without_hooks && !chart.without_tests,
        Role::Definition => chart.with_crds,
    };
    let documents = rendered.documents.iter().enumerate();
    for (at, document) in documents.filter(|(_, document)| wanted(document.role)) {
        let parsed = yaml::parse_plain(FileId(0), Arc::from(document.text.as_str()));
        let tree = build.trail.rendered(parsed.tree, Rc::clone(&rendered), at);
        let (nodes, _) = load::documents(&build.trail, tree);
        let (objects, problems) = load::objects(&nodes);
        problems.into_iter().for_each(|problem| build.note(problem));
        for object in objects {
            let resource = Resource { is_of_chart: true, ..Resource::new(object) };
            generators::take(build, set, Ok(resource), entry.from);
        }
    }
}

fn chart(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    entry: &Node,
    otherwise: Otherwise<'_>,
) -> Result<Chart, Problem> {
    let text =
        |key: &str, old: &str| entry.str(key).or_else(|| entry.str(old)).unwrap_or_default().to_owned();
    let name = text("name", "chartName");
    let home = otherwise.home.unwrap_or("charts");
    let (version, repository) = (text("version", "chartVersion"), text("repo", "chartRepoUrl"));
    let mut path = format!("{home}/{name}");
    if !version.is_empty() && !repository.is_empty() {
        // Kustomize keeps each version that it fetches in a folder of its own.
        let fetched = format!("{home}/{name}-{version}/{name}");
        let chart = files::join(&kustomization.folder, &fetched).map(|folder| folder.join("Chart.yaml"));
        if chart.is_some_and(|chart| build.files.exists(&chart)) {
            path = fetched;
        }
    }
    let outside = || Problem::new(format!("`{path}` leads out of what is checked"), entry.from);
    let folder = files::join(&kustomization.folder, &path).ok_or_else(outside)?;
    let own = entry.get("valuesFile").or_else(|| entry.get("values")).filter(|node| node.as_str().is_some());
    let mut values = own.map(|file| build.path(kustomization, file)).transpose()?;
    let more = entry.get("additionalValuesFiles").map_or(&[][..], Node::items).iter();
    let more_values = more.map(|file| build.path(kustomization, file)).collect::<Result<_, _>>()?;
    let meet = match &*text("valuesMerge", "") {
        "" | "override" => Meet::Override,
        "merge" => Meet::Merge,
        "replace" => Meet::Replace,
        other => {
            let message = format!("`{other}` is no way in which values meet");
            let from = entry.get("valuesMerge").map_or(entry.from, |node| node.from);
            return Err(Problem::new(message, from).help("there are `override`, `merge` and `replace`"));
        }
    };
    let inline =
        entry.get("valuesInline").or_else(|| entry.get("valuesLocal")).filter(|node| !node.is_empty());
    let inline = inline.and_then(|node| build.trail.place(node.from)).map(|place| (place, meet));
    if meet == Meet::Merge {
        values.get_or_insert_with(|| folder.join("values.yaml"));
    }
    let is = |key: &str| entry.get(key).is_some_and(Node::is_true);
    Ok(Chart {
        folder,
        release: text("releaseName", ""),
        namespace: match text("namespace", "releaseNamespace") {
            none if none.is_empty() => otherwise.namespace.unwrap_or_default().to_owned(),
            namespace => namespace,
        },
        values,
        inline,
        more_values,
        with_crds: is("includeCRDs"),
        without_hooks: is("skipHooks"),
        without_tests: is("skipTests"),
        kube_version: text("kubeVersion", ""),
        api_versions: entry
            .get("apiVersions")
            .map_or(&[][..], Node::items)
            .iter()
            .map(|version| version.written().to_owned())
            .collect(),
    })
}
