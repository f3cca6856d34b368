//! Objects that are in no file because something makes them: Kubernetes itself, an operator, a generator, a chart.
//!
//! Names only. Whether a name that resolves to nothing is a fault is asked in `model`; this module knows who else could have
//! made it, so that nothing is called missing that a controller writes a second later.

use super::object::Object;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Whether the API group of an object is one of Kubernetes' own. Everything else is a custom resource, and its controller
/// may make anything.
pub fn is_kubernetes_own(group: &str) -> bool {
    match group {
        "" | "apps" | "batch" | "autoscaling" | "policy" | "extensions" => true,
        "gateway.networking.k8s.io" | "metrics.k8s.io" | "autoscaling.k8s.io" => true,
        _ => {
            let own = [
                "admissionregistration",
                "apiextensions",
                "apiregistration",
                "authentication",
                "authorization",
                "certificates",
                "coordination",
                "discovery",
                "events",
                "flowcontrol.apiserver",
                "internal.apiserver",
                "networking",
                "node",
                "rbac.authorization",
                "resource",
                "scheduling",
                "storage",
                "storagemigration",
            ];
            group.strip_suffix(".k8s.io").is_some_and(|stem| own.contains(&stem))
        }
    }
}

/// Whether an object's kind is one of Kubernetes' own: the core group has one version only.
pub fn is_own(object: &Object<'_>) -> bool {
    let group = object.group();
    is_kubernetes_own(group) && (!group.is_empty() || object.api_version == "v1")
}

/// Whether the objects of a group may make others. Those of Istio tell proxies what to do, and make nothing: that one of them
/// names something is no sign that it is there.
pub fn may_make(group: &str) -> bool {
    !is_kubernetes_own(group)
        && !matches!(group, "networking.istio.io" | "security.istio.io" | "telemetry.istio.io")
}

/// Groups of common extensions whose objects run no pods.
pub fn never_runs_pods(group: &str, kind: &str) -> bool {
    let groups = [
        "cert-manager.io",
        "acme.cert-manager.io",
        "external-secrets.io",
        "bitnami.com",
        "networking.istio.io",
        "security.istio.io",
        "telemetry.istio.io",
        "keda.sh",
        "traefik.io",
        "traefik.containo.us",
        "kyverno.io",
        "karpenter.sh",
        "karpenter.k8s.aws",
        "secrets-store.csi.x-k8s.io",
        "cilium.io",
        "projectcalico.org",
        "crd.projectcalico.org",
        "policy.linkerd.io",
        "linkerd.io",
        "getambassador.io",
        "configuration.konghq.com",
        "networking.gke.io",
        "cloud.google.com",
        "elbv2.k8s.aws",
        "snapshot.storage.k8s.io",
        "velero.io",
        "kustomize.config.k8s.io",
        "config.gatekeeper.sh",
        "constraints.gatekeeper.sh",
        "templates.gatekeeper.sh",
        "sources.knative.dev",
        "gateway.envoyproxy.io",
        "projectcontour.io",
        "wgpolicyk8s.io",
        "metallb.io",
        "skaffold",
        "kind.x-k8s.io",
        "backstage.io",
    ];
    groups.contains(&group)
        || matches!(
            (group, kind),
            ("argoproj.io", "Rollout" | "AppProject" | "AnalysisTemplate" | "ClusterAnalysisTemplate")
                | (
                    "monitoring.coreos.com",
                    "ServiceMonitor"
                        | "PodMonitor"
                        | "PrometheusRule"
                        | "Probe"
                        | "AlertmanagerConfig"
                        | "ScrapeConfig"
                )
        )
}

/// Whether Kubernetes or its common distributions make this object in every namespace or cluster.
pub fn by_the_platform(kind: &str, name: &str) -> bool {
    match kind {
        "ServiceAccount" => name == "default",
        "ConfigMap" => matches!(
            name,
            // The root CA publisher; OpenShift's service CA operator; kubeadm's and the API server's own.
            "kube-root-ca.crt"
                | "openshift-service-ca.crt"
                | "extension-apiserver-authentication"
                | "kubeadm-config"
                | "kube-proxy"
                | "cluster-info"
                | "coredns"
                | "kubelet-config"
                | "aws-auth"
                | "istio-ca-root-cert"
        ),
        // `<serviceaccount>-token-<random>`, as Kubernetes made them before 1.24.
        "Secret" => name.contains("-token-"),
        // The two that the API server makes, and those of the large distributions.
        "PriorityClass" => {
            name.starts_with("system-") || name.starts_with("openshift-") || name.starts_with("gmp-")
        }
        // The API server's own, cluster DNS, and those that the usual way of installing a gateway or a mesh makes: istioctl's
        // profiles, ingress-nginx's and Traefik's charts under their own names, Kourier, Argo CD's manifests.
        "Service" => matches!(
            name,
            "kubernetes"
                | "kube-dns"
                | "istio-ingressgateway"
                | "istio-egressgateway"
                | "istiod"
                | "ingress-nginx-controller"
                | "traefik"
                | "kourier"
                | "argocd-server"
        ),
        _ => false,
    }
}

