//! A routed mix beside the candidates of a decision: in `decide`, in every form of `report`, in money.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    reason = "a test that cannot go on may panic, and says what it measured"
)]

mod desk;
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use desk::{assert_fits, assert_printable, imported, run, run_wide, stderr, stdout, value};
use serde_json::{Value, json};

/// Outcomes of three candidates: of a hundred answers of the cheap two `noise` are right or wrong by a coin, the
/// rest right where an item is easy; the dear one knows everything. Every pair of items is one cluster.
fn rows(n: u64, noise: u64) -> String {
    let mut text = String::new();
    for idx in 0..n {
        let is_hard = idx.is_multiple_of(3);
        let coin = |salt: u64| (idx * 2_654_435_761 + salt * 40_503) / 7 % 100;
        for (salt, (name, cost)) in
            (1..).zip([("tiny", 0.0001), ("small", 0.0002), ("large", 0.002)])
        {
            let known = !is_hard || name == "large";
            let is_coin = coin(salt) < noise && (name != "large" || noise > 50);
            let is_right = if is_coin { coin(salt + 9) < 50 } else { known };
            let output = if is_right {
                "yes".to_owned()
            } else {
                format!("no {name}")
            };
            let row = json!({
                "item": format!("i{idx}"), "candidate": name, "input": format!("question number {idx}"),
                "output": output, "score": f64::from(u8::from(is_right)), "cost_usd": cost,
                "latency_s": cost * 1000.0 + 0.1,
            });
            text.push_str(&format!("{row}\n"));
        }
    }
    text
}

