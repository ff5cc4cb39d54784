//! From contenders and assumptions to ledgers and a simulation.

use anyhow::anyhow;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::risk::{self, Inputs, Range, Simulation, Step, Swing, simulate, tornado};
use trilemma_cost::tco::{Event, EventKind, Ledger, LedgerPlan, OneOff, Running, Switching};
use trilemma_cost::{decimal_of, monthly};
use trilemma_domain::Usd;

use super::super::money::{Asked, Contender, overhead};
use super::events::events;
use crate::context::InputError;

/// One candidate's figures.
pub(in crate::commands) struct Owned<'a> {
    pub(in crate::commands) contender: &'a Contender,
    pub(in crate::commands) is_incumbent: bool,
    /// Model cost of the first month.
    pub(in crate::commands) month: Usd,
    /// What does not grow with the traffic, per month.
    pub(in crate::commands) fixed: Usd,
    pub(in crate::commands) one_off: Vec<OneOff>,
    pub(in crate::commands) events: Vec<Event>,
    pub(in crate::commands) ledger: Ledger,
    pub(in crate::commands) swings: Vec<Swing>,
}

/// All of it.
pub(in crate::commands) struct Tco<'a> {
    pub(in crate::commands) months: u32,
    pub(in crate::commands) owned: Vec<Owned<'a>>,
    pub(in crate::commands) simulation: Option<Simulation>,
    /// Candidates without figures, and why.
    pub(in crate::commands) left_out: Vec<(String, String)>,
}

/// Which end of every range is taken.
#[derive(Clone, Copy)]
enum End {
    Low,
    Mode,
    High,
}

impl End {
    fn of(self, assumptions: &Assumptions, key: Key) -> Decimal {
        let span = assumptions.span(key);
        match self {
            Self::Low => span.map(|span| span.low()),
            Self::Mode => span.map(|span| span.mode()),
            Self::High => span.map(|span| span.high()),
        }
        .unwrap_or(Decimal::ZERO)
    }
}

/// Works everything out.
pub(in crate::commands) fn plan(asked: &Asked, stale_ok: bool) -> anyhow::Result<Tco<'_>> {
    let assumptions = &asked.assumptions;
    let months = assumptions.count(Key::Months).unwrap_or(12);
    let mut left_out = Vec::new();
    let mut priced = Vec::new();
    for (idx, contender) in asked.contenders.iter().enumerate() {
        if contender.is_stale(assumptions) && !stale_ok {
            left_out.push((
                contender.name.clone(),
                "its price was last looked at more than 90 days ago; --stale-ok uses it all the same"
                    .to_owned(),
            ));
            continue;
        }
        match first_month(contender, assumptions) {
            Some(month) => priced.push((idx, contender, month)),
            None => left_out.push((contender.name.clone(), "its price is unknown".to_owned())),
        }
    }
    let stay = asked
        .incumbent
        .and_then(|at| priced.iter().find(|(idx, ..)| *idx == at));
    let stay = stay.map(|(_, contender, month)| (*contender, *month));
    let mut owned = Vec::with_capacity(priced.len());
    for (idx, contender, month) in &priced {
        let is_incumbent = asked.incumbent == Some(*idx);
        owned.push(own(asked, (contender, *month), stay, is_incumbent).ok_or_else(too_large)?);
    }
    let inputs = inputs(asked, &owned, stay.map(|(_, month)| month));
    let simulation = inputs.as_ref().and_then(simulate);
    if let Some(inputs) = &inputs {
        for (one, candidate) in owned.iter_mut().zip(&inputs.candidates) {
            one.swings = tornado(inputs, candidate);
        }
    }
    Ok(Tco {
        months,
        owned,
        simulation,
        left_out,
    })
}

fn too_large() -> anyhow::Error {
    anyhow!(InputError(
        "failed to add up the months: the sums grow beyond what money can be; hint: lower the growth, the traffic or the horizon"
            .to_owned()
    ))
}

/// Model cost of a month of 30 days at today's traffic; `None` = price unknown.
fn first_month(contender: &Contender, assumptions: &Assumptions) -> Option<Usd> {
    let query = contender.mean_query(assumptions)?;
    monthly(query.cost, assumptions.float(Key::QueriesPerDay)?)
}

