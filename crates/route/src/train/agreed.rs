//! What cheap answers are worth, where they agree and where not, before outcomes are counted set by set.
//!
//! Asking the large candidate changes something only where it says something else. How often it does is counted, and
//! needs no label. Who is right then is a vote: each candidate counts by the logarithm of its odds of being right
//! (the best weights of independent voters; Nitzan and Paroush, International Economic Review 23, 1982), for
//! less because errors are not independent. What the large one is worth beside its vote is read from all pairs of
//! cheap candidates at once: a few hundred items hold too few disputes to count them set by set, yet enough to tell
//! candidates apart. Where the large one says the same and is scored otherwise (a judge, several scorers, or a
//! compared part that is not all that is scored), votes know nothing: as much as scores differ there is left open.
//! This is the prior, and the outcomes of each set move it.

use super::examples::Examples;

/// How much a vote counts; of independent voters it would be 1. Constants: docs/methods.md.
const TRUST: f64 = 0.7;
/// Log-odds of the cheap beside the votes, before any dispute is seen, and their standard deviation.
const BIAS: f64 = -0.15;
const BIAS_SD: f64 = 0.4;
/// Standard deviation of (large right − cheap right) ÷ differing, around what the votes say.
const DOUBT: f64 = 0.1;
/// What lengths add, per standard deviation, as a share of the doubt of the level.
const LENGTH_SHARE: f64 = 0.5;
/// Items by which shares of few items are drawn towards what is known of more.
const SHRINK: f64 = 4.0;
/// Share of items on which the large one differs from the first, before any is seen: where all agree, and where not.
pub(super) const DIFFERING: [f64; 2] = [0.05, 0.6];

/// Votes of candidates.
pub(super) struct Votes {
    large: usize,
    /// Log-odds by candidate, over all items, then by task.
    all: Vec<f64>,
    by_task: Vec<Vec<f64>>,
    bias: f64,
    bias_sd: f64,
}

/// Gain in one case (all agree, or not) before its outcomes are looked at.
pub(super) struct Prior {
    /// Over all tasks.
    pub(super) level: Part,
    /// By task: what it adds to the level.
    pub(super) tasks: Vec<Part>,
    /// Standard deviation of what a length adds.
    pub(super) length_sd: f64,
}

/// An expected gain.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) mean: f64,
    pub(super) sd: f64,
    /// Share of the items on which the large one says something else than the first.
    pub(super) differing: f64,
    /// Mean distance of scores where both say the same, over all items; 0 = what is the same is scored the same.
    unsaid: f64,
    /// The same squared.
    unsaid_square: f64,
}

impl Part {
    /// How far the gain may lie from what votes say.
    fn doubt(self) -> f64 {
        (DOUBT * self.differing).hypot(self.unsaid)
    }

    /// Variance of an item's gain.
    pub(super) fn variance(self) -> f64 {
        self.differing + self.unsaid_square
    }
}

/// An item, before it is looked at who is right.
#[derive(Clone, Copy)]
pub(super) struct Case {
    task: Option<usize>,
    /// Log-odds that the first one is right and the large one is not; `None` = both say the same.
    log_odds: Option<f64>,
    /// Distance of their scores where both say the same, else 0.
    unsaid: f64,
}

impl Votes {
    /// Learns from the cheap candidates' and the large one's first answers: `gists` by candidate, then item.
    pub(super) fn of(
        examples: &Examples,
        (cheap, large): (&[usize], usize),
        gists: &[Vec<Option<String>>],
    ) -> Self {
        let tasks = examples.tasks();
        let task_of: Vec<Option<usize>> = (examples.rows.iter())
            .map(|row| {
                tasks
                    .iter()
                    .position(|task| Some(task) == row.task.as_ref())
            })
            .collect();
        let members = || 0..examples.members.len();
        let share = |member: usize| examples.mean(|row| row.quality(member));
        let n = examples.rows.len();
        let of_task = |place: usize| {
            let own: Vec<usize> = (0..n)
                .filter(|idx| task_of.get(*idx) == Some(&Some(place)))
                .collect();
            let part = examples.subset(&own);
            members()
                .map(|member| {
                    odds(
                        part.mean(|row| row.quality(member)),
                        own.len(),
                        share(member),
                    )
                })
                .collect()
        };
        let mut votes = Self {
            large,
            all: members()
                .map(|member| odds(share(member), n, 0.5))
                .collect(),
            by_task: (0..tasks.len()).map(of_task).collect(),
            bias: BIAS,
            bias_sd: BIAS_SD,
        };
        let disputes = votes.disputes(examples, cheap, gists, &task_of);
        (votes.bias, votes.bias_sd) = bias(&disputes);
        votes
    }

