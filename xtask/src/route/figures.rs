//! The figures, one section each.

use std::fmt::Write as _;
use std::path::Path;

use trilemma_route::{
    Accept, Evaluation, Example, Examples, Frame, Frontier, Options, Pace, Plan, Policy, Router,
    Target, Verdict, cross_pair, cross_pair_read, evaluate, held_out_pair, pair, replay, train,
    train_all,
};

use super::data;

/// Splits of each figure, unless fewer are asked for.
const N_SPLITS: usize = 50;

/// A section: the data, the most splits, where it is written.
type Section = fn(&Path, usize, &mut String) -> anyhow::Result<()>;

const SECTIONS: [(&str, Section); 6] = [
    ("gsm8k", gsm8k),
    ("read", read),
    ("mmlu", mmlu),
    ("targets", targets),
    ("few", few),
    ("left-out", tasks_left_out),
];

/// Prints all sections, or one.
///
/// # Errors
/// When a file is missing or not as described in its README, or the number of splits is none.
pub(crate) fn print(
    folder: &Path,
    n_splits: Option<&str>,
    only: Option<&str>,
) -> anyhow::Result<String> {
    let n_splits: usize = n_splits
        .map(str::parse)
        .transpose()?
        .unwrap_or(N_SPLITS)
        .max(1);
    let names = SECTIONS.map(|one| one.0);
    anyhow::ensure!(
        only.is_none_or(|only| names.contains(&only)),
        "unknown section; hint: one of {}",
        names.join(", ")
    );
    let mut out =
        String::from("| figure | mean | spread over splits | splits |\n|---|---|---|---|\n");
    for (name, section) in SECTIONS {
        if only.is_none_or(|only| only == name) {
            section(folder, n_splits, &mut out)?;
        }
    }
    Ok(out)
}

fn targets(folder: &Path, n_splits: usize, out: &mut String) -> anyhow::Result<()> {
    zeroeval_targets(&data::zeroeval(folder)?, n_splits, out);
    Ok(())
}

fn few(folder: &Path, n_splits: usize, out: &mut String) -> anyhow::Result<()> {
    few_labels(&data::zeroeval(folder)?, n_splits, out);
    Ok(())
}

fn tasks_left_out(folder: &Path, _: usize, out: &mut String) -> anyhow::Result<()> {
    let zeroeval = data::zeroeval(folder)?;
    let cascade = Options {
        queries: false,
        labels: None,
        reads: false,
        ..options(Target::Loss(0.0), 1, true)
    };
    left_out("ZeroEval, cascade", &zeroeval, &cascade, out);
    let query = options(Target::Loss(0.0), 1, false);
    left_out("ZeroEval, query alone", &zeroeval, &query, out);
    Ok(())
}

fn options(target: Target, seed: u64, cascades: bool) -> Options {
    Options {
        name: "figures".to_owned(),
        target,
        seed,
        cascades,
        reads: cascades,
        queries: true,
        labels: None,
        frame: Frame::default(),
    }
}

/// A seeded split: positions to fit on, and the rest.
pub(super) fn split(n: usize, n_fit: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<(u64, usize)> = (0..n)
        .map(|idx| (scrambled(seed, idx as u64), idx))
        .collect();
    order.sort_unstable();
    let mut order: Vec<usize> = order.into_iter().map(|one| one.1).collect();
    let rest = order.split_off(n_fit.min(n));
    (order, rest)
}

