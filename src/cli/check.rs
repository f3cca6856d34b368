//! `steadfast check`: read the project, report what the rules find.

use std::io::Read as _;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::civil::Date;

use super::output::{self, Look, Output};
use super::project::{Project, refused_file};
use super::{CLEAN, COULD_NOT_RUN, Common, FOUND, Failure, World, plural};
use crate::baseline::Baseline;
use crate::config::{self, Config, FailOn, Flags};
use crate::finding::{About, Diagnostic, Severity};
use crate::lint;
use crate::outcome::Outcome;
use crate::source::discover::size_in_words;
use crate::suppress::write::comment_all;

pub(super) const EXAMPLES: &str = "\
Examples:
  steadfast                                  check the project around you
  steadfast deploy/api.yaml                  report only this file; the project is still read
  steadfast --select disruption,probes          judge by two families of rules
  steadfast --output sarif=steadfast.sarif   a report for code scanning, and one for you
  helm template shop | steadfast -           check what another tool rendered
  steadfast --write-baseline steadfast-baseline.json

Exit codes: 0 clean, 1 findings at or above --fail-on, 2 could not run.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Files and folders to report on (`-`: standard input); the project around them is read, too
    #[arg(value_name = "PATH")]
    paths: Vec<Utf8PathBuf>,

    /// Ask only these rules or families (`default`, `all`)
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    select: Vec<String>,
    /// Leave these rules or families out
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    ignore: Vec<String>,
    /// Ask the contested and less certain rules, too
    #[arg(long, help_heading = "Rules")]
    pedantic: bool,
    /// Report only findings of this severity or graver: error, warning, info
    #[arg(long, value_name = "SEVERITY", help_heading = "Rules", hide_possible_values = true,
          value_parser = PossibleValuesParser::new(["error", "warning", "info"])
              .try_map(|word| config::severity(&word).ok_or("no severity")))]
    min_severity: Option<Severity>,
    /// Exit with 1 at findings of this severity or graver: error, warning (the default), info, never
    #[arg(long, value_name = "SEVERITY", help_heading = "Rules", hide_possible_values = true,
          value_parser = PossibleValuesParser::new(["error", "warning", "info", "never"])
              .try_map(|word| word.parse::<FailOn>()))]
    fail_on: Option<FailOn>,

    /// Report only what is not in this baseline
    #[arg(long, value_name = "FILE", help_heading = "Adoption")]
    baseline: Option<Utf8PathBuf>,
    /// Report everything, also what is in the baseline that steadfast.toml names
    #[arg(long, conflicts_with = "baseline", help_heading = "Adoption")]
    no_baseline: bool,
    /// Write what is found to a baseline
    #[arg(long, value_name = "FILE", help_heading = "Adoption")]
    write_baseline: Option<Utf8PathBuf>,
    /// Write a suppressing comment with this reason above every finding (YAML only)
    #[arg(long, value_name = "REASON", help_heading = "Adoption", conflicts_with = "write_baseline")]
    add_ignore: Option<String>,

    /// A report: human, concise, json, sarif, github, gitlab, junit, markdown, rdjson; may be given several times
    #[arg(long, short, value_name = "FORMAT[=FILE]", help_heading = "Output")]
    output: Vec<Output>,
    /// Draw every finding in full, however many are alike
    #[arg(long, help_heading = "Output")]
    all: bool,
    /// List what could not be decided, and why
    #[arg(long, help_heading = "Output")]
    undecided: bool,
    /// Count the findings of each rule
    #[arg(long, help_heading = "Output")]
    statistics: bool,
    /// Show where the time went
    #[arg(long, help_heading = "Output")]
    timings: bool,
    /// Findings only: no summary, no notes
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,

    /// The name of what comes from standard input
    #[arg(long, value_name = "FILE", help_heading = "Project")]
    stdin_filename: Option<Utf8PathBuf>,
    /// The largest file to read, such as 8MiB (the default)
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Project")]
    max_file_size: Option<u64>,
    /// The date for which to judge, such as 2027-01-31 (else SOURCE_DATE_EPOCH, else today)
    #[arg(long, value_name = "DATE", value_parser = super::date, help_heading = "Project")]
    today: Option<Date>,
    /// How many threads to use (else one for each core)
    #[arg(long, short, value_name = "N", help_heading = "Project",
          value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    common: Common,
}

