//! Reading whole project files: what is accepted, and that every problem is told with its place.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::path::Path;

use jiff::civil::date;
use trilemma_catalog::Catalog;
use trilemma_domain::{Margin, Reference};
use trilemma_project::{KeySource, LoadContext, Loaded, Problem, load};

const TASK: &str = "[task]\nname = \"t\"\nkind = \"classification\"\ngolden = \"golden.jsonl\"\n";

fn read_file(path: &Path) -> Result<String, String> {
    match path.to_str() {
        Some("prompt.md") => Ok("=== system ===\nSort.\n=== user ===\n{{ input }}\n".to_owned()),
        Some("broken.md") => Ok("one\n{{ input\n".to_owned()),
        _ => Err("no such file".to_owned()),
    }
}

fn try_load(text: &str) -> Result<Loaded, Vec<Problem>> {
    load(
        text,
        &LoadContext {
            catalog: &Catalog::builtin(),
            as_of: date(2024, 12, 1),
            read_file: &read_file,
        },
    )
    .map_err(|errors| errors.problems)
}

/// Expects exactly these problems, each as `line: part of its text`.
fn check(text: &str, expected: &[&str]) {
    let problems = match try_load(text) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    let found: Vec<String> = problems
        .iter()
        .map(|problem| {
            let line = problem.position.map_or(0, |position| position.line);
            format!("{line}: {problem}")
        })
        .collect();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        let (line, part) = expected.split_once(": ").unwrap();
        assert!(
            found.starts_with(&format!("{line}: ")) && found.contains(part),
            "found {found:?}, expected {expected:?}"
        );
    }
}

#[test]
fn reads_the_whole_example() {
    let text = r#"
[task]
name = "support-triage"
kind = "classification"
stakes = "high"
golden = { path = "golden.csv", format = "csv", columns = { input = "question" } }
incumbent = "openai/gpt-4o-2024-08-06"

[prompts]
default = "prompt.md"

[requirements]
pass_rate = { min = 0.85, confidence = 0.95 }
not_worse_than = { candidate = "incumbent", margin = 0.05 }
latency = { class = "interactive", ttft_p95_ms = 800 }
cost = { per_query_usd = "0.002", per_month_usd = 1500 }
privacy = { training = "forbidden", regions = ["EU"], self_hosted = false }
context = 16000
capabilities = ["json_schema"]

[traffic]
queries_per_day = 10_000
peak_to_mean = 4

[providers.work]
dialect = "openai"
base_url = "https://llm.internal/v1/"
api_key = { env = "LLM_KEY" }

[[candidates]]
id = "mini-low"
model = "work/team-mini"
identity = "openai/gpt-4o-mini-2024-07-18"
params = { max_output_tokens = 800 }
sweep = { temperature = [0.0, 0.5] }
price = { input = "0.15", output = "0.60" }

[[scorers]]
type = "exact"

[bench]
budget_usd = "20"
"#;
    let Loaded { project, warnings } = try_load(text).unwrap();
    let ids: Vec<&str> = project.candidates.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "mini-low@temperature=0.0",
            "mini-low@temperature=0.5",
            "gpt-4o-2024-08-06"
        ]
    );
    assert_eq!(project.incumbent.unwrap().as_str(), "gpt-4o-2024-08-06");
    assert_eq!(
        project.providers["work"].base_url,
        "https://llm.internal/v1"
    );
    assert_eq!(
        project.providers["work"].api_key,
        KeySource::Env("LLM_KEY".to_owned())
    );
    let gate = project.requirements.not_worse_than.unwrap();
    assert_eq!(
        (gate.reference, gate.margin),
        (Reference::Incumbent, Margin::Absolute(0.05))
    );
    assert_eq!(project.requirements.privacy.unwrap().regions, ["eu"]);
    assert_eq!(project.bench.budget, Some("20".parse().unwrap()));
    let told: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.key.as_str())
        .collect();
    assert_eq!(
        told,
        ["task.incumbent", "candidates[0].identity"],
        "{warnings:?}"
    );
}

