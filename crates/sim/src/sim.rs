//! The simulator as a whole.
//!
//! In: options. Out: something that serves, and its log.

use std::path::Path;
use std::sync::Arc;

use crate::error::SimError;
use crate::log::{CallLog, LogOptions};
use crate::replay::Replay;
use crate::scenario::Scenario;
use crate::shared::Shared;

/// Everything that a simulator is made of.
#[derive(Debug, Default)]
pub struct SimOptions {
    /// What it does. Its `golden` and `replay` paths are not read here: see
    /// [`SimOptions::load`].
    pub scenario: Scenario,
    /// Recorded answers.
    pub replay: Replay,
    /// What is logged.
    pub log: LogOptions,
}

impl SimOptions {
    /// Options of a scenario, with the golden set and the recorded answers that it names. Their
    /// paths are relative to `folder`.
    ///
    /// # Errors
    /// [`SimError`] says which file could not be read, and why.
    pub fn load(scenario: Scenario, folder: &Path) -> Result<Self, SimError> {
        let mut replay = Replay::new();
        match &scenario.golden {
            Some(golden) => replay.read_golden(&folder.join(golden))?,
            None if scenario.replay.is_empty() => {}
            None => {
                return Err(SimError::Scenario {
                    field: "replay".to_owned(),
                    problem: "recorded answers need the golden set they were recorded on; hint: \
                              set `golden`"
                        .to_owned(),
                });
            }
        }
        for answers in &scenario.replay {
            replay.read_answers(&folder.join(answers))?;
        }
        Ok(Self {
            scenario,
            replay,
            log: LogOptions::default(),
        })
    }
}

/// A simulator; clones share everything, so that several listeners can serve one.
#[derive(Debug, Clone)]
pub struct Sim(pub(crate) Arc<Shared>);

impl Sim {
    /// Makes a simulator without recorded answers, with its log in memory.
    ///
    /// # Errors
    /// [`SimError::Scenario`] when the scenario contradicts itself.
    pub fn new(scenario: Scenario) -> Result<Self, SimError> {
        Self::with_options(SimOptions {
            scenario,
            ..SimOptions::default()
        })
    }

    /// Makes a simulator.
    ///
    /// # Errors
    /// [`SimError::Scenario`] when the scenario contradicts itself or the recorded answers, and
    /// [`SimError::File`] when the log cannot be opened.
    pub fn with_options(options: SimOptions) -> Result<Self, SimError> {
        let SimOptions {
            scenario,
            replay,
            log,
        } = options;
        Shared::new(scenario, replay, &log).map(|shared| Self(Arc::new(shared)))
    }

    /// A handle on what is logged.
    #[must_use]
    pub fn log(&self) -> CallLog {
        self.0.log.clone()
    }

    /// Counts the tokens of all recorded texts now (about 20 MB of text a second), instead of each
    /// at its first call. Worth it before a measurement.
    pub fn warm(&self) {
        self.0.warm();
    }
}
