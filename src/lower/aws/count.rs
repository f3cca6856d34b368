//! Whether `count` or `for_each` of a block of Terraform comes to none: `var.create && !local.is_sandbox ? 1 : 0`.
//!
//! Only what a module is told counts. What a variable of a root module holds where nobody sets it may be set on the command
//! line, and then the block is there. What is not understood is taken for one that is there.

use super::cloud::{Cloud, DEPTH};
use super::expression::{Constant, constant};
use crate::syntax::tree::NodeRef;

/// Whether there is no instance of a block.
pub(super) fn is_none<'a>(cloud: &Cloud<'a>, block: NodeRef<'a>, scope: u32) -> bool {
    let comes_to = |key| {
        let node = block.get(key)?;
        cloud.begin_following();
        cloud.certainly(|| constant(cloud, node, scope, DEPTH))
    };
    match comes_to("count") {
        Some(Constant::Number(count)) => count == 0.0,
        Some(Constant::Text(count)) => count == "0",
        _ => comes_to("for_each") == Some(Constant::Items(0)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lower::aws::cloud::Dialect;
    use crate::source::FileId;
    use crate::syntax::hcl;

    #[test]
    fn what_needs_no_names_is_known() {
        for (text, none) in [
            ("0", true),
            ("1", false),
            ("\"0\"", true),
            ("false ? 1 : 0", true),
            ("\"${false ? 1 : 0}\"", true),
            ("!true ? 1 : 0", true),
            ("true && (false || false) ? 1 : 0", true),
            ("var.on && false ? 1 : 0", true),
            ("var.on ? 1 : 0", false),
            ("\"dev\" == \"prod\" ? 1 : 0", true),
            ("\"dev\" != \"prod\" ? 1 : 0", false),
            ("\"0\" > 0 ? 1 : 0", true),
            ("\"0\" == 0 ? 1 : 0", false),
            ("2 * 3 - 1 >= 5 ? 0 : 1", true),
            ("(\n  1 > 2\n  ? 1\n  : 0\n)", true),
            ("length([]) > 0 ? 1 : 0", true),
            ("null != null ? 1 : 0", true),
            ("1 / 0 > 1 ? 1 : 0", false),
        ] {
            assert_eq!(none_of("count", text), none, "{text}");
        }
        for (text, none) in [
            ("{}", true),
            ("toset([])", true),
            ("toset([\"a\"])", false),
            ("false ? { a = 1 } : {}", true),
            ("true ? { a = 1 } : {}", false),
        ] {
            assert_eq!(none_of("for_each", text), none, "{text}");
        }
    }

    fn none_of(key: &str, text: &str) -> bool {
        let tree = hcl::parse(FileId(0), Arc::from(format!("{key} = {text}\n"))).tree;
        let mut cloud = Cloud::default();
        let scope = cloud.begin(Dialect::Terraform, "", None);
        tree.roots().any(|block| is_none(&cloud, block, scope))
    }
}
