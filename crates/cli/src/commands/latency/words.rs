//! The figures of a load test in words.

use trilemma_domain::{
    LatencyClass, LoadCandidateReport, LoadComparison, LoadGoal, LoadMetric, LoadRate, LoadReport,
    LoadStageReport, LoadTimes, SloVerdict, Verdict,
};

use crate::layout::{DEFAULT_WIDTH, Side, Table, bullet, counted, wrap};

/// `0.42 ms`, `812 ms`, `1.24 s`.
pub(super) fn time_text(ms: f64) -> String {
    match ms {
        ms if ms >= 99_950.0 => format!("{:.0} s", ms / 1e3),
        ms if ms >= 9_995.0 => format!("{:.1} s", ms / 1e3),
        ms if ms >= 999.5 => format!("{:.2} s", ms / 1e3),
        ms if ms >= 99.95 => format!("{ms:.0} ms"),
        ms if ms >= 9.995 => format!("{ms:.1} ms"),
        ms => format!("{ms:.2} ms"),
    }
}

/// Three significant digits.
pub(super) fn rate_text(per_s: f64) -> String {
    match per_s {
        rate if rate >= 99.95 => format!("{rate:.0}"),
        rate if rate >= 9.995 => format!("{rate:.1}"),
        rate => format!("{rate:.2}"),
    }
}

/// The figures.
pub(super) fn text(report: &LoadReport, width: Option<usize>) -> String {
    let mut out = Vec::new();
    out.push(format!(
        "load test {}, measured {} (UTC)",
        report.test, report.started
    ));
    if report.simulated {
        out.push(
            "SIMULATED: a simulator answered; the figures say nothing of any model".to_owned(),
        );
    }
    if let Some(why) = &report.stopped {
        let text = format!("stopped before its end: {why}");
        out.push(wrap(&text, 0, width.unwrap_or(DEFAULT_WIDTH)));
    }
    for candidate in &report.candidates {
        out.push(String::new());
        out.push(candidate_text(report, candidate, width));
    }
    if !report.comparisons.is_empty() {
        out.push(String::new());
        out.push("The same requests, from schedule, paired (95 % intervals):".to_owned());
        out.extend(
            report
                .comparisons
                .iter()
                .map(|one| bullet(&compared(one), 0, width)),
        );
    }
    if !report.warnings.is_empty() {
        out.push(String::new());
        out.push("Be careful:".to_owned());
        out.extend(report.warnings.iter().map(|one| bullet(one, 0, width)));
    }
    out.push(String::new());
    let meaning = "TTFT and E2E count from the last byte sent; \"from schedule\" from the moment at which the \
                   request was meant to start, waiting in this client included. Verdicts are on times from \
                   schedule. All definitions, and guidellm's and vLLM's: --json, --html.";
    out.push(wrap(meaning, 0, width.unwrap_or(DEFAULT_WIDTH)));
    out.join("\n")
}

fn candidate_text(
    report: &LoadReport,
    candidate: &LoadCandidateReport,
    width: Option<usize>,
) -> String {
    let target = &candidate.target;
    let served: Vec<&str> = candidate.served_models.iter().map(String::as_str).collect();
    let mut out = vec![format!(
        "{}  ({} at {}{})",
        candidate.id,
        target.model,
        target.base_url,
        if served.is_empty() || served == [target.model.as_str()] {
            String::new()
        } else {
            format!(", answered as {}", served.join(", "))
        }
    )];
    match report.goal {
        LoadGoal::Measure => {
            if let Some(stage) = candidate.stages.first() {
                out.push(stage_text(stage, width));
            }
        }
        LoadGoal::Sweep | LoadGoal::Goodput { .. } => out.push(levels_text(candidate, width)),
    }
    let mut say = |text: String| out.push(wrap(&text, 2, width.unwrap_or(DEFAULT_WIDTH)));
    if let Some(found) = &candidate.saturation {
        let word = if found.reached {
            "saturated"
        } else {
            "not saturated"
        };
        let tokens = found.output_tokens_per_s.map_or(String::new(), |rate| {
            format!(", {} tokens/s", rate_text(rate))
        });
        let flying = found.in_flight_mean.map_or("unknown".to_owned(), rate_text);
        let rate = rate_text(found.requests_per_s);
        say(format!(
            "{word} at {rate}/s{tokens}, {flying} in flight: {}",
            found.why
        ));
    }
    if let Some(found) = &candidate.goodput {
        let rate = |one: Option<f64>| {
            one.map_or("none that was tried".to_owned(), |rate| {
                format!("{}/s", rate_text(rate))
            })
        };
        let (holds, breaks) = (rate(found.holds_per_s), rate(found.breaks_per_s));
        say(format!(
            "every budget holds at {holds}; one is broken at {breaks}"
        ));
        if !found.resolved {
            say(
                "the two are further apart than asked: more time per rate would settle it"
                    .to_owned(),
            );
        }
    }
    out.push(format!("  cost {}", candidate.cost));
    out.join("\n")
}

