//! Rules for choosing a model by one golden set: those that people use, and ours.

use jiff::civil::Date;
use trilemma_catalog::Catalog;
use trilemma_decide::{
    CandidateFacts, Conclusion, DecisionInput, ItemFacts, Preference, Provenance, Raced,
    StalePrices, TaskFacts,
};
use trilemma_domain::{
    Candidate, Dialect, Margin, NotWorseThan, Observation, ObservedState, OwnPrice, Params,
    Reference, Requirements, Score, Stakes, Target, TaskKind, ToolChoice, TrialKey,
};
use trilemma_stats::Confidence;
use trilemma_stats::proportion::{Count, wilson};

use super::recorded::{Recorded, share};

/// What a rule makes of one golden set: positions of models; `None` = it chooses nothing.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    /// The verdict.
    pub(crate) shown: Option<usize>,
    /// What to take if one must be taken now.
    pub(crate) now: Option<usize>,
}

/// The naive rules, by name.
pub(crate) const NAIVE: [&str; 4] = [
    "highest mean",
    "highest quality ÷ cost",
    "cheapest whose interval overlaps the best one's",
    "cheapest within the margin of the best mean",
];

/// What each naive rule chooses.
pub(crate) fn naive(recorded: &Recorded, items: &[usize], margin: f64) -> [Option<usize>; 4] {
    let rates: Vec<f64> = recorded
        .models
        .iter()
        .map(|model| {
            share(
                items
                    .iter()
                    .filter_map(|item| model.right.get(*item))
                    .copied(),
            )
        })
        .collect();
    let intervals: Vec<(f64, f64)> = rates
        .iter()
        .map(|rate| {
            let passes = (rate * items.len() as f64).round() as usize;
            Count::new(passes, items.len()).map_or((0.0, 1.0), |count| {
                let interval = wilson(count, Confidence::P95);
                (interval.low, interval.high)
            })
        })
        .collect();
    let all = || 0..rates.len();
    let at = |values: &[f64], idx: usize| values.get(idx).copied().unwrap_or(0.0);
    let cost = |idx: usize| {
        recorded
            .models
            .get(idx)
            .map_or(f64::NAN, super::recorded::Model::cost)
    };
    let best = all().max_by(|a, b| at(&rates, *a).total_cmp(&at(&rates, *b)).then(b.cmp(a)));
    let top = best.map_or(0.0, |idx| at(&rates, idx));
    let best_low = best
        .and_then(|idx| intervals.get(idx))
        .map_or(0.0, |interval| interval.0);
    let cheapest = |fits: &dyn Fn(usize) -> bool| {
        all()
            .filter(|idx| fits(*idx))
            .min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
    };
    [
        best,
        all().max_by(|a, b| (at(&rates, *a) / cost(*a)).total_cmp(&(at(&rates, *b) / cost(*b)))),
        cheapest(&|idx| intervals.get(idx).is_some_and(|own| own.1 >= best_low)),
        cheapest(&|idx| at(&rates, idx) >= top - margin - 1e-12),
    ]
}

/// Asks `decide` for the cheapest model that is not worse than a reference.
pub(crate) struct Ours {
    facts: Vec<CandidateFacts>,
    requirements: Requirements,
    /// The margin.
    pub(crate) margin: f64,
    /// Positions of the models that are judged; the others were given up by a race.
    judged: Vec<usize>,
}

impl Ours {
    /// Prepares the question.
    ///
    /// # Errors
    /// When a price of the list is no number.
    pub(crate) fn new(
        recorded: &Recorded,
        reference: Reference,
        margin: f64,
    ) -> anyhow::Result<Self> {
        let catalog = Catalog::builtin();
        let facts: anyhow::Result<Vec<CandidateFacts>> = recorded
            .models
            .iter()
            .map(|model| {
                let price = OwnPrice {
                    input: model.price.0.parse()?,
                    output: model.price.1.parse()?,
                    cache_read: None,
                    cache_write: None,
                    web_search_1k: None,
                };
                let candidate = candidate(&model.name, price);
                Ok(CandidateFacts::of(&candidate, &catalog, as_of())?)
            })
            .collect();
        Ok(Self {
            margin,
            judged: (0..recorded.models.len()).collect(),
            facts: facts?,
            requirements: Requirements {
                not_worse_than: Some(NotWorseThan {
                    reference,
                    margin: Margin::Absolute(margin),
                    confidence: 0.95,
                }),
                ..Requirements::default()
            },
        })
    }

