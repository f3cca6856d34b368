//! Charts made up here, rendered in memory. What is expected was printed by Helm 3.16 for the same files.

use camino::Utf8PathBuf;

use super::super::origin::{Origin, Source};
use super::super::{Rendered, Role};
use super::files::{Content, File, Files};
use super::read::ChartFolder;
use super::render::{Settings, render};
use super::set::Kind;
use crate::finding::{Diagnostic, Severity};
use crate::source::FileId;

const CHART: (&str, &str) =
    ("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: \"4.5\"\n");

fn folder(files: &[(&str, &str)]) -> ChartFolder {
    let mut all = Files::default();
    for (at, (path, text)) in files.iter().enumerate() {
        all.insert(*path, file(at, text));
    }
    ChartFolder { folder: Utf8PathBuf::from("deploy/shop"), files: all, trials: Vec::new() }
}

fn file(at: usize, text: &str) -> File {
    File { id: FileId(at as u32), content: Content::of(text.as_bytes()) }
}

fn rendered(files: &[(&str, &str)], settings: &Settings) -> (Option<Rendered>, Vec<Diagnostic>) {
    render(&folder(files), settings, &|path| Ok(format!("content of {path}")))
}

/// What a chart prints, document by document; nothing may be wrong.
fn prints(files: &[(&str, &str)], settings: &Settings) -> Vec<String> {
    let (rendered, problems) = rendered(files, settings);
    assert_eq!(problems.iter().map(|problem| &problem.message).collect::<Vec<_>>(), [""; 0]);
    texts(&rendered.expect("rendered"))
}

fn texts(rendered: &Rendered) -> Vec<String> {
    rendered.documents.iter().map(|document| document.text.as_str().trim_end().to_owned()).collect()
}

fn messages(files: &[(&str, &str)]) -> Vec<String> {
    rendered(files, &Settings::default()).1.into_iter().map(|problem| problem.message).collect()
}

fn with(values: &str, set: &[(Kind, &str)]) -> Settings {
    Settings {
        values: vec![(Utf8PathBuf::from("prod.yaml"), file(100, values))],
        set: set.iter().map(|(kind, line)| (*kind, (*line).to_owned(), None)).collect(),
        ..Settings::default()
    }
}

#[test]
fn the_context() {
    let out = prints(
        &[
            CHART,
            (
                "templates/a.yaml",
                "a: {{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.Service }} {{ .Release.IsInstall }} {{ .Release.Revision }}\n\
                 b: {{ .Chart.Name }} {{ .Chart.Version }} {{ .Chart.AppVersion }} {{ .Chart.Type }} {{ .Chart.IsRoot }}\n\
                 c: {{ .Template.Name }} {{ .Template.BasePath }}\n\
                 d: {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.Minor }} {{ .Capabilities.KubeVersion.GitVersion }}\n\
                 e: {{ .Capabilities.APIVersions.Has \"policy/v1/PodDisruptionBudget\" }} {{ .Capabilities.APIVersions.Has \"policy/v1beta1/PodDisruptionBudget\" }} {{ .Capabilities.APIVersions.Has \"apps/v1\" }} {{ .Capabilities.APIVersions.Has \"x/v1\" }} {{ .Capabilities.APIVersions.Has \"monitoring.coreos.com/v1\" }}\n\
                 f: {{ .Files.Get \"config/a.txt\" | len }}\n\
                 g: {{ .Files.Get \"none\" }}\n\
                 h: {{ range $path, $_ := .Files.Glob \"config/*\" }}{{ $path }} {{ end }}\n\
                 i: {{ range .Files.Lines \"config/a.txt\" }}<{{ . }}>{{ end }}\n",
            ),
            ("config/a.txt", "one\ntwo\n"),
            ("config/b.txt", "b"),
        ],
        &Settings {
            release: "web".to_owned(),
            namespace: "front".to_owned(),
            kubernetes: "1.29".to_owned(),
            api_versions: vec!["monitoring.coreos.com/v1".to_owned()],
            ..Settings::default()
        },
    );
    assert_eq!(
        out,
        ["a: web front Helm true 1\nb: shop 1.2.3 4.5  true\nc: shop/templates/a.yaml shop/templates\n\
        d: v1.29.0 29 v1.29.0\ne: false false true false true\nf: 8\ng: \nh: config/a.txt config/b.txt \ni: <one><two>"]
    );
}

