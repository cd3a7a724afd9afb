//! User names and passwords: in the URL, and for a digest.

use super::*;

#[tokio::test]
async fn user_name_and_password_in_the_url_become_a_header() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let client = client(&["127.0.0.1"], FakeLookup::default());
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
    let client = client(&["127.0.0.1"], FakeLookup::default());
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