    /// Log-odds that some who say the same are right and the large one, with others who say what it says, is not.
    fn log_odds(&self, sides: [&[usize]; 2], task: Option<usize>) -> f64 {
        let known = task.and_then(|task| self.by_task.get(task));
        let odds = known.unwrap_or(&self.all);
        let of = |member: usize| odds.get(member).copied().unwrap_or(0.0);
        let [cheap, others] = sides.map(|side| side.iter().map(|member| of(*member)).sum::<f64>());
        TRUST * (cheap - others - of(self.large)) + self.bias
    }

    /// An item: what those asked say, and what the large one does and gains.
    pub(super) fn case(
        &self,
        (ask, gists): (&[usize], &[Option<String>]),
        (of_large, gain): (&Option<String>, f64),
        task: Option<usize>,
    ) -> Case {
        let who_says = |what: &Option<String>| -> Vec<usize> {
            let alike = |(_, gist): &(&usize, &Option<String>)| what.is_some() && *gist == what;
            (ask.iter().zip(gists).filter(alike))
                .map(|one| *one.0)
                .collect()
        };
        let first = gists.first().unwrap_or(&None);
        let (with_first, with_large) = (who_says(first), who_says(of_large));
        Case {
            task,
            log_odds: (of_large != first).then(|| self.log_odds([&with_first, &with_large], task)),
            unsaid: if of_large == first { gain.abs() } else { 0.0 },
        }
    }

    /// Every item on which two cheap ones agree, the large one says something else and just one side is right: each
    /// counts once, however many pairs agree on it.
    fn disputes(
        &self,
        examples: &Examples,
        cheap: &[usize],
        gists: &[Vec<Option<String>>],
        task_of: &[Option<usize>],
    ) -> Vec<Dispute> {
        let said = |member: usize, idx: usize| gists.get(member)?.get(idx)?.as_deref();
        let mut found = Vec::new();
        for (idx, row) in examples.rows.iter().enumerate() {
            let task = task_of.get(idx).copied().flatten();
            let mut own = Vec::new();
            for (place, a) in cheap.iter().enumerate() {
                for b in cheap.iter().skip(place + 1) {
                    let agree = said(*a, idx).is_some() && said(*a, idx) == said(*b, idx);
                    let gain = row.quality(self.large) - row.quality(*a);
                    if agree && said(*a, idx) != said(self.large, idx) && gain != 0.0 {
                        own.push((self.log_odds([&[*a, *b], &[]], task) - self.bias, gain));
                    }
                }
            }
            let n = own.len() as f64;
            found.extend(own.into_iter().map(|(log_odds, gain)| Dispute {
                log_odds,
                is_cheap: f64::from(u8::from(gain < 0.0)),
                weight: gain.abs() / n,
            }));
        }
        found
    }
}

/// A dispute between two that agree and the large one.
struct Dispute {
    log_odds: f64,
    is_cheap: f64,
    weight: f64,
}

/// Log-odds of the cheap beside their votes: the most likely value with its prior, by Newton's method.
fn bias(disputes: &[Dispute]) -> (f64, f64) {
    let mut bias = BIAS;
    let mut sd = BIAS_SD;
    for _ in 0..20 {
        let mut slope = (BIAS - bias) / (BIAS_SD * BIAS_SD);
        let mut curve = 1.0 / (BIAS_SD * BIAS_SD);
        for one in disputes {
            let p = 1.0 / (1.0 + (-(one.log_odds + bias)).exp());
            slope += one.weight * (one.is_cheap - p);
            curve += one.weight * p * (1.0 - p);
        }
        bias += slope / curve;
        sd = curve.sqrt().recip();
    }
    (bias, sd)
}

impl Prior {
    /// Of one candidate alone, with which nobody agrees or disagrees: as good as nothing is known.
    pub(super) fn wide(n_tasks: usize) -> Self {
        let part = |sd: f64| Part {
            mean: 0.0,
            sd,
            differing: 1.0,
            unsaid: 0.0,
            unsaid_square: 0.0,
        };
        Self {
            level: part(1.0),
            tasks: vec![part(0.1); n_tasks],
            length_sd: 0.05,
        }
    }

