//! Requirements on stated facts: data protection, context, abilities, age of prices, shutdowns.
//!
//! What no source states leaves the requirement undecided, never met.

use trilemma_domain::{Capability, PrivacyRequirement, TrainingUse, Verdict};

use super::verdict::{open, stated};
use crate::evidence::{Case, Evidence};
use crate::input::{CandidateFacts, Known, LifecycleEnd, PrivacyFacts, StalePrices};
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::wording;

/// Last days of age at which prices may carry a recommendation.
const STALE_AFTER_DAYS: i32 = 90;

/// Judges where data goes.
pub(crate) fn privacy(facts: &PrivacyFacts, wanted: &PrivacyRequirement) -> Vec<GateResult> {
    let mut gates = Vec::new();
    if wanted.training == Some(TrainingUse::Forbidden) {
        gates.push(training(facts));
    }
    if !wanted.regions.is_empty() {
        gates.push(regions(facts, &wanted.regions));
    }
    if wanted.self_hosted {
        gates.push(self_hosted(facts));
    }
    gates
}

/// Data that stays on own servers is trained on by nobody, and where they stand is known.
fn at_home(facts: &PrivacyFacts) -> bool {
    facts.self_hosted == Some(Known::Yes)
}

fn training(facts: &PrivacyFacts) -> GateResult {
    let gate = GateKind::Training;
    let source = source(facts);
    match facts.trains {
        _ if at_home(facts) => meets(gate, "it runs on own servers".to_owned()),
        Some(Known::No) => meets(gate, format!("the vendor does not train on data{source}")),
        Some(Known::Yes) => stated(
            gate,
            Verdict::Fails,
            format!("the vendor trains on data, or may{source}"),
        ),
        None => open(
            gate,
            Cause::UnknownFact,
            "no source states the terms of its endpoint".to_owned(),
            "add the terms to a catalog file of your own",
        ),
    }
}

fn regions(facts: &PrivacyFacts, wanted: &[String]) -> GateResult {
    let gate = GateKind::Regions;
    let list = wanted.join(", ");
    let Some(offered) = &facts.regions else {
        if at_home(facts) {
            return meets(gate, "it runs on own servers".to_owned());
        }
        return open(
            gate,
            Cause::UnknownFact,
            format!("no source states whether processing can be pinned to {list}"),
            "add the terms to a catalog file of your own",
        );
    };
    let fits = offered.iter().any(|region| {
        region == "self"
            || wanted
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(region))
    });
    let offer = if offered.is_empty() {
        "no region".to_owned()
    } else {
        offered.join(", ")
    };
    let reason = format!(
        "processing can be pinned to {offer}; wanted {list}{}",
        source(facts)
    );
    if fits || at_home(facts) {
        meets(gate, reason)
    } else {
        stated(gate, Verdict::Fails, reason)
    }
}

fn self_hosted(facts: &PrivacyFacts) -> GateResult {
    let gate = GateKind::SelfHosted;
    match facts.self_hosted {
        Some(Known::Yes) => meets(gate, "it runs on own servers".to_owned()),
        Some(Known::No) => stated(
            gate,
            Verdict::Fails,
            "it is called at a vendor, not on own servers".to_owned(),
        ),
        None => open(
            gate,
            Cause::UnknownFact,
            "whose servers its endpoint runs on is not known".to_owned(),
            "use an open-weights model of the catalog as `identity`",
        ),
    }
}

/// Judges the context window.
pub(crate) fn context(facts: &CandidateFacts, needed: u64) -> GateResult {
    let gate = GateKind::Context;
    let mut result = match facts.context_window {
        None => open(
            gate,
            Cause::UnknownFact,
            "no source states its context window".to_owned(),
            "name its `identity`, or add the limit to a catalog file of your own",
        ),
        Some(window) => {
            let verdict = if window >= needed {
                Verdict::Meets
            } else {
                Verdict::Fails
            };
            let reason = format!("its context window is {window} tokens, needed {needed}");
            let mut result = stated(gate, verdict, reason);
            result.estimate = Some(GateEstimate::Tokens(window));
            result
        }
    };
    result.threshold = Some(Amount::Tokens(needed));
    result
}

