//! Containers that keep data: which engine they run, where it keeps its files, whether its members vote.
//!
//! An image of the engine's own makers, or the engine's own server program, is certain; the last component of any other path
//! is a guess. A client of the same image (`psql`, `mysqldump`) keeps nothing and is no datastore.

use std::borrow::Cow;

use super::image;
use super::start::Start;
use crate::fact::{Confidence, Fact, Spot};
use crate::lower::read;
use crate::measure::image::Image;
use crate::measure::shell;
use crate::syntax::tree::NodeRef;

/// An engine, as the documentation of its image describes it.
#[derive(Debug)]
pub struct Engine {
    /// Its name in rules.
    pub name: &'static str,
    /// The repositories of its makers.
    repositories: &'static [&'static str],
    /// Last components that say the same elsewhere.
    products: &'static [&'static str],
    /// Its server programs, and the entry points of its images.
    programs: &'static [&'static str],
    /// Where it keeps its files unless told otherwise.
    directory: &'static str,
    /// The folder that a volume of it is mounted at or below.
    base: &'static str,
    /// The environment variables that move the directory, the strongest first.
    variables: &'static [&'static str],
    /// The options that move the directory.
    options: &'static [&'static str],
    /// Whether it promises to keep what it was told: losing its files is losing data.
    pub durable: bool,
    /// Whether a majority of its members must agree.
    pub votes: bool,
}

impl Engine {
    /// Whether this program of a command is its server or the entry point of its image.
    fn runs(&self, program: &str) -> bool {
        self.programs.contains(&shell::base_name(program))
    }
}

const ENTRY: &str = "docker-entrypoint.sh";

macro_rules! engine {
    ($name:literal, $repositories:expr, $products:expr, $programs:expr, $directory:literal below $base:literal, $variables:expr, $options:expr, $durable:literal, $votes:literal) => {
        Engine {
            name: $name,
            repositories: &$repositories,
            products: &$products,
            programs: &$programs,
            directory: $directory,
            base: $base,
            variables: &$variables,
            options: &$options,
            durable: $durable,
            votes: $votes,
        }
    };
}

