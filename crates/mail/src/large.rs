//! Work that grows with what a client wrote is done where it delays no other task.

/// Up to this size, in bytes, the work takes less time than a change of threads is worth.
const SMALL: usize = 32 * 1024;

/// Does work on a text of this size: here if it is small, otherwise on a thread that may block. `None`: the work
/// panicked, or the process is shutting down.
pub(crate) async fn away<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    if size <= SMALL {
        return Some(work());
    }
    tokio::task::spawn_blocking(work).await.ok()
}
