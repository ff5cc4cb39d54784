use super::*;
use trilemma_stats::resample::{ChaChaStream, IndexStream as _};

fn settings() -> CanarySettings {
    CanarySettings {
        of: "auto".to_owned(),
        challenger: "c".to_owned(),
        share: 0.1,
        false_rollback: 0.05,
        max_error_increase: 0.0,
        max_latency_ratio: 1.0,
        max_cost_ratio: 1.0,
        max_quality_loss: 0.0,
        judges: None,
        webhook: None,
    }
}

/// What an arm's requests are like.
#[derive(Clone, Copy)]
struct Like {
    errors: f64,
    latency: f64,
    cost: f64,
    quality: f64,
    /// Share of calls that never answer; those end when the client leaves.
    hangs: f64,
    /// How long clients wait in the median, as a multiple of the usual time; 0 = for ever.
    patience: f64,
}

const USUAL: Like = Like {
    errors: 0.03,
    latency: 1.0,
    cost: 1.0,
    quality: 0.9,
    hangs: 0.0,
    patience: 0.0,
};

/// Clients of whom one in eight leaves before it has an answer.
const IMPATIENT: Like = Like {
    patience: 2.0,
    ..USUAL
};

struct Lot(ChaChaStream);

impl Lot {
    fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn outcome(&mut self, like: Like) -> Outcome {
        let is_failed = self.unit() < like.errors;
        let answered = |value: f64| (!is_failed).then_some(value);
        // Skewed, as times and costs are.
        let latency = 4e5 * like.latency * (1.2 * (self.unit() + self.unit() - 1.0)).exp();
        let cost = 1e5 * like.cost * -self.unit().ln();
        let passes = self.unit() < like.quality;
        if like.patience > 0.0 {
            let waits = 4e5 * like.patience * (1.2 * (self.unit() + self.unit() - 1.0)).exp();
            let never_ends = self.unit() < like.hangs;
            if never_ends || latency > waits {
                return Outcome::left(waits, None);
            }
        }
        Outcome {
            is_failed: Some(is_failed),
            latency_us: answered(latency),
            cost_nano: answered(cost),
            score: answered(f64::from(u8::from(passes))),
            feedback: None,
            judged: None,
        }
    }
}

/// Whether the slow suites run too.
#[expect(
    clippy::disallowed_methods,
    reason = "tests learn from the environment how far to go"
)]
fn is_slow_run() -> bool {
    std::env::var_os("TRILEMMA_SLOW_TESTS").is_some_and(|value| !value.is_empty())
}

/// Challenger requests until alarm in each of so many histories; `None` = none.
fn histories(n: u64, settings: &CanarySettings, like: Like) -> Vec<Option<u64>> {
    compared(n, settings, [USUAL, like])
}

/// As [`histories`], with what the control's requests are like, too.
fn compared(n: u64, settings: &CanarySettings, [usual, like]: [Like; 2]) -> Vec<Option<u64>> {
    let n_requests = if is_slow_run() { 4_000 } else { 1_000 };
    (0..n)
        .map(|seed| {
            let mut lot = Lot(ChaChaStream::new(seed));
            let mut guards = Guards::new(settings);
            let mut n_own = 0;
            for _ in 0..n_requests {
                let is_own = lot.unit() < settings.share;
                n_own += u64::from(is_own);
                let (arm, like) = if is_own {
                    (Arm::Challenger, like)
                } else {
                    (Arm::Control, usual)
                };
                let outcome = lot.outcome(like);
                if guards.observe(arm, outcome).is_some() {
                    return Some(n_own);
                }
            }
            None
        })
        .collect()
}

/// No tolerance at all is the hardest case: an equal challenger stands on the border.
#[test]
fn an_equal_challenger_is_rolled_back_no_more_often_than_is_stated() {
    for (what, like) in [("patient", USUAL), ("impatient", IMPATIENT)] {
        for share in [0.1, 0.5] {
            let settings = CanarySettings {
                share,
                ..settings()
            };
            let n = compared(2_000, &settings, [like; 2]);
            let n = n.iter().flatten().count();
            println!("equal, {what} clients, share {share}: {n} of 2,000 rolled back");
            // 5 % of 2,000 are 100.
            assert!(n <= 100, "{what}, {share}: {n}");
        }
    }
}

