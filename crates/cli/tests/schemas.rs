//! `trilemma schema`: the schemas describe what the program reads and writes.

mod desk;
mod support;

use std::path::{Path, PathBuf};

use desk::{assert_fits, misfits, run, stderr, stdout, toml_value, value};
use serde_json::{Value, json};
use trilemma_sim::{Behaviour, FaultKind, FaultRule, Scenario, SimOptions, Spread};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn all_are_listed_and_valid() {
    let list = value(&run(&root(), &["schema", "--json"]), 0);
    for row in list.as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let schema = value(&run(&root(), &["schema", name]), 0);
        jsonschema::meta::validate(&schema).unwrap();
        assert_eq!(schema["$id"], format!("urn:trilemma:schema:{name}:1"));
        let text = stdout(&run(&root(), &["schema"]), 0);
        assert!(text.contains(name));
    }
    assert!(stderr(&run(&root(), &["schema", "projekt"]), 2).contains("one of project"));
}

#[test]
fn every_scorer_is_known_to_the_project_schema() {
    let listed = value(&run(&root(), &["scorers", "--json"]), 0);
    let names: Vec<&Value> = listed["scorers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["name"])
        .collect();
    let schema = value(&run(&root(), &["schema", "project"]), 0);
    let known = &schema["properties"]["scorers"]["items"]["properties"]["type"]["enum"];
    assert_eq!(json!(names), *known);
}

#[test]
fn the_catalog_and_the_examples_fit() {
    let mut n_files = 0;
    for entry in fs_err::read_dir(root().join("catalog")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            assert_fits("catalog", &toml_value(&path));
            n_files += 1;
        }
    }
    assert!(n_files > 15);
    for entry in fs_err::read_dir(root().join("examples")).unwrap() {
        let folder = entry.unwrap().path();
        let project = folder.join("trilemma.toml");
        if !project.exists() {
            continue;
        }
        let project = toml_value(&project);
        assert_fits("project", &project);
        let golden = folder.join(project["task"]["golden"].as_str().unwrap());
        for line in fs_err::read_to_string(golden).unwrap().lines() {
            assert_fits("golden-item", &serde_json::from_str(line).unwrap());
        }
        for name in ["scenario.toml", "sim.toml"] {
            if folder.join(name).exists() {
                assert_fits("scenario", &toml_value(&folder.join(name)));
            }
        }
    }
}

