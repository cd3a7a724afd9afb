//! Which proxies are trusted to report a client's address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
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
    /// that is not a trusted proxy itself. All lines of the header are one list. It is walked from right to left,
    /// because everything left of what our own proxy wrote may be made up; and an entry that is no address ends the
    /// walk, because whoever could make the walk skip an entry could choose the next one.
    pub(crate) fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        // Bytes, not text: a client may put any into its own part of the line.
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        for hop in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            if !self.trusts(client) {
                break;
            }
            // Without an address in this entry, the proxy that wrote it is the nearest client that is known.
            let Some(hop) = hop_address(hop) else { break };
            client = hop.to_canonical();
        }
        client
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The address in one entry of `X-Forwarded-For`. Some proxies add the port, and then, or always, brackets to IPv6.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop.trim_ascii()).ok()?;
    if let Ok(address) = hop.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(with_port) = hop.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let bare = hop.strip_prefix('[')?.strip_suffix(']')?;
    bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

#[cfg(test)]
mod tests {
    use bolero::check;
    use http::HeaderValue;

    use super::*;

    const OURS: &[&str] = &["10.0.0.0/8", "2001:db8:ffff::/48"];

    fn client(trusted: &[&str], peer: &str, forwarded: &[impl AsRef<[u8]>]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().map(|network| network.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value.as_ref()).unwrap());
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
        assert_eq!(client(&["10.0.0.0/8"], "10.1.1.1", &[""; 0]), "10.1.1.1");
    }

    #[test]
    fn s62_no_bytes_of_a_client_change_what_the_proxy_saw() {
        check!().with_type::<Vec<Vec<u8>>>().for_each(|lines| {
            let mut lines: Vec<_> = lines
                .iter()
                .filter(|line| HeaderValue::from_bytes(line).is_ok())
                .cloned()
                .collect();
            // A proxy adds a line of its own to what came from outside …
            let mut own_line = lines.clone();
            own_line.push(b"198.51.100.7".to_vec());
            assert_eq!(client(OURS, "10.1.1.1", &own_line), "198.51.100.7");
            // … or appends to the last one.
            if let Some(last) = lines.last_mut() {
                last.extend_from_slice(b", 198.51.100.7");
                assert_eq!(client(OURS, "10.1.1.1", &lines), "198.51.100.7");
            }
        });
    }

    #[test]
    fn s62_an_unreadable_entry_ends_the_walk() {
        for unreadable in [
            "nonsense",
            "unknown",
            "_hidden",
            "",
            "10.0.0",
            "\u{fc}",
            "[10.1.1.1]",
            "10.2.2.2:99999",
        ] {
            // In a line of its own or in that of the client: the proxy that wrote it is what is known.
            let own_line = ["203.0.113.5", unreadable];
            assert_eq!(client(OURS, "10.1.1.1", &own_line), "10.1.1.1", "{unreadable}");
            let one_line = [format!("203.0.113.5, {unreadable}")];
            assert_eq!(client(OURS, "10.1.1.1", &one_line), "10.1.1.1", "{unreadable}");
            let further = ["203.0.113.5", unreadable, "10.2.2.2"];
            assert_eq!(client(OURS, "10.1.1.1", &further), "10.2.2.2", "{unreadable}");
        }
        // Bytes of a client that are no text do not take the proxy's own entry with them.
        assert_eq!(
            client(OURS, "10.1.1.1", &[b"\xff, 198.51.100.7".as_slice()]),
            "198.51.100.7"
        );
        assert_eq!(
            client(OURS, "10.1.1.1", &[b"203.0.113.5".as_slice(), b"\xff, 198.51.100.7"]),
            "198.51.100.7"
        );
    }

    #[test]
    fn s62_ports_and_brackets_belong_to_no_address() {
        for (hop, address) in [
            ("198.51.100.7:50123", "198.51.100.7"),
            ("[2001:db8::7]:50123", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("\t 198.51.100.7 ", "198.51.100.7"),
            ("[::ffff:198.51.100.7]:1", "198.51.100.7"),
        ] {
            assert_eq!(client(OURS, "10.1.1.1", &[hop]), address, "{hop}");
            // Also where the entry is one of our own proxies.
            let through = format!("{hop}, [2001:db8:ffff::1]:443, 10.3.3.3:80");
            assert_eq!(client(OURS, "10.1.1.1", &[through]), address, "{hop}");
        }
    }
}
