//! What a health check's command reaches, and how long it lets itself wait.
//!
//! It knows the clients that people put into probes and the options of theirs that say so. A client without such an option says
//! nothing, whatever its own default is.

use super::duration;
use super::options;
use super::place::Place;
use super::shell::{self, Word};

/// A host that a command names.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Its name or address; what is written where a variable decides.
    pub name: String,
    /// False where a variable decides.
    pub known: bool,
    /// Where it stands.
    pub place: Place,
}

/// A time that a command gives itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// In seconds.
    pub seconds: f64,
    /// Where it stands.
    pub place: Place,
}

/// The programs that a command runs, through shells and wrappers. None where the script is not understood.
pub fn programs(argv: &[&str]) -> Option<Vec<(String, Place)>> {
    let script = shell::script(argv)?;
    let commands = script.pipelines.iter().flat_map(|pipeline| &pipeline.commands);
    let names = commands.filter_map(|command| shell::unwrap(&command.words).words.first());
    let known = names.filter(|word| word.known);
    Some(known.map(|word| (shell::base_name(&word.text).to_owned(), word.place.clone())).collect())
}

/// The hosts that the clients among the commands are told to reach.
pub fn hosts(argv: &[&str]) -> Vec<Host> {
    let Some(script) = shell::script(argv) else { return Vec::new() };
    let mut found = Vec::new();
    for command in script.pipelines.iter().flat_map(|pipeline| &pipeline.commands) {
        let Some((name, words)) = shell::unwrap(&command.words).words.split_first() else { continue };
        match shell::base_name(&name.text) {
            "pg_isready" | "psql" | "mysqladmin" | "mysql" | "mariadb" | "mariadb-admin" | "redis-cli"
            | "valkey-cli" | "mongo" | "mongosh" | "clickhouse-client" => found.extend(option_host(words)),
            "curl" | "wget" => found.extend(words.iter().filter_map(url_host)),
            "nc" | "ncat" | "netcat" => found.extend(netcat_host(words)),
            _ => {}
        }
    }
    found
}

fn option_host(words: &[Word<'_>]) -> Option<Host> {
    let option = options::last(words, &["--host", "-h"])?;
    // A path is a socket of this machine.
    (!option.value.starts_with('/') && !option.value.is_empty()).then(|| Host {
        name: option.value.to_owned(),
        known: option.known && !option.value.contains('$'),
        place: option.place.clone(),
    })
}

fn url_host(word: &Word<'_>) -> Option<Host> {
    let text = &*word.text;
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    };
    let known = word.known && !name.contains(['$', '`', '{']);
    (!name.is_empty()).then(|| Host { name: name.to_owned(), known, place: word.place.clone() })
}

