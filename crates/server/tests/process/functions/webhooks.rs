//! Functions that are web services: signed calls whose answer decides as a script's does.

use doorward_client::{Credentials, Error, User};
use doorward_functions::WebhookSecret;
use serde_json::json;

use super::{FAIL, PASSWORD, SUCCESS};
use crate::support::{AppDir, OwnerService, Program, Server, refusal};

const ADA: &str = "ada@example.com";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct World {
    server: Server,
    service: OwnerService,
    _app: AppDir,
    _data: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let service = OwnerService::start().await;
        let app = AppDir::new(
            "notes-abcde",
            &json!({
                "runConfirmationFunction": true,
                "confirmationFunctionName": "hook",
                "runResetFunction": true,
                "resetFunctionName": "hook",
            }),
        );
        let hook = json!([{ "name": "hook", "url": service.url(), "secret_name": "hookSecret", "private": true }]);
        app.write("functions/config.json", &hook.to_string());
        let data = tempfile::tempdir().unwrap();
        // The address of a web service is the operator's own: it needs no --function-http-allow.
        let program =
            Program::serve(app.path(), data.path().to_str().unwrap()).env("DOORWARD_SECRET_hookSecret", SECRET);
        Self {
            server: program.start().await,
            service,
            _app: app,
            _data: data,
        }
    }

    async fn register(&self) -> Result<(), Error> {
        let app = self.server.app();
        app.email_password_auth().register_user(ADA, PASSWORD).await
    }

    async fn log_in(&self, password: &str) -> Result<User, Error> {
        self.server
            .app()
            .log_in(Credentials::email_password(ADA, password))
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s78_a_web_service_decides_by_a_signed_call() {
    let world = World::new().await;
    world.service.will_answer(SUCCESS);
    world.register().await.unwrap();
    world.log_in(PASSWORD).await.unwrap();

    let asked = world.service.asked(1).await.remove(0);
    assert_eq!(asked.header("content-type"), "application/json");
    let (id, time) = (asked.header("webhook-id"), asked.header("webhook-timestamp"));
    let expected = WebhookSecret::parse(SECRET).sign(id, time.parse().unwrap(), &asked.body);
    assert_eq!(asked.header("webhook-signature"), expected[2].1);
    let argument = &asked.json()["data"]["arguments"][0];
    assert_eq!(argument["username"], ADA);
    assert_eq!(argument["token"].as_str().unwrap().len(), 128);
    assert_eq!(argument["tokenId"].as_str().unwrap().len(), 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_anything_but_a_2xx_with_an_object_is_fail() {
    let world = World::new().await;
    for (status, body) in [
        (500, SUCCESS),
        (302, SUCCESS),
        (404, SUCCESS),
        (200, r#"["success"]"#),
        (200, "success"),
        (200, ""),
        (200, FAIL),
        (200, r#"{"status":"yes"}"#),
    ] {
        world.service.will_answer_with(status, body);
        assert_eq!(
            refusal(world.register().await),
            r#"400 BadRequest failed to confirm user "ada@example.com""#,
            "{status} {body}"
        );
    }
    world.service.will_answer(SUCCESS);
    world.register().await.unwrap();
    world.service.will_answer(SUCCESS);
    let app = world.server.app();
    let auth = app.email_password_auth();
    auth.call_reset_password_function(ADA, "new-password", ())
        .await
        .unwrap();
    world.log_in("new-password").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_service_whose_secret_nobody_provides_is_a_start_up_error() {
    let app = AppDir::without_confirmation();
    let hook = json!([{ "name": "hook", "url": "https://hooks.example.com/", "secret_name": "hookSecret" }]);
    app.write("functions/config.json", &hook.to_string());
    let data = tempfile::tempdir().unwrap();
    let ended = Program::serve(app.path(), data.path().to_str().unwrap()).run().await;
    assert!(!ended.status.success());
    assert!(
        ended
            .stderr
            .contains("signed with the secret `hookSecret`, and nobody provides it"),
        "{}",
        ended.stderr
    );
}
