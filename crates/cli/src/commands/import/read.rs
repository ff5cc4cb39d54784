//! Reads all files into one gathering, with a bar of the bytes read.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use trilemma_domain::Fingerprint;
use trilemma_interop::{Gather, Gathered, Origin, file_fingerprint, read_results};

use super::ImportArgs;
use super::drawing::{Drawing, Unit};
use crate::context::InputError;
use crate::printer::Printer;

/// A file that was read.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) hash: Fingerprint,
    pub(super) n_bytes: u64,
    pub(super) n_rows: u64,
    pub(super) origin: Origin,
}

/// Reads every file in turn.
pub(super) fn all(
    args: &ImportArgs,
    folder: &Path,
    threshold: f64,
    printer: Printer,
) -> anyhow::Result<(Vec<Source>, Gathered)> {
    let options = args.results.read(args.files.len())?;
    let spool = || tempfile::tempfile_in(folder).context("make room for what is read");
    let mut gather = Gather::new(args.results.gather(threshold), spool()?, spool()?);
    let mut sources: Vec<Source> = Vec::with_capacity(args.files.len());
    for (path, options) in args.files.iter().zip(&options) {
        let wrong = |error| anyhow!(InputError(format!("failed to {error}")));
        let name = path.display().to_string();
        // The reader says better what is wrong with a file that is none.
        let size = fs_err::metadata(path).map_or(0, |data| data.len());
        let drawing = Drawing::start(printer, &format!("check {name}"), size, Unit::Bytes);
        let (hash, n_bytes) = file_fingerprint(path, drawing.counter()).map_err(wrong)?;
        drop(drawing);
        if let Some(twin) = sources.iter().find(|source| source.hash == hash) {
            return Err(anyhow!(InputError(format!(
                "failed to import: {} is the same as {}; hint: name it once",
                path.display(),
                twin.path.display()
            ))));
        }
        gather.begin((args.files.len() > 1).then(|| name.clone()));
        let before = gather.n_rows();
        let drawing = Drawing::start(printer, &format!("read {name}"), n_bytes, Unit::Bytes);
        let counter = drawing.counter();
        let origin = read_results(path, options, counter, &mut gather).map_err(wrong)?;
        drop(drawing);
        sources.push(Source {
            path: path.clone(),
            hash,
            n_bytes,
            n_rows: gather.n_rows() - before,
            origin,
        });
    }
    let gathered = gather.finish().context("keep what was read")?;
    Ok((sources, gathered))
}
