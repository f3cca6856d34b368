//! What the templates of charts left out of the objects that come through an overlay, and beside them: where it would stand in what
//! is printed, so that what misses it can say who left it out.

use std::rc::Rc;

use super::node::Node;
use super::trail::{Export, From};
use crate::render::template::frame::{Frames, LeftOut};
use crate::render::text::Frame;
use crate::render::{OfChart, Omission, Rendered};
use crate::syntax::tree::NodeId;

/// The charts of one overlay.
#[derive(Default)]
pub(super) struct Charts {
    pub(super) frames: Frames,
    all: Vec<Rc<Rendered>>,
}

/// Where the nodes of one document of a chart are printed.
pub(super) struct Stands {
    document: u32,
    /// Where each begins in the chart's document, and where its key or its value ends in what is printed.
    nodes: Vec<(u32, u32)>,
}

impl Stands {
    /// For a resource out of which templates left something.
    pub(super) fn of(resource: &Node, export: &Export<'_, '_>) -> Option<Self> {
        let From::Node(document, _) = resource.from else { return None };
        let (rendered, at) = export.trail.chart(document)?;
        let is_whole = rendered.documents.get(at)?.left_out.is_empty();
        (!is_whole).then(|| Self { document, nodes: Vec::new() })
    }

    /// Something of the chart's document was printed up to here.
    pub(super) fn note(&mut self, from: From, start: u32, end: usize) {
        let (From::Key(document, _) | From::Node(document, _)) = from else { return };
        if document == self.document {
            self.nodes.push((start, end as u32));
        }
    }
}

impl Charts {
    /// What a resource was in the rendering of its chart, and what is not in it.
    pub(super) fn told(
        &mut self,
        resource: &Node,
        stands: Option<Stands>,
        export: &mut Export<'_, '_>,
    ) -> (Option<OfChart>, Vec<LeftOut>) {
        let From::Node(document, node) = resource.from else { return Default::default() };
        let Some((rendered, at)) = export.trail.chart(document) else { return Default::default() };
        let Some(page) = rendered.documents.get(at) else { return Default::default() };
        let known = self.all.iter().position(|known| Rc::ptr_eq(known, &rendered));
        let nth = known.unwrap_or(self.all.len());
        if known.is_none() {
            self.all.push(Rc::clone(&rendered));
        }
        let of_chart = Some(OfChart { nth, name: page.name.clone() });
        let Some(mut nodes) = stands.map(|stands| stands.nodes).filter(|nodes| !nodes.is_empty()) else {
            return (of_chart, Vec::new());
        };
        nodes.sort_unstable();
        let own = export.trail.tree(document).node(NodeId(node));
        let is_own = |offset: u32| {
            let behind = page.text.as_str().get(own.span().end as usize..).unwrap_or_default();
            let end = own.span().end + (behind.len() - behind.trim_start().len()) as u32;
            own.parent().is_none() || (own.span().start..=end).contains(&offset)
        };
        let mut left_out = Vec::new();
        for left in page.left_out.iter().filter(|left| is_own(left.offset)) {
            let Some(frame) = self.import(&rendered, left, export) else { continue };
            // What was printed before it in the chart's document is what stands before it here.
            let before = nodes.partition_point(|(start, _)| *start < left.offset);
            let offset = before.checked_sub(1).map_or(0, |before| nodes[before].1);
            left_out.push(LeftOut { offset, frame });
        }
        (of_chart, left_out)
    }

    /// What is not beside the resources.
    pub(super) fn omissions(&mut self, export: &mut Export<'_, '_>) -> Vec<Omission> {
        let mut found = Vec::new();
        for (nth, rendered) in self.all.clone().iter().enumerate() {
            for left in rendered.left_out.iter().filter(|left| !left.with_its_chart) {
                let here = LeftOut { offset: 0, frame: left.frame };
                if let Some(frame) = self.import(rendered, &here, export) {
                    found.push(Omission { nth, frame, ..left.clone() });
                }
            }
        }
        found
    }

    fn import(
        &mut self,
        rendered: &Rc<Rendered>,
        left: &LeftOut,
        export: &mut Export<'_, '_>,
    ) -> Option<Frame> {
        let circumstance = rendered.frames.get(left.frame);
        let body = circumstance.left_out(&rendered.origins)?;
        let at = export.import(rendered, circumstance.at);
        let condition = export.import(rendered, circumstance.condition);
        Some(self.frames.leave_out(body, at, condition))
    }
}
