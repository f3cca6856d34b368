//! Pages of rules: what is read, and what is said about pages that are wrong.

use proptest::prelude::*;

use super::body::first_sentence;
use super::*;

const PAGE: &str = r#"---
on: workload
severity: error            # error | warning | info
confidence: high
when: self.low.replicas >= 2 && !(self.controller in ["Job", "a: b"])
let:
  need: 6 * self.low.replicas
  long: >-
    self.a +
      self.b

  last: need > 1
at: self
related:
  - at: self.low.replicas
    says: at least {count(self.low.replicas, "replica")}
  - at: self.high
  # a comment
  - at: self.quoted
    says: "{count(self.a, \"retry\")}"
evidence: alarm
versions: { envoy: ">= 1.28", kubernetes: >= 1.21 }
params:
  age: { default: 90 day, says: for how long }
  pages:
    default: ["critical", "page"]
    says: who is called
---
# A drain may evict every replica at once

A node drain asks nobody, e.g. at 1.5 or `a. B`, but
the budget. Without one, all go down.

More about it.

```cel error medium
self.budgets.size() > 0 ||
  need > 1
```

> `{self.name}` runs {count(self.low.replicas, "replica")}, and no budget selects its pods
>
> add one with `maxUnavailable: 1`

```cel warning
last
```
> second

## Bad
```yaml bad
a: 1
---
b: 2
```

## Bad: another
What happens here.

```yaml bad file=api.yaml today=2026-01-31
a: 1
```
```hcl bad file="a b/main.tf" kubernetes=1.31
b {}
```

## Good
```yaml good
a: 2
```

## Fix
```yaml fix unsafe new document
name: {self.name}
```
```yaml fix safe for=CronJob
a: {floor(self.x)}
```

## References
- Kubernetes: Disruptions
  and more
- Envoy
"#;

fn read(text: &str) -> Page {
    match Page::read("disruption/no-keeper", text.into()) {
        Ok(page) => page,
        Err(errors) => panic!("{errors:#?}"),
    }
}

/// A raw text stands verbatim at its span.
fn stands(page: &Page, raw: &Raw) -> String {
    assert_eq!(page.text[raw.span.range()], raw.text);
    assert_eq!(raw.part(0..raw.text.len()), raw.span);
    raw.text.clone()
}

