//! The load: a closed loop of clients, and what it cost the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// Clock ticks per second of `/proc/PID/stat`; 100 on every Linux this runs on.
const TICKS: f64 = 100.0;

/// What one scenario measured.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Answers per second.
    pub rate: f64,
    /// The median latency.
    pub p50: Duration,
    /// The 99th percentile.
    pub p99: Duration,
    /// Server CPU per answer, in milliseconds.
    pub cpu_ms: f64,
    /// Answers that were not what was expected.
    pub failures: u64,
}

/// One kind of request: called with a running number, answers whether all went well.
pub trait Shot: Send + Sync + 'static {
    /// Sends one request (or one flow of requests).
    fn fire(&self, number: u64) -> impl Future<Output = bool> + Send;
}

/// Fires for `time` with `clients` in parallel, after a short warm-up, at the server `pids`.
pub async fn run<S: Shot>(shot: Arc<S>, clients: usize, time: Duration, pids: &[u32]) -> Figures {
    let counter = Arc::new(AtomicU64::new(0));
    volley(&shot, clients, time / 5, &counter).await;
    let cpu_before = cpu_seconds(pids);
    let began = Instant::now();
    let (mut latencies, failures) = volley(&shot, clients, time, &counter).await;
    let took = began.elapsed().as_secs_f64();
    let cpu = cpu_seconds(pids) - cpu_before;
    latencies.sort_unstable();
    let count = latencies.len().max(1);
    let at = |percent: usize| latencies.get((count - 1) * percent / 100).copied().unwrap_or_default();
    Figures {
        rate: latencies.len() as f64 / took,
        p50: at(50),
        p99: at(99),
        cpu_ms: cpu * 1000.0 / count as f64,
        failures,
    }
}

async fn volley<S: Shot>(shot: &Arc<S>, clients: usize, time: Duration, counter: &Arc<AtomicU64>) -> (Vec<Duration>, u64) {
    let until = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (shot, counter) = (Arc::clone(shot), Arc::clone(counter));
        tasks.spawn(async move {
            let (mut latencies, mut failures) = (Vec::new(), 0);
            while Instant::now() < until {
                let began = Instant::now();
                if !shot.fire(counter.fetch_add(1, Ordering::Relaxed)).await {
                    failures += 1;
                }
                latencies.push(began.elapsed());
            }
            (latencies, failures)
        });
    }
    let (mut latencies, mut failures) = (Vec::new(), 0);
    while let Some(Ok((more, failed))) = tasks.join_next().await {
        latencies.extend(more);
        failures += failed;
    }
    (latencies, failures)
}

/// User and system time of the processes so far, in seconds.
pub fn cpu_seconds(pids: &[u32]) -> f64 {
    pids.iter().filter_map(|pid| process_ticks(*pid)).sum::<f64>() / TICKS
}

fn process_ticks(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces; the numbers start behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?)
}
