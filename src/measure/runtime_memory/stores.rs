//! What databases and caches are told to keep in memory, by flags and environment variables.
//!
//! Their configuration files are not read here.

use super::{GIB, KIB, Kind, MIB, RuntimeMemory, Size, TIB, number_and_unit, whole_bytes};
use crate::measure::launch::{Launch, Program};
use crate::measure::options::{self, Found};

/// Redis and its forks: `--maxmemory 2gb`. Zero means no limit, which is nothing. (redis.conf; redis.io, "Memory optimization".)
pub(super) fn redis(launch: &Launch<'_>, program: &Program<'_>) -> Option<RuntimeMemory> {
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
pub(super) fn postgres(program: &Program<'_>) -> Option<RuntimeMemory> {
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
pub(super) fn mysql(program: &Program<'_>) -> Option<RuntimeMemory> {
    // `mysql` in a command is the client; as an image it is the server.
    if !runs(
        program,
        &["mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe"],
        &["mysql", "mariadb", "percona", "percona-server"],
    ) {
        return None;
    }
    let found = options::last(&program.words, &["--innodb-buffer-pool-size", "--innodb_buffer_pool_size"])?;
    Some(memory(Kind::InnodbBufferPool, size(&found, whole_bytes), &found, program))
}

/// memcached: `-m 1024`, in MiB. (memcached(1).)
pub(super) fn memcached(program: &Program<'_>) -> Option<RuntimeMemory> {
    if !runs(program, &["memcached"], &["memcached"]) {
        return None;
    }
    let found = options::last(&program.words, &["-m", "--memory-limit"])?;
    let bytes = |text: &str| text.parse::<u32>().ok().map(|mebibytes| f64::from(mebibytes) * MIB);
    Some(memory(Kind::MemcachedItems, size(&found, bytes), &found, program))
}

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
