//! What a gateway spent and why it answered as it did: a file of its own beside the store.
//!
//! In: one [`LedgerRow`] per request that reached an upstream, and its [`Evidence`]. Out: what was
//! spent per client and period, and everything again for reports. Rows are committed in groups by a
//! thread of their own; a row that is committed is *settled*. A budget is taken to disk in blocks
//! ([`Ledger::lease`]) before it is spent: after a crash the blocks of that session count as spent,
//! because calls in flight may have cost money that nobody recorded, until
//! [`LedgerFile::reconcile`] says otherwise. It knows no prices and no limits.

mod file;
mod queue;
mod read;
mod record;
mod schema;
mod thread;
mod words;

pub use file::{Ledger, LedgerFile, Session};
pub use read::{Crashed, LedgerEntry};
pub use record::{
    Aid, AttemptNote, Evidence, Feedback, Json, LedgerRow, RequestId, ShadowNote, Spent,
};
pub use words::{MAX_NAME_CHARS, MAX_USAGE_BYTES, kept_name, kept_usage};
