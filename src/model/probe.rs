//! The probes of a container: what they ask, and what follows from their times.
//!
//! The arithmetic is the kubelet's (pkg/kubelet/prober/worker.go): a probe runs once a period, not before its initial delay,
//! and acts on as many failures in a row as its threshold says. Where the period begins is chance, so times are upper bounds.

use super::container;
use super::value::{list, open_things};
use super::vocabulary::{FactDef, KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Confidence, Fact, Part, Reason, Spot, State};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::probe::{self, Handler, Purpose};
use crate::lower::kubernetes::start::Strings;
use crate::lower::read;
use crate::measure::check;
use crate::measure::place::{Place, Source};
use crate::syntax::tree::NodeRef;

/// A probe as a part of its container.
pub static PROBE: KindDef = KindDef {
    kind: Kind::Probe,
    name: "probe",
    doc: "A liveness, readiness or startup probe of a container.",
    tables: &[facts! {
        "purpose": Ty::Text, "`liveness`, `readiness` or `startup`" => |_, t| Fact::plain(purpose(t).word()).into();
        "handler": Ty::Text, "how it asks: `http`, `tcp`, `grpc` or `exec`" =>
            |m, t| handler(m, t).map(|(handler, _)| handler.word()).into();
        "handlers": Ty::List(&Ty::Text), "all the ways in which it asks; Kubernetes takes exactly one" => |m, t| {
            let found = node(m, t).into_iter().flat_map(probe::handlers);
            list(found.map(|(handler, node)| Fact::written(handler.word(), Spot::key(node))))
        };
        "check": Ty::Text, "what it asks, in words: `GET :8080/healthz`, `pg_isready -U app`" => |m, t| check_text(m, t).into();
        "path": Ty::Text, "the path of an HTTP request" => |m, t| path(m, t).into();
        "host": Ty::Text, "the machine that it asks, where that is not the pod" => |m, t| match handler(m, t).into_value() {
            Some((Handler::Http | Handler::Tcp, node)) => read::text(node, "host").into(),
            _ => Fact::<&str>::nothing().into(),
        };
        "port": Ty::Node, "the port that it asks, by number or name" => |m, t| port(m, t).into();
        "portName": Ty::Text, "that port, where it is given by name" => |m, t| {
            let port = port(m, t);
            if port.value().is_some_and(|node| node.as_number().is_some()) { Fact::<&str>::nothing().into() } else { port.text().into() }
        };
        "target": Ty::Thing(Kind::Port), "the container port that this is" => |m, t| target(m, t).into();
        "programs": Ty::List(&Ty::Text), "the programs that its command runs" => |m, t| programs(m, t);
        "reaches": Ty::List(&Ty::Text), "the hosts that its command names" => |m, t| {
            let argv = argv(m, t);
            list(check::hosts(&argv.texts).into_iter().map(|host| match host.known {
                true => within(&argv, &host.place, host.name),
                false => Fact::unknown(format!("`{}` is only known at run time", host.name)),
            }))
        };
        "patience": SECONDS, "how long its command is told to wait: `timeout 5 …`, `pg_isready -t 5`" => |m, t| {
            let argv = argv(m, t);
            match check::wait(&argv.texts) {
                Some(wait) => within(&argv, &wait.place, wait.seconds).into(),
                None if argv.is_vague() => Fact::<f64>::unknown("its command is only known at run time").into(),
                None => Fact::<f64>::nothing().into(),
            }
        };
        "initialDelay": SECONDS, "how long after the container's start it begins" =>
            |m, t| of(m, t, |node| read::number(node, "initialDelaySeconds").or_default(&probe::INITIAL_DELAY)).into();
        "period": SECONDS, "how often it asks" => |m, t| period(m, t).into();
        "timeout": SECONDS, "how long it waits for an answer" => |m, t| timeout(m, t).into();
        "failureThreshold": NUMBER, "how many failures in a row it takes" => |m, t| failures(m, t).into();
        "successThreshold": NUMBER, "how many successes in a row it takes" =>
            |m, t| of(m, t, |node| probe::number(node, "successThreshold", &probe::SUCCESS_THRESHOLD)).into();
        "detectsAfter": SECONDS, "how long it takes to notice a container that no longer answers" =>
            |m, t| period(m, t).with(timeout(m, t), f64::max).with(failures(m, t), |each, times| each * times).into();
        "budget": SECONDS, "how long after its start a container that never answers is restarted by it" =>
            |m, t| budget(m, t).into();
        "grace": SECONDS, "how long a container that it restarts may take to stop" => |m, t| grace(m, t).into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| of(m, t, |node| Fact::written(node, Spot::value(node))).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| node(m, t),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 Pod spec.containers.livenessProbe"],
};

/// What a container knows of its probes.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "liveness": Ty::Thing(Kind::Probe), "its liveness probe" => |m, t| probe_of(m, t.id, Purpose::Liveness).into();
    "readiness": Ty::Thing(Kind::Probe), "its readiness probe" => |m, t| probe_of(m, t.id, Purpose::Readiness).into();
    "startup": Ty::Thing(Kind::Probe), "its startup probe" => |m, t| probe_of(m, t.id, Purpose::Startup).into();
    "probes": Ty::List(&Ty::Thing(Kind::Probe)), "all its probes" => |m, t| {
        let found: Vec<_> = Purpose::ALL.into_iter().map(|purpose| probe_of(m, t.id, purpose)).collect();
        let open = found.iter().find_map(|fact| match &fact.state {
            State::Unknown(reason) => Some(reason.clone()),
            _ => None,
        });
        open_things(found.iter().filter_map(Fact::value).copied(), open)
    };
    "startBudget": SECONDS, "how long it may take to start before a probe restarts it" => |m, t| start_budget(m, t.id).into();
};

fn thing(container: u32, purpose: Purpose) -> Thing {
    Thing::part(Kind::Probe, container, purpose as usize)
}

fn purpose(thing: Thing) -> Purpose {
    Purpose::ALL[(thing.part as usize).min(2)]
}

fn probe_of<'a>(model: &'a Model<'a>, container: u32, purpose: Purpose) -> Fact<'a, Thing> {
    let found = read::node(model.containers[container as usize].node, purpose.key());
    match found.value() {
        // An empty mapping is a probe that is left out by whoever wrote a template; the API drops it.
        Some(node) if node.children().next().is_none() && node.entries().next().is_none() => {
            Fact::absent(Spot::key(*node).saying("empty"))
        }
        Some(node) => Fact::written(thing(container, purpose), Spot::key(*node)),
        None => found.map(|_| thing(container, purpose)),
    }
}

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    model.containers[thing.id as usize].node.get(purpose(thing).key())
}

