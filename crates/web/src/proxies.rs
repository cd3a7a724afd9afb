//! Which proxies are trusted to report a client's address.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use ipnet::IpNet;

/// The proxies that are trusted to report the client's address.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Takes their networks.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    /// The address of the client: that of the connection, or, behind a trusted proxy, the last one in `X-Forwarded-For`
    /// that is not a trusted proxy itself. The list is walked from right to left, because everything left of what our
    /// own proxy wrote may be made up.
    pub(crate) fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
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
            // A trusted proxy wrote something that is no address; the proxy itself is the best that is known.
            let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
            client = hop.to_canonical();
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
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
