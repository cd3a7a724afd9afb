//! Stores for sessions: what they keep, who can read it, and what happens when they fail.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use doorward_client::{App, Credentials, FileStore, MemoryStore, SessionStore, SessionStoreError, UserState};

use crate::scripted::{Answer, Scripted, login, profile};

fn app(server: &Scripted, directory: &Path) -> Result<App, doorward_client::Error> {
    App::builder("notes-abcde")
        .base_url(server.url())
        .session_store(FileStore::new(directory))
        .build()
}

/// The only file in the directory.
fn file(directory: &Path) -> std::path::PathBuf {
    let files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().unwrap()
}

#[tokio::test]
async fn users_are_there_again_after_the_program_has_ended() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("made/when/needed");
    let server = Scripted::start().await;
    let (ada, bob) = ("5f1d7f3b6c9d4e0012345678", "5f1d7f3b6c9d4e0087654321");
    {
        let app = app(&server, &directory).unwrap();
        for (user, number) in [(ada, "1"), (bob, "2")] {
            server.answers([login(user, number), profile("local-userpass")]);
            app.log_in(Credentials::email_password("x", "y")).await.unwrap();
        }
        server.answers([Answer::empty(204)]);
        app.current_user().unwrap().log_out().await.unwrap();
        server.asked();
    }
    let again = app(&server, &directory).unwrap();
    assert!(server.asked().is_empty(), "nothing is sent to read them");
    let current = again.current_user().unwrap();
    assert_eq!(current.id(), ada);
    assert_eq!(current.profile().email(), Some("ada@example.com"));
    assert_eq!(current.access_token().as_deref(), Some("access-1"));
    let states: Vec<_> = again
        .all_users()
        .iter()
        .map(|user| (user.id().to_owned(), user.state()))
        .collect();
    assert_eq!(
        states,
        [
            (ada.to_owned(), UserState::LoggedIn),
            (bob.to_owned(), UserState::LoggedOut)
        ]
    );

    // The store has the renewed token, and no token of the user who has logged out.
    server.answers([Answer::json(201, &serde_json::json!({ "access_token": "access-9" }))]);
    current.refresh_access_token().await.unwrap();
    let text = std::fs::read_to_string(file(&directory)).unwrap();
    assert!(text.contains("access-9") && text.contains("refresh-1") && !text.contains("access-1\""));
    assert!(!text.contains("access-2") && !text.contains("refresh-2"));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("sessions");
    let server = Scripted::start().await;
    let app = app(&server, &directory).unwrap();
    for _ in 0..2 {
        server.signed_in(&app).await;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&file(&directory))), (0o700, 0o600));
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_an_error_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let server = Scripted::start().await;
    server.signed_in(&app(&server, directory.path()).unwrap()).await;
    let file = file(directory.path());
    let good = std::fs::read_to_string(&file).unwrap();
    let newer = good.replace("\"version\":1", "\"version\":2");
    for broken in [&good[..good.len() / 2], "", "[]", "null", "\0\0\0", &newer] {
        std::fs::write(&file, broken).unwrap();
        let error = app(&server, directory.path()).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            cause.starts_with("the sessions that were kept cannot be read: "),
            "{cause}"
        );
        assert!(!format!("{error:?}").contains("access-1"), "{error:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), broken);
    }
    std::fs::write(&file, &good).unwrap();
    assert!(app(&server, directory.path()).unwrap().current_user().is_some());
    // Bytes that are not UTF-8.
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    app(&server, directory.path()).unwrap_err();
    assert_eq!(std::fs::read(&file).unwrap(), [0xff, 0xfe]);
}

#[tokio::test]
async fn each_app_and_each_server_has_sessions_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let (here, there) = (Scripted::start().await, Scripted::start().await);
    here.signed_in(&app(&here, directory.path()).unwrap()).await;
    assert!(app(&there, directory.path()).unwrap().all_users().is_empty());
    let other = App::builder("other-abcde")
        .base_url(here.url())
        .session_store(FileStore::new(directory.path()));
    assert!(other.build().unwrap().all_users().is_empty());
    assert_eq!(app(&here, directory.path()).unwrap().all_users().len(), 1);
}

/// A store that fails on demand.
#[derive(Default, Clone)]
struct Failing {
    inner: Arc<MemoryStore>,
    fails: Arc<AtomicBool>,
}

impl SessionStore for Failing {
    fn load(&self, key: &str) -> Result<Option<zeroize::Zeroizing<String>>, SessionStoreError> {
        self.inner.load(key)
    }

    fn save(&self, key: &str, text: &str) -> Result<(), SessionStoreError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(SessionStoreError::new(
                "the disk is full",
                std::io::Error::other("no space"),
            ));
        }
        self.inner.save(key, text)
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_loses_no_session() {
    let server = Scripted::start().await;
    let store = Failing::default();
    let app = App::builder("notes-abcde")
        .base_url(server.url())
        .session_store(store.clone())
        .build()
        .unwrap();
    store.fails.store(true, Ordering::Relaxed);
    server.answers([login("5f1d7f3b6c9d4e0012345678", "1"), profile("local-userpass")]);
    let error = app.log_in(Credentials::email_password("x", "y")).await.unwrap_err();
    assert_eq!(error.to_string(), "the session cannot be kept");
    let user = app.current_user().expect("the login itself has happened");
    // Renewing the access token works without the store.
    server.answers([Answer::json(201, &serde_json::json!({ "access_token": "access-2" }))]);
    assert_eq!(user.refresh_access_token().await.unwrap(), "access-2");
    store.fails.store(false, Ordering::Relaxed);
    app.switch_user(&user).unwrap();
    let again = App::builder("notes-abcde")
        .base_url(server.url())
        .session_store(store)
        .build()
        .unwrap();
    assert_eq!(
        again.current_user().unwrap().access_token().as_deref(),
        Some("access-2")
    );
}
