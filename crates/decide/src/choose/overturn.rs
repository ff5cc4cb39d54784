//! What would overturn the recommendation.

use jiff::civil::Date;
use trilemma_domain::Verdict;

use super::rank::Ranking;
use crate::evidence::Case;
use crate::figure::tidy;
use crate::gate::price_age_days;
use crate::input::{Naming, Preference};
use crate::result::{Cause, Conclusion, GateKind, GateResult, Overturn, OverturnKind};
use crate::wording;

/// Days of the horizon within which a shutdown counts: twelve months.
const HORIZON_DAYS: i32 = 365;

/// Lists what would overturn a recommendation or a provisional choice.
pub(crate) fn overturns(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
    conclusion: &Conclusion,
) -> Vec<Overturn> {
    let chosen = match conclusion {
        Conclusion::Decided { recommended, .. } => *recommended,
        Conclusion::Undecided {
            provisional: Some(provisional),
            ..
        } => *provisional,
        Conclusion::NoCandidate { .. } | Conclusion::Undecided { .. } => return Vec::new(),
    };
    let mut list = Vec::new();
    list.extend(undecided_preferred(case, gates, ranking, chosen));
    list.extend(price_moves(case, ranking, chosen));
    list.extend(shutdown(case, chosen));
    list.extend(old_price(case, chosen));
    list.extend(drift(case, gates, chosen));
    list
}

fn note(kind: OverturnKind, candidate: usize, text: String) -> Overturn {
    Overturn {
        kind,
        candidate: Some(candidate),
        price_move: None,
        more_items: None,
        on: None,
        text,
    }
}

/// Candidates that would rank before the chosen one if what is open about them came out well.
fn undecided_preferred(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
    chosen: usize,
) -> Vec<Overturn> {
    ranking
        .having(Verdict::Undecided)
        .filter(|idx| *idx != chosen && ranking.before(*idx, chosen))
        .filter_map(|idx| {
            let open: Vec<&GateResult> = gates
                .get(idx)?
                .iter()
                .filter(|gate| gate.verdict == Verdict::Undecided)
                .collect();
            let more_items = open
                .iter()
                .filter_map(|gate| gate.settle.as_ref()?.more_items)
                .max();
            let missing = open
                .iter()
                .all(|gate| gate.cause == Some(Cause::MissingResults));
            let kind = if missing {
                OverturnKind::MissingResults
            } else {
                OverturnKind::UndecidedPreferred
            };
            let parts: Vec<String> = open
                .iter()
                .map(|gate| {
                    let action = gate.settle.as_ref().map_or("", |settle| &settle.action);
                    format!("\"{}\": {action}", gate.gate.label())
                })
                .collect();
            let text = format!(
                "`{}` would rank before it{}. Open is {}.",
                case.name(idx),
                saving(ranking, case.input.preference, (idx, chosen)).unwrap_or_default(),
                parts.join(", ")
            );
            Some(Overturn {
                more_items,
                ..note(kind, idx, text)
            })
        })
        .collect()
}

fn saving(
    ranking: &Ranking,
    preference: Preference,
    (idx, chosen): (usize, usize),
) -> Option<String> {
    let (own, chosen) = (ranking.key(idx)?, ranking.key(chosen)?);
    let word = if preference.needs_prices() {
        "cheaper"
    } else {
        "faster"
    };
    // Pass rates rank by their negative: no saving to speak of.
    (own > 0.0 && chosen > 0.0)
        .then(|| format!(", {} {word}", wording::percent(1.0 - own / chosen)))
}

/// How far prices have to move until the second takes its place.
fn price_moves(case: &Case<'_>, ranking: &Ranking, chosen: usize) -> Vec<Overturn> {
    if !case.input.preference.needs_prices() || ranking.verdict(chosen) != Verdict::Meets {
        return Vec::new();
    }
    let Some(second) = ranking
        .having(Verdict::Meets)
        .find(|idx| *idx != chosen && !ranking.same(*idx, chosen))
    else {
        return Vec::new();
    };
    let (Some(own), Some(other)) = (ranking.key(chosen), ranking.key(second)) else {
        return Vec::new();
    };
    if own <= 0.0 || other <= 0.0 {
        return Vec::new();
    }
    let (rise, fall) = (other / own - 1.0, own / other - 1.0);
    vec![
        Overturn {
            price_move: tidy(rise),
            ..note(
                OverturnKind::PriceMove,
                chosen,
                format!(
                    "If `{}` gets dearer{}, `{}` takes its place.",
                    case.name(chosen),
                    growth(rise),
                    case.name(second)
                ),
            )
        },
        Overturn {
            price_move: tidy(fall),
            ..note(
                OverturnKind::PriceMove,
                second,
                format!(
                    "If `{}` gets cheaper by more than {}, it takes the place.",
                    case.name(second),
                    wording::percent(-fall)
                ),
            )
        },
    ]
}

