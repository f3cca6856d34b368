//! Planning the edits that change one value in a text.
//!
//! Every change is one of a few moves: put an entry behind another, put a value in the place of one, take an entry out.
//! Each keeps what it does not mean: comments, quotes, the order of keys, line breaks.

use super::layout::{self, behind_colon, column, in_flow, line_end};
use super::print::{self, Hand, indented};
use super::{Edit, Refusal};
use crate::source::Span;
use crate::syntax::tree::{NodeKind, NodeRef, Style, Tree};

/// Edits in the making.
pub(super) struct Plan<'t> {
    tree: &'t Tree,
    text: &'t str,
    newline: &'static str,
    hand: Hand,
    /// Each with how deep it lies: of two texts that are put in at the same place, the deeper comes first.
    edits: Vec<(usize, Edit)>,
}

type Planned = Result<(), Refusal>;

impl<'t> Plan<'t> {
    pub(super) fn new(tree: &'t Tree, target: NodeRef<'_>) -> Self {
        let text: &str = &tree.text;
        Self { tree, text, newline: layout::line_break(text), hand: layout::hand(target), edits: Vec::new() }
    }

    /// The edits, in order; texts put in at one place are one edit.
    pub(super) fn edits(mut self) -> Vec<Edit> {
        self.edits.sort_by_key(|(depth, edit)| (edit.span, std::cmp::Reverse(*depth)));
        let mut edits: Vec<Edit> = Vec::with_capacity(self.edits.len());
        for (_, edit) in self.edits {
            match edits.last_mut() {
                Some(last) if last.span == edit.span && edit.span.is_empty() => {
                    last.text.push_str(&edit.text)
                }
                _ => edits.push(edit),
            }
        }
        edits
    }

    /// Merges a mapping into the target.
    pub(super) fn merge(&mut self, target: NodeRef<'_>, fragment: NodeRef<'_>) -> Planned {
        if target.kind() != NodeKind::Map {
            return Err(Refusal::new("there is no mapping to merge into", target.span()));
        }
        if covers(target, fragment) {
            return Ok(());
        }
        alone(target)?;
        self.merge_maps(target, fragment, 0)
    }

    /// Puts a value in the place of the target.
    pub(super) fn replace(&mut self, target: NodeRef<'_>, fragment: NodeRef<'_>) -> Planned {
        if print::same(target, fragment) {
            return Ok(());
        }
        if target.parent().is_none() {
            return Err(Refusal::new("a whole document is not replaced", target.span()));
        }
        alone(target)?;
        self.replace_value(target, fragment, 0)
    }

    /// Takes the target out, with its key.
    pub(super) fn remove(&mut self, target: NodeRef<'_>) -> Planned {
        let Some(parent) = target.parent() else {
            return Err(Refusal::new("a whole document is not removed", target.span()));
        };
        if !target.is_merged() {
            // An alias may go; what it stands for stays.
            alone(parent)?;
        }
        if target.is_copied() && (target.is_merged() || parent.kind() == NodeKind::List) {
            return Err(copied(target));
        }
        if anchored(target).is_some_and(|name| aliased(self.text, name)) {
            return Err(shared(target));
        }
        if self.tree.duplicates.iter().any(|duplicate| duplicate.kept == target.id()) {
            return Err(Refusal::new(
                "the key is there twice; without this one the other counts",
                target.span(),
            ));
        }
        let only = parent.children().nth(1).is_none();
        let merges = parent.kind() == NodeKind::Map && self.has_merge_key(parent);
        match (in_flow(target), only && !merges) {
            (true, _) => self.remove_flow(target, parent),
            (false, true) => {
                let empty = if parent.kind() == NodeKind::List { "[]" } else { "{}" };
                self.replace_with(parent, vec![empty.to_owned()], false, 0)
            }
            (false, false) => self.remove_block(target, parent),
        }
    }

    fn edit(&mut self, start: usize, end: usize, text: impl Into<String>, depth: usize) {
        self.edits.push((depth, Edit { span: Span::new(start as u32, end as u32), text: text.into() }));
    }

    /// Lines, each on a new line and indented by `by`.
    fn below(&self, lines: &[String], by: usize) -> String {
        let mut text = String::new();
        for line in lines {
            text.push_str(self.newline);
            text.push_str(&indented(line, by));
        }
        text
    }

