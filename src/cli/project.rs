//! Where the project is, and what its settings say.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::Date;

use super::output::Look;
use super::{Color, Common, Failure, World};
use crate::config::{Config, ConfigFile, FILE_NAMES, Flags, Problem};
use crate::finding::Severity;
use crate::lint::{self, Inputs};
use crate::outcome::{Outcome, RuleInfo};
use crate::source::{SourceFile, Sources};

/// The folder that is read, and what of it is reported.
#[derive(Debug)]
pub(super) struct Project {
    /// The folder; absolute.
    pub(super) root: Utf8PathBuf,
    /// What is reported, relative to the root; everything where it is empty.
    pub(super) paths: Vec<Utf8PathBuf>,
    /// Whether nothing but the paths is read.
    isolated: bool,
    repository: Option<Utf8PathBuf>,
}

impl Project {
    /// The project around these paths: the nearest folder above all of them that has settings or is a repository.
    pub(super) fn find(paths: &[Utf8PathBuf], common: &Common, world: &World<'_>) -> Result<Self, Failure> {
        let here = absolute(&world.folder, &world.folder)?;
        let mut given = Vec::new();
        for path in paths {
            given.push(absolute(&world.folder.join(path), path)?);
        }
        let mut start = match given.split_first() {
            None => here.clone(),
            Some((first, rest)) => rest.iter().fold(first.clone(), |above, path| shared(&above, path)),
        };
        if start.is_file() {
            start.pop();
        }
        let settings = |folder: &&Utf8Path| FILE_NAMES.iter().any(|name| folder.join(name).is_file());
        let repository = |folder: &&Utf8Path| folder.join(".git").exists();
        let around = start.ancestors().find(|folder| settings(folder) || repository(folder));
        let around = around.filter(|_| !common.isolated);
        // Without a project around them, the arguments are all that there is: who knows how large their folder is.
        let isolated = around.is_none() && (common.isolated || !given.is_empty());
        let root = around.unwrap_or(&start).to_owned();
        let repository = root.ancestors().find(repository).map(Utf8Path::to_owned);
        let mut paths: Vec<_> = given
            .into_iter()
            .map(|path| path.strip_prefix(&root).map(Utf8Path::to_owned).unwrap_or(path))
            .collect();
        if paths.iter().any(|path| path.as_str().is_empty()) {
            paths.clear();
        } else if paths.is_empty() && here != root {
            paths.extend(here.strip_prefix(&root).ok().map(Utf8Path::to_owned));
        }
        paths.sort();
        paths.dedup();
        Ok(Self { root, paths, isolated, repository })
    }

    /// Whether nothing but what was named is read.
    pub(super) fn is_isolated(&self) -> bool {
        self.isolated
    }

    /// What the pipeline is to read and report.
    pub(super) fn inputs(&self) -> Inputs {
        Inputs {
            root: self.root.clone(),
            paths: self.paths.clone(),
            isolated: self.isolated,
            stdin: None,
            baseline: None,
        }
    }

