//! Gives memory back to the system after many connections have ended.
//!
//! glibc keeps what is freed between blocks that are still in use, in each of its arenas, and never looks at it again
//! by itself: after a flood the process would stay as large as the flood had made it.

use std::time::Duration;

use doorward_web::ConnectionMetrics;
use tokio_util::sync::CancellationToken;

/// How often to look. Giving back takes some milliseconds, for which threads that allocate may have to wait.
const INTERVAL: Duration = Duration::from_secs(10);

/// So many connections have to end. Each may have taken some 50 KiB.
const MANY: i64 = 100;

/// Gives memory back each time that many connections have ended.
pub(crate) async fn run(connections: ConnectionMetrics, stop: CancellationToken) {
    let mut peak = Peak::default();
    while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        if peak.has_passed(connections.peak()) {
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
    }
}

#[derive(Default)]
struct Peak(i64);

impl Peak {
    /// Whether the most connections since the last look are many fewer than the most since memory was given back.
    fn has_passed(&mut self, recent: i64) -> bool {
        let passed = self.0 - recent >= MANY;
        self.0 = if passed { recent } else { self.0.max(recent) };
        passed
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a call into the C library, which has no safe wrapper")]
fn give_back() {
    // SAFETY: it takes no pointer, and may be called by any thread at any time.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators give memory back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_once_after_each_flood() {
        let mut peak = Peak::default();
        let passed: Vec<_> = [0, 50, 5, 2_000, 2_000, 1_950, 30, 20, 90, 0, 300, 100]
            .into_iter()
            .map(|recent| peak.has_passed(recent))
            .collect();
        let (no, yes) = (false, true);
        assert_eq!(passed, [no, no, no, no, no, no, yes, no, no, no, no, yes]);
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn what_lies_between_blocks_in_use_is_given_back() {
        fn resident_mib() -> u64 {
            let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
            pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4 / 1024
        }
        let mut blocks: Vec<Vec<u8>> = (0..10_000).map(|_| vec![1; 16 * 1024]).collect();
        let full = resident_mib();
        // Every hundredth stays.
        let mut number = 0;
        blocks.retain(|_| {
            number += 1;
            number % 100 == 0
        });
        give_back();
        let left = resident_mib();
        assert!(
            left + 100 < full,
            "of {full} MiB {left} are left, with {} blocks",
            blocks.len()
        );
    }
}
