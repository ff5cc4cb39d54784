//! Whether routing earns its place.
//!
//! The items are cut into folds; each fold is served by policies trained on the others, for a ladder
//! of targets, thresholds frozen. What they realise is the curve. It is set against the random mix of
//! single candidates at the same costs; an interval that includes zero means: do not route.

use trilemma_stats::resample::{
    Interval, NoInterval, Resampling, bootstrap_figures, bootstrap_sums,
};
use trilemma_stats::{Confidence, Estimate, TooFew};

use super::appraise::{Appraisal, judged};
use super::beside::{Point, baselines, cheapest, mix, oracle, singles, words};
use super::crossed::cross_pair;
use super::draws::{by_group, drawn, means, of_items, stacked};
use super::grouped;
use super::hull::{Frontier, aiq};
use super::pair::Pair;
use super::replay::Served;
use super::tasks::{Task, tasks};
use super::unseen::{Crossed, cross_served};
use super::watch::Watch;
use crate::train::{Examples, Options, Target, Way};

/// Fewest items of which anything is said.
pub const MIN_ITEMS: usize = 50;
/// Loss targets of the curve, as shares of the way from the best single down to the cheapest.
const LADDER: [f64; 7] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9];

/// What a target came to on items that its thresholds had not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The target.
    pub target: Target,
    /// What was realised.
    pub found: Appraisal,
}

/// Whether to route.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The curve lies above the random mix with 95 % confidence.
    Worth,
    /// It does not, or cannot be shown to.
    Abstain {
        /// Of which kind the reason is.
        kind: Abstention,
        /// Why, in words.
        reason: String,
    },
}

/// Why nothing is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abstention {
    /// Too few items: nothing is said.
    TooFew,
    /// The interval includes zero: more items may settle it.
    NotShown,
    /// The curve lies below the random mix.
    Below,
    /// The policy misses its target on items that it has not seen.
    Missed,
    /// The cheapest candidate is also the best, or there is but one.
    Nothing,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Items.
    pub n: usize,
    /// Each candidate alone.
    pub singles: Vec<Point>,
    /// Name of the best of them.
    pub best: String,
    /// Untrained baselines and the oracle.
    pub baselines: Vec<Point>,
    /// The corners of the random mix of single candidates, cheapest first.
    pub mix: Vec<Point>,
    /// Word count between the cheapest and the best, by the share that goes to the best.
    pub words: Vec<Point>,
    /// The policy at each target of the ladder, cheapest first.
    pub curve: Vec<Point>,
    /// Area above the random mix as a share of the oracle's; `None` = it cannot be computed.
    pub area: Option<Estimate>,
    /// AIQ of the policy, between the costs of the cheapest and the best single.
    pub aiq: Option<f64>,
    /// Its interval over items, or why it has none; `None` = [`Depth::Full`] was not asked for.
    pub aiq_interval: Option<Interval>,
    /// Parity, -1 and -2 points, and the target that was asked for where it is another.
    pub held: Vec<Held>,
    /// How the policy of each fold decides at the target that was asked for; `None` = a single candidate.
    pub chosen: Vec<Option<Way>>,
    /// What each way came to at that target, when several take part: there the folds choose anew, and what all of
    /// them did is no figure of a policy that decides in one way.
    pub ways: Vec<(Way, Appraisal)>,
    /// APGR and CPT, when there are two candidates.
    pub pair: Option<Pair>,
    /// By task, when there are several and [`Depth::Full`] was asked for.
    pub tasks: Vec<Task>,
    /// Whether to route.
    pub verdict: Verdict,
}

/// Outcomes by item of one point of the curve.
struct Line {
    cost: Vec<f64>,
    quality: Vec<f64>,
}

/// How much is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The curve, what it is set against, and the verdict.
    Curve,
    /// Also word count, APGR and CPT, and each task left out of the training.
    Full,
}

/// Evaluates how policies trained in this way do on items that they have not seen.
#[must_use]
pub fn evaluate(examples: &Examples, options: &Options) -> Evaluation {
    evaluate_watched(examples, options, &())
}

/// The same, before the eyes of somebody.
#[must_use]
pub fn evaluate_watched(examples: &Examples, options: &Options, watch: &dyn Watch) -> Evaluation {
    evaluate_to(examples, options, (Depth::Full, watch))
}

