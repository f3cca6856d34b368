//! Go's syntax of regular expressions in that of the `regex` crate.
//!
//! `\d`, `\w`, `\s` and `\b` are of ASCII in Go. Brackets in a class, and braces that repeat nothing, are themselves there.

/// The same expression as the crate writes it. What is wrong in it stays wrong.
pub(super) fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(char) = rest.chars().next() {
        let tail = &rest[char.len_utf8()..];
        rest = match (char, in_class) {
            ('\\', _) => escape(&mut out, tail, in_class),
            ('[', false) => {
                out.push('[');
                in_class = true;
                let tail = match tail.strip_prefix('^') {
                    Some(tail) => {
                        out.push('^');
                        tail
                    }
                    None => tail,
                };
                // A bracket that closes at once is a character.
                match tail.strip_prefix(']') {
                    Some(tail) => {
                        out.push_str("\\]");
                        tail
                    }
                    None => tail,
                }
            }
            ('[', true) => match tail.starts_with(':').then(|| tail.find(":]")).flatten() {
                Some(end) => {
                    out.push('[');
                    out.push_str(&tail[..end + 2]);
                    &tail[end + 2..]
                }
                None => {
                    out.push_str("\\[");
                    tail
                }
            },
            (']', true) => {
                out.push(']');
                in_class = false;
                tail
            }
            ('&' | '~', true) => {
                out.push('\\');
                out.push(char);
                tail
            }
            ('{', false) if !repeats(tail) => {
                out.push_str("\\{");
                tail
            }
            _ => {
                out.push(char);
                tail
            }
        };
    }
    out
}

/// Whether this is the rest of `{2}`, `{2,}` or `{2,3}`.
fn repeats(tail: &str) -> bool {
    let Some((inner, _)) = tail.split_once('}') else { return false };
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

/// Writes what a backslash begins; gives what follows it.
fn escape<'p>(out: &mut String, tail: &'p str, in_class: bool) -> &'p str {
    let Some(char) = tail.chars().next() else {
        out.push('\\');
        return tail;
    };
    let rest = &tail[char.len_utf8()..];
    let (set, negated) = match char {
        'd' => ("0-9", false),
        'D' => ("0-9", true),
        'w' => ("0-9A-Za-z_", false),
        'W' => ("0-9A-Za-z_", true),
        's' => (r"\t\n\f\r ", false),
        'S' => (r"\t\n\f\r ", true),
        'b' if !in_class => {
            out.push_str(r"(?-u:\b)");
            return rest;
        }
        'Q' => {
            let (literal, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(literal));
            return rest;
        }
        'E' => return rest,
        '<' | '>' => {
            out.push(char);
            return rest;
        }
        _ => {
            out.push('\\');
            out.push(char);
            return rest;
        }
    };
    match (in_class, negated) {
        (true, false) => out.push_str(set),
        (_, true) => out.push_str(&format!("[^{set}]")),
        (false, false) => out.push_str(&format!("[{set}]")),
    }
    // A set begins no range: what follows is a hyphen.
    match rest.strip_prefix('-') {
        Some(behind) if in_class && !behind.starts_with([']', '-']) => {
            out.push_str(r"\-");
            behind
        }
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn corners_of_the_syntax() {
        for (go, ours) in [
            (r"\d+", r"[0-9]+"),
            (r"[\w-]", r"[0-9A-Za-z_-]"),
            (r"[\w-\.]", r"[0-9A-Za-z_\-\.]"),
            (r"[^\S]", r"[^[^\t\n\f\r ]]"),
            (r"[]a]", r"[\]a]"),
            (r"[[:alpha:]]", r"[[:alpha:]]"),
            (r"[a[b]", r"[a\[b]"),
            (r"a{2,3}{x}", r"a{2,3}\{x}"),
            (r"\Qa.b\Ec", r"a\.bc"),
            (r"\<\.", r"<\."),
        ] {
            assert_eq!(translated(go), ours);
        }
    }
}
