//! How results look and where they go: colours, links, widths, the files of `--output`.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Color, Failure, World};
use crate::outcome::Outcome;
use crate::report::{self, Format, Options};

/// A report that was asked for: `FORMAT` or `FORMAT=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) file: Option<Utf8PathBuf>,
}

impl std::str::FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("the file's name is missing after `=`".to_owned()),
            Some((format, file)) => (format, Some(Utf8PathBuf::from(file))),
            None => (text, None),
        };
        Ok(Self { format: format.parse()?, file })
    }
}

/// Whether to use colours: the flag, then NO_COLOR, then CLICOLOR_FORCE and FORCE_COLOR, then the terminal.
pub(super) fn color(flag: Color, terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    let forced = |name: &str| env(name).is_some_and(|value| !value.is_empty() && value != "0");
    match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if forced("CLICOLOR_FORCE") || forced("FORCE_COLOR") => true,
        Color::Auto => {
            terminal && env("TERM").as_deref() != Some("dumb") && env("CLICOLOR").as_deref() != Some("0")
        }
    }
}

/// What reports of this run have in common.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) color: Color,
    pub(super) quiet: bool,
    pub(super) all: bool,
    pub(super) statistics: bool,
    pub(super) timings: bool,
    pub(super) undecided: bool,
    pub(super) elapsed: Option<Duration>,
    /// From the working directory to the project's root.
    pub(super) from_here: String,
    /// From the repository's root to the project's root.
    pub(super) from_repository: String,
}

impl Look {
    fn options(&self, format: Format, terminal: bool, world: &World<'_>) -> Options {
        let env = world.env;
        let color = format == Format::Human && color(self.color, terminal, env);
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| env(name).filter(|value| !value.is_empty()));
        let unicode = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let width = env("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns >= 40);
        let ours = matches!(format, Format::Human | Format::Concise | Format::Json);
        let prefix = if ours { self.from_here.clone() } else { self.from_repository.clone() };
        Options {
            color,
            unicode: !terminal || (unicode && env("TERM").as_deref() != Some("linux")),
            hyperlinks: color && terminal && env("CI").is_none(),
            width: width.unwrap_or(100),
            quiet: self.quiet,
            all: self.all,
            statistics: self.statistics,
            timings: self.timings,
            elapsed: self.elapsed.filter(|_| terminal),
            undecided: self.undecided,
            prefix,
            browse: browse(env),
        }
    }
}

/// Where the repository's files can be read on the web, when GitHub runs us.
fn browse(env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let server = env("GITHUB_SERVER_URL")?;
    let (repository, commit) = (env("GITHUB_REPOSITORY")?, env("GITHUB_SHA")?);
    Some(format!("{server}/{repository}/blob/{commit}"))
}

/// Whether the reports that were asked for can all be written.
pub(super) fn agree(outputs: &[Output]) -> Result<(), Failure> {
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        return Err(Failure::new("two reports cannot share standard output")
            .help("write one to a file: `--output sarif=report.sarif`"));
    }
    let mut files: Vec<_> = outputs.iter().filter_map(|output| output.file.as_ref()).collect();
    files.sort();
    if let Some(file) = files.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]) {
        return Err(Failure::new(format!("two reports cannot share {file}")));
    }
    Ok(())
}

/// Writes every report: files first, so that they are complete whoever stops reading standard output.
pub(super) fn write(
    outcome: &Outcome,
    outputs: &[Output],
    look: &Look,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    for output in outputs {
        let Some(file) = &output.file else { continue };
        let mut bytes = Vec::new();
        report::write(output.format, outcome, &look.options(output.format, false, world), &mut bytes)?;
        save(&world.folder.join(file), &bytes).map_err(|error| Failure::new(format!("{file}: {error}")))?;
    }
    let format =
        outputs.iter().find(|output| output.file.is_none()).map_or(Format::Human, |output| output.format);
    let options = look.options(format, world.terminal, world);
    report::write(format, outcome, &options, world.out)?;
    Ok(())
}

/// Shows what a command has to say beside its results.
pub(super) fn beside(outcome: &Outcome, look: &Look, world: &mut World<'_>) -> Result<(), Failure> {
    let options = look.options(Format::Human, world.err_terminal, world);
    Ok(report::write(Format::Human, outcome, &options, world.err)?)
}

/// Writes a file and, if need be, the folders above it.
pub(super) fn save(path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)
}
