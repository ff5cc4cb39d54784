//! Model outputs, names and labels that want to be executed. Every check is made beside a twin of the
//! same shape with harmless texts.

use std::path::Path;

use serde_json::{Value, json};
use trilemma_sim::{Answers, Behaviour, Scenario, ScriptAnswer, ScriptRule, SimOptions};

use crate::output::{assert_plain, expect, run, stderr, stdout};
use crate::page;
use crate::support::{Served, json as parsed, serve};

/// Texts that do harm where they are taken for more than text.
pub(crate) const HOSTILE: [&str; 18] = [
    "</script><script>window.pwned=1</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)><a href=\"javascript:alert(1)\">x</a>",
    "<!--<script><hostile-element onclick=alert(1)>",
    "]]></title></style></textarea></noscript><hostile-element>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "{{ page.task }} {% for x in y %} ${7*7}",
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred\u{1b}[8m",
    "\u{9b}31m\u{9d}0;owned\u{9c}\u{7f}\u{8}\u{8}\u{c}",
    "\u{202e}gnp.exe\u{2066}\u{200f}\u{61c}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+HYPERLINK(\"http://x.example\",\"y\")",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1\r\n=2+2",
    "nul \0 in \0 the middle",
    "`<b>` \u{2028}\u{2029}\u{feff}\u{fffe}\u{1d173} ![x](http://x.example) [y](javascript:alert(1))",
    "\"}]}}],\"usage\":null}\ndata: [DONE]\n\n",
];
const N_ITEMS: usize = 54;
/// Stands in every answer and expected answer.
const MARK: &str = "quicksilver";

/// A text as a TOML basic string: JSON's escapes are TOML's, but for U+007F.
pub(crate) fn quoted(text: &str) -> String {
    json!(text).to_string().replace('\u{7f}', "\\u007f")
}

fn text(idx: usize, is_hostile: bool) -> String {
    if is_hostile {
        HOSTILE[idx % HOSTILE.len()].to_owned()
    } else {
        format!("harmless {}", idx % HOSTILE.len())
    }
}

/// What a model answers: the text, and a word that stands nowhere else.
fn answer(idx: usize, is_hostile: bool) -> String {
    format!("{} {MARK}", text(idx, is_hostile))
}

/// Both models answer with the text of the item; the second gets every third item wrong.
fn served(is_hostile: bool) -> Served {
    let rules = |is_good: bool| Answers::Script {
        rules: (0..N_ITEMS)
            .map(|idx| ScriptRule {
                contains: Some(format!("[case {idx}]")),
                answers: vec![ScriptAnswer {
                    text: if is_good || idx % 3 != 0 {
                        answer(idx, is_hostile)
                    } else {
                        format!("wrong {}", answer(idx + 1, is_hostile))
                    },
                    ..ScriptAnswer::default()
                }],
                ..ScriptRule::default()
            })
            .collect(),
    };
    let model = |is_good| Behaviour {
        answers: Some(rules(is_good)),
        served_model: Some(text(0, is_hostile)),
        system_fingerprint: Some(text(3, is_hostile)),
        ..Behaviour::default()
    };
    serve(SimOptions {
        scenario: Scenario {
            models: [
                ("good".to_owned(), model(true)),
                ("poor".to_owned(), model(false)),
            ]
            .into(),
            ..Scenario::default()
        },
        ..SimOptions::default()
    })
}

/// A project whose every text is hostile, or none.
fn write(folder: &Path, url: &str, is_hostile: bool) {
    let mut golden = String::new();
    for idx in 0..N_ITEMS {
        let text = text(idx, is_hostile);
        let item = json!({
            "id": format!("{idx} {text}"),
            "input": format!("{text}\n[case {idx}] {text}"),
            "expected": answer(idx, is_hostile),
            "tags": [text, format!("tag {}", idx % 2)],
            "criteria": [text],
            "metadata": {"note": text},
        });
        golden.push_str(&item.to_string());
        golden.push('\n');
    }
    fs_err::write(folder.join("golden.jsonl"), golden).unwrap();
    let name = |idx| quoted(&text(idx, is_hostile));
    let project = format!(
        "[task]\nname = {}\nkind = \"other\"\ngolden = \"golden.jsonl\"\n\
         [requirements]\npass_rate = {{ min = 0.8 }}\nlatency = {{ e2e_p95_ms = 60000 }}\n\
         [traffic]\nqueries_per_day = 1000\n\
         [providers.sim]\ndialect = \"openai\"\nbase_url = \"{url}/v1\"\napi_key = {{ env = \"SIM_KEY\" }}\n\
         [[candidates]]\nid = {}\nmodel = \"sim/good\"\nprice = {{ input = \"1\", output = \"2\" }}\n\
         [[candidates]]\nid = {}\nmodel = \"sim/poor\"\nstream = false\nprice = {{ input = \"1\", output = \"2\" }}\n\
         [[scorers]]\ntype = \"exact\"\nlabel = {}\n",
        name(4),
        name(7),
        name(10),
        name(8),
    );
    fs_err::write(folder.join("trilemma.toml"), project).unwrap();
}

struct Selected {
    folder: tempfile::TempDir,
    _served: Served,
    code: Option<i32>,
    decision: Value,
}

/// Runs `select` and keeps its project.
fn selected(is_hostile: bool) -> Selected {
    let served = served(is_hostile);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &served.url, is_hostile);
    let output = run(folder.path(), &["--json", "select"]);
    Selected {
        code: output.status.code(),
        decision: parsed(&output, &[0, 1, 3]),
        folder,
        _served: served,
    }
}

