//! An attempt that runs a program.
//!
//! In: a pipeline's program, what it reads, and the client's leave to run programs. Out: the answer that
//! it wrote. Stamps count from the start of the program, so that its own start is part of its latency.
//! Status 75 (`EX_TEMPFAIL` of `sysexits.h`) says that the same call may succeed later; every other
//! status than 0 is a failure that is not repeated.

use std::ffi::OsString;

use tokio::time::Instant;
use trilemma_domain::{
    ChatResponse, Failure, FailureKind, FaultSource, NanoUsd, Pipeline, PipelineCall, Retry,
};
use trilemma_wire::client::decode_pipeline;

use crate::call::Call;
use crate::config::ProgramLeave;
use crate::connect::Connect;
use crate::program::{Ended, Program, ProgramError, run_program};
use crate::trace::Trace;
use crate::{fault, redact};

use super::Client;

/// `EX_TEMPFAIL` of `sysexits.h`.
const TRY_LATER: i32 = 75;
/// Shorter values would mask ordinary words.
const MIN_SECRET: usize = 6;
/// Variables whose names hold one of these hold a secret.
const SECRET_WORDS: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "AUTH"];

impl<C: Connect> Client<C> {
    /// Runs the program of a pipeline once.
    pub(super) async fn run_command(
        &self,
        pipeline: &Pipeline,
        call: &Call<'_>,
        trace: &mut Trace,
    ) -> Result<ChatResponse, Failure> {
        let PipelineCall::Command { argv, env } = &pipeline.call else {
            return Err(fault::unsendable(&"the pipeline is no program"));
        };
        let Some(leave) = &self.config().programs else {
            return Err(fault::unsendable(
                &"programs are not run without leave; hint: add --allow-code",
            ));
        };
        let variables = variables(leave, env);
        let limit = Instant::now() + self.config().call_deadline;
        let ran = run_program(&Program {
            argv,
            env: Some(&variables),
            folder: leave.folder.as_deref(),
            stdin: call.request.body(),
            deadline: call.deadline.map_or(limit, |deadline| deadline.min(limit)),
            max_output: self.config().max_body_bytes,
        })
        .await;
        let done = match ran {
            Ok(ended) => {
                note(&ended, trace);
                if self.config().keep_raw {
                    trace.attempt.raw_body = Some(ended.stdout.clone());
                }
                answer(pipeline, argv, &ended, trace)
            }
            Err(error) => {
                if matches!(error, ProgramError::Start { .. }) {
                    trace.attempt.cost = Some(NanoUsd(0));
                }
                Err(broken(&error))
            }
        };
        masked(done, leave, env, trace)
    }
}

/// The usual variables, and those that the program names.
fn variables(leave: &ProgramLeave, named: &[String]) -> Vec<(String, OsString)> {
    let own = named
        .iter()
        .filter_map(|name| Some((name.clone(), leave.named_env.get(name)?.clone())));
    leave.usual_env.clone().into_iter().chain(own).collect()
}

fn note(ended: &Ended, trace: &mut Trace) {
    let since = |at: Instant| at.saturating_duration_since(ended.started);
    trace.sent = Some(ended.started);
    trace.attempt.timing.first_byte = ended.first_byte.map(since);
    trace.attempt.timing.end = Some(since(ended.ended));
}

fn answer(
    pipeline: &Pipeline,
    argv: &[String],
    ended: &Ended,
    trace: &mut Trace,
) -> Result<ChatResponse, Failure> {
    if !ended.status.success() {
        return Err(refusal(argv, ended));
    }
    let reply = decode_pipeline(&pipeline.reply, &ended.stdout)?;
    trace.attempt.cost = reply.cost;
    trace.note_usage(reply.response.usage);
    Ok(reply.response)
}

fn refusal(argv: &[String], ended: &Ended) -> Failure {
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let retry = match ended.status.code() {
        Some(TRY_LATER) => Retry::Backoff,
        Some(_) | None => Retry::No,
    };
    let complaint = String::from_utf8_lossy(&ended.stderr);
    let last = complaint.trim().lines().next_back().unwrap_or_default();
    let text = match last {
        "" => format!("`{program}` ended with {}", ended.status),
        last => format!("`{program}` ended with {}: {last}", ended.status),
    };
    Failure::new(FailureKind::ServerError, FaultSource::Vendor, retry, &text)
}

fn broken(error: &ProgramError) -> Failure {
    let text = format!("failed to {error}");
    match error {
        ProgramError::Start { source, .. } => match source.kind() {
            std::io::ErrorKind::NotFound
            | std::io::ErrorKind::PermissionDenied
            | std::io::ErrorKind::InvalidInput => fault::unsendable(&format!(
                "{text}; hint: `argv` is looked up in PATH, or relative to the project's folder"
            )),
            // Too many processes or too little memory may pass.
            _ => Failure::new(FailureKind::Connect, FaultSource::Us, Retry::Backoff, &text),
        },
        ProgramError::Pipe { .. } => {
            Failure::new(FailureKind::Cut, FaultSource::Vendor, Retry::No, &text)
        }
        ProgramError::Deadline { .. } => Failure::new(
            FailureKind::Deadline,
            FaultSource::Us,
            Retry::No,
            &error.to_string(),
        ),
        ProgramError::TooLarge { max_output, .. } => fault::too_large(*max_output),
    }
}

/// Removes the values of named variables that look like secrets by their names.
fn masked(
    done: Result<ChatResponse, Failure>,
    leave: &ProgramLeave,
    named: &[String],
    trace: &mut Trace,
) -> Result<ChatResponse, Failure> {
    let is_secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        SECRET_WORDS.iter().any(|word| name.contains(word))
    };
    let secrets = named
        .iter()
        .filter(|name| is_secret(name))
        .filter_map(|name| leave.named_env.get(name)?.to_str())
        .filter(|value| value.len() >= MIN_SECRET);
    let mut done = done;
    for secret in secrets {
        redact::attempt_text(&mut trace.attempt, secret);
        match &mut done {
            Ok(response) => redact::response_text(response, secret),
            Err(failure) => redact::failure_text(failure, secret),
        }
    }
    done
}
