//! SARIF 2.1.0, as GitHub code scanning takes it; other readers of SARIF are stricter nowhere.
//!
//! One run, with every rule that is enabled, so that an alert that is gone is known to be mended. Paths are relative.
//! Regions lie on one line, because an alert over more is hardly ever shown in a pull request. Suppressed findings are
//! left out: GitHub would show them as open. What a finding is known by rests on the tree path, not on the text around
//! it, which changes with every image tag. GitHub refuses a whole file that is over one of its limits, so these are kept
//! here, and a notification says what was left out.

use std::io;

use serde::Serialize;

use super::view::{Located, View};
use super::words::{sentence, thousands, visible};
use super::{HOME, NAME, VERSION, rows};
use crate::finding::{About, Confidence, Diagnostic, Finding, Severity};
use crate::outcome::{AskedRule, IdleRule, RuleInfo};

/// GitHub takes so many results of a run.
const RESULTS: usize = 25_000;
/// GitHub shows so many related locations of a result, and refuses a file with ten times as many.
const LOCATIONS: usize = 100;
/// GitHub takes 10 MB of compressed text. A report shrinks to a thirtieth; this sum of estimates is right if to a sixth.
const BYTES: usize = 60_000_000;
/// Nobody reads more notifications.
const NOTIFICATIONS: usize = 1_000;
/// GitHub cuts descriptions here.
const DESCRIPTION: usize = 1_024;