/// The reader and the schema of projects refuse the same mistakes.
#[test]
fn the_project_schema_is_as_strict_as_the_reader() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let good = "[task]\nname = \"t\"\nkind = \"other\"\ngolden = \"g.jsonl\"\n\
                [[scorers]]\ntype = \"exact\"\n";
    fs_err::write(
        folder.join("g.jsonl"),
        "{\"input\": \"a\", \"expected\": \"b\"}\n",
    )
    .unwrap();
    let path = folder.join("trilemma.toml");
    let both = |text: &str| {
        fs_err::write(&path, text).unwrap();
        let reader = run(folder, &["golden", "lint"]).status.code() == Some(0);
        let schema = misfits("project", &toml_value(&path)).is_empty();
        (reader, schema)
    };
    assert_eq!(both(good), (true, true));
    for more in [
        "[requirements]\npass_rate = { min = 0.9 }\nnot_worse_than = { candidate = \"best\", ratio = 0.9 }\n",
        "[requirements]\nlatency = { class = \"batch\", e2e_p95_ms = 1.5 }\ncost = { per_query_usd = 0.002 }\n",
        "[providers.a]\ndialect = \"azure\"\napi_version = \"1\"\nbase_url = \"https://a.b/c\"\napi_key = \"none\"\n",
        "[[candidates]]\nmodel = \"openai/x\"\nsweep = { temperature = [0, 1] }\nparams = { stop = \"x\" }\n",
        "[serve]\nlisten = \"0.0.0.0:80\"\ntoken = { env = \"X\" }\nbudget_usd = \"3\"\nbudget_period = \"day\"\n",
        "[[candidates]]\nid = \"a\"\nmodel = \"openai/gpt-4o-2024-08-06\"\n[routing]\ntarget = \"parity\"\nfallback = \"a\"\n\
         [[routing.rules]]\nname = \"r\"\nwhen = { words = { min = 9 }, none = [{ carries = \"image\" }] }\nthen = \"a\"\n",
        "[providers.a]\ndialect = \"openai\"\nbase_url = \"https://a.b/v1\"\nresponses = true\n[[serve.embeddings]]\nmodel = \"a/x\"\nprice = 0.02\n",
        "[[candidates]]\nmodel = \"openai/x\"\nprice = { input = 1, output = 2, web_search_1k = \"10\" }\n",
        "[serve.texts]\nshare = 0.1\nconsent = \"header\"\nredact = [\"EMP-[0-9]+\"]\nkeep_days = 7\nmax_mb = 10\nmax_item_kb = 8\n",
        "[[candidates]]\nid = \"a\"\nmodel = \"openai/x\"\n[serve.shadow]\nchallenger = \"a\"\nshare = 0.1\nbudget_usd = \"5\"\njudges = true\nbudget_period = \"day\"\nconcurrency = 2\n",
        "[[candidates]]\nid = \"a\"\nmodel = \"openai/x\"\n[serve]\npolicy = \"p.json\"\n[serve.canary]\nof = \"auto\"\nchallenger = \"a\"\nshare = 0.1\nfalse_rollback = 0.01\nmax_cost_ratio = 1.5\nwebhook = { env = \"HOOK\" }\n",
        "[[candidates]]\nid = \"a\"\nmodel = \"openai/x\"\n[serve]\npolicy = \"p.json\"\n[serve.canary]\nchallenger = \"a\"\nshare = 0.1\njudges = true\njudge_share = 0.2\nbudget_usd = \"5\"\nbudget_period = \"day\"\nconcurrency = 2\n",
        "[serve.traces]\nendpoint = \"http://127.0.0.1:4318\"\nheaders = { env = \"X\" }\nshare = 0.5\nservice = \"a\"\n",
        "[bench]\nbudget_usd = 3\nseed = 0\n[store]\nurl = { env = \"X\" }\n",
    ] {
        assert_eq!(both(&format!("{good}{more}")), (true, true), "{more}");
    }
    for more in [
        "[tsak]\n",
        "[requirements]\nnot_worse_than = { candidate = \"best\" }\n",
        "[requirements]\nnot_worse_than = { candidate = \"best\", margin = 0.1, ratio = 0.9 }\n",
        "[requirements]\npass_rate = { min = 85 }\n",
        "[requirements]\ncapabilities = [\"telepathy\"]\n",
        "[traffic]\nqueries_per_day = -1\n",
        "[traffic]\npeak_to_mean = 2\n",
        "[providers.a]\napi_key = \"sk-secret\"\nbase_url = \"https://a\"\n",
        "[providers.a]\nbase_url = \"ftp://a\"\n",
        "[[candidates]]\nmodel = \"nameless\"\n",
        "[[candidates]]\nmodel = \"openai/x\"\nprice = { input = \"1\" }\n",
        "[[scorers]]\ntype = \"exakt\"\n",
        "[serve]\nport = 80\n",
        "[serve]\nbudget_period = \"day\"\n",
        "[[serve.keys]]\nname = \"a\"\nsha256 = \"sk-secret\"\n",
        "[routing]\ntaks_field = \"x\"\n",
        "[[routing.rules]]\nname = \"r\"\nwhen = { colour = \"red\" }\nthen = \"a\"\n",
        "[[routing.rules]]\nname = \"r\"\nwhen = {}\n",
        "[[serve.embeddings]]\nid = \"a\"\n",
        "[[serve.embeddings]]\nmodel = \"nameless\"\n",
        "[serve.texts]\nshare = 0.1\n",
        "[serve.shadow]\nchallenger = \"a\"\nshare = 0.1\n",
        "[serve.canary]\nchallenger = \"a\"\n",
        "[serve.canary]\nchallenger = \"a\"\nshare = 0.1\nmax_cost_ratio = 0.5\n",
        "[serve.canary]\nchallenger = \"a\"\nshare = 0.1\njudges = true\njudge_share = 0.2\n",
        "[serve.canary]\nchallenger = \"a\"\nshare = 0.1\njudges = true\nbudget_usd = \"5\"\n",
        "[serve.canary]\nchallenger = \"a\"\nshare = 0.1\nbudget_usd = \"5\"\n",
        "[serve.traces]\nshare = 0.5\n",
        "[serve.traces]\nendpoint = \"http://a\"\nheaders = \"key=secret\"\n",
        "[serve.texts]\nshare = 0\nconsent = \"assumed\"\n",
        "[serve.texts]\nshare = 1\nconsent = \"maybe\"\n",
        "[bench]\nrepeats = 0\n",
        "[bench]\nfast = true\n",
    ] {
        assert_eq!(both(&format!("{good}{more}")), (false, false), "{more}");
    }
}

