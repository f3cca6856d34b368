//! What containers of each runtime are told to take, as tables.

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
        (None, &["java", "-XX:MaxRAMFraction=2", "Main"], &[], &[], &["JVM heap 50% `-XX:MaxRAMFraction=2`"]),
        (None, &["java", "-XX:MaxRAMPercentage=75", "-Xmx1g", "M"], &[], &[], &["JVM heap 1Gi `-Xmx1g`"]),
        (
            None,
            &["java", "-Xmx1g", "-XX:MaxDirectMemorySize=256m", "M"],
            &[],
            &[],
            &["JVM heap 1Gi `-Xmx1g`", "JVM direct memory 256Mi `-XX:MaxDirectMemorySize=256m`"],
        ),
        // Precedence.
        (None, &["java", "-Xmx1g", "M"], &[], &[("JAVA_TOOL_OPTIONS", "-Xmx4g")], &["JVM heap 1Gi `-Xmx1g`"]),
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
        (None, &[], &[], &[("GOMEMLIMIT", "1GiB"), ("GOMEMLIMIT", "2GiB")], &["Go memory limit 2Gi `2GiB`"]),
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