/// The engines. Directories are those that the images' own Dockerfiles name as `VOLUME`, entry points and programs those of their
/// `ENTRYPOINT` and `CMD`: docker-library's postgres (`PGDATA`, up to 17), mysql, mongo, redis, rabbitmq, cassandra;
/// MariaDB/mariadb-docker; 31z4/zookeeper-docker (`ZOO_DATA_DIR`; its log lies in `/datalog`); hashicorp/docker-consul
/// (`CONSUL_DATA_DIR` in its entry point); apache/couchdb-docker; neo4j/docker-neo4j; nats-io/nats-docker; ClickHouse, docker/server;
/// confluentinc/kafka-images (`/var/lib/${COMPONENT}/data`); timescale/timescaledb-docker, which is built on postgres. Bitnami's are
/// those of bitnami/containers, `postgresql-env.sh`, `mongodb-env.sh` and their likes, with the variables in the order in which they
/// win. CockroachDB has none: it writes to `cockroach-data` below its working directory, `/cockroach` (build/deploy/Dockerfile). Where
/// the place depends on what else is set, it is left empty: apache/kafka writes to /tmp/kraft-combined-logs only as long as no variable
/// configures it (docker/server.properties), and NATS and etcd write where their settings say.
static ENGINES: &[Engine] = &[
    engine!("PostgreSQL", ["docker.io/library/postgres"], ["postgres", "postgresql"], [ENTRY, "postgres"],
        "/var/lib/postgresql/data" below "/var/lib/postgresql", ["PGDATA"], ["-D", "data_directory"], true, false),
    engine!("PostgreSQL", ["docker.io/bitnami/postgresql", "docker.io/bitnamilegacy/postgresql"], [], [],
        "/bitnami/postgresql/data" below "/bitnami", ["POSTGRESQL_DATA_DIR", "POSTGRES_DATA_DIR", "PGDATA", "POSTGRESQL_VOLUME_DIR"], [], true, false),
    engine!("PostgreSQL", ["docker.io/postgis/postgis", "docker.io/timescale/timescaledb", "docker.io/pgvector/pgvector"], ["postgis", "timescaledb"], [ENTRY, "postgres"],
        "/var/lib/postgresql/data" below "/var/lib/postgresql", ["PGDATA"], ["-D", "data_directory"], true, false),
    engine!("MySQL", ["docker.io/library/mysql"], ["mysql"], [ENTRY, "mysqld"],
        "/var/lib/mysql" below "/var/lib/mysql", [], ["datadir"], true, false),
    engine!("MySQL", ["docker.io/bitnami/mysql", "docker.io/bitnamilegacy/mysql"], [], [],
        "/bitnami/mysql/data" below "/bitnami", [], ["datadir"], true, false),
    engine!("MariaDB", ["docker.io/library/mariadb"], ["mariadb"], [ENTRY, "mariadbd", "mysqld"],
        "/var/lib/mysql" below "/var/lib/mysql", [], ["datadir"], true, false),
    engine!("MariaDB", ["docker.io/bitnami/mariadb", "docker.io/bitnamilegacy/mariadb"], [], [],
        "/bitnami/mariadb/data" below "/bitnami", [], ["datadir"], true, false),
    engine!("MongoDB", ["docker.io/library/mongo"], ["mongo", "mongodb"], [ENTRY, "mongod"],
        "/data/db" below "/data/db", [], ["--dbpath"], true, true),
    engine!("MongoDB", ["docker.io/bitnami/mongodb", "docker.io/bitnamilegacy/mongodb"], [], [],
        "/bitnami/mongodb/data/db" below "/bitnami", [], ["--dbpath"], true, true),
    engine!("etcd", ["quay.io/coreos/etcd", "gcr.io/etcd-development/etcd", "registry.k8s.io/etcd"], ["etcd"], ["etcd"],
        "" below "", ["ETCD_DATA_DIR"], ["--data-dir"], true, true),
    engine!("ZooKeeper", ["docker.io/library/zookeeper"], ["zookeeper"], [ENTRY, "zkServer.sh"],
        "/data" below "/data", ["ZOO_DATA_DIR"], [], true, true),
    engine!("Consul", ["docker.io/library/consul", "docker.io/hashicorp/consul"], ["consul"], ["consul", ENTRY],
        "/consul/data" below "/consul", ["CONSUL_DATA_DIR"], ["-data-dir", "--data-dir", "-dev"], true, true),
    engine!("CockroachDB", ["docker.io/cockroachdb/cockroach"], ["cockroach"], ["cockroach", "cockroach.sh"],
        "/cockroach/cockroach-data" below "/cockroach", [], ["--store", "-s"], true, true),
    engine!("Elasticsearch", ["docker.io/library/elasticsearch", "docker.elastic.co/elasticsearch/elasticsearch"], ["elasticsearch"], [ENTRY, "elasticsearch"],
        "/usr/share/elasticsearch/data" below "/usr/share/elasticsearch/data", ["path.data"], ["-Epath.data"], true, true),
    engine!("OpenSearch", ["docker.io/opensearchproject/opensearch"], ["opensearch"], ["opensearch-docker-entrypoint.sh", "opensearch"],
        "/usr/share/opensearch/data" below "/usr/share/opensearch/data", ["path.data"], ["-Epath.data"], true, true),
    engine!("Cassandra", ["docker.io/library/cassandra"], ["cassandra"], [ENTRY, "cassandra"],
        "/var/lib/cassandra" below "/var/lib/cassandra", [], [], true, false),
    engine!("ClickHouse", ["docker.io/library/clickhouse", "docker.io/clickhouse/clickhouse-server", "docker.io/yandex/clickhouse-server"], ["clickhouse-server"], ["clickhouse-server", "entrypoint.sh"],
        "/var/lib/clickhouse" below "/var/lib/clickhouse", [], [], true, false),
    engine!("CouchDB", ["docker.io/library/couchdb"], ["couchdb"], [ENTRY, "couchdb"],
        "/opt/couchdb/data" below "/opt/couchdb/data", [], [], true, false),
    engine!("Neo4j", ["docker.io/library/neo4j"], ["neo4j"], [ENTRY, "neo4j"],
        "/data" below "/data", ["NEO4J_server_directories_data", "NEO4J_dbms_directories_data"], [], true, false),
    engine!("Kafka", ["docker.io/confluentinc/cp-kafka"], ["cp-kafka"], [],
        "/var/lib/kafka/data" below "/var/lib/kafka", ["KAFKA_LOG_DIRS"], [], true, false),
    engine!("Kafka", ["docker.io/apache/kafka"], [], [],
        "" below "", ["KAFKA_LOG_DIRS"], [], true, false),
    engine!("RabbitMQ", ["docker.io/library/rabbitmq"], ["rabbitmq"], [ENTRY, "rabbitmq-server"],
        "/var/lib/rabbitmq" below "/var/lib/rabbitmq", ["RABBITMQ_MNESIA_BASE"], [], false, true),
    engine!("NATS", ["docker.io/library/nats"], ["nats"], ["nats-server", ENTRY],
        "" below "", [], [], false, true),
    engine!("Redis", ["docker.io/library/redis"], ["redis"], [ENTRY, "redis-server"],
        "/data" below "/data", [], ["--dir"], false, false),
];

