//! The shape of steadfast.toml, for editors: its JSON schema comes from these types.
//!
//! They describe, they do not read: [`super::read`] does that, entry by entry, so that it can report every error at once.
//! A test holds the keys of both together.

#![allow(dead_code, reason = "the fields exist for their names, types and descriptions")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use crate::finding::Severity;

/// The JSON schema of steadfast.toml.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(File).to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null, so an optional key is one that may be left out, and nothing else.
fn without_null(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::Array(types)) = map.get_mut("type") {
                types.retain(|word| word != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_owned(), one);
                }
            }
            if let Some(serde_json::Value::Array(forms)) = map.remove("anyOf") {
                let mut forms: Vec<_> = forms.into_iter().filter(|form| form["type"] != "null").collect();
                match forms.pop() {
                    Some(serde_json::Value::Object(only)) if forms.is_empty() => map.extend(only),
                    last => {
                        forms.extend(last);
                        map.insert("anyOf".to_owned(), serde_json::Value::Array(forms));
                    }
                }
            }
            map.values_mut().for_each(without_null);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Settings of steadfast, the reliability linter for infrastructure configuration.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "steadfast.toml")]
pub(super) struct File {
    /// Rules and families to ask, instead of the default set. `default` stands for that set, `all` for every rule.
    #[schemars(default)]
    select: Vec<String>,
    /// Rules and families to leave out. The more exact name wins: a rule before its family, a family before `all`.
    #[schemars(default)]
    ignore: Vec<String>,
    /// Ask the contested rules and the less certain ones, too.
    #[schemars(default)]
    pedantic: bool,
    /// The least grave severity that is reported.
    #[schemars(default = "info")]
    min_severity: Severity,
    /// The least grave severity for which the exit code is 1.
    #[schemars(default = "fail_on")]
    fail_on: FailOn,
    /// Paths that are not read, as patterns like in .gitignore, relative to the project's root.
    #[schemars(default)]
    exclude: Vec<String>,
    /// The largest file that is read: bytes, or text with a unit such as "8MiB".
    #[schemars(default = "max_file_size")]
    max_file_size: Size,
    /// Folders with your own rules, relative to this file.
    #[schemars(default)]
    rules: Vec<String>,
    /// The Kubernetes version that you run, for example "1.33".
    #[schemars(regex(pattern = r"^v?\d+\.\d+(\.\d+)?$"))]
    kubernetes: Option<String>,
    /// Whether charts are rendered as the project deploys them: by Applications, HelmReleases and helmfiles in it.
    #[schemars(default = "deployments")]
    deployments: bool,
    /// A baseline file, relative to this one: only findings that are not in it are reported.
    baseline: Option<String>,
    /// How grave the findings of a rule or family are: `"disruption" = "warning"`.
    #[schemars(default)]
    severity: BTreeMap<String, Severity>,
    /// Parameters of rules: `[params."flags/stale"]` and below it `age = "90 day"`.
    #[schemars(default)]
    params: BTreeMap<String, BTreeMap<String, Param>>,
    /// Different settings for some paths. Where several match, the last one counts.
    #[schemars(default)]
    overrides: Vec<Override>,
    /// Things that your configuration names and that are made elsewhere.
    #[schemars(default)]
    external: Vec<External>,
    /// Charts, and what they are deployed with, instead of their defaults.
    #[schemars(default)]
    chart: Vec<Chart>,
    /// Which paths are production, and which are tests, examples and development.
    paths: Option<Paths>,
}

/// Different settings for some paths.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Override {
    /// Where it holds, as patterns like in .gitignore, relative to the project's root.
    paths: Vec<String>,
    /// Rules and families that are also asked here.
    #[schemars(default)]
    select: Vec<String>,
    /// Rules and families that are silent here.
    #[schemars(default)]
    ignore: Vec<String>,
    /// How grave findings are here.
    #[schemars(default)]
    severity: BTreeMap<String, Severity>,
    /// Why.
    reason: Option<String>,
    /// The last day on which it holds, for example 2027-01-31. Afterwards it is reported as expired.
    #[schemars(extend("format" = "date"))]
    until: Option<String>,
}

/// Something that is named here and made elsewhere.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct External {
    /// Its kind, for example "ServiceAccount".
    kind: String,
    /// Its name; `*` and `?` stand for any letters and one letter.
    name: String,
    /// Its namespace; any where it is left out.
    namespace: Option<String>,
    /// Who makes it.
    reason: Option<String>,
}

/// A chart, and what it is deployed with. A chart may stand here several times.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Chart {
    /// Its folder, relative to this file.
    path: String,
    /// Files of values, relative to this file. The later ones win.
    #[schemars(default)]
    values: Vec<String>,
    /// Single values, as `helm --set` takes them: "image.tag=1.2".
    #[schemars(default)]
    set: Vec<String>,
    /// The release's name; "release-name" where it is left out.
    release: Option<String>,
    /// The release's namespace; "default" where it is left out.
    namespace: Option<String>,
    /// The version of Kubernetes that it meets, for example "1.33"; that of `kubernetes` where it is left out.
    #[schemars(regex(pattern = r"^v?\d+\.\d+(\.\d+)?$"))]
    kube_version: Option<String>,
    /// Groups and versions of APIs that the cluster has beside the usual ones: "monitoring.coreos.com/v1".
    #[schemars(default)]
    api_versions: Vec<String>,
}

/// Which paths are production, and which are not.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Paths {
    /// Always production, whatever `test` says.
    #[schemars(default)]
    production: Vec<String>,
    /// Examples and development, where findings are one severity less grave, and tests, where they are infos. Replaces the default patterns.
    #[schemars(default = "super::test_patterns")]
    test: Vec<String>,
}

/// When to fail.
#[derive(JsonSchema, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
enum FailOn {
    /// On errors.
    Error,
    /// On warnings and errors.
    Warning,
    /// On any finding.
    Info,
    /// On none.
    Never,
}

/// A number of bytes.
#[derive(JsonSchema, serde::Serialize)]
#[serde(untagged)]
enum Size {
    /// In bytes.
    Bytes(u64),
    /// With a unit: B, KiB, MiB, GiB, kB, MB, GB.
    Text(String),
}

/// A parameter as the rule wants it.
#[derive(JsonSchema)]
#[serde(untagged)]
enum Param {
    /// A truth value.
    Bool(bool),
    /// A number without a unit.
    Number(f64),
    /// Text, or a number with its unit: "90 day".
    Text(String),
    /// Several.
    List(Vec<ListItem>),
}

/// One of several.
#[derive(JsonSchema)]
#[serde(untagged)]
enum ListItem {
    /// A number without a unit.
    Number(f64),
    /// Text.
    Text(String),
}

fn info() -> Severity {
    Severity::Info
}

fn deployments() -> bool {
    true
}

fn fail_on() -> FailOn {
    FailOn::Warning
}

fn max_file_size() -> Size {
    Size::Text("8MiB".to_owned())
}
