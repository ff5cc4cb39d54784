//! Error rates of gates on samples that are not plain, by simulation with fixed seeds.

use trilemma_stats::resample::{ChaChaStream, IndexStream};
use trilemma_stats::{Confidence, Side};

use super::paired::Paired;
use super::share::Share;
use crate::input::ItemFacts;
use crate::sample::{Column, Design, Entry, ItemCell, Scenario, Values};

const RUNS: usize = 1_000;

fn uniform(stream: &mut ChaChaStream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn design(n: usize, cluster_size: usize, repeats: u32, weight: impl Fn(usize) -> f64) -> Design {
    let items: Vec<ItemFacts> = (0..n)
        .map(|idx| ItemFacts {
            id: idx.to_string().into(),
            weight: weight(idx),
            cluster: (cluster_size > 1).then(|| (idx / cluster_size).to_string()),
            tags: Vec::new(),
        })
        .collect();
    Design::of(&items, repeats, 1)
}

/// Share of runs in which the bound claims that a true rate of `rate` is above itself, when each draw
/// of a group decides most of its members.
fn false_claims(design: &Design, rate: f64, cluster_size: usize) -> f64 {
    let mut stream = ChaChaStream::new(11);
    let mut n_false = 0;
    for _ in 0..RUNS {
        let mut shared = 0.0;
        let entries: Vec<Entry> = (0..design.n_items())
            .map(|item| {
                if item % cluster_size == 0 {
                    shared = uniform(&mut stream);
                }
                // Half the time an item follows its cluster, half the time itself.
                let own = uniform(&mut stream);
                let draw = if uniform(&mut stream) < 0.5 {
                    shared
                } else {
                    own
                };
                let passes = (0..design.repeats).filter(|_| {
                    let again = uniform(&mut stream);
                    let draw = if uniform(&mut stream) < 0.3 {
                        again
                    } else {
                        draw
                    };
                    draw < rate
                });
                Entry {
                    item,
                    value: passes.count() as f64 / f64::from(design.repeats),
                    n_trials: design.repeats,
                }
            })
            .collect();
        let share = Share::of(&Values::new(design, entries.into_iter())).unwrap();
        n_false += usize::from(share.bound(Confidence::P95, Side::Lower) > rate);
    }
    n_false as f64 / RUNS as f64
}

#[test]
fn effective_bounds_hold_their_level() {
    let clustered = design(240, 4, 1, |_| 1.0);
    let repeated = design(80, 1, 5, |_| 1.0);
    let weighted = design(150, 1, 1, |idx| 1.0 + (idx % 5) as f64);
    let all = design(160, 4, 3, |idx| 1.0 + (idx % 2) as f64);
    for rate in [0.80, 0.92] {
        for (name, design, cluster) in [
            ("clusters", &clustered, 4),
            ("repeats", &repeated, 1),
            ("weights", &weighted, 1),
            ("all", &all, 4),
        ] {
            let found = false_claims(design, rate, cluster);
            println!("{name} at {rate}: {found}");
            // 5 % and two standard errors of the simulation; estimated design effects cost a little.
            assert!(found <= 0.07, "{name} at {rate}: {found}");
        }
    }
}

#[test]
fn effective_comparisons_hold_their_level() {
    let design = design(240, 4, 1, |_| 1.0);
    let (margin, discordant) = (0.05, 0.12);
    let z = Confidence::P95.z_one_sided();
    let mut stream = ChaChaStream::new(5);
    let mut n_false = 0;
    for _ in 0..RUNS {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let mut shared = 0.0;
        for item in 0..240 {
            if item % 4 == 0 {
                shared = uniform(&mut stream);
            }
            let own = uniform(&mut stream);
            let draw = if uniform(&mut stream) < 0.5 {
                shared
            } else {
                own
            };
            // The first is truly worse by exactly the margin.
            let only_second = draw < (discordant + margin) / 2.0;
            let only_first = !only_second && draw < discordant;
            let both = draw > 0.2;
            first.push(cell(both || only_first));
            second.push(cell(both || only_second));
        }
        let columns = (Column { items: first }, Column { items: second });
        let paired = Paired::of(&design, &columns.0, &columns.1, Scenario::Observed).unwrap();
        n_false += usize::from(paired.z_not_worse(margin) >= z);
    }
    let found = n_false as f64 / RUNS as f64;
    println!("paired, clusters: {found}");
    assert!(found <= 0.07, "{found}");
}

fn cell(pass: bool) -> ItemCell {
    ItemCell {
        n_run: 1,
        n_scored: 1,
        n_pass: u32::from(pass),
        n_refused: 0,
        score_sum: f64::from(u8::from(pass)),
    }
}
