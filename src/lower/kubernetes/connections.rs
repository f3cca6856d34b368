//! Connections to a database: how many a server takes, and how many the processes of a container may open.
//!
//! It reads what a manifest says, and what the software's own documentation says where the manifest is silent. A variable
//! whose name is mere custom is a guess. Which container means which server is for the model to say.

use std::ops::Range;

use super::start::Start;
use crate::fact::{Default, Fact, Spot, State};
use crate::lower::read;
use crate::measure::image::Image;
use crate::measure::launch::Launch;
use crate::measure::place::Place;
use crate::measure::servers;
use crate::syntax::tree::NodeRef;

/// PostgreSQL, guc_tables.c: `max_connections` 100, `superuser_reserved_connections` 3, `reserved_connections` 0.
static POSTGRES: Default<f64> =
    Default::of("PostgreSQL", "max_connections", 100.0, "100, and keeps 3 of them for superusers");
/// The part of them that is not for applications.
const RESERVED: f64 = 3.0;
/// MySQL and MariaDB manuals, "Server System Variables", `max_connections`: 151. One more is for the administrator.
static MYSQL: Default<f64> = Default::of("MySQL", "max_connections", 151.0, "151");
/// The same.
static MARIADB: Default<f64> = Default::of("MariaDB", "max_connections", 151.0, "151");

/// HikariCP README, `maximumPoolSize`: "Default: 10"; it is Spring Boot's pool unless the application brings another.
static HIKARI: Default<f64> = Default::of(
    "HikariCP, the pool of Spring Boot,",
    "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE",
    10.0,
    "10",
);
/// Keycloak docs, All configuration, `db-pool-max-size`: "100 (default)".
static KEYCLOAK: Default<f64> = Default::of("Keycloak", "KC_DB_POOL_MAX_SIZE", 100.0, "100");
/// Rails' own database.yml: `ENV.fetch("RAILS_MAX_THREADS") { 5 }`.
static RAILS: Default<f64> = Default::of("Rails", "RAILS_MAX_THREADS", 5.0, "5");
/// SQLAlchemy docs, `QueuePool`: `max_overflow=10`.
const OVERFLOW: f64 = 10.0;

/// Variables that set the size of a pool, what is most particular first, and whether that is documented or mere custom.
const SIZES: [(&str, bool); 16] = [
    // Spring Boot docs, Externalized Configuration, Binding From Environment Variables: dashes go; the older form keeps them.
    ("SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE", true),
    ("SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", true),
    // Quarkus docs, All configuration options, `quarkus.datasource.jdbc.max-size`.
    ("QUARKUS_DATASOURCE_JDBC_MAX_SIZE", true),
    // Keycloak docs, All configuration, `db-pool-max-size`.
    ("KC_DB_POOL_MAX_SIZE", true),
    // Grafana docs, Configure Grafana, `[database] max_open_conn`.
    ("GF_DATABASE_MAX_OPEN_CONN", true),
    ("DB_POOL", false),
    ("DB_POOL_SIZE", false),
    ("DB_POOL_MAX", false),
    ("DB_MAX_OPEN_CONNS", false),
    ("DATABASE_POOL", false),
    ("DATABASE_POOL_SIZE", false),
    ("DATABASE_POOL_MAX", false),
    ("DATABASE_MAX_OPEN_CONNS", false),
    (SQLALCHEMY, false),
    // Phoenix' own runtime.exs.
    ("POOL_SIZE", false),
    ("RAILS_MAX_THREADS", false),
];

/// Opens more beyond it: `SQLALCHEMY_MAX_OVERFLOW`.
const SQLALCHEMY: &str = "SQLALCHEMY_POOL_SIZE";

/// Repositories whose server starts with its maker's defaults.
const PLAIN: [(&str, &Default<f64>); 5] = [
    ("docker.io/library/postgres", &POSTGRES),
    ("docker.io/postgis/postgis", &POSTGRES),
    ("docker.io/pgvector/pgvector", &POSTGRES),
    ("docker.io/library/mysql", &MYSQL),
    ("docker.io/library/mariadb", &MARIADB),
];

