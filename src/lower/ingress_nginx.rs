//! ingress-nginx: the annotations of an Ingress, over the ConfigMap of the controller, over what the controller takes itself.
//!
//! Names and defaults are those of kubernetes/ingress-nginx, `internal/ingress/annotations` and `NewDefault` in
//! `internal/ingress/controller/config/config.go`.

use super::call::{Call, Meaning, Retry, Words, words};
use super::kubernetes::object::Object;
use super::read::{self, is_filled_in_later};
use crate::fact::{Default, Fact, Spot, State};
use crate::syntax::tree::{NodeKind, NodeRef};

const WHOSE: &str = "ingress-nginx";

/// `Backend.ProxyConnectTimeout: 5`
static CONNECT: Default<f64> = Default::of(WHOSE, "proxy-connect-timeout", 5.0, "5 s");
/// `Backend.ProxyReadTimeout: 60`
static READ: Default<f64> = Default::of(WHOSE, "proxy-read-timeout", 60.0, "60 s");
/// The same in nginx/kubernetes-ingress, `ConfigParams.ProxyReadTimeout: "60s"`, and in nginx itself.
static ANY_READ: Default<f64> = Default::of("nginx", "proxy-read-timeout", 60.0, "60 s");
/// `Backend.ProxySendTimeout: 60`
static SEND: Default<f64> = Default::of(WHOSE, "proxy-send-timeout", 60.0, "60 s");
/// `Backend.ProxyNextUpstreamTries: 3`
static TRIES: Default<f64> = Default::of(WHOSE, "proxy-next-upstream-tries", 3.0, "3");
/// `Backend.ProxyNextUpstreamTimeout: 0`, which is no limit.
static ALL_TRIES: Default<f64> = Default::of(WHOSE, "proxy-next-upstream-timeout", 0.0, "no limit");
/// `UpstreamKeepaliveTimeout: 60`
static IDLE: Default<f64> = Default::of(WHOSE, "upstream-keepalive-timeout", 60.0, "60 s");
/// `Backend.ProxyNextUpstream: "error timeout"`
const NEXT: &str = "error timeout";
/// `LimitReqStatusCode: 503`, `LimitConnStatusCode: 503`
pub static LIMIT_STATUS: Default<f64> = Default::of(WHOSE, "limit-req-status-code", 503.0, "503");
/// The same for connections.
pub static LIMIT_CONN_STATUS: Default<f64> = Default::of(WHOSE, "limit-conn-status-code", 503.0, "503");

/// The prefix of all its annotations, unless the controller is told another.
pub const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// Annotations that hold whole seconds.
const SECONDS: [(&str, &Default<f64>); 4] = [
    ("nginx.ingress.kubernetes.io/proxy-connect-timeout", &CONNECT),
    ("nginx.ingress.kubernetes.io/proxy-read-timeout", &READ),
    ("nginx.ingress.kubernetes.io/proxy-send-timeout", &SEND),
    ("nginx.ingress.kubernetes.io/proxy-next-upstream-timeout", &ALL_TRIES),
];

/// What an Ingress and its controller say together.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The Ingress.
    pub ingress: NodeRef<'a>,
    /// The `data` of the controller's ConfigMap, where a file declares it.
    pub config: Option<NodeRef<'a>>,
}

/// Whether an Ingress speaks to ingress-nginx by its annotations.
pub fn is_annotated(object: &Object<'_>) -> bool {
    object
        .node
        .at("metadata.annotations")
        .is_some_and(|all| all.entries().any(|(key, _)| key.starts_with(PREFIX)))
}

/// Whether a ConfigMap is that of a controller: its name or its labels say so.
pub fn is_config(object: &Object<'_>) -> bool {
    let named = |text: &str| text.contains("ingress-nginx") || text.contains("nginx-ingress");
    let keys =
        ["proxy-", "upstream-", "limit-", "worker-", "use-", "enable-", "hsts", "ssl-", "keep-alive", "log-"];
    object.kind == "ConfigMap"
        && object.group().is_empty()
        && (named(object.name)
            || object.label("app.kubernetes.io/name").is_some_and(|name| named(name.text())))
        && object.node.get("data").is_some_and(|data| {
            data.entries().any(|(key, _)| keys.iter().any(|start| key.starts_with(start)))
        })
}

