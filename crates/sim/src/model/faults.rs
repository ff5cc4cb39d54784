//! Which call is struck by which fault.
//!
//! In: rules and a seed. Out: the rule for each call. The deck of 100 cards is shuffled by Fisher
//! and Yates (Durstenfeld 1964), anew for every 100 calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::sample::Draws;
use crate::scenario::FaultRule;

const DECK: usize = 100;
const PURPOSE_DECK: u64 = u64::from_le_bytes(*b"fltdeck\0");
const PURPOSE_SHARE: u64 = u64::from_le_bytes(*b"fltshare");

/// Rules over one sequence of calls.
#[derive(Debug)]
pub(crate) struct FaultTable {
    rules: Vec<FaultRule>,
    seed: u64,
    has_deck: bool,
    has_share: bool,
    n_calls: AtomicU64,
    /// The deck of the last hundred that was asked for.
    deck: Mutex<Option<(u64, [Option<u8>; DECK])>>,
}

impl FaultTable {
    /// Makes a table; `seed` must differ from that of other tables.
    pub(crate) fn new(rules: &[FaultRule], seed: u64) -> Self {
        Self {
            has_deck: rules.iter().any(|rule| rule.per_100.is_some()),
            has_share: rules.iter().any(|rule| rule.share.is_some()),
            rules: rules.to_vec(),
            seed,
            n_calls: AtomicU64::new(0),
            deck: Mutex::new(None),
        }
    }

    /// Counts a call and gives the rule that strikes it.
    pub(crate) fn next(&self) -> Option<&FaultRule> {
        if self.rules.is_empty() {
            return None;
        }
        self.of(self.n_calls.fetch_add(1, Ordering::Relaxed))
    }

    /// The rule that strikes call `n`, from 0.
    fn of(&self, n: u64) -> Option<&FaultRule> {
        let first = |rule: &&FaultRule| rule.first.is_some_and(|first| n < first);
        let every = |rule: &&FaultRule| {
            rule.every
                .is_some_and(|every| (n + 1).checked_rem(every) == Some(0))
        };
        self.rules
            .iter()
            .find(first)
            .or_else(|| self.rules.iter().find(every))
            .or_else(|| self.card(n))
            .or_else(|| self.drawn(n))
    }

    fn card(&self, n: u64) -> Option<&FaultRule> {
        if !self.has_deck {
            return None;
        }
        let (hundred, position) = (n / DECK as u64, n % DECK as u64);
        let mut deck = self.deck.lock().unwrap_or_else(PoisonError::into_inner);
        let cards = match *deck {
            Some((of, cards)) if of == hundred => cards,
            _ => {
                let cards = self.shuffled(hundred);
                *deck = Some((hundred, cards));
                cards
            }
        };
        let rule = cards
            .get(usize::try_from(position).ok()?)
            .copied()
            .flatten()?;
        self.rules.get(usize::from(rule))
    }

    fn shuffled(&self, hundred: u64) -> [Option<u8>; DECK] {
        let mut cards = [None; DECK];
        let dealt = self.rules.iter().enumerate().flat_map(|(idx, rule)| {
            let n = rule.per_100.unwrap_or(0) as usize;
            std::iter::repeat_n(u8::try_from(idx).ok(), n)
        });
        for (card, rule) in cards.iter_mut().zip(dealt) {
            *card = rule;
        }
        let mut draws = Draws::new(self.seed, PURPOSE_DECK, hundred);
        for last in (1..DECK).rev() {
            cards.swap(last, draws.below(last + 1));
        }
        cards
    }

    fn drawn(&self, n: u64) -> Option<&FaultRule> {
        if !self.has_share {
            return None;
        }
        let mut draws = Draws::new(self.seed, PURPOSE_SHARE, n);
        self.rules
            .iter()
            .find(|rule| rule.share.is_some_and(|share| draws.unit() < share))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::scenario::FaultKind;

    #[test]
    fn each_hundred_has_exactly_the_stated_faults_in_another_order() {
        let rules = [
            FaultRule::per_100(FaultKind::RateLimited, 5),
            FaultRule::per_100(FaultKind::ServerError, 2),
            FaultRule::per_100(FaultKind::CutMidBody, 1),
            FaultRule::per_100(FaultKind::StallMidBody, 1),
            FaultRule::per_100(FaultKind::MalformedJson, 1),
        ];
        let table = FaultTable::new(&rules, 7);
        let mut orders = Vec::new();
        for _ in 0..20 {
            let order: Vec<_> = (0..100)
                .map(|_| table.next().map(|rule| rule.kind))
                .collect();
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for kind in order.iter().flatten() {
                *counts.entry(kind.name()).or_default() += 1;
            }
            assert_eq!(
                counts.into_iter().collect::<Vec<_>>(),
                [
                    ("cut_mid_body", 1),
                    ("malformed_json", 1),
                    ("rate_limited", 5),
                    ("server_error", 2),
                    ("stall_mid_body", 1)
                ]
            );
            orders.push(order);
        }
        orders.dedup();
        assert_eq!(orders.len(), 20);
        let again = FaultTable::new(&rules, 7);
        let order: Vec<_> = (0..100)
            .map(|_| again.next().map(|rule| rule.kind))
            .collect();
        assert_eq!(Some(&order), orders.first());
    }

    #[test]
    fn first_and_every_strike_where_they_say() {
        let rules = [
            FaultRule::every(FaultKind::ServerError, 3),
            FaultRule::first(FaultKind::Overloaded, 2),
        ];
        let table = FaultTable::new(&rules, 0);
        let got: Vec<_> = (0..7).map(|_| table.next().map(|rule| rule.kind)).collect();
        let (over, server) = (Some(FaultKind::Overloaded), Some(FaultKind::ServerError));
        assert_eq!(got, [over, over, server, None, None, server, None]);
    }

    #[test]
    fn share_strikes_about_that_often() {
        let rules = [FaultRule {
            share: Some(0.1),
            per_100: None,
            ..FaultRule::per_100(FaultKind::Refusal, 0)
        }];
        let table = FaultTable::new(&rules, 3);
        let n = (0..10_000).filter(|_| table.next().is_some()).count();
        // 1,000 expected, standard deviation 30.
        assert!((850..1150).contains(&n), "{n}");
    }
}
