//! Which of the charts in a chart take part: versions, aliases, tags and conditions; and whose values go upward.

use std::rc::Rc;

use super::super::functions::semver::{Constraints, Version};
use super::super::origin::{How, Origin, Origins};
use super::super::value::{Data, Entry, Value};
use super::load::{Chart, LeftOut};
use super::metadata::{Dependency, place};
use super::said::{Missing, Trouble};
use super::values::{Merge, coalesce, copy, empty, scalar_at, table, table_at};
use super::{warning, with_help};
use crate::finding::Diagnostic;
use crate::source::{Place, Span};

/// Removes what is switched off, names what is known by an alias, and brings exported values up. What is missing is said.
pub(super) fn process(
    chart: &mut Chart,
    values: &Value,
    origins: &mut Origins,
    trouble: &mut Trouble,
) -> Result<(), Diagnostic> {
    let mut resolver = Resolver { origins, problems: &mut trouble.problems, missing: &mut trouble.missing };
    resolver.select(chart, values, "")?;
    resolver.import(chart)
}

struct Resolver<'r> {
    origins: &'r mut Origins,
    problems: &'r mut Vec<Diagnostic>,
    missing: &'r mut Vec<Missing>,
}

/// Whether a version is one of those that are wanted.
pub(super) fn fits(wanted: &str, version: &str) -> bool {
    match (Constraints::parse(wanted), Version::parse(version)) {
        (Ok(wanted), Ok(version)) => wanted.allow(&version),
        _ => false,
    }
}

impl Resolver<'_> {
    fn merge(&mut self, keeps_null: bool) -> Merge<'_> {
        Merge { origins: self.origins, keeps_null, warnings: None }
    }

    /// Decides on the charts in a chart, and in those that stay. `path` leads from the outermost values to this chart's.
    fn select(&mut self, chart: &mut Chart, values: &Value, path: &str) -> Result<(), Diagnostic> {
        if chart.metadata.dependencies.is_empty() {
            return Ok(());
        }
        let named = std::mem::take(&mut chart.metadata.dependencies);
        let present = std::mem::take(&mut chart.dependencies);
        let is_it = |dependency: &Dependency, chart: &Chart| {
            chart.metadata.name == dependency.name && fits(&dependency.version, &chart.metadata.version)
        };
        let unlisted =
            present.iter().filter(|inner| !named.iter().any(|dependency| is_it(dependency, inner)));
        chart.dependencies = unlisted.cloned().collect();
        let mut missing = Vec::new();
        for dependency in &named {
            match present.iter().find(|inner| is_it(dependency, inner)) {
                Some(inner) => {
                    let mut inner = inner.clone();
                    inner.metadata.name = dependency.known_as().to_owned();
                    chart.dependencies.push(inner);
                }
                None => missing.push(dependency),
            }
        }
        let merged = coalesce(chart, values, &mut self.merge(false))?;
        let switch = |dependency: &Dependency, this: &mut Self| {
            let by_condition = by_condition(dependency, &merged, path, this.problems, this.origins);
            by_condition.unwrap_or_else(|| by_tags(dependency, &merged, this.origins))
        };
        for dependency in missing {
            if switch(dependency, self).is_on {
                if let Some(other) = present.iter().find(|inner| inner.metadata.name == dependency.name) {
                    self.problems.push(unfit(dependency, other));
                    continue;
                }
                let place = dependency.place.unwrap_or(Place { file: chart.file, span: Span::new(0, 0) });
                self.missing.push(Missing { name: dependency.known_as().to_owned(), place });
            }
        }
        let mut off = Vec::new();
        for dependency in &named {
            let Switch { is_on, because } = switch(dependency, self);
            let this = |inner: &Chart| inner.metadata.name == dependency.known_as();
            for inner in chart.dependencies.iter_mut().filter(|inner| this(inner)) {
                inner.because = because;
            }
            if !is_on {
                off.push(dependency.known_as());
                let switch = dependency.switch(self.origins);
                let gone = chart.dependencies.extract_if(.., |inner| this(inner));
                chart.left_out.extend(gone.map(|chart| LeftOut { chart, switch }));
            }
        }
        for inner in &mut chart.dependencies {
            let path = format!("{path}{}.", inner.metadata.name);
            self.select(inner, &merged, &path)?;
        }
        chart.metadata.dependencies =
            named.iter().filter(|dependency| !off.contains(&dependency.known_as())).cloned().collect();
        Ok(())
    }

    /// Brings exported values of the charts in a chart up to it, innermost first.
    fn import(&mut self, chart: &mut Chart) -> Result<(), Diagnostic> {
        for inner in &mut chart.dependencies {
            self.import(inner)?;
        }
        if chart.metadata.dependencies.is_empty() {
            return Ok(());
        }
        let merged = coalesce(chart, &empty(), &mut self.merge(true))?;
        let imported = empty();
        let is_here = |dependency: &&Dependency| {
            chart.dependencies.iter().any(|inner| inner.metadata.name == dependency.known_as())
        };
        for dependency in chart.metadata.dependencies.iter().filter(is_here) {
            for import in &dependency.imports {
                let child = format!("{}.{}", dependency.known_as(), import.child);
                let Some(found) = table_at(&merged, &child) else {
                    self.problems.push(warning(
                        dependency.place,
                        format!("nothing is imported: `{child}` is no map of values"),
                        "imported here",
                    ));
                    continue;
                };
                let found = at_path(&import.parent, copy(&found));
                if let (Some(into), Some(from)) = (table(&imported), table(&found)) {
                    self.merge(true).tables(&into, &from, "");
                }
            }
        }
        if let (Some(into), Some(from)) = (table(&merged), table(&imported)) {
            self.merge(true).tables(&into, &from, "");
        }
        chart.values = merged;
        Ok(())
    }
}

