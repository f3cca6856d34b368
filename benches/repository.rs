//! How long steadfast takes over a generated repository, and the generator itself.
//!
//! `cargo bench --bench repository` measures 10,000 and 20,000 documents of about 550 bytes and a small folder, once by the
//! rules that are asked by default and once by every rule, and fails where a bound is broken. `cargo bench --bench repository -- generate FOLDER DOCUMENTS` only writes such a repository.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use camino::Utf8PathBuf;
use rayon::prelude::*;
use steadfast::source::FileId;
use steadfast::source::discover::{Walk, discover, read};
use steadfast::syntax::{self, Parsed};

fn main() {
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [command, folder, documents] = args.as_slice()
        && command == "generate"
    {
        let (files, bytes) = generate(Path::new(folder), documents.parse().unwrap());
        println!("{files} files, {bytes} bytes in {folder}");
        return;
    }
    let folder = env::temp_dir().join(format!("steadfast-bench-{}", std::process::id()));
    let broken = measure(&folder);
    fs::remove_dir_all(&folder).unwrap();
    assert!(broken.is_empty(), "too slow or too large: {}", broken.join("; "));
}

/// The rules that are asked, and the flags that ask them.
const SETS: [(&str, &[&str]); 2] = [("the default set", &[]), ("every rule", &["--pedantic"])];

/// How often each is measured; the best counts, for what else runs on the machine only adds to it.
const TURNS: usize = 30;

/// Measures, prints, and returns the bounds that are broken.
fn measure(folder: &Path) -> Vec<String> {
    let mut broken = Vec::new();
    let small = folder.join("small");
    let ten = folder.join("ten");
    let twenty = folder.join("twenty");
    generate(&small, 6);
    let (files, bytes) = generate(&ten, 10_000);
    println!("10,000 documents: {files} files, {bytes} bytes");
    generate(&twenty, 20_000);
    for (set, flags) in SETS {
        println!("{set}");
        let [mut wall_small, mut wall_ten, mut wall_twenty, mut thorough] = [Duration::MAX; 4];
        let mut steps = Vec::new();
        // In turns, since what is compared has to meet the machine in the same minutes.
        for _ in 0..TURNS {
            wall_small = wall_small.min(once(&small, flags));
            wall_ten = wall_ten.min(once(&ten, flags));
            wall_twenty = wall_twenty.min(once(&twenty, flags));
            thorough = thorough.min(read_thoroughly(&ten));
            timings(&ten, flags, &mut steps);
        }
        for (step, seconds) in &steps {
            println!("  {step}: {:.1} ms", seconds * 1e3);
        }
        println!("  read and parse, by the parser proper alone: {:.1} ms", ms(thorough));
        let total: f64 = steps.iter().map(|(_, seconds)| seconds).sum();
        let mut bound = |what: &str, value: f64, limit: f64, unit: &str| {
            println!("  {what}: {value:.1} {unit} (at most {limit:.1})");
            if value > limit {
                broken.push(format!("{set}: {what} {value:.1} {unit} > {limit:.1}"));
            }
        };
        bound("one small folder", ms(wall_small), 8.0, "ms");
        bound("10,000 documents", ms(wall_ten), 200.0, "ms");
        bound("20,000 documents", ms(wall_twenty), 2.2 * ms(wall_ten).max(100.0), "ms");
        // What is written as usual is cut without the parser, in half of its time; the bound is the whole of it.
        let over = total / thorough.as_secs_f64();
        bound("all steps over reading and parsing by the parser proper", over, 2.0, "times");
        bound("peak memory for 10,000", peak(&ten, flags), 60.0, "MB");
    }
    broken
}

/// The time in which all files are found, read, and parsed by the parser proper, on all threads.
fn read_thoroughly(folder: &Path) -> Duration {
    let root = Utf8PathBuf::from_path_buf(folder.to_owned()).unwrap();
    let start = Instant::now();
    let walk = Walk {
        root: root.clone(),
        paths: vec![root.clone()],
        excludes: globset::GlobSet::empty(),
        wants: syntax::wants,
    };
    let files = discover(&walk).files;
    let texts: Vec<Arc<str>> =
        files.par_iter().with_min_len(16).map(|file| read(&root.join(file), u64::MAX).unwrap()).collect();
    let parse = |text: Arc<str>| syntax::yaml::parse_thoroughly(FileId(0), text);
    let parsed: Vec<Parsed> = texts.into_par_iter().with_min_len(16).map(parse).collect();
    let time = start.elapsed();
    assert!(parsed.iter().all(|parsed| parsed.problems.is_empty()));
    time
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The program that cargo built beside this one.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steadfast"));
    command.env_remove("STEADFAST_CONFIG").env("NO_COLOR", "1");
    command
}

/// The wall time from exec to exit.
fn once(folder: &Path, flags: &[&str]) -> Duration {
    let start = Instant::now();
    program().args(["--isolated", "--output", "concise"]).args(flags).arg(folder).output().unwrap();
    start.elapsed()
}

/// Peak memory of one run in MB, as the kernel accounts it to a shell's child.
fn peak(folder: &Path, flags: &[&str]) -> f64 {
    let program = env!("CARGO_BIN_EXE_steadfast");
    let python = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); \
                  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let output = Command::new("python3")
        .args(["-c", python, program, "--isolated", "--output", "concise"])
        .args(flags)
        .arg(folder)
        .output();
    match output {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().unwrap_or(0.0) / 1024.0,
        Err(_) => {
            println!("peak memory: not measured, there is no python3");
            0.0
        }
    }
}

