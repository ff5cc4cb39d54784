//! Shortlists for several sets of requirements, and the laws that they all keep.

use proptest::prelude::*;
use trilemma_catalog::{
    Catalog, Caution, DEFAULT_HORIZON_DAYS, Exclusion, Gap, Inclusion, Passed, Question, Shortlist,
    TypicalTokens, shortlist,
};
use trilemma_domain::{
    Capability, CostRequirement, PrivacyRequirement, Requirements, Stakes, TaskKind, Traffic,
    TrainingUse,
};

use crate::support::{catalog, day};

fn question(requirements: &Requirements) -> Question<'_> {
    Question {
        task: TaskKind::Generation,
        stakes: Stakes::Medium,
        requirements,
        traffic: None,
        tokens: TypicalTokens::default(),
        as_of: day("2026-11-23"),
        horizon_days: DEFAULT_HORIZON_DAYS,
        named: &[],
    }
}

fn ask(question: &Question<'_>) -> Shortlist {
    shortlist(&catalog(), question).unwrap()
}

fn ids(list: &Shortlist) -> Vec<String> {
    list.proposals
        .iter()
        .map(|proposal| proposal.id.to_string())
        .collect()
}

fn costs(list: &Shortlist) -> Vec<f64> {
    list.proposals
        .iter()
        .filter_map(|proposal| Some(proposal.cost.as_ref()?.high.to_f64()))
        .collect()
}

fn excluded<'a>(list: &'a Shortlist, id: &str) -> &'a [Exclusion] {
    list.excluded
        .iter()
        .find(|judged| judged.id.to_string() == id)
        .map_or(&[], |judged| &judged.reasons)
}

fn undecided<'a>(list: &'a Shortlist, id: &str) -> &'a [Gap] {
    list.undecided
        .iter()
        .find(|judged| judged.id.to_string() == id)
        .map_or(&[], |judged| &judged.reasons)
}

fn private(privacy: PrivacyRequirement) -> Requirements {
    Requirements {
        privacy: Some(privacy),
        ..Requirements::default()
    }
}

fn per_query(usd: &str) -> Requirements {
    Requirements {
        cost: Some(CostRequirement {
            per_query: Some(usd.parse().unwrap()),
            ..CostRequirement::default()
        }),
        ..Requirements::default()
    }
}

#[test]
fn without_requirements_front_runners_and_cheaper_ones_are_proposed() {
    let none = Requirements::default();
    for stakes in [Stakes::Low, Stakes::Medium, Stakes::High] {
        let list = ask(&Question {
            stakes,
            ..question(&none)
        });
        let n = list.proposals.len();
        assert!((3..=5).contains(&n), "{n} proposals");
        let front = list
            .proposals
            .iter()
            .filter(|one| one.because.contains(&Inclusion::FrontRunner))
            .count();
        let cheaper = list
            .proposals
            .iter()
            .filter(|one| {
                one.because
                    .iter()
                    .any(|why| matches!(why, Inclusion::Cheaper { .. }))
            })
            .count();
        assert!(front >= 1, "{stakes:?}: {:?}", ids(&list));
        assert!(cheaper >= 1, "{stakes:?}: {:?}", ids(&list));
        assert!(list.proposals.iter().all(|one| !one.because.is_empty()));
    }
}

#[test]
fn todays_front_runners_and_economy_models_are_the_obvious_ones() {
    let none = Requirements::default();
    let high = ask(&Question {
        stakes: Stakes::High,
        ..question(&none)
    });
    for expected in [
        "openai/gpt-6.1-sol",
        "anthropic/claude-opus-5-5",
        "google/gemini-4-argon",
    ] {
        assert!(
            ids(&high).contains(&expected.to_owned()),
            "{:?}",
            ids(&high)
        );
    }
    let low = ask(&Question {
        stakes: Stakes::Low,
        task: TaskKind::Classification,
        ..question(&none)
    });
    assert!(
        ids(&low).contains(&"openai/gpt-6-luna".to_owned()),
        "{:?}",
        ids(&low)
    );
    assert!(
        ids(&low).contains(&"anthropic/claude-haiku-5-5".to_owned()),
        "{:?}",
        ids(&low)
    );
}

