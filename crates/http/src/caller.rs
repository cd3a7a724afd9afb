//! What a function may know of the request that caused its call.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::request::Parts;
use ipnet::IpNet;

use doorward_core::Caller;

use crate::Api;

/// The other end of the connection. Whoever accepts connections puts it into the extensions of each request.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// The proxies whose word about the client's address counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Takes their networks.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    /// The address of the client: that of the connection, or, behind a trusted proxy, the last one in `X-Forwarded-For` that is not a
    /// trusted proxy itself. The list is walked from right to left, because everything left of what our own proxy wrote may be made up.
    fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let forwarded = headers.get_all("x-forwarded-for");
        let hops = forwarded
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        for hop in hops.collect::<Vec<_>>().into_iter().rev() {
            if !self.trusts(client) {
                break;
            }
            // What a trusted proxy wrote and nobody can read is no address; the proxy itself is the best that is known.
            let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
            client = hop.to_canonical();
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// [`Caller`] as an extractor.
pub(crate) struct RequestCaller(pub(crate) Caller);

impl FromRequestParts<Api> for RequestCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<PeerAddress>();
        // Credentials are for this server. A function that needs to know the user is told who it is.
        let is_secret = |name: &http::HeaderName| [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name);
        Ok(Self(Caller {
            address: peer.map(|peer| api.trusted_proxies.client_address(peer.0.ip(), &parts.headers)),
            method: parts.method.to_string(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts
                .headers
                .iter()
                .filter(|(name, _)| !is_secret(name))
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().map(|network| network.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        proxies.client_address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn s62_a_header_counts_only_behind_a_trusted_proxy() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.1.1.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn s62_what_a_client_wrote_itself_is_not_believed() {
        // The proxy has added the address that it saw; the rest came from outside.
        let made_up = ["127.0.0.1, 10.9.9.9", "203.0.113.5, 198.51.100.7"];
        assert_eq!(client(&["10.0.0.0/8"], "10.1.1.1", &made_up), "198.51.100.7");
        // Through two of ours.
        assert_eq!(
            client(&["10.0.0.0/8"], "10.1.1.1", &["203.0.113.5, 198.51.100.7, 10.2.2.2"]),
            "198.51.100.7"
        );
    }

    #[test]
    fn s62_an_address_is_compared_as_what_it_is() {
        assert_eq!(
            client(&["10.0.0.0/8"], "::ffff:10.1.1.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(client(&["10.0.0.0/8"], "10.1.1.1", &["nonsense"]), "10.1.1.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.1.1.1", &[]), "10.1.1.1");
    }
}
