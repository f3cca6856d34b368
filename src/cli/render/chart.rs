//! Renders a chart with what the flags and the settings say.

use camino::Utf8Path;

use super::{Args, Printed, Task, document};
use crate::cli::project::Project;
use crate::cli::{Failure, World};
use crate::lint::charts::wanted;
use crate::render::helm::charts::{Given, Wanted, settings};
use crate::render::helm::read::Reader;
use crate::render::helm::render::{STACK, Settings, render};
use crate::render::helm::set::Kind;
use crate::render::{Rendered, Role, provenance};
use crate::source::Sources;
use crate::source::discover::absolute;

/// What the chart renders to; nothing if that failed.
pub(super) fn print(
    task: &Task<'_>,
    sources: &mut Sources,
    world: &World<'_>,
) -> Result<Option<Printed>, Failure> {
    let Task { args, target, project, config } = task;
    let folder = target.strip_prefix(&project.root).unwrap_or(target).to_owned();
    let settings_file = config.register(sources);
    let named = wanted(config, &project.root, settings_file);
    let all = choose(args, &folder, &named, project, world)?;
    let kubernetes = config.kubernetes.map(|version| version.to_string());
    let mut reader = Reader::new(&project.root, sources);
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
        let work = || -> Printed {
            let (mut text, mut found) = (String::new(), Vec::new());
            for settings in &all {
                let (rendered, problems) = render(&chart, settings, &read);
                found.extend(problems);
                if let Some(rendered) = rendered {
                    documents(&mut text, &rendered, args, sources);
                }
            }
            (text, found)
        };
        let thread = std::thread::Builder::new().stack_size(STACK + (8 << 20)).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    let Some((text, found)) = printed else { return Ok(None) };
    for problem in found {
        if !diagnostics.contains(&problem) {
            diagnostics.push(problem);
        }
    }
    Ok(Some((text, diagnostics)))
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
        files.push(Given::File(full.strip_prefix(&project.root).map(Utf8Path::to_owned).unwrap_or(full)));
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

fn documents(out: &mut String, rendered: &Rendered, args: &Args, sources: &Sources) {
    if !rendered.settings.is_empty() {
        out.push_str(&format!("# With: {}\n", rendered.settings));
    }
    for page in &rendered.documents {
        if page.role == Role::Definition && !args.include_crds {
            continue;
        }
        out.push_str(&format!("---\n# Source: {}\n", page.called));
        if args.provenance {
            let because = provenance::put_in(page, rendered, sources);
            if !because.is_empty() {
                out.push_str(&format!("# put in because of {because}\n"));
            }
        }
        document(out, &page.text, &rendered.origins, sources, args.provenance);
    }
    if args.provenance {
        for left in provenance::left_out(rendered, sources) {
            out.push_str(&format!("# {left}\n"));
        }
    }
}
