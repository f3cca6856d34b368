//! Reads charts from disk: as Helm walks a folder, but never out of the project, and archives as the folders that they hold.

use std::cell::RefCell;
use std::fs;
use std::io::Read;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

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

impl ChartFolder {
    /// How many bytes its templates and values have: what it costs to render it is about that.
    pub(super) fn size(&self) -> usize {
        let counts = |path: &str| path.contains("templates/") || path.ends_with("values.yaml");
        self.files
            .below("")
            .filter(|(path, _)| counts(path))
            .map(|(_, file)| file.content.bytes().len())
            .sum()
    }
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

/// So few charts are read one after the other: to wake other threads takes longer.
const FEW: usize = 4;

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
        let looked = self.look().chart(folder);
        self.take(looked)
    }

    /// Reads the charts in these folders, in parallel.
    pub(super) fn charts(&mut self, folders: &[Utf8PathBuf]) -> Vec<ChartFolder> {
        if folders.len() < FEW {
            return folders.iter().map(|folder| self.chart(folder)).collect();
        }
        let look = |folder: &Utf8PathBuf| self.look().chart(folder);
        let looked: Vec<_> = folders.par_iter().map(look).collect();
        looked.into_iter().map(|looked| self.take(looked)).collect()
    }

    fn look(&self) -> Look<'_> {
        Look {
            root: &self.root,
            real_root: &self.real_root,
            sources: self.sources,
            known: &self.known,
            new: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Gives the files that were read their places among the sources.
    fn take(&mut self, (mut chart, new, problems): (ChartFolder, Vec<New>, Vec<Diagnostic>)) -> ChartFolder {
        self.problems.extend(problems);
        for New { shown, inside, text } in new {
            // Another chart may have read it, too; an archive may hold two files of one name.
            let known = self.known.get(&shown).copied();
            let id = known.filter(|id| self.sources.get(*id).text == text).unwrap_or_else(|| {
                let id = self.sources.push(SourceFile::new(shown.clone(), text));
                self.known.insert(shown, id);
                id
            });
            let file = match inside {
                Inside::Chart(path) => chart.files.get_mut(&path),
                Inside::Trials(path) => {
                    chart.trials.iter_mut().find(|(trial, _)| *trial == path).map(|(_, file)| file)
                }
            };
            if let Some(file) = file {
                file.id = id;
            }
        }
        chart
    }

    /// The path and the text of a file that was read.
    pub fn known(&self, file: FileId) -> (Utf8PathBuf, std::sync::Arc<str>) {
        let file = self.sources.get(file);
        (file.path.clone(), file.text.clone())
    }

    /// Reads one file; the path is relative to the project.
    pub fn file(&mut self, path: &Utf8Path) -> Option<File> {
        let mut look = self.look();
        let read = look.file(path, Inside::Trials(path.to_owned()));
        let Look { new, problems, .. } = look;
        let trials = read.into_iter().map(|file| (path.to_owned(), file)).collect();
        let chart = ChartFolder { folder: Utf8PathBuf::new(), files: Files::default(), trials };
        self.take((chart, new, problems)).trials.pop().map(|(_, file)| file)
    }
}

/// A file that is not among the sources.
struct New {
    shown: Utf8PathBuf,
    inside: Inside,
    text: Arc<str>,
}

/// Where a file stands in a chart.
enum Inside {
    Chart(String),
    Trials(Utf8PathBuf),
}

/// The place of a file that has none yet.
const NEW: FileId = FileId(u32::MAX);

/// Looks at what is on disk.
struct Look<'r> {
    root: &'r Utf8Path,
    real_root: &'r Utf8Path,
    sources: &'r Sources,
    known: &'r FxHashMap<Utf8PathBuf, FileId>,
    new: Vec<New>,
    problems: Vec<Diagnostic>,
}

