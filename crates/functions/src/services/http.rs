//! `context.http`: where the requests of scripts may go, and how they get there.

mod address;
mod client;
mod digest;
mod lookup;
mod message;
#[cfg(test)]
pub(super) mod test_server;

pub use address::{AddressRule, AllowError, Allowed};
pub use client::{ClientError, HttpClient};
pub(super) use client::{builder, read_body};

/// The error of a request to a host that scripts may not reach.
fn refusal(url: &url::Url) -> String {
    format!("request to {} is not allowed", url.host_str().unwrap_or_default())
}
