//! `images`: another name, tag or digest for the images of containers.

use super::Problem;
use super::build::Build;
use super::config::Config;
use super::fieldspec::{FieldSpec, Make};
use super::kustomization::Kustomization;
use super::names::join;
use super::node::{Node, Part, Value};
use super::selector;
use super::set::Set;
use super::trail::{From, Trail};
use regex::Regex;

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set, config: &Config) {
    for entry in kustomization.items("images").iter().chain(kustomization.items("imageTags")) {
        if let Err(problem) = write(build, set, entry, &config.images) {
            build.note(problem);
        }
    }
}

pub(super) fn write(
    build: &mut Build<'_>,
    set: &mut Set,
    image: &Node,
    specs: &[FieldSpec],
) -> Result<(), Problem> {
    let name = image.str("name").unwrap_or_default();
    let change =
        Change { image, name: Name::read(name).map_err(|message| Problem::new(message, image.from))? };
    for resource in &mut set.list {
        let gvk = resource.gvk();
        if &*gvk.kind == "CustomResourceDefinition" {
            continue;
        }
        let trail = &mut build.trail;
        let is_done = change.is_in_containers(&resource.node);
        if is_done {
            change.containers(&mut resource.node, trail);
        }
        for spec in specs {
            // A path that is looked up creates nothing, so what has no such image stays shared.
            spec.visit(&mut resource.node, &gvk, Make::Nothing, image.from, &mut |node| match node.value {
                Value::Scalar(_) => {
                    let first = node.clone();
                    change.apply(node, trail);
                    // Kustomize goes over containers twice; the second time tells nothing new of where the image came from.
                    if is_done && node.written() == first.written() {
                        *node = first;
                    }
                    Ok(())
                }
                _ => Err(Problem::new(format!("`{}` is no text", spec.path), node.from)),
            })?;
        }
    }
    Ok(())
}

/// What one entry of `images` says.
struct Change<'i> {
    image: &'i Node,
    name: Name,
}

/// The name that an image must have; Kustomize takes it for a regular expression.
enum Name {
    Is(String),
    Matches(Regex),
}

impl Name {
    fn read(name: &str) -> Result<Self, String> {
        let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:.@".contains(&byte);
        if name.bytes().all(is_literal) {
            return Ok(Self::Is(name.to_owned()));
        }
        let digest = "@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*";
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?({digest})?$");
        selector::expression(&pattern).map(Self::Matches)
    }

    fn fits(&self, image: &str) -> bool {
        match self {
            Self::Matches(regex) => regex.is_match(image),
            Self::Is(name) => image.strip_prefix(name.as_str()).is_some_and(|rest| {
                let is_word = |text: &str| {
                    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.{}-".contains(&byte))
                };
                let (tag, digest) =
                    rest.split_once('@').map_or((rest, None), |(tag, digest)| (tag, Some(digest)));
                (tag.is_empty() || tag.strip_prefix(':').is_some_and(is_word))
                    && digest.and_then(|digest| digest.split_once(':')).map_or(
                        digest.is_none(),
                        |(algorithm, value)| {
                            let mut parts = algorithm.split(['.', '+', '_', '-']);
                            let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
                            parts.all(|part| !part.is_empty() && is_name(part)) && is_word(value)
                        },
                    )
            }),
        }
    }
}

