//! When a model came, goes, and what happens to calls afterwards.
//!
//! In: the dates that vendors announce. Out: the state on a given day. A day that nobody states is
//! unknown; where only "it was gone by then" is known, that is what is kept.

use jiff::civil::Date;

use crate::source::Provenance;

/// What becomes of calls once a model is shut down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnShutdown {
    /// No source says.
    #[default]
    Unknown,
    /// Calls fail.
    Error,
    /// Another model answers, silently, at its own price.
    Reroute {
        /// Full id of the model that answers.
        to: String,
    },
}

/// The dates of one model; `None` = no source states it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifecycle {
    /// Day of release.
    pub released: Option<Date>,
    /// Day on which a source first lists it, where the day of release is not known.
    pub first_seen: Option<Date>,
    /// Day on which its end was announced.
    pub deprecated: Option<Date>,
    /// First day on which calls no longer reach it.
    pub shutdown: Option<Date>,
    /// A day on which a source says that it is gone, where the day of the end is not known.
    pub gone_by: Option<Date>,
    /// What the vendor recommends instead (full id).
    pub replacement: Option<String>,
    /// What happens to calls afterwards.
    pub on_shutdown: OnShutdown,
    /// Where the dates come from.
    pub provenance: Option<Provenance>,
}

/// What a model is on a given day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleState {
    /// Not to be had yet, as far as is known.
    NotYetReleased {
        /// The day from which it is: its release, or the first day on which a source lists it.
        from: Date,
    },
    /// To be had, no end announced.
    Active,
    /// To be had, end announced or known.
    Ending {
        /// The last day known not to be safe: shut down on it, or at the latest by it.
        by: Date,
        /// Whether that day is the exact one.
        exact: bool,
    },
    /// Gone.
    ShutDown {
        /// Since when: the exact day, or the day on which it was seen to be gone.
        since: Date,
        /// Whether that day is the exact one.
        exact: bool,
    },
}

impl Lifecycle {
    /// First day on which it could be had, as far as known.
    #[must_use]
    pub fn start(&self) -> Option<Date> {
        self.released.or(self.first_seen)
    }

    /// Day by which it is gone, and whether that is the exact day.
    #[must_use]
    pub fn end(&self) -> Option<(Date, bool)> {
        self.shutdown
            .map(|day| (day, true))
            .or(self.gone_by.map(|day| (day, false)))
    }

    /// Says what the model is on a day. An end that had not been announced on that day is told
    /// all the same: the catalog answers with all it knows.
    #[must_use]
    pub fn at(&self, as_of: Date) -> LifecycleState {
        if let Some(from) = self.start().filter(|from| as_of < *from) {
            return LifecycleState::NotYetReleased { from };
        }
        match self.end() {
            Some((since, exact)) if since <= as_of => LifecycleState::ShutDown { since, exact },
            Some((by, exact)) => LifecycleState::Ending { by, exact },
            None => LifecycleState::Active,
        }
    }
}
