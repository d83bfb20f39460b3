//! Files from outside, to disk and within bounds.

use std::path::Path;

use futures_util::StreamExt as _;
use reqwest::Response;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

/// Why a file is not here whole.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// It has more bytes, unpacked, than it may.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// The transfer broke off.
    #[error("the file broke off: {}", plain(.0))]
    BrokenOff(#[source] reqwest::Error),
    /// It could not be written down.
    #[error("the file could not be written: {0}")]
    Disk(#[from] std::io::Error),
}

/// Writes what an answer holds, at most `most` bytes of it, to `path`; its SHA-256 in hex.
pub async fn to_disk(response: Response, path: &Path, most: u64) -> Result<String, DownloadError> {
    let mut file = File::create(path).await?;
    let (mut size, mut digest) = (0_u64, Sha256::new());
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(DownloadError::BrokenOff)?;
        size += chunk.len() as u64;
        if size > most {
            return Err(DownloadError::TooLarge(most));
        }
        digest.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(hex::encode(digest.finalize()))
}

/// The kind of error, without the address and what stands behind it.
pub fn plain(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the transfer failed"
    }
}
