//! Fits cascades: which cheap candidates are asked, and when their answer is good enough.
//!
//! Two or three cheap candidates are asked, or one: once, or as often as its repeats are recorded. The gain of
//! asking the large one as well is a Bayesian linear model of how they compare, and of what `reading` finds in
//! the answer of one. Its prior comes from votes of the candidates (`agreed`): a few hundred items cannot measure half a
//! point. Method and constants: docs/methods.md.

use super::agreed::Votes;
use super::examples::{Example, Examples};
use super::reading::{MOST_ITEMS_READ, MOST_READ, read_signs};
use super::target::{Expected, Target};
use super::weighing::Study;
use crate::policy::Plan;
use crate::router::gist;
use trilemma_score::Extraction;

/// A candidate is cheap when it costs less than this share of the large one.
const CHEAP: f64 = 0.25;
/// Most cheap candidates that are combined.
const MAX_CHEAP: usize = 6;

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
    /// By the model: thresholds are set by it.
    pub(super) expected: Expected,
    /// On items that its weights had not seen: it stands beside other ways by this.
    pub(super) realised: Expected,
}

/// The best cascade of each kind for each target, in their order; `None` = none reaches it.
pub(super) struct Cascades {
    pub(super) agreement: Vec<Option<FittedCascade>>,
    pub(super) reading: Vec<Option<FittedCascade>>,
}

/// Fits every set of cheap candidates; gives for each target the one that reaches it best. What depends on no
/// target is done once.
pub(super) fn fit_cascades(examples: &Examples, targets: &[Target], which: Which) -> Cascades {
    let none = || targets.iter().map(|_| None).collect();
    let mut best = Cascades {
        agreement: none(),
        reading: none(),
    };
    let Some(parts) = Parts::of(examples).filter(|_| which.agreement || which.reading) else {
        return best;
    };
    let ready = which.agreement.then(|| Ready::of(examples, &parts));
    if let Some(ready) = ready.flatten() {
        for ask in sets(examples, &parts.cheap) {
            let study = Study::of(examples, &ready, (ask, Vec::new()), which.seed);
            study.improve(&mut best.agreement, targets);
        }
    }
    if which.reading {
        let every: Vec<usize> = (0..examples.rows.len()).collect();
        let few = examples.sampled(&every, MOST_ITEMS_READ, which.seed);
        let few = few.map(|rows| examples.subset(&rows));
        let examples = few.as_ref().unwrap_or(examples);
        let Some(ready) = Ready::of(examples, &parts) else {
            return best;
        };
        // The best of the cheap ones: others cost as much and say less.
        for cheap in parts.cheap.iter().take(MOST_READ) {
            let signs = read_signs(examples, (*cheap, parts.large), which.seed);
            for ask in repeats(examples, *cheap) {
                let study = Study::of(examples, &ready, (ask, signs.clone()), which.seed);
                study.improve(&mut best.reading, targets);
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
        let parts = Parts::of(self)?;
        let ready = Ready::of(self, &parts)?;
        let n = self.rows.len().max(1) as f64;
        let says = |member: usize, row: usize| ready.gists.get(member)?.get(row)?.as_ref();
        let alike = |a: usize, b: usize| {
            let same = |row: &usize| says(a, *row).is_some_and(|one| says(b, *row) == Some(one));
            (0..self.rows.len()).filter(same).count() as f64 / n
        };
        let pairs = parts.cheap.iter().enumerate();
        let pairs =
            pairs.flat_map(|(at, a)| parts.cheap.iter().skip(at + 1).map(|b| alike(*a, *b)));
        pairs.reduce(f64::max)
    }
}

/// Who takes part.
struct Parts {
    large: usize,
    /// Cheap candidates, the best first; at least one.
    cheap: Vec<usize>,
}

impl Parts {
    /// `None` = nobody is cheap.
    fn of(examples: &Examples) -> Option<Self> {
        let large = examples.anchor();
        let large_cost = examples.mean(|row| row.cost(large));
        let quality = |member: usize| examples.mean(|row| row.quality(member));
        let mut cheap: Vec<usize> = (0..examples.members.len())
            .filter(|member| examples.mean(|row| row.cost(*member)) < CHEAP * large_cost)
            .collect();
        cheap.sort_by(|a, b| quality(*b).total_cmp(&quality(*a)).then(a.cmp(b)));
        cheap.truncate(MAX_CHEAP);
        (!cheap.is_empty()).then_some(Self { large, cheap })
    }
}

/// What is looked at once for all sets. Everything in it is of the same items.
pub(super) struct Ready {
    pub(super) large: usize,
    /// From an answer to the part that is compared.
    pub(super) extract: Option<Extraction>,
    /// By candidate, then item: that part of its first answer. Empty for those that take no part.
    pub(super) gists: Vec<Vec<Option<String>>>,
    pub(super) votes: Votes,
}

impl Ready {
    /// `None` = the part that is compared cannot be told.
    fn of(examples: &Examples, Parts { large, cheap }: &Parts) -> Option<Self> {
        let extract = match &examples.extract {
            Some(steps) => Some(Extraction::build(steps).ok()?),
            None => None,
        };
        let said = |member: usize, row: &Example| {
            let outcome = &row.outcomes.get(member)?.observation.outcome;
            gist(outcome, extract.as_ref(), examples.compare)
        };
        let of = |member: usize| -> Vec<Option<String>> {
            let is_compared = cheap.contains(&member) || member == *large;
            let rows = examples.rows.iter().filter(|_| is_compared);
            rows.map(|row| said(member, row)).collect()
        };
        let gists: Vec<Vec<Option<String>>> = (0..examples.members.len()).map(of).collect();
        Some(Self {
            votes: Votes::of(examples, (cheap, *large), &gists),
            gists,
            extract,
            large: *large,
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
