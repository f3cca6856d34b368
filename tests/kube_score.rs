//! Agreement with another tool's own test cases: kube-score's, as (file, check, grade).
//!
//! The cases are not kept here. `STEADFAST_KUBE_SCORE=folder cargo test --test kube_score -- --nocapture` reads `cases.json`
//! and the manifests beside it, prints the agreement and every disagreement, and fails where one has no reason in
//! [`REASONS`] or the agreement is below 95 %. Without the variable nothing is compared, and it says so.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::collections::BTreeMap;
use std::env;

use camino::Utf8PathBuf;
use steadfast::config::{Config, Flags};
use steadfast::lint::{self, Inputs};

/// Their checks that are about reliability, and the rules of ours that look at the same.
const CHECKS: &[(&str, &[&str])] = &[];

/// Where we disagree, and why: (file, check, reason).
const REASONS: &[(&str, &str, &str)] = &[];

#[test]
fn agrees_with_kube_score() {
    let Ok(folder) = env::var("STEADFAST_KUBE_SCORE") else {
        println!("SKIPPED: STEADFAST_KUBE_SCORE names no folder, so nothing was compared");
        return;
    };
    let folder = Utf8PathBuf::from(folder);
    let text = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: Vec<BTreeMap<String, String>> = serde_json::from_str(&text).unwrap();
    let (mut compared, mut agreed, mut explained, mut other) = (0, 0, 0, BTreeMap::new());
    let mut unexplained = Vec::new();
    for case in &cases {
        let (file, check, grade) = (&case["file"], &case["check"], &case["grade"]);
        let Some((_, rules)) = CHECKS.iter().find(|(known, _)| known == check) else {
            *other.entry(check.clone()).or_insert(0) += 1;
            continue;
        };
        compared += 1;
        let found: Vec<String> = findings(&folder, file);
        let ours: Vec<&String> = found.iter().filter(|rule| rules.contains(&rule.as_str())).collect();
        let theirs_complains = grade != "AllOK";
        if ours.is_empty() != theirs_complains {
            agreed += 1;
            continue;
        }
        match REASONS.iter().find(|(f, c, _)| file.ends_with(f) && c == check) {
            Some((_, _, reason)) => {
                explained += 1;
                println!("differs: {file} · {check} · {grade}: {reason}");
            }
            None => unexplained.push(format!("{file} · {check} · {grade}: ours {ours:?} (all: {found:?})")),
        }
    }
    println!("not about reliability, or not ours: {other:?}");
    println!(
        "{compared} cases compared: {agreed} agree, {explained} differ for a reason, {} differ",
        unexplained.len()
    );
    assert!(unexplained.is_empty(), "\n{}", unexplained.join("\n"));
    assert!(compared > 0 && (agreed + explained) as f64 / compared as f64 >= 0.95);
}

fn findings(folder: &Utf8PathBuf, file: &str) -> Vec<String> {
    let flags = Flags { select: vec!["all".to_owned()], ..Flags::default() };
    let config = Config::new("2026-11-20".parse().unwrap()).with_flags(flags);
    let inputs =
        Inputs { root: folder.clone(), paths: vec![file.into()], isolated: true, ..Inputs::default() };
    let outcome = lint::check(&config, &inputs);
    outcome.findings.into_iter().map(|finding| finding.rule).collect()
}
