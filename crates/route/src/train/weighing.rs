//! One set of cheap candidates: when its first answer is good enough.
//!
//! In: who is asked, and what is read of one answer. Out: a judge, and what each of its thresholds comes to: by the
//! model, which knows more than a few hundred items show, and on items that the weights had not seen. A threshold at
//! which these contradict each other is not taken.

use std::cmp::Ordering;

use super::agreed::{DIFFERING, Prior};
use super::cascade::{FittedCascade, Ready};
use super::examples::{Example, Examples, Recorded};
use super::reading::Seen;
use super::tally::Tally;
use super::target::{Expected, Target};
use crate::learn::{Bayes, Posterior, dot, folds};
use crate::learned::{self, Evidence, Judge, N_LENGTHS, Sign, Signals, brief, packed_covariance};
use crate::observe::Outcome;
use crate::policy::{Accept, Pace, Plan};
use crate::router::{Asked, evidence, gist};

/// Standard deviations where answers differ.
const LACKING_SD: f64 = 0.2;
/// Variance of one item's gain before any is seen, worth four items.
const SPLIT_NOISE: f64 = 0.4;
const NOISE_ITEMS: f64 = 4.0;
/// Variance of the logarithm of the large candidate's cost, given the signals.
const COST_NOISE: f64 = 0.15;
/// Standard deviation of what a sign adds per standard deviation.
const SIGN_SD: f64 = 0.15;
/// Folds in which weights are held to items that they have not seen.
const N_FOLDS: usize = 5;

/// A judge, and what each threshold would come to.
struct Fit {
    judge: Judge,
    thresholds: Vec<Threshold>,
}

/// What a threshold comes to.
#[derive(Clone, Copy)]
struct Threshold {
    score: f64,
    /// By the model.
    expected: Expected,
    /// On items that the weights had not seen.
    realised: Expected,
    /// Whether the model's losses are those that were realised, as far as noise lets tell.
    is_borne_out: bool,
}

impl Fit {
    /// The one that reaches a target best.
    fn threshold(&self, target: Target) -> Option<Threshold> {
        let mut found: Option<Threshold> = None;
        for one in self.thresholds.iter().filter(|one| one.is_borne_out) {
            let is_better = found.is_none_or(|old| target.prefers(one.expected, old.expected));
            if target.is_reached(one.expected) && is_better {
                found = Some(*one);
            }
        }
        found.map(|one| Threshold {
            score: brief(one.score),
            ..one
        })
    }
}

/// The gain of asking the large candidate, learned.
struct Gain {
    /// Of what differs from the expected weights.
    posterior: Posterior,
    /// Weights that are expected before any outcome is seen.
    expected: Vec<f64>,
    /// What weights say of each item that had not seen it.
    unseen: Vec<f64>,
    /// Variance of each item's gain.
    variance: Vec<f64>,
}

/// One set of candidates with what their answers showed.
pub(super) struct Study<'a> {
    examples: &'a Examples,
    ask: Vec<usize>,
    large: usize,
    tasks: Vec<String>,
    seen: Vec<Evidence>,
    scales: Vec<[f64; 2]>,
    signs: Vec<Sign>,
    rows: Vec<Vec<f64>>,
    agreed: Prior,
    split: Prior,
    groups: Vec<usize>,
    /// Of the folds.
    seed: u64,
}

