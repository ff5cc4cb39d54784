//! External scorers: one process per answer, JSON in, JSON out.
//!
//! The process sees our environment, has a time limit and bounded output, and is killed with its
//! children when the time is over.

use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::ScoredOutcome;
use trilemma_provider::{Program, run_program};
use trilemma_score::CommandSpec;

/// Most bytes read from a program.
const MAX_OUTPUT: usize = 1 << 20;
/// Longest run, far beyond every time limit.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// Runs the program of a scorer on one request.
pub(crate) async fn run(spec: &CommandSpec, request: &serde_json::Value) -> ScoredOutcome {
    let request = request.to_string();
    let ended = run_program(&Program {
        argv: &spec.argv,
        env: None,
        folder: None,
        stdin: request.as_bytes(),
        deadline: Instant::now() + spec.timeout.min(LONGEST),
        max_output: MAX_OUTPUT,
    })
    .await;
    match ended {
        Ok(ended) if ended.status.success() => spec.read(&String::from_utf8_lossy(&ended.stdout)),
        Ok(ended) => failed(format!(
            "`{}` ended with an error ({})",
            spec.argv.first().map(String::as_str).unwrap_or_default(),
            ended.status
        )),
        Err(error) => failed(format!("failed to {error}")),
    }
}

fn failed(reason: String) -> ScoredOutcome {
    ScoredOutcome::Failed { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};
    use trilemma_domain::ScorerSpec;
    use trilemma_score::{Mode, build};

    async fn outcome(command: serde_json::Value) -> ScoredOutcome {
        let mut options = Map::new();
        options.insert("command".to_owned(), command);
        options.insert("timeout_s".to_owned(), json!(1.0));
        let scorer = build(&ScorerSpec {
            kind: "command".to_owned(),
            label: "c".to_owned(),
            weight: 1.0,
            options,
        })
        .unwrap();
        let Mode::Command(spec) = scorer.mode() else {
            panic!("expected a command scorer");
        };
        run(spec, &json!({"x": 1})).await
    }

    #[tokio::test]
    async fn reads_the_score_that_a_program_prints() {
        let printed = outcome(json!([
            "sh",
            "-c",
            "cat >/dev/null; echo '{\"score\": 0.25}'"
        ]))
        .await;
        assert!(
            matches!(printed, ScoredOutcome::Scored { score, .. } if (score.value() - 0.25).abs() < 1e-12)
        );
    }

    #[tokio::test]
    async fn a_program_that_fails_or_hangs_is_missing_not_zero() {
        for command in [
            json!(["sh", "-c", "exit 3"]),
            json!(["sh", "-c", "echo nonsense"]),
            json!(["sh", "-c", "sleep 5"]),
            json!(["/no/such/program"]),
        ] {
            assert!(matches!(
                outcome(command).await,
                ScoredOutcome::Failed { .. }
            ));
        }
    }
}
