//! What is read of each kind of resource, once for all dialects.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::cloud::{Cloud, Dialect, Resource, Value, What, is_scalar};
use super::gateway::Attachment;
use super::{fields, policy};
use crate::fact::{Default, Fact, Spot};
use crate::lower::messaging::{
    Broker, Carrier, Function, Link, Mention, Messaging, Name, Permission, Queue, Subscription, System, Topic,
};
use crate::syntax::tree::NodeRef;

/// How many names of one opaque resource are kept.
const MENTIONS: usize = 200;

/// Adds everything that the stacks hold.
pub(super) fn lower<'a>(cloud: &Cloud<'a>, found: &mut Messaging<'a>) {
    let mut lowering = Lowering {
        cloud,
        found,
        first: 0,
        redrives: FxHashMap::default(),
        callers: Vec::new(),
        attachments: Attachment::all(cloud),
    };
    lowering.first = lowering.found.handles;
    lowering.found.handles += cloud.resources.len() as u32;
    lowering.found.labels.extend(cloud.resources.iter().map(|resource| {
        match cloud.stack(resource.scope).dialect {
            Dialect::Terraform => Cow::Owned(format!("{}.{}", resource.kind, resource.label)),
            _ => Cow::Borrowed(resource.label),
        }
    }));
    for stack in &cloud.stacks {
        let system = lowering.found.systems.len() as u32;
        lowering.found.systems.push(System { name: stack.name.clone(), open: stack.open.clone() });
        for handle in stack.resources.clone() {
            let resource = &cloud.resources[handle as usize];
            if resource.what == What::Redrive
                && let Some(Link::To(queue)) = cloud.link(resource, &fields::QUEUE_URL).into_value()
            {
                lowering.redrives.insert(queue, handle);
            }
        }
        for handle in stack.resources.clone() {
            lowering.one(handle, system);
        }
        lowering.keep_needed_permissions();
    }
}

/// The stacks, and what becomes of them.
pub(super) struct Lowering<'a, 'c> {
    pub(super) cloud: &'c Cloud<'a>,
    pub(super) found: &'c mut Messaging<'a>,
    /// The handle of the first resource.
    first: u32,
    /// Redrive policies that are resources of their own, by queue.
    redrives: FxHashMap<u32, u32>,
    /// Permissions to call a function, of which the caller may stand there as well.
    callers: Vec<Subscription<'a>>,
    /// What says something of stages of API Gateway, beside them.
    pub(super) attachments: Vec<Attachment>,
}

/// The handle of a resource, and what it is deployed with.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) handle: u32,
    pub(super) system: u32,
}

