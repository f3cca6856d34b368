//! Which fields a piece of a manifest can have, so that a rule which asks for one that does not exist is refused.
//!
//! A subject may stand for several kinds (a workload for nine), so a piece has a set of types, and a field is right if one of
//! them has it. Where nothing is known of a type, nothing is checked.

use crate::lower::kubernetes::api::fields::{self, Shape, TypeId};
use crate::lower::kubernetes::api::suggest;

/// The types that a piece of a manifest may have; none where they are not known.
#[derive(Clone, Debug, Default)]
pub struct Schema(Vec<TypeId>);

/// Two pieces of manifests are of one type to an expression, whatever fields they have.
impl PartialEq for Schema {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Schema {
    /// The types that names such as `apps/v1 Deployment` and `v1 Pod spec.containers` stand for.
    pub fn of(names: &[&str]) -> Self {
        let mut types: Vec<TypeId> = Vec::new();
        for name in names {
            let mut words = name.split(' ');
            let (Some(version), Some(kind)) = (words.next(), words.next()) else { continue };
            let path = words.next().unwrap_or_default().split('.').filter(|step| !step.is_empty());
            let ty = fields::kind(version, kind).and_then(|root| {
                path.into_iter().try_fold(root, |ty, step| Some(ty.field(step)?.ty.innermost()))
            });
            if let Some(ty) = ty.filter(|ty| !types.contains(ty)) {
                types.push(ty);
            }
        }
        Self(types)
    }

    /// The field of this name. An error holds what was meant, if that can be guessed.
    pub fn field(&self, name: &str) -> Result<Self, Option<String>> {
        if self.0.is_empty() {
            return Ok(Self::default());
        }
        let mut found = Vec::new();
        for ty in &self.0 {
            match ty.shape() {
                Shape::Any => return Ok(Self::default()),
                Shape::Map(value) => found.push(value),
                Shape::Struct => found.extend(ty.field(name).map(|field| field.ty)),
                Shape::List(_) | Shape::Scalar(_) => {}
            }
        }
        if found.is_empty() {
            let near = self.0.iter().find_map(|ty| suggest::nearest(*ty, name));
            let lists = self.0.iter().all(|ty| matches!(ty.shape(), Shape::List(_)));
            return Err(match near {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None if lists => {
                    Some("this is a list: look into it with `exists`, `all` or `[0]`".to_owned())
                }
                None => None,
            });
        }
        Ok(Self::all(found))
    }

    /// What a list or a map of these holds.
    pub fn elements(&self) -> Self {
        let mut found = Vec::new();
        for ty in &self.0 {
            match ty.shape() {
                Shape::List(element) | Shape::Map(element) => found.push(element),
                Shape::Any => return Self::default(),
                Shape::Struct | Shape::Scalar(_) => {}
            }
        }
        Self::all(found)
    }

    /// Either of two.
    pub fn or(&self, other: &Self) -> Self {
        if self.0.is_empty() || other.0.is_empty() {
            return Self::default();
        }
        Self::all(self.0.iter().chain(&other.0).copied().collect())
    }

    fn all(mut types: Vec<TypeId>) -> Self {
        types.sort_unstable();
        types.dedup();
        Self(types)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocabulary::kinds;

    fn ask(names: &[&str], path: &str) -> Result<Schema, Option<String>> {
        path.split('.').try_fold(Schema::of(names), |schema, step| match step.strip_suffix("[]") {
            Some(step) => Ok(schema.field(step)?.elements()),
            None => schema.field(step),
        })
    }

    #[test]
    fn fields_of_any_of_the_kinds_are_right() {
        let workload = ["apps/v1 Deployment", "apps/v1 StatefulSet", "v1 Pod"];
        for path in [
            "spec.strategy.type",
            "spec.volumeClaimTemplates[].spec",
            "spec.containers[].image",
            "metadata.annotations.anything",
        ] {
            assert!(ask(&workload, path).is_ok(), "{path}");
        }
        let misspelt = ask(&workload, "spec.replcias").expect_err("no such field");
        assert_eq!(misspelt.as_deref(), Some("did you mean `replicas`?"));
        assert!(ask(&workload, "spec.containers.image").is_err(), "a list has no fields");
        assert!(ask(&["v1 Pod spec.containers"], "livenessProbe.httpGet.port").is_ok());
    }

    #[test]
    fn what_is_not_known_is_not_checked() {
        assert!(ask(&[], "spec.whatever").is_ok());
        assert!(ask(&["example.com/v1 Thing"], "spec.whatever").is_ok());
    }

    #[test]
    fn every_kind_names_types_that_exist() {
        for def in kinds() {
            for name in def.schema {
                assert!(!Schema::of(&[name]).0.is_empty(), "{}: {name}", def.name);
            }
        }
    }
}
