//! What the templates of a chart print, cut into documents and put into the order in which Helm applies them.

use camino::Utf8Path;

use super::super::origin::Origin;
use super::super::template::frame::LeftOut;
use super::super::text::{Frame, Text, Writer};
use super::super::{Document, Role};
use super::head::{Head, head};
use crate::source::FileId;
use crate::syntax::yaml;

/// The order of kinds; those that are not here come last, in the order of their names.
const KINDS: [&str; 36] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// A document, and what orders it.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) document: Document,
    kind: String,
    /// Where it begins in what the template printed.
    start: usize,
}

impl Manifest {
    /// Whether it begins at this offset of what the template printed, or before.
    pub(super) fn begins_by(&self, offset: u32) -> bool {
        self.start <= offset as usize
    }

    /// Notes what would stand in it.
    pub(super) fn left_out(&mut self, left: LeftOut) {
        let offset = left.offset.saturating_sub(self.start as u32).min(self.document.text.len() as u32);
        self.document.left_out.push(LeftOut { offset, ..left });
    }
}

/// The file of a tree, before there is one.
pub(super) const NOWHERE: FileId = FileId(u32::MAX);

/// What a template printed that is no manifest.
#[derive(Debug)]
pub(super) struct Odd {
    /// Where in the text.
    pub(super) start: usize,
    /// What is wrong with it.
    pub(super) says: String,
}

/// The documents that a template printed. Those that cannot be read are in the second list.
pub(super) fn manifests(name: &Utf8Path, called: &str, text: &Text) -> (Vec<Manifest>, Vec<Odd>) {
    let (mut found, mut odd) = (Vec::new(), Vec::new());
    for (start, end) in split(text.as_str()) {
        let text = with_line_break(text, start, end);
        let parsed = yaml::parse_plain(NOWHERE, text.as_str().into());
        let head = match head(&parsed) {
            Ok(head) => head,
            Err((at, says)) => {
                odd.push(Odd { start: start + at.min(end - start), says });
                continue;
            }
        };
        match head {
            Head { role: None, .. } => {}
            Head { kind, role: Some(role) } => {
                let (name, called) = (name.to_owned(), called.to_owned());
                let parsed = Some(parsed);
                let document =
                    Document { name, called, text, parsed, role, left_out: Vec::new(), of_chart: None };
                found.push(Manifest { document, kind, start });
            }
        }
    }
    (found, odd)
}

/// A part of a text, and the line break that Helm prints behind it.
fn with_line_break(text: &Text, start: usize, end: usize) -> Text {
    let mut out = Writer::default();
    if text.as_str()[end..].starts_with('\n') {
        out.push_slice(text, start, end + 1);
    } else {
        out.push_slice(text, start, end);
        out.push("\n", Origin::NONE, Frame(0));
    }
    out.finish()
}

/// The order in which Helm applies them: resources by kind, then hooks by kind; else as they were.
pub(super) fn order(manifests: &mut [Manifest]) {
    let rank = |kind: &str| KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len());
    manifests.sort_by(|a, b| {
        let is_hook = |manifest: &Manifest| matches!(manifest.document.role, Role::Hook | Role::Test);
        let (first, second) = (rank(&a.kind), rank(&b.kind));
        let by_name = || if first == KINDS.len() { a.kind.cmp(&b.kind) } else { std::cmp::Ordering::Equal };
        is_hook(a).cmp(&is_hook(b)).then(first.cmp(&second)).then_with(by_name)
    });
}

/// Where documents begin and end: cut at `---` behind a line break, blanks around them taken away.
fn split(text: &str) -> Vec<(usize, usize)> {
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
    let bytes = text.as_bytes();
    let whole = text.trim();
    let first = text.len() - text.trim_start().len();
    let last = first + whole.len();
    let mut found = Vec::new();
    let mut add = |start: usize, end: usize| {
        let content = &text[start..end];
        if !content.trim().is_empty() {
            let start = start + (content.len() - content.trim_start().len());
            found.push((start, start + content.trim().len()));
        }
    };
    let mut start = first;
    // Only at the very beginning does a separator need no line break before it.
    let mut cut =
        if text[first..last].starts_with("---") { Some(first) } else { next_cut(text, first, last) };
    while let Some(separator) = cut {
        add(start, separator);
        start = separator + 3;
        while start < last && blank(bytes[start]) {
            start += 1;
        }
        cut = next_cut(text, start, last);
    }
    add(start, last);
    found
}

/// The next separator behind a line break.
fn next_cut(text: &str, from: usize, last: usize) -> Option<usize> {
    text[from..last].find("\n---").map(|found| from + found + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn documents() {
        assert_eq!(cut("a: 1\n---\nb: 2\n"), ["a: 1", "b: 2"]);
        assert_eq!(cut("---\na: 1\n---\n\n---\n"), ["a: 1", "---"]);
        assert_eq!(cut("---a: 1\n--- # two\nb: 2"), ["a: 1", "# two\nb: 2"]);
        assert_eq!(cut("a: x---y\nb: |\n  ---\n"), ["a: x---y\nb: |\n  ---"]);
        assert_eq!(cut("# only\n"), ["# only"]);
        assert_eq!(cut(" \n\n"), [""; 0]);
        assert_eq!(cut("a\n\n  \n---b"), ["a", "b"]);
        assert_eq!(cut("é\n---\né---\n---é"), ["é", "é---", "é"]);
    }

    #[test]
    fn kinds_are_applied_in_helms_order() {
        let text = "kind: Deployment\n---\nkind: Zebra\n---\nkind: Ant\n---\n\
            {kind: Job, metadata: {annotations: {helm.sh/hook: 'post-install, Pre-upgrade'}}}\n---\n\
            {kind: Pod, metadata: {annotations: {helm.sh/hook: test-success}}}\n---\n\
            {kind: Pod, metadata: {annotations: {helm.sh/hook: crd-install}}}\n---\nkind: Namespace\n---\n[list]";
        let (mut found, odd) = manifests(Utf8Path::new("x.yaml"), "c/x.yaml", &Text::of(text, Origin::NONE));
        order(&mut found);
        let kinds: Vec<_> = found.iter().map(|one| (one.kind.as_str(), one.document.role)).collect();
        assert_eq!(
            kinds,
            [
                ("Namespace", Role::Resource),
                ("Deployment", Role::Resource),
                ("Ant", Role::Resource),
                ("Zebra", Role::Resource),
                ("Pod", Role::Test),
                ("Job", Role::Hook),
            ]
        );
        assert_eq!(odd.len(), 1);
    }
}
