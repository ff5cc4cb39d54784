//! Budgets by reservation: no call starts whose worst case is not covered.
//!
//! In: the worst case of a call, before it starts; what it came to, afterwards. Out: leave to spend,
//! or a refusal. A call that what is spent leaves room for, but what is reserved does not, waits for
//! its turn: most reservations come back nearly whole. Who came first is served first. Reservations
//! live in memory; what they draw on is leased on disk in blocks, so that a gateway that dies has
//! spent no more than its leases say. The sum of what is spent and reserved never passes the limit,
//! however many requests come at once: check and reservation are one step under one lock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use trilemma_domain::{NanoUsd, Usd};
use trilemma_project::{Period, ServeBudget};
use trilemma_store::StoreError;
use trilemma_store::ledger::{Ledger, LedgerFile};

const US_PER_DAY: i64 = 86_400_000_000;

/// Most calls that wait for a reservation of others to come back, in each budget.
const MAX_WAITING: usize = 1_024;

/// Why a budget gives no leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// The worst case does not fit into what is left.
    #[error(
        "spend on this request: at worst it costs {worst} USD, and {left}; hint: a smaller `max_tokens` lowers the worst case"
    )]
    Exceeded {
        /// The worst case.
        worst: String,
        /// How much is left, in words; of another's budget not how much.
        left: String,
    },
    /// It would fit if calls under way had given back what they will not need.
    #[error(
        "spend on this request now: at worst it costs {worst} USD, and what is left of {whose} is reserved by calls under way; hint: try again soon; a smaller `max_tokens` lowers the worst case"
    )]
    Reserved {
        /// The worst case.
        worst: String,
        /// Whose budget it is.
        whose: String,
    },
    /// The ledger cannot be opened.
    #[error("open the gateway's ledger: {0}")]
    Closed(#[source] StoreError),
    /// The budget cannot be taken to disk.
    #[error("take a block of the budget to disk: {0}")]
    Ledger(#[from] StoreError),
    /// An amount is too large to count.
    #[error("count the budget of {whose}: {amount} USD are too many")]
    TooLarge {
        /// Whose budget it is.
        whose: String,
        /// The amount.
        amount: String,
    },
}

impl BudgetError {
    /// As a client may hear it: what is left of the budget of all is told to nobody who has a key of its own.
    fn told_to(self, scope: &Scope, client: &str) -> Self {
        match self {
            Self::Exceeded { worst, .. } if scope.client != client => Self::Exceeded {
                worst,
                left: format!("{} does not cover that", scope.whose()),
            },
            other => other,
        }
    }
}

/// All budgets of a gateway.
#[derive(Debug)]
pub(crate) struct Purse {
    scopes: BTreeMap<String, Arc<Scope>>,
    ledger: Ledger,
    lease: i64,
}

/// One budget: of all clients (empty name) or of one.
#[derive(Debug)]
struct Scope {
    client: String,
    limit: i64,
    period: Period,
    state: Mutex<State>,
    /// Held while a block is taken to disk, so that requests that come together take one.
    leasing: tokio::sync::Mutex<()>,
    /// Held by the first of those that wait for a reservation to come back; the others stand in line for it.
    turn: tokio::sync::Mutex<()>,
    /// A reservation has come back.
    released: Notify,
    n_waiting: AtomicUsize,
}

/// A place among those that wait.
struct Waiting<'a>(&'a Scope);

