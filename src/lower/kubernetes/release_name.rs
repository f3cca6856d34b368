//! Texts that hold the name of a release that nobody named: a chart is rendered with a placeholder there, and installed with a
//! name that the person who installs it thinks of.
//!
//! Two texts with the placeholder change together, so they are as they stand. One with it and one without may become the same.

use crate::render::helm::render::RELEASE;

/// Whether a text holds the placeholder.
pub fn is_in(text: &str) -> bool {
    text.contains(RELEASE)
}

/// Whether two texts that differ may be the same once the release has its name: only one of them holds the placeholder, and
/// the other has all that stands around it. What stands around may also become a part of the name (`fullname` of a chart).
pub fn may_make_same(a: &str, b: &str) -> bool {
    let (open, plain) = match (is_in(a), is_in(b)) {
        (true, false) => (a, b),
        (false, true) => (b, a),
        _ => return false,
    };
    open.split(RELEASE).map(|part| part.trim_matches(['-', '.', '_'])).all(|part| plain.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_release_may_bear() {
        for (a, b, expected) in [
            ("release-name", "notify", true),
            ("notify", "release-name", true),
            ("release-name-api", "shop-api", true),
            // `fullname`: a release whose name has the chart's is not told twice.
            ("release-name-api", "api", true),
            ("release-name-api", "web", false),
            ("release-name-api", "release-name-web", false),
            ("api", "web", false),
        ] {
            assert_eq!(may_make_same(a, b), expected, "{a} {b}");
        }
    }
}
