//! What tests stand on: a whole app over the real router and a real database, a clock that moves, repeatable
//! randomness, a relay. Used by the tests of every crate, as a dev-dependency only.
//! Never part of a release, and never a mock of something that the tests are about.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test kit fails the test by panicking; each message says what was expected"
)]

mod clock;
mod entropy;
mod flaky_store;
mod no_functions;
mod notes;
pub mod smtp_server;
mod test_app;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use flaky_store::FlakyStore;
pub use no_functions::NoFunctions;
pub use notes::notes;
pub use test_app::{Client, Reply, TestApp, TestAppBuilder, User};
