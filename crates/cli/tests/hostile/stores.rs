//! State folders and databases that are broken, taken, full or something else. What was measured is
//! never lost, and every message names the file and the way out.

use fs_err as fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use trilemma_sim::{Behaviour, Scenario, SimOptions, Spread};

use crate::files::limited;
use crate::output::{assert_calm, expect, run, stderr};
use crate::support::{Served, json as parsed, serve, trilemma, write_golden, write_project};

/// Commands that touch the store.
const COMMANDS: [&[&str]; 6] = [
    &["bench"],
    &["decide"],
    &["report"],
    &["export"],
    &["score"],
    &["runs", "list"],
];

fn project(n_items: usize, first_token_ms: f64) -> (tempfile::TempDir, Served) {
    let served = serve(SimOptions {
        scenario: Scenario {
            defaults: Behaviour {
                first_token_ms: Some(Spread::Fixed(first_token_ms)),
                ..Behaviour::default()
            },
            ..Scenario::default()
        },
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), n_items);
    write_project(folder.path(), &served.url, &["m"], "concurrency = 20");
    (folder, served)
}

fn database(folder: &Path) -> PathBuf {
    folder.join(".trilemma").join("trilemma.db")
}

/// The command must fail with exit code 2, name the file and give a hint.
fn refuses(folder: &Path, arguments: &[&str], file: &str) -> String {
    let said = stderr(&expect(folder, arguments, 2));
    assert!(said.contains(file), "{arguments:?}: {said}");
    assert!(said.contains("hint:"), "{arguments:?}: {said}");
    assert!(
        said.starts_with("error: failed to "),
        "{arguments:?}: {said}"
    );
    said
}

#[test]
fn a_file_in_place_of_the_state_folder_is_named_and_left_alone() {
    let (folder, served) = project(20, 0.0);
    let place = folder.path().join(".trilemma");
    fs::write(&place, "mine").unwrap();
    for arguments in COMMANDS {
        refuses(folder.path(), arguments, ".trilemma");
    }
    assert_eq!(fs::read_to_string(&place).unwrap(), "mine");
    assert_eq!(
        served.log.n_ended(),
        0,
        "nobody is called before the store is open"
    );
    fs::remove_file(&place).unwrap();
    expect(folder.path(), &["bench"], 0);
}

#[test]
fn a_store_that_is_something_else_is_left_alone() {
    let (folder, served) = project(20, 0.0);
    fs::create_dir(folder.path().join(".trilemma")).unwrap();
    let file = database(folder.path());
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 9_000]].concat();
    for content in [b"# my notes\n".repeat(1_000), png, b"x".to_vec()] {
        fs::write(&file, &content).unwrap();
        for arguments in COMMANDS {
            refuses(folder.path(), arguments, "trilemma.db");
        }
        assert_eq!(fs::read(&file).unwrap(), content, "it was left untouched");
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    for arguments in COMMANDS {
        refuses(folder.path(), arguments, "trilemma.db");
    }
    assert_eq!(served.log.n_ended(), 0);
}

#[test]
fn a_device_is_no_store() {
    let (folder, served) = project(20, 0.0);
    let file = folder.path().join("trilemma.toml");
    let text = fs::read_to_string(&file).unwrap();
    for place in ["/dev/full", "/dev/null", "/proc/x/y.db"] {
        fs::write(&file, format!("{text}[store]\nurl = \"{place}\"\n")).unwrap();
        for arguments in COMMANDS {
            refuses(folder.path(), arguments, place);
        }
    }
    assert_eq!(served.log.n_ended(), 0);
}

/// Damages that a disk or a careless program may do to a file.
fn damages(whole: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    let middle = whole.len() / 4..whole.len() * 3 / 4;
    let mut noisy = whole.to_vec();
    noisy[middle].iter_mut().for_each(|byte| *byte = noise());
    let mut headless = whole.to_vec();
    headless[..100].iter_mut().for_each(|byte| *byte = noise());
    let mut rootless = whole.to_vec();
    rootless[100..4_096]
        .iter_mut()
        .for_each(|byte| *byte = noise());
    vec![
        ("noise in the middle", noisy),
        ("noise in the head", headless),
        ("noise in the first page", rootless),
        ("cut in half", whole[..whole.len() / 2].to_vec()),
        ("cut in the first page", whole[..1_000].to_vec()),
    ]
}

