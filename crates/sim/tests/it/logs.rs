//! The log in a file, and what is kept of it in memory.

use trilemma_sim::{LogOptions, Scenario, Sim, SimOptions};

use crate::client::{connect, logged};

#[tokio::test(start_paused = true)]
async fn each_call_is_a_line_as_soon_as_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    let sim = Sim::with_options(SimOptions {
        scenario: Scenario::parse("[defaults]\nfirst_token_ms = 5\ngap_ms = 2").unwrap(),
        log: LogOptions {
            in_memory: false,
            chunk_stamps: true,
            file: Some(path.clone()),
        },
        ..SimOptions::default()
    })
    .unwrap();
    let mut connection = connect(&sim).await;
    connection.ask_stream("m", "one two").await.unwrap();
    assert!(logged(&sim, 1).await.is_empty());
    let text = fs_err::read_to_string(path.clone()).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [head, call] = &lines[..] else {
        panic!("{text}")
    };
    assert_eq!(head["kind"], "trilemma-sim-log");
    assert!(head["started_unix_us"].as_i64() > Some(1_600_000_000_000_000));
    assert_eq!(
        (&call["model"], &call["status"], &call["outcome"]),
        (&"m".into(), &200.into(), &"answered".into())
    );
    assert_eq!(
        (&call["ended"], &call["nth"], &call["stream"]),
        (&"complete".into(), &1.into(), &true.into())
    );
    let kinds: Vec<_> = call["chunks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c[0].clone())
        .collect();
    assert_eq!(kinds, ["start", "text", "text", "end"]);
    let arrived = call["arrived_us"].as_u64().unwrap();
    let offsets: Vec<_> = call["chunks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chunk| chunk[1].as_u64().unwrap() - arrived)
        .collect();
    assert_eq!(offsets, [0, 5_000, 7_000, 7_000]);
    connection.ask("m", "x").await.unwrap();
    logged(&sim, 2).await;
    assert_eq!(fs_err::read_to_string(path).unwrap().lines().count(), 3);
    assert_eq!(sim.log().n_lines_lost(), 0);
}

#[tokio::test(start_paused = true)]
async fn stamps_of_chunks_can_be_left_out() {
    let sim = Sim::with_options(SimOptions {
        log: LogOptions {
            chunk_stamps: false,
            ..LogOptions::default()
        },
        ..SimOptions::default()
    })
    .unwrap();
    connect(&sim)
        .await
        .ask_stream("m", "one two")
        .await
        .unwrap();
    let record = logged(&sim, 1).await.remove(0);
    assert!(record.chunks.is_empty());
    assert_eq!(record.n_chunks, 4);
    assert!(record.head.is_some());
    assert_eq!(sim.log().take().len(), 1);
    assert!(sim.log().records().is_empty());
}
