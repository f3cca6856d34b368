//! The memory that a runtime is told to take: heaps, caches and buffers, from flags and environment variables.
//!
//! It says what is written, by the rule of each runtime for which setting wins. What a runtime takes beside it, and whether that
//! fits a limit, is judged elsewhere. Configuration files are not read here.

use super::launch::{Launch, Program};
use super::options::{self, Found};
use super::place::{Place, Source};
use super::shell::Word;

/// What the memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The heap of a JVM: `-Xmx`.
    JvmHeap,
    /// Buffers of a JVM outside its heap: `-XX:MaxDirectMemorySize`.
    JvmDirect,
    /// The old generation of V8: `--max-old-space-size`.
    NodeOldSpace,
    /// `GOMEMLIMIT`.
    GoLimit,
    /// `maxmemory` of Redis.
    RedisMaxmemory,
    /// `shared_buffers` of PostgreSQL.
    PostgresSharedBuffers,
    /// `innodb_buffer_pool_size` of MySQL.
    InnodbBufferPool,
    /// `-m` of memcached.
    MemcachedItems,
}

impl Kind {
    /// The name that a message uses.
    pub fn name(self) -> &'static str {
        match self {
            Kind::JvmHeap => "JVM heap",
            Kind::JvmDirect => "JVM direct memory",
            Kind::NodeOldSpace => "Node.js old space",
            Kind::GoLimit => "Go memory limit",
            Kind::RedisMaxmemory => "Redis maxmemory",
            Kind::PostgresSharedBuffers => "PostgreSQL shared_buffers",
            Kind::InnodbBufferPool => "InnoDB buffer pool",
            Kind::MemcachedItems => "memcached item memory",
        }
    }
}

/// How much memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// So many bytes.
    Bytes(f64),
    /// In points of the container's memory limit, or of the node's memory where there is none.
    PercentOfLimit(f64),
    /// Set, to something that cannot be read: a variable, or a value that the runtime would refuse.
    Unknown,
}

/// Memory that a runtime is told to take.
#[derive(Debug, Clone, PartialEq)]
pub struct RuntimeMemory {
    /// What it is for.
    pub kind: Kind,
    /// How much it is.
    pub size: Size,
    /// The flag or the variable's value.
    pub place: Place,
    /// That this program runs is guessed from the image's name or from the flag itself.
    pub guessed: bool,
}

impl RuntimeMemory {
    /// The size in bytes, below a memory limit if there is one.
    pub fn bytes(&self, limit: Option<f64>) -> Option<f64> {
        match self.size {
            Size::Bytes(bytes) => Some(bytes),
            Size::PercentOfLimit(points) => limit.map(|limit| limit * points / 100.0),
            Size::Unknown => None,
        }
    }
}

/// Everything that a container's runtimes are told to take, in the order of `Kind`.
pub fn of(launch: &Launch<'_>) -> Vec<RuntimeMemory> {
    let programs = launch.programs();
    let mut found = Vec::new();
    jvm(launch, &programs, &mut found);
    found.extend(node(launch, &programs));
    found.extend(go(launch));
    for program in &programs {
        found.extend(redis(launch, program));
        found.extend(postgres(program));
        found.extend(mysql(program));
        found.extend(memcached(program));
    }
    found
}

// The JVM. Later settings win, and the places are read in this order: JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS, the command line,
// _JAVA_OPTIONS. (java(1), "Using the JDK_JAVA_OPTIONS Launcher Environment Variable"; JVM TI, "JAVA_TOOL_OPTIONS".)

/// Variables that start scripts put on the command line by custom, in the order in which scripts that use several do it
/// (catalina.sh: JAVA_OPTS, then CATALINA_OPTS; kafka-run-class.sh: KAFKA_HEAP_OPTS, then KAFKA_OPTS).
const START_SCRIPT_VARIABLES: [&str; 16] = [
    "JAVA_OPTIONS",
    "JAVA_OPTS",
    "JAVA_ARGS",
    "JAVA_MEM",
    "JVM_OPTS",
    "JAVA_OPTS_APPEND",
    "JAVA_TOOL_OPTS",
    "CATALINA_OPTS",
    "ES_JAVA_OPTS",
    "OPENSEARCH_JAVA_OPTS",
    "LS_JAVA_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_OPTS",
    "SOLR_JAVA_MEM",
    "JENKINS_JAVA_OPTS",
    "SBT_OPTS",
];

