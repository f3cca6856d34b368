//! Which fields transformers write: Kustomize's defaults, and what files under `configurations` and `crds` add.

use std::rc::Rc;

use super::Problem;
use super::fieldspec::FieldSpec;
use super::node::Node;
use super::resource::Gvk;

const DEFAULTS: &str = include_str!("defaults.txt");

/// The fields of each transformer.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
    pub(super) namespace: Vec<FieldSpec>,
    pub(super) common_labels: Vec<FieldSpec>,
    pub(super) labels: Vec<FieldSpec>,
    pub(super) template_labels: Vec<FieldSpec>,
    pub(super) claim_labels: Vec<FieldSpec>,
    pub(super) common_annotations: Vec<FieldSpec>,
    pub(super) var_reference: Vec<FieldSpec>,
    pub(super) images: Vec<FieldSpec>,
    pub(super) replicas: Vec<FieldSpec>,
    pub(super) name_reference: Vec<NameReference>,
}

/// Fields that hold the name of a resource of this kind.
#[derive(Clone, Debug)]
pub(super) struct NameReference {
    pub(super) gvk: Gvk,
    pub(super) referrers: Vec<FieldSpec>,
}

impl Config {
    /// Kustomize's own.
    pub(super) fn defaults() -> Self {
        let mut config = Self::default();
        let mut section = "";
        for line in DEFAULTS.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let Some(first) = words.next() else { continue };
            let mut spec = FieldSpec::new(first, false);
            for word in words {
                match word.split_once('=') {
                    Some(("kind", kind)) => spec.gvk.kind = Rc::from(kind),
                    Some(("group", group)) => spec.gvk.group = Rc::from(group),
                    Some(("version", version)) => spec.gvk.version = Rc::from(version),
                    _ => spec.create |= word == "create",
                }
            }
            if !line.starts_with(' ') {
                section = first;
                if section == "nameReference" {
                    config.name_reference.push(NameReference { gvk: spec.gvk, referrers: Vec::new() });
                }
            } else if section == "nameReference" {
                if let Some(last) = config.name_reference.last_mut() {
                    last.referrers.push(spec);
                }
            } else if let Some(specs) = config.section(section) {
                specs.push(spec);
            }
        }
        config
    }

    /// What a file under `configurations` says.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut config = Self::default();
        for entry in node.entries() {
            if &*entry.key == "nameReference" {
                for reference in entry.node.items() {
                    let referrers = reference.get("fieldSpecs").map_or(&[][..], Node::items);
                    let referrers = referrers.iter().map(FieldSpec::read).collect();
                    config.name_reference.push(NameReference { gvk: Gvk::read(reference), referrers });
                }
            } else if let Some(specs) = config.section(&entry.key) {
                specs.extend(entry.node.items().iter().map(FieldSpec::read));
            } else {
                let message = format!("`{}` is no list of fields that Kustomize knows", entry.key);
                return Err(Problem::new(message, entry.from));
            }
        }
        Ok(config)
    }

    fn section(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "volumeClaimTemplateLabels" => &mut self.claim_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_reference,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    /// Adds what another says. The error is a field that both name, to be made if missing for one and not for the other.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), String> {
        merge(&mut self.name_prefix, &other.name_prefix)?;
        merge(&mut self.name_suffix, &other.name_suffix)?;
        merge(&mut self.namespace, &other.namespace)?;
        merge(&mut self.common_labels, &other.common_labels)?;
        merge(&mut self.labels, &other.labels)?;
        merge(&mut self.template_labels, &other.template_labels)?;
        merge(&mut self.claim_labels, &other.claim_labels)?;
        merge(&mut self.common_annotations, &other.common_annotations)?;
        merge(&mut self.var_reference, &other.var_reference)?;
        merge(&mut self.images, &other.images)?;
        merge(&mut self.replicas, &other.replicas)?;
        for reference in &other.name_reference {
            match self.name_reference.iter_mut().find(|known| known.gvk == reference.gvk) {
                Some(known) => merge(&mut known.referrers, &reference.referrers)?,
                None => self.name_reference.push(reference.clone()),
            }
        }
        Ok(())
    }
}

/// Adds fields that are not there yet.
pub(super) fn merge(specs: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), String> {
    for spec in more {
        match specs.iter().find(|known| known.path == spec.path && known.gvk.is_selected(&spec.gvk)) {
            Some(known) if known.create != spec.create => {
                return Err(format!(
                    "`{}` is to be created for one list of fields, and not for another",
                    spec.path
                ));
            }
            Some(_) => {}
            None => specs.push(spec.clone()),
        }
    }
    Ok(())
}
