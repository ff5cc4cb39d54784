//! Takes the cheapest way that reaches the target by its own cautious estimate.

use std::cmp::Ordering;

use super::cascade::{Which, fit_cascades};
use super::examples::{Example, Examples};
use super::frame::Frame;
use super::labels::{ByLabel, Labels};
use super::prepared::Prepared;
use super::query::{FittedQuery, fit_embedded, fit_query};
use super::target::{Expected, Target};
use crate::learned::{QueryModel, brief};
use crate::policy::{Plan, Policy};

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What people call the policy.
    pub name: String,
    /// What it is to reach.
    pub target: Target,
    /// Of the folds.
    pub seed: u64,
    /// Whether cheap answers may be compared before one is given; needs answers with a comparable
    /// part, costs every cheap call and its wait.
    pub cascades: bool,
    /// Whether one cheap answer may be read before it is given; takes as long to learn as queries do, and
    /// costs the cheap call and its wait.
    pub reads: bool,
    /// Whether the query alone may decide.
    pub queries: bool,
    /// The classifier whose labels may decide; `None` = none.
    pub labels: Option<Labels>,
    /// What people wrote around the learned part.
    pub frame: Frame,
}

/// A trained policy with what its training expects of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The policy.
    pub policy: Policy,
    /// How it decides; `None` = it is a single candidate, but for rules that people wrote.
    pub way: Option<Way>,
    /// Loss against the large candidate, one standard error on the safe side; `None` = it is a
    /// single candidate.
    pub loss: Option<f64>,
    /// USD per query.
    pub cost_usd: f64,
}

/// How a policy decides; one that is a single candidate decides in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the query alone.
    Query,
    /// By comparing cheap answers.
    Agreement,
    /// By reading one cheap answer.
    Reading,
    /// By a classifier's labels.
    Labels,
}

impl Way {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Query, Self::Agreement, Self::Reading, Self::Labels];
}

/// Steps of the search for the price of a dollar.
const N_PRICES: i32 = 60;

/// Trains.
///
/// Where nothing reaches the target, the policy is the best single candidate: of all, or within the budget. Where
/// everybody costs more than the budget, it is the cheapest.
#[must_use]
pub fn train(examples: &Examples, options: &Options) -> Trained {
    let untrained = || {
        let anchor = examples.anchor();
        Choice::single(examples, anchor, options.target).named(examples, options)
    };
    (train_all(examples, options, &[options.target])
        .into_iter()
        .next())
    .unwrap_or_else(untrained)
}

/// Trains once for several targets, in their order; what depends on none of them is done once.
///
/// The target of the options is not looked at. The order of the items makes no difference.
#[must_use]
pub fn train_all(examples: &Examples, options: &Options, targets: &[Target]) -> Vec<Trained> {
    let found = train_ways(examples, options, targets);
    found.into_iter().map(|one| one.best).collect()
}

/// What one target came to.
pub(crate) struct Found {
    /// The best of all ways.
    pub(crate) best: Trained,
    /// The best of each way where several take part, at the target of the options alone; a single candidate where the
    /// way does not reach it.
    pub(crate) by_way: Vec<(Way, Trained)>,
}

impl Options {
    /// The ways that take part.
    pub(crate) fn ways(&self) -> Vec<Way> {
        let takes_part = |way: &Way| match way {
            Way::Query => self.queries,
            Way::Agreement => self.cascades,
            Way::Reading => self.reads,
            Way::Labels => self.labels.is_some(),
        };
        Way::ALL.into_iter().filter(takes_part).collect()
    }
}

