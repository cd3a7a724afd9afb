//! A server on a real socket and a client that writes what it likes.

use std::net::SocketAddr;

use axum::ServiceExt;
use axum::extract::Request;
use doorward_testkit::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that stops with its test.
pub(crate) struct Server {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

/// What came back, byte for byte.
pub(crate) struct RawReply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Server {
    pub(crate) async fn start(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let service = doorward_web::tidy_requests(app.router());
        let service = ServiceExt::<Request>::into_make_service(service);
        let task = tokio::spawn(async move {
            axum::serve(listener, service).await.expect("it serves");
        });
        Self { address, task }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it accepts")
    }

    /// Writes all of it and reads to the end; the request must ask to close the connection, or make the server do so.
    pub(crate) async fn send(&self, request: impl AsRef<[u8]>) -> RawReply {
        let mut connection = self.connect().await;
        connection.write_all(request.as_ref()).await.expect("it reads");
        read(connection).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads to the end.
pub(crate) async fn read(mut connection: TcpStream) -> RawReply {
    let mut bytes = Vec::new();
    connection
        .read_to_end(&mut bytes)
        .await
        .expect("an answer arrives whole");
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status line");
    RawReply {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}