    /// What is expected of some items, of which `differing` says something else before any is seen.
    pub(super) fn of(votes: &Votes, cases: &[Case], differing: f64) -> Self {
        let sum = |task: Option<usize>, towards: Part| {
            let own = || {
                cases
                    .iter()
                    .filter(|one| task.is_none() || one.task == task)
            };
            let n = own().count() as f64 + SHRINK;
            let mut sums = [
                SHRINK * towards.mean,
                SHRINK * towards.sd,
                SHRINK * towards.differing,
                SHRINK * towards.unsaid,
                SHRINK * towards.unsaid_square,
            ];
            for one in own() {
                sums[3] += one.unsaid;
                sums[4] += one.unsaid * one.unsaid;
                let Some(log_odds) = one.log_odds else {
                    continue;
                };
                // How far the direction moves with what is not known of the large one.
                let direction = -(log_odds / 2.0).tanh();
                sums[0] += direction;
                sums[1] += (1.0 - direction * direction) / 2.0 * votes.bias_sd;
                sums[2] += 1.0;
            }
            let [mean, sd, differing, unsaid, unsaid_square] = sums.map(|one| one / n);
            Part {
                mean,
                sd,
                differing,
                unsaid,
                unsaid_square,
            }
        };
        let none = Part {
            mean: 0.0,
            sd: differing * votes.bias_sd / 2.0,
            differing,
            unsaid: 0.0,
            unsaid_square: 0.0,
        };
        let level = sum(None, none);
        let task = |place: usize| {
            let own = sum(Some(place), level);
            Part {
                mean: own.mean - level.mean,
                sd: own.doubt(),
                ..own
            }
        };
        Self {
            tasks: (0..votes.by_task.len()).map(task).collect(),
            length_sd: LENGTH_SHARE * level.doubt(),
            level: Part {
                sd: level.sd.hypot(level.doubt()),
                ..level
            },
        }
    }
}

/// Logarithm of the odds of a share of n items, drawn towards another share.
fn odds(share: f64, n: usize, towards: f64) -> f64 {
    let n = n as f64;
    let share = (share * n + SHRINK * towards.clamp(0.05, 0.95)) / (n + SHRINK);
    (share / (1.0 - share)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two cheap candidates (0, 1) and a large one (2).
    fn votes(cheap: f64, large: f64) -> Votes {
        let all: Vec<f64> = [cheap, cheap, large]
            .map(|one| odds(one, 1_000, 0.5))
            .into();
        Votes {
            large: 2,
            by_task: vec![all.clone()],
            all,
            bias: 0.0,
            bias_sd: BIAS_SD,
        }
    }

    fn cases(votes: &Votes, n: usize, differing: usize) -> Vec<Case> {
        let log_odds = votes.log_odds([&[0, 1], &[]], Some(0));
        let of = |idx: usize| Case {
            task: Some(0),
            log_odds: (idx < differing).then_some(log_odds),
            unsaid: 0.0,
        };
        (0..n).map(of).collect()
    }

    #[test]
    fn two_good_ones_outvote_a_better_one_and_two_weak_ones_do_not() {
        let gain = |cheap, large| {
            let votes = votes(cheap, large);
            Prior::of(&votes, &cases(&votes, 200, 10), DIFFERING[0])
                .level
                .mean
        };
        assert!(gain(0.92, 0.96) < 0.0, "{}", gain(0.92, 0.96));
        assert!(gain(0.6, 0.9) > 0.0, "{}", gain(0.6, 0.9));
        // No more is at stake than the share on which the large one says something else.
        assert!(gain(0.2, 0.99) < 0.06, "{}", gain(0.2, 0.99));
    }

    #[test]
    fn where_the_large_one_never_differs_little_is_at_stake() {
        let votes = votes(0.6, 0.9);
        let of = |differing| Prior::of(&votes, &cases(&votes, 400, differing), DIFFERING[0]).level;
        assert!(of(0).mean < 0.001 && of(0).sd < of(20).sd / 10.0);
        let nothing = Prior::of(&votes, &[], DIFFERING[1]).level;
        assert!(nothing.mean.abs() < 1e-12 && nothing.sd > 0.0 && nothing.differing > 0.5);
    }

    #[test]
    fn scores_that_differ_where_answers_are_the_same_leave_the_gain_open() {
        let votes = votes(0.8, 0.9);
        let mut own = cases(&votes, 400, 0);
        let before = Prior::of(&votes, &own, DIFFERING[0]).level;
        for one in own.iter_mut().take(80) {
            one.unsaid = 1.0;
        }
        let after = Prior::of(&votes, &own, DIFFERING[0]).level;
        assert!(before.variance() < 0.01 && after.variance() > 0.19);
        assert!(before.sd < 0.01 && after.sd > 0.19, "{}", after.sd);
        assert!((before.mean - after.mean).abs() < 1e-12);
    }

    #[test]
    fn disputes_move_what_the_large_one_is_worth() {
        let disputes = |is_cheap: f64| -> Vec<Dispute> {
            let one = |_| Dispute {
                log_odds: 0.0,
                is_cheap,
                weight: 1.0,
            };
            (0..20).map(one).collect()
        };
        let (none, sd) = bias(&[]);
        assert!((none - BIAS).abs() < 1e-9 && (sd - BIAS_SD).abs() < 1e-9);
        let (low, less) = bias(&disputes(0.0));
        let (high, _) = bias(&disputes(1.0));
        assert!(
            low < BIAS - 0.3 && high > BIAS + 0.3 && less < sd,
            "{low} {high}"
        );
    }
}
