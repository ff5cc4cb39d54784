//! How often a call waits for a free slot, and how long.
//!
//! Erlang C: calls arrive at random, c slots, offered load a = arrivals/s × seconds of a call;
//! P(wait) = B ÷ (1 − (a/c)(1 − B)) with B of Erlang's loss formula by its recursion
//! B₀ = 1, B_k = a·B_{k−1} ÷ (k + a·B_{k−1}). Source: A. K. Erlang (1917).
//! Checked against `cost/vectors/ratelimit.json` by `data_erlang_c_equals_the_vectors`.

/// Chance that a call has to wait; 1 when the slots cannot keep up, `None` for impossible figures.
#[must_use]
pub fn erlang_c(offered: f64, slots: u32) -> Option<f64> {
    if !(offered.is_finite() && offered >= 0.0) || slots == 0 || slots > 1_000_000 {
        return None;
    }
    let n_slots = f64::from(slots);
    if offered >= n_slots {
        return Some(1.0);
    }
    let lost = (1..=slots).fold(1.0, |lost, k| {
        offered * lost / (f64::from(k) + offered * lost)
    });
    Some(lost / (1.0 - offered / n_slots * (1.0 - lost)))
}

/// Mean wait of all calls in units of a call's own length: P(wait) ÷ (c − a).
///
/// `None` when the slots cannot keep up (the queue grows without end) or for impossible figures.
#[must_use]
pub fn mean_wait(offered: f64, slots: u32) -> Option<f64> {
    let waits = erlang_c(offered, slots)?;
    let free = f64::from(slots) - offered;
    (free > 0.0).then(|| waits / free)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_slot_waits_as_often_as_it_is_busy() {
        assert!((erlang_c(0.5, 1).unwrap() - 0.5).abs() < 1e-12);
        // M/M/1: mean wait ρ ÷ (1 − ρ) service times.
        assert!((mean_wait(0.5, 1).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(mean_wait(2.0, 2), None);
        assert_eq!(erlang_c(f64::NAN, 2), None);
        assert_eq!(erlang_c(1.0, 0), None);
    }

    proptest! {
        #[test]
        fn more_slots_never_wait_more(offered in 0.0f64..200.0, slots in 1u32..300) {
            let now = erlang_c(offered, slots).unwrap();
            prop_assert!((0.0..=1.0).contains(&now));
            prop_assert!(erlang_c(offered, slots + 1).unwrap() <= now + 1e-12);
        }
    }
}
