//! Which resources a patch or a replacement is for: names and kinds as regular expressions that must match whole, labels and
//! annotations as Kubernetes' selectors.

use std::rc::Rc;

use regex::Regex;

use super::node::Node;
use super::resource::{Id, Resource};
use super::schema::Schema;

/// How large a compiled expression may become.
const LARGEST: usize = 1 << 20;

/// A selector as files write it.
#[derive(Debug)]
pub(super) struct Selector {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Requirements,
    annotations: Requirements,
}

#[derive(Debug)]
enum Pattern {
    Any,
    Is(String),
    Matches(Box<Regex>),
}

/// A selector of labels or annotations: all of these hold.
#[derive(Debug, Default)]
pub(super) struct Requirements(Vec<Requirement>);

#[derive(Debug)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl Selector {
    /// Reads a target; the error says what is wrong with it.
    pub(super) fn read(node: &Node) -> Result<Self, String> {
        let pattern = |key| Pattern::new(node.str(key).unwrap_or_default());
        Ok(Self {
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            labels: Requirements::read(node.str("labelSelector").unwrap_or_default())?,
            annotations: Requirements::read(node.str("annotationSelector").unwrap_or_default())?,
        })
    }

    /// The one name that it asks for, if it does.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.name {
            Pattern::Is(name) => Some(name),
            Pattern::Any | Pattern::Matches(_) => None,
        }
    }

    /// Whether it takes a resource, by its first or its present name.
    pub(super) fn takes(&self, resource: &Resource, schema: &Schema) -> bool {
        // Of thousands, most are others: what costs nothing is asked first.
        let names = [Some(resource.name()), resource.previous.first().map(|first| Rc::clone(&first.name))];
        if !self.kind.fits(&resource.kind()) || !names.iter().flatten().any(|name| self.name.fits(name)) {
            return false;
        }
        let current = resource.id();
        let fits = |id: &Id| {
            matches!(self.namespace, Pattern::Any) || self.namespace.fits(id.effective_namespace(schema))
        };
        self.kind_fits(&current) && (fits(&resource.original()) || fits(&current)) && self.marks_fit(resource)
    }

    /// Whether it takes this one of the names of a resource.
    pub(super) fn names(&self, id: &Id) -> bool {
        self.kind_fits(id) && self.name.fits(&id.name) && self.namespace.fits(&id.namespace)
    }

    /// Whether the labels and annotations of a resource are such as it asks for.
    pub(super) fn marks_fit(&self, resource: &Resource) -> bool {
        self.labels.hold(resource, "labels") && self.annotations.hold(resource, "annotations")
    }

    /// Whether it asks for labels or annotations at all.
    pub(super) fn asks_marks(&self) -> bool {
        !self.labels.0.is_empty() || !self.annotations.0.is_empty()
    }

    /// Whether it asks for a kind, a name or a namespace at all.
    pub(super) fn asks_names(&self) -> bool {
        let patterns = [&self.group, &self.version, &self.kind, &self.name, &self.namespace];
        patterns.into_iter().any(|pattern| !matches!(pattern, Pattern::Any))
    }

    fn kind_fits(&self, id: &Id) -> bool {
        self.group.fits(&id.gvk.group) && self.version.fits(&id.gvk.version) && self.kind.fits(&id.gvk.kind)
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Self, String> {
        let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b':');
        if text.is_empty() {
            Ok(Self::Any)
        } else if text.bytes().all(is_literal) {
            Ok(Self::Is(text.to_owned()))
        } else {
            let regex = expression(&format!("^(?:{text})$"))?;
            Ok(Self::Matches(Box::new(regex)))
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Is(wanted) => wanted == text,
            Self::Matches(regex) => regex.is_match(text),
        }
    }
}

/// A regular expression of a file.
pub(super) fn expression(text: &str) -> Result<Regex, String> {
    let builder = regex::RegexBuilder::new(text).size_limit(LARGEST).build();
    builder.map_err(|_| format!("`{text}` is no regular expression"))
}

impl Requirements {
    /// Reads a selector such as `app=shop,tier in (a, b),!old`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() && text.trim().is_empty() {
                continue;
            }
            let requirement = requirement(part);
            requirements.push(requirement.ok_or_else(|| format!("`{text}` is no selector of labels"))?);
        }
        Ok(Self(requirements))
    }

    pub(super) fn hold(&self, resource: &Resource, which: &str) -> bool {
        self.0.iter().all(|requirement| {
            let found =
                resource.marks(which).find(|(key, _)| *key == requirement.key).map(|(_, value)| value);
            let among =
                |values: &[String]| found.is_some_and(|found| values.iter().any(|value| value == found));
            let number = || found.and_then(|found| found.parse::<i64>().ok());
            match &requirement.test {
                Test::Exists => found.is_some(),
                Test::Missing => found.is_none(),
                Test::In(values) => among(values),
                Test::NotIn(values) => !among(values),
                Test::Above(limit) => number().is_some_and(|number| number > *limit),
                Test::Below(limit) => number().is_some_and(|number| number < *limit),
            }
        })
    }
}

/// Parts between commas that are not in parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => inside = true,
            b')' => inside = false,
            b',' if !inside => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Option<Requirement> {
    let is_key = |key: &str| {
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
    };
    let of = |key: &str, test| is_key(key.trim()).then(|| Requirement { key: key.trim().to_owned(), test });
    if let Some(key) = part.strip_prefix('!') {
        return of(key, Test::Missing);
    }
    for (sign, is_equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((key, value)) = part.split_once(sign) {
            let value = vec![value.trim().to_owned()];
            return of(key, if is_equal { Test::In(value) } else { Test::NotIn(value) });
        }
    }
    if let Some((key, value)) = part.split_once('>') {
        return of(key, Test::Above(value.trim().parse().ok()?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return of(key, Test::Below(value.trim().parse().ok()?));
    }
    if let Some((left, values)) = part.split_once('(') {
        let values = values.trim_end().strip_suffix(')')?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = left.split_whitespace();
        let (key, word) = (words.next()?, words.next()?);
        return match word {
            "in" => of(key, Test::In(values)),
            "notin" => of(key, Test::NotIn(values)),
            _ => None,
        };
    }
    of(part, Test::Exists)
}
