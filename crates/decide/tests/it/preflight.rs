//! Plans before the first call.

use trilemma_decide::GateKind;
use trilemma_decide::preflight::{
    PlannedCaller, Preflight, PreflightInput, RateLimits, Role, TierLimits, TimeLimit, TokenGuess,
    held, preflight, races,
};
use trilemma_domain::{Input, Item, Margin, Preference, Reference};
use trilemma_golden::size_guide;

use crate::support::*;

fn golden(n: usize) -> Vec<Item> {
    (0..n)
        .map(|idx| Item::new(idx.to_string(), Input::Text(String::new())))
        .collect()
}

fn caller(name: &str, role: Role, price: Option<(&str, &str)>) -> PlannedCaller {
    PlannedCaller {
        name: name.to_owned(),
        role,
        calls_per_trial: 1.0,
        input_tokens: TokenGuess {
            mean: 1_500,
            upper: 2_000,
        },
        output_tokens: TokenGuess {
            mean: 300,
            upper: 800,
        },
        pricer: candidate(name, price).pricer,
        limits: RateLimits {
            group: name.to_owned(),
            rpm: None,
            tpm: None,
            tiers: Vec::new(),
        },
        seconds_per_call: None,
    }
}

fn plan(n: usize) -> PreflightInput {
    PreflightInput {
        size: size_guide(&golden(n), None, held(0.95, 2).unwrap()).unwrap(),
        weights: vec![1.0; n],
        repeats: 2,
        callers: vec![
            caller("a", Role::Candidate, Some(("2.50", "10.00"))),
            caller("b", Role::Candidate, None),
            caller("judge", Role::Judge, Some(("0.15", "0.60"))),
        ],
        requirements: trilemma_domain::Requirements::default(),
        incumbent: None,
        preference: Preference::default(),
        concurrency: 10,
    }
}

fn chances(plan: &Preflight, gate: GateKind, difference: f64) -> (f64, f64) {
    let row = plan
        .chances
        .iter()
        .find(|row| row.gate == gate && (row.true_difference - difference).abs() < 1e-9)
        .unwrap();
    (row.low.meets, row.high.meets)
}

#[test]
fn calls_cost_and_what_is_unknown() {
    let plan = preflight(&plan(100));
    // 2 candidates x 100 x 2, and a judgement of each answer.
    assert_eq!(plan.n_calls, 200 + 200 + 400);
    // 200 x 0.00675 + 400 x 0.000405; at the upper ends 200 x 0.013 + 400 x 0.00078.
    let cost = plan.cost.unwrap();
    assert_eq!(cost.expected_usd, "1.512".parse().unwrap());
    assert_eq!(cost.upper_usd, "2.912".parse().unwrap());
    assert_eq!(plan.unpriced, ["b"]);
    assert_eq!(plan.time.seconds, None);
    assert_eq!(plan.time.limited_by, None);
}

#[test]
fn the_slowest_limit_sets_the_time() {
    let mut input = plan(100);
    input.callers.truncate(2);
    input.callers.iter_mut().for_each(|caller| {
        caller.seconds_per_call = Some(2.0);
        "shared".clone_into(&mut caller.limits.group);
    });
    // 400 calls of 2 s, 10 at a time.
    let free = preflight(&input).time;
    assert_eq!(
        (free.seconds, free.limited_by),
        (Some(80.0), Some(TimeLimit::Concurrency))
    );
    // 400 calls at 60 a minute.
    input.callers[0].limits.rpm = Some(60);
    let limited = preflight(&input).time;
    assert_eq!(limited.seconds, Some(400.0));
    let shared = "shared".to_owned();
    assert_eq!(
        limited.limited_by,
        Some(TimeLimit::RequestsPerMinute(shared.clone()))
    );
    // 400 x 1,800 tokens at 30,000 a minute.
    input.callers[1].limits.tpm = Some(30_000);
    let limited = preflight(&input).time;
    assert_eq!(limited.seconds, Some(1_440.0));
    assert_eq!(limited.limited_by, Some(TimeLimit::TokensPerMinute(shared)));
}

#[test]
fn chances_of_a_verdict_fall_with_the_true_difference() {
    let mut input = plan(412);
    input.requirements.not_worse_than = not_worse(Reference::Best, Margin::Absolute(0.03));
    input.requirements.pass_rate = pass_rate(0.90);
    let plan = preflight(&input);
    let differences = [0.0, -0.01, -0.02, -0.03, -0.05];
    let meets: Vec<(f64, f64)> = differences
        .iter()
        .map(|d| chances(&plan, GateKind::NotWorseThan, *d))
        .collect();
    assert!(
        meets
            .windows(2)
            .all(|pair| pair[0].0 >= pair[1].0 && pair[0].1 >= pair[1].1)
    );
    // 412 items give 80 % at 6 % disagreement: more at 3.5 %, less at 10 %.
    assert!(meets[0].0 > 0.80 && meets[0].1 < 0.80, "{meets:?}");
    // At the margin itself, "not worse" is an error of at most about 5 %.
    assert!(meets[3].1 < 0.06, "{meets:?}");
    // At the bar itself likewise; Holm halves it for two candidates.
    assert!(chances(&plan, GateKind::PassRate, 0.0).0 <= 0.025);
    assert!(chances(&plan, GateKind::PassRate, 0.05).0 > 0.80);
    for row in &plan.chances {
        let sum = row.high.meets + row.high.fails + row.high.undecided;
        assert!((sum - 1.0).abs() < 1e-9);
    }
}

