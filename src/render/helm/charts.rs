//! All charts of a project, each with all the values that it is to be rendered with.
//!
//! That is: what somebody said ([`Wanted`]); else the chart's defaults, and each file of values below its `ci/`.

use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use super::super::Rendered;
use super::super::template::Shelf;
use super::capabilities::{NEWEST_HELM, told_by_a_cluster};
use super::files::File;
use super::read::{ChartFolder, Reader};
use super::render::{Prepared, STACK, Settings, attempt};
use super::said::{Trouble, gather};
use super::set::Kind;
use crate::finding::Diagnostic;
use crate::source::{Place, Sources};

/// What somebody wants a chart to be rendered with.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The chart's folder in the project.
    pub folder: Utf8PathBuf,
    /// What tells it from others of the same chart, where that is not what stands below.
    pub name: Option<String>,
    /// Values; the later ones win.
    pub values: Vec<Given>,
    /// Single values, how they are understood, and where they are written.
    pub set: Vec<(Kind, String, Option<Place>)>,
    /// The release's name.
    pub release: Option<String>,
    /// The release's namespace.
    pub namespace: Option<String>,
    /// The version of Kubernetes.
    pub kubernetes: Option<String>,
    /// Groups and versions of APIs beside the usual ones.
    pub api_versions: Vec<String>,
    /// Whether it has more values, which stand elsewhere.
    pub is_partial: bool,
}

/// Where values stand.
#[derive(Clone, Debug)]
pub enum Given {
    /// In a file of their own, by its path in the project.
    File(Utf8PathBuf),
    /// In a part of a file with this path, of which the text is all that counts.
    Part(Utf8PathBuf, File),
}

impl Given {
    /// The path of the file.
    pub fn path(&self) -> &Utf8PathBuf {
        match self {
            Self::File(path) | Self::Part(path, _) => path,
        }
    }
}

/// The charts of a project, read and ready to be rendered.
#[derive(Debug, Default)]
pub struct Charts {
    charts: Vec<ChartFolder>,
}

/// A chart of [`Charts`], and with what it is to be rendered.
pub type Job = (usize, Vec<Settings>);

impl Charts {
    /// Reads the charts of which `paths` has the Chart.yaml. Their files are added to the sources; what could not be read is said.
    pub fn read<'p>(
        root: &Utf8Path,
        paths: impl Iterator<Item = &'p Utf8Path>,
        sources: &mut Sources,
    ) -> (Self, Vec<Diagnostic>) {
        let folders = Reader::folders(paths);
        let mut reader = Reader::new(root, sources);
        let charts = reader.charts(&folders);
        let problems = std::mem::take(&mut reader.problems);
        (Self { charts }, problems)
    }

    /// With what to render those of these charts that somebody wants, and the others: by what their authors try.
    pub fn jobs(
        &self,
        chosen: impl Iterator<Item = usize>,
        wanted: &[Wanted],
        kubernetes: Option<&str>,
        reader: &mut Reader<'_>,
    ) -> Vec<Job> {
        let mut of: FxHashMap<&Utf8Path, Vec<&Wanted>> = FxHashMap::default();
        for wanted in wanted {
            of.entry(&wanted.folder).or_default().push(wanted);
        }
        let job = |at: usize| {
            let chart = &self.charts[at];
            let settings = match of.get(chart.folder.as_path()) {
                None => tried(chart, kubernetes),
                Some(named) => {
                    named.iter().map(|wanted| settings(wanted, named.len() > 1, kubernetes, reader)).collect()
                }
            };
            (at, settings.into_iter().map(in_a_cluster).collect())
        };
        chosen.map(job).collect()
    }

    /// All of them, in order.
    pub fn all(&self) -> &[ChartFolder] {
        &self.charts
    }

    /// Their folders.
    pub fn folders(&self) -> impl Iterator<Item = &Utf8Path> {
        self.charts.iter().map(|chart| chart.folder.as_path())
    }

    /// Does all jobs, in parallel and in order. `finish` takes what it needs of each rendering, in the thread that made it;
    /// beside it stands whether all of the chart's templates were rendered.
    pub fn render<T: Send>(
        &self,
        jobs: &[Job],
        finish: impl Fn(Rendered) -> T + Sync,
    ) -> (Vec<(T, bool)>, Vec<Diagnostic>) {
        // To start many threads for one rendering takes longer than the rendering.
        let is_one = jobs.iter().map(|(_, settings)| settings.len()).sum::<usize>() < 2;
        let threads = if is_one { 1 } else { rayon::current_num_threads() };
        // What one thread renders of a chart is prepared once; few charts are shared out between the threads.
        let shares = if jobs.len() < threads * 4 { threads } else { 1 };
        let mut all: Vec<(usize, &[Settings])> = Vec::new();
        for (at, settings) in jobs {
            all.extend(settings.chunks(settings.len().div_ceil(shares).max(1)).map(|share| (*at, share)));
        }
        let share = |(at, settings): (usize, &[Settings]), shelf: &mut Shelf| {
            let chart = &self.charts[at];
            let results =
                contained(chart, || Ok(Prepared::new(chart, shelf))).map(|prepared| match prepared {
                    Ok(mut prepared) => settings
                        .iter()
                        .map(|one| {
                            contained(chart, || {
                                let (rendered, trouble) = prepared.render(one, &unread);
                                let is_whole = trouble.stopped.is_empty();
                                Ok((rendered.map(|rendered| (finish(rendered), is_whole)), trouble))
                            })
                        })
                        .collect(),
                    Err(problem) => vec![Err(problem)],
                });
            (at, results.unwrap_or_else(|bug| vec![Err(bug)]))
        };
        let size = |(at, settings): &(usize, &[Settings])| self.charts[*at].size() * settings.len();
        let results = in_parallel(&all, threads, size, share);
        let (mut done, mut troubles) = (Vec::new(), Vec::new());
        for (at, results) in results {
            for result in results {
                let (result, trouble) = result.unwrap_or_else(|problem| {
                    (None, Trouble { problems: vec![problem], ..Trouble::default() })
                });
                done.extend(result);
                troubles.push((at, trouble));
            }
        }
        let by_chart = troubles.chunk_by(|(a, _), (b, _)| a == b);
        let mut problems: Vec<Diagnostic> = Vec::new();
        for problem in by_chart.flat_map(|of_one| gather(of_one.iter().map(|(_, trouble)| trouble))) {
            // A chart may stand in several others.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        (done, problems)
    }
}

