//! `[bench]`: how the benchmark runs.

use std::time::Duration;

use crate::adaptive::Adaptive;
use crate::project::BenchSettings;
use crate::section::Section;

/// Reads `[bench]`.
pub(crate) fn bench(section: &Section<'_>) -> BenchSettings {
    let default = BenchSettings::default();
    let count = |key, most: u32, otherwise: u32| {
        section
            .integer(key, 1..=u64::from(most))
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(otherwise)
    };
    let seconds = |key, otherwise| {
        section
            .number(key, 0.001..=86_400.0)
            .map_or(otherwise, Duration::from_secs_f64)
    };
    BenchSettings {
        repeats: count("repeats", 1_000, default.repeats),
        budget: section.usd("budget_usd"),
        concurrency: count("concurrency", 10_000, default.concurrency),
        seed: section
            .integer("seed", 0..=u64::MAX)
            .unwrap_or(default.seed),
        max_attempts: count("max_attempts", 100, default.max_attempts),
        stall_timeout: seconds("stall_timeout_s", default.stall_timeout),
        call_timeout: seconds("call_timeout_s", default.call_timeout),
        trial_timeout: seconds("trial_timeout_s", default.trial_timeout),
        keep_raw: section.boolean("keep_raw").unwrap_or(default.keep_raw),
        cache: section.boolean("cache").unwrap_or(default.cache),
        adaptive: section.word("adaptive", &Adaptive::ALL.map(|one| (one.name(), one))),
    }
}
