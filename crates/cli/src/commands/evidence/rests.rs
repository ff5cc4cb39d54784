//! The figures that a policy's decision on one request rests on.
//!
//! In: a decision as the ledger keeps it, or the reasons of one that is replayed. Out: what it expected, what its judge
//! made of the cheap answers, whether those asked agreed; of each the first, where a plan weighs twice. Nothing is said of
//! what the decision does not tell.

use serde::Deserialize;
use trilemma_gateway::told_scores;
use trilemma_route::Why;
use trilemma_store::ledger::Json;

use super::kept::Kind;

/// A decision as the gateway writes it; what else it says is not looked at.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    scores: Vec<Score>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Score {
    Expected {
        quality: f64,
        cost_usd: f64,
    },
    Weighed {
        agree: Option<bool>,
        gain: f64,
        score: f64,
        threshold: f64,
    },
    Agreed {
        need: Option<usize>,
    },
    #[serde(other)]
    Other,
}

/// Of a decision in the ledger; empty = no policy decided, or it rests on no figures.
pub(super) fn of_decision(decision: Option<&Json>) -> Vec<(Kind, f64)> {
    let told = decision.and_then(|json| serde_json::from_str::<Told>(json.text()).ok());
    firsts(told.into_iter().flat_map(|told| told.scores))
}

/// Of the reasons of a decision.
pub(super) fn of_reasons(why: &[Why]) -> Vec<(Kind, f64)> {
    let told: Vec<Score> = serde_json::from_value(told_scores(why)).unwrap_or_default();
    firsts(told.into_iter())
}

fn firsts(scores: impl Iterator<Item = Score>) -> Vec<(Kind, f64)> {
    let mut found: Vec<(Kind, f64)> = Vec::new();
    let mut see = |kind: Kind, value: f64| {
        if value.is_finite() && !found.iter().any(|(known, _)| *known == kind) {
            found.push((kind, value));
        }
    };
    let share = |is: bool| f64::from(u8::from(is));
    for score in scores {
        match score {
            Score::Expected { quality, cost_usd } => {
                see(Kind::ExpectedQuality, quality.clamp(0.0, 1.0));
                see(Kind::ExpectedCostUsd, cost_usd);
            }
            Score::Weighed {
                agree,
                gain,
                score,
                threshold,
            } => {
                see(Kind::JudgedEnough, share(score <= threshold));
                see(Kind::Gain, gain);
                if let Some(agree) = agree {
                    see(Kind::Agreed, share(agree));
                }
            }
            Score::Agreed { need } => see(Kind::Agreed, share(need.is_none())),
            Score::Other => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use trilemma_route::Weighing;

    use super::*;

    fn decision(scores: &str) -> Vec<(Kind, f64)> {
        let text =
            format!(r#"{{"schema_version":1,"step":"answer","why":["x"],"scores":{scores}}}"#);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        of_decision(Json::of(&value).as_ref())
    }

    #[test]
    fn the_ledger_and_a_replay_tell_the_same() {
        let weighed = Why::Weighed {
            agree: Some(false),
            is_found: true,
            weighing: Weighing {
                gain: 0.25,
                sd: None,
                score: 3.0,
                threshold: 2.0,
            },
        };
        let expected = Why::Expected {
            candidate: "m".into(),
            quality: 0.5,
            cost_usd: 0.01,
        };
        let told = decision(
            r#"[{"kind":"weighed","agree":false,"gain":0.25,"score":3.0,"threshold":2.0},
                {"kind":"expected","candidate":"m","quality":0.5,"cost_usd":0.01},
                {"kind":"agreed","n":2,"of":2},{"kind":"of another version"}]"#,
        );
        let agreed = Why::Agreed { n: 2, of: 2 };
        let replayed = of_reasons(&[Why::NoRule, weighed, expected, agreed]);
        assert_eq!(told, replayed);
        assert_eq!(
            told,
            [
                (Kind::JudgedEnough, 0.0),
                (Kind::Gain, 0.25),
                // The first word counts.
                (Kind::Agreed, 0.0),
                (Kind::ExpectedQuality, 0.5),
                (Kind::ExpectedCostUsd, 0.01),
            ]
        );
    }

    #[test]
    fn what_is_not_told_is_not_counted() {
        assert_eq!(of_decision(None), []);
        assert_eq!(decision("[]"), []);
        assert_eq!(
            decision(r#"[{"kind":"weighed","gain":0.1,"score":1.0,"threshold":1.0}]"#),
            [(Kind::JudgedEnough, 1.0), (Kind::Gain, 0.1)]
        );
        assert_eq!(
            decision(r#"[{"kind":"agreed","n":1,"of":3,"need":2}]"#),
            [(Kind::Agreed, 0.0)]
        );
    }
}
