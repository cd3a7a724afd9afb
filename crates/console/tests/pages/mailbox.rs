//! The development mailbox.

use insta::assert_snapshot;

use crate::setup::Site;

#[tokio::test]
async fn the_page_shows_the_newest_mail_first() {
    let site = Site::start().await;
    assert_snapshot!(site.get("/dev/mail").await.transcript(), @"");
    let first = site.pending("ada").await;
    let second = site.pending("bob").await;
    let page = site.get("/dev/mail").await;
    let seen = page
        .transcript()
        .replace(&first.token, "(ada's token)")
        .replace(&second.token, "(bob's token)");
    assert_snapshot!(seen, @"");
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
    assert_snapshot!(page.header("content-security-policy").unwrap(), @"");
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
        [
            "created_at",
            "from",
            "html",
            "id",
            "links",
            "subject",
            "text",
            "to"
        ]
    );
}
