//! `steadfast vocabulary`: what rules can ask about.

use super::{CLEAN, Failure, World};
use crate::lint;
use crate::spelling::nearest;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  steadfast vocabulary\n  steadfast vocabulary workload")]
pub(super) struct Args {
    /// A subject, such as workload or container
    #[arg(value_name = "SUBJECT")]
    subject: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    match lint::vocabulary(args.subject.as_deref()) {
        Ok(text) => {
            writeln!(world.out, "{}", text.trim_end())?;
            Ok(CLEAN)
        }
        Err(subjects) => {
            let asked = args.subject.unwrap_or_default();
            let failure = Failure::new(format!("there is no subject `{asked}`"));
            Err(match nearest(&asked, subjects.iter().map(String::as_str)) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("the subjects are {}", subjects.join(", "))),
            })
        }
    }
}
