//! Versions and constraints as `Masterminds/semver` understands them, which is what Helm asks.
//!
//! They are looser than Semantic Versioning: `v1.2` is a version. A version before a release fits a constraint only if that
//! names one too, which is why charts write `>=1.19-0`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

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

/// The library's regular expression for `1.2 - 3.4`; most constraints never need it.
static RANGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const PATTERN: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
    let pattern = format!(r"\s*({PATTERN})\s+-\s+({PATTERN})\s*");
    Regex::new(&pattern.replace(r"\s", r"[\t\n\f\r ]")).ok()
});

/// The operators of constraints. Those that begin with another one come before it.
const OPERATORS: [(&str, Operator); 12] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    ("", Operator::Equal),
];

fn is_blank(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

/// A version in a constraint, of which numbers may be open.
struct Written<'t> {
    whole: &'t str,
    numbers: [&'t str; 3],
    /// What follows the numbers and begins with `-`.
    prerelease: &'t str,
}

impl<'t> Written<'t> {
    /// A version at the start of a text, and what follows it.
    fn read(text: &'t str) -> Option<(Self, &'t str)> {
        let number = |text: &'t str| {
            let open = |letter: char| letter.is_ascii_digit() || matches!(letter, '|' | 'x' | 'X' | '*');
            let rest = text.trim_start_matches(open);
            (rest.len() < text.len()).then(|| (&text[..text.len() - rest.len()], rest))
        };
        let (major, mut rest) = number(text.strip_prefix('v').unwrap_or(text))?;
        let mut numbers = [major, "", ""];
        for part in &mut numbers[1..] {
            let Some(next) = rest.strip_prefix('.').and_then(number) else { break };
            (*part, rest) = next;
        }
        let behind = identifiers(rest, '-');
        let prerelease = &rest[..rest.len() - behind.len()];
        let rest = identifiers(behind, '+');
        Some((Self { whole: &text[..text.len() - rest.len()], numbers, prerelease }, rest))
    }
}

/// What follows a sign and the identifiers behind it; all of the text, where they are not there.
fn identifiers(text: &str, sign: char) -> &str {
    let word = |text: &str| {
        let rest = text.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '-');
        (rest.len() < text.len()).then_some(rest.len())
    };
    let Some(mut left) = text.strip_prefix(sign).and_then(word) else { return text };
    let rest = |left: usize| &text[text.len() - left..];
    while let Some(next) = rest(left).strip_prefix('.').and_then(word) {
        left = next;
    }
    rest(left)
}

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
        let mut rewritten = text.to_owned();
        if text.split(is_blank).any(|word| word == "-") {
            let range = RANGE.as_ref().ok_or("constraint Parser Error")?;
            for range in range.captures_iter(text) {
                let part = |at: usize| range.get(at).map_or("", |part| part.as_str());
                rewritten = rewritten.replacen(part(0), &format!(">= {}, <= {} ", part(1), part(11)), 1);
            }
        }
        rewritten.split("||").map(Self::all_of).collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Constraints side by side, with commas or blanks between them.
    fn all_of(text: &str) -> Result<Vec<Constraint>, String> {
        let improper = || format!("improper constraint: {text}");
        let mut found = Vec::new();
        let mut rest = text.trim_start_matches(is_blank);
        loop {
            let (constraint, behind) = Constraint::read(rest).ok_or_else(improper)?;
            found.push(constraint);
            rest = behind.trim_start_matches(is_blank);
            match rest.strip_prefix(',') {
                _ if rest.is_empty() => return found.into_iter().collect(),
                Some(next) => rest = next.trim_start_matches(is_blank),
                None if rest.len() == behind.len() => return Err(improper()),
                None => {}
            }
        }
    }

    /// Whether a version fits.
    pub fn allow(&self, version: &Version) -> bool {
        self.0.iter().any(|all| all.iter().all(|constraint| constraint.allows(version)))
    }
}

impl Constraint {
    /// A constraint at the start of a text, and what follows it.
    fn read(text: &str) -> Option<(Result<Self, String>, &str)> {
        OPERATORS.iter().find_map(|(spelling, operator)| {
            let version = text.strip_prefix(spelling)?.trim_start_matches(is_blank);
            let (written, rest) = Written::read(version)?;
            Some((Self::of(*operator, &written), rest))
        })
    }

    fn of(operator: Operator, written: &Written<'_>) -> Result<Self, String> {
        let ([major, minor, patch], pre) = (written.numbers, written.prerelease);
        let is_open = |number: &str| matches!(number, "x" | "X" | "*" | "");
        let (mut open_minor, mut open_patch) = (false, false);
        let spelled = if is_open(major) {
            format!("0.0.0{pre}")
        } else if is_open(minor) {
            open_minor = true;
            format!("{major}.0.0{pre}")
        } else if is_open(patch) {
            open_patch = true;
            format!("{major}.{minor}.0{pre}")
        } else {
            written.whole.to_owned()
        };
        let version = Version::parse(&spelled).map_err(|_| "constraint Parser Error".to_owned())?;
        let open = open_minor || open_patch || is_open(major);
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