pub(super) fn write(view: &View<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    rows::write(out, &Log::new(view), 4)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    invocations: [Invocation<'a>; 1],
    results: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Help<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    help_uri: &'a str,
    default_configuration: Configuration,
    properties: RuleProperties<'a>,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help<'a> {
    text: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    markdown: &'a str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties<'a> {
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
    tags: [&'a str; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_configuration_notifications: Vec<Notification<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    descriptor: Descriptor<'a>,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Descriptor<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_flows: Option<[CodeFlow; 1]>,
    partial_fingerprints: Fingerprints,
    properties: FoundProperties<'a>,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "primaryLocationLineHash")]
    github: String,
    #[serde(rename = "steadfast/logical/v1")]
    own: String,
}

#[derive(Serialize)]
struct FoundProperties<'a> {
    confidence: Confidence,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    thread_flows: [ThreadFlow; 1],
}

#[derive(Serialize)]
struct ThreadFlow {
    locations: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    location: Location,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Says>,
}

#[derive(Clone, Serialize)]
struct Says {
    text: String,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'a> Log<'a> {
    fn new(view: &View<'a>) -> Self {
        let outcome = view.outcome;
        let prints = view.fingerprints();
        let kept = kept(view);
        let left = outcome.findings.len() - kept.len();
        let results = kept.into_iter().map(|at| found(view, &outcome.findings[at], &prints[at])).collect();
        let (configuration, mut execution): (Vec<&Diagnostic>, Vec<&Diagnostic>) = outcome
            .diagnostics
            .iter()
            .partition(|diagnostic| matches!(diagnostic.about, About::Config | About::Rule));
        let more = execution.len().saturating_sub(NOTIFICATIONS);
        execution.truncate(NOTIFICATIONS);
        let mut execution: Vec<Notification<'_>> =
            execution.into_iter().map(|of| notification(view, of)).collect();
        if more > 0 {
            execution.push(own("too-many", format!("{} notifications more are left out.", thousands(more))));
        }
        if left > 0 {
            let text = format!(
                "{} findings, the least grave, are left out: GitHub takes no more of one run.",
                thousands(left)
            );
            execution.push(own("too-many", text));
        }
        let idle = outcome.idle.iter().filter_map(IdleRule::enabled);
        let run = Run {
            tool: Tool {
                driver: Driver {
                    name: NAME,
                    version: VERSION,
                    semantic_version: VERSION,
                    information_uri: HOME,
                    rules: outcome.rules.iter().map(AskedRule::info).chain(idle).map(rule).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: !outcome.failed,
                tool_configuration_notifications: (configuration.into_iter().take(NOTIFICATIONS))
                    .map(|diagnostic| notification(view, diagnostic))
                    .collect(),
                tool_execution_notifications: execution,
            }],
            results,
        };
        Self { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
    }
}

/// Which findings fit: the gravest and surest, in the order of the list.
fn kept(view: &View<'_>) -> Vec<usize> {
    let findings = &view.outcome.findings;
    let mut bytes = 0;
    let mut kept: Vec<usize> = (view.gravest_first().into_iter().take(RESULTS))
        .take_while(|at| {
            bytes += estimate(&findings[*at]);
            bytes <= BYTES
        })
        .collect();
    kept.sort_unstable();
    kept
}

/// About how many bytes a result takes.
fn estimate(finding: &Finding) -> usize {
    let related = finding.related.iter().take(LOCATIONS).map(|label| 500 + 3 * label.message.len());
    800 + finding.message.len() + finding.help.as_ref().map_or(0, String::len) + related.sum::<usize>()
}

fn rule(rule: &RuleInfo) -> Rule<'_> {
    let mut help = sentence(&rule.why).into_owned();
    for reference in &rule.references {
        help.push_str(&format!("\n{reference}"));
    }
    Rule {
        id: &rule.id,
        name: camel(&rule.id),
        short_description: Text { text: cut(&sentence(&rule.title)) },
        full_description: Text { text: cut(&sentence(&rule.why)) },
        help: Help { text: help, markdown: body(&rule.page) },
        help_uri: &rule.url,
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties {
            precision: match rule.confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
            },
            severity: match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
            tags: ["reliability", &rule.family],
        },
    }
}

fn found<'a>(view: &View<'a>, finding: &'a Finding, (print, nth): &(String, usize)) -> Found<'a> {
    let print = format!("{print}:{}", nth + 1);
    let related = finding.related.iter().take(LOCATIONS).enumerate().map(|(nth, label)| {
        let text = if label.message.is_empty() { "see here" } else { &label.message };
        Location { id: Some(nth + 1), message: Some(says(text)), ..Location::new(view.located(label.place)) }
    });
    let related: Vec<Location> = related.collect();
    let primary = Location {
        message: (!finding.primary.message.is_empty()).then(|| says(&finding.primary.message)),
        logical_locations: logical(finding),
        ..Location::new(view.located(finding.primary.place))
    };
    // A flow leads from what it rests on to the line that is to be changed.
    let code_flows = (!related.is_empty()).then(|| {
        let steps =
            related.iter().take(LOCATIONS - 1).cloned().map(|location| Location { id: None, ..location });
        let last = Location {
            message: Some(says(if finding.primary.message.is_empty() {
                &finding.message
            } else {
                &finding.primary.message
            })),
            ..Location::new(view.located(finding.primary.place))
        };
        let locations = steps.chain([last]).map(|location| Step { location }).collect();
        [CodeFlow { thread_flows: [ThreadFlow { locations }] }]
    });
    Found {
        rule_id: &finding.rule,
        rule_index: view.rule_index(&finding.rule),
        level: level(finding.severity),
        message: Text { text: message(finding, &related) },
        locations: [primary],
        related_locations: related,
        code_flows,
        partial_fingerprints: Fingerprints { github: print.clone(), own: print },
        properties: FoundProperties { confidence: finding.confidence, unit: &finding.unit },
    }
}

/// The sentence first, because it is all that is shown where space is short; then a link to each related place.
fn message(finding: &Finding, related: &[Location]) -> String {
    let mut text = plain(&finding.message);
    if !finding.primary.message.is_empty() {
        text.push_str(&format!(" ({})", plain(&finding.primary.message)));
    }
    let mut text = sentence(&text).into_owned();
    if !related.is_empty() {
        let links = related.iter().take(10).map(|location| {
            let says = location.message.as_ref().map_or("", |says| says.text.as_str());
            format!("[{}]({})", says.replace(['[', ']'], "'"), location.id.unwrap_or_default())
        });
        text.push_str(&format!(" See: {}.", links.collect::<Vec<String>>().join(", ")));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!(" Help: {}", sentence(&plain(help))));
    }
    if let Some(settings) = finding.seen_with_in_short() {
        text.push_str(&format!(" Seen with: {}.", plain(&settings)));
    }
    text
}

fn notification<'a>(view: &View<'a>, diagnostic: &'a Diagnostic) -> Notification<'a> {
    let mut text = sentence(&plain(&diagnostic.message)).into_owned();
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!(" Help: {}", sentence(&plain(help))));
    }
    let locations = match view.file_of(diagnostic) {
        None => Vec::new(),
        Some((path, None)) => vec![Location::of_file(&path)],
        Some((_, Some(at))) => vec![Location::new(at)],
    };
    let descriptor = Descriptor { id: diagnostic.about.word() };
    Notification { descriptor, level: level(diagnostic.severity), message: Text { text }, locations }
}

