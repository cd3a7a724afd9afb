//! The real binary as operators run it: started, stopped, killed, cut off from its relay and its database.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod backup;
mod connections;
mod crash;
mod failover;
mod functions;
mod logs;
mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
mod outage;
mod postgres;
mod proxies;
mod start;
mod stop;
mod support;