    fn merge_maps(&mut self, target: NodeRef<'_>, fragment: NodeRef<'_>, depth: usize) -> Planned {
        let mut missing = Vec::new();
        for (key, value) in fragment.entries() {
            match target.get(key) {
                Some(old) => self.merge_values(old, value, depth + 1)?,
                None => missing.push(value),
            }
        }
        if missing.is_empty() { Ok(()) } else { self.add_entries(target, &missing, depth) }
    }

    fn merge_values(&mut self, old: NodeRef<'_>, new: NodeRef<'_>, depth: usize) -> Planned {
        if covers(old, new) {
            return Ok(());
        }
        if old.is_copied() {
            return Err(copied(old));
        }
        if anchored(old).is_some_and(|name| aliased(self.text, name)) {
            return Err(shared(old));
        }
        match (old.kind(), new.kind()) {
            (NodeKind::Map, NodeKind::Map) => self.merge_maps(old, new, depth),
            (NodeKind::List, NodeKind::List) if named(old) && named(new) => self.merge_lists(old, new, depth),
            _ => self.replace_value(old, new, depth),
        }
    }

    /// Lists whose elements have names are merged by them.
    fn merge_lists(&mut self, old: NodeRef<'_>, new: NodeRef<'_>, depth: usize) -> Planned {
        let mut missing = Vec::new();
        for item in new.items() {
            match by_name(old, item) {
                Some(known) => self.merge_values(known, item, depth + 1)?,
                None => missing.push(item),
            }
        }
        if missing.is_empty() { Ok(()) } else { self.add_items(old, &missing, depth) }
    }

    // ------------------------------------------------------------------------------------------- putting in

