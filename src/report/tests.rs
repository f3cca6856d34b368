//! Every format over the same run, and what must hold of any run.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::Value;

use super::sample;
use super::{Format, Options, write};
use crate::finding::{Label, Severity};
use crate::outcome::Outcome;
use crate::source::{FileId, Place, SourceFile, Sources, Span};

fn written(format: Format, outcome: &Outcome, options: &Options) -> String {
    let mut out = Vec::new();
    write(format, outcome, options, &mut out).expect("a Vec takes all");
    String::from_utf8(out).expect("reports are UTF-8")
}

fn parsed(format: Format, outcome: &Outcome) -> Value {
    serde_json::from_str(&written(format, outcome, &Options::default())).expect("it is JSON")
}

fn shown(name: &str, text: &str) {
    // The version changes with each release, and a snapshot must not.
    let text = text.replace(&format!("ersion\": \"{}\"", super::VERSION), "ersion\": \"0.0.0\"");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/report");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_format_over_one_run() {
    for format in Format::ALL {
        shown(format.name(), &written(format, &sample::run(), &Options::default()));
    }
}

#[test]
fn every_format_over_a_clean_run() {
    for format in Format::ALL {
        shown(&format!("{format}-clean"), &written(format, &sample::clean(), &Options::default()));
    }
}

#[test]
fn human_with_all_that_can_be_asked_for() {
    let asked = Options {
        width: 72,
        statistics: true,
        timings: true,
        undecided: true,
        elapsed: Some(Duration::from_millis(83)),
        prefix: "../infra/".into(),
        ..Options::default()
    };
    shown("human-asked", &written(Format::Human, &sample::run(), &asked));
}

#[test]
fn human_in_colour_in_ascii_in_quiet() {
    let colour = Options { color: true, hyperlinks: true, ..Options::default() };
    shown("human-colour", &written(Format::Human, &sample::run(), &colour).replace('\u{1b}', "␛"));
    let ascii = Options { unicode: false, quiet: true, all: true, ..Options::default() };
    shown("human-ascii", &written(Format::Human, &sample::run(), &ascii));
    assert_eq!(written(Format::Human, &sample::clean(), &ascii), "");
}

#[test]
fn markdown_with_links() {
    let browse = Some("https://github.com/shop/infra/blob/4f2a9c1/".into());
    let text = written(
        Format::Markdown,
        &sample::run(),
        &Options { browse, prefix: "deploy/".into(), ..Options::default() },
    );
    assert!(text.contains(
        "[`deploy/apps/shop & co/größe.yaml:11`]\
         (https://github.com/shop/infra/blob/4f2a9c1/deploy/apps/shop%20%26%20co/gr%C3%B6%C3%9Fe.yaml#L11)"
    ));
}

#[test]
fn plain_reports_have_no_escapes() {
    for format in Format::ALL {
        let text = written(format, &sample::run(), &Options::default());
        assert!(!text.contains('\u{1b}'), "{format}");
        assert_eq!(text, written(format, &sample::run(), &Options::default()), "{format}");
        assert!(text.ends_with('\n'), "{format}");
    }
}

#[test]
fn the_last_lines_say_what_was_and_was_not_judged() {
    let end = |outcome: &Outcome| {
        let text = written(Format::Human, outcome, &Options::default());
        text.lines().next_back().unwrap_or_default().to_owned()
    };
    let mut outcome = sample::clean();
    assert_eq!(end(&outcome), "✓ all clear: no findings in 1 file (3 objects, 38 rules asked of 9 subjects)");
    outcome.summary.undecided = 1;
    assert_eq!(end(&outcome), "undecided: 1 (values only known at run time), see --undecided");
    outcome = sample::clean();
    outcome.summary.objects = 0;
    assert!(end(&outcome).starts_with("✓ all clear"), "routes and queues are no objects of Kubernetes");
    outcome.summary.subjects = 0;
    assert!(end(&outcome).starts_with("nothing to judge"));
    outcome.failed = true;
    assert!(end(&outcome).starts_with("the run failed"));
}

#[test]
fn names_of_formats() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert!("xml".parse::<Format>().is_err_and(|error| error.contains("junit")));
}

#[test]
fn json_is_as_its_schema_says() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/report.schema.json")).expect("the schema is JSON");
    for outcome in [sample::run(), sample::clean(), sample::many(20)] {
        let mut faults = Vec::new();
        check(&schema, &schema, &parsed(Format::Json, &outcome), "report", &mut faults);
        assert_eq!(faults, Vec::<String>::new());
    }
    let mut faults = Vec::new();
    check(
        &schema,
        &schema,
        &serde_json::json!({ "version": 2, "findings": [{ "rule": 1 }] }),
        "report",
        &mut faults,
    );
    assert!(faults.len() > 5, "the check sees faults: {faults:?}");
}

