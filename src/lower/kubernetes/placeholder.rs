//! Image names that only something else can resolve: placeholders of scaffolds and builders.
//!
//! It says nothing about real images; what a product is, is read where images are taken apart.

use crate::measure::image::{Image, Part};

/// Docker's official images, which are pulled by a bare name: the files below `library/` of docker-library/official-images,
/// and those of its well-known former ones that can still be pulled.
const OFFICIAL: &str = " \
    adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux azul-zulu \
    backdrop bash bonita buildpack-deps busybox caddy cassandra celery centos chronograf cirros clearlinux clefos \
    clickhouse clojure composer consul convertigo couchbase couchdb crate dart debian docker drupal eclipse-mosquitto \
    eclipse-temurin eggdrop elasticsearch elixir emqx erlang espocrm fedora flink fluentd friendica gazebo gcc \
    geonetwork ghost golang gradle groovy haproxy haskell haxe hello-world hitch httpd hylang ibm-semeru-runtimes \
    ibmjava influxdb iojs irssi java jenkins jetty jobber joomla jruby julia kapacitor kibana kong krakend \
    lightstreamer liquibase logstash mageia mariadb matomo maven mediawiki memcached mongo mongo-express monica mysql \
    nats nats-streaming neo4j neurodebian nextcloud nginx nim node notary odoo open-liberty openjdk opensuse \
    oraclelinux orientdb owncloud percona perl photon php php-zendserver phpmyadmin plone postfixadmin postgres pypy \
    python r-base rabbitmq rakudo-star rapidoid redis redmine registry rethinkdb rocket.chat rockylinux ros ruby rust \
    sapmachine satosa sentry silverpeas solr sonarqube sourcemage spark spiped storm swarm swift swipl teamspeak \
    telegraf tomcat tomee traefik ubuntu unit varnish vault websphere-liberty wordpress xwiki yourls znc zookeeper ";

/// Hosts that serve no images: an import path of Go, which ko builds and replaces, also where it does not begin with `ko://`.
const IMPORT_PATHS: [&str; 8] = [
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "knative.dev",
    "k8s.io",
    "sigs.k8s.io",
    "golang.org",
    "gopkg.in",
];

/// Names that say that they are none.
const SAY_SO: [&str; 12] = [
    "placeholder",
    // The default of a name to which the tag's was given.
    "latest",
    "changeme",
    "change-me",
    "override",
    "override-me",
    "overrideme",
    "replace",
    "replace-me",
    "replaceme",
    "todo",
    "fixme",
];
/// How such names begin.
const BEGIN_SO: [&str; 4] = ["placeholder-for-", "replace-with-", "replace-by-", "change-to-"];

/// Whether the last part of a name says that it stands for another.
fn says_so(repository: &str) -> bool {
    let last = repository.rsplit('/').next().unwrap_or_default().replace('_', "-");
    SAY_SO.contains(&last.as_str()) || BEGIN_SO.iter().any(|begin| last.starts_with(begin))
}

/// Whether the name is one that something else fills in before a pod runs, or that only the builder's machine knows:
/// `controller:latest` of a scaffold, which `kustomize edit set image` replaces; a name that Skaffold or an image stream of
/// OpenShift resolves; an import path; a name that says it. Docker Hub has no image of such a name.
pub fn is_placeholder(image: &Image<'_>) -> bool {
    let repository = image.part(&image.repository);
    if repository.is_some_and(says_so) {
        return true;
    }
    if let Part::Known(_) = image.registry {
        let host = image.part(&image.registry).unwrap_or_default();
        let host = host.split_once(':').map_or(host, |(host, _)| host);
        return IMPORT_PATHS.contains(&host)
            || matches!(host, "localhost" | "127.0.0.1" | "ko.local" | "kind.local" | "dev.local");
    }
    let Some(name) = repository else { return false };
    let official = || {
        OFFICIAL
            .match_indices(name)
            .any(|(at, _)| OFFICIAL[..at].ends_with(' ') && OFFICIAL[at + name.len()..].starts_with(' '))
    };
    image.registry == Part::Absent && !name.contains('/') && !official()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for (image, expected) in [
            ("controller:latest", true),
            ("frontend", true),
            ("localhost:5001/api", true),
            ("ko.local/api:1.0", true),
            ("nginx", false),
            ("r-base:latest", false),
            ("base:latest", true),
            ("repository/placeholder:latest", true),
            ("ghcr.io/acme/placeholder", true),
            ("acme/placeholder-service:1.0", false),
            ("docker-registry.example.org/placeholder-for-the-image", true),
            ("docker-registry.example.org/override_me", true),
            ("docker-registry.example.org/latest", true),
            ("ghcr.io/acme/replace", true),
            ("ghcr.io/acme/replacer", false),
            ("github.com/acme/shop/cmd/http", true),
            ("ghcr.io/acme/shop/cmd/http", false),
            ("busybox", false),
            ("acme/api:latest", false),
            ("ghcr.io/acme/api", false),
            ("docker.io/api", false),
            ("${IMAGE}", false),
        ] {
            let image = Image::parse(image).expect(image);
            assert_eq!(is_placeholder(&image), expected, "{}", image.text);
        }
    }
}
