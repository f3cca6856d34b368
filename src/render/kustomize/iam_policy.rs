//! `IAMPolicyGenerator`: the service account of a workload that acts as one of Google Cloud.

use super::Problem;
use super::names::join;
use super::node::{Entry, Node};
use super::resource::Resource;
use super::trail::Trail;

/// The annotation that names the account in Google Cloud.
const ACCOUNT: &str = "iam.gke.io/gcp-service-account";

/// One service account.
pub(super) fn make(plugin: &Node, trail: &mut Trail<'_>) -> Result<Resource, Problem> {
    let cloud = plugin.get("cloud");
    if cloud.is_none_or(|cloud| cloud.written() != "gke") {
        let from = cloud.map_or(plugin.from, |cloud| cloud.from);
        return Err(Problem::new("`cloud` has to be `gke`, the only one that Kustomize knows", from));
    }
    let nothing = Node::text("", plugin.from);
    let field = |keys: &[&str]| plugin.at(keys).filter(|node| !node.is_null()).unwrap_or(&nothing);
    let mut account = nothing.clone();
    let [at, host] = ["@", ".iam.gserviceaccount.com"].map(|text| Node::text(text, plugin.from));
    let (name, project) = (field(&["serviceAccount", "name"]), field(&["serviceAccount", "projectId"]));
    join(&mut account, &[name, &at, project, &host], trail);
    let entry = |key: &str, node: Node| Entry { key: key.into(), from: node.from, node };
    let marks = Node::map(vec![entry(ACCOUNT, account)], plugin.from);
    // Kustomize writes a text and reads it, so that what looks like a number is one.
    let plain = |node: &Node| Node::plain(node.written(), node.from);
    let mut metadata =
        vec![entry("annotations", marks), entry("name", plain(field(&["kubernetesService", "name"])))];
    let namespace = field(&["kubernetesService", "namespace"]);
    if !namespace.written().is_empty() {
        metadata.push(entry("namespace", plain(namespace)));
    }
    let word = |text: &str| Node::text(text, plugin.from);
    let fields = vec![
        entry("apiVersion", word("v1")),
        entry("kind", word("ServiceAccount")),
        entry("metadata", Node::map(metadata, plugin.from)),
    ];
    Ok(Resource::new(Node::map(fields, plugin.from)))
}