#[derive(Default)]
struct Jvm {
    heap: Option<(Size, Place, bool)>,
    share: Option<(Size, Place, bool)>,
    direct: Option<(Size, Place, bool)>,
}

impl Jvm {
    fn option(&mut self, word: &Word<'_>, guessed: bool) {
        let text = &*word.text;
        let bytes = |value: &str| match jvm_bytes(value) {
            Some(bytes) if word.known => Size::Bytes(bytes),
            _ => Size::Unknown,
        };
        let points = |points: Option<f64>| match points {
            Some(points) if word.known && points.is_finite() && points >= 0.0 => Size::PercentOfLimit(points),
            _ => Size::Unknown,
        };
        let set = |size: Size| Some((size, word.place.clone(), guessed));
        if let Some(value) = text.strip_prefix("-Xmx").or_else(|| text.strip_prefix("-XX:MaxHeapSize=")) {
            self.heap = set(bytes(value));
        } else if let Some(value) = text.strip_prefix("-XX:MaxRAMPercentage=") {
            self.share = set(points(value.parse().ok()));
        } else if let Some(value) = text.strip_prefix("-XX:MaxRAMFraction=") {
            let fraction = value.parse::<u32>().ok().filter(|fraction| *fraction > 0);
            self.share = set(points(fraction.map(|fraction| 100.0 / f64::from(fraction))));
        } else if let Some(value) = text.strip_prefix("-XX:MaxDirectMemorySize=") {
            self.direct = set(bytes(value));
        }
    }

    fn variable(&mut self, launch: &Launch<'_>, name: &str, guessed: bool) {
        if let Some((index, value)) = launch.env(name)
            && value.contains('-')
        {
            for word in options::env_words(value, index) {
                self.option(&word, guessed);
            }
        }
    }
}

fn jvm(launch: &Launch<'_>, programs: &[Program<'_>], found: &mut Vec<RuntimeMemory>) {
    let mut jvm = Jvm::default();
    jvm.variable(launch, "JAVA_TOOL_OPTIONS", false);
    jvm.variable(launch, "JDK_JAVA_OPTIONS", false);
    // Where java itself is called, only what the call mentions reaches it; a start script reads its variables.
    if !programs.iter().any(|program| program.name == "java" && !program.guessed) {
        for name in START_SCRIPT_VARIABLES {
            jvm.variable(launch, name, true);
        }
    }
    for program in programs {
        if program.name == "java" {
            java_options(launch, program, &mut jvm);
        } else if program.guessed {
            // Options alone: the image's entry point is java, or nobody would write them.
            for word in &program.words {
                jvm.option(word, true);
            }
        }
    }
    jvm.variable(launch, "_JAVA_OPTIONS", false);

    // A heap size written out makes the JVM ignore the share.
    if let Some((size, place, guessed)) = jvm.heap.or(jvm.share) {
        found.push(RuntimeMemory { kind: Kind::JvmHeap, size, place, guessed });
    }
    if let Some((size, place, guessed)) = jvm.direct {
        found.push(RuntimeMemory { kind: Kind::JvmDirect, size, place, guessed });
    }
}

