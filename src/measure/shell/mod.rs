//! Answers about a command that somebody gave as a list of strings, often with a shell script in it: how long it sleeps, which
//! program it runs, whether a failing pipe goes unnoticed, what cuts it off.
//!
//! It reads enough of POSIX sh for the scripts that stand in manifests and no more. A loop, a function, a substitution whose
//! value matters: the answer is then that nobody knows, never a guess.

mod read;
mod wrap;

use super::duration;
use super::place::{Place, Source};

pub(super) use read::plain_word;
pub use read::{Command, Join, Pipeline, Script, Word};
pub use wrap::{Limit, Unwrapped, base_name, unwrap};

/// Reads a command. Nothing, where the list is empty or its script has a construct that is not understood.
///
/// Places are `Source::Arg(i)`, an index into `argv`. A list that runs no shell is a script of one command.
pub fn script<'a>(argv: &[&'a str]) -> Option<Script<'a>> {
    read::script(argv)
}

/// The shell that the command needs in its image: `sh` of `["/bin/sh", "-c", "…"]`.
pub fn shell<'a>(argv: &[&'a str]) -> Option<&'a str> {
    read::shell(argv)
}

/// The program that runs first, through shells and wrappers such as `exec`, `env` and `timeout`: `gunicorn` of
/// `["sh", "-c", "exec gunicorn app"]`.
pub fn program(argv: &[&str]) -> Option<String> {
    let script = script(argv)?;
    let command = script.pipelines.first()?.commands.first()?;
    let word = unwrap(&command.words).words.first()?;
    word.known.then(|| base_name(&word.text).to_owned())
}

/// How many seconds a command takes that only sleeps, beside commands that take no time. It counts the way on which every
/// command succeeds, so what stands behind `||` does not run.
pub fn pause(argv: &[&str]) -> Option<f64> {
    let script = script(argv)?;
    let mut total = 0.0;
    for pipeline in &script.pipelines {
        if pipeline.background {
            return None;
        }
        if pipeline.joined == Join::Or {
            continue;
        }
        // A command turned round with `!` succeeds by failing; what follows it is then anyone's guess.
        if pipeline.negated {
            return None;
        }
        match pipeline.commands.as_slice() {
            [command] => match pause_of(command)? {
                Pause::Seconds(seconds) => total += seconds,
                Pause::Exit => break,
            },
            commands => {
                for command in commands {
                    if !matches!(pause_of(command)?, Pause::Seconds(0.0)) {
                        return None;
                    }
                }
            }
        }
    }
    Some(script.limit.map_or(total, |limit| total.min(limit.seconds)))
}

/// What happens to a failure on the left of a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pipes {
    /// There is no pipe, or nothing in it that could fail on the left.
    None,
    /// `set -o pipefail` is on.
    Guarded,
    /// The pipe succeeds when its last command does: a failed dump is a successful backup.
    Unguarded {
        /// The program whose failure is lost.
        program: String,
        /// Where that program stands.
        place: Place,
    },
    /// The script is not understood.
    Unknown,
}

/// What happens to a failure on the left of a pipe of this command line.
pub fn pipes(argv: &[&str]) -> Pipes {
    let Some(script) = script(argv) else {
        return Pipes::Unknown;
    };
    let mut guarded = script.pipefail;
    let mut answer = Pipes::None;
    for pipeline in &script.pipelines {
        let (last, before) = match pipeline.commands.split_last() {
            Some(split) => split,
            None => continue,
        };
        if before.is_empty() {
            if let Some(on) = sets_pipefail(last) {
                guarded = on;
            }
            continue;
        }
        let fails = before.iter().find(|command| !matches!(pause_of(command), Some(Pause::Seconds(0.0))));
        let Some(command) = fails else { continue };
        if guarded {
            answer = Pipes::Guarded;
            continue;
        }
        let name = unwrap(&command.words).words.first();
        let program = match name {
            Some(word) if word.known => base_name(&word.text).to_owned(),
            _ => return Pipes::Unknown,
        };
        return Pipes::Unguarded { program, place: pipeline.place.clone() };
    }
    answer
}

