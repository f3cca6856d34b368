//! Versions and constraints as `Masterminds/semver` understands them, which is what Helm asks.
//!
//! They are looser than Semantic Versioning: `v1.2` is a version. A version before a release fits a constraint only if that
//! names one too, which is why charts write `>=1.19-0`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A version.
#[derive(Clone, Debug)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
    /// The third number.
    pub patch: u64,
    /// What follows `-`.
    pub prerelease: String,
    /// What follows `+`.
    pub metadata: String,
    /// As it was written.
    pub original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

const INVALID: &str = "Invalid Semantic Version";

impl Version {
    /// Reads a version; the error is the library's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, metadata) = rest.split_once('+').map_or((rest, None), |(rest, data)| (rest, Some(data)));
        let (numbers, prerelease) =
            rest.split_once('-').map_or((rest, None), |(rest, pre)| (rest, Some(pre)));
        let parts: Vec<&str> = numbers.split('.').collect();
        let fits = |part: &Option<&str>| part.is_none_or(|part| part.split('.').all(is_identifier));
        let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if parts.len() > 3 || !parts.iter().all(digits) || !fits(&prerelease) || !fits(&metadata) {
            return Err(INVALID.to_owned());
        }
        let number = |at: usize| match parts.get(at) {
            None => Ok(0),
            Some(part) => part.parse::<u64>().map_err(|_| {
                format!(
                    "Error parsing version segment: strconv.ParseUint: parsing \"{part}\": value out of range"
                )
            }),
        };
        let prerelease = prerelease.unwrap_or_default();
        check_prerelease(prerelease)?;
        Ok(Self {
            major: number(0)?,
            minor: number(1)?,
            patch: number(2)?,
            prerelease: prerelease.to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    fn respelled(mut self) -> Self {
        let v = if self.original.starts_with('v') { "v" } else { "" };
        self.original = format!("{v}{self}");
        self
    }

    /// The release with these numbers.
    pub(super) fn next(&self, major: u64, minor: u64, patch: u64) -> Self {
        let next = Self {
            major,
            minor,
            patch,
            original: self.original.clone(),
            prerelease: String::new(),
            metadata: String::new(),
        };
        next.respelled()
    }

    pub(super) fn with_prerelease(&self, prerelease: &str) -> Result<Self, String> {
        if !prerelease.is_empty() {
            check_prerelease(prerelease)?;
        }
        Ok(Self { prerelease: prerelease.to_owned(), ..self.clone() }.respelled())
    }

    pub(super) fn with_metadata(&self, metadata: &str) -> Result<Self, String> {
        let fits = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !metadata.is_empty() && !metadata.split('.').all(fits) {
            return Err("Invalid Metadata string".to_owned());
        }
        Ok(Self { metadata: metadata.to_owned(), ..self.clone() }.respelled())
    }

    /// Which of two comes first; what follows `+` does not count.
    pub fn compare(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch)).then_with(
            || match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            },
        )
    }
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn check_prerelease(text: &str) -> Result<(), String> {
    for part in text.split('.') {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            if part.len() > 1 && part.starts_with('0') {
                return Err("Version segment starts with 0".to_owned());
            }
        } else if !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err("Invalid Prerelease string".to_owned());
        }
    }
    Ok(())
}

