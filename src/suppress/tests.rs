//! Where suppressions count, and what is said about those that do not.

use jiff::civil::{Date, date};

use super::write::comment_all;
use super::*;
use crate::finding::{Confidence, Members, Occurrence, Standing, SubjectName};

const TODAY: Date = date(2026, 11, 20);
const RULE: &str = "disruption/no-keeper";

/// `YAML` comments, well enough for tests: from a `#` at the start of a line or after a blank, not inside `|`.
fn comments(text: &str) -> Vec<Comment> {
    let source = SourceFile::new("x", text);
    let mut found = Vec::new();
    for line in 0..source.line_starts().len() {
        let span = source.line_span(line);
        let content = &text[span.range()];
        let at = if content.trim_start().starts_with(['#', '/']) {
            Some(lines::indentation(content))
        } else {
            content.find(" #").or_else(|| content.find(" //")).map(|at| at + 1)
        };
        if let Some(at) = at.filter(|_| lines::block_header(&source, line).is_none()) {
            let own_line = content[..at].trim().is_empty();
            found.push(Comment { span: Span::new(span.start + at as u32, span.end), own_line });
        }
    }
    found
}

struct Case {
    sources: Sources,
    suppressions: Suppressions,
}

impl Case {
    fn new(texts: &[&str]) -> Self {
        let named = texts.iter().enumerate();
        let sources =
            Sources::new(named.map(|(at, text)| SourceFile::new(format!("{at}.yaml"), *text)).collect());
        let mut suppressions = Suppressions::default();
        for (id, file) in sources.iter() {
            suppressions.read_comments(id, file, &comments(&file.text));
        }
        Self { sources, suppressions }
    }

    /// The place of `needle` in file `file`.
    fn place(&self, file: u32, needle: &str) -> Place {
        let text = &self.sources.get(FileId(file)).text;
        let at = text.find(needle).expect("the needle is there") as u32;
        Place { file: FileId(file), span: Span::new(at, at + needle.len() as u32) }
    }

    /// Everything from `needle` to the end of the file.
    fn rest(&self, file: u32, needle: &str) -> Place {
        let place = self.place(file, needle);
        let end = self.sources.get(FileId(file)).text.len() as u32;
        Place { span: Span::new(place.span.start, end), ..place }
    }

    fn apply(&mut self, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Suppressed>) {
        self.suppressions.apply(findings, &self.sources, TODAY)
    }

    fn says(&self, ran: &dyn Fn(&str) -> bool) -> Vec<String> {
        let names = Names::new([RULE, "probes/none", "jobs/forbid"]);
        let world = World {
            sources: &self.sources,
            today: TODAY,
            names: &names,
            ran,
            undecided: &[],
            judged: &|_| true,
            written: &|place| place,
        };
        let said = self.suppressions.diagnostics(world).into_iter().map(|diagnostic| {
            let place = diagnostic.place.expect("a place").place;
            let line = self.sources.get(place.file).position(place.span.start).line;
            format!("{line}: {} ({})", diagnostic.message, diagnostic.help.unwrap_or_default())
        });
        said.collect()
    }
}

fn finding(primary: Place, members: Vec<Occurrence>) -> Finding {
    let mut finding = Finding {
        rule: RULE.to_owned(),
        severity: Severity::Error,
        confidence: Confidence::High,
        message: String::new(),
        help: None,
        subject: SubjectName::default(),
        also: Vec::new(),
        unit: String::new(),
        primary: Label { place: primary, message: String::new() },
        related: Vec::new(),
        path: String::new(),
        object: String::new(),
        members: Members::Several(members),
        seen_with: Vec::new(),
    };
    finding.settle();
    finding
}

fn member(name: &str, grounds: Vec<Place>) -> Occurrence {
    Occurrence {
        subject: SubjectName { kind: "Deployment".to_owned(), name: name.to_owned(), namespace: None },
        severity: Severity::Error,
        confidence: Confidence::High,
        message: format!("`{name}` has no budget"),
        related: Vec::new(),
        standing: Standing { grounds, annotations: Vec::new() },
    }
}

/// How a finding at `replicas` in this text, on the object that starts at `apiVersion`, is suppressed.
fn by(text: &str) -> Option<&'static str> {
    let mut case = Case::new(&[text]);
    let found = finding(case.place(0, "replicas: 2"), vec![member("a", vec![case.rest(0, "apiVersion")])]);
    let (kept, suppressed) = case.apply(vec![found]);
    assert_eq!(kept.len() + suppressed.len(), 1);
    suppressed.first().map(|suppressed| suppressed.by)
}

