//! What every broker and cloud lowers to: queues, topics, functions, what carries messages between them, and who watches.
//!
//! A front end fills these in once it has followed its own references; how queues, dead-letter queues and alarms find each
//! other is the model's affair and is written once. Nothing here knows a file format.

use std::borrow::Cow;

use crate::fact::{Fact, Reason};
use crate::lower::kubernetes::selector::Match;
use crate::source::{Role, Sources};
use crate::syntax::tree::{NodeRef, Tree};

/// Everything of the kind that the files deploy.
pub fn read<'a>(trees: &[&'a Tree], sources: &'a Sources) -> Messaging<'a> {
    let mut found = Messaging::default();
    let documents = Documents::new(trees, sources);
    super::aws::read(&documents, trees, sources, &mut found);
    super::rabbitmq::read(&documents, sources, &mut found);
    super::prometheus::read(&documents, sources, &mut found);
    found
}

/// Whether a document is no object of Kubernetes, or one of the operators' that are read here. Most of a project's are neither.
pub fn may_concern(root: NodeRef<'_>) -> bool {
    root.get("apiVersion").is_none_or(is_operated)
}

fn is_operated(version: NodeRef<'_>) -> bool {
    const GROUPS: [&str; 3] = ["rabbitmq.com/", "monitoring.coreos.com/", "operator.victoriametrics.com/"];
    GROUPS.iter().any(|group| version.text().starts_with(group))
}

/// The documents that may be of this kind.
#[derive(Debug, Default)]
pub struct Documents<'a> {
    /// Objects of RabbitMQ's and Prometheus' operators.
    pub objects: Vec<NodeRef<'a>>,
    /// What is no object.
    pub plain: Vec<NodeRef<'a>>,
}

impl<'a> Documents<'a> {
    fn new(trees: &[&'a Tree], sources: &Sources) -> Self {
        let mut documents = Self::default();
        for root in trees.iter().flat_map(|tree| tree.roots()) {
            match root.get("apiVersion") {
                None => documents.plain.push(root),
                // What an overlay or a chart is made of is seen in what it renders to.
                Some(_) if sources.get(root.tree().file).role == Role::Ingredient => {}
                Some(version) if is_operated(version) => documents.objects.push(root),
                Some(_) => {}
            }
        }
        documents
    }
}

/// All of it. Handles are positions that a front end gives out, unique in a project.
#[derive(Debug, Default)]
pub struct Messaging<'a> {
    /// What is deployed together: stacks, root modules, virtual hosts.
    pub systems: Vec<System>,
    /// All queues.
    pub queues: Vec<Queue<'a>>,
    /// All topics.
    pub topics: Vec<Topic<'a>>,
    /// All functions.
    pub functions: Vec<Function<'a>>,
    /// All stages of API Gateway.
    pub stages: Vec<Stage<'a>>,
    /// All that carries messages from one to another.
    pub subscriptions: Vec<Subscription<'a>>,
    /// All alarms.
    pub alarms: Vec<Alarm<'a>>,
    /// Who may send to which queue.
    pub permissions: Vec<Permission<'a>>,
    /// How many handles were given out.
    pub handles: u32,
    /// What each of them is called in its file; nothing for those that nothing can refer to.
    pub labels: Vec<Cow<'a, str>>,
    /// What is named by something that is not understood and might watch it or subscribe to it.
    pub mentions: Vec<Mention<'a>>,
    /// What is told of alarms that change their state.
    pub alarm_listeners: Vec<AlarmListener>,
    /// What Prometheus asks, and whom Alertmanager tells.
    pub alerting: super::alerting::Alerting<'a>,
}

/// What is deployed together.
#[derive(Debug)]
pub struct System {
    /// Its file or folder.
    pub name: String,
    /// Why it may hold more than was seen, if it may.
    pub open: Option<Reason>,
}

/// A resource that something opaque names.
#[derive(Debug)]
pub struct Mention<'a> {
    /// The resource.
    pub link: Link<'a>,
    /// What names it.
    pub by: String,
    /// Whether it can only be about alarms.
    pub alarms_only: bool,
}

