//! What the catalog knows of the months ahead: announced prices, ends, silent successors.

use jiff::civil::Date;
use rust_decimal::Decimal;
use trilemma_catalog::{LIST, OnShutdown, Service};
use trilemma_cost::Pricer;
use trilemma_cost::assume::Key;
use trilemma_cost::tco::{Event, EventKind};
use trilemma_domain::{ModelName, Usd};

use super::super::money::{Asked, Contender};

/// Events of a contender within the horizon; `forced` is what a forced migration costs.
pub(super) fn events(asked: &Asked, contender: &Contender, forced: Usd) -> Vec<Event> {
    let months = asked.assumptions.count(Key::Months).unwrap_or(12);
    let mut all = prices(asked, contender, months);
    let Some((day, is_exact)) = contender.lifecycle.end() else {
        return all;
    };
    // What is gone already has to be replaced at once.
    let month = month_of(asked.as_of, day.max(asked.as_of));
    let Some(month) = month.filter(|month| *month <= months) else {
        return all;
    };
    let about = if is_exact { "" } else { " at the latest" };
    match &contender.lifecycle.on_shutdown {
        OnShutdown::Reroute { to } => {
            // The other parts of a mix keep their prices, so the successor's are none of its own.
            let alone = contender.parts.is_empty().then(|| ModelName::parse(to));
            let factor = alone
                .flatten()
                .and_then(|id| priced(asked, contender, &id, day))
                .zip(cost_now(asked, contender))
                .and_then(|(then, now)| then.checked_div(now));
            if let Some(factor) = factor {
                all.push(Event {
                    month,
                    kind: EventKind::Price(factor),
                    reason: format!("{day}: calls are answered by {to}, at its prices"),
                });
            }
            all.push(Event {
                month,
                kind: EventKind::OneOff(forced),
                reason: match &contender.ending_part {
                    None => format!(
                        "{day}{about}: {to} answers silently; testing it costs what a switch does"
                    ),
                    Some(part) => format!(
                        "{day}{about}: {to} answers silently for its part {part}, at prices that are not counted; testing it \
                         costs what a switch does"
                    ),
                },
            });
        }
        OnShutdown::Error | OnShutdown::Unknown => {
            let to = contender
                .lifecycle
                .replacement
                .as_ref()
                .map_or_else(String::new, |to| format!(" (to {to}?)"));
            all.push(Event {
                month,
                kind: EventKind::OneOff(forced),
                reason: match &contender.ending_part {
                    None => format!("{day}{about}: shut down, forced migration{to}"),
                    Some(part) => {
                        format!("{day}{about}: its part {part} is shut down, forced migration{to}")
                    }
                },
            });
        }
    }
    all.sort_by_key(|event| event.month);
    all
}

/// Announced changes of the list price, as factors of a mean query.
fn prices(asked: &Asked, contender: &Contender, months: u32) -> Vec<Event> {
    // A contract of one's own does not follow the list.
    let follows_list = contender
        .price_step(&asked.assumptions)
        .is_some_and(|step| step.row != "contract");
    let Some(id) = contender.identity.as_ref().filter(|_| follows_list) else {
        return Vec::new();
    };
    let Ok(Some(found)) = asked.catalog.get(id) else {
        return Vec::new();
    };
    let mut days: Vec<Date> = found
        .model
        .prices
        .iter()
        .filter(|row| row.book == LIST && row.service == Service::Standard)
        .map(|row| row.from)
        .filter(|from| *from > asked.as_of)
        .collect();
    days.sort_unstable();
    days.dedup();
    let mut before = cost_now(asked, contender);
    let mut all = Vec::new();
    for day in days {
        let Some(month) = month_of(asked.as_of, day).filter(|month| *month <= months) else {
            continue;
        };
        let then = priced(asked, contender, id, day);
        let factor = then
            .zip(before)
            .and_then(|(then, before)| then.checked_div(before));
        if let Some(factor) = factor.filter(|factor| *factor != Decimal::ONE) {
            all.push(Event {
                month,
                kind: EventKind::Price(factor),
                reason: format!("{day}: announced list price, × {}", factor.round_dp(3)),
            });
        }
        before = then.or(before);
    }
    all
}

fn cost_now(asked: &Asked, contender: &Contender) -> Option<Decimal> {
    let query = contender.mean_query(&asked.assumptions)?;
    Some(query.cost.decimal())
}

/// What a mean query costs at another model's or day's list prices.
fn priced(asked: &Asked, contender: &Contender, id: &ModelName, day: Date) -> Option<Decimal> {
    let found = asked.catalog.get(id).ok()??;
    let mut other = contender.clone();
    other.standard = Pricer::listed(found.model, day, Service::Standard);
    other.batch = Pricer::listed(found.model, day, Service::Batch);
    cost_now(asked, &other)
}

/// The month, from 1, in which a day lies; `None` for days past.
fn month_of(as_of: Date, day: Date) -> Option<u32> {
    let days = as_of.until(day).ok()?.get_days();
    let days = u32::try_from(days).ok()?;
    // 30.4375 days per month, in whole numbers.
    Some(days * 10_000 / 304_375 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_lie_in_months_counted_from_one() {
        let month = |day: &str| month_of("2026-11-23".parse().unwrap(), day.parse().unwrap());
        assert_eq!(month("2026-11-23"), Some(1));
        assert_eq!(month("2027-01-14"), Some(2));
        assert_eq!(month("2027-11-23"), Some(12));
        assert_eq!(month("2026-11-01"), None);
    }
}
