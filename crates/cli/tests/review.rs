//! Labels of people from the first draw to the sheet, by the program itself: blind, durable, resumable.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on may panic"
)]

mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use trilemma_sim::SimOptions;

use support::{json, serve, trilemma, write_golden, write_project};

/// A benchmarked project of two candidates that answer alike.
fn benched(n_items: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sim = serve(SimOptions::default());
    write_golden(folder.path(), n_items);
    write_project(
        folder.path(),
        &sim.url,
        &["echo", "secret-name"],
        "concurrency = 8",
    );
    let done = trilemma(folder.path(), &["bench", "--json"])
        .output()
        .unwrap();
    json(&done, &[0]);
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    trilemma(folder, arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn typed(folder: &Path, arguments: &[&str], keys: &str) -> Output {
    let mut child = trilemma(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends early hangs up.
    let _ = child.stdin.take().unwrap().write_all(keys.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn one_key_per_answer_blind_with_undo_and_resume() {
    let folder = benched(60);
    let drawn = json(
        &run(folder.path(), &["review", "sample", "--n", "20", "--json"]),
        &[0],
    );
    assert_eq!(
        (&drawn["n_drawn"], &drawn["n_items"]),
        (&20.into(), &60.into())
    );
    let label = ["review", "label", "--reviewer", "ann", "--json"];
    let first = typed(folder.path(), &label, "p f\ns x u u p q");
    let shown = text(&first.stderr);
    assert!(
        !shown.contains("secret-name") && !shown.contains("echo"),
        "{shown}"
    );
    assert!(shown.contains("answer 1 of 20"), "{shown}");
    let first = json(&first, &[0]);
    // Pass, fail, skip; x is no key; two undone; pass.
    let counts = |value: &Value| {
        ["n_pass", "n_fail", "n_skipped", "n_open"].map(|name| value[name].as_u64().unwrap())
    };
    assert_eq!(counts(&first), [2, 0, 0, 18]);
    let resumed = typed(folder.path(), &label, &"f".repeat(30));
    assert!(
        text(&resumed.stderr).contains("ann has labelled 2 of 20"),
        "{}",
        text(&resumed.stderr)
    );
    assert_eq!(counts(&json(&resumed, &[0])), [2, 18, 0, 0]);
    // Another person starts afresh.
    let other = typed(
        folder.path(),
        &["review", "label", "--reviewer", "bob", "--json"],
        "",
    );
    assert_eq!(counts(&json(&other, &[0])), [0, 0, 0, 20]);
    let status = json(&run(folder.path(), &["review", "status", "--json"]), &[0]);
    assert_eq!(status["reviewers"]["ann"]["n_fail"], 18);
    assert!(status["reviewers"]["bob"].is_null());
    // Both candidates gave the same answer: each label holds for both.
    let more = json(
        &run(folder.path(), &["review", "sample", "--n", "999", "--json"]),
        &[0],
    );
    assert_eq!((&more["n_drawn"], &more["n_new"]), (&60.into(), &40.into()));
    let none = run(folder.path(), &["review", "sample"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(
        text(&none.stderr).contains("all 60 are in the queue"),
        "{}",
        text(&none.stderr)
    );
}

/// Fills the verdict of every row of a sheet.
fn fill(path: &Path, verdict: impl Fn(usize) -> &'static str) {
    let sheet = fs_err::read_to_string(path).unwrap();
    let mut reader = csv::Reader::from_reader(sheet.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().unwrap().clone();
    let place = header.iter().position(|name| name == "verdict").unwrap();
    let note = header.iter().position(|name| name == "note").unwrap();
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .from_path(path)
        .unwrap();
    writer.write_record(&header).unwrap();
    for (idx, record) in reader.records().enumerate() {
        let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        cells[place] = verdict(idx).to_owned();
        cells[note] = "'=remark".to_owned();
        writer.write_record(&cells).unwrap();
    }
    writer.flush().unwrap();
}

#[test]
fn sheets_go_out_and_come_back() {
    let folder = benched(40);
    let refused = run(folder.path(), &["review", "export", "x.csv"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("review sample"),
        "{}",
        text(&refused.stderr)
    );
    json(
        &run(folder.path(), &["review", "sample", "--n", "12", "--json"]),
        &[0],
    );
    let sheet = folder.path().join("sheet.csv");
    let path = sheet.to_str().unwrap();
    json(
        &run(folder.path(), &["review", "export", path, "--json"]),
        &[0],
    );
    let exported = fs_err::read_to_string(&sheet).unwrap();
    assert!(!exported.contains("secret-name"), "{exported}");
    fill(&sheet, |idx| if idx % 3 == 0 { "FAIL" } else { "yes" });
    let import = ["review", "import", path, "--reviewer", "cleo", "--json"];
    let imported = json(&run(folder.path(), &import), &[0]);
    assert_eq!(imported["n_answers"], 12);
    assert_eq!(imported["reviewers"]["cleo"], 12);
    let lines = folder.path().join("again.jsonl");
    let path = lines.to_str().unwrap();
    let again = ["review", "export", path, "--reviewer", "cleo", "--json"];
    json(&run(folder.path(), &again), &[0]);
    let rows: Vec<Value> = fs_err::read_to_string(&lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        rows.iter().filter(|row| row["verdict"] == "fail").count(),
        4
    );
    assert!(
        rows.iter().all(|row| row["note"] == "=remark"),
        "{:?}",
        rows[0]
    );
    let again = ["review", "import", path, "--json"];
    assert_eq!(
        json(&run(folder.path(), &again), &[0])["reviewers"]["cleo"],
        12
    );
    let open = [
        "review",
        "export",
        path,
        "--reviewer",
        "cleo",
        "--open",
        "--json",
    ];
    assert_eq!(json(&run(folder.path(), &open), &[0])["n_answers"], 0);
}

/// Labels go out to a spreadsheet program and come back.
#[test]
fn workbooks_go_out_and_come_back() {
    let folder = benched(40);
    json(
        &run(folder.path(), &["review", "sample", "--n", "12", "--json"]),
        &[0],
    );
    let sheet = folder.path().join("sheet.xlsx");
    let path = sheet.to_str().unwrap();
    json(
        &run(folder.path(), &["review", "export", path, "--json"]),
        &[0],
    );
    let rows = trilemma_interop::read_workbook(&sheet).unwrap();
    assert_eq!(rows.len(), 13);
    let header: Vec<&str> = rows[0].1.iter().map(String::as_str).collect();
    let filled: Vec<Vec<String>> = rows[1..]
        .iter()
        .enumerate()
        .map(|(idx, (_, cells))| {
            let mut cells = cells.clone();
            cells[6] = if idx % 3 == 0 { "fail" } else { "pass" }.to_owned();
            cells[7] = "=remark".to_owned();
            cells
        })
        .collect();
    let bytes = trilemma_interop::write_workbook(&header, &filled, None).unwrap();
    fs_err::write(&sheet, bytes).unwrap();
    let import = ["review", "import", path, "--reviewer", "dora", "--json"];
    let imported = json(&run(folder.path(), &import), &[0]);
    assert_eq!(imported["reviewers"]["dora"], 12);
    let status = json(&run(folder.path(), &["review", "status", "--json"]), &[0]);
    assert_eq!(status["reviewers"]["dora"]["n_fail"], 4);
    // What is no workbook, and one that lacks a column.
    fs_err::write(&sheet, "id,verdict\n").unwrap();
    let refused = run(folder.path(), &import);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("the archive has no end"));
    let bytes = trilemma_interop::write_workbook(&["id"], &[], None).unwrap();
    fs_err::write(&sheet, bytes).unwrap();
    let refused = run(folder.path(), &import);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("no column `verdict`"));
}

#[test]
fn every_bad_row_is_told_at_once_and_nothing_is_imported() {
    let folder = benched(40);
    json(
        &run(folder.path(), &["review", "sample", "--n", "12", "--json"]),
        &[0],
    );
    let sheet = folder.path().join("sheet.csv");
    let path = sheet.to_str().unwrap();
    json(
        &run(folder.path(), &["review", "export", path, "--json"]),
        &[0],
    );
    let exported = fs_err::read_to_string(&sheet).unwrap();
    let id = exported
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    let bad = format!("id,verdict\n{id},pass\nnobody,pass\n{id},perhaps\n{id},fail\n,pass\n");
    fs_err::write(&sheet, bad).unwrap();
    let refused = run(
        folder.path(),
        &["review", "import", path, "--reviewer", "ann"],
    );
    assert_eq!(refused.status.code(), Some(2));
    let told = text(&refused.stderr);
    for part in [
        "4 rows without sense",
        "line 3: id `nobody`",
        "line 4: verdict `perhaps`",
        "line 5: verdict `fail`",
        "contradicts",
        "line 6: the row has a verdict and no id",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let status = json(&run(folder.path(), &["review", "status", "--json"]), &[0]);
    assert_eq!(status["reviewers"], serde_json::json!({}));
    for (content, part) in [
        (&b"a,b\n1,2\n"[..], "no column `id`"),
        (
            &b"id,verdict\nx,\xff\n"[..],
            "line 2: the text is not UTF-8",
        ),
    ] {
        fs_err::write(&sheet, content).unwrap();
        let refused = run(folder.path(), &["review", "import", path]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            text(&refused.stderr).contains(part),
            "{}",
            text(&refused.stderr)
        );
    }
    let unknown = run(
        folder.path(),
        &["review", "label", "--candidates", "nobody"],
    );
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("`nobody`"),
        "{}",
        text(&unknown.stderr)
    );
}

/// A program at a terminal of its own: what it has written so far, and a way to type.
#[cfg(target_os = "linux")]
struct Seat {
    child: std::process::Child,
    screen: std::sync::Arc<std::sync::Mutex<String>>,
    /// Bytes of the screen that were waited for.
    seen: usize,
}

#[cfg(target_os = "linux")]
impl Seat {
    /// Sits down by means of `script` of util-linux; `None` = it is not installed.
    fn take(folder: &Path, arguments: &str) -> Option<Self> {
        let program = env!("CARGO_BIN_EXE_trilemma");
        let project = folder.join("trilemma.toml");
        let line = format!("'{program}' --project '{}' {arguments}", project.display());
        let mut child = std::process::Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let screen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let mut output = child.stdout.take().unwrap();
        let filled = screen.clone();
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(n @ 1..) = std::io::Read::read(&mut output, &mut part) {
                let text = String::from_utf8_lossy(&part[..n]);
                filled.lock().unwrap().push_str(&text);
            }
        });
        Some(Self {
            child,
            screen,
            seen: 0,
        })
    }

    /// Waits until the program has said something new, then types a key.
    fn after(&mut self, says: &str, key: &str) {
        for _ in 0..1_000 {
            let screen = self.screen.lock().unwrap().clone();
            if let Some(at) = screen[self.seen..].find(says) {
                self.seen += at + says.len();
                let input = self.child.stdin.as_mut().unwrap();
                input.write_all(key.as_bytes()).unwrap();
                input.flush().unwrap();
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
        let screen = self.screen.lock().unwrap().clone();
        assert!(screen.contains("never"), "{says:?} is not in {screen}");
    }

    fn leave(mut self) {
        // Waiting would close the keyboard first, and with it the terminal.
        let keyboard = self.child.stdin.take();
        let ended = self.child.wait().unwrap();
        drop(keyboard);
        let screen = self.screen.lock().unwrap().clone();
        assert!(ended.success(), "{ended}: {screen}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_one_key_is_enough_and_nothing_is_lost() {
    let folder = benched(30);
    run(folder.path(), &["review", "sample", "--n", "8"]);
    let Some(mut seat) = Seat::take(folder.path(), "review label --reviewer ann") else {
        println!("skipped: `script` is not installed");
        return;
    };
    let prompt = "[q] quit";
    let count = |folder: &Path| {
        let status = json(&run(folder, &["review", "status", "--json"]), &[0]);
        let ann = &status["reviewers"]["ann"];
        ["n_pass", "n_fail", "n_skipped"].map(|name| ann[name].as_u64().unwrap_or(0))
    };
    seat.after("answer 1 of 8", "");
    seat.after(prompt, "p");
    seat.after("answer 2 of 8", "");
    seat.after(prompt, "s");
    // A word is on disk before the next card is shown.
    seat.after("answer 3 of 8", "");
    assert_eq!(count(folder.path()), [1, 0, 1]);
    seat.after(prompt, "u");
    seat.after("taken back", "");
    seat.after("answer 2 of 8", "");
    seat.after(prompt, "f");
    seat.after("answer 3 of 8", "");
    seat.after(prompt, "q");
    seat.leave();
    assert_eq!(count(folder.path()), [1, 1, 0]);
    let mut again = Seat::take(folder.path(), "review label --reviewer ann").unwrap();
    again.after("ann has labelled 2 of 8", "");
    again.after("answer 3 of 8", "");
    // Ctrl-C ends the sitting like `q`.
    again.after(prompt, "\u{3}");
    again.leave();
    assert_eq!(count(folder.path()), [1, 1, 0]);
}
