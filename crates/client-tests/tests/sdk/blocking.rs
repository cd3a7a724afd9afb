//! The calls without `async`, against a server on threads of its own.

use doorward_client::blocking::App;
use doorward_client::{Credentials, EmailToken, ErrorCode};
use doorward_testkit::TestApp;

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

#[test]
fn from_registering_to_deleting() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (server, url) = runtime.block_on(async {
        let server = TestApp::email().await;
        let url = server.listen().await;
        (server, url)
    });
    let app = App::new(doorward_client::App::builder(TestApp::ID).base_url(url)).unwrap();
    let auth = app.email_password_auth();
    auth.register_user(ADA, PASSWORD).unwrap();
    auth.resend_confirmation_email(ADA).unwrap();
    runtime.block_on(server.deliver_mail());
    // The first mail still waited, so there is no second one.
    let (token, id) = server.mailed_token(ADA);
    auth.confirm_user(&EmailToken::new(token, id).unwrap()).unwrap();
    let ada = app.log_in(Credentials::email_password(ADA, PASSWORD)).unwrap();
    assert_eq!(app.current_user().unwrap(), ada);
    assert_eq!(ada.refresh_profile().unwrap().email(), Some(ADA));
    let refused = ada.call_function::<()>("nobody", ()).unwrap_err();
    assert_eq!(refused.error_code(), Some(&ErrorCode::FunctionNotFound));
    ada.log_out().unwrap();
    assert!(!ada.is_logged_in());
    let again = app.log_in(Credentials::email_password(ADA, PASSWORD)).unwrap();
    app.delete_user(&again).unwrap();
    assert!(app.all_users().is_empty());
    runtime.block_on(async move { drop(server) });
}
