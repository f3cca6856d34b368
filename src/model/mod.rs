//! The model: subjects, their facts, and how they find each other.
//!
//! Subjects are found once and kept in lists, in order of path and offset; a [`Thing`] is a position in such a list, so it
//! costs nothing to copy. Facts are functions over the model that run when a rule reads them; relations that need an index
//! build it once, at first use. Nothing here says what is healthy.

// What all of it is made of.
pub mod dump;
pub mod existence;
pub mod graph;
pub mod link;
pub mod value;
pub mod vocabulary;

// What was read, and objects as such.
pub mod api;
pub mod fields;
pub mod naming;
pub mod object;
pub mod project;
pub mod reference;
pub mod shape;
pub mod stray;
pub mod unit;

// Pods, and what is in them.
pub mod allowance;
pub mod backup;
pub mod container;
pub mod datastore;
pub mod dns;
pub mod image;
pub mod lifecycle;
pub mod pool;
pub mod port;
pub mod probe;
pub mod resources;
pub mod runtime;
pub mod startup;
pub mod stateful;
pub mod variable;
pub mod volume;
pub mod workload;

// Work that ends.
pub mod job;
pub mod schedule;

// How many, and where.
pub mod budget;
pub mod budget_size;
pub mod metric;
pub mod nodepool;
pub mod placement;
pub mod priority;
pub mod quota;
pub mod recommender;
pub mod replicas;
pub mod scaler;
pub mod target;

// How they change.
pub mod analysis;
pub mod rollout;

// What carries messages, and who watches.
pub mod alarm;
pub mod alert;
pub mod alert_route;
pub mod function;
pub mod messaging;
pub mod prometheus;
pub mod proxy_fleet;
pub mod query;
pub mod queue;
pub mod stage;
pub mod subscription;
pub mod topic;

// Who calls them, and on which way.
pub mod attachment;
pub mod breaker;
pub mod hop;
pub mod limiter;
pub mod path;
pub mod retry;
pub mod route;
pub mod server;
pub mod service;
pub mod sidecar;
pub mod traffic_policy;
pub mod unread_setting;
pub mod webhook;

use camino::Utf8Path;

use crate::lower::kubernetes::kustomize::{Overlays, is_expectation};
use crate::source::{Role, Sources};
use crate::syntax::tree::Tree;

use vocabulary::KindDef;

/// Declares the kinds of things, in the order in which they are documented.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $def:path;)*) => {
        /// What a thing is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $kind),* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// What rules may know of it.
            pub fn def(self) -> &'static KindDef {
                match self { $(Kind::$kind => &$def),* }
            }
        }
    };
}

