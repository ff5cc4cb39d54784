//! Items and outputs of a run, for reports that embed them.

use anyhow::Context as _;
use trilemma_decide::Decision;
use trilemma_domain::{
    Expected, Input, Item, ItemId, ObservedState, RunId, ScoredOutcome, TrialKey, TrialOutcome,
};
use trilemma_report::{
    Content, ContentAnswer, ContentBuilder, ContentItem, DEFAULT_CONTENT_BYTES, Room, item_order,
};
use trilemma_store::{ScoreSet, Store, TrialDetail};

use crate::context::Context;
use crate::field::Field;
use crate::sample::Sample;

/// Items that find no room before the rest is not looked at any more.
const PATIENCE: usize = 50;

/// Collects what a report embeds: disagreements first, up to the limit of bytes.
pub(crate) fn collect(
    context: &Context,
    (store, run): (&Store, &RunId),
    (decision, sample): (&Decision, &Sample),
) -> anyhow::Result<Content> {
    let manifest = store.manifest(run)?;
    let set = store.score_set(run)?;
    let settled = store.settled(run)?;
    let places = Field::of(context, store, &manifest)?.places;
    let mut builder = ContentBuilder::new(DEFAULT_CONTENT_BYTES);
    let order = item_order(decision, sample.chosen.len());
    let mut n_refused = 0;
    for (place, item_idx) in order.iter().enumerate() {
        if n_refused >= PATIENCE {
            builder.leave_out(order.len() - place);
            break;
        }
        let sample_place = *item_idx;
        let Some(item_idx) = sample.chosen.get(sample_place) else {
            continue;
        };
        let Some(id) = manifest.items.get(*item_idx) else {
            continue;
        };
        let mut entry = content_item(store, &manifest.golden, id)?;
        for (candidate_idx, place) in (0u32..).zip(&places) {
            let Some(place) = place else { continue };
            for repeat in 0..manifest.repeats {
                let key = TrialKey {
                    candidate_idx,
                    item_idx: u32::try_from(*item_idx)?,
                    repeat,
                };
                if settled.get(key).is_some() {
                    let detail = store.trial_detail(run, key)?;
                    entry.answers.push(answer(*place as usize, &detail, &set));
                }
            }
        }
        entry.answers.extend(routed(decision, sample_place));
        match builder.push(&entry, decision.candidates.len()) {
            Room::Kept => {}
            Room::LeftOut => n_refused += 1,
        }
    }
    Ok(builder.finish())
}

/// What a routed mix made of an item: whose answer it gave.
fn routed(decision: &Decision, item: usize) -> Option<ContentAnswer> {
    let routing = decision.routing.as_ref()?;
    let candidate = routing.candidate?;
    let one = routing.items.iter().find(|one| one.item == item)?;
    let id = &decision.candidates.get(one.answered_by?)?.id;
    Some(ContentAnswer {
        candidate,
        output: Some(format!("[the answer of `{id}`: {}]", one.why)),
        score: Some(f64::from(u8::from(one.passes))),
        pass: Some(one.passes),
        ..ContentAnswer::default()
    })
}

fn content_item(
    store: &Store,
    golden: &trilemma_domain::Fingerprint,
    id: &ItemId,
) -> anyhow::Result<ContentItem> {
    let body = store
        .item(golden, id)?
        .with_context(|| format!("find item `{id}` in the store"))?;
    let item: Item = serde_json::from_str(&body)?;
    let extras = item.extras.into_inner();
    Ok(ContentItem {
        id: item.id.to_string(),
        input: input_text(&item.input),
        expected: item.expected.as_ref().map(expected_text),
        tags: extras.tags,
        criteria: extras.criteria,
        answers: Vec::new(),
    })
}

/// The input as one text.
pub(crate) fn input_text(input: &Input) -> String {
    match input {
        Input::Text(text) => text.clone(),
        Input::Messages(messages) => messages
            .iter()
            .map(|message| format!("{:?}: {}", message.role, message.joined_text()))
            .collect::<Vec<_>>()
            .join("\n\n"),
    }
}

/// The expected answer as one text.
pub(crate) fn expected_text(expected: &Expected) -> String {
    match expected {
        Expected::Text(text) => text.clone(),
        Expected::List(texts) => texts.join("\n"),
        Expected::Json(value) => value.to_string(),
        Expected::ToolCalls(calls) => serde_json::to_string(calls).unwrap_or_default(),
    }
}

fn answer(candidate: usize, detail: &TrialDetail, set: &ScoreSet) -> ContentAnswer {
    let trial = &detail.trial;
    let mut shown = ContentAnswer {
        candidate,
        repeat: trial.key.repeat,
        ..ContentAnswer::default()
    };
    match &trial.outcome {
        TrialOutcome::Failed(failure) => {
            shown.note = Some(format!("{}: {}", failure.kind.name(), failure.message));
        }
        TrialOutcome::Answered { reply, .. } => {
            let response = &reply.response;
            let mut text = response.text.clone();
            if !response.tool_calls.is_empty() {
                text.push_str(&serde_json::to_string(&response.tool_calls).unwrap_or_default());
            }
            shown.output = Some(text);
            shown.note = response
                .refusal
                .as_ref()
                .map(|refusal| format!("refused: {refusal}"));
        }
    }
    let word = |idx: usize| {
        detail.scores.iter().find_map(|score| {
            (score.scorer_idx == u32::try_from(idx).ok()).then_some(&score.outcome)
        })
    };
    if let ObservedState::Scored { score, pass } = set.combine((0..set.scorers.len()).map(word)) {
        shown.score = Some(score.value());
        shown.pass = Some(pass);
    }
    let words: Vec<String> = detail
        .scores
        .iter()
        .filter(|score| score.scorer_idx.is_some())
        .map(|score| format!("{}: {}", score.label, outcome_text(&score.outcome)))
        .collect();
    shown.explanation = (!words.is_empty()).then(|| words.join("\n"));
    shown
}

fn outcome_text(outcome: &ScoredOutcome) -> String {
    match outcome {
        ScoredOutcome::Scored { score, explanation } => match explanation {
            Some(why) => format!("{:.2} ({why})", score.value()),
            None => format!("{:.2}", score.value()),
        },
        ScoredOutcome::NotApplicable { reason } => format!("does not apply: {reason}"),
        ScoredOutcome::Failed { reason } => format!("could not run: {reason}"),
    }
}
