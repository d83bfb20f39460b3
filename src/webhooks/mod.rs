//! The one way in for news from suppliers and payment providers: verify, store, absorb repeats, answer
//! at once; the work is done by a job.
//!
//! What is proved to come from its sender is never lost: it is applied, or it waits for what it is
//! about, or it is quarantined where the owner sees it and can have it tried again. What is not proved
//! leaves no trace but a number in the metrics.
//!
//! `PENDING → PROCESSED | IGNORED | QUARANTINED`, and by a replay back to `PENDING`.

pub mod entity;
pub mod graphql;
mod http;
mod process;
mod queries;
mod receive;
mod replay;

pub use self::http::router;
pub use self::process::{ProcessWebhook, SweepWebhooks};
pub use self::queries::{DeliveryFilter, count, find, list};
pub use self::replay::{ReplayWebhook, WebhookProblem, after_work_item, replay};