/// As [`train_all`], each way by itself, too.
pub(crate) fn train_ways(examples: &Examples, options: &Options, targets: &[Target]) -> Vec<Found> {
    // What rules decide teaches nothing of the rest.
    let free = options.frame.free(examples);
    let examples = free.as_ref().unwrap_or(examples);
    let examples = &examples.in_drawn_order(options.seed);
    let anchor = examples.anchor();
    let fitted = options
        .queries
        .then(|| Asked::of(examples, anchor, options.seed));
    let which = Which {
        agreement: options.cascades,
        reading: options.reads,
        seed: options.seed,
    };
    let mut cascades = fit_cascades(examples, targets, which);
    let labelled = options.labels.as_ref();
    let labelled =
        labelled.and_then(|labels| ByLabel::of(examples, (anchor, labels), options.seed));
    let for_target = |(at, target): (usize, &Target)| {
        let mut offers: Vec<Offer> = Vec::new();
        let found = [
            (Way::Agreement, cascades.agreement.get_mut(at)),
            (Way::Reading, cascades.reading.get_mut(at)),
        ];
        for (way, cascade) in found {
            offers.extend(cascade.and_then(Option::take).map(|found| Offer {
                way,
                plan: found.plan,
                loss: found.expected.careful(),
                realised: found.realised,
            }));
        }
        if let Some((plan, expected)) = labelled.as_ref().and_then(|one| one.at(*target)) {
            offers.push(Offer::judged(Way::Labels, plan, expected));
        }
        for (model, expected) in fitted.iter().flat_map(|one| one.at(*target)) {
            let plan = Plan::Learned(Box::new(model));
            offers.push(Offer::judged(Way::Query, plan, expected));
        }
        let best_of = |offers: Vec<Offer>| {
            let single = Choice::single(examples, anchor, *target);
            let best = offers
                .into_iter()
                .fold(single, |best, one| best.or(*target, one));
            best.named(examples, options)
        };
        let by_way = |way: Way| {
            let own = offers.iter().filter(|one| one.way == way).cloned();
            (way, best_of(own.collect()))
        };
        let mut ways = options.ways();
        if *target != options.target || ways.len() < 2 {
            ways.clear();
        }
        Found {
            by_way: ways.into_iter().map(by_way).collect(),
            best: best_of(offers),
        }
    };
    targets.iter().enumerate().map(for_target).collect()
}

/// The cascade that reads one cheap answer, wherever its threshold may lie; `None` = no candidate is cheap.
pub(crate) fn train_reading(examples: &Examples, seed: u64) -> Option<Policy> {
    let which = Which {
        agreement: false,
        reading: true,
        seed,
    };
    let best = [Target::BudgetUsd(f64::MAX)];
    let examples = &examples.in_drawn_order(seed);
    let found = fit_cascades(examples, &best, which)
        .reading
        .pop()
        .flatten()?;
    Some(Policy::new("reading", examples.members.clone(), found.plan))
}

/// What queries say of the candidates that are worth estimating.
struct Asked {
    /// With the outcomes of those alone.
    examples: Examples,
    /// The large one among them.
    anchor: usize,
    /// Without vectors first, then with them, where they say more.
    priced: Vec<Priced>,
}

impl Asked {
    fn of(examples: &Examples, anchor: usize, seed: u64) -> Self {
        let kept = examples.worth_estimating(anchor);
        let narrow = examples.only(&kept);
        let rows: Vec<usize> = (0..narrow.rows.len()).collect();
        let prepared = Prepared::of(&narrow);
        let plain = fit_query(&prepared, &narrow, &rows, seed);
        let embedded = fit_embedded(&prepared, &narrow, (&rows, &plain), seed);
        let fitted = std::iter::once(plain).chain(embedded);
        Self {
            anchor: kept.iter().position(|one| *one == anchor).unwrap_or(0),
            priced: fitted.filter_map(|one| Priced::of(&narrow, one)).collect(),
            examples: narrow,
        }
    }

    fn at(&self, target: Target) -> impl Iterator<Item = (QueryModel, Expected)> {
        let at = move |priced: &Priced| priced.at(&self.examples, self.anchor, target);
        self.priced.iter().filter_map(at)
    }
}

/// A plan that reaches the target by its own cautious estimate.
#[derive(Clone)]
struct Offer {
    way: Way,
    plan: Plan,
    /// By that estimate, on the safe side.
    loss: f64,
    /// What it came to on items that it was not fitted on: ways are compared by this.
    realised: Expected,
}

impl Offer {
    /// One that was estimated on items that it was not fitted on.
    fn judged(way: Way, plan: Plan, realised: Expected) -> Self {
        Self {
            way,
            plan,
            loss: realised.careful(),
            realised,
        }
    }
}

/// The best plan by now.
struct Choice {
    plan: Plan,
    /// `None` = it is a single candidate.
    offered: Option<(Way, f64)>,
    realised: Expected,
    /// Whether it reaches the target.
    is_enough: bool,
}

impl Choice {
    /// The single candidate that is served where no plan reaches the target.
    fn single(examples: &Examples, anchor: usize, target: Target) -> Self {
        let cost = |member: usize| examples.mean(|row| row.cost(member));
        let quality = |member: usize| examples.mean(|row| row.quality(member));
        let cheaper = |a: usize, b: usize| if cost(b) < cost(a) { b } else { a };
        let better = |a: usize, b: usize| match quality(b).total_cmp(&quality(a)) {
            Ordering::Greater => b,
            Ordering::Equal => cheaper(a, b),
            Ordering::Less => a,
        };
        let every = 0..examples.members.len();
        let (member, is_enough) = match target {
            Target::BudgetUsd(most) if cost(anchor) > most => {
                match every
                    .clone()
                    .filter(|one| cost(*one) <= most)
                    .reduce(better)
                {
                    Some(best) => (best, true),
                    None => (every.reduce(cheaper).unwrap_or(anchor), false),
                }
            }
            Target::BudgetUsd(_) | Target::Loss(_) => (anchor, true),
        };
        Self {
            plan: Plan::Single(examples.id(member)),
            offered: None,
            realised: Expected {
                loss: quality(anchor) - quality(member),
                sd: 0.0,
                worst: None,
                cost: cost(member),
            },
            is_enough,
        }
    }

