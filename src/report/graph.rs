//! Drawing a graph: Mermaid for documents, Graphviz for everything else, JSON for programs.
//!
//! What is missing is marked by a word and a border, not by a colour alone.

use std::fmt::Write as _;

use crate::model::graph::{Graph, Node, NodeKind, Note};

/// As Mermaid draws it.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    for (unit, nodes) in by_unit(graph) {
        let several = graph.nodes.iter().any(|node| node.unit != unit);
        if several {
            let id: String = unit.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let _ = writeln!(text, "  subgraph unit_{id}[\"{}\"]", escaped(&unit, "<br/>"));
        }
        for node in nodes {
            let (open, close) = match node.kind {
                NodeKind::Proxy => ("[\"", "\"]"),
                NodeKind::Server => ("([\"", "\"])"),
                NodeKind::Queue => ("[(\"", "\")]"),
                NodeKind::Alarm => (">\"", "\"]"),
                NodeKind::Unknown => ("{{\"", "\"}}"),
            };
            let _ = writeln!(text, "  {}{open}{}{close}", node.id, label(node, "<br/>"));
        }
        if several {
            text.push_str("  end\n");
        }
    }
    for edge in &graph.edges {
        let arrow = if edge.guessed { "-.->" } else { "-->" };
        let _ = writeln!(text, "  {} {arrow} {}", edge.from, edge.to);
    }
    let lacking: Vec<&str> = lacking(graph).map(|node| node.id.as_str()).collect();
    if !lacking.is_empty() {
        text.push_str("  classDef lacks stroke:#d1242f,stroke-width:3px\n");
        let _ = writeln!(text, "  class {} lacks", lacking.join(","));
    }
    text
}

/// As Graphviz draws it.
pub fn dot(graph: &Graph) -> String {
    let mut text = String::from("digraph calls {\n  rankdir=LR\n  node [fontname=\"sans-serif\"]\n");
    for (at, (unit, nodes)) in by_unit(graph).into_iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{at} {{\n    label=\"{}\"", escaped(&unit, "\\n"));
        for node in nodes {
            let shape = match node.kind {
                NodeKind::Proxy => "box",
                NodeKind::Server => "ellipse",
                NodeKind::Queue => "cylinder",
                NodeKind::Alarm => "cds",
                NodeKind::Unknown => "hexagon",
            };
            let colour =
                if node.notes.iter().any(|note| note.missing) { " color=\"#d1242f\" penwidth=3" } else { "" };
            let _ =
                writeln!(text, "    {} [shape={shape} label=\"{}\"{colour}]", node.id, label(node, "\\n"));
        }
        text.push_str("  }\n");
    }
    for edge in &graph.edges {
        let style = if edge.guessed { " [style=dashed]" } else { "" };
        let _ = writeln!(text, "  {} -> {}{style}", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}

/// For programs.
pub fn json(graph: &Graph) -> serde_json::Result<String> {
    serde_json::to_string_pretty(graph)
}

/// The stations by what is deployed together, in order of the first of each.
fn by_unit(graph: &Graph) -> Vec<(String, Vec<&Node>)> {
    let mut units: Vec<(String, Vec<&Node>)> = Vec::new();
    for node in &graph.nodes {
        match units.iter_mut().find(|(unit, _)| *unit == node.unit) {
            Some((_, nodes)) => nodes.push(node),
            None => units.push((node.unit.clone(), vec![node])),
        }
    }
    units
}

fn lacking(graph: &Graph) -> impl Iterator<Item = &Node> {
    graph.nodes.iter().filter(|node| node.notes.iter().any(|note| note.missing))
}

fn label(node: &Node, line: &str) -> String {
    let first = match &node.by {
        Some(by) => format!("{} · {by}", node.name),
        None => node.name.clone(),
    };
    let note = |note: &Note| if note.missing { format!("⚠ {}", note.text) } else { note.text.clone() };
    let lines: Vec<String> = std::iter::once(first).chain(node.notes.iter().map(note)).collect();
    lines.iter().map(|text| escaped(text, line)).collect::<Vec<_>>().join(line)
}

/// A text between double quotes; neither language may take a part of it for its own.
fn escaped(text: &str, line: &str) -> String {
    let mermaid = line.starts_with('<');
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '"' if mermaid => safe.push_str("&quot;"),
            '<' if mermaid => safe.push_str("&lt;"),
            '>' if mermaid => safe.push_str("&gt;"),
            '#' if mermaid => safe.push_str("&num;"),
            '"' | '\\' if !mermaid => {
                safe.push('\\');
                safe.push(c);
            }
            '\n' | '\r' => safe.push(' '),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_quotes() {
        let graph = Graph {
            nodes: vec![Node {
                id: "hop0".into(),
                kind: NodeKind::Proxy,
                name: "a\"]; evil\n<b>\\".into(),
                by: None,
                unit: ".".into(),
                place: None,
                notes: vec![Note { text: "no timeout".into(), missing: true }],
            }],
            edges: Vec::new(),
        };
        assert_eq!(
            mermaid(&graph),
            "flowchart LR\n  hop0[\"a&quot;]; evil &lt;b&gt;\\<br/>⚠ no timeout\"]\n  \
             classDef lacks stroke:#d1242f,stroke-width:3px\n  class hop0 lacks\n"
        );
        assert!(dot(&graph).contains("label=\"a\\\"]; evil <b>\\\\\\n⚠ no timeout\""));
    }
}
