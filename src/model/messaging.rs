//! How queues, functions, topics and alarms find each other: by reference, by name, by ARN.
//!
//! A reference is certain. A name joins inside what is deployed together, and across only where it is known in full and only one
//! bears it. A name with parts that are only known at run time joins where the same words stand in the same scope; where it could
//! be meant, it makes a list open. Computed once, at first use.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot, Spots, State};
use crate::lower::kubernetes::selector::Match;
use crate::lower::messaging::{Link, Messaging, Name};
use crate::syntax::tree::NodeRef;

use super::link::Found;

/// What sends its failures to a queue.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    /// A queue, a function or a subscription.
    pub from: Thing,
}

/// All joins.
#[derive(Debug, Default)]
pub struct Graph {
    /// The thing of each handle.
    things: FxHashMap<u32, Thing>,
    /// Things by kind, system and name; and those with that name anywhere.
    named: FxHashMap<(Kind, u32, String), Vec<Thing>>,
    anywhere: FxHashMap<(Kind, String), Vec<Thing>>,
    /// What sends its failures to each queue.
    pub feeds: Vec<Vec<Feed>>,
    /// Why more may, by system.
    pub feeds_open: FxHashMap<u32, Reason>,
    /// Why more may send to one queue.
    pub named_queues: FxHashMap<u32, Reason>,
    /// What reads from each queue.
    pub consumers: Vec<Found>,
    /// The alarms that watch each queue.
    pub alarms: Vec<Found>,
    /// What calls each function.
    pub triggers: Vec<Found>,
    /// Who subscribes to each topic.
    pub subscribers: Vec<Found>,
    /// The alarms that tell each topic.
    pub tellers: Vec<Found>,
    /// The composite alarms that go by each alarm.
    pub composites: Vec<Found>,
    /// Who may send to each queue, as permissions.
    pub permissions: Vec<Found>,
}

/// The joins of a model.
pub fn graph<'m>(model: &'m Model<'_>) -> &'m Graph {
    model.index.messaging.get_or_init(|| Graph::new(&model.messaging))
}

/// The thing of a kind that a link leads to, with the link's places.
pub fn target<'a>(
    model: &'a Model<'a>,
    link: &Fact<'a, Link<'a>>,
    system: u32,
    kind: Kind,
) -> Fact<'a, Thing> {
    let state = match &link.state {
        State::Written(to) | State::Default(to) => match graph(model).find(to, system, kind) {
            Ok(thing) => State::Written(thing),
            Err(reason) => State::Unknown(reason),
        },
        State::Absent => State::Absent,
        State::Unknown(reason) => State::Unknown(reason.clone()),
    };
    let spots: Spots<'a> = link.spots.clone();
    Fact { state, spots, confidence: link.confidence }
}

/// The thing with a handle.
pub fn at_handle(model: &Model<'_>, handle: u32) -> Option<Thing> {
    graph(model).things.get(&handle).copied()
}

/// What a link leads to, as a person would say it.
pub fn shown(model: &Model<'_>, link: &Link<'_>) -> String {
    match link {
        Link::Named(name) => name.text.to_string(),
        Link::Like(pattern) => pattern.to_string(),
        Link::To(handle) => match graph(model).things.get(handle) {
            Some(thing) => label(model, *thing).into_owned(),
            None => model.messaging.labels.get(*handle as usize).cloned().unwrap_or_default().into_owned(),
        },
    }
}

/// The name of what a thing is deployed with.
pub fn system<'m>(model: &'m Model<'_>, thing: Thing) -> Option<&'m str> {
    let all = &model.messaging;
    let id = thing.id as usize;
    let system = match thing.kind {
        Kind::Queue | Kind::Feed => all.queues[id].system,
        Kind::Topic => all.topics[id].system,
        Kind::Function => all.functions[id].system,
        Kind::Stage => all.stages[id].system,
        Kind::Subscription => all.subscriptions[id].system,
        Kind::Alarm => all.alarms[id].system,
        _ => return None,
    };
    all.systems.get(system as usize).map(|system| system.name.as_str())
}

/// What a thing is called in its file, at the place where it is.
pub fn named<'a>(model: &'a Model<'a>, thing: Thing) -> super::value::Val<'a> {
    let spot = (thing.kind.def().node)(model, thing).map(|node| match node.key_span() {
        Some(_) => Spot::key(node),
        None => Spot::value(node),
    });
    let label = label(model, thing);
    match spot {
        Some(spot) => Fact::written(label, spot).into(),
        None => Fact::plain(label).into(),
    }
}