#[test]
fn published_tiers_bound_the_time_of_callers_of_whom_nothing_is_stated() {
    let tier = |name: &str, rpm, itpm, otpm, rpd| TierLimits {
        provider: "vendor".to_owned(),
        tier: name.to_owned(),
        rpm,
        tpm: None,
        itpm,
        otpm,
        rpd,
    };
    let mut input = plan(100);
    input.callers[0].limits.tiers = vec![
        tier("Tier 1", Some(50), Some(30_000), Some(8_000), None),
        tier("Tier 2", Some(1_000), None, None, None),
        tier("daily", Some(1_000), None, None, Some(50)),
        tier("custom", None, None, None, None),
    ];
    // 200 calls of 1,500 and 300 tokens: 4 min by requests, 10 by input, 7.5 by output; 12 s; and
    // 50 a day leave three days to wait for. A tier without figures says nothing.
    let time = preflight(&input).time;
    assert_eq!((time.seconds, time.limited_by), (None, None));
    let found: Vec<(&str, f64, TimeLimit)> = time
        .by_tier
        .iter()
        .map(|row| (row.tier.as_str(), row.seconds, row.limited_by.clone()))
        .collect();
    let a = || "a".to_owned();
    assert_eq!(
        found,
        [
            ("Tier 1", 600.0, TimeLimit::InputTokensPerMinute(a())),
            ("Tier 2", 12.0, TimeLimit::RequestsPerMinute(a())),
            ("daily", 259_200.0, TimeLimit::RequestsPerDay(a())),
        ]
    );
    // What the project states is what holds.
    input.callers[0].limits.rpm = Some(100);
    let time = preflight(&input).time;
    assert_eq!((time.seconds, time.by_tier), (Some(120.0), vec![]));
}

#[test]
fn the_proposed_margin_is_one_that_the_plan_itself_calls_likely() {
    for n in [60, 170, 300, 1_000] {
        let mut input = plan(n);
        let margin = preflight(&input).proposed_margin.unwrap();
        let mut meets = |margin: f64| {
            input.requirements.not_worse_than =
                not_worse(Reference::Best, Margin::Absolute(margin));
            let (rarely, often) = chances(&preflight(&input), GateKind::NotWorseThan, 0.0);
            rarely.min(often)
        };
        assert!(meets(margin) >= 0.80, "{n}: {margin}");
        assert!(
            meets(margin - 0.005) < 0.80,
            "{n}: {margin} is wider than needed"
        );
    }
    assert_eq!(preflight(&plan(5)).proposed_margin, None);
}

#[test]
fn each_race_says_what_it_would_take() {
    let mut input = plan(400);
    input.callers = vec![
        caller("dear", Role::Candidate, Some(("2.50", "10.00"))),
        caller("middle", Role::Candidate, Some(("0.50", "2.00"))),
        caller("cheap", Role::Candidate, Some(("0.10", "0.40"))),
        caller("judge", Role::Judge, Some(("0.15", "0.60"))),
    ];
    let names = |input: &PreflightInput| -> Vec<&str> {
        let races = races(input, &preflight(input));
        races.iter().map(|race| race.mode).collect()
    };
    assert_eq!(
        names(&input),
        ["calibrated", "cheapest", "certified", "certified-traffic"]
    );
    input.requirements.pass_rate = pass_rate(0.85);
    let whole = preflight(&input);
    let planned = races(&input, &whole);
    assert_eq!(planned.len(), 5);
    let all = whole.cost.unwrap();
    for race in &planned {
        assert!(race.n_calls.low <= race.n_calls.high, "{race:?}");
        // Whoever is chosen is asked everything.
        assert!(race.n_calls.low >= whole.n_calls / 3, "{race:?}");
        assert!(race.n_calls.low < whole.n_calls, "{race:?}");
        assert!(race.n_calls.high <= whole.n_calls, "{race:?}");
        let cost = race.cost_usd.as_ref().unwrap();
        assert!(
            cost.low <= cost.high && cost.high <= all.upper_usd,
            "{race:?}"
        );
        assert!(cost.low < all.expected_usd, "{race:?}");
    }
    // Against the incumbent it is asked everything; against the best whoever may be it.
    input.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Absolute(0.05));
    assert!(!names(&input).contains(&"gates"), "there is no incumbent");
    input.incumbent = Some(0);
    assert!(names(&input).contains(&"gates"));
    input.requirements.not_worse_than = not_worse(Reference::Best, Margin::Absolute(0.05));
    for preference in Preference::ALL {
        input.preference = preference;
        let planned = races(&input, &preflight(&input));
        let gates = planned.iter().find(|race| race.mode == "gates").unwrap();
        assert!(
            gates.n_calls.low < whole.n_calls,
            "{preference:?}: {gates:?}"
        );
        assert!(
            gates.n_calls.high <= whole.n_calls,
            "{preference:?}: {gates:?}"
        );
    }
    input.callers.truncate(1);
    assert!(names(&input).is_empty());
}