impl<'a> Lowering<'a, '_> {
    fn one(&mut self, handle: u32, system: u32) {
        let resource = &self.cloud.resources[handle as usize];
        let at = At { handle: self.first + handle, system };
        match resource.what {
            What::Queue => self.queue(at, handle, resource),
            What::Topic => self.topic(at, resource),
            What::Function => {
                self.function(at, handle, resource);
                // SAM takes a deployment back when an alarm fires.
                if let Some(preference) =
                    resource.layers.first().and_then(|own| own.get("DeploymentPreference"))
                {
                    self.mentions(&Resource { node: preference, ..resource.clone() });
                }
            }
            What::Mapping => self.mapping(at, resource, None),
            What::Subscription => {
                let subscription = self.topic_subscription(at, resource);
                self.found.subscriptions.push(subscription);
            }
            What::Rule => {
                self.alarm_listener(at, resource);
                self.rule(at, resource);
            }
            What::RuleTarget => {
                let source = self.link(resource, &fields::RULE_OF_TARGET);
                let mut target = self.target(at, resource, resource.node, resource.label);
                target.scheduled = match source.value() {
                    Some(Link::To(rule)) => {
                        self.scheduled(&self.cloud.resources[(*rule - self.first) as usize])
                    }
                    _ => Fact::unknown("the rule of the target is not here"),
                };
                target.source = source;
                self.found.subscriptions.push(target);
            }
            What::Schedule => self.schedule(at, resource),
            What::Pipe => self.pipe(at, resource),
            What::Event => {
                self.alarm_listener(at, resource);
                self.event(at, resource);
            }
            What::Integration => self.integration(at, resource),
            What::Stage => self.stage(at, handle, resource),
            What::Permission => self.invoke_permission(at, resource),
            What::Alarm | What::CompositeAlarm => self.alarm(at, resource),
            What::QueuePolicy => self.permission(at, resource),
            What::Opaque => {
                self.alarm_listener(at, resource);
                self.mentions(resource);
            }
            What::AlarmUser => self.mentions(resource),
            What::Redrive | What::InvokeConfig | What::Other => {}
        }
    }

    fn moved(&self, link: Link<'a>) -> Link<'a> {
        match link {
            Link::To(handle) => Link::To(self.first + handle),
            other => other,
        }
    }

    pub(super) fn link(&self, resource: &Resource<'a>, field: &fields::Field) -> Fact<'a, Link<'a>> {
        self.cloud.link(resource, field).map(|link| self.moved(link))
    }

    pub(super) fn link_of(&self, property: Fact<'a, NodeRef<'a>>, scope: u32) -> Fact<'a, Link<'a>> {
        self.cloud.link_of(property, scope).map(|link| self.moved(link))
    }

    fn queue(&mut self, at: At, handle: u32, resource: &Resource<'a>) {
        let cloud = self.cloud;
        // A policy that is a resource of its own counts like one in the queue.
        let redrive = self.redrives.get(&handle).map_or(resource, |id| &cloud.resources[*id as usize]);
        let name = cloud.name(resource, &fields::QUEUE_NAME);
        let fifo = cloud.truth(resource, &fields::FIFO).or_default(&fields::FIFO_DEFAULT);
        self.found.queues.push(Queue {
            handle: at.handle,
            system: at.system,
            node: resource.node,
            label: resource.label,
            broker: Broker::Sqs,
            name,
            fifo,
            retention: cloud.number(resource, &fields::RETENTION).or_default(&fields::RETENTION_DEFAULT),
            visibility: cloud.number(resource, &fields::VISIBILITY).or_default(&fields::VISIBILITY_DEFAULT),
            max_receives: cloud.number(redrive, &fields::MAX_RECEIVES),
            dead_letter: self.link(redrive, &fields::DEAD_LETTER_TARGET),
            rabbit: None,
        });
        // Terraform has the policy of a queue in the queue, too.
        let own = cloud.property(resource, &fields::QUEUE_OWN_POLICY);
        if !own.is_absent() {
            let services = self.services(own, resource.scope);
            let queue = Fact::plain(Link::To(at.handle));
            self.found.permissions.push(Permission { system: at.system, queue, services });
        }
    }

    fn topic(&mut self, at: At, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let name = cloud.name(resource, &fields::TOPIC_NAME);
        self.found.topics.push(Topic {
            handle: at.handle,
            system: at.system,
            node: resource.node,
            label: resource.label,
            name,
        });
        let list = cloud.property(resource, &fields::TOPIC_SUBSCRIPTIONS);
        if list.is_absent() {
            return;
        }
        match cloud.maps(list, resource.scope) {
            Some(maps) => {
                for (map, scope) in maps {
                    let part = Resource { node: map, layers: vec![map], scope, ..resource.clone() };
                    let mut subscription = self.topic_subscription(at, &part);
                    subscription.source = Fact::plain(Link::To(at.handle));
                    self.found.subscriptions.push(subscription);
                }
            }
            None => self.found.mentions.push(Mention {
                link: Link::To(at.handle),
                by: format!("`Subscription` of `{}`", resource.label),
                alarms_only: false,
            }),
        }
    }

    fn function(&mut self, at: At, handle: u32, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let mut on_failure = self.link(resource, &fields::FUNCTION_ON_FAILURE);
        let mut retries = cloud.number(resource, &fields::FUNCTION_RETRIES);
        for other in self.siblings(resource) {
            if other.what != What::InvokeConfig {
                continue;
            }
            let function = cloud.link(other, &fields::INVOKED_FUNCTION);
            match function.value() {
                Some(Link::To(named)) if *named == handle => {}
                Some(Link::Named(name))
                    if cloud.name(resource, &fields::FUNCTION_NAME).value().is_some_and(|own| {
                        own.matches(name) == crate::lower::kubernetes::selector::Match::Yes
                    }) => {}
                None if function.is_unknown() => {
                    // It may be about this function.
                    if on_failure.is_absent() {
                        on_failure = Fact::unknown("another resource configures some function");
                    }
                    continue;
                }
                _ => continue,
            }
            on_failure = self.link(other, &fields::INVOKE_ON_FAILURE);
            retries = cloud.number(other, &fields::INVOKE_RETRIES);
        }
        let mut timeout = cloud.number(resource, &fields::TIMEOUT);
        // A function of serverless.yml holds itself: what it does not say, the provider may.
        let serverless = resource.holder == Some(handle);
        if let Some(root) = cloud.stack(resource.scope).root.filter(|_| serverless && timeout.is_absent()) {
            let provider = Resource { layers: vec![root], ..resource.clone() };
            let inherited = cloud.number(&provider, &fields::PROVIDER_TIMEOUT);
            if !inherited.is_absent() {
                timeout = inherited;
            }
        }
        self.found.functions.push(Function {
            handle: at.handle,
            system: at.system,
            node: resource.node,
            label: resource.label,
            name: cloud.name(resource, &fields::FUNCTION_NAME),
            timeout: timeout.or_default(if serverless {
                &fields::SERVERLESS_TIMEOUT_DEFAULT
            } else {
                &fields::TIMEOUT_DEFAULT
            }),
            // Terraform's -1 is no reservation.
            reserved: reserved(cloud.number(resource, &fields::RESERVED)),
            dead_letter: self.link(resource, &fields::FUNCTION_DEAD_LETTER),
            on_failure,
            retries: retries.or_default(&fields::RETRIES_DEFAULT),
            databases: self.databases(resource),
        });
    }

    /// The resources of the same stack.
    fn siblings<'s>(&'s self, resource: &Resource<'a>) -> impl Iterator<Item = &'s Resource<'a>> {
        let range = self.cloud.stack(resource.scope).resources.clone();
        self.cloud.resources[range.start as usize..range.end as usize].iter()
    }

    /// A subscription with nothing but its place and its ends.
    fn bare(&self, at: At, node: NodeRef<'a>, label: &'a str, carrier: Carrier) -> Subscription<'a> {
        Subscription {
            handle: at.handle,
            system: at.system,
            node,
            label,
            carrier,
            source: Fact::nothing(),
            target: Fact::nothing(),
            protocol: Fact::nothing(),
            scheduled: Fact::plain(false),
            enabled: Fact::nothing(),
            batch: Fact::nothing(),
            window: Fact::nothing(),
            partial: Fact::nothing(),
            retries: Fact::nothing(),
            max_age: Fact::nothing(),
            bisect: Fact::nothing(),
            concurrency: Fact::nothing(),
            dead_letter: Fact::nothing(),
            permission_made: false,
            timeout: Fact::nothing(),
        }
    }

    fn mapping(&mut self, at: At, resource: &Resource<'a>, carrier: Option<Carrier>) {
        let cloud = self.cloud;
        let source = self.link(resource, &fields::SOURCE);
        let carrier = carrier.unwrap_or_else(|| self.polled(resource, &fields::SOURCE, &source));
        let mut mapping = self.bare(at, resource.node, resource.label, carrier);
        mapping.source = source;
        mapping.target = match resource.holder {
            Some(holder) => Fact::plain(Link::To(self.first + holder)),
            None => self.link(resource, &fields::INVOKED_FUNCTION),
        };
        mapping.enabled = cloud.truth(resource, &fields::ENABLED).or_default(&fields::ENABLED_DEFAULT);
        let batch = cloud.number(resource, &fields::BATCH);
        mapping.batch = match carrier {
            Carrier::Sqs => batch.or_default(&fields::QUEUE_BATCH_DEFAULT),
            Carrier::Kinesis | Carrier::DynamoDb => batch.or_default(&fields::STREAM_BATCH_DEFAULT),
            _ => batch,
        };
        mapping.window = cloud.number(resource, &fields::WINDOW).or_default(&fields::WINDOW_DEFAULT);
        mapping.partial = self.partial(resource);
        mapping.retries = endless(cloud.number(resource, &fields::ATTEMPTS), &fields::ATTEMPTS_DEFAULT);
        mapping.max_age = endless(cloud.number(resource, &fields::MAX_AGE), &fields::MAX_AGE_DEFAULT);
        mapping.bisect = cloud.truth(resource, &fields::BISECT).or_default(&fields::BISECT_DEFAULT);
        mapping.concurrency = cloud.number(resource, &fields::MAX_CONCURRENCY);
        mapping.dead_letter = self.link(resource, &fields::MAPPING_ON_FAILURE);
        self.found.subscriptions.push(mapping);
    }

    /// What a mapping polls, by what its source is.
    fn polled(&self, resource: &Resource<'a>, field: &fields::Field, source: &Fact<'a, Link<'a>>) -> Carrier {
        let by_kind = |kind: &str| match kind {
            "AWS::SQS::Queue" | "aws_sqs_queue" => Carrier::Sqs,
            "AWS::Kinesis::Stream"
            | "AWS::Kinesis::StreamConsumer"
            | "aws_kinesis_stream"
            | "aws_kinesis_stream_consumer" => Carrier::Kinesis,
            "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" | "aws_dynamodb_table" => Carrier::DynamoDb,
            "AWS::MSK::Cluster"
            | "AWS::AmazonMQ::Broker"
            | "AWS::DocDB::DBCluster"
            | "aws_msk_cluster"
            | "aws_mq_broker" => Carrier::OtherPoll,
            _ => Carrier::UnknownPoll,
        };
        match source.value() {
            Some(Link::To(handle)) => by_kind(self.cloud.resources[(*handle - self.first) as usize].kind),
            _ => {
                let property = self.cloud.property(resource, field);
                let written = match property.value().map(|node| self.cloud.value(*node, resource.scope)) {
                    Some(Value::Node(node, _)) if is_scalar(node) => Cow::Borrowed(node.text()),
                    Some(Value::Text(name)) => name.text,
                    _ => return Carrier::UnknownPoll,
                };
                match written.split(':').nth(2) {
                    Some("sqs") => Carrier::Sqs,
                    Some("kinesis") => Carrier::Kinesis,
                    Some("dynamodb") => Carrier::DynamoDb,
                    Some("kafka" | "mq" | "rds") => Carrier::OtherPoll,
                    _ => Carrier::UnknownPoll,
                }
            }
        }
    }

    fn partial(&self, resource: &Resource<'a>) -> Fact<'a, bool> {
        let property = self.cloud.property(resource, &fields::RESPONSE_TYPES);
        if property.is_absent() {
            return property.map(|_| false).or_default(&fields::PARTIAL_DEFAULT);
        }
        let spot = property.value().map(|node| Spot::value(*node));
        let says = self.cloud.items(property, resource.scope).map(|items| {
            items
                .into_iter()
                .map(|(item, scope)| match self.cloud.value(item, scope) {
                    Value::Node(node, _) if is_scalar(node) => Some(node.text() == "ReportBatchItemFailures"),
                    _ => None,
                })
                .collect::<Vec<_>>()
        });
        match (says, spot) {
            (Some(says), Some(spot)) if says.contains(&Some(true)) => Fact::written(true, spot),
            (Some(says), Some(spot)) if !says.contains(&None) => Fact::written(false, spot),
            (_, Some(spot)) => Fact::unknown_at("it is only known at run time", spot),
            _ => Fact::unknown("it is only known at run time"),
        }
    }

    fn topic_subscription(&self, at: At, resource: &Resource<'a>) -> Subscription<'a> {
        let cloud = self.cloud;
        let mut subscription = self.bare(at, resource.node, resource.label, Carrier::Sns);
        subscription.source = self.link(resource, &fields::SUBSCRIPTION_TOPIC);
        subscription.target = match resource.holder {
            Some(holder) => Fact::plain(Link::To(self.first + holder)),
            None => self.link(resource, &fields::SUBSCRIPTION_ENDPOINT),
        };
        subscription.protocol = match resource.holder {
            Some(_) => Fact::plain("lambda"),
            None => cloud.word(resource, &fields::SUBSCRIPTION_PROTOCOL),
        };
        if subscription.protocol.value().is_some_and(|protocol| matches!(*protocol, "http" | "https")) {
            let address = cloud.name(resource, &fields::SUBSCRIPTION_ENDPOINT);
            subscription.target = address.map(|address| Link::Named(host(address)));
        }
        subscription.dead_letter = self.link(resource, &fields::SUBSCRIPTION_DEAD_LETTER);
        subscription
    }

    fn rule(&mut self, at: At, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let Some(targets) = cloud.maps(cloud.property(resource, &fields::RULE_TARGETS), resource.scope)
        else {
            return;
        };
        for (map, scope) in targets {
            let part = Resource { node: map, layers: vec![map], scope, ..resource.clone() };
            let mut target = self.target(at, &part, map, resource.label);
            target.source = Fact::plain(Link::To(at.handle));
            target.enabled = self.state(resource);
            target.scheduled = self.scheduled(resource);
            self.found.subscriptions.push(target);
        }
    }

    fn scheduled(&self, rule: &Resource<'a>) -> Fact<'a, bool> {
        let expression = self.cloud.property(rule, &fields::SCHEDULE_EXPRESSION);
        Fact::plain(!expression.is_absent())
    }

    fn state(&self, resource: &Resource<'a>) -> Fact<'a, bool> {
        self.cloud.word(resource, &fields::RULE_STATE).map(|state| state != "DISABLED")
    }

    fn target(&self, at: At, resource: &Resource<'a>, node: NodeRef<'a>, label: &'a str) -> Subscription<'a> {
        let mut target = self.bare(at, node, label, Carrier::Rule);
        target.target = self.link(resource, &fields::TARGET_ARN);
        target.dead_letter = self.link(resource, &fields::TARGET_DEAD_LETTER);
        target
    }

    fn schedule(&mut self, at: At, resource: &Resource<'a>) {
        let mut schedule = self.bare(at, resource.node, resource.label, Carrier::Schedule);
        schedule.target = self.link(resource, &fields::SCHEDULE_TARGET);
        schedule.dead_letter = self.link(resource, &fields::SCHEDULE_DEAD_LETTER);
        schedule.enabled = self.state(resource);
        schedule.scheduled = Fact::plain(true);
        self.found.subscriptions.push(schedule);
    }

    /// A pipe reads a queue or a stream by itself, and hands what it reads to its target.
    fn pipe(&mut self, at: At, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let source = self.link(resource, &fields::PIPE_SOURCE);
        let carrier = match self.polled(resource, &fields::PIPE_SOURCE, &source) {
            Carrier::Sqs => Carrier::Pipe,
            other => other,
        };
        let mut pipe = self.bare(at, resource.node, resource.label, carrier);
        pipe.source = source;
        pipe.target = self.link(resource, &fields::PIPE_TARGET);
        pipe.enabled = cloud
            .word(resource, &fields::PIPE_STATE)
            .map(|state| state != "STOPPED")
            .or_default(&fields::ENABLED_DEFAULT);
        let said = cloud.property(
            resource,
            match carrier {
                Carrier::Kinesis => &fields::PIPE_KINESIS,
                Carrier::DynamoDb => &fields::PIPE_DYNAMODB,
                _ => &fields::PIPE_QUEUE,
            },
        );
        let parameters = match (said.is_absent(), said.spots.first()) {
            (false, Some(spot)) => Resource { layers: vec![spot.node], ..resource.clone() },
            _ => resource.clone(),
        };
        let batch = cloud.number(&parameters, &fields::BATCH);
        // EventBridge Pipes, batching: "EventBridge sets the batch size to the default for that source", and does not say which it is.
        pipe.batch =
            if batch.is_absent() { Fact::unknown("a pipe chooses its batch by its source") } else { batch };
        // There is no setting for it: what the target answers says which records failed.
        pipe.partial = Fact::unknown("a pipe goes by what its target answers");
        pipe.retries = endless(cloud.number(&parameters, &fields::ATTEMPTS), &fields::PIPE_ATTEMPTS_DEFAULT);
        pipe.max_age = endless(cloud.number(&parameters, &fields::MAX_AGE), &fields::PIPE_MAX_AGE_DEFAULT);
        pipe.bisect = cloud
            .word(&parameters, &fields::PIPE_BISECT)
            .map(|how| how == "AUTOMATIC_BISECT")
            .or_default(&fields::PIPE_BISECT_DEFAULT);
        pipe.dead_letter = self.link(&parameters, &fields::TARGET_DEAD_LETTER);
        self.found.subscriptions.push(pipe);
    }

    /// What calls a function, written in the function: an event of SAM or of serverless.yml.
    fn event(&mut self, at: At, resource: &Resource<'a>) {
        let polled = match resource.kind {
            "SQS" | "sqs" => Some(Carrier::Sqs),
            "Kinesis" => Some(Carrier::Kinesis),
            "DynamoDB" => Some(Carrier::DynamoDb),
            "stream" => match self.cloud.word(resource, &fields::STREAM_TYPE).value() {
                Some(&"kinesis") => Some(Carrier::Kinesis),
                Some(&"dynamodb") => Some(Carrier::DynamoDb),
                _ => None,
            },
            "MSK" | "MQ" | "DocumentDB" | "SelfManagedKafka" | "msk" | "kafka" | "activemq" | "rabbitmq" => {
                Some(Carrier::OtherPoll)
            }
            _ => return self.pushed(at, resource),
        };
        self.mapping(at, resource, polled);
    }

    fn pushed(&mut self, at: At, resource: &Resource<'a>) {
        let carrier = match resource.kind {
            "SNS" | "sns" => {
                let subscription = self.topic_subscription(at, resource);
                self.found.subscriptions.push(subscription);
                return;
            }
            "EventBridgeRule" | "CloudWatchEvent" | "Schedule" | "eventBridge" | "cloudwatchEvent"
            | "schedule" => Carrier::Rule,
            "ScheduleV2" => Carrier::Schedule,
            "Api" | "HttpApi" | "http" | "httpApi" | "websocket" | "alb" => Carrier::Gateway,
            "S3" | "IoTRule" | "CloudWatchLogs" | "s3" | "iot" | "cloudwatchLog" => Carrier::OtherEvent,
            "" => {
                if let Some(holder) = resource.holder {
                    self.found.mentions.push(Mention {
                        link: Link::To(self.first + holder),
                        by: format!("the event `{}`", resource.label),
                        alarms_only: false,
                    });
                }
                return;
            }
            _ => return,
        };
        let cloud = self.cloud;
        let mut event = self.bare(at, resource.node, resource.label, carrier);
        event.scheduled = Fact::plain(matches!(resource.kind, "Schedule" | "ScheduleV2" | "schedule"));
        event.target =
            resource.holder.map_or_else(Fact::nothing, |holder| Fact::plain(Link::To(self.first + holder)));
        if matches!(carrier, Carrier::Rule | Carrier::Schedule) {
            event.dead_letter = self.link(resource, &fields::TARGET_DEAD_LETTER);
            let made = cloud.word(resource, &fields::SAM_DEAD_LETTER_TYPE);
            if made.is_written() || made.is_unknown() {
                event.permission_made = true;
                event.dead_letter = Fact::unknown("SAM makes the dead-letter queue");
            }
            event.enabled = cloud.truth(resource, &fields::ENABLED);
        }
        if carrier == Carrier::Gateway {
            event.timeout = self.gateway_timeout(resource, resource.kind);
        }
        self.found.subscriptions.push(event);
    }

    fn gateway_timeout(&self, resource: &Resource<'a>, kind: &str) -> Fact<'a, f64> {
        let written = self
            .cloud
            .number(resource, &fields::INTEGRATION_TIMEOUT)
            .map(|milliseconds| milliseconds / 1000.0);
        match kind {
            "AWS::ApiGatewayV2::Integration" | "aws_apigatewayv2_integration" | "HttpApi" | "httpApi" => {
                written.or_default(&fields::HTTP_TIMEOUT_DEFAULT)
            }
            "AWS::ApiGateway::Method" | "aws_api_gateway_integration" | "Api" | "http" | "websocket" => {
                written.or_default(&fields::REST_TIMEOUT_DEFAULT)
            }
            _ => Fact::nothing(),
        }
    }

    fn integration(&mut self, at: At, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let uri = cloud.property(resource, &fields::INTEGRATION_URI);
        let Some(node) = uri.value().copied() else { return };
        // The function stands in the middle of the URI.
        let mut called = cloud.mentioned(node, resource.scope);
        called.retain(|handle| cloud.resources[*handle as usize].what == What::Function);
        let [function] = called.as_slice() else { return };
        let headers = cloud.property(resource, &fields::INTEGRATION_HEADERS);
        let asynchronous = headers.is_unknown()
            || headers.value().is_some_and(|node| {
                node.entries().any(|(key, _)| {
                    key.eq_ignore_ascii_case("integration.request.header.X-Amz-Invocation-Type")
                })
            });
        let mut call = self.bare(at, resource.node, resource.label, Carrier::Gateway);
        call.target = Fact::plain(Link::To(self.first + *function));
        call.timeout = if asynchronous {
            Fact::unknown("nobody waits for the answer of an asynchronous call")
        } else {
            self.gateway_timeout(resource, resource.kind)
        };
        self.found.subscriptions.push(call);
    }

    /// Whoever may call a function, calls it: S3, IoT, logs say so nowhere else in one way.
    fn invoke_permission(&mut self, at: At, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let principal = cloud.word(resource, &fields::PRINCIPAL);
        let Some(service) = principal.value().copied() else { return };
        let carrier = match service {
            // Not SES: whether it waits for the answer is said where nobody looks.
            "s3.amazonaws.com" | "iot.amazonaws.com" | "config.amazonaws.com" => Carrier::OtherEvent,
            _ if service.starts_with("logs.") => Carrier::OtherEvent,
            "sns.amazonaws.com" | "events.amazonaws.com" | "scheduler.amazonaws.com" => Carrier::OtherEvent,
            "apigateway.amazonaws.com" | "elasticloadbalancing.amazonaws.com" => Carrier::Gateway,
            _ => return,
        };
        // The permission is not what calls; who may is a service.
        let node = cloud.property(resource, &fields::PRINCIPAL).into_value().unwrap_or(resource.node);
        let mut call = self.bare(at, node, service, carrier);
        call.target = self.link(resource, &fields::INVOKED_FUNCTION);
        self.callers.push(call);
    }

    /// A permission says that somebody calls a function; where the caller itself was found, it says nothing more.
    fn keep_needed_permissions(&mut self) {
        for call in std::mem::take(&mut self.callers) {
            let same = |other: &Subscription<'a>| {
                other.system == call.system
                    && other.target.value().is_some()
                    && other.target.value() == call.target.value()
                    && !matches!(other.carrier, Carrier::Sqs | Carrier::Kinesis | Carrier::DynamoDb)
            };
            if !self
                .found
                .subscriptions
                .iter()
                .rev()
                .take_while(|other| other.system == call.system)
                .any(same)
            {
                self.found.subscriptions.push(call);
            }
        }
    }

    /// The services that a policy lets send.
    fn services(&self, policy: Fact<'a, NodeRef<'a>>, scope: u32) -> Fact<'a, Vec<&'a str>> {
        match policy.value().copied() {
            Some(node) => match policy::senders(self.cloud, node, scope) {
                Some(services) => Fact::written(services, Spot::value(node)),
                None => Fact::unknown_at("the policy is only known at run time", Spot::value(node)),
            },
            None => Fact::unknown("the policy is only known at run time"),
        }
    }

    fn permission(&mut self, at: At, resource: &Resource<'a>) {
        let cloud = self.cloud;
        let services = self.services(cloud.property(resource, &fields::POLICY), resource.scope);
        let queues = cloud.property(resource, &fields::POLICY_QUEUES);
        let items = cloud.items(queues, resource.scope);
        match items {
            Some(items) => {
                for (item, scope) in items {
                    let queue = self.link_of(Fact::written(item, Spot::value(item)), scope);
                    self.found.permissions.push(Permission {
                        system: at.system,
                        queue,
                        services: services.clone(),
                    });
                }
            }
            None => self.found.permissions.push(Permission {
                system: at.system,
                queue: Fact::unknown("which queues is only known at run time"),
                services,
            }),
        }
    }

    /// What something opaque names: it may watch it, subscribe to it, or let somebody send to it.
    fn mentions(&mut self, resource: &Resource<'a>) {
        let by = if resource.kind.is_empty() {
            format!("`{}`", resource.label)
        } else {
            format!("`{}`, a {},", resource.label, resource.kind)
        };
        let alarms_only = resource.what != What::Opaque;
        for link in self.names_in(resource.node, resource.scope) {
            self.found.mentions.push(Mention { link, by: by.clone(), alarms_only });
        }
    }

    pub(super) fn names_in(&self, node: NodeRef<'a>, scope: u32) -> Vec<Link<'a>> {
        let mut links: Vec<Link<'a>> = self
            .cloud
            .mentioned(node, scope)
            .into_iter()
            .map(|handle| Link::To(self.first + handle))
            .collect();
        let texts = node.walk().filter(|node| is_scalar(*node) && node.text().len() <= 512).take(MENTIONS);
        links.extend(texts.map(|node| Link::Named(Name::known(node.text()))));
        links
    }
}

/// An address without its path, which may hold a key; of one that is kept as a secret, the resource or the name of that.
fn host(address: Name<'_>) -> Name<'_> {
    let text = &address.text;
    if let Some(secret) = text.strip_prefix("{{resolve:") {
        let kept = secret.split(':').nth(1).unwrap_or(secret).trim_end_matches('}');
        let hole = kept.strip_prefix("${").unwrap_or(kept);
        return Name { text: hole.split('.').next().unwrap_or(hole).to_owned().into(), ..address };
    }
    let path = text.find("://").and_then(|at| text[at + 3..].find('/').map(|slash| at + 3 + slash));
    Name { text: path.map_or_else(|| text.clone(), |end| text[..end].to_owned().into()), ..address }
}

/// A number of which a negative one is no bound.
fn endless<'a>(fact: Fact<'a, f64>, default: &'static Default<f64>) -> Fact<'a, f64> {
    fact.map(|n| if n < 0.0 { f64::INFINITY } else { n }).or_default(default)
}

fn reserved(fact: Fact<'_, f64>) -> Fact<'_, f64> {
    match fact.value() {
        Some(n) if *n < 0.0 => {
            let mut spots = fact.spots;
            spots.truncate(1);
            Fact { state: crate::fact::State::Absent, spots, confidence: fact.confidence }
        }
        _ => fact,
    }
}
