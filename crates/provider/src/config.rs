//! Settings of a client.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;
use crate::proxy::Proxy;

/// How calls are made. Every wait has an end.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Longest wait for name lookup, TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// Longest silence: no byte written or read for this long, before or within the answer.
    pub stall_timeout: Duration,
    /// Longest time of one attempt, from its start to the last byte.
    pub call_deadline: Duration,
    /// Longest wait for the body's end once the answer is known to be complete or broken.
    pub settle_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub max_body_bytes: usize,
    /// Whether attempts keep the body as received.
    pub keep_raw: bool,
    /// Longest time that an unused connection is kept.
    pub idle_timeout: Duration,
    /// Proxies and the hosts that bypass them; `None` = direct.
    pub proxy: Option<Proxy>,
    /// Certificates to trust beside the usual ones, PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Value of the `User-Agent` header.
    pub user_agent: String,
    /// Tells when an attempt started.
    pub clock: Clock,
    /// What programs may be run with; `None` = none is run.
    pub programs: Option<ProgramLeave>,
}

/// Leave to run the programs that the project names, and what they see.
#[derive(Debug, Clone, Default)]
pub struct ProgramLeave {
    /// Where they run; `None` = where we do.
    pub folder: Option<PathBuf>,
    /// Variables that every program sees, such as `PATH`.
    pub usual_env: BTreeMap<String, OsString>,
    /// Variables that a program sees when it names them.
    pub named_env: BTreeMap<String, OsString>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(60),
            call_deadline: Duration::from_secs(600),
            settle_timeout: Duration::from_secs(2),
            max_body_bytes: 64 << 20,
            keep_raw: false,
            idle_timeout: Duration::from_secs(30),
            proxy: None,
            extra_ca_pem: None,
            user_agent: concat!("trilemma/", env!("CARGO_PKG_VERSION")).to_owned(),
            clock: Clock::system(),
            programs: None,
        }
    }
}
