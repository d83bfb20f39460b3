//! Where a supplier's file lies, and how it comes here.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode, header};
use tempfile::NamedTempFile;
use url::Url;

use crate::app::App;
use crate::platform::download::{self, plain};
use crate::platform::egress::{self, EgressError, Partner};
use crate::platform::sftp::{self, Login, RemoteFile, SftpError};
use crate::platform::uploads;
use crate::suppliers::settings::Settings;

/// How long a download may take. Network time, never scaled.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// The tag of a file whose server gives none: what it holds.
const BY_CONTENT: &str = "sha256:";

/// Where a file lies.
pub(super) enum Source {
    /// On a server of the web.
    Web { url: Url, token: Option<String> },
    /// On a server of files.
    Sftp(Login),
}

/// A file that was fetched.
pub(super) struct Fetched {
    /// The file; removed with this.
    pub file: NamedTempFile,
    /// What tells it from the next one.
    pub tag: String,
}

/// Why a file was not fetched, in our words.
pub(super) enum NotFetched {
    /// The server shows a key that is not the one in the settings.
    OtherKey(String),
    /// Anything else.
    Failed(String),
}

impl Source {
    /// `None` if the settings lack something.
    pub(super) fn new(settings: &Settings) -> Option<Self> {
        let url = Url::parse(settings.text("url")?).ok()?;
        let text = |name: &str| settings.text(name).map(str::to_owned);
        Some(match url.scheme() {
            "sftp" => Self::Sftp(Login {
                url,
                password: text("password"),
                private_key: text("privateKey"),
                host_key: text("hostKey"),
            }),
            _ => Self::Web { url, token: text("token") },
        })
    }

    /// Whether the file could be fetched, without fetching it.
    pub(super) async fn check(&self, app: &App) -> Result<(), NotFetched> {
        match self {
            Self::Web { url, token } => ask(app, url, token.as_deref(), None).await.map(drop),
            Self::Sftp(login) => open(app, login).await.map(drop),
        }
    }

    /// Fetches the file; `None` if it is the one with the tag `known`.
    pub(super) async fn fetch(&self, app: &App, known: Option<&str>) -> Result<Option<Fetched>, NotFetched> {
        let fetched = match self {
            Self::Web { url, token } => {
                let Some(response) = ask(app, url, token.as_deref(), known).await? else { return Ok(None) };
                from_web(app, response).await?
            }
            Self::Sftp(login) => {
                let remote = open(app, login).await?;
                if known.is_some() && remote.tag().as_deref() == known {
                    return Ok(None);
                }
                from_sftp(app, remote).await?
            }
        };
        Ok(Some(fetched).filter(|it| known != Some(it.tag.as_str())))
    }

    /// Whether the server has to show a key.
    pub(super) fn has_key(&self) -> bool {
        matches!(self, Self::Sftp(_))
    }
}

/// Asks for the file, unless it is the one with this tag.
async fn ask(app: &App, url: &Url, token: Option<&str>, known: Option<&str>) -> Result<Option<Response>, NotFetched> {
    let request = app.egress.request(Method::GET, url.clone()).map(|it| {
        let it = it.timeout(PATIENCE);
        let it = if let Some(token) = token { it.bearer_auth(token) } else { it };
        match known.filter(|tag| !tag.starts_with(BY_CONTENT)) {
            Some(tag) => it.header(header::IF_NONE_MATCH, tag),
            None => it,
        }
    });
    let response = egress::send(Partner::Feed, request).await.map_err(|error| match error {
        EgressError::Network(error) => failed(plain(&error)),
        error => failed(&error),
    })?;
    match response.status() {
        StatusCode::NOT_MODIFIED => Ok(None),
        status if status.is_success() => Ok(Some(response)),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(failed("the server does not let the store in")),
        status => Err(failed(&format_args!("the server answered {}", status.as_u16()))),
    }
}

async fn from_web(app: &App, response: Response) -> Result<Fetched, NotFetched> {
    let told = response.headers().get(header::ETAG).and_then(|it| it.to_str().ok()).map(str::to_owned);
    let file = scratch(app).await?;
    let digest = download::to_disk(response, file.path(), app.config.limits.upload_bytes).await;
    let digest = digest.map_err(|error| failed(&error))?;
    Ok(Fetched { file, tag: told.unwrap_or_else(|| format!("{BY_CONTENT}{digest}")) })
}

async fn open(app: &App, login: &Login) -> Result<RemoteFile, NotFetched> {
    sftp::open(&app.egress, login).await.map_err(|error| match error {
        SftpError::HostKey { offered } if login.host_key.is_none() => NotFetched::OtherKey(format!(
            "the server shows the key {offered}; compare it with what the supplier says, and set it as hostKey"
        )),
        SftpError::HostKey { offered } => NotFetched::OtherKey(format!(
            "the server shows the key {offered} and not the one in hostKey; ask the supplier before you change that"
        )),
        error => failed(&error),
    })
}

async fn from_sftp(app: &App, remote: RemoteFile) -> Result<Fetched, NotFetched> {
    let tag = remote.tag();
    let file = scratch(app).await?;
    let read = remote.to_disk(file.path(), app.config.limits.upload_bytes);
    let read = tokio::time::timeout(PATIENCE, read).await.unwrap_or(Err(SftpError::TooLong));
    let digest = read.map_err(|error| failed(&error))?;
    Ok(Fetched { file, tag: tag.unwrap_or_else(|| format!("{BY_CONTENT}{digest}")) })
}

async fn scratch(app: &App) -> Result<NamedTempFile, NotFetched> {
    uploads::scratch(app).await.map_err(|fault| {
        tracing::error!(error = ?fault, "there is no room for a supplier's file");
        failed("there is no room for it")
    })
}

fn failed(why: &(impl std::fmt::Display + ?Sized)) -> NotFetched {
    NotFetched::Failed(format!("the file cannot be fetched: {why}"))
}
