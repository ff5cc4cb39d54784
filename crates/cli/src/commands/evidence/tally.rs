//! What became of requests: counted while the ledger is read, one request at a time.

use std::collections::BTreeMap;

use trilemma_domain::NanoUsd;
use trilemma_stats::mean::Running;
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::quantile::{Sorted, quantile, quantile_of_censored};
use trilemma_stats::{Confidence, Estimate};
use trilemma_store::ledger::{Aid, AttemptNote, Evidence, LedgerEntry};

use super::anytime::{bounded, unbounded};
use super::end::{End, unseen_us};
use super::kept::{Kind, Known};
use super::rests;

/// Names of one kind that are told apart.
const MAX_NAMES: usize = 1_000;
/// Stands for all names beyond them.
const FURTHER_NAMES: &str = "…";

/// Requests of one kind.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) n: usize,
    pub(super) n_answered: usize,
    /// Requests without their whole answer, which is the upstream's doing.
    n_failed: usize,
    pub(super) n_cut: usize,
    /// Requests whose client went away before it had seen anything.
    pub(super) n_given_up: usize,
    /// Requests whose client went away in the middle of the answer.
    pub(super) n_left: usize,
    /// Requests that the gateway's own end cut off.
    pub(super) n_stopped: usize,
    /// Requests of which only the cost was kept.
    pub(super) n_untold: usize,
    /// Requests that were wrong themselves.
    pub(super) n_mistaken: usize,
    /// Requests that a budget gave no leave for, after a call at the latest.
    pub(super) n_unpaid: usize,
    /// Calls of the candidate for answers, whoever answered in the end.
    pub(super) n_calls: usize,
    /// Calls of the candidate for labels, and for vectors.
    pub(super) n_label_calls: usize,
    pub(super) n_vector_calls: usize,
    /// Requests with more than one call for an answer.
    pub(super) n_repeated: usize,
    /// Requests with a call for a label, and with one for a vector.
    pub(super) n_labelled: usize,
    pub(super) n_embedded: usize,
    pub(super) n_unmeasured: usize,
    pub(super) n_fallbacks: usize,
    pub(super) n_estimated: usize,
    pub(super) n_unpriced: usize,
    /// Whole answers that decline, by the vendor's word.
    n_declined: usize,
    /// Names that whole answers carried: of models and of back ends.
    pub(super) names: [BTreeMap<String, Seen>; 2],
    nano: i128,
    /// Whether a policy took a second step, request by request.
    escalated: Vec<f64>,
    /// What clients said.
    feedback: Vec<f64>,
    /// What scorers said, by their names.
    scores: BTreeMap<String, Vec<f64>>,
    /// What decisions of a policy rest on.
    rests: BTreeMap<Kind, Vec<f64>>,
    costs: Running,
    tokens: Running,
    first_ms: Vec<f64>,
    /// How long streams were waited for that showed nothing before their client went away.
    unseen_ms: Vec<f64>,
    /// How long the clients waited that saw nothing.
    waited_ms: Vec<f64>,
}

/// How often something was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) n: usize,
    /// The first and the last time, microseconds since 1970-01-01 UTC.
    pub(super) first_us: i64,
    pub(super) last_us: i64,
}

impl Seen {
    fn add(&mut self, at_us: i64) {
        if self.n == 0 {
            (self.first_us, self.last_us) = (at_us, at_us);
        }
        self.n += 1;
        self.first_us = self.first_us.min(at_us);
        self.last_us = self.last_us.max(at_us);
    }
}

/// Counts a name. Vendors can make up as many as there are answers.
fn see(names: &mut BTreeMap<String, Seen>, name: &str, at_us: i64) {
    let is_told = names.len() < MAX_NAMES || names.contains_key(name);
    let name = if is_told { name } else { FURTHER_NAMES };
    if let Some(seen) = names.get_mut(name) {
        return seen.add(at_us);
    }
    names.entry(name.to_owned()).or_default().add(at_us);
}

/// The mean with a normal interval; `None` below 30 requests, where skewed costs allow none.
fn interval(values: &Running) -> Option<[f64; 3]> {
    const LEAST: usize = 30;
    let (mean, sd) = (values.mean()?, values.standard_deviation()?);
    if values.n() < LEAST {
        return None;
    }
    let half = Confidence::P95.z_two_sided() * sd / (values.n() as f64).sqrt();
    Some([mean, (mean - half).max(0.0), mean + half])
}

