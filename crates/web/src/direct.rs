//! Whether a request comes from this machine itself, for surfaces that are for its developer only. That the server
//! listens on loopback does not tell: a tunnel or a proxy on the same machine connects from there too, and a website
//! can point a name of its own at this machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::{FORWARDED, HOST, HeaderName, VIA};
use http::request::Parts;
use http::uri::Authority;

/// What proxies, tunnels and content delivery networks add, besides what begins as [`FORWARDING_PREFIXES`] do.
const FORWARDING: [HeaderName; 12] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-client-ip"),
    HeaderName::from_static("x-cluster-client-ip"),
    HeaderName::from_static("x-original-host"),
    HeaderName::from_static("x-original-forwarded-for"),
    HeaderName::from_static("x-amzn-trace-id"),
    HeaderName::from_static("true-client-ip"),
    HeaderName::from_static("fastly-client-ip"),
    HeaderName::from_static("fly-client-ip"),
    HeaderName::from_static("cdn-loop"),
];

/// Everything of `X-Forwarded`, of Envoy, of Cloudflare (whose tunnels add it too), and of Tailscale.
const FORWARDING_PREFIXES: [&str; 5] = ["x-forwarded", "x-envoy-", "cf-", "tailscale-", "x-azure-"];

/// Whether the client that sent this request connected to this machine under a loopback name, and not through a proxy
/// or a tunnel, as far as headers tell.
pub fn is_direct(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let is_local = host
        .to_str()
        .is_ok_and(|host| host.parse().is_ok_and(|host| is_loopback(&host)));
    // A request line may name a host too.
    is_local && parts.uri.authority().is_none_or(is_loopback) && !parts.headers.keys().any(is_of_a_proxy)
}

fn is_of_a_proxy(name: &HeaderName) -> bool {
    FORWARDING.contains(name)
        || FORWARDING_PREFIXES
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix))
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().to_ascii_lowercase();
    if authority.as_str().contains('@') {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address
            .parse()
            .is_ok_and(|address: Ipv6Addr| address.to_canonical().is_loopback());
    }
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn direct(uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_direct(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn only_a_loopback_host_is_direct() {
        for host in [
            "localhost",
            "LOCALHOST:9090",
            "notes.localhost:9090",
            "127.0.0.1",
            "127.1.2.3:9090",
            "[::1]:9090",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(direct("/dev/mail", &[("host", host)]), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "127.0.0.1@example.com",
            "example.com@127.0.0.1",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[2001:db8::1]",
            "localhost, example.com",
            "\u{fc}",
        ] {
            assert!(!direct("/dev/mail", &[("host", host)]), "{host}");
        }
        assert!(!direct("/dev/mail", &[]));
        assert!(!direct("/dev/mail", &[("host", "localhost"), ("host", "example.com")]));
        assert!(!direct("http://example.com/dev/mail", &[("host", "localhost")]));
    }

    #[test]
    fn a_forwarded_request_is_never_direct() {
        for header in [
            "forwarded",
            "via",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-anything",
            "x-real-ip",
            "cf-connecting-ip",
            "cdn-loop",
            "true-client-ip",
            "tailscale-user-login",
        ] {
            assert!(!direct("/dev/mail", &[("host", "localhost"), (header, "")]), "{header}");
        }
        assert!(direct("/dev/mail", &[("host", "localhost"), ("accept", "text/html")]));
    }
}
