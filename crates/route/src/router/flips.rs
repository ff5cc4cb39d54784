//! How a choice by estimates, or by the design document's tiers, would come out otherwise.
//!
//! In: what is expected of the candidates and the price of a dollar, or a query and who answers at which level. Out:
//! the nearest changes, each with whom it would lead to.

use super::explain::Flip;
use super::tiers::{Looks, MOST_MEDIUM, MOST_SMALL, Tier};
use crate::learned::Estimate;
use crate::policy::Tiers;

/// The best expected quality less the price of expected cost; the first among equals.
pub(super) fn chosen(estimates: &[Estimate], price: f64) -> Option<&Estimate> {
    let worth = |one: &Estimate| one.quality - price * one.cost_usd;
    estimates
        .iter()
        .reduce(|best, one| if worth(one) > worth(best) { one } else { best })
}

/// What it takes for each other candidate to be chosen, the nearest first.
pub(super) fn margins(estimates: &[Estimate], best: &Estimate, price: f64) -> Vec<Flip> {
    let worth = |one: &Estimate| one.quality - price * one.cost_usd;
    let mut others: Vec<(f64, &Estimate)> = (estimates.iter())
        .filter(|one| one.candidate != best.candidate)
        .map(|one| (worth(best) - worth(one), one))
        .collect();
    others.sort_by(|a, b| a.0.total_cmp(&b.0));
    let flip = |(margin, one): (f64, &Estimate)| Flip {
        change: format!(
            "`{}` were expected to be more than {:.2} points better{}",
            one.candidate,
            100.0 * margin,
            other_price(estimates, (best, one), price).unwrap_or_default()
        ),
        then: vec![one.candidate.clone()],
    };
    others.into_iter().map(flip).collect()
}

/// At which other price of quality one would be chosen; `None` = at none, for a third would be.
fn other_price(
    estimates: &[Estimate],
    (best, one): (&Estimate, &Estimate),
    price: f64,
) -> Option<String> {
    // The quality that a dollar is worth at which both are worth the same.
    let even = (best.quality - one.quality) / (best.cost_usd - one.cost_usd);
    if !(even.is_finite() && even > 0.0) {
        return None;
    }
    let (side, beyond) = match even >= price {
        true => ("less", even * (1.0 + 1e-9)),
        false => ("more", even * (1.0 - 1e-9)),
    };
    if chosen(estimates, beyond).map(|found| &found.candidate) != Some(&one.candidate) {
        return None;
    }
    let now = if price > 0.0 {
        format!("now {:.3e}", 0.01 / price)
    } else {
        "now cost does not count".to_owned()
    };
    Some(format!(
        ", or a point were worth {side} than {:.3e} USD per query ({now})",
        0.01 / even
    ))
}

/// What other levels a query could have.
pub(super) fn of_tiers(query: &str, tiers: &Tiers) -> Vec<Flip> {
    let looks = Looks::of(query);
    let n = looks.n_words;
    let flip = |change: String, id| Flip {
        change,
        then: vec![id],
    };
    let larger = || {
        let change = format!(
            "it had more than {MOST_MEDIUM} words (now {n}), or a cue of reasoning such as `compare`"
        );
        flip(change, tiers.large.clone())
    };
    let is_over = |most: usize| n > most;
    let words = |most: usize| is_over(most).then(|| format!("at most {most} words (now {n})"));
    let cue = looks
        .cue
        .map(|cue| format!("no cue of reasoning (now `{cue}`)"));
    let code = looks.has_code.then(|| "no code".to_owned());
    let had = |parts: [Option<String>; 3]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("it had {}", parts.join(" and "))
    };
    let small = || {
        let change = had([words(MOST_SMALL), cue.clone(), code.clone()]);
        flip(change, tiers.small.clone())
    };
    match looks.tier() {
        Tier::Small => {
            let change = format!("it had more than {MOST_SMALL} words (now {n}), or code");
            vec![flip(change, tiers.medium.clone()), larger()]
        }
        Tier::Medium => vec![small(), larger()],
        // Without its cue it may look small at once.
        Tier::Large if !is_over(MOST_SMALL) && !looks.has_code => vec![small()],
        Tier::Large => {
            let change = had([words(MOST_MEDIUM), cue.clone(), None]);
            vec![flip(change, tiers.medium.clone()), small()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(name: &str, quality: f64, cost_usd: f64) -> Estimate {
        Estimate {
            candidate: name.into(),
            quality,
            cost_usd,
        }
    }

    fn told(flips: Vec<Flip>) -> Vec<String> {
        let one = |flip: Flip| format!("{} -> {}", flip.change, flip.then[0]);
        flips.into_iter().map(one).collect()
    }

    #[test]
    fn a_price_is_told_where_it_would_lead_there() {
        let all = [
            estimate("tiny", 0.5, 0.001),
            estimate("mid", 0.6, 0.009),
            estimate("large", 0.9, 0.01),
        ];
        let of = |price: f64| {
            let best = chosen(&all, price).unwrap();
            told(margins(&all, best, price))
        };
        assert_eq!(
            of(10.0),
            [
                "`mid` were expected to be more than 29.00 points better -> mid",
                "`tiny` were expected to be more than 31.00 points better, or a point were worth less than 2.250e-4 \
                 USD per query (now 1.000e-3) -> tiny",
            ]
        );
        assert_eq!(
            of(100.0)[0],
            "`large` were expected to be more than 50.00 points better, or a point were worth more than 2.250e-4 USD \
             per query (now 1.000e-4) -> large"
        );
        assert!(of(0.0)[1].ends_with("(now cost does not count) -> tiny"));
    }

    #[test]
    fn a_query_that_loses_its_cue_may_look_small() {
        let tiers = Tiers {
            small: "s".into(),
            medium: "m".into(),
            large: "l".into(),
        };
        let of = |query: &str| told(of_tiers(query, &tiers));
        assert_eq!(
            of("compare these"),
            ["it had no cue of reasoning (now `compare`) -> s"]
        );
        assert_eq!(
            of("compare def f"),
            [
                "it had no cue of reasoning (now `compare`) -> m",
                "it had no cue of reasoning (now `compare`) and no code -> s",
            ]
        );
        assert_eq!(
            of(&"word ".repeat(120)),
            [
                "it had at most 100 words (now 120) -> m",
                "it had at most 40 words (now 120) -> s",
            ]
        );
        assert_eq!(of("def f")[0], "it had no code -> s");
        assert_eq!(
            of("hi"),
            [
                "it had more than 40 words (now 1), or code -> m",
                "it had more than 100 words (now 1), or a cue of reasoning such as `compare` -> l",
            ]
        );
        // Each leads where it says.
        use super::super::tiers::classify_complexity;
        assert_eq!(classify_complexity("these"), Tier::Small);
        assert_eq!(classify_complexity("def f"), Tier::Medium);
    }
}
