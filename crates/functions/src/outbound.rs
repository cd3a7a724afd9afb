//! Requests of scripts to the outside: where they may go, and how they get there.

mod address;
mod client;
mod digest;
mod lookup;
mod message;
#[cfg(test)]
pub(crate) mod test_server;

pub use address::{AddressRule, AllowError, Allowed};
pub use client::{ClientError, HttpClient};
pub(crate) use client::{builder, read_body};

/// What a script hears of a host that it may not reach.
fn refusal(url: &url::Url) -> String {
    format!("request to {} is not allowed", url.host_str().unwrap_or_default())
}
