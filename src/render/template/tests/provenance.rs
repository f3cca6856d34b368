//! Where each byte came from, under which circumstances, and what is not there.

use serde_json::{Value as Json, json};

use super::super::super::origin::{How, Origin, Origins, Source};
use super::super::frame::{Frames, What};
use super::super::{Options, Rendering};
use super::look;

/// The pieces of what the first file renders to: their text, and where it came from.
fn pieces(files: &[(&str, &str)], values: &Json) -> Vec<(String, String)> {
    look(files, values, Options::default(), |rendering, output| {
        let output = output.expect("it renders");
        let mut start = 0;
        let text = output.text.as_str();
        let mut found = Vec::new();
        for piece in output.text.pieces() {
            let origin = describe(&rendering.origins, piece.origin, files);
            found.push((text[start..piece.end as usize].to_owned(), origin));
            start = piece.end as usize;
        }
        found
    })
}

/// An origin in words: a value's path, or the template's own text.
fn describe(origins: &Origins, origin: Origin, files: &[(&str, &str)]) -> String {
    match origins.get(origin) {
        Source::Nothing => "nothing".to_owned(),
        Source::Literal(place) => {
            let (name, text) = files[place.file.0 as usize];
            format!("{name} {:?}", &text[place.span.start as usize..place.span.end as usize])
        }
        Source::Node { path, .. } => format!(".{path}"),
        Source::Missing { map, key } => format!("no {key} in {}", describe(origins, *map, files)),
        Source::Given(name) => (*name).to_owned(),
        Source::Unknown(why, _) => format!("unknown: {why}"),
        Source::Of(how, parts) => {
            let parts: Vec<String> = parts.iter().map(|part| describe(origins, *part, files)).collect();
            let how = match how {
                How::Chosen => "chosen",
                How::Joined => "joined",
                How::Derived => "derived",
            };
            format!("{how}({})", parts.join(", "))
        }
    }
}

fn pairs(pieces: &[(String, String)]) -> Vec<(&str, &str)> {
    pieces.iter().map(|(text, origin)| (text.as_str(), origin.as_str())).collect()
}

