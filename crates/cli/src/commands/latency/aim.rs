//! From what was typed to the stages of a test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;
use trilemma_domain::{Arrivals, LatencyRequirement, LoadGoal, LoadMetric, LoadStage, Slo};
use trilemma_load::{GoodputSpec, Levels, MAX_SLOS, Program, SweepSpec};

use super::LatencyArgs;
use super::typed::{self, Warmup};
use crate::context::InputError;

const DEFAULT_USERS: u32 = 4;
const DEFAULT_REQUESTS: u64 = 100;
const DEFAULT_WARMUP: u64 = 5;
/// Most users of a sweep where nobody says how many.
const DEFAULT_MOST_USERS: u32 = 256;
/// Highest rate of a search where nobody says.
const DEFAULT_MOST_RATE: f64 = 10_000.0;
/// First rate of a search where nobody says.
const DEFAULT_FROM: f64 = 1.0;
/// A search looks at no rate before so much time.
const LEAST_PER_RATE: Duration = Duration::from_secs(10);
const MOST_RATES: u32 = 16;
const TOLERANCE: f64 = 1.1;
/// Largest file of recorded arrivals, in lines.
const MOST_ARRIVALS: usize = 10_000_000;

/// What a test is for, and its stages.
pub(super) struct Aim {
    pub(super) goal: LoadGoal,
    pub(super) program: Program,
    pub(super) trace: Arc<[Duration]>,
}

/// Works out goal and stages for so many candidates.
///
/// # Errors
/// [`InputError`] for options that do not go together, and for a trace that cannot be read.
pub(super) fn aim(args: &LatencyArgs, slos: &[Slo], n_candidates: usize) -> anyhow::Result<Aim> {
    let mut trace: Arc<[Duration]> = Arc::new([]);
    let load = &args.load;
    let arrivals = match (load.rate, load.ramp, &load.trace) {
        (Some(per_s), _, _) if load.evenly => Arrivals::Constant { per_s },
        (Some(per_s), _, _) => Arrivals::Poisson { per_s },
        (None, Some(ramp), _) => Arrivals::Ramp {
            from_per_s: ramp.from_per_s,
            to_per_s: ramp.to_per_s,
        },
        (None, None, Some(path)) => {
            trace = read_trace(path)?;
            Arrivals::Trace {
                arrivals: trace.len() as u64,
                seconds: trace.last().copied().unwrap_or_default().as_secs_f64(),
            }
        }
        (None, None, None) => Arrivals::Closed {
            concurrency: load.concurrency.unwrap_or(DEFAULT_USERS),
        },
    };
    let stage = stage(args, arrivals, n_candidates);
    if let Some(levels) = &load.sweep {
        let levels = levels_of(levels, load.most)?;
        return Ok(Aim {
            goal: LoadGoal::Sweep,
            program: Program::Sweep(SweepSpec { stage, levels }),
            trace,
        });
    }
    if load.goodput {
        return goodput(args, slos, stage);
    }
    Ok(Aim {
        goal: LoadGoal::Measure,
        program: Program::Single(stage),
        trace,
    })
}

fn stage(args: &LatencyArgs, arrivals: Arrivals, n_candidates: usize) -> LoadStage {
    let stop = &args.stop;
    let (warmup, warmup_requests) = match stop.warmup {
        Some(Warmup::Time(time)) => (time, 0),
        Some(Warmup::Requests(n)) => (Duration::ZERO, n),
        None => (Duration::ZERO, DEFAULT_WARMUP),
    };
    let is_endless = stop.duration.is_none() && !matches!(arrivals, Arrivals::Trace { .. });
    let measured = match stop.requests {
        Some(n) => Some(n),
        None if is_endless => Some(DEFAULT_REQUESTS),
        None => None,
    };
    LoadStage {
        arrivals,
        candidates: (0..u32::try_from(n_candidates).unwrap_or(u32::MAX)).collect(),
        warmup,
        warmup_requests,
        duration: stop.duration.map(|duration| duration + warmup),
        requests: measured.map(|n| n + warmup_requests),
        max_in_flight: args.load.max_in_flight,
        drain: stop.drain.unwrap_or(Duration::from_secs(60)),
    }
}

fn goodput(args: &LatencyArgs, slos: &[Slo], stage: LoadStage) -> anyhow::Result<Aim> {
    if slos.is_empty() || slos.len() > MAX_SLOS {
        return Err(anyhow!(InputError(format!(
            "failed to search: {} budgets are given; hint: give 1 to {MAX_SLOS}, such as --slo ttft_p95=800ms",
            slos.len()
        ))));
    }
    let spec = GoodputSpec {
        stage,
        slos: slos.to_vec(),
        from_per_s: args.load.from.unwrap_or(DEFAULT_FROM),
        most_per_s: args.load.most.unwrap_or(DEFAULT_MOST_RATE),
        tolerance: TOLERANCE,
        least: args.stop.duration.unwrap_or(LEAST_PER_RATE),
        most_rates: MOST_RATES,
    };
    Ok(Aim {
        goal: LoadGoal::Goodput {
            slos: slos.to_vec(),
            from_per_s: spec.from_per_s,
            most_per_s: spec.most_per_s,
            tolerance: spec.tolerance,
        },
        program: Program::Goodput(spec),
        trace: Arc::new([]),
    })
}

