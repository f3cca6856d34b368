//! `steadfast explain`: the page of a rule.

use super::project::Project;
use super::{CLEAN, COULD_NOT_RUN, Common, Failure, World, output};
use crate::config::{Names, covers, short};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  steadfast explain disruption   list a family\n  steadfast explain FAMILY/RULE  the page of a rule; RULE alone will do where only one is called so"
)]
pub(super) struct Args {
    /// The rule, or a family of rules
    #[arg(value_name = "RULE")]
    rule: String,
    #[command(flatten)]
    common: Common,
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
    let mut called_so = rules.iter().filter(|rule| rule.id == args.rule || short(&rule.id) == args.rule);
    if let (Some(rule), None) = (called_so.next(), called_so.next()) {
        let on = if rule.default { "asked by default" } else { "asked with --pedantic or by name" };
        writeln!(
            world.out,
            "{}: {}, confidence {}, {on}",
            rule.id,
            rule.severity,
            super::rules::word(rule.confidence)
        )?;
        if !rule.url.is_empty() {
            writeln!(world.out, "{}", rule.url)?;
        }
        writeln!(world.out)?;
        writeln!(world.out, "{}", rule.page.trim_end())?;
        return Ok(CLEAN);
    }
    let family: Vec<_> = rules.iter().filter(|rule| covers(&args.rule, &rule.id)).collect();
    if family.is_empty() {
        let names = Names::new(rules.iter().map(|rule| rule.id.as_str()));
        let failure = Failure::new(format!("there is no rule or family `{}`", args.rule));
        return Err(match names.nearest(&args.rule) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("`steadfast rules` lists them all"),
        });
    }
    for rule in family {
        writeln!(world.out, "{}\n    {}\n", rule.id, rule.title)?;
    }
    Ok(CLEAN)
}
