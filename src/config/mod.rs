//! steadfast.toml and flags → one [`Config`], which answers what the pipeline wants to know.
//!
//! Which rules to ask, how grave their findings are at a path, what is made elsewhere. Every setting remembers where it was
//! written, so that what is wrong with it ([`Problem`]) is shown in the file itself, and whether it was ever of use.
//! Nothing here reads files or knows a rule.

mod globs;
mod names;
mod read;
mod schema;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::spelling::nearest;
pub use globs::Globs;
pub use names::{Names, covers, family, short};

use crate::finding::{About, Confidence, Diagnostic, Label, Severity};
use crate::source::{FileId, Place, SourceFile, Sources, Span};

/// Names under which a settings file is looked for in the project's root.
pub const FILE_NAMES: [&str; 2] = ["steadfast.toml", ".steadfast.toml"];

/// The largest file that is read unless somebody says otherwise: 8 MiB.
pub const MAX_FILE_SIZE: u64 = 8 << 20;

/// Tests: much in them is wrong on purpose, and nothing of it runs where users are. Whatever is found there is a hint.
pub const TESTS: &str = "**/{test,tests,testing,testdata,test-data,testutil,testutils,__tests__,e2e,systemtest,fixture,fixtures,conformance,benchmark,benchmarks}/**";

/// Patterns of paths that hold tests, examples, other people's files and development unless somebody says otherwise.
pub const TEST_PATTERNS: [&str; 5] = [
    TESTS,
    "**/{example,examples,sample,samples,demo,demos,doc,docs}/**",
    "**/{third_party,third-party}/**",
    "**/{hack,ci,dev,dev-env,development,local,localhost,kind,k3d,minikube,sandbox,playground}/**",
    "**/*[._-]{test,example,sample,dev,development,local}.{yaml,yml,json,toml,hcl,tf,properties,conf}",
];

fn test_patterns() -> Vec<String> {
    TEST_PATTERNS.map(str::to_owned).to_vec()
}

/// The JSON schema of steadfast.toml.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(schema::File).to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null, so an optional key is one that may be left out, and nothing else.
fn without_null(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::Array(types)) = map.get_mut("type") {
                types.retain(|word| word != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_owned(), one);
                }
            }
            if let Some(serde_json::Value::Array(forms)) = map.remove("anyOf") {
                let mut forms: Vec<_> = forms.into_iter().filter(|form| form["type"] != "null").collect();
                match forms.pop() {
                    Some(serde_json::Value::Object(only)) if forms.is_empty() => map.extend(only),
                    last => {
                        forms.extend(last);
                        map.insert("anyOf".to_owned(), serde_json::Value::Array(forms));
                    }
                }
            }
            map.values_mut().for_each(without_null);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// When the exit code says that something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// At findings of this severity and graver ones.
    At(Severity),
    /// Never.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity counts.
    pub fn counts(self, severity: Severity) -> bool {
        matches!(self, Self::At(least) if severity >= least)
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "never" => Ok(Self::Never),
            _ => severity(word)
                .map(Self::At)
                .ok_or_else(|| "expected error, warning, info or never".to_owned()),
        }
    }
}

/// The severity that a word means.
pub fn severity(word: &str) -> Option<Severity> {
    [Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|severity| severity.word() == word)
}

/// A number of bytes, from `8388608`, `8MiB` or `8 MB`.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let factor: u64 = match text[split..].trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    text[..split].parse::<u64>().ok()?.checked_mul(factor)
}

/// A version of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KubernetesVersion {
    /// 1 in 1.33.
    pub major: u32,
    /// 33 in 1.33.
    pub minor: u32,
}

impl FromStr for KubernetesVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected a version such as 1.33".to_owned();
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        let version = Self { major: number().ok_or_else(wrong)?, minor: number().ok_or_else(wrong)? };
        let patch = parts.next().is_none_or(|patch| patch.parse::<u32>().is_ok());
        if patch && parts.next().is_none() { Ok(version) } else { Err(wrong()) }
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Something to say about the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How grave; with an error, nothing is run.
    pub severity: Severity,
    /// Where in the settings file; none for a flag.
    pub span: Option<Span>,
    /// One sentence.
    pub message: String,
    /// A few words for the place itself.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// An error.
    pub fn error(span: Option<Span>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { severity: Severity::Error, span, message: message.into(), label: label.into(), help: None }
    }

    /// A warning.
    pub fn warning(span: Option<Span>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message, label) }
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same as a diagnostic. `file` is the settings file among the sources of the run.
    pub fn diagnostic(self, file: Option<FileId>) -> Diagnostic {
        let place = self
            .span
            .zip(file)
            .map(|(span, file)| Label { place: Place { file, span }, message: self.label });
        let (about, severity, message, help) = (About::Config, self.severity, self.message, self.help);
        Diagnostic { about, severity, message, help, place, file: None }
    }
}

