//! Origins need no oracle: a setting is changed, and what changes in the output must say that it comes from there.

use std::collections::BTreeSet;

use super::super::super::origin::{Origin, Origins, Source};
use super::super::super::template::function::Functions;
use super::super::super::text::Text;
use super::super::Helm;
use super::tables::lines;
use super::{VALUES, look};

/// Settings, each with its line before and after.
const CHANGES: [(&str, &str, &str); 17] = [
    ("s", "s: hello", "s: hallo"),
    ("e", "e: \"\"", "e: full"),
    ("num", "num: 3", "num: 4"),
    ("f", "f: 2.5", "f: 3.25"),
    ("big", "big: 1000000", "big: 2000000"),
    ("zero", "zero: 0", "zero: 1"),
    ("t", "\nt: true", "\nt: false"),
    ("fa", "fa: false", "fa: true"),
    ("nil", "nil:\n", "nil: something\n"),
    ("l[1]", "[1, two, null", "[1, too, null"),
    ("ls[0]", "ls: [b,", "ls: [z,"),
    ("m.b", "b: x,", "b: y,"),
    ("m.d.e.f", "f: deep", "f: dear"),
    ("uni", "uni: héé→x", "uni: hé→x"),
    ("ml", "ml: \"a\\nb", "ml: \"a\\nc"),
    ("url", "8443/a/", "8444/b/"),
    ("long", "brown fox jumps", "brown cat jumps"),
];

/// The paths of all settings that an origin rests on.
fn paths(origins: &Origins, origin: Origin, found: &mut BTreeSet<String>) {
    match origins.get(origin) {
        Source::Node { path, before, .. } => {
            found.insert(path.to_string());
            paths(origins, *before, found);
        }
        Source::Missing { map, .. } => paths(origins, *map, found),
        Source::Of(_, parts) => parts.iter().for_each(|part| paths(origins, *part, found)),
        _ => {}
    }
}

/// The settings that the bytes of a text say they come from; where a byte is gone, its neighbours say it.
fn said(origins: &Origins, text: &Text, start: usize, end: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut from = 0;
    for piece in text.pieces() {
        let to = piece.end as usize;
        if from <= end && to >= start {
            paths(origins, piece.origin, &mut found);
        }
        from = to;
    }
    found
}

/// Where two texts differ: the bytes of the first that are not in the second.
fn difference(one: &str, other: &str) -> (usize, usize) {
    let start = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let rest = one.len().min(other.len()) - start;
    let same =
        one.bytes().rev().zip(other.bytes().rev()).take(rest).take_while(|(one, other)| one == other).count();
    (start, one.len() - same)
}

/// Whether one of the paths is the setting, or holds it, or is in it.
fn names(said: &BTreeSet<String>, path: &str) -> bool {
    said.iter().any(|said| !said.is_empty() && (path.starts_with(said.as_str()) || said.starts_with(path)))
}

