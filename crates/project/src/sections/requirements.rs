//! `[requirements]` and `[traffic]`: the gates, and the load that money is counted for.

use std::time::Duration;

use trilemma_domain::{
    CandidateId, Capability, CostRequirement, Estimand, LatencyClass, LatencyRequirement, Margin,
    NotWorseThan, PassRateRequirement, PrivacyRequirement, Reference, Requirements, Traffic,
    TrainingUse,
};

use crate::problem::Note;
use crate::section::Section;

const DEFAULT_CONFIDENCE: f64 = 0.95;
const CLASSES: [(&str, LatencyClass); 3] = [
    ("real-time", LatencyClass::RealTime),
    ("interactive", LatencyClass::Interactive),
    ("batch", LatencyClass::Batch),
];
const TRAINING: [(&str, TrainingUse); 2] = [
    ("forbidden", TrainingUse::Forbidden),
    ("allowed", TrainingUse::Allowed),
];
const ESTIMANDS: [(&str, Estimand); 2] = [
    ("production", Estimand::Production),
    ("golden-set", Estimand::GoldenSet),
];
/// Longest latency budget that makes sense, in milliseconds: one hour.
const MAX_MS: f64 = 3_600_000.0;

/// Reads `[requirements]`.
pub(crate) fn requirements(section: &Section<'_>) -> Requirements {
    Requirements {
        estimand: section.word("estimand", &ESTIMANDS).unwrap_or_default(),
        pass_rate: section.section("pass_rate").and_then(pass_rate),
        not_worse_than: section.section("not_worse_than").and_then(not_worse_than),
        latency: section.section("latency").map(latency),
        cost: section.section("cost").map(cost),
        privacy: section.section("privacy").map(privacy),
        context: section.integer("context", 1..=100_000_000),
        capabilities: capabilities(section),
    }
}

fn confidence(section: &Section<'_>) -> f64 {
    section
        .number("confidence", 0.5..=0.9999)
        .unwrap_or(DEFAULT_CONFIDENCE)
}

fn pass_rate(section: Section<'_>) -> Option<PassRateRequirement> {
    if !section.has("min") {
        section.missing("min", "the share of answers that must pass, such as 0.85");
    }
    let min = section.number("min", f64::MIN_POSITIVE..=1.0);
    let confidence = confidence(&section);
    section.finish();
    Some(PassRateRequirement {
        min: min?,
        confidence,
    })
}

fn not_worse_than(section: Section<'_>) -> Option<NotWorseThan> {
    let hint = "\"incumbent\", \"best\" or a candidate's id";
    let reference =
        section
            .required_string("candidate", hint)
            .map(|name| match name.value.as_str() {
                "incumbent" => Reference::Incumbent,
                "best" => Reference::Best,
                id => Reference::Candidate(CandidateId::from(id)),
            });
    let share = f64::MIN_POSITIVE..=0.999;
    let absolute = section.number("margin", share.clone());
    let ratio = section.number("ratio", share);
    let margin = match (section.has("margin"), section.has("ratio")) {
        (true, true) => {
            let note = Note::error("has both `margin` and `ratio`").hint("keep one of them");
            section.report("ratio", note);
            None
        }
        (true, false) => absolute.map(Margin::Absolute),
        (false, true) => ratio.map(Margin::Ratio),
        (false, false) => {
            section.missing("margin", "such as 0.05: up to 5 points worse is acceptable");
            None
        }
    };
    let confidence = confidence(&section);
    section.finish();
    Some(NotWorseThan {
        reference: reference?,
        margin: margin?,
        confidence,
    })
}

fn latency(section: Section<'_>) -> LatencyRequirement {
    let millis = |key| {
        section
            .number(key, f64::MIN_POSITIVE..=MAX_MS)
            .map(|ms| Duration::from_secs_f64(ms / 1_000.0))
    };
    let latency = LatencyRequirement {
        class: section.word("class", &CLASSES),
        ttft_p95: millis("ttft_p95_ms"),
        e2e_p95: millis("e2e_p95_ms"),
        ttft_p50: millis("ttft_p50_ms"),
        e2e_p50: millis("e2e_p50_ms"),
    };
    section.finish();
    latency
}

fn cost(section: Section<'_>) -> CostRequirement {
    let cost = CostRequirement {
        per_query: section.usd("per_query_usd"),
        per_month: section.usd("per_month_usd"),
        per_accepted: section.usd("per_accepted_usd"),
    };
    section.finish();
    cost
}

fn privacy(section: Section<'_>) -> PrivacyRequirement {
    let regions = section.strings("regions").unwrap_or_default();
    let privacy = PrivacyRequirement {
        training: section.word("training", &TRAINING),
        regions: regions
            .into_iter()
            .map(|region| region.value.to_lowercase())
            .collect(),
        self_hosted: section.boolean("self_hosted").unwrap_or(false),
    };
    section.finish();
    privacy
}

fn capabilities(section: &Section<'_>) -> Vec<Capability> {
    let mut capabilities = Vec::new();
    for name in section.strings("capabilities").unwrap_or_default() {
        match Capability::ALL
            .into_iter()
            .find(|capability| capability.name() == name.value)
        {
            Some(capability) => capabilities.push(capability),
            None => section.unknown_word(
                "capabilities",
                &name.value,
                Capability::ALL.iter().map(|capability| capability.name()),
            ),
        }
    }
    capabilities
}

/// Reads `[traffic]`.
pub(crate) fn traffic(section: &Section<'_>) -> Option<Traffic> {
    if !section.has("queries_per_day") {
        section.missing(
            "queries_per_day",
            "how many queries production sees on a mean day",
        );
    }
    let queries_per_day = section.number("queries_per_day", 0.0..=1e12);
    let peak_to_mean = section.number("peak_to_mean", 1.0..=10_000.0);
    let growth_per_month = section.number("growth_per_month", -0.99..=10.0);
    let cache_hit_rate = section.number("cache_hit_rate", 0.0..=1.0);
    Some(Traffic {
        queries_per_day: queries_per_day?,
        peak_to_mean,
        growth_per_month,
        cache_hit_rate,
    })
}