/// As much of JSON Schema as docs/report.schema.json uses; a keyword that is not known here is a fault, too.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let target = rule.as_str().and_then(|path| root.pointer(path.trim_start_matches('#')));
                check(root, target.expect("the reference leads somewhere"), value, at, faults);
            }
            "type" => {
                let is = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "integer",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                if !(rule == is || rule.as_array().is_some_and(|rules| rules.iter().any(|rule| rule == is))) {
                    faults.push(format!("{at} is {is}, not {rule}"));
                }
            }
            "const" => {
                if value != rule {
                    faults.push(format!("{at} is {value}, not {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().is_some_and(|values| values.contains(value)) {
                    faults.push(format!("{at} is {value}, none of {rule}"));
                }
            }
            "minimum" => {
                if value.as_u64().is_some_and(|value| rule.as_u64().is_some_and(|least| value < least)) {
                    faults.push(format!("{at} is {value}, less than {rule}"));
                }
            }
            "anyOf" => {
                let fits = |schema: &Value| {
                    let mut faults = Vec::new();
                    check(root, schema, value, at, &mut faults);
                    faults.is_empty()
                };
                if !rule.as_array().is_some_and(|schemas| schemas.iter().any(fits)) {
                    faults.push(format!("{at} is none of {rule}"));
                }
            }
            "required" => {
                for key in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.as_object().is_some_and(|object| !object.contains_key(key)) {
                        faults.push(format!("{at} has no {key}"));
                    }
                }
            }
            "properties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    match rule.get(key) {
                        Some(rule) => check(root, rule, value, &format!("{at}.{key}"), faults),
                        None if schema["additionalProperties"] == false => {
                            faults.push(format!("{at} has an unknown {key}"))
                        }
                        None => {}
                    }
                }
            }
            "additionalProperties" => {}
            "items" => {
                for (nth, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, value, &format!("{at}[{nth}]"), faults);
                }
            }
            other => faults.push(format!("the test does not know {other}")),
        }
    }
}

#[test]
fn sarif_is_as_github_wants_it() {
    for outcome in [sample::run(), sample::clean(), sample::many(30)] {
        let log = parsed(Format::Sarif, &outcome);
        assert_eq!(log["version"], "2.1.0");
        assert!(log["$schema"].is_string());
        assert_eq!(log["runs"].as_array().map(Vec::len), Some(1));
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        assert!(run.get("automationDetails").is_none() && run.get("originalUriBaseIds").is_none());

        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules are listed");
        assert_eq!(rules.len(), outcome.rules.len());
        for rule in rules {
            for text in [
                "/shortDescription/text",
                "/fullDescription/text",
                "/help/text",
                "/help/markdown",
                "/name",
                "/helpUri",
            ] {
                let text = rule.pointer(text).and_then(Value::as_str).expect("it is there");
                assert!(!text.is_empty() && !text.contains("severity:"));
            }
            assert!(
                ["error", "warning", "note"]
                    .iter()
                    .any(|level| rule["defaultConfiguration"]["level"] == *level)
            );
            assert!(rule["properties"].get("security-severity").is_none());
        }
        let results = run["results"].as_array().expect("results are there, also when there are none");
        assert_eq!(results.len(), outcome.findings.len());
        let mut known = std::collections::HashSet::new();
        for (result, finding) in results.iter().zip(&outcome.findings) {
            assert_eq!(result["ruleId"], finding.rule.as_str());
            let index = result["ruleIndex"].as_u64().expect("every rule is listed") as usize;
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert_eq!(result["locations"].as_array().map(Vec::len), Some(1));
            assert!(result.get("suppressions").is_none());
            let print = result["partialFingerprints"]["primaryLocationLineHash"]
                .as_str()
                .expect("known by something");
            assert!(known.insert((
                finding.rule.clone(),
                result["locations"][0].to_string(),
                print.to_owned()
            )));
            let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
            assert_eq!(related.len(), finding.related.len());
            for (nth, location) in related.iter().enumerate() {
                assert_eq!(location["id"].as_u64(), Some(nth as u64 + 1));
                let link = format!("]({})", nth + 1);
                assert!(result["message"]["text"].as_str().is_some_and(|text| text.contains(&link)));
            }
            assert_eq!(result.get("codeFlows").is_some(), !related.is_empty());
            for location in related.iter().chain(result["locations"].as_array().into_iter().flatten()) {
                let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a path");
                assert!(
                    uri.is_ascii()
                        && !uri.starts_with('/')
                        && !uri.contains([' ', '\\', ':'])
                        && !uri.contains("..")
                );
                let region = &location["physicalLocation"]["region"];
                let of = |key: &str| region[key].as_u64().expect("a whole region");
                assert!(of("startLine") >= 1 && of("startColumn") >= 1);
                assert!(of("endLine") == of("startLine") && of("endColumn") >= of("startColumn"));
            }
        }
    }
    let duplicates = parsed(Format::Sarif, &sample::run());
    let prints = |at: usize| {
        duplicates["runs"][0]["results"][at]["partialFingerprints"]["primaryLocationLineHash"].clone()
    };
    assert_eq!(
        prints(8).as_str().map(|print| print.replace(":1", ":2")),
        prints(9).as_str().map(String::from)
    );
}