fn compare_prereleases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (one, other) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (one, other) => (one.unwrap_or_default(), other.unwrap_or_default()),
        };
        let order = match (one.parse::<u64>(), other.parse::<u64>()) {
            _ if one == other => Ordering::Equal,
            _ if one.is_empty() => Ordering::Less,
            _ if other.is_empty() => Ordering::Greater,
            (Ok(one), Ok(other)) if one > other => Ordering::Greater,
            (Ok(_), _) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => one.cmp(other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const PATTERN: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";

/// The library's regular expressions: its grammar is what they accept.
struct Grammar {
    one: Regex,
    range: Regex,
    each: Regex,
    all: Regex,
}

static GRAMMAR: LazyLock<Option<Grammar>> = LazyLock::new(|| {
    let regex = |pattern: String| Regex::new(&pattern.replace(r"\s", r"[\t\n\f\r ]")).ok();
    Some(Grammar {
        one: regex(format!(r"^\s*({OPERATORS})\s*({PATTERN})\s*$"))?,
        range: regex(format!(r"\s*({PATTERN})\s+-\s+({PATTERN})\s*"))?,
        each: regex(format!(r"({OPERATORS})\s*({PATTERN})"))?,
        all: regex(format!(
            r"^(\s*({OPERATORS})\s*({PATTERN})\s*)((?:\s+|,\s*)({OPERATORS})\s*({PATTERN})\s*)*$"
        ))?,
    })
});

/// What a version must fit: alternatives, in each of which all must hold.
#[derive(Clone, Debug)]
pub struct Constraints(Vec<Vec<Constraint>>);

#[derive(Clone, Debug)]
struct Constraint {
    operator: Operator,
    version: Version,
    /// A number is open, `1.x`: any, the second, the third.
    open: bool,
    open_minor: bool,
    open_patch: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

impl Constraints {
    /// Reads constraints; the error is the library's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let grammar = GRAMMAR.as_ref().ok_or("constraint Parser Error")?;
        let mut rewritten = text.to_owned();
        for range in grammar.range.captures_iter(text) {
            let part = |at: usize| range.get(at).map_or("", |part| part.as_str());
            rewritten = rewritten.replacen(part(0), &format!(">= {}, <= {} ", part(1), part(11)), 1);
        }
        let alternatives = rewritten.split("||").map(|alternative| {
            if !grammar.all.is_match(alternative) {
                return Err(format!("improper constraint: {alternative}"));
            }
            grammar
                .each
                .find_iter(alternative)
                .map(|found| Constraint::parse(grammar, found.as_str()))
                .collect()
        });
        alternatives.collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Whether a version fits.
    pub fn allow(&self, version: &Version) -> bool {
        self.0.iter().any(|all| all.iter().all(|constraint| constraint.allows(version)))
    }
}

impl Constraint {
    fn parse(grammar: &Grammar, text: &str) -> Result<Self, String> {
        let found = grammar.one.captures(text).ok_or_else(|| format!("improper constraint: {text}"))?;
        let part = |found: &Captures<'_>, at: usize| {
            found.get(at).map_or(String::new(), |part| part.as_str().to_owned())
        };
        let (major, minor, patch, pre) = (part(&found, 3), part(&found, 4), part(&found, 5), part(&found, 6));
        let is_open = |number: &str| matches!(number.trim_start_matches('.'), "x" | "X" | "*" | "");
        let (mut open_minor, mut open_patch) = (false, false);
        let spelled = if is_open(&major) {
            format!("0.0.0{pre}")
        } else if is_open(&minor) {
            open_minor = true;
            format!("{major}.0.0{pre}")
        } else if is_open(&patch) {
            open_patch = true;
            format!("{major}{minor}.0{pre}")
        } else {
            part(&found, 2)
        };
        let version = Version::parse(&spelled).map_err(|_| "constraint Parser Error".to_owned())?;
        let operator = match part(&found, 1).as_str() {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterOrEqual,
            "<=" | "=<" => Operator::LessOrEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Equal,
        };
        let open = open_minor || open_patch || is_open(&major);
        Ok(Self { operator, version, open, open_minor, open_patch })
    }

    fn allows(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let early = !version.prerelease.is_empty() && wanted.prerelease.is_empty();
        if early && (self.operator != Operator::NotEqual || self.open) {
            return false;
        }
        let order = version.compare(wanted);
        match self.operator {
            Operator::Equal if self.open => self.tilde(version, order),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => self.differs(version, order),
            Operator::Greater if !self.open => order.is_gt(),
            Operator::Greater => match version.major.cmp(&wanted.major) {
                Ordering::Equal if self.open_minor => false,
                Ordering::Equal if self.open_patch => version.minor > wanted.minor,
                Ordering::Equal => order.is_gt(),
                major => major.is_gt(),
            },
            Operator::Less => order.is_lt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::LessOrEqual if !self.open => order.is_le(),
            Operator::LessOrEqual => {
                version.major < wanted.major
                    || version.major == wanted.major && (version.minor <= wanted.minor || self.open_minor)
            }
            Operator::Tilde => self.tilde(version, order),
            Operator::Caret => self.caret(version, order),
        }
    }

    fn differs(&self, version: &Version, order: Ordering) -> bool {
        let wanted = &self.version;
        if !self.open {
            return order.is_ne();
        }
        if version.major != wanted.major {
            return true;
        }
        if self.open_minor {
            return false;
        }
        if version.minor != wanted.minor {
            return true;
        }
        if !self.open_patch {
            return version.patch != wanted.patch || order.is_ne();
        }
        (!version.prerelease.is_empty() || !wanted.prerelease.is_empty())
            && compare_prereleases(&version.prerelease, &wanted.prerelease).is_ne()
    }

    fn tilde(&self, version: &Version, order: Ordering) -> bool {
        let wanted = &self.version;
        if order.is_lt() {
            return false;
        }
        let any =
            (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0) && !self.open_minor && !self.open_patch;
        any || version.major == wanted.major && (version.minor == wanted.minor || self.open_minor)
    }

    fn caret(&self, version: &Version, order: Ordering) -> bool {
        let wanted = &self.version;
        if order.is_lt() || version.major != wanted.major {
            return false;
        }
        if wanted.major > 0 || self.open_minor {
            return true;
        }
        if wanted.minor > 0 || self.open_patch {
            return version.minor == wanted.minor;
        }
        version.minor == 0 && version.patch == wanted.patch
    }
}
