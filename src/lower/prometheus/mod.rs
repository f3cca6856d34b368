//! Prometheus and Alertmanager: rules, servers, and the ways of alerts.
//!
//! What an alert watches is read off the series that its expression selects. Whom it tells is Alertmanager's to say, where one
//! configuration of it stands near the rules; how often its series are scraped is said by the server near them.

mod alertmanager;
mod rules;
mod server;

use camino::Utf8Path;

use crate::lower::messaging::{Documents, Messaging, System};
use crate::source::Sources;
use crate::syntax::tree::NodeRef;

/// Adds the alerts of all files.
pub fn read<'a>(documents: &Documents<'a>, sources: &'a Sources, found: &mut Messaging<'a>) {
    let path = |root: &NodeRef<'a>| sources.path(root.tree().file);
    let mut configs = Vec::new();
    let mut servers = Vec::new();
    for root in documents.plain.iter().chain(&documents.objects) {
        if let Some(at) = alertmanager::add(*root, &mut found.alerting) {
            configs.push((path(root), at));
        }
        if alertmanager::is_other_strategy(*root) {
            found.alerting.other_strategy = Some(*root);
        }
        let server = match root.get("apiVersion") {
            None => server::of_file(*root, path(root)),
            Some(_) => server::of_object(*root, documents),
        };
        if let Some(server) = server {
            servers.push((path(root), found.alerting.servers.len() as u32));
            found.alerting.servers.push(server);
        }
    }
    let is_victoria = |root: &NodeRef<'a>| {
        root.get("apiVersion")
            .is_some_and(|version| version.text().starts_with("operator.victoriametrics.com/"))
    };
    let victoria = documents.objects.iter().any(is_victoria);
    let mut rule_files = Vec::new();
    for root in documents.plain.iter().chain(&documents.objects) {
        let Some(groups) = rules::groups(*root) else { continue };
        let (config, server) = (nearest(&configs, path(root)), nearest(&servers, path(root)));
        let system = found.systems.len() as u32;
        let before = (found.alarms.len(), found.alerting.queries.len());
        for mut query in rules::queries(groups, victoria) {
            let id = found.alerting.queries.len() as u32;
            (query.root, query.server) = (config, server);
            query.namespace = root.at("metadata.namespace").map(NodeRef::text);
            if let Some(alarm) = rules::alarm(&query, id, found.handles, system) {
                query.alarm = Some(found.alarms.len() as u32);
                found.handles += 1;
                found.labels.push(alarm.label);
                found.alarms.push(alarm);
            }
            found.alerting.queries.push(query);
        }
        if found.alarms.len() > before.0 {
            found.systems.push(System { name: path(root).to_string(), open: None });
        }
        // Under which path a text of a ConfigMap is mounted is not looked at.
        if found.alerting.queries.len() > before.1
            && root.get("apiVersion").is_none()
            && !root.tree().embedded
        {
            rule_files.push(*root);
        }
    }
    for server in &mut found.alerting.servers {
        server.left_out = server::left_out(server, &rule_files, sources);
    }
}

/// What the rules of a file are for: the only one that stands beside them, above them, or in a folder beside theirs.
/// What stands further away may be another cluster's, and an example is nobody's.
fn nearest(all: &[(&Utf8Path, u32)], rules: &Utf8Path) -> Option<u32> {
    const EXAMPLES: [&str; 7] = ["example", "examples", "test", "tests", "testdata", "docs", "documentation"];
    let is_example = |path: &Utf8Path| path.components().any(|part| EXAMPLES.contains(&part.as_str()));
    let mut near = all.iter().filter(|(path, _)| {
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let beside =
            folder.parent().is_some_and(|above| rules.parent().and_then(Utf8Path::parent) == Some(above));
        (rules.starts_with(folder) || beside) && is_example(path) == is_example(rules)
    });
    near.next().map(|(_, at)| *at).filter(|_| near.next().is_none())
}
