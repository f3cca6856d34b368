//! The program itself, as a shell runs it: exit codes, streams, the same bytes for any number of threads, bad input.
//!
//! What a single command says is tested beside `src/cli`; here only what needs a real process or a real folder.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

const FORMATS: [&str; 9] =
    ["human", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "rdjson"];

/// Three replicas.
const WORKLOAD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 3
  selector:
    matchLabels:
      app: api
  template:
    metadata:
      labels:
        app: api
    spec:
      containers:
        - name: api
          image: api:1.4.2
";

/// Three must stay: one half of a fault.
const BUDGET: &str = "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: api
spec:
  minAvailable: 3
  selector:
    matchLabels:
      app: api
";

/// The rule that these tests are about; others may speak of the same files.
const RULE: &str = "disruption/budget-blocks-drain";

/// Something that is no fault of any kind.
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";

/// Both halves of the fault.
fn fault() -> String {
    format!("{WORKLOAD}---\n{BUDGET}")
}

/// The same with another name.
fn named(text: &str, name: &str) -> String {
    text.replace(": api", &format!(": {name}"))
}

// ── exit codes ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn exit_codes_are_the_same_in_every_format() {
    let faulty = Folder::new("codes").with("steadfast.toml", "").with("api.yaml", &fault());
    let clean = Folder::new("codes").with("steadfast.toml", "").with("shop.yaml", NAMESPACE);
    let misset = Folder::new("codes").with("steadfast.toml", "selct = []\n").with("shop.yaml", NAMESPACE);
    let empty = Folder::new("codes").with("steadfast.toml", "");
    for format in FORMATS {
        let run = |folder: &Folder, more: &[&str]| {
            let said = folder.run(&[&["--select", RULE, "--output", format], more].concat());
            assert!(!said.err.contains("panicked"), "{format}: {}", said.err);
            said.code
        };
        assert_eq!(run(&faulty, &[]), 1, "{format}");
        assert_eq!(run(&faulty, &["--fail-on", "never"]), 0, "{format}");
        assert_eq!(run(&clean, &[]), 0, "{format}");
        assert_eq!(run(&misset, &[]), 2, "{format}");
        assert_eq!(run(&clean, &["--select", "no/such-rule"]), 2, "{format}");
        assert_eq!(run(&clean, &["nowhere.yaml"]), 2, "{format}");
        // The settings are no configuration of a system.
        assert!([0, 2].contains(&run(&empty, &[])), "{format}");
    }
}

#[test]
fn an_unknown_rule_is_named_with_its_nearest() {
    let folder = Folder::new("unknown").with("steadfast.toml", "").with("shop.yaml", NAMESPACE);
    let said = folder.run(&["--select", "disruption/no-budgt"]);
    assert_eq!(said.code, 2);
    assert!(said.all().contains("disruption/no-budget"), "{said:?}");
}

#[test]
fn bad_settings_are_shown_in_their_file() {
    let folder =
        Folder::new("settings").with("steadfast.toml", "ignore = [\"disruption\"]\nfail-no = \"error\"\n");
    let folder = folder.with("shop.yaml", NAMESPACE);
    let said = folder.run(&[]);
    assert_eq!(said.code, 2);
    assert!(said.out.contains("steadfast.toml:2:1") && said.out.contains("fail-on"), "{said:?}");
}

// ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_reader_that_stops_is_no_failure() {
    let folder = Folder::new("pipe").with("steadfast.toml", "");
    let mut folder = folder;
    for at in 0..400 {
        folder = folder.with(&format!("k8s/{at}.yaml"), &named(&fault(), &format!("api-{at}")));
    }
    let mut child = steadfast(&folder.0)
        .args(["--all", "--select", RULE])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 10]).unwrap();
    drop(out);
    let said = child.wait_with_output().unwrap();
    assert_eq!(said.status.code(), Some(1), "the findings still count");
    assert_eq!(String::from_utf8_lossy(&said.stderr), "");
}

