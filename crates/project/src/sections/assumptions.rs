//! `[assumptions]`: the figures behind money that only the user can know.
//!
//! In: keys of `trilemma_cost::assume`, each a number or `[least, likely, most]`. Out: stated figures
//! in range. What `[traffic]` says is stated too, unless it stands here again.

use rust_decimal::Decimal;
use trilemma_cost::assume::{Assumptions, Key, Origin, Span};
use trilemma_cost::decimal_of;
use trilemma_domain::Traffic;

use crate::problem::Note;
use crate::section::Section;

/// Reads the section.
pub(crate) fn assumptions(section: &Section<'_>) -> Assumptions {
    let mut all = Assumptions::default();
    for key in Key::ALL {
        let Some(text) = section.figure(key.name()) else {
            continue;
        };
        match text.parse::<Span>() {
            Ok(span) => {
                let mut one = Assumptions::default();
                one.state(*key, span, Origin::Project);
                let problems = one.problems();
                for problem in &problems {
                    let note = Note::error(problem.problem.clone()).hint(problem.hint.clone());
                    section.report(key.name(), note);
                }
                if problems.is_empty() {
                    all.state(*key, span, Origin::Project);
                }
            }
            Err(error) => section.report(key.name(), Note::error(format!("failed to {error}"))),
        }
    }
    all
}

/// States what `[traffic]` says, where `[assumptions]` does not.
pub(crate) fn with_traffic(mut all: Assumptions, traffic: Option<&Traffic>) -> Assumptions {
    let Some(traffic) = traffic else { return all };
    let figures = [
        (Key::QueriesPerDay, Some(traffic.queries_per_day)),
        (Key::PeakToMean, traffic.peak_to_mean),
        (Key::GrowthPerMonth, traffic.growth_per_month),
    ];
    for (key, figure) in figures {
        if let Some(figure) = figure.and_then(decimal_of) {
            all.suggest(key, Span::exactly(figure), Origin::Project);
        }
    }
    // `cache_hit_rate` of [traffic] is the share of all input that is read from the cache; the rest
    // is counted as fresh. A repeating part that is sometimes written anew is stated here.
    let is_detailed = all.is_stated(Key::CacheableShare) || all.is_stated(Key::CacheableHitRate);
    if let Some(share) = traffic.cache_hit_rate.and_then(decimal_of)
        && !is_detailed
    {
        all.suggest(Key::CacheableShare, Span::exactly(share), Origin::Project);
        all.suggest(
            Key::CacheableHitRate,
            Span::exactly(Decimal::ONE),
            Origin::Project,
        );
    }
    all
}
