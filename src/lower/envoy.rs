//! Envoy's own static configuration: routes of listeners, and the clusters that they lead to.
//!
//! Defaults and meanings are those of the protos in envoyproxy/data-plane-api, `envoy/config`.

use super::call::{Call, Meaning, Retry, Words, go, words};
use super::read;
use crate::fact::{Default, Fact, Reason, Spot, State};
use crate::syntax::tree::{NodeKind, NodeRef, Tree};

const WHOSE: &str = "Envoy";

/// route.v3 `RouteAction.timeout`: "If not specified, the default is 15s."
static TIMEOUT: Default<f64> = Default::of(WHOSE, "timeout", 15.0, "15 s");
/// route.v3 `RetryPolicy.num_retries`: "defaults to 1".
static NUM_RETRIES: Default<f64> = Default::of(WHOSE, "num_retries", 1.0, "1");
/// Router filter, `x-envoy-max-retries`: a base interval of 25 ms.
static BACK_OFF: Default<f64> = Default::of(WHOSE, "retry_back_off", 0.025, "25 ms");
/// cluster.v3 `Cluster.connect_timeout`: "If not set, a default value of 5s will be used."
static CONNECT: Default<f64> = Default::of(WHOSE, "connect_timeout", 5.0, "5 s");
/// core.v3 `HttpProtocolOptions.idle_timeout`: "If not specified, this defaults to 1 hour."
static IDLE: Default<f64> = Default::of(WHOSE, "idle_timeout", 3600.0, "1 h");

/// HttpConnectionManager.stream_idle_timeout: "If not specified, this defaults to 5 minutes."
static STREAM_IDLE: Default<f64> = Default::of(WHOSE, "stream_idle_timeout", 300.0, "5 min");

/// The configurations in a file: what has `static_resources`.
pub fn configurations<'a>(tree: &'a Tree) -> impl Iterator<Item = NodeRef<'a>> {
    tree.roots().filter_map(|root| root.get("static_resources"))
}

/// The routes of a configuration that lead to a cluster, in order.
pub fn routes<'a>(resources: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    let hosts = resources.get("listeners").into_iter().flat_map(NodeRef::walk);
    let hosts = hosts.filter(|node| node.key() == Some("virtual_hosts")).flat_map(NodeRef::items);
    hosts
        .flat_map(|host| host.get("routes").into_iter().flat_map(NodeRef::items))
        .filter(|route| route.get("route").is_some_and(|action| action.kind() == NodeKind::Map))
}

/// The clusters of a configuration.
pub fn clusters<'a>(resources: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    resources.get("clusters").into_iter().flat_map(NodeRef::items)
}

/// The `static_resources` that a part of a configuration belongs to.
pub fn resources(part: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut here = part;
    loop {
        if here.key() == Some("static_resources") {
            return Some(here);
        }
        here = here.parent()?;
    }
}

/// The virtual host of a route.
pub fn virtual_host(route: NodeRef<'_>) -> Option<NodeRef<'_>> {
    route.parent()?.parent()
}

/// The cluster that a route leads to, where it leads to one.
pub fn cluster_of<'a>(route: NodeRef<'a>) -> Option<NodeRef<'a>> {
    let name = route.at("route.cluster")?;
    if name.is_unknown() || read::is_filled_in_later(name.text()) {
        return None;
    }
    clusters(resources(route)?)
        .find(|cluster| cluster.get("name").is_some_and(|own| own.text() == name.text()))
}

/// The list of endpoints that stands in a cluster.
pub fn assignment<'a>(cluster: NodeRef<'a>) -> Option<NodeRef<'a>> {
    cluster.get("load_assignment").filter(|list| !list.is_null())
}

/// Where a cluster whose endpoints are found while Envoy runs reads them from a file: the file's name, and that of the list in
/// it. (cluster.v3 `Cluster.EdsClusterConfig`: without `service_name` the cluster's own name.)
pub fn assignment_file<'a>(cluster: NodeRef<'a>) -> Option<(&'a str, &'a str)> {
    let config = cluster.at("eds_cluster_config")?;
    let path = config.at("eds_config.path_config_source.path").or_else(|| config.at("eds_config.path"))?;
    let name = config.get("service_name").or_else(|| cluster.get("name"))?;
    Some((path.text().rsplit('/').next()?, name.text()))
}

/// The list of this name in a file of endpoints.
pub fn assignment_in<'a>(tree: &'a Tree, name: &str) -> Option<NodeRef<'a>> {
    let resources = tree.roots().filter_map(|root| root.get("resources")).flat_map(NodeRef::items);
    resources
        .filter(|list| list.get("@type").is_some_and(|kind| kind.text().ends_with("ClusterLoadAssignment")))
        .find(|list| list.get("cluster_name").is_some_and(|own| own.text() == name))
}

/// The endpoints of a list.
pub fn endpoints<'a>(assignment: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    let groups = assignment.get("endpoints").into_iter().flat_map(NodeRef::items);
    groups.flat_map(|group| group.get("lb_endpoints").into_iter().flat_map(NodeRef::items))
}

/// The address of an endpoint.
pub fn address<'a>(endpoint: NodeRef<'a>) -> Option<NodeRef<'a>> {
    endpoint.at("endpoint.address.socket_address.address")
}