fn stage_text(stage: &LoadStageReport, width: Option<usize>) -> String {
    let figures = &stage.figures;
    let mut out = vec![format!(
        "  {}: {} sent, {} answered, {} failed; {} of warm-up apart",
        stage.plan.arrivals, figures.n_sent, figures.n_answered, figures.n_failed, figures.n_warmup
    )];
    for (kind, n) in &figures.failures {
        let example = figures
            .failure_examples
            .get(kind)
            .map_or("", String::as_str);
        out.push(bullet(&format!("{n} {kind}: {example}"), 2, width));
    }
    let rate = |name: &str, rate: Option<LoadRate>| {
        rate.map(|rate| match (rate.low, rate.high) {
            (Some(low), Some(high)) => {
                format!(
                    "{} {name} ({}-{})",
                    rate_text(rate.per_s),
                    rate_text(low),
                    rate_text(high)
                )
            }
            _ => format!("{} {name}", rate_text(rate.per_s)),
        })
    };
    let rates = [
        rate("answers/s", figures.requests_per_s),
        rate("output tokens/s", figures.output_tokens_per_s),
        figures
            .in_flight_mean
            .map(|n| format!("{} in flight", rate_text(n))),
    ];
    let rates: Vec<String> = rates.into_iter().flatten().collect();
    out.push(format!("  {}", rates.join(", ")));
    let perceived = figures.perceived.as_ref().map(|found| &found.streamed);
    let mut table = Table::new(&[
        ("", Side::Left),
        ("p50", Side::Left),
        ("p95", Side::Left),
        ("p99", Side::Left),
    ]);
    let rows: [(&str, Option<&LoadTimes>); 8] = [
        ("first byte", Some(&figures.first_byte)),
        ("TTFT", Some(&figures.ttft)),
        ("  from schedule", Some(&figures.ttft_scheduled)),
        ("TPOT", Some(&figures.tpot)),
        ("E2E", Some(&figures.e2e)),
        ("  from schedule", Some(&figures.e2e_scheduled)),
        ("perceived wait", perceived),
        ("client wait", Some(&figures.client_wait)),
    ];
    for (name, times) in rows {
        if let Some(times) = times.filter(|times| times.n + times.n_beyond > 0) {
            let cell = |p| quantile_text(times, p);
            table.push([name.to_owned(), cell(0.5), cell(0.95), cell(0.99)]);
        }
    }
    out.push(table.draw(2, width).trim_end().to_owned());
    if let Some(itl) = &figures.itl {
        out.push(format!(
            "  ITL p50 {}, p95 {}, p99 {} over {}",
            time_text(itl.p50_ms),
            time_text(itl.p95_ms),
            time_text(itl.p99_ms),
            counted(itl.n, "gap")
        ));
    }
    if let Some(connect) = connects(&figures.connect) {
        out.push(format!("  {connect}"));
    }
    out.push(verdicts_text(&stage.verdicts, width));
    out.join("\n")
}

/// New connections are few: their number says as much as a percentile.
fn connects(times: &LoadTimes) -> Option<String> {
    let median = times.at(0.5).and_then(|one| one.ms).map(time_text);
    let median = median.map_or(String::new(), |ms| format!(", median {ms}"));
    (times.n > 0).then(|| {
        format!(
            "{} set up{median}, in no TTFT",
            counted(times.n, "connection")
        )
    })
}

/// `240 ms (231-252)`, or why there is none.
fn quantile_text(times: &LoadTimes, p: f64) -> String {
    let Some(one) = times.at(p) else {
        return "unknown".to_owned();
    };
    match (one.ms, one.low_ms, one.high_ms, one.needs) {
        (_, _, _, Some(needs)) => format!("needs n = {needs}"),
        (Some(ms), Some(low), Some(high), None) => {
            format!("{} ({})", time_text(ms), ends(ms, low, high))
        }
        (Some(ms), Some(low), None, None) => format!("{} (from {})", time_text(ms), time_text(low)),
        (Some(ms), None, _, None) => time_text(ms),
        (None, Some(low), _, None) => format!("above {}", time_text(low)),
        (None, None, _, None) => "beyond the timeout".to_owned(),
    }
}

/// Both ends, without units where they have the point's.
fn ends(ms: f64, low: f64, high: f64) -> String {
    let [ms, low, high] = [ms, low, high].map(time_text);
    let parts = |text: &str| {
        text.split_once(' ')
            .map(|(number, unit)| (number.to_owned(), unit.to_owned()))
    };
    match (parts(&ms), parts(&low), parts(&high)) {
        (Some((_, unit)), Some((from, a)), Some((to, b))) if a == unit && b == unit => {
            format!("{from}-{to}")
        }
        _ => format!("{low}-{high}"),
    }
}

