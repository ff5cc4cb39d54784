//! Lines of a file, one at a time; a line that is too long is passed over without being held.

use std::io::BufRead;

use trilemma_golden::Problem;

use super::bytes::{Bytes, MAX_ROW_BYTES, Meter};

/// Lines with their numbers.
pub(crate) struct Lines {
    bytes: Bytes,
    meter: Meter,
    buffer: Vec<u8>,
    number: u64,
}

/// A line that is not empty.
pub(crate) enum Line<'a> {
    /// Its text.
    Text(u64, &'a str),
    /// Why it cannot be used.
    Unusable(Problem),
}

impl Lines {
    pub(crate) fn new(bytes: Bytes, meter: Meter) -> Self {
        Self {
            bytes,
            meter,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// The next line that is not empty; `None` at the end.
    pub(crate) fn next(&mut self) -> std::io::Result<Option<Line<'_>>> {
        loop {
            self.buffer.clear();
            if self.buffer.capacity() > 1 << 20 {
                self.buffer.shrink_to(1 << 16);
            }
            self.number += 1;
            let ended = self.take_line()?;
            let at = self.number;
            match ended {
                Ended::File if self.buffer.is_empty() => return Ok(None),
                Ended::TooLong => {
                    let mib = MAX_ROW_BYTES >> 20;
                    let problem = Problem::new(format!("the line is longer than {mib} MiB")).at(at);
                    return Ok(Some(Line::Unusable(problem)));
                }
                Ended::Line | Ended::File => {}
            }
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            return Ok(Some(match std::str::from_utf8(&self.buffer) {
                Ok(text) => Line::Text(at, text),
                Err(error) => Line::Unusable(not_utf8(&self.buffer, error.valid_up_to()).at(at)),
            }));
        }
    }

    fn take_line(&mut self) -> std::io::Result<Ended> {
        let mut is_too_long = false;
        loop {
            self.meter.mark();
            let available = self.bytes.fill_buf()?;
            if available.is_empty() {
                return Ok(if is_too_long {
                    Ended::TooLong
                } else {
                    Ended::File
                });
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let n_taken = end.map_or(available.len(), |end| end + 1);
            if self.buffer.len() + n_taken > usize::try_from(MAX_ROW_BYTES).unwrap_or(usize::MAX) {
                is_too_long = true;
                self.buffer = Vec::new();
            }
            if !is_too_long {
                let n_text = end.unwrap_or(available.len());
                self.buffer
                    .extend_from_slice(available.get(..n_text).unwrap_or_default());
            }
            self.bytes.consume(n_taken);
            match (end, is_too_long) {
                (Some(_), true) => return Ok(Ended::TooLong),
                (Some(_), false) => return Ok(Ended::Line),
                (None, _) => {}
            }
        }
    }
}

enum Ended {
    Line,
    File,
    TooLong,
}

/// Says which byte is none of UTF-8.
pub(crate) fn not_utf8(bytes: &[u8], at: usize) -> Problem {
    let byte = bytes.get(at).copied().unwrap_or_default();
    Problem::new(format!("byte {} (0x{byte:02X}) is not UTF-8", at + 1))
        .column(at as u64 + 1)
        .hint("save the file as UTF-8")
}
