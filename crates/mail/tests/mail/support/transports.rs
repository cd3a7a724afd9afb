//! Transports that misbehave on purpose.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorward_mail::{Claim, Message, SendError, Transport};

/// Accepts every mail after a pause, and records its message id.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    delay: Duration,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    pub(crate) fn slow(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::default()
        }
    }

    /// The message ids of all accepted mails, in order.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, message: &Message, _: &Claim) -> Result<(), SendError> {
        tokio::time::sleep(self.delay).await;
        self.sent.lock().unwrap().push(message.message_id.clone());
        Ok(())
    }
}

/// Never answers for addresses that begin with `stuck`, and accepts all other mails.
#[derive(Clone, Default)]
pub(crate) struct Stuck(pub(crate) Recorder, pub(crate) Arc<AtomicUsize>);

impl Stuck {
    /// How many mails it was given and did not answer for.
    pub(crate) fn hanging(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for Stuck {
    async fn send(&self, message: &Message, claim: &Claim) -> Result<(), SendError> {
        if message.to.as_str().starts_with("stuck") {
            self.1.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        self.0.send(message, claim).await
    }
}

/// Refuses every mail for now.
#[derive(Clone)]
pub(crate) struct Refuses(pub(crate) &'static str);

#[async_trait]
impl Transport for Refuses {
    async fn send(&self, _: &Message, _: &Claim) -> Result<(), SendError> {
        Err(SendError::Transient {
            reason: self.0.to_owned(),
        })
    }
}
