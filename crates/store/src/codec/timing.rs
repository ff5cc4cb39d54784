//! Stamps and token counts of one attempt as bytes: a mask of what is there, then the numbers.

use std::time::Duration;

use trilemma_domain::{Place, ServiceTier, Timing, Usage, UsageSource};

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
/// A second mask follows, for sound, pictures and searches.
const MORE: u8 = 1 << 5;
/// Where the first mask says in which class of service the vendor answered. Only counts that are reported
/// say so: with [`ESTIMATED`] all bits could be set, which is [`ABSENT`].
const TIER_SHIFT: u8 = 6;
/// Where the second mask says where the answer was computed.
const PLACE_SHIFT: u8 = 5;
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
    let more = [
        usage.audio_input,
        usage.image_input,
        usage.audio_output,
        usage.image_output,
        usage.web_searches,
    ];
    let mut mask = mask_of(&parts);
    if usage.source == UsageSource::Estimated {
        mask |= ESTIMATED;
    } else {
        mask |= tier_bits(usage.tier) << TIER_SHIFT;
    }
    let has_more = more.iter().any(Option::is_some) || usage.place.is_some();
    if has_more {
        mask |= MORE;
    }
    out.push(mask);
    put_u64(out, usage.input_uncached);
    put_u64(out, usage.output);
    for part in parts.into_iter().flatten() {
        put_u64(out, part);
    }
    if has_more {
        out.push(mask_of(&more) | place_bits(usage.place) << PLACE_SHIFT);
        for part in more.into_iter().flatten() {
            put_u64(out, part);
        }
    }
}

/// Two bits for a class of service; the ordinary one is what is meant where nothing is said.
fn tier_bits(tier: Option<ServiceTier>) -> u8 {
    match tier {
        None | Some(ServiceTier::Standard) => 0,
        Some(ServiceTier::Priority) => 1,
        Some(ServiceTier::Flex) => 2,
        // Batches are not called here: one that says so has no price.
        Some(ServiceTier::Batch | ServiceTier::Other) => 3,
    }
}

/// Two bits for a place; where nothing is said, none is set.
fn place_bits(place: Option<Place>) -> u8 {
    match place {
        None => 0,
        Some(Place::Anywhere) => 1,
        Some(Place::Us) => 2,
        Some(Place::Other) => 3,
    }
}

/// One bit per part that is there, the first one lowest.
fn mask_of(parts: &[Option<u64>]) -> u8 {
    parts
        .iter()
        .rev()
        .fold(0_u8, |mask, part| mask << 1 | u8::from(part.is_some()))
}

/// Reads token counts back; the outer `None` = damaged.
pub(crate) fn read_usage(from: &mut Reader<'_>) -> Option<Option<Usage>> {
    let mask = from.byte()?;
    if mask == ABSENT {
        return Some(None);
    }
    let source = if mask & ESTIMATED == 0 {
        UsageSource::Reported
    } else {
        UsageSource::Estimated
    };
    let tier = match (source, mask >> TIER_SHIFT) {
        (UsageSource::Estimated, _) | (UsageSource::Reported, 0) => None,
        (UsageSource::Reported, 1) => Some(ServiceTier::Priority),
        (UsageSource::Reported, 2) => Some(ServiceTier::Flex),
        (UsageSource::Reported, _) => Some(ServiceTier::Other),
    };
    let input_uncached = from.u64()?;
    let output = from.u64()?;
    let [cache_read, cache_write_5m, cache_write_1h, reasoning] = read_parts(from, mask)?;
    // Stores of before these parts were known have no second mask.
    let more = if mask & MORE == 0 { 0 } else { from.byte()? };
    let place = match more >> PLACE_SHIFT & 0b11 {
        0 => None,
        1 => Some(Place::Anywhere),
        2 => Some(Place::Us),
        _ => Some(Place::Other),
    };
    let [
        audio_input,
        image_input,
        audio_output,
        image_output,
        web_searches,
    ] = read_parts(from, more)?;
    Some(Some(Usage {
        input_uncached,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        output,
        reasoning,
        audio_input,
        image_input,
        audio_output,
        image_output,
        web_searches,
        tier,
        place,
        source,
    }))
}

/// Reads the parts whose bits are set; `None` = damaged.
fn read_parts<const N: usize>(from: &mut Reader<'_>, mut mask: u8) -> Option<[Option<u64>; N]> {
    let mut parts = [None; N];
    for part in &mut parts {
        if mask & 1 == 1 {
            *part = Some(from.u64()?);
        }
        mask >>= 1;
    }
    Some(parts)
}
