//! How long workers that take tasks from a queue let one of them run.
//!
//! Only such workers as finish what they have begun when they are told to stop, and only what their command says: settings of
//! the application are not read.

use super::launch::{Launch, Program};
use super::options;
use super::servers::{Flag, ServerTime, decimal_seconds, flag, told, whole_seconds};

/// Celery docs, Workers Guide: Time Limits, "the hard timeout isn't catch-able and force terminates the task"; Stopping the
/// worker, "the worker will finish all currently executing tasks before it actually terminates". The hard limit first.
static CELERY: [Flag; 2] = [
    Flag { server: "Celery", programs: &["celery"], names: &["--time-limit"], read: decimal_seconds },
    Flag { server: "Celery", programs: &["celery"], names: &["--soft-time-limit"], read: decimal_seconds },
];

/// How long a worker lets one task run; infinite where it was told never to end one.
pub fn task(launch: &Launch<'_>) -> Option<ServerTime> {
    launch.programs().iter().find_map(|program| match &*program.name {
        "celery" => celery(launch, program),
        "php" => laravel(program),
        _ => None,
    })
}

fn celery(launch: &Launch<'_>, program: &Program<'_>) -> Option<ServerTime> {
    let works = program.words.iter().any(|word| word.text == "worker");
    // Celery docs, Concurrency: only the prefork pool, which is the one that nobody has to ask for, ends a task by force.
    let pool = options::last(&program.words, &["--pool", "-P"]);
    let forks = pool.is_none_or(|pool| matches!(pool.value, "prefork" | "processes"));
    // Celery docs, Workers Guide, `REMAP_SIGTERM`: the worker then stops at once.
    let waits = launch.env("REMAP_SIGTERM").is_none();
    if works && forks && waits { flag(program, &CELERY) } else { None }
}

/// Laravel docs, Queues: Worker Timeouts, `--timeout`, 0 being none; `Worker::listenForSignals` finishes the job first.
fn laravel(program: &Program<'_>) -> Option<ServerTime> {
    let mut words = program.words.iter().skip_while(|word| word.text.starts_with('-'));
    let runs = words.next().is_some_and(|word| word.text == "artisan" || word.text.ends_with("/artisan"));
    let works = runs && words.next().is_some_and(|word| word.text == "queue:work");
    let found = options::last(&program.words, &["--timeout"]).filter(|_| works)?;
    let read =
        |text: &str| whole_seconds(text).map(|seconds| if seconds == 0.0 { f64::INFINITY } else { seconds });
    Some(told("Laravel", "--timeout", &found, read, program.guessed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(command: &[&str], env: &[(&str, &str)]) -> Option<f64> {
        task(&Launch { product: None, command, args: &[], env })?.seconds
    }

    #[test]
    fn limits_of_tasks() {
        let table: &[(&[&str], Option<f64>)] = &[
            (&["celery", "-A", "shop", "worker", "--time-limit=300", "--soft-time-limit=240"], Some(300.0)),
            (&["celery", "-A", "shop", "worker", "--soft-time-limit", "240"], Some(240.0)),
            (&["sh", "-c", "exec celery -A shop worker --time-limit 90"], Some(90.0)),
            (&["celery", "-A", "shop", "worker", "--time-limit=300", "-P", "gevent"], None),
            (&["celery", "-A", "shop", "beat", "--time-limit=300"], None),
            (&["celery", "-A", "shop", "worker"], None),
            (&["php", "artisan", "queue:work", "--timeout=120"], Some(120.0)),
            (&["php", "-d", "/app/artisan", "queue:work", "redis", "--timeout=0"], Some(f64::INFINITY)),
            (&["php", "artisan", "queue:work"], None),
            (&["php", "artisan", "serve", "--timeout=120"], None),
        ];
        for (command, expected) in table {
            assert_eq!(seconds(command, &[]), *expected, "{command:?}");
        }
        let command = ["celery", "-A", "shop", "worker", "--time-limit=300"];
        assert_eq!(seconds(&command, &[("REMAP_SIGTERM", "SIGQUIT")]), None);
    }
}