#[test]
fn who_wins() {
    let files = [
        CHART,
        (
            "values.yaml",
            "a: chart\nb: {x: 1, w: 2}\nlist: [1, 2]\ngone: {k: 1}\nkept: null\nsub: {own: parent, deep: {a: 1}}\nglobal: {g: top, m: {x: 1}}\n",
        ),
        ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.0\n"),
        (
            "charts/sub/values.yaml",
            "own: child\nother: child\ndeep: {a: 0, b: 2}\nglobal: {g: low, own: low, m: {w: 2}}\n",
        ),
        (
            "charts/sub/templates/s.yaml",
            "s: {{ .Values.own }} {{ .Values.other }} {{ .Values.deep.a }}{{ .Values.deep.b }} {{ .Values.global.g }} {{ .Values.global.own }} {{ .Values.global.m.x }}{{ .Values.global.m.w }} {{ .Chart.IsRoot }} {{ .Template.BasePath }}\n",
        ),
        (
            "templates/p.yaml",
            "p: {{ .Values.a }} {{ .Values.b.x }}{{ .Values.b.w }} {{ len .Values.list }} <{{ .Values.gone }}> <{{ .Values.kept }}> {{ .Values.sub.own }} {{ .Values.global.own }} {{ .Subcharts.sub.Values.other }}\n",
        ),
    ];
    assert_eq!(
        prints(&files, &Settings::default()),
        [
            "s: parent child 12 top low 12 false shop/charts/sub/templates",
            "p: chart 12 2 <map[k:1]> <> parent  child",
        ]
    );
    let prod = "a: file\nb: {x: 9}\nlist: [7]\ngone: null\nsub: {own: file}\n";
    assert_eq!(
        prints(&files, &with(prod, &[(Kind::Typed, "sub.deep.a=5,global.g=set"), (Kind::Text, "b.w=007")])),
        ["s: file child 52 set low 12 false shop/charts/sub/templates", "p: file 9007 1 <> <> file  child",]
    );
}

#[test]
fn losers_are_remembered() {
    let files = [
        CHART,
        ("values.yaml", "sub: {own: parent}\n"),
        ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.0\n"),
        ("charts/sub/values.yaml", "own: child\n"),
        ("charts/sub/templates/s.yaml", "{{ .Values.own }}"),
    ];
    let (rendered, _) = rendered(&files, &with("sub: {own: file}\n", &[]));
    let rendered = rendered.expect("rendered");
    assert_eq!(texts(&rendered), ["file"; 0], "text alone is no manifest");
    let files =
        [files[0], files[1], files[2], files[3], ("charts/sub/templates/s.yaml", "s: {{ .Values.own }}")];
    let (rendered, _) = self::rendered(&files, &with("sub: {own: file}\n", &[]));
    let rendered = rendered.expect("rendered");
    let text = &rendered.documents[0].text;
    let mut at = text.origins(3, 7)[0];
    let mut chain = Vec::new();
    while let Source::Node { place, before, .. } = rendered.origins.get(at) {
        chain.push(place.file.0);
        at = *before;
    }
    assert_eq!((chain, at), (vec![100, 1, 3], Origin::NONE));
}

