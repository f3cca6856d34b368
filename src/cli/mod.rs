//! The command line: arguments in, text and an exit code out. One file a command.
//!
//! Nothing else in this crate prints, and nothing at all exits: [`run`] returns the code, `main` hands it over. What a
//! command sees of the world (its streams, environment, folder and date) comes in by [`World`], so a test can make one up.
//!
//! Exit codes are the same for every command and format: 0 clean, 1 found something, 2 could not run.

mod check;
mod completions;
mod explain;
mod graph;
mod init;
mod model;
mod output;
mod project;
mod render;
mod rules;
mod test;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, Read, Write};

use camino::Utf8PathBuf;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

pub use init::TEMPLATE as INIT_TEMPLATE;

/// Nothing to complain about.
const CLEAN: u8 = 0;
/// Findings at or above what `--fail-on` says, or examples that do not behave.
const FOUND: u8 = 1;
/// Bad usage, bad settings, a bad rule, nothing to check.
const COULD_NOT_RUN: u8 = 2;

/// What a command can see and touch.
pub struct World<'w> {
    /// Standard output: results, and nothing else.
    pub out: &'w mut dyn Write,
    /// Standard error: what is said beside the results.
    pub err: &'w mut dyn Write,
    /// Standard input.
    pub input: &'w mut dyn Read,
    /// The environment.
    pub env: &'w dyn Fn(&str) -> Option<String>,
    /// The working directory.
    pub folder: Utf8PathBuf,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// Whether standard error is one.
    pub err_terminal: bool,
    /// The date, where nobody says another.
    pub now: Date,
}

/// Finds missing timeouts, multiplying retries, budgets that block a drain, and their kin, in the configuration of
/// your infrastructure.
#[derive(Debug, Parser)]
#[command(
    name = "steadfast",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = check::EXAMPLES
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: check::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check configuration (the default: `steadfast` is `steadfast check`)
    Check(Box<check::Args>),
    /// Show the page of a rule: what it finds, why, and how to mend it
    Explain(explain::Args),
    /// List the rules
    Rules(rules::Args),
    /// List what rules can ask about, for people who write some
    Vocabulary(vocabulary::Args),
    /// Print the model of your project that rules see, as JSON
    Model(model::Args),
    /// Print what a Helm chart renders to, and where each line of it comes from
    Render(Box<render::Args>),
    /// Draw the ways of requests and messages through your project, and what is missing there
    Graph(graph::Args),
    /// Try your own rules on their examples
    Test(test::Args),
    /// Write a commented steadfast.toml
    Init(init::Args),
    /// Print completions for your shell
    Completions(completions::Args),
    /// Print the man page
    Man,
}

/// Flags that several commands have.
#[derive(Clone, Debug, Default, clap::Args)]
struct Common {
    /// Settings to use instead of the project's steadfast.toml (also STEADFAST_CONFIG)
    #[arg(long, value_name = "FILE", help_heading = "Project")]
    config: Option<Utf8PathBuf>,
    /// Look at nothing but the given paths: no project around them, no steadfast.toml
    #[arg(long, help_heading = "Project")]
    isolated: bool,
    /// A folder with your own rules; may be given several times
    #[arg(long = "rules", value_name = "DIR", help_heading = "Project")]
    rules: Vec<Utf8PathBuf>,
    /// Colours
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        help_heading = "Output"
    )]
    color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also in files and pipes
    Always,
    /// Never
    Never,
}

/// Why a command could not do its work.
#[derive(Debug)]
enum Failure {
    /// A person has to change something: what, and how.
    Usage { message: String, help: Option<String> },
    /// Writing the results failed.
    Output(io::Error),
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        match self {
            Self::Usage { message, .. } => Self::Usage { message, help: Some(help.into()) },
            output @ Self::Output(_) => output,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Runs one command and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, world: &mut World<'_>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(said) => return say(&said, world),
    };
    let result = match cli.command {
        None => check::run(cli.check, world),
        Some(Command::Check(args)) => check::run(*args, world),
        Some(Command::Explain(args)) => explain::run(args, world),
        Some(Command::Rules(args)) => rules::run(args, world),
        Some(Command::Vocabulary(args)) => vocabulary::run(args, world),
        Some(Command::Model(args)) => model::run(args, world),
        Some(Command::Render(args)) => render::run(*args, world),
        Some(Command::Graph(args)) => graph::run(args, world),
        Some(Command::Test(args)) => test::run(args, world),
        Some(Command::Init(args)) => init::run(args, world),
        Some(Command::Completions(args)) => completions::run(args, world),
        Some(Command::Man) => completions::man(world),
    };
    let result = result.and_then(|code| match world.out.flush() {
        // Whoever read the results has read enough; what was found stands.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::from(error)),
        _ => Ok(code),
    });
    match result {
        Ok(code) => code,
        // Whoever read the results has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => CLEAN,
        Err(Failure::Output(error)) => {
            complain(&format!("the results could not be written: {error}"), None, world)
        }
        Err(Failure::Usage { message, help }) => complain(&message, help.as_deref(), world),
    }
}

/// The definition of the command line, for completions and the man page.
fn definition() -> clap::Command {
    Cli::command()
}

/// Help, the version, or what is wrong with the arguments.
fn say(said: &clap::Error, world: &mut World<'_>) -> u8 {
    let text = said.render();
    let (to, terminal): (&mut dyn Write, bool) = if said.use_stderr() {
        (&mut *world.err, world.err_terminal)
    } else {
        (&mut *world.out, world.terminal)
    };
    let color = output::color(Color::Auto, terminal, world.env);
    // Where nobody listens any more, the exit code has to do.
    let _ = if color { write!(to, "{}", text.ansi()) } else { write!(to, "{text}") };
    let _ = to.flush();
    if said.use_stderr() { COULD_NOT_RUN } else { CLEAN }
}

fn complain(message: &str, help: Option<&str>, world: &mut World<'_>) -> u8 {
    let color = output::color(Color::Auto, world.err_terminal, world.env);
    let (red, plain) = if color { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
    // Where standard error is closed, the exit code has to do.
    let _ = writeln!(world.err, "{red}error{plain}: {message}");
    if let Some(help) = help {
        let _ = writeln!(world.err, "  help: {help}");
    }
    COULD_NOT_RUN
}

/// `1 finding`, `2 findings`.
fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Reads a date as a person writes it on the command line.
fn date(text: &str) -> Result<Date, String> {
    match text.parse() {
        Ok(date) if text.len() == 10 => Ok(date),
        _ => Err("expected a day such as 2027-01-31".to_owned()),
    }
}

/// Today: as the flag says, else as `SOURCE_DATE_EPOCH` says, else as it is (in UTC).
fn today(flag: Option<Date>, world: &World<'_>) -> Result<Date, Failure> {
    if let Some(date) = flag {
        return Ok(date);
    }
    match (world.env)("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) {
        None => Ok(world.now),
        Some(text) => {
            let stamp = text.parse().ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
            let stamp = stamp.ok_or_else(|| {
                Failure::new(format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds"))
            })?;
            Ok(utc(stamp))
        }
    }
}

/// The date at a moment, in UTC, so that it is the same on every machine.
pub fn utc(stamp: jiff::Timestamp) -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(stamp).date()
}
