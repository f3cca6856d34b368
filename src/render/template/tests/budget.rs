//! Templates that never end, or grow without end, are errors, and quickly.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::super::origin::Origins;
use super::super::function::Budget;
use super::super::{Options, Rendering};
use super::{Few, root, templates};

/// The error of a template, which must come soon, also on a small stack.
fn error(files: &[(&str, &str)]) -> String {
    let start = Instant::now();
    let set = match templates(files) {
        Ok(set) => set,
        Err(error) => return error.to_string(),
    };
    let mut origins = Origins::default();
    let root = root(&json!({"list": [1, 2, 3]}), &mut origins);
    let mut rendering = Rendering::new(&set, &Few, origins, Options::default());
    rendering.budget = Budget::new(1_000_000, 8 << 20);
    let error = rendering.execute(files[0].0, root).map(|output| output.text.len());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    error.expect_err("it must not end well").to_string()
}

#[test]
fn a_template_that_includes_itself_ends() {
    let found = error(&[("a", r#"{{define "x"}}{{include "x" .}}{{end}}{{include "x" .}}"#)]);
    assert!(
        found.ends_with("rendering template has a nested reference name: x: unable to execute template")
            || found.ends_with("calls itself too deeply"),
        "{found}"
    );
}

#[test]
fn recursion_of_every_kind_ends() {
    for text in [
        r#"{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}"#,
        r#"{{define "x"}}{{include "y" .}}{{end}}{{define "y"}}{{template "x" .}}{{end}}{{include "x" .}}"#,
        r#"{{define "x"}}{{tpl "{{include \"x\" .}}" .}}{{end}}{{include "x" .}}"#,
        r#"{{define "x"}}{{if (print (include "x" .))}}{{end}}{{end}}{{range .Values.list}}{{include "x" .}}{{end}}"#,
    ] {
        let found = error(&[("a", text)]);
        assert!(found.contains("deep") || found.contains("depth") || found.contains("nested"), "{found}");
    }
}

#[test]
fn loops_end() {
    let found = error(&[("a", "{{range 1000000}}{{range 1000000}}{{end}}{{end}}")]);
    assert!(found.contains("rendering takes too many steps"), "{found}");
    let found = error(&[("a", "\n{{range 9000000000000000000}}x{{end}}")]);
    assert!(found.starts_with("template: a:2:8: executing"), "{found}");
}

#[test]
fn a_text_that_doubles_ends() {
    let found = error(&[("a", r#"{{$x := "xxxxxxxx"}}{{range 100}}{{$x = print $x $x}}{{end}}"#)]);
    assert!(found.contains("rendering makes too much text"), "{found}");
    let found = error(&[("a", r#"{{range 1000}}{{printf "%1000000d" 1}}{{end}}"#)]);
    assert!(found.contains("rendering makes too much text"), "{found}");
}

#[test]
fn a_value_within_itself_cannot_be_printed() {
    let found = error(&[("a", r#"{{$_ := set .Values "self" .Values}}{{.Values}}"#)]);
    assert!(found.contains("nests too deeply"), "{found}");
}

#[test]
fn text_may_nest_only_so_deep() {
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(error(&[("a", &parens)]).contains("max expression depth exceeded"));
    let blocks = "{{if 1}}".repeat(100_000);
    assert!(error(&[("a", &blocks)]).contains("max expression depth exceeded"));
    let chain = format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(100_000));
    assert!(error(&[("a", &chain)]).contains("max expression depth exceeded"));
}

#[test]
fn one_budget_serves_all_templates_of_a_rendering() {
    let set = templates(&[("a", "{{range 100}}x{{end}}")]).expect("it parses");
    let mut origins = Origins::default();
    let root = root(&json!({}), &mut origins);
    let mut rendering = Rendering::new(&set, &Few, origins, Options::default());
    rendering.budget = Budget::new(1500, 1000);
    assert!(rendering.execute("a", root.clone()).is_ok());
    assert!(rendering.execute("a", root).is_err());
    assert!(rendering.budget.is_spent());
}

#[test]
fn many_texts_of_tpl_end() {
    let text =
        format!("{{{{range $i := 1000}}}}{{{{tpl (print {:?} $i) .}}}}{{{{end}}}}", "{{.}}".repeat(1000));
    let found = error(&[("a", &text)]);
    assert!(found.contains("rendering makes too much text"), "{found}");
}
