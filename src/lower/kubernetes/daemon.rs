//! Programs that never end by themselves, known by their command or by their image.
//!
//! What is named here is a proxy, an agent or a server: beside work that ends, it goes on. An official repository or the
//! program's own name is certain; a last component of an image's path is a guess. Told to check its settings or to say its
//! version, such a program ends like any other.

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
    // GoogleCloudPlatform/cloud-sql-proxy and alloydb-auth-proxy, README, Container Images; the first is version 1.
    ("gcr.io/cloudsql-docker/gce-proxy", "cloud-sql-proxy"),
    ("gcr.io/cloud-sql-connectors/cloud-sql-proxy", "cloud-sql-proxy"),
    ("us.gcr.io/cloud-sql-connectors/cloud-sql-proxy", "cloud-sql-proxy"),
    ("eu.gcr.io/cloud-sql-connectors/cloud-sql-proxy", "cloud-sql-proxy"),
    ("asia.gcr.io/cloud-sql-connectors/cloud-sql-proxy", "cloud-sql-proxy"),
    ("gcr.io/alloydb-connectors/alloydb-auth-proxy", "alloydb-auth-proxy"),
    // istio/istio, pilot/docker/Dockerfile.proxyv2: the entry point is pilot-agent. envoyproxy/envoy, ci/Dockerfile-envoy.
    ("docker.io/istio/proxyv2", "istio-proxy"),
    ("gcr.io/istio-release/proxyv2", "istio-proxy"),
    ("docker.io/envoyproxy/envoy", "envoy"),
    // linkerd/linkerd2, charts/linkerd-control-plane, `proxy.image.name`; releases are pushed to the second.
    ("cr.l5d.io/linkerd/proxy", "linkerd-proxy"),
    ("ghcr.io/linkerd/proxy", "linkerd-proxy"),
    // fluent/fluent-bit, dockerfiles; fluent/fluentd-docker-image: `CMD ["fluentd"]`.
    ("docker.io/fluent/fluent-bit", "fluent-bit"),
    ("cr.fluentbit.io/fluent/fluent-bit", "fluent-bit"),
    ("docker.io/fluent/fluentd", "fluentd"),
    // elastic/beats; vectordotdev/vector, distribution/docker: `CMD ["vector"]`; grafana/loki, clients/cmd/promtail.
    ("docker.elastic.co/beats/filebeat", "filebeat"),
    ("docker.io/timberio/vector", "vector"),
    ("docker.io/grafana/promtail", "promtail"),
    // open-telemetry/opentelemetry-collector-releases, distributions: published to both registries.
    ("docker.io/otel/opentelemetry-collector", "otel-collector"),
    ("docker.io/otel/opentelemetry-collector-contrib", "otel-collector"),
    ("docker.io/otel/opentelemetry-collector-k8s", "otel-collector"),
    ("ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector", "otel-collector"),
    (
        "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib",
        "otel-collector",
    ),
    ("ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s", "otel-collector"),
    // prometheus/statsd_exporter, README; the second is where the project's pipeline pushes, too.
    ("docker.io/prom/statsd-exporter", "statsd-exporter"),
    ("quay.io/prometheus/statsd-exporter", "statsd-exporter"),
    // Datadog docs, Container images: Docker Hub, Google's and Amazon's registries.
    ("docker.io/datadog/agent", "datadog-agent"),
    ("gcr.io/datadoghq/agent", "datadog-agent"),
    ("public.ecr.aws/datadog/agent", "datadog-agent"),
    // docker-library: `CMD ["nginx", "-g", "daemon off;"]`, `CMD ["haproxy", …]`.
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

/// Words with which any of them ends: it checks its settings, or says what it is.
const CHECKS: &[&str] = &["--version", "version", "--help", "help", "validate", "--validate", "--dry-run"];

/// The same for one program, and its commands that do a piece of work: nginx(8); haproxy(1); pilot-agent, pilot/cmd/pilot-agent;
/// cloud-sql-proxy, cmd; Filebeat reference, Commands; Vector reference, CLI.
const WORKS: &[(&str, &[&str])] = &[
    ("nginx", &["-t", "-T", "-v", "-V"]),
    ("haproxy", &["-c", "-v", "-vv"]),
    ("istio-proxy", &["wait", "request", "istio-iptables", "istio-clean-iptables"]),
    ("cloud-sql-proxy", &["wait", "shutdown", "-version"]),
    ("filebeat", &["setup", "test", "export", "keystore", "modules"]),
    ("vector", &["test", "list", "graph", "generate", "vrl", "tap", "top"]),
];

/// Whether such a program, as it is started here, ends all the same.
fn ends(name: &str, start: &Start<'_>) -> bool {
    let own = WORKS.iter().find(|(program, _)| *program == name).map_or(&[][..], |(_, words)| words);
    start.words().any(|word| CHECKS.contains(&word.text()) || own.contains(&word.text()))
}

/// The program of a container that never ends by itself, if it runs one.
pub fn of<'a>(start: &Start<'a>) -> Fact<'a, &'static str> {
    let container = start.owner();
    let goes_on = |name: &&'static str| !ends(name, start);
    let image = read::text(container, "image");
    let spot = image.spots.first().cloned().unwrap_or_else(|| Spot::value(container));
    if start.names_program() {
        // Whatever the image is: this is what runs. A shell's script may end by a way of its own.
        let known = start.plain_program().and_then(|program| find(PROGRAMS, program)).filter(goes_on);
        return match (known, start.words().next()) {
            (Some(name), Some(word)) => {
                Fact::written(name, Spot::value(word).saying("it never ends by itself"))
            }
            _ => Fact::absent(spot),
        };
    }
    let Some(parsed) = start.image().filter(|_| image.is_written()) else {
        return Fact::absent(spot);
    };
    if let Some(name) = parsed.full_name().and_then(|full| find(REPOSITORIES, &full)).filter(goes_on) {
        return Fact::written(name, spot.saying("it never ends by itself"));
    }
    match parsed.product().and_then(|product| find(PRODUCTS, product)).filter(goes_on) {
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
