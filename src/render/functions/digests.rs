//! Digests.

use std::fmt::Write as _;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::Table;
use super::arguments::{Answer, derived_text, exactly, text};
use crate::render::template::function::Call;
use crate::render::value::Value;

pub(super) const TABLE: Table =
    &[("sha1sum", sha1sum), ("sha256sum", sha256sum), ("sha512sum", sha512sum), ("adler32sum", adler32sum)];

fn digest<D: Digest>(call: &mut Call<'_>, name: &str, values: &[Value]) -> Answer {
    let [value] = exactly(name, values)?;
    let mut out = String::new();
    for byte in D::digest(text(value)?.as_str().as_bytes()) {
        let _ = write!(out, "{byte:02x}");
    }
    derived_text(call, out, values)
}

fn sha1sum(call: &mut Call<'_>, values: &[Value]) -> Answer {
    digest::<Sha1>(call, "sha1sum", values)
}

fn sha256sum(call: &mut Call<'_>, values: &[Value]) -> Answer {
    digest::<Sha256>(call, "sha256sum", values)
}

fn sha512sum(call: &mut Call<'_>, values: &[Value]) -> Answer {
    digest::<Sha512>(call, "sha512sum", values)
}

fn adler32sum(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("adler32sum", values)?;
    let (mut low, mut high) = (1u32, 0u32);
    for byte in text(value)?.as_str().bytes() {
        low = (low + u32::from(byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    derived_text(call, (high << 16 | low).to_string(), values)
}
