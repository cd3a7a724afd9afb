//! Sessions that are encrypted with a key in a keyring: that of the system, which `./test` starts, and keyrings in
//! memory.

use std::path::Path;
use std::sync::Arc;

use doorward_client::{App, KeyringStore, SessionStore as _};
use keyring_core::{CredentialStore, Entry, mock};

use crate::scripted::Scripted;

const NO_KEY: &str =
    "the sessions that were kept cannot be read: the keyring has no key for them; without it they are lost";

fn keyring() -> Arc<CredentialStore> {
    mock::Store::new().unwrap()
}

fn store(keyring: &Arc<CredentialStore>, directory: &Path) -> KeyringStore {
    let entry = Entry::new_in_store(keyring, "com.example.notes", "sessions").unwrap();
    KeyringStore::with_entry(directory, entry)
}

fn app(server: &Scripted, store: KeyringStore) -> Result<App, doorward_client::Error> {
    App::builder("notes-abcde")
        .base_url(server.url())
        .session_store(store)
        .build()
}

/// Programs open the store from asynchronous code, so this test does too.
#[tokio::test(flavor = "multi_thread")]
async fn the_keyring_of_the_system_keeps_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let service = format!("com.example.notes.test-{}", std::process::id());
    let store = || {
        let store = KeyringStore::new(directory.path(), &service);
        store.expect("this needs a keyring (Secret Service): ./test starts one")
    };
    let server = Scripted::start().await;
    let user = server.signed_in(&app(&server, store()).unwrap()).await;
    let again = app(&server, store()).unwrap();
    assert_eq!(again.current_user().unwrap().id(), user.id());

    // The key is in the keyring only: without it the files are lost.
    Entry::new(&service, "sessions").unwrap().delete_credential().unwrap();
    let error = app(&server, store()).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), NO_KEY);
}

#[tokio::test]
async fn sessions_are_read_with_the_key_and_not_without() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, other) = (keyring(), keyring());
    let server = Scripted::start().await;
    let user = server
        .signed_in(&app(&server, store(&ours, directory.path())).unwrap())
        .await;
    let again = app(&server, store(&ours, directory.path())).unwrap();
    assert_eq!(again.current_user().unwrap().id(), user.id());

    let error = app(&server, store(&other, directory.path())).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), NO_KEY);
    // Nor are they read with another key.
    store(&other, &directory.path().join("elsewhere"))
        .save("x", "y")
        .unwrap();
    let error = app(&server, store(&other, directory.path())).unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the sessions that were kept cannot be read: the key in the keyring does not open them"
    );
}

#[test]
fn the_files_say_nothing_and_cannot_be_exchanged() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&keyring(), directory.path());
    assert_eq!(store.load("a").unwrap(), None);
    store.save("a", "access-1").unwrap();
    store.save("b", "access-2").unwrap();
    assert_eq!(store.load("a").unwrap().unwrap().as_str(), "access-1");
    let file = |name: &str| directory.path().join(format!("{name}.json"));
    let text = std::fs::read_to_string(file("a")).unwrap();
    assert!(!text.contains("access"));
    store.save("a", "access-1").unwrap();
    assert_ne!(
        std::fs::read_to_string(file("a")).unwrap(),
        text,
        "the same is never written alike"
    );
    std::fs::rename(file("a"), file("b")).unwrap();
    store.load("b").unwrap_err();
    for broken in ["", "AAAA", "not base64!", &text[..text.len() / 2]] {
        std::fs::write(file("b"), broken).unwrap();
        store.load("b").unwrap_err();
    }
}
