//! Charts as we render them beside what the real `helm template` prints: the same objects, and how much sooner.
//!
//! `cargo bench --bench helm -- FOLDER…` looks for charts below the folders and renders each with its defaults and with each
//! file of values in its `ci/`. What Helm itself refuses is not compared. `HELM` names the program; without one there is
//! nothing to compare with, and that is said. `HELM_OUTPUT` names a folder in which Helm's answers are kept for the next run.
//! Values that cannot be known before they run (`randAlphaNum`, `genCA`) differ from run to run, and are counted apart.
//!
//! With `--speed` nothing is compared: `helm template` alone is timed for each of fifty charts with no values but their defaults,
//! beside `steadfast check`, which renders and judges: all of them in one run, what each adds to that run, each within a process
//! that runs already, and each as a process of its own. What that leaves out: how quick a machine is that does nothing else; the best time of
//! several counts, on both sides.
//!
//! With `--kept` what the charts' own authors keep is compared: files in `examples/NAME/rendered/`, printed by `helm template` with
//! the file of values beside them, as OpenTelemetry has them. Line by line, but for checksums and versions of charts. A chart of
//! which a dependency is not in `charts/` is left out, and that is said.
//!
//! With `--provenance` no other program is needed: values are changed one by one, and what becomes other must have named them.
#![allow(clippy::print_stdout, missing_docs)]

#[path = "../tests/provenance/mutation.rs"]
mod mutation;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::cli::{World, run, utc};
use steadfast::render::helm::charts::Charts;
use steadfast::render::helm::files::File;
use steadfast::render::helm::read::{ChartFolder, Reader};
use steadfast::render::helm::render::{STACK, Settings, render};
use steadfast::render::origin::Origins;
use steadfast::render::value::{Data, Value};
use steadfast::render::yaml::load::{load, load_text};
use steadfast::render::{Rendered, Role};
use steadfast::source::{FileId, Sources};

const KUBERNETES: &str = "1.35.0";
/// How many charts are timed, and how often each; the best time counts.
const TIMED: usize = 50;
const OFTEN: usize = 5;

/// How often a run with a chart is compared with the run without it: what is measured is small beside either.
const PAIRS: usize = 18;

fn main() {
    let folders: Vec<Utf8PathBuf> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .map(Utf8PathBuf::from)
        .collect();
    if folders.is_empty() {
        println!("nothing compared: name folders with charts, `cargo bench --bench helm -- FOLDER…`");
        return;
    }
    if std::env::args().any(|argument| argument == "--provenance") {
        let run =
            std::thread::Builder::new().stack_size(STACK + (16 << 20)).spawn(move || provenance(&folders));
        return run.expect("a thread").join().expect("no panic");
    }
    if std::env::args().any(|argument| argument == "--kept") {
        let run = std::thread::Builder::new().stack_size(STACK + (16 << 20)).spawn(move || kept(&folders));
        return run.expect("a thread").join().expect("no panic");
    }
    let helm = std::env::var("HELM").unwrap_or_else(|_| "helm".to_owned());
    if Command::new(&helm).arg("version").output().is_err() {
        println!("NOTHING COMPARED: there is no `{helm}` to compare with");
        return;
    }
    if std::env::args().any(|argument| argument == "--speed") {
        return speed(&folders, &helm);
    }
    // Charts nest deep, and so do calls of templates.
    let run = std::thread::Builder::new().stack_size(STACK + (16 << 20)).spawn(move || {
        let mut tally = Tally::default();
        for folder in &folders {
            compare_all(folder, &helm, &mut tally);
        }
        tally.print();
        for folder in &folders {
            all_at_once(folder);
        }
    });
    run.expect("a thread").join().expect("no panic");
}

#[derive(Default)]
struct Tally {
    charts: usize,
    renderings: usize,
    refused: usize,
    same: usize,
    same_but_unknown: usize,
    different: Vec<String>,
    wholly_same: usize,
    faster: Vec<f64>,
    ours: Vec<Duration>,
    theirs: Vec<Duration>,
}