impl Look<'_> {
    fn chart(mut self, folder: &Utf8Path) -> (ChartFolder, Vec<New>, Vec<Diagnostic>) {
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
        (ChartFolder { folder: folder.to_owned(), files, trials }, self.new, self.problems)
    }

    fn file(&mut self, path: &Utf8Path, inside: Inside) -> Option<File> {
        let real = match self.root.join(path).canonicalize_utf8() {
            Ok(real) => real,
            Err(wrong) => {
                self.about(path, &format!("cannot be read: {wrong}"), Severity::Error);
                return None;
            }
        };
        self.content(path, &real, inside, &mut MAX_CHART.clone())
    }

    fn about(&mut self, path: &Utf8Path, says: &str, severity: Severity) {
        let say = if severity == Severity::Error { error } else { warning };
        let mut problem = say(None, format!("{path}: {says}"), "");
        problem.file = Some(path.to_string());
        self.problems.push(problem);
    }

    fn folder(&mut self, path: &Utf8Path, inside: &str, walk: &mut Walk<'_>) {
        let Ok(real) = self.root.join(path).canonicalize_utf8() else { return };
        self.real_folder(path, real, inside, walk);
    }

    fn real_folder(&mut self, path: &Utf8Path, real: Utf8PathBuf, inside: &str, walk: &mut Walk<'_>) {
        if walk.above.contains(&real) || walk.above.len() > MAX_DEPTH {
            return self.about(path, "is a link that leads back to a folder above it", Severity::Warning);
        }
        let Ok(entries) = fs::read_dir(&real) else { return };
        let mut names: Vec<(String, fs::FileType)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.file_name().into_string().ok()?, entry.file_type().ok()?))
            })
            .collect();
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        walk.above.push(real.clone());
        for (name, kind) in names {
            let here = format!("{inside}{name}");
            let shown = path.join(&name);
            let mut target = real.join(&name);
            let mut about = kind;
            if kind.is_symlink() {
                let Ok(led) = target.canonicalize_utf8() else { continue };
                let Ok(there) = fs::metadata(&led) else { continue };
                (target, about) = (led, there.file_type());
            }
            let leaves_out = |ignore: &Ignore| ignore.leaves_out(&here, about.is_dir());
            if walk.ignore.is_some_and(leaves_out) || NEVER.contains(&name.as_str()) {
                continue;
            }
            if !target.starts_with(self.real_root) {
                self.about(&shown, "is a link out of the project, and is left out", Severity::Warning);
            } else if about.is_dir() {
                self.real_folder(&shown, target, &format!("{here}/"), walk);
            } else if !about.is_file() {
                self.about(&shown, "is no regular file, and Helm refuses the chart for it", Severity::Error);
            } else if name.ends_with(".tgz") && is_in_charts(inside) {
                if let Ok(bytes) = fs::read(&target) {
                    self.archive(&shown, &here, &bytes, 0, walk);
                }
            } else if let Some(file) =
                self.content(&shown, &target, Inside::Chart(here.clone()), &mut walk.budget)
            {
                walk.files.insert(here, file);
            }
        }
        walk.above.pop();
    }

    fn content(
        &mut self,
        shown: &Utf8Path,
        real: &Utf8Path,
        inside: Inside,
        budget: &mut usize,
    ) -> Option<File> {
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
        // For each file new memory: that would cost as much as to read it.
        thread_local! {
            static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        BUFFER.with_borrow_mut(|buffer| {
            buffer.clear();
            match fs::File::open(real).and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(buffer)) {
                Ok(_) => Some(self.add(shown, inside, buffer)),
                Err(wrong) => {
                    self.about(shown, &format!("cannot be read: {wrong}"), Severity::Error);
                    None
                }
            }
        })
    }

    fn add(&mut self, shown: &Utf8Path, inside: Inside, bytes: &[u8]) -> File {
        let content = Content::of(bytes);
        let text = match &content {
            Content::Text(text) => text.clone(),
            Content::Bytes(_) => "".into(),
        };
        self.new.push(New { shown: shown.to_owned(), inside, text });
        File { id: NEW, content }
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
                let file = self.add(&shown, Inside::Chart(here.clone()), &member.bytes);
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
            let Ok(shown) = target.strip_prefix(self.root).map(Utf8Path::to_owned) else { continue };
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
            let (path, inside) = (folder.join("ci").join(&name), Utf8PathBuf::from("ci").join(name));
            let file = self.file(&path, Inside::Trials(inside.clone()))?;
            Some((inside, file))
        };
        names.into_iter().filter_map(read).collect()
    }
}

/// The folders of charts.
#[derive(Debug, Default)]
pub struct ChartFolders(FxHashSet<String>);

impl FromIterator<Utf8PathBuf> for ChartFolders {
    fn from_iter<I: IntoIterator<Item = Utf8PathBuf>>(folders: I) -> Self {
        Self(folders.into_iter().map(Utf8PathBuf::into_string).collect())
    }
}

impl ChartFolders {
    /// Whether a file is a part of a chart. Beside those may lie what has nothing to do with the chart.
    pub fn have(&self, path: &Utf8Path) -> bool {
        self.inside(path).any(is_ingredient)
    }

    /// Whether a file lies in the folder of a chart, and so may be what its templates print.
    pub fn hold(&self, path: &Utf8Path) -> bool {
        self.inside(path).next().is_some()
    }

    /// Whether a file is data of a chart: it lies where charts keep what their templates print.
    pub fn have_data(&self, path: &Utf8Path) -> bool {
        self.inside(path).any(|inside| inside.starts_with("files/"))
    }

    /// The path of a file in each chart that it lies in. Every file is asked, so paths are not taken apart for that.
    fn inside<'p>(&self, path: &'p Utf8Path) -> impl Iterator<Item = &'p str> {
        let path = path.as_str();
        let above = path.rmatch_indices('/').map(move |(at, _)| (&path[..at], &path[at + 1..]));
        let whole = (!path.starts_with('/')).then_some(("", path));
        above.chain(whole).filter(|(folder, _)| self.0.contains(*folder)).map(|(_, inside)| inside)
    }
}

