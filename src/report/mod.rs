//! What a run has to tell, in the form that each reader wants: one file a format.
//!
//! A report is a pure function of the [`Outcome`] and the [`Options`]: no clock, no environment, no terminal is asked, so
//! the same run gives the same bytes. Nothing is decided here either: what counts as a finding, and with which exit code a
//! run ends, is known before a report is written.

mod concise;
mod frame;
mod github;
mod gitlab;
pub mod graph;
mod human;
mod json;
mod junit;
mod markdown;
mod rdjson;
mod rows;
#[cfg(test)]
mod sample;
mod sarif;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use crate::outcome::Outcome;
use view::View;

/// A form of report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Code frames and sentences, for a person at a terminal.
    #[default]
    Human,
    /// A line a finding: `path:line:col: severity[rule] message`.
    Concise,
    /// Everything, versioned: docs/report.schema.json.
    Json,
    /// SARIF 2.1.0, as GitHub code scanning takes it.
    Sarif,
    /// Workflow commands, which GitHub Actions shows as annotations.
    Github,
    /// GitLab Code Quality.
    Gitlab,
    /// JUnit XML, for Jenkins, Azure, CircleCI and others.
    Junit,
    /// Markdown, for a job summary or a comment.
    Markdown,
    /// reviewdog's diagnostic format.
    Rdjson,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Human,
        Self::Concise,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Markdown,
        Self::Rdjson,
    ];

    /// The name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Rdjson => "rdjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|format| format.name()).collect();
            format!("no format is called `{name}`; there are {}", names.join(", "))
        })
    }
}

/// How a report is to look. The formats for machines read `prefix` alone, and markdown `browse`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Colours, as ANSI escapes.
    pub color: bool,
    /// Lines drawn with Unicode characters; else with ASCII.
    pub unicode: bool,
    /// Links (OSC 8) on the ids of rules.
    pub hyperlinks: bool,
    /// The columns that there are: prose is wrapped and long source lines are cut to them.
    pub width: usize,
    /// Findings alone: no diagnostics, no summary.
    pub quiet: bool,
    /// Every finding drawn in full, however many of its kind there are.
    pub all: bool,
    /// How often each rule spoke.
    pub statistics: bool,
    /// Where the time went.
    pub timings: bool,
    /// How long the run took, if the summary is to say so. It differs from run to run, so a report that is kept has none.
    pub elapsed: Option<Duration>,
    /// What could not be decided, one by one.
    pub undecided: bool,
    /// What stands before every path: the way from where the reader stands (the working directory, the repository's
    /// root) to the project's root, empty or ending in `/`.
    pub prefix: String,
    /// Where files can be read on the web: `https://github.com/shop/infra/blob/4f2a9c1`.
    pub browse: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            hyperlinks: false,
            width: 100,
            quiet: false,
            all: false,
            statistics: false,
            timings: false,
            elapsed: None,
            undecided: false,
            prefix: String::new(),
            browse: None,
        }
    }
}

/// Writes a report.
pub fn write(
    format: Format,
    outcome: &Outcome,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let view = View::new(outcome, options);
    match format {
        Format::Human => human::write(&view, out),
        Format::Concise => concise::write(&view, out),
        Format::Json => json::write(&view, out),
        Format::Sarif => sarif::write(&view, out),
        Format::Github => github::write(&view, out),
        Format::Gitlab => gitlab::write(&view, out),
        Format::Junit => junit::write(&view, out),
        Format::Markdown => markdown::write(&view, out),
        Format::Rdjson => rdjson::write(&view, out),
    }
}

/// Names of this program that reports carry.
const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");
const HOME: &str = env!("CARGO_PKG_REPOSITORY");
