//! Admission webhooks: what they are asked about, whether the cluster waits for their answer, and who gives it.

use super::value::{Val, open_things};
use super::vocabulary::{KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use super::{existence, service};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::selector::{self, Match};
use crate::lower::read;
use crate::syntax::tree::{NodeKind, NodeRef};

/// A webhook.
#[derive(Debug)]
pub struct Webhook<'a> {
    /// The configuration that it is a part of.
    pub object: u32,
    /// Its entry.
    pub node: NodeRef<'a>,
}

/// The webhook as a subject.
pub static WEBHOOK: KindDef = KindDef {
    kind: Kind::Webhook,
    name: "webhook",
    doc: "An admission webhook of a ValidatingWebhookConfiguration or a MutatingWebhookConfiguration.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| read::text(get(m, t).node, "name").into();
        "failurePolicy": Ty::Text, "`Fail` or `Ignore`, where nobody answers" => |m, t| {
            let this = get(m, t);
            let old = m.objects[this.object as usize].object.version() != "v1";
            let default = if old { &defaults::WEBHOOK_IGNORES } else { &defaults::WEBHOOK_FAILS };
            read::text(this.node, "failurePolicy").or_default_text(default).into()
        };
        "timeout": SECONDS, "how long the API server waits for an answer" => |m, t| {
            let this = get(m, t);
            let old = m.objects[this.object as usize].object.version() != "v1";
            let written = read::number(this.node, "timeoutSeconds");
            if old { written.into() } else { written.or_default(&defaults::WEBHOOK_TIMEOUT).into() }
        };
        "service": Ty::Text, "the Service that answers, if it is one of the cluster" => |m, t| read::text(get(m, t).node, "clientConfig.service.name").into();
        "home": Ty::Text, "the namespace of that Service" => |m, t| home(m, t).into();
        "asksAboutPods": Ty::Bool, "whether it is asked when a pod is made" => |m, t| decided(pods(get(m, t).node)).into();
        "asksAboutHome": Ty::Bool, "whether that holds for the pods that answer it, too" => |m, t| asks_about_home(m, t).into();
        "asksAboutSystem": Ty::Bool, "whether that holds for pods in `kube-system`, too" => |m, t| {
            let labels = namespace_labels(m, t, "kube-system");
            let reached = pods(get(m, t).node).and(namespaces(get(m, t).node, "kube-system", labels)).and(objects(get(m, t).node, &[])).and(conditions(get(m, t).node));
            place(get(m, t).node, decided(reached)).into()
        };
        "workloads": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads that answer" => |m, t| workloads(m, t);
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| Fact::written(get(m, t).node, Spot::value(get(m, t).node)).into();
    }],
    all: Some(|m| (0..m.webhooks.len()).map(|id| Thing::new(Kind::Webhook, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the webhooks of a configuration.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let entries = object.node.get("webhooks").into_iter().flat_map(NodeRef::items);
    model.webhooks.extend(entries.map(|node| Webhook { object: id as u32, node }));
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Webhook<'a> {
    &model.webhooks[thing.id as usize]
}

fn decided<'a>(answer: Match) -> Fact<'a, bool> {
    match answer {
        Match::Yes => Fact::plain(true),
        Match::No => Fact::plain(false),
        Match::Perhaps => Fact::unknown("a selector asks for what is only known in the cluster"),
    }
}

fn place<'a>(node: NodeRef<'a>, fact: Fact<'a, bool>) -> Fact<'a, bool> {
    fact.resting_on(Spot::value(node.get("namespaceSelector").unwrap_or(node)))
}

/// A Service without a namespace is refused, so a missing one is absent.
fn home<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    read::text(get(model, thing).node, "clientConfig.service.namespace")
}

/// Whether one of the rules is about making pods.
fn pods(node: NodeRef<'_>) -> Match {
    let has = |rule: NodeRef<'_>, key: &str, wanted: &[&str]| {
        let mut answer = Match::No;
        for value in rule.get(key).into_iter().flat_map(NodeRef::items) {
            if value.is_unknown() || read::is_filled_in_later(value.text()) {
                answer = Match::Perhaps;
            } else if wanted.contains(&value.text()) {
                return Match::Yes;
            }
        }
        answer
    };
    let mut answer = Match::No;
    for rule in node.get("rules").into_iter().flat_map(NodeRef::items) {
        let scope = match rule.get("scope") {
            Some(scope) if scope.is_unknown() => Match::Perhaps,
            Some(scope) if scope.text() == "Cluster" => Match::No,
            _ => Match::Yes,
        };
        let asked = has(rule, "apiGroups", &["", "*"])
            .and(has(rule, "apiVersions", &["v1", "*"]))
            .and(has(rule, "operations", &["CREATE", "*"]))
            .and(has(rule, "resources", &["pods", "*", "*/*"]))
            .and(scope);
        match asked {
            Match::Yes => return Match::Yes,
            Match::Perhaps => answer = Match::Perhaps,
            Match::No => {}
        }
    }
    answer
}

/// What is known of a namespace's labels: all of them where the project makes it, else its name only.
struct Labels<'a> {
    written: Option<NodeRef<'a>>,
    all: bool,
}

