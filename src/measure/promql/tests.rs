//! What Prometheus documents, its own limits, and texts that nobody would write.

use super::*;

fn mistake(text: &str) -> Option<Mistake> {
    read(text).err()
}

#[test]
fn takes_what_prometheus_documents() {
    for text in [
        "up == 0",
        "-2^3 * 4",
        "+foo",
        "1e-3 < bool 0x1F",
        "http_requests_total{job=\"prometheus\",group=\"canary\",}",
        "http_requests_total{environment=~\"staging|testing\",method!=\"GET\"} offset 1w",
        "{__name__=~\"job:.*\", replica!=\"rep-a\"}",
        "{\"metric.with.points\", region=\"eu\"}",
        "sum(http_requests_total{method=\"GET\"} @ 1609746000)",
        "rate(http_requests_total[5m] offset -1w @ start())",
        "max_over_time(deriv(rate(distance_covered_total[5s])[30s:5s])[10m:])",
        "avg without (cpu) (rate(node_cpu_seconds_total[1m]))",
        "sum(rate(x[5m])) by (job, le)",
        "topk by (app) (3, sum by (app, proc) (x))",
        "count_values(\"version\", build_version)",
        "a / on(instance, job) group_left(version,) b",
        "method_code:http_errors:rate5m{code=\"500\"} / ignoring(code) method:http_requests:rate5m",
        "a and ignoring (b) c or d unless on() e",
        "histogram_quantile(0.9, sum by (job, le) (rate(x_bucket[10m]))) > 0.5",
        "label_replace(up, \"a\", \"$1\", \"b\", \"(.*):.*\")",
        "absent(up{job=\"api\"}) # nobody",
        "predict_linear(free[6h], 4*24*60*60) < 0",
        "time() - last > 5m",
        "sum > 1",
        "by + without - sum",
        "hour() >= 8 and day_of_week() < 6",
        "max_over_time(x[5m:1m] offset 5m)",
        "foo{a=`\\d`}",
        "Inf > bool NaN",
        "{\"bar\", __name__=\"baz\"}",
        "foo{NaN='bc'}",
    ] {
        assert_eq!(mistake(text), None, "{text}");
    }
}

#[test]
fn refuses_what_prometheus_refuses() {
    for (text, said, place) in [
        ("", "no expression", ""),
        ("sum(up", "unexpected end of input", ""),
        ("up == 0)", "unexpected \")\"", ")"),
        ("up = 0", "unexpected \"=\"", "="),
        ("up => 0", "unexpected \"=\"", "="),
        ("1 > 2", "must use BOOL", "1 > 2"),
        ("up and 1", "set operator not allowed", "up and 1"),
        ("rate(up)", "expected type range vector in call to function \"rate\"", "up"),
        ("up[5m]", "a rule needs an instant vector", "up[5m]"),
        ("sum(up[5m])", "expected type instant vector in aggregation", "up[5m]"),
        ("rate(sum(up)[5m])", "ranges only allowed for vector selectors", "]"),
        ("(up) offset 5m", "offset modifier must be preceded", "offset"),
        ("{a=\"\"}", "at least one non-empty matcher", "{a=\"\"}"),
        ("up{job=api}", "unexpected identifier \"api\"", "api"),
        ("up{job=\"a\\.b\"}", "unknown escape sequence", "\\."),
        ("up{job=\"a}", "unterminated", "\"a}"),
        ("rat(up[5m])", "unknown function", "rat"),
        ("rate(up[0s])", "duration must be greater than 0", "]"),
        ("topk(up)", "wrong number of arguments", "("),
        ("clamp(up)", "expected 3 argument(s)", "clamp(up)"),
        ("a + bool b", "bool modifier", "a + bool b"),
        ("a and on(x) group_left b", "no grouping allowed", "a and on(x) group_left b"),
        ("a * on(x) group_left(x) b", "must not occur", "a * on(x) group_left(x) b"),
        ("rate(up[5mm])", "bad number or duration", "5mm"),
        ("up limit 5", "unexpected identifier", "limit"),
    ] {
        let found = mistake(text).unwrap_or_else(|| panic!("{text} is taken"));
        assert!(found.text.contains(said), "{text}: {}", found.text);
        assert_eq!(&text[found.range.clone()], place, "{text}");
    }
}

#[test]
fn other_languages_are_known_as_such() {
    for text in
        ["{app=\"x\"} |= \"error\"", "rate(x[$__rate_interval])", "x > {{ .Values.limit }}", "x > ${LIMIT}"]
    {
        assert_eq!(mistake(text).map(|found| found.dialect), Some(Dialect::Foreign), "{text}");
    }
    for text in ["rate(up)", "a default 0", "increase_pure(x[5m])"] {
        assert_eq!(mistake(text).map(|found| found.dialect), Some(Dialect::Wider), "{text}");
    }
}

#[test]
fn operators_bind_as_documented() {
    let shape = |text: &str| -> String {
        fn show(expr: &Expr) -> String {
            match &expr.kind {
                ExprKind::Binary(binary) => format!("({} {})", show(&binary.left), show(&binary.right)),
                ExprKind::Sign(of, _) => format!("-{}", show(of)),
                ExprKind::Selector(selector) => selector.metric.clone(),
                _ => "?".to_owned(),
            }
        }
        parse(text).map(|expr| show(&expr)).unwrap_or_default()
    };
    assert_eq!(shape("a or b and c == d + e * f ^ g"), "(a (b (c (d (e (f g))))))");
    assert_eq!(shape("a ^ b ^ c"), "(a (b c))");
    assert_eq!(shape("a - b - c"), "((a b) c)");
    assert_eq!(shape("a unless b and c"), "((a b) c)");
    assert_eq!(shape("-a ^ b"), "-(a b)");
    assert_eq!(shape("-a * b"), "(-a b)");
}

