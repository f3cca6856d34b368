//! Kubernetes: objects, pods, selectors, quantities and defaults as the API server and its controllers read them.

pub mod api;
pub mod autoscaling;
pub mod daemon;
pub mod datastore;
pub mod defaults;
pub mod dump;
pub mod image;
pub mod job;
pub mod karpenter;
pub mod kustomize;
pub mod lifecycle;
pub mod limits;
pub mod made;
pub mod object;
pub mod placeholder;
pub mod placement;
pub mod pod;
pub mod probe;
pub mod reference;
pub mod rollout;
pub mod route;
pub mod selector;
pub mod start;
pub mod volume;
