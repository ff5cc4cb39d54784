//! `trilemma catalog`: what it lists, shows and compares, on real rows and hostile files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod desk;

use desk::{assert_printable, run, run_wide, stderr, stdout, value};
use serde_json::{Value, json};

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn list_has_the_prices_of_the_day_and_leaves_the_dead_out() {
    let folder = here();
    let list = value(&run(folder.path(), &["catalog", "list", "--json"]), 0);
    let find = |list: &Value, id: &str| {
        let rows = list.as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).cloned()
    };
    let mini = find(&list, "openai/gpt-4o-mini-2024-07-18").unwrap();
    assert_eq!(mini["input_usd_per_mtok"], "0.15");
    assert_eq!(mini["context_tokens"], 128_000);
    assert_eq!(mini["lifecycle"]["state"], "ending");
    assert!(find(&list, "openai/gpt-4-turbo-2024-04-09").is_none());
    let all = value(
        &run(folder.path(), &["catalog", "list", "--all", "--json"]),
        0,
    );
    let dead = find(&all, "openai/gpt-4-turbo-2024-04-09").unwrap();
    assert_eq!(dead["lifecycle"]["state"], "shut_down");
    let early = ["catalog", "list", "--json", "--as-of", "2024-12-01"];
    let early = value(&run(folder.path(), &early), 0);
    assert!(find(&early, "openai/gpt-6-luna").is_none());
    // A price that no source states for the day is null, never 0.
    let turbo = find(&early, "openai/gpt-4-turbo-2024-04-09").unwrap();
    assert_eq!(turbo["input_usd_per_mtok"], Value::Null);
    let args = ["catalog", "list", "--as-of", "2024-12-01"];
    let text = stdout(&run(folder.path(), &args), 0);
    let line = text.lines().find(|line| line.contains("gpt-4-turbo"));
    assert!(line.unwrap().contains("unknown  unknown"), "{text}");
}

#[test]
fn list_filters_by_provider_and_task() {
    let folder = here();
    let only = run(folder.path(), &["catalog", "list", "--provider", "groq"]);
    let text = stdout(&only, 0);
    assert!(text.lines().skip(1).all(|line| line.starts_with("groq/")));
    assert!(text.lines().count() > 1);
    let count = |task: &str| {
        let args = ["catalog", "list", "--task", task, "--json"];
        let rows = value(&run(folder.path(), &args), 0);
        rows.as_array().unwrap().len()
    };
    // Small models do for classification, only large ones for reasoning.
    assert!(count("classification") > count("reasoning"));
    let wrong = run(folder.path(), &["catalog", "list", "--provider", "opena"]);
    assert!(stderr(&wrong, 2).contains("one of openai"));
    let wrong = run(folder.path(), &["catalog", "list", "--task", "chess"]);
    assert!(stderr(&wrong, 2).contains("classification"));
}

