//! Nothing that a template does to values ends otherwise than in a result or an error.

use super::{VALUES, look};

/// What a template renders to, or the last words of the error.
fn render(template: &str) -> String {
    look(template, VALUES, |_, output| match output {
        Ok(output) => output.text.as_str().to_owned(),
        Err(error) => error.to_string().rsplit(": ").next().unwrap_or_default().to_owned(),
    })
}

#[test]
fn values_that_hold_themselves() {
    let own = "{{ $d := dict }}{{ $_ := set $d \"self\" $d }}{{ $e := dict }}{{ $_ := set $e \"self\" $e }}";
    let table = [
        ("toYaml $d | len", "0"),
        ("toJson $d | len", "0"),
        ("deepCopy $d", "the value is nested too deeply to be copied"),
        ("deepEqual $d $e", "the values are nested too deeply to be compared"),
        ("merge $d $e", "the maps are nested too deeply to be merged"),
        ("toToml $d", "the value is nested too deeply"),
    ];
    for (call, expected) in table {
        assert_eq!(render(&format!("{own}{{{{ {call} }}}}")), expected, "{call}");
    }
}

#[test]
fn values_that_are_deeper_than_the_stack() {
    for wrap in ["dict \"x\" $d", "list $d", "list (dict \"x\" $d)"] {
        let template = format!(
            "{{{{ $d := list }}}}{{{{ range until 100000 }}}}{{{{ $d = {wrap} }}}}{{{{ end }}}}{{{{ len $d }}}}"
        );
        assert_eq!(render(&template), "1", "{wrap}");
    }
    for open in ["[", "- ", "{a: ", "a: {"] {
        assert_eq!(render(&format!("{{{{ fromYaml (repeat 50000 \"{open}\") | len }}}}")), "1", "{open}");
    }
    assert_eq!(render("{{ fromJson (repeat 50000 \"[\") | len }}"), "1");
}

#[test]
fn texts_and_lists_that_are_too_large() {
    let text = "rendering makes too much text";
    let steps = "it may never end";
    let table = [
        ("repeat 1000000000 \"a\"", text),
        ("indent 1000000000 \"a\"", text),
        ("randAlphaNum 1000000000", text),
        ("replace \"a\" (repeat 1000000 \"b\") (repeat 1000000 \"a\")", text),
        ("wrapWith 1 (repeat 10000 \"x\") (repeat 100000 \"y\")", text),
        ("until 100000000", steps),
        ("seq 1 100000000", steps),
    ];
    for (call, expected) in table {
        assert_eq!(render(&format!("{{{{ {call} | len }}}}")), expected, "{call}");
    }
}