#[test]
fn other_machines_get_what_they_read() {
    let issues = parsed(Format::Gitlab, &sample::run());
    let mut prints: Vec<&str> =
        issues.as_array().into_iter().flatten().filter_map(|issue| issue["fingerprint"].as_str()).collect();
    assert_eq!(prints.len(), sample::run().findings.len());
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(
        prints.len(),
        sample::run().findings.len(),
        "GitLab shows one of those with the same fingerprint"
    );
    assert_eq!(parsed(Format::Gitlab, &sample::clean()), serde_json::json!([]));

    let review = parsed(Format::Rdjson, &sample::run());
    assert_eq!(review["diagnostics"].as_array().map(Vec::len), Some(sample::run().findings.len()));
    assert_eq!(parsed(Format::Rdjson, &sample::clean())["diagnostics"], serde_json::json!([]));

    // Columns count bytes for reviewdog, and characters for all others.
    let place = Place { file: FileId(0), span: Span::new(5, 8) };
    let label = Label { place, message: String::new() };
    let outcome = Outcome {
        findings: vec![sample::finding("a/b", Severity::Error, "said", label)],
        sources: Sources::new(vec![SourceFile::new("a.yaml", "a: ü漢")]),
        ..Outcome::default()
    };
    let range = &parsed(Format::Rdjson, &outcome)["diagnostics"][0]["location"]["range"];
    assert_eq!((&range["start"]["column"], &range["end"]["column"]), (&6.into(), &9.into()));
    let at = &parsed(Format::Json, &outcome)["findings"][0]["location"];
    assert_eq!((&at["start"]["column"], &at["end"]["column"]), (&5.into(), &6.into()));

    let xml = written(Format::Junit, &sample::run(), &Options::default());
    assert_eq!(xml.matches("<testcase ").count(), xml.matches("</testcase>").count());
    assert_eq!(xml.matches("<failure ").count(), 9, "an info fails no build");
}

#[test]
fn limits_are_kept_and_reports_are_quick() {
    let outcome = sample::many(30_000);
    let started = Instant::now();
    let mut sizes = Vec::new();
    for format in Format::ALL {
        let text = written(format, &outcome, &Options::default());
        sizes.push((format, text.len()));
        match format {
            Format::Sarif => {
                let log: Value = serde_json::from_str(&text).expect("it is JSON");
                let results = log["runs"][0]["results"].as_array().expect("results");
                assert_eq!(results.len(), 25_000);
                let levels: Vec<_> = results.iter().filter(|result| result["level"] == "note").collect();
                let notes =
                    outcome.findings.iter().filter(|finding| finding.severity == Severity::Info).count();
                assert_eq!(levels.len(), notes - 5_000, "the least grave go first");
                let notified = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
                assert!(notified.to_string().contains("5,000 findings"));
            }
            Format::Github => {
                for (level, most) in [("error", 10), ("warning", 10), ("notice", 10)] {
                    let level = format!("::{level} ");
                    assert_eq!(text.lines().filter(|line| line.starts_with(&level)).count(), most);
                }
                assert_eq!(text.lines().count(), 30_000 + 3);
            }
            Format::Markdown => assert!(text.len() < 1 << 20 && text.contains("more")),
            Format::Human => assert!(text.lines().count() < 50 * 60),
            Format::Json => {
                assert_eq!(text.lines().filter(|line| line.contains("\"fingerprint\"")).count(), 30_000)
            }
            _ => assert!(text.lines().count() >= 30_000),
        }
    }
    // Generous, for a build without optimisation on a busy machine: a second or two is usual, quadratic is minutes.
    assert!(started.elapsed() < Duration::from_secs(60), "{:?} for {sizes:?}", started.elapsed());
}

