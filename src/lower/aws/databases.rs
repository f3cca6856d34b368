//! The databases that a function is given the address of.

use super::cloud::Resource;
use super::fields;
use super::resources::Lowering;
use crate::fact::{Fact, Spot};

/// What has a server with a bounded number of connections. A proxy of RDS, whose connections are shared, is another resource.
const DATABASES: [&str; 6] = [
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_rds_cluster_endpoint",
    "aws_rds_cluster_instance",
];

impl<'a> Lowering<'a, '_> {
    /// By the attributes that its variables name. Where only the ARN is named, it may be the Data API that it asks.
    pub(super) fn databases(&self, function: &Resource<'a>) -> Vec<Fact<'a, &'a str>> {
        let cloud = self.cloud;
        let mut found: Vec<Fact<'a, &'a str>> = Vec::new();
        for layer in &function.layers {
            let variables = cloud.property_in(&[*layer], function.scope, &fields::VARIABLES);
            let Some(variables) = variables.value().copied() else { continue };
            for (_, variable) in variables.entries() {
                let says = |word: &str| variable.walk().any(|node| node.text().contains(word));
                if !says("ndpoint") && !says("address") {
                    continue;
                }
                for handle in cloud.mentioned(variable, function.scope) {
                    let resource = &cloud.resources[handle as usize];
                    let known = found.iter().any(|known| known.value() == Some(&resource.label));
                    if DATABASES.contains(&resource.kind) && !known {
                        found.push(Fact::written(resource.label, Spot::value(variable)));
                    }
                }
            }
        }
        found
    }
}