/// A map that holds the value at a path of keys.
fn at_path(path: &str, value: Value) -> Value {
    if path == "." {
        return value;
    }
    path.rsplit('.').fold(value, |value, key| {
        let entry = Entry { key: value.origin, value };
        Value::map([(Rc::from(key), entry)], Origin::NONE)
    })
}

/// Whether a chart takes part, and what says so.
struct Switch {
    is_on: bool,
    because: Origin,
}

/// What the tags say: one that is on is enough; without any, it is on.
fn by_tags(dependency: &Dependency, values: &Value, origins: &mut Origins) -> Switch {
    let tags = table_at(values, "tags").unwrap_or_else(empty);
    let said = dependency.tags.iter().filter_map(|tag| match tags.get(tag)? {
        Value { data: Data::Bool(on), origin } => Some((on, origin)),
        _ => None,
    });
    let said: Vec<(bool, Origin)> = said.collect();
    let is_on = said.is_empty() || said.iter().any(|(on, _)| *on);
    Switch { is_on, because: origins.of(How::Chosen, said.into_iter().map(|(_, origin)| origin)) }
}

/// What the first path of the condition says that leads to a truth value.
fn by_condition(
    dependency: &Dependency,
    values: &Value,
    path: &str,
    problems: &mut Vec<Diagnostic>,
    origins: &Origins,
) -> Option<Switch> {
    for condition in dependency.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
        match scalar_at(values, &format!("{path}{condition}")) {
            Some(Value { data: Data::Bool(is_on), origin }) => {
                return Some(Switch { is_on, because: origin });
            }
            // What is not set leaves it to the next path.
            None | Some(Value { data: Data::Nil, .. }) => {}
            Some(other) => {
                let problem = warning(
                    place(origins, other.origin),
                    format!(
                        "`{condition}` switches the chart `{}` on or off, and is neither true nor false",
                        dependency.known_as()
                    ),
                    "not a truth value",
                );
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
    }
    None
}

/// A chart that is there in a version that nobody asked for: Helm takes it without a word, as if nobody had listed it.
fn unfit(dependency: &Dependency, other: &Chart) -> Diagnostic {
    let alias = match dependency.known_as() {
        known_as if known_as == dependency.name => String::new(),
        known_as => format!(", but not as `{known_as}`"),
    };
    let message = format!(
        "the chart `{}` is here in version {}, and {} is wanted: Helm renders it all the same{alias}",
        dependency.name, other.metadata.version, dependency.version
    );
    let help = "`helm dependency build` puts the right one into charts/";
    with_help(warning(dependency.place, message, "needed here"), help)
}
