//! Charts in archives: the members of a `.tgz`, read in memory.
//!
//! Every trick of a hostile one is refused: paths that leave it, links, more bytes than anybody's chart has. Nothing is
//! written. What a chart is, is not known here.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// The largest file of a chart: 5 MiB, as Helm has it.
pub(super) const MAX_FILE: usize = 5 << 20;
/// The most bytes that a chart may have: 100 MiB, as Helm has it.
pub(super) const MAX_CHART: usize = 100 << 20;
/// The most files of an archive.
const MAX_MEMBERS: usize = 20_000;

const BLOCK: usize = 512;

/// A file of an archive; its path is below the folder that all files of an archive are in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// The files of an archive. `budget` is what may still be unpacked; what was is taken from it.
pub(super) fn unpack(archive: &[u8], budget: &mut usize) -> Result<Vec<Member>, String> {
    let mut stream = MultiGzDecoder::new(archive);
    let mut members = Vec::new();
    let mut long_name: Option<String> = None;
    while let Some(header) = header(&mut stream)? {
        let size = number(&header[124..136]).ok_or("is damaged: a file's size cannot be read")?;
        if size > *budget || (size > MAX_FILE && matches!(header[156], b'0' | 0 | b'7')) {
            return Err("holds more than a chart may".to_owned());
        }
        *budget -= size;
        let bytes = content(&mut stream, size)?;
        match header[156] {
            b'L' => long_name = Some(text(&bytes)),
            b'x' => long_name = pax_path(&bytes).or(long_name),
            b'g' | b'K' | b'5' => {}
            b'0' | 0 | b'7' => {
                let name = long_name.take().unwrap_or_else(|| name(&header));
                if name.ends_with('/') {
                    continue;
                }
                members.push(Member { path: inside(&name)?, bytes });
                if members.len() > MAX_MEMBERS {
                    return Err("holds more files than a chart may".to_owned());
                }
            }
            b'1' | b'2' => return Err("holds a link".to_owned()),
            _ => return Err("holds something that is no file".to_owned()),
        }
        if !matches!(header[156], b'L' | b'x' | b'g' | b'K') {
            long_name = None;
        }
    }
    if members.is_empty() { Err("holds no files".to_owned()) } else { Ok(members) }
}

/// The next header; none at the end.
fn header(stream: &mut impl Read) -> Result<Option<[u8; BLOCK]>, String> {
    let mut block = [0; BLOCK];
    match stream.read_exact(&mut block) {
        Ok(()) if block.iter().all(|byte| *byte == 0) => Ok(None),
        Ok(()) => Ok(Some(block)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(damaged(&error)),
    }
}

/// A file's bytes, and the padding behind them.
fn content(stream: &mut impl Read, size: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let padded = size.next_multiple_of(BLOCK);
    let read = stream.take(padded as u64).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
    if read < size {
        return Err("is damaged: it ends within a file".to_owned());
    }
    bytes.truncate(size);
    Ok(bytes)
}

fn damaged(error: &io::Error) -> String {
    format!("is damaged, or no gzip: {error}")
}

/// A number in octal digits, or, where its first bit is set, in bytes.
fn number(field: &[u8]) -> Option<usize> {
    if field.first()? & 0x80 != 0 {
        let digits = std::iter::once(field[0] & 0x7f).chain(field[1..].iter().copied());
        return digits
            .into_iter()
            .try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add(byte.into()));
    }
    let digits = text(field);
    let digits = digits.trim_matches(' ');
    if digits.is_empty() { Some(0) } else { usize::from_str_radix(digits, 8).ok() }
}

/// Text up to the first NUL.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn name(header: &[u8; BLOCK]) -> String {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    if header[257..263] == *b"ustar\0" && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// The path that an extended header gives: lines of `length key=value`.
fn pax_path(mut records: &[u8]) -> Option<String> {
    let mut path = None;
    while let Some(space) = records.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
        let record = records.get(space + 1..length)?;
        if let Some(value) = record.strip_prefix(b"path=") {
            path = Some(text(value).trim_end_matches('\n').to_owned());
        }
        records = &records[length..];
    }
    path
}

/// The path without the folder that all files of the archive are in.
fn inside(name: &str) -> Result<String, String> {
    let normal = name.replace('\\', "/");
    let leaves = || Err(format!("holds a file that leaves it: `{name}`"));
    let Some((first, rest)) = normal.split_once('/') else {
        return Err(format!("holds a file outside of the chart's folder: `{name}`"));
    };
    let drive = rest.len() > 2 && rest.as_bytes()[1] == b':' && rest.as_bytes()[2] == b'/';
    if rest.starts_with('/') || drive || first == ".." {
        return leaves();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return leaves();
                }
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { leaves() } else { Ok(parts.join("/")) }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use super::*;

    /// An archive of these members: name, kind, content.
    pub(in super::super) fn archive(members: &[(&str, u8, &[u8])]) -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, kind, content) in members {
            let mut header = [0; BLOCK];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
            header[156] = *kind;
            header[257..263].copy_from_slice(b"ustar\0");
            tar.extend_from_slice(&header);
            tar.extend_from_slice(content);
            tar.resize(tar.len().next_multiple_of(BLOCK), 0);
        }
        tar.resize(tar.len() + 2 * BLOCK, 0);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).and_then(|()| gzip.finish()).unwrap_or_default()
    }

    fn paths(members: &[(&str, u8, &[u8])]) -> Result<Vec<String>, String> {
        let members = unpack(&archive(members), &mut MAX_CHART.clone())?;
        Ok(members.into_iter().map(|member| member.path).collect())
    }

    #[test]
    fn members_are_below_the_first_folder() {
        let long = format!("17 path=c/{}\n", "long/x");
        let got = paths(&[
            ("c/", b'5', b""),
            ("c/Chart.yaml", b'0', b"name: c\n"),
            ("pax", b'x', long.as_bytes()),
            ("c/short", b'0', b"1"),
            ("name", b'L', b"c/templates/very-long.yaml\0"),
            ("c/cut", b'0', b"2"),
            ("c\\windows\\x.yaml", b'0', b"3"),
        ]);
        assert_eq!(
            got.unwrap_or_default(),
            ["Chart.yaml", "long/x", "templates/very-long.yaml", "windows/x.yaml"]
        );
    }

    #[test]
    fn hostile_ones_are_refused() {
        for (name, kind) in [
            ("c/../../etc/passwd", b'0'),
            ("c//etc/passwd", b'0'),
            ("c/C:/windows", b'0'),
            ("../c/x", b'0'),
            ("Chart.yaml", b'0'),
            ("c/link", b'2'),
            ("c/hard", b'1'),
            ("c/device", b'3'),
            ("c/.", b'0'),
        ] {
            assert!(paths(&[(name, kind, b"")]).is_err(), "{name}");
        }
        let large = vec![0; MAX_FILE + 1];
        assert!(paths(&[("c/x", b'0', &large)]).is_err());
        assert!(unpack(&archive(&[("c/x", b'0', &[0; 900])]), &mut 800).is_err());
        assert!(unpack(b"no gzip", &mut MAX_CHART.clone()).is_err());
        let cut = archive(&[("c/x", b'0', &[7; 9000])]);
        assert!(unpack(&cut[..cut.len() / 2], &mut MAX_CHART.clone()).is_err());
    }
}
