//! Everything that a project has measured, in one SQLite file: runs, golden-set snapshots, trials,
//! attempts, answers, scores, the calls of judges, load tests, and vectors of texts.
//!
//! In: records of `domain`. Out: the same records, streamed in key order so that two readings of
//! the same run give the same sequence whatever the order of arrival was.
//!
//! - [`Store`] opens the file, manages runs and reads.
//! - [`Writer`] takes records from any number of tasks and commits them in groups on one thread;
//!   a [`Receipt`] resolves when its record survives the death of the process.
//! - The call journal names the calls that may have been sent and have no recorded outcome.
//!
//! What it does not do: decide, price, score or call anything; it reads no clock and no
//! environment. Durable means that a committed record survives `kill -9` (WAL with
//! `synchronous = NORMAL`, <https://www.sqlite.org/wal.html>); after a loss of power the last
//! commits may be missing, but the file stays consistent.

mod codec;
mod drift;
mod embeddings;
mod error;
mod inner;
mod journal;
pub mod ledger;
mod load;
mod manifest;
mod place;
mod read;
mod reviews;
mod rows;
mod runs;
mod schema;
mod score_set;
mod sets;
mod snapshot;
mod store;
pub mod texts;
mod writer;

pub use drift::{DriftLook, Telling};
pub use embeddings::{EmbeddingCall, EmbeddingEnd, EmbeddingTicket, StoredVector};
pub use error::{RecordError, StoreError};
pub use inner::StoreOptions;
pub use load::LoadTestInfo;
pub use manifest::{CandidateRecord, DRIFT_PARAMETER, MANIFEST_VERSION, RunManifest, RunPurpose};
pub use read::{
    AnswerRow, EXPORT_VERSION, JudgeWord, OpenJudgements, RecordedAnswer, RecordedReply, Served,
    Settled, SettledState, Spent, StoredJudgement, StoredScore, TrialDetail, Unscored,
};
pub use runs::RunInfo;
pub use score_set::{ScoreSet, ScorerEntry};
pub use store::Store;
pub use writer::{Commits, Committed, Receipt, Writer};