#[test]
fn standard_input_stands_for_a_file() {
    let folder = Folder::new("stdin")
        .with("steadfast.toml", "")
        .with("api.yaml", NAMESPACE)
        .with("budget.yaml", BUDGET);
    let said = folder.pipe(&["-", "--stdin-filename", "api.yaml", "--select", RULE], WORKLOAD.as_bytes());
    assert_eq!(said.code, 1, "the budget beside it is known: {said:?}");
    assert_eq!(folder.run(&["--select", RULE]).code, 0, "what is on disk is another file");
    let alone = Folder::new("stdin");
    let said = alone.pipe(&["-", "--output", "concise", "--select", RULE], fault().as_bytes());
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.starts_with("stdin.yaml:"), "{said:?}");
}

#[test]
fn colours_are_for_terminals() {
    let folder = Folder::new("colours").with("steadfast.toml", "").with("api.yaml", &fault());
    let coloured = |more: &[&str], name: &str, value: &str| {
        let said = folder.finish(steadfast(&folder.0).args(more).env(name, value));
        said.out.contains('\u{1b}')
    };
    assert!(!coloured(&[], "UNUSED", ""));
    assert!(coloured(&["--color", "always"], "UNUSED", ""));
    assert!(coloured(&["--color", "always"], "NO_COLOR", "1"), "the flag wins");
    assert!(coloured(&[], "FORCE_COLOR", "1"));
    assert!(!coloured(&["--color", "never"], "FORCE_COLOR", "1"));
}

// ── the same bytes ──────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn output_is_the_same_for_any_threads_and_any_order() {
    let project = many_faults();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/example");
    for root in [example.as_path(), project.0.as_path()] {
        let mut folders: Vec<String> = fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "steadfast.toml")
            .collect();
        folders.sort();
        let run = |jobs: &str, paths: &[String], format: &str| {
            let output = steadfast(root)
                .args(["--select", "all", "--jobs", jobs, "--output", format])
                .args(paths)
                .output()
                .unwrap();
            assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
            output.stdout
        };
        for format in ["human", "json", "sarif"] {
            let first = run("1", &folders, format);
            assert!(!first.is_empty());
            let mut shuffled = folders.clone();
            for (jobs, turn) in [("1", 1), ("2", 3), ("7", 5), ("7", 0)] {
                let by = turn % shuffled.len();
                shuffled.rotate_left(by);
                shuffled.swap(0, folders.len() / 2);
                let again = run(jobs, &shuffled, format);
                assert!(
                    first == again,
                    "{format} with {jobs} threads and {shuffled:?} in {}",
                    root.display()
                );
            }
        }
    }
}

/// A hundred folders with everything twice, of which one half is right.
fn many_faults() -> Folder {
    let mut folder = Folder::new("same").with("steadfast.toml", "");
    for unit in 0..12 {
        for at in 0..12 {
            let name = format!("api-{at}");
            folder = folder.with(&format!("unit-{unit}/{at}/api.yaml"), &named(WORKLOAD, &name));
            if at % 2 == 0 {
                folder = folder.with(&format!("unit-{unit}/{at}/budget.yaml"), &named(BUDGET, &name));
            }
        }
    }
    folder
}

// ── the project ─────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn named_files_filter_and_the_project_is_read() {
    let folder = Folder::new("filter")
        .with("steadfast.toml", "")
        .with("a/api.yaml", WORKLOAD)
        .with("b/budget.yaml", BUDGET)
        .with("c/shop.yaml", NAMESPACE);
    // The other half is in a file that is not named, and either half may be the one that is.
    assert_eq!(folder.run(&["--select", RULE, "b/budget.yaml"]).code, 1);
    assert_eq!(folder.run(&["--select", RULE, "a/api.yaml"]).code, 1);
    assert_eq!(folder.run(&["--select", RULE, "c/shop.yaml"]).code, 0);
    assert_eq!(folder.run(&["--select", RULE, "c/shop.yaml", "a"]).code, 1);
    assert_eq!(folder.run(&["--select", RULE, "--isolated", "a/api.yaml"]).code, 0);
    assert_eq!(folder.run(&["--select", RULE, "--isolated", "a", "b"]).code, 1);
    let below = folder.finish(steadfast(&folder.0.join("c")).args(["--select", RULE]));
    assert_eq!(below.code, 0, "a folder reports itself: {below:?}");
}

