//! Fits cascades: which cheap candidates are asked, and when their answer is good enough.
//!
//! Two or three cheap candidates are asked, or one: once, or as often as its repeats are recorded. The gain of
//! asking the large one as well is a Bayesian linear model of how they compare, and of what `reading` finds in
//! the answer of one. Its prior comes from votes of the candidates (`agreed`): a few hundred items cannot measure half a
//! point. Method and constants: docs/methods.md.

use std::cmp::Ordering;

use super::agreed::{DIFFERING, Prior, Votes};
use super::examples::{Example, Examples, Recorded};
use super::reading::{MOST_ITEMS_READ, MOST_READ, Seen, read_signs};
use super::target::{Expected, Target};
use crate::learn::{Bayes, Posterior, dot};
use crate::learned::{self, Evidence, Judge, N_LENGTHS, Sign, Signals, brief};
use crate::observe::Outcome;
use crate::policy::{Accept, Pace, Plan};
use crate::router::{Asked, evidence, gist};
use trilemma_score::Extraction;

/// Standard deviations where answers differ.
const LACKING_SD: f64 = 0.2;
/// Variance of one item's gain before any is seen, worth four items.
const SPLIT_NOISE: f64 = 0.4;
const NOISE_ITEMS: f64 = 4.0;
/// Variance of the logarithm of the large candidate's cost, given the signals.
const COST_NOISE: f64 = 0.15;
/// A candidate is cheap when it costs less than this share of the large one.
const CHEAP: f64 = 0.25;
/// Most cheap candidates that are combined.
const MAX_CHEAP: usize = 6;

/// Standard deviation of what a sign adds per standard deviation.
const SIGN_SD: f64 = 0.15;
/// Most often that one candidate is asked.
const MOST_DRAWS: usize = 5;

/// Which cascades are fitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which {
    /// Answers of several candidates, and repeats of one, are compared.
    pub(super) agreement: bool,
    /// One answer is read.
    pub(super) reading: bool,
    /// Of the folds in which reading is learned.
    pub(super) seed: u64,
}

/// A cascade with what is expected of it.
pub(super) struct FittedCascade {
    pub(super) plan: Plan,
    pub(super) expected: Expected,
}

/// Fits every set of cheap candidates; gives for each target the one that reaches it best. What depends on no
/// target is done once.
pub(super) fn fit_cascades(
    examples: &Examples,
    targets: &[Target],
    which: Which,
) -> Vec<Option<FittedCascade>> {
    let mut best: Vec<Option<FittedCascade>> = targets.iter().map(|_| None).collect();
    let Some(ready) = Ready::of(examples) else {
        return best;
    };
    if which.agreement {
        for ask in sets(examples, &ready.cheap) {
            Study::of(examples, &ready, (ask, Vec::new())).improve(&mut best, targets);
        }
    }
    if which.reading {
        // The best of the cheap ones: others cost as much and say less.
        for cheap in ready.cheap.iter().take(MOST_READ) {
            let few = examples.head(MOST_ITEMS_READ);
            let examples = few.as_ref().unwrap_or(examples);
            let signs = read_signs(examples, (*cheap, ready.large), which.seed);
            for ask in repeats(examples, *cheap) {
                Study::of(examples, &ready, (ask, signs.clone())).improve(&mut best, targets);
            }
        }
    }
    best
}

impl Examples {
    /// Share of items on which the two most alike of the cheap candidates say the same; `None` = there are
    /// no two cheap candidates. Where it is near zero, answers cannot be compared and no cascade is of use.
    #[must_use]
    pub fn agreement(&self) -> Option<f64> {
        let ready = Ready::of(self)?;
        let n = self.rows.len().max(1) as f64;
        let says = |member: usize, row: usize| ready.gists.get(member)?.get(row)?.as_ref();
        let alike = |a: usize, b: usize| {
            let same = |row: &usize| says(a, *row).is_some_and(|one| says(b, *row) == Some(one));
            (0..self.rows.len()).filter(same).count() as f64 / n
        };
        let pairs = ready.cheap.iter().enumerate();
        let pairs =
            pairs.flat_map(|(at, a)| ready.cheap.iter().skip(at + 1).map(|b| alike(*a, *b)));
        pairs.reduce(f64::max)
    }
}

