//! The way out: one HTTP client for adapters and gateways, and bare connections for other protocols
//! ([`super::sftp`]), which reach the public internet and the hosts the operator named, and nothing else.
//!
//! The address is checked where the connection is made, on what the name resolved to at that moment,
//! so a name that points somewhere else the next time gains nothing. Redirects are not followed.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use tokio::net::TcpStream;
use tracing::Instrument as _;
use url::{Host, Url};

use super::cidr::{Cidr, is_public};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the other side may be silent.
const READ: Duration = Duration::from_secs(10);
/// How long a whole exchange may take; a supplier at one byte a second is not waited for.
const TOTAL: Duration = Duration::from_secs(30);

/// Why an exchange did not begin, or did not end.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// Not `http` or `https`, without a host, or with a password in it.
    #[error("not a URL that may be called")]
    BadUrl,
    /// The host is not on the public internet, and the operator did not allow it.
    #[error("the host is not on the public internet; CONSIGN_EGRESS_ALLOW may allow it")]
    Refused,
    /// The answer is larger than it may be.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer was not a good one.
    #[error("the server answered {0}")]
    Status(u16),
    /// Nobody answers there.
    #[error("no connection")]
    Unreachable(#[source] std::io::Error),
    /// The network failed.
    #[error("the request failed: {}", chain(.0))]
    Network(#[source] reqwest::Error),
}

impl EgressError {
    /// Whether the request surely never reached the other side.
    pub fn surely_not_sent(&self) -> bool {
        match self {
            Self::BadUrl | Self::Refused | Self::Unreachable(_) => true,
            Self::TooLarge(_) | Self::Status(_) => false,
            Self::Network(error) => error.is_connect() || error.is_builder(),
        }
    }
}

impl From<reqwest::Error> for EgressError {
    fn from(error: reqwest::Error) -> Self {
        // The URL may carry a credential.
        Self::Network(error.without_url())
    }
}

/// The whole chain of causes: reqwest's own text says only that sending failed.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The HTTP client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Egress {
    client: Client,
    allow: Arc<Allow>,
}

impl Egress {
    /// A client that reaches the public internet and `allow`: hosts, addresses and networks.
    pub fn new(allow: &[String]) -> anyhow::Result<Self> {
        let allow = Arc::new(Allow::new(allow));
        let client = Client::builder()
            .user_agent(concat!("consign/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(READ)
            .timeout(TOTAL)
            // A proxy would resolve names for us, past the guard.
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver(Arc::clone(&allow))))
            .build()?;
        Ok(Self { client, allow })
    }

    /// Begins a request, unless `url` may not be called.
    pub fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, EgressError> {
        self.check(&url)?;
        Ok(self.client.request(method, url))
    }

    /// What `url` of a partner of this kind holds, if that is at most `max` bytes.
    pub async fn read(&self, to: Partner, url: Url, max: usize) -> Result<Vec<u8>, EgressError> {
        let response = send(to, self.request(Method::GET, url)).await?;
        match response.status() {
            status if status.is_success() => read_bounded(response, max).await,
            status => Err(EgressError::Status(status.as_u16())),
        }
    }

    /// Whether `url` may be called, as far as can be told without asking DNS.
    pub fn check(&self, url: &Url) -> Result<(), EgressError> {
        let plain = matches!(url.scheme(), "http" | "https") && url.password().is_none();
        match url.host() {
            Some(host) if plain => self.check_host(&host),
            _ => Err(EgressError::BadUrl),
        }
    }

    /// Whether a host may be called, as far as can be told without asking DNS.
    pub fn check_host<S>(&self, host: &Host<S>) -> Result<(), EgressError> {
        // The resolver is not asked about literal addresses.
        match literal(host) {
            Some(address) if !self.allow.address(address) => Err(EgressError::Refused),
            _ => Ok(()),
        }
    }

    /// Connects to a host, by the same rules as a request, and counts what comes of it.
    pub async fn connect(&self, to: Partner, host: &Host<String>, port: u16) -> Result<TcpStream, EgressError> {
        let result = self.dial(host, port).await;
        let outcome = match &result {
            Ok(_) => "connected",
            Err(EgressError::Refused) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!("consign_egress_calls_total", "to" => to.name(), "outcome" => outcome).increment(1);
        result
    }

    async fn dial(&self, host: &Host<String>, port: u16) -> Result<TcpStream, EgressError> {
        self.check_host(host)?;
        let dialing = async {
            let addresses = match host {
                Host::Domain(name) => self.allow.resolve(name, port).await?,
                Host::Ipv4(_) | Host::Ipv6(_) => {
                    literal(host).into_iter().map(|address| SocketAddr::new(address, port)).collect()
                }
            };
            if addresses.is_empty() {
                return Err(EgressError::Refused);
            }
            TcpStream::connect(addresses.as_slice()).await.map_err(EgressError::Unreachable)
        };
        let too_long = |_| EgressError::Unreachable(std::io::ErrorKind::TimedOut.into());
        tokio::time::timeout(CONNECT, dialing).await.map_err(too_long)?
    }
}

/// The address that a host is, if it is no name.
fn literal<S>(host: &Host<S>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(v4) => Some(IpAddr::V4(*v4)),
        Host::Ipv6(v6) => Some(IpAddr::V6(*v6)),
        Host::Domain(_) => None,
    }
}

