//! `steadfast graph`: the ways of requests through a project, drawn.

use camino::Utf8PathBuf;

use super::project::Project;
use super::{CLEAN, COULD_NOT_RUN, Common, Failure, World, output};
use crate::config::Flags;
use crate::lint;
use crate::report::graph;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  steadfast graph deploy/ > docs/calls.mmd\n  steadfast graph --format dot | dot -Tsvg > calls.svg"
)]
pub(super) struct Args {
    /// Draw only what stands below these paths, and what it is joined with
    #[arg(value_name = "PATH")]
    paths: Vec<Utf8PathBuf>,
    /// How to draw it
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    format: Format,
    #[command(flatten)]
    common: Common,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Mermaid, as GitHub and GitLab draw it
    Mermaid,
    /// Graphviz
    Dot,
    /// Stations and what joins them, for programs
    Json,
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let project = Project::find(&args.paths, &args.common, world)?;
    let today = super::today(None, world)?;
    let graph = match project.settings(&args.common, Flags::default(), today, world)? {
        Ok(config) => lint::graph(&config, &project.inputs()),
        Err(refused) => Err(refused),
    };
    match graph {
        Ok(graph) => {
            let text = match args.format {
                Format::Mermaid => graph::mermaid(&graph),
                Format::Dot => graph::dot(&graph),
                Format::Json => graph::json(&graph).map_err(std::io::Error::from)?,
            };
            writeln!(world.out, "{}", text.trim_end())?;
            Ok(CLEAN)
        }
        Err(refused) => {
            output::write(&refused, &[], &project.look(args.common.color, world), world)?;
            Ok(COULD_NOT_RUN)
        }
    }
}
