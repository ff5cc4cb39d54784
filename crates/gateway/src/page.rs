//! Figures for Prometheus.
//!
//! In: a gateway. Out: text in Prometheus' exposition format 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::drift::DriftStanding;
use crate::gateway::Gateway;
use crate::metrics::{BOUNDS, Histogram, Metrics, Tally};
use crate::names::Standing;

/// Everything a gateway can tell of itself.
pub(crate) fn page(gateway: &Gateway) -> String {
    let metrics = &gateway.metrics;
    let mut out = String::with_capacity(8_192);
    let count = |value: &AtomicU64| value.load(Ordering::Relaxed);
    gauge(
        &mut out,
        "trilemma_requests_in_flight",
        "Requests being answered.",
    );
    let in_flight = metrics.in_flight.load(Ordering::Relaxed);
    line(&mut out, "trilemma_requests_in_flight", "", in_flight);
    counter(
        &mut out,
        "trilemma_requests_total",
        "Requests by how they ended.",
    );
    for (word, value) in [
        ("refused", &metrics.refused),
        ("answered", &metrics.answered),
        ("failed", &metrics.failed),
        ("truncated", &metrics.truncated),
        ("abandoned", &metrics.abandoned),
    ] {
        line(
            &mut out,
            "trilemma_requests_total",
            &format!("end=\"{word}\""),
            count(value),
        );
    }
    counter(
        &mut out,
        "trilemma_unpriced_total",
        "Requests whose cost is unknown.",
    );
    line(
        &mut out,
        "trilemma_unpriced_total",
        "",
        count(&metrics.unpriced),
    );
    head(
        &mut out,
        "trilemma_request_seconds",
        "Time from arrival to the last byte.",
        "histogram",
    );
    histogram(&metrics.duration, &mut out, "trilemma_request_seconds", "");
    candidates(metrics, &mut out);
    ledger(gateway, &mut out);
    scores(gateway, &mut out);
    texts(gateway, &mut out);
    shadow(gateway, &mut out);
    traces(gateway, &mut out);
    canary(gateway, &mut out);
    names(gateway, &mut out);
    drift(gateway, &mut out);
    out
}

fn candidates(metrics: &Metrics, out: &mut String) {
    type Column = (&'static str, &'static str, fn(&Tally) -> u64);
    let columns: [Column; 6] = [
        ("trilemma_calls_total", "Calls of upstreams.", |t| {
            t.calls.load(Ordering::Relaxed)
        }),
        (
            "trilemma_failed_calls_total",
            "Calls of upstreams that failed.",
            |t| t.failures.load(Ordering::Relaxed),
        ),
        (
            "trilemma_answered_by_total",
            "Requests by the candidate that came last.",
            |t| t.requests.load(Ordering::Relaxed),
        ),
        (
            "trilemma_input_tokens_total",
            "Tokens of calls, cached ones included.",
            |t| t.input_tokens.load(Ordering::Relaxed),
        ),
        (
            "trilemma_output_tokens_total",
            "Tokens that calls brought, reasoning included.",
            |t| t.output_tokens.load(Ordering::Relaxed),
        ),
        (
            "trilemma_cost_nano_usd_total",
            "Known cost of calls in nano-dollars.",
            |t| t.nano_usd.load(Ordering::Relaxed),
        ),
    ];
    for (name, help, value) in columns {
        counter(out, name, help);
        for (candidate, tally) in &metrics.by_candidate {
            line(out, name, &label("candidate", candidate), value(tally));
        }
    }
    let name = "trilemma_first_token_seconds";
    head(
        out,
        name,
        "Time from a call's last byte to its first token.",
        "histogram",
    );
    for (candidate, tally) in &metrics.by_candidate {
        histogram(
            &tally.first_token,
            out,
            name,
            &label("candidate", candidate),
        );
    }
}

fn scores(gateway: &Gateway, out: &mut String) {
    let Some(scoring) = gateway.scoring() else {
        return;
    };
    let name = "trilemma_scores_dropped_total";
    counter(
        out,
        name,
        "Answers that were not scored because too many waited.",
    );
    line(out, name, "", scoring.n_dropped());
}