    fn or(self, target: Target, offer: Offer) -> Self {
        if self.is_enough && !target.prefers(offer.realised, self.realised) {
            return self;
        }
        Self {
            plan: offer.plan,
            offered: Some((offer.way, offer.loss)),
            realised: offer.realised,
            is_enough: true,
        }
    }

    fn named(self, examples: &Examples, options: &Options) -> Trained {
        let mut policy = Policy::new(options.name.clone(), examples.members.clone(), self.plan);
        if let Some(embedder) = &examples.embedder
            && !policy.embedders().is_empty()
        {
            policy.candidates.push(embedder.member.clone());
        }
        Trained {
            policy: examples.with_classifiers(options.frame.around(policy, examples.fallback())),
            way: self.offered.map(|one| one.0),
            loss: self.offered.map(|one| one.1),
            cost_usd: self.realised.cost,
        }
    }
}

/// The prices of a dollar that are tried, where a query costs so much: 0 first, then from a thousandth of a quality per
/// mean cost to ten.
pub(super) fn prices(scale: f64) -> impl Iterator<Item = f64> {
    (0..=N_PRICES).map(move |step| match step {
        0 => 0.0,
        _ => 10_f64.powf(-3.0 + 4.0 * f64::from(step) / f64::from(N_PRICES)) / scale,
    })
}

/// What a fitted model says of items that it had not seen.
struct Priced {
    model: QueryModel,
    /// Position of the item, expected qualities, expected costs.
    rows: Vec<(usize, Vec<f64>, Vec<f64>)>,
}

impl Priced {
    fn of(examples: &Examples, fitted: FittedQuery) -> Option<Self> {
        let query = crate::learned::Query::new(&fitted.model).ok()?;
        let said = |(at, quality): (usize, Vec<f64>)| {
            let row = examples.rows.get(at)?;
            let costs = query.estimates(row.sight());
            Some((
                at,
                quality,
                costs.into_iter().map(|one| one.cost_usd).collect(),
            ))
        };
        Some(Self {
            rows: fitted.unseen.into_iter().filter_map(said).collect(),
            model: fitted.model,
        })
    }

    /// Finds the price of a dollar at which the choices on unseen items reach the target.
    fn at(
        &self,
        examples: &Examples,
        anchor: usize,
        target: Target,
    ) -> Option<(QueryModel, Expected)> {
        let scale = examples.mean(|row| row.cost(anchor)).max(1e-12);
        let mut best: Option<(f64, Expected)> = None;
        for price in prices(scale) {
            let expected = self.expected(examples, anchor, price);
            let is_better = best.is_none_or(|(_, old)| target.prefers(expected, old));
            if target.is_reached(expected) && is_better {
                best = Some((price, expected));
            }
        }
        let (price, expected) = best?;
        let mut model = self.model.clone();
        model.quality_per_usd = brief(price);
        Some((model, expected))
    }

    /// What is expected at a price of a dollar.
    fn expected(&self, examples: &Examples, anchor: usize, price: f64) -> Expected {
        let n = self.rows.len().max(1) as f64;
        let asks = self.model.embedding.is_some();
        let vector_cost = |row: &Example| if asks { row.embedding_cost() } else { 0.0 };
        let mut losses = Vec::with_capacity(self.rows.len());
        let mut cost = 0.0;
        for (at, quality, costs) in &self.rows {
            let Some(row) = examples.rows.get(*at) else {
                continue;
            };
            let worth = |member: usize| {
                quality.get(member).copied().unwrap_or(0.0).clamp(0.0, 1.0)
                    - price * costs.get(member).copied().unwrap_or(0.0)
            };
            let chosen = (0..quality.len())
                .reduce(|best, one| if worth(one) > worth(best) { one } else { best })
                .unwrap_or(anchor);
            losses.push(row.quality(anchor) - row.quality(chosen));
            cost += (row.cost(chosen) + vector_cost(row)) / n;
        }
        let mean = losses.iter().sum::<f64>() / n;
        let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / n;
        Expected {
            loss: mean,
            sd: (variance / n).sqrt(),
            worst: None,
            cost,
        }
    }
}
