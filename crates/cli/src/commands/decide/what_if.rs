//! Decisions as if something were otherwise: prices, traffic, requirements, the date, a model gone.
//!
//! In: `KEY=VALUE` as typed. Out: the decision on the recorded run under it. Keys of the project go
//! through the project's own reader, so that what it refuses is refused here too. Calls nobody.

use anyhow::anyhow;
use jiff::civil::Date;
use rust_decimal::Decimal;
use trilemma_cost::Pricer;
use trilemma_decide::{Decision, DecisionInput};
use trilemma_domain::{Candidate, OwnPrice, RunId, UsdPerMtok};
use trilemma_store::Store;

use crate::args::Common;
use crate::context::{Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::lineup;

/// Sections of the project whose keys can be supposed: those that bear on no call.
const SECTIONS: [&str; 3] = ["requirements", "traffic", "preference"];

/// One thing that is taken to be otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Supposition {
    /// As it was typed.
    pub(super) typed: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Another price of a candidate.
    Price { id: String, price: NewPrice },
    /// A candidate that is not to be had.
    Without(String),
    /// Another day, with its prices, terms and ends.
    Date(Date),
    /// A key of the project.
    Setting {
        path: Vec<String>,
        value: toml::Value,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum NewPrice {
    /// Of a contract.
    Own(OwnPrice),
    /// Today's, times this.
    Times(Decimal),
}

impl Supposition {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, and what it could be.
    pub(super) fn read(typed: &str) -> Result<Self, String> {
        let Some((key, value)) = typed.split_once('=') else {
            return Err("is no KEY=VALUE, such as `traffic.queries_per_day=50000`".to_owned());
        };
        let (key, value) = (key.trim(), value.trim());
        let kind = match key.split_once('.') {
            None if key == "without" && !value.is_empty() => Kind::Without(value.to_owned()),
            None if key == "date" => Kind::Date(
                value
                    .parse()
                    .map_err(|_| format!("`{value}` is no date, such as 2027-01-31"))?,
            ),
            Some(("price", id)) if !id.is_empty() => Kind::Price {
                id: id.to_owned(),
                price: price(value)?,
            },
            Some((section, _)) if SECTIONS.contains(&section) => Kind::Setting {
                path: key.split('.').map(|part| part.trim().to_owned()).collect(),
                value: setting(value),
            },
            _ => {
                return Err(format!(
                    "`{key}` cannot be supposed; hint: `price.ID`, `without`, `date`, or a key of \
                     `requirements`, `traffic` or `preference`"
                ));
            }
        };
        Ok(Self {
            typed: typed.to_owned(),
            kind,
        })
    }
}

fn price(value: &str) -> Result<NewPrice, String> {
    let hint = "hint: `0.30/1.20` (input/output in USD per million tokens, cached input after a \
                further `/`), or a move such as `-20%`";
    if let Some(percent) = value.strip_suffix('%') {
        let percent: Decimal = percent
            .trim_start_matches('+')
            .parse()
            .map_err(|_| format!("`{value}` is no price; {hint}"))?;
        let factor = percent
            .checked_div(Decimal::ONE_HUNDRED)
            .and_then(|share| share.checked_add(Decimal::ONE))
            .filter(|factor| !factor.is_sign_negative() && *factor <= Decimal::from(1_000));
        return factor
            .map(NewPrice::Times)
            .ok_or_else(|| format!("no price can move by `{value}`; {hint}"));
    }
    let rates: Result<Vec<UsdPerMtok>, _> = value.split('/').map(str::parse).collect();
    let own = |input, output, cache_read| {
        NewPrice::Own(OwnPrice {
            input,
            output,
            cache_read,
            cache_write: None,
            web_search_1k: None,
        })
    };
    match rates.as_deref() {
        Ok([input, output]) => Ok(own(*input, *output, None)),
        Ok([input, output, cached]) => Ok(own(*input, *output, Some(*cached))),
        _ => Err(format!("`{value}` is no price; {hint}")),
    }
}

/// A value of TOML; what is none is a text, so that words need no quotes.
fn setting(value: &str) -> toml::Value {
    let parsed: Option<toml::Table> = toml::from_str(&format!("value = {value}")).ok();
    parsed
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()))
}

