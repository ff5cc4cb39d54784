//! One of those compared: its prices, tokens and quality, and where each comes from.

use anyhow::anyhow;
use jiff::civil::Date;
use rust_decimal::Decimal;
use trilemma_catalog::{
    CatalogError, FineTuned, Found, Lifecycle, Model, ModelKind, Rates, Ratio, Service, Staleness,
};
use trilemma_cost::assume::{Assumptions, Key, Span};
use trilemma_cost::{
    Caching, EffectivePrices, MONTH_HOURS, PriceBasis, PriceStep, Pricer, Retries, TrafficShape,
    decimal_of,
};
use trilemma_decide::{CandidateResult, Decision, Figure, RoutedPart};
use trilemma_domain::{Candidate, ModelName, OwnPrice, Usd, UsdPerMtok};

use crate::context::{Context, InputError};

/// Measured tokens of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) mean: Decimal,
    pub(crate) low: Option<Decimal>,
    pub(crate) high: Option<Decimal>,
    pub(crate) p95: Option<Decimal>,
}

impl Measured {
    /// The same for each of several calls.
    fn shared(self, calls: Decimal) -> Option<Self> {
        let share = |tokens: Decimal| tokens.checked_div(calls);
        Some(Self {
            mean: share(self.mean)?,
            low: self.low.and_then(share),
            high: self.high.and_then(share),
            p95: self.p95.and_then(share),
        })
    }
}

/// Where the price of a routed mix comes from.
pub(crate) const PRICE_OF_A_MIX: &str = "its models' prices, weighed by their tokens";

/// Somebody who could be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    pub(crate) name: String,
    /// The name as typed, where it was.
    pub(crate) typed: Option<String>,
    pub(crate) identity: Option<ModelName>,
    /// The open weights that it is, hosted by somebody or by the user.
    pub(crate) weights: Option<ModelName>,
    pub(crate) standard: Option<Pricer>,
    pub(crate) batch: Option<Pricer>,
    pub(crate) input: Option<Measured>,
    pub(crate) output: Option<Measured>,
    /// Tokens of its tokenizer per o200k token, where asked for and measured.
    pub(crate) ratio: Option<Ratio>,
    pub(crate) pass_rate: Option<Figure>,
    pub(crate) latency_s: Option<f64>,
    pub(crate) lifecycle: Lifecycle,
    /// What it costs besides its calls, where it is a fine-tuned model.
    pub(crate) tuned: Option<FineTuned>,
    /// The models that a routed mix is made of, with calls per query; empty = it is one model.
    pub(crate) parts: Vec<(String, f64)>,
    /// The part of a routed mix whose end is its own; `None` = it is one model, or nothing says when it ends.
    pub(crate) ending_part: Option<String>,
    /// Whether the price of a part was last looked at more than 90 days ago.
    has_stale_part: bool,
    pub(crate) notes: Vec<String>,
}

/// What a query of it costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PerQuery {
    pub(crate) input_tokens: Decimal,
    pub(crate) output_tokens: Decimal,
    pub(crate) prices: EffectivePrices,
    /// Model, judge and router.
    pub(crate) cost: Usd,
}

impl Contender {
    /// A model of the catalog, nothing measured.
    pub(crate) fn listed(found: &Found<'_>, as_of: Date) -> Self {
        let mut contender = Self::of_model(found.model, as_of);
        contender.standard = Pricer::listed(found.model, as_of, Service::Standard);
        contender
    }

    fn of_model(model: &Model, as_of: Date) -> Self {
        let mut notes = Vec::new();
        if let Some(tuned) = &model.fine_tuned {
            let hosting = tuned.hosting_hour.map_or_else(
                || "its hosting price is not stated and not counted".to_owned(),
                |hour| format!("each month counts 730 hours of hosting at {hour} USD"),
            );
            notes.push(format!("fine-tuned from {}: {hosting}", tuned.base));
        }
        Self {
            name: model.id.to_string(),
            typed: None,
            identity: Some(model.id.clone()),
            weights: match model.kind {
                ModelKind::OpenWeights => Some(model.id.clone()),
                ModelKind::Api => model.weights.clone(),
            },
            standard: None,
            batch: Pricer::listed(model, as_of, Service::Batch),
            input: None,
            output: None,
            ratio: None,
            pass_rate: None,
            latency_s: None,
            lifecycle: model.lifecycle.clone(),
            tuned: model.fine_tuned.clone(),
            parts: Vec::new(),
            ending_part: None,
            has_stale_part: false,
            notes,
        }
    }

