//! Amazon's queues, functions and alarms, whichever tool deploys them.
//!
//! CloudFormation, SAM, serverless.yml and Terraform differ in how a file names another resource, and in how they spell a
//! property. [`cloud`] follows the names, [`fields`] has the spellings and the platform's defaults; all that is read of a
//! resource is then written once, in `resources` and `alarms`.

mod alarms;
pub mod cloud;
pub mod cloudformation;
mod condition;
mod count;
mod databases;
mod expression;
pub mod fields;
mod gateway;
mod nested;
mod policy;
mod relative;
mod resources;
mod sam;
mod serverless;
pub mod terraform;
pub mod text;
mod trail;

use crate::lower::messaging::{Documents, Messaging};
use crate::source::Sources;
use crate::syntax::tree::{NodeRef, Tree};

/// Adds what the files deploy to AWS.
pub fn read<'a>(
    documents: &Documents<'a>,
    trees: &[&'a Tree],
    sources: &'a Sources,
    found: &mut Messaging<'a>,
) {
    let mut cloud = cloud::Cloud::default();
    nested::add(&mut cloud, &documents.plain, sources);
    let path = |root: &NodeRef<'a>| sources.path(root.tree().file);
    let services: Vec<_> = documents.plain.iter().filter(|root| serverless::is_service(**root)).collect();
    if !services.is_empty() {
        cloud.documents = documents.plain.iter().map(|root| (path(root), *root)).collect();
    }
    for root in services {
        serverless::add(&mut cloud, *root, path(root).as_str());
    }
    terraform::add(&mut cloud, trees, sources);
    if !cloud.stacks.is_empty() {
        cloud.index();
        resources::lower(&cloud, found);
    }
}
