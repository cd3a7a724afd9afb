//! The limit of processor time, kept from outside: an engine that has stopped asking its clock is ended by the kernel.

use std::time::Duration;

/// Beyond a call's limit before the kernel ends the worker. The worker, which counts more finely, should be first and say why.
const GRACE: Duration = Duration::from_secs(1);

/// Lets a process use `limit` from now on. What could not be set is left to the deadline of the call.
#[cfg(target_os = "linux")]
pub(super) fn allow(process: u32, limit: Duration) {
    use crate::sandbox::LIFE;
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let (Some(used), Some(pid)) = (used(process), i32::try_from(process).ok().and_then(Pid::from_raw)) else {
        return;
    };
    // The kernel counts whole seconds: what is begun is allowed.
    let seconds = (used + limit + GRACE).as_secs() + 1;
    // Only the soft limit, which the kernel follows and which can go up again. The worker may not touch it.
    let limit = Rlimit {
        current: Some(seconds.min(LIFE.as_secs())),
        maximum: Some(LIFE.as_secs()),
    };
    if let Err(error) = prlimit(Some(pid), Resource::Cpu, limit) {
        tracing::debug!(%error, "the processor time of a worker could not be limited");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn allow(_process: u32, _limit: Duration) {}

/// Processor time that a process has used.
#[cfg(target_os = "linux")]
fn used(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything; the fields after it are numbers. The 12th and 13th are ticks in user and kernel mode.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()?.checked_add(ticks()?)?;
    let milliseconds = ticks.checked_mul(1000)? / rustix::param::clock_ticks_per_second();
    Some(Duration::from_millis(milliseconds))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_process_has_used_grows() {
        let before = used(std::process::id()).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while used(std::process::id()).unwrap() < before + Duration::from_millis(20) {
            assert!(std::time::Instant::now() < deadline, "the clock stands still");
        }
    }
}
