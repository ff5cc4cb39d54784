//! One judge endpoint: sends rendered prompts, reads grades, knows its price.

use std::sync::Arc;

use trilemma_cost::Pricer;
use trilemma_domain::{ChatRequest, FailureKind, NanoUsd, ScoredOutcome, Target, ToolChoice};
use trilemma_provider::{
    Cancel, Client, Connect, EncodedRequest, Lane, LaneCall, Secret, TcpConnector,
};
use trilemma_score::{JudgePrompt, JudgeSpec};

/// Bytes per token that rate limits are planned with; true usage corrects it.
const BYTES_PER_TOKEN: u64 = 3;
/// Tokens that a grade with its explanation is planned with.
const REPLY_TOKENS: u64 = 300;

/// One judge endpoint.
pub struct Judge<C: Connect = TcpConnector> {
    /// Makes the calls.
    pub client: Client<C>,
    /// Where it is.
    pub target: Target,
    /// The key.
    pub secret: Option<Secret>,
    /// Its limits and retries, shared with whoever else calls this endpoint and model.
    pub lane: Arc<Lane>,
    /// Its prices; `None` = unknown.
    pub pricer: Option<Pricer>,
}

/// What one judge call brought.
pub(crate) struct Ruling {
    pub(crate) outcome: ScoredOutcome,
    pub(crate) cost: Option<NanoUsd>,
}

impl<C: Connect> Judge<C> {
    /// Calls the judge; `None` = the run is being stopped.
    pub(crate) async fn rule(
        &self,
        spec: &JudgeSpec,
        prompt: JudgePrompt,
        cancel: &Cancel,
    ) -> Option<Ruling> {
        let request = ChatRequest {
            model: self.target.model.clone(),
            messages: prompt.messages,
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            response_format: prompt.response_format,
            params: spec.params.clone(),
            stream: false,
        };
        let encoded = match EncodedRequest::new(&self.target, &request) {
            Ok(encoded) => encoded,
            Err(failure) => return Some(Ruling::failed(&failure.message, None)),
        };
        let estimated_tokens = encoded.body().len() as u64 / BYTES_PER_TOKEN + REPLY_TOKENS;
        let call = LaneCall {
            request: &encoded,
            secret: self.secret.as_ref(),
            estimated_tokens,
            cancel,
        };
        let called = self.lane.call(&self.client, call, &mut |_| {}).await;
        let cost = called
            .attempts
            .iter()
            .filter_map(|attempt| attempt.usage)
            .try_fold(NanoUsd(0), |sum, usage| {
                Some(sum.saturating_add(self.pricer.as_ref()?.price(&usage)?.cost))
            })
            .filter(|_| {
                called
                    .attempts
                    .iter()
                    .any(|attempt| attempt.usage.is_some())
            });
        match called.result {
            Ok((reply, _)) => Some(Ruling {
                outcome: spec.read(&reply.response.text),
                cost,
            }),
            Err(failure) if failure.kind == FailureKind::Interrupted => None,
            Err(failure) => {
                let reason = format!(
                    "the judge failed: {} ({})",
                    failure.message,
                    failure.kind.name()
                );
                Some(Ruling::failed(&reason, cost))
            }
        }
    }
}

impl Ruling {
    fn failed(reason: &str, cost: Option<NanoUsd>) -> Self {
        Self {
            outcome: ScoredOutcome::Failed {
                reason: reason.to_owned(),
            },
            cost,
        }
    }
}
