//! Reading a client's request: who calls, how much it sends, how long it takes.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};
use trilemma_domain::Dialect;
use trilemma_wire::server::ErrorKind;

use crate::ask::{Ask, Facts, Service, Wishes};
use crate::gateway::Gateway;
use crate::peek::{Form, peek};
use crate::refusal::Refusal;
use crate::room::Unread;
use crate::traceparent::Parent;

/// Headers of a client that are the vendor's business, where both speak Anthropic's dialect.
const VENDOR_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
];
/// Longest wait for a body that has been announced.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// What a path says of the body that is sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// A chat in this dialect.
    Chat(Dialect),
    /// A chat in this dialect, unless its fields are those of Responses.
    AnyChat(Dialect),
    /// Texts to be embedded, in OpenAI's words.
    Embeddings,
}

impl Spoken {
    /// The dialect of errors, as long as nothing of the body is known.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Chat(dialect) | Self::AnyChat(dialect) => dialect,
            Self::Embeddings => Dialect::OpenAi,
        }
    }

    /// Where it is sent, in our words.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::Chat(dialect) => Service::Chat.place(dialect),
            Self::AnyChat(_) => "/v1/decide",
            Self::Embeddings => Service::Embeddings.place(Dialect::OpenAi),
        }
    }

    fn form(self) -> Option<Form> {
        match self {
            Self::Chat(Dialect::Responses) => Some(Form::Responses),
            Self::Chat(_) => Some(Form::Messages),
            Self::AnyChat(_) => None,
            Self::Embeddings => Some(Form::Embeddings),
        }
    }
}

/// Reads a request that wants an answer of a model.
pub(crate) async fn read(
    gateway: &Gateway,
    spoken: Spoken,
    request: Request<Incoming>,
) -> Result<Ask, Refusal> {
    let began = Instant::now();
    let at_us = gateway.clock.now_us();
    let (head, body) = request.into_parts();
    let client = gateway.clients.identify(&head.headers)?;
    client.admit()?;
    if gateway.ledger.is_full() {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Overloaded,
            "requests are recorded slower than they come; the ledger must catch up first",
        )
        .after(Duration::from_secs(1)));
    }
    let body = whole_body(gateway, &head.headers, body).await?;
    let (mut peek, form) = peek(&body, spoken.form()).map_err(Refusal::bad_request)?;
    if peek.stored == Some("background") {
        return Err(Refusal::bad_request(
            "`background` leaves the answer at its vendor, to be fetched later, which no budget \
             could count; hint: leave it out, and ask for a stream",
        ));
    }
    let (service, dialect) = match form {
        Form::Messages => (Service::Chat, spoken.dialect()),
        Form::Responses => (Service::Chat, Dialect::Responses),
        Form::Embeddings => {
            // There is no such thing as a stream of vectors.
            peek.stream = false;
            (Service::Embeddings, Dialect::OpenAi)
        }
    };
    let mut vendor_headers = HeaderMap::new();
    if dialect == Dialect::Anthropic {
        for name in VENDOR_HEADERS {
            if let Some(value) = head.headers.get(&name) {
                vendor_headers.insert(name, value.clone());
            }
        }
    }
    Ok(Ask {
        service,
        dialect,
        body,
        peek,
        client: client.name.clone(),
        facts: facts(&head.headers),
        wishes: wishes(&head.headers),
        session: text_of(&head.headers, "x-trilemma-session"),
        parent: text_of(&head.headers, "traceparent").and_then(|text| Parent::parse(&text)),
        vendor_headers,
        began,
        at_us,
    })
}

/// What the caller says of a request beside its body.
fn facts(headers: &HeaderMap) -> Facts {
    let text = |name: &str| text_of(headers, name);
    Facts {
        task: text("x-trilemma-task"),
        user_tier: text("x-trilemma-user-tier"),
        route: text("x-trilemma-route"),
        tags: text("x-trilemma-tags")
            .map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()).collect())
            .unwrap_or_default(),
    }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// What the caller says of its privacy. Whatever is no clear "false" keeps it private.
fn wishes(headers: &HeaderMap) -> Wishes {
    let says = |name: &str, word: &[u8]| {
        let value = headers.get(name).map(|value| value.as_bytes().trim_ascii());
        value.map(|value| value.eq_ignore_ascii_case(word))
    };
    Wishes {
        is_private: says("x-trilemma-private", b"false") == Some(false),
        consents: says("x-trilemma-consent", b"true") == Some(true),
    }
}

/// Reads a body of at most the settings' size, as long as all together have room.
pub(crate) async fn whole_body(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Bytes, Refusal> {
    let encoding = headers
        .get(CONTENT_ENCODING)
        .map(|value| value.as_bytes().trim_ascii());
    if encoding.is_some_and(|word| !word.is_empty() && !word.eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorKind::BadRequest,
            "the body is compressed, as its `content-encoding` says, and is not unpacked here; hint: send it as it is",
        ));
    }
    let max_bytes = gateway.settings.max_request_bytes;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or(0);
    if announced > max_bytes {
        return Err(unread(Unread::TooLarge, max_bytes));
    }
    if !gateway.rooms.has(announced) {
        return Err(unread(Unread::NoRoom, max_bytes));
    }
    let most = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let filled = timeout(BODY_TIMEOUT, gateway.rooms.read(body, most))
        .await
        .map_err(|_| {
            Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                ErrorKind::BadRequest,
                "the request's body did not come in time",
            )
        })?;
    filled.map_err(|why| unread(why, max_bytes))
}

fn unread(why: Unread, max_bytes: u64) -> Refusal {
    match why {
        Unread::TooLarge => Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::BadRequest,
            format!("the request exceeds {max_bytes} bytes"),
        ),
        Unread::NoRoom => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Overloaded,
            "the requests under way are as large as this gateway takes together; try again soon",
        )
        .after(Duration::from_secs(1)),
        Unread::Broken => Refusal::bad_request("the request's body broke off"),
    }
}
