//! External scorers: one process per answer, JSON in, JSON out.
//!
//! The process gets an empty environment but for `PATH`-less lookups of absolute programs, a time
//! limit, and bounded output. It is killed when the time is over.

use std::process::Stdio;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use trilemma_domain::ScoredOutcome;
use trilemma_score::CommandSpec;

/// Most bytes read from a program.
const MAX_OUTPUT: u64 = 1 << 20;

/// Runs the program of a scorer on one request.
pub(crate) async fn run(spec: &CommandSpec, request: &serde_json::Value) -> ScoredOutcome {
    let Some((program, arguments)) = spec.argv.split_first() else {
        return failed("the command is empty".to_owned());
    };
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let child = match child {
        Ok(child) => child,
        Err(error) => return failed(format!("failed to start `{program}`: {error}")),
    };
    match timeout(spec.timeout, converse(child, request.to_string())).await {
        Ok(Ok(Answer { ok: true, stdout })) => spec.read(&stdout),
        Ok(Ok(Answer { ok: false, .. })) => failed(format!("`{program}` ended with an error")),
        Ok(Err(error)) => failed(format!("failed to talk to `{program}`: {error}")),
        Err(_) => failed(format!("`{program}` took longer than {:?}", spec.timeout)),
    }
}

struct Answer {
    ok: bool,
    stdout: String,
}

async fn converse(mut child: Child, request: String) -> std::io::Result<Answer> {
    let mut stdin = child.stdin.take();
    let mut stdout = child.stdout.take();
    let write = async {
        if let Some(pipe) = &mut stdin {
            // A program that does not read its input is not at fault for that.
            let _ = pipe.write_all(request.as_bytes()).await;
            let _ = pipe.shutdown().await;
        }
        drop(stdin);
    };
    let read = async {
        let mut bytes = Vec::new();
        if let Some(pipe) = &mut stdout {
            pipe.take(MAX_OUTPUT).read_to_end(&mut bytes).await?;
        }
        std::io::Result::Ok(bytes)
    };
    let ((), bytes) = tokio::join!(write, read);
    drop(stdout);
    let status = child.wait().await?;
    Ok(Answer {
        ok: status.success(),
        stdout: String::from_utf8_lossy(&bytes?).into_owned(),
    })
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
