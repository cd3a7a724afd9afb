//! The request of a client, as flows and functions may know it.

use doorward_core::ClientRequest;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION, USER_AGENT};
use http::request::Parts;

use crate::{PeerAddress, RequestContext};

/// Credentials are for this server. A function that needs to know the user gets its id.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];

/// What a flow may know of the request that these parts belong to.
pub fn client_request(parts: &Parts, context: &RequestContext) -> ClientRequest {
    let peer = parts.extensions.get::<PeerAddress>();
    let address = peer.map(|peer| context.trusted_proxies().client_address(peer.0.ip(), &parts.headers));
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().filter(|(name, _)| !CREDENTIALS.contains(name));
    ClientRequest {
        id: context.id(),
        address,
        agent: parts.headers.get(USER_AGENT).map(text),
        method: parts.method.to_string(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
    }
}
