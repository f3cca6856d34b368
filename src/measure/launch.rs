//! How a container starts: which programs its command and arguments run, through shells, wrappers and runners.
//!
//! The image's own entry point is not known. Where nothing but options is given, the program is guessed from the image's name,
//! and the answer says so.

use std::borrow::Cow;

use super::place::Source;
use super::shell::{self, Word, base_name, plain_word};

/// What a manifest says about a container's start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Launch<'a> {
    /// What the image is, by its name (`Image::product`).
    pub product: Option<&'a str>,
    /// The strings of `command`.
    pub command: &'a [&'a str],
    /// The strings of `args`.
    pub args: &'a [&'a str],
    /// Names and values. What has no literal value is left out by the caller.
    pub env: &'a [(&'a str, &'a str)],
}

/// One program that a container runs.
#[derive(Debug, Clone)]
pub struct Program<'a> {
    /// Its name without folder; empty where it is not known.
    pub name: Cow<'a, str>,
    /// The name is the image's, not the command's.
    pub guessed: bool,
    /// A shell reads the words, so variables in them are filled in and split.
    pub in_shell: bool,
    /// What follows the name.
    pub words: Vec<Word<'a>>,
}

impl<'a> Launch<'a> {
    /// The programs in order. None where the script is not understood; one where there is no script.
    pub fn programs(&self) -> Vec<Program<'a>> {
        let argv: Vec<&'a str> = self.command.iter().chain(self.args).copied().collect();
        let only_options = argv.first().is_none_or(|first| first.starts_with('-'));
        if self.command.is_empty() && only_options {
            let words =
                argv.iter().enumerate().map(|(index, text)| plain_word(text, Source::Arg(index))).collect();
            return vec![self.of_image(words, false)];
        }
        let Some(script) = shell::script(&argv) else {
            return Vec::new();
        };
        let in_shell = script.shell.is_some();
        let mut programs = Vec::new();
        for command in script.pipelines.into_iter().flat_map(|pipeline| pipeline.commands) {
            let skipped = command.words.len() - shell::unwrap(&command.words).words.len();
            let mut words = command.words;
            words.drain(..skipped);
            for word in &mut words {
                word.place.source = self.source(word.place.source);
            }
            programs.push(self.program(words, in_shell));
        }
        programs
    }

    pub(super) fn env(&self, name: &str) -> Option<(usize, &'a str)> {
        // The last of two with one name is the one that counts, in Kubernetes and in Compose.
        self.env
            .iter()
            .enumerate()
            .rev()
            .find(|(_, (found, _))| *found == name)
            .map(|(index, (_, value))| (index, *value))
    }

    fn source(&self, source: Source) -> Source {
        match source {
            Source::Arg(index) if index < self.command.len() => Source::Command(index),
            Source::Arg(index) => Source::Arg(index - self.command.len()),
            other => other,
        }
    }

    fn program(&self, mut words: Vec<Word<'a>>, in_shell: bool) -> Program<'a> {
        words.drain(..runner(&words));
        if words.first().is_none_or(|word| !word.known) {
            return Program {
                name: Cow::Borrowed(""),
                guessed: false,
                in_shell,
                words: words.split_off(1.min(words.len())),
            };
        }
        let name = name_of(&words[0]);
        let mut words = words.split_off(1);
        // By custom an entry-point script ends in `exec "$@"`, and puts its own server in front of bare options.
        if name.ends_with("entrypoint.sh") || name == "docker-entrypoint" {
            match words.first() {
                Some(word) if !word.text.starts_with('-') && word.known => {
                    let name = name_of(word);
                    return Program { name, guessed: false, in_shell, words: words.split_off(1) };
                }
                _ => return self.of_image(words, in_shell),
            }
        }
        Program { name, guessed: false, in_shell, words }
    }

    fn of_image(&self, words: Vec<Word<'a>>, in_shell: bool) -> Program<'a> {
        Program { name: Cow::Borrowed(self.product.unwrap_or("")), guessed: true, in_shell, words }
    }
}

fn name_of<'a>(word: &Word<'a>) -> Cow<'a, str> {
    match &word.text {
        Cow::Borrowed(text) => Cow::Borrowed(base_name(text)),
        Cow::Owned(text) => Cow::Owned(base_name(text).to_owned()),
    }
}

/// How many words in front only find or instrument the program: `poetry run`, `python -m`, `ddtrace-run`.
fn runner(words: &[Word<'_>]) -> usize {
    let text = |index: usize| words.get(index).filter(|word| word.known).map_or("", |word| &*word.text);
    let mut skipped = 0;
    loop {
        let name = base_name(text(skipped));
        let step = match (name, text(skipped + 1)) {
            ("poetry" | "uv" | "pipenv" | "pdm" | "hatch" | "rye", "run") | ("bundle", "exec") => 2,
            ("newrelic-admin", "run-program") => 2,
            ("ddtrace-run" | "opentelemetry-instrument", _) => 1,
            (python, "-m") if python.starts_with("python") => 2,
            _ => return skipped,
        };
        if text(skipped + step).is_empty() {
            return skipped;
        }
        skipped += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(launch: &Launch<'_>) -> Vec<String> {
        launch
            .programs()
            .iter()
            .map(|program| {
                let words: Vec<_> = program
                    .words
                    .iter()
                    .map(|word| format!("{:?}:{}", word.place.source, word.text))
                    .collect();
                format!("{}{} {}", program.name, if program.guessed { "?" } else { "" }, words.join(" "))
            })
            .collect()
    }

    #[test]
    fn finds_programs() {
        let table: &[(&[&str], &[&str], &[&str])] = &[
            (&["java"], &["-Xmx1g"], &["java Arg(0):-Xmx1g"]),
            (&[], &["-m", "64"], &["image? Arg(0):-m Arg(1):64"]),
            (&[], &[], &["image? "]),
            (&[], &["redis-server", "--x"], &["redis-server Arg(1):--x"]),
            (&["/docker-entrypoint.sh"], &["--x"], &["image? Arg(0):--x"]),
            (&["docker-entrypoint.sh", "postgres"], &["-c"], &["postgres Arg(0):-c"]),
            (&["sh", "-c"], &["a && exec b -c"], &["a ", "b Arg(0):-c"]),
            (&["poetry", "run", "python", "-m", "gunicorn", "app"], &[], &["gunicorn Command(5):app"]),
            (&["bundle", "exec", "sidekiq"], &[], &["sidekiq "]),
            (&["$(RUN)", "x"], &[], &[" Command(1):x"]),
            (&["sh", "-c", "while a; do b; done"], &[], &[]),
            (&["python", "-m"], &[], &["python Command(1):-m"]),
        ];
        for (command, args, expected) in table {
            let launch = Launch { product: Some("image"), command, args, env: &[] };
            assert_eq!(show(&launch), *expected, "{command:?} {args:?}");
        }
    }
}
