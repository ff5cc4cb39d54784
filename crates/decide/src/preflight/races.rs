//! What adaptive runs would take, before the first call.
//!
//! In: the plan's callers, the size of the golden set, requirements. Out: for each race the calls and the money, from
//! candidates that are far apart (few calls) to candidates that are hardly to be told apart (many). Each race is run
//! on simulated outcomes, as `bench` runs it, with the choice and the incumbent completed: four golden sets of at
//! most 300 items for each end. Real candidates may lie outside; larger sets take a smaller share.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use serde::Serialize;
use trilemma_domain::{Margin, Preference, Reference, Usd};
use trilemma_golden::Range;
use trilemma_stats::StatsError;
use trilemma_stats::paired::Cells;
use trilemma_stats::race::{
    Allowed, Answer, Bar, Claim, Field, GateCourse, GateStep, Mode, Query, Race, RaceSpec, RankBy,
    Step, Word, chance_of_bar, chance_of_margin,
};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::chances::strictest;
use super::types::{CallerPlan, CostRange, Preflight, PreflightInput, Role};

/// Most items that are simulated.
const MOST_ITEMS: usize = 300;
/// Golden sets per end of a range.
const SETS: u64 = 4;
/// Most candidates that are simulated.
const MOST_CANDIDATES: usize = 24;
/// A candidate is good enough within this many rate points of the best.
const TOLERANCE: f64 = 0.02;

/// What one adaptive run would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RacePlan {
    /// Its name, as `--adaptive=` takes it.
    pub mode: &'static str,
    /// Calls of everybody.
    pub n_calls: Range<u64>,
    /// Dollars of those whose price is known, the low end at mean and the high end at upper token estimates; `None` =
    /// no price is known.
    pub cost_usd: Option<Range<Usd>>,
}

/// What a race for requirements ranks by.
#[must_use]
pub fn rank_by(preference: Preference) -> RankBy {
    match preference {
        Preference::CostPerAccepted | Preference::CostPerQuery => RankBy::Price,
        Preference::PassRate => RankBy::Passes,
        Preference::Latency => RankBy::Time,
    }
}

/// How far candidates lie apart in a simulation.
#[derive(Debug, Clone, Copy)]
enum Spread {
    Apart,
    Close,
}

/// Plans every race that the requirements allow; none for a single candidate, or for more than 24.
#[must_use]
pub fn races(input: &PreflightInput, plan: &Preflight) -> Vec<RacePlan> {
    let callers = &plan.callers[..];
    let candidates = callers.iter().filter(|one| one.role == Role::Candidate);
    let n_arms = candidates.count();
    if !(2..=MOST_CANDIDATES).contains(&n_arms) {
        return Vec::new();
    }
    let modes = [
        ("calibrated", Some(Mode::Calibrated)),
        ("cheapest", Some(Mode::Cheapest)),
        ("gates", None),
        ("certified", Some(Mode::CertifiedSet)),
        ("certified-traffic", Some(Mode::CertifiedSource)),
    ];
    modes
        .into_iter()
        .filter_map(|(name, mode)| {
            let shares = |spread| match mode {
                Some(mode) => shares(input, callers, spread, |(table, weights), seed| {
                    best_rate(input, callers, (mode, seed), (table, weights))
                }),
                None => {
                    let bars = bars(input, n_arms)?;
                    shares(input, callers, spread, |golden, _| {
                        gates(&bars, (rank_by(input.preference), callers), golden)
                    })
                }
            };
            let (few, many) = (shares(Spread::Apart)?, shares(Spread::Close)?);
            Some(RacePlan {
                mode: name,
                n_calls: Range {
                    low: calls(callers, &few).min(calls(callers, &many)),
                    high: calls(callers, &many).max(calls(callers, &few)),
                },
                cost_usd: range(callers, &few, &many),
            })
        })
        .collect()
}

/// Outcomes by candidate and item, 1 = passes.
type Outcomes = Vec<Vec<f64>>;

/// Outcomes, and what items count.
type Golden<'a> = (&'a Outcomes, &'a [f64]);