impl<'a> Study<'a> {
    /// Looks at the answers of those asked; `read` is what is read of one.
    pub(super) fn of(
        examples: &'a Examples,
        ready: &Ready,
        (ask, mut read): (Vec<usize>, Vec<Seen>),
        seed: u64,
    ) -> Self {
        let tasks = examples.tasks();
        let is_one = ask.iter().all(|one| Some(one) == ask.first());
        let mut votes = Vec::with_capacity(examples.rows.len());
        let mut seen: Vec<Evidence> = Vec::with_capacity(examples.rows.len());
        let (mut agreed, mut split) = (Vec::new(), Vec::new());
        for (idx, row) in examples.rows.iter().enumerate() {
            let draws: Vec<Option<&Recorded>> = (self::draws(&ask))
                .map(|(member, nth)| row.draw(member, nth))
                .collect();
            let outcomes: Vec<Option<&Outcome>> = (draws.iter())
                .map(|one| Some(&(*one)?.observation.outcome))
                .collect();
            let gists: Vec<Option<String>> = (self::draws(&ask).zip(&outcomes))
                .map(|((member, nth), outcome)| match nth {
                    0 => ready.gists.get(member)?.get(idx)?.clone(),
                    _ => gist((*outcome)?, ready.extract.as_ref(), examples.compare),
                })
                .collect();
            let task =
                (row.task.as_ref()).and_then(|task| tasks.iter().position(|known| known == task));
            let answers = Asked {
                gists: &gists,
                outcomes: &outcomes,
                is_one,
            };
            votes.push(learned::votes(&gists));
            let found = evidence(&row.text, task, answers);
            let of_large = ready.gists.get(ready.large).and_then(|all| all.get(idx));
            let cases = if found.agree {
                Some(&mut agreed)
            } else if found.found[0] && !is_one {
                Some(&mut split)
            } else {
                None
            };
            if let (Some(cases), Some(of_large)) = (cases, of_large) {
                let first = ask.first().copied().unwrap_or(0);
                let gain = row.quality(ready.large) - row.quality(first);
                cases.push(ready.votes.case((&ask, &gists), (of_large, gain), task));
            }
            seen.push(found);
        }
        if is_one && ask.len() > 1 {
            read.push(Seen::of(votes, Sign::Votes));
        }
        read.extend(ask.first().and_then(|first| examples.logprobs(*first)));
        for one in &read {
            for (seen, value) in seen.iter_mut().zip(&one.values) {
                seen.signs.push(*value);
            }
        }
        let scales = scales(&seen);
        let rows = (seen.iter())
            .map(|one| Signals::row(one, &scales, tasks.len()))
            .collect();
        Self {
            agreed: Prior::of(&ready.votes, &agreed, DIFFERING[0]),
            split: match is_one {
                true => Prior::wide(tasks.len()),
                false => Prior::of(&ready.votes, &split, DIFFERING[1]),
            },
            examples,
            large: ready.large,
            ask,
            tasks,
            seen,
            scales,
            signs: read.into_iter().map(|one| one.sign).collect(),
            rows,
            groups: examples.groups(),
            seed,
        }
    }

    /// Keeps this set for the targets that it reaches better than what was found before.
    pub(super) fn improve(&self, best: &mut [Option<FittedCascade>], targets: &[Target]) {
        let fit = self.fit();
        for (best, target) in best.iter_mut().zip(targets) {
            let Some(found) = fit.threshold(*target) else {
                continue;
            };
            let old = best.as_ref().map(|old| old.expected);
            if old.is_none_or(|old| target.prefers(found.expected, old)) {
                let judge = Judge {
                    threshold: found.score,
                    ..fit.judge.clone()
                };
                *best = Some(FittedCascade {
                    plan: self.plan(judge),
                    expected: found.expected,
                    realised: found.realised,
                });
            }
        }
    }

    fn gains(&self) -> Vec<f64> {
        let first = self.ask.first().copied().unwrap_or(0);
        let gain = |row: &Example| row.quality(self.large) - row.quality(first);
        self.examples.rows.iter().map(gain).collect()
    }

    fn prior_sd(&self) -> Vec<f64> {
        let case = |prior: &Prior| {
            let mut sds = vec![prior.level.sd];
            sds.extend([prior.length_sd; N_LENGTHS]);
            sds.extend(prior.tasks.iter().map(|task| task.sd));
            sds
        };
        let signs = vec![SIGN_SD; self.signs.len()];
        [
            case(&self.agreed),
            case(&self.split),
            vec![LACKING_SD; 2],
            signs,
        ]
        .concat()
    }

