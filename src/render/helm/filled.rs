//! Values that another program fills in before Helm sees them: text with actions in it, such as a helmfile's.
//!
//! Nothing is executed. Each action becomes letters that stand for what it will print, as many bytes as it has, so that the text
//! can be read as YAML and every place in it stays right; what holds such letters is unknown. A line of nothing but conditions and
//! loops becomes blank, so of both branches each counts.

use super::super::origin::{Origins, Source};
use super::super::template::GAP;
use super::super::value::{Data, Value};
use super::metadata::place;

/// Stands for what nobody knows.
const ANYTHING: char = '\u{E000}';
/// A text of which nothing is known.
pub const UNKNOWN: &str = "\u{E000}";
/// Stands for the name of the environment.
const ENVIRONMENT: char = '\u{E001}';
/// Stands for the name of the release.
const RELEASE: char = '\u{E002}';
/// Makes what stands for an action as long as the action: three bytes, and two.
const FILLERS: [char; 2] = ['\u{E00F}', '\u{07FF}'];

/// Why such a value is unknown.
const WHY: &str = "what another program fills in";

/// Words of actions that print nothing themselves.
const SILENT: [&str; 7] = ["if", "else", "end", "range", "with", "define", "block"];

/// The text with letters for its actions; as long as it was.
pub fn stand_in(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in lines(text) {
        let is_silent = line.iter().all(|part| match part {
            Part::Text(text) => text.trim().is_empty(),
            Part::Action(action) => is_silent(action),
        });
        for part in line {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Action(action) if is_silent => {
                    out.extend(action.chars().flat_map(|c| {
                        let blank = if c == '\n' { '\n' } else { ' ' };
                        std::iter::repeat_n(blank, c.len_utf8())
                    }));
                }
                Part::Action(action) => letters(letter(action), action, &mut out),
            }
        }
    }
    out
}

/// The text with letters for each `${NAME}` that Flux replaces.
pub fn stand_in_variables(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        let end = rest[start..].find(['}', '\n']).map_or(rest.len(), |end| start + end);
        let end = end + usize::from(rest[end..].starts_with('}'));
        letters(ANYTHING, &rest[start..end], &mut out);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Whether letters stand in a text for what another program fills in.
pub fn has_stand_ins(text: &str) -> bool {
    text.chars().any(|c| (ANYTHING..=RELEASE).contains(&c))
}

/// The text with the names of the environment and of the release; nothing where something else is missing, too.
pub fn fill(text: &str, environment: &str, release: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            ANYTHING => return None,
            ENVIRONMENT => out.push_str(environment),
            RELEASE => out.push_str(release),
            filler if FILLERS.contains(&filler) => {}
            letter => out.push(letter),
        }
    }
    Some(out)
}

/// Makes unknown what holds such letters, in a value that was just read.
pub(super) fn forget(value: Value, origins: &mut Origins) -> Value {
    let data = match value.data {
        Data::Text(ref text) if has_stand_ins(text.as_str()) => {
            let place = place(origins, value.origin);
            return Value::text(GAP, origins.add(Source::Unknown(WHY, place)));
        }
        Data::Map(map) => {
            for entry in map.borrow_mut().values_mut() {
                entry.value = forget(entry.value.clone(), origins);
            }
            Data::Map(map)
        }
        Data::List(list) => {
            for item in list.borrow_mut().iter_mut() {
                *item = forget(item.clone(), origins);
            }
            Data::List(list)
        }
        data => data,
    };
    Value { data, origin: value.origin }
}

/// Text, or an action with its braces.
enum Part<'t> {
    Text(&'t str),
    Action(&'t str),
}

/// The parts of each line, its end included. An action over several lines belongs to the line that it begins on.
fn lines(text: &str) -> Vec<Vec<Part<'_>>> {
    let (mut lines, mut line, mut rest) = (Vec::new(), Vec::new(), text);
    loop {
        let action = rest.find("{{");
        let end = rest.find('\n').map(|end| end + 1);
        match (action, end) {
            (Some(start), end) if end.is_none_or(|end| start < end) => {
                let after = start + length(&rest[start..]);
                line.push(Part::Text(&rest[..start]));
                line.push(Part::Action(&rest[start..after]));
                rest = &rest[after..];
            }
            (_, Some(end)) => {
                line.push(Part::Text(&rest[..end]));
                lines.push(std::mem::take(&mut line));
                rest = &rest[end..];
            }
            (_, None) => {
                line.push(Part::Text(rest));
                lines.push(line);
                return lines;
            }
        }
    }
}

