//! How long application servers let one request run, and how long they keep an idle connection open.
//!
//! What they are told, and what they do of themselves where their documentation says so. Configuration files are not read.

use super::launch::{Launch, Program};
use super::options;
use super::servers::{
    Flag, ServerTime, decimal_seconds, flag, gunicorn_variable, milliseconds, told, whole_seconds,
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
        .or_else(|| {
            let (index, value) = launch.env("UVICORN_TIMEOUT_KEEP_ALIVE")?;
            let words = options::env_words(value, index);
            let found = options::Found { value, known: true, place: words.first()?.place.clone() };
            Some(told("uvicorn", "UVICORN_TIMEOUT_KEEP_ALIVE", &found, whole_seconds, false))
        })
}

/// How long the server keeps such a connection where nobody tells it; nothing where the server is not known, or may be told by
/// a file.
pub fn own_keep_alive(launch: &Launch<'_>) -> Option<OwnTime> {
    let programs = launch.programs();
    let [.., program] = programs.as_slice() else { return None };
    if program.guessed || program.words.iter().any(|word| !word.known) {
        return None;
    }
    let file = ["-c", "--config"];
    if options::last(&program.words, &file).is_some()
        || (program.name == "gunicorn" && is_sync(launch, program) != Some(false))
    {
        return None;
    }
    OWN.iter().find(|(name, _)| *name == program.name).map(|(_, own)| *own)
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
        ];
        for (command, env, expected, own) in table {
            let launch = launch(command, env);
            let found = keep_alive(&launch).and_then(|found| found.seconds);
            assert_eq!(found, *expected, "{command:?} {env:?}");
            assert_eq!(own_keep_alive(&launch).map(|own| own.seconds), *own, "{command:?} {env:?}");
        }
    }
}
