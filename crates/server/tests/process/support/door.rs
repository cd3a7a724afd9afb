//! A TCP proxy between a server and its database: while it is shut, the server finds the database stopped.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::unused_port;

/// A TCP proxy on 127.0.0.1. Shut, it has cut every connection, and new ones are refused.
pub(crate) struct Door {
    port: u16,
    to: String,
    open: Option<JoinHandle<()>>,
}

impl Door {
    /// An open door to this host and port.
    pub(crate) async fn to(address: String) -> Self {
        let mut door = Self {
            port: unused_port(),
            to: address,
            open: None,
        };
        door.open().await;
        door
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) async fn open(&mut self) {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let listener = TcpListener::bind(address).await.expect("the door's port is still free");
        self.open = Some(tokio::spawn(pass(listener, self.to.clone())));
    }

    /// Cuts every connection, and leads new ones to another address.
    pub(crate) async fn lead_to(&mut self, address: String) {
        self.shut().await;
        self.to = address;
        self.open().await;
    }

    pub(crate) async fn shut(&mut self) {
        if let Some(task) = self.open.take() {
            task.abort();
            let _ = task.await;
        }
    }
}

async fn pass(listener: TcpListener, to: String) {
    let mut connections = JoinSet::new();
    loop {
        let (mut near, _) = listener.accept().await.expect("connections can be accepted");
        let to = to.clone();
        connections.spawn(async move {
            if let Ok(mut far) = TcpStream::connect(to).await {
                // Either side may hang up as it likes.
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
