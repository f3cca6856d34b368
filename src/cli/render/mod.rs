//! `steadfast render`: what a chart or a kustomization renders to, as `helm template` and `kustomize build` print it, and where each
//! line comes from.

mod chart;
mod overlay;

use camino::{Utf8Path, Utf8PathBuf};

use super::output::{self, Look};
use super::project::Project;
use super::{CLEAN, COULD_NOT_RUN, Common, FOUND, Failure, World};
use crate::config::{Config, Flags};
use crate::finding::{Diagnostic, Severity};
use crate::outcome::Outcome;
use crate::render::kustomize::NAMES;
use crate::render::origin::Origins;
use crate::render::provenance;
use crate::render::text::Text;
use crate::source::Sources;
use crate::source::discover::absolute;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  steadfast render deploy/shop\n  steadfast render deploy/shop --values prod.yaml --set image.tag=1.2\n  \
                  steadfast render overlays/production --provenance"
)]
pub(super) struct Args {
    /// The folder of a chart or of a kustomization
    #[arg(value_name = "DIR")]
    folder: Utf8PathBuf,
    /// A file of values; may be given several times, and the later ones win
    #[arg(long, short = 'f', value_name = "FILE", help_heading = "Values of charts")]
    values: Vec<Utf8PathBuf>,
    /// Values: `image.tag=1.2,replicas=3`
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Values of charts")]
    set: Vec<String>,
    /// Values that are text, whatever they look like
    #[arg(long, value_name = "KEY=TEXT", help_heading = "Values of charts")]
    set_string: Vec<String>,
    /// Values in JSON
    #[arg(long, value_name = "KEY=JSON", help_heading = "Values of charts")]
    set_json: Vec<String>,
    /// Values that are the text of a file
    #[arg(long, value_name = "KEY=FILE", help_heading = "Values of charts")]
    set_file: Vec<String>,
    /// The release's name
    #[arg(long, value_name = "NAME", help_heading = "Release")]
    release: Option<String>,
    /// The release's namespace
    #[arg(long, short = 'n', value_name = "NAME", help_heading = "Release")]
    namespace: Option<String>,
    /// The version of Kubernetes that templates meet
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    kube_version: Option<String>,
    /// What the cluster has beside the usual: `monitoring.coreos.com/v1`
    #[arg(long, short = 'a', value_name = "VERSION", value_delimiter = ',', help_heading = "Release")]
    api_versions: Vec<String>,
    /// Print what lies in the crds/ of a chart, too
    #[arg(long, help_heading = "Output")]
    include_crds: bool,
    /// Say beside each line where it comes from
    #[arg(long, help_heading = "Output")]
    provenance: bool,
    #[command(flatten)]
    common: Common,
}

/// What a folder holds that can be rendered.
enum Folder {
    Chart,
    Kustomization,
}

fn kind(folder: &Utf8Path, shown: &Utf8Path) -> Result<Folder, Failure> {
    if folder.join("Chart.yaml").is_file() {
        return Ok(Folder::Chart);
    }
    if NAMES.iter().any(|name| folder.join(name).is_file()) {
        return Ok(Folder::Kustomization);
    }
    let help = "a chart is a folder with a Chart.yaml, a kustomization one with a kustomization.yaml";
    Err(Failure::new(format!("{shown} holds neither a chart nor a kustomization")).help(help))
}

/// A folder that is rendered, and what is known around it.
struct Task<'t> {
    args: &'t Args,
    /// The folder, with no links on the way to it.
    target: Utf8PathBuf,
    project: &'t Project,
    config: &'t Config,
}

/// What is printed, and what is to be said about it.
type Printed = (String, Vec<Diagnostic>);

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let target = absolute(&world.folder.join(&args.folder));
    let project = Project::find(std::slice::from_ref(&args.folder), &args.common, world)?;
    let look = project.look(args.common.color, world);
    let today = super::today(None, world)?;
    let config = match project.settings(&args.common, Flags::default(), today, world)? {
        Ok(config) => config,
        Err(refused) => {
            output::beside(&refused, &look, world)?;
            return Ok(COULD_NOT_RUN);
        }
    };
    let folder = kind(&target, &args.folder)?;
    let target = target.canonicalize_utf8().map_err(|error| Failure::new(format!("{target}: {error}")))?;
    let task = Task { args: &args, target, project: &project, config: &config };
    let mut sources = Sources::default();
    let printed = match folder {
        Folder::Chart => chart::print(&task, &mut sources, world)?,
        Folder::Kustomization => overlay::print(&task, &mut sources)?,
    };
    let (text, diagnostics) = printed.ok_or_else(|| Failure::new("steadfast failed while rendering"))?;
    world.out.write_all(text.as_bytes())?;
    finish(sources, diagnostics, &look, world)
}

fn finish(
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    look: &Look,
    world: &mut World<'_>,
) -> Result<u8, Failure> {
    if diagnostics.is_empty() {
        return Ok(CLEAN);
    }
    let is_grave = diagnostics.iter().any(|problem| problem.severity == Severity::Error);
    let outcome = Outcome { sources, diagnostics, failed: true, ..Outcome::default() };
    output::beside(&outcome, look, world)?;
    Ok(if is_grave { FOUND } else { CLEAN })
}

/// The column at which it is said where a line comes from, unless the line is longer.
const COLUMN: usize = 64;

/// Adds a document; if asked for, each line with where it comes from.
fn document(out: &mut String, text: &Text, origins: &Origins, sources: &Sources, provenance: bool) {
    if !provenance {
        out.push_str(text.as_str());
        if !text.as_str().ends_with('\n') {
            out.push('\n');
        }
        return;
    }
    let told = provenance::lines(text, origins, sources);
    for (line, from) in text.as_str().lines().zip(told) {
        let gap = COLUMN.saturating_sub(line.chars().count()).max(1);
        out.push_str(&format!("{line}{:gap$}# {from}\n", ""));
    }
}
