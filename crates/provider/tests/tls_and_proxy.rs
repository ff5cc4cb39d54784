//! Encrypted calls and proxies over real sockets on loopback.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail like tests"
)]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use trilemma_domain::{
    ChatRequest, Dialect, FailureKind, FaultSource, Message, Params, Retry, Role, Target,
    ToolChoice,
};
use trilemma_provider::{
    Attempted, Call, Client, ClientConfig, EncodedRequest, KeyKind, Proxy, Secret,
};

const ANSWER: &str = r#"{"id":"c1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;

fn encoded(base_url: &str) -> EncodedRequest {
    let target = Target {
        provider: "work".to_owned(),
        dialect: Dialect::OpenAi,
        base_url: base_url.to_owned(),
        model: "m".to_owned(),
        api_version: None,
        pipeline: None,
    };
    let request = ChatRequest {
        model: "m".to_owned(),
        messages: vec![Message::text(Role::User, "hello")],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        response_format: None,
        params: Params::default(),
        stream: false,
    };
    EncodedRequest::new(&target, &request).unwrap()
}

async fn read_head<I: AsyncRead + Unpin>(io: &mut I) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// Answers every request on one connection; keeps the heads.
async fn serve<I: AsyncRead + AsyncWrite + Unpin>(mut io: I, heads: Arc<Mutex<Vec<String>>>) {
    while let Some(head) = read_head(&mut io).await {
        let n_body = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |value| value.parse().unwrap());
        let mut body = vec![0; n_body];
        io.read_exact(&mut body).await.unwrap();
        heads.lock().unwrap().push(head);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ANSWER}",
            ANSWER.len()
        );
        io.write_all(answer.as_bytes()).await.unwrap();
        io.flush().await.unwrap();
    }
}

/// A TLS server with a certificate for `names`, and the CA that signed it, PEM.
struct TlsServer {
    address: SocketAddr,
    ca_pem: String,
    heads: Arc<Mutex<Vec<String>>>,
    n_connections: Arc<AtomicUsize>,
}

async fn tls_server(names: &[&str]) -> TlsServer {
    let mut ca_params = CertificateParams::new(Vec::new()).unwrap();
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca_params, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = TlsServer {
        address: listener.local_addr().unwrap(),
        ca_pem: ca.pem(),
        heads: Arc::default(),
        n_connections: Arc::default(),
    };
    let (heads, n_connections) = (Arc::clone(&server.heads), Arc::clone(&server.n_connections));
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (acceptor, heads) = (acceptor.clone(), Arc::clone(&heads));
            n_connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(socket).await {
                    serve(stream, heads).await;
                }
            });
        }
    });
    server
}

fn client(ca_pem: Option<&str>, proxy: Option<Proxy>) -> Client {
    Client::new(ClientConfig {
        extra_ca_pem: ca_pem.map(|pem| pem.as_bytes().to_vec()),
        proxy,
        ..ClientConfig::default()
    })
    .unwrap()
}

async fn call(client: &Client, base_url: &str) -> Attempted {
    let secret = Secret::new("sk-secret", KeyKind::ApiKey, base_url).unwrap();
    client
        .attempt(&Call::first(&encoded(base_url), Some(&secret)))
        .await
}

fn assert_hi(attempted: &Attempted) {
    let failure = &attempted.attempt.failure;
    let reply = attempted
        .reply
        .as_ref()
        .unwrap_or_else(|| panic!("{failure:?}"));
    assert_eq!(reply.response.text, "hi");
}

#[tokio::test]
async fn an_extra_ca_is_trusted_and_the_connection_reused() {
    let server = tls_server(&["127.0.0.1", "localhost"]).await;
    let client = client(Some(&server.ca_pem), None);
    let base_url = format!("https://{}/v1", server.address);
    let first = call(&client, &base_url).await;
    assert_hi(&first);
    let timing = &first.attempt.timing;
    assert!(
        timing.connect.is_some() && timing.first_byte.is_some() && timing.end >= timing.first_byte
    );
    let second = call(&client, &base_url).await;
    assert_hi(&second);
    assert_eq!(second.attempt.timing.connect, None);
    assert_eq!(server.n_connections.load(Ordering::SeqCst), 1);
    let heads = server.heads.lock().unwrap();
    assert!(
        heads[0].contains("\r\nauthorization: Bearer sk-secret\r\n"),
        "{}",
        heads[0]
    );
}

