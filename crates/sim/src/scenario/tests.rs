//! Tests of the scenario format.

use super::*;
use crate::error::SimError;

fn problem(text: &str) -> String {
    Scenario::parse(text).unwrap_err().to_string()
}

#[test]
fn toml_and_json_say_the_same() {
    let toml = r#"
        seed = 3
        other_models = "not_found"
        [defaults]
        first_token_ms = { median = 250, sigma = 0.4, max = 2000 }
        gap_ms = 12.5
        [models.a]
        answers = { type = "replay", of = "b" }
        usage = { input = 10 }
        limits = { requests_per_minute = 60 }
        drift = { after_calls = 9, served_model = "a-2" }
        [[faults]]
        kind = "error_after_200"
        per_100 = 4
    "#;
    let json = r#"{"seed": 3, "other_models": "not_found",
        "defaults": {"first_token_ms": {"median": 250, "sigma": 0.4, "max": 2000}, "gap_ms": 12.5},
        "models": {"a": {"answers": {"type": "replay", "of": "b"}, "usage": {"input": 10},
            "limits": {"requests_per_minute": 60},
            "drift": {"after_calls": 9, "served_model": "a-2"}}},
        "faults": [{"kind": "error_after_200", "per_100": 4}]}"#;
    let scenario = Scenario::parse(toml).unwrap();
    assert_eq!(scenario, Scenario::parse(json).unwrap());
    assert_eq!(
        scenario.faults,
        [FaultRule::per_100(FaultKind::ErrorAfter200, 4)]
    );
    assert_eq!(scenario.defaults.gap_ms, Some(Spread::Fixed(12.5)));
    let again = serde_json::to_string(&scenario).unwrap();
    assert_eq!(scenario, Scenario::parse(&again).unwrap());
    assert_eq!(Scenario::parse("").unwrap(), Scenario::default());
}

#[test]
fn every_fault_has_the_name_it_is_read_by() {
    for kind in FaultKind::ALL {
        let text = format!("faults = [{{ kind = \"{}\", every = 2 }}]", kind.name());
        assert_eq!(
            Scenario::parse(&text).unwrap().faults,
            [FaultRule::every(kind, 2)]
        );
    }
}

#[test]
fn unknown_keys_and_words_are_errors_with_their_place() {
    for (text, word) in [
        ("sed = 1", "`sed`"),
        ("[models.a]\nfirst_token = 3", "line 2"),
        ("[defaults]\ngap_ms = { median = 1, sigm = 2 }", "`sigm`"),
        ("[defaults]\ngap_ms = \"fast\"", "a number or"),
        (
            "faults = [{ kind = \"explode\", every = 1 }]",
            "`rate_limited`",
        ),
        (
            "[defaults]\nanswers = { type = \"text\", txt = \"x\" }",
            "`txt`",
        ),
        ("{\"seed\": 1, \"x\": 2}", "`x`"),
    ] {
        let problem = problem(text);
        assert!(problem.contains(word), "{text}: {problem}");
    }
}

#[test]
fn values_that_make_no_sense_are_errors_that_name_the_key() {
    for (text, field) in [
        ("schema_version = 2", "`schema_version`"),
        (
            "[defaults]\nfirst_token_ms = -1",
            "`defaults.first_token_ms`",
        ),
        (
            "[models.a]\ngap_ms = { median = 1, sigma = nan }",
            "`models.a.gap_ms`",
        ),
        (
            "[models.a]\nlimits = { requests_per_minute = 0 }",
            "`models.a.limits`",
        ),
        (
            "[models.a]\ndrift = { after_calls = 1, delay_factor = -2.0 }",
            "`models.a.drift.delay_factor`",
        ),
        ("faults = [{ kind = \"refusal\" }]", "`faults[0].kind`"),
        (
            "faults = [{ kind = \"refusal\", every = 1, first = 1 }]",
            "`faults[0].kind`",
        ),
        (
            "faults = [{ kind = \"refusal\", every = 0 }]",
            "`faults[0].every`",
        ),
        (
            "faults = [{ kind = \"refusal\", share = 1.5 }]",
            "`faults[0].share`",
        ),
        (
            "faults = [{ kind = \"refusal\", every = 1, retry_after_s = 1 }]",
            "`faults[0].retry_after_s`",
        ),
        (
            "faults = [{ kind = \"refusal\", per_100 = 60 }, { kind = \"length\", per_100 = 41 }]",
            "`faults`",
        ),
        (
            "[models.a]\nfaults = [{ kind = \"refusal\", share = -1.0 }]",
            "`models.a.faults[0].share`",
        ),
    ] {
        let error = Scenario::parse(text).unwrap_err();
        assert!(matches!(error, SimError::Scenario { .. }), "{text}");
        assert!(error.to_string().contains(field), "{text}: {error}");
    }
}

#[test]
fn what_a_model_leaves_open_follows_the_defaults() {
    let text = "[defaults]\nfirst_token_ms = 5\ngap_ms = 1\n[models.a]\ngap_ms = 2";
    let scenario = Scenario::parse(text).unwrap();
    let resolved = scenario.models["a"].or(&scenario.defaults);
    assert_eq!(resolved.first_token_ms, Some(Spread::Fixed(5.0)));
    assert_eq!(resolved.gap_ms, Some(Spread::Fixed(2.0)));
}