/// How far a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selected {
    /// Not at all.
    Off,
    /// Its findings count where they belong to the default set: a warning or an error, of high confidence.
    Default,
    /// Every finding counts: somebody asked for it.
    All,
}

impl Selected {
    /// Whether a finding of this severity (as the rule says it) and confidence counts.
    pub fn admits(self, severity: Severity, confidence: Confidence) -> bool {
        match self {
            Self::Off => false,
            Self::Default => severity >= Severity::Warning && confidence == Confidence::High,
            Self::All => true,
        }
    }
}

/// The name of a rule or a family somewhere in the settings.
#[derive(Debug)]
struct Named {
    name: String,
    span: Option<Span>,
    used: AtomicBool,
}

impl Named {
    fn new(name: impl Into<String>, span: Option<Span>) -> Self {
        Self { name: name.into(), span, used: AtomicBool::new(false) }
    }

    /// How exactly it names the rule: by its id (3), its family (2), as one of many (1), or not at all.
    fn exactness(&self, rule: &str) -> Option<u8> {
        match self.name.as_str() {
            "all" | "default" => Some(1),
            name if name == rule => Some(3),
            name if name == family(rule) => Some(2),
            _ => None,
        }
    }
}

/// Severities by rule or family.
type Severities = Vec<(Named, Severity)>;

fn severity_of(severities: &Severities, rule: &str) -> Option<Severity> {
    let named = severities.iter().filter_map(|(named, severity)| Some((named.exactness(rule)?, *severity)));
    named.max_by_key(|(exactness, _)| *exactness).map(|(_, severity)| severity)
}

/// A parameter of a rule, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The value.
    pub value: ParamValue,
    /// Where the value stands.
    pub span: Span,
}

/// The value of a parameter; what it means is the rule's to say.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// A truth value.
    Bool(bool),
    /// A number without a unit.
    Number(f64),
    /// Text, or a number with its unit.
    Text(String),
    /// Several, each with its place.
    List(Vec<(ParamValue, Span)>),
}

/// The parameters of one rule.
#[derive(Debug)]
struct Params {
    rule: Named,
    values: Vec<Param>,
}

/// Different settings for some paths.
#[derive(Debug)]
struct Override {
    span: Span,
    paths: Globs,
    select: Vec<Named>,
    ignore: Vec<Named>,
    severity: Severities,
    until: Option<(Date, Span)>,
}

impl Override {
    fn holds(&self, today: Date) -> bool {
        self.until.is_none_or(|(until, _)| today <= until)
    }
}

/// Something that is named here and made elsewhere.
#[derive(Debug)]
pub struct External {
    /// Its kind.
    pub kind: String,
    /// Its name as it is written, maybe with `*`.
    pub name: String,
    /// Its namespace, if that matters.
    pub namespace: Option<String>,
    /// Who makes it.
    pub reason: Option<String>,
    /// Where it is declared.
    pub span: Span,
    matcher: globset::GlobMatcher,
    used: AtomicBool,
}

/// A chart, and what it is deployed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The chart's folder, ready to be opened.
    pub path: Utf8PathBuf,
    /// Where that is written.
    pub span: Span,
    /// Files of values, ready to be opened, and where they are named; the later ones win.
    pub values: Vec<(Utf8PathBuf, Span)>,
    /// Single values, as `helm --set` takes them, and where they are written.
    pub set: Vec<(String, Span)>,
    /// The release's name.
    pub release: Option<String>,
    /// The release's namespace.
    pub namespace: Option<String>,
    /// The version of Kubernetes.
    pub kubernetes: Option<KubernetesVersion>,
    /// Groups and versions of APIs that the cluster has beside the usual ones.
    pub api_versions: Vec<String>,
}

/// The settings file as it was read.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// The path that people see.
    pub path: Utf8PathBuf,
    /// The folder that paths inside it are relative to.
    pub folder: Utf8PathBuf,
    /// Its text.
    pub text: Arc<str>,
}