/// Decides under all suppositions together.
///
/// # Errors
/// [`InputError`] where one does not fit the project.
pub(super) fn decide(
    context: &Context,
    common: &Common,
    (store, run): (&Store, &RunId),
    (options, supposed): (DecideOptions, &[Supposition]),
) -> anyhow::Result<Decision> {
    let mut text: toml::Table = toml::from_str(&fs_err::read_to_string(&context.file)?)?;
    let mut as_of = context.as_of;
    for one in supposed {
        match &one.kind {
            Kind::Setting { path, value } => set(&mut text, path, value.clone())?,
            Kind::Date(day) => as_of = *day,
            Kind::Price { .. } | Kind::Without(_) => {}
        }
    }
    let mut then = context
        .with_text(common, &toml::to_string(&text)?, as_of)
        .map_err(|error| match error.downcast::<InputError>() {
            // Lines and columns are those of a text that nobody has seen.
            Ok(InputError(words)) => anyhow!(InputError(format!(
                "the project cannot be read as supposed: {words}"
            ))),
            Err(error) => error,
        })?;
    for one in supposed {
        if let Kind::Price { id, price } = &one.kind {
            reprice(&mut then, id, *price)?;
        }
    }
    let gone: Vec<&str> = supposed
        .iter()
        .filter_map(|one| match &one.kind {
            Kind::Without(id) => Some(id.as_str()),
            Kind::Price { .. } | Kind::Date(_) | Kind::Setting { .. } => None,
        })
        .collect();
    let manifest = store.manifest(run)?;
    let known = manifest.candidates.iter().map(|one| &one.candidate);
    for id in &gone {
        find(known.clone(), id)?;
    }
    decision::decide_routed_with(&then, (store, run), options, |input| {
        retire(input, &gone);
    })
}

/// Takes candidates out of the choice.
fn retire(input: &mut DecisionInput, gone: &[&str]) {
    for facts in &mut input.candidates {
        if gone.contains(&facts.id.as_str()) {
            facts.retired = Some("taken to be retired".to_owned());
        }
    }
}

fn set(table: &mut toml::Table, path: &[String], value: toml::Value) -> anyhow::Result<()> {
    let Some((last, way)) = path.split_last() else {
        return Ok(());
    };
    let mut place = table;
    for key in way {
        let inner = place
            .entry(key.clone())
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        place = inner.as_table_mut().ok_or_else(|| {
            anyhow!(InputError(format!(
                "failed to suppose `{}`: `{key}` holds a value, no keys",
                path.join(".")
            )))
        })?;
    }
    place.insert(last.clone(), value);
    Ok(())
}

fn reprice(then: &mut Context, id: &str, price: NewPrice) -> anyhow::Result<()> {
    let candidate = find(then.project.candidates.iter(), id)?;
    let own = match price {
        NewPrice::Own(own) => own,
        NewPrice::Times(factor) => {
            let today = lineup::pricer(then, candidate)?;
            times(today.as_ref(), factor).ok_or_else(|| {
                anyhow!(InputError(format!(
                    "failed to move the price of `{id}`: it is unknown; hint: suppose one, such as \
                     `price.{id}=0.30/1.20`"
                )))
            })?
        }
    };
    for candidate in &mut then.project.candidates {
        if candidate.id.as_str() == id {
            candidate.price = Some(own);
        }
    }
    Ok(())
}

/// Today's price of requests of ordinary length, moved.
fn times(today: Option<&Pricer>, factor: Decimal) -> Option<OwnPrice> {
    let rates = today?.steps().first()?.rates;
    let moved = |rate: UsdPerMtok| UsdPerMtok::new(rate.decimal().checked_mul(factor)?).ok();
    Some(OwnPrice {
        input: moved(rates.input?)?,
        output: moved(rates.output?)?,
        cache_read: rates.cache_read.and_then(moved),
        cache_write: rates.cache_write_5m.and_then(moved),
        web_search_1k: rates.web_search_1k,
    })
}

fn find<'a>(
    mut candidates: impl Iterator<Item = &'a Candidate> + Clone,
    id: &str,
) -> anyhow::Result<&'a Candidate> {
    let names: Vec<String> = candidates
        .clone()
        .map(|one| format!("`{}`", one.id))
        .collect();
    candidates.find(|one| one.id.as_str() == id).ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to find the candidate `{id}`; hint: one of {}",
            names.join(", ")
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suppositions_are_read_or_told_what_they_could_be() {
        let read = |text| Supposition::read(text).map(|one| one.kind);
        assert_eq!(
            read("without=gpt-4.1"),
            Ok(Kind::Without("gpt-4.1".to_owned()))
        );
        assert_eq!(
            read("traffic.queries_per_day = 5e4"),
            Ok(Kind::Setting {
                path: vec!["traffic".to_owned(), "queries_per_day".to_owned()],
                value: toml::Value::Float(5e4),
            })
        );
        assert_eq!(
            read("preference.rank_by=latency"),
            Ok(Kind::Setting {
                path: vec!["preference".to_owned(), "rank_by".to_owned()],
                value: toml::Value::String("latency".to_owned()),
            })
        );
        let Ok(Kind::Price { id, price }) = read("price.gpt-4.1-mini=-20%") else {
            panic!("no price");
        };
        assert_eq!(id, "gpt-4.1-mini");
        assert_eq!(price, NewPrice::Times(Decimal::new(8, 1)));
        for bad in [
            "price.a=-101%",
            "price.a=x",
            "price.a=1",
            "price.a=1/2/3/4",
            "price.a=-1/2",
            "date=tomorrow",
            "without=",
            "task.name=x",
            "bench.repeats=5",
            "nothing",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
