//! What a JVM is told to take: its heap and the buffers outside it.
//!
//! Later settings win, and the places are read in this order: JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS, the command line,
//! _JAVA_OPTIONS. (java(1), "Using the JDK_JAVA_OPTIONS Launcher Environment Variable"; JVM TI, "JAVA_TOOL_OPTIONS".)

use super::{Kind, RuntimeMemory, Size, whole_bytes};
use crate::measure::launch::{Launch, Program};
use crate::measure::options;
use crate::measure::place::Place;
use crate::measure::shell::Word;

/// Adds what the JVM of a container is told.
pub(super) fn of(launch: &Launch<'_>, programs: &[Program<'_>], found: &mut Vec<RuntimeMemory>) {
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
        let bytes = |value: &str| match heap_bytes(value) {
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

/// Zero asks for the default.
fn heap_bytes(text: &str) -> Option<f64> {
    whole_bytes(text).filter(|bytes| *bytes > 0.0)
}
