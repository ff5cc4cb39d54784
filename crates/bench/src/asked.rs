//! What a candidate is asked: templates parsed once, a request for each item.
//!
//! In: a candidate and an item. Out: the request as it will be sent, to a model or to a pipeline, and
//! the name by which an identical call is known again.

use trilemma_domain::{
    Candidate, Failure, FailureKind, FaultSource, Fingerprint, Item, PipelineCall, Retry,
};
use trilemma_project::{Body, Prompt, PromptError, chat_request, pipeline_request};
use trilemma_provider::EncodedRequest;

/// The templates of a candidate, parsed.
#[derive(Debug)]
pub struct Asked {
    prompt: Option<Prompt>,
    body: Option<Body>,
}

impl Asked {
    /// Parses the candidate's templates.
    ///
    /// # Errors
    /// As [`Prompt::parse`] and [`Body::parse`].
    pub fn new(candidate: &Candidate) -> Result<Self, PromptError> {
        let prompt = candidate.prompt.as_ref().map(Prompt::parse).transpose()?;
        let pipeline = candidate.target.pipeline.as_ref();
        let body = match pipeline.map(|pipeline| &pipeline.call) {
            Some(PipelineCall::Http { body, .. }) => Some(Body::parse(body)?),
            Some(PipelineCall::Command { .. }) | None => None,
        };
        Ok(Self { prompt, body })
    }

    /// Builds the request for an item.
    ///
    /// # Errors
    /// A failure of kind `Unsendable` that names the item or the template.
    pub fn encode(&self, candidate: &Candidate, item: &Item) -> Result<EncodedRequest, Failure> {
        let target = &candidate.target;
        let Some(pipeline) = &target.pipeline else {
            let request = chat_request(candidate, self.prompt.as_ref(), item)
                .map_err(|error| unsendable(&error))?;
            return EncodedRequest::new(target, &request);
        };
        let templates = (self.prompt.as_ref(), self.body.as_ref());
        let json =
            pipeline_request(candidate, templates, item).map_err(|error| unsendable(&error))?;
        EncodedRequest::pipeline(target, pipeline, json)
    }
}

/// Cache key: endpoint, full request, repeat; of a pipeline also how it is called and at what version.
pub(crate) fn fingerprint(
    candidate: &Candidate,
    encoded: &EncodedRequest,
    repeat: u32,
) -> Fingerprint {
    let target = &candidate.target;
    let mut builder = Fingerprint::builder()
        .field(target.dialect.name())
        .field(&target.base_url)
        .field(encoded.path_and_query())
        .field(encoded.body())
        .field(repeat.to_be_bytes());
    if let Some(pipeline) = &target.pipeline {
        builder = builder
            .field(&target.model)
            .field(serde_json::to_vec(pipeline).unwrap_or_default());
    }
    builder.finish()
}

/// Whether an earlier identical call would be answered in the same way: of a pipeline only its stated
/// version says so.
pub(crate) fn is_replayable(candidate: &Candidate) -> bool {
    let pipeline = candidate.target.pipeline.as_ref();
    pipeline.is_none_or(|pipeline| pipeline.version.is_some())
}

fn unsendable(error: &PromptError) -> Failure {
    Failure::new(
        FailureKind::Unsendable,
        FaultSource::Caller,
        Retry::No,
        &format!("failed to {error}"),
    )
}