/// What stands before the main class or `-jar` is for the JVM, the rest for the application.
fn java_options(launch: &Launch<'_>, program: &Program<'_>, jvm: &mut Jvm) {
    // A call that names a variable a thousand times is not meant to be read.
    let mut expansions = 0;
    let mut words = program.words.iter();
    while let Some(word) = words.next() {
        if !word.known {
            if expansions < 16
                && let Some(name) = variable_named(&word.text, program.in_shell)
                && let Some((index, value)) = launch.env(name)
            {
                expansions += 1;
                for word in options::env_words(value, index) {
                    jvm.option(&word, program.guessed);
                }
                continue;
            }
            if word.text.starts_with('-') {
                jvm.option(word, program.guessed);
            }
            continue;
        }
        match &*word.text {
            "-jar" | "-m" | "--module" => return,
            "-cp"
            | "-classpath"
            | "--class-path"
            | "-p"
            | "--module-path"
            | "--upgrade-module-path"
            | "--add-modules"
            | "--limit-modules"
            | "--add-opens"
            | "--add-exports"
            | "--add-reads"
            | "--patch-module"
            | "--source" => {
                words.next();
            }
            text if text.starts_with('-') => jvm.option(word, program.guessed),
            text if text.starts_with('@') => {}
            _ => return,
        }
    }
}

/// The variable that a whole word is: `$NAME` or `${NAME}` in a shell, `$(NAME)` where Kubernetes fills it in.
fn variable_named(text: &str, in_shell: bool) -> Option<&str> {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let inner = text.strip_prefix('$')?;
    let name = if let Some(name) = inner.strip_prefix('(') {
        name.strip_suffix(')')?
    } else if !in_shell {
        return None;
    } else if let Some(name) = inner.strip_prefix('{') {
        name.strip_suffix('}')?
    } else {
        inner
    };
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(name)
}

/// `2g`, `512M`, `1073741824`: the JVM's sizes count in 1024s.
fn jvm_bytes(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "" => 1.0,
        "k" | "K" => KIB,
        "m" | "M" => MIB,
        "g" | "G" => GIB,
        "t" | "T" => TIB,
        _ => return None,
    };
    // Zero asks for the default.
    (number > 0.0 && !text.contains('.')).then_some(number * factor)
}

/// Node.js: `--max-old-space-size` in MiB; the command line beats NODE_OPTIONS. (Node.js docs, "Command-line API".)
fn node(launch: &Launch<'_>, programs: &[Program<'_>]) -> Option<RuntimeMemory> {
    let mut found = None;
    let option = |word: &Word<'_>, guessed: bool| {
        // Node takes underscores for hyphens.
        let value = ["--max-old-space-size=", "--max_old_space_size="]
            .iter()
            .find_map(|name| word.text.strip_prefix(name))?;
        let size = match value.parse::<u32>() {
            Ok(mebibytes) if word.known && mebibytes > 0 => Size::Bytes(f64::from(mebibytes) * MIB),
            _ => Size::Unknown,
        };
        Some(RuntimeMemory { kind: Kind::NodeOldSpace, size, place: word.place.clone(), guessed })
    };
    if let Some((index, value)) = launch.env("NODE_OPTIONS") {
        for word in options::env_words(value, index) {
            found = option(&word, false).or(found);
        }
    }
    for program in programs.iter().filter(|program| matches!(&*program.name, "node" | "nodejs")) {
        let mut words = program.words.iter();
        while let Some(word) = words.next() {
            match &*word.text {
                "-r"
                | "--require"
                | "--import"
                | "--loader"
                | "--experimental-loader"
                | "-C"
                | "--conditions" => {
                    words.next();
                }
                text if text.starts_with('-') || !word.known => {
                    found = option(word, program.guessed).or(found)
                }
                _ => break,
            }
        }
    }
    found
}

/// Go: GOMEMLIMIT, a whole number with `B`, `KiB`, `MiB`, `GiB`, `TiB` or nothing, or `off`. (Go docs, package runtime.)
fn go(launch: &Launch<'_>) -> Option<RuntimeMemory> {
    let (index, value) = launch.env("GOMEMLIMIT")?;
    if value.is_empty() || value == "off" {
        return None;
    }
    let bytes = number_and_unit(value).filter(|_| !value.contains('.')).and_then(|(number, unit)| {
        Some(
            number
                * match unit {
                    "" | "B" => 1.0,
                    "KiB" => KIB,
                    "MiB" => MIB,
                    "GiB" => GIB,
                    "TiB" => TIB,
                    _ => return None,
                },
        )
    });
    let size = bytes.map_or(Size::Unknown, Size::Bytes);
    let place = Place::new(Source::Env(index), 0..value.len());
    Some(RuntimeMemory { kind: Kind::GoLimit, size, place, guessed: false })
}

