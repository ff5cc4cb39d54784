//! Files that are damaged, lie, or try to fill the memory.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use trilemma_golden::Problem;
use trilemma_interop::{ReadOptions, ResultRow, Take, read_results};

use crate::{fixture, problems, read_one, refusal, written};

/// A member of a hand-made archive.
struct Member<'a> {
    name: &'a str,
    method: u16,
    packed: Vec<u8>,
    /// What the directory claims.
    unpacked: u32,
}

fn stored<'a>(name: &'a str, text: &str) -> Member<'a> {
    Member {
        name,
        method: 0,
        packed: text.as_bytes().to_vec(),
        unpacked: u32::try_from(text.len()).unwrap(),
    }
}

fn archive(members: &[Member<'_>]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let offset = u32::try_from(bytes.len()).unwrap();
        let packed = u32::try_from(member.packed.len()).unwrap();
        let name = u16::try_from(member.name.len()).unwrap();
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0]);
        common.extend(member.method.to_le_bytes());
        common.extend([0; 8]);
        common.extend(packed.to_le_bytes());
        common.extend(member.unpacked.to_le_bytes());
        common.extend(name.to_le_bytes());
        common.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(member.name.as_bytes());
        bytes.extend(&member.packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(member.name.as_bytes());
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let start = u32::try_from(bytes.len()).unwrap();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

const HEADER: &str = r#"{"version": 2, "status": "success", "eval": {"model": "m", "task": "t"}}"#;
const SAMPLE: &str =
    r#"{"id": 1, "epoch": 1, "input": "a", "target": "b", "scores": {"match": {"value": "C"}}}"#;

#[test]
fn a_hand_made_log_is_read() {
    let bytes = archive(&[
        stored("header.json", HEADER),
        stored("samples/1_epoch_1.json", SAMPLE),
    ]);
    let (_folder, path) = written("l.eval", bytes);
    let (gathered, _) = read_one(&path);
    assert_eq!((gathered.n_trials(), gathered.tallies[0].n_passed), (1, 1));
}

#[test]
fn names_that_climb_out_of_the_archive_write_nothing() {
    let names = [
        "samples/../../../../escaped.json",
        "../escaped.json",
        "/escaped.json",
    ];
    let mut members = vec![stored("header.json", HEADER)];
    members.extend(names.iter().map(|name| stored(name, SAMPLE)));
    let (folder, path) = written("l.eval", archive(&members));
    let (gathered, _) = read_one(&path);
    // Only what lies under `samples/` is a sample, whatever the rest of its name.
    assert_eq!(gathered.n_trials(), 1);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn a_bomb_is_refused_by_what_it_announces_and_by_what_it_holds() {
    let zeros = vec![b' '; 300 << 20];
    let packed = zstd::bulk::compress(&zeros, 1).unwrap();
    drop(zeros);
    let bomb = |name, unpacked| Member {
        name,
        method: 93,
        packed: packed.clone(),
        unpacked,
    };
    let members = [
        stored("header.json", HEADER),
        bomb("samples/honest.json", 300 << 20),
        bomb("samples/liar.json", 100),
        stored("samples/1_epoch_1.json", SAMPLE),
    ];
    let words = problems("l.eval", archive(&members));
    assert!(
        words.contains("`samples/honest.json`: is larger than 256 MiB"),
        "{words}"
    );
    assert!(
        words.contains("`samples/liar.json`: cannot be unpacked"),
        "{words}"
    );
    let (_folder, path) = written("l.eval", archive(&members));
    assert_eq!(read_one(&path).0.n_trials(), 1);
}

#[test]
fn a_deflate_bomb_stops_at_what_it_announces() {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 50 << 20]).unwrap();
    let bomb = Member {
        name: "samples/a.json",
        method: 8,
        packed: packer.finish().unwrap(),
        unpacked: 10,
    };
    let words = problems("l.eval", archive(&[stored("header.json", HEADER), bomb]));
    assert!(words.contains("does not have the size"), "{words}");
}

#[test]
fn truncated_archives_are_told_at_any_length() {
    let bytes = std::fs::read(fixture("inspect-unfinished.eval")).unwrap();
    for n in (0..bytes.len()).step_by(311) {
        let words = refusal("l.eval", &bytes[..n]);
        assert!(words.contains("hint:"), "{n}: {words}");
    }
}

#[test]
fn flipped_bytes_end_in_words() {
    let bytes = std::fs::read(fixture("inspect-unfinished.eval")).unwrap();
    for at in (0..bytes.len()).step_by(401) {
        let mut broken = bytes.clone();
        broken[at] ^= 0x55;
        let (_folder, path) = written("l.eval", broken);
        let mut taker = Count::default();
        // Either way is fine; a panic or a hang is not.
        let _ = read_results(&path, &ReadOptions::default(), &Arc::default(), &mut taker);
    }
}

#[derive(Default)]
struct Count {
    n_rows: u64,
    n_problems: u64,
    first: Option<String>,
}

impl Take for Count {
    fn row(&mut self, _: ResultRow) -> ControlFlow<()> {
        self.n_rows += 1;
        ControlFlow::Continue(())
    }
    fn problem(&mut self, problem: Problem) {
        self.n_problems += 1;
        self.first.get_or_insert_with(|| problem.to_string());
    }
}

