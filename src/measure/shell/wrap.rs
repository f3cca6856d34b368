//! Programs whose only work is to run another: `exec`, `env A=b`, `timeout 60`, `tini --`.
//!
//! They hide the program that matters. An option of theirs that is not known here ends the search: the wrapper then counts as
//! the program.

use super::super::duration;
use super::super::place::Place;
use super::read::Word;

/// A command without its wrappers.
#[derive(Debug, Clone)]
pub struct Unwrapped<'w, 'a> {
    /// The program that is run in the end, and its arguments.
    pub words: &'w [Word<'a>],
    /// The strictest `timeout` among the wrappers.
    pub limit: Option<Limit>,
}

/// A time after which a command is ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The time.
    pub seconds: f64,
    /// The place of the number.
    pub place: Place,
}

/// Takes the wrappers off a command.
pub fn unwrap<'w, 'a>(words: &'w [Word<'a>]) -> Unwrapped<'w, 'a> {
    let mut words = words;
    let mut limit: Option<Limit> = None;
    while let Some((name, rest)) = words.split_first() {
        if !name.known {
            break;
        }
        let inner = match base_name(&name.text) {
            "exec" => skip_options(rest, &["-c", "-l"], &["-a"]),
            "env" => {
                skip_options(rest, &["-i", "-", "--ignore-environment"], &["-u", "-C"]).map(skip_assignments)
            }
            "nohup" | "setsid" | "busybox" | "command" => skip_options(rest, &[], &[]),
            "nice" => skip_options(rest, &[], &["-n"]),
            "ionice" => skip_options(rest, &["-t"], &["-c", "-n"]),
            "stdbuf" => skip_options(rest, &[], &["-i", "-o", "-e"]),
            "tini" | "tini-static" | "docker-init" => {
                skip_options(rest, &["-s", "-v", "-vv", "-vvv", "-w", "-g"], &["-p", "-e"])
            }
            "dumb-init" => {
                skip_options(rest, &["-c", "-v", "--single-child", "--verbose"], &["-r", "--rewrite"])
            }
            "gosu" | "su-exec" => rest.get(1..),
            "timeout" => match timeout(rest) {
                Some((found, inner)) => {
                    if let Some(found) = found
                        && limit.as_ref().is_none_or(|limit| found.seconds < limit.seconds)
                    {
                        limit = Some(found);
                    }
                    Some(inner)
                }
                None => None,
            },
            _ => None,
        };
        match inner {
            Some(inner) if !inner.is_empty() => words = inner,
            _ => break,
        }
    }
    Unwrapped { words, limit }
}

/// The name of a program without its folder.
pub fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Options that stand alone, and options that take the next word. A short one of these may have its value attached (`-n10`).
fn skip_options<'w, 'a>(
    words: &'w [Word<'a>],
    alone: &[&str],
    with_value: &[&str],
) -> Option<&'w [Word<'a>]> {
    let mut words = words;
    while let Some((word, rest)) = words.split_first() {
        if !word.known {
            return Some(words);
        }
        let text = &*word.text;
        if text == "--" {
            return Some(rest);
        }
        if !text.starts_with('-') {
            return Some(words);
        }
        words = if alone.contains(&text) {
            rest
        } else if with_value.contains(&text) {
            rest.get(1..)?
        } else if with_value.iter().any(|option| option.len() == 2 && text.starts_with(option)) {
            rest
        } else {
            return None;
        };
    }
    Some(words)
}

fn skip_assignments<'w, 'a>(words: &'w [Word<'a>]) -> &'w [Word<'a>] {
    let end = words.iter().position(|word| !word.text.contains('=')).unwrap_or(words.len());
    &words[end..]
}

/// `timeout [options] DURATION COMMAND`, of coreutils and of busybox, whose older form is `timeout -t SECONDS COMMAND`.
/// A duration of 0 limits nothing.
fn timeout<'w, 'a>(words: &'w [Word<'a>]) -> Option<(Option<Limit>, &'w [Word<'a>])> {
    let mut words = words;
    let mut number = None;
    while let Some((word, rest)) = words.split_first() {
        let text = word.known.then_some(&*word.text)?;
        words = match text {
            "-t" => {
                number = rest.first();
                rest.get(1..)?
            }
            "-s" | "-k" | "--signal" | "--kill-after" => rest.get(1..)?,
            "--foreground" | "--preserve-status" | "-p" | "-f" | "-v" | "--verbose" => rest,
            "--" => {
                words = rest;
                break;
            }
            _ if text.starts_with("--signal=") || text.starts_with("--kill-after=") => rest,
            _ if text.len() > 2 && (text.starts_with("-s") || text.starts_with("-k")) => rest,
            _ if text.starts_with('-') => return None,
            _ => break,
        };
    }
    let number = match number {
        Some(number) => number,
        None => {
            let (number, rest) = words.split_first()?;
            words = rest;
            number
        }
    };
    if words.is_empty() {
        return None;
    }
    let seconds = duration::sleep(number.known.then_some(&*number.text)?)?;
    let limit =
        (seconds > 0.0 && seconds.is_finite()).then(|| Limit { seconds, place: number.place.clone() });
    Some((limit, words))
}