/// Redis and its forks: `--maxmemory 2gb`. Zero means no limit, which is nothing. (redis.conf; redis.io, "Memory optimization".)
fn redis(launch: &Launch<'_>, program: &Program<'_>) -> Option<RuntimeMemory> {
    let runs = runs(
        program,
        &["redis-server", "valkey-server", "keydb-server", "redis-stack-server"],
        &["redis", "valkey", "keydb", "redis-stack", "redis-stack-server"],
    );
    let mut words = Vec::new();
    let mut found = None;
    if runs || program.name == "dragonfly" {
        found = options::last(&program.words, &["--maxmemory"]);
    }
    if found.is_none() && (runs || program.name.starts_with("run") || program.guessed) {
        // Bitnami's images and redis-stack hand these to the server.
        for name in ["REDIS_EXTRA_FLAGS", "VALKEY_EXTRA_FLAGS", "REDIS_ARGS"] {
            if let Some((index, value)) = launch.env(name) {
                words.extend(options::env_words(value, index));
            }
        }
        found = options::last(&words, &["--maxmemory"]);
    }
    let found = found?;
    let size = size(&found, redis_bytes);
    (size != Size::Bytes(0.0)).then(|| memory(Kind::RedisMaxmemory, size, &found, program))
}

/// `1k` is 1000 bytes, `1kb` is 1024; case does not matter.
fn redis_bytes(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text)?;
    if text.contains('.') {
        return None;
    }
    Some(
        number
            * match unit.to_ascii_lowercase().as_str() {
                "" | "b" => 1.0,
                "k" => 1e3,
                "kb" => KIB,
                "m" => 1e6,
                "mb" => MIB,
                "g" => 1e9,
                "gb" => GIB,
                _ => return None,
            },
    )
}

/// PostgreSQL: `-c shared_buffers=1GB`, `--shared-buffers=1GB`, `-B 16384`; the last wins. (PostgreSQL docs, "postgres" and
/// "Setting Parameters".)
fn postgres(program: &Program<'_>) -> Option<RuntimeMemory> {
    if !runs(
        program,
        &["postgres", "postmaster"],
        &["postgres", "postgresql", "postgis", "timescaledb", "timescaledb-ha", "pgvector"],
    ) {
        return None;
    }
    let mut found: Option<Found<'_>> = None;
    let mut rest = &program.words[..];
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        let text = &*word.text;
        let (setting, place) = if text == "-c" || text == "-B" {
            let Some((next, after)) = rest.split_first() else {
                break;
            };
            rest = after;
            (&*next.text, options::joined(word, next))
        } else if let Some(setting) = text.strip_prefix("--").or_else(|| text.strip_prefix("-c")) {
            (setting, word.place.clone())
        } else {
            continue;
        };
        let known = word.known && !setting.contains('$') && !setting.contains("{{");
        let value = if text == "-B" {
            setting
        } else {
            match setting.split_once('=') {
                Some((name, value))
                    if name.trim().replace('-', "_").eq_ignore_ascii_case("shared_buffers") =>
                {
                    value
                }
                _ => continue,
            }
        };
        found = Some(Found { value, known, place });
    }
    let found = found?;
    Some(memory(Kind::PostgresSharedBuffers, size(&found, postgres_bytes), &found, program))
}

/// Units count in 1024s and case matters; a bare number counts blocks of 8 KiB.
fn postgres_bytes(text: &str) -> Option<f64> {
    let text = text.trim().trim_matches('\'');
    let (number, unit) = number_and_unit(text)?;
    Some(
        number
            * match unit.trim_start() {
                "" => 8.0 * KIB,
                "B" => 1.0,
                "kB" => KIB,
                "MB" => MIB,
                "GB" => GIB,
                "TB" => TIB,
                _ => return None,
            },
    )
}

