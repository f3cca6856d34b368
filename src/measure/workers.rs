//! How long workers that take tasks from a queue let one of them run, and which queue that is.
//!
//! Only such workers as finish what they have begun when they are told to stop, and only what their command says: settings of
//! the application are not read.

use super::launch::{Launch, Program};
use super::options;
use super::place::{Place, Source};
use super::servers::{Flag, ServerTime, decimal_seconds, flag, told, whole_seconds};
use super::shell::Word;

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

/// A queue that a worker was told to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub place: Place,
}

/// The queue of SQS that a worker reads, where it is one, and whose own settings say when a message comes back.
///
/// Laravel docs, Queues: Worker Timeouts, "SQS will retry the job based on the Default Visibility Timeout"; laravel/laravel,
/// `config/queue.php`: `QUEUE_CONNECTION`, `SQS_QUEUE`, `SQS_SUFFIX`.
pub fn queue(launch: &Launch<'_>) -> Option<Read> {
    launch.programs().iter().find_map(|program| {
        let words = laravel_words(program)?;
        let connection = words.first().filter(|word| !word.text.starts_with('-')).map(|word| &*word.text);
        let connection = connection.or_else(|| launch.env("QUEUE_CONNECTION").map(|(_, value)| value));
        if connection != Some("sqs") || launch.env("SQS_SUFFIX").is_some() {
            return None;
        }
        let (name, place) = match options::last(words, &["--queue"]) {
            Some(found) => (found.known.then(|| found.value.to_owned())?, found.place),
            None => {
                let (index, value) = launch.env("SQS_QUEUE")?;
                (value.to_owned(), Place::new(Source::Env(index), 0..value.len()))
            }
        };
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        (!name.is_empty() && !name.contains(',')).then_some(Read { name, place })
    })
}

/// What stands behind `php artisan queue:work`.
fn laravel_words<'p, 'a>(program: &'p Program<'a>) -> Option<&'p [Word<'a>]> {
    if &*program.name != "php" {
        return None;
    }
    let script = program.words.iter().position(|word| !word.text.starts_with('-'))?;
    // `php -d key=value artisan` has a word of its own between.
    let artisan = |word: &Word<'_>| word.text == "artisan" || word.text.ends_with("/artisan");
    let at = program.words[script..].iter().take(4).position(artisan)? + script;
    let works = program.words.get(at + 1).is_some_and(|word| word.text == "queue:work");
    works.then(|| &program.words[at + 2..])
}

/// Laravel docs, Queues: Worker Timeouts, `--timeout`, 0 being none; `Worker::listenForSignals` finishes the job first.
fn laravel(program: &Program<'_>) -> Option<ServerTime> {
    let found = options::last(laravel_words(program)?, &["--timeout"])?;
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
    fn limits_and_queues() {
        let table: &[(&[&str], Option<f64>)] = &[
            (&["celery", "-A", "shop", "worker", "--time-limit=300", "--soft-time-limit=240"], Some(300.0)),
            (&["celery", "-A", "shop", "worker", "--soft-time-limit", "240"], Some(240.0)),
            (&["sh", "-c", "exec celery -A shop worker --time-limit 90"], Some(90.0)),
            (&["celery", "-A", "shop", "worker", "--time-limit=300", "-P", "gevent"], None),
            (&["celery", "-A", "shop", "beat", "--time-limit=300"], None),
            (&["celery", "-A", "shop", "worker"], None),
            (&["php", "artisan", "queue:work", "--timeout=120"], Some(120.0)),
            (
                &["php", "-d", "memory_limit=1G", "/app/artisan", "queue:work", "redis", "--timeout=0"],
                Some(f64::INFINITY),
            ),
            (&["php", "artisan", "queue:work"], None),
            (&["php", "artisan", "serve", "--timeout=120"], None),
        ];
        for (command, expected) in table {
            assert_eq!(seconds(command, &[]), *expected, "{command:?}");
        }
        let queue = |command: &[&str], env: &[(&str, &str)]| {
            Some(queue(&Launch { product: None, command, args: &[], env })?.name)
        };
        let work = ["php", "artisan", "queue:work", "sqs", "--timeout=120"];
        assert_eq!(queue(&work, &[("SQS_QUEUE", "orders")]).as_deref(), Some("orders"));
        assert_eq!(queue(&work, &[("SQS_QUEUE", "orders"), ("SQS_SUFFIX", "-live")]), None);
        assert_eq!(queue(&work, &[]), None);
        let named = ["php", "artisan", "queue:work", "--queue=orders"];
        assert_eq!(queue(&named, &[("QUEUE_CONNECTION", "sqs")]).as_deref(), Some("orders"));
        assert_eq!(queue(&named, &[("QUEUE_CONNECTION", "redis")]), None);
        let command = ["celery", "-A", "shop", "worker", "--time-limit=300"];
        assert_eq!(seconds(&command, &[("REMAP_SIGTERM", "SIGQUIT")]), None);
    }
}
