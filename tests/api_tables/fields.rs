//! Lowers Go's types to the table `fields.txt`: flattens what is embedded, resolves names, merges types of one structure
//! under one name, and drops what no kind reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::go::{Member, Type};
use super::sources::Sources;

/// Packages whose kinds are listed. Others are read only where these refer to them.
const APIS: &[&str] = &[
    "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/",
    "github.com/aws/karpenter-provider-aws/pkg/apis/",
    "github.com/kedacore/keda/v2/apis/",
    "k8s.io/api/",
    "k8s.io/apiextensions-apiserver/pkg/apis/",
    "k8s.io/autoscaler/cluster-autoscaler/apis/",
    "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/",
    "k8s.io/kube-aggregator/pkg/apis/",
    "knative.dev/serving/pkg/apis/serving/",
    "sigs.k8s.io/gateway-api/apis",
    "sigs.k8s.io/karpenter/pkg/apis/",
];

const META: &str = "k8s.io/apimachinery/pkg/apis/meta/v1";

/// Types that write their JSON themselves, or whose source is not worth a checkout.
const KNOWN: &[(&str, &str, Known)] = &[
    ("encoding/json", "RawMessage", Known::Is("any")),
    ("github.com/awslabs/operatorpkg/status", "Condition", Known::Like(META, "Condition")),
    ("k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1", "JSON", Known::Is("any")),
    ("k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1", "JSON", Known::Is("any")),
    ("k8s.io/apimachinery/pkg/api/resource", "Quantity", Known::Is("quantity")),
    ("k8s.io/apimachinery/pkg/runtime", "Object", Known::Is("any")),
    ("k8s.io/apimachinery/pkg/runtime", "RawExtension", Known::Is("any")),
    ("k8s.io/apimachinery/pkg/util/intstr", "IntOrString", Known::Is("int-or-string")),
    ("knative.dev/pkg/apis", "URL", Known::Is("string")),
    ("knative.dev/pkg/apis", "VolatileTime", Known::Is("time")),
    (META, "Duration", Known::Is("duration")),
    (META, "FieldsV1", Known::Is("any")),
    (META, "MicroTime", Known::Is("time")),
    (META, "Time", Known::Is("time")),
    ("sigs.k8s.io/gateway-api/apis/v1", "SupportedFeature", Known::Is("any")),
    ("time", "Duration", Known::Is("int")),
    ("time", "Time", Known::Is("time")),
];

#[derive(Clone, Copy)]
enum Known {
    Is(&'static str),
    Like(&'static str, &'static str),
}

/// A type as the table knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Scalar(&'static str),
    List(Box<Shape>),
    Map(Box<Shape>),
    /// The key of a structure in [`Lowering::structs`].
    Struct(Key),
}

/// Import path and type name; of an anonymous structure, the name of the type around it and of the field.
type Key = (String, String);

/// The table, and what a person who regenerates it should look at.
pub(crate) struct Output {
    pub(crate) table: String,
    pub(crate) notes: BTreeSet<String>,
    /// API version and kind of every line.
    pub(crate) kinds: BTreeSet<(String, String)>,
}

pub(crate) fn lower(sources: &Sources) -> Output {
    let mut lowering = Lowering { sources, structs: BTreeMap::new(), notes: BTreeSet::new() };
    let kinds = lowering.kinds();
    let classes = classes(&lowering.structs);
    let names = names(&lowering.structs, &classes);
    let table = print(sources, &kinds, &lowering.structs, &names);
    let kinds = kinds.into_keys().collect();
    Output { table, notes: lowering.notes, kinds }
}

struct Lowering<'a> {
    sources: &'a Sources,
    structs: BTreeMap<Key, BTreeMap<String, Shape>>,
    notes: BTreeSet<String>,
}

