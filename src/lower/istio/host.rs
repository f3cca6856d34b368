//! Hosts, as Istio's objects name Services.

/// A Service that a host names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its namespace, where the host says it.
    pub namespace: Option<&'a str>,
}

/// The Service that a host names. networking/v1 `Destination.host`: a short name is that of a Service in the namespace of the
/// rule. Wildcards, the proxy's own machine and hosts with other ends name none.
pub fn service(host: &str) -> Option<Named<'_>> {
    if matches!(host, "" | "localhost") || host.contains('*') {
        return None;
    }
    let mut parts = host.splitn(3, '.');
    let name = parts.next()?;
    match (parts.next(), parts.next()) {
        (None, _) => Some(Named { name, namespace: None }),
        (Some(namespace), Some("svc" | "svc.cluster.local")) => {
            Some(Named { name, namespace: Some(namespace) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_services() {
        let table = [
            ("api", Some(("api", None))),
            ("api.prod.svc.cluster.local", Some(("api", Some("prod")))),
            ("api.prod.svc", Some(("api", Some("prod")))),
            ("api.example.com", None),
            ("api.com", None),
            ("*.prod.svc.cluster.local", None),
            ("localhost", None),
            ("", None),
        ];
        for (host, expected) in table {
            let found = service(host).map(|found| (found.name, found.namespace));
            assert_eq!(found, expected, "{host}");
        }
    }
}