fn html(folder: &Path, arguments: &[&str]) -> page::Page {
    let file = folder.join("out.html");
    let mut all = vec!["report", "--out", file.to_str().unwrap()];
    all.extend_from_slice(arguments);
    expect(folder, &all, 0);
    let html = fs_err::read_to_string(&file).unwrap();
    assert_plain(&all, &html);
    page::parse(&html)
}

/// What a decision counts, by candidate.
fn counts(decision: &Value) -> Vec<Value> {
    let candidates = decision["candidates"].as_array().unwrap();
    candidates
        .iter()
        .map(|one| json!([one["counts"], one["pass_rate"]["value"], one["verdict"]]))
        .collect()
}

#[test]
fn hostile_answers_and_names_are_only_text() {
    let hostile = selected(true);
    let twin = selected(false);
    scores_are_right(&hostile, &twin);
    pages_are_harmless(&hostile, &twin);
    terminals_are_not_driven(hostile.folder.path(), twin.folder.path());
    spreadsheets_see_no_formula(hostile.folder.path());
    other_formats_hold(hostile.folder.path());
    exports_give_everything_back(hostile.folder.path());
}

fn scores_are_right(hostile: &Selected, twin: &Selected) {
    assert_eq!(hostile.code, twin.code);
    assert_eq!(counts(&hostile.decision), counts(&twin.decision));
    let passed: Vec<&Value> = hostile.decision["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["counts"]["n_passed"])
        .collect();
    assert_eq!(passed, [&json!(54), &json!(36)]);
}

fn pages_are_harmless(hostile: &Selected, twin: &Selected) {
    for arguments in [&[][..], &["--with-content"]] {
        let page = html(hostile.folder.path(), arguments);
        let harmless = html(twin.folder.path(), arguments);
        page::assert_harmless(&page, &harmless);
        assert_eq!(page.data.len(), harmless.data.len());
        let is_embedded = |what: &str| {
            page.data
                .iter()
                .any(|block| block.to_string().contains(what))
        };
        assert_eq!(is_embedded(MARK), !arguments.is_empty());
        assert_eq!(is_embedded("[case 7]"), !arguments.is_empty());
        for what in [MARK, "[case "] {
            assert!(!page.text.contains(what), "{what} is in the page itself");
        }
        assert!(
            page.text.contains("<hostile-element>"),
            "the task's name is shown as text"
        );
    }
    let written = fs_err::read_to_string(hostile.folder.path().join("trilemma-report.html"));
    let harmless = fs_err::read_to_string(twin.folder.path().join("trilemma-report.html"));
    page::assert_harmless(
        &page::parse(&written.unwrap()),
        &page::parse(&harmless.unwrap()),
    );
}

fn terminals_are_not_driven(folder: &Path, twin: &Path) {
    // `run` looks at every character of both streams.
    for arguments in [
        &["check"][..],
        &["select"],
        &["bench"],
        &["decide"],
        &["score"],
        &["report"],
        &["runs", "list"],
        &["golden", "lint"],
    ] {
        let ours = run(folder, arguments);
        let code = ours.status.code();
        let said = stderr(&ours);
        assert_eq!(
            code,
            run(twin, arguments).status.code(),
            "{arguments:?}: {said}"
        );
        let all = [&["--json"], arguments].concat();
        assert_eq!(code, run(folder, &all).status.code(), "{all:?}: {said}");
    }
    let runs = parsed(&run(folder, &["--json", "runs", "list"]), &[0]);
    let name = runs[0]["run"].as_str().unwrap();
    let shown = stdout(&expect(folder, &["runs", "show", name], 0));
    assert!(shown.contains("answered   108 of 108"), "{shown}");
    expect(folder, &["--json", "runs", "show", name], 0);
}

fn spreadsheets_see_no_formula(folder: &Path) {
    let output = expect(folder, &["report", "--format", "csv"], 0);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(output.stdout.as_slice());
    let mut n_names = 0;
    for row in reader.records() {
        for cell in &row.unwrap() {
            let starts_formula = cell
                .trim_start()
                .starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(!starts_formula || cell.parse::<f64>().is_ok(), "{cell:?}");
            n_names += usize::from(cell.contains("=cmd"));
        }
    }
    assert!(n_names > 0, "the candidate's name is there");
}

fn other_formats_hold(folder: &Path) {
    let markdown = stdout(&expect(folder, &["report", "--format", "markdown"], 0));
    let junit = stdout(&expect(folder, &["report", "--format", "junit"], 0));
    for text in [&markdown, &junit] {
        assert!(!text.contains("<script"), "{text:.3000}");
        assert!(!text.contains("<hostile"), "{text:.3000}");
        assert!(!text.contains("<img"), "{text:.3000}");
    }
    assert!(!junit.contains("]]>"));
    let decision = stdout(&expect(folder, &["report", "--format", "json"], 0));
    let decision: Value = serde_json::from_str(&decision).unwrap();
    assert_eq!(decision["candidates"][0]["id"], HOSTILE[7]);
}

fn exports_give_everything_back(folder: &Path) {
    let file = folder.join("run.jsonl");
    expect(folder, &["export", "--out", file.to_str().unwrap()], 0);
    let text = fs_err::read_to_string(&file).unwrap();
    let records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (idx, hostile) in HOSTILE.iter().enumerate() {
        let is_answer = |record: &&Value| {
            record["record"] == "trial"
                && record["trial"]["outcome"]
                    .to_string()
                    .contains(json!(hostile).to_string().trim_matches('"'))
        };
        assert!(
            records.iter().any(|record| is_answer(&record)),
            "text {idx}"
        );
    }
    assert_eq!(text.lines().count(), 1 + N_ITEMS + 2 * N_ITEMS);
    // On standard output, which may be a terminal, the same records are free of control characters.
    let shown = stdout(&expect(folder, &["export"], 0));
    let again: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(again, records);
}
