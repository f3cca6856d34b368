//! The command line as a person meets it: words in, words and an exit code out.

use std::fs;
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::date;

use super::*;
use crate::config::{Config, ConfigFile, FailOn};
use crate::finding::{Confidence, Finding, Label, Members, Severity, Standing, SubjectName};
use crate::outcome::Outcome;
use crate::source::{FileId, Place, Span};

/// A folder that is gone when the test ends.
struct Folder(Utf8PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("steadfast-cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder for the test");
        let path = Utf8PathBuf::from_path_buf(path).expect("UTF-8");
        Self(path.canonicalize_utf8().expect("it exists"))
    }

    fn with(self, path: &str, text: &str) -> Self {
        let file = self.0.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for the file");
        fs::write(file, text).expect("a file for the test");
        self
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_in("", arguments, &[])
    }

    fn run_in(&self, folder: &str, arguments: &[&str], env: &[(&str, &str)]) -> Said {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut world = World {
            out: &mut out,
            err: &mut err,
            input: &mut Cursor::new("a: 1\n"),
            env: &env,
            folder: self.0.join(folder),
            terminal: false,
            err_terminal: false,
            now: date(2026, 11, 20),
        };
        let arguments = std::iter::once("steadfast").chain(arguments.iter().copied()).map(OsString::from);
        let code = super::run(arguments, &mut world);
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Said { code, out: text(out), err: text(err) }
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).expect("the file was written")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug)]
struct Said {
    code: u8,
    out: String,
    err: String,
}

fn shop() -> Folder {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
    Folder::new().with("steadfast.toml", "").with("k8s/shop.yaml", namespace)
}

#[test]
fn help_and_version_are_no_failure() {
    let shop = shop();
    for arguments in [&["--help"][..], &["-V"], &["check", "--help"], &["explain", "-h"]] {
        let said = shop.run(arguments);
        assert_eq!((said.code, said.err.as_str()), (CLEAN, ""), "{arguments:?}");
        assert!(!said.out.is_empty());
    }
    assert!(shop.run(&["--help"]).out.contains("Exit codes"));
}

#[test]
fn bad_usage_is_2() {
    let shop = shop();
    for (arguments, words) in [
        (&["--frobnicate"][..], "--frobnicate"),
        (&["--fail-on", "sometimes"], "never"),
        (&["--min-severity", "never"], "warning"),
        (&["--today", "2026-2-3"], "2027-01-31"),
        (&["--today", "2026-02-30"], "2027-01-31"),
        (&["--max-file-size", "big"], "8MiB"),
        (&["--jobs", "0"], "0"),
        (&["--output", "pdf"], "sarif"),
        (&["--output", "sarif="], "missing"),
        (&["--output", "json", "--output", "human"], "standard output"),
        (&["--output", "json=a", "--output", "sarif=a"], "share a"),
        (&["nowhere.yaml"], "there is no file or folder nowhere.yaml"),
        (&["explian"], "did you mean the command `steadfast explain`?"),
        (&["--config", "nowhere.toml"], "nowhere.toml"),
        (&["--rules", "nowhere"], "nowhere"),
        (&["--stdin-filename", "x.yaml"], "`-`"),
        (&["-", "-"], "once"),
        (&["--baseline", "nowhere.json"], "there is no baseline"),
        (&["--add-ignore=--"], "needs a reason"),
        (&["-", "--add-ignore", "old"], "standard input"),
        (&["--add-ignore", "old", "--write-baseline", "x"], "cannot be used with"),
        (&["explain"], "RULE"),
        (&["explain", "no/such"], "there is no rule"),
        (&["vocabulary", "worklaod"], "did you mean `workload`?"),
        (&["test"], "there is no folder"),
        (&["completions", "tcsh"], "tcsh"),
    ] {
        let said = shop.run(arguments);
        assert_eq!(said.code, COULD_NOT_RUN, "{arguments:?} {said:?}");
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
        assert_eq!(said.out, "", "{arguments:?}");
    }
}

