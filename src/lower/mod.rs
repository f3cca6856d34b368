//! Front ends: from trees to facts, one folder a technology.
//!
//! A front end knows field names, defaults and dialects, and reads nodes into [`crate::fact::Fact`]s. It joins nothing and
//! judges nothing: objects find each other in `model`, and what is healthy is said by rules.

pub mod alb;
pub mod alerting;
pub mod aws;
pub mod call;
pub mod compose;
pub mod embedded;
pub mod envoy;
pub mod gateway;
pub mod ingress_nginx;
pub mod istio;
pub mod kubernetes;
pub mod messaging;
pub mod outlier;
pub mod pool;
pub mod prometheus;
pub mod rabbitmq;
pub mod rate_limit;
pub mod read;
