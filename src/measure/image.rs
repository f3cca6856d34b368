//! Image references, taken apart as distribution/reference does it, with the place of every part.
//!
//! What a variable hides stays unknown: `app:${TAG}` has a tag that nobody can read here, `${IMAGE}` may have one or not. It
//! knows no registries and asks none.

use std::ops::Range;

use super::placeholder;

/// A part of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Certainly not there.
    Absent,
    /// There, and written out.
    Known(Range<usize>),
    /// In part or whole in a variable; the range is the text that hides it.
    Unknown(Range<usize>),
}

/// A reference: `registry/repository:tag@digest`. Ranges are bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image<'a> {
    /// As it is written.
    pub text: &'a str,
    /// Host and port. Absent means Docker Hub.
    pub registry: Part,
    /// The path without registry, as written: `library/` is not added.
    pub repository: Part,
    /// What stands behind the colon.
    pub tag: Part,
    /// What stands behind the `@`.
    pub digest: Part,
}

/// Why a text cannot be an image reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageError {
    /// The sentence.
    pub message: String,
    /// The part at fault.
    pub range: Range<usize>,
}

/// How much a reference may move below a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floating {
    /// A digest, or a tag that looks like a version.
    No,
    /// No tag at all, which means `latest`.
    NoTag,
    /// `:latest`, written out.
    Latest,
    /// A tag that is known to move: `stable`, `main`, `nightly`.
    Moving,
    /// A variable hides it.
    Unknown,
}

impl<'a> Image<'a> {
    /// Takes a reference apart.
    pub fn parse(text: &'a str) -> Result<Image<'a>, ImageError> {
        if text.is_empty() {
            return refuse(0..0, "the image is empty");
        }
        if text.len() > LONGEST {
            return refuse(0..0, format!("an image reference of {} bytes is none", text.len()));
        }
        let holes = holes(text);
        let image = split(text, &holes);
        image.check(&holes)?;
        Ok(image)
    }

    /// The text of a part, if it is written out.
    pub fn part(&self, part: &Part) -> Option<&'a str> {
        match part {
            Part::Known(range) => self.text.get(range.clone()),
            Part::Absent | Part::Unknown(_) => None,
        }
    }

