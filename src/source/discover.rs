//! Which files a run looks at, and how their bytes become text.
//!
//! Reading everything is what makes a linter that knows relations right, so the walk is of the whole project, as git sees
//! it. What is not read is listed with the reason; nothing here fails a run. Which files are wanted is for those above to
//! say: this module knows no format.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use globset::GlobSet;
use ignore::gitignore::Gitignore;
use ignore::{DirEntry, WalkBuilder};

/// How much of a file with an odd name is looked at.
const HEAD: u64 = 2048;

/// Folders that hold other people's files, or no files of people at all.
const NEVER: [&str; 4] = [".git", "node_modules", "vendor", ".terraform"];

/// Whether a file is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The name does not tell; the beginning of the file would.
    Look,
}

/// What to look at.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The folder that paths are shown relative to.
    pub root: Utf8PathBuf,
    /// Files and folders to look at, absolute or relative to the working folder. A file named here is read even if git
    /// ignores it; a folder even if it is a link.
    pub paths: Vec<Utf8PathBuf>,
    /// Paths, relative to the root, that are left out.
    pub excludes: GlobSet,
    /// Which files are wanted, by the path and, where that says [`Want::Look`], by how the file begins.
    pub wants: fn(&Utf8Path, Option<&[u8]>) -> Want,
}

/// What there is to read.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Files, relative to the root with `/`, sorted by their bytes. What lies outside of the root is absolute.
    pub files: Vec<Utf8PathBuf>,
    /// What was found and is not read, sorted by path.
    pub skipped: Vec<Skipped>,
}

/// Something that is not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// The path as it is shown.
    pub path: Utf8PathBuf,
    /// Why.
    pub why: Why,
}

/// Why something is not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It could not be opened or read; what the system says.
    Unreadable(String),
    /// It holds a NUL byte.
    Binary,
    /// It is no UTF-8, nor UTF-16 with a byte order mark.
    NotText,
    /// It is larger than this many bytes.
    TooLarge(u64),
    /// Its name is no UTF-8.
    OddName,
    /// A link to a folder, or out of the project.
    Link,
    /// A link that leads back to a folder above it.
    Loop,
    /// A pipe, a socket, a device.
    NoFile,
    /// It was named, and nothing about it says which format it has.
    NoFormat,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => write!(f, "cannot be read: {reason}"),
            Self::Binary => f.write_str("holds binary data"),
            Self::NotText => f.write_str("is not UTF-8"),
            Self::TooLarge(limit) => write!(f, "is larger than {}", size_in_words(*limit)),
            Self::OddName => f.write_str("has a name that is not UTF-8"),
            Self::Link => f.write_str("is a link to a folder or out of the project"),
            Self::Loop => f.write_str("is a link that leads back to a folder above it"),
            Self::NoFile => f.write_str("is no regular file"),
            Self::NoFormat => f.write_str("has a format that is not known"),
        }
    }
}

/// `8 MiB`; `3 bytes` where no unit fits.
pub fn size_in_words(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        let whole = bytes >> shift;
        if whole > 0 && whole << shift == bytes {
            return format!("{whole} {unit}");
        }
    }
    format!("{bytes} bytes")
}

impl From<io::Error> for Why {
    fn from(error: io::Error) -> Self {
        // Without the number that the system gives it.
        let text = error.to_string();
        Self::Unreadable(text.split(" (os error").next().unwrap_or_default().to_lowercase())
    }
}