kinds! {
    /// Everything that was read.
    Project => project::PROJECT;
    /// What is deployed together.
    Unit => unit::UNIT;
    /// Any object of Kubernetes.
    Object => object::OBJECT;
    /// What runs pods.
    Workload => workload::WORKLOAD;
    /// A workload at its smallest or its largest size.
    Size => workload::SIZE;
    /// A container of a workload or a job.
    Container => container::CONTAINER;
    /// A probe of a container.
    Probe => probe::PROBE;
    /// A port that a container declares.
    Port => port::PORT;
    /// The image of a container.
    Image => image::IMAGE;
    /// An environment variable of a container.
    Variable => variable::VARIABLE;
    /// Memory that a runtime is told to take.
    Runtime => runtime::RUNTIME;
    /// An amount of memory or disk of a container or a pod.
    Space => allowance::SPACE;
    /// The processor time of a container or a pod.
    Cpu => allowance::CPU;
    /// A PriorityClass.
    Priority => priority::PRIORITY;
    /// A PodDisruptionBudget.
    Budget => budget::BUDGET;
    /// Work that ends.
    Job => job::JOB;
    /// When a job runs.
    Schedule => schedule::SCHEDULE;
    /// A volume of a pod.
    Volume => volume::VOLUME;
    /// The claim behind a volume.
    Claim => volume::CLAIM;
    /// How disks are made.
    StorageClass => volume::STORAGE_CLASS;
    /// A container that keeps data.
    Datastore => datastore::DATASTORE;
    /// Connections that a container holds to a datastore.
    Pool => pool::POOL;
    /// A failure that a script does not pass on.
    LostFailure => backup::LOST_FAILURE;
    /// How the pods of a workload are replaced.
    Update => rollout::UPDATE;
    /// A step of a canary.
    Step => rollout::STEP;
    /// The hook before the stop of a container.
    Hook => lifecycle::HOOK;
    /// A term of affinity between pods.
    Affinity => placement::AFFINITY;
    /// What lets only so many pods into one place.
    Separation => placement::SEPARATION;
    /// A topology spread constraint.
    Spread => placement::SPREAD;
    /// An AnalysisTemplate of Argo Rollouts.
    Analysis => analysis::ANALYSIS;
    /// One metric of an AnalysisTemplate.
    Measurement => analysis::MEASUREMENT;
    /// An admission webhook.
    Webhook => webhook::WEBHOOK;
    /// A budget when its workloads are at their smallest or their largest size.
    BudgetSize => budget_size::BUDGET_SIZE;
    /// What changes the number of replicas of a workload.
    Scaler => scaler::SCALER;
    /// What a scaler goes by.
    Metric => metric::METRIC;
    /// How fast a scaler adds or removes pods.
    Pace => scaler::PACE;
    /// A VerticalPodAutoscaler.
    Recommender => recommender::RECOMMENDER;
    /// A ResourceQuota.
    Quota => quota::QUOTA;
    /// One line of a quota.
    Allowance => quota::ALLOWANCE;
    /// A NodePool of Karpenter.
    NodePool => nodepool::NODE_POOL;
    /// One disruption budget of a NodePool.
    NodeBudget => nodepool::NODE_BUDGET;
    /// A Service.
    Service => service::SERVICE;
    /// A port of a Service.
    ServicePort => service::SERVICE_PORT;
    /// An Ingress or a route of the Gateway API.
    Route => route::ROUTE;
    /// A Service that a route leads to.
    Target => route::TARGET;
    /// A place that a request passes.
    Hop => hop::HOP;
    /// What answers requests.
    Server => server::SERVER;
    /// How a hop asks again.
    Retry => retry::RETRY;
    /// The way of a request.
    Path => path::PATH;
    /// Two hops of a path, one after the other.
    Leg => path::LEG;
    /// What takes failing endpoints out.
    Breaker => breaker::BREAKER;
    /// A breaker at one of its sizes.
    BreakerSize => breaker::BREAKER_SIZE;
    /// How a breaker finds failing endpoints.
    Outlier => breaker::OUTLIER;
    /// What a DestinationRule says of one port.
    PortPolicy => breaker::PORT_POLICY;
    /// A rate limit.
    Limiter => limiter::LIMITER;
    /// A policy of Envoy Gateway.
    TrafficPolicy => traffic_policy::TRAFFIC_POLICY;
    /// The proxies that Envoy Gateway runs.
    ProxyFleet => proxy_fleet::PROXY_FLEET;
    /// A time that its reader cannot read.
    UnreadSetting => unread_setting::UNREAD_SETTING;
    /// A queue.
    Queue => queue::QUEUE;
    /// What sends its failures to a queue.
    Feed => queue::FEED;
    /// What carries messages to whoever handles them.
    Subscription => subscription::SUBSCRIPTION;
    /// A topic.
    Topic => topic::TOPIC;
    /// A function.
    Function => function::FUNCTION;
    /// A stage of API Gateway.
    Stage => stage::STAGE;
    /// An alarm.
    Alarm => alarm::ALARM;
    /// An expression of PromQL.
    Query => query::QUERY;
    /// A rate that an expression takes.
    Rate => query::RATE;
    /// A server of Prometheus.
    Prometheus => prometheus::PROMETHEUS;
    /// A route of Alertmanager.
    AlertRoute => alert_route::ALERT_ROUTE;
    /// Who is told.
    Receiver => alert_route::RECEIVER;
    /// What mutes alerts while others fire.
    Inhibition => alert_route::INHIBITION;
    /// An object that a workload names and needs.
    Reference => reference::REFERENCE;
    /// The API version of an object.
    Api => api::API;
    /// A field that its kind does not have.
    UnknownField => fields::UNKNOWN_FIELD;
    /// A value that its field cannot hold.
    WrongType => fields::WRONG_TYPE;
    /// A key that a mapping has twice.
    DuplicateKey => fields::DUPLICATE_KEY;
    /// A name that occurs twice.
    Repeat => shape::REPEAT;
    /// An object that nobody applies.
    Stray => stray::STRAY;
}