impl Lowering<'_> {
    fn kinds(&mut self) -> BTreeMap<(String, String), Key> {
        let mut kinds = BTreeMap::new();
        for (path, package) in &self.sources.packages {
            let version = path.rsplit('/').next().unwrap_or(path);
            if !APIS.iter().any(|prefix| path.starts_with(prefix)) || !is_version(version) {
                continue;
            }
            let Some(group) = &package.group else { continue };
            let api_version =
                if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            for name in package.types.keys() {
                // The parameters of subresource calls are no objects that anybody keeps in a file.
                if !name.ends_with("Options")
                    && self.is_kind(path, name)
                    && let Shape::Struct(key) = self.named(path, name, &mut Vec::new())
                {
                    // The same API from two repositories: the first is as good as the second.
                    kinds.entry((api_version.clone(), name.clone())).or_insert(key);
                }
            }
        }
        kinds
    }

    fn is_kind(&self, path: &str, name: &str) -> bool {
        match self.sources.packages.get(path).and_then(|package| package.types.get(name)) {
            Some(Type::Named(path, name)) => self.is_kind(path, name),
            Some(Type::Struct(members)) => members.iter().any(|member| {
                member.embedded && member.ty == Type::Named(META.to_owned(), "TypeMeta".to_owned())
            }),
            _ => false,
        }
    }

    /// The shape of a named type. `around` holds the names being resolved, against aliases that run in a circle.
    fn named(&mut self, path: &str, name: &str, around: &mut Vec<Key>) -> Shape {
        if path.is_empty() {
            return Shape::Scalar(match name {
                "string" | "error" => "string",
                "bool" => "bool",
                "float32" | "float64" => "float",
                "any" => "any",
                _ => "int",
            });
        }
        if let Some((_, _, known)) = KNOWN.iter().find(|known| (known.0, known.1) == (path, name)) {
            return match *known {
                Known::Is(scalar) => Shape::Scalar(scalar),
                Known::Like(path, name) => self.named(path, name, around),
            };
        }
        if name == "NillableDuration" {
            // Karpenter's: a duration or the word Never.
            return Shape::Scalar("duration");
        }
        if let Some(bare) =
            ["OrArray", "OrBool", "OrStringArray"].iter().find_map(|end| name.strip_suffix(end))
        {
            // JSON schema's `items`, `additionalProperties`, `dependencies`: a schema, or something without fields.
            return self.named(path, bare, around);
        }
        let key = (path.to_owned(), name.to_owned());
        let ty = self.sources.packages.get(path).and_then(|package| package.types.get(name)).cloned();
        match ty {
            Some(Type::Struct(members)) => {
                let package = &self.sources.packages[path];
                if package.custom_json.iter().any(|custom| custom == name) {
                    self.notes.insert(format!("{path}.{name} reads its JSON itself"));
                }
                self.structure(key.clone(), &members);
                Shape::Struct(key)
            }
            Some(_) if around.contains(&key) => Shape::Scalar("any"),
            Some(ty) => {
                around.push(key.clone());
                let shape = self.shape(&ty, &key, around);
                around.pop();
                shape
            }
            None => {
                self.notes.insert(format!("{path}.{name} is not in the checkouts"));
                Shape::Scalar("any")
            }
        }
    }

    fn shape(&mut self, ty: &Type, within: &Key, around: &mut Vec<Key>) -> Shape {
        match ty {
            Type::Named(path, name) => self.named(path, name, around),
            Type::List(element) => match &**element {
                Type::Named(path, name) if path.is_empty() && matches!(name.as_str(), "byte" | "uint8") => {
                    Shape::Scalar("bytes")
                }
                element => Shape::List(Box::new(self.shape(element, within, around))),
            },
            Type::Map(value) => Shape::Map(Box::new(self.shape(value, within, around))),
            Type::Struct(members) => {
                self.structure(within.clone(), members);
                Shape::Struct(within.clone())
            }
            Type::Opaque => Shape::Scalar("any"),
        }
    }

    fn structure(&mut self, key: Key, members: &[Member]) {
        if self.structs.contains_key(&key) {
            return;
        }
        // Entered before its fields are known, because they may lead back here.
        self.structs.insert(key.clone(), BTreeMap::new());
        let mut fields = BTreeMap::new();
        self.flatten(&key, members, &mut fields);
        self.structs.insert(key, fields);
    }

    fn flatten(&mut self, key: &Key, members: &[Member], fields: &mut BTreeMap<String, Shape>) {
        let mut inlined = Vec::new();
        for member in members.iter().filter(|member| !member.is_hidden()) {
            match member.json_name() {
                Some(name) => {
                    let within = (key.0.clone(), format!("{}.{}", key.1, member.name));
                    let shape = self.shape(&member.ty, &within, &mut Vec::new());
                    fields.entry(name.to_owned()).or_insert(shape);
                }
                None => inlined.push(member),
            }
        }
        // An outer field hides an embedded one of the same name, so these come last.
        for member in inlined {
            match self.struct_members(&member.ty) {
                Some(members) => self.flatten(key, &members, fields),
                None => {
                    self.notes.insert(format!("{}.{}: cannot inline {}", key.0, key.1, member.name));
                }
            }
        }
    }

    fn struct_members(&self, ty: &Type) -> Option<Vec<Member>> {
        match ty {
            Type::Struct(members) => Some(members.clone()),
            Type::Named(path, name) => self.struct_members(self.sources.packages.get(path)?.types.get(name)?),
            _ => None,
        }
    }
}

fn is_version(name: &str) -> bool {
    let mut rest = name.strip_prefix('v').unwrap_or("");
    rest = rest.trim_start_matches(|char: char| char.is_ascii_digit());
    let rest = rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta")).unwrap_or(rest);
    name.starts_with('v') && name.len() > 1 && rest.chars().all(|char| char.is_ascii_digit())
}

