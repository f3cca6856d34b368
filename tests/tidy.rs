//! The house rules, as tests: what the design promises of the source tree, and that documents say what is.
//!
//! Reads files, runs nothing but the library. `STEADFAST_UPDATE=1 cargo test --test tidy` writes the generated documents anew:
//! README's table of rules and picture, and docs/vocabulary.md.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::cli::{self, World};
use steadfast::config::{Config, ConfigFile, Names};
use steadfast::model::vocabulary;
use steadfast::rule::page::Page;
use steadfast::rule::{self, builtin, examples};

/// The layers, lowest first: a module may use those above it in this list, and none below.
const LAYERS: [&str; 18] = [
    "spelling", "source", "syntax", "fix", "fact", "measure", "finding", "outcome", "config", "render",
    "lower", "model", "rule", "suppress", "baseline", "lint", "report", "cli",
];

/// Imports against the arrows that are right all the same: (who, whom, why).
const UPWARD: [(&str, &str, &str); 0] = [];

/// The families of rules: kinds of failure, never technologies.
const FAMILIES: [(&str, &str); 25] = [
    ("disruption", "a drain, an upgrade, a lost node"),
    ("scaling", "an autoscaler that cannot, or should not have"),
    ("probes", "health checks that kill or lie"),
    ("capacity", "requests, limits, placement"),
    ("rollout", "a deploy that loses requests, hangs or hits all at once"),
    ("rollback", "no way back"),
    ("failover", "one of a thing that there should be two of"),
    ("jobs", "schedules and batch work"),
    ("stateful", "disks, members, data"),
    ("backup", "backups that are not there when they are needed"),
    ("hygiene", "configuration that does not do what it seems to"),
    ("timeouts", "waiting too long, or not long enough"),
    ("retries", "asking again, and again"),
    ("circuit-breaking", "breakers that cannot trip"),
    ("rate-limiting", "limits that do not limit"),
    ("queues", "messages that get lost or stuck"),
    ("observability", "nobody can see it"),
    ("logging", "logs that fill, lose or leak"),
    ("alerting", "nobody is told"),
    ("identity", "certificates, keys, tokens"),
    ("supply-chain", "what runs is not what was built"),
    ("migrations", "schemas that change under running code"),
    ("flags", "flags that stay"),
    ("api", "interfaces that break their callers"),
    ("llm", "models behind gateways"),
];

/// Dependencies that need no reason in Cargo.toml, because everybody would take them.
const USUAL: [&str; 9] =
    ["clap", "globset", "insta", "miette", "proptest", "rayon", "serde", "serde_json", "toml"];

/// The size over which a file of Rust wants to be two.
const LARGE: usize = 60_000;

// ── the source ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn no_rule_is_known_by_name() {
    let mut wrong = Vec::new();
    let mut paths = rust_files(&["src"]);
    paths.push("src/cli/init.toml".into());
    for path in paths {
        let text = read(&path);
        for (id, _) in builtin::pages() {
            let named = text.match_indices(id).any(|(at, _)| {
                let next = text[at + id.len()..].chars().next();
                !next.is_some_and(|next| next.is_ascii_lowercase() || next == '-' || next == '/')
            });
            if named {
                wrong.push(format!("{path}: names the rule {id}"));
            }
        }
    }
    let reason =
        "no rule's id occurs in src/, not even in a test: what a rule needs is a fact, or a key of its page";
    assert_none(reason, wrong);
}

#[test]
fn arrows_run_downward() {
    let mut wrong = BTreeSet::new();
    let mut used = BTreeSet::new();
    for file in sources().into_iter().filter(|file| !["main", "lib"].contains(&file.module.as_str())) {
        let Some(here) = LAYERS.iter().position(|layer| *layer == file.module) else {
            wrong.insert(format!("{}: `{}` has no place among the layers", file.path, file.module));
            continue;
        };
        for used_module in imports(&file) {
            let Some(there) = LAYERS.iter().position(|layer| *layer == used_module) else { continue };
            if there <= here {
                continue;
            }
            match UPWARD.iter().find(|(who, whom, _)| *who == file.path && *whom == used_module) {
                Some(exception) => drop(used.insert(exception.0)),
                None => drop(
                    wrong.insert(format!("{}: uses crate::{used_module}, which lies above it", file.path)),
                ),
            }
        }
    }
    let unused = UPWARD.iter().filter(|(who, ..)| !used.contains(who));
    wrong.extend(unused.map(|(who, whom, _)| format!("{who} → {whom}: an exception that nothing needs")));
    assert_none(&format!("arrows run downward: {}", LAYERS.join(" ◄ ")), wrong);
}

