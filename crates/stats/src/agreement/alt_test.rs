//! The alternative annotator test: may a judge replace a person of a panel?
//!
//! In: categories that three or more people and a judge gave to the same items. Each person in turn is left
//! out; on their items judge and person are compared by how many of the others they agree with:
//! `d = [person >= judge] - [judge >= person]`, and `mean d < epsilon` is tested by a one-sided t test.
//! P values are corrected by Benjamini and Yekutieli; the judge passes where at least half of the people
//! are beaten. epsilon is what a person's time is worth: 0.2 for experts, 0.15 for skilled people, 0.1 for a
//! crowd.
//! Conditions: at least [`MIN_PEOPLE`] people, [`MIN_SHARED_ITEMS`] items of a person that somebody else has
//! rated too (50 to 100 are recommended).
//! Source: N. Calderon, R. Reichart, R. Dror, "The Alternative Annotator Test for LLM-as-a-Judge" (2025),
//! repository nitaytech/AltTest at 18428b1.

use crate::error::{StatsError, TooFew, check_same_length};
use crate::mean::{mean, standard_error};
use crate::multiplicity::benjamini_yekutieli;
use crate::proportion::{Count, wilson};
use crate::special::student;
use crate::{Confidence, Estimate};

/// Fewest people: with two, leaving one out leaves no majority to agree with.
pub const MIN_PEOPLE: usize = 3;
/// Fewest items of a person that the judge and another person have rated too.
pub const MIN_SHARED_ITEMS: usize = 30;

/// What the test found.
#[derive(Debug, Clone, PartialEq)]
pub struct AltTest {
    /// One entry per person with enough items, in the order given.
    pub people: Vec<Annotator>,
    /// Share of these people whom the judge beats, in [0, 1].
    pub winning_rate: f64,
    /// Mean over people of the share of items on which the judge is at least as good, in [0, 1].
    pub advantage: f64,
    /// Whether the winning rate reaches one half.
    pub passes: bool,
}

/// One person against the judge.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotator {
    /// Position of the person.
    pub idx: usize,
    /// Share of items on which the judge agrees with the others at least as often, with Wilson's interval.
    pub advantage: Estimate,
    /// One-sided p value of "the person is better by epsilon or more".
    pub p_value: f64,
    /// The same after correction for the number of people.
    pub adjusted: f64,
    /// Whether the judge beats this person.
    pub is_beaten: bool,
}

/// Runs the test at error rate `alpha` (of falsely beaten among beaten people; 0.05 is usual).
///
/// `people[h][i]` and `judge[i]` are categories of item i, `None` where there is none. Checked by
/// `data_alt_test` and, for judges that pass, by `alt_test_passes_a_judge_like_the_majority`.
///
/// # Errors
/// [`StatsError::TooFew`] below [`MIN_PEOPLE`] people with [`MIN_SHARED_ITEMS`] items,
/// [`StatsError::LengthMismatch`], [`StatsError::OutOfRange`] unless `0 <= epsilon < 1` and
/// `0 < alpha < 1`.
pub fn alt_test(
    people: &[Vec<Option<usize>>],
    judge: &[Option<usize>],
    epsilon: f64,
    alpha: f64,
) -> Result<AltTest, StatsError> {
    crate::error::check_open_unit("alpha", alpha)?;
    if !(0.0..1.0).contains(&epsilon) {
        return Err(StatsError::OutOfRange {
            parameter: "epsilon",
            value: epsilon,
            range: "at least 0 and below 1",
        });
    }
    for person in people {
        check_same_length(person.len(), judge.len())?;
    }
    TooFew::check(people.len(), MIN_PEOPLE)?;
    let mut found = Vec::new();
    let mut most = 0;
    for idx in 0..people.len() {
        let faced = face(people, judge, idx);
        most = most.max(faced.len());
        if faced.len() >= MIN_SHARED_ITEMS {
            found.push(annotator(idx, &faced, epsilon)?);
        }
    }
    TooFew::check(most, MIN_SHARED_ITEMS)?;
    TooFew::check(found.len(), MIN_PEOPLE)?;
    let p_values: Vec<f64> = found.iter().map(|one| one.p_value).collect();
    for (one, adjusted) in found.iter_mut().zip(benjamini_yekutieli(&p_values)?) {
        one.adjusted = adjusted;
        one.is_beaten = adjusted <= alpha;
    }
    let n = found.len() as f64;
    let winning_rate = found.iter().filter(|one| one.is_beaten).count() as f64 / n;
    Ok(AltTest {
        winning_rate,
        advantage: found.iter().map(|one| one.advantage.point).sum::<f64>() / n,
        passes: winning_rate >= 0.5,
        people: found,
    })
}

/// Agreement of the person and of the judge with the others, for each item that counts.
fn face(
    people: &[Vec<Option<usize>>],
    judge: &[Option<usize>],
    left_out: usize,
) -> Vec<[usize; 2]> {
    let Some(own) = people.get(left_out) else {
        return Vec::new();
    };
    let pairs = own.iter().zip(judge).enumerate();
    pairs
        .filter_map(|(item, (own, judged))| {
            let (own, judged) = ((*own)?, (*judged)?);
            let others = || {
                let rest = people
                    .iter()
                    .enumerate()
                    .filter(|(idx, _)| *idx != left_out);
                rest.filter_map(|(_, person)| person.get(item).copied().flatten())
            };
            let agreeing = |category: usize| others().filter(|other| *other == category).count();
            (others().next().is_some()).then(|| [agreeing(own), agreeing(judged)])
        })
        .collect()
}

fn annotator(idx: usize, faced: &[[usize; 2]], epsilon: f64) -> Result<Annotator, StatsError> {
    let differences: Vec<f64> = faced
        .iter()
        .map(|[own, judged]| {
            f64::from(u8::from(own >= judged)) - f64::from(u8::from(judged >= own))
        })
        .collect();
    let n_good = faced.iter().filter(|[own, judged]| judged >= own).count();
    Ok(Annotator {
        idx,
        advantage: wilson(Count::new(n_good, faced.len())?, Confidence::P95),
        p_value: p_value(&differences, epsilon)?,
        adjusted: 1.0,
        is_beaten: false,
    })
}

/// P value of `mean >= epsilon` against `mean < epsilon`.
///
/// Differences that are all equal have no t statistic. A mean of epsilon or more needs a share of epsilon or
/// more of +1, and the chance of seeing none of them in n items is at most `(1 - epsilon)^n`.
fn p_value(differences: &[f64], epsilon: f64) -> Result<f64, StatsError> {
    let n = differences.len() as f64;
    let error = standard_error(differences)?;
    let centre = mean(differences);
    if error > 0.0 {
        return Ok(student::lower_tail(n - 1.0, (centre - epsilon) / error));
    }
    Ok(if centre < epsilon {
        (1.0 - epsilon).powf(n)
    } else {
        1.0
    })
}