/// A row per class with both ways of showing an answer, then the budgets that were asked for.
fn verdicts_text(verdicts: &[SloVerdict], width: Option<usize>) -> String {
    let mut table = Table::new(&[
        ("p95 of waits", Side::Left),
        ("streamed to a reader", Side::Left),
        ("whole answer", Side::Left),
    ]);
    let cell = |class, is_streamed: bool| {
        let is_it = |one: &&SloVerdict| {
            one.class == Some(class) && (one.slo.metric == LoadMetric::Perceived) == is_streamed
        };
        let found = verdicts.iter().find(is_it);
        found.map_or("-".to_owned(), |one| {
            format!("{}, {}", one.verdict.word(), share_text(one, "").trim_end())
        })
    };
    for class in [
        LatencyClass::RealTime,
        LatencyClass::Interactive,
        LatencyClass::Batch,
    ] {
        let name = format!("{} < {} s", class.name(), class.budget().as_secs());
        table.push([name, cell(class, true), cell(class, false)]);
    }
    let mut out = vec![table.draw(2, width).trim_end().to_owned()];
    for one in verdicts.iter().filter(|one| one.required) {
        let more = match (one.verdict, one.more_requests) {
            (Verdict::Undecided, Some(n)) => {
                format!("; about {} more would settle it", counted(n, "request"))
            }
            (Verdict::Undecided, None) => {
                "; failed requests, or a share so close to it, leave it open".to_owned()
            }
            _ => String::new(),
        };
        let share = share_text(one, " within it");
        let line = format!(
            "{}: {}: {share}, n = {}{more}",
            one.verdict.word(),
            one.text,
            one.n
        );
        out.push(bullet(&line, 2, width));
    }
    out.join("\n")
}

/// `98.0 % (93.8-100.0)`: the share within a limit, and the bounds with failed requests on either side.
fn share_text(one: &SloVerdict, what: &str) -> String {
    match (one.share, one.share_low, one.share_high) {
        (Some(share), Some(low), Some(high)) => format!(
            "{:.1} %{what} ({:.1}-{:.1})",
            share * 100.0,
            low * 100.0,
            high * 100.0
        ),
        _ => "not measured".to_owned(),
    }
}

fn levels_text(candidate: &LoadCandidateReport, width: Option<usize>) -> String {
    let mut table = Table::new(&[
        ("load", Side::Left),
        ("answers/s", Side::Right),
        ("tokens/s", Side::Right),
        ("TTFT p95", Side::Right),
        ("E2E p50", Side::Right),
        ("E2E p95", Side::Right),
        ("failed", Side::Right),
    ]);
    for stage in &candidate.stages {
        let figures = &stage.figures;
        let rate =
            |rate: Option<LoadRate>| rate.map_or("-".to_owned(), |rate| rate_text(rate.per_s));
        let at = |times: &LoadTimes, p| {
            let ms = times.at(p).and_then(|one| one.ms);
            ms.map_or("-".to_owned(), time_text)
        };
        table.push([
            stage.plan.arrivals.to_string(),
            rate(figures.requests_per_s),
            rate(figures.output_tokens_per_s),
            at(&figures.ttft_scheduled, 0.95),
            at(&figures.e2e_scheduled, 0.5),
            at(&figures.e2e_scheduled, 0.95),
            format!(
                "{}/{}",
                figures.n_failed + figures.n_unstarted,
                figures.n_sent + figures.n_unstarted
            ),
        ]);
    }
    table.draw(2, width).trim_end().to_owned()
}

fn compared(one: &LoadComparison) -> String {
    let what = format!("{} p{:.0}", one.metric.label(), one.p * 100.0);
    let pairs = counted(one.n, "pair");
    match (one.difference_ms, one.low_ms, one.high_ms) {
        (Some(difference), Some(low), Some(high)) => {
            let word = if low > 0.0 {
                "slower than"
            } else if high < 0.0 {
                "faster than"
            } else {
                "no different, as far as seen, from"
            };
            format!(
                "{what}: {} is {word} {} by {} ({} to {}, {pairs})",
                one.first,
                one.second,
                signed(difference),
                signed(low),
                signed(high)
            )
        }
        _ => format!(
            "{what}: {} and {}: too few pairs to tell, or they never differ ({pairs})",
            one.first, one.second
        ),
    }
}

fn signed(ms: f64) -> String {
    let sign = if ms < 0.0 { "-" } else { "" };
    format!("{sign}{}", time_text(ms.abs()))
}