    /// What it costs in a month to stand ready, besides its calls; `None` on overflow.
    pub(crate) fn hosting_month(&self) -> Option<Usd> {
        let hour = self.tuned.as_ref().and_then(|tuned| tuned.hosting_hour);
        let hour = hour.map_or(Decimal::ZERO, Usd::decimal);
        hour.checked_mul(MONTH_HOURS).map(Usd::new)
    }

    /// What its training costs once: nothing where it is none, or its price or tokens are unknown.
    pub(crate) fn training(&self, assumptions: &Assumptions) -> Usd {
        let price = self.tuned.as_ref().and_then(|tuned| tuned.training);
        let cost = price
            .zip(assumptions.value(Key::TrainingMtok))
            .and_then(|(price, mtok)| price.decimal().checked_mul(mtok));
        cost.map_or(Usd::ZERO, Usd::new)
    }

    /// The project's candidates for answers, with what a run measured of them.
    ///
    /// # Errors
    /// [`InputError`] for catalog rows that cannot be read.
    pub(crate) fn all(context: &Context, decision: Option<&Decision>) -> anyhow::Result<Vec<Self>> {
        let one = |candidate: &Candidate| {
            let mut contender = Self::of_candidate(context, candidate)?;
            let measured = decision.and_then(|decision| {
                let all = &decision.candidates;
                all.iter().find(|result| result.id == candidate.id)
            });
            if let Some(result) = measured {
                contender.measured(result);
            }
            Ok(contender)
        };
        let givers = context.project.routing.gives_labels();
        let mut all: Vec<Self> = (context.project.candidates.iter())
            .filter(|one| !givers.contains(&one.id))
            .map(one)
            .collect::<anyhow::Result<_>>()?;
        let mixes = decision.iter().flat_map(|decision| &decision.candidates);
        for result in mixes.filter(|result| result.routed.is_some()) {
            let mix = Self::mixed(result, &all);
            all.push(mix);
        }
        Ok(all)
    }

    /// The candidates of a decision, in its order; those that the project no longer names are taken
    /// at the list prices of the model that they were.
    ///
    /// # Errors
    /// As [`Contender::all`].
    pub(crate) fn decided(context: &Context, decision: &Decision) -> anyhow::Result<Vec<Self>> {
        let one = |result: &CandidateResult| {
            let candidates = &context.project.candidates;
            let mut contender = match candidates.iter().find(|one| one.id == result.id) {
                Some(candidate) => Self::of_candidate(context, candidate)?,
                None => match &result.identity {
                    Some(id) => context
                        .catalog
                        .get(id)
                        .map_err(catalog_error)?
                        .map_or_else(Self::unknown, |found| Self::listed(&found, context.as_of)),
                    None => Self::unknown(),
                },
            };
            contender.name = result.id.to_string();
            contender.measured(result);
            anyhow::Ok(contender)
        };
        let mut all = Vec::with_capacity(decision.candidates.len());
        for result in &decision.candidates {
            all.push(match &result.routed {
                Some(_) => Self::mixed(result, &all),
                None => one(result)?,
            });
        }
        Ok(all)
    }

    /// A routed mix of contenders that are known already. One unknown price leaves its price unknown.
    fn mixed(result: &CandidateResult, known: &[Self]) -> Self {
        let parts = result.routed.iter().flat_map(|routed| &routed.parts);
        let asked = || parts.clone().filter(|part| part.calls_per_query > 0.0);
        let of = |id: &str| known.iter().find(|one| one.name == id);
        let mut mix = Self {
            name: result.id.to_string(),
            parts: asked()
                .map(|part| (part.id.to_string(), part.calls_per_query))
                .collect(),
            ..Self::unknown()
        };
        let members: Vec<&Self> = asked().filter_map(|part| of(part.id.as_str())).collect();
        let first = (members.iter())
            .filter(|one| one.lifecycle.end().is_some())
            .min_by_key(|one| one.lifecycle.end().map(|end| end.0));
        mix.ending_part = first.map(|one| one.name.clone());
        mix.lifecycle = first.map_or_else(Lifecycle::default, |one| one.lifecycle.clone());
        let priced: Option<Vec<(&RoutedPart, &Self)>> = asked()
            .map(|part| Some((part, of(part.id.as_str())?)))
            .collect();
        mix.standard = priced.and_then(|parts| blended(&parts));
        mix.has_stale_part = members.iter().any(|one| {
            let steps = one.standard.iter().flat_map(Pricer::steps);
            steps.into_iter().any(|step| {
                let PriceBasis::Catalog { staleness, .. } = &step.basis else {
                    return false;
                };
                matches!(staleness, Staleness::Stale { .. })
            })
        });
        mix.measured(result);
        let calls = decimal_of(asked().map(|part| part.calls_per_query).sum());
        mix.input = mix.input.and_then(|side| side.shared(calls?));
        mix.output = mix.output.and_then(|side| side.shared(calls?));
        mix
    }

