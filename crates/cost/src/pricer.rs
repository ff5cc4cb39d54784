//! The prices that hold for one candidate on one day.
//!
//! In: a candidate, the catalog, a date. Out: a small table of context steps from which each request
//! is priced. The project's own contract wins over the catalog.

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use trilemma_catalog::{
    Catalog, CatalogError, Model, PriceQuery, PriceRow, Rates, Service, Staleness,
};
use trilemma_domain::{
    Candidate, Fingerprint, NanoUsd, OwnPrice, Place, ServiceTier, Usage, UsageSource, Usd,
};

use crate::request::request_cost;

/// Where prices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceBasis {
    /// The project's own contract.
    Contract,
    /// A row of the catalog.
    Catalog {
        /// The source that the row names.
        source: String,
        /// When it was last looked at.
        checked: Date,
        /// Whether that is recent enough for the day asked about.
        staleness: Staleness,
    },
}

/// The prices from one context length up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceStep {
    /// Holds for requests with more input tokens than this; 0 = from the first token.
    pub above_tokens: u64,
    /// The prices.
    pub rates: Rates,
    /// Name of the row in the catalog, or `contract`.
    pub row: String,
    /// Hash of the row, recorded with each trial that it prices.
    pub fingerprint: Fingerprint,
    /// Where the prices come from.
    pub basis: PriceBasis,
}

/// All prices of one candidate on one day, by class of service, place and context length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricer {
    steps: Vec<PriceStep>,
    /// What the steps are for.
    tier: ServiceTier,
    /// Where, too.
    place: Place,
    /// The steps of other classes of service and places that have prices.
    others: Vec<((ServiceTier, Place), Vec<PriceStep>)>,
}

/// A priced request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Settled cost.
    pub cost: NanoUsd,
    /// Hash of the row it rests on.
    pub row: Fingerprint,
}

impl Pricer {
    /// Finds the prices of a candidate; `None` = unknown.
    ///
    /// # Errors
    /// Only for catalog rows that cannot be read.
    pub fn of(
        candidate: &Candidate,
        catalog: &Catalog,
        as_of: Date,
    ) -> Result<Option<Self>, CatalogError> {
        if let Some(price) = &candidate.price {
            return Ok(Some(Self {
                tier: asked(candidate).unwrap_or(ServiceTier::Standard),
                place: place(candidate).unwrap_or(Place::Anywhere),
                ..Self::contract(price)
            }));
        }
        let Some(identity) = &candidate.identity else {
            return Ok(None);
        };
        let Some(found) = catalog.get(identity)? else {
            return Ok(None);
        };
        let listed = |at| {
            let listed = move |service| Self::listed_at(found.model, as_of, (service, at));
            Service::ALL.into_iter().filter_map(listed)
        };
        let mut all: Vec<Self> = listed(Place::Anywhere).chain(listed(Place::Us)).collect();
        let tier = asked(candidate).unwrap_or(ServiceTier::Standard);
        let place = place(candidate).unwrap_or(Place::Anywhere);
        let is_own = |one: &Self| (one.tier, one.place) == (tier, place);
        let Some(own) = all.iter().position(is_own) else {
            return Ok(None);
        };
        let own = all.swap_remove(own);
        let others = all
            .into_iter()
            .map(|one| ((one.tier, one.place), one.steps));
        Ok(Some(Self {
            others: others.collect(),
            ..own
        }))
    }

    /// Takes a model's list prices of one service class on a day, wherever the vendor computes; `None` = unknown.
    #[must_use]
    pub fn listed(model: &Model, as_of: Date, service: Service) -> Option<Self> {
        Self::listed_at(model, as_of, (service, Place::Anywhere))
    }

    fn listed_at(model: &Model, as_of: Date, (service, place): (Service, Place)) -> Option<Self> {
        let region = match place {
            Place::Anywhere => None,
            Place::Us => Some("us"),
            Place::Other => return None,
        };
        let mut bounds: Vec<u64> = model.prices.iter().map(|row| row.above_tokens).collect();
        bounds.push(0);
        bounds.sort_unstable();
        bounds.dedup();
        let steps: Vec<PriceStep> = bounds
            .into_iter()
            .filter_map(|above_tokens| {
                let query = PriceQuery {
                    service,
                    region,
                    ..PriceQuery::list(as_of, above_tokens.saturating_add(1))
                };
                let row = model.price(&query)?;
                Some(PriceStep::listed(above_tokens, row, as_of))
            })
            .collect();
        (!steps.is_empty()).then_some(Self {
            steps,
            tier: tier_of(service),
            place,
            others: Vec::new(),
        })
    }

