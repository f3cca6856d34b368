//! Everything that one run has to tell, in the form that reporters and the exit code read.
//!
//! Data only: who fills it is `lint`, who prints it is `report`.

use std::any::Any;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Serialize;

use crate::finding::{Confidence, Diagnostic, Finding, Severity};
use crate::source::Sources;

/// The result of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files that places point into.
    pub sources: Sources,
    /// What the rules found, sorted by path, offset and rule, without what was suppressed or is in the baseline.
    pub findings: Vec<Finding>,
    /// What steadfast has to say about its input, its configuration or itself.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings that a comment, an annotation or the baseline took away.
    pub suppressed: Vec<Suppressed>,
    /// Rules whose answer hangs on a value that is only known at run time.
    pub undecided: Vec<Undecided>,
    /// Numbers for the last lines.
    pub summary: Summary,
    /// The rules that were asked, by id.
    pub rules: Vec<AskedRule>,
    /// Those that had nothing to look at; of them, some are selected only if they speak [by default](RuleInfo::default).
    pub idle: Vec<IdleRule>,
    /// Where the time went.
    pub timings: Vec<(&'static str, Duration)>,
    /// Whether something could not be run (a bad rule, a panic that was contained): exit 2.
    pub failed: bool,
    /// What nobody needs any more. To give back the memory of many trees and renderings takes time, and whoever ends with the
    /// report need not spend it.
    pub spent: Option<Box<dyn Any + Send + Sync>>,
}

/// A rule that was asked. What there is to know of it is gathered when a report wants it: most rules say nothing.
pub struct AskedRule {
    /// `family/rule`.
    pub id: String,
    info: LazyLock<RuleInfo, Box<dyn FnOnce() -> RuleInfo + Send>>,
}

impl AskedRule {
    /// A rule, and how to find out more.
    pub fn new(id: String, info: impl FnOnce() -> RuleInfo + Send + 'static) -> Self {
        Self { id, info: LazyLock::new(Box::new(info)) }
    }

    /// What a person wants to know of it.
    pub fn info(&self) -> &RuleInfo {
        &self.info
    }
}

impl fmt::Debug for AskedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AskedRule").field(&self.id).finish()
    }
}

/// A rule that had nothing to look at. Its page is not even read before a report wants it.
pub struct IdleRule {
    /// Whether it is selected by name, and not with all that speak by default.
    by_name: bool,
    info: LazyLock<Option<RuleInfo>, Box<dyn FnOnce() -> Option<RuleInfo> + Send>>,
}

impl IdleRule {
    /// A rule, and how to find out more.
    pub fn new(by_name: bool, info: impl FnOnce() -> Option<RuleInfo> + Send + 'static) -> Self {
        Self { by_name, info: LazyLock::new(Box::new(info)) }
    }

    /// What a person wants to know of it, if it would have been asked.
    pub fn enabled(&self) -> Option<&RuleInfo> {
        self.info.as_ref().filter(|info| self.by_name || info.default)
    }
}

impl fmt::Debug for IdleRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdleRule").field("by_name", &self.by_name).finish_non_exhaustive()
    }
}

/// What a person wants to know of a rule without opening its page.
#[derive(Clone, Debug, Serialize)]
pub struct RuleInfo {
    /// `family/rule`.
    pub id: String,
    /// `disruption`.
    pub family: String,
    /// The gravest severity that it gives.
    pub severity: Severity,
    /// The highest confidence that it gives.
    pub confidence: Confidence,
    /// Whether it speaks without being asked.
    pub default: bool,
    /// The headline of its page.
    pub title: String,
    /// The first sentence of its page.
    pub why: String,
    /// What it looks at: `workload`, `container`.
    pub subject: String,
    /// `safe` or `unsafe`, where it knows how to mend the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Where its page can be read; empty for a team's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The whole page.
    #[serde(skip)]
    pub page: String,
    /// Its references, a line each.
    #[serde(skip)]
    pub references: Vec<String>,
}

/// A finding that was taken away, and by what.
#[derive(Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// `comment`, `annotation`, `snooze`, `file` or `baseline`.
    pub by: &'static str,
    /// The reason that was given.
    pub reason: String,
}

/// A rule that could not be decided for a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undecided {
    /// The rule.
    pub rule: String,
    /// What it asked about, `Deployment api`.
    pub subject: String,
    /// The path of the file and the line.
    pub at: String,
    /// Why it cannot be known.
    pub reason: String,
    /// Whether already the question whether the rule applies could not be answered.
    pub applies: bool,
}

/// Numbers for the last lines of a report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Documents in them.
    pub documents: usize,
    /// Objects among those (what has an apiVersion and a kind, or is otherwise known).
    pub objects: usize,
    /// Subjects that rules looked at.
    pub subjects: usize,
    /// Rules that were asked.
    pub rules: usize,
    /// What was not read, as (why, how many).
    pub skipped: Vec<(String, usize)>,
    /// Errors among the findings.
    pub errors: usize,
    /// Warnings among the findings.
    pub warnings: usize,
    /// Infos among the findings.
    pub infos: usize,
    /// Findings suppressed.
    pub suppressed: usize,
    /// Undecided questions.
    pub undecided: usize,
    /// Findings that a flag (--min-severity, paths) keeps out of the report.
    pub hidden: usize,
}

impl Summary {
    /// Counts the findings of a severity.
    pub fn of(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
            Severity::Info => self.infos,
        }
    }
}
