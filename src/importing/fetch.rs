//! Fetching a file from the internet, to disk, within bounds. What the other side answered is never
//! shown to anybody: an address may point where its sender may not look.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Method;
use url::Url;

use crate::app::App;
use crate::kernel::ids::JobId;
use crate::platform::download::{self, DownloadError, plain};
use crate::platform::egress::{self, EgressError, Partner};
use crate::platform::jobs::JobError;
use crate::platform::uploads;

/// How long a download may take. Network time, never scaled.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Downloads `url` for this job.
pub(super) async fn download(app: &App, job: JobId, url: &Url) -> Result<PathBuf, JobError> {
    let refused = |error: &dyn std::fmt::Display| JobError::Fail(format!("the file cannot be fetched: {error}"));
    let request = app.egress.request(Method::GET, url.clone()).map(|it| it.timeout(PATIENCE));
    let response = egress::send(Partner::Feed, request).await.map_err(|error| match error {
        EgressError::Network(error) => JobError::retry(format!("the file cannot be fetched: {}", plain(&error))),
        error => refused(&error),
    })?;
    let status = response.status();
    if !status.is_success() {
        let sentence = format!("the file cannot be fetched: the server answered {status}");
        let again = status.is_server_error() || status.as_u16() == 429;
        return Err(if again { JobError::retry(sentence) } else { JobError::Fail(sentence) });
    }
    let path = uploads::temporary(app, job).await?;
    let most = app.config.limits.upload_bytes;
    match download::to_disk(response, &path, most).await {
        Ok(_) => Ok(path),
        Err(error @ DownloadError::TooLarge(_)) => Err(JobError::Fail(error.to_string())),
        Err(error) => Err(JobError::retry(error)),
    }
}