/// Whom a request is for, in the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partner {
    /// A supplier's program.
    Supplier,
    /// A payment provider.
    Gateway,
    /// Where a catalogue is imported from.
    Feed,
    /// The merchant's identity provider.
    Identity,
}

impl Partner {
    fn name(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::Gateway => "gateway",
            Self::Feed => "feed",
            Self::Identity => "identity",
        }
    }
}

tokio::task_local! {
    /// The status of the last answer within [`observed`].
    static LAST_STATUS: Cell<Option<u16>>;
}

/// Does `work`, and tells the HTTP status of the last answer it got, if it got one.
pub async fn observed<T>(work: impl Future<Output = T>) -> (T, Option<u16>) {
    let seen = async {
        let done = work.await;
        (done, LAST_STATUS.with(Cell::get))
    };
    LAST_STATUS.scope(Cell::new(None), seen).await
}

/// Sends a request that was begun, and counts what comes of it.
pub async fn send(to: Partner, request: Result<RequestBuilder, EgressError>) -> Result<Response, EgressError> {
    let began = Instant::now();
    let span = tracing::info_span!("call", to = to.name());
    let result = match request {
        Ok(request) => request.send().instrument(span).await.map_err(EgressError::from),
        Err(error) => Err(error),
    };
    if let Ok(response) = &result {
        // Nobody may be looking.
        LAST_STATUS.try_with(|last| last.set(Some(response.status().as_u16()))).ok();
    }
    let outcome = match &result {
        Ok(response) => class(response.status()),
        Err(EgressError::BadUrl | EgressError::Refused) => "refused",
        Err(_) => "failed",
    };
    metrics::counter!("consign_egress_calls_total", "to" => to.name(), "outcome" => outcome).increment(1);
    metrics::histogram!("consign_egress_call_seconds", "to" => to.name()).record(began.elapsed().as_secs_f64());
    result
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}

/// Reads an answer's body, unless it is larger than `max` bytes once unpacked.
pub async fn read_bounded(response: Response, max: usize) -> Result<Vec<u8>, EgressError> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > max {
            return Err(EgressError::TooLarge(max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[derive(Debug)]
struct Allow {
    hosts: Vec<String>,
    networks: Vec<Cidr>,
}

impl Allow {
    fn new(entries: &[String]) -> Self {
        let networks = entries.iter().filter_map(|entry| entry.trim_matches(['[', ']']).parse().ok()).collect();
        let hosts = entries.iter().map(|entry| entry.to_ascii_lowercase()).collect();
        Self { hosts, networks }
    }

    fn host(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    fn address(&self, address: IpAddr) -> bool {
        is_public(address) || self.networks.iter().any(|network| network.contains(address))
    }

    /// What a name means now, as far as it may be reached.
    async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, EgressError> {
        let found = tokio::net::lookup_host((name, port)).await.map_err(EgressError::Unreachable)?;
        let named = self.host(name);
        Ok(found.filter(|address| named || self.address(address.ip())).collect())
    }
}

/// Resolves names to the addresses that may be reached.
struct GuardedResolver(Arc<Allow>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = Arc::clone(&self.0);
        Box::pin(async move {
            let allowed = allow.resolve(name.as_str(), 0).await?;
            if allowed.is_empty() {
                return Err(EgressError::Refused.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allow: &[&str], url: &str) -> Result<(), EgressError> {
        let allow: Vec<String> = allow.iter().map(|&entry| entry.to_owned()).collect();
        // The host of a `Url` is normal already: `http://0x7f.1` reads as 127.0.0.1.
        Egress::new(&allow).expect("a client").check(&url.parse().expect("a URL"))
    }

    #[test]
    fn literal_addresses_off_the_internet_are_refused() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        for url in
            ["http://127.0.0.1/", "http://0x7f.1/", "http://2130706433/", "http://017700000001/", "http://[::1]/"]
        {
            assert!(matches!(check(&[], url), Err(EgressError::Refused)), "{url}");
        }
        assert!(matches!(check(&[], "ftp://example.com/"), Err(EgressError::BadUrl)));
        assert!(matches!(check(&[], "https://a:b@example.com/"), Err(EgressError::BadUrl)));
        assert!(check(&["127.0.0.0/8"], "http://127.0.0.1:9000/").is_ok());
        assert!(check(&[], "https://1.1.1.1/").is_ok());
    }

    #[tokio::test]
    async fn names_are_checked_by_what_they_resolve_to() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let url: Url = "http://localhost:9/".parse().expect("a URL");
        let refused =
            Egress::new(&[]).expect("a client").request(Method::GET, url.clone()).expect("a name").send().await;
        let refused = EgressError::from(refused.expect_err("refused"));
        assert!(refused.to_string().contains("not on the public internet"), "{refused}");
        assert!(refused.surely_not_sent());
        let allowed = Egress::new(&["localhost".to_owned()]).expect("a client");
        let error =
            EgressError::from(allowed.request(Method::GET, url).expect("a name").send().await.expect_err("closed"));
        assert!(!error.to_string().contains("not on the public internet"), "{error}");
    }
}
