//! Several users of one app on one device.

use doorward_client::{App, Credentials, User, UserState};
use doorward_testkit::TestApp;

const PASSWORD: &str = "correct horse";

async fn world() -> (TestApp, App) {
    let server = TestApp::auto_confirm().await;
    let app = App::builder(TestApp::ID)
        .base_url(server.listen().await)
        .build()
        .unwrap();
    (server, app)
}

async fn arrives(app: &App, name: &str) -> User {
    let email = format!("{name}@example.com");
    let auth = app.email_password_auth();
    // A user who logs in again is registered already.
    let _ = auth.register_user(&email, PASSWORD).await;
    app.log_in(Credentials::email_password(email, PASSWORD)).await.unwrap()
}

#[tokio::test]
async fn whoever_logged_in_last_is_the_current_user_until_another_is_chosen() {
    let (_server, app) = world().await;
    let ada = arrives(&app, "ada").await;
    let bob = arrives(&app, "bob").await;
    assert_eq!(app.current_user().unwrap(), bob);
    assert_eq!(app.all_users(), [bob.clone(), ada.clone()]);
    app.switch_user(&ada).unwrap();
    assert_eq!(app.all_users(), [ada.clone(), bob.clone()]);
    // The sessions of users who are not current go on.
    assert_eq!(bob.refresh_profile().await.unwrap().email(), Some("bob@example.com"));
    assert_eq!(arrives(&app, "bob").await, bob);
    assert_eq!(app.current_user().unwrap(), bob);
}

#[tokio::test]
async fn who_logs_out_stays_known_and_the_next_one_is_current() {
    let (_server, app) = world().await;
    let ada = arrives(&app, "ada").await;
    let bob = arrives(&app, "bob").await;
    bob.log_out().await.unwrap();
    assert_eq!(bob.state(), UserState::LoggedOut);
    assert_eq!(app.current_user().unwrap(), ada);
    assert_eq!(app.all_users(), [ada.clone(), bob.clone()]);
    assert!(app.switch_user(&bob).unwrap_err().is_logged_out());
    assert!(bob.refresh_profile().await.unwrap_err().is_logged_out());
    assert_eq!(bob.access_token(), None);
    bob.log_out().await.unwrap();

    assert_eq!(arrives(&app, "bob").await, bob);
    assert_eq!(bob.state(), UserState::LoggedIn);
    app.remove_user(&bob).await.unwrap();
    assert_eq!(bob.state(), UserState::Removed);
    assert_eq!(app.all_users(), [ada]);
    // Only the device has forgotten the user, not the server.
    assert_eq!(arrives(&app, "bob").await.id(), bob.id());
}

#[tokio::test]
async fn a_login_on_another_device_is_another_session_of_the_same_user() {
    let (server, app) = world().await;
    let phone = App::builder(TestApp::ID)
        .base_url(server.listen().await)
        .build()
        .unwrap();
    let here = arrives(&app, "ada").await;
    let there = arrives(&phone, "ada").await;
    assert_eq!(here.id(), there.id());
    assert_ne!(here, there, "they are users of two devices");
    here.log_out().await.unwrap();
    there.refresh_access_token().await.unwrap();
}
