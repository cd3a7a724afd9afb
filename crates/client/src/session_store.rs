//! Where sessions are kept between two runs of a program.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

/// Keeps the sessions of an app. What is kept is one text for each app and server, which holds the tokens of all of its users: whoever
/// can read it can act as them.
///
/// Calls should be quick; they are made from asynchronous code. [`MemoryStore`] forgets everything at the end of the program,
/// [`FileStore`](crate::FileStore) keeps a file that only its owner can read, and with the feature `keyring` a `KeyringStore` asks the
/// operating system.
pub trait SessionStore: Send + Sync {
    /// The text that was saved last under this key, if any.
    fn load(&self, key: &str) -> Result<Option<Zeroizing<String>>, SessionStoreError>;

    /// Replaces the text. Where that fails, the older one should still be there.
    fn save(&self, key: &str, text: &str) -> Result<(), SessionStoreError>;
}

/// Sessions that cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SessionStoreError {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SessionStoreError {
    /// An error of a store of one's own. It must not hold what was to be kept.
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

/// Keeps sessions until the program ends. This is the default.
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