/// Finds the files of a project.
///
/// `.gitignore` counts everywhere, also where there is no repository, so that a checkout and an unpacked archive give the
/// same answer. What only one person's machine ignores (`.git/info/exclude`, git's own configuration) does not count.
pub fn discover(walk: &Walk) -> Discovery {
    let root = absolute(&walk.root);
    let real_root = fs::canonicalize(&root).ok();
    let mut found = Found { walk, root: &root, files: Vec::new(), skipped: Vec::new() };
    let mut folders = Vec::new();
    for path in &walk.paths {
        let path = absolute(path);
        match fs::metadata(&path) {
            Ok(about) if about.is_dir() => folders.push(path),
            Ok(about) if about.is_file() => found.named(&path),
            Ok(_) => found.skip(&path, Why::NoFile),
            Err(error) => found.skip(&path, error.into()),
        }
    }
    folders.sort();
    folders.dedup();
    if let Some((first, others)) = folders.split_first() {
        let mut builder = WalkBuilder::new(first);
        for other in others {
            builder.add(other);
        }
        builder
            .hidden(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .follow_links(false)
            .filter_entry(|entry| entry.depth() == 0 || !is_never(entry));
        for entry in builder.build() {
            match entry {
                Ok(entry) => found.entry(&entry, real_root.as_deref()),
                Err(error) => found.failed(&error),
            }
        }
    }
    let Found { mut files, mut skipped, .. } = found;
    // Text sorts by its bytes; paths would compare part by part, which takes ten times as long.
    files.sort_unstable();
    files.dedup();
    skipped.sort_unstable_by(|a, b| a.path.as_str().cmp(b.path.as_str()).then_with(|| a.why.cmp(&b.why)));
    skipped.dedup();
    Discovery { files: files.into_iter().map(Utf8PathBuf::from).collect(), skipped }
}

/// Whether a `.gitignore` of the project leaves a path out, which is relative to `root`. Of a file that is not here this says that
/// somebody makes it where it is needed.
pub fn is_left_out(root: &Utf8Path, path: &Utf8Path) -> bool {
    // The nearest one that speaks of it decides.
    for folder in path.ancestors().skip(1) {
        let (rules, _) = Gitignore::new(root.join(folder).join(".gitignore"));
        let Ok(inside) = path.strip_prefix(folder) else { continue };
        let matched = rules.matched_path_or_any_parents(inside, false);
        if !matched.is_none() {
            return matched.is_ignore();
        }
    }
    false
}

/// An absolute path without `.` and `..`; links are not resolved.
pub fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    let path = camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// Reads a file of at most `limit` bytes.
pub fn read(path: &Utf8Path, limit: u64) -> Result<Arc<str>, Why> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let mut file = File::open(path)?;
    BUFFER.with_borrow_mut(|buffer| {
        let text = read_into(&mut file, limit, buffer).and_then(|length| decode(&buffer[..length]));
        if buffer.len() > 1 << 20 {
            *buffer = Vec::new();
        }
        text
    })
}

/// Fills the buffer, which only grows: to clear it for each file would cost more than to read most of them.
fn read_into(from: &mut impl Read, limit: u64, buffer: &mut Vec<u8>) -> Result<usize, Why> {
    let mut length = 0;
    loop {
        if length == buffer.len() {
            buffer.resize((buffer.len() * 2).max(1 << 16), 0);
        }
        match from.read(&mut buffer[length..]) {
            Ok(0) => return Ok(length),
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        if length as u64 > limit {
            return Err(Why::TooLarge(limit));
        }
    }
}

/// The text that these bytes stand for.
pub fn decode(bytes: &[u8]) -> Result<Arc<str>, Why> {
    let utf16 = |from: fn([u8; 2]) -> u16, bytes: &[u8]| -> Result<Arc<str>, Why> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| from(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        match text {
            Ok(text) if rest.is_empty() && !text.contains('\0') => Ok(text.into()),
            _ => Err(Why::NotText),
        }
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => utf16(u16::from_be_bytes, rest),
        _ if bytes.contains(&0) => Err(Why::Binary),
        _ => std::str::from_utf8(bytes).map(Arc::from).map_err(|_| Why::NotText),
    }
}

struct Found<'w> {
    walk: &'w Walk,
    root: &'w Utf8Path,
    files: Vec<String>,
    skipped: Vec<Skipped>,
}

