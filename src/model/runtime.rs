//! The memory that a container's runtimes are told to take: a heap, a cache, a buffer.

use std::sync::OnceLock;

use super::container::Container;
use super::value::{Datum, List, Val, open_things};
use super::vocabulary::{BYTES, FactDef, KindDef, PERCENT, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot};
use crate::measure::launch::Launch;
use crate::measure::runtime_memory::{self, Kind as Setting, RuntimeMemory, Size};
use crate::syntax::tree::NodeRef;

/// A runtime's memory as a part of its container.
pub static RUNTIME: KindDef = KindDef {
    kind: Kind::Runtime,
    name: "runtime",
    doc: "Memory that a runtime in a container is told to take, by a flag or a variable.",
    tables: &[facts! {
        "name": Ty::Text, "what it is: `JVM heap`, `Go memory limit`" => |m, t| Fact::plain(get(m, t).kind.name()).into();
        "kind": Ty::Text, "`jvm-heap`, `jvm-direct`, `node`, `go`, `redis`, `postgres`, `mysql` or `memcached`" =>
            |m, t| Fact::plain(word(get(m, t).kind)).into();
        "memory": BYTES, "how much it may take" => |m, t| memory(m, t).into();
        "share": PERCENT, "the share of the memory limit that it may take, where it is written as one" => |m, t| {
            let (found, spot) = setting(m, t);
            match (found.size, spot) {
                (Size::PercentOfLimit(points), Some(spot)) => trust(Fact::written(points, spot), found).into(),
                _ => Fact::<f64>::nothing().into(),
            }
        };
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Container, t.id as usize)),
    node: |m, t| setting(m, t).1.map(|spot| spot.node),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a container knows of its runtimes.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "runtimes": Ty::List(&Ty::Thing(Kind::Runtime)), "the memory that its runtimes are told to take" => |m, t| {
        let open = unseen(m, t.id).then(|| Reason::new("a variable or a command that does not stand here may set more"));
        open_things((0..runtimes(m, t.id).len()).map(|part| Thing::part(Kind::Runtime, t.id, part)), open)
    };
    "programs": Ty::List(&Ty::Text), "the programs that its command runs; where it has none, its image's name, which is a guess" =>
        |m, t| programs(m, t.id);
};

/// Whether settings may come from where nobody looks: another object, or text that is filled in later.
fn unseen(model: &Model<'_>, container: u32) -> bool {
    let Container { node, start, .. } = &model.containers[container as usize];
    let settings = [Setting::JvmHeap, Setting::NodeOldSpace, Setting::GoLimit, Setting::RedisMaxmemory];
    start.hides_options()
        || node.get("envFrom").is_some_and(|from| !from.is_null())
        || node.get("env").is_some_and(NodeRef::is_unknown)
        || start.hides(|name| settings.iter().any(|setting| decides(*setting, name)))
}

fn programs<'a>(model: &'a Model<'a>, container: u32) -> Val<'a> {
    let start = &model.containers[container as usize].start;
    let found = start.ask(Launch::programs);
    let hidden = start.is_vague() || found.is_empty() || found.iter().any(|program| program.name.is_empty());
    let items = found.into_iter().filter(|program| !program.name.is_empty()).map(|program| {
        let name = Fact::plain(program.name.into_owned());
        if program.guessed { name.guessed().into() } else { name.into() }
    });
    let open = hidden.then(|| Reason::new("its command is not understood"));
    Fact::plain(Datum::List(std::rc::Rc::new(List { items: items.collect(), open })))
}

/// What each container's runtimes are told, found when it is first asked for.
pub type Runtimes = OnceLock<Box<[OnceLock<Vec<RuntimeMemory>>]>>;

fn runtimes<'a>(model: &'a Model<'a>, container: u32) -> &'a [RuntimeMemory] {
    let all = model.index.runtimes.get_or_init(|| model.containers.iter().map(|_| OnceLock::new()).collect());
    all[container as usize].get_or_init(|| {
        let start = &model.containers[container as usize].start;
        let product = start.product();
        // Reading commands costs; most containers mention nothing of the kind.
        if start.mentions(&MARKS) || product.is_some_and(|product| MARKS.contains(&product)) {
            start.ask(runtime_memory::of)
        } else {
            Vec::new()
        }
    })
}

/// What a command, a variable or an image's name holds where a runtime is told a size.
const MARKS: [&str; 9] = [
    "-Xmx",
    "-XX:Max",
    "GOMEMLIMIT",
    "old-space",
    "old_space",
    "maxmemory",
    "buffer",
    "postgres",
    "memcached",
];

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a RuntimeMemory {
    &runtimes(model, thing.id)[thing.part as usize]
}

fn setting<'a>(model: &'a Model<'a>, thing: Thing) -> (&'a RuntimeMemory, Option<Spot<'a>>) {
    let found = get(model, thing);
    (found, model.containers[thing.id as usize].start.spot(&found.place))
}

fn trust<'a>(fact: Fact<'a, f64>, found: &RuntimeMemory) -> Fact<'a, f64> {
    if found.guessed { fact.guessed() } else { fact }
}

fn memory<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let (found, spot) = setting(model, thing);
    let Some(spot) = spot else { return Fact::unknown("where it is set is not known") };
    // A variable that stands elsewhere may hold a setting that wins over this one.
    let start = &model.containers[thing.id as usize].start;
    let hidden = start.hides_options() && found.kind != Setting::GoLimit;
    if hidden || start.hides(|name| decides(found.kind, name)) {
        return Fact::unknown_at("a variable whose value stands elsewhere may set it too", spot);
    }
    let fact = match found.size {
        Size::Bytes(bytes) => Fact::written(bytes, spot),
        Size::PercentOfLimit(points) => {
            let limit = super::allowance::memory_limit(model, thing.id);
            Fact::written(points, spot).with(limit, |points, limit| points / 100.0 * limit)
        }
        Size::Unknown => Fact::unknown_at("its size is only known at run time", spot),
    };
    trust(fact, found)
}

fn decides(kind: Setting, variable: &str) -> bool {
    match kind {
        Setting::JvmHeap | Setting::JvmDirect => {
            variable.contains("JAVA")
                || variable.contains("JVM")
                || variable.contains("JDK")
                || variable.ends_with("_OPTS")
        }
        Setting::NodeOldSpace => variable == "NODE_OPTIONS",
        Setting::GoLimit => variable == "GOMEMLIMIT",
        Setting::RedisMaxmemory => variable.ends_with("_FLAGS") || variable.ends_with("_ARGS"),
        Setting::PostgresSharedBuffers | Setting::InnodbBufferPool | Setting::MemcachedItems => false,
    }
}

fn word(kind: Setting) -> &'static str {
    match kind {
        Setting::JvmHeap => "jvm-heap",
        Setting::JvmDirect => "jvm-direct",
        Setting::NodeOldSpace => "node",
        Setting::GoLimit => "go",
        Setting::RedisMaxmemory => "redis",
        Setting::PostgresSharedBuffers => "postgres",
        Setting::InnodbBufferPool => "mysql",
        Setting::MemcachedItems => "memcached",
    }
}