#[test]
fn show_tells_the_alias_both_price_books_and_every_source() {
    let folder = here();
    let text = stdout(&run(folder.path(), &["catalog", "show", "gpt-4o"]), 0);
    assert!(text.starts_with("openai/gpt-4o-2024-08-06\n"), "{text}");
    for part in [
        "`gpt-4o` is a moving name",
        "ends 2027-01-14",
        "Balanced, vision, function calling",
        "best for     unknown",
        "design-document",
        "from 2025-09-26",
        "json_schema   yes",
        "reasoning     no",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json = value(
        &run(folder.path(), &["catalog", "show", "gpt-4o", "--json"]),
        0,
    );
    assert_eq!(
        json["found_by_alias"],
        json!({ "name": "gpt-4o", "moving": true })
    );
    let prices = json["prices"].as_array().unwrap();
    let book = |name: &str| prices.iter().filter(|row| row["book"] == name).count();
    assert_eq!(book("design-document"), 1);
    assert!(book("list") >= 3);
    assert!(prices.iter().all(|row| row["source"]["title"].is_string()));
    assert_eq!(json["capabilities"]["reasoning"], false);
    assert_eq!(json["best_for"], Value::Null);
}

#[test]
fn show_has_weights_and_names_near_misses() {
    let folder = here();
    let args = ["catalog", "show", "open-weights/llama-3.1-8b-instruct"];
    let text = stdout(&run(folder.path(), &args), 0);
    for part in ["licence", "architecture", "parameters", "size as"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let wrong = run(folder.path(), &["catalog", "show", "openai/gpt-4o-minni"]);
    assert!(stderr(&wrong, 2).contains("did you mean `openai/gpt-4o-mini`"));
    let wrong = run(folder.path(), &["catalog", "show", "a\u{1b}[31m/b"]);
    assert_printable(&stderr(&wrong, 2));
}

const OVERLAY: &str = r#"
schema_version = 1
[source.us]
title = "our contract\u001b[2J"
[[provider]]
id = "in-house"
name = "In house"
dialect = "openai"
base_url = "http://llm.internal/v1"
source = "us"
checked = "2026-11-01"
[[model]]
id = "in-house/tiny"
name = "Tiny"
kind = "api"
pin = "snapshot"
[[model]]
id = "openai/gpt-4o-2024-08-06"
limits = { context = 64000, max_output = 16384 }
price = [{ from = "2026-11-01", input = "2.00", output = "8.00", source = "us", checked = "2026-11-01" }]
"#;

#[test]
fn diff_tells_what_a_file_changes() {
    let folder = here();
    fs_err::write(folder.path().join("own.toml"), OVERLAY).unwrap();
    let out = run(folder.path(), &["catalog", "diff", "own.toml"]);
    let text = stdout(&out, 0);
    assert_printable(&text);
    for part in [
        "provider in-house (new)",
        "in-house/tiny (new)",
        "limits: context: 128,000 -> 64,000",
        "in 2.00, out 8.00",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("capabilities"), "{text}");
    let rows = value(
        &run(folder.path(), &["catalog", "diff", "own.toml", "--json"]),
        0,
    );
    assert_eq!(rows.as_array().unwrap().len(), 3);
    // The overlay then holds for every other command.
    let args = [
        "catalog",
        "show",
        "in-house/tiny",
        "--json",
        "--catalog",
        "own.toml",
    ];
    let tiny = value(&run(folder.path(), &args), 0);
    assert_eq!(tiny["limits"]["context"], Value::Null);
    assert_eq!(tiny["terms"], Value::Null);
    fs_err::write(folder.path().join("same.toml"), "schema_version = 1\n").unwrap();
    let same = run(folder.path(), &["catalog", "diff", "same.toml"]);
    assert!(stdout(&same, 0).contains("nothing that the catalog does not say"));
}

#[test]
fn diff_refuses_what_is_no_catalog() {
    let folder = here();
    let write = |name: &str, bytes: &[u8]| fs_err::write(folder.path().join(name), bytes).unwrap();
    write("junk.toml", b"\x00\xff\xfe\x1b[2J");
    write("key.toml", b"schema_version = 1\nmodle = []\n");
    for (file, part) in [
        ("missing.toml", "missing.toml"),
        ("junk.toml", "junk.toml"),
        ("key.toml", "modle"),
        (".", "."),
    ] {
        let out = run(folder.path(), &["catalog", "diff", file]);
        let text = stderr(&out, 2);
        assert!(text.contains(part), "{file}: {text}");
        assert_printable(&text);
    }
}

#[test]
fn a_narrow_terminal_gets_blocks_that_fit() {
    let folder = here();
    let args = ["catalog", "list", "--provider", "openai"];
    let text = stdout(&run_wide(folder.path(), &args, Some("40")), 0);
    assert!(text.contains("\n  context: 128,000\n"), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 40, "{line}");
    }
    let args = ["catalog", "show", "gpt-4o"];
    let text = stdout(&run_wide(folder.path(), &args, Some("1")), 0);
    assert!(text.contains("gpt-4o"));
}

/// A file that is large enough to be remembered, such as `catalog update` writes.
fn large_file() -> String {
    let rows = (0..600).map(|idx| {
        format!(
            "\n[[model]]\nid = \"openai/model-{idx}\"\nprice = [{{ from = \"2026-11-01\", input = \"1\", output = \"{idx}\", \
             source = \"us\", checked = \"2026-11-01\" }}]\n"
        )
    });
    let head = "schema_version = 1\n[source.us]\ntitle = \"ours\"\n".to_owned();
    std::iter::once(head).chain(rows).collect()
}

#[test]
fn what_is_remembered_of_a_file_changes_no_figure_and_hides_no_mistake() {
    let folder = here();
    let (file, cache) = (folder.path().join("mine.toml"), folder.path().join("cache"));
    let known = cache.join("trilemma").join("accepted-catalogs");
    let shown = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trilemma"));
        command.current_dir(folder.path()).env_clear();
        command.env("XDG_CACHE_HOME", &cache);
        let asked = [
            "catalog",
            "show",
            "model-7",
            "--json",
            "--as-of",
            desk::TODAY,
        ];
        let output = command
            .args(asked)
            .args(["--catalog", "mine.toml"])
            .output();
        output.unwrap()
    };
    fs_err::write(&file, large_file()).unwrap();
    let first = value(&shown(), 0);
    let line = fs_err::read_to_string(&known).unwrap();
    assert_eq!(line.len(), 16, "{line}");
    assert_eq!(value(&shown(), 0), first, "read row by row");
    assert_eq!(fs_err::read_to_string(&known).unwrap(), line);
    // All mistakes are told, each with its line, although the text before was accepted.
    let broken = large_file()
        .replace("output = \"5\"", "output = \"five\"")
        .replace("id = \"openai/model-9\"", "idd = \"openai/model-9\"");
    fs_err::write(&file, broken).unwrap();
    let said = stderr(&shown(), 2);
    for part in ["2 problems", "line 25", "line 42, column 1", "hint: "] {
        assert!(said.contains(part), "`{part}` in {said}");
    }
    // A mistake in a row that is asked for shows even where somebody says that it was accepted.
    let mine = large_file().replace("output = \"7\"", "output = \"seven\"");
    fs_err::write(&file, mine).unwrap();
    assert!(stderr(&shown(), 2).contains("seven"));
    // What is no cache, or cannot be one, is no cache.
    fs_err::write(&file, large_file()).unwrap();
    fs_err::write(&known, [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(value(&shown(), 0), first);
    fs_err::remove_dir_all(&cache).unwrap();
    fs_err::write(&cache, "a file").unwrap();
    assert_eq!(value(&shown(), 0), first);
}
