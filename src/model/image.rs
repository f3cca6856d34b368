//! A container's image, taken apart, and when the kubelet pulls it.

use super::container::{self, Container};
use super::vocabulary::{FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::image::{self, PULL_LATEST, PULL_OTHERS};
use crate::lower::read;
use crate::measure::image::{Floating, Image, Part};
use crate::syntax::tree::NodeRef;

/// An image as a part of its container.
pub static IMAGE: KindDef = KindDef {
    kind: Kind::Image,
    name: "image",
    doc: "The image of a container.",
    tables: &[facts! {
        "reference": Ty::Text, "the whole reference" => |m, t| match node(m, t) {
            Some(node) => Fact::written(node, Spot::value(node)).text().into(),
            None => Fact::<&str>::nothing().into(),
        };
        "registry": Ty::Text, "host and port of its registry; absent for Docker Hub" => |m, t| part(m, t, |image| &image.registry).into();
        "repository": Ty::Text, "its path without the registry" => |m, t| part(m, t, |image| &image.repository).into();
        "tag": Ty::Text, "its tag" => |m, t| part(m, t, |image| &image.tag).into();
        "digest": Ty::Text, "its digest" => |m, t| part(m, t, |image| &image.digest).into();
        "product": Ty::Text, "what it is, guessed from the last part of its path: `postgres`" => |m, t| product(m, t.id).into();
        "floating": Ty::Text, "whether what it names can change: `no`, `untagged`, `latest`, or `moving` for a tag such as `stable`" =>
            |m, t| floating(m, t).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| node(m, t),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a container knows of its image.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "image": Ty::Thing(Kind::Image), "its image" => |m, t| {
        let image = Thing::part(Kind::Image, t.id, 0);
        let found = read::node(container::get(m, t).node, "image");
        found.map(|_| image).into()
    };
    "standsIn": Ty::Bool, "whether it only stands in for a container that something injects: its image is Istio's `auto`, or `pause`" =>
        |m, t| stands_in(m, t).into();
    "pullPolicy": Ty::Text, "when the kubelet pulls its image: `Always`, `IfNotPresent` or `Never`" => |m, t| pull_policy(m, t).into();
};

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    image::node(model.containers[thing.id as usize].node)
}

/// The image, taken apart, unless it is hidden or an overlay says which one it really is.
fn parsed<'a>(model: &'a Model<'a>, thing: Thing) -> Option<&'a Image<'a>> {
    let Container { node, start, .. } = &model.containers[thing.id as usize];
    start.image().filter(|image| !is_renamed(model, *node, image))
}

fn part<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    which: impl for<'i> Fn(&'i Image<'a>) -> &'i Part,
) -> Fact<'a, &'a str> {
    let Some(node) = node(model, thing) else { return Fact::nothing() };
    let Some(image) = parsed(model, thing) else { return hidden(node) };
    match which(image) {
        Part::Absent => Fact::absent(Spot::value(node)),
        Part::Known(range) => Fact::written(&node.text()[range.clone()], Spot::within(node, range.clone())),
        Part::Unknown(_) => hidden(node),
    }
}

/// Whether a Kustomize overlay says which image it really is.
fn is_renamed(model: &Model<'_>, node: NodeRef<'_>, image: &Image<'_>) -> bool {
    let end = match (&image.tag, &image.digest) {
        (Part::Known(tag), _) => tag.start.saturating_sub(1),
        (_, Part::Known(digest)) => digest.start.saturating_sub(1),
        _ => image.text.len(),
    };
    model.overlays.renames(node.tree().file, image.text.get(..end).unwrap_or(image.text))
}

fn hidden<'a, T>(node: NodeRef<'a>) -> Fact<'a, T> {
    Fact::unknown_at("the image is only known at run time", Spot::value(node))
}

/// What the image of a container is, by its name.
pub fn product<'a>(model: &'a Model<'a>, container: u32) -> Fact<'a, &'a str> {
    let container = &model.containers[container as usize];
    let Some(node) = image::node(container.node) else { return Fact::nothing() };
    match container.start.product() {
        Some(product) => Fact::written(product, Spot::value(node)).guessed(),
        None => hidden(node),
    }
}

fn floating<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'static str> {
    let Some(node) = node(model, thing) else { return Fact::nothing() };
    let Some(image) = parsed(model, thing) else { return hidden(node) };
    let spot = match &image.tag {
        Part::Known(range) => Spot::within(node, range.clone()),
        _ => Spot::value(node),
    };
    if crate::lower::kubernetes::placeholder::is_placeholder(image) {
        return Fact::unknown_at("something fills in this name before a pod runs", Spot::value(node));
    }
    Fact::written(
        match image.floating_tag() {
            Floating::No => "no",
            Floating::NoTag => "untagged",
            Floating::Latest => "latest",
            Floating::Moving => "moving",
            Floating::Unknown => return hidden(node),
        },
        spot,
    )
}

/// Istio's injector replaces the image `auto` of the container `istio-proxy`; a proxy that is injected beside `pause` is all that
/// such a pod runs. An image of which the name is hidden is neither, unless the container is called so: nobody makes a
/// variable of what never changes.
fn stands_in<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let Container { node: container, start, .. } = container::get(model, thing);
    let image = read::text(*container, "image");
    let Some(node) = node(model, thing) else { return Fact::plain(false) };
    let plainly = |answer| Fact::written(answer, Spot::value(node));
    match (image.value(), start.product(), read::text(*container, "name").value()) {
        (Some(&"auto"), ..) => plainly(true),
        (_, Some(product), _) => plainly(product == "pause"),
        (Some(_), None, _) => plainly(false),
        (None, None, Some(name)) if *name != "istio-proxy" && !name.contains("pause") => {
            plainly(false).guessed()
        }
        _ => hidden(node),
    }
}

/// core/v1 SetDefaults_Container: `Always` where the tag is `latest`, or where there is neither tag nor digest.
fn pull_policy<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'static str> {
    let known = |text| ["Always", "IfNotPresent", "Never"].into_iter().find(|known| *known == text);
    let written = read::text(container::get(model, thing).node, "imagePullPolicy")
        .try_map("Kubernetes knows no such policy", known);
    if !written.is_absent() {
        return written;
    }
    let Some(node) = node(model, thing) else { return Fact::nothing() };
    let Some(image) = parsed(model, thing) else { return hidden(node) };
    let default = match (&image.tag, &image.digest) {
        (Part::Unknown(_), _) | (Part::Absent, Part::Unknown(_)) => return hidden(node),
        (Part::Known(range), _) if &node.text()[range.clone()] == "latest" => &PULL_LATEST,
        (Part::Absent, Part::Absent) => &PULL_LATEST,
        _ => &PULL_OTHERS,
    };
    written.or_default(default)
}