    /// A candidate of the project, nothing measured.
    fn of_candidate(context: &Context, candidate: &Candidate) -> anyhow::Result<Self> {
        let found = match &candidate.identity {
            Some(identity) => context.catalog.get(identity).map_err(catalog_error)?,
            None => None,
        };
        let mut contender = found.map_or_else(Self::unknown, |found| {
            Self::of_model(found.model, context.as_of)
        });
        contender.name = candidate.id.to_string();
        contender.standard =
            Pricer::of(candidate, &context.catalog, context.as_of).map_err(catalog_error)?;
        if candidate.price.is_some() {
            // A contract of one's own says nothing of batches.
            contender.batch = None;
        }
        Ok(contender)
    }

    fn unknown() -> Self {
        Self {
            name: String::new(),
            typed: None,
            identity: None,
            weights: None,
            standard: None,
            batch: None,
            input: None,
            output: None,
            ratio: None,
            pass_rate: None,
            latency_s: None,
            lifecycle: Lifecycle::default(),
            tuned: None,
            parts: Vec::new(),
            ending_part: None,
            has_stale_part: false,
            notes: Vec::new(),
        }
    }

    fn measured(&mut self, result: &CandidateResult) {
        let side = |side: &trilemma_decide::TokenSide| {
            Some(Measured {
                mean: decimal_of(side.mean.value)?,
                low: side.mean.low.and_then(decimal_of),
                high: side.mean.high.and_then(decimal_of),
                p95: decimal_of(side.p95.value),
            })
        };
        self.input = result.tokens.input.as_ref().and_then(side);
        self.output = result.tokens.output.as_ref().and_then(side);
        self.pass_rate.clone_from(&result.pass_rate);
        let seconds = |ms: &trilemma_decide::TimeFigures| ms.mean.value / 1_000.0;
        self.latency_s = result.latency.e2e_ms.as_ref().map(seconds);
    }

    /// Tokens of a query, in and out: stated on purpose, else measured, else the default.
    pub(crate) fn tokens(&self, assumptions: &Assumptions) -> (Span, Span) {
        let pick = |key: Key, measured: Option<&Measured>| {
            let fallback = assumptions
                .span(key)
                .unwrap_or(Span::exactly(Decimal::ZERO));
            match measured {
                Some(measured) if !assumptions.is_stated(key) => {
                    let low = measured.low.unwrap_or(measured.mean).max(Decimal::ZERO);
                    let high = measured.high.unwrap_or(measured.mean);
                    Span::new(low, measured.mean, high).unwrap_or(Span::exactly(measured.mean))
                }
                Some(_) | None => fallback,
            }
        };
        (
            pick(Key::InputTokens, self.input.as_ref()),
            pick(Key::OutputTokens, self.output.as_ref()),
        )
    }

    /// Whether its tokens were measured and nobody replaced them.
    pub(crate) fn is_measured(&self, assumptions: &Assumptions) -> bool {
        self.output.is_some() && !assumptions.is_stated(Key::OutputTokens)
    }

    /// Tokens of its own tokenizer per token that was typed.
    pub(crate) fn token_ratio(&self) -> Decimal {
        let mid = self.ratio.map(Ratio::mid).and_then(decimal_of);
        mid.unwrap_or(Decimal::ONE)
    }

    /// The price row that holds for its mean query.
    pub(crate) fn price_step(&self, assumptions: &Assumptions) -> Option<&PriceStep> {
        use rust_decimal::prelude::ToPrimitive as _;
        let (input, _) = self.tokens(assumptions);
        let tokens = (input.mode() * self.token_ratio()).to_u64()?;
        self.standard.as_ref()?.step(tokens)
    }

    /// What a query costs with these tokens; `None` = a price is unknown.
    pub(crate) fn query(
        &self,
        assumptions: &Assumptions,
        (input_tokens, output_tokens): (Decimal, Decimal),
    ) -> Option<PerQuery> {
        use rust_decimal::prelude::ToPrimitive as _;
        let ratio = self.token_ratio();
        let shape = shape(assumptions, ratio);
        let context = (input_tokens * ratio).to_u64()?;
        let standard = &self.standard.as_ref()?.step(context)?.rates;
        let batch = self.batch.as_ref().and_then(|pricer| pricer.step(context));
        let prices = EffectivePrices::of(&shape, standard, batch.map(|step| &step.rates))?;
        let cost = prices.per_query(input_tokens, output_tokens)? + overhead(assumptions);
        Some(PerQuery {
            input_tokens,
            output_tokens,
            prices,
            cost,
        })
    }