#[test]
fn a_bad_settings_file_is_2_in_every_format() {
    let shop = shop().with("steadfast.toml", "selct = []\n").with("k8s/x", "");
    for format in crate::report::Format::ALL {
        let said = shop.run(&["--output", format.name()]);
        assert_eq!(said.code, COULD_NOT_RUN, "{format}");
    }
    assert!(shop.run(&[]).out.contains("selct"));
    assert!(shop.run_in("k8s", &[], &[]).out.contains("../steadfast.toml"));
    assert_eq!(shop.run(&["--isolated"]).code, CLEAN);
    assert_eq!(shop.run(&["rules"]).code, COULD_NOT_RUN);
}

#[test]
fn settings_come_from_the_flag_then_the_environment_then_the_project() {
    let shop = shop().with("bad.toml", "bad = 1\n").with("good.toml", "").with("worse.toml", "worse = 1\n");
    let env = [("STEADFAST_CONFIG", "bad.toml")];
    assert!(shop.run_in("", &[], &env).out.contains("bad"));
    assert!(shop.run_in("", &["--config", "worse.toml"], &env).out.contains("worse"));
    assert_eq!(shop.run_in("", &["--config", "good.toml"], &env).code, CLEAN);
    assert_eq!(shop.run_in("", &["--isolated"], &env).code, CLEAN);
    assert_eq!(shop.run(&[]).code, CLEAN);
}

#[test]
fn reports_go_to_files_and_a_person_still_sees_one() {
    let shop = shop();
    let (human, json) = (shop.run(&["--output", "human"]).out, shop.run(&["--output", "json"]).out);
    let said = shop.run(&["--output", "sarif=out/report.sarif", "-o", "json=report.json"]);
    assert_eq!((said.code, said.out), (CLEAN, human));
    assert!(shop.read("out/report.sarif").contains("sarif"));
    assert_eq!(shop.read("report.json"), json);
}

#[test]
fn standard_input() {
    let shop = shop();
    for arguments in
        [&["-"][..], &["-", "--isolated"], &["-", "k8s"], &["-", "--stdin-filename", "k8s/shop.yaml"]]
    {
        let said = shop.run(arguments);
        assert_eq!((said.code, said.err.as_str()), (CLEAN, ""), "{arguments:?} {}", said.out);
        assert!(!said.out.contains("cannot be read"), "{arguments:?} {}", said.out);
    }
    let said = shop.run(&["-", "--max-file-size", "3"]);
    assert_eq!(said.code, COULD_NOT_RUN);
    assert!(said.err.contains("larger than 3 bytes"));
}

#[test]
fn nothing_to_check_is_2() {
    let folder = Folder::new();
    let said = folder.run(&[]);
    assert_eq!(said.code, COULD_NOT_RUN);
    assert!(said.out.contains("nothing to check"));
}

const BROKEN: &str = "apiVersion: v1\nkind: Pod\n  metadata: [\n";
const SOUND: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shop }\n";

#[test]
fn where_no_manifest_can_be_parsed_it_is_2() {
    let folder = Folder::new().with("a.yaml", BROKEN);
    let said = folder.run(&[]);
    assert_eq!(said.code, COULD_NOT_RUN, "{}", said.out);
    assert!(said.out.contains("nothing could be judged: the only file with manifests cannot be parsed"));
    let folder = folder.with("b.yaml", BROKEN);
    assert!(folder.run(&[]).out.contains("all files with manifests"));

    let said = folder.with("c.yaml", SOUND).run(&[]);
    assert_eq!(said.code, CLEAN, "what is sound is judged, and the code is its own: {}", said.out);
    assert!(said.out.contains("no findings, 2 problems with the input in 3 files"), "{}", said.out);
    let said = Folder::new().with("values.json", "{ a: ").run(&[]);
    assert_eq!(said.code, CLEAN, "the files of another tool may be as broken as they like: {}", said.out);
}

