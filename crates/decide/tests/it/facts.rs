//! Requirements on what sources state, and warnings about names, ends and prices.

use trilemma_catalog::Catalog;
use trilemma_decide::{
    CandidateFacts, Cause, Conclusion, GateKind, Known, LifecycleEnd, Naming, OverturnKind,
    ServedModel, StalePrices, Status, WarningCode,
};
use trilemma_domain::{
    Candidate, Capability, Dialect, ModelName, Params, PrivacyRequirement, Target, ToolChoice,
    TrainingUse, Verdict,
};

use crate::support::*;

const CHEAP: Option<(&str, &str)> = Some(("0.15", "0.60"));

#[test]
fn unknown_terms_are_undecided_and_known_ones_decide() {
    let mut input = input(
        vec![
            candidate("no", CHEAP),
            candidate("yes", CHEAP),
            candidate("unknown", CHEAP),
        ],
        50,
    );
    input.requirements.privacy = Some(PrivacyRequirement {
        training: Some(TrainingUse::Forbidden),
        regions: vec!["EU".to_owned()],
        self_hosted: false,
    });
    input.requirements.capabilities = vec![Capability::JsonSchema];
    input.requirements.context = Some(16_000);
    let facts = &mut input.candidates[0];
    facts.privacy.trains = Some(Known::No);
    facts.privacy.regions = Some(vec!["us".to_owned(), "eu".to_owned()]);
    facts.privacy.conditions = Some("a signed addendum".to_owned());
    facts
        .capabilities
        .insert(Capability::JsonSchema, Known::Yes);
    facts.context_window = Some(16_000);
    let facts = &mut input.candidates[1];
    facts.privacy.trains = Some(Known::Yes);
    facts.privacy.regions = Some(Vec::new());
    facts.capabilities.insert(Capability::JsonSchema, Known::No);
    facts.context_window = Some(15_999);
    let columns = [passes(0, 50, 50), passes(1, 50, 50), passes(2, 50, 50)];
    let decision = run(&input, &columns);
    let kinds = [
        GateKind::Training,
        GateKind::Regions,
        GateKind::Capability(Capability::JsonSchema),
        GateKind::Context,
    ];
    for kind in kinds {
        assert_eq!(gate(&decision, 0, kind).verdict, Verdict::Meets, "{kind:?}");
        assert_eq!(gate(&decision, 1, kind).verdict, Verdict::Fails, "{kind:?}");
        let open = gate(&decision, 2, kind);
        assert_eq!(open.cause, Some(Cause::UnknownFact), "{kind:?}");
        assert!(open.settle.is_some());
    }
    assert_eq!(decision.status(), Status::Decided);
    let codes: Vec<_> = decision
        .warnings
        .iter()
        .map(|w| (w.code, w.candidate))
        .collect();
    assert!(codes.contains(&(WarningCode::TermsCondition, Some(0))));
}

#[test]
fn own_servers_meet_privacy_without_terms() {
    let mut input = input(vec![candidate("own", CHEAP)], 50);
    input.requirements.privacy = Some(PrivacyRequirement {
        training: Some(TrainingUse::Forbidden),
        regions: vec!["eu".to_owned()],
        self_hosted: true,
    });
    input.candidates[0].privacy.self_hosted = Some(Known::Yes);
    assert_eq!(run(&input, &[passes(0, 50, 50)]).status(), Status::Decided);
    input.candidates[0].privacy.self_hosted = None;
    let decision = run(&input, &[passes(0, 50, 50)]);
    assert_eq!(
        gate(&decision, 0, GateKind::SelfHosted).cause,
        Some(Cause::UnknownFact)
    );
}

fn listed(as_of: jiff::civil::Date) -> CandidateFacts {
    let candidate = Candidate {
        id: "listed".into(),
        target: Target {
            provider: "openai".to_owned(),
            dialect: Dialect::OpenAi,
            base_url: "https://api.openai.com/v1".to_owned(),
            model: "gpt-4o-2024-08-06".to_owned(),
            api_version: None,
            pipeline: None,
        },
        identity: ModelName::parse("openai/gpt-4o-2024-08-06"),
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::default(),
        price: None,
        stream: false,
    };
    CandidateFacts::of(&candidate, &Catalog::builtin(), as_of).unwrap()
}