/// A rise in words: percent, or times where it more than triples.
fn growth(rise: f64) -> String {
    if rise > 2.0 {
        format!(" than {:.1} times its price", rise + 1.0)
    } else {
        format!(" by more than {}", wording::percent(rise))
    }
}

fn shutdown(case: &Case<'_>, chosen: usize) -> Option<Overturn> {
    let end = case.candidates.get(chosen)?.facts.end.as_ref()?;
    let days = days_between(case.input.as_of, end.by);
    if days > HORIZON_DAYS {
        return None;
    }
    let own = case.name(chosen);
    let part = case.ending_part(case.candidates.get(chosen)?.facts);
    let name = match (end.at_endpoint, part) {
        (true, None) => format!("`{own}`"),
        (false, None) => format!("The model of `{own}`, at its vendor,"),
        (true, Some(part)) => format!("`{part}`, a part of `{own}`,"),
        (false, Some(part)) => {
            format!("The model of `{part}`, a part of `{own}`, at its vendor,")
        }
    };
    let when = if end.exact { "on" } else { "by" };
    let instead = end.replacement.as_ref().map_or_else(String::new, |other| {
        format!("; its vendor recommends `{other}`")
    });
    let text = if days <= 0 {
        format!("{name} was shut down {when} {}{instead}.", end.by)
    } else {
        format!(
            "{name} is shut down {when} {}, {} after {}{instead}.",
            end.by,
            wording::count(usize::try_from(days).unwrap_or(0), "day"),
            case.input.as_of
        )
    };
    Some(Overturn {
        on: Some(end.by),
        ..note(OverturnKind::Shutdown, chosen, text)
    })
}

fn old_price(case: &Case<'_>, chosen: usize) -> Option<Overturn> {
    let days = price_age_days(case, chosen)?;
    Some(note(
        OverturnKind::OldPrice,
        chosen,
        format!(
            "The price of `{}` was last looked at {days} days before {}; it may have moved.",
            case.name(chosen),
            case.input.as_of
        ),
    ))
}

/// How much worse its answers may get before it fails a requirement on quality.
fn drift(case: &Case<'_>, gates: &[Vec<GateResult>], chosen: usize) -> Option<Overturn> {
    use crate::result::{Amount, GateEstimate};
    let candidate = case.candidates.get(chosen)?;
    let room = gates
        .get(chosen)?
        .iter()
        .filter_map(|gate| match (gate.gate, gate.estimate?, gate.threshold?) {
            (GateKind::PassRate, GateEstimate::Rate(seen), Amount::Rate(bar)) => {
                Some(seen.value - bar)
            }
            (GateKind::NotWorseThan, GateEstimate::Difference(seen), Amount::Difference(bar)) => {
                Some(seen.value - bar)
            }
            _ => None,
        })
        .fold(None, |least: Option<f64>, room| {
            Some(least.map_or(room, |least| least.min(room)))
        })
        .filter(|room| *room > 0.0);
    let moving = match candidate.facts.naming {
        Naming::Moving => " Its name is not pinned to a snapshot, so that may happen silently.",
        Naming::Snapshot | Naming::Unknown => "",
    };
    let text = match room {
        Some(room) => format!(
            "If the pass rate of `{}` falls by more than {:.1} points, it misses a requirement.{moving}",
            case.name(chosen),
            room * 100.0
        ),
        None if moving.is_empty() => return None,
        None => moving.trim_start().to_owned(),
    };
    Some(note(OverturnKind::Drift, chosen, text))
}

/// Whole days from one date to another; negative when `to` is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}