/// What a month costs besides the calls of the model.
fn fixed(contender: &Contender, assumptions: &Assumptions, end: End) -> Option<Usd> {
    let figure = |key: Key| end.of(assumptions, key);
    let updates = figure(Key::UpdatesPerYear)
        .checked_mul(figure(Key::HoursPerUpdate))?
        .checked_div(Decimal::from(12))?;
    let reading = figure(Key::ReviewAnswersMonth)
        .checked_mul(figure(Key::ReviewMinutes))?
        .checked_div(Decimal::from(60))?;
    let hours = figure(Key::MaintenanceHoursMonth) + updates + reading;
    let work = hours.checked_mul(figure(Key::RateUsdHour))?;
    let hosting = contender.hosting_month()?.decimal();
    let router = if contender.parts.is_empty() {
        Decimal::ZERO
    } else {
        let hours = figure(Key::RouterHoursMonth).checked_mul(figure(Key::RateUsdHour))?;
        hours.checked_add(figure(Key::RouterUsdMonth))?
    };
    let bought = figure(Key::MonitoringUsdMonth) + figure(Key::InfrastructureUsdMonth) + router;
    bought.checked_add(work)?.checked_add(hosting).map(Usd::new)
}

/// What it takes once until a routed mix serves; nothing for one model.
fn router(contender: &Contender, assumptions: &Assumptions, end: End) -> Option<Usd> {
    if contender.parts.is_empty() {
        return Some(Usd::ZERO);
    }
    let figure = |key: Key| end.of(assumptions, key);
    let hours = figure(Key::RouterEngDays).checked_mul(figure(Key::HoursPerDay))?;
    hours.checked_mul(figure(Key::RateUsdHour)).map(Usd::new)
}

fn switching(assumptions: &Assumptions, end: End) -> Switching {
    let figure = |key: Key| end.of(assumptions, key);
    Switching {
        eval_items: figure(Key::EvalItems),
        eval_models: figure(Key::EvalModels),
        eval_runs: figure(Key::EvalRuns),
        eval_usd_per_item: figure(Key::EvalUsdPerItem),
        review_items: figure(Key::ReviewItems),
        review_minutes: figure(Key::ReviewMinutes),
        rate_usd_hour: figure(Key::RateUsdHour),
        eng_days: figure(Key::EngDays),
        hours_per_day: figure(Key::HoursPerDay),
        prompts: figure(Key::Prompts),
        hours_per_prompt: figure(Key::HoursPerPrompt),
        overlap_days: figure(Key::OverlapDays),
    }
}

/// One candidate's ledger.
fn own<'a>(
    asked: &Asked,
    (contender, month): (&'a Contender, Usd),
    stay: Option<(&Contender, Usd)>,
    is_incumbent: bool,
) -> Option<Owned<'a>> {
    let assumptions = &asked.assumptions;
    let switch = switching(assumptions, End::Mode);
    let present = stay.map_or(Usd::ZERO, |(_, month)| month);
    let one_off = if is_incumbent {
        Vec::new()
    } else {
        let mut lines = switch.lines(present)?;
        for (what, cost) in [
            ("training", contender.training(assumptions)),
            ("router", router(contender, assumptions, End::Mode)?),
        ] {
            if cost != Usd::ZERO {
                lines.push(OneOff { what, cost });
            }
        }
        lines
    };
    // Who is forced to migrate pays what a switch costs, running both included.
    let forced = switch.total(month)?;
    let events = events(asked, contender, forced);
    let fixed_of = |one: &Contender| fixed(one, assumptions, End::Mode);
    let fixed = fixed_of(contender)?;
    let plan = LedgerPlan {
        months: assumptions.count(Key::Months)?,
        growth: assumptions.or_zero(Key::GrowthPerMonth),
        discount: monthly_rate(assumptions)?,
        one_off: one_off.iter().map(|line| line.cost).sum(),
        run: Running {
            model: month,
            fixed,
        },
        events: events.clone(),
        stay: match stay {
            None => None,
            Some((stay, month)) => Some(Running {
                model: month,
                fixed: fixed_of(stay)?,
            }),
        },
        stay_events: match stay {
            None => Vec::new(),
            Some((stay, month)) => self::events(asked, stay, switch.total(month)?),
        },
    };
    Some(Owned {
        contender,
        is_incumbent,
        month,
        fixed,
        one_off,
        events,
        ledger: plan.ledger()?,
        swings: Vec::new(),
    })
}