#[test]
fn the_library_neither_prints_nor_exits() {
    let mut wrong = Vec::new();
    for file in sources() {
        let may_print = file.path == "src/main.rs";
        for word in ["println!", "eprintln!", "print!(", "eprint!(", "dbg!", "io::stdout(", "io::stderr("] {
            if file.code.contains(word) && !may_print {
                wrong.push(format!("{}: {word}", file.path));
            }
        }
        // `main` returns its code, so that everything is flushed and dropped.
        for word in ["process::exit", "process::abort"] {
            if file.code.contains(word) {
                wrong.push(format!("{}: {word}", file.path));
            }
        }
    }
    assert_none("printing goes through the writers that `main` hands in, and nothing exits", wrong);
}

#[test]
fn files_are_tidy() {
    let mut wrong = Vec::new();
    for path in rust_files(&["src", "tests", "benches", "build.rs"]) {
        let text = read(&path);
        if !text.starts_with("//!") {
            wrong.push(format!("{path}: no `//!` header says what it is for"));
        }
        if text.len() > LARGE {
            wrong.push(format!("{path}: {} bytes; divide it", text.len()));
        }
        let vague = ["utils", "util", "helpers", "helper", "manager", "common", "misc", "stuff"];
        if path.components().any(|part| vague.contains(&part.as_str().trim_end_matches(".rs"))) {
            wrong.push(format!("{path}: a name that says nothing"));
        }
    }
    for file in sources() {
        for word in [concat!("TO", "DO"), concat!("FIX", "ME"), "XXX", "todo!", "unimplemented!"] {
            if file.whole.contains(word) {
                wrong.push(format!(
                    "{}: {word}: do it, or write down what is not done where users read it",
                    file.path
                ));
            }
        }
    }
    assert_none("files are tidy", wrong);
}

#[test]
fn dependencies_have_reasons() {
    let mut wrong = Vec::new();
    let mut section = String::new();
    for line in read("Cargo.toml".into()).lines() {
        if line.starts_with('[') {
            section = line.to_owned();
            continue;
        }
        let name = line.split([' ', '=', '.']).next().unwrap_or_default();
        if section.contains("dependencies")
            && line.contains('=')
            && !line.contains('#')
            && !USUAL.contains(&name)
        {
            // What a library is used for needs no second reason where tests use it.
            if section != "[dev-dependencies]"
                || !read("Cargo.toml".into()).contains(&format!("\n{name} = {{ package"))
            {
                wrong.push(format!("Cargo.toml: `{name}` has no reason behind it"));
            }
        }
    }
    assert_none("a dependency that not everybody would take says why it is there", wrong);
}

// ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn rule_pages_are_complete() {
    let mut wrong = Vec::new();
    for (id, text) in builtin::pages() {
        let family = id.split_once('/').map_or("", |(family, _)| family);
        if !FAMILIES.iter().any(|(name, _)| *name == family) {
            wrong.push(format!("rules/{id}.md: `{family}` is no family; there are {}", families()));
        }
        match Page::read(id, Arc::from(*text)) {
            Ok(page) => {
                let references = page.rest().map(|rest| rest.references).unwrap_or_default();
                if !references.iter().any(|reference| reference.contains(char::is_alphabetic)) {
                    wrong.push(format!("rules/{id}.md: cites nothing"));
                }
            }
            Err(errors) => wrong.push(format!("rules/{id}.md: {}", errors[0].message)),
        }
    }
    assert_none("every rule is of a known family and cites a source", wrong);
}