/// Judges one ability.
pub(crate) fn capability(facts: &CandidateFacts, capability: Capability) -> GateResult {
    let gate = GateKind::Capability(capability);
    let name = capability.name();
    match facts.capabilities.get(&capability) {
        Some(Known::Yes) => meets(gate, format!("the catalog states `{name}`")),
        Some(Known::No) => stated(gate, Verdict::Fails, format!("the catalog denies `{name}`")),
        None => open(
            gate,
            Cause::UnknownFact,
            format!("no source states `{name}`"),
            "try it, and add it to a catalog file of your own",
        ),
    }
}

/// Judges the age of prices, where a choice would rest on them; `None` = nothing to say.
pub(crate) fn price_age(case: &Case<'_>, candidate: usize) -> Option<GateResult> {
    let input = case.input;
    let needed = input.preference.needs_prices() || input.requirements.cost.is_some();
    if !needed || input.stale_prices == StalePrices::Accept {
        return None;
    }
    let days = price_age_days(case, candidate).filter(|days| *days > STALE_AFTER_DAYS)?;
    let mut result = open(
        GateKind::PriceAge,
        Cause::StalePrice,
        format!(
            "its price was last looked at {days} days before {}",
            input.as_of
        ),
        "update the catalog, or accept old prices",
    );
    result.threshold = Some(Amount::Days(STALE_AFTER_DAYS));
    result.bound = Some(Amount::Days(days));
    Some(result)
}

/// Rules out a candidate that is not to be had any more: taken to be retired, or shut down where it is
/// called; `None` = nothing says so.
pub(crate) fn offered(case: &Case<'_>, facts: &CandidateFacts) -> Option<GateResult> {
    let why = match (&facts.retired, &facts.end) {
        (Some(why), _) => why.clone(),
        (None, Some(end)) if end.at_endpoint && end.by <= case.input.as_of => {
            let whose = match case.ending_part(facts) {
                Some(part) => format!("its part `{part}`"),
                None => "it".to_owned(),
            };
            gone(&whose, end)
        }
        (None, _) => return None,
    };
    Some(stated(GateKind::Offered, Verdict::Fails, why))
}

fn gone(whose: &str, end: &LifecycleEnd) -> String {
    let when = if end.exact { "on" } else { "at the latest by" };
    let instead = end.replacement.as_ref().map_or_else(String::new, |other| {
        format!("; its vendor recommends `{other}`")
    });
    let source = end
        .source
        .as_ref()
        .map_or_else(String::new, |source| format!(" ({source})"));
    format!("{whose} was shut down {when} {}{instead}{source}", end.by)
}

/// Keeps a candidate open of which nothing is known; `None` = it has scored answers.
pub(crate) fn answers(evidence: &Evidence<'_>) -> Option<GateResult> {
    if evidence.pass_rate.is_some() {
        return None;
    }
    let gate = GateKind::Answers;
    Some(if evidence.ran() {
        let reason = format!(
            "none of its {} has a score",
            wording::count(evidence.n_missing(), "trial")
        );
        open(gate, Cause::MissingResults, reason, "repeat them")
    } else {
        let reason = "no trial of it ran".to_owned();
        open(gate, Cause::NotMeasured, reason, "run it on the golden set")
    })
}

/// Age of the oldest price of a candidate, when above 30 days.
pub(crate) fn price_age_days(case: &Case<'_>, candidate: usize) -> Option<i32> {
    let facts = case.candidates.get(candidate)?.facts;
    crate::mix::pricers(facts, &case.input.candidates)
        .into_iter()
        .flat_map(|pricer| crate::measure::price_facts(Some(pricer)))
        .filter_map(|price| price.age_days)
        .max()
}

fn meets(gate: GateKind, reason: String) -> GateResult {
    stated(gate, Verdict::Meets, reason)
}

fn source(facts: &PrivacyFacts) -> String {
    facts
        .source
        .as_ref()
        .map_or_else(String::new, |source| format!(" ({source})"))
}
