//! `steadfast rules`: a list of all rules.

use clap::ValueEnum;

use super::project::Project;
use super::{CLEAN, COULD_NOT_RUN, Common, Failure, World, output};
use crate::finding::Confidence;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  steadfast rules\n  steadfast rules --output json | jq -r '.[] | select(.fix) | .id'"
)]
pub(super) struct Args {
    /// The form: text or json
    #[arg(long, short, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    output: Form,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A line a rule
    Text,
    /// Everything, for programs
    Json,
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let project = Project::find(&[], &args.common, world)?;
    let rules = match project.rules(&args.common, world)? {
        Ok(rules) => rules,
        Err(refused) => {
            output::write(&refused, &[], &project.look(args.common.color, world), world)?;
            return Ok(COULD_NOT_RUN);
        }
    };
    match args.output {
        Form::Json => {
            serde_json::to_writer_pretty(&mut *world.out, &rules).map_err(std::io::Error::from)?;
            writeln!(world.out)?;
        }
        Form::Text => {
            let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
            for rule in &rules {
                let mark = if rule.default { ' ' } else { 'p' };
                writeln!(world.out, "{:width$}  {:7} {mark} {}", rule.id, rule.severity.word(), rule.title)?;
            }
            let count = super::plural(rules.len(), "rule");
            writeln!(world.out, "\n{count}; p: asked only with --pedantic or by name")?;
        }
    }
    Ok(CLEAN)
}

pub(super) fn word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
    }
}
