//! The order in which `yaml.v2` writes the keys of a map: as people count, `a2` before `a10`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use crate::render::value::Entry;

/// Keys in the order of `yaml.v2`. That order is not one in the mathematical sense, so the standard library's sorting,
/// which may refuse it, is not used.
pub(super) fn sorted<'m>(mut keys: Vec<(&'m str, &'m Entry)>) -> Vec<(&'m str, &'m Entry)> {
    if keys.len() < 2 {
        return keys;
    }
    let right = sorted(keys.split_off(keys.len() / 2));
    let left = sorted(keys);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let take_right = match (left.peek(), right.peek()) {
            (Some(one), Some(other)) => compare(other.0, one.0) == Ordering::Less,
            (None, None) => return merged,
            (one, _) => one.is_none(),
        };
        merged.extend(if take_right { right.next() } else { left.next() });
    }
}

/// Letters behind all others, runs of digits by the number that they are.
fn compare(left: &str, right: &str) -> Ordering {
    let common = left.bytes().zip(right.bytes()).take_while(|(one, other)| one == other).count();
    // Back to where a character starts.
    let common =
        (0..=common).rev().find(|at| left.is_char_boundary(*at) && right.is_char_boundary(*at)).unwrap_or(0);
    let (Some(one), Some(other)) = (left[common..].chars().next(), right[common..].chars().next()) else {
        return left.len().cmp(&right.len());
    };
    match (is_letter(one), is_letter(other)) {
        (true, true) => return one.cmp(&other),
        (false, false) => {}
        (is_letter, _) => return if is_letter { Ordering::Greater } else { Ordering::Less },
    }
    let mut start = 0;
    if one == '0' || other == '0' {
        let digits = left[..common].chars().rev().take_while(|char| is_digit(*char));
        start = i64::from(digits.into_iter().any(|digit| digit != '0'));
    }
    let run = |text: &str| {
        text.chars().take_while(|char| is_digit(*char)).fold((start, 0usize), |(number, count), digit| {
            let digit = i64::from(u32::from(digit)) - i64::from(u32::from('0'));
            (number.wrapping_mul(10).wrapping_add(digit), count + 1)
        })
    };
    run(&left[common..]).cmp(&run(&right[common..])).then(one.cmp(&other))
}

static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());

fn is_letter(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_alphabetic() } else { is_of(&LETTER, char) }
}

fn is_digit(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_digit() } else { is_of(&DIGIT, char) }
}

fn is_of(class: &Option<Regex>, char: char) -> bool {
    let mut buffer = [0; 4];
    class.as_ref().is_some_and(|class| class.is_match(char.encode_utf8(&mut buffer)))
}
