//! Records what was read as a run of the store, marked as imported.

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use trilemma_bench::{RunPlan, manifest};
use trilemma_cost::Pricer;
use trilemma_domain::{
    ChatResponse, Failure, FailureKind, FaultSource, Fingerprint, Input, Item, ItemExtras, ItemId,
    NanoUsd, Reply, Retry, RunId, Score, ScoreRecord, ScoredOutcome, ScorerSpec, Timing, Trial,
    TrialKey, TrialOrigin, TrialOutcome, Usage,
};
use trilemma_golden::{item_fingerprint, set_fingerprint};
use trilemma_interop::{Gathered, GatheredItem, GatheredScore, GatheredTrial};
use trilemma_store::{RunManifest, ScoreSet, ScorerEntry, Store, Writer};

use super::cast::Cast;
use super::drawing::{Drawing, Unit};
use super::options::ResultOptions;
use super::read::Source;
use super::tell;
use crate::clock;
use crate::context::Context;
use crate::lineup::pricer;
use crate::printer::Printer;

/// What a recording needs.
pub(super) struct Parts<'a> {
    pub(super) context: &'a Context,
    pub(super) store: &'a Store,
    pub(super) cast: &'a Cast,
    pub(super) sources: &'a [Source],
    pub(super) results: &'a ResultOptions,
}

/// Most characters of an explanation that are kept.
const MAX_EXPLANATION_CHARS: usize = 2_000;

/// Records a run, or finds the one that an earlier import of the same files made.
pub(super) fn record(
    parts: &Parts<'_>,
    gathered: &mut Gathered,
    printer: Printer,
) -> anyhow::Result<RunId> {
    let kept = "read what was kept";
    let mut prints = Vec::new();
    let mut ids = Vec::new();
    let n_items = gathered.n_items;
    let drawing = Drawing::start(printer, "look at items", n_items, Unit::Count);
    for record in gathered.items().context(kept)? {
        drawing.tick();
        let item = item(record.context(kept)?);
        prints.push(item_fingerprint(&item));
        ids.push(item.id);
    }
    drop(drawing);
    let plan = plan(parts, gathered, (set_fingerprint(&prints), ids));
    drop(prints);
    let fingerprint = plan.fingerprint();
    let earlier = parts
        .store
        .runs()?
        .into_iter()
        .rev()
        .find(|info| info.fingerprint == fingerprint && info.completed_us.is_some());
    if let Some(earlier) = earlier {
        printer.say(&format!("imported before as run {}", earlier.run));
        if !gathered.scorers.is_empty() {
            parts.store.use_scores(&earlier.run, &plan.scores)?;
        }
        return Ok(earlier.run);
    }
    let mut broken = None;
    let drawing = Drawing::start(printer, "keep items", n_items, Unit::Count);
    let items = gathered
        .items()
        .context(kept)?
        .map_while(|record| match record {
            Ok(record) => {
                drawing.tick();
                let item = item(record);
                let body = serde_json::to_string(&item).unwrap_or_default();
                Some((item.id, body))
            }
            Err(error) => {
                broken = Some(error);
                None
            }
        });
    parts.store.put_items(&plan.golden, items)?;
    drop(drawing);
    if let Some(error) = broken {
        return Err(error).context(kept);
    }
    let run = parts.store.begin_run(&plan)?;
    let set = parts.store.use_scores(&run, &plan.scores)?;
    let writing = Writing {
        run: &run,
        set,
        pricers: pricers(parts)?,
        writer: parts.store.writer()?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(writing.all(gathered, printer))?;
    parts.store.complete_run(&run, clock::now_us())?;
    Ok(run)
}

/// The golden item that a file of results tells of.
pub(super) fn item(record: GatheredItem) -> Item {
    let body = record.body;
    let input = body.input.unwrap_or_else(|| Input::Text(String::new()));
    Item {
        expected: body.expected,
        extras: ItemExtras {
            tags: body.tags,
            cluster: body.cluster,
            metadata: body.metadata,
            ..ItemExtras::default()
        }
        .into(),
        ..Item::new(record.id, input)
    }
}

fn plan(
    parts: &Parts<'_>,
    gathered: &Gathered,
    (golden, items): (Fingerprint, Vec<ItemId>),
) -> RunManifest {
    let mut project = parts.context.project.clone();
    project.bench.repeats = gathered.repeats;
    project.candidates = parts
        .cast
        .members
        .iter()
        .map(|member| member.candidate.clone())
        .collect();
    let mut plan = manifest(RunPlan {
        project: &project,
        items,
        golden,
        as_of: parts.context.as_of,
        now_us: clock::now_us(),
        version: env!("CARGO_PKG_VERSION"),
    });
    if !gathered.scorers.is_empty() {
        plan.scores = score_set(&gathered.scorers, plan.scores.pass_threshold);
    }
    let hashes: Vec<String> = parts
        .sources
        .iter()
        .map(|source| source.hash.to_string())
        .collect();
    plan.parameters.insert("imported".to_owned(), json!(hashes));
    plan.parameters
        .insert("imported_score".to_owned(), json!(parts.results.score));
    plan.parameters
        .insert("imported_scale".to_owned(), json!(parts.results.scale));
    let mut notes = Map::new();
    notes.insert("files".to_owned(), tell::files(parts.sources));
    notes.insert("n_left_out".to_owned(), Value::from(gathered.n_problems));
    plan.notes
        .insert("imported".to_owned(), Value::Object(notes));
    plan.run = named(&plan);
    plan
}

/// The run's name after all that tells it apart was added: time, and the head of its fingerprint.
fn named(plan: &RunManifest) -> RunId {
    let stamp = plan.run.as_str().rsplit_once('-');
    let stamp = stamp.map_or(plan.run.as_str(), |(stamp, _)| stamp);
    let print = plan.fingerprint().short();
    let head: String = print.chars().take(4).collect();
    RunId::from(format!("{stamp}-{head}"))
}

/// The tool's scores: the first decides, the others are shown.
fn score_set(scorers: &[String], pass_threshold: Score) -> ScoreSet {
    let entry = |(idx, name): (usize, &String)| {
        ScorerEntry::of(ScorerSpec {
            kind: "imported".to_owned(),
            label: name.clone(),
            weight: if idx == 0 { 1.0 } else { 0.0 },
            options: Map::new(),
        })
    };
    ScoreSet {
        scorers: scorers.iter().enumerate().map(entry).collect(),
        pass_threshold,
    }
}

fn pricers(parts: &Parts<'_>) -> anyhow::Result<Vec<Option<Pricer>>> {
    let members = parts.cast.members.iter();
    members
        .map(|member| pricer(parts.context, &member.candidate))
        .collect()
}

struct Writing<'a> {
    run: &'a RunId,
    set: Fingerprint,
    pricers: Vec<Option<Pricer>>,
    writer: Writer,
}

