//! The money part of a report: months, own servers and rate limits of the candidates of a decision.
//!
//! In: a project and a decision on a run of it. Out: the decision with its outlook, by the same
//! calculations as `cost`, `tco`, `selfhost` and `limits`, on the assumptions of the project file.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use trilemma_catalog::Staleness;
use trilemma_cost::assume::{Assumptions, Key, Span};
use trilemma_cost::outlook::{
    ApiCrossing, Bill, CandidateOutlook, Outlook, Owning, RateNeed, Servers, Stair, StatedFigure,
    Tokens, TokensPerDay,
};
use trilemma_cost::selfhost::Sizing;
use trilemma_cost::{PriceBasis, decimal_of, monthly, per_accepted_answer};
use trilemma_decide::{Decision, StalePrices};
use trilemma_domain::{ModelName, Usd};

use super::asked::Asked;
use super::contender::{Contender, Measured, PRICE_OF_A_MIX};
use crate::commands::limits::{carried, row};
use crate::commands::selfhost::plan::{SelfHost, plan as server_plan};
use crate::commands::tco::plan::{Owned, Tco, plan as tco_plan};
use crate::commands::{cost, limits, selfhost, tco};
use crate::context::Context;

/// Most open weights whose servers are worked out.
const MOST_WEIGHTS: usize = 4;
/// Inputs of the tornado that are kept.
const MOST_SWINGS: usize = 6;

/// Adds months, servers and limits to a decision; leaves it alone where traffic is not stated.
///
/// # Errors
/// Errors of the catalog's rows, and sums beyond what money can be.
pub(crate) fn look_ahead(context: &Context, decision: &mut Decision) -> anyhow::Result<()> {
    let Some(asked) = Asked::of_decision(context, decision)? else {
        return Ok(());
    };
    let tco = tco_plan(&asked, decision.stale_prices == StalePrices::Accept)?;
    let reference = reference(&asked, &tco);
    let mut candidates = Vec::with_capacity(asked.contenders.len());
    for contender in &asked.contenders {
        let place = tco
            .owned
            .iter()
            .position(|one| std::ptr::eq(one.contender, contender));
        let owning = place.and_then(|place| owning(&tco, place, reference));
        candidates.push(CandidateOutlook {
            bill: bill(contender, &asked.assumptions),
            left_out: if owning.is_some() {
                None
            } else {
                tco.left_out
                    .iter()
                    .find(|(name, _)| *name == contender.name)
                    .map(|(_, why)| why.clone())
            },
            owning,
            rates: rates(&asked, contender)?,
        });
    }
    decision.outlook = Some(Outlook {
        as_of: asked.as_of,
        months: tco.months,
        queries_per_day: asked
            .assumptions
            .float(Key::QueriesPerDay)
            .unwrap_or_default(),
        candidates,
        reference: reference.and_then(|place| position(&asked, tco.owned.get(place)?)),
        draws: tco.simulation.as_ref().map(|simulation| simulation.draws),
        seed: tco.simulation.as_ref().map(|simulation| simulation.seed),
        servers: servers(&asked)?,
        assumptions: StatedFigure::all(&asked.assumptions, &keys(&asked)),
    });
    Ok(())
}

/// Place in the plan of the one that chances are against: the incumbent, else the cheapest.
fn reference(asked: &Asked, tco: &Tco<'_>) -> Option<usize> {
    let incumbent = tco
        .owned
        .iter()
        .position(|one| asked.incumbent == position(asked, one));
    incumbent.or_else(|| {
        (0..tco.owned.len()).min_by_key(|place| tco.owned.get(*place).map(|one| one.ledger.total))
    })
}

/// Position among all contenders.
fn position(asked: &Asked, one: &Owned<'_>) -> Option<usize> {
    let all = &asked.contenders;
    all.iter()
        .position(|contender| std::ptr::eq(contender, one.contender))
}

