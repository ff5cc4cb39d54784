//! Files of the real tools, and hostile ones, through the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that cannot go on may panic, and says when it is skipped"
)]

mod data;
mod exports;
mod harness;
mod hostile;
mod laws;
mod openai;
mod parquet;
mod setup;
mod table;
mod tools;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use trilemma_interop::{
    Gather, GatherOptions, Gathered, GatheredItem, GatheredTrial, InteropError, Origin,
    ReadOptions, read_results,
};

/// A file that a real tool wrote.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn gathering() -> Gather {
    scaled((0.0, 1.0))
}

fn scaled(scale: (f64, f64)) -> Gather {
    let options = GatherOptions {
        score: None,
        scale,
        threshold: 0.7,
    };
    Gather::new(
        options,
        tempfile::tempfile().unwrap(),
        tempfile::tempfile().unwrap(),
    )
}

/// Reads one file, or several, with the options.
fn read(paths: &[PathBuf], options: &ReadOptions) -> Result<(Gathered, Vec<Origin>), InteropError> {
    let mut gather = gathering();
    let mut origins = Vec::new();
    for path in paths {
        origins.push(read_results(path, options, &Arc::default(), &mut gather)?);
    }
    Ok((gather.finish().unwrap(), origins))
}

fn read_one(path: &Path) -> (Gathered, Origin) {
    let (gathered, mut origins) = read(&[path.to_owned()], &ReadOptions::default()).unwrap();
    (gathered, origins.remove(0))
}

fn items(gathered: &mut Gathered) -> Vec<GatheredItem> {
    gathered.items().unwrap().map(Result::unwrap).collect()
}

fn trials(gathered: &mut Gathered) -> Vec<GatheredTrial> {
    gathered.trials().unwrap().map(Result::unwrap).collect()
}

/// A file of this text in a folder that lives as long as the guard.
fn written(name: &str, bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// The problems of a text file, in words.
fn problems(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let (_folder, path) = written(name, bytes);
    let (gathered, _) = read_one(&path);
    let words: Vec<String> = gathered.problems.iter().map(ToString::to_string).collect();
    words.join("\n")
}

/// Why a text file cannot be read.
fn refusal(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let (_folder, path) = written(name, bytes);
    match read(&[path], &ReadOptions::default()) {
        Ok(_) => panic!("was read"),
        Err(error) => error.to_string(),
    }
}