#[test]
fn old_prices_warn_then_forbid_a_recommendation() {
    let checked = listed(date(2026, 11, 23)).pricer.unwrap();
    let checked = match &checked.steps()[0].basis {
        trilemma_cost::PriceBasis::Catalog { checked, .. } => *checked,
        other => panic!("{other:?}"),
    };
    let on = |days: i32, stale: StalePrices| {
        let as_of = checked.checked_add(jiff::Span::new().days(days)).unwrap();
        let mut input = input(vec![listed(as_of)], 50);
        input.as_of = as_of;
        input.stale_prices = stale;
        // Only the age of its price is looked at.
        input.candidates[0].end = None;
        run(&input, &[passes(0, 50, 50)])
    };
    let has = |decision: &trilemma_decide::Decision, code| {
        decision.warnings.iter().any(|w| w.code == code)
    };
    assert!(!has(&on(30, StalePrices::Refuse), WarningCode::OldPrice));
    let ageing = on(31, StalePrices::Refuse);
    assert!(has(&ageing, WarningCode::OldPrice) && ageing.status() == Status::Decided);
    let stale = on(91, StalePrices::Refuse);
    assert_eq!(stale.status(), Status::Undecided);
    assert_eq!(
        gate(&stale, 0, GateKind::PriceAge).cause,
        Some(Cause::StalePrice)
    );
    let accepted = on(91, StalePrices::Accept);
    assert_eq!(accepted.status(), Status::Decided);
    assert!(has(&accepted, WarningCode::StalePrice));
}

#[test]
fn ends_within_twelve_months_and_other_models_are_told() {
    let mut input = input(vec![candidate("a", CHEAP)], 50);
    input.candidates[0].end = Some(LifecycleEnd {
        by: date(2027, 1, 14),
        exact: true,
        replacement: Some("openai/gpt-6-luna".to_owned()),
        at_endpoint: true,
        source: None,
    });
    input.candidates[0].naming = Naming::Moving;
    input.candidates[0].served = vec![
        ServedModel {
            name: "models/A".to_owned(),
            n_trials: 40,
        },
        ServedModel {
            name: "b-2026".to_owned(),
            n_trials: 10,
        },
    ];
    let decision = run(&input, &[passes(0, 50, 50)]);
    let shutdown = decision
        .overturns
        .iter()
        .find(|o| o.kind == OverturnKind::Shutdown)
        .unwrap();
    assert_eq!(shutdown.on, Some(date(2027, 1, 14)));
    assert!(shutdown.text.contains("gpt-6-luna"), "{}", shutdown.text);
    let texts = |code| -> Vec<&str> {
        let all = decision.warnings.iter().filter(|w| w.code == code);
        all.map(|w| w.text.as_str()).collect()
    };
    assert_eq!(texts(WarningCode::ServedOther).len(), 1);
    assert!(texts(WarningCode::ServedOther)[0].contains("b-2026"));
    assert_eq!(texts(WarningCode::MovingName).len(), 1);
    assert_eq!(texts(WarningCode::Ending).len(), 1);
}

#[test]
fn what_is_shut_down_where_it_is_called_cannot_be_chosen() {
    let end = listed(date(2024, 12, 1)).end.unwrap();
    assert!(end.at_endpoint && end.source.is_some());
    let on = |as_of: jiff::civil::Date| {
        let mut input = input(vec![listed(as_of), candidate("other", CHEAP)], 50);
        input.as_of = as_of;
        input.stale_prices = StalePrices::Accept;
        input.incumbent = Some(0);
        run(&input, &[passes(0, 50, 50), passes(1, 45, 50)])
    };
    let before = on(end.by.yesterday().unwrap());
    assert!(
        before.candidates[0]
            .gates
            .iter()
            .all(|gate| gate.gate != GateKind::Offered)
    );
    let after = on(end.by);
    let gone = gate(&after, 0, GateKind::Offered);
    assert_eq!(gone.verdict, Verdict::Fails);
    for said in [end.by.to_string(), end.source.unwrap()] {
        assert!(gone.reason.contains(&said), "{}", gone.reason);
    }
    match after.conclusion {
        Conclusion::Decided { recommended, .. } => assert_eq!(recommended, 1),
        other => panic!("{other:?}"),
    }
    assert!(after.warnings.iter().all(|w| w.code != WarningCode::Ending));
}

#[test]
fn the_end_at_another_house_is_told_and_rules_nobody_out() {
    let mut input = input(vec![listed(date(2024, 12, 1))], 50);
    let end = input.candidates[0].end.as_mut().unwrap();
    end.at_endpoint = false;
    input.as_of = end.by;
    input.stale_prices = StalePrices::Accept;
    let decision = run(&input, &[passes(0, 50, 50)]);
    assert_eq!(decision.status(), Status::Decided);
    let told = decision
        .warnings
        .iter()
        .filter(|w| w.code == WarningCode::Ending);
    assert_eq!(told.count(), 1);
}