impl Kind {
    /// Its name in rules.
    pub fn word(self) -> &'static str {
        self.def().name
    }
}

/// A subject, or a part of one: a kind and a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// The position in the list of its kind, or in that of the thing that it is a part of.
    pub id: u32,
    /// The position among the parts of that thing.
    pub part: u32,
}

impl Thing {
    /// A thing with a list of its own.
    pub fn new(kind: Kind, id: usize) -> Self {
        Self { kind, id: id as u32, part: 0 }
    }

    /// A part of thing `id`.
    pub fn part(kind: Kind, id: u32, part: usize) -> Self {
        Self { kind, id, part: part as u32 }
    }
}

/// What the files do not say: the platform's version, the day, what is made elsewhere.
#[derive(Debug, Default)]
pub struct World {
    /// The Kubernetes version that the manifests are for, if it is known.
    pub kubernetes: Option<(u16, u16)>,
    /// The day of the run.
    pub today: Option<jiff::civil::Date>,
    /// Objects that are declared to be made elsewhere.
    pub externals: Vec<External>,
}

/// An object that is made elsewhere, as steadfast.toml declares it.
#[derive(Debug)]
pub struct External {
    /// Its kind.
    pub kind: String,
    /// Its name, or a glob.
    pub name: globset::GlobMatcher,
    /// Its namespace, if that matters.
    pub namespace: Option<String>,
    /// Whether anything referred to it.
    pub used: std::sync::atomic::AtomicBool,
}

/// The model of everything that was read.
pub struct Model<'a> {
    /// The trees of all files.
    pub trees: &'a [Tree],
    /// The files.
    pub sources: &'a Sources,
    /// What the files do not say.
    pub world: &'a World,
    /// What is deployed together.
    pub units: Vec<unit::Unit>,
    /// All objects.
    pub objects: Vec<object::Entry<'a>>,
    /// All that runs pods.
    pub workloads: Vec<workload::Workload<'a>>,
    /// All containers.
    pub containers: Vec<container::Container<'a>>,
    /// All budgets.
    pub budgets: Vec<budget::Budget<'a>>,
    /// What Kustomize changes before anything is applied.
    pub overlays: Overlays,
    /// How many parts of objects there are that Kustomize patches others with, or that tests expect.
    pub patches: usize,
    /// Whether Kustomize changes or leaves out any object.
    pub overlaid: bool,
    /// Claims and storage classes, found at first use.
    pub storage: volume::Storage,
    /// All AnalysisTemplates.
    pub analyses: Vec<analysis::Analysis<'a>>,
    /// All admission webhooks.
    pub webhooks: Vec<webhook::Webhook<'a>>,
    /// All that changes the number of replicas.
    pub scalers: Vec<scaler::Scaler<'a>>,
    /// All VerticalPodAutoscalers.
    pub recommenders: Vec<recommender::Recommender<'a>>,
    /// All quotas.
    pub quotas: Vec<quota::Quota<'a>>,
    /// All LimitRanges, as objects.
    pub limit_ranges: Vec<u32>,
    /// All NodePools.
    pub node_pools: Vec<nodepool::NodePool<'a>>,
    /// All canaries of Flagger, as objects.
    pub canaries: Vec<u32>,
    /// All Services.
    pub services: Vec<service::Service<'a>>,
    /// All Ingresses and routes of the Gateway API.
    pub routes: Vec<route::Route<'a>>,
    /// All places that pass requests on.
    pub hops: Vec<hop::Hop<'a>>,
    /// The services of Compose files.
    pub composed: Vec<crate::lower::compose::Service<'a>>,
    /// All that takes failing endpoints out.
    pub breakers: Vec<breaker::Breaker<'a>>,
    /// All rate limits.
    pub limiters: Vec<limiter::Limiter<'a>>,
    /// Queues, what carries messages between them, and who watches.
    pub messaging: crate::lower::messaging::Messaging<'a>,
    /// Which trees' files speak of us at all.
    addressing: Vec<bool>,
    /// What workloads name and need.
    pub references: Vec<reference::Reference<'a>>,
    /// Indexes, built at first use.
    pub index: link::Indexes,
}