fn names(told: &Value) -> Vec<&str> {
    let all = told["candidates"].as_array().unwrap();
    all.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// A decision whatever its verdict.
fn decided(folder: &Path, words: &[&str]) -> Value {
    let mut all = vec!["decide", "--json", "--on-undecided", "pass"];
    all.extend(words);
    let output = run(folder, &all);
    let code = output.status.code().unwrap();
    assert!(code != 2, "{output:?}");
    value(&output, code)
}

/// Files of what was trained.
fn shelf(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs_err::read_dir(folder.join(".trilemma/routed")) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_was_trained_is_kept_and_never_used_for_anything_else() {
    let folder = imported(&rows(240, 4), "[traffic]\nqueries_per_day = 10000\n");
    let folder = folder.path();
    let config = folder.join("trilemma.toml");
    for path in shelf(folder) {
        fs_err::remove_file(path).unwrap();
    }
    let first = decided(folder, &[]);
    let [kept] = shelf(folder).try_into().unwrap();
    let whole = fs_err::read_to_string(&kept).unwrap();
    // Neither a query nor an answer is in it.
    assert!(!whole.contains("question number"), "{whole}");
    assert_eq!(decided(folder, &[]), first);
    for command in ["cost", "tco", "limits"] {
        value(&run(folder, &[command, "--json"]), 0);
    }
    assert_eq!(shelf(folder), std::slice::from_ref(&kept));
    // It is what the next command takes: another sentence in it, with its sum made right, is told.
    let (_, body) = whole.split_once('\n').unwrap();
    let plan = first["routing"]["plan"][0].as_str().unwrap();
    let plan = serde_json::to_string(plan).unwrap();
    let forged = body.replace(&plan, "\"as it was kept\"");
    assert_ne!(forged, body);
    let name: trilemma_domain::Fingerprint =
        kept.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let sum = trilemma_domain::Fingerprint::builder()
        .field(name.as_bytes())
        .field(&forged)
        .finish();
    fs_err::write(&kept, format!("{sum}\n{forged}")).unwrap();
    assert_eq!(decided(folder, &[])["routing"]["plan"][0], "as it was kept");
    // With other settings it is not, and nothing but what is whole is.
    let old = fs_err::read_to_string(&config).unwrap();
    fs_err::write(&config, format!("{old}\n[routing]\ntarget = \"-2\"\n")).unwrap();
    assert_ne!(decided(folder, &[])["routing"]["plan"][0], "as it was kept");
    assert_eq!(shelf(folder).len(), 2);
    fs_err::write(&config, old).unwrap();
    for broken in [&whole[..whole.len() / 2], "", "\0", "{}\n{}", "a\nb"] {
        fs_err::write(&kept, broken).unwrap();
        assert_eq!(decided(folder, &[]), first);
        assert_eq!(fs_err::read_to_string(&kept).unwrap(), whole);
    }
    // Where nothing can be kept, it is trained each time.
    fs_err::remove_dir_all(folder.join(".trilemma/routed")).unwrap();
    fs_err::write(folder.join(".trilemma/routed"), "in the way").unwrap();
    assert_eq!(decided(folder, &[]), first);
    // Other outcomes are another run, trained of their own.
    fs_err::remove_file(folder.join(".trilemma/routed")).unwrap();
    decided(folder, &[]);
    let file = folder.join("more.jsonl");
    fs_err::write(&file, rows(240, 8)).unwrap();
    let output = run(folder, &["import", file.to_str().unwrap()]);
    assert!(output.status.code().unwrap() != 2, "{output:?}");
    let other = decided(folder, &[]);
    assert_ne!(other["routing"]["curve"], first["routing"]["curve"]);
    assert_eq!(shelf(folder).len(), 2);
}

#[test]
fn a_mix_stands_beside_single_candidates_under_the_same_gates() {
    let folder = imported(&rows(240, 4), "[traffic]\nqueries_per_day = 10000\n");
    let folder = folder.path();
    let told = decided(folder, &["--prefer", "cost_per_accepted"]);
    assert_fits("decision", &told);
    assert_eq!(names(&told), ["tiny", "small", "large", "routed-mix"]);
    let mix = &told["candidates"][3];
    assert_eq!(mix["counts"]["n_scored"], 240);
    assert_eq!(told["routing"]["candidate"], 3);
    assert_eq!(told["routing"]["kind"], "cascade");
    let gates = |at: usize| told["candidates"][at]["gates"].as_array().unwrap().len();
    assert_eq!(gates(3), gates(0));
    assert!(mix["versus_best"].is_object() || told["best"] == 3);
    // Every item pays both cheap calls, and those that were escalated the dear one.
    let items = told["routing"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 240);
    let mut total = 0.0;
    for item in items {
        let asked = item["asked"].as_array().unwrap();
        let usd: f64 = item["usd"].as_str().unwrap().parse().unwrap();
        let expected = if asked.len() > 1 { 0.0023 } else { 0.0003 };
        assert!((usd - expected).abs() < 1e-9, "{item}");
        total += usd;
    }
    let mean: f64 = mix["cost"]["per_query"]["value"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((mean - total / 240.0).abs() < 1e-9, "{mean} {total}");
    let best: f64 = told["candidates"][2]["cost"]["per_query"]["value"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(mean < 0.75 * best, "{mean}");
    // Waits add up: 0.3 s for both, 2.1 s more for the dear one.
    let wait = mix["latency"]["e2e_ms"]["p95"]["value"].as_f64().unwrap();
    assert!((wait - 2_400.0).abs() < 60.0, "{wait}");
    // Costs of the curve and the share of escalations have intervals.
    let escalated = &told["routing"]["escalated"];
    let n_escalated = items
        .iter()
        .filter(|one| one["asked"][1].is_array())
        .count();
    let share = escalated["value"].as_f64().unwrap();
    assert!(
        (share - n_escalated as f64 / 240.0).abs() < 1e-9,
        "{escalated}"
    );
    assert_eq!(escalated["n"], 240);
    for point in told["routing"]["curve"].as_array().unwrap() {
        let usd: f64 = point["usd_per_query"].as_str().unwrap().parse().unwrap();
        let interval = &point["usd_interval"];
        let end = |key: &str| interval[key].as_f64().unwrap();
        assert!(end("low") < usd && usd < end("high"), "{point}");
    }
    // The same once more.
    assert_eq!(told, decided(folder, &["--prefer", "cost_per_accepted"]));

    // The policy that it stands for is one command away.
    let next = told["routing"]["next"].as_str().unwrap();
    assert_eq!(next, "route train --kind cascade -o policy.json");
    let words: Vec<&str> = next.split(' ').collect();
    stdout(&run(folder, &words), 0);
    assert!(folder.join("policy.json").is_file());
}

#[test]
fn every_report_tells_of_it_and_output_stays_inert() {
    let more = "[traffic]\nqueries_per_day = 10000\n[assumptions]\nqueries_per_day = 10000\n";
    let text = rows(240, 4).replace("question number 7\"", "<script>alert(7)</script>\"");
    let folder = imported(&text, more);
    let folder = folder.path();
    let report = |words: &[&str]| {
        let mut all = vec!["report", "--prefer", "cost_per_accepted"];
        all.extend(words);
        stdout(&run_wide(folder, &all, Some("80")), 0)
    };
    let terminal = report(&[]);
    let words: Vec<&str> = terminal.split_whitespace().collect();
    let escalated = "%, n = 240) take a second step";
    assert!(words.join(" ").contains(escalated), "{terminal}");
    for word in [
        "Routing",
        "routed-mix",
        "trilemma route train --kind cascade",
    ] {
        assert!(terminal.contains(word), "{word}: {terminal}");
    }
    assert_printable(&terminal);
    for wide in terminal.lines() {
        assert!(wide.chars().count() <= 80, "{wide}");
    }
    let markdown = report(&["--format", "markdown"]);
    assert!(markdown.contains("## Routing"), "{markdown}");
    assert!(
        markdown.contains("pure small") && markdown.contains("oracle"),
        "{markdown}"
    );
    let html = report(&["--format", "html"]);
    for word in [
        "id=\"routing\"",
        "routing-chart",
        "What went where and was it right",
        "corner of the random mix",
    ] {
        assert!(html.contains(word), "{word}");
    }
    let html = report(&["--format", "html", "--with-content"]);
    assert!(!html.contains("<script>alert"), "content is not inert");
}

#[test]
fn where_routing_is_worth_nothing_a_line_says_so() {
    let folder = imported(&rows(240, 100), "");
    let told = decided(folder.path(), &[]);
    assert_fits("decision", &told);
    assert_eq!(names(&told), ["tiny", "small", "large"]);
    let reason = told["routing"]["reason"].as_str().unwrap();
    assert!(
        reason.contains("mix") || reason.contains("target") || reason.contains("nothing to route"),
        "{reason}"
    );
    let text = stdout(&run(folder.path(), &["report"]), 0);
    assert!(text.contains("No routed mix is proposed"), "{text}");

    let folder = imported(&rows(30, 4), "");
    let told = decided(folder.path(), &[]);
    let reason = told["routing"]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("30 items") && reason.contains("50"),
        "{reason}"
    );

    let folder = imported(&rows(240, 4), "[routing]\npropose = false\n");
    let told = decided(folder.path(), &[]);
    assert_eq!(names(&told), ["tiny", "small", "large"]);
    assert!(told.get("routing").is_none(), "{told}");
}

#[test]
fn suppositions_look_at_the_mix_too() {
    let folder = imported(&rows(240, 4), "");
    let words = ["--what-if", "without=small"];
    let told = decided(folder.path(), &words);
    assert_fits("what-if", &told);
    assert_eq!(
        names(&told["now"]),
        ["tiny", "small", "large", "routed-mix"]
    );
    assert_eq!(names(&told["then"]), ["tiny", "small", "large"]);
    assert!(told["then"]["routing"]["reason"].is_string(), "{told}");
    let all = ["decide", "--on-undecided", "pass", words[0], words[1]];
    let text = String::from_utf8(run(folder.path(), &all).stdout).unwrap();
    assert!(
        text.contains("A routed mix is one more candidate as it is, but not then: "),
        "{text}"
    );
}

#[test]
fn what_lacks_a_price_or_its_tokens_is_told_apart() {
    let unpriced = rows(120, 4).replace("\"cost_usd\":0.0002,", "");
    let folder = imported(&unpriced, "");
    let told = stderr(
        &run(
            folder.path(),
            &["route", "train", "--candidates", "tiny,small"],
        ),
        2,
    );
    assert!(
        told.contains("`small` has no known cost; hint: state `price"),
        "{told}"
    );
}

/// GSM8K and CRUXEval on eight models, as ZeroEval recorded them.
fn zeroeval(data: &Path) -> String {
    let read = |name: &str| {
        let mut reader = csv::Reader::from_path(data.join("routing").join(name)).unwrap();
        let rows: Vec<BTreeMap<String, String>> =
            reader.deserialize().map(Result::unwrap).collect();
        rows
    };
    let prices = read("prices_2024_list.csv");
    let mut text = String::new();
    let tasks = ["zeroeval_gsm_8models.csv", "zeroeval_crux_8models.csv"];
    for row in tasks.into_iter().flat_map(read) {
        for (column, ok) in &row {
            let Some(name) = column.strip_prefix("ok_") else {
                continue;
            };
            let number = |text: &str| text.parse::<f64>().unwrap();
            let price = prices
                .iter()
                .find(|one| one.values().any(|cell| cell == name))
                .unwrap();
            let rates: Vec<f64> = price
                .values()
                .filter_map(|cell| cell.parse().ok())
                .collect();
            let (low, high) = (
                rates.iter().copied().fold(f64::MAX, f64::min),
                rates.iter().copied().fold(0.0, f64::max),
            );
            let tokens = |key: &str| number(&row[key]) / 4.0;
            let cost =
                (tokens("in_chars") * low + tokens(&format!("out_chars_{name}")) * high) / 1e6;
            let row = json!({
                "item": row["id"], "candidate": name, "input": row["prompt"],
                "output": row[&format!("answer_{name}")], "score": number(ok), "cost_usd": cost,
            });
            text.push_str(&format!("{row}\n"));
        }
    }
    text
}

#[test]
fn data_the_mix_of_recorded_answers_costs_half_of_the_best() {
    let Some(data) = support::data_folder() else {
        return;
    };
    let folder = imported(&zeroeval(&data), "");
    let folder = folder.path();
    let time = |words: &[&str]| {
        let start = Instant::now();
        let told = decided(folder, words);
        (told, start.elapsed().as_secs_f64())
    };
    // Some of these models are no longer offered.
    let words = ["--prefer", "cost_per_accepted", "--as-of", "2024-12-01"];
    let (told, with) = time(&words);
    let path = folder.join("trilemma.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, format!("{text}\n[routing]\npropose = false\n")).unwrap();
    let (_, without) = time(&words);
    println!("decide with a mix {with:.2} s, without {without:.2} s");
    let routing = &told["routing"];
    assert_eq!(routing["reason"], Value::Null, "{routing:#}");
    let mix = told["candidates"].as_array().unwrap().last().unwrap();
    assert_eq!(mix["id"], "routed-mix");
    let rate = |one: &Value| one["pass_rate"]["value"].as_f64().unwrap();
    let cost = |one: &Value| {
        one["cost"]["per_query"]["value"]
            .as_str()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    let singles = told["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["id"] != "routed-mix");
    let best = singles.max_by(|a, b| rate(a).total_cmp(&rate(b))).unwrap();
    println!(
        "mix {:.4} at {:.6} USD, {} alone {:.4} at {:.6} USD",
        rate(mix),
        cost(mix),
        best["id"],
        rate(best),
        cost(best)
    );
    // One point below the best single is the target; unseen items, so give it half a point.
    assert!(rate(mix) > rate(best) - 0.015);
    assert!(cost(mix) < 0.5 * cost(best));
}
