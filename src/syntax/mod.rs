//! Text to tree: every format parses into the same [`Tree`], which serves logic and positions alike.
//!
//! One file a syntax. A parser never fails: it returns what it understood, and a [`Problem`] for each part that it did
//! not. Nothing here knows what a Deployment is.

pub mod hcl;
pub mod json;
mod template;
pub mod toml;
pub mod tree;
pub mod yaml;

use std::sync::Arc;

use camino::Utf8Path;

pub use template::{hidden_marker, looks_templated};
pub use tree::{NodeId, NodeRef, Tree};

use crate::source::discover::Want;
use crate::source::{FileId, Span};

/// Texts beyond this have offsets that a tree cannot hold.
const LARGEST: usize = 1 << 30;

/// A part of a file that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it, if there is something better to say than "mend it".
    pub help: Option<String>,
}

/// What a parser made of a file.
#[derive(Debug)]
pub struct Parsed {
    /// What was understood.
    pub tree: Tree,
    /// The parts that were not, at most one for each document.
    pub problems: Vec<Problem>,
    /// The first marker of each template that was not rendered. Such text has no nodes and is not judged.
    pub templates: Vec<Span>,
}

/// The grammars that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// YAML, any number of documents.
    Yaml,
    /// JSON, with comments.
    Json,
    /// TOML.
    Toml,
    /// HCL, as Terraform writes it.
    Hcl,
}

impl Syntax {
    /// The syntax of a file, by its name and, where that says nothing, by how it begins. Nothing for what no rule could
    /// ever speak of.
    pub fn of(path: &Utf8Path, head: &[u8]) -> Option<Self> {
        match Name::of(path) {
            Name::Is(syntax) => Some(syntax),
            Name::Odd => looks_like_manifest(head).then_some(Self::Yaml),
            // Without a word of YAML in its name, what has marks of a template is a part of others.
            Name::Template { says_yaml: false } => {
                (looks_like_manifest(head) && !has(head, b"{{")).then_some(Self::Yaml)
            }
            Name::Template { says_yaml: true } => {
                (looks_like_manifest(head) || looks_like_alerting(head)).then_some(Self::Yaml)
            }
            Name::Other => None,
        }
    }
}

/// Whether a file is to be read, for [`crate::source::discover::Walk`].
pub fn wants(path: &Utf8Path, head: Option<&[u8]>) -> Want {
    match (Name::of(path), head) {
        (Name::Is(_), _) => Want::Yes,
        (Name::Other, _) => Want::No,
        (Name::Odd | Name::Template { .. }, None) => Want::Look,
        (Name::Odd | Name::Template { .. }, Some(head)) => {
            if Syntax::of(path, head).is_some() {
                Want::Yes
            } else {
                Want::No
            }
        }
    }
}

/// Whether the name of a file says that something makes another file of it.
pub fn is_template(path: &Utf8Path) -> bool {
    matches!(Name::of(path), Name::Template { .. })
}

/// What a file's name says about its syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// It is this one.
    Is(Syntax),
    /// Nothing; a look at how the file begins would tell.
    Odd,
    /// Something makes another file of it, if only by a few words that it replaces; a look at how it begins would tell of what
    /// kind.
    Template {
        /// Whether the name says that it becomes YAML.
        says_yaml: bool,
    },
    /// It is something else, for certain.
    Other,
}

/// Endings of files that are known to be something else; there is no need to open them.
const OTHERS: &str = " adoc asciidoc asm avi avif bash bat bin bmp bz2 c cc cfg cjs class cmd conf cpp crt cs css csv cue cxx dart db \
    dll doc docx dylib ejs el elf env eot erb erl ex exe exs fish flac fs gif go gohtml golden gotmpl gql gradle graphql groovy gz h \
    hbs hcl hh hpp hs htm html ico ini ipynb j2 jar java jinja jinja2 jpeg jpg js jsonl jsonnet jsx key kt kts less libsonnet \
    lock log lua m4a map markdown md mdx mjs ml mod mov mp3 mp4 mustache nix o odt ogg orig otf parquet patch pb pdf pem php \
    pl png po properties proto ps1 psd py pyc pyi pyx r rb rego rej rlib rs rst sass sbt scala scss sh so sql star sum svelte \
    svg swift swp tar tfstate tgz tif tiff ts tsv tsx ttf txt vue war wasm wav webm webp woff \
    woff2 xls xlsx xml xz zig zip zsh zst ";