/// A fact of the probe's own node.
fn of<'a, T>(model: &'a Model<'a>, thing: Thing, f: impl FnOnce(NodeRef<'a>) -> Fact<'a, T>) -> Fact<'a, T> {
    node(model, thing).map_or_else(Fact::nothing, f)
}

fn handler<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, (Handler, NodeRef<'a>)> {
    of(model, thing, |node| match probe::handlers(node).next() {
        Some((_, inner)) if inner.is_unknown() => {
            Fact::unknown_at("what it asks is only known at run time", Spot::value(inner))
        }
        Some((handler, inner)) => Fact::written((handler, inner), Spot::key(inner)),
        None => Fact::absent(Spot::key(node)),
    })
}

fn path<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    match handler(model, thing).into_value() {
        Some((Handler::Http, node)) => match read::text(node, "path") {
            // core/v1 SetDefaults_HTTPGetAction: an empty path is "/".
            path if path.is_absent() => {
                Fact { state: State::Default("/"), spots: path.spots, confidence: Confidence::High }
            }
            path => path,
        },
        _ => Fact::nothing(),
    }
}

fn port<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, NodeRef<'a>> {
    match handler(model, thing).into_value() {
        Some((Handler::Http | Handler::Tcp | Handler::Grpc, node)) => {
            read::node(node, "port").unless_hidden()
        }
        _ => Fact::nothing(),
    }
}

/// A name means a port of the container itself (`probe.ResolveContainerPort`); a number may be any port of the pod.
fn target<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    let wanted = port(model, thing);
    let Some(node) = wanted.value().copied() else {
        return wanted.map(|_| thing);
    };
    let number = node.as_number();
    let own = thing.id;
    let workload = &model.workloads[model.containers[own as usize].workload as usize];
    let others = workload.containers.clone().filter(|id| *id != own && number.is_some());
    let mut vague = false;
    for container in std::iter::once(own).chain(others) {
        let ports = super::port::ports(model, container);
        vague |= ports.vague;
        for (part, port) in ports.nodes.iter().enumerate() {
            let key = if number.is_some() { "containerPort" } else { "name" };
            match port.get(key) {
                Some(value) if value.is_unknown() || read::is_filled_in_later(value.text()) => vague = true,
                Some(value)
                    if value.text() == node.text() || (number.is_some() && value.as_number() == number) =>
                {
                    return wanted.map(|_| Thing::part(Kind::Port, container, part));
                }
                _ => {}
            }
        }
    }
    if vague {
        return Fact::unknown("a port is only known at run time");
    }
    Fact { state: State::Absent, spots: wanted.spots, confidence: Confidence::High }
}