/// Clients who leave are no reason to keep a challenger that they leave.
#[test]
fn a_challenger_that_clients_do_not_wait_for_is_rolled_back() {
    let settings = CanarySettings {
        share: 0.2,
        max_error_increase: 0.01,
        max_latency_ratio: 1.2,
        ..settings()
    };
    let hangs = Like {
        hangs: 0.5,
        ..IMPATIENT
    };
    let mut found = compared(200, &settings, [IMPATIENT, hangs]);
    let n_alarms = found.iter().flatten().count();
    found.sort_unstable_by_key(|n| n.unwrap_or(u64::MAX));
    let median = found[100].unwrap();
    println!("half of the calls hang: {n_alarms} of 200, median after {median} of its requests");
    assert!(n_alarms >= 198 && median <= 120, "{n_alarms}, {median}");
}

/// Users whose own rates differ: a tenth of them fails three times in ten, all others never.
#[test]
fn users_who_differ_cost_some_of_the_level() {
    const N_USERS: u64 = 400;
    let n_histories = if is_slow_run() { 2_000 } else { 200 };
    for (tolerance, most) in [(0.0, 0.25), (0.01, 0.15)] {
        let settings = CanarySettings {
            share: 0.2,
            max_error_increase: tolerance,
            ..settings()
        };
        let mut n = 0;
        for seed in 0..n_histories {
            let mut lot = Lot(ChaChaStream::new(seed));
            let is_own: Vec<bool> = (0..N_USERS).map(|_| lot.unit() < 0.2).collect();
            let mut guards = Guards::new(&settings);
            for _ in 0..4_000 {
                let user = lot.0.next_u64() % N_USERS;
                let arm = if is_own[user as usize] {
                    Arm::Challenger
                } else {
                    Arm::Control
                };
                let fails = user.is_multiple_of(10) && lot.unit() < 0.3;
                let outcome = Outcome {
                    is_failed: Some(fails),
                    ..Outcome::default()
                };
                if guards.observe(arm, outcome).is_some() {
                    n += 1;
                    break;
                }
            }
        }
        println!("users differ, tolerance {tolerance}: {n} of {n_histories} rolled back");
        assert!(f64::from(n) <= most * n_histories as f64, "{n}");
    }
}

#[test]
fn a_bad_challenger_is_rolled_back_soon() {
    let settings = CanarySettings {
        share: 0.2,
        max_error_increase: 0.01,
        max_latency_ratio: 1.2,
        max_cost_ratio: 1.2,
        max_quality_loss: 0.02,
        ..settings()
    };
    for (what, like, most) in [
        (
            "30 % errors",
            Like {
                errors: 0.3,
                ..USUAL
            },
            120,
        ),
        (
            "twice as slow",
            Like {
                latency: 2.4,
                ..USUAL
            },
            250,
        ),
        ("three times the cost", Like { cost: 3.6, ..USUAL }, 250),
        (
            "quality 60 %",
            Like {
                quality: 0.6,
                ..USUAL
            },
            150,
        ),
    ] {
        let mut found = histories(200, &settings, like);
        let n_alarms = found.iter().flatten().count();
        assert!(n_alarms >= 198, "{what}: {n_alarms}");
        found.sort_unstable_by_key(|n| n.unwrap_or(u64::MAX));
        let median = found[100].unwrap();
        println!("{what}: {n_alarms} of 200, median after {median} of its requests");
        assert!(median <= most, "{what}: {median}");
    }
    // What is tolerated is not rolled back.
    let like = Like {
        errors: 0.035,
        latency: 1.1,
        cost: 1.1,
        quality: 0.89,
        ..USUAL
    };
    let n = histories(200, &settings, like).iter().flatten().count();
    assert!(n <= 10, "{n}");
}

/// Restarted every 50 requests, an equal challenger is still rolled back no more often than is stated.
#[test]
fn restarts_cost_nothing_of_the_level() {
    let settings = CanarySettings {
        share: 0.5,
        ..settings()
    };
    let n_histories = if is_slow_run() { 2_000 } else { 400 };
    let mut n = 0;
    for seed in 0..n_histories {
        let mut lot = Lot(ChaChaStream::new(seed));
        let mut guards = Guards::new(&settings);
        let mut is_over = false;
        for idx in 1..=600 {
            let arm = if lot.unit() < 0.5 {
                Arm::Challenger
            } else {
                Arm::Control
            };
            is_over |= guards.observe(arm, lot.outcome(USUAL)).is_some();
            if idx % 50 == 0 {
                let text = serde_json::to_string(&guards).unwrap();
                let again: Guards = serde_json::from_str(&text).unwrap();
                for (one, other) in guards.all().iter().zip(again.all()) {
                    assert!((one.log_harm() - other.log_harm()).abs() < 1e-9);
                    assert_eq!(one.n, other.n);
                }
                guards = again;
            }
        }
        n += u64::from(is_over);
    }
    println!("restarted, equal: {n} of {n_histories} rolled back");
    assert!(20 * n <= n_histories, "{n}");
}