impl Name {
    /// Looks at the name only.
    fn of(path: &Utf8Path) -> Self {
        let Some(name) = path.file_name() else { return Self::Other };
        if is_generated(name) {
            return Self::Other;
        }
        let Some((stem, ending)) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else {
            // `.gitignore` and its like are no manifests, `deployment` may be one.
            return if name.starts_with('.') { Self::Other } else { Self::Odd };
        };
        let ending = ending.to_ascii_lowercase();
        match ending.as_str() {
            "yaml" | "yml" => Self::Is(Syntax::Yaml),
            "json" | "jsonc" | "json5" => Self::Is(Syntax::Json),
            "toml" => Self::Is(Syntax::Toml),
            "tf" | "tofu" | "tfvars" => Self::Is(Syntax::Hcl),
            // What Helm's templates share, and nothing but that.
            "tpl" if name.starts_with('_') => Self::Other,
            "tmpl" | "tpl" | "template" => Self::Template { says_yaml: ends_as_yaml(stem) },
            _ if stem.is_empty() || ending.is_empty() || ending.ends_with('~') => Self::Other,
            _ if OTHERS.split(' ').any(|other| other == ending) => Self::Other,
            _ => Self::Odd,
        }
    }
}

fn ends_as_yaml(stem: &str) -> bool {
    [".yaml", ".yml"].iter().any(|end| stem.len() > end.len() && stem.to_ascii_lowercase().ends_with(end))
}

/// Files that a tool wrote for itself. They are large, they change with every update, nobody edits them, and none of them
/// describes a system that runs: reading them would cost more than all manifests together.
fn is_generated(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "Cargo.lock",
        "Chart.lock",
        "composer.lock",
        "deno.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "pnpm-lock.yaml",
        "poetry.lock",
        "uv.lock",
    ];
    NAMES.contains(&name)
        || [".min.json", ".lock.json", ".lock.yaml", ".lock.yml", ".map.json"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Whether a text begins like a Kubernetes manifest, `apiVersion:` at the start of a line, or like a template of CloudFormation.
/// A program may hold one, and is none.
fn looks_like_manifest(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_one = |line: &[u8]| {
        line.starts_with(b"apiVersion:") || unquoted(line).starts_with(b"AWSTemplateFormatVersion")
    };
    !head.starts_with(b"#!") && head.split(|byte| *byte == b'\n').any(is_one)
}

/// Whether a text begins like rules of Prometheus or a configuration of Alertmanager.
fn looks_like_alerting(head: &[u8]) -> bool {
    const KEYS: [&[u8]; 3] = [b"groups:", b"route:", b"receivers:"];
    head.split(|byte| *byte == b'\n').any(|line| KEYS.iter().any(|key| line.starts_with(key)))
}

fn has(head: &[u8], sign: &[u8]) -> bool {
    head.windows(sign.len()).any(|window| window == sign)
}

/// A line without what may stand before its first key in YAML or JSON.
fn unquoted(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'{' | b'"' | b'\''));
    start.map_or(&[], |start| &line[start..])
}

/// Reads a text.
pub fn parse(syntax: Syntax, file: FileId, text: Arc<str>) -> Parsed {
    if text.len() > LARGEST {
        let message = "the file is too large to be read".to_owned();
        let problem = Problem { span: Span::default(), message, help: None };
        let tree = tree::Builder::new(file, Arc::from("")).finish();
        return Parsed { tree, problems: vec![problem], templates: Vec::new() };
    }
    match syntax {
        Syntax::Yaml => yaml::parse(file, text),
        Syntax::Json => json::parse(file, text),
        Syntax::Toml => toml::parse(file, text),
        Syntax::Hcl => hcl::parse(file, text),
    }
}