/// What one look at a tree tells; after it most trees are left alone until a rule asks.
struct Look<'a> {
    objects: Vec<crate::lower::kubernetes::object::Object<'a>>,
    /// Whether it holds anything else than objects of Kubernetes, or such that belong to something else.
    is_other: bool,
    /// Whether it speaks of us: one look at a text is quicker than many at its nodes.
    addresses: bool,
}

impl<'a> Look<'a> {
    fn at(tree: &'a Tree, sources: &Sources) -> Self {
        let objects = match sources.get(tree.file).role {
            Role::Ingredient => Vec::new(),
            Role::Plain | Role::Rendered(_) => crate::lower::kubernetes::object::objects(tree).collect(),
        };
        Self {
            objects,
            is_other: tree.roots().any(crate::lower::messaging::may_concern),
            addresses: tree.text.contains("steadfast.dev"),
        }
    }
}

/// How many things one piece of work has.
const PIECE: usize = 64;

/// What becomes of each of many things, in their order. To start threads for a few takes longer than to do without.
fn in_order<'t, T: Sync, U: Send>(things: &'t [T], of: impl Fn(&'t T) -> U + Sync + Send) -> Vec<U> {
    use rayon::prelude::*;
    match things.len() < PIECE {
        true => things.iter().map(of).collect(),
        false => things.par_iter().with_min_len(PIECE).map(of).collect(),
    }
}

impl<'a> Model<'a> {
    /// Finds the subjects in the trees. `trees` are in the order of their files.
    pub fn build(trees: &'a [Tree], sources: &'a Sources, world: &'a World) -> Self {
        let looks = in_order(trees, |tree| Look::at(tree, sources));
        let others: Vec<&Tree> =
            trees.iter().zip(&looks).filter(|(_, look)| look.is_other).map(|(tree, _)| tree).collect();
        let mut model = Self {
            trees,
            sources,
            world,
            units: Vec::new(),
            objects: Vec::new(),
            workloads: Vec::new(),
            containers: Vec::new(),
            budgets: Vec::new(),
            overlays: Overlays::read(trees, sources),
            patches: 0,
            overlaid: false,
            storage: volume::Storage::default(),
            analyses: Vec::new(),
            webhooks: Vec::new(),
            scalers: Vec::new(),
            recommenders: Vec::new(),
            quotas: Vec::new(),
            limit_ranges: Vec::new(),
            node_pools: Vec::new(),
            canaries: Vec::new(),
            services: Vec::new(),
            routes: Vec::new(),
            hops: Vec::new(),
            composed: crate::lower::compose::services(&others, sources),
            breakers: Vec::new(),
            limiters: Vec::new(),
            messaging: crate::lower::messaging::read(&others, sources),
            addressing: looks.iter().map(|look| look.addresses).collect(),
            references: Vec::new(),
            index: link::Indexes::default(),
        };
        for object in looks.into_iter().flat_map(|look| look.objects) {
            let file = object.node.tree().file;
            if model.overlays.is_patch(file) || is_expectation(sources.path(file)) {
                model.patches += 1;
                continue;
            }
            let overlaid = model.overlays.changes(file, object.kind, object.name);
            model.overlaid |= overlaid;
            model.objects.push(object::Entry { overlaid, ..object::Entry::new(object) });
        }
        model.units = unit::partition(&mut model.objects, |file| sources.get(file));
        let mut containers = Vec::new();
        for id in 0..model.objects.len() {
            model.add_subjects(id, &mut containers);
        }
        model.containers = in_order(&containers, container::Found::read);
        for resources in others.iter().flat_map(|tree| crate::lower::envoy::configurations(tree)) {
            hop::add_envoy(&mut model, resources);
            breaker::add_envoy(&mut model, resources);
            limiter::add_envoy(&mut model, resources);
        }
        reference::add_all(&mut model);
        model
    }