fn size(text: &str) -> Result<u64, String> {
    config::bytes(text).ok_or_else(|| "expected bytes, or a unit: 100000, 512KiB, 8MiB".to_owned())
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let started = Instant::now();
    output::agree(&args.output)?;
    let today = super::today(args.today, world)?;
    let (paths, piped) = split_stdin(&args)?;
    if let Some(reason) = &args.add_ignore {
        if piped {
            return Err(Failure::new("comments cannot be written to standard input"));
        }
        if !reason.contains(char::is_alphanumeric) {
            let help = "`--add-ignore \"accepted in the review of March\"`";
            return Err(Failure::new("a suppression needs a reason").help(help));
        }
    }
    let project =
        Project::find(&paths, &args.common, world).map_err(|failure| perhaps_a_command(failure, &paths))?;
    let mut look = Look {
        quiet: args.quiet,
        all: args.all,
        statistics: args.statistics,
        timings: args.timings,
        undecided: args.undecided,
        ..project.look(args.common.color, world)
    };
    let flags = Flags {
        select: args.select,
        ignore: args.ignore,
        pedantic: args.pedantic,
        min_severity: args.min_severity,
        fail_on: args.fail_on,
        max_file_size: args.max_file_size,
        rules: Vec::new(),
        baseline: args.baseline.map(|path| world.folder.join(path)),
    };
    let config = match project.settings(&args.common, flags, today, world)? {
        Ok(config) => config,
        Err(refused) => {
            output::write(&refused, &args.output, &look, world)?;
            return Ok(COULD_NOT_RUN);
        }
    };
    let mut inputs = project.inputs();
    if piped {
        let (name, bytes) = stdin(args.stdin_filename, &project, &config, world)?;
        if paths.is_empty() {
            // Alone, it is all that there is to report; in a project, it is what is to be reported of it.
            inputs.paths = if args.common.isolated { Vec::new() } else { vec![name.clone()] };
        } else if !inputs.paths.is_empty() {
            inputs.paths.push(name.clone());
        }
        inputs.stdin = Some((name, bytes));
    }
    if let Some(path) = config.baseline.as_ref().filter(|_| !args.no_baseline) {
        let shown = path.strip_prefix(&project.root).unwrap_or(path);
        match read_baseline(path, shown, args.write_baseline.is_some())? {
            Ok(baseline) => inputs.baseline = baseline.map(|baseline| (shown.to_owned(), baseline)),
            Err(refused) => {
                output::write(&refused, &args.output, &look, world)?;
                return Ok(COULD_NOT_RUN);
            }
        }
    }
    let mut outcome = match args.jobs {
        None => lint::check(&config, &inputs),
        Some(jobs) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build();
            let pool =
                pool.map_err(|error| Failure::new(format!("{jobs} threads could not be started: {error}")))?;
            pool.install(|| lint::check(&config, &inputs))
        }
    };
    look.elapsed = Some(started.elapsed());
    if outcome.summary.files == 0 && !outcome.failed {
        outcome.failed = true;
        outcome.diagnostics.push(nothing_to_check(&project));
    }
    if outcome.failed {
        output::write(&outcome, &args.output, &look, world)?;
        return Ok(COULD_NOT_RUN);
    }
    if let Some(path) = &args.write_baseline {
        return write_baseline(&outcome, path, world);
    }
    if let Some(reason) = &args.add_ignore {
        return add_ignore(&outcome, reason, &project, &config, world);
    }
    let code = exit_code(&outcome, config.fail_on);
    let written = output::write(&outcome, &args.output, &look, world).and_then(|()| Ok(world.out.flush()?));
    // The process ends here: to give back the memory of all files and findings takes time that nobody need wait for.
    std::mem::forget(outcome);
    match written {
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(code),
        other => other.map(|()| code),
    }
}

/// The code that every format ends with.
pub(super) fn exit_code(outcome: &Outcome, fail_on: FailOn) -> u8 {
    if outcome.failed {
        COULD_NOT_RUN
    } else if outcome.findings.iter().any(|finding| fail_on.counts(finding.severity)) {
        FOUND
    } else {
        CLEAN
    }
}

/// Paths on disk, and whether standard input is among them.
fn split_stdin(args: &Args) -> Result<(Vec<Utf8PathBuf>, bool), Failure> {
    let (dashes, paths): (Vec<_>, Vec<_>) = args.paths.iter().cloned().partition(|path| path == "-");
    match dashes.len() {
        0 if args.stdin_filename.is_some() => {
            Err(Failure::new("`--stdin-filename` is about standard input").help("give `-` as a path"))
        }
        0 => Ok((paths, false)),
        1 => Ok((paths, true)),
        _ => Err(Failure::new("standard input can be read only once")),
    }
}

