//! The end of the process, as everything that runs for long sees it coming.

use tokio_util::sync::CancellationToken;

/// Cancelled when the process was asked to end. Get it by `app.local::<Stopping>()`.
#[derive(Debug, Default)]
pub struct Stopping(CancellationToken);

impl Stopping {
    /// The token: wait for it in a stream's loop, and hand it to tasks.
    pub fn token(&self) -> &CancellationToken {
        &self.0
    }
}
