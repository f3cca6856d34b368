//! Origins without an oracle: one value is changed, the templates are rendered again, and whatever is different now must have
//! said before that it depends on that value; and what says that it is exactly that value must be different now.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::super::super::origin::{Origin, Origins, Source};
use super::super::{Options, Rendering};
use super::look;

/// A line of a rendering: its text, and the paths of the values on which it depends.
struct Line {
    text: String,
    depends: BTreeSet<String>,
    /// What was left out at its beginning or in it depended on these.
    left_out: BTreeSet<String>,
    /// The values that stand in it unchanged.
    exact: BTreeSet<String>,
}

fn paths(origins: &Origins, origin: Origin, found: &mut BTreeSet<String>) {
    match origins.get(origin) {
        Source::Node { path, .. } => drop(found.insert(path.to_string())),
        Source::Missing { map, key } => {
            let mut maps = BTreeSet::new();
            paths(origins, *map, &mut maps);
            found.extend(
                maps.iter().map(|map| if map.is_empty() { key.to_string() } else { format!("{map}.{key}") }),
            );
        }
        Source::Of(_, parts) => parts.iter().for_each(|part| paths(origins, *part, found)),
        _ => {}
    }
}

fn lines(files: &[(&str, &str)], values: &Json) -> Vec<Line> {
    look(files, values, Options::default(), |all, output| {
        let output = output.expect("it renders");
        let mut found: Vec<Line> = Vec::new();
        let mut start = 0;
        for line in output.text.as_str().split_inclusive('\n') {
            let end = start + line.len();
            let (mut depends, mut exact, mut left_out) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            let mut at = start;
            while let Some(piece) = output.text.piece_at(at).filter(|_| at < end) {
                note(all, piece.origin, piece.frame, &mut depends);
                if let Source::Node { path, .. } = all.origins.get(piece.origin) {
                    exact.insert(path.to_string());
                }
                at = piece.end as usize;
            }
            for left in output.left_out.iter().filter(|left| (start..=end).contains(&(left.offset as usize)))
            {
                note(all, all.frames.get(left.frame).condition, left.frame, &mut left_out);
            }
            found.push(Line { text: line.to_owned(), depends, left_out, exact });
            start = end;
        }
        found
    })
}

fn note(
    all: &Rendering<'_>,
    origin: Origin,
    frame: super::super::super::text::Frame,
    found: &mut BTreeSet<String>,
) {
    paths(&all.origins, origin, found);
    for condition in all.frames.conditions(frame) {
        paths(&all.origins, condition, found);
    }
}

/// The paths of the leaves, each with another value in its place.
fn mutations(values: &Json, path: &str, found: &mut Vec<(String, Json)>) {
    let inside = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match values {
        Json::Object(map) => map.iter().for_each(|(key, value)| mutations(value, &inside(key), found)),
        Json::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| mutations(value, &inside(&at.to_string()), found));
        }
        Json::Bool(value) => found.push((path.to_owned(), json!(!value))),
        Json::Number(value) => found.push((path.to_owned(), json!(value.as_f64().unwrap_or_default() + 1.0))),
        Json::String(value) => found.push((path.to_owned(), json!(format!("{value}x")))),
        Json::Null => found.push((path.to_owned(), json!("x"))),
    }
}

/// The lines of `old` that are not in `new`, and those before which `new` has lines of its own.
fn differences(old: &[Line], new: &[Line]) -> (Vec<usize>, Vec<usize>) {
    let (rows, columns) = (old.len(), new.len());
    let mut common = vec![vec![0_usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            common[row][column] = if old[row].text == new[column].text {
                common[row + 1][column + 1] + 1
            } else {
                common[row + 1][column].max(common[row][column + 1])
            };
        }
    }
    let (mut row, mut column, mut gone, mut added) = (0, 0, Vec::new(), Vec::new());
    while row < rows || column < columns {
        if row < rows && column < columns && old[row].text == new[column].text {
            (row, column) = (row + 1, column + 1);
        } else if row < rows && (column == columns || common[row + 1][column] >= common[row][column + 1]) {
            gone.push(row);
            row += 1;
        } else {
            added.push(row);
            column += 1;
        }
    }
    (gone, added)
}