/// What a thing is called in its file.
pub fn label<'m>(model: &'m Model<'_>, thing: Thing) -> Cow<'m, str> {
    let all = &model.messaging;
    let id = thing.id as usize;
    let label = match thing.kind {
        Kind::Queue => all.queues[id].label,
        Kind::Topic => all.topics[id].label,
        Kind::Function => all.functions[id].label,
        Kind::Stage => all.stages[id].label,
        Kind::Subscription => all.subscriptions[id].label,
        Kind::Alarm => all.alarms[id].label,
        Kind::Query | Kind::Rate => all.alerting.queries[id].label,
        Kind::Prometheus => all.alerting.servers[id].label,
        Kind::Receiver => all.alerting.receivers[id].name,
        Kind::AlertRoute => all.alerting.routes[id].receiver.value().copied().unwrap_or_default(),
        _ => return Cow::Borrowed(""),
    };
    match (thing.kind.def().node)(model, thing).and_then(kind_of_block) {
        Some(kind) => Cow::Owned(format!("{kind}.{label}")),
        None => Cow::Borrowed(label),
    }
}

/// The type of a resource of Terraform, where names are told apart by it.
fn kind_of_block(node: NodeRef<'_>) -> Option<&str> {
    let kind = node.parent()?;
    kind.parent().filter(|section| section.key() == Some("resource") && section.parent().is_some())?;
    kind.key()
}

/// Metrics of what services could not deliver and sent to a dead-letter queue.
const REDRIVEN: [(&str, &str); 2] =
    [("AWS/Events", "InvocationsSentToDlq"), ("AWS/SNS", "NumberOfNotificationsRedrivenToDlq")];

impl Graph {
    fn new(all: &Messaging<'_>) -> Self {
        let mut graph = Self::default();
        graph.index(all);
        graph.feeds = vec![Vec::new(); all.queues.len()];
        graph.consumers = vec![Found::default(); all.queues.len()];
        graph.alarms = vec![Found::default(); all.queues.len()];
        graph.permissions = vec![Found::default(); all.queues.len()];
        graph.triggers = vec![Found::default(); all.functions.len()];
        graph.subscribers = vec![Found::default(); all.topics.len()];
        graph.tellers = vec![Found::default(); all.topics.len()];
        graph.composites = vec![Found::default(); all.alarms.len()];
        graph.join_feeds(all);
        graph.join_subscriptions(all);
        graph.join_alarms(all);
        graph.join_tellers(all);
        for (id, permission) in all.permissions.iter().enumerate() {
            let system = permission.system;
            let mut permissions = std::mem::take(&mut graph.permissions);
            graph.put(&permission.queue, system, Kind::Queue, all, id as u32, &mut permissions);
            graph.permissions = permissions;
        }
        graph.open_by_mentions(all);
        graph.open_by_systems(all);
        graph
    }

