//! Reads steadfast.toml entry by entry, so that every error is reported at once and in its place.
//!
//! An entry that is wrong keeps its default. The keys are those of [`super::schema`]; a test compares them.

use std::sync::atomic::AtomicBool;

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;
use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Chart, External, bytes, severity};
use super::{
    Config, ConfigFile, Globs, Named, Override, Param, ParamValue, Params, Problem, Severities, nearest,
};
use crate::finding::Severity;
use crate::source::Span;

/// The keys of the file itself.
pub(super) const TOP: [&str; 17] = [
    "select",
    "ignore",
    "pedantic",
    "min-severity",
    "fail-on",
    "exclude",
    "max-file-size",
    "rules",
    "kubernetes",
    "deployments",
    "baseline",
    "severity",
    "params",
    "overrides",
    "external",
    "chart",
    "paths",
];
/// The keys of `[[overrides]]`.
pub(super) const OVERRIDE: [&str; 6] = ["paths", "select", "ignore", "severity", "reason", "until"];
/// The keys of `[[external]]`.
pub(super) const EXTERNAL: [&str; 4] = ["kind", "name", "namespace", "reason"];
/// The keys of `[[chart]]`.
pub(super) const CHART: [&str; 7] =
    ["path", "values", "set", "release", "namespace", "kube-version", "api-versions"];
/// The keys of `[paths]`.
pub(super) const PATHS: [&str; 2] = ["production", "test"];

/// What people write who come from other tools.
const FOREIGN: [(&str, &str); 9] = [
    ("disable", "ignore"),
    ("skip", "ignore"),
    ("exclude-rules", "ignore"),
    ("enable", "select"),
    ("include", "select"),
    ("per-file-ignores", "overrides"),
    ("ignore-paths", "exclude"),
    ("rule", "params"),
    ("kubernetes-version", "kubernetes"),
];

type Value<'t> = Spanned<DeValue<'t>>;