    /// Expected weights before any outcome is seen.
    fn prior_mean(&self) -> Vec<f64> {
        let case = |prior: &Prior| {
            let mut mean = vec![prior.level.mean];
            mean.extend([0.0; N_LENGTHS]);
            mean.extend(prior.tasks.iter().map(|task| task.mean));
            mean
        };
        let rest = vec![0.0; 2 + self.signs.len()];
        [case(&self.agreed), case(&self.split), rest].concat()
    }

    /// Variance of an item's gain where answers differ.
    fn split_noise(&self, gains: &[f64]) -> f64 {
        let of = || (self.seen.iter().zip(gains)).filter(|(seen, _)| !seen.agree);
        let n = of().count() as f64;
        let mean = of().map(|(_, gain)| gain).sum::<f64>() / n.max(1.0);
        let squares: f64 = of().map(|(_, gain)| (gain - mean).powi(2)).sum();
        (squares + NOISE_ITEMS * SPLIT_NOISE) / (n + NOISE_ITEMS)
    }

    fn gain_model(&self) -> Gain {
        let gains = self.gains();
        let split = self.split_noise(&gains);
        let expected = self.prior_mean();
        let before: Vec<f64> = (self.rows.iter()).map(|row| dot(row, &expected)).collect();
        let rest: Vec<f64> = (gains.iter().zip(&before))
            .map(|(gain, before)| gain - before)
            .collect();
        let variance = |seen: &Evidence| {
            let own = seen.task.and_then(|task| self.agreed.tasks.get(task));
            match seen.agree {
                true => own.unwrap_or(&self.agreed.level).variance(),
                false => split,
            }
        };
        let variance: Vec<f64> = self.seen.iter().map(variance).collect();
        let precision: Vec<f64> = variance.iter().map(|variance| 1.0 / variance).collect();
        let bayes = Bayes {
            x: &self.rows,
            y: &rest,
            precision: &precision,
            prior_sd: &self.prior_sd(),
        };
        let fold_of = folds(&self.groups, N_FOLDS, self.seed);
        let (posterior, unseen) = bayes.fit_across(&fold_of, N_FOLDS);
        Gain {
            posterior,
            expected,
            unseen: (unseen.iter().zip(before))
                .map(|(rest, before)| rest + before)
                .collect(),
            variance,
        }
    }

    fn cost_model(&self) -> Vec<f64> {
        let mean = self.examples.mean(|row| row.cost(self.large)).max(1e-12);
        let log = |row: &Example| (row.cost(self.large).max(1e-12) / mean).ln();
        let y: Vec<f64> = self.examples.rows.iter().map(log).collect();
        let fit = Bayes {
            x: &self.rows,
            y: &y,
            precision: &vec![1.0 / COST_NOISE; y.len()],
            prior_sd: &vec![1.0; self.prior_sd().len()],
        };
        fit.fit().mean
    }

    /// Fits the judge, and says what each of its thresholds would come to.
    fn fit(&self) -> Fit {
        let gain = self.gain_model();
        let weights = (gain.posterior.mean.iter().zip(&gain.expected))
            .map(|(found, expected)| brief(found + expected))
            .collect();
        let judge = Judge {
            tasks: self.tasks.clone(),
            lengths: self.scales.iter().map(|scale| scale.map(brief)).collect(),
            gain: weights,
            log_cost: self.cost_model().into_iter().map(brief).collect(),
            signs: self.signs.clone(),
            threshold: 0.0,
            n: Some(self.examples.rows.len()),
            gain_covariance: packed_covariance(&gain.posterior.covariance),
        };
        Fit {
            thresholds: self.thresholds(&judge, &gain),
            judge,
        }
    }

