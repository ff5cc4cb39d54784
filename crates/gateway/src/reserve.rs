//! What a call may cost at worst, held back in its client's budgets before it starts.
//!
//! In: the most that a call can use. Out: a reservation, in turn where others hold what is needed; or what the
//! client is told. What is used up is a quota's error, which no package repeats; what is only reserved is that of
//! a rate limit, with the time to come back.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use trilemma_domain::Usage;
use trilemma_wire::server::ErrorKind;

use crate::budget::{BudgetError, Hold};
use crate::job::Job;
use crate::refusal::Refusal;
use crate::upstream::Named;

/// When a client may ask again whose budget is reserved by calls under way.
const RESERVED_WAIT: Duration = Duration::from_secs(1);

/// Reserves the worst case of a call in the budgets that limit its client.
///
/// # Errors
/// What the client is told where no budget covers it, now or at all.
pub(crate) async fn reserve(
    job: &Job,
    named: &Named,
    worst: Option<&Usage>,
) -> Result<Hold, Refusal> {
    let cost = worst.and_then(|worst| named.upstream.worst_cost(worst));
    let Some(cost) = cost else {
        if let Some(reason) = worst.and_then(|worst| unpriced_choice(named, worst)) {
            return Err(Refusal::bad_request(reason));
        }
        let what = if worst.is_some_and(|worst| worst.web_searches.is_some()) {
            "searches have no known price, so that no budget bounds them; hint: state `web_search_1k` in its `price`"
        } else {
            "has no known price, so that no budget bounds it; hint: state its `price`"
        };
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Server,
            format!("`{}` {what}", named.upstream.id()),
        ));
    };
    let now = Instant::now();
    // Nobody waits for what it has reserved itself.
    let until = match job.record.is_calling() {
        true => now,
        false => job.deadline.min(now + job.gateway.settings.queue_timeout),
    };
    let held = job
        .gateway
        .purse
        .reserve(&job.ask.client, cost, (job.ask.at_us, until))
        .await;
    held.map_err(|error| {
        let is_over = !matches!(error, BudgetError::Reserved { .. });
        let kind = match is_over {
            true => ErrorKind::QuotaExceeded,
            false => ErrorKind::RateLimited,
        };
        let status = StatusCode::TOO_MANY_REQUESTS;
        let refusal = Refusal::new(status, kind, format!("failed to {error}"));
        match is_over {
            true => refusal,
            false => refusal.after(RESERVED_WAIT),
        }
    })
}

/// Says what a request chooses that has no price; `None` = nothing.
fn unpriced_choice(named: &Named, worst: &Usage) -> Option<String> {
    let upstream = &named.upstream;
    let (what, field) = match (worst.tier, worst.place) {
        _ if !upstream.is_priced() => return None,
        (Some(tier), _) if !upstream.is_priced_in(Some(tier), None) => (
            format!("service tier that is asked for ({})", tier.name()),
            "service_tier",
        ),
        (tier, Some(place)) if !upstream.is_priced_in(tier, Some(place)) => (
            format!("place that is asked for ({})", place.name()),
            "inference_geo",
        ),
        (_, _) => return None,
    };
    Some(format!(
        "no budget covers it: `{}` has no known price in the {what}; hint: leave `{field}` out",
        upstream.id()
    ))
}