/// Reads the file, as far as it can be understood.
pub(super) fn read(file: ConfigFile, today: Date) -> (Config, Vec<Problem>) {
    let mut config = Config::new(today);
    let text = file.text.clone();
    let mut reader = Reader { problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(&text);
    // What follows the first slip of the pen is mostly its echo.
    if let Some(error) = errors.first() {
        let span = error.span().map(|range| span_of(&range));
        let message = format!("not TOML: {}", one_line(error.message()));
        config.file = Some(file);
        return (config, vec![Problem::error(span, message, "here")]);
    }
    let folder = file.folder.clone();
    config.file = Some(file);
    for (key, value) in reader.known(table.get_ref(), &TOP, "steadfast.toml") {
        match key {
            "select" => config.select = reader.names(value, key),
            "ignore" => config.ignore = reader.names(value, key),
            "pedantic" => config.pedantic = reader.truth(value, key).unwrap_or_default(),
            "min-severity" => {
                config.min_severity = reader.severity(value, key).unwrap_or(config.min_severity);
            }
            "fail-on" => {
                if let Some(word) = reader.text(value, key) {
                    match word.parse() {
                        Ok(fail_on) => config.fail_on = fail_on,
                        Err(_) => reader.word(value, word, &["error", "warning", "info", "never"]),
                    }
                }
            }
            "exclude" => config.exclude = reader.globs(value, key),
            "max-file-size" => config.max_file_size = reader.size(value, key).unwrap_or(config.max_file_size),
            "rules" if value.get_ref().is_table() => {
                let message = "`rules` lists folders of own rules";
                reader.problems.push(
                    Problem::error(Some(at(value)), message, "a table")
                        .help("the parameters of a rule stand in `[params.\"family/rule\"]`"),
                );
            }
            "rules" => {
                let folders = reader.texts(value, key).into_iter();
                (config.rules, config.rule_spans) =
                    folders.map(|(text, span)| (folder.join(text), span)).unzip();
            }
            "kubernetes" => config.kubernetes = reader.kubernetes(value, key),
            "deployments" => config.deployments = reader.truth(value, key).unwrap_or(true),
            "baseline" => config.baseline = reader.text(value, key).map(|path| folder.join(path)),
            "severity" => config.severity = reader.severities(value, key),
            "params" => config.params = reader.params(value, key),
            "overrides" => {
                for entry in reader.tables(value, key) {
                    config.overrides.extend(reader.override_(entry));
                }
                config.overrides.sort_by_key(|entry| entry.span);
            }
            "external" => {
                for entry in reader.tables(value, key) {
                    config.externals.extend(reader.external(entry));
                }
                config.externals.sort_by_key(|external| external.span);
            }
            "chart" => {
                for entry in reader.tables(value, key) {
                    config.charts.extend(reader.chart(entry, &folder));
                }
                config.charts.sort_by_key(|chart| chart.span);
            }
            "paths" => {
                if let Some(table) = reader.table(value, key) {
                    for (key, value) in reader.known(table, &PATHS, "[paths]") {
                        match key {
                            "production" => config.production = reader.globs(value, "paths.production"),
                            _ => config.test = reader.globs(value, "paths.test"),
                        }
                    }
                }
            }
            _ => {}
        }
    }
    for (at, external) in config.externals.iter().enumerate() {
        config.externals_by_kind.entry(external.kind.clone()).or_default().push(at);
    }
    reader.problems.sort_by_key(|problem| problem.span);
    (config, reader.problems)
}

/// Understands values of the expected type and notes those that are not.
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    /// The entries of a table whose keys are known, in the order of the text; complains of the others.
    fn known<'t, 'v>(
        &mut self,
        table: &'v DeTable<'t>,
        keys: &'static [&'static str],
        whose: &str,
    ) -> Vec<(&'static str, &'v Value<'t>)> {
        let mut entries = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let Some(known) = keys.iter().find(|known| **known == name) {
                entries.push((*known, value));
                continue;
            }
            let foreign = FOREIGN.iter().find(|(theirs, ours)| *theirs == name && keys.contains(ours));
            let spelled = name.replace('_', "-");
            let near = foreign.map(|(_, ours)| *ours).or_else(|| nearest(&spelled, keys.iter().copied()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys of {whose} are {}", list(keys, "and")),
            };
            let span = Some(span_of(&key.span()));
            let message = format!("unknown key `{}`", one_line(name));
            self.problems.push(Problem::error(span, message, format!("not a key of {whose}")).help(help));
        }
        entries.sort_by_key(|(_, value)| value.span().start);
        entries
    }

    fn wrong(&mut self, value: &Value<'_>, key: &str, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a truth value",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{key}` must be {expected}, not {found}");
        self.problems.push(Problem::error(Some(at(value)), message, format!("this is {found}")));
    }

    /// Complains of a word that is none of these.
    fn word(&mut self, value: &Value<'_>, word: &str, words: &[&str]) {
        let problem = Problem::error(
            Some(at(value)),
            format!("unknown word `{}`", one_line(word)),
            format!("expected {}", list(words, "or")),
        );
        self.problems.push(match nearest(word, words.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }

    fn truth(&mut self, value: &Value<'_>, key: &str) -> Option<bool> {
        let truth = value.get_ref().as_bool();
        if truth.is_none() {
            self.wrong(value, key, "true or false");
        }
        truth
    }

    fn text<'v>(&mut self, value: &'v Value<'_>, key: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value, key, "text");
        }
        text
    }

    fn texts<'v>(&mut self, value: &'v Value<'_>, key: &str) -> Vec<(&'v str, Span)> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items,
            DeValue::String(text) => {
                let message = format!("`{key}` must be a list, not text");
                let help = format!("write `[\"{}\"]`", one_line(text));
                self.problems.push(Problem::error(Some(at(value)), message, "this is text").help(help));
                return Vec::new();
            }
            _ => {
                self.wrong(value, key, "a list of texts");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text, at(item))),
                None => self.wrong(item, key, "a list of texts"),
            }
        }
        texts
    }

    fn names(&mut self, value: &Value<'_>, key: &str) -> Vec<Named> {
        self.texts(value, key).into_iter().map(|(name, span)| Named::new(name, Some(span))).collect()
    }

    fn globs(&mut self, value: &Value<'_>, key: &str) -> Globs {
        let patterns = self.texts(value, key);
        let (globs, bad) = Globs::new(patterns.into_iter().map(|(text, span)| (text, Some(span))));
        for (span, why) in bad {
            let span = span.or(Some(at(value)));
            self.problems.push(Problem::error(span, format!("not a pattern: {why}"), "not a pattern"));
        }
        globs
    }

    fn severity(&mut self, value: &Value<'_>, key: &str) -> Option<Severity> {
        let word = self.text(value, key)?;
        let severity = severity(word);
        if severity.is_none() && matches!(word, "off" | "ignore" | "none" | "never" | "disabled") {
            let message = format!("`{word}` is not a severity");
            self.problems.push(
                Problem::error(Some(at(value)), message, "expected error, warning or info")
                    .help("to turn a rule off, add it to `ignore`"),
            );
        } else if severity.is_none() {
            self.word(value, word, &["error", "warning", "info"]);
        }
        severity
    }

    fn severities(&mut self, value: &Value<'_>, key: &str) -> Severities {
        let Some(table) = self.table(value, key) else { return Vec::new() };
        let mut severities = Vec::new();
        for (name, value) in table {
            let named = Named::new(name.get_ref().as_ref(), Some(span_of(&name.span())));
            severities.extend(self.severity(value, &named.name).map(|severity| (named, severity)));
        }
        severities
    }

    fn size(&mut self, value: &Value<'_>, key: &str) -> Option<u64> {
        let size = match value.get_ref() {
            DeValue::Integer(number) => whole(number),
            DeValue::String(text) => bytes(text),
            _ => {
                self.wrong(value, key, "a number of bytes or text such as \"8MiB\"");
                return None;
            }
        };
        if size.is_none() {
            let message = format!("`{key}` is not a size");
            let label = "expected bytes, or a unit: B, KiB, MiB, GiB, kB, MB, GB";
            self.problems.push(Problem::error(Some(at(value)), message, label));
        }
        size
    }

    fn kubernetes(&mut self, value: &Value<'_>, key: &str) -> Option<super::KubernetesVersion> {
        if let DeValue::Float(_) = value.get_ref() {
            let message = format!("`{key}` must be text");
            let problem = Problem::error(Some(at(value)), message, "TOML reads this as a number");
            self.problems.push(problem.help("put it in quotes: as a number, 1.30 is the same as 1.3"));
            return None;
        }
        let version = self.text(value, key)?.parse();
        if version.is_err() {
            let label = "expected a version such as 1.33";
            self.problems.push(Problem::error(Some(at(value)), format!("`{key}` is not a version"), label));
        }
        version.ok()
    }

    fn date(&mut self, value: &Value<'_>, key: &str) -> Option<(Date, Span)> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => {
                self.wrong(value, key, "a date");
                return None;
            }
        };
        match text.parse() {
            Ok(date) if text.len() == 10 => Some((date, at(value))),
            _ => {
                let label = "expected a day such as 2027-01-31";
                let message = format!("`{}` is not a date", one_line(&text));
                self.problems.push(Problem::error(Some(at(value)), message, label));
                None
            }
        }
    }

    fn table<'t, 'v>(&mut self, value: &'v Value<'t>, key: &str) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value, key, "a table");
        }
        table
    }

    fn tables<'t, 'v>(&mut self, value: &'v Value<'t>, key: &str) -> Vec<&'v Value<'t>> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter(|item| self.table(item, key).is_some()).collect(),
            DeValue::Table(_) => {
                let message = format!("`{key}` is a list of tables");
                self.problems.push(
                    Problem::error(Some(at(value)), message, "one table").help(format!("write `[[{key}]]`")),
                );
                Vec::new()
            }
            _ => {
                self.wrong(value, key, "a list of tables");
                Vec::new()
            }
        }
    }

    fn params(&mut self, value: &Value<'_>, key: &str) -> Vec<Params> {
        let Some(table) = self.table(value, key) else { return Vec::new() };
        let mut all = Vec::new();
        for (rule, value) in table {
            let name = rule.get_ref().as_ref();
            let Some(table) = self.table(value, &format!("params.\"{name}\"")) else { continue };
            let mut values = Vec::new();
            for (key, value) in table {
                let param = self.param(value, key.get_ref(), true);
                let name_span = span_of(&key.span());
                let name = key.get_ref().to_string();
                values.extend(param.map(|param| Param { name, name_span, value: param, span: at(value) }));
            }
            values.sort_by_key(|param| param.span);
            all.push(Params { rule: Named::new(name, Some(span_of(&rule.span()))), values });
        }
        all
    }

    fn param(&mut self, value: &Value<'_>, key: &str, lists: bool) -> Option<ParamValue> {
        let number = match value.get_ref() {
            DeValue::String(text) => return Some(ParamValue::Text(text.to_string())),
            DeValue::Boolean(truth) => return Some(ParamValue::Bool(*truth)),
            DeValue::Datetime(date) => return Some(ParamValue::Text(date.to_string())),
            DeValue::Array(items) if lists => {
                let items = items.iter().filter_map(|item| Some((self.param(item, key, false)?, at(item))));
                return Some(ParamValue::List(items.collect()));
            }
            DeValue::Integer(number) => whole(number).map(|number| number as f64).or_else(|| {
                let negative = number.as_str().parse::<i64>().ok()?;
                Some(negative as f64)
            }),
            DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
            DeValue::Array(_) | DeValue::Table(_) => None,
        };
        match number {
            Some(number) if number.is_finite() => Some(ParamValue::Number(number)),
            Some(_) => {
                let message = format!("`{key}` must be a finite number");
                self.problems.push(Problem::error(Some(at(value)), message, "not finite"));
                None
            }
            None => {
                self.wrong(value, key, "text, a number, a truth value or a list of them");
                None
            }
        }
    }

    fn override_(&mut self, entry: &Value<'_>) -> Option<Override> {
        let table = entry.get_ref().as_table()?;
        let mut paths = None;
        let mut read = Override {
            span: at(entry),
            paths: Globs::default(),
            select: Vec::new(),
            ignore: Vec::new(),
            severity: Vec::new(),
            until: None,
        };
        for (key, value) in self.known(table, &OVERRIDE, "[[overrides]]") {
            match key {
                "paths" => paths = Some(self.globs(value, key)),
                "select" => read.select = self.names(value, key),
                "ignore" => read.ignore = self.names(value, key),
                "severity" => read.severity = self.severities(value, key),
                "until" => read.until = self.date(value, key),
                _ => {
                    self.text(value, key);
                }
            }
        }
        match paths {
            Some(paths) => read.paths = paths,
            None => self.missing(entry, "paths", "an override"),
        }
        Some(read)
    }

    fn external(&mut self, entry: &Value<'_>) -> Option<External> {
        let table = entry.get_ref().as_table()?;
        let (mut kind, mut name, mut namespace, mut reason) = (None, None, None, None);
        for (key, value) in self.known(table, &EXTERNAL, "[[external]]") {
            let text = self.text(value, key).map(|text| (text.to_owned(), at(value)));
            match key {
                "kind" => kind = text,
                "name" => name = text,
                "namespace" => namespace = text,
                _ => reason = text,
            }
        }
        for (key, value) in [("kind", "kind"), ("name", "name")] {
            if !table.contains_key(key) {
                self.missing(entry, value, "a declared external");
            }
        }
        let ((kind, _), (name, span)) = (kind?, name?);
        match GlobBuilder::new(&name).build() {
            Ok(glob) => Some(External {
                kind,
                namespace: namespace.map(|(text, _)| text),
                reason: reason.map(|(text, _)| text),
                span,
                matcher: glob.compile_matcher(),
                used: AtomicBool::new(false),
                name,
            }),
            Err(error) => {
                let message = format!("not a pattern: {}", error.kind());
                self.problems.push(Problem::error(Some(span), message, "not a pattern"));
                None
            }
        }
    }

    fn chart(&mut self, entry: &Value<'_>, folder: &Utf8Path) -> Option<Chart> {
        let table = entry.get_ref().as_table()?;
        let mut path = None;
        let mut read = Chart {
            path: Utf8PathBuf::new(),
            span: at(entry),
            values: Vec::new(),
            set: Vec::new(),
            release: None,
            namespace: None,
            kubernetes: None,
            api_versions: Vec::new(),
        };
        for (key, value) in self.known(table, &CHART, "[[chart]]") {
            let owned = |(text, span): (&str, Span)| (text.to_owned(), span);
            match key {
                "path" => path = self.text(value, key).map(|text| (folder.join(text), at(value))),
                "values" => {
                    let files = self.texts(value, key).into_iter();
                    read.values = files.map(|(text, span)| (folder.join(text), span)).collect();
                }
                "set" => read.set = self.texts(value, key).into_iter().map(owned).collect(),
                "release" => read.release = self.text(value, key).map(str::to_owned),
                "namespace" => read.namespace = self.text(value, key).map(str::to_owned),
                "kube-version" => read.kubernetes = self.kubernetes(value, key),
                _ => {
                    let versions = self.texts(value, key).into_iter();
                    read.api_versions = versions.map(|(text, _)| text.to_owned()).collect();
                }
            }
        }
        if !table.contains_key("path") {
            self.missing(entry, "path", "a chart");
        }
        (read.path, read.span) = path?;
        Some(read)
    }

    fn missing(&mut self, entry: &Value<'_>, key: &str, whose: &str) {
        let message = format!("{whose} needs `{key}`");
        self.problems.push(Problem::error(Some(at(entry)), message, format!("no `{key}`")));
    }
}

/// A whole number that is not negative.
fn whole(number: &toml::de::DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
}

fn at(value: &Value<'_>) -> Span {
    span_of(&value.span())
}

fn span_of(range: &std::ops::Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}

/// Somebody else's text in a message of ours: one line, and not too long.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(100).collect()
}

fn list(words: &[&str], join: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [many @ .., last] => format!("{} {join} {last}", many.join(", ")),
    }
}