fn ledger(gateway: &Gateway, out: &mut String) {
    gauge(
        out,
        "trilemma_ledger_waiting",
        "Requests that wait to be committed.",
    );
    line(out, "trilemma_ledger_waiting", "", gateway.ledger.depth());
    counter(
        out,
        "trilemma_evidence_dropped_total",
        "Requests whose evidence was left out.",
    );
    line(
        out,
        "trilemma_evidence_dropped_total",
        "",
        gateway.ledger.n_dropped(),
    );
    counter(
        out,
        "trilemma_ledger_failed_commits_total",
        "Commits that were tried again.",
    );
    line(
        out,
        "trilemma_ledger_failed_commits_total",
        "",
        gateway.ledger.n_failed_commits(),
    );
    gauge(out, "trilemma_budget_nano_usd", "Budgets in their period.");
    for (client, figures) in gateway.purse.standing() {
        for (word, figure) in ["spent", "reserved", "limit"].into_iter().zip(figures) {
            let labels = format!("{},part=\"{word}\"", label("client", &client));
            line(out, "trilemma_budget_nano_usd", &labels, figure.0);
        }
    }
}

fn texts(gateway: &Gateway, out: &mut String) {
    let Some(texts) = &gateway.texts else {
        return;
    };
    let name = "trilemma_texts_total";
    counter(
        out,
        name,
        "Requests drawn to be kept, by what became of them.",
    );
    for (word, count) in texts.counts() {
        line(out, name, &format!("end=\"{word}\""), count);
    }
}

fn traces(gateway: &Gateway, out: &mut String) {
    let Some(traces) = &gateway.traces else {
        return;
    };
    let name = "trilemma_traces_total";
    counter(
        out,
        name,
        "Requests that were traced, by what became of them.",
    );
    for (word, count) in traces.counts() {
        line(out, name, &format!("end=\"{word}\""), count);
    }
}

fn shadow(gateway: &Gateway, out: &mut String) {
    let Some(shadow) = &gateway.shadow else {
        return;
    };
    let challenger = label("challenger", shadow.challenger());
    let name = "trilemma_shadow_total";
    counter(
        out,
        name,
        "Requests drawn for the challenger, by what became of them.",
    );
    for (word, count) in shadow.counts() {
        line(out, name, &format!("{challenger},end=\"{word}\""), count);
    }
    let name = "trilemma_shadow_budget_nano_usd";
    gauge(out, name, "The challenger's budget in its period.");
    let words = ["spent", "reserved", "limit"];
    for (word, figure) in words
        .into_iter()
        .zip(shadow.standing().into_iter().flatten())
    {
        line(out, name, &format!("{challenger},part=\"{word}\""), figure);
    }
}

fn canary(gateway: &Gateway, out: &mut String) {
    let Some(canary) = gateway.canary() else {
        return;
    };
    let name = "trilemma_canary_share";
    gauge(
        out,
        name,
        "Share of users that the challenger gets; 0 = rolled back.",
    );
    line(out, name, "", canary.share());
    let name = "trilemma_canary_rolled_back";
    gauge(out, name, "Whether the challenger was shown to be worse.");
    line(out, name, "", u8::from(canary.is_off()));
    let name = "trilemma_canary_fallbacks_total";
    let help = "Requests that the challenger failed and the one in use was asked for.";
    counter(out, name, help);
    line(out, name, "", canary.n_fallbacks());
    let name = "trilemma_canary_untested_total";
    counter(out, name, "Outcomes left out because too many waited.");
    line(out, name, "", canary.n_dropped());
    let name = "trilemma_canary_values_total";
    counter(out, name, "Values that a guard has seen, by arm.");
    let guards = canary.guards();
    for (guard, [control, challenger], _, _) in &guards {
        for (arm, n) in [("control", control), ("challenger", challenger)] {
            line(out, name, &format!("guard=\"{guard}\",arm=\"{arm}\""), n);
        }
    }
    let name = "trilemma_canary_log_evidence";
    let help = "Natural logarithm of the evidence that the challenger is worse.";
    gauge(out, name, help);
    for (guard, _, evidence, _) in &guards {
        line(out, name, &format!("guard=\"{guard}\""), evidence);
    }
    let name = "trilemma_canary_log_evidence_threshold";
    gauge(out, name, "The same at which it is rolled back.");
    if let Some((_, _, _, threshold)) = guards.first() {
        line(out, name, "", threshold);
    }
    let Some(jury) = canary.jury() else {
        return;
    };
    let name = "trilemma_canary_judged_total";
    let help = "Answers drawn for judges, by what became of them.";
    counter(out, name, help);
    for (word, count) in jury.counts() {
        line(out, name, &format!("end=\"{word}\""), count);
    }
    let name = "trilemma_canary_judges_budget_nano_usd";
    gauge(out, name, "The judges' budget in its period.");
    let words = ["spent", "reserved", "limit"].into_iter();
    for (word, figure) in words.zip(jury.standing().into_iter().flatten()) {
        line(out, name, &format!("part=\"{word}\""), figure);
    }
}

