//! The signal from a flow to the worker of this process that does what the flow has promised.

use std::sync::Arc;

use tokio::sync::Notify;

/// Wakes a worker after a commit that left it something to do. Clones wake the same worker.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Signals that there is work.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until there is work; a wake that came before the wait is not lost.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}
