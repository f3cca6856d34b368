//! What a person sees of a wrong steadfast.toml, and what the settings decide.

use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::{Date, date};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use proptest::prelude::*;

use super::*;

const TODAY: Date = date(2026, 11, 20);

fn file(text: &str) -> ConfigFile {
    let path = Utf8PathBuf::from("steadfast.toml");
    ConfigFile { path, folder: Utf8PathBuf::from("/shop"), text: text.into() }
}

fn names() -> Names {
    Names::new([
        "disruption/no-keeper",
        "disruption/keeper-blocks-drain",
        "flags/stale",
        "probes/none",
        "queues/a",
    ])
}

fn good(text: &str) -> Config {
    let (config, problems) = Config::read(file(text), TODAY);
    assert_eq!(problems, []);
    assert_eq!(config.check_names(&names()), []);
    config
}

fn frames(text: &str, problems: &[Problem]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    let mut out = String::new();
    for problem in problems {
        let mut diagnostic = MietteDiagnostic::new(format!("{}: {}", problem.severity, problem.message));
        diagnostic.help = problem.help.clone();
        diagnostic.labels = problem.span.map(|span| {
            let label = Some(problem.label.clone());
            vec![LabeledSpan::new(label, span.start as usize, span.len() as usize)]
        });
        let report =
            Report::new(diagnostic).with_source_code(NamedSource::new("steadfast.toml", text.to_owned()));
        handler.render_report(&mut out, report.as_ref()).expect("a string takes everything");
    }
    out
}

fn shown(name: &str, text: &str) {
    let (config, mut problems) = Config::read(file(text), TODAY);
    problems.extend(config.check_names(&names()));
    snapshot(name, &frames(text, &problems));
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/config");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn judge(config: &Config, rule: &str, path: &str, severity: Severity) -> Option<Severity> {
    let path = Utf8Path::new(path);
    config.judge(rule, (path, || config.is_test(path)), severity, Confidence::High)
}

#[test]
fn unknown_keys() {
    shown(
        "unknown-keys",
        r#"selct = ["disruption"]
min_severity = "warning"
per-file-ignores = {}
frobnicate = 1

[paths]
prod = ["prod"]
"#,
    );
}

#[test]
fn wrong_types() {
    shown(
        "wrong-types",
        r#"select = "disruption"
ignore = ["probes", 7]
pedantic = "yes"
kubernetes = 1.30
max-file-size = "8 apples"
rules = { "flags/stale" = { age = 3 } }
severity = 4

[overrides]
paths = ["test"]
"#,
    );
}

#[test]
fn unknown_words() {
    shown(
        "unknown-words",
        r#"min-severity = "waring"
fail-on = "allways"
kubernetes = "one"

[severity]
"disruption/no-keeper" = "off"
probes = "critical"
"#,
    );
}

#[test]
fn unknown_names() {
    shown(
        "unknown-names",
        r#"select = ["all", "disrupton"]
ignore = ["no-keeper", "something-else-entirely"]

[severity]
"disruption/no-keepre" = "warning"

[params."flags/stael"]
age = "90 day"

[params.flags]
age = "90 day"

[[overrides]]
paths = ["legacy"]
ignore = ["prob"]
"#,
    );
}

#[test]
fn bad_entries() {
    shown(
        "bad-entries",
        r#"exclude = ["a/{b", "c/[d"]

[params."flags/stale"]
age = { days = 90 }
at-most = inf

[[overrides]]
ignore = ["probes"]
until = "2027-02-30"

[[overrides]]
paths = ["legacy"]
until = 2027-02-03T10:00:00Z
resaon = "old"

[[external]]
kind = "ServiceAccount"

[[external]]
kind = "Secret"
name = "tls-[a"
"#,
    );
}

#[test]
fn not_toml() {
    shown("not-toml", "select = [\"disruption\"\npedantic = true\nignore = [\n");
}

#[test]
fn of_no_use() {
    let text = r#"exclude = ["generated"]

[[overrides]]
paths = ["legacy", "nowhere"]
ignore = ["probes"]

[[overrides]]
paths = ["old"]
ignore = ["probes/none", "flags"]

[[overrides]]
paths = ["old"]
ignore = ["queues"]
until = 2026-11-19

[[external]]
kind = "ServiceAccount"
name = "deployer"

[[external]]
kind = "Secret"
name = "tls-*"

[paths]
test = ["playground"]
"#;
    let config = good(text);
    config.saw(Utf8Path::new("legacy/a.yaml"));
    config.saw(Utf8Path::new("old/a.yaml"));
    let judged = judge(&config, "probes/none", "old/a.yaml", Severity::Error);
    assert_eq!(judged, None);
    assert!(config.external("Secret", Some("shop"), "tls-shop").is_some());
    snapshot("of-no-use", &frames(text, &config.unused(&|_| true, &names())));
}

