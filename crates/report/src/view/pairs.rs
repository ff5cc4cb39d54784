//! Who is preferred where judges compare pairs: a table for each scorer, a line each for the terminal.

use trilemma_decide::judges::{PairRanking, Preferred};

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, RateDigits, plural, widen};
use crate::text::one_line;

/// Most contenders that are listed.
const MAX_CONTENDERS: usize = 100;

/// Anchors of the tables; more scorers are not shown.
const IDS: [&str; 4] = ["pairs", "pairs-2", "pairs-3", "pairs-4"];

/// A table for each scorer that compares pairs.
pub(crate) fn tables(cast: &Cast<'_>) -> Vec<Table> {
    let rankings = IDS.iter().zip(&cast.decision.pairs);
    rankings.map(|(id, ranking)| table(id, ranking)).collect()
}

fn table(id: &'static str, ranking: &PairRanking) -> Table {
    let rival = rival(ranking);
    let columns = vec![
        Column::words("Candidate"),
        Column::number(format!("Preferred to {rival}")),
        Column::number("At equal length"),
        Column::number("Strength, Elo points"),
        Column::number("Rank by strength"),
    ];
    let unranked = ranking.unranked.as_ref().map_or_else(String::new, |why| {
        format!(" No strengths: {}.", one_line(why, 200))
    });
    Table {
        id,
        title: format!("Preferred in pairs, by {}", one_line(&ranking.scorer, 60)),
        note: format!(
            "{} of an answer and that of {rival}, both orders asked; a word that changes with the order is a tie, and a \
             tie is half. At equal length: what a logistic model leaves when the part that length explains is taken out, \
             too much where longer answers truly are better. Strengths (Bradley–Terry) put odds of ten 400 points apart, \
             their mean is 1000; ranks hold all at once at 95 %. No verdict rests on this table.{unranked}",
            plural(widen(ranking.n_pairs), "pair"),
        ),
        columns,
        rows: ranking
            .contenders
            .iter()
            .take(MAX_CONTENDERS)
            .map(row)
            .collect(),
    }
}

fn rival(ranking: &PairRanking) -> String {
    let rival = ranking.contenders.iter().find(|one| one.is_rival);
    rival.map_or_else(|| "the other".to_owned(), |one| one_line(&one.name, 60))
}

fn row(one: &Preferred) -> Vec<Cell> {
    let share = one.share.as_ref().map_or_else(Cell::none, |share| {
        Cell::range(Range::from(share), rate).with_sub(plural(widen(share.n), "pair"))
    });
    let at_equal_length = match (&one.at_equal_length, &one.no_equal_length) {
        (Some(figure), _) => Cell::range(Range::from(figure), rate),
        (None, Some(why)) => Cell::none().with_sub(one_line(why, 120)),
        (None, None) => Cell::none(),
    };
    let strength = one.strength.as_ref().map_or_else(Cell::none, |figure| {
        Cell::range(Range::from(figure), points)
    });
    let rank = one.rank.map_or_else(Cell::none, |(best, worst)| {
        #[expect(clippy::cast_precision_loss, reason = "only sorts")]
        let order = best as f64 + worst as f64 * 1e-6;
        Cell::number(order, places((best, worst)))
    });
    let name = Cell::words(one_line(&one.name, 80)).with_class("name");
    let name = if one.is_rival {
        name.with_sub("the others are compared with it")
    } else {
        name
    };
    vec![name, share, at_equal_length, strength, rank]
}

/// A line for each contender.
pub(crate) fn lines(cast: &Cast<'_>) -> Vec<String> {
    let rankings = cast.decision.pairs.iter();
    rankings
        .flat_map(|ranking| {
            let rival = rival(ranking);
            let shown = ranking.contenders.iter().take(MAX_CONTENDERS);
            let own = shown.filter_map(move |one| line(one, &rival));
            let why = ranking
                .unranked
                .as_ref()
                .map(|why| format!("No ranking by strength: {}.", one_line(why, 200)));
            own.chain(why).collect::<Vec<_>>()
        })
        .collect()
}

fn line(one: &Preferred, rival: &str) -> Option<String> {
    let share = one.share.as_ref()?;
    let mut parts = vec![format!(
        "`{}` is preferred to `{rival}` in {} of {}",
        one_line(&one.name, 80),
        Range::from(share).written(rate),
        plural(widen(share.n), "pair")
    )];
    match (&one.at_equal_length, &one.no_equal_length) {
        (Some(figure), _) => parts.push(format!(
            "at equal length {}",
            Range::from(figure).written(rate)
        )),
        (None, Some(why)) => parts.push(format!(
            "nothing is said at equal length ({})",
            one_line(why, 120)
        )),
        (None, None) => {}
    }
    if let (Some(strength), Some(rank)) = (&one.strength, one.rank) {
        parts.push(format!(
            "rank {} by strength, {} Elo points",
            places(rank),
            Range::from(strength).written(points)
        ));
    }
    Some(format!("{}.", parts.join("; ")))
}

fn places((best, worst): (usize, usize)) -> String {
    if best == worst {
        best.to_string()
    } else {
        format!("{best}–{worst}")
    }
}

fn rate(value: f64, _near: f64) -> String {
    RateDigits::fixed(1).rate(value)
}

fn points(value: f64, _near: f64) -> String {
    format!("{value:.0}")
}