impl Tally {
    /// Counts a request that this candidate answered, or came last for.
    pub(super) fn add(&mut self, entry: &LedgerEntry) {
        self.n += 1;
        self.n_unpriced += usize::from(entry.row.cost.is_none());
        self.n_estimated += usize::from(entry.row.is_estimated);
        self.feedback.extend(entry.feedback);
        for (scorer, score) in &entry.scores {
            match self.scores.get_mut(scorer) {
                Some(scores) => scores.push(*score),
                None => _ = self.scores.insert(scorer.clone(), vec![*score]),
            }
        }
        let Some(evidence) = &entry.evidence else {
            self.n_untold += 1;
            return;
        };
        let end = End::of(evidence);
        let is_answered = end == End::Answered;
        self.n_answered += usize::from(is_answered);
        self.n_cut += usize::from(evidence.truncated);
        self.n_failed += usize::from(end == End::Failed);
        self.n_given_up += usize::from(end == End::GivenUp);
        self.n_left += usize::from(end == End::Left);
        self.n_stopped += usize::from(end == End::Stopped);
        self.n_mistaken += usize::from(end == End::Mistaken);
        self.n_unpaid += usize::from(end == End::Unpaid);
        if is_answered {
            let escalated = evidence.escalated.map(|is| f64::from(u8::from(is)));
            self.escalated.extend(escalated);
            for (kind, value) in rests::of_decision(evidence.decision.as_ref()) {
                self.rests.entry(kind).or_default().push(value);
            }
        }
        let n_with = |aid: Option<Aid>| {
            let attempts = evidence.attempts.iter();
            attempts.filter(|one| one.aid == aid).count()
        };
        self.n_repeated += usize::from(n_with(None) > 1);
        self.n_labelled += usize::from(n_with(Some(Aid::Label)) > 0);
        self.n_embedded += usize::from(n_with(Some(Aid::Vector)) > 0);
        self.n_unmeasured += usize::from(!evidence.unmeasured.is_empty());
        self.n_fallbacks += usize::from(evidence.canary_failure.is_some());
        if let (true, false, Some(cost)) = (is_answered, entry.row.is_estimated, entry.row.cost) {
            self.costs.add(cost.to_f64_usd());
        }
        if is_answered {
            let declines = evidence.finish.as_deref() == Some("refusal");
            self.n_declined += usize::from(declines);
            let carried = [&entry.row.served, &evidence.fingerprint];
            for (names, name) in self.names.iter_mut().zip(carried) {
                if let Some(name) = name {
                    see(names, name, entry.row.at_us);
                }
            }
            // Tokens of one call are those of the answer.
            if let (false, Some(tokens)) = (entry.row.is_estimated, only_answer(entry, evidence)) {
                self.tokens.add(tokens as f64);
            }
        }
        let first = evidence
            .attempts
            .iter()
            .rev()
            .find_map(|attempt| attempt.first_visible_us);
        self.first_ms.extend(first.map(ms));
        if end == End::GivenUp {
            self.waited_ms.push(ms(evidence.total_us));
        }
        let has_left = matches!(end, End::GivenUp | End::Left);
        if has_left && evidence.stream && first.is_none() {
            self.unseen_ms.extend(unseen_us(evidence).map(ms));
        }
    }

    /// Counts what calls of this candidate cost within a request, whoever answered it.
    pub(super) fn add_cost(&mut self, nano: i64, aids: impl Iterator<Item = Option<Aid>>) {
        self.nano += i128::from(nano);
        for aid in aids {
            *match aid {
                None => &mut self.n_calls,
                Some(Aid::Label) => &mut self.n_label_calls,
                Some(Aid::Vector) => &mut self.n_vector_calls,
            } += 1;
        }
    }

    /// Requests that were due an answer: all but those that were a mistake, or that no budget paid for.
    pub(super) fn n_due(&self) -> usize {
        self.n_answered + self.n_failed + self.n_abandoned()
    }

    /// Requests whose client went away.
    pub(super) fn n_abandoned(&self) -> usize {
        self.n_given_up + self.n_left
    }

    /// A share of the requests that were due an answer: `n` of them for certain, and up to `n_open` more, of which nobody
    /// saw the end.
    fn share(&self, n: usize, n_open: usize) -> Option<Estimate> {
        let of = |n| {
            let count = Count::new(n, self.n_due()).ok()?;
            Some(wilson(count, Confidence::P95))
        };
        Some(Estimate {
            high: of(n + n_open)?.high,
            ..of(n)?
        })
    }

    /// Share of requests that got their whole answer. One whose client saw nothing and went away got none; one whose
    /// client left in the middle may have been about to: the interval allows for that.
    pub(super) fn answered(&self) -> Option<Estimate> {
        self.share(self.n_answered, self.n_left)
    }

    /// Share of requests that failed for certain; those whose client went away may have.
    pub(super) fn failed(&self) -> Option<Estimate> {
        self.share(self.n_failed, self.n_abandoned())
    }

    /// Share of requests whose client went away before it had seen anything.
    pub(super) fn given_up(&self) -> Option<Estimate> {
        self.share(self.n_given_up, 0)
    }

    /// Share of requests whose client left in the middle of the answer.
    pub(super) fn left(&self) -> Option<Estimate> {
        self.share(self.n_left, 0)
    }

    /// How long those waited in the median who saw nothing and went away, milliseconds.
    pub(super) fn waited(&self) -> Option<Estimate> {
        let sample = Sorted::new(self.waited_ms.clone()).ok()?;
        quantile(&sample, 0.5, Confidence::P95).ok()
    }

