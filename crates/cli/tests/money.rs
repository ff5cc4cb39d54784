//! `cost`, `tco`, `selfhost` and `limits`: typed-in figures, a project's, and all problems at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod desk;

use desk::{assert_fits, assert_printable, run, stderr, stdout, value};
use serde_json::Value;

const MODELS: [&str; 6] = [
    "-m",
    "openai/gpt-4o-2024-08-06",
    "-m",
    "openai/gpt-4o-mini-2024-07-18",
    "-m",
    "anthropic/claude-3-haiku-20240307",
];

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn with<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec![command];
    all.extend(MODELS);
    all.extend(more);
    all
}

fn texts(rows: &Value, key: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap();
    rows.iter()
        .map(|row| row[key].as_str().unwrap_or("null").to_owned())
        .collect()
}

/// The design document's example, through the whole program.
#[test]
fn the_documents_example_costs_2025_121_50_and_225() {
    let folder = here();
    let arguments = with("cost", &["--queries-per-day", "10000", "--json"]);
    let answer = value(&run(folder.path(), &arguments), 0);
    assert_fits("cost", &answer);
    let months = texts(&answer["candidates"], "usd_per_month");
    assert_eq!(months, ["2025", "121.5", "225"]);
    let arguments = with("cost", &["--queries-per-day", "10000", "--explain"]);
    let text = stdout(&run(folder.path(), &arguments), 0);
    assert_printable(&text);
    for part in [
        "2,025.00",
        "121.50",
        "225.00",
        "(1500 × 2.5 + 300 × 10) / 1M = 0.00675 USD per query",
        "shut down since 2026-04-20",
        "LiteLLM",
        "the design document's example",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn caching_batches_and_retries_are_counted_as_in_the_vectors() {
    let month = |sets: &[&str]| {
        let folder = here();
        let mut arguments = vec!["cost", "-m", "openai/gpt-4o-2024-08-06", "--json"];
        arguments.extend(["--queries-per-day", "10000"]);
        arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
        let answer = value(&run(folder.path(), &arguments), 0);
        answer["candidates"][0]["usd_per_month"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(month(&[]), "2025");
    assert_eq!(
        month(&["cacheable_share=0.7", "cacheable_hit_rate=0.9"]),
        "1670.625"
    );
    assert_eq!(month(&["failure_rate=0.02"]), "2057.13");
    // The catalog's batch row is half the list price.
    assert_eq!(month(&["batch_share=1"]), "1012.5");
    assert_eq!(month(&["judged_share=0.1", "judge_usd=0.01"]), "2325");
}

#[test]
fn mixes_and_cascades_are_priced() {
    let folder = here();
    let mix = "openai/gpt-4o-2024-08-06=0.2,openai/gpt-4o-mini-2024-07-18=0.8";
    let cascade = "gpt-4o-mini-2024-07-18,gpt-4o-2024-08-06,0.2";
    let more = [
        "--queries-per-day",
        "10000",
        "--mix",
        mix,
        "--cascade",
        cascade,
        "--json",
    ];
    let answer = value(&run(folder.path(), &with("cost", &more)), 0);
    assert_eq!(texts(&answer["mixes"], "usd_per_month"), ["502.2", "526.5"]);
    let more = [
        "--queries-per-day",
        "1",
        "--mix",
        "a=0.5",
        "--cascade",
        "a,b",
    ];
    let told = stderr(&run(folder.path(), &with("cost", &more)), 2);
    assert!(
        told.contains("2 problem(s)") && told.contains("SMALL,LARGE,SHARE"),
        "{told}"
    );
}

#[test]
fn bad_figures_are_all_told_at_once_with_the_fix() {
    let folder = here();
    let arguments = [
        "tco",
        "-m",
        "nope/x",
        "--queries-per-day",
        "-5",
        "--months",
        "0",
        "--set",
        "monht=3",
        "--set",
        "fte=USD5",
        "--set",
        "eng_days=9,6,3",
        "--set",
        "min_replicas",
    ];
    let told = stderr(&run(folder.path(), &arguments), 2);
    for part in [
        "7 problem(s)",
        "`queries_per_day` is -5: below zero",
        "`months` is 0; hint: give a figure from 1 to 36",
        "did you mean `months`?",
        "`fte` is `USD5`; hint: write a plain number without currency",
        "least, most likely, most",
        "has no `=`",
        "`--model nope/x` names no model",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let gpu = [
        "selfhost",
        "-w",
        "phi-4",
        "--gpu",
        "H1000",
        "-m",
        "openai/gpt-4o",
    ];
    assert!(stderr(&run(folder.path(), &gpu), 2).contains("A100-80"));
    let none = ["cost", "--queries-per-day", "1"];
    assert!(stderr(&run(folder.path(), &none), 2).contains("--model"));
}

#[test]
fn unknown_prices_stay_unknown() {
    let folder = here();
    fs_err::write(
        folder.path().join("own.toml"),
        "schema_version = 1\n[source.s]\ntitle = \"mine\"\n[[model]]\nid = \"openai/secret\"\n",
    )
    .unwrap();
    let more = [
        "--catalog",
        "own.toml",
        "-m",
        "openai/secret",
        "--queries-per-day",
        "9",
    ];
    let mut arguments = vec!["cost", "--json"];
    arguments.extend(more);
    let answer = value(&run(folder.path(), &arguments), 0);
    let row = &answer["candidates"][0];
    assert!(row["usd_per_query"].is_null() && row["usd_per_month"].is_null());
    let mut arguments = vec!["tco"];
    arguments.extend(more);
    let text = stdout(&run(folder.path(), &arguments), 0);
    assert!(text.contains("left out, its price is unknown"), "{text}");
}

#[test]
fn a_switch_pays_back_and_the_ledger_is_a_spreadsheet() {
    let folder = here();
    let more = [
        "--incumbent",
        "openai/gpt-4o-2024-08-06",
        "--queries-per-day",
        "6000,10000,18000",
        "--ledger",
        "tco.csv",
        "--json",
    ];
    let once = run(folder.path(), &with("tco", &more));
    let answer = value(&once, 0);
    assert_fits("tco", &answer);
    let again = run(folder.path(), &with("tco", &more));
    assert_eq!(once.stdout, again.stdout, "two runs, the same bytes");
    let rows = answer["candidates"].as_array().unwrap();
    assert!(rows[0]["incumbent"] == true && rows[0]["one_off_usd"] == "0");
    let mini = &rows[1];
    assert!(mini["payback_month"].as_u64().unwrap() <= 4, "{mini}");
    let simulated = &mini["simulated"];
    let figure = |key: &str| simulated[key].as_f64().unwrap();
    assert!(figure("p10") < figure("p50") && figure("p50") < figure("p90"));
    // GPT-4o and its mini end within the horizon: both are forced to migrate.
    let reasons = texts(&rows[0]["events"], "reason");
    assert!(
        reasons.iter().any(|reason| reason.contains("2027-01-14")),
        "{reasons:?}"
    );
    let chance = answer["cheaper"][1][0].as_f64().unwrap();
    assert!(chance > 0.5 && chance <= 1.0);
    let csv = fs_err::read_to_string(folder.path().join("tco.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 3 * 13);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let last = reader.records().map(|row| row.unwrap()).last().unwrap();
    assert_eq!(&last[1], "12");
}

#[test]
fn self_hosting_says_what_fits_what_it_costs_and_when_never() {
    let folder = here();
    let mut arguments = with("selfhost", &["--queries-per-day", "10000", "--json"]);
    arguments.extend(["-w", "llama-3.1-8b-instruct", "--gpu", "L4"]);
    arguments.extend([
        "--set",
        "tokens_per_s=565.1",
        "--set",
        "usd_per_gpu_hour=0.8048",
    ]);
    arguments.extend(["--set", "fte=0"]);
    let answer = value(&run(folder.path(), &arguments), 0);
    assert_fits("selfhost", &answer);
    assert_eq!(answer["tokens_per_s_from"], "your own measurement");
    // The vector "8B L4 bare vs gpt-4o": 5,147,195 tokens a day; against the mini never.
    let against = answer["against"].as_array().unwrap();
    assert_eq!(against[0]["break_even_tokens_per_day"], "5147195");
    assert!(against[1]["break_even_tokens_per_day"].is_null());
    assert!(against[1]["never_because"].is_string());
    let text = {
        let arguments: Vec<&str> = arguments
            .into_iter()
            .filter(|one| *one != "--json")
            .collect();
        stdout(&run(folder.path(), &arguments), 0)
    };
    assert!(text.contains("1 to 5 million tokens a day"), "{text}");
    let unsized_model = ["selfhost", "-w", "qwen3.5-9b", "-m", "openai/gpt-4o"];
    assert!(stderr(&run(folder.path(), &unsized_model), 2).contains("how it remembers tokens"));
}

#[test]
fn limits_name_the_tier_and_what_it_takes() {
    let folder = here();
    let tier = |queries: &str, peak: &str| {
        let peak = format!("peak_to_mean={peak}");
        let arguments = [
            "limits",
            "-m",
            "anthropic/claude-sonnet-4-5",
            "--queries-per-day",
            queries,
            "--set",
            &peak,
            "--set",
            "latency_s=4",
            "--set",
            "concurrency_cap=12",
            "--set",
            "cacheable_share=0.6",
            "--set",
            "cacheable_hit_rate=1",
            "--json",
        ];
        let answer = value(&run(folder.path(), &arguments), 0);
        assert_fits("limits", &answer);
        answer["candidates"][0]["first_tier"].clone()
    };
    assert_eq!(tier("100000", "5"), "Tier 3");
    // Beyond every tier with figures, only an agreement is left, and nobody knows its limits.
    assert_eq!(tier("1000000", "6"), "custom");
}

#[test]
fn a_projects_traffic_contract_and_assumptions_count() {
    let folder = here();
    fs_err::write(
        folder.path().join("trilemma.toml"),
        "[task]\nname = \"t\"\nkind = \"classification\"\ngolden = \"g.jsonl\"\nincumbent = \"big\"\n\
         [traffic]\nqueries_per_day = 10000\n\
         [assumptions]\nmonths = 6\nrate_usd_hour = 50\n\
         [[candidates]]\nid = \"big\"\nmodel = \"openai/gpt-4o-2024-08-06\"\n\
         price = { input = \"2\", output = \"8\" }\n\
         [[candidates]]\nid = \"small\"\nmodel = \"openai/gpt-4o-mini-2024-07-18\"\n",
    )
    .unwrap();
    let answer = value(&run(folder.path(), &["cost", "--json"]), 0);
    assert_eq!(
        texts(&answer["candidates"], "usd_per_month"),
        ["1620", "121.5"]
    );
    assert_eq!(answer["candidates"][0]["price_source"], "own contract");
    let answer = value(&run(folder.path(), &["tco", "--json"]), 0);
    assert_eq!(answer["months"], 6);
    assert!(answer["candidates"][0]["incumbent"] == true);
    let assumptions = answer["assumptions"].as_array().unwrap();
    let rate = assumptions
        .iter()
        .find(|one| one["name"] == "rate_usd_hour")
        .unwrap();
    assert!(rate["value"] == "50" && rate["origin"] == "project file");
}

#[test]
fn the_doctor_finds_what_is_stale_ending_or_moving() {
    let folder = here();
    let doctor = |more: &[&str], exit: i32| {
        let mut arguments = vec!["catalog", "doctor", "--json"];
        arguments.extend(more);
        let answer = value(&run(folder.path(), &arguments), exit);
        let rows = answer["findings"].as_array().unwrap().clone();
        let line = |row: &Value| {
            format!(
                "{}: {}",
                row["severity"].as_str().unwrap(),
                row["finding"].as_str().unwrap()
            )
        };
        rows.iter().map(line).collect::<Vec<String>>().join("\n")
    };
    let ending = doctor(&["openai/gpt-4o-mini-2024-07-18"], 0);
    assert!(
        ending.contains("warning: ends on 2027-01-14, in 52 days"),
        "{ending}"
    );
    let moving = doctor(&["openai/gpt-4o"], 0);
    assert!(moving.contains("pin that snapshot"), "{moving}");
    let gone = doctor(&["anthropic/claude-3-haiku-20240307"], 2);
    assert!(gone.contains("wrong: shut down since 2026-04-20"), "{gone}");
    let reroute = doctor(&["google/gemini-2.5-pro", "--as-of", "2026-12-02"], 2);
    assert!(
        reroute.contains("answered by google/gemini-3.8-flash"),
        "{reroute}"
    );
    let stale = ["openai/gpt-6-luna", "--as-of", "2027-06-01"];
    assert!(doctor(&stale, 2).contains("--stale-ok"));
    assert!(doctor(&[&stale[..], &["--stale-ok"]].concat(), 0).contains("accepted"));
    assert!(doctor(&["nobody/nothing"], 0).contains("unknown to the catalog"));
}

#[test]
fn an_update_shows_what_differs_and_writes_only_when_told() {
    let folder = here();
    let list = r#"{"gpt-4o-2024-08-06": {"litellm_provider": "openai", "input_cost_per_token": 3e-06, "output_cost_per_token": 1e-05},
                   "gpt-4o-mini-2024-07-18": {"litellm_provider": "openai", "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07}}"#;
    fs_err::write(folder.path().join("list.json"), list).unwrap();
    let update = ["catalog", "update", "list.json"];
    let text = stdout(&run(folder.path(), &update), 0);
    assert!(text.contains("1 agree, 1 differ"), "{text}");
    assert!(text.contains("the catalog says in 2.50"), "{text}");
    let written = folder.path().join("catalog-update.toml");
    assert!(!written.exists(), "nobody was there to say yes");
    stdout(&run(folder.path(), &[&update[..], &["--yes"]].concat()), 0);
    let arguments = [
        "cost",
        "-m",
        "openai/gpt-4o-2024-08-06",
        "--queries-per-day",
        "10000",
        "--catalog",
        "catalog-update.toml",
        "--json",
    ];
    let answer = value(&run(folder.path(), &arguments), 0);
    assert_eq!(texts(&answer["candidates"], "usd_per_month"), ["2250"]);
    fs_err::write(folder.path().join("bad.json"), "[]").unwrap();
    let told = stderr(&run(folder.path(), &["catalog", "update", "bad.json"]), 2);
    assert!(told.contains("genai-prices"), "{told}");
    let told = stderr(
        &run(
            folder.path(),
            &["catalog", "update", "https://x.test/p.json"],
        ),
        2,
    );
    assert!(told.contains("curl"), "{told}");
}
