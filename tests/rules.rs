//! Every rule's page is sound, its examples behave, and what a person sees of each bad one is in `snapshots/rules`.
//!
//! `RULE=probes/ cargo test --test rules` tries some only.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs, process};

use camino::Utf8PathBuf;
use rayon::prelude::*;
use steadfast::config::{Config, Flags};
use steadfast::lint::{self, Inputs};
use steadfast::report::{self, Format};
use steadfast::rule::page::{Example, Page};
use steadfast::rule::{Rule, builtin, examples};

/// The rules to try, by id and text.
fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    let only = env::var("RULE").unwrap_or_default();
    builtin::pages().iter().copied().filter(move |(id, _)| id.contains(&only))
}

#[test]
fn examples_behave() {
    let mut wrong = Vec::new();
    for (id, text) in rules() {
        let errors = match Page::read(id, Arc::from(text)) {
            Ok(page) => examples::check(&page),
            Err(errors) => errors,
        };
        for error in errors {
            let line = text[..error.span.start as usize].matches('\n').count() + 1;
            let help = error.help.map(|help| format!("\n    {help}")).unwrap_or_default();
            wrong.push(format!("rules/{id}.md:{line}: {}{help}", error.message));
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_example_of_another_troubles_a_rule() {
    let pages: Vec<Page> =
        builtin::pages().iter().filter_map(|(id, text)| Page::read(id, Arc::from(*text)).ok()).collect();
    let all: Vec<Rule> = pages.iter().filter_map(|page| Rule::new(page.clone(), &[]).ok()).collect();
    assert_eq!(all.len(), pages.len());
    let only = env::var("RULE").unwrap_or_default();
    let tried = pages.par_iter().filter(|page| page.id.contains(&only)).flat_map_iter(|page| {
        let examples = page.rest().map(|rest| rest.examples).unwrap_or_default();
        let troubled = |example| examples::troubles(&all, example);
        let found: Vec<String> = examples.iter().flat_map(troubled).collect();
        found.into_iter().map(|trouble| format!("{trouble}, in an example of {}", page.id))
    });
    let mut wrong: Vec<String> = tried.collect();
    wrong.sort();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn snapshots() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (id, text) in rules() {
        let Ok(page) = Page::read(id, Arc::from(text)) else { continue };
        let Ok(rest) = page.rest() else { continue };
        let (family, name) = id.split_once('/').unwrap();
        let mut shown = String::new();
        for example in rest.examples.iter().filter(|example| example.bad) {
            let case = if example.case.is_empty() { String::new() } else { format!(": {}", example.case) };
            let _ = writeln!(shown, "## Bad{case}\n\n{}", seen(id, example));
        }
        if let Some(fixed) = examples::mended(&page) {
            let _ = writeln!(shown, "## Fixed\n\n{fixed}");
        }
        settings.set_snapshot_path(format!("../snapshots/rules/{family}"));
        settings.bind(|| insta::assert_snapshot!(name, shown.trim_end()));
    }
}

/// What a person sees of an example, through the whole program.
fn seen(id: &str, example: &Example) -> String {
    let folder = env::temp_dir().join(format!("steadfast-{}-{}", process::id(), id.replace('/', "-")));
    let root = Utf8PathBuf::from_path_buf(folder).unwrap();
    let _ = fs::remove_dir_all(&root);
    for file in &example.files {
        let path = PathBuf::from(root.join(&file.name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.text).unwrap();
    }
    let today = example.today.as_deref().unwrap_or("2026-11-20").parse().unwrap();
    let mut config = Config::new(today).with_flags(Flags { select: vec![id.to_owned()], ..Flags::default() });
    config.kubernetes = example.kubernetes.as_deref().map(|version| version.parse().unwrap());
    let inputs = Inputs { root: root.clone(), ..Inputs::default() };
    let outcome = lint::check(&config, &inputs);
    fs::remove_dir_all(&root).unwrap();
    assert!(!outcome.failed, "{id}: {:?}", outcome.diagnostics);
    let mut bytes = Vec::new();
    let options = report::Options { quiet: true, all: true, ..report::Options::default() };
    report::write(Format::Human, &outcome, &options, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}
