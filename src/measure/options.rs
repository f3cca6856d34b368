//! Finding an option among the words of a command, in the forms that most programs accept.
//!
//! It knows no program: which names an option has, and whether a short one may carry its value, is the caller's to say.

use super::place::{Place, Source};
use super::shell::{Word, plain_word};

/// An option and its value.
#[derive(Debug, Clone)]
pub(super) struct Found<'w> {
    pub value: &'w str,
    /// The value is written out.
    pub known: bool,
    pub place: Place,
}

/// The last of `--name value`, `--name=value`, and, for names of one letter, `-nvalue`.
pub(super) fn last<'w>(words: &'w [Word<'_>], names: &[&str]) -> Option<Found<'w>> {
    let mut found = None;
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        for name in names {
            let Some(value) = word.text.strip_prefix(name) else {
                continue;
            };
            if value.is_empty() {
                let Some((next, after)) = rest.split_first() else {
                    break;
                };
                rest = after;
                found = Some(Found { value: &next.text, known: next.known, place: joined(word, next) });
                break;
            }
            let short = name.len() == 2 && !name.starts_with("--");
            let value = match value.strip_prefix('=') {
                Some(value) if !short => value,
                _ if short => value,
                _ => continue,
            };
            found = Some(Found { value, known: word.known, place: word.place.clone() });
            break;
        }
    }
    found
}

/// Flag and value where they stand in one string, else the value: that is what one would change.
pub(super) fn joined(flag: &Word<'_>, value: &Word<'_>) -> Place {
    if flag.place.source == value.place.source {
        Place::new(flag.place.source, flag.place.range.start..value.place.range.end)
    } else {
        value.place.clone()
    }
}

/// The words of an environment variable that holds options, split at white space; quotes hold words together.
pub(super) fn env_words(text: &str, index: usize) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut begin = None;
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b' ' | b'\t' | b'\n' | b'\r') => {
                if let Some(begin) = begin.take() {
                    words.push(env_word(text, begin, at, index));
                }
                continue;
            }
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) => {}
        }
        begin.get_or_insert(at);
    }
    if let Some(begin) = begin {
        words.push(env_word(text, begin, text.len(), index));
    }
    words
}

fn env_word(text: &str, begin: usize, end: usize, index: usize) -> Word<'_> {
    let (mut begin, mut end) = (begin, end);
    // One pair of quotes around the whole is not part of the word; quotes inside are left as they are.
    for quote in ['"', '\''] {
        let word = &text[begin..end];
        if word.len() >= 2 && word.starts_with(quote) && word.ends_with(quote) {
            begin += 1;
            end -= 1;
            break;
        }
    }
    let mut word = plain_word(&text[begin..end], Source::Env(index));
    word.place.range = begin..end;
    // Neither a variable of a shell's own kind is filled in here: nobody but the start script would do it.
    word.known &= !word.text.contains('$');
    word
}
