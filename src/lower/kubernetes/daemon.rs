//! Programs that never end by themselves, known by their command or by their image.
//!
//! What is named here is a proxy, an agent or a server: beside work that ends, it goes on. An official repository or the
//! program's own name is certain; a last component of an image's path is a guess.

use super::image;
use super::start::Start;
use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// Programs as they are called in a command.
const PROGRAMS: &[(&str, &str)] = &[
    ("cloud_sql_proxy", "cloud-sql-proxy"),
    ("cloud-sql-proxy", "cloud-sql-proxy"),
    ("alloydb-auth-proxy", "alloydb-auth-proxy"),
    ("pilot-agent", "istio-proxy"),
    ("envoy", "envoy"),
    ("linkerd2-proxy", "linkerd-proxy"),
    ("fluent-bit", "fluent-bit"),
    ("fluentd", "fluentd"),
    ("filebeat", "filebeat"),
    ("vector", "vector"),
    ("promtail", "promtail"),
    ("otelcol", "otel-collector"),
    ("otelcol-contrib", "otel-collector"),
    ("statsd_exporter", "statsd-exporter"),
    ("nginx", "nginx"),
    ("haproxy", "haproxy"),
    ("pgbouncer", "pgbouncer"),
    ("daprd", "dapr"),
];

/// Repositories whose entry point is such a program, as their makers publish them.
const REPOSITORIES: &[(&str, &str)] = &[
    ("gcr.io/cloudsql-docker/gce-proxy", "cloud-sql-proxy"),
    ("gcr.io/cloud-sql-connectors/cloud-sql-proxy", "cloud-sql-proxy"),
    ("gcr.io/alloydb-connectors/alloydb-auth-proxy", "alloydb-auth-proxy"),
    ("docker.io/istio/proxyv2", "istio-proxy"),
    ("gcr.io/istio-release/proxyv2", "istio-proxy"),
    ("docker.io/envoyproxy/envoy", "envoy"),
    ("cr.l5d.io/linkerd/proxy", "linkerd-proxy"),
    ("ghcr.io/linkerd/proxy", "linkerd-proxy"),
    ("docker.io/fluent/fluent-bit", "fluent-bit"),
    ("cr.fluentbit.io/fluent/fluent-bit", "fluent-bit"),
    ("docker.io/fluent/fluentd", "fluentd"),
    ("docker.elastic.co/beats/filebeat", "filebeat"),
    ("docker.io/timberio/vector", "vector"),
    ("docker.io/grafana/promtail", "promtail"),
    ("docker.io/otel/opentelemetry-collector", "otel-collector"),
    ("docker.io/otel/opentelemetry-collector-contrib", "otel-collector"),
    ("docker.io/prom/statsd-exporter", "statsd-exporter"),
    ("docker.io/datadog/agent", "datadog-agent"),
    ("gcr.io/datadoghq/agent", "datadog-agent"),
    ("public.ecr.aws/datadog/agent", "datadog-agent"),
    ("docker.io/library/nginx", "nginx"),
    ("docker.io/library/haproxy", "haproxy"),
];

/// Last components of a path that say the same, wherever the image was copied to.
const PRODUCTS: &[(&str, &str)] = &[
    ("gce-proxy", "cloud-sql-proxy"),
    ("cloud-sql-proxy", "cloud-sql-proxy"),
    ("cloudsql-proxy", "cloud-sql-proxy"),
    ("proxyv2", "istio-proxy"),
    ("fluent-bit", "fluent-bit"),
    ("fluentd", "fluentd"),
    ("filebeat", "filebeat"),
    ("promtail", "promtail"),
    ("opentelemetry-collector", "otel-collector"),
    ("opentelemetry-collector-contrib", "otel-collector"),
    ("statsd-exporter", "statsd-exporter"),
    ("pgbouncer", "pgbouncer"),
];

/// The program of a container that never ends by itself, if it runs one.
pub fn of(container: NodeRef<'_>) -> Fact<'_, &'static str> {
    let start = Start::of(container);
    let image = read::text(container, "image");
    let spot = image.spots.first().cloned().unwrap_or_else(|| Spot::value(container));
    if start.names_program() {
        // Whatever the image is: this is what runs. A shell's script may end by a way of its own.
        let known = start.plain_program().and_then(|program| find(PROGRAMS, program));
        return match (known, start.words().next()) {
            (Some(name), Some(word)) => {
                Fact::written(name, Spot::value(word).saying("it never ends by itself"))
            }
            _ => Fact::absent(spot),
        };
    }
    let Some(parsed) = image::parsed(container).filter(|_| image.is_written()) else {
        return Fact::absent(spot);
    };
    if let Some(name) = parsed.full_name().and_then(|full| find(REPOSITORIES, &full)) {
        return Fact::written(name, spot.saying("it never ends by itself"));
    }
    match parsed.product().and_then(|product| find(PRODUCTS, product)) {
        Some(name) => Fact::written(name, spot.saying("it never ends by itself")).guessed(),
        None => Fact::absent(spot),
    }
}

/// Words that end such a program from outside once the work is done.
const STOPS: &[&str] = &[
    "quitquitquit",
    "linkerd-await",
    "exit-after-auth",
    "pkill",
    "killall",
    "/shutdown",
    "kill -",
    "quit_sidecar",
];

/// The word in a pod's commands or settings by which its sidecars are told to stop.
pub fn stop_word(template: NodeRef<'_>) -> Fact<'_, &'static str> {
    for node in template.walk() {
        let text = node.text();
        if let Some((word, at)) = STOPS.iter().find_map(|word| Some((*word, text.find(word)?))) {
            return Fact::written(word, Spot::within(node, at..at + word.len()));
        }
        if node.key().is_some_and(|key| key.ends_with("agent-pre-populate-only")) && text == "true" {
            return Fact::written("agent-pre-populate-only", Spot::value(node));
        }
    }
    let hidden = |node: &NodeRef<'_>| {
        node.is_unknown() && node.parent().is_some_and(|list| matches!(list.key(), Some("command" | "args")))
    };
    match template.walk().find(hidden) {
        Some(node) => Fact::unknown_at("a command is only known at run time", Spot::value(node)),
        None => Fact::nothing(),
    }
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, means)| *means)
}