/// How much stack a thread that renders has: a template may call itself some hundred times before it ends, and each call
/// takes some.
const DEEP: usize = STACK + (8 << 20);

/// Does all jobs in threads with much stack, the largest first, so that none is left alone with a large one at the end.
/// What comes of them is in the order of the jobs.
fn in_parallel<J: Copy + Sync, T: Send>(
    jobs: &[J],
    threads: usize,
    size: impl Fn(&J) -> usize,
    work: impl Fn(J, &mut Shelf) -> T + Sync,
) -> Vec<T> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_cached_key(|at| Reverse(size(&jobs[*at])));
    let next = AtomicUsize::new(0);
    let worker = || {
        let (mut shelf, mut done) = (Shelf::default(), Vec::new());
        while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*at, work(jobs[*at], &mut shelf)));
        }
        done
    };
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let start = |_| std::thread::Builder::new().stack_size(DEEP).spawn_scoped(scope, worker).ok();
        let started: Vec<_> = (0..threads.min(jobs.len())).map(start).collect();
        let end =
            |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        started.into_iter().flatten().flat_map(end).collect()
    });
    // Where no thread could be started.
    done.extend(worker());
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Keeps a panic in the chart that it happens in.
fn contained<T>(chart: &ChartFolder, work: impl FnOnce() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let says = "steadfast failed while it rendered this chart; everything else was judged";
        Err(Diagnostic { file: Some(chart.folder.join("Chart.yaml").into_string()), ..Diagnostic::bug(says) })
    })
}

/// Renders one chart that something else in the project needs.
pub fn render_needed(chart: &ChartFolder, settings: &Settings) -> (Option<Rendered>, Vec<Diagnostic>) {
    let (rendered, trouble) = attempt(chart, settings, &unread);
    (rendered, gather(std::iter::once(&trouble)))
}

/// A project's settings name no files that single values come from.
fn unread(_: &str) -> Result<String, String> {
    Err("files are not read here".to_owned())
}

/// Charts are judged by what they do in a cluster: one that asks for a kind would print for one that is long gone. And by what the
/// newest Helm makes of them.
fn in_a_cluster(mut settings: Settings) -> Settings {
    settings.api_versions.extend(told_by_a_cluster(&settings.kubernetes));
    settings.helm = NEWEST_HELM;
    settings
}

/// The defaults, and what the chart's authors try.
fn tried(chart: &ChartFolder, kubernetes: Option<&str>) -> Vec<Settings> {
    let mut base = Settings::default();
    if let Some(version) = kubernetes {
        base.kubernetes = version.to_owned();
    }
    let trials = chart.trials.iter().map(|(path, file)| Settings {
        name: path.to_string(),
        values: vec![(path.clone(), file.clone())],
        ..base.clone()
    });
    std::iter::once(base.clone()).chain(trials).collect()
}

/// What somebody wants, with its files read.
pub fn settings(
    wanted: &Wanted,
    several: bool,
    kubernetes: Option<&str>,
    reader: &mut Reader<'_>,
) -> Settings {
    let base = Settings::default();
    let read = |given: &Given| match given {
        Given::File(path) => Some((path.clone(), reader.file(path)?)),
        Given::Part(path, part) => Some((path.clone(), part.clone())),
    };
    let values = wanted.values.iter().filter_map(read).collect();
    let kubernetes = wanted.kubernetes.clone().or_else(|| kubernetes.map(str::to_owned));
    let mut settings = Settings {
        name: String::new(),
        values,
        set: wanted.set.clone(),
        release: wanted.release.clone().unwrap_or(base.release),
        namespace: wanted.namespace.clone().unwrap_or(base.namespace),
        kubernetes: kubernetes.unwrap_or(base.kubernetes),
        api_versions: wanted.api_versions.clone(),
        is_partial: wanted.is_partial,
        helm: base.helm,
    };
    if let Some(name) = wanted.name.as_ref().filter(|_| several) {
        settings.name.clone_from(name);
    } else if several {
        let files = wanted.values.iter().map(|given| given.path().to_string());
        let set = wanted.set.iter().map(|(_, line, _)| line.clone());
        let parts: Vec<String> = wanted.release.iter().cloned().chain(files).chain(set).collect();
        settings.name = parts.join(", ");
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::About;
    use crate::render::helm::files::Files;

    #[test]
    fn a_panic_is_told_of_the_chart_that_it_happens_in() {
        let chart = ChartFolder { folder: "deploy/shop".into(), files: Files::default(), trials: Vec::new() };
        let told = contained::<()>(&chart, || panic!("as if")).err();
        let (about, file) = told.map(|bug| (bug.about, bug.file)).expect("it is told");
        assert_eq!((about, file.as_deref()), (About::Bug, Some("deploy/shop/Chart.yaml")));
    }
}
