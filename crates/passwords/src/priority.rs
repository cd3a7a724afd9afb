//! Gives hashing a low priority: requests that hash nothing keep their latency while the pool is saturated.

/// Lowers the priority of the calling thread, and of no other.
///
/// On Linux niceness belongs to a thread, although POSIX gives it to the process. Elsewhere this does nothing.
#[cfg(target_os = "linux")]
pub(crate) fn lower_this_thread() {
    use rustix::process::{getpriority_process, setpriority_process};

    /// With +10, a saturated pool gets about a tenth of a core that another thread wants.
    const NICER: i32 = 10;
    const NICEST: i32 = 19;

    let thread = rustix::thread::gettid();
    let lowered =
        getpriority_process(Some(thread)).and_then(|now| setpriority_process(Some(thread), (now + NICER).min(NICEST)));
    if let Err(error) = lowered {
        tracing::warn!(error = %error, "the priority of a password thread could not be lowered");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn lower_this_thread() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    #[test]
    fn only_the_calling_thread_becomes_nicer() {
        let nice = || getpriority_process(Some(rustix::thread::gettid())).unwrap();
        let before = nice();
        let lowered = std::thread::spawn(move || {
            super::lower_this_thread();
            nice()
        });
        assert_eq!(lowered.join().unwrap(), (before + 10).min(19));
        assert_eq!(nice(), before);
        // Threads inherit niceness, so this one shows that of the thread that started it.
        assert_eq!(std::thread::spawn(nice).join().unwrap(), before);
    }
}
