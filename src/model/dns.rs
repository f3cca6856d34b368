//! How the pods of a workload look names up.

use super::vocabulary::{FactDef, NUMBER, facts};
use super::workload;
use crate::fact::{Default, Fact, Spot, State};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// What a workload knows of it.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "ndots": NUMBER, "how many dots a name needs to be asked for as it stands first, before the cluster's domains are tried" =>
        |m, t| ndots(workload::get(m, t)).into();
};

/// pkg/kubelet/network/dns/dns.go, `defaultDNSOptions`: pods that use the cluster's DNS get `ndots:5`.
static NDOTS: Default<f64> = Default::of("Kubernetes", "dnsConfig.options", 5.0, "`ndots:5`");

fn ndots<'a>(workload: &workload::Workload<'a>) -> Fact<'a, f64> {
    let Some(pod) = workload.pod() else { return Fact::nothing() };
    let options = pod.at("dnsConfig.options");
    if options.is_some_and(|options| options.walk().any(NodeRef::is_unknown)) {
        return Fact::unknown("its DNS options are only known at run time");
    }
    let named = |option: &NodeRef<'a>| option.get("name").is_some_and(|name| name.text() == "ndots");
    if let Some(option) = options.into_iter().flat_map(NodeRef::items).find(named) {
        return read::node(option, "value").text().try_map("it is no number", |text| text.parse().ok());
    }
    let policy = read::text(pod, "dnsPolicy");
    let on_host = read::truth(pod, "hostNetwork");
    match (&policy.state, &on_host.state) {
        (State::Unknown(_), _) => policy.map(|_| 0.0),
        (_, State::Unknown(_)) => on_host.map(|_| 0.0),
        (State::Written("ClusterFirstWithHostNet"), _) => {
            Fact::absent(Spot::value(workload.node)).or_default(&NDOTS)
        }
        // Elsewhere the node decides.
        (State::Written("ClusterFirst") | State::Absent, State::Absent | State::Written(false)) => {
            Fact::absent(Spot::value(workload.node)).or_default(&NDOTS)
        }
        _ => Fact::nothing(),
    }
}