#[test]
fn what_changes_names_the_setting() {
    let mut wrong = Vec::new();
    let mut changed = 0;
    for (template, expected) in lines() {
        if expected.starts_with("error: ") || !template.contains(".Values") {
            continue;
        }
        let plain =
            look(&template, VALUES, |_, output| output.ok().map(|output| output.text.as_str().to_owned()));
        let Some(plain) = plain else { continue };
        for (path, before, after) in CHANGES {
            let top = path.split(['.', '[']).next().unwrap_or_default();
            if !template.contains(&format!(".Values.{top}")) {
                continue;
            }
            let other = VALUES.replacen(before, after, 1);
            assert_ne!(other, VALUES, "{path}");
            let verdict = look(&template, &other, |rendering, output| {
                let text = output.ok()?.text;
                if text.as_str() == plain {
                    return None;
                }
                let (start, end) = difference(text.as_str(), &plain);
                let said = said(&rendering.origins, &text, start, end);
                Some((names(&said, path), text.as_str().to_owned(), said))
            });
            if let Some((named, text, said)) = verdict {
                changed += 1;
                if !named {
                    wrong.push(format!("{template}\n  {path}: {text:?} says {said:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {changed}\n{}", wrong.len(), wrong.join("\n"));
    assert!(changed > 150, "only {changed} changes");
}

#[test]
fn what_only_running_tells_is_unknown() {
    let templates = [
        "randAlphaNum 5",
        "randAlpha 5",
        "randAscii 5",
        "randNumeric 5",
        "randBytes 5",
        "uuidv4",
        "shuffle .Values.s",
        "getHostByName \"a\"",
        "randInt 1 5",
        "(genCA \"a\" 1).Cert",
        "(genSelfSignedCert \"a\" nil nil 1).Key",
        "genPrivateKey \"rsa\"",
        "bcrypt \"a\"",
        "htpasswd \"a\" \"b\"",
        "derivePassword 1 \"pin\" \"a\" \"b\" \"c\"",
        "encryptAES \"a\" \"b\"",
        "now | date \"2006\"",
        "now.Unix",
        "ago now",
        "randAlphaNum 5 | b64enc | quote | upper",
        "dict \"a\" (uuidv4) | toYaml | fromYaml | toJson",
    ];
    for template in templates {
        look(&format!("{{{{ {template} }}}}"), VALUES, |rendering, output| {
            let text = output.expect(template).text;
            let unknown = text.pieces().any(|piece| rendering.origins.unknown(piece.origin).is_some());
            assert!(unknown || text.is_empty(), "{template}");
        });
    }
}

/// What a text says about its pieces: bytes, and the settings behind them.
fn pieces(template: &str) -> Vec<(String, Vec<String>)> {
    look(template, VALUES, |rendering, output| {
        let text = output.expect(template).text;
        let mut from = 0;
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for piece in text.pieces() {
            let to = piece.end as usize;
            let mut names = BTreeSet::new();
            paths(&rendering.origins, piece.origin, &mut names);
            let names: Vec<String> = names.into_iter().collect();
            let bytes = &text.as_str()[from..to];
            match found.last_mut() {
                Some((last, said)) if *said == names => last.push_str(bytes),
                _ => found.push((bytes.to_owned(), names)),
            }
            from = to;
        }
        found
    })
}

fn expect(template: &str, expected: &[(&str, &str)]) {
    let found = pieces(template);
    let found: Vec<(&str, String)> =
        found.iter().map(|(bytes, said)| (bytes.as_str(), said.join(" "))).collect();
    let expected: Vec<(&str, String)> =
        expected.iter().map(|(bytes, said)| (*bytes, (*said).to_owned())).collect();
    assert_eq!(found, expected, "{template}");
}

#[test]
fn bytes_that_only_move_keep_their_setting() {
    expect("{{ quote .Values.s }}", &[("\"", ""), ("hello", "s"), ("\"", "")]);
    expect("{{ nindent 2 .Values.s }}", &[("\n  ", ""), ("hello", "s")]);
    expect("{{ trunc 3 .Values.s }}-{{ substr 3 5 .Values.s }}", &[("hel", "s"), ("-", ""), ("lo", "s")]);
    expect("{{ replace \"ll\" .Values.uni .Values.s }}", &[("he", "s"), ("héé→x", "s uni"), ("o", "s")]);
    expect("{{ join \"-\" (list .Values.s .Values.uni) }}", &[("hello", "s"), ("-", ""), ("héé→x", "uni")]);
    expect("{{ cat .Values.s .Values.num }}", &[("hello", "s"), (" ", ""), ("3", "num")]);
    expect("{{ (splitList \"e\" .Values.s) | last | upper }}", &[("LLO", "s")]);
    expect("{{ .Values.e | default .Values.s | quote }}", &[("\"", ""), ("hello", "e s"), ("\"", "")]);
    expect("{{ .Values.t | ternary .Values.s .Values.uni | nindent 1 }}", &[("\n ", ""), ("hello", "s t")]);
    expect(
        "{{ regexReplaceAll \"l+\" .Values.s .Values.uni }}",
        &[("he", "s"), ("héé→x", "s uni"), ("o", "s")],
    );
    expect("{{ sha1sum .Values.e }}", &[("da39a3ee5e6b4b0d3255bfef95601890afd80709", "e")]);
}

#[test]
fn yaml_keeps_each_value_s_setting() {
    expect(
        "{{ toYaml .Values.m }}",
        &[
            ("a: 1", "m.a"),
            ("\n", "m"),
            ("b: x", "m.b"),
            ("\n", "m"),
            ("c: null", "m.c"),
            ("\n", "m"),
            ("d:\n  ", "m.d"),
            ("e:\n    ", "m.d.e"),
            ("f: deep", "m.d.e.f"),
        ],
    );
    expect("{{ (.Values.m | toYaml | fromYaml).d.e.f }}", &[("deep", "m.d.e.f")]);
    expect("{{ (.Values.m | toJson | fromJson).b }}", &[("x", "m.b")]);
    expect(
        "{{ (printf \"k: %s:%s\" .Values.s .Values.uni | fromYaml).k }}",
        &[("hello", "s"), (":", ""), ("héé→x", "uni")],
    );
}

#[test]
fn every_name_is_there() {
    for name in ["toYaml", "fromYaml", "semverCompare", "mustToRawJson", "date_in_zone", "buildCustomCert"] {
        assert!(Helm.find(name).is_some(), "{name}");
    }
    assert!(Helm.find("env").is_none());
}
