//! Scripts that copy a database, and the failures of theirs that nobody hears of.
//!
//! A shell reports the last command's outcome: a dump that fails on the left of a pipe, or before another command, is a run
//! that succeeded. What `measure::shell` does not understand is passed over in silence.

use super::start::Start;
use crate::fact::Spot;
use crate::measure::shell::{self, Join};

/// Programs whose only work is to copy a database out of it.
const DUMPS: &[&str] = &[
    "pg_dump",
    "pg_dumpall",
    "pg_basebackup",
    "mysqldump",
    "mariadb-dump",
    "mariadb-backup",
    "xtrabackup",
    "mongodump",
    "mongoexport",
    "influxd-backup",
    "neo4j-admin",
    "cqlsh-export",
    "cbbackupmgr",
    "slapcat",
    "vault-snapshot",
];

/// Programs that do other things too; with this word among their arguments they copy.
const COPIES: &[(&str, &str)] = &[
    ("etcdctl", "snapshot"),
    ("redis-cli", "--rdb"),
    ("consul", "snapshot"),
    ("influx", "backup"),
    ("influxd", "backup"),
    ("cockroach", "dump"),
    ("vault", "snapshot"),
    ("sqlite3", ".dump"),
];

/// A failure that does not reach the script's end.
#[derive(Clone, Debug)]
pub struct Lost<'a> {
    /// The program that may fail.
    pub program: String,
    /// What hides it: `pipe`, `or`, or `next` for a command that follows.
    pub by: &'static str,
    /// Where.
    pub spot: Spot<'a>,
}

fn dumps(command: &shell::Command<'_>) -> Option<String> {
    let words = shell::unwrap(&command.words).words;
    let (name, rest) = words.split_first()?;
    if !name.known {
        return None;
    }
    let program = shell::base_name(&name.text);
    let copies = |(known, word): &(&str, &str)| {
        *known == program && rest.iter().any(|argument| argument.text == *word)
    };
    (DUMPS.contains(&program) || COPIES.iter().any(copies)).then(|| program.to_owned())
}

/// The program by which a container copies a database, if its command names one, and its place.
pub fn program<'a>(start: &Start<'a>) -> Option<(String, Spot<'a>)> {
    if !start.is_known() {
        return None;
    }
    let script = shell::script(&start.texts())?;
    script.pipelines.iter().find_map(|pipeline| {
        let program = pipeline.commands.iter().find_map(dumps)?;
        Some((program, start.word_spot(&pipeline.place)?))
    })
}

/// The failures that a container's script does not pass on.
pub fn lost<'a>(start: &Start<'a>) -> Vec<Lost<'a>> {
    let texts = start.texts();
    // A script that asks for an outcome, or that traps, has thought about it.
    let asks =
        |text: &&str| ["$?", "PIPESTATUS", "pipestatus", "trap "].iter().any(|word| text.contains(word));
    if !start.is_known() || texts.iter().any(asks) {
        return Vec::new();
    }
    let Some(script) = shell::script(&texts) else { return Vec::new() };
    if script.shell.is_none() {
        return Vec::new();
    }
    let mut guarded = script.pipefail;
    let mut stops = texts
        .iter()
        .take_while(|text| text.lines().count() <= 1 && !text.contains(' '))
        .any(|text| is_flag(text, 'e'));
    let mut found = Vec::new();
    for (at, pipeline) in script.pipelines.iter().enumerate() {
        let Some((last, before)) = pipeline.commands.split_last() else { continue };
        if before.is_empty() {
            if let Some(on) = shell::sets_pipefail(last) {
                guarded = on;
            }
            if last.words.first().is_some_and(|word| word.text == "set") {
                stops |=
                    last.words.iter().skip(1).any(|word| is_flag(&word.text, 'e') || word.text == "errexit");
                stops &= !last.words.iter().any(|word| word.text == "+e");
            }
        }
        let next = script.pipelines.get(at + 1);
        if pipeline.negated || pipeline.background {
            continue;
        }
        let mut lose = |program: String, by: &'static str| {
            if let Some(spot) = start.word_spot(&pipeline.place) {
                found.push(Lost { program, by, spot });
            }
        };
        if !guarded && let Some(program) = before.iter().find_map(dumps) {
            lose(program, "pipe");
            continue;
        }
        let Some(program) = pipeline.commands.iter().find_map(dumps) else { continue };
        match next.map(|next| next.joined) {
            Some(Join::Or)
                if next.is_some_and(|next| gives_up(next) && following_is_plain(&script, at + 2)) =>
            {
                lose(program, "or")
            }
            Some(Join::Then) if !stops && pipeline.joined != Join::Or && works(&script, at + 1) => {
                lose(program, "next")
            }
            // `set -e` does not look at what stands before `&&`: where more follows behind the chain, the failure is lost.
            Some(Join::And) if pipeline.joined != Join::Or => {
                let rest = script.pipelines.iter().enumerate().skip(at + 1);
                let behind = rest.into_iter().find(|(_, pipeline)| pipeline.joined != Join::And);
                if behind
                    .is_some_and(|(from, pipeline)| pipeline.joined == Join::Then && works(&script, from))
                {
                    lose(program, "next");
                }
            }
            _ => {}
        }
    }

    found
}

/// `-e`, `-ec`, `-euo`.
fn is_flag(word: &str, flag: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        !letters.starts_with('-')
            && letters.chars().all(|c| c.is_ascii_alphabetic())
            && letters.contains(flag)
    })
}

/// `|| true`, `|| echo failed`: what follows cannot fail, so the failure ends here.
fn gives_up(pipeline: &shell::Pipeline<'_>) -> bool {
    let [command] = pipeline.commands.as_slice() else { return false };
    let Some(first) = shell::unwrap(&command.words).words.first() else { return false };
    matches!(&*first.text, "true" | ":" | "echo" | "printf")
}

/// `|| echo failed && exit 1` does not end there.
fn following_is_plain(script: &shell::Script<'_>, at: usize) -> bool {
    script.pipelines.get(at).is_none_or(|next| next.joined == Join::Then && !exits(next))
}

fn exits(pipeline: &shell::Pipeline<'_>) -> bool {
    pipeline.commands.iter().any(|command| {
        command.words.first().is_some_and(|word| matches!(&*word.text, "exit" | "return" | "false"))
    })
}

/// Whether something follows whose outcome takes the place of the dump's. What tests the file that was written may notice.
fn works(script: &shell::Script<'_>, from: usize) -> bool {
    let rest = script.pipelines.get(from..).unwrap_or_default();
    let tests = |pipeline: &shell::Pipeline<'_>| {
        pipeline.commands.iter().any(|command| {
            command.words.first().is_some_and(|word| matches!(&*word.text, "[" | "[[" | "test"))
        })
    };
    !rest.is_empty() && !rest.iter().any(|pipeline| tests(pipeline) || exits(pipeline))
}
