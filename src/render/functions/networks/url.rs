//! One address of the web: `net/url` of Go.

use std::fmt;

/// The parts of an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Url {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) path: String,
    /// The path as it was written, where that is not how it would be written.
    pub(super) raw_path: String,
    pub(super) query: String,
    pub(super) opaque: String,
    pub(super) fragment: String,
    /// Escaped as it is printed.
    pub(super) user: Option<String>,
}

/// Where text stands, which says what is escaped in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

impl Url {
    /// Takes an address apart; the error is Go's.
    pub(super) fn parse(whole: &str) -> Result<Self, String> {
        let (front, fragment) = whole.split_once('#').unwrap_or((whole, ""));
        let context = |error: String| format!("parse {}: {error}", quoted(whole));
        let mut url =
            Self::parse_front(front).map_err(|error| format!("parse {}: {error}", quoted(front)))?;
        url.fragment = unescape(fragment, Part::Fragment).map_err(context)?;
        Ok(url)
    }

    fn parse_front(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::default();
        if text == "*" {
            url.path = text.to_owned();
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let mut rest = match rest.split_once('?') {
            Some((rest, query)) => {
                url.query = query.to_owned();
                rest
            }
            None => rest,
        };
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if (!url.scheme.is_empty() || !rest.starts_with("///")) && rest.starts_with("//") {
            let authority = rest[2..].split('/').next().unwrap_or_default();
            rest = &rest[2 + authority.len()..];
            url.authority(authority)?;
        }
        url.path = unescape(rest, Part::Path)?;
        if escape(&url.path, Part::Path) != rest {
            url.raw_path = rest.to_owned();
        }
        Ok(url)
    }

    fn authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = host_of(host)?;
        let Some(user) = user else { return Ok(()) };
        let fits = |char: char| char.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(char);
        if !user.chars().all(fits) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let part = |text: &str| unescape(text, Part::User).map(|text| escape(&text, Part::User));
        self.user = Some(match user.split_once(':') {
            Some((name, password)) => format!("{}:{}", part(name)?, part(password)?),
            None => part(user)?,
        });
        Ok(())
    }

    /// The host without its port.
    pub(super) fn hostname(&self) -> String {
        let host = match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.host,
        };
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned()
    }

    fn escaped_path(&self) -> String {
        let kept = self.raw_path.bytes().all(|byte| {
            matches!(
                byte,
                b'!' | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
                    | b':'
                    | b'@'
                    | b'['
                    | b']'
                    | b'%'
            ) || !should_escape(byte, Part::Path)
        });
        if !self.raw_path.is_empty() && kept {
            return self.raw_path.clone();
        }
        if self.path == "*" { self.path.clone() } else { escape(&self.path, Part::Path) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            if !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some() {
                if !self.host.is_empty() || !self.path.is_empty() || self.user.is_some() {
                    f.write_str("//")?;
                }
                if let Some(user) = &self.user {
                    write!(f, "{user}@")?;
                }
                f.write_str(&escape(&self.host, Part::Host))?;
            }
            let path = self.escaped_path();
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                f.write_str("/")?;
            }
            let empty = self.scheme.is_empty() && self.host.is_empty() && self.user.is_none();
            if empty && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                f.write_str("./")?;
            }
            f.write_str(&path)?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", escape(&self.fragment, Part::Fragment))?;
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    crate::render::template::literal::quote(text)
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn host_of(host: &str) -> Result<String, String> {
    let port_of = |port: &str| match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        _ => Err(format!("invalid port {} after host", quoted(port))),
    };
    if host.starts_with('[') {
        let Some(end) = host.rfind(']') else { return Err("missing ']' in host".to_owned()) };
        port_of(&host[end + 1..])?;
        if let Some(zone) = host[..end].find("%25") {
            let address = unescape(&host[..zone], Part::Host)?;
            let name = unescape(&host[zone..end], Part::Zone)?;
            return Ok(address + &name + &unescape(&host[end..], Part::Host)?);
        }
    } else if let Some(colon) = host.rfind(':') {
        port_of(&host[colon..])?;
    }
    unescape(host, Part::Host)
}

fn unescape(text: &str, part: Part) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'%' {
            let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
            let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2)) else {
                let shown: String = text[at..].chars().take(3).collect();
                return Err(format!("invalid URL escape {}", quoted(&shown)));
            };
            let code = (high * 16 + low) as u8;
            let shown = &text[at..at + 3];
            if part == Part::Host && high < 8 && shown != "%25" {
                return Err(format!("invalid URL escape {}", quoted(shown)));
            }
            if part == Part::Zone && shown != "%25" && code != b' ' && should_escape(code, Part::Host) {
                return Err(format!("invalid URL escape {}", quoted(shown)));
            }
            out.push(code);
            at += 3;
        } else {
            if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && should_escape(byte, part) {
                return Err(format!(
                    "invalid character {} in host name",
                    quoted(&char::from(byte).to_string())
                ));
            }
            out.push(byte);
            at += 1;
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn should_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() {
        return false;
    }
    if matches!(part, Part::Host | Part::Zone) && b"!$&'()*+,;=:[]<>\"".contains(&byte) {
        return false;
    }
    match byte {
        b'-' | b'_' | b'.' | b'~' => false,
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::User => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' if part == Part::Fragment => false,
        _ => true,
    }
}

fn escape(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if should_escape(byte, part) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}
