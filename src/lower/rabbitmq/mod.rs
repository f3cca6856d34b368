//! RabbitMQ: queues, exchanges, bindings and policies, from exported definitions and from the objects of the topology operator.
//!
//! Both are read into a [`Vhost`] first; how a dead letter finds its queue is then written once, in [`route`].

mod definitions;
mod route;
mod topology;

use rustc_hash::FxHashMap;

use crate::fact::{Default, Fact, Reason, Spot};
use crate::lower::messaging::{Broker, Documents, Messaging, Name, Queue, Rabbit, System};
use crate::lower::read;
use crate::measure::image::Image;
use crate::source::Sources;
use crate::syntax::tree::NodeRef;

/// RabbitMQ, Queues, Durability: definitions carry `durable`; `rabbitmq_messaging_topology_operator` `QueueSpec.durable`: false where it
/// is not written, but quorum queues are always durable.
static NOT_DURABLE: Default<bool> = Default::of("RabbitMQ", "durable", false, "false");
/// RabbitMQ, Queue types: "classic" where `x-queue-type` is not written and the virtual host has no other default.
static CLASSIC: Default<&str> = Default::of("RabbitMQ", "x-queue-type", "classic", "classic");
/// RabbitMQ, Quorum queues, Poison message handling: "the default delivery-limit is 20" since 4.0.
static DELIVERY_LIMIT: Default<f64> = Default::of("RabbitMQ since 4.0", "x-delivery-limit", 20.0, "20");
/// RabbitMQ, Quorum queues, Poison message handling: before 4.0 there was no limit unless one was set.
static NO_DELIVERY_LIMIT: Default<f64> =
    Default::of("RabbitMQ before 4.0", "x-delivery-limit", f64::INFINITY, "no limit");
/// RabbitMQ, Consumers, Delivery acknowledgement timeout: 30 minutes.
static CONSUMER_TIMEOUT: Default<f64> = Default::of("RabbitMQ", "x-consumer-timeout", 1800.0, "30 min");
/// `RabbitmqClusterSpec.Replicas` of the cluster operator: "+kubebuilder:default:=1".
static ONE_NODE: Default<f64> = Default::of("the cluster operator", "replicas", 1.0, "1");
/// RabbitMQ, Queue length limit, overflow: "drop-head (default)".
static DROP_HEAD: Default<&str> = Default::of("RabbitMQ", "overflow", "drop-head", "drop-head");

/// A virtual host of a cluster.
#[derive(Debug, std::default::Default)]
struct Vhost<'a> {
    name: String,
    queues: Vec<Declared<'a>>,
    exchanges: Vec<Declared<'a>>,
    bindings: Vec<NodeRef<'a>>,
    policies: Vec<NodeRef<'a>>,
    /// Whether everything that there is was exported.
    complete: bool,
    /// Whether the name of a queue or an exchange is only known at run time.
    hidden: bool,
    keys: Keys,
    server: Server<'a>,
}

/// What is known of the server.
#[derive(Clone, Debug)]
struct Server<'a> {
    /// Its major version.
    version: Option<u32>,
    /// How many nodes it has.
    nodes: Fact<'a, f64>,
}

impl std::default::Default for Server<'_> {
    fn default() -> Self {
        Self { version: None, nodes: Fact::unknown("the cluster is not here") }
    }
}

impl<'a> Server<'a> {
    /// By the specification of a `RabbitmqCluster`.
    fn of_object(spec: NodeRef<'a>) -> Self {
        let tag = spec.get("image").and_then(|image| Image::parse(image.text()).ok()?.tag_text());
        Self { version: tag.and_then(major), nodes: read::number(spec, "replicas").or_default(&ONE_NODE) }
    }

    /// By what an export says of itself.
    fn of_export(root: NodeRef<'a>) -> Self {
        let version = root.get("rabbitmq_version").or_else(|| root.get("rabbit_version"));
        Self { version: version.and_then(|version| major(version.text())), ..Self::default() }
    }
}

/// The first number of a version.
fn major(version: &str) -> Option<u32> {
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

/// A queue or an exchange.
#[derive(Clone, Copy, Debug)]
struct Declared<'a> {
    /// The whole of it.
    node: NodeRef<'a>,
    /// Its properties.
    spec: NodeRef<'a>,
    name: &'a str,
}

