//! Chart.yaml: what a chart says about itself and about the charts that it needs.

use std::rc::Rc;

use super::super::origin::{Origin, Origins, Source};
use super::super::value::{Data, Entry, Object as _, Value};
use super::error;
use super::record::Record;
use crate::finding::Diagnostic;
use crate::source::Place;

/// What a chart says about itself.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    /// Its name, or the alias under which its parent knows it.
    pub(super) name: String,
    /// Its version, as it is written.
    pub(super) version: String,
    /// `v1`, `v2`.
    pub(super) api_version: String,
    /// The versions of Kubernetes that it wants, and where it says so.
    pub(super) kube_version: Option<(String, Option<Place>)>,
    /// Whether it only holds templates for others.
    pub(super) is_library: bool,
    /// The charts that it needs.
    pub(super) dependencies: Vec<Dependency>,
    written: Value,
}

/// A chart that another one needs.
#[derive(Clone, Debug)]
pub(super) struct Dependency {
    /// Its name.
    pub(super) name: String,
    /// The versions that are right.
    pub(super) version: String,
    /// Paths of values that switch it on or off, separated by commas.
    pub(super) condition: String,
    /// Names of tags that switch it on or off.
    pub(super) tags: Vec<String>,
    /// The name under which the parent knows it.
    pub(super) alias: String,
    /// What of its values goes to the parent's: `exports` of this name, or from `child` to `parent`.
    pub(super) imports: Vec<Import>,
    /// Where it is written.
    pub(super) place: Option<Place>,
    written: Value,
}

/// Values that a chart takes from one that it needs.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// The path in the needed chart.
    pub(super) child: String,
    /// The path in this one; `.` is all of it.
    pub(super) parent: String,
}

impl Dependency {
    /// Where it is said what switches it on or off.
    pub(super) fn switch(&self, origins: &Origins) -> Option<Place> {
        let written = field(&self.written, "condition").or_else(|| field(&self.written, "tags"))?;
        place(origins, written.origin)
    }

    /// The name under which the parent knows it.
    pub(super) fn known_as(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

/// The value under a key; Go's JSON takes any case of letters where the exact one is not there.
fn field(map: &Value, key: &str) -> Option<Value> {
    let found = map.get(key).or_else(|| match &map.data {
        Data::Map(entries) => {
            let entries = entries.borrow();
            entries
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))
                .map(|(_, entry)| entry.value.clone())
        }
        _ => None,
    });
    found.filter(|value| !matches!(value.data, Data::Nil))
}

/// The text that a scalar stands for where Go wants a string.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    Some(match &value.data {
        Data::Text(text) => text.as_str().to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        _ => return None,
    })
}

/// Text without what cannot be printed.
fn clean(text: &str) -> String {
    let spaced = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    spaced.filter(|letter| !letter.is_control()).collect()
}

fn text(map: &Value, key: &str) -> Result<String, Wrong> {
    match field(map, key) {
        None => Ok(String::new()),
        Some(value) => match scalar_text(&value) {
            Some(text) => Ok(clean(&text)),
            None => Err(Wrong { at: value.origin, says: format!("`{key}` is to be text") }),
        },
    }
}

fn list(map: &Value, key: &str) -> Result<Vec<Value>, Wrong> {
    match field(map, key) {
        None => Ok(Vec::new()),
        Some(Value { data: Data::List(items), .. }) => Ok(items.borrow().to_vec()),
        Some(value) => Err(Wrong { at: value.origin, says: format!("`{key}` is to be a list") }),
    }
}

/// Something in Chart.yaml that is not right.
struct Wrong {
    at: Origin,
    says: String,
}

/// Where a node of a file stands.
pub(super) fn place(origins: &Origins, origin: Origin) -> Option<Place> {
    match origins.get(origin) {
        Source::Node { place, .. } | Source::Literal(place) => Some(*place),
        Source::Of(_, parts) => parts.iter().find_map(|part| place(origins, *part)),
        _ => None,
    }
}

