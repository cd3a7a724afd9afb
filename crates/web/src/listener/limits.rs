//! What connections may take of the server.

use std::time::Duration;

use crate::TrustedProxies;

/// What connections may take of the server. A connection needs a place for as long as it is open.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// How many connections are open concurrently. Beyond that, the one that has waited longest for its client is
    /// closed for a new one.
    pub places: usize,
    /// How many of them one client address may hold, or one IPv6 network of 64 bits.
    pub places_per_address: usize,
    /// Proxies, whose connections are those of all clients: they may hold any number.
    pub trusted_proxies: TrustedProxies,
    /// How long the head of a request may take; the body has a deadline of its own. Also ends connections that stay
    /// idle.
    pub header_time: Duration,
    /// How long a client may leave an answer unread.
    pub write_time: Duration,
}

impl ConnectionLimits {
    /// A client address may hold a quarter of the places: enough for an office behind one address, and three more of
    /// its kind leave room for others.
    pub fn new(places: usize, trusted_proxies: TrustedProxies) -> Self {
        let places = places.max(1);
        Self {
            places,
            places_per_address: places.div_ceil(4),
            trusted_proxies,
            header_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
        }
    }
}