impl Writing<'_> {
    async fn all(&self, gathered: &mut Gathered, printer: Printer) -> anyhow::Result<()> {
        let total = gathered.n_trials();
        let drawing = Drawing::start(printer, "keep results", total, Unit::Count);
        for record in gathered.trials().context("read what was kept")? {
            let mut record = record.context("read what was kept")?;
            let scores = std::mem::take(&mut record.scores);
            let trial = self.trial(record);
            let scores = scores_of(&trial, scores);
            // Receipts are not waited for one by one: the flush tells the first failure.
            drop(self.writer.trial(self.run, trial).await?);
            if !scores.is_empty() {
                drop(self.writer.scores(self.run, self.set, scores).await?);
            }
            drawing.tick();
        }
        self.writer.flush().await?;
        Ok(())
    }

    fn trial(&self, record: GatheredTrial) -> Trial {
        let key = TrialKey {
            candidate_idx: record.candidate,
            item_idx: record.item,
            repeat: record.repeat,
        };
        let (cost, price_row) = self.cost(&record);
        let request = Fingerprint::builder()
            .field("imported")
            .field(self.run.as_str())
            .field(key.candidate_idx.to_be_bytes())
            .field(key.item_idx.to_be_bytes())
            .field(key.repeat.to_be_bytes())
            .finish();
        Trial {
            key,
            request,
            origin: TrialOrigin::Imported,
            attempts: Vec::new(),
            cost,
            n_unpriced_attempts: 0,
            price_row,
            outcome: outcome(record),
        }
    }

    /// What the tool says, else the tokens at today's price.
    fn cost(&self, record: &GatheredTrial) -> (Option<NanoUsd>, Option<Fingerprint>) {
        if record.cost.is_some() {
            return (record.cost, None);
        }
        let priced = record.usage.as_ref().and_then(|usage: &Usage| {
            let pricer = self.pricers.get(record.candidate as usize)?.as_ref()?;
            pricer.price(usage)
        });
        (
            priced.map(|priced| priced.cost),
            priced.map(|priced| priced.row),
        )
    }
}

fn outcome(record: GatheredTrial) -> TrialOutcome {
    if let Some(message) = record.failed {
        return TrialOutcome::Failed(failure(&message));
    }
    let reply = Reply {
        response: ChatResponse {
            text: record.output.unwrap_or_default(),
            usage: record.usage,
            ..ChatResponse::default()
        },
        ..Reply::default()
    };
    TrialOutcome::Answered {
        reply: Box::new(reply),
        timing: Timing {
            first_visible: record.ttft,
            end: record.latency,
            ..Timing::default()
        },
    }
}

/// The kind of failure as far as the tool's words tell.
fn failure(message: &str) -> Failure {
    let lower = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let kind = if says(&["429", "rate limit"]) {
        FailureKind::RateLimited
    } else if says(&["timeout", "timed out", "time limit"]) {
        FailureKind::Deadline
    } else if says(&["connect", "econnrefused", "dns", "fetch failed"]) {
        FailureKind::Connect
    } else if says(&["401", "403", "unauthorized", "api key"]) {
        FailureKind::Auth
    } else {
        FailureKind::ServerError
    };
    Failure::new(kind, FaultSource::Vendor, Retry::No, message)
}

fn scores_of(trial: &Trial, scores: Vec<GatheredScore>) -> Vec<ScoreRecord> {
    scores
        .into_iter()
        .map(|score| ScoreRecord {
            key: trial.key,
            scorer_idx: score.scorer,
            outcome: match score.value {
                Ok(value) => ScoredOutcome::Scored {
                    score: Score::clamped(value),
                    explanation: score
                        .explanation
                        .map(|text| text.chars().take(MAX_EXPLANATION_CHARS).collect()),
                },
                Err(reason) => ScoredOutcome::Failed { reason },
            },
            cost: None,
        })
        .collect()
}