/// The engine that a container runs, if it is a datastore.
pub fn engine<'a>(start: &Start<'a>) -> Option<Fact<'a, &'static Engine>> {
    let parsed = start.image()?;
    let image = image::node(start.owner())?;
    let full = parsed.full_name();
    let official =
        full.as_deref().and_then(|full| ENGINES.iter().find(|engine| engine.repositories.contains(&full)));
    let by_name =
        || parsed.product().and_then(|name| ENGINES.iter().find(|engine| engine.products.contains(&name)));
    let (engine, mut confidence) = match official {
        Some(engine) => (engine, Confidence::High),
        None => (by_name()?, Confidence::Medium),
    };
    if start.names_program() {
        match start.plain_program() {
            Some(program) if engine.runs(program) => {}
            Some(_) => return None,
            // A script: it starts the server if it names it.
            None if start.texts().iter().any(|text| {
                engine.programs.iter().any(|program| *program != ENTRY && names(text, program))
            }) =>
            {
                confidence = Confidence::Medium;
            }
            None => return None,
        }
    } else if let Some(first) = start.words().next().filter(|first| !first.is_unknown()) {
        // The entry point runs another program if the arguments name one.
        let program = first.text();
        let options = program.starts_with('-') || program.is_empty();
        if !options
            && !engine.runs(program)
            && !["server", "agent", "start", "start-single-node"].contains(&program)
        {
            return None;
        }
    }
    Some(Fact { confidence, ..Fact::written(engine, Spot::value(image)) })
}

fn names(script: &str, program: &str) -> bool {
    script.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).any(|word| word == program)
}

/// Where an engine keeps its files in this container.
pub fn directory<'a>(container: NodeRef<'a>, engine: &'static Engine) -> Fact<'a, Cow<'a, str>> {
    let image = container.get("image").unwrap_or(container);
    for variable in engine.variables {
        let mut entries = container.get("env").into_iter().flat_map(NodeRef::items);
        if let Some(entry) =
            entries.find(|entry| entry.get("name").is_some_and(|name| name.text() == *variable))
        {
            return match read::text(entry, "value") {
                fact if fact.is_absent() => {
                    Fact::unknown_at("its directory is only known at run time", Spot::value(entry))
                }
                fact => fact.map(Cow::Borrowed),
            };
        }
    }
    let start = Start::of(container);
    if !start.is_known() {
        return Fact::unknown_at("its options are only known at run time", Spot::value(container));
    }
    if let Some(word) =
        start.words().find(|word| engine.options.iter().any(|option| word.text().contains(option)))
    {
        return Fact::unknown_at("an option moves its directory", Spot::value(word));
    }
    if container.get("envFrom").is_some() && !engine.variables.is_empty() {
        return Fact::unknown_at("its directory may stand in what `envFrom` names", Spot::value(image));
    }
    if engine.variables == ["PGDATA"]
        && let Some(moved) = since_postgres_18(image)
    {
        return moved;
    }
    if engine.directory.is_empty() {
        return Fact::unknown_at("nobody says where it keeps its files", Spot::value(image));
    }
    Fact::written(Cow::Borrowed(engine.directory), Spot::value(image))
}

