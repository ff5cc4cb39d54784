//! Reads all files into one gathering, with a bar of the bytes read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trilemma_domain::Fingerprint;
use trilemma_interop::{Gather, Gathered, Origin, file_fingerprint, read_results};

use super::ImportArgs;
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
    let options = args.results.read()?;
    let spool = || tempfile::tempfile_in(folder).context("make room for what is read");
    let mut gather = Gather::new(args.results.gather(threshold), spool()?, spool()?);
    let mut sources: Vec<Source> = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let wrong = |error| anyhow!(InputError(format!("failed to {error}")));
        let (hash, n_bytes) = file_fingerprint(path).map_err(wrong)?;
        if let Some(twin) = sources.iter().find(|source| source.hash == hash) {
            return Err(anyhow!(InputError(format!(
                "failed to import: {} is the same as {}; hint: name it once",
                path.display(),
                twin.path.display()
            ))));
        }
        gather.begin((args.files.len() > 1).then(|| path.display().to_string()));
        let before = gather.n_rows();
        let n_read = Arc::new(AtomicU64::new(0));
        let drawing = Drawing::start(printer, path, n_bytes, &n_read);
        let origin = read_results(path, &options, &n_read, &mut gather).map_err(wrong)?;
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

/// A bar that is drawn by a thread of its own until it is dropped.
struct Drawing {
    stop: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drawing {
    fn start(printer: Printer, path: &Path, n_bytes: u64, n_read: &Arc<AtomicU64>) -> Self {
        if !printer.draws() {
            return Self {
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = std::sync::mpsc::channel();
        let n_read = Arc::clone(n_read);
        let name = crate::printer::printable(&path.display().to_string());
        let thread = std::thread::spawn(move || {
            let bar = ProgressBar::with_draw_target(Some(n_bytes), ProgressDrawTarget::stderr());
            let template = "{bar:30} {bytes}/{total_bytes}  {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(name);
            let tick = Duration::from_millis(200);
            while stopped.recv_timeout(tick) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                bar.set_position(n_read.load(Ordering::Relaxed).min(n_bytes));
            }
            bar.finish_and_clear();
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A bar that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
}