#[test]
fn the_grammar_of_set() {
    let template = ("templates/a.yaml", "a: {{ .Values | toJson }}\n");
    for (kind, line, expected) in [
        (
            Kind::Typed,
            "a=1,b=true,c=null,d=,e=0123,f=1.5",
            r#"{"a":1,"b":true,"c":null,"d":"","e":"0123","f":"1.5"}"#,
        ),
        (Kind::Typed, "a.b.c=x,a.b.d=y", r#"{"a":{"b":{"c":"x","d":"y"}}}"#),
        (Kind::Typed, "a={x,1,true}", r#"{"a":["x",1,true]}"#),
        (Kind::Typed, "a[0].b=1,a[1]=x,a[0].c=2", r#"{"a":[{"b":1,"c":2},"x"]}"#),
        (Kind::Typed, "a[1]=x", r#"{"a":[null,"x"]}"#),
        (Kind::Typed, r"a\.b=x\,y", r#"{"a.b":"x,y"}"#),
        (Kind::Text, "a=1,b=true", r#"{"a":"1","b":"true"}"#),
        (Kind::Json, r#"a={"x":[1,null]},b=2"#, r#"{"a":{"x":[1,null]},"b":2}"#),
        (Kind::File, "a=x.txt", r#"{"a":"content of x.txt"}"#),
    ] {
        assert_eq!(
            prints(&[CHART, template], &with("", &[(kind, line)])),
            [format!("a: {expected}")],
            "{line}"
        );
    }
    for line in ["a", "a,b=1", "a[-1]=x", "a[99999]=x", "a={x", "a.=", "a=1,a.b=2"] {
        let problems = rendered(&[CHART], &with("", &[(Kind::Typed, line)])).1;
        assert_eq!(problems.len(), 1, "{line}");
    }
}

#[test]
fn which_charts_take_part() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n\
        - {name: a, version: ^1.0.0, condition: 'none.at.all,a.enabled', tags: [x]}\n\
        - {name: a, version: 1.x.x, alias: second, tags: [x]}\n\
        - {name: b, version: '>=2', tags: [x, y]}\n";
    let files = |values: &'static str| {
        [
            ("Chart.yaml", chart),
            ("values.yaml", values),
            ("charts/a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.1.0\n"),
            ("charts/a/templates/x.yaml", "a: {{ .Chart.Name }}\n"),
            ("charts/b/Chart.yaml", "apiVersion: v2\nname: b\nversion: 2.0.0\n"),
            ("charts/b/templates/x.yaml", "b: {{ .Chart.Name }}\n"),
            ("charts/lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 2.0.0\ntype: library\n"),
            ("charts/lib/templates/x.yaml", "never: 1\n"),
            ("charts/_off/Chart.yaml", "no chart"),
        ]
    };
    let all = |values| prints(&files(values), &Settings::default());
    assert_eq!(all(""), ["a: a", "b: b", "a: second"]);
    assert_eq!(all("a: {enabled: false}\n"), ["b: b", "a: second"]);
    assert_eq!(all("tags: {x: false}\n"), [""; 0]);
    assert_eq!(all("tags: {x: false, y: true}\na: {enabled: true}\n"), ["a: a", "b: b"]);
}

#[test]
fn what_is_missing_is_said() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n\
        - {name: gone, version: 1.0.0, condition: gone.enabled}\n- {name: old, version: ^2.0.0}\n";
    let files = [
        ("Chart.yaml", chart),
        ("charts/old/Chart.yaml", "apiVersion: v2\nname: old\nversion: 1.1.0\n"),
        ("charts/old/templates/y.yaml", "b: 1\n"),
        ("templates/x.yaml", "a: 1\n"),
    ];
    let (done, problems) = rendered(&files, &Settings::default());
    assert_eq!(texts(&done.expect("rendered")), ["b: 1", "a: 1"]);
    let said: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "the chart `old` is here in version 1.1.0, and ^2.0.0 is wanted: Helm renders it all the same",
            "the chart `gone` is not in charts/: its objects are not judged, and what its templates print is unknown",
        ]
    );
    assert!(problems.iter().all(|problem| problem.place.is_some()));
    let off = with("gone: {enabled: false}\n", &[]);
    assert_eq!(
        rendered(&files, &off).1.last().map(|problem| problem.message.as_str()),
        Some("the chart `old` is here in version 1.1.0, and ^2.0.0 is wanted: Helm renders it all the same"),
        "what is switched off is not missed"
    );
}

#[test]
fn values_of_inner_charts_come_up() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n\
        - name: sub\n  version: 1.0.0\n  import-values:\n  - data\n  - {child: here, parent: there.below}\n";
    let out = prints(
        &[
            ("Chart.yaml", chart),
            ("values.yaml", "port: 80\n"),
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            ("charts/sub/values.yaml", "exports: {data: {port: 1, host: h}}\nhere: {x: 5}\n"),
            ("templates/x.yaml", "a: {{ .Values.port }} {{ .Values.host }} {{ .Values.there.below.x }}\n"),
        ],
        &Settings::default(),
    );
    assert_eq!(out, ["a: 80 h 5"]);
}

#[test]
fn parents_define_last_and_render_last() {
    let out = prints(
        &[
            CHART,
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            ("charts/sub/templates/_h.tpl", "{{ define \"n\" }}sub{{ end }}"),
            (
                "charts/sub/templates/x.yaml",
                "a: {{ include \"n\" . }} {{ set .Values.global \"seen\" \"yes\" | len }}\n",
            ),
            ("templates/_h.tpl", "{{ define \"n\" }}parent{{ end }}"),
            ("templates/a.yaml", "b: {{ include \"n\" . }} {{ .Values.mark }}\n"),
            ("templates/z.yaml", "{{ $_ := set .Values \"mark\" \"z was first\" }}c: 1\n"),
        ],
        &Settings::default(),
    );
    assert_eq!(out, ["a: parent 1", "b: parent z was first", "c: 1"]);
}

#[test]
fn what_is_wrong_has_a_place_and_the_rest_is_rendered() {
    let files = [
        CHART,
        ("values.yaml", "image: {}\n"),
        ("templates/bad.yaml", "a: {{ .Values.image.tag.major }}\n"),
        ("templates/fail.yaml", "{{ required \"name it\" .Values.name }}\n"),
        ("templates/broken.yaml", "a: {{ .Values.x \n"),
        ("templates/odd.yaml", "a: [\n"),
        ("templates/good.yaml", "a: 1\n"),
        ("templates/NOTES.txt", "no: manifest: at all\n"),
    ];
    let (done, problems) = rendered(&files, &Settings::default());
    assert_eq!(texts(&done.expect("rendered")), ["a: 1"]);
    let mut where_: Vec<u32> =
        problems.iter().filter_map(|problem| Some(problem.place.as_ref()?.place.file.0)).collect();
    where_.sort_unstable();
    assert_eq!(where_, [2, 3, 4, 5]);
    let help: Vec<_> = problems.iter().filter_map(|problem| problem.help.as_deref()).collect();
    assert!(help.contains(&"it depends on `image.tag.major` of the chart's values"), "{help:?}");
    assert!(help.contains(&"it depends on `name` of the chart's values"), "{help:?}");
}

#[test]
fn values_are_checked() {
    let schema = r##"{"type": "object", "required": ["name"], "additionalProperties": false,
        "definitions": {"port": {"type": "integer", "maximum": 65535}},
        "properties": {"port": {"$ref": "#/definitions/port"}, "mode": {"enum": ["a", "b"]}, "global": {},
            "name": {"type": "string", "pattern": "^[a-z]+$"}, "on": {"oneOf": [{"type": "boolean"}, {"const": "auto"}]}}}"##;
    let said = |values: &str| messages(&[CHART, ("values.schema.json", schema), ("values.yaml", values)]);
    let prefix = "the schema of the chart `shop` does not allow these values: ";
    assert_eq!(
        said("name: web\nport: 80\nmode: a\non: auto\n"),
        [format!("{prefix}`true` is not known to it")]
    );
    assert_eq!(said("name: web\nport: 80\nmode: a\n\"on\": auto\n"), [""; 0]);
    assert_eq!(
        said("port: eighty\nmode: c\n\"on\": 5\nname: A\n"),
        [
            format!("{prefix}`mode` is to be one of `\"a\"`, `\"b\"`"),
            format!("{prefix}`name` does not match `^[a-z]+$`"),
            format!("{prefix}`on` is in none of the forms that are allowed"),
            format!("{prefix}`port` is text, and is to be a whole number"),
        ]
    );
    assert_eq!(
        said("port: 70000\nextra: 1\n"),
        [
            format!("{prefix}`extra` is not known to it"),
            format!("{prefix}`port` is 70000, and 65535 is the most"),
            "the chart asks for something else: `name` is not set, and has to be".to_owned(),
        ]
    );
    assert_eq!(
        said("port:\nmode:\n"),
        [
            "the chart asks for something else: `name` is not set, and has to be",
            "the chart asks for something else: `mode` is null, and is to be one of `\"a\"`, `\"b\"`",
            "the chart asks for something else: `port` is null, and is to be a whole number",
        ]
    );
}

#[test]
fn definitions_hooks_and_tests_are_marked() {
    let (done, _) = rendered(
        &[
            CHART,
            ("crds/x.yaml", "kind: CustomResourceDefinition\n"),
            ("crds/README.md", "no"),
            ("templates/hook.yaml", "kind: Job\nmetadata: {annotations: {helm.sh/hook: pre-install}}\n"),
            ("templates/tests/t.yaml", "kind: Pod\nmetadata: {annotations: {helm.sh/hook: test}}\n"),
            (
                "templates/d.yaml",
                "kind: Deployment\n{{ if .Values.pdb }}\n---\nkind: PodDisruptionBudget\n{{ end }}",
            ),
            ("templates/off.yaml", "{{ if .Values.pdb }}\nkind: PodDisruptionBudget\n{{ end }}"),
        ],
        &Settings::default(),
    );
    let done = done.expect("rendered");
    let roles: Vec<_> = done.documents.iter().map(|document| document.role).collect();
    assert_eq!(roles, [Role::Definition, Role::Resource, Role::Test, Role::Hook]);
    assert_eq!(done.documents[1].name, "deploy/shop/templates/d.yaml");
    assert_eq!(done.documents[1].called, "shop/templates/d.yaml");
    assert_eq!(done.documents[1].left_out.len(), 1);
    assert_eq!(done.left_out.len(), 1);
}

#[test]
fn the_wanted_version_of_kubernetes() {
    let chart = ("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\nkubeVersion: '>=1.99'\n");
    assert_eq!(messages(&[chart]).len(), 1);
    assert_eq!(messages(&[("Chart.yaml", "name: shop\n")]), ["Chart.yaml: `version` is missing"]);
    assert_eq!(messages(&[("values.yaml", "")]).len(), 1);
}

#[test]
fn a_template_without_end() {
    for text in [
        "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
        "{{ range untilStep 0 1000000000 1 }}{{ range untilStep 0 1000000 1 }}x{{ end }}{{ end }}",
        "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}",
    ] {
        let files = [CHART, ("templates/x.yaml", text)];
        let run = move || rendered(&files, &Settings::default()).1;
        let thread = std::thread::Builder::new().stack_size(super::render::STACK + (8 << 20)).spawn(run);
        let problems = thread.expect("a thread").join().expect("no panic");
        assert_eq!(problems.len(), 1, "{text}");
        assert_eq!(problems[0].severity, Severity::Error);
    }
}

/// What is said about charts of a project, each with two sets of values.
fn in_passing(files: &[(&str, &str)], other: &str) -> Vec<(Severity, String)> {
    let chart = folder(files);
    let troubles = [Settings::default(), with(other, &[])]
        .map(|settings| super::render::attempt(&chart, &settings, &|_| Err(String::new())).1);
    let said = super::said::gather(troubles.iter());
    said.into_iter().map(|problem| (problem.severity, problem.message)).collect()
}

#[test]
fn what_follows_from_a_missing_chart_is_not_said() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n\
        - {name: lib, version: 1.0.0}\n- {name: db, version: 1.0.0, condition: db.enabled}\n";
    let files = [
        ("Chart.yaml", chart),
        ("values.yaml", "db: {enabled: false}\n"),
        ("templates/a.yaml", "a: {{ include \"lib.name\" . }}\n"),
        ("templates/b.yaml", "{{ fail \"name it\" }}\n"),
    ];
    assert_eq!(
        in_passing(&files, "db: {enabled: true}\n"),
        [
            "the charts `lib` and `db` are not in charts/: their objects are not judged, and what their templates print is unknown",
            "the chart asks for something else: name it",
        ]
        .map(|says| (Severity::Info, says.to_owned()))
    );
}