#[test]
fn early_2025_gives_the_documents_own_advice() {
    let none = Requirements::default();
    let ask_then = |stakes, task| {
        ask(&Question {
            stakes,
            task,
            as_of: day("2025-02-01"),
            ..question(&none)
        })
    };
    let quality = ask_then(Stakes::High, TaskKind::Reasoning);
    assert!(
        ids(&quality).contains(&"openai/gpt-4o-2024-08-06".to_owned()),
        "{:?}",
        ids(&quality)
    );
    assert!(
        ids(&quality).contains(&"anthropic/claude-3-5-sonnet-20241022".to_owned()),
        "{:?}",
        ids(&quality)
    );
    let volume = ask_then(Stakes::Low, TaskKind::Classification);
    assert!(
        ids(&volume).contains(&"openai/gpt-4o-mini-2024-07-18".to_owned()),
        "{:?}",
        ids(&volume)
    );
}

#[test]
fn low_stakes_and_high_volume_put_cheaper_first() {
    let none = Requirements::default();
    let busy = Traffic {
        queries_per_day: 200_000.0,
        peak_to_mean: None,
        growth_per_month: None,
        cache_hit_rate: None,
    };
    let low = Question {
        stakes: Stakes::Low,
        ..question(&none)
    };
    let volume = Question {
        traffic: Some(&busy),
        ..question(&none)
    };
    for question in [low, volume] {
        let costs = costs(&ask(&question));
        assert!(costs.len() >= 3);
        assert!(costs.is_sorted(), "{costs:?}");
    }
    let high = ask(&Question {
        stakes: Stakes::High,
        traffic: Some(&busy),
        ..question(&none)
    });
    let first = costs(&high)[0];
    assert!(
        costs(&high).iter().any(|cost| *cost < first),
        "strongest first"
    );
}

#[test]
fn eu_privacy_passes_only_what_a_source_promises() {
    let requirements = private(PrivacyRequirement {
        training: Some(TrainingUse::Forbidden),
        regions: vec!["eu".to_owned()],
        self_hosted: false,
    });
    let list = ask(&question(&requirements));
    assert!(!list.proposals.is_empty());
    for proposal in &list.proposals {
        assert_eq!(proposal.id.provider, "openai", "{:?}", ids(&list));
        assert!(
            proposal
                .cautions
                .iter()
                .any(|caution| matches!(caution, Caution::TermsCondition { .. })),
            "the condition of the promise is told"
        );
    }
    assert!(matches!(
        excluded(&list, "anthropic/claude-opus-5-5"),
        [Exclusion::Region { .. }]
    ));
    assert_eq!(
        undecided(&list, "mistral/mistral-large-2512"),
        [Gap::Regions]
    );
    assert_eq!(
        undecided(&list, "groq/openai/gpt-oss-120b"),
        [Gap::Training, Gap::Regions]
    );
}

#[test]
fn self_hosted_leaves_open_weights_and_tells_their_licence() {
    let requirements = private(PrivacyRequirement {
        self_hosted: true,
        ..PrivacyRequirement::default()
    });
    let list = ask(&question(&requirements));
    assert!(list.proposals.len() >= 3, "{:?}", ids(&list));
    for proposal in &list.proposals {
        assert_eq!(proposal.id.provider, "open-weights");
    }
    assert_eq!(
        excluded(&list, "openai/gpt-6.1-sol"),
        [Exclusion::NotSelfHosted]
    );
    assert_eq!(
        undecided(&list, "open-weights/qwen2-72b-instruct"),
        [Gap::Licence]
    );
    let without = ask(&question(&Requirements::default()));
    assert!(
        without
            .passed_over
            .iter()
            .any(|judged| judged.reasons == [Passed::NeedsHosting])
    );
}