    /// Takes the prices of a contract of one's own, for the ordinary class of service.
    #[must_use]
    pub fn contract(price: &OwnPrice) -> Self {
        let rates = Rates {
            input: Some(price.input),
            output: Some(price.output),
            cache_read: price.cache_read,
            cache_write_5m: price.cache_write,
            cache_write_1h: price.cache_write,
            web_search_1k: price.web_search_1k,
            ..Rates::default()
        };
        let text = |rate: Option<trilemma_domain::UsdPerMtok>| {
            rate.map_or_else(String::new, |rate| rate.decimal().normalize().to_string())
        };
        let fingerprint = Fingerprint::builder()
            .field("contract")
            .field(text(rates.input))
            .field(text(rates.output))
            .field(text(rates.cache_read))
            .field(text(rates.cache_write_5m));
        let fingerprint = match price.web_search_1k {
            Some(usd) => fingerprint
                .field("web_search_1k")
                .field(usd.decimal().normalize().to_string()),
            None => fingerprint,
        };
        let fingerprint = fingerprint.finish();
        Self {
            steps: vec![PriceStep {
                above_tokens: 0,
                rates,
                row: "contract".to_owned(),
                fingerprint,
                basis: PriceBasis::Contract,
            }],
            tier: ServiceTier::Standard,
            place: Place::Anywhere,
            others: Vec::new(),
        }
    }

    /// The class of service that it prices where nobody says which one answered.
    #[must_use]
    pub fn tier(&self) -> ServiceTier {
        self.tier
    }

    /// The place that it prices where nobody says where the answer was computed.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// The table of a class of service and a place; `None` = its prices are unknown.
    #[must_use]
    pub fn steps_of(&self, tier: ServiceTier, place: Place) -> Option<&[PriceStep]> {
        if (tier, place) == (self.tier, self.place) {
            return Some(&self.steps);
        }
        let mut others = self.others.iter();
        others
            .find(|(other, _)| *other == (tier, place))
            .map(|(_, steps)| steps.as_slice())
    }

    /// The table, shortest context first; never empty.
    #[must_use]
    pub fn steps(&self) -> &[PriceStep] {
        &self.steps
    }

    /// The step that prices requests of so many input tokens, cached ones included.
    #[must_use]
    pub fn step(&self, input_tokens: u64) -> Option<&PriceStep> {
        step(&self.steps, input_tokens)
    }

    /// Prices a request as billed, in the class of service that answered it, where it did; `None` when a price
    /// is unknown. Where the vendor does not say which class answered, or where, it was what is asked for.
    #[must_use]
    pub fn price(&self, usage: &Usage) -> Option<Priced> {
        let tier = usage.tier.unwrap_or(self.tier);
        let steps = self.steps_of(tier, usage.place.unwrap_or(self.place))?;
        let step = step(steps, usage.input_total())?;
        let cost = request_cost(usage, &step.rates)?.settle().ok()?;
        Some(Priced {
            cost,
            row: step.fingerprint,
        })
    }

    /// Prices a request of these token counts in production, where the stated share of its input
    /// comes from the cache. Cache hits of the benchmark itself never enter: its prompts repeat in
    /// other ways than production's.
    ///
    /// `cache_hit_rate` in [0, 1]; `None` = not stated, counted as no hits.
    #[must_use]
    pub fn production(
        &self,
        input_tokens: u64,
        output_tokens: u64,
        cache_hit_rate: Option<f64>,
    ) -> Option<Usd> {
        let step = self.step(input_tokens)?;
        let usage = |input_uncached, cache_read, output| Usage {
            input_uncached,
            cache_read: Some(cache_read),
            output,
            source: UsageSource::Estimated,
            ..Usage::default()
        };
        let output = request_cost(&usage(0, 0, output_tokens), &step.rates)?;
        let fresh = request_cost(&usage(input_tokens, 0, 0), &step.rates)?;
        let Some(rate) = cache_hit_rate.filter(|rate| *rate > 0.0) else {
            return Some(output + fresh);
        };
        let share = Decimal::from_f64(rate.min(1.0))?;
        let cached = request_cost(&usage(0, input_tokens, 0), &step.rates)?;
        Some(output + fresh * (Decimal::ONE - share) + cached * share)
    }
}

fn step(steps: &[PriceStep], input_tokens: u64) -> Option<&PriceStep> {
    let mut longest_first = steps.iter().rev();
    longest_first.find(|step| step.above_tokens == 0 || input_tokens > step.above_tokens)
}

fn tier_of(service: Service) -> ServiceTier {
    match service {
        Service::Standard => ServiceTier::Standard,
        Service::Batch => ServiceTier::Batch,
        Service::Flex => ServiceTier::Flex,
        Service::Priority => ServiceTier::Priority,
    }
}

/// The class of service that a candidate asks for by itself: its contract is for that one.
fn asked(candidate: &Candidate) -> Option<ServiceTier> {
    let extra = &candidate.params.extra_body;
    let word = extra.get("service_tier").or(extra.get("serviceTier"))?;
    ServiceTier::of_word(word.as_str()?)
}

/// The place that a candidate asks for by itself: its contract is for that one.
fn place(candidate: &Candidate) -> Option<Place> {
    let word = candidate.params.extra_body.get("inference_geo")?;
    Place::of_word(word.as_str()?)
}