impl<'a> Declared<'a> {
    fn new(node: NodeRef<'a>, spec: NodeRef<'a>, hidden: &mut bool) -> Self {
        let name =
            spec.get("name").filter(|name| !name.is_unknown() && !read::is_filled_in_later(name.text()));
        *hidden |= name.is_none();
        Self { node, spec, name: name.map_or("", NodeRef::text) }
    }
}

/// How the two formats spell what differs.
#[derive(Clone, Copy, Debug)]
struct Keys {
    auto_delete: &'static str,
    routing_key: &'static str,
    destination_type: &'static str,
    apply_to: &'static str,
}

impl std::default::Default for Keys {
    fn default() -> Self {
        definitions::KEYS
    }
}

/// Adds what the files declare in RabbitMQ.
pub fn read<'a>(documents: &Documents<'a>, sources: &'a Sources, found: &mut Messaging<'a>) {
    let mut vhosts = Vec::new();
    let mut operated: FxHashMap<String, usize> = FxHashMap::default();
    for root in &documents.plain {
        definitions::add(&mut vhosts, *root, sources.path(root.tree().file).as_str());
    }
    let mut clusters = topology::Clusters::default();
    for root in &documents.objects {
        clusters.add(*root, sources.path(root.tree().file));
    }
    for root in &documents.objects {
        topology::add(&mut vhosts, &mut operated, &clusters, *root, sources.path(root.tree().file));
    }
    for vhost in &vhosts {
        lower(vhost, found);
    }
}

fn lower<'a>(vhost: &Vhost<'a>, found: &mut Messaging<'a>) {
    let system = found.systems.len() as u32;
    found.systems.push(System { name: vhost.name.clone(), open: None });
    let first = found.handles;
    found.handles += vhost.queues.len() as u32;
    found.labels.extend(vhost.queues.iter().map(|queue| queue.name.into()));
    for (at, queue) in vhost.queues.iter().enumerate() {
        let settings = Settings::of(vhost, queue);
        let limit = ["max-length", "max-length-bytes"].map(|key| settings.read(key)).into_iter();
        let form = match read::text(queue.spec, "type") {
            written if written.is_absent() => settings.read("queue-type").text(),
            written => written,
        }
        .or_default_text(&CLASSIC);
        let quorum = form.value().is_some_and(|form| *form != "classic");
        let durable = read::truth(queue.spec, "durable").or_default(&NOT_DURABLE);
        let dead_exchange = settings.read("dead-letter-exchange").text();
        let routes = route::dead_letters(
            vhost,
            queue,
            &dead_exchange,
            &settings.read("dead-letter-routing-key").text(),
        );
        let max_receives =
            settings.read("delivery-limit").number().map(|n| if n < 0.0 { f64::INFINITY } else { n });
        found.queues.push(Queue {
            handle: first + at as u32,
            system,
            node: queue.node,
            label: queue.name,
            broker: Broker::RabbitMq,
            name: match queue.name {
                "" => Fact::unknown("its name is only known at run time"),
                name => Fact::plain(Name::known(name)),
            },
            fifo: Fact::nothing(),
            retention: settings.read("message-ttl").number().map(|milliseconds| milliseconds / 1000.0),
            visibility: Fact::nothing(),
            max_receives: match form.value() {
                Some(&"quorum") if vhost.server.version.is_some_and(|major| major < 4) => {
                    at_queue(max_receives, queue).or_default(&NO_DELIVERY_LIMIT)
                }
                Some(&"quorum") => at_queue(max_receives, queue).or_default(&DELIVERY_LIMIT),
                _ => max_receives,
            },
            dead_letter: Fact::nothing(),
            rabbit: Some(Rabbit {
                durable: if quorum { Fact::plain(true) } else { durable },
                temporary: temporary(vhost, queue, &settings),
                dead_pattern: settings.pattern(&dead_exchange),
                all_dead_letters: routes.all_alike,
                dead_letters: routes.queues.into_iter().map(|to| first + to).collect(),
                dead_letters_open: routes.open,
                bindings: routes.bindings,
                limit: limit
                    .into_iter()
                    .map(Fact::number)
                    .find(|limit| !limit.is_absent())
                    .unwrap_or_else(Fact::nothing),
                overflow: settings.read("overflow").text().or_default_text(&DROP_HEAD),
                mirrored: settings.read("ha-mode").text(),
                acknowledge: at_queue(
                    settings.read("consumer-timeout").number().map(|milliseconds| milliseconds / 1000.0),
                    queue,
                )
                .or_default(&CONSUMER_TIMEOUT),
                nodes: vhost.server.nodes.clone(),
                form,
                dead_exchange,
            }),
        });
    }
}

