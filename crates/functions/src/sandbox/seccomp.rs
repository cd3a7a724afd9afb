//! The system calls that a script's engine needs, and no other.
//!
//! A call that is not listed fails with `EPERM` and does not end the process, because libraries differ between machines
//! and may try something harmless. Calls that no engine makes by accident end the process, because a script must have
//! taken it over.

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Installs both filters for all threads. Returns whether the kernel took them.
pub(super) fn apply(pipe: RawFd) -> bool {
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return false;
    };
    let install = || -> Result<(), Error> {
        // In this order, because the second filter refuses the call that installs filters.
        for filter in [no_takeover(arch), only_harmless(pipe, arch)] {
            seccompiler::apply_filter_all_threads(&filter?)?;
        }
        Ok(())
    };
    install().is_ok()
}

/// Kills the process at calls that take a process over. Where two filters disagree, the kernel takes the stricter
/// answer.
fn no_takeover(arch: TargetArch) -> Result<BpfProgram, BackendError> {
    let rules = [
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_userfaultfd,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
    ]
    .map(|call| (call, Vec::new()));
    SeccompFilter::new(rules.into(), SeccompAction::Allow, SeccompAction::KillProcess, arch)?.try_into()
}

/// Allows the calls that an engine needs.
fn only_harmless(pipe: RawFd, arch: TargetArch) -> Result<BpfProgram, BackendError> {
    let mut rules: Rules = [
        // Memory. `mmap` and `mprotect` are below.
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        // Time and randomness.
        libc::SYS_clock_gettime,
        libc::SYS_clock_getres,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_sched_yield,
        // Waiting for the pipe.
        libc::SYS_ppoll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
        libc::SYS_restart_syscall,
        // Signals within the process, and its end.
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_exit,
        libc::SYS_exit_group,
        // Facts about the process.
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_getrusage,
        libc::SYS_sched_getaffinity,
        // Closing does no harm.
        libc::SYS_close,
    ]
    .map(|call| (call, Vec::new()))
    .into();

    let fd = |fd: RawFd| is(0, u64::try_from(fd).unwrap_or(u64::MAX));
    for call in [libc::SYS_read, libc::SYS_readv, libc::SYS_recvfrom, libc::SYS_sendto] {
        rules.insert(call, vec![rule([fd(pipe)])?]);
    }
    for call in [libc::SYS_write, libc::SYS_writev] {
        // A panic is printed on standard error, wherever the server lets that lead.
        rules.insert(call, vec![rule([fd(pipe)])?, rule([fd(1)])?, rule([fd(2)])?]);
    }
    // Blocking and time-outs of the pipe may be set.
    rules.insert(libc::SYS_ioctl, vec![rule([fd(pipe), is(1, FIONBIO)])?]);
    let mut flags = Vec::new();
    for command in [libc::F_GETFL, libc::F_SETFL] {
        flags.push(rule([fd(pipe), is(1, unsigned(command))])?);
    }
    rules.insert(libc::SYS_fcntl, flags);
    let mut timeouts = Vec::new();
    for option in [libc::SO_RCVTIMEO, libc::SO_SNDTIMEO] {
        timeouts.push(rule([
            fd(pipe),
            is(1, unsigned(libc::SOL_SOCKET)),
            is(2, unsigned(option)),
        ])?);
    }
    rules.insert(libc::SYS_setsockopt, timeouts);

    // No memory becomes executable. Nothing is mapped from a file either, because no descriptor of one is open.
    let executable = unsigned(libc::PROT_EXEC);
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let data = SeccompCondition::new(2, Dword, MaskedEq(executable), 0);
        rules.insert(call, vec![rule([data])?]);
    }
    // The process may read its own limits, and set none.
    let unset = SeccompCondition::new(2, Qword, Eq, 0);
    rules.insert(libc::SYS_prlimit64, vec![rule([is(0, 0), unset])?]);

    SeccompFilter::new(
        rules,
        SeccompAction::Errno(unsigned32(libc::EPERM)),
        SeccompAction::Allow,
        arch,
    )?
    .try_into()
}

/// The request of `ioctl` that switches blocking on and off, the same on all architectures that the filter supports.
const FIONBIO: u64 = 0x5421;

fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, Eq, value)
}

fn rule<const N: usize>(conditions: [Result<SeccompCondition, BackendError>; N]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

fn unsigned(constant: libc::c_int) -> u64 {
    u64::from(unsigned32(constant))
}

fn unsigned32(constant: libc::c_int) -> u32 {
    constant.unsigned_abs()
}
