//! A container's image as it is written, and when the kubelet pulls it where nobody says.

use crate::fact::Default;
use crate::measure::image::Image;
use crate::syntax::tree::{NodeKind, NodeRef};

const K8S: &str = "Kubernetes";

/// core/v1 `Container.imagePullPolicy`: "Defaults to Always if :latest tag is specified, or IfNotPresent otherwise."; a
/// reference with neither tag nor digest is `:latest` (`parsers.ParseImageName`).
pub static PULL_LATEST: Default<&str> =
    Default::of(K8S, "imagePullPolicy", "Always", "`Always` for `latest`");
/// The same, for every other reference.
pub static PULL_OTHERS: Default<&str> = Default::of(K8S, "imagePullPolicy", "IfNotPresent", "`IfNotPresent`");

/// The place of a container's image, if it has one.
pub fn node(container: NodeRef<'_>) -> Option<NodeRef<'_>> {
    container.get("image").filter(|node| !node.is_null())
}

/// The image of a container, taken apart; nothing where that cannot be done.
pub fn parsed(container: NodeRef<'_>) -> Option<Image<'_>> {
    let node = node(container)?;
    let scalar = !matches!(node.kind(), NodeKind::List | NodeKind::Map | NodeKind::Unknown);
    Image::parse(scalar.then(|| node.text())?).ok()
}
