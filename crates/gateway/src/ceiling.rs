//! The dearest prices of an upstream, by the class of service and the place that a request allows.
//!
//! In: a pricer. Out: what a token and a search cost at most. A request that leaves the class to the vendor
//! (`service_tier` left out or `auto`) may be answered as the vendor's project says, so that it is held to
//! the dearest of the ordinary class and of priority. Where it names a class, the vendor may still answer
//! in the ordinary one. (OpenAI's API reference, `service_tier`; November 2026.) A request that leaves the place
//! out (`inference_geo`) may be answered where the vendor's workspace says; one that names it is answered there.
//! (Anthropic, data residency; November 2026.)

use trilemma_cost::{PriceStep, Pricer};
use trilemma_domain::{Place, ServiceTier, Usage};

/// The dearest prices in each class of service and place that has prices.
#[derive(Debug, Clone)]
pub(crate) struct Ceilings {
    /// What is meant where nothing is said.
    own: (ServiceTier, Place),
    all: Vec<((ServiceTier, Place), Ceiling)>,
}

/// Dearest prices, in thousandths of a nano-dollar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ceiling {
    /// Per token.
    pub(crate) input: u128,
    /// Per token.
    pub(crate) output: u128,
    /// Per search; `None` = unknown.
    pub(crate) search: Option<u128>,
}

impl Ceilings {
    pub(crate) fn new(pricer: &Pricer) -> Self {
        let all = ServiceTier::ALL.into_iter().flat_map(|tier| {
            let places = [Place::Anywhere, Place::Us].into_iter();
            places.filter_map(move |place| {
                Some(((tier, place), ceiling(pricer.steps_of(tier, place)?)))
            })
        });
        Self {
            own: (pricer.tier(), pricer.place()),
            all: all.collect(),
        }
    }

    /// What a request costs at most that asks for a class of service and a place, or leaves them open (`None`);
    /// `None` = unknown.
    pub(crate) fn of(&self, asked: Option<ServiceTier>, place: Option<Place>) -> Option<Ceiling> {
        let at = |key: (ServiceTier, Place)| {
            let found = self.all.iter().find(|(one, _)| *one == key);
            found.map(|one| one.1)
        };
        let tiers = match asked {
            None => [self.own.0, ServiceTier::Standard, ServiceTier::Priority],
            Some(tier) => [tier, ServiceTier::Standard, ServiceTier::Standard],
        };
        let places = match place {
            None => [self.own.1, Place::Anywhere, Place::Us],
            Some(place) => [place; 3],
        };
        let first = at((tiers[0], places[0]))?;
        let all = tiers
            .into_iter()
            .flat_map(|tier| places.map(|place| (tier, place)));
        Some(all.filter_map(at).fold(first, Ceiling::larger))
    }
}

impl Ceiling {
    fn larger(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            output: self.output.max(other.output),
            // Searches cost the same in every class; not every row says so.
            search: self.search.max(other.search),
        }
    }
}

