//! Links come from configuration, whatever a request says about its host.

use doorward_testkit::{Client, TestApp};
use serde_json::json;

use crate::support::raw::Server;

/// Headers that some proxy or framework takes for the host of the server.
const POISON: [(&str, &str); 14] = [
    ("host", "evil.example"),
    ("host", "auth.example.com@evil.example"),
    ("host", "evil.example:443"),
    ("host", "auth.example.com.evil.example"),
    ("forwarded", "for=1.2.3.4;host=evil.example;proto=http"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-server", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-port", "1337"),
    ("x-forwarded-prefix", "/evil"),
    ("x-original-url", "http://evil.example/"),
    ("x-original-host", "evil.example"),
    ("x-rewrite-url", "/evil"),
    ("referer", "http://evil.example/"),
];

fn poisoned(app: &TestApp) -> Vec<Client<'_>> {
    let mut clients: Vec<_> = POISON
        .iter()
        .map(|(name, value)| app.anonymous().header(name, value))
        .collect();
    clients.push(
        POISON
            .iter()
            .fold(app.anonymous(), |client, (name, value)| client.header(name, value)),
    );
    clients
}

/// The next mail's link without the values of its pair.
fn link_base(app: &TestApp) -> String {
    let mail = app.next_mail();
    let link = mail.links[0].clone();
    assert_eq!(
        mail.links.iter().collect::<std::collections::HashSet<_>>().len(),
        1,
        "{:?}",
        mail.links
    );
    for text in [&mail.text, &mail.html, &mail.subject, &mail.from] {
        assert!(!text.contains("evil"), "{text}");
    }
    let (base, query) = link.split_once("token=").unwrap();
    let (token, id) = query.split_once("&tokenId=").unwrap();
    assert_eq!((token.len(), id.len()), (128, 24));
    base.to_owned()
}

#[tokio::test]
async fn s38_t06_a_mailed_link_leads_where_configuration_says() {
    for (app, confirm, reset) in [
        (
            TestApp::email().await,
            "https://notes.example.com/confirm?",
            "https://notes.example.com/reset?",
        ),
        (
            TestApp::builder().hosted_pages().start().await,
            "https://auth.example.com/app/notes-abcde/confirm?",
            "https://auth.example.com/app/notes-abcde/reset?",
        ),
    ] {
        for (number, client) in poisoned(&app).into_iter().enumerate() {
            let email = format!("user-{number}@example.com");
            let body = json!({ "email": email, "password": "a-password" });
            assert_eq!(client.email_password("register", body).await.empty(), 201);
            assert_eq!(link_base(&app), confirm);
            assert_eq!(
                client
                    .email_password("confirm/send", json!({ "email": email }))
                    .await
                    .empty(),
                200
            );
            assert_eq!(link_base(&app), confirm);
            assert_eq!(
                client
                    .email_password("reset/send", json!({ "email": email }))
                    .await
                    .empty(),
                200
            );
            assert_eq!(link_base(&app), reset);
        }
    }
}

#[tokio::test]
async fn s38_t06_the_location_and_the_links_of_errors_are_those_of_configuration() {
    let app = TestApp::builder().unlimited().start().await;
    let plain = app.anonymous().get("/location").await.text();
    for client in poisoned(&app) {
        assert_eq!(client.get("/location").await.text(), plain);
        // `error()` compares the link with the public URL.
        assert_eq!(
            client.log_in("nobody", "nothing").await.error(),
            "401 InvalidPassword unauthorized"
        );
    }
}

#[tokio::test]
async fn s38_t06_a_poisoned_request_line_or_two_hosts_change_nothing() {
    let app = TestApp::builder().unlimited().start().await;
    app.registered("ada").await;
    let server = Server::start(&app).await;
    let path = "/api/client/v2.0/app/notes-abcde/auth/providers/local-userpass/reset/send";
    let body = r#"{"email":"ada@example.com"}"#;
    for head in [
        format!("POST http://evil.example{path} HTTP/1.1\r\nHost: evil.example"),
        format!("POST https://auth.example.com@evil.example{path} HTTP/1.1\r\nHost: auth.example.com"),
        format!("POST http://evil.example//{path}/ HTTP/1.1\r\nHost: auth.example.com"),
        format!("POST {path} HTTP/1.1\r\nHost: auth.example.com\r\nHost: evil.example"),
        format!("POST {path} HTTP/1.1\r\nHost: evil.example\r\nHost: auth.example.com"),
        format!("POST {path} HTTP/1.1\r\nHost: a@b"),
        format!("POST {path} HTTP/1.0"),
    ] {
        let length = body.len();
        let request = format!(
            "{head}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let reply = server.send(request).await;
        // Whether a strange request line is served or refused, no mail may lead anywhere else.
        assert!(reply.status == 200 || reply.status == 400, "{head}: {}", reply.status);
        assert!(!reply.body.contains("evil"), "{}", reply.body);
        app.anonymous().get("/location").await;
        let mails = usize::from(reply.status == 200);
        assert_eq!(app.unread_mails(), mails, "{head}");
        for _ in 0..mails {
            assert_eq!(link_base(&app), "https://notes.example.com/reset?");
        }
    }
}
