//! Mending a file: from what a rule proposes to edits of the text, everything else byte for byte as it was.
//!
//! Not a printer of documents. A fix is a fragment of YAML and what to do with it; the answer is a list of edits, or the
//! reason why this file is better mended by hand. Nothing here knows rules, reads files or writes them. JSON is mended as
//! the YAML that it is.

mod layout;
mod merge;
pub mod print;

use std::sync::Arc;

use crate::source::{FileId, Span};
use crate::syntax::tree::{Document, NodeKind, NodeRef, Style, Tree};
use crate::syntax::yaml;

use merge::Plan;

/// What is done with the text of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The fragment is merged into a mapping, key by key.
    Merge,
    /// The fragment becomes a document of its own at the end of the file.
    NewDocument,
    /// The fragment takes the place of a value.
    Replace,
    /// The entry goes, with its key.
    Remove,
}

/// A change of a text: these bytes become this text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty where something is only put in.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// Why a fix is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence without a full stop.
    pub message: String,
    /// What stands in the way.
    pub span: Option<Span>,
}

impl Refusal {
    fn new(message: impl Into<String>, span: impl Into<Option<Span>>) -> Self {
        Self { message: message.into(), span: span.into() }
    }
}

/// Two edits that want the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The one that comes first in the text.
    pub first: Span,
    /// The one that overlaps it.
    pub second: Span,
}

/// The edits that a fix makes to the file of `target`; none if everything is there already.
///
/// For [`Operation::Merge`] the target is the mapping to merge into, for [`Operation::Replace`] and
/// [`Operation::Remove`] the value in question, for [`Operation::NewDocument`] any node of the file. What would change
/// more than the target (an anchor that others use, a value that a merge key brings in) is refused.
pub fn apply(
    tree: &Tree,
    target: NodeRef<'_>,
    operation: Operation,
    fragment: &str,
) -> Result<Vec<Edit>, Refusal> {
    let edits = plan(tree, target, operation, fragment)?;
    if !edits.is_empty() {
        verify(tree, target, operation, fragment, &edits)?;
    }
    Ok(edits)
}