#[test]
fn abilities_and_context_filter_three_ways() {
    let requirements = Requirements {
        context: Some(200_000),
        capabilities: vec![Capability::JsonSchema],
        ..Requirements::default()
    };
    let list = ask(&question(&requirements));
    assert!(
        excluded(&list, "openai/gpt-4o-2024-08-06").contains(&Exclusion::Context {
            needed: 200_000,
            has: 128_000
        })
    );
    let gpt_4o_old = excluded(&list, "openai/gpt-4o-2024-05-13");
    assert!(gpt_4o_old.contains(&Exclusion::Lacks {
        capability: Capability::JsonSchema
    }));
    let opus_open = undecided(&list, "open-weights/qwen3.5-4b");
    assert_eq!(
        opus_open,
        [Gap::Ability {
            capability: Capability::JsonSchema
        }]
    );
    assert!(!list.proposals.is_empty());
}

#[test]
fn a_ceiling_excludes_the_dear_and_leaves_the_unpriced_undecided() {
    let requirements = per_query("0.001");
    let list = ask(&question(&requirements));
    assert!(matches!(
        excluded(&list, "openai/gpt-6.1-sol"),
        [Exclusion::TooDear { .. }]
    ));
    assert!(
        ids(&list).contains(&"openai/gpt-6-luna".to_owned()),
        "{:?}",
        ids(&list)
    );
    assert!(matches!(
        undecided(&list, "open-weights/phi-4"),
        [Gap::Price { .. }]
    ));
}

#[test]
fn a_monthly_ceiling_needs_traffic_to_bind() {
    let requirements = Requirements {
        cost: Some(CostRequirement {
            per_month: Some("300".parse().unwrap()),
            ..CostRequirement::default()
        }),
        ..Requirements::default()
    };
    let traffic = Traffic {
        queries_per_day: 10_000.0,
        peak_to_mean: None,
        growth_per_month: None,
        cache_hit_rate: None,
    };
    let free = ask(&question(&requirements));
    assert!(excluded(&free, "openai/gpt-6.1-sol").is_empty());
    let bound = ask(&Question {
        traffic: Some(&traffic),
        ..question(&requirements)
    });
    // 300 USD over 300,000 queries is 0.001 USD each.
    let [Exclusion::TooDear { ceiling, .. }] = excluded(&bound, "openai/gpt-6.1-sol") else {
        panic!("too dear");
    };
    assert_eq!(ceiling.to_string(), "0.001");
}

#[test]
fn estimates_follow_the_documents_arithmetic() {
    // 10,000 queries a day for 30 days, 1,500 in and 300 out: 2,025 / 121.50 / 225 USD a month,
    // that is 0.00675 / 0.000405 / 0.00075 per query; the last one is Claude's, whose tokenizer
    // makes 1.16 to 1.17 times as many tokens.
    let none = Requirements::default();
    let named = ["gpt-4o", "gpt-4o-mini"].map(str::to_owned);
    let list = ask(&Question {
        as_of: day("2025-02-01"),
        stakes: Stakes::High,
        task: TaskKind::Reasoning,
        named: &named,
        ..question(&none)
    });
    let cost = |id: &str| {
        let proposal = list.proposals.iter().find(|one| one.id.to_string() == id)?;
        let cost = proposal.cost.as_ref()?;
        Some((cost.low.to_string(), cost.high.to_string()))
    };
    let expected = ("0.00675".to_owned(), "0.00675".to_owned());
    assert_eq!(
        cost("openai/gpt-4o-2024-08-06"),
        Some(expected),
        "{:?}",
        ids(&list)
    );
    let low = ask(&Question {
        as_of: day("2025-02-01"),
        stakes: Stakes::Low,
        task: TaskKind::Classification,
        ..question(&none)
    });
    let haiku = low
        .proposals
        .iter()
        .find(|one| one.id.to_string() == "anthropic/claude-3-haiku-20240307");
    if let Some(cost) = haiku.and_then(|one| one.cost.as_ref()) {
        assert_eq!(cost.low.to_string(), "0.00087");
        assert_eq!(cost.high.to_string(), "0.0008775");
    }
    let mini = low
        .proposals
        .iter()
        .find(|one| one.id.to_string() == "openai/gpt-4o-mini-2024-07-18")
        .and_then(|one| one.cost.as_ref())
        .unwrap();
    assert_eq!(mini.high.to_string(), "0.000405");
}