#[test]
fn a_related_place_in_a_named_file_counts() {
    // The primary place is the budget's; the workload is only related.
    let rule = OWN_RULE
        .replace("on: workload", "on: budget")
        .replace("at: self.name", "at: self\nrelated:\n  - at: self.workloads\n    says: is meant");
    let folder = Folder::new("related")
        .with("steadfast.toml", "rules = [\"own\"]\n")
        .with("own/team/budget.md", &rule)
        .with("a/api.yaml", WORKLOAD)
        .with("b/budget.yaml", BUDGET)
        .with("c/shop.yaml", NAMESPACE);
    for (path, found) in [("a/api.yaml", 1), ("b/budget.yaml", 1), ("c", 0)] {
        let said = folder.run(&["--select", "team", "--output", "concise", path]);
        assert_eq!(said.code, found, "{path}: {said:?}");
        assert_eq!(said.out.contains("b/budget.yaml:"), found == 1, "{path}: {said:?}");
    }
}

#[test]
fn what_is_made_elsewhere_is_not_missed() {
    let needs = WORKLOAD.replace(
        "image: api:1.4.2",
        "image: api:1.4.2\n          envFrom: [{configMapRef: {name: db-main}}]",
    );
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db-mian\n";
    let with = |settings: &str| {
        let folder = Folder::new("external")
            .with("steadfast.toml", &format!("select = [\"hygiene\"]\n{settings}"))
            .with("api.yaml", &needs);
        folder.with("other.yaml", other).run(&["--output", "concise"]).out
    };
    let missing = "db-main";
    assert!(with("").contains(missing));
    let declared =
        with("[[external]]\nkind = \"ConfigMap\"\nname = \"db-*\"\nreason = \"the vault makes it\"\n");
    assert!(!declared.contains(missing) && !declared.contains("nothing refers"), "{declared}");
    let of_no_use = with("[[external]]\nkind = \"ConfigMap\"\nname = \"tls-*\"\n");
    assert!(of_no_use.contains(missing) && of_no_use.contains("nothing refers"), "{of_no_use}");
}