/// What is looked at once for all sets.
struct Ready {
    large: usize,
    /// Cheap candidates, the best first; at least one.
    cheap: Vec<usize>,
    /// From an answer to the part that is compared.
    extract: Option<Extraction>,
    /// By candidate, then item: that part of its first answer. Empty for those that are not cheap.
    gists: Vec<Vec<Option<String>>>,
    votes: Votes,
}

impl Ready {
    fn of(examples: &Examples) -> Option<Self> {
        let large = examples.anchor();
        let large_cost = examples.mean(|row| row.cost(large));
        let quality = |member: usize| examples.mean(|row| row.quality(member));
        let mut cheap: Vec<usize> = (0..examples.members.len())
            .filter(|member| examples.mean(|row| row.cost(*member)) < CHEAP * large_cost)
            .collect();
        cheap.sort_by(|a, b| quality(*b).total_cmp(&quality(*a)).then(a.cmp(b)));
        cheap.truncate(MAX_CHEAP);
        if cheap.is_empty() {
            return None;
        }
        let extract = match &examples.extract {
            Some(steps) => Some(Extraction::build(steps).ok()?),
            None => None,
        };
        let said = |member: usize, row: &Example| {
            let outcome = &row.outcomes.get(member)?.observation.outcome;
            gist(outcome, extract.as_ref(), examples.compare)
        };
        let of = |member: usize| -> Vec<Option<String>> {
            let is_compared = cheap.contains(&member) || member == large;
            let rows = examples.rows.iter().filter(|_| is_compared);
            rows.map(|row| said(member, row)).collect()
        };
        let gists: Vec<Vec<Option<String>>> = (0..examples.members.len()).map(of).collect();
        Some(Self {
            votes: Votes::of(examples, (&cheap, large), &gists),
            gists,
            extract,
            large,
            cheap,
        })
    }
}

/// All pairs and triples, each in the given order; repeats of each where they are recorded; a single answer
/// where its log-probability is.
fn sets(examples: &Examples, cheap: &[usize]) -> Vec<Vec<usize>> {
    let mut sets = Vec::new();
    for (i, a) in cheap.iter().enumerate() {
        let has_logprob = examples.logprobs(*a).is_some();
        sets.extend(
            repeats(examples, *a)
                .into_iter()
                .filter(|ask| has_logprob || ask.len() > 1),
        );
        for (j, b) in cheap.iter().enumerate().skip(i + 1) {
            sets.push(vec![*a, *b]);
            sets.extend(cheap.iter().skip(j + 1).map(|c| vec![*a, *b, *c]));
        }
    }
    sets
}

/// One candidate alone, and as often as every item has answers of it.
fn repeats(examples: &Examples, member: usize) -> Vec<Vec<usize>> {
    let of = |row: &Example| {
        row.outcomes
            .get(member)
            .map_or(0, |one| 1 + one.again.len())
    };
    let most = examples.rows.iter().map(of).min().unwrap_or(0);
    let mut sets = vec![vec![member]];
    if most > 1 {
        sets.push(vec![member; most.min(MOST_DRAWS)]);
    }
    sets
}

/// A judge, and what each threshold would come to.
struct Fit {
    judge: Judge,
    thresholds: Vec<(f64, Expected)>,
}

impl Fit {
    /// The one that reaches a target best.
    fn threshold(&self, target: Target) -> Option<(f64, Expected)> {
        let mut found: Option<(f64, Expected)> = None;
        for (threshold, expected) in &self.thresholds {
            let is_better = found.is_none_or(|(_, old)| target.prefers(*expected, old));
            if target.is_reached(*expected) && is_better {
                found = Some((brief(*threshold), *expected));
            }
        }
        found
    }
}

