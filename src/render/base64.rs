//! Base64 as Go's `encoding/base64` reads and writes it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64 with padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at) & 63) as usize;
            out.push(if at > chunk.len() { '=' } else { char::from(ALPHABET[index]) });
        }
    }
    out
}

/// The bytes behind standard base64; line ends are passed over. The error is the offset of the byte that does not fit.
pub fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut at = 0;
    let skip_lines = |mut at: usize| {
        while matches!(bytes.get(at), Some(b'\n' | b'\r')) {
            at += 1;
        }
        at
    };
    loop {
        let (mut bits, mut count) = (0u32, 0);
        while count < 4 {
            let Some(byte) = bytes.get(at) else {
                return if count == 0 { Ok(out) } else { Err(at - count) };
            };
            at += 1;
            if let Some(index) = ALPHABET.iter().position(|letter| letter == byte) {
                bits |= (index as u32) << (18 - 6 * count);
                count += 1;
            } else if matches!(byte, b'\n' | b'\r') {
            } else if *byte != b'=' || count < 2 {
                return Err(at - 1);
            } else {
                if count == 2 {
                    at = skip_lines(at);
                    match bytes.get(at) {
                        None => return Err(bytes.len()),
                        Some(b'=') => at += 1,
                        Some(_) => return Err(at - 1),
                    }
                }
                at = skip_lines(at);
                if at < bytes.len() {
                    return Err(at);
                }
                break;
            }
        }
        let [_, first, second, third] = bits.to_be_bytes();
        out.extend([first, second, third].into_iter().take(count.saturating_sub(1)));
        if count < 4 {
            return Ok(out);
        }
    }
}
