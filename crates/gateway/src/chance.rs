//! Drawing by lot: from a name to a number that looks random and is always the same.
//!
//! In: a request's id or a session's name, and what is drawn for. Out: a number in [0, 1). No state, no
//! lock, no generator: a draw costs a request a few multiplications. Source: SplitMix64's finaliser
//! (G. Steele, D. Lea, C. Flood, OOPSLA 2014).

use trilemma_store::ledger::RequestId;

/// Draws for a request; `purpose` tells draws of one request apart.
pub(crate) fn chance(id: RequestId, purpose: u64) -> f64 {
    let session = mixed(id.session.cast_unsigned() ^ purpose.rotate_left(32));
    unit(mixed(session ^ id.number.cast_unsigned()))
}

/// Draws for a name: always the same with the same salt.
pub(crate) fn chance_of(name: &[u8], salt: u64) -> f64 {
    // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), mixed so that near names fall far apart.
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    draw(hash, salt)
}

/// Draws for a number.
pub(crate) fn draw(number: u64, salt: u64) -> f64 {
    unit(mixed(mixed(number) ^ salt))
}

/// The upper 53 bits as a number in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn mixed(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_independent() {
        let draws = |purpose| {
            (1..=20_000).map(move |number| chance(RequestId { session: 3, number }, purpose))
        };
        for share in [0.01, 0.3, 0.9] {
            let n = draws(1).filter(|draw| *draw < share).count() as f64;
            let sd = (20_000.0 * share * (1.0 - share)).sqrt();
            assert!((n - 20_000.0 * share).abs() < 4.0 * sd, "{share}: {n}");
        }
        let both = draws(1).zip(draws(2)).filter(|(a, b)| *a < 0.5 && *b < 0.5);
        assert!((both.count() as f64 - 5_000.0).abs() < 4.0 * 61.3);
    }
}
