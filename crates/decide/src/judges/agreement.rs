//! How far a judge agrees with people.

use trilemma_stats::agreement::{
    CrossTable, Ratings, Scale, cohen_kappa, gwet_ac, krippendorff_alpha,
};
use trilemma_stats::{Confidence, Estimate, StatsError};

use super::result::HumanAgreement;
use super::share::share;
use crate::figure::{Figure, Method};

/// Fewest answers with a word of both, below which nothing is said.
pub(super) const MIN_ANSWERS: usize = 10;

/// Compares a judge's words with those of people, one pair (cluster, judge, people) per answer: whether
/// each passes it. `None` below ten answers.
#[must_use]
pub fn agreement(pairs: &[(usize, bool, bool)]) -> Option<HumanAgreement> {
    if pairs.len() < MIN_ANSWERS {
        return None;
    }
    let same: Vec<(usize, bool)> = pairs
        .iter()
        .map(|(cluster, judge, people)| (*cluster, judge == people))
        .collect();
    let judge: Vec<usize> = pairs.iter().map(|one| usize::from(one.1)).collect();
    let people: Vec<usize> = pairs.iter().map(|one| usize::from(one.2)).collect();
    let rows: Vec<Vec<Option<usize>>> = judge
        .iter()
        .zip(&people)
        .map(|(judge, people)| vec![Some(*judge), Some(*people)])
        .collect();
    let kappa = CrossTable::of(&judge, &people, 2)
        .and_then(|table| cohen_kappa(&table, Scale::Nominal, Confidence::P95));
    let ratings = Ratings::new(&rows, 2);
    let of_ratings = |make: fn(&Ratings, Scale, Confidence) -> Result<Estimate, StatsError>| {
        let ratings = ratings.as_ref().ok()?;
        coefficient(make(ratings, Scale::Nominal, Confidence::P95))
    };
    Some(HumanAgreement {
        n_answers: pairs.len(),
        n_passed_by_people: people.iter().sum(),
        n_passed_by_judge: judge.iter().sum(),
        same: share(&same)?,
        kappa: coefficient(kappa),
        alpha: of_ratings(krippendorff_alpha),
        ac1: of_ratings(gwet_ac),
    })
}

fn coefficient(estimate: Result<Estimate, StatsError>) -> Option<Figure> {
    Some(Figure::of(&estimate.ok()?, Method::StudentT)?.within(-1.0, 1.0))
}
