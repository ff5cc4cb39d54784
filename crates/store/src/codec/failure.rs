//! Failures as bytes; the codes are part of the file format and never change their meaning.

use std::time::Duration;

use trilemma_domain::{Failure, FailureKind, FaultSource, Retry};

use crate::codec::timing::duration_of;
use crate::codec::{Reader, put_bytes, put_option_u64, put_u128};

const KINDS: [FailureKind; 18] = [
    FailureKind::RateLimited,
    FailureKind::Overloaded,
    FailureKind::ServerError,
    FailureKind::Auth,
    FailureKind::NotFound,
    FailureKind::BadRequest,
    FailureKind::Connect,
    FailureKind::Cut,
    FailureKind::Stalled,
    FailureKind::Deadline,
    FailureKind::Truncated,
    FailureKind::Malformed,
    FailureKind::InStream,
    FailureKind::TooLarge,
    FailureKind::BreakerOpen,
    FailureKind::Budget,
    FailureKind::Interrupted,
    FailureKind::Unsendable,
];

/// The code of a kind: its position in `KINDS`.
fn kind_code(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::RateLimited => 0,
        FailureKind::Overloaded => 1,
        FailureKind::ServerError => 2,
        FailureKind::Auth => 3,
        FailureKind::NotFound => 4,
        FailureKind::BadRequest => 5,
        FailureKind::Connect => 6,
        FailureKind::Cut => 7,
        FailureKind::Stalled => 8,
        FailureKind::Deadline => 9,
        FailureKind::Truncated => 10,
        FailureKind::Malformed => 11,
        FailureKind::InStream => 12,
        FailureKind::TooLarge => 13,
        FailureKind::BreakerOpen => 14,
        FailureKind::Budget => 15,
        FailureKind::Interrupted => 16,
        FailureKind::Unsendable => 17,
    }
}

fn source_code(source: FaultSource) -> u8 {
    match source {
        FaultSource::Caller => 0,
        FaultSource::Vendor => 1,
        FaultSource::Network => 2,
        FaultSource::Us => 3,
    }
}

/// Writes a failure.
pub(crate) fn put_failure(out: &mut Vec<u8>, failure: &Failure) {
    out.push(kind_code(failure.kind));
    out.push(source_code(failure.source));
    match failure.retry {
        Retry::No => out.push(0),
        Retry::Backoff => out.push(1),
        Retry::After(wait) => {
            out.push(2);
            put_u128(out, wait.as_nanos());
        }
    }
    put_option_u64(out, failure.status.map(u64::from));
    put_bytes(out, failure.message.as_bytes());
}

/// Reads a failure back; `None` = damaged.
pub(crate) fn read_failure(from: &mut Reader<'_>) -> Option<Failure> {
    let kind = *KINDS.get(usize::from(from.byte()?))?;
    let source = match from.byte()? {
        0 => FaultSource::Caller,
        1 => FaultSource::Vendor,
        2 => FaultSource::Network,
        3 => FaultSource::Us,
        _ => return None,
    };
    let retry = match from.byte()? {
        0 => Retry::No,
        1 => Retry::Backoff,
        2 => Retry::After(read_wait(from)?),
        _ => return None,
    };
    let status = match from.option_u64()? {
        None => None,
        Some(status) => Some(u16::try_from(status).ok()?),
    };
    Some(Failure {
        kind,
        source,
        retry,
        status,
        message: from.text()?,
    })
}

fn read_wait(from: &mut Reader<'_>) -> Option<Duration> {
    duration_of(from.u128()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_positions() {
        for (code, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(usize::from(kind_code(kind)), code);
        }
    }
}