/// Something that is told of alarms, though they do not name it.
#[derive(Clone, Copy, Debug)]
pub struct AlarmListener {
    /// Where it is deployed.
    pub system: u32,
    /// Whether it listens to whatever alarms an account has, and not to some by their names.
    pub to_all: bool,
}

/// Who keeps the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broker {
    /// Amazon SQS.
    Sqs,
    /// RabbitMQ.
    RabbitMq,
}

/// A name, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Its text. What is only known at run time stands in it as `${…}`.
    pub text: Cow<'a, str>,
    /// Whether anything in it is only known at run time.
    pub hidden: bool,
    /// In which scope the hidden parts have their meaning.
    pub scope: u32,
}

impl<'a> Name<'a> {
    /// A name that is known.
    pub fn known(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), hidden: false, scope: 0 }
    }

    /// Whether two names are the same.
    pub fn matches(&self, other: &Name<'_>) -> Match {
        if !self.hidden && !other.hidden {
            return if self.text == other.text { Match::Yes } else { Match::No };
        }
        if self.hidden && other.hidden && self.scope == other.scope && self.text == other.text {
            return Match::Yes;
        }
        let ends = |name: &'_ Name<'_>| -> (String, String) {
            if !name.hidden {
                return (name.text.to_string(), name.text.to_string());
            }
            let head = name.text.split("${").next().unwrap_or_default();
            let tail = name.text.rsplit('}').next().unwrap_or_default();
            (head.to_owned(), tail.to_owned())
        };
        let ((a_head, a_tail), (b_head, b_tail)) = (ends(self), ends(other));
        let heads = a_head.starts_with(&b_head) || b_head.starts_with(&a_head);
        let tails = a_tail.ends_with(&b_tail) || b_tail.ends_with(&a_tail);
        if heads && tails { Match::Perhaps } else { Match::No }
    }
}

/// What a property names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link<'a> {
    /// This resource.
    To(u32),
    /// Whatever has this name.
    Named(Name<'a>),
    /// Whatever has a name that this pattern matches as a whole.
    Like(Cow<'a, str>),
}

/// A queue.
#[derive(Debug)]
pub struct Queue<'a> {
    /// Its handle.
    pub handle: u32,
    /// Where it is deployed.
    pub system: u32,
    /// The whole resource.
    pub node: NodeRef<'a>,
    /// What it is called in its file.
    pub label: &'a str,
    /// Who keeps it.
    pub broker: Broker,
    /// Its own name.
    pub name: Fact<'a, Name<'a>>,
    /// Whether it keeps the order.
    pub fifo: Fact<'a, bool>,
    /// Seconds that a message is kept.
    pub retention: Fact<'a, f64>,
    /// Seconds that a message is hidden from others once it was received.
    pub visibility: Fact<'a, f64>,
    /// How often a message is received before it goes to the dead-letter queue.
    pub max_receives: Fact<'a, f64>,
    /// Where a message goes that failed too often.
    pub dead_letter: Fact<'a, Link<'a>>,
    /// What only RabbitMQ has.
    pub rabbit: Option<Rabbit<'a>>,
}

/// What only a queue of RabbitMQ has.
#[derive(Debug)]
pub struct Rabbit<'a> {
    /// `classic`, `quorum` or `stream`.
    pub form: Fact<'a, &'a str>,
    /// Whether it survives a restart.
    pub durable: Fact<'a, bool>,
    /// Whether it goes with its consumer: exclusive, auto-delete, expiring.
    pub temporary: Fact<'a, bool>,
    /// The exchange that dead letters go to.
    pub dead_exchange: Fact<'a, &'a str>,
    /// The pattern of the policy that says so.
    pub dead_pattern: Fact<'a, &'a str>,
    /// Where dead letters end.
    pub dead_letters: Vec<u32>,
    /// Whether all of them end there, whatever key a message came with.
    pub all_dead_letters: bool,
    /// The routing keys for which queues are bound to that exchange.
    pub bindings: Vec<Fact<'a, &'a str>>,
    /// Why dead letters may end elsewhere, too.
    pub dead_letters_open: Option<Reason>,
    /// What bounds its length.
    pub limit: Fact<'a, f64>,
    /// What becomes of messages over the bound.
    pub overflow: Fact<'a, &'a str>,
    /// The policy key that asks for mirroring.
    pub mirrored: Fact<'a, &'a str>,
    /// Seconds in which a consumer must acknowledge a message.
    pub acknowledge: Fact<'a, f64>,
    /// How many nodes the cluster has.
    pub nodes: Fact<'a, f64>,
}