    /// The tag, if it is written out.
    pub fn tag_text(&self) -> Option<&'a str> {
        self.part(&self.tag)
    }

    /// The repository with its registry written out: `docker.io/library/postgres` of `postgres:16`. That of a product's own maker
    /// says for certain what the image is.
    pub fn full_name(&self) -> Option<String> {
        let repository = self.part(&self.repository)?;
        let registry = match &self.registry {
            Part::Absent => "docker.io",
            Part::Known(_) => match self.part(&self.registry)? {
                "index.docker.io" | "registry-1.docker.io" => "docker.io",
                other => other,
            },
            Part::Unknown(_) => return None,
        };
        Some(if registry == "docker.io" && !repository.contains('/') {
            format!("docker.io/library/{repository}")
        } else {
            format!("{registry}/{repository}")
        })
    }

    /// What the image is, by the last component of its path: `postgres` of `ghcr.io/acme/postgres:16`. It is a guess.
    pub fn product(&self) -> Option<&'a str> {
        let (range, known) = match &self.repository {
            Part::Known(range) => (range.clone(), true),
            Part::Unknown(range) => (range.clone(), false),
            Part::Absent => return None,
        };
        let path = self.text.get(range)?;
        let last = path.rsplit('/').next()?;
        // A slash inside a variable would cut it, so a component counts only if nothing in it can be a variable.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        ((known || path.len() > last.len()) && !last.is_empty() && last.chars().all(plain)).then_some(last)
    }

    /// How much it may move below a deployment.
    pub fn floating_tag(&self) -> Floating {
        match (&self.tag, &self.digest) {
            (_, Part::Known(_)) => Floating::No,
            // Behind an `@` only a digest can stand, whatever it is.
            (_, Part::Unknown(range)) if self.text[..range.start].ends_with('@') => Floating::No,
            (Part::Unknown(_), _) => Floating::Unknown,
            (Part::Absent, Part::Absent) => Floating::NoTag,
            (Part::Absent, Part::Unknown(_)) => Floating::Unknown,
            (Part::Known(range), digest) => match (moving(&self.text[range.clone()]), digest) {
                (Floating::No, _) => Floating::No,
                (_, Part::Unknown(_)) => Floating::Unknown,
                (floating, _) => floating,
            },
        }
    }

    /// Checks the parts that are written out against the grammar.
    fn check(&self, holes: &[Range<usize>]) -> Result<(), ImageError> {
        let text = self.text;
        let hidden = |at: usize| holes.iter().any(|hole| hole.contains(&at));
        if let Some((at, bad)) = text.char_indices().find(|(at, c)| !c.is_ascii_graphic() && !hidden(*at)) {
            let name = if bad.is_whitespace() {
                "white space".to_owned()
            } else {
                format!("`{}`", bad.escape_debug())
            };
            return refuse(at..at + bad.len_utf8(), format!("an image reference cannot contain {name}"));
        }
        if let Part::Known(range) = &self.registry {
            let host = &text[range.clone()];
            if !is_registry(host) {
                return refuse(range.clone(), format!("`{host}` is not a registry's host name"));
            }
        }
        if let Part::Known(range) | Part::Unknown(range) = &self.repository {
            let path = &text[range.clone()];
            let known = matches!(self.repository, Part::Known(_));
            let mut begin = range.start;
            if known {
                for component in path.split('/') {
                    let at = begin..begin + component.len();
                    begin = at.end + 1;
                    if component.bytes().any(|b| b.is_ascii_uppercase()) {
                        return refuse(
                            at,
                            format!("`{component}` has capital letters, and an image's name has none"),
                        );
                    }
                    if !is_path_component(component) {
                        return refuse(at, format!("`{component}` is not a part of an image's name"));
                    }
                }
                if path.len() > 255 {
                    return refuse(range.clone(), "an image's name has at most 255 characters");
                }
                let bare =
                    range.start == 0 && path.len() == 64 && path.bytes().all(|b| b.is_ascii_hexdigit());
                if bare {
                    return refuse(range.clone(), "64 hexadecimal digits are an image's id, not its name");
                }
            }
        }
        if let Part::Known(range) = &self.tag {
            let tag = &text[range.clone()];
            if !is_tag(tag) {
                return refuse(range.clone(), format!("`{tag}` is not a tag"));
            }
        }
        if let Part::Known(range) = &self.digest {
            let digest = &text[range.clone()];
            if !is_digest(digest) {
                return refuse(
                    range.clone(),
                    format!("`{digest}` is not a digest such as `sha256:` and 64 hexadecimal digits"),
                );
            }
        }
        Ok(())
    }
}

/// Far beyond any reference, templates included; it keeps hostile text cheap.
const LONGEST: usize = 4096;

/// Tags that their owners move by design. Short, and only what is sure: a false alarm costs more than a missed one.
const MOVING: [&str; 24] = [
    "stable",
    "main",
    "master",
    "edge",
    "nightly",
    "dev",
    "devel",
    "develop",
    "development",
    "canary",
    "next",
    "rolling",
    "head",
    "trunk",
    "unstable",
    "testing",
    "test",
    "staging",
    "prod",
    "production",
    "current",
    "mainline",
    "lts",
    "beta",
];
/// What may follow such a tag and says only which flavour it is.
const FLAVOURS: [&str; 12] = [
    "alpine",
    "slim",
    "debian",
    "ubuntu",
    "bookworm",
    "bullseye",
    "jammy",
    "noble",
    "debug",
    "nonroot",
    "distroless",
    "perl",
];

fn moving(tag: &str) -> Floating {
    if tag == "latest" {
        return Floating::Latest;
    }
    let mut words = tag.split('-');
    let first = words.next().unwrap_or_default();
    let moves = first == "latest" || MOVING.contains(&first);
    if (moves && words.all(|word| FLAVOURS.contains(&word))) || tag.ends_with("-latest") {
        return Floating::Moving;
    }
    Floating::No
}