#[test]
fn moving_past_a_shutdown_excludes() {
    let none = Requirements::default();
    let at = |date: &str, horizon_days| {
        ask(&Question {
            as_of: day(date),
            horizon_days,
            ..question(&none)
        })
    };
    let id = "openai/gpt-4o-2024-08-06";
    assert!(excluded(&at("2026-11-23", 30), id).is_empty());
    assert!(matches!(
        excluded(&at("2026-11-23", 180), id),
        [Exclusion::EndsInsideHorizon { by, .. }] if *by == day("2027-01-14")
    ));
    let after = at("2027-02-01", 30);
    let [
        Exclusion::ShutDown {
            since, replacement, ..
        },
    ] = excluded(&after, id)
    else {
        panic!("shut down");
    };
    assert_eq!(*since, day("2027-01-14"));
    assert_eq!(replacement.as_deref(), Some("openai/gpt-6-luna"));
    assert!(matches!(
        excluded(&at("2024-01-01", 30), id),
        [Exclusion::NotYetReleased { .. }]
    ));
}

#[test]
fn announced_price_rises_are_told() {
    let none = Requirements::default();
    let list = ask(&Question {
        stakes: Stakes::High,
        ..question(&none)
    });
    let argon = list
        .proposals
        .iter()
        .find(|one| one.id.model == "gemini-4-argon")
        .unwrap();
    let rise = argon.cautions.iter().find_map(|caution| match caution {
        Caution::PriceChange { on, from, to } => Some((*on, *from, *to)),
        _ => None,
    });
    let (on, from, to) = rise.unwrap();
    assert_eq!(on, day("2026-12-01"));
    assert!(
        (to.unwrap().to_f64() / from.to_f64() - 2.0).abs() < 1e-9,
        "doubles"
    );
}

#[test]
fn named_models_are_warned_about_and_kept() {
    let requirements = per_query("0.0001");
    let named = [
        "gpt-4o",
        "claude-3-haiku",
        "no-such-model",
        "openai/gpt-6-luna",
    ]
    .map(str::to_owned);
    let list = ask(&Question {
        named: &named,
        ..question(&requirements)
    });
    assert_eq!(list.named.len(), 4);
    let gpt_4o = &list.named[0];
    assert_eq!(
        gpt_4o.id.as_ref().unwrap().to_string(),
        "openai/gpt-4o-2024-08-06"
    );
    assert!(gpt_4o.cautions.contains(&Caution::MovingName {
        snapshot: "openai/gpt-4o-2024-08-06".to_owned()
    }));
    assert!(gpt_4o.cautions.contains(&Caution::Superseded {
        by: "openai/gpt-6.1-sol".to_owned()
    }));
    assert_eq!(gpt_4o.fails.len(), 2, "{:?}", gpt_4o.fails);
    assert!(matches!(list.named[1].fails[0], Exclusion::ShutDown { .. }));
    assert!(
        list.named[2]
            .problem
            .as_ref()
            .unwrap()
            .contains("no-such-model")
    );
    assert!(list.named[3].problem.is_none());
}

#[test]
fn every_model_is_told_about_once() {
    let requirements = per_query("0.003");
    let list = ask(&question(&requirements));
    let mut told: Vec<String> = ids(&list);
    told.extend(list.passed_over.iter().map(|judged| judged.id.to_string()));
    told.extend(list.undecided.iter().map(|judged| judged.id.to_string()));
    told.extend(list.excluded.iter().map(|judged| judged.id.to_string()));
    let mut all: Vec<String> = catalog()
        .models()
        .unwrap()
        .iter()
        .map(|found| found.model.id.to_string())
        .collect();
    told.sort();
    all.sort();
    assert_eq!(told, all);
    assert!(
        list.excluded
            .iter()
            .all(|judged| !judged.reasons.is_empty())
    );
    assert!(
        list.undecided
            .iter()
            .all(|judged| !judged.reasons.is_empty())
    );
}

