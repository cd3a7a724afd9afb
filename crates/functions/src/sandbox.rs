//! What a worker gives up before it runs a script: everything but its pipe, its memory and the clock.
//!
//! The engine is C, and some day it will have a hole. Behind it stands the kernel: whoever takes the engine over finds a process that
//! can open nothing, connect to nothing, start nothing and signal nobody. There are three layers, because no kernel is sure to have
//! all of them: resource limits (everywhere), Landlock and seccomp (Linux).

#[cfg(target_os = "linux")]
mod landlock;
mod resources;
#[cfg(target_os = "linux")]
mod seccomp;

use std::os::fd::{AsFd, AsRawFd};

use crate::{Confinement, Limits};

pub(crate) use resources::LIFE;

/// The first thing that a worker does: it dies with the server, yields to everything else, and shows its memory to nobody.
///
/// Nothing here is worth failing for: what could not be done is missing, and [`confine`] says what is in force.
pub(crate) fn settle() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal};

        // A server that died before this line has closed the pipe: the worker then reads its end in place of a first message.
        _ = set_parent_process_death_signal(Some(Signal::KILL));
        // When memory runs out, a function is what the machine can do without. The file belongs to root once the process is not
        // dumpable, so this comes first.
        _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    resources::lower_priority();
}

/// Closes the sandbox. Called once, on the main thread before any other exists, when the program has been compiled; there is no
/// way back.
///
/// `pipe` is the descriptor that leads to the server, and the only one of which anything can be read afterwards. Other descriptors that the
/// process might have inherited need no closing: the filter refuses every system call on them. (The standard library makes all of the server's
/// descriptors close-on-exec, so there are none.)
pub(crate) fn confine(limits: &Limits, pipe: impl AsFd) -> Confinement {
    let pipe = pipe.as_fd().as_raw_fd();
    // Landlock needs a descriptor of its own for a moment, so it comes before the limit of descriptors. The filter comes last, since it
    // refuses the calls with which the other two are set.
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
