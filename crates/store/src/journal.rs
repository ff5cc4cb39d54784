//! The call journal: which calls may have been sent, whatever happened afterwards.
//!
//! In: one record per call, appended with one `write` before the first byte of the call is sent.
//! Out: the calls announced by each session. A record of 32 bytes holds the leading hash of the
//! run id, session, candidate, item, repeat and attempt, each big-endian, and a check sum (FNV-1a).
//! Of a judge's call the attempt is its mark: the top bit and 31 bits of the request's hash.
//! What was written survives the death of the process; a torn last record is dropped. Records of a
//! run leave the file when the run is completed or deleted.

use std::io::{BufReader, Read, Write};
use std::path::PathBuf;

use fs_err::{File, OpenOptions};
use trilemma_domain::{Fingerprint, RunId, TrialKey};

use crate::error::StoreError;
use crate::place::{Place, private};

const RECORD_BYTES: usize = 32;

/// One announced call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    /// Leading bytes of the hash of the run's id.
    pub(crate) run: u64,
    /// The session (one writing process) that announced it.
    pub(crate) session: u32,
    pub(crate) key: TrialKey,
    pub(crate) attempt: u32,
}

/// The file, opened at the first announcement.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: Option<File>,
}

/// Tells calls of judges from attempts, whose numbers are small.
const JUDGE: u32 = 1 << 31;

/// What the journal calls a judge's call.
pub(crate) fn judge_mark(request: &Fingerprint) -> u32 {
    let [a, b, c, d, ..] = request.leading_u64().to_be_bytes();
    JUDGE | u32::from_be_bytes([a, b, c, d])
}

impl Call {
    /// Whether it is a judge's.
    pub(crate) fn is_judges(&self) -> bool {
        self.attempt & JUDGE != 0
    }
}

/// What the journal calls a run.
pub(crate) fn run_hash(run: &RunId) -> u64 {
    Fingerprint::of(run.as_str().as_bytes()).leading_u64()
}

impl Journal {
    pub(crate) fn new(place: &Place) -> Self {
        Self {
            path: place.journal.clone(),
            file: None,
        }
    }

    /// Appends one record.
    pub(crate) fn announce(&mut self, call: &Call) -> Result<(), StoreError> {
        let done = match &mut self.file {
            Some(file) => file.write_all(&encode(call)),
            None => self.open().and_then(|mut file| {
                let done = file.write_all(&encode(call));
                self.file = Some(file);
                done
            }),
        };
        // After a partial write the next opening cuts the torn record off.
        done.map_err(|error| {
            self.file = None;
            StoreError::from_io(&self.path, &error)
        })
    }

    fn open(&self) -> std::io::Result<File> {
        let file = private(OpenOptions::new().append(true).create(true)).open(&self.path)?;
        let n_bytes = file.metadata()?.len();
        let torn = n_bytes % RECORD_BYTES as u64;
        if torn != 0 {
            file.set_len(n_bytes - torn)?;
        }
        Ok(file)
    }

    /// Reads every sound record, in order.
    pub(crate) fn for_each(&self, mut see: impl FnMut(Call)) -> Result<(), StoreError> {
        let error = |error: std::io::Error| StoreError::from_io(&self.path, &error);
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(io) if io.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(io) => return Err(error(io)),
        };
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        let mut record = [0; RECORD_BYTES];
        loop {
            match reader.read_exact(&mut record) {
                Ok(()) => {
                    if let Some(call) = decode(&record) {
                        see(call);
                    }
                }
                Err(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(io) => return Err(error(io)),
            }
        }
    }

    /// Drops the records of one run; the file is replaced as a whole or not at all.
    pub(crate) fn drop_run(&mut self, run: &RunId) -> Result<(), StoreError> {
        let run = run_hash(run);
        let mut kept = Vec::new();
        let mut n_dropped = 0_usize;
        self.for_each(|call| {
            if call.run == run {
                n_dropped += 1;
            } else {
                kept.extend_from_slice(&encode(&call));
            }
        })?;
        if n_dropped == 0 {
            return Ok(());
        }
        let error = |error: std::io::Error| StoreError::from_io(&self.path, &error);
        let fresh = self.path.with_extension("journal.new");
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&fresh)
            .map_err(error)?;
        file.write_all(&kept).map_err(error)?;
        fs_err::rename(&fresh, &self.path).map_err(error)?;
        self.file = None;
        Ok(())
    }
}