/// How long the action at the start of a text is.
fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 2;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return at + 2,
            b'`' => at = text[at + 1..].find('`').map_or(bytes.len(), |end| at + 1 + end),
            b'"' => {
                at += 1;
                while bytes.get(at).is_some_and(|byte| *byte != b'"' && *byte != b'\n') {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn inside(action: &str) -> &str {
    let inside = action.trim_start_matches("{{").trim_end_matches("}}");
    inside.trim_start_matches('-').trim_end_matches('-').trim()
}

fn is_silent(action: &str) -> bool {
    let inside = inside(action);
    let word = inside.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    inside.starts_with("/*") || SILENT.contains(&word) || inside.starts_with('$') && inside.contains(":=")
}

/// What stands for what an action prints.
fn letter(action: &str) -> char {
    let inside = inside(action);
    // What is quoted is for the second time that the text is filled in.
    let inner = inside.strip_prefix('`').and_then(|inside| inside.strip_suffix('`'));
    match inner.map_or(inside, self::inside) {
        ".Environment.Name" => ENVIRONMENT,
        ".Release.Name" => RELEASE,
        _ => ANYTHING,
    }
}

/// Writes a letter and fillers with as many bytes as the text has. Ends of lines stay, and blank what follows them.
fn letters(letter: char, text: &str, out: &mut String) {
    let mut lines = text.split('\n');
    let mut left = lines.next().unwrap_or_default().len();
    if left >= letter.len_utf8() {
        out.push(letter);
        left -= letter.len_utf8();
    }
    while left > 0 {
        let filler = match left {
            1 => ' ',
            2 | 4 => FILLERS[1],
            _ => FILLERS[0],
        };
        out.push(filler);
        left -= filler.len_utf8();
    }
    for line in lines {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', line.len()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::yaml::load::load_plain;

    #[test]
    fn names_are_filled_in_and_the_rest_is_unknown() {
        for (text, expected) in [
            ("values/{{ .Environment.Name }}.yaml", Some("values/prod.yaml")),
            ("{{`{{ .Release.Name }}`}}-{{- .Environment.Name -}}.yaml", Some("shop-prod.yaml")),
            ("values/{{ .Values.x }}.yaml", None),
            ("{{ .Environment.Name }}{{ env \"}}\" }}", None),
            ("plain", Some("plain")),
        ] {
            assert_eq!(fill(&stand_in(text), "prod", "shop").as_deref(), expected, "{text}");
        }
        assert_eq!(fill(&stand_in_variables("a-${NAME:=x}-${B"), "", ""), None);
        assert_eq!(stand_in_variables("$(A) $B"), "$(A) $B");
    }

    #[test]
    fn conditions_become_blank_and_places_stay() {
        let text = "a: 1\n{{- if .x }}\nb: {{ .y }}\n{{ else }}\nc: {{ if .z }}1{{ else }}2{{ end }}\n{{ end }}\nd: 1\n";
        let filled = stand_in(text);
        let places = |text: &str| text.find("d: 1");
        assert_eq!((filled.len(), places(&filled)), (text.len(), places(text)));
        let read = load_plain(&filled).expect("it is YAML now");
        let is_known = |key: &str| read.get(key).and_then(|value| Some(!has_stand_ins(value.as_str()?)));
        assert_eq!((is_known("b"), is_known("c")), (Some(false), Some(false)));
    }

    proptest! {
        #[test]
        fn the_length_stays(text in r#"([{}"`\\ a-zé.\n-]|\{\{|\}\}|\$\{){0,40}"#) {
            prop_assert_eq!(stand_in(&text).len(), text.len());
            prop_assert_eq!(stand_in_variables(&text).len(), text.len());
            let ends = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
            prop_assert_eq!(ends(&stand_in(&text)), ends(&text));
        }
    }
}