impl Metadata {
    /// Reads Chart.yaml. `requirements` is the file in which charts of the first kind list what they need.
    pub(super) fn read(
        chart: &Value,
        requirements: Option<&Value>,
        origins: &Origins,
    ) -> Result<Self, Diagnostic> {
        let wrong =
            |wrong: Wrong| error(place(origins, wrong.at), format!("Chart.yaml: {}", wrong.says), "here");
        Self::understand(chart, requirements, origins).map_err(wrong)
    }

    fn understand(chart: &Value, requirements: Option<&Value>, origins: &Origins) -> Result<Self, Wrong> {
        let fault = |says: &str| Wrong { at: chart.origin, says: says.to_owned() };
        if !matches!(chart.data, Data::Map(_)) {
            return Err(fault("a chart says its name and its version there"));
        }
        let name = text(chart, "name")?;
        let version = text(chart, "version")?;
        if name.is_empty() || name.contains('/') || matches!(name.as_str(), "." | "..") {
            return Err(fault("`name` is missing, or is no name"));
        }
        if version.is_empty() {
            return Err(fault("`version` is missing"));
        }
        let kind = text(chart, "type")?;
        if !matches!(kind.as_str(), "" | "application" | "library") {
            return Err(fault("`type` is `application` or `library`"));
        }
        let mut dependencies = Vec::new();
        let from = match requirements {
            Some(requirements) if field(requirements, "dependencies").is_some() => requirements,
            _ => chart,
        };
        for written in list(from, "dependencies")? {
            let dependency = Dependency::understand(written, origins)?;
            if dependencies.iter().any(|other: &Dependency| other.known_as() == dependency.known_as()) {
                let says = format!("two dependencies are known as `{}`", dependency.known_as());
                return Err(Wrong { at: dependency.written.origin, says });
            }
            dependencies.push(dependency);
        }
        let api_version = text(chart, "apiVersion")?;
        let kube_version = text(chart, "kubeVersion")?;
        let kube_place = field(chart, "kubeVersion").and_then(|value| place(origins, value.origin));
        Ok(Self {
            name,
            version,
            api_version: if api_version.is_empty() { "v1".to_owned() } else { api_version },
            kube_version: Some((kube_version, kube_place)).filter(|(wanted, _)| !wanted.is_empty()),
            is_library: kind == "library",
            dependencies,
            written: chart.clone(),
        })
    }

    /// `.Chart`.
    pub(super) fn object(&self, is_root: bool) -> Value {
        let text = |key: &str| shown(&self.written, key);
        let texts = |key: &str| {
            let items = list(&self.written, key).unwrap_or_default();
            let items = items.iter().map(as_text);
            Value::list(items, field(&self.written, key).map_or(Origin::NONE, |value| value.origin))
        };
        let name_origin = text("name").origin;
        let maintainers = list(&self.written, "maintainers").unwrap_or_default();
        let maintainers = maintainers.iter().map(|one| {
            let record = Record::new("*chart.Maintainer")
                .with_optional("Name", "name", shown(one, "name"))
                .with_optional("Email", "email", shown(one, "email"))
                .with_optional("URL", "url", shown(one, "url"));
            Value::new(Data::Object(Rc::new(record)), one.origin)
        });
        let annotations = field(&self.written, "annotations").map_or_else(
            || Value::map([], Origin::NONE),
            |written| match &written.data {
                Data::Map(map) => {
                    let map = map.borrow();
                    let entries = map.iter().map(|(key, entry)| {
                        (key.clone(), Entry { key: entry.key, value: as_text(&entry.value) })
                    });
                    Value::map(entries, written.origin)
                }
                _ => Value::map([], written.origin),
            },
        );
        let deprecated = field(&self.written, "deprecated")
            .filter(|value| matches!(value.data, Data::Bool(_)))
            .unwrap_or_else(|| Value::new(Data::Bool(false), Origin::NONE));
        let dependencies = self.dependencies.iter().map(Dependency::object);
        let record = Record::new("struct { chart.Metadata; IsRoot bool }")
            .with_optional("Name", "name", Value::text(self.name.as_str(), name_origin))
            .with_optional("Home", "home", text("home"))
            .with_optional("Sources", "sources", texts("sources"))
            .with_optional("Version", "version", text("version"))
            .with_optional("Description", "description", text("description"))
            .with_optional("Keywords", "keywords", texts("keywords"))
            .with_optional("Maintainers", "maintainers", Value::list(maintainers, Origin::NONE))
            .with_optional("Icon", "icon", text("icon"))
            .with_optional(
                "APIVersion",
                "apiVersion",
                Value::text(self.api_version.as_str(), text("apiVersion").origin),
            )
            .with_optional("Condition", "condition", text("condition"))
            .with_optional("Tags", "tags", text("tags"))
            .with_optional("AppVersion", "appVersion", text("appVersion"))
            .with_optional("Deprecated", "deprecated", deprecated)
            .with_optional("Annotations", "annotations", annotations)
            .with_optional("KubeVersion", "kubeVersion", text("kubeVersion"))
            .with_optional("Dependencies", "dependencies", Value::list(dependencies, Origin::NONE))
            .with_optional("Type", "type", text("type"))
            .with("IsRoot", "IsRoot", Value::new(Data::Bool(is_root), Origin::NONE));
        let metadata = record.plain();
        let record = match metadata {
            Some(plain) => record.with_method("Metadata", plain),
            None => record,
        };
        Value::new(Data::Object(Rc::new(record)), self.written.origin)
    }
}

