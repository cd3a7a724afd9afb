//! The limit of processor time, which the server sets and the kernel keeps, even if the engine has stopped checking its
//! clock.

use std::time::Duration;

use doorward_core::Causes;

/// How long after the call's limit the kernel ends the worker. The worker counts more finely, so it should be first and
/// say why.
const GRACE: Duration = Duration::from_secs(1);

/// Lets a process use `limit` from now on. If that cannot be set, the deadline of the call remains.
#[cfg(target_os = "linux")]
pub(super) fn allow(process: u32, limit: Duration) {
    use crate::sandbox::LIFE;
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let (Some(used), Some(pid)) = (used(process), i32::try_from(process).ok().and_then(Pid::from_raw)) else {
        return;
    };
    // The kernel counts whole seconds, so the limit is rounded up.
    let seconds = (used + limit + GRACE).as_secs() + 1;
    // Only the soft limit, which the kernel enforces and the server can raise again. The worker cannot change it.
    let limit = Rlimit {
        current: Some(seconds.min(LIFE.as_secs())),
        maximum: Some(LIFE.as_secs()),
    };
    if let Err(error) = prlimit(Some(pid), Resource::Cpu, limit) {
        tracing::debug!(error = %Causes(&error), "the processor time of a worker could not be limited");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn allow(_process: u32, _limit: Duration) {}

/// The processor time that a process has used.
#[cfg(target_os = "linux")]
fn used(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything; the fields after it are numbers. The 12th and 13th are ticks in user
    // and kernel mode.
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
            assert!(std::time::Instant::now() < deadline, "the clock does not move");
        }
    }
}
