//! Checks of the scorer table: every row is usable, documented and guarded.

#![cfg(test)]

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use trilemma_domain::ScorerSpec;
use trilemma_score::{
    COMMON_OPTIONS, EXTRACTION_OPTIONS, FileOption, Mode, OptionType, Runs, SCORERS, STEPS, build,
    file_options,
};

fn spec(kind: &str, options: Value) -> ScorerSpec {
    ScorerSpec {
        kind: kind.to_owned(),
        label: kind.to_owned(),
        weight: 1.0,
        options: options.as_object().unwrap().clone(),
    }
}

/// The example's options, without the keys that the project takes away.
fn example(text: &str) -> (String, Map<String, Value>) {
    let table: toml::Table = toml::from_str(text).unwrap();
    let entries = table["scorers"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    let mut options = serde_json::to_value(&entries[0]).unwrap();
    let options = options.as_object_mut().unwrap();
    let kind = options.remove("type").unwrap();
    options.remove("weight");
    (kind.as_str().unwrap().to_owned(), options.clone())
}

#[test]
fn every_example_builds_its_own_kind() {
    for row in SCORERS {
        let (kind, options) = example(row.example);
        assert_eq!(kind, row.name);
        let scorer = build(&spec(&kind, Value::Object(options))).unwrap();
        assert_eq!(scorer.kind().name, row.name);
        let mode = match scorer.mode() {
            Mode::Pure => Runs::Pure,
            Mode::Judge(_) => Runs::Judge,
            Mode::Command(_) => Runs::Code,
        };
        assert_eq!(mode, row.needs.runs);
    }
}

#[test]
fn names_are_unique_and_texts_are_sentences() {
    let names: BTreeSet<&str> = SCORERS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), SCORERS.len());
    let steps: BTreeSet<&str> = STEPS.iter().map(|row| row.name).collect();
    assert_eq!(steps.len(), STEPS.len());
    let docs = SCORERS
        .iter()
        .flat_map(|row| row.options.iter().map(|o| o.doc).chain([row.doc]))
        .chain(STEPS.iter().map(|row| row.doc))
        .chain(COMMON_OPTIONS.iter().map(|o| o.doc))
        .chain(EXTRACTION_OPTIONS.iter().map(|o| o.doc));
    for doc in docs {
        assert!(doc.ends_with('.') && !doc.contains('\n'), "{doc}");
    }
}

/// A value that no option of that type accepts.
fn wrong(ty: OptionType) -> Value {
    match ty {
        OptionType::Texts | OptionType::Steps => json!([{ "not": "this" }]),
        OptionType::Table => json!(7),
        OptionType::JsonOrFile => json!([1]),
        OptionType::Text
        | OptionType::TextOrFile
        | OptionType::Number
        | OptionType::Count
        | OptionType::Usd
        | OptionType::Flag
        | OptionType::Choice(_) => json!([]),
    }
}

#[test]
fn every_documented_option_is_read_and_checked() {
    for row in SCORERS {
        let extraction = row.extraction.map(|_| EXTRACTION_OPTIONS).unwrap_or(&[]);
        for option in row.options.iter().chain(COMMON_OPTIONS).chain(extraction) {
            let (kind, mut options) = example(row.example);
            options.insert(option.name.to_owned(), wrong(option.ty));
            let problems = build(&spec(&kind, Value::Object(options)))
                .err()
                .unwrap_or_else(|| panic!("{kind}: `{}` is not checked", option.name));
            assert!(
                problems.iter().all(|problem| problem
                    .option
                    .as_deref()
                    .unwrap()
                    .starts_with(option.name)),
                "{kind}: {problems:?}"
            );
        }
    }
}

#[test]
fn every_default_is_what_the_table_says() {
    for row in SCORERS {
        for option in row.options {
            let Some(default) = option.default else {
                continue;
            };
            let value: toml::Table = toml::from_str(&format!("x = {default}")).unwrap();
            let value = serde_json::to_value(&value["x"]).unwrap();
            if value == json!([]) {
                continue;
            }
            let (kind, mut options) = example(row.example);
            options.insert(option.name.to_owned(), value);
            let built = build(&spec(&kind, Value::Object(options)));
            assert!(built.is_ok(), "{kind}.{}: {built:?}", option.name);
            if let OptionType::Choice(words) = option.ty {
                let word = default.trim_matches('"');
                assert!(words.contains(&word), "{kind}.{}", option.name);
            }
        }
    }
}

#[test]
fn every_word_of_a_choice_is_accepted() {
    for row in SCORERS {
        for option in row.options {
            let OptionType::Choice(words) = option.ty else {
                continue;
            };
            for word in words {
                let (kind, mut options) = example(row.example);
                options.insert(option.name.to_owned(), json!(word));
                let built = build(&spec(&kind, Value::Object(options)));
                assert!(built.is_ok(), "{kind}.{} = {word}", option.name);
            }
        }
    }
}

#[test]
fn slips_are_met_with_the_nearest_name() {
    for (kind, hint) in [
        ("normalized", "did you mean `normalised`?"),
        ("json-fields", "did you mean `json_fields`?"),
        ("rougeL", "did you mean `rouge_l`?"),
        ("something", "`trilemma scorers` lists them"),
    ] {
        let problems = build(&spec(kind, json!({}))).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].option, None);
        assert_eq!(problems[0].hint, hint, "{kind}");
    }
    let problems = build(&spec(
        "numeric",
        json!({"tolerence": 1, "relative_tolerance": -1}),
    ));
    let problems = problems.unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(problems[0].hint, "did you mean `tolerance`?");
    assert_eq!(
        problems[1].to_string(),
        "build scorer: `relative_tolerance` is -1; hint: write a number of at least 0"
    );
    let problems = build(&spec("latency", json!({"max_ms": 5, "extract": "trim"}))).unwrap_err();
    assert_eq!(problems[0].option.as_deref(), Some("extract"));
}

#[test]
fn weights_are_checked() {
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let problems = build(&ScorerSpec {
            weight,
            ..spec("exact", json!({}))
        })
        .unwrap_err();
        assert_eq!(problems[0].option.as_deref(), Some("weight"));
    }
}

#[test]
fn files_are_named_and_never_taken_for_texts() {
    let judge = spec(
        "judge",
        json!({"model": "openai/gpt-4o", "rubric": "rubric.md", "template": "Grade {{ answer }}"}),
    );
    assert_eq!(
        file_options(&judge),
        [FileOption {
            option: "rubric",
            path: "rubric.md".to_owned(),
            json: false,
        }]
    );
    let problems = build(&judge).unwrap_err();
    assert_eq!(problems[0].option.as_deref(), Some("rubric"));
    let schema = spec("json_schema", json!({"schema": "answer.schema.json"}));
    assert!(file_options(&schema)[0].json);
    assert!(build(&schema).is_err());
    assert!(file_options(&spec("exact", json!({}))).is_empty());
}