impl Dependency {
    fn understand(written: Value, origins: &Origins) -> Result<Self, Wrong> {
        if !matches!(written.data, Data::Map(_)) {
            return Err(Wrong {
                at: written.origin,
                says: "a dependency has a name and a version".to_owned(),
            });
        }
        let tags = list(&written, "tags")?.iter().filter_map(scalar_text).collect();
        let alias = text(&written, "alias")?;
        let odd = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
        if alias.contains(odd) {
            return Err(Wrong { at: written.origin, says: format!("`{alias}` is no name for a dependency") });
        }
        let imports = list(&written, "import-values")?;
        Ok(Self {
            name: text(&written, "name")?,
            version: text(&written, "version")?,
            condition: text(&written, "condition")?,
            tags,
            alias,
            imports: imports.iter().filter_map(Import::understand).collect(),
            place: place(origins, written.origin),
            written,
        })
    }

    fn object(&self) -> Value {
        let empty = || Value::list([], Origin::NONE);
        let record = Record::new("*chart.Dependency")
            .with("Name", "name", Value::text(self.known_as(), self.written.origin))
            .with_optional("Version", "version", shown(&self.written, "version"))
            .with("Repository", "repository", shown(&self.written, "repository"))
            .with_optional("Condition", "condition", shown(&self.written, "condition"))
            .with_optional("Tags", "tags", field(&self.written, "tags").unwrap_or_else(empty))
            .with_optional("Enabled", "enabled", Value::new(Data::Bool(true), Origin::NONE))
            .with_optional(
                "ImportValues",
                "import-values",
                field(&self.written, "import-values").unwrap_or_else(empty),
            )
            .with_optional("Alias", "alias", shown(&self.written, "alias"));
        Value::new(Data::Object(Rc::new(record)), self.written.origin)
    }
}

impl Import {
    fn understand(written: &Value) -> Option<Self> {
        match &written.data {
            Data::Text(name) => Some(Self { child: format!("exports.{name}"), parent: ".".to_owned() }),
            Data::Map(_) => Some(Self {
                child: field(written, "child").as_ref().and_then(scalar_text)?,
                parent: field(written, "parent").as_ref().and_then(scalar_text)?,
            }),
            _ => None,
        }
    }
}

/// The text under a key, as Go's string fields have it: never nothing.
fn shown(map: &Value, key: &str) -> Value {
    field(map, key).map_or_else(|| Value::text("", Origin::NONE), |value| as_text(&value))
}

fn as_text(value: &Value) -> Value {
    match &value.data {
        Data::Text(_) => value.clone(),
        _ => Value::text(scalar_text(value).unwrap_or_default(), value.origin),
    }
}