#[test]
fn charts() {
    let text = "[[chart]]\npath = \"deploy/shop\"\nvalues = [\"prod.yaml\"]\nset = [\"a=1\"]\nrelease = \"web\"\n\
        kube-version = \"1.33\"\napi-versions = [\"x/v1\"]\n";
    let config = good(text);
    let [chart] = config.charts.as_slice() else { panic!("one chart") };
    assert_eq!((chart.path.as_str(), chart.values[0].0.as_str()), ("/shop/deploy/shop", "/shop/prod.yaml"));
    assert_eq!((chart.release.as_deref(), chart.namespace.as_deref()), (Some("web"), None));
    assert_eq!(chart.kubernetes.map(|version| version.to_string()).as_deref(), Some("1.33"));
    assert_eq!((chart.set[0].0.as_str(), chart.api_versions[0].as_str()), ("a=1", "x/v1"));
    assert_eq!(config.check_paths(&|_| true), []);
    let missing = config.check_paths(&|path| path.file_name() == Some("Chart.yaml"));
    shown(
        "bad-charts",
        "[[chart]]\nvalues = \"prod.yaml\"\n[[chart]]\npath = 3\nkube-version = 1.30\nvalue = []\n",
    );
    snapshot("missing-values", &frames(text, &missing));
}

#[test]
fn a_rule_that_did_not_run_makes_nothing_unused() {
    let config = good("[[overrides]]\npaths = [\"old\"]\nignore = [\"disruption\"]\n");
    config.saw(Utf8Path::new("old/a.yaml"));
    assert_eq!(config.unused(&|rule| rule != "disruption/no-keeper", &names()), []);
    assert_eq!(config.unused(&|_| true, &names()).len(), 1);
}

#[test]
fn everything_is_read() {
    let config = good(
        r#"
min-severity = "warning"
fail-on = "never"
max-file-size = "2 MiB"
rules = ["ci/rules"]
kubernetes = "v1.33.2"
baseline = "steadfast-baseline.json"
exclude = ["vendor"]

[params."flags/stale"]
age = "90 day"
most = 3
share = 2.5
strict = true
since = 2026-01-31
names = ["a", 1]

[[external]]
kind = "ServiceAccount"
name = "deploy-*"
namespace = "shop"
reason = "the platform team makes it"
"#,
    );
    assert_eq!(config.min_severity, Severity::Warning);
    assert_eq!(config.fail_on, FailOn::Never);
    assert_eq!(config.max_file_size, 2 << 20);
    assert_eq!(config.rules, ["/shop/ci/rules"]);
    assert_eq!(config.kubernetes.map(|version| version.to_string()).as_deref(), Some("1.33"));
    assert_eq!(config.baseline.as_deref(), Some(Utf8Path::new("/shop/steadfast-baseline.json")));
    assert!(config.exclude.matches(Utf8Path::new("a/vendor/x.yaml")));
    let params: Vec<_> =
        config.params("flags/stale").map(|param| (param.name.as_str(), &param.value)).collect();
    assert_eq!(params[0], ("age", &ParamValue::Text("90 day".to_owned())));
    assert_eq!(params[1], ("most", &ParamValue::Number(3.0)));
    assert_eq!(params[2], ("share", &ParamValue::Number(2.5)));
    assert_eq!(params[3], ("strict", &ParamValue::Bool(true)));
    assert_eq!(params[4], ("since", &ParamValue::Text("2026-01-31".to_owned())));
    assert!(matches!(params[5], ("names", ParamValue::List(items)) if items.len() == 2));
    assert!(config.external("ServiceAccount", Some("shop"), "deploy-api").is_some());
    assert!(config.external("ServiceAccount", None, "deploy-api").is_none());
    assert!(config.external("ServiceAccount", Some("shop"), "other").is_none());
}

fn with_flags(text: &str, select: &[&str], ignore: &[&str]) -> Config {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    good(text).with_flags(Flags { select: owned(select), ignore: owned(ignore), ..Flags::default() })
}

