//! The CPU time of the driver and the server: the driver must not be the bottleneck.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Measures from its start on which share of all cores the driver and a server use.
pub(crate) struct CpuMeter {
    server: u32,
    started: Instant,
    driver_before: Duration,
    server_before: Duration,
}

/// Shares of all cores together, between 0 and 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuShares {
    pub(crate) driver: f64,
    pub(crate) server: f64,
    /// CPU time of the server, in seconds of one core.
    pub(crate) server_seconds: f64,
    /// CPU time of the driver, in seconds of one core.
    pub(crate) driver_seconds: f64,
}

impl CpuMeter {
    pub(crate) fn start(server: u32) -> Result<Self> {
        Ok(Self {
            server,
            driver_before: used_by("self")?,
            server_before: used_by(&server.to_string())?,
            started: Instant::now(),
        })
    }

    pub(crate) fn stop(&self) -> Result<CpuShares> {
        let available = self.started.elapsed().as_secs_f64() * f64::from(cores());
        let driver = used_by("self")?.saturating_sub(self.driver_before).as_secs_f64();
        let server = used_by(&self.server.to_string())?
            .saturating_sub(self.server_before)
            .as_secs_f64();
        Ok(CpuShares {
            driver: driver / available,
            server: server / available,
            server_seconds: server,
            driver_seconds: driver,
        })
    }
}

/// The median of several measurements, as the text of a note.
pub(crate) fn in_words(shares: &[CpuShares]) -> String {
    let middle = |pick: fn(&CpuShares) -> f64| {
        let samples: Vec<f64> = shares.iter().map(pick).collect();
        crate::stats::median(&samples).unwrap_or_default() * 100.0
    };
    format!(
        "CPU: driver {:.0} %, server {:.0} %",
        middle(|shares| shares.driver),
        middle(|shares| shares.server)
    )
}

/// The cores that this process may use; the server is its child and may use the same.
pub(crate) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// CPU time of the current threads of a process, to the nanosecond: for work that takes only a few milliseconds.
pub(crate) fn of_threads(process: u32) -> Result<Duration> {
    let threads = ThreadTimes::read(process)?;
    Ok(threads.hashing + threads.others)
}

/// CPU time of a server's current threads, by their work.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ThreadTimes {
    /// The threads of its password pool.
    pub(crate) hashing: Duration,
    /// All other threads.
    pub(crate) others: Duration,
}

impl ThreadTimes {
    pub(crate) fn read(process: u32) -> Result<Self> {
        let mut times = Self::default();
        for thread in fs::read_dir(format!("/proc/{process}/task")).context("the process has ended")? {
            // A thread may end meanwhile.
            let thread = thread?.path();
            let text = |file| fs::read_to_string(thread.join(file)).unwrap_or_default();
            let nanoseconds = text("schedstat").split(' ').next().and_then(|time| time.parse().ok());
            let time = Duration::from_nanos(nanoseconds.unwrap_or_default());
            if text("comm").starts_with("password-") {
                times.hashing += time;
            } else {
                times.others += time;
            }
        }
        Ok(times)
    }

    /// The CPU time that the other threads have used since then, relative to that of the password pool.
    pub(crate) fn others_over_hashing(self, before: Self) -> f64 {
        let others = self.others.saturating_sub(before.others);
        others.as_secs_f64() / self.hashing.saturating_sub(before.hashing).as_secs_f64()
    }
}

/// User and system time of a process with all its threads, in steps of a hundredth of a second.
fn used_by(process: &str) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the process has ended")?;
    // The name in parentheses may hold any character; the fields after it are separated by spaces. `utime` and `stime`
    // are the 14th and 15th of all.
    let (_, fields) = stat.rsplit_once(')').context("/proc is not as expected")?;
    let ticks: u64 = fields
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(Duration::from_millis(
        ticks * 1_000 / rustix::param::clock_ticks_per_second().max(1),
    ))
}