/// Evaluates as deeply as is asked for.
pub(crate) fn evaluate_to(
    examples: &Examples,
    options: &Options,
    (depth, watch): (Depth, &dyn Watch),
) -> Evaluation {
    let is_full = depth == Depth::Full;
    let best = examples.best_single();
    let seed = options.seed;
    let singles = singles(examples, (seed, depth));
    let targets = ladder(&singles, best, options.target);
    let Crossed {
        served,
        chosen,
        ways,
    } = cross_served(examples, options, (&targets, watch));
    let ways = (ways.into_iter())
        .map(|(way, served)| {
            (
                way,
                judged(examples, options.target.to_string(), served, seed),
            )
        })
        .collect();
    let lines: Vec<Line> = served.iter().map(|served| line(served)).collect();
    let rows = curve_rows(examples, &lines);
    let area = area(examples, &rows, seed);
    let groups = examples.groups();
    let point = |target: &Target, line: &Line| {
        let groups = (groups.as_slice(), seed);
        let point = Point::grouped(target.to_string(), (&line.cost, &line.quality), groups);
        Point {
            cost: grouped::usd(&line.cost, groups),
            ..point
        }
    };
    let mut curve: Vec<Point> = (targets.iter().zip(&lines))
        .map(|(target, line)| point(target, line))
        .collect();
    curve.sort_by(|a, b| a.cost_usd.total_cmp(&b.cost_usd));
    let (low, high) = limits(&singles, best);
    let points: Vec<(f64, f64)> = curve
        .iter()
        .map(|one| (one.cost_usd, one.quality))
        .collect();
    let mut with_cheapest = points;
    with_cheapest.extend(cheapest(&singles).map(|one| (one.cost_usd, one.quality)));
    let held: Vec<Held> = (targets.into_iter().zip(served))
        .filter(|(target, _)| *target == options.target || (is_full && is_headline(*target)))
        .map(|(target, served)| Held {
            found: judged(examples, target.to_string(), served, seed),
            target,
        })
        .collect();
    Evaluation {
        n: examples.rows.len(),
        best: examples.id(best).to_string(),
        baselines: baselines(examples, (seed, depth)),
        mix: mix(&singles),
        words: if is_full {
            words(examples, (seed, depth))
        } else {
            Vec::new()
        },
        aiq: aiq(&with_cheapest, low, high),
        aiq_interval: is_full.then(|| aiq_interval(examples, &rows, seed)),
        verdict: verdict(examples, area.as_ref()),
        pair: is_full.then(|| cross_pair(examples, seed)).flatten(),
        tasks: if is_full {
            tasks(examples, options, (&held, watch))
        } else {
            Vec::new()
        },
        singles,
        curve,
        area,
        held,
        chosen,
        ways,
    }
}

fn limits(singles: &[Point], best: usize) -> (f64, f64) {
    let low = cheapest(singles).map_or(0.0, |one| one.cost_usd);
    (low, singles.get(best).map_or(low, |one| one.cost_usd))
}

fn is_headline(target: Target) -> bool {
    [Target::Loss(0.0), Target::Loss(0.01), Target::Loss(0.02)].contains(&target)
}

fn ladder(singles: &[Point], best: usize, wanted: Target) -> Vec<Target> {
    let top = singles.get(best).map_or(0.0, |one| one.quality);
    let gap = (top - cheapest(singles).map_or(0.0, |one| one.quality)).max(0.0);
    let mut losses = vec![0.0, 0.01, 0.02];
    losses.extend(
        LADDER
            .map(|share| share * gap)
            .into_iter()
            .filter(|loss| *loss > 0.025),
    );
    let mut targets: Vec<Target> = losses.into_iter().map(Target::Loss).collect();
    if !targets.contains(&wanted) {
        targets.push(wanted);
    }
    targets
}

fn line(served: &[Served]) -> Line {
    Line {
        cost: served.iter().map(|one| one.cost_usd).collect(),
        quality: served.iter().map(|one| one.quality).collect(),
    }
}

/// By item or group of items: singles, then the oracle, then the lines of the curve.
fn curve_rows(examples: &Examples, lines: &[Line]) -> Vec<Vec<f64>> {
    let m = examples.members.len();
    by_group(examples, |idx, row| {
        let (quality, cost) = oracle(row);
        let lines = lines.iter().map(|line| {
            let at = |values: &[f64]| values.get(idx).copied().unwrap_or(0.0);
            (at(&line.cost), at(&line.quality))
        });
        let singles = (0..m).map(|member| (row.cost(member), row.quality(member)));
        stacked(singles.chain([(cost, quality)]).chain(lines))
    })
}

