//! How long application servers say that they drain before they stop, and in how many processes they run.
//!
//! Only flags and variables that a server documents, and only where they are set: what a server does without them is a default,
//! and lives with the defaults. Configuration files are not read here.

use std::collections::BTreeMap;

use super::duration;
use super::launch::{Launch, Program};
use super::options::{self, Found};
use super::place::{Place, Source};

/// A time that a server was told.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerTime {
    /// The server's name.
    pub server: &'static str,
    /// The setting, as its documentation names it.
    pub setting: &'static str,
    /// None where it is set to something that cannot be read.
    pub seconds: Option<f64>,
    /// The flag or the variable's value.
    pub place: Place,
    /// That this server runs is guessed from the image's name.
    pub guessed: bool,
}

/// The time that the server gives requests in flight after SIGTERM.
pub fn drain(launch: &Launch<'_>) -> Option<ServerTime> {
    let programs = launch.programs();
    programs
        .iter()
        .find_map(|program| {
            flag(program, &DRAIN_FLAGS).or_else(|| nginx(program)).or_else(|| traefik(program))
        })
        .or_else(|| java(launch, &programs))
        .or_else(|| gunicorn_variable(launch, &programs, &DRAIN_FLAGS[0]))
        .or_else(|| variable(launch))
}

/// Envoy docs, Command line options: "The time in seconds that Envoy will drain connections during a hot restart or when individual
/// listeners are being modified or removed via LDS". SIGTERM ends it at once.
static PROXY_DRAIN: [Flag; 1] =
    [Flag { server: "Envoy", programs: &["envoy"], names: &["--drain-time-s"], read: whole_seconds }];
/// The same: "The time in seconds that Envoy will wait before shutting down the parent process during a hot restart".
static PARENT_SHUTDOWN: [Flag; 1] = [Flag {
    server: "Envoy",
    programs: &["envoy"],
    names: &["--parent-shutdown-time-s"],
    read: whole_seconds,
}];

/// How long a proxy was told to take over closing its connections, once it is asked to drain.
pub fn proxy_drain(launch: &Launch<'_>) -> Option<ServerTime> {
    launch.programs().iter().find_map(|program| flag(program, &PROXY_DRAIN))
}

/// How long the old process of a proxy was told to live on after a hot restart.
pub fn parent_shutdown(launch: &Launch<'_>) -> Option<ServerTime> {
    launch.programs().iter().find_map(|program| flag(program, &PARENT_SHUTDOWN))
}

/// How many processes a server was told to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Processes {
    /// None where it is set to something that cannot be read.
    pub count: Option<f64>,
    /// The option or the variable's value.
    pub place: Place,
    /// That this server runs is guessed.
    pub guessed: bool,
}

/// Servers, their option for the number of processes, and whether they read `WEB_CONCURRENCY` where it is missing. (gunicorn
/// docs, Settings, workers; Puma `Configuration::DEFAULTS`; uvicorn docs, Settings, workers; hypercorn docs, Configuring.)
const WORKERS: [(&str, &[&str], bool); 4] = [
    ("gunicorn", &["--workers", "-w"], true),
    ("puma", &["--workers", "-w"], true),
    ("uvicorn", &["--workers"], true),
    ("hypercorn", &["--workers", "-w"], false),
];

