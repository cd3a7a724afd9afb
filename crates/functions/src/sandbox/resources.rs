//! Resource limits and priority, which every Unix has.

use std::os::fd::RawFd;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getpriority_process, setpriority_process, setrlimit};

use crate::Limits;

/// Niceness above that of the server. It is more than the 10 of the password threads, so that a login does not wait for
/// a script.
const NICER: i32 = 15;
const NICEST: i32 = 19;

/// Address space beyond the script's values and what is mapped already, for the allocator's slack and the engine's own
/// structures. It is only a backstop, because the engine counts the values.
const ADDRESS_SPACE: u64 = 512 << 20;
/// The address space of the binary, where the kernel does not say it.
const BINARY: u64 = 1 << 30;

/// Processor time of a worker in its whole life. The limit of each call is set by the server; this one ends what has
/// escaped from that.
pub(crate) const LIFE: Duration = Duration::from_hours(6);

pub(super) fn lower_priority() {
    let now = getpriority_process(None).unwrap_or(0);
    _ = setpriority_process(None, (now + NICER).min(NICEST));
}

/// Sets all limits, and says whether all were set.
pub(super) fn apply(limits: &Limits, pipe: RawFd) -> bool {
    let memory = u64::try_from(limits.memory).unwrap_or(u64::MAX);
    let messages = 4 * crate::protocol::MAX_MESSAGE as u64;
    let address_space = mapped()
        .saturating_add(memory.saturating_mul(2))
        .saturating_add(messages + ADDRESS_SPACE);
    // Not 0, because `poll` refuses more descriptors than may be open. Those below the pipe were taken when the process
    // began, and the filter refuses the calls that make new ones.
    let descriptors = u64::try_from(pipe).unwrap_or(0) + 1;
    [
        (Resource::As, address_space),
        (Resource::Nofile, descriptors),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nproc, 0),
        (Resource::Cpu, LIFE.as_secs()),
    ]
    .into_iter()
    // All of them are set, also after one has failed.
    .fold(true, |all, (resource, value)| {
        let both = Rlimit {
            current: Some(value),
            maximum: Some(value),
        };
        setrlimit(resource, both).is_ok() && all
    })
}

/// The bytes of address space that the process has now.
fn mapped() -> u64 {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_ascii_whitespace().next()?.parse::<u64>().ok())
        .and_then(|pages| pages.checked_mul(rustix::param::page_size() as u64))
        .unwrap_or(BINARY)
}
