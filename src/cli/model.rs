//! `steadfast model`: the model of a project, for people who write rules.

use camino::Utf8PathBuf;

use super::project::Project;
use super::{CLEAN, COULD_NOT_RUN, Common, Failure, World, output};
use crate::config::Flags;
use crate::lint;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  steadfast model deploy/api.yaml\n  steadfast model | jq '.workloads[].name'"
)]
pub(super) struct Args {
    /// Show only what is described below these paths
    #[arg(value_name = "PATH")]
    paths: Vec<Utf8PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let project = Project::find(&args.paths, &args.common, world)?;
    let today = super::today(None, world)?;
    let model = match project.settings(&args.common, Flags::default(), today, world)? {
        Ok(config) => lint::model(&config, &project.inputs()),
        Err(refused) => Err(refused),
    };
    match model {
        Ok(model) => {
            serde_json::to_writer_pretty(&mut *world.out, &model).map_err(std::io::Error::from)?;
            writeln!(world.out)?;
            Ok(CLEAN)
        }
        Err(empty) if empty.diagnostics.is_empty() => {
            let help = "steadfast reads YAML, JSON, TOML and other configuration that .gitignore and `exclude` leave in";
            Err(Failure::new(format!("there is nothing to read in {}", project.root)).help(help))
        }
        Err(refused) => {
            output::write(&refused, &[], &project.look(args.common.color, world), world)?;
            Ok(COULD_NOT_RUN)
        }
    }
}
