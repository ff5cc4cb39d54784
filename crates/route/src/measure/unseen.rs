//! Items served by policies that have not seen them.
//!
//! In: items and how to train. Out: what the policies of five folds did, each on the fold that it was not trained on:
//! by target, and at the target that was asked for each way by itself.

use super::replay::{Served, replay};
use super::watch::Watch;
use crate::parallel::in_parallel;
use crate::router::Router;
use crate::train::{Examples, Found, Options, Target, Trained, Way, train_ways};

/// Folds in which policies are judged: each by policies that were trained on the others.
pub const N_FOLDS: usize = 5;

/// What policies did on the folds that they were not trained on.
pub(super) struct Crossed {
    /// By target, then item.
    pub(super) served: Vec<Vec<Served>>,
    /// By fold, at the target of the options.
    pub(super) chosen: Vec<Option<Way>>,
    /// Each way by itself at that target, by item.
    pub(super) ways: Vec<(Way, Vec<Served>)>,
}

/// What the policies of one fold did for one target, by item.
struct InFold {
    way: Option<Way>,
    by_way: Vec<(Way, Vec<(usize, Served)>)>,
    served: Vec<(usize, Served)>,
}

/// Serves each fold by policies trained on the others.
pub(super) fn cross_served(
    examples: &Examples,
    options: &Options,
    (targets, watch): (&[Target], &dyn Watch),
) -> Crossed {
    let fold_of = examples.folds(N_FOLDS, options.seed);
    let mut all: Vec<Vec<(usize, Served)>> = vec![Vec::new(); targets.len()];
    let mut ways: Vec<(Way, Vec<(usize, Served)>)> = Vec::new();
    let mut chosen = Vec::with_capacity(N_FOLDS);
    let of_fold = |fold: usize| {
        let (learn, test) = split(&fold_of, fold);
        let found = train_ways(&examples.subset(&learn), options, targets);
        let part = examples.subset(&test);
        let serve = |trained: Trained| -> Vec<(usize, Served)> {
            let router = Router::new(trained.policy).ok();
            let served = router.map(|router| replay(&router, &part));
            test.iter()
                .copied()
                .zip(served.unwrap_or_default())
                .collect()
        };
        let of_target = |found: Found| InFold {
            way: found.best.way,
            by_way: (found.by_way.into_iter())
                .map(|(way, trained)| (way, serve(trained)))
                .collect(),
            served: serve(found.best),
        };
        let found: Vec<InFold> = found.into_iter().map(of_target).collect();
        watch.trained();
        found
    };
    for found in in_parallel(N_FOLDS, of_fold) {
        for ((all, found), target) in all.iter_mut().zip(found).zip(targets) {
            if *target == options.target {
                chosen.push(found.way);
            }
            for (way, own) in found.by_way {
                match ways.iter_mut().find(|one| one.0 == way) {
                    Some(known) => known.1.extend(own),
                    None => ways.push((way, own)),
                }
            }
            all.extend(found.served);
        }
    }
    let in_order = |mut served: Vec<(usize, Served)>| -> Vec<Served> {
        served.sort_by_key(|one| one.0);
        served.into_iter().map(|one| one.1).collect()
    };
    Crossed {
        served: all.into_iter().map(in_order).collect(),
        chosen,
        ways: (ways.into_iter())
            .map(|(way, served)| (way, in_order(served)))
            .collect(),
    }
}

/// The items outside a fold, and those of it.
pub(super) fn split(fold_of: &[usize], fold: usize) -> (Vec<usize>, Vec<usize>) {
    (0..fold_of.len()).partition(|idx| fold_of.get(*idx) != Some(&fold))
}