/// Where PostgreSQL 18 and later keep their files: "in 18+, PGDATA has changed to match the pg_ctlcluster standard directory
/// structure, and the VOLUME has moved" (docker-library/postgres, 18/bookworm/Dockerfile). Unknown where the version is.
fn since_postgres_18(image: NodeRef<'_>) -> Option<Fact<'_, Cow<'_, str>>> {
    let parsed = Image::parse(image.text()).ok()?;
    let tag = parsed.tag_text().unwrap_or_default();
    // Images built on PostgreSQL count in their own way: `latest-pg16`, `2.17.2-pg18`, `pg17`.
    let version = tag.rsplit("pg").next().unwrap_or(tag);
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    match version[..digits].parse::<u32>() {
        Ok(major) if major < 18 => None,
        Ok(major) if major < 100 => {
            Some(Fact::written(Cow::Owned(format!("/var/lib/postgresql/{major}/docker")), Spot::value(image)))
        }
        _ => Some(Fact::unknown_at("its directory depends on its version", Spot::value(image))),
    }
}

/// The folder at or below which a volume holds the files of a directory.
pub fn base<'b>(engine: &'static Engine, directory: &'b str) -> &'b str
where
    'static: 'b,
{
    if super::volume::is_within(directory, engine.base) && !engine.base.is_empty() {
        engine.base
    } else {
        directory
    }
}

/// Whether the container is run as one of several members that know each other. Engines that need to be told are told by an
/// option or a variable; the others are taken at their number of replicas.
pub fn is_clustered<'a>(container: NodeRef<'a>, engine: &'static Engine) -> Fact<'a, bool> {
    let words: &[&str] = match engine.name {
        "MongoDB" => &["replSet", "REPLICA_SET"],
        "etcd" => &["initial-cluster", "INITIAL_CLUSTER", "discovery"],
        "ZooKeeper" => &["ZOO_SERVERS", "server."],
        "Consul" => &["bootstrap-expect", "bootstrap_expect"],
        "CockroachDB" => &["--join"],
        "RabbitMQ" => &["cluster", "CLUSTER"],
        "NATS" => &["--cluster", "jetstream"],
        _ => return Fact::plain(engine.votes),
    };
    let inside =
        ["command", "args", "env"].iter().filter_map(|key| container.get(key)).flat_map(NodeRef::walk);
    let mut hidden = None;
    for node in inside {
        if let Some((word, at)) = words.iter().find_map(|word| Some((word, node.text().find(word)?))) {
            return Fact::written(true, Spot::within(node, at..at + word.len()));
        }
        if node.is_unknown() {
            hidden.get_or_insert(node);
        }
    }
    match hidden {
        Some(node) => Fact::unknown_at("it is only known at run time", Spot::value(node)),
        None => Fact::absent(Spot::value(container)),
    }
}

/// Settings that give up what a database promises, as they stand in options and variables. (PostgreSQL docs, Write Ahead Log; MySQL
/// and MariaDB manuals, InnoDB system variables; Kafka docs, `unclean.leader.election.enable`, in the form of both images' variables;
/// etcd docs, Configuration options, `--unsafe-no-fsync`.)
const UNSAFE: &[(&str, &[&str])] = &[
    ("PostgreSQL", &["fsync=off", "full_page_writes=off", "fsync=false", "full_page_writes=false"]),
    ("MySQL", &["innodb_flush_log_at_trx_commit=0", "innodb_doublewrite=0", "innodb_doublewrite=off"]),
    ("MariaDB", &["innodb_flush_log_at_trx_commit=0", "innodb_doublewrite=0", "innodb_doublewrite=off"]),
    ("Kafka", &["kafka_unclean_leader_election_enable=true"]),
    ("etcd", &["unsafe_no_fsync", "etcd_unsafe_no_fsync=true"]),
];

/// The settings of a container by which its engine gives up what it promises.
pub fn unsafe_settings<'a>(container: NodeRef<'a>, engine: &'static Engine) -> Vec<Fact<'a, String>> {
    let Some((_, settings)) = UNSAFE.iter().find(|(name, _)| *name == engine.name) else { return Vec::new() };
    let mut found = Vec::new();
    let mut look = |text: String, node: NodeRef<'a>| {
        let plain = text.to_ascii_lowercase().replace('-', "_").replace(' ', "");
        if let Some(setting) = settings.iter().find(|setting| plain.ends_with(**setting)) {
            found.push(Fact::written((*setting).to_owned(), Spot::value(node)));
        }
    };
    for word in Start::of(container).words() {
        look(word.text().to_owned(), word);
    }
    for entry in container.get("env").into_iter().flat_map(NodeRef::items) {
        if let (Some(name), Some(value)) = (entry.get("name"), entry.get("value")) {
            look(format!("{}={}", name.text(), value.text()), value);
        }
    }
    found
}
