//! How long application servers let one request run, and how long they keep an idle connection open.
//!
//! What they are told, and what they do of themselves where their documentation says so. Configuration files are not read.

use super::launch::{Launch, Program};
use super::options;
use super::place::{Place, Source};
use super::servers::{
    Flag, ServerTime, decimal_seconds, flag, gunicorn_variable, milliseconds, processes, told, whole_seconds,
};

/// A time that a server takes where nobody tells it one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnTime {
    /// The server's name.
    pub server: &'static str,
    /// The option that is not there.
    pub setting: &'static str,
    /// The time.
    pub seconds: f64,
}

static LIMITS: [Flag; 2] = [
    // gunicorn docs, Settings, timeout: "Setting it to 0 has the effect of infinite timeouts".
    Flag {
        server: "gunicorn",
        programs: &["gunicorn"],
        names: &["--timeout", "-t"],
        read: |text| whole_seconds(text).map(|seconds| if seconds == 0.0 { f64::INFINITY } else { seconds }),
    },
    // Celery docs, Workers Guide, Time Limits: the hard limit, in seconds.
    Flag { server: "Celery", programs: &["celery"], names: &["--time-limit"], read: decimal_seconds },
];

static KEEP_ALIVE: [Flag; 4] = [
    // gunicorn docs, Settings, keepalive: whole seconds.
    Flag { server: "gunicorn", programs: &["gunicorn"], names: &["--keep-alive"], read: whole_seconds },
    // uvicorn docs, Settings, Timeouts: whole seconds.
    Flag { server: "uvicorn", programs: &["uvicorn"], names: &["--timeout-keep-alive"], read: whole_seconds },
    // hypercorn docs, Configuring, keep_alive_timeout: "Seconds to keep inactive connections alive before closing."
    Flag { server: "hypercorn", programs: &["hypercorn"], names: &["--keep-alive"], read: decimal_seconds },
    // Next.js docs, next CLI, next start options: milliseconds.
    Flag { server: "Next.js", programs: &["next"], names: &["--keepAliveTimeout"], read: milliseconds },
];

/// What servers do of themselves: gunicorn docs, Settings, keepalive: 2; uvicorn docs, Settings, `--timeout-keep-alive`: 5;
/// hypercorn, config.py, `keep_alive_timeout`: 5.
const OWN: [(&str, OwnTime); 3] = [
    ("gunicorn", OwnTime { server: "gunicorn", setting: "--keep-alive", seconds: 2.0 }),
    ("uvicorn", OwnTime { server: "uvicorn", setting: "--timeout-keep-alive", seconds: 5.0 }),
    ("hypercorn", OwnTime { server: "hypercorn", setting: "--keep-alive", seconds: 5.0 }),
];

/// The time after which the server gives up on one request or task. Infinite where the server was told never to.
pub fn limit(launch: &Launch<'_>) -> Option<ServerTime> {
    let programs = launch.programs();
    // Only a worker of one request at a time is killed by a long request; others go on saying that they live.
    let sync = |program: &&Program<'_>| program.name != "gunicorn" || is_sync(launch, program) == Some(true);
    programs.iter().filter(sync).find_map(|program| flag(program, &LIMITS)).or_else(|| {
        gunicorn_variable(launch, &programs, &LIMITS[0]).filter(|_| programs.iter().all(|p| sync(&p)))
    })
}

/// How long the server was told to keep a connection on which nothing is asked.
pub fn keep_alive(launch: &Launch<'_>) -> Option<ServerTime> {
    let programs = launch.programs();
    let keeps =
        |program: &&Program<'_>| program.name != "gunicorn" || is_sync(launch, program) == Some(false);
    programs
        .iter()
        .filter(keeps)
        .find_map(|program| flag(program, &KEEP_ALIVE))
        .or_else(|| {
            let runs = programs.iter().any(|program| program.name == "gunicorn" && keeps(&program));
            gunicorn_variable(launch, &programs, &KEEP_ALIVE[0]).filter(|_| runs)
        })
        .or_else(|| variable(launch, "uvicorn", "UVICORN_TIMEOUT_KEEP_ALIVE", whole_seconds))
        .or_else(|| {
            // Next.js, packages/next/src/build/utils.ts: the `server.js` of a standalone build reads it, in milliseconds.
            let runs = programs.iter().any(|program| program.name == "node");
            variable(launch, "Next.js", "KEEP_ALIVE_TIMEOUT", milliseconds).filter(|_| runs)
        })
}

