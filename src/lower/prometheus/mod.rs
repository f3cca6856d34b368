//! Alerting rules of Prometheus, in rule files and in objects of kind PrometheusRule.
//!
//! What an alert watches is read off the series that its expression selects. Whom it tells is Alertmanager's to say, where one
//! configuration of it stands near the rules.

mod alertmanager;

use std::borrow::Cow;

use camino::Utf8Path;

use crate::fact::{Default, Fact, Spot};
use crate::lower::messaging::{Alarm, Documents, Link, Messaging, Name, System, Watch};
use crate::lower::read;
use crate::measure::{duration, promql};
use crate::source::Sources;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Prometheus, Alerting rules: "`for: <duration>` | default = 0s".
static FOR: Default<f64> = Default::of("Prometheus", "for", 0.0, "0s");

/// By which labels the exporters of RabbitMQ and of CloudWatch tell queues apart.
const LABELS: [&str; 5] = ["queue", "queue_name", "dimension_QueueName", "QueueName", "dimension_queue_name"];

/// Adds the alerts of all files.
pub fn read<'a>(documents: &Documents<'a>, sources: &'a Sources, found: &mut Messaging<'a>) {
    let configs: Vec<(&Utf8Path, alertmanager::Config<'a>)> = documents
        .plain
        .iter()
        .filter_map(|root| Some((sources.path(root.tree().file), alertmanager::Config::of(*root)?)))
        .collect();
    for root in documents.plain.iter().chain(&documents.objects) {
        let Some(groups) = groups(*root) else { continue };
        let config = nearest(&configs, sources.path(root.tree().file));
        let system = found.systems.len() as u32;
        let before = found.alarms.len();
        for rule in groups.items().filter_map(|group| group.get("rules")).flat_map(NodeRef::items) {
            if let Some(alarm) = alarm(rule, config, found.handles, system) {
                found.handles += 1;
                found.labels.push(alarm.label);
                found.alarms.push(alarm);
            }
        }
        if found.alarms.len() > before {
            let name = sources.path(root.tree().file).to_string();
            found.systems.push(System { name, open: None });
        }
    }
}

/// The configuration that the rules of a file are for: the only one that stands beside them, above them, or in a folder beside theirs.
/// What stands further away may be another cluster's, and an example is nobody's.
fn nearest<'a>(
    configs: &[(&Utf8Path, alertmanager::Config<'a>)],
    rules: &Utf8Path,
) -> Option<alertmanager::Config<'a>> {
    const EXAMPLES: [&str; 7] = ["example", "examples", "test", "tests", "testdata", "docs", "documentation"];
    let is_example = |path: &Utf8Path| path.components().any(|part| EXAMPLES.contains(&part.as_str()));
    let mut near = configs.iter().filter(|(path, _)| {
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let beside =
            folder.parent().is_some_and(|above| rules.parent().and_then(Utf8Path::parent) == Some(above));
        (rules.starts_with(folder) || beside) && is_example(path) == is_example(rules)
    });
    near.next().map(|(_, config)| *config).filter(|_| near.next().is_none())
}

/// The groups of a rule file, or of an object.
fn groups(root: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let groups = match root.get("kind").map(NodeRef::text) {
        Some("PrometheusRule" | "VMRule") => root.at("spec.groups"),
        Some(_) => None,
        None => root.get("groups"),
    };
    groups.filter(|groups| groups.kind() == NodeKind::List)
}

fn alarm<'a>(
    rule: NodeRef<'a>,
    config: Option<alertmanager::Config<'a>>,
    handle: u32,
    system: u32,
) -> Option<Alarm<'a>> {
    let name = rule.get("alert")?;
    let expression = rule.get("expr")?;
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
        tells: config.map_or_else(
            || Fact::unknown("no configuration of Alertmanager is here"),
            |config| {
                let receivers = config.receivers(rule);
                match receivers.value() {
                    Some(names) => config.tells(names),
                    None => receivers.map(|_| false),
                }
            },
        ),
        actions: Fact::unknown("Alertmanager says whom it tells"),
        other_actions: false,
    };
    if expression.is_unknown()
        || read::is_filled_in_later(expression.text()) && expression.text().contains("${")
    {
        alarm.open = Some(crate::fact::Reason::new("its expression is only known at run time"));
    }
    alarm.watches =
        promql::selectors(expression.text()).into_iter().map(|one| watch(expression, one)).collect();
    Some(alarm)
}

fn watch<'a>(expression: NodeRef<'a>, selector: promql::Selector) -> Watch<'a> {
    let spot = || Spot::within(expression, selector.range.clone());
    let metric = expression.text().get(selector.range.clone()).filter(|text| *text == selector.metric);
    let about_queues = selector.metric.starts_with("rabbitmq_") && selector.metric.contains("queue")
        || selector.metric.starts_with("aws_sqs_");
    let asked = selector.matchers.iter().find(|matcher| LABELS.contains(&matcher.label.as_str()));
    let queue = match asked {
        Some(matcher) => match matcher.operator {
            promql::Operator::Is => Fact::written(Link::Named(Name::known(matcher.value.clone())), spot()),
            promql::Operator::Matches => Fact::written(Link::Like(Cow::Owned(matcher.value.clone())), spot()),
            promql::Operator::IsNot | promql::Operator::MatchesNot => {
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
    }
}
