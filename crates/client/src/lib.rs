//! The Rust SDK of Doorward: registering, confirming, logging in and the other calls around an account.
//! Used by apps, and by backends that check the tokens of their users.
//! Never depends on how the server works: it speaks the protocol that all Realm SDKs speak.
//!
//! # From nothing to a confirmed user
//!
//! A program knows an app by its id and by the URL of its server. `doorward serve examples/notes` starts a server with
//! the app of this example:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use doorward_client::{App, Credentials, EmailToken};
//!
//! let app = App::builder("notes-abcde").base_url("http://127.0.0.1:9090").build()?;
//! let auth = app.email_password_auth();
//!
//! // 1. Register. This app sends a mail; another app may confirm at once, or ask a function of its owner.
//! auth.register_user("ada@example.com", "correct horse").await?;
//!
//! // 2. The link in the mail opens the app, which reads the token pair out of the link.
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
//! # Where to look
//!
//! | For | see |
//! |---|---|
//! | the seven calls about addresses and passwords | [`EmailPasswordAuth`] |
//! | the token pairs in mailed links | [`EmailToken`] |
//! | logging in: with a password, a function, and the other ways | [`Credentials`] |
//! | who is logged in, several users on one device | [`App`] |
//! | profile, calling functions, logging out | [`User`] |
//! | sessions that outlive the program | [`SessionStore`], [`FileStore`], `KeyringStore` |
//! | a backend that checks who calls it | `TokenVerifier`, in the module `verify` |
//! | programs without `async` | the module `blocking` |
//!
//! # What the server does not serve yet
//!
//! The SDK has all calls of App Services about accounts. Doorward's server does not serve these yet; each says so in
//! its documentation, with what the server answers today:
//!
//! - logging in as an [anonymous](Credentials::anonymous) user, with an [API key](Credentials::api_key) or with a
//!   [JSON Web Token](Credentials::jwt) of another system;
//! - [linking](User::link_credentials) identities;
//! - a user's [API keys](User::api_keys);
//! - [custom data](User::custom_data).
//!
//! # Errors
//!
//! All calls return the one [`Error`]. Its methods say what a program needs to decide:
//! [`error_code`](Error::error_code), [`status`](Error::status), [`is_timeout`](Error::is_timeout),
//! [`is_logged_out`](Error::is_logged_out). Its `Display` is a sentence for people. The documentation of each call
//! lists the codes that it can return.
//!
//! If the access token has expired, a call renews it and is sent once more; calls that run at the same time wait for
//! one renewal. If the session itself is over, the user is logged out, and [`is_logged_out`](Error::is_logged_out) says
//! so. After a 429, a call that does no harm when it is repeated is sent again, at most twice, if the `Retry-After` of
//! the server is at most ten seconds. The SDK repeats nothing else.
//!
//! # Features
//!
//! | Feature | Adds |
//! |---|---|
//! | `blocking` | all calls without `async` |
//! | `keyring` | sessions that are encrypted with a key in the keyring of the operating system |
//! | `verify` | checking access tokens on a backend, offline |
//!
//! None is on by default. The SDK runs on tokio. It also builds for `wasm32-unknown-unknown`, where the browser sends
//! the requests; files, the three features and waiting after a 429 do not exist there.
//!
//! # Dependencies
//!
//! `reqwest` with rustls sends requests; `serde` and `serde_json` read and write their bodies, whose shapes
//! `doorward-wire` shares with the server; `url` and `percent-encoding` parse URLs and links; `base64` decodes the
//! claims of a token; `tokio` has the locks and, outside of browsers, the timers; `thiserror` is for errors; `zeroize`
//! clears the memory of passwords and tokens. The feature `keyring` adds `keyring` and `aws-lc-rs`, the feature
//! `verify` adds `jsonwebtoken`.

mod api_keys;
mod app;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod credentials;
mod ejson;
mod email_password;
mod email_token;
mod error;
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
#[doc(inline)]
pub use doorward_wire::ErrorCode;
pub use email_password::EmailPasswordAuth;
pub use email_token::{EmailToken, EmailTokenError};
pub use error::Error;
#[cfg(not(target_family = "wasm"))]
pub use file_store::FileStore;
#[cfg(all(feature = "keyring", not(target_family = "wasm")))]
pub use keyring_store::KeyringStore;
pub use session_store::{MemoryStore, SessionStore, SessionStoreError};
pub use user::{Identity, User, UserProfile, UserState};
#[cfg(all(feature = "verify", not(target_family = "wasm")))]
pub use verify::{TokenVerifier, TokenVerifierBuilder, VerifiedToken, VerifyError};

/// Compiles the programs in the README when the documentation is tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
