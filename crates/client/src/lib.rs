//! The Rust SDK of Doorward: registering, confirming, logging in and everything around an account.
//! Used by apps, and by backends that check the tokens of their users.
//! Never knows how the server works: it speaks the wire that every Realm SDK speaks.
//!
//! # From nothing to a confirmed user
//!
//! An app is known by its id and by the URL of its server. `doorward serve examples/notes` starts one that this works with:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use doorward_client::{App, Credentials, EmailToken};
//!
//! let app = App::builder("notes-abcde").base_url("http://127.0.0.1:9090").build()?;
//! let auth = app.email_password_auth();
//!
//! // 1. Register. Here a mail is sent; another app may confirm at once, or ask a function of its owner.
//! auth.register_user("ada@example.com", "correct horse").await?;
//!
//! // 2. The link in the mail opens the app, which reads the pair out of it.
//! let link = "https://notes.example.com/confirm?token=…&tokenId=…".parse()?;
//! auth.confirm_user(&EmailToken::from_url(&link)?).await?;
//!
//! // 3. Log in.
//! let user = app.log_in(Credentials::email_password("ada@example.com", "correct horse")).await?;
//! println!("{} is {:?}", user.id(), user.profile().email());
//! # Ok(())
//! # }
//! ```
//!
//! From there:
//!
//! | | |
//! |---|---|
//! | the seven calls about addresses and passwords | [`EmailPasswordAuth`] |
//! | links in mails, and what they carry | [`EmailToken`] |
//! | other ways to log in: anonymous, API key, JSON Web Token, a function | [`Credentials`] |
//! | who is logged in, several users at once | [`App`] |
//! | profile, custom data, calling functions, logging out, linking | [`User`] |
//! | sessions that outlive the program | [`SessionStore`], [`FileStore`], `KeyringStore` |
//! | a backend that checks who calls it | `TokenVerifier`, in the module `verify` |
//! | without `async` | `blocking` |
//!
//! # When something goes wrong
//!
//! Every call returns the one [`Error`]. It answers what a program decides by: [`error_code`](Error::error_code),
//! [`status`](Error::status), [`is_timeout`](Error::is_timeout), [`is_logged_out`](Error::is_logged_out), and prints a sentence for
//! people. Each call says which codes it can meet.
//!
//! A call whose access token is over renews it and is sent once more; that happens once for however many calls wait, and never in a
//! loop. When the session itself is over, the user is logged out and [`is_logged_out`](Error::is_logged_out) says so. After a 429, calls
//! that are safe to repeat are sent again, at most twice, when the server's `Retry-After` is at most ten seconds. Nothing else is
//! repeated.
//!
//! # Features
//!
//! | | |
//! |---|---|
//! | `blocking` | every call without `async` |
//! | `keyring` | sessions sealed with a key in the keyring of the operating system |
//! | `verify` | checking access tokens on a backend, offline |
//!
//! None is on by default. The SDK needs tokio; it builds for `wasm32-unknown-unknown`, where requests are the browser's, and where files,
//! `blocking`, `keyring`, `verify` and waiting after a 429 are not there.
//!
//! # What it is built on
//!
//! `reqwest` with rustls for requests; `serde` and `serde_json` for what they carry; `url` for base URLs and links; `base64` for the claims
//! of a token; `tokio` for its locks and, where there is a clock, its sleep; `thiserror` for errors; `zeroize` for tokens in memory;
//! `doorward-wire` for the shapes that the server has as well. With `keyring`: `keyring` and `aws-lc-rs`. With `verify`: `jsonwebtoken`.

mod api_keys;
mod app;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod credentials;
mod ejson;
mod email_password;
mod email_token;
mod error;
mod error_code;
#[cfg(not(target_family = "wasm"))]
mod file_store;
#[cfg(all(feature = "keyring", not(target_family = "wasm")))]
mod keyring_store;
mod session_store;
mod transport;
mod user;
mod users;
#[cfg(all(feature = "verify", not(target_family = "wasm")))]
pub mod verify;

pub use api_keys::{ApiKey, ApiKeys};
pub use app::{App, AppBuilder};
pub use credentials::Credentials;
pub use email_password::EmailPasswordAuth;
pub use email_token::{EmailToken, EmailTokenError};
pub use error::Error;
pub use error_code::ErrorCode;
#[cfg(not(target_family = "wasm"))]
pub use file_store::FileStore;
#[cfg(all(feature = "keyring", not(target_family = "wasm")))]
pub use keyring_store::KeyringStore;
pub use session_store::{MemoryStore, SessionStore, SessionStoreError};
pub use user::{Identity, User, UserProfile, UserState};
#[cfg(all(feature = "verify", not(target_family = "wasm")))]
pub use verify::{TokenVerifier, TokenVerifierBuilder, VerifiedToken, VerifyError};
