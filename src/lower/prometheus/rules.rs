//! Alerting and recording rules, in rule files and in objects of kind PrometheusRule.

use std::borrow::Cow;

use crate::fact::{Default, Fact, Reason, Spot};
use crate::lower::alerting::Query;
use crate::lower::messaging::{Alarm, Link, Name, Watch};
use crate::lower::read;
use crate::measure::{duration, promql};
use crate::syntax::tree::{NodeKind, NodeRef};

/// Prometheus, Alerting rules: "`for: <duration>` | default = 0s".
static FOR: Default<f64> = Default::of("Prometheus", "for", 0.0, "0s");

/// By which labels the exporters of RabbitMQ and of CloudWatch tell queues apart.
const LABELS: [&str; 5] = ["queue", "queue_name", "dimension_QueueName", "QueueName", "dimension_queue_name"];

/// The groups of a rule file, or of an object.
pub(super) fn groups(root: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let groups = match root.get("kind").map(NodeRef::text) {
        Some("PrometheusRule" | "VMRule") => root.at("spec.groups"),
        Some(_) => None,
        None => root.get("groups"),
    };
    groups.filter(|groups| groups.kind() == NodeKind::List)
}

/// The rules of groups, with what they ask.
pub(super) fn queries<'a>(groups: NodeRef<'a>, victoria: bool) -> impl Iterator<Item = Query<'a>> {
    let rules = groups.items().filter_map(|group| group.get("rules")).flat_map(NodeRef::items);
    rules.filter_map(move |rule| {
        let name = rule.get("alert").or_else(|| rule.get("record"))?;
        let node = rule.get("expr").filter(|node| !matches!(node.kind(), NodeKind::Map | NodeKind::List))?;
        let expr = if node.is_unknown() {
            let text = "it is only known at run time".to_owned();
            Err(promql::Mistake { text, range: 0..0, dialect: promql::Dialect::Foreign })
        } else {
            promql::read(node.text()).map_err(|mistake| match mistake.dialect {
                promql::Dialect::Wider if victoria => {
                    promql::Mistake { dialect: promql::Dialect::Foreign, ..mistake }
                }
                _ => mistake,
            })
        };
        Some(Query {
            rule,
            node,
            label: name.text(),
            alarm: None,
            expr,
            server: None,
            root: None,
            namespace: None,
        })
    })
}

/// The alarm that a rule is, if it is one.
pub(super) fn alarm<'a>(query: &Query<'a>, id: u32, handle: u32, system: u32) -> Option<Alarm<'a>> {
    let rule = query.rule;
    let name = rule.get("alert")?;
    let pending = read::text(rule, "for")
        .try_map("it is no duration of Prometheus", duration::prometheus)
        .or_default(&FOR);
    let mut alarm = Alarm {
        handle,
        system,
        node: rule,
        label: name.text(),
        name: Fact::written(Name::known(name.text()), Spot::value(name)),
        composite: false,
        covers: Vec::new(),
        watches: Vec::new(),
        open: None,
        comparison: Fact::nothing(),
        threshold: Fact::nothing(),
        period: Fact::nothing(),
        periods: Fact::nothing(),
        datapoints: Fact::nothing(),
        statistic: Fact::nothing(),
        missing: Fact::nothing(),
        enabled: Fact::plain(true),
        pending,
        severity: read::text(rule, "labels.severity"),
        query: Some(id),
        actions: Fact::unknown("Alertmanager says whom it tells"),
        other_actions: false,
    };
    match &query.expr {
        Ok(expr) => {
            let selectors = expr.selectors().into_iter();
            alarm.watches = selectors.map(|(one, range)| watch(query.node, one, range.start)).collect();
        }
        // What Prometheus refuses watches nothing.
        Err(promql::Mistake { dialect: promql::Dialect::None, .. }) => {}
        Err(_) => alarm.open = Some(Reason::new("its expression is only known at run time")),
    }
    Some(alarm)
}

fn watch<'a>(expression: NodeRef<'a>, selector: &promql::Selector, start: usize) -> Watch<'a> {
    let range = start..start + selector.metric.len();
    let spot = || Spot::within(expression, range.clone());
    let metric = expression.text().get(range.clone()).filter(|text| *text == selector.metric);
    let about_queues = selector.metric.starts_with("rabbitmq_") && selector.metric.contains("queue")
        || selector.metric.starts_with("aws_sqs_");
    let asked = selector.matchers.iter().find(|matcher| LABELS.contains(&matcher.label.as_str()));
    let queue = match asked {
        Some(matcher) => match matcher.test {
            promql::Test::Is => Fact::written(Link::Named(Name::known(matcher.value.clone())), spot()),
            promql::Test::Matches => Fact::written(Link::Like(Cow::Owned(matcher.value.clone())), spot()),
            promql::Test::IsNot | promql::Test::MatchesNot => {
                Fact::unknown_at("it watches all queues but some", spot())
            }
        },
        None if about_queues => Fact::written(Link::Like(Cow::Borrowed(".*")), spot()),
        None => Fact::nothing(),
    };
    Watch {
        namespace: Fact::nothing(),
        metric: metric.map_or_else(Fact::nothing, |metric| Fact::written(metric, spot())),
        queue,
        function: Fact::nothing(),
    }
}
