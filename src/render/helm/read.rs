//! Reads charts from disk: as Helm walks a folder, but never out of the project, and archives as the folders that they hold.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use super::archive::{MAX_CHART, MAX_FILE, unpack};
use super::files::{Content, File, Files};
use super::ignore::Ignore;
use super::{error, warning};
use crate::finding::{Diagnostic, Severity};
use crate::source::{FileId, SourceFile, Sources};

/// How deep folders may lie in a chart, and archives in archives.
const MAX_DEPTH: usize = 48;
/// Folders that belong to no chart, whatever lies around them.
const NEVER: [&str; 2] = [".git", "node_modules"];

/// A chart's folder, and what was read from it.
#[derive(Debug)]
pub struct ChartFolder {
    /// Its path in the project.
    pub folder: Utf8PathBuf,
    /// Its files.
    pub files: Files,
    /// The files of values below `ci/`, with which its authors try it.
    pub trials: Vec<(Utf8PathBuf, File)>,
}

/// Reads files of a project, and gives each its place among the sources.
#[derive(Debug)]
pub struct Reader<'s> {
    root: Utf8PathBuf,
    real_root: Utf8PathBuf,
    sources: &'s mut Sources,
    known: FxHashMap<Utf8PathBuf, FileId>,
    /// What could not be read.
    pub problems: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    /// A reader of the project in `root`. What is among the sources already is not read again.
    pub fn new(root: &Utf8Path, sources: &'s mut Sources) -> Self {
        let real_root = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        let known = sources.iter().map(|(id, file)| (file.path.clone(), id)).collect();
        Self { root: root.to_owned(), real_root, sources, known, problems: Vec::new() }
    }

    /// The folders of charts of which these files are the Chart.yaml. What lies in the `charts/` of another chart is rendered
    /// through that one alone.
    pub fn folders<'p>(paths: impl Iterator<Item = &'p Utf8Path>) -> Vec<Utf8PathBuf> {
        let charts = paths.filter(|path| path.file_name() == Some("Chart.yaml"));
        let mut folders: Vec<_> = charts.filter_map(|path| path.parent()).map(Utf8Path::to_owned).collect();
        folders.sort();
        let all = folders.clone();
        folders.retain(|folder| {
            let inner = folder.ancestors().skip(1).filter(|above| above.file_name() == Some("charts"));
            !inner.filter_map(Utf8Path::parent).any(|chart| all.binary_search(&chart.to_owned()).is_ok())
        });
        folders
    }

    /// Reads the chart in a folder.
    pub fn chart(&mut self, folder: &Utf8Path) -> ChartFolder {
        let ignore = match fs::read_to_string(self.root.join(folder).join(".helmignore")) {
            Ok(text) => Ignore::read(&text),
            Err(_) => Ignore::read(""),
        };
        let ignore = match ignore {
            Ok(ignore) => Some(ignore),
            Err(wrong) => {
                self.about(&folder.join(".helmignore"), &wrong, Severity::Error);
                None
            }
        };
        let mut files = Files::default();
        let mut walk =
            Walk { ignore: ignore.as_ref(), budget: MAX_CHART, files: &mut files, above: Vec::new() };
        self.folder(folder, "", &mut walk);
        self.local_dependencies(folder, &mut walk);
        let trials = self.trials(folder);
        ChartFolder { folder: folder.to_owned(), files, trials }
    }

    /// The path and the text of a file that was read.
    pub fn known(&self, file: FileId) -> (Utf8PathBuf, std::sync::Arc<str>) {
        let file = self.sources.get(file);
        (file.path.clone(), file.text.clone())
    }

    /// Reads one file; the path is relative to the project.
    pub fn file(&mut self, path: &Utf8Path) -> Option<File> {
        let real = match self.root.join(path).canonicalize_utf8() {
            Ok(real) => real,
            Err(wrong) => {
                self.about(path, &format!("cannot be read: {wrong}"), Severity::Error);
                return None;
            }
        };
        self.content(path, &real, &mut MAX_CHART.clone())
    }

    fn about(&mut self, path: &Utf8Path, says: &str, severity: Severity) {
        let say = if severity == Severity::Error { error } else { warning };
        let mut problem = say(None, format!("{path}: {says}"), "");
        problem.file = Some(path.to_string());
        self.problems.push(problem);
    }

    fn folder(&mut self, path: &Utf8Path, inside: &str, walk: &mut Walk<'_>) {
        let Ok(real) = self.root.join(path).canonicalize_utf8() else { return };
        if walk.above.contains(&real) || walk.above.len() > MAX_DEPTH {
            return self.about(path, "is a link that leads back to a folder above it", Severity::Warning);
        }
        let Ok(entries) = fs::read_dir(&real) else { return };
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        walk.above.push(real.clone());
        for name in names {
            let here = format!("{inside}{name}");
            let shown = path.join(&name);
            let Ok(target) = real.join(&name).canonicalize_utf8() else { continue };
            let Ok(about) = fs::metadata(&target) else { continue };
            let leaves_out = |ignore: &Ignore| ignore.leaves_out(&here, about.is_dir());
            if walk.ignore.is_some_and(leaves_out) || NEVER.contains(&name.as_str()) {
                continue;
            }
            if !target.starts_with(&self.real_root) {
                self.about(&shown, "is a link out of the project, and is left out", Severity::Warning);
            } else if about.is_dir() {
                self.folder(&shown, &format!("{here}/"), walk);
            } else if !about.is_file() {
                self.about(&shown, "is no regular file, and Helm refuses the chart for it", Severity::Error);
            } else if name.ends_with(".tgz") && is_in_charts(inside) {
                if let Ok(bytes) = fs::read(&target) {
                    self.archive(&shown, &here, &bytes, 0, walk);
                }
            } else if let Some(file) = self.content(&shown, &target, &mut walk.budget) {
                walk.files.insert(here, file);
            }
        }
        walk.above.pop();
    }

    fn content(&mut self, shown: &Utf8Path, real: &Utf8Path, budget: &mut usize) -> Option<File> {
        if let Some(id) = self.known.get(shown) {
            let text = &self.sources.get(*id).text;
            if !text.starts_with('\u{feff}') {
                return Some(File { id: *id, content: Content::Text(text.clone()) });
            }
        }
        let size = fs::metadata(real).map_or(0, |about| about.len()) as usize;
        if size > MAX_FILE || size > *budget {
            self.about(shown, "is larger than a file of a chart may be, and is left out", Severity::Warning);
            return None;
        }
        *budget -= size;
        match fs::read(real) {
            Ok(bytes) => Some(self.add(shown, &bytes)),
            Err(wrong) => {
                self.about(shown, &format!("cannot be read: {wrong}"), Severity::Error);
                None
            }
        }
    }

    fn add(&mut self, shown: &Utf8Path, bytes: &[u8]) -> File {
        let content = Content::of(bytes);
        let text = match &content {
            Content::Text(text) => text.clone(),
            Content::Bytes(_) => "".into(),
        };
        let id = self.sources.push(SourceFile::new(shown, text));
        self.known.insert(shown.to_owned(), id);
        File { id, content }
    }

    fn archive(&mut self, shown: &Utf8Path, inside: &str, bytes: &[u8], depth: usize, walk: &mut Walk<'_>) {
        let members = match unpack(bytes, &mut walk.budget) {
            Ok(members) => members,
            Err(says) => return self.about(shown, &says, Severity::Error),
        };
        for member in members {
            let (shown, here) = (shown.join(&member.path), format!("{inside}/{}", member.path));
            let folder = member.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if member.path.ends_with(".tgz") && is_in_charts(&format!("{folder}/")) {
                if depth < MAX_DEPTH {
                    self.archive(&shown, &here, &member.bytes, depth + 1, walk);
                }
            } else {
                let file = self.add(&shown, &member.bytes);
                walk.files.insert(here, file);
            }
        }
    }

    /// Charts that lie elsewhere in the project, and that Helm would copy into `charts/`.
    fn local_dependencies(&mut self, folder: &Utf8Path, walk: &mut Walk<'_>) {
        let lists: Vec<_> = ["Chart.yaml", "requirements.yaml"]
            .into_iter()
            .filter_map(|name| Some(walk.files.get(name)?.content.text()))
            .collect();
        for line in lists.iter().flat_map(|text| text.lines()) {
            let Some((_, path)) = line.split_once("file://") else { continue };
            let path = path.trim_end_matches(['"', '\'', ' ', '\r', '/']);
            let target = crate::source::discover::absolute(&self.root.join(folder).join(path));
            let Ok(shown) = target.strip_prefix(&self.root).map(Utf8Path::to_owned) else { continue };
            let Some(name) = shown.file_name().filter(|_| target.join("Chart.yaml").is_file()) else {
                continue;
            };
            // A `~` comes behind everything that is in charts/ itself, which is preferred.
            let here = format!("charts/~{name}/");
            if !walk.files.below(&here).any(|_| true) && shown != folder {
                let mut walk =
                    Walk { ignore: None, budget: walk.budget, files: walk.files, above: Vec::new() };
                self.folder(&shown, &here, &mut walk);
            }
        }
    }

    fn trials(&mut self, folder: &Utf8Path) -> Vec<(Utf8PathBuf, File)> {
        let Ok(entries) = self.root.join(folder).join("ci").read_dir_utf8() else { return Vec::new() };
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_owned()));
        let mut names: Vec<String> = names.filter(|name| name.ends_with("values.yaml")).collect();
        names.sort();
        let read = |name: String| {
            let path = folder.join("ci").join(&name);
            Some((Utf8PathBuf::from("ci").join(name), self.file(&path)?))
        };
        names.into_iter().filter_map(read).collect()
    }
}

/// Whether a folder (ending in `/`) holds charts of a chart.
fn is_in_charts(folder: &str) -> bool {
    folder == "charts/" || folder.ends_with("/charts/")
}

struct Walk<'f> {
    ignore: Option<&'f Ignore>,
    budget: usize,
    files: &'f mut Files,
    /// The folders above, to notice links that lead back.
    above: Vec<Utf8PathBuf>,
}