#[test]
fn tells_all_problems_at_once() {
    let text = r#"[task]
name = "t"
kind = "clasification"
golden = "g.jsonl"
stake = "high"

[requirements]
pass_rate = { min = 1.5 }
latency = { class = "fast" }

[[candidates]]
model = "gpt-4o"
paramz = { temperature = 1 }

[[scorers]]
type = "exakt"
"#;
    check(
        text,
        &[
            "3: did you mean `classification`?",
            "5: did you mean `stakes`?",
            "8: must lie above 0 and be at most 1",
            "9: `fast` is not known here",
            "12: is not `provider/model`; hint: such as \"openai/gpt-4o\"",
            "13: did you mean `params`?",
            "16: exact",
        ],
    );
}

#[test]
fn syntax_errors_have_places() {
    check("[task\nname = 1\n", &["1: "]);
    check("", &["1: `task`: missing"]);
}

#[test]
fn keys_are_refused_and_never_repeated() {
    let text = format!(
        "{TASK}[providers.a]\ndialect = \"openai\"\nbase_url = \"https://a\"\napi_key = \"sk-123\"\n"
    );
    let problems = try_load(&text).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(!format!("{problems:?}").contains("sk-123"));
}

#[test]
fn moving_names_and_bad_parameters_are_told() {
    check(
        &format!("{TASK}[[candidates]]\nmodel = \"openai/gpt-4o\"\n"),
        &[
            "6: pin the snapshot `openai/gpt-4o-2024",
            "6: shuts down on 2027-01-14",
        ],
    );
    check(
        &format!("{TASK}[[candidates]]\nmodel = \"opneai/gpt-4o\"\n"),
        &["6: did you mean `openai`?"],
    );
    check(
        &format!("{TASK}[[candidates]]\nmodel = \"openai/gpt-4o-2024-08-06\"\nprompt = \"shrt\"\n"),
        &[
            "6: shuts down on 2027-01-14",
            "7: no prompt is called `shrt`",
        ],
    );
}

#[test]
fn references_must_exist() {
    let gate = "[requirements]\nnot_worse_than = { candidate = \"incumbent\", margin = 0.05 }\n";
    check(&format!("{TASK}{gate}"), &["6: there is no incumbent"]);
    let gate =
        "[requirements]\nnot_worse_than = { candidate = \"best\", margin = 0.05, ratio = 0.9 }\n";
    check(&format!("{TASK}{gate}"), &["6: has both"]);
}

#[test]
fn prompts_are_parsed_when_read() {
    check(
        &format!("{TASK}[prompts]\ndefault = \"broken.md\"\nother = \"missing.md\"\n"),
        &[
            "6: parse prompt `default`, line 2",
            "7: failed to read `missing.md`",
        ],
    );
}

#[test]
fn a_changed_address_does_not_get_the_catalogs_key() {
    let text = format!(
        "{TASK}[providers.openai]\nbase_url = \"http://127.0.0.1:1\"\n[[candidates]]\nmodel = \"openai/gpt-4o-2024-08-06\"\n"
    );
    let project = try_load(&text).unwrap().project;
    assert_eq!(project.providers["openai"].api_key, KeySource::None);
}

#[test]
fn assumptions_are_read_exactly_and_traffic_is_one_of_them() {
    use trilemma_cost::assume::{Key, Origin};

    let text = format!(
        "{TASK}[traffic]\nqueries_per_day = 10_000\ncache_hit_rate = 0.6\n\
         [assumptions]\nmonths = 6\neng_days = [3, 6, 12.5]\nrate_usd_hour = \"95.50\"\n"
    );
    let assumptions = try_load(&text).unwrap().project.assumptions;
    let shown = |key: Key| assumptions.span(key).map(|span| span.to_string());
    assert_eq!(shown(Key::Months).as_deref(), Some("6"));
    assert_eq!(shown(Key::EngDays).as_deref(), Some("6 (3 to 12.5)"));
    assert_eq!(shown(Key::RateUsdHour).as_deref(), Some("95.5"));
    assert_eq!(shown(Key::QueriesPerDay).as_deref(), Some("10000"));
    assert_eq!(shown(Key::CacheableShare).as_deref(), Some("0.6"));
    assert_eq!(shown(Key::CacheableHitRate).as_deref(), Some("1"));
    let origin = |key| assumptions.get(key).unwrap().origin;
    assert_eq!(origin(Key::QueriesPerDay), Origin::Project);
    assert_eq!(origin(Key::Fte), Origin::Default);
}

