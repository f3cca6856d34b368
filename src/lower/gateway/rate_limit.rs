//! The rate limits of policies of Envoy Gateway, and what is left of those of a Gateway when a policy is merged into its own.
//!
//! They are not merged as the rest is: Envoy Gateway names each rule after its policy and merges the lists by these names
//! (`translateBackendTrafficPolicyForRouteWithMerge`), so a strategic merge keeps the rules of both, and RFC 7396 those of the
//! nearer policy. The limit for everybody of a local block is no rule there but a field of its own, of which each block has one: a
//! nearer block without it says "no limit" (`buildLocalRateLimit`).

use super::settings::Merge;
use crate::syntax::tree::NodeRef;

/// The rules of a policy.
pub fn rules<'a>(object: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    of(object, LOCAL).chain(of(object, GLOBAL))
}

const LOCAL: &str = "spec.rateLimit.local.rules";
const GLOBAL: &str = "spec.rateLimit.global.rules";

fn of<'a>(object: NodeRef<'a>, path: &str) -> impl Iterator<Item = NodeRef<'a>> {
    object.at(path).into_iter().flat_map(NodeRef::items)
}

/// The rules of a policy that no longer hold where another one, `own`, is merged into it.
pub fn lost<'a>(own: NodeRef<'a>, under: NodeRef<'a>, merge: Merge) -> Vec<NodeRef<'a>> {
    let replaced = |path: &str, keep: fn(&NodeRef<'_>) -> bool| {
        let replaces = merge == Merge::Json && of(own, path).any(|rule| keep(&rule));
        of(under, path).filter(keep).filter(move |_| replaces).collect::<Vec<_>>()
    };
    let mut lost = replaced(GLOBAL, |_| true);
    lost.extend(replaced(LOCAL, |rule| !is_for_all(rule)));
    if says(own, "spec.rateLimit.local") {
        lost.extend(of(under, LOCAL).filter(is_for_all));
    }
    lost
}

/// The limit for everybody of a policy that another one switches off by a local block that has none.
pub fn forgotten<'a>(own: NodeRef<'a>, under: NodeRef<'a>) -> Option<NodeRef<'a>> {
    let own_says = says(own, "spec.rateLimit.local") && !of(own, LOCAL).any(|rule| is_for_all(&rule));
    of(under, LOCAL).find(is_for_all).filter(|_| own_says)
}

fn says(object: NodeRef<'_>, path: &str) -> bool {
    object.at(path).is_some_and(|block| !block.is_null())
}

/// Whether a rule holds for every request: it selects none.
fn is_for_all(rule: &NodeRef<'_>) -> bool {
    rule.get("clientSelectors").is_none_or(|list| !list.is_unknown() && list.children().next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::syntax::{self, Syntax};

    /// Which rules of `under` are lost, by how many requests they let through; then the one that is forgotten.
    fn ask(own: &str, under: &str, merge: Merge) -> (Vec<String>, Option<String>) {
        let parse = |text: &str| {
            let text = format!("spec: {{ rateLimit: {text} }}");
            syntax::parse(Syntax::Yaml, FileId(0), text.into()).tree
        };
        let (own, under) = (parse(own), parse(under));
        let (own, under) = (own.roots().next().expect("a root"), under.roots().next().expect("a root"));
        let requests = |rule: NodeRef<'_>| rule.at("limit.requests").map_or("", NodeRef::text).to_owned();
        (lost(own, under, merge).into_iter().map(requests).collect(), forgotten(own, under).map(requests))
    }

    fn rules(place: &str, all: &[(bool, u32)]) -> String {
        let rule = |(selects, requests): &(bool, u32)| {
            let selectors = if *selects { "clientSelectors: [{ headers: [{ name: x }] }], " } else { "" };
            format!("{{ {selectors}limit: {{ requests: {requests}, unit: Second }} }}")
        };
        format!("{{ {place}: {{ rules: [{}] }} }}", all.iter().map(rule).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn a_strategic_merge_keeps_the_rules_of_both() {
        let (own, under) = (rules("global", &[(true, 5)]), rules("global", &[(false, 100), (true, 50)]));
        assert_eq!(ask(&own, &under, Merge::Strategic), (vec![], None));
        assert_eq!(ask(&own, &under, Merge::Json), (vec!["100".to_owned(), "50".to_owned()], None));
        assert_eq!(ask("{}", &under, Merge::Json), (vec![], None));
    }

    #[test]
    fn a_local_block_has_one_limit_for_everybody() {
        let under = rules("local", &[(false, 100), (true, 50)]);
        let everybody = Some("100".to_owned());
        let (own, both) = (rules("local", &[(true, 5)]), rules("local", &[(false, 5)]));
        assert_eq!(ask(&own, &under, Merge::Strategic), (vec!["100".to_owned()], everybody.clone()));
        assert_eq!(ask(&own, &under, Merge::Json), (vec!["50".to_owned(), "100".to_owned()], everybody));
        assert_eq!(ask(&both, &under, Merge::Strategic), (vec!["100".to_owned()], None), "it is replaced");
        assert_eq!(
            ask(&both, &under, Merge::Json),
            (vec!["100".to_owned()], None),
            "an empty list is left out"
        );
        assert_eq!(ask(&rules("global", &[(false, 5)]), &under, Merge::Strategic), (vec![], None));
    }
}
