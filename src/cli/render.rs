//! `steadfast render`: what a chart renders to, as `helm template` prints it, and where each line comes from.

use camino::{Utf8Path, Utf8PathBuf};

use super::output::{self, Look};
use super::project::Project;
use super::{CLEAN, COULD_NOT_RUN, Common, FOUND, Failure, World};
use crate::config::{Config, Flags};
use crate::finding::{Diagnostic, Severity};
use crate::lint::charts::wanted;
use crate::outcome::Outcome;
use crate::render::helm::charts::{Wanted, settings};
use crate::render::helm::read::Reader;
use crate::render::helm::render::{STACK, Settings, render};
use crate::render::helm::set::Kind;
use crate::render::{Rendered, Role, provenance};
use crate::source::Sources;
use crate::source::discover::absolute;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  steadfast render deploy/shop\n  steadfast render deploy/shop --values prod.yaml --set image.tag=1.2\n  \
                  steadfast render deploy/shop --provenance"
)]
pub(super) struct Args {
    /// The folder of a chart
    #[arg(value_name = "CHART")]
    chart: Utf8PathBuf,
    /// A file of values; may be given several times, and the later ones win
    #[arg(long, short = 'f', value_name = "FILE", help_heading = "Values")]
    values: Vec<Utf8PathBuf>,
    /// Values: `image.tag=1.2,replicas=3`
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Values")]
    set: Vec<String>,
    /// Values that are text, whatever they look like
    #[arg(long, value_name = "KEY=TEXT", help_heading = "Values")]
    set_string: Vec<String>,
    /// Values in JSON
    #[arg(long, value_name = "KEY=JSON", help_heading = "Values")]
    set_json: Vec<String>,
    /// Values that are the text of a file
    #[arg(long, value_name = "KEY=FILE", help_heading = "Values")]
    set_file: Vec<String>,
    /// The release's name
    #[arg(long, value_name = "NAME", help_heading = "Release")]
    release: Option<String>,
    /// The release's namespace
    #[arg(long, short = 'n', value_name = "NAME", help_heading = "Release")]
    namespace: Option<String>,
    /// The version of Kubernetes that templates meet
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    kube_version: Option<String>,
    /// What the cluster has beside the usual: `monitoring.coreos.com/v1`
    #[arg(long, short = 'a', value_name = "VERSION", value_delimiter = ',', help_heading = "Release")]
    api_versions: Vec<String>,
    /// Print what lies in crds/, too
    #[arg(long, help_heading = "Output")]
    include_crds: bool,
    /// Say beside each line where it comes from
    #[arg(long, help_heading = "Output")]
    provenance: bool,
    #[command(flatten)]
    common: Common,
}

/// What a folder holds that can be rendered.
enum Folder {
    Chart,
}

fn kind(folder: &Utf8Path, shown: &Utf8Path) -> Result<Folder, Failure> {
    if folder.join("Chart.yaml").is_file() {
        return Ok(Folder::Chart);
    }
    Err(Failure::new(format!("{shown} holds no chart")).help("a chart is a folder with a Chart.yaml"))
}

/// Runs the command.
pub(super) fn run(args: Args, world: &mut World<'_>) -> Result<u8, Failure> {
    let here = world.folder.clone();
    let target = absolute(&here.join(&args.chart));
    let project = Project::find(std::slice::from_ref(&args.chart), &args.common, world)?;
    let look = project.look(args.common.color, world);
    let today = super::today(None, world)?;
    let config = match project.settings(&args.common, Flags::default(), today, world)? {
        Ok(config) => config,
        Err(refused) => {
            output::beside(&refused, &look, world)?;
            return Ok(COULD_NOT_RUN);
        }
    };
    match kind(&target, &args.chart)? {
        Folder::Chart => chart(&args, &target, &project, &config, &look, world),
    }
}

