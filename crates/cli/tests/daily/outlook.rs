//! The money part of a report, end to end: months, totals, own servers and rate limits, by the same
//! arithmetic as the commands that answer one of them.

use std::path::Path;
use std::process::Output;

use fs_err as fs;
use serde_json::Value;

use crate::desk::{project, text, typed, value};

const HOSTED: &str = "together/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo";

/// A measured project with traffic, an incumbent, and hosted open weights among the candidates.
fn measured(more: &str) -> (tempfile::TempDir, crate::support::Served) {
    let (folder, served) = project(40, &["big", "small", "open"]);
    let file = folder.path().join("trilemma.toml");
    let mut written = fs::read_to_string(&file).unwrap();
    let ids = [
        "openai/gpt-4o-2024-08-06",
        "openai/gpt-4o-mini-2024-07-18",
        HOSTED,
    ];
    for (name, identity) in ["big", "small", "open"].iter().zip(ids) {
        let old = format!("model = \"sim/{name}\"\nprice = {{ input = \"1\", output = \"2\" }}\n");
        let new = format!("id = \"{name}\"\nmodel = \"sim/{name}\"\nidentity = \"{identity}\"\n");
        assert!(written.contains(&old), "{written}");
        written = written.replace(&old, &new);
    }
    written = written.replace("[task]\n", "[task]\nincumbent = \"big\"\n");
    written.push_str(&format!("[traffic]\nqueries_per_day = 20000\n{more}"));
    fs::write(&file, written).unwrap();
    run(folder.path(), &["bench"], &[0]);
    (folder, served)
}

/// Runs a command on a fixed day.
fn run(folder: &Path, arguments: &[&str], exits: &[i32]) -> Output {
    let mut all = arguments.to_vec();
    if !all.contains(&"--as-of") {
        all.extend(["--as-of", "2026-11-23"]);
    }
    crate::desk::run(folder, &all, exits)
}

fn number(value: &Value) -> f64 {
    let text = value.as_str().map(ToOwned::to_owned);
    text.map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

fn close(found: f64, wanted: f64) {
    assert!(
        (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
        "{found} {wanted}"
    );
}

#[test]
fn months_totals_servers_and_limits_are_those_of_the_commands() {
    let (folder, _served) = measured("[assumptions]\nmonths = 6\neng_days = [1, 2, 3]\n");
    let decision = value(&run(
        folder.path(),
        &["report", "--json", "--stale-ok"],
        &[0],
    ));
    let outlook = &decision["outlook"];
    assert_eq!(outlook["months"], 6);
    let tco = value(&run(folder.path(), &["tco", "--json", "--stale-ok"], &[0]));
    let cost = value(&run(folder.path(), &["cost", "--json", "--stale-ok"], &[0]));
    for (idx, one) in outlook["candidates"].as_array().unwrap().iter().enumerate() {
        let (bill, owning) = (&one["bill"], &one["owning"]);
        close(
            number(&bill["month"]),
            number(&bill["per_query"]) * 600_000.0,
        );
        assert!(number(&bill["month_low"]) <= number(&bill["month"]));
        assert!(number(&bill["month"]) <= number(&bill["month_high"]));
        assert_eq!(bill["output"]["is_measured"], true);
        assert!(bill["price_checked"].is_string(), "{bill}");
        close(
            number(&cost["candidates"][idx]["usd_per_month"]),
            number(&bill["month"]),
        );
        let paid = owning["paid_by"].as_array().unwrap();
        assert_eq!(paid.len(), 7);
        close(number(&paid[0]), number(&owning["one_off"]));
        close(number(&paid[6]), number(&owning["total"]));
        close(
            number(&tco["candidates"][idx]["total_usd"]),
            number(&owning["total"]),
        );
        let drawn = &owning["simulated"];
        assert!(number(&drawn["p10"]) < number(&drawn["p50"]));
        assert!(number(&drawn["p50"]) < number(&drawn["p90"]));
    }
    assert_eq!(outlook["reference"], 0);
    let servers = outlook["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 1);
    assert_eq!(servers[0]["weights"], "open-weights/llama-3.1-8b-instruct");
    assert_eq!(servers[0]["candidates"], serde_json::json!([2]));
    let eng_days = outlook["assumptions"].as_array().unwrap();
    let eng_days = eng_days
        .iter()
        .find(|one| one["name"] == "eng_days")
        .unwrap();
    assert_eq!(
        (&eng_days["value"], &eng_days["origin"]),
        (&"2 (1 to 3)".into(), &"project file".into())
    );

    let schema = value(&run(folder.path(), &["schema", "decision"], &[0]));
    let schema = jsonschema::validator_for(&schema).unwrap();
    let misfits: Vec<String> = schema
        .iter_errors(&decision)
        .map(|one| one.to_string())
        .collect();
    assert_eq!(misfits, Vec::<String>::new());
}

#[test]
fn the_money_part_stands_in_every_format_that_people_read() {
    let (folder, _served) = measured("[assumptions]\nmonths = 6\neng_days = [1, 2, 3]\n");
    let page = text(
        &run(
            folder.path(),
            &["report", "--format", "html", "--stale-ok"],
            &[0],
        )
        .stdout,
    );
    for id in [
        "month-chart",
        "ledger-chart",
        "tornado",
        "staircase-1",
        "servers-1",
        "rates",
    ] {
        assert!(page.contains(&format!("id=\"{id}")), "{id}");
    }
    let markdown = text(
        &run(
            folder.path(),
            &["report", "--format", "markdown", "--stale-ok"],
            &[0],
        )
        .stdout,
    );
    for part in [
        "Owning it for 6 months",
        "Rate limits at the peak",
        "eng\\_days",
        "project file",
    ] {
        assert!(markdown.contains(part), "{part}");
    }
    let shown = typed(
        folder.path(),
        "COLUMNS=80 trilemma report --stale-ok --as-of 2026-11-23",
        &[0],
    );
    let shown = text(&shown.stdout);
    assert!(shown.contains("Money over 6 months"), "{shown}");
    let wide = shown.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
}

#[test]
fn without_traffic_there_is_no_outlook_and_stale_prices_are_left_out() {
    let (folder, _served) = measured("");
    let later = ["report", "--json", "--as-of", "2027-06-01"];
    let decision = value(&run(folder.path(), &later, &[0]));
    for one in decision["outlook"]["candidates"].as_array().unwrap() {
        assert_eq!(one["owning"], Value::Null);
        let why = one["left_out"].as_str().unwrap();
        assert!(why.contains("more than 90 days ago"), "{why}");
    }
    let file = folder.path().join("trilemma.toml");
    let written = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        written.replace("[traffic]\nqueries_per_day = 20000\n", ""),
    )
    .unwrap();
    let decision = value(&run(folder.path(), &["report", "--json"], &[0]));
    assert!(decision.get("outlook").is_none());
}