#[test]
fn one_snapshot_a_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/rules");
    let mut snapshots = BTreeSet::new();
    for path in walk(&folder) {
        let path = path.strip_prefix(Utf8Path::from_path(&folder).unwrap()).unwrap().to_owned();
        snapshots.insert(path.as_str().trim_end_matches(".snap").to_owned());
    }
    let rules: BTreeSet<String> = builtin::pages().iter().map(|(id, _)| (*id).to_owned()).collect();
    let mut wrong = Vec::new();
    wrong.extend(
        rules
            .difference(&snapshots)
            .map(|id| format!("{id}: no snapshot; `INSTA_UPDATE=always cargo test --test rules`")),
    );
    wrong.extend(snapshots.difference(&rules).map(|id| format!("snapshots/rules/{id}.snap: of no rule")));
    assert_none("one snapshot a rule, one rule a snapshot", wrong);
}

// ── the documents ───────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn readme_is_fresh() {
    let readme = read("README.md".into());
    let with_rules = between(&readme, "<!-- rules:", "<!-- /rules -->", |_| rules_table());
    let fresh = between(&with_rules, "<!-- picture:", "<!-- /picture -->", |marker| {
        let command = marker.trim().trim_start_matches("<!-- picture:").trim_end_matches("-->").trim();
        format!("```console\n$ {command}\n{}```\n", output(command))
    });
    assert_fresh("README.md", &readme, &fresh);
}

#[test]
fn the_graphs_that_are_shown_are_drawn() {
    for folder in ["docs/calls", "docs/queues", "docs/broker"] {
        let page = read("docs/graph.md".into());
        let fresh = between(&page, &format!("<!-- graph: {folder} -->"), "<!-- /graph -->", |_| {
            let inputs = steadfast::lint::Inputs { root: root().join(folder), ..Default::default() };
            let config = steadfast::config::Config::new("2026-11-20".parse().unwrap());
            let graph = steadfast::lint::graph(&config, &inputs).unwrap_or_default();
            format!("```mermaid\n{}```\n", steadfast::report::graph::mermaid(&graph))
        });
        assert_fresh("docs/graph.md", &page, &fresh);
    }
}

#[test]
fn vocabulary_is_fresh() {
    let mut page = String::from(
        "# The vocabulary\n\n<!-- generated by `STEADFAST_UPDATE=1 cargo test --test tidy` -->\n\n\
         What rules can ask about: the subjects, and the facts of each. `steadfast vocabulary [SUBJECT]` prints the same, and\n\
         [Write a rule](write-a-rule.md) tells how they are used. Numbers are seconds, bytes, cores or percent where their type says\n\
         so; `manifest` is a piece of a manifest, by Kubernetes' own field names.\n\n",
    );
    let links: Vec<_> =
        vocabulary::kinds().map(|kind| format!("[{}](#{})", kind.name, kind.name.to_lowercase())).collect();
    let _ = writeln!(page, "{}", links.join(" · "));
    for kind in vocabulary::kinds() {
        let _ = writeln!(page, "\n## {}\n\n{}", kind.name, kind.doc);
        if kind.all.is_none() {
            let _ = writeln!(
                page,
                "\nA part of another subject: no rule can be `on: {}`, but rules can go through it.",
                kind.name
            );
        }
        if !kind.owners.is_empty() {
            let owners: Vec<_> = kind.owners.iter().map(|owner| format!("`{}`", owner.word())).collect();
            let _ = writeln!(page, "\nHeld by {}.", owners.join(", "));
        }
        page.push_str("\n| fact | type | |\n|---|---|---|\n");
        for fact in kind.facts() {
            let _ =
                writeln!(page, "| `{}` | {} | {} |", fact.name, fact.ty.text(), fact.doc.replace('|', "\\|"));
        }
    }
    let published = fs::read_to_string(root().join("docs/vocabulary.md")).unwrap_or_default();
    assert_fresh("docs/vocabulary.md", &published, &page);
}

#[test]
fn the_code_map_is_complete() {
    let page = read("docs/architecture.md".into());
    let modules: BTreeSet<String> = sources().into_iter().map(|file| file.module).collect();
    let missing = modules.iter().filter(|module| !page.contains(&format!("`{module}")));
    assert_none(
        "docs/architecture.md names every module",
        missing.map(|module| format!("`{module}` is not named")).collect::<Vec<_>>(),
    );
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in documents() {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for link in read(&path).split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || file.is_empty() || file.contains('⟨') {
                continue;
            }
            if !folder.join(file).exists() {
                wrong.push(format!("{path}: {link}"));
            }
        }
    }
    assert_none("links lead somewhere", wrong);
}