/// Sentences are part of the interface: they are printed as they are.
#[test]
fn reasons_read_as_sentences() {
    let requirements = Requirements {
        context: Some(500_000),
        ..private(PrivacyRequirement {
            training: Some(TrainingUse::Forbidden),
            regions: vec!["eu".to_owned()],
            self_hosted: false,
        })
    };
    let list = ask(&question(&requirements));
    let reasons: Vec<String> = excluded(&list, "anthropic/claude-haiku-4-5-20251001")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(reasons[0], "context of 200000 tokens; 500000 are needed");
    assert!(
        reasons[1].starts_with("processing can be pinned only to us, not to eu (Anthropic: data"),
        "{}",
        reasons[1]
    );
}

/// Models that pass all gates, whether proposed or not.
fn eligible(list: &Shortlist) -> Vec<String> {
    let mut all = ids(list);
    all.extend(list.passed_over.iter().map(|judged| judged.id.to_string()));
    all
}

fn shared() -> &'static Catalog {
    static CATALOG: std::sync::OnceLock<Catalog> = std::sync::OnceLock::new();
    CATALOG.get_or_init(Catalog::builtin)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_cheaper_ceiling_never_adds_models(
        low in 1_u32..20_000,
        more in 0_u32..20_000,
        output in 1_u64..4_000,
    ) {
        let ask = |micros: u32| {
            let requirements = per_query(&format!("0.{micros:06}"));
            let list = shortlist(shared(), &Question {
                tokens: TypicalTokens { input: 1_500, output },
                ..question(&requirements)
            });
            list.unwrap()
        };
        let (tight, loose) = (ask(low), ask(low + more));
        let loose = eligible(&loose);
        for id in eligible(&tight) {
            prop_assert!(loose.contains(&id), "{id} only under the cheaper ceiling");
        }
    }

    #[test]
    fn more_demands_never_add_models(context in 1_000_u64..2_000_000, strict in any::<bool>()) {
        let base = Requirements::default();
        let requirements = Requirements {
            context: Some(context),
            privacy: strict.then(|| PrivacyRequirement {
                training: Some(TrainingUse::Forbidden),
                ..PrivacyRequirement::default()
            }),
            ..Requirements::default()
        };
        let all = eligible(&shortlist(shared(), &question(&base)).unwrap());
        for id in eligible(&shortlist(shared(), &question(&requirements)).unwrap()) {
            prop_assert!(all.contains(&id));
        }
    }

    #[test]
    fn equal_questions_get_equal_answers(day_idx in 0_i64..700) {
        let none = Requirements::default();
        let start = day("2025-01-01");
        let as_of = start.checked_add(jiff::Span::new().days(day_idx)).unwrap();
        let question = Question { as_of, ..question(&none) };
        let list = shortlist(shared(), &question).unwrap();
        prop_assert_eq!(&list, &shortlist(&catalog(), &question).unwrap());
        prop_assert!(list.proposals.len() <= 5);
        prop_assert!(list.proposals.len() >= 3, "{:?} on {}", ids(&list), as_of);
    }
}

#[test]
fn the_same_weights_are_proposed_once() {
    let requirements = per_query("0.0004");
    let list = ask(&Question {
        task: TaskKind::Code,
        ..question(&requirements)
    });
    let catalog = catalog();
    let mut weights: Vec<String> = list
        .proposals
        .iter()
        .filter_map(|one| catalog.get(&one.id).unwrap().unwrap().model.weights.clone())
        .map(|weights| weights.to_string())
        .collect();
    let n = weights.len();
    weights.sort();
    weights.dedup();
    assert_eq!(weights.len(), n, "{:?}", ids(&list));
}

#[test]
fn models_for_code_are_proposed_for_code_only() {
    let none = Requirements::default();
    let list = ask(&question(&none));
    let passed = list
        .passed_over
        .iter()
        .find(|judged| judged.id.to_string() == "mistral/codestral-2508")
        .unwrap();
    assert_eq!(
        passed.reasons,
        [Passed::Specialised {
            tasks: vec![TaskKind::Code]
        }]
    );
}
