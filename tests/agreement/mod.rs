//! How our verdicts compare with those of another tool's own test cases, as (file, check, verdict).
//!
//! The cases belong to the other tool and are not kept here: a variable names the folder that holds them. Without it nothing is
//! compared, and the test says so.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use camino::Utf8PathBuf;
use steadfast::config::{Config, Flags};
use steadfast::lint::{self, Inputs};
use steadfast::rule::builtin;

/// The cases of another tool.
pub(crate) struct Suite {
    /// The variable that names the folder with `cases.json` and the files.
    pub(crate) variable: &'static str,
    /// The key of a case that holds the other tool's verdict.
    pub(crate) verdict: &'static str,
    /// The verdict that complains of nothing.
    pub(crate) content: &'static str,
    /// The section of docs/peers.md that explains the differences.
    pub(crate) section: &'static str,
    /// Their checks, and the rules of ours that look at the same.
    pub(crate) checks: &'static [(&'static str, &'static [&'static str])],
    /// Where we disagree, and why: (file, check, reason).
    pub(crate) reasons: &'static [(&'static str, &'static str, &'static str)],
}

/// Compares all cases; a difference without a reason fails, and so does a reason without a difference.
pub(crate) fn compare(suite: &Suite) {
    let Ok(folder) = env::var(suite.variable) else {
        println!("SKIPPED: {} names no folder, so nothing was compared", suite.variable);
        return;
    };
    let folder = Utf8PathBuf::from(folder);
    let text = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: Vec<BTreeMap<String, String>> = serde_json::from_str(&text).unwrap();
    let (mut compared, mut agreed, mut explained, mut other) = (0, 0, 0, BTreeMap::new());
    let mut unexplained = Vec::new();
    let mut used = BTreeSet::new();
    for case in &cases {
        let (file, check, verdict) = (&case["file"], &case["check"], &case[suite.verdict]);
        let Some((_, rules)) = suite.checks.iter().find(|(known, _)| known == check) else {
            *other.entry(check.clone()).or_insert(0) += 1;
            continue;
        };
        compared += 1;
        let found: Vec<String> = findings(&folder, file);
        let ours: Vec<&String> = found.iter().filter(|rule| rules.contains(&rule.as_str())).collect();
        let theirs_complains = verdict != suite.content;
        if ours.is_empty() != theirs_complains {
            agreed += 1;
            continue;
        }
        match suite.reasons.iter().find(|(f, c, _)| file.ends_with(f) && c == check) {
            Some(known @ (_, _, reason)) => {
                explained += 1;
                used.insert(known);
                println!("differs: {file} · {check} · {verdict}: {reason}");
            }
            None => unexplained.push(format!("{file} · {check} · {verdict}: ours {ours:?} (all: {found:?})")),
        }
    }
    println!("not about reliability, or not ours: {other:?}");
    println!(
        "{compared} cases compared: {agreed} agree, {explained} differ for a reason, {} differ",
        unexplained.len()
    );
    let unused: Vec<_> = suite.reasons.iter().filter(|reason| !used.contains(reason)).collect();
    assert!(unused.is_empty(), "reasons for what no longer differs:\n{unused:#?}");
    assert!(unexplained.is_empty(), "\n{}", unexplained.join("\n"));
    assert!(compared > 0 && (agreed + explained) as f64 / compared as f64 >= 0.95);
}

/// The rules that are compared exist and are named in docs/peers.md, which explains each difference and no other.
pub(crate) fn documented(suite: &Suite) {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/peers.md")).unwrap();
    let rules: Vec<&str> = builtin::pages().iter().map(|(id, _)| *id).collect();
    let mut wrong = Vec::new();
    for (check, ours) in suite.checks {
        for rule in *ours {
            if !rules.contains(rule) {
                wrong.push(format!("{check}: there is no rule {rule}"));
            } else if !page.contains(&format!("`{rule}`")) {
                wrong.push(format!("{check}: docs/peers.md does not name {rule}"));
            }
        }
    }
    let section = page.split(suite.section).nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or("");
    for (file, check, reason) in suite.reasons {
        let row = format!("| {} | {check} |", file.trim_start_matches('/'));
        if !section.contains(&row) {
            wrong.push(format!("docs/peers.md has no row `{row}`: {reason}"));
        }
    }
    let rows =
        section.lines().filter(|line| line.contains("| complains |") || line.contains("| is content |"));
    if rows.count() != suite.reasons.len() {
        wrong.push("docs/peers.md explains more than differs".to_owned());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn findings(folder: &Utf8PathBuf, file: &str) -> Vec<String> {
    let flags = Flags { select: vec!["all".to_owned()], ..Flags::default() };
    let config = Config::new("2026-11-20".parse().unwrap()).with_flags(flags);
    let inputs =
        Inputs { root: folder.clone(), paths: vec![file.into()], isolated: true, ..Inputs::default() };
    let outcome = lint::check(&config, &inputs);
    outcome.findings.into_iter().map(|finding| finding.rule).collect()
}
