//! A run as it might be, made by hand: what every format is shown with.

use std::time::Duration;

use crate::finding::{
    About, Confidence, Diagnostic, Finding, Label, Members, Severity, Standing, SubjectName,
};
use crate::outcome::{AskedRule, Outcome, RuleInfo, Summary, Suppressed, Undecided};
use crate::source::{FileId, Place, SourceFile, Sources, Span};

const BUDGET: &str = "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: checkout
  namespace: shop
spec:
  selector: { matchLabels: { app: checkout } }
  minAvailable: 3
";

const SCALER: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: checkout
  namespace: shop
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: checkout
  # quiet hours
  minReplicas: 3
  maxReplicas: 12
";

const SHOP: &str = "\
apiVersion: apps/v1\r
kind: Deployment\r
metadata:\r
  name: größe 漢字\r
  namespace: shop\r
spec:\r
  template:\r
    spec:\r
      containers:\r
        - name: db\r
\t  livenessProbe:\r
            exec: { command: [pg_isready, -t, \"5\"] }\r
          image: shop/db\r
        - { name: web, image: \"registry.example.com:5000/shop/web@sha256:4f2a9c1b7d3e5f60718293a4b5c6d7e8f9011a2b3c4d5e6f708192a3b4c5d6e7f\", imagePullPolicy: Always, stdin: true }\r
  # steadfast: ignore[probes]\r
  replicas: 3";

/// Seven deployments that lack the same thing.
fn copies() -> String {
    (1..=7)
        .map(|n| format!("kind: Deployment\nmetadata: {{ name: worker-{n} }}\nspec: {{}}\n---\n"))
        .collect()
}

/// The place of a text in a file, from its first occurrence on.
fn at(sources: &Sources, path: &str, text: &str) -> Place {
    let found = sources.iter().find(|(_, file)| file.path == path);
    let (file, start) =
        found.and_then(|(id, file)| Some((id, file.text.find(text)?))).expect("it is in the sample");
    Place { file, span: Span::new(start as u32, (start + text.len()) as u32) }
}

fn label(place: Place, message: &str) -> Label {
    Label { place, message: message.into() }
}

fn subject(kind: &str, name: &str, namespace: Option<&str>) -> SubjectName {
    SubjectName { kind: kind.into(), name: name.into(), namespace: namespace.map(String::from) }
}

fn rule(id: &str, severity: Severity, title: &str, why: &str) -> RuleInfo {
    RuleInfo {
        id: id.into(),
        family: id.split('/').next().unwrap_or_default().into(),
        severity,
        confidence: Confidence::High,
        default: true,
        title: title.into(),
        why: why.into(),
        subject: "workload".into(),
        fix: None,
        url: format!("https://steadfast.dev/rules/{id}"),
        page: format!("---\non: workload\nseverity: {severity}\n---\n# {title}\n\n{why}\n"),
        references: vec!["Kubernetes: Disruptions".into()],
    }
}

/// A finding at a place, with all else empty.
pub(super) fn finding(rule: &str, severity: Severity, message: &str, primary: Label) -> Finding {
    Finding {
        rule: rule.into(),
        severity,
        confidence: Confidence::High,
        message: message.into(),
        help: None,
        subject: SubjectName::default(),
        also: Vec::new(),
        unit: "k8s".into(),
        primary,
        related: Vec::new(),
        path: String::new(),
        seen_with: Vec::new(),
        object: String::new(),
        members: Members::One(Standing::default()),
    }
}

/// A run with something of everything.
pub(super) fn run() -> Outcome {
    let sources = Sources::new(vec![
        SourceFile::new("apps/shop & co/größe.yaml", SHOP),
        SourceFile::new("k8s/budget.yaml", BUDGET),
        SourceFile::new("k8s/scaler.yaml", SCALER),
        SourceFile::new("k8s/workers.yaml", copies()),
    ]);
    let shop = "apps/shop & co/größe.yaml";
    let mut findings = Vec::new();

    findings.push(Finding {
        help: Some("set `timeoutSeconds: 6`".into()),
        subject: subject("container", "db", None),
        path: "spec.template.spec.containers[name=db].livenessProbe".into(),
        confidence: Confidence::Medium,
        ..finding(
            "probes/timeout-shorter-than-call",
            Severity::Warning,
            "the liveness probe of `db` gives `pg_isready -t 5` 1 s",
            label(at(&sources, shop, "livenessProbe:"), "no `timeoutSeconds`: Kubernetes uses 1 s"),
        )
    });
    findings.push(Finding {
        subject: subject("container", "web", None),
        path: "spec.template.spec.containers[name=web].imagePullPolicy".into(),
        related: vec![
            label(at(&sources, shop, "sha256"), "a digest never changes"),
            label(at(&sources, shop, "replicas: 3"), ""),
        ],
        seen_with: vec!["defaults".into(), "ci/small-values.yaml".into()],
        ..finding(
            "rollout/pull-always-of-digest",
            Severity::Info,
            "`web` asks the registry at each start for an image that cannot have changed",
            label(at(&sources, shop, "Always"), "so an outage of the registry stops restarts"),
        )
    });
    findings.push(Finding {
        help: Some("set `maxUnavailable: 1` instead".into()),
        subject: subject("Deployment", "checkout", Some("shop")),
        also: ["a", "b", "c", "d", "e"].map(|name| subject("Deployment", name, Some("shop"))).into(),
        path: "spec.minAvailable".into(),
        related: vec![
            label(at(&sources, "k8s/scaler.yaml", "3\n  max"), "at night there are only 3"),
            label(at(&sources, shop, "größe 漢字"), "these pods"),
        ],
        ..finding(
            "disruption/keeper-blocks-drain",
            Severity::Error,
            "`checkout` may never be evicted: 3 replicas at least, and 3 must stay",
            label(at(&sources, "k8s/budget.yaml", "3\n"), "3 pods must stay"),
        )
    });
    for n in 1..=7 {
        let name = format!("worker-{n}");
        findings.push(Finding {
            help: Some("add a `readinessProbe`".into()),
            subject: subject("Deployment", &name, None),
            path: if n < 7 { name.clone() } else { "worker-6".into() },
            ..finding(
                "probes/no-alertness",
                Severity::Error,
                &format!("`{name}` gets traffic before it is ready"),
                label(at(&sources, "k8s/workers.yaml", &name), ""),
            )
        });
    }

    let broken = label(at(&sources, "k8s/scaler.yaml", "# quiet hours"), "this comment");
    let diagnostics = vec![
        Diagnostic {
            about: About::Input,
            severity: Severity::Error,
            message: "a tab cannot indent YAML".into(),
            help: Some("indent with spaces".into()),
            place: Some(label(at(&sources, shop, "\t"), "a tab")),
            file: None,
        },
        Diagnostic {
            about: About::NotJudged,
            severity: Severity::Info,
            message: "a template without its chart".into(),
            help: None,
            place: None,
            file: Some("old/templates/service.yaml".into()),
        },
        Diagnostic {
            about: About::Suppression,
            severity: Severity::Warning,
            message: "`ignore[probes]` has no reason".into(),
            help: Some("say why: `# steadfast: ignore[probes] the sidecar restarts it`".into()),
            place: Some(label(at(&sources, shop, "ignore[probes]"), "a reason belongs here")),
            file: None,
        },
        Diagnostic {
            about: About::Config,
            severity: Severity::Warning,
            message: "the override for `legacy/**` matches no file".into(),
            help: None,
            place: None,
            file: Some("steadfast.toml".into()),
        },
    ];
    let suppressed = vec![Suppressed {
        finding: finding("probes/no-vitality", Severity::Warning, "`checkout` has no liveness probe", broken),
        by: "comment",
        reason: "restarts would lose carts".into(),
    }];
    let undecided = vec![
        Undecided {
            rule: "scaling/end-below-min".into(),
            subject: "Deployment api".into(),
            at: "k8s/api.yaml:4".into(),
            reason: "`replicas` is set by `${REPLICAS}`".into(),
            applies: true,
        },
        Undecided {
            rule: "stateful/no-anti-affinity".into(),
            subject: "StatefulSet db".into(),
            at: "k8s/a long way/to/the/file/with the database of the shop.yaml:120".into(),
            reason: "the storage class `fast` is in no file".into(),
            applies: false,
        },
    ];
    Outcome {
        idle: Vec::new(),
        findings,
        diagnostics,
        suppressed,
        undecided,
        summary: Summary {
            files: 214,
            documents: 1200,
            objects: 1102,
            subjects: 2310,
            rules: 38,
            skipped: vec![("templates without their chart".into(), 2), ("file over 8 MiB".into(), 1)],
            errors: 8,
            warnings: 1,
            infos: 1,
            suppressed: 1,
            undecided: 2,
            hidden: 1,
        },
        rules: [
            rule(
                "disruption/keeper-blocks-drain",
                Severity::Error,
                "A budget that no drain can satisfy",
                "A drain waits for ever: node upgrades hang, and somebody deletes the budget by hand at 3 a.m.",
            ),
            RuleInfo {
                fix: Some("unsafe".into()),
                ..rule(
                    "probes/no-alertness",
                    Severity::Error,
                    "Traffic comes before the pod is ready",
                    "Without a readiness probe a pod is ready when its process starts, and each rollout drops requests.",
                )
            },
            RuleInfo {
                confidence: Confidence::Medium,
                ..rule(
                    "probes/timeout-shorter-than-call",
                    Severity::Warning,
                    "A probe that is given less time than its command takes",
                    "The kubelet gives up before the command can answer, so a slow answer counts as a failure and a busy database is restarted.",
                )
            },
            rule(
                "rollout/pull-always-of-digest",
                Severity::Info,
                "Pulling what cannot change",
                "Pods that restart while the registry is down stay down.",
            ),
            rule(
                "scaling/end-below-min",
                Severity::Error,
                "A maximum below the minimum",
                "The scaler does nothing.",
            ),
        ]
        .map(|info| AskedRule::new(info.id.clone(), move || info))
        .into(),
        timings: vec![("read", Duration::from_micros(12_345)), ("judge", Duration::from_micros(678))],
        failed: false,
        spent: None,
        sources,
    }
}

/// A run with nothing to say.
pub(super) fn clean() -> Outcome {
    let summary =
        Summary { files: 1, documents: 3, objects: 3, subjects: 9, rules: 38, ..Summary::default() };
    Outcome { summary, rules: run().rules, ..Outcome::default() }
}

/// A run with many findings, of fifty rules.
pub(super) fn many(findings: usize) -> Outcome {
    let text: String = (0..findings).map(|n| format!("  key{n}: value{n}\n")).collect();
    let file = SourceFile::new("k8s/big.yaml", text);
    let places: Vec<Place> =
        (0..findings).map(|n| Place { file: FileId(0), span: file.line_span(n) }).collect();
    let severities = [Severity::Warning, Severity::Error, Severity::Info];
    let findings = places.iter().enumerate().map(|(n, place)| Finding {
        path: format!("key{n}"),
        help: Some(format!("set `key{n}` to {}", n * 7919 % 10_007)),
        related: vec![label(places[n / 2], "this is the other end of it"), label(places[n / 3], "and this")],
        ..finding(
            &format!("family/rule-{:02}", n % 50),
            severities[n % 50 % 3],
            &format!("`key{n}` has `value{n}`, and {} is not enough", n * 31 % 997),
            label(*place, "here"),
        )
    });
    let findings: Vec<Finding> = findings.collect();
    let rules =
        (0..50).map(|n| rule(&format!("family/rule-{n:02}"), severities[n % 3], "A title", "A reason."));
    Outcome {
        findings,
        rules: rules.map(|info| AskedRule::new(info.id.clone(), move || info)).collect(),
        summary: Summary { files: 1, objects: 1, subjects: 1, rules: 50, ..Summary::default() },
        sources: Sources::new(vec![file]),
        ..Outcome::default()
    }
}
