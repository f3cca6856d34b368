//! Addresses of the web, as Go's `net/url` takes them apart and puts them together.

use std::rc::Rc;

use super::Table;
use super::arguments::{Answer, derived, derived_text, exactly, kind, map, text};
use crate::render::template::function::Call;
use crate::render::value::{Data, Entry, Value};

mod url;

use url::Url;

pub(super) const TABLE: Table = &[("urlParse", parse), ("urlJoin", join)];

fn parse(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("urlParse", values)?;
    let url = Url::parse(text(value)?.as_str()).map_err(|error| format!("unable to parse url: {error}"))?;
    let origin = derived(call, Data::Nil, values).origin;
    let parts = [
        ("scheme", &url.scheme),
        ("host", &url.host),
        ("hostname", &url.hostname()),
        ("path", &url.path),
        ("query", &url.query),
        ("opaque", &url.opaque),
        ("fragment", &url.fragment),
        ("userinfo", &url.user.clone().unwrap_or_default()),
    ];
    let entry = |(name, part): (&str, &String)| {
        (Rc::from(name), Entry { key: origin, value: Value::text(part.as_str(), origin) })
    };
    Ok(Value::map(parts.into_iter().map(entry), origin))
}

fn join(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [parts] = exactly("urlJoin", values)?;
    let entries = map(parts)?;
    let part = |name: &str| match entries.borrow().get(name).map(|entry| &entry.value.data) {
        None => Ok(String::new()),
        Some(Data::Text(text)) => Ok(text.as_str().to_owned()),
        Some(Data::Nil) => Err(super::arguments::NIL_POINTER.to_owned()),
        Some(other) => {
            Err(format!("unable to parse {name} key, must be of type string, but {} found", kind(other)))
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        raw_path: String::new(),
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let parsed = Url::parse(&format!("proto://{user}@host"))
            .map_err(|error| format!("unable to parse userinfo in dict: {error}"))?;
        url.user = parsed.user;
    }
    derived_text(call, url.to_string(), values)
}