#[test]
fn selectors_know_their_places() {
    let text = "sum by (queue) (rabbitmq_queue_messages{queue=~\"orders\\\\.dead|x\", vhost!='/'}) > 10 and on(queue) up offset 5m";
    let expr = parse(text).unwrap_or_else(|mistake| panic!("{mistake:?}"));
    let found: Vec<(&str, &str)> =
        expr.selectors().into_iter().map(|(one, range)| (one.metric.as_str(), &text[range])).collect();
    assert_eq!(
        found,
        [
            ("rabbitmq_queue_messages", "rabbitmq_queue_messages{queue=~\"orders\\\\.dead|x\", vhost!='/'}"),
            ("up", "up offset 5m")
        ]
    );
    assert_eq!(expr.selectors()[0].0.matchers[0].value, "orders\\.dead|x");
}

#[test]
fn labels_follow_aggregations_and_joins() {
    let can = |text: &str, label: &str| {
        labels::of(&parse(text).unwrap_or_else(|mistake| panic!("{mistake:?}"))).can_have(label)
    };
    assert!(can("up", "instance"));
    assert!(!can("sum(up)", "instance"));
    assert!(can("sum by (instance) (up) > 0", "instance"));
    assert!(!can("sum without (instance) (up)", "instance"));
    assert!(can("sum without (instance) (up)", "job"));
    assert!(can("topk(3, up)", "instance"));
    assert!(can("sum(a) by (x) / on(x) sum(b) by (x, y)", "x"));
    assert!(!can("a / on(x) b", "y"));
    assert!(!can("a / ignoring(x) b", "x"));
    assert!(can("a * on(x) group_left(y) sum(b) by (x, y)", "y"));
    assert!(can("a * on(x) group_left b", "z"));
    assert!(!can("sum(a) by (x) * on(x) group_left(z) sum(b) by (x, y)", "y"));
    assert!(can("sum(a) or b", "x"));
    assert!(!can("sum(a) and b", "x"));
    assert!(can("absent(up{job=\"api\"})", "job"));
    assert!(!can("absent(up{job=\"api\"})", "instance"));
    assert!(!can("absent(up{job=~\"api\"})", "job"));
    assert!(can("label_replace(sum(a), \"x\", \"$1\", \"y\", \"(.*)\")", "x"));
    assert!(can("count_values(\"version\", a)", "version"));
    assert!(!can("histogram_quantile(0.9, rate(a_bucket[5m]))", "le"));
    assert!(can("5 * a", "x"));
}

#[test]
fn comparisons_that_are_never_true_are_found() {
    let never = |text: &str| -> Option<String> {
        let expr = parse(text).unwrap_or_else(|mistake| panic!("{mistake:?}"));
        bounds::never(&expr).map(|never| text[never.comparison.range.clone()].to_owned())
    };
    assert_eq!(never("count(up == 1) == 0").as_deref(), Some("count(up == 1) == 0"));
    assert_eq!(never("count by (job) (up) < 1").as_deref(), Some("count by (job) (up) < 1"));
    assert_eq!(never("absent(up) == 0").as_deref(), Some("absent(up) == 0"));
    assert_eq!(never("up > 1").as_deref(), Some("up > 1"));
    assert_eq!(never("a and rate(b[5m]) < 0").as_deref(), Some("rate(b[5m]) < 0"));
    assert_eq!(never("0 > sum(rate(b[5m]))").as_deref(), Some("0 > sum(rate(b[5m]))"));
    assert_eq!(never("(x < 3) > 5").as_deref(), Some("(x < 3) > 5"));
    for text in [
        "count(up) == 1",
        "count(up) < 3",
        "x == 0",
        "sum(up) < 2",
        "sum(up == bool 1) == 0",
        "count(up == 0) or vector(0) == 0",
        "vector(1) == 0",
        "(1 - a / b) * 100 > 90",
        "rate(a[5m]) / rate(b[5m]) > 1",
        "absent(up) > 0",
        "x > NaN",
        "-rate(x[5m]) < 0",
        "a != a",
        "count(x) - count(y) == 0",
        "delta(x[5m]) < 0",
        "time() - x < 0",
        "sum(a) - sum(b) < 0",
    ] {
        assert_eq!(never(text), None, "{text}");
    }
}

#[test]
fn no_text_makes_it_fail() {
    for text in [
        "{",
        "a{b=",
        "a{b=\"",
        "\"",
        "[",
        "a{ä=\"ö\"}",
        "é",
        "by (",
        "1e",
        "a{b=~",
        "a @",
        "a offset",
        "sum by",
        "-",
        "0x",
        "1__0",
    ] {
        let _ = mistake(text);
    }
    assert!(mistake(&"(".repeat(100_000)).is_some());
    assert!(mistake(&"-".repeat(100_000)).is_some());
    assert!(mistake(&vec!["a"; 100_000].join("+")).is_some());
    assert!(mistake(&format!("a{}", "[5m:]".repeat(100_000))).is_some());
}
