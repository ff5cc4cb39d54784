//! The policy file that `trilemma serve` runs, and looks at as long as it serves.
//!
//! In: its path. Out: the policy in use, at first and whenever the file changes. One that cannot be used changes
//! nothing. It is read and compiled beside the tasks that serve: a large one takes a moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use trilemma_gateway::{Gateway, PolicyInUse};

use crate::context::InputError;
use crate::policy_file;
use crate::printer::Printer;

/// Distance between looks at the policy file.
const PAUSE: Duration = Duration::from_secs(1);

/// A policy that was put into use.
pub(super) struct Loaded {
    /// Its name and the first digits of its hash.
    pub(super) told: String,
    /// What speaks against it, by its own word.
    pub(super) warning: Option<String>,
}

/// A policy file that may be replaced while the gateway serves.
pub(super) struct Watched {
    file: Arc<File>,
}

struct File {
    path: PathBuf,
    gateway: Arc<Gateway>,
}

/// By what a change of the file shows.
type Stamp = Option<(SystemTime, u64)>;

impl Watched {
    pub(super) fn new(path: PathBuf, gateway: Arc<Gateway>) -> Self {
        Self {
            file: Arc::new(File { path, gateway }),
        }
    }

    /// Puts the policy into use.
    pub(super) async fn begin(&self) -> anyhow::Result<Loaded> {
        let file = Arc::clone(&self.file);
        tokio::task::spawn_blocking(move || file.load())
            .await?
            .map_err(|reason| anyhow!(InputError(format!("failed to {reason}"))))
    }

    /// Loads the file again whenever it changes; one that cannot be used changes nothing.
    pub(super) async fn watch(self, printer: Printer) {
        let mut seen: Option<Stamp> = None;
        loop {
            let file = Arc::clone(&self.file);
            let looking = tokio::task::spawn_blocking(move || {
                let now = file.stamp();
                let has_changed = seen.is_some_and(|seen| seen != now);
                (now, has_changed.then(|| file.load()))
            });
            let Ok((now, loaded)) = looking.await else {
                return;
            };
            seen = Some(now);
            match loaded {
                None => {}
                Some(Ok(Loaded { told, warning })) => {
                    printer.say(&format!("policy {told} is in use"));
                    warning.iter().for_each(|warning| printer.tell(warning));
                }
                Some(Err(reason)) => printer.tell(&format!(
                    "warning: the policy in use stays; failed to {reason}"
                )),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl File {
    fn stamp(&self) -> Stamp {
        let data = fs_err::metadata(&self.path).ok()?;
        Some((data.modified().ok()?, data.len()))
    }

    fn load(&self) -> Result<Loaded, String> {
        let text = policy_file::read(&self.path)?;
        let PolicyInUse { told, abstained } = self.gateway.set_policy(&text)?;
        let warning = abstained.map(|reason| {
            format!(
                "warning: policy {told} is not shown to be worth anything, as its file says: {reason}; hint: measure \
                 more items and train anew (`trilemma route train`), or serve the best single candidate"
            )
        });
        Ok(Loaded { told, warning })
    }
}