/// What is mounted into a server's container beside its data.
#[derive(Debug, std::default::Default)]
pub struct Mounted<'a> {
    /// The texts of ConfigMaps.
    pub texts: Vec<NodeRef<'a>>,
    /// A mount of something that no file shows.
    pub hidden: Option<Spot<'a>>,
}

type Setting<'a> = Option<Fact<'a, f64>>;

/// How many connections a server takes from applications. Absent for engines of which that is not known here.
pub fn capacity<'a>(container: NodeRef<'a>, engine: &str, mounted: &Mounted<'a>) -> Fact<'a, f64> {
    let postgres = engine == "PostgreSQL";
    if !postgres && !matches!(engine, "MySQL" | "MariaDB") {
        return Fact::nothing();
    }
    let start = Start::of(container);
    let setting = |name: &str| option(&start, name).or_else(|| in_texts(&mounted.texts, name));
    let most = match option(&start, "max_connections") {
        Some(written) => written,
        None if start.hides_options() => {
            Fact::unknown_at("an option that is only known at run time may set it", Spot::value(container))
        }
        None => {
            in_texts(&mounted.texts, "max_connections").unwrap_or_else(|| silent(container, &start, mounted))
        }
    };
    if !postgres {
        return most;
    }
    let kept = match (setting("superuser_reserved_connections"), setting("reserved_connections")) {
        (None, None) => {
            let says = crate::fact::Says::Words("3 of them are for superusers".into());
            return most.map(|most| most - RESERVED).saying(says);
        }
        (Some(kept), None) => kept,
        (kept, Some(more)) => kept.unwrap_or_else(|| Fact::plain(RESERVED)).with(more, |a, b| a + b),
    };
    most.with(kept, |most, kept| most - kept)
}

/// What a server takes of which nothing says how many.
fn silent<'a>(container: NodeRef<'a>, start: &Start<'a>, mounted: &Mounted<'a>) -> Fact<'a, f64> {
    if let Some(spot) = &mounted.hidden {
        return Fact::unknown_at("a file that is not here may set it", spot.clone());
    }
    let file = ["config_file", "config-file", "defaults-file", "defaults-extra-file", "defaults_file"];
    // `initdb -c` writes settings into the new server's own file.
    let told = |name: &str| name.contains("INITDB_ARGS");
    if start.mentions(&file) || start.mentions(&["INITDB_ARGS"]) || start.hides(told) {
        return Fact::unknown_at("a file of settings may set it", Spot::value(container));
    }
    let image = container.get("image").unwrap_or(container);
    let full = Image::parse(image.text()).ok().and_then(|image| image.full_name());
    match PLAIN.iter().find(|(plain, _)| full.as_deref() == Some(plain)) {
        Some((_, default)) => Fact::absent(Spot::value(image)).or_default(default),
        None => Fact::unknown_at("what this image sets is not known", Spot::value(image)),
    }
}

/// `-c name=5`, `--name=5`, `--name 5`, and PostgreSQL's `-N 5`; the last wins.
fn option<'a>(start: &Start<'a>, name: &str) -> Setting<'a> {
    start.ask(|launch| last_option(start, launch, name))
}