/// How many endpoints a cluster has. A name may stand for any number of addresses, and only a list of addresses is known.
pub fn count<'a>(assignment: Option<NodeRef<'a>>) -> Fact<'a, f64> {
    let Some(list) = assignment else { return Fact::unknown("its endpoints are found while it runs") };
    let is_address = |node: NodeRef<'_>| node.text().parse::<std::net::IpAddr>().is_ok();
    let all: Vec<_> = endpoints(list).collect();
    if !all.is_empty() && all.iter().all(|one| address(*one).is_some_and(is_address)) {
        Fact::written(all.len() as f64, Spot::key(list))
    } else {
        Fact::unknown_at("a name may stand for any number of addresses", Spot::key(list))
    }
}

/// What a route says of a call.
pub fn call<'a>(route: NodeRef<'a>) -> Call<'a> {
    let Some(action) = route.get("route") else { return Call::unknown("it is no route") };
    let timeout = go(action, "timeout", true).or_default(&TIMEOUT);
    let own = action.get("retry_policy").filter(|policy| !policy.is_null());
    let policy = own.or_else(|| virtual_host(route)?.get("retry_policy").filter(|policy| !policy.is_null()));
    let cluster = cluster_of(route);
    let of_cluster = |path: &'static str, default: &'static Default<f64>| match cluster {
        Some(cluster) => go(cluster, path, true).or_default(default),
        None => Fact::unknown("the cluster is in no file"),
    };
    // Options of HTTP may also stand in an extension of the cluster.
    let extended = cluster.is_some_and(|cluster| cluster.get("typed_extension_protocol_options").is_some());
    Call {
        connect: of_cluster("connect_timeout", &CONNECT),
        idle: match extended {
            true => Fact::unknown("an extension of the cluster may set it"),
            false => of_cluster("common_http_protocol_options.idle_timeout", &IDLE),
        },
        retry: match policy {
            Some(policy) => retry(policy, &timeout),
            None => Fact::absent(Spot::missing(action, "retry_policy")),
        },
        timeout,
    }
}

fn retry<'a>(policy: NodeRef<'a>, timeout: &Fact<'a, f64>) -> Fact<'a, Retry<'a>> {
    let on = read::node(policy, "retry_on");
    // Without a condition there is no retry, whatever else the policy says.
    if on.is_absent() || policy.is_unknown() {
        let state = if policy.is_unknown() {
            State::Unknown(Reason::new("it is only known at run time"))
        } else {
            State::Absent
        };
        return Fact { state, spots: on.spots, confidence: on.confidence };
    }
    let triggers = on.read(|node| Some(words(node, |c| c == ',')));
    let codes = read::node(policy, "retriable_status_codes")
        .map(|list| -> Words<'a> { list.items().map(|code| (code.text(), Spot::value(code))).collect() });
    let codes = if codes.is_absent() { Fact { state: State::Default(Vec::new()), ..codes } } else { codes };
    let per_try = go(policy, "per_try_timeout", true);
    let per_try = if per_try.is_absent() {
        let state = match &timeout.state {
            State::Written(seconds) | State::Default(seconds) => State::Default(*seconds),
            other => other.clone(),
        };
        let words = "no `per_try_timeout`: one attempt may take the whole `timeout`";
        Fact { state, ..per_try }.saying(crate::fact::Says::Words(words.into()))
    } else {
        per_try
    };
    Retry {
        node: policy,
        count: read::number(policy, "num_retries").or_default(&NUM_RETRIES),
        per_try,
        pause: go(policy, "retry_back_off.base_interval", false).or_default(&BACK_OFF),
        triggers,
        codes,
        meaning: Meaning::Envoy,
    }
    .told(true)
}

/// How long a route keeps a request on which no byte moves: route.v3 `RouteAction.idle_timeout` "takes precedence over" that of
/// the connection manager.
pub fn stream_idle<'a>(route: NodeRef<'a>) -> Fact<'a, f64> {
    let own = route.get("route").map(|action| go(action, "idle_timeout", true));
    if let Some(own) = own.filter(|own| !own.is_absent()) {
        return own;
    }
    let mut here = route.parent();
    while let Some(node) = here {
        if node.get("route_config").is_some() {
            return go(node, "stream_idle_timeout", true).or_default(&STREAM_IDLE);
        }
        here = node.parent();
    }
    Fact::unknown("what carries the route is in no file")
}

/// The limits of the default priority of a cluster, where they are written.
pub fn thresholds<'a>(cluster: NodeRef<'a>) -> Option<NodeRef<'a>> {
    let all = cluster.at("circuit_breakers.thresholds")?;
    all.items().find(|one| one.get("priority").is_none_or(|priority| priority.text() == "DEFAULT"))
}

/// The methods that a route takes, by an exact match of the pseudo-header.
pub fn methods<'a>(route: NodeRef<'a>) -> Vec<NodeRef<'a>> {
    let headers = route.at("match.headers").into_iter().flat_map(NodeRef::items);
    headers
        .filter(|header| header.get("name").is_some_and(|name| name.text() == ":method"))
        .filter(|header| header.get("invert_match").is_none())
        .filter_map(|header| header.at("string_match.exact").or_else(|| header.get("exact_match")))
        .collect()
}
