//! steadfast.toml and flags → one [`Config`], which answers what the pipeline wants to know.
//!
//! Which rules to ask, how grave their findings are at a path, what is made elsewhere. Every setting remembers where it was
//! written, so that what is wrong with it ([`Problem`]) is shown in the file itself, and whether it was ever of use.
//! Nothing here reads files or knows a rule.

mod globs;
mod names;
mod problem;
mod read;
mod schema;
mod setting;
mod word;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::Date;
use rustc_hash::FxHashMap;

pub use globs::Globs;
pub use names::{Names, covers, family, short};
pub use problem::Problem;
pub use schema::schema;
pub use setting::{Chart, External, Param, ParamValue, Selected};
pub use word::{FailOn, KubernetesVersion, bytes, severity};

use crate::finding::{Confidence, Severity};
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::spelling::nearest;
use setting::{Named, Override, Params, Severities, exactness, severity_of};

/// Names under which a settings file is looked for in the project's root.
pub const FILE_NAMES: [&str; 2] = ["steadfast.toml", ".steadfast.toml"];

/// The largest file that is read unless somebody says otherwise: 8 MiB.
pub const MAX_FILE_SIZE: u64 = 8 << 20;

/// Tests: much in them is wrong on purpose, and nothing of it runs where users are. Whatever is found there is a hint.
pub const TESTS: &str = "**/{test,tests,testing,testdata,test-data,testutil,testutils,__tests__,*[_-]test,*[_-]tests,e2e,systemtest,fixture,fixtures,fake,fakes,mock,mocks,conformance,benchmark,benchmarks}/**";

/// What a test reads that lies beside it.
pub const TEST_FILES: &str = "**/test_*.{yaml,yml,json}";

/// Patterns of paths that hold tests, examples, other people's files and development unless somebody says otherwise. A folder
/// `ci` is none of them: as often as not it holds what CI deploys. In a chart it holds the values that its authors try.
pub const TEST_PATTERNS: [&str; 7] = [
    TESTS,
    TEST_FILES,
    "**/{example,examples,sample,samples,demo,demos,doc,docs}/**",
    "**/{third_party,third-party}/**",
    "**/ci/*values*.{yaml,yml}",
    "**/{hack,dev,dev-env,development,local,localhost,kind,k3d,minikube,sandbox,playground}/**",
    "**/*[._-]{test,example,sample,dev,development,local}.{yaml,yml,json,toml,hcl,tf,properties,conf}",
];

fn test_patterns() -> Vec<String> {
    TEST_PATTERNS.map(str::to_owned).to_vec()
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
    /// Whether charts count as the project deploys them.
    pub deployments: bool,
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
            deployments: true,
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
            tests: Globs::known(&[TESTS, TEST_FILES]),
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