/// The name and the bytes of standard input.
fn stdin(
    name: Option<Utf8PathBuf>,
    project: &Project,
    config: &Config,
    world: &mut World<'_>,
) -> Result<(Utf8PathBuf, Vec<u8>), Failure> {
    let name = match name {
        None => Utf8PathBuf::from("stdin.yaml"),
        Some(name) => {
            let path = world.folder.join(&name);
            let known = path.canonicalize_utf8().ok();
            let path = known.unwrap_or(path);
            path.strip_prefix(&project.root).map(Utf8Path::to_owned).unwrap_or(name)
        }
    };
    let mut bytes = Vec::new();
    let limit = config.max_file_size.saturating_add(1);
    let read = (&mut *world.input).take(limit).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("standard input: {error}")))?;
    if bytes.len() as u64 > config.max_file_size {
        let message = format!("standard input is larger than {}", size_in_words(config.max_file_size));
        return Err(Failure::new(message).help("`--max-file-size 100MiB` reads more"));
    }
    Ok((name, bytes))
}

/// A word that is no path may be a command that was misspelt.
fn perhaps_a_command(failure: Failure, paths: &[Utf8PathBuf]) -> Failure {
    let commands = [
        "check",
        "explain",
        "rules",
        "vocabulary",
        "model",
        "graph",
        "render",
        "test",
        "init",
        "completions",
        "man",
    ];
    match paths {
        [word, ..] if matches!(failure, Failure::Usage { .. }) && !word.as_str().contains(['/', '.']) => {
            match crate::spelling::nearest(word.as_str(), commands) {
                Some(near) => failure.help(format!("did you mean the command `steadfast {near}`?")),
                None => failure,
            }
        }
        _ => failure,
    }
}

fn nothing_to_check(project: &Project) -> Diagnostic {
    Diagnostic {
        about: About::Input,
        severity: Severity::Error,
        message: format!("there is nothing to check in {}", project.root),
        help: Some(
            "steadfast reads YAML, JSON, TOML and other configuration that .gitignore and `exclude` leave in"
                .to_owned(),
        ),
        place: None,
        file: None,
    }
}

/// Reads a baseline. Where one is to be written, there need not be one yet.
fn read_baseline(
    path: &Utf8Path,
    shown: &Utf8Path,
    writes: bool,
) -> Result<Result<Option<Baseline>, Box<Outcome>>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => match Baseline::read(&text) {
            Ok(baseline) => Ok(Ok(Some(baseline))),
            Err(problem) => Ok(Err(Box::new(refused_file(shown, &text, problem)))),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && writes => Ok(Ok(None)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::new(format!("there is no baseline {shown}"))
                .help(format!("write it with `steadfast --write-baseline {shown}`")))
        }
        Err(error) => Err(Failure::new(format!("{shown}: {error}"))),
    }
}

/// Writes everything that is found now, known or new.
fn write_baseline(outcome: &Outcome, path: &Utf8Path, world: &mut World<'_>) -> Result<u8, Failure> {
    let known = outcome.suppressed.iter().filter(|suppressed| suppressed.by == "baseline");
    let all = outcome.findings.iter().chain(known.map(|suppressed| &suppressed.finding));
    let baseline = Baseline::of(all, &outcome.sources);
    let saved = output::save(&world.folder.join(path), baseline.text().as_bytes());
    saved.map_err(|error| Failure::new(format!("{path}: {error}")))?;
    let what = plural(baseline.len(), "finding");
    writeln!(world.out, "wrote {what} to {path}")?;
    Ok(CLEAN)
}

/// Writes a comment above every finding.
fn add_ignore(
    outcome: &Outcome,
    reason: &str,
    project: &Project,
    config: &Config,
    world: &mut World<'_>,
) -> Result<u8, Failure> {
    let (changed, mut left) = comment_all(&outcome.sources, &outcome.findings, reason, &lint::comments);
    let (mut added, mut files) = (0, 0);
    for commented in changed {
        let source = outcome.sources.get(commented.file);
        let path = project.root.join(&source.path);
        let unchanged = std::fs::read_to_string(&path).is_ok_and(|now| *now == *source.text);
        if unchanged && std::fs::write(&path, &commented.text).is_ok() {
            added += commented.added;
            files += 1;
        } else {
            left += outcome
                .findings
                .iter()
                .filter(|finding| finding.primary.place.file == commented.file)
                .count();
        }
    }
    writeln!(world.out, "wrote {} to {}", plural(added, "comment"), plural(files, "file"))?;
    if left == 0 {
        return Ok(CLEAN);
    }
    writeln!(world.out, "{} could not be suppressed by a comment; a baseline can", plural(left, "finding"))?;
    Ok(exit_code(outcome, config.fail_on))
}
