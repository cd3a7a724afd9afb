//! The calls that the real server does not serve yet, with the answers that the documentation of the SDK promises. Once
//! the server serves a call, its test fails here: move it to where the call is tested, and correct
//! `crates/client/README.md`, the documentation of the call, that of the crate, and `parity.rs`.

use doorward_client::{App, Credentials, Error, ErrorCode, User};
use doorward_testkit::TestApp;

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

async fn world() -> (TestApp, App, User) {
    let server = TestApp::auto_confirm().await;
    let app = App::builder(TestApp::ID)
        .base_url(server.listen().await)
        .build()
        .unwrap();
    app.email_password_auth().register_user(ADA, PASSWORD).await.unwrap();
    let ada = app.log_in(Credentials::email_password(ADA, PASSWORD)).await.unwrap();
    (server, app, ada)
}

fn answer(error: &Error) -> (Option<u16>, Option<&ErrorCode>, Option<&str>) {
    (error.status(), error.error_code(), error.server_message())
}

#[tokio::test]
async fn logins_by_other_providers_are_refused_as_providers_that_the_app_does_not_offer() {
    let (_server, app, ada) = world().await;
    for credentials in [
        Credentials::anonymous(),
        Credentials::new_anonymous(),
        Credentials::api_key("a key"),
        Credentials::jwt("a.b.c"),
    ] {
        let refused = app.log_in(credentials).await.unwrap_err();
        let expected = (Some(401), Some(&ErrorCode::InvalidSession), Some("unauthorized"));
        assert_eq!(answer(&refused), expected);
        assert_eq!(
            app.current_user().as_ref(),
            Some(&ada),
            "a refused login changes nothing"
        );
    }
}

#[tokio::test]
async fn linking_is_refused() {
    let (_server, _app, ada) = world().await;
    let credentials = Credentials::email_password("bob@example.com", PASSWORD);
    let refused = ada.link_credentials(credentials).await.unwrap_err();
    assert_eq!(answer(&refused), (Some(400), None, Some("linking is not supported")));
    assert!(ada.is_logged_in());
}

#[tokio::test]
async fn api_keys_have_no_paths() {
    let (_server, _app, ada) = world().await;
    let keys = ada.api_keys();
    let id = "5f1d7f3b6c9d4e00cccccccc";
    for refused in [
        keys.create("backup").await.unwrap_err(),
        keys.fetch_all().await.unwrap_err(),
        keys.fetch(id).await.unwrap_err(),
        keys.delete(id).await.unwrap_err(),
        keys.enable(id).await.unwrap_err(),
        keys.disable(id).await.unwrap_err(),
    ] {
        assert_eq!(answer(&refused), (Some(404), None, Some("404 page not found")));
    }
    assert!(ada.is_logged_in());
}

#[tokio::test]
async fn there_is_no_custom_data() {
    let (_server, _app, ada) = world().await;
    assert_eq!(ada.custom_data(), None);
    assert_eq!(ada.refresh_custom_data().await.unwrap(), None);
}
