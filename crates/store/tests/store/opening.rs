//! Opening: folders, modes, locks, files that are no stores.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::*;
use trilemma_domain::RunId;
use trilemma_store::*;

#[test]
#[cfg(unix)]
fn a_new_store_is_private_and_ignored_by_git() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("project/.trilemma");
    let store = Store::open(&inner.join("trilemma.db")).unwrap();
    let run = store.begin_run(&manifest("r", 1)).unwrap();
    store
        .writer()
        .unwrap()
        .announce(&run, key(0, 0, 0), 1)
        .unwrap();
    put(&store, &run, [realistic(key(0, 0, 0), &mut Noise(1))]);
    let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    assert_eq!(
        fs_err::read_to_string(inner.join(".gitignore")).unwrap(),
        "*\n"
    );
    for entry in fs_err::read_dir(&inner).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() != ".gitignore" {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

#[test]
fn a_folder_that_exists_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(&folder.path().join("s.db")).unwrap());
    assert!(!folder.path().join(".gitignore").exists());
}

#[test]
fn reading_asks_for_a_store_that_exists() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/s.db");
    let error = Store::open_existing(&path).unwrap_err();
    assert_eq!(error, StoreError::Missing { path: path.clone() });
    assert!(!path.parent().unwrap().exists());
}

#[test]
fn an_unwritable_place_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs_err::write(&file, "x").unwrap();
    // A file where the folder should be refuses root as well.
    let error = Store::open(&file.join("sub/s.db")).unwrap_err();
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("file/sub/s.db") && text.contains("hint: "),
        "{text}"
    );
}

#[test]
fn files_of_others_are_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs_err::write(
        &text,
        "these are notes, not a database, and long enough to be read as one",
    )
    .unwrap();
    let error = Store::open(&text).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    assert!(
        fs_err::read_to_string(&text)
            .unwrap()
            .starts_with("these are notes")
    );

    // SQLite itself takes such files for empty databases and writes over them.
    for short in ["x", "SQL", "SQLite format 3\0 and a bit more"] {
        fs_err::write(&text, short).unwrap();
        let error = Store::open(&text).unwrap_err();
        assert!(error.to_string().contains("hint: "), "{error}");
        assert_eq!(fs_err::read_to_string(&text).unwrap(), short);
    }

    let other = folder.path().join("other.db");
    let conn = rusqlite::Connection::open(&other).unwrap();
    conn.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(conn);
    let before = fs_err::read(&other).unwrap();
    let error = Store::open(&other).unwrap_err();
    assert!(error.to_string().contains("another program"), "{error}");
    assert_eq!(fs_err::read(&other).unwrap(), before);
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    drop(Store::open(&path).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch("UPDATE schema_version SET version = 99")
        .unwrap();
    drop(conn);
    let error = Store::open(&path).unwrap_err();
    assert!(
        matches!(error, StoreError::NewerSchema { found: 99, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("update trilemma"), "{error}");
}

#[test]
fn a_second_process_may_read_but_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "opening::child_holds_the_store",
            "--ignored",
            "--nocapture",
        ])
        .env("TRILEMMA_STORE_TEST", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("holding")));

    let store = Store::open(&path).unwrap();
    assert_eq!(store.runs().unwrap().len(), 1);
    assert_eq!(store.settled(&RunId::from("r")).unwrap().len(), 1);
    let error = store.writer().unwrap_err();
    assert_eq!(
        error,
        StoreError::InUse {
            path: path.clone(),
            pid: Some(child.id())
        }
    );
    assert!(
        error
            .to_string()
            .contains(&format!("in use by process {}", child.id()))
    );
    assert_eq!(store.begin_run(&manifest("r2", 1)).unwrap_err(), error);

    // The lock dies with its holder, however it dies.
    child.kill().unwrap();
    child.wait().unwrap();
    store.begin_run(&manifest("r2", 1)).unwrap();
}

#[test]
#[ignore = "run as a child process by a_second_process_may_read_but_not_write"]
#[expect(clippy::disallowed_methods, reason = "the parent names the store")]
fn child_holds_the_store() {
    let Some(path) = std::env::var_os("TRILEMMA_STORE_TEST") else {
        return;
    };
    let store = Store::open(Path::new(&path)).unwrap();
    let run = store.begin_run(&manifest("r", 1)).unwrap();
    put(&store, &run, [realistic(key(0, 0, 0), &mut Noise(1))]);
    println!("holding");
    std::io::stdout().flush().unwrap();
    let mut line = String::new();
    // Until the parent ends or kills us.
    let _ = std::io::stdin().read_line(&mut line);
    drop(store);
}

#[test]
fn many_can_create_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/s.db");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| Store::open(&path).unwrap().runs().unwrap());
        }
    });
}
