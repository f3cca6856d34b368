//! `steadfast test`: own rules, tried on the examples of their pages.

use camino::Utf8PathBuf;

use super::project::Project;
use super::{CLEAN, COULD_NOT_RUN, Common, FOUND, Failure, World, output, plural};
use crate::config::Flags;
use crate::lint;
use crate::outcome::Outcome;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  steadfast test ci/rules\n  steadfast test            the folders that steadfast.toml names"
)]
pub(super) struct Args {
    /// Folders with rules
    #[arg(value_name = "DIR")]
    folders: Vec<Utf8PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let project = Project::find(&[], &args.common, world)?;
    let look = project.look(args.common.color, world);
    let today = super::today(None, world)?;
    let config = match project.settings(&args.common, Flags::default(), today, world)? {
        Ok(config) => config,
        Err(refused) => {
            output::write(&refused, &[], &look, world)?;
            return Ok(COULD_NOT_RUN);
        }
    };
    let given = args.folders.iter().map(|folder| world.folder.join(folder));
    let folders: Vec<_> =
        given.chain(config.rules.iter().filter(|_| args.folders.is_empty()).cloned()).collect();
    if let Some(missing) = folders.iter().find(|folder| !folder.is_dir()) {
        return Err(Failure::new(format!("there is no folder {missing}")));
    }
    if folders.is_empty() {
        let help = "name one, or set `rules` in steadfast.toml";
        return Err(Failure::new("there is no folder with rules to try").help(help));
    }
    let tested = lint::test(&config, &folders);
    if tested.rules == 0 {
        let names: Vec<_> = folders.iter().map(|folder| folder.as_str()).collect();
        let none = || format!("there is no rule below {}", names.join(", "));
        let why = tested.failures.into_iter().next().map_or_else(none, |failure| failure.message);
        return Err(Failure::new(why));
    }
    if tested.failures.is_empty() {
        let (rules, examples) = (plural(tested.rules, "rule"), plural(tested.examples, "example"));
        writeln!(world.out, "tried {rules} on {examples}: all behave")?;
        return Ok(CLEAN);
    }
    let outcome = Outcome { sources: tested.sources, diagnostics: tested.failures, ..Outcome::default() };
    output::write(&outcome, &[], &look, world)?;
    Ok(FOUND)
}
