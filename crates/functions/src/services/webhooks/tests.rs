//! What is sent to a web service, and which answers count.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::Limits;
use crate::services::http::test_server::{TestServer, http};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn call(url: &str) -> Result<Value, WebhookError> {
    let limits = Limits {
        result: 100,
        ..Limits::default()
    };
    let arguments = Ejson::parse(r#"[{"b":1.0,"a":{"$numberLong":"1"}}, "x"]"#.to_owned()).unwrap();
    let webhook = Webhook {
        url: Url::parse(url).unwrap(),
        secret: WebhookSecret::parse(SECRET).unwrap(),
    };
    let message = Message {
        id: "5f1e000000000000000000aa".to_owned(),
        unix_seconds: 1_614_265_330,
        function: "confirm",
        arguments: &arguments,
    };
    let client = WebhookClient::new(&limits).unwrap();
    client.call(&webhook, &message, Duration::from_millis(500)).await
}

async fn answered(answer: String) -> Result<Value, WebhookError> {
    let server = TestServer::start("127.0.0.1", move |_| answer.clone()).await;
    call(&server.url("/hook")).await
}

#[test]
fn the_signature_is_that_of_the_reference_implementation() {
    let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let headers = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
    assert_eq!(headers[0].1, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_eq!(headers[1].1, "1614265330");
    assert_eq!(headers[2].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn s78_a_secret_that_could_be_guessed_is_none() {
    use WebhookSecretError::{Empty, NotBase64, TooShort};

    let encoded = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
    for (text, error) in [
        ("", Empty),
        ("whsec_", Empty),
        ("short", TooShort),
        (&"x".repeat(23), TooShort),
        (&encoded(1), TooShort),
        (&encoded(23), TooShort),
        ("whsec_no base64, but a long text", NotBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", NotBase64),
        (&encoded(25).replace('=', ""), NotBase64),
    ] {
        assert_eq!(WebhookSecret::parse(text).err(), Some(error), "{text}");
    }
    for text in ["x".repeat(24), "ä".repeat(12), encoded(24), encoded(64)] {
        assert!(WebhookSecret::parse(&text).is_ok(), "{text}");
    }
}

#[tokio::test]
async fn a_call_is_signed_and_keeps_the_text_of_its_arguments() {
    let server = TestServer::start("127.0.0.1", |_| http("200 OK", &[], r#"{"status":"success"}"#)).await;
    assert_eq!(call(&server.url("/hook")).await, Ok(json!({ "status": "success" })));
    let request = &server.requests()[0];
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    assert_eq!(
        body,
        r#"{"type":"function.call","timestamp":"2021-02-25T15:02:10Z","data":{"function":"confirm","arguments":[{"b":1.0,"a":{"$numberLong":"1"}}, "x"]}}"#
    );
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name} in {head}")).to_owned()
    };
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-timestamp"), "1614265330");
    let signature = header("webhook-signature");
    let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!("{}.1614265330.{body}", header("webhook-id"));
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes(), &tag).unwrap();
}

#[tokio::test]
async fn only_success_with_a_json_object_is_an_answer() {
    let status = |text: &str| http(text, &["location: /elsewhere"], r#"{"status":"success"}"#);
    assert_eq!(answered(status("302 Found")).await, Err(WebhookError::Status(302)));
    assert_eq!(answered(status("404 Not Found")).await, Err(WebhookError::Status(404)));
    assert_eq!(answered(status("500 Failed")).await, Err(WebhookError::Status(500)));
    for body in ["[1]", "1", "", "<html>", r#"{"a":1} x"#] {
        let answer = answered(http("200 OK", &[], body)).await;
        assert_eq!(answer, Err(WebhookError::NotAnObject), "{body}");
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(100));
    assert_eq!(
        answered(http("200 OK", &[], &long)).await,
        Err(WebhookError::TooLong(100))
    );
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1_000_000));
    assert_eq!(answered(endless).await, Err(WebhookError::TooLong(100)));
    assert!(answered(http("201 Created", &[], "{}")).await.is_ok());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = TestServer::start("127.0.0.1", |_| http("307 There", &["location: /there"], "")).await;
    assert_eq!(call(&server.url("/")).await, Err(WebhookError::Status(307)));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_slow_service_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    assert_eq!(call(&url).await, Err(WebhookError::TimedOut));
    // One that begins an answer and does not end it is slow too.
    let server = tokio::spawn(async move {
        let (mut stream, _) = silent.accept().await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{";
        tokio::io::AsyncWriteExt::write_all(&mut stream, head).await.unwrap();
        std::future::pending::<()>().await;
    });
    assert_eq!(call(&url).await, Err(WebhookError::TimedOut));
    server.abort();
}

#[tokio::test]
async fn what_others_could_read_is_not_sent() {
    for url in [
        "http://example.com/",
        "http://192.0.2.1/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
    ] {
        assert_eq!(call(url).await, Err(WebhookError::NotHttps), "{url}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_says_nothing_of_its_address() {
    let error = call("http://127.0.0.1:1/hook").await.unwrap_err();
    assert_eq!(error.to_string(), "the web service cannot be reached");
}
