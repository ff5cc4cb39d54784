//! What scorers see of a recorded answer.

use trilemma_domain::{NanoUsd, Reply, Timing};
use trilemma_score::Answer;

/// Shows a recorded answer to scorers. The latency of a replay is not of this run, so it is left out.
#[must_use]
pub fn answer_view<'a>(
    reply: &'a Reply,
    timing: &Timing,
    cost: Option<NanoUsd>,
    is_replay: bool,
) -> Answer<'a> {
    let response = &reply.response;
    Answer {
        text: &response.text,
        tool_calls: &response.tool_calls,
        finish: response.finish.as_ref(),
        refusal: response.refusal.as_deref(),
        latency: timing.end.filter(|_| !is_replay),
        ttft: timing.first_visible.filter(|_| !is_replay),
        cost,
        output_tokens: response.usage.map(|usage| usage.output),
    }
}
