use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;

use super::super::test_server::{TestServer, http};
use super::*;

/// Says for each name what it is told, one after the other, the last one for ever.
#[derive(Default)]
struct Told(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

impl Told {
    fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        self.0.lock().unwrap().insert(name.to_owned(), answers);
        self
    }
}

#[async_trait]
impl Lookup for Told {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut told = self.0.lock().unwrap();
        let answers = told.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        })
    }
}

fn rule(allowed: &[&str]) -> AddressRule {
    AddressRule::new(allowed.iter().map(|text| text.parse().unwrap()).collect())
}

fn client(allowed: &[&str], told: Told) -> HttpClient {
    let limits = Limits {
        http_request: 100,
        http_response: 1_000,
        ..Limits::default()
    };
    HttpClient::with_lookup(rule(allowed), &limits, Arc::new(told)).unwrap()
}

fn get(url: &str) -> HttpRequest {
    HttpRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        follow_redirects: false,
        digest: None,
    }
}

fn following(url: &str) -> HttpRequest {
    HttpRequest {
        follow_redirects: true,
        ..get(url)
    }
}

fn post(url: &str, body: &str) -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        body: Some(STANDARD.encode(body)),
        ..get(url)
    }
}

fn with_headers(request: HttpRequest, headers: &[(&str, &str)]) -> HttpRequest {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HttpRequest {
        headers: headers.collect(),
        ..request
    }
}

fn body(response: &HttpResponse) -> String {
    String::from_utf8(STANDARD.decode(&response.body).unwrap()).unwrap()
}

