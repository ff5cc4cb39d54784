//! What a shortlist is asked for.

use jiff::civil::Date;
use rust_decimal::Decimal;
use trilemma_domain::{Requirements, Stakes, TaskKind, Traffic, Usd};

/// Half a year: the shorter end of the design document's 6 to 12 months of ownership.
pub const DEFAULT_HORIZON_DAYS: u16 = 180;

/// Days of a month, as the design document counts them.
const DAYS_PER_MONTH: u32 = 30;

/// From this many queries a day on, volume counts as high.
const HIGH_VOLUME_PER_DAY: f64 = 100_000.0;

/// Tokens of an ordinary query, counted with o200k_base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypicalTokens {
    /// Prompt with everything in it.
    pub input: u64,
    /// Visible answer; hidden reasoning comes on top.
    pub output: u64,
}

/// The design document's example, for projects that have not measured their own.
impl Default for TypicalTokens {
    fn default() -> Self {
        Self {
            input: 1_500,
            output: 300,
        }
    }
}

/// Everything that a shortlist depends on besides the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Kind of task.
    pub task: TaskKind,
    /// What a wrong answer costs.
    pub stakes: Stakes,
    /// The project's gates.
    pub requirements: &'a Requirements,
    /// Production traffic; `None` = not stated, so that monthly ceilings bind nobody yet.
    pub traffic: Option<&'a Traffic>,
    /// Tokens of an ordinary query.
    pub tokens: TypicalTokens,
    /// The day.
    pub as_of: Date,
    /// For how many days the choice has to hold.
    pub horizon_days: u16,
    /// Models that the user names: warned about, never filtered.
    pub named: &'a [String],
}

impl Question<'_> {
    /// Last day of the horizon.
    pub(crate) fn until(&self) -> Date {
        let span = jiff::Span::new().days(i64::from(self.horizon_days));
        self.as_of.checked_add(span).unwrap_or(Date::MAX)
    }

    /// Whether cheaper candidates come first: low stakes, or high volume without high stakes.
    pub(crate) fn cheap_first(&self) -> bool {
        let busy = self
            .traffic
            .is_some_and(|traffic| traffic.queries_per_day >= HIGH_VOLUME_PER_DAY);
        match self.stakes {
            Stakes::Low => true,
            Stakes::Medium => busy,
            Stakes::High => false,
        }
    }

    /// Most that a query may cost: the least of the ceiling per query, the monthly one spread over
    /// 30 days of traffic, and the one per accepted answer (which costs at least one query).
    pub(crate) fn ceiling(&self) -> Option<Usd> {
        let cost = self.requirements.cost?;
        let queries = self
            .traffic
            .and_then(|traffic| Decimal::try_from(traffic.queries_per_day).ok())
            .map(|per_day| per_day * Decimal::from(DAYS_PER_MONTH))
            .filter(|queries| *queries > Decimal::ZERO);
        let from_month = cost
            .per_month
            .zip(queries)
            .and_then(|(month, queries)| month.decimal().checked_div(queries).map(Usd::new));
        [cost.per_query, from_month, cost.per_accepted]
            .into_iter()
            .flatten()
            .min()
    }
}