#[test]
fn a_page_is_read_as_it_stands() {
    let page = read(PAGE);
    assert_eq!(page.family(), "disruption");
    assert_eq!(subject(PAGE), Some("workload"));
    assert_eq!(stands(&page, &page.on), "workload");
    assert_eq!((page.severity, page.confidence), (Severity::Error, Confidence::High));
    let raw = |raw: &Option<Raw>| raw.as_ref().map(|raw| stands(&page, raw)).unwrap_or_default();
    assert_eq!(raw(&page.when), r#"self.low.replicas >= 2 && !(self.controller in ["Job", "a: b"])"#);
    let lets: Vec<(String, String)> =
        page.lets.iter().map(|(name, value)| (stands(&page, name), stands(&page, value))).collect();
    assert_eq!(
        lets,
        [
            ("need".to_owned(), "6 * self.low.replicas".to_owned()),
            ("long".to_owned(), "self.a +\n      self.b".to_owned()),
            ("last".to_owned(), "need > 1".to_owned()),
        ]
    );
    assert_eq!(raw(&page.at), "self");
    assert_eq!(raw(&page.evidence), "alarm");
    assert_eq!(page.related.len(), 3);
    assert_eq!(raw(&page.related[0].says), r#"at least {count(self.low.replicas, "replica")}"#);
    assert_eq!(page.related[1].says, None);
    let quoted = page.related[2].says.as_ref().expect("the third says something");
    assert_eq!(quoted.text, r#"{count(self.a, "retry")}"#);
    assert_eq!(&PAGE[quoted.span.range()], r#"{count(self.a, \"retry\")}"#);
    assert_eq!(quoted.part(1..3), quoted.span);
    let versions: Vec<(&str, String)> =
        page.versions.iter().map(|(name, value)| (name.text.as_str(), stands(&page, value))).collect();
    assert_eq!(versions, [("envoy", ">= 1.28".to_owned()), ("kubernetes", ">= 1.21".to_owned())]);
    assert_eq!(page.title, "A drain may evict every replica at once");
    assert_eq!(
        page.why,
        "A node drain asks nobody, e.g. at 1.5 or `a. B`, but the budget. Without one, all go down."
    );
    assert_eq!(page.why_sentence, "A node drain asks nobody, e.g. at 1.5 or `a. B`, but the budget.");
    let [first, second] = page.judgements.as_slice() else { panic!("{:?}", page.judgements) };
    assert_eq!(stands(&page, &first.expr), "self.budgets.size() > 0 ||\n  need > 1");
    assert_eq!((first.severity, first.confidence), (Severity::Error, Confidence::Medium));
    assert!(stands(&page, &first.message).starts_with("`{self.name}` runs"));
    assert_eq!(raw(&first.help), "add one with `maxUnavailable: 1`");
    assert_eq!((second.severity, second.confidence), (Severity::Warning, Confidence::High));
    assert_eq!((second.message.text.as_str(), &second.help), ("second", &None));
}

#[test]
fn parameters_have_a_default_and_words() {
    let page = read(PAGE);
    let params: Vec<(&str, &str, &str)> = page
        .params
        .iter()
        .map(|param| (param.name.text.as_str(), param.default.text.as_str(), param.says.as_str()))
        .collect();
    assert_eq!(
        params,
        [("age", "90 day", "for how long"), ("pages", r#"["critical", "page"]"#, "who is called")]
    );
}

#[test]
fn examples_fixes_and_references_are_read_on_demand() {
    let page = read(PAGE);
    let rest = page.rest().expect("the page is right");
    let [first, second, third] = rest.examples.as_slice() else { panic!("{:?}", rest.examples) };
    assert_eq!((first.case.as_str(), first.bad, first.files[0].name.as_str()), ("", true, "example.yaml"));
    assert_eq!(first.files[0].text, "a: 1\n---\nb: 2\n");
    assert_eq!(PAGE[first.files[0].span.range()], first.files[0].text);
    assert_eq!((second.case.as_str(), second.files.len()), ("another", 2));
    assert_eq!((second.today.as_deref(), second.kubernetes.as_deref()), (Some("2026-01-31"), Some("1.31")));
    assert_eq!((second.files[1].name.as_str(), second.files[1].language.as_str()), ("a b/main.tf", "hcl"));
    assert_eq!((third.bad, third.files[0].text.as_str()), (false, "a: 2\n"));
    let [document, job] = rest.fixes.as_slice() else { panic!("{:?}", rest.fixes) };
    assert_eq!(
        (document.safe, document.operation, document.target.as_deref()),
        (false, Operation::NewDocument, None)
    );
    assert_eq!((job.safe, job.operation, job.target.as_deref()), (true, Operation::Merge, Some("CronJob")));
    assert_eq!(stands(&page, &job.template), "a: {floor(self.x)}\n");
    assert_eq!(rest.references, ["Kubernetes: Disruptions and more", "Envoy"]);
}

#[test]
fn windows_line_ends_make_no_difference() {
    let text = PAGE.replace('\n', "\r\n");
    let (unix, windows) = (read(PAGE), read(&text));
    assert_eq!(check("a/b", text.as_str().into()), []);
    assert_eq!(subject(&text), Some("workload"));
    assert_eq!(unix.why, windows.why);
    assert_eq!(unix.title, windows.title);
    assert_eq!(stands(&windows, &windows.judgements[0].message), unix.judgements[0].message.text);
    assert_eq!(stands(&windows, &windows.judgements[1].expr), "last");
    let (unix, windows) = (unix.rest().expect("right"), windows.rest().expect("right"));
    assert_eq!(unix.references, windows.references);
    assert_eq!(unix.examples[1].files[0].text.replace('\n', "\r\n"), windows.examples[1].files[0].text);
}

/// `line:column` and text of an error's place, its message, its help.
fn shown(text: &str, error: &PageError) -> String {
    let before = &text[..error.span.start as usize];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    let place = text[error.span.range()].lines().next().unwrap_or_default();
    let help = error.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
    format!("{line}:{column} `{place}` {}{help}", error.message)
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let table = [
        ("on: workload\n", "", "1:1 `---` `on` is missing (say what the rule looks at: `on: workload`)"),
        (
            "severity: error ",
            "severty: error ",
            "1:1 `---` `severity` is missing (`severity: error`, `warning` or `info`)|3:1 `severty` no front matter key `severty` exists (did you mean `severity`?)",
        ),
        (
            "severity: error ",
            "severity: eror ",
            "3:11 `eror` no severity `eror` exists (did you mean `error`?)",
        ),
        ("severity: error ", "severity: ", "3:1 `severity` `severity` is empty"),
        (
            "confidence: high",
            "confidence: low",
            "4:13 `low` no confidence `low` exists (known are `high`, `medium`)",
        ),
        ("on: workload\n", "on: workload\non: job\n", "3:1 `on` `on` is given twice"),
        ("on: workload\n", "on: work load\n", "2:5 `work load` `on` is one name"),
        (
            "at: self\n",
            "at: self\n  .name\n",
            "14:1 `  .name` `at` ends with its line (an expression of several lines stands below `at: |`)",
        ),
        ("at: self\n", "at:\n", "13:1 `at` `at` is empty"),
        (
            "at: self\n",
            "at:self\n",
            "13:1 `at:self` expected `key: value` (an expression of several lines stands below `key: |`)",
        ),
        ("at: self\n", "at: |\n", "13:1 `at` `at` is empty"),
        (
            "  need: 6",
            "  need:6",
            "7:3 `need:6 * self.low.replicas` expected `key: value` (an expression of several lines stands below `key: |`)",
        ),
        ("  last: need", "  need: need", "12:3 `need` `need` is given twice"),
        (
            "  last: need",
            "  a-b: need",
            "12:3 `a-b` `a-b` is no name (letters, digits and `_`, the first a letter)",
        ),
        ("  last: need", " last: need", "12:2 `last` this line is indented otherwise than the ones above it"),
        (
            "    says: at least",
            "    say: at least",
            "16:5 `say` no key `say` exists in `related` (did you mean `says`?)",
        ),
        ("  - at: self.high\n", "  - says: x\n", "17:3 `- says: x` a related place needs `at`"),
        ("  - at: self.high\n", "  at: self.high\n", "17:3 `at: self.high` expected `- at: …`"),
        (
            "says: at least {count",
            "says: at {least {count",
            "16:14 `{least {count(self.low.replicas, \"replica\")}` this hole has no end; it is closed by `}`",
        ),
        ("evidence: alarm", "evidence: [alarm]", "21:11 `[alarm]` `evidence` is one name"),
        (
            "says: who is called",
            "sys: who is called",
            "25:3 `pages` the parameter has no `says`|27:5 `sys` no key `sys` exists in a parameter (did you mean `says`?)",
        ),
        (
            "  age: { default: 90 day, says: for how long }",
            "  age: 90 day",
            "24:8 `90 day` a parameter has a `default` and `says` what it is (`age: { default: 90 day, says: … }`)",
        ),
        (
            "  age: { default: 90 day,",
            "  age: { default: 90, day,",
            "24:23 `day` expected `key: value` (a comma in a text needs quotes)",
        ),
        (
            ", kubernetes: >= 1.21 }",
            "",
            "22:11 `{ envoy: \">= 1.28\"` the braces have no end (close it with `}` on the same line)",
        ),
        (
            "# A drain may",
            "A drain may",
            "29:1 `A drain may evict every replica at once` the title is missing (below the front matter stands `# ` and what goes wrong, in a few words)",
        ),
        ("at once\n\nA node", "at once.\n\nA node", "29:42 `.` a title ends without a full stop"),
        ("More about it.\n", "# More\n", "34:1 `# More` a page has one title"),
        (
            "More about it.\n",
            "### More\n",
            "34:1 `### More` this heading does not belong here (headings are `# title`, `## Bad`, `## Good`, `## Fix` and `## References`)",
        ),
        (
            "More about it.\n",
            "> More\n",
            "34:1 `> More` this message belongs to no judgement (a message stands directly below its `cel` fence)",
        ),
        (
            "```cel error medium",
            "```cel error mdium",
            "36:14 `mdium` `mdium` is neither a severity nor a confidence (did you mean `medium`?)",
        ),
        (
            "```cel error medium",
            "```cel error info",
            "36:14 `info` a judgement has one severity|45:1 ````cel warning` a judgement of severity warning stands below one of severity info (the first judgement that is false is the finding, so the gravest comes first)",
        ),
        (
            "```cel error medium",
            "```cel info",
            "45:1 ````cel warning` a judgement of severity warning stands below one of severity info (the first judgement that is false is the finding, so the gravest comes first)",
        ),
        (
            "```cel error medium",
            "```yaml bad",
            "36:1 ````yaml bad` this fence does not belong here (examples stand below `## Bad` and `## Good`, a judgement is a `cel` fence)|41:1 `> `{self.name}` runs {count(self.low.replicas, \"replica\")}, and no budget selects its pods` this message belongs to no judgement (a message stands directly below its `cel` fence)",
        ),
        (
            "> second\n",
            "",
            "45:1 ````cel warning` this judgement has no message (below the fence stands `> ` and the sentence to say where it is false)",
        ),
        (
            "> second\n",
            "Words.\n\n> second\n",
            "45:1 ````cel warning` this judgement has no message (below the fence stands `> ` and the sentence to say where it is false)|50:1 `> second` this message belongs to no judgement (a message stands directly below its `cel` fence)",
        ),
        ("> second\n", "> {second\n", "48:3 `{second` this hole has no end; it is closed by `}`"),
        (
            "> second\n",
            "> second\n> third\n",
            "49:3 `third` a message is one line (join it with the line above; a line `>` between them starts the help)",
        ),
        (
            "> second\n",
            "> second\n>\n> help\n>\n> more\n",
            "52:3 `more` a message has one line and its help another; this is a third",
        ),
        ("> second\n", "> second.\n", "48:9 `.` a message ends without a full stop"),
        ("> second\n", ">\n", "48:1 `>` this message is empty"),
        ("```cel warning\nlast\n", "```cel warning\n", "45:1 ````cel warning` this judgement is empty"),
        ("## Bad\n", "## bad\n", "50:4 `bad` no heading `bad` exists (did you mean `Bad`?)"),
        ("## Bad\n", "##  bad\n", "50:5 `bad` no heading `bad` exists (did you mean `Bad`?)"),
        (
            "## Bad: another\n",
            "## Bad\n",
            "57:1 `## Bad` there is a `Bad` without a name already (say what differs: `## Bad: …`; several files of one case stand below one heading)",
        ),
        ("## Bad: another\n", "## Bad:\n", "57:1 `## Bad:` the colon announces a name for the case"),
        (
            "## Bad: another\n",
            "### Bad\n",
            "29:1 `# A drain may evict every replica at once` each judgement needs a bad example of its own (`## Bad: what differs`)|57:1 `### Bad` this heading does not belong here (below the judgements the headings are `## Bad`, `## Good`, `## Fix` and `## References`)",
        ),
        (
            "```yaml bad\na: 1\n---",
            "```yaml\na: 1\n---",
            "51:1 ````yaml` this example says neither `bad` nor `good` (```yaml bad)",
        ),
        (
            "```yaml bad\na: 1\n---",
            "```bad\na: 1\n---",
            "51:1 ````bad` this fence names no language (the first word is the language: `yaml bad`, `hcl good file=main.tf`, `yaml fix safe`)",
        ),
        (
            "```yaml bad\na: 1\n---",
            "```yaml good\na: 1\n---",
            "51:9 `good` `good` stands below the heading `Bad`",
        ),
        (
            "```yaml bad\na: 1\n---",
            "```yaml bda\na: 1\n---",
            "51:9 `bda` `bda` is not what an example says of itself (the word behind the language is `bad`)",
        ),
        (
            "file=api.yaml",
            "fiel=api.yaml",
            "60:13 `fiel=api.yaml` an example knows no `fiel=api.yaml` (did you mean `file=`?)|63:1 ````hcl bad file=\"a b/main.tf\" kubernetes=1.31` several files of one example need names (give each fence a `file=`; another case gets a heading of its own)",
        ),
        (
            "file=api.yaml",
            "file=../api.yaml",
            "60:13 `file=../api.yaml` `../api.yaml` will not do for `file` (a path inside the example, without `..`: `file=chart/values.yaml`)",
        ),
        (
            "today=2026-01-31",
            "today=tomorrow",
            "60:27 `today=tomorrow` `tomorrow` will not do for `today` (a date: `today=2026-03-29`)",
        ),
        (
            "file=api.yaml ",
            "file=\"a b/main.tf\" ",
            "63:1 ````hcl bad file=\"a b/main.tf\" kubernetes=1.31` this example has a `a b/main.tf` already (give each fence a `file=`; another case gets a heading of its own)",
        ),
        (
            " file=\"a b/main.tf\"",
            "",
            "63:1 ````hcl bad kubernetes=1.31` several files of one example need names (give each fence a `file=`; another case gets a heading of its own)",
        ),
        (
            "file=api.yaml ",
            "",
            "63:1 ````hcl bad file=\"a b/main.tf\" kubernetes=1.31` several files of one example need names (give each fence a `file=`; another case gets a heading of its own)",
        ),
        ("  - at: self.high\n", "  - at: self.high\n    at: self\n", "18:5 `at` `at` is given twice"),
        (
            "---\n# A drain",
            "# A drain",
            "30:1 `A node drain asks nobody, e.g. at 1.5 or `a. B`, but` expected `key: value` (an expression of several lines stands below `key: |`)|31:1 `the budget. Without one, all go down.` expected `key: value` (an expression of several lines stands below `key: |`)|33:1 `More about it.` expected `key: value` (an expression of several lines stands below `key: |`)|35:1 ````cel error medium` expected `key: value` (an expression of several lines stands below `key: |`)|36:1 `self.budgets.size() > 0 ||` expected `key: value` (an expression of several lines stands below `key: |`)|37:1 `  need > 1` this line belongs to no key (keys stand at the start of the line; an expression of several lines stands below `key: |`)|38:1 ````` expected `key: value` (an expression of several lines stands below `key: |`)|40:1 `> `{self.name}` runs {count(self.low.replicas, \"replica\")}, and no budget selects its pods` expected `key: value` (an expression of several lines stands below `key: |`)|41:1 `>` expected `key: value` (an expression of several lines stands below `key: |`)|42:1 `> add one with `maxUnavailable: 1`` expected `key: value` (an expression of several lines stands below `key: |`)|44:1 ````cel warning` expected `key: value` (an expression of several lines stands below `key: |`)|45:1 `last` expected `key: value` (an expression of several lines stands below `key: |`)|46:1 ````` expected `key: value` (an expression of several lines stands below `key: |`)|47:1 `> second` expected `key: value` (an expression of several lines stands below `key: |`)|50:1 ````yaml bad` expected `key: value` (an expression of several lines stands below `key: |`)|51:1 `a` no front matter key `a` exists (did you mean `at`?)|53:1 `b: 2` the title is missing (below the front matter stands `# ` and what goes wrong, in a few words)|53:1 `b: 2` a bad example is missing (`## Bad`, and below it a fence ```yaml bad)|54:1 ````` this fence does not belong here (examples stand below `## Bad` and `## Good`, a judgement is a `cel` fence)|62:1 ````hcl bad file=\"a b/main.tf\" kubernetes=1.31` this fence does not belong here (examples stand below `## Bad` and `## Good`, a judgement is a `cel` fence)",
        ),
        (
            "---\non: work",
            "on: work",
            "1:1 `` a bad example is missing (`## Bad`, and below it a fence ```yaml bad)|1:1 `` a good example is missing (`## Good`, and below it a fence ```yaml good)|1:1 `` the references are missing (`## References`, and below it `- where the fact is written`)|1:1 `on: workload` a rule's page starts with its front matter (it begins with `---`, `on: …`, `severity: …`, `confidence: …`, `---`)",
        ),
        (
            "A node drain asks nobody, e.g. at 1.5 or `a. B`, but\nthe budget. Without one, all go down.\n\nMore about it.\n",
            "",
            "29:1 `# A drain may evict every replica at once` the reason is missing (a paragraph below the title says what happens and to whom; reports print its first sentence)|32:1 ````cel error medium` the reason comes before the judgement|41:1 ````cel warning` the reason comes before the judgement",
        ),
        (
            "kubernetes=1.31",
            "today=2026-02-01",
            "63:1 ````hcl bad file=\"a b/main.tf\" today=2026-02-01` `today` is 2026-01-31 and 2026-02-01 in one example",
        ),
        (
            "```hcl bad",
            "```hcl bad extra",
            "63:12 `extra` an example knows no `extra` (known are `file=`, `today=`, `kubernetes=`)",
        ),
        (
            "## Good\n```yaml good\na: 2\n```\n",
            "",
            "29:1 `# A drain may evict every replica at once` a good example is missing (`## Good`, and below it a fence ```yaml good)",
        ),
        (
            "## Good\n```yaml good\na: 2\n```\n",
            "## Good\n",
            "67:1 `## Good` nothing stands below this heading",
        ),
        (
            "## Good\n",
            "## Fix: x\n## Good\n",
            "67:1 `## Fix: x` nothing stands below this heading|68:1 `## Good` `Good` stands below `Fix` (their order is Bad, Good, Fix, References)",
        ),
        (
            "fix unsafe new document",
            "fix new document",
            "73:1 ````yaml fix new document` a fix says whether it is `safe` or `unsafe` (`safe` changes nothing but the fault, `unsafe` is for a person to look at)",
        ),
        ("fix unsafe new document", "fix unsafe new", "73:20 `new` `new` what? (`new document`)"),
        ("fix unsafe new document", "fix unsafe remove", "74:1 `name: {self.name}` `remove` takes no text"),
        (
            "fix unsafe new document",
            "fix unsafe merge replace",
            "73:26 `replace` `replace` comes too late: that was said already",
        ),
        (
            "fix unsafe new document",
            "fix unsave",
            "73:1 ````yaml fix unsave` a fix says whether it is `safe` or `unsafe` (`safe` changes nothing but the fault, `unsafe` is for a person to look at)|73:13 `unsave` a fix knows no `unsave` (did you mean `unsafe`?)",
        ),
        ("fix unsafe new document", "fix unsafe for=", "73:20 `for=` `for=` needs a value (`for=CronJob`)"),
        (
            " for=CronJob",
            "",
            "76:1 ````yaml fix safe` there is a fix for the same things already (say what each is for: `for=CronJob`)",
        ),
        ("name: {self.name}\n", "", "73:1 ````yaml fix unsafe new document` this fix is empty"),
        (
            "name: {self.name}\n",
            "name: {self.name\n",
            "74:7 `{self.name` this hole has no end; it is closed by `}` on the same line",
        ),
        (
            "- Kubernetes: Disruptions",
            "Kubernetes: Disruptions",
            "81:1 `Kubernetes: Disruptions` references are a list: `- …`|82:1 `  and more` references are a list: `- …`",
        ),
        (
            "## References\n- Kubernetes: Disruptions\n  and more\n- Envoy\n",
            "",
            "29:1 `# A drain may evict every replica at once` the references are missing (`## References`, and below it `- where the fact is written`)",
        ),
        (
            "## References\n- Kubernetes: Disruptions\n  and more\n- Envoy\n",
            "## References\n",
            "80:1 `## References` nothing stands below this heading",
        ),
        ("## References\n", "## References\n```yaml\n```\n", "81:1 ````yaml` references are a list: `- …`"),
        (
            "- Envoy\n",
            "```\n",
            "83:1 ````` this fence has no end (close it with a line `````)|83:1 ````` references are a list: `- …`",
        ),
    ];
    for (from, to, expected) in table {
        assert!(PAGE.contains(from), "{from}");
        let text = PAGE.replacen(from, to, 1);
        let found: Vec<String> =
            check("a/b", text.as_str().into()).iter().map(|error| shown(&text, error)).collect();
        assert_eq!(found.join("|"), expected, "{from:?} → {to:?}");
    }
}

#[test]
fn a_page_without_judgements_or_text_is_refused() {
    let table = [
        (
            "",
            "1:1 `` a rule's page starts with its front matter (it begins with `---`, `on: …`, `severity: …`, `confidence: …`, `---`)",
        ),
        ("---\non: x\nseverity: info\nconfidence: high\n---\n", "6:1 `` the title is missing"),
        (
            "---\non: x\nseverity: info\nconfidence: high\n---\n# A\n\nB.\n",
            "6:1 `# A` the judgement is missing (say in a ```cel fence what is healthy, and below it, behind `>`, what to say where it is not)",
        ),
    ];
    for (text, expected) in table {
        let errors = Page::read("a/b", text.into()).expect_err("not a page");
        assert_eq!(errors.iter().map(|error| shown(text, error)).collect::<Vec<_>>().join("|"), expected);
    }
}

#[test]
fn sentences_end_where_the_next_begins() {
    let table = [
        ("One. Two.", "One."),
        ("One", "One"),
        ("See e.g. this. That.", "See e.g. this."),
        ("Use 1.5 s or `x. Y`. Then.", "Use 1.5 s or `x. Y`."),
        ("Really? Yes.", "Really?"),
        ("A file a.yaml is read. b.yaml is not.", "A file a.yaml is read. b.yaml is not."),
    ];
    for (paragraph, expected) in table {
        assert_eq!(first_sentence(paragraph), expected);
    }
}

/// Prints how long reading takes: a hundred pages may take a millisecond at start-up.
#[test]
#[allow(clippy::print_stdout)]
fn reading_is_quick() {
    let documented = include_str!("../../../docs/write-a-rule.md");
    let usual = documented.split("````markdown\n").nth(1).and_then(|page| page.split("````").next());
    for text in [PAGE, usual.expect("it shows a page")] {
        let text: Arc<str> = text.into();
        let page = read(&text);
        // The best of many rounds: others use the machine too.
        let measure = |what: &str, run: &dyn Fn()| {
            let rounds = (0..50).map(|_| {
                let start = std::time::Instant::now();
                (0..100).for_each(|_| run());
                start.elapsed() / 100
            });
            let best = rounds.min().unwrap_or_default();
            println!("{what}: {best:?} for a page of {} bytes", text.len());
            best
        };
        measure("subject", &|| assert!(std::hint::black_box(subject(&text)).is_some()));
        let read = measure("read", &|| assert!(Page::read("a/b", Arc::clone(&text)).is_ok()));
        measure("rest", &|| assert!(page.rest().is_ok()));
        let limit = if cfg!(debug_assertions) { 5_000 } else { 100 };
        assert!(read < std::time::Duration::from_micros(limit), "{read:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_it_panic(text in "[-a-z:#>`{}\"'|\\[\\], \\r\\né=.]{0,200}") {
        let _ = check("a/b", text.as_str().into());
        let _ = check("a/b", format!("---\n{text}").as_str().into());
        let _ = check("a/b", format!("---\non: x\nseverity: info\nconfidence: high\n---\n{text}").as_str().into());
        let _ = subject(&text);
    }

    #[test]
    fn no_change_makes_it_panic(at in 0..PAGE.len(), drop in 0_usize..40, put in "[-a-z:#>`{}\"'|\\[\\], \\r\\né=.]{0,6}") {
        let start = (0..=at).rev().find(|at| PAGE.is_char_boundary(*at)).unwrap_or_default();
        let end = (start + drop..=PAGE.len()).find(|at| PAGE.is_char_boundary(*at)).unwrap_or(PAGE.len());
        let text = format!("{}{put}{}", &PAGE[..start], &PAGE[end..]);
        for error in check("a/b", text.as_str().into()) {
            prop_assert!(text.get(error.span.range()).is_some(), "{error:?}");
            prop_assert!(!error.message.ends_with('.'));
        }
        if let Ok(page) = Page::read("a/b", text.as_str().into()) {
            for judgement in &page.judgements {
                prop_assert_eq!(&text[judgement.expr.span.range()], &judgement.expr.text);
                prop_assert_eq!(&text[judgement.message.span.range()], &judgement.message.text);
            }
            let _ = page.rest();
        }
    }
}

#[test]
fn the_page_in_the_documentation_is_right() {
    let text = include_str!("../../../docs/write-a-rule.md");
    let (_, page) = text.split_once("````markdown\n").expect("it shows a page");
    let (page, _) = page.split_once("````").expect("which ends");
    let found: Vec<String> = check("a/b", page.into()).iter().map(|error| shown(page, error)).collect();
    assert_eq!(found, Vec::<String>::new());
    for key in KEYS {
        assert!(text.contains(&format!("\n| `{key}` |")), "{key} is not described");
    }
}
