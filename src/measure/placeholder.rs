//! Words that a script replaces before a file is used: `__IMAGE_TAG__`.
//!
//! Only what is certain by its form: capital letters between double underscores, which no name of Kubernetes can hold. What has
//! signs of its own (`${TAG}`, `{{ tag }}`) is known where it is read.

use std::ops::Range;

const MARK: &str = "__";

/// The first such word, with its marks.
pub fn first(text: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find(MARK) {
        let start = from + found;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let end = start + bytes[start..].iter().take_while(|byte| is_part(byte)).count();
        let apart = start == 0 || !is_part(&bytes[start - 1]);
        if apart && is_placeholder(&text[start..end]) {
            return Some(start..end);
        }
        from = end;
    }
    None
}

fn is_placeholder(word: &str) -> bool {
    let inside = word.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(MARK)).unwrap_or_default();
    inside.starts_with(|c: char| c.is_ascii_uppercase())
        && !inside.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_between_underscores() {
        for (text, found) in [
            ("__JOB_NAME__", Some("__JOB_NAME__")),
            ("ghcr.io/shop/api:__TAG__", Some("__TAG__")),
            ("clean-__SERVICE__-now", Some("__SERVICE__")),
            ("__name__", None),
            ("__meta_kubernetes_pod_name", None),
            ("SERILOG__WRITETO__0__NAME", None),
            ("X__TAG__", None),
            ("__TAG", None),
            ("____", None),
            ("__", None),
            ("é__TAG__é", Some("__TAG__")),
            ("", None),
        ] {
            assert_eq!(first(text).map(|range| &text[range]), found, "{text}");
        }
    }
}
