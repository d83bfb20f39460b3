//! A closed loop: a few connections, each sending its next request when it has the answer to its last.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::usage::Process;
use super::wire::{Request, Wire};

/// What comes before the figures are taken: caches fill, statements are prepared.
const WARM_UP: Duration = Duration::from_secs(1);

/// How hard and how long.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How many connections at once.
    pub connections: usize,
    /// How long the figures are taken.
    pub time: Duration,
}

/// What was measured of one kind of work.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// How often it was done in a second.
    pub per_second: f64,
    /// The median of the time it took.
    pub p50: Duration,
    /// Of a hundred, the slowest but one takes at most this.
    pub p99: Duration,
    /// The processor time of the process that did it, for each.
    pub cpu: Duration,
}

/// Sends `requests` in turn to `url`, which `process` serves.
pub async fn requests(process: Process, url: &str, effort: Effort, requests: &[Request]) -> anyhow::Result<Figures> {
    let send = async |wire: &mut Wire, turn: usize| wire.send(&requests[turn % requests.len()]).await.map(drop);
    work(process, url, effort, send).await
}

/// Does `work` over and over on each connection to `url`, which `process` serves. It is told how often
/// it was begun before.
pub async fn work(
    process: Process,
    url: &str,
    effort: Effort,
    work: impl AsyncFn(&mut Wire, usize) -> anyhow::Result<()>,
) -> anyhow::Result<Figures> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + effort.time;
    let turn = Cell::new(0);
    let times = RefCell::new(Vec::new());
    let one = async || {
        let mut wire = Wire::connect(url, None).await?;
        while Instant::now() < end {
            let began = Instant::now();
            work(&mut wire, turn.replace(turn.get() + 1)).await?;
            let ended = Instant::now();
            if ended >= begin && ended < end {
                times.borrow_mut().push(ended - began);
            }
        }
        anyhow::Ok(())
    };
    let all: FuturesUnordered<_> = (0..effort.connections).map(|_| one()).collect();
    let meter = async {
        tokio::time::sleep_until(begin.into()).await;
        let before = process.cpu()?;
        tokio::time::sleep_until(end.into()).await;
        Ok(process.cpu()? - before)
    };
    let ((), used) = tokio::try_join!(all.try_collect::<()>(), meter)?;
    Figures::of(times.into_inner(), effort.time, used)
}

impl Figures {
    /// From the times each took, the time all took, and the processor time all used.
    pub fn of(mut times: Vec<Duration>, time: Duration, used: Duration) -> anyhow::Result<Self> {
        anyhow::ensure!(!times.is_empty(), "nothing came to an end in {time:?}");
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        let count = times.len() as f64;
        Ok(Self { per_second: count / time.as_secs_f64(), p50: at(50), p99: at(99), cpu: used.div_f64(count) })
    }
}
