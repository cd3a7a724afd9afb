//! A command's side of the socket.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::reply::ErrorBody;
use super::socket::NAME;

/// The longest answer in JSON, in bytes.
const LONGEST_ANSWER: usize = 16 << 20;

/// A connection to the server that runs on a data directory.
pub(crate) struct Control {
    requests: SendRequest<Full<Bytes>>,
}

impl Control {
    /// Connects. `None`: no server runs on this directory.
    pub(crate) async fn connect(data_dir: &Path) -> Result<Option<Self>> {
        let path = data_dir.join(NAME);
        let stream = match UnixStream::connect(&path).await {
            Ok(stream) => stream,
            // A server that was killed leaves its socket. InvalidInput: no socket can have a path of this length.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::InvalidInput
                ) =>
            {
                return Ok(None);
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let who = format!(
                    "{}: run this command as the user that the server runs as",
                    path.display()
                );
                return Err(anyhow!(error).context(who));
            }
            Err(error) => return Err(error).with_context(|| format!("cannot connect to {}", path.display())),
        };
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Some(Self { requests }))
    }

    /// Sends a command, and reads its answer.
    pub(crate) async fn post<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> Result<T> {
        let answer = self.send(path, body).await?;
        let answer = collect(answer).await?;
        serde_json::from_slice(&answer).context("the answer of the server is not understood")
    }

    /// Sends a command whose answer is a stream of bytes, and writes them. An answer that is broken off is an error.
    pub(crate) async fn download(&mut self, path: &str, body: &impl Serialize, out: &mut impl Write) -> Result<()> {
        let mut answer = self.send(path, body).await?.into_body();
        while let Some(frame) = answer.frame().await {
            let frame = frame.context("the server broke its answer off; its log says why")?;
            if let Ok(bytes) = frame.into_data() {
                out.write_all(&bytes)?;
            }
        }
        Ok(())
    }

    async fn send(&mut self, path: &str, body: &impl Serialize) -> Result<Response<Incoming>> {
        let request = Request::post(path)
            .header(HOST, "doorward")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(serde_json::to_vec(body)?))?;
        let answer = self.requests.send_request(request).await;
        let answer = answer.context("the server does not answer on its control socket")?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = collect(answer).await?;
        Err(match serde_json::from_slice::<ErrorBody>(&text) {
            Ok(body) => anyhow!(body.error),
            Err(_) => anyhow!("the server answered with status {status}"),
        })
    }
}

async fn collect(answer: Response<Incoming>) -> Result<Bytes> {
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
    let body = body.map_err(|error| anyhow!(error).context("the server broke its answer off"))?;
    Ok(body.to_bytes())
}
