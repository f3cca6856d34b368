//! Examples, fixes and references of a page: what a run does not need, but whoever writes or tests a rule does.

use super::body::{Fence, fence, is_fence};
use super::{
    Example, ExampleFile, Fix, HEADINGS, Line, Lines, Page, PageError, Rest, check_holes, did_you_mean,
    error, span,
};
use crate::fix::Operation;
use crate::source::Span;

pub(super) struct RestReader<'t> {
    lines: Lines<'t>,
    pub(super) errors: Vec<PageError>,
    pub(super) rest: Rest,
    /// Headings so far, by their rank in [`HEADINGS`] and what they call the case.
    heads: Vec<(usize, String, Span)>,
    /// Whether the first file of the example has no name of its own.
    unnamed: bool,
}

impl<'t> RestReader<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self {
            lines: Lines { text, at },
            errors: Vec::new(),
            rest: Rest::default(),
            heads: Vec::new(),
            unnamed: false,
        }
    }

    pub(super) fn read(&mut self) {
        let text = self.lines.text;
        let mut section = None;
        while let Some(line) = self.lines.next() {
            let content = line.of(text);
            if content.is_empty() {
                continue;
            }
            if content.starts_with('#') {
                section = self.heading(line);
                continue;
            }
            if is_fence(content) {
                let fence = fence(&mut self.lines, line, &mut self.errors);
                match section {
                    Some(0) => self.example(&fence, true),
                    Some(1) => self.example(&fence, false),
                    Some(2) => self.fix(&fence),
                    Some(_) => self.errors.push(error(line.span(), "references are a list: `- …`", None)),
                    None => {}
                }
                continue;
            }
            match section {
                Some(3) => self.reference(line),
                _ if content.starts_with('>') => {
                    let help = "a message stands directly below its `cel` fence".to_owned();
                    self.errors.push(error(line.span(), "this message belongs to no judgement", help));
                }
                // A sentence about the case.
                _ => {}
            }
        }
    }

    fn heading(&mut self, line: Line) -> Option<usize> {
        let text = self.lines.text;
        let content = line.of(text);
        let Some(name) = content.strip_prefix("## ") else {
            let help =
                "below the judgements the headings are `## Bad`, `## Good`, `## Fix` and `## References`"
                    .to_owned();
            self.errors.push(error(line.span(), "this heading does not belong here", help));
            return None;
        };
        let start = line.start + content.len() - name.trim_start().len();
        let (name, case) = match name.split_once(':') {
            Some((name, case)) => (name.trim(), Some(case.trim())),
            None => (name.trim(), None),
        };
        let Some(rank) = HEADINGS.iter().position(|known| *known == name) else {
            let help = did_you_mean(name, HEADINGS);
            self.errors.push(error(
                span(start, start + name.len()),
                format!("no heading `{name}` exists"),
                help,
            ));
            return None;
        };
        let nameless = case == Some("");
        if nameless {
            self.errors.push(error(line.span(), "the colon announces a name for the case", None));
        }
        let case = case.unwrap_or_default().to_owned();
        if let Some((last, ..)) = self.heads.iter().max_by_key(|head| head.0)
            && rank < *last
        {
            let message = format!("`{name}` stands below `{}`", HEADINGS[*last]);
            let help = "their order is Bad, Good, Fix, References".to_owned();
            self.errors.push(error(line.span(), message, help));
        }
        if !nameless && self.heads.iter().any(|(other, known, _)| *other == rank && *known == case) {
            let (message, help) = if rank == 3 {
                ("the references stand in one place".to_owned(), None)
            } else {
                let message = if case.is_empty() {
                    format!("there is a `{name}` without a name already")
                } else {
                    format!("there is a `{name}: {case}` already")
                };
                (
                    message,
                    Some(format!(
                        "say what differs: `## {name}: …`; several files of one case stand below one heading"
                    )),
                )
            };
            self.errors.push(error(line.span(), message, help));
        }
        self.heads.push((rank, case.clone(), line.span()));
        if rank < 2 {
            self.rest.examples.push(Example {
                case,
                span: line.span(),
                bad: rank == 0,
                files: Vec::new(),
                today: None,
                kubernetes: None,
            });
        }
        Some(rank)
    }

    /// The language of a fence, which has to be its first word.
    fn language(&mut self, fence: &Fence) -> Option<String> {
        let text = self.lines.text;
        let language = fence.word(text, 0);
        let help = "the first word is the language: `yaml bad`, `hcl good file=main.tf`, `yaml fix safe`";
        if language.is_empty() || ["bad", "good", "fix"].contains(&language) || language.contains('=') {
            self.errors.push(error(fence.line.span(), "this fence names no language", help.to_owned()));
            return None;
        }
        Some(language.to_owned())
    }

    fn example(&mut self, fence: &Fence, bad: bool) {
        let text = self.lines.text;
        let Some(language) = self.language(fence) else { return };
        let verdict = if bad { "bad" } else { "good" };
        match fence.word(text, 1) {
            word if word == verdict => {}
            word @ ("bad" | "good" | "fix") => {
                let heading = if bad { "Bad" } else { "Good" };
                let place = &fence.words[1];
                let message = format!("`{word}` stands below the heading `{heading}`");
                self.errors.push(error(span(place.start, place.end), message, None));
            }
            word => {
                let place = fence.words.get(1).map_or(fence.line.span(), |word| span(word.start, word.end));
                let message = if word.is_empty() {
                    "this example says neither `bad` nor `good`".to_owned()
                } else {
                    format!("`{word}` is not what an example says of itself")
                };
                let help = if word.is_empty() {
                    format!("```{language} {verdict}")
                } else {
                    format!("the word behind the language is `{verdict}`")
                };
                self.errors.push(error(place, message, help));
            }
        }
        let mut file = None;
        let mut world = [None, None];
        for word in fence.words.iter().skip(2) {
            let place = span(word.start, word.end);
            let word = &text[word.clone()];
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            let value = value.trim_matches('"');
            let slot = match key {
                "file" => &mut file,
                "today" => &mut world[0],
                "kubernetes" => &mut world[1],
                _ => {
                    let help = did_you_mean(key, ["file=", "today=", "kubernetes="]);
                    self.errors.push(error(place, format!("an example knows no `{word}`"), help));
                    continue;
                }
            };
            if value.is_empty() {
                self.errors.push(error(place, format!("`{key}=` needs a value"), None));
            } else if slot.replace(value.to_owned()).is_some() {
                self.errors.push(error(place, format!("`{key}` is given twice"), None));
            } else if !well_formed(key, value) {
                let help = match key {
                    "today" => "a date: `today=2026-03-29`",
                    "kubernetes" => "a version: `kubernetes=1.31`",
                    _ => "a path inside the example, without `..`: `file=chart/values.yaml`",
                };
                self.errors.push(error(place, format!("`{value}` will not do for `{key}`"), help.to_owned()));
            }
        }
        if fence.content.is_empty() {
            self.errors.push(error(fence.line.span(), "this example is empty", None));
        }
        let content = fence.content(text);
        let Some(example) = self.rest.examples.last_mut() else { return };
        let name = file.clone().unwrap_or_else(|| default_name(&language));
        let first = example.files.is_empty();
        let unnamed = file.is_none() || self.unnamed;
        self.unnamed = file.is_none() && first;
        if !first && (unnamed || example.files.iter().any(|other| other.name == name)) {
            let message = if unnamed {
                "several files of one example need names".to_owned()
            } else {
                format!("this example has a `{name}` already")
            };
            let help = "give each fence a `file=`; another case gets a heading of its own".to_owned();
            self.errors.push(error(fence.line.span(), message, help));
        }
        let [today, kubernetes] = world;
        for (given, known, key) in
            [(today, &mut example.today, "today"), (kubernetes, &mut example.kubernetes, "kubernetes")]
        {
            match (given, known.as_ref()) {
                (Some(given), Some(known)) if given != *known => {
                    let message = format!("`{key}` is {known} and {given} in one example");
                    self.errors.push(error(fence.line.span(), message, None));
                }
                (Some(given), None) => *known = Some(given),
                _ => {}
            }
        }
        example.files.push(ExampleFile { name, language, text: content.text, span: content.span });
    }

    fn fix(&mut self, fence: &Fence) {
        const WORDS: [&str; 7] = ["safe", "unsafe", "new document", "merge", "replace", "remove", "for="];
        let text = self.lines.text;
        let Some(language) = self.language(fence) else { return };
        if fence.word(text, 1) != "fix" {
            let help = format!("```{language} fix safe, or ```{language} fix unsafe");
            self.errors.push(error(
                fence.line.span(),
                "below `Fix` the word behind the language is `fix`",
                help,
            ));
        }
        let mut safe = None;
        let mut operation = None;
        let mut target = None;
        let mut words = fence.words.iter().skip(2).peekable();
        while let Some(range) = words.next() {
            let mut place = span(range.start, range.end);
            let word = &text[range.clone()];
            let twice = match word {
                "safe" | "unsafe" => safe.replace(word == "safe").is_some(),
                "merge" => operation.replace(Operation::Merge).is_some(),
                "replace" => operation.replace(Operation::Replace).is_some(),
                "remove" => operation.replace(Operation::Remove).is_some(),
                "new" => match words.next_if(|next| &text[(*next).clone()] == "document") {
                    Some(next) => {
                        place = span(range.start, next.end);
                        operation.replace(Operation::NewDocument).is_some()
                    }
                    None => {
                        self.errors.push(error(place, "`new` what?", "`new document`".to_owned()));
                        continue;
                    }
                },
                _ => match word.strip_prefix("for=").map(|value| value.trim_matches('"')) {
                    Some("") => {
                        self.errors.push(error(place, "`for=` needs a value", "`for=CronJob`".to_owned()));
                        continue;
                    }
                    Some(value) => target.replace(value.to_owned()).is_some(),
                    None => {
                        let help = did_you_mean(word, WORDS);
                        self.errors.push(error(place, format!("a fix knows no `{word}`"), help));
                        continue;
                    }
                },
            };
            if twice {
                let message = format!("`{}` comes too late: that was said already", &text[place.range()]);
                self.errors.push(error(place, message, None));
            }
        }
        if safe.is_none() {
            let help = "`safe` changes nothing but the fault, `unsafe` is for a person to look at".to_owned();
            self.errors.push(error(fence.line.span(), "a fix says whether it is `safe` or `unsafe`", help));
        }
        let operation = operation.unwrap_or(Operation::Merge);
        let template = fence.content(text);
        let empty = template.text.trim().is_empty();
        if operation == Operation::Remove && !empty {
            self.errors.push(error(template.span, "`remove` takes no text", None));
        } else if operation != Operation::Remove && empty {
            self.errors.push(error(fence.line.span(), "this fix is empty", None));
        }
        check_holes(&mut self.errors, &template);
        if self.rest.fixes.iter().any(|other| other.language == language && other.target == target) {
            let help = "say what each is for: `for=CronJob`".to_owned();
            self.errors.push(error(fence.line.span(), "there is a fix for the same things already", help));
        }
        self.rest.fixes.push(Fix { language, safe: safe.unwrap_or(false), operation, target, template });
    }

    fn reference(&mut self, line: Line) {
        let content = line.of(self.lines.text);
        match content.strip_prefix("- ") {
            Some(reference) => self.rest.references.push(reference.trim().to_owned()),
            None if content.starts_with(' ') && !self.rest.references.is_empty() => {
                if let Some(last) = self.rest.references.last_mut() {
                    last.push(' ');
                    last.push_str(content.trim());
                }
            }
            None => self.errors.push(error(line.span(), "references are a list: `- …`", None)),
        }
    }

    /// What a page must have and this one has not.
    pub(super) fn missing(&mut self, page: &Page) {
        for (rank, _, place) in &self.heads {
            let start = place.start;
            let next = self.heads.iter().map(|head| head.2.start).filter(|other| *other > start).min();
            let inside = |at: u32| at > start && next.is_none_or(|next| at < next);
            let filled = match rank {
                0 | 1 => self
                    .rest
                    .examples
                    .iter()
                    .any(|example| example.span == *place && !example.files.is_empty()),
                2 => self.rest.fixes.iter().any(|fix| inside(fix.template.span.start)),
                _ => !self.rest.references.is_empty(),
            };
            let complained =
                self.errors.iter().any(|error| inside(error.span.start) || error.span.start == start);
            if !filled && !complained {
                self.errors.push(error(*place, "nothing stands below this heading", None));
            }
        }
        let count = |rank: usize| self.heads.iter().filter(|head| head.0 == rank).count();
        let bad = count(0);
        let place = page.title_span;
        let mut lacks = Vec::new();
        if bad == 0 {
            lacks.push(("a bad example is missing", "`## Bad`, and below it a fence ```yaml bad"));
        } else if bad < page.judgements.len() {
            lacks.push(("each judgement needs a bad example of its own", "`## Bad: what differs`"));
        }
        if count(1) == 0 {
            lacks.push(("a good example is missing", "`## Good`, and below it a fence ```yaml good"));
        }
        if count(3) == 0 {
            lacks.push((
                "the references are missing",
                "`## References`, and below it `- where the fact is written`",
            ));
        }
        let known = !self.errors.iter().any(|error| error.message.starts_with("no heading"));
        if known {
            self.errors
                .extend(lacks.into_iter().map(|(message, help)| error(place, message, help.to_owned())));
        }
    }
}

/// The name of an example's file that the page does not name.
fn default_name(language: &str) -> String {
    match language {
        "hcl" | "terraform" => "main.tf".to_owned(),
        "dockerfile" => "Dockerfile".to_owned(),
        _ => format!("example.{language}"),
    }
}

fn well_formed(key: &str, value: &str) -> bool {
    match key {
        "today" => {
            let parts: Vec<&str> = value.split('-').collect();
            let digits = |part: &str, count: usize| {
                part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
            };
            matches!(parts.as_slice(), [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
        }
        "kubernetes" => {
            let number = |part: &str| {
                !part.is_empty() && part.len() < 5 && part.bytes().all(|byte| byte.is_ascii_digit())
            };
            (2..=3).contains(&value.split('.').count()) && value.split('.').all(number)
        }
        _ => {
            !value.starts_with('/')
                && !value.contains('\\')
                && value.split('/').all(|part| !matches!(part, "" | "." | ".."))
        }
    }
}
