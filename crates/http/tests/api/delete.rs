//! `DELETE …/auth/delete`

use doorward_testkit::TestApp;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::CORE_JSON;

#[tokio::test]
async fn c166_a_deleted_user_leaves_nothing_behind() {
    let app = TestApp::builder().unlimited().start().await;
    let bob = app.user("bob").await;
    let before = app.dump().await;
    let ada = app.user("ada").await;
    assert_eq!(
        app.anonymous()
            .email_password("reset/send", json!({ "email": ada.email }))
            .await
            .empty(),
        200
    );
    let _unused = app.mailed_token(&ada.email);

    let reply = app
        .anonymous()
        .header("content-type", CORE_JSON)
        .delete(&ada.access_token)
        .await;
    assert_eq!(reply.empty(), 204);
    assert_eq!(app.dump().await, before);
    assert_eq!(app.anonymous().profile(&bob.access_token).await.status(), 200);
}

#[tokio::test]
async fn c099_c168_a_deleted_user_cannot_log_in() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_eq!(app.anonymous().delete(&ada.access_token).await.empty(), 204);
    let login = app.anonymous().log_in(&ada.email, &ada.password).await;
    assert_snapshot!(login.error(), @"401 InvalidPassword unauthorized");
}

#[tokio::test]
async fn c169_the_log_out_that_the_web_sdk_sends_afterwards_is_refused_with_a_text_that_it_swallows() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_eq!(app.anonymous().delete(&ada.access_token).await.empty(), 204);
    let log_out = app.anonymous().log_out(&ada.refresh_token).await;
    assert_snapshot!(log_out.error(), @"401 InvalidSession invalid session: failed to find refresh token");
}

#[tokio::test]
async fn c170_the_address_is_free_again_for_another_user() {
    let app = TestApp::auto_confirm().await;
    let first = app.user("ada").await;
    assert_eq!(app.anonymous().delete(&first.access_token).await.empty(), 204);
    let second = app.user("ada").await;
    assert_ne!(second.id, first.id);
    // Nothing of the first user is passed on to the second.
    assert!(
        app.anonymous()
            .profile(&first.access_token)
            .await
            .error()
            .starts_with("401 InvalidSession ")
    );
    assert!(
        app.anonymous()
            .refresh(&first.refresh_token)
            .await
            .error()
            .starts_with("401 InvalidSession ")
    );
}

#[tokio::test]
async fn c171_s70_t12_neither_token_of_a_deleted_user_works() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_eq!(app.anonymous().delete(&ada.access_token).await.empty(), 204);
    let refresh = app.anonymous().refresh(&ada.refresh_token).await;
    assert_snapshot!(refresh.error(), @"401 InvalidSession invalid session: failed to find refresh token");
    let profile = app.anonymous().profile(&ada.access_token).await;
    assert!(profile.error().starts_with("401 InvalidSession "), "{}", profile.text());
    let again = app.anonymous().delete(&ada.access_token).await;
    assert!(again.error().starts_with("401 InvalidSession "), "{}", again.text());
}
