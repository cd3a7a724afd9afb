//! Sessions in files that are encrypted with a key in the keyring of the operating system.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyring_core::{Entry, Error as KeyringError};
use zeroize::Zeroizing;

use crate::{FileStore, SessionStore, SessionStoreError};

/// Keeps sessions in files as [`FileStore`] does, and encrypts them (AES-256-GCM) with a key in the keyring of the
/// operating system: the Keychain of macOS, the Credential Manager of Windows, the Secret Service of Linux desktops.
/// Without the keyring the files cannot be read.
///
/// The keyring holds only the key, because some keyrings store at most 2,560 bytes under one name.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use doorward_client::{App, KeyringStore};
///
/// let app = App::builder("notes-abcde")
///     .base_url("https://auth.example.com")
///     .session_store(KeyringStore::new("/home/ada/.local/share/notes", "com.example.notes")?)
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub struct KeyringStore {
    files: FileStore,
    entry: Entry,
}

/// The account under which the keyring stores the key.
const ACCOUNT: &str = "sessions";

const KEY_BYTES: usize = 32;

impl KeyringStore {
    /// Keeps files in this directory, and their key in the keyring under the service name of the program, such as
    /// `com.example.notes`.
    ///
    /// Fails if the system has no keyring, as on a server without a desktop.
    pub fn new(directory: impl Into<PathBuf>, service: &str) -> Result<Self, SessionStoreError> {
        // The status says why there is no keyring; `Entry::new` would only say that there is none.
        keyring::Entry::store_status().as_ref().map_err(no_keyring)?;
        let entry = keyring::Entry::new(service, ACCOUNT).map_err(no_keyring)?;
        Ok(Self::with_entry(directory, entry.inner))
    }

    /// Keeps files in this directory, and their key in this entry of a keyring that the crate `keyring-core` supports.
    pub fn with_entry(directory: impl Into<PathBuf>, entry: Entry) -> Self {
        Self {
            files: FileStore::new(directory),
            entry,
        }
    }

    /// The key, if the keyring has one.
    fn key(&self) -> Result<Option<Zeroizing<Vec<u8>>>, SessionStoreError> {
        match self.entry.get_secret() {
            Ok(key) => Ok(Some(Zeroizing::new(key))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(no_keyring(error)),
        }
    }

    fn key_or_new(&self) -> Result<Zeroizing<Vec<u8>>, SessionStoreError> {
        if let Some(key) = self.key()? {
            return Ok(key);
        }
        let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
        rand::fill(&mut key).map_err(|_| SessionStoreError::unreadable("this system has no random numbers"))?;
        self.entry.set_secret(&key).map_err(no_keyring)?;
        Ok(key)
    }
}

impl SessionStore for KeyringStore {
    fn load(&self, key: &str) -> Result<Option<Zeroizing<String>>, SessionStoreError> {
        let Some(sealed) = self.files.load(key)? else {
            return Ok(None);
        };
        let secret = self.key()?.ok_or_else(|| {
            SessionStoreError::unreadable("the keyring has no key for them; without it they are lost")
        })?;
        let text = open(&secret, key, &sealed)
            .ok_or_else(|| SessionStoreError::unreadable("the key in the keyring does not open them"))?;
        Ok(Some(text))
    }

    fn save(&self, key: &str, text: &str) -> Result<(), SessionStoreError> {
        let secret = self.key_or_new()?;
        let sealed = seal(&secret, key, text).ok_or_else(|| {
            SessionStoreError::unreadable("what the keyring keeps under this name is no key of this SDK")
        })?;
        self.files.save(key, &sealed)
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringStore")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

/// Encrypts a text. The name is authenticated with it, so that a file that was renamed to the name of another app's is
/// not opened.
fn seal(key: &[u8], name: &str, text: &str) -> Option<String> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let mut bytes = text.as_bytes().to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(name), &mut bytes).ok()?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.extend_from_slice(&bytes);
    Some(STANDARD.encode(sealed))
}

fn open(key: &[u8], name: &str, sealed: &str) -> Option<Zeroizing<String>> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let mut bytes = Zeroizing::new(STANDARD.decode(sealed).ok()?);
    let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let text = key.open_in_place(nonce, Aad::from(name), sealed).ok()?;
    String::from_utf8(text.to_vec()).ok().map(Zeroizing::new)
}

fn no_keyring(error: impl Error + Send + Sync + 'static) -> SessionStoreError {
    SessionStoreError::new("the keyring of the operating system cannot be used", error)
}