fn last_option<'a>(start: &Start<'a>, launch: &Launch<'_>, name: &str) -> Setting<'a> {
    let mut found = None;
    for program in launch.programs() {
        let servers = ["postgres", "postmaster", "mysqld", "mysqld_safe", "mariadbd", "mariadbd-safe"];
        if !program.guessed && !servers.contains(&&*program.name) {
            continue;
        }
        let mut words = program.words.iter().peekable();
        while let Some(word) = words.next() {
            let text = &*word.text;
            let bare = text.strip_prefix("--").or_else(|| text.strip_prefix("-c"));
            let (held, value) = match (text, bare) {
                ("-N", _) if name == "max_connections" => (words.next(), None),
                ("-c", _) => (words.next(), None),
                (_, Some(bare)) if !bare.contains('=') && same(bare, name) => (words.next(), None),
                (_, Some(bare)) => (Some(word), Some(bare)),
                _ => continue,
            };
            let Some(held) = held else { continue };
            let text = value.unwrap_or(&held.text);
            let number = match text.split_once('=') {
                Some((key, number)) if same(key, name) => number,
                None if value.is_none() && (text.parse::<u32>().is_ok() || !held.known) => text,
                _ => continue,
            };
            let Some(spot) = start.spot(&held.place) else { continue };
            found = Some(match number.trim().trim_matches('\'').parse::<u32>() {
                Ok(number) if held.known => Fact::written(f64::from(number), spot),
                _ => Fact::unknown_at("it is only known at run time", spot),
            });
        }
    }
    found
}

fn same(key: &str, name: &str) -> bool {
    key.trim().replace('-', "_").eq_ignore_ascii_case(name)
}

/// The setting in postgresql.conf or my.cnf, wherever the texts come from: which of them the server reads is a guess.
fn in_texts<'a>(texts: &[NodeRef<'a>], name: &str) -> Setting<'a> {
    let mut found: Setting<'a> = None;
    for node in texts {
        let text = node.text();
        for line in text.split('\n') {
            let at = line.as_ptr() as usize - text.as_ptr() as usize;
            let plain = line.split('#').next().unwrap_or(line);
            let Some((key, value)) = plain.split_once('=').or_else(|| plain.trim().split_once(' ')) else {
                continue;
            };
            let words = plain.to_ascii_lowercase().replace('-', "_");
            if !words.contains(name) {
                continue;
            }
            let number = value.trim().trim_matches('\'').parse::<u32>().ok().filter(|_| same(key, name));
            if number.is_none()
                && !words.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
            {
                continue;
            }
            let spot = Spot::within(*node, at..at + plain.trim_end().len());
            found = Some(match (number, found) {
                (Some(number), None) => Fact::written(f64::from(number), spot).guessed(),
                (_, _) => Fact::unknown_at("it is set in a way that is not understood here", spot),
            });
        }
    }
    found
}

/// A server that the value of a variable names, and what it says of the pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint<'a> {
    /// The host.
    pub host: &'a str,
    /// The size of the pool, and where it stands in the value.
    pub size: Option<(f64, Range<usize>)>,
}

/// The database server that a variable names: a URL, a list of `key=value`, Go's `user@tcp(host)/db`, or a bare host where the
/// variable is called so.
pub fn endpoint<'a>(name: &str, value: &'a str) -> Option<Endpoint<'a>> {
    let size = || SIZE_KEYS.iter().find_map(|key| number_after(value, key));
    let plain = |host: &'a str| {
        // Of several hosts each may be the one.
        let host = host.split(':').next().filter(|_| !host.contains(','))?.trim_end_matches('.');
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        (!host.is_empty() && host.chars().all(fits)).then_some(host)
    };
    if let Some((scheme, rest)) = value.split_once("://") {
        let scheme =
            scheme.trim_start_matches("jdbc:").trim_start_matches("r2dbc:").trim_start_matches("pool:");
        if !["postgres", "pgsql", "mysql", "mariadb", "ecto", "postgis"]
            .iter()
            .any(|known| scheme.starts_with(known))
        {
            return None;
        }
        let authority = rest.split(['/', '?']).next().unwrap_or(rest);
        let host = plain(authority.rsplit('@').next().unwrap_or(authority))?;
        return Some(Endpoint { host, size: size() });
    }
    if let Some((_, rest)) = value.split_once("@tcp(") {
        return Some(Endpoint { host: plain(rest.split(')').next()?)?, size: None });
    }
    if value.contains('=') {
        let mut pairs =
            value.split(if value.contains(';') { ';' } else { ' ' }).filter_map(|pair| pair.split_once('='));
        let is_host = |key: &str| {
            ["host", "server", "data source"].iter().any(|known| key.trim().eq_ignore_ascii_case(known))
        };
        let host = pairs.find(|(key, _)| is_host(key)).and_then(|(_, host)| plain(host.trim()))?;
        return Some(Endpoint { host, size: size() });
    }
    let name = name.to_ascii_uppercase();
    let called = ["HOST", "ADDR", "SERVER", "ENDPOINT"].iter().any(|word| name.contains(word));
    Some(Endpoint { host: plain(value).filter(|_| called)?, size: None })
}

