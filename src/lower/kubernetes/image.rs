//! When the kubelet pulls an image, where nobody says.

use crate::fact::Default;

const K8S: &str = "Kubernetes";

/// core/v1 `Container.imagePullPolicy`: "Defaults to Always if :latest tag is specified, or IfNotPresent otherwise."; a
/// reference with neither tag nor digest is `:latest` (`parsers.ParseImageName`).
pub static PULL_LATEST: Default<&str> =
    Default::of(K8S, "imagePullPolicy", "Always", "`Always` for `latest`");
/// The same, for every other reference.
pub static PULL_OTHERS: Default<&str> = Default::of(K8S, "imagePullPolicy", "IfNotPresent", "`IfNotPresent`");
