//! ZIP archives, read by their central directory: members are named by position, never unpacked to
//! disk, so that names with `..` or slashes mean nothing.
//!
//! In: an archive. Out: members, decoded one at a time, each of bounded size. Source: PKWARE
//! APPNOTE 6.3.10, with ZIP64; methods 0 (stored), 8 (Deflate) and 93 (Zstandard). Encrypted and
//! split archives are refused. A member that decodes to more than it announces, or to more than
//! [`MAX_MEMBER_BYTES`], is an error: an archive cannot blow up in memory.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::InteropError;

/// Most bytes that one member may have, packed or unpacked.
pub(crate) const MAX_MEMBER_BYTES: u64 = 256 << 20;
/// Most bytes of a central directory: about two million members.
const MAX_DIRECTORY_BYTES: u64 = 256 << 20;
/// The end record and the longest comment behind it.
const MAX_TAIL_BYTES: u64 = 22 + 65_535;

/// An opened archive.
pub(crate) struct Archive {
    path: PathBuf,
    file: fs_err::File,
    length: u64,
    total: Arc<AtomicU64>,
    decoder: zstd::bulk::Decompressor<'static>,
}

/// One member, as the central directory tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: Box<str>,
    method: u16,
    packed: u64,
    unpacked: u64,
    offset: u64,
}

const DAMAGED: &str = "it may have been cut off while it was copied or written; get a whole copy";