/// Area of the curve above the random mix, as a share of the oracle's, by bootstrap over items or groups of
/// them.
fn area(examples: &Examples, rows: &[Vec<f64>], seed: u64) -> Option<Estimate> {
    if examples.rows.len() < MIN_ITEMS {
        return None;
    }
    let m = examples.members.len();
    let statistic = |sums: &[f64]| area_share(m, sums).unwrap_or(0.0);
    let bootstrap = bootstrap_sums(rows, &Resampling::new(seed), statistic).ok()?;
    Some(Estimate {
        n: examples.rows.len(),
        ..bootstrap.percentile(Confidence::P95)
    })
}

/// AIQ over the resamples of the area; its limits are those of the candidates drawn.
fn aiq_interval(examples: &Examples, rows: &[Vec<f64>], seed: u64) -> Interval {
    let (n, m) = (examples.rows.len(), examples.members.len());
    if n < MIN_ITEMS {
        return Err(NoInterval::TooFew(TooFew {
            n,
            needed: MIN_ITEMS,
        }));
    }
    let resampling = Resampling::new(seed);
    let [found] = bootstrap_figures(rows.len(), Confidence::P95, &resampling, |counts| {
        [aiq_of(m, &drawn(rows, counts))]
    });
    of_items(found, n)
}

/// From the same sums as [`area_share`].
fn aiq_of(n_members: usize, sums: &[f64]) -> Option<f64> {
    let points = means(sums);
    let (singles, rest) = points.split_at_checked(n_members)?;
    let (low, high) = ends(singles)?;
    let mut routed = rest.get(1..)?.to_vec();
    routed.push(low);
    aiq(&routed, low.0, high.0)
}

/// From the sums of items: singles, then the oracle, then the lines of the curve.
fn area_share(n_members: usize, sums: &[f64]) -> Option<f64> {
    let points = means(sums);
    let (singles, rest) = points.split_at_checked(n_members)?;
    let (oracle, lines) = rest.split_first()?;
    let ends = ends(singles)?;
    let (low, high) = (ends.0.0, ends.1.0);
    let mix = Frontier::hull(singles).mean_between(low, high)?;
    let best = Frontier::hull(&[ends.0, (oracle.0.max(low), oracle.1)]).mean_between(low, high)?;
    let mut path = vec![ends.0];
    path.extend(
        lines
            .iter()
            .map(|(cost, quality)| (cost.max(low), *quality)),
    );
    let routed = Frontier::path(&path).mean_between(low, high)?;
    (best > mix).then(|| (routed - mix) / (best - mix))
}

/// The cheapest point and the best.
fn ends(points: &[(f64, f64)]) -> Option<((f64, f64), (f64, f64))> {
    let low = points.iter().copied().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let high = points
        .iter()
        .copied()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.total_cmp(&a.0)))?;
    Some((low, high))
}

/// How many items would show it, were the point the truth: intervals shrink as 1/√n.
fn needed(area: &Estimate) -> String {
    if area.point <= 0.0 {
        return String::new();
    }
    let ratio = (area.point - area.low) / area.point;
    let n = (area.n as f64 * ratio * ratio).ceil();
    format!("; about {n:.0} items would show it, if the figure stays")
}

fn verdict(examples: &Examples, area: Option<&Estimate>) -> Verdict {
    if examples.rows.len() < MIN_ITEMS {
        let n = examples.rows.len();
        return Verdict::Abstain {
            kind: Abstention::TooFew,
            reason: format!(
                "{n} items with everybody's outcome are too few: {MIN_ITEMS} are needed"
            ),
        };
    }
    let Some(area) = area else {
        return Verdict::Abstain {
            kind: Abstention::Nothing,
            reason: "the cheapest candidate is also the best: there is nothing to route".to_owned(),
        };
    };
    if area.low > 0.0 {
        return Verdict::Worth;
    }
    let figures = format!(
        "{:.1} % of the way from the mix to the oracle ({:.1} to {:.1} %, n = {})",
        100.0 * area.point,
        100.0 * area.low,
        100.0 * area.high,
        area.n
    );
    if area.high < 0.0 {
        return Verdict::Abstain {
            kind: Abstention::Below,
            reason: format!("the curve lies below a random mix of the candidates: {figures}"),
        };
    }
    Verdict::Abstain {
        kind: Abstention::NotShown,
        reason: format!(
            "the curve is not shown to lie above a random mix of the candidates: {figures}{}",
            needed(area)
        ),
    }
}
