//! Keys, certificates and passwords: stand-ins of the right shape. No rule needs more than that, and nobody should believe
//! that a key which is always the same is one.

use std::net::IpAddr;
use std::rc::Rc;

use super::Table;
use super::arguments::{Answer, derived, derived_text, exactly, int, items, text, unknown, unknown_text};
use super::random::letters;
use super::spell::spelled;
use crate::render::base64;
use crate::render::origin::Origin;
use crate::render::template::function::Call;
use crate::render::value::{Data, Entry, Object, Value};

pub(super) const TABLE: Table = &[
    ("genPrivateKey", private_key),
    ("genCA", ca),
    ("genCAWithKey", ca_with_key),
    ("genSelfSignedCert", self_signed),
    ("genSelfSignedCertWithKey", self_signed_with_key),
    ("genSignedCert", signed),
    ("genSignedCertWithKey", signed_with_key),
    ("buildCustomCert", build_custom),
    ("bcrypt", bcrypt),
    ("htpasswd", htpasswd),
    ("derivePassword", derive_password),
    ("encryptAES", encrypt_aes),
    ("decryptAES", decrypt_aes),
];

const GENERATED: &str = "a generated key or certificate";
const SALTED: &str = "a password hash with a random salt";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Text in the form of PEM.
fn pem(call: &Call<'_>, kind: &str, lines: usize) -> String {
    let body = letters(call, BASE64, 64 * lines);
    let mut out = format!("-----BEGIN {kind}-----\n");
    for at in 0..lines {
        out.push_str(&body[64 * at..64 * (at + 1)]);
        out.push('\n');
    }
    out.push_str(&format!("-----END {kind}-----\n"));
    out
}

fn private_key(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [kind] = exactly("genPrivateKey", values)?;
    let (kind, lines) = match text(kind)?.as_str() {
        "" | "rsa" => ("RSA PRIVATE KEY", 49),
        "dsa" => ("DSA PRIVATE KEY", 13),
        "ecdsa" => ("EC PRIVATE KEY", 3),
        "ed25519" => ("PRIVATE KEY", 1),
        other => return derived_text(call, format!("Unknown type {other}"), values),
    };
    let text = pem(call, kind, lines);
    unknown_text(call, GENERATED, text)
}

/// sprig's `certificate`, with the fields `Cert` and `Key`.
#[derive(Debug)]
struct Certificate {
    cert: Rc<str>,
    key: Rc<str>,
    origin: Origin,
}

impl Object for Certificate {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(Value::text(Rc::clone(&self.cert), self.origin)),
            "Key" => Some(Value::text(Rc::clone(&self.key), self.origin)),
            _ => None,
        }
    }

    fn call(&self, _: &str, _: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    fn plain(&self) -> Option<Value> {
        let entry = |name: &str| Some((Rc::from(name), Entry { key: self.origin, value: self.field(name)? }));
        Some(Value::map([entry("Cert")?, entry("Key")?], self.origin))
    }
}

fn certificate(call: &mut Call<'_>, key: Option<&Value>) -> Answer {
    let cert = pem(call, "CERTIFICATE", 17).into();
    let key = match key {
        Some(key) => text(key)?.as_str().into(),
        None => pem(call, "RSA PRIVATE KEY", 25).into(),
    };
    call.budget.bytes(4096)?;
    let origin = unknown(call, GENERATED);
    Ok(Value::new(Data::Object(Rc::new(Certificate { cert, key, origin })), origin))
}

fn ca(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, days] = exactly("genCA", values)?;
    text(name)?;
    int(days)?;
    certificate(call, None)
}

fn ca_with_key(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, days, key] = exactly("genCAWithKey", values)?;
    text(name)?;
    int(days)?;
    certificate(call, Some(key))
}

/// The arguments that all certificates take: a name, addresses, other names, days.
fn check(call: &mut Call<'_>, [name, addresses, names, days]: [&Value; 4]) -> Result<(), String> {
    text(name)?;
    int(days)?;
    for address in elements(addresses)? {
        let shown = spelled(call, &address)?;
        if text(&address).is_err() {
            return Err(format!("error parsing ip: {shown} is not a string"));
        }
        if shown.as_str().parse::<IpAddr>().is_err() {
            return Err(format!("error parsing ip: {shown}"));
        }
    }
    for name in elements(names)? {
        if text(&name).is_err() {
            let shown = spelled(call, &name)?;
            return Err(format!("error processing alternate dns name: {shown} is not a string"));
        }
    }
    Ok(())
}

/// The elements of a list, or of none.
fn elements(list: &Value) -> Result<Vec<Value>, String> {
    if let Data::Nil = list.data {
        return Ok(Vec::new());
    }
    items(list).ok_or_else(|| {
        format!("wrong type for value; expected []interface {{}}; got {}", list.data.type_name())
    })
}

