//! The grammar of suppressions, in comments and in the annotation.
//!
//! ```text
//! comment    = "steadfast:" ("ignore" | "ignore-file") names reason
//!            | "steadfast:" "snooze" names "until=" date reason
//! names      = "[" name { "," name } "]"
//! annotation = entry { (";" | newline) entry }
//! entry      = name { "," name } ":" [ "until=" date ] reason
//! ```
//!
//! A name is a rule or a family; the reason is the rest of the line and holds at least one letter or digit.

use jiff::civil::Date;

use crate::spelling::nearest;

/// The annotation that suppresses on the object that carries it.
pub const ANNOTATION: &str = "steadfast.dev/ignore";

const WORDS: [&str; 3] = ["ignore", "snooze", "ignore-file"];

/// How far it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The line, or the object.
    Here,
    /// The whole file.
    File,
}

/// A suppression as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed<'t> {
    pub(super) effect: Effect,
    /// The names, and at which byte of the text they stand.
    pub(super) names: Vec<(&'t str, usize)>,
    pub(super) until: Option<Date>,
    pub(super) reason: &'t str,
}

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) message: String,
    pub(super) help: String,
}

impl Slip {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Reads a comment; none if it is not addressed to steadfast.
pub(super) fn comment(text: &str) -> Option<Result<Parsed<'_>, Slip>> {
    let body = text.trim_start_matches(['#', '/', '*', ';', ' ', '\t']);
    let rest = body.strip_prefix("steadfast:")?;
    let rest = rest.strip_suffix("*/").unwrap_or(rest);
    Some(directive(text, rest))
}

fn directive<'t>(whole: &'t str, rest: &'t str) -> Result<Parsed<'t>, Slip> {
    let rest = rest.trim_start();
    let end = rest.find(|letter: char| letter == '[' || letter.is_whitespace()).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let form = |word: &str| {
        let date = if word == "snooze" { " until=2027-01-31" } else { "" };
        format!("write `steadfast: {word}[family/rule]{date} the reason`")
    };
    if !WORDS.contains(&word) {
        let help = match nearest(word, WORDS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => form("ignore"),
        };
        return Err(Slip::new(format!("steadfast does not know `{}`", short(word)), help));
    }
    let Some(inside) = rest.trim_start().strip_prefix('[') else {
        return Err(Slip::new(format!("`{word}` names no rule"), form(word)));
    };
    let Some((list, rest)) = inside.split_once(']') else {
        return Err(Slip::new("the `]` after the rules is missing", form(word)));
    };
    let names = names(whole, list);
    if names.is_empty() {
        return Err(Slip::new(format!("`{word}` names no rule"), form(word)));
    }
    let (until, rest) = until(rest)?;
    match (word, until) {
        ("snooze", None) => return Err(Slip::new("a snooze needs the day on which it ends", form(word))),
        ("ignore" | "ignore-file", Some(_)) => {
            return Err(Slip::new(format!("`{word}` has no end"), form("snooze")));
        }
        _ => {}
    }
    let reason = reason(rest).ok_or_else(|| {
        Slip::new(
            "a suppression without a reason does not count",
            "say why the finding may stay, after the `]`",
        )
    })?;
    let effect = if word == "ignore-file" { Effect::File } else { Effect::Here };
    Ok(Parsed { effect, names, until, reason })
}

/// Reads the value of the annotation.
pub(super) fn annotation(text: &str) -> impl Iterator<Item = Result<Parsed<'_>, Slip>> {
    text.split([';', '\n']).filter(|entry| !entry.trim().is_empty()).map(move |entry| {
        let form = "write `family/rule: the reason`";
        let Some((list, rest)) = entry.split_once(':') else {
            let message = format!("`{}` is not a suppression", short(entry.trim()));
            return Err(Slip::new(message, form));
        };
        let names = names(text, list);
        if names.is_empty() {
            return Err(Slip::new("a suppression names no rule", form));
        }
        let (until, rest) = until(rest)?;
        let reason = reason(rest).ok_or_else(|| {
            Slip::new("a suppression without a reason does not count", "say why, after the `:`")
        })?;
        Ok(Parsed { effect: Effect::Here, names, until, reason })
    })
}

/// The names in a list; `whole` is the text that positions are counted in.
fn names<'t>(whole: &'t str, list: &'t str) -> Vec<(&'t str, usize)> {
    let base = list.as_ptr() as usize - whole.as_ptr() as usize;
    let parts = list.split(',').map(|part| {
        let name = part.trim();
        (name, base + (name.as_ptr() as usize - list.as_ptr() as usize))
    });
    parts.filter(|(name, _)| !name.is_empty()).collect()
}

