//! Builders of small runs: candidates by name and price, outcomes as strings of digits.

use jiff::civil::Date;
use trilemma_catalog::Catalog;
use trilemma_decide::{
    CandidateFacts, Decision, DecisionInput, GateKind, GateResult, ItemFacts, Preference,
    Provenance, Raced, StalePrices, TaskFacts, decide,
};
use trilemma_domain::{
    Candidate, Dialect, FailureKind, Margin, NotWorseThan, Observation, ObservedState, OwnPrice,
    Params, PassRateRequirement, Reference, Requirements, Score, Stakes, Target, TaskKind,
    ToolChoice, TrialKey,
};

pub(crate) fn date(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

/// A candidate with a contract price in USD per million tokens (input, output), or without price.
pub(crate) fn candidate(id: &str, price: Option<(&str, &str)>) -> CandidateFacts {
    let candidate = Candidate {
        id: id.into(),
        target: Target {
            provider: "work".to_owned(),
            dialect: Dialect::OpenAi,
            base_url: "https://llm.internal/v1".to_owned(),
            model: id.to_owned(),
            api_version: None,
            pipeline: None,
        },
        identity: None,
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::default(),
        price: price.map(|(input, output)| OwnPrice {
            input: input.parse().unwrap(),
            output: output.parse().unwrap(),
            cache_read: None,
            cache_write: None,
            web_search_1k: None,
        }),
        stream: true,
    };
    CandidateFacts::of(&candidate, &Catalog::builtin(), date(2026, 11, 1)).unwrap()
}

pub(crate) fn items(n: usize) -> Vec<ItemFacts> {
    (0..n)
        .map(|idx| ItemFacts {
            id: format!("item-{idx}").into(),
            weight: 1.0,
            cluster: None,
            tags: Vec::new(),
        })
        .collect()
}

pub(crate) fn input(candidates: Vec<CandidateFacts>, n_items: usize) -> DecisionInput {
    DecisionInput {
        task: TaskFacts {
            name: "test".to_owned(),
            kind: TaskKind::Classification,
            stakes: Stakes::Medium,
            pass_threshold: 0.7,
        },
        requirements: Requirements::default(),
        traffic: None,
        preference: Preference::default(),
        stale_prices: StalePrices::Refuse,
        incumbent: None,
        candidates,
        raced: Raced::default(),
        items: items(n_items),
        repeats: 1,
        seed: 7,
        as_of: date(2026, 11, 1),
        simulated: false,
        judges: Vec::new(),
        pairs: Vec::new(),
        provenance: Provenance::default(),
    }
}

pub(crate) fn pass_rate(min: f64) -> Option<PassRateRequirement> {
    Some(PassRateRequirement {
        min,
        confidence: 0.95,
    })
}

pub(crate) fn not_worse(reference: Reference, margin: Margin) -> Option<NotWorseThan> {
    Some(NotWorseThan {
        reference,
        margin,
        confidence: 0.95,
    })
}

/// An answered trial of 1,000 input and 100 output tokens that took 500 ms.
pub(crate) fn scored(candidate: usize, item: usize, score: f64) -> Observation {
    Observation {
        key: TrialKey {
            candidate_idx: candidate as u32,
            item_idx: item as u32,
            repeat: 0,
        },
        state: ObservedState::Scored {
            score: Score::new(score).unwrap(),
            pass: score >= 0.7,
        },
        refused: false,
        truncated: false,
        replayed: false,
        simulated: false,
        usage_estimated: false,
        n_attempts: 1,
        input_tokens: Some(1_000),
        cache_read_tokens: None,
        output_tokens: Some(100),
        n_unpriced_attempts: 0,
        cost: None,
        scoring_cost: None,
        ttft_us: Some(200_000),
        tpot_us: Some(3_000),
        e2e_us: Some(500_000),
        wall_us: Some(500_000),
    }
}

pub(crate) fn failed(candidate: usize, item: usize, kind: FailureKind) -> Observation {
    Observation {
        state: ObservedState::Failed(kind),
        input_tokens: None,
        output_tokens: None,
        ttft_us: None,
        tpot_us: None,
        e2e_us: None,
        n_unpriced_attempts: 1,
        ..scored(candidate, item, 0.0)
    }
}

/// One trial per digit: `1` passes, `0` does not, `x` failed, `u` unscored, `.` never ran.
pub(crate) fn outcomes(candidate: usize, digits: &str) -> Vec<Observation> {
    digits
        .chars()
        .enumerate()
        .filter_map(|(item, digit)| match digit {
            '1' => Some(scored(candidate, item, 1.0)),
            '0' => Some(scored(candidate, item, 0.0)),
            'x' => Some(failed(candidate, item, FailureKind::ServerError)),
            'u' => Some(Observation {
                state: ObservedState::Unscored,
                ..scored(candidate, item, 0.0)
            }),
            '.' => None,
            other => panic!("what is `{other}`?"),
        })
        .collect()
}

/// `n_pass` passes, then failures up to `n`.
pub(crate) fn passes(candidate: usize, n_pass: usize, n: usize) -> Vec<Observation> {
    outcomes(candidate, &("1".repeat(n_pass) + &"0".repeat(n - n_pass)))
}

pub(crate) fn run(input: &DecisionInput, columns: &[Vec<Observation>]) -> Decision {
    decide(input.clone(), columns.iter().flatten().copied()).unwrap()
}

pub(crate) fn gate(decision: &Decision, candidate: usize, kind: GateKind) -> &GateResult {
    decision.candidates[candidate]
        .gates
        .iter()
        .find(|gate| gate.gate == kind)
        .unwrap_or_else(|| panic!("no gate {kind:?}"))
}