/// The time after which `timeout` ends the whole command, if all of its work is under one. Sleeps beside it count in full.
pub fn time_limit(argv: &[&str]) -> Option<Limit> {
    // A limit around the whole holds whatever the script does.
    let words: Vec<Word<'_>> =
        (argv.iter().enumerate()).map(|(index, text)| plain_word(text, Source::Arg(index))).collect();
    if let Some(limit) = unwrap(&words).limit {
        return Some(limit);
    }
    let script = script(argv)?;
    let mut total: Option<Limit> = None;
    let mut slept = 0.0;
    for pipeline in &script.pipelines {
        if pipeline.background {
            return None;
        }
        let mut longest: Option<Limit> = None;
        let mut pause: f64 = 0.0;
        for command in &pipeline.commands {
            let limit = match pause_of(command) {
                Some(Pause::Exit) => continue,
                Some(Pause::Seconds(seconds)) if seconds.is_finite() => {
                    pause = pause.max(seconds);
                    continue;
                }
                _ => unwrap(&command.words).limit?,
            };
            if longest.as_ref().is_none_or(|longest| longest.seconds < limit.seconds) {
                longest = Some(limit);
            }
        }
        match (longest, &mut total) {
            (None, _) => slept += pause,
            (Some(longest), Some(total)) => total.seconds += longest.seconds.max(pause),
            (Some(longest), None) => {
                let seconds = longest.seconds.max(pause);
                total = Some(Limit { seconds, ..longest });
            }
        }
    }
    total.map(|limit| Limit { seconds: limit.seconds + slept, ..limit })
}

enum Pause {
    Seconds(f64),
    /// The script ends here.
    Exit,
}

/// Commands that return at once, whatever their arguments. They signal, note or tidy; none waits for anything.
const INSTANT: [&str; 24] = [
    ":", "true", "echo", "printf", "touch", "kill", "pkill", "killall", "rm", "mv", "mkdir", "chmod",
    "chown", "ln", "date", "hostname", "logger", "test", "[", "set", "cd", "export", "umask", "unset",
];

fn pause_of(command: &Command<'_>) -> Option<Pause> {
    let unwrapped = unwrap(&command.words);
    let Some((name, arguments)) = unwrapped.words.split_first() else {
        // Assignments and redirections only. An assignment from a substitution runs something.
        return command.assignments.iter().all(|word| word.known).then_some(Pause::Seconds(0.0));
    };
    if !name.known {
        return None;
    }
    let seconds = match base_name(&name.text) {
        "sleep" => {
            let mut seconds = 0.0;
            if arguments.is_empty() {
                return None;
            }
            for argument in arguments {
                seconds += duration::sleep(argument.known.then_some(&argument.text)?)?;
            }
            seconds
        }
        "exit" => return Some(Pause::Exit),
        // The command signals the master process and does not wait for it.
        "nginx" => match arguments {
            [flag, signal]
                if flag.text == "-s" && ["quit", "stop", "reload", "reopen"].contains(&&*signal.text) =>
            {
                0.0
            }
            _ => return None,
        },
        // An argument may hide a command: `echo $(curl …)`.
        name if INSTANT.contains(&name) => {
            if arguments.iter().any(|argument| argument.runs_something) {
                return None;
            }
            0.0
        }
        _ => return None,
    };
    Some(Pause::Seconds(unwrapped.limit.map_or(seconds, |limit| seconds.min(limit.seconds))))
}