/// A server on an address that clients allow by `127.0.0.1`.
async fn friend(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> TestServer {
    TestServer::start("127.0.0.1", answer).await
}

/// A server on an address that they do not allow.
async fn forbidden() -> TestServer {
    TestServer::start("127.0.0.2", |_| http("200 OK", &[], "secret")).await
}

#[tokio::test]
async fn a_request_arrives_and_its_answer_comes_back() {
    let server = friend(|_| http("201 Created", &["x-one: 1", "x-one: 2"], "héllo")).await;
    let client = client(&["127.0.0.1"], Told::default());
    let request = with_headers(
        post(&server.url("/path?q=1"), "text"),
        &[("X-Two", "1"), ("X-Two", "2"), ("Content-Type", "text/plain")],
    );
    let response = client.send(request).await.unwrap();
    assert_eq!((response.status.as_str(), response.status_code), ("201 Created", 201));
    assert_eq!(body(&response), "héllo");
    let ones = response.headers.iter().filter(|(name, _)| name == "x-one");
    assert_eq!(ones.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let heard = &server.requests()[0];
    assert!(heard.starts_with("POST /path?q=1 HTTP/1.1\r\n"), "{heard}");
    for part in [
        "x-two: 1\r\n",
        "x-two: 2\r\n",
        "content-type: text/plain\r\n",
        "\r\n\r\ntext",
    ] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
    assert!(!heard.contains("accept-encoding"), "{heard}");
}

#[tokio::test]
async fn an_error_of_the_server_is_an_answer() {
    let server = friend(|_| http("299 Whatever", &[], "")).await;
    let response = client(&["127.0.0.1"], Told::default())
        .send(get(&server.url("/")))
        .await;
    assert_eq!(response.unwrap().status, "299");
    let server = friend(|_| http("500 Internal Server Error", &[], "no")).await;
    let response = client(&["127.0.0.1"], Told::default())
        .send(get(&server.url("/")))
        .await;
    assert_eq!(body(&response.unwrap()), "no");
}

#[tokio::test]
async fn headers_that_frame_the_message_are_ours() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let request = with_headers(
        post(&server.url("/"), "text"),
        &[
            ("Host", "other.example"),
            ("Content-Length", "100"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "upgrade"),
            ("Upgrade", "h2c"),
            ("Proxy-Connection", "x"),
        ],
    );
    client(&["127.0.0.1"], Told::default()).send(request).await.unwrap();
    let heard = &server.requests()[0];
    assert!(heard.contains(&format!("host: {}\r\n", server.address)), "{heard}");
    assert!(heard.contains("content-length: 4\r\n"), "{heard}");
    for part in ["other.example", "chunked", "upgrade", "h2c", "proxy-connection"] {
        assert!(!heard.contains(part), "{part} in {heard}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_before_anything_is_sent() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let url = server.url("/");
    let client = client(&["127.0.0.1"], Told::default());
    for request in [
        with_headers(get(&url), &[("x-one", "1\r\nx-two: 2")]),
        with_headers(get(&url), &[("x-one", "1\nx-two: 2")]),
        with_headers(get(&url), &[("x-one: 1\r\nx-two", "2")]),
        HttpRequest {
            method: "CONNECT".to_owned(),
            ..get(&url)
        },
        HttpRequest {
            method: "GET / HTTP/1.1\r\n".to_owned(),
            ..get(&url)
        },
        HttpRequest {
            body: Some("not base64!".to_owned()),
            ..get(&url)
        },
        post(&url, &"x".repeat(101)),
        get("/relative"),
    ] {
        client.send(request).await.unwrap_err();
    }
    assert_eq!(server.connections(), 0);
    client.send(post(&url, &"x".repeat(100))).await.unwrap();
}

#[tokio::test]
async fn a_long_answer_is_an_error_whether_or_not_it_says_its_length() {
    let client = client(&["127.0.0.1"], Told::default());
    let server = friend(|_| http("200 OK", &[], &"x".repeat(1_001))).await;
    let error = client.send(get(&server.url("/"))).await.err();
    assert_eq!(
        error.as_deref(),
        Some("the body of the answer is longer than 1000 bytes")
    );
    let server = friend(|_| format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000))).await;
    let error = client.send(get(&server.url("/"))).await.err();
    assert_eq!(
        error.as_deref(),
        Some("the body of the answer is longer than 1000 bytes")
    );
    let server = friend(|_| http("200 OK", &[], &"x".repeat(1_000))).await;
    assert!(client.send(get(&server.url("/"))).await.is_ok());
}

#[tokio::test]
async fn a_compressed_answer_stays_as_it_is() {
    let server = friend(|_| http("200 OK", &["content-encoding: gzip"], "not unpacked")).await;
    let response = client(&["127.0.0.1"], Told::default())
        .send(get(&server.url("/")))
        .await;
    assert_eq!(body(&response.unwrap()), "not unpacked");
}

#[tokio::test]
async fn redirects_are_followed_only_on_request() {
    let server = friend(|request| {
        if request.starts_with("GET /end ") {
            http("200 OK", &[], "end")
        } else {
            http("302 Found", &["location: /end"], "")
        }
    })
    .await;
    let client = client(&["127.0.0.1"], Told::default());
    let response = client.send(get(&server.url("/"))).await.unwrap();
    assert_eq!(response.status_code, 302);
    assert_eq!(server.connections(), 1);
    let response = client.send(following(&server.url("/"))).await.unwrap();
    assert_eq!(body(&response), "end");
}

#[tokio::test]
async fn a_redirect_keeps_or_changes_the_method_as_browsers_do_it() {
    for (status, method, kept) in [
        ("301 Moved", "POST", false),
        ("302 Found", "PUT", false),
        ("303 See Other", "POST", false),
        ("307 Temporary", "POST", true),
        ("308 Permanent", "PATCH", true),
        ("302 Found", "HEAD", true),
    ] {
        let server = friend(move |request| {
            if request.contains(" /end ") {
                http("200 OK", &[], "")
            } else {
                http(status, &["location: /end"], "")
            }
        })
        .await;
        let text = if method == "HEAD" { "" } else { "text" };
        let request = HttpRequest {
            method: method.to_owned(),
            follow_redirects: true,
            ..with_headers(post(&server.url("/"), text), &[("content-type", "text/plain")])
        };
        client(&["127.0.0.1"], Told::default()).send(request).await.unwrap();
        let heard = &server.requests()[1];
        let expected = if kept { method } else { "GET" };
        assert!(heard.starts_with(&format!("{expected} /end ")), "{status}: {heard}");
        assert_eq!(heard.contains("content-type"), kept, "{status}: {heard}");
        assert_eq!(
            heard.ends_with("\r\n\r\ntext"),
            kept && method != "HEAD",
            "{status}: {heard}"
        );
    }
}

#[tokio::test]
async fn ten_redirects_are_followed_and_no_more() {
    let server = friend(|request| {
        let left: usize = request[5..].split(' ').next().unwrap().parse().unwrap();
        match left {
            0 => http("200 OK", &[], "end"),
            _ => http("302 Found", &[&format!("location: /{}", left - 1)], ""),
        }
    })
    .await;
    let client = client(&["127.0.0.1"], Told::default());
    assert!(client.send(following(&server.url("/10"))).await.is_ok());
    let error = client.send(following(&server.url("/11"))).await.err();
    assert_eq!(error.as_deref(), Some("the request was redirected more than 10 times"));
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_place_opens_no_connection() {
    let secret = forbidden().await;
    let port = secret.address.port();
    let told = || Told::default().with("inside.example", &[&["127.0.0.2"]]);
    for target in [
        secret.url("/"),
        format!("http://inside.example:{port}/"),
        format!("http://2130706434:{port}/"),
        format!("http://[::ffff:127.0.0.2]:{port}/"),
        format!("//127.0.0.2:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/".to_owned(),
    ] {
        let location = format!("location: {target}");
        let server = friend(move |_| http("307 Temporary Redirect", &[&location], "")).await;
        let error = client(&["127.0.0.1"], told())
            .send(following(&server.url("/")))
            .await
            .err();
        let error = error.unwrap();
        assert!(
            error.starts_with("request to ") && error.ends_with(" is not allowed"),
            "{target}: {error}"
        );
    }
    assert_eq!(secret.connections(), 0);
}

#[tokio::test]
async fn credentials_stay_with_the_origin_they_were_meant_for() {
    let other = friend(|_| http("200 OK", &[], "")).await;
    let location = format!("location: http://evil:guess@{}/there", other.address);
    let server = friend(move |request| {
        if request.contains(" /here ") {
            http("307 Temporary Redirect", &[&location], "")
        } else {
            http("307 Temporary Redirect", &["location: /here"], "")
        }
    })
    .await;
    let request = HttpRequest {
        follow_redirects: true,
        ..with_headers(
            post(&server.url("/"), "text"),
            &[
                ("Authorization", "Bearer one"),
                ("Cookie", "two=2"),
                ("Proxy-Authorization", "three"),
                ("x-plain", "four"),
            ],
        )
    };
    client(&["127.0.0.1"], Told::default()).send(request).await.unwrap();
    let same = &server.requests()[1];
    for part in [
        "authorization: Bearer one",
        "cookie: two=2",
        "proxy-authorization: three",
    ] {
        assert!(same.contains(part), "{part} in {same}");
    }
    let foreign = &other.requests()[0];
    for part in ["authorization", "cookie", "Basic"] {
        assert!(!foreign.contains(part), "{part} in {foreign}");
    }
    assert!(foreign.contains("x-plain: four"), "{foreign}");
}

#[tokio::test]
async fn user_name_and_password_in_the_url_become_a_header() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let client = client(&["127.0.0.1"], Told::default());
    let url = format!("http://us%C3%A9r:p%40ss@{}/", server.address);
    client.send(get(&url)).await.unwrap();
    client
        .send(with_headers(get(&url), &[("authorization", "Bearer own")]))
        .await
        .unwrap();
    let expected = format!("authorization: Basic {}\r\n", STANDARD.encode("usér:p@ss"));
    assert!(server.requests()[0].contains(&expected));
    assert!(server.requests()[1].contains("authorization: Bearer own\r\n"));
}

#[tokio::test]
async fn no_spelling_of_this_machine_is_reached() {
    let server = friend(|_| http("200 OK", &[], "secret")).await;
    let port = server.address.port();
    let here: &[&[&str]] = &[&["127.0.0.1", "::1"]];
    let client = client(&[], Told::default().with("localhost", here).with("localhost.", here));
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
    let told = Told::default().with("rebinding.example", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = client(&["127.0.0.1"], told);
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(body(&client.send(get(&url)).await.unwrap()), "public");
    let error = client.send(get(&url)).await.err();
    assert_eq!(error.as_deref(), Some("request to rebinding.example is not allowed"));
    let nobody = tokio::time::timeout(Duration::from_millis(50), secret.accept()).await;
    assert!(nobody.is_err());
}

#[tokio::test]
async fn only_the_allowed_addresses_of_a_name_are_connected_to() {
    let server = friend(|_| http("200 OK", &[], "public")).await;
    let port = server.address.port();
    let secret = tokio::net::TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let told = Told::default().with("mixed.example", &[&["127.0.0.2", "127.0.0.1"]]);
    let url = format!("http://mixed.example:{port}/");
    let response = client(&["127.0.0.1"], told).send(get(&url)).await.unwrap();
    assert_eq!(body(&response), "public");
    let nobody = tokio::time::timeout(Duration::from_millis(50), secret.accept()).await;
    assert!(nobody.is_err());
}

#[tokio::test]
async fn what_the_operator_lists_opens_exactly_what_it_says() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let port = server.address.port();
    let told = || {
        Told::default()
            .with("intranet.example", &[&["127.0.0.1"]])
            .with("other.example", &[&["127.0.0.1"]])
    };
    let by_name = client(&["intranet.example"], told());
    let by_network = client(&["127.0.0.0/31"], told());
    let by_other_network = client(&["127.0.0.2/31"], told());
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

#[tokio::test]
async fn a_request_that_fails_says_why_without_addresses() {
    let told = Told::default().with("closed.example", &[&["127.0.0.1"]]);
    let client = client(&["127.0.0.1"], told);
    let error = client.send(get("http://closed.example:1/path?secret")).await.err();
    assert_eq!(
        error.as_deref(),
        Some("request to closed.example failed: connection refused")
    );
    let error = client.send(get("http://nowhere.example/")).await.err();
    assert_eq!(
        error.as_deref(),
        Some("request to nowhere.example failed: the name has no address")
    );
    let server = friend(|_| "nonsense\r\n\r\n".to_owned()).await;
    let error = client.send(get(&server.url("/"))).await.err();
    assert_eq!(
        error.as_deref(),
        Some("request to 127.0.0.1 failed: the answer is not valid HTTP, or it ended early")
    );
}

#[tokio::test]
async fn https_says_nothing_in_the_clear() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/path", listener.local_addr().unwrap());
    let first_byte = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncReadExt::read_u8(&mut stream).await.unwrap()
    });
    let error = client(&["127.0.0.1"], Told::default())
        .send(get(&url))
        .await
        .err()
        .unwrap();
    assert!(error.starts_with("request to 127.0.0.1 failed: "), "{error}");
    assert_eq!(first_byte.await.unwrap(), 0x16, "a TLS handshake begins");
}