/// Mean share of the items that each candidate is asked; `None` = the race refuses its field.
fn shares(
    input: &PreflightInput,
    callers: &[CallerPlan],
    spread: Spread,
    run: impl Fn(Golden<'_>, u64) -> Result<Outcomes, StatsError>,
) -> Option<Vec<f64>> {
    let n_arms = callers
        .iter()
        .filter(|one| one.role == Role::Candidate)
        .count();
    let n_items = input.size.n_items.clamp(1, MOST_ITEMS);
    let mut sums = vec![0.0; n_arms];
    for seed in 0..SETS {
        let mut stream = ChaChaStream::new(seed);
        let table = outcomes(input, (n_arms, n_items), spread, &mut stream);
        let weights = weights(input, n_items, &mut stream);
        let asked = run((&table, &weights), seed).ok()?;
        for (sum, row) in sums.iter_mut().zip(&asked) {
            *sum += row.iter().sum::<f64>() / (n_items as f64 * SETS as f64);
        }
    }
    Some(sums)
}

/// Pass rates around what is asked for, in random order, and outcomes that tend to fail on the same items.
fn outcomes(
    input: &PreflightInput,
    (n_arms, n_items): (usize, usize),
    spread: Spread,
    stream: &mut ChaChaStream,
) -> Outcomes {
    let bar = input.requirements.pass_rate.map_or(0.85, |bar| bar.min);
    let top = (bar + 0.08).min(0.5 + bar / 2.0);
    let mut rates: Vec<f64> = (0..n_arms)
        .map(|place| match spread {
            Spread::Apart => top - 0.3 * place as f64 / n_arms as f64,
            Spread::Close => bar + 0.01 + 0.01 * place as f64 / n_arms as f64,
        })
        .map(|rate| rate.clamp(0.05, 0.99))
        .collect();
    for last in (1..rates.len()).rev() {
        rates.swap(last, stream.next_index(last + 1));
    }
    let mut happens = |p: f64| (stream.next_index(1 << 30) as f64) < p * f64::from(1 << 30);
    let mut table = vec![Vec::with_capacity(n_items); n_arms];
    for _ in 0..n_items {
        // Three of four failures lie on the harder three tenths of items.
        let factor = if happens(0.3) { 2.5 } else { 0.357 };
        for (row, rate) in table.iter_mut().zip(&rates) {
            row.push(f64::from(u8::from(!happens(
                ((1.0 - rate) * factor).min(1.0),
            ))));
        }
    }
    table
}

/// Weights of some of the items, drawn without replacement.
fn weights(input: &PreflightInput, n_items: usize, stream: &mut ChaChaStream) -> Vec<f64> {
    let mut weights = input.weights.clone();
    for place in 0..n_items.min(weights.len()) {
        let other = place + stream.next_index(weights.len() - place);
        weights.swap(place, other);
    }
    weights.truncate(n_items);
    weights
}

fn best_rate(
    input: &PreflightInput,
    callers: &[CallerPlan],
    (mode, seed): (Mode, u64),
    (table, weights): Golden<'_>,
) -> Result<Outcomes, StatsError> {
    let (n_arms, n_items) = (table.len(), table.first().map_or(0, Vec::len));
    let prices: Option<Vec<f64>> = prices(callers).into_iter().collect();
    let mut race = Race::new(RaceSpec {
        field: Field {
            arms: n_arms,
            items: n_items,
            tolerance: TOLERANCE,
            seed,
        },
        mode,
        prices,
        batch: 5,
        repeats: 1,
        weights: Some(weights.to_vec()),
    })?;
    let mut asked = vec![vec![0.0; n_items]; n_arms];
    loop {
        match race.next_step()? {
            Step::Ask(queries) => {
                for query in queries {
                    mark(&mut asked, query);
                    race.answer(query, Answer::Passed(cell(table, query)));
                }
            }
            Step::Stop(finish) => {
                complete(&mut asked, Some(finish.chosen));
                complete(&mut asked, incumbent(input, callers));
                return Ok(asked);
            }
        }
    }
}

fn gates(
    bars: &[Bar],
    (rank_by, callers): (RankBy, &[CallerPlan]),
    (table, weights): Golden<'_>,
) -> Result<Outcomes, StatsError> {
    let (n_arms, n_items) = (table.len(), table.first().map_or(0, Vec::len));
    let course = GateCourse::new((n_arms, n_items), (0..n_arms).collect(), bars.to_vec())?;
    let mut course = course.weighted(weights)?.ranked_by(rank_by);
    let prices = match rank_by {
        RankBy::Price => prices(callers),
        RankBy::Passes => {
            let failing = |row: &Vec<f64>| 1.0 - row.iter().sum::<f64>() / n_items.max(1) as f64;
            table.iter().map(|row| Some(failing(row))).collect()
        }
        // Nothing is known of times yet; from one to the next they are a fifth apart.
        RankBy::Time => (0..n_arms).map(|arm| Some(time(arm))).collect(),
    };
    let mut asked = vec![vec![0.0; n_items]; n_arms];
    loop {
        match course.next_step()? {
            GateStep::Ask(queries) => {
                for query in queries {
                    mark(&mut asked, query);
                    course.time(query, time(query.arm));
                    course.answer(query, Answer::Passed(cell(table, query)));
                }
            }
            GateStep::Price => course.price(&prices),
            GateStep::Judge { arm, is_complete } => {
                let meets = is_complete && passes_all(bars, arm, table)?;
                let price = prices.get(arm).copied().flatten();
                course.judged(if meets {
                    Word::Meets(price)
                } else {
                    Word::Open
                });
            }
            GateStep::Stop => {
                let references = course.references();
                for reference in &references {
                    complete(&mut asked, Some(*reference));
                }
                if course.complete().is_empty() && references.is_empty() {
                    complete(&mut asked, Some(0));
                }
                return Ok(asked);
            }
        }
    }
}

/// Made-up time of an arm's answers.
fn time(arm: usize) -> f64 {
    1.2_f64.powi(i32::try_from(arm).unwrap_or(i32::MAX))
}

/// Whether an arm that answered everything passes.
fn passes_all(bars: &[Bar], arm: usize, table: &Outcomes) -> Result<bool, StatsError> {
    let row = |arm: usize| table.get(arm).map_or(&[][..], Vec::as_slice);
    let n = row(arm).len();
    let passes = |arm: usize| row(arm).iter().sum::<f64>();
    let margin = |other: usize, allowed: &Allowed, claim: Claim| {
        let of = |arm: usize| -> Vec<bool> { row(arm).iter().map(|pass| *pass > 0.5).collect() };
        let points = match allowed {
            Allowed::Points(points) => *points,
            Allowed::Share(share) => (1.0 - share) * 0.9,
        };
        chance_of_margin(Cells::of(&of(arm), &of(other))?, n, points, claim)
    };
    let best = (0..table.len()).max_by(|a, b| passes(*a).total_cmp(&passes(*b)));
    for bar in bars {
        let chance = match bar {
            Bar::PassRate { min, claim } => chance_of_bar((passes(arm), n), n, *min, *claim)?,
            Bar::NotWorse { reference, .. } if *reference == arm => 1.0,
            Bar::NotWorse {
                reference,
                allowed,
                claim,
            } => margin(*reference, allowed, *claim)?,
            Bar::NotWorseThanBest { allowed, claim, .. } => match best {
                Some(best) if best != arm => margin(best, allowed, *claim)?,
                _ => 1.0,
            },
        };
        if chance < 0.5 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The tests of the quality requirements; `None` = there are none.
fn bars(input: &PreflightInput, n_arms: usize) -> Option<Vec<Bar>> {
    let wanted = &input.requirements;
    let mut bars = Vec::new();
    if let Some(bar) = &wanted.pass_rate {
        let claim = Claim::OfSource(strictest(bar.confidence, n_arms)?);
        bars.push(Bar::PassRate {
            min: bar.min,
            claim,
        });
    }
    if let Some(bar) = &wanted.not_worse_than {
        let claim = Claim::OfSource(strictest(bar.confidence, n_arms)?);
        let allowed = match bar.margin {
            Margin::Absolute(points) => Allowed::Points(points),
            Margin::Ratio(share) => Allowed::Share(share),
        };
        let reference = match &bar.reference {
            Reference::Best => None,
            Reference::Incumbent => Some(input.incumbent?),
            Reference::Candidate(id) => {
                let candidates = input.callers.iter();
                let mut candidates = candidates.filter(|one| one.role == Role::Candidate);
                Some(candidates.position(|one| one.name == id.as_str())?)
            }
        };
        bars.push(match reference {
            Some(reference) => Bar::NotWorse {
                reference,
                allowed,
                claim,
            },
            None => Bar::NotWorseThanBest {
                allowed,
                claim,
                let_go: 0.2 * (1.0 - bar.confidence),
            },
        });
    }
    (!bars.is_empty()).then_some(bars)
}

fn incumbent(input: &PreflightInput, callers: &[CallerPlan]) -> Option<usize> {
    input.incumbent.filter(|idx| *idx < callers.len())
}

/// What an answer of each candidate costs, relative to the others.
fn prices(callers: &[CallerPlan]) -> Vec<Option<f64>> {
    let candidates = callers.iter().filter(|one| one.role == Role::Candidate);
    candidates
        .map(|one| {
            let cost = one.cost?.expected_usd.to_f64();
            Some(cost / (one.n_calls.max(1) as f64))
        })
        .collect()
}

fn mark(asked: &mut Outcomes, query: Query) {
    if let Some(cell) = asked
        .get_mut(query.arm)
        .and_then(|row| row.get_mut(query.item))
    {
        *cell = 1.0;
    }
}

fn complete(asked: &mut Outcomes, arm: Option<usize>) {
    if let Some(row) = arm.and_then(|arm| asked.get_mut(arm)) {
        row.fill(1.0);
    }
}

fn cell(table: &Outcomes, query: Query) -> f64 {
    let row = table.get(query.arm);
    row.and_then(|row| row.get(query.item))
        .copied()
        .unwrap_or(0.0)
}

/// The share of each caller's calls: judges are called for every answer, and labels are asked for outside the race.
fn by_caller<'a>(
    callers: &'a [CallerPlan],
    shares: &'a [f64],
) -> impl Iterator<Item = (&'a CallerPlan, f64)> {
    let mean = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
    let mut own = shares.iter().copied();
    callers.iter().map(move |caller| match caller.role {
        Role::Candidate => (caller, own.next().unwrap_or(1.0)),
        Role::Labels => (caller, 1.0),
        Role::Judge => (caller, mean),
    })
}

fn calls(callers: &[CallerPlan], shares: &[f64]) -> u64 {
    let calls = by_caller(callers, shares);
    calls
        .map(|(caller, share)| (caller.n_calls as f64 * share).round() as u64)
        .sum()
}

/// From the cheaper end at mean token estimates to the dearer one at upper ones.
fn range(callers: &[CallerPlan], few: &[f64], many: &[f64]) -> Option<Range<Usd>> {
    let ends = |end| Some((dollars(callers, few, end)?, dollars(callers, many, end)?));
    let (a, b) = ends(|cost: &CostRange| cost.expected_usd)?;
    let (c, d) = ends(|cost: &CostRange| cost.upper_usd)?;
    Some(Range {
        low: if a < b { a } else { b },
        high: if c > d { c } else { d },
    })
}

fn dollars(callers: &[CallerPlan], shares: &[f64], end: fn(&CostRange) -> Usd) -> Option<Usd> {
    by_caller(callers, shares)
        .filter_map(|(caller, share)| {
            let share = Decimal::from_f64(share)?.round_dp(6);
            let all = end(caller.cost.as_ref()?).decimal();
            Some(Usd::new(all.checked_mul(share)?.normalize()))
        })
        .reduce(|a, b| a + b)
}
