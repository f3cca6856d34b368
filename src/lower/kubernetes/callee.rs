//! What a container calls: the hosts in its variables.
//!
//! That a variable which holds the address of a Service is there to call it is a guess, and so is everything behind it.

use super::start::Start;
use crate::lower::read::is_filled_in_later;
use crate::syntax::tree::NodeRef;

/// A host that a variable of a container names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callee<'a> {
    /// The host, without a port.
    pub host: &'a str,
    /// The port, where it is written.
    pub port: Option<&'a str>,
    /// The value of the variable.
    pub node: NodeRef<'a>,
}

/// The hosts that the variables of a container name.
pub fn all<'a>(start: &Start<'a>) -> Vec<Callee<'a>> {
    start
        .env()
        .filter_map(|(node, name, value)| {
            let (host, port) = address(name, value)?;
            Some(Callee { host, port, node })
        })
        .collect()
}

/// `http://api:8080/v1`; `api:8080` where the variable's name says that it is an address.
fn address<'t>(name: &str, value: &'t str) -> Option<(&'t str, Option<&'t str>)> {
    if is_filled_in_later(value) {
        return None;
    }
    let rest = match value.split_once("://") {
        Some(("http" | "https" | "grpc" | "grpcs" | "h2c" | "dns", rest)) => rest.trim_start_matches('/'),
        Some(_) => return None,
        None if ["_ADDR", "_ADDRESS", "_ENDPOINT", "_URL", "_HOST"].iter().any(|end| name.ends_with(end))
            && value.contains(':') =>
        {
            value
        }
        None => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let valid = !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    valid.then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let table = [
            ("A", "http://api:8080/v1", Some(("api", Some("8080")))),
            ("A", "https://api.prod.svc/v1", Some(("api.prod.svc", None))),
            ("API_ADDR", "api:3550", Some(("api", Some("3550")))),
            ("LISTEN", "api:3550", None),
            ("API_URL", "postgres://db/x", None),
            ("API_URL", "http://${HOST}/x", None),
            ("API_ADDR", ":8080", None),
            ("API_ADDR", "a:b:c", None),
        ];
        for (name, value, expected) in table {
            assert_eq!(address(name, value), expected, "{name}={value}");
        }
    }
}
