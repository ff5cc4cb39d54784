//! The level that each candidate is held to, so that trying many does not let one slip through.
//!
//! The error held: that any candidate is said to meet everything although it truly does not, at most
//! `α = 1 - confidence` over all candidates together. Three steps:
//!
//! 1. A candidate that meets everything meets each requirement, so it is tested by the weakest of its
//!    tests, each at the same share of its α (intersection-union: no correction over requirements).
//! 2. Candidates that a stated fact rules out, or that are shown to fail at `0.02 α / m`, are no longer
//!    in the running, and so cost the others nothing (two-step method of J. P. Romano, A. M. Shaikh and
//!    M. Wolf, Econometrica 82, 2014; spends 0.02 of α).
//! 3. Over the m that are left, Holm's step-down on the remaining `0.98 α`: all are held to `1/m` of it,
//!    when r are shown, the others to `1/(m - r)`. Against "the best" one candidate always is the best,
//!    so at most `m - 1` can be inadmissible (J. P. Shaffer, JASA 81, 1986).
//!
//! Candidates that a race gave up before they had answered everything count in m as if they were not shown. What
//! such a race may have spent of α on keeping the best is taken off α first.
//!
//! Valid under any dependence between candidates. With one candidate nothing is shared. What it costs
//! against other ways is in docs/decisions; simulated by `xtask decisions`.

use trilemma_domain::{Reference, Requirements, Verdict};
use trilemma_stats::Confidence;

use super::tested::Tested;
use crate::input::Raced;
use crate::result::GateResult;

/// Part of α that may be spent on taking candidates out of the running.
const SCREENING: f64 = 0.02;

/// How much of the permitted error a candidate's "meets" may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level {
    /// Share of α, in (0, 1].
    share: f64,
    /// Candidates over which the error is held.
    pub(crate) n_candidates: usize,
}

impl Level {
    /// All of α: the level of a candidate by itself.
    pub(crate) const ALONE: Self = Self {
        share: 1.0,
        n_candidates: 1,
    };

    /// The strictest level at which any of several candidates may be held.
    pub(crate) fn strictest(n_candidates: usize) -> Self {
        if n_candidates < 2 {
            return Self::ALONE;
        }
        Self {
            share: (1.0 - SCREENING) / n_candidates as f64,
            n_candidates,
        }
    }

    /// The confidence that "meets" needs, where it would be `plain` for one candidate.
    pub(crate) fn of(self, plain: Confidence) -> Confidence {
        Confidence::new(1.0 - plain.alpha() * self.share).unwrap_or(plain)
    }
}

/// What one requirement says of one candidate, as far as it does not depend on the others.
pub(crate) enum Part<'a> {
    /// It rests on a sample.
    Tested(Box<dyn Tested + 'a>),
    /// It rests on no sample, or there is none: judged already.
    Stated(Box<GateResult>),
}

/// All requirements of one candidate, in a fixed order.
pub(crate) struct Judged<'a>(pub(crate) Vec<Part<'a>>);

impl Judged<'_> {
    /// Whether every requirement is shown to be met at a level.
    pub(crate) fn meets_at(&self, level: Level) -> bool {
        self.0.iter().all(|part| match part {
            Part::Tested(test) => test.meets_at(level.of(test.confidence())),
            Part::Stated(gate) => gate.verdict == Verdict::Meets,
        })
    }

    fn fails_at(&self, level: Level) -> bool {
        self.0.iter().any(|part| match part {
            Part::Tested(test) => test.fails_at(level.of(test.confidence())),
            Part::Stated(_) => false,
        })
    }

    /// Whether a "meets" of it could be wrong by chance, and nothing stated rules it out.
    fn in_the_running(&self) -> bool {
        let sampled = |part: &Part<'_>| matches!(part, Part::Tested(_));
        let out =
            |part: &Part<'_>| matches!(part, Part::Stated(gate) if gate.verdict == Verdict::Fails);
        self.0.iter().any(sampled) && !self.0.iter().any(out)
    }
}