/// A topic.
#[derive(Debug)]
pub struct Topic<'a> {
    /// Its handle.
    pub handle: u32,
    /// Where it is deployed.
    pub system: u32,
    /// The whole resource.
    pub node: NodeRef<'a>,
    /// What it is called in its file.
    pub label: &'a str,
    /// Its own name.
    pub name: Fact<'a, Name<'a>>,
}

/// A function.
#[derive(Debug)]
pub struct Function<'a> {
    /// Its handle.
    pub handle: u32,
    /// Where it is deployed.
    pub system: u32,
    /// The whole resource.
    pub node: NodeRef<'a>,
    /// What it is called in its file.
    pub label: &'a str,
    /// Its own name.
    pub name: Fact<'a, Name<'a>>,
    /// Seconds that it may run.
    pub timeout: Fact<'a, f64>,
    /// How many of it may run at once.
    pub reserved: Fact<'a, f64>,
    /// Where an event goes that it failed to handle, by its own dead-letter configuration.
    pub dead_letter: Fact<'a, Link<'a>>,
    /// Where such an event goes by its destinations.
    pub on_failure: Fact<'a, Link<'a>>,
    /// How often a failed event is tried again.
    pub retries: Fact<'a, f64>,
    /// The databases whose addresses its variables hold, each at that variable.
    pub databases: Vec<Fact<'a, &'a str>>,
}

/// A stage of API Gateway: what callers reach.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Where it is deployed.
    pub system: u32,
    /// The whole resource.
    pub node: NodeRef<'a>,
    /// What it is called in its file.
    pub label: &'a str,
    /// Whether only a private network reaches it.
    pub private: Fact<'a, bool>,
    /// Requests a second that its own settings allow, of one of its methods at least.
    pub rate: Fact<'a, f64>,
    /// Whether something else bounds its callers: a usage plan, a web ACL.
    pub guarded: Fact<'a, bool>,
}

/// What a message comes from, or who carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A queue that a function is polled from.
    Sqs,
    /// A Kinesis stream.
    Kinesis,
    /// A stream of a DynamoDB table.
    DynamoDb,
    /// A topic of Kafka, a broker of Amazon MQ, or DocumentDB.
    OtherPoll,
    /// A poll of which nobody knows what it asks.
    UnknownPoll,
    /// A queue that a pipe of EventBridge reads from.
    Pipe,
    /// A topic of SNS.
    Sns,
    /// A rule of EventBridge.
    Rule,
    /// A schedule of EventBridge Scheduler.
    Schedule,
    /// Something that hands an event over and does not wait: S3, IoT, logs.
    OtherEvent,
    /// API Gateway and its like: somebody waits for the answer.
    Gateway,
}

impl Carrier {
    /// Its name for rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqs => "SQS",
            Self::Kinesis => "Kinesis",
            Self::DynamoDb => "DynamoDB",
            Self::OtherPoll => "poll",
            Self::UnknownPoll => "unknown",
            Self::Pipe => "EventBridge pipe",
            Self::Sns => "SNS",
            Self::Rule => "EventBridge rule",
            Self::Schedule => "EventBridge schedule",
            Self::OtherEvent => "event",
            Self::Gateway => "API Gateway",
        }
    }
}