    /// Puts an object into the lists of the subjects that it makes.
    fn add_subjects(&mut self, id: usize, containers: &mut Vec<container::Found<'a>>) {
        let object = self.objects[id].object;
        if workload::add(self, id, &object, containers) {
            return;
        }
        hop::add(self, id, &object);
        breaker::add(self, id, &object);
        limiter::add(self, id, &object);
        match (object.group(), object.kind) {
            ("policy", "PodDisruptionBudget") => budget::add(self, id, &object),
            ("argoproj.io", "AnalysisTemplate" | "ClusterAnalysisTemplate") => {
                analysis::add(self, id, &object)
            }
            (
                "admissionregistration.k8s.io",
                "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
            ) => {
                webhook::add(self, id, &object);
            }
            ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => {
                scaler::add(self, id, &object)
            }
            ("autoscaling.k8s.io", "VerticalPodAutoscaler") => recommender::add(self, id, &object),
            ("", "ResourceQuota") => quota::add(self, id, &object),
            ("", "LimitRange") => self.limit_ranges.push(id as u32),
            ("karpenter.sh", "NodePool") => nodepool::add(self, id, &object),
            ("flagger.app", "Canary") => self.canaries.push(id as u32),
            ("", "Service") => service::add(self, id, &object),
            _ if route::is_route(&object) => route::add(self, id, &object),
            _ => {}
        }
    }

    /// Whether there is any of a kind. Which ways requests take is only found out for a rule that asks.
    pub fn occurs(&self, kind: Kind) -> bool {
        match kind {
            Kind::Path | Kind::Leg => !self.hops.is_empty(),
            _ => !self.all(kind).is_empty(),
        }
    }

    /// The path of the file that holds a node.
    pub fn path_of(&self, object: u32) -> &'a Utf8Path {
        self.sources.path(self.objects[object as usize].object.node.tree().file)
    }

    /// Whether a thing belongs to an object that Kustomize changes before it is applied, or leaves out.
    pub fn is_overlaid(&self, thing: Thing) -> bool {
        self.overlaid && self.object_of(thing).is_some_and(|object| self.objects[object as usize].overlaid)
    }

    /// Whether a file speaks of us anywhere: few do.
    pub fn is_addressing(&self, file: crate::source::FileId) -> bool {
        // Trees stand in the order of their files; where one is missing, its neighbours cannot speak for it.
        match self.trees.get(file.0 as usize) {
            Some(tree) if tree.file == file => self.addressing[file.0 as usize],
            _ => true,
        }
    }

    /// All things of a kind that rules may look at directly.
    pub fn all(&self, kind: Kind) -> &[Thing] {
        let Some(all) = kind.def().all else { return &[] };
        let place = &self.index.things[kind];
        // They are listed before anybody holds the place for them: to list some takes all threads, and one that waits for the
        // others while it holds a place might take up a question for the same list.
        place.get().unwrap_or_else(|| {
            let list = all(self);
            place.get_or_init(|| list)
        })
    }

    /// The object that a thing belongs to.
    pub fn object_of(&self, thing: Thing) -> Option<u32> {
        let mut here = thing;
        loop {
            if here.kind == Kind::Object {
                return Some(here.id);
            }
            here = (here.kind.def().owner)(self, here)?;
        }
    }
}

/// A version such as `1.33` or `v1.33.2`.
pub fn version(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.trim().trim_start_matches('v').split(['.', '+', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
