//! The single settings, each with the place where it was written and whether it was ever of use.

use std::sync::atomic::AtomicBool;

use camino::Utf8PathBuf;
use jiff::civil::Date;

use super::{Globs, KubernetesVersion, family};
use crate::finding::{Confidence, Severity};
use crate::source::Span;

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
pub(super) struct Named {
    pub(super) name: String,
    pub(super) span: Option<Span>,
    pub(super) used: AtomicBool,
}

impl Named {
    pub(super) fn new(name: impl Into<String>, span: Option<Span>) -> Self {
        Self { name: name.into(), span, used: AtomicBool::new(false) }
    }

    /// How exactly it names the rule: by its id (3), its family (2), as one of many (1), or not at all.
    pub(super) fn exactness(&self, rule: &str) -> Option<u8> {
        match self.name.as_str() {
            "all" | "default" => Some(1),
            name if name == rule => Some(3),
            name if name == family(rule) => Some(2),
            _ => None,
        }
    }
}

/// Severities by rule or family.
pub(super) type Severities = Vec<(Named, Severity)>;

pub(super) fn severity_of(severities: &Severities, rule: &str) -> Option<Severity> {
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
pub(super) struct Params {
    pub(super) rule: Named,
    pub(super) values: Vec<Param>,
}

/// Different settings for some paths.
#[derive(Debug)]
pub(super) struct Override {
    pub(super) span: Span,
    pub(super) paths: Globs,
    pub(super) select: Vec<Named>,
    pub(super) ignore: Vec<Named>,
    pub(super) severity: Severities,
    pub(super) until: Option<(Date, Span)>,
}

impl Override {
    pub(super) fn holds(&self, today: Date) -> bool {
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
    pub(super) matcher: globset::GlobMatcher,
    pub(super) used: AtomicBool,
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

/// How exactly a list names a rule.
pub(super) fn exactness(list: &[Named], rule: &str) -> Option<u8> {
    list.iter().filter_map(|named| named.exactness(rule)).max()
}
