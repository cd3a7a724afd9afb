//! Where sessions are kept between two runs of a program.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

/// Keeps the sessions of an app between two runs of a program, as one text for each app and server. The text holds the
/// tokens of all users of the app on this device: a program that can read it can act as these users.
///
/// The SDK calls a store from asynchronous code, so its calls should return quickly.
///
/// [`MemoryStore`] forgets the text at the end of the program. [`FileStore`](crate::FileStore) keeps it in a file that
/// only its owner can read. With the feature `keyring`, `KeyringStore` encrypts that file with a key in the keyring of
/// the operating system.
pub trait SessionStore: Send + Sync {
    /// The text that was saved last under this key, if there is one.
    fn load(&self, key: &str) -> Result<Option<Zeroizing<String>>, SessionStoreError>;

    /// Replaces the text under this key. If that fails, the older text should still be there.
    fn save(&self, key: &str, text: &str) -> Result<(), SessionStoreError>;
}

/// Why sessions cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SessionStoreError {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SessionStoreError {
    /// An error for a [`SessionStore`] of your own: what failed, and why. Do not put any part of the text into it.
    pub fn new(what: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            what: what.into(),
            source: Some(source.into()),
        }
    }

    pub(crate) fn unreadable(why: &str) -> Self {
        Self {
            what: format!("the sessions that were kept cannot be read: {why}"),
            source: None,
        }
    }
}

/// Keeps sessions until the program ends. An app uses it unless it is given another store.
#[derive(Default)]
pub struct MemoryStore(Mutex<HashMap<String, Zeroizing<String>>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: &str) -> Result<Option<Zeroizing<String>>, SessionStoreError> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(texts.get(key).cloned())
    }

    fn save(&self, key: &str, text: &str) -> Result<(), SessionStoreError> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.insert(key.to_owned(), Zeroizing::new(text.to_owned()));
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(..)")
    }
}
