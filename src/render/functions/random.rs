//! What is random, or known only to a network: stand-ins of the right shape, the same in every run.

use rustc_hash::FxHasher;
use std::hash::Hasher;

use super::Table;
use super::arguments::{Answer, exactly, int, place, text, unknown_text};
use crate::render::template::function::Call;
use crate::render::value::Value;

pub(super) const TABLE: Table = &[
    ("randAlphaNum", alpha_num),
    ("randAlpha", alpha),
    ("randAscii", ascii),
    ("randNumeric", numeric),
    ("randBytes", bytes),
    ("uuidv4", uuid),
    ("shuffle", shuffle),
    ("getHostByName", host_by_name),
];

/// Why such text is unknown.
const RANDOM: &str = "a random text";

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";

/// So many letters of an alphabet, other ones at each place of a template.
pub(super) fn letters(call: &Call<'_>, alphabet: &str, count: usize) -> String {
    let mut hasher = FxHasher::default();
    if let Some(place) = place(call) {
        hasher.write_u32(place.file.0);
        hasher.write_u32(place.span.start);
    }
    let mut state = hasher.finish() | 1;
    let alphabet = alphabet.as_bytes();
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(alphabet[(state >> 33) as usize % alphabet.len()])
    };
    (0..count).map(letter).collect()
}

fn random(call: &mut Call<'_>, name: &str, values: &[Value], alphabet: &str) -> Answer {
    let [count] = exactly(name, values)?;
    // A negative count is an error that sprig does not show.
    let count = usize::try_from(int(count)?).unwrap_or_default();
    call.budget.bytes(count)?;
    let text = letters(call, alphabet, count);
    unknown_text(call, RANDOM, text)
}

fn alpha_num(call: &mut Call<'_>, values: &[Value]) -> Answer {
    random(call, "randAlphaNum", values, &[UPPER, LOWER, DIGITS].concat())
}

fn alpha(call: &mut Call<'_>, values: &[Value]) -> Answer {
    random(call, "randAlpha", values, &[UPPER, LOWER].concat())
}

fn ascii(call: &mut Call<'_>, values: &[Value]) -> Answer {
    // Also what needs to be quoted is to be expected, but a stand-in that breaks the text around it serves nobody.
    random(call, "randAscii", values, &[UPPER, LOWER, DIGITS, "-_.+/="].concat())
}

fn numeric(call: &mut Call<'_>, values: &[Value]) -> Answer {
    random(call, "randNumeric", values, DIGITS)
}

fn bytes(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [count] = exactly("randBytes", values)?;
    let Ok(count) = usize::try_from(int(count)?) else {
        return Err("runtime error: makeslice: len out of range".to_owned());
    };
    call.budget.bytes(count.saturating_mul(2))?;
    let text = letters(call, &[UPPER, LOWER, DIGITS].concat(), count);
    let encoded = crate::render::base64::encode(text.as_bytes());
    unknown_text(call, RANDOM, encoded)
}

fn uuid(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [] = exactly("uuidv4", values)?;
    let hex = letters(call, "0123456789abcdef", 30);
    let text = format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..]);
    unknown_text(call, RANDOM, text)
}

fn shuffle(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("shuffle", values)?;
    let text = text(value)?.as_str().to_owned();
    unknown_text(call, RANDOM, text)
}

fn host_by_name(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name] = exactly("getHostByName", values)?;
    text(name)?;
    // Helm asks no name server unless it is told to.
    unknown_text(call, "an address that is looked up", "")
}
