//! A file from somebody's server, over SFTP, to disk and within bounds.
//!
//! The address is guarded as those of HTTP are ([`Egress`]). A server is known by the fingerprint of its key,
//! which somebody has compared and written down: one that shows another key, or whose key nobody has compared
//! yet, is told nothing, neither who asks nor the password.
//!
//! Keys are Ed25519 or ECDSA, the server's and the store's: RSA's crate is not let in (`deny.toml`).

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use russh::client::{self, Handle};
use russh::keys::ssh_key::Fingerprint;
use russh::keys::{
    Algorithm, EcdsaCurve, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key,
};
use russh_sftp::client::error::Error as ProtocolError;
use russh_sftp::client::fs::File as RemoteHandle;
use russh_sftp::client::{Config as SftpConfig, SftpSession};
use russh_sftp::protocol::{FileAttributes, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::{Host, Url};

use super::egress::{Egress, EgressError, Partner};

/// SSH's port.
const PORT: u16 = 22;
/// How long it may take until the file is open.
const OPENING: Duration = Duration::from_secs(30);
/// How long an answer may take, in seconds.
const ANSWER: u64 = 10;
/// After so much silence the connection ends, whoever still holds it.
const SILENCE: Duration = Duration::from_secs(60);
/// How much is read at a time.
const CHUNK: usize = 64 * 1024;
/// The kinds of keys a server may show.
static SERVER_KEYS: [Algorithm; 4] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
];

/// Where a file is, and who asks for it.
#[derive(Clone)]
pub struct Login {
    /// `sftp://user@host:port/path`; the path begins at the root, or behind `/~/` where logging in leads.
    pub url: Url,
    /// The password, where there is no key.
    pub password: Option<String>,
    /// The private key, in PEM.
    pub private_key: Option<String>,
    /// The fingerprint of the server's key: `SHA256:…`.
    pub host_key: Option<String>,
}

/// Why a file is not here whole. No text of the server's is in it.
#[derive(Debug, thiserror::Error)]
pub enum SftpError {
    /// There is no connection.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The server's key is not the one that was written down. Nothing was told to it.
    #[error("the server shows another key: {offered}")]
    HostKey {
        /// The fingerprint of the key it shows.
        offered: String,
    },
    /// Neither a password nor a key is there to show.
    #[error("there is neither a password nor a private key for it")]
    NoSecret,
    /// The credentials do not fit, or do so no longer.
    #[error("the server does not let the store in")]
    NotLetIn,
    /// There is no such file, or not for us.
    #[error("the server has no such file, or does not show it")]
    NoFile,
    /// Too slow.
    #[error("it took too long")]
    TooLong,
    /// The server's algorithms, or the kind of its key, are none of ours.
    #[error("the server offers no algorithm that is known here; its key has to be Ed25519 or ECDSA")]
    NothingInCommon,
    /// It has more bytes than it may.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// It is not the file any more that it was when it was opened.
    #[error("the file changed while it was read")]
    Changed,
    /// The transfer failed.
    #[error("the transfer failed")]
    BrokenOff(#[source] std::io::Error),
    /// It could not be written down.
    #[error("the file could not be written: {0}")]
    Disk(#[source] std::io::Error),
    /// The server does not answer as SSH has it.
    #[error("the connection failed")]
    Ssh(#[source] russh::Error),
    /// The server does not answer as SFTP has it.
    #[error("the server does not answer as a server of files")]
    Protocol(#[source] ProtocolError),
}

impl From<russh::Error> for SftpError {
    fn from(error: russh::Error) -> Self {
        match error {
            russh::Error::NoCommonAlgo { .. } => Self::NothingInCommon,
            error => Self::Ssh(error),
        }
    }
}

impl From<ProtocolError> for SftpError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::Status(status)
                if matches!(status.status_code, StatusCode::NoSuchFile | StatusCode::PermissionDenied) =>
            {
                Self::NoFile
            }
            ProtocolError::Timeout => Self::TooLong,
            error => Self::Protocol(error),
        }
    }
}

/// Whether `url` is the address of a file that may be fetched, as far as can be told without asking DNS.
pub fn check(egress: &Egress, url: &Url) -> Result<(), EgressError> {
    egress.check_host(&Place::of(url).ok_or(EgressError::BadUrl)?.host)
}

/// Whether a text is a private key that can be used: Ed25519 or ECDSA, not locked with a passphrase.
pub fn is_private_key(text: &str) -> bool {
    private_key(text).is_some()
}

fn private_key(text: &str) -> Option<PrivateKey> {
    let key = decode_secret_key(text, None).ok()?;
    matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Ecdsa { .. }).then_some(key)
}

