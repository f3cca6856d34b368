//! Label selectors, matched as the API machinery matches them.
//!
//! An empty selector and a missing one mean different things to different kinds, so callers say what each is.

use smallvec::{SmallVec, smallvec};

use super::release_name;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Whether something matches, as far as can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// A label or a value is only known at run time.
    Perhaps,
}

impl Match {
    /// Both must match.
    pub fn and(self, other: Match) -> Match {
        match (self, other) {
            (Match::No, _) | (_, Match::No) => Match::No,
            (Match::Yes, Match::Yes) => Match::Yes,
            _ => Match::Perhaps,
        }
    }
}

/// Whether a `LabelSelector` (matchLabels and matchExpressions) selects these labels. An empty one selects all.
pub fn selects(selector: NodeRef<'_>, labels: Option<NodeRef<'_>>) -> Match {
    if selector.is_unknown() || labels.is_some_and(NodeRef::is_unknown) {
        return Match::Perhaps;
    }
    let by_labels = selector.get("matchLabels").map_or(Match::Yes, |wanted| selects_map(wanted, labels));
    let expressions = selector.get("matchExpressions").into_iter().flat_map(NodeRef::items);
    expressions.fold(by_labels, |so_far, expression| so_far.and(requirement(expression, labels)))
}

/// Whether a plain map of labels, as a Service has it, selects these labels. An empty one selects all: callers for which
/// it selects nothing ask [`is_empty`] first.
pub fn selects_map(wanted: NodeRef<'_>, labels: Option<NodeRef<'_>>) -> Match {
    if wanted.is_unknown() {
        return Match::Perhaps;
    }
    wanted.entries().fold(Match::Yes, |so_far, (key, value)| {
        let have = labels.and_then(|labels| labels.get(key));
        so_far.and(match have {
            None => Match::No,
            Some(have) => same(value, have),
        })
    })
}

/// A label that whatever is selected has, and the values of which it has one there.
pub type Asked<'a> = (&'a str, SmallVec<[&'a str; 1]>);

/// The labels that a plain map surely asks for. Of what is only known at run time nothing is said.
pub fn asked_by_map(wanted: Option<NodeRef<'_>>) -> impl Iterator<Item = Asked<'_>> {
    let entries = wanted.into_iter().flat_map(NodeRef::entries);
    entries.filter(|(_, value)| is_known(*value)).map(|(key, value)| (key, smallvec![value.text()]))
}

/// The labels that a `LabelSelector` surely asks for, by `matchLabels` or by an expression that lists their values.
pub fn asked(selector: Option<NodeRef<'_>>) -> impl Iterator<Item = Asked<'_>> {
    let labels = asked_by_map(selector.and_then(|selector| selector.get("matchLabels")));
    let expressions = selector.and_then(|selector| selector.get("matchExpressions"));
    labels.chain(expressions.into_iter().flat_map(NodeRef::items).filter_map(asked_by_expression))
}

fn asked_by_expression(expression: NodeRef<'_>) -> Option<Asked<'_>> {
    let key = expression.get("key").filter(|key| is_known(*key))?;
    let values = expression.get("values")?.items();
    let lists = expression.get("operator").is_some_and(|operator| operator.text() == "In");
    (lists && values.clone().all(is_known)).then(|| (key.text(), values.map(NodeRef::text).collect()))
}

/// Whether a label's value stands there as it will be.
pub fn is_known(value: NodeRef<'_>) -> bool {
    !value.is_unknown()
        && !crate::lower::read::is_filled_in_later(value.text())
        && !release_name::is_in(value.text())
}

/// Whether a selector has no requirement at all.
pub fn is_empty(selector: NodeRef<'_>) -> bool {
    match selector.kind() {
        NodeKind::Null => true,
        NodeKind::Map => selector.children().all(|part| {
            part.children().next().is_none()
                && !part.is_unknown()
                && matches!(part.kind(), NodeKind::Map | NodeKind::List | NodeKind::Null)
        }),
        _ => false,
    }
}

fn same(a: NodeRef<'_>, b: NodeRef<'_>) -> Match {
    if a.is_unknown() || b.is_unknown() {
        return Match::Perhaps;
    }
    if crate::lower::read::is_filled_in_later(a.text()) != crate::lower::read::is_filled_in_later(b.text()) {
        return Match::Perhaps;
    }
    match a.text() == b.text() {
        true => Match::Yes,
        false if release_name::may_make_same(a.text(), b.text()) => Match::Perhaps,
        false => Match::No,
    }
}

/// Whether one of the `matchExpressions` takes these labels.
pub fn requires(expression: NodeRef<'_>, labels: Option<NodeRef<'_>>) -> Match {
    requirement(expression, labels)
}

fn requirement(expression: NodeRef<'_>, labels: Option<NodeRef<'_>>) -> Match {
    let (Some(key), Some(operator)) = (expression.get("key"), expression.get("operator")) else {
        return Match::Perhaps;
    };
    if key.is_unknown() || operator.is_unknown() {
        return Match::Perhaps;
    }
    let have = labels.and_then(|labels| labels.get(key.text()));
    let among = || {
        let have = have?;
        let values = expression.get("values").into_iter().flat_map(NodeRef::items);
        Some(values.fold(Match::No, |so_far, value| match (so_far, same(value, have)) {
            (Match::Yes, _) | (_, Match::Yes) => Match::Yes,
            (Match::Perhaps, _) | (_, Match::Perhaps) => Match::Perhaps,
            _ => Match::No,
        }))
    };
    match operator.text() {
        "In" => among().unwrap_or(Match::No),
        "NotIn" => match among() {
            None | Some(Match::No) => Match::Yes,
            Some(Match::Yes) => Match::No,
            Some(Match::Perhaps) => Match::Perhaps,
        },
        "Exists" => {
            if have.is_some() {
                Match::Yes
            } else {
                Match::No
            }
        }
        "DoesNotExist" => {
            if have.is_some() {
                Match::No
            } else {
                Match::Yes
            }
        }
        _ => Match::Perhaps,
    }
}