/// Splits at the separators that are not inside a variable.
fn split<'a>(text: &'a str, holes: &[Range<usize>]) -> Image<'a> {
    let plain = |range: Range<usize>, wanted: u8| {
        let bytes = text.as_bytes();
        range.filter(move |at| bytes[*at] == wanted && !holes.iter().any(|hole| hole.contains(at)))
    };
    let part = |range: Range<usize>| {
        if holes.iter().any(|hole| hole.start < range.end && range.start < hole.end) {
            Part::Unknown(range)
        } else {
            Part::Known(range)
        }
    };
    let ends_hidden = |end: usize| holes.last().is_some_and(|hole| hole.end == end && end > 0);

    let mut end = text.len();
    let mut digest = Part::Absent;
    if let Some(at) = plain(0..end, b'@').next() {
        digest = part(at + 1..end);
        end = at;
    }
    let slash = plain(0..end, b'/').next_back();
    let mut tag = Part::Absent;
    if let Some(at) = plain(slash.map_or(0, |at| at + 1)..end, b':').next() {
        tag = part(at + 1..end);
        // A variable at the end of a tag may go on with a digest.
        if digest == Part::Absent && ends_hidden(end) {
            digest = Part::Unknown(holes[holes.len() - 1].clone());
        }
        end = at;
    } else if digest == Part::Absent && ends_hidden(end) {
        // A variable at the end of the name may hold a tag, a digest, or neither.
        tag = Part::Unknown(holes[holes.len() - 1].clone());
        digest = tag.clone();
    }
    let mut registry = Part::Absent;
    let mut start = 0;
    if let Some(at) = plain(0..end, b'/').next() {
        let first = part(0..at);
        let hidden = matches!(first, Part::Unknown(_));
        let host = &text[..at];
        let looks_like_host =
            host.contains(['.', ':']) || host == "localhost" || host.bytes().any(|b| b.is_ascii_uppercase());
        if hidden || looks_like_host {
            registry = first;
            start = at + 1;
        }
    } else if let Some(hole) = holes.first()
        && hole.start == 0
        && end > 0
    {
        // `${REGISTRY}app`: the variable may end in a slash.
        registry = Part::Unknown(hole.clone());
    }
    Image { text, registry, repository: part(start..end), tag, digest }
}

/// Everything that something else fills in: `${TAG}`, `$TAG`, `$(TAG)`, `{{ .Values.tag }}`, `#{tag}#`, `<tag>`, `__TAG__`.
fn holes(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut holes: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = match (bytes[at], bytes.get(at + 1)) {
            (b'$', Some(b'{')) | (b'#', Some(b'{')) => Some(closed(bytes, at + 1, b'{', b'}')),
            (b'$', Some(b'(')) => Some(closed(bytes, at + 1, b'(', b')')),
            (b'{', Some(b'{')) => Some(closed(bytes, at, b'{', b'}')),
            (b'<', Some(_)) => Some(closed(bytes, at, b'<', b'>')),
            (b'$', Some(b'_' | b'a'..=b'z' | b'A'..=b'Z')) => {
                let name =
                    bytes[at + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                Some(at + 1 + name)
            }
            (b'_', Some(b'_')) => {
                placeholder::first(&text[at..]).filter(|word| word.start == 0).map(|word| at + word.end)
            }
            _ => None,
        };
        match end {
            Some(mut end) => {
                if bytes[at] == b'#' && bytes.get(end) == Some(&b'#') {
                    end += 1;
                }
                // Two variables side by side hide one part.
                match holes.last_mut() {
                    Some(last) if last.end == at => last.end = end,
                    _ => holes.push(at..end),
                }
                at = end;
            }
            None => at += 1,
        }
    }
    holes
}