fn ceiling(steps: &[PriceStep]) -> Ceiling {
    // The dearest step and kind of token, found by pricing a million of each.
    const MANY: u64 = 1_000_000;
    let nanos = |usage: Usage| -> Option<u128> {
        steps
            .iter()
            .filter_map(|step| trilemma_cost::request_cost(&usage, &step.rates))
            .filter_map(|cost| cost.settle().ok())
            .map(|cost| u128::try_from(cost.0).unwrap_or(0))
            .max()
    };
    // Nano-dollars per million tokens: thousandths per thousand; rounded up to one token.
    let dearest = |usage| nanos(usage).map(|cost| cost.div_ceil(1_000));
    let searches = |n| Usage {
        web_searches: Some(n),
        ..Usage::default()
    };
    let of = |usage| dearest(usage).unwrap_or(0);
    let none = Usage::default();
    let input = [
        Usage {
            input_uncached: MANY,
            ..none
        },
        Usage {
            cache_write_5m: Some(MANY),
            ..none
        },
        Usage {
            cache_write_1h: Some(MANY),
            ..none
        },
        Usage {
            cache_read: Some(MANY),
            ..none
        },
        Usage {
            input_uncached: MANY,
            audio_input: Some(MANY),
            ..none
        },
        Usage {
            input_uncached: MANY,
            image_input: Some(MANY),
            ..none
        },
    ];
    let output = [
        Usage {
            output: MANY,
            ..none
        },
        Usage {
            output: MANY,
            reasoning: Some(MANY),
            ..none
        },
        Usage {
            output: MANY,
            audio_output: Some(MANY),
            ..none
        },
        Usage {
            output: MANY,
            image_output: Some(MANY),
            ..none
        },
    ];
    Ceiling {
        input: input.into_iter().map(of).max().unwrap_or(0),
        output: output.into_iter().map(of).max().unwrap_or(0),
        // Some vendors bill a request that searches once, however often it does.
        search: dearest(searches(MANY)).max(nanos(searches(1)).map(|cost| cost * 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::OwnPrice;

    #[test]
    fn the_ceiling_is_the_dearest_price() {
        let pricer = Pricer::contract(&OwnPrice {
            input: "2.5".parse().unwrap(),
            output: "10".parse().unwrap(),
            cache_read: Some("0.25".parse().unwrap()),
            cache_write: Some("3.125".parse().unwrap()),
            web_search_1k: Some("10".parse().unwrap()),
        });
        let ceilings = Ceilings::new(&pricer);
        let ceiling = ceilings.of(None, None).unwrap();
        // 3.125 USD per million tokens are 3,125 nano-dollars a token.
        assert_eq!((ceiling.input, ceiling.output), (3_125_000, 10_000_000));
        // 10 USD per thousand searches are ten million nano-dollars each.
        assert_eq!(ceiling.search, Some(10_000_000_000));
    }

    #[test]
    fn what_the_vendor_chooses_is_reserved_at_the_dearest() {
        let catalog = trilemma_catalog::Catalog::builtin();
        let name = trilemma_domain::ModelName::parse("openai/gpt-5-2025-08-07").unwrap();
        let found = catalog.get(&name).unwrap().unwrap();
        let as_of = jiff::civil::date(2026, 11, 28);
        let listed = |service| Pricer::listed(found.model, as_of, service).unwrap();
        let steps = |service| listed(service).steps().to_vec();
        let standard = ceiling(&steps(trilemma_catalog::Service::Standard));
        let priority = ceiling(&steps(trilemma_catalog::Service::Priority));
        let flex = ceiling(&steps(trilemma_catalog::Service::Flex));
        assert!(flex.output < standard.output && standard.output < priority.output);
        let ceilings = Ceilings {
            own: (ServiceTier::Standard, Place::Anywhere),
            all: vec![
                ((ServiceTier::Standard, Place::Anywhere), standard),
                ((ServiceTier::Priority, Place::Anywhere), priority),
                ((ServiceTier::Flex, Place::Anywhere), flex),
            ],
        };
        let output = |tier| ceilings.of(tier, None).map(|ceiling| ceiling.output);
        assert_eq!(output(None), Some(priority.output));
        assert_eq!(output(Some(ServiceTier::Priority)), Some(priority.output));
        assert_eq!(output(Some(ServiceTier::Standard)), Some(standard.output));
        // A vendor may answer in the ordinary class after all.
        assert_eq!(output(Some(ServiceTier::Flex)), Some(standard.output));
        assert_eq!(output(Some(ServiceTier::Batch)), None);
        assert_eq!(output(Some(ServiceTier::Other)), None);
        // Nobody states a price for the United States.
        assert!(ceilings.of(None, Some(Place::Us)).is_none());
    }

    #[test]
    fn a_place_that_is_left_open_is_reserved_at_the_dearest() {
        let dear = Ceiling {
            input: 11,
            output: 55,
            search: None,
        };
        let cheap = Ceiling {
            input: 10,
            output: 50,
            search: None,
        };
        let ceilings = Ceilings {
            own: (ServiceTier::Standard, Place::Anywhere),
            all: vec![
                ((ServiceTier::Standard, Place::Anywhere), cheap),
                ((ServiceTier::Standard, Place::Us), dear),
            ],
        };
        let input = |place| ceilings.of(None, place).map(|one| one.input);
        assert_eq!(input(None), Some(11));
        assert_eq!(input(Some(Place::Us)), Some(11));
        assert_eq!(input(Some(Place::Anywhere)), Some(10));
        assert_eq!(input(Some(Place::Other)), None);
    }
}