/// Prisma docs, Connection URL, `connection_limit`; pgxpool `ParseConfig`, `pool_max_conns`; Npgsql docs, Connection String
/// Parameters, `Maximum Pool Size`, and its synonyms in ADO.NET.
const SIZE_KEYS: [&str; 5] =
    ["connection_limit=", "pool_max_conns=", "maximum pool size=", "max pool size=", "maxpoolsize="];

fn number_after(text: &str, key: &str) -> Option<(f64, Range<usize>)> {
    let from = text.to_ascii_lowercase().find(key)?;
    let digits = from + key.len();
    let end = text[digits..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |length| digits + length);
    let number: u32 = text[digits..end].parse().ok()?;
    Some((f64::from(number), from..end))
}

/// A container's variables.
pub fn variables<'a>(container: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    container.get("env").into_iter().flat_map(NodeRef::items)
}

/// The server that a variable's entry names.
pub fn named(entry: NodeRef<'_>) -> Option<Endpoint<'_>> {
    let known = |node: &NodeRef<'_>| !node.is_unknown();
    let (name, value) = (entry.get("name").filter(known)?, entry.get("value").filter(known)?);
    endpoint(name.text(), value.text())
}

/// How many connections one process may open to the server that an entry of a container's variables names.
pub fn size<'a>(container: NodeRef<'a>, entry: NodeRef<'a>) -> Fact<'a, f64> {
    let value = entry.get("value").unwrap_or(entry);
    if let Some((size, range)) = named(entry).and_then(|endpoint| endpoint.size) {
        return Fact::written(size, Spot::within(value, range));
    }
    for (name, documented) in SIZES {
        let Some(fact) = variable(container, name) else { continue };
        let fact = if documented { fact } else { fact.guessed() };
        return match variable(container, "SQLALCHEMY_MAX_OVERFLOW") {
            _ if name != SQLALCHEMY => fact,
            Some(more) => fact.with(more, |size, more| size + more),
            None => match fact.state {
                State::Written(size) => Fact { state: State::Default(size + OVERFLOW), ..fact },
                _ => fact,
            },
        };
    }
    let start = Start::of(container);
    let name = entry.get("name").map_or("", NodeRef::text);
    let default = match name {
        "SPRING_DATASOURCE_URL" => &HIKARI,
        "KC_DB_URL" | "KC_DB_URL_HOST" => &KEYCLOAK,
        _ if start.mentions(&["RAILS_ENV"]) => &RAILS,
        _ => return Fact::unknown_at("nobody says how large its pool is", Spot::value(value)),
    };
    let elsewhere = container.get("envFrom").is_some_and(|from| !from.is_null());
    if elsewhere
        || start.hides_options()
        || start.mentions(&["pool", "Pool", "POOL"])
        || start.hides(|name| name.contains("POOL"))
    {
        return Fact::unknown_at("something else may set the size of its pool", Spot::value(value));
    }
    // The application may bring a file of its own.
    Fact::absent(Spot::value(value)).or_default(default).guessed()
}

/// A number that a variable holds.
fn variable<'a>(container: NodeRef<'a>, name: &str) -> Option<Fact<'a, f64>> {
    let entry = variables(container)
        .filter(|entry| entry.get("name").is_some_and(|node| node.text() == name))
        .last()?;
    let text = read::text(entry, "value");
    Some(match text.is_absent() {
        true => Fact::unknown_at("its value stands elsewhere", Spot::value(entry)),
        // To most of them 0 means that there is no limit.
        false => text.try_map("it is no number of connections", |text| {
            text.trim().parse::<u32>().ok().filter(|n| *n > 0).map(f64::from)
        }),
    })
}

