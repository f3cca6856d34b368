//! Words and numbers that settings and flags are made of: a severity, when to fail, a size, a version.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::finding::Severity;

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
