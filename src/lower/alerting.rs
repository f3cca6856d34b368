//! What Prometheus and Alertmanager lower to: expressions, servers, and the ways of alerts to those who are told.
//!
//! Nothing here knows a file format. How an alert finds its route is written once, in [`route`].

pub mod route;

use crate::fact::Fact;
use crate::measure::promql::{Expr, Mistake, Test};
use crate::syntax::tree::NodeRef;

/// All of it. A position in a list is what others name a thing by.
#[derive(Debug, Default)]
pub struct Alerting<'a> {
    /// The expressions of all rules.
    pub queries: Vec<Query<'a>>,
    /// All servers of Prometheus.
    pub servers: Vec<Server<'a>>,
    /// The routes of all configurations of Alertmanager, each before those below it.
    pub routes: Vec<Route<'a>>,
    /// The receivers of all configurations.
    pub receivers: Vec<Receiver<'a>>,
    /// What mutes alerts while others fire.
    pub inhibitions: Vec<Inhibition<'a>>,
    /// An Alertmanager whose objects' routes are not for alerts of their own namespace alone.
    pub other_strategy: Option<NodeRef<'a>>,
}

/// The expression of an alerting or a recording rule.
#[derive(Debug)]
pub struct Query<'a> {
    /// The rule.
    pub rule: NodeRef<'a>,
    /// The expression.
    pub node: NodeRef<'a>,
    /// What the rule is called.
    pub label: &'a str,
    /// The alarm, if it is one.
    pub alarm: Option<u32>,
    /// What it says; a mistake may be somebody else's language.
    pub expr: Result<Expr, Mistake>,
    /// The server that is asked, if it is known.
    pub server: Option<u32>,
    /// The root of the routes that its alert takes, if they are known.
    pub root: Option<u32>,
    /// The namespace of its object.
    pub namespace: Option<&'a str>,
}

/// A server of Prometheus.
#[derive(Debug)]
pub struct Server<'a> {
    /// Its configuration.
    pub node: NodeRef<'a>,
    /// What it is called.
    pub label: &'a str,
    /// The patterns of files with rules.
    pub rule_files: Fact<'a, Vec<Fact<'a, &'a str>>>,
    /// Whether it has an Alertmanager to send alerts to.
    pub alertmanagers: Fact<'a, bool>,
    /// Whether it sends what it scrapes to somebody who may have rules of their own.
    pub sends_on: Fact<'a, bool>,
    /// The shortest time between two scrapes of one target, in seconds.
    pub scrapes: Fact<'a, f64>,
    /// Seconds between two evaluations of a rule.
    pub evaluates: Fact<'a, f64>,
    /// The files with rules beside it that none of its patterns has.
    pub left_out: Vec<Fact<'a, &'a str>>,
}

/// A route of Alertmanager.
#[derive(Debug)]
pub struct Route<'a> {
    /// Its part of the configuration.
    pub node: NodeRef<'a>,
    /// The route above it; the root has none.
    pub parent: Option<u32>,
    /// Those below it.
    pub children: Vec<u32>,
    /// The name of its receiver, its own or that of the route above.
    pub receiver: Fact<'a, &'a str>,
    /// Which labels it asks for.
    pub matchers: Vec<Matcher<'a>>,
    /// Whether the next route is asked as well.
    pub goes_on: Fact<'a, bool>,
    /// The labels by which alerts are put together.
    pub group_by: Fact<'a, Vec<Fact<'a, &'a str>>>,
    /// Seconds before the first message.
    pub group_wait: Fact<'a, f64>,
    /// Seconds before a message about new alerts of a group.
    pub group_interval: Fact<'a, f64>,
    /// Seconds before a message is sent again.
    pub repeat_interval: Fact<'a, f64>,
    /// The receivers of its configuration.
    pub receivers: std::ops::Range<u32>,
    /// Whether it stands in an object of Kubernetes, which gets its place among the routes of others.
    pub object: bool,
    /// The namespace of that object.
    pub namespace: Option<&'a str>,
}

/// A question that is asked of the labels of an alert.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    /// Where it stands.
    pub node: NodeRef<'a>,
    /// The label.
    pub label: &'a str,
    /// How it is compared; nothing where the question cannot be read.
    pub test: Option<Test>,
    /// With what.
    pub value: &'a str,
}

/// Whom alerts are sent to.
#[derive(Debug)]
pub struct Receiver<'a> {
    /// Its part of the configuration.
    pub node: NodeRef<'a>,
    /// Its name.
    pub name: &'a str,
    /// By what they are sent: `slack`, `pagerduty`.
    pub integrations: Fact<'a, Vec<Fact<'a, &'a str>>>,
}

/// What mutes alerts while others fire.
#[derive(Debug)]
pub struct Inhibition<'a> {
    /// Its part of the configuration.
    pub node: NodeRef<'a>,
    /// What must fire.
    pub source: Vec<Matcher<'a>>,
    /// What is muted.
    pub target: Vec<Matcher<'a>>,
    /// The labels that must be the same in both.
    pub equal: Fact<'a, Vec<Fact<'a, &'a str>>>,
}
