//! All figures of one candidate in one stage.

use std::collections::{BTreeMap, BTreeSet};

use trilemma_domain::{
    LoadPerceived, LoadSample, LoadStage, LoadStageFigures, LoadTimes, NanoUsd, StageEnd,
};

use super::converted::converted;
use super::gaps::Gaps;
use super::point::{Point, Value};
use super::rates::{Window, in_flight, rate};
use super::timeline::timeline;
use super::times::{drawn, times};

/// The samples of one candidate in one stage, boiled down as they are read.
#[derive(Debug, Clone, Default)]
pub struct StageSamples {
    points: Vec<Point>,
    gaps: Gaps,
    failures: BTreeMap<&'static str, (u64, String)>,
    /// Names under which the endpoint answered.
    pub served_models: BTreeSet<String>,
    /// Whether a simulator answered.
    pub simulated: bool,
    /// Cost as far as known.
    pub cost: NanoUsd,
    /// Requests whose cost is unknown.
    pub n_unpriced: u64,
}

impl StageSamples {
    /// Takes a sample in.
    pub fn add(&mut self, sample: &LoadSample, reading_tokens_per_s: f64) {
        let point = Point::of(sample, reading_tokens_per_s);
        if !point.is_warmup {
            if point.is_answered {
                for us in sample.attempt.timing.gaps_us() {
                    self.gaps.add(us);
                }
            }
            if let Some(failure) = &sample.attempt.failure {
                let entry = self.failures.entry(failure.kind.name());
                let entry = entry.or_insert_with(|| (0, failure.message.clone()));
                entry.0 += 1;
            }
        }
        if let Some(model) = &sample.served_model
            && !self.served_models.contains(model)
        {
            self.served_models.insert(model.clone());
        }
        self.simulated |= sample.simulated;
        match sample.attempt.cost {
            Some(cost) => self.cost = self.cost.saturating_add(cost),
            None => self.n_unpriced += 1,
        }
        self.points.push(point);
    }

    /// Puts the requests into the order in which they were meant to start; call it after the last one.
    pub fn sort(&mut self) {
        self.points.sort_by_key(|point| point.number);
    }

    /// Gives the requests, in the order of [`StageSamples::sort`].
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Gives those that are no warm-up.
    pub fn measured(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| !point.is_warmup)
    }
}

/// Works out the figures of a candidate in a stage; `place` is its position among those of the stage.
#[must_use]
pub fn figures(
    samples: &StageSamples,
    (stage, end, place): (&LoadStage, &StageEnd, usize),
    reading_tokens_per_s: f64,
) -> LoadStageFigures {
    let points: Vec<&Point> = samples.measured().collect();
    let n_unstarted = end.n_unstarted.get(place).copied().unwrap_or(0);
    let window = window(stage, &samples.points);
    let unstarted = usize::try_from(n_unstarted).unwrap_or(usize::MAX);
    let sent = |pick: fn(&Point) -> Value| times(points.iter().map(|point| pick(point)));
    // Requests that never began would have taken longer than any that did.
    let due = |pick: fn(&Point) -> Value| {
        let never = std::iter::repeat_n(Value::Beyond, unstarted);
        drawn(points.iter().map(|point| pick(point)).chain(never))
    };
    let n_answered = points.iter().filter(|point| point.is_answered).count() as u64;
    let is_streamed = points.iter().any(|point| point.n_chunks > 0);
    let known = |pick: fn(&Point) -> Option<f64>| {
        times(
            points
                .iter()
                .filter_map(|point| pick(point))
                .map(Value::Known),
        )
    };
    LoadStageFigures {
        n_sent: points.len() as u64,
        n_answered,
        n_failed: points.len() as u64 - n_answered,
        n_unstarted,
        n_warmup: (samples.points.len() - points.len()) as u64,
        failures: samples
            .failures
            .iter()
            .map(|(kind, (n, _))| ((*kind).to_owned(), *n))
            .collect(),
        failure_examples: samples
            .failures
            .iter()
            .map(|(kind, (_, message))| ((*kind).to_owned(), message.chars().take(200).collect()))
            .collect(),
        window_s: window.length_s(),
        requests_per_s: rate(&samples.points, window, |_| Some(1.0)),
        output_tokens_per_s: rate(&samples.points, window, |point| {
            point.output_tokens.map(number)
        }),
        in_flight_mean: in_flight(&samples.points, window),
        input_tokens_mean: mean(points.iter().filter_map(|point| point.input_tokens)),
        output_tokens_mean: mean(points.iter().filter_map(|point| point.output_tokens)),
        first_byte: sent(|point| point.first_byte),
        first_token: sent(|point| point.first_token),
        ttft: sent(|point| point.ttft),
        ttft_scheduled: if is_streamed {
            due(|point| point.ttft_scheduled)
        } else {
            LoadTimes::default()
        },
        e2e: sent(|point| point.e2e),
        e2e_scheduled: due(|point| point.e2e_scheduled),
        tpot: sent(|point| point.tpot),
        longest_pause: sent(|point| point.longest_pause),
        itl: samples.gaps.percentiles(),
        tokens_per_chunk: tokens_per_chunk(&points),
        client_wait: known(|point| Some(point.client_wait_ms)),
        connect: known(|point| point.connect_ms),
        perceived: is_streamed.then(|| LoadPerceived {
            reading_tokens_per_s,
            streamed: due(|point| point.perceived),
            whole: due(|point| point.e2e_scheduled),
        }),
        warmup_e2e: times(
            samples
                .points
                .iter()
                .filter(|point| point.is_warmup)
                .map(|point| point.e2e),
        ),
        converted: converted(&points, &samples.gaps),
        timeline: timeline(&samples.points),
    }
}

/// From the end of the warm-up to the candidate's own last meant start: a faster one may be done earlier.
fn window(stage: &LoadStage, points: &[Point]) -> Window {
    let last = points
        .iter()
        .map(|point| point.intended_s)
        .fold(0.0, f64::max);
    let measured = points.iter().filter(|point| !point.is_warmup);
    let first = measured
        .map(|point| point.intended_s)
        .fold(f64::INFINITY, f64::min);
    // Without a warm-up the window begins with the stage: the first arrival may be late.
    let from_s = if stage.warmup_requests > 0 && first.is_finite() {
        first.max(stage.warmup.as_secs_f64())
    } else {
        stage.warmup.as_secs_f64()
    };
    Window { from_s, to_s: last }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

fn mean(counts: impl Iterator<Item = u64>) -> Option<f64> {
    let (n, total) = counts.fold((0_u64, 0.0), |(n, total), one| (n + 1, total + number(one)));
    (n > 0).then(|| total / number(n))
}

/// Mean visible tokens of a chunk over all answers with both counts.
fn tokens_per_chunk(points: &[&Point]) -> Option<f64> {
    let both = points.iter().filter(|point| point.n_chunks > 0);
    let (tokens, chunks) = both
        .filter_map(|point| Some((point.visible_tokens?, point.n_chunks)))
        .fold((0_u64, 0_u64), |(tokens, chunks), (t, c)| {
            (tokens + t, chunks + c)
        });
    (chunks > 0).then(|| number(tokens) / number(chunks))
}