/// Nobody wrote it: the queue is where it would stand.
fn at_queue<'a>(fact: Fact<'a, f64>, queue: &Declared<'a>) -> Fact<'a, f64> {
    if fact.is_absent() { Fact::absent(Spot::missing(queue.spec, "arguments")) } else { fact }
}

fn temporary<'a>(vhost: &Vhost<'a>, queue: &Declared<'a>, settings: &Settings<'a>) -> Fact<'a, bool> {
    if !settings.read("expires").is_absent() {
        return Fact::plain(true);
    }
    let exclusive = read::truth(queue.spec, "exclusive");
    match read::truth(queue.spec, vhost.keys.auto_delete) {
        own if own.value() == Some(&true) || exclusive.is_absent() => {
            if own.is_absent() {
                Fact::plain(false)
            } else {
                own
            }
        }
        _ => exclusive,
    }
}

/// What holds for a queue: its own arguments, then the policy of the highest priority whose pattern its name matches.
struct Settings<'a> {
    arguments: Option<NodeRef<'a>>,
    policy: Option<NodeRef<'a>>,
    /// Why nobody knows which policy holds.
    hidden: Option<(Reason, NodeRef<'a>)>,
}

impl<'a> Settings<'a> {
    fn of(vhost: &Vhost<'a>, queue: &Declared<'a>) -> Self {
        let mut best: Option<(f64, NodeRef<'a>)> = None;
        let mut hidden = (queue.name.is_empty() && !vhost.policies.is_empty())
            .then(|| (Reason::new("its name is only known at run time"), queue.node));
        for policy in &vhost.policies {
            let applies = policy.get(vhost.keys.apply_to).map_or("all", NodeRef::text);
            if !matches!(applies, "all" | "queues" | "classic_queues" | "quorum_queues" | "streams") {
                continue;
            }
            let pattern = policy.get("pattern").filter(|pattern| !pattern.is_unknown());
            let Some(regex) =
                pattern.and_then(|pattern| regex_automata::meta::Regex::new(pattern.text()).ok())
            else {
                hidden = Some((Reason::new("the pattern of a policy cannot be read"), *policy));
                continue;
            };
            let priority = policy.get("priority").and_then(NodeRef::as_number).unwrap_or(0.0);
            if regex.is_match(queue.name) && best.is_none_or(|(other, _)| priority > other) {
                best = policy.get("definition").map(|definition| (priority, definition)).or(best);
            }
        }
        Self { arguments: queue.spec.get("arguments"), policy: best.map(|(_, policy)| policy), hidden }
    }

    /// The pattern of the policy that a setting stands in, if it is one.
    fn pattern<T>(&self, setting: &Fact<'a, T>) -> Fact<'a, &'a str> {
        let policy = self.policy.filter(|policy| {
            let stands = |spot: &Spot<'a>| spot.node.parent().is_some_and(|parent| parent == *policy);
            setting.spots.first().is_some_and(stands)
        });
        match policy.and_then(|policy| policy.parent()?.get("pattern")) {
            Some(pattern) => Fact::written(pattern.text(), Spot::value(pattern)),
            None => Fact::nothing(),
        }
    }

    /// An argument `x-key` of the queue, or else `key` of its policy.
    fn read(&self, key: &'static str) -> Fact<'a, NodeRef<'a>> {
        if let Some(arguments) = self.arguments {
            if arguments.is_unknown() {
                return Fact::unknown_at("its arguments are only known at run time", Spot::value(arguments));
            }
            let own = arguments.entries().find(|(name, _)| name.strip_prefix("x-") == Some(key));
            if let Some((_, value)) = own.filter(|(_, value)| !value.is_null()) {
                return Fact::written(value, Spot::value(value)).unless_hidden();
            }
        }
        if let Some((reason, policy)) = &self.hidden {
            return Fact::unknown_at(reason.0.clone(), Spot::value(*policy));
        }
        match self.policy.and_then(|policy| policy.get(key)) {
            Some(value) if !value.is_null() => Fact::written(value, Spot::value(value)).unless_hidden(),
            _ => Fact::nothing(),
        }
    }
}
