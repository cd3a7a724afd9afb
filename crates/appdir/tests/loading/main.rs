//! Loading whole directories: what is read, what is refused, and what the report lists.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod app_dir;
mod environments;
mod errors;
mod files;
mod formats;
mod functions;
mod fuzzed;
mod locating;
mod providers;
mod reports;
mod secrets;
mod table;
mod triggers;
