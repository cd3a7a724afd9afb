//! Which addresses a request may reach, by whatever name.

use super::*;

#[tokio::test]
async fn no_spelling_of_this_machine_is_reached() {
    let server = friend(|_| http("200 OK", &[], "secret")).await;
    let port = server.address.port();
    let here: &[&[&str]] = &[&["127.0.0.1", "::1"]];
    let client = client(
        &[],
        FakeLookup::default().with("localhost", here).with("localhost.", here),
    );
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "169.254.169.254",
    ] {
        let url = format!("http://{host}:{port}/");
        let error = client.send(get(&url)).await.err().unwrap();
        let shown = Url::parse(&url).unwrap();
        assert_eq!(
            error,
            format!("request to {} is not allowed", shown.host_str().unwrap())
        );
    }
    for url in ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/"] {
        let error = client.send(get(url)).await.err().unwrap();
        assert!(error.ends_with(" is not allowed"), "{error}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_name_that_the_system_has_for_itself_is_not_reached() {
    let server = friend(|_| http("200 OK", &[], "secret")).await;
    let client = HttpClient::new(AddressRule::default(), &Limits::default()).unwrap();
    let url = format!("http://localhost:{}/", server.address.port());
    let error = client.send(get(&url)).await.err();
    assert_eq!(error.as_deref(), Some("request to localhost is not allowed"));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_address_gets_nowhere() {
    let server = friend(|_| http("200 OK", &[], "public")).await;
    let port = server.address.port();
    // The same port, so that the name decides alone.
    let secret = tokio::net::TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let lookup = FakeLookup::default().with("rebinding.example", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = client(&["127.0.0.1"], lookup);
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(body(&client.send(get(&url)).await.unwrap()), "public");
    let error = client.send(get(&url)).await.err();
    assert_eq!(error.as_deref(), Some("request to rebinding.example is not allowed"));
    let connection = tokio::time::timeout(Duration::from_millis(50), secret.accept()).await;
    assert!(connection.is_err());
}

#[tokio::test]
async fn only_the_allowed_addresses_of_a_name_are_connected_to() {
    let server = friend(|_| http("200 OK", &[], "public")).await;
    let port = server.address.port();
    let secret = tokio::net::TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let lookup = FakeLookup::default().with("mixed.example", &[&["127.0.0.2", "127.0.0.1"]]);
    let url = format!("http://mixed.example:{port}/");
    let response = client(&["127.0.0.1"], lookup).send(get(&url)).await.unwrap();
    assert_eq!(body(&response), "public");
    let connection = tokio::time::timeout(Duration::from_millis(50), secret.accept()).await;
    assert!(connection.is_err());
}

#[tokio::test]
async fn what_the_operator_lists_opens_exactly_what_it_says() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let port = server.address.port();
    let lookup = || {
        FakeLookup::default()
            .with("intranet.example", &[&["127.0.0.1"]])
            .with("other.example", &[&["127.0.0.1"]])
    };
    let by_name = client(&["intranet.example"], lookup());
    let by_network = client(&["127.0.0.0/31"], lookup());
    let by_other_network = client(&["127.0.0.2/31"], lookup());
    for (client, host, open) in [
        (&by_name, "intranet.example", true),
        (&by_name, "other.example", false),
        (&by_name, "127.0.0.1", false),
        (&by_network, "127.0.0.1", true),
        (&by_network, "other.example", true),
        (&by_network, "127.0.0.2", false),
        (&by_other_network, "127.0.0.1", false),
        (&by_other_network, "other.example", false),
    ] {
        let result = client.send(get(&format!("http://{host}:{port}/"))).await;
        assert_eq!(result.is_ok(), open, "{host}: {:?}", result.err());
    }
    assert_eq!(server.connections(), 3);
}
