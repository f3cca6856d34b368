//! What steadfast has to say: findings of rules, and diagnostics of its own.
//!
//! Plain owned data, without lifetimes and without a drawing: reporters turn it into text, suppressions and baselines take
//! from it. Findings come from rules alone; a [`Diagnostic`] is about the input, the configuration or steadfast itself.

use std::fmt;

use serde::Serialize;

pub use crate::fact::Confidence;
use crate::source::Place;

/// How grave it is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A smell, or a practice that is missing.
    Info,
    /// Degrades, or multiplies an incident.
    Warning,
    /// Fails or loses data under an event that will come: a drain, a deploy, a scale-out, one pod failing.
    Error,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// One step less grave.
    pub fn lowered(self) -> Self {
        match self {
            Self::Error => Self::Warning,
            Self::Warning | Self::Info => Self::Info,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A place with the words that belong to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What is to be seen there; may be empty.
    pub message: String,
}

/// What a finding is about, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SubjectName {
    /// `Deployment`, `container`, `PodDisruptionBudget`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id: `family/rule`.
    pub rule: String,
    /// How grave it is, after overrides.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// One sentence with the numbers.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The gravest subject that has the fault.
    pub subject: SubjectName,
    /// Others that have it at the same place.
    pub also: Vec<SubjectName>,
    /// What is deployed together: a folder, a chart, an overlay.
    pub unit: String,
    /// The line to change.
    pub primary: Label,
    /// The other facts that it rests on.
    pub related: Vec<Label>,
    /// The path of the primary place within its document: it survives moved lines.
    pub path: String,
    /// The identity of the object in whose document the primary place lies, `Deployment shop/api`; empty where it has none.
    pub object: String,
    /// Every subject that has the fault at this place.
    pub members: Members,
    /// The settings (of a chart, of an overlay) under which it was seen, where not under all of them.
    pub seen_with: Vec<String>,
}

/// The subjects that have a fault at the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// One, as nearly always: the finding itself says everything of it.
    One(Standing),
    /// Several, from which [`Finding::settle`] draws what the finding says as a whole.
    Several(Vec<Occurrence>),
}

/// One of the subjects that have a fault at the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The subject.
    pub subject: SubjectName,
    /// How grave it is there.
    pub severity: Severity,
    /// How sure it is there.
    pub confidence: Confidence,
    /// The sentence about this subject.
    pub message: String,
    /// What this subject's fault rests on beside the primary place.
    pub related: Vec<Label>,
    /// Where a suppression of it counts.
    pub standing: Standing,
}

/// Where a suppression of a subject counts, beside the primary place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The spans (from the key, where there is one) of the object, the container or the entry on which a suppression of this
    /// subject counts.
    pub grounds: Vec<Place>,
    /// The values of suppressing annotations on the subject's object and their places.
    pub annotations: Vec<(Place, String)>,
}

impl Members {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Several(all) => all.len(),
        }
    }

    /// Where suppressions of one of them count.
    pub fn standing(&self, at: usize) -> Option<&Standing> {
        match self {
            Self::One(standing) => Some(standing).filter(|_| at == 0),
            Self::Several(all) => all.get(at).map(|member| &member.standing),
        }
    }
}

impl About {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::NotJudged => "not-judged",
            Self::Config => "config",
            Self::Rule => "rule",
            Self::Suppression => "suppression",
            Self::Bug => "bug",
        }
    }
}

/// So many settings are named to a person.
const FEW_SETTINGS: usize = 4;

impl Finding {
    /// The settings under which it was seen, as a person reads them; nothing where it was seen under all.
    pub fn seen_with_in_short(&self) -> Option<String> {
        let (first, more) = self.seen_with.split_at(self.seen_with.len().min(FEW_SETTINGS));
        let named = first.join(", ");
        match more.len() {
            _ if first.is_empty() => None,
            0 => Some(named),
            more => Some(format!("{named} and {more} more")),
        }
    }

    /// Takes in another subject that has the fault at this place; to be [settled](Self::settle) when all have come.
    pub fn join(&mut self, other: Occurrence) {
        match &mut self.members {
            Members::Several(all) => all.push(other),
            Members::One(standing) => {
                let own = Occurrence {
                    subject: self.subject.clone(),
                    severity: self.severity,
                    confidence: self.confidence,
                    message: self.message.clone(),
                    related: self.related.clone(),
                    standing: std::mem::take(standing),
                };
                self.members = Members::Several(vec![own, other]);
            }
        }
    }

    /// The part of the finding that is about one of its several subjects, which is taken away; there is none where the subject
    /// is the only one.
    pub fn part(&mut self, at: usize) -> Option<Finding> {
        let Members::Several(all) = &mut self.members else { return None };
        let member = (at < all.len()).then(|| all.remove(at))?;
        let mut part = Finding { members: Members::Several(vec![member]), ..self.clone() };
        part.settle();
        Some(part)
    }

    /// Draws subject, sentence, severity and related places from the members, after one has come or gone. The first of the
    /// gravest speaks for all.
    pub fn settle(&mut self) {
        let Members::Several(members) = &self.members else { return };
        let Some(head) = members.iter().rev().max_by_key(|member| member.severity).cloned() else {
            return;
        };
        let mut also: Vec<_> = members.iter().map(|member| member.subject.clone()).collect();
        also.retain(|subject| *subject != head.subject);
        also.dedup();
        self.confidence = head.confidence;
        self.severity = head.severity;
        self.message = head.message;
        self.subject = head.subject;
        self.also = also;
        self.related = head.related;
        for label in members.iter().flat_map(|member| &member.related) {
            if !self.related.contains(label) {
                self.related.push(label.clone());
            }
        }
    }

    /// What a baseline and SARIF know a finding by: rule, file, object and path; no line, no message.
    pub fn fingerprint(&self, path_of_file: &str) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let parts = [self.rule.as_str(), path_of_file, &self.object, &self.path];
        for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{hash:016x}")
    }
}

/// What a diagnostic of steadfast's own is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A file or a part of one that could not be read or parsed.
    Input,
    /// Something that was not judged, such as a template without its chart.
    NotJudged,
    /// steadfast.toml or a flag.
    Config,
    /// A rule file.
    Rule,
    /// A suppression that is unused, expired, malformed or names an unknown rule.
    Suppression,
    /// steadfast itself failed; the rest was still judged.
    Bug,
}

/// Something that steadfast has to say about its input or itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is about.
    pub about: About,
    /// How grave it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where, if it has a place.
    pub place: Option<Label>,
    /// The file, if it has no place in one.
    pub file: Option<String>,
}

impl Diagnostic {
    /// Something that is ours to mend: a panic that was kept in the file, rule or chart that it happened in.
    pub fn bug(message: impl Into<String>) -> Self {
        Self {
            about: About::Bug,
            severity: Severity::Error,
            message: message.into(),
            help: Some(format!("please report it at {}/issues", env!("CARGO_PKG_REPOSITORY"))),
            place: None,
            file: None,
        }
    }
}
