//! Alarms: their metrics with the queues that these are about, their terms, and what they do.

use super::cloud::{Resource, Value, What, is_scalar};
use super::fields;
use super::resources::{At, Lowering};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::messaging::{Alarm, AlarmListener, Link, Watch};
use crate::syntax::tree::{NodeKind, NodeRef};

impl<'a> Lowering<'a, '_> {
    pub(super) fn alarm(&mut self, at: At, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let composite = resource.what == What::CompositeAlarm;
        let mut alarm = Alarm {
            handle: at.handle,
            system: at.system,
            node: resource.node,
            label: resource.label,
            name: cloud.name(resource, &fields::ALARM_NAME),
            composite,
            covers: Vec::new(),
            watches: Vec::new(),
            open: None,
            comparison: cloud.word(resource, &fields::COMPARISON),
            threshold: cloud.number(resource, &fields::THRESHOLD),
            period: cloud.number(resource, &fields::PERIOD),
            periods: cloud.number(resource, &fields::PERIODS),
            datapoints: cloud.number(resource, &fields::DATAPOINTS),
            statistic: cloud.word(resource, &fields::STATISTIC),
            missing: cloud
                .word(resource, &fields::MISSING_DATA)
                .or_default_text(&fields::MISSING_DATA_DEFAULT),
            enabled: cloud
                .truth(resource, &fields::ACTIONS_ENABLED)
                .or_default(&fields::ACTIONS_ENABLED_DEFAULT),
            pending: Fact::nothing(),
            severity: Fact::nothing(),
            query: None,
            actions: self.actions(resource, &fields::ACTIONS),
            other_actions: [&fields::OK_ACTIONS, &fields::NO_DATA_ACTIONS]
                .iter()
                .any(|field| !cloud.property(resource, field).is_absent()),
        };
        if composite {
            alarm.covers = self.names_in(resource.node, resource.scope);
        } else {
            self.watches(resource, &mut alarm);
        }
        self.found.alarms.push(alarm);
    }

    /// A rule of EventBridge, or what may make one, that alarms set off. One that names some of them is about these.
    pub(super) fn alarm_listener(&mut self, at: At, resource: &Resource<'a>) {
        if !resource.node.walk().any(|node| node.text().contains("CloudWatch Alarm State Change")) {
            return;
        }
        let names_some = |node: NodeRef<'a>| {
            matches!(node.key(), Some("resources" | "alarmName" | "detail.alarmName"))
                && node.kind() == NodeKind::List
                && node.items().all(is_scalar)
        };
        let to_all = !resource.node.walk().any(names_some);
        self.found.alarm_listeners.push(AlarmListener { system: at.system, to_all });
    }

    fn actions(&self, resource: &Resource<'a>, field: &fields::Field) -> Fact<'a, Vec<Fact<'a, Link<'a>>>> {
        let cloud = self.cloud;
        let property = cloud.property(resource, field);
        let Some(node) = property.value().copied() else { return property.map(|_| Vec::new()) };
        let (list, mut spots) = cloud.traced(node, resource.scope);
        match cloud.items(property, resource.scope) {
            Some(items) if items.is_empty() => {
                // What its element comes to was decided elsewhere, perhaps.
                if let Value::Node(list, scope) = list
                    && let Some(element) = list.items().next()
                {
                    spots = cloud.traced(element, scope).1;
                }
                Fact { spots, ..Fact::nothing() }
            }
            Some(items) => {
                let links = items
                    .into_iter()
                    .map(|(item, scope)| self.link_of(Fact::written(item, Spot::value(item)), scope));
                Fact { spots, ..Fact::plain(links.collect()) }
            }
            None => Fact { spots, ..Fact::unknown("the list is only known at run time") },
        }
    }

    fn watches(&self, resource: &Resource<'a>, alarm: &mut Alarm<'a>) {
        let cloud = self.cloud;
        let queries = cloud.property(resource, &fields::METRICS);
        if queries.is_absent() {
            alarm.watches.push(self.watch(&resource.layers, resource.scope));
            return;
        }
        let Some(queries) = cloud.maps(queries, resource.scope) else {
            alarm.open = Some(Reason::new("its metrics are only known at run time"));
            return;
        };
        for (query, scope) in queries {
            let expression = cloud.property_in(&[query], scope, &fields::QUERY_EXPRESSION);
            let text = expression.value().map_or("", |node| node.text());
            if expression.is_unknown()
                || ["SEARCH", "SELECT", "INSIGHT_RULE"].iter().any(|word| text.contains(word))
            {
                alarm.open = Some(Reason::new("one of its metrics is found by a search"));
            }
            let metric = cloud.property_in(&[query], scope, &fields::QUERY_METRIC);
            if let Some(node) = metric.value().copied() {
                match cloud.value(node, scope) {
                    Value::Node(map, scope) if map.kind() == NodeKind::Map => {
                        alarm.watches.push(self.watch(&[map], scope));
                    }
                    _ => alarm.open = Some(Reason::new("one of its metrics is only known at run time")),
                }
            }
        }
    }

    fn watch(&self, layers: &[NodeRef<'a>], scope: u32) -> Watch<'a> {
        let cloud = self.cloud;
        let word = |field| cloud.word_of(cloud.property_in(layers, scope, field), scope);
        let dimension =
            |name| self.dimension(cloud.property_in(layers, scope, &fields::DIMENSIONS), scope, name);
        Watch {
            namespace: word(&fields::NAMESPACE),
            metric: word(&fields::METRIC),
            queue: dimension("QueueName"),
            function: dimension("FunctionName"),
        }
    }

    /// The value of a dimension. CloudFormation has a list of names and values, Terraform a map.
    fn dimension(
        &self,
        dimensions: Fact<'a, NodeRef<'a>>,
        scope: u32,
        wanted: &'static str,
    ) -> Fact<'a, Link<'a>> {
        let Some(node) = dimensions.value().copied() else {
            return dimensions.try_map("it is only known at run time", |_| None);
        };
        let hidden = || Fact::unknown_at("its dimensions are only known at run time", Spot::value(node));
        let Value::Node(list, scope) = self.cloud.value(node, scope) else { return hidden() };
        match list.kind() {
            NodeKind::Map if list.get("Name").is_none() => match list.get(wanted) {
                Some(value) => self.link_of(Fact::written(value, Spot::value(value)), scope),
                None => Fact::absent(Spot::missing(list, wanted)),
            },
            NodeKind::List | NodeKind::Map => {
                let Some(maps) = self.cloud.maps(Fact::written(list, Spot::value(list)), scope) else {
                    return hidden();
                };
                for (map, scope) in maps {
                    let name = map.get("Name");
                    match name.map(|name| self.cloud.value(name, scope)) {
                        Some(Value::Node(name, _)) if is_scalar(name) => {
                            if name.text() == wanted
                                && let Some(value) = map.get("Value")
                            {
                                return self.link_of(Fact::written(value, Spot::value(value)), scope);
                            }
                        }
                        _ => return hidden(),
                    }
                }
                Fact::absent(Spot::value(list))
            }
            _ => hidden(),
        }
    }
}
