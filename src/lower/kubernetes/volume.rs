//! The volumes of a pod, and the claims behind them, wherever these are written.

use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A volume of a pod, or a claim template of a StatefulSet, which makes one.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    /// Its name; empty where it cannot be known.
    pub name: &'a str,
    /// Its node.
    pub node: NodeRef<'a>,
    /// What it is made of.
    pub source: Source<'a>,
}

/// What a volume is made of.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A PersistentVolumeClaim by name: the node of the name.
    Claim(NodeRef<'a>),
    /// A claim of each pod's own, kept when the pod goes: the template.
    Template(NodeRef<'a>),
    /// A claim of each pod's own that goes with it: the template.
    Ephemeral(NodeRef<'a>),
    /// Anything else, by the name of its field: `emptyDir`, `configMap`.
    Other(&'a str),
}

impl<'a> Source<'a> {
    /// The word for it in rules.
    pub fn word(self) -> &'a str {
        match self {
            Source::Claim(_) => "claim",
            Source::Template(_) => "claimTemplate",
            Source::Ephemeral(_) => "ephemeralClaim",
            Source::Other(field) => field,
        }
    }
}

/// The volumes of a pod template, and those that the claim templates of its StatefulSet make. A claim template takes the place
/// of a volume of the same name.
pub fn volumes<'a>(object: NodeRef<'a>, template: NodeRef<'a>) -> Vec<Volume<'a>> {
    let name = |node: NodeRef<'a>, path: &str| {
        node.at(path).filter(|name| !name.is_unknown()).map_or("", NodeRef::text)
    };
    let templates = object.at("spec.volumeClaimTemplates").into_iter().flat_map(NodeRef::items);
    let templates: Vec<_> = templates
        .map(|node| Volume { name: name(node, "metadata.name"), node, source: Source::Template(node) })
        .collect();
    let mut found = Vec::new();
    for node in template.at("spec.volumes").into_iter().flat_map(NodeRef::items) {
        let own = name(node, "name");
        if templates.iter().any(|template| !own.is_empty() && template.name == own) {
            continue;
        }
        let claim = node.at("persistentVolumeClaim.claimName").map(Source::Claim);
        let ephemeral = node.at("ephemeral.volumeClaimTemplate").map(Source::Ephemeral);
        let other = || node.entries().map(|(key, _)| key).find(|key| *key != "name").map(Source::Other);
        // A volume without a source is an emptyDir.
        let source = claim.or(ephemeral).or_else(other).unwrap_or(Source::Other("emptyDir"));
        found.push(Volume { name: own, node, source });
    }
    found.extend(templates);
    found
}

/// The position among `volumes` of what a container has mounted at a path or above it, and the mount. Nothing is mounted
/// there: absent.
pub fn mounted_at<'a>(container: NodeRef<'a>, volumes: &[Volume<'a>], path: &str) -> Fact<'a, usize> {
    let mut best: Option<(usize, NodeRef<'a>, NodeRef<'a>)> = None;
    for mount in container.get("volumeMounts").into_iter().flat_map(NodeRef::items) {
        let (Some(at), Some(name)) = (mount.get("mountPath"), mount.get("name")) else { continue };
        if at.is_unknown() || name.is_unknown() || read::is_filled_in_later(at.text()) {
            return Fact::unknown_at("what it mounts is only known at run time", Spot::value(mount));
        }
        let text = at.text().trim_end_matches('/');
        if is_within(path, text) && best.is_none_or(|(length, ..)| text.len() > length) {
            best = Some((text.len(), name, at));
        }
    }
    let Some((_, name, at)) = best else {
        return match container.get("volumeMounts").filter(|list| list.is_unknown()) {
            Some(list) => Fact::unknown_at("what it mounts is only known at run time", Spot::value(list)),
            None => Fact::absent(Spot::missing(container, "volumeMounts")),
        };
    };
    match volumes.iter().position(|volume| volume.name == name.text()) {
        Some(position) => Fact::written(position, Spot::value(at)),
        None => Fact::unknown_at("the volume that it mounts is in no list of its pod", Spot::value(name)),
    }
}

/// Whether a path is a folder or lies in it.
pub fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Provisioners whose volumes live in one zone: they publish their volumes with a zone as topology
/// (`topology.ebs.csi.aws.com/zone`, `topology.gke.io/zone`, `topology.disk.csi.azure.com/zone`,
/// `topology.cinder.csi.openstack.org/zone`), and the plugins that they took over from did the same with a label.
const ZONAL: &[&str] = &[
    "ebs.csi.aws.com",
    "kubernetes.io/aws-ebs",
    "pd.csi.storage.gke.io",
    "kubernetes.io/gce-pd",
    "disk.csi.azure.com",
    "kubernetes.io/azure-disk",
    "cinder.csi.openstack.org",
    "kubernetes.io/cinder",
];

/// Whether the volumes of a StorageClass live in one zone. A provisioner that is not known here is unknown; a regional disk of
/// Google's or a zone-redundant one of Azure's lives in several.
pub fn zonal<'a>(class: NodeRef<'a>) -> Fact<'a, bool> {
    let provisioner = read::text(class, "provisioner");
    let redundant = [
        "parameters.replication-type",
        "parameters.skuName",
        "parameters.skuname",
        "parameters.storageaccounttype",
    ];
    for path in redundant {
        let Some(value) = class.at(path) else { continue };
        if value.is_unknown() {
            return Fact::unknown_at("its kind of disk is only known at run time", Spot::value(value));
        }
        if value.text() == "regional-pd" || value.text().to_ascii_uppercase().ends_with("_ZRS") {
            return Fact::written(false, Spot::value(value));
        }
    }
    provisioner.try_map("nobody here knows this provisioner", |name| ZONAL.contains(&name).then_some(true))
}