    /// A quantile of the time to the first visible token, milliseconds. Those who went away before waited for so long
    /// in vain.
    pub(super) fn first_token(&self, level: f64) -> Option<Estimate> {
        if !self.unseen_ms.is_empty() {
            let both = (&self.first_ms, &self.unseen_ms);
            return quantile_of_censored(both.0, both.1, level, Confidence::P95).ok()?;
        }
        let sample = Sorted::new(self.first_ms.clone()).ok()?;
        quantile(&sample, level, Confidence::P95).ok()
    }

    /// Share of whole answers that decline.
    pub(super) fn declined(&self) -> Option<Estimate> {
        let count = Count::new(self.n_declined, self.n_answered).ok()?;
        Some(wilson(count, Confidence::P95))
    }

    /// Output tokens per whole answer, with interval and n.
    pub(super) fn output_tokens(&self) -> Option<([f64; 3], usize)> {
        Some((interval(&self.tokens)?, self.tokens.n()))
    }

    /// USD per whole answer, all its calls included, with its interval and n.
    pub(super) fn per_answer(&self) -> Option<([f64; 3], usize)> {
        Some((interval(&self.costs)?, self.costs.n()))
    }

    /// The same with an interval that holds at any time.
    pub(super) fn per_answer_anytime(&self) -> Option<([f64; 3], usize)> {
        let [point, low, high] = unbounded(&self.costs)?;
        Some(([point, low.max(0.0), high], self.costs.n()))
    }

    /// Share of answered requests for which a policy took a second step; the interval holds at any time.
    pub(super) fn escalated(&self) -> Option<Estimate> {
        bounded(&self.escalated)
    }

    /// Mean of what clients said of their answers; the interval holds at any time.
    pub(super) fn feedback(&self) -> Option<Estimate> {
        bounded(&self.feedback)
    }

    /// Mean of what each scorer said of answers, by its name; the intervals hold at any time.
    pub(super) fn scores(&self) -> impl Iterator<Item = (&str, Option<Estimate>)> {
        let scores = self.scores.iter();
        scores.map(|(scorer, scores)| (scorer.as_str(), bounded(scores)))
    }

    /// Means of what the policy's decisions rest on; the intervals hold at any time.
    pub(super) fn rests(&self) -> impl Iterator<Item = (Kind, Option<Known>)> {
        self.rests.iter().map(|(kind, values)| {
            let found = if kind.is_share() {
                bounded(values).as_ref().map(Known::of)
            } else {
                let mut running = Running::default();
                values.iter().for_each(|value| running.add(*value));
                unbounded(&running).map(|bounds| Known::with_n(bounds, values.len()))
            };
            (*kind, found)
        })
    }

    /// Answers of which clients said something.
    pub(super) fn n_feedback(&self) -> usize {
        self.feedback.len()
    }

    /// What all of its calls cost as far as known.
    pub(super) fn total(&self) -> NanoUsd {
        NanoUsd(i64::try_from(self.nano).unwrap_or(i64::MAX))
    }
}

fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

/// Output tokens of the answer where one call was made for it; `None` = there were several, or nobody counted.
fn only_answer(entry: &LedgerEntry, evidence: &Evidence) -> Option<u64> {
    let is_for_answer = |one: &&AttemptNote| one.aid.is_none();
    let mut answers = evidence.attempts.iter().filter(is_for_answer);
    let (one, None) = (answers.next()?, answers.next()) else {
        return None;
    };
    let usage = match &one.spent {
        Some(spent) => spent.usage,
        // Only the request's sum is known.
        None => entry.row.usage,
    };
    Some(usage?.output)
}

/// Requests for which nobody was called.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Uncalled {
    pub(super) requests: usize,
    /// No leave of a budget.
    pub(super) unpaid: usize,
    /// Wrong themselves.
    pub(super) mistaken: usize,
    /// Their client went away before.
    pub(super) abandoned: usize,
}

impl Uncalled {
    pub(super) fn add(&mut self, entry: &LedgerEntry) {
        self.requests += 1;
        match entry.evidence.as_ref().map(End::of) {
            Some(End::Unpaid) => self.unpaid += 1,
            Some(End::Mistaken) => self.mistaken += 1,
            Some(End::GivenUp | End::Left) => self.abandoned += 1,
            Some(End::Answered | End::Failed | End::Stopped) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_made_up_are_bounded() {
        let mut names = BTreeMap::new();
        for round in 0..2 {
            for idx in 0..3 * MAX_NAMES {
                see(&mut names, &format!("fp-{idx}"), round);
            }
        }
        assert_eq!(names.len(), MAX_NAMES + 1);
        assert_eq!((names["fp-7"].n, names["fp-7"].last_us), (2, 1));
        assert_eq!(names[FURTHER_NAMES].n, 2 * 2 * MAX_NAMES);
    }
}