/// How many processes of a container hold a pool each.
pub fn processes<'a>(container: NodeRef<'a>) -> Fact<'a, f64> {
    let start = Start::of(container);
    let place = |place: &Place| start.spot(place).unwrap_or_else(|| Spot::value(container));
    match start.ask(servers::processes) {
        Some(found) => {
            let spot = place(&found.place);
            let fact = match found.count {
                Some(count) => Fact::written(count, spot),
                None => Fact::unknown_at("how many processes it runs is only known at run time", spot),
            };
            if found.guessed { fact.guessed() } else { fact }
        }
        None if start.hides_options()
            || start.hides(|name| name == "WEB_CONCURRENCY" || name == "GUNICORN_CMD_ARGS") =>
        {
            Fact::unknown_at("how many processes it runs is only known at run time", Spot::value(container))
        }
        None => Fact::default(1.0, Spot::value(container)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::FileId;
    use crate::syntax::{self, Syntax};

    #[test]
    fn finds_servers() {
        let table = [
            ("DATABASE_URL", "postgres://u:p@db:5432/x?connection_limit=10", Some(("db", Some(10.0)))),
            (
                "DATABASE_URL",
                "postgresql+asyncpg://$(USER):$(PASS)@db.prod.svc/x",
                Some(("db.prod.svc", None)),
            ),
            ("SPRING_DATASOURCE_URL", "jdbc:postgresql://db/x", Some(("db", None))),
            ("DSN", "u:p@tcp(db:3306)/x", Some(("db", None))),
            ("DSN", "host=db user=u pool_max_conns=7", Some(("db", Some(7.0)))),
            ("CONNECTIONSTRINGS__X", "Host=db;Port=5432;Maximum Pool Size=30", Some(("db", Some(30.0)))),
            ("DB_HOST", "db", Some(("db", None))),
            ("GF_DATABASE_HOST", "db:5432", Some(("db", None))),
            ("DB_NAME", "db", None),
            ("API_URL", "http://db:8080", None),
            ("DATABASE_URL", "postgres://u:p@$(HOST)/x", None),
            ("DATABASE_URL", "postgres://a:5432,b:5432/x", None),
            ("DB_HOST", "", None),
        ];
        for (name, value, expected) in table {
            let found = endpoint(name, value);
            let found = found.as_ref().map(|found| (found.host, found.size.as_ref().map(|(size, _)| *size)));
            assert_eq!(found, expected, "{name}={value}");
        }
    }

    /// What `ask` says of a container in YAML, where it is known.
    fn ask(text: &str, ask: impl Fn(NodeRef<'_>) -> Fact<'_, f64>) -> Option<f64> {
        let tree = syntax::parse(Syntax::Yaml, FileId(0), Arc::from(text)).tree;
        ask(tree.roots().next().expect("a container")).into_value()
    }

    #[test]
    fn a_server_takes_what_it_is_told() {
        let postgres = "image: 'postgres:16'";
        let conf = "\"shared_buffers = 1GB\\n# max_connections = 500\\nmax_connections = 50\\n\"";
        let init = "'ALTER SYSTEM SET max_connections = 400;'";
        // A container, what ConfigMaps mount into it, whether something is mounted that nobody sees, and the answer.
        let table = [
            (postgres, "", false, Some(97.0)),
            ("image: 'postgres:16', args: [-c, max_connections=200]", "", false, Some(197.0)),
            ("image: 'postgres:16', args: [-c, max_connections=$(MOST)]", "", false, None),
            (
                "image: 'postgres:16', args: [-N, '50', -c, superuser_reserved_connections=5]",
                "",
                false,
                Some(45.0),
            ),
            (postgres, conf, false, Some(47.0)),
            ("image: 'postgres:16', args: [-c, config_file=/etc/p.conf]", conf, false, Some(47.0)),
            ("image: 'postgres:16', args: [-c, config_file=/etc/p.conf]", "", false, None),
            (postgres, init, false, None),
            (postgres, "", true, None),
            ("image: 'timescale/timescaledb:2.17.0-pg16'", "", false, None),
        ];
        for (container, mounted, hidden, expected) in table {
            let found = ask(&format!("{{ {container}, mounted: [ {mounted} ] }}"), |node| {
                let texts = node.get("mounted").into_iter().flat_map(NodeRef::items).collect();
                let hidden = hidden.then(|| Spot::value(node));
                capacity(node, "PostgreSQL", &Mounted { texts, hidden })
            });
            assert_eq!(found, expected, "{container} {hidden}");
        }
        let mysql = |text: &str| ask(text, |node| capacity(node, "MySQL", &Mounted::default()));
        assert_eq!(mysql("{ image: 'mysql:8.4' }"), Some(151.0));
        assert_eq!(mysql("{ image: 'mysql:8.4', args: [--max-connections=150] }"), Some(150.0));
        assert_eq!(ask("{ image: 'redis:7' }", |node| capacity(node, "Redis", &Mounted::default())), None);
    }

    #[test]
    fn a_pool_is_as_large_as_somebody_says() {
        let url = "{ name: SPRING_DATASOURCE_URL, value: 'jdbc:postgresql://db/shop' }";
        let table = [
            ("{ name: DATABASE_URL, value: 'postgres://db/shop?connection_limit=7' }".to_owned(), Some(7.0)),
            ("{ name: DATABASE_URL, value: 'postgres://db/shop' }".to_owned(), None),
            ("{ name: DB_HOST, value: db }, { name: DB_POOL, value: '5' }".to_owned(), Some(5.0)),
            ("{ name: DB_HOST, value: db }, { name: DB_POOL, value: '0' }".to_owned(), None),
            (
                "{ name: DB_HOST, value: db }, { name: SQLALCHEMY_POOL_SIZE, value: '5' }".to_owned(),
                Some(15.0),
            ),
            (url.to_owned(), Some(10.0)),
            (
                format!("{url}, {{ name: SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE, value: '20' }}"),
                Some(20.0),
            ),
            (format!("{url} ], envFrom: [ {{ configMapRef: {{ name: api }} }}"), None),
            (format!("{url}, {{ name: MY_POOL, value: '3' }}"), None),
        ];
        for (env, expected) in table {
            let found = ask(&format!("{{ image: 'api:1', env: [ {env} ] }}"), |node| {
                size(node, node.at("env.0").expect("a variable"))
            });
            assert_eq!(found, expected, "{env}");
        }
    }

    #[test]
    fn each_process_has_a_pool() {
        let concurrency = "env: [ { name: WEB_CONCURRENCY, value: '8' } ]";
        for (container, expected) in [
            (format!("command: [bundle, exec, puma], {concurrency}"), Some(8.0)),
            (format!("command: [bundle, exec, sidekiq], {concurrency}"), Some(1.0)),
            (format!("command: [hypercorn, a], {concurrency}"), Some(1.0)),
            ("command: [gunicorn, -w, '4', a]".to_owned(), Some(4.0)),
            ("command: [gunicorn, -w, $(N), a]".to_owned(), None),
            ("command: [./api]".to_owned(), Some(1.0)),
        ] {
            assert_eq!(
                ask(&format!("{{ image: 'api:1', {container} }}"), processes),
                expected,
                "{container}"
            );
        }
    }
}
