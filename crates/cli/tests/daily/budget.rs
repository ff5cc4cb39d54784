//! A budget is a promise: what it cannot bound is not called unasked.

use fs_err as fs;

use trilemma_sim::{Behaviour, FaultKind, FaultRule, Scenario, SimOptions};

use crate::desk::{project, project_on, run, text, value};

#[test]
fn a_budget_without_a_price_is_refused_before_any_call() {
    let (folder, served) = project(10, &["a", "b"]);
    let file = folder.path().join("trilemma.toml");
    let price = "price = { input = \"1\", output = \"2\" }\n";
    let old = fs::read_to_string(&file).unwrap();
    let unpriced = old
        .replacen(price, "", 1)
        .replace("[bench]\n", "[bench]\nbudget_usd = \"1\"\n");
    fs::write(&file, &unpriced).unwrap();

    let checked = run(folder.path(), &["check"], &[0]);
    let said = text(&checked.stdout);
    assert!(
        said.contains("no price is known of `a`, so nothing bounds"),
        "{said}"
    );
    let inspection = value(&run(folder.path(), &["check", "--json"], &[0]));
    assert_eq!(
        inspection["inspection"]["unbounded"],
        serde_json::json!(["a"])
    );
    for command in ["bench", "select"] {
        let refused = run(folder.path(), &[command], &[2]);
        let said = text(&refused.stderr);
        assert!(said.contains("failed to keep to the budget"), "{said}");
        assert!(said.contains("--allow-unknown-price"), "{said}");
    }
    assert_eq!(served.log.n_ended(), 0);

    run(folder.path(), &["bench", "--allow-unknown-price"], &[0]);
    assert_eq!(served.log.n_ended(), 20);

    // A price of zero is a price, and without a budget nothing was promised.
    let free = price.replace(['1', '2'], "0");
    fs::write(
        &file,
        old.replacen(price, &free, 1)
            .replace("[bench]\n", "[bench]\nbudget_usd = \"1\"\n"),
    )
    .unwrap();
    run(folder.path(), &["bench"], &[0]);
    fs::write(&file, unpriced.replace("budget_usd = \"1\"\n", "")).unwrap();
    run(folder.path(), &["bench"], &[0]);
}

#[test]
fn answers_that_break_off_count_as_what_they_may_have_cost() {
    let (folder, served) = project_on(
        SimOptions {
            scenario: Scenario {
                defaults: Behaviour::default(),
                faults: vec![FaultRule::per_100(FaultKind::CutMidBody, 100)],
                ..Scenario::default()
            },
            ..SimOptions::default()
        },
        60,
        &["a"],
    );
    // An answer is planned with 1,000 tokens at 2 USD per million: nine of them fit.
    let bench = ["--json", "bench", "--budget", "0.02"];
    let summary = value(&run(folder.path(), &bench, &[4]));
    let nano = |name: &str| summary[name].as_i64().unwrap();
    assert_eq!(nano("spent"), 0);
    assert!(
        (15_000_000..=20_000_000).contains(&nano("assumed")),
        "{summary}"
    );
    assert_eq!(summary["stop"], "budget");
    let n_calls = served.log.n_ended();
    assert!((7..=9).contains(&n_calls), "{n_calls}");

    // The next session knows what the first may have spent.
    let again = value(&run(folder.path(), &bench, &[4]));
    assert_eq!(served.log.n_ended(), n_calls);
    assert_eq!(again["assumed"], summary["assumed"]);
    let said = text(&run(folder.path(), &["bench", "--budget", "0.02"], &[4]).stdout);
    assert!(said.contains("calls whose cost nobody told"), "{said}");
}
