//! How the world writes quantities, durations, schedules, images and memory flags.
//!
//! Every function here takes text that a person wrote and answers with a plain value, or with nothing where the text does
//! not say. It is not a model: it knows no files, no defaults and no judgement, and what it cannot know it never guesses.

pub mod check;
pub mod cron;
pub mod duration;
pub mod image;
pub mod int_or_percent;
pub mod launch;
pub mod migration;
pub mod place;
pub mod placeholder;
pub mod promql;
pub mod quantity;
pub mod requests;
pub mod runtime_memory;
pub mod servers;
pub mod shell;
pub mod workers;
pub mod zone;

mod options;
