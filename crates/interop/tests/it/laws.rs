//! What holds for any table.

use std::sync::Arc;

use proptest::prelude::*;
use trilemma_interop::{ReadOptions, read_results};

use crate::{gathering, items, trials, written};

proptest! {
    /// Whatever the order of rows: the same candidates, items and counts; every row that is no
    /// problem becomes one trial, at a key of its own.
    #[test]
    fn rows_become_trials_one_to_one(
        rows in prop::collection::vec((0_u8..6, 0_u8..3, prop::option::of(0_u8..=10)), 1..60),
    ) {
        let mut text = String::from("item,candidate,score\n");
        for (item, candidate, score) in &rows {
            let score = score.map(|score| format!("{}", f64::from(score) / 10.0)).unwrap_or_default();
            text.push_str(&format!("i{item},c{candidate},{score}\n"));
        }
        let (_folder, path) = written("r.csv", &text);
        let mut gather = gathering();
        read_results(&path, &ReadOptions::default(), &Arc::default(), &mut gather).unwrap();
        let mut gathered = gather.finish().unwrap();
        let trials = trials(&mut gathered);
        prop_assert_eq!(trials.len(), rows.len());
        let mut keys: Vec<_> = trials.iter().map(|one| (one.candidate, one.item, one.repeat)).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), rows.len());
        let items = items(&mut gathered);
        prop_assert_eq!(items.len() as u64, gathered.n_items);
        let mut ids: Vec<_> = items.iter().map(|item| item.id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), items.len());
        prop_assert!(trials.iter().all(|one| u64::from(one.item) < gathered.n_items && one.repeat < gathered.repeats));
        // Trials stay with their item: what was split off shares the cluster of its name.
        for (trial, (item, _, _)) in trials.iter().zip(&rows) {
            let id = &items[trial.item as usize].id;
            let stem = id.split('#').next().unwrap();
            prop_assert_eq!(stem, format!("i{item}"));
        }
    }
}