/// Renders a chart, and prints it.
fn chart(
    args: &Args,
    target: &Utf8Path,
    project: &Project,
    config: &Config,
    look: &Look,
    world: &mut World<'_>,
) -> Result<u8, Failure> {
    let target = target.canonicalize_utf8().map_err(|error| Failure::new(format!("{target}: {error}")))?;
    let folder = target.strip_prefix(&project.root).unwrap_or(&target).to_owned();
    let mut sources = Sources::default();
    let settings_file = config.register(&mut sources);
    let named = wanted(config, &project.root, settings_file);
    let all = choose(args, &folder, &named, project, world)?;
    let kubernetes = config.kubernetes.map(|version| version.to_string());
    let mut reader = Reader::new(&project.root, &mut sources);
    let chart = reader.chart(&folder);
    let all: Vec<Settings> = all
        .iter()
        .map(|wanted| settings(wanted, all.len() > 1, kubernetes.as_deref(), &mut reader))
        .collect();
    let mut diagnostics = std::mem::take(&mut reader.problems);
    let here = world.folder.clone();
    let read = move |path: &str| {
        std::fs::read_to_string(here.join(path)).map_err(|error| format!("{path} cannot be read: {error}"))
    };
    // A template may call itself some hundred times before it ends, and each call takes some stack.
    let printed = std::thread::scope(|scope| {
        let work = || -> (String, Vec<Diagnostic>) {
            let (mut text, mut found) = (String::new(), Vec::new());
            for settings in &all {
                let (rendered, problems) = render(&chart, settings, &read);
                found.extend(problems);
                if let Some(rendered) = rendered {
                    print(&mut text, &rendered, args, &sources);
                }
            }
            (text, found)
        };
        let thread = std::thread::Builder::new().stack_size(STACK + (8 << 20)).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    let Some((text, found)) = printed else { return Err(Failure::new("steadfast failed while rendering")) };
    world.out.write_all(text.as_bytes())?;
    for problem in found {
        if !diagnostics.contains(&problem) {
            diagnostics.push(problem);
        }
    }
    if diagnostics.is_empty() {
        return Ok(CLEAN);
    }
    let is_grave = diagnostics.iter().any(|problem| problem.severity == Severity::Error);
    let outcome = Outcome { sources, diagnostics, failed: true, ..Outcome::default() };
    output::beside(&outcome, look, world)?;
    Ok(if is_grave { FOUND } else { CLEAN })
}

/// With what the chart is rendered: what the flags say, else what the settings say of it, else its defaults.
fn choose(
    args: &Args,
    folder: &Utf8Path,
    named: &[Wanted],
    project: &Project,
    world: &World<'_>,
) -> Result<Vec<Wanted>, Failure> {
    let set = [
        (&args.set, Kind::Typed),
        (&args.set_string, Kind::Text),
        (&args.set_json, Kind::Json),
        (&args.set_file, Kind::File),
    ];
    let set: Vec<_> = set
        .into_iter()
        .flat_map(|(lines, kind)| lines.iter().map(move |line| (kind, line.clone(), None)))
        .collect();
    let mut files = Vec::new();
    for path in &args.values {
        let full = absolute(&world.folder.join(path));
        if !full.is_file() {
            return Err(Failure::new(format!("there is no file {path} with values")));
        }
        files.push(full.strip_prefix(&project.root).map(Utf8Path::to_owned).unwrap_or(full));
    }
    let here: Vec<Wanted> = named.iter().filter(|wanted| wanted.folder == folder).cloned().collect();
    let mut all = if here.is_empty() || !files.is_empty() || !set.is_empty() {
        vec![Wanted { folder: folder.to_owned(), values: files, set, ..Wanted::default() }]
    } else {
        here
    };
    for wanted in &mut all {
        wanted.release = args.release.clone().or_else(|| wanted.release.take());
        wanted.namespace = args.namespace.clone().or_else(|| wanted.namespace.take());
        wanted.kubernetes = args.kube_version.clone().or_else(|| wanted.kubernetes.take());
        wanted.api_versions.extend(args.api_versions.iter().cloned());
    }
    Ok(all)
}

/// The column at which it is said where a line comes from, unless the line is longer.
const COLUMN: usize = 64;

fn print(out: &mut String, rendered: &Rendered, args: &Args, sources: &Sources) {
    if !rendered.settings.is_empty() {
        out.push_str(&format!("# With: {}\n", rendered.settings));
    }
    for document in &rendered.documents {
        if document.role == Role::Definition && !args.include_crds {
            continue;
        }
        out.push_str(&format!("---\n# Source: {}\n", document.called));
        if !args.provenance {
            out.push_str(document.text.as_str());
            if !document.text.as_str().ends_with('\n') {
                out.push('\n');
            }
            continue;
        }
        let because = provenance::put_in(document, rendered, sources);
        if !because.is_empty() {
            out.push_str(&format!("# put in because of {because}\n"));
        }
        let told = provenance::lines(&document.text, &rendered.origins, sources);
        for (line, from) in document.text.as_str().lines().zip(told) {
            let gap = COLUMN.saturating_sub(line.chars().count()).max(1);
            out.push_str(&format!("{line}{:gap$}# {from}\n", ""));
        }
    }
    if args.provenance {
        for left in provenance::left_out(rendered, sources) {
            out.push_str(&format!("# {left}\n"));
        }
    }
}