fn own(id: &str, text: String) -> Notification<'_> {
    Notification {
        descriptor: Descriptor { id },
        level: "warning",
        message: Text { text },
        locations: Vec::new(),
    }
}

fn logical(finding: &Finding) -> Vec<Logical> {
    let subjects =
        std::iter::once(&finding.subject).chain(&finding.also).filter(|subject| !subject.name.is_empty());
    let logical = subjects.take(LOCATIONS).map(|subject| {
        let parts = [Some(subject.kind.as_str()), subject.namespace.as_deref(), Some(subject.name.as_str())];
        let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        Logical { name: subject.name.clone(), fully_qualified_name: parts.join("/"), kind: "resource" }
    });
    logical.collect()
}

impl Location {
    fn new(at: Located) -> Self {
        let region = Region {
            start_line: at.line,
            start_column: at.column,
            end_line: at.line,
            end_column: at.end_column,
        };
        let mut location = Self::of_file(&at.path);
        location.physical_location.region = Some(region);
        location
    }

    fn of_file(path: &str) -> Self {
        let artifact_location = Artifact { uri: encoded(path), uri_base_id: "%SRCROOT%" };
        Self {
            id: None,
            physical_location: Physical { artifact_location, region: None },
            logical_locations: Vec::new(),
            message: None,
        }
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn says(text: &str) -> Says {
    Says { text: plain(text) }
}

/// Text as SARIF wants it: names in single quotes, and no bracket that would be taken for a link.
fn plain(text: &str) -> String {
    let text = visible(text).replace('`', "'");
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text }
}

/// A path as a relative URI reference.
pub(super) fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

/// `family/some-rule` as `FamilySomeRule`.
fn camel(id: &str) -> String {
    let words = id.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(|word| {
        let mut chars = word.chars();
        chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
    });
    words.collect()
}

/// A page without its front matter.
fn body(page: &str) -> &str {
    let rest = page.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    rest.map_or(page, |(_, body)| body).trim()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION {
        return text.to_owned();
    }
    text.chars().take(DESCRIPTION - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        assert_eq!(encoded("k8s/a b/ü.yaml"), "k8s/a%20b/%C3%BC.yaml");
        assert_eq!(encoded("c:d#e?f%g\\h"), "c%3Ad%23e%3Ff%25g%5Ch");
    }

    #[test]
    fn names() {
        assert_eq!(camel("disruption/no-keeper"), "DisruptionNoKeeper");
        assert_eq!(camel("a/-b"), "AB");
    }

    #[test]
    fn pages() {
        assert_eq!(body("---\non: x\n---\n# Title\n\ntext\n"), "# Title\n\ntext");
        assert_eq!(body("# Title"), "# Title");
        assert_eq!(body("---\nnever closed"), "---\nnever closed");
    }

    #[test]
    fn brackets_are_no_links() {
        assert_eq!(plain("`a` b"), "'a' b");
        assert_eq!(plain("args [1] kept"), "args [1] kept");
        assert_eq!(plain("see [here](1)"), "see \\[here\\](1)");
    }

    #[test]
    fn long_descriptions_are_cut() {
        assert_eq!(cut(&"ü".repeat(2000)).chars().count(), DESCRIPTION);
        assert_eq!(cut("short"), "short");
    }
}
