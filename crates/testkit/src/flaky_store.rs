//! A store whose database can become unavailable, or undo transactions.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use doorward_core::store::Reads;
use doorward_core::{Store, StoreError, Tx};

/// A store whose database can become unavailable, or undo transactions. Reads and transactions that have begun go on.
pub struct FlakyStore {
    inner: Arc<dyn Store>,
    down: AtomicBool,
    refused: AtomicUsize,
    conflicts: AtomicUsize,
}

impl FlakyStore {
    /// A store that is up.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            down: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
            conflicts: AtomicUsize::new(0),
        })
    }

    /// Makes the database unavailable, or available again.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// The next so many transactions conflict with another one.
    pub fn set_conflicts(&self, transactions: usize) {
        self.conflicts.store(transactions, Ordering::SeqCst);
    }

    /// How many reads and transactions found the database unavailable.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    fn up(&self) -> Result<&dyn Store, StoreError> {
        if self.down.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::Unavailable(Box::new(io::Error::from(
                io::ErrorKind::ConnectionRefused,
            ))));
        }
        Ok(&*self.inner)
    }
}

#[async_trait]
impl Store for FlakyStore {
    async fn reads(&self) -> Result<Box<dyn Reads>, StoreError> {
        self.up()?.reads().await
    }

    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        let less = |conflicts: usize| conflicts.checked_sub(1);
        if self
            .conflicts
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
        {
            return Err(StoreError::Conflict("injected".into()));
        }
        self.up()?.begin().await
    }
}
