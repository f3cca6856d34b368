//! What a front end says of one place on the way of a call: how long it waits, how often it asks again.
//!
//! Every technology that passes requests on lowers into this shape, each in its own module, with its own defaults. What
//! lies behind the place, and what that says, is joined in the model.

use crate::fact::{Confidence, Fact, Spot, State};
use crate::lower::read;
use crate::measure::duration;
use crate::syntax::tree::NodeRef;

/// What one place says. A time without end is infinite.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// How long it gives a request, with all attempts.
    pub timeout: Fact<'a, f64>,
    /// How long it waits for a connection.
    pub connect: Fact<'a, f64>,
    /// How long it keeps an idle connection to what lies behind it, to use it again.
    pub idle: Fact<'a, f64>,
    /// How it asks again.
    pub retry: Fact<'a, Retry<'a>>,
}

/// How a place asks again.
#[derive(Clone, Debug)]
pub struct Retry<'a> {
    /// The part of the file that says so, or the nearest.
    pub node: NodeRef<'a>,
    /// How often it asks again.
    pub count: Fact<'a, f64>,
    /// How long it waits for one attempt.
    pub per_try: Fact<'a, f64>,
    /// How long it waits between two attempts.
    pub pause: Fact<'a, f64>,
    /// After what it asks again, in the technology's own words.
    pub triggers: Fact<'a, Words<'a>>,
    /// The status codes after which it asks again, whether or not the triggers make it look at them.
    pub codes: Fact<'a, Words<'a>>,
    /// What the words mean.
    pub meaning: Meaning,
}

/// Words, each with its place.
pub type Words<'a> = Vec<(&'a str, Spot<'a>)>;

/// What a technology means by its triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// nginx `proxy_next_upstream`.
    Nginx,
    /// Envoy `retry_on`, and the status codes beside it.
    Envoy,
    /// The Gateway API names codes alone.
    Codes,
}

impl<'a> Call<'a> {
    /// A place of which nothing is known, for this reason.
    pub fn unknown(reason: &'static str) -> Self {
        Self {
            timeout: Fact::unknown(reason),
            connect: Fact::unknown(reason),
            idle: Fact::unknown(reason),
            retry: Fact::unknown(reason),
        }
    }

    /// The same, as far as a guess holds.
    pub fn guessed(self) -> Self {
        Self {
            timeout: self.timeout.guessed(),
            connect: self.connect.guessed(),
            idle: self.idle.guessed(),
            retry: self.retry.guessed(),
        }
    }
}

impl<'a> Retry<'a> {
    /// The retries as a fact: absent where there are none, unknown where nobody knows how many; written, or somebody's default.
    pub fn told(self, written: bool) -> Fact<'a, Self> {
        let spots = self.count.spots.clone();
        let confidence = self.count.confidence;
        let state = match &self.count.state {
            State::Unknown(reason) => State::Unknown(reason.clone()),
            State::Absent => State::Absent,
            State::Written(count) | State::Default(count) if *count <= 0.0 => State::Absent,
            _ if written => State::Written(self),
            _ => State::Default(self),
        };
        // That there are some is surer than how many.
        let confidence = if matches!(state, State::Absent) { confidence } else { Confidence::High };
        Fact { state, spots, confidence }
    }
}

impl Retry<'_> {
    /// Whether an attempt that took too long is followed by another one.
    pub fn after_timeout(&self) -> Option<bool> {
        let words = self.triggers.value()?;
        let any = |meant: &[&str]| words.iter().any(|(word, _)| meant.contains(word));
        Some(match self.meaning {
            Meaning::Nginx => any(&["timeout"]),
            // Envoy `RetryStateImpl::wouldRetryFromReset`: a try that is cut off is a reset.
            Meaning::Envoy => any(&["5xx", "gateway-error", "reset"]),
            Meaning::Codes => return None,
        })
    }

    /// Whether its triggers make it look at the status codes. nginx and the Gateway API need no word for that.
    pub fn reads_codes(&self) -> Option<bool> {
        match self.meaning {
            Meaning::Nginx | Meaning::Codes => Some(true),
            Meaning::Envoy => {
                Some(self.triggers.value()?.iter().any(|(word, _)| *word == "retriable-status-codes"))
            }
        }
    }

    /// Whether it asks again when the request may have been carried out already, whatever its method.
    pub fn may_repeat(&self) -> Option<bool> {
        let words = self.triggers.value()?;
        let any = |meant: &[&str]| words.iter().any(|(word, _)| meant.contains(word));
        Some(match self.meaning {
            // nginx never passes POST, LOCK and PATCH to the next server unless it is told to.
            Meaning::Nginx => any(&["non_idempotent"]),
            Meaning::Envoy => {
                let codes = self.codes.value()?.iter().any(|(code, _)| code.starts_with('5'));
                any(&["5xx", "gateway-error", "reset"]) || (codes && any(&["retriable-status-codes"]))
            }
            Meaning::Codes => self.codes.value()?.iter().any(|(code, _)| code.starts_with('5')),
        })
    }
}

/// A duration with a unit, as Go reads it. `0s` is none at all where `zero_is_none`.
pub fn go<'a>(base: NodeRef<'a>, path: &'static str, zero_is_none: bool) -> Fact<'a, f64> {
    read::text(base, path).try_map("it is no duration that the platform can read", |text| {
        let seconds = duration::go(text)?;
        Some(if seconds == 0.0 && zero_is_none { f64::INFINITY } else { seconds })
    })
}

/// Words between commas, or white space, of one scalar.
pub fn words<'a>(node: NodeRef<'a>, between: impl Fn(char) -> bool) -> Words<'a> {
    let text = node.text();
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(between) {
        let start = at + word.len() - word.trim_start().len();
        let trimmed = word.trim();
        if !trimmed.is_empty() {
            let whole = trimmed.len() == text.len();
            let spot =
                if whole { Spot::value(node) } else { Spot::within(node, start..start + trimmed.len()) };
            found.push((trimmed, spot));
        }
        at += word.len() + 1;
    }
    found
}