/// What the command line says beside the file. It wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// Instead of the file's `select`.
    pub select: Vec<String>,
    /// In addition to the file's `ignore`.
    pub ignore: Vec<String>,
    /// Ask everything.
    pub pedantic: bool,
    /// What to report.
    pub min_severity: Option<Severity>,
    /// When to fail.
    pub fail_on: Option<FailOn>,
    /// What to read.
    pub max_file_size: Option<u64>,
    /// In addition to the file's folders of rules.
    pub rules: Vec<Utf8PathBuf>,
    /// Instead of the file's baseline.
    pub baseline: Option<Utf8PathBuf>,
}

/// Everything that a person has decided.
#[derive(Debug)]
pub struct Config {
    /// The settings file, if there is one.
    pub file: Option<ConfigFile>,
    /// The date of the run: what has expired by it, and what is too old.
    pub today: Date,
    /// Whether the contested and less certain rules are asked, too.
    pub pedantic: bool,
    /// The least grave severity that is reported.
    pub min_severity: Severity,
    /// When to fail.
    pub fail_on: FailOn,
    /// Paths that are not read.
    pub exclude: Globs,
    /// The largest file that is read, in bytes.
    pub max_file_size: u64,
    /// Folders with own rules, ready to be opened.
    pub rules: Vec<Utf8PathBuf>,
    /// The version of Kubernetes that is run.
    pub kubernetes: Option<KubernetesVersion>,
    /// The baseline file, ready to be opened.
    pub baseline: Option<Utf8PathBuf>,
    /// Charts, and what they are deployed with.
    pub charts: Vec<Chart>,
    rule_spans: Vec<Span>,
    select: Vec<Named>,
    ignore: Vec<Named>,
    flag_select: Vec<Named>,
    flag_ignore: Vec<Named>,
    severity: Severities,
    params: Vec<Params>,
    overrides: Vec<Override>,
    externals: Vec<External>,
    externals_by_kind: FxHashMap<String, Vec<usize>>,
    production: Globs,
    test: Globs,
    tests: Globs,
}

impl Config {
    /// The defaults, on this day.
    pub fn new(today: Date) -> Self {
        Self {
            file: None,
            today,
            pedantic: false,
            min_severity: Severity::Info,
            fail_on: FailOn::At(Severity::Warning),
            exclude: Globs::default(),
            max_file_size: MAX_FILE_SIZE,
            rules: Vec::new(),
            kubernetes: None,
            baseline: None,
            charts: Vec::new(),
            rule_spans: Vec::new(),
            select: Vec::new(),
            ignore: Vec::new(),
            flag_select: Vec::new(),
            flag_ignore: Vec::new(),
            severity: Vec::new(),
            params: Vec::new(),
            overrides: Vec::new(),
            externals: Vec::new(),
            externals_by_kind: FxHashMap::default(),
            production: Globs::default(),
            test: Globs::known(&TEST_PATTERNS),
            tests: Globs::known(&[TESTS]),
        }
    }

    /// Reads a settings file. What cannot be understood keeps its default and is named among the problems.
    pub fn read(file: ConfigFile, today: Date) -> (Self, Vec<Problem>) {
        read::read(file, today)
    }

    /// With what the command line says.
    #[must_use]
    pub fn with_flags(mut self, flags: Flags) -> Self {
        let named = |names: Vec<String>| names.into_iter().map(|name| Named::new(name, None)).collect();
        self.flag_select = named(flags.select);
        self.flag_ignore = named(flags.ignore);
        self.pedantic |= flags.pedantic;
        self.min_severity = flags.min_severity.unwrap_or(self.min_severity);
        self.fail_on = flags.fail_on.unwrap_or(self.fail_on);
        self.max_file_size = flags.max_file_size.unwrap_or(self.max_file_size);
        self.rules.extend(flags.rules);
        self.baseline = flags.baseline.or(self.baseline);
        self
    }

    /// Adds the settings file to the sources of a run, so that problems can be shown in it.
    pub fn register(&self, sources: &mut Sources) -> Option<FileId> {
        let file = self.file.as_ref()?;
        Some(sources.push(SourceFile::new(file.path.clone(), file.text.clone())))
    }

    /// Whether (and how far) a rule is asked anywhere. Only those that are off everywhere need not be loaded.
    pub fn selected(&self, rule: &str) -> Selected {
        let everywhere = self.decide(rule);
        let somewhere = self.flag_select.is_empty()
            && exactness(&self.flag_ignore, rule).is_none()
            && self.overrides.iter().any(|entry| {
                entry.holds(self.today) && exactness(&entry.select, rule) > exactness(&entry.ignore, rule)
            });
        if somewhere { Selected::All } else { everywhere }
    }

