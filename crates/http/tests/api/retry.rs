//! `POST …/confirm/call`: without confirmation functions it is always refused, and the refusal says why.

use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

async fn call(app: &TestApp, email: &str) -> Reply {
    app.anonymous()
        .email_password("confirm/call", json!({ "email": email }))
        .await
}

#[tokio::test]
async fn c057_with_automatic_confirmation_there_is_nothing_to_run() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let reply = call(&app, "ada@example.com").await;
    assert_snapshot!(reply.error(), @"400 - cannot run confirmation for ada@example.com: automatic confirmation is enabled");
}

#[tokio::test]
async fn c058_the_mode_is_checked_before_the_address_is_looked_up() {
    let app = TestApp::auto_confirm().await;
    let reply = call(&app, "some-email@email.com").await;
    assert_snapshot!(reply.error(), @"400 - cannot run confirmation for some-email@email.com: automatic confirmation is enabled");
}

#[tokio::test]
async fn with_confirmation_by_mail_the_address_is_looked_up_first() {
    let app = TestApp::email().await;
    assert_snapshot!(call(&app, "nobody@example.com").await.error(), @"404 UserNotFound user not found");
    assert_snapshot!(call(&app, "foo").await.error(), @"404 UserNotFound user not found");
    app.pending("ada").await;
    let _unused = app.mailed_token("ada@example.com");
    assert_snapshot!(call(&app, "ada@example.com").await.error(), @"400 - please use confirm via email");
    app.registered("bob").await;
    assert_snapshot!(call(&app, "bob@example.com").await.error(), @"400 UserAlreadyConfirmed already confirmed");
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn t15_an_address_is_repeated_as_json_and_nothing_else() {
    let app = TestApp::auto_confirm().await;
    let reply = call(&app, "<script>\"\\'</script>").await;
    assert_snapshot!(reply.error(), @r#"400 - cannot run confirmation for <script>"\'</script>: automatic confirmation is enabled"#);
}