#[tokio::test]
async fn a_challenge_for_a_digest_is_answered() {
    let server = friend(|request| {
        if request.contains("authorization: Digest ") {
            return http("200 OK", &[], "in");
        }
        let strange = "www-authenticate: Digest realm=\"é\", nonce=\"1\"";
        let challenge = "www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256";
        http("401 Unauthorized", &[strange, challenge], "out")
    })
    .await;
    let client = client(&["127.0.0.1"], Told::default());
    let digest = Some(("ada".to_owned(), "secret".to_owned()));
    let request = HttpRequest {
        digest,
        ..get(&server.url("/path?q"))
    };
    assert_eq!(body(&client.send(request).await.unwrap()), "in");
    let heard = &server.requests()[1];
    let said = |name: &str| {
        let (_, rest) = heard.split_once(&format!(" {name}=")).unwrap();
        rest.trim_start_matches('"').split(['"', ',']).next().unwrap()
    };
    assert_eq!(
        (said("username"), said("uri"), said("nc")),
        ("ada", "/path?q", "00000001")
    );
    let hash = |text: &str| hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()));
    let (who, what) = (hash("ada:r:secret"), hash("GET:/path?q"));
    let expected = hash(&format!("{who}:n:00000001:{}:auth:{what}", said("cnonce")));
    assert_eq!(said("response"), expected);
    assert_eq!(body(&client.send(get(&server.url("/"))).await.unwrap()), "out");
}