/// The objects that another object stands for by exact name: kind, node of the name.
pub fn by_object<'a>(object: &Object<'a>, mut found: impl FnMut(&'static str, NodeRef<'a>)) {
    let node = object.node;
    // The first of these paths that holds a name.
    let mut one = |kind: &'static str, paths: &[&str]| {
        let names = paths.iter().filter_map(|path| node.at(path));
        if let Some(name) = names.into_iter().find(|node| node.kind() == NodeKind::Text) {
            found(kind, name);
        }
    };
    const OWN: &str = "metadata.name";
    match (object.group(), object.kind) {
        ("cert-manager.io" | "certmanager.k8s.io", "Certificate") => one("Secret", &["spec.secretName"]),
        // external-secrets `ExternalSecretTarget.Name`: "Defaults to the .metadata.name of the ExternalSecret resource".
        ("external-secrets.io" | "kubernetes-client.io", "ExternalSecret") => {
            one("Secret", &["spec.target.name", OWN])
        }
        ("external-secrets.io", "ClusterExternalSecret") => {
            one("Secret", &["spec.externalSecretSpec.target.name", "spec.externalSecretName", OWN]);
        }
        // `SealedSecret.Unseal`: "Ensure these are set to what we expect", the name of the SealedSecret, whatever the template says.
        ("bitnami.com", "SealedSecret") => one("Secret", &[OWN]),
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass") => {
            let objects = node.at("spec.secretObjects").into_iter().flat_map(NodeRef::items);
            objects.filter_map(|object| object.get("secretName")).for_each(|name| found("Secret", name));
        }
        ("isindir.github.com", "SopsSecret") => {
            let lists = ["spec.secretTemplates", "spec.secret_templates"];
            let templates = lists.iter().filter_map(|path| node.at(path)).flat_map(NodeRef::items);
            templates.filter_map(|template| template.get("name")).for_each(|name| found("Secret", name));
        }
        ("secrets.hashicorp.com", _) => one("Secret", &["spec.destination.name"]),
        ("onepassword.com", "OnePasswordItem")
        | ("ricoberger.de", "VaultSecret")
        | ("kafka.strimzi.io", "KafkaUser") => {
            one("Secret", &[OWN]);
        }
        ("trust.cert-manager.io", "Bundle") => {
            one("ConfigMap", &[OWN]);
            one("Secret", &[OWN]);
        }
        ("serving.knative.dev", "Service") => one("Service", &[OWN]),
        // Flagger, `Canary.GetServiceNames`: the service's name, else the target's; `-primary` and `-canary` beside it.
        ("flagger.app", "Canary") => one("Service", &["spec.service.name", "spec.targetRef.name", OWN]),
        // The platform's certificate controllers fill what an Ingress or a Service names.
        ("networking.k8s.io" | "extensions", "Ingress") => {
            let hosts = node.at("spec.tls").into_iter().flat_map(NodeRef::items);
            hosts.filter_map(|host| host.get("secretName")).for_each(|name| found("Secret", name));
        }
        ("", "Service") => {
            for key in [
                "service.beta.openshift.io/serving-cert-secret-name",
                "service.alpha.openshift.io/serving-cert-secret-name",
            ] {
                object.annotation(key).into_iter().for_each(|name| found("Secret", name));
            }
        }
        _ => {}
    }
}

/// The names that a kustomization's generators give: kind, node of the name.
pub fn by_kustomization<'a>(root: NodeRef<'a>, mut found: impl FnMut(&'static str, NodeRef<'a>)) {
    for (list, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        let items = root.get(list).into_iter().flat_map(NodeRef::items);
        items.filter_map(|item| item.get("name")).for_each(|name| found(kind, name));
    }
}

/// Whether a kustomization brings in what is in no file here: a remote base, a chart, a generator plugin.
pub fn is_kustomization_open(root: NodeRef<'_>) -> bool {
    let remote = |item: NodeRef<'_>| {
        let text = item.text();
        text.contains("://")
            || text.contains("?ref=")
            || text.starts_with("github.com/")
            || text.starts_with("git@")
    };
    let brought =
        ["resources", "bases", "components"].iter().filter_map(|key| root.get(key)).flat_map(NodeRef::items);
    ["helmCharts", "helmChartInflationGenerator", "generators", "helmGlobals"]
        .iter()
        .any(|key| root.get(key).is_some())
        || brought.into_iter().any(remote)
}

/// What an object installs.
#[derive(Clone, Copy, Debug)]
pub struct Installed<'a> {
    /// The namespace that it goes to, where that is said.
    pub namespace: Option<&'a str>,
    /// The folder of a repository that it comes from; what repository that is, nobody knows here.
    pub folder: Option<&'a str>,
}

/// What an object installs, if it installs others that may be in no file here.
pub fn installs<'a>(object: &Object<'a>) -> Option<Installed<'a>> {
    let text =
        |path: &str| object.node.at(path).filter(|node| node.kind() == NodeKind::Text).map(NodeRef::text);
    let (namespace, folder) = match (object.group(), object.kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") | ("helm.cattle.io", "HelmChart") => {
            (text("spec.targetNamespace").or(object.namespace), None)
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => (text("spec.targetNamespace"), text("spec.path")),
        ("argoproj.io", "Application") => (text("spec.destination.namespace"), text("spec.source.path")),
        ("argoproj.io", "ApplicationSet") | ("fleet.cattle.io", _) => (None, None),
        ("operators.coreos.com", "Subscription") => (object.namespace, None),
        _ => return None,
    };
    Some(Installed { namespace, folder })
}