fn namespace_labels<'a>(model: &'a Model<'a>, thing: Thing, name: &str) -> Labels<'a> {
    let unit = model.objects[get(model, thing).object as usize].unit;
    let made = existence::bearers(model, "Namespace", name).map(|id| &model.objects[id as usize]);
    match made.filter(|entry| entry.unit == unit && entry.object.group().is_empty()).last() {
        Some(entry) => Labels { written: entry.object.node.at("metadata.labels"), all: true },
        None => Labels { written: None, all: false },
    }
}

/// Whether the `namespaceSelector` takes a namespace. Every namespace has the label `kubernetes.io/metadata.name`.
fn namespaces(node: NodeRef<'_>, name: &str, labels: Labels<'_>) -> Match {
    const NAME: &str = "kubernetes.io/metadata.name";
    let Some(selector) = node.get("namespaceSelector").filter(|selector| !selector.is_null()) else {
        return Match::Yes;
    };
    if selector.kind() != NodeKind::Map {
        return Match::Perhaps;
    }
    let hidden = |value: NodeRef<'_>| value.is_unknown() || read::is_filled_in_later(value.text());
    let by_name = |wanted: &[NodeRef<'_>]| {
        if wanted.iter().any(|value| !hidden(*value) && value.text() == name) {
            Match::Yes
        } else if wanted.iter().any(|value| hidden(*value)) {
            Match::Perhaps
        } else {
            Match::No
        }
    };
    let not = |answer: Match| match answer {
        Match::Yes => Match::No,
        Match::No => Match::Yes,
        Match::Perhaps => Match::Perhaps,
    };
    let mut answer = Match::Yes;
    for (key, value) in selector.get("matchLabels").into_iter().flat_map(NodeRef::entries) {
        answer = answer.and(match key {
            NAME => by_name(&[value]),
            _ if !labels.all => Match::Perhaps,
            key => match labels.written.and_then(|labels| labels.get(key)) {
                None => Match::No,
                Some(have) if hidden(have) || hidden(value) => Match::Perhaps,
                Some(have) if have.text() == value.text() => Match::Yes,
                Some(_) => Match::No,
            },
        });
    }
    for expression in selector.get("matchExpressions").into_iter().flat_map(NodeRef::items) {
        let key = expression.get("key").filter(|key| !hidden(*key)).map_or("", NodeRef::text);
        let operator = expression.get("operator").filter(|op| !op.is_unknown()).map_or("", NodeRef::text);
        let values: Vec<_> = expression.get("values").into_iter().flat_map(NodeRef::items).collect();
        answer = answer.and(match (key, operator) {
            ("", _) | (_, "") => Match::Perhaps,
            (NAME, "In") => by_name(&values),
            (NAME, "NotIn") => not(by_name(&values)),
            (NAME, "Exists") => Match::Yes,
            (NAME, "DoesNotExist") => Match::No,
            _ if !labels.all => Match::Perhaps,
            _ => selector::requires(expression, labels.written),
        });
    }
    answer
}

/// Whether the `objectSelector` takes pods of all these workloads.
fn objects(node: NodeRef<'_>, labels: &[Option<NodeRef<'_>>]) -> Match {
    match node.get("objectSelector") {
        Some(selector) if !selector.is_null() && !selector::is_empty(selector) => {
            if labels.is_empty() {
                return Match::Perhaps;
            }
            labels.iter().fold(Match::Yes, |answer, labels| answer.and(selector::selects(selector, *labels)))
        }
        _ => Match::Yes,
    }
}

/// Conditions are CEL; what they leave out is not read.
fn conditions(node: NodeRef<'_>) -> Match {
    if node
        .get("matchConditions")
        .is_some_and(|conditions| conditions.children().next().is_some() || conditions.is_unknown())
    {
        Match::Perhaps
    } else {
        Match::Yes
    }
}

fn asks_about_home<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let node = get(model, thing).node;
    let home = home(model, thing);
    let Some(name) = home.value().copied() else { return home.map(|_| false) };
    let labels: Vec<_> =
        backing(model, thing).0.iter().map(|id| model.workloads[*id as usize].labels()).collect();
    let reached = pods(node)
        .and(namespaces(node, name, namespace_labels(model, thing, name)))
        .and(objects(node, &labels))
        .and(conditions(node));
    place(node, decided(reached))
}

/// The workloads behind the webhook's Service, and why there may be others.
fn backing(model: &Model<'_>, thing: Thing) -> (Vec<u32>, Option<Reason>) {
    let this = get(model, thing);
    let unit = model.objects[this.object as usize].unit;
    let name = read::text(this.node, "clientConfig.service.name");
    let home = home(model, thing);
    let service =
        name.value().zip(home.value()).and_then(|(name, home)| service::named(model, unit, home, name));
    match service {
        Some(service) => {
            let found = service::workloads(model, service);
            (found.ids.clone(), found.open.clone())
        }
        None => (Vec::new(), Some(Reason::new("the Service that answers is in no file"))),
    }
}

fn workloads<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let (ids, open) = backing(model, thing);
    open_things(ids.into_iter().map(|id| Thing::new(Kind::Workload, id as usize)), open)
}