fn variable(
    launch: &Launch<'_>,
    server: &'static str,
    name: &'static str,
    read: fn(&str) -> Option<f64>,
) -> Option<ServerTime> {
    let (index, value) = launch.env(name).filter(|(_, value)| !value.is_empty())?;
    let place = Place::new(Source::Env(index), 0..value.len());
    Some(told(server, name, &options::Found { value, known: true, place }, read, false))
}

/// How long the pool of a server's framework lets a request wait for a connection to the database: Hikari, as Spring Boot binds
/// its `connection-timeout`, in milliseconds. (Spring Boot docs, Externalized Configuration, Binding From Environment
/// Variables: dashes are left out; the older form keeps them as underscores.)
pub fn pool_wait(launch: &Launch<'_>) -> Option<ServerTime> {
    ["SPRING_DATASOURCE_HIKARI_CONNECTIONTIMEOUT", "SPRING_DATASOURCE_HIKARI_CONNECTION_TIMEOUT"]
        .into_iter()
        .find_map(|name| variable(launch, "Hikari", name, milliseconds))
}

/// How many requests a server works on at once, where it takes one for each process or thread and was told how many there are.
pub fn concurrency(launch: &Launch<'_>) -> Option<f64> {
    let programs = launch.programs();
    let program =
        programs.iter().find(|program| !program.guessed && ["gunicorn", "puma"].contains(&&*program.name))?;
    let number = |found: options::Found<'_>| found.value.parse::<u32>().ok().filter(|_| found.known);
    let told = processes(launch);
    let count = told.as_ref().and_then(|told| told.count);
    if &*program.name == "puma" {
        // Puma README, Clustered mode and Thread Pool: `-w` processes of `-t min:max` threads; without `-w` one process.
        let threads = options::last(&program.words, &["--threads", "-t"]).filter(|found| found.known)?;
        let most: u32 = threads.value.rsplit(':').next()?.parse().ok()?;
        return Some(f64::from(most) * if told.is_some() { count?.max(1.0) } else { 1.0 });
    }
    // gunicorn docs, Settings, workers: 1 unless it is told otherwise; a `gthread` worker has `threads` of them.
    let threads = options::last(&program.words, &["--threads"]);
    let class = options::last(&program.words, &["-k", "--worker-class"]);
    let blocking = class.is_none_or(|class| class.known && ["sync", "gthread"].contains(&class.value));
    let file = options::last(&program.words, &["-c", "--config"]).is_some();
    if !blocking || file || launch.env("GUNICORN_CMD_ARGS").is_some() {
        return None;
    }
    let each = match threads {
        Some(found) => f64::from(number(found)?),
        None => 1.0,
    };
    Some(each * count?)
}

/// The server that a container runs, where the program is named and known here.
pub fn server(launch: &Launch<'_>) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 11] = [
        ("gunicorn", "gunicorn"),
        ("uvicorn", "uvicorn"),
        ("hypercorn", "hypercorn"),
        ("granian", "granian"),
        ("daphne", "Daphne"),
        ("uwsgi", "uWSGI"),
        ("puma", "Puma"),
        ("rails", "Rails"),
        ("unicorn", "Unicorn"),
        ("next", "Next.js"),
        ("node", "Node.js"),
    ];
    let programs = launch.programs();
    let named = programs.iter().rev().filter(|program| !program.guessed);
    named
        .filter_map(|program| KNOWN.iter().find(|(name, _)| *name == program.name))
        .map(|(_, name)| *name)
        .next()
}