#[test]
fn on_the_line_and_above_it() {
    let object = |before: &str, after: &str| {
        format!("apiVersion: apps/v1\nkind: Deployment\nspec:\n{before}  replicas: 2{after}\n  other: 1\n")
    };
    let comment = "# steadfast: ignore[disruption/no-keeper] a batch";
    assert_eq!(by(&object("", "")), None);
    assert_eq!(by(&object("", &format!(" {comment}"))), Some("comment"));
    assert_eq!(by(&object(&format!("  {comment}\n"), "")), Some("comment"));
    assert_eq!(
        by(&object(&format!("  {comment}\n  # more words\n  # steadfast: ignore[probes] x\n\n"), "")),
        Some("comment")
    );
    assert_eq!(by(&object("  # steadfast: ignore[disruption] a batch\n", "")), Some("comment"));
    assert_eq!(by(&object("  # steadfast: ignore[probes] a batch\n", "")), None);
    assert_eq!(by(&object("  # steadfast: ignore[disruption]\n", "")), None);
    assert_eq!(by(&object("", &format!("\n  {comment}"))), None);
    assert_eq!(by(&object("  # steadfast: snooze[disruption] until=2026-11-20 soon\n", "")), Some("snooze"));
    assert_eq!(by(&object("  # steadfast: snooze[disruption] until=2026-11-19 soon\n", "")), None);
    assert_eq!(by(&object("", "\n# steadfast: ignore-file[disruption] generated")), Some("file"));
}

#[test]
fn on_the_object() {
    let comment = "# steadfast: ignore[disruption/no-keeper] a batch";
    let rest = "spec:\n  replicas: 2\n";
    for text in [
        format!("{comment}\napiVersion: v1\nkind: X\n{rest}"),
        format!("{comment}\n\n# licence\n---\napiVersion: v1\nkind: X\n{rest}"),
        format!("--- {comment}\napiVersion: v1\nkind: X\n{rest}"),
        format!("apiVersion: v1 {comment}\nkind: X\n{rest}"),
        format!("apiVersion: v1\nkind: X {comment}\n{rest}"),
        format!("apiVersion: v1\nkind: X\n{comment}\nmetadata:\n  name: a\n{rest}"),
        format!("items:\n- apiVersion: v1\n  {comment}\n  kind: X\n  spec:\n    replicas: 2\n"),
    ] {
        assert_eq!(by(&text), Some("comment"), "{text}");
    }
    let nested = format!("apiVersion: v1\nspec:\n  metadata: {comment}\n    x: 1\n  replicas: 2\n");
    assert_eq!(by(&nested), None);
}

#[test]
fn inside_a_block_scalar_the_key_is_the_line() {
    let text = "apiVersion: v1\ndata:\n  # steadfast: ignore[disruption] theirs\n  a.yaml: |\n    x:\n      replicas: 2\n";
    assert_eq!(by(text), Some("comment"));
}

#[test]
fn never_at_a_related_place() {
    let mut case = Case::new(&["a: 1\n", "b: 1 # steadfast: ignore[disruption] no\n"]);
    let mut found = finding(case.place(0, "a: 1"), vec![member("a", vec![case.rest(0, "a")])]);
    found.related.push(Label { place: case.place(1, "b: 1"), message: String::new() });
    assert_eq!(case.apply(vec![found]).0.len(), 1);
}

#[test]
fn a_merged_finding_loses_the_subject_that_it_stands_on() {
    let mut case = Case::new(&["replicas: 2\n", "# steadfast: ignore[disruption] a batch\na: 1\n", "b: 1\n"]);
    let members = vec![member("a", vec![case.rest(1, "a: 1")]), member("b", vec![case.rest(2, "b: 1")])];
    let found = finding(case.place(0, "replicas"), members);
    assert_eq!((found.subject.name.as_str(), found.also.len()), ("a", 1));
    let (kept, suppressed) = case.apply(vec![found]);
    assert_eq!((kept[0].subject.name.as_str(), kept[0].also.len()), ("b", 0));
    assert_eq!(kept[0].message, "`b` has no budget");
    assert_eq!(suppressed[0].finding.subject.name, "a");
    assert_eq!(suppressed[0].reason, "a batch");
    assert_eq!(case.says(&|_| true), [] as [&str; 0]);
}

#[test]
fn at_the_primary_place_it_takes_all_subjects() {
    let mut case = Case::new(&["replicas: 2 # steadfast: ignore[disruption] a batch\n", "a: 1\n"]);
    let members = vec![member("a", vec![case.rest(1, "a: 1")]), member("b", vec![case.rest(1, "a: 1")])];
    let found = finding(case.place(0, "replicas"), members);
    let (kept, suppressed) = case.apply(vec![found]);
    assert_eq!((kept.len(), suppressed.len()), (0, 1));
}