/// `nc -z HOST PORT`: the host is the last word but one.
fn netcat_host(words: &[Word<'_>]) -> Option<Host> {
    let [.., host, port] = words else { return None };
    let is_port = !port.text.is_empty() && port.text.bytes().all(|b| b.is_ascii_digit());
    let option =
        words.iter().rev().nth(2).is_some_and(|before| matches!(&*before.text, "-w" | "-i" | "-p" | "-s"));
    (is_port && !host.text.starts_with('-') && !option).then(|| Host {
        name: host.text.clone().into_owned(),
        known: host.known,
        place: host.place.clone(),
    })
}

/// The longest time that one of the commands is told to wait: `timeout 5 …`, `pg_isready -t 5`, `curl --max-time 5`.
pub fn wait(argv: &[&str]) -> Option<Wait> {
    let script = shell::script(argv)?;
    let mut longest: Option<Wait> = None;
    let mut add = |found: Option<Wait>| {
        if let Some(found) = found
            && found.seconds.is_finite()
            && longest.as_ref().is_none_or(|longest| longest.seconds < found.seconds)
        {
            longest = Some(found);
        }
    };
    let outer = script.limit.clone();
    for command in script.pipelines.iter().flat_map(|pipeline| &pipeline.commands) {
        let unwrapped = shell::unwrap(&command.words);
        // `timeout` cuts off what the client would wait for.
        if let Some(limit) = unwrapped.limit {
            add(Some(Wait { seconds: limit.seconds, place: limit.place }));
        } else if let Some((name, words)) = unwrapped.words.split_first() {
            add(own(shell::base_name(&name.text), words));
        }
    }
    match (outer, longest) {
        (Some(limit), Some(wait)) if wait.seconds < limit.seconds => Some(wait),
        (Some(limit), _) => Some(Wait { seconds: limit.seconds, place: limit.place }),
        (None, wait) => wait,
    }
}

/// Where a client documents its time: pg_isready(1), curl(1), wget(1), ncat(1), mysqladmin(1), rabbitmq-diagnostics(8), and the
/// README of grpc-health-probe.
fn own(program: &str, words: &[Word<'_>]) -> Option<Wait> {
    let names: &[&str] = match program {
        "pg_isready" => &["--timeout", "-t"],
        "curl" => &["--max-time", "-m"],
        "wget" => &["--timeout", "-T"],
        "nc" | "ncat" => &["-w"],
        "mysqladmin" | "mariadb-admin" => &["--connect-timeout", "--connect_timeout"],
        "rabbitmq-diagnostics" | "rabbitmqctl" => &["--timeout", "-t"],
        "grpc_health_probe" | "grpc-health-probe" => {
            &["--connect-timeout", "-connect-timeout", "--rpc-timeout", "-rpc-timeout"]
        }
        _ => return None,
    };
    let read = if program.starts_with("grpc") { duration::go } else { seconds };
    let found = names.iter().filter_map(|name| options::last(words, &[name]));
    let waits = found.filter(|found| found.known).filter_map(|found| {
        let seconds = read(found.value).filter(|seconds| *seconds > 0.0)?;
        Some(Wait { seconds, place: found.place })
    });
    waits.max_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

fn seconds(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|seconds| seconds.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_commands_reach() {
        let table: &[(&[&str], &[&str])] = &[
            (&["pg_isready", "-h", "db", "-U", "app"], &["db"]),
            (&["pg_isready", "-U", "app"], &[]),
            (&["psql", "-h", "/var/run/postgresql"], &[]),
            (&["sh", "-c", "curl -f http://localhost:8080/health || exit 1"], &["localhost"]),
            (&["sh", "-c", "exec redis-cli -h $POD_IP ping"], &["$POD_IP?"]),
            (&["nc", "-z", "-w", "5", "db", "5432"], &["db"]),
            (&["nc", "-z", "localhost", "5432"], &["localhost"]),
            (&["wget", "-qO-", "http://[::1]:80/"], &["::1"]),
            (&["cat", "/tmp/healthy"], &[]),
        ];
        for (argv, expected) in table {
            let found: Vec<_> = hosts(argv)
                .iter()
                .map(|host| format!("{}{}", host.name, if host.known { "" } else { "?" }))
                .collect();
            assert_eq!(found, *expected, "{argv:?}");
        }
    }

    #[test]
    fn times_that_commands_take() {
        let table: &[(&[&str], Option<f64>)] = &[
            (&["pg_isready", "-t", "5"], Some(5.0)),
            (&["pg_isready"], None),
            (&["pg_isready", "-t", "0"], None),
            (&["timeout", "3", "pg_isready", "-t", "5"], Some(3.0)),
            (&["sh", "-c", "timeout 10 ./check.sh"], Some(10.0)),
            (&["sh", "-c", "curl -fsS -m 4 http://localhost/"], Some(4.0)),
            (&["curl", "--max-time", "$T", "http://localhost/"], None),
            (&["/bin/grpc_health_probe", "-addr=:50051", "-rpc-timeout=3s"], Some(3.0)),
            (&["cat", "/tmp/healthy"], None),
        ];
        for (argv, expected) in table {
            assert_eq!(wait(argv).map(|wait| wait.seconds), *expected, "{argv:?}");
        }
    }
}
