//! What the policies of Envoy Gateway set for a rule of a route: one alone, or one that is merged into that of its Gateway.
//!
//! Both ways of merging take mappings together, the nearer policy first, and lists as a whole (`utils.Merge` in
//! envoyproxy/gateway; only lists of compressors and upgrades have a key). A field for which the API has a default is filled in
//! before anything is merged: a block of the nearer policy then says all such fields, and nothing of the other's is left of them.

use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// How a policy is merged into another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Kubernetes' strategic merge patch.
    Strategic,
    /// RFC 7396.
    Json,
}

/// A mapping of one policy, and that of the policy into which it is merged.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    own: Option<NodeRef<'a>>,
    under: Option<NodeRef<'a>>,
    /// Where the nearer policy says that it is merged.
    merged: Option<NodeRef<'a>>,
}

impl<'a> Settings<'a> {
    /// Those of one policy alone.
    pub fn alone(own: NodeRef<'a>) -> Self {
        Self { own: Some(own), under: None, merged: None }
    }

    /// Those of a policy that is merged into another.
    pub fn merged(own: NodeRef<'a>, under: NodeRef<'a>) -> Self {
        Self { own: Some(own), under: Some(under), merged: own.get("mergeType") }
    }

    /// What both say at a path; nothing where neither says anything.
    pub fn block(&self, path: &str) -> Option<Self> {
        let part = |base: Option<NodeRef<'a>>| base.and_then(|base| part(base, path));
        let found = Self { own: part(self.own), under: part(self.under), merged: self.merged };
        (found.own.is_some() || found.under.is_some()).then_some(found)
    }

    /// A field, from the mapping that decides on it: the nearer one, unless only the other has it.
    pub fn read<T>(
        &self,
        path: &'static str,
        read: impl FnOnce(NodeRef<'a>, &'static str) -> Fact<'a, T>,
    ) -> Fact<'a, T> {
        let has = |base: &NodeRef<'a>| part(*base, path).is_some();
        let other = self.under.filter(|under| has(under) && !self.own.is_some_and(|own| has(&own)));
        match (other, self.nearest()) {
            (Some(under), _) => self.taken(read(under, path)),
            (None, Some(nearest)) => read(nearest, path),
            (None, None) => Fact::nothing(),
        }
    }

    /// A field for which the API has a default, from the block that it fills in: the nearer one.
    pub fn read_filled<T>(&self, read: impl FnOnce(NodeRef<'a>) -> Fact<'a, T>) -> Fact<'a, T> {
        match (self.own, self.under) {
            (Some(own), _) => read(own),
            (None, Some(under)) => self.taken(read(under)),
            (None, None) => Fact::nothing(),
        }
    }

    /// What comes from the other policy rests on the merging, too.
    fn taken<T>(&self, mut fact: Fact<'a, T>) -> Fact<'a, T> {
        fact.spots.extend(self.merged.map(|node| Spot::value(node).saying("merged into it")));
        fact
    }

    /// The mapping of the nearer policy, or else that of the other.
    pub fn nearest(&self) -> Option<NodeRef<'a>> {
        self.own.or(self.under)
    }

    /// Whether one of them is only known at run time.
    pub fn is_hidden(&self) -> bool {
        self.own.into_iter().chain(self.under).any(NodeRef::is_unknown)
    }

    /// The fields of the other policy that lose against a default of the API: with their paths.
    pub fn overruled(&self) -> Vec<(&'static str, NodeRef<'a>)> {
        let (Some(own), Some(under)) = (self.own, self.under) else { return Vec::new() };
        let loses = |path: &&(&'static str, &str)| {
            let (path, default) = path;
            let block = path.rsplit_once('.').map_or(*path, |(block, _)| block);
            let other = part(under, path).filter(|value| !value.is_unknown());
            part(own, block).is_some_and(|block| !block.is_unknown())
                && part(own, path).is_none()
                && other
                    .is_some_and(|value| value.text() != *default && !read::is_filled_in_later(value.text()))
        };
        DEFAULTED.iter().filter(loses).filter_map(|(path, _)| Some((*path, part(under, path)?))).collect()
    }
}

