//! `semver` and `semverCompare`.

use std::rc::Rc;

use super::Table;
use super::arguments::{Answer, derived, exactly, text};
use super::semver::{Constraints, Version};
use crate::render::origin::Origin;
use crate::render::template::function::Call;
use crate::render::value::{Data, Object, Value};

pub(super) const TABLE: Table = &[("semver", semver), ("semverCompare", semver_compare)];

fn semver(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("semver", values)?;
    let version = Version::parse(text(value)?.as_str())?;
    let origin = derived(call, Data::Nil, values).origin;
    Ok(wrapped(version, origin))
}

fn semver_compare(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [constraint, version] = exactly("semverCompare", values)?;
    let constraints = Constraints::parse(text(constraint)?.as_str())?;
    let version = Version::parse(text(version)?.as_str())?;
    Ok(derived(call, Data::Bool(constraints.allow(&version)), values))
}

fn wrapped(version: Version, origin: Origin) -> Value {
    Value::new(Data::Object(Rc::new(VersionObject { version, origin })), origin)
}

/// A version as templates see it: Go's `*semver.Version`.
#[derive(Debug)]
struct VersionObject {
    version: Version,
    origin: Origin,
}

impl VersionObject {
    fn text(&self, text: impl Into<Rc<str>>) -> Value {
        Value::text(text, self.origin)
    }

    fn number(&self, number: u64) -> Value {
        Value::new(Data::Int(i64::try_from(number).unwrap_or(i64::MAX)), self.origin)
    }

    fn with(&self, version: Version) -> Value {
        wrapped(version, self.origin)
    }

    /// Another version, given as one.
    fn other(&self, value: &Value) -> Result<Version, String> {
        match &value.data {
            Data::Object(object) if object.type_name() == self.type_name() => {
                let original = object.field("Original").unwrap_or(Value::nil(value.origin));
                Version::parse(original.as_str().unwrap_or_default())
            }
            data => Err(format!("wrong type for value; expected *semver.Version; got {}", data.type_name())),
        }
    }
}

impl Object for VersionObject {
    fn type_name(&self) -> &'static str {
        "*semver.Version"
    }

    fn field(&self, name: &str) -> Option<Value> {
        let version = &self.version;
        Some(match name {
            "Major" => self.number(version.major),
            "Minor" => self.number(version.minor),
            "Patch" => self.number(version.patch),
            "Prerelease" => self.text(version.prerelease.as_str()),
            "Metadata" => self.text(version.metadata.as_str()),
            "Original" => self.text(version.original.as_str()),
            "String" => self.text(version.to_string()),
            "IncMajor" => self.with(version.next(version.major.saturating_add(1), 0, 0)),
            "IncMinor" => self.with(version.next(version.major, version.minor.saturating_add(1), 0)),
            "IncPatch" if version.prerelease.is_empty() => {
                self.with(version.next(version.major, version.minor, version.patch.saturating_add(1)))
            }
            "IncPatch" => self.with(version.next(version.major, version.minor, version.patch)),
            _ => return None,
        })
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        let truth = |truth: bool| Value::new(Data::Bool(truth), self.origin);
        let holds: fn(std::cmp::Ordering) -> bool = match name {
            "Equal" => std::cmp::Ordering::is_eq,
            "LessThan" => std::cmp::Ordering::is_lt,
            "LessThanEqual" => std::cmp::Ordering::is_le,
            "GreaterThan" => std::cmp::Ordering::is_gt,
            "GreaterThanEqual" => std::cmp::Ordering::is_ge,
            "Compare" => |_| true,
            "SetPrerelease" | "SetMetadata" => |_| true,
            _ => return if arguments.is_empty() { self.field(name).map(Ok) } else { None },
        };
        let [argument] = arguments else {
            return Some(Err(format!("wrong number of args for {name}: want 1 got {}", arguments.len())));
        };
        if name.starts_with("Set") {
            return Some(text(argument).and_then(|text| {
                let version = if name == "SetPrerelease" {
                    self.version.with_prerelease(text.as_str())
                } else {
                    self.version.with_metadata(text.as_str())
                };
                version.map(|version| self.with(version))
            }));
        }
        Some(self.other(argument).map(|other| {
            let order = self.version.compare(&other);
            if name == "Compare" {
                Value::new(Data::Int(order as i64), self.origin)
            } else {
                truth(holds(order))
            }
        }))
    }

    fn plain(&self) -> Option<Value> {
        Some(self.text(self.version.to_string()))
    }
}