/// Groups structures that no field tells apart, also not one further down, and also not through a circle: all start in
/// one class, and classes are split until no field of two members leads into two classes.
fn classes(structs: &BTreeMap<Key, BTreeMap<String, Shape>>) -> BTreeMap<&Key, usize> {
    let mut classes: BTreeMap<&Key, usize> = structs.keys().map(|key| (key, 0)).collect();
    let mut count = 1;
    loop {
        let mut seen = BTreeMap::new();
        let mut next = BTreeMap::new();
        for (key, fields) in structs {
            let signature: Vec<(&str, String)> = fields
                .iter()
                .map(|(name, shape)| (name.as_str(), text(shape, &|key| classes[key].to_string())))
                .collect();
            let fresh = seen.len();
            next.insert(key, *seen.entry(signature).or_insert(fresh));
        }
        let split = seen.len() > count;
        count = seen.len();
        classes = next;
        if !split {
            return classes;
        }
    }
}

/// One name a class: the name of its most settled member, with group and version where another class has that name.
fn names<'a>(
    structs: &'a BTreeMap<Key, BTreeMap<String, Shape>>,
    classes: &BTreeMap<&'a Key, usize>,
) -> BTreeMap<&'a Key, String> {
    let mut best: BTreeMap<usize, &Key> = BTreeMap::new();
    for (key, class) in classes {
        let known = best.entry(*class).or_insert(key);
        if rank(key) < rank(known) {
            *known = key;
        }
    }
    let mut chosen: Vec<(usize, &Key)> = best.into_iter().collect();
    chosen.sort_by_key(|(_, key)| rank(key));
    let mut taken = BTreeSet::new();
    let mut named = BTreeMap::new();
    for (class, key) in chosen {
        let bare = upper_first(&key.1);
        let mut parts: Vec<&str> = key.0.rsplit('/').take(2).collect();
        parts.reverse();
        let short = format!("{bare}@{}", parts.join("/"));
        let full = format!("{bare}@{}", key.0);
        let name = [bare, short, full].into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
        taken.insert(name.clone());
        named.insert(class, name);
    }
    structs.keys().map(|key| (key, named[&classes[key]].clone())).collect()
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Smaller is better: named before anonymous, Kubernetes' own before others', stable before beta before alpha, newer
/// before older; the rest is only to have an order.
fn rank(key: &Key) -> impl Ord + use<> {
    let own = key.0.starts_with("k8s.io/api/core/") || key.0 == META;
    let kubernetes = key.0.starts_with("k8s.io/api");
    let version = key.0.rsplit('/').next().unwrap_or("");
    (key.1.contains('.'), !own, !kubernetes, std::cmp::Reverse(stability(version)), key.clone())
}

/// Orders versions as Kubernetes does: v2 above v1 above v2beta1 above v1alpha1.
pub(crate) fn stability(version: &str) -> (u8, u32, u32) {
    let numbers: Vec<u32> =
        version.split(|char: char| !char.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    let level = match version {
        beta if beta.contains("beta") => 1,
        alpha if alpha.contains("alpha") => 0,
        _ => 2,
    };
    (level, numbers.first().copied().unwrap_or(0), numbers.get(1).copied().unwrap_or(0))
}

fn text(shape: &Shape, name: &dyn Fn(&Key) -> String) -> String {
    match shape {
        Shape::Scalar(scalar) => (*scalar).to_owned(),
        Shape::List(element) => format!("[]{}", text(element, name)),
        Shape::Map(value) => format!("{{}}{}", text(value, name)),
        Shape::Struct(key) => name(key),
    }
}

fn print(
    sources: &Sources,
    kinds: &BTreeMap<(String, String), Key>,
    structs: &BTreeMap<Key, BTreeMap<String, Shape>>,
    names: &BTreeMap<&Key, String>,
) -> String {
    let mut out = String::from(
        "# The fields of Kubernetes' API types and of common extensions. Generated by tests/api_tables; do not edit.\n\
         #\n\
         # `apiVersion Kind [Type]`: a kind, and its type where that has another name. `Type`, then its fields, each with\n\
         # its type: none for a string, `[]` list of, `{}` map of. `any` may hold anything.\n\
         #\n\
         # Made from the type declarations of:\n",
    );
    for (repository, versions) in &sources.made_from {
        let _ = writeln!(out, "#   {repository} {}", versions.join(" "));
    }
    for ((api_version, kind), key) in kinds {
        let name = &names[key];
        let differs = if name == kind { String::new() } else { format!(" {name}") };
        let _ = writeln!(out, "{api_version} {kind}{differs}");
    }
    let mut blocks = BTreeMap::new();
    for (key, fields) in structs {
        blocks.entry(&names[key]).or_insert(fields);
    }
    for (name, fields) in blocks {
        let _ = writeln!(out, "{name}");
        for (field, shape) in fields {
            match text(shape, &|key| names[key].clone()).as_str() {
                "string" => drop(writeln!(out, " {field}")),
                ty => drop(writeln!(out, " {field} {ty}")),
            }
        }
    }
    out
}