    fn index(&mut self, all: &Messaging<'_>) {
        let mut add = |kind: Kind, id: usize, handle: u32, system: u32, name: Option<&Name<'_>>| {
            let thing = Thing::new(kind, id);
            self.things.entry(handle).or_insert(thing);
            let Some(name) = name else { return };
            self.named.entry((kind, system, key(name))).or_default().push(thing);
            if !name.hidden {
                self.anywhere.entry((kind, name.text.to_string())).or_default().push(thing);
            }
        };
        for (id, queue) in all.queues.iter().enumerate() {
            add(Kind::Queue, id, queue.handle, queue.system, queue.name.value());
        }
        for (id, topic) in all.topics.iter().enumerate() {
            add(Kind::Topic, id, topic.handle, topic.system, topic.name.value());
        }
        for (id, function) in all.functions.iter().enumerate() {
            add(Kind::Function, id, function.handle, function.system, function.name.value());
        }
        for (id, alarm) in all.alarms.iter().enumerate() {
            add(Kind::Alarm, id, alarm.handle, alarm.system, alarm.name.value());
        }
    }

    /// The thing that a link leads to, if there is one for certain.
    pub fn find(&self, link: &Link<'_>, system: u32, kind: Kind) -> Result<Thing, Reason> {
        let name = match link {
            Link::To(handle) => {
                return match self.things.get(handle) {
                    Some(thing) if thing.kind == kind => Ok(*thing),
                    _ => Err(Reason::new(format!("it is no {}", kind.word()))),
                };
            }
            Link::Named(name) => name,
            Link::Like(pattern) => {
                return Err(Reason::new(format!("several may match `{pattern}`")));
            }
        };
        let near = self.named.get(&(kind, system, key(name)));
        if let Some([thing]) = near.map(Vec::as_slice) {
            return Ok(*thing);
        }
        if name.hidden {
            return Err(Reason::new(format!("`{}` is only known at run time", name.text)));
        }
        match self.anywhere.get(&(kind, name.text.to_string())).map(Vec::as_slice) {
            Some([thing]) => Ok(*thing),
            Some(_) => Err(Reason::new(format!("several bear the name `{}`", name.text))),
            None => Err(Reason::new(format!("`{}` is in no file", name.text))),
        }
    }

    fn join_feeds(&mut self, all: &Messaging<'_>) {
        for (id, queue) in all.queues.iter().enumerate() {
            let from = Thing::new(Kind::Queue, id);
            self.feed(from, &queue.dead_letter, queue.system);
            for handle in queue.rabbit.iter().flat_map(|rabbit| &rabbit.dead_letters) {
                self.feed(from, &Fact::plain(Link::To(*handle)), queue.system);
            }
        }
        for (id, function) in all.functions.iter().enumerate() {
            let from = Thing::new(Kind::Function, id);
            self.feed(from, &function.dead_letter, function.system);
            self.feed(from, &function.on_failure, function.system);
        }
        for (id, subscription) in all.subscriptions.iter().enumerate() {
            self.feed(Thing::new(Kind::Subscription, id), &subscription.dead_letter, subscription.system);
        }
    }

    fn feed(&mut self, from: Thing, link: &Fact<'_, Link<'_>>, system: u32) {
        let hidden = match (&link.state, link.value()) {
            (State::Unknown(reason), _) => Some(reason.clone()),
            (_, Some(to)) => match self.find(to, system, Kind::Queue) {
                // What comes back to where it was makes no dead-letter queue.
                Ok(queue) if queue == from => None,
                Ok(queue) => {
                    self.feeds[queue.id as usize].push(Feed { from });
                    None
                }
                Err(reason) => matches!(to, Link::Named(name) if name.hidden).then_some(reason),
            },
            _ => None,
        };
        if let Some(reason) = hidden {
            self.feeds_open.entry(system).or_insert(reason);
        }
    }

    /// Puts `id` into the list of the thing that a link leads to; where it could lead to several, their lists are open.
    fn put(
        &self,
        link: &Fact<'_, Link<'_>>,
        system: u32,
        kind: Kind,
        all: &Messaging<'_>,
        id: u32,
        lists: &mut [Found],
    ) {
        let to = match (&link.state, link.value()) {
            (State::Unknown(reason), _) => {
                for (at, list) in lists.iter_mut().enumerate() {
                    // Nobody elsewhere can know the name of a function that has none of its own.
                    let hidden = kind == Kind::Function
                        && all.functions[at].system != system
                        && all.functions[at].name.is_absent();
                    if !hidden {
                        open(list, reason);
                    }
                }
                return;
            }
            (_, Some(Link::Like(pattern))) => return like(pattern, kind, all, id, lists),
            (_, Some(to)) => to,
            _ => return,
        };
        match self.find(to, system, kind) {
            Ok(thing) => {
                let list = &mut lists[thing.id as usize];
                if list.ids.last() != Some(&id) {
                    list.ids.push(id);
                }
            }
            Err(reason) => {
                let Link::Named(name) = to else { return };
                for (at, own) in names(all, kind).enumerate() {
                    if own.is_unknown() || own.value().is_some_and(|own| own.matches(name) != Match::No) {
                        open(&mut lists[at], &reason);
                    }
                }
            }
        }
    }

    fn join_subscriptions(&mut self, all: &Messaging<'_>) {
        let mut consumers = std::mem::take(&mut self.consumers);
        let mut triggers = std::mem::take(&mut self.triggers);
        let mut subscribers = std::mem::take(&mut self.subscribers);
        for (id, subscription) in all.subscriptions.iter().enumerate() {
            use crate::lower::messaging::Carrier;
            let (id, system) = (id as u32, subscription.system);
            match subscription.carrier {
                Carrier::Sqs | Carrier::Pipe | Carrier::UnknownPoll => {
                    self.put(&subscription.source, system, Kind::Queue, all, id, &mut consumers);
                }
                Carrier::Sns => {
                    self.put(&subscription.source, system, Kind::Topic, all, id, &mut subscribers)
                }
                _ => {}
            }
            self.put(&subscription.target, system, Kind::Function, all, id, &mut triggers);
        }
        (self.consumers, self.triggers, self.subscribers) = (consumers, triggers, subscribers);
    }

    fn join_alarms(&mut self, all: &Messaging<'_>) {
        let mut alarms = std::mem::take(&mut self.alarms);
        let mut composites = std::mem::take(&mut self.composites);
        for (id, alarm) in all.alarms.iter().enumerate() {
            for watch in &alarm.watches {
                // What a service could not deliver is counted there as well, for all of its senders together.
                let may_be = |fact: &Fact<'_, &str>, wanted: &str| {
                    fact.is_unknown() || fact.value().is_some_and(|text| *text == wanted)
                };
                let redriven = REDRIVEN.iter().any(|(namespace, metric)| {
                    may_be(&watch.namespace, namespace) && may_be(&watch.metric, metric)
                });
                for (id, feeds) in self.feeds.iter().enumerate().filter(|_| redriven) {
                    let delivers = |feed: &Feed| feed.from.kind == Kind::Subscription;
                    if all.queues[id].system == alarm.system && feeds.iter().any(delivers) {
                        open(
                            &mut alarms[id],
                            &Reason::new(format!("`{}` counts what is sent there", alarm.label)),
                        );
                    }
                }
                // A function whose every error is told of has nothing in its dead-letter queue that nobody heard of.
                if may_be(&watch.namespace, "AWS/Lambda") && may_be(&watch.metric, "Errors") {
                    for (id, feeds) in self.feeds.iter().enumerate() {
                        let told = |feed: &Feed| self.is_about(&watch.function, alarm.system, feed.from);
                        if !feeds.is_empty() && feeds.iter().all(told) {
                            open(
                                &mut alarms[id],
                                &Reason::new(format!(
                                    "`{}` counts the errors of what sends there",
                                    alarm.label
                                )),
                            );
                        }
                    }
                }
                // What is about something else for certain is not about a queue.
                if watch.namespace.value().is_some_and(|namespace| *namespace != "AWS/SQS") {
                    continue;
                }
                self.put(&watch.queue, alarm.system, Kind::Queue, all, id as u32, &mut alarms);
            }
            if let Some(reason) = &alarm.open {
                alarms.iter_mut().for_each(|list| open(list, reason));
            }
            for link in &alarm.covers {
                let covered = match link {
                    Link::To(_) => self.find(link, alarm.system, Kind::Alarm).into_iter().collect(),
                    // Names stand inside a longer text: `ALARM("orders") OR ALARM("payments")`.
                    Link::Named(text) => inside(all, &text.text),
                    Link::Like(_) => Vec::new(),
                };
                for thing in covered {
                    let list = &mut composites[thing.id as usize];
                    if list.ids.last() != Some(&(id as u32)) {
                        list.ids.push(id as u32);
                    }
                }
            }
        }
        // Nobody knows which account another system is deployed to.
        let everywhere = all.alarm_listeners.iter().any(|listener| listener.to_all);
        let systems: FxHashSet<u32> = all.alarm_listeners.iter().map(|listener| listener.system).collect();
        for (id, alarm) in all.alarms.iter().enumerate() {
            if everywhere || systems.contains(&alarm.system) {
                open(&mut composites[id], &Reason::new("a rule of EventBridge is told of alarms"));
            }
        }
        (self.alarms, self.composites) = (alarms, composites);
    }

    /// An alarm of which nobody knows whom it tells opens nothing: it is most likely one of the topics for alarms.
    fn join_tellers(&mut self, all: &Messaging<'_>) {
        let mut tellers = std::mem::take(&mut self.tellers);
        for (id, alarm) in all.alarms.iter().enumerate() {
            for action in
                alarm.actions.value().into_iter().flatten().filter(|action| action.value().is_some())
            {
                self.put(action, alarm.system, Kind::Topic, all, id as u32, &mut tellers);
            }
        }
        self.tellers = tellers;
    }

    /// Whether the dimension of a metric may be about this function; a metric without it is about all.
    fn is_about(&self, dimension: &Fact<'_, Link<'_>>, system: u32, function: Thing) -> bool {
        function.kind == Kind::Function
            && match dimension.value().map(|link| (link, self.find(link, system, Kind::Function))) {
                Some((_, Ok(found))) => found == function,
                Some((Link::Named(name), Err(_))) => name.hidden,
                _ => true,
            }
    }

    /// What stands in a system that may hold more than was seen may be watched, read and written by what was not.
    fn open_by_systems(&mut self, all: &Messaging<'_>) {
        let reason = |system: u32| all.systems[system as usize].open.clone();
        for (id, queue) in all.queues.iter().enumerate() {
            let Some(reason) = reason(queue.system) else { continue };
            self.feeds_open.entry(queue.system).or_insert_with(|| reason.clone());
            for lists in [&mut self.alarms, &mut self.consumers, &mut self.permissions] {
                open(&mut lists[id], &reason);
            }
        }
        for (id, topic) in all.topics.iter().enumerate() {
            reason(topic.system).iter().for_each(|reason| open(&mut self.subscribers[id], reason));
        }
        for (id, function) in all.functions.iter().enumerate() {
            reason(function.system).iter().for_each(|reason| open(&mut self.triggers[id], reason));
        }
    }

    fn open_by_mentions(&mut self, all: &Messaging<'_>) {
        for mention in &all.mentions {
            let reason = || Reason::new(format!("{} names it, and nobody knows what for", mention.by));
            for alarm in self.mentioned(&mention.link, Kind::Alarm) {
                open(&mut self.composites[alarm.id as usize], &reason());
            }
            if mention.alarms_only {
                continue;
            }
            for queue in self.mentioned(&mention.link, Kind::Queue) {
                self.named_queues.entry(queue.id).or_insert_with(reason);
                for lists in [&mut self.alarms, &mut self.consumers, &mut self.permissions] {
                    open(&mut lists[queue.id as usize], &reason());
                }
            }
            for topic in self.mentioned(&mention.link, Kind::Topic) {
                open(&mut self.subscribers[topic.id as usize], &reason());
            }
            for function in self.mentioned(&mention.link, Kind::Function) {
                open(&mut self.triggers[function.id as usize], &reason());
            }
        }
    }

    /// The things of a kind that a mention may mean.
    fn mentioned(&self, link: &Link<'_>, kind: Kind) -> Vec<Thing> {
        match link {
            Link::To(_) => self.find(link, 0, kind).into_iter().collect(),
            Link::Named(name) => {
                self.anywhere.get(&(kind, name.text.to_string())).cloned().unwrap_or_default()
            }
            Link::Like(_) => Vec::new(),
        }
    }
}