// ── the other commands ──────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn every_command_works() {
    let folder = Folder::new("commands").with("k8s/api.yaml", &fault());
    let said = folder.run(&["init"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(folder.0.join("steadfast.toml").is_file());
    assert_eq!(folder.run(&["--select", RULE]).code, 1, "what `init` writes changes nothing");

    let said = folder.run(&["explain", RULE]);
    assert!(said.code == 0 && said.out.contains("## Bad") && said.out.contains("## References"), "{said:?}");
    let (_, alone) = RULE.rsplit_once('/').unwrap();
    assert_eq!(folder.run(&["explain", alone]).out, said.out, "no other rule is called so");
    let said = folder.run(&["explain", "disruption"]);
    assert!(said.code == 0 && said.out.contains(RULE), "{said:?}");

    let said = folder.run(&["rules", "--output", "json"]);
    assert_eq!(said.code, 0);
    for key in ["id", "family", "severity", "confidence", "default", "title", "subject", "url"] {
        assert!(said.out.contains(&format!("\"{key}\": ")), "{key}");
    }
    let said = folder.run(&["vocabulary", "workload"]);
    assert!(said.code == 0 && said.out.contains("budgets"), "{said:?}");
    let said = folder.run(&["model"]);
    assert!(said.code == 0 && said.out.contains("\"workload\"") && said.out.contains("\"api\""), "{said:?}");
    let said = folder.run(&["completions", "bash"]);
    assert!(said.code == 0 && said.out.contains("write-baseline"), "{said:?}");
    let said = folder.run(&["man"]);
    assert!(said.code == 0 && said.out.contains(".TH steadfast"), "{said:?}");
}

#[test]
fn own_rules_are_tried_and_asked() {
    let page = OWN_RULE;
    let folder = Folder::new("own")
        .with("steadfast.toml", "")
        .with("api.yaml", &fault())
        .with("ci/rules/team/named-api.md", page);
    let said = folder.run(&["test", "ci/rules"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = folder.run(&["--rules", "ci/rules", "--select", "team", "--output", "concise"]);
    assert!(said.code == 1 && said.out.contains("[team/named-api]"), "{said:?}");
    let said = folder.run(&["--rules", "ci/rules", "--select", "team", "--output", "json"]);
    assert!(said.out.contains("\"url\": null"), "its page is in no repository of ours: {said:?}");
    let folder = folder.with("steadfast.toml", "[params.\"team/named-api\"]\nsince = 3\n");
    let said = folder.run(&["--rules", "ci/rules"]);
    assert!(said.code == 2 && said.out.contains("steadfast.toml:2:1"), "{said:?}");
    let folder = folder.with("steadfast.toml", "").with("empty/README.md", "");
    for command in [&["test", "empty"][..], &["model", "--isolated", "empty"]] {
        let said = folder.run(command);
        assert!(
            said.code == 2 && !said.out.contains("judge") && said.err.contains("there is no"),
            "{said:?}"
        );
    }
    // Text behind something unknown is unknown, also in the sentence.
    let joined = page
        .replace("self.name != \"api\"", "self.name + \"-v1\" != \"api-v1\"")
        .replace("`{self.name}`", "`{self.name + \"-v1\"}`");
    let folder = folder.with("ci/rules/team/named-api.md", &joined);
    let said = folder.run(&["test", "ci/rules"]);
    assert_eq!(said.code, 0, "{said:?}");
    let noisy = folder.with("ci/rules/team/noisy.md", &page.replace("name: web }", "name: api }"));
    assert_eq!(noisy.run(&["test", "ci/rules"]).code, 1);
}

/// A rule that a team could have.
const OWN_RULE: &str = r#"---
on: workload
severity: warning
confidence: high
at: self.name
---
# Nothing is called api

A name that everything could have tells nobody who is meant.

```cel
self.name != "api"
```

> `{self.name}` says nothing

## Bad
```yaml bad
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec: { template: { spec: { containers: [{ name: main, image: "main:1" }] } } }
```

## Good
```yaml good
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { template: { spec: { containers: [{ name: main, image: "main:1" }] } } }
```

## References
- The team's handbook
"#;

// ── bad input ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// Longer than any of these may take, also on a machine that does other things, in a build without optimisation.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn bad_input_is_said_and_the_rest_is_judged() {
    let start = "apiVersion: v1\nkind: ConfigMap\n";
    let mut bomb = format!("{start}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for at in 1..12 {
        let aliases = vec![format!("*a{}", at - 1); 9].join(", ");
        let _ = writeln!(bomb, "a{at}: &a{at} [{aliases}]");
    }
    let documents = |count: usize| {
        (0..count).fold(String::new(), |mut text, at| {
            let _ = write!(text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: c{at} }}\n");
            text
        })
    };
    let cases: Vec<(&str, &str, Vec<u8>, Option<&str>)> = vec![
        ("brackets", "bad.yaml", format!("{start}a: {}", "[".repeat(100_000)).into(), Some("bad.yaml:3")),
        ("braces", "bad.yaml", format!("{start}a: {}", "{a: ".repeat(100_000)).into(), Some("bad.yaml:3")),
        (
            "dashes",
            "bad.yaml",
            format!("{start}a:\n  {}x\n", "- ".repeat(100_000)).into(),
            Some("bad.yaml:4"),
        ),
        ("brackets in JSON", "bad.json", "[".repeat(100_000).into(), Some("cannot be parsed")),
        (
            "nested tables",
            "bad.toml",
            format!("a = {}", "[".repeat(100_000)).into(),
            Some("cannot be parsed"),
        ),
        ("an alias bomb", "bad.yaml", bomb.into(), Some("bad.yaml:")),
        (
            "a long line",
            "bad.yaml",
            format!("a: {}\n", "x".repeat(9 << 20)).into(),
            Some("bad.yaml` is larger than"),
        ),
        ("a long line within the limit", "bad.yaml", format!("a: {}\n", "x".repeat(7 << 20)).into(), None),
        ("no UTF-8", "bad.yaml", b"a: \xff\xfe\xfd\n".to_vec(), Some("bad.yaml` is not UTF-8")),
        ("a NUL byte", "bad.yaml", b"a: 1\0\n".to_vec(), Some("1 binary file")),
        ("a NUL in an escape", "bad.yaml", b"a: \"\\0\"\n".to_vec(), None),
        ("ten thousand documents", "bad.yaml", documents(10_000).into(), None),
        ("only a byte order mark", "bad.yaml", b"\xef\xbb\xbf".to_vec(), None),
        (
            "a template",
            "bad.yaml",
            b"a: {{ .Values.x }}\n{{- if .y }}\n".to_vec(),
            Some("1 template that was not rendered"),
        ),
        ("unclosed quotes", "bad.yaml", format!("{start}a: \"x\nb: 1\n").into(), Some("bad.yaml:3")),
    ];
    for (what, name, bytes, said_of_it) in cases {
        let folder =
            Folder::new("bad").with("steadfast.toml", "").with("api.yaml", &fault()).with_bytes(name, &bytes);
        let started = Instant::now();
        let said = folder.run(&["--select", RULE]);
        assert!(started.elapsed() < PATIENCE, "{what} took {:?}", started.elapsed());
        assert_eq!(said.code, 1, "{what}: the finding beside it counts: {}", said.short());
        assert!(said.out.contains("api.yaml:"), "{what}: {}", said.short());
        assert!(!said.all().contains("panicked"), "{what}: {}", said.short());
        assert!(said.out.len() < 20_000, "{what}: {} bytes are too much to say", said.out.len());
        if let Some(words) = said_of_it {
            assert!(said.out.contains(words), "{what}: `{words}` is not said: {}", said.short());
        }
    }
}

#[test]
fn bad_input_alone_is_no_crash() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..20 {
        let mut bytes = fault().into_bytes();
        for _ in 0..12 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let at = random as usize % bytes.len();
            match random >> 62 {
                0 => bytes[at] = (random >> 32) as u8,
                1 => drop(bytes.drain(at..(at + 9).min(bytes.len()))),
                2 => bytes.insert(at, b"{[&*!|>'\"%@`:-?#\t"[(random >> 40) as usize % 17]),
                _ => bytes.splice(at..at, *b"\n  - &a *a").for_each(drop),
            }
        }
        let folder = Folder::new("random").with("steadfast.toml", "").with_bytes("api.yaml", &bytes);
        let said = folder.run(&["--select", "all"]);
        assert!(
            [0, 1, 2].contains(&said.code) && !said.all().contains("panicked"),
            "{}\n{said:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[cfg(unix)]
#[test]
fn links_and_locked_files_are_said() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::new("links")
        .with("steadfast.toml", "")
        .with("api.yaml", &fault())
        .with("deep/er/shop.yaml", NAMESPACE);
    symlink(folder.0.join("deep"), folder.0.join("deep/er/loop")).unwrap();
    symlink("nowhere.yaml", folder.0.join("broken.yaml")).unwrap();
    symlink("/", folder.0.join("out")).unwrap();
    let said = folder.run(&["--select", RULE]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("deep/er/loop` is a link that leads back"), "{said:?}");
    assert!(said.out.contains("broken.yaml` cannot be read"), "{said:?}");

    let locked = folder.0.join("locked.yaml");
    fs::write(&locked, NAMESPACE).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&locked).is_ok() {
        eprintln!("skipped: nothing is locked for root");
        return;
    }
    let said = folder.run(&["--select", RULE]);
    assert!(
        said.code == 1 && said.out.contains("locked.yaml` cannot be read: permission denied"),
        "{said:?}"
    );
}