    /// What a query of its mean tokens costs; `None` = a price is unknown.
    pub(crate) fn mean_query(&self, assumptions: &Assumptions) -> Option<PerQuery> {
        let (input, output) = self.tokens(assumptions);
        self.query(assumptions, (input.mode(), output.mode()))
    }

    /// What a query costs of which only one in twenty is longer; `None` = not measured.
    pub(crate) fn long_query(&self, assumptions: &Assumptions) -> Option<PerQuery> {
        if !self.is_measured(assumptions) {
            return None;
        }
        let (input, _) = self.tokens(assumptions);
        let long_input = self.input.and_then(|side| side.p95);
        let long_output = self.output.and_then(|side| side.p95)?;
        self.query(
            assumptions,
            (long_input.unwrap_or(input.mode()), long_output),
        )
    }

    /// Whether its price was last looked at more than 90 days ago.
    pub(crate) fn is_stale(&self, assumptions: &Assumptions) -> bool {
        if self.has_stale_part {
            return true;
        }
        let step = self.price_step(assumptions);
        step.is_some_and(|step| {
            matches!(
                step.basis,
                PriceBasis::Catalog {
                    staleness: Staleness::Stale { .. },
                    ..
                }
            )
        })
    }
}

/// What a token of a mix's query costs, every call of it counted: the mean price of its models' tokens, weighed
/// by how many of each it takes (by calls where tokens are not reported), times the calls of a query. So the
/// tokens of a mix are those of one call. `None` = a price is unknown.
fn blended(parts: &[(&RoutedPart, &Contender)]) -> Option<Pricer> {
    use rust_decimal::prelude::ToPrimitive as _;
    let calls = decimal_of(parts.iter().map(|(part, _)| part.calls_per_query).sum())?;
    let weights = |tokens: fn(&RoutedPart) -> Option<f64>| -> Vec<f64> {
        let known: Option<Vec<f64>> = parts.iter().map(|(part, _)| tokens(part)).collect();
        known.unwrap_or_else(|| parts.iter().map(|(part, _)| part.calls_per_query).collect())
    };
    let rates: Option<Vec<&Rates>> = parts
        .iter()
        .map(|(_, contender)| {
            let context = contender
                .input
                .map_or(0, |side| side.mean.to_u64().unwrap_or(0));
            Some(&contender.standard.as_ref()?.step(context)?.rates)
        })
        .collect();
    let rates = rates?;
    let price = |weights: &[f64], rate: fn(&Rates) -> Option<UsdPerMtok>| {
        let mut paid = Decimal::ZERO;
        let mut total = Decimal::ZERO;
        for (weight, rates) in weights.iter().zip(&rates) {
            let weight = decimal_of(*weight)?;
            paid = paid.checked_add(weight.checked_mul(rate(rates)?.decimal())?)?;
            total = total.checked_add(weight)?;
        }
        let mean = paid.checked_div(total)?.checked_mul(calls)?;
        UsdPerMtok::new(mean.round_dp(9)).ok()
    };
    let input = weights(|part| part.input_tokens);
    Some(Pricer::contract(&OwnPrice {
        input: price(&input, |rates| rates.input)?,
        output: price(&weights(|part| part.output_tokens), |rates| rates.output)?,
        cache_read: price(&input, |rates| rates.cache_read),
        cache_write: None,
        web_search_1k: None,
    }))
}

fn catalog_error(error: CatalogError) -> anyhow::Error {
    anyhow!(InputError(format!("failed to {error}")))
}

/// Judge and router, per query.
pub(crate) fn overhead(assumptions: &Assumptions) -> Usd {
    let judge = assumptions.or_zero(Key::JudgedShare) * assumptions.or_zero(Key::JudgeUsd);
    Usd::new(judge + assumptions.or_zero(Key::RouterUsd))
}

/// Caching, batches and retries as stated.
fn shape(assumptions: &Assumptions, ratio: Decimal) -> TrafficShape {
    let cacheable = assumptions.or_zero(Key::CacheableShare);
    let p_fail = assumptions.or_zero(Key::FailureRate);
    TrafficShape {
        input_ratio: ratio,
        output_ratio: ratio,
        caching: (!cacheable.is_zero()).then(|| Caching {
            cacheable,
            hit: assumptions.or_zero(Key::CacheableHitRate),
        }),
        batch_share: assumptions.or_zero(Key::BatchShare),
        retries: (!p_fail.is_zero()).then(|| Retries {
            p_fail,
            max_attempts: assumptions.count(Key::MaxAttempts).unwrap_or(1),
            billed_input: assumptions.or_zero(Key::FailedInputBilled),
            billed_output: assumptions.or_zero(Key::FailedOutputBilled),
        }),
    }
}
