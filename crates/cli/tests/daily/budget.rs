//! A budget is a promise: what it cannot bound is not called unasked.

use fs_err as fs;

use crate::desk::{project, run, text, value};

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