    /// What becomes of a finding whose primary place is in `path`: its severity there, or nothing. `severity` is what the
    /// rule says; `is_test` is only asked where it matters. Remembers which overrides were of use.
    pub fn judge(
        &self,
        rule: &str,
        (path, is_test): (&Utf8Path, impl FnOnce() -> bool),
        severity: Severity,
        confidence: Confidence,
    ) -> Option<Severity> {
        let mut selected = self.decide(rule);
        let mut grave = severity_of(&self.severity, rule).unwrap_or(severity);
        let mut fixed = false;
        let ignored_by_flag = exactness(&self.flag_ignore, rule).is_some();
        for entry in self.overrides.iter().filter(|entry| entry.holds(self.today)) {
            if !entry.paths.matches(path) {
                continue;
            }
            let (select, ignore) = (exactness(&entry.select, rule), exactness(&entry.ignore, rule));
            if ignore.is_some() && ignore >= select {
                if selected.admits(severity, confidence) {
                    for named in entry.ignore.iter().filter(|named| named.exactness(rule) == ignore) {
                        named.used.store(true, Ordering::Relaxed);
                    }
                }
                selected = Selected::Off;
            } else if select.is_some() && self.flag_select.is_empty() && !ignored_by_flag {
                selected = Selected::All;
            }
            if let Some(here) = severity_of(&entry.severity, rule) {
                grave = here;
                fixed = true;
            }
        }
        if fixed || !is_test() {
            return selected.admits(severity, confidence).then_some(grave);
        }
        let lowered =
            |severity: Severity| if self.tests.matches(path) { Severity::Info } else { severity.lowered() };
        // What is only a hint here is no part of the default set, as a rule is not that only gives hints.
        selected.admits(lowered(severity), confidence).then(|| lowered(grave))
    }

    /// Whether the path holds tests, examples or development.
    pub fn is_test(&self, path: &Utf8Path) -> bool {
        let production = self.production.matches(path);
        self.test.matches(path) && !production
    }

    /// Tells the settings of a file that was read, so that patterns which match none can be named.
    pub fn saw(&self, path: &Utf8Path) {
        for entry in self.overrides.iter().filter(|entry| !entry.paths.all_used()) {
            entry.paths.matches(path);
        }
        for globs in [&self.production, &self.test].into_iter().filter(|globs| !globs.all_used()) {
            globs.matches(path);
        }
    }

    /// What is declared of this thing: who makes it elsewhere. Remembers that the declaration was of use.
    pub fn external(&self, kind: &str, namespace: Option<&str>, name: &str) -> Option<&External> {
        let candidates = self.externals_by_kind.get(kind)?;
        let hit = candidates.iter().filter_map(|at| self.externals.get(*at)).find(|external| {
            let there = external.namespace.is_none() || external.namespace.as_deref() == namespace;
            there && external.matcher.is_match(name)
        })?;
        hit.used.store(true, Ordering::Relaxed);
        Some(hit)
    }

    /// All declared externals, in the order of the file.
    pub fn externals(&self) -> &[External] {
        &self.externals
    }

