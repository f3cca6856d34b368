//! The action of a template that prints what stands behind literal text, found in the template's own text. This is for pointing at
//! it; nothing is parsed or executed here.

use std::ops::Range;

/// How many actions that print nothing may stand before the one that does.
const MOST: usize = 8;

/// Words that begin an action which prints nothing by itself.
const SILENT: [&str; 8] = ["if", "with", "range", "else", "end", "define", "break", "continue"];

/// The bytes of the expression that prints what stands at `from`, without the braces; none where something else stands there, or
/// where it goes on in another line.
pub(super) fn printing(template: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    for _ in 0..MOST {
        let rest = template.get(at..)?;
        // A key and a quote may come between: they are of the text before.
        let open = rest.trim_start_matches([' ', '\t', '\r', '\n', ':', '"', '\'']).strip_prefix("{{")?;
        let inner = open.strip_prefix("- ").unwrap_or(open);
        let start = template.len() - inner.trim_start().len();
        let end = start + length(&template[start..])?;
        let expression = template[start..end].strip_suffix('-').unwrap_or(&template[start..end]).trim_end();
        if !is_silent(expression) {
            return (!expression.contains('\n')).then_some(start..start + expression.len());
        }
        at = end + "}}".len();
    }
    None
}

fn is_silent(expression: &str) -> bool {
    let first = expression.split_whitespace().next().unwrap_or_default();
    let assigns = || {
        let (left, _) = expression.split_once('=').unwrap_or_default();
        left.starts_with('$') && left.chars().all(|c| c.is_alphanumeric() || " _$,:".contains(c))
    };
    expression.starts_with("/*") || SILENT.contains(&first) || assigns()
}

/// The bytes up to the braces that close an action; those in quotes are none.
fn length(action: &str) -> Option<usize> {
    let mut quote = None;
    let mut bytes = action.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(b'"' | b'\''), b'\\') => drop(bytes.next()),
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'`' | b'\'') => quote = Some(byte),
            (None, b'}') if action[at..].starts_with("}}") => return Some(at),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expression_that_prints() {
        let cases = [
            ("name: |{{ include \"shop.name\" . }}\n", "include \"shop.name\" ."),
            ("name: |{{- .Values.name -}}\n", ".Values.name"),
            (
                "image: {{ .Values.image }}:|{{ .Values.tag | default \"}}\" }}",
                ".Values.tag | default \"}}\"",
            ),
            ("labels:|\n  {{- toYaml .Values.labels | nindent 2 }}", "toYaml .Values.labels | nindent 2"),
            ("a: |{{ if .Values.a }}{{ $b := .Values.b }}{{/* no */}}{{ $b }}{{ end }}", "$b"),
            ("name|: \"{{ .Values.name }}\"", ".Values.name"),
            ("a: |b {{ .Values.a }}", ""),
            ("a: |{{ .Values.a", ""),
            ("a: |{{ printf\n .Values.a }}", ""),
            ("a: |{{ if .Values.a }}b{{ end }}", ""),
        ];
        for (marked, expected) in cases {
            let from = marked.find('|').unwrap_or_default();
            let template = marked.replacen('|', "", 1);
            let found = printing(&template, from).map_or("", |range| &template[range]);
            assert_eq!(found, expected, "{marked}");
        }
    }
}