/// Puts `id` into the lists of everything whose name a pattern matches.
fn like(pattern: &str, kind: Kind, all: &Messaging<'_>, id: u32, lists: &mut [Found]) {
    let regex = regex_automata::meta::Regex::new(&format!("^(?:{pattern})$"));
    for (at, name) in names(all, kind).enumerate() {
        let list = &mut lists[at];
        match (&regex, name.value()) {
            (Ok(regex), Some(name)) if !name.hidden => {
                if regex.is_match(name.text.as_ref()) && list.ids.last() != Some(&id) {
                    list.ids.push(id);
                }
            }
            _ => open(list, &Reason::new(format!("`{pattern}` may match its name"))),
        }
    }
}

/// Under what a name is looked up; the same hidden words in two scopes are two names.
fn key(name: &Name<'_>) -> String {
    if name.hidden { format!("{}\u{0}{}", name.scope, name.text) } else { name.text.to_string() }
}

fn names<'m, 'a>(
    all: &'m Messaging<'a>,
    kind: Kind,
) -> Box<dyn Iterator<Item = &'m Fact<'a, Name<'a>>> + 'm> {
    match kind {
        Kind::Queue => Box::new(all.queues.iter().map(|queue| &queue.name)),
        Kind::Topic => Box::new(all.topics.iter().map(|topic| &topic.name)),
        Kind::Function => Box::new(all.functions.iter().map(|function| &function.name)),
        _ => Box::new(std::iter::empty()),
    }
}

/// The alarms whose names stand in a text.
fn inside(all: &Messaging<'_>, text: &str) -> Vec<Thing> {
    let named = |name: &Name<'_>| !name.hidden && !name.text.is_empty() && text.contains(name.text.as_ref());
    all.alarms
        .iter()
        .enumerate()
        .filter(|(_, alarm)| text.contains("ALARM") && alarm.name.value().is_some_and(named))
        .map(|(id, _)| Thing::new(Kind::Alarm, id))
        .collect()
}

fn open(list: &mut Found, reason: &Reason) {
    list.open.get_or_insert_with(|| reason.clone());
}
