//! Prints what the built-in rules say of a folder of manifests: a bench for whoever writes rules.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::print_stderr)]

use std::sync::Arc;

use steadfast::model::{Model, World};
use steadfast::rule::judge::Verdict;
use steadfast::rule::page::Page;
use steadfast::rule::{Rule, builtin};
use steadfast::source::{FileId, SourceFile, Sources};
use steadfast::syntax::{self, Syntax};

fn main() {
    let mut args = std::env::args().skip(1);
    let root = args.next().unwrap_or_else(|| ".".to_owned());
    let only = args.next().unwrap_or_default();
    let mut files = Vec::new();
    collect(std::path::Path::new(&root), &mut files);
    files.sort();
    let mut sources = Vec::new();
    let mut trees = Vec::new();
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name =
            camino::Utf8PathBuf::from_path_buf(path.strip_prefix(&root).unwrap().to_path_buf()).unwrap();
        let Some(syntax) = Syntax::of(&name, text.as_bytes()) else { continue };
        let text: Arc<str> = Arc::from(text);
        let parsed = syntax::parse(syntax, FileId(sources.len() as u32), Arc::clone(&text));
        sources.push(SourceFile::new(name, text));
        trees.push(parsed.tree);
    }
    let sources = Sources::new(sources);
    let world = World::default();
    let start = std::time::Instant::now();
    let model = Model::build(&trees, &sources, &world);
    eprintln!(
        "{} files, {} objects, {} units, built in {:?}",
        trees.len(),
        model.objects.len(),
        model.units.len(),
        start.elapsed()
    );
    for (id, text) in builtin::pages().iter().filter(|(id, _)| id.contains(&only)) {
        let page = Page::read(id, Arc::from(*text)).unwrap();
        let rule = Rule::new(page, &[]).unwrap();
        let start = std::time::Instant::now();
        let (mut healthy, mut undecided) = (0, 0);
        let mut lines = Vec::new();
        for subject in rule.subjects(&model) {
            rule.ask(&model, subject, &mut |_, verdict| match verdict {
                Verdict::Healthy => healthy += 1,
                Verdict::Undecided(..) => undecided += 1,
                Verdict::Trouble(error) => lines.push(format!("TROUBLE {}", error.message)),
                Verdict::Fault(fault) => {
                    let place = fault.primary.place;
                    let file = sources.path(place.file);
                    let text = &trees[place.file.0 as usize].text;
                    let line = text[..place.span.start as usize].matches('\n').count() + 1;
                    let help = fault.help.map(|help| format!(" [{help}]")).unwrap_or_default();
                    lines.push(format!(
                        "{:?}/{:?} {file}:{line}: {}{help}",
                        fault.severity, fault.confidence, fault.message
                    ));
                }
            });
        }
        println!(
            "== {id}: {} findings, {healthy} healthy, {undecided} undecided, {:?}",
            lines.len(),
            start.elapsed()
        );
        lines.iter().for_each(|line| println!("  {line}"));
    }
}

fn collect(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with(".git") {
                collect(&path, files);
            }
        } else {
            files.push(path);
        }
    }
}