#[test]
fn the_more_exact_name_wins_then_the_flag_then_ignore() {
    use Selected::{All, Default, Off};
    let rule = "disruption/no-keeper";
    for (text, select, ignore, expected) in [
        ("", &[][..], &[][..], Default),
        ("pedantic = true", &[], &[], All),
        ("select = ['disruption']", &[], &[], All),
        ("select = ['probes']", &[], &[], Off),
        ("select = ['default', 'probes']", &[], &[], Default),
        ("ignore = ['disruption']", &[], &[], Off),
        ("ignore = ['disruption']", &[rule], &[], All),
        ("ignore = ['disruption/no-keeper']", &["disruption"], &[], Off),
        ("ignore = ['disruption/no-keeper']", &[rule], &[], All),
        ("ignore = ['all']", &["disruption"], &[], All),
        ("select = ['disruption/no-keeper']", &[], &["disruption"], All),
        ("select = ['disruption']", &[], &["disruption"], Off),
        ("select = ['disruption']", &["probes"], &[], Off),
        ("severity = { 'disruption/no-keeper' = 'info' }", &[], &[], All),
        ("severity = { 'disruption' = 'info' }", &[], &[], Default),
        ("[[overrides]]\npaths = ['x']\nselect = ['disruption']", &["probes"], &[], Off),
        ("ignore = ['all']\n[[overrides]]\npaths = ['x']\nselect = ['disruption']", &[], &[], All),
        (
            "ignore = ['all']\n[[overrides]]\npaths = ['x']\nselect = ['disruption']",
            &[],
            &["disruption"],
            Off,
        ),
    ] {
        assert_eq!(with_flags(text, select, ignore).selected(rule), expected, "{text} {select:?} {ignore:?}");
    }
}

#[test]
fn severities_by_rule_path_and_kind_of_path() {
    let config = good(
        r#"
ignore = ["flags"]

[severity]
disruption = "warning"
"disruption/no-keeper" = "error"

[[overrides]]
paths = ["legacy"]
ignore = ["probes"]
severity = { disruption = "info" }

[[overrides]]
paths = ["legacy/core", "test/core"]
select = ["probes", "flags"]
severity = { "disruption/no-keeper" = "error" }

[paths]
production = ["examples/real"]
"#,
    );
    let judge = |rule: &str, path: &str, severity| judge(&config, rule, path, severity);
    let (error, warning, info) = (Severity::Error, Severity::Warning, Severity::Info);
    assert_eq!(judge("disruption/no-keeper", "k8s/a.yaml", info), Some(error));
    assert_eq!(judge("disruption/keeper-blocks-drain", "k8s/a.yaml", error), Some(warning));
    assert_eq!(judge("disruption/no-keeper", "legacy/a.yaml", warning), Some(info));
    assert_eq!(judge("disruption/no-keeper", "legacy/core/a.yaml", warning), Some(error));
    assert_eq!(judge("disruption/no-keeper", "test/core/a.yaml", warning), Some(error));
    assert_eq!(judge("probes/none", "legacy/a.yaml", error), None);
    assert_eq!(judge("probes/none", "legacy/core/a.yaml", error), Some(error));
    assert_eq!(judge("flags/stale", "k8s/a.yaml", error), None);
    assert_eq!(judge("flags/stale", "legacy/core/a.yaml", error), Some(error));
    assert_eq!(judge("probes/none", "charts/a/ci/a-values.yaml", error), Some(warning));
    assert_eq!(judge("probes/none", "ci/deploy/a.yaml", error), Some(error), "what CI deploys is in use");
    assert_eq!(judge("probes/none", "images/parse/test_release.yaml", error), None);
    assert_eq!(judge("probes/none", "deploy/values-dev.yaml", error), Some(warning));
    assert_eq!(judge("probes/none", "deploy/dev-tools.yaml", error), Some(error));
    assert_eq!(judge("probes/none", "examples/real/a.yaml", error), Some(error));
    assert_eq!(judge("probes/none", "k8s/a.yaml", info), None);
    let unsure = config.judge("probes/none", (Utf8Path::new("a"), || false), error, Confidence::Medium);
    assert_eq!(unsure, None);
    let trial = Utf8Path::new("ci/autoscaled-values.yaml");
    let tried = |rule, path| {
        config.judge(rule, (Utf8Path::new(path), || config.is_test(trial)), error, Confidence::High)
    };
    assert_eq!(
        tried("probes/none", "a.yaml"),
        Some(warning),
        "it only shows with values that nobody deploys"
    );
    assert_eq!(tried("disruption/no-keeper", "legacy/core/a.yaml"), Some(error), "an override says so");
}

