//! Whether an address of a repository is that of the project: nobody tells, so names and paths are compared.

use camino::Utf8Path;
use rustc_hash::{FxHashMap, FxHashSet};

/// What the project's repository may be called.
#[derive(Debug, Default)]
pub(super) struct Repository {
    names: Vec<String>,
}

impl Repository {
    /// That of the project in a folder: by its remotes, and by the folder.
    pub(super) fn of(root: &Utf8Path) -> Self {
        let config = std::fs::read_to_string(root.join(".git/config")).unwrap_or_default();
        let remotes = config.lines().filter_map(|line| line.trim().strip_prefix("url = ").map(name));
        let folder = root.file_name().into_iter().map(name);
        Self { names: remotes.chain(folder).filter(|name| !name.is_empty()).collect() }
    }

    /// Which of these addresses are its own. Where no name fits, those are of which every path is here.
    pub(super) fn own<'u>(&self, named: impl Iterator<Item = (&'u str, bool)>) -> Own<'u> {
        let mut all: FxHashMap<&str, bool> = FxHashMap::default();
        for (url, is_here) in named.filter(|(url, _)| is_known(url)) {
            *all.entry(url).or_insert(true) &= is_here;
        }
        let fits = |url: &&str| self.names.contains(&name(url));
        let by_name: FxHashSet<&str> = all.keys().copied().filter(fits).collect();
        let by_paths = || all.iter().filter(|(_, are_here)| **are_here).map(|(url, _)| *url).collect();
        Own(if by_name.is_empty() { by_paths() } else { by_name })
    }
}

/// The addresses of the project's own repository.
#[derive(Debug)]
pub(super) struct Own<'u>(FxHashSet<&'u str>);

impl Own<'_> {
    /// Whether an address may be that of the project. Of what is filled in elsewhere nobody knows better.
    pub(super) fn has(&self, url: &str) -> bool {
        !is_known(url) || self.0.contains(url)
    }
}

fn is_known(url: &str) -> bool {
    !url.is_empty() && !url.contains(['{', '$', '<'])
}

/// The last part of an address, without what not everybody writes.
fn name(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    url.rsplit(['/', ':', '\\']).next().unwrap_or(url).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_else_by_paths() {
        let shop = Repository { names: vec!["shop".to_owned()] };
        let urls = [
            ("https://github.com/a/shop.git", true),
            ("git@github.com:b/Shop", false),
            ("https://x/y", true),
        ];
        let own = shop.own(urls.into_iter());
        assert!(own.has("https://github.com/a/shop.git") && own.has("git@github.com:b/Shop"));
        assert!(!own.has("https://x/y"), "another name");
        assert!(own.has("{{ repo }}") && own.has(""), "filled in elsewhere");
        let other = Repository { names: vec!["checkout".to_owned()] };
        let urls =
            [("https://x/y", true), ("https://x/y", true), ("https://x/z", true), ("https://x/z", false)];
        let own = other.own(urls.into_iter());
        assert!(own.has("https://x/y") && !own.has("https://x/z"), "by paths");
    }
}