impl Tally {
    fn print(&mut self) {
        for line in &self.different {
            println!("different: {line}");
        }
        let compared = self.same + self.same_but_unknown + self.different.len();
        println!(
            "{} charts, {} renderings, {} refused by Helm; of {compared}: {} the same, {} the same but for what is unknown, {} different: {:.2} % identical",
            self.charts,
            self.renderings,
            self.refused,
            self.same,
            self.same_but_unknown,
            self.different.len(),
            100.0 * (self.same + self.same_but_unknown) as f64 / compared.max(1) as f64
        );
        println!("charts of which every rendering is identical: {}", self.wholly_same);
        for list in [&mut self.ours, &mut self.theirs] {
            list.sort();
        }
        self.faster.sort_by(f64::total_cmp);
        if let (Some(ours), Some(theirs), Some(faster)) =
            (middle(&self.ours), middle(&self.theirs), middle(&self.faster))
        {
            println!("median: ours {ours:?}, Helm's {theirs:?}, {faster:.0} times as fast");
        }
    }
}

fn middle<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len() / 2).copied()
}

fn chart_files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = folder.read_dir_utf8() else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => {
                    open.push(entry.path().to_owned())
                }
                Ok(_) if entry.file_name() == "Chart.yaml" => found.push(entry.path().to_owned()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn compare_all(root: &Utf8Path, helm: &str, tally: &mut Tally) {
    let found = chart_files(root);
    let inside = found.iter().filter_map(|path| path.strip_prefix(root).ok());
    for folder in Reader::folders(inside) {
        let mut sources = Sources::default();
        let started = Instant::now();
        let chart = Reader::new(root, &mut sources).chart(&folder);
        let reading = started.elapsed();
        tally.charts += 1;
        let mut all_same = true;
        let mut settings = vec![None];
        settings.extend(chart.trials.iter().map(Some));
        for trial in settings {
            all_same &= compare(root, &chart, trial, helm, reading, tally);
        }
        tally.wholly_same += usize::from(all_same);
    }
}

fn compare(
    root: &Utf8Path,
    chart: &ChartFolder,
    trial: Option<&(Utf8PathBuf, File)>,
    helm: &str,
    reading: Duration,
    tally: &mut Tally,
) -> bool {
    tally.renderings += 1;
    let name = trial.map_or_else(|| "defaults".to_owned(), |(path, _)| path.to_string());
    let Some((printed, theirs)) = ask_helm(root, chart, trial.map(|(path, _)| path.as_path()), helm) else {
        tally.refused += 1;
        return true;
    };
    let settings = Settings {
        values: trial.cloned().into_iter().collect(),
        kubernetes: KUBERNETES.to_owned(),
        ..Settings::default()
    };
    let started = Instant::now();
    let (rendered, problems) = render(chart, &settings, &|_| Err("none".to_owned()));
    let ours = started.elapsed() + reading;
    tally.ours.push(ours);
    tally.theirs.push(theirs);
    tally.faster.push(theirs.as_secs_f64() / ours.as_secs_f64().max(1e-9));
    let difference = match rendered {
        Some(mut rendered) => difference(&mut rendered, &printed),
        None => Err("nothing is rendered".to_owned()),
    };
    match difference {
        Ok(0) => tally.same += 1,
        Ok(_) => tally.same_but_unknown += 1,
        Err(why) => {
            let first =
                problems.first().map_or_else(String::new, |problem| format!(" ({})", problem.message));
            tally.different.push(format!("{} {name}: {why}{first}", chart.folder));
            return false;
        }
    }
    true
}

/// What Helm prints, and how long it takes; none where it refuses.
fn ask_helm(
    root: &Utf8Path,
    chart: &ChartFolder,
    values: Option<&Utf8Path>,
    helm: &str,
) -> Option<(String, Duration)> {
    let folder = root.join(&chart.folder);
    let kept = std::env::var("HELM_OUTPUT").ok().map(|kept| {
        let name = format!("{}--{}", folder, values.map_or("default", Utf8Path::as_str));
        Utf8PathBuf::from(kept).join(name.replace('/', "-"))
    });
    if let Some(text) = kept.as_ref().and_then(|kept| fs::read_to_string(kept).ok()) {
        let (head, text) = text.split_once('\n')?;
        return Some((text.to_owned(), Duration::from_micros(head.parse().ok()?)));
    }
    let mut command = Command::new(helm);
    command.args(["template", folder.as_str(), "--kube-version", KUBERNETES]);
    if let Some(values) = values {
        command.args(["--values", folder.join(values).as_str()]);
    }
    let started = Instant::now();
    let output = command.output().ok()?;
    let took = started.elapsed();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if let Some(kept) = kept {
        let head = if output.status.success() { took.as_micros().to_string() } else { "refused".to_owned() };
        fs::write(kept, format!("{head}\n{text}")).expect("HELM_OUTPUT can be written");
    }
    output.status.success().then_some((text, took))
}

/// Documents by the file that they come from.
type Documents<T> = Vec<(String, T)>;

fn helms(printed: &str) -> Documents<Value> {
    let mut texts: Documents<String> = Vec::new();
    let mut lines = printed.lines().peekable();
    while let Some(line) = lines.next() {
        let source = lines.peek().and_then(|next| next.strip_prefix("# Source: "));
        match (line, source) {
            ("---", Some(source)) => {
                texts.push((source.to_owned(), String::new()));
                lines.next();
            }
            _ => {
                if let Some((_, text)) = texts.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    let load = |text: &str| {
        load(text, FileId(0), &mut Origins::default())
            .unwrap_or_else(|_| Value::text(text, Default::default()))
    };
    let all = texts.into_iter().map(|(source, text)| (source, load(&text)));
    all.filter(|(_, value)| !matches!(value.data, Data::Nil)).collect()
}

/// How many unknown values differ; or the first difference that means something.
fn difference(rendered: &mut Rendered, printed: &str) -> Result<usize, String> {
    let theirs = helms(printed);
    let mut ours: Documents<Value> = Vec::new();
    for document in rendered.documents.iter().filter(|document| document.role != Role::Definition) {
        let value = load_text(&document.text, &mut rendered.origins).map_err(|problem| problem.message)?;
        if !matches!(value.data, Data::Nil) {
            ours.push((document.called.clone(), value));
        }
    }
    let count = |documents: &Documents<Value>| {
        let mut counts: BTreeMap<String, isize> = BTreeMap::new();
        documents.iter().for_each(|(name, _)| *counts.entry(name.clone()).or_default() += 1);
        counts
    };
    let (our_counts, mut their_counts) = (count(&ours), count(&theirs));
    for (name, number) in our_counts {
        *their_counts.entry(name).or_default() -= number;
    }
    if let Some((name, number)) = their_counts.iter().find(|(_, number)| **number != 0) {
        return Err(format!("{name}: {number} more documents of Helm's"));
    }
    let mut unknown = 0;
    for ((name, our), (their_name, their)) in ours.iter().zip(&theirs) {
        if name != their_name {
            return Err(format!("order: {name} where Helm has {their_name}"));
        }
        let path = &mut vec![name.clone()];
        unknown += compare_values(our, their, &rendered.origins, path)
            .map_err(|why| format!("{}: {why}", path.join(" ")))?;
    }
    Ok(unknown)
}

fn compare_values(
    ours: &Value,
    theirs: &Value,
    origins: &Origins,
    path: &mut Vec<String>,
) -> Result<usize, String> {
    let mut unknown = 0;
    let same = match (&ours.data, &theirs.data) {
        (Data::Map(ours), Data::Map(theirs)) => {
            let (ours, theirs) = (ours.borrow(), theirs.borrow());
            for (key, entry) in ours.iter() {
                path.push(key.to_string());
                let Some(their) = theirs.get(key) else { return Err("is not in Helm's".to_owned()) };
                unknown += compare_values(&entry.value, &their.value, origins, path)?;
                path.pop();
            }
            if let Some(key) = theirs.keys().find(|key| !ours.contains_key(*key)) {
                path.push(key.to_string());
                return Err("is not in ours".to_owned());
            }
            true
        }
        (Data::List(ours), Data::List(theirs)) => {
            let (ours, theirs) = (ours.borrow(), theirs.borrow());
            for (at, (our, their)) in ours.iter().zip(theirs.iter()).enumerate() {
                path.push(at.to_string());
                unknown += compare_values(our, their, origins, path)?;
                path.pop();
            }
            ours.len() == theirs.len()
        }
        (Data::Nil, Data::Nil) => true,
        (Data::Bool(a), Data::Bool(b)) => a == b,
        (Data::Float(a), Data::Float(b)) => a == b,
        (Data::Text(a), Data::Text(b)) => a == b,
        _ => false,
    };
    if same {
        return Ok(unknown);
    }
    if origins.unknown(ours.origin).is_some() {
        return Ok(unknown + 1);
    }
    Err(format!("{} where Helm has {}", short(ours), short(theirs)))
}

fn short(value: &Value) -> String {
    let whole = match &value.data {
        Data::Map(map) => format!("{:?}", map.borrow().keys().collect::<Vec<_>>()),
        Data::List(list) => format!("a list of {}", list.borrow().len()),
        data => format!("{data:?}"),
    };
    whole.chars().take(160).collect()
}

/// The charts of a folder as a project: every rendering, on all cores.
fn all_at_once(root: &Utf8Path) {
    let found = chart_files(root);
    let started = Instant::now();
    let mut sources = Sources::default();
    let inside = found.iter().filter_map(|path| path.strip_prefix(root).ok());
    let (charts, _) = Charts::read(root, inside, &mut sources);
    let mut reader = Reader::new(root, &mut sources);
    let jobs = charts.jobs(0..charts.all().len(), &[], Some(KUBERNETES), &mut reader);
    let (sizes, _) =
        charts.render(&jobs, |rendered| rendered.documents.iter().map(|one| one.text.len()).sum::<usize>());
    let bytes: usize = sizes.iter().map(|(size, _)| size).sum();
    println!(
        "{root}: {} renderings, {:.1} MB of text, in {:.2} s on {} threads",
        sizes.len(),
        bytes as f64 / 1e6,
        started.elapsed().as_secs_f64(),
        std::thread::available_parallelism().map_or(1, usize::from)
    );
}

/// How long one chart takes.
struct Timed {
    name: String,
    helm: Duration,
    process: Duration,
    within: Duration,
}

/// Times charts spread evenly over all that Helm renders and that have no values beside their defaults.
fn speed(folders: &[Utf8PathBuf], helm: &str) {
    let mut charts: Vec<Utf8PathBuf> = Vec::new();
    for root in folders {
        let found = chart_files(root);
        let inside = found.iter().filter_map(|path| path.strip_prefix(root).ok());
        let all = Reader::folders(inside).into_iter().map(|folder| root.join(folder));
        charts.extend(all.filter(|chart| !chart.join("ci").exists()));
    }
    let renders = |chart: &&Utf8PathBuf| {
        let asked =
            Command::new(helm).args(["template", chart.as_str(), "--kube-version", KUBERNETES]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    let step = (charts.len() / (TIMED + TIMED / 4)).max(1);
    let chosen: Vec<&Utf8PathBuf> = charts.iter().step_by(step).filter(renders).take(TIMED).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{} of {} charts without ci/, each timed {OFTEN} times, on {cores} cores",
        chosen.len(),
        charts.len()
    );
    let own = env!("CARGO_BIN_EXE_steadfast");
    let (mut all, mut used) = (Vec::new(), [0; 3]);
    for chart in &chosen {
        let mut timed = Timed {
            name: chart.to_string(),
            helm: Duration::MAX,
            process: Duration::MAX,
            within: Duration::MAX,
        };
        for _ in 0..OFTEN {
            let before = processor();
            let asked = ["template", chart.as_str(), "--kube-version", KUBERNETES];
            timed.helm = timed.helm.min(timed_process(helm, &asked));
            let between = processor();
            timed.process = timed.process.min(timed_process(own, &["check", "--isolated", chart.as_str()]));
            let after = processor();
            timed.within = timed.within.min(timed_within(chart));
            let end = processor();
            used[0] += between.children - before.children;
            used[1] += after.children - between.children;
            used[2] += end.own - after.own;
        }
        all.push(timed);
    }
    let mut asked = vec!["check", "--isolated"];
    asked.extend(chosen.iter().map(|chart| chart.as_str()));
    let before = processor();
    let together = (0..OFTEN).map(|_| timed_process(own, &asked)).min().unwrap_or_default();
    let together_used = processor().children - before.children;
    let mut added = Vec::new();
    for one in &all {
        let without: Vec<&str> = asked.iter().copied().filter(|path| *path != one.name).collect();
        let (mut with_it, mut others) = (Duration::MAX, Duration::MAX);
        for _ in 0..PAIRS {
            with_it = with_it.min(timed_process(own, &asked));
            others = others.min(timed_process(own, &without));
        }
        added.push((one.helm, with_it.saturating_sub(others)));
    }

    all.sort_by(|a, b| ratio(a.helm, a.process).total_cmp(&ratio(b.helm, b.process)));
    for one in &all {
        println!(
            "{:6.1} {:6.1}  helm {:7.1?}, a process {:7.1?}, within one {:7.1?}  {}",
            ratio(one.helm, one.process),
            ratio(one.helm, one.within),
            one.helm,
            one.process,
            one.within,
            one.name
        );
    }
    let times = |mut list: Vec<f64>| {
        list.sort_by(f64::total_cmp);
        middle(&list).unwrap_or_default()
    };
    let median = |of: fn(&Timed) -> f64| times(all.iter().map(of).collect());
    let helms = median(|one| one.helm.as_secs_f64() * 1e3);
    let count = all.len().max(1);
    let share = together.as_secs_f64() * 1e3 / count as f64;
    // Hundredths of a second, over all charts and rounds, as milliseconds a chart.
    let each = |used: u64| used as f64 * 10.0 / (count * OFTEN) as f64;
    // What the run takes is shared out, and large charts weigh as much as they are large.
    let mean = all.iter().map(|one| one.helm.as_secs_f64() * 1e3).sum::<f64>() / count as f64;
    println!(
        "helm template, a chart:      {helms:6.2} ms, {mean:.2} ms in the mean, {:6.2} ms of processor time",
        each(used[0])
    );
    println!(
        "all charts in one run:       {share:6.2} ms a chart, {:6.2} ms of processor time: {:.1} times as fast as the median, {:.1} as the mean, {:.1} by processor time",
        each(together_used),
        helms / share,
        mean / share,
        each(used[0]) / each(together_used)
    );
    println!(
        "one more in that run:        {:6.2} ms: {:.1} times as fast, medians of what the run takes longer for each",
        times(added.iter().map(|(_, added)| added.as_secs_f64() * 1e3).collect()),
        times(added.iter().map(|(helm, added)| ratio(*helm, *added)).collect())
    );
    println!(
        "one within a process:        {:6.2} ms, {:6.2} ms of processor time: {:.1} times as fast",
        median(|one| one.within.as_secs_f64() * 1e3),
        each(used[2]),
        median(|one| ratio(one.helm, one.within))
    );
    println!(
        "one as a process of its own: {:6.2} ms, {:6.2} ms of processor time: {:.1} times as fast",
        median(|one| one.process.as_secs_f64() * 1e3),
        each(used[1]),
        median(|one| ratio(one.helm, one.process))
    );
}

fn ratio(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64().max(1e-9)
}

fn timed_process(program: &str, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    let output = Command::new(program).args(arguments).output();
    let took = started.elapsed();
    output.expect("it ran before");
    took
}

/// The same command, where the program has been started already.
fn timed_within(chart: &Utf8Path) -> Duration {
    let started = Instant::now();
    let mut world = World {
        out: &mut std::io::sink(),
        err: &mut std::io::sink(),
        input: &mut std::io::empty(),
        env: &|_| None,
        folder: Utf8PathBuf::from("/"),
        terminal: false,
        err_terminal: false,
        now: utc(jiff::Timestamp::now()),
    };
    run(["steadfast", "check", "--isolated", chart.as_str()].map(Into::into), &mut world);
    started.elapsed()
}

/// Processor time in hundredths of a second, where the system says it.
struct Processor {
    own: u64,
    /// That of the processes that have ended.
    children: u64,
}

fn processor() -> Processor {
    let about = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = about.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    Processor { own: field(11) + field(12), children: field(13) + field(14) }
}

/// Compares what authors of charts keep of what theirs render to.
fn kept(folders: &[Utf8PathBuf]) {
    let (mut files, mut same) = (0, 0);
    for root in folders {
        let found = chart_files(root);
        let inside = found.iter().filter_map(|path| path.strip_prefix(root).ok());
        for folder in Reader::folders(inside) {
            let examples = root.join(&folder).join("examples");
            let Ok(entries) = examples.read_dir_utf8() else { continue };
            let mut names: Vec<String> =
                entries.flatten().map(|entry| entry.file_name().to_owned()).collect();
            names.sort();
            for name in names {
                let example = examples.join(&name);
                let Some(ours) = example_rendered(root, &folder, &example) else { continue };
                for path in files_below(&example.join("rendered")) {
                    let theirs = fs::read_to_string(&path).unwrap_or_default();
                    let Some(source) = theirs.lines().find_map(|line| line.strip_prefix("# Source: ")) else {
                        continue;
                    };
                    let our: Vec<&str> = ours
                        .iter()
                        .filter(|(called, _)| called == source)
                        .flat_map(|(_, text)| telling(text))
                        .collect();
                    let their: Vec<&str> = telling(&theirs).collect();
                    files += 1;
                    same += usize::from(our == their);
                    if let Some((our, their)) = our.iter().zip(&their).find(|(our, their)| our != their) {
                        println!("different: {path}: {our} where it has {their}");
                    } else if our.len() != their.len() {
                        println!("different: {path}: {} lines where it has {}", our.len(), their.len());
                    }
                }
            }
        }
    }
    println!("{files} files that are kept, {same} the same");
}

/// What a chart renders to with the only file of values of an example, by source.
fn example_rendered(root: &Utf8Path, folder: &Utf8Path, example: &Utf8Path) -> Option<Documents<String>> {
    if !example.join("rendered").is_dir() {
        return None;
    }
    let entries = example.read_dir_utf8().ok()?.flatten();
    let values: Vec<Utf8PathBuf> = entries
        .map(|entry| entry.path().to_owned())
        .filter(|path| path.as_str().ends_with("values.yaml"))
        .collect();
    let [values] = values.as_slice() else {
        println!("LEFT OUT {example}: it has {} files of values", values.len());
        return None;
    };
    let mut sources = Sources::default();
    let mut reader = Reader::new(root, &mut sources);
    let chart = reader.chart(folder);
    let path = values.strip_prefix(root).ok()?;
    let settings = Settings {
        values: vec![(path.to_owned(), reader.file(path)?)],
        release: "example".to_owned(),
        kubernetes: "1.29.0".to_owned(),
        ..Settings::default()
    };
    let (rendered, problems) = render(&chart, &settings, &|_| Err("none".to_owned()));
    if let Some(problem) = problems.iter().find(|problem| problem.message.contains("not in charts/")) {
        println!("LEFT OUT {example}: {}", problem.message);
        return None;
    }
    let documents = rendered.into_iter().flat_map(|rendered| rendered.documents);
    Some(documents.map(|document| (document.called.clone(), document.text.as_str().to_owned())).collect())
}

/// The lines that say something that is the same wherever and whenever a chart is printed.
fn telling(text: &str) -> impl Iterator<Item = &str> {
    const CHANGING: [&str; 5] =
        ["checksum/", "configchecksum:", "helm.sh/chart:", "app.kubernetes.io/version:", "chart:"];
    text.lines().map(str::trim_end).filter(|line| {
        let bare = line.trim_start();
        !bare.is_empty()
            && bare != "---"
            && !bare.starts_with("# Source: ")
            && !CHANGING.iter().any(|changing| bare.starts_with(changing))
    })
}

fn files_below(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => open.push(entry.path().to_owned()),
                false => found.push(entry.path().to_owned()),
            }
        }
    }
    found.sort();
    found
}

/// How many values of a chart are changed.
const CHANGED: usize = 40;

/// Changes values of every chart below the folders.
fn provenance(folders: &[Utf8PathBuf]) {
    let mut whole = mutation::Proof::default();
    let mut charts = 0;
    for root in folders {
        let found = chart_files(root);
        let inside = found.iter().filter_map(|path| path.strip_prefix(root).ok());
        for folder in Reader::folders(inside) {
            let mut sources = Sources::default();
            let chart = Reader::new(root, &mut sources).chart(&folder);
            let proof = mutation::prove(&chart, &Settings::default(), CHANGED);
            charts += usize::from(proof.leaves > 0);
            for line in proof.told.iter().take(3) {
                println!("{folder}: {line}");
            }
            whole.add(proof);
        }
    }
    let share = |part: usize, all: usize| 100.0 - 100.0 * part as f64 / all.max(1) as f64;
    println!("{charts} charts: {} values changed, {} of them with an effect", whole.leaves, whole.effective);
    println!(
        "{} bytes became others: {:.2} % had named the value; of {} pieces that are a value's own bytes {:.2} % changed with it",
        whole.changed,
        share(whole.silent, whole.changed),
        whole.exact,
        share(whole.unmoved, whole.exact)
    );
    println!(
        "{} values only brought something in: for {:.2} % it had been said that they leave it out",
        whole.brought,
        share(whole.unannounced, whole.brought)
    );
}