#[test]
fn a_chart_that_another_program_fills_in_is_no_fault() {
    let chart = "apiVersion: v2\nname: shop\nversion: {{ .Version }}\n";
    let folder = Folder::new().with("build/Chart.yaml", chart).with("build/templates/shop.yaml", SOUND);
    let said = folder.run(&[]);
    assert_eq!(said.code, CLEAN);
    assert!(said.out.contains("is a template that another program fills in"), "{}", said.out);
    assert!(!said.out.contains("error"), "{}", said.out);
}

#[test]
fn binary_files_are_named_as_far_as_anybody_would_read_them() {
    let folder = (1..=7).fold(Folder::new().with("shop.yaml", SOUND), |folder, nth| {
        folder.with(&format!("bin/{nth}.yaml"), "a\0b")
    });
    let said = folder.run(&[]);
    assert_eq!(said.code, CLEAN);
    assert_eq!(said.out.matches("holds binary data").count(), 5, "{}", said.out);
    assert!(said.out.contains("2 more binary files are not read"), "{}", said.out);
    let said = folder.run(&["shop.yaml"]);
    assert!(!said.out.contains("holds binary data"), "nobody asked about them: {}", said.out);
    assert!(!said.out.contains("binary files are not read"), "{}", said.out);
}

#[test]
fn all_that_is_wrong_with_the_settings_is_told_at_once() {
    let folder = shop().with("steadfast.toml", "selct = []\nselect = [\"probs\"]\nrules = [\"gone\"]\n");
    let said = folder.run(&[]).out;
    assert!(said.contains("unknown key `selct`") && said.contains("there is no such folder"), "{said}");
    assert!(!said.contains("`probs`"), "the rules of a folder that is not there may have any name: {said}");
    let said = folder.with("steadfast.toml", "selct = []\nselect = [\"probs\"]\n").run(&[]).out;
    assert!(
        said.contains("unknown key `selct`") && said.contains("unknown rule or family `probs`"),
        "{said}"
    );
}

#[test]
fn sarif_lists_every_rule_that_is_enabled() {
    let shop = shop();
    let read = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&shop.run(arguments).out).expect("JSON")
    };
    let ids = |rules: &serde_json::Value| -> std::collections::BTreeSet<String> {
        let rules = rules.as_array().expect("a list").iter();
        rules.filter_map(|rule| rule["id"].as_str().map(str::to_owned)).collect()
    };
    let all = read(&["rules", "--output", "json"]);
    let mut default = all.clone();
    default.as_array_mut().expect("a list").retain(|rule| rule["default"] == true);
    let listed = |arguments: &[&str]| {
        ids(&read(&[&["--output", "sarif"], arguments].concat())["runs"][0]["tool"]["driver"]["rules"])
    };
    assert_eq!(listed(&[]), ids(&default));
    assert_eq!(listed(&["--select", "all"]), ids(&all));
}

#[test]
fn baselines_that_are_none_are_2() {
    let shop = shop().with("base.json", "{\n  nope").with("good.json", "{\"version\":1,\"findings\":[]}");
    let said = shop.run(&["--baseline", "base.json"]);
    assert_eq!(said.code, COULD_NOT_RUN);
    assert!(said.out.contains("base.json:2") && said.out.contains("no baseline"), "{}", said.out);
    assert_eq!(shop.run(&["--baseline", "good.json"]).code, CLEAN);
    let said = shop.run(&["--baseline", "new.json", "--write-baseline", "new.json"]);
    assert_eq!((said.code, said.out.as_str()), (CLEAN, "wrote 0 findings to new.json\n"));
    assert_eq!(shop.run(&["--baseline", "new.json"]).code, CLEAN);
}

#[test]
fn init_writes_once() {
    let shop = shop();
    fs::remove_file(shop.0.join("steadfast.toml")).expect("it was there");
    let said = shop.run(&["init"]);
    assert_eq!((said.code, shop.read("steadfast.toml").as_str()), (CLEAN, INIT_TEMPLATE));
    let said = shop.run(&["init"]);
    assert_eq!(said.code, COULD_NOT_RUN);
    assert!(said.err.contains("there already"));
    assert_eq!(shop.run(&[]).code, CLEAN);
}

