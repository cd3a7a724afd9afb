//! The memory that large bodies share, so that any number of clients that send them cannot take all there is.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::Failure;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::ApiError;

/// What a client is told to wait that found no memory for its body in time.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// An amount of memory for large bodies.
#[derive(Clone)]
pub(crate) struct BodyMemory(Arc<Semaphore>);

/// Memory for one body, until it is dropped.
pub(crate) struct ReservedMemory {
    _permit: OwnedSemaphorePermit,
}

impl BodyMemory {
    /// This many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// How many bytes are free.
    pub(crate) fn free(&self) -> usize {
        self.0.available_permits()
    }

    /// Waits for this many bytes until the deadline, and then refuses as a full queue does.
    pub(crate) async fn reserve(&self, bytes: usize, deadline: Instant) -> Result<ReservedMemory, ApiError> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        match timeout_at(deadline, Arc::clone(&self.0).acquire_many_owned(bytes)).await {
            Ok(Ok(permit)) => Ok(ReservedMemory { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(ApiError::Failed(Failure::Busy {
                retry_after: RETRY_AFTER,
            })),
        }
    }
}
