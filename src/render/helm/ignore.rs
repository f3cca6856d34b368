//! What `.helmignore` leaves out of a chart, with Helm's peculiarities: no `**`, a pattern without `/` is of the base name
//! alone, and `!x` leaves out everything that is *not* x.

use super::glob::Pattern;

/// The rules of one chart.
#[derive(Debug)]
pub(super) struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    negated: bool,
    only_folders: bool,
    only_name: bool,
}

impl Ignore {
    /// Reads a `.helmignore`; the error is what is wrong with a line of it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut ignore = Self { rules: Vec::new() };
        for line in text.trim_start_matches('\u{feff}').lines().chain(["templates/.?*"]) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.contains("**") {
                return Err(format!("Helm has no `**` in .helmignore: `{line}`"));
            }
            let malformed = || format!("a malformed pattern in .helmignore: `{line}`");
            let (negated, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
            let (only_folders, pattern) =
                pattern.strip_suffix('/').map_or((false, pattern), |rest| (true, rest));
            let only_name = !pattern.contains('/');
            let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
            let pattern = Pattern::read(pattern).ok_or_else(malformed)?;
            ignore.rules.push(Rule { pattern, negated, only_folders, only_name });
        }
        Ok(ignore)
    }

    /// Whether a file or folder is left out.
    pub(super) fn leaves_out(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.rules {
            let subject = if rule.only_name { path.rsplit('/').next().unwrap_or(path) } else { path };
            let matches = || rule.pattern.matches(subject);
            let is_other = rule.only_folders && !is_folder;
            if if rule.negated { is_other || !matches() } else { !is_other && matches() } {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_helm_has_it() {
        let ignore = Ignore::read("# editors\n*.swp\n/root.txt\nci/\na/*.md\n").expect("fine");
        for (path, is_folder, expected) in [
            ("x.swp", false, true),
            ("templates/x.swp", false, true),
            ("root.txt", false, true),
            ("b/root.txt", false, false),
            ("ci", true, true),
            ("ci", false, false),
            ("a/x.md", false, true),
            ("b/a/x.md", false, false),
            ("templates/.hidden", false, true),
            ("templates/deployment.yaml", false, false),
        ] {
            assert_eq!(ignore.leaves_out(path, is_folder), expected, "{path}");
        }
        let keep = Ignore::read("!*.yaml").expect("fine");
        assert!(keep.leaves_out("x.txt", false) && !keep.leaves_out("x.yaml", false));
        assert!(Ignore::read("a/**").is_err());
    }
}