/// What carries messages from one to another.
#[derive(Debug)]
pub struct Subscription<'a> {
    /// Its handle.
    pub handle: u32,
    /// Where it is deployed.
    pub system: u32,
    /// Its own part of the file.
    pub node: NodeRef<'a>,
    /// What it is called in its file.
    pub label: &'a str,
    /// Who carries.
    pub carrier: Carrier,
    /// From where.
    pub source: Fact<'a, Link<'a>>,
    /// To what.
    pub target: Fact<'a, Link<'a>>,
    /// The protocol of a subscription to a topic.
    pub protocol: Fact<'a, &'a str>,
    /// Whether it is the clock that makes it carry something.
    pub scheduled: Fact<'a, bool>,
    /// Whether it is on.
    pub enabled: Fact<'a, bool>,
    /// Messages at once.
    pub batch: Fact<'a, f64>,
    /// Seconds that a batch is waited for.
    pub window: Fact<'a, f64>,
    /// Whether the function says which messages of a batch failed.
    pub partial: Fact<'a, bool>,
    /// How often a failed batch is tried again.
    pub retries: Fact<'a, f64>,
    /// Seconds after which a record is not tried any more.
    pub max_age: Fact<'a, f64>,
    /// Whether a failed batch is cut in two.
    pub bisect: Fact<'a, bool>,
    /// How many functions it calls at once.
    pub concurrency: Fact<'a, f64>,
    /// Where goes what could not be delivered.
    pub dead_letter: Fact<'a, Link<'a>>,
    /// Whether whoever carries is given the right to send there by the tool that deploys it.
    pub permission_made: bool,
    /// Seconds that the caller waits for the answer.
    pub timeout: Fact<'a, f64>,
}

/// An alarm.
#[derive(Debug)]
pub struct Alarm<'a> {
    /// Its handle.
    pub handle: u32,
    /// Where it is deployed.
    pub system: u32,
    /// The whole resource.
    pub node: NodeRef<'a>,
    /// What it is called in its file.
    pub label: &'a str,
    /// Its own name.
    pub name: Fact<'a, Name<'a>>,
    /// Whether it goes by other alarms.
    pub composite: bool,
    /// What a composite alarm names.
    pub covers: Vec<Link<'a>>,
    /// What it looks at: one for each metric.
    pub watches: Vec<Watch<'a>>,
    /// Why it may look at more.
    pub open: Option<Reason>,
    /// How its value is compared.
    pub comparison: Fact<'a, &'a str>,
    /// With what.
    pub threshold: Fact<'a, f64>,
    /// Seconds of one period.
    pub period: Fact<'a, f64>,
    /// How many periods are looked at.
    pub periods: Fact<'a, f64>,
    /// How many of them must be bad.
    pub datapoints: Fact<'a, f64>,
    /// How a period is made one number.
    pub statistic: Fact<'a, &'a str>,
    /// What no data means.
    pub missing: Fact<'a, &'a str>,
    /// Whether it may act.
    pub enabled: Fact<'a, bool>,
    /// Seconds that it must be bad before it fires.
    pub pending: Fact<'a, f64>,
    /// Of Prometheus: how grave it is, by its label.
    pub severity: Fact<'a, &'a str>,
    /// Of Prometheus: its expression.
    pub query: Option<u32>,
    /// What it does.
    pub actions: Fact<'a, Vec<Fact<'a, Link<'a>>>>,
    /// Whether it does something when it ends, or when there is no data.
    pub other_actions: bool,
}

/// One metric that an alarm looks at.
#[derive(Debug)]
pub struct Watch<'a> {
    /// `AWS/SQS`.
    pub namespace: Fact<'a, &'a str>,
    /// `ApproximateNumberOfMessagesVisible`.
    pub metric: Fact<'a, &'a str>,
    /// The queue that it is about.
    pub queue: Fact<'a, Link<'a>>,
    /// The function that it is about.
    pub function: Fact<'a, Link<'a>>,
}