    /// Accepts more and more answers, those with the least gain per cost first: after each the threshold, and what
    /// it comes to.
    fn thresholds(&self, judge: &Judge, gain: &Gain) -> Vec<Threshold> {
        let n = self.examples.rows.len().max(1) as f64;
        let order = self.in_order(|idx| self.seen.get(idx).map(|seen| judge.weigh(seen)));
        let unseen = self.in_order(|idx| {
            let (said, row) = (*gain.unseen.get(idx)?, self.rows.get(idx)?);
            Some((said, Signals::score(said, dot(row, &judge.log_cost))))
        });
        let mut unseen = unseen.into_iter().peekable();
        let asked = self.examples.mean(|row| asked_cost(row, &self.ask));
        let mut cost = asked + self.examples.mean(|row| row.cost(self.large));
        let mut tally = Tally::new(&self.groups, cost);
        let gains = self.gains();
        let (mut loss, mut worst) = (0.0, f64::NEG_INFINITY);
        let mut accepted = vec![0.0; judge.gain.len()];
        let mut found = Vec::with_capacity(order.len());
        for (at, (score, gain_of, idx)) in order.iter().enumerate() {
            let Some(row) = self.examples.rows.get(*idx) else {
                continue;
            };
            loss += gain_of / n;
            worst = worst.max(*gain_of);
            cost -= row.cost(self.large) / n;
            if let Some(signals) = self.rows.get(*idx) {
                for (sum, signal) in accepted.iter_mut().zip(signals) {
                    *sum += signal / n;
                }
            }
            let next = order.get(at + 1).map_or(score + 1e-6, |next| next.0);
            if next.total_cmp(score) == Ordering::Equal {
                continue;
            }
            let threshold = f64::midpoint(*score, next);
            while let Some((_, said, idx)) = unseen.next_if(|one| one.0 <= threshold) {
                let of = |values: &[f64]| values.get(idx).copied().unwrap_or(0.0);
                let saved = self.examples.rows.get(idx);
                let saved = saved.map_or(0.0, |row| row.cost(self.large));
                tally.accept(idx, [of(&gains), said, of(&gain.variance)], saved);
            }
            let sd = gain.posterior.sd(&accepted);
            found.push(Threshold {
                score: threshold,
                expected: Expected {
                    loss,
                    sd,
                    worst: Some(worst),
                    cost,
                },
                realised: tally.realised(),
                is_borne_out: tally.bears_out(sd),
            });
        }
        found
    }

    /// Items in whose first answer something was found, those with the least score first: score, gain, place.
    fn in_order(&self, weigh: impl Fn(usize) -> Option<(f64, f64)>) -> Vec<(f64, f64, usize)> {
        let mut order: Vec<(f64, f64, usize)> = (self.seen.iter().enumerate())
            .filter(|(_, seen)| seen.found[0])
            .filter_map(|(idx, _)| weigh(idx).map(|(gain, score)| (score, gain, idx)))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        order
    }

    fn plan(&self, judge: Judge) -> Plan {
        Plan::Cascade {
            ask: self
                .ask
                .iter()
                .map(|member| self.examples.id(*member))
                .collect(),
            pace: Pace::Together,
            extract: self.examples.extract.clone(),
            compare: self.examples.compare,
            accept: Accept::Judged(Box::new(judge)),
            escalate: Box::new(Plan::Single(self.examples.id(self.large))),
        }
    }
}

/// Each call with how often its candidate was asked before.
fn draws(ask: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let before =
        |at: usize, member: &usize| ask.iter().take(at).filter(|one| *one == member).count();
    (ask.iter().enumerate()).map(move |(at, member)| (*member, before(at, member)))
}

fn asked_cost(row: &Example, ask: &[usize]) -> f64 {
    let cost = |(member, nth)| row.draw(member, nth).map_or(0.0, |one| one.cost_usd);
    draws(ask).map(cost).sum()
}

fn scales(seen: &[Evidence]) -> Vec<[f64; 2]> {
    let n = seen.len().max(1) as f64;
    let lengths: Vec<[f64; N_LENGTHS]> = seen.iter().map(Signals::lengths).collect();
    (0..N_LENGTHS)
        .map(|at| {
            let value = |row: &[f64; N_LENGTHS]| row.get(at).copied().unwrap_or(0.0);
            let mean = lengths.iter().map(value).sum::<f64>() / n;
            let square = lengths
                .iter()
                .map(|row| (value(row) - mean).powi(2))
                .sum::<f64>()
                / n;
            [mean, square.sqrt().max(1e-6)]
        })
        .collect()
}