/// MySQL and MariaDB: `--innodb-buffer-pool-size=1G`. (MySQL manual, "Using Options to Set Program Variables".)
fn mysql(program: &Program<'_>) -> Option<RuntimeMemory> {
    // `mysql` in a command is the client; as an image it is the server.
    if !runs(
        program,
        &["mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe"],
        &["mysql", "mariadb", "percona", "percona-server"],
    ) {
        return None;
    }
    let found = options::last(&program.words, &["--innodb-buffer-pool-size", "--innodb_buffer_pool_size"])?;
    let bytes = |text: &str| {
        let (number, unit) = number_and_unit(text).filter(|_| !text.contains('.'))?;
        Some(
            number
                * match unit {
                    "" => 1.0,
                    "k" | "K" => KIB,
                    "m" | "M" => MIB,
                    "g" | "G" => GIB,
                    "t" | "T" => TIB,
                    _ => return None,
                },
        )
    };
    Some(memory(Kind::InnodbBufferPool, size(&found, bytes), &found, program))
}

/// memcached: `-m 1024`, in MiB. (memcached(1).)
fn memcached(program: &Program<'_>) -> Option<RuntimeMemory> {
    if !runs(program, &["memcached"], &["memcached"]) {
        return None;
    }
    let found = options::last(&program.words, &["-m", "--memory-limit"])?;
    let bytes = |text: &str| text.parse::<u32>().ok().map(|mebibytes| f64::from(mebibytes) * MIB);
    Some(memory(Kind::MemcachedItems, size(&found, bytes), &found, program))
}

const KIB: f64 = 1024.0;
const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;
const TIB: f64 = 1_099_511_627_776.0;

fn runs(program: &Program<'_>, programs: &[&str], images: &[&str]) -> bool {
    (if program.guessed { images } else { programs }).contains(&&*program.name)
}

fn size(found: &Found<'_>, read: impl Fn(&str) -> Option<f64>) -> Size {
    match read(found.value) {
        Some(bytes) if found.known => Size::Bytes(bytes),
        _ => Size::Unknown,
    }
}

fn memory(kind: Kind, size: Size, found: &Found<'_>, program: &Program<'_>) -> RuntimeMemory {
    RuntimeMemory { kind, size, place: found.place.clone(), guessed: program.guessed }
}

