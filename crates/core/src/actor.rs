//! Who calls a flow: every flow knows its caller.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::RequestId;

/// Who calls a flow. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A client of the app, by a request.
    Client(Arc<ClientRequest>),
    /// An administrator of this server.
    Administrator(Arc<Administrator>),
    /// This server itself: its workers, and its own start.
    System,
}

/// The request that a client sent.
#[derive(Clone)]
pub struct ClientRequest {
    /// Its id: in the logs, in the response header and in the `link` of an error.
    pub id: RequestId,
    /// The address that it came from.
    pub address: Option<IpAddr>,
    /// The `User-Agent` that it named.
    pub agent: Option<String>,
    /// Its method.
    pub method: String,
    /// Its query, without the `?`.
    pub query: String,
    /// Its headers, in order. Credentials are not among them.
    pub headers: Vec<(String, String)>,
}

/// An administrator of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The name that logs and events show.
    pub name: String,
}

impl Actor {
    /// A client, by its request.
    pub fn client(request: ClientRequest) -> Self {
        Self::Client(Arc::new(request))
    }

    /// An administrator, by name.
    pub fn administrator(name: &str) -> Self {
        Self::Administrator(Arc::new(Administrator { name: name.to_owned() }))
    }

    /// The client's request, if the actor is a client.
    pub fn request(&self) -> Option<&ClientRequest> {
        match self {
            Self::Client(request) => Some(request),
            Self::Administrator(_) | Self::System => None,
        }
    }
}

/// Addresses, queries and headers are personal data: they are shown on purpose, never by accident.
impl fmt::Debug for ClientRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientRequest").field(&self.id).finish()
    }
}
