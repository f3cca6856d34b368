//! What Flux builds. Its controller takes files from anywhere (`Build` in fluxcd/pkg/kustomize: `LoadRestrictionsNone`), so what
//! `kustomize build` warns of is right there.

use camino::{Utf8Path, Utf8PathBuf};

use super::files;
use crate::syntax::tree::{NodeKind, NodeRef, Tree};

/// The folders that Flux's Kustomizations of a project point at, wherever their repository is.
#[derive(Debug, Default)]
pub(super) struct Flux(Vec<Utf8PathBuf>);

impl Flux {
    pub(super) fn of(trees: &[(&Utf8Path, &Tree)]) -> Self {
        let text = |root: NodeRef<'_>, path: &str| {
            root.at(path).filter(|node| node.kind() == NodeKind::Text).map(|node| node.text().to_owned())
        };
        let path = |root: NodeRef<'_>| {
            let is_flux = text(root, "apiVersion")?.starts_with("kustomize.toolkit.fluxcd.io/")
                && text(root, "kind")? == "Kustomization";
            let path = text(root, "spec.path").filter(|_| is_flux)?;
            files::join(Utf8Path::new(""), path.trim_start_matches('/'))
        };
        Self(trees.iter().flat_map(|(_, tree)| tree.roots()).filter_map(path).collect())
    }

    /// Whether it builds this folder: one that is pointed at, or below that.
    pub(super) fn builds(&self, folder: &Utf8Path) -> bool {
        self.0.iter().any(|path| folder.starts_with(path))
    }
}
