//! Walks a manifest beside the table of fields and reports what does not fit: names that the table does not know, and
//! values that the API server cannot read as what the field holds.
//!
//! It knows shapes only. Which values a field allows is no business of this module, and a value that only shows at run time
//! fits everywhere.

use super::fields::{Scalar, Shape, TypeId};

/// A parsed document, as far as the walk needs it.
pub trait Tree: Copy {
    /// The entries of a map, in order; `None` if this is none.
    fn entries<'t>(self) -> Option<impl Iterator<Item = (&'t str, Self)>>
    where
        Self: 't;

    /// The items of a list; `None` if this is none.
    fn items(self) -> Option<impl Iterator<Item = Self>>;

    /// What a single value is.
    fn value(self) -> Value;
}

/// What a value is to the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// Any other number.
    Float,
    /// A truth value.
    Bool,
    /// A list.
    List,
    /// A map.
    Map,
    /// Nothing, or something that cannot be known: it fits everywhere.
    Any,
}

/// What does not fit.
#[derive(Debug)]
pub enum Fault<'p, 't, T> {
    /// A field that its structure does not have.
    Field {
        /// The field names that lead to the structure, without list indices and keys of maps: what
        /// [`super::suggest::elsewhere`] takes.
        path: &'p [&'t str],
        /// The structure's type, for [`super::suggest::nearest`].
        within: TypeId,
        /// The field as it is written.
        name: &'t str,
        /// What it holds.
        value: T,
    },
    /// A value that the field cannot hold.
    Type {
        /// What the field holds.
        expected: TypeId,
        /// The value.
        value: T,
    },
}

/// Calls `found` for everything in `tree` that does not fit, in order.
pub fn faults<'t, T: Tree + 't>(root: TypeId, tree: T, found: &mut impl FnMut(&Fault<'_, 't, T>)) {
    walk(root, tree, &mut Vec::new(), found);
}

fn walk<'t, T: Tree + 't>(
    ty: TypeId,
    tree: T,
    path: &mut Vec<&'t str>,
    found: &mut impl FnMut(&Fault<'_, 't, T>),
) {
    match ty.shape() {
        Shape::Struct => {
            if let Some(entries) = tree.entries() {
                for (name, value) in entries {
                    match ty.field(name) {
                        Some(field) => {
                            path.push(name);
                            walk(field.ty, value, path, found);
                            path.pop();
                        }
                        None if is_for_a_tool(path, name) => {}
                        None => found(&Fault::Field { path, within: ty, name, value }),
                    }
                }
            } else if let Some(items) = tree.items() {
                // JSON schema takes a list of schemas in some places where it takes one.
                for item in items {
                    walk(ty, item, path, found);
                }
            } else if tree.value() != Value::Any {
                found(&Fault::Type { expected: ty, value: tree });
            }
        }
        Shape::List(element) => match tree.items() {
            Some(items) => items.for_each(|item| walk(element, item, path, found)),
            None if tree.value() != Value::Any => found(&Fault::Type { expected: ty, value: tree }),
            None => {}
        },
        Shape::Map(value_type) => match tree.entries() {
            Some(entries) => {
                for (_, value) in entries {
                    walk(value_type, value, path, found);
                }
            }
            None if tree.value() != Value::Any => found(&Fault::Type { expected: ty, value: tree }),
            None => {}
        },
        Shape::Scalar(scalar) => {
            if !fits(scalar, tree.value()) {
                found(&Fault::Type { expected: ty, value: tree });
            }
        }
        Shape::Any => {}
    }
}

/// Whether Go's JSON decoder reads such a value into such a field.
fn fits(scalar: Scalar, value: Value) -> bool {
    match scalar {
        _ if value == Value::Any => true,
        Scalar::String | Scalar::Duration | Scalar::Time | Scalar::Bytes => value == Value::Text,
        Scalar::Int => value == Value::Int,
        Scalar::Float => matches!(value, Value::Int | Value::Float),
        Scalar::Bool => value == Value::Bool,
        Scalar::Quantity => matches!(value, Value::Text | Value::Int | Value::Float),
        Scalar::IntOrString => matches!(value, Value::Text | Value::Int),
    }
}

