//! Reading a store: always in one consistent snapshot, in key order, a record at a time.

mod answers;
mod calls;
mod detail;
mod export;
mod judgements;
mod observations;
mod replay;
mod served;
mod settled;
mod spent;

pub use answers::{AnswerRow, Unscored};
pub use calls::OpenJudgements;
pub use detail::{StoredScore, TrialDetail};
pub use export::EXPORT_VERSION;
pub use judgements::{JudgeWord, RecordedReply, StoredJudgement};
pub use replay::RecordedAnswer;
pub use served::Served;
pub use settled::{Settled, SettledState};
pub use spent::Spent;