/// How long the server keeps such a connection where nobody tells it; nothing where the server is not known, or may be told by
/// a file. `tag` is that of the image.
pub fn own_keep_alive(launch: &Launch<'_>, tag: Option<&str>) -> Option<OwnTime> {
    let programs = launch.programs();
    let [.., program] = programs.as_slice() else { return None };
    if program.guessed || program.words.iter().any(|word| !word.known) {
        return None;
    }
    let file = ["-c", "--config"];
    if &*program.name == "node" {
        return node(launch, tag);
    }
    if options::last(&program.words, &file).is_some()
        || (program.name == "gunicorn" && is_sync(launch, program) != Some(false))
    {
        return None;
    }
    OWN.iter().find(|(name, _)| *name == program.name).map(|(_, own)| *own)
}

/// Node.js docs, http, `server.keepAliveTimeout`: 5 s up to version 25. Later ones keep it for 65 s; the version is that of the
/// image, and what the program itself sets is not seen.
fn node(launch: &Launch<'_>, tag: Option<&str>) -> Option<OwnTime> {
    let tag = tag.filter(|_| launch.product == Some("node"))?;
    let major: u32 = tag.split(['.', '-']).next()?.parse().ok()?;
    let seconds = if major <= 25 { 5.0 } else { 65.0 };
    Some(OwnTime { server: "Node.js", setting: "server.keepAliveTimeout", seconds })
}

/// How long the server lets one request run where nobody tells it: gunicorn docs, Settings, timeout: "Workers silent for more
/// than this many seconds are killed and restarted", 30, which a worker of one request at a time is while it works.
pub fn own_limit(launch: &Launch<'_>) -> Option<OwnTime> {
    let programs = launch.programs();
    let [.., program] = programs.as_slice() else { return None };
    let known = !program.guessed && program.words.iter().all(|word| word.known);
    let kills = known && program.name == "gunicorn" && is_sync(launch, program) == Some(true);
    kills.then_some(OwnTime { server: "gunicorn", setting: "--timeout", seconds: 30.0 })
}