fn is_ingredient(inside: &str) -> bool {
    let mut parts = inside.split('/');
    match (parts.next(), parts.next()) {
        (Some("templates" | "charts" | "crds" | "ci"), Some(_)) => true,
        (Some(name), None) => name == "Chart.yaml" || name.contains("values"),
        _ => false,
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::archive::tests::archive;
    use super::*;

    /// A folder that is gone when the test ends.
    struct Folder(Utf8PathBuf);

    impl Folder {
        fn new(files: &[(&str, &[u8])]) -> Self {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("steadfast-chart-{}-{count}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder for the test");
            let path =
                Utf8PathBuf::from_path_buf(path).expect("UTF-8").canonicalize_utf8().expect("it exists");
            for (name, bytes) in files {
                let file = path.join(name);
                fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for the file");
                fs::write(file, bytes).expect("a file for the test");
            }
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn paths(chart: &ChartFolder) -> Vec<&str> {
        chart.files.below("").map(|(path, _)| path).collect()
    }

    #[test]
    fn charts_of_charts_are_no_charts_of_their_own() {
        let paths = [
            "a/Chart.yaml",
            "a/charts/b/Chart.yaml",
            "charts/c/Chart.yaml",
            "a/x/Chart.yaml",
            "a/values.yaml",
        ];
        assert_eq!(Reader::folders(paths.iter().map(Utf8Path::new)), ["a", "a/x", "charts/c"]);
    }

    #[test]
    fn folders_archives_and_what_is_left_out() {
        let inner =
            archive(&[("in/Chart.yaml", b'0', b"name: in\n"), ("in/templates/x.yaml", b'0', b"a: 1\n")]);
        let packed =
            archive(&[("lib/Chart.yaml", b'0', b"name: lib\n"), ("lib/charts/in-1.tgz", b'0', &inner)]);
        let hostile = archive(&[("bad/../../x", b'0', b"")]);
        let folder = Folder::new(&[
            ("deploy/shop/Chart.yaml", b"name: shop\ndependencies:\n- repository: \"file://../near\"\n"),
            ("deploy/shop/.helmignore", b"ci/\n*.bak\n"),
            ("deploy/shop/values.yaml", b"\xef\xbb\xbfa: 1\n"),
            ("deploy/shop/values.bak", b"a: 2\n"),
            ("deploy/shop/templates/.hidden", b""),
            ("deploy/shop/logo.png", b"\xff\xfe\x00\x01"),
            ("deploy/shop/ci/test-values.yaml", b"a: 3\n"),
            ("deploy/shop/ci/README.md", b""),
            ("deploy/shop/charts/lib-1.tgz", &packed),
            ("deploy/shop/charts/bad-1.tgz", &hostile),
            ("deploy/near/Chart.yaml", b"name: near\n"),
        ]);
        let mut sources = Sources::default();
        let mut reader = Reader::new(&folder.0, &mut sources);
        let chart = reader.chart(Utf8Path::new("deploy/shop"));
        let said: Vec<_> = reader.problems.iter().map(|problem| problem.message.clone()).collect();
        assert_eq!(said, ["deploy/shop/charts/bad-1.tgz: holds a file that leaves it: `bad/../../x`"]);
        assert_eq!(
            paths(&chart),
            [
                ".helmignore",
                "Chart.yaml",
                "charts/lib-1.tgz/Chart.yaml",
                "charts/lib-1.tgz/charts/in-1.tgz/Chart.yaml",
                "charts/lib-1.tgz/charts/in-1.tgz/templates/x.yaml",
                "charts/~near/Chart.yaml",
                "logo.png",
                "values.yaml",
            ]
        );
        let trials: Vec<_> = chart.trials.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(trials, ["ci/test-values.yaml"]);
        let text = |path: &str| chart.files.get(path).map(|file| file.content.text().to_string());
        assert_eq!(text("values.yaml").as_deref(), Some("a: 1\n"), "without the byte order mark");
        let shown = |path: &str| chart.files.get(path).map(|file| sources.path(file.id).to_string());
        assert_eq!(shown("charts/~near/Chart.yaml").as_deref(), Some("deploy/near/Chart.yaml"));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_in_the_project() {
        use std::os::unix::fs::symlink;
        let outside = Folder::new(&[("secret", b"x")]);
        let folder = Folder::new(&[
            ("c/Chart.yaml", b"name: c\n"),
            ("shared/x.yaml", b"a: 1\n"),
            ("c/templates/a", b""),
        ]);
        symlink(folder.0.join("shared"), folder.0.join("c/templates/shared")).expect("a link");
        symlink(outside.0.join("secret"), folder.0.join("c/secret")).expect("a link");
        symlink(folder.0.join("c"), folder.0.join("c/again")).expect("a link");
        let mut sources = Sources::default();
        let mut reader = Reader::new(&folder.0, &mut sources);
        let chart = reader.chart(Utf8Path::new("c"));
        assert_eq!(paths(&chart), ["Chart.yaml", "templates/a", "templates/shared/x.yaml"]);
        assert_eq!(reader.problems.len(), 2, "{:?}", reader.problems);
    }
}