    /// The same among these models, of which the first is the incumbent, after a race that gave the others up.
    pub(crate) fn among(&self, judged: &[usize]) -> Self {
        Self {
            facts: self.facts.clone(),
            requirements: self.requirements.clone(),
            margin: self.margin,
            judged: judged.to_vec(),
        }
    }

    /// Decides on one golden set.
    ///
    /// # Errors
    /// Never on recorded outcomes.
    pub(crate) fn choose(&self, recorded: &Recorded, items: &[usize]) -> anyhow::Result<Chosen> {
        let mut input = DecisionInput {
            task: TaskFacts {
                name: recorded.task.to_owned(),
                kind: TaskKind::Reasoning,
                stakes: Stakes::Medium,
                pass_threshold: 0.7,
            },
            requirements: self.requirements.clone(),
            traffic: None,
            preference: Preference::CostPerQuery,
            stale_prices: StalePrices::Refuse,
            incumbent: None,
            candidates: self
                .judged
                .iter()
                .filter_map(|idx| self.facts.get(*idx).cloned())
                .collect(),
            raced: Raced {
                n_given_up: self.facts.len() - self.judged.len(),
                ..Raced::default()
            },
            items: Vec::new(),
            repeats: 1,
            seed: 1,
            as_of: as_of(),
            simulated: false,
            provenance: Provenance::default(),
            judges: Vec::new(),
            pairs: Vec::new(),
        };
        input.items = items
            .iter()
            .map(|item| ItemFacts {
                id: item.to_string().into(),
                weight: 1.0,
                cluster: None,
                tags: Vec::new(),
            })
            .collect();
        if self
            .requirements
            .not_worse_than
            .as_ref()
            .is_some_and(|bar| bar.reference == Reference::Incumbent)
        {
            input.incumbent = Some(0);
        }
        let decision =
            trilemma_decide::decide(input, observations(recorded, &self.judged, items)?)?;
        let model = |idx: usize| self.judged.get(idx).copied();
        Ok(match decision.conclusion {
            Conclusion::Decided { recommended, .. } => Chosen {
                shown: model(recommended),
                now: model(recommended),
            },
            Conclusion::Undecided { provisional, .. } => Chosen {
                shown: None,
                now: provisional.and_then(model),
            },
            Conclusion::NoCandidate { .. } => Chosen {
                shown: None,
                now: None,
            },
        })
    }
}

fn as_of() -> Date {
    Date::constant(2024, 12, 1)
}

fn candidate(name: &str, price: OwnPrice) -> Candidate {
    Candidate {
        id: name.into(),
        target: Target {
            provider: "recorded".to_owned(),
            dialect: Dialect::OpenAi,
            base_url: "https://recorded.invalid/v1".to_owned(),
            model: name.to_owned(),
            api_version: None,
            pipeline: None,
        },
        identity: None,
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::default(),
        price: Some(price),
        stream: false,
    }
}

fn observations(
    recorded: &Recorded,
    judged: &[usize],
    items: &[usize],
) -> anyhow::Result<Vec<Observation>> {
    let mut all = Vec::new();
    let models = judged.iter().filter_map(|idx| recorded.models.get(*idx));
    for (candidate, model) in models.enumerate() {
        for (place, item) in items.iter().enumerate() {
            let right = model.right.get(*item).copied().unwrap_or(false);
            all.push(Observation {
                key: TrialKey {
                    candidate_idx: u32::try_from(candidate)?,
                    item_idx: u32::try_from(place)?,
                    repeat: 0,
                },
                state: ObservedState::Scored {
                    score: Score::new(f64::from(u8::from(right)))?,
                    pass: right,
                },
                refused: false,
                truncated: false,
                replayed: false,
                simulated: false,
                usage_estimated: true,
                n_attempts: 1,
                input_tokens: Some(model.tokens.0),
                cache_read_tokens: None,
                output_tokens: Some(model.tokens.1),
                n_unpriced_attempts: 0,
                cost: None,
                scoring_cost: None,
                ttft_us: None,
                tpot_us: None,
                e2e_us: None,
                wall_us: None,
            });
        }
    }
    Ok(all)
}