#[test]
fn every_page_can_be_found() {
    let readme = read("README.md".into());
    let pages = walk(root().join("docs").as_std_path());
    let missing = pages
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap())
        .filter(|path| path.extension() == Some("md") && path.components().count() == 2)
        .filter(|path| !readme.contains(path.as_str()));
    assert_none("README.md leads to every page", missing.map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn flags_in_documents_exist() {
    let known: BTreeSet<String> = known_flags();
    // Flags of other programs that the documents show.
    let others = [
        "--release",
        "--path",
        "--locked",
        "--test",
        "--check",
        "--all-targets",
        "--ignored",
        "--no-deps",
        "--rev",
        "--set",
        "--bench",
        "--repo",
        "--help",
        "--version",
        // Of the measurements below benches/.
        "--kept",
        "--speed",
    ];
    let mut wrong = Vec::new();
    for path in documents() {
        for (at, line) in read(&path).lines().enumerate() {
            for code in line
                .split('`')
                .skip(1)
                .step_by(2)
                .chain([line].into_iter().filter(|line| line.starts_with("steadfast")))
            {
                for word in code
                    .split([' ', '=', ',', '"', '(', ')', '|', '[', ']'])
                    .filter(|word| word.starts_with("--") && word.len() > 3)
                {
                    if !known.contains(word) && !others.contains(&word) {
                        wrong.push(format!("{path}:{}: {word}", at + 1));
                    }
                }
            }
        }
    }
    assert_none("documents show flags that there are", wrong);
}

#[test]
fn rules_in_documents_exist() {
    let known: BTreeSet<&str> = builtin::pages().iter().map(|(id, _)| *id).collect();
    let help = ["check", "explain", "rules"].map(|command| output(&format!("steadfast {command} --help")));
    let pages = documents().into_iter().map(|path| (path.to_string(), read(&path)));
    let mut wrong = Vec::new();
    for (path, text) in pages.chain(help.into_iter().map(|text| ("--help".to_owned(), text))) {
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || "-/._".contains(c))) {
            let Some((family, name)) = word.trim_end_matches(['.', '/']).split_once('/') else { continue };
            let is_rule = FAMILIES.iter().any(|(known, _)| *known == family) && !name.contains(['/', '.']);
            if is_rule && !name.is_empty() && !known.contains(word.trim_end_matches('.')) {
                wrong.push(format!("{path}: {word}"));
            }
        }
    }
    assert_none("documents name rules that there are", wrong);
}

#[test]
fn the_comparison_says_what_is_on() {
    let default: BTreeMap<&str, bool> = builtin::pages()
        .iter()
        .filter_map(|(id, text)| Some((*id, rule::info(&Page::read(id, Arc::from(*text)).ok()?).default)))
        .collect();
    let page = read("docs/peers.md".into());
    let table = page.split("## Their check, our rule").nth(1).unwrap().split("\n## ").next().unwrap();
    let codes: Vec<&str> = table.split('`').collect();
    let mut wrong = Vec::new();
    for at in (1..codes.len() - 1).step_by(2) {
        let Some(on) = default.get(codes[at]) else { continue };
        let italic = codes[at - 1].ends_with('*') && codes[at + 1].starts_with('*');
        if italic == *on {
            let is = if *on { "on by default" } else { "not on by default" };
            wrong.push(format!("{} is {is}", codes[at]));
        }
    }
    assert_none("docs/peers.md has rules in italics that are off by default, and no others", wrong);
}

#[test]
fn the_rule_that_is_shown_whole_behaves() {
    let guide = read("docs/write-a-rule.md".into());
    let text = guide.split("````markdown\n").nth(1).and_then(|rest| rest.split("````").next()).unwrap();
    let errors =
        Page::read("team/shown", Arc::from(text)).map_or_else(|errors| errors, |page| examples::check(&page));
    assert_none(
        "docs/write-a-rule.md shows a rule that behaves",
        errors.into_iter().map(|error| error.message),
    );
}