fn self_signed(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, addresses, names, days] = exactly("genSelfSignedCert", values)?;
    check(call, [name, addresses, names, days])?;
    certificate(call, None)
}

fn self_signed_with_key(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, addresses, names, days, key] = exactly("genSelfSignedCertWithKey", values)?;
    check(call, [name, addresses, names, days])?;
    certificate(call, Some(key))
}

fn authority(value: &Value) -> Result<(), String> {
    match &value.data {
        Data::Object(object) if object.type_name() == "sprig.certificate" => Ok(()),
        Data::Nil => Err("wrong type for value; expected sprig.certificate; got interface {}".to_owned()),
        other => Err(format!("wrong type for value; expected sprig.certificate; got {}", other.type_name())),
    }
}

fn signed(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, addresses, names, days, ca] = exactly("genSignedCert", values)?;
    check(call, [name, addresses, names, days])?;
    authority(ca)?;
    certificate(call, None)
}

fn signed_with_key(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, addresses, names, days, ca, key] = exactly("genSignedCertWithKey", values)?;
    check(call, [name, addresses, names, days])?;
    authority(ca)?;
    certificate(call, Some(key))
}

/// A certificate and a key that are given: these are no stand-ins.
fn build_custom(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [cert, key] = exactly("buildCustomCert", values)?;
    let decoded = |value: &Value, what: &str| -> Result<Rc<str>, String> {
        let bytes =
            base64::decode(text(value)?.as_str()).map_err(|_| format!("unable to decode base64 {what}"))?;
        Ok(String::from_utf8_lossy(&bytes).into())
    };
    let (cert, key) = (decoded(cert, "certificate")?, decoded(key, "private key")?);
    if !cert.contains("-----BEGIN ") {
        return Err("unable to decode certificate".to_owned());
    }
    if !key.contains("-----BEGIN ") {
        return Err("error parsing private key: no PEM data in input".to_owned());
    }
    let origin = derived(call, Data::Nil, values).origin;
    Ok(Value::new(Data::Object(Rc::new(Certificate { cert, key, origin })), origin))
}

fn hash(call: &Call<'_>) -> String {
    format!("$2a$10${}", letters(call, &BASE64.replace('+', "."), 53))
}

fn bcrypt(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [password] = exactly("bcrypt", values)?;
    if text(password)?.len() > 72 {
        let error = "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes";
        return derived_text(call, error, values);
    }
    let hash = hash(call);
    unknown_text(call, SALTED, hash)
}

fn htpasswd(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [user, password] = exactly("htpasswd", values)?;
    text(password)?;
    let user = text(user)?.as_str();
    if user.contains(':') {
        return derived_text(call, format!("invalid username: {user}"), values);
    }
    let line = format!("{user}:{}", hash(call));
    unknown_text(call, SALTED, line)
}

/// The shape that each kind of password has.
fn shape(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "maximum" => "anoxxxxxxxxxxxxxxxxx",
        "long" => "CvcvnoCvcvCvcv",
        "medium" => "CvcnoCvc",
        "short" => "Cvcn",
        "basic" => "aaanaaan",
        "pin" => "nnnn",
        _ => return None,
    })
}

fn derive_password(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [counter, kind, password, user, site] = exactly("derivePassword", values)?;
    int(counter)?;
    for value in [password, user, site] {
        text(value)?;
    }
    let kind = text(kind)?.as_str();
    let Some(shape) = shape(kind) else {
        return derived_text(call, format!("cannot find password template {kind}"), values);
    };
    let letter = |kind| match kind {
        'C' => 'B',
        'v' => 'a',
        'c' => 'b',
        'n' => '7',
        'o' => '-',
        _ => 'a',
    };
    let text: String = shape.chars().map(letter).collect();
    unknown_text(call, "a derived password", text)
}

fn encrypt_aes(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [password, plain] = exactly("encryptAES", values)?;
    text(password)?;
    if text(plain)?.is_empty() {
        return derived_text(call, "", values);
    }
    // The text is padded to blocks of 16 bytes, and one block comes before it.
    let blocks = text(plain)?.len() / 16 + 2;
    call.budget.bytes(blocks * 22)?;
    let bytes = letters(call, BASE64, blocks * 16);
    let encoded = base64::encode(bytes.as_bytes());
    unknown_text(call, "an encrypted text", encoded)
}

fn decrypt_aes(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [password, secret] = exactly("decryptAES", values)?;
    text(password)?;
    text(secret)?;
    unknown_text(call, "a decrypted text", "")
}
