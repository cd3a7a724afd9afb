//! The sandbox: before a worker runs a script, it gives up everything but its pipe, its memory and the clock.
//!
//! The engine is written in C, and some day a script will break out of it. Such a script finds a process that can open,
//! connect to, start and signal nothing. There are three layers, because no kernel is sure to have all of them:
//! resource limits (everywhere), Landlock and seccomp (Linux).

#[cfg(target_os = "linux")]
mod landlock;
mod resources;
#[cfg(target_os = "linux")]
mod seccomp;

use std::os::fd::{AsFd, AsRawFd};

use crate::{Confinement, Limits};

pub(crate) use resources::LIFE;

/// Prepares a process to be a worker, before anything else: it dies with the server, yields to every other process, and
/// no other process can read its memory.
///
/// A step that fails is left out, because a worker is useful without it. [`confine`] says what is in force.
pub fn settle() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal};

        // If the server has died before this line, its end of the pipe is closed, so the worker ends instead of reading
        // a first message.
        _ = set_parent_process_death_signal(Some(Signal::KILL));
        // When memory runs out, the machine can do without a function. This comes first, because the file belongs to
        // root once the process is not dumpable.
        _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    resources::lower_priority();
}

/// Closes the sandbox for good. It must be called once, on the main thread, and before any other thread exists.
///
/// `pipe` is the descriptor that leads to the server, and the only one that can be read afterwards. Other descriptors
/// that the process might have inherited need not be closed, because the filter refuses every system call on them.
/// (There are none: the standard library makes all of the server's descriptors close-on-exec.)
pub fn confine(limits: &Limits, pipe: impl AsFd) -> Confinement {
    let pipe = pipe.as_fd().as_raw_fd();
    // Landlock needs a descriptor of its own for a moment, so it comes before the limit of descriptors. The filter
    // comes last, since it refuses the calls with which the other two are set.
    #[cfg(target_os = "linux")]
    let landlock = landlock::apply();
    #[cfg(not(target_os = "linux"))]
    let landlock = false;
    let resource_limits = resources::apply(limits, pipe);
    #[cfg(target_os = "linux")]
    let seccomp = seccomp::apply(pipe);
    #[cfg(not(target_os = "linux"))]
    let seccomp = false;
    Confinement {
        resource_limits,
        landlock,
        seccomp,
    }
}