impl<'a> Waiting<'a> {
    fn of(scope: &'a Scope) -> Option<Self> {
        let place = Self(scope);
        (scope.n_waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.n_waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// First day of the period, since 1970-01-01 UTC.
    first_day: i64,
    /// First day after it.
    end_day: i64,
    /// Counted for earlier sessions.
    before: i64,
    /// Settled in this session.
    spent: i64,
    /// Worst cases of calls in flight.
    reserved: i64,
    /// Leased on disk in this session.
    leased: i64,
}

/// A reservation; it counts in full until it is settled.
#[derive(Debug)]
pub(crate) struct Hold {
    parts: Vec<(Arc<Scope>, i64)>,
    worst: i64,
}

impl Purse {
    /// Whether anything is limited for this client.
    pub(crate) fn limits(&self, client: &str) -> bool {
        self.scopes.contains_key("") || self.scopes.contains_key(client)
    }

    /// Reserves the worst case of one call in the client's own budget and in that of all; `until` = how long
    /// it may wait for reservations of other calls to come back.
    pub(crate) async fn reserve(
        &self,
        client: &str,
        worst: NanoUsd,
        (now_us, until): (i64, Instant),
    ) -> Result<Hold, BudgetError> {
        let mut hold = Hold {
            parts: Vec::with_capacity(2),
            worst: worst.0,
        };
        // Its own first: who waits for its own budget holds nothing of the others'.
        let own = Some(client).filter(|client| !client.is_empty());
        for name in own.into_iter().chain(std::iter::once("")) {
            let Some(scope) = self.scopes.get(name) else {
                continue;
            };
            match self.wait_in(scope, worst.0, (now_us, until)).await {
                Ok(first_day) => hold.parts.push((Arc::clone(scope), first_day)),
                Err(error) => {
                    hold.settle(NanoUsd(0));
                    return Err(error.told_to(scope, client));
                }
            }
        }
        Ok(hold)
    }

    /// Reserves, in turn, as soon as what others have reserved allows it.
    async fn wait_in(
        &self,
        scope: &Scope,
        worst: i64,
        (now_us, until): (i64, Instant),
    ) -> Result<i64, BudgetError> {
        // Who cannot wait takes nobody's turn: it is refused, or about to give back more than it takes.
        let is_hasty = Instant::now() >= until;
        if is_hasty || scope.n_waiting.load(Ordering::Relaxed) == 0 {
            match self.reserve_in(scope, worst, now_us).await {
                Err(BudgetError::Reserved { .. }) => {}
                result => return result,
            }
        }
        let none = || scope.reserved(worst);
        let _place = Waiting::of(scope).filter(|_| !is_hasty).ok_or_else(none)?;
        let _turn = timeout_at(until, scope.turn.lock())
            .await
            .map_err(|_| none())?;
        loop {
            match self.reserve_in(scope, worst, now_us).await {
                Err(BudgetError::Reserved { .. }) => {}
                result => return result,
            }
            // What came back since is remembered.
            timeout_at(until, scope.released.notified())
                .await
                .map_err(|_| none())?;
        }
    }

    async fn reserve_in(&self, scope: &Scope, worst: i64, now_us: i64) -> Result<i64, BudgetError> {
        let day = now_us.div_euclid(US_PER_DAY);
        if let Some(first_day) = scope.try_reserve(worst, day)? {
            return Ok(first_day);
        }
        let _turn = scope.leasing.lock().await;
        loop {
            if let Some(first_day) = scope.try_reserve(worst, day)? {
                return Ok(first_day);
            }
            let amount = scope.next_block(worst, self.lease);
            self.ledger
                .lease(&scope.client, day, NanoUsd(amount))
                .await?;
            scope.with(|state| state.leased = state.leased.saturating_add(amount));
        }
    }

    /// Spent, reserved and limit of the budget of all, in nano-dollars; `None` = there is none.
    pub(crate) fn standing_of_all(&self) -> Option<[i64; 3]> {
        let mut standing = self.standing().into_iter();
        let all = standing.find(|(client, _)| client.is_empty());
        all.map(|(_, figures)| figures.map(|figure| figure.0))
    }

    /// What is spent or counted as spent, reserved, and the limit, by client; for metrics.
    pub(crate) fn standing(&self) -> Vec<(String, [NanoUsd; 3])> {
        self.scopes
            .values()
            .map(|scope| {
                let state = scope.with(|state| *state);
                let figures = [
                    state.before.saturating_add(state.spent),
                    state.reserved,
                    scope.limit,
                ];
                (scope.client.clone(), figures.map(NanoUsd))
            })
            .collect()
    }
}

/// Budgets that wait for the ledger they lease in.
#[derive(Debug)]
pub(crate) struct Unleased {
    scopes: BTreeMap<String, Arc<Scope>>,
    lease: i64,
}

impl Unleased {
    /// Makes the budgets, with what the ledger says was spent in their periods before.
    pub(crate) fn open(
        budgets: &[(String, ServeBudget)],
        lease: Usd,
        file: &LedgerFile,
        now_us: i64,
    ) -> Result<Self, BudgetError> {
        let mut scopes = BTreeMap::new();
        for (client, budget) in budgets {
            let (first_day, end_day) = period_of(budget.period, now_us.div_euclid(US_PER_DAY));
            let name = (!client.is_empty()).then_some(client.as_str());
            let before = file.spent(name, first_day).map_err(BudgetError::Closed)?;
            let scope = Scope {
                client: client.clone(),
                limit: nanos(budget.limit, client)?,
                period: budget.period,
                state: Mutex::new(State {
                    first_day,
                    end_day,
                    before: before.0,
                    spent: 0,
                    reserved: 0,
                    leased: 0,
                }),
                leasing: tokio::sync::Mutex::new(()),
                turn: tokio::sync::Mutex::new(()),
                released: Notify::new(),
                n_waiting: AtomicUsize::new(0),
            };
            scopes.insert(client.clone(), Arc::new(scope));
        }
        Ok(Self {
            scopes,
            lease: nanos(lease, "")?,
        })
    }

    /// Lets them lease.
    pub(crate) fn with(self, ledger: Ledger) -> Purse {
        Purse {
            scopes: self.scopes,
            lease: self.lease,
            ledger,
        }
    }
}

impl Scope {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reserves if limit and leases cover it; `None` = another block must be leased first.
    fn try_reserve(&self, worst: i64, day: i64) -> Result<Option<i64>, BudgetError> {
        self.with(|state| {
            if day >= state.end_day {
                let (first_day, end_day) = period_of(self.period, day);
                *state = State {
                    first_day,
                    end_day,
                    before: 0,
                    spent: 0,
                    reserved: 0,
                    leased: 0,
                };
            }
            let wanted = state
                .spent
                .saturating_add(state.reserved)
                .saturating_add(worst);
            if state.before.saturating_add(wanted) > self.limit {
                let left = self.limit - state.before - state.spent;
                return Err(if worst <= left {
                    self.reserved(worst)
                } else {
                    BudgetError::Exceeded {
                        worst: dollars(worst),
                        left: format!("{} USD of {} are left", dollars(left.max(0)), self.whose()),
                    }
                });
            }
            if wanted > state.leased {
                return Ok(None);
            }
            state.reserved = state.reserved.saturating_add(worst);
            Ok(Some(state.first_day))
        })
    }

    fn whose(&self) -> String {
        if self.client.is_empty() {
            "the gateway's budget".to_owned()
        } else {
            format!("the budget of `{}`", self.client)
        }
    }

    fn reserved(&self, worst: i64) -> BudgetError {
        BudgetError::Reserved {
            worst: dollars(worst),
            whose: self.whose(),
        }
    }

    /// How much to lease next: a block, or what is needed, never beyond the limit.
    fn next_block(&self, worst: i64, lease: i64) -> i64 {
        self.with(|state| {
            let needed = state.spent + state.reserved + worst - state.leased;
            let left = self.limit - state.before - state.leased;
            needed.max(lease).min(left).max(needed.min(left))
        })
    }
}

impl Hold {
    /// The worst case that it holds.
    pub(crate) fn worst(&self) -> NanoUsd {
        NanoUsd(self.worst)
    }

    /// The call is over and came to this.
    pub(crate) fn settle(mut self, charged: NanoUsd) {
        self.give_back(charged.0);
    }

    fn give_back(&mut self, charged: i64) {
        for (scope, first_day) in self.parts.drain(..) {
            scope.with(|state| {
                // A call of a period that is over counts there, on disk.
                if state.first_day == first_day {
                    state.reserved = state.reserved.saturating_sub(self.worst);
                    state.spent = state.spent.saturating_add(charged);
                }
            });
            scope.released.notify_one();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.give_back(self.worst);
    }
}

/// First day of the period that a day lies in, and the first day after it.
fn period_of(period: Period, day: i64) -> (i64, i64) {
    match period {
        Period::Day => (day, day.saturating_add(1)),
        Period::Total => (i64::MIN, i64::MAX),
        Period::Month => {
            let epoch = Date::constant(1970, 1, 1);
            let days = |date: Date| i64::from(date.since(epoch).map_or(0, |span| span.get_days()));
            let date = epoch
                .checked_add(jiff::Span::new().days(day.clamp(0, 2_000_000)))
                .unwrap_or(epoch);
            let first = date.first_of_month();
            let next = date
                .last_of_month()
                .tomorrow()
                .unwrap_or_else(|_| date.last_of_month());
            (days(first), days(next))
        }
    }
}

fn nanos(amount: Usd, client: &str) -> Result<i64, BudgetError> {
    let settled = amount.settle().map_err(|_| BudgetError::TooLarge {
        whose: client.to_owned(),
        amount: amount.decimal().to_string(),
    })?;
    Ok(settled.0)
}

fn dollars(nano: i64) -> String {
    let sign = if nano < 0 { "-" } else { "" };
    let nano = nano.unsigned_abs();
    let text = format!("{sign}{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