fn argv<'a>(model: &'a Model<'a>, thing: Thing) -> Strings<'a> {
    match handler(model, thing).into_value() {
        Some((Handler::Exec, node)) => Strings::read(node.get("command")),
        _ => Strings::default(),
    }
}

fn within<'a, T>(argv: &Strings<'a>, place: &Place, value: T) -> Fact<'a, T> {
    let index = match place.source {
        Source::Command(index) | Source::Arg(index) | Source::Env(index) => index,
    };
    match argv.spot(index, place.range.clone()) {
        Some(spot) => Fact::written(value, spot),
        None => Fact::plain(value),
    }
}

fn programs<'a>(model: &'a Model<'a>, thing: Thing) -> super::value::Val<'a> {
    let argv = argv(model, thing);
    let script = check::programs(&argv.texts);
    let hidden = argv.is_vague() || (script.is_none() && !argv.texts.is_empty());
    let found = script
        .unwrap_or_default()
        .into_iter()
        .map(|(name, place)| within(&argv, &place, name).into())
        .collect();
    let open = hidden.then(|| Reason::new("its script is not understood"));
    Fact::plain(super::value::Datum::List(std::rc::Rc::new(super::value::List { items: found, open })))
}

fn check_text<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, String> {
    let handler = handler(model, thing);
    let Some((kind, node)) = handler.value().copied() else { return handler.map(|_| String::new()) };
    let spot = Spot::value(node);
    if node
        .walk()
        .any(|part| part.is_unknown() || (part.key().is_some() && read::is_filled_in_later(part.text())))
    {
        return Fact::unknown_at("what it asks is only known at run time", spot);
    }
    let text = |key: &str| node.get(key).filter(|value| !value.is_null()).map_or("", NodeRef::text);
    let text = match kind {
        Handler::Exec => shortened(&Strings::read(node.get("command")).texts.join(" ")),
        Handler::Http => {
            let path = if text("path").is_empty() { "/" } else { text("path") };
            format!("GET {}:{}{path}", text("host"), text("port"))
        }
        Handler::Tcp => format!("TCP {}:{}", text("host"), text("port")),
        Handler::Grpc => format!("gRPC :{} {}", text("port"), text("service")).trim_end().to_owned(),
    };
    Fact::written(text, spot)
}

/// A command in one line that a person can take in.
fn shortened(command: &str) -> String {
    let line = command.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn period<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    of(model, thing, |node| probe::number(node, "periodSeconds", &probe::PERIOD))
}

fn timeout<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    of(model, thing, |node| probe::number(node, "timeoutSeconds", &probe::TIMEOUT))
}

fn failures<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    of(model, thing, |node| probe::number(node, "failureThreshold", &probe::FAILURE_THRESHOLD))
}

fn budget<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    if purpose(thing) == Purpose::Readiness {
        return Fact::nothing();
    }
    let delay =
        of(model, thing, |node| read::number(node, "initialDelaySeconds").or_default(&probe::INITIAL_DELAY));
    let mut budget = failures(model, thing)
        .with(period(model, thing), |times, each| times * each)
        .with(delay, |a, b| a + b);
    budget
        .spots
        .retain(|spot| !matches!((&spot.part, &spot.says), (Part::Missing("initialDelaySeconds"), _)));
    budget
}

fn start_budget<'a>(model: &'a Model<'a>, container: u32) -> Fact<'a, f64> {
    for purpose in [Purpose::Startup, Purpose::Liveness] {
        let found = probe_of(model, container, purpose);
        match &found.state {
            State::Written(thing) | State::Default(thing) => return budget(model, *thing),
            State::Unknown(reason) => {
                return Fact {
                    state: State::Unknown(reason.clone()),
                    spots: found.spots,
                    confidence: Confidence::High,
                };
            }
            State::Absent => {}
        }
    }
    Fact::nothing()
}

fn grace<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let own = of(model, thing, |node| read::number(node, "terminationGracePeriodSeconds"));
    if !own.is_absent() {
        return own;
    }
    let owner = Thing::new(Kind::Container, thing.id as usize);
    let workload = &model.workloads[container::get(model, owner).workload as usize];
    match workload.pod() {
        Some(pod) => read::number(pod, "terminationGracePeriodSeconds").or_default(&defaults::GRACE),
        None => own,
    }
}