impl Change<'_> {
    fn is_in_containers(&self, node: &Node) -> bool {
        match &node.value {
            Value::Map(entries) => {
                entries.iter().any(|entry| {
                    let is_list = matches!(&*entry.key, "containers" | "initContainers");
                    is_list
                        && entry.node.items().iter().any(|item| {
                            item.get("image").is_some_and(|image| self.name.fits(image.written()))
                        })
                        || self.is_in_containers(&entry.node)
                })
            }
            Value::List(items) => items.iter().any(|item| self.is_in_containers(item)),
            Value::Scalar(_) => false,
        }
    }

    /// Whatever is called `containers` or `initContainers` in a resource of any kind.
    fn containers(&self, node: &mut Node, trail: &mut Trail<'_>) {
        match &mut node.value {
            Value::Map(entries) => {
                for at in 0..entries.len() {
                    if entries[at].node.scalar().is_some()
                        || !self.is_below(&entries[at].key, &entries[at].node)
                    {
                        continue;
                    }
                    let entry = &mut std::rc::Rc::make_mut(entries)[at];
                    self.containers(&mut entry.node, trail);
                    if matches!(&*entry.key, "containers" | "initContainers") {
                        for item in entry.node.items_mut() {
                            if let Some(image) =
                                item.get_mut("image").filter(|image| image.scalar().is_some())
                            {
                                self.apply(image, trail);
                            }
                        }
                    }
                }
            }
            Value::List(_) => {
                node.items_mut().iter_mut().for_each(|item| self.containers(item, trail));
            }
            Value::Scalar(_) => {}
        }
    }

    fn is_below(&self, key: &str, node: &Node) -> bool {
        matches!(key, "containers" | "initContainers") || self.is_in_containers(node)
    }

    fn apply(&self, node: &mut Node, trail: &mut Trail<'_>) {
        let old = node.written().to_owned();
        if node.is_null() || !self.name.fits(&old) {
            return;
        }
        let (name, tag, digest) = split(&old);
        let piece = |from: usize, len: usize| slice(node, from, len);
        let given =
            |key: &str| self.image.get(key).filter(|node| node.as_str().is_some_and(|text| !text.is_empty()));
        let old_name = piece(0, name.len());
        let old_tag = (!tag.is_empty()).then(|| piece(name.len() + 1, tag.len()));
        let old_digest = (!digest.is_empty()).then(|| piece(old.len() - digest.len(), digest.len()));
        let before = node.from;
        let mut over = |new: &Node, old: From| {
            let from = trail.over(new.from, old);
            Node { from, ..new.clone() }
        };
        let or = |old: &Option<Node>| old.as_ref().map_or(before, |old| old.from);
        let new_tag = given("newTag").map(|new| over(new, or(&old_tag)));
        let new_digest = given("digest").map(|new| over(new, or(&old_digest)));
        let new_name = given("newName").map(|new| over(new, old_name.from));
        let suffix = given("tagSuffix");
        let mut pieces: Vec<Node> = vec![new_name.unwrap_or(old_name)];
        let (tags, digest): (Vec<Node>, Option<Node>) = match (new_tag, new_digest, suffix) {
            (Some(tag), digest, _) => (vec![tag], digest),
            (None, Some(digest), _) => (Vec::new(), Some(digest)),
            (None, None, Some(suffix)) => (old_tag.into_iter().chain([suffix.clone()]).collect(), None),
            (None, None, None) => (old_tag.into_iter().collect(), old_digest),
        };
        if !tags.is_empty() {
            pieces.push(Node::text(":", tags[0].from));
            pieces.extend(tags);
        }
        if let Some(digest) = digest {
            pieces.push(Node::text("@", digest.from));
            pieces.push(digest);
        }
        join(node, &pieces.iter().collect::<Vec<_>>(), trail);
        node.from = trail.over(node.from, before);
    }
}

/// A piece of a scalar, with where its bytes came from.
fn slice(node: &Node, from: usize, len: usize) -> Node {
    let text = node.written().get(from..from + len).unwrap_or_default();
    let mut piece = Node::text(text, node.from);
    if let (Value::Scalar(scalar), Some(parts)) =
        (&mut piece.value, node.scalar().and_then(|scalar| scalar.parts.as_deref()))
    {
        let inside = parts.iter().filter(|part| part.end > from);
        let parts: Vec<Part> =
            inside.map(|part| Part { end: (part.end - from).min(len), from: part.from }).collect();
        scalar.parts = Some(parts.into());
    }
    piece
}

/// Name, tag and digest of an image.
fn split(image: &str) -> (&str, &str, &str) {
    let slash = image.find('/').filter(|at| *at > 0).unwrap_or(0);
    let (at, colon) = (image[slash..].find('@'), image[slash..].find(':'));
    match (at, colon) {
        (None, None) => (image, "", ""),
        (Some(at), colon) if colon.is_none_or(|colon| at < colon) => {
            (&image[..slash + at], "", &image[slash + at + 1..])
        }
        (Some(at), Some(colon)) => {
            (&image[..slash + colon], &image[slash + colon + 1..slash + at], &image[slash + at + 1..])
        }
        (_, Some(colon)) => (&image[..slash + colon], &image[slash + colon + 1..], ""),
        (Some(_), None) => (image, "", ""),
    }
}
