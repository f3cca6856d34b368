//! Base64 and base32.

use super::Table;
use super::arguments::{Answer, derived_text, exactly, text};
use crate::render::base64;
use crate::render::template::function::Call;
use crate::render::value::{Data, Value};

pub(super) const TABLE: Table =
    &[("b64enc", b64enc), ("b64dec", b64dec), ("b32enc", b32enc), ("b32dec", b32dec)];

fn b64enc(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("b64enc", values)?;
    let encoded = match &value.data {
        // Go's strings hold any bytes; a file that is no text comes as bytes here.
        Data::Bytes(bytes) => base64::encode(bytes),
        _ => base64::encode(text(value)?.as_str().as_bytes()),
    };
    derived_text(call, encoded, values)
}

fn b64dec(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("b64dec", values)?;
    let decoded = match base64::decode(text(value)?.as_str()) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(at) => format!("illegal base64 data at input byte {at}"),
    };
    derived_text(call, decoded, values)
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn b32enc(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("b32enc", values)?;
    let mut out = String::new();
    for chunk in text(value)?.as_str().as_bytes().chunks(5) {
        let bits =
            (0..5).fold(0u64, |bits, at| bits << 8 | u64::from(chunk.get(at).copied().unwrap_or_default()));
        let letters = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let index = (bits >> (35 - 5 * at) & 31) as usize;
            out.push(if at < letters { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    derived_text(call, out, values)
}

fn b32dec(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("b32dec", values)?;
    let decoded = match decode(text(value)?.as_str()) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(at) => format!("illegal base32 data at input byte {at}"),
    };
    derived_text(call, decoded, values)
}

/// Go's decoder; the error is the offset that it names, in the text without line ends.
fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (mut bits, mut count) = (0u64, 0);
        while count < 8 {
            let Some(byte) = bytes.get(at) else { return Err(at - count) };
            at += 1;
            if *byte == b'=' && count >= 2 && bytes.len() - at < 8 {
                let rest = bytes.len() - at;
                if rest + count < 7 {
                    return Err(bytes.len());
                }
                for padding in 0..7 - count {
                    if bytes.get(at + padding) != Some(&b'=') {
                        return Err(at + padding - 1);
                    }
                }
                if matches!(count, 1 | 3 | 6) {
                    return Err(at - 1);
                }
                out.extend(taken(bits << (5 * (8 - count)), count));
                return Ok(out);
            }
            let Some(index) = ALPHABET.iter().position(|letter| letter == byte) else { return Err(at - 1) };
            bits = bits << 5 | index as u64;
            count += 1;
        }
        out.extend(taken(bits, 8));
    }
    Ok(out)
}

/// The bytes that so many letters make.
fn taken(bits: u64, letters: usize) -> impl Iterator<Item = u8> {
    bits.to_be_bytes().into_iter().skip(3).take(letters * 5 / 8)
}