    fn add_entries(&mut self, map: NodeRef<'_>, missing: &[NodeRef<'_>], depth: usize) -> Planned {
        untagged(map)?;
        let hand = self.hand;
        if map.style() == Style::Flow {
            if map.children().next().is_none() && !in_flow(map) && !hand.json && !self.has_merge_key(map) {
                let lines = missing.iter().flat_map(|entry| print::entry(*entry, hand)).collect();
                return self.replace_with(map, lines, true, depth);
            }
            let entries = missing
                .iter()
                .map(|entry| {
                    let mut lines = self.flow_lines(map, *entry);
                    if let Some(first) = lines.first_mut() {
                        *first = format!("{}: {first}", print::key(*entry, hand));
                    }
                    lines
                })
                .collect();
            return self.add_to_flow(map, entries, depth);
        }
        let own = |child: &NodeRef<'_>| !child.is_merged();
        let first = map.children().filter(own).find_map(|child| child.key_span());
        let Some(column) = first.and_then(|key| column(self.text, key.start as usize)) else {
            return Err(Refusal::new("the keys of this mapping stand in an unusual place", map.span()));
        };
        let last = self.behind_block(map);
        // A short entry goes behind the last short one, so that it does not get lost below sixty lines of template.
        let short = map.children().filter(own).filter_map(|child| self.one_line(child)).max();
        for entry in missing {
            let lines = print::entry(*entry, hand);
            let at = if lines.len() == 1 { short.unwrap_or(last) } else { last };
            let text = self.below(&lines, column);
            self.edit(at, at, text, depth);
        }
        Ok(())
    }

    /// The end of the line of an entry that stands on one line alone.
    fn one_line(&self, child: NodeRef<'_>) -> Option<usize> {
        let key = child.key_span()?.start as usize;
        if print::is_block(child) || child.style() == Style::Block {
            return None;
        }
        if child.is_copied() {
            return Some(line_end(self.text, key));
        }
        let end = layout::end(child).max(key);
        // The document must not end here: what is put in needs a line break before it, and that is all.
        (!self.text[key..end].contains('\n')).then(|| line_end(self.text, end))
    }

    /// Where a line can be put in behind a block collection.
    fn behind_block(&self, node: NodeRef<'_>) -> usize {
        let mut leaf = node;
        while let Some(last) = leaf.children().filter(|child| !child.is_copied()).last() {
            leaf = last;
        }
        let mut at = line_end(self.text, layout::end(node));
        if leaf.style() == Style::Block && layout::end(leaf) >= layout::end(node) {
            let header = self.text[leaf.span().range()].lines().next().unwrap_or_default();
            if header.contains('+') {
                // Blank lines behind it belong to the text.
                loop {
                    let next = layout::next_line(self.text, at);
                    let end = line_end(self.text, next.min(self.text.len()));
                    if next >= self.text.len() || !self.text[next..end].trim().is_empty() {
                        break;
                    }
                    at = end;
                }
            }
        }
        at
    }

    fn add_items(&mut self, list: NodeRef<'_>, missing: &[NodeRef<'_>], depth: usize) -> Planned {
        untagged(list)?;
        if list.style() == Style::Flow {
            let items = missing.iter().map(|item| self.flow_lines(list, *item)).collect();
            return self.add_to_flow(list, items, depth);
        }
        let dash = list.items().find(|item| !item.is_copied()).and_then(layout::dash);
        let Some(column) = dash.and_then(|dash| column(self.text, dash)) else {
            return Err(Refusal::new("the elements of this list stand in an unusual place", list.span()));
        };
        let at = self.behind_block(list);
        for item in missing {
            let text = self.below(&print::item(*item, self.hand), column);
            self.edit(at, at, text, depth);
        }
        Ok(())
    }

    /// A value to be put between braces: over several lines where the neighbours are.
    fn flow_lines(&self, around: NodeRef<'_>, value: NodeRef<'_>) -> Vec<String> {
        if self.spread(around) {
            print::pretty(value, self.hand)
        } else {
            vec![print::flow(value, self.hand)]
        }
    }

    /// Whether the entries of a flow collection stand on lines of their own. An empty one does as its parent.
    fn spread(&self, node: NodeRef<'_>) -> bool {
        if node.children().next().is_none() {
            return node.parent().is_some_and(|parent| parent.style() == Style::Flow && self.spread(parent));
        }
        let Some(close) = layout::closing(node) else { return false };
        self.text[layout::content_before(self.tree, close)..close].contains('\n')
    }

    fn add_to_flow(&mut self, node: NodeRef<'_>, pieces: Vec<Vec<String>>, depth: usize) -> Planned {
        let span = node.span();
        let Some(close) = layout::closing(node) else {
            return Err(Refusal::new("this mapping has no braces of its own", span));
        };
        let at = layout::content_before(self.tree, close);
        let empty = at <= span.start as usize + 1;
        let comma = !empty && !self.text[..at].ends_with(',');
        let trailing = !empty && !comma;
        if self.spread(node) {
            let indent = if empty {
                layout::indentation(self.text, span.start as usize) + self.hand.step
            } else {
                node.children()
                    .filter(|child| !child.is_copied())
                    .last()
                    .map(|child| child.key_span().unwrap_or(child.span()).start as usize)
                    .map_or(0, |start| layout::indentation(self.text, start))
            };
            let mut lines: Vec<String> = Vec::new();
            let count = pieces.len();
            for (number, mut piece) in pieces.into_iter().enumerate() {
                if let Some(last) = piece.last_mut().filter(|_| number + 1 < count || trailing) {
                    last.push(',');
                }
                lines.extend(piece);
            }
            let text = self.below(&lines, indent);
            if empty {
                let outer = indent.saturating_sub(self.hand.step);
                let text = format!("{text}{}{}", self.newline, " ".repeat(outer));
                self.edit(span.start as usize + 1, close, text, depth);
                return Ok(());
            }
            if comma {
                self.edit(at, at, ",", depth);
            }
            let end = line_end(self.text, at);
            self.edit(end, end, text, depth);
            return Ok(());
        }
        let flat = pieces.concat().join(", ");
        if empty && !layout::has_comment(self.tree, span.start as usize, close) {
            let text =
                if node.kind() == NodeKind::List || self.hand.json { flat } else { format!(" {flat} ") };
            self.edit(span.start as usize + 1, close, text, depth);
        } else {
            let lead = if comma { ", " } else { " " };
            let tail = if trailing { "," } else { "" };
            self.edit(at, at, format!("{lead}{flat}{tail}"), depth);
        }
        Ok(())
    }

    // -------------------------------------------------------------------------------------------- replacing

    fn replace_value(&mut self, old: NodeRef<'_>, new: NodeRef<'_>, depth: usize) -> Planned {
        untagged(old)?;
        if old.is_unknown() {
            return Err(Refusal::new("what stands here is only known at run time", old.span()));
        }
        let braces = old.style() == Style::Flow && old.children().next().is_some();
        if in_flow(old) || (braces && matches!(new.kind(), NodeKind::Map | NodeKind::List)) {
            let lines = match old.parent().filter(|parent| in_flow(old) && self.spread(*parent)) {
                Some(_) => print::pretty(new, self.hand),
                None => vec![print::flow(new, self.hand)],
            };
            let span = old.span();
            let by = layout::indentation(self.text, span.start as usize);
            let text = format!("{}{}", lines[0], self.below(&lines[1..], by));
            if span.is_empty() {
                let Some(colon) = behind_colon(old) else {
                    return Err(Refusal::new("there is no place for a value here", old.key_span()));
                };
                self.edit(colon, colon, format!(" {text}"), depth);
            } else {
                self.edit(span.start as usize, span.end as usize, text, depth);
            }
            return Ok(());
        }
        let block = print::is_block(new);
        let lines = if block { print::collection(new, self.hand) } else { print::inline(new, self.hand) };
        self.replace_with(old, lines, block, depth)
    }

    /// Puts lines in the place of a value in block surroundings. The lines of a collection start on a line of their own;
    /// of anything else, the first stands behind the key.
    fn replace_with(
        &mut self,
        old: NodeRef<'_>,
        mut lines: Vec<String>,
        collection: bool,
        depth: usize,
    ) -> Planned {
        let start = old.span().start as usize;
        let end = layout::end(old);
        let is_list = collection && lines.iter().any(|line| line.starts_with("- "));
        let Some(key) = old.key_span() else {
            // An element of a list, or a whole document: it begins where the old value begins.
            let at = column(self.text, start);
            let placed = !old.span().is_empty() && (old.parent().is_some() || at.is_some());
            let (true, Some(by)) = (placed, at) else {
                return Err(Refusal::new("the elements of this list stand in an unusual place", old.span()));
            };
            if lines.len() > 1 && !collection {
                // A text block is indented from its dash.
                lines[1..].iter_mut().for_each(|line| *line = line.trim_end().to_owned());
            }
            let text = format!("{}{}", lines[0], self.below(&lines[1..], by));
            self.edit(start, end, text, depth);
            return Ok(());
        };
        let place = (behind_colon(old), column(self.text, key.start as usize));
        let (Some(colon), Some(column)) = place else {
            return Err(Refusal::new("the key of this value stands in an unusual place", key));
        };
        let by = match (collection, is_list) {
            (false, _) => column,
            (true, false) => column + self.hand.step,
            (true, true) => column + self.hand.dash,
        };
        let was_block = print::is_block(old);
        let empty = old.span().is_empty();
        let first = if collection { None } else { Some(lines.remove(0)) };
        let rest = self.below(&lines, by);
        let key_line = line_end(self.text, colon);
        if was_block {
            // The line of the key stays, with its comment; what was below it goes.
            if let Some(first) = first {
                self.edit(colon, colon, format!(" {first}"), depth);
            }
            if end < key_line {
                return Err(Refusal::new("the value stands in an unusual place", old.span()));
            }
            self.edit(key_line, end, rest, depth);
            return Ok(());
        }
        let start = if empty { colon } else { start };
        let end = if empty { colon } else { end };
        match first {
            Some(first) if empty => self.edit(colon, colon, format!(" {first}"), depth),
            Some(first) => self.edit(start, end, first, depth),
            None if !empty => {
                let blank = self.text[colon..start].trim_matches([' ', '\t']).is_empty();
                self.edit(if blank { colon } else { start }, end, "", depth);
            }
            None => {}
        }
        if !rest.is_empty() {
            let at = line_end(self.text, end);
            self.edit(at, at, rest, depth);
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------- taking out

    fn remove_block(&mut self, target: NodeRef<'_>, parent: NodeRef<'_>) -> Planned {
        let unusual = || Refusal::new("this entry stands in an unusual place", target.span());
        let start = match target.key_span() {
            Some(key) => key.start as usize,
            None => layout::dash(target).ok_or_else(unusual)?,
        };
        let end = if target.is_copied() {
            // An alias: to the end of its name.
            let colon = behind_colon(target).ok_or_else(unusual)?;
            let rest = &self.text[colon..];
            let name = rest.find('*').ok_or_else(unusual)?;
            colon + name + rest[name..].find(char::is_whitespace).unwrap_or(rest.len() - name)
        } else {
            let colon = behind_colon(target).unwrap_or(start + 1);
            layout::end(target).max(colon)
        };
        let line = layout::line_start(self.text, start);
        if self.text[line..start].bytes().all(|byte| byte == b' ') {
            let next = layout::next_line(self.text, end);
            if next == self.text.len() && !self.text.ends_with('\n') && line > 0 {
                // The last line has no line break: the one before it goes, so that again there is none.
                let before = self.text[..line].trim_end_matches('\n').trim_end_matches('\r').len();
                self.edit(before, next, "", 0);
            } else {
                self.edit(line, next, "", 0);
            }
            return Ok(());
        }
        // The first entry stands behind a dash: the next one takes its place.
        let after =
            parent.children().nth(target.index() + 1).filter(|next| !next.is_copied()).ok_or_else(unusual)?;
        let next = match after.key_span() {
            Some(key) => key.start as usize,
            None => layout::dash(after).ok_or_else(unusual)?,
        };
        if next < end || target.index() > 0 {
            return Err(unusual());
        }
        let next = if layout::has_comment(self.tree, end, next) { end } else { next };
        self.edit(start, next, "", 0);
        Ok(())
    }

    fn remove_flow(&mut self, target: NodeRef<'_>, parent: NodeRef<'_>) -> Planned {
        let unusual = || Refusal::new("this entry stands in an unusual place", target.span());
        if target.is_copied() || parent.children().any(|child| child.is_copied()) {
            return Err(copied(target));
        }
        let begin = |node: NodeRef<'_>| node.key_span().unwrap_or(node.span()).start as usize;
        let finish =
            |node: NodeRef<'_>| layout::end(node).max(behind_colon(node).unwrap_or(0)).max(begin(node));
        let index = target.index();
        let (start, end) = (begin(target), finish(target));
        if let Some(next) = parent.children().nth(index + 1) {
            // Up to the next entry, unless a comment stands between.
            let comma = self.text[end..begin(next)].find(',').ok_or_else(unusual)?;
            let until =
                if layout::has_comment(self.tree, end, begin(next)) { end + comma + 1 } else { begin(next) };
            if has_comment_before(self.tree, self.text, end, end + comma) {
                return Err(unusual());
            }
            self.edit(start, until, "", 0);
        } else if let Some(before) = index.checked_sub(1).and_then(|before| parent.children().nth(before)) {
            let from = finish(before);
            let comma = from + self.text[from..start].find(',').ok_or_else(unusual)?;
            if has_comment_before(self.tree, self.text, from, comma) {
                return Err(unusual());
            }
            if layout::has_comment(self.tree, from, start) {
                // The comments between stay; the comma goes with the entry.
                self.edit(comma, comma + 1, "", 0);
                self.edit(start, end, "", 0);
            } else {
                self.edit(comma, end, "", 0);
            }
        } else {
            let close = layout::closing(parent).ok_or_else(unusual)?;
            let open = parent.span().start as usize + 1;
            if layout::has_comment(self.tree, open, close) {
                return Err(unusual());
            }
            self.edit(open, close, "", 0);
        }
        Ok(())
    }

    /// Whether a merge key brings something into a mapping.
    fn has_merge_key(&self, map: NodeRef<'_>) -> bool {
        map.children().any(NodeRef::is_merged)
    }
}

/// Whether what the fragment asks for is there already.
fn covers(old: NodeRef<'_>, new: NodeRef<'_>) -> bool {
    match (old.kind(), new.kind()) {
        (NodeKind::Map, NodeKind::Map) => {
            new.entries().all(|(key, value)| old.get(key).is_some_and(|known| covers(known, value)))
        }
        (NodeKind::List, NodeKind::List) if named(old) && named(new) => {
            new.items().all(|item| by_name(old, item).is_some_and(|known| covers(known, item)))
        }
        _ => print::same(old, new),
    }
}

/// Whether `after` is what merging `new` into `old` should give, and nothing else.
pub(super) fn holds(old: NodeRef<'_>, new: NodeRef<'_>, after: NodeRef<'_>) -> bool {
    let either = |old: Option<NodeRef<'_>>, new: Option<NodeRef<'_>>, after: NodeRef<'_>| match (old, new) {
        (Some(old), Some(new)) => holds(old, new, after),
        (Some(same), None) | (None, Some(same)) => print::same(same, after),
        (None, None) => false,
    };
    match (old.kind(), new.kind()) {
        (NodeKind::Map, NodeKind::Map) => {
            after.kind() == NodeKind::Map
                && after.entries().all(|(key, value)| either(old.get(key), new.get(key), value))
                && old.entries().chain(new.entries()).all(|(key, _)| after.get(key).is_some())
        }
        (NodeKind::List, NodeKind::List) if named(old) && named(new) => {
            let added = new.items().filter(|item| by_name(old, *item).is_none()).count();
            after.items().count() == old.items().count() + added
                && after.items().all(|item| either(by_name(old, item), by_name(new, item), item))
        }
        _ => print::same(new, after),
    }
}