    /// The settings of the project, with the flags on top; or an outcome that tells what is wrong with them.
    pub(super) fn settings(
        &self,
        common: &Common,
        mut flags: Flags,
        today: Date,
        world: &World<'_>,
    ) -> Result<Result<Config, Box<Outcome>>, Failure> {
        let from_env =
            || (world.env)("STEADFAST_CONFIG").filter(|path| !path.is_empty()).map(Utf8PathBuf::from);
        let named = common.config.clone().or_else(|| if common.isolated { None } else { from_env() });
        let file = match &named {
            Some(path) => Some(world.folder.join(path)),
            None if common.isolated => None,
            None => FILE_NAMES.iter().map(|name| self.root.join(name)).find(|path| path.is_file()),
        };
        flags.rules = common.rules.iter().map(|folder| world.folder.join(folder)).collect();
        for (folder, shown) in flags.rules.iter().zip(&common.rules) {
            if !folder.is_dir() {
                return Err(Failure::new(format!("there is no folder {shown} with rules")));
            }
        }
        let Some(path) = file else { return Ok(Ok(Config::new(today).with_flags(flags))) };
        let shown = match &named {
            Some(named) => named.clone(),
            None => Utf8PathBuf::from(path.file_name().unwrap_or_default()),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(Failure::new(format!("{shown}: not UTF-8")));
            }
            Err(error) => return Err(Failure::new(format!("{shown}: {error}"))),
        };
        let path = absolute(&path, &shown)?;
        let folder = path.parent().unwrap_or(&self.root).to_owned();
        let name = path.file_name().unwrap_or_default();
        let file = ConfigFile {
            path: Utf8PathBuf::from(format!("{}{name}", way(&self.root, &folder))),
            folder,
            text: Arc::from(text),
        };
        let (config, mut problems) = Config::read(file, today);
        problems.extend(config.check_paths(&|path| path.exists()));
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            // All of it at once. Where a folder of rules is missing, nobody knows which names there are.
            if config.rules.iter().all(|folder| folder.is_dir()) {
                problems.extend(lint::wrong_names(&config));
                problems.sort_by_key(|problem| problem.span);
            }
            return Ok(Err(Box::new(refused(config.file.as_ref(), problems))));
        }
        Ok(Ok(config.with_flags(flags)))
    }

    /// All rules, as the settings of the project have them; or an outcome that tells what is wrong with these.
    pub(super) fn rules(
        &self,
        common: &Common,
        world: &World<'_>,
    ) -> Result<Result<Vec<RuleInfo>, Box<Outcome>>, Failure> {
        let today = super::today(None, world)?;
        Ok(match self.settings(common, Flags::default(), today, world)? {
            Ok(config) => lint::rules(&config),
            Err(refused) => Err(refused),
        })
    }

    /// How reports of this project look unless flags say more.
    pub(super) fn look(&self, color: Color, world: &World<'_>) -> Look {
        let here = absolute(&world.folder, &world.folder).unwrap_or_else(|_| world.folder.clone());
        let from_repository = self.repository.as_ref().map(|repository| way(repository, &self.root));
        Look {
            color,
            quiet: false,
            all: false,
            statistics: false,
            timings: false,
            undecided: false,
            elapsed: None,
            from_here: way(&here, &self.root),
            from_repository: from_repository.unwrap_or_default(),
        }
    }
}

/// An outcome that only says why nothing was run.
fn refused(file: Option<&ConfigFile>, problems: Vec<Problem>) -> Outcome {
    let mut sources = Sources::default();
    let id = file.map(|file| sources.push(SourceFile::new(file.path.clone(), file.text.clone())));
    let diagnostics = problems.into_iter().map(|problem| problem.diagnostic(id)).collect();
    Outcome { sources, diagnostics, failed: true, ..Outcome::default() }
}

/// An outcome that only says what is wrong with one file of ours.
pub(super) fn refused_file(path: &Utf8Path, text: &str, problem: Problem) -> Outcome {
    let file = ConfigFile { path: path.to_owned(), folder: Utf8PathBuf::new(), text: Arc::from(text) };
    refused(Some(&file), vec![problem])
}

/// The true path of something that exists.
fn absolute(path: &Utf8Path, shown: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    path.canonicalize_utf8().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::new(format!("there is no file or folder {shown}")),
        _ => Failure::new(format!("{shown}: {error}")),
    })
}

/// The deepest folder (or file) that holds both.
fn shared(a: &Utf8Path, b: &Utf8Path) -> Utf8PathBuf {
    a.components()
        .zip(b.components())
        .take_while(|(a, b)| a == b)
        .map(|(component, _)| component.as_str())
        .collect()
}

/// How to get from one folder to another, empty or ending in `/`.
pub(super) fn way(from: &Utf8Path, to: &Utf8Path) -> String {
    let common = shared(from, to);
    let up = from.components().count() - common.components().count();
    let down = to.strip_prefix(&common).unwrap_or(to);
    let mut way = "../".repeat(up);
    if !down.as_str().is_empty() {
        way.push_str(&down.as_str().replace('\\', "/"));
        way.push('/');
    }
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways() {
        let way = |from: &str, to: &str| way(Utf8Path::new(from), Utf8Path::new(to));
        assert_eq!(way("/a/b", "/a/b"), "");
        assert_eq!(way("/a/b/c", "/a/b"), "../");
        assert_eq!(way("/a", "/a/b/c"), "b/c/");
        assert_eq!(way("/a/x", "/a/b"), "../b/");
    }

    #[test]
    fn shared_folders() {
        assert_eq!(shared(Utf8Path::new("/a/b/c.yaml"), Utf8Path::new("/a/b/d")), "/a/b");
        assert_eq!(shared(Utf8Path::new("/a"), Utf8Path::new("/b")), "/");
    }
}