/// Whether a key is addressed to a tool that reads the file before the API server does: `$patch` and its like in
/// strategic merges, `(length(ports))` and `=(image)` in the patterns of Chainsaw and Kyverno, SOPS' own block.
fn is_for_a_tool(path: &[&str], name: &str) -> bool {
    name.starts_with('$') || name.contains('(') || (path.is_empty() && name == "sops")
}

#[cfg(test)]
mod tests {
    use super::super::fields::kind;
    use super::*;

    enum Json {
        Map(Vec<(&'static str, Json)>),
        List(Vec<Json>),
        Leaf,
    }

    impl Tree for &Json {
        fn entries<'t>(self) -> Option<impl Iterator<Item = (&'t str, Self)>>
        where
            Self: 't,
        {
            match self {
                Json::Map(entries) => Some(entries.iter().map(|(name, value)| (*name, value))),
                _ => None,
            }
        }

        fn items(self) -> Option<impl Iterator<Item = Self>> {
            match self {
                Json::List(items) => Some(items.iter()),
                _ => None,
            }
        }

        fn value(self) -> Value {
            match self {
                Json::Map(_) => Value::Map,
                Json::List(_) => Value::List,
                Json::Leaf => Value::Any,
            }
        }
    }

    fn map(entries: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
        Json::Map(entries.into_iter().collect())
    }

    fn pod(container: Json) -> Json {
        let template = map([("spec", map([("containers", Json::List(vec![container]))]))]);
        map([("apiVersion", Json::Leaf), ("spec", map([("replcias", Json::Leaf), ("template", template)]))])
    }

    fn unknown(api_version: &str, name: &str, tree: &Json) -> Vec<String> {
        let mut names = Vec::new();
        faults(kind(api_version, name).expect("a kind of the table"), tree, &mut |fault| {
            if let Fault::Field { path, name, .. } = fault {
                names.push([*path, &[*name]].concat().join("."));
            }
        });
        names
    }

    #[test]
    fn unknown_fields_in_lists_and_structures() {
        let limits = map([("limits", map([("nvidia.com/gpu", Json::Leaf)])), ("limit", Json::Leaf)]);
        let tree = pod(map([("name", Json::Leaf), ("livenessprobe", map([])), ("resources", limits)]));
        let container = "spec.template.spec.containers";
        assert_eq!(
            unknown("apps/v1", "Deployment", &tree),
            [
                "spec.replcias".to_owned(),
                format!("{container}.livenessprobe"),
                format!("{container}.resources.limit")
            ]
        );
    }

    #[test]
    fn what_may_hold_anything_is_not_looked_into() {
        let tree =
            map([("data", map([("whatever", map([("deep", Json::Leaf)]))])), ("revision", Json::Leaf)]);
        assert!(unknown("apps/v1", "ControllerRevision", &tree).is_empty());
    }

    #[test]
    fn keys_for_other_tools_are_no_fields() {
        let spec = map([("$retainKeys", Json::Leaf), ("(replicas > `1`)", Json::Leaf), ("sops", Json::Leaf)]);
        assert_eq!(
            unknown("apps/v1", "Deployment", &map([("spec", spec), ("sops", Json::Leaf)])),
            ["spec.sops"]
        );
    }

    #[test]
    fn values_fit_as_the_decoder_reads_them() {
        for (scalar, value, expected) in [
            (Scalar::String, Value::Int, false),
            (Scalar::String, Value::Text, true),
            (Scalar::Int, Value::Text, false),
            (Scalar::Int, Value::Float, false),
            (Scalar::Bool, Value::Text, false),
            (Scalar::Quantity, Value::Float, true),
            (Scalar::IntOrString, Value::Bool, false),
            (Scalar::Bool, Value::Any, true),
        ] {
            assert_eq!(fits(scalar, value), expected, "{scalar:?} {value:?}");
        }
    }

    #[test]
    fn values_of_the_wrong_kind_are_passed_over() {
        let tree = map([("spec", Json::Leaf), ("metadata", map([("labels", Json::Leaf)]))]);
        assert!(unknown("apps/v1", "Deployment", &tree).is_empty());
    }
}
