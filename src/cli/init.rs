//! `steadfast init`: a first steadfast.toml, every setting explained and at its default.

use std::io::Write as _;

use camino::Utf8PathBuf;

use super::{CLEAN, Failure, World};
use crate::config::FILE_NAMES;

/// The file that is written.
pub const TEMPLATE: &str = include_str!("init.toml");

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  steadfast init && $EDITOR steadfast.toml")]
pub(super) struct Args {
    /// The folder to write to, else the one you are in
    #[arg(value_name = "DIR")]
    folder: Option<Utf8PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let shown = args.folder.unwrap_or_default();
    let folder = world.folder.join(&shown);
    if let Some(there) = FILE_NAMES.iter().find(|name| folder.join(name).exists()) {
        return Err(Failure::new(format!("{} is there already", shown.join(there))));
    }
    let shown = shown.join(FILE_NAMES[0]);
    let written = std::fs::File::create_new(folder.join(FILE_NAMES[0]))
        .and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    written.map_err(|error| Failure::new(format!("{shown}: {error}")))?;
    writeln!(world.out, "wrote {shown}: everything in it is a default, change what you need")?;
    Ok(CLEAN)
}