impl Found<'_> {
    /// The path as it is shown.
    fn shown(&self, path: &Utf8Path) -> String {
        // Nearly every path lies below the root as it is spelt; to compare paths part by part takes much longer.
        let below = path.as_str().strip_prefix(self.root.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let relative = match below {
            Some(below) if !below.is_empty() => Utf8Path::new(below),
            _ => path.strip_prefix(self.root).unwrap_or(path),
        };
        if std::path::MAIN_SEPARATOR == '/' {
            relative.as_str().to_owned()
        } else {
            relative.as_str().replace(std::path::MAIN_SEPARATOR, "/")
        }
    }

    fn skip(&mut self, path: &Utf8Path, why: Why) {
        let path = self.shown(path).into();
        self.skipped.push(Skipped { path, why });
    }

    /// A file that somebody named.
    fn named(&mut self, path: &Utf8Path) {
        match self.is_wanted(path, (self.walk.wants)(path, None)) {
            Ok(true) => self.files.push(self.shown(path)),
            Ok(false) => self.skip(path, Why::NoFormat),
            Err(why) => self.skip(path, why),
        }
    }

    fn is_wanted(&self, path: &Utf8Path, want: Want) -> Result<bool, Why> {
        Ok(match want {
            Want::Yes => true,
            Want::No => false,
            Want::Look => (self.walk.wants)(path, Some(&head(path)?)) == Want::Yes,
        })
    }

    fn entry(&mut self, entry: &DirEntry, real_root: Option<&Path>) {
        let Some(kind) = entry.file_type().filter(|kind| !kind.is_dir()) else { return };
        let Some(path) = Utf8Path::from_path(entry.path()) else {
            let lossy = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
            // Only a name that could be ours is worth a word.
            if (self.walk.wants)(&lossy, None) == Want::Yes {
                self.skip(&lossy, Why::OddName);
            }
            return;
        };
        let want = (self.walk.wants)(path, None);
        if kind.is_symlink() {
            self.link(path, want, real_root);
        } else if kind.is_file() {
            self.candidate(path, want);
        } else if want == Want::Yes {
            self.skip(path, Why::NoFile);
        }
    }

    /// A link to a file of the project is a file; a link to a folder is not followed, nor is one that leads out of the
    /// project: what it points at is none of the project's business.
    fn link(&mut self, path: &Utf8Path, want: Want, real_root: Option<&Path>) {
        let target = match fs::canonicalize(path) {
            Ok(target) => target,
            // A broken link is only missed where a file was expected.
            Err(_) if want != Want::Yes => return,
            Err(error) => return self.skip(path, error.into()),
        };
        if target.is_dir() {
            let above = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
            let is_loop = above.is_some_and(|above| above.starts_with(&target));
            self.skip(path, if is_loop { Why::Loop } else { Why::Link });
        } else if want != Want::No {
            match (target.is_file(), real_root.is_some_and(|root| target.starts_with(root))) {
                (true, true) => self.candidate(path, want),
                (true, false) => self.skip(path, Why::Link),
                (false, _) => self.skip(path, Why::NoFile),
            }
        }
    }

    fn candidate(&mut self, path: &Utf8Path, want: Want) {
        if want == Want::No {
            return;
        }
        let shown = self.shown(path);
        if !self.walk.excludes.is_empty() && self.walk.excludes.is_match(&shown) {
            return;
        }
        // What cannot be opened and has no name of ours is not missed.
        if self.is_wanted(path, want).unwrap_or(false) {
            self.files.push(shown);
        }
    }

    fn failed(&mut self, error: &ignore::Error) {
        let (path, why) = reason(error);
        let path = path.map_or_else(
            || self.root.to_owned(),
            |path| Utf8PathBuf::from(path.to_string_lossy().into_owned()),
        );
        // A line of an ignore file that makes no sense is git's affair.
        if let Some(why) = why {
            self.skip(&path, why);
        }
    }
}

fn reason(error: &ignore::Error) -> (Option<&Path>, Option<Why>) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), reason(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => reason(err),
        ignore::Error::Loop { child, .. } => (Some(child), Some(Why::Loop)),
        ignore::Error::Io(error) => {
            let text = error.to_string();
            (None, Some(Why::Unreadable(text.split(" (os error").next().unwrap_or_default().to_lowercase())))
        }
        _ => (None, None),
    }
}

fn is_never(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
        && NEVER.iter().any(|name| entry.file_name() == OsStr::new(name))
}

fn head(path: &Utf8Path) -> Result<Vec<u8>, Why> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}
