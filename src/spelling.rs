//! "Did you mean …?": the nearest of the words that would have been right.
//!
//! Not a spell checker: it compares a short word with a short list, when something is wrong already.

/// The known word that `word` most likely stands for, if one is near enough. Of equally near words the first.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.is_empty() || word.len() > 100 {
        return None;
    }
    let written: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let right: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        // A third of the letters may differ: `replcias` is `replicas`, `at` is not `on`.
        let limit = written.len().max(right.len()).div_ceil(3).min(3);
        let distance = distance(&written, &right);
        if distance <= limit
            && distance < right.len().max(2)
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Whether two words differ by one slip of the finger: a letter too many, too few, another one, or two swapped.
pub fn is_slip(a: &str, b: &str) -> bool {
    a.len().max(b.len()) <= 100
        && distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>()) == 1
}

/// Letters to add, leave out, change or swap with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let change = last[j] + usize::from(x != y);
            let mut least = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before_last[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["severity", "confidence", "when", "at", "on", "related"];
        let table = [
            ("severty", Some("severity")),
            ("Severity", Some("severity")),
            ("wehn", Some("when")),
            ("realted", Some("related")),
            ("confidance", Some("confidence")),
            ("sev", None),
            ("banana", None),
            ("", None),
            ("x", None),
        ];
        for (word, expected) in table {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