/// Whether a text is the fingerprint of a key, as `ssh-keygen -l` prints it.
pub fn is_fingerprint(text: &str) -> bool {
    matches!(text.parse(), Ok(Fingerprint::Sha256(_)))
}

/// What an address says.
struct Place {
    host: Host<String>,
    port: u16,
    user: String,
    path: String,
}

impl Place {
    fn of(url: &Url) -> Option<Self> {
        if url.scheme() != "sftp" || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let decode = |text| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
        let path = decode(url.path()).filter(|path| path.len() > 1 && !path.ends_with('/') && !path.contains('\0'))?;
        Some(Self {
            // Of schemes it does not know, the parser leaves the host as it stands there.
            host: Host::parse(url.host_str()?).ok()?,
            port: url.port().unwrap_or(PORT),
            user: decode(url.username()).filter(|user| !user.is_empty())?,
            path: path.strip_prefix("/~/").map_or(path.clone(), str::to_owned),
        })
    }
}

/// An open file on somebody's server.
pub struct RemoteFile {
    handle: RemoteHandle,
    attributes: FileAttributes,
    // Dropped, they end the session.
    _sftp: SftpSession,
    _ssh: Handle<KnownServer>,
}

/// Opens the file.
pub async fn open(egress: &Egress, login: &Login) -> Result<RemoteFile, SftpError> {
    tokio::time::timeout(OPENING, log_in(egress, login)).await.map_err(|_| SftpError::TooLong)?
}

async fn log_in(egress: &Egress, login: &Login) -> Result<RemoteFile, SftpError> {
    let place = Place::of(&login.url).ok_or(EgressError::BadUrl)?;
    let stream = egress.connect(Partner::Feed, &place.host, place.port).await?;
    let mut config = client::Config { inactivity_timeout: Some(SILENCE), nodelay: true, ..client::Config::default() };
    config.preferred.key = Cow::Borrowed(&SERVER_KEYS);
    let server = KnownServer { fingerprint: login.host_key.clone() };
    let mut ssh = client::connect_stream(Arc::new(config), stream, server).await?;
    let answer = match (&login.private_key, &login.password) {
        (Some(key), _) => {
            let key = private_key(key).ok_or(SftpError::NoSecret)?;
            ssh.authenticate_publickey(place.user, PrivateKeyWithHashAlg::new(Arc::new(key), None)).await?
        }
        (None, Some(password)) => ssh.authenticate_password(place.user, password).await?,
        (None, None) => return Err(SftpError::NoSecret),
    };
    if !answer.success() {
        return Err(SftpError::NotLetIn);
    }
    let channel = ssh.channel_open_session().await?;
    channel.request_subsystem(true, "sftp").await?;
    let config = SftpConfig { request_timeout_secs: ANSWER, ..SftpConfig::default() };
    let sftp = SftpSession::new_with_config(channel.into_stream(), config).await?;
    let handle = sftp.open(place.path).await?;
    let attributes = handle.metadata().await?;
    Ok(RemoteFile { handle, attributes, _sftp: sftp, _ssh: ssh })
}

impl RemoteFile {
    /// What tells the file from the one that was there before: its size, and when it was changed. `None` if
    /// the server does not say.
    pub fn tag(&self) -> Option<String> {
        Some(format!("sftp:{}:{}", self.attributes.size?, self.attributes.mtime?))
    }

