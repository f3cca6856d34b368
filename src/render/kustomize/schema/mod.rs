//! How a strategic merge patch merges the lists of Kubernetes' own types, and which kinds have no namespace.
//!
//! The table is generated (`tests/api_tables`). Types that it does not have, custom resources above all, are merged like
//! JSON: maps by key, lists replaced.

use rustc_hash::FxHashMap;

const TABLE: &str = include_str!("merge_keys.txt");

/// Kinds without a namespace that are younger than the release of the table, and that Kustomize 5.8.2 knows all the same.
const YOUNGER: &str = "
cluster admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy
cluster admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding
";

/// What is known of a field's type.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    /// The type of the value, or of the elements of the list.
    ty: Option<usize>,
    /// The keys of elements; empty for a set of scalars. None where a list is replaced.
    by: Option<Vec<String>>,
}

impl Field {
    pub(super) fn new(ty: Option<usize>, by: Option<Vec<String>>) -> Self {
        Self { ty, by }
    }
}

/// All types that somebody merges by key.
#[derive(Debug, Default)]
pub(super) struct Schema {
    types: Vec<FxHashMap<String, Field>>,
    /// By kind: API version and type.
    kinds: FxHashMap<String, Vec<(String, usize)>>,
    /// By kind: API versions.
    cluster: FxHashMap<String, Vec<String>>,
}

/// A type, or the lack of one.
#[derive(Clone, Copy)]
pub(super) struct Type<'s> {
    schema: &'s Schema,
    ty: Option<usize>,
}

/// A field of a type.
#[derive(Clone, Copy)]
pub(super) struct FieldType<'s> {
    schema: &'s Schema,
    field: Option<&'s Field>,
}

impl Schema {
    /// The types of Kubernetes itself.
    pub(super) fn builtin() -> Self {
        Self::read([TABLE, YOUNGER])
    }

    /// Whether a kind certainly has no namespace.
    pub(super) fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        self.cluster.get(kind).is_some_and(|found| found.iter().any(|version| version == api_version))
    }

    /// Whether some version of a kind has no namespace.
    pub(super) fn may_be_cluster_scoped(&self, kind: &str) -> bool {
        self.cluster.contains_key(kind)
    }

    /// The type of a kind.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Type<'_> {
        let found = self.kinds.get(kind).into_iter().flatten().find(|(version, _)| version == api_version);
        Type { schema: self, ty: found.map(|(_, ty)| *ty) }
    }

    fn read(tables: [&str; 2]) -> Self {
        let mut schema = Self::default();
        let mut names: FxHashMap<String, usize> = FxHashMap::default();
        let mut current = 0;
        for line in tables.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["cluster", api_version, kind] => {
                    schema.cluster.entry(kind.to_owned()).or_default().push(api_version.to_owned());
                }
                ["kind", api_version, kind, ty] => {
                    let ty = schema.number(ty, &mut names);
                    schema.add_kind(api_version, kind, ty);
                }
                [field, ref rest @ ..] if line.starts_with(' ') => {
                    let mut found = Field::default();
                    for word in rest {
                        match (word.strip_prefix("by="), word.trim_start_matches("[]")) {
                            (Some(keys), _) => {
                                let keys = keys.split(',').filter(|key| !key.is_empty());
                                found.by = Some(keys.map(str::to_owned).collect());
                            }
                            (None, "") => {}
                            (None, ty) => found.ty = Some(schema.number(ty, &mut names)),
                        }
                    }
                    schema.add(current, field, found);
                }
                [ty] => current = schema.number(ty, &mut names),
                _ => {}
            }
        }
        schema
    }

    /// The same without any types.
    pub(super) fn without_types(&self) -> Self {
        Self { cluster: self.cluster.clone(), ..Self::default() }
    }

    pub(super) fn add(&mut self, ty: usize, field: &str, found: Field) {
        self.types[ty].insert(field.to_owned(), found);
    }

    pub(super) fn add_kind(&mut self, api_version: &str, kind: &str, ty: usize) {
        self.kinds.entry(kind.to_owned()).or_default().push((api_version.to_owned(), ty));
    }

    /// The number of a type, by its name.
    pub(super) fn number(&mut self, name: &str, names: &mut FxHashMap<String, usize>) -> usize {
        if let Some(number) = names.get(name) {
            return *number;
        }
        self.types.push(FxHashMap::default());
        names.insert(name.to_owned(), self.types.len() - 1);
        self.types.len() - 1
    }
}

impl<'s> Type<'s> {
    pub(super) fn field(self, name: &str) -> FieldType<'s> {
        let field = self.ty.and_then(|ty| self.schema.types[ty].get(name));
        FieldType { schema: self.schema, field }
    }
}

impl<'s> FieldType<'s> {
    /// The type of the value, or of the elements of the list.
    pub(super) fn ty(self) -> Type<'s> {
        Type { schema: self.schema, ty: self.field.and_then(|field| field.ty) }
    }

    /// The keys of elements, if the list is merged.
    pub(super) fn by(self) -> Option<&'s [String]> {
        self.field.and_then(|field| field.by.as_deref())
    }
}
