//! `namePrefix` and `nameSuffix`.

use std::rc::Rc;

use super::Problem;
use super::build::Build;
use super::config::Config;
use super::fieldspec::{FieldSpec, Make};
use super::kustomization::Kustomization;
use super::node::{Node, Part};
use super::resource::{Gvk, Id};
use super::set::Set;
use super::trail::{From, Trail};
use crate::render::origin::How;

/// Which end of a name is changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Affix {
    Prefix,
    Suffix,
}

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set, config: &Config) {
    let ends = [
        ("namePrefix", Affix::Prefix, &config.name_prefix),
        ("nameSuffix", Affix::Suffix, &config.name_suffix),
    ];
    for (key, affix, specs) in ends {
        if let Some(text) = kustomization.node.get(key)
            && let Err(problem) = write(build, set, affix, text, specs)
        {
            build.note(problem);
        }
    }
}

/// Puts a text before or behind the names that the specs lead to.
pub(super) fn write(
    build: &mut Build<'_>,
    set: &mut Set,
    affix: Affix,
    text: &Node,
    specs: &[FieldSpec],
) -> Result<(), Problem> {
    let Some(written) = text.as_str().filter(|written| !written.is_empty()) else { return Ok(()) };
    for resource in &mut set.list {
        let id = resource.original();
        if keeps_its_name(&id) {
            continue;
        }
        let gvk = resource.gvk();
        for spec in specs.iter().filter(|spec| id.gvk.is_selected(&spec.gvk)) {
            if &*spec.path == "metadata/name" {
                match affix {
                    Affix::Prefix => resource.prefixes.push(Rc::from(written)),
                    Affix::Suffix => resource.suffixes.push(Rc::from(written)),
                }
                resource.remember(&build.schema);
            }
            let trail = &mut build.trail;
            spec.visit(&mut resource.node, &gvk, Make::Scalar, text.from, &mut |node| {
                let old = node.clone();
                match affix {
                    Affix::Prefix => join(node, &[text, &old], trail),
                    Affix::Suffix => join(node, &[&old, text], trail),
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// The kinds whose names mean something elsewhere.
fn keeps_its_name(id: &Id) -> bool {
    let service = Gvk { group: Rc::from("apiregistration.k8s.io"), ..Gvk::of_kind("APIService") };
    id.gvk.is_selected(&Gvk::of_kind("CustomResourceDefinition"))
        || id.gvk.is_selected(&service)
        || id.gvk.is_selected(&Gvk::of_kind("Namespace"))
}

/// Makes a scalar of the texts of others, side by side; each byte keeps where it came from.
pub(super) fn join(node: &mut Node, pieces: &[&Node], trail: &mut Trail<'_>) {
    let mut text = String::new();
    let mut parts: Vec<Part> = Vec::new();
    for piece in pieces {
        let start = text.len();
        text.push_str(piece.written());
        match piece.scalar().and_then(|scalar| scalar.parts.as_deref()) {
            Some(inner) => {
                parts.extend(inner.iter().map(|part| Part { end: start + part.end, from: part.from }));
            }
            None => parts.push(Part { end: text.len(), from: piece.from }),
        }
    }
    let froms: Vec<From> = pieces.iter().map(|piece| piece.from).collect();
    let from = trail.of(How::Joined, &froms);
    node.retext(text, from, Some(parts.into()));
}