#[tokio::test]
async fn a_client_of_another_stall_timeout_trusts_the_same_and_opens_its_own_connections() {
    let server = tls_server(&["127.0.0.1"]).await;
    let client = client(Some(&server.ca_pem), None);
    let patient = client.with_stall_timeout(Duration::from_secs(300));
    assert_eq!(
        [&client, &patient].map(|one| one.config().stall_timeout.as_secs()),
        [60, 300]
    );
    let base_url = format!("https://{}/v1", server.address);
    for one in [&client, &patient] {
        assert_hi(&call(one, &base_url).await);
    }
    assert_eq!(server.n_connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn unknown_authorities_and_wrong_names_are_refused_for_good() {
    let server = tls_server(&["other.example"]).await;
    let base_url = format!("https://{}/v1", server.address);
    for ca_pem in [None, Some(server.ca_pem.as_str())] {
        let attempted = call(&client(ca_pem, None), &base_url).await;
        let failure = attempted.attempt.failure.unwrap();
        assert_eq!(
            (failure.kind, failure.retry),
            (FailureKind::Connect, Retry::No)
        );
        assert!(failure.message.contains("hint:"), "{failure:?}");
    }
    assert!(server.heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn plain_http_where_tls_is_expected_is_a_connect_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        let mut received = Vec::new();
        let _ = socket.read_to_end(&mut received).await;
        assert!(!received.windows(4).any(|window| window == b"POST"));
    });
    let attempted = call(&client(None, None), &base_url).await;
    assert_eq!(
        attempted.attempt.failure.unwrap().kind,
        FailureKind::Connect
    );
    assert_eq!(attempted.attempt.status, None);
}

/// A proxy that tunnels every host to `target`, and answers plain requests itself.
struct TestProxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

async fn proxy(target: Option<SocketAddr>, refusal: Option<&'static str>) -> TestProxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let found = TestProxy {
        address: listener.local_addr().unwrap(),
        heads: Arc::default(),
    };
    let heads = Arc::clone(&found.heads);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let heads = Arc::clone(&heads);
            tokio::spawn(async move {
                let Some(target) = target else {
                    return serve(socket, heads).await;
                };
                let head = read_head(&mut socket).await.unwrap();
                heads.lock().unwrap().push(head);
                if let Some(refusal) = refusal {
                    socket.write_all(refusal.as_bytes()).await.unwrap();
                    return;
                }
                socket
                    .write_all(b"HTTP/1.1 200 Connection established\r\nvia: t\r\n\r\n")
                    .await
                    .unwrap();
                let mut onward = TcpStream::connect(target).await.unwrap();
                let _ = copy_bidirectional(&mut socket, &mut onward).await;
            });
        }
    });
    found
}

#[tokio::test]
async fn encrypted_calls_go_through_a_tunnel() {
    let server = tls_server(&["llm.example"]).await;
    let proxy = proxy(Some(server.address), None).await;
    let address = format!("http://us%40er:pw@{}", proxy.address);
    let settings = Proxy::new(None, Some(&address), "").unwrap();
    let client = client(Some(&server.ca_pem), Some(settings));
    assert_hi(&call(&client, "https://llm.example/v1").await);
    assert_hi(&call(&client, "https://llm.example/v1").await);
    let heads = proxy.heads.lock().unwrap();
    assert_eq!(heads.len(), 1, "the tunnel is reused");
    assert!(
        heads[0].starts_with("CONNECT llm.example:443 HTTP/1.1\r\nHost: llm.example:443\r\n"),
        "{}",
        heads[0]
    );
    assert!(
        heads[0].contains("Proxy-Authorization: Basic dXNAZXI6cHc=\r\n"),
        "{}",
        heads[0]
    );
    assert!(!heads[0].contains("sk-secret"));
    let inner = server.heads.lock().unwrap();
    assert!(
        inner[0].starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{}",
        inner[0]
    );
    assert!(!inner[0].contains("roxy-"), "{}", inner[0]);
}

#[tokio::test]
async fn a_proxys_refusal_says_whose_fault_it_is() {
    let server = tls_server(&["llm.example"]).await;
    for (refusal, source, retry, word) in [
        (
            "HTTP/1.1 407 No\r\n\r\n",
            FaultSource::Caller,
            Retry::No,
            "user name",
        ),
        (
            "HTTP/1.1 403 No\r\n\r\n",
            FaultSource::Caller,
            Retry::No,
            "403",
        ),
        (
            "HTTP/1.1 502 No\r\n\r\n",
            FaultSource::Network,
            Retry::Backoff,
            "502",
        ),
        (
            "nonsense\r\n\r\n",
            FaultSource::Network,
            Retry::Backoff,
            "no HTTP",
        ),
        (
            "HTTP/1.1 2",
            FaultSource::Network,
            Retry::Backoff,
            "through the proxy",
        ),
    ] {
        let proxy = proxy(Some(server.address), Some(refusal)).await;
        let address = format!("http://user:hunter2@{}", proxy.address);
        let settings = Proxy::new(None, Some(&address), "").unwrap();
        let client = client(Some(&server.ca_pem), Some(settings));
        let failure = call(&client, "https://llm.example/v1")
            .await
            .attempt
            .failure
            .unwrap();
        assert_eq!(
            (failure.kind, failure.source, failure.retry),
            (FailureKind::Connect, source, retry),
            "{failure:?}"
        );
        assert!(failure.message.contains(word), "{failure:?}");
        assert!(!failure.message.contains("hunter2"), "{failure:?}");
    }
    assert!(server.heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn plain_calls_are_forwarded_with_their_full_address() {
    let proxy = proxy(None, None).await;
    let address = format!("http://user:pw@{}", proxy.address);
    let settings = Proxy::new(Some(&address), None, "direct.example").unwrap();
    let client = client(None, Some(settings));
    assert_hi(&call(&client, "http://llm.example:8080/v1").await);
    let heads = proxy.heads.lock().unwrap();
    let head = &heads[0];
    assert!(
        head.starts_with("POST http://llm.example:8080/v1/chat/completions HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nhost: llm.example:8080\r\n"), "{head}");
    assert!(
        head.contains("\r\nproxy-authorization: Basic dXNlcjpwdw==\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn calls_to_this_machine_need_no_proxy_that_works() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        assert!(socket.nodelay().is_ok());
        serve(socket, Arc::default()).await;
    });
    let settings = Proxy::new(Some("http://proxy.invalid:1"), None, "").unwrap();
    assert_hi(&call(&client(None, Some(settings)), &base_url).await);
}

#[tokio::test]
async fn a_closed_port_is_a_connect_failure() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let attempted = call(&client(None, None), &format!("http://{closed}/v1")).await;
    let failure = attempted.attempt.failure.unwrap();
    assert_eq!(
        (failure.kind, failure.source, failure.retry),
        (FailureKind::Connect, FaultSource::Network, Retry::Backoff)
    );
    assert_eq!(attempted.attempt.timing.send, None);
}