/// The text with these edits; two that overlap are refused. Texts put in at the same place follow in the order given.
pub fn write(text: &str, edits: &[Edit]) -> Result<String, Overlap> {
    let mut order: Vec<&Edit> = edits.iter().collect();
    order.sort_by_key(|edit| edit.span);
    let grown: usize = order.iter().map(|edit| edit.text.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut last = Span::default();
    for edit in order {
        if edit.span.start < last.end {
            return Err(Overlap { first: last, second: edit.span });
        }
        out.push_str(text.get(last.end as usize..edit.span.start as usize).unwrap_or_default());
        out.push_str(&edit.text);
        last = edit.span;
    }
    out.push_str(text.get(last.end as usize..).unwrap_or_default());
    Ok(out)
}

/// Whether the edits of two fixes can be written at once: they neither overlap nor touch. Of others the second is to be
/// planned anew on what the first has written.
pub fn apart(one: &[Edit], other: &[Edit]) -> bool {
    one.iter().all(|a| other.iter().all(|b| a.span.end < b.span.start || b.span.end < a.span.start))
}

fn plan(
    tree: &Tree,
    target: NodeRef<'_>,
    operation: Operation,
    fragment: &str,
) -> Result<Vec<Edit>, Refusal> {
    if operation == Operation::Remove {
        let mut plan = Plan::new(tree, target);
        plan.remove(target)?;
        return Ok(plan.edits());
    }
    let (fragment, problem) = read(fragment);
    if let Some(problem) = problem {
        return Err(Refusal::new(format!("the fix itself cannot be read: {problem}"), None));
    }
    if operation == Operation::NewDocument {
        return new_documents(tree, &fragment);
    }
    let mut roots = fragment.roots();
    let (Some(root), None) = (roots.next(), roots.next()) else {
        return Err(Refusal::new("the fix must be one document", None));
    };
    let mut plan = Plan::new(tree, target);
    match operation {
        Operation::Merge if root.kind() != NodeKind::Map => {
            return Err(Refusal::new("only a mapping can be merged", None));
        }
        Operation::Merge => plan.merge(target, root)?,
        _ => plan.replace(target, root)?,
    }
    Ok(plan.edits())
}

fn read(text: &str) -> (Tree, Option<String>) {
    let parsed = yaml::parse(FileId(u32::MAX), Arc::from(text));
    let mut problem = parsed.problems.first().map(|problem| problem.message.clone());
    if problem.is_none() && !parsed.templates.is_empty() {
        problem = Some("it holds the marks of a template".to_owned());
    }
    (parsed.tree, problem)
}

/// Appends those documents of the fragment that the file does not have yet.
fn new_documents(tree: &Tree, fragment: &Tree) -> Result<Vec<Edit>, Refusal> {
    let text: &str = &tree.text;
    if tree.roots().any(|root| root.style() == Style::Flow && layout::is_json(root)) {
        return Err(Refusal::new("a JSON file holds one document", None));
    }
    let newline = layout::line_break(text);
    let mut added = String::new();
    for document in &fragment.documents {
        let Some(root) = document.root.map(|root| fragment.node(root)) else { continue };
        if tree.roots().any(|known| same_object(known, root)) {
            // It is there already; whether as we would write it is for its owner to say.
            continue;
        }
        let source = fragment.text.get(document.span.range()).unwrap_or_default();
        let source = source.strip_prefix("---").unwrap_or(source);
        let source = source.trim_start_matches(['\r', '\n']);
        let source = source.trim_end().trim_end_matches("...").trim_end();
        if !added.is_empty() || !ends_with_marker(text) {
            added.push_str("---\n");
        }
        added.push_str(source);
        added.push('\n');
    }
    if added.is_empty() {
        return Ok(Vec::new());
    }
    let mut put_in = if text.is_empty() || text.ends_with('\n') { String::new() } else { newline.to_owned() };
    for line in added.split_inclusive('\n') {
        put_in.push_str(line.trim_end_matches(['\r', '\n']));
        put_in.push_str(newline);
    }
    let end = text.len() as u32;
    Ok(vec![Edit { span: Span::new(end, end), text: put_in }])
}

/// Whether the file ends with a `---` behind which nothing stands yet.
fn ends_with_marker(text: &str) -> bool {
    let content = text.lines().rev().find(|line| !line.trim().is_empty());
    content.is_none_or(|line| line.trim_end() == "---")
}

/// Whether two documents are the same object: of the same kind, name and namespace, or else equal.
fn same_object(a: NodeRef<'_>, b: NodeRef<'_>) -> bool {
    let named = |node: NodeRef<'_>| node.at("metadata.name").is_some() && node.get("kind").is_some();
    if !named(a) || !named(b) {
        return print::same(a, b);
    }
    ["kind", "metadata.name", "metadata.namespace"].iter().all(|path| {
        let text = |node: NodeRef<'_>| node.at(path).map(|value| value.text().to_owned());
        text(a) == text(b)
    })
}

/// A fix that breaks a file is worse than none: what would be written is read again before anybody writes it.
fn verify(
    tree: &Tree,
    target: NodeRef<'_>,
    operation: Operation,
    fragment: &str,
    edits: &[Edit],
) -> Result<(), Refusal> {
    let failed = || Refusal::new("this file is laid out in a way that fixes do not know", target.span());
    let text = write(&tree.text, edits).map_err(|_| failed())?;
    let (before, broken) = read(&tree.text);
    let (after, problem) = read(&text);
    if broken.is_some() {
        return Err(Refusal::new("a part of this file cannot be read, so it is not changed", None));
    }
    if problem.is_some() {
        return Err(failed());
    }
    if operation == Operation::NewDocument {
        let written = |tree: &'_ Tree| tree.roots().filter(|root| !root.is_null()).count();
        let kept = before.roots().zip(after.roots()).all(|(old, new)| old.is_null() || print::same(old, new));
        return if kept && written(&after) > written(&before) { Ok(()) } else { Err(failed()) };
    }
    if after.documents.len() != before.documents.len() {
        return Err(failed());
    }
    // Beside the target nothing may have changed, and at the target only what was asked for.
    let steps = layout::steps(target);
    let (Some(old_root), Some(new_root)) = (root_of(&before, tree, target), root_of(&after, tree, target))
    else {
        return Err(failed());
    };
    let same_document = |(old, new): (&Document, &Document)| match (old.root, new.root) {
        (Some(old), Some(new)) => {
            before.node(old) == old_root || print::same(before.node(old), after.node(new))
        }
        (old, new) => old.is_none() && new.is_none(),
    };
    let gone = operation == Operation::Remove;
    let elsewhere = before.documents.iter().zip(&after.documents).all(same_document);
    if !elsewhere || !layout::same_but(old_root, new_root, &steps, gone) {
        return Err(failed());
    }
    if gone {
        return Ok(());
    }
    let places = (layout::follow(old_root, &steps), layout::follow(new_root, &steps));
    let (fragment, _) = read(fragment);
    let (Some(old), Some(new), Some(asked)) = (places.0, places.1, fragment.roots().next()) else {
        return Err(failed());
    };
    let done =
        if operation == Operation::Merge { merge::holds(old, asked, new) } else { print::same(asked, new) };
    if done { Ok(()) } else { Err(failed()) }
}

/// The top of the document of `tree` that is, by its number, the one in which `target` stands.
fn root_of<'t>(tree: &'t Tree, original: &Tree, target: NodeRef<'_>) -> Option<NodeRef<'t>> {
    let mut top = target;
    while let Some(parent) = top.parent() {
        top = parent;
    }
    let number = original.documents.iter().position(|document| document.root == Some(top.id()))?;
    tree.documents.get(number)?.root.map(|root| tree.node(root))
}

#[cfg(test)]
mod tests;
