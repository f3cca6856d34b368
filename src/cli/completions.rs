//! `steadfast completions` and `steadfast man`, both from the definition of the command line.

use clap_complete::Shell;

use super::{CLEAN, Failure, World, definition};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  steadfast completions bash > ~/.local/share/bash-completion/completions/steadfast
  steadfast completions zsh  > ~/.zfunc/_steadfast
  steadfast completions fish > ~/.config/fish/completions/steadfast.fish")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints completions.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut definition(), "steadfast", &mut bytes);
    world.out.write_all(&bytes)?;
    Ok(CLEAN)
}

/// Prints the man page.
pub(super) fn man(world: &mut World<'_>) -> Result<u8, Failure> {
    clap_mangen::Man::new(definition()).render(world.out)?;
    Ok(CLEAN)
}