/// The processes that a server answers with, each of which holds everything once.
pub fn processes(launch: &Launch<'_>) -> Option<Processes> {
    let programs = launch.programs();
    let told = |found: &Found<'_>, guessed| Processes {
        count: found.value.parse().ok().filter(|_| found.known).map(|n: u32| f64::from(n.max(1))),
        place: found.place.clone(),
        guessed,
    };
    for program in &programs {
        let server = WORKERS.iter().find(|(name, ..)| *name == program.name);
        if let Some(found) = server.and_then(|(_, names, _)| options::last(&program.words, names)) {
            return Some(told(&found, program.guessed));
        }
    }
    let runs = |name: &str| programs.iter().any(|program| program.name == name && !program.guessed);
    // The image's own entry point may be any of them.
    let entry_point = matches!(programs.as_slice(), [program] if program.guessed);
    if let Some((index, value)) = launch.env("GUNICORN_CMD_ARGS").filter(|_| entry_point || runs("gunicorn"))
        && let Some(found) = options::last(&options::env_words(value, index), WORKERS[0].1)
    {
        return Some(told(&found, !runs("gunicorn")));
    }
    let reads = WORKERS.iter().any(|(name, _, reads)| *reads && runs(name)) || runs("rails");
    let (index, value) = launch.env("WEB_CONCURRENCY").filter(|_| entry_point || reads)?;
    let place = Place::new(Source::Env(index), 0..value.len());
    Some(told(&Found { value, known: true, place }, !reads))
}

pub(super) struct Flag {
    pub(super) server: &'static str,
    pub(super) programs: &'static [&'static str],
    pub(super) names: &'static [&'static str],
    pub(super) read: fn(&str) -> Option<f64>,
}

static DRAIN_FLAGS: [Flag; 7] = [
    // gunicorn docs, Settings, graceful_timeout: whole seconds.
    Flag { server: "gunicorn", programs: &["gunicorn"], names: &["--graceful-timeout"], read: whole_seconds },
    // uvicorn docs, Settings, Timeouts: whole seconds.
    Flag {
        server: "uvicorn",
        programs: &["uvicorn"],
        names: &["--timeout-graceful-shutdown"],
        read: whole_seconds,
    },
    // hypercorn docs, Configuring: "Time to wait after SIGTERM or Ctrl-C".
    Flag {
        server: "hypercorn",
        programs: &["hypercorn"],
        names: &["--graceful-timeout"],
        read: whole_seconds,
    },
    // granian README: seconds, or a human-readable duration.
    Flag {
        server: "granian",
        programs: &["granian"],
        names: &["--workers-kill-timeout"],
        read: seconds_or_units,
    },
    // Sidekiq wiki, Signals: "TERM signals that Sidekiq should shut down within the -t timeout option".
    Flag { server: "Sidekiq", programs: &["sidekiq"], names: &["--timeout", "-t"], read: whole_seconds },
    // ingress-nginx docs, Command line arguments: seconds to wait after the signal, before nginx is stopped.
    Flag {
        server: "ingress-nginx",
        programs: &["nginx-ingress-controller"],
        names: &["--shutdown-grace-period"],
        read: whole_seconds,
    },
    // PM2 docs, Graceful Start/Shutdown: milliseconds.
    Flag { server: "PM2", programs: &["pm2"], names: &["--kill-timeout"], read: milliseconds },
];

pub(super) fn flag(program: &Program<'_>, flags: &'static [Flag]) -> Option<ServerTime> {
    flags.iter().filter(|flag| flag.programs.contains(&&*program.name)).find_map(|flag| {
        let found = options::last(&program.words, flag.names)?;
        Some(told(flag.server, flag.names[0], &found, flag.read, program.guessed))
    })
}

