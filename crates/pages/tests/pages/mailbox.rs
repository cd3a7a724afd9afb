//! The development mailbox.

use axum::body::Body;
use axum::http::Request;
use doorward_core::{Clock as _, MailId, ObjectId};
use doorward_mail::{Claim, Message, Transport as _};
use doorward_testkit::ManualClock;
use insta::assert_snapshot;

use crate::setup::{Site, address};

#[tokio::test]
async fn the_page_shows_the_newest_mail_first() {
    let site = Site::start().await;
    assert_snapshot!(site.get("/dev/mail").await.transcript(), @r"
    200 OK
    Development mailbox
    Mails are kept in memory and shown here instead of being sent. Scripts read them at /dev/mail/messages.
    Reload
    No mail yet. Register a user in an app that confirms by e-mail, and reload this page.
    ");
    for name in ["ada", "bob"] {
        site.mailbox.send(&message(name), &Claim::unlimited()).await.unwrap();
    }
    let page = site.get("/dev/mail").await;
    assert_snapshot!(page.transcript(), @r"
    200 OK
    Development mailbox
    Mails are kept in memory and shown here instead of being sent. Scripts read them at /dev/mail/messages.
    Reload
    For bob
    to bob@example.com
    2026-01-01T00:00:00Z
    From Notes <accounts@example.com>
    myapp://confirm?token=bob
    Text
    Hello bob,

    myapp://confirm?token=bob
    HTML
    For ada
    to ada@example.com
    2026-01-01T00:00:00Z
    From Notes <accounts@example.com>
    myapp://confirm?token=ada
    Text
    Hello ada,

    myapp://confirm?token=ada
    HTML
    ");
    // The mail's links open outside of the frame that shows it.
    assert!(page.body.contains("<a href=\"myapp:&#x2f;&#x2f;confirm?token=bob\""));
    assert!(
        page.body
            .contains("srcdoc=\"&lt;!DOCTYPE html&gt;&lt;base target=&quot;_blank&quot;&gt;&lt;b&gt;for bob")
    );
    assert_eq!(page.body.matches("<details open>").count(), 1);
}

#[tokio::test]
async fn a_mail_is_shown_in_a_frame_that_runs_nothing() {
    let site = Site::with(|app| app.name = "<script>alert(1)</script>\"'><iframe>".to_owned()).await;
    site.pending("ada").await;
    let page = site.get("/dev/mail").await;
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert_eq!(page.body.matches("<iframe").count(), 1);
    assert!(
        page.body
            .contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\"")
    );
    assert_snapshot!(page.header("content-security-policy").unwrap(), @"default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'");
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(page.header(name), Some(value));
    }
}

#[tokio::test]
async fn scripts_read_the_same_as_json_oldest_first() {
    let site = Site::start().await;
    let first = site.pending("ada").await;
    site.pending("bob").await;
    let reply = site.get("/dev/mail/messages").await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(
        reply
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
    let mails: Vec<serde_json::Value> = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0]["to"], "ada@example.com");
    assert!(mails[0]["links"][0].as_str().unwrap().ends_with(&first.url()));
    let mut keys: Vec<_> = mails[0].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(
        keys,
        ["created_at", "from", "html", "id", "links", "subject", "text", "to"]
    );
}

#[tokio::test]
async fn through_a_tunnel_or_under_another_name_no_mail_is_shown() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    for headers in [
        vec![],
        vec![("host", "notes.example.com")],
        vec![("host", "localhost"), ("x-forwarded-for", "198.51.100.7")],
        vec![("host", "localhost"), ("cf-ray", "1")],
        vec![("host", "127.0.0.1:9090"), ("via", "1.1 caddy")],
    ] {
        for path in ["/dev/mail", "/dev/mail/messages"] {
            let mut request = Request::get(path);
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let reply = site.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(reply.status, 403, "{path} {headers:?}");
            assert!(
                !reply.body.contains("ada@example.com") && !reply.body.contains(&link.token),
                "{}",
                reply.body
            );
        }
    }
    let refused = site
        .send(Request::get("/dev/mail/messages").body(Body::empty()).unwrap())
        .await;
    assert_snapshot!(refused.body, @r#"{"error":"The development mailbox shows live links, so it answers only requests that come straight to a loopback address, such as http://localhost, and not through a proxy or a tunnel."}"#);
    let refused = site.send(Request::get("/dev/mail").body(Body::empty()).unwrap()).await;
    assert_snapshot!(refused.transcript(), @r"
    403 Forbidden
    Only on this machine
    The development mailbox shows live links, so it answers only requests that come straight to a loopback address, such as http://localhost, and not through a proxy or a tunnel.
    ");
}

fn message(name: &str) -> Message {
    Message {
        id: MailId(ObjectId::zero()),
        from: "Notes <accounts@example.com>".parse().unwrap(),
        to: address(name),
        subject: format!("For {name}"),
        text: format!("Hello {name},\n\nmyapp://confirm?token={name}"),
        html: format!("<b>for {name}</b>"),
        link: Some(format!("myapp://confirm?token={name}")),
        message_id: "<0@example.com>".to_owned(),
        created_at: ManualClock::default().now(),
    }
}