/// Writes a file of one huge run of bytes between two texts.
fn huge(name: &str, before: &str, after: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    file.write_all(before.as_bytes()).unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..80 {
        file.write_all(&block).unwrap();
    }
    file.write_all(after.as_bytes()).unwrap();
    file.flush().unwrap();
    (folder, path)
}

#[test]
fn a_line_that_is_too_long_is_passed_over() {
    let good = "{\"item\": 1, \"model\": \"a\", \"score\": 1}\n";
    let (_folder, path) = huge(
        "r.jsonl",
        &format!("{good}{{\"x\": \""),
        &format!("\"}}\n{good}"),
    );
    let mut taker = Count::default();
    read_results(&path, &ReadOptions::default(), &Arc::default(), &mut taker).unwrap();
    assert_eq!((taker.n_rows, taker.n_problems), (2, 1));
    assert_eq!(
        taker.first.as_deref(),
        Some("line 2: the line is longer than 64 MiB")
    );
}

#[test]
fn a_csv_whose_quotation_never_closes_does_not_fill_the_memory() {
    let (_folder, path) = huge("r.csv", "item,model,score\n1,a,\"", "");
    let mut taker = Count::default();
    let error =
        read_results(&path, &ReadOptions::default(), &Arc::default(), &mut taker).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a single row is longer than 64 MiB"),
        "{error}"
    );
}

#[test]
fn a_huge_value_in_a_document_is_an_error() {
    let (_folder, path) = huge("r.json", "{\"results\": [{\"id\": 1, \"x\": \"", "\"}]}");
    let mut taker = Count::default();
    let error =
        read_results(&path, &ReadOptions::default(), &Arc::default(), &mut taker).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a single row is longer than 64 MiB"),
        "{error}"
    );
}

#[test]
fn foreign_encodings_and_packings_are_named() {
    assert!(refusal("r.csv", b"\xff\xfei\0t\0").contains("it is UTF-16"));
    assert!(refusal("r.jsonl", b"\x1f\x8b\x08\x00").contains("compressed by gzip"));
    assert!(refusal("r.csv", b"item,mod\xe9l\n1,2\n").contains("not UTF-8"));
    let words = problems("r.csv", b"item,model,score\n1,caf\xe9,1\n2,b,1\n");
    assert!(
        words.contains("line 2, column 4: `model`: byte 4 (0xE9) is not UTF-8"),
        "{words}"
    );
    let words = problems(
        "r.jsonl",
        b"{\"item\": 1, \"model\": \"a\", \"score\": 1}\n{\"item\": \"\xff\"}\n",
    );
    assert!(words.contains("line 2, column"), "{words}");
    let (_folder, path) = written("r.csv", b"\xEF\xBB\xBFitem,model,score\n1,a,1\n");
    assert_eq!(read_one(&path).0.n_trials(), 1);
}

#[test]
fn truncated_documents_say_so() {
    let text = std::fs::read_to_string(fixture("promptfoo.json")).unwrap();
    let words = refusal("p.json", &text[..text.len() / 2]);
    assert!(words.contains("ends too early"), "{words}");
    let deep = format!(
        "{{\"evalId\": 1, \"results\": {{\"results\": [{}",
        "[".repeat(100_000)
    );
    let words = refusal("p.json", deep);
    assert!(
        words.contains("recursion limit") || words.contains("too early"),
        "{words}"
    );
}

#[test]
fn empty_and_nameless_files_are_told() {
    assert!(refusal("r.json", "").contains("neither its name nor its first bytes"));
    assert!(refusal("r.csv", "").contains("holds no rows"));
    assert!(refusal("r.jsonl", "\n\n").contains("holds no rows"));
    assert!(refusal("r.json", "{\"a\": 1}").contains("holds no list of rows"));
    let bytes = archive(&[stored("word/document.xml", "<x/>")]);
    assert!(refusal("r.eval", bytes).contains("no Inspect log"));
}

#[test]
fn any_bytes_end_in_rows_or_words() {
    bolero::check!()
        .with_iterations(200)
        .for_each(|bytes: &[u8]| {
            for name in ["r.jsonl", "r.json", "r.csv", "r.eval"] {
                let (_folder, path) = written(name, bytes);
                let _ = read_results(
                    &path,
                    &ReadOptions::default(),
                    &Arc::default(),
                    &mut Count::default(),
                );
            }
        });
}

#[test]
fn archives_with_any_directory_end_in_rows_or_words() {
    let sound = archive(&[
        stored("header.json", HEADER),
        stored("samples/1_epoch_1.json", SAMPLE),
    ]);
    bolero::check!()
        .with_iterations(300)
        .with_type::<Vec<(u16, u8)>>()
        .for_each(|changes: &Vec<(u16, u8)>| {
            let mut bytes = sound.clone();
            for (at, to) in changes {
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *to;
            }
            let (_folder, path) = written("l.eval", bytes);
            let _ = read_results(
                &path,
                &ReadOptions::default(),
                &Arc::default(),
                &mut Count::default(),
            );
        });
}