    /// The parameters that are set for a rule.
    pub fn params(&self, rule: &str) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(move |params| params.rule.name == rule).flat_map(|params| &params.values)
    }

    /// Folders of rules, charts and files of values that the settings file names and that do not exist.
    pub fn check_paths(&self, exists: &dyn Fn(&Utf8Path) -> bool) -> Vec<Problem> {
        let rules =
            self.rules.iter().zip(&self.rule_spans).map(|(folder, span)| (folder.clone(), *span, "folder"));
        let charts = self.charts.iter().flat_map(|chart| {
            let values = chart.values.iter().map(|(path, span)| (path.clone(), *span, "file"));
            std::iter::once((chart.path.join("Chart.yaml"), chart.span, "chart")).chain(values)
        });
        let missing = |(path, span, what): (Utf8PathBuf, Span, &str)| {
            let problem = Problem::error(Some(span), format!("there is no such {what}"), "named here");
            problem.help(format!("looked for {path}"))
        };
        rules.chain(charts).filter(|(path, ..)| !exists(path)).map(missing).collect()
    }

    /// Names in the settings and flags that are neither a rule nor a family.
    pub fn check_names(&self, names: &Names) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |named: &Named, flag: Option<&str>, many: bool| {
            let (name, span) = (named.name.as_str(), named.span);
            if names.knows(name) || (many && matches!(name, "all" | "default")) {
                return;
            }
            let of = flag.map(|flag| format!(" in `{flag}`")).unwrap_or_default();
            let problem =
                Problem::error(span, format!("unknown rule or family `{name}`{of}"), "no rule has this name");
            problems.push(match names.nearest(name) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help("`steadfast rules` lists them all"),
            });
        };
        self.select.iter().chain(&self.ignore).for_each(|named| check(named, None, true));
        self.flag_select.iter().for_each(|named| check(named, Some("--select"), true));
        self.flag_ignore.iter().for_each(|named| check(named, Some("--ignore"), true));
        for entry in &self.overrides {
            entry.select.iter().chain(&entry.ignore).for_each(|named| check(named, None, true));
            entry.severity.iter().for_each(|(named, _)| check(named, None, false));
        }
        self.severity.iter().for_each(|(named, _)| check(named, None, false));
        for Params { rule, .. } in &self.params {
            if names.knows(&rule.name) && !names.is_rule(&rule.name) {
                let message = format!("`{}` is a family; parameters belong to a rule", rule.name);
                problems.push(
                    Problem::error(rule.span, message, "a family")
                        .help("name one rule: `[params.\"family/rule\"]`"),
                );
            } else if !names.is_rule(&rule.name) {
                let problem = Problem::error(
                    rule.span,
                    format!("unknown rule `{}`", rule.name),
                    "no rule has this name",
                );
                problems.push(match names.nearest(&rule.name) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help("`steadfast rules` lists them all"),
                });
            }
        }
        problems.sort_by_key(|problem| problem.span);
        problems
    }

    /// Settings that were of no use in a run over the whole project. `ran` tells whether a rule was asked in full.
    pub fn unused(&self, ran: &dyn Fn(&str) -> bool, names: &Names) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut idle = |globs: &Globs, what: &str| {
            for (text, span) in globs.unused().filter(|(_, span)| span.is_some()) {
                problems.push(Problem::warning(span, format!("`{text}` matches {what}"), "matches nothing"));
            }
        };
        idle(&self.exclude, "nothing that would be read");
        idle(&self.production, "no file");
        idle(&self.test, "no file");
        self.overrides.iter().for_each(|entry| idle(&entry.paths, "no file"));
        for entry in &self.overrides {
            if let Some((until, span)) = entry.until
                && !entry.holds(self.today)
            {
                let message = format!("this override held until {until} and no longer counts");
                problems.push(
                    Problem::warning(Some(span), message, "expired")
                        .help("mend the findings, or set a later date"),
                );
                continue;
            }
            if entry.paths.unused().count() > 0 {
                continue;
            }
            for named in entry.ignore.iter().filter(|named| !named.used.load(Ordering::Relaxed)) {
                let mut covered = names.rules_of(&named.name).peekable();
                if covered.peek().is_some() && covered.all(ran) {
                    let message = format!("`{}` finds nothing in these paths", named.name);
                    problems.push(Problem::warning(named.span, message, "ignores nothing").help("remove it"));
                }
            }
        }
        if self.flag_select.is_empty() && self.flag_ignore.is_empty() {
            for external in self.externals.iter().filter(|external| !external.used.load(Ordering::Relaxed)) {
                let message = format!("nothing refers to a {} `{}`", external.kind, external.name);
                problems.push(Problem::warning(Some(external.span), message, "declared for nothing"));
            }
        }
        problems.sort_by_key(|problem| problem.span);
        problems
    }

    /// Whether a rule is asked, overrides aside. The more exact name wins; then a flag over the file; then `ignore`.
    fn decide(&self, rule: &str) -> Selected {
        let select = if self.flag_select.is_empty() { &self.select } else { &self.flag_select };
        let from_flag = !self.flag_select.is_empty();
        let usual = || {
            let graded = || self.severity.iter().any(|(named, _)| named.name == rule);
            if self.pedantic || graded() { Selected::All } else { Selected::Default }
        };
        let asked = select.iter().filter_map(|named| {
            let answer = if named.name == "default" { usual() } else { Selected::All };
            Some((named.exactness(rule)?, from_flag, false, answer))
        });
        let refused =
            [(&self.ignore, false), (&self.flag_ignore, true)].into_iter().flat_map(|(list, flag)| {
                list.iter().filter_map(move |named| Some((named.exactness(rule)?, flag, true, Selected::Off)))
            });
        match asked.chain(refused).max() {
            Some((_, _, _, answer)) => answer,
            None if select.is_empty() => usual(),
            None => Selected::Off,
        }
    }
}

/// How exactly a list names a rule.
fn exactness(list: &[Named], rule: &str) -> Option<u8> {
    list.iter().filter_map(|named| named.exactness(rule)).max()
}