#[test]
fn bytes_come_from_lines_of_the_template_and_from_values() {
    let found = pieces(
        &[("a", "x: {{ .Values.image.tag }}\ny: {{ .Values.port }}!\n")],
        &json!({"image": {"tag": "1.2"}, "port": 80}),
    );
    assert_eq!(
        pairs(&found),
        [
            ("x: ", r#"a "x: ""#),
            ("1.2", ".image.tag"),
            ("\n", r#"a "\n""#),
            ("y: ", r#"a "y: ""#),
            ("80", ".port"),
            ("!\n", r#"a "!\n""#),
        ]
    );
}

#[test]
fn printf_keeps_its_pieces() {
    let found = pieces(
        &[("a", r#"{{ printf "%s:%v-%5d|%q" .Values.repo .Values.tag 7 .Values.repo }}"#)],
        &json!({"repo": "nginx", "tag": 1}),
    );
    let format = r#"a "\"%s:%v-%5d|%q\"""#;
    let action = r#"a "printf \"%s:%v-%5d|%q\" .Values.repo .Values.tag 7 .Values.repo""#;
    assert_eq!(
        pairs(&found),
        [
            ("nginx", ".repo"),
            (":", format),
            ("1", ".tag"),
            ("-", format),
            ("    ", action),
            ("7", r#"a "7""#),
            ("|", format),
            ("\"", action),
            ("nginx", ".repo"),
            ("\"", action),
        ]
    );
}

#[test]
fn includes_print_the_lines_of_the_innermost_template() {
    let found = pieces(
        &[
            ("a", r#"{{ include "labels" . }}{{ template "labels" . }}"#),
            ("_h", "{{ define \"labels\" }}app: {{ .Values.app }}\n{{ end }}"),
        ],
        &json!({"app": "web"}),
    );
    let once = [("app: ", r#"_h "app: ""#), ("web", ".app"), ("\n", r#"_h "\n""#)];
    assert_eq!(pairs(&found), [once, once].concat());
}

#[test]
fn the_text_of_a_tpl_comes_from_its_value() {
    let found = pieces(
        &[("a", "{{ tpl .Values.greeting . }}")],
        &json!({"greeting": "hello {{ .Values.name }}{{ 1 }}", "name": "you"}),
    );
    assert_eq!(pairs(&found), [("hello ", ".greeting"), ("you", ".name"), ("1", ".greeting")]);
}

#[test]
fn what_is_missing_names_its_key() {
    let found = pieces(&[("a", "{{ or .Values.a.b 5 }}")], &json!({"a": {}}));
    assert_eq!(pairs(&found), [("5", r#"chosen(a "5", no b in .a)"#)]);
    let origin =
        look(&[("a", "{{ .Values.a.b.c }}")], &json!({"a": {}}), Options::default(), |all, output| {
            let error = output.expect_err("nothing has no fields");
            assert_eq!(error.message, "nil pointer evaluating interface {}.c");
            describe(&all.origins, error.origin, &[])
        });
    assert_eq!(origin, "no c in no b in .a");
}

#[test]
fn lookup_is_unknown() {
    let found = pieces(
        &[("a", r#"{{ (lookup "v1" "Secret" "n" "s").data }}x{{ if lookup "v1" "a" "b" "c" }}{{ end }}"#)],
        &json!({}),
    );
    assert_eq!(pairs(&found), [("x", r#"a "x""#)]);
}

/// The circumstances of the first piece of this text, from the inside out, and what decided them.
fn around(all: &Rendering<'_>, output: &super::Output, text: &str) -> Vec<String> {
    let at = output.text.as_str().find(text).expect("the text is there");
    let frame = output.text.piece_at(at).expect("a piece").frame;
    all.frames
        .around(frame)
        .filter(|(_, found)| found.what != What::Later)
        .map(|(_, found)| said(all, found))
        .collect()
}

fn said(all: &Rendering<'_>, found: &super::super::frame::Circumstance) -> String {
    let what = match &found.what {
        What::Template(name) => format!("template {name}"),
        What::Include(name) => format!("include {name}"),
        What::LeftOut(_) => "left out".to_owned(),
        other => format!("{other:?}"),
    };
    let condition = describe(&all.origins, found.condition, &[("a", ""), ("_h", "")]);
    if found.condition == Origin::NONE { what } else { format!("{what} because of {condition}") }
}

#[test]
fn frames_tell_the_circumstances() {
    let files = [
        ("a", r#"{{ range .Values.list }}{{ if $.Values.on }}{{ include "x" . }}{{ end }}{{ end }}"#),
        ("_h", r#"{{ define "x" }}{{ with .name }}<{{ . }}>{{ end }}{{ end }}"#),
    ];
    let values = json!({"list": [{"name": "one"}, {"name": "two"}], "on": true});
    look(&files, &values, Options::default(), |all, output| {
        let output = output.expect("it renders");
        assert_eq!(output.text.as_str(), "<one><two>");
        assert_eq!(
            around(all, &output, "two"),
            [
                "With because of .list.1.name",
                "include x",
                "If because of .on",
                "Range(1) because of .list",
                "template a"
            ]
        );
    });
}

#[test]
fn what_is_kept_in_a_variable_remembers_where_it_was_printed() {
    let files = [(
        "a",
        r#"{{ define "x" }}{{ if .Values.a }}yes{{ end }}{{ end }}{{ $x := include "x" . }}{{ if .Values.b }}{{ $x }}{{ end }}"#,
    )];
    look(&files, &json!({"a": 1, "b": 2}), Options::default(), |all, output| {
        let output = output.expect("it renders");
        let frame = output.text.piece_at(0).expect("a piece").frame;
        let conditions: Vec<String> = all
            .frames
            .conditions(frame)
            .iter()
            .map(|origin| describe(&all.origins, *origin, &files))
            .collect();
        assert_eq!(conditions, [".b", ".a"]);
    });
}

#[test]
fn a_variable_that_a_branch_may_assign_depends_on_its_condition() {
    let file = r#"{{ $x := "one" }}{{ if .Values.a }}{{ $x = "two" }}{{ end }}{{ $x }}"#;
    let found = pieces(&[("a", file)], &json!({"a": false}));
    assert_eq!(pairs(&found), [("one", r#"chosen(a "\"one\"", .a)"#)]);
    let found = pieces(&[("a", file)], &json!({"a": true}));
    assert_eq!(pairs(&found), [("two", r#"chosen(a "\"two\"", .a)"#)]);
}

/// What was left out: the text before its offset, and why.
fn left_out(files: &[(&str, &str)], values: &Json) -> Vec<(String, String)> {
    look(files, values, Options::default(), |all, output| {
        let output = output.expect("it renders");
        output
            .left_out
            .iter()
            .map(|left| {
                let found = all.frames.get(left.frame);
                let mut said = said(all, found);
                if let What::LeftOut(Some(place)) = found.what {
                    let (name, text) = files[place.file.0 as usize];
                    let body = &text[place.span.start as usize..place.span.end as usize];
                    said = format!("{said}: {name} {body:?}");
                }
                (output.text.as_str()[..left.offset as usize].to_owned(), said)
            })
            .collect()
    })
}

#[test]
fn what_is_left_out_is_told_with_its_place() {
    let found = left_out(
        &[(
            "a",
            "x\n{{- if .Values.a }}\ny{{ end }}\nz{{ with .Values.b }}w{{ else }}v{{ end }}{{ range .Values.c }}u{{ end }}\n",
        )],
        &json!({"a": false, "c": []}),
    );
    assert_eq!(
        pairs(&found),
        [
            ("x", r#"left out because of .a: a "\ny""#),
            ("x\nz", r#"left out because of no b in .: a "w""#),
            ("x\nzv", r#"left out because of .c: a "u""#),
        ]
    );
}

#[test]
fn what_an_include_left_out_is_found_in_the_text_around() {
    let found = left_out(
        &[
            ("a", r#"a{{ print (include "x" .) "!" }}b{{ .Values.none }}c"#),
            (
                "_h",
                r#"{{ define "x" }}1{{ if .Values.on }}{{ else }}2{{ end }}{{ if .Values.on }}3{{ end }}4{{ end }}"#,
            ),
        ],
        &json!({"on": false, "none": ""}),
    );
    assert_eq!(
        pairs(&found),
        [("a12", r#"left out because of .on: _h "3""#), ("a124!b", "Empty because of .none")]
    );
}

#[test]
fn in_lint_mode_a_refusal_is_a_notice() {
    let lenient = Options { lenient: true, ..Options::default() };
    let file = r#"a{{ required "need it" .Values.x }}b{{ fail "no" }}"#;
    look(&[("a", file)], &json!({}), lenient, |all, output| {
        assert_eq!(output.expect("it renders").text.as_str(), "ab");
        let notices: Vec<(&str, String)> = all
            .notices
            .iter()
            .map(|notice| (notice.message.as_str(), describe(&all.origins, notice.value, &[])))
            .collect();
        assert_eq!(notices, [("need it", "no x in .".to_owned()), ("no", "nothing".to_owned())]);
    });
    look(&[("a", file)], &json!({}), Options::default(), |_, output| {
        let error = output.expect_err("it refuses");
        assert!(error.deliberate);
        assert_eq!(error.to_string(), "execution error at (a:1:4): need it");
        assert_eq!(error.place().map(|place| place.span.start), Some(4));
    });
}

#[test]
fn every_frame_is_younger_than_its_surroundings() {
    let files = [("a", r#"{{ range 3 }}{{ if . }}{{ tpl "{{ . }}" . }}{{ end }}{{ end }}"#)];
    look(&files, &json!({}), Options::default(), |all, output| {
        let frames: &Frames = &all.frames;
        for piece in output.expect("it renders").text.pieces() {
            for (frame, circumstance) in frames.around(piece.frame) {
                assert!(circumstance.parent < frame);
            }
        }
    });
}
