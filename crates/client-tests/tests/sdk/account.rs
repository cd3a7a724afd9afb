//! The life of an account, from registering to deleting, against the real server.

use doorward_client::{App, Credentials, EmailToken, ErrorCode, UserState};
use doorward_testkit::TestApp;

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

async fn client(server: &TestApp) -> App {
    App::builder(TestApp::ID)
        .base_url(server.listen().await)
        .build()
        .unwrap()
}

/// The token pair in the newest mail.
async fn mailed(server: &TestApp) -> EmailToken {
    server.deliver_mail().await;
    let (token, id) = server.mailed_token(ADA);
    EmailToken::new(token, id).unwrap()
}

#[tokio::test]
async fn from_registering_to_deleting() {
    let server = TestApp::email().await;
    let app = client(&server).await;
    let auth = app.email_password_auth();
    let credentials = || Credentials::email_password(ADA, PASSWORD);

    auth.register_user(ADA, PASSWORD).await.unwrap();
    let refused = app.log_in(credentials()).await.unwrap_err();
    assert_eq!(refused.error_code(), Some(&ErrorCode::AuthError));
    assert_eq!(refused.status(), Some(401));
    assert!(refused.link().unwrap().contains("logs?co_id="));
    assert_eq!(app.current_user(), None);
    let taken = auth.register_user(ADA, PASSWORD).await.unwrap_err();
    assert_eq!(taken.error_code(), Some(&ErrorCode::AccountNameInUse));

    let first = mailed(&server).await;
    auth.resend_confirmation_email(ADA).await.unwrap();
    let second = mailed(&server).await;
    auth.confirm_user(&first).await.unwrap();
    let used = auth.confirm_user(&second).await.unwrap_err();
    assert_eq!(used.error_code(), Some(&ErrorCode::UserpassTokenInvalid));
    let confirmed = auth.resend_confirmation_email(ADA).await.unwrap_err();
    assert_eq!(confirmed.error_code(), Some(&ErrorCode::UserAlreadyConfirmed));

    let ada = app.log_in(credentials()).await.unwrap();
    assert_eq!(app.current_user().as_ref(), Some(&ada));
    assert_eq!(ada.state(), UserState::LoggedIn);
    assert_eq!(ada.profile().email(), Some(ADA));
    assert_eq!(ada.provider_type(), "local-userpass");
    assert_eq!(ada.identities().len(), 1);
    assert_eq!(ada.custom_data(), None);
    let before = ada.access_token().unwrap();
    assert_ne!(ada.refresh_access_token().await.unwrap(), before);

    auth.send_reset_password_email(ADA).await.unwrap();
    let reset = mailed(&server).await;
    let short = auth.reset_password("short", &reset).await.unwrap_err();
    assert_eq!(
        short.server_message(),
        Some("password must be between 6 and 128 characters")
    );
    auth.reset_password("a new password", &reset).await.unwrap();
    // The reset has ended the session; the SDK learns so when it next renews the access token.
    let over = ada.refresh_access_token().await.unwrap_err();
    assert!(over.is_logged_out());
    assert_eq!(over.error_code(), Some(&ErrorCode::InvalidSession));
    assert_eq!(ada.state(), UserState::LoggedOut);

    let old = app.log_in(credentials()).await.unwrap_err();
    assert_eq!(old.error_code(), Some(&ErrorCode::InvalidPassword));
    let again = app
        .log_in(Credentials::email_password(ADA, "a new password"))
        .await
        .unwrap();
    assert_eq!(again, ada, "it is the same user");
    assert!(ada.is_logged_in(), "and the older handle sees it");

    app.delete_user(&ada).await.unwrap();
    assert_eq!(ada.state(), UserState::Removed);
    assert!(app.all_users().is_empty());
    let gone = app
        .log_in(Credentials::email_password(ADA, "a new password"))
        .await
        .unwrap_err();
    assert_eq!(gone.error_code(), Some(&ErrorCode::InvalidPassword));
}

#[tokio::test]
async fn what_a_function_would_decide_is_refused_where_a_mail_does() {
    let server = TestApp::email().await;
    let app = client(&server).await;
    let auth = app.email_password_auth();
    auth.register_user(ADA, PASSWORD).await.unwrap();
    let retry = auth.retry_custom_confirmation(ADA).await.unwrap_err();
    assert_eq!(retry.server_message(), Some("please use confirm via email"));
    assert_eq!(retry.error_code(), None);
    let call = auth
        .call_reset_password_function(ADA, "a new password", ("pet", 7))
        .await
        .unwrap_err();
    assert_eq!(call.server_message(), Some("please use reset password via email"));
    let unknown = auth.send_reset_password_email("eve@example.com").await.unwrap_err();
    assert_eq!(unknown.error_code(), Some(&ErrorCode::UserNotFound));
    assert_eq!(unknown.status(), Some(404));
    auth.confirm_user(&mailed(&server).await).await.unwrap();
}

#[tokio::test]
async fn an_access_token_that_is_over_is_renewed_without_anybody_noticing() {
    let server = TestApp::auto_confirm().await;
    let app = client(&server).await;
    app.email_password_auth().register_user(ADA, PASSWORD).await.unwrap();
    let ada = app.log_in(Credentials::email_password(ADA, PASSWORD)).await.unwrap();
    let before = ada.access_token();
    server.clock().advance(std::time::Duration::from_mins(31));
    assert_eq!(ada.refresh_profile().await.unwrap().email(), Some(ADA));
    assert_ne!(ada.access_token(), before);
    // After sixty days the session itself is over.
    server.clock().advance(std::time::Duration::from_hours(60 * 24));
    let over = ada.refresh_profile().await.unwrap_err();
    assert!(over.is_logged_out(), "{over}");
    assert!(!ada.is_logged_in());
    assert_eq!(app.current_user(), None);
}

#[tokio::test]
async fn a_device_keeps_the_id_that_the_server_gave_it() {
    let server = TestApp::auto_confirm().await;
    let app = client(&server).await;
    for email in [ADA, "bob@example.com"] {
        app.email_password_auth().register_user(email, PASSWORD).await.unwrap();
    }
    let ada = app.log_in(Credentials::email_password(ADA, PASSWORD)).await.unwrap();
    let bob = app
        .log_in(Credentials::email_password("bob@example.com", PASSWORD))
        .await
        .unwrap();
    assert_eq!(ada.device_id(), bob.device_id());
}

#[tokio::test]
async fn an_app_that_is_not_there_is_said_to_be() {
    let server = TestApp::email().await;
    let url = server.listen().await;
    let app = App::builder("nobody-abcde").base_url(url).build().unwrap();
    let refused = app
        .email_password_auth()
        .register_user(ADA, PASSWORD)
        .await
        .unwrap_err();
    assert_eq!(refused.status(), Some(404));
    assert_eq!(
        refused.to_string(),
        "the server refused: cannot find app using Client App ID 'nobody-abcde' (status 404)"
    );
}
