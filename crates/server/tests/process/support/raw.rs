//! Requests byte by byte, for what a well-behaved client does not send.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Server;

impl Server {
    /// Posts JSON to a path below the app, with these lines as further headers, and returns the answer as it came, head
    /// and body.
    pub(crate) async fn post_raw(&self, path: &str, headers: &[&str], body: &Value) -> String {
        let address = self.url().strip_prefix("http://").expect("a server without TLS");
        let body = body.to_string();
        let headers: String = headers.iter().flat_map(|line| [line, "\r\n"]).collect();
        let request = format!(
            "POST /api/client/v2.0/app/notes-abcde/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        let mut connection = TcpStream::connect(address).await.expect("the server listens");
        connection
            .write_all(request.as_bytes())
            .await
            .expect("the server reads");
        let mut answer = String::new();
        connection
            .read_to_string(&mut answer)
            .await
            .expect("an answer arrives whole");
        answer
    }
}
