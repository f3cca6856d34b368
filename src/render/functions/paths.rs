//! Paths with slashes, as Go's `path` takes them apart.

use super::Table;
use super::arguments::{Answer, derived, derived_text, exactly, text};
use crate::render::template::function::Call;
use crate::render::value::{Data, Value};

pub(super) const TABLE: Table = &[
    ("base", base),
    ("osBase", base),
    ("dir", dir),
    ("osDir", dir),
    ("clean", clean),
    ("osClean", clean),
    ("ext", ext),
    ("osExt", ext),
    ("isAbs", is_abs),
    ("osIsAbs", is_abs),
];

fn of(call: &mut Call<'_>, name: &str, values: &[Value], part: impl Fn(&str) -> String) -> Answer {
    let [value] = exactly(name, values)?;
    let part = part(text(value)?.as_str());
    derived_text(call, part, values)
}

fn base(call: &mut Call<'_>, values: &[Value]) -> Answer {
    of(call, "base", values, |path| match path.trim_end_matches('/') {
        "" if path.is_empty() => ".".to_owned(),
        "" => "/".to_owned(),
        path => path.rsplit('/').next().unwrap_or_default().to_owned(),
    })
}

fn dir(call: &mut Call<'_>, values: &[Value]) -> Answer {
    of(call, "dir", values, |path| cleaned(&path[..path.rfind('/').map_or(0, |at| at + 1)]))
}

fn clean(call: &mut Call<'_>, values: &[Value]) -> Answer {
    of(call, "clean", values, cleaned)
}

fn ext(call: &mut Call<'_>, values: &[Value]) -> Answer {
    of(call, "ext", values, |path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.rfind('.').map_or_else(String::new, |at| name[at..].to_owned())
    })
}

fn is_abs(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("isAbs", values)?;
    let is = text(value)?.as_str().starts_with('/');
    Ok(derived(call, Data::Bool(is), values))
}

/// The shortest path that says the same.
pub(super) fn cleaned(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
