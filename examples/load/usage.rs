//! What a process uses, as Linux tells it.

use std::time::Duration;

use anyhow::Context;

/// `/proc` counts processor time in hundredths of a second, whatever the kernel's own clock does.
const TICK: Duration = Duration::from_millis(10);

/// A process.
#[derive(Debug, Clone, Copy)]
pub struct Process(u32);

impl Process {
    /// The process with this id.
    pub fn of(id: u32) -> Self {
        Self(id)
    }

    /// This process.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// The processor time it has used so far, its own and the kernel's for it.
    pub fn cpu(self) -> anyhow::Result<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).context("the process is gone")?;
        // The second field, the name, may hold spaces; the fields after it may not.
        let (_, rest) = text.rsplit_once(')').context("an unknown form of /proc/PID/stat")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<u32>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("an unknown form of /proc/PID/stat")?;
        Ok(TICK * (user + system))
    }

    /// Its resident memory now, in MiB.
    pub fn resident(self) -> anyhow::Result<f64> {
        self.memory("VmRSS:")
    }

    /// The most resident memory it ever had, in MiB.
    pub fn peak(self) -> anyhow::Result<f64> {
        self.memory("VmHWM:")
    }

    fn memory(self, name: &str) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0)).context("the process is gone")?;
        let line =
            text.lines().find_map(|line| line.strip_prefix(name)).context("an unknown form of /proc/PID/status")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }
}