#[test]
fn absurd_rules_are_refused() {
    let expressions = [
        format!("{}true{}", "(".repeat(1_000), ")".repeat(1_000)),
        format!("{}true{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("true{}", " && true".repeat(5_000)),
        format!("self{}", ".name".repeat(10_000)),
        "!".repeat(2_000) + "true",
        "[".repeat(2_000),
        "self.name ==".to_owned(),
        "self.nme == \"x\"".to_owned(),
        "1 / 0 == 1".to_owned(),
        "\"".to_owned(),
        "self.name.matches(\"(a+)+$\")".to_owned(),
        "é < 𝄞".to_owned(),
    ];
    for expression in expressions {
        let page = OWN_RULE.replace("self.name != \"api\"", &expression);
        let folder = Folder::new("absurd")
            .with("steadfast.toml", "")
            .with("api.yaml", &fault())
            .with("own/team/absurd.md", &page);
        for arguments in [&["--rules", "own", "--select", RULE, "--select", "team"][..], &["test", "own"]] {
            let started = Instant::now();
            let said = folder.run(arguments);
            let what = expression.chars().take(40).collect::<String>();
            assert!(started.elapsed() < PATIENCE, "{what} took {:?}", started.elapsed());
            let expected = if arguments[0] == "test" { 1 } else { 2 };
            assert_eq!(said.code, expected, "{what}: {}", said.short());
            assert!(said.out.contains("absurd.md:"), "{what}: {}", said.short());
            assert!(!said.all().contains("panicked"), "{what}: {}", said.short());
            if expected == 2 {
                assert!(
                    said.out.contains("api.yaml:"),
                    "{what}: the other rules are still asked: {}",
                    said.short()
                );
            }
        }
    }
}

#[test]
fn an_endless_expression_is_stopped() {
    let mut folder = Folder::new("endless").with("steadfast.toml", "");
    for at in 0..6 {
        folder = folder.with(&format!("{at}.yaml"), &named(&fault(), &format!("api-{at}")));
    }
    let all = "project.workloads.all(X, ";
    let nested: String =
        ["a", "b", "c", "d", "e", "f", "g", "h", "i"].iter().map(|name| all.replace('X', name)).collect();
    let expression = format!("{nested}a.name != i.name || b.name != \"\"{}", ")".repeat(9));
    let folder = folder.with("own/team/endless.md", &OWN_RULE.replace("self.name != \"api\"", &expression));
    let started = Instant::now();
    let said = folder.run(&["--rules", "own", "--select", "team"]);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert_eq!(said.code, 2, "{}", said.short());
    assert!(said.out.contains("million steps"), "{}", said.short());
}

// ── what these tests share ──────────────────────────────────────────────────────────────────────────────────────────

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("steadfast-{name}-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    fn with(self, path: &str, text: &str) -> Self {
        self.with_bytes(path, text.as_bytes())
    }

    fn with_bytes(self, path: &str, bytes: &[u8]) -> Self {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.finish(steadfast(&self.0).args(arguments))
    }

    fn finish(&self, command: &mut Command) -> Said {
        Said::of(&command.output().unwrap())
    }

    /// Runs with this on standard input.
    fn pipe(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut command = steadfast(&self.0);
        let command =
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = thread::spawn(move || stdin.write_all(&input));
        let said = Said::of(&child.wait_with_output().unwrap());
        let _ = writer.join();
        said
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap_or_else(|| panic!("killed: {output:?}"));
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Enough of it to see what went wrong.
    fn short(&self) -> String {
        let all = self.all();
        all.chars().take(2_000).collect()
    }
}

/// The program in a folder, in a world of its own: no variable of the machine's changes what it says.
fn steadfast(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steadfast"));
    command.current_dir(folder).env_clear().env("SOURCE_DATE_EPOCH", "1795132800").stdin(Stdio::null());
    command
}