/// The budgets: those of the command line, else the project's.
pub(super) fn slos(args: &LatencyArgs, project: Option<&LatencyRequirement>) -> Vec<Slo> {
    let p95 = |limit: Duration| Slo {
        metric: LoadMetric::E2e,
        p: 0.95,
        limit,
    };
    let mut slos: Vec<Slo> = args
        .bars
        .class
        .map(|class| p95(class.budget()))
        .into_iter()
        .collect();
    slos.extend(&args.bars.slo);
    let Some(wanted) = project.filter(|_| slos.is_empty()) else {
        return slos;
    };
    let class = wanted.class.map(trilemma_domain::LatencyClass::budget);
    [
        (LoadMetric::Ttft, 0.5, wanted.ttft_p50),
        (LoadMetric::Ttft, 0.95, wanted.ttft_p95),
        (LoadMetric::E2e, 0.5, wanted.e2e_p50),
        (LoadMetric::E2e, 0.95, wanted.e2e_p95.or(class)),
    ]
    .into_iter()
    .filter_map(|(metric, p, limit)| {
        Some(Slo {
            metric,
            p,
            limit: limit?,
        })
    })
    .collect()
}

/// `1,2,4` users, `2/s,5/s` arrivals, or nothing for doubling.
fn levels_of(typed: &str, most: Option<f64>) -> anyhow::Result<Levels> {
    if typed.trim().is_empty() {
        return Ok(Levels::Doubling {
            most: most.map_or(DEFAULT_MOST_USERS, whole),
        });
    }
    let level = |text: &str| {
        let text = text.trim();
        if text.ends_with("/s") {
            let rate = typed::rate(text).ok();
            return rate.map(|per_s| Arrivals::Poisson { per_s });
        }
        let users = text
            .parse::<u32>()
            .ok()
            .filter(|n| (1..=100_000).contains(n));
        users.map(|concurrency| Arrivals::Closed { concurrency })
    };
    let levels: Option<Vec<Arrivals>> = typed.split(',').map(level).collect();
    levels.map(Levels::Given).ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to read the levels `{typed}`; hint: users such as 1,2,4,8 or rates such as 2/s,5/s"
        )))
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of users; a float that does not fit saturates"
)]
fn whole(number: f64) -> u32 {
    (number as u32).clamp(1, 100_000)
}

/// Reads recorded arrivals; offsets count from the first one.
fn read_trace(path: &Path) -> anyhow::Result<Arc<[Duration]>> {
    let bad = |why: String| {
        anyhow!(InputError(format!(
            "failed to read the arrivals of {}: {why}",
            path.display()
        )))
    };
    let text = fs_err::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    let mut moments = Vec::new();
    for (idx, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let moment = moment(line.trim()).ok_or_else(|| {
            bad(format!(
                "line {} is neither seconds, nor a time of RFC 3339, nor JSON with `timestamp` (milliseconds or \
                 RFC 3339) or `at_s`",
                idx + 1
            ))
        })?;
        moments.push(moment);
        if moments.len() > MOST_ARRIVALS {
            return Err(bad(format!("it has more than {MOST_ARRIVALS} arrivals")));
        }
    }
    moments.sort_by(f64::total_cmp);
    let first = moments
        .first()
        .copied()
        .ok_or_else(|| bad("it has no line".to_owned()))?;
    moments
        .into_iter()
        .map(|at| Duration::try_from_secs_f64(at - first))
        .collect::<Result<Arc<[Duration]>, _>>()
        .map_err(|error| bad(error.to_string()))
}

/// One recorded moment, in seconds from anywhere.
fn moment(line: &str) -> Option<f64> {
    let finite = |seconds: f64| seconds.is_finite().then_some(seconds);
    if line.starts_with('{') {
        let row: serde_json::Value = serde_json::from_str(line).ok()?;
        if let Some(seconds) = row.get("at_s").and_then(serde_json::Value::as_f64) {
            return finite(seconds);
        }
        let stamp = row.get("timestamp")?;
        // Mooncake's and AIPerf's traces count milliseconds.
        let millis = stamp.as_f64().map(|millis| millis / 1e3);
        return millis.or_else(|| instant(stamp.as_str()?)).and_then(finite);
    }
    line.parse::<f64>()
        .ok()
        .and_then(finite)
        .or_else(|| instant(line))
}

fn instant(text: &str) -> Option<f64> {
    let stamp: Timestamp = text.trim_matches('"').parse().ok()?;
    Some(stamp.as_duration().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_arrivals_come_in_several_forms() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        let read = |text: &str| {
            fs_err::write(&path, text).unwrap();
            read_trace(&path).map(|all| all.iter().map(Duration::as_millis).collect::<Vec<_>>())
        };
        assert_eq!(read("3\n1.5\n\n2\n").unwrap(), [0, 500, 1500]);
        let stamps = "2026-11-28T12:00:00Z\n2026-11-28T12:00:01.25Z\n";
        assert_eq!(read(stamps).unwrap(), [0, 1250]);
        let mooncake = "{\"timestamp\": 27482, \"input_length\": 5}\n{\"timestamp\": 27982}\n";
        assert_eq!(read(mooncake).unwrap(), [0, 500]);
        for odd in ["", "x", "{}", "nan", "{\"timestamp\": []}", "1\nlater"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn levels_are_users_or_rates() {
        assert_eq!(levels_of("", None).unwrap(), Levels::Doubling { most: 256 });
        let Levels::Given(levels) = levels_of("1, 4,2.5/s", None).unwrap() else {
            panic!("given levels");
        };
        assert_eq!(levels.len(), 3);
        assert_eq!(levels[2], Arrivals::Poisson { per_s: 2.5 });
        for odd in ["0", "1,,2", "x/s", "-1", "99999999999"] {
            assert!(levels_of(odd, None).is_err(), "{odd}");
        }
    }
}