/// Who may send to a queue.
#[derive(Debug)]
pub struct Permission<'a> {
    /// Where it is deployed.
    pub system: u32,
    /// The queue.
    pub queue: Fact<'a, Link<'a>>,
    /// The service that may; `*` for everybody. Unknown where the policy cannot be read.
    pub services: Fact<'a, Vec<&'a str>>,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use super::*;
    use crate::source::{FileId, SourceFile};
    use crate::syntax::{Syntax, parse};

    fn queues(files: &[(&str, &str)]) -> Vec<String> {
        let mut sources = Vec::new();
        let mut trees = Vec::new();
        for (at, (path, text)) in files.iter().enumerate() {
            let syntax = if path.ends_with(".tf") { Syntax::Hcl } else { Syntax::Yaml };
            let parsed = parse(syntax, FileId(at as u32), Arc::from(*text));
            assert!(parsed.problems.is_empty(), "{path}: {:?}", parsed.problems);
            trees.push(parsed.tree);
            sources.push(SourceFile::new(*path, Arc::<str>::from(*text)));
        }
        let sources = Sources::new(sources);
        let found = read(&trees.iter().collect::<Vec<_>>(), &sources);
        found
            .queues
            .iter()
            .map(|queue| {
                format!("{} {:?}", queue.label, queue.name.value().map(|name| name.text.to_string()))
            })
            .collect()
    }

    #[test]
    fn a_module_is_read_once_for_each_call() {
        let root = "module \"a\" {\n  source = \"./queue\"\n  name = \"a\"\n}\nmodule \"b\" {\n  source = \"./queue\"\n  name = \"b\"\n}\n";
        let inner = "variable \"name\" {}\nresource \"aws_sqs_queue\" \"this\" {\n  name = \"${var.name}-queue\"\n}\n";
        assert_eq!(
            queues(&[("main.tf", root), ("queue/main.tf", inner)]),
            ["this Some(\"a-queue\")", "this Some(\"b-queue\")"]
        );
    }

    #[test]
    fn names_that_nobody_knows_keep_what_is_known() {
        let text = "variable \"stage\" {}\nresource \"aws_sqs_queue\" \"q\" {\n  name = \"${var.stage}-orders\"\n}\n";
        assert_eq!(queues(&[("main.tf", text)]), ["q Some(\"${var.stage}-orders\")"]);
        let text = "resource \"aws_sqs_queue\" \"none\" {\n  count = 0\n}\n";
        assert_eq!(queues(&[("main.tf", text)]), Vec::<String>::new());
    }

    #[test]
    fn what_doubles_with_each_step_ends() {
        let mut text = String::from(
            "resource \"aws_sqs_queue\" \"q\" {\n  name = local.a0\n}\nlocals {\n  a60 = local.a0\n",
        );
        for at in 0..60 {
            let _ = writeln!(text, "  a{at} = \"${{local.a{}}}${{local.a{}}}\"", at + 1, at + 1);
        }
        text.push_str("}\n");
        assert_eq!(queues(&[("main.tf", &text)]).len(), 1);
        let mut text = String::from(
            "AWSTemplateFormatVersion: x\nResources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties: { QueueName: !Ref A0 }\nParameters:\n",
        );
        for at in 0..60 {
            let _ = writeln!(
                text,
                "  A{at}: {{ Type: String, Default: !Sub \"${{A{}}}${{A{}}}\" }}",
                at + 1,
                at + 1
            );
        }
        assert_eq!(queues(&[("t.yaml", &text)]).len(), 1);
    }

    #[test]
    fn modules_that_call_each_other_end() {
        let call = |to: &str| {
            (0..12).fold(String::new(), |mut text, at| {
                let _ = writeln!(text, "module \"m{at}\" {{\n  source = \"{to}\"\n}}");
                text
            })
        };
        let queue = "resource \"aws_sqs_queue\" \"q\" {\n  name = \"q\"\n}\n";
        let (a, b) = (call("./b"), call("../b/../b") + queue);
        assert!(queues(&[("main.tf", &a), ("b/main.tf", &b)]).len() < 5000);
    }
}