/// Whether the workers of gunicorn take one request at a time, and close the connection after it. gunicorn, config.py,
/// `worker_class_str`: the class `sync` with more than one thread is `gthread`.
fn is_sync(launch: &Launch<'_>, program: &Program<'_>) -> Option<bool> {
    // gunicorn docs, Configuration Overview: gunicorn.conf.py in the working directory is read without being named.
    if options::last(&program.words, &["-c", "--config"]).is_some() {
        return None;
    }
    let variable = launch.env("GUNICORN_CMD_ARGS").map(|(index, value)| options::env_words(value, index));
    let find = |names: &[&str]| {
        let own = options::last(&program.words, names);
        let own = own.map(|found| (found.value.to_owned(), found.known));
        own.or_else(|| {
            let words = variable.as_deref()?;
            options::last(words, names).map(|found| (found.value.to_owned(), found.known))
        })
    };
    let class = find(&["-k", "--worker-class"]);
    if let Some((class, known)) = class
        && class != "sync"
    {
        return known.then(|| class.ends_with("SyncWorker"));
    }
    match find(&["--threads"]) {
        Some((threads, true)) => threads.parse::<u32>().ok().map(|threads| threads <= 1),
        Some(_) => None,
        None => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch<'a>(command: &'a [&'a str], env: &'a [(&'a str, &'a str)]) -> Launch<'a> {
        Launch { product: None, command, args: &[], env }
    }

    #[test]
    fn limits() {
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Option<f64>);
        let table: &[Case<'_>] = &[
            (&["gunicorn", "-t", "120", "a"], &[], Some(120.0)),
            (&["gunicorn", "--timeout=0", "a"], &[], Some(f64::INFINITY)),
            (&["gunicorn", "a"], &[("GUNICORN_CMD_ARGS", "--timeout 60")], Some(60.0)),
            (&["celery", "-A", "a", "worker", "--time-limit=300"], &[], Some(300.0)),
            (&["gunicorn", "--threads", "4"], &[], None),
            (&["gunicorn", "-t", "120", "--threads", "4", "a"], &[], None),
            (&["gunicorn", "-t", "120", "-k", "uvicorn.workers.UvicornWorker", "a"], &[], None),
            (&["gunicorn", "-t", "120", "-k", "sync", "a"], &[], Some(120.0)),
            (&["gunicorn", "-t", "120", "-c", "conf.py", "a"], &[], None),
            (&["gunicorn", "-t", "120", "a"], &[("GUNICORN_CMD_ARGS", "-k gevent")], None),
        ];
        for (command, env, expected) in table {
            let found = limit(&launch(command, env)).and_then(|found| found.seconds);
            assert_eq!(found, *expected, "{command:?} {env:?}");
        }
    }

    #[test]
    fn the_version_of_node_says_how_long() {
        for (product, tag, expected) in [
            (Some("node"), Some("22.11-alpine"), Some(5.0)),
            (Some("node"), Some("26"), Some(65.0)),
            (Some("node"), Some("lts"), None),
            (Some("shop"), Some("22"), None),
            (Some("node"), None, None),
        ] {
            let launch = Launch { product, command: &["node", "server.js"], args: &[], env: &[] };
            assert_eq!(own_keep_alive(&launch, tag).map(|own| own.seconds), expected, "{product:?} {tag:?}");
        }
    }

    #[test]
    fn workers_times_threads() {
        let table: [(&[&str], Option<f64>); 8] = [
            (&["gunicorn", "-w", "4", "a"], Some(4.0)),
            (&["gunicorn", "-w", "4", "--threads", "8", "a"], Some(32.0)),
            (&["gunicorn", "-w", "4", "-k", "gevent", "a"], None),
            (&["gunicorn", "-c", "conf.py", "-w", "4", "a"], None),
            (&["gunicorn", "a"], None),
            (&["bundle", "exec", "puma", "-w", "2", "-t", "5:16"], Some(32.0)),
            (&["puma", "-t", "5"], Some(5.0)),
            (&["uvicorn", "a:b", "--workers", "4"], None),
        ];
        for (command, expected) in table {
            assert_eq!(concurrency(&launch(command, &[])), expected, "{command:?}");
        }
    }

    #[test]
    fn servers_have_names() {
        let table: [(&[&str], Option<&str>); 5] = [
            (&["gunicorn", "a"], Some("gunicorn")),
            (&["sh", "-c", "rails db:migrate && exec puma -w 2"], Some("Puma")),
            (&["node", "dist/main.js"], Some("Node.js")),
            (&["npm", "start"], None),
            (&[], None),
        ];
        for (command, expected) in table {
            assert_eq!(server(&launch(command, &[])), expected, "{command:?}");
        }
    }

    #[test]
    fn idle_connections() {
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Option<f64>, Option<f64>);
        let table: &[Case<'_>] = &[
            (&["uvicorn", "a:b", "--timeout-keep-alive", "75"], &[], Some(75.0), Some(5.0)),
            (&["uvicorn", "a:b"], &[("UVICORN_TIMEOUT_KEEP_ALIVE", "65")], Some(65.0), Some(5.0)),
            (&["uvicorn", "a:b"], &[], None, Some(5.0)),
            (&["sh", "-c", "exec uvicorn a:b --port $PORT"], &[], None, None),
            (&["gunicorn", "--keep-alive", "5", "a"], &[], None, None),
            (&["gunicorn", "--keep-alive", "5", "-k", "gevent", "a"], &[], Some(5.0), Some(2.0)),
            (&["gunicorn", "--threads", "4", "a"], &[], None, Some(2.0)),
            (&["gunicorn", "-c", "gunicorn.conf.py", "a"], &[], None, None),
            (&["hypercorn", "--keep-alive", "5", "a"], &[], Some(5.0), Some(5.0)),
            (&["next", "start", "--keepAliveTimeout", "70000"], &[], Some(70.0), None),
            (&["node", "server.js"], &[], None, None),
            (&["node", "server.js"], &[("KEEP_ALIVE_TIMEOUT", "65000")], Some(65.0), None),
            (&["other"], &[("KEEP_ALIVE_TIMEOUT", "65000")], None, None),
        ];
        for (command, env, expected, own) in table {
            let launch = launch(command, env);
            let found = keep_alive(&launch).and_then(|found| found.seconds);
            assert_eq!(found, *expected, "{command:?} {env:?}");
            assert_eq!(own_keep_alive(&launch, None).map(|own| own.seconds), *own, "{command:?} {env:?}");
        }
    }
}
