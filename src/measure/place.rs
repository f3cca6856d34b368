//! Where in a container's start line a value stands, so that a caret can underline `-Xmx2g` and not the whole list.
//!
//! It knows nothing of files: whoever holds the tree turns an element and a byte range into a position.

use std::ops::Range;

/// One string of a container: an element of `command`, of `args`, or the value of an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// An element of `command`.
    Command(usize),
    /// An element of `args`. Where there is only one list (an exec hook), an element of that list.
    Arg(usize),
    /// The value of an environment variable.
    Env(usize),
}

/// A byte range inside one string of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Which string.
    pub source: Source,
    /// Which part of it.
    pub range: Range<usize>,
}

impl Place {
    /// This part of this string.
    pub fn new(source: Source, range: Range<usize>) -> Place {
        Place { source, range }
    }
}