fn encode(call: &Call) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    let (head, tail) = record.split_at_mut(RECORD_BYTES - 4);
    let fields = call.run.to_be_bytes().into_iter().chain(
        [
            call.session,
            call.key.candidate_idx,
            call.key.item_idx,
            call.key.repeat,
            call.attempt,
        ]
        .into_iter()
        .flat_map(u32::to_be_bytes),
    );
    for (place, byte) in head.iter_mut().zip(fields) {
        *place = byte;
    }
    tail.copy_from_slice(&check_sum(head).to_be_bytes());
    record
}

fn decode(record: &[u8; RECORD_BYTES]) -> Option<Call> {
    let (head, tail) = record.split_at(RECORD_BYTES - 4);
    if check_sum(head).to_be_bytes() != tail {
        return None;
    }
    let (run, rest) = head.split_first_chunk::<8>()?;
    let mut fields = rest
        .as_chunks::<4>()
        .0
        .iter()
        .map(|field| u32::from_be_bytes(*field));
    Some(Call {
        run: u64::from_be_bytes(*run),
        session: fields.next()?,
        key: TrialKey {
            candidate_idx: fields.next()?,
            item_idx: fields.next()?,
            repeat: fields.next()?,
        },
        attempt: fields.next()?,
    })
}

/// FNV-1a, 32 bits (Fowler, Noll and Vo; RFC 9923 §4).
fn check_sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(item_idx: u32) -> Call {
        Call {
            run: run_hash(&"r".into()),
            session: 3,
            key: TrialKey {
                candidate_idx: 1,
                item_idx,
                repeat: 2,
            },
            attempt: 1,
        }
    }

    fn read(journal: &Journal) -> Vec<Call> {
        let mut calls = Vec::new();
        journal.for_each(|call| calls.push(call)).unwrap();
        calls
    }

    #[test]
    fn check_sum_matches_the_published_vectors() {
        assert_eq!(check_sum(b""), 0x811c_9dc5);
        assert_eq!(check_sum(b"a"), 0xe40c_292c);
        assert_eq!(check_sum(b"foobar"), 0xbf9c_f968);
    }

    #[test]
    fn a_torn_tail_is_dropped_and_the_next_record_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(&folder.path().join("s.db"));
        let mut journal = Journal::new(&place);
        assert_eq!(read(&journal), []);
        journal.announce(&call(1)).unwrap();
        journal.announce(&call(2)).unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .open(&place.journal)
            .unwrap();
        file.write_all(&encode(&call(3))[..17]).unwrap();
        assert_eq!(read(&journal), [call(1), call(2)]);

        let mut reopened = Journal::new(&place);
        reopened.announce(&call(4)).unwrap();
        assert_eq!(read(&reopened), [call(1), call(2), call(4)]);
    }

    #[test]
    fn a_damaged_record_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(&folder.path().join("s.db"));
        let mut journal = Journal::new(&place);
        for item_idx in 0..3 {
            journal.announce(&call(item_idx)).unwrap();
        }
        let mut bytes = fs_err::read(&place.journal).unwrap();
        bytes[RECORD_BYTES + 5] ^= 1;
        fs_err::write(&place.journal, bytes).unwrap();
        assert_eq!(read(&journal), [call(0), call(2)]);
    }

    #[test]
    fn dropping_a_run_keeps_the_others_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(&folder.path().join("s.db"));
        let mut journal = Journal::new(&place);
        let other = Call {
            run: run_hash(&"other".into()),
            ..call(9)
        };
        for call in [call(1), other, call(2)] {
            journal.announce(&call).unwrap();
        }
        journal.drop_run(&"r".into()).unwrap();
        assert_eq!(read(&journal), [other]);
        journal.announce(&call(5)).unwrap();
        assert_eq!(read(&journal), [other, call(5)]);
    }
}
