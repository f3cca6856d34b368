//! steadfast: a reliability linter for infrastructure configuration.
//!
//! Bytes become trees ([`source`], [`syntax`]), trees become a model of the system that they describe ([`lower`], [`model`]:
//! subjects and their [facts](fact)), rules judge the model ([`rule`], pages below `rules/`), and answers become findings
//! that are [reported](report). [`lint`] is this pipeline on one screen, [`cli`] the program around it.
//!
//! What holds everywhere: a fact is written, a default, absent or unknown, and knows its places; an unknown is never a
//! finding; no rule is known here by its name; nothing but the given writers is written to; no input makes it panic; for one
//! date, the same input gives the same bytes. Modules use those above them in this list, and none below: `spelling`, `source`,
//! `syntax`, `fix`, `fact`, `measure`, `finding`, `outcome`, `config`, `render`, `lower`, `model`, `rule`, `suppress`, `baseline`, `lint`,
//! `report`, `cli`. docs/architecture.md tells more.
//!
//! The library serves the program and its tests; its interface may change with every release.
#![forbid(unsafe_code)]

pub mod baseline;
pub mod cli;
pub mod config;
pub mod fact;
pub mod finding;
pub mod fix;
pub mod lint;
pub mod lower;
pub mod measure;
pub mod model;
pub mod outcome;
pub mod render;
pub mod report;
pub mod rule;
pub mod source;
pub mod spelling;
pub mod suppress;
pub mod syntax;