#[test]
fn what_a_missing_chart_would_print_is_unknown() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 1.0.0}\n";
    let template = "a: {{ include \"lib.name\" . }}-x\nb:\n  {{- include \"own\" . | nindent 2 }}\n  c: {{ .Values.c }}\n\
        d: {{ (include \"lib.map\" . | fromYaml).e | quote }}\ng: {{ template \"lib.name\" . }}\n";
    let files = [
        ("Chart.yaml", chart),
        ("values.yaml", "c: 1\n"),
        ("templates/_own.tpl", "{{ define \"own\" }}{{- include \"lib.labels\" . -}}{{ end }}"),
        ("templates/a.yaml", template),
        ("templates/odd.yaml", "l:\n  - a\n{{ include \"lib.more\" . | indent 2 }}\n"),
    ];
    let (done, problems) = rendered(&files, &Settings::default());
    assert_eq!(problems.len(), 1, "{problems:?}");
    let done = done.expect("rendered");
    assert_eq!(
        texts(&done),
        ["a: unknown-here-x\nb:\n  unknown-here: unknown-here\n  c: 1\nd: \ng: unknown-here"]
    );
    let text = &done.documents[0].text;
    let why = |part: &str| {
        let at = text.as_str().find(part).expect("it is there");
        text.origins(at, at + part.len()).into_iter().find_map(|origin| done.origins.unknown(origin))
    };
    assert!(why("unknown-here-x").is_some());
    assert_eq!(why("c: 1"), None);
}

