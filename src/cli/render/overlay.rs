//! Builds a kustomization and prints it as Kustomize does.

use camino::Utf8Path;

use super::{Args, Printed, Task, document};
use crate::cli::Failure;
use crate::cli::project::way;
use crate::lint::overlays::{Asked, Release, build};
use crate::render::kustomize::Overlay;
use crate::source::Sources;

/// What the kustomization builds to; nothing if that failed.
pub(super) fn print(task: &Task<'_>, sources: &mut Sources) -> Result<Option<Printed>, Failure> {
    let Task { args, target, project, config } = task;
    refuse(args)?;
    // What an overlay uses lies beside it more often than in it.
    let top = if project.is_isolated() { Utf8Path::new("/") } else { project.root.as_path() };
    let folder = target.strip_prefix(top).unwrap_or(target);
    let release = Release { kubernetes: args.kube_version.clone(), api_versions: args.api_versions.clone() };
    let asked = Asked { config, root: top, trees: &[], folder: Some(folder), release: &release };
    let provenance = args.provenance;
    let done = build(&asked, sources, |overlay, sources| {
        if top != project.root {
            name_from(&project.root, sources);
        }
        print_one(overlay, sources, provenance)
    });
    Ok(done.map(|done| (done.overlays.concat(), done.problems)))
}

/// Names files as seen from a folder instead of from the top of everything.
fn name_from(folder: &Utf8Path, sources: &mut Sources) {
    for file in sources.iter_mut() {
        let path = Utf8Path::new("/").join(&file.path);
        let above = path.parent().unwrap_or(Utf8Path::new("/"));
        file.path = format!("{}{}", way(folder, above), path.file_name().unwrap_or_default()).into();
    }
}

/// Refuses flags that say something about one chart alone.
fn refuse(args: &Args) -> Result<(), Failure> {
    let given = [
        ("--values", !args.values.is_empty()),
        ("--set", !args.set.is_empty()),
        ("--set-string", !args.set_string.is_empty()),
        ("--set-json", !args.set_json.is_empty()),
        ("--set-file", !args.set_file.is_empty()),
        ("--release", args.release.is_some()),
        ("--namespace", args.namespace.is_some()),
        ("--include-crds", args.include_crds),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => {
            Err(Failure::new(format!("{flag} is for charts, and {} holds a kustomization", args.folder))
                .help("what a chart in a kustomization is rendered with stands under `helmCharts`"))
        }
    }
}

fn print_one(overlay: Overlay, sources: &Sources, provenance: bool) -> String {
    let rendered = overlay.rendered;
    let mut out = String::new();
    for page in &rendered.documents {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        document(&mut out, &page.text, &rendered.origins, sources, provenance);
    }
    out
}
