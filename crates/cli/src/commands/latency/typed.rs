//! What can be typed for `latency`: times, rates, lengths, budgets.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use trilemma_domain::{Dialect, LatencyClass, LoadMetric, Slo};

/// A rate that changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RampTyped {
    pub(super) from_per_s: f64,
    pub(super) to_per_s: f64,
}

/// Tokens of a prompt: the shortest and the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) least: u32,
    pub(super) most: u32,
}

/// What comes before measuring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Warmup {
    Requests(u64),
    Time(Duration),
}

/// Longest time that makes sense here.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);
/// Longest made-up prompt.
const MOST_TOKENS: u32 = 1_000_000;

/// Reads `800ms`, `5s`, `2m`, `1h`, or seconds.
pub(super) fn span(typed: &str) -> Result<Duration, String> {
    let text = typed.trim();
    let end = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time ends in ms, s, m or h".to_owned()),
    };
    number
        .trim()
        .parse::<f64>()
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number * factor).ok())
        .filter(|span| !span.is_zero() && *span <= LONGEST)
        .ok_or_else(|| "expected a time such as 800ms, 5s or 2m".to_owned())
}

/// Reads a number above zero.
pub(super) fn rate(typed: &str) -> Result<f64, String> {
    typed
        .trim()
        .trim_end_matches("/s")
        .parse::<f64>()
        .ok()
        .filter(|rate| rate.is_finite() && *rate >= 1e-6 && *rate <= 1e6)
        .ok_or_else(|| "expected a number above 0, at most 1,000,000".to_owned())
}

/// Reads `FROM..TO`.
pub(super) fn ramp(typed: &str) -> Result<RampTyped, String> {
    let problem = || "expected two rates such as 1..20, not both 0".to_owned();
    let (from, to) = typed.split_once("..").ok_or_else(problem)?;
    let end = |text: &str| {
        let rate = text.trim().parse::<f64>().ok();
        rate.filter(|rate| (0.0..=1e6).contains(rate))
            .ok_or_else(problem)
    };
    let (from_per_s, to_per_s) = (end(from)?, end(to)?);
    if from_per_s + to_per_s <= 0.0 {
        return Err(problem());
    }
    Ok(RampTyped {
        from_per_s,
        to_per_s,
    })
}

/// Reads `512` or `200..1000`.
pub(super) fn lengths(typed: &str) -> Result<Lengths, String> {
    let problem = || format!("expected tokens such as 512 or 200..1000, at most {MOST_TOKENS}");
    let (least, most) = typed.split_once("..").unwrap_or((typed, typed));
    let end = |text: &str| text.trim().parse::<u32>().map_err(|_| problem());
    let (least, most) = (end(least)?, end(most)?);
    if least == 0 || least > most || most > MOST_TOKENS {
        return Err(problem());
    }
    Ok(Lengths { least, most })
}

/// Reads a number of requests or a time.
pub(super) fn warmup(typed: &str) -> Result<Warmup, String> {
    match typed.trim().parse::<u64>() {
        Ok(n) => Ok(Warmup::Requests(n)),
        Err(_) => span(typed).map(Warmup::Time).map_err(|_| {
            "expected a number of requests such as 5, or a time such as 10s".to_owned()
        }),
    }
}

/// Reads `ttft_p95=800ms`.
pub(super) fn slo(typed: &str) -> Result<Slo, String> {
    let names: Vec<&str> = LoadMetric::ALL.iter().map(|one| one.name()).collect();
    let problem = || {
        format!(
            "expected METRIC_pNN=TIME such as ttft_p95=800ms; metrics: {}",
            names.join(", ")
        )
    };
    let (what, limit) = typed.split_once('=').ok_or_else(problem)?;
    let (metric, level) = what.trim().rsplit_once("_p").ok_or_else(problem)?;
    let metric = LoadMetric::ALL.into_iter().find(|one| one.name() == metric);
    let percent = level
        .parse::<f64>()
        .ok()
        .filter(|p| *p >= 1.0 && *p <= 99.9);
    Ok(Slo {
        metric: metric.ok_or_else(problem)?,
        p: percent.ok_or_else(problem)? / 100.0,
        limit: span(limit)?,
    })
}

/// Reads a latency class.
pub(super) fn class() -> impl TypedValueParser<Value = LatencyClass> {
    const CLASSES: [LatencyClass; 3] = [
        LatencyClass::RealTime,
        LatencyClass::Interactive,
        LatencyClass::Batch,
    ];
    PossibleValuesParser::new(CLASSES.map(LatencyClass::name)).try_map(|typed| {
        let hit = CLASSES.into_iter().find(|class| class.name() == typed);
        hit.ok_or("not one of the classes")
    })
}

/// Reads a dialect.
pub(super) fn dialect() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name)).try_map(|typed| {
        let hit = Dialect::ALL.into_iter().find(|one| one.name() == typed);
        hit.ok_or("not one of the dialects")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(span("800ms"), Ok(Duration::from_millis(800)));
        assert_eq!(span(" 1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(span("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(span("30"), Ok(Duration::from_secs(30)));
        for odd in ["", "s", "-1s", "0", "1e400", "5 parsecs", "NaNs", "inf"] {
            assert!(span(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn budgets_name_metric_percentile_and_limit() {
        let found = slo("ttft_p95=800ms").unwrap();
        assert_eq!(
            (found.metric, found.limit),
            (LoadMetric::Ttft, Duration::from_millis(800))
        );
        assert_eq!(
            slo("first_token_p99.9=2s").unwrap().metric,
            LoadMetric::FirstToken
        );
        for odd in [
            "",
            "ttft",
            "ttft_p95",
            "ttft_p95=",
            "ttft_p0=1s",
            "x_p95=1s",
            "ttft_p100=1s",
        ] {
            assert!(slo(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn rates_and_lengths_have_bounds() {
        assert_eq!(rate("2.5/s"), Ok(2.5));
        assert!(rate("0").is_err() && rate("nan").is_err() && rate("1e9").is_err());
        assert!(ramp("0..0").is_err() && ramp("1").is_err() && ramp("0..5").is_ok());
        assert_eq!(
            lengths("512"),
            Ok(Lengths {
                least: 512,
                most: 512
            })
        );
        assert!(lengths("9..3").is_err() && lengths("0").is_err());
        assert_eq!(warmup("5"), Ok(Warmup::Requests(5)));
        assert_eq!(warmup("5s"), Ok(Warmup::Time(Duration::from_secs(5))));
    }
}