/// A number that looks random, from the mixer of SplitMix64.
fn scrambled(seed: u64, idx: u64) -> u64 {
    let mut z = seed.wrapping_mul(0xD134_2543_DE82_EF95)
        ^ idx.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The value below which a share of the values lies.
fn at_share(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * (sorted.len().max(1) - 1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

fn line(out: &mut String, name: &str, values: &[f64]) {
    let (low, high) = (at_share(values, 0.1), at_share(values, 0.9));
    let average = mean(values);
    let n = values.len();
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "| {name} | {average:.3} | {low:.3} to {high:.3} (10 to 90 %) | {n} |"
    );
}

fn words(examples: &Examples) -> Vec<f64> {
    let count = |row: &Example| row.text.split_whitespace().count() as f64;
    examples.rows.iter().map(count).collect()
}

fn qualities(examples: &Examples, member: usize) -> Vec<f64> {
    let of = |row: &Example| row.outcomes.get(member).map_or(0.0, |one| one.quality);
    examples.rows.iter().map(of).collect()
}

fn words_apgr(examples: &Examples) -> f64 {
    pair(
        &words(examples),
        &qualities(examples, 0),
        &qualities(examples, 1),
    )
    .map_or(f64::NAN, |found| found.apgr)
}

fn gsm8k(folder: &Path, n_splits: usize, out: &mut String) -> anyhow::Result<()> {
    let n_seeds = n_splits.min(10);
    let examples = data::gsm8k_pair(folder)?;
    let found: Vec<_> = (0..n_seeds as u64)
        .filter_map(|seed| cross_pair(&examples, seed))
        .collect();
    let of =
        |value: fn(&trilemma_route::Pair) -> f64| found.iter().map(value).collect::<Vec<f64>>();
    line(
        out,
        "GSM8K pair: APGR, query alone, nested five-fold",
        &of(|one| one.apgr),
    );
    line(
        out,
        "GSM8K pair: CPT50",
        &of(|one| one.cpt50.unwrap_or(f64::NAN)),
    );
    line(
        out,
        "GSM8K pair: CPT80",
        &of(|one| one.cpt80.unwrap_or(f64::NAN)),
    );
    line(out, "GSM8K pair: APGR by words", &[words_apgr(&examples)]);
    let result = evaluate(&examples, &options(Target::Loss(0.0), 1, false));
    area(out, "GSM8K pair", &result);
    Ok(())
}

/// The weak one's answer read, beside the query alone on the same items.
fn read(folder: &Path, n_splits: usize, out: &mut String) -> anyhow::Result<()> {
    let examples = data::gsm8k_read(folder)?;
    let seeds = || 0..n_splits.min(10) as u64;
    let n = examples.rows.len();
    let apgr = |found: Option<trilemma_route::Pair>| found.map(|one| one.apgr);
    let read: Vec<f64> = seeds()
        .filter_map(|seed| apgr(cross_pair_read(&examples, seed)))
        .collect();
    let name =
        format!("GSM8K pair, {n} items with answers: APGR, answer read (weak call always paid)");
    line(out, &name, &read);
    let query: Vec<f64> = seeds()
        .filter_map(|seed| apgr(cross_pair(&examples, seed)))
        .collect();
    line(out, "the same items: APGR, query alone", &query);
    let reading = Options {
        queries: false,
        labels: None,
        cascades: false,
        ..options(Target::Loss(0.0), 1, true)
    };
    area(
        out,
        "the same items, answer read",
        &evaluate(&examples, &reading),
    );
    Ok(())
}

fn area(out: &mut String, name: &str, result: &Evaluation) {
    let said = match &result.verdict {
        Verdict::Worth => "worth it".to_owned(),
        Verdict::Abstain { reason, .. } => format!("abstains: {reason}"),
    };
    if let Some(area) = &result.area {
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "| {name}: area above the mix, share of the oracle's | {:.3} | {:.3} to {:.3} (95 %) | {said} |",
            area.point, area.low, area.high
        );
    }
}

fn mmlu(folder: &Path, n_splits: usize, out: &mut String) -> anyhow::Result<()> {
    let n_seeds = n_splits.min(20);
    let with_task = data::mmlu_pair(folder)?;
    let mut without = with_task.clone();
    for row in &mut without.rows {
        row.task = None;
    }
    let (mut alone, mut subject, mut words, mut means) = (vec![], vec![], vec![], vec![]);
    for seed in 0..n_seeds as u64 {
        let (fit, test) = split(with_task.rows.len(), 500, seed);
        let apgr = |examples: &Examples| {
            held_out_pair(&examples.subset(&fit), &examples.subset(&test), seed)
                .map_or(f64::NAN, |found| found.apgr)
        };
        alone.push(apgr(&without));
        subject.push(apgr(&with_task));
        words.push(words_apgr(&without.subset(&test)));
        means.push(task_means(
            &with_task.subset(&fit),
            &with_task.subset(&test),
        ));
    }
    line(
        out,
        "MMLU pair, 26 subjects, 500 labels: APGR, query alone",
        &alone,
    );
    line(out, "MMLU pair: APGR with the subject as task", &subject);
    line(out, "MMLU pair: APGR by words", &words);
    line(out, "MMLU pair: APGR by the subject's mean alone", &means);
    Ok(())
}

/// Each item scored by its task's mean gain, shrunk by 10 items of the overall mean.
fn task_means(fit: &Examples, test: &Examples) -> f64 {
    let gain = |row: &Example| match row.outcomes.as_slice() {
        [weak, strong, ..] => strong.quality - weak.quality,
        _ => 0.0,
    };
    let all = mean(&fit.rows.iter().map(gain).collect::<Vec<f64>>());
    let score = |row: &Example| {
        let own = fit.rows.iter().filter(|other| other.task == row.task);
        let (n, sum) = own.fold((0.0, 0.0), |(n, sum), other| (n + 1.0, sum + gain(other)));
        (sum + 10.0 * all) / (n + 10.0)
    };
    let scores: Vec<f64> = test.rows.iter().map(score).collect();
    pair(&scores, &qualities(test, 0), &qualities(test, 1)).map_or(f64::NAN, |found| found.apgr)
}

/// Mean quality and cost of each candidate.
fn singles(examples: &Examples) -> Vec<(f64, f64)> {
    (0..examples.members.len())
        .map(|member| {
            let cost = |row: &Example| row.outcomes.get(member).map_or(0.0, |one| one.cost_usd);
            let costs: Vec<f64> = examples.rows.iter().map(cost).collect();
            (mean(&costs), mean(&qualities(examples, member)))
        })
        .collect()
}

/// Quality and cost of a policy on items.
fn realised(policy: Policy, test: &Examples) -> Option<(f64, f64)> {
    let served = replay(&Router::new(policy).ok()?, test);
    let quality: Vec<f64> = served.iter().map(|one| one.quality).collect();
    let cost: Vec<f64> = served.iter().map(|one| one.cost_usd).collect();
    Some((mean(&quality), mean(&cost)))
}

pub(super) fn zeroeval_targets(examples: &Examples, n_splits: usize, out: &mut String) {
    let rows = || (0..n_splits as u64).map(|seed| (seed, split(examples.rows.len(), 300, seed)));
    let targets = [(0.0, "parity"), (0.01, "-1"), (0.02, "-2")];
    let mut found = vec![(vec![], vec![]); targets.len()];
    for (seed, (fit, test)) in rows() {
        let wanted = targets.map(|one| Target::Loss(one.0));
        let options = options(wanted[0], seed, true);
        let trained = train_all(&examples.subset(&fit), &options, &wanted);
        let test = examples.subset(&test);
        for (trained, (quality, cost)) in trained.into_iter().zip(&mut found) {
            push(realised(trained.policy, &test), &test, quality, cost);
        }
    }
    for ((target, name), (quality, cost)) in targets.iter().zip(&found) {
        let title = format!("ZeroEval, 300 fit, target {name}");
        line(
            out,
            &format!("{title}: points from the best single"),
            quality,
        );
        let least = -100.0 * target - 1.0;
        let kept = |one: &&f64| **one >= least;
        let share = quality.iter().filter(kept).count() as f64 / quality.len().max(1) as f64;
        line(
            out,
            &format!("{title}: share of splits at {least} or better"),
            &[share],
        );
        line(
            out,
            &format!("{title}: cost, share of the best single's"),
            cost,
        );
    }
    let (mut quality, mut cost) = (vec![], vec![]);
    let mut mixed = vec![vec![]; targets.len()];
    for (at, (_, (_, test))) in rows().enumerate() {
        let test = examples.subset(&test);
        let untrained = realised(untrained(examples), &test);
        push(untrained, &test, &mut quality, &mut cost);
        let (own, best) = (
            untrained.map(|(quality, cost)| (cost, quality)),
            best(&test),
        );
        let mix = Frontier::hull(&[singles(&test), own.into_iter().collect()].concat());
        for (mixed, (_, cost)) in mixed.iter_mut().zip(&found) {
            let at = cost.get(at).zip(best);
            let point = at.and_then(|(share, best)| Some(mix.at(share * best.0)? - best.1));
            mixed.extend(point.map(|point| 100.0 * point));
        }
    }
    let title = "ZeroEval, untrained agreement of 4o-mini and Flash";
    line(out, &format!("{title}: points"), &quality);
    line(out, &format!("{title}: cost"), &cost);
    for ((_, name), mixed) in targets.iter().zip(&mixed) {
        let name =
            format!("{title}, mixed with single candidates at the cost of target {name}: points");
        line(out, &name, mixed);
    }
}

/// The best single candidate: cost, quality.
fn best(test: &Examples) -> Option<(f64, f64)> {
    (singles(test).into_iter()).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Notes points from the best single of the test items, and cost as a share of its.
fn push(found: Option<(f64, f64)>, test: &Examples, quality: &mut Vec<f64>, cost: &mut Vec<f64>) {
    if let (Some(found), Some(best)) = (found, best(test)) {
        quality.push(100.0 * (found.0 - best.1));
        cost.push(found.1 / best.0);
    }
}

/// 4o-mini and Flash agree: 4o-mini's answer; else GPT-4o.
fn untrained(examples: &Examples) -> Policy {
    let plan = Plan::Cascade {
        ask: vec!["gpt-4o-mini-2024-07-18".into(), "gemini-1.5-flash".into()],
        pace: Pace::Together,
        extract: None,
        compare: trilemma_route::Compare::Loose,
        accept: Accept::Agree(2),
        escalate: Box::new(Plan::Single("gpt-4o-2024-08-06".into())),
    };
    Policy::new("untrained", examples.members.clone(), plan)
}

/// Points by which policies of 100 labels lie above the random mix at the same cost.
fn few_labels(examples: &Examples, n_splits: usize, out: &mut String) {
    for (cascades, name) in [(true, "all ways"), (false, "query alone")] {
        let mut above = vec![];
        for seed in 0..n_splits as u64 {
            let (fit, test) = split(examples.rows.len(), 100, seed + 1_000);
            let fit = examples.subset(&fit);
            let test = examples.subset(&test);
            let trained = train(&fit, &options(Target::Loss(0.01), seed, cascades));
            let Some((quality, cost)) = realised(trained.policy, &test) else {
                continue;
            };
            let mix = Frontier::hull(&singles(&test)).at(cost);
            above.extend(mix.map(|mix| 100.0 * (quality - mix)));
        }
        line(
            out,
            &format!("ZeroEval, 100 labels, {name}: points above the mix at its cost"),
            &above,
        );
        line(out, "the same, 5 % quantile", &[at_share(&above, 0.05)]);
    }
}

/// Each task left out of the training.
fn left_out(title: &str, examples: &Examples, wanted: &Options, out: &mut String) {
    let result = evaluate(examples, wanted);
    for task in &result.tasks {
        let quality = 100.0 * (task.left_out.quality - task.mix.unwrap_or(f64::NAN));
        let how = match &task.unrouted {
            Some(name) => format!("abstains, `{name}` serves"),
            None => "routed".to_owned(),
        };
        let name = format!(
            "{title} without {}: points above the mix on it, {how}",
            task.name
        );
        line(out, &name, &[quality]);
    }
    area(out, title, &result);
}