impl Archive {
    /// Opens an archive and reads what it holds, in the order of its directory.
    pub(crate) fn open(
        path: &Path,
        total: Arc<AtomicU64>,
    ) -> Result<(Self, Vec<Member>), InteropError> {
        let io = |error: std::io::Error| InteropError::io(path, &error);
        let mut file = fs_err::File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let decoder = zstd::bulk::Decompressor::new().map_err(io)?;
        let (start, size, n_members) = directory_place(&mut file, length, path)?;
        if size > MAX_DIRECTORY_BYTES {
            return Err(InteropError::broken(
                path,
                format!("its directory claims {size} bytes"),
                DAMAGED,
            ));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        file.seek(SeekFrom::Start(start)).map_err(io)?;
        file.read_exact(&mut bytes)
            .map_err(|_| InteropError::broken(path, "its directory is cut off", DAMAGED))?;
        let members = members(&bytes)
            .ok_or_else(|| InteropError::broken(path, "its directory is damaged", DAMAGED))?;
        if members.len() as u64 != n_members {
            return Err(InteropError::broken(
                path,
                format!(
                    "its directory names {} members instead of {n_members}",
                    members.len()
                ),
                DAMAGED,
            ));
        }
        let archive = Self {
            path: path.to_owned(),
            file,
            length,
            total,
            decoder,
        };
        Ok((archive, members))
    }

    /// Decodes one member.
    ///
    /// # Errors
    /// What is wrong with it, in words that fit behind its name; the archive can still be read on.
    pub(crate) fn read(&mut self, member: &Member) -> Result<Vec<u8>, String> {
        if member.unpacked > MAX_MEMBER_BYTES || member.packed > MAX_MEMBER_BYTES {
            let mib = MAX_MEMBER_BYTES >> 20;
            return Err(format!("is larger than {mib} MiB"));
        }
        let packed = self.packed(member)?;
        self.total.fetch_add(packed.len() as u64, Ordering::Relaxed);
        let size = usize::try_from(member.unpacked).map_err(|_| "is too large".to_owned())?;
        let bytes = match member.method {
            0 => packed,
            8 => {
                let mut bytes = Vec::new();
                // One byte more shows a member that says less than it holds.
                flate2::read::DeflateDecoder::new(packed.as_slice())
                    .take(member.unpacked + 1)
                    .read_to_end(&mut bytes)
                    .map_err(|error| format!("cannot be unpacked: {error}"))?;
                bytes
            }
            93 => self.unpack_zstd(&packed, size)?,
            other => return Err(format!("is packed by method {other}, which is not known")),
        };
        if bytes.len() as u64 == member.unpacked {
            Ok(bytes)
        } else {
            Err("does not have the size that the archive announces".to_owned())
        }
    }

    fn unpack_zstd(&mut self, packed: &[u8], size: usize) -> Result<Vec<u8>, String> {
        // Frames follow each other where the writer flushed; the bulk decoder takes them in one go.
        self.decoder
            .decompress(packed, size)
            .map_err(|error| format!("cannot be unpacked: {error}"))
    }

    fn packed(&mut self, member: &Member) -> Result<Vec<u8>, String> {
        let cut = |_| "is cut off".to_owned();
        let mut head = [0; 30];
        self.file
            .seek(SeekFrom::Start(member.offset))
            .map_err(cut)?;
        self.file.read_exact(&mut head).map_err(cut)?;
        if u32_at(&head, 0) != Some(0x0403_4b50) {
            return Err("does not begin where the archive says".to_owned());
        }
        let names =
            u64::from(u16_at(&head, 26).unwrap_or(0)) + u64::from(u16_at(&head, 28).unwrap_or(0));
        let start = member.offset.saturating_add(30).saturating_add(names);
        if start.saturating_add(member.packed) > self.length {
            return Err("is cut off".to_owned());
        }
        self.file.seek(SeekFrom::Start(start)).map_err(cut)?;
        let mut packed = vec![0; usize::try_from(member.packed).unwrap_or(0)];
        self.file.read_exact(&mut packed).map_err(cut)?;
        Ok(packed)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Finds the central directory: where it begins, its size, its number of members.
fn directory_place(
    file: &mut fs_err::File,
    length: u64,
    path: &Path,
) -> Result<(u64, u64, u64), InteropError> {
    let io = |error: std::io::Error| InteropError::io(path, &error);
    let tail_start = length.saturating_sub(MAX_TAIL_BYTES);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(tail_start)).map_err(io)?;
    file.take(MAX_TAIL_BYTES)
        .read_to_end(&mut tail)
        .map_err(io)?;
    let end = tail
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .ok_or_else(|| InteropError::broken(path, "the archive has no end", DAMAGED))?;
    let record = tail.get(end..).unwrap_or_default();
    let damaged = || InteropError::broken(path, "the end of the archive is damaged", DAMAGED);
    let short = (
        u16_at(record, 10).map(u64::from),
        u32_at(record, 12).map(u64::from),
        u32_at(record, 16).map(u64::from),
    );
    let (Some(n_members), Some(size), Some(start)) = short else {
        return Err(damaged());
    };
    let place = if n_members == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
        let locator = end
            .checked_sub(20)
            .and_then(|at| tail.get(at..end))
            .filter(|locator| u32_at(locator, 0) == Some(0x0706_4b50))
            .ok_or_else(damaged)?;
        let at = u64_at(locator, 8).ok_or_else(damaged)?;
        let mut record = [0; 56];
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        file.read_exact(&mut record).map_err(|_| damaged())?;
        if u32_at(&record, 0) != Some(0x0606_4b50) {
            return Err(damaged());
        }
        (
            u64_at(&record, 48).ok_or_else(damaged)?,
            u64_at(&record, 40).ok_or_else(damaged)?,
            u64_at(&record, 32).ok_or_else(damaged)?,
        )
    } else {
        (start, size, n_members)
    };
    if place.0.saturating_add(place.1) > length {
        return Err(damaged());
    }
    Ok(place)
}

/// Reads the central directory; `None` = it is damaged.
fn members(mut bytes: &[u8]) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    while !bytes.is_empty() {
        if u32_at(bytes, 0)? != 0x0201_4b50 {
            return None;
        }
        let is_encrypted = u16_at(bytes, 8)? & 1 == 1;
        let (n_name, n_extra, n_comment) = (
            usize::from(u16_at(bytes, 28)?),
            usize::from(u16_at(bytes, 30)?),
            usize::from(u16_at(bytes, 32)?),
        );
        let name = bytes.get(46..46 + n_name)?;
        let extra = bytes.get(46 + n_name..46 + n_name + n_extra)?;
        let mut sizes = [
            u64::from(u32_at(bytes, 24)?),
            u64::from(u32_at(bytes, 20)?),
            u64::from(u32_at(bytes, 42)?),
        ];
        widen(&mut sizes, extra)?;
        let [unpacked, packed, offset] = sizes;
        members.push(Member {
            name: String::from_utf8_lossy(name).into(),
            // An unknown method is told when the member is asked for.
            method: if is_encrypted { 99 } else { u16_at(bytes, 10)? },
            packed,
            unpacked,
            offset,
        });
        bytes = bytes.get(46 + n_name + n_extra + n_comment..)?;
    }
    Some(members)
}

/// Takes sizes that do not fit 32 bits from the ZIP64 extra field (APPNOTE 4.5.3).
fn widen(sizes: &mut [u64; 3], mut extra: &[u8]) -> Option<()> {
    while extra.len() >= 4 {
        let (id, size) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let mut body = extra.get(4..4 + size)?;
        if id == 1 {
            for slot in sizes.iter_mut().filter(|slot| **slot == 0xFFFF_FFFF) {
                *slot = u64_at(body, 0)?;
                body = body.get(8..)?;
            }
        }
        extra = extra.get(4 + size..)?;
    }
    Some(())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u64::from_le_bytes)
}