/// Whether an Ingress is the canary of another one, whose annotations then count and not its own.
pub fn is_canary(object: &Object<'_>) -> bool {
    object
        .annotation("nginx.ingress.kubernetes.io/canary")
        .is_some_and(|canary| canary.is_unknown() || canary.text() != "false")
}

/// A setting that the controller cannot read, so that another value counts.
#[derive(Clone, Copy, Debug)]
pub struct Unread<'a> {
    /// What is written.
    pub node: NodeRef<'a>,
    /// What counts instead, in seconds; 0 is no limit.
    pub instead: f64,
}

/// The annotations of an Ingress that hold no whole seconds.
pub fn unread<'a>(ingress: NodeRef<'a>) -> impl Iterator<Item = Unread<'a>> {
    let all = ingress.at("metadata.annotations");
    SECONDS.iter().filter_map(move |(name, default)| {
        let node = all?.get(name)?;
        let scalar = !matches!(node.kind(), NodeKind::Map | NodeKind::List | NodeKind::Null);
        let known = scalar && !node.is_unknown() && !is_filled_in_later(node.text());
        (known && !node.text().is_empty() && whole(node.text()).is_none())
            .then_some(Unread { node, instead: default.value })
    })
}

/// The status codes among the words: `http_503`.
fn codes(words: Words<'_>) -> Words<'_> {
    words.into_iter().filter_map(|(word, spot)| Some((word.strip_prefix("http_")?, spot))).collect()
}

/// Go `strconv.Atoi`.
fn whole(text: &str) -> Option<f64> {
    text.parse::<i64>().ok().map(|n| n as f64)
}

impl<'a> Source<'a> {
    /// What it says of a call.
    pub fn call(&self) -> Call<'a> {
        if self.ingress.at("metadata.annotations").is_some_and(NodeRef::is_unknown) {
            return Call::unknown("the annotations are only known at run time");
        }
        let per_try = self.seconds("proxy-read-timeout", &READ);
        let retry = self.retry(&per_try);
        Call {
            timeout: self.timeout(&per_try, &retry),
            connect: self.seconds("proxy-connect-timeout", &CONNECT),
            idle: self.idle(),
            retry,
        }
    }

    /// The annotation, or else the ConfigMap, or else the default. What is not a whole number counts as not written.
    fn seconds(&self, key: &'static str, default: &'static Default<f64>) -> Fact<'a, f64> {
        match self.written(key) {
            Some(node)
                if whole(node.text()).is_none() && !node.is_unknown() && !is_filled_in_later(node.text()) =>
            {
                let words = format!("no whole number of seconds: ingress-nginx uses {}", default.note.value);
                Fact::default(default.value, Spot::value(node).saying(words))
            }
            Some(node) => Fact::written(node, Spot::value(node)).read(|node| whole(node.text())),
            None => self.configured(key, default),
        }
    }

    fn written(&self, key: &str) -> Option<NodeRef<'a>> {
        let node = self.ingress.at("metadata.annotations")?.get(&format!("{PREFIX}{key}"))?;
        let empty = node.is_null() || (node.kind() == NodeKind::Text && node.text().is_empty());
        (!empty).then_some(node)
    }

    /// What the controller takes where the Ingress says nothing. A ConfigMap that no file declares may say otherwise.
    pub fn configured(&self, key: &'static str, default: &'static Default<f64>) -> Fact<'a, f64> {
        let place = self.ingress.at("metadata.annotations").unwrap_or(self.ingress);
        match self.config.map(|config| read::text(config, key)) {
            Some(fact) if !fact.is_absent() => {
                fact.try_map("it is no whole number", |text| whole(text.trim().trim_end_matches('s')))
            }
            Some(_) => Fact::absent(Spot::missing(place, key)).or_default(default),
            None => Fact::absent(Spot::missing(place, key)).or_default(default).guessed(),
        }
    }

    /// How long it waits for the answer to one attempt, whichever of the two controllers with nginx serves an Ingress that has no
    /// annotation of either. What else they take themselves differs.
    pub fn any_wait(&self) -> Fact<'a, f64> {
        self.configured("proxy-read-timeout", &ANY_READ).guessed()
    }

    /// A setting of the controller alone, at the place in its ConfigMap where it is or would be written.
    pub fn in_config(&self, key: &'static str, default: &'static Default<f64>) -> Fact<'a, f64> {
        let place = self.config.unwrap_or(self.ingress);
        let text = read::text(place, key).try_map("it is no whole number", |text| whole(text.trim()));
        text.or_default(default)
    }

    /// Not an annotation: the controller's own.
    fn idle(&self) -> Fact<'a, f64> {
        self.configured("upstream-keepalive-timeout", &IDLE)
    }

    fn retry(&self, per_try: &Fact<'a, f64>) -> Fact<'a, Retry<'a>> {
        let place = self.ingress.at("metadata.annotations").unwrap_or(self.ingress);
        let next = match self.written("proxy-next-upstream") {
            Some(node) => Fact::written(node, Spot::value(node)),
            None => match self.config.and_then(|config| config.get("proxy-next-upstream")) {
                Some(node) => Fact::written(node, Spot::value(node)),
                None => Fact::absent(Spot::missing(place, "proxy-next-upstream")),
            },
        };
        let triggers = match next.state {
            State::Absent => {
                let fact = Fact {
                    state: State::Default(
                        NEXT.split(' ').map(|word| (word, next.spots[0].clone())).collect::<Vec<_>>(),
                    ),
                    spots: next.spots,
                    confidence: next.confidence,
                };
                let said = fact.saying(crate::fact::Says::Words(
                    "ingress-nginx asks again after `error timeout`".into(),
                ));
                if self.config.is_none() { said.guessed() } else { said }
            }
            _ => next.read(|node| Some(words(node, char::is_whitespace))),
        };
        let allowed = match self.config.and_then(|config| config.get("retry-non-idempotent")) {
            Some(node) if node.text() == "true" => Some(("non_idempotent", Spot::value(node))),
            _ => None,
        };
        let triggers = triggers.map(|mut all| {
            all.extend(allowed);
            all
        });
        let off = triggers.value().is_some_and(|all| all.iter().any(|(word, _)| *word == "off"));
        if off {
            return Fact { state: State::Absent, spots: triggers.spots, confidence: triggers.confidence };
        }
        let tries = self.seconds("proxy-next-upstream-tries", &TRIES);
        // Without a limit nginx asks as often as `rootfs/etc/nginx/lua/balancer.lua` allows: it adds a try to each one that fails.
        let in_time = self.seconds("proxy-next-upstream-timeout", &ALL_TRIES);
        let endless = in_time.value() == Some(&0.0);
        let tries = tries.try_map("as often as there is time", |n| match n > 0.0 {
            true => Some(n),
            false => endless.then_some(f64::INFINITY),
        });
        let node = self.written("proxy-next-upstream").unwrap_or(place);
        let written = tries.is_written() || triggers.is_written();
        Retry {
            node,
            count: tries.map(|n| n - 1.0),
            per_try: per_try.clone(),
            pause: Fact::plain(0.0),
            codes: triggers.clone().map(codes),
            triggers,
            meaning: Meaning::Nginx,
        }
        .told(written)
    }

    /// No setting says it: tries times the time for one, and no try starts after `proxy-next-upstream-timeout`.
    fn timeout(&self, per_try: &Fact<'a, f64>, retry: &Fact<'a, Retry<'a>>) -> Fact<'a, f64> {
        let Some(retry) = retry.value() else { return per_try.clone() };
        match retry.after_timeout() {
            None => return Fact::unknown("after what it asks again is only known at run time"),
            Some(false) => return per_try.clone(),
            Some(true) => {}
        }
        let most = self.seconds("proxy-next-upstream-timeout", &ALL_TRIES);
        let limited = most.value().is_none_or(|most| *most > 0.0);
        let all = per_try.clone().with(retry.count.clone(), |one, again| one * (again + 1.0));
        if !limited {
            return all;
        }
        let one = per_try.value().copied();
        all.with(most, move |all, most| all.min(most + one.unwrap_or(0.0)))
    }
}
