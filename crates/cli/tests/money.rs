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
        told.contains("2 problems") && told.contains("SMALL,LARGE,SHARE"),
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
        "7 problems",
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

/// What `trilemma latency --json` prints, as far as it is read.
fn load_test(simulated: bool) -> String {
    let stage = |per_s: f64| {
        serde_json::json!({"figures": {
            "output_tokens_per_s": {"per_s": per_s, "low": per_s - 50.0, "high": per_s + 50.0},
            "input_tokens_mean": 1500.0, "output_tokens_mean": 300.0,
        }})
    };
    let unmeasured = serde_json::json!({"figures": {"output_tokens_per_s": null,
        "input_tokens_mean": null, "output_tokens_mean": null}});
    serde_json::json!({
        "schema_version": 1, "test": "t-1", "simulated": simulated, "more": "is left alone",
        "candidates": [
            {"id": "mine", "measured": "2026-11-20", "stages": [stage(100.0), stage(250.0), unmeasured]},
            {"id": "mute", "measured": "2026-11-20", "stages": [unmeasured]},
        ],
    })
    .to_string()
}

#[test]
fn a_load_test_of_ones_own_replaces_the_estimate() {
    let folder = here();
    fs_err::write(folder.path().join("load.json"), load_test(false)).unwrap();
    fs_err::write(folder.path().join("simulated.json"), load_test(true)).unwrap();
    fs_err::write(folder.path().join("odd.json"), "{\"test\": 7}").unwrap();
    let asked = |more: &[&'static str]| {
        let mut all = vec![
            "selfhost",
            "-w",
            "llama-3.1-8b-instruct",
            "-m",
            "openai/gpt-4o-2024-08-06",
        ];
        all.extend(more);
        run(folder.path(), &all)
    };
    let mine = [
        "--gpu",
        "L4",
        "--measured",
        "load.json",
        "--measured-candidate",
        "mine",
        "--json",
    ];
    let answer = value(&asked(&mine), 0);
    assert_fits("selfhost", &answer);
    // 250 output tokens a second of 300 beside 1,500: six times as many in all.
    assert_eq!(
        answer["tokens_per_s"],
        serde_json::json!({"low": 1200.0, "mode": 1500.0, "high": 1800.0})
    );
    let from = answer["tokens_per_s_from"].as_str().unwrap();
    assert_eq!(from, "load test t-1 of 2026-11-20, candidate mine");
    for (more, why) in [
        (&["--measured", "load.json"][..], "--gpu"),
        (
            &["--gpu", "L4", "--measured", "load.json"],
            "one of mine, mute",
        ),
        (
            &[
                "--gpu",
                "L4",
                "--measured",
                "load.json",
                "--measured-candidate",
                "mute",
            ],
            "no stage says both",
        ),
        (
            &[
                "--gpu",
                "L4",
                "--measured",
                "simulated.json",
                "--measured-candidate",
                "mine",
            ],
            "a simulator answered",
        ),
        (
            &["--gpu", "L4", "--measured", "odd.json"],
            "trilemma latency --json",
        ),
        (&["--gpu", "L4", "--measured", "absent.json"], "absent.json"),
    ] {
        let told = stderr(&asked(more), 2);
        assert!(told.contains(why), "{why}: {told}");
    }
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

/// 100,000 queries a day at 5 times the mean: 347 requests a minute. With 60 % on a fallback, 139.
#[test]
fn limits_say_what_a_fallback_changes() {
    let folder = here();
    let arguments = [
        "limits",
        "-m",
        "anthropic/claude-sonnet-4-5",
        "--queries-per-day",
        "100000",
        "--set",
        "peak_to_mean=5",
        "--set",
        "latency_s=4",
        "--set",
        "concurrency_cap=12",
        "--set",
        "fallback_share=0.6",
    ];
    let answer = value(
        &run(folder.path(), &[&arguments[..], &["--json"]].concat()),
        0,
    );
    assert_fits("limits", &answer);
    let one = &answer["candidates"][0];
    let fallback = &one["fallback"];
    let rate = |load: &Value| load["rpm"].as_f64().unwrap();
    assert!((rate(one) - 138.9).abs() < 0.1, "{one}");
    assert!((rate(&fallback["alone"]) - 347.2).abs() < 0.1, "{fallback}");
    assert!(
        (rate(&fallback["as_fallback"]) - 208.3).abs() < 0.1,
        "{fallback}"
    );
    // 9.3 calls in flight find a free slot of 12; 23 never do.
    let waits = |load: &Value| load["chance_of_waiting"].as_f64().unwrap();
    assert!(waits(one) < 0.4 && waits(&fallback["alone"]) >= 1.0);
    let told = stdout(&run(folder.path(), &arguments), 0);
    assert!(
        told.contains("without the fallback that takes 60 %"),
        "{told}"
    );
    assert!(told.contains("grows without end"), "{told}");
    // Without a share there is no fallback to speak of.
    let plain = value(
        &run(folder.path(), &[&arguments[..11], &["--json"]].concat()),
        0,
    );
    assert!(plain["candidates"][0]["fallback"].is_null(), "{plain}");
}

/// 730 hours at 1.70 USD stand beside the calls of each month; 20 million tokens of training at 3 USD
/// come once.
#[test]
fn a_fine_tuned_model_pays_for_hosting_and_training() {
    let folder = here();
    fs_err::write(
        folder.path().join("own.toml"),
        "schema_version = 1\n[source.s]\ntitle = \"contract\"\n\
         [[model]]\nid = \"openai/ft-mini\"\n\
         fine_tuned = { base = \"openai/gpt-4o-mini-2024-07-18\", training = \"3\", hosting_usd_hour = \"1.70\", source = \"s\", checked = \"2026-11-20\" }\n\
         price = [{ from = \"2026-01-01\", input = \"0.3\", output = \"1.2\", source = \"s\", checked = \"2026-11-20\" }]\n",
    )
    .unwrap();
    let ask = |command: &str, more: &[&str]| {
        let shared = [
            command,
            "--catalog",
            "own.toml",
            "-m",
            "openai/ft-mini",
            "--queries-per-day",
            "10000",
            "--set",
            "training_mtok=20",
            "--json",
        ];
        value(&run(folder.path(), &[&shared[..], more].concat()), 0)
    };
    let cost = ask("cost", &[]);
    // Calls: 300,000 queries at 0.00081 USD.
    assert_eq!(texts(&cost["candidates"], "usd_per_month"), ["1484"]);
    let mut own = fs_err::read_to_string(folder.path().join("own.toml")).unwrap();
    own.push_str(
        "[[model]]\nid = \"openai/plain\"\n\
         price = [{ from = \"2026-01-01\", input = \"0.3\", output = \"1.2\", source = \"s\", checked = \"2026-11-20\" }]\n",
    );
    fs_err::write(folder.path().join("own.toml"), own).unwrap();
    let tco = ask(
        "tco",
        &["-m", "openai/plain", "--incumbent", "openai/plain"],
    );
    let of = |key: &str, idx: usize| -> f64 {
        let text = tco["candidates"][idx][key].as_str().unwrap();
        text.parse().unwrap()
    };
    let hosting = of("total_usd", 0) - of("one_off_usd", 0) - of("total_usd", 1);
    assert!((hosting - 12.0 * 1_241.0).abs() < 1e-3, "{hosting} {tco}");
    let once = tco["candidates"][0]["one_off"].as_array().unwrap();
    let training = once.iter().find(|line| line["what"] == "training").unwrap();
    assert_eq!(training["usd"], "60");
}

#[test]
fn unknown_weights_gpus_and_figures_are_told_together() {
    let folder = here();
    let arguments = [
        "selfhost",
        "--weights",
        "nothing-7b",
        "--gpu",
        "H9000",
        "-m",
        "openai/gpt-4o-2024-08-06",
        "--queries-per-day=-5",
        "--set",
        "months=0",
        "--set",
        "fte=5 USD",
    ];
    let told = stderr(&run(folder.path(), &arguments), 2);
    for wanted in [
        "5 problems",
        "`fte` is `5 USD`; hint: write a plain number without currency",
        "`queries_per_day` is -5: below zero",
        "`months` is 0; hint: give a figure from 1 to 36",
        "`--weights nothing-7b` names no model; hint: `trilemma catalog list --provider open-weights",
        "`--gpu H9000` names no GPU; hint: one of L4",
    ] {
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}

/// What is named at the end can be typed: another command on the same figures.
#[test]
fn next_commands_of_money_can_be_typed() {
    let folder = here();
    let mut line = with("cost", &["--queries-per-day", "10000"])
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<String>>();
    for wanted in ["tco", "tco", "limits", "limits", "tco"] {
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        let output = run(folder.path(), &words);
        let told = stderr(&output, 0);
        let next = told.rsplit("Next: trilemma ").next().unwrap();
        line = next.split_whitespace().map(str::to_owned).collect();
        assert_eq!(line[0], wanted, "{told}");
    }
    assert!(folder.path().join("tco.csv").exists());
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
}

/// Answers each call of one address with the same bytes, and says how it was asked.
fn serve_once(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/prices.json", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = vec![0; 4_096];
        let n_read = stream.read(&mut head).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        head.truncate(n_read);
        String::from_utf8_lossy(&head).into_owned()
    });
    (url, asked)
}