/// gunicorn reads more arguments from GUNICORN_CMD_ARGS; the command line beats it. (gunicorn docs, Configuration Overview.)
pub(super) fn gunicorn_variable(
    launch: &Launch<'_>,
    programs: &[Program<'_>],
    flag: &'static Flag,
) -> Option<ServerTime> {
    let (index, value) = launch.env("GUNICORN_CMD_ARGS")?;
    let known = programs.iter().any(|program| program.name == "gunicorn");
    let words = options::env_words(value, index);
    let found = options::last(&words, flag.names)?;
    Some(told(flag.server, flag.names[0], &found, flag.read, !known))
}

/// nginx: `-g 'worker_shutdown_timeout 10s;'`, a directive of the main context. (nginx docs, Core functionality.)
fn nginx(program: &Program<'_>) -> Option<ServerTime> {
    const SETTING: &str = "worker_shutdown_timeout";
    if !matches!(&*program.name, "nginx" | "nginx-debug" | "openresty") {
        return None;
    }
    let mut words = program.words.iter();
    while let Some(word) = words.next() {
        if word.text != "-g" {
            continue;
        }
        let directives = words.next()?;
        let Some(at) = directives.text.find(SETTING) else {
            continue;
        };
        let own_word = directives.text[..at].trim_end();
        if !own_word.is_empty() && !own_word.ends_with(';') {
            continue;
        }
        let end = directives.text[at..].find(';').map_or(directives.text.len(), |length| at + length);
        let value = directives.text[at + SETTING.len()..end].trim();
        // In quotes that were removed, positions inside the word no longer fit; then the word is the place.
        let whole = directives.place.range.clone();
        let offset = match whole.len().checked_sub(directives.text.len()) {
            Some(0) => Some(0),
            Some(2) => Some(1),
            _ => None,
        };
        let range =
            offset.map_or(whole.clone(), |offset| whole.start + offset + at..whole.start + offset + end);
        return Some(ServerTime {
            server: "nginx",
            setting: SETTING,
            seconds: duration::nginx(value).filter(|_| directives.known),
            place: Place::new(directives.place.source, range),
            guessed: program.guessed,
        });
    }
    None
}

/// Traefik: an entry point first goes on accepting (`requestAcceptGraceTimeout`, 0), then drains (`graceTimeOut`, 10 s). The
/// slowest entry point that says something counts. Names are not case-sensitive. (Traefik docs, EntryPoints, Life Cycle.)
fn traefik(program: &Program<'_>) -> Option<ServerTime> {
    const ACCEPT: &str = ".transport.lifecycle.requestacceptgracetimeout";
    const GRACE: &str = ".transport.lifecycle.gracetimeout";
    if program.name != "traefik" {
        return None;
    }
    struct EntryPoint {
        accept: Option<f64>,
        grace: Option<f64>,
        place: Place,
    }
    let mut points: BTreeMap<String, EntryPoint> = BTreeMap::new();
    for word in &program.words {
        let Some((flag, value)) = word.text.split_once('=') else {
            continue;
        };
        let flag = flag.to_ascii_lowercase();
        let Some(path) = flag.strip_prefix("--entrypoints.") else {
            continue;
        };
        let (name, accepts) = match (path.strip_suffix(ACCEPT), path.strip_suffix(GRACE)) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) => continue,
        };
        let seconds = seconds_or_go(value).filter(|_| word.known);
        let point = points.entry(name.to_owned()).or_insert_with(|| EntryPoint {
            accept: Some(0.0),
            grace: Some(10.0),
            place: word.place.clone(),
        });
        if accepts {
            point.accept = seconds;
        } else {
            point.grace = seconds;
            point.place = word.place.clone();
        }
    }
    let mut slowest: Option<ServerTime> = None;
    for point in points.into_values() {
        let seconds = point.accept.zip(point.grace).map(|(accept, grace)| accept + grace);
        let slower = match &slowest {
            None => true,
            // One that cannot be read may be the slowest.
            Some(slowest) => {
                slowest.seconds.is_some_and(|found| seconds.is_none_or(|seconds| seconds > found))
            }
        };
        if slower {
            slowest = Some(ServerTime {
                server: "Traefik",
                setting: "graceTimeOut",
                seconds,
                place: point.place,
                guessed: program.guessed,
            });
        }
    }
    slowest
}

