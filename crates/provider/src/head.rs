//! What a response head says, apart from what `wire` reads in it.

use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderMap, LOCATION};
use trilemma_domain::{Dialect, Failure};
use trilemma_wire::client::Headers;

use crate::encoded::EncodedRequest;
use crate::fault;

/// The simulator's word for counts that no vendor reported.
const USAGE_HEADER: &str = "x-trilemma-usage";

/// Response headers as `wire` looks them up.
pub(crate) struct View<'a>(pub(crate) &'a HeaderMap);

impl Headers for View<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        // A head has a dozen names, which are in lower case: to look at each is less than to prepare one for a look-up.
        let found = self.0.iter().find(|(own, _)| own.as_str() == name);
        found?.1.to_str().ok()
    }
}

/// Says whether the body is a stream of events: by what it says of itself, else by what was asked.
///
/// A server that does not stream answers a stream request with one JSON object. Gemini's JSON may
/// also be an array that comes piece by piece, which the stream decoder reads.
pub(crate) fn comes_as_events(request: &EncodedRequest, headers: &View<'_>) -> bool {
    if request.asked_pipeline().is_some() {
        return false;
    }
    let content_type = headers.get("content-type").unwrap_or_default().trim_start();
    let is = |name: &str| {
        content_type
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if is("text/event-stream") {
        return true;
    }
    let is_one_json = is("application/json") && request.dialect() != Dialect::Gemini;
    request.is_stream() && !is_one_json
}

/// Says what a status other than 2xx means; `decode` reads the vendor's error body.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &View<'_>,
    decode: impl FnOnce() -> Failure,
) -> Failure {
    let code = status.as_u16();
    if status.is_redirection() {
        return fault::redirect(code, headers.get(LOCATION.as_str()));
    }
    if status.is_client_error() || status.is_server_error() {
        return decode().with_status(code);
    }
    fault::odd_status(code)
}

/// Says whether a server counted the tokens itself, as the simulator does.
pub(crate) fn is_usage_estimated(headers: &View<'_>) -> bool {
    headers.get(USAGE_HEADER) == Some("estimated")
}

/// Says whether the simulator answers: it names itself in `Server`.
pub(crate) fn is_simulated(headers: &View<'_>) -> bool {
    headers.get("server") == Some("trilemma-sim")
}

/// How long the peer keeps an unused connection, by its `Keep-Alive: timeout=5`, less a second for
/// the way there; `None` = it does not say.
pub(crate) fn keep_alive(headers: &View<'_>) -> Option<Duration> {
    let seconds: u64 = headers
        .get("keep-alive")?
        .split(',')
        .find_map(|part| part.trim().strip_prefix("timeout="))?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.saturating_sub(1)))
}
