//! A baseline: findings that a project had when it began, and that are not reported again.
//!
//! A finding is known by its rule, its file, its object and the path within that object, never by a line or a sentence, so a
//! baseline outlives edits. The file is JSON with one entry a line, sorted, made to be committed and read in a diff. This
//! module turns text into a baseline and back; it opens no files.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::config::Problem;
use crate::finding::{About, Diagnostic, Finding, Severity};
use crate::outcome::Suppressed;
use crate::source::{SourceFile, Sources, Span};

const VERSION: u32 = 1;

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rule: String,
    file: String,
    unit: String,
    object: String,
    path: String,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    file: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    object: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    path: String,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: usize,
}

fn one() -> usize {
    1
}

fn is_one(count: &usize) -> bool {
    *count == 1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// The findings that are known already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<Key, usize>,
}

/// What a baseline did to the findings of a run.
#[derive(Debug, Default)]
pub struct Applied {
    /// The new ones.
    pub kept: Vec<Finding>,
    /// The known ones.
    pub suppressed: Vec<Suppressed>,
    /// How many of the known ones are no longer there, although their rule was asked.
    pub stale: usize,
}

impl Baseline {
    /// The baseline that knows these findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>, sources: &Sources) -> Self {
        let mut entries = BTreeMap::new();
        for finding in findings {
            *entries.entry(key(finding, sources)).or_default() += 1;
        }
        Self { entries }
    }

    /// Reads the text of a baseline file.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let wrong = |error: &serde_json::Error| {
            let span = place(text, error.line(), error.column());
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default();
            Problem::error(Some(span), format!("this is no baseline: {why}"), "here")
                .help("write it anew with `--write-baseline`")
        };
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        if let Some(version) = value.get("version").and_then(serde_json::Value::as_u64)
            && version > u64::from(VERSION)
        {
            let message =
                format!("this baseline has version {version}; this steadfast reads version {VERSION}");
            return Err(Problem::error(Some(place(text, 1, 1)), message, "too new").help("update steadfast"));
        }
        if !value.is_object() {
            let message = "this is no baseline: expected `{`";
            return Err(Problem::error(Some(place(text, 1, 1)), message, "here"));
        }
        let file: File = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        if file.version == 0 {
            let message = "this is no baseline: there is no version 0";
            return Err(Problem::error(Some(place(text, 1, 1)), message, "here"));
        }
        let mut entries = BTreeMap::new();
        for Entry { rule, file, unit, object, path, count } in file.findings {
            let key = Key { rule, file, unit, object, path };
            let known: &mut usize = entries.entry(key).or_default();
            *known = known.saturating_add(count);
        }
        Ok(Self { entries })
    }

    /// The text of the baseline file: an entry a line.
    pub fn text(&self) -> String {
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"findings\": [");
        for (at, (key, count)) in self.entries.iter().enumerate() {
            text.push_str(if at == 0 { "\n    " } else { ",\n    " });
            let Key { rule, file, unit, object, path } = key.clone();
            let entry = Entry { rule, file, unit, object, path, count: *count };
            text.push_str(&serde_json::to_string(&entry).unwrap_or_default());
        }
        text.push_str(if self.entries.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        text
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.entries.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Tells known findings from new ones. A file that is no longer there may have been moved: what it had is looked for in
    /// others. `ran` tells whether a rule was asked: what nobody asked for is not stale.
    pub fn apply(&self, findings: Vec<Finding>, sources: &Sources, ran: &dyn Fn(&str) -> bool) -> Applied {
        let mut left = self.entries.clone();
        let mut fresh = Vec::new();
        let mut applied = Applied::default();
        for finding in findings {
            let key = key(&finding, sources);
            match left.get_mut(&key).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    applied.suppressed.push(known(finding));
                }
                None => fresh.push((key, finding)),
            }
        }
        left.retain(|_, count| *count > 0);
        let mut moved: BTreeMap<(String, String, String), Vec<Key>> = BTreeMap::new();
        let here: std::collections::BTreeSet<&str> =
            sources.iter().map(|(_, file)| file.path.as_str()).collect();
        for key in left.keys().filter(|key| !here.contains(key.file.as_str())) {
            moved.entry(logical(key)).or_default().push(key.clone());
        }
        for (key, finding) in fresh {
            let candidates = moved.get(&logical(&key)).into_iter().flatten();
            let mut open = candidates.filter(|old| left.get(*old).is_some_and(|count| *count > 0));
            match open.next() {
                Some(old) => {
                    left.entry(old.clone()).and_modify(|count| *count -= 1);
                    applied.suppressed.push(known(finding));
                }
                None => applied.kept.push(finding),
            }
        }
        let stale = left.iter().filter(|(key, _)| ran(&key.rule)).map(|(_, count)| *count);
        applied.stale = stale.fold(0, usize::saturating_add);
        applied
    }
}