/// Changes every leaf and checks what changes with it; gives how many lines did.
fn check(files: &[(&str, &str)], values: &Json) -> usize {
    let old = lines(files, values);
    let mut all = Vec::new();
    mutations(values, "", &mut all);
    let mut changed = 0;
    for (path, value) in all {
        let mut values = values.clone();
        let pointer = format!("/{}", path.replace('.', "/"));
        *values.pointer_mut(&pointer).expect("the leaf is there") = value;
        let new = lines(files, &values);
        let (gone, added) = differences(&old, &new);
        changed += gone.len() + added.len();
        for row in &gone {
            let line = &old[*row];
            let knows = line.depends.contains(&path) || line.left_out.contains(&path);
            assert!(knows, "{:?} changes with {path} and knows only {:?}", line.text, line.depends);
        }
        for row in &added {
            let around =
                [row.checked_sub(1), Some(*row)].into_iter().flatten().filter_map(|row| old.get(row));
            let knows =
                around.flat_map(|line| line.left_out.iter().chain(&line.depends)).any(|known| *known == path);
            assert!(knows, "before line {row} something is added with {path}");
        }
        for line in old.iter().filter(|line| line.exact.contains(&path)) {
            let same = new.iter().any(|other| other.text == line.text && other.exact.contains(&path));
            assert!(!same, "{:?} says that it is {path} and does not change with it", line.text);
        }
    }
    changed
}

const HELPERS: &str = r#"
{{- define "name" -}}{{ or .Values.nameOverride .Values.chart }}{{- end -}}
{{- define "labels" -}}
app: {{ include "name" . }}
{{ if .Values.team }}team: {{ .Values.team }}{{ end }}
{{- end -}}
{{- define "enabled" -}}{{ if and .Values.metrics.enabled (not .Values.metrics.external) }}yes{{ end }}{{- end -}}
{{- define "env" -}}
{{- range $key, $value := .Values.env }}
- name: {{ $key }}
  value: {{ printf "%v" $value }}
{{- else }}
[]
{{- end }}
{{- end -}}
"#;

const WORKLOAD: &str = r#"
kind: {{ if gt .Values.replicas 1.0 }}Deployment{{ else }}Pod{{ end }}
name: {{ printf "%s-%s" .Values.release (include "name" .) }}
{{ include "labels" . }}
replicas: {{ .Values.replicas }}
{{- with .Values.strategy }}
strategy: {{ .type }}
{{- if eq .type "Rolling" }}
surge: {{ .surge }}
{{- end }}
{{- end }}
{{- $port := 80 }}
{{- if .Values.tls }}
{{- $port = 443 }}
{{- end }}
port: {{ $port }}
{{- if include "enabled" . }}
metrics: {{ .Values.metrics.port }}
{{- else if .Values.metrics.external }}
metrics: elsewhere
{{- end }}
env:
{{- include "env" . }}
{{- range .Values.hosts }}
host: {{ . | print "https://" }}
{{- if $.Values.tls }}
secret: {{ . }}-tls
{{- end }}
{{- end }}
greeting: {{ tpl .Values.greeting . }}
{{- $kept := include "labels" . }}
{{- if .Values.annotate }}
annotations: {{ $kept | printf "%q" }}
{{- end }}
{{- $_ := set .Values "mode" "simple" }}
{{- if .Values.ha }}
{{- $_ := set .Values "mode" "ha" }}
{{- end }}
first: {{ index .Values.hosts 0 }}
last: {{ len .Values.hosts }}
"#;

fn values() -> Json {
    json!({
        "chart": "web", "nameOverride": "", "release": "r1", "team": "red", "replicas": 2,
        "strategy": {"type": "Rolling", "surge": 1}, "tls": false,
        "metrics": {"enabled": true, "external": false, "port": 9090},
        "env": {"A": 1, "B": "two", "C": true}, "hosts": ["a.example", "b.example"],
        "greeting": "hello {{ .Values.team }} of {{ include \"name\" . }}", "annotate": true, "ha": false,
    })
}

#[test]
fn whatever_changes_has_said_so() {
    let changed = check(&[("a", WORKLOAD), ("_h", HELPERS)], &values());
    assert!(changed > 50, "only {changed} lines changed");
}

#[test]
fn also_where_the_other_branches_are_taken() {
    let mut values = values();
    for (pointer, value) in [
        ("/nameOverride", json!("site")),
        ("/team", json!("")),
        ("/replicas", json!(1)),
        ("/strategy/type", json!("Recreate")),
        ("/tls", json!(true)),
        ("/metrics/enabled", json!(false)),
        ("/metrics/external", json!(true)),
        ("/annotate", json!(false)),
        ("/ha", json!(true)),
    ] {
        *values.pointer_mut(pointer).expect("it is there") = value;
    }
    let changed = check(&[("a", WORKLOAD), ("_h", HELPERS)], &values);
    assert!(changed > 40, "only {changed} lines changed");
}
