//! Which addresses a script may reach: the public internet, and what the operator lists.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;
use url::{Host, Url};

use super::refusal;

/// Where requests of scripts may go.
///
/// A host is checked twice: by its URL ([`AddressRule::check`]) before its name is looked up, and by each of its
/// addresses ([`AddressRule::allows`]) before a connection. The connection must go to an address that was checked.
#[derive(Debug, Clone, Default)]
pub struct AddressRule {
    allowed: Vec<Allowed>,
}

/// What an operator allows beyond the public internet: a network, an address, or a host whatever its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Addresses.
    Network(IpNet),
    /// A name, in lower case.
    Host(String),
}

/// The text is neither a network, nor an address, nor the name of a host.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is neither a network such as 10.1.0.0/16, nor an address, nor the name of a host")]
pub struct AllowError(String);

impl FromStr for Allowed {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        match Host::parse(text) {
            // An address in an unusual spelling is refused, so that the operator sees which one is meant.
            Ok(Host::Domain(name)) if name.contains(|c: char| c.is_ascii_alphabetic()) => Ok(Self::Host(name)),
            _ => Err(AllowError(text.to_owned())),
        }
    }
}

impl AddressRule {
    /// Allows the public internet and what is listed.
    pub fn new(allowed: Vec<Allowed>) -> Self {
        Self { allowed }
    }

    /// Refuses a URL that is not `http` or `https`, and one whose host is an address that is not allowed; parsing the
    /// URL has resolved every spelling of an address. The error is text for the script.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refusal(url));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(refusal(url)),
        };
        if self.allows(None, address) {
            Ok(())
        } else {
            Err(refusal(url))
        }
    }

    /// Whether a connection to an address may be opened. `host` is the name that was looked up.
    pub fn allows(&self, host: Option<&str>, address: IpAddr) -> bool {
        let plain = plain(address);
        let listed = self.allowed.iter().any(|allowed| match allowed {
            Allowed::Network(network) => network.contains(&plain) || network.contains(&address),
            Allowed::Host(name) => host.is_some_and(|host| {
                host.strip_suffix('.')
                    .unwrap_or(host)
                    .eq_ignore_ascii_case(name.trim_end_matches('.'))
            }),
        });
        listed || is_public(plain)
    }
}

/// The IPv4 address in an IPv4-mapped IPv6 address, or the address itself: `::ffff:127.0.0.1` would look public
/// otherwise.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    v6.to_ipv4_mapped().map_or(address, IpAddr::V4)
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether IANA's registry of special-purpose addresses leaves the address to the public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        // The metadata service of most clouds, 169.254.169.254, is link-local.
        || address.is_link_local()
        || address.is_documentation()
        // Carrier-grade translation; one cloud's metadata service is 100.100.100.200.
        || (a == 100 && b & 0xc0 == 64)
        // Protocol assignments, and the former relays of 6to4.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        // Measurements between devices.
        || (a == 198 && b & 0xfe == 18)
        // Oracle's metadata alias, and Azure's host.
        || address == Ipv4Addr::new(192, 0, 0, 192)
        || address == Ipv4Addr::new(168, 63, 129, 16)
        // Multicast, reserved, broadcast.
        || a >= 224)
}

/// Whether the address is in `2000::/3`, the range for the public, and in none of its special ranges. Loopback,
/// unspecified, unique-local (with Amazon's `fd00:ec2::254`), link-local, multicast and the translations of
/// `64:ff9b:1::/48` are outside of it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let octets = address.octets();
    let embedded = |from: usize| Ipv4Addr::new(octets[from], octets[from + 1], octets[from + 2], octets[from + 3]);
    // NAT64 leads to an IPv4 address, which decides.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(embedded(12));
    }
    // So does 6to4.
    if segments[0] == 0x2002 {
        return is_public_v4(embedded(2));
    }
    let [a, b, ..] = segments;
    a & 0xe000 == 0x2000
        // Protocol assignments, Teredo and benchmarks among them.
        && !(a == 0x2001 && b < 0x0200)
        // Documentation.
        && !(a == 0x2001 && b == 0x0db8)
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &AddressRule, url: &str) -> Result<(), String> {
        rule.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn addresses_that_are_not_public_are_refused_in_every_spelling() {
        let rule = AddressRule::default();
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0xA9FEA9FE",
            "100.64.0.1",
            "100.127.255.255",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2002:a00:1::1]",
            "[2001::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
        ] {
            let refusal = check(&rule, &format!("http://{host}:8080/path")).unwrap_err();
            assert!(
                refusal.starts_with("request to ") && refusal.ends_with(" is not allowed"),
                "{refusal}"
            );
        }
        let refusal = check(&rule, "http://127.1/");
        assert_eq!(refusal.unwrap_err(), "request to 127.0.0.1 is not allowed");
    }

    #[test]
    fn public_addresses_are_allowed() {
        let rule = AddressRule::default();
        for host in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "198.20.0.1",
            "[2606:4700::1111]",
            "[2001:4860:4860::8888]",
            "[64:ff9b::8.8.8.8]",
            "[2002:808:808::1]",
        ] {
            assert_eq!(check(&rule, &format!("https://{host}/")), Ok(()), "{host}");
        }
    }

    #[test]
    fn only_the_web_is_allowed() {
        for url in ["ftp://example.com/", "file:///etc/passwd", "data:,text"] {
            assert!(check(&AddressRule::default(), url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_the_operator_lists_is_allowed_and_nothing_beside_it() {
        let listed = ["10.1.0.0/16", "::1", "Intranet.Example"].map(|text| text.parse().unwrap());
        let rule = AddressRule::new(listed.to_vec());
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(rule.allows(None, address("10.1.2.3")));
        assert!(rule.allows(None, address("::ffff:10.1.2.3")));
        assert!(!rule.allows(None, address("10.2.0.1")));
        assert!(rule.allows(None, address("::1")));
        assert!(!rule.allows(None, address("127.0.0.1")));
        assert!(rule.allows(Some("intranet.example."), address("192.168.0.1")));
        assert!(!rule.allows(Some("other.example"), address("192.168.0.1")));
        assert!(!rule.allows(Some("x.intranet.example"), address("192.168.0.1")));
    }

    #[test]
    fn what_cannot_be_allowed_is_an_error_that_names_it() {
        for text in ["", "10.0.0.0/33", "http://example.com", "a b", "1.2.3.4:80"] {
            let error = text.parse::<Allowed>().unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
        assert_eq!(
            "10.1.2.3/8".parse(),
            Ok(Allowed::Network("10.0.0.0/8".parse().unwrap()))
        );
    }
}