/// Every assumption that enters one of the figures, once.
fn keys(asked: &Asked) -> Vec<Key> {
    let has_weights = asked.contenders.iter().any(|one| one.weights.is_some());
    let own: &[Key] = if has_weights { selfhost::KEYS } else { &[] };
    let has_mix = asked.contenders.iter().any(|one| !one.parts.is_empty());
    let router: &[Key] = if has_mix { tco::ROUTER_KEYS } else { &[] };
    let used = [cost::KEYS, tco::KEYS, limits::KEYS, own, router].concat();
    let mut all: Vec<Key> = Key::ALL.to_vec();
    let all_measured = asked
        .contenders
        .iter()
        .all(|one| one.is_measured(&asked.assumptions));
    // Tokens that were measured are no assumption.
    let replaced = |key: Key| all_measured && matches!(key, Key::InputTokens | Key::OutputTokens);
    all.retain(|key| used.contains(key) && !replaced(*key));
    all
}

fn bill(contender: &Contender, assumptions: &Assumptions) -> Option<Bill> {
    let query = contender.mean_query(assumptions)?;
    let step = contender.price_step(assumptions)?;
    let traffic = assumptions.span(Key::QueriesPerDay)?;
    let (input, output) = contender.tokens(assumptions);
    let month = |queries: Decimal, tokens: (Decimal, Decimal)| {
        let query = contender.query(assumptions, tokens)?;
        monthly(query.cost, queries.to_f64()?)
    };
    let pass_rate = contender
        .pass_rate
        .as_ref()
        .and_then(|rate| decimal_of(rate.value));
    let likely = monthly(query.cost, traffic.mode().to_f64()?)?;
    let (price_source, price_checked, is_stale) = match &step.basis {
        PriceBasis::Contract if !contender.parts.is_empty() => (
            PRICE_OF_A_MIX.to_owned(),
            None,
            contender.is_stale(assumptions),
        ),
        PriceBasis::Contract => ("own contract".to_owned(), None, false),
        PriceBasis::Catalog {
            source,
            checked,
            staleness,
            ..
        } => {
            let is_stale = matches!(staleness, Staleness::Stale { .. });
            (source.clone(), Some(*checked), is_stale)
        }
    };
    let measured = |key: Key, side: Option<Measured>| side.filter(|_| !assumptions.is_stated(key));
    Some(Bill {
        input: tokens(input, measured(Key::InputTokens, contender.input))?,
        output: tokens(output, measured(Key::OutputTokens, contender.output))?,
        per_query: query.cost,
        long_query: contender.long_query(assumptions).map(|query| query.cost),
        month: likely,
        month_low: month(traffic.low(), (input.low(), output.low())),
        month_high: month(traffic.high(), (input.high(), output.high())),
        last_month: cost::grown(likely, assumptions),
        per_accepted: pass_rate.and_then(|rate| per_accepted_answer(query.cost, rate)),
        price_row: if contender.parts.is_empty() {
            step.row.clone()
        } else {
            "mix".to_owned()
        },
        price_source,
        price_checked,
        is_stale,
    })
}

fn tokens(span: Span, measured: Option<Measured>) -> Option<Tokens> {
    Some(Tokens {
        mean: span.mode().to_f64()?,
        low: span.low().to_f64()?,
        high: span.high().to_f64()?,
        p95: measured
            .and_then(|measured| measured.p95)
            .and_then(|tokens| tokens.to_f64()),
        is_measured: measured.is_some(),
    })
}

fn owning(tco: &Tco<'_>, place: usize, reference: Option<usize>) -> Option<Owning> {
    let one = tco.owned.get(place)?;
    let ledger = &one.ledger;
    let mut paid = ledger.one_off;
    let months = ledger.rows.iter().map(|row| {
        paid = paid + row.run;
        paid
    });
    let simulation = tco.simulation.as_ref();
    Some(Owning {
        is_incumbent: one.is_incumbent,
        one_off: ledger.one_off,
        one_off_parts: one.one_off.iter().map(Into::into).collect(),
        total: ledger.total,
        present_value: ledger.present_value,
        stay_total: ledger.stay_total,
        payback_month: ledger.payback_month.filter(|_| !one.is_incumbent),
        paid_by: std::iter::once(ledger.one_off).chain(months).collect(),
        simulated: simulation
            .and_then(|simulation| simulation.outcomes.get(place))
            .map(Into::into),
        chance_cheaper: reference
            .filter(|other| *other != place)
            .and_then(|other| simulation?.cheaper.get(place)?.get(other).copied()),
        swings: one
            .swings
            .iter()
            .take(MOST_SWINGS)
            .map(Into::into)
            .collect(),
        due: one.events.iter().map(Into::into).collect(),
    })
}