/// The element of a list that has the same name.
fn by_name<'l>(list: NodeRef<'l>, item: NodeRef<'_>) -> Option<NodeRef<'l>> {
    let name = item.get("name").map(NodeRef::text);
    list.items().find(|known| known.get("name").map(NodeRef::text) == name)
}

/// Whether it is a list of mappings that all have names.
fn named(list: NodeRef<'_>) -> bool {
    let mut any = false;
    list.items().all(|item| {
        any = true;
        item.get("name").is_some_and(|name| matches!(name.kind(), NodeKind::Text | NodeKind::Int))
    }) && any
}

fn untagged(node: NodeRef<'_>) -> Planned {
    match node.tag() {
        Some(tag) => {
            Err(Refusal::new(format!("the tag `{tag}` gives this a meaning of its own"), node.span()))
        }
        None => Ok(()),
    }
}

/// Whether a node is written where it counts, and nowhere else.
fn alone(node: NodeRef<'_>) -> Planned {
    let mut at = Some(node);
    while let Some(here) = at {
        if here.is_copied() {
            return Err(copied(here));
        }
        if anchored(here).is_some_and(|name| aliased(&here.tree().text, name)) {
            return Err(shared(here));
        }
        at = here.parent();
    }
    Ok(())
}

fn copied(node: NodeRef<'_>) -> Refusal {
    let message = if node.is_merged() {
        "this comes through a merge key `<<`, and changing it would change others too"
    } else {
        "this comes through an alias, and changing it would change others too"
    };
    Refusal::new(message, node.span())
}