#[test]
fn items_and_scenarios_of_every_shape_fit() {
    for item in [
        json!({ "input": "x" }),
        json!({ "id": 7, "messages": [{ "role": "user", "content": [{ "type": "text", "text": "x" }] }] }),
        json!({ "input": [{ "role": "user", "parts": [{ "type": "image", "path": "a.png" }] }], "expected": ["a", 1] }),
        json!({ "input": "x", "expected": { "json": [1, { "a": null }] } }),
        json!({ "input": "x", "expected": { "a": 1 }, "question": "kept as metadata" }),
        json!({ "input": "x", "tools": [{ "type": "function", "function": { "name": "f" } }],
            "expected": { "tool_calls": [{ "function": { "name": "f", "arguments": "{}" } }] } }),
    ] {
        assert_fits("golden-item", &item);
    }
    for item in [
        json!({}),
        json!({ "input": null }),
        json!({ "input": "x", "expected": { "tool_calls": [1] } }),
    ] {
        assert!(!misfits("golden-item", &item).is_empty(), "{item}");
    }
    let rule = |kind: FaultKind| FaultRule::per_100(kind, 1);
    let behaviour = Behaviour {
        first_token_ms: Some(Spread::log_normal(10.0, 0.5)),
        faults: Some(FaultKind::ALL.map(rule).to_vec()),
        ..Behaviour::default()
    };
    let scenario = Scenario {
        models: [("m".to_owned(), behaviour)].into(),
        ..Scenario::default()
    };
    assert_fits("scenario", &serde_json::to_value(scenario).unwrap());
    assert!(!misfits("scenario", &json!({ "sed": 1 })).is_empty());
    assert!(!misfits("scenario", &json!({ "faults": [{ "kind": "length" }] })).is_empty());
}

/// A run with answers, refusals and failures, exported.
#[test]
fn exports_and_decisions_fit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let scenario = Scenario {
        faults: vec![
            FaultRule::every(FaultKind::Refusal, 5),
            FaultRule::every(FaultKind::ServerError, 7),
        ],
        ..Scenario::default()
    };
    let served = support::serve(SimOptions {
        scenario,
        ..SimOptions::default()
    });
    support::write_golden(folder, 40);
    support::write_project(
        folder,
        &served.url,
        &["a", "b"],
        "max_attempts = 1\ncache = false",
    );
    let bench = support::trilemma(folder, &["bench", "--json"])
        .output()
        .unwrap();
    support::json(&bench, &[0, 4]);
    let export = support::trilemma(folder, &["export"]).output().unwrap();
    let mut counts = [0_usize; 3];
    for line in String::from_utf8(export.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        match line["record"].as_str().unwrap() {
            "run" => counts[0] += 1,
            "item" => counts[1] += 1,
            _ => counts[2] += 1,
        }
        assert_fits("export", &line);
    }
    assert_eq!(counts, [1, 40, 80]);
    let decide = support::trilemma(folder, &["decide", "--json"])
        .output()
        .unwrap();
    let decision = support::json(&decide, &[0, 1, 3, 4]);
    assert_fits("decision", &decision);
    for field in ["candidates", "conclusion", "reasons"] {
        let mut without = decision.clone();
        without.as_object_mut().unwrap().remove(field);
        assert!(!misfits("decision", &without).is_empty(), "{field}");
    }
    let mut wrong = decision;
    wrong["candidates"][0]["verdict"] = json!("maybe");
    assert!(!misfits("decision", &wrong).is_empty());
}

/// Figures about the golden set itself, and who may be the best.
#[test]
fn decisions_on_the_golden_set_itself_fit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let served = support::serve(SimOptions::default());
    support::write_golden(folder, 40);
    support::write_project(folder, &served.url, &["a", "b"], "");
    let bench = support::trilemma(folder, &["bench", "--json"])
        .output()
        .unwrap();
    support::json(&bench, &[0]);
    let decide = support::trilemma(folder, &["decide", "--json", "--estimand", "golden-set"])
        .output()
        .unwrap();
    let decision = support::json(&decide, &[0, 1, 3]);
    assert_fits("decision", &decision);
    assert_eq!(decision["candidates"][0]["pass_rate"]["method"], "census");
    assert_eq!(
        decision["standings"]["candidates"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