#[test]
fn a_file_of_one_endless_line_is_counted_once() {
    let file = SourceFile::new("big.json", "{ \"a\": \"ü\" }, ".repeat(400_000));
    let label = |n: u32| Label {
        place: Place { file: FileId(0), span: Span::new(n * 150, n * 150 + 5) },
        message: "here".into(),
    };
    let findings = (0..30_000).map(|n| sample::finding(&format!("a/{n}"), Severity::Error, "m", label(n)));
    let outcome =
        Outcome { findings: findings.collect(), sources: Sources::new(vec![file]), ..Outcome::default() };
    let started = Instant::now();
    let text = written(Format::Concise, &outcome, &Options::default());
    assert_eq!(text.lines().next_back(), Some("big.json:1:4199861: error[a/29999] m"));
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn odd_places() {
    let shown_at = |text: &str, start: u32, end: u32| {
        let place = Place { file: FileId(0), span: Span { start, end } };
        let label = Label { place, message: "here".into() };
        let outcome = Outcome {
            findings: vec![sample::finding("a/b", Severity::Error, "said", label)],
            sources: Sources::new(vec![SourceFile::new("a.yaml", text)]),
            ..Outcome::default()
        };
        let options = Options { quiet: true, width: 40, ..Options::default() };
        written(Format::Human, &outcome, &options)
    };
    let odd = [
        ("an empty file", shown_at("", 0, 0)),
        ("an empty span", shown_at("a: b\nc: d\n", 8, 8)),
        ("the end, no line break", shown_at("a: b", 4, 4)),
        ("the end, after a line break", shown_at("a: b\n", 5, 5)),
        ("beyond the end", shown_at("a: b\r\n", 90, 99)),
        ("a line break", shown_at("a: b\r\nc: d\r\n", 4, 6)),
        ("over lines", shown_at("a:\n  b:\n    c: d\n", 0, 12)),
        ("inside a character", shown_at("a: ü漢x\n", 4, 6)),
        ("tabs", shown_at("\ta:\tb\n", 4, 5)),
        ("characters that act", shown_at("a: \u{1b}[31m\u{202e}b\u{7}\n", 9, 15)),
        (
            "a long line",
            shown_at(&format!("{}key: value, {}", "word ".repeat(40), "more ".repeat(40)), 200, 203),
        ),
        ("a long span", shown_at(&"word ".repeat(40), 50, 190)),
        ("a long line of wide characters", shown_at(&"漢字".repeat(80), 240, 246)),
    ];
    let text: String = odd.iter().map(|(name, text)| format!("# {name}\n{text}")).collect();
    shown("human-odd", &text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever a place is, over whatever text, no format falls over it, and every line and column exists.
    #[test]
    fn any_place_in_any_text(
        text in "(?s)([a-c :]|\t|\r|\n|\r\n|ü|漢|🚀|\u{301}|\u{1b}|\u{202e}|`|\\||.){0,120}",
        spans in prop::collection::vec((0u32..140, 0u32..40, "[a-z ]{0,60}"), 1..6),
        width in 0usize..130,
        color in any::<bool>(),
    ) {
        let label = |(start, length, message): &(u32, u32, String)| Label {
            place: Place { file: FileId(0), span: Span { start: *start, end: start + length } },
            message: message.clone(),
        };
        let mut finding = sample::finding("a/b", Severity::Warning, &text, label(&spans[0]));
        finding.related = spans[1..].iter().map(label).collect();
        let outcome = Outcome {
            findings: vec![finding],
            sources: Sources::new(vec![SourceFile::new("a.yaml", text.as_str())]),
            ..Outcome::default()
        };
        let options = Options { width, color, ..Options::default() };
        for format in Format::ALL {
            let report = written(format, &outcome, &options);
            prop_assert!(color || !report.contains('\u{1b}'), "{format}");
        }
        let concise = written(Format::Concise, &outcome, &options);
        prop_assert_eq!(concise.lines().count(), 1);
        let at = |n: usize| concise.split(':').nth(n).and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
        let line = text.split('\n').nth(at(1) - 1).unwrap_or_default();
        prop_assert!(at(2) >= 1 && at(2) <= line.chars().count() + 1, "{}", concise);
        let human = written(Format::Human, &outcome, &Options { color: false, ..options });
        for (_, _, message) in spans.iter().filter(|(_, _, message)| !message.trim().is_empty()) {
            let first = message.split_whitespace().next().unwrap_or_default();
            prop_assert!(human.contains(first), "{human}");
        }
    }
}