/// The day in front, if there is one.
fn until(rest: &str) -> Result<(Option<Date>, &str), Slip> {
    let rest = rest.trim_start();
    let Some(after) = rest.strip_prefix("until=") else { return Ok((None, rest)) };
    let (day, rest) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
    match day.parse() {
        Ok(date) if day.len() == 10 => Ok((Some(date), rest)),
        _ => Err(Slip::new(format!("`{}` is not a date", short(day)), "write the day as 2027-01-31")),
    }
}

fn reason(rest: &str) -> Option<&str> {
    let reason = rest.trim().trim_start_matches(['-', '–', '—', ':', ' ']);
    reason.contains(char::is_alphanumeric).then_some(reason)
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Parsed<'_>, Slip> {
        comment(text).expect("addressed to steadfast")
    }

    #[test]
    fn comments_are_read() {
        let parsed = read("# steadfast: ignore[disruption/no-keeper, probes] it is a batch").expect("good");
        assert_eq!(parsed.names, [("disruption/no-keeper", 20), ("probes", 42)]);
        assert_eq!((parsed.effect, parsed.until, parsed.reason), (Effect::Here, None, "it is a batch"));
        let parsed = read("#steadfast:snooze[rollout]  until=2027-01-31 — next chart").expect("good");
        assert_eq!((parsed.until, parsed.reason), (Some(date(2027, 1, 31)), "next chart"));
        let parsed = read("// steadfast: ignore-file [jobs]: generated").expect("good");
        assert_eq!((parsed.effect, parsed.reason), (Effect::File, "generated"));
        assert_eq!(read("/* steadfast: ignore[jobs] old */").expect("good").reason, "old");
    }

    #[test]
    fn other_comments_are_left_alone() {
        for text in ["# we use steadfast: it is good", "#", "# steadfast", "// nothing"] {
            assert_eq!(comment(text), None, "{text}");
        }
    }

    #[test]
    fn slips_are_named() {
        for (text, message) in [
            ("# steadfast: ignore[jobs]", "a suppression without a reason does not count"),
            ("# steadfast: ignore[jobs] --", "a suppression without a reason does not count"),
            ("# steadfast: ignore jobs because", "`ignore` names no rule"),
            ("# steadfast: ignore[ , ] because", "`ignore` names no rule"),
            ("# steadfast: ignore[jobs because", "the `]` after the rules is missing"),
            ("# steadfast: ingore[jobs] because", "steadfast does not know `ingore`"),
            ("# steadfast: snooze[jobs] because", "a snooze needs the day on which it ends"),
            ("# steadfast: snooze[jobs] until=2027-02-30 because", "`2027-02-30` is not a date"),
            ("# steadfast: ignore[jobs] until=2027-01-31 because", "`ignore` has no end"),
        ] {
            assert_eq!(read(text).expect_err(text).message, message);
        }
        assert_eq!(read("# steadfast: ingore[a] b").expect_err("slip").help, "did you mean `ignore`?");
    }

    #[test]
    fn annotations_are_read() {
        let entries: Vec<_> =
            annotation("jobs, probes/a: it is a batch; rollout: until=2027-01-31 soon\n\nscaling:").collect();
        let first = entries[0].as_ref().expect("good");
        assert_eq!(
            (first.names.as_slice(), first.reason),
            (&[("jobs", 0), ("probes/a", 6)][..], "it is a batch")
        );
        assert_eq!(entries[1].as_ref().expect("good").until, Some(date(2027, 1, 31)));
        assert!(entries[2].is_err());
        assert!(annotation("jobs").next().is_some_and(|entry| entry.is_err()));
        assert!(annotation(": reason").next().is_some_and(|entry| entry.is_err()));
        assert_eq!(annotation(" ;\n").count(), 0);
    }

    proptest! {
        #[test]
        fn no_comment_makes_it_panic(text in r"(#|//) ?steadfast: ?(ignore|snooze|ignore-file)?[\[\], =a-z/é0-9-]*(until=)?.*") {
            if let Some(Ok(parsed)) = comment(&text) {
                for (name, at) in parsed.names {
                    prop_assert_eq!(&text[at..at + name.len()], name);
                }
            }
            let _ = comment(&text[1..]);
            annotation(&text).for_each(drop);
        }

        #[test]
        fn no_text_makes_it_panic(text in r"(.|\n)*") {
            let _ = comment(&text);
            annotation(&text).for_each(drop);
        }
    }
}
