//! Workers that carry webhooks to the store until it takes them.
//!
//! A store that is down is asked again at least every two seconds in the first minutes,
//! by few: a worker that found nobody rests before its next message, so an outage costs
//! the machine some thirty connection attempts a second however many webhooks wait.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, StatusCode};

use super::clock;
use super::outbox::Attempt;
use super::world::World;

/// Webhooks on the wire at once.
pub const WORKERS: usize = 32;

/// The protocol gives the store five seconds to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a message is tried before it counts as failed, from its first attempt.
const PATIENCE_SECONDS: i64 = 600;

/// How long retries come every two seconds; then every ten.
const EAGER_SECONDS: i64 = 180;

/// A client for all workers: kept connections, no proxy, no redirects.
pub fn client() -> anyhow::Result<Client> {
    Client::builder()
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(WORKERS)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("consign-simulator/1")
        .build()
        .context("building the webhook client")
}

/// Sends one message after the other, for ever.
pub async fn work(world: Arc<World>, client: Client) {
    loop {
        let attempt = world.outbox.next().await;
        match send(&world, &client, &attempt).await {
            Sent::Taken => world.sent(&attempt.message.id),
            Sent::Unwanted => world.gave_up(&attempt.message.id),
            Sent::Refused => retry(&world, &attempt),
            Sent::Overloaded => {
                retry(&world, &attempt);
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            Sent::Unreachable => {
                retry(&world, &attempt);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// What the store made of an attempt.
enum Sent {
    /// 2xx.
    Taken,
    /// Any other answer.
    Refused,
    /// 429 or 503.
    Overloaded,
    /// No answer, or none in time.
    Unreachable,
    /// There is no store, or the sender's webhook was switched off.
    Unwanted,
}

async fn send(world: &World, client: &Client, attempt: &Attempt) -> Sent {
    let message = &attempt.message;
    let Some((url, key)) = world.address(&message.sender) else { return Sent::Unwanted };
    let timestamp = clock::now().timestamp();
    let signature = key.sign(&message.webhook_id, timestamp, message.body.as_bytes());
    let response = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &message.webhook_id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature)
        .body(message.body.to_string())
        .send()
        .await;
    match response.map(|it| it.status()) {
        Ok(status) if status.is_success() => Sent::Taken,
        Ok(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => Sent::Overloaded,
        Ok(status) => {
            tracing::debug!(webhook.id = %message.webhook_id, "the store answered {status} to a webhook");
            Sent::Refused
        }
        Err(error) => {
            tracing::debug!(webhook.id = %message.webhook_id, %error, "the store did not answer a webhook");
            Sent::Unreachable
        }
    }
}

/// Schedules the next attempt, or gives up after ten minutes of them.
fn retry(world: &World, attempt: &Attempt) {
    let now = clock::now();
    let tried = attempt.since.map_or(0, |since| (now - since).num_seconds());
    if tried >= PATIENCE_SECONDS {
        tracing::warn!(webhook.id = %attempt.message.webhook_id, "gave up a webhook after {tried} s");
        world.gave_up(&attempt.message.id);
        return;
    }
    world.retry_at(&attempt.message.id, now, clock::after(now, pause(attempt.earlier, tried)));
}

/// Seconds until the next attempt.
fn pause(earlier: u32, tried: i64) -> f64 {
    match earlier {
        0 => 0.25,
        1 => 0.5,
        2 => 1.0,
        _ if tried < EAGER_SECONDS => 2.0,
        _ => 10.0,
    }
}