#[test]
fn settings_in_documents_are_good() {
    let names = Names::new(builtin::pages().iter().map(|(id, _)| *id));
    let mut wrong = Vec::new();
    for path in documents() {
        for block in read(&path).split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let file = ConfigFile { path: path.clone(), folder: root().to_owned(), text: Arc::from(block) };
            let (config, mut problems) = Config::read(file, "2026-11-20".parse().unwrap());
            problems.extend(config.check_names(&names));
            wrong.extend(problems.into_iter().map(|problem| format!("{path}: {}\n{block}", problem.message)));
        }
    }
    assert_none("settings that documents show are good settings", wrong);
}

#[test]
fn every_flag_is_documented() {
    let page = read("docs/use.md".into());
    let missing = known_flags().into_iter().filter(|flag| !page.contains(&format!("`{flag}")));
    assert_none(
        "docs/use.md explains every flag",
        missing.filter(|flag| flag != "--help" && flag != "--version").collect::<Vec<_>>(),
    );
}

#[test]
fn the_changelog_knows_the_version() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        read("CHANGELOG.md".into()).contains(&format!("## [{version}]")),
        "CHANGELOG.md has no part for {version}"
    );
}

// ── what these tests share ──────────────────────────────────────────────────────────────────────────────────────────

/// A file of the library or of the program.
struct Source {
    path: String,
    /// `model` of src/model/link.rs, `fact` of src/fact.rs.
    module: String,
    /// All of it.
    whole: String,
    /// Without comments and without its tests.
    code: String,
}

/// The files below src/, without those that hold only tests.
fn sources() -> Vec<Source> {
    let paths = rust_files(&["src"]);
    let texts: BTreeMap<Utf8PathBuf, String> = paths.iter().map(|path| (path.clone(), read(path))).collect();
    let mut of_tests = BTreeSet::new();
    for (path, text) in &texts {
        for name in text
            .split("#[cfg(test)]\nmod ")
            .skip(1)
            .filter_map(|rest| rest.split_once(';'))
            .map(|(name, _)| name)
        {
            let stem = path.file_stem().unwrap();
            let folder = path.parent().unwrap();
            let folder =
                if ["mod", "lib", "main"].contains(&stem) { folder.to_owned() } else { folder.join(stem) };
            of_tests.insert(folder.join(format!("{name}.rs")));
        }
    }
    let files = texts.into_iter().filter(|(path, _)| !of_tests.contains(path));
    files
        .map(|(path, whole)| {
            let module = path.components().nth(1).unwrap().as_str().trim_end_matches(".rs").to_owned();
            // Tests inside a file stand at its end.
            let own = whole.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code: Vec<&str> = own.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            Source { path: path.to_string(), module, code: code.join("\n"), whole }
        })
        .collect()
}

