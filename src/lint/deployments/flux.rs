//! HelmReleases of Flux whose chart is a folder of the project.

use camino::Utf8Path;
use rustc_hash::FxHashMap;

use super::values::{Part, part};
use super::{Deployment, Here, text};
use crate::render::helm::filled::stand_in_variables;
use crate::syntax::tree::NodeRef;

/// What HelmReleases deploy.
pub(super) fn deployments(here: &Here<'_>) -> Vec<Deployment> {
    let of = |object: NodeRef<'_>, kind: &str, group: &str| {
        text(object, "kind") == Some(kind)
            && text(object, "apiVersion").is_some_and(|version| version.starts_with(group))
    };
    let releases: Vec<NodeRef<'_>> =
        here.objects().filter(|object| of(*object, "HelmRelease", "helm.toolkit.fluxcd.io/")).collect();
    if releases.is_empty() {
        return Vec::new();
    }
    let repositories =
        here.objects().filter(|object| of(*object, "GitRepository", "source.toolkit.fluxcd.io/"));
    let urls: FxHashMap<&str, &str> = repositories
        .filter_map(|object| Some((text(object, "metadata.name")?, text(object, "spec.url")?)))
        .collect();
    let charts = releases.iter().filter_map(|release| Some((*release, release.at("spec.chart.spec")?)));
    let charts: Vec<(NodeRef<'_>, NodeRef<'_>, &str, &str)> = charts
        .filter_map(|(release, chart)| {
            let kind =
                text(chart, "sourceRef.kind").filter(|kind| matches!(*kind, "GitRepository" | "Bucket"))?;
            let name = text(chart, "sourceRef.name").filter(|_| kind == "GitRepository").unwrap_or_default();
            let url = urls.get(name).copied().unwrap_or_default();
            Some((release, chart, text(chart, "chart")?, url))
        })
        .collect();
    let folder = |path: &str| here.inside(Utf8Path::new(""), path.trim_start_matches('/'));
    let is_here = |path: &str| folder(path).is_some_and(|path| here.root.join(path).is_dir());
    let own = here.repository.own(charts.iter().map(|(.., path, url)| (*url, is_here(path))));
    let mut found = Vec::new();
    for (release, chart, path, _) in charts.iter().filter(|(.., url)| own.has(url)) {
        let Some(folder) = folder(path).filter(|folder| here.chart(folder).is_some()) else { continue };
        let spec = |path: &str| release.at(&format!("spec.{path}"));
        let files = [chart.get("valuesFile")].into_iter().flatten();
        let files = files.chain(chart.get("valuesFiles").into_iter().flat_map(NodeRef::items));
        let mut values: Vec<Part> =
            files.filter_map(|file| here.file(Utf8Path::new(""), file.text())).collect();
        if values.first().is_some_and(|first| first.path == folder.join("values.yaml")) {
            values.remove(0);
        }
        values.extend(spec("values").and_then(|node| part(node, here, stand_in_variables)));
        let (name, namespace) = (text(*release, "metadata.name"), text(*release, "spec.targetNamespace"));
        let named = text(*release, "spec.releaseName").map(str::to_owned);
        let usual = || namespace.into_iter().chain(name).collect::<Vec<_>>().join("-");
        found.push(Deployment {
            folder,
            values,
            set: Vec::new(),
            release: named.unwrap_or_else(usual),
            namespace: namespace.or_else(|| text(*release, "metadata.namespace")).map(str::to_owned),
            kubernetes: None,
            api_versions: Vec::new(),
            is_partial: spec("valuesFrom").is_some_and(|from| from.items().next().is_some()),
            file: release.tree().file,
        });
    }
    found
}