    /// Writes what the file holds, at most `most` bytes of it, to `path`; its SHA-256 in hex.
    pub async fn to_disk(mut self, path: &Path, most: u64) -> Result<String, SftpError> {
        if self.attributes.size.is_some_and(|size| size > most) {
            return Err(SftpError::TooLarge(most));
        }
        let mut file = File::create(path).await.map_err(SftpError::Disk)?;
        let (mut size, mut digest, mut buffer) = (0_u64, Sha256::new(), vec![0; CHUNK]);
        loop {
            let count = self.handle.read(&mut buffer).await.map_err(broken_off)?;
            if count == 0 {
                break;
            }
            size += count as u64;
            if size > most {
                return Err(SftpError::TooLarge(most));
            }
            digest.update(&buffer[..count]);
            file.write_all(&buffer[..count]).await.map_err(SftpError::Disk)?;
        }
        file.flush().await.map_err(SftpError::Disk)?;
        // Somebody may be putting a new one there, piece by piece.
        let after = self.handle.metadata().await?;
        let is_whole = self.attributes.size.is_none_or(|told| told == size);
        if !is_whole || (after.size, after.mtime) != (self.attributes.size, self.attributes.mtime) {
            return Err(SftpError::Changed);
        }
        Ok(hex::encode(digest.finalize()))
    }
}

fn broken_off(error: std::io::Error) -> SftpError {
    match error.kind() {
        std::io::ErrorKind::TimedOut => SftpError::TooLong,
        _ => SftpError::BrokenOff(error),
    }
}

/// The server, as it has to show itself.
struct KnownServer {
    fingerprint: Option<String>,
}

impl client::Handler for KnownServer {
    type Error = SftpError;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, SftpError> {
        let offered = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256),
            PublicKeyOrCertificate::Certificate(it) => it.public_key().fingerprint(HashAlg::Sha256),
        };
        let offered = offered.to_string();
        if self.fingerprint.as_deref() == Some(offered.as_str()) {
            return Ok(true);
        }
        Err(SftpError::HostKey { offered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_user_and_a_file() {
        let place = |url: &str| Place::of(&url.parse().expect("a URL"));
        let known = place("sftp://st%C3%B6re@files.example:2222/out/stock%20list.csv").expect("a file");
        assert_eq!((known.user.as_str(), known.path.as_str(), known.port), ("störe", "/out/stock list.csv", 2222));
        let home = place("sftp://store@files.example/~/stock.csv").expect("a file");
        assert_eq!((home.path.as_str(), home.port), ("stock.csv", PORT));
        for url in ["sftp://files.example/a", "sftp://a:b@files.example/a", "sftp://a@files.example/", "ftp://a@b/c"] {
            assert!(place(url).is_none(), "{url}");
        }
    }

    #[test]
    fn addresses_off_the_internet_are_refused_however_they_are_written() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let egress = Egress::new(&[]).expect("a client");
        for host in ["127.0.0.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:10.0.0.1]", "10.0.0.1", "%31%30.0.0.1"] {
            let url: Url = format!("sftp://a@{host}/b").parse().expect("a URL");
            assert!(matches!(check(&egress, &url), Err(EgressError::Refused)), "{host}");
        }
        assert!(check(&egress, &"sftp://a@1.1.1.1/b".parse().expect("a URL")).is_ok());
    }

    #[test]
    fn keys_and_fingerprints_are_told_from_other_texts() {
        let fingerprint = format!("SHA256:{}", "A".repeat(43));
        assert!(is_fingerprint(&fingerprint));
        assert!(!is_fingerprint("MD5:00:11"));
        assert!(!is_fingerprint(&fingerprint[..40]));
        assert!(!is_private_key("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"));
        let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).expect("a key");
        let text = key.to_openssh(russh::keys::ssh_key::LineEnding::LF).expect("PEM");
        assert!(is_private_key(&text));
    }
}
