//! `generators` and `transformers`: Kustomize's own, configured in files or inline. Those of others are programs, and are not
//! run.

use super::build::Build;
use super::charts::Otherwise;
use super::fieldspec::FieldSpec;
use super::kustomization::Kustomization;
use super::names::{self, Affix};
use super::namespace::{self, Namespace, Subjects};
use super::node::Node;
use super::resource::Resource;
use super::set::Set;
use super::{Gravity, Problem, charts, generators, hash, iam_policy, images};
use super::{marks, patches, replacements, replicas, value_add};

/// Runs what `generators` names.
pub(super) fn generate(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    for plugin in build.configuration(kustomization, "generators") {
        let node = &plugin.node;
        match builtin(&plugin).as_deref() {
            Some(kind @ ("ConfigMapGenerator" | "SecretGenerator")) => {
                let what = if kind == "SecretGenerator" {
                    generators::Kind::Secret
                } else {
                    generators::Kind::ConfigMap
                };
                let mut entry = node.clone();
                if entry.get("name").is_none()
                    && let Some(name) = node.at(&["metadata", "name"])
                {
                    entry.set("name", name.from, name.clone());
                }
                if entry.get("namespace").is_none()
                    && let Some(namespace) = node.at(&["metadata", "namespace"])
                {
                    entry.set("namespace", namespace.from, namespace.clone());
                }
                let made = generators::make(build, kustomization, &entry, None, what);
                generators::take(build, set, made, node.from);
            }
            Some("HelmChartInflationGenerator") => {
                let otherwise = Otherwise { home: node.str("chartHome"), ..Otherwise::default() };
                charts::one(build, kustomization, set, node, otherwise);
            }
            Some("IAMPolicyGenerator") => {
                let made = iam_policy::make(node, &mut build.trail);
                generators::take(build, set, made, node.from);
            }
            _ => foreign(build, &plugin, "generator"),
        }
    }
}

/// Runs what `transformers` names.
pub(super) fn transform(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    for plugin in build.configuration(kustomization, "transformers") {
        if let Err(problem) = one(build, kustomization, set, &plugin) {
            build.note(problem);
        }
        set.list.retain(|resource| !resource.node.is_empty());
    }
}

/// Names what `validators` names: programs that check what was built and change nothing.
pub(super) fn validate(build: &mut Build<'_>, kustomization: &Kustomization) {
    for plugin in build.configuration(kustomization, "validators") {
        let message = format!("the validator {} is a program of its own and is not run", plugin.id());
        build.say(Gravity::Info, Problem::new(message, plugin.from()));
    }
}

fn one(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    plugin: &Resource,
) -> Result<(), Problem> {
    let node = &plugin.node;
    let specs: Vec<FieldSpec> =
        node.get("fieldSpecs").map_or(&[][..], Node::items).iter().map(FieldSpec::read).collect();
    let empty = Node::map(Vec::new(), node.from);
    let items = |key: &str| node.get(key).map_or(&[][..], Node::items).to_vec();
    match builtin(plugin).as_deref() {
        Some("NamespaceTransformer") => {
            let Some(namespace) = node.at(&["metadata", "namespace"]) else { return Ok(()) };
            let subjects = match node.str("setRoleBindingSubjects") {
                Some("allServiceAccounts") => Subjects::All,
                Some("none") => Subjects::None,
                _ => Subjects::Default,
            };
            let unset_only = node.get("unsetOnly").is_some_and(Node::is_true);
            namespace::write(build, set, &Namespace { namespace, specs: &specs, unset_only, subjects })
        }
        Some("PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer") if specs.is_empty() => {
            Err(Problem::new("the transformer has no `fieldSpecs`", node.from))
        }
        Some("PrefixTransformer") => {
            names::write(build, set, Affix::Prefix, node.get("prefix").unwrap_or(&empty), &specs)
        }
        Some("SuffixTransformer") => {
            names::write(build, set, Affix::Suffix, node.get("suffix").unwrap_or(&empty), &specs)
        }
        Some("PrefixSuffixTransformer") => {
            names::write(build, set, Affix::Prefix, node.get("prefix").unwrap_or(&empty), &specs)?;
            names::write(build, set, Affix::Suffix, node.get("suffix").unwrap_or(&empty), &specs)
        }
        Some("LabelTransformer") => marks::write(build, set, node.get("labels"), &specs),
        Some("AnnotationsTransformer") => marks::write(build, set, node.get("annotations"), &specs),
        Some("ImageTagTransformer") => {
            images::write(build, set, node.get("imageTag").unwrap_or(&empty), &specs)
        }
        Some("ReplicaCountTransformer") => {
            replicas::write(build, set, node.get("replica").unwrap_or(&empty), &specs)
        }
        Some("PatchTransformer") => patches::run(build, kustomization, set, node),
        Some("PatchJson6902Transformer") => patches::run_json(build, kustomization, set, node, "jsonOp"),
        Some("PatchStrategicMergeTransformer") => {
            for entry in items("paths").iter().chain(node.get("patches")) {
                patches::run_strategic(build, kustomization, set, entry);
            }
            Ok(())
        }
        Some("ReplacementTransformer") => {
            let entries = items("replacements");
            entries.iter().try_for_each(|entry| replacements::entry_of(build, kustomization, set, entry))
        }
        Some("ValueAddTransformer") => value_add::run(build, kustomization, set, node),
        Some("HashTransformer") => {
            hash::add_suffixes(build, set);
            Ok(())
        }
        _ => {
            foreign(build, plugin, "transformer");
            Ok(())
        }
    }
}

/// The kind of a plugin of Kustomize's own.
fn builtin(plugin: &Resource) -> Option<String> {
    (&*plugin.api_version() == "builtin").then(|| plugin.kind().to_string())
}

fn foreign(build: &mut Build<'_>, plugin: &Resource, what: &str) {
    if let Some(kind) = builtin(plugin) {
        let message = format!("Kustomize has no {what} of its own that is called `{kind}`");
        return build.note(Problem::new(message, plugin.from()));
    }
    build.is_partial = true;
    let message = format!("the {what} {} is a program of its own and is not run", plugin.id());
    let problem = Problem::new(message, plugin.from())
        .help("what it makes, and what depends on that, is not known here");
    build.say(Gravity::Info, problem);
}