/// The discount of a month that compounds to that of a year.
fn monthly_rate(assumptions: &Assumptions) -> Option<Decimal> {
    let year = assumptions.float(Key::DiscountPerYear)?;
    if year == 0.0 {
        return Some(Decimal::ZERO);
    }
    decimal_of((1.0 + year).powf(1.0 / 12.0) - 1.0)
}

/// What the simulation draws from; `None` without traffic.
fn inputs(asked: &Asked, owned: &[Owned<'_>], present: Option<Usd>) -> Option<Inputs> {
    let assumptions = &asked.assumptions;
    let range = |key: Key| assumptions.span(key).map(|span| span.range());
    let candidates: Option<Vec<risk::Candidate>> = owned
        .iter()
        .map(|one| candidate(asked, one, present))
        .collect();
    Some(Inputs {
        queries_per_day: range(Key::QueriesPerDay)?,
        days_per_month: 30.0,
        // Token counts of each candidate's own tokenizer are ratios of the shared one.
        input_tokens: range(Key::InputTokens)?,
        growth_per_month: range(Key::GrowthPerMonth)?,
        months: assumptions.count(Key::Months)?,
        candidates: candidates?,
        draws: assumptions.count(Key::Draws)?,
        seed: assumptions.value(Key::Seed)?.to_u64()?,
    })
}

fn candidate(asked: &Asked, one: &Owned<'_>, present: Option<Usd>) -> Option<risk::Candidate> {
    let assumptions = &asked.assumptions;
    let query = one.contender.mean_query(assumptions)?;
    let (input, output) = one.contender.tokens(assumptions);
    let per_query_extra = overhead(assumptions).to_f64();
    let shared = assumptions.span(Key::InputTokens)?.mode();
    // Judge and router are paid per query: they ride on the output's price.
    let tokens_out = output.mode().to_f64()?.max(1e-9);
    let ratio = if shared.is_zero() {
        0.0
    } else {
        (input.mode() / shared).to_f64()?
    };
    let fixed = |end| fixed(one.contender, assumptions, end).map(Usd::to_f64);
    let fixed = Range::new(fixed(End::Low)?, fixed(End::Mode)?, fixed(End::High)?).ok()?;
    let training = one.contender.training(assumptions).to_f64();
    let one_off = if one.is_incumbent {
        Range::exactly(0.0)
    } else {
        let at = |end| {
            let router = router(one.contender, assumptions, end)?.to_f64();
            switching(assumptions, end)
                .total(present.unwrap_or(Usd::ZERO))
                .map(|cost| cost.to_f64() + training + router)
        };
        Range::new(at(End::Low)?, at(End::Mode)?, at(End::High)?).ok()?
    };
    Some(risk::Candidate {
        input_usd_per_mtok: query.prices.input.to_f64()?,
        output_usd_per_mtok: query.prices.output.to_f64()? + per_query_extra * 1e6 / tokens_out,
        output_tokens: output.range(),
        input_ratio: Range::exactly(ratio),
        price_change_per_year: assumptions.span(Key::PriceChangePerYear)?.range(),
        fixed_usd_month: fixed,
        one_off_usd: one_off,
        steps: one.events.iter().filter_map(step).collect(),
    })
}

fn step(event: &Event) -> Option<Step> {
    Some(match event.kind {
        EventKind::Price(factor) => Step {
            month: event.month,
            factor: factor.to_f64()?,
            usd: 0.0,
        },
        EventKind::OneOff(cost) => Step {
            month: event.month,
            factor: 1.0,
            usd: cost.to_f64(),
        },
    })
}