/// One set of candidates with what their answers showed.
struct Study<'a> {
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
}

impl<'a> Study<'a> {
    fn of(examples: &'a Examples, ready: &Ready, (ask, mut read): (Vec<usize>, Vec<Seen>)) -> Self {
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
                cases.push(ready.votes.case((&ask, &gists), of_large, task));
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
        }
    }

    /// Keeps this set for the targets that it reaches better than what was found before.
    fn improve(&self, best: &mut [Option<FittedCascade>], targets: &[Target]) {
        let fit = self.fit();
        for (best, target) in best.iter_mut().zip(targets) {
            let Some((threshold, expected)) = fit.threshold(*target) else {
                continue;
            };
            let old = best.as_ref().map(|old| old.expected);
            if old.is_none_or(|old| target.prefers(expected, old)) {
                let judge = Judge {
                    threshold,
                    ..fit.judge.clone()
                };
                *best = Some(FittedCascade {
                    plan: self.plan(judge),
                    expected,
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

    /// The posterior of what differs from the expected weights, and these.
    fn gain_model(&self) -> (Posterior, Vec<f64>) {
        let gains = self.gains();
        let split = self.split_noise(&gains);
        let expected = self.prior_mean();
        let rest: Vec<f64> = (self.rows.iter().zip(&gains))
            .map(|(row, gain)| gain - dot(row, &expected))
            .collect();
        let variance = |seen: &Evidence| {
            let own = seen.task.and_then(|task| self.agreed.tasks.get(task));
            match seen.agree {
                true => own.unwrap_or(&self.agreed.level).differing,
                false => split,
            }
        };
        let precision: Vec<f64> = self.seen.iter().map(|seen| 1.0 / variance(seen)).collect();
        let posterior = Bayes {
            x: &self.rows,
            y: &rest,
            precision: &precision,
            prior_sd: &self.prior_sd(),
        }
        .fit();
        (posterior, expected)
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
        let (posterior, expected) = self.gain_model();
        let gain = (posterior.mean.iter().zip(expected))
            .map(|(found, expected)| brief(found + expected))
            .collect();
        let judge = Judge {
            tasks: self.tasks.clone(),
            lengths: self.scales.iter().map(|scale| scale.map(brief)).collect(),
            gain,
            log_cost: self.cost_model().into_iter().map(brief).collect(),
            signs: self.signs.clone(),
            threshold: 0.0,
        };
        Fit {
            thresholds: self.thresholds(&judge, &posterior),
            judge,
        }
    }

    /// Accepts more and more answers, those with the least gain per cost first: after each the threshold,
    /// what is expected.
    fn thresholds(&self, judge: &Judge, posterior: &Posterior) -> Vec<(f64, Expected)> {
        let n = self.examples.rows.len().max(1) as f64;
        let mut order: Vec<(f64, f64, usize)> = (self.seen.iter().enumerate())
            .filter(|(_, seen)| seen.found[0])
            .map(|(idx, seen)| {
                let (gain, score) = judge.weigh(seen);
                (score, gain, idx)
            })
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        let asked = self.examples.mean(|row| asked_cost(row, &self.ask));
        let mut cost = asked + self.examples.mean(|row| row.cost(self.large));
        let (mut loss, mut worst) = (0.0, f64::NEG_INFINITY);
        let mut accepted = vec![0.0; judge.gain.len()];
        let mut found = Vec::with_capacity(order.len());
        for (at, (score, gain, idx)) in order.iter().enumerate() {
            let Some(row) = self.examples.rows.get(*idx) else {
                continue;
            };
            loss += gain / n;
            worst = worst.max(*gain);
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
            let expected = Expected {
                loss,
                sd: posterior.sd(&accepted),
                worst: Some(worst),
                cost,
            };
            found.push((f64::midpoint(*score, next), expected));
        }
        found
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