impl Applied {
    /// What to say about stale entries, if there are any. `path` is the baseline's file.
    pub fn diagnostic(&self, path: &Utf8Path) -> Option<Diagnostic> {
        let message = match self.stale {
            0 => return None,
            1 => "1 finding of the baseline is gone".to_owned(),
            many => format!("{many} findings of the baseline are gone"),
        };
        Some(Diagnostic {
            about: About::Config,
            severity: Severity::Info,
            message,
            help: Some(format!("well done; take them out with `--write-baseline {path}`")),
            place: None,
            file: Some(path.to_string()),
        })
    }
}

fn known(finding: Finding) -> Suppressed {
    Suppressed { finding, by: "baseline", reason: String::new() }
}

fn key(finding: &Finding, sources: &Sources) -> Key {
    // Where the object has a name, the unit adds nothing but fragility: a unit is renamed with its folder.
    let unit = if finding.object.is_empty() { finding.unit.clone() } else { String::new() };
    Key {
        rule: finding.rule.clone(),
        file: sources.path(finding.primary.place.file).to_string(),
        unit,
        object: finding.object.clone(),
        path: finding.path.clone(),
    }
}

/// What survives a move of the file.
fn logical(key: &Key) -> (String, String, String) {
    (key.rule.clone(), key.object.clone(), key.path.clone())
}

