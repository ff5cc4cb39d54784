//! Which items to ask again and again.
//!
//! In: for each item whether the candidates of an earlier run disagreed on it. Out: the canary, with what
//! each item stands for. Items on which candidates disagree tell most: there a weaker or other model shows.
//! They get up to half of the places; the rest is drawn from all others, because a model may also break
//! where everybody is right. Within both parts items are drawn at random, so weights (items of the part ÷
//! items drawn of it) make means over the canary means over the golden set.

use serde::{Deserialize, Serialize};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

/// One item of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CanaryItem {
    /// Position in the golden set, from 0.
    pub place: usize,
    /// How many items of the golden set it stands for; at least 1.
    pub weight: f64,
}

/// The items that are asked again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// They, by place.
    pub items: Vec<CanaryItem>,
    /// Of these, items on which candidates disagreed.
    pub n_contested: usize,
    /// Items of the golden set on which candidates disagreed; 0 also where nobody was asked.
    pub n_contested_all: usize,
    /// Items of the golden set.
    pub n_all: usize,
}

/// Picks at most `n` items; `contested` says of each item whether candidates disagreed on it.
#[must_use]
pub fn pick(contested: &[bool], n: usize, seed: u64) -> Canary {
    let mut stream = ChaChaStream::new(seed);
    let part = |wanted: bool| -> Vec<usize> {
        let places = contested.iter().enumerate();
        places
            .filter(|(_, is)| **is == wanted)
            .map(|(place, _)| place)
            .collect()
    };
    let (mut telling, mut others) = (part(true), part(false));
    let n = n.min(contested.len());
    // What one part cannot fill goes to the other.
    let n_telling = n
        .div_ceil(2)
        .max(n.saturating_sub(others.len()))
        .min(telling.len());
    let n_others = n - n_telling;
    let mut items = drawn(&mut telling, n_telling, &mut stream);
    items.extend(drawn(&mut others, n_others, &mut stream));
    items.sort_by_key(|item| item.place);
    Canary {
        items,
        n_contested: n_telling,
        n_contested_all: telling.len(),
        n_all: contested.len(),
    }
}

fn drawn(places: &mut [usize], n: usize, stream: &mut ChaChaStream) -> Vec<CanaryItem> {
    let weight = places.len() as f64 / n.max(1) as f64;
    for place in 0..n {
        let other = place + stream.next_index(places.len() - place);
        places.swap(place, other);
    }
    let chosen = places.iter().take(n);
    chosen
        .map(|place| CanaryItem {
            place: *place,
            weight,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_of_the_places_go_to_items_that_tell() {
        let contested: Vec<bool> = (0..400).map(|place| place % 4 == 0).collect();
        let canary = pick(&contested, 100, 7);
        assert_eq!((canary.n_contested, canary.n_contested_all), (50, 100));
        let first = canary
            .items
            .iter()
            .find(|item| contested[item.place])
            .unwrap();
        assert!((first.weight - 2.0).abs() < 1e-12);
        assert_eq!(pick(&contested, 100, 7), canary);
        assert_ne!(pick(&contested, 100, 8), canary);
    }

    proptest! {
        #[test]
        fn weights_stand_for_the_whole_set(
            contested in prop::collection::vec(any::<bool>(), 1..200), n in 1_usize..150,
        ) {
            let canary = pick(&contested, n, 3);
            prop_assert_eq!(canary.items.len(), n.min(contested.len()));
            prop_assert!(canary.items.windows(2).all(|two| two[0].place < two[1].place));
            let of_part = |wanted: bool| -> f64 {
                canary.items.iter().filter(|i| contested[i.place] == wanted).map(|i| i.weight).sum()
            };
            for wanted in [true, false] {
                let all = contested.iter().filter(|is| **is == wanted).count() as f64;
                let got = of_part(wanted);
                // A part may be left out only where there is a single place.
                prop_assert!(got == 0.0 && n < 2 || (got - all).abs() < 1e-6, "{} {}", got, all);
            }
        }
    }
}