#[test]
fn annotations() {
    let text = "apiVersion: v1\nann: \"disruption: a batch; jobs: x; probes\"\nreplicas: 2\n";
    let mut case = Case::new(&[text]);
    let place = case.place(0, "\"disruption: a batch; jobs: x; probes\"");
    let mut one = member("a", vec![]);
    one.standing.annotations.push((place, "disruption: a batch; jobs: x; probes".to_owned()));
    let found = finding(case.place(0, "replicas: 2"), vec![one]);
    let (kept, suppressed) = case.apply(vec![found]);
    assert_eq!((kept.len(), suppressed[0].by, suppressed[0].reason.as_str()), (0, "annotation", "a batch"));
    assert_eq!(
        case.says(&|_| true),
        [
            "2: `probes` is not a suppression (write `family/rule: the reason`)",
            "2: `jobs` finds nothing here (remove it)"
        ]
    );
}

#[test]
fn what_is_wrong_with_suppressions_is_said() {
    let text = "\
# steadfast: ignore[probes/none, disrupton] one
a: 1
# steadfast: ignore[probes]
# steadfast: snooze[probes] until=2026-11-19 later
# steadfast: ingore[probes] word
replicas: 2 # steadfast: snooze[disruption] until=2026-01-01 later
# steadfast: ignore-file[jobs/forbid] generated
# steadfast: ignore[no-keeper] at the end
";
    let mut case = Case::new(&[text]);
    let found = finding(case.place(0, "replicas: 2"), vec![]);
    assert_eq!(case.apply(vec![found]).0.len(), 1);
    assert_eq!(
        case.says(&|rule| rule != "jobs/forbid"),
        [
            "1: `probes/none` finds nothing here (remove it)",
            "1: unknown rule or family `disrupton` (did you mean `disruption`?)",
            "3: a suppression without a reason does not count (say why the finding may stay, after the `]`)",
            "4: this suppression ended on 2026-11-19 (it would find nothing anyway: remove it)",
            "5: steadfast does not know `ingore` (did you mean `ignore`?)",
            "6: this suppression ended on 2026-01-01 (mend the finding, or set a later date and say why)",
            "8: unknown rule or family `no-keeper` (did you mean `disruption/no-keeper`?)",
        ]
    );
}

#[test]
fn what_could_not_be_decided_is_not_unused() {
    let case = Case::new(&["a: 1 # steadfast: ignore[disruption] because\n"]);
    let names = Names::new([RULE]);
    let undecided = [Undecided {
        rule: RULE.to_owned(),
        subject: String::new(),
        at: "0.yaml:1".to_owned(),
        reason: String::new(),
        applies: true,
    }];
    let world = World {
        sources: &case.sources,
        today: TODAY,
        names: &names,
        ran: &|_| true,
        undecided: &undecided,
        judged: &|_| true,
        written: &|place| place,
    };
    assert_eq!(case.suppressions.diagnostics(world), []);
    assert_eq!(case.suppressions.diagnostics(World { undecided: &[], ..world }).len(), 1);
}

#[test]
fn comments_are_written_and_then_count() {
    let text = "apiVersion: v1\r\nspec:\r\n  - replicas: 2\r\n  script: |\r\n    x\r\n    exit 1\r\n";
    let case = Case::new(&[text]);
    let mut other = finding(case.place(0, "replicas: 2"), vec![]);
    other.rule = "probes/none".to_owned();
    let findings =
        vec![other, finding(case.place(0, "replicas: 2"), vec![]), finding(case.place(0, "exit 1"), vec![])];
    let count = |text: &str| comments(text).len();
    let (changed, left) = comment_all(&case.sources, &findings, " old,\n to do ", &count);
    assert_eq!(left, 0);
    assert_eq!(
        changed[0].text,
        "apiVersion: v1\r\nspec:\r\n  # steadfast: ignore[disruption/no-keeper, probes/none] old, to do\r\n  - replicas: 2\r\n  \
         # steadfast: ignore[disruption/no-keeper] old, to do\r\n  script: |\r\n    x\r\n    exit 1\r\n"
    );
    let mut again = Case::new(&[&changed[0].text]);
    let mut other = finding(again.place(0, "replicas: 2"), vec![]);
    other.rule = "probes/none".to_owned();
    let findings = vec![
        other,
        finding(again.place(0, "replicas: 2"), vec![]),
        finding(again.place(0, "exit 1"), vec![]),
    ];
    let (kept, _) = again.apply(findings);
    assert_eq!(kept, []);
}

#[test]
fn what_is_no_comment_is_not_written() {
    let text = "a: \"one\n  two\"\nreplicas: 2\n";
    let case = Case::new(&[text]);
    let findings = vec![finding(case.place(0, "two"), vec![]), finding(case.place(0, "replicas"), vec![])];
    let count = |text: &str| comments(text).len() - usize::from(text.contains("one\n  #"));
    let (changed, left) = comment_all(&case.sources, &findings, "old", &count);
    assert_eq!((left, changed[0].added), (1, 1));
    assert!(changed[0].text.starts_with(text.split("replicas").next().expect("a first part")));
}