#[test]
fn wrong_assumptions_are_all_told_at_once() {
    check(
        &format!(
            "{TASK}[assumptions]\nmonths = 0\nqueries_per_day = -5\nrate_usd_hour = \"95 USD\"\n\
             eng_days = [12, 6, 3]\nprompts = true\nfte_usd_moth = 1\n"
        ),
        &[
            "6: is 0; hint: give a figure from 1 to 36",
            "7: below zero",
            "8: `95 USD` as a figure",
            "9: not in order",
            "10: expected",
            "11: did you mean `fte_usd_month`?",
        ],
    );
}

#[test]
fn a_gateway_that_others_can_reach_must_know_who_calls() {
    let task = |more: &str| format!("{TASK}[serve]\n{more}");
    check(&task("listen = \"127.0.0.1:0\"\n"), &[]);
    check(&task("listen = \"[::1]:80\"\n"), &[]);
    let open = &["6: nothing says who may call"];
    check(&task("listen = \"0.0.0.0:80\"\n"), open);
    check(&task("listen = \"0.0.0.0:80\"\ntoken = \"none\"\n"), open);
    check(
        &task("listen = \"0.0.0.0:80\"\ntoken = { env = \"T\" }\n"),
        &[],
    );
    check(
        &task("admin = \"0.0.0.0:80\"\n"),
        &["6: metrics and health take no token"],
    );
    check(
        &task("listen = \"everywhere\"\n"),
        &["6: is no address and port"],
    );
    let key = "[[serve.keys]]\nname = \"a\"\nsha256 = \"sk-secret\"\n";
    check(&task(key), &["8: write the hash, never the key"]);
    let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let key = |name: &str, hash: &str| {
        format!("[[serve.keys]]\nname = \"{name}\"\nsha256 = \"{hash}\"\n")
    };
    let both = format!("{}{}", key("a", hash), key("b", &hash.to_uppercase()));
    check(&task(&both), &["11: the hash of `a`'s key already"]);
}

#[test]
fn an_address_of_anthropics_dialect_has_its_version() {
    let task = |dialect: &str, url: &str| {
        format!("{TASK}[providers.a]\ndialect = \"{dialect}\"\nbase_url = \"{url}\"\n")
    };
    let told = &["7: write \"https://a.example/v1\""];
    check(&task("anthropic", "https://a.example"), told);
    check(&task("anthropic", "https://a.example/"), told);
    check(&task("anthropic", "https://a.example/v1"), &[]);
    check(&task("openai", "https://a.example"), &[]);
}

#[test]
fn what_is_tried_is_not_what_is_in_use() {
    let task = |serve: &str, more: &str| {
        format!("{TASK}[serve]\n{serve}[serve.canary]\nshare = 0.1\n{more}")
    };
    let policy = "policy = \"p.json\"\n";
    check(&task(policy, "challenger = \"a\"\n"), &[]);
    check(&task("", "of = \"b\"\nchallenger = \"a\"\n"), &[]);
    let nobody = "nobody answers for `auto`";
    check(
        &task("", "challenger = \"a\"\nof = \"auto\"\n"),
        &[&format!("9: {nobody}")],
    );
    check(
        &task("", "challenger = \"a\"\n"),
        &[&format!("6: {nobody}")],
    );
    check(
        &task("", "of = \"a\"\nchallenger = \"a\"\n"),
        &["9: is who is in use already"],
    );
}

#[test]
fn all_bodies_together_are_no_less_than_one() {
    let task = |more: &str| format!("{TASK}[serve]\n{more}");
    check(&task("max_request_mb = 64\nmax_bodies_mb = 64\n"), &[]);
    check(
        &task("max_bodies_mb = 16\n"),
        &["6: less than a single request"],
    );
}