fn rates(asked: &Asked, contender: &Contender) -> anyhow::Result<RateNeed> {
    let row = row(asked, contender)?;
    let first = row.load.first();
    let need = &row.load.need;
    Ok(RateNeed {
        rpm: need.rpm,
        itpm: need.itpm_total,
        otpm: need.otpm,
        concurrency: need.concurrency,
        tier: first.map(|(tier, _)| tier.tier.clone()),
        carries: first
            .is_some_and(|(_, taken)| *taken == trilemma_cost::limits::TierCheck::Carries),
        advice: carried(asked, &row),
        source: first.map(|(tier, _)| tier.provenance.source.title.clone()),
        checked: first.map(|(tier, _)| tier.provenance.checked),
    })
}

/// Servers for each of the open weights among the candidates.
fn servers(asked: &Asked) -> anyhow::Result<Vec<Servers>> {
    let mut named: Vec<(&ModelName, Vec<usize>)> = Vec::new();
    for (idx, contender) in asked.contenders.iter().enumerate() {
        let Some(weights) = &contender.weights else {
            continue;
        };
        match named.iter_mut().find(|(known, _)| *known == weights) {
            Some((_, positions)) => positions.push(idx),
            None => named.push((weights, vec![idx])),
        }
    }
    let mut all = Vec::new();
    for (weights, positions) in named.into_iter().take(MOST_WEIGHTS) {
        let name = weights.to_string();
        let precision = selfhost::precision(&asked.assumptions)?;
        // Weights whose architecture nobody states have no servers that could be sized.
        let is_sized = asked
            .catalog
            .find(&name, asked.as_of)
            .is_ok_and(|found| Sizing::of(found.model, &precision).is_ok());
        if !is_sized {
            continue;
        }
        let plan = server_plan(asked, (&name, None, &precision))?;
        all.push(server(asked, &plan, positions));
    }
    Ok(all)
}

fn server(asked: &Asked, plan: &SelfHost<'_>, candidates: Vec<usize>) -> Servers {
    let against = plan.crossings.iter().filter_map(|crossing| {
        let contenders = &asked.contenders;
        Some(ApiCrossing {
            candidate: contenders
                .iter()
                .position(|one| std::ptr::eq(one, crossing.contender))?,
            usd_per_mtok: crossing.blended?.to_f64()?,
            likely: TokensPerDay::from(crossing.mode.as_ref()),
            fast_and_cheap: TokensPerDay::from(crossing.fast.as_ref()),
            slow_and_dear: TokensPerDay::from(crossing.slow.as_ref()),
        })
    });
    Servers {
        weights: plan.weights.id.to_string(),
        candidates,
        precision: plan.precision.clone(),
        set_up: plan
            .gpu
            .map(|gpu| format!("{} × {}", plan.n_gpus.unwrap_or(1), gpu.id)),
        rent: selfhost::price_words(plan),
        tokens_per_s: plan.speed,
        speed_source: plan.speed_source.clone(),
        replicas: plan.replicas,
        month: plan.month.map(cents),
        own_usd_per_mtok: plan
            .own_usd_per_mtok
            .map(|price| price.round_dp(6).normalize().to_string()),
        traffic_tokens_per_day: plan
            .tokens_per_day(&asked.assumptions)
            .and_then(|tokens| tokens.to_f64()),
        stairs: plan.stairs.iter().filter_map(Stair::of).collect(),
        against: against.collect(),
    }
}

/// Rents multiply to many decimals; a month is told to the cent.
fn cents(amount: Usd) -> Usd {
    Usd::new(amount.decimal().round_dp(2))
}
