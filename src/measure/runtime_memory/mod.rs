//! The memory that a runtime is told to take: heaps, caches and buffers, from flags and environment variables.
//!
//! It says what is written, by the rule of each runtime for which setting wins. What a runtime takes beside it, and whether that
//! fits a limit, is judged elsewhere. Configuration files are not read here.

mod jvm;
mod stores;
#[cfg(test)]
mod tests;

use super::launch::{Launch, Program};
use super::options;
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
    jvm::of(launch, &programs, &mut found);
    found.extend(node(launch, &programs));
    found.extend(go(launch));
    for program in &programs {
        found.extend(stores::redis(launch, program));
        found.extend(stores::postgres(program));
        found.extend(stores::mysql(program));
        found.extend(stores::memcached(program));
    }
    found
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

const KIB: f64 = 1024.0;
const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;
const TIB: f64 = 1_099_511_627_776.0;

/// A whole number of bytes, or of 1024s of them: `2g`, `512M`, `1073741824`.
fn whole_bytes(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text).filter(|_| !text.contains('.'))?;
    let factor = match unit {
        "" => 1.0,
        "k" | "K" => KIB,
        "m" | "M" => MIB,
        "g" | "G" => GIB,
        "t" | "T" => TIB,
        _ => return None,
    };
    Some(number * factor)
}

/// A number without sign, and what follows it.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let number: f64 = text[..end].parse().ok()?;
    number.is_finite().then_some((number, &text[end..]))
}
