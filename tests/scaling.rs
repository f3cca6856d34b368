//! Four times as many objects take about four times as long, however they hang together: no join compares all with all.
//!
//! What is measured is the time that the processor spent, so a busy machine does no harm; what is asked of each shape is far
//! from both answers, four times as long and sixteen times as long.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use camino::{Utf8Path, Utf8PathBuf};
use steadfast::config::{Config, Flags};
use steadfast::lint::{self, Inputs};
use steadfast::render::kustomize::{Project, build};
use steadfast::source::FileId;
use steadfast::syntax::tree::Tree;
use steadfast::syntax::yaml;

/// How many objects of each kind there are, and four times as many.
const FEW: usize = 500;
const MANY: usize = 4 * FEW;
/// More than this many times as long is no straight line any more.
const BENT: f64 = 7.0;

/// Objects that all belong to one unit, one file and one namespace unless they say otherwise.
type Shape = (&'static str, fn(usize) -> String);

const SHAPES: [Shape; 17] = [
    ("routes that lead nowhere", |n| {
        format!(
            "{}{}",
            object("v1", "Service", &format!("there-{n}"), "selector: { app: x }, ports: [{ port: 80 }]"),
            object(
                "networking.k8s.io/v1",
                "Ingress",
                &format!("route-{n}"),
                &format!("defaultBackend: {{ service: {{ name: nowhere-{n}, port: {{ number: 80 }} }} }}"),
            )
        )
    }),
    ("routes into another namespace", |n| {
        let route = format!(
            "parentRefs: [{{ name: gate }}], rules: [{{ backendRefs: [{{ name: there-{n}, namespace: other-{n}, port: 80 }}] }}]"
        );
        let grant = format!(
            "from: [{{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: elsewhere-{n} }}], \
             to: [{{ group: \"\", kind: Service }}]"
        );
        format!(
            "{}{}",
            object_in(
                &format!("here-{n}"),
                "gateway.networking.k8s.io/v1",
                "HTTPRoute",
                &format!("route-{n}"),
                &route
            ),
            object_in(
                &format!("other-{n}"),
                "gateway.networking.k8s.io/v1beta1",
                "ReferenceGrant",
                &format!("grant-{n}"),
                &grant
            )
        )
    }),
    ("scalers of nothing", |n| {
        let aim = format!(
            "scaleTargetRef: {{ apiVersion: apps/v1, kind: Deployment, name: nobody-{n} }}, minReplicas: 2, maxReplicas: 4"
        );
        let scaler = object("autoscaling/v2", "HorizontalPodAutoscaler", &format!("scaler-{n}"), &aim);
        format!("{scaler}{}", deployment(n))
    }),
    ("canaries", |n| {
        let aim = format!(
            "scaleTargetRef: {{ apiVersion: apps/v1, kind: Deployment, name: work-{n} }}, maxReplicas: 4"
        );
        let canary = format!("targetRef: {{ apiVersion: apps/v1, kind: Deployment, name: work-{n} }}");
        format!(
            "{}{}{}",
            object("autoscaling/v2", "HorizontalPodAutoscaler", &format!("scaler-{n}"), &aim),
            object("flagger.app/v1beta1", "Canary", &format!("canary-{n}"), &canary),
            deployment(n)
        )
    }),
    ("limits, one for each namespace", |n| {
        let there = format!("team-{n}");
        let limit = object_in(
            &there,
            "v1",
            "LimitRange",
            "limits",
            "limits: [{ type: Container, default: { memory: 1Gi } }]",
        );
        format!("{limit}{}", object_in(&there, "apps/v1", "Deployment", "work", &pods(n)))
    }),
    ("limits of one namespace", |n| {
        let limits = "limits: [{ type: Container, default: { memory: 1Gi } }]";
        let limit = object("v1", "LimitRange", &format!("limits-{n}"), limits);
        format!("{limit}{}", deployment(n))
    }),
    ("quotas of one namespace", |n| {
        let quota = "hard: { requests.cpu: 100k, limits.memory: 1Pi, pods: 1M }";
        let asks = "resources: { requests: { cpu: 1, memory: 1Gi }, limits: { memory: 1Gi } }, name: main";
        let quota = object("v1", "ResourceQuota", &format!("quota-{n}"), quota);
        format!("{quota}{}", deployment(n).replace("name: main", asks))
    }),
    ("budgets by expressions", |n| {
        let asks = format!("matchExpressions: [{{ key: app, operator: In, values: [work-{n}] }}]");
        let budget = format!("maxUnavailable: 1, selector: {{ {asks} }}");
        format!(
            "{}{}",
            object("policy/v1", "PodDisruptionBudget", &format!("budget-{n}"), &budget),
            deployment(n)
        )
    }),
    ("claims that nobody makes", |n| {
        let claim = format!(
            "selector: {{ matchLabels: {{ app: c-{n} }} }}, template: {{ metadata: {{ labels: {{ app: c-{n} }} }}, spec: {{ \
             volumes: [{{ name: data, persistentVolumeClaim: {{ claimName: data-nobody-{n} }} }}], \
             containers: [{{ name: main, image: \"work:1.2.3\" }}] }} }}"
        );
        let set = format!(
            "serviceName: set-{n}, {}, volumeClaimTemplates: [{{ metadata: {{ name: data }}, spec: {{ accessModes: [ReadWriteOnce] }} }}]",
            pods(n)
        );
        format!(
            "{}{}",
            object("apps/v1", "Deployment", &format!("user-{n}"), &claim),
            object("apps/v1", "StatefulSet", &format!("set-{n}"), &set)
        )
    }),
    ("budgets over nothing", |n| {
        let budget = format!("maxUnavailable: 1, selector: {{ matchLabels: {{ app: nobody-{n} }} }}");
        format!(
            "{}{}",
            object("policy/v1", "PodDisruptionBudget", &format!("budget-{n}"), &budget),
            deployment(n)
        )
    }),
    ("services over nothing", |n| {
        format!("{}{}", service(&format!("lost-{n}"), &format!("app: nobody-{n}")), deployment(n))
    }),
    ("services by a label that no pod has", |n| {
        format!("{}{}", service(&format!("lost-{n}"), &format!("tier: nobody-{n}")), deployment(n))
    }),
    ("services over nothing beside pods that have theirs", |n| {
        format!(
            "{}{}{}",
            service(&format!("lost-{n}"), &format!("app: nobody-{n}")),
            service(&format!("found-{n}"), &format!("app: work-{n}")),
            deployment(n)
        )
    }),
    ("one label for all, and another for each", |n| {
        let labels = format!("part-of: shop, app: work-{n}");
        let budget = format!("maxUnavailable: 1, selector: {{ matchLabels: {{ {labels} }} }}");
        format!(
            "{}{}{}",
            service(&format!("front-{n}"), &labels),
            object("policy/v1", "PodDisruptionBudget", &format!("budget-{n}"), &budget),
            deployment(n)
                .replace(&format!("labels: {{ app: work-{n} }}"), &format!("labels: {{ {labels} }}"))
        )
    }),
    ("settings that nobody makes", |n| {
        let from = format!("envFrom: [{{ configMapRef: {{ name: nowhere-{n} }} }}], name: main");
        deployment(n).replace("name: main", &from)
    }),
    ("functions and their queues in one template", |n| {
        let head = if n == 0 { "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n" } else { "" };
        format!(
            "{head}  Queue{n}: {{ Type: AWS::SQS::Queue }}\n  Work{n}: {{ Type: AWS::Lambda::Function, Properties: {{ Timeout: 30 }} }}\n  \
             Feed{n}:\n    Type: AWS::Lambda::EventSourceMapping\n    \
             Properties: {{ EventSourceArn: !GetAtt Queue{n}.Arn, FunctionName: !Ref Work{n} }}\n"
        )
    }),
    ("keys that are written twice", |n| {
        object(
            "apps/v1",
            "Deployment",
            &format!("twice-{n}"),
            &format!("replicas: 1, replicas: 2, {}", pods(n)),
        )
    }),
];

/// Entries of a kustomization under the key that comes first, each for a workload of its own.
const ENTRIES: [Shape; 6] = [
    ("patches", |n| {
        format!(
            "- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{ name: work-{n}, namespace: team }}\n    \
             spec: {{ replicas: 3 }}\n"
        )
    }),
    ("patches", |n| {
        format!(
            "- target: {{ kind: Deployment, name: work-{n} }}\n  \
             patch: '{{ kind: Deployment, metadata: {{ name: any }}, spec: {{ replicas: 3 }} }}'\n"
        )
    }),
    ("patches", |n| {
        format!(
            "- target: {{ kind: Deployment, name: work-{n} }}\n  \
             patch: '[{{ op: add, path: /spec/replicas, value: 3 }}]'\n"
        )
    }),
    ("patches", |n| {
        format!(
            "- patch: '{{ apiVersion: apps/v1, kind: Deployment, metadata: {{ name: work-{n}, namespace: team }}, $patch: delete }}'\n"
        )
    }),
    ("replicas", |n| format!("- {{ name: work-{n}, count: 3 }}\n")),
    ("replacements", |n| {
        format!(
            "- source: {{ kind: Deployment, name: work-{n} }}\n  targets:\n  \
             - {{ select: {{ name: work-{n} }}, fieldPaths: [spec.template.metadata.labels.app] }}\n"
        )
    }),
];

#[test]
fn no_join_compares_all_with_all() {
    all_straight(SHAPES.map(|(what, shape)| (what.to_owned(), move |count, runs| time(shape, count, runs))));
}

#[test]
fn no_entry_of_a_kustomization_asks_all_resources() {
    all_straight((0..).zip(ENTRIES).map(|(nth, (key, entry))| {
        (format!("{key} of kind {nth}"), move |count, runs| time_to_build(key, entry, count, runs))
    }));
}

fn all_straight<T: Fn(usize, usize) -> Duration>(times: impl IntoIterator<Item = (String, T)>) {
    let mut bent = Vec::new();
    for (what, time) in times {
        // Other work on the machine bends a curve, too: what looks bent is measured once more, and more often.
        let (mut few, mut many) = (time(FEW, 1), time(MANY, 1));
        if ratio(few, many) > BENT {
            (few, many) = (time(FEW, 3), time(MANY, 3));
        }
        let ratio = ratio(few, many);
        if ratio > BENT {
            bent.push(format!("{what}: {few:?}, and {many:?} for four times as many ({ratio:.1} times)"));
        }
    }
    assert!(bent.is_empty(), "\n{}", bent.join("\n"));
}

fn ratio(few: Duration, many: Duration) -> f64 {
    many.as_secs_f64() / few.as_secs_f64().max(0.01)
}

/// The best of some runs with every rule asked.
fn time(shape: fn(usize) -> String, objects: usize, runs: usize) -> Duration {
    let folder = env::temp_dir().join(format!("steadfast-scaling-{}", process::id()));
    let root = Utf8PathBuf::from_path_buf(folder).unwrap();
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("all.yaml"), (0..objects).map(shape).collect::<String>()).unwrap();
    let today = "2026-11-20".parse().unwrap();
    let config = Config::new(today).with_flags(Flags { pedantic: true, ..Flags::default() });
    let inputs = Inputs { root: root.clone(), ..Inputs::default() };
    let run = || {
        let start = spent();
        let outcome = lint::check(&config, &inputs);
        assert!(!outcome.failed, "{:?}", outcome.diagnostics);
        assert!(outcome.summary.objects >= objects, "{} objects", outcome.summary.objects);
        spent() - start
    };
    let best = (0..runs).map(|_| run()).min().unwrap();
    fs::remove_dir_all(&root).unwrap();
    best
}

