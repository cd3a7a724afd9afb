//! Free ports that a server can take again after a restart.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the kernel hands out: while a server is down, no outgoing connection may take its port.
const PORTS: u16 = 12_000;
const FIRST: u16 = 20_000;

/// A port on 127.0.0.1 where no process listens.
pub(crate) fn unused_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test binaries that run side by side begin in different places.
    let start = u16::try_from(u64::from(std::process::id()) * 97 % u64::from(PORTS)).unwrap();
    (0..PORTS)
        .map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS) % PORTS)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("some port is free")
}
