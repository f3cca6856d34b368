//! What a pod's spec names: ConfigMaps, Secrets, claims, accounts, priority classes.
//!
//! It only lists names and where they stand. Whether they exist is asked in `model`.

use super::pod;
use crate::syntax::tree::NodeRef;

/// One naming of an object.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// The kind that is meant.
    pub kind: &'static str,
    /// The name.
    pub name: NodeRef<'a>,
    /// The one key of it that is asked for, if it is about one.
    pub key: Option<NodeRef<'a>>,
    /// Whether the pod starts without it: the node that says so.
    pub optional: Option<NodeRef<'a>>,
}

/// Calls `found` for everything that a pod's spec names, in order of its fields.
pub fn of_pod<'a>(spec: NodeRef<'a>, mut found: impl FnMut(Naming<'a>)) {
    for (_, container) in pod::containers(spec) {
        for source in items(container, "envFrom") {
            whole("ConfigMap", source.get("configMapRef"), "name", &mut found);
            whole("Secret", source.get("secretRef"), "name", &mut found);
        }
        for from in items(container, "env").filter_map(|variable| variable.get("valueFrom")) {
            one_key("ConfigMap", from.get("configMapKeyRef"), &mut found);
            one_key("Secret", from.get("secretKeyRef"), &mut found);
        }
    }
    for volume in items(spec, "volumes") {
        source("ConfigMap", volume.get("configMap"), "name", &mut found);
        source("Secret", volume.get("secret"), "secretName", &mut found);
        whole("PersistentVolumeClaim", volume.get("persistentVolumeClaim"), "claimName", &mut found);
        for part in volume.get("projected").into_iter().flat_map(|projected| items(projected, "sources")) {
            source("ConfigMap", part.get("configMap"), "name", &mut found);
            source("Secret", part.get("secret"), "name", &mut found);
        }
    }
    for secret in items(spec, "imagePullSecrets") {
        whole("Secret", Some(secret), "name", &mut found);
    }
    let account = spec.get("serviceAccountName").or_else(|| spec.get("serviceAccount"));
    for (kind, name) in [("ServiceAccount", account), ("PriorityClass", spec.get("priorityClassName"))] {
        if let Some(name) = name {
            found(Naming { kind, name, key: None, optional: None });
        }
    }
}

fn items<'a>(node: NodeRef<'a>, key: &str) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    node.get(key).into_iter().flat_map(NodeRef::items)
}

fn whole<'a>(kind: &'static str, holder: Option<NodeRef<'a>>, key: &str, found: &mut impl FnMut(Naming<'a>)) {
    if let Some(holder) = holder
        && let Some(name) = holder.get(key)
    {
        found(Naming { kind, name, key: None, optional: holder.get("optional") });
    }
}

fn one_key<'a>(kind: &'static str, holder: Option<NodeRef<'a>>, found: &mut impl FnMut(Naming<'a>)) {
    if let Some(holder) = holder
        && let Some(name) = holder.get("name")
    {
        found(Naming { kind, name, key: holder.get("key"), optional: holder.get("optional") });
    }
}

/// A volume's source: the whole object, and each key that is picked from it.
fn source<'a>(
    kind: &'static str,
    holder: Option<NodeRef<'a>>,
    key: &str,
    found: &mut impl FnMut(Naming<'a>),
) {
    whole(kind, holder, key, found);
    let Some(holder) = holder else { return };
    let Some(name) = holder.get(key) else { return };
    for key in items(holder, "items").filter_map(|item| item.get("key")) {
        found(Naming { kind, name, key: Some(key), optional: holder.get("optional") });
    }
}
