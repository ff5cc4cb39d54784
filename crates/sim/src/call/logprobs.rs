//! Log-probabilities that a simulated model gives its tokens.
//!
//! In: an answer's tokens, the prompt, how manieth answer it is. Out: places for the wire. Figures are made
//! up: each place of each answer to a prompt has its own, the same at every call but for noise.

use trilemma_domain::{LikelyToken, TokenPlace};

use crate::sample::Draws;
use crate::scenario::LogprobRule;

const PURPOSE_OWN: u64 = u64::from_le_bytes(*b"logp own");
const PURPOSE_MOVED: u64 = u64::from_le_bytes(*b"logpmove");
const PURPOSE_NOISE: u64 = u64::from_le_bytes(*b"logpnois");
/// Most places of an answer.
const MOST_PLACES: usize = 1 << 16;

/// Whose figures, and for which call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) rule: LogprobRule,
    /// Of model and prompt.
    pub(crate) seed: u64,
    /// How manieth answer to this prompt, from 0.
    pub(crate) nth: u32,
    /// Tokens listed beside each one taken.
    pub(crate) n_likely: u32,
}

/// Makes them up for a text whose tokens have these lengths in bytes.
pub(crate) fn made_up(text: &str, lens: &[u16], asked: Asked) -> Vec<TokenPlace> {
    let mut start = 0;
    let mut places = Vec::new();
    for (idx, len) in (0_u64..).zip(lens.iter().take(MOST_PLACES)) {
        let end = start + usize::from(*len);
        let token = text.get(start..end).unwrap_or_default();
        start = end;
        places.push(place(token, idx, asked));
    }
    places
}

fn place(token: &str, idx: u64, asked: Asked) -> TokenPlace {
    let mut own = Draws::new(asked.seed, PURPOSE_OWN, idx);
    let mut moved = Draws::new(asked.seed, PURPOSE_MOVED, idx);
    let call = PURPOSE_NOISE ^ (u64::from(asked.nth) << 32);
    let mut noise = Draws::new(asked.seed, call, idx);
    let mut level = 0.0;
    let mut next = || {
        level += (0.5 + 0.5 * own.unit()).ln();
        let off = asked.rule.moved * moved.normal() + asked.rule.noise * noise.normal();
        (level + off).min(0.0)
    };
    let taken = LikelyToken {
        token: token.to_owned(),
        logprob: next(),
    };
    let others = (1..asked.n_likely).map(|rank| LikelyToken {
        token: format!("{token}~{rank}"),
        logprob: next(),
    });
    let mut likely: Vec<LikelyToken> = (asked.n_likely > 0)
        .then(|| taken.clone())
        .into_iter()
        .chain(others)
        .collect();
    likely.sort_by(|a, b| b.logprob.total_cmp(&a.logprob));
    TokenPlace { taken, likely }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(rule: LogprobRule, nth: u32) -> Asked {
        Asked {
            rule,
            seed: 7,
            nth,
            n_likely: 3,
        }
    }

    #[test]
    fn they_are_the_same_at_every_call_but_for_noise_and_move_when_told() {
        let still = LogprobRule::default();
        let first = made_up("ab c", &[2, 2], asked(still, 0));
        assert_eq!(first, made_up("ab c", &[2, 2], asked(still, 9)));
        assert_eq!((first.len(), first[0].likely.len()), (2, 3));
        assert_eq!(first[1].taken.token, " c");
        assert!(first.iter().all(|place| place.taken.logprob <= 0.0));
        for rule in [
            LogprobRule {
                noise: 0.1,
                moved: 0.0,
            },
            LogprobRule {
                noise: 0.0,
                moved: 0.1,
            },
        ] {
            let other = made_up("ab c", &[2, 2], asked(rule, 1));
            assert_ne!(first, other, "{rule:?}");
            let again = made_up("ab c", &[2, 2], asked(rule, 2));
            assert_eq!(other == again, rule.noise == 0.0, "{rule:?}");
        }
    }
}