/// The byte at a line and column that serde_json counts, both from 1.
fn place(text: &str, line: usize, column: usize) -> Span {
    let source = SourceFile::new("", text);
    let line = line.saturating_sub(1).min(source.line_starts().len() - 1);
    let span = source.line_span(line);
    let at = (span.start + column.saturating_sub(1) as u32).min(span.end) as usize;
    let start = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let end = (start + 1..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    Span::new(start as u32, end as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finding::{Confidence, Label, Members, Standing, SubjectName};
    use crate::source::{FileId, Place};

    fn sources(paths: &[&str]) -> Sources {
        Sources::new(paths.iter().map(|path| SourceFile::new(*path, "a: 1\n")).collect())
    }

    fn finding(file: u32, rule: &str, object: &str, path: &str) -> Finding {
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Error,
            confidence: Confidence::High,
            message: String::new(),
            help: None,
            subject: SubjectName::default(),
            also: Vec::new(),
            unit: "k8s".to_owned(),
            primary: Label {
                place: Place { file: FileId(file), span: Span::new(0, 1) },
                message: String::new(),
            },
            related: Vec::new(),
            path: path.to_owned(),
            object: object.to_owned(),
            members: Members::One(Standing::default()),
            seen_with: Vec::new(),
        }
    }

    #[test]
    fn an_entry_a_line_sorted() {
        let sources = sources(&["b.yaml", "a.yaml"]);
        let findings = [
            finding(0, "probes/none", "Deployment shop/api", "spec"),
            finding(1, "probes/none", "", "spec.x"),
            finding(1, "disruption/no-keeper", "Deployment shop/web", "spec.replicas"),
            finding(1, "probes/none", "", "spec.x"),
        ];
        let text = Baseline::of(&findings, &sources).text();
        assert_eq!(
            text,
            r#"{
  "version": 1,
  "findings": [
    {"rule":"disruption/no-keeper","file":"a.yaml","object":"Deployment shop/web","path":"spec.replicas"},
    {"rule":"probes/none","file":"a.yaml","unit":"k8s","path":"spec.x","count":2},
    {"rule":"probes/none","file":"b.yaml","object":"Deployment shop/api","path":"spec"}
  ]
}
"#
        );
        let read = Baseline::read(&text).expect("what it wrote");
        assert_eq!((read.len(), read.text()), (4, text));
        assert_eq!(Baseline::read(&Baseline::default().text()), Ok(Baseline::default()));
    }

    #[test]
    fn known_findings_go_new_ones_stay_gone_ones_are_counted() {
        let world = sources(&["a.yaml"]);
        let known = [
            finding(0, "r/a", "Deployment x", "p"),
            finding(0, "r/a", "Deployment x", "p"),
            finding(0, "r/b", "Deployment x", "p"),
            finding(0, "r/c", "Deployment x", "p"),
        ];
        let baseline = Baseline::of(&known, &world);
        let now = vec![
            finding(0, "r/a", "Deployment x", "p"),
            finding(0, "r/a", "Deployment y", "p"),
            finding(0, "r/a", "Deployment x", "q"),
        ];
        let applied = baseline.apply(now, &world, &|rule| rule != "r/c");
        assert_eq!((applied.kept.len(), applied.suppressed.len(), applied.stale), (2, 1, 2));
        let said = applied.diagnostic(Utf8Path::new("base.json")).expect("stale entries are mentioned");
        assert_eq!(said.message, "2 findings of the baseline are gone");
    }

    #[test]
    fn a_moved_file_keeps_its_entries_a_twin_does_not_take_them() {
        let baseline = Baseline::of(&[finding(0, "r/a", "Deployment x", "p")], &sources(&["old.yaml"]));
        let ran = |_: &str| true;
        let now = || vec![finding(0, "r/a", "Deployment x", "p"), finding(0, "r/a", "Deployment x", "p")];
        let applied = baseline.apply(now(), &sources(&["new.yaml"]), &ran);
        assert_eq!((applied.kept.len(), applied.suppressed.len(), applied.stale), (1, 1, 0));
        let applied = baseline.apply(now(), &sources(&["new.yaml", "old.yaml"]), &ran);
        assert_eq!((applied.kept.len(), applied.suppressed.len(), applied.stale), (2, 0, 1));
    }

    #[test]
    fn what_is_no_baseline_is_said() {
        for (text, message, at) in [
            ("", "this is no baseline: EOF while parsing a value", 0),
            ("[]", "this is no baseline: expected `{`", 0),
            ("{\n  \"version\": 1,\n  nope\n}", "this is no baseline: key must be a string", 20),
            ("{\"version\": 2, \"x\": 1}", "this baseline has version 2; this steadfast reads version 1", 0),
            ("{\"version\": 0, \"findings\": []}", "this is no baseline: there is no version 0", 0),
        ] {
            let problem = Baseline::read(text).expect_err(text);
            assert_eq!((problem.message.as_str(), problem.span.map(|span| span.start)), (message, Some(at)));
        }
        let text = r#"{"version": 1, "findings": [{"rule": "a"}]}"#;
        assert!(Baseline::read(text).is_err());
        let text = r#"{"version": 1, "findings": [{"rule": "a", "file": "b", "line": 3}]}"#;
        assert!(Baseline::read(text).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"(.|\n|[{}\[\]":,]|"version"|"findings"|1)*"#) {
            if let Err(problem) = Baseline::read(&text) {
                let span = problem.span.expect("a place");
                prop_assert!(span.end as usize <= text.len().max(1));
            }
        }
    }
}