#[test]
fn what_is_random_in_much_else_is_not_forgotten() {
    let template = "{{ $all := dict }}{{ range until 600 }}{{ $_ := set $all (printf \"k%03d\" .) . }}{{ end }}\n\
        known: {{ $all | toJson | b64enc }}\n{{ $_ := set $all \"z\" (randAlphaNum 8) }}\n\
        made: {{ $all | toJson | b64enc }}\n";
    let (done, _) = rendered(&[CHART, ("templates/a.yaml", template)], &Settings::default());
    let done = done.expect("rendered");
    let text = &done.documents[0].text;
    let why = |key: &str| {
        let at = text.as_str().find(key).expect("it is there") + key.len();
        text.origins(at, at + 20).into_iter().find_map(|origin| done.origins.unknown(origin))
    };
    assert_eq!((why("known: "), why("made: ")), (None, Some("a random text")));
}

#[test]
fn errors_of_a_chart_are_said_once_and_not_too_often() {
    let helpers = "{{ define \"x\" }}{{ .Values.image.tag.major }}{{ end }}\n";
    let mut files = vec![
        CHART,
        ("templates/_h.tpl", helpers),
        ("templates/a.yaml", "a: {{ include \"x\" . }}\n"),
        ("templates/b.yaml", "b: {{ include \"x\" . }}\n"),
    ];
    let asks = in_passing(&files, "image: {}\n");
    assert_eq!(asks, [(Severity::Info, "the chart asks for `image.tag`, which is not set".to_owned())]);
    files.push(("values.yaml", "image: {tag: x}\n"));
    let says = |files: &[(&str, &str)]| in_passing(files, "other: 1\n");
    let [(Severity::Warning, one)] = &says(&files)[..] else { panic!("{:?}", says(&files)) };
    assert!(one.contains("cannot be rendered: can't evaluate field"), "{one}");
    let own = "a: {{ .Values.image.tag.minor }}\n";
    files.extend(
        ["templates/c.yaml", "templates/d.yaml", "templates/e.yaml", "templates/f.yaml"]
            .map(|name| (name, own)),
    );
    let all = says(&files);
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(all[3].1, "2 more templates of this chart stop, the next of them here");
}
