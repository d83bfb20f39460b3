//! The room on the disk of the data folder.

use std::path::Path;

use super::finding::Finding;
use crate::platform::config::Config;
use crate::platform::db::sqlite_file;

/// Below this, an SQLite store may stop taking orders within hours.
const LITTLE: u64 = 256 << 20;
/// Below this, a backup of a middling store may not fit.
const SCARCE: u64 = 2 << 30;

pub fn check(config: &Config) -> Finding {
    let check = "disk";
    let file = sqlite_file(&config.database_url);
    let folder = file.as_deref().and_then(Path::parent).filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(&config.data_dir);
    let free = match rustix::fs::statvfs(folder) {
        Ok(it) => it.f_bavail.saturating_mul(it.f_frsize),
        Err(error) => return Finding::warn(check, format!("{} cannot be looked at: {error}", folder.display())),
    };
    let seen = format!("{} MiB free at {}", free >> 20, folder.display());
    if free < LITTLE {
        Finding::fail(check, format!("{seen}: make room now, a full disk stops every order"))
    } else if free < SCARCE {
        Finding::warn(check, format!("{seen}: make room"))
    } else {
        Finding::ok(check, seen)
    }
}