#[test]
fn a_list_is_fetched_compared_and_never_followed_elsewhere() {
    let folder = here();
    let other = r#"{"gpt-4o-2024-08-06": {"litellm_provider": "openai", "input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05}}"#;
    fs_err::write(folder.path().join("other.json"), other).unwrap();
    let (url, asked) = serve_once(
        "HTTP/1.1 200 OK\r\ncontent-length: 128\r\nconnection: close\r\n\r\n\
         {\"gpt-4o-2024-08-06\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 3e-06, \"output_cost_per_token\": 1e-05}}                 ",
    );
    let arguments = ["catalog", "update", &url, "other.json", "--yes"];
    let text = stdout(&run(folder.path(), &arguments), 0);
    assert!(text.contains("0 agree, 1 differ"), "{text}");
    assert!(
        text.contains("disagree with each other on 1 model"),
        "{text}"
    );
    assert!(text.contains("the first says in 3.00"), "{text}");
    let head = asked.join().unwrap();
    assert!(head.starts_with("GET /prices.json HTTP/1.1"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    let written = fs_err::read_to_string(folder.path().join("catalog-update.toml")).unwrap();
    assert!(written.contains(&url), "{written}");

    for (answer, why) in [
        (
            "HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/x\r\ncontent-length: 0\r\n\r\n",
            "10.0.0.1",
        ),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "404"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n[",
            "bytes",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[",
            "failed to fetch",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\u{1b}[",
            "failed to read",
        ),
    ] {
        let (url, _asked) = serve_once(answer);
        let told = stderr(&run(folder.path(), &["catalog", "update", &url]), 2);
        assert!(told.contains(why), "{why}: {told}");
        assert!(told.contains("hint: "), "{told}");
        assert_printable(&told);
    }
    for odd in [
        "ftp://x.test/p.json",
        "https://me:secret@x.test/p",
        "https://x.test/p?key=secret",
        "https://",
    ] {
        let told = stderr(&run(folder.path(), &["catalog", "update", odd]), 2);
        assert!(told.contains("failed to fetch"), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
}