/// The best of some builds of an overlay with as many entries as resources.
fn time_to_build(key: &str, entry: fn(usize) -> String, count: usize, runs: usize) -> Duration {
    let entries: String = (0..count).map(entry).collect();
    let texts = [
        ("kustomization.yaml", format!("resources: [all.yaml]\n{key}:\n{entries}")),
        ("all.yaml", (0..count).map(deployment).collect()),
    ];
    let parsed: Vec<(&Utf8Path, Tree)> = (0..)
        .zip(texts)
        .map(|(id, (path, text))| (Utf8Path::new(path), yaml::parse(FileId(id), Arc::from(text)).tree))
        .collect();
    let trees: Vec<(&Utf8Path, &Tree)> = parsed.iter().map(|(path, tree)| (*path, tree)).collect();
    let run = || {
        let start = spent();
        let built = build(&Project { trees: &trees, read: &|_| None, made: &|_| false, chart: &|_| None });
        assert!(built.notes.is_empty(), "{:?}", built.notes);
        spent() - start
    };
    (0..runs).map(|_| run()).min().unwrap()
}

/// What the processor has spent on this program, where the system tells; else what the clock on the wall says.
fn spent() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, in hundredths of a second: the 12th and the 13th.
    let ticks: Vec<u64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| {
            rest.split_whitespace().skip(11).take(2).filter_map(|tick| tick.parse().ok()).collect()
        })
        .unwrap_or_default();
    match ticks.as_slice() {
        [user, system] => Duration::from_millis(10 * (user + system)),
        _ => START.elapsed(),
    }
}

fn object(version: &str, kind: &str, name: &str, spec: &str) -> String {
    object_in("team", version, kind, name, spec)
}

fn object_in(namespace: &str, version: &str, kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{ name: {name}, namespace: {namespace} }}\nspec: {{ {spec} }}\n"
    )
}

fn service(name: &str, labels: &str) -> String {
    object("v1", "Service", name, &format!("selector: {{ {labels} }}, ports: [{{ port: 80 }}]"))
}

fn deployment(n: usize) -> String {
    object("apps/v1", "Deployment", &format!("work-{n}"), &pods(n))
}

fn pods(n: usize) -> String {
    format!(
        "selector: {{ matchLabels: {{ app: work-{n} }} }}, template: {{ metadata: {{ labels: {{ app: work-{n} }} }}, \
         spec: {{ containers: [{{ name: main, image: \"work:1.2.3\" }}] }} }}"
    )
}
