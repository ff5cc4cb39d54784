//! Asking a challenger what a client has been answered, and comparing both.
//!
//! In: a gateway that calls nobody but the challenger and its judges, the project's scorers, requests that are over. Out: a
//! row of the challenger's own ledger for each, with the comparison. When and how often is `shadow`'s business.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;
use trilemma_domain::{ChatResponse, Dialect};
use trilemma_project::ShadowSettings;
use trilemma_score::Scorer;
use trilemma_store::ledger::ShadowNote;

use crate::chat::{self, Plan};
use crate::compare::{Scored, compare};
use crate::gateway::Gateway;
use crate::job::Told;
use crate::outlet::Outlet;
use crate::panel::{Bench, Panels};
use crate::prepare::decode_body;
use crate::shadow::{Case, Fate, Shadow};

/// What shadowing needs.
pub struct ShadowParts {
    /// Whom to ask, how often, for how much.
    pub settings: ShadowSettings,
    /// Calls the challenger and its judges, and nobody else: ledger, budget and lane are its own.
    pub gateway: Arc<Gateway>,
    /// The project's scorers.
    pub scorers: Vec<Scorer>,
    /// Who judges for those of them that ask a judge: upstreams of the same gateway. Scorers that are not named
    /// here are left out.
    pub panels: Panels,
}

impl ShadowParts {
    /// Begins to wait for requests; within a runtime.
    #[must_use]
    pub fn begin(self) -> Shadow {
        let settings = self.settings.clone();
        let parts = Arc::new(self);
        let gateway = Arc::clone(&parts.gateway);
        let standing = move || gateway.purse.standing_of_all();
        let challenge = Box::new(move |case| {
            let asked: std::pin::Pin<Box<dyn Future<Output = Fate> + Send>> =
                Box::pin(ask(Arc::clone(&parts), case));
            asked
        });
        Shadow::new(settings, challenge, Box::new(standing))
    }
}

impl ShadowParts {
    /// Scores both answers to a request, the client's first.
    async fn scored(&self, (dialect, body): (Dialect, &Bytes), both: [&ChatResponse; 2]) -> Scored {
        let Ok(request) = decode_body(dialect, body) else {
            return Scored::default();
        };
        let bench = Bench {
            gateway: &self.gateway,
            scorers: &self.scorers,
            panels: &self.panels,
        };
        let heard = bench.hear(&request.chat, both).await;
        compare(&self.scorers, &heard, &request.chat, both)
    }
}

/// Asks the challenger once, and records what came of it beside what the client got.
async fn ask(parts: Arc<ShadowParts>, case: Case) -> Fate {
    let Case {
        mut ask,
        response,
        served,
    } = case;
    ask.client.clear();
    ask.began = Instant::now();
    ask.at_us = parts.gateway.clock.now_us();
    let (dialect, body) = (ask.dialect, ask.body.clone());
    let outlet = Outlet::default();
    let gateway = Arc::clone(&parts.gateway);
    let Some(named) = gateway.candidate(&parts.settings.challenger) else {
        return Fate::NoLeave;
    };
    let mut job = chat::begin(gateway, *ask, outlet.clone());
    job.record.capture();
    let told = outlet.drained(job.answer(Plan::Named(named))).await;
    if job.record.n_calls() == 0 {
        job.record.forget();
        return Fate::NoLeave;
    }
    let own = job
        .record
        .captured()
        .filter(|_| matches!(told, Told::Answer));
    // What judges take is not the challenger's time.
    job.record.ended();
    let both = response.filter(|_| served.is_answered).zip(own);
    let scored = match both {
        Some((theirs, own)) => parts.scored((dialect, &body), [&theirs, &own]).await,
        None => Scored::default(),
    };
    job.record.evidence.shadow = Some(Box::new(ShadowNote {
        of: served.id.to_string(),
        candidate: served.candidate,
        is_answered: served.is_answered,
        cost_nano: served.cost_nano,
        first_visible_us: served.first_visible_us,
        total_us: served.total_us,
        left_us: served.left_us,
        served_score: scored.scores[0],
        score: scored.scores[1],
        agreement: scored.agreement,
    }));
    let _ending = job.conclude(told);
    Fate::Compared
}
