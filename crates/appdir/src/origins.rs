//! Web origins, and which hosts are this machine.

use url::{Host, Url};

/// `scheme://host[:port]` as browsers write it in `Origin`; the error says what is wrong.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is not an origin (scheme://host[:port])");
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong());
    }
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_bare = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let host = url.host_str().filter(|host| !host.is_empty() && *host != "*");
    let (true, Some(host)) = (is_bare, host) else {
        return Err(wrong());
    };
    // Only web schemes have their default port removed; `capacitor://localhost` is kept as it is.
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{}://{}{port}", url.scheme(), host.to_ascii_lowercase()))
}

/// Whether plain HTTP to this host stays on the machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_origin_becomes_what_browsers_send() {
        for (text, origin) in [
            ("https://www.example.com", "https://www.example.com"),
            ("https://WWW.Example.com:443/", "https://www.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(origin));
        }
    }

    #[test]
    fn anything_beyond_scheme_host_and_port_is_refused() {
        for text in [
            "",
            "*",
            "https://*",
            "www.example.com",
            "https://www.example.com/path",
            "https://user@www.example.com",
            "https://www.example.com?x",
            " https://www.example.com",
            "mailto:a@b.c",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