fn settings(text: &str) -> String {
    let file = ConfigFile { path: "steadfast.toml".into(), folder: Utf8PathBuf::new(), text: text.into() };
    let (mut config, problems) = Config::read(file, date(2026, 11, 20));
    assert_eq!(problems, []);
    config.file = None;
    format!("{config:#?}")
}

/// As written it is the defaults; with every `#` before a setting removed, those that show defaults still are.
#[test]
fn what_init_writes_is_the_defaults() {
    assert_eq!(settings(INIT_TEMPLATE), settings(""));
    let set = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') || rest.starts_with("  ") => rest.to_owned(),
        _ => line.to_owned(),
    };
    let all: Vec<String> = INIT_TEMPLATE.lines().map(set).collect();
    let all = all.join("\n");
    settings(&all);
    for key in [
        "select",
        "pedantic",
        "min-severity",
        "fail-on",
        "max-file-size",
        "[[overrides]]",
        "[paths]",
        "[params",
    ] {
        assert!(all.lines().any(|line| line.starts_with(key)), "{key} is not shown");
    }
    let file = ConfigFile { path: "x".into(), folder: Utf8PathBuf::new(), text: all.into() };
    let (config, _) = Config::read(file, date(2026, 11, 20));
    let usual = Config::new(date(2026, 11, 20));
    assert_eq!(config.selected("disruption/other"), crate::config::Selected::Default);
    assert_eq!((config.min_severity, config.fail_on), (usual.min_severity, usual.fail_on));
    assert_eq!((config.max_file_size, config.pedantic), (usual.max_file_size, usual.pedantic));
    for path in ["test/a.yaml", "a/examples/b.yaml", "hack/x.yaml", "a/values-dev.yaml", "k8s/a.yaml"] {
        assert_eq!(config.is_test(Utf8Path::new(path)), usual.is_test(Utf8Path::new(path)));
    }
}

#[test]
fn completions_and_man_page() {
    let shop = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(shop.run(&["completions", shell]).out.contains("fail-on"), "{shell}");
    }
    assert!(shop.run(&["man"]).out.contains(".TH steadfast"));
}

#[test]
fn the_date_is_an_input() {
    let shop = shop();
    assert_eq!(shop.run_in("", &[], &[("SOURCE_DATE_EPOCH", "soon")]).code, COULD_NOT_RUN);
    assert_eq!(shop.run_in("", &[], &[("SOURCE_DATE_EPOCH", "1700000000")]).code, CLEAN);
    assert_eq!(shop.run_in("", &["--today", "2027-01-31"], &[("SOURCE_DATE_EPOCH", "soon")]).code, CLEAN);
    assert_eq!(utc(jiff::Timestamp::from_second(0).expect("in range")), date(1970, 1, 1));
}

