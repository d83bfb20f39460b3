//! The life of a credential that a stream was begun with.

use std::time::Duration;

use crate::app::App;
use crate::identity::{self, Actor};

/// How often a stream asks whether its credential still holds: it must end within 5 seconds.
const CHECK: Duration = Duration::from_secs(3);

/// Ends when the actor's credential does; never, for those without one. A database that cannot be
/// asked ends nobody's stream.
pub async fn ended(app: &App, actor: &Actor) {
    if actor.credential.is_none() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(CHECK).await;
        match identity::still_valid(app, actor).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "a stream's credential could not be checked; trying again"),
        }
    }
}