impl PriceStep {
    fn listed(above_tokens: u64, row: &PriceRow, as_of: Date) -> Self {
        Self {
            above_tokens,
            rates: row.rates,
            row: row.id.to_string(),
            fingerprint: Fingerprint::of(row.id.as_str().as_bytes()),
            basis: PriceBasis::Catalog {
                source: row.provenance.source.title.clone(),
                checked: row.provenance.checked,
                staleness: row.staleness(as_of),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pricer() -> Pricer {
        Pricer::contract(&OwnPrice {
            input: "2.5".parse().unwrap(),
            output: "10".parse().unwrap(),
            cache_read: Some("1.25".parse().unwrap()),
            cache_write: None,
            web_search_1k: None,
        })
    }

    #[test]
    fn settles_what_was_billed() {
        let usage = Usage {
            input_uncached: 86,
            cache_read: Some(1_920),
            output: 300,
            ..Usage::default()
        };
        assert_eq!(pricer().price(&usage).unwrap().cost, NanoUsd(5_615_000));
    }

    #[test]
    fn a_class_of_service_without_a_price_has_none() {
        let usage = |tier| Usage {
            input_uncached: 1_000,
            output: 100,
            tier,
            ..Usage::default()
        };
        let cost = |tier| pricer().price(&usage(tier)).map(|priced| priced.cost);
        assert_eq!(cost(None), Some(NanoUsd(3_500_000)));
        assert_eq!(cost(Some(ServiceTier::Standard)), cost(None));
        assert_eq!(cost(Some(ServiceTier::Priority)), None);
        assert_eq!(cost(Some(ServiceTier::Other)), None);
    }

    #[test]
    fn each_class_of_service_has_its_row_of_the_catalog() {
        let catalog = Catalog::builtin();
        let as_of = jiff::civil::date(2026, 11, 28);
        let name = trilemma_domain::ModelName::parse("openai/gpt-5-2025-08-07").unwrap();
        let found = catalog.get(&name).unwrap().unwrap();
        let listed = |service| Pricer::listed(found.model, as_of, service).unwrap();
        let usage = |tier| Usage {
            input_uncached: 1_000_000,
            tier,
            ..Usage::default()
        };
        let of = |pricer: &Pricer, tier| pricer.price(&usage(tier)).unwrap().cost;
        let (standard, priority) = (listed(Service::Standard), listed(Service::Priority));
        assert!(of(&priority, None) > of(&standard, None));
        assert_eq!(standard.price(&usage(Some(ServiceTier::Priority))), None);
    }

    #[test]
    fn each_place_has_its_row_of_the_catalog() {
        let catalog = Catalog::builtin();
        let as_of = jiff::civil::date(2026, 11, 29);
        let cost = |model: &str, place, input| {
            let name = trilemma_domain::ModelName::parse(model).unwrap();
            let found = catalog.get(&name).unwrap().unwrap();
            let standard = Pricer::listed(found.model, as_of, Service::Standard).unwrap();
            let us = Pricer::listed_at(found.model, as_of, (Service::Standard, Place::Us));
            let pricer = Pricer {
                others: us
                    .map(|us| ((us.tier, us.place), us.steps))
                    .into_iter()
                    .collect(),
                ..standard
            };
            let usage = Usage {
                input_uncached: input,
                output: 1_000_000,
                place,
                ..Usage::default()
            };
            pricer.price(&usage).map(|priced| priced.cost.0)
        };
        // 4 and 20 USD a million (Opus 5.5), 1.1 times that in the United States.
        let opus = |place| cost("anthropic/claude-opus-5-5", place, 1_000_000);
        assert_eq!(opus(None), Some(24_000_000_000));
        assert_eq!(opus(Some(Place::Anywhere)), Some(24_000_000_000));
        assert_eq!(opus(Some(Place::Us)), Some(26_400_000_000));
        assert_eq!(opus(Some(Place::Other)), None);
        // Short and long contexts have rows of their own there, too.
        let haiku = |input| cost("anthropic/claude-haiku-5-5", Some(Place::Us), input);
        assert_eq!(haiku(50_000), Some(555_500_000));
        assert_eq!(haiku(1_000_000), Some(3_300_000_000));
        // Nobody states a price of older models there.
        let old = cost("anthropic/claude-haiku-4-5-20251001", Some(Place::Us), 1);
        assert_eq!(old, None);
    }

    #[test]
    fn production_uses_the_stated_hit_rate() {
        let none = pricer().production(1_500, 300, None).unwrap();
        assert_eq!(none, "0.00675".parse().unwrap());
        let most = pricer().production(1_500, 300, Some(0.6)).unwrap();
        // 1,500 × (0.4 × 2.5 + 0.6 × 1.25) ÷ 10⁶ + 0.003.
        assert_eq!(most, "0.005625".parse().unwrap());
    }
}
