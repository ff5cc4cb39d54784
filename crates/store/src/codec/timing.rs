//! Stamps and token counts of one attempt as bytes: a mask of what is there, then the numbers.

use std::time::Duration;

use trilemma_domain::{Timing, Usage, UsageSource};

use crate::codec::{Reader, put_u64, put_u128};

/// Writes all stamps but those of the chunks.
pub(crate) fn put_timing(out: &mut Vec<u8>, timing: &Timing) {
    let stamps = [
        timing.connect,
        timing.send,
        timing.first_byte,
        timing.first_token,
        timing.first_visible,
        timing.last_visible,
        timing.end,
    ];
    let mask = stamps
        .iter()
        .rev()
        .fold(0_u8, |mask, stamp| mask << 1 | u8::from(stamp.is_some()));
    out.push(mask);
    put_u128(out, timing.queued.as_nanos());
    for stamp in stamps.into_iter().flatten() {
        put_u128(out, stamp.as_nanos());
    }
}

/// Reads the stamps back, without those of the chunks; `None` = damaged.
pub(crate) fn read_timing(from: &mut Reader<'_>) -> Option<Timing> {
    let mut mask = from.byte()?;
    let queued = duration_of(from.u128()?)?;
    let mut next = || -> Option<Option<Duration>> {
        let present = mask & 1 == 1;
        mask >>= 1;
        if present {
            duration_of(from.u128()?).map(Some)
        } else {
            Some(None)
        }
    };
    Some(Timing {
        queued,
        connect: next()?,
        send: next()?,
        first_byte: next()?,
        first_token: next()?,
        first_visible: next()?,
        last_visible: next()?,
        end: next()?,
        chunk_us: Vec::new(),
    })
}

/// Makes a duration of nanoseconds; `None` beyond what a duration holds.
pub(crate) fn duration_of(nanos: u128) -> Option<Duration> {
    const NANOS_PER_SECOND: u128 = 1_000_000_000;
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let rest = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    Some(Duration::new(seconds, rest))
}

const ESTIMATED: u8 = 1 << 4;
const ABSENT: u8 = 0xff;

/// Writes token counts.
pub(crate) fn put_usage(out: &mut Vec<u8>, usage: Option<&Usage>) {
    let Some(usage) = usage else {
        out.push(ABSENT);
        return;
    };
    let parts = [
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.reasoning,
    ];
    let mut mask = parts
        .iter()
        .rev()
        .fold(0_u8, |mask, part| mask << 1 | u8::from(part.is_some()));
    if usage.source == UsageSource::Estimated {
        mask |= ESTIMATED;
    }
    out.push(mask);
    put_u64(out, usage.input_uncached);
    put_u64(out, usage.output);
    for part in parts.into_iter().flatten() {
        put_u64(out, part);
    }
}

/// Reads token counts back; the outer `None` = damaged.
pub(crate) fn read_usage(from: &mut Reader<'_>) -> Option<Option<Usage>> {
    let mut mask = from.byte()?;
    if mask == ABSENT {
        return Some(None);
    }
    let source = if mask & ESTIMATED == 0 {
        UsageSource::Reported
    } else {
        UsageSource::Estimated
    };
    let input_uncached = from.u64()?;
    let output = from.u64()?;
    let mut next = || -> Option<Option<u64>> {
        let present = mask & 1 == 1;
        mask >>= 1;
        if present {
            from.u64().map(Some)
        } else {
            Some(None)
        }
    };
    Some(Some(Usage {
        input_uncached,
        cache_read: next()?,
        cache_write_5m: next()?,
        cache_write_1h: next()?,
        output,
        reasoning: next()?,
        source,
    }))
}
