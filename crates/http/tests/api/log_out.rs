//! `DELETE …/auth/session`

use doorward_testkit::TestApp;
use insta::assert_snapshot;

use crate::support::CORE_JSON;

#[tokio::test]
async fn c150_a_session_ends_with_an_empty_answer() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let reply = app
        .anonymous()
        .header("content-type", CORE_JSON)
        .log_out(&ada.refresh_token)
        .await;
    assert_eq!(reply.empty(), 204);
}

#[tokio::test]
async fn c151_c152_s70_t12_a_session_that_ended_cannot_be_refreshed_and_its_access_token_opens_nothing_here() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_eq!(app.anonymous().log_out(&ada.refresh_token).await.empty(), 204);
    let refused = app.anonymous().refresh(&ada.refresh_token).await;
    assert_snapshot!(refused.error(), @"401 InvalidSession invalid session: failed to find refresh token");

    let ended = app.anonymous().profile(&ada.access_token).await;
    assert_snapshot!(ended.error(), @"401 InvalidSession invalid session: failed to find refresh token");
    app.advance(std::time::Duration::from_mins(30));
    let expired = app.anonymous().profile(&ada.access_token).await;
    assert_snapshot!(expired.error(), @"401 InvalidSession invalid session: access token expired");
}

#[tokio::test]
async fn c153_an_unknown_session_is_refused_with_a_text_that_the_web_sdk_swallows() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_eq!(app.anonymous().log_out(&ada.refresh_token).await.empty(), 204);
    let again = app.anonymous().log_out(&ada.refresh_token).await;
    assert_snapshot!(again.error(), @"401 InvalidSession invalid session: failed to find refresh token");
}

#[tokio::test]
async fn c155_the_other_sessions_of_a_user_go_on() {
    let app = TestApp::auto_confirm().await;
    let phone = app.user("ada").await;
    let tablet = app.anonymous().log_in(&phone.email, &phone.password).await.json();
    assert_eq!(app.anonymous().log_out(&phone.refresh_token).await.empty(), 204);
    assert_eq!(
        app.anonymous()
            .refresh(tablet["refresh_token"].as_str().unwrap())
            .await
            .status(),
        201
    );
}

#[tokio::test]
async fn c156_only_the_refresh_token_ends_a_session() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let refused = app.anonymous().log_out(&ada.access_token).await;
    assert_snapshot!(refused.error(), @"401 - invalid refresh token: incorrect token type");
    assert_eq!(app.anonymous().refresh(&ada.refresh_token).await.status(), 201);
}
