//! Servers of Prometheus: configuration files, and objects of kind Prometheus.

use camino::Utf8Path;

use crate::fact::{Default, Fact, Spot};
use crate::lower::alerting::Server;
use crate::lower::messaging::Documents;
use crate::lower::read;
use crate::measure::duration;
use crate::source::Sources;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Prometheus, Configuration: "`[ scrape_interval: <duration> | default = 1m ]`".
static SCRAPE: Default<f64> = Default::of("Prometheus", "scrape_interval", 60.0, "1m");
/// The same: "`[ evaluation_interval: <duration> | default = 1m ]`".
static EVALUATE: Default<f64> = Default::of("Prometheus", "evaluation_interval", 60.0, "1m");
/// prometheus-operator, `CommonPrometheusFields.ScrapeInterval`: "Default: "30s"".
static OPERATED_SCRAPE: Default<f64> = Default::of("the operator", "scrapeInterval", 30.0, "30s");
/// prometheus-operator, `PrometheusSpec.EvaluationInterval`: "Default: "30s"".
static OPERATED_EVALUATE: Default<f64> = Default::of("the operator", "evaluationInterval", 30.0, "30s");

/// The server that a configuration file is of.
pub(super) fn of_file<'a>(root: NodeRef<'a>, path: &'a Utf8Path) -> Option<Server<'a>> {
    if root.kind() != NodeKind::Map
        || root.get("groups").is_some()
        || !(root.get("scrape_configs").is_some_and(|jobs| jobs.kind() == NodeKind::List)
            || root.at("global.scrape_interval").is_some()
            || root.at("global.evaluation_interval").is_some())
    {
        return None;
    }
    let rule_files = read::node(root, "rule_files").map(|list| {
        list.items().map(|item| Fact::written(item, Spot::value(item)).unless_hidden().text()).collect()
    });
    Some(Server {
        node: root,
        label: path.file_name().unwrap_or(path.as_str()),
        rule_files,
        alertmanagers: some(root, "alerting.alertmanagers"),
        sends_on: some(root, "remote_write"),
        scrapes: shortest(root),
        evaluates: span(root, "global.evaluation_interval").or_default(&EVALUATE),
        left_out: Vec::new(),
    })
}

/// The server that an object is.
pub(super) fn of_object<'a>(root: NodeRef<'a>, documents: &Documents<'a>) -> Option<Server<'a>> {
    if root.get("kind").is_none_or(|kind| kind.text() != "Prometheus") {
        return None;
    }
    let spec = root.get("spec")?;
    let own = span(spec, "scrapeInterval").or_default(&OPERATED_SCRAPE);
    Some(Server {
        node: root,
        label: root.at("metadata.name").map_or("", NodeRef::text),
        rule_files: Fact::nothing(),
        alertmanagers: some(spec, "alerting.alertmanagers"),
        sends_on: some(spec, "remoteWrite"),
        scrapes: monitored(documents).into_iter().fold(own, shorter),
        evaluates: span(spec, "evaluationInterval").or_default(&OPERATED_EVALUATE),
        left_out: Vec::new(),
    })
}

/// The files with rules beside a server's configuration, or below it, that none of its patterns has.
pub(super) fn left_out<'a>(
    server: &Server<'a>,
    rules: &[NodeRef<'a>],
    sources: &'a Sources,
) -> Vec<Fact<'a, &'a str>> {
    let here = sources.path(server.node.tree().file);
    let folder = here.parent().unwrap_or(Utf8Path::new(""));
    if server.node.tree().embedded {
        return Vec::new();
    }
    let Some(patterns) = server.rule_files.value().filter(|patterns| !patterns.is_empty()) else {
        return Vec::new();
    };
    let mut globs = Vec::new();
    for pattern in patterns {
        let Some(text) = pattern.value() else { return Vec::new() };
        // Where an absolute path of another machine is in the project nobody knows; its file names are known.
        let text = match text.strip_prefix('/') {
            Some(absolute) => format!("**/{}", absolute.rsplit('/').next().unwrap_or(absolute)),
            None => folder.join(text.trim_start_matches("./")).into_string(),
        };
        let Ok(glob) = globset::GlobBuilder::new(&text).literal_separator(true).build() else {
            return Vec::new();
        };
        globs.push(glob.compile_matcher());
    }
    rules
        .iter()
        .filter_map(|root| {
            let path = sources.path(root.tree().file);
            let beside = path.starts_with(folder) && path != here;
            let loaded = globs.iter().any(|glob| glob.is_match(path));
            (beside && !loaded)
                .then(|| Fact::written(path.as_str(), Spot::value(root.get("groups").unwrap_or(*root))))
        })
        .collect()
}

/// Whether there is anything in a list.
fn some<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, bool> {
    let list = read::node(base, path);
    match list.value().copied() {
        Some(list) => Fact::written(list.children().next().is_some(), Spot::value(list)),
        None => {
            let mut fact = list.map(|_| false);
            if fact.is_absent() {
                fact.state = crate::fact::State::Written(false);
            }
            fact
        }
    }
}

fn span<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, f64> {
    read::text(base, path).try_map("it is no duration of Prometheus", duration::prometheus)
}

/// The shortest time between two scrapes, of all jobs of a file.
fn shortest<'a>(root: NodeRef<'a>) -> Fact<'a, f64> {
    let global = span(root, "global.scrape_interval").or_default(&SCRAPE);
    if let Some(files) = root.get("scrape_config_files") {
        return Fact::unknown_at("there are jobs in other files", Spot::value(files));
    }
    let jobs = root.get("scrape_configs").into_iter().flat_map(NodeRef::items);
    jobs.map(|job| span(job, "scrape_interval"))
        .map(|own| if own.is_absent() { global.clone() } else { own })
        .reduce(shorter)
        .unwrap_or(global)
}

/// The intervals that ServiceMonitors and their kin ask for.
fn monitored<'a>(documents: &Documents<'a>) -> Vec<Fact<'a, f64>> {
    let mut found = Vec::new();
    for root in &documents.objects {
        let endpoints = match root.get("kind").map(NodeRef::text) {
            Some("ServiceMonitor") => root.at("spec.endpoints"),
            Some("PodMonitor") => root.at("spec.podMetricsEndpoints"),
            Some("Probe") => {
                found.extend(root.get("spec").map(|spec| span(spec, "interval")));
                continue;
            }
            Some("ScrapeConfig") => {
                found.extend(root.get("spec").map(|spec| span(spec, "scrapeInterval")));
                continue;
            }
            _ => continue,
        };
        found.extend(
            endpoints.into_iter().flat_map(NodeRef::items).map(|endpoint| span(endpoint, "interval")),
        );
    }
    found.retain(|interval| !interval.is_absent());
    found
}

fn shorter<'a>(a: Fact<'a, f64>, b: Fact<'a, f64>) -> Fact<'a, f64> {
    match (a.value(), b.value()) {
        (None, _) => a,
        (_, None) => b,
        (Some(x), Some(y)) if y < x => b,
        _ => a,
    }
}
