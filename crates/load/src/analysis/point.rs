//! One request in numbers: what figures are made of.

use std::time::Duration;

use trilemma_domain::{FailureKind, LoadMetric, LoadSample};

/// One time of one request, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Seen.
    Known(f64),
    /// Longer than was waited for.
    Beyond,
    /// It has none: no stream, no token counts, or the request failed otherwise.
    Absent,
}

impl Value {
    /// Gives the time if it was seen.
    #[must_use]
    pub fn known(self) -> Option<f64> {
        match self {
            Self::Known(ms) => Some(ms),
            Self::Beyond | Self::Absent => None,
        }
    }
}

/// One request in numbers; times in milliseconds, moments in seconds from the stage's start.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Which arrival.
    pub number: u64,
    /// Whether it belongs to the warm-up.
    pub is_warmup: bool,
    /// Whether the answer came whole.
    pub is_answered: bool,
    /// Whether it ran out of time.
    pub is_beyond: bool,
    /// When it was meant to start.
    pub intended_s: f64,
    /// When it began.
    pub begun_s: f64,
    /// When it was over.
    pub ended_s: f64,
    /// First byte, from the last byte sent.
    pub first_byte: Value,
    /// First token of any kind, from the last byte sent.
    pub first_token: Value,
    /// First token of any kind, from schedule.
    pub first_token_scheduled: Value,
    /// First visible token, from the last byte sent.
    pub ttft: Value,
    /// First visible token, from schedule.
    pub ttft_scheduled: Value,
    /// Whole answer, from the last byte sent.
    pub e2e: Value,
    /// Whole answer, from schedule.
    pub e2e_scheduled: Value,
    /// Time per visible token after the first.
    pub tpot: Value,
    /// Longest pause between chunks.
    pub longest_pause: Value,
    /// What a reader waits in all, from schedule.
    pub perceived: Value,
    /// Waiting inside our own client.
    pub client_wait_ms: f64,
    /// Connection set-up; `None` = the connection was there.
    pub connect_ms: Option<f64>,
    /// From the attempt's beginning, as other tools count: first byte, first token, last visible token, end.
    pub from_begin: [Option<f64>; 4],
    /// Input tokens; `None` = not reported.
    pub input_tokens: Option<u64>,
    /// Output tokens; `None` = not reported.
    pub output_tokens: Option<u64>,
    /// Visible output tokens; `None` = not reported.
    pub visible_tokens: Option<u64>,
    /// Visible content chunks.
    pub n_chunks: u64,
}

impl Point {
    /// Works a sample out for a reader of so many tokens per second.
    #[must_use]
    pub fn of(sample: &LoadSample, reading_tokens_per_s: f64) -> Self {
        let timing = &sample.attempt.timing;
        let is_answered = sample.is_answered();
        let is_beyond = sample.attempt.failure.as_ref().is_some_and(|failure| {
            matches!(failure.kind, FailureKind::Deadline | FailureKind::Stalled)
        });
        let judged = |stamp: Option<Duration>| match stamp {
            Some(stamp) if is_answered || is_beyond => Value::Known(ms(stamp)),
            None if is_beyond => Value::Beyond,
            Some(_) | None => Value::Absent,
        };
        let end = if is_answered { timing.end } else { None };
        let usage = sample.attempt.usage.as_ref().filter(|_| is_answered);
        let visible = usage.map(trilemma_domain::Usage::output_visible);
        let whole = |found: Option<f64>| match found {
            Some(found) => Value::Known(found),
            None if is_beyond => Value::Beyond,
            None => Value::Absent,
        };
        let answered = |found: Option<f64>| whole(found.filter(|_| is_answered));
        let tpot = visible.and_then(|n| timing.tpot(n)).map(ms);
        let longest = timing.gaps_us().max().map(|us| f64::from(us) / 1e3);
        let begin = |stamp| sample.from_begin(stamp).map(ms);
        let ended = match (sample.from_schedule(end), is_answered) {
            (Some(ended), true) => sample.intended + ended,
            _ => sample.ended,
        };
        Self {
            number: sample.number,
            is_warmup: sample.is_warmup,
            is_answered,
            is_beyond,
            intended_s: sample.intended.as_secs_f64(),
            begun_s: sample.begun.as_secs_f64(),
            ended_s: ended.max(sample.begun).as_secs_f64(),
            first_byte: judged(timing.first_byte),
            first_token: judged(timing.first_token),
            first_token_scheduled: judged(sample.from_schedule(timing.first_token)),
            ttft: judged(timing.first_visible),
            ttft_scheduled: judged(sample.from_schedule(timing.first_visible)),
            e2e: whole(end.map(ms)),
            e2e_scheduled: whole(sample.from_schedule(end).map(ms)),
            tpot: answered(tpot),
            longest_pause: answered(longest),
            perceived: answered(perceived(sample, visible, reading_tokens_per_s)),
            client_wait_ms: ms(sample.client_wait()),
            connect_ms: timing.connect.map(ms),
            from_begin: [
                begin(timing.first_byte),
                begin(timing.first_token),
                begin(timing.last_visible),
                begin(end),
            ],
            input_tokens: usage.map(trilemma_domain::Usage::input_total),
            output_tokens: usage.map(|usage| usage.output),
            visible_tokens: visible,
            n_chunks: timing.chunk_us.len() as u64,
        }
    }

    /// Gives the time that an SLO bounds.
    #[must_use]
    pub fn value(&self, metric: LoadMetric) -> Value {
        match metric {
            LoadMetric::Ttft => self.ttft_scheduled,
            LoadMetric::FirstToken => self.first_token_scheduled,
            LoadMetric::E2e => self.e2e_scheduled,
            LoadMetric::Tpot => self.tpot,
            LoadMetric::Perceived => self.perceived,
        }
    }
}

/// What a reader waits in all, in milliseconds from schedule: `max over chunks i of (t_i - n_i / R)`, `n_i` the
/// tokens before chunk i, spread evenly over the chunks. It is the least delay with which reading at R tokens a
/// second never runs dry; with tokens at an even pace it is TTFT + (N - 1) max(0, TPOT - 1/R). `None` = no stream
/// or no token counts. Checked by `a_reader_waits_for_the_first_token_and_for_every_pause`.
#[expect(
    clippy::cast_precision_loss,
    reason = "tokens and chunks are far below 2^52"
)]
fn perceived(sample: &LoadSample, visible: Option<u64>, reading_tokens_per_s: f64) -> Option<f64> {
    let chunks = &sample.attempt.timing.chunk_us;
    let per_chunk = visible? as f64 / chunks.len() as f64;
    let waits = chunks.iter().enumerate().map(|(idx, us)| {
        let read_ms = idx as f64 * per_chunk / reading_tokens_per_s * 1e3;
        f64::from(*us) / 1e3 - read_ms
    });
    let since_sent = waits.fold(f64::NEG_INFINITY, f64::max);
    let sent = sample.from_schedule(Some(Duration::ZERO)).map(ms)?;
    since_sent.is_finite().then_some(sent + since_sent)
}

pub(crate) fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