/// Finds the level of every candidate, in their order; those that a race gave up stay in the running unjudged.
pub(crate) fn levels(all: &[Judged<'_>], wanted: &Requirements, raced: Raced) -> Vec<Level> {
    let n_given_up = raced.n_given_up;
    let unspent = (1.0 - raced.error_spent).clamp(0.0, 1.0);
    let entered: Vec<usize> = (0..all.len())
        .filter(|idx| all.get(*idx).is_some_and(Judged::in_the_running))
        .collect();
    let n_candidates = entered.len() + n_given_up;
    let level = |share: f64| Level {
        share: share * unspent,
        n_candidates: n_candidates.max(1),
    };
    if n_candidates < 2 {
        return vec![level(1.0); all.len()];
    }
    let screen = level(SCREENING / n_candidates as f64);
    let family: Vec<&Judged<'_>> = entered
        .iter()
        .filter_map(|idx| all.get(*idx))
        .filter(|judged| !judged.fails_at(screen))
        .collect();
    let n_family = family.len() + n_given_up;
    let most = most_inadmissible(n_family, n_candidates == all.len(), wanted);
    let mut n_shown = 0;
    loop {
        let divisor = n_family.saturating_sub(n_shown).clamp(1, most.max(1));
        let now = level((1.0 - SCREENING) / divisor as f64);
        let n_now = family.iter().filter(|own| own.meets_at(now)).count();
        if n_now <= n_shown || n_now == n_family {
            return vec![now; all.len()];
        }
        n_shown = n_now;
    }
}

/// How many of a family can truly be inadmissible at once.
fn most_inadmissible(n_family: usize, complete: bool, wanted: &Requirements) -> usize {
    let against_best = wanted
        .not_worse_than
        .as_ref()
        .is_some_and(|bar| bar.reference == Reference::Best);
    let alone = wanted.pass_rate.is_none() && wanted.latency.is_none() && wanted.cost.is_none();
    if against_best && alone && complete {
        n_family.saturating_sub(1)
    } else {
        n_family
    }
}

#[cfg(test)]
mod tests {
    use trilemma_domain::{Margin, NotWorseThan, PassRateRequirement};
    use trilemma_stats::normal;
    use trilemma_stats::resample::{ChaChaStream, IndexStream};

    use super::*;

    /// A test whose statistic is known: normal around its shift, which is at most 0 when it is truly
    /// not met.
    struct Known(f64);

    impl Tested for Known {
        fn confidence(&self) -> Confidence {
            Confidence::P95
        }

        fn meets_at(&self, confidence: Confidence) -> bool {
            self.0 >= confidence.z_one_sided()
        }

        fn fails_at(&self, confidence: Confidence) -> bool {
            -self.0 >= confidence.z_one_sided()
        }

        fn result(&self, _: &crate::evidence::Case<'_>, _: Level) -> GateResult {
            unreachable!("the simulation reads levels only")
        }
    }

    fn normal_draw(stream: &mut ChaChaStream) -> f64 {
        let bits = (stream.next_u64() >> 11) as f64 + 0.5;
        normal::quantile(bits / (1_u64 << 53) as f64)
    }

    struct Rates {
        any_false: f64,
        weakest_shown: f64,
    }

    /// Candidates with given shifts, which share a reference: correlation 1/2.
    fn simulate(shifts: &[f64], wanted: &Requirements) -> Rates {
        let n_runs = 20_000;
        let mut stream = ChaChaStream::new(17);
        let (mut n_false, mut n_shown) = (0, 0);
        for _ in 0..n_runs {
            let shared = normal_draw(&mut stream);
            let all: Vec<Judged<'_>> = shifts
                .iter()
                .map(|shift| {
                    let noise = (shared + normal_draw(&mut stream)) / 2.0_f64.sqrt();
                    Judged(vec![Part::Tested(Box::new(Known(shift + noise)))])
                })
                .collect();
            let shown: Vec<bool> = levels(&all, wanted, Raced::default())
                .into_iter()
                .zip(&all)
                .map(|(level, own)| own.meets_at(level))
                .collect();
            let false_claim = shown
                .iter()
                .zip(shifts)
                .any(|(shown, s)| *shown && *s <= 0.0);
            n_false += usize::from(false_claim);
            n_shown += usize::from(shown.last() == Some(&true));
        }
        Rates {
            any_false: f64::from(n_false as u32) / f64::from(n_runs),
            weakest_shown: f64::from(n_shown as u32) / f64::from(n_runs),
        }
    }

    fn bar() -> Requirements {
        Requirements {
            pass_rate: Some(PassRateRequirement {
                min: 0.8,
                confidence: 0.95,
            }),
            ..Requirements::default()
        }
    }

    #[test]
    fn any_false_claim_stays_within_the_error_over_all_candidates() {
        for shifts in [
            vec![0.0; 2],
            vec![0.0; 8],
            vec![0.0; 20],
            vec![6.0, 6.0, 6.0, 0.0, 0.0, 0.0],
            vec![-8.0, -8.0, -8.0, 0.0, 0.0, 0.0],
            vec![-3.5, -3.5, -3.0, -2.5, 0.0, 0.0],
            vec![6.0, 3.0, 2.0, 0.0, -1.0, -8.0],
        ] {
            let rates = simulate(&shifts, &bar());
            // Two standard errors above 5 %.
            assert!(rates.any_false <= 0.053, "{shifts:?}: {}", rates.any_false);
        }
        // One of several is the best, so it cannot be a false claim.
        let best = Requirements {
            not_worse_than: Some(NotWorseThan {
                reference: Reference::Best,
                margin: Margin::Absolute(0.03),
                confidence: 0.95,
            }),
            ..Requirements::default()
        };
        let rates = simulate(&[3.0, 0.0, 0.0, 0.0], &best);
        assert!(rates.any_false <= 0.053, "{}", rates.any_false);
    }

    #[test]
    fn picking_whom_to_judge_by_the_answers_does_not_let_a_false_claim_through() {
        // Of eight inadmissible candidates only the best-looking one is judged.
        let n_runs = 20_000;
        let mut stream = ChaChaStream::new(29);
        let n_false = (0..n_runs)
            .filter(|_| {
                let draws = (0..8).map(|_| normal_draw(&mut stream));
                let best = draws.fold(f64::NEG_INFINITY, f64::max);
                let judged = [Judged(vec![Part::Tested(Box::new(Known(best)))])];
                let raced = Raced {
                    n_given_up: 7,
                    ..Raced::default()
                };
                let level = levels(&judged, &bar(), raced).pop().unwrap();
                judged.first().unwrap().meets_at(level)
            })
            .count();
        let share = n_false as f64 / f64::from(n_runs);
        assert!(share <= 0.053 && share > 0.03, "{share}");
    }

    #[test]
    fn what_a_race_has_spent_is_taken_off_the_error() {
        let raced = |n_given_up| Raced {
            n_given_up,
            error_spent: 0.2,
            lost_the_best: false,
        };
        let alpha = |judged: &[Judged<'_>], raced: Raced| {
            let level = levels(judged, &bar(), raced).pop().unwrap();
            level.of(Confidence::P95).alpha()
        };
        let one = |z: f64| Judged(vec![Part::Tested(Box::new(Known(z)))]);
        assert!((alpha(&[one(0.0)], raced(0)) - 0.8 * 0.05).abs() < 1e-12);
        let shared = 0.8 * 0.98 * 0.05 / 3.0;
        assert!((alpha(&[one(0.0), one(0.1)], raced(1)) - shared).abs() < 1e-12);
    }

    #[test]
    fn candidates_that_are_out_cost_the_others_little() {
        // Power of the last one, at a shift of 3 standard errors: alone 0.912.
        let alone = simulate(&[3.0], &bar()).weakest_shown;
        let with_failing = simulate(&[-8.0, -8.0, -8.0, -8.0, -8.0, 3.0], &bar()).weakest_shown;
        let with_open = simulate(&[0.0, 0.0, 0.0, 0.0, 0.0, 3.0], &bar()).weakest_shown;
        assert!((alone - 0.912).abs() < 0.01, "{alone}");
        assert!(alone - with_failing < 0.01, "{with_failing}");
        // Bonferroni over six: P(Z > 2.394 - 3) = 0.728.
        assert!(with_open > 0.70 && with_open < 0.80, "{with_open}");
    }
}
