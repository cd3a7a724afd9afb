//! Where a redirect may lead, and what it takes along.

use super::*;

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
    let client = client(&["127.0.0.1"], FakeLookup::default());
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
        client(&["127.0.0.1"], FakeLookup::default())
            .send(request)
            .await
            .unwrap();
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
    let client = client(&["127.0.0.1"], FakeLookup::default());
    assert!(client.send(following(&server.url("/10"))).await.is_ok());
    let error = client.send(following(&server.url("/11"))).await.err();
    assert_eq!(error.as_deref(), Some("the request was redirected more than 10 times"));
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_place_opens_no_connection() {
    let secret = forbidden().await;
    let port = secret.address.port();
    let lookup = || FakeLookup::default().with("inside.example", &[&["127.0.0.2"]]);
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
        let error = client(&["127.0.0.1"], lookup())
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
    client(&["127.0.0.1"], FakeLookup::default())
        .send(request)
        .await
        .unwrap();
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
