//! What can be wrong with a client's settings, before any call.

/// A setting that cannot work. Calls themselves report a `Failure` of `domain`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The base URL is not one that can be called.
    #[error(
        "read base URL `{url}`: {reason}; hint: write it like `https://api.example.com/v1`, without user, query or fragment"
    )]
    BaseUrl {
        /// The URL as given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The secret holds bytes that no HTTP header may carry.
    #[error(
        "use the key for `{base_url}`: it is empty or holds line breaks or control characters; hint: trim the value where it is stored"
    )]
    Secret {
        /// The base URL that it is bound to.
        base_url: String,
    },
    /// A proxy address that cannot be used. The address is not repeated: it may hold a password.
    #[error(
        "read the proxy address: {reason}; hint: write it like `http://user:password@proxy.example.com:3128`"
    )]
    Proxy {
        /// What is wrong with it.
        reason: String,
    },
    /// The extra certificates cannot be read.
    #[error(
        "read the extra CA certificates: {reason}; hint: give PEM text with `BEGIN CERTIFICATE`"
    )]
    ExtraCa {
        /// What is wrong with them.
        reason: String,
    },
    /// The user agent is no header value.
    #[error("use `{user_agent}` as user agent; hint: printable ASCII only")]
    UserAgent {
        /// The value as given.
        user_agent: String,
    },
}
