//! APGR and CPT of two candidates whose scores come from items that they are not judged on.
//!
//! In: recorded outcomes of two candidates. Out: the figures of `pair`, by scores of models that were fitted on other
//! items: on a part of their own, or on the other folds.

use super::evaluate::MIN_ITEMS;
use super::pair::{Pair, PairFigures, pair, pair_figures};
use super::unseen::{N_FOLDS, split};
use crate::learned::Query;
use crate::router::{Router, Why};
use crate::train::{Example, Examples, Prepared, fit_best, train_reading};

/// APGR and CPT of two candidates from a fit on some items, judged on others.
#[must_use]
pub fn held_out_pair(fit: &Examples, test: &Examples, seed: u64) -> Option<Pair> {
    let strong = fit.best_single();
    let weak = 1_usize.checked_sub(strong)?;
    let rows: Vec<usize> = (0..fit.rows.len()).collect();
    let fitted = fit_best(&Prepared::of(fit), fit, &rows, seed);
    let query = Query::new(&fitted.model).ok()?;
    let score = |row: &crate::train::Example| {
        let said = query.raw_quality(row.sight());
        Some(said.get(strong)? - said.get(weak)?)
    };
    let scores: Option<Vec<f64>> = test.rows.iter().map(score).collect();
    let of =
        |member: usize| -> Vec<f64> { test.rows.iter().map(|row| row.quality(member)).collect() };
    pair(&scores?, &of(weak), &of(strong))
}

/// APGR and CPT of two candidates from out-of-fold estimates.
#[must_use]
pub fn cross_pair(examples: &Examples, seed: u64) -> Option<Pair> {
    cross_scored(examples, seed)?.pair()
}

/// The same with intervals over items: the models of the folds are not trained again.
#[must_use]
pub fn cross_pair_figures(examples: &Examples, seed: u64) -> Option<PairFigures> {
    let Scored {
        scores,
        weak,
        strong,
    } = cross_scored(examples, seed)?;
    pair_figures(&scores, (&weak, &strong), (&examples.groups(), seed))
}

fn cross_scored(examples: &Examples, seed: u64) -> Option<Scored> {
    let prepared = Prepared::of(examples);
    out_of_fold(
        examples,
        seed,
        (
            |learn: &[usize]| Query::new(&fit_best(&prepared, examples, learn, seed).model).ok(),
            |query: &Query, row: &Example, [weak, strong]: [usize; 2]| {
                let said = query.raw_quality(row.sight());
                Some(said.get(strong)? - said.get(weak)?)
            },
        ),
    )
}

/// APGR and CPT of two candidates from judging the weak one's answers, out of fold: how far down the list of
/// expected gains the strong one is asked. The weak call is paid for every item, which these figures do not show.
/// `None` also where the weak one is not cheap.
#[must_use]
pub fn cross_pair_read(examples: &Examples, seed: u64) -> Option<Pair> {
    out_of_fold(
        examples,
        seed,
        (
            |learn: &[usize]| Router::new(train_reading(&examples.subset(learn), seed)?).ok(),
            |router: &Router, row: &Example, [weak, _]: [usize; 2]| {
                let answer = row.outcomes.get(weak)?.observation.clone();
                let why = router.step(&row.view(), &[answer]).why;
                why.iter().find_map(|why| match why {
                    Why::Weighed { weighing, .. } => Some(weighing.gain),
                    _ => None,
                })
            },
        ),
    )?
    .pair()
}

/// What two candidates came to, and what was expected of the stronger one.
struct Scored {
    scores: Vec<f64>,
    weak: Vec<f64>,
    strong: Vec<f64>,
}

impl Scored {
    fn pair(&self) -> Option<Pair> {
        pair(&self.scores, &self.weak, &self.strong)
    }
}

/// Two candidates by gains that a model learned on the other folds expects; `gain` is told which
/// candidate is weak and which strong.
fn out_of_fold<M>(
    examples: &Examples,
    seed: u64,
    (learned, gain): (
        impl Fn(&[usize]) -> Option<M>,
        impl Fn(&M, &Example, [usize; 2]) -> Option<f64>,
    ),
) -> Option<Scored> {
    if examples.members.len() != 2 || examples.rows.len() < MIN_ITEMS {
        return None;
    }
    let strong = examples.best_single();
    let weak = 1 - strong;
    let fold_of = examples.folds(N_FOLDS, seed);
    let mut scores = vec![0.0; examples.rows.len()];
    for fold in 0..N_FOLDS {
        let (learn, test) = split(&fold_of, fold);
        let model = learned(&learn)?;
        for idx in test {
            let row = examples.rows.get(idx)?;
            *scores.get_mut(idx)? = gain(&model, row, [weak, strong])?;
        }
    }
    let of = |member: usize| -> Vec<f64> {
        let rows = examples.rows.iter();
        rows.map(|row| row.quality(member)).collect()
    };
    Some(Scored {
        weak: of(weak),
        strong: of(strong),
        scores,
    })
}