/// Spring Boot and Quarkus: as an argument, as a system property, as a variable, in this order of weight. (Spring Boot docs,
/// Graceful Shutdown and Externalized Configuration; Quarkus docs, Application Initialization and Termination.)
fn java(launch: &Launch<'_>, programs: &[Program<'_>]) -> Option<ServerTime> {
    const SPRING: &str = "spring.lifecycle.timeout-per-shutdown-phase";
    const QUARKUS: &str = "quarkus.shutdown.timeout";
    let spring = |text: &str| duration::java(text, 0.001);
    let quarkus = |text: &str| duration::java(text, 1.0);
    for program in programs.iter().filter(|program| program.name == "java" || program.guessed) {
        if let Some(found) = options::last(&program.words, &["--spring.lifecycle.timeout-per-shutdown-phase"])
        {
            return Some(told("Spring Boot", SPRING, &found, spring, program.guessed));
        }
        if let Some(found) = property(&program.words, SPRING) {
            return Some(told("Spring Boot", SPRING, &found, spring, program.guessed));
        }
        if let Some(found) = property(&program.words, QUARKUS) {
            return Some(told("Quarkus", QUARKUS, &found, quarkus, program.guessed));
        }
    }
    for name in ["JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"] {
        let Some((index, value)) = launch.env(name) else {
            continue;
        };
        let words = options::env_words(value, index);
        if let Some(found) = property(&words, SPRING) {
            return Some(told("Spring Boot", SPRING, &found, spring, false));
        }
        if let Some(found) = property(&words, QUARKUS) {
            return Some(told("Quarkus", QUARKUS, &found, quarkus, false));
        }
    }
    None
}