/// The end of what opens at `at`, with nesting; the end of the text where it never closes.
fn closed(bytes: &[u8], at: usize, open: u8, close: u8) -> usize {
    let mut depth = 0usize;
    for (index, byte) in bytes.iter().enumerate().skip(at) {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return index + 1;
            }
        }
    }
    bytes.len()
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) => {
                if address.is_empty() || !address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
                    return false;
                }
                ("v6", after.strip_prefix(':').or(if after.is_empty() { None } else { Some("") }))
            }
            None => return false,
        },
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Letters and digits, joined by one dot, one or two underscores, or any number of hyphens.
fn is_path_component(text: &str) -> bool {
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !word(first) || !word(last) {
        return false;
    }
    bytes.split(word).all(|joint| match joint {
        [] | [b'.'] | [b'_'] | [b'_', b'_'] => true,
        joint => joint.iter().all(|b| *b == b'-'),
    })
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => hex.len() == 64,
        "sha384" => hex.len() == 96,
        "sha512" => hex.len() == 128,
        _ => hex.len() >= 32,
    };
    let part = |part: &str| {
        part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    length && hex.bytes().all(|b| b.is_ascii_hexdigit()) && algorithm.split(['-', '_', '+', '.']).all(part)
}

fn refuse<T>(range: Range<usize>, message: impl Into<String>) -> Result<T, ImageError> {
    Err(ImageError { message: message.into(), range })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    const SHA: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// Registry, repository, tag, digest; `?` before what is unknown, `-` for what is absent.
    fn show(text: &str) -> String {
        let image = Image::parse(text).unwrap_or_else(|error| panic!("{text}: {}", error.message));
        [&image.registry, &image.repository, &image.tag, &image.digest]
            .map(|part| match part {
                Part::Absent => "-".to_owned(),
                Part::Known(range) => text[range.clone()].to_owned(),
                Part::Unknown(range) => format!("?{}", &text[range.clone()]),
            })
            .join(" | ")
    }

    #[test]
    fn takes_references_apart() {
        let pinned = format!("ghcr.io/a/b:1.2@{SHA}");
        let digest_only = format!("redis@{SHA}");
        let table = [
            ("nginx", "- | nginx | - | -"),
            ("nginx:1.27", "- | nginx | 1.27 | -"),
            ("library/nginx:1.27-alpine", "- | library/nginx | 1.27-alpine | -"),
            ("localhost/app", "localhost | app | - | -"),
            ("localhost:5000/app:dev", "localhost:5000 | app | dev | -"),
            ("registry.example.com:5000/team/app", "registry.example.com:5000 | team/app | - | -"),
            (
                "registry.k8s.io/ingress-nginx/controller:v1.12.0",
                "registry.k8s.io | ingress-nginx/controller | v1.12.0 | -",
            ),
            ("Host/app", "Host | app | - | -"),
            ("[2001:db8::1]:5000/app:1", "[2001:db8::1]:5000 | app | 1 | -"),
            ("a__b/c--d.e_f:1", "- | a__b/c--d.e_f | 1 | -"),
            (pinned.as_str(), &format!("ghcr.io | a/b | 1.2 | {SHA}")),
            (digest_only.as_str(), &format!("- | redis | - | {SHA}")),
            ("app:${TAG}", "- | app | ?${TAG} | ?${TAG}"),
            ("app:${TAG:-latest}", "- | app | ?${TAG:-latest} | ?${TAG:-latest}"),
            ("app:1.2-${SUFFIX}", "- | app | ?1.2-${SUFFIX} | ?${SUFFIX}"),
            ("app:${MAJOR}-alpine", "- | app | ?${MAJOR}-alpine | -"),
            ("ghcr.io/a/b:__TAG__", "ghcr.io | a/b | ?__TAG__ | ?__TAG__"),
            ("a__b:1", "- | a__b | 1 | -"),
            ("${IMAGE}", "?${IMAGE} | ?${IMAGE} | ?${IMAGE} | ?${IMAGE}"),
            ("${IMAGE}:1.2", "?${IMAGE} | ?${IMAGE} | 1.2 | -"),
            ("${REGISTRY}/app:1.2", "?${REGISTRY} | app | 1.2 | -"),
            ("${HOST}:5000/app", "?${HOST}:5000 | app | - | -"),
            ("app@${DIGEST}", "- | app | - | ?${DIGEST}"),
            ("$(REPO)/app:$(TAG)", "?$(REPO) | app | ?$(TAG) | ?$(TAG)"),
            ("$REPO/app:$TAG", "?$REPO | app | ?$TAG | ?$TAG"),
            (
                "{{ .Values.image.repository }}:{{ .Values.image.tag | default \"a:b\" }}",
                "?{{ .Values.image.repository }} | ?{{ .Values.image.repository }} | \
                 ?{{ .Values.image.tag | default \"a:b\" }} | ?{{ .Values.image.tag | default \"a:b\" }}",
            ),
            ("gcr.io/${PROJECT}/app:1", "gcr.io | ?${PROJECT}/app | 1 | -"),
            (
                "<account>.dkr.ecr.eu-west-1.amazonaws.com/app:1",
                "?<account>.dkr.ecr.eu-west-1.amazonaws.com | app | 1 | -",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn products() {
        let table = [
            ("nginx:1.27", Some("nginx")),
            ("ghcr.io/acme/postgres:16", Some("postgres")),
            ("localhost:5000/a/redis", Some("redis")),
            ("${REGISTRY}/app:1", Some("app")),
            ("gcr.io/${PROJECT}/app:1", Some("app")),
            ("${IMAGE}", None),
            ("${REGISTRY}app:1", None),
            ("acme/${NAME}:1", None),
        ];
        for (text, product) in table {
            assert_eq!(Image::parse(text).unwrap().product(), product, "{text}");
        }
    }

    #[test]
    fn tags_that_move() {
        let pinned = format!("app:latest@{SHA}");
        let table = [
            ("app", Floating::NoTag),
            ("localhost:5000/app", Floating::NoTag),
            ("app:latest", Floating::Latest),
            ("app:main", Floating::Moving),
            ("app:stable-alpine", Floating::Moving),
            ("app:alpine-latest", Floating::Moving),
            ("app:latest-alpine", Floating::Moving),
            ("app:main-4f2a91c", Floating::No),
            ("app:1.27", Floating::No),
            ("app:v1.2.3-rc.1", Floating::No),
            ("app:devtools", Floating::No),
            (pinned.as_str(), Floating::No),
            ("app@${DIGEST}", Floating::No),
            ("app:${TAG}", Floating::Unknown),
            ("${IMAGE}", Floating::Unknown),
            ("${REGISTRY}/app", Floating::NoTag),
        ];
        for (text, expected) in table {
            assert_eq!(Image::parse(text).unwrap().floating_tag(), expected, "{text}");
        }
    }

    #[test]
    fn refusals() {
        let long = format!("app:{}", "a".repeat(129));
        let id = "a".repeat(64);
        let table = [
            ("", 0..0),
            ("Nginx", 0..5),
            ("acme/App:1", 5..8),
            ("app:", 4..4),
            ("app:-x", 4..6),
            ("app :1", 3..4),
            ("app:1@sha256:123", 6..16),
            ("app@", 4..4),
            ("https://example.com/app", 0..6),
            ("a//b", 2..2),
            ("/app", 0..0),
            ("app/", 4..4),
            ("a...b", 0..5),
            ("-app", 0..4),
            ("exa_mple.com/app", 0..12),
            (long.as_str(), 4..133),
            (id.as_str(), 0..64),
            ("app:ä", 4..6),
        ];
        for (text, range) in table {
            let error = Image::parse(text).expect_err(text);
            assert_eq!(error.range, range, "{text}: {}", error.message);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", near in "[a-zA-Z0-9${}()<>:@/._#\\[\\] -]{0,40}") {
            for text in [&text, &near] {
                match Image::parse(text) {
                    Ok(image) => {
                        let _ = (image.product(), image.floating_tag(), image.tag_text());
                        for part in [&image.registry, &image.repository, &image.tag, &image.digest] {
                            if let Part::Known(range) | Part::Unknown(range) = part {
                                prop_assert!(text.get(range.clone()).is_some());
                            }
                        }
                    }
                    Err(error) => prop_assert!(text.get(error.range.clone()).is_some()),
                }
            }
        }
    }
}
