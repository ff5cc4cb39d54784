//! A scripted peer over in-memory pipes, for tests under paused time.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::sleep;
use trilemma_domain::{ChatRequest, Dialect, Message, Params, Role, Target, ToolChoice};

use crate::address::Origin;
use crate::connect::Connect;
use crate::encoded::EncodedRequest;

type Serve = dyn Fn(usize, Peer) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// Opens pipes whose other end follows a script.
#[derive(Clone)]
pub(crate) struct Pipes {
    serve: Arc<Serve>,
    n_opened: Arc<AtomicUsize>,
    delay: Duration,
}

impl Pipes {
    /// `serve` gets the number of the connection, from 0, and its other end.
    pub(crate) fn new<F, Fut>(serve: F) -> Self
    where
        F: Fn(usize, Peer) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self {
            serve: Arc::new(move |n, peer| Box::pin(serve(n, peer))),
            n_opened: Arc::new(AtomicUsize::new(0)),
            delay: Duration::ZERO,
        }
    }

    /// Answers every request of every connection with what `answer` makes of its number, from 0
    /// over all connections.
    pub(crate) fn answering<F, Fut>(answer: F) -> (Self, Arc<AtomicUsize>)
    where
        F: Fn(usize) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Vec<u8>> + Send + 'static,
    {
        let n_requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&n_requests);
        let pipes = Self::new(move |_, mut peer| {
            let counter = Arc::clone(&counter);
            let answer = answer.clone();
            async move {
                while peer.request().await.is_some() {
                    let n = counter.fetch_add(1, Ordering::SeqCst);
                    let bytes = answer(n).await;
                    if bytes.is_empty() {
                        return;
                    }
                    peer.write(&bytes).await;
                }
            }
        });
        (pipes, n_requests)
    }

    pub(crate) fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn n_opened(&self) -> usize {
        self.n_opened.load(Ordering::SeqCst)
    }
}

impl Connect for Pipes {
    type Io = DuplexStream;

    async fn connect(&self, _origin: &Origin) -> io::Result<DuplexStream> {
        sleep(self.delay).await;
        let (ours, theirs) = duplex(1 << 20);
        let n = self.n_opened.fetch_add(1, Ordering::SeqCst);
        tokio::spawn((self.serve)(
            n,
            Peer {
                io: Box::new(theirs),
            },
        ));
        Ok(ours)
    }
}

/// Anything that a peer can talk over.
trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// The server's end of a pipe.
pub(crate) struct Peer {
    io: Box<dyn Io>,
}

impl Peer {
    /// Reads one request, head and body; `None` = the client closed.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(self.io.read_u8().await.ok()?);
        }
        let head = String::from_utf8(bytes).unwrap();
        let n_body: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |value| value.parse().unwrap());
        let mut body = vec![0; n_body];
        self.io.read_exact(&mut body).await.ok()?;
        Some(head + &String::from_utf8(body).unwrap())
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // The client may be gone; the test sees that elsewhere.
        let _ = self.io.write_all(bytes).await;
        let _ = self.io.flush().await;
    }

    /// Speaks TLS from here on.
    pub(crate) async fn secured(self, acceptor: &tokio_rustls::TlsAcceptor) -> Self {
        Self {
            io: Box::new(acceptor.accept(self.io).await.unwrap()),
        }
    }

    /// Waits for the client to close; true = it did, without another byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        matches!(self.io.read_u8().await, Err(error) if error.kind() == io::ErrorKind::UnexpectedEof)
    }
}

pub(crate) async fn pass_ms(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

pub(crate) fn target() -> Target {
    Target {
        provider: "work".to_owned(),
        dialect: Dialect::OpenAi,
        base_url: "http://llm.example/v1".to_owned(),
        model: "m".to_owned(),
        api_version: None,
        pipeline: None,
    }
}

pub(crate) fn encoded(stream: bool) -> EncodedRequest {
    encoded_for(&target(), "hello", stream)
}

pub(crate) fn encoded_for(target: &Target, text: &str, stream: bool) -> EncodedRequest {
    let request = ChatRequest {
        model: "m".to_owned(),
        messages: vec![Message::text(Role::User, text)],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        response_format: None,
        params: Params::default(),
        stream,
    };
    EncodedRequest::new(target, &request).unwrap()
}

/// A response with a body of known length.
pub(crate) fn http(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A complete answer saying `text`, with 11 tokens in and 7 out.
pub(crate) fn answer(text: &str) -> Vec<u8> {
    http(200, "x-request-id: req-1\r\n", &answer_json(text))
}

pub(crate) fn answer_json(text: &str) -> String {
    format!(
        r#"{{"id":"c1","object":"chat.completion","model":"m-2026-01-01","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}}}"#
    )
}

pub(crate) const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// One HTTP chunk holding these bytes.
pub(crate) fn chunk(bytes: &str) -> Vec<u8> {
    format!("{:x}\r\n{bytes}\r\n", bytes.len()).into_bytes()
}

/// One stream event with this delta.
pub(crate) fn delta(json: &str) -> String {
    format!(
        "data: {{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{json},\"finish_reason\":null}}]}}\n\n"
    )
}

pub(crate) const FINISH: &str = "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\n";
pub(crate) const DONE: &str = "data: [DONE]\n\n";
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A TLS server for `name`, and the PEM of the authority that signed its certificate.
pub(crate) fn tls(name: &str) -> (tokio_rustls::TlsAcceptor, String) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca = rcgen::CertifiedIssuer::self_signed(params, ca_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ca).unwrap();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    (tokio_rustls::TlsAcceptor::from(Arc::new(config)), ca.pem())
}