/// `-Dname=value`
fn property<'w>(words: &'w [super::shell::Word<'_>], name: &str) -> Option<Found<'w>> {
    words.iter().rev().find_map(|word| {
        let value = word.text.strip_prefix("-D")?.strip_prefix(name)?.strip_prefix('=')?;
        Some(Found { value, known: word.known, place: word.place.clone() })
    })
}

/// Settings that a server reads from a variable whose name is its own.
fn variable(launch: &Launch<'_>) -> Option<ServerTime> {
    type Variable = (&'static str, &'static str, fn(&str) -> Option<f64>);
    const VARIABLES: [Variable; 6] = [
        // uvicorn docs, Settings: `UVICORN_` in front of any option.
        ("uvicorn", "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN", whole_seconds),
        ("granian", "GRANIAN_WORKERS_KILL_TIMEOUT", seconds_or_units),
        ("Spring Boot", "SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE", |text| duration::java(text, 0.001)),
        ("Quarkus", "QUARKUS_SHUTDOWN_TIMEOUT", |text| duration::java(text, 1.0)),
        // ASP.NET Core docs, Web Host and Generic Host, shutdownTimeoutSeconds.
        ("ASP.NET Core", "ASPNETCORE_SHUTDOWNTIMEOUTSECONDS", whole_seconds),
        (".NET", "DOTNET_SHUTDOWNTIMEOUTSECONDS", whole_seconds),
    ];
    VARIABLES.iter().find_map(|(server, name, read)| {
        let (index, value) = launch.env(name)?;
        if value.is_empty() {
            return None;
        }
        Some(ServerTime {
            server,
            setting: name,
            seconds: read(value),
            place: Place::new(Source::Env(index), 0..value.len()),
            guessed: false,
        })
    })
}

pub(super) fn told(
    server: &'static str,
    setting: &'static str,
    found: &Found<'_>,
    read: impl Fn(&str) -> Option<f64>,
    guessed: bool,
) -> ServerTime {
    let seconds = read(found.value).filter(|_| found.known);
    ServerTime { server, setting, seconds, place: found.place.clone(), guessed }
}

pub(super) fn whole_seconds(text: &str) -> Option<f64> {
    text.parse::<u32>().ok().map(f64::from)
}

pub(super) fn decimal_seconds(text: &str) -> Option<f64> {
    // No exponents, no infinities: what sleep(1) reads without a unit.
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.').then(|| text.parse().ok())?
}

pub(super) fn milliseconds(text: &str) -> Option<f64> {
    whole_seconds(text).map(|milliseconds| milliseconds / 1000.0)
}

fn seconds_or_units(text: &str) -> Option<f64> {
    whole_seconds(text).or_else(|| duration::prometheus(text))
}

fn seconds_or_go(text: &str) -> Option<f64> {
    decimal_seconds(text).or_else(|| duration::go(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case<'a> =
        (Option<&'a str>, &'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)], Option<&'a str>);

    fn show(launch: &Launch<'_>, time: Option<ServerTime>) -> Option<String> {
        let time = time?;
        let text = match time.place.source {
            Source::Command(index) => launch.command[index],
            Source::Arg(index) => launch.args[index],
            Source::Env(index) => launch.env[index].1,
        };
        let seconds = time.seconds.map_or("?".to_owned(), duration::text);
        let mark = if time.guessed { " guessed" } else { "" };
        Some(format!("{} {seconds} `{}`{mark}", time.server, &text[time.place.range]))
    }

    fn check(read: impl Fn(&Launch<'_>) -> Option<ServerTime>, table: &[Case<'_>]) {
        for (product, command, args, env, expected) in table {
            let launch = Launch { product: *product, command, args, env };
            assert_eq!(show(&launch, read(&launch)).as_deref(), *expected, "{launch:?}");
        }
    }

    #[test]
    fn drains() {
        check(
            drain,
            &[
                (
                    None,
                    &["gunicorn", "--graceful-timeout", "45", "app:app"],
                    &[],
                    &[],
                    Some("gunicorn 45 s `45`"),
                ),
                (
                    None,
                    &["gunicorn", "--graceful-timeout=45", "app:app"],
                    &[],
                    &[],
                    Some("gunicorn 45 s `--graceful-timeout=45`"),
                ),
                (
                    None,
                    &["sh", "-c", "migrate && exec gunicorn --graceful-timeout 45 a"],
                    &[],
                    &[],
                    Some("gunicorn 45 s `--graceful-timeout 45`"),
                ),
                (
                    None,
                    &["poetry", "run", "gunicorn"],
                    &["--graceful-timeout=90"],
                    &[],
                    Some("gunicorn 1 min 30 s `--graceful-timeout=90`"),
                ),
                (
                    None,
                    &["gunicorn", "a"],
                    &[],
                    &[("GUNICORN_CMD_ARGS", "-w 4 --graceful-timeout=20")],
                    Some("gunicorn 20 s `--graceful-timeout=20`"),
                ),
                (None, &["gunicorn", "--graceful-timeout", "$(T)"], &[], &[], Some("gunicorn ? `$(T)`")),
                (None, &["gunicorn", "-c", "gunicorn.conf.py"], &[], &[], None),
                (
                    None,
                    &["uvicorn", "a:b", "--timeout-graceful-shutdown", "10"],
                    &[],
                    &[],
                    Some("uvicorn 10 s `10`"),
                ),
                (
                    None,
                    &["uvicorn", "a:b"],
                    &[],
                    &[("UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN", "15")],
                    Some("uvicorn 15 s `15`"),
                ),
                (
                    None,
                    &["hypercorn", "a:b", "--graceful-timeout", "10"],
                    &[],
                    &[],
                    Some("hypercorn 10 s `10`"),
                ),
                (
                    None,
                    &["granian", "a:b", "--workers-kill-timeout", "1m"],
                    &[],
                    &[],
                    Some("granian 1 min `1m`"),
                ),
                (None, &["bundle", "exec", "sidekiq", "-t", "25"], &[], &[], Some("Sidekiq 25 s `25`")),
                (
                    None,
                    &["nginx", "-g", "daemon off; worker_shutdown_timeout 10s;"],
                    &[],
                    &[],
                    Some("nginx 10 s `worker_shutdown_timeout 10s`"),
                ),
                (
                    None,
                    &["sh", "-c", "nginx -g 'worker_shutdown_timeout 1m; daemon off;'"],
                    &[],
                    &[],
                    Some("nginx 1 min `worker_shutdown_timeout 1m`"),
                ),
                (None, &["nginx", "-g", "daemon off;"], &[], &[], None),
                (
                    None,
                    &["/nginx-ingress-controller", "--shutdown-grace-period=60"],
                    &[],
                    &[],
                    Some("ingress-nginx 1 min `--shutdown-grace-period=60`"),
                ),
                (
                    Some("traefik"),
                    &[],
                    &["--entryPoints.web.transport.lifeCycle.graceTimeOut=42"],
                    &[],
                    Some("Traefik 42 s `--entryPoints.web.transport.lifeCycle.graceTimeOut=42` guessed"),
                ),
                (
                    Some("traefik"),
                    &[],
                    &[
                        "--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=5s",
                        "--entrypoints.web.transport.lifecycle.gracetimeout=20s",
                        "--entrypoints.db.transport.lifecycle.requestacceptgracetimeout=3s",
                    ],
                    &[],
                    Some("Traefik 25 s `--entrypoints.web.transport.lifecycle.gracetimeout=20s` guessed"),
                ),
                (
                    None,
                    &["pm2", "start", "app.js", "--kill-timeout", "3000"],
                    &[],
                    &[],
                    Some("PM2 3 s `3000`"),
                ),
                (
                    None,
                    &["java", "-Dspring.lifecycle.timeout-per-shutdown-phase=20s", "-jar", "x"],
                    &[],
                    &[],
                    Some("Spring Boot 20 s `-Dspring.lifecycle.timeout-per-shutdown-phase=20s`"),
                ),
                (
                    None,
                    &["java", "-jar", "x", "--spring.lifecycle.timeout-per-shutdown-phase=40s"],
                    &[],
                    &[("SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE", "1m")],
                    Some("Spring Boot 40 s `--spring.lifecycle.timeout-per-shutdown-phase=40s`"),
                ),
                (
                    None,
                    &[],
                    &[],
                    &[("SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE", "1m")],
                    Some("Spring Boot 1 min `1m`"),
                ),
                (None, &[], &[], &[("QUARKUS_SHUTDOWN_TIMEOUT", "30")], Some("Quarkus 30 s `30`")),
                (
                    None,
                    &[],
                    &[],
                    &[("ASPNETCORE_SHUTDOWNTIMEOUTSECONDS", "20")],
                    Some("ASP.NET Core 20 s `20`"),
                ),
                (None, &["puma", "-t", "5:5"], &[], &[], None),
                (None, &["echo", "--graceful-timeout", "5"], &[], &[], None),
            ],
        );
    }

    #[test]
    fn worker_processes() {
        type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Option<&'a str>);
        let table: &[Row<'_>] = &[
            (&["gunicorn", "-w", "4", "a"], &[("WEB_CONCURRENCY", "2")], Some("4 `4`")),
            (&["gunicorn", "-w4", "a"], &[], Some("4 `-w4`")),
            (&["sh", "-c", "exec gunicorn --workers=3 a"], &[], Some("3 `--workers=3`")),
            (&["gunicorn", "a"], &[("GUNICORN_CMD_ARGS", "--workers 5")], Some("5 `--workers 5`")),
            (&["gunicorn", "a"], &[("WEB_CONCURRENCY", "2")], Some("2 `2`")),
            (&["gunicorn", "-w", "$(W)", "a"], &[], Some("? `$(W)`")),
            (&["bundle", "exec", "puma", "-w", "0"], &[], Some("1 `0`")),
            (&[], &[("WEB_CONCURRENCY", "2")], Some("2 `2` guessed")),
            (&["bundle", "exec", "sidekiq"], &[("WEB_CONCURRENCY", "2")], None),
            (&["gunicorn", "a"], &[], None),
        ];
        for (command, env, expected) in table {
            let launch = Launch { product: None, command, args: &[], env };
            let shown = processes(&launch).map(|found| {
                let text = match found.place.source {
                    Source::Command(index) => launch.command[index],
                    Source::Arg(index) => launch.args[index],
                    Source::Env(index) => launch.env[index].1,
                };
                let count = found.count.map_or("?".to_owned(), |count| count.to_string());
                format!(
                    "{count} `{}`{}",
                    &text[found.place.range],
                    if found.guessed { " guessed" } else { "" }
                )
            });
            assert_eq!(shown.as_deref(), *expected, "{command:?} {env:?}");
        }
    }
}