/// The steps of a run, as `--timings` prints them, where they were quicker than before.
fn timings(folder: &Path, flags: &[&str], best: &mut Vec<(String, f64)>) {
    let mut command = program();
    command.args(["--isolated", "--timings", "--output", "human"]).args(flags).arg(folder);
    let output = command.output().unwrap();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        // `read and parse  61.2 ms`
        let Some((step, value)) = line.trim().strip_suffix(" ms").and_then(|line| line.rsplit_once(' '))
        else {
            continue;
        };
        let Ok(seconds) = value.parse::<f64>().map(|value| value / 1e3) else { continue };
        match best.iter_mut().find(|(known, _)| known == step.trim()) {
            Some((_, least)) => *least = least.min(seconds),
            None => best.push((step.trim().to_owned(), seconds)),
        }
    }
    assert!(best.iter().any(|(step, _)| step.starts_with("read")), "no steps in what it printed");
}

/// Writes a repository of about this many documents: services of six documents in five files, in fifty folders.
pub fn generate(folder: &Path, documents: usize) -> (usize, usize) {
    let services = (documents / 6).max(1);
    let mut files = 0;
    let mut bytes = 0;
    for at in 0..services {
        let team: PathBuf = folder.join(format!("team-{:02}", at % 50));
        fs::create_dir_all(&team).unwrap();
        let namespace = format!("team-{:02}", at % 50);
        let name = format!("svc-{at:05}");
        for (kind, text) in service(at, &name, &namespace) {
            bytes += text.len();
            files += 1;
            fs::write(team.join(format!("{name}-{kind}.yaml")), text).unwrap();
        }
    }
    (files, bytes)
}

/// One service: a healthy one mostly, with a fault in every seventh or so, as in real life.
fn service(at: usize, name: &str, namespace: &str) -> Vec<(&'static str, String)> {
    let metadata = format!(
        "  namespace: {namespace}\n  labels:\n    app.kubernetes.io/name: {name}\n    app.kubernetes.io/part-of: {namespace}\n    \
         app.kubernetes.io/managed-by: platform\n",
    );
    let mut deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n{metadata}\
         spec:\n{}  revisionHistoryLimit: 5\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    \
         metadata:\n      labels:\n        app: {name}\n        tier: backend\n    spec:\n      terminationGracePeriodSeconds: 45\n      \
         containers:\n        - name: app\n          image: registry.example.com/{name}:1.{}.{}\n          args: [\"--port=8080\", \
         \"--log=json\"]\n          ports:\n            - name: http\n              containerPort: 8080\n          env:\n            - \
         name: REGION\n              value: eu-west-1\n            - name: CONFIG\n              valueFrom:\n                \
         configMapKeyRef:\n                  name: {name}\n                  key: mode\n          resources:\n            requests:\n              \
         cpu: 250m\n              memory: 256Mi\n            limits:\n              memory: 512Mi\n",
        // The scaler sets the number of replicas.
        if at % 7 == 3 { "  replicas: 3\n" } else { "" },
        at % 30,
        at % 9,
    );
    if !at.is_multiple_of(7) {
        let _ = write!(
            deployment,
            "          readinessProbe:\n            httpGet:\n              path: /ready\n              port: http\n            \
             periodSeconds: 5\n          livenessProbe:\n            httpGet:\n              path: /live\n              port: http\n            \
             initialDelaySeconds: 20\n            timeoutSeconds: 3\n",
        );
    }
    let service = format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n{metadata}spec:\n  selector:\n    app: {name}\n  \
         ports:\n    - name: http\n      port: 80\n      targetPort: http\n"
    );
    let budget = format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: {name}\n{metadata}spec:\n  \
         {}\n  unhealthyPodEvictionPolicy: AlwaysAllow\n  selector:\n    matchLabels:\n      app: {name}\n",
        if at.is_multiple_of(11) { "minAvailable: 2" } else { "maxUnavailable: 1" },
    );
    let scaler = format!(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: {name}\n{metadata}spec:\n  \
         scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: {name}\n  minReplicas: {}\n  maxReplicas: 10\n  \
         metrics:\n    - type: Resource\n      resource:\n        name: cpu\n        target:\n          type: Utilization\n          \
         averageUtilization: 70\n",
        2 + at % 3,
    );
    let config = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{metadata}data:\n  mode: fast\n  \
         application.yaml: |\n    server:\n      port: 8080\n    features:\n      checkout: true\n      search: {}\n",
        at.is_multiple_of(2),
    );
    let mut job = format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: {name}-clean\n{metadata}spec:\n  schedule: \
         \"{} 3 * * *\"\n  concurrencyPolicy: Forbid\n  jobTemplate:\n    spec:\n      activeDeadlineSeconds: 3600\n      template:\n        \
         spec:\n          restartPolicy: Never\n          containers:\n            - name: clean\n              image: \
         registry.example.com/clean:2.0.1\n",
        at % 60,
    );
    if at % 7 != 5 {
        job.push_str(
            "              resources:\n                requests:\n                  cpu: 100m\n                  memory: 64Mi\n                \
             limits:\n                  memory: 64Mi\n",
        );
    }
    vec![
        ("deployment", deployment),
        ("service", format!("{service}---\n{budget}")),
        ("scaler", scaler),
        ("config", config),
        ("job", job),
    ]
}
