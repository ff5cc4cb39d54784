//! Plain tables: long, wide, by column map, in every layout.

use trilemma_domain::{Input, NanoUsd};
use trilemma_interop::{Field, Gathered, ReadOptions, read_results};

use crate::{items, problems, read, read_one, refusal, scaled, trials, written};

fn mapped(name: &str, text: &str, columns: &[(Field, &str)]) -> Gathered {
    let (_folder, path) = written(name, text);
    let columns = columns
        .iter()
        .map(|(field, column)| (*field, (*column).to_owned()));
    let options = ReadOptions {
        columns: columns.collect(),
        ..ReadOptions::default()
    };
    read(&[path], &options).unwrap().0
}

#[test]
fn a_long_table_with_all_fields() {
    let text = "item,candidate,score,input,expected,input_tokens,output_tokens,cost_usd,latency_ms,tags\n\
                q1,a,1,What?,this,10,5,0.0000123,250,easy\n\
                q1,b,0.5,What?,this,,,,,easy\n";
    let (_folder, path) = written("r.csv", text);
    let (mut gathered, _) = read_one(&path);
    assert_eq!((gathered.n_items, gathered.n_problems), (1, 0));
    let item = &items(&mut gathered)[0];
    assert_eq!(item.id, "q1");
    assert_eq!(item.body.input, Some(Input::Text("What?".to_owned())));
    assert_eq!(item.body.tags, ["easy"]);
    let trials = trials(&mut gathered);
    let usage = trials[0].usage.unwrap();
    assert_eq!((usage.input_total(), usage.output), (10, 5));
    assert_eq!(trials[0].cost, Some(NanoUsd(12_300)));
    assert_eq!(trials[0].latency.unwrap().as_millis(), 250);
    // What the file does not say is unknown, not 0.
    assert_eq!(
        (trials[1].usage, trials[1].cost, trials[1].latency),
        (None, None, None)
    );
}

#[test]
fn the_task_of_an_item_is_kept_where_routing_looks_for_it() {
    let text = "item,task,candidate,score\nq1,sums,a,1\nq2,,a,0\n";
    let (_folder, path) = written("r.csv", text);
    let (mut gathered, _) = read_one(&path);
    let tasks: Vec<_> = items(&mut gathered)
        .iter()
        .map(|item| item.body.metadata.get("task").cloned())
        .collect();
    assert_eq!(tasks, [Some("sums".into()), None]);

    let mut renamed = mapped(
        "r.csv",
        "item,kind,a,b\nq1,sums,1,0\n",
        &[(Field::Task, "kind"), (Field::Score, "*")],
    );
    assert_eq!(items(&mut renamed)[0].body.metadata["task"], "sums");
}

#[test]
fn a_wide_table_by_its_usual_prefixes() {
    let text = "id,prompt,ok_small,answer_small,ok_big,answer_big\nx,2+2?,0,5,1,4\ny,1+1?,1,2,,\n";
    let (_folder, path) = written("r.csv", text);
    let (mut gathered, _) = read_one(&path);
    let names: Vec<_> = gathered
        .candidates
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["big", "small"]);
    assert_eq!(gathered.n_trials(), 3);
    assert_eq!(gathered.unpaired[0].candidate, "big");
    assert_eq!(gathered.unpaired[0].first, ["y"]);
    assert_eq!(trials(&mut gathered)[0].output.as_deref(), Some("4"));
}

#[test]
fn columns_by_map_and_dotted_paths() {
    let text = "{\"inputs\": {\"question\": \"a?\"}, \"run\": \"m1\", \"scores\": {\"accuracy\": 1, \"style\": 0.2}}\n\
                {\"inputs\": {\"question\": \"a?\"}, \"run\": \"m2\", \"scores\": {\"accuracy\": 0, \"style\": 0.9}}\n";
    let columns = [
        (Field::Input, "inputs.question"),
        (Field::Score, "scores.accuracy"),
    ];
    let mut gathered = mapped("r.jsonl", text, &columns);
    assert_eq!((gathered.n_items, gathered.candidates.len()), (1, 2));
    assert_eq!(gathered.scorers, ["score"]);
    assert_eq!(trials(&mut gathered)[1].scores[0].value, Ok(0.0));
    // Without naming one, all scores of an object are taken.
    let all = mapped("r.jsonl", text, &[(Field::Input, "inputs.question")]);
    assert_eq!(all.scorers, ["accuracy", "style"]);
}

#[test]
fn a_pattern_names_columns_of_candidates() {
    let text = "case;a/quality;b/quality\n1;1;0\n2;1;1\n";
    let columns = [(Field::Item, "case"), (Field::Score, "*/quality")];
    let gathered = mapped("r.csv", text, &columns);
    let names: Vec<_> = gathered
        .candidates
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(gathered.tallies[0].n_passed, 2);
}

#[test]
fn lists_under_a_name_and_bare_lists() {
    for text in [
        "[{\"id\": 1, \"model\": \"a\", \"score\": true}]",
        "{\"meta\": {\"x\": [1, {\"y\": null}]}, \"results\": [{\"id\": 1, \"model\": \"a\", \"score\": true}]}",
    ] {
        let (_folder, path) = written("r.json", text);
        let (gathered, _) = read_one(&path);
        assert_eq!((gathered.n_trials(), gathered.tallies[0].n_passed), (1, 1));
    }
}