/// A number without sign, and what follows it.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let number: f64 = text[..end].parse().ok()?;
    number.is_finite().then_some((number, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Kind, size and the text that the place underlines.
    fn show(launch: &Launch<'_>) -> Vec<String> {
        of(launch)
            .into_iter()
            .map(|memory| {
                let text = match memory.place.source {
                    Source::Command(index) => launch.command[index],
                    Source::Arg(index) => launch.args[index],
                    Source::Env(index) => launch.env[index].1,
                };
                let size = match memory.size {
                    Size::Bytes(bytes) => super::super::quantity::bytes_text(bytes),
                    Size::PercentOfLimit(points) => format!("{points}%"),
                    Size::Unknown => "?".to_owned(),
                };
                let mark = if memory.guessed { " guessed" } else { "" };
                format!("{} {size} `{}`{mark}", memory.kind.name(), &text[memory.place.range])
            })
            .collect()
    }

    type Case<'a> = (Option<&'a str>, &'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);

    fn check(table: &[Case<'_>]) {
        for (product, command, args, env, expected) in table {
            let launch = Launch { product: *product, command, args, env };
            assert_eq!(show(&launch), *expected, "{launch:?}");
        }
    }

    #[test]
    fn the_jvm() {
        check(&[
            (None, &["java", "-Xmx2g", "-jar", "app.jar"], &[], &[], &["JVM heap 2Gi `-Xmx2g`"]),
            (None, &["java"], &["-Xms1g", "-Xmx512M", "-Xmx1G", "Main"], &[], &["JVM heap 1Gi `-Xmx1G`"]),
            (None, &["java", "-jar", "app.jar", "-Xmx2g"], &[], &[], &[]),
            (None, &["java", "-cp", "a:b", "-Xmx1g", "Main"], &[], &[], &["JVM heap 1Gi `-Xmx1g`"]),
            (
                None,
                &["java", "--add-opens", "a/b=ALL-UNNAMED", "-Xmx1g", "Main"],
                &[],
                &[],
                &["JVM heap 1Gi `-Xmx1g`"],
            ),
            (
                None,
                &["java", "-XX:MaxRAMPercentage=75.0", "Main"],
                &[],
                &[],
                &["JVM heap 75% `-XX:MaxRAMPercentage=75.0`"],
            ),
            (
                None,
                &["java", "-XX:MaxRAMFraction=2", "Main"],
                &[],
                &[],
                &["JVM heap 50% `-XX:MaxRAMFraction=2`"],
            ),
            (None, &["java", "-XX:MaxRAMPercentage=75", "-Xmx1g", "M"], &[], &[], &["JVM heap 1Gi `-Xmx1g`"]),
            (
                None,
                &["java", "-Xmx1g", "-XX:MaxDirectMemorySize=256m", "M"],
                &[],
                &[],
                &["JVM heap 1Gi `-Xmx1g`", "JVM direct memory 256Mi `-XX:MaxDirectMemorySize=256m`"],
            ),
            // Precedence.
            (
                None,
                &["java", "-Xmx1g", "M"],
                &[],
                &[("JAVA_TOOL_OPTIONS", "-Xmx4g")],
                &["JVM heap 1Gi `-Xmx1g`"],
            ),
            (None, &["java", "-Xmx1g", "M"], &[], &[("_JAVA_OPTIONS", "-Xmx4g")], &["JVM heap 4Gi `-Xmx4g`"]),
            (None, &[], &[], &[("JAVA_TOOL_OPTIONS", "-Dx=y -Xmx4g")], &["JVM heap 4Gi `-Xmx4g`"]),
            (
                None,
                &[],
                &[],
                &[("JAVA_TOOL_OPTIONS", "-Xmx4g"), ("JDK_JAVA_OPTIONS", "-Xmx3g")],
                &["JVM heap 3Gi `-Xmx3g`"],
            ),
            // A variable that only start scripts read does not reach java itself.
            (None, &["java", "-jar", "x"], &[], &[("JAVA_OPTS", "-Xmx4g")], &[]),
            (
                None,
                &["sh", "-c", "exec java $JAVA_OPTS -jar x"],
                &[],
                &[("JAVA_OPTS", "-Xmx4g")],
                &["JVM heap 4Gi `-Xmx4g`"],
            ),
            (
                None,
                &["sh", "-c", "java \"${MEM}\" -Xmx1g -jar x"],
                &[],
                &[("MEM", "-Xmx4g")],
                &["JVM heap 1Gi `-Xmx1g`"],
            ),
            (None, &["java", "$(HEAP)", "-jar", "x"], &[], &[("HEAP", "-Xmx4g")], &["JVM heap 4Gi `-Xmx4g`"]),
            (None, &[], &[], &[("JAVA_OPTS", "-Xmx4g -server")], &["JVM heap 4Gi `-Xmx4g` guessed"]),
            (
                None,
                &["catalina.sh", "run"],
                &[],
                &[("CATALINA_OPTS", "-Xmx2g"), ("JAVA_OPTS", "-Xmx1g")],
                &["JVM heap 2Gi `-Xmx2g` guessed"],
            ),
            (
                Some("elasticsearch"),
                &[],
                &[],
                &[("ES_JAVA_OPTS", "-Xms2g -Xmx2g")],
                &["JVM heap 2Gi `-Xmx2g` guessed"],
            ),
            (None, &[], &["-Xmx2g", "-jar", "x"], &[], &["JVM heap 2Gi `-Xmx2g` guessed"]),
            (None, &["java", "-Xmx${HEAP}", "M"], &[], &[], &["JVM heap ? `-Xmx${HEAP}`"]),
            (None, &["sh", "-c", "java -Xmx${HEAP}m -jar x"], &[], &[], &["JVM heap ? `-Xmx${HEAP}m`"]),
            (None, &["java", "-Xmx1.5g", "M"], &[], &[], &["JVM heap ? `-Xmx1.5g`"]),
            (None, &["java", "-Xmx1073741824", "M"], &[], &[], &["JVM heap 1Gi `-Xmx1073741824`"]),
            (None, &[], &[], &[("JAVA_TOOL_OPTIONS", "'-Xmx1g' \"-Da=b c\"")], &["JVM heap 1Gi `-Xmx1g`"]),
            (None, &["echo", "-Xmx1g"], &[], &[], &[]),
        ]);
        let share = RuntimeMemory {
            kind: Kind::JvmHeap,
            size: Size::PercentOfLimit(75.0),
            place: Place::new(Source::Arg(0), 0..1),
            guessed: false,
        };
        assert_eq!(share.bytes(Some(1000.0)), Some(750.0));
        assert_eq!(share.bytes(None), None);
    }

    #[test]
    fn node_and_go() {
        let flag = "Node.js old space 4Gi `--max-old-space-size=4096`";
        check(&[
            (None, &["node", "--max-old-space-size=4096", "a.js"], &[], &[], &[flag]),
            (
                None,
                &["node", "-r", "x", "--max_old_space_size=512", "a.js"],
                &[],
                &[],
                &["Node.js old space 512Mi `--max_old_space_size=512`"],
            ),
            (None, &["node", "a.js", "--max-old-space-size=4096"], &[], &[], &[]),
            (None, &["npm", "start"], &[], &[("NODE_OPTIONS", "--x --max-old-space-size=4096")], &[flag]),
            (
                None,
                &["node", "--max-old-space-size=4096", "a"],
                &[],
                &[("NODE_OPTIONS", "--max-old-space-size=1")],
                &[flag],
            ),
            (
                Some("node"),
                &[],
                &["--max-old-space-size=4096", "a.js"],
                &[],
                &["Node.js old space 4Gi `--max-old-space-size=4096` guessed"],
            ),
            (
                None,
                &["sh", "-c", "npm run migrate && exec node --max-old-space-size=4096 a.js"],
                &[],
                &[],
                &[flag],
            ),
            (
                None,
                &[],
                &[],
                &[("NODE_OPTIONS", "--max-old-space-size=$(MEM)")],
                &["Node.js old space ? `--max-old-space-size=$(MEM)`"],
            ),
            (None, &[], &[], &[("GOMEMLIMIT", "900MiB")], &["Go memory limit 900Mi `900MiB`"]),
            (None, &[], &[], &[("GOMEMLIMIT", "1073741824")], &["Go memory limit 1Gi `1073741824`"]),
            (
                None,
                &[],
                &[],
                &[("GOMEMLIMIT", "1GiB"), ("GOMEMLIMIT", "2GiB")],
                &["Go memory limit 2Gi `2GiB`"],
            ),
            (None, &[], &[], &[("GOMEMLIMIT", "900Mi")], &["Go memory limit ? `900Mi`"]),
            (None, &[], &[], &[("GOMEMLIMIT", "off")], &[]),
        ]);
    }

    #[test]
    fn servers_with_a_cache() {
        check(&[
            (None, &["redis-server", "--maxmemory", "2gb"], &[], &[], &["Redis maxmemory 2Gi `2gb`"]),
            (
                None,
                &["sh", "-c", "redis-server --maxmemory 2gb --save ''"],
                &[],
                &[],
                &["Redis maxmemory 2Gi `--maxmemory 2gb`"],
            ),
            (Some("redis"), &[], &["--maxmemory", "100MB"], &[], &["Redis maxmemory 100Mi `100MB` guessed"]),
            (
                Some("redis"),
                &[],
                &["redis-server", "/etc/redis.conf", "--maxmemory", "1g"],
                &[],
                &["Redis maxmemory 1G `1g`"],
            ),
            (None, &["redis-server", "--maxmemory", "0"], &[], &[], &[]),
            (None, &["redis-server", "--maxmemory", "$(MAX)"], &[], &[], &["Redis maxmemory ? `$(MAX)`"]),
            (None, &["redis-server", "--maxmemory-policy", "allkeys-lru"], &[], &[], &[]),
            (
                Some("redis"),
                &[],
                &[],
                &[("REDIS_EXTRA_FLAGS", "--maxmemory 1gb")],
                &["Redis maxmemory 1Gi `--maxmemory 1gb` guessed"],
            ),
            (None, &["redis-cli", "--maxmemory", "1gb"], &[], &[], &[]),
            (
                None,
                &["postgres", "-c", "shared_buffers=1GB"],
                &[],
                &[],
                &["PostgreSQL shared_buffers 1Gi `shared_buffers=1GB`"],
            ),
            (
                Some("postgres"),
                &[],
                &["-c", "max_connections=200", "-c", "shared_buffers=256MB"],
                &[],
                &["PostgreSQL shared_buffers 256Mi `shared_buffers=256MB` guessed"],
            ),
            (
                None,
                &["docker-entrypoint.sh", "postgres", "--shared-buffers=16384"],
                &[],
                &[],
                &["PostgreSQL shared_buffers 128Mi `--shared-buffers=16384`"],
            ),
            (
                None,
                &["postgres", "-B", "16384", "-cshared_buffers=1GB"],
                &[],
                &[],
                &["PostgreSQL shared_buffers 1Gi `-cshared_buffers=1GB`"],
            ),
            (
                None,
                &["postgres", "-c", "shared_buffers=1gb"],
                &[],
                &[],
                &["PostgreSQL shared_buffers ? `shared_buffers=1gb`"],
            ),
            (
                None,
                &["mysqld", "--innodb-buffer-pool-size=1G"],
                &[],
                &[],
                &["InnoDB buffer pool 1Gi `--innodb-buffer-pool-size=1G`"],
            ),
            (
                Some("mariadb"),
                &[],
                &["--innodb_buffer_pool_size", "512M"],
                &[],
                &["InnoDB buffer pool 512Mi `512M` guessed"],
            ),
            (None, &["mysql", "--innodb-buffer-pool-size=1G"], &[], &[], &[]),
            (
                Some("memcached"),
                &[],
                &["-m", "1024", "-c", "4096"],
                &[],
                &["memcached item memory 1Gi `1024` guessed"],
            ),
            (None, &["memcached", "-m64"], &[], &[], &["memcached item memory 64Mi `-m64`"]),
            (None, &["other", "-m", "64"], &[], &[], &[]),
        ]);
    }

    proptest! {
        #[test]
        fn never_panics(
            words in prop::collection::vec("(java|node|sh|-c|redis-server|postgres|memcached|-m|--maxmemory|-B|-Xmx|-jar|[0-9]{1,9}[a-zA-Z]{0,3}|-Xmx[0-9a-z$(){}]{0,5}|\\PC{0,9})", 0..7),
            split in 0usize..7,
            value in "\\PC{0,30}",
            near in "[ '\"a-z0-9X$(){}-]{0,30}",
        ) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let (command, args) = words.split_at(split.min(words.len()));
            for product in [None, Some("redis"), Some("postgres"), Some("memcached")] {
                let env = [("JAVA_OPTS", value.as_str()), ("JAVA_TOOL_OPTIONS", near.as_str()), ("GOMEMLIMIT", value.as_str()), ("NODE_OPTIONS", near.as_str()), ("REDIS_ARGS", near.as_str())];
                let launch = Launch { product, command, args, env: &env };
                // Slices every place.
                let _ = show(&launch);
                let _ = super::super::servers::drain(&launch);
                let _ = super::super::requests::limit(&launch);
            }
        }
    }
}