/// Fields with `+kubebuilder:default` in gateway.envoyproxy.io/v1alpha1, and what it is.
const DEFAULTED: [(&str, &str); 13] = [
    ("circuitBreaker.maxConnections", "1024"),
    ("circuitBreaker.maxPendingRequests", "1024"),
    ("circuitBreaker.maxParallelRequests", "1024"),
    ("circuitBreaker.maxParallelRetries", "1024"),
    ("circuitBreaker.perEndpoint.maxConnections", "1024"),
    ("healthCheck.active.interval", "3s"),
    ("healthCheck.active.timeout", "1s"),
    ("healthCheck.active.unhealthyThreshold", "3"),
    ("healthCheck.passive.consecutive5XxErrors", "5"),
    ("healthCheck.passive.interval", "3s"),
    ("healthCheck.passive.baseEjectionTime", "30s"),
    ("healthCheck.passive.maxEjectionPercent", "10"),
    ("retry.numRetries", "2"),
];

/// What stands at a path; the first part of it that is only known at run time. A null is nothing.
fn part<'a>(base: NodeRef<'a>, path: &str) -> Option<NodeRef<'a>> {
    let mut here = base;
    for key in path.split('.') {
        if here.is_unknown() {
            return Some(here);
        }
        here = here.get(key)?;
    }
    (!here.is_null()).then_some(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::syntax::{self, Syntax};

    const OWN: &str = "
        mergeType: StrategicMerge
        retry: { perRetry: { timeout: 2s } }
        circuitBreaker: { maxParallelRequests: 7, perEndpoint: { } }
        timeout: { http: { requestTimeout: null } }";
    const UNDER: &str = "
        retry: { numRetries: 5, perRetry: { timeout: 9s, backOff: { baseInterval: 1s } } }
        circuitBreaker: { maxConnections: 100, maxPendingRequests: 1024, perEndpoint: { maxConnections: 3 } }
        healthCheck: { passive: { maxEjectionPercent: 50 } }
        timeout: { http: { requestTimeout: 4s } }";

    fn with<T>(ask: impl Fn(Settings<'_>) -> T) -> T {
        let parse = |text: &str| syntax::parse(Syntax::Yaml, FileId(0), text.into()).tree;
        let (own, under) = (parse(OWN), parse(UNDER));
        let (own, under) = (own.roots().next().expect("a root"), under.roots().next().expect("a root"));
        ask(Settings::merged(own, under))
    }

    fn text(path: &'static str) -> Option<String> {
        with(|settings| settings.read(path, read::text).into_value().map(str::to_owned))
    }

    #[test]
    fn the_nearer_policy_says_what_it_says_and_the_other_the_rest() {
        assert_eq!(text("retry.perRetry.timeout").as_deref(), Some("2s"));
        assert_eq!(text("retry.perRetry.backOff.baseInterval").as_deref(), Some("1s"));
        assert_eq!(text("timeout.http.requestTimeout").as_deref(), Some("4s"), "a null says nothing");
        assert_eq!(text("loadBalancer.type"), None);
    }

    #[test]
    fn a_block_of_the_nearer_policy_is_filled_with_defaults_first() {
        let number = |block: &'static str, key: &'static str| {
            with(|settings| {
                let block = settings.block(block).expect("a block");
                block.read_filled(|block| read::number(block, key)).into_value()
            })
        };
        assert_eq!(number("retry", "numRetries"), None, "the API fills it in, not the other policy");
        assert_eq!(number("circuitBreaker", "maxParallelRequests"), Some(7.0));
        assert_eq!(
            number("healthCheck.passive", "maxEjectionPercent"),
            Some(50.0),
            "there is no nearer block"
        );
    }

    #[test]
    fn what_loses_against_a_default_is_told() {
        let lost =
            with(|settings| settings.overruled().into_iter().map(|(path, _)| path).collect::<Vec<_>>());
        let expected = [
            "circuitBreaker.maxConnections",
            "circuitBreaker.perEndpoint.maxConnections",
            "retry.numRetries",
        ];
        assert_eq!(lost, expected, "1024 is the default itself");
    }

    #[test]
    fn what_is_taken_from_the_other_policy_rests_on_the_merging() {
        let places = |path| with(|settings| settings.read(path, read::text).spots.len());
        assert_eq!((places("retry.perRetry.timeout"), places("timeout.http.requestTimeout")), (1, 2));
    }
}