#[test]
fn colours() {
    let color = |flag, terminal, env: &[(&str, &str)]| {
        output::color(flag, terminal, &|name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert!(color(Color::Auto, true, &[]));
    assert!(!color(Color::Auto, false, &[]));
    assert!(!color(Color::Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    assert!(color(Color::Auto, true, &[("NO_COLOR", "")]));
    assert!(color(Color::Auto, false, &[("CLICOLOR_FORCE", "1")]));
    assert!(!color(Color::Auto, false, &[("CLICOLOR_FORCE", "0")]));
    assert!(!color(Color::Auto, true, &[("TERM", "dumb")]));
    assert!(color(Color::Always, false, &[("NO_COLOR", "1")]));
    assert!(!color(Color::Never, true, &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn exit_codes() {
    let finding = |severity| Finding {
        rule: "a/b".to_owned(),
        severity,
        confidence: Confidence::High,
        message: String::new(),
        help: None,
        subject: SubjectName::default(),
        also: Vec::new(),
        unit: String::new(),
        primary: Label { place: Place { file: FileId(0), span: Span::new(0, 0) }, message: String::new() },
        related: Vec::new(),
        path: String::new(),
        object: String::new(),
        members: Members::One(Standing::default()),
        seen_with: Vec::new(),
    };
    let outcome = |severity| Outcome { findings: vec![finding(severity)], ..Outcome::default() };
    let at = FailOn::At;
    for (severity, fail_on, code) in [
        (Severity::Error, at(Severity::Warning), FOUND),
        (Severity::Warning, at(Severity::Warning), FOUND),
        (Severity::Info, at(Severity::Warning), CLEAN),
        (Severity::Warning, at(Severity::Error), CLEAN),
        (Severity::Info, at(Severity::Info), FOUND),
        (Severity::Error, FailOn::Never, CLEAN),
    ] {
        assert_eq!(check::exit_code(&outcome(severity), fail_on), code, "{severity} {fail_on:?}");
    }
    let failed = Outcome { failed: true, ..outcome(Severity::Error) };
    assert_eq!(check::exit_code(&failed, FailOn::Never), COULD_NOT_RUN);
    assert_eq!(check::exit_code(&Outcome::default(), at(Severity::Info)), CLEAN);
}

fn found(folder: &Folder, from: &str, paths: &[&str], isolated: bool) -> (Utf8PathBuf, Vec<Utf8PathBuf>) {
    let world = World {
        out: &mut Vec::new(),
        err: &mut Vec::new(),
        input: &mut Cursor::new(""),
        env: &|_| None,
        folder: folder.0.join(from),
        terminal: false,
        err_terminal: false,
        now: date(2026, 11, 20),
    };
    let paths: Vec<_> = paths.iter().map(Utf8PathBuf::from).collect();
    let common = Common { isolated, ..Common::default() };
    let project = project::Project::find(&paths, &common, &world).expect("a project");
    let root = project.root.strip_prefix(&folder.0).map(Utf8Path::to_owned).unwrap_or(project.root);
    (root, project.paths)
}

#[test]
fn the_project_is_the_nearest_folder_with_settings_or_a_repository() {
    let folder = Folder::new()
        .with(".git/HEAD", "")
        .with("shop/steadfast.toml", "")
        .with("shop/k8s/api.yaml", "")
        .with("shop/k8s/web.yaml", "")
        .with("infra/a/b.yaml", "");
    let path = Utf8PathBuf::from;
    assert_eq!(found(&folder, "shop", &[], false), (path("shop"), vec![]));
    assert_eq!(found(&folder, "shop/k8s", &[], false), (path("shop"), vec![path("k8s")]));
    assert_eq!(found(&folder, "", &["shop/k8s/api.yaml"], false), (path("shop"), vec![path("k8s/api.yaml")]));
    assert_eq!(found(&folder, "shop/k8s", &["../.."], false), (path(""), vec![]));
    assert_eq!(found(&folder, "infra/a", &["b.yaml"], false), (path(""), vec![path("infra/a/b.yaml")]));
    assert_eq!(
        found(&folder, "", &["shop/k8s/web.yaml", "infra/a", "shop/k8s/web.yaml"], false),
        (path(""), vec![path("infra/a"), path("shop/k8s/web.yaml")])
    );
    assert_eq!(found(&folder, "", &["shop/k8s"], true), (path("shop/k8s"), vec![]));
    assert_eq!(found(&folder, "", &["shop/k8s/api.yaml"], true), (path("shop/k8s"), vec![path("api.yaml")]));
}

fn chart() -> Folder {
    Folder::new()
        .with("steadfast.toml", "")
        .with("shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
        .with("shop/values.yaml", "replicas: 2\n")
        .with(
            "shop/templates/api.yaml",
            "kind: Deployment\nspec:\n  replicas: {{ .Values.replicas }}\n  by: {{ .Release.Name }}\n",
        )
        .with("prod.yaml", "replicas: 5\n")
}

#[test]
fn render_prints_what_helm_would() {
    let head = "---\n# Source: shop/templates/api.yaml\nkind: Deployment\nspec:\n";
    let folder = chart();
    let said = folder.run(&["render", "shop"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert_eq!(said.out, format!("{head}  replicas: 2\n  by: release-name\n"));
    let said = folder.run(&["render", "shop", "--values", "prod.yaml", "--release", "web"]);
    assert_eq!(said.out, format!("{head}  replicas: 5\n  by: web\n"));
    let said = folder.run_in("shop", &["render", ".", "-f", "../prod.yaml", "--set", "replicas=7"], &[]);
    assert_eq!(said.out, format!("{head}  replicas: 7\n  by: release-name\n"));
}

#[test]
fn render_says_where_lines_come_from() {
    let said = chart().run(&["render", "shop", "--values", "prod.yaml", "--provenance"]);
    let line = said.out.lines().find(|line| line.contains("replicas: 5")).expect("the line");
    assert!(
        line.ends_with("# prod.yaml:1 replicas (over shop/values.yaml:1), shop/templates/api.yaml:3"),
        "{line}"
    );
}

/// A kustomization over a base.
fn overlay() -> Folder {
    Folder::new()
        .with("steadfast.toml", "")
        .with("base/kustomization.yaml", "resources: [api.yaml]\n")
        .with(
            "base/api.yaml",
            "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: api}\nspec: {replicas: 1}\n",
        )
        .with("production/kustomization.yaml", "resources: [../base]\nreplicas: [{name: api, count: 3}]\n")
}

#[test]
fn render_prints_what_kustomize_would() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  replicas: 3\n";
    let folder = overlay();
    let said = folder.run(&["render", "production"]);
    assert_eq!((said.code, said.err.as_str(), said.out.as_str()), (0, "", text));
    // What an overlay uses lies beside it, also where nothing says how far the project goes.
    let said = folder.run_in("production", &["render", ".", "--isolated"], &[]);
    assert_eq!((said.code, said.out.as_str()), (0, text));
    let said = folder.run_in("production", &["render", ".", "--isolated", "--provenance"], &[]);
    let line = said.out.lines().find(|line| line.contains("replicas: 3")).expect("the line");
    assert!(line.ends_with("# kustomization.yaml:2 replicas[api].count (over ../base/api.yaml:4)"), "{line}");
    let said = folder.run(&["render", "production", "--set", "a=b"]);
    assert_eq!((said.code, said.err.contains("--set is for charts")), (2, true), "{}", said.err);
}

#[test]
fn render_builds_what_it_can_and_says_the_rest() {
    let folder = overlay().with("production/kustomization.yaml", "resources: [../base, gone.yaml]\n");
    let said = folder.run(&["render", "production"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("kind: Deployment"));
    assert!(
        said.err.contains("production/kustomization.yaml:1") && said.err.contains("gone.yaml"),
        "{}",
        said.err
    );
}

#[test]
fn render_takes_what_the_settings_name() {
    let settings =
        "[[chart]]\npath = \"shop\"\nvalues = [\"prod.yaml\"]\nset = [\"replicas=6\"]\nrelease = \"web\"\n";
    let folder = chart().with("steadfast.toml", settings);
    assert!(folder.run(&["render", "shop"]).out.contains("replicas: 6\n  by: web\n"));
    assert!(
        folder
            .run(&["render", "shop", "--set", "replicas=1"])
            .out
            .contains("replicas: 1\n  by: release-name\n")
    );
    let folder = chart().with("steadfast.toml", "[[chart]]\npath = \"gone\"\n");
    let said = folder.run(&["render", "shop"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("there is no such chart"), "{}", said.err);
}

#[test]
fn render_says_what_is_wrong_and_prints_the_rest() {
    let folder = chart().with("shop/templates/bad.yaml", "a: {{ required \"name it\" .Values.name }}\n");
    let said = folder.run(&["render", "shop"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("kind: Deployment"));
    assert!(said.err.contains("name it") && said.err.contains("shop/templates/bad.yaml:1"), "{}", said.err);
    let said = folder.run(&["render", "."]);
    assert_eq!(
        (said.code, said.err.contains("neither a chart nor a kustomization")),
        (2, true),
        "{}",
        said.err
    );
}
