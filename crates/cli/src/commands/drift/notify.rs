//! Tells an alarm: by a webhook, by a command.
//!
//! In: a report with an alarm. Out: the message, on record before it is sent and after. A message that may have
//! been sent when the program was killed is sent again with the same id, so that a receiver can tell; one
//! that is known to have been sent never is.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use trilemma_domain::DriftReport;
use trilemma_report::{Contents, DriftFormat, drift_report};
use trilemma_store::{Store, Telling};

use crate::printer::Printer;
use crate::webhook;

/// Pauses before another try.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// A command that takes longer is ended.
const COMMAND_PATIENCE: Duration = Duration::from_secs(60);
/// Width of the text in a message.
const TEXT_WIDTH: usize = 80;

/// Where alarms are told.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct NotifyArgs {
    /// Post each alarm as JSON to this address; `text` says it in words, `report` in figures.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Run this command (by `sh -c`) at each alarm, with the same JSON on standard input.
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
}

impl NotifyArgs {
    /// Tells an alarm wherever it has not been told.
    ///
    /// # Errors
    /// As the store gives them; a receiver that cannot be reached is none, and is said.
    pub(super) fn tell(
        &self,
        store: &Store,
        report: &DriftReport,
        printer: Printer,
    ) -> anyhow::Result<()> {
        let body = message(report)?;
        let ways = [("webhook", &self.webhook), ("exec", &self.exec)];
        for (way, target) in ways {
            let Some(target) = target else { continue };
            let id = format!("{}:{way}", report.id);
            match store.telling(&id)? {
                Telling::Done => continue,
                Telling::Unsure => printer.tell(&format!(
                    "alarm {} may have been told by {way} before; told again with the same id",
                    report.id
                )),
                Telling::Never => {}
            }
            store.put_telling(&id, Telling::Unsure)?;
            let told = send((way, target), (&report.id, &body));
            store.put_telling(
                &id,
                if told.is_ok() {
                    Telling::Done
                } else {
                    Telling::Never
                },
            )?;
            match told {
                Ok(()) => printer.say(&format!("alarm {} told by {way}", report.id)),
                Err(error) => printer.tell(&format!(
                    "failed to tell alarm {} by {way}: {error:#}; the next start tries again",
                    report.id
                )),
            }
        }
        Ok(())
    }
}

/// What is sent: no texts of items or answers.
fn message(report: &DriftReport) -> anyhow::Result<String> {
    let text = drift_report(
        report,
        DriftFormat::Text { width: TEXT_WIDTH },
        Contents::LeftOut,
    )?;
    let figures = drift_report(report, DriftFormat::Json, Contents::LeftOut)?;
    let figures: serde_json::Value = serde_json::from_slice(&figures)?;
    Ok(json!({
        "schema_version": 1,
        "id": report.id,
        "text": String::from_utf8_lossy(&text),
        "report": figures,
    })
    .to_string())
}

fn send((way, target): (&str, &str), (id, body): (&str, &str)) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut pauses = PAUSES.iter();
        loop {
            let sent = match way {
                "webhook" => webhook::post(target, body, id).await,
                _ => run(target, body).await,
            };
            match (sent, pauses.next()) {
                (Ok(()), _) => return Ok(()),
                (Err(error), None) => return Err(error),
                (Err(_), Some(pause)) => tokio::time::sleep(*pause).await,
            }
        }
    })
}

async fn run(command: &str, body: &str) -> anyhow::Result<()> {
    let mut child = tokio::process::Command::new("sh")
        .args(["-c", command])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("start the command")?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input is none the worse for it.
        let _ = stdin.write_all(body.as_bytes()).await;
    }
    let ended = tokio::time::timeout(COMMAND_PATIENCE, child.wait()).await;
    let status = ended.context("wait for the command: it took more than a minute")??;
    if status.success() {
        return Ok(());
    }
    Err(anyhow!("the command ended with {status}"))
}
