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
    /// Files of values, the later over the earlier. Empty: the chart's own.
    pub values: Vec<Utf8PathBuf>,
    /// Where values are written in the kustomization itself, and how they meet the files': `override`, `merge` or `replace`.
    pub inline: Option<(Place, String)>,
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

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    let old = kustomization.items("helmChartInflationGenerator");
    let home = |node: &Node| node.str("chartHome").map(str::to_owned);
    let home = kustomization.node.get("helmGlobals").and_then(home).or_else(|| old.iter().find_map(home));
    for entry in kustomization.items("helmCharts").iter().chain(old) {
        one(build, kustomization, set, entry, home.as_deref());
    }
}

/// Renders one chart and takes in its resources.
pub(super) fn one(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    entry: &Node,
    home: Option<&str>,
) {
    let made = chart(build, kustomization, entry, home).map(|chart| (build.project.chart)(&chart));
    let rendered = match made {
        Ok(Some(rendered)) => Rc::new(rendered),
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
    for (at, document) in rendered.documents.iter().enumerate() {
        let parsed = yaml::parse(FileId(0), Arc::from(document.text.as_str()));
        let tree = build.trail.rendered(parsed.tree, Rc::clone(&rendered), at);
        let (nodes, _) = load::documents(&build.trail, tree);
        let (objects, problems) = load::objects(&nodes);
        problems.into_iter().for_each(|problem| build.note(problem));
        for object in objects {
            generators::take(build, set, Ok(Resource::new(object)), entry.from);
        }
    }
}

fn chart(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    entry: &Node,
    home: Option<&str>,
) -> Result<Chart, Problem> {
    let text =
        |key: &str, old: &str| entry.str(key).or_else(|| entry.str(old)).unwrap_or_default().to_owned();
    let name = text("name", "chartName");
    let path = format!("{}/{name}", home.unwrap_or("charts"));
    let outside = || Problem::new(format!("`{path}` leads out of what is checked"), entry.from);
    let folder = files::join(&kustomization.folder, &path).ok_or_else(outside)?;
    let mut values = Vec::new();
    let more = entry.get("additionalValuesFiles").map_or(&[][..], Node::items).iter();
    let own = entry.get("valuesFile").or_else(|| entry.get("values")).filter(|node| node.as_str().is_some());
    for file in own.into_iter().chain(more) {
        values.push(build.path(kustomization, file)?);
    }
    let inline =
        entry.get("valuesInline").or_else(|| entry.get("valuesLocal")).filter(|node| !node.is_empty());
    let merge = Some(text("valuesMerge", "")).filter(|merge| !merge.is_empty());
    let is = |key: &str| entry.get(key).is_some_and(Node::is_true);
    Ok(Chart {
        folder,
        release: text("releaseName", ""),
        namespace: text("namespace", "releaseNamespace"),
        values,
        inline: inline
            .and_then(|node| build.trail.place(node.from))
            .map(|place| (place, merge.unwrap_or_else(|| "override".to_owned()))),
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