/// `set -o pipefail` and `set -euo pipefail` turn it on, `set +o pipefail` off.
pub fn sets_pipefail(command: &Command<'_>) -> Option<bool> {
    let (name, arguments) = command.words.split_first()?;
    if name.text != "set" {
        return None;
    }
    let mut answer = None;
    for pair in arguments.windows(2) {
        if pair[1].text == "pipefail" && pair[0].text.ends_with('o') {
            match pair[0].text.as_bytes().first() {
                Some(b'-') => answer = Some(true),
                Some(b'+') => answer = Some(false),
                _ => {}
            }
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pauses() {
        let table: &[(&[&str], Option<f64>)] = &[
            (&["sleep", "10"], Some(10.0)),
            (&["/bin/sleep", "1m"], Some(60.0)),
            (&["sleep", "1m", "30"], Some(90.0)),
            (&["sleep", "infinity"], Some(f64::INFINITY)),
            (&["sleep", "$N"], None),
            (&["sleep"], None),
            (&["busybox", "sleep", "5"], Some(5.0)),
            (&["sh", "-c", "sleep 15"], Some(15.0)),
            (&["/bin/sh", "-c", "sleep 15; nginx -s quit"], Some(15.0)),
            (&["/bin/bash", "-c", "sleep 5 && kill -TERM 1 && sleep 10"], Some(15.0)),
            (&["sh", "-c", "nginx -s quit; sleep 20"], Some(20.0)),
            (&["/bin/sh", "-c", "/usr/sbin/nginx -s quit && sleep 20"], Some(20.0)),
            (&["sh", "-ec", "echo draining > /proc/1/fd/1 2>&1\nsleep 5 # wait\n"], Some(5.0)),
            (&["sh", "-c", "sleep 5 || true"], Some(5.0)),
            (&["sh", "-c", "kill 1 || sleep 60; sleep 5"], Some(5.0)),
            (&["sh", "-c", "sleep \"20\""], Some(20.0)),
            (&["sh", "-c", "sleep 2\\\n0"], Some(20.0)),
            (&["sh", "-c", "exec sleep 30"], Some(30.0)),
            (&["sh", "-c", "sleep 5; exit 0; sleep 100"], Some(5.0)),
            (&["sh", "-c", "echo bye"], Some(0.0)),
            (&["sh", "-c", "timeout 10 sleep 60"], Some(10.0)),
            (&["timeout", "10", "sh", "-c", "sleep 60"], Some(10.0)),
            (&["env", "A=b", "bash", "-euo", "pipefail", "-c", "sleep 3"], Some(3.0)),
            (&["sh", "-c", "sleep ${PRE_STOP:-10}"], None),
            (&["sh", "-c", "sleep $(cat /tmp/n)"], None),
            (&["sh", "-c", "sleep 5; curl -X POST localhost/drain"], None),
            (&["sh", "-c", "while pgrep nginx; do sleep 1; done"], None),
            (&["sh", "-c", "if true; then sleep 5; fi"], None),
            (&["sh", "-c", "sleep 10 &"], None),
            (&["sh", "-c", "sleep 10 & wait"], None),
            (&["sh", "-c", "echo $(sleep 10)"], None),
            (&["sh", "-c", "x=$(slow); sleep 1"], None),
            (&["sh", "-c", "x=1; sleep 1"], Some(1.0)),
            (&["sh", "-c", "! sleep 1"], None),
            (&["sh", "-c", "(sleep 1)"], None),
            (&["sh", "-c", "{ sleep 1; }"], None),
            (&["sh", "-c", "cat <<EOF\nsleep 1\nEOF"], None),
            (&["sh", "-c", "sleep 'unclosed"], None),
            (&["sh", "-c", "sleep 5; # it's time"], Some(5.0)),
            (&["sh", "-c", "\"$@\"", "x", "sleep", "1"], None),
            (&["sh", "/hooks/drain.sh"], None),
            (&["sh", "-c"], None),
            (&["sh"], None),
            (&[], None),
            (&[""], None),
            (&["sh", "-c", ""], Some(0.0)),
            (&["sleep", "{{ .Values.drain }}"], None),
            (&["sh", "-c", "sleep {{ .Values.drain }}"], None),
            (&["sh", "-c", "trap 'sleep 100' EXIT; sleep 1"], None),
            (&["sh", "-c", "sleep 5 > /dev/null 2>&1"], Some(5.0)),
            (&["sh", "-c", "sleep 5 >&2"], Some(5.0)),
            (&["sh", "-c", "sleep 5 &> /dev/null"], Some(5.0)),
            (&["sh", "-c", "sleep 5;; sleep 1"], None),
            (&["sh", "-c", "sleep 5 &&"], None),
            (&["sh", "-c", "| sleep 5"], None),
            (&["sh", "-c", "f() { sleep 5; }; f"], None),
            (&["sh", "-c", "[ -f /tmp/x ] && sleep 5"], Some(5.0)),
            (&["tini", "--", "sh", "-c", "sleep 7"], Some(7.0)),
        ];
        for (argv, expected) in table {
            assert_eq!(pause(argv), *expected, "{argv:?}");
        }
    }

    #[test]
    fn programs_and_shells() {
        let table: &[(&[&str], Option<&str>, Option<&str>)] = &[
            (&["sleep", "1"], Some("sleep"), None),
            (&["/bin/sh", "-c", "exec gunicorn app:app"], Some("gunicorn"), Some("sh")),
            (&["/usr/bin/env", "bash", "-c", "FOO=1 java -jar x"], Some("java"), Some("bash")),
            (&["/bin/sh", "/entry.sh"], Some("sh"), Some("sh")),
            (&["bash"], Some("bash"), Some("bash")),
            (&["/usr/bin/tini", "-g", "--", "redis-server"], Some("redis-server"), None),
            (&["dumb-init", "node", "x.js"], Some("node"), None),
            (&["/bin/busybox", "sh", "-c", "top"], Some("top"), Some("sh")),
            (&["sh", "-c", "$CMD x"], None, Some("sh")),
            (&["sh", "-c", "for x in 1 2; do y; done"], None, Some("sh")),
            (&["timeout", "-k", "5", "60", "pg_dump", "x"], Some("pg_dump"), None),
            (&["nice", "-n", "10", "backup"], Some("backup"), None),
            (&["nohup", "x"], Some("x"), None),
            (&["$(PROGRAM)"], None, None),
            (&["gosu", "redis", "redis-server"], Some("redis-server"), None),
        ];
        for (argv, expected, expected_shell) in table {
            assert_eq!(program(argv).as_deref(), *expected, "{argv:?}");
            assert_eq!(shell(argv), *expected_shell, "{argv:?}");
        }
    }

    #[test]
    fn unguarded_pipes() {
        let dump = |script: &'static str| pipes(&["sh", "-c", script]);
        let Pipes::Unguarded { program, place } = dump("set -e; pg_dump db | gzip > /b/db.gz") else {
            panic!()
        };
        assert_eq!(program, "pg_dump");
        assert_eq!((place.source, place.range), (Source::Arg(2), 8..36));
        for script in [
            "set -o pipefail; pg_dump db | gzip > x",
            "set -euo pipefail\npg_dump db | gzip > x",
            "set -eo pipefail && pg_dump db | gzip > x",
        ] {
            assert_eq!(dump(script), Pipes::Guarded, "{script}");
        }
        assert_eq!(pipes(&["bash", "-euo", "pipefail", "-c", "pg_dump | gzip > x"]), Pipes::Guarded);
        assert_eq!(pipes(&["bash", "-o", "pipefail", "-c", "pg_dump | gzip > x"]), Pipes::Guarded);
        for script in ["pg_dump db > x", "echo hello | mail ops", "printf x | tee y"] {
            assert_eq!(dump(script), Pipes::None, "{script}");
        }
        for script in ["if x; then a | b; fi", "$DUMP | gzip", "set -o pipefail; while a | b; do c; done"] {
            assert_eq!(dump(script), Pipes::Unknown, "{script}");
        }
        assert!(matches!(dump("set -o pipefail; set +o pipefail; a | b"), Pipes::Unguarded { .. }));
        assert!(matches!(
            dump("mysqldump --all 2>/dev/null |& gzip | aws s3 cp - s3://x || exit 1"),
            Pipes::Unguarded { .. }
        ));
        assert!(matches!(dump("pg_dump \"host=$HOST\" | gzip"), Pipes::Unguarded { .. }));
        // Not a pipe at all: nothing reads the text.
        assert_eq!(pipes(&["pg_dump", "|", "gzip"]), Pipes::None);
    }

    #[test]
    fn limits() {
        let table: &[(&[&str], Option<f64>)] = &[
            (&["timeout", "60", "backup"], Some(60.0)),
            (&["timeout", "--signal=KILL", "-k", "10", "5m", "backup"], Some(300.0)),
            (&["timeout", "-s", "TERM", "1h", "sh", "-c", "a | b; while x; do y; done"], Some(3600.0)),
            (&["timeout", "1h", "sh", "-c", "a | b"], Some(3600.0)),
            (&["timeout", "-t", "30", "backup"], Some(30.0)),
            (&["sh", "-c", "timeout 30 a && timeout 1m b"], Some(90.0)),
            (&["sh", "-c", "echo start; timeout 30 a; echo done"], Some(30.0)),
            (&["sh", "-c", "timeout 30 a; b"], None),
            (&["sh", "-c", "timeout 30 a | timeout 40 b"], Some(40.0)),
            (&["sh", "-c", "timeout 30 a | b"], None),
            (&["sh", "-c", "sleep 5; timeout 30 a"], Some(35.0)),
            (&["timeout", "0", "backup"], None),
            (&["timeout", "$N", "backup"], None),
            (&["timeout", "60"], None),
            (&["backup"], None),
        ];
        for (argv, expected) in table {
            assert_eq!(time_limit(argv).map(|limit| limit.seconds), *expected, "{argv:?}");
        }
        let limit = time_limit(&["sh", "-c", "echo a; timeout 30 a"]).unwrap();
        assert_eq!(limit.place, Place::new(Source::Arg(2), 16..18));
    }

    #[test]
    fn words_keep_their_places() {
        let text = "FOO=1 java -Xmx2g \"-Da=b c\" 'x'y\\ z $OPTS > out";
        let script = script(&["sh", "-c", text]).unwrap();
        let command = &script.pipelines[0].commands[0];
        let words: Vec<_> = command
            .words
            .iter()
            .map(|word| (&*word.text, &text[word.place.range.clone()], word.known))
            .collect();
        assert_eq!(
            words,
            [
                ("java", "java", true),
                ("-Xmx2g", "-Xmx2g", true),
                ("-Da=b c", "\"-Da=b c\"", true),
                ("xy z", "'x'y\\ z", true),
                ("$OPTS", "$OPTS", false),
            ]
        );
        assert_eq!(command.assignments[0].text, "FOO=1");
    }

    proptest! {
        #[test]
        fn never_panics(
            any in prop::collection::vec("\\PC{0,20}", 0..5),
            near in "(sleep [0-9]{1,2}|[a-z]{1,4}|\"|'|\\$\\(|\\)|\\$\\{|\\}|`|\\||&|;|>|<|\\\\|#|!| |\n|timeout 5|env|exec|-c|é){0,25}",
        ) {
            let any: Vec<&str> = any.iter().map(String::as_str).collect();
            for argv in [any.as_slice(), &["sh", "-c", near.as_str()], &["timeout", "5", near.as_str()], &[near.as_str()]] {
                let _ = (pause(argv), program(argv), shell(argv), pipes(argv), time_limit(argv));
                if let Some(script) = script(argv) {
                    for pipeline in &script.pipelines {
                        for word in pipeline.commands.iter().flat_map(|command| command.words.iter().chain(&command.assignments)) {
                            let Source::Arg(index) = word.place.source else { panic!() };
                            prop_assert!(argv[index].get(word.place.range.clone()).is_some());
                        }
                    }
                }
            }
        }
    }
}