#[test]
fn rows_that_occur_equally_often_are_repeats() {
    let even = "item,candidate,score\na,m,1\na,m,0\nb,m,1\nb,m,1\n";
    let (_folder, path) = written("r.csv", even);
    let (mut gathered, _) = read_one(&path);
    assert_eq!((gathered.n_items, gathered.repeats), (2, 2));
    let keys: Vec<_> = trials(&mut gathered)
        .iter()
        .map(|one| (one.item, one.repeat))
        .collect();
    assert_eq!(keys, [(0, 0), (0, 1), (1, 0), (1, 1)]);
}

#[test]
fn rows_that_occur_unequally_often_share_a_cluster() {
    let uneven = "item,candidate,score\na,m,1\nb,m,1\na,m,0\na,n,1\nb,n,0\n";
    let (_folder, path) = written("r.csv", uneven);
    let (mut gathered, _) = read_one(&path);
    assert_eq!((gathered.n_items, gathered.repeats), (3, 1));
    let items = items(&mut gathered);
    let ids: Vec<_> = items
        .iter()
        .map(|item| (item.id.as_str(), item.body.cluster.as_deref()))
        .collect();
    assert_eq!(ids, [("a", Some("a")), ("a#2", Some("a")), ("b", None)]);
    let keys: Vec<_> = trials(&mut gathered)
        .iter()
        .map(|one| (one.candidate, one.item))
        .collect();
    assert_eq!(keys, [(0, 0), (0, 2), (0, 1), (1, 0), (1, 2)]);
    assert!(gathered.notes.iter().any(|note| note.contains("cluster")));
}

#[test]
fn numbered_repeats_must_not_occur_twice() {
    let words = problems("r.csv", "item,candidate,repeat,score\na,m,1,1\na,m,1,0\n");
    assert!(
        words.starts_with("line 3: this item, candidate and repeat occurred before"),
        "{words}"
    );
}

#[test]
fn scales_are_stated_not_guessed() {
    let text = "item,candidate,score\na,m,10\nb,m,1\n";
    let words = problems("r.csv", text);
    assert!(
        words.contains("line 2: `score`: 10 does not lie between 0 and 1"),
        "{words}"
    );
    assert!(words.contains("--scale"), "{words}");
    let (_folder, path) = written("r.csv", text);
    let mut gather = scaled((1.0, 10.0));
    let options = ReadOptions::default();
    read_results(&path, &options, &std::sync::Arc::default(), &mut gather).unwrap();
    let mut gathered = gather.finish().unwrap();
    let values: Vec<_> = trials(&mut gathered)
        .iter()
        .map(|one| one.scores[0].value.clone())
        .collect();
    assert_eq!(values, [Ok(1.0), Ok(0.0)]);
}

#[test]
fn durations_and_costs_without_unit_are_not_guessed_at() {
    let (_folder, path) = written("r.csv", "item,candidate,score,latency,cost\na,m,1,3,4\n");
    let (mut gathered, origin) = read_one(&path);
    assert_eq!(origin.notes.len(), 2);
    assert!(
        origin.notes[0].contains("--map latency_ms=latency"),
        "{:?}",
        origin.notes
    );
    let trial = &trials(&mut gathered)[0];
    assert_eq!((trial.latency, trial.cost), (None, None));
}

#[test]
fn broken_rows_are_told_by_line_and_the_others_kept() {
    let text = "item,candidate,score\na,m,1\nb,m\nc,m,maybe\n,m,1\nd,,1\ne,m,0\n";
    let words = problems("r.csv", text);
    let expected = [
        "line 3: the row has 2 fields, the header line 3",
        "line 4: `score`: `\"maybe\"` is not a score",
        "line 5: `item`: is empty",
        "line 6: `candidate`: is empty",
    ];
    for line in expected {
        assert!(words.contains(line), "{line}\n{words}");
    }
    let (_folder, path) = written("r.csv", text);
    let (gathered, _) = read_one(&path);
    assert_eq!((gathered.n_trials(), gathered.n_problems), (2, 4));
    let words = problems(
        "r.jsonl",
        "{\"item\": 1, \"model\": \"a\", \"score\": 1}\n{oops\n[1]\n",
    );
    assert!(
        words.contains("line 2:") && words.contains("line 3:"),
        "{words}"
    );
}

#[test]
fn missing_columns_are_told_with_the_flag_that_names_them() {
    let words = refusal("r.csv", "a,b\n1,2\n");
    assert!(
        words.contains("no column names the item") && words.contains("--map item=COLUMN"),
        "{words}"
    );
    let words = refusal("r.csv", "item,b\n1,2\n");
    assert!(words.contains("no column names the candidate"), "{words}");
    let words = refusal("r.csv", "item,model,b\n1,2,3\n");
    assert!(
        words.contains("no column holds scores or outputs"),
        "{words}"
    );
}

#[test]
fn outputs_without_scores_are_kept_for_our_scorers() {
    let text = "item,candidate,output,expected\na,m,4,4\nb,m,,5\n";
    let (_folder, path) = written("r.csv", text);
    let (mut gathered, _) = read_one(&path);
    assert!(gathered.scorers.is_empty());
    let trials = trials(&mut gathered);
    assert_eq!(trials[0].output.as_deref(), Some("4"));
    assert_eq!(
        (trials[1].output.clone(), trials[1].failed.clone()),
        (None, None)
    );
}

#[test]
fn an_error_is_no_score() {
    let text = "item,candidate,output,error,score\na,m,,timeout,\nb,m,x,,1\n";
    let (_folder, path) = written("r.csv", text);
    let (gathered, _) = read_one(&path);
    let tally = &gathered.tallies[0];
    assert_eq!((tally.n_failed, tally.n_passed, tally.n_trials), (1, 1, 2));
}