fn shared(node: NodeRef<'_>) -> Refusal {
    Refusal::new("other places take this by its anchor, and changing it would change them too", node.span())
}

/// The name of the anchor that a node has.
fn anchored(node: NodeRef<'_>) -> Option<&str> {
    let text: &str = &node.tree().text;
    let start = node.span().start as usize;
    let from = match (node.key_span(), node.parent()) {
        (Some(key), _) => key.end as usize,
        (None, Some(parent)) => {
            match node.index().checked_sub(1).and_then(|before| parent.items().nth(before)) {
                Some(before) if !before.is_copied() => layout::end(before),
                // Behind an alias the line of the element must do.
                Some(_) => layout::line_start(text, start),
                None => parent.span().start as usize,
            }
        }
        (None, None) => {
            let document = node.tree().documents.iter().find(|document| document.root == Some(node.id()))?;
            document.span.start as usize
        }
    };
    let gap = text.get(from..start.max(from))?;
    let rest = text.get(start..)?;
    if let Some(anchor) = rest.strip_prefix('&') {
        return name_of(anchor);
    }
    gap.lines().find_map(|line| {
        let line = match line.find('#') {
            Some(at) if at == 0 || line[..at].ends_with([' ', '\t']) => &line[..at],
            _ => line,
        };
        line.split_whitespace()
            .find_map(|word| name_of(word.trim_start_matches([':', '-', ',', '[', '{']).strip_prefix('&')?))
    })
}

fn name_of(text: &str) -> Option<&str> {
    let end =
        text.find(|letter: char| letter.is_whitespace() || ",[]{}".contains(letter)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

fn aliased(text: &str, name: &str) -> bool {
    text.match_indices('*').any(|(at, _)| name_of(&text[at + 1..]) == Some(name))
}

/// Whether a comment stands between two places of which the second was found by looking for a character.
fn has_comment_before(tree: &Tree, text: &str, from: usize, to: usize) -> bool {
    text[from..to].contains('#') && layout::has_comment(tree, from, to)
}
