//! What is wrong with a setting, and where it is written.

use crate::finding::{About, Diagnostic, Label, Severity};
use crate::source::{FileId, Place, Span};

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