#[test]
fn a_damaged_store_is_named_with_the_way_out() {
    let (folder, _served) = project(300, 0.0);
    expect(folder.path(), &["bench"], 0);
    let file = database(folder.path());
    let whole = fs::read(&file).unwrap();
    for (damage, bytes) in damages(&whole) {
        fs::write(&file, &bytes).unwrap();
        let mut n_refused = 0;
        for arguments in COMMANDS {
            let output = run(folder.path(), arguments);
            // A command that reads none of the damaged pages may go on.
            if output.status.code() == Some(2) {
                n_refused += 1;
                let said = stderr(&output);
                assert!(
                    said.contains("trilemma.db"),
                    "{damage}, {arguments:?}: {said}"
                );
                assert!(said.contains("hint:"), "{damage}, {arguments:?}: {said}");
            }
        }
        assert!(n_refused >= 3, "{damage}: {n_refused} commands noticed");
        // What is left of the file stays for whoever wants to rescue it.
        assert_eq!(fs::read(&file).unwrap().len(), bytes.len(), "{damage}");
        // The way out that the message names: move it away, run again.
        for name in fs::read_dir(folder.path().join(".trilemma")).unwrap() {
            fs::remove_file(name.unwrap().path()).unwrap();
        }
        let summary = parsed(&run(folder.path(), &["--json", "bench"]), &[0]);
        assert_eq!(summary["n_answered"], 300, "{damage}");
    }
    fs::write(&file, &whole).unwrap();
    let decision = parsed(&run(folder.path(), &["--json", "decide"]), &[0, 3]);
    assert_eq!(decision["candidates"][0]["counts"]["n_answered"], 300);
}

#[test]
fn a_store_in_use_is_named_with_its_holder_and_can_be_read() {
    let (folder, served) = project(60, 500.0);
    let mut first = trilemma(folder.path(), &["bench"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while served.log.n_ended() < 5 {
        std::thread::yield_now();
    }
    for arguments in [
        &["bench"][..],
        &["select"],
        &["score"],
        &["runs", "rm", "x"],
    ] {
        let output = run(folder.path(), arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        if arguments[0] != "runs" {
            assert!(
                said.contains(&format!("process {}", first.id())),
                "{arguments:?}: {said}"
            );
            assert!(
                said.contains("trilemma.db") && said.contains("hint:"),
                "{said}"
            );
        }
    }
    for arguments in [&["decide"][..], &["runs", "list"], &["export"]] {
        let output = run(folder.path(), arguments);
        assert_ne!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
    let lines: Vec<String> = BufReader::new(first.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .collect();
    assert_eq!(first.wait().unwrap().code(), Some(0), "{lines:?}");
    assert_eq!(
        served.log.n_ended(),
        60,
        "the refused sessions called nobody"
    );
}

#[test]
fn a_full_disk_stops_the_run_and_loses_nothing() {
    let (folder, served) = project(1_000, 10.0);
    // Files of at most 1 MiB (sh counts blocks of 512 bytes); a write beyond fails instead of killing.
    let output = limited(folder.path(), "trap '' XFSZ; ulimit -f 2048", &["bench"]);
    assert_calm(&["bench"], &output);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("trilemma.db") && said.contains("hint:"),
        "{said}"
    );
    let before = served.log.n_ended();
    assert!(
        before < 1_000,
        "the run went on without a record: {before} calls"
    );
    let summary = parsed(&run(folder.path(), &["--json", "bench"]), &[0]);
    let kept = summary["n_resumed"].as_u64().unwrap();
    assert!(kept > 0, "nothing was kept: {summary}");
    let again = served.log.n_ended() - before;
    assert_eq!(again + kept, 1_000);
    assert_eq!(summary["n_failed"], 0);
    println!("{before} calls before the disk was full, {kept} kept, {again} after");
}