/// The modules of this crate that a file names.
fn imports(file: &Source) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut add = |rest: &str| {
        let word = |rest: &str| -> String {
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        match rest.strip_prefix('{') {
            None => drop(named.insert(word(rest))),
            Some(list) => {
                let mut depth = 0;
                let mut start = true;
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && !c.is_whitespace() => {
                            named.insert(word(&list[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    };
    for rest in file.code.split("crate::").skip(1) {
        add(rest);
    }
    // From a file directly below src/, `super` is the crate.
    if file.path.matches('/').count() == 1 {
        for rest in file.code.split("super::").skip(1) {
            add(rest);
        }
    }
    named.remove(&file.module);
    named
}

fn rules_table() -> String {
    let mut families: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for (id, text) in builtin::pages() {
        let Ok(page) = Page::read(id, Arc::from(*text)) else { continue };
        let family = FAMILIES.iter().position(|(name, _)| *name == page.family()).unwrap_or(FAMILIES.len());
        families.entry(family).or_default().push(rule::info(&page));
    }
    let mut table = String::new();
    let (mut count, mut default) = (0, 0);
    for (family, mut rules) in families {
        let (name, what) = FAMILIES.get(family).unwrap_or(&("other", "of no known family"));
        let _ = write!(
            table,
            "\n### {name}: {what}\n\n| rule | severity | on | what goes wrong |\n|---|---|---|---|\n"
        );
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        for rule in rules {
            count += 1;
            default += usize::from(rule.default);
            let on = if rule.default { "yes" } else { "" };
            let short = rule.id.split_once('/').map_or(rule.id.as_str(), |(_, name)| name);
            let title = rule.title.replace('|', "\\|");
            let _ =
                writeln!(table, "| [{short}](rules/{}.md) | {} | {on} | {title} |", rule.id, rule.severity);
        }
    }
    format!(
        "{count} rules, {default} of them on by default; the rest are asked with `--pedantic` or by name.\n{table}"
    )
}

/// What a person sees who runs this command in the project's folder.
fn output(command: &str) -> String {
    let mut out = Vec::new();
    let mut world = World {
        out: &mut out,
        err: &mut Vec::new(),
        input: &mut io::empty(),
        env: &|_| None,
        folder: root().to_owned(),
        terminal: false,
        err_terminal: false,
        now: "2026-11-20".parse().unwrap(),
    };
    cli::run(command.split_whitespace().map(Into::into), &mut world);
    String::from_utf8(out).unwrap()
}

/// The text with what stands between two markers made anew.
fn between(text: &str, from: &str, to: &str, fresh: impl Fn(&str) -> String) -> String {
    let start = text.find(from).unwrap_or_else(|| panic!("README.md has no `{from}`"));
    let line = start + text[start..].find('\n').unwrap() + 1;
    let end = line + text[line..].find(to).unwrap_or_else(|| panic!("README.md has no `{to}`"));
    format!("{}{}{}", &text[..line], fresh(&text[start..line]), &text[end..])
}

fn assert_fresh(path: &str, published: &str, fresh: &str) {
    if published == fresh {
        return;
    }
    if env::var_os("STEADFAST_UPDATE").is_some() {
        fs::write(root().join(path), fresh).unwrap();
        return;
    }
    let first = published.lines().zip(fresh.lines()).find(|(old, new)| old != new).unwrap_or(("…", "…"));
    panic!(
        "{path} is stale, first here:\n  is:        {}\n  should be: {}\nrun STEADFAST_UPDATE=1 cargo test --test tidy",
        first.0, first.1
    );
}

#[track_caller]
fn assert_none(promise: &str, wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "\n{promise}\n  {}\n", wrong.join("\n  "));
}

/// The long flags of all commands, as their help shows them.
fn known_flags() -> BTreeSet<String> {
    let commands = "check explain rules vocabulary model graph render test init completions man".split(' ');
    let help: String = commands.map(|command| output(&format!("steadfast {command} --help"))).collect();
    let flags = help
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .flat_map(|line| line.split([' ', ',', '=', '[']));
    flags.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

fn families() -> String {
    FAMILIES.map(|(name, _)| name).join(", ")
}

fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Utf8Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The pages that people read, relative to the root.
fn documents() -> Vec<Utf8PathBuf> {
    let mut pages: Vec<Utf8PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(Into::into).to_vec();
    let docs = walk(root().join("docs").as_std_path());
    pages.extend(
        docs.iter()
            .map(|path| path.strip_prefix(root()).unwrap().to_owned())
            .filter(|path| path.extension() == Some("md")),
    );
    pages
}

/// Files of Rust in these folders, relative to the root, sorted.
fn rust_files(roots: &[&str]) -> Vec<Utf8PathBuf> {
    let files = roots.iter().flat_map(|name| walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name)));
    files
        .map(|path| path.strip_prefix(root()).unwrap().to_owned())
        .filter(|path| path.extension() == Some("rs"))
        .collect()
}

/// All files below a folder, or the file itself; sorted.
fn walk(path: &Path) -> Vec<Utf8PathBuf> {
    if path.is_file() {
        return vec![Utf8PathBuf::from_path_buf(path.to_owned()).unwrap()];
    }
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let mut files: Vec<Utf8PathBuf> = entries.flat_map(|entry| walk(&entry.unwrap().path())).collect();
    files.sort();
    files
}