fn names(gateway: &Gateway, out: &mut String) {
    let Some(names) = gateway.names_watched.get() else {
        return;
    };
    let standings = names.standings();
    let labels = |one: &Standing<'_>| {
        let candidate = label("candidate", one.candidate);
        format!("{candidate},{}", label("kind", one.kind.word()))
    };
    let name = "trilemma_unseen_name_answers_total";
    let help = "Answers that carried a name which no measured answer of the candidate did.";
    counter(out, name, help);
    for one in &standings {
        line(out, name, &labels(one), one.n_unseen);
    }
    let name = "trilemma_unseen_name_info";
    gauge(out, name, "The first 16 such names.");
    for one in &standings {
        for unseen in &one.names {
            let labels = format!("{},{}", labels(one), label("name", unseen));
            line(out, name, &labels, 1);
        }
    }
}

fn drift(gateway: &Gateway, out: &mut String) {
    let standings = gateway.drift.standings();
    if standings.is_empty() {
        return;
    }
    let labels = |one: &DriftStanding| {
        let candidate = label("candidate", &one.candidate);
        format!("{candidate},{}", label("channel", one.channel.name()))
    };
    let name = "trilemma_drift_alarm";
    gauge(
        out,
        name,
        "Whether the latest check of drift found a change.",
    );
    for one in &standings {
        line(out, name, &labels(one), u8::from(one.is_alarm));
    }
    let name = "trilemma_drift_checked_timestamp_seconds";
    gauge(out, name, "When it was made, seconds since 1970-01-01 UTC.");
    for one in &standings {
        line(out, name, &labels(one), one.checked_us as f64 / 1e6);
    }
}

fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn counter(out: &mut String, name: &str, help: &str) {
    head(out, name, help, "counter");
}

fn gauge(out: &mut String, name: &str, help: &str) {
    head(out, name, help, "gauge");
}

fn line(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = if labels.is_empty() {
        writeln!(out, "{name} {value}")
    } else {
        writeln!(out, "{name}{{{labels}}} {value}")
    };
}

fn label(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

fn histogram(times: &Histogram, out: &mut String, name: &str, label: &str) {
    let mut total = 0;
    let comma = if label.is_empty() { "" } else { "," };
    for (idx, count) in times.counts.iter().enumerate() {
        total += count.load(Ordering::Relaxed);
        let bound = BOUNDS
            .get(idx)
            .map_or_else(|| "+Inf".to_owned(), ToString::to_string);
        line(
            out,
            &format!("{name}_bucket"),
            &format!("{label}{comma}le=\"{bound}\""),
            total,
        );
    }
    let sum = times.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
    line(out, &format!("{name}_sum"), label, sum);
    line(out, &format!("{name}_count"), label, total);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Every name of a metric in a text.
    fn names(text: &str) -> BTreeSet<String> {
        let parts = text.split("trilemma_").skip(1);
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let found = parts.map(|part| part.split(|c| !is_name(c)).next().unwrap_or_default());
        found.map(|name| format!("trilemma_{name}")).collect()
    }

    #[test]
    fn the_docs_list_every_metric_and_no_other() {
        let (own, _) = include_str!("page.rs").split_once("#[cfg(test)]").unwrap();
        let docs = include_str!("../../../docs/gateway.md");
        assert_eq!(names(own), names(docs));
    }
}