#[test]
fn flags_win_over_the_file() {
    let config =
        good("min-severity = 'error'\nfail-on = 'error'\nbaseline = 'a'\nrules = ['x']").with_flags(Flags {
            min_severity: Some(Severity::Info),
            fail_on: Some(FailOn::Never),
            baseline: Some("b".into()),
            rules: vec!["y".into()],
            ..Flags::default()
        });
    assert_eq!((config.min_severity, config.fail_on), (Severity::Info, FailOn::Never));
    assert_eq!(config.baseline.as_deref(), Some(Utf8Path::new("b")));
    assert_eq!(config.rules, ["/shop/x", "y"]);
}

#[test]
fn an_unknown_name_in_a_flag_says_so() {
    let config =
        Config::new(TODAY).with_flags(Flags { select: vec!["probe".to_owned()], ..Flags::default() });
    let problems = config.check_names(&names());
    assert_eq!(problems[0].message, "unknown rule or family `probe` in `--select`");
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `probes`?"));
}

#[test]
fn sizes_and_versions() {
    assert_eq!(bytes("8MiB"), Some(8 << 20));
    assert_eq!(bytes("100"), Some(100));
    assert_eq!(bytes("1 kB"), Some(1000));
    assert_eq!(bytes("MiB"), None);
    assert_eq!(bytes("99999999999999GiB"), None);
    for bad in ["", "1", "1.x", "1.2.3.4", "1.2.x", "latest"] {
        assert!(bad.parse::<KubernetesVersion>().is_err(), "{bad}");
    }
}

fn keys(schema: &serde_json::Value) -> Vec<String> {
    let properties = schema["properties"].as_object().expect("properties");
    properties.keys().cloned().collect()
}

#[test]
fn schema_and_reader_know_the_same_keys() {
    let schema = schema();
    for (part, known) in [
        (&schema, &read::TOP[..]),
        (&schema["$defs"]["Override"], &read::OVERRIDE),
        (&schema["$defs"]["External"], &read::EXTERNAL),
        (&schema["$defs"]["Chart"], &read::CHART),
        (&schema["$defs"]["Paths"], &read::PATHS),
    ] {
        let mut known: Vec<_> = known.to_vec();
        known.sort_unstable();
        let mut keys = keys(part);
        keys.sort_unstable();
        assert_eq!(keys, known);
    }
}

#[test]
fn every_key_is_documented() {
    let page = include_str!("../../docs/configure.md");
    let tables = [&read::OVERRIDE[..], &read::EXTERNAL, &read::CHART, &read::PATHS].concat();
    for key in read::TOP.iter().chain(&tables) {
        assert!(page.contains(&format!("`{key}`")), "docs/configure.md does not explain `{key}`");
    }
    for pattern in TEST_PATTERNS {
        assert!(page.contains(pattern), "docs/configure.md does not show {pattern}");
    }
}

/// The published schema is the one of these types; `STEADFAST_UPDATE=1 cargo test` writes it anew.
#[test]
fn the_published_schema_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/steadfast.schema.json");
    let fresh = format!("{:#}\n", schema());
    if std::env::var_os("STEADFAST_UPDATE").is_some() {
        std::fs::write(path, &fresh).expect("docs can be written");
    }
    let published = std::fs::read_to_string(path).expect("docs/steadfast.schema.json exists");
    assert!(published == fresh, "docs/steadfast.schema.json is stale: run STEADFAST_UPDATE=1 cargo test");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r#"([a-z-]{1,12} ?=? ?|\[\[?[a-z."/]{1,12}\]?\]?|["'{}\[\]=,\n]|[0-9.:-]{1,10}|.)*"#) {
        let (config, _) = Config::read(file(&text), TODAY);
        config.check_names(&names());
        config.unused(&|_| true, &names());
        config.selected("probes/none");
    }

    #[test]
    fn problems_lie_in_the_text(key in "[a-z-]{1,14}", value in r#"[a-z"'0-9.\[\]{}=é -]{0,20}"#) {
        let text = format!("{key} = {value}\n");
        let (_, problems) = Config::read(file(&text), TODAY);
        for span in problems.iter().filter_map(|problem| problem.span) {
            prop_assert!(text.get(span.range()).is_some());
        }
    }
}
