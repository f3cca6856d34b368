//! The files of a chart, as somebody read them: from disk, from an archive, or made up by a test.
//!
//! An archive of a dependency is a folder here: `charts/redis-20.1.0.tgz/Chart.yaml`.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::source::FileId;

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    /// Its place among the sources of the run.
    pub id: FileId,
    /// What is in it.
    pub content: Content,
}

/// What is in a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text.
    Text(Arc<str>),
    /// Anything else.
    Bytes(Arc<[u8]>),
}

impl Content {
    /// The content that these bytes are, without the byte order mark.
    pub fn of(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Bytes(bytes.into()),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The text; what is no UTF-8 is replaced.
    pub fn text(&self) -> Arc<str> {
        match self {
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into(),
        }
    }
}

/// The files of a chart by their paths below it, with `/`.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, File>);

impl Files {
    /// Adds a file.
    pub fn insert(&mut self, path: impl Into<String>, file: File) {
        self.0.insert(path.into(), file);
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }

    /// The file at a path, to be changed.
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut File> {
        self.0.get_mut(path)
    }

    /// The files below a folder (empty, or ending in `/`), with their paths below it, in order of their bytes.
    pub fn below<'f>(&'f self, folder: &'f str) -> impl Iterator<Item = (&'f str, &'f File)> {
        self.0
            .range::<str, _>((Bound::Included(folder), Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(folder))
            .map(move |(path, file)| (&path[folder.len()..], file))
    }
}
