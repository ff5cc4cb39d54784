//! How far apart two answers are in what the model thought of their first tokens.
//!
//! In: log-probabilities of the first tokens of two answers to one prompt. Out: a distance. Places are
//! compared as long as both answers were the same so far, for only then did the model see the same. A list
//! that lacks a token of the other one is taken to give it the probability of its last: no farther apart than
//! they are. Source: log-probability tracking (arXiv 2512.03816) compares mean log-probabilities of one
//! token; here it is several places and answer by answer.

use trilemma_domain::TokenPlace;

/// Log-probabilities below this one are all alike: one in 22,000.
const LEAST: f64 = -10.0;

/// The mean absolute difference of log-probabilities over tokens listed by either, averaged over places;
/// 0 where there is nothing to compare.
pub(crate) fn distance(one: &[TokenPlace], other: &[TokenPlace]) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (own, theirs) in one.iter().zip(other) {
        if let Some(apart) = apart(own, theirs) {
            sum += apart;
            n += 1.0;
        }
        if own.taken.token != theirs.taken.token {
            break;
        }
    }
    if n == 0.0 { 0.0 } else { sum / n }
}

/// `None` = neither lists a token of the other.
fn apart(one: &TokenPlace, other: &TokenPlace) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0.0);
    for (token, own) in listed(one) {
        sum += (own - of(other, token)?).abs();
        n += 1.0;
    }
    for (token, theirs) in listed(other) {
        if !listed(one).any(|(known, _)| known == token) {
            sum += (theirs - of(one, token)?).abs();
            n += 1.0;
        }
    }
    (n > 0.0).then_some(sum / n)
}

/// The log-probability of a token, at most that of the last one listed where it is not.
fn of(place: &TokenPlace, token: &str) -> Option<f64> {
    let mut all = listed(place);
    let known = all.find(|(known, _)| *known == token).map(|(_, own)| own);
    known.or_else(|| listed(place).map(|(_, own)| own).reduce(f64::min))
}

/// Everything listed at a place, each token once.
fn listed(place: &TokenPlace) -> impl Iterator<Item = (&str, f64)> {
    let is_listed = place
        .likely
        .iter()
        .any(|one| one.token == place.taken.token);
    let taken = (!is_listed).then_some(&place.taken);
    place
        .likely
        .iter()
        .chain(taken)
        .map(|one| (one.token.as_str(), one.logprob.max(LEAST)))
}

#[cfg(test)]
mod tests {
    use trilemma_domain::LikelyToken;

    use super::*;

    fn place(taken: (&str, f64), likely: &[(&str, f64)]) -> TokenPlace {
        let one = |(token, logprob): &(&str, f64)| LikelyToken {
            token: (*token).to_owned(),
            logprob: *logprob,
        };
        TokenPlace {
            taken: one(&taken),
            likely: likely.iter().map(one).collect(),
        }
    }

    #[test]
    fn distances_are_those_worked_out_by_hand() {
        let yes = place(("yes", -0.2), &[("yes", -0.2), ("no", -2.0)]);
        let still = place(("yes", -0.3), &[("yes", -0.3), ("no", -1.6)]);
        let check = |one: &[&TokenPlace], other: &[&TokenPlace], apart: f64| {
            let owned = |places: &[&TokenPlace]| -> Vec<TokenPlace> {
                places.iter().map(|place| (*place).clone()).collect()
            };
            let got = distance(&owned(one), &owned(other));
            assert!((got - apart).abs() < 1e-12, "{got} {apart}");
        };
        check(&[&yes], &[&yes], 0.0);
        check(&[&yes], &[&still], (0.1 + 0.4) / 2.0);
        // A token that one list lacks counts as likely as its last.
        let other = place(("maybe", -1.0), &[("yes", -0.5), ("maybe", -1.0)]);
        let apart = (0.3 + (2.0 - 1.0) + (2.0 - 1.0)) / 3.0;
        check(&[&yes], &[&other], apart);
        check(&[&other], &[&yes], apart);
        // Behind another token the model saw something else: not compared.
        check(&[&yes, &yes], &[&other, &still], apart);
        check(&[&yes, &yes], &[&still, &yes], 0.125);
        check(&[], &[&yes], 0.0);
        // Without lists the tokens taken are compared.
        let (bare, same) = (place(("a", -0.5), &[]), place(("a", -30.0), &[]));
        check(&[&bare], &[&same], 9.5);
    }
}
